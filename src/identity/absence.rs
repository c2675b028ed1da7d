//! Who is away from a post, and who stands in: the B post (B 岗) or a named substitute (代理), with dates.
//! Invariant: somebody who stands in does so by a dated row of the register, and what they do names both people.
//! Never: a post away with its stand-in; A and B may not be away at once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Roster;
use super::may::LEADERS;
use super::roster::{About, RosterMistake};
use crate::ids::{Name, PersonId};

/// Somebody is away from a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Who.
    pub person: PersonId,
    /// From which office's …
    pub office: Name,
    /// … post.
    pub post: Name,
    /// First day away.
    pub from: NaiveDate,
    /// Last day away.
    pub until: NaiveDate,
    /// Who stands in; with nobody named, whoever holds the B post.
    pub substitute: Option<PersonId>,
    /// It was called off before it began; it stays on the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub called_off: bool,
}

impl Absence {
    /// Its key in the register: who, where, what, from when.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.person, self.office, self.post, self.from)
    }

    /// Whether it includes a day.
    #[must_use]
    pub fn covers(&self, on: NaiveDate) -> bool {
        !self.called_off && (self.from..=self.until).contains(&on)
    }

    fn overlaps(&self, other: &Self) -> bool {
        !self.called_off && !other.called_off && self.from <= other.until && other.from <= self.until
    }
}

/// How the key of a B post ends.
pub const B_POST: &str = "_b";

/// The B post of a post, or the A post of a B post: `handler` and `handler_b`.
#[must_use]
pub fn other_post(post: &Name) -> Name {
    post.strip_suffix(B_POST).map_or_else(|| Name::from(format!("{post}{B_POST}").as_str()), Name::from)
}

impl Roster {
    /// Whether a person is away from a post on a day.
    #[must_use]
    pub fn is_away(&self, person: PersonId, (office, post): (&Name, &Name), on: NaiveDate) -> bool {
        self.absences.iter().any(|absence| absence.person == person && absence.office == *office && absence.post == *post && absence.covers(on))
    }

    /// The posts a person stands in for on a day, each with its holder. Somebody who is away from their own B post stands in for nobody.
    #[must_use]
    pub fn stands_in(&self, person: PersonId, on: NaiveDate) -> Vec<(Name, Name, PersonId)> {
        if self.absences.is_empty() {
            return Vec::new();
        }
        let own = self.own_posts(person, on);
        let stands = |absence: &&Absence| {
            let held = self.own_posts(absence.person, on).contains(&(absence.office.clone(), absence.post.clone()));
            let other = other_post(&absence.post);
            let by_post = || own.contains(&(absence.office.clone(), other.clone())) && !self.is_away(person, (&absence.office, &other), on);
            absence.covers(on) && held && absence.person != person && absence.substitute.map_or_else(by_post, |substitute| substitute == person)
        };
        self.absences.iter().filter(stands).map(|absence| (absence.office.clone(), absence.post.clone(), absence.person)).collect()
    }

    /// For whom a person acts who does what a post asks: nobody when they hold it themselves.
    #[must_use]
    pub fn in_place_of(&self, person: PersonId, offices: &[Name], post: &Name, on: NaiveDate) -> Option<PersonId> {
        let offices: Vec<Name> = offices.iter().map(|office| self.current(office, on)).collect();
        let own = self.own_posts(person, on);
        if offices.iter().any(|office| own.contains(&(office.clone(), post.clone()))) {
            return None;
        }
        self.stands_in(person, on).into_iter().find(|(office, held, _)| offices.contains(office) && held == post).map(|(_, _, holder)| holder)
    }

    /// Whether a person leads an office on a day.
    #[must_use]
    pub fn leads(&self, person: PersonId, office: &Name, on: NaiveDate) -> bool {
        let office = self.current(office, on);
        self.own_posts(person, on).iter().any(|(held, post)| *held == office && LEADERS.contains(&&**post))
    }

    /// What is wrong with absences.
    pub(super) fn absence_mistakes(&self) -> Vec<RosterMistake> {
        let mut mistakes = Vec::new();
        for (index, absence) in self.absences.iter().enumerate() {
            let Absence { person, office, post, from, until, substitute, called_off } = absence;
            if *called_off {
                continue;
            }
            let mut say = |code, zh: String, en: String| mistakes.push(RosterMistake { about: About::Absence(index), code, zh, en });
            if until < from {
                say("dates-backwards", "离岗的终止日早于起始日".to_owned(), "expected the absence to end after it began, found an earlier last day".to_owned());
            }
            if !self.own_posts(*person, *from).contains(&(office.clone(), post.clone())) {
                say(
                    "post-not-held",
                    format!("离岗人员在 {from} 没有担任 `{office}` 的 `{post}`"),
                    format!("expected the absent person to hold `{post}` of `{office}` on {from}, found they do not"),
                );
            }
            if substitute.is_some_and(|substitute| substitute == *person || !self.works_in(substitute, office, *from)) {
                say(
                    "substitute-outside",
                    format!("代理人须是 `{office}` 的其他人员"),
                    format!("expected another person of `{office}` as the substitute, found somebody else"),
                );
            }
            if self.both_away(absence) {
                let zh = format!("`{office}` 的 `{post}` A、B 岗不能同时离岗；请改期，或由科长顶岗（指定代理人）");
                let en =
                    format!("expected A and B of `{post}` in `{office}` not to be away at once; choose other days, or name the section head as substitute");
                say("both-away", zh, en);
            }
        }
        mistakes
    }

    fn works_in(&self, person: PersonId, office: &Name, on: NaiveDate) -> bool {
        self.own_posts(person, on).iter().any(|(held, _)| held == office)
    }

    /// Whether whoever would stand in is away on one of the days.
    fn both_away(&self, absence: &Absence) -> bool {
        let other = other_post(&absence.post);
        let stand_in = |away: &Absence| match absence.substitute {
            Some(substitute) => away.person == substitute && away.office == absence.office,
            None => away.person != absence.person && away.office == absence.office && away.post == other,
        };
        self.absences.iter().any(|away| stand_in(away) && away.overlaps(absence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Holding, Office, Person};

    fn id(number: u8) -> PersonId {
        PersonId(uuid::Uuid::from_bytes([number; 16]))
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn away(person: u8, post: &str, days: (&str, &str), substitute: Option<u8>) -> Absence {
        Absence {
            person: id(person),
            office: "hbj".into(),
            post: post.into(),
            from: day(days.0),
            until: day(days.1),
            substitute: substitute.map(id),
            called_off: false,
        }
    }

    /// 1 is handler, 2 its B post, 3 the section head, 4 works elsewhere.
    fn roster(absences: Vec<Absence>) -> Roster {
        let office = |key: &str| Office {
            key: key.into(),
            zh: key.into(),
            en: key.into(),
            seed: "none".into(),
            from: None,
            until: None,
            successor: None,
            members: Vec::new(),
            open_ended: false,
        };
        let person = |number| {
            let login = format!("p{number}");
            Person { id: id(number), name: login.clone(), login, email: None, phone: None, language: "zh-CN".into(), disabled: false }
        };
        let held = [(1, "hbj", "handler"), (2, "hbj", "handler_b"), (3, "hbj", "section_head"), (4, "fgw", "handler")];
        Roster {
            version: 1,
            offices: ["hbj", "fgw"].map(|key| (key.into(), office(key))).into(),
            people: (1..=4).map(|number| (id(number), person(number))).collect(),
            holdings: held.map(|(who, office, post)| Holding { person: id(who), office: office.into(), post: post.into(), from: None, until: None }).into(),
            absences,
        }
    }

    fn holders(roster: &Roster, on: &str) -> Vec<String> {
        roster.holders(&"hbj".into(), &"handler".into(), day(on)).into_iter().map(|person| person.login.clone()).collect()
    }

    #[test]
    fn the_b_post_stands_in_on_the_days_of_the_absence_and_the_holder_keeps_the_post() {
        let roster = roster(vec![away(1, "handler", ("2025-03-03", "2025-03-05"), None)]);
        for (on, expected) in [("2025-03-02", vec!["p1"]), ("2025-03-03", vec!["p1", "p2"]), ("2025-03-05", vec!["p1", "p2"]), ("2025-03-06", vec!["p1"])] {
            assert_eq!(holders(&roster, on), expected, "{on}");
        }
        let (hbj, handler) = (&["hbj".into()][..], &"handler".into());
        assert_eq!(roster.in_place_of(id(2), hbj, handler, day("2025-03-04")), Some(id(1)));
        assert_eq!(roster.in_place_of(id(1), hbj, handler, day("2025-03-04")), None, "their own post");
        assert_eq!(roster.in_place_of(id(2), hbj, handler, day("2025-03-06")), None);
        assert_eq!(roster.check(), []);
    }

    #[test]
    fn a_named_substitute_stands_in_instead_of_the_b_post() {
        let roster = roster(vec![away(1, "handler", ("2025-03-03", "2025-03-05"), Some(3))]);
        assert_eq!(holders(&roster, "2025-03-04"), ["p1", "p3"]);
    }

    #[test]
    fn a_and_b_are_not_away_at_once_and_every_mistake_is_named() {
        let codes = |absences| roster(absences).check().iter().map(|mistake| mistake.code).collect::<Vec<_>>();
        let first = away(1, "handler", ("2025-03-03", "2025-03-05"), None);
        assert_eq!(codes(vec![first.clone(), away(2, "handler_b", ("2025-03-05", "2025-03-07"), None)]), ["both-away", "both-away"]);
        assert_eq!(codes(vec![first.clone(), away(2, "handler_b", ("2025-03-06", "2025-03-07"), None)]), [] as [&str; 0]);
        let off = Absence { called_off: true, ..first.clone() };
        assert_eq!(codes(vec![off.clone(), away(2, "handler_b", ("2025-03-05", "2025-03-07"), None)]), [] as [&str; 0], "called off, A is there");
        assert_eq!(holders(&roster(vec![off]), "2025-03-04"), ["p1"]);
        let headed = Absence { substitute: Some(id(3)), ..first };
        let other = away(2, "handler_b", ("2025-03-05", "2025-03-07"), Some(3));
        assert_eq!(codes(vec![headed, other]), [] as [&str; 0], "the section head takes the place of both");
        assert_eq!(codes(vec![away(1, "handler", ("2025-03-05", "2025-03-03"), Some(4))]), ["dates-backwards", "substitute-outside"]);
        assert_eq!(codes(vec![away(4, "handler", ("2025-03-03", "2025-03-03"), None)]), ["post-not-held"]);
    }
}
