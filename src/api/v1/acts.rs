//! Acts on a case: each is one command, answered after its commit.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::caller::{Acting, Caller};
use crate::api::problem::{Problem, Refused, request};
use crate::app::App;
use crate::app::execute::{Act, Answer, Order};
use crate::app::failure::Failure;
use crate::app::writer::Receipt;
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, CommandId};

/// The answer to an act.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// The case's id.
    pub case: String,
    /// Its number.
    pub number: Option<String>,
    /// Its version after the act.
    pub version: i64,
    /// The same command had been answered before; nothing was done again.
    pub repeated: bool,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self { case: receipt.case.to_string(), number: receipt.number, version: receipt.version, repeated: receipt.repeated }
    }
}

/// The caller's id for a command, from `Idempotency-Key`; the same key again returns the first receipt.
pub fn command_id(headers: &HeaderMap) -> Result<Option<CommandId>, Refused> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or("");
    text.parse().map(Some).map_err(|_| {
        let (zh, en) = (format!("Idempotency-Key 应为 UUID,实际为“{text}”。"), format!("expected a UUID in `Idempotency-Key`, found `{text}`"));
        Refused::problem(request(axum::http::StatusCode::BAD_REQUEST, "idempotency_key_not_read", zh, en))
    })
}

/// The case a path names: by id, or by the number people use.
pub async fn case_id(app: &App, caller: &Caller, text: &str) -> Result<CaseId, Refused> {
    if let Ok(case) = text.parse() {
        return Ok(case);
    }
    Ok(app.case_by_number(caller.tenant, text).await?)
}

pub(super) struct Asked {
    pub app: App,
    pub caller: Caller,
    pub case: String,
    pub headers: HeaderMap,
}

impl Asked {
    /// Runs one of many: a refusal is an answer of its own, a fault ends them all.
    pub async fn try_run(self, act: Act) -> Result<Result<Receipt, Refusal>, Refused> {
        let case = case_id(&self.app, &self.caller, &self.case).await?;
        let order = Order { tenant: self.caller.tenant, case: Some(case), actor: self.caller.actor(), command_id: None, act };
        match self.app.execute(order).await {
            Ok(receipt) => Ok(Ok(receipt)),
            Err(Failure::Refused(refusal)) => Ok(Err(*refusal)),
            Err(fault) => Err(fault.into()),
        }
    }

    pub async fn run(self, act: Act) -> Result<Json<ReceiptBody>, Refused> {
        let case = case_id(&self.app, &self.caller, &self.case).await?;
        let command_id = command_id(&self.headers)?;
        let order = Order { tenant: self.caller.tenant, case: Some(case), actor: self.caller.actor(), command_id, act };
        Ok(Json(self.app.execute(order).await?.into()))
    }
}

/// Takes a task from the pool.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/claim", tag = "acts",
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn claim(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path((case, task)): Path<(String, u32)>,
) -> Result<Json<ReceiptBody>, Refused> {
    Asked { app, caller, case, headers }.run(Act::Claim { task }).await
}

/// Gives a task back to the pool.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/release", tag = "acts",
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn release(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path((case, task)): Path<(String, u32)>,
) -> Result<Json<ReceiptBody>, Refused> {
    Asked { app, caller, case, headers }.run(Act::Release { task }).await
}

/// An answer to a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteBody {
    /// One of the task's outcomes.
    pub outcome: String,
    /// The opinion; required unless the outcome needs none.
    pub opinion: Option<String>,
    /// The outcome's fields.
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Value>,
    /// A new submission of the form, for a task that edits it.
    #[schema(value_type = Option<Object>)]
    pub form: Option<Value>,
}

/// Answers a task (or a seat of an approval group: `approved` or `rejected`).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/complete", tag = "acts", request_body = CompleteBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn complete(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path((case, task)): Path<(String, u32)>,
    Body(body): Body<CompleteBody>,
) -> Result<Json<ReceiptBody>, Refused> {
    let answer = Answer { opinion: body.opinion, fields: body.fields, form: body.form };
    Asked { app, caller, case, headers }.run(Act::Complete { task, outcome: body.outcome.as_str().into(), answer }).await
}

/// Where to return to, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnBody {
    /// The step.
    pub to: String,
    /// The reason.
    pub opinion: Option<String>,
}

/// Sends the case back to an earlier step.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/return", tag = "acts", request_body = ReturnBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn send_back(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path((case, task)): Path<(String, u32)>,
    Body(body): Body<ReturnBody>,
) -> Result<Json<ReceiptBody>, Refused> {
    Asked { app, caller, case, headers }.run(Act::Return { task, to: body.to.as_str().into(), opinion: body.opinion }).await
}

/// By how much, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendBody {
    /// Days of the term's unit.
    pub by: u32,
    /// The reason told to the applicant.
    pub opinion: Option<String>,
}

/// Extends a running term once, before it expires.
#[utoipa::path(post, path = "/api/v1/cases/{case}/terms/{term}/extend", tag = "acts", request_body = ExtendBody,
    params(("case" = String, Path, description = "id or number"), ("term" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn extend(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path((case, term)): Path<(String, u32)>,
    Body(body): Body<ExtendBody>,
) -> Result<Json<ReceiptBody>, Refused> {
    Asked { app, caller, case, headers }.run(Act::Extend { term, by: body.by, opinion: body.opinion }).await
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// The reason.
    pub opinion: Option<String>,
}

/// Withdraws the application (the applicant, before it is decided).
#[utoipa::path(post, path = "/api/v1/cases/{case}/withdraw", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Path(case): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Result<Json<ReceiptBody>, Refused> {
    Asked { app, caller, case, headers }.run(Act::Withdraw { opinion: body.opinion }).await
}
