//! What was submitted: each submission to choose, and what changed since the one before, with words beside the colour.
//! Invariant: the newest submission is shown unless another is asked for. Never: an answer that was erased.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::page::Asking;
use crate::engine::event::Event;
use crate::forms::Form;
use crate::ids::Digest;
use crate::web::fields::{self, ToldLine};

/// The papers of a case.
#[derive(Serialize)]
pub struct Papers {
    title: String,
    submissions: Vec<Submission>,
    /// The one shown, and the one it is compared with.
    shown: usize,
    before: usize,
    changed: usize,
    erased: bool,
    sections: Vec<Section>,
}

/// A submission to choose.
#[derive(Serialize)]
struct Submission {
    place: usize,
    at: i64,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Section {
    title: String,
    lines: Vec<Line>,
}

/// An answer, and what stood there before when it changed.
#[derive(Serialize)]
struct Line {
    changed: bool,
    old: Option<ToldLine>,
    new: ToldLine,
    /// What the file is downloaded from.
    file: Option<String>,
}

struct Given {
    commit: Digest,
    at: i64,
    form: Option<String>,
}

/// The papers, when anything was submitted.
pub fn papers(asking: &Asking<'_>) -> Option<Papers> {
    let given = given(asking);
    let last = given.len();
    let shown = asking.asked.papers.filter(|place| (1..=last).contains(place)).unwrap_or(last);
    let now = given.get(shown.checked_sub(1)?)?;
    let program = now.form.as_deref().and_then(|program| asking.file.program(program));
    let form = program.and_then(|program| program.form.as_deref()).or_else(|| root_form(asking))?;
    let form = &asking.file.form_for(form, asking.visitor.person);
    let body = |given: &Given| asking.file.bodies.get(&given.commit);
    let value = body(now);
    let before = shown.checked_sub(2).and_then(|place| given.get(place)).and_then(body);
    let changes = before.zip(value).map(|(old, new)| changed(form, old, new)).unwrap_or_default();
    let submission = |(index, given): (usize, &Given)| Submission {
        place: index + 1,
        at: given.at,
        href: format!("/cases/{}?papers={}#papers", asking.name(), index + 1),
        current: index + 1 == shown,
    };
    Some(Papers {
        title: asking.spoken.say(&form.title),
        submissions: given.iter().enumerate().map(submission).collect(),
        shown,
        before: if before.is_some() { shown - 1 } else { 0 },
        changed: changes.len(),
        erased: value.is_none(),
        sections: value.map(|value| sections(asking, form, (before, value), &changes)).unwrap_or_default(),
    })
}

fn root_form<'a>(asking: &Asking<'a>) -> Option<&'a Form> {
    asking.file.program(&asking.file.working.state.workflow)?.form.as_deref()
}

/// Every submission of the application, oldest first, with the program whose form it is.
fn given(asking: &Asking<'_>) -> Vec<Given> {
    let mut programs: BTreeMap<u32, String> = BTreeMap::new();
    let mut given = Vec::new();
    for entry in &asking.file.entries {
        for event in &entry.events {
            match event {
                Event::ScopeOpened { scope, program, .. } => drop(programs.insert(*scope, program.to_string())),
                Event::Submitted { form, holder, .. } => given.push(Given { commit: form.commit, at: entry.at.0, form: programs.get(holder).cloned() }),
                _ => {}
            }
        }
    }
    given
}

/// The fields that changed, by key.
fn changed(form: &Form, old: &Value, new: &Value) -> BTreeSet<String> {
    let first = |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    form.changes(old, new).iter().map(|change| first(&change.path)).collect()
}

fn sections(asking: &Asking<'_>, form: &Form, (before, value): (Option<&Value>, &Value), changes: &BTreeSet<String>) -> Vec<Section> {
    let language = asking.spoken.language;
    let told_before = before.map(|before| fields::told(form, None, before, language)).unwrap_or_default();
    let mut old: BTreeMap<String, ToldLine> = told_before.into_iter().flat_map(|section| section.lines).map(|line| (line.key.clone(), line)).collect();
    let line = |new: ToldLine, old: &mut BTreeMap<String, ToldLine>| {
        let changed = changes.contains(&new.key);
        Line { changed, old: old.remove(&new.key).filter(|_| changed), file: new.file.as_ref().map(|file| format!("/files/{}", file.sha256)), new }
    };
    let section = |section: fields::ToldSection| Section { title: section.title, lines: section.lines.into_iter().map(|new| line(new, &mut old)).collect() };
    fields::told(form, None, value, language).into_iter().map(section).collect()
}
