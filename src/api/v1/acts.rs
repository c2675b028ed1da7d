//! Acts on a case: each is one command, answered after its commit.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::problem::{Problem, Refused};
use crate::api::v1::asked::{Asked, TaskAt, TermAt};
use crate::app::execute::{Act, Answer};
use crate::app::writer::Receipt;

pub(super) type Told = Result<Json<ReceiptBody>, Refused>;

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

/// Takes a task from the pool.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/claim", tag = "acts",
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn claim(asked: Asked, At(TaskAt { task }): At<TaskAt>) -> Told {
    asked.run(Act::Claim { task }).await
}

/// Gives a task back to the pool.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/release", tag = "acts",
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn release(asked: Asked, At(TaskAt { task }): At<TaskAt>) -> Told {
    asked.run(Act::Release { task }).await
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
pub async fn complete(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<CompleteBody>) -> Told {
    let answer = Answer { opinion: body.opinion, fields: body.fields, form: body.form };
    asked.run(Act::Complete { task, outcome: body.outcome.as_str().into(), answer }).await
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
pub async fn send_back(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<ReturnBody>) -> Told {
    asked.run(Act::Return { task, to: body.to.as_str().into(), opinion: body.opinion }).await
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
pub async fn extend(asked: Asked, At(TermAt { term }): At<TermAt>, Body(body): Body<ExtendBody>) -> Told {
    asked.run(Act::Extend { term, by: body.by, opinion: body.opinion }).await
}

/// Why a date has passed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateReasonBody {
    /// The day the matter is expected to be decided by.
    pub expected: chrono::NaiveDate,
    /// The reason, as it is published and told to the applicant.
    pub opinion: Option<String>,
}

/// States why a promised or statutory date has passed, for publication (优化营商环境条例 36); the applicant is told.
#[utoipa::path(post, path = "/api/v1/cases/{case}/terms/{term}/reason", tag = "acts", request_body = StateReasonBody,
    params(("case" = String, Path, description = "id or number"), ("term" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn state_reason(asked: Asked, At(TermAt { term }): At<TermAt>, Body(body): Body<StateReasonBody>) -> Told {
    asked.run(Act::StateReason { term, expected: body.expected, opinion: body.opinion }).await
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
pub async fn withdraw(asked: Asked, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::Withdraw { opinion: body.opinion }).await
}
