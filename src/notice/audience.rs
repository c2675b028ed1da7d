//! Which people an audience means today.
//! Invariant: posts become whoever holds them on the day of the notice, by the office that has the task then. Never: an address; see `recipient`.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::definition::graph::Audience;
use crate::engine::case::{Case, Local, Task, TaskPool};
use crate::engine::effect::NoticeEffect;
use crate::identity::{Person, Roster};
use crate::ids::{Name, PersonId};

/// The officers a task lies with: who claimed it, else whoever holds its post. None for one of the applicant.
#[must_use]
pub fn holders_of(task: &Task, roster: &Roster, on: NaiveDate) -> Vec<PersonId> {
    match (&task.pool, task.claimed) {
        (TaskPool::Applicant, _) => Vec::new(),
        (TaskPool::Posts { .. }, Some(claimed)) => vec![claimed],
        (TaskPool::Posts { post, .. }, None) => holders(task, post, roster, on).into_iter().map(|person| person.id).collect(),
    }
}

/// The people a notice is meant for, by id. One about a limit of a whole scope means whoever has a task open under it.
#[must_use]
pub fn audience<'a>(notice: &NoticeEffect, case: &Case, roster: &'a Roster, on: NaiveDate) -> BTreeMap<PersonId, &'a Person> {
    let tasks: Vec<&Task> = match notice.task {
        Some(task) => case.tasks.get(&task).into_iter().collect(),
        None => case.tasks.values().filter(|task| lies_in(case, task.scope, notice.scope)).collect(),
    };
    let mut people = BTreeMap::new();
    let mut add = |found: Vec<&'a Person>| people.extend(found.into_iter().map(|person| (person.id, person)));
    for audience in &notice.to {
        match audience {
            Audience::Applicant => add(roster.people.get(&case.applicant).into_iter().collect()),
            Audience::Assignee => tasks.iter().for_each(|task| add(assignees(task, case, roster, on))),
            Audience::Post(post) => tasks.iter().for_each(|task| add(holders(task, post, roster, on))),
            Audience::Person(person) => add(roster.people.get(person).into_iter().collect()),
            Audience::Office { office, post } => add(roster.holders(&roster.current(office, on), post, on)),
        }
    }
    people
}

/// Whoever has a task: its claimer, or everybody it asks.
fn assignees<'a>(task: &Task, case: &Case, roster: &'a Roster, on: NaiveDate) -> Vec<&'a Person> {
    let people = match &task.pool {
        TaskPool::Applicant => vec![case.applicant],
        TaskPool::Posts { .. } => holders_of(task, roster, on),
    };
    people.iter().filter_map(|person| roster.people.get(person)).collect()
}

/// Whoever holds a post in the offices a task asks.
fn holders<'a>(task: &Task, post: &Name, roster: &'a Roster, on: NaiveDate) -> Vec<&'a Person> {
    match &task.pool {
        TaskPool::Applicant => Vec::new(),
        TaskPool::Posts { offices, .. } => offices.iter().flat_map(|office| roster.holders(office, post, on)).collect(),
    }
}

/// Whether a scope is `above`, a part of it, or one it called.
fn lies_in(case: &Case, scope: Local, above: Local) -> bool {
    let mut at = Some(scope);
    while let Some(here) = at {
        if here == above {
            return true;
        }
        // What called a scope is older than it.
        at = case.scopes.get(&here).and_then(|open| open.parent).filter(|parent| *parent < here);
    }
    false
}
