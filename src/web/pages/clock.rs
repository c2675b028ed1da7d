//! The demonstration's clock: what it shows, moving it on, and what that set off.
//! Invariant: a button names the moment it leads to, so that pressing it twice moves the clock once. Never: shown where the clock is real.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use chrono::{Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::app::lights::SHOWN;
use crate::calendar::Unit;
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::{Moment, Text};
use crate::supervision::Light;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

const HOUR_MS: i64 = 3_600_000;
/// A button pressed again within this time asks for what was done.
const PRESSED_AGAIN_MS: i64 = 60_000;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/clock", get(show).post(set))
}

#[derive(Deserialize)]
struct Asked {
    /// Where the clock stood before it was moved.
    since: Option<i64>,
}

#[derive(Serialize)]
struct ClockPage {
    now: i64,
    buttons: Vec<Button>,
    day: String,
    time: String,
    moved: Option<Moved>,
    wrong: Option<Text>,
}

#[derive(Serialize)]
struct Button {
    /// The key of its word.
    word: &'static str,
    to: i64,
}

/// What moving the clock set off.
#[derive(Serialize)]
struct Moved {
    since: i64,
    notices: i64,
    lights: Vec<Changed>,
    changed: i64,
}

#[derive(Serialize)]
struct Changed {
    light: &'static str,
    count: i64,
    fresh: i64,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::MoveClock)?;
    page(&shared, &visitor, asked.since, None).await
}

async fn page(shared: &Shared, visitor: &Visitor, since: Option<i64>, wrong: Option<Text>) -> Result<Response, Trouble> {
    let now = shared.app.clock().now();
    let moved = match since.filter(|since| *since <= now.0) {
        Some(since) => Some(moved(shared, visitor, Moment(since)).await?),
        None => None,
    };
    let status = if wrong.is_some() { axum::http::StatusCode::UNPROCESSABLE_ENTITY } else { axum::http::StatusCode::OK };
    let next = |day: Option<NaiveDate>, time: NaiveTime| day.map(|day| Moment::at(day, time).0);
    let (today, time) = (now.date(), now.civil().time());
    let workday = visitor.known.calendar.shift(today, 1, Unit::Working);
    let buttons = [
        ("clock-hour", Some(now.0 + HOUR_MS)),
        ("clock-morning", next(if time < opening() { Some(today) } else { today.succ_opt() }, opening())),
        ("clock-workday", next(workday, time)),
        ("clock-week", next(today.checked_add_days(Days::new(7)), time)),
    ];
    let page = ClockPage {
        now: now.0,
        buttons: buttons.into_iter().filter_map(|(word, to)| Some(Button { word, to: to? })).collect(),
        day: today.succ_opt().unwrap_or(today).to_string(),
        time: opening().format("%H:%M").to_string(),
        moved,
        wrong,
    };
    let title = shared.pages.word(visitor.language(), "clock-title");
    Ok(shared.pages.page_with(status, &visitor.site, "clock", &title, &page))
}

/// When offices begin: reminders of a morning are written then.
fn opening() -> NaiveTime {
    NaiveTime::from_hms_opt(8, 30, 0).unwrap_or_default()
}

async fn moved(shared: &Shared, visitor: &Visitor, since: Moment) -> Result<Moved, Trouble> {
    let board = shared.app.lights_since(visitor.tenant, since).await?;
    let lights: Vec<Changed> = SHOWN
        .into_iter()
        .map(|light| {
            let (count, fresh) = board.of(light);
            Changed { light: super::lights::key(light), count, fresh: if light == Light::Green { 0 } else { fresh } }
        })
        .collect();
    let notices = shared.app.notices_since(visitor.tenant, since).await?;
    Ok(Moved { since: since.0, notices, changed: lights.iter().map(|changed| changed.fresh).sum(), lights })
}

#[derive(Deserialize)]
struct SetForm {
    /// A moment in milliseconds: a button.
    #[serde(default)]
    to: String,
    /// A day and a time: the fields.
    #[serde(default)]
    day: String,
    #[serde(default)]
    time: String,
}

async fn set(State(shared): State<Shared>, visitor: Visitor, Form(form): Form<SetForm>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::MoveClock)?;
    let now = shared.app.clock().now();
    let Some(to) = target(&form) else {
        let text =
            Text { zh: "请填日期和时间，例如 2025-03-04 08:30。".to_owned(), en: "Enter a day and a time, such as 2025-03-04 08:30.".to_owned() };
        return page(&shared, &visitor, None, Some(text)).await;
    };
    let again = to <= now && now.0 - to.0 < PRESSED_AGAIN_MS;
    if !again {
        match shared.app.move_clock(to).await {
            Ok(()) => shared.app.settle_due().await?,
            Err(failure) => match Trouble::from(failure) {
                Trouble::Refused(refusal) => {
                    let Refusal { zh, en, .. } = *refusal;
                    return page(&shared, &visitor, None, Some(Text { zh, en })).await;
                }
                fault @ Trouble::Fault(_) => return Err(fault),
            },
        }
    }
    Ok(Redirect::to(&format!("/clock?since={}", now.0)).into_response())
}

fn target(form: &SetForm) -> Option<Moment> {
    if !form.to.is_empty() {
        return form.to.parse().ok().map(Moment);
    }
    let day: NaiveDate = form.day.trim().parse().ok()?;
    let time = NaiveTime::parse_from_str(form.time.trim(), "%H:%M").ok()?;
    Some(Moment::at(day, time))
}
