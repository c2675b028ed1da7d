//! Extending a running term: once, before it expires, up to its ceiling, by whoever its rule names (行政许可法 42).

use std::collections::BTreeSet;

use crate::calendar::Span;
use crate::definition::graph::{ExtendRule, NodeKind, Pool};
use crate::engine::case::{BodyRef, Case, Local, TaskPool, Term};
use crate::engine::decide::{Asked, permit, person, still_open};
use crate::engine::draft::{Step, drafted};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::terms::{expired, rule_of};
use crate::identity::may::{Act, Standing};
use crate::ids::{Name, PersonId};

pub(super) fn decide(asked: Asked<'_, '_>, term: Local, by: u32, body: Option<BodyRef>) -> Decision {
    let (person, by) = match allowed(asked, term, by, body) {
        Ok(allowed) => allowed,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| -> Step<()> {
        draft.emit(Event::TermExtended { term, by, person, body });
        draft.move_term(term, "extended");
        Ok(())
    })
}

fn allowed((case, actor, facts): Asked<'_, '_>, id: Local, days: u32, body: Option<BodyRef>) -> Result<(PersonId, Span), Refusal> {
    still_open(case)?;
    let person = person(actor, Act::Extend)?;
    let missing = || Refusal::not_found("no_such_term", format!("没有在走的时限 {id}"), format!("cannot extend term {id}: it does not run"));
    let term = case.terms.get(&id).ok_or_else(missing)?;
    let Some(rule) = rule_of(case, facts, term).and_then(|rule| rule.extend.as_ref()) else {
        let key = &term.key;
        return Err(Refusal::invalid("extension_not_allowed", format!("时限 `{key}` 不得延长"), format!("cannot extend term `{key}`: its rule allows none")));
    };
    let standing = Standing { approver: is_approver(case, facts, (term, rule), person), ..Standing::default() };
    permit(actor, Act::Extend, &standing)?;
    if body.is_none() {
        return Err(Refusal::invalid("reason_required", "无法延期：须写明理由", "cannot extend the term: a reason is required"));
    }
    within(term, rule, days, facts)?;
    Ok((person, Span { days, unit: rule.by.unit }))
}

fn within(term: &Term, rule: &ExtendRule, days: u32, facts: &Facts<'_>) -> Result<(), Refusal> {
    let key = &term.key;
    if term.extended.is_some() {
        return Err(Refusal::conflict("already_extended", format!("时限 `{key}` 已延长过一次"), format!("cannot extend term `{key}`: it was extended once")));
    }
    if expired(term, facts.now.date()) {
        return Err(Refusal::conflict("term_expired", format!("时限 `{key}` 已届满，不能再延长"), format!("cannot extend term `{key}`: it has expired")));
    }
    if (1..=rule.by.days).contains(&days) {
        return Ok(());
    }
    let most = rule.by.days;
    Err(Refusal::invalid(
        "extension_too_long",
        format!("时限 `{key}` 可延长 1 至 {most} 日，收到 {days}"),
        format!("cannot extend term `{key}`: expected 1 to {most} days, found {days}"),
    ))
}

/// Whether `person` may extend the term: a holder of the approving post in an office that works on the term's scope.
#[must_use]
pub fn is_approver(case: &Case, facts: &Facts<'_>, (term, rule): (&Term, &ExtendRule), person: PersonId) -> bool {
    let offices: Vec<Name> = offices(case, facts, term).into_iter().collect();
    facts.roster.holds(person, &offices, &rule.approved_by, facts.now.date())
}

/// The offices asked by the open tasks of the term's step or scope; while nothing is open there, those its workflow names.
pub(super) fn offices(case: &Case, facts: &Facts<'_>, term: &Term) -> BTreeSet<Name> {
    let concerned = case.tasks.values().filter(|task| task.scope == term.scope && term.token.is_none_or(|token| token == task.token));
    let asked: BTreeSet<Name> = concerned
        .flat_map(|task| match &task.pool {
            TaskPool::Applicant => &[],
            TaskPool::Posts { offices, .. } => offices.as_slice(),
        })
        .cloned()
        .collect();
    if !asked.is_empty() {
        return asked;
    }
    let program = case.scopes.get(&term.scope).and_then(|scope| facts.bundle.programs.get(&scope.program));
    let nodes = program.map_or(&[][..], |program| program.nodes.as_slice());
    nodes.iter().flat_map(|node| named(&node.kind)).collect()
}

fn named(kind: &NodeKind) -> Vec<Name> {
    match kind {
        NodeKind::Task(rule) => match &rule.by {
            Pool::Applicant => Vec::new(),
            Pool::Posts { offices, .. } => offices.clone(),
        },
        NodeKind::Approve(rule) => rule.seats.iter().map(|(office, _)| office.clone()).collect(),
        NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Join { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => Vec::new(),
    }
}
