//! What another calendar would make of every open date: the engine is asked, case by case, and nothing is written.
//! Invariant: what is foreseen is what recomputing does, because both are the same decision.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::app::register;
use crate::app::writer::Working;
use crate::calendar::Calendar;
use crate::definition::graph::{Bundle, TermKind};
use crate::engine::case::{Case, Local};
use crate::engine::command::Command;
use crate::engine::event::Event;

use crate::engine::facts::{Decision, Facts, Need};
use crate::engine::{decide, evolve};
use crate::identity::Actor;
use crate::ids::{CaseId, Digest, PersonId, Tenant, Text};
use crate::limits::CASE_ACTS_PER_READ_MAX;
use crate::store::CaseFilter;

/// A date that becomes another, or certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Move {
    /// The case's id.
    pub case: String,
    /// The number of the case, or of its link.
    pub number: Option<String>,
    /// The matter.
    #[schema(value_type = Object)]
    pub item: Text,
    /// The step, for a step's own limit and for a minimum period.
    #[schema(value_type = Option<Object>)]
    pub step: Option<Text>,
    /// `statutory`, `promised`, `step`, or `minimum` for a minimum period.
    pub kind: String,
    /// The term's id within the case, for asking how the date came about.
    pub term: Option<u32>,
    /// The date as it stands.
    #[schema(value_type = Option<String>)]
    pub old: Option<NaiveDate>,
    /// It is provisional, or there is none because no published calendar reaches it.
    pub old_provisional: bool,
    /// The date as it will be.
    #[schema(value_type = Option<String>)]
    pub new: Option<NaiveDate>,
    /// It will be provisional, or there will be none.
    pub new_provisional: bool,
    /// Officers who hold an open task of that link.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
}

/// An open case whose dates could not be foreseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unread {
    /// The case's id.
    pub case: String,
    /// Its number, or the end of its id.
    pub name: String,
    /// Why, as an operator reads it.
    pub why: String,
}

/// What another calendar would make of the open cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Foreseen {
    /// Every date that becomes another, or certain.
    pub moves: Vec<Move>,
    /// How many cases were looked at.
    pub cases: usize,
    /// Those that could not be.
    pub unread: Vec<Unread>,
}

impl Move {
    /// The date stays and becomes certain, or the other way round.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.old == self.new
    }
}

impl App {
    /// Every date of every open case that `calendar` makes another. One case that cannot be read is named and hides none of the others.
    pub(super) async fn foreseen_moves(&self, tenant: Tenant, known: &Known, calendar: &Calendar) -> Result<Foreseen, Failure> {
        let mut filter = CaseFilter { running: Some(true), ..CaseFilter::default() };
        let register = register::case_of(tenant);
        let mut foreseen = Foreseen::default();
        loop {
            let rows = self.store().cases(tenant, &filter, CASE_ACTS_PER_READ_MAX).await.map_err(|cause| Fault::new("listing open cases", cause))?;
            let Some(last) = rows.last() else { break };
            filter.before = Some(last.id);
            for row in rows.iter().filter(|row| row.id != register) {
                match self.moves_in(tenant, row.id, known, calendar).await {
                    Ok(moves) => {
                        foreseen.moves.extend(moves);
                        foreseen.cases += 1;
                    }
                    Err(failure) => {
                        tracing::error!(case = %row.id, %failure, "what a calendar would move in a case could not be foreseen");
                        let name = row.number.clone().unwrap_or_else(|| short_name(row.id));
                        foreseen.unread.push(Unread { case: row.id.to_string(), name, why: failure.to_string() });
                    }
                }
            }
        }
        foreseen.moves.sort_by(|a, b| (&a.number, &a.case, a.term, &a.kind).cmp(&(&b.number, &b.case, b.term, &b.kind)));
        Ok(foreseen)
    }

    async fn moves_in(&self, tenant: Tenant, case: CaseId, known: &Known, calendar: &Calendar) -> Result<Vec<Move>, Failure> {
        let working = self.working(tenant, case).await?;
        let bundle = register::bundle_of(known, working.state.revision)?;
        let events = self.recomputed(&working, &bundle, known, calendar).await?;
        Ok(moves_of(&working.state, &events, &bundle, (known, self.clock().now().date())))
    }

    /// What recomputing the case with `calendar` comes to.
    async fn recomputed(&self, working: &Working, bundle: &Bundle, known: &Known, calendar: &Calendar) -> Result<Vec<Event>, Failure> {
        let mut bodies: BTreeMap<Digest, serde_json::Value> = BTreeMap::new();
        let (balances, counters, leases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        loop {
            let facts = Facts {
                now: self.clock().now(),
                bundle,
                target: None,
                calendar,
                roster: &known.roster,
                bodies: &bodies,
                balances: &balances,
                counters: &counters,
                leases: &leases,
            };
            let needs = match decide(Some(&working.state), &Actor::System, &Command::Recompute, &facts) {
                Decision::Events(events) => return Ok(events),
                Decision::Refused(refusal) => return Err(refusal.into()),
                Decision::Needs(needs) => needs,
            };
            for need in needs {
                let Need::Body(commit) = need else { continue };
                let body = self.body(working.row.tenant, working.row.id, commit).await?;
                bodies.insert(commit, body.unwrap_or_default());
            }
        }
    }
}

fn moves_of(case: &Case, events: &[Event], bundle: &Bundle, known: (&Known, NaiveDate)) -> Vec<Move> {
    let mut state = Some(case.clone());
    let mut moves = Vec::new();
    for event in events {
        if let Some(case) = &state {
            moves.extend(moved(case, event, bundle, known));
        }
        state = evolve(state, event);
    }
    moves
}

fn moved(case: &Case, event: &Event, bundle: &Bundle, known: (&Known, NaiveDate)) -> Option<Move> {
    match event {
        Event::TermMoved { term: id, due, provisional, .. } => {
            let term = case.terms.get(id)?;
            // Only its reminders move, or the moment of a deemed outcome.
            if (term.due, term.provisional) == (*due, *provisional) {
                return None;
            }
            let base = about(case, (term.scope, term.token), bundle, known)?;
            let old_provisional = term.provisional || term.due.is_none();
            let new_provisional = *provisional || due.is_none();
            Some(Move { kind: word(term.kind).to_owned(), term: Some(*id), old: term.due, old_provisional, new: *due, new_provisional, ..base })
        }
        Event::TimerSet { timer, token, at, .. } => {
            let old = case.timers.get(timer)?.at;
            let scope = case.tokens.get(token).map_or(*token, |token| token.scope);
            let base = about(case, (scope, Some(*token)), bundle, known)?;
            let (old_provisional, new_provisional) = (old.is_none(), at.is_none());
            // A period is over with the end of its last day: the moment is the midnight after it.
            let day = |at: Option<crate::ids::Moment>| at.and_then(|at| at.date().pred_opt());
            Some(Move { kind: "minimum".to_owned(), term: None, old: day(old), old_provisional, new: day(*at), new_provisional, ..base })
        }
        // Recomputing moves dates and nothing else.
        _ => None,
    }
}

/// What a move is about, without its dates.
fn about(case: &Case, (scope, token): (Local, Option<Local>), bundle: &Bundle, (known, on): (&Known, NaiveDate)) -> Option<Move> {
    let open = case.scopes.get(&scope)?;
    let program = bundle.programs.get(&open.program);
    let step = token.and_then(|token| case.tokens.get(&token)).map(|token| token.step.clone());
    let step = step.and_then(|step| program?.nodes.iter().find(|node| node.key == step).map(|node| node.title.clone()));
    let tasks = case.tasks.values().filter(|task| task.scope == scope && token.is_none_or(|token| token == task.token));
    let mut people: Vec<PersonId> = tasks.flat_map(|task| crate::notice::holders_of(task, &known.roster, on)).collect();
    people.sort_unstable();
    people.dedup();
    Some(Move {
        case: case.id.to_string(),
        number: open.number.clone().or_else(|| case.number.clone()),
        item: program.map(|program| program.title.clone()).unwrap_or_default(),
        step,
        kind: String::new(),
        term: None,
        old: None,
        old_provisional: false,
        new: None,
        new_provisional: false,
        people,
    })
}

fn word(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Statutory => "statutory",
        TermKind::Promised => "promised",
        TermKind::Step => "step",
    }
}
