//! The morning digest: what lies on whose desk, the most urgent first.
//! Invariant: a task stands in the digest of each person who must hear of it, once. Never: an address, a channel, a text.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::light::Light;
use crate::engine::case::Local;
use crate::ids::{CaseId, PersonId, Text};

/// An open task as a digest needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask {
    /// The case.
    pub case: CaseId,
    /// The task.
    pub task: Local,
    /// The number people use, when it has one yet.
    pub number: Option<String>,
    /// What is to be done.
    pub title: Text,
    /// The day its light follows.
    pub due: Option<NaiveDate>,
    /// That day lies past the published calendar.
    pub provisional: bool,
    /// Its light now.
    pub light: Light,
    /// Who must hear of it: who may do it, and whoever supervises them.
    pub hearers: Vec<PersonId>,
}

/// One person's desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest<'a> {
    /// The person.
    pub person: PersonId,
    /// How many tasks are red or dark red.
    pub red: usize,
    /// How many are yellow.
    pub yellow: usize,
    /// The tasks, by light, then due day (none comes last), then number.
    pub rows: Vec<&'a OpenTask>,
}

/// The digest of everybody who must hear of a task.
#[must_use]
pub fn digests(tasks: &[OpenTask]) -> Vec<Digest<'_>> {
    let mut desks: BTreeMap<PersonId, Vec<&OpenTask>> = BTreeMap::new();
    for task in tasks {
        for person in task.hearers.iter().collect::<BTreeSet<_>>() {
            desks.entry(*person).or_default().push(task);
        }
    }
    desks.into_iter().map(|(person, rows)| digest(person, rows)).collect()
}

fn digest(person: PersonId, mut rows: Vec<&OpenTask>) -> Digest<'_> {
    rows.sort_by_cached_key(|row| (Reverse(row.light), row.due.is_none(), row.due, row.number.clone(), row.case, row.task));
    let count = |lights: &[Light]| rows.iter().filter(|row| lights.contains(&row.light)).count();
    Digest { person, red: count(&[Light::Red, Light::DarkRed]), yellow: count(&[Light::Yellow]), rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Moment;

    fn person(number: u8) -> PersonId {
        PersonId::new(Moment(0), [number; 10])
    }

    fn task(number: u8, light: Light, due: Option<&str>, hearers: &[u8]) -> OpenTask {
        OpenTask {
            case: CaseId::new(Moment(0), [number; 10]),
            task: 3,
            number: Some(format!("GC2025000{number}")),
            title: Text::default(),
            due: due.map(|day| day.parse().expect(day)),
            provisional: false,
            light,
            hearers: hearers.iter().map(|number| person(*number)).collect(),
        }
    }

    #[test]
    fn the_most_urgent_task_comes_first_and_each_person_hears_once() {
        let tasks = [
            task(1, Light::Green, None, &[1]),
            task(2, Light::Green, Some("2025-04-30"), &[1]),
            task(3, Light::Yellow, Some("2025-04-22"), &[1, 2, 1]),
            task(4, Light::Red, Some("2025-04-22"), &[1, 2]),
            task(5, Light::Red, Some("2025-04-21"), &[1]),
            task(6, Light::DarkRed, Some("2025-04-25"), &[1]),
            task(7, Light::Grey, Some("2025-04-01"), &[1]),
        ];
        let digests = digests(&tasks);
        let rows: Vec<Vec<&str>> =
            digests.iter().map(|digest| digest.rows.iter().filter_map(|row| row.number.as_deref()).map(|number| &number[9..]).collect()).collect();
        assert_eq!(rows, [vec!["6", "5", "4", "3", "7", "2", "1"], vec!["4", "3"]]);
        let counts: Vec<(PersonId, usize, usize)> = digests.iter().map(|digest| (digest.person, digest.red, digest.yellow)).collect();
        assert_eq!(counts, [(person(1), 3, 1), (person(2), 1, 1)]);
    }

    #[test]
    fn whoever_hears_of_nothing_gets_no_digest() {
        assert_eq!(digests(&[task(1, Light::Green, None, &[])]), []);
    }
}
