//! What a person is to an open task on a day: in its pool, its claimer, barred from it by an earlier step, or the one it is kept for.
//! Invariant: the inbox that offers a task and the engine that takes its answer read the same standing.
//! Never: an answer; `identity::may` alone says whether it is allowed.

use std::collections::BTreeSet;

use crate::definition::graph::{NodeKind, Program};
use crate::engine::case::{Case, Local, Task, TaskPool};
use crate::engine::facts::Facts;
use crate::identity::may::{Claim, Standing, TaskStanding};
use crate::ids::{Name, PersonId};

/// What `person` is to `task` on the day of the facts.
#[must_use]
pub fn to_task(case: &Case, facts: &Facts<'_>, task: Local, person: PersonId) -> Option<TaskStanding> {
    let open = case.tasks.get(&task)?;
    let bars = bars(case, facts, open);
    let claim = match open.claimed {
        None => Claim::Free,
        Some(claimer) if claimer == person => Claim::Own,
        Some(_) => Claim::Other,
    };
    let acted_in = bars.not.iter().find(|step| acted(case, facts, (open.scope, step)).contains(&person)).cloned();
    Some(TaskStanding {
        in_pool: in_pool(case, facts, open, person),
        claim,
        acted_in: acted_in.or_else(|| other_seat(case, (task, open), person)),
        kept_for: bars.same_as.filter(|step| kept_for_another(case, facts, (open, step), person)),
    })
}

/// What `person` is to the case itself, with the posts held on the day of the facts.
#[must_use]
pub fn to_case(case: &Case, facts: &Facts<'_>, person: PersonId) -> Standing {
    Standing { applicant: case.applicant == person, ..in_office(facts, person) }
}

/// What `person` is without any case.
#[must_use]
pub fn in_office(facts: &Facts<'_>, person: PersonId) -> Standing {
    let known = facts.roster.people.get(&person);
    Standing { posts: facts.roster.posts_of(person, facts.now.date()), disabled: known.is_some_and(|known| known.disabled), ..Standing::default() }
}

/// Everybody who could answer the task today. Empty for a task that nobody can finish until the roster changes or it is returned.
#[must_use]
pub fn eligible(case: &Case, facts: &Facts<'_>, task: Local) -> BTreeSet<PersonId> {
    let Some(open) = case.tasks.get(&task) else { return BTreeSet::new() };
    let asked: BTreeSet<PersonId> = match &open.pool {
        TaskPool::Applicant => BTreeSet::from([case.applicant]),
        TaskPool::Posts { offices, post } => {
            let holders = offices.iter().flat_map(|office| facts.roster.holders(office, post, facts.now.date()));
            holders.map(|person| person.id).collect()
        }
    };
    let free = |person: &PersonId| {
        to_task(case, facts, task, *person).is_some_and(|standing| standing.in_pool && standing.acted_in.is_none() && standing.kept_for.is_none())
    };
    asked.into_iter().filter(free).collect()
}

struct Bars {
    not: Vec<Name>,
    same_as: Option<Name>,
}

/// The separation of duties the task's step asks for.
fn bars(case: &Case, facts: &Facts<'_>, open: &Task) -> Bars {
    let none = Bars { not: Vec::new(), same_as: None };
    let Some(token) = case.tokens.get(&open.token) else { return none };
    let Some(node) = program(case, facts, open.scope).and_then(|program| program.nodes.get(usize::from(token.node.0))) else { return none };
    match &node.kind {
        NodeKind::Task(rule) => Bars { not: rule.not.clone(), same_as: rule.same_as.clone() },
        NodeKind::Approve(rule) => Bars { not: rule.not.clone(), same_as: None },
        NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Join { .. }
        | NodeKind::Call { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => none,
    }
}

fn program<'f>(case: &Case, facts: &Facts<'f>, scope: Local) -> Option<&'f Program> {
    facts.bundle.programs.get(&case.scopes.get(&scope)?.program).map(AsRef::as_ref)
}

/// Who acted in a step: of the nearest scope up whose workflow has a step of that key.
fn acted<'c>(case: &'c Case, facts: &Facts<'_>, (scope, step): (Local, &Name)) -> &'c [PersonId] {
    let mut at = Some(scope);
    while let Some(id) = at {
        let Some(open) = case.scopes.get(&id) else { return &[] };
        let has_step = program(case, facts, id).is_some_and(|program| program.nodes.iter().any(|node| node.key == *step));
        // What a part of a workflow did stays with the workflow under the step's key when the part is over.
        if has_step || open.actors.contains_key(step) {
            return open.actors.get(step).map_or(&[], Vec::as_slice);
        }
        at = open.parent.filter(|parent| *parent < id);
    }
    &[]
}

fn in_pool(case: &Case, facts: &Facts<'_>, open: &Task, person: PersonId) -> bool {
    match &open.pool {
        TaskPool::Applicant => case.applicant == person,
        TaskPool::Posts { offices, post } => facts.roster.holds(person, offices, post, facts.now.date()),
    }
}

/// One person never fills two seats of a group: the step itself is then what they acted in.
fn other_seat(case: &Case, (id, open): (Local, &Task), person: PersonId) -> Option<Name> {
    let group = case.groups.get(&open.group?)?;
    let answered = group.seats.values().flatten().any(|seat| seat.by == person);
    let claimed = group.seats.keys().any(|other| *other != id && case.tasks.get(other).is_some_and(|task| task.claimed == Some(person)));
    (answered || claimed).then(|| open.step.clone())
}

/// Kept for whoever acted last in `step`, as long as that person is still in the pool: a task is not kept for somebody who has left.
fn kept_for_another(case: &Case, facts: &Facts<'_>, (open, step): (&Task, &Name), person: PersonId) -> bool {
    let last = acted(case, facts, (open.scope, step)).last();
    last.is_some_and(|last| *last != person && in_pool(case, facts, open, *last))
}
