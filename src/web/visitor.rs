//! Who is looking: found out once for each request, before any handler.
//! Invariant: a handler that asks for a `Visitor` runs for somebody signed in now. Never: a posted form lost because a session ended meanwhile; it waits in the sign-in page.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Shared;
use super::answer::{self, Trouble};
use super::pages::sign_in::{self, Kept};
use super::site::Site;
use crate::app::failure::{Fault, refusal};
use crate::app::known::Known;
use crate::app::login::sessions::Session;
use crate::clock;
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{Digest, Name, PersonId, Tenant};
use crate::limits::KEPT_BYTES_MAX;
use crate::notice::Language;

/// The cookie that holds the language.
pub const LANGUAGE: &str = "gl_language";

/// Somebody signed in.
#[derive(Clone)]
pub struct Visitor {
    /// The tenant of the session.
    pub tenant: Tenant,
    /// Who.
    pub person: PersonId,
    /// Posts held today, as (office, post).
    pub posts: Vec<(Name, Name)>,
    /// What is known of the tenant.
    pub known: Arc<Known>,
    /// The session they look with.
    pub session: Digest,
    /// The frame of their page.
    pub site: Site,
}

impl Visitor {
    /// As an actor.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Person(self.person)
    }

    /// The language of their page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.site.language
    }

    /// Lets them through, or says why not; for what depends on their posts alone.
    ///
    /// # Errors
    /// The denial.
    pub fn permit(&self, act: Act) -> Result<(), Trouble> {
        match may(&self.actor(), act, &Standing::of(self.posts.clone())) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => Err(refusal(why.code, Class::Forbidden, why.zh, why.en).into()),
        }
    }
}

/// Anybody: only the frame.
#[derive(Clone)]
pub struct Passer {
    /// The frame of the page.
    pub site: Site,
}

/// What `meet` found out.
#[derive(Clone)]
struct Met(Result<Arc<Visitor>, Site>);

impl Met {
    fn site(&self) -> &Site {
        match &self.0 {
            Ok(visitor) => &visitor.site,
            Err(site) => site,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        match parts.extensions.get::<Met>() {
            Some(Met(Ok(visitor))) => Ok(Self::clone(visitor)),
            Some(Met(Err(site))) => Err(Redirect::to(&sign_in::address(&site.here)).into_response()),
            None => Err(Trouble::Fault(Fault::new("finding out who is looking", "the layer is missing")).into_response()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Passer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let met = parts.extensions.get::<Met>();
        let met = met.ok_or_else(|| Trouble::Fault(Fault::new("finding out who is looking", "the layer is missing")).into_response())?;
        Ok(Self { site: met.site().clone() })
    }
}

/// Finds out who is looking, keeps what was posted after a session ended, and makes a trouble a page.
pub async fn meet(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let met = match met(&shared, request.uri().clone(), request.headers().clone()).await {
        Ok(met) => met,
        Err(fault) => return Trouble::Fault(fault).into_response(),
    };
    let response = if met.0.is_err() && request.method() == Method::POST && !sign_in::is_open(request.uri().path()) {
        keep_posted(&shared, met.site(), request).await
    } else {
        request.extensions_mut().insert(met.clone());
        to_its_end(request, next).await
    };
    match response.extensions().get::<Arc<Trouble>>() {
        Some(trouble) => answer::page(&shared.pages, met.site(), response.status(), trouble),
        None => response,
    }
}

/// What a form does is done whole, also for somebody whose connection breaks before the answer: a handler that is dropped half-way leaves its second half undone.
async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(cause) => Trouble::Fault(Fault::new("answering a form", cause)).into_response(),
    }
}

async fn met(shared: &Shared, address: Uri, headers: HeaderMap) -> Result<Met, Fault> {
    let app = &shared.app;
    let here = address.path_and_query().map_or("/", |here| here.as_str()).to_owned();
    let language = language(&headers);
    let now = app.clock().now();
    let site = Site {
        language: language.unwrap_or(Language::Zh),
        chosen: language.is_some(),
        here,
        user: None,
        nav: Vec::new(),
        beside: Vec::new(),
        now: now.civil().format("%Y-%m-%d %H:%M").to_string(),
        kept: None,
        demo: app.clock().can_move(),
    };
    let session = match shared.door.session(&headers) {
        Some(token) => app.session(&token, clock::real()).await?,
        None => None,
    };
    let Some(Session { signed_in, digest }) = session else { return Ok(Met(Err(site))) };
    let posts = signed_in.known.roster.posts_of(signed_in.person, now.date());
    let site = site.of(app, &signed_in);
    Ok(Met(Ok(Arc::new(Visitor { tenant: signed_in.tenant, person: signed_in.person, posts, known: signed_in.known, session: digest, site }))))
}

/// The language somebody chose; `None` before they chose one.
fn language(headers: &HeaderMap) -> Option<Language> {
    cookie(headers, LANGUAGE).map(|tag| Language::of(&tag))
}

/// A cookie's value.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The session ended while a form was being filled in: what was posted waits in the sign-in page.
async fn keep_posted(shared: &Shared, site: &Site, request: Request<Body>) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_owned()).unwrap_or_default();
    let body = to_bytes(request.into_body(), KEPT_BYTES_MAX).await;
    let kept = match body {
        Ok(body) if kind.starts_with(b"application/x-www-form-urlencoded") => Kept::read(&body),
        // Files cannot wait in a page; what is too large is not cut.
        Ok(_) | Err(_) => None,
    };
    sign_in::page_keeping(shared, site, kept).await
}
