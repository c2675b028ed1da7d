//! Sample values a text is tried with: all variables at their longest, and the needed ones alone.
//! Invariant: no real context is longer in a short message than the full sample. Never: a real person or project.

use chrono::NaiveDate;
use serde_json::Value;

use crate::calendar::Unit;
use crate::definition::graph::Text;
use crate::limits::{SMS_EN_ITEM_CHARS_MAX, SMS_ITEM_CHARS_MAX, SMS_NUMBER_CHARS_MAX};
use crate::notice::context::{Context, Days, Digest, Line, Room};
use crate::notice::{Kind, Language, Var};

use super::SMS_FORBIDDEN;

/// The variables of a mail: (true, all of them) and (false, the needed ones).
pub fn letter_views(kind: Kind, language: Language) -> [(bool, Value); 2] {
    let full = context().view(kind, language, Room::Letter);
    let spare = spare(&full, kind);
    [(true, full), (false, spare)]
}

/// The variables of a short message, likewise.
pub fn short_views(kind: Kind, language: Language) -> [(bool, Value); 2] {
    let full = without(context().view(kind, language, Room::Short), |key| SMS_FORBIDDEN.iter().any(|var| var.key() == key));
    let spare = spare(&full, kind);
    [(true, full), (false, spare)]
}

fn spare(full: &Value, kind: Kind) -> Value {
    let has = |vars: &[Var], key: &str| vars.iter().any(|var| var.key() == key);
    let mut view = without(full.clone(), |key| !has(kind.needs(), key));
    if let Value::Object(variables) = &mut view {
        for lines in variables.values_mut().filter_map(Value::as_array_mut) {
            lines.iter_mut().for_each(|line| *line = without(line.take(), |key| !has(&Var::OF_LINE_NEEDED, key)));
        }
    }
    view
}

fn without(mut view: Value, drop: impl Fn(&str) -> bool) -> Value {
    if let Value::Object(variables) = &mut view {
        variables.retain(|key, _| !drop(key));
    }
    view
}

fn context() -> Context {
    // The last day of the year is the longest date in both languages, in a month and a weekday with long names.
    let date = NaiveDate::from_ymd_opt(2025, 12, 31);
    let days = Some(Days { count: 999, unit: Unit::Working });
    let long = |zh: usize, en: usize| Text { zh: "用".repeat(zh), en: "W".repeat(en) };
    let name = || Some(long(12, 24));
    let project = || Some("用".repeat(80));
    let line = || Line {
        no: "G".repeat(SMS_NUMBER_CHARS_MAX),
        item: long(12, 24),
        project: project(),
        step: name(),
        office: name(),
        due: date,
        was: date,
        left: days,
        late: days,
    };
    Context {
        no: "G".repeat(SMS_NUMBER_CHARS_MAX),
        item: long(SMS_ITEM_CHARS_MAX, SMS_EN_ITEM_CHARS_MAX),
        step: name(),
        office: name(),
        due: date,
        provisional: true,
        left: days,
        late: days,
        promised: date,
        statutory: date,
        until: date,
        on: date,
        reason: Some("…".to_owned()),
        cause: name(),
        basis: Some("…".to_owned()),
        document: Some("GT-420700-2025-0001".to_owned()),
        count: Some(999),
        place: Some(999),
        path: Some("/cases/GC20250001".to_owned()),
        login: Some("ez-sthj.handler".to_owned()),
        link: Some("https://greenlane.example.invalid/invitation/0".to_owned()),
        priority: true,
        digest: Some(Digest {
            dark: vec![line(); 2],
            red: vec![line()],
            yellow: vec![line()],
            other: vec![line()],
            special: vec![line()],
            deliver: vec![line()],
            archive: vec![line()],
            orders: vec![line()],
            orders_more: 99,
            unstated: vec![line()],
            offices: vec![line()],
            asked: 99,
            opened: 99,
            closed: 99,
        }),
    }
}
