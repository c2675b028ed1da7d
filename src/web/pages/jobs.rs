//! Outside jobs, for whoever runs the installation: what waits for an outside system, what is parked and why, trying one again.
//! Invariant: trying again is an act of the job's case. Never: what the worker is handed; an operator looks after the work and does not read it.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::Fault;
use crate::app::jobs::{JobFilter, JobLine, JobState};
use crate::app::notices::short_name;
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, Moment, Text};
use crate::limits::NOTICES_PER_PAGE;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/system/jobs", get(list)).route("/system/jobs/{case}/{job}", post(retry))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    state: String,
    topic: String,
    after: String,
    done: String,
}

#[derive(Serialize)]
struct ListPage {
    all: bool,
    topic: String,
    lines: Vec<Line>,
    first: Option<String>,
    on: Option<String>,
    done: bool,
}

/// A job as a row.
#[derive(Serialize)]
struct Line {
    number: String,
    step: Text,
    topic: String,
    word: &'static str,
    parked: bool,
    /// It may be tried again at once.
    again: Option<Again>,
    failures: u32,
    touched: i64,
    due: Option<i64>,
    message: Option<String>,
    worker: Option<String>,
}

/// The form that has it tried again.
#[derive(Serialize)]
struct Again {
    action: String,
    command: String,
}

fn word(state: JobState) -> &'static str {
    match state {
        JobState::Parked => "jobs-parked",
        JobState::Resting => "jobs-resting",
        JobState::Leased => "jobs-leased",
        JobState::Open => "jobs-open",
    }
}

fn line(line: JobLine) -> Result<Line, Fault> {
    let JobLine { view, worker, state, title } = line;
    let waits = matches!(state, JobState::Parked | JobState::Resting);
    let again = |command| Again { action: format!("/system/jobs/{}/{}", view.case, view.job), command };
    let again = waits.then(fresh_command).transpose()?.map(again);
    Ok(Line {
        number: view.number.unwrap_or_else(|| short_name(view.case)),
        step: title,
        topic: view.topic,
        word: word(state),
        parked: state == JobState::Parked,
        again,
        failures: view.failures,
        touched: view.touched.0,
        due: view.due.map(|due| due.0),
        message: view.message,
        worker,
    })
}

/// Where a page of the list begins, as it stands in an address: moment, case, job.
fn after(text: &str) -> Option<(Moment, CaseId, u32)> {
    let mut parts = text.split('.');
    Some((Moment(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn address(state: &str, topic: &str, after: &str) -> String {
    let pairs = [("state", state), ("topic", topic), ("after", after)];
    let query = serde_html_form::to_string(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()).unwrap_or_default();
    format!("/system/jobs?{query}")
}

async fn list(State(shared): State<Shared>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let all = wanted.state == "all";
    let topic = (!wanted.topic.is_empty()).then(|| wanted.topic.clone());
    let filter = JobFilter { parked: !all, topic, after: after(&wanted.after), limit: NOTICES_PER_PAGE };
    let page = shared.app.outside_jobs(visitor.tenant, &visitor.actor(), &filter).await?;
    let state = if all { "all" } else { "" };
    let lines: Result<Vec<Line>, Fault> = page.lines.into_iter().map(line).collect();
    let data = ListPage {
        all,
        lines: lines?,
        first: filter.after.is_some().then(|| address(state, &wanted.topic, "")),
        on: page.next.map(|(at, case, job)| address(state, &wanted.topic, &format!("{}.{case}.{job}", at.0))),
        topic: wanted.topic,
        done: !wanted.done.is_empty(),
    };
    let title = shared.pages.word(visitor.site.language, "jobs-title");
    Ok(shared.pages.page(&visitor.site, "jobs", &title, &data))
}

#[derive(Deserialize)]
struct Retry {
    command: String,
}

async fn retry(State(shared): State<Shared>, visitor: Visitor, Path((case, job)): Path<(String, u32)>, Form(form): Form<Retry>) -> Result<Response, Trouble> {
    let case: CaseId = case.parse().map_err(|_| Refusal::not_found("unknown_case", "没有这个办件。", "cannot find this case"))?;
    shared.app.retry_job(visitor.tenant, visitor.actor(), form.command.parse().ok(), (case, job)).await?;
    Ok(Redirect::to("/system/jobs?done=1").into_response())
}
