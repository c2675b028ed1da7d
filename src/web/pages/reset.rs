//! Setting a password by a link that came by mail, and asking for such a link.
//! Invariant: asking is answered alike for everybody. Never: a link used up by looking at it; programs that read mail look, too.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::{Failure, refusal};
use crate::app::login::invite::Linked;
use crate::clock;
use crate::engine::refusal::{Class, Refusal};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Entry, Mistake, mistakes, secret};
use crate::web::site::Site;
use crate::web::visitor::Passer;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/reset", get(show).post(ask))
        .route("/reset/{token}", get(resetting).post(reset))
        .route("/invitation/{token}", get(invited).post(accept))
}

#[derive(Serialize)]
struct AskPage {
    sent: bool,
    command: String,
    asked: Entry,
    mistakes: Vec<Mistake>,
}

#[derive(Deserialize)]
struct Sent {
    sent: Option<String>,
}

async fn show(State(shared): State<Shared>, passer: Passer, Query(query): Query<Sent>) -> Result<Response, Trouble> {
    ask_page(&shared, &passer.site, StatusCode::OK, query.sent.is_some(), String::new(), None)
}

fn ask_page(shared: &Shared, site: &Site, status: StatusCode, sent: bool, typed: String, wrong: Option<&Refusal>) -> Result<Response, Trouble> {
    let asked = Entry::new("asked", "reset-asked", "text", "username").typed(typed).judged(wrong);
    let title = shared.pages.word(site.language, if sent { "reset-sent-title" } else { "reset-title" });
    let command = shared.app.new_command()?.to_string();
    Ok(shared.pages.page_with(status, site, "reset", &title, &AskPage { sent, command, asked, mistakes: mistakes(wrong) }))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    command: String,
    #[serde(default)]
    asked: String,
}

async fn ask(
    State(shared): State<Shared>,
    passer: Passer,
    connection: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, Trouble> {
    if form.asked.trim().is_empty() {
        let empty = Refusal::invalid("missing", "请填写登录名或邮箱。", "cannot ask for a link: fill in the login or the mail address");
        return ask_page(&shared, &passer.site, StatusCode::UNPROCESSABLE_ENTITY, false, form.asked, Some(&empty));
    }
    let address = shared.door.address(connection.as_ref().map(|Extension(info)| info), &headers);
    match shared.app.ask_reset((&form.asked, form.command.parse().ok()), &address, clock::real()).await {
        Ok(()) => Ok(Redirect::to("/reset?sent=1").into_response()),
        Err(Failure::Refused(refusal)) => ask_page(&shared, &passer.site, StatusCode::TOO_MANY_REQUESTS, false, form.asked, Some(&refusal)),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

#[derive(Serialize)]
struct SetPage {
    first: bool,
    done: bool,
    login: String,
    name: String,
    password: Entry,
    again: Entry,
    mistakes: Vec<Mistake>,
}

fn set_page(shared: &Shared, site: &Site, linked: &Linked, first: bool, (done, wrong): (bool, Option<&Refusal>)) -> Response {
    let data = SetPage {
        first,
        done,
        login: linked.person.login.clone(),
        name: linked.person.name.clone(),
        password: Entry::new("password", "password-new", "password", "new-password").hinted("password-hint"),
        again: Entry::new("password_again", "password-again", "password", "new-password"),
        mistakes: mistakes(wrong),
    };
    let title = match (done, first) {
        (true, _) => "password-set-title",
        (false, true) => "invitation-title",
        (false, false) => "reset-set-title",
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (secret(), shared.pages.page_with(status, site, "password", &shared.pages.word(site.language, title), &data)).into_response()
}

async fn resetting(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>) -> Result<Response, Trouble> {
    let linked = shared.app.resetting(&token, clock::real()).await?;
    Ok(set_page(&shared, &passer.site, &linked, false, (false, None)))
}

async fn invited(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>) -> Result<Response, Trouble> {
    let linked = shared.app.invited(&token, clock::real()).await?;
    Ok(set_page(&shared, &passer.site, &linked, true, (false, None)))
}

/// A new password, typed twice.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Twice {
    /// The password.
    pub password: String,
    /// Once more.
    pub password_again: String,
}

impl Twice {
    /// The password, when both are the same.
    ///
    /// # Errors
    /// `password_differs`.
    pub fn agreed(self) -> Result<String, Refusal> {
        if self.password == self.password_again {
            return Ok(self.password);
        }
        Err(refusal("password_differs", Class::Invalid, "两次输入的密码不一致，请重新输入。", "cannot set the password: the two you typed differ"))
    }
}

async fn reset(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>, Form(twice): Form<Twice>) -> Result<Response, Trouble> {
    let linked = shared.app.resetting(&token, clock::real()).await?;
    let set = match twice.agreed() {
        Ok(password) => shared.app.reset_password(&token, password, clock::real()).await.map(drop),
        Err(refusal) => Err(refusal.into()),
    };
    after(&shared, &passer.site, &linked, false, set)
}

async fn accept(State(shared): State<Shared>, passer: Passer, Path(token): Path<String>, Form(twice): Form<Twice>) -> Result<Response, Trouble> {
    let linked = shared.app.invited(&token, clock::real()).await?;
    let set = match twice.agreed() {
        Ok(password) => shared.app.accept_invitation(&token, password, clock::real()).await.map(drop),
        Err(refusal) => Err(refusal.into()),
    };
    after(&shared, &passer.site, &linked, true, set)
}

/// What a password lacks is said beside it; that the link is over is a page of its own.
fn after(shared: &Shared, site: &Site, linked: &Linked, first: bool, set: Result<(), Failure>) -> Result<Response, Trouble> {
    match set {
        Ok(()) => Ok(set_page(shared, site, linked, first, (true, None))),
        Err(Failure::Refused(refusal)) if refusal.class == Class::Invalid => Ok(set_page(shared, site, linked, first, (false, Some(&refusal)))),
        Err(failure) => Err(failure.into()),
    }
}
