//! A script with everything it names: its workflow compiled, its people on a roster, its accounts, its application; and the check that nothing is named that is not there.
//! Invariant: a `Cast` plays the same on the engine and at a server, because both are furnished from it. Never: a file opened; whoever has the texts hands them over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use crate::calendar::{self, Calendar};
use crate::definition::diagnostics::{Diagnostic, suggestion};
use crate::definition::graph::{Bundle, NodeKind};
use crate::definition::library::{self, Library, SourceFile};
use crate::identity::absence::Absence;
use crate::identity::{Holding, Office, Person, Roster};
use crate::ids::{Digest, Name, PersonId, Text};
use crate::rehearsal::script::{Script, Word, moved};
use crate::source::{Mistake, Place, Reader};

mod names;

/// What every scenario may draw on: the seeds and what the program carries.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// Everybody of the seeds.
    pub roster: Roster,
    /// Their accounts.
    pub accounts: Vec<Opening>,
    /// Applications of the projects: as filed, then after each amendment.
    pub forms: BTreeMap<String, Vec<Value>>,
    /// Workflows, forms and tables the program carries.
    pub shipped: Vec<SourceFile>,
}

/// An account as it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its key.
    pub key: String,
    /// `m2` or `fen`.
    pub unit: String,
    /// How it is called.
    pub title: Text,
    /// What was issued to it.
    pub amount: i64,
}

/// A script ready to be played.
#[derive(Debug)]
pub struct Cast {
    /// The script.
    pub script: Script,
    /// The workflow.
    pub procedure: Name,
    /// The files it is published from.
    pub files: Vec<SourceFile>,
    /// It, compiled.
    pub bundle: Bundle,
    /// Workflows of the supervision orders it drafts.
    pub orders: Vec<Name>,
    /// The calendar.
    pub calendar: Calendar,
    /// People, offices and posts.
    pub roster: Roster,
    /// People by the names the file uses.
    pub people: BTreeMap<String, PersonId>,
    /// Accounts.
    pub accounts: Vec<Opening>,
    /// The application.
    pub form: Value,
    library: Library,
}

/// Who looks on: reads every case, every account and the outbox, and takes part in nothing.
pub const ONLOOKER: &str = "旁观";

/// Puts everything together.
///
/// # Errors
/// Everything that is named and not there, everything wrong with a workflow of the file, every post nobody fills.
pub fn cast(script: Script, stock: &Stock, beside: &[SourceFile]) -> Result<Cast, Vec<Mistake>> {
    let file = script.file.clone();
    let mut reader = Reader::new(&file);
    let Some(procedure) = script.procedure.clone() else { return Err(Vec::new()) };
    let library = library(&script, stock, beside, &procedure.text)?;
    let Some(bundle) = library.bundle(&procedure.text).cloned() else {
        let known: Vec<String> = library.bundles().map(|bundle| bundle.root.to_string()).collect();
        unknown(&mut reader, &procedure, ("流程", "a workflow"), known.iter().map(String::as_str));
        return Err(reader.into_mistakes());
    };
    let (mut roster, people) = roster(&mut reader, &script, stock);
    // A workflow may name an office whose work another has taken over by now.
    for (office, _) in library.posts().into_iter().filter(|(office, _)| stock.roster.offices.contains_key(office)) {
        bring_office(&mut roster, stock, &office);
    }
    let accounts = match (&script.accounts, &script.people) {
        (Some(own), _) => own
            .iter()
            .map(|line| Opening {
                key: line.key.text.clone(),
                unit: line.unit.clone(),
                title: Text { zh: line.key.text.clone(), en: line.key.text.clone() },
                amount: line.amount,
            })
            .collect(),
        (None, None) => stock.accounts.clone(),
        (None, Some(_)) => Vec::new(),
    };
    let form = form(&mut reader, &script, stock);
    let Ok(calendar) = Calendar::parse(calendar::CN, "cn.yaml") else { return Err(reader.into_mistakes()) };
    let orders = orders(&bundle, &library);
    let mut files: BTreeMap<String, SourceFile> = BTreeMap::new();
    for name in std::iter::once(procedure.text.as_str()).chain(orders.iter().map(|order| &**order)) {
        files.extend(library.files_of(name).into_iter().map(|file| (file.key.clone(), file)));
    }
    let files = files.into_values().collect();
    let cast = Cast { procedure: Name::from(procedure.text.as_str()), files, bundle, orders, calendar, roster, people, accounts, form, library, script };
    cast.publishable(&mut reader, procedure.at);
    cast.names(&mut reader);
    let mistakes = reader.into_mistakes();
    if mistakes.is_empty() { Ok(cast) } else { Err(mistakes.into_iter().map(|mistake| moved(mistake, &cast.script.blocks)).collect()) }
}

/// The workflows of orders that a bundle's rungs draft, as far as they are there.
fn orders(bundle: &Bundle, library: &Library) -> Vec<Name> {
    let terms = bundle.programs.values().flat_map(|program| program.limits.iter().chain(program.nodes.iter().flat_map(|node| &node.terms)));
    let named: BTreeSet<Name> = terms.flat_map(|term| &term.rungs).filter_map(|rung| rung.order.clone()).collect();
    named.into_iter().filter(|order| *order != bundle.root && library.bundle(order).is_some()).collect()
}

/// A file that brings its workflows sees these alone, with the forms, tables and accounts the program carries; another one the program's workflows.
fn library(script: &Script, stock: &Stock, beside: &[SourceFile], procedure: &str) -> Result<Library, Vec<Mistake>> {
    let own: Vec<SourceFile> = script.files.iter().chain(beside).cloned().collect();
    let brings = own.iter().any(|file| file.text.lines().any(|line| line.strip_prefix("workflow:").is_some_and(|name| name.trim() == procedure)));
    let keys: BTreeSet<&str> = own.iter().map(|file| file.key.as_str()).collect();
    let carried = stock.shipped.iter().filter(|file| !keys.contains(file.key.as_str()) && (!brings || file.key.contains('/') || file.key == "words.yaml"));
    let files: Vec<SourceFile> = carried.cloned().chain(own.iter().cloned()).collect();
    library::load(&files).map_err(|found| found.into_iter().map(|one| moved(mistake(one), &script.blocks)).collect())
}

fn mistake(found: Diagnostic) -> Mistake {
    let Diagnostic { file, line, column, code, zh, en, .. } = found;
    Mistake { file, line, column, code, zh, en }
}

pub(super) fn unknown<'n>(reader: &mut Reader<'_>, word: &Word, (zh, en): (&str, &str), known: impl IntoIterator<Item = &'n str>) {
    let known: Vec<&str> = known.into_iter().collect();
    let found = &word.text;
    let (near_zh, near_en) = suggestion(found, &known).unwrap_or_default();
    let pair = (format!("没有叫 `{found}` 的{zh}。{near_zh}"), format!("expected the name of {en}, found `{found}`. {near_en}"));
    reader.mistake(word.at, "unknown-name", (pair.0.trim_end_matches('。').to_owned(), pair.1.trim_end_matches(['.', ' ']).to_owned()));
}

fn uuid_of(text: &str) -> Uuid {
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = Digest::of(text.as_bytes()).0;
    Uuid::from_bytes(head)
}

fn roster(reader: &mut Reader<'_>, script: &Script, stock: &Stock) -> (Roster, BTreeMap<String, PersonId>) {
    let mut roster = Roster { version: 1, ..Roster::default() };
    if let Some(people) = &script.people {
        for line in people {
            let id = PersonId(uuid_of(&format!("{}\n{}", script.file, line.name.text)));
            roster.people.insert(id, person(id, &line.name.text, true));
            for (office, post, from, until) in &line.posts {
                let office = Name::from(office.text.as_str());
                bring_office(&mut roster, stock, &office);
                roster.holdings.push(Holding { person: id, office, post: post.text.as_str().into(), from: *from, until: *until });
            }
        }
    } else {
        roster.offices.clone_from(&stock.roster.offices);
        roster.holdings.clone_from(&stock.roster.holdings);
        roster.people.clone_from(&stock.roster.people);
    }
    let mut people: BTreeMap<String, PersonId> = roster.people.values().map(|person| (person.login.clone(), person.id)).collect();
    people.extend(roster.people.values().map(|person| (person.name.clone(), person.id)));
    let missing = PersonId(Uuid::nil());
    for line in &script.away {
        let known = |reader: &mut Reader<'_>, who: &Word| {
            if !people.contains_key(&who.text) {
                unknown(reader, who, ("人员", "a person"), people.keys().map(String::as_str));
            }
            people.get(&who.text).copied().unwrap_or(missing)
        };
        let person = known(reader, &line.person);
        let substitute = line.substitute.as_ref().map(|who| known(reader, who));
        let (office, post) = (line.office.text.as_str().into(), line.post.text.as_str().into());
        roster.absences.push(Absence { person, office, post, from: line.from, until: line.until, substitute, called_off: false });
    }
    for found in roster.check() {
        let at = script.people.iter().flatten().next().map_or(Place { line: 1, column: 1 }, |line| line.name.at);
        reader.mistake(at, found.code, (found.zh, found.en));
    }
    let id = PersonId(uuid_of(&format!("{}\n\n", script.file)));
    roster.people.insert(id, person(id, ONLOOKER, false));
    let office = Name::from("onlookers");
    bring_office(&mut roster, stock, &office);
    roster.holdings.push(Holding { person: id, office, post: "auditor".into(), from: None, until: None });
    (roster, people)
}

fn person(id: PersonId, name: &str, reachable: bool) -> Person {
    let email = reachable.then(|| format!("{}@example.invalid", id.0.simple()));
    Person { id, login: name.to_owned(), name: name.to_owned(), email, phone: None, language: "zh-CN".to_owned(), disabled: false }
}

/// An office of the seeds comes with who took over from it; another one is what the file calls it.
fn bring_office(roster: &mut Roster, stock: &Stock, key: &Name) {
    let mut next = Some(key.clone());
    while let Some(key) = next.take().filter(|key| !roster.offices.contains_key(key)) {
        let fresh = || Office {
            key: key.clone(),
            zh: key.to_string(),
            en: key.to_string(),
            seed: "none".to_owned(),
            from: None,
            until: None,
            successor: None,
            members: Vec::new(),
            open_ended: false,
        };
        let office = stock.roster.offices.get(&key).cloned().unwrap_or_else(fresh);
        next.clone_from(&office.successor);
        roster.offices.insert(key, office);
    }
}

fn form(reader: &mut Reader<'_>, script: &Script, stock: &Stock) -> Value {
    let mut form = serde_json::Map::new();
    if let Some((project, amendments)) = &script.form.project {
        match stock.forms.get(&project.text).and_then(|forms| forms.get(*amendments)) {
            Some(Value::Object(fields)) => form.extend(fields.clone()),
            Some(_) | None => unknown(
                reader,
                project,
                ("种子项目（或没有这么多次补正）", "a project of the seeds with so many amendments"),
                stock.forms.keys().map(String::as_str),
            ),
        }
    }
    form.extend(script.form.set.clone());
    Value::Object(form)
}

impl Cast {
    /// What would keep a server from publishing the workflow on the first day.
    fn publishable(&self, reader: &mut Reader<'_>, at: Place) {
        let Some(today) = self.script.today.map(crate::ids::Moment::date) else { return };
        let filled = |office: &str, post: &str| !self.roster.holders(&self.roster.current(&office.into(), today), &post.into(), today).is_empty();
        let Ok(own) = library::load(&self.files) else { return };
        for found in own.lapsed(&self.procedure, today).into_iter().chain(own.vacant(filled, &self.roster.posts_by_office(today))) {
            let inline = found.file == self.script.file;
            let at = if inline { Place { line: found.line, column: found.column } } else { at };
            reader.mistake(at, found.code, (found.zh, found.en));
        }
        for program in self.bundle.programs.values() {
            let own = program.nodes.iter().flat_map(|node| &node.terms);
            for rung in program.limits.iter().chain(own).flat_map(|term| &term.rungs) {
                if !rung.notice.parse::<crate::notice::Kind>().is_ok_and(crate::notice::Kind::is_of_case) {
                    let kind = &rung.notice;
                    reader.mistake(at, "unknown-notice", (format!("没有提醒文本 `{kind}`"), format!("expected the kind of a notice, found `{kind}`")));
                }
            }
        }
    }

    /// How a person is called.
    #[must_use]
    pub fn name_of(&self, person: PersonId) -> String {
        self.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    /// The answers a step can end with.
    #[must_use]
    pub fn outcomes(&self, program: &str, step: &str) -> Vec<String> {
        let node = self.bundle.programs.get(program).and_then(|program| program.nodes.iter().find(|node| *node.key == *step));
        if let Some(NodeKind::Task(rule)) = node.map(|node| &node.kind) {
            return rule.outcomes.iter().map(ToString::to_string).collect();
        }
        if let Some(NodeKind::Approve(_)) = node.map(|node| &node.kind) {
            return vec!["approved".to_owned(), "rejected".to_owned()];
        }
        Vec::new()
    }
}
