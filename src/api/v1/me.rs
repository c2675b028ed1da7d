//! The caller's own: who one is, and what waits for one.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Asking, Body};
use crate::api::caller::{Acting, Caller};
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::known::Known;
use crate::app::queries::InboxPage;
use crate::identity::may;
use crate::ids::PersonId;
use crate::notice;

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

/// How a group of notices is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreferenceView {
    /// The group.
    pub group: &'static str,
    /// `both`, `mail`, `sms` or `off`.
    pub choice: &'static str,
    /// What may be chosen; a group without `off` cannot be turned off.
    pub choices: Vec<&'static str>,
}

fn preferences_of(known: &Known, person: PersonId, on: chrono::NaiveDate) -> Vec<PreferenceView> {
    let chosen = known.preferences_of(person);
    let view = |group: notice::Group| PreferenceView {
        group: group.key(),
        choice: chosen.of(group).key(),
        choices: group.choices().into_iter().map(notice::Choice::key).collect(),
    };
    known.groups_of(person, on).into_iter().map(view).collect()
}

/// How the caller is told of what.
#[utoipa::path(get, path = "/api/v1/me/preferences", tag = "me", responses((status = 200, body = Vec<PreferenceView>)))]
pub async fn preferences(State(app): State<App>, caller: Caller) -> Json<Vec<PreferenceView>> {
    Json(preferences_of(&caller.known, caller.person, app.clock().now().date()))
}

/// Chooses it: the choice by group; groups not named stay as they are. Documents, warnings and orders cannot be turned off.
#[utoipa::path(put, path = "/api/v1/me/preferences", tag = "me", request_body = BTreeMap<String, String>,
    responses((status = 200, body = Vec<PreferenceView>), (status = 422, body = Problem)))]
pub async fn choose_preferences(
    State(app): State<App>,
    Acting(caller): Acting,
    Body(asked): Body<BTreeMap<String, String>>,
) -> Result<Json<Vec<PreferenceView>>, Refused> {
    app.choose_channels(caller.tenant, caller.person, &asked).await?;
    let known = app.known(caller.tenant).await?;
    Ok(Json(preferences_of(&known, caller.person, app.clock().now().date())))
}
