//! Taking a running case over to another version of its workflow: all of it or nothing.
//! Invariant: what a term has used, an answered seat, a place in line and a claim stay; what changes stands in the events. Never: a step done or skipped by it.

use std::collections::BTreeMap;

use crate::definition::graph::{Bundle, JobRule, NodeKind, Program, TermRule};
use crate::engine::case::{Case, Local, Term, Token, Waits};
use crate::engine::command::Actor;
use crate::engine::decide::{permit, still_open};
use crate::engine::draft::{Draft, Step, ancestry, drafted};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::migration::{Move, StepMap, plan, renamed};
use crate::engine::refusal::{Detail, Refusal};
use crate::engine::{invariants, standing, viewing};
use crate::identity::may::{Act, Standing};
use crate::ids::{Digest, Name};

/// Decides a migration. The bundle it goes to is a fact of its own, beside the one the case pins.
pub(super) fn decide((case, actor, facts): (&Case, &Actor, &Facts<'_>), (from, to): (Digest, Digest), map: &StepMap) -> Decision {
    let permitted = match actor {
        Actor::Person(person) => permit(actor, Act::Publish, &standing::in_office(facts, *person)),
        Actor::System | Actor::Operator(_) => permit(actor, Act::Publish, &Standing::default()),
    };
    if let Err(refusal) = permitted.and_then(|()| still_open(case)) {
        return Decision::Refused(refusal);
    }
    if case.revision == to {
        return Decision::Events(Vec::new());
    }
    let Some(target) = facts.target.filter(|target| target.digest == to && target.root == case.workflow) else {
        return Decision::Refused(Refusal::not_found(
            "unknown_revision",
            "没有要迁移到的版本",
            "cannot migrate the case: the version it should go to is not published",
        ));
    };
    if case.revision != from {
        return Decision::Refused(Refusal::conflict(
            "revision_changed",
            "办件运行的已不是所写的版本",
            "cannot migrate the case: it no longer runs the version named",
        ));
    }
    drafted(case.clone(), facts, |draft| migrate(draft, (from, target), map))
}

fn migrate(draft: &mut Draft<'_>, (from, target): (Digest, &Bundle), map: &StepMap) -> Step<()> {
    let old = draft.facts.bundle;
    let mut planned = plan(&draft.case, (old, target), map);
    draft.facts.bundle = draft.facts.target.unwrap_or(old);
    forms_fit(draft, &mut planned.problems)?;
    if !planned.problems.is_empty() {
        return Err(refused(planned.problems).into());
    }
    let before = draft.case.clone();
    let parts = planned.parts;
    draft.emit(Event::Migrated { from, to: target.digest, parts });
    rename(draft, map);
    for planned in &planned.moves {
        let token = before.tokens.get(&planned.token);
        let program = token.and_then(|token| old.programs.get(&before.scopes.get(&token.scope)?.program));
        if let Some((token, program)) = token.zip(program) {
            take_over(draft, (program, token), planned)?;
        }
    }
    terms(draft, map)?;
    // A join that needs fewer branches in the new version has enough of them now.
    draft.touched.extend(draft.case.scopes.keys().copied());
    draft.run()?;
    invariants::check(&draft.case, target).map_err(|wrong| {
        let details = wrong.into_iter().map(|sentence| Detail::new("", "case_would_break", "迁移后办件不完整".to_owned(), sentence)).collect();
        refused(details)
    })?;
    Ok(())
}

fn refused(details: Vec<Detail>) -> Refusal {
    let (zh, en) = (
        format!("无法迁移：有 {} 处不能对应到新版，什么也没有改变", details.len()),
        format!("cannot migrate the case: {} obstacles; nothing was changed", details.len()),
    );
    Refusal { details, ..Refusal::conflict("cannot_migrate", zh, en) }
}

/// What was submitted must be what the new form asks for, because its guards and sums will read it.
fn forms_fit(draft: &mut Draft<'_>, problems: &mut Vec<Detail>) -> Step<()> {
    let submitted: Vec<_> = draft.case.scopes.iter().filter_map(|(id, scope)| Some((*id, scope.form?))).collect();
    for (scope, form) in submitted {
        let value = draft.body(form).cloned();
        draft.lacking()?;
        let (Some(form), Some(value)) = (viewing::form_of(&draft.case, draft.facts.bundle, scope), value) else { continue };
        for error in form.validate(&value).err().unwrap_or_default() {
            // A field of somebody's that is still to be filled in is not missing yet.
            let later = error.code == "required" && error.path.strip_prefix('/').and_then(|key| form.field(key)).is_some_and(|field| field.edit.is_some());
            if !later {
                problems.push(Detail::new(&format!("/form{}", error.path), error.code, error.zh, error.en));
            }
        }
    }
    Ok(())
}

/// What was done in a step that has another key now is found under it: guards and separation of duties read it there.
fn rename(draft: &mut Draft<'_>, map: &StepMap) {
    // A part of a workflow writes into the scope around it.
    let scopes: Vec<(Local, Name)> = draft.case.scopes.iter().filter(|(_, scope)| !scope.embedded).map(|(id, scope)| (*id, scope.program.clone())).collect();
    for (scope, program) in scopes {
        let part = format!("{program}#");
        let own = map.iter().filter(|(name, _)| **name == program || name.starts_with(&part)).flat_map(|(_, steps)| steps);
        let keys: BTreeMap<Name, Name> = own.filter(|(from, to)| from != to).map(|(from, to)| (from.clone(), to.clone())).collect();
        if !keys.is_empty() {
            draft.emit(Event::StepsRenamed { scope, keys });
        }
    }
}

/// A token stands at its step of the new version and waits for what it waited for.
fn take_over(draft: &mut Draft<'_>, (old, token): (&Program, &Token), planned: &Move) -> Step<()> {
    let node = draft.node(token.scope, planned.to)?;
    let mut waits = token.waits.clone();
    let mut reopened = None;
    let mut offered = None;
    match (&token.waits, &node.kind) {
        (Waits::Task(task), NodeKind::Task(rule)) => {
            let before = old.nodes.get(usize::from(token.node.0));
            let same = before.is_some_and(|node| matches!(&node.kind, NodeKind::Task(before) if before.by == rule.by));
            let pool = draft.pool_of(token.scope, rule)?;
            if !same && draft.case.tasks.get(task).is_some_and(|open| open.pool != pool) {
                draft.close_wait(planned.token, token, &"migrated".into())?;
                let anew = draft.local();
                waits = Waits::Task(anew);
                reopened = Some((anew, pool));
            } else if draft.case.tasks.get(task).is_some_and(|open| open.held.is_some()) {
                // An answer of the old version may be none of the new one's.
                draft.emit(Event::AnswerReopened { task: *task });
            }
        }
        (Waits::Job(job), NodeKind::Job(rule)) => {
            if !old.nodes.get(usize::from(token.node.0)).is_some_and(|node| matches!(&node.kind, NodeKind::Job(before) if asks_the_same(before, rule))) {
                draft.close_job(*job, &"migrated".into());
                let anew = draft.local();
                waits = Waits::Job(anew);
                offered = Some((anew, rule));
            }
        }
        (Waits::Message(_), NodeKind::Message { name, .. }) => waits = Waits::Message(name.clone()),
        (Waits::Timer(timer), NodeKind::Timer { span, .. }) => {
            if let Some(running) = draft.case.timers.get(timer).cloned() {
                let at = draft.period_over(running.from, *span);
                if at != running.at {
                    draft.emit(Event::TimerSet { timer: *timer, token: planned.token, event: None, from: running.from, at });
                }
            }
        }
        // A group keeps its seats and its rule, a link its scope, a join its tokens, a list its members; the plan has seen that each fits.
        (Waits::Task(_) | Waits::Group(_) | Waits::Message(_) | Waits::Signal(_) | Waits::Timer(_), _) => {}
        (Waits::Job(_) | Waits::Join | Waits::Scope(_) | Waits::Members(_) | Waits::Lock(_), _) => {}
    }
    if (token.node, &token.step, &token.waits, token.back_to, token.side) != (planned.to, &node.key, &waits, planned.back_to, planned.side) {
        draft.emit(Event::TokenMoved { token: planned.token, node: planned.to, step: node.key.clone(), waits, back_to: planned.back_to, side: planned.side });
    }
    if let Some((task, pool)) = reopened {
        let spot = draft.spot(planned.token)?;
        draft.open_task(task, spot, node, pool);
    }
    if let Some((job, rule)) = offered {
        let spot = draft.spot(planned.token)?;
        draft.offer(job, spot, node, rule)?;
    }
    Ok(())
}

/// Whether a job is the same work in both versions: whoever holds it then goes on with it.
fn asks_the_same(old: &JobRule, new: &JobRule) -> bool {
    let asked = |rule: &JobRule| rule.with.iter().map(|(name, read)| (name.clone(), read.source().to_owned())).collect::<Vec<_>>();
    old.topic == new.topic && asked(old) == asked(new)
}

/// Terms follow the rules of the new version and keep the days they have used, left out and been given.
fn terms(draft: &mut Draft<'_>, map: &StepMap) -> Step<()> {
    let all: Vec<(Local, Term)> = draft.case.terms.iter().map(|(id, term)| (*id, term.clone())).collect();
    let mut kept = Vec::new();
    for (id, term) in all {
        match new_rule(draft, &term, map)? {
            None => draft.emit(Event::TermEnded { term: id, met: false }),
            Some(rule) => {
                let excludes: Vec<Name> = rule.excludes.iter().cloned().collect();
                let (within, manner) = (rule.span(draft.facts.bundle.rank_on(draft.case.rank, term.from)), rule.manner);
                if (&term.key, term.kind, term.within, &term.excludes, term.manner) != (&rule.key, rule.kind, within, &excludes, manner) {
                    draft.emit(Event::TermRuled { term: id, key: rule.key.clone(), kind: rule.kind, within, excludes, manner });
                }
                kept.push(id);
            }
        }
    }
    for id in &kept {
        hold_anew(draft, *id);
    }
    new_step_terms(draft)?;
    for id in kept {
        draft.move_term(id, "migrated");
    }
    Ok(())
}

/// The rule a running term has in the new version. A step's own limit may have gone; one of the whole link may not, which the plan has seen.
fn new_rule<'f>(draft: &Draft<'f>, term: &Term, map: &StepMap) -> Step<Option<&'f TermRule>> {
    let program = draft.program(term.scope)?;
    let Some(token) = term.token else { return Ok(program.limits.iter().find(|rule| rule.key == term.key)) };
    let Some(token) = draft.case.tokens.get(&token) else { return Ok(None) };
    let node = draft.node(token.scope, token.node)?;
    // A step's own limit bears the step's key, so it is renamed with it.
    let key = renamed(map, &program.name, &term.key);
    Ok(node.terms.iter().find(|rule| rule.key == term.key || rule.key == key))
}

/// Who holds a term back by the new version: the steps where a token stands now, by the causes the term lists now.
fn hold_anew(draft: &mut Draft<'_>, id: Local) {
    let Some(term) = draft.case.terms.get(&id).cloned() else { return };
    let cause = |draft: &Draft<'_>, holder: Local| {
        let token = draft.case.tokens.get(&holder).filter(|token| token.at_work(holder))?;
        let cause = draft.node(token.scope, token.node).ok()?.stops.clone()?;
        let below = ancestry(&draft.case, token.scope).contains(&term.scope);
        (below && term.token != Some(holder) && term.excludes.contains(&cause)).then_some(cause)
    };
    let today = draft.facts.now.date();
    for holder in term.stops_open.iter().filter(|holder| cause(draft, **holder).is_none()).copied().collect::<Vec<_>>() {
        draft.emit(Event::TermResumed { term: id, token: holder, on: today });
    }
    for holder in draft.case.tokens.keys().filter(|holder| !term.stops_open.contains(holder)).copied().collect::<Vec<_>>() {
        if let Some(cause) = cause(draft, holder) {
            draft.stop_term(id, holder, &cause);
        }
    }
}

/// A step's limit that is new counts from the day the step was entered.
fn new_step_terms(draft: &mut Draft<'_>) -> Step<()> {
    let tokens: Vec<(Local, Token)> = draft.case.tokens.iter().map(|(id, token)| (*id, token.clone())).collect();
    for (id, token) in tokens.into_iter().filter(|(id, token)| token.at_work(*id)) {
        for rule in &draft.node(token.scope, token.node)?.terms {
            let running = draft.case.terms.values().any(|term| term.token == Some(id) && term.key == rule.key);
            if !running {
                draft.start_term(token.scope, Some(id), (rule, token.entered.date()));
            }
        }
    }
    Ok(())
}
