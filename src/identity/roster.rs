//! Questions to the roster: who holds a post on a day, what someone holds, which office a name means by then.
//! Invariant: every answer is for one day, and an office that was succeeded answers through its successor.
//! Never: loops, however wrong the data; `check` names what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use super::{Holding, Office, Person, Roster};
use crate::ids::{Name, PersonId, Text};

impl Roster {
    /// What each office is called, by key.
    #[must_use]
    pub fn office_names(&self) -> BTreeMap<Name, Text> {
        self.offices.values().map(|office| (office.key.clone(), Text { zh: office.zh.clone(), en: office.en.clone() })).collect()
    }

    /// The offices of a day, each with the posts somebody holds in it.
    #[must_use]
    pub fn posts_by_office(&self, on: NaiveDate) -> BTreeMap<String, BTreeSet<String>> {
        let mut posts: BTreeMap<String, BTreeSet<String>> = self.offices.keys().map(|office| (office.to_string(), BTreeSet::new())).collect();
        for holding in self.holdings.iter().filter(|holding| self.in_force(holding, on)) {
            posts.entry(holding.office.to_string()).or_default().insert(holding.post.to_string());
        }
        posts
    }

    /// The office that does the work of `office` on the day `on`: itself, or the last of its successors by then.
    #[must_use]
    pub fn current(&self, office: &Name, on: NaiveDate) -> Name {
        let mut here = office.clone();
        let mut seen = BTreeSet::new();
        while seen.insert(here.clone()) {
            match self.offices.get(&here) {
                Some(Office { until: Some(until), successor: Some(next), .. }) if *until < on => here = next.clone(),
                Some(_) | None => return here,
            }
        }
        office.clone() // Successors in a circle: nobody took over.
    }

    /// The office that took over from `office` by the day `on`, with its name; `None` when it does its own work.
    #[must_use]
    pub fn successor(&self, office: &Name, on: NaiveDate) -> Option<(String, Text)> {
        let current = self.current(office, on);
        let found = self.offices.get(&current).filter(|_| current != *office)?;
        Some((current.to_string(), Text { zh: found.zh.clone(), en: found.en.clone() }))
    }

    /// Who holds `post` in `office`, or in the office that took over from it, on the day `on`, and who stands in for a holder who is away.
    /// People who may no longer sign in hold nothing.
    #[must_use]
    pub fn holders(&self, office: &Name, post: &Name, on: NaiveDate) -> Vec<&Person> {
        let office = self.current(office, on);
        let held = self.holdings.iter().filter(|holding| holding.office == office && holding.post == *post && self.in_force(holding, on));
        let mut people: BTreeMap<PersonId, &Person> = held.filter_map(|holding| self.people.get(&holding.person)).map(|person| (person.id, person)).collect();
        if !self.absences.is_empty() {
            let stands = |person: &&Person| self.stands_in(person.id, on).iter().any(|(at, held, _)| *at == office && held == post);
            people.extend(self.people.values().filter(stands).map(|person| (person.id, person)));
        }
        people.into_values().filter(|person| !person.disabled).collect()
    }

    /// What `person` holds on the day `on`, or stands in for, as (office, post), in order.
    #[must_use]
    pub fn posts_of(&self, person: PersonId, on: NaiveDate) -> Vec<(Name, Name)> {
        let mut posts: BTreeSet<(Name, Name)> = self.own_posts(person, on).into_iter().collect();
        posts.extend(self.stands_in(person, on).into_iter().map(|(office, post, _)| (office, post)));
        posts.into_iter().collect()
    }

    /// What `person` holds on the day `on` in their own right.
    #[must_use]
    pub fn own_posts(&self, person: PersonId, on: NaiveDate) -> Vec<(Name, Name)> {
        if self.people.get(&person).is_none_or(|person| person.disabled) {
            return Vec::new();
        }
        let held = self.holdings.iter().filter(|holding| holding.person == person && self.in_force(holding, on));
        held.map(|holding| (holding.office.clone(), holding.post.clone())).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether `person` holds `post` in one of `offices` or their successors on the day `on`.
    #[must_use]
    pub fn holds(&self, person: PersonId, offices: &[Name], post: &Name, on: NaiveDate) -> bool {
        let posts = self.posts_of(person, on);
        offices.iter().map(|office| self.current(office, on)).any(|office| posts.contains(&(office, post.clone())))
    }

    /// A post is held while both its own days and its office's last.
    fn in_force(&self, holding: &Holding, on: NaiveDate) -> bool {
        let office = self.offices.get(&holding.office).is_some_and(|office| covers(office.from, office.until, on));
        office && covers(holding.from, holding.until, on)
    }

    /// Everything wrong with this roster, at once.
    #[must_use]
    pub fn check(&self) -> Vec<RosterMistake> {
        let mut mistakes = self.office_mistakes();
        mistakes.extend(self.login_mistakes());
        mistakes.extend(self.holding_mistakes());
        mistakes.extend(self.absence_mistakes());
        mistakes
    }

    fn office_mistakes(&self) -> Vec<RosterMistake> {
        let mut mistakes = Vec::new();
        for office in self.offices.values() {
            let mut say = |code, zh: String, en: String| mistakes.push(RosterMistake { about: About::Office(office.key.clone()), code, zh, en });
            let key = &office.key;
            if backwards(office.from, office.until) {
                say(
                    "dates-backwards",
                    format!("机构 `{key}` 的终止日早于起始日"),
                    format!("expected office `{key}` to end after it began, found an earlier last day"),
                );
            }
            if let Some(member) = office.members.iter().find(|member| !self.offices.contains_key(*member)) {
                say(
                    "unknown-office",
                    format!("`{key}` 的成员 `{member}` 不是机构"),
                    format!("expected the members of `{key}` to be offices, found `{member}`"),
                );
            }
            let Some(next) = &office.successor else { continue };
            let Some(until) = office.until else {
                say(
                    "successor-without-end",
                    format!("机构 `{key}` 有承继机构，缺终止日"),
                    format!("expected `until` beside the successor of `{key}`, found none"),
                );
                continue;
            };
            match self.offices.get(next) {
                None => {
                    say("unknown-office", format!("承继机构 `{next}` 不存在"), format!("expected the successor of `{key}` to be an office, found `{next}`"))
                }
                Some(successor) if until.checked_add_days(Days::new(1)).is_some_and(|day| !covers(successor.from, successor.until, day)) => {
                    let (zh, en) = ("次日尚未设立或已终止", "to be there on the day after, found it is not");
                    say("successor-absent", format!("承继机构 `{next}` 在 `{key}` 终止{zh}"), format!("expected the successor `{next}` of `{key}` {en}"));
                }
                Some(_) if self.in_circle(key) => {
                    say(
                        "successor-circle",
                        format!("机构 `{key}` 的承继关系成环"),
                        format!("expected the successors of `{key}` to end somewhere, found a circle"),
                    );
                }
                Some(_) => {}
            }
        }
        mistakes
    }

    /// Whether following successors from `key`, whatever the day, comes back to it.
    fn in_circle(&self, key: &Name) -> bool {
        let mut here = key;
        for _ in 0..=self.offices.len() {
            match self.offices.get(here).and_then(|office| office.successor.as_ref()) {
                Some(next) if next == key => return true,
                Some(next) => here = next,
                None => return false,
            }
        }
        false
    }

    fn login_mistakes(&self) -> Vec<RosterMistake> {
        let mut first: BTreeMap<&str, PersonId> = BTreeMap::new();
        let mut mistakes = Vec::new();
        for person in self.people.values() {
            if first.insert(&person.login, person.id).is_some() {
                let login = &person.login;
                mistakes.push(RosterMistake {
                    about: About::Person(person.id),
                    code: "login-taken",
                    zh: format!("登录名 `{login}` 重复"),
                    en: format!("expected each login once, found `{login}` again"),
                });
            }
        }
        mistakes
    }

    fn holding_mistakes(&self) -> Vec<RosterMistake> {
        let mut mistakes = Vec::new();
        for (index, holding) in self.holdings.iter().enumerate() {
            let Holding { office, post, .. } = holding;
            let mut say = |code, zh: String, en: String| mistakes.push(RosterMistake { about: About::Holding(index), code, zh, en });
            if !self.people.contains_key(&holding.person) {
                say(
                    "unknown-person",
                    format!("`{office}` 的 `{post}` 指向不存在的人员"),
                    format!("expected `{post}` of `{office}` to be held by a person, found an unknown id"),
                );
            }
            if backwards(holding.from, holding.until) {
                say(
                    "dates-backwards",
                    format!("`{office}` 的 `{post}` 终止日早于起始日"),
                    format!("expected `{post}` of `{office}` to end after it began, found an earlier last day"),
                );
            }
            match self.offices.get(office) {
                None => say("unknown-office", format!("机构 `{office}` 不存在"), format!("expected an office, found `{office}`")),
                Some(place) if outside(holding, place) => {
                    let (zh, en) = ("任职期间超出机构存续期间", "to lie within the office's own days, found it does not");
                    say("outside-office", format!("`{office}` 的 `{post}` {zh}"), format!("expected the holding of `{post}` {en} (`{office}`)"));
                }
                Some(_) => {}
            }
            let same = |other: &&Holding| other.person == holding.person && other.office == *office && other.post == *post && overlap(other, holding);
            if self.holdings[..index].iter().any(|other| same(&other)) {
                say(
                    "held-twice",
                    format!("同一人在同一期间重复担任 `{office}` 的 `{post}`"),
                    format!("expected one person to hold `{post}` of `{office}` once at a time, found it twice"),
                );
            }
        }
        mistakes
    }
}

/// Something wrong with a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterMistake {
    /// What it is about, so that a file's reader can name the place.
    pub about: About,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

/// What a mistake is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// An office, by key.
    Office(Name),
    /// A person.
    Person(PersonId),
    /// A holding, by its place in `holdings`.
    Holding(usize),
    /// An absence, by its place in `absences`.
    Absence(usize),
}

/// Whether the days `from` to `until`, both included and open where `None`, include `on`.
fn covers(from: Option<NaiveDate>, until: Option<NaiveDate>, on: NaiveDate) -> bool {
    from.is_none_or(|from| from <= on) && until.is_none_or(|until| on <= until)
}

fn backwards(from: Option<NaiveDate>, until: Option<NaiveDate>) -> bool {
    from.zip(until).is_some_and(|(from, until)| until < from)
}

/// A holding with its own last day must not outlast its office; one without ends with it.
fn outside(holding: &Holding, office: &Office) -> bool {
    let early = holding.from.zip(office.from).is_some_and(|(held, founded)| held < founded);
    let late = holding.until.zip(office.until).is_some_and(|(held, closed)| held > closed);
    let after = holding.from.zip(office.until).is_some_and(|(held, closed)| held > closed);
    early || late || after
}

fn overlap(first: &Holding, second: &Holding) -> bool {
    let begins_after = |first: &Holding, second: &Holding| first.from.zip(second.until).is_some_and(|(from, until)| from > until);
    !begins_after(first, second) && !begins_after(second, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn office(key: &str, days: (Option<&str>, Option<&str>), successor: Option<&str>) -> Office {
        let (from, until) = (days.0.map(day), days.1.map(day));
        Office {
            key: key.into(),
            zh: key.to_owned(),
            en: key.to_owned(),
            seed: "none".to_owned(),
            from,
            until,
            successor: successor.map(Name::from),
            members: Vec::new(),
            open_ended: false,
        }
    }

    fn id(number: u8) -> PersonId {
        PersonId(uuid::Uuid::from_bytes([number; 16]))
    }

    fn holding(person: u8, office: &str, post: &str, days: (Option<&str>, Option<&str>)) -> Holding {
        Holding { person: id(person), office: office.into(), post: post.into(), from: days.0.map(day), until: days.1.map(day) }
    }

    fn person(number: u8) -> Person {
        let login = format!("p{number}");
        Person { id: id(number), name: login.clone(), login, email: None, phone: None, language: "zh-CN".to_owned(), disabled: false }
    }

    /// 国土局 and 规划局 became one office on 2019-01-01.
    fn roster() -> Roster {
        let offices = [
            office("gtj", (None, Some("2018-12-31")), Some("zrzy")),
            office("ghj", (None, Some("2018-12-31")), Some("zrzy")),
            office("zrzy", (Some("2019-01-01"), None), None),
        ];
        Roster {
            version: 1,
            offices: offices.into_iter().map(|office| (office.key.clone(), office)).collect(),
            people: (1..=3).map(|number| (id(number), person(number))).collect(),
            holdings: vec![
                holding(1, "gtj", "head", (None, None)),
                holding(2, "zrzy", "head", (Some("2019-01-01"), Some("2024-12-31"))),
                holding(3, "zrzy", "head", (Some("2025-01-01"), None)),
                holding(3, "zrzy", "handler", (None, None)),
            ],
            absences: Vec::new(),
        }
    }

    fn logins(people: &[&Person]) -> Vec<String> {
        people.iter().map(|person| person.login.clone()).collect()
    }

    #[test]
    fn an_office_answers_through_its_successor_from_the_day_after_its_last() {
        let roster = roster();
        let (gtj, head) = (Name::from("gtj"), Name::from("head"));
        for (on, office, holder) in [("2018-12-31", "gtj", "p1"), ("2019-01-01", "zrzy", "p2"), ("2024-12-31", "zrzy", "p2"), ("2025-03-03", "zrzy", "p3")] {
            assert_eq!(&*roster.current(&gtj, day(on)), office, "{on}");
            assert_eq!(logins(&roster.holders(&gtj, &head, day(on))), [holder], "{on}");
        }
        assert_eq!(&*roster.current(&"unknown".into(), day("2025-03-03")), "unknown");
    }

    #[test]
    fn a_post_ends_with_its_office_and_with_the_right_to_sign_in() {
        let mut roster = roster();
        assert_eq!(roster.posts_of(id(1), day("2018-06-01")), [("gtj".into(), "head".into())]);
        assert!(roster.posts_of(id(1), day("2019-06-01")).is_empty());
        let both: Vec<(Name, Name)> = vec![("zrzy".into(), "handler".into()), ("zrzy".into(), "head".into())];
        assert_eq!(roster.posts_of(id(3), day("2025-03-03")), both);
        assert!(roster.holds(id(3), &["ghj".into()], &"handler".into(), day("2025-03-03")));
        assert!(!roster.holds(id(2), &["ghj".into()], &"head".into(), day("2025-03-03")));
        roster.people.get_mut(&id(3)).expect("p3").disabled = true;
        assert!(roster.posts_of(id(3), day("2025-03-03")).is_empty());
        assert!(roster.holders(&"zrzy".into(), &"head".into(), day("2025-03-03")).is_empty());
    }

    #[test]
    fn a_right_roster_has_no_mistakes() {
        assert_eq!(roster().check(), []);
    }

    #[test]
    fn every_mistake_of_a_roster_is_named_at_once() {
        let mut roster = roster();
        let wrong = [
            office("a", (None, Some("2018-12-31")), Some("b")),
            office("b", (Some("2019-01-01"), Some("2020-12-31")), Some("a")),
            office("c", (Some("2020-01-01"), Some("2019-01-01")), None),
            office("d", (None, None), Some("zrzy")),
            office("e", (None, Some("2018-12-31")), Some("nowhere")),
            office("f", (None, Some("2010-12-31")), Some("zrzy")),
        ];
        roster.offices.extend(wrong.into_iter().map(|office| (office.key.clone(), office)));
        roster.people.insert(id(4), Person { login: "p1".to_owned(), ..person(4) });
        roster.holdings.extend([
            holding(9, "zrzy", "head", (None, None)),
            holding(1, "nowhere", "head", (None, None)),
            holding(3, "zrzy", "head", (Some("2025-06-01"), None)),
            holding(2, "zrzy", "seal", (Some("2018-01-01"), None)),
            holding(2, "zrzy", "legal", (Some("2025-01-01"), Some("2024-01-01"))),
        ]);
        let found: Vec<&str> = roster.check().iter().map(|mistake| mistake.code).collect();
        let expected = [
            "successor-circle",
            "successor-absent",
            "dates-backwards",
            "successor-without-end",
            "unknown-office",
            "successor-absent",
            "login-taken",
            "unknown-person",
            "unknown-office",
            "held-twice",
            "outside-office",
            "dates-backwards",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn successors_in_a_circle_do_not_loop() {
        let mut roster = Roster::default();
        for (key, next) in [("a", "b"), ("b", "a")] {
            roster.offices.insert(key.into(), office(key, (None, Some("2018-12-31")), Some(next)));
        }
        assert_eq!(&*roster.current(&"a".into(), day("2025-03-03")), "a");
    }
}
