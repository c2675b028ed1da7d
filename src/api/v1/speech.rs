//! Standing in, being kept from a matter, taking an act back, speaking about a case, answering many tasks at once.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::caller::Acting;
use crate::api::problem::{Problem, Refused};
use crate::api::v1::acts::{ReasonBody, ReceiptBody, Told};
use crate::api::v1::asked::{Asked, StepAt, TaskAt, command_id};
use crate::app::App;
use crate::app::batch::Alike;
use crate::app::execute::Act;
use crate::app::people::Change;

/// Whom to keep from a task, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecusalBody {
    /// The person, by login or id.
    pub person: String,
    /// Why.
    pub opinion: Option<String>,
}

/// Asks that a person be kept from a task (回避).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/recusal", tag = "acts", request_body = RecusalBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn ask_recusal(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<RecusalBody>) -> Told {
    let of = asked.person(&body.person)?;
    asked.run(Act::AskRecusal { task, of, opinion: body.opinion }).await
}

/// Yes or no, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecusalDecisionBody {
    /// Whether the person is kept from it.
    pub agreed: bool,
    /// Why.
    pub opinion: Option<String>,
}

/// Decides on a recusal; with a yes the task passes to the B post or somebody else.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/recusal/decide", tag = "acts", request_body = RecusalDecisionBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn decide_recusal(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<RecusalDecisionBody>) -> Told {
    asked.run(Act::DecideRecusal { task, agreed: body.agreed, opinion: body.opinion }).await
}

/// Takes one's own act back while nobody has acted on it (撤回).
#[utoipa::path(post, path = "/api/v1/cases/{case}/scopes/{scope}/steps/{step}/take-back", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number"), ("scope" = u32, Path), ("step" = String, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn take_back(asked: Asked, At(StepAt { scope, step }): At<StepAt>, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::TakeBack { scope, step, opinion: body.opinion }).await
}

/// Urges the step of an open task (催办).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/urge", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn urge(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::Urge { task, opinion: body.opinion }).await
}

/// Whom to make a case known to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyBody {
    /// People, by login or id.
    pub to: Vec<String>,
    /// The task it is about, if any.
    pub task: Option<u32>,
    /// What is said.
    pub opinion: Option<String>,
}

/// Makes a case known to people (抄送); it never moves the case.
#[utoipa::path(post, path = "/api/v1/cases/{case}/copy", tag = "acts", request_body = CopyBody,
    params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn copy(asked: Asked, Body(body): Body<CopyBody>) -> Told {
    let to = body.to.iter().map(|person| asked.person(person)).collect::<Result<Vec<_>, _>>()?;
    asked.run(Act::Copy { to, task: body.task, opinion: body.opinion }).await
}

/// A remark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentBody {
    /// The task it is about, if any.
    pub task: Option<u32>,
    /// The remark.
    pub opinion: String,
}

/// Writes a remark.
#[utoipa::path(post, path = "/api/v1/cases/{case}/comment", tag = "acts", request_body = CommentBody,
    params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn comment(asked: Asked, Body(body): Body<CommentBody>) -> Told {
    asked.run(Act::Comment { task: body.task, opinion: Some(body.opinion) }).await
}

/// Tasks to answer alike.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// Which.
    pub items: Vec<BatchItem>,
    /// The outcome of each.
    pub outcome: String,
    /// The opinion on each.
    pub opinion: Option<String>,
}

/// One task of a batch.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// The case, by id or number.
    pub case: String,
    /// The task.
    pub task: u32,
}

/// What became of one task of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// Which.
    pub item: BatchItem,
    /// The case's version after it; none when it was refused.
    pub version: Option<i64>,
    /// Why it was refused.
    pub refused: Option<Problem>,
}

/// Answers many tasks alike, each for itself, where their steps say `allow: [batch]`; with a result for each, in their order.
#[utoipa::path(post, path = "/api/v1/batch", tag = "acts", request_body = BatchBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a UUID; the same key and tasks again return the first receipts")),
    responses((status = 200, body = Vec<BatchResult>), (status = 422, body = Problem, description = "no task, or too many: none was answered")))]
pub async fn batch(State(app): State<App>, Acting(caller): Acting, headers: HeaderMap, Body(body): Body<BatchBody>) -> Result<Json<Vec<BatchResult>>, Refused> {
    let (tenant, actor) = (caller.tenant, caller.actor());
    let alike = Alike { tenant, actor, command_id: command_id(&headers)?, outcome: body.outcome.as_str().into(), opinion: body.opinion };
    let tasks: Vec<_> = body.items.iter().map(|item| (item.case.clone(), item.task)).collect();
    let told = app.answer_alike(&alike, &tasks).await?;
    let results = body.items.into_iter().zip(told).map(|(item, told)| match told {
        Ok(receipt) => BatchResult { item, version: Some(receipt.version), refused: None },
        Err(failure) => BatchResult { item, version: None, refused: Some(Refused::from(failure).into_problem()) },
    });
    Ok(Json(results.collect()))
}

/// Who is away from which post, and who stands in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwayBody {
    /// Whose.
    pub login: String,
    /// The office.
    pub office: String,
    /// The post.
    pub post: String,
    /// First day away.
    #[schema(value_type = String)]
    pub from: NaiveDate,
    /// Last day away.
    #[schema(value_type = String)]
    pub until: NaiveDate,
    /// The login of whoever stands in; the B post when nobody is named.
    pub substitute: Option<String>,
}

/// Sentences about a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeTold {
    /// In Chinese and English, one pair a line.
    pub lines: Vec<String>,
}

/// Writes down that somebody is away, and who stands in (代理、AB 岗).
#[utoipa::path(post, path = "/api/v1/people/away", tag = "people", request_body = AwayBody,
    responses((status = 200, body = ChangeTold), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn away(State(app): State<App>, Acting(caller): Acting, headers: HeaderMap, Body(body): Body<AwayBody>) -> Result<Json<ChangeTold>, Refused> {
    let AwayBody { login, office, post, from, until, substitute } = body;
    let change = Change::Away { login, office, post, from, until, substitute };
    let told = app.manage(caller.tenant, caller.actor(), command_id(&headers)?, &change).await?;
    Ok(Json(ChangeTold { lines: told.into_iter().map(|line| format!("{} / {}", line.zh, line.en)).collect() }))
}

/// Whose absence ends, and with which day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackBody {
    /// Whose.
    pub login: String,
    /// The office.
    pub office: String,
    /// The post.
    pub post: String,
    /// The absence's first day.
    #[schema(value_type = String)]
    pub from: NaiveDate,
    /// The last day away; before the first day it is called off.
    #[schema(value_type = String)]
    pub until: NaiveDate,
}

/// Writes down that somebody is back earlier, or that an absence is called off.
#[utoipa::path(post, path = "/api/v1/people/back", tag = "people", request_body = BackBody,
    responses((status = 200, body = ChangeTold), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn back(State(app): State<App>, Acting(caller): Acting, headers: HeaderMap, Body(body): Body<BackBody>) -> Result<Json<ChangeTold>, Refused> {
    let BackBody { login, office, post, from, until } = body;
    let change = Change::Back { login, office, post, from, until };
    let told = app.manage(caller.tenant, caller.actor(), command_id(&headers)?, &change).await?;
    Ok(Json(ChangeTold { lines: told.into_iter().map(|line| format!("{} / {}", line.zh, line.en)).collect() }))
}
