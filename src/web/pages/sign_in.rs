//! Signing in and out. Invariant: one is sent on to an address of this host only.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::site::Site;
use crate::web::visitor::{Passer, SESSION};

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/sign-in", get(show).post(enter)).route("/sign-out", post(leave))
}

/// Whether a form may be posted there by somebody not signed in.
#[must_use]
pub fn is_open(path: &str) -> bool {
    ["/sign-in", "/sign-out", "/language", "/reset", "/invitation"]
        .iter()
        .any(|open| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The address that asks to sign in and then goes on to `next`.
#[must_use]
pub fn address(next: &str) -> String {
    let query = serde_html_form::to_string([("next", local(next))]).unwrap_or_default();
    format!("/sign-in?{query}")
}

/// The address when it is one of this host, else the front door.
#[must_use]
pub fn local(address: &str) -> &str {
    let inside = address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n']) && address.is_ascii();
    if inside { address } else { "/" }
}

#[derive(Serialize)]
struct SignInPage {
    next: String,
    kept: Vec<Pair>,
    wrong: bool,
}

#[derive(Serialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

async fn show(State(shared): State<Shared>, passer: Passer, Query(asked): Query<Asked>) -> Response {
    page(&shared, &passer.site, StatusCode::OK, SignInPage { next: local(&asked.next).to_owned(), kept: Vec::new(), wrong: false })
}

/// The sign-in page with what was posted waiting in it.
pub fn page_keeping(shared: &Shared, site: &Site, kept: Vec<(String, String)>) -> Response {
    let kept = kept.into_iter().map(|(name, value)| Pair { name, value }).collect();
    page(shared, site, StatusCode::UNAUTHORIZED, SignInPage { next: local(&site.here).to_owned(), kept, wrong: false })
}

fn page(shared: &Shared, site: &Site, status: StatusCode, data: SignInPage) -> Response {
    let title = shared.pages.word(site.language, "sign-in-title");
    shared.pages.page_with(status, site, "sign-in", &title, &data)
}

#[derive(Deserialize)]
struct Entry {
    token: String,
    #[serde(default)]
    next: String,
}

async fn enter(State(shared): State<Shared>, passer: Passer, Form(entry): Form<Entry>) -> Result<Response, Trouble> {
    let token = entry.token.trim();
    if shared.app.signed_in(token).await?.is_none() {
        let data = SignInPage { next: local(&entry.next).to_owned(), kept: Vec::new(), wrong: true };
        return Ok(page(&shared, &passer.site, StatusCode::UNPROCESSABLE_ENTITY, data));
    }
    Ok(with_cookie(&format!("{SESSION}={token}; Path=/; SameSite=Lax; HttpOnly"), local(&entry.next)))
}

async fn leave() -> Response {
    with_cookie(&format!("{SESSION}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"), "/sign-in")
}

fn with_cookie(cookie: &str, next: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
    (headers, Redirect::to(next)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_host_is_gone_on_to() {
        for inside in ["/", "/inbox", "/cases/GC20250001?x=1"] {
            assert_eq!(local(inside), inside);
        }
        for outside in ["", "//evil.example", "https://evil.example", "/\\evil.example", "inbox", "/a\r\nSet-Cookie: x"] {
            assert_eq!(local(outside), "/");
        }
    }
}
