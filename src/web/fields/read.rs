//! What a browser posted, read into the form's own types, with every mistake of the section at once.
//! Invariant: a field that was not posted keeps what it had; a row in which nothing was typed is no row. Never: a refusal; what is wrong is kept and named.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{fields, typed};
use crate::forms::{Access, Field, FieldError, Form, Kind};

/// A submission with what was typed, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The whole submission.
    pub value: Value,
    /// The mistakes of the section that was read.
    pub errors: Vec<FieldError>,
}

/// Reads the fields of `section` (of the whole form for `None`) out of `posted` over `base`: `f.<key>`, and `f.<rows>.<number>.<key>` in rows.
/// A posted `do` of `remove.<rows>.<number>` leaves that row out.
#[must_use]
pub fn read(form: &Form, section: Option<usize>, posted: &[(String, String)], base: Value) -> Read {
    let mut object = if let Value::Object(object) = base { object } else { Map::new() };
    for field in fields(form, section) {
        let found = match &field.kind {
            Kind::File(_) => last(posted, &format!("f.{}", field.key)).map(named),
            Kind::Rows { fields, .. } => rows(&field.key, fields, posted),
            _ => last(posted, &format!("f.{}", field.key)).map(|text| typed::value(field, text)),
        };
        put(&mut object, &field.key, found);
    }
    let mut value = Value::Object(object);
    // An answer that another answer has made pointless leaves with it, field by field, because one may hang on the next.
    for field in form.fields().filter(|field| field.access == Access::Open && field.when.is_some()) {
        if !form.asks(field, &value)
            && let Some(object) = value.as_object_mut()
        {
            object.remove(&field.key);
        }
    }
    let errors = check(form, section, &value);
    Read { value, errors }
}

/// Whether the new answers ask for a field of the section that was not on the page yet: then the page is shown once more.
#[must_use]
pub fn opened(form: &Form, section: usize, before: &Value, now: &Value) -> bool {
    fields(form, Some(section)).any(|field| form.asks(field, now) && !form.asks(field, before))
}

/// Every mistake of a section of a submission (of the whole of it for `None`), in the words of whoever types.
#[must_use]
pub fn check(form: &Form, section: Option<usize>, value: &Value) -> Vec<FieldError> {
    let keys: BTreeSet<&str> = fields(form, section).map(|field| field.key.as_str()).collect();
    let errors = form.validate(value).err().unwrap_or_default();
    let within = |error: &FieldError| section.is_none() || first_key(&error.path).is_some_and(|key| keys.contains(key));
    errors.into_iter().filter(within).map(|error| worded(form, error)).collect()
}

/// Whether the button that was pressed only adds or removes a row.
#[must_use]
pub fn stays(posted: &[(String, String)]) -> bool {
    last(posted, "do").is_some_and(|pressed| pressed.starts_with("add.") || pressed.starts_with("remove."))
}

fn put(object: &mut Map<String, Value>, key: &str, found: Option<Value>) {
    match found {
        None => {}
        Some(Value::Null) => {
            object.remove(key);
        }
        Some(value) => {
            object.insert(key.to_owned(), value);
        }
    }
}

/// An uploaded file as a form carries it along; what is none is no answer.
fn named(text: &str) -> Value {
    serde_json::from_str(text).ok().filter(Value::is_object).unwrap_or(Value::Null)
}

fn last<'p>(posted: &'p [(String, String)], name: &str) -> Option<&'p str> {
    posted.iter().rev().find(|(key, _)| key == name).map(|(_, text)| text.as_str())
}

/// The rows that were posted, in order; `None` when there was no field of any.
fn rows(key: &str, fields: &[Field], posted: &[(String, String)]) -> Option<Value> {
    let prefix = format!("f.{key}.");
    let number = |name: &str| name.strip_prefix(&prefix)?.split_once('.')?.0.parse::<usize>().ok();
    let numbers: BTreeSet<usize> = posted.iter().filter_map(|(name, _)| number(name)).collect();
    let removed = last(posted, "do").and_then(|pressed| pressed.strip_prefix(&format!("remove.{key}.")));
    let removed = removed.and_then(|number| number.parse::<usize>().ok());
    if numbers.is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    for number in numbers.into_iter().filter(|number| removed != Some(*number)) {
        let mut row = Map::new();
        for field in fields {
            let text = last(posted, &format!("{prefix}{number}.{}", field.key)).unwrap_or("");
            put(&mut row, &field.key, Some(typed::value(field, text)));
        }
        if !row.is_empty() {
            rows.push(Value::Object(row));
        }
    }
    // No rows at all is a field left out, so that a required one is named as such.
    Some(if rows.is_empty() { Value::Null } else { Value::Array(rows) })
}

fn first_key(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

/// The field a pointer leads to.
fn field_at<'f>(form: &'f Form, path: &str) -> Option<&'f Field> {
    let mut keys = path.strip_prefix('/')?.split('/');
    let field = form.field(keys.next()?)?;
    match (&field.kind, keys.nth(1)) {
        (Kind::Rows { fields, .. }, Some(key)) => fields.iter().find(|field| field.key == key),
        (_, _) => Some(field),
    }
}

/// A mistake said to the person at the keyboard, who types 万元 and not 分, and was asked rather than sent a schema.
fn worded(form: &Form, error: FieldError) -> FieldError {
    let Some(field) = field_at(form, &error.path) else { return error };
    let (zh, en) = (&field.title.zh, &field.title.en);
    let words = match (error.code, &field.kind) {
        ("required", Kind::Choice(_) | Kind::YesNo | Kind::Code(crate::forms::codes::Scheme::Region)) => (format!("请选择「{zh}」"), format!("Choose: {en}")),
        ("required", Kind::Rows { .. }) => (format!("「{zh}」至少填一行"), format!("{en}: fill in at least one row")),
        ("required", Kind::File(_)) => (format!("请上传「{zh}」"), format!("Upload: {en}")),
        ("required", _) => (format!("请填写「{zh}」"), format!("Fill in: {en}")),
        ("wrong_type", Kind::MoneyFen(_)) => (
            format!("「{zh}」应为以万元计的金额，如 32000.00，精确到分"),
            format!("{en}: give an amount in units of 10,000 CNY, such as 32000.00, exact to the fen"),
        ),
        ("wrong_type", Kind::AreaM2(_)) => {
            (format!("「{zh}」应为以平方米计的整数，如 50000"), format!("{en}: give a whole number of square metres, such as 50000"))
        }
        ("wrong_type", Kind::Integer(_)) => (format!("「{zh}」应为整数，如 260"), format!("{en}: give a whole number, such as 260")),
        ("bad_date", _) => (format!("「{zh}」应为日期，如 2025-03-03"), format!("{en}: give a date, such as 2025-03-03")),
        ("too_small", Kind::MoneyFen(range)) if range.min == 1 => (format!("「{zh}」应大于零"), format!("{en}: give an amount above zero")),
        ("bad_shape", Kind::Code(crate::forms::codes::Scheme::ProjectCode)) => {
            (format!("「{zh}」的格式不对，应如 2503-420703-04-01-000000"), format!("{en}: not in the right form; it looks like 2503-420703-04-01-000000"))
        }
        ("bad_shape", Kind::Code(crate::forms::codes::Scheme::Uscc)) => {
            (format!("「{zh}」应为 18 位数字和大写字母（不用 I、O、S、V、Z）"), format!("{en}: give 18 digits and capitals, without I, O, S, V and Z"))
        }
        ("bad_check_digit", _) => {
            (format!("「{zh}」的校验位不对，请对照证照检查有没有录错"), format!("{en}: its check character is wrong; compare it with the licence"))
        }
        // The others are said as the form says them, without the marks that set values apart for programs.
        _ => (error.zh.replace("期望", "应为").replace(['`', '"'], ""), error.en.replace(['`', '"'], "")),
    };
    FieldError { zh: words.0, en: words.1, ..error }
}
