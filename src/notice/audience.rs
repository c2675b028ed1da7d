//! Which people an audience means today.
//! Invariant: posts become whoever holds them on the day of the notice, by the office that has the task then. Never: an address; see `recipient`.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::definition::graph::Audience;
use crate::engine::case::{Case, Task, TaskPool};
use crate::engine::effect::NoticeEffect;
use crate::identity::{Person, Roster};
use crate::ids::PersonId;

/// The officers a task lies with: who claimed it, else whoever holds its post. None for one of the applicant.
#[must_use]
pub fn holders_of(task: &Task, roster: &Roster, on: NaiveDate) -> Vec<PersonId> {
    match (&task.pool, task.claimed) {
        (TaskPool::Applicant, _) => Vec::new(),
        (TaskPool::Posts { .. }, Some(claimed)) => vec![claimed],
        (TaskPool::Posts { offices, post }, None) => offices.iter().flat_map(|office| roster.holders(office, post, on)).map(|person| person.id).collect(),
    }
}

/// The people a notice is meant for, by id.
#[must_use]
pub fn audience<'a>(notice: &NoticeEffect, case: &Case, roster: &'a Roster, on: NaiveDate) -> BTreeMap<PersonId, &'a Person> {
    let task = notice.task.and_then(|task| case.tasks.get(&task));
    let mut people = BTreeMap::new();
    let mut add = |found: Vec<&'a Person>| people.extend(found.into_iter().map(|person| (person.id, person)));
    for audience in &notice.to {
        match (audience, task.map(|task| &task.pool)) {
            (Audience::Applicant, _) | (Audience::Assignee, Some(TaskPool::Applicant)) => add(roster.people.get(&case.applicant).into_iter().collect()),
            (Audience::Assignee, Some(TaskPool::Posts { offices, post })) => match task.and_then(|task| task.claimed) {
                Some(claimed) => add(roster.people.get(&claimed).into_iter().collect()),
                None => offices.iter().for_each(|office| add(roster.holders(office, post, on))),
            },
            (Audience::Post(post), Some(TaskPool::Posts { offices, .. })) => {
                offices.iter().for_each(|office| add(roster.holders(office, post, on)));
            }
            (Audience::Person(person), _) => add(roster.people.get(person).into_iter().collect()),
            (Audience::Office { office, post }, _) => add(roster.holders(&roster.current(office, on), post, on)),
            (Audience::Assignee | Audience::Post(_), None) | (Audience::Post(_), Some(TaskPool::Applicant)) => {}
        }
    }
    people
}
