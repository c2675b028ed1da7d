//! The record: the newest checkpoint, the ledger, the outbox.

use axum::Json;
use axum::body::Body as AxumBody;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::body::Asking;
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::ledger::{Form, Wanted};
use crate::app::outbox::NoticeLine;
use crate::identity::may;

/// The newest checkpoint, a C2SP signed note: keep it, and a rewritten log is found.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "audit", responses((status = 200, content_type = "text/plain"), (status = 403, body = Problem)))]
pub async fn checkpoint(State(app): State<App>, caller: Caller) -> Result<impl IntoResponse, Refused> {
    permit(&app, &caller, may::Act::ReadAudit)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], app.checkpoint().await?.unwrap_or_default()))
}

/// In which language, and which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LedgerQuery {
    /// `zh-CN` (default) or `en`.
    pub lang: Option<String>,
    /// Steps of this day or later, such as `2025-03-03`.
    pub from: Option<NaiveDate>,
    /// Steps of this day or earlier.
    pub to: Option<NaiveDate>,
    /// Steps of this workflow only.
    pub link: Option<String>,
}

/// The ledger 台账 as CSV; taking it out is an act on the record.
#[utoipa::path(get, path = "/api/v1/audit/ledger.csv", tag = "audit", params(LedgerQuery),
    responses((status = 200, content_type = "text/csv"), (status = 403, body = Problem)))]
pub async fn ledger(State(app): State<App>, caller: Caller, Asking(query): Asking<LedgerQuery>) -> Result<impl IntoResponse, Refused> {
    permit(&app, &caller, may::Act::Export)?;
    let wanted = Wanted { english: query.lang.as_deref() == Some("en"), from: query.from, to: query.to, link: query.link, unit: None };
    let written = app.export_ledger(caller.tenant, caller.actor(), &wanted, Form::Csv).await?;
    let headers = [(header::CONTENT_TYPE, Form::Csv.media_type()), (header::CONTENT_DISPOSITION, "attachment; filename=\"ledger.csv\"")];
    Ok((headers, AxumBody::from_stream(written.pieces())))
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoticesQuery {
    /// The case, by id or number.
    pub case: String,
}

/// The notices of a case with every attempt, by when they were due.
#[utoipa::path(get, path = "/api/v1/notices", tag = "audit", params(NoticesQuery), responses((status = 200, body = Vec<NoticeLine>), (status = 403, body = Problem)))]
pub async fn notices(State(app): State<App>, caller: Caller, Asking(query): Asking<NoticesQuery>) -> Result<Json<Vec<NoticeLine>>, Refused> {
    permit(&app, &caller, may::Act::ReadAudit)?;
    let case = super::asked::case_id(&app, &caller, &query.case).await?;
    Ok(Json(app.notices(caller.tenant, case).await?))
}
