//! The front door: by role to where somebody begins; the language; what is not there.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use crate::engine::refusal::Refusal;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::sign_in::{local, waiting_page};
use crate::web::site::{Site, home};
use crate::web::visitor::{LANGUAGE, Passer, Visitor};

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/", get(front)).route("/language", post(choose))
}

async fn front(visitor: Visitor) -> Redirect {
    let posts: Vec<String> = visitor.posts.iter().map(|(_, post)| post.to_string()).collect();
    Redirect::to(home(&posts))
}

#[derive(Deserialize)]
struct Choice {
    language: String,
    back: String,
    /// A form that waits in the page.
    #[serde(default)]
    kept: String,
}

async fn choose(State(shared): State<Shared>, passer: Passer, Form(choice): Form<Choice>) -> Result<Response, Trouble> {
    const YEAR_S: u32 = 31_536_000;
    let language = Language::of(&choice.language);
    let tag = language.tag();
    let cookie = format!("{LANGUAGE}={tag}; Path=/; Max-Age={YEAR_S}; SameSite=Lax; HttpOnly");
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
    if choice.kept.is_empty() {
        return Ok((headers, Redirect::to(local(&choice.back))).into_response());
    }
    let site = Site { language, ..passer.site };
    Ok((headers, waiting_page(&shared, &site, &choice.back, &choice.kept).await?).into_response())
}

/// Somebody came by an address that only takes forms, as after signing in again: the page the form stands on.
pub async fn only_posted(method: Method, passer: Passer) -> Response {
    if ![Method::GET, Method::HEAD].contains(&method) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = passer.site.here.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let to = match parts.as_slice() {
        [area @ ("apply" | "cases" | "projects"), id, ..] => format!("/{area}/{id}"),
        [area, _, ..] => format!("/{area}"),
        [] | [_] => "/".to_owned(),
    };
    Redirect::to(local(&to)).into_response()
}

/// No such page.
pub async fn missing(passer: Passer) -> Trouble {
    let path = passer.site.here.split('?').next().unwrap_or_default().to_owned();
    Refusal::not_found("no_such_page", format!("没有这个页面：{path}"), format!("cannot find the page {path}")).into()
}
