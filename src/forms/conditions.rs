//! Checks of a form as a whole, and what the conditions of its fields read.
//! Invariant: a condition that was accepted reads fields that exist, by paths that lead somewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Field, Form, Kind, Required};
use crate::expr::Value;
use crate::source::{Entry, Node, Place, Reader, Tree};

/// Reports keys that are used twice and conditions that read what is not there.
pub(super) fn check(reader: &mut Reader<'_>, node: &Node, form: &Form) {
    let mut places = BTreeMap::new();
    key_places(node, &mut places);
    let mut check = Check { reader, form, places, used: BTreeMap::new() };
    let all: Vec<&Field> = form.fields().collect();
    check.fields(&all, None);
}

/// Where each `key: name` of the file stands, in order; a name used twice has two places.
fn key_places(node: &Node, places: &mut BTreeMap<String, Vec<Place>>) {
    match &node.tree {
        Tree::List(items) => items.iter().for_each(|item| key_places(item, places)),
        Tree::Map(entries) => {
            for Entry { key, value, .. } in entries {
                if let ("key", Tree::Text(name)) = (key.as_str(), &value.tree) {
                    places.entry(name.clone()).or_default().push(value.at);
                }
                key_places(value, places);
            }
        }
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
    }
}

struct Check<'r, 'f, 'p> {
    reader: &'r mut Reader<'f>,
    form: &'p Form,
    places: BTreeMap<String, Vec<Place>>,
    used: BTreeMap<String, usize>,
}

impl<'p> Check<'_, '_, 'p> {
    fn fields(&mut self, fields: &[&'p Field], row: Option<&'p Field>) {
        let mut names = BTreeSet::new();
        for field in fields {
            let at = self.next_place(&field.key);
            if !names.insert(&field.key) {
                let key = &field.key;
                self.reader.mistake(
                    at,
                    "duplicate-field",
                    (format!("期望每个字段键只用一次，实际 `{key}` 用了两次"), format!("expected each field key once, found `{key}` again")),
                );
            }
            if let Required::When(expr) = &field.required {
                for path in expr.paths() {
                    self.path(at, &path, row);
                }
            }
            if let Kind::Rows { fields, .. } = &field.kind {
                let inner: Vec<&Field> = fields.iter().collect();
                self.fields(&inner, Some(field));
            }
        }
    }

    fn next_place(&mut self, key: &str) -> Place {
        let used = self.used.entry(key.to_owned()).or_default();
        let place = self.places.get(key).and_then(|places| places.get(*used)).copied().unwrap_or_default();
        *used += 1;
        place
    }

    fn path(&mut self, at: Place, path: &[String], row: Option<&Field>) {
        let leads = match path.split_first() {
            Some((root, keys)) if root == "form" => self.form.has_path(keys),
            Some((root, keys)) if root == "row" => row.is_some_and(|row| row.has_path(keys)),
            Some(_) | None => false,
        };
        if leads {
            return;
        }
        let (path, roots) = (path.join("."), if row.is_some() { "form, row" } else { "form" });
        let zh = format!("期望条件读取 {roots} 中的字段，实际 `{path}`");
        self.reader.mistake(at, "unknown-field", (zh, format!("expected the condition to read a field of {roots}, found `{path}`")));
    }
}

impl Form {
    /// A submission as a value for expressions: dates are dates, and a field that was left out is null.
    #[must_use]
    pub fn value(&self, submission: &Json) -> Value {
        values(&self.fields().collect::<Vec<_>>(), submission)
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
