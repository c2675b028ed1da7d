//! All definitions of one set of files: read, checked against each other, compiled, bundled.
//! Invariant: a `Library` exists only when no file of its set has a mistake.
//! Never: opens a file; whoever loads a folder hands over the texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::calendar::{Calendar, Unit};
use crate::definition::account_kind::AccountKind;
use crate::definition::diagnostics::{Diagnostic, Findings};
use crate::definition::draw::{View, draw};
use crate::definition::graph::{Audience, Bundle, NodeKind, Pool, Program};
use crate::definition::parts::Parts;
use crate::definition::syntax::{self, Workflow};
use crate::definition::{revision, rules};
use crate::forms::{Form, Who};
use crate::ids::{Name, Text};

mod loading;

pub use rules::orders::missing as missing_in_order;

use loading::Loading;

/// The files the program carries.
#[derive(rust_embed::RustEmbed)]
#[folder = "workflows/"]
struct Embedded;

/// What stands between a workflow and the step whose own steps a program is: `workflow#step`.
pub const PART: char = '#';

/// The file that says what outcomes, results and causes are called.
const WORDS: &str = "words.yaml";

/// A file of the set.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// How workflows name it: `forms/x.yaml`, `x.yaml`.
    pub key: String,
    /// How its author finds it; stands in every mistake.
    pub shown: String,
    /// What it says.
    pub text: String,
}

/// Everything of a set, checked.
#[derive(Debug)]
pub struct Library {
    parts: Parts,
    programs: BTreeMap<Name, Arc<Program>>,
    accounts: BTreeMap<Name, AccountKind>,
    words: BTreeMap<Name, Text>,
    bundles: BTreeMap<Name, Bundle>,
    warnings: Vec<Diagnostic>,
    /// The text of every file, by key.
    texts: BTreeMap<String, String>,
}

/// The files the program carries, to load as they are or under an author's own.
#[must_use]
pub fn embedded_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for key in Embedded::iter() {
        let text = Embedded::get(&key).and_then(|file| String::from_utf8(file.data.into_owned()).ok());
        if let Some(text) = text.filter(|_| key.ends_with(".yaml")) {
            files.push(SourceFile { shown: format!("workflows/{key}"), key: key.into_owned(), text });
        }
    }
    files
}

/// Loads the definitions the program carries.
///
/// # Errors
/// Their mistakes; a test keeps them free of any.
pub fn embedded() -> Result<Library, Vec<Diagnostic>> {
    load(&embedded_files())
}

/// Loads a set of files.
///
/// # Errors
/// Every mistake of every file, in the order of file and line.
pub fn load(files: &[SourceFile]) -> Result<Library, Vec<Diagnostic>> {
    let mut loading = Loading::default();
    for file in files {
        loading.read(file);
    }
    loading.compile();
    loading.accounts_posted_to();
    let mut found = loading.found;
    found.sort();
    found.dedup();
    if found.iter().any(|one| !one.warning) {
        // What is only to be known waits until the rest is right.
        found.retain(|one| !one.warning);
        return Err(found);
    }
    let programs = loading.programs.into_iter().map(|(name, lowered)| (name, Arc::new(lowered.program))).collect();
    let mut library = Library {
        programs,
        parts: loading.parts,
        accounts: loading.accounts,
        words: loading.words,
        bundles: BTreeMap::new(),
        warnings: found,
        texts: files.iter().map(|file| (file.key.clone(), file.text.clone())).collect(),
    };
    // A part of a workflow is compiled beside it and never started by itself.
    let roots: Vec<Name> = library.programs.keys().filter(|name| !name.contains(PART)).cloned().collect();
    library.bundles = roots.iter().map(|name| (name.clone(), library.bundle_of(name, &loading.canonical))).collect();
    Ok(library)
}

/// An author's files over the program's own: a file of the same key, and a workflow of the same name, takes the place of ours.
#[must_use]
pub fn over_embedded(own: &[SourceFile]) -> Vec<SourceFile> {
    let keys: BTreeSet<&str> = own.iter().map(|file| file.key.as_str()).collect();
    let names: BTreeSet<String> = own.iter().filter_map(|file| workflow_name(&file.text)).collect();
    let mut files = embedded_files();
    files.retain(|file| !keys.contains(file.key.as_str()) && workflow_name(&file.text).is_none_or(|name| !names.contains(&name)));
    files.extend_from_slice(own);
    files
}

/// The name a workflow file gives itself, read off its first lines so that a file with mistakes has one too.
#[must_use]
pub fn workflow_name(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("workflow:"))?;
    Some(line.split('#').next().unwrap_or(line).trim().trim_matches(['"', '\'']).to_owned())
}

impl Library {
    /// A workflow with everything it calls, as a case pins it.
    #[must_use]
    pub fn bundle(&self, name: &str) -> Option<&Bundle> {
        self.bundles.get(name)
    }

    /// Every bundle, by the name of its root.
    pub fn bundles(&self) -> impl Iterator<Item = &Bundle> {
        self.bundles.values()
    }

    /// A compiled workflow.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<&Arc<Program>> {
        self.programs.get(name)
    }

    /// A form by its file, such as `forms/green-channel.yaml`.
    #[must_use]
    pub fn form(&self, file: &str) -> Option<&Arc<Form>> {
        self.parts.forms.get(file)
    }

    /// What its author should know and nobody needs to mend.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Every kind of account, by name.
    #[must_use]
    pub fn accounts(&self) -> &BTreeMap<Name, AccountKind> {
        &self.accounts
    }

    /// The files a bundle was made from, to be stored beside its digest and loaded again for the cases that pinned it.
    #[must_use]
    pub fn files_of(&self, name: &str) -> Vec<SourceFile> {
        let keys = self.keys_of(&Name::from(name));
        let belongs = |key: &str, text: &str| match workflow_name(text).filter(|_| !key.contains('/')) {
            Some(name) => keys.contains(&format!("workflow:{name}")),
            // Kinds of accounts are few, and a reservation is held against them.
            None => keys.contains(key) || key.starts_with("accounts/"),
        };
        let files = self.texts.iter().filter(|(key, text)| belongs(key, text));
        files.map(|(key, text)| SourceFile { key: key.clone(), shown: key.clone(), text: text.clone() }).collect()
    }

    /// The key of the file a workflow stands in.
    #[must_use]
    pub fn file_of(&self, name: &str) -> Option<&str> {
        let mut texts = self.texts.iter();
        let own = |(key, text): &(&String, &String)| !key.contains('/') && workflow_name(text).is_some_and(|own| own == name);
        texts.find(own).map(|(key, _)| key.as_str())
    }

    /// What of a workflow and its callees no law in force carries on a day.
    #[must_use]
    pub fn lapsed(&self, name: &str, on: NaiveDate) -> Vec<Diagnostic> {
        let name = Name::from(name);
        let mut names = rules::calls::closure(&name, &self.parts);
        names.insert(name);
        let mut found = Vec::new();
        for workflow in names.iter().filter_map(|name| self.parts.workflows.get(name)) {
            let mut findings = Findings::new(&workflow.file);
            rules::law::lapsed(workflow, on, &mut findings);
            found.extend(findings.into_found());
        }
        found
    }

    /// Limits that, begun on a day, may run past the published calendar: their date would be provisional.
    #[must_use]
    pub fn uncovered(&self, name: &str, on: NaiveDate, calendar: &Calendar) -> Vec<Diagnostic> {
        let Some(workflow) = self.parts.workflows.get(name) else { return Vec::new() };
        let mut findings = Findings::new(&workflow.file);
        for limit in &workflow.limits {
            let most = limit.extend.iter().map(|extend| extend.by.value).chain([limit.within.value]).filter(|span| span.unit == Unit::Working);
            let days = most.map(|span| span.days).sum::<u32>();
            if days > 0 && calendar.shift(on, i32::try_from(days).unwrap_or(i32::MAX), Unit::Working).is_none() {
                let (key, until) = (&limit.key.value, calendar.covered().map_or_else(String::new, |(_, until)| until.to_string()));
                let zh = format!("时限 `{key}` 自 {on} 起算会超出已公布到 {until} 的日历，到期日只能暂定");
                let en = format!("limit `{key}`, begun on {on}, may run past the calendar published to {until}: its date would be provisional");
                let help = ("国务院公布明年放假安排后发布日历".into(), "publish the calendar of the next year once it is announced".into());
                findings.warn(limit.within.at, "GL058", (zh, en)).help(Some(help));
            }
        }
        findings.into_found()
    }

    /// Every (office, post) that something is asked of, told or approved by, and nobody fills; `held` is what each office has, for whoever mistyped one.
    #[must_use]
    pub fn vacant(&self, is_filled: impl Fn(&str, &str) -> bool, held: &BTreeMap<String, BTreeSet<String>>) -> Vec<Diagnostic> {
        rules::posts::vacant(self.parts.workflows.values(), &is_filled, held)
    }

    /// Offices that another has taken over from, with its key and name as `successor` knows them.
    #[must_use]
    pub fn succeeded(&self, successor: impl Fn(&str) -> Option<(String, Text)>) -> Vec<Diagnostic> {
        rules::posts::succeeded(self.parts.workflows.values(), &successor)
    }

    /// Reminders that say what is no kind of notice: `kinds` is what there is, and wording it is not the language's business.
    #[must_use]
    pub fn unsayable(&self, kinds: &[&str]) -> Vec<Diagnostic> {
        rules::posts::unsayable(self.parts.workflows.values(), kinds)
    }

    /// Supervision orders that rungs draft and whose workflow does not exist here or cannot be filled in.
    #[must_use]
    pub fn unordered(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for workflow in self.parts.workflows.values() {
            let mut findings = Findings::new(&workflow.file);
            rules::orders::check(workflow, &self.parts, &mut findings);
            found.extend(findings.into_found());
        }
        found
    }

    /// Every (office, post) the programs name.
    #[must_use]
    pub fn posts(&self) -> BTreeSet<(Name, Name)> {
        let mut posts = BTreeSet::new();
        for program in self.programs.values() {
            let fields = program.form.iter().flat_map(|form| form.fields());
            for who in fields.flat_map(|field| field.see.iter().chain(&field.edit)).flatten() {
                if let Who::Post { office: Some(office), post } = who {
                    posts.insert((Name::from(office.as_str()), Name::from(post.as_str())));
                }
            }
            let terms = program.limits.iter().chain(program.nodes.iter().flat_map(|node| &node.terms));
            for audience in terms.flat_map(|term| &term.rungs).flat_map(|rung| &rung.to) {
                if let Audience::Office { office, post } = audience {
                    posts.insert((office.clone(), post.clone()));
                }
            }
            for node in &program.nodes {
                match &node.kind {
                    NodeKind::Task(task) => {
                        if let Pool::Posts { offices, post } = &task.by {
                            posts.extend(offices.iter().map(|office| (office.clone(), post.clone())));
                        }
                    }
                    NodeKind::Approve(group) => posts.extend(group.seats.iter().cloned()),
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
                    | NodeKind::End { .. } => {}
                }
            }
        }
        posts
    }

    /// What an outcome, a result or a cause is called; a word nobody gave a name is its own.
    #[must_use]
    pub fn word(&self, key: &str) -> Text {
        self.words.get(key).cloned().unwrap_or_else(|| Text { zh: key.to_owned(), en: key.to_owned() })
    }

    /// All words.
    #[must_use]
    pub fn words(&self) -> &BTreeMap<Name, Text> {
        &self.words
    }

    /// The picture of a workflow, its outcomes in this library's words.
    #[must_use]
    pub fn draw(&self, name: &str, view: View<'_>) -> Option<String> {
        Some(draw(self.program(name)?, View { words: Some(&self.words), ..view }))
    }

    fn bundle_of(&self, name: &Name, canonical: &BTreeMap<String, Vec<u8>>) -> Bundle {
        let keys = self.keys_of(name);
        let bytes: BTreeMap<String, &[u8]> = keys.iter().filter_map(|key| Some((key.clone(), canonical.get(key)?.as_slice()))).collect();
        let names: BTreeSet<&str> = keys.iter().filter_map(|key| key.strip_prefix("workflow:")).collect();
        let whole = |name: &Name| names.contains(name.split(PART).next().unwrap_or(name));
        let programs = self.programs.iter().filter(|(name, _)| whole(name)).map(|(name, program)| (name.clone(), program.clone()));
        Bundle { root: name.clone(), digest: revision::digest(&bytes), programs: programs.collect() }
    }

    /// The root and all it refers to: `workflow:<name>`, and forms and tables by file.
    fn keys_of(&self, name: &Name) -> BTreeSet<String> {
        let mut names = rules::calls::closure(name, &self.parts);
        names.insert(name.clone());
        let mut keys = BTreeSet::new();
        for workflow in names.iter().filter_map(|name| self.parts.workflows.get(name)) {
            keys.insert(format!("workflow:{}", workflow.name.value));
            keys.extend(files_named(workflow));
        }
        keys
    }
}

/// The forms and tables a workflow names.
fn files_named(workflow: &Workflow) -> BTreeSet<String> {
    let mut files: BTreeSet<String> = workflow.form.iter().map(|form| form.value.to_string()).collect();
    syntax::walk_all(workflow, &mut |step| match &step.kind {
        syntax::Kind::Task(task) => files.extend(task.fields.iter().chain(task.needs.iter().map(|(_, table)| table)).map(|file| file.value.to_string())),
        syntax::Kind::Job(job) => files.extend(job.fields.iter().map(|file| file.value.to_string())),
        syntax::Kind::Decide(table) => {
            files.insert(table.value.to_string());
        }
        syntax::Kind::Approve(_)
        | syntax::Kind::Post(_)
        | syntax::Kind::Timer { .. }
        | syntax::Kind::Message { .. }
        | syntax::Kind::Parallel(_)
        | syntax::Kind::Call(_)
        | syntax::Kind::Scope(_)
        | syntax::Kind::Each(_)
        | syntax::Kind::Throw { .. }
        | syntax::Kind::Document { .. }
        | syntax::Kind::End { .. }
        | syntax::Kind::Broken => {}
    });
    files
}
