//! The front door: by role to where somebody begins; the language; what is not there.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use crate::engine::refusal::Refusal;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::sign_in::local;
use crate::web::site::home;
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
}

async fn choose(Form(choice): Form<Choice>) -> Response {
    const YEAR_S: u32 = 31_536_000;
    let tag = Language::of(&choice.language).tag();
    let cookie = format!("{LANGUAGE}={tag}; Path=/; Max-Age={YEAR_S}; SameSite=Lax; HttpOnly");
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
    (headers, Redirect::to(local(&choice.back))).into_response()
}

/// No such page.
pub async fn missing(passer: Passer) -> Trouble {
    let path = passer.site.here.split('?').next().unwrap_or_default().to_owned();
    Refusal::not_found("no_such_page", format!("没有这个页面：{path}"), format!("cannot find the page {path}")).into()
}
