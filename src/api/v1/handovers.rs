//! Handing over a whole desk: proposed, signed by three, listed.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::caller::{Acting, Caller};
use crate::api::problem::{Problem, Refused};
use crate::api::v1::asked::{command_id, person_of};
use crate::app::App;
use crate::app::handover::{Handover, Proposal};
use crate::app::known::Known;
use crate::ids::PersonId;

/// Who hands over to whom, and who oversees it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverBody {
    /// Who gives, by login or id; the caller unless said.
    pub giver: Option<String>,
    /// Who takes, by login or id.
    pub taker: String,
    /// The leader of the office who oversees it, by login or id.
    pub overseer: String,
    /// Why.
    pub reason: String,
}

/// A handover.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandoverView {
    /// Its id.
    pub id: String,
    /// The giver's login.
    pub giver: String,
    /// The taker's login.
    pub taker: String,
    /// The overseer's login.
    pub overseer: String,
    /// Why.
    pub reason: String,
    /// When it was proposed.
    pub at: String,
    /// Logins of those who have signed.
    pub signed: Vec<String>,
    /// The login of whoever declined it.
    pub declined: Option<String>,
    /// When the tasks had gone over.
    pub done: Option<String>,
    /// What went over.
    pub cases: Vec<HandedView>,
}

/// What went over in one case.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedView {
    /// The case's id.
    pub case: String,
    /// Its number.
    pub number: Option<String>,
    /// Tasks that went over.
    pub tasks: usize,
    /// Tasks the taker may not do, which stayed.
    pub left: usize,
}

fn view(known: &Known, handover: &Handover) -> HandoverView {
    let login = |person: PersonId| known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.login.clone());
    let case =
        |case: &crate::app::handover::Handed| HandedView { case: case.case.to_string(), number: case.number.clone(), tasks: case.tasks, left: case.left };
    HandoverView {
        id: handover.id.clone(),
        giver: login(handover.giver),
        taker: login(handover.taker),
        overseer: login(handover.overseer),
        reason: handover.reason.clone(),
        at: handover.at.to_rfc3339(),
        signed: handover.signed.keys().map(|person| login(*person)).collect(),
        declined: handover.declined.map(login),
        done: handover.done.map(|at| at.to_rfc3339()),
        cases: handover.cases.iter().map(case).collect(),
    }
}

/// The handovers one has a part in, and those of offices one leads.
#[utoipa::path(get, path = "/api/v1/handovers", tag = "people", responses((status = 200, body = Vec<HandoverView>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Json<Vec<HandoverView>> {
    let today = app.clock().now().date();
    Json(crate::app::handover::seen_by(&caller.known, caller.person, today).into_iter().map(|handover| view(&caller.known, handover)).collect())
}

/// Proposes a handover, and signs it for the caller, who is one of the three.
#[utoipa::path(post, path = "/api/v1/handovers", tag = "people", request_body = HandoverBody,
    responses((status = 200, body = HandoverView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn propose(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Body(body): Body<HandoverBody>,
) -> Result<Json<HandoverView>, Refused> {
    let giver = body.giver.as_deref().map_or(Ok(caller.person), |giver| person_of(&caller, giver))?;
    let (taker, overseer) = (person_of(&caller, &body.taker)?, person_of(&caller, &body.overseer)?);
    let proposal = Proposal { giver, taker, overseer, reason: body.reason };
    let made = app.propose_handover(caller.tenant, caller.person, command_id(&headers)?, proposal).await?;
    Ok(Json(view(&caller.known, &made)))
}

/// Signs it; with the third signature every open task of the giver goes over, in one act for each case.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/sign", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = HandoverView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn sign(State(app): State<App>, Acting(caller): Acting, At(id): At<String>) -> Result<Json<HandoverView>, Refused> {
    let signed = app.sign_handover(caller.tenant, caller.person, &id).await?;
    Ok(Json(view(&caller.known, &signed)))
}

/// Declines it: nothing goes over.
#[utoipa::path(post, path = "/api/v1/handovers/{id}/decline", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = HandoverView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn decline(State(app): State<App>, Acting(caller): Acting, At(id): At<String>) -> Result<Json<HandoverView>, Refused> {
    let declined = app.decline_handover(caller.tenant, caller.person, &id).await?;
    Ok(Json(view(&caller.known, &declined)))
}
