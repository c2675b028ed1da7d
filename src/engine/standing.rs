//! What a person is to an open task on a day: in its pool, its claimer, barred from it by an earlier step, or the one it is kept for.
//! Invariant: the inbox that offers a task and the engine that takes its answer read the same standing.
//! Never: an answer; `identity::may` alone says whether it is allowed.

use std::collections::BTreeSet;

use crate::definition::SUBMITTER;
use crate::definition::graph::{Node, NodeKind, Program};
use crate::engine::case::{Case, Local, Task, TaskPool};
use crate::engine::draft::ancestry;
use crate::engine::facts::Facts;
use crate::engine::groups::{root_of, tree};
use crate::identity::absence::{B_POST, other_post};
use crate::identity::may::{Claim, Standing, TaskStanding};
use crate::ids::{Name, PersonId};

/// What `person` is to `task` on the day of the facts.
#[must_use]
pub fn to_task(case: &Case, facts: &Facts<'_>, task: Local, person: PersonId) -> Option<TaskStanding> {
    Some(to_seat(case, facts, (task, case.tasks.get(&task)?), person))
}

/// What `person` would be to a task that is open, or is yet to open under the id `id`.
fn to_seat(case: &Case, facts: &Facts<'_>, (id, open): (Local, &Task), person: PersonId) -> TaskStanding {
    let bars = bars(case, facts, open);
    let barred = |step: &&Name| {
        let submitter = &***step == SUBMITTER && case.applicant == person;
        submitter || acted(case, facts, (open.scope, step)).contains(&person)
    };
    let acted_in = bars.not.iter().find(barred).cloned();
    TaskStanding {
        in_pool: in_pool(case, facts, open, person),
        claim: claim(case, facts, open, person),
        acted_in: acted_in.or_else(|| other_seat(case, (id, open), person)),
        recused: is_recused(case, open.scope, person),
        kept_for: bars.same_as.filter(|step| kept_for_another(case, facts, (open, step), person)),
    }
}

/// A claim lasts while its holder is in the pool; of one who has left it is nobody's, so that the task is not lost with them.
fn claim(case: &Case, facts: &Facts<'_>, open: &Task, person: PersonId) -> Claim {
    let Some(holder) = open.claimed else { return Claim::Free };
    match delegate(case, facts, open) {
        Some(delegate) if delegate == person => Claim::Asked,
        Some(_) if holder == person => Claim::Lent,
        Some(_) => Claim::Other,
        None if holder == person => Claim::Own,
        None if in_pool(case, facts, open, holder) && !is_recused(case, open.scope, holder) => Claim::Other,
        None => Claim::Free,
    }
}

/// Whom the holder of a task has asked, as long as the question stands: both still work there.
#[must_use]
pub fn delegate(case: &Case, facts: &Facts<'_>, open: &Task) -> Option<PersonId> {
    let holder = open.claimed?;
    let delegate = open.delegate.filter(|delegate| works_there(facts, open, *delegate) && !is_recused(case, open.scope, *delegate))?;
    (in_pool(case, facts, open, holder) && !is_recused(case, open.scope, holder)).then_some(delegate)
}

/// Whether a person holds any post in an office the task asks.
pub(super) fn works_there(facts: &Facts<'_>, open: &Task, person: PersonId) -> bool {
    let TaskPool::Posts { offices, .. } = &open.pool else { return false };
    let today = facts.now.date();
    let asked: Vec<Name> = offices.iter().map(|office| facts.roster.current(office, today)).collect();
    facts.roster.posts_of(person, today).iter().any(|(office, _)| asked.contains(office))
}

/// The B post of a task's pool, when somebody holds it today.
pub(super) fn backup_post(facts: &Facts<'_>, open: &Task) -> Option<Name> {
    let TaskPool::Posts { offices, post } = &open.pool else { return None };
    let (other, today) = (other_post(post), facts.now.date());
    if post.ends_with(B_POST) {
        return None;
    }
    offices.iter().any(|office| !facts.roster.holders(office, &other, today).is_empty()).then_some(other)
}

/// For whom a person acts who takes a task that is not theirs by their own post (B 岗某代 A 岗某): whoever is away, or did not claim it in time.
pub(super) fn in_place_of(facts: &Facts<'_>, open: &Task, person: PersonId) -> Option<PersonId> {
    let TaskPool::Posts { offices, post } = &open.pool else { return None };
    let today = facts.now.date();
    let late = || {
        let backs = open.backup.is_some() && !facts.roster.holds(person, offices, post, today);
        let holders = offices.iter().flat_map(|office| facts.roster.holders(office, post, today));
        holders.map(|holder| holder.id).next().filter(|_| backs)
    };
    facts.roster.in_place_of(person, offices, post, today).or_else(late)
}

/// Who is asked by a task, or would be by one that is yet to open: everybody in its pool whom nothing bars.
#[must_use]
pub(super) fn eligible_for(case: &Case, facts: &Facts<'_>, (id, open): (Local, &Task)) -> BTreeSet<PersonId> {
    let free = |person: &PersonId| {
        let standing = to_seat(case, facts, (id, open), *person);
        standing.in_pool && !standing.recused && standing.acted_in.is_none() && standing.kept_for.is_none()
    };
    members(case, facts, open).into_iter().filter(free).collect()
}

/// Everybody a task asks today.
fn members(case: &Case, facts: &Facts<'_>, open: &Task) -> BTreeSet<PersonId> {
    match &open.pool {
        TaskPool::Applicant => BTreeSet::from([case.applicant]),
        TaskPool::Posts { offices, post } => {
            let posts = || [Some(post), open.backup.as_ref()].into_iter().flatten();
            let holders = offices.iter().flat_map(|office| posts().flat_map(move |post| facts.roster.holders(office, post, facts.now.date())));
            holders.map(|person| person.id).collect()
        }
    }
}

/// What `person` is to the case itself, with the posts held on the day of the facts.
#[must_use]
pub fn to_case(case: &Case, facts: &Facts<'_>, person: PersonId) -> Standing {
    Standing { applicant: case.applicant == person, involved: involved(case, facts, person), ..in_office(facts, person) }
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
    eligible_for(case, facts, (task, open))
}

/// Whether a person is kept from a scope: from it, or from one it is called by.
pub(super) fn is_recused(case: &Case, scope: Local, person: PersonId) -> bool {
    ancestry(case, scope).iter().filter_map(|above| case.scopes.get(above)).any(|above| above.recused.contains(&person))
}

/// Whether a person has a part in the case: acted in it, or works in an office one of its open tasks asks.
fn involved(case: &Case, facts: &Facts<'_>, person: PersonId) -> bool {
    let acted = case.scopes.values().flat_map(|scope| scope.actors.values()).flatten().any(|actor| *actor == person);
    acted || case.tasks.values().any(|task| works_there(facts, task, person) || task.delegate == Some(person)) || case.copied.contains(&person)
}

/// The node at which a task's token stands.
pub(super) fn node_of<'f>(case: &Case, facts: &Facts<'f>, open: &Task) -> Option<&'f Node> {
    let token = case.tokens.get(&open.token)?;
    program(case, facts, open.scope)?.nodes.get(usize::from(token.node.0))
}

struct Bars {
    not: Vec<Name>,
    same_as: Option<Name>,
}

/// The separation of duties the task's step asks for.
fn bars(case: &Case, facts: &Facts<'_>, open: &Task) -> Bars {
    let none = Bars { not: Vec::new(), same_as: None };
    let Some(node) = node_of(case, facts, open) else { return none };
    match &node.kind {
        NodeKind::Task(rule) => Bars { not: rule.not.clone(), same_as: rule.same_as.clone().filter(|_| open.group.is_none()) },
        NodeKind::Approve(rule) => Bars { not: rule.not.clone(), same_as: None },
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
        TaskPool::Posts { offices, post } => {
            let today = facts.now.date();
            facts.roster.holds(person, offices, post, today) || open.backup.as_ref().is_some_and(|post| facts.roster.holds(person, offices, post, today))
        }
    }
}

/// One person never fills two seats of a group, added ones included: the step itself is then what they acted in.
fn other_seat(case: &Case, (id, open): (Local, &Task), person: PersonId) -> Option<Name> {
    let root = root_of(case, open.group?);
    let groups = tree(case, root);
    // Whoever holds the task of one decider that a seat was added to is asked already.
    let decides = case.tasks.get(&root).is_some_and(|main| main.claimed == Some(person));
    let mut groups = groups.iter().filter_map(|group| case.groups.get(group));
    let fills = groups.any(|group| {
        let answered = group.seats.values().flatten().any(|seat| seat.by == person);
        let claimed = || group.seats.keys().any(|other| *other != id && case.tasks.get(other).is_some_and(|task| task.claimed == Some(person)));
        answered || claimed()
    });
    (decides || fills).then(|| open.step.clone())
}

/// Kept for whoever acted last in `step`, as long as that person is still in the pool: a task is not kept for somebody who has left.
fn kept_for_another(case: &Case, facts: &Facts<'_>, (open, step): (&Task, &Name), person: PersonId) -> bool {
    let last = acted(case, facts, (open.scope, step)).last();
    last.is_some_and(|last| *last != person && in_pool(case, facts, open, *last) && !is_recused(case, open.scope, *last))
}
