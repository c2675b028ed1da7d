//! On paper: the whole record of a case, and the approval sheet 审批表 of each of its procedures, both made from the events.
//! Invariant: every act stands in the record; every place to sign on a sheet says who signed, what and when, or why nobody has. Never: an empty signature, or an
//! automatic act under a person's name.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::case::spoken::Spoken;
use super::case::telling::{Telling, Told, kind_key};
use super::case::{answer_form, opened};
use crate::app::casework::{Casefile, Opinion, Sealed};
use crate::app::queries::DocumentLine;
use crate::audit::leaf::Who;
use crate::definition::graph::{Node, NodeKind, Pool, Program};
use crate::engine::case::{Local, Waits};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::ids::{Moment, Name, PersonId};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::fields::{self, ToldSection};
use crate::web::pages::term::because_said;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/cases/{case}/record", get(record)).route("/cases/{case}/sheet/{scope}", get(sheet))
}

#[derive(Serialize)]
struct Head {
    number: String,
    project: String,
    workflow: String,
    applicant: String,
    rank: String,
    started: i64,
    ended: Option<i64>,
    result: String,
    back: String,
    printed: i64,
}

#[derive(Serialize)]
struct RecordPage {
    head: Head,
    acts: Vec<Act>,
    documents: Vec<Document>,
    sealed: String,
}

#[derive(Serialize)]
struct Act {
    seq: i64,
    at: i64,
    by: String,
    kind: String,
    leaf: String,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    link: String,
    text: String,
    quiet: bool,
    deemed: Option<String>,
    why: Option<String>,
    opinion: Option<String>,
    answers: Vec<ToldSection>,
}

#[derive(Serialize)]
struct Document {
    title: String,
    #[serde(rename = "document_number")]
    number: String,
    at: String,
    authority: Option<String>,
}

#[derive(Serialize)]
struct SheetPage {
    head: Head,
    title: String,
    nature: String,
    basis: Vec<String>,
    papers: Vec<Paper>,
    signatures: Vec<Place>,
    terms: Vec<TermRow>,
    documents: Vec<Document>,
}

#[derive(Serialize)]
struct Paper {
    title: String,
    name: String,
    digest: String,
}

/// A place to sign.
#[derive(Serialize)]
struct Place {
    step: String,
    asked: String,
    signed: Vec<Signed>,
    /// Why nobody signed, when nobody did.
    empty: String,
}

#[derive(Serialize)]
struct Signed {
    outcome: String,
    opinion: String,
    by: String,
    at: i64,
    automatic: bool,
}

#[derive(Serialize)]
struct TermRow {
    kind: String,
    step: String,
    within: String,
    from: String,
    due: String,
    outcome: String,
}

fn head(spoken: &Spoken<'_>, file: &Casefile) -> Head {
    let (row, state) = (&file.working.row, &file.working.state);
    let name = row.number.clone().unwrap_or_else(|| row.id.to_string());
    Head {
        back: format!("/cases/{name}"),
        number: name,
        project: row.title.clone().unwrap_or_else(|| spoken.t("inbox-no-project")),
        workflow: file.program(&state.workflow).map(|program| spoken.say(&program.title)).unwrap_or_default(),
        applicant: spoken.person(state.applicant),
        rank: spoken.named("rank", &file.known.rank_shown(state, file.now.date()).to_string()),
        started: state.started.0,
        ended: state.ended.as_ref().map(|(_, at)| at.0),
        result: state.ended.as_ref().map(|(result, _)| spoken.outcome(result)).unwrap_or_default(),
        printed: file.now.0,
    }
}

/// A document as it stands in the list: an order says by which standing authorisation it was issued.
fn printed(spoken: &Spoken<'_>, file: &Casefile, line: DocumentLine) -> Document {
    Document {
        title: spoken.named("document", &line.kind),
        authority: Some(&line.kind).filter(|kind| *kind == "order").and(file.standing_authority()).map(str::to_owned),
        number: line.number.unwrap_or_default(),
        at: line.at,
    }
}

async fn record(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>) -> Result<Response, Trouble> {
    let file = opened(&shared, &visitor, &case).await?;
    let spoken = Spoken::to(&shared, &visitor);
    let sealed = shared.app.sealed(&file).await?;
    let mut telling = Telling::new(&file, spoken);
    let mut acts = Vec::with_capacity(file.entries.len());
    for entry in &file.entries {
        let told = telling.act(entry);
        let by = told.iter().find_map(|told| told.by.clone()).unwrap_or_else(|| match entry.who {
            Who::Person(person) => telling.who(person, None, entry.at.date()),
            Who::System => spoken.t("case-system"),
            Who::Operator => spoken.t("record-operator"),
        });
        let mut lines: Vec<Line> = told.into_iter().map(|told| line(&spoken, (&file, visitor.person), &telling, told)).collect();
        say_links_once(&mut lines);
        let leaf = entry.leaf.to_string().chars().take(16).collect();
        acts.push(Act { seq: entry.seq, at: entry.at.0, by, kind: spoken.named("act", &entry.kind), leaf, lines });
    }
    let documents = shared.app.documents(visitor.tenant, file.working.row.id).await?;
    let documents = documents.into_iter().map(|line| printed(&spoken, &file, line));
    let data = RecordPage { head: head(&spoken, &file), acts, documents: documents.collect(), sealed: seal(&spoken, sealed, file.entries.len()) };
    let title = spoken.with("record-title", &[("number", &data.head.number)]);
    Ok(shared.pages.page(&visitor.site, "record", &title, &data))
}

/// A link stands before the first of the lines that belong to it.
fn say_links_once(lines: &mut [Line]) {
    let links: Vec<String> = lines.iter().map(|line| line.link.clone()).collect();
    for (line, before) in lines.iter_mut().skip(1).zip(&links) {
        if line.link == *before {
            line.link.clear();
        }
    }
}

fn line(spoken: &Spoken<'_>, (file, reader): (&Casefile, PersonId), telling: &Telling<'_>, told: Told) -> Line {
    let answers = told
        .answer
        .as_ref()
        .and_then(|(program, step, body)| Some(fields::told(&answer_form(file, (program, step), reader)?, None, file.fields(Some(*body))?, spoken.language)));
    Line {
        link: told.scope.map(|scope| telling.link(scope)).unwrap_or_default(),
        text: told.text,
        quiet: told.quiet,
        deemed: told.deemed,
        why: told.why.filter(|why| !why.is_empty()),
        opinion: told.opinion,
        answers: answers.unwrap_or_default(),
    }
}

fn seal(spoken: &Spoken<'_>, sealed: Sealed, acts: usize) -> String {
    let (done, all) = (sealed.acts.to_string(), acts.to_string());
    match sealed.checkpoint {
        Some((size, at)) if sealed.acts > 0 => {
            let at = at.civil().format("%Y-%m-%d %H:%M").to_string();
            spoken.with("record-sealed", &[("done", &done), ("all", &all), ("size", &size.to_string()), ("at", &at)])
        }
        Some(_) | None => spoken.with("record-unsealed", &[("all", &all)]),
    }
}

async fn sheet(State(shared): State<Shared>, visitor: Visitor, Path((case, scope)): Path<(String, Local)>) -> Result<Response, Trouble> {
    let file = opened(&shared, &visitor, &case).await?;
    let spoken = Spoken::to(&shared, &visitor);
    let (_, telling) = Telling::all(&file, spoken);
    let link = telling.links.get(&scope);
    let program = link.and_then(|link| file.program(&link.program));
    let (Some(link), Some(program)) = (link, program) else {
        return Err(Refusal::not_found("no_such_link", format!("该办件没有环节 {scope}。"), format!("cannot find link {scope} of this case")).into());
    };
    let number = link.number.clone();
    let documents = shared.app.documents(visitor.tenant, file.working.row.id).await?;
    let own = documents.into_iter().filter(|line| line.link == number || (line.link.is_none() && scope == 0));
    let head = head(&spoken, &file);
    let data = SheetPage {
        title: spoken.say(&program.title),
        nature: spoken.named("nature", nature(program)),
        basis: program.basis.clone(),
        papers: papers(&spoken, (&file, visitor.person)),
        signatures: program.nodes.iter().filter_map(|node| place(&spoken, &file, &telling, (scope, node))).collect(),
        terms: terms(&spoken, &file, &telling, scope),
        documents: own.map(|line| printed(&spoken, &file, line)).collect(),
        head: Head { number: number.unwrap_or_else(|| head.number.clone()), ..head },
    };
    let title = spoken.with("sheet-title", &[("number", &data.head.number), ("link", &data.title)]);
    Ok(shared.pages.page(&visitor.site, "sheet", &title, &data))
}

fn nature(program: &Program) -> &'static str {
    use crate::definition::graph::Nature;
    match program.nature {
        Nature::Licence => "licence",
        Nature::Filing => "filing",
        Nature::Allocation => "allocation",
        Nature::Service => "service",
        Nature::Internal => "internal",
    }
}

/// The papers that were handed in as files, as last submitted.
fn papers(spoken: &Spoken<'_>, (file, reader): (&Casefile, PersonId)) -> Vec<Paper> {
    let state = &file.working.state;
    let form = file.program(&state.workflow).and_then(|program| program.form.as_deref());
    let value = state.scopes.get(&0).and_then(|scope| scope.form).and_then(|form| file.bodies.get(&form.commit));
    let (Some(form), Some(value)) = (form, value) else { return Vec::new() };
    let lines = fields::told(&file.form_for(form, reader), None, value, spoken.language).into_iter().flat_map(|section| section.lines);
    let paper = |line: fields::ToldLine| line.file.map(|file| Paper { title: line.title, name: file.name, digest: file.sha256.chars().take(16).collect() });
    lines.filter_map(paper).collect()
}

/// A step somebody is asked in, with everybody who signed it, or why nobody has.
fn place(spoken: &Spoken<'_>, file: &Casefile, telling: &Telling<'_>, (scope, node): (Local, &Node)) -> Option<Place> {
    let asked = match &node.kind {
        NodeKind::Task(rule) => match &rule.by {
            Pool::Applicant => spoken.t("case-applicant"),
            Pool::Posts { offices, post } => spoken.pool(offices, post),
        },
        NodeKind::Approve(rule) => {
            let seats: Vec<String> = rule.seats.iter().map(|(office, post)| spoken.pool(std::slice::from_ref(office), post)).collect();
            seats.join(&spoken.t("case-and"))
        }
        _ => return None,
    };
    let signed = signed(spoken, file, telling, (scope, &node.key));
    let empty = if signed.is_empty() { unsigned(spoken, file, (scope, &node.key)) } else { String::new() };
    Some(Place { step: spoken.say(&node.title), asked, signed, empty })
}

fn signed(spoken: &Spoken<'_>, file: &Casefile, telling: &Telling<'_>, (scope, step): (Local, &Name)) -> Vec<Signed> {
    let mut signed = Vec::new();
    let said = |outcome: &str, body, by: String, at: Moment, automatic: bool| Signed {
        outcome: spoken.outcome(outcome),
        opinion: match file.opinion(body) {
            Opinion::Said(text) => text.to_owned(),
            Opinion::Erased => spoken.t("case-erased"),
            // An outcome that needs no opinion still says what it was.
            Opinion::None => spoken.with("sheet-without-opinion", &[("outcome", &spoken.outcome(outcome))]),
        },
        by,
        at: at.0,
        automatic,
    };
    for entry in &file.entries {
        for event in &entry.events {
            match event {
                Event::SeatAnswered { task, seat, body, .. } if telling.tasks.get(task).is_some_and(|task| task.scope == scope && task.step == *step) => {
                    let outcome = if seat.agreed { "approved" } else { "rejected" };
                    signed.push(said(outcome, *body, telling.who(seat.by, Some(*task), entry.at.date()), entry.at, false));
                }
                // A group's end repeats its last seat.
                Event::StepDone { scope: of, step: done, outcome, by, task, body, deemed, at, .. } if *of == scope && done == step => match by {
                    Some(by) if !signed.iter().any(|signed| signed.at == at.0) => {
                        signed.push(said(outcome, *body, telling.who(*by, *task, at.date()), *at, false))
                    }
                    Some(_) => {}
                    None => {
                        let by = deemed.as_ref().map_or_else(|| spoken.t("case-system"), |basis| spoken.with("sheet-deemed", &[("basis", basis)]));
                        let opinion = spoken.with("sheet-automatic", &[("outcome", &spoken.outcome(outcome))]);
                        signed.push(Signed { opinion, ..said(outcome, None, by, *at, true) });
                    }
                },
                Event::Returned { from, to, by, body, .. } if from == step && returned_in(file, entry.seq, scope) => {
                    let line = said("back", *body, telling.who(*by, None, entry.at.date()), entry.at, false);
                    signed.push(Signed { outcome: spoken.with("sheet-returned", &[("to", &telling.step(scope, to))]), ..line });
                }
                _ => {}
            }
        }
    }
    signed
}

/// Whether the return of an act was in a link: the token it names was placed there last before it.
fn returned_in(file: &Casefile, seq: i64, scope: Local) -> bool {
    let token = file.entries.iter().find(|entry| entry.seq == seq).and_then(|entry| {
        entry.events.iter().find_map(|event| match event {
            Event::Returned { token, .. } => Some(*token),
            _ => None,
        })
    });
    let before = file.entries.iter().take_while(|entry| entry.seq < seq).flat_map(|entry| &entry.events);
    let placed = before.filter_map(|event| match event {
        Event::TokenPlaced { token: id, scope, .. } if Some(*id) == token => Some(*scope),
        _ => None,
    });
    placed.last() == Some(scope)
}

/// Why a place is not signed: it is somebody's turn, it was skipped, or the case has not come to it.
fn unsigned(spoken: &Spoken<'_>, file: &Casefile, (scope, step): (Local, &Name)) -> String {
    let state = &file.working.state;
    let here = state.tokens.values().any(|token| token.scope == scope && token.step == *step && matches!(token.waits, Waits::Task(_) | Waits::Group(_)));
    let skipped = file
        .entries
        .iter()
        .flat_map(|entry| &entry.events)
        .any(|event| matches!(event, Event::BranchSkipped { scope: of, step: skipped } if *of == scope && skipped == step));
    if here {
        let claimed = state.tasks.values().find(|task| task.scope == scope && task.step == *step).and_then(|task| task.claimed);
        return claimed.map_or_else(|| spoken.t("sheet-open"), |person| spoken.with("sheet-claimed", &[("name", &spoken.person(person))]));
    }
    let closed = state.ended.is_some() || state.scopes.get(&scope).is_none_or(|open| open.result.is_some());
    if skipped || closed { spoken.t("sheet-not-needed") } else { spoken.t("sheet-not-reached") }
}

/// How each date of the link came about.
fn terms(spoken: &Spoken<'_>, file: &Casefile, telling: &Telling<'_>, scope: Local) -> Vec<TermRow> {
    let mut rows: Vec<(Local, TermRow)> = Vec::new();
    let mut dues: BTreeMap<Local, Option<chrono::NaiveDate>> = BTreeMap::new();
    let day = |due: Option<chrono::NaiveDate>| due.map_or_else(|| spoken.t("case-no-date-yet"), |due| spoken.day(due));
    for entry in &file.entries {
        for event in &entry.events {
            match event {
                Event::TermStarted { term, scope: of, token, key, kind, within, from, due, .. } if *of == scope => {
                    dues.insert(*term, *due);
                    let row = TermRow {
                        kind: spoken.named("term", kind_key(*kind)),
                        step: token.map(|_| telling.step(scope, key)).unwrap_or_default(),
                        within: spoken.span(*within),
                        from: spoken.day(*from),
                        due: day(*due),
                        outcome: spoken.t("sheet-term-running"),
                    };
                    rows.push((*term, row));
                }
                Event::TermMoved { term, due, because, .. } => rows.iter_mut().filter(|(id, _)| id == term).for_each(|(_, row)| {
                    if dues.insert(*term, *due) == Some(*due) {
                        return; // Only its reminders moved.
                    }
                    // The date before stays to be read (DOMAIN 2.3, rule 5).
                    row.due = spoken.with("sheet-term-moved", &[("due", &day(*due)), ("was", &row.due), ("because", &because_said(spoken, because))]);
                }),
                Event::TermEnded { term, met } => {
                    let key = if *met { "term-met" } else { "term-closed" };
                    let said = spoken.with(key, &[("day", &spoken.day(entry.at.date()))]);
                    rows.iter_mut().filter(|(id, _)| id == term).for_each(|(_, row)| row.outcome.clone_from(&said));
                }
                _ => {}
            }
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}
