//! What the words of a script mean: steps by key or title, outcomes by key or word, terms, people, cases.
//! Invariant: a name that means nothing is a mistake before the first line is played. Never: a guess between two things of one name; both are meant.

use std::collections::BTreeSet;

use super::{Cast, unknown};
use crate::definition::graph::{NodeKind, Program};
use crate::engine::event::Between;
use crate::ids::{Name, PersonId};
use crate::notice::Kind;
use crate::rehearsal::expect::{By, Expect, Expected};
use crate::rehearsal::script::{ActLine, Deed, Line, Word};
use crate::rehearsal::verbs::Slot;
use crate::source::Reader;

/// The applicant, where a person may be named.
const APPLICANT: &[&str] = &["applicant", "申请人"];
/// Terms by the words officials use.
const TERMS: &[(&str, &str)] = &[("承诺", "promised"), ("法定", "statutory")];

impl Cast {
    /// The steps a word means, as (workflow, step).
    #[must_use]
    pub fn steps(&self, word: &str) -> BTreeSet<(String, String)> {
        let (within, word) = word.split_once('/').map_or((None, word), |(program, step)| (Some(program), step));
        let mut found = BTreeSet::new();
        for (name, program) in &self.bundle.programs {
            if within.is_some_and(|within| within != &**name && within != program.title.zh && within != program.title.en) {
                continue;
            }
            let named = |node: &&crate::definition::graph::Node| *node.key == *word || node.title.zh == word || node.title.en == word;
            found.extend(program.nodes.iter().filter(named).map(|node| (name.to_string(), node.key.to_string())));
        }
        found
    }

    /// The outcome a word means at one of these steps; the word itself when it means none.
    #[must_use]
    pub fn outcome(&self, steps: &BTreeSet<(String, String)>, word: &str) -> String {
        let nodes = self.bundle.programs.iter().flat_map(|(name, program)| program.nodes.iter().map(move |node| (name, node)));
        let mine = nodes.filter(|(name, node)| steps.contains(&(name.to_string(), node.key.to_string())));
        let outcomes: BTreeSet<&str> = mine.flat_map(|(_, node)| node.next.keys().map(|key| &**key)).chain(["approved", "rejected"]).collect();
        self.meant(&outcomes, word)
    }

    /// The result of a case a word means.
    #[must_use]
    pub fn result(&self, word: &str) -> String {
        let ends = self.bundle.programs.values().flat_map(|program| &program.nodes);
        let results = ends.filter_map(|node| if let NodeKind::End { result, .. } = &node.kind { Some(&**result) } else { None });
        self.meant(&results.chain(["withdrawn"]).collect(), word)
    }

    fn meant(&self, known: &BTreeSet<&str>, word: &str) -> String {
        let called = |key: &&&str| {
            let text = self.library.word(key);
            text.zh == word || text.en == word
        };
        let key = known.get(word).or_else(|| known.iter().find(called));
        key.map_or(word, |key| *key).to_owned()
    }

    /// The workflow and the key of a term.
    #[must_use]
    pub fn term(&self, word: &str) -> (Option<String>, String) {
        let (within, word) = word.split_once('/').map_or((None, word), |(program, term)| (Some(program), term));
        let within = within.map(|within| {
            let program = self.bundle.programs.iter().find(|(name, program)| within == &***name || within == program.title.zh || within == program.title.en);
            program.map_or_else(|| within.to_owned(), |(name, _)| name.to_string())
        });
        let official = TERMS.iter().find(|(zh, _)| *zh == word).map(|(_, key)| (*key).to_owned());
        let step = || self.steps(word).into_iter().next().map(|(_, key)| key);
        let known = |key: &str| self.bundle.programs.values().any(|program| term_keys(program).any(|term| term == key));
        let key = if known(word) { word.to_owned() } else { official.or_else(step).unwrap_or_else(|| word.to_owned()) };
        (within, key)
    }

    /// The person of that name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<PersonId> {
        self.people.get(name).copied()
    }

    /// Everything the lines name is there.
    pub(super) fn names(&self, reader: &mut Reader<'_>) {
        let mut cases: BTreeSet<&str> = BTreeSet::new();
        for line in &self.script.lines {
            self.deed(reader, line, &mut cases);
            for expected in &line.expects {
                self.expected(reader, expected, &cases);
            }
        }
    }

    fn deed<'s>(&self, reader: &mut Reader<'_>, line: &'s Line, cases: &mut BTreeSet<&'s str>) {
        match &line.deed {
            Deed::Act(act) => {
                if act.verb.words.contains(&"submits") {
                    cases.insert(act.case.text.as_str());
                }
                known_case(reader, &act.case, cases);
                self.act(reader, act);
            }
            Deed::Look(case) => known_case(reader, case, cases),
            Deed::Fetch { who, case, step, minutes: _ } => {
                self.known_person(reader, who);
                known_case(reader, case, cases);
                self.known_job(reader, step);
            }
            Deed::Issue { account, .. } => self.known_account(reader, account),
            Deed::Time(_) => {}
        }
    }

    fn act(&self, reader: &mut Reader<'_>, act: &ActLine) {
        if let Some(who) = &act.who {
            self.known_person(reader, who);
            let holds = |post: &Word| {
                let person = self.person(&who.text);
                self.roster.holdings.iter().any(|holding| Some(holding.person) == person && (*holding.post == *post.text || *holding.office == *post.text))
            };
            if let Some(post) = act.post.as_ref().filter(|post| !APPLICANT.contains(&post.text.as_str()) && !holds(post)) {
                let (name, found) = (&who.text, &post.text);
                reader.mistake(post.at, "post-not-held", (format!("{name} 没有岗位 `{found}`"), format!("expected a post of {name}, found `{found}`")));
            }
        }
        let slots = act.verb.slots.iter().filter(|slot| **slot != Slot::OwnTask);
        for (slot, word) in slots.zip(&act.words) {
            match slot {
                Slot::Task | Slot::Step | Slot::Answered => self.known_step(reader, word),
                Slot::Job => self.known_job(reader, word),
                Slot::People => word.text.split(['、', ',', '，']).for_each(|name| self.known_person(reader, &Word { text: name.to_owned(), at: word.at })),
                Slot::Term => self.known_term(reader, word),
                Slot::Number if word.text.parse::<u32>().is_err() => {
                    let found = &word.text;
                    reader.mistake(word.at, "number", (format!("期望整数，实际 `{found}`"), format!("expected a whole number, found `{found}`")));
                }
                Slot::SeatOf => self.known_whom(reader, word),
                Slot::OneOf(known) if !known.iter().any(|(written, _)| *written == word.text) => {
                    unknown(reader, word, ("写法", "one of the words that may stand here"), known.iter().map(|(written, _)| *written));
                }
                Slot::Seats if word.text.split(['、', ',', '，']).any(|seat| !seat.contains('/')) => {
                    let found = &word.text;
                    reader.mistake(word.at, "seats", (format!("期望“机构/岗位”，实际 `{found}`"), format!("expected `OFFICE/POST`, found `{found}`")));
                }
                Slot::OneOf(_) | Slot::Seats | Slot::Number | Slot::Outcome | Slot::OwnTask | Slot::Word => {}
            }
        }
    }

    fn expected(&self, reader: &mut Reader<'_>, expected: &Expected, cases: &BTreeSet<&str>) {
        if let Some(case) = &expected.case {
            known_case(reader, case, cases);
        }
        match &expected.what {
            Expect::Open(tasks) | Expect::Includes(tasks) => tasks.iter().for_each(|task| {
                self.known_step(reader, &task.step);
                task.whom.iter().for_each(|whom| self.known_whom(reader, whom));
            }),
            Expect::Parked(steps) => steps.iter().for_each(|(step, _)| self.known_job(reader, step)),
            Expect::NotOpen(steps) => steps.iter().for_each(|step| self.known_step(reader, step)),
            Expect::At(steps) => steps.iter().for_each(|(step, _)| self.known_step(reader, step)),
            Expect::Due(term, _) => self.known_term(reader, term),
            Expect::Closed(step, _) | Expect::Claimed(step, None) => self.known_step(reader, step),
            Expect::Claimed(step, Some(who)) => {
                self.known_step(reader, step);
                self.known_person(reader, who);
            }
            Expect::Done(step, _, by) => {
                self.known_step(reader, step);
                if let Some(By::Person(who)) = by {
                    self.known_person(reader, who);
                }
            }
            Expect::Said(notices) => notices.iter().for_each(|notice| {
                known_kind(reader, &notice.kind);
                notice.whom.iter().for_each(|whom| self.known_whom(reader, whom));
            }),
            Expect::Unsaid(kinds) => kinds.iter().for_each(|kind| known_kind(reader, kind)),
            Expect::Balance(account, _) | Expect::Postings(account, _) => self.known_account(reader, account),
            Expect::Waiting(account, waiting) => {
                self.known_account(reader, account);
                waiting.iter().for_each(|case| known_case(reader, case, cases));
            }
            Expect::Recorded(what, by, whom) => {
                if !Between::WORDS.contains(&what.text.as_str()) {
                    unknown(reader, what, ("记录", "what the record calls an act"), Between::WORDS);
                }
                by.iter().chain(whom).for_each(|who| self.known_person(reader, who));
            }
            Expect::Ordered(wanted) => wanted.iter().for_each(|(term, _)| self.known_term(reader, term)),
            Expect::Refused(_) | Expect::Ended(_) | Expect::Running | Expect::Document(..) | Expect::Number(_) | Expect::Today(_) | Expect::Rank(_) => {}
        }
    }

    fn known_step(&self, reader: &mut Reader<'_>, word: &Word) {
        if self.steps(&word.text).is_empty() {
            let keys = self.bundle.programs.values().flat_map(|program| program.nodes.iter().flat_map(|node| [&*node.key, node.title.zh.as_str()]));
            unknown(reader, word, ("步骤", "a step"), keys);
        }
    }

    fn known_job(&self, reader: &mut Reader<'_>, word: &Word) {
        if self.topic(&self.steps(&word.text)).is_none() {
            let jobs = self.bundle.programs.values().flat_map(|program| program.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Job(_))));
            unknown(reader, word, ("外部作业步骤", "a step with an outside job"), jobs.flat_map(|node| [&*node.key, node.title.zh.as_str()]));
        }
    }

    /// The topic of the first of these steps that an outside system does.
    #[must_use]
    pub fn topic(&self, steps: &BTreeSet<(String, String)>) -> Option<Name> {
        steps.iter().find_map(|(program, step)| {
            let node = self.bundle.programs.get(program.as_str())?.nodes.iter().find(|node| *node.key == **step)?;
            if let NodeKind::Job(rule) = &node.kind { Some(rule.topic.clone()) } else { None }
        })
    }

    fn known_term(&self, reader: &mut Reader<'_>, word: &Word) {
        let (within, key) = self.term(&word.text);
        let programs = self.bundle.programs.iter().filter(|(name, _)| within.as_ref().is_none_or(|within| **within == ***name));
        let keys: BTreeSet<&str> = programs.flat_map(|(_, program)| term_keys(program)).collect();
        if !keys.contains(key.as_str()) {
            unknown(reader, word, ("时限", "a term"), keys);
        }
    }

    fn known_person(&self, reader: &mut Reader<'_>, word: &Word) {
        if self.person(&word.text).is_none() {
            unknown(reader, word, ("人员", "a person"), self.people.keys().map(String::as_str));
        }
    }

    /// The applicant, a person, an office, an office with a post.
    fn known_whom(&self, reader: &mut Reader<'_>, word: &Word) {
        let office = word.text.split_once('/').map_or(word.text.as_str(), |(office, _)| office);
        if !APPLICANT.contains(&word.text.as_str()) && !self.roster.offices.contains_key(office) {
            self.known_person(reader, word);
        }
    }

    fn known_account(&self, reader: &mut Reader<'_>, word: &Word) {
        if !self.accounts.iter().any(|account| account.key == word.text) {
            unknown(reader, word, ("账户", "an account"), self.accounts.iter().map(|account| account.key.as_str()));
        }
    }
}

fn term_keys(program: &Program) -> impl Iterator<Item = &str> {
    program.limits.iter().chain(program.nodes.iter().flat_map(|node| &node.terms)).map(|term| &*term.key)
}

fn known_case(reader: &mut Reader<'_>, word: &Word, cases: &BTreeSet<&str>) {
    if !cases.contains(word.text.as_str()) {
        unknown(reader, word, ("已提交的办件", "a case submitted above"), cases.iter().copied());
    }
}

fn known_kind(reader: &mut Reader<'_>, word: &Word) {
    if word.text.parse::<Kind>().is_err() {
        unknown(reader, word, ("通知种类", "a kind of notice"), Kind::ALL.iter().map(|kind| kind.key()));
    }
}
