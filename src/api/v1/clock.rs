//! The clock: shown everywhere, moved in demonstrations only.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused, request};
use crate::app::App;
use crate::identity::may;
use crate::ids::Moment;

/// What the clock shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockBody {
    /// RFC 3339, +08:00.
    pub now: String,
    /// It can be moved.
    pub movable: bool,
}

/// The clock.
#[utoipa::path(get, path = "/api/v1/clock", tag = "clock", responses((status = 200, body = ClockBody)))]
pub async fn show(State(app): State<App>) -> Json<ClockBody> {
    Json(ClockBody { now: app.clock().now().to_rfc3339(), movable: app.clock().can_move() })
}

/// Where to move the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBody {
    /// RFC 3339 with an offset, such as `2025-03-04T09:00:00+08:00`; never before what it shows.
    pub to: String,
}

/// Moves the clock of a demonstration forward.
#[utoipa::path(put, path = "/api/v1/clock", tag = "clock", request_body = SetBody,
    responses((status = 200, body = ClockBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn set(State(app): State<App>, caller: Caller, Body(body): Body<SetBody>) -> Result<Json<ClockBody>, Refused> {
    permit(&app, &caller, may::Act::MoveClock)?;
    let to = chrono::DateTime::parse_from_rfc3339(&body.to).map_err(|cause| {
        let (zh, en) = (format!("期望带时区的时间，实际为“{}”。", body.to), format!("expected a time with an offset, found `{}`: {cause}", body.to));
        Refused::problem(request(StatusCode::UNPROCESSABLE_ENTITY, "time_not_read", zh, en))
    })?;
    app.move_clock(Moment(to.timestamp_millis())).await?;
    Ok(show(State(app)).await)
}
