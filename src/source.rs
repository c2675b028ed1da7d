//! A YAML file read with its positions: what every room that is handed a file works on, and how it says where a mistake is.
//! Invariant: every node knows its line and column, and numbers keep the digits their author wrote.
//! Never: opens a file, stops at the first mistake, or turns a number into a float.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};

use crate::limits::{SOURCE_BYTES_MAX, SOURCE_DEPTH_MAX};

mod reader;

pub use reader::{Fields, Reader};

/// A mistake an author made, with its place and a sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, as the author knows it.
    pub file: String,
    /// The line, from 1; 0 when the mistake has no place.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Stable, kebab-case, such as `unknown-key`.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {} / {}", self.file, self.line, self.column, self.code, self.en, self.zh)
    }
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// A value of the file.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it starts.
    pub at: Place,
    /// What it is.
    pub tree: Tree,
    /// Where the text starts, when it stands in the file letter for letter on one line.
    verbatim: Option<Place>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Tree {
    /// Nothing was written.
    Null,
    /// `true` or `false`, unquoted.
    Bool(bool),
    /// An unquoted number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Place,
    /// The value.
    pub value: Node,
}

/// Reads a YAML document.
///
/// # Errors
/// A syntax error of the file, or every key that is written twice.
pub fn read(yaml: &str, file: &str) -> Result<Node, Vec<Mistake>> {
    let at_top = |code, zh, en| Mistake { file: file.to_owned(), line: 1, column: 1, code, zh, en };
    if yaml.len() > SOURCE_BYTES_MAX {
        let zh = format!("文件最长 {SOURCE_BYTES_MAX} 字节，实际 {} 字节", yaml.len());
        let en = format!("expected a file of at most {SOURCE_BYTES_MAX} bytes, found {} bytes", yaml.len());
        return Err(vec![at_top("file-too-long", zh, en)]);
    }
    let budget = serde_saphyr::budget! { max_depth: SOURCE_DEPTH_MAX };
    let options = serde_saphyr::options! { strict_booleans: true, duplicate_keys: DuplicateKeyPolicy::PassThrough, budget: budget };
    let raw = serde_saphyr::from_str_with_options::<Spanned<Raw>>(yaml, options).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location().map_or(Place { line: 1, column: 1 }, place);
        if let Some((at, zh, en)) = slip(yaml, place.line) {
            return vec![Mistake { line: at.line, column: at.column, ..at_top("yaml-syntax", zh, en) }];
        }
        let said = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        let mut mistake = at_top("yaml-syntax", format!("期望有效的 YAML，实际：{said}"), format!("expected valid YAML: {said}"));
        (mistake.line, mistake.column) = (place.line, place.column);
        vec![mistake]
    })?;
    let mut mistakes = Vec::new();
    let node = Lift { yaml, file, mistakes: &mut mistakes }.node(raw);
    if mistakes.is_empty() { Ok(node) } else { Err(mistakes) }
}

/// What a Chinese keyboard or an editor slips into YAML, told in the author's words: a tab before a line, a full-width colon after a key. The parser
/// notices at the earliest on the line itself, at the latest on the one after.
fn slip(yaml: &str, noticed: u32) -> Option<(Place, String, String)> {
    let number = |wide: usize| u32::try_from(wide).unwrap_or(u32::MAX);
    let lines = yaml.lines().enumerate().map(|(index, line)| (number(index + 1), line));
    for (number_of, line) in lines.filter(|(line, _)| *line <= noticed && noticed - line <= 1) {
        let indent = line.chars().take_while(|letter| [' ', '\t'].contains(letter));
        if let Some(before) = indent.clone().position(|letter| letter == '\t') {
            let (zh, en) = ("行首用了制表符(Tab)：缩进改用空格，每层两个", "expected blanks before the line, two for each level, found a tab");
            return Some((Place { line: number_of, column: number(before + 1) }, zh.to_owned(), en.to_owned()));
        }
        for (at, _) in line.match_indices('：') {
            let key = line[..at].trim_start_matches([' ', '-']).rsplit(['{', ',']).next().unwrap_or_default().trim_start();
            if is_key(key) {
                let (zh, en) = full_width(key);
                return Some((Place { line: number_of, column: number(line[..at].chars().count() + 1) }, zh, en));
            }
        }
    }
    None
}

/// Whether a text looks like a key of the language.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
}

fn full_width(key: &str) -> (String, String) {
    let zh = format!("键 `{key}` 后面是全角冒号“：”：改成半角冒号和一个空格，写 `{key}: `");
    (zh, format!("expected `{key}: ` with an ASCII colon and a blank, found a full-width colon"))
}

impl Node {
    /// What it is, for "found": the value itself when it is short, else its kind.
    #[must_use]
    pub fn found(&self) -> String {
        match &self.tree {
            Tree::Null => String::new(),
            Tree::Bool(flag) => flag.to_string(),
            Tree::Number(text) | Tree::Text(text) => shortened(text),
            Tree::List(items) => format!("[{} …]", items.len()),
            Tree::Map(entries) => format!("{{{}…}}", entries.first().map_or(String::new(), |entry| format!("{}: ", shortened(&entry.key)))),
        }
    }

    /// The place of the byte `offset` of this text; exact when the text stands on one line without escapes, else where the node starts.
    #[must_use]
    pub fn place_in(&self, offset: usize) -> Place {
        let (Some(start), Tree::Text(text) | Tree::Number(text)) = (self.verbatim, &self.tree) else { return self.at };
        let before = text.get(..offset).unwrap_or(text).chars().count();
        Place { line: start.line, column: start.column.saturating_add(u32::try_from(before).unwrap_or(u32::MAX)) }
    }
}

/// At most forty characters of a value, so that one wrong cell does not fill the screen.
#[must_use]
pub fn shortened(text: &str) -> String {
    const CHARACTERS: usize = 40;
    let mut short: String = text.chars().take(CHARACTERS).collect();
    if text.chars().count() > CHARACTERS {
        short.push('…');
    }
    short
}

fn place(location: Location) -> Place {
    let number = |wide: u64| u32::try_from(wide).unwrap_or(u32::MAX);
    Place { line: number(location.line()), column: number(location.column()) }
}

/// Turns the parsed tree into nodes, with the file's own digits.
struct Lift<'a> {
    yaml: &'a str,
    file: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl Lift<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let at = place(raw.defined);
        let written = self.written(raw.defined);
        let verbatim = |text: &str| {
            let offset = written.find(text)?;
            let column = at.column.saturating_add(u32::try_from(written[..offset].chars().count()).ok()?);
            (!text.is_empty() && !text.contains('\n')).then_some(Place { line: at.line, column })
        };
        match raw.value {
            Raw::Null => Node { at, tree: Tree::Null, verbatim: None },
            Raw::Bool(flag) => Node { at, verbatim: Some(at), tree: Tree::Bool(flag) },
            Raw::Number(parsed) => {
                let digits = written.trim();
                let text = if digits.is_empty() { parsed } else { digits.to_owned() };
                Node { at, verbatim: Some(at), tree: Tree::Number(text) }
            }
            Raw::Text(text) => Node { at, verbatim: verbatim(&text), tree: Tree::Text(text) },
            Raw::List(items) => Node { at, verbatim: None, tree: Tree::List(items.into_iter().map(|item| self.node(item)).collect()) },
            Raw::Map(entries) => Node { at, verbatim: None, tree: Tree::Map(self.entries(entries)) },
        }
    }

    fn entries(&mut self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let at = place(key.defined);
            if let Some((word, _)) = key.value.split_once('：').filter(|(word, _)| is_key(word)) {
                let (zh, en) = full_width(word);
                self.mistakes.push(Mistake { file: self.file.to_owned(), line: at.line, column: at.column, code: "yaml-syntax", zh, en });
            }
            if seen.insert(key.value.clone()) {
                entries.push(Entry { key: key.value, at, value: self.node(value) });
                continue;
            }
            let (zh, en) = (format!("键 `{}` 写了两次", shortened(&key.value)), format!("expected each key once, found `{}` again", shortened(&key.value)));
            self.mistakes.push(Mistake { file: self.file.to_owned(), line: at.line, column: at.column, code: "duplicate-key", zh, en });
        }
        entries
    }

    /// The bytes of the file a node covers; empty when the parser does not say.
    fn written(&self, location: Location) -> &str {
        let span = location.span();
        let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, len)| {
            let start = usize::try_from(start).ok()?;
            Some(start..start.checked_add(usize::try_from(len).ok()?)?)
        });
        range.and_then(|range| self.yaml.get(range)).unwrap_or("")
    }
}

/// What the YAML library hands over, before its numbers get their digits back.
enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    // The library offers a float; only its text in the file is used.
    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(yaml: &str) -> Vec<Entry> {
        match read(yaml, "a.yaml").expect("valid").tree {
            Tree::Map(entries) => entries,
            other => panic!("expected a map, found {other:?}"),
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let read = entries("a: 12.50\nb: 0.1000000000000000000001\nc: 3,000.00\nd: -7\ne: \"12.50\"\nf: 007\n");
        let found: Vec<_> = read.iter().map(|entry| entry.value.found()).collect();
        assert_eq!(found, ["12.50", "0.1000000000000000000001", "3,000.00", "-7", "12.50", "007"]);
        assert!(matches!(read[0].value.tree, Tree::Number(_)));
        assert!(matches!(read[4].value.tree, Tree::Text(_)));
    }

    #[test]
    fn places_are_characters_under_chinese_text() {
        let read = entries("标题: 项目\n条件: '项目 = 1'\nempty:\nlist: [甲, \"乙\"]\nlong: |\n  第一行\n  第二行\n");
        assert_eq!(read[0].value.at, Place { line: 1, column: 5 });
        assert_eq!(read[1].value.place_in("项目 ".len()), Place { line: 2, column: 9 });
        assert!(matches!(read[2].value.tree, Tree::Null));
        let Tree::List(items) = &read[3].value.tree else { panic!("a list") };
        assert_eq!(items[1].place_in(0), Place { line: 4, column: 12 });
        assert_eq!(read[4].value.place_in(4), read[4].value.at);
    }

    #[test]
    fn every_key_written_twice_is_reported() {
        let mistakes = read("a: 1\nb: {c: 1, c: 2}\na: 3\n", "a.yaml").expect_err("twice");
        let places: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, mistake.column, mistake.code)).collect();
        assert_eq!(places, [(2, 11, "duplicate-key"), (3, 1, "duplicate-key")]);
    }

    #[test]
    fn a_file_that_is_not_yaml_is_a_mistake_with_its_line() {
        let mistakes = read("a: 1\n  b: [\n", "a.yaml").expect_err("broken");
        assert_eq!((mistakes[0].code, mistakes[0].line), ("yaml-syntax", 2));
        assert!(read(&"a".repeat(SOURCE_BYTES_MAX + 1), "a.yaml").is_err());
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
        }
        assert!(read(&bomb, "a.yaml").is_err());
    }
}
