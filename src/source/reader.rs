//! A walk through the nodes of one file that keeps going after a mistake.
//! Invariant: whatever a method refuses is in `mistakes`, so `None` is never silent.
//! Never: guesses a value the author did not write.

use super::{Entry, Mistake, Node, Place, Tree, shortened};
use crate::ids::Text;

/// Reads nodes of one file and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    file: &'a str,
    mistakes: Vec<Mistake>,
}

/// A mapping whose keys were checked against those that may stand there.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'n> {
    entries: &'n [Entry],
    /// Where the mapping starts.
    pub at: Place,
}

impl<'n> Fields<'n> {
    /// The value of `key`; a key without a value counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.value.tree, Tree::Null)).then_some(&entry.value)
    }
}

impl<'a> Reader<'a> {
    /// A reader of `file`.
    #[must_use]
    pub fn new(file: &'a str) -> Self {
        Self { file, mistakes: Vec::new() }
    }

    /// What a whole file says, when nothing in it is wrong.
    ///
    /// # Errors
    /// Every mistake of the file, with its place.
    pub fn parse<T>(text: &str, file: &'a str, read: impl FnOnce(&mut Self, &Node) -> Option<T>) -> Result<T, Vec<Mistake>> {
        let node = super::read(text, file)?;
        let mut reader = Self::new(file);
        match (read(&mut reader, &node), reader.into_mistakes()) {
            (Some(found), mistakes) if mistakes.is_empty() => Ok(found),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// The mistakes so far, in the order of the file.
    #[must_use]
    pub fn into_mistakes(mut self) -> Vec<Mistake> {
        self.mistakes.sort();
        self.mistakes.dedup();
        self.mistakes
    }

    /// Whether nothing was wrong so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// Records a mistake.
    pub fn mistake(&mut self, at: Place, code: &'static str, (zh, en): (String, String)) {
        self.mistakes.push(Mistake { file: self.file.to_owned(), line: at.line, column: at.column, code, zh, en });
    }

    /// Records "expected X, found `Y`" at `node`.
    pub fn expected(&mut self, node: &Node, code: &'static str, (zh, en): (&str, &str)) {
        let found = node.found();
        let pair = if found.is_empty() {
            (format!("期望{zh}，实际为空"), format!("expected {en}, found nothing"))
        } else {
            (format!("期望{zh}，实际 `{found}`"), format!("expected {en}, found `{found}`"))
        };
        self.mistake(node.at, code, pair);
    }

    /// A mapping with none but the `allowed` keys.
    pub fn fields<'n>(&mut self, node: &'n Node, allowed: &[&str]) -> Option<Fields<'n>> {
        let Tree::Map(entries) = &node.tree else {
            let keys = allowed.join(", ");
            self.expected(node, "wrong-kind", (&format!("含有 {keys} 的映射"), &format!("a mapping with {keys}")));
            return None;
        };
        for entry in entries {
            if !allowed.contains(&entry.key.as_str()) {
                let (key, keys) = (shortened(&entry.key), allowed.join(", "));
                self.mistake(entry.at, "unknown-key", (format!("期望 {keys} 之一，实际 `{key}`"), format!("expected one of {keys}, found `{key}`")));
            }
        }
        Some(Fields { entries, at: node.at })
    }

    /// The value of a key that must be there.
    pub fn required<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let found = fields.get(key);
        if found.is_none() {
            self.mistake(fields.at, "missing-key", (format!("缺少 `{key}`"), format!("expected `{key}`, found no such key")));
        }
        found
    }

    /// The entries of a mapping, whatever their keys.
    pub fn entries<'n>(&mut self, node: &'n Node) -> &'n [Entry] {
        if let Tree::Map(entries) = &node.tree {
            return entries;
        }
        self.expected(node, "wrong-kind", ("映射", "a mapping"));
        &[]
    }

    /// A text; an unquoted number or `true` counts as its letters.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        match &node.tree {
            Tree::Text(text) | Tree::Number(text) => Some(text.clone()),
            Tree::Bool(flag) => Some(flag.to_string()),
            Tree::Null | Tree::List(_) | Tree::Map(_) => {
                self.expected(node, "wrong-kind", ("文字", "a text"));
                None
            }
        }
    }

    /// A text in both languages, or one text for both.
    pub fn bilingual(&mut self, node: &Node) -> Option<Text> {
        if let Tree::Map(_) = &node.tree {
            let fields = self.fields(node, &["zh", "en"])?;
            let (zh, en) = (self.required(&fields, "zh"), self.required(&fields, "en"));
            let (zh, en) = (zh.and_then(|node| self.text(node)), en.and_then(|node| self.text(node)));
            return Some(Text { zh: zh?, en: en? });
        }
        let text = self.text(node)?;
        Some(Text { zh: text.clone(), en: text })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: &Node) -> Option<bool> {
        if let Tree::Bool(flag) = node.tree {
            return Some(flag);
        }
        self.expected(node, "wrong-kind", (" true 或 false", "true or false"));
        None
    }

    /// A whole number.
    pub fn whole(&mut self, node: &Node) -> Option<i64> {
        let parsed = if let Tree::Number(digits) = &node.tree { digits.replace('_', "").parse().ok() } else { None };
        if parsed.is_none() {
            self.expected(node, "wrong-kind", ("整数", "a whole number"));
        }
        parsed
    }

    /// A sequence.
    pub fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        if let Tree::List(items) = &node.tree {
            return items;
        }
        self.expected(node, "wrong-kind", ("列表", "a list"));
        &[]
    }

    /// One of a fixed set of words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let found = if let Tree::Text(text) = &node.tree { words.iter().find(|(word, _)| word == text) } else { None };
        if found.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let all = all.join(", ");
            self.expected(node, "unknown-word", (&format!(" {all} 之一"), &format!("one of {all}")));
        }
        found.map(|(_, value)| *value)
    }
}
