//! The auditor's pages: where the record stands, what was verified when; finding and proving an act; taking the record out.
//! Invariant: what leaves the house is on the record before it leaves. Never: "all proofs hold" without saying when that was found and what it covered.

mod act;
mod leave;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::app::find::{ActLine, Found, Search};
use crate::app::register;
use crate::app::verification::Verified;
use crate::audit::Checkpoint;
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::{CaseId, PersonId, Text};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::permit::{allows, permit};
use crate::web::visitor::Visitor;

/// How many acts one page lists.
const PAGE: u32 = 20;
/// How many exports the first page lists.
const EXPORTS: u32 = 10;
/// How long a press on the button waits for the result before the page says that it is under way.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/audit", get(front))
        .route("/audit/verify", post(verify))
        .route("/audit/find", get(find))
        .route("/audit/act/{case}/{seq}", get(act::show))
        .route("/audit/act/{case}/{seq}/proof", get(act::proof))
        .route("/audit/exports", get(leave::exports))
        .route("/audit/checkpoint", get(leave::checkpoint))
        .route("/audit/keys", get(leave::keys))
        .route("/audit/log.jsonl", get(leave::log))
        .route("/exports/ledger.csv", get(leave::ledger_csv))
        .route("/exports/ledger.xlsx", get(leave::ledger_xlsx))
}

#[derive(Serialize)]
struct FrontPage {
    size: i64,
    unsealed: i64,
    checkpoint: Option<Sealed>,
    running: Option<i64>,
    broken: bool,
    last: Option<Verified>,
    acts: Vec<ActRow>,
    exports: Vec<leave::ExportRow>,
    links: Vec<Link>,
    may_export: bool,
    form: SearchForm,
}

/// A checkpoint as the page shows it.
#[derive(Serialize)]
struct Sealed {
    size: u64,
    at: i64,
    origin: String,
    note: String,
}

/// A link the ledger can be narrowed to.
#[derive(Serialize)]
struct Link {
    key: String,
    title: Text,
}

/// An act in a list.
#[derive(Serialize)]
pub(super) struct ActRow {
    href: String,
    name: Text,
    seq: i64,
    at: i64,
    kind: String,
    by: Text,
    index: Option<i64>,
}

impl ActRow {
    fn of(line: ActLine, tenant: crate::ids::Tenant) -> Self {
        let case = if line.case == register::case_of(tenant) { register::WORKFLOW.to_owned() } else { line.case.to_string() };
        let href = format!("/audit/act/{case}/{}", line.seq);
        Self { href, name: line.name, seq: line.seq, at: line.at.0, kind: format!("audit-kind-{}", line.kind), by: line.by, index: line.index }
    }
}

async fn front(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let app = &shared.app;
    let verification = app.verification().await?;
    let (size, unsealed) = app.log_stands().await?;
    let note = app.checkpoint().await?;
    let found = app.find_acts(visitor.tenant, &Search::default(), PAGE).await?;
    let exported = app.exported(visitor.tenant, None, EXPORTS).await?;
    let page = FrontPage {
        size,
        unsealed,
        checkpoint: note.and_then(|note| sealed(&note)),
        running: verification.running.map(|since| since.0),
        broken: verification.broken.is_some(),
        last: verification.last,
        acts: found.acts.into_iter().map(|line| ActRow::of(line, visitor.tenant)).collect(),
        exports: exported.into_iter().map(|exported| leave::ExportRow::of(exported, visitor.tenant)).collect(),
        links: links(&visitor),
        may_export: allows(app, &visitor, Act::Export),
        form: SearchForm::default(),
    };
    let title = shared.pages.word(visitor.language(), "audit-title");
    Ok(shared.pages.page(&visitor.site, "audit", &title, &page))
}

/// The content of a checkpoint the store keeps; its signature was checked when it was made and is checked again by every verification.
fn sealed(note: &str) -> Option<Sealed> {
    let text = note.split("\n\n").next()?;
    let Checkpoint { origin, head, at } = Checkpoint::parse(&format!("{text}\n")).ok()?;
    Some(Sealed { size: head.size, at: at.0, origin, note: note.to_owned() })
}

/// Every published workflow a step can belong to, by name.
fn links(visitor: &Visitor) -> Vec<Link> {
    let programs = visitor.known.current.values().filter_map(|digest| visitor.known.bundles.get(digest)).flat_map(|bundle| bundle.programs.values());
    let mut links: Vec<Link> = programs.map(|program| Link { key: program.name.to_string(), title: program.title.clone() }).collect();
    links.sort_by(|left, right| left.key.cmp(&right.key));
    links.dedup_by(|left, right| left.key == right.key);
    links
}

async fn verify(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    shared.app.verify_soon(PATIENCE).await;
    Ok(Redirect::to("/audit#verified").into_response())
}

/// What is typed to find an act.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct SearchForm {
    #[serde(default)]
    case: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    before: String,
}

#[derive(Serialize)]
struct FindPage {
    form: SearchForm,
    acts: Vec<ActRow>,
    count: usize,
    searched: Option<Stretch>,
    older: Option<String>,
    wrong: Option<Text>,
}

#[derive(Serialize)]
struct Stretch {
    from: i64,
    to: i64,
}

async fn find(State(shared): State<Shared>, visitor: Visitor, Query(form): Query<SearchForm>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let (found, wrong) = match search(&shared, &visitor, &form).await {
        Ok(search) => (shared.app.find_acts(visitor.tenant, &search, PAGE).await?, None),
        Err(Trouble::Refused(refusal)) => (Found { acts: Vec::new(), searched: None, before: None }, Some(Text { zh: refusal.zh, en: refusal.en })),
        Err(fault @ Trouble::Fault(_)) => return Err(fault),
    };
    let older = found.before.map(|before| {
        let form = SearchForm { before: before.to_string(), ..form.clone() };
        format!("/audit/find?{}", serde_html_form::to_string(&form).unwrap_or_default())
    });
    let page = FindPage {
        count: found.acts.len(),
        acts: found.acts.into_iter().map(|line| ActRow::of(line, visitor.tenant)).collect(),
        searched: found.searched.map(|(from, to)| Stretch { from, to }),
        older,
        wrong,
        form,
    };
    let title = shared.pages.word(visitor.language(), "audit-find-title");
    Ok(shared.pages.page(&visitor.site, "audit-find", &title, &page))
}

async fn search(shared: &Shared, visitor: &Visitor, form: &SearchForm) -> Result<Search, Trouble> {
    let case = match form.case.trim() {
        "" => None,
        number => Some(case_of(shared, visitor, number).await?),
    };
    let day = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let (zh, en) = (format!("日期应写成 2025-03-03，实际为“{text}”。"), format!("cannot search: expected a day such as 2025-03-03, found `{text}`"));
            Trouble::from(Refusal::invalid("day_not_read", zh, en))
        }),
    };
    Ok(Search { case, person: person(visitor, form.person.trim())?, from: day(&form.from)?, to: day(&form.to)?, before: form.before.parse().ok() })
}

/// The case of an address: a number, an id, or the register.
pub(super) async fn case_of(shared: &Shared, visitor: &Visitor, text: &str) -> Result<CaseId, Trouble> {
    if text == register::WORKFLOW {
        return Ok(register::case_of(visitor.tenant));
    }
    Ok(shared.app.case_named(visitor.tenant, text).await?)
}

/// The person with that login, else the one with that name.
fn person(visitor: &Visitor, text: &str) -> Result<Option<PersonId>, Trouble> {
    if text.is_empty() {
        return Ok(None);
    }
    let people = &visitor.known.roster.people;
    if let Some(person) = people.values().find(|person| person.login == text) {
        return Ok(Some(person.id));
    }
    let mut named = people.values().filter(|person| person.name == text);
    match (named.next(), named.next()) {
        (Some(person), None) => Ok(Some(person.id)),
        (Some(_), Some(_)) => {
            let (zh, en) = (format!("有多人名为“{text}”，请填登录名。"), format!("cannot search: several people are called `{text}`; give the login"));
            Err(Refusal::invalid("several_people", zh, en).into())
        }
        (None, _) => {
            let (zh, en) = (format!("没有姓名或登录名为“{text}”的人员。"), format!("cannot search: nobody has the name or login `{text}`"));
            Err(Refusal::not_found("unknown_person", zh, en).into())
        }
    }
}
