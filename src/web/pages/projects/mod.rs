//! My projects: where each is, who has it, when it will be done, what is asked of me; answering that; taking an application back.
//! Invariant: an applicant reads offices and posts, dates and results. Never: an officer's name, an opinion, a light's colour (those are for inside).

mod list;
mod rate;
mod task;
mod withdraw;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::app::projects::{Line, ProjectView, Promise};
use crate::app::writer::Working;
use crate::engine::case::Local;
use crate::engine::refusal::{Class, Refusal};
use crate::forms::FieldError;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CaseId, Text};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::render::Pages;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/projects", get(list::show))
        .route("/projects/{case}", get(list::one))
        .route("/projects/{case}/tasks/{task}", get(task::show).post(task::save))
        .route("/projects/{case}/rate", get(rate::ask).post(rate::rate))
        .route("/projects/{case}/withdraw", get(withdraw::ask).post(withdraw::withdraw))
}

/// The case an address names, by its id or its number.
pub async fn case_named(shared: &Shared, visitor: &Visitor, text: &str) -> Result<CaseId, Trouble> {
    Ok(shared.app.case_named(visitor.tenant, text).await?)
}

/// Lets through whoever may read the case.
pub fn may_read(visitor: &Visitor, working: &Working) -> Result<(), Trouble> {
    let standing = Standing {
        posts: visitor.posts.clone(),
        applicant: working.state.applicant == visitor.person,
        involved: involved(visitor, working),
        ..Standing::default()
    };
    match may(&visitor.actor(), Act::ReadCase, &standing) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(why) => Err(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() }.into()),
    }
}

/// Whether they acted in the case, or their office is asked by one of its tasks.
fn involved(visitor: &Visitor, working: &Working) -> bool {
    let case = &working.state;
    let acted = case.scopes.values().any(|scope| scope.actors.values().flatten().any(|person| *person == visitor.person));
    let asked = |pool: &crate::engine::case::TaskPool| match pool {
        crate::engine::case::TaskPool::Applicant => false,
        crate::engine::case::TaskPool::Posts { offices, .. } => visitor.posts.iter().any(|(office, _)| offices.contains(office)),
    };
    acted || case.tasks.values().any(|task| asked(&task.pool))
}

/// The applicant's own case, or a refusal.
pub async fn own(shared: &Shared, visitor: &Visitor, text: &str) -> Result<Working, Trouble> {
    let working = shared.app.working(visitor.tenant, case_named(shared, visitor, text).await?).await?;
    if working.state.applicant == visitor.person {
        return Ok(working);
    }
    may_read(visitor, &working)?;
    let (zh, en) = (
        "这里只供申请人本人查看；您可以在“办件查询”里打开这件。",
        "cannot open it here: this page is the applicant's own; officials find the case under Cases",
    );
    Err(Refusal::forbidden("not_applicant", zh, en).into())
}

/// The page of an applicant's task with what was wrong about an upload.
pub async fn task_with(shared: &Shared, visitor: &Visitor, (case, task): (CaseId, Local), errors: Vec<FieldError>) -> Result<Response, Trouble> {
    let working = own(shared, visitor, &case.to_string()).await?;
    task::page(shared, visitor, StatusCode::UNPROCESSABLE_ENTITY, (&working, task), task::Shown { errors, ..task::Shown::default() }).await
}

/// A project as its card shows it.
#[derive(Serialize)]
pub struct Card {
    project: ProjectView,
    lines: Vec<LineCard>,
    /// Where it is, in a few words.
    places: Vec<Place>,
    /// The last of the dates that are promised.
    until: Option<Promise>,
    /// The word for how it stands.
    state: &'static str,
    result: String,
}

/// A link on a card.
#[derive(Serialize)]
pub struct LineCard {
    line: Line,
    main: bool,
    state: &'static str,
    result: String,
    /// Steps done earlier than the ones shown, when there are many.
    earlier: Vec<PastCard>,
    past: Vec<PastCard>,
}

/// A step done, on a card.
#[derive(Serialize)]
pub struct PastCard {
    title: Text,
    at: String,
    outcome: String,
    mine: bool,
    deemed: String,
}

/// Where it is: a step and who has it.
#[derive(Serialize)]
pub struct Place {
    step: Text,
    office: Option<Text>,
    mine: bool,
    waits: &'static str,
}

/// Steps of a line that are shown at once.
const PAST_SHOWN: usize = 4;

/// A card.
pub fn card(pages: &Pages, visitor: &Visitor, project: ProjectView) -> Card {
    let running: Vec<&Line> = project.lines.iter().filter(|line| line.closed.is_none()).collect();
    let here = running.iter().flat_map(|line| &line.here).filter(|here| !here.beside);
    let places = here.map(|here| Place {
        step: here.title.clone(),
        office: here.holders.first().map(|holder| holder.office.clone()),
        mine: here.mine,
        waits: here.waits,
    });
    let places: Vec<Place> = places.collect();
    let until = running.iter().filter_map(|line| line.promise.clone()).filter(|promise| promise.due.is_some()).max_by_key(|promise| promise.due);
    let worst = running.iter().filter_map(|line| line.promise.as_ref()).map(|promise| promise.state);
    let late = worst.clone().find(|state| *state == "late-by-law").or_else(|| worst.clone().find(|state| *state == "late"));
    let state = match () {
        () if project.result == "withdrawn" => "withdrawn",
        () if project.ended.is_some() => "ended",
        () if !project.asks.is_empty() => "asked",
        () => late
            .or_else(|| {
                running
                    .iter()
                    .filter_map(|line| line.promise.as_ref())
                    .all(|promise| promise.state == "standing")
                    .then_some("standing")
                    .filter(|_| until.is_some())
            })
            .unwrap_or("running"),
    };
    let result = word(pages, visitor, &project.result);
    let lines = project.lines.iter().map(|line| line_card(pages, visitor, line)).collect();
    Card { lines, places, until, state, result, project }
}

fn line_card(pages: &Pages, visitor: &Visitor, line: &Line) -> LineCard {
    let past = |past: &crate::app::projects::Past| PastCard {
        title: past.title.clone(),
        at: past.at.clone(),
        outcome: word(pages, visitor, &past.outcome),
        mine: past.mine,
        deemed: past.deemed.clone(),
    };
    let state = match (&line.closed, &line.promise) {
        (Some(_), _) => "closed",
        (None, _) if line.here.iter().any(|here| here.mine) => "asked",
        (None, Some(promise)) => promise.state,
        (None, None) => "running",
    };
    let mut all: Vec<PastCard> = line.past.iter().map(past).collect();
    let shown = all.split_off(all.len().saturating_sub(PAST_SHOWN));
    LineCard { line: line.clone(), main: line.scope == 0, state, result: word(pages, visitor, &line.result), earlier: all, past: shown }
}

/// The word for an outcome or a result; nothing when there is none, because a key is no answer.
fn word(pages: &Pages, visitor: &Visitor, key: &str) -> String {
    pages.named(visitor.language(), "outcome", key).unwrap_or_default()
}
