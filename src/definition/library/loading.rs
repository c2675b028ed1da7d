//! Reading the files of a set one by one, then compiling them against each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{PART, SourceFile, WORDS};
use crate::calendar::Calendar;
use crate::definition::account_kind::{self, AccountKind};
use crate::definition::diagnostics::{Diagnostic, Findings};
use crate::definition::graph::NodeKind;
use crate::definition::lower::{self, Lowered};
use crate::definition::parts::Parts;
use crate::definition::{revision, rules, soundness, syntax};
use crate::expr::Table;
use crate::forms::Form;
use crate::ids::{Name, Text};
use crate::source::{self, Mistake, Node, Reader};

/// What was read so far, and what was found wrong with it.
#[derive(Default)]
pub(super) struct Loading {
    pub parts: Parts,
    pub accounts: BTreeMap<Name, AccountKind>,
    pub words: BTreeMap<Name, Text>,
    pub programs: BTreeMap<Name, Lowered>,
    /// The canonical bytes of every file, by `workflow:<name>` or by file.
    pub canonical: BTreeMap<String, Vec<u8>>,
    pub found: Vec<Diagnostic>,
}

impl Loading {
    pub fn read(&mut self, file: &SourceFile) {
        let node = match source::read(&file.text, &file.shown) {
            Ok(node) => node,
            Err(mistakes) => return self.broken(file, mistakes),
        };
        match file.key.split_once('/') {
            Some(("forms", _)) => match Form::parse(&file.text, &file.shown) {
                Ok(form) => self.keep(file, &node, |loading| loading.parts.forms.insert(file.key.clone(), Arc::new(form)).is_some()),
                Err(mistakes) => self.broken(file, mistakes),
            },
            Some(("decisions", _)) => match Table::parse(&file.text, &file.shown) {
                // A gap is found out only when a case falls into it, so it is a mistake here.
                Ok(table) if table.warnings().iter().any(is_gap) => self.broken(file, table.warnings().iter().filter(|one| is_gap(one)).cloned().collect()),
                Ok(table) => self.keep(file, &node, |loading| loading.parts.tables.insert(file.key.clone(), Arc::new(table)).is_some()),
                Err(mistakes) => self.broken(file, mistakes),
            },
            Some(("accounts", _)) => match account_kind::parse(&node, &file.shown) {
                Ok(kind) => self.keep(file, &node, |loading| loading.accounts.insert(kind.name.clone(), kind).is_some()),
                Err(mistakes) => self.broken(file, mistakes),
            },
            Some(("calendars", _)) => {
                if let Err(mistakes) = Calendar::parse(&file.text, &file.shown) {
                    self.broken(file, mistakes);
                }
            }
            None if file.key == WORDS => self.words(file, &node),
            Some(_) | None => self.workflow(file, &node),
        }
    }

    /// What outcomes, results and causes are called.
    fn words(&mut self, file: &SourceFile, node: &Node) {
        let mut reader = Reader::new(&file.shown);
        for entry in reader.entries(node) {
            if let Some(text) = reader.bilingual(&entry.value) {
                self.words.insert(Name::from(entry.key.as_str()), text);
            }
        }
        if !reader.is_clean() {
            self.broken(file, reader.into_mistakes());
        }
    }

    fn workflow(&mut self, file: &SourceFile, node: &Node) {
        let (workflow, mistakes) = syntax::workflow(node, &file.shown);
        if !mistakes.is_empty() {
            self.broken(file, mistakes);
        }
        let Some(workflow) = workflow else { return };
        let name = workflow.name.value.clone();
        self.canonical.insert(format!("workflow:{name}"), revision::canonical(node));
        let place = workflow.name.at;
        if self.parts.workflows.insert(name.clone(), workflow).is_some() {
            let mut findings = Findings::new(&file.shown);
            findings.note(place, "GL005", (format!("工作流 `{name}` 已有同名文件"), format!("expected a workflow name used once, found `{name}` again")));
            self.found.extend(findings.into_found());
        }
    }

    fn keep(&mut self, file: &SourceFile, node: &Node, insert: impl FnOnce(&mut Self) -> bool) {
        self.canonical.insert(file.key.clone(), revision::canonical(node));
        if insert(self) {
            let (zh, en) = ("已有同名文件或同名账户".into(), "expected a file or an account named once, found it again".into());
            self.broken(file, vec![Mistake { file: file.shown.clone(), line: 1, column: 1, code: "duplicate-key", zh, en }]);
        }
    }

    fn broken(&mut self, file: &SourceFile, mistakes: Vec<Mistake>) {
        self.parts.broken.insert(file.key.clone());
        self.found.extend(mistakes.into_iter().map(Diagnostic::from));
    }

    pub fn compile(&mut self) {
        for (name, workflow) in &self.parts.workflows {
            let mut findings = Findings::new(&workflow.file);
            let all = lower::lower(workflow, &self.parts, &mut findings);
            rules::law::check(workflow, &mut findings);
            rules::lights::check(workflow, &mut findings);
            rules::parallel::check(workflow, &self.parts, &mut findings);
            rules::fields::check(workflow, &self.parts, &mut findings);
            rules::fields::papers(workflow, &self.parts, &mut findings);
            rules::splits::check(workflow, &mut findings);
            rules::happenings::check(workflow, &self.parts, &mut findings);
            rules::sums::check(workflow, &all, &mut findings);
            for lowered in all {
                rules::flow::check(&lowered, &mut findings);
                if lowered.program.name == *name {
                    rules::decision::check(&lowered, &mut findings);
                    rules::calls::recursion(workflow, &lowered, &self.parts, &mut findings);
                }
                rules::returns::check(workflow, &lowered.program, &mut findings);
                rules::apart::check(workflow, &lowered.program, &mut findings);
                // What is broken in its shape is told as that; a path through it would only repeat it.
                if findings.is_empty() {
                    soundness::told::check(&lowered, &mut findings);
                }
                self.programs.insert(lowered.program.name.clone(), lowered);
            }
            self.found.extend(findings.into_found());
        }
    }

    /// A reservation names a kind of account there is, with as many parts as its keys have.
    pub fn accounts_posted_to(&mut self) {
        for (name, lowered) in &self.programs {
            let Some(workflow) = self.parts.workflows.get(name.split(PART).next().unwrap_or(name)) else { continue };
            let mut findings = Findings::new(&workflow.file);
            for (node, at) in lowered.program.nodes.iter().zip(&lowered.places) {
                let NodeKind::Post { account, .. } = &node.kind else { continue };
                let first = account.first().map(|part| part.source().trim_matches('"').to_owned()).unwrap_or_default();
                match self.accounts.get(first.as_str()) {
                    None => findings.unknown(*at, "GL018", ("账户种类", "a kind of account"), &first, self.accounts.keys().map(|kind| &**kind)),
                    Some(kind) if kind.parts.len() + 1 != account.len() => {
                        let (want, have) = (kind.parts.len() + 1, account.len());
                        let parts = kind.parts.iter().map(|part| &*part.name).collect::<Vec<_>>().join(", ");
                        let zh = format!("账户 `{first}` 的键有 {want} 部分({first}, {parts}),实际 {have} 部分");
                        let en = format!("expected {want} parts ({first}, {parts}) in the key of account `{first}`, found {have}");
                        findings.note(*at, "GL018", (zh, en));
                    }
                    Some(_) => {}
                }
            }
            self.found.extend(findings.into_found());
        }
    }
}

/// Whether a table's warning is a case no row covers (another is a table too large to be looked through).
fn is_gap(warning: &Mistake) -> bool {
    warning.code == "gap"
}
