//! An act somebody asks for on a case: who, on which case, under which command id. Every act of the API begins with one of these.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::api::body::At;
use crate::api::caller::{Acting, Caller};
use crate::api::problem::{Refused, request};
use crate::api::v1::acts::ReceiptBody;
use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::jobs::command_of;
use crate::engine::case::Local;
use crate::ids::{CaseId, CommandId, Name, PersonId};

#[derive(Deserialize)]
struct CaseAt {
    case: String,
}

/// A task of the case.
#[derive(Deserialize)]
pub struct TaskAt {
    pub task: Local,
}

/// An outside job of the case.
#[derive(Deserialize)]
pub struct JobAt {
    pub job: Local,
}

/// A term of the case.
#[derive(Deserialize)]
pub struct TermAt {
    pub term: Local,
}

/// A step of one of its scopes.
#[derive(Deserialize)]
pub struct StepAt {
    pub scope: Local,
    pub step: Name,
}

/// A place in the line of one of its groups, from 0.
#[derive(Deserialize)]
pub struct ChairAt {
    pub group: Local,
    pub chair: u16,
}

/// Who asks for something on the case a path names.
pub struct Asked {
    app: App,
    caller: Caller,
    case: String,
    command_id: Option<CommandId>,
}

impl Asked {
    /// Runs it: one command, answered after its commit.
    pub(super) async fn run(self, act: Act) -> Result<Json<ReceiptBody>, Refused> {
        let case = case_id(&self.app, &self.caller, &self.case).await?;
        let order = Order { tenant: self.caller.tenant, case: Some(case), actor: self.caller.actor(), command_id: self.command_id, act };
        Ok(Json(self.app.execute(order).await?.into()))
    }

    /// The same for a program: one that names no command id gets one made of its words, so that the same said twice is done once.
    pub(super) async fn run_once(self, act: Act) -> Result<Json<ReceiptBody>, Refused> {
        let case = case_id(&self.app, &self.caller, &self.case).await?;
        let command_id = self.command_id.map_or_else(|| command_of(case, &act), Ok)?;
        Self { case: case.to_string(), command_id: Some(command_id), ..self }.run(act).await
    }

    /// Somebody named in the request.
    pub(super) fn person(&self, text: &str) -> Result<PersonId, Refused> {
        person_of(&self.caller, text)
    }
}

/// Somebody named in a request: by login, or by the id that stands in the log.
pub(super) fn person_of(caller: &Caller, text: &str) -> Result<PersonId, Refused> {
    let mut people = caller.known.roster.people.values();
    let found = people.find(|person| person.login == text || person.id.to_string() == text).map(|person| person.id);
    found.ok_or_else(|| {
        let (zh, en) = (format!("没有登录名为“{text}”的人员。"), format!("expected a person's login or id, found `{text}`"));
        Refused::problem(request(StatusCode::UNPROCESSABLE_ENTITY, "unknown_person", zh, en))
    })
}

impl<S> FromRequestParts<S> for Asked
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let Acting(caller) = Acting::from_request_parts(parts, state).await?;
        let command_id = command_id(&parts.headers)?;
        let At(CaseAt { case }) = At::from_request_parts(parts, state).await.map_err(Refused::problem)?;
        Ok(Self { app: App::from_ref(state), caller, case, command_id })
    }
}

/// The caller's id for a command, from `Idempotency-Key`; the same key again returns the first receipt.
pub fn command_id(headers: &HeaderMap) -> Result<Option<CommandId>, Refused> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or("");
    text.parse().map(Some).map_err(|_| {
        let (zh, en) = (format!("Idempotency-Key 应为 UUID，实际为“{text}”。"), format!("expected a UUID in `Idempotency-Key`, found `{text}`"));
        Refused::problem(request(StatusCode::BAD_REQUEST, "idempotency_key_not_read", zh, en))
    })
}

/// The case a path names: by id, or by the number people use.
pub async fn case_id(app: &App, caller: &Caller, text: &str) -> Result<CaseId, Refused> {
    Ok(app.case_named(caller.tenant, text).await?)
}
