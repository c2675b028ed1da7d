//! What is wrong with what an author wrote: a code, a place, a sentence and a way out, in both languages.
//! Invariant: every mistake of all files is reported at once, in the order of file and line.
//! Never: stops at the first, or speaks of a place the author cannot open.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::source::{Mistake, Place};

pub mod codes;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// The file, as the author knows it.
    pub file: String,
    /// The line, from 1; 0 when the mistake has no place.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Stable, such as `GL012`.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
    /// Whether it is only to be known: the definition may be used all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub warning: bool,
    /// What to do about it, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_zh: Option<String>,
    /// What to do about it, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_en: Option<String>,
}

impl Diagnostic {
    /// The plain form: `file:line:column code sentence`, one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        let mark = if self.warning { "提示 / warning: " } else { "" };
        format!("{}:{}:{} {} {mark}{} / {}", self.file, self.line, self.column, self.code, self.zh, self.en)
    }

    /// The form for a screen: the sentence, the line of the file with a mark under the place, the help.
    #[must_use]
    pub fn with_snippet(&self, sources: &BTreeMap<String, String>) -> String {
        let (zh_mark, en_mark) = if self.warning { ("提示：", "warning: ") } else { ("", "") };
        let mut out = format!("{} {zh_mark}{}\n      {en_mark}{}\n  --> {}:{}:{}\n", self.code, self.zh, self.en, self.file, self.line, self.column);
        let line = sources.get(&self.file).and_then(|text| text.lines().nth((self.line as usize).checked_sub(1)?));
        if let Some(line) = line {
            let before: String = line.chars().take((self.column as usize).saturating_sub(1)).collect();
            // Full-width characters take two cells, so the mark is moved by width and not by count.
            let indent = " ".repeat(before.width());
            // Writing into a String cannot fail.
            let _ = write!(out, "     |\n{:>4} | {line}\n     | {indent}^\n", self.line);
        }
        for help in self.help_lines() {
            let _ = writeln!(out, "   = {help}");
        }
        out
    }

    /// A line in each language; what both list in the same words stands once.
    fn help_lines(&self) -> Vec<String> {
        if let (Some(zh), Some(en)) = (&self.help_zh, &self.help_en)
            && let (Some((says, listed)), Some((said, same))) = (zh.split_once('：'), en.split_once(": "))
            && listed == same
        {
            return vec![format!("{says} / {said}: {listed}")];
        }
        self.help_zh.iter().chain(&self.help_en).cloned().collect()
    }
}

/// Collects the mistakes of one file.
#[derive(Debug)]
pub struct Findings<'a> {
    file: &'a str,
    found: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    /// None yet.
    #[must_use]
    pub fn new(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Notes a mistake.
    pub fn note(&mut self, at: Place, code: &'static str, (zh, en): (String, String)) -> &mut Diagnostic {
        self.found.push(Diagnostic {
            file: self.file.to_owned(),
            line: at.line,
            column: at.column,
            code,
            zh,
            en,
            warning: false,
            help_zh: None,
            help_en: None,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Notes something to be known that refuses nothing.
    pub fn warn(&mut self, at: Place, code: &'static str, sentences: (String, String)) -> &mut Diagnostic {
        let diagnostic = self.note(at, code, sentences);
        diagnostic.warning = true;
        diagnostic
    }

    /// Notes a name that does not exist, with the nearest that does.
    pub fn unknown<'n>(&mut self, at: Place, code: &'static str, (zh, en): (&str, &str), found: &str, known: impl IntoIterator<Item = &'n str>) {
        let known: Vec<&str> = known.into_iter().collect();
        let sentences = (format!("{zh}中没有 `{found}`"), format!("expected the name of {en}, found `{found}`"));
        let help = suggestion(found, &known);
        self.note(at, code, sentences).help(help);
    }

    /// Whether no mistake was noted; a warning is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.iter().all(|one| one.warning)
    }

    /// What was noted.
    #[must_use]
    pub fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }
}

impl Diagnostic {
    /// Adds a way out.
    pub fn help(&mut self, help: Option<(String, String)>) {
        if let Some((zh, en)) = help {
            (self.help_zh, self.help_en) = (Some(zh), Some(en));
        }
    }
}

impl From<Mistake> for Diagnostic {
    fn from(mistake: Mistake) -> Self {
        let help = alternatives(&mistake.en).or_else(|| example(&mistake.en));
        let Mistake { file, line, column, code, zh, en } = mistake;
        let (zh, en, help) = match near_first(code, &en, help.as_ref()) {
            Some((zh, en, help)) => (zh, en, Some(help)),
            None => (zh, en, help),
        };
        let mut diagnostic = Self { file, line, column, code: code_of(code), zh, en, warning: false, help_zh: None, help_en: None };
        diagnostic.help(help);
        diagnostic
    }
}

/// The code of a mistake found by the reader of a file, a form or a table.
fn code_of(code: &'static str) -> &'static str {
    match code {
        "yaml-syntax" | "file-too-long" => "GL001",
        "unknown-key" => "GL002",
        "missing-key" => "GL003",
        "duplicate-key" => "GL005",
        "wrong-kind" | "unknown-word" => "GL004",
        _other_room => "GL006",
    }
}

/// A step has some forty keys, and so has a form: what was most likely meant comes before them.
fn near_first(code: &str, en: &str, help: Option<&(String, String)>) -> Option<(String, String, (String, String))> {
    let near = help?.1.strip_prefix("did you mean ")?.trim_end_matches('?');
    let (zh, what) = match code {
        "unknown-key" => ("键", "a key"),
        "unknown-field" => ("字段", "a field"),
        _ => return None,
    };
    let (keys, found) = en.strip_prefix("expected one of ")?.rsplit_once(", found ")?;
    let (zh, en) = (format!("没有{zh} {found}：是否想写 {near}？"), format!("expected {what} that exists, found {found}: did you mean {near}?"));
    Some((zh, en, (format!("可以写：{keys}"), format!("known here: {keys}"))))
}

/// A limit has more keys than anybody remembers, so its mistakes come with one to copy.
fn example(en: &str) -> Option<(String, String)> {
    const LIMIT: &str = "promised: {within: 5 working days, from: accept.accepted, until: [sign.granted, sign.refused]}";
    let of_limit = ["a mapping with kind, within, from", "`kind: statutory`", "`entered` or `step.outcome`"];
    of_limit.iter().any(|part| en.contains(part)).then(|| (format!("如 {LIMIT}"), format!("such as {LIMIT}")))
}

/// "expected one of a, b, found `c`" names its own alternatives; the nearest becomes the help.
fn alternatives(en: &str) -> Option<(String, String)> {
    let (words, found) = en.strip_prefix("expected one of ")?.rsplit_once(", found `")?;
    suggestion(found.strip_suffix('`')?, &words.split(", ").collect::<Vec<_>>())
}

/// "Did you mean", or the list when it is short and nothing is near.
#[must_use]
pub fn suggestion(found: &str, known: &[&str]) -> Option<(String, String)> {
    const LIST_MAX: usize = 12;
    let near = known.iter().map(|word| (distance(found, word), *word)).filter(|(far, word)| *far <= word.chars().count().max(3) / 3).min();
    if let Some((_, word)) = near {
        return Some((format!("是否想写 `{word}`?"), format!("did you mean `{word}`?")));
    }
    if known.is_empty() || known.len() > LIST_MAX {
        return None;
    }
    Some(list(known))
}

/// What may be written, all of it.
#[must_use]
pub fn list(known: &[&str]) -> (String, String) {
    let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
    (format!("可以写：{}", list.join("、")), format!("known here: {}", list.join(", ")))
}

/// How many letters one would have to change, add, drop or swap with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_lists_what_is_known() {
        assert_eq!(suggestion("acepted", &["accepted", "refused"]).expect("near").1, "did you mean `accepted`?");
        assert_eq!(suggestion("sgin", &["accept", "sign"]).expect("swapped").1, "did you mean `sign`?");
        assert_eq!(suggestion("受里", &["受理", "办结"]).expect("near").0, "是否想写 `受理`?");
        assert_eq!(suggestion("xyz", &["accepted", "refused"]).expect("listed").1, "known here: `accepted`, `refused`");
    }

    #[test]
    fn the_mark_stands_under_the_place_also_after_full_width_text() {
        let sources = BTreeMap::from([("a.yaml".to_owned(), "title: {zh: 用地, em: Land}\n".to_owned())]);
        let diagnostic = Diagnostic {
            file: "a.yaml".into(),
            line: 1,
            column: 17,
            code: "GL002",
            zh: "甲".into(),
            en: "a".into(),
            warning: false,
            help_zh: None,
            help_en: None,
        };
        let text = diagnostic.with_snippet(&sources);
        let mark = text.lines().last().expect("a mark").find('^').expect("a mark");
        let line = text.lines().find(|line| line.contains("title")).expect("the line");
        assert_eq!(line[..line.find("em").expect("the key")].width(), mark, "{text}");
    }
}
