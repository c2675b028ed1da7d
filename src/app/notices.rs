//! From a notice the engine asks for to rows of the outbox: the audience becomes people, the facts become a context, each (person, medium) one keyed row.
//! Invariant: the rows are in the commit of the act that asked for them. Never: a text; it is rendered when it leaves.

use std::collections::BTreeMap;

use crate::app::known::Known;
use crate::definition::graph::{Audience, TermKind, Text};
use crate::engine::case::{Case, Task, TaskPool, Term};
use crate::engine::effect::NoticeEffect;
use crate::engine::facts::Facts;
use crate::identity::Person;
use crate::ids::PersonId;
use crate::notice::{Context, Days, Kind, Medium, Occasion};
use crate::store::rows::NoticeRow;
use crate::supervision::Watch;

/// The outbox rows of one notice. People without an address are left out: they see it in their inbox.
pub(super) fn rows(notice: &NoticeEffect, task: Option<&Task>, case: &Case, known: &Known, facts: &Facts<'_>) -> Vec<NoticeRow> {
    let kind: Kind = match notice.kind.parse() {
        Ok(kind) => kind,
        Err(unknown) => {
            // `publish` refuses unknown kinds, so this is a case older than its kind; nothing can be said.
            tracing::error!(case = %case.id, kind = unknown.0, "a notice of an unknown kind was left out");
            return Vec::new();
        }
    };
    let context = context(notice, task, case, facts);
    // Plain data with string keys always serialises.
    let bytes = serde_json::to_vec(&context).unwrap_or_default();
    let occasion =
        Occasion::Case { case: case.id, scope: notice.scope, step: notice.step.clone(), entry: notice.entry, rung: notice.rung.clone(), due: notice.due };
    let mut rows = Vec::new();
    for person in audience(&notice.to, task, case, known, facts).values() {
        if person.disabled || person.email.is_none() {
            continue;
        }
        rows.push(NoticeRow {
            key: occasion.key(kind, person.id, Medium::Mail),
            kind: kind.key().to_owned(),
            recipient: person.id,
            channel: Medium::Mail.key().to_owned(),
            language: person.language.clone(),
            context: bytes.clone(),
            due: facts.now,
        });
    }
    rows
}

fn audience<'a>(to: &[Audience], task: Option<&Task>, case: &Case, known: &'a Known, facts: &Facts<'_>) -> BTreeMap<PersonId, &'a Person> {
    let on = facts.now.date();
    let roster = &known.roster;
    let mut people = BTreeMap::new();
    let mut add = |found: Vec<&'a Person>| people.extend(found.into_iter().map(|person| (person.id, person)));
    for audience in to {
        match (audience, task.map(|task| &task.pool)) {
            (Audience::Applicant, _) | (Audience::Assignee, Some(TaskPool::Applicant)) => add(roster.people.get(&case.applicant).into_iter().collect()),
            (Audience::Assignee, Some(TaskPool::Posts { offices, post })) => match task.and_then(|task| task.claimed) {
                Some(claimed) => add(roster.people.get(&claimed).into_iter().collect()),
                None => offices.iter().for_each(|office| add(roster.holders(office, post, on))),
            },
            (Audience::Post(post), Some(TaskPool::Posts { offices, .. })) => {
                offices.iter().for_each(|office| add(roster.holders(office, post, on)));
            }
            (Audience::Office { office, post }, _) => add(roster.holders(&roster.current(office, on), post, on)),
            (Audience::Assignee | Audience::Post(_), None) | (Audience::Post(_), Some(TaskPool::Applicant)) => {}
        }
    }
    people
}

fn context(notice: &NoticeEffect, task: Option<&Task>, case: &Case, facts: &Facts<'_>) -> Context {
    let scope = case.scopes.get(&notice.scope);
    let program = scope.and_then(|scope| facts.bundle.programs.get(&scope.program));
    let step = notice.step.as_ref().and_then(|step| program.and_then(|program| program.nodes.iter().find(|node| node.key == *step)));
    let today = facts.now.date();
    let date = |kind: TermKind| scope_term(case, notice.scope, kind).and_then(|term| term.due);
    let due = notice.due.or_else(|| Watch::over_task(case, task?, facts.calendar).due);
    Context {
        no: scope.and_then(|scope| scope.number.clone()).or_else(|| case.number.clone()).unwrap_or_default(),
        item: program.map(|program| program.title.clone()).unwrap_or_default(),
        step: step.map(|node| node.title.clone()),
        office: office(task, facts),
        due,
        left: due.and_then(|due| count(facts, today, due)),
        late: due.and_then(|due| count(facts, due, today)),
        promised: date(TermKind::Promised),
        statutory: date(TermKind::Statutory),
        on: Some(today),
        provisional: task.is_some_and(|task| Watch::over_task(case, task, facts.calendar).provisional),
        priority: case.rank < 9,
        path: case.number.as_ref().map(|number| format!("/cases/{number}")),
        ..Context::default()
    }
}

fn office(task: Option<&Task>, facts: &Facts<'_>) -> Option<Text> {
    let TaskPool::Posts { offices, .. } = &task?.pool else { return None };
    let office = facts.roster.offices.get(offices.first()?)?;
    Some(Text { zh: office.zh.clone(), en: office.en.clone() })
}

fn scope_term(case: &Case, scope: u32, kind: TermKind) -> Option<&Term> {
    case.terms.values().find(|term| term.scope == scope && term.kind == kind && term.token.is_none())
}

/// Working days from one day (not counted) to another; `None` when there are none or no calendar says.
fn count(facts: &Facts<'_>, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Option<Days> {
    let count = facts.calendar.working_days(from, to)?;
    (count > 0).then_some(Days { count, unit: crate::calendar::Unit::Working })
}
