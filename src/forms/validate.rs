//! A submission against its form: all errors at once.
//! Invariant: an empty list of errors means that every field is of its type, within its bounds, and that nothing else was sent.
//! Never: repeats what was written into a personal or secret field.

use serde_json::{Map, Value};

use super::codes::Flaw;
use super::diff::escaped;
use super::{Access, Field, Form, Kind, Range, Required};
use crate::expr;
use crate::source::shortened;

mod scalars;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// Where, as a JSON pointer: `/sources/1/amount`.
    pub path: String,
    /// Stable, `snake_case`, such as `too_long`.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl FieldError {
    /// Where, as people and spreadsheets write it: `rows[2].amount`, rows counted from 1.
    #[must_use]
    pub fn place(&self) -> String {
        let mut place = String::new();
        for key in self.path.split('/').skip(1) {
            match key.parse::<usize>() {
                Ok(index) => place.push_str(&format!("[{}]", index.saturating_add(1))),
                Err(_) => {
                    if !place.is_empty() {
                        place.push('.');
                    }
                    place.push_str(&key.replace("~1", "/").replace("~0", "~"));
                }
            }
        }
        place
    }
}

impl Form {
    /// Checks a submission. A yes to the state-secret question is the only error then, because nothing else of the submission may be looked at or kept.
    ///
    /// # Errors
    /// Every error, in the order of the form; fields the form does not have come last.
    pub fn validate(&self, submission: &Value) -> Result<(), Vec<FieldError>> {
        let mut check = Check { form: self, submission, as_value: self.value(submission), errors: Vec::new(), undecided: Vec::new() };
        check.whole();
        let errors = check.with_undecided();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

struct Check<'a> {
    form: &'a Form,
    submission: &'a Value,
    /// The submission as conditions read it.
    as_value: expr::Value,
    errors: Vec<FieldError>,
    /// Conditions that had no answer, each with the fields it reads.
    undecided: Vec<(FieldError, Vec<String>)>,
}

impl Check<'_> {
    fn whole(&mut self) {
        let Value::Object(object) = self.submission else {
            let found = kind_of(self.submission);
            self.errors.push(FieldError {
                path: String::new(),
                code: "wrong_type",
                zh: format!("期望一组字段，实际是{}", found.0),
                en: format!("expected an object of fields, found {}", found.1),
            });
            return;
        };
        if let Some(field) = self.form.fields().find(|field| field.state_secret && object.get(&field.key) == Some(&Value::Bool(true))) {
            let zh = "本项目涉及国家秘密：请勿在本系统填报，所填内容不予保存，请按保密规定线下办理".to_owned();
            let en = "expected a project without state secrets: do not file it here, nothing was kept; apply on paper".to_owned();
            self.errors.push(FieldError { path: format!("/{}", escaped(&field.key)), code: "state_secret", zh, en });
            return;
        }
        let form = self.form;
        let fields: Vec<&Field> = form.fields().collect();
        self.object("", &fields, object, None);
    }

    /// The fields of the form, or of one row.
    fn object(&mut self, path: &str, fields: &[&Field], object: &Map<String, Value>, row: Option<&expr::Value>) {
        for field in fields.iter().filter(|field| field.access == Access::Open) {
            let at = format!("{path}/{}", escaped(&field.key));
            match self.asked(&at, field, object.get(&field.key), row) {
                Some(true) => {}
                Some(false) | None => continue,
            }
            match object.get(&field.key) {
                Some(value) if !is_blank(value) => self.field(&at, field, value),
                given => self.absent(&at, field, given, row),
            }
        }
        for key in object.keys().filter(|key| !fields.iter().any(|field| field.key == **key)) {
            let shown = shortened(key);
            let (zh, en) = (format!("期望表单中的字段，实际 `{shown}`"), format!("expected a field of the form, found `{shown}`"));
            self.errors.push(FieldError { path: format!("{path}/{}", escaped(key)), code: "unknown_field", zh, en });
        }
    }

    /// Whether a field is asked at all; one that is not must be left out. `None` when its condition has no answer.
    fn asked(&mut self, path: &str, field: &Field, given: Option<&Value>, row: Option<&expr::Value>) -> Option<bool> {
        let Some(condition) = &field.when else { return Some(true) };
        match self.holds(condition, row) {
            Ok(true) => Some(true),
            Ok(false) => {
                if given.is_some() {
                    self.error(
                        path,
                        field,
                        "not_asked",
                        ("不填：按已填内容不需要此项", "nothing, because the other answers do not ask for it"),
                        ("已填写", "a value"),
                    );
                }
                Some(false)
            }
            Err(error) => {
                let zh = format!("无法判断「{}」是否需要填写：{}", field.title.zh, error.zh);
                let en = format!("cannot tell whether `{}` is asked: {}", field.title.en, error.en);
                self.undecided.push((FieldError { path: path.to_owned(), code: "condition", zh, en }, fields_read(condition, path)));
                None
            }
        }
    }

    /// A field that was left out or left blank. Null is not a way to leave a field out.
    fn absent(&mut self, path: &str, field: &Field, given: Option<&Value>, row: Option<&expr::Value>) {
        let wanted = match &field.required {
            Required::Yes => Ok(true),
            Required::No => Ok(false),
            Required::When(condition) => self.holds(condition, row),
        };
        match wanted {
            Ok(true) => self.error(path, field, "required", ("内容", "a value"), ("为空", "nothing")),
            Ok(false) => {
                if let Some(value) = given {
                    self.field(path, field, value);
                }
            }
            Err(error) => {
                let zh = format!("无法判断「{}」是否必填：{}", field.title.zh, error.zh);
                let en = format!("cannot tell whether `{}` is required: {}", field.title.en, error.en);
                let reads = if let Required::When(condition) = &field.required { fields_read(condition, path) } else { Vec::new() };
                self.undecided.push((FieldError { path: path.to_owned(), code: "condition", zh, en }, reads));
            }
        }
    }

    /// All errors; a condition without an answer is one only when what it reads is right, since otherwise the cause is already among them.
    fn with_undecided(mut self) -> Vec<FieldError> {
        for (error, reads) in self.undecided {
            if !self.errors.iter().any(|known| reads.contains(&known.path)) {
                self.errors.push(error);
            }
        }
        self.errors
    }

    fn holds(&self, condition: &expr::Expr, row: Option<&expr::Value>) -> Result<bool, expr::EvalError> {
        let roots = [("form", Some(&self.as_value)), ("row", row)].into_iter().filter_map(|(name, value)| Some((name, value?.clone())));
        condition.holds(&expr::Value::context(roots))
    }

    fn field(&mut self, path: &str, field: &Field, value: &Value) {
        match &field.kind {
            Kind::Text(range) => self.text(path, field, value, *range),
            Kind::LongText(range) => self.long_text(path, field, value, *range),
            Kind::Integer(range) => self.integer(path, field, value, (*range, ("整数", "a whole number"))),
            Kind::MoneyFen(range) => self.integer(path, field, value, (*range, ("整数金额（分）", "a whole amount in fen"))),
            Kind::AreaM2(range) => self.integer(path, field, value, (*range, ("整数面积（平方米）", "a whole area in square metres"))),
            Kind::Date { first, last } => self.date(path, field, value, (*first, *last)),
            Kind::Choice(choices) => self.choice(path, field, value, choices),
            Kind::YesNo if value.is_boolean() => {}
            Kind::YesNo => self.wrong_type(path, field, value, ("是或否（true 或 false）", "true or false")),
            Kind::Code(scheme) => match value.as_str().map(|code| scheme.check(code)) {
                Some(Ok(())) => {}
                Some(Err(flaw)) => self.flaw(path, field, value, &flaw),
                None => self.wrong_type(path, field, value, ("写成文字的代码", "a code written as text")),
            },
            Kind::File(rule) => self.file(path, field, value, rule),
            Kind::Rows { fields, count, by } => self.rows(path, field, value, (fields, *count, by.as_deref())),
        }
    }

    fn flaw(&mut self, path: &str, field: &Field, value: &Value, flaw: &Flaw) {
        let found = quoted(field, value);
        let found = (found.0.as_str(), found.1.as_str());
        match flaw {
            Flaw::Shape(zh, en) => self.error(path, field, "bad_shape", (zh, en), found),
            Flaw::Unknown(zh, en) => self.error(path, field, "unknown_code", (zh, en), found),
            // The right character would let a typing slip elsewhere pass, so it is not told.
            Flaw::Check(_) => self.error(path, field, "bad_check_digit", ("校验位正确的代码", "a code whose check character is right"), found),
        }
    }

    fn rows(&mut self, path: &str, field: &Field, value: &Value, (fields, count, by): (&[Field], Range, Option<&str>)) {
        let Value::Array(rows) = value else {
            self.wrong_type(path, field, value, ("若干行", "rows"));
            return;
        };
        let found = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let (zh_found, en_found) = (format!(" {found} 行"), format!("{found} rows"));
        if found < count.min {
            self.error(path, field, "too_few_rows", (&format!("至少 {} 行", count.min), &format!("at least {} rows", count.min)), (&zh_found, &en_found));
        }
        if found > count.max {
            self.error(path, field, "too_many_rows", (&format!("最多 {} 行", count.max), &format!("at most {} rows", count.max)), (&zh_found, &en_found));
            return;
        }
        let fields: Vec<&Field> = fields.iter().collect();
        for (index, row) in rows.iter().enumerate() {
            let at = format!("{path}/{index}");
            let Value::Object(object) = row else {
                self.wrong_type(&at, field, row, ("一行字段", "an object of fields"));
                continue;
            };
            let as_value = if let expr::Value::Context(form) = &self.as_value { form.get(&field.key).and_then(|rows| row_value(rows, index)) } else { None };
            self.object(&at, &fields, object, as_value.as_ref());
        }
        if let Some(by) = by.and_then(|by| fields.iter().find(|field| field.key == by)) {
            self.distinct(path, by, rows);
        }
    }

    /// No two rows have the same key.
    fn distinct(&mut self, path: &str, by: &Field, rows: &[Value]) {
        let mut seen: Vec<&Value> = Vec::new();
        for (index, key) in rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.get(&by.key)?))) {
            if seen.contains(&key) {
                let at = format!("{path}/{index}/{}", escaped(&by.key));
                let found = quoted(by, key);
                self.error(
                    &at,
                    by,
                    "duplicate_row",
                    ("每行各不相同的值", "another value in each row"),
                    (&format!("重复的{}", found.0), &format!("{} again", found.1)),
                );
            } else if !is_blank(key) {
                seen.push(key);
            }
        }
    }

    fn wrong_type(&mut self, path: &str, field: &Field, value: &Value, expected: (&str, &str)) {
        let found = kind_of(value);
        let (zh, en) = if value.is_array() || value.is_object() || value.is_null() { (found.0.to_owned(), found.1.to_owned()) } else { quoted(field, value) };
        self.error(path, field, "wrong_type", expected, (&zh, &en));
    }

    fn error(&mut self, path: &str, field: &Field, code: &'static str, expected: (&str, &str), found: (&str, &str)) {
        let zh = format!("「{}」期望{}，实际{}", field.title.zh, expected.0, found.0);
        let en = format!("{}: expected {}, found {}", field.title.en, expected.1, found.1);
        self.errors.push(FieldError { path: path.to_owned(), code, zh, en });
    }
}

/// The fields a condition reads, as pointers; `row` is the row the field at `path` stands in.
fn fields_read(condition: &expr::Expr, path: &str) -> Vec<String> {
    let row = path.rsplit_once('/').map_or("", |(row, _)| row);
    let pointer = |keys: Vec<String>| match keys.as_slice() {
        [root, key, ..] => Some(format!("{}/{}", if root == "row" { row } else { "" }, escaped(key))),
        _ => None,
    };
    condition.paths().into_iter().filter_map(pointer).collect()
}

fn row_value(rows: &expr::Value, index: usize) -> Option<expr::Value> {
    if let expr::Value::List(rows) = rows { rows.get(index).cloned() } else { None }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(_) | Value::Object(_) | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What was found, unless the field's content must not be repeated.
fn quoted(field: &Field, value: &Value) -> (String, String) {
    if field.personal || field.secret {
        return ("不符".to_owned(), "something else".to_owned());
    }
    let shown = if let Value::String(text) = value { format!("\"{}\"", shortened(text)) } else { shortened(&value.to_string()) };
    (format!(" `{shown}`"), format!("`{shown}`"))
}

fn kind_of(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("空值 null", "null"),
        Value::Bool(_) => ("真假值", "a boolean"),
        Value::Number(_) => ("数", "a number"),
        Value::String(_) => ("文字", "a text"),
        Value::Array(_) => ("列表", "a list"),
        Value::Object(_) => ("对象", "an object"),
    }
}
