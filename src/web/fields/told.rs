//! A submission as people read it back: the answers beside their questions.
//! Invariant: every field of the form has its line, answered or not. Never: a personal answer on a page that is not the applicant's or the office's; whoever calls this has asked.

use serde::Serialize;
use serde_json::Value;

use super::view::FileView;
use super::{either, in_language, sections, typed};
use crate::forms::codes::{self, Scheme};
use crate::forms::{Access, Field, Form, Kind, Section, amounts};
use crate::notice::Language;
use crate::web::words::sentence;

/// A section of answers.
#[derive(Clone, Debug, Serialize)]
pub struct ToldSection {
    /// Its place in the form.
    pub index: usize,
    /// What people read.
    pub title: String,
    /// Its answers.
    pub lines: Vec<ToldLine>,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub struct ToldLine {
    /// The field's key.
    pub key: String,
    /// The question.
    pub title: String,
    /// The answer; empty when there is none.
    pub text: String,
    /// The rows of an answer that has rows, each the texts of its fields.
    pub rows: Vec<Vec<String>>,
    /// Their titles.
    pub columns: Vec<String>,
    /// The file of an answer that is one.
    pub file: Option<FileView>,
    /// What the answer leads to, where it names something that has a page.
    pub href: String,
}

/// The answers of a form, or of one of its sections.
#[must_use]
pub fn told(form: &Form, section: Option<usize>, value: &Value, language: Language) -> Vec<ToldSection> {
    let shown = sections(form, section).map(|(index, section)| ToldSection {
        index,
        title: section.title.as_ref().map(|title| in_language(title, language)).unwrap_or_default(),
        lines: answered(form, section, value).map(|field| line(field, value.get(&field.key).unwrap_or(&Value::Null), language)).collect(),
    });
    shown.collect()
}

/// The fields the reader may see; one that is not asked is no question left open.
fn answered<'f>(form: &'f Form, section: &'f Section, value: &'f Value) -> impl Iterator<Item = &'f Field> {
    section.fields.iter().filter(|field| field.access != Access::Hidden && (value.get(&field.key).is_some() || form.asks(field, value)))
}

fn line(field: &Field, value: &Value, language: Language) -> ToldLine {
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    if let (Kind::Rows { fields, .. }, Some(given)) = (&field.kind, value.as_array()) {
        columns = fields.iter().map(|field| in_language(&field.title, language)).collect();
        rows = given.iter().map(|row| fields.iter().map(|field| said(field, row.get(&field.key).unwrap_or(&Value::Null), language)).collect()).collect();
    }
    ToldLine {
        key: field.key.clone(),
        title: in_language(&field.title, language),
        text: said(field, value, language),
        rows,
        columns,
        file: file(value),
        href: String::new(),
    }
}

/// One answer as a text; rows are counted.
#[must_use]
pub fn said(field: &Field, value: &Value, language: Language) -> String {
    match (&field.kind, value) {
        (Kind::MoneyFen(_), Value::Number(number)) => number.as_i64().map(|fen| money(fen, language)).unwrap_or_default(),
        (Kind::AreaM2(_), Value::Number(number)) => number.as_i64().map(|m2| area(m2, language)).unwrap_or_default(),
        (Kind::YesNo, Value::Bool(answer)) => {
            if *answer {
                either(language, "是", "Yes")
            } else {
                either(language, "否", "No")
            }
        }
        (Kind::Choice(choices), Value::String(text)) => {
            choices.iter().find(|choice| choice.value == *text).map_or_else(|| text.clone(), |choice| sentence(&in_language(&choice.title, language)))
        }
        (Kind::Code(Scheme::Region), Value::String(code)) => codes::region(code).map_or_else(|| code.clone(), |name| format!("{code} {name}")),
        (Kind::File(_), value) => file(value).map(|file| file.name).unwrap_or_default(),
        (Kind::Rows { .. }, Value::Array(rows)) => {
            let count = rows.len();
            either(language, &format!("{count} 行"), &format!("{count} rows"))
        }
        (_, value) => typed::shown(field, value),
    }
}

fn money(fen: i64, language: Language) -> String {
    const FEN_PER_HUNDREDTH_WAN: i64 = 10_000;
    let exact = fen % FEN_PER_HUNDREDTH_WAN == 0;
    let text = if exact { amounts::wan_yuan(fen) } else { amounts::yuan(fen) };
    // As it was typed: in the unit that stands beside the field.
    match language {
        Language::Zh => text,
        Language::En => text.replace(" 万元", " ×10,000 CNY").replace(" 元", " CNY"),
    }
}

fn area(m2: i64, language: Language) -> String {
    either(language, &format!("{m2} 平方米，{}", amounts::area(m2)), &format!("{m2} m² ({})", amounts::hectares(m2).replace(" 公顷", " ha")))
}

/// The file an answer names.
pub(super) fn file(value: &Value) -> Option<FileView> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let size = size(value.get("bytes")?.as_i64()?);
    Some(FileView { name: text("name")?, sha256: text("sha256")?, size, posted: value.to_string(), href: String::new() })
}

/// Bytes as people read them: `1.2 MB`.
fn size(bytes: i64) -> String {
    const KB: i64 = 1_024;
    const MB: i64 = KB * KB;
    match bytes {
        ..KB => format!("{bytes} B"),
        KB..MB => format!("{} KB", bytes / KB),
        _ => format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB),
    }
}
