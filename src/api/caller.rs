//! Who calls: a bearer token becomes a person with the posts of the day. Invariant: no handler runs for a caller whose token does not count now.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use crate::api::problem::{Problem, request};
use crate::app::App;
use crate::app::known::Known;
use crate::app::sign_in::SignedIn;
use crate::identity::Actor;
use crate::ids::{Name, PersonId, Tenant};

/// A signed-in person.
#[derive(Clone)]
pub struct Caller {
    /// The tenant the token belongs to.
    pub tenant: Tenant,
    /// Who.
    pub person: PersonId,
    /// Posts held today, as (office, post).
    pub posts: Vec<(Name, Name)>,
    /// What is known of the tenant.
    pub known: Arc<Known>,
}

impl Caller {
    /// As an actor.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim).ok_or_else(missing)?;
        caller(&app, token).await
    }
}

async fn caller(app: &App, token: &str) -> Result<Caller, Problem> {
    let broken = |cause: &dyn std::fmt::Display| {
        tracing::error!(%cause, "a token could not be looked up");
        request(StatusCode::SERVICE_UNAVAILABLE, "fault", "暂时无法核验登录令牌。", "the token cannot be checked right now")
    };
    let SignedIn { tenant, person, known } = app.signed_in(token).await.map_err(|cause| broken(&cause))?.ok_or_else(unknown)?;
    let posts = known.roster.posts_of(person, app.clock().now().date());
    Ok(Caller { tenant, person, posts, known })
}

fn missing() -> Problem {
    request(StatusCode::UNAUTHORIZED, "token_missing", "请在 Authorization 中提供 Bearer 令牌。", "expected `Authorization: Bearer <token>`, found none")
}

fn unknown() -> Problem {
    request(StatusCode::UNAUTHORIZED, "token_unknown", "登录令牌无效或已过期。", "the token is unknown or has expired")
}
