//! Subscriptions of outside systems, for whoever runs the installation: the list, a new one, one of them with what can be done to it.
//! Invariant: a secret stands on the page that answers the form that made it, and on no other. Never: what a message says.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::Failure;
use crate::app::webhooks::{Changed, HookAct, HookLine, HookTry, KINDS, Webhook};
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::may::Act;
use crate::ids::{CommandId, Text};
use crate::limits::{NOTICES_COUNTED_MAX, WEBHOOKS_ENDED_SHOWN_MAX};
use crate::secret::Secret;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Entry, Mistake, mistakes, secret};
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/system/webhooks", get(list)).route("/system/webhooks/new", get(form).post(add)).route("/system/webhooks/{id}", get(show).post(change))
}

/// A kind of event, by the key of its word.
#[derive(Serialize)]
struct Kind {
    value: String,
    word: String,
    chosen: bool,
}

fn kind(value: &str, chosen: bool) -> Kind {
    let known = KINDS.contains(&value) || value == "webhook.test";
    let word = if known { format!("webhooks-kind-{}", value.replace('.', "-")) } else { "webhooks-kind-other".to_owned() };
    Kind { value: value.to_owned(), word, chosen }
}

/// The last attempt, in a word.
#[derive(Serialize)]
struct Last {
    at: i64,
    word: &'static str,
    good: bool,
    kind: Kind,
    answer: String,
    why: Option<&'static str>,
}

/// What we said ourselves, by the key of its sentence; what the other side said has none.
fn why(answer: &str) -> Option<&'static str> {
    let ours = [
        ("expected a public address", "webhooks-why-inside"),
        ("the subscription has ended", "webhooks-why-ended"),
        ("begins with https", "webhooks-why-plain"),
    ];
    ours.into_iter().find(|(said, _)| answer.contains(said)).map(|(_, key)| key)
}

fn last(tried: &HookTry) -> Last {
    let word = match tried.arrived {
        Some(true) => "webhooks-arrived",
        Some(false) => "webhooks-given-up",
        None => "webhooks-again-later",
    };
    Last { at: tried.at.0, word, good: tried.arrived == Some(true), kind: kind(&tried.kind, true), answer: tried.answer.clone(), why: why(&tried.answer) }
}

/// A subscription.
#[derive(Serialize)]
struct Line {
    id: String,
    url: String,
    /// The key of the word for its state.
    state: &'static str,
    /// The class of its tag.
    class: &'static str,
    kinds: Vec<Kind>,
    all: bool,
    since: i64,
    paused: Option<i64>,
    ended: Option<i64>,
    waiting: String,
    parked: String,
    last: Option<Last>,
}

fn counted(count: i64) -> String {
    if count >= i64::from(NOTICES_COUNTED_MAX) { format!("{count}+") } else { count.to_string() }
}

fn bare(hook: &Webhook) -> Line {
    let (state, class) = match (hook.ended, hook.paused) {
        (Some(_), _) => ("webhooks-ended", ""),
        (None, Some(_)) => ("webhooks-paused", "begun"),
        (None, None) => ("webhooks-in-use", "channel"),
    };
    Line {
        id: hook.id.clone(),
        url: hook.url.clone(),
        state,
        class,
        kinds: hook.kinds.iter().map(|value| kind(value, true)).collect(),
        all: KINDS.iter().all(|known| hook.kinds.iter().any(|kind| kind == known)),
        since: hook.since.0,
        paused: hook.paused.map(|at| at.0),
        ended: hook.ended.map(|at| at.0),
        waiting: "0".to_owned(),
        parked: "0".to_owned(),
        last: None,
    }
}

fn line(found: &HookLine) -> Line {
    Line { waiting: counted(found.waiting), parked: counted(found.parked), last: found.last.as_ref().map(last), ..bare(&found.hook) }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: String,
}

/// What was done, by the key of its sentence.
fn done(word: &str) -> Option<&'static str> {
    [
        ("pause", "webhooks-done-pause"),
        ("resume", "webhooks-done-resume"),
        ("test", "webhooks-done-test"),
        ("retry", "webhooks-done-retry"),
        ("end", "webhooks-done-end"),
    ]
    .into_iter()
    .find(|(known, _)| *known == word)
    .map(|(_, key)| key)
}

#[derive(Serialize)]
struct ListPage {
    done: Option<&'static str>,
    lines: Vec<Line>,
    ended: Vec<Line>,
}

async fn list(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let (open, over) = shared.app.webhooks(visitor.tenant, &visitor.actor(), WEBHOOKS_ENDED_SHOWN_MAX).await?;
    let data = ListPage { done: done(&asked.done), lines: open.iter().map(line).collect(), ended: over.iter().map(bare).collect() };
    let title = shared.pages.word(visitor.site.language, "webhooks-title");
    Ok(shared.pages.page(&visitor.site, "webhooks", &title, &data))
}

/// What was typed for a new one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    command: String,
    url: String,
    kinds: Vec<String>,
}

#[derive(Serialize)]
struct AddPage {
    command: String,
    entry: Entry,
    kinds: Vec<Kind>,
    wrong_kinds: Option<Text>,
    mistakes: Vec<Mistake>,
}

async fn form(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    let typed = Typed { command: fresh_command()?, kinds: KINDS.map(str::to_owned).to_vec(), ..Typed::default() };
    add_page(&shared, &visitor, typed, None)
}

fn add_page(shared: &Shared, visitor: &Visitor, typed: Typed, wrong: Option<&Refusal>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    let entry = Entry::new("url", "webhooks-url", "url", "off").hinted("webhooks-url-hint").typed(typed.url).judged(wrong);
    let of_kinds = wrong.and_then(|refusal| refusal.details.iter().find(|detail| detail.path == "kinds"));
    let data = AddPage {
        command: typed.command,
        entry,
        kinds: KINDS.iter().map(|value| kind(value, typed.kinds.iter().any(|chosen| chosen == value))).collect(),
        wrong_kinds: of_kinds.map(|detail| Text { zh: detail.zh.clone(), en: detail.en.clone() }),
        mistakes: mistakes(wrong),
    };
    let title = shared.pages.word(visitor.site.language, "webhooks-add");
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "webhook-add", &title, &data))
}

#[derive(Serialize)]
struct SecretPage {
    id: String,
    url: String,
    secret: String,
    /// The one before signs as well for a while.
    renewed: bool,
}

/// The secret, on a page that nobody keeps.
fn secret_page(shared: &Shared, visitor: &Visitor, changed: Changed, renewed: bool) -> Response {
    let data = SecretPage { id: changed.id, url: changed.url, secret: changed.secret.map(Secret::into_inner).unwrap_or_default(), renewed };
    let title = shared.pages.word(visitor.site.language, "webhooks-secret");
    (secret(), shared.pages.page(&visitor.site, "webhook-secret", &title, &data)).into_response()
}

async fn add(State(shared): State<Shared>, visitor: Visitor, body: Bytes) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    // A box for each kind, under one name.
    let typed: Typed = serde_html_form::from_bytes(&body).map_err(|cause| unread(&cause))?;
    if typed.kinds.is_empty() {
        // At a terminal nothing said means all of them; a form in which every box was cleared means nothing.
        let mut details = shared.app.webhook_mistakes(&visitor.known, typed.url.trim(), &[]);
        details.push(Detail::new("kinds", "missing", "请至少选择一类事件", "choose at least one kind of event"));
        let wrong = Refusal::invalid("webhook_wrong", "请改正下列各处。", "cannot subscribe: correct what is listed");
        return add_page(&shared, &visitor, typed, Some(&Refusal { details, ..wrong }));
    }
    let act = HookAct::Add { url: typed.url.clone(), kinds: typed.kinds.clone() };
    match shared.app.change_webhook(visitor.tenant, visitor.actor(), typed.command.parse().ok(), &act).await {
        Ok(changed) => Ok(secret_page(&shared, &visitor, changed, false)),
        Err(Failure::Refused(refusal)) if !refusal.details.is_empty() => add_page(&shared, &visitor, typed, Some(&refusal)),
        Err(failure) => Err(failure.into()),
    }
}

fn unread(cause: &dyn std::fmt::Display) -> Refusal {
    Refusal::invalid("form_not_read", "表单没有读懂，请重新打开页面。", format!("cannot read the form: {cause}"))
}

#[derive(Serialize)]
struct ShowPage {
    done: Option<&'static str>,
    command: String,
    line: Line,
    /// How often its secret was changed.
    key: u32,
    old_secret_until: Option<i64>,
    parked: Vec<Parked>,
    mistakes: Vec<Mistake>,
}

/// A message that was given up.
#[derive(Serialize)]
struct Parked {
    id: String,
    kind: Kind,
    at: i64,
    answer: String,
    why: Option<&'static str>,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    show_page(&shared, &visitor, &id, (done(&asked.done), None)).await
}

async fn show_page(shared: &Shared, visitor: &Visitor, id: &str, (done, wrong): (Option<&'static str>, Option<&Refusal>)) -> Result<Response, Trouble> {
    let (found, parked) = shared.app.webhook(visitor.tenant, &visitor.actor(), id).await?;
    let data = ShowPage {
        done,
        command: fresh_command()?,
        key: found.hook.key,
        old_secret_until: shared.app.old_secret_until(&found.hook).map(|until| until.0),
        parked: parked
            .into_iter()
            .map(|one| Parked { kind: kind(&one.kind, true), id: one.id, at: one.at.0, why: why(&one.answer), answer: one.answer })
            .collect(),
        mistakes: mistakes(wrong),
        line: line(&found),
    };
    let title = format!("{} {id}", shared.pages.word(visitor.site.language, "webhooks-one"));
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "webhook", &title, &data))
}

/// Which button of a subscription's page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pressed {
    command: String,
    act: String,
    seen: Option<u32>,
}

async fn change(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<String>, Form(pressed): Form<Pressed>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    let of = |act: &str| {
        let id = id.clone();
        Some(match act {
            "pause" => HookAct::Pause { id },
            "resume" => HookAct::Resume { id },
            "test" => HookAct::Test { id },
            "retry" => HookAct::Retry { id },
            "rekey" => HookAct::Rekey { id, seen: pressed.seen },
            "end" => HookAct::End { id },
            _ => return None,
        })
    };
    let act = of(&pressed.act).ok_or_else(|| unread(&"no such act"))?;
    // One page has several buttons, and each is an act of its own.
    let command = pressed.command.parse().ok().map(|form: CommandId| CommandId::of(&format!("{form}\n{}", pressed.act)));
    match shared.app.change_webhook(visitor.tenant, visitor.actor(), command, &act).await {
        Ok(changed) if changed.secret.is_some() => Ok(secret_page(&shared, &visitor, changed, true)),
        Ok(_) if pressed.act == "end" => Ok(Redirect::to("/system/webhooks?done=end").into_response()),
        Ok(_) => Ok(Redirect::to(&format!("/system/webhooks/{id}?done={}", pressed.act)).into_response()),
        Err(Failure::Refused(refusal)) if refusal.class == Class::Conflict => show_page(&shared, &visitor, &id, (None, Some(&refusal))).await,
        Err(failure) => Err(failure.into()),
    }
}
