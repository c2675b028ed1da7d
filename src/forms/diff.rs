//! What changed between two submissions.
//! Invariant: applying the changes to the old submission gives the new one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Form, Kind};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where, as a JSON pointer: `/sources/1/amount`.
    pub path: String,
    /// What stood there; `None` when nothing did.
    pub old: Option<Value>,
    /// What stands there now; `None` when nothing does.
    pub new: Option<Value>,
}

/// The changes from `old` to `new`, in the order of their paths. Rows are compared by place.
#[must_use]
pub fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", Some(old), Some(new), &mut changes);
    changes
}

fn compare(path: &str, old: Option<&Value>, new: Option<&Value>, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                compare(&format!("{path}/{}", escaped(key)), old.get(key), new.get(key), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(&format!("{path}/{index}"), old.get(index), new.get(index), changes);
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push(Change { path: path.to_owned(), old: old.cloned(), new: new.cloned() }),
    }
}

impl Form {
    /// The changes from one submission to the next that the reader of this copy of the form may see. Rows with a key are matched by it, wherever they
    /// stand, so that a row put in the middle is one change; their path ends in the place of the newer row, or of the older when it is gone.
    #[must_use]
    pub fn changes(&self, old: &Value, new: &Value) -> Vec<Change> {
        let (old, new) = (self.seen(old), self.seen(new));
        let mut changes = Vec::new();
        let mut keys: Vec<&String> = self.fields().map(|field| &field.key).collect();
        keys.extend(old.as_object().into_iter().chain(new.as_object()).flat_map(|object| object.keys()));
        let mut told = BTreeSet::new();
        for key in keys.into_iter().filter(|key| told.insert((*key).clone())) {
            let path = format!("/{}", escaped(key));
            match (self.field(key).map(|field| &field.kind), old.get(key), new.get(key)) {
                (Some(Kind::Rows { by: Some(by), .. }), Some(Value::Array(old)), Some(Value::Array(new))) => rows(&path, by, (old, new), &mut changes),
                (_, old, new) => compare(&path, old, new, &mut changes),
            }
        }
        changes
    }
}

fn rows(path: &str, by: &str, (old, new): (&[Value], &[Value]), changes: &mut Vec<Change>) {
    let same = |a: &Value, b: &Value| a.get(by).is_some_and(|key| b.get(by) == Some(key));
    for (index, row) in new.iter().enumerate() {
        compare(&format!("{path}/{index}"), old.iter().find(|before| same(before, row)), Some(row), changes);
    }
    for (index, row) in old.iter().enumerate().filter(|(_, row)| !new.iter().any(|after| same(row, after))) {
        compare(&format!("{path}/{index}"), Some(row), None, changes);
    }
}

/// RFC 6901.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_name_what_was_added_dropped_and_replaced() {
        let old = json!({"a": 1, "b": {"c": [1, 2]}, "gone": true, "same": "x", "x/y": 1});
        let new = json!({"a": 2, "b": {"c": [1, 3, 4]}, "same": "x", "added": null, "x/y": 2});
        let found: Vec<_> = diff(&old, &new).into_iter().map(|change| (change.path, change.old, change.new)).collect();
        assert_eq!(
            found,
            [
                ("/a".into(), Some(json!(1)), Some(json!(2))),
                ("/b/c/1".into(), Some(json!(2)), Some(json!(3))),
                ("/b/c/2".into(), None, Some(json!(4))),
                ("/gone".into(), Some(json!(true)), None),
                ("/x~1y".into(), Some(json!(1)), Some(json!(2))),
                ("/added".into(), None, Some(json!(null))),
            ]
        );
        assert_eq!(diff(&old, &old), []);
    }
}
