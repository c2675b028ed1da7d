//! One's own account: posts, language, password, the browsers one is signed in with.
//! Invariant: everything here is the visitor's own; no form names a person.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::Failure;
use crate::app::login::sessions::{OwnSession, Session};
use crate::app::sign_in::SignedIn;
use crate::clock;
use crate::engine::refusal::Refusal;
use crate::ids::Moment;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Entry, Mistake, mistakes};
use crate::web::pages::people::{HoldingRow, held_by};
use crate::web::pages::reset::Twice;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/account", get(show))
        .route("/account/language", get(to_account).post(choose))
        .route("/account/password", get(to_account).post(change))
        .route("/account/sessions", post(end).get(to_account))
}

#[derive(Serialize)]
struct AccountPage {
    login: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    language: &'static str,
    done: Option<&'static str>,
    posts: Vec<HoldingRow>,
    has_password: bool,
    old: Entry,
    new: Entry,
    again: Entry,
    mistakes: Vec<Mistake>,
    sessions: Vec<SessionRow>,
    others: usize,
}

#[derive(Serialize)]
struct SessionRow {
    here: bool,
    browser: String,
    begun: Moment,
    seen: Moment,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn to_account() -> Redirect {
    Redirect::to("/account")
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(query): Query<Done>) -> Result<Response, Trouble> {
    let done = match query.done.as_deref() {
        Some("language") => Some("account-done-language"),
        Some("password") => Some("account-done-password"),
        Some("sessions") => Some("account-done-sessions"),
        Some(_) | None => None,
    };
    page(&shared, &visitor, StatusCode::OK, done, None).await
}

async fn page(shared: &Shared, visitor: &Visitor, status: StatusCode, done: Option<&'static str>, wrong: Option<&Refusal>) -> Result<Response, Trouble> {
    let Visitor { tenant, person: id, known, site, .. } = visitor;
    let person = known.roster.people.get(id).cloned().ok_or_else(|| Refusal::not_found("unknown_person", "没有这个人员。", "cannot find the person"))?;
    let sessions = shared.app.own_sessions(*tenant, *id, clock::real()).await?;
    let row = |session: &OwnSession| SessionRow {
        here: session.digest == visitor.session,
        browser: browser(&session.agent),
        begun: session.begun,
        seen: session.seen,
    };
    let password = |id, title, fill| Entry::new(id, title, "password", fill);
    let data = AccountPage {
        has_password: shared.app.has_password(*tenant, *id).await?,
        language: Language::of(&person.language).tag(),
        posts: held_by(known, *id, shared.app.clock().now().date()),
        login: person.login,
        name: person.name,
        email: person.email,
        phone: person.phone,
        done,
        old: password("password_old", "password-old", "current-password"),
        new: password("password", "password-new", "new-password").hinted("password-hint"),
        again: password("password_again", "password-again", "new-password"),
        mistakes: mistakes(wrong),
        others: sessions.iter().filter(|session| session.digest != visitor.session).count(),
        sessions: sessions.iter().map(row).collect(),
    };
    let title = shared.pages.word(site.language, "account-title");
    Ok(shared.pages.page_with(status, site, "account", &title, &data))
}

/// What a browser calls itself, in two words.
fn browser(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // The order decides: most call themselves by their ancestors' names, too.
    let programs = [
        ("MicroMessenger", "微信 WeChat"),
        ("Edg", "Edge"),
        ("QQBrowser", "QQ 浏览器 QQ Browser"),
        ("360SE", "360"),
        ("HuaweiBrowser", "华为浏览器 Huawei Browser"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    match (find(&programs), find(&systems)) {
        (Some(program), Some(system)) => format!("{program} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[derive(Deserialize)]
struct Choice {
    language: String,
}

async fn choose(State(shared): State<Shared>, visitor: Visitor, Form(choice): Form<Choice>) -> Result<Response, Trouble> {
    shared.app.choose_language(visitor.tenant, visitor.person, &choice.language).await?;
    Ok(Redirect::to("/account?done=language").into_response())
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    password_old: String,
    #[serde(flatten)]
    twice: Twice,
}

async fn change(State(shared): State<Shared>, visitor: Visitor, Form(change): Form<Change>) -> Result<Response, Trouble> {
    let signed_in = SignedIn { tenant: visitor.tenant, person: visitor.person, known: visitor.known.clone() };
    let session = Session { signed_in, digest: visitor.session };
    let changed = match change.twice.agreed() {
        Ok(new) => shared.app.change_password(&session, change.password_old, new, clock::real()).await,
        Err(refusal) => Err(refusal.into()),
    };
    match changed {
        Ok(()) => Ok(Redirect::to("/account?done=password").into_response()),
        Err(Failure::Refused(refusal)) => page(&shared, &visitor, StatusCode::UNPROCESSABLE_ENTITY, None, Some(&refusal)).await,
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

async fn end(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    shared.app.end_sessions(visitor.tenant, visitor.person, Some(visitor.session)).await?;
    Ok(Redirect::to("/account?done=sessions").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_in_two_words() {
        let agents = [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 MicroMessenger/8.0", "微信 WeChat · iPhone"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", ""),
        ];
        for (agent, told) in agents {
            assert_eq!(browser(agent), told);
        }
    }
}
