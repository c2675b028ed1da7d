//! What works without signing in: stopping a digest by the link it carries, and the calendar feed; and making or ending that feed.
//! Invariant: looking at a link changes nothing; a feed's address is shown once. Never: a redirect in answer to a one-click request (RFC 8058).

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::own_links::{FeedRead, Stop};
use crate::engine::refusal::Refusal;
use crate::exports::ics::{Day, calendar};
use crate::ids::Digest;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::secret;
use crate::web::visitor::{Passer, Visitor};

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/unsubscribe/{token}", get(look).post(stop)).route("/feeds/{token}", get(feed)).route("/account/feed", get(to_notices).post(change))
}

#[derive(Serialize)]
struct StopPage {
    group: String,
    about: String,
    off: bool,
    done: bool,
}

fn stop_page(shared: &Shared, passer: &Passer, stop: &Stop, done: bool) -> Response {
    let key = stop.group.key();
    let data = StopPage { group: format!("group-{key}"), about: format!("group-{key}-about"), off: stop.off, done };
    let title = shared.pages.word(passer.site.language, "stop-title");
    (secret(), shared.pages.page(&passer.site, "unsubscribe", &title, &data)).into_response()
}

async fn look(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>) -> Result<Response, Trouble> {
    let stop = shared.app.stops(&token).await?;
    Ok(stop_page(&shared, &passer, &stop, false))
}

/// From the page, or from a mail program's own button; the body says nothing that the address does not.
async fn stop(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>) -> Result<Response, Trouble> {
    let stop = shared.app.stop_by_link(&token).await?;
    Ok(stop_page(&shared, &passer, &stop, true))
}

async fn to_notices() -> Redirect {
    Redirect::to("/account/notices")
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    command: String,
    #[serde(default)]
    act: String,
}

#[derive(Serialize)]
struct FeedPage {
    address: String,
}

async fn change(State(shared): State<Shared>, visitor: Visitor, headers: HeaderMap, Form(form): Form<Change>) -> Result<Response, Trouble> {
    if form.act == "end" {
        shared.app.end_feed(visitor.tenant, visitor.person).await?;
        return Ok(Redirect::to("/account/notices?done=feed").into_response());
    }
    let token = shared.app.renew_feed(visitor.tenant, visitor.person, form.command.parse().ok()).await?;
    let data = FeedPage { address: format!("{}/feeds/{token}.ics", base(&shared, &headers)) };
    let title = shared.pages.word(visitor.site.language, "feed-title");
    Ok((secret(), shared.pages.page(&visitor.site, "feed", &title, &data)).into_response())
}

/// This host as the browser calls it.
fn base(shared: &Shared, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if shared.door.secure { "https" } else { "http" };
    format!("{scheme}://{host}")
}

async fn feed(State(shared): State<Shared>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Trouble> {
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let Some(FeedRead { language, entries }) = shared.app.read_feed(token).await? else {
        let (zh, en) = (
            "这个日历地址已经更换或者停用。请登录后在“通知方式”里重新生成。",
            "cannot find this calendar: its address was renewed or ended; make a new one under your account",
        );
        return Err(Refusal::not_found("no_such_feed", zh, en).into());
    };
    let base = base(&shared, &headers);
    let days: Vec<Day> = entries
        .into_iter()
        .map(|entry| Day { id: entry.id, on: entry.due, made: entry.opened, title: entry.title, url: format!("{base}{}", entry.path) })
        .collect();
    let name = match language {
        Language::Zh => "绿色通道到期日",
        Language::En => "Green channel due dates",
    };
    let text = calendar(name, "greenlane", &days);
    let tag = format!("\"{}\"", Digest::of(text.as_bytes()));
    // The address is a secret: what it opens is kept by nobody in between.
    let kept = [(CACHE_CONTROL, "private, no-cache".to_owned()), (ETAG, tag.clone())];
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}
