//! What a migration does to a case: keys, places and rules of the new version; nothing that was done, used or answered is lost.

use std::collections::BTreeMap;

use crate::engine::case::{Case, Done, Local};
use crate::engine::event::Event;
use crate::ids::{Digest, Name, PersonId};

/// The case runs another version from here on. What was done under the old one is not taken back under the new one: the way back may be another.
pub(super) fn begin(case: &mut Case, to: Digest, parts: &[(Local, Name)]) {
    case.revision = to;
    for (scope, program) in parts {
        if let Some(open) = case.scopes.get_mut(scope) {
            open.program = program.clone();
        }
    }
    case.fresh.clear();
}

/// What was done in a step is found under its new key; two steps that became one share it, and the later of two ends stands.
pub(super) fn rename(case: &mut Case, scope: Local, keys: &BTreeMap<Name, Name>) {
    let renamed = |step: Name| keys.get(&step).cloned().unwrap_or(step);
    for hold in case.holds.values_mut().filter(|hold| hold.scope == scope) {
        hold.step = renamed(hold.step.clone());
    }
    let Some(open) = case.scopes.get_mut(&scope) else { return };
    let mut done: BTreeMap<Name, Done> = BTreeMap::new();
    for (step, ended) in std::mem::take(&mut open.done) {
        let step = renamed(step);
        if done.get(&step).is_none_or(|known| known.at <= ended.at) {
            done.insert(step, ended);
        }
    }
    open.done = done;
    let mut actors: BTreeMap<Name, Vec<PersonId>> = BTreeMap::new();
    for (step, people) in std::mem::take(&mut open.actors) {
        let together = actors.entry(renamed(step)).or_default();
        for person in people {
            together.retain(|known| *known != person);
            together.push(person);
        }
    }
    open.actors = actors;
}

/// A token stands elsewhere, and its tasks and its job with it.
pub(super) fn move_token(case: &mut Case, event: &Event) {
    let Event::TokenMoved { token, node, step, waits, back_to, side } = event else { return };
    if let Some(moved) = case.tokens.get_mut(token) {
        moved.node = *node;
        moved.step = step.clone();
        moved.waits = waits.clone();
        moved.back_to = *back_to;
        moved.side = *side;
    }
    for task in case.tasks.values_mut().filter(|task| task.token == *token) {
        task.step = step.clone();
    }
    for job in case.jobs.values_mut().filter(|job| job.token == *token) {
        job.step = step.clone();
    }
}

/// A term runs by another rule.
pub(super) fn rule(case: &mut Case, event: &Event) {
    let Event::TermRuled { term, key, kind, within, excludes, manner } = event else { return };
    if let Some(ruled) = case.terms.get_mut(term) {
        ruled.key = key.clone();
        ruled.kind = *kind;
        ruled.within = *within;
        ruled.excludes.clone_from(excludes);
        ruled.manner = *manner;
    }
}
