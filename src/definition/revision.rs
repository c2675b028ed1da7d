//! The bytes that identify a definition: what a case pins by hash.
//! Invariant: two files that mean the same have the same bytes, whatever their comments, quotes and line breaks; any other difference changes them.
//! Never: a file's place on a disk.

use std::collections::BTreeMap;

use crate::ids::Digest;
use crate::source::{Node, Tree};

/// The canonical bytes of a file: each value by kind and length, entries in the order of the file, because steps have an order.
pub(super) fn canonical(node: &Node) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(node, &mut bytes);
    bytes
}

fn write(node: &Node, out: &mut Vec<u8>) {
    match &node.tree {
        Tree::Null => out.push(b'0'),
        Tree::Bool(flag) => out.extend_from_slice(if *flag { b"t" } else { b"f" }),
        Tree::Number(digits) => counted(b'n', digits, out),
        Tree::Text(text) => counted(b's', text, out),
        Tree::List(items) => {
            length(b'l', items.len(), out);
            items.iter().for_each(|item| write(item, out));
        }
        Tree::Map(entries) => {
            length(b'm', entries.len(), out);
            for entry in entries {
                counted(b's', &entry.key, out);
                write(&entry.value, out);
            }
        }
    }
}

fn counted(kind: u8, text: &str, out: &mut Vec<u8>) {
    length(kind, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn length(kind: u8, length: usize, out: &mut Vec<u8>) {
    out.push(kind);
    // A usize has at most 64 bits on every machine this builds for.
    out.extend_from_slice(&(length as u64).to_be_bytes());
}

/// The digest of a bundle: every part's name and bytes, in order of name.
pub(super) fn digest(parts: &BTreeMap<String, &[u8]>) -> Digest {
    let mut bytes = Vec::new();
    for (name, part) in parts {
        counted(b'p', name, &mut bytes);
        length(b'b', part.len(), &mut bytes);
        bytes.extend_from_slice(part);
    }
    Digest::of(&bytes)
}
