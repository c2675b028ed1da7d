//! Checks of a form as a whole, and what the conditions of its fields read.
//! Invariant: a condition that was accepted reads fields that exist, by paths that lead somewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Field, Form, Kind, Required};
use crate::expr::{Type, Value};
use crate::source::{Entry, Node, Place, Reader, Tree};

/// Reports keys that are used twice and conditions that do not fit the fields they read.
pub(super) fn check(reader: &mut Reader<'_>, node: &Node, form: &Form) {
    let mut written = BTreeMap::new();
    find_fields(node, &mut written);
    let all: Vec<&Field> = form.fields().collect();
    let roots = BTreeMap::from([("form".to_owned(), kinds(&all, &Type::Date))]);
    let mut check = Check { reader, written, used: BTreeMap::new(), roots };
    check.fields(&all);
}

/// Where a field stands in the file.
struct Written<'n> {
    key: Place,
    /// The condition under `required`, and the field's own.
    required: Option<&'n Node>,
    when: Option<&'n Node>,
}

/// Every mapping with a `key`, by that key, in the order of the file; a key used twice stands at two places.
fn find_fields<'n>(node: &'n Node, written: &mut BTreeMap<String, Vec<Written<'n>>>) {
    match &node.tree {
        Tree::List(items) => items.iter().for_each(|item| find_fields(item, written)),
        Tree::Map(entries) => {
            let under = |entries: &'n [Entry], name: &str| entries.iter().find(|entry| entry.key == name).map(|entry| &entry.value);
            if let Some(key) = under(entries, "key") {
                let required = under(entries, "required").and_then(|node| if let Tree::Map(entries) = &node.tree { under(entries, "when") } else { None });
                written.entry(key.found()).or_default().push(Written { key: key.at, required, when: under(entries, "when") });
            }
            entries.iter().for_each(|entry| find_fields(&entry.value, written));
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

/// The key that a condition reads and that no field has.
fn absent(en: &str) -> Option<&str> {
    en.strip_prefix("expected a key that is there (")?.rsplit_once("found no `")?.1.strip_suffix('`')
}

struct Check<'r, 'f, 'n> {
    reader: &'r mut Reader<'f>,
    written: BTreeMap<String, Vec<Written<'n>>>,
    used: BTreeMap<String, usize>,
    /// What a condition may read: `form`, and `row` inside rows.
    roots: BTreeMap<String, Type>,
}

impl<'n> Check<'_, '_, 'n> {
    fn fields(&mut self, fields: &[&Field]) {
        let mut names = BTreeSet::new();
        for field in fields {
            let (at, required, when) = self.next_written(&field.key);
            if !names.insert(&field.key) {
                let key = &field.key;
                let zh = format!("期望每个字段键只用一次，实际 `{key}` 用了两次");
                self.reader.mistake(at, "duplicate-field", (zh, format!("expected each field key once, found `{key}` again")));
            }
            let wanted = if let Required::When(expr) = &field.required { Some((expr, required)) } else { None };
            for (expr, node) in wanted.into_iter().chain(field.when.as_ref().map(|expr| (expr, when))) {
                for error in expr.condition(&self.roots).err().unwrap_or_default() {
                    let place = node.map_or(at, |node| node.place_in(error.span.start));
                    match absent(&error.en) {
                        // All fields are named, so that whoever tells the mistake can say which of them was meant.
                        Some(key) => {
                            let all = self.written.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                            let sentences = (format!("期望字段 {all} 之一，实际 `{key}`"), format!("expected one of {all}, found `{key}`"));
                            self.reader.mistake(place, "unknown-field", sentences);
                        }
                        None => self.reader.mistake(place, "condition", (error.zh, error.en)),
                    }
                }
            }
            if let Kind::Rows { fields, .. } = &field.kind {
                let inner: Vec<&Field> = fields.iter().collect();
                self.roots.insert("row".to_owned(), kinds(&inner, &Type::Date));
                self.fields(&inner);
                self.roots.remove("row");
            }
        }
    }

    fn next_written(&mut self, key: &str) -> (Place, Option<&'n Node>, Option<&'n Node>) {
        let used = self.used.entry(key.to_owned()).or_default();
        let written = self.written.get(key).and_then(|written| written.get(*used));
        *used += 1;
        written.map_or((Place::default(), None, None), |written| (written.key, written.required, written.when))
    }
}

impl Form {
    /// A submission as a value for expressions: dates are dates, and a field that was left out is null.
    #[must_use]
    pub fn value(&self, submission: &Json) -> Value {
        values(&self.fields().collect::<Vec<_>>(), submission)
    }
}

impl Form {
    /// What an expression may read of a submission, for checks before any case runs. Dates are text in a submission: `date(form.start)`.
    #[must_use]
    pub fn kinds(&self) -> Type {
        kinds(&self.fields().collect::<Vec<_>>(), &Type::DateText)
    }
}

fn kinds(fields: &[&Field], date: &Type) -> Type {
    Type::Context(fields.iter().map(|field| (field.key.clone(), kind(field, date))).collect())
}

fn kind(field: &Field, date: &Type) -> Type {
    match &field.kind {
        Kind::Text(_) | Kind::LongText(_) | Kind::Code(_) => Type::Text,
        Kind::Integer(_) | Kind::MoneyFen(_) | Kind::AreaM2(_) => Type::Number,
        Kind::Date { .. } => date.clone(),
        Kind::Choice(choices) => Type::OneOf(choices.iter().map(|choice| choice.value.clone()).collect()),
        Kind::YesNo => Type::Bool,
        Kind::File(_) => {
            Type::Context([("name", Type::Text), ("sha256", Type::Text), ("bytes", Type::Number)].map(|(key, kind)| (key.to_owned(), kind)).into())
        }
        Kind::Rows { fields, .. } => Type::List(Box::new(kinds(&fields.iter().collect::<Vec<_>>(), date))),
    }
}

fn values(fields: &[&Field], submission: &Json) -> Value {
    let mut context = BTreeMap::new();
    for field in fields {
        let given = submission.get(&field.key).unwrap_or(&Json::Null);
        context.insert(field.key.clone(), value_of(field, given));
    }
    Value::Context(context)
}

fn value_of(field: &Field, given: &Json) -> Value {
    match (&field.kind, given) {
        (Kind::Date { .. }, Json::String(text)) => crate::expr::civil_date(text).map_or_else(|| Value::from_json(given), Value::Date),
        (Kind::Rows { fields, .. }, Json::Array(rows)) => {
            let fields: Vec<&Field> = fields.iter().collect();
            Value::List(rows.iter().map(|row| if row.is_object() { values(&fields, row) } else { Value::from_json(row) }).collect())
        }
        (_, given) => Value::from_json(given),
    }
}
