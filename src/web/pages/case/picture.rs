//! The live picture of a link: its workflow as a drawing with "here" marked, and the same as a list for those who cannot see it.
//! Invariant: the list and the drawing are read off the same states. Never: the page's policy widened; the drawing is a document of its own that allows its own style by digest.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::opened;
use super::page::Asking;
use super::spoken::Spoken;
use super::telling::Telling;
use crate::app::casework::Casefile;
use crate::definition::draw::{StepState, View, draw};
use crate::engine::case::{Local, Waits};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::ids::{Name, Text};
use crate::notice::Language;
use crate::supervision::Watch;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// A link with its picture.
#[derive(Serialize)]
pub struct Picture {
    scope: Local,
    title: String,
    #[serde(rename = "number_shown")]
    number: String,
    src: String,
    sheet: String,
    closed: String,
    open: bool,
    steps: Vec<Step>,
}

/// A step of the list.
#[derive(Serialize)]
struct Step {
    title: String,
    state: &'static str,
    word: String,
    here: bool,
}

/// Every link, the ones that run first open.
pub fn pictures(asking: &Asking<'_>, telling: &Telling<'_>) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for (scope, link) in &telling.links {
        let Some(program) = asking.file.program(&link.program) else { continue };
        let states = states(asking.file, *scope);
        let step = |node: &crate::definition::graph::Node| {
            let state = states.get(&node.key)?;
            let (key, here) = word(*state);
            Some(Step { title: asking.spoken.say(&node.title), state: key, word: asking.spoken.t(&format!("case-state-{key}")), here })
        };
        let steps: Vec<Step> = program.nodes.iter().filter(|node| !node.title.zh.is_empty()).filter_map(step).collect();
        pictures.push(Picture {
            scope: *scope,
            title: asking.spoken.say(&program.title),
            number: link.number.clone().unwrap_or_else(|| asking.shown()),
            src: format!("/cases/{}/picture/{scope}.svg?version={}", asking.name(), asking.file.working.row.version),
            sheet: format!("/cases/{}/sheet/{scope}", asking.name()),
            closed: link.closed.as_ref().map(|result| asking.spoken.outcome(result)).unwrap_or_default(),
            open: steps.iter().any(|step| step.here && step.state != "waiting"),
            steps,
        });
    }
    pictures
}

fn word(state: StepState) -> (&'static str, bool) {
    match state {
        StepState::Done => ("done", false),
        StepState::Here => ("here", true),
        StepState::Waiting => ("waiting", true),
        StepState::Late => ("late", true),
        StepState::Skipped => ("skipped", false),
    }
}

/// Where each step of a link stands.
fn states(file: &Casefile, scope: Local) -> BTreeMap<Name, StepState> {
    let state = &file.working.state;
    let mut states = BTreeMap::new();
    for event in file.entries.iter().flat_map(|entry| &entry.events) {
        match event {
            Event::StepDone { scope: of, step, .. } | Event::DocumentIssued { scope: of, step, .. } | Event::EndReached { scope: of, step, .. }
                if *of == scope =>
            {
                states.insert(step.clone(), StepState::Done);
            }
            Event::BranchSkipped { scope: of, step } if *of == scope => {
                states.insert(step.clone(), StepState::Skipped);
            }
            _ => {}
        }
    }
    for (id, token) in state.tokens.iter().filter(|(_, token)| token.scope == scope) {
        let here = match token.waits {
            Waits::Task(_) | Waits::Group(_) | Waits::Scope(_) | Waits::Members(_) => StepState::Here,
            Waits::Message(_) | Waits::Timer(_) | Waits::Job(_) | Waits::Join | Waits::Signal(_) | Waits::Lock(_) => StepState::Waiting,
        };
        let task = state.tasks.values().find(|task| task.token == *id);
        let late = task.map(|task| Watch::over_task(state, task, file.calendar())).is_some_and(|watch| watch.due.is_some_and(|due| due < file.now.date()));
        states.insert(token.step.clone(), if late { StepState::Late } else { here });
    }
    states
}

/// How it is to be drawn.
#[derive(Deserialize)]
pub struct Asked {
    /// In a lane for each office.
    #[serde(default)]
    lanes: bool,
}

/// The drawing.
pub async fn show(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, scope)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let file = opened(&shared, &visitor, &case).await?;
    let missing = || Refusal::not_found("no_such_link", format!("该办件没有环节 {scope}。"), format!("cannot find link {scope} of this case"));
    let id: Local = scope.strip_suffix(".svg").unwrap_or(&scope).parse().map_err(|_| missing())?;
    let program = file.entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::ScopeOpened { scope, program, .. } if *scope == id => Some(program.clone()),
        _ => None,
    });
    let program = program.as_ref().and_then(|program| file.program(program)).ok_or_else(missing)?;
    let states = states(&file, id);
    let words = words(&Spoken::to(&shared, &visitor), program);
    let english = visitor.language() == Language::En;
    let offices = file.known.roster.office_names();
    let svg = draw(program, View { words: Some(&words), offices: Some(&offices), lanes: asked.lanes, live: Some(&states), english });
    let headers = [(CONTENT_TYPE, "image/svg+xml".to_owned()), (CONTENT_SECURITY_POLICY, policy(&svg))];
    Ok((headers, svg).into_response())
}

/// How the drawing calls outcomes.
fn words(spoken: &Spoken<'_>, program: &crate::definition::graph::Program) -> BTreeMap<Name, Text> {
    let outcomes = program.nodes.iter().flat_map(|node| node.next.keys());
    outcomes.map(|outcome| (outcome.clone(), spoken.named_in_both("outcome", outcome))).collect()
}

/// Nothing but the style it carries, named by its digest.
fn policy(svg: &str) -> String {
    let style = svg.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(style, _)| style);
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'self'")
}
