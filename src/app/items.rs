//! Reform items (改革事项): opened from a plan in its order, and read as a list: plan approved, roadmap, nodes with first and current date, pace.
//! Invariant: an item is a case; all that the list says follows from its log. A node's first date is that of the plan that was registered, and stays.
//! Never: an item opened twice, or a unit called the lead because it stands first.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::casework::Casefile;
use crate::app::execute::{Act, Order};
use crate::app::failure::Failure;
use crate::app::operate::{Told, embedded_workflows, wrong_input};
use crate::app::plant::Tally;
use crate::app::publish::Publication;
use crate::app::queries::reading;
use crate::app::seed::{ItemSeed, PLACES, Seeds};
use crate::engine::case::TaskPool;
use crate::engine::event::Event;
use crate::engine::refusal::Detail;
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Moment, Tenant, Text};
use crate::limits::REFORM_ITEMS_MAX;
use crate::store::CaseFilter;
use crate::supervision::{Pace, pace};

/// The workflow that items run.
pub const WORKFLOW: &str = "reform-item";
/// The rank of a case that is in no channel.
const ORDINARY: i16 = 9;
/// What an item's workflow reads beside itself.
const BESIDE: [&str; 4] = ["forms/reform-", "decisions/reform-", "decisions/decision-procedure.yaml", "words.yaml"];

/// A reform item as the list shows it.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its case.
    pub case: CaseId,
    /// The case's number.
    pub number: Option<String>,
    /// Its number in the plan.
    pub no: i64,
    /// `lead`, `join` or `own`; empty where its form has none.
    pub tier: String,
    /// How it is called.
    pub title: Text,
    /// Its section of the plan.
    pub section: String,
    /// The units, in the order of the plan.
    pub units: Vec<Unit>,
    /// `plan`, `convention` or `decided`; empty where its form does not say.
    pub lead_by: String,
    /// What the plan wants delivered.
    pub deliverables: String,
    /// When the meeting approved its plan.
    pub approved: Option<NaiveDate>,
    /// The number of the plan that was issued.
    pub plan: Option<String>,
    /// The roadmap.
    pub roadmap: Option<String>,
    /// The timetable.
    pub nodes: Vec<Node>,
    /// How many per cent of its nodes are missing by now, and what that means.
    pub pace: Option<(i64, Pace)>,
    /// Where it stands, and who has it.
    pub open: Vec<(Text, Vec<Text>)>,
    /// How it ended.
    pub ended: Option<String>,
}

/// A responsible unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What it is called.
    pub office: Text,
    /// It leads.
    pub leads: bool,
}

/// A node of the timetable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What is to be reached.
    pub title: String,
    /// Who answers for it.
    pub person: String,
    /// The date first registered.
    pub first: Option<NaiveDate>,
    /// The date now.
    pub due: Option<NaiveDate>,
    /// Each move, with its reason.
    pub moves: Vec<Moved>,
    /// When it was reported as reached.
    pub done: Option<NaiveDate>,
}

/// A move of a node, approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The date before.
    pub from: Option<NaiveDate>,
    /// The date from then on.
    pub to: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// When it was approved.
    pub at: Moment,
}

impl Node {
    /// It should have been reached by now and was not.
    #[must_use]
    pub fn is_missing(&self, today: NaiveDate) -> bool {
        self.done.is_none() && self.due.is_some_and(|due| due < today)
    }
}

impl App {
    /// Publishes what places have of their own and opens the items of their plans that are not there yet, in the order of the plan.
    ///
    /// # Errors
    /// Every mistake of the files, what keeps a place's workflow from being published, or a fault.
    pub async fn import_items(&self, actor: &Actor, files: &BTreeMap<String, String>, places: &BTreeMap<String, String>) -> Result<Told, Failure> {
        let seeds = Seeds::load(files).map_err(|mistakes| wrong_input("seeds_wrong", mistakes.iter().map(Detail::from)))?;
        let mut told = Vec::new();
        for (tenant, seeds) in seeds.tenants.iter().filter(|(_, seeds)| !seeds.items.is_empty()) {
            let publication = Publication { files: files_of_place(*tenant, places), workflows: vec![WORKFLOW.to_owned()], dry_run: false };
            self.publish_workflows(*tenant, actor, &publication).await?;
            let mut tally = Tally::default();
            for item in &seeds.items {
                let opened = self.open_item(*tenant, item).await?;
                tally.counts((!opened).then_some(true));
            }
            told.push(tally.line(*tenant, ("改革事项", "reform items")));
        }
        Ok(told)
    }

    /// Opens an item; whether it was not there yet. The system opens it, for nobody: people decide from its first step on.
    async fn open_item(&self, tenant: Tenant, item: &ItemSeed) -> Result<bool, Failure> {
        let cause = format!("reform item {tenant} {}", item.no);
        let (case, command_id) = (CaseId(CommandId::of(&format!("case of {cause}")).0), Some(CommandId::of(&cause)));
        if self.store().case(tenant, case).await.map_err(reading("looking for a reform item"))?.is_some() {
            return Ok(false);
        }
        let act = Act::Start { workflow: WORKFLOW.into(), form: Some(form(item)), rank: ORDINARY };
        self.execute(Order { tenant, case: Some(case), actor: Actor::System, command_id, act }).await?;
        Ok(true)
    }

    /// The reform items of a tenant, in the order of its plan.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn items(&self, tenant: Tenant) -> Result<Vec<Item>, Failure> {
        let filter = CaseFilter { workflow: Some(WORKFLOW.to_owned()), ..CaseFilter::default() };
        let rows = self.store().cases(tenant, &filter, REFORM_ITEMS_MAX).await.map_err(reading("listing reform items"))?;
        let mut items = Vec::new();
        for row in rows {
            let file = self.casefile(tenant, row.id).await?;
            let documents = self.documents(tenant, row.id).await?;
            let plan = documents.iter().rev().find(|document| document.kind == "reform-plan").and_then(|document| document.number.clone());
            items.push(Item { plan, ..item(&file) });
        }
        items.sort_by_key(|item| (item.no, item.case));
        Ok(items)
    }

    /// One item.
    ///
    /// # Errors
    /// `unknown_case`, or a fault.
    pub async fn item(&self, tenant: Tenant, case: CaseId) -> Result<Item, Failure> {
        Ok(item(&self.casefile(tenant, case).await?))
    }
}

/// The workflow of a place, with what it reads: the place's own files stand for those of the same path.
#[must_use]
pub fn files_of_place(tenant: Tenant, places: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = format!("{PLACES}{tenant}/");
    let common =
        embedded_workflows().into_iter().filter(|(path, _)| BESIDE.iter().any(|beside| path.starts_with(beside)) || *path == format!("{WORKFLOW}.yaml"));
    let own = places.iter().filter_map(|(path, text)| Some((path.strip_prefix(&own)?.to_owned(), text.clone())));
    common.chain(own).collect()
}

/// The form an item is opened with: what the plan says and nothing else.
fn form(item: &ItemSeed) -> Value {
    let units: Vec<Value> = item.units.iter().map(|unit| json!({"unit": unit, "lead": *unit == item.lead})).collect();
    let section = item.seed.split_once(':').map_or(item.seed.as_str(), |(_, section)| section);
    let mut form = json!({"item_no": item.no, "tier": item.tier, "subject": item.title.zh, "subject_en": item.title.en,
        "section": section, "units": units, "lead_by": item.lead_by});
    if let Some(fields) = form.as_object_mut().filter(|_| !item.deliverables.is_empty()) {
        fields.insert("deliverables".to_owned(), item.deliverables.join("；").into());
    }
    form
}

fn item(file: &Casefile) -> Item {
    let state = &file.working.state;
    let form = state.scopes.get(&0).and_then(|root| file.bodies.get(&root.form?.commit));
    let text = |key: &str| form.and_then(|form| form.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned();
    let units = form.and_then(|form| form.get("units")).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let unit = |row: &Value| {
        let office = file.known.office(row.get("unit").and_then(Value::as_str).unwrap_or_default());
        Unit { office, leads: row.get("lead").and_then(Value::as_bool) == Some(true) }
    };
    let (zh, en) = (text("subject"), text("subject_en"));
    let log = Log::read(file);
    let today = file.now.date();
    let missing = log.nodes.iter().filter(|node| node.is_missing(today)).count();
    Item {
        case: file.working.row.id,
        number: file.working.row.number.clone(),
        no: form.and_then(|form| form.get("item_no")).and_then(Value::as_i64).unwrap_or(0),
        tier: text("tier"),
        title: Text { en: if en.is_empty() { zh.clone() } else { en }, zh },
        section: text("section"),
        units: units.iter().map(unit).collect(),
        lead_by: text("lead_by"),
        deliverables: text("deliverables"),
        approved: log.approved,
        plan: None,
        roadmap: log.roadmap,
        pace: pace(missing, log.nodes.len()),
        nodes: log.nodes,
        open: open(file),
        ended: file.working.row.result.clone(),
    }
}

/// The steps that wait for somebody, with the offices asked.
fn open(file: &Casefile) -> Vec<(Text, Vec<Text>)> {
    let state = &file.working.state;
    let step = |task: &crate::engine::case::Task| {
        let program = state.scopes.get(&task.scope).map(|scope| scope.program.clone()).unwrap_or_default();
        let title = file.node(&program, &task.step).map(|node| node.title.clone()).unwrap_or_default();
        let offices = match &task.pool {
            TaskPool::Applicant => Vec::new(),
            TaskPool::Posts { offices, .. } => offices.iter().map(|office| file.known.office(office)).collect(),
        };
        (title, offices)
    };
    state.tasks.values().map(step).collect()
}

/// What the log of an item says of its plan.
#[derive(Default)]
struct Log {
    approved: Option<NaiveDate>,
    roadmap: Option<String>,
    nodes: Vec<Node>,
    /// The move that was proposed last and not decided.
    proposed: Option<Value>,
}

impl Log {
    fn read(file: &Casefile) -> Self {
        let mut log = Self::default();
        for entry in &file.entries {
            for event in &entry.events {
                if let Event::StepDone { step, outcome, body, at, .. } = event {
                    log.take(step, outcome, file.fields(*body), *at);
                }
            }
        }
        log
    }

    fn take(&mut self, step: &str, outcome: &str, fields: Option<&Value>, at: Moment) {
        match (step, outcome) {
            ("meeting", "approved" | "approved-with-changes") => self.approved = Some(at.date()),
            ("plan", _) => self.register(fields, at),
            ("move", "proposed") => self.proposed = fields.cloned(),
            ("move-check", "disagree") | ("move-approve", "rejected") => self.proposed = None,
            ("move-approve", "approved") => self.approve_move(at),
            ("run", _) => self.reached(fields, at),
            (_other, _) => {}
        }
    }

    /// A timetable that was registered; registered again, its dates are moves of those before.
    fn register(&mut self, fields: Option<&Value>, at: Moment) {
        let Some(fields) = fields else { return };
        let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.roadmap = Some(text(fields, "roadmap"));
        let rows = fields.get("nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, row) in rows.iter().enumerate() {
            let due = date(row);
            match self.nodes.get_mut(index) {
                Some(node) if node.due != due => {
                    node.moves.push(Moved { from: node.due, to: due, reason: String::new(), at });
                    node.due = due;
                }
                Some(_) => {}
                None => self.nodes.push(Node { title: text(row, "node"), person: text(row, "person"), first: due, due, moves: Vec::new(), done: None }),
            }
        }
    }

    fn approve_move(&mut self, at: Moment) {
        let Some(proposed) = self.proposed.take() else { return };
        let to = date(&proposed);
        let reason = proposed.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(node) = self.numbered(proposed.get("node")) {
            node.moves.push(Moved { from: node.due, to, reason, at });
            node.due = to;
        }
    }

    fn reached(&mut self, fields: Option<&Value>, at: Moment) {
        let node = fields.and_then(|fields| fields.get("node_done")).cloned();
        if let Some(node) = self.numbered(node.as_ref()) {
            node.done.get_or_insert(at.date());
        }
    }

    /// A node by its number, from 1.
    fn numbered(&mut self, number: Option<&Value>) -> Option<&mut Node> {
        let index = usize::try_from(number?.as_u64()?).ok()?.checked_sub(1)?;
        self.nodes.get_mut(index)
    }
}

fn date(of: &Value) -> Option<NaiveDate> {
    of.get("due").and_then(Value::as_str).and_then(|due| due.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn a_node_keeps_its_first_date_and_moves_only_when_it_was_approved() {
        let at = Moment::start_of(day("2025-06-01").unwrap());
        let mut log = Log::default();
        log.take("meeting", "approved", None, at);
        log.take("plan", "registered", Some(&json!({"roadmap": "三步走", "nodes": [{"node": "挂牌", "due": "2025-06-30", "person": "周某"}]})), at);
        let proposed = json!({"node": 1, "due": "2025-09-30", "reason": "征地未完成"});
        log.take("move", "proposed", Some(&proposed), at);
        assert_eq!(log.nodes[0].due, day("2025-06-30"), "proposed is not approved");
        log.take("move-approve", "rejected", None, at);
        log.take("move-approve", "approved", None, at);
        assert_eq!(log.nodes[0].due, day("2025-06-30"), "what was rejected does not come back");
        log.take("move", "proposed", Some(&proposed), at);
        log.take("move-approve", "approved", None, at);
        let node = &log.nodes[0];
        assert_eq!(
            (node.first, node.due, node.moves[0].from, node.moves[0].reason.as_str()),
            (day("2025-06-30"), day("2025-09-30"), day("2025-06-30"), "征地未完成")
        );
        log.take("run", "on-track", Some(&json!({"node_done": 7})), at);
        assert_eq!(log.nodes[0].done, None, "there is no seventh node");
        log.take("run", "on-track", Some(&json!({"node_done": 1})), at);
        assert_eq!(log.nodes[0].done, day("2025-06-01"));
    }
}
