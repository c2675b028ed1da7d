//! A kind of account: what its balances count and how its keys are made. Balances themselves are cases' postings, never files.

use crate::ids::{Name, Text};
use crate::source::{Mistake, Node, Reader};

/// What a balance counts; always whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountUnit {
    /// Square metres (平方米), shown as hectares and mu.
    SquareMetres,
    /// Fen (分), shown as ten thousand yuan.
    Fen,
    /// Pieces: a plot is one.
    Pieces,
}

/// A kind of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountKind {
    /// Its name, the first part of every key.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// What it counts.
    pub unit: AmountUnit,
    /// The parts of a key after the name, such as year, region, kind.
    pub parts: Vec<Part>,
    /// Buckets people read about a balance, in the order shown.
    pub buckets: Vec<(Name, Text)>,
}

/// One part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// The values it may take; empty allows any.
    pub values: Vec<(Name, Text)>,
}

/// Reads `accounts/<name>.yaml`.
///
/// # Errors
/// Every mistake of the file.
pub(super) fn parse(node: &Node, file: &str) -> Result<AccountKind, Vec<Mistake>> {
    let mut reader = Reader::new(file);
    match kind(&mut reader, node) {
        Some(kind) if reader.is_clean() => Ok(kind),
        Some(_) | None => Err(reader.into_mistakes()),
    }
}

fn kind(reader: &mut Reader<'_>, node: &Node) -> Option<AccountKind> {
    const UNITS: &[(&str, AmountUnit)] = &[("m2", AmountUnit::SquareMetres), ("fen", AmountUnit::Fen), ("pieces", AmountUnit::Pieces)];
    let fields = reader.fields(node, &["account", "title", "unit", "key", "buckets"])?;
    let name = reader.required(&fields, "account").and_then(|node| reader.text(node));
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let unit = reader.required(&fields, "unit").and_then(|node| reader.word(node, UNITS));
    let key = reader.required(&fields, "key");
    let parts = key.map(|node| parts(reader, node)).unwrap_or_default();
    let buckets = fields.get("buckets").map(|node| titled(reader, node)).unwrap_or_default();
    Some(AccountKind { name: Name::from(name?), title: title?, unit: unit?, parts, buckets })
}

fn parts(reader: &mut Reader<'_>, node: &Node) -> Vec<Part> {
    let mut parts = Vec::new();
    for entry in reader.entries(node) {
        let Some(fields) = reader.fields(&entry.value, &["title", "values"]) else { continue };
        let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
        let values = fields.get("values").map(|node| titled(reader, node)).unwrap_or_default();
        parts.extend(title.map(|title| Part { name: Name::from(entry.key.as_str()), title, values }));
    }
    parts
}

fn titled(reader: &mut Reader<'_>, node: &Node) -> Vec<(Name, Text)> {
    let mut titled = Vec::new();
    for entry in reader.entries(node) {
        titled.extend(reader.bilingual(&entry.value).map(|title| (Name::from(entry.key.as_str()), title)));
    }
    titled
}
