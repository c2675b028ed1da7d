//! What people do with tasks and groups beside answering them: each is one command, answered after its commit.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::problem::{Problem, Refused, request};
use crate::api::v1::acts::{ReasonBody, ReceiptBody, Told};
use crate::api::v1::asked::{Asked, ChairAt, TaskAt};
use crate::app::execute::Act;
use crate::definition::graph::{Ballots, GroupPass, OnRefusal, Vote};
use crate::engine::case::Adding;
use crate::engine::command::{MemberRef, NewGroup, Recipient};
use crate::ids::Name;

/// A seat to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatBody {
    /// The office.
    pub office: String,
    /// The post.
    pub post: String,
}

/// Members to add, with their own rule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignersBody {
    /// `before`, `beside` or `after` the seat that asks.
    #[schema(value_type = String)]
    pub place: Adding,
    /// Their seats.
    pub seats: Vec<SeatBody>,
    /// `all`, `any`, `in-order` or `vote`.
    pub rule: String,
    /// Votes that pass it, with `vote`.
    pub pass: Option<u32>,
    /// What one refusal does: `end` or `continue`; `end` unless said.
    #[schema(value_type = Option<String>)]
    pub on_refusal: Option<OnRefusal>,
    /// Why.
    pub opinion: Option<String>,
}

impl SignersBody {
    fn group(&self) -> Result<NewGroup, Refused> {
        let pass = match (self.rule.as_str(), self.pass) {
            ("all", _) => GroupPass::All,
            ("any", _) => GroupPass::Any,
            ("in-order", _) => GroupPass::InOrder,
            ("vote", Some(count)) => GroupPass::Vote(Vote { passes: Ballots::Count(count), refusals: None }),
            (found, _) => {
                let zh = format!("加签规则应为 all、any、in-order 或带 pass 票数的 vote，实际为“{found}”。");
                let en = format!("expected the rule all, any, in-order, or vote with `pass`, found `{found}`");
                return Err(Refused::problem(request(StatusCode::UNPROCESSABLE_ENTITY, "added_group_wrong", zh, en)));
            }
        };
        let seats = self.seats.iter().map(|seat| (seat.office.as_str().into(), seat.post.as_str().into())).collect();
        Ok(NewGroup { seats, pass, on_refusal: self.on_refusal.unwrap_or(OnRefusal::End) })
    }
}

/// Adds members to the group of an open seat (加签).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/signers", tag = "acts", request_body = SignersBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn add_signers(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<SignersBody>) -> Told {
    let group = body.group()?;
    asked.run(Act::AddSigners { task, place: body.place, group, opinion: body.opinion }).await
}

/// Takes out a member who has not answered (减签).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/remove", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn remove_signer(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::RemoveSigner { member: MemberRef::Seat(task), opinion: body.opinion }).await
}

/// Takes out a member whose seat has not opened yet, by its place in line from 0.
#[utoipa::path(post, path = "/api/v1/cases/{case}/groups/{group}/to-come/{chair}/remove", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number"), ("group" = u32, Path), ("chair" = u16, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn remove_to_come(asked: Asked, At(ChairAt { group, chair }): At<ChairAt>, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::RemoveSigner { member: MemberRef::ToCome { group, chair }, opinion: body.opinion }).await
}

/// To whom a task is handed over: a person or a post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// A person, by login or id.
    pub person: Option<String>,
    /// A post of the same office.
    pub post: Option<String>,
    /// Why.
    pub opinion: Option<String>,
}

/// Hands a task over (转办).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/transfer", tag = "acts", request_body = TransferBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn transfer(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<TransferBody>) -> Told {
    let to = match (&body.person, &body.post) {
        (Some(person), None) => Recipient::Person(asked.person(person)?),
        (None, Some(post)) => Recipient::Post(Name::from(post.as_str())),
        (Some(_), Some(_)) | (None, None) => {
            let (zh, en) = ("转办须写明 person 或 post 之一。".to_owned(), "expected either `person` or `post`".to_owned());
            return Err(Refused::problem(request(StatusCode::UNPROCESSABLE_ENTITY, "recipient_missing", zh, en)));
        }
    };
    asked.run(Act::Transfer { task, to, opinion: body.opinion }).await
}

/// Whom to ask, and what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateBody {
    /// A person of the same office, by login or id.
    pub person: String,
    /// What is asked.
    pub opinion: Option<String>,
}

/// Asks a colleague; the task comes back with the answer (委派).
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/delegate", tag = "acts", request_body = DelegateBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn delegate(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<DelegateBody>) -> Told {
    let to = asked.person(&body.person)?;
    asked.run(Act::Delegate { task, to, opinion: body.opinion }).await
}

/// Answers what one was asked; the task goes back to whoever asked.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/reply", tag = "acts", request_body = ReasonBody,
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn reply(asked: Asked, At(TaskAt { task }): At<TaskAt>, Body(body): Body<ReasonBody>) -> Told {
    asked.run(Act::Reply { task, opinion: body.opinion }).await
}

/// Takes the question back.
#[utoipa::path(post, path = "/api/v1/cases/{case}/tasks/{task}/recall", tag = "acts",
    params(("case" = String, Path, description = "id or number"), ("task" = u32, Path)),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn recall(asked: Asked, At(TaskAt { task }): At<TaskAt>) -> Told {
    asked.run(Act::Recall { task }).await
}
