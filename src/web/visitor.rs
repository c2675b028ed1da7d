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
use super::pages::sign_in;
use super::site::{Held, Site, User, places};
use crate::app::App;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::identity::Actor;
use crate::ids::{Name, PersonId, Tenant};
use crate::limits::REQUEST_BYTES_MAX;
use crate::notice::Language;

/// The cookie that holds the session.
pub const SESSION: &str = "gl_session";
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

    /// Whether they hold a post of this name in any office today.
    #[must_use]
    pub fn holds(&self, post: &str) -> bool {
        self.posts.iter().any(|(_, held)| &**held == post)
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
    let met = match met(&shared.app, request.uri().clone(), request.headers().clone()).await {
        Ok(met) => met,
        Err(fault) => return Trouble::Fault(fault).into_response(),
    };
    if met.0.is_err() && request.method() == Method::POST && !sign_in::is_open(request.uri().path()) {
        return keep_posted(&shared, met.site(), request).await;
    }
    request.extensions_mut().insert(met.clone());
    let response = next.run(request).await;
    match response.extensions().get::<Arc<Trouble>>() {
        Some(trouble) => answer::page(&shared.pages, met.site(), response.status(), trouble),
        None => response,
    }
}

async fn met(app: &App, address: Uri, headers: HeaderMap) -> Result<Met, Fault> {
    let here = address.path_and_query().map_or("/", |here| here.as_str()).to_owned();
    let language = language(&headers);
    let now = app.clock().now();
    let mut site = Site {
        language: language.unwrap_or(Language::Zh),
        here,
        user: None,
        nav: Vec::new(),
        now: now.civil().format("%Y-%m-%d %H:%M").to_string(),
        demo: app.clock().can_move(),
    };
    let signed_in = match cookie(&headers, SESSION) {
        Some(token) => app.signed_in(&token).await?,
        None => None,
    };
    let Some(signed_in) = signed_in else { return Ok(Met(Err(site))) };
    let posts = signed_in.known.roster.posts_of(signed_in.person, now.date());
    let held = |(office, post): &(Name, Name)| Held { office: signed_in.known.office(office), post: format!("post-{post}") };
    let person = signed_in.known.roster.people.get(&signed_in.person);
    site.user = Some(User { name: person.map(|person| person.name.clone()).unwrap_or_default(), posts: posts.iter().map(held).collect() });
    if language.is_none()
        && let Some(person) = person
    {
        site.language = Language::of(&person.language);
    }
    let words: Vec<String> = posts.iter().map(|(_, post)| post.to_string()).collect();
    site.nav = places(&words, site.demo, address.path());
    Ok(Met(Ok(Arc::new(Visitor { tenant: signed_in.tenant, person: signed_in.person, posts, known: signed_in.known, site }))))
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
    let form = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let body = to_bytes(request.into_body(), REQUEST_BYTES_MAX).await.unwrap_or_default();
    let posted = if form { serde_html_form::from_bytes::<Vec<(String, String)>>(&body).unwrap_or_default() } else { Vec::new() };
    let kept = posted.into_iter().filter(|(name, _)| !name.contains("password")).collect();
    sign_in::page_keeping(shared, site, kept)
}
