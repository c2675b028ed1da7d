//! The working calendar, for whoever runs the installation: its versions, a year of it, a file proposed, previewed and put in force.
//! Invariant: what is confirmed is what was shown; the form of a preview carries the file and the stamp. Never: a file kept between the two.

mod propose;
mod year;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::app::calendars::{CalendarVersion, Move, Origin};
use crate::calendar::DayChange;
use crate::identity::may::Act;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::permit::allows;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/system/calendars", get(list).post(propose::apply))
        .route("/system/calendars/preview", post(propose::preview))
        .route("/system/calendars/propose", get(propose::form))
        .route("/system/calendars/{number}", get(show))
}

#[derive(Serialize)]
struct ListPage {
    ahead: Option<AheadLine>,
    lines: Vec<VersionLine>,
}

/// Dates past the calendar in force, for a warning.
#[derive(Serialize)]
pub(super) struct AheadLine {
    dates: i64,
    year: String,
    until: Option<String>,
    /// The reader may load the year.
    loads: bool,
}

/// The warning that a year is missing, while dates depend on it.
pub(super) async fn ahead(shared: &Shared, visitor: &Visitor) -> Result<Option<AheadLine>, Trouble> {
    let found = shared.app.calendar_ahead(visitor.tenant, &visitor.known).await?;
    let loads = allows(&shared.app, visitor, Act::Publish);
    Ok(found.map(|found| AheadLine { dates: found.dates, year: found.year.to_string(), until: found.until.map(|last| last.to_string()), loads }))
}

/// A version as a row.
#[derive(Serialize)]
struct VersionLine {
    number: u32,
    version: String,
    current: bool,
    at: i64,
    by: String,
    file: String,
    until: Option<String>,
    origins: Vec<Origin>,
    moved: Option<usize>,
    cases: usize,
}

fn line(version: &CalendarVersion, current: bool) -> VersionLine {
    VersionLine {
        number: version.number,
        version: version.version.clone(),
        current,
        at: version.at.0,
        by: version.by.clone(),
        file: version.file.clone(),
        until: version.covered.map(|(_, last)| last.to_string()),
        origins: version.origins.clone(),
        moved: version.done.as_ref().map(|done| done.moved),
        cases: version.done.as_ref().map_or(0, |done| done.cases),
    }
}

async fn list(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    visitor.permit(Act::Publish)?;
    let calendars = &visitor.known.calendars;
    let newest = calendars.keys().next_back().copied();
    let lines = calendars.values().rev().map(|version| line(version, Some(version.number) == newest)).collect();
    let title = shared.pages.word(visitor.site.language, "calendars-title");
    Ok(shared.pages.page(&visitor.site, "calendars", &title, &ListPage { ahead: ahead(&shared, &visitor).await?, lines }))
}

#[derive(Deserialize)]
struct Wanted {
    year: Option<i32>,
}

#[derive(Serialize)]
struct ShowPage {
    line: VersionLine,
    year: i32,
    years: Vec<YearLink>,
    working: usize,
    source: Option<Origin>,
    months: Vec<year::Month>,
    closures: Vec<Closed>,
    /// When offices close, and whether what comes later counts as handed in the next working day.
    hours: Option<Hours>,
    districts: Vec<DistrictLine>,
    moves: Vec<MoveLine>,
}

#[derive(Serialize)]
struct Hours {
    until: String,
    next_day: bool,
}

/// What a part of the region has of its own.
#[derive(Serialize)]
struct DistrictLine {
    code: String,
    lights: Option<Lights>,
    closures: Vec<Closed>,
}

#[derive(Serialize)]
struct Lights {
    share: u8,
    days: u32,
    none_up_to: u32,
}

#[derive(Serialize)]
struct YearLink {
    year: i32,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Closed {
    label: Text,
    first: NaiveDate,
    last: NaiveDate,
    source: String,
    published: NaiveDate,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(number): Path<u32>, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    visitor.permit(Act::Publish)?;
    let (version, calendar, _) = shared.app.calendar_of(visitor.tenant, number).await?;
    let newest = visitor.known.calendars.keys().next_back().copied();
    let years: Vec<i32> = calendar.notices().iter().map(|notice| notice.year).collect();
    let today = shared.app.clock().now().date().year();
    let closest = years.iter().copied().find(|year| *year == today).or(years.last().copied()).unwrap_or(today);
    let year = wanted.year.filter(|year| years.contains(year)).unwrap_or(closest);
    let link = |of: &i32| YearLink { year: *of, href: format!("/system/calendars/{number}?year={of}"), current: *of == year };
    let notice = calendar.notices().iter().find(|notice| notice.year == year);
    let closed = |closure: &crate::calendar::Closure| Closed {
        label: closure.days.label.as_ref().clone(),
        first: closure.days.first,
        last: closure.days.last,
        source: closure.source.clone(),
        published: closure.published,
    };
    let district = |(code, own): (&String, &crate::calendar::District)| DistrictLine {
        code: code.clone(),
        lights: own.lights.map(|lights| Lights { share: lights.share, days: lights.days, none_up_to: lights.none_up_to }),
        closures: own.closures.iter().map(closed).collect(),
    };
    let months = year::months(&calendar, year, visitor.site.language);
    let data = ShowPage {
        line: line(&version, Some(number) == newest),
        year,
        years: years.iter().map(link).collect(),
        working: year::working_days(&calendar, year),
        source: notice.map(|notice| Origin { what: year.to_string(), source: notice.source.clone(), published: notice.published }),
        months,
        closures: calendar.closures().iter().map(closed).collect(),
        hours: calendar.office_hours().map(|hours| Hours { until: format!("{:02}:{:02}", hours.until / 60, hours.until % 60), next_day: hours.next_day }),
        districts: calendar.districts().iter().map(district).collect(),
        moves: shared.app.calendar_moves(visitor.tenant, number).await?.iter().map(MoveLine::from).collect(),
    };
    let title = format!("{} {}", shared.pages.word(visitor.site.language, "calendars-title"), version.version);
    Ok(shared.pages.page(&visitor.site, "calendar", &title, &data))
}

/// A date that moves, as a row.
#[derive(Serialize)]
struct MoveLine {
    case: String,
    number: String,
    item: Text,
    step: Option<Text>,
    /// The key of the word for which date it is.
    kind: &'static str,
    old: Option<NaiveDate>,
    old_provisional: bool,
    new: Option<NaiveDate>,
    new_provisional: bool,
}

impl From<&Move> for MoveLine {
    fn from(moved: &Move) -> Self {
        let short = || moved.case.chars().skip(moved.case.chars().count().saturating_sub(8)).collect();
        Self {
            case: moved.case.clone(),
            number: moved.number.clone().unwrap_or_else(short),
            item: moved.item.clone(),
            step: moved.step.clone(),
            kind: match moved.kind.as_str() {
                "statutory" => "calendars-kind-statutory",
                "promised" => "calendars-kind-promised",
                "step" => "calendars-kind-step",
                _ => "calendars-kind-minimum",
            },
            old: moved.old,
            old_provisional: moved.old_provisional && moved.old.is_some(),
            new: moved.new,
            new_provisional: moved.new_provisional && moved.new.is_some(),
        }
    }
}

/// A known day that becomes another, as a row.
#[derive(Serialize)]
struct ChangedDay {
    date: NaiveDate,
    was: Text,
    becomes: Text,
}

impl From<&DayChange> for ChangedDay {
    fn from(change: &DayChange) -> Self {
        Self { date: change.date, was: year::said(change.was.as_ref()), becomes: year::said(change.becomes.as_ref()) }
    }
}
