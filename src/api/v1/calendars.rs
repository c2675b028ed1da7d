//! The working calendar: its versions, what a file would move, and putting one in force that was previewed.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::caller::{Acting, Caller};
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::calendars::{CalendarVersion, Move, Origin, Preview, Proposal, Unread};
use crate::calendar::Head;
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may;

/// A file to preview or to put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarBody {
    /// The file's name; its ending says whether it is YAML, CSV or ICS.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The year that a CSV or an ICS arranges; else the one most of its days lie in.
    pub year: Option<i32>,
    /// The number of the notice, for a CSV or an ICS that does not say it.
    pub source: Option<String>,
    /// The day it was published.
    #[schema(value_type = Option<String>)]
    pub published: Option<NaiveDate>,
    /// Its days are closures of the region, and no notice of a year.
    #[serde(default)]
    pub local: bool,
    /// The stamp of a preview; without it nothing is put in force, and the answer is a preview.
    pub stamp: Option<String>,
}

/// A version of the calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// The how manieth of this tenant.
    pub number: u32,
    /// What it calls itself.
    pub version: String,
    /// It is in force.
    pub current: bool,
    /// When it was put in force.
    pub at: String,
    /// By whom.
    pub by: String,
    /// The file it came from.
    pub file: String,
    /// The first day it covers.
    #[schema(value_type = Option<String>)]
    pub covered_from: Option<NaiveDate>,
    /// The last day it covers.
    #[schema(value_type = Option<String>)]
    pub covered_until: Option<NaiveDate>,
    /// What is new in it, and where that was published.
    pub origins: Vec<Origin>,
    /// Known days that became another.
    pub days_changed: usize,
    /// Dates that moved or became certain; absent while it is not finished.
    pub moved: Option<usize>,
    /// People who were told.
    pub told: Option<usize>,
}

/// One version with what it moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarDetail {
    /// The version.
    pub version: CalendarView,
    /// The calendar as a file.
    pub text: String,
    /// Every date it moved, old beside new.
    pub moves: Vec<Move>,
}

/// What a file would do, or did.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarReport {
    /// It is in force now, by this act or already.
    pub in_force: bool,
    /// The version before.
    pub before: String,
    /// The version it is or would be.
    pub version: String,
    /// The last day it covers.
    #[schema(value_type = Option<String>)]
    pub covered_until: Option<NaiveDate>,
    /// What is new in it, and where that was published.
    pub origins: Vec<Origin>,
    /// Known days that become another.
    #[schema(value_type = Vec<String>)]
    pub days: Vec<NaiveDate>,
    /// Open cases that were looked at.
    pub cases: usize,
    /// Every date that moves or becomes certain, old beside new.
    pub moves: Vec<Move>,
    /// Open cases whose dates could not be foreseen.
    pub unread: Vec<Unread>,
    /// What to send back to put just this in force.
    pub stamp: String,
}

fn view(version: &CalendarVersion, current: bool) -> CalendarView {
    CalendarView {
        number: version.number,
        version: version.version.clone(),
        current,
        at: version.at.to_rfc3339(),
        by: version.by.clone(),
        file: version.file.clone(),
        covered_from: version.covered.map(|(first, _)| first),
        covered_until: version.covered.map(|(_, last)| last),
        origins: version.origins.clone(),
        days_changed: version.days_changed,
        moved: version.done.as_ref().map(|done| done.moved),
        told: version.done.as_ref().map(|done| done.told),
    }
}

fn report(preview: Preview, in_force: bool) -> CalendarReport {
    CalendarReport {
        in_force: in_force || preview.unchanged,
        before: preview.before,
        version: preview.calendar.version().to_owned(),
        covered_until: preview.calendar.covered().map(|(_, last)| last),
        origins: preview.origins,
        days: preview.days.iter().map(|change| change.date).collect(),
        cases: preview.cases,
        moves: preview.moves,
        unread: preview.unread,
        stamp: preview.stamp.to_string(),
    }
}

/// The versions of the calendar, the newest first.
#[utoipa::path(get, path = "/api/v1/calendars", tag = "calendars", responses((status = 200, body = Vec<CalendarView>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<CalendarView>>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    let newest = caller.known.calendars.keys().next_back().copied();
    let views = caller.known.calendars.values().rev().map(|version| view(version, Some(version.number) == newest));
    Ok(Json(views.collect()))
}

/// One version, its text, and the dates it moved.
#[utoipa::path(get, path = "/api/v1/calendars/{number}", tag = "calendars", params(("number" = u32, Path)),
    responses((status = 200, body = CalendarDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(State(app): State<App>, caller: Caller, At(number): At<u32>) -> Result<Json<CalendarDetail>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    let (version, _, text) = app.calendar_of(caller.tenant, number).await?;
    let newest = caller.known.calendars.keys().next_back().copied();
    let moves = app.calendar_moves(caller.tenant, number).await?;
    Ok(Json(CalendarDetail { version: view(&version, Some(number) == newest), text, moves }))
}

/// Says what a file would move; with the stamp of that answer, puts it in force and recomputes every open term.
#[utoipa::path(post, path = "/api/v1/calendars", tag = "calendars", request_body = CalendarBody,
    responses((status = 200, body = CalendarReport), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn propose(State(app): State<App>, Acting(caller): Acting, Body(body): Body<CalendarBody>) -> Result<Json<CalendarReport>, Refused> {
    let head = Head { year: body.year, source: body.source, published: body.published, local: body.local };
    let proposal = Proposal { text: body.text, file: body.file, head };
    let Some(stamp) = body.stamp else {
        return Ok(Json(report(app.preview_calendar(caller.tenant, &caller.actor(), &proposal).await?, false)));
    };
    let stamp = stamp.parse().map_err(|_| Refusal {
        code: "stamp_not_read",
        class: Class::Invalid,
        zh: format!("期望预览给出的确认码，实际为“{stamp}”。"),
        en: format!("expected the stamp that a preview gave, found `{stamp}`"),
        details: Vec::new(),
    })?;
    let applied = app.apply_calendar(caller.tenant, caller.actor(), &proposal, Some(stamp)).await?;
    Ok(Json(report(applied, true)))
}
