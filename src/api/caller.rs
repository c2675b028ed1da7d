//! Who calls: a bearer token becomes a person with the posts of the day. Invariant: no handler runs for a caller whose token does not count now.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use crate::api::problem::{Refused, request};
use crate::app::App;
use crate::app::failure::Fault;
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
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let app = App::from_ref(state);
        let signed_in = app.signed_in(bearer(parts)?).await;
        caller(&app, signed_in)
    }
}

/// A signed-in person whose command goes on to the writer, which confirms its refusals; nothing may be refused by what is known here.
pub struct Acting(pub Caller);

impl Acting {
    /// The caller with what is known now, for a refusal that is given here.
    pub async fn now(self, app: &App) -> Result<Caller, Fault> {
        let known = app.known(self.0.tenant).await?;
        let posts = known.roster.posts_of(self.0.person, app.clock().now().date());
        Ok(Caller { posts, known, ..self.0 })
    }
}

impl<S> FromRequestParts<S> for Acting
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let app = App::from_ref(state);
        let signed_in = app.signed_in_lately(bearer(parts)?).await;
        caller(&app, signed_in).map(Self)
    }
}

fn bearer(parts: &Parts) -> Result<&str, Refused> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim).ok_or_else(missing)
}

fn caller(app: &App, signed_in: Result<Option<SignedIn>, Fault>) -> Result<Caller, Refused> {
    let broken = |cause: Fault| {
        tracing::error!(%cause, "a token could not be looked up");
        Refused::problem(request(StatusCode::SERVICE_UNAVAILABLE, "fault", "暂时无法核验登录令牌。", "the token cannot be checked right now"))
    };
    let SignedIn { tenant, person, known } = signed_in.map_err(broken)?.ok_or_else(unknown)?;
    let posts = known.roster.posts_of(person, app.clock().now().date());
    Ok(Caller { tenant, person, posts, known })
}

fn missing() -> Refused {
    Refused::problem(request(
        StatusCode::UNAUTHORIZED,
        "token_missing",
        "请在 Authorization 中提供 Bearer 令牌。",
        "expected `Authorization: Bearer <token>`, found none",
    ))
}

fn unknown() -> Refused {
    Refused::problem(request(StatusCode::UNAUTHORIZED, "token_unknown", "登录令牌无效或已过期。", "the token is unknown or has expired"))
}
