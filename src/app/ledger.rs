//! The ledger 台账: one row for every step that was done and every step that is open, in the order of cases and acts.
//! Invariant: each row is read off the events; nothing in it was typed for it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::clockwork::stored_clock;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::{register, view};
use crate::clock::Clock;
use crate::definition::graph::{Bundle, TermKind};
use crate::engine::case::{BodyRef, Case, Local, Term};
use crate::engine::event::Event;
use crate::exports::ledger::{Evidence, LedgerRow, Style, write};
use crate::ids::{Moment, PersonId, Tenant, Text};
use crate::limits::WALK_PAGE_ROWS;
use crate::notice::Language;
use crate::store::rows::CaseRow;
use crate::store::{CaseFilter, Store, StoreFault};
use crate::supervision::{Watch, margin};

fn reading(cause: StoreFault) -> Fault {
    Fault::new("writing the ledger", cause)
}

/// The ledger of a tenant as CSV with a byte-order mark, so that a spreadsheet reads the Chinese.
///
/// # Errors
/// A fault.
pub async fn csv(store: &Store, tenant: Tenant, english: bool) -> Result<Vec<u8>, Fault> {
    let version = store.registry_version(tenant).await.map_err(reading)?;
    let known = register::read(store, tenant, version, &Known::default()).await?;
    let now = stored_clock(store).await?.unwrap_or(Clock::Machine).now();
    let language = if english { Language::En } else { Language::Zh };
    let mut rows = Vec::new();
    let mut cases: Vec<CaseRow> = Vec::new();
    let mut filter = CaseFilter::default();
    loop {
        let page = store.cases(tenant, &filter, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        cases.extend(page);
    }
    // Listed newest first; a ledger is read from the beginning.
    for row in cases.iter().rev().filter(|row| row.workflow != register::WORKFLOW) {
        let bundle = register::bundle_of(&known, row.revision)?;
        let acts = view::acts(store, tenant, row.id, row.version).await?;
        let mut case = Pages { known: &known, bundle: &bundle, language, now, state: None, project: Project::default(), rows: Vec::new() };
        for act in &acts {
            case.act(store, row, act).await?;
        }
        case.open_tasks();
        rows.append(&mut case.rows);
    }
    Ok(write(&rows, Style { language, bom: true }).csv.into_bytes())
}

/// What the form says of the project.
#[derive(Clone, Debug, Default)]
struct Project {
    code: String,
    name: String,
    owner: String,
    owner_code: String,
}

impl Project {
    /// The fields a ledger needs, where the form has them.
    fn of(form: &Value) -> Self {
        let text = |keys: &[&str]| keys.iter().find_map(|key| form.get(key).and_then(Value::as_str)).unwrap_or_default().to_owned();
        Self {
            code: text(&["project_code", "code"]),
            name: text(&["project_name", "project", "name"]),
            owner: text(&["applicant_name", "applicant", "company"]),
            owner_code: text(&["uscc"]),
        }
    }
}

/// The rows of one case.
struct Pages<'a> {
    known: &'a Known,
    bundle: &'a Bundle,
    language: Language,
    now: Moment,
    state: Option<Case>,
    project: Project,
    rows: Vec<LedgerRow>,
}

impl Pages<'_> {
    async fn act(&mut self, store: &Store, row: &CaseRow, act: &view::Act) -> Result<(), Fault> {
        for event in &act.events {
            if let Event::Submitted { form, scope: 0, .. } = event {
                self.submitted(store, row, *form).await?;
            }
            if let Event::StepDone { .. } = event {
                self.done(event, act);
            }
        }
        self.state = crate::engine::fold_act(self.state.take(), &act.events);
        Ok(())
    }

    async fn submitted(&mut self, store: &Store, row: &CaseRow, form: BodyRef) -> Result<(), Fault> {
        let found = store.body(row.tenant, row.id, form.commit).await.map_err(reading)?;
        let form: Option<Value> = found.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok());
        self.project = form.as_ref().map(Project::of).unwrap_or_default();
        Ok(())
    }

    /// A step that was done, with the terms as they stood just before.
    fn done(&mut self, event: &Event, act: &view::Act) {
        let Event::StepDone { scope, step, outcome, by, deemed, at, body, .. } = event else { return };
        let Some(state) = &self.state else { return };
        let mut row = self.row(state, *scope, step, act.at);
        row.progress = deemed.as_ref().map_or_else(|| outcome.to_string(), |basis| format!("{outcome}({basis})"));
        row.person = by.map(|by| self.name(by)).unwrap_or_default();
        row.recorder = by.map_or_else(|| self.say("系统", "system"), |by| self.name(by));
        row.at = Some(*at);
        row.light = None;
        row.evidence = body.map(|body| Evidence { number: format!("{}", act.seq), digest: body.commit }).into_iter().collect();
        self.rows.push(row);
    }

    /// Steps that are open now.
    fn open_tasks(&mut self) {
        let Some(state) = self.state.take() else { return };
        for task in state.tasks.values() {
            let mut row = self.row(&state, task.scope, &task.step, self.now);
            row.planned_from = Some(task.opened.date());
            row.light = Some(Watch::over_task(&state, task, &self.known.calendar).light(self.now));
            row.person = task.claimed.map(|by| self.name(by)).unwrap_or_default();
            row.progress = self.say("在办", "open");
            self.rows.push(row);
        }
    }

    fn row(&self, state: &Case, scope: Local, step: &str, at: Moment) -> LedgerRow {
        let program = state.scopes.get(&scope).and_then(|scope| self.bundle.programs.get(&scope.program));
        let root = self.bundle.programs.get(&self.bundle.root);
        let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *step));
        let terms: BTreeMap<TermKind, &Term> =
            state.terms.values().filter(|term| term.scope == scope && term.token.is_none()).map(|term| (term.kind, term)).collect();
        let lead = terms.get(&TermKind::Promised).or_else(|| terms.get(&TermKind::Statutory)).copied();
        LedgerRow {
            project_code: self.project.code.clone(),
            project: self.project.name.clone(),
            owner: self.project.owner.clone(),
            owner_code: self.project.owner_code.clone(),
            matter: root.map(|program| self.text(&program.title)).unwrap_or_default(),
            link: program.map(|program| self.text(&program.title)).unwrap_or_default(),
            step: node.map(|node| self.text(&node.title)).unwrap_or_else(|| step.to_owned()),
            unit: self.offices(state, scope, step),
            planned_to: lead.and_then(|term| term.due),
            statutory: terms.get(&TermKind::Statutory).map(|term| term.within),
            promised: terms.get(&TermKind::Promised).map(|term| term.within),
            used: lead.map(|term| self.used(term, at)),
            excluded: lead.map(excluded),
            left: lead.and_then(|term| margin(term.due?, at.date(), term.within.unit, &self.known.calendar)),
            ..LedgerRow::default()
        }
    }

    fn offices(&self, state: &Case, scope: Local, step: &str) -> String {
        let task = state.tasks.values().find(|task| task.scope == scope && *task.step == *step);
        let Some(crate::engine::case::TaskPool::Posts { offices, .. }) = task.map(|task| &task.pool) else { return String::new() };
        let name =
            |office: &crate::ids::Name| self.known.roster.offices.get(office).map_or_else(|| office.to_string(), |office| self.say(&office.zh, &office.en));
        offices.iter().map(name).collect::<Vec<_>>().join("、")
    }

    fn used(&self, term: &Term, at: Moment) -> u32 {
        let query = crate::calendar::TermQuery { from: term.from, within: term.within, extended: term.extended, suspended: &term.stopped, roll_over: false };
        self.known.calendar.used(&query, at.date())
    }

    fn name(&self, person: PersonId) -> String {
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn text(&self, text: &Text) -> String {
        self.say(&text.zh, &text.en)
    }

    fn say(&self, zh: &str, en: &str) -> String {
        match self.language {
            Language::Zh => zh.to_owned(),
            Language::En => en.to_owned(),
        }
    }
}

/// Days left out so far.
fn excluded(term: &Term) -> u32 {
    let days = |(first, last): &(chrono::NaiveDate, chrono::NaiveDate)| u32::try_from(last.signed_duration_since(*first).num_days() + 1).unwrap_or(0);
    term.stopped.iter().map(days).sum()
}
