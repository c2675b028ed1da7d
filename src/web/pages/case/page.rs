//! The page of a case, composed. Invariant: every part is read off one file, so nothing on the page disagrees with anything else on it.

use serde::Serialize;

use super::Asked;
use super::acts::Refused;
use super::deeds::{Offers, offers};
use super::desk::{self, ActForm, Card};
use super::history::{self, History, Line};
use super::papers::{self, Papers};
use super::picture::{self, Picture};
use super::plots::Land;
use super::progress::{self, NodeLine};
use super::spoken::Spoken;
use super::telling::{Telling, amount_of, kind_key};
use crate::app::casework::Casefile;
use crate::app::failure::Fault;
use crate::app::notices::short_name;
use crate::app::orders::OrderView;
use crate::app::queries::DocumentLine;
use crate::definition::graph::NodeKind;
use crate::engine::case::{Local, TaskPool};
use crate::forms::Form;
use crate::ids::{PersonId, Text};
use crate::supervision::{Light, Watch};
use crate::web::fields;
use crate::web::pages::term::{self, TermLine};
use crate::web::visitor::Visitor;

/// Who asks for which case.
pub struct Asking<'a> {
    /// Speaks to the reader.
    pub spoken: Spoken<'a>,
    /// The reader.
    pub visitor: &'a Visitor,
    /// The case.
    pub file: &'a Casefile,
    /// What of it.
    pub asked: &'a Asked,
    /// Its documents.
    pub documents: Vec<DocumentLine>,
    /// Supervision orders that its passed dates drafted, then what it is about when it is one.
    pub orders: (Vec<OrderView>, Vec<OrderView>),
}

impl<'a> Asking<'a> {
    /// How the case is called in an address: its number, or its id.
    pub fn name(&self) -> String {
        let row = &self.file.working.row;
        row.number.clone().unwrap_or_else(|| row.id.to_string())
    }

    /// How the case is called where people read: its number, or the end of its id.
    pub fn shown(&self) -> String {
        let row = &self.file.working.row;
        row.number.clone().unwrap_or_else(|| short_name(row.id))
    }

    /// What a step of an open link is called.
    pub fn step(&self, scope: Local, step: &str) -> String {
        let program = self.file.working.state.scopes.get(&scope).map(|scope| &scope.program);
        let node = program.and_then(|program| self.file.node(program, step));
        node.map_or_else(|| step.to_owned(), |node| self.spoken.say(&node.title))
    }

    /// What an open link is called.
    pub fn link(&self, scope: Local) -> String {
        let program = self.file.working.state.scopes.get(&scope).and_then(|scope| self.file.program(&scope.program));
        program.map_or_else(String::new, |program| self.spoken.say(&program.title))
    }

    /// When an act was.
    pub fn at_of(&self, seq: i64) -> i64 {
        self.file.entries.iter().find(|entry| entry.seq == seq).map_or(0, |entry| entry.at.0)
    }
}

#[derive(Serialize)]
pub struct Page {
    #[serde(rename = "number_shown")]
    number: String,
    project: String,
    workflow: String,
    applicant: String,
    rank: String,
    channel: bool,
    started: i64,
    ended: Option<Ended>,
    light: Light,
    due: Option<String>,
    left: String,
    late: bool,
    due_href: Option<String>,
    flash: Option<Flash>,
    refused: Option<Mistakes>,
    cards: Vec<Card>,
    act: Option<ActForm>,
    offers: Offers,
    kept: Option<String>,
    terms: Vec<TermLine>,
    nodes: Vec<NodeLine>,
    papers: Option<Papers>,
    pictures: Vec<Picture>,
    documents: Vec<Document>,
    orders: Vec<OrderLine>,
    about: Vec<OrderLine>,
    land: Option<Land>,
    holds: Vec<Amount>,
    waiting: Vec<Amount>,
    history: History,
    record: String,
    withdraw: Option<String>,
}

#[derive(Serialize)]
struct Ended {
    at: i64,
    result: String,
}

/// What was done just now, said from the record.
#[derive(Serialize)]
struct Flash {
    lines: Vec<Line>,
    by: String,
}

#[derive(Serialize)]
struct Mistakes {
    text: String,
    lines: Vec<fields::MistakeLine>,
}

#[derive(Serialize)]
struct Document {
    title: String,
    #[serde(rename = "document_number")]
    number: String,
    link: String,
    at: String,
    authority: Option<String>,
    verify: Option<String>,
}

/// A supervision order, or what it is about.
#[derive(Serialize)]
struct OrderLine {
    name: String,
    href: Option<String>,
    link: String,
    limit: String,
    due: String,
    joined: bool,
    ended: Option<String>,
}

#[derive(Serialize)]
struct Amount {
    account: String,
    amount: String,
    step: String,
    since: Option<i64>,
}

/// The page.
pub fn page(asking: &Asking<'_>, land: Option<Land>, refused: Option<Refused>) -> Result<Page, Fault> {
    let (spoken, file) = (&asking.spoken, asking.file);
    let state = &file.working.state;
    let (told, telling) = Telling::all(file, *spoken);
    let cards = desk::cards(asking)?;
    let chosen = cards.iter().find(|card| card.selected()).map(Card::task);
    let act = match chosen {
        Some(task) => desk::act_form(asking, task, refused.as_ref())?,
        None => None,
    };
    let terms = term::lines(asking, refused.as_ref())?;
    // What was typed for a task that is closed by now, or a term that is extended already, has no form to stand in.
    let formless = |refused: &&Refused| {
        let task = refused.task.is_some() && act.as_ref().is_none_or(|act| Some(act.task()) != refused.task);
        task || (refused.term.is_some() && !terms.iter().any(term::TermLine::shows_what_was_typed))
    };
    let kept = refused.as_ref().filter(formless).map(|refused| refused.opinion.clone()).filter(|text| !text.is_empty());
    let watch = Watch::over(state.terms.values(), file.calendar());
    let lead = state.terms.iter().filter(|(_, term)| term.due.is_some() && term.due == watch.due).map(|(id, _)| *id).next();
    let rank = file.known.rank_shown(state, file.now.date());
    let flash = asking.asked.did.filter(|_| refused.is_none()).and_then(|seq| flash(asking, seq, &told));
    Ok(Page {
        number: asking.shown(),
        project: file.working.row.title.clone().unwrap_or_default(),
        workflow: file.program(&state.workflow).map(|program| spoken.say(&program.title)).unwrap_or_default(),
        applicant: spoken.person(state.applicant),
        rank: spoken.named("rank", &rank.to_string()),
        channel: rank < 9,
        started: state.started.0,
        ended: state.ended.as_ref().map(|(result, at)| Ended { at: at.0, result: spoken.outcome(result) }),
        light: watch.light(file.now),
        due: watch.due.map(|due| due.to_string()),
        left: spoken.left(watch.due, file.now),
        late: watch.due.is_some_and(|due| due < file.now.date()),
        due_href: lead.map(|term| format!("/cases/{}/terms/{term}", asking.name())),
        flash,
        refused: refused.as_ref().and_then(|refused| mistakes(asking, refused)),
        terms,
        nodes: progress::nodes(asking),
        papers: papers::papers(asking),
        pictures: picture::pictures(asking, &telling),
        // Supervision is between offices: the applicant is told the reason instead (优化营商环境条例 36).
        orders: asking.orders.0.iter().filter(|_| state.applicant != asking.visitor.person).map(|order| order_line(spoken, order)).collect(),
        about: asking.orders.1.iter().map(|order| about_line(spoken, order)).collect(),
        documents: asking.documents.iter().map(|line| document(asking, line)).collect(),
        land,
        holds: state.holds.values().map(|hold| amount(asking, (&hold.account, hold.amount), asking.step(hold.scope, &hold.step), None)).collect(),
        waiting: state.queue.values().map(|place| amount(asking, (&place.account, place.amount), String::new(), Some(place.since.0))).collect(),
        history: history::history(asking, told, &telling),
        record: format!("/cases/{}/record", asking.name()),
        withdraw: (state.applicant == asking.visitor.person && state.ended.is_none()).then(|| format!("/projects/{}/withdraw", asking.name())),
        offers: offers(asking, chosen),
        cards,
        act,
        kept,
    })
}

fn flash(asking: &Asking<'_>, seq: i64, told: &[super::telling::Told]) -> Option<Flash> {
    let lines: Vec<_> = told.iter().filter(|told| told.seq == seq && !told.quiet).cloned().collect();
    let by = lines.iter().find_map(|told| told.by.clone())?;
    Some(Flash { by, lines: lines.into_iter().map(|told| history::line(asking, told)).collect() })
}

fn mistakes(asking: &Asking<'_>, refused: &Refused) -> Option<Mistakes> {
    let why = refused.why.as_ref()?;
    Some(Mistakes { text: why.said(&asking.spoken), lines: fields::mistakes(&refused.errors, asking.spoken.language) })
}

fn document(asking: &Asking<'_>, line: &DocumentLine) -> Document {
    Document {
        title: asking.spoken.named("document", &line.kind),
        number: line.number.clone().unwrap_or_default(),
        link: line.link.clone().unwrap_or_default(),
        at: line.at.clone(),
        verify: line.number.as_ref().filter(|_| line.kind == "admission").map(|number| format!("/verify/{number}")),
        authority: Some(&line.kind).filter(|kind| *kind == "order").and(asking.file.standing_authority()).map(str::to_owned),
    }
}

fn order_line(spoken: &Spoken<'_>, order: &OrderView) -> OrderLine {
    OrderLine {
        name: order.name.clone().unwrap_or_else(|| spoken.t("case-order-drafted")),
        href: order.order.as_ref().map(|order| format!("/cases/{order}")),
        ended: order.result.as_ref().map(|result| spoken.outcome(result)),
        ..about_line(spoken, order)
    }
}

fn about_line(spoken: &Spoken<'_>, order: &OrderView) -> OrderLine {
    OrderLine {
        name: order.about_name.clone(),
        href: Some(format!("/cases/{}", order.about)),
        link: spoken.say(&order.link),
        limit: spoken.named("term", kind_key(order.kind)),
        due: order.due.clone(),
        joined: order.joined,
        ended: None,
    }
}

fn amount(asking: &Asking<'_>, (account, amount): (&str, i64), step: String, since: Option<i64>) -> Amount {
    let spoken = &asking.spoken;
    let title = spoken.known.accounts.get(account).map(|title| spoken.say(&Text { zh: title.zh.clone(), en: title.en.clone() }));
    Amount { account: title.unwrap_or_else(|| account.to_owned()), amount: amount_of(spoken, account, amount), step, since }
}

/// The form an answer to a step carries, as one person reads it.
pub fn answer_form(file: &Casefile, (program, step): (&str, &str), person: PersonId) -> Option<Form> {
    match &file.node(program, step)?.kind {
        NodeKind::Task(rule) => rule.fields.as_ref().map(|answer| file.form_for(&answer.form, person)),
        _ => None,
    }
}

/// In whose hands the case is, for somebody who may not read it.
pub fn who_has_it(spoken: &Spoken<'_>, file: &Casefile) -> Text {
    let in_language = |language| {
        let spoken = Spoken { language, ..*spoken };
        let pool = |pool: &TaskPool| match pool {
            TaskPool::Applicant => spoken.t("case-applicant"),
            TaskPool::Posts { offices, post } => spoken.pool(offices, post),
        };
        let pools: std::collections::BTreeSet<String> = file.working.state.tasks.values().map(|task| pool(&task.pool)).collect();
        let who: Vec<String> = pools.into_iter().collect();
        if who.is_empty() { spoken.t("case-could-read-closed") } else { spoken.with("case-could-read", &[("who", &who.join(&spoken.t("case-and")))]) }
    };
    Text { zh: in_language(crate::notice::Language::Zh), en: in_language(crate::notice::Language::En) }
}
