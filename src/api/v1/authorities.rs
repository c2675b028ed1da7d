//! Standing authorisations to issue supervision orders (常态化授权): read by overseers, registered and revoked by whoever puts rules in force.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::api::v1::acts::ReceiptBody;
use crate::app::App;
use crate::app::authority::{AuthorityAsked, AuthorityView};
use crate::identity::may;

/// All of them, the newest first.
#[utoipa::path(get, path = "/api/v1/authorities", tag = "supervision", responses((status = 200, body = Vec<AuthorityView>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<AuthorityView>>, Refused> {
    permit(&app, &caller, may::Act::ReadAllLights)?;
    Ok(Json(app.authorities(caller.tenant).await?))
}

/// Registers one: from then on the orders it covers are issued by it, and say so.
#[utoipa::path(post, path = "/api/v1/authorities", tag = "supervision", request_body = AuthorityAsked,
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn register(State(app): State<App>, caller: Caller, Body(asked): Body<AuthorityAsked>) -> Result<Json<ReceiptBody>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    Ok(Json(app.register_authority(caller.tenant, caller.actor(), &asked).await?.into()))
}

/// Which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeBody {
    /// The number of its document.
    pub document: String,
}

/// Revokes one from today on.
#[utoipa::path(post, path = "/api/v1/authorities/revoke", tag = "supervision", request_body = RevokeBody,
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn revoke(State(app): State<App>, caller: Caller, Body(asked): Body<RevokeBody>) -> Result<Json<ReceiptBody>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    Ok(Json(app.revoke_authority(caller.tenant, caller.actor(), &asked.document).await?.into()))
}
