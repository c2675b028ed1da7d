//! The money of projects as the office of finance reads it: asked, intended, approved, signed and paid, by project and by instrument.
//! Invariant: whole 分; the gap is the total less what is approved, and what is intended fills none of it. Never: a figure of a case the reader may not open.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::App;
use crate::app::casework::Casefile;
use crate::app::failure::{Failure, Fault};
use crate::app::notices::short_name;
use crate::app::queries::{CaseFilter, reading};
use crate::definition::graph::NodeKind;
use crate::engine::event::Event;
use crate::forms::{Form, Kind};
use crate::identity::may::Verdict;
use crate::ids::{CaseId, Name, PersonId, Tenant, Text};
use crate::limits::FUNDED_CASES_MAX;

/// The link that looks after money.
const FUNDING: &str = "funding";
/// Procedures that have it.
const PROCEDURES: [&str; 2] = ["green-channel", FUNDING];
/// The step that writes down what was approved.
const RECORD: &str = "record";
/// What was approved, by source.
const SOURCES: [&str; 5] = ["own_fen", "equity_fen", "loan_fen", "grant_fen", "lease_fen"];

/// Intended, approved, signed, paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// 意向.
    pub intended: i64,
    /// 批复.
    pub approved: i64,
    /// 签约.
    pub signed: i64,
    /// 到位.
    pub paid: i64,
}

impl Amounts {
    fn add(&mut self, row: &Value) {
        let of = |key: &str| row[key].as_i64().unwrap_or(0);
        self.intended = self.intended.saturating_add(of("intended_fen"));
        self.approved = self.approved.saturating_add(of("approved_fen"));
        self.signed = self.signed.saturating_add(of("signed_fen"));
        self.paid = self.paid.saturating_add(of("paid_fen"));
    }
}

/// A project's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funded {
    /// Its case.
    pub case: CaseId,
    /// What people call it.
    pub name: String,
    /// The project.
    pub title: String,
    /// What it costs.
    pub total: i64,
    /// 需求: asked of all sources.
    pub asked: i64,
    /// The rest, as last recorded. Without instruments only what is approved is known.
    pub amounts: Amounts,
    /// Instruments were entered one by one.
    pub by_instrument: bool,
    /// The total less what is approved.
    pub gap: i64,
    /// How the link ended: `met`, `waived`, `rolled`; `None` while it is open.
    pub result: Option<Name>,
}

/// An instrument with what all projects have of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// What people read.
    pub title: Text,
    /// How many projects use it.
    pub projects: usize,
    /// The sums.
    pub amounts: Amounts,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funds {
    /// Projects, newest first.
    pub projects: Vec<Funded>,
    /// Instruments, as the form lists them.
    pub instruments: Vec<Instrument>,
}

impl App {
    /// The money of the projects somebody may open, newest first, up to a bound.
    ///
    /// # Errors
    /// A fault.
    pub async fn funds(&self, tenant: Tenant, person: PersonId, posts: &[(Name, Name)]) -> Result<Funds, Fault> {
        let mut funds = Funds::default();
        let mut sums: BTreeMap<String, (usize, Amounts)> = BTreeMap::new();
        for workflow in PROCEDURES {
            let filter = CaseFilter { workflow: Some(workflow.to_owned()), ..CaseFilter::default() };
            for row in self.store().cases(tenant, &filter, FUNDED_CASES_MAX).await.map_err(reading("listing what is funded"))? {
                let file = match self.casefile(tenant, row.id).await {
                    Ok(file) => file,
                    Err(Failure::Fault(fault)) => return Err(fault),
                    // It is gone meanwhile.
                    Err(Failure::Refused(_)) => continue,
                };
                if file.may_read(person, posts) == Verdict::Allowed {
                    funds.projects.extend(funded(&file, &mut sums));
                }
            }
        }
        let known = self.known(tenant).await?;
        let bundle = known.current.get(FUNDING).and_then(|digest| known.bundles.get(digest));
        let node = bundle.and_then(|bundle| bundle.programs.get(FUNDING)?.nodes.iter().find(|node| &*node.key == RECORD));
        if let Some(NodeKind::Task(rule)) = node.map(|node| &node.kind) {
            funds.instruments = rule.fields.as_ref().map(|answer| instruments(&answer.form, &sums)).unwrap_or_default();
        }
        Ok(funds)
    }
}

/// The instruments of the form, each with its sums.
fn instruments(form: &Form, sums: &BTreeMap<String, (usize, Amounts)>) -> Vec<Instrument> {
    let Some(Kind::Rows { fields, .. }) = form.field("instruments").map(|field| &field.kind) else { return Vec::new() };
    let Some(Kind::Choice(choices)) = fields.iter().find(|field| field.key == "instrument").map(|field| &field.kind) else { return Vec::new() };
    let sum = |choice: &crate::forms::Choice| sums.get(&choice.value).copied().unwrap_or_default();
    choices.iter().map(|choice| Instrument { title: choice.title.clone(), projects: sum(choice).0, amounts: sum(choice).1 }).collect()
}

/// The money of a case; `None` when its funding link was never opened.
fn funded(file: &Casefile, sums: &mut BTreeMap<String, (usize, Amounts)>) -> Option<Funded> {
    let events = || file.entries.iter().flat_map(|entry| &entry.events);
    let opens = |event: &Event| if let Event::ScopeOpened { scope, program, .. } = event { (&**program == FUNDING).then_some(*scope) } else { None };
    let link = events().find_map(opens)?;
    let ends = |event: &Event| if let Event::ScopeClosed { scope, result } = event { (*scope == link).then(|| result.clone()) } else { None };
    let records = |event: &Event| match event {
        Event::StepDone { scope, step, body, .. } if *scope == link && &**step == RECORD => *body,
        _other => None,
    };
    let submits = |event: &Event| if let Event::Submitted { form, .. } = event { Some(*form) } else { None };
    let (result, record) = (events().find_map(ends), events().filter_map(records).next_back());
    let form = file.bodies.get(&events().filter_map(submits).next_back()?.commit)?;
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let total = number(&form["total_fen"]);
    let asked = form["sources"].as_array().into_iter().flatten().map(|source| number(&source["asked_fen"])).fold(0_i64, i64::saturating_add);
    let fields = file.fields(record).cloned().unwrap_or_default();
    let mut amounts = Amounts::default();
    let rows = fields["instruments"].as_array().cloned().unwrap_or_default();
    for row in &rows {
        amounts.add(row);
        let sum = sums.entry(row["instrument"].as_str().unwrap_or_default().to_owned()).or_default();
        sum.0 += 1;
        sum.1.add(row);
    }
    amounts.approved = SOURCES.iter().map(|source| number(&fields[*source])).fold(0_i64, i64::saturating_add);
    let row = &file.working.row;
    Some(Funded {
        case: row.id,
        name: row.number.clone().unwrap_or_else(|| short_name(row.id)),
        title: row.title.clone().unwrap_or_default(),
        total,
        asked,
        amounts,
        by_instrument: !rows.is_empty(),
        gap: total.saturating_sub(amounts.approved),
        result,
    })
}
