//! The nodes of a timetable with their progress lights: planned days and what is done, from the newest answers, held against today.
//! Invariant: what a reader may not see of the answers is not shown here either. Never: a stored colour.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use super::page::{Asking, answer_form};
use crate::engine::event::Event;
use crate::ids::Name;
use crate::supervision::{Light, PlannedNode};

/// A node of the timetable.
#[derive(Serialize)]
pub struct NodeLine {
    node: String,
    start: String,
    end: String,
    done: u8,
    expected: u8,
    /// How far behind, when it is.
    behind: Option<i64>,
    light: Light,
    word: String,
}

/// The nodes, in the order of the plan; none when the workflow keeps no timetable or nothing is planned yet.
pub fn nodes(asking: &Asking<'_>) -> Vec<NodeLine> {
    let file = asking.file;
    let Some(table) = file.program(&file.working.state.workflow).and_then(|program| program.progress.as_ref()) else { return Vec::new() };
    let done: BTreeMap<&str, u8> = rows(asking, &table.done).filter_map(|row| Some((text(row, "node")?, percent(row)?))).collect();
    // What has ended is looked at as it ended.
    let today = file.working.state.ended.as_ref().map_or(file.now, |(_, at)| *at).date();
    rows(asking, &table.plan).filter_map(|row| line(asking, row, &done, today)).collect()
}

fn line(asking: &Asking<'_>, row: &Value, done: &BTreeMap<&str, u8>, today: NaiveDate) -> Option<NodeLine> {
    let (node, start, end) = (text(row, "node")?, text(row, "start")?, text(row, "due")?);
    let planned = PlannedNode { start: start.parse().ok()?, end: end.parse().ok()?, done: done.get(node).copied().unwrap_or(0) };
    let found = planned.on(today);
    let word = match found.light {
        Light::Green | Light::Grey => "progress-green",
        Light::Yellow => "progress-yellow",
        Light::Red | Light::DarkRed => "progress-red",
    };
    Some(NodeLine {
        node: node.to_owned(),
        start: start.to_owned(),
        end: end.to_owned(),
        done: planned.done,
        expected: found.expected,
        behind: Some(found.behind).filter(|behind| *behind > 0 && found.light != Light::Green),
        light: found.light,
        word: asking.spoken.t(word),
    })
}

/// The rows of the newest answer of a step that has the field, for a reader who may see it.
fn rows<'a>(asking: &'a Asking<'_>, (step, field): &'a (Name, Name)) -> impl Iterator<Item = &'a Value> {
    let file = asking.file;
    let root = &file.working.state.workflow;
    let seen = answer_form(file, (root, step), asking.visitor.person).is_some_and(|form| form.field(field).is_some());
    let events = file.entries.iter().rev().flat_map(|entry| entry.events.iter().rev());
    let newest = events.filter(|_| seen).find_map(|event| match event {
        Event::StepDone { step: of, body, .. } if of == step => file.fields(*body)?.get(&**field)?.as_array(),
        _ => None,
    });
    newest.into_iter().flatten()
}

fn text<'v>(row: &'v Value, key: &str) -> Option<&'v str> {
    row.get(key)?.as_str()
}

fn percent(row: &Value) -> Option<u8> {
    u8::try_from(row.get("percent")?.as_u64()?).ok()
}
