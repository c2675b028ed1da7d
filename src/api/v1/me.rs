//! The caller's own: who one is, and what waits for one.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Asking;
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::Refused;
use crate::app::App;
use crate::app::queries::InboxPage;
use crate::identity::may;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeBody {
    /// The id that stands in the log.
    pub person: String,
    /// The name shown.
    pub name: String,
    /// The tenant's code.
    pub tenant: String,
    /// Posts held today.
    pub posts: Vec<PostBody>,
}

/// A post in an office.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostBody {
    /// The office's key.
    pub office: String,
    /// Its name.
    pub office_name: String,
    /// The post.
    pub post: String,
}

/// Who the token belongs to.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, body = MeBody)))]
pub async fn me(caller: Caller) -> Json<MeBody> {
    let roster = &caller.known.roster;
    let office_name = |office: &crate::ids::Name| roster.offices.get(office).map_or_else(|| office.to_string(), |office| office.zh.clone());
    let posts = caller.posts.iter().map(|(office, post)| PostBody { office: office.to_string(), office_name: office_name(office), post: post.to_string() });
    let name = roster.people.get(&caller.person).map(|person| person.name.clone()).unwrap_or_default();
    Json(MeBody { person: caller.person.to_string(), name, tenant: caller.tenant.to_string(), posts: posts.collect() })
}

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    /// At most this many, up to 100.
    pub limit: Option<u32>,
    /// The cursor a page before gave.
    pub after: Option<String>,
}

/// Open tasks the caller may do: overdue ones first, then the channel's by class, then by due day.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "me", params(InboxQuery), responses((status = 200, body = InboxPage)))]
pub async fn inbox(State(app): State<App>, caller: Caller, Asking(query): Asking<InboxQuery>) -> Result<Json<InboxPage>, Refused> {
    permit(&app, &caller, may::Act::ReadInbox)?;
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    Ok(Json(app.inbox(caller.tenant, caller.person, &caller.posts, limit, query.after.as_deref()).await?))
}
