//! The outbox, for whoever runs the installation: what waits, what left, what could not be sent; one notice with its attempts; sending it again.
//! Invariant: a list says how many there are; sending again is an act of the notice's case. Never: what a notice says or where it goes.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::outbox::AttemptLine;
use crate::app::queue::{Asked, Counted, NoticeState, QueueLine};
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, Moment};
use crate::limits::NOTICES_PER_PAGE;
use crate::notice::{Kind, Medium};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/system/notices", get(list)).route("/system/notices/{case}/{key}", get(show).post(send_again))
}

const STATES: [(NoticeState, &str, &str); 3] =
    [(NoticeState::Parked, "parked", "notices-parked"), (NoticeState::Waiting, "waiting", "notices-waiting"), (NoticeState::Sent, "sent", "notices-sent")];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    state: String,
    medium: String,
    kind: String,
    after: String,
}

#[derive(Serialize)]
struct ListPage {
    states: Vec<Chip>,
    media: Vec<Chip>,
    kinds: Vec<KindChoice>,
    state: &'static str,
    medium: &'static str,
    lines: Vec<Line>,
    count: String,
    moment_word: &'static str,
    first: Option<String>,
    on: Option<String>,
}

#[derive(Serialize)]
struct Chip {
    href: String,
    word: String,
    count: Option<String>,
    current: bool,
}

/// A kind to choose, by the key of its word.
#[derive(Serialize)]
struct KindChoice {
    value: &'static str,
    word: String,
    chosen: bool,
}

/// A notice as a row.
#[derive(Serialize)]
struct Line {
    href: String,
    word: String,
    kind: String,
    medium: String,
    recipient: String,
    moment: i64,
    due: i64,
    attempts: u32,
    state: &'static str,
    /// The one by the other medium that did not arrive, and that this was made for.
    follows: Option<String>,
    /// The one by the other medium that was made for this.
    next: Option<Next>,
    folded: bool,
}

#[derive(Serialize)]
struct Next {
    href: String,
    word: &'static str,
}

/// The key of a kind's word. A kind this program no longer has is called by one word for all such.
#[must_use]
pub fn kind_word(kind: &str) -> String {
    if kind.parse::<Kind>().is_ok() { format!("kind-{}", kind.replace('.', "-")) } else { "kind-other".to_owned() }
}

fn state_of(state: NoticeState) -> (&'static str, &'static str) {
    STATES.iter().find(|(known, ..)| *known == state).map_or(("", ""), |(_, key, word)| (key, word))
}

fn line(line: &QueueLine) -> Line {
    let href = |key: &String| format!("/system/notices/{}/{key}", line.case);
    Line {
        href: href(&line.key),
        word: kind_word(&line.kind),
        kind: line.kind.clone(),
        medium: format!("medium-{}", line.channel),
        recipient: line.recipient.clone(),
        moment: line.moment.0,
        due: line.due.0,
        attempts: line.attempts,
        state: state_of(line.state).0,
        follows: line.follows.as_ref().map(href),
        next: line.next.as_ref().map(|(key, state)| Next { href: href(key), word: state_of(*state).1 }),
        folded: line.folded,
    }
}

fn counted(counted: Counted) -> String {
    if counted.or_more { format!("{}+", counted.count) } else { counted.count.to_string() }
}

/// Where a page of the list begins, as it stands in an address: moment and key.
fn after(text: &str) -> Option<(Moment, String)> {
    let (at, key) = text.split_once('.')?;
    Some((Moment(at.parse().ok()?), key.to_owned()))
}

fn address(state: &str, medium: &str, kind: &str, after: &str) -> String {
    let pairs = [("state", state), ("medium", medium), ("kind", kind), ("after", after)];
    let query = serde_html_form::to_string(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()).unwrap_or_default();
    format!("/system/notices?{query}")
}

async fn list(State(shared): State<Shared>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let (state, state_key, _) = STATES.into_iter().find(|(_, key, _)| *key == wanted.state).unwrap_or(STATES[1]);
    let medium = Medium::of(&wanted.medium).unwrap_or(Medium::Sms);
    let kind: Option<Kind> = wanted.kind.parse().ok();
    let kind_key = kind.map_or("", Kind::key);
    let asked = Asked { state, medium, kind, after: after(&wanted.after), limit: NOTICES_PER_PAGE };
    let page = shared.app.queue(visitor.tenant, &visitor.actor(), &asked).await?;
    let count = |state: NoticeState| page.counts.iter().find(|(counted, _)| *counted == state).map(|(_, found)| counted(*found)).unwrap_or_default();
    let states = STATES.into_iter().map(|(other, key, word)| Chip {
        href: address(key, medium.key(), kind_key, ""),
        word: word.to_owned(),
        count: Some(count(other)),
        current: other == state,
    });
    let media = Medium::ALL.into_iter().map(|other| Chip {
        href: address(state_key, other.key(), kind_key, ""),
        word: format!("medium-{}", other.key()),
        count: None,
        current: other == medium,
    });
    let offered = Kind::ALL.iter().filter(|kind| medium == Medium::Mail || kind.has_short());
    let data = ListPage {
        states: states.collect(),
        media: media.collect(),
        kinds: offered.map(|offered| KindChoice { value: offered.key(), word: kind_word(offered.key()), chosen: Some(*offered) == kind }).collect(),
        state: state_key,
        medium: medium.key(),
        lines: page.lines.iter().map(line).collect(),
        count: count(state),
        moment_word: if state == NoticeState::Waiting { "notices-next" } else { "notices-when" },
        first: asked.after.is_some().then(|| address(state_key, medium.key(), kind_key, "")),
        on: page.next.map(|(at, key)| address(state_key, medium.key(), kind_key, &format!("{}.{key}", at.0))),
    };
    let title = shared.pages.word(visitor.site.language, "notices-title");
    Ok(shared.pages.page(&visitor.site, "notices", &title, &data))
}

#[derive(Serialize)]
struct NoticePage {
    command: String,
    line: Line,
    key: String,
    language: String,
    attempts: Vec<AttemptLine>,
    receipts: Vec<ReceiptRow>,
    sms: bool,
    done: bool,
}

#[derive(Serialize)]
struct ReceiptRow {
    at: i64,
    delivered: bool,
    words: String,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn show(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, key)): Path<(String, String)>,
    Query(query): Query<Done>,
) -> Result<Response, Trouble> {
    let record = shared.app.notice_record(visitor.tenant, &visitor.actor(), case_id(&case)?, &key).await?;
    let data = NoticePage {
        command: fresh_command()?,
        line: line(&record.line),
        key,
        language: record.line.language.clone(),
        attempts: record.attempts,
        receipts: record.receipts.into_iter().map(|receipt| ReceiptRow { at: receipt.at.0, delivered: receipt.delivered, words: receipt.words }).collect(),
        sms: record.line.channel == Medium::Sms.key(),
        done: query.done.is_some(),
    };
    let title = shared.pages.word(visitor.site.language, "notices-one");
    Ok(shared.pages.page(&visitor.site, "notice", &title, &data))
}

#[derive(Deserialize)]
struct Again {
    command: String,
}

async fn send_again(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, key)): Path<(String, String)>,
    Form(form): Form<Again>,
) -> Result<Response, Trouble> {
    let case = case_id(&case)?;
    shared.app.send_again(visitor.tenant, visitor.actor(), form.command.parse().ok(), (case, &key)).await?;
    Ok(Redirect::to(&format!("/system/notices/{case}/{key}?done=1")).into_response())
}

fn case_id(text: &str) -> Result<CaseId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("no_such_notice", "没有这条通知。", "cannot find the notice"))
}
