//! Reads the files one after another, so that a later one may name what an earlier one holds.
//! Invariant: a mistake of one file does not hide those of another. Never: a second reading of one file.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{self, Places};
use super::{ASSESSMENT_FILE, FILES, Seeds, unreadable};
use super::{indicators, items};
use crate::app::{assessment, evidence};
use crate::identity::Roster;
use crate::identity::roster::About;
use crate::ids::{PersonId, Tenant};
use crate::source::{self, Mistake, Node, Reader};

/// What has been read so far, and where its rows stand.
pub(super) struct Reading {
    pub seeds: Seeds,
    pub places: Places,
    /// Offices by key: a person's tenant is that of the office. `None` is one whose row is wrong, so that nobody in it is reported for that.
    pub tenant_of: BTreeMap<String, Option<Tenant>>,
    /// Logins, for a project's applicant; `None` as above.
    pub logins: BTreeMap<String, Option<(Tenant, PersonId)>>,
    /// Keys of the plans, also of one whose row is wrong.
    pub plans: BTreeSet<String>,
    /// Keys of accounts and projects, by file.
    pub taken: BTreeSet<(&'static str, String)>,
}

/// The mistakes of a file that plants nothing.
type LookThrough = fn(&str) -> Vec<Mistake>;

type FileReader = fn(&mut Reading, &mut Reader<'_>, &Node);

const READERS: [FileReader; 7] = [rows::offices, rows::people, rows::accounts, rows::projects, indicators::indicators, rows::named, items::items];

pub(super) fn seeds(files: &BTreeMap<String, String>) -> Result<Seeds, Vec<Mistake>> {
    let known = |name: &str| FILES.contains(&name) || name == ASSESSMENT_FILE || RULES.iter().any(|(rules, _)| *rules == name);
    let mut mistakes: Vec<Mistake> = files.keys().filter(|name| !known(name)).map(|name| stranger(name)).collect();
    mistakes.extend(RULES.iter().filter_map(|(name, check)| files.get(*name).map(|text| check(text))).flatten());
    let seeds = Seeds::default();
    let mut reading =
        Reading { seeds, places: Places::default(), tenant_of: BTreeMap::new(), logins: BTreeMap::new(), plans: BTreeSet::new(), taken: BTreeSet::new() };
    for (name, read_rows) in FILES.into_iter().zip(READERS) {
        let Some(text) = files.get(name) else {
            mistakes.push(unreadable(name, "no such file"));
            continue;
        };
        let mut reader = Reader::new(name);
        match source::read(text, name) {
            Ok(node) => read_rows(&mut reading, &mut reader, &node),
            Err(found) => mistakes.extend(found),
        }
        mistakes.extend(reader.into_mistakes());
    }
    match files.get(ASSESSMENT_FILE).map(|text| assessment::read(text, ASSESSMENT_FILE)) {
        Some(Ok(plan)) => reading.seeds.tenants.values_mut().for_each(|tenant| tenant.assessment = Some(plan.clone())),
        Some(Err(found)) => mistakes.extend(found),
        None => {}
    }
    // A roster is checked only when it could be read whole, or each missing row would be reported twice.
    if mistakes.is_empty() {
        let Reading { seeds, places, .. } = &reading;
        mistakes.extend(seeds.tenants.values().flat_map(|tenant| check(&tenant.roster, places)));
    }
    if mistakes.is_empty() { Ok(reading.seeds) } else { Err(mistakes) }
}

fn check(roster: &Roster, places: &Places) -> Vec<Mistake> {
    let place = |about: &About| match about {
        About::Office(key) => (FILES[0], places.offices.get(key).copied()),
        About::Person(id) => (FILES[1], places.people.get(id).copied()),
        About::Absence(index) => (FILES[1], roster.absences.get(*index).and_then(|absence| places.people.get(&absence.person).copied())),
        About::Holding(index) => (FILES[1], roster.holdings.get(*index).and_then(|holding| places.people.get(&holding.person).copied())),
    };
    let located = |found: crate::identity::roster::RosterMistake| {
        let (file, at) = place(&found.about);
        let at = at.unwrap_or_default();
        Mistake { file: file.to_owned(), line: at.line, column: at.column, code: found.code, zh: found.zh, en: found.en }
    };
    roster.check().into_iter().map(located).collect()
}

/// What the plans say of the ledger plants nothing: the program carries it, and a folder's copy is only looked through.
const RULES: [(&str, LookThrough); 1] = [("evidence.yaml", |text| evidence::read(text, "evidence.yaml").err().unwrap_or_default())];

fn stranger(name: &str) -> Mistake {
    let all = FILES.join(", ");
    let (zh, en) = (format!("期望 {all} 之一，实际 `{name}`"), format!("expected one of {all}, found `{name}`"));
    Mistake { file: name.to_owned(), line: 0, column: 0, code: "unknown-file", zh, en }
}
