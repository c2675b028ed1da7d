//! The shape of a stored state belongs to the format of snapshots: a state of another shape is not read as one of this.

use std::collections::BTreeSet;

use greenlane::limits::SNAPSHOT_FORMAT;
use serde_json::Value;

use super::chance::Chance;
use super::counts::Counts;
use super::storm::Storm;

/// Mappings by name; the others have a number for a key, or are what a type holds.
const BY_NAME: [&str; 4] = ["done", "actors", "short_since", "queue"];
/// Values of an author's form and expressions, of any shape.
const OF_THE_AUTHOR: [&str; 3] = ["given", "fields", "items"];

fn paths(at: &str, last: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) if !OF_THE_AUTHOR.contains(&last) => {
            for (key, inner) in entries {
                let any = BY_NAME.contains(&last) || key.parse::<u64>().is_ok();
                let (shown, next) = if any { ("*", "*") } else { (key.as_str(), key.as_str()) };
                paths(&format!("{at}.{shown}"), next, inner, found);
            }
        }
        Value::Array(items) if !OF_THE_AUTHOR.contains(&last) => items.iter().for_each(|item| paths(&format!("{at}[]"), "[]", item, found)),
        // Nothing yet, such as no claimer: what it will be is seen where there is one.
        Value::Null => drop(found.insert(at.to_owned())),
        Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => drop(found.insert(at.to_owned())),
    }
}

#[test]
fn a_state_of_another_shape_has_another_format() {
    let mut found = BTreeSet::new();
    for n in 0..60 {
        let mut storm = Storm::migrating(Chance(n).draw());
        storm.blow(60, &mut Counts::default()).unwrap();
        for run in 0..storm.world.runs.len() {
            for case in storm.world.history(run) {
                paths("", "", &serde_json::to_value(&case).unwrap(), &mut found);
            }
        }
    }
    let shape: Vec<String> = found.into_iter().collect();
    // Red here with an old format: stored snapshots would be read as what they are not. Raise `limits::SNAPSHOT_FORMAT`, and accept the new shape under it.
    insta::assert_snapshot!(format!("state_of_format_{SNAPSHOT_FORMAT}"), shape.join("\n"));
}
