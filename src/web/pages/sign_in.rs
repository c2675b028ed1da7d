//! Signing in and out. Invariant: one is sent on to an address of this host only, and a form that waited is sent by its owner's own click.
//! Never: a password in an answer; what was typed there is typed again.

mod kept;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::Failure;
use crate::app::login::Attempt;
use crate::app::login::demo::{Guest, Guests};
use crate::clock;
use crate::engine::refusal::Refusal;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::site::{Held, Site};
use crate::web::visitor::Passer;

pub use kept::Kept;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/sign-in", get(show).post(enter)).route("/sign-in/demo", get(to_front).post(enter_demo)).route("/sign-out", get(to_front).post(leave))
}

/// Whether a form may be posted there by somebody not signed in.
#[must_use]
pub fn is_open(path: &str) -> bool {
    ["/sign-in", "/sign-out", "/language", "/reset", "/invitation", "/unsubscribe"]
        .iter()
        .any(|open| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The address that asks to sign in and then goes on to `next`.
#[must_use]
pub fn address(next: &str) -> String {
    match local(next) {
        "/" => "/sign-in".to_owned(),
        next => format!("/sign-in?{}", serde_html_form::to_string([("next", next)]).unwrap_or_default()),
    }
}

/// The address when it is one of this host, else the front door. A browser reads `//x` and `/\x` as other hosts, and leaves out tabs and line breaks before it looks.
#[must_use]
pub fn local(address: &str) -> &str {
    let inside = address.starts_with('/') && !address.starts_with("//") && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if inside { address } else { "/" }
}

#[derive(Serialize)]
struct SignInPage {
    next: String,
    login: String,
    /// What waits, to be sent along; nothing when nothing waits.
    kept: Option<String>,
    /// Something was posted that cannot wait in a page.
    lost: bool,
    wrong: Option<Text>,
    demo: Option<DemoPart>,
}

#[derive(Serialize)]
struct DemoPart {
    typed: String,
    people: Vec<GuestRow>,
    found: usize,
    more: bool,
    all: usize,
}

#[derive(Serialize)]
struct GuestRow {
    login: String,
    name: String,
    posts: Vec<Held>,
}

impl DemoPart {
    fn new(typed: &str, guests: Guests) -> Self {
        let row = |guest: Guest| GuestRow {
            login: guest.login,
            name: guest.name,
            posts: guest.posts.into_iter().map(|(office, post)| Held { office, post: format!("post-{post}") }).collect(),
        };
        let more = guests.found > guests.shown.len();
        Self { typed: typed.to_owned(), people: guests.shown.into_iter().map(row).collect(), found: guests.found, more, all: guests.all }
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

async fn show(State(shared): State<Shared>, passer: Passer, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    if passer.site.user.is_some() {
        return Ok(Redirect::to(local(&asked.next)).into_response());
    }
    let typed = Typed { next: asked.next, ..Typed::default() };
    page(&shared, &passer.site, StatusCode::OK, &typed, None).await
}

async fn to_front() -> Redirect {
    Redirect::to("/")
}

/// The page a form waits in, in another language.
pub async fn waiting_page(shared: &Shared, site: &Site, next: &str, kept: &str) -> Result<Response, Trouble> {
    let typed = Typed { next: next.to_owned(), kept: kept.to_owned(), ..Typed::default() };
    match (&site.user, Kept::parse(kept)) {
        (Some(_), Some(kept)) => Ok(kept_page(shared, site, next, kept)),
        (Some(_), None) => Ok(Redirect::to(local(next)).into_response()),
        (None, _) => page(shared, site, StatusCode::OK, &typed, None).await,
    }
}

/// The sign-in page with what was posted waiting in it; `None` when it cannot wait.
pub async fn page_keeping(shared: &Shared, site: &Site, kept: Option<Kept>) -> Response {
    let typed = Typed { next: site.here.clone(), kept: kept.as_ref().map(Kept::write).unwrap_or_default(), lost: kept.is_none(), ..Typed::default() };
    page(shared, site, StatusCode::UNAUTHORIZED, &typed, None).await.unwrap_or_else(IntoResponse::into_response)
}

async fn page(shared: &Shared, site: &Site, status: StatusCode, typed: &Typed, wrong: Option<&Refusal>) -> Result<Response, Trouble> {
    let demo = shared.app.guests(&typed.find).await?.map(|guests| DemoPart::new(typed.find.trim(), guests));
    let kept = Kept::parse(&typed.kept).map(|kept| kept.write());
    let site = &Site { here: if kept.is_some() { local(&typed.next).to_owned() } else { site.here.clone() }, kept: kept.clone(), ..site.clone() };
    let data = SignInPage {
        next: local(&typed.next).to_owned(),
        login: typed.login.clone(),
        kept,
        lost: typed.lost,
        wrong: wrong.map(|refusal| Text { zh: refusal.zh.clone(), en: refusal.en.clone() }),
        demo,
    };
    let title = shared.pages.word(site.language, "sign-in-title");
    Ok(shared.pages.page_with(status, site, "sign-in", &title, &data))
}

/// What the sign-in page sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    login: String,
    password: String,
    next: String,
    kept: String,
    find: String,
    #[serde(skip)]
    lost: bool,
}

/// Where a request comes from.
type Connection = Option<Extension<ConnectInfo<SocketAddr>>>;

fn attempt(shared: &Shared, typed: &Typed, headers: &HeaderMap, connection: &Connection) -> Attempt {
    let agent = headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned());
    Attempt {
        login: typed.login.clone(),
        password: typed.password.clone(),
        address: shared.door.address(connection.as_ref().map(|Extension(info)| info), headers),
        agent: agent.unwrap_or_default(),
        before: shared.door.session(headers),
    }
}

async fn enter(
    State(shared): State<Shared>,
    passer: Passer,
    connection: Connection,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let attempt = attempt(&shared, &typed, &headers, &connection);
    match shared.app.sign_in(&attempt, clock::real()).await {
        Ok(token) => entered(&shared, &passer.site, &typed, &token).await,
        Err(Failure::Refused(refusal)) => {
            let status = if refusal.code == "sign_in_wrong" { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
            page(&shared, &passer.site, status, &typed, Some(&refusal)).await
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

async fn enter_demo(
    State(shared): State<Shared>,
    passer: Passer,
    connection: Connection,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    if typed.login.is_empty() && shared.app.is_demonstration().await? {
        return page(&shared, &passer.site, StatusCode::OK, &typed, None).await;
    }
    let token = shared.app.sign_in_demo(&attempt(&shared, &typed, &headers, &connection), clock::real()).await?;
    entered(&shared, &passer.site, &typed, &token).await
}

#[derive(Serialize)]
struct KeptPage {
    target: String,
    name: String,
    posts: Vec<Held>,
    pairs: Vec<kept::Pair>,
}

/// On to where somebody was going; a form that waited is shown with the name it will be sent under.
async fn entered(shared: &Shared, site: &Site, typed: &Typed, token: &str) -> Result<Response, Trouble> {
    let headers = shared.door.opened(token);
    let Some(kept) = Kept::parse(&typed.kept) else { return Ok((headers, Redirect::to(local(&typed.next))).into_response()) };
    let Some(session) = shared.app.session(token, clock::real()).await? else { return Ok((headers, Redirect::to("/")).into_response()) };
    let site = site.clone().of(&shared.app, &session.signed_in);
    Ok((headers, kept_page(shared, &site, &typed.next, kept)).into_response())
}

fn kept_page(shared: &Shared, site: &Site, next: &str, kept: Kept) -> Response {
    let site = Site { here: local(next).to_owned(), kept: Some(kept.write()), ..site.clone() };
    let user = site.user.clone().unwrap_or_default();
    let data = KeptPage { target: local(next).to_owned(), name: user.name, posts: user.posts, pairs: kept.pairs() };
    let title = shared.pages.word(site.language, "sign-in-kept-title");
    shared.pages.page(&site, "kept", &title, &data)
}

async fn leave(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Trouble> {
    if let Some(token) = shared.door.session(&headers) {
        shared.app.sign_out(&token).await?;
    }
    Ok((shared.door.closed(), Redirect::to("/sign-in")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_host_is_gone_on_to() {
        for inside in ["/", "/inbox", "/cases/GC20250001?x=1", "/apply/1#a"] {
            assert_eq!(local(inside), inside);
        }
        let outside =
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\\b", "inbox", "/\t/evil.example", "/a\r\nSet-Cookie: x", "javascript:x"];
        for outside in outside {
            assert_eq!(local(outside), "/", "{outside:?}");
        }
        assert_eq!(
            (address("/"), address("//evil.example"), address("/inbox?x=1")),
            ("/sign-in".into(), "/sign-in".into(), "/sign-in?next=%2Finbox%3Fx%3D1".into())
        );
    }
}
