//! Taking running cases over to another version of their workflow: first what it would do to each, then each one whole or not at all.
//! Invariant: a dry run decides with the engine's own verb on the case as it stands, so that what it says is what would happen. Never: a case half moved.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, refusal};
use crate::app::known::Known;
use crate::app::operate::{Told, line};
use crate::app::queries::CaseFilter;
use crate::app::register;
use crate::app::writer::Working;
use crate::definition::graph::Bundle;
use crate::engine::case::Case;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts, Need};
use crate::engine::migration::StepMap;
use crate::engine::refusal::{Class, Refusal};
use crate::engine::{decide, evolve};
use crate::identity::Actor;
use crate::ids::{Digest, Name, Tenant, Text};
use crate::limits::CASE_ACTS_PER_READ_MAX;

/// Which cases, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// The workflow.
    pub workflow: String,
    /// The version they run, or the beginning of its digest.
    pub from: String,
    /// The version they are to run, the beginning of its digest, or `current`.
    pub to: String,
    /// Steps that have another key: `old=new`, of the workflow itself, or `workflow/old=new` of one it calls.
    pub map: Vec<String>,
    /// Only say what it would do.
    pub dry_run: bool,
}

/// What became, or would become, of one case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseReport {
    /// Its id.
    pub case: String,
    /// Its number.
    pub number: Option<String>,
    /// Nothing stands in the way.
    pub fits: bool,
    /// It runs the other version now.
    pub migrated: bool,
    /// What changes: steps, tasks, terms.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Text>,
    /// What stands in the way, all of it.
    #[schema(value_type = Vec<Object>)]
    pub obstacles: Vec<Text>,
}

/// Both versions, found.
struct Versions {
    from: Digest,
    to: Digest,
    map: StepMap,
}

impl App {
    /// Migrates the running cases of one version, or says what that would do.
    ///
    /// # Errors
    /// A version or a map that cannot be read; what keeps one case from going stands in its report instead.
    pub async fn migrate_cases(&self, tenant: Tenant, actor: &Actor, asked: &Migration) -> Result<Vec<CaseReport>, Failure> {
        let known = self.known(tenant).await?;
        let versions = versions(&known, asked)?;
        let mut reports = Vec::new();
        let mut filter = CaseFilter { workflow: Some(asked.workflow.clone()), running: Some(true), ..CaseFilter::default() };
        let page = CASE_ACTS_PER_READ_MAX;
        loop {
            let rows = self.store().cases(tenant, &filter, page).await.map_err(|cause| crate::app::failure::Fault::new("listing cases", cause))?;
            let Some(last) = rows.last() else { return Ok(reports) };
            filter.before = Some(last.id);
            for row in rows.iter().filter(|row| row.revision == versions.from) {
                reports.push(self.migrate_one((tenant, actor), row.id, &versions, asked.dry_run).await?);
            }
        }
    }

    async fn migrate_one(
        &self,
        (tenant, actor): (Tenant, &Actor),
        case: crate::ids::CaseId,
        versions: &Versions,
        dry_run: bool,
    ) -> Result<CaseReport, Failure> {
        let working = self.working(tenant, case).await?;
        let mut report =
            CaseReport { case: case.to_string(), number: working.row.number.clone(), fits: false, migrated: false, changes: Vec::new(), obstacles: Vec::new() };
        match self.foreseen(&working, actor, versions).await? {
            Err(refusal) => report.obstacles = obstacles(&refusal),
            Ok(events) => {
                report.fits = true;
                report.changes = changes(&working.state, &events);
            }
        }
        if dry_run || !report.fits {
            return Ok(report);
        }
        let act = Act::Migrate { from: versions.from, to: versions.to, map: versions.map.clone() };
        match self.execute(Order { tenant, case: Some(case), actor: actor.clone(), command_id: None, act }).await {
            Ok(_) => report.migrated = true,
            // Somebody acted on it meanwhile, and now it does not fit.
            Err(Failure::Refused(refusal)) => {
                report.fits = false;
                report.obstacles = obstacles(&refusal);
            }
            Err(fault @ Failure::Fault(_)) => return Err(fault),
        }
        Ok(report)
    }

    /// What the migration comes to on the case as it stands.
    async fn foreseen(&self, working: &Working, actor: &Actor, versions: &Versions) -> Result<Result<Vec<Event>, Refusal>, Failure> {
        let known = self.known(working.row.tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let target = register::bundle_of(&known, versions.to)?;
        let command = Command::Migrate { from: versions.from, to: versions.to, map: versions.map.clone() };
        let mut bodies: BTreeMap<Digest, Value> = BTreeMap::new();
        let (balances, counters) = (BTreeMap::new(), BTreeMap::new());
        loop {
            let facts = Facts {
                now: self.clock().now(),
                bundle: &bundle,
                target: Some(&target),
                calendar: &known.calendar,
                roster: &known.roster,
                bodies: &bodies,
                balances: &balances,
                counters: &counters,
                leases: &BTreeMap::new(),
            };
            let needs = match decide(Some(&working.state), actor, &command, &facts) {
                Decision::Events(events) => return Ok(Ok(events)),
                Decision::Refused(refusal) => return Ok(Err(refusal)),
                Decision::Needs(needs) => needs,
            };
            for need in needs {
                let Need::Body(commit) = need else { continue };
                let body = self.body(working.row.tenant, working.row.id, commit).await?;
                bodies.insert(commit, body.unwrap_or_default());
            }
        }
    }

    /// The same as lines for a person at a terminal.
    pub(in crate::app) async fn migrate_told(&self, tenant: Tenant, actor: &Actor, asked: &Migration) -> Result<Told, Failure> {
        let reports = self.migrate_cases(tenant, actor, asked).await?;
        let mut told = Vec::new();
        for report in &reports {
            let name = report.number.as_deref().unwrap_or(&report.case);
            let (zh, en) = match (report.migrated, report.fits) {
                (true, _) => ("已迁移", "migrated"),
                (false, true) => ("可以迁移", "would be migrated"),
                (false, false) => ("不能迁移，未作改变", "cannot be migrated, unchanged"),
            };
            let mut text = line(format!("{name}：{zh}"), format!("{name}: {en}"));
            for change in report.changes.iter().chain(&report.obstacles) {
                // Writing to a string does not fail.
                let _ = write!(text.zh, "\n  {}", change.zh);
                let _ = write!(text.en, "\n  {}", change.en);
            }
            told.push(text);
        }
        let (all, fit, done) = (reports.len(), reports.iter().filter(|report| report.fits).count(), reports.iter().filter(|report| report.migrated).count());
        told.push(if asked.dry_run {
            line(format!("共 {all} 件，{fit} 件可以迁移；没有改变任何办件"), format!("{all} cases, {fit} would be migrated; nothing was changed"))
        } else {
            line(format!("共 {all} 件，已迁移 {done} 件"), format!("{all} cases, {done} migrated"))
        });
        Ok(told)
    }
}

/// The versions and the map somebody means.
fn versions(known: &Known, asked: &Migration) -> Result<Versions, Failure> {
    let workflow = Name::from(asked.workflow.as_str());
    let (from, to) = (version(known, &workflow, &asked.from)?, version(known, &workflow, &asked.to)?);
    let mut map = StepMap::new();
    for pair in &asked.map {
        let Some((old, new)) = pair.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty()) else {
            let en = format!("cannot read the map: expected `old=new`, found `{pair}`");
            return Err(refusal("map_wrong", Class::Invalid, format!("步骤对应应写作“旧=新”，实际“{pair}”。"), en).into());
        };
        let (program, old) = old.split_once('/').map_or_else(|| (workflow.clone(), old), |(program, old)| (Name::from(program), old));
        map.entry(program).or_default().insert(old.into(), new.into());
    }
    Ok(Versions { from, to, map })
}

/// The published version of a workflow whose digest begins like that.
fn version(known: &Known, workflow: &Name, text: &str) -> Result<Digest, Failure> {
    let mut own = known.bundles.values().filter(|bundle: &&Arc<Bundle>| bundle.root == *workflow).map(|bundle| bundle.digest);
    if text == "current" {
        let current = known.current.get(workflow).copied();
        return current.ok_or_else(|| unknown_version(known, workflow, text));
    }
    let fitting: Vec<Digest> = own.by_ref().filter(|digest| digest.to_string().starts_with(text)).collect();
    match fitting.as_slice() {
        [one] if !text.is_empty() => Ok(*one),
        _ => Err(unknown_version(known, workflow, text)),
    }
}

fn unknown_version(known: &Known, workflow: &Name, text: &str) -> Failure {
    let all: Vec<String> =
        known.bundles.values().filter(|bundle| bundle.root == *workflow).map(|bundle| bundle.digest.to_string().chars().take(12).collect()).collect();
    let all = all.join(", ");
    let zh = format!("流程“{workflow}”没有唯一以“{text}”开头的版本；已发布的有：{all}。");
    refusal(
        "unknown_revision",
        Class::NotFound,
        zh,
        format!("cannot find version `{text}` of `{workflow}`: expected the beginning of one of {all}, or `current`"),
    )
    .into()
}

fn obstacles(refusal: &Refusal) -> Vec<Text> {
    if refusal.details.is_empty() {
        return vec![Text { zh: refusal.zh.clone(), en: refusal.en.clone() }];
    }
    refusal.details.iter().map(|detail| Text { zh: detail.zh.clone(), en: detail.en.clone() }).collect()
}

/// What the events change, in words.
fn changes(before: &Case, events: &[Event]) -> Vec<Text> {
    let mut state = Some(before.clone());
    let mut told = Vec::new();
    for event in events {
        if let Some(case) = &state {
            told.extend(change(case, event));
        }
        state = evolve(state, event);
    }
    told
}

fn change(case: &Case, event: &Event) -> Option<Text> {
    let term = |id: &u32| case.terms.get(id).map(|term| term.key.to_string()).unwrap_or_default();
    let task = |id: &u32| case.tasks.get(id).map(|task| task.step.to_string()).unwrap_or_default();
    let due = |due: &Option<chrono::NaiveDate>| due.map_or_else(|| "—".to_owned(), |due| due.to_string());
    Some(match event {
        Event::TokenMoved { token, step, .. } => {
            let from = &case.tokens.get(token)?.step;
            if from == step {
                return None;
            }
            line(format!("步骤 {from} → {step}"), format!("step {from} -> {step}"))
        }
        Event::TaskClosed { task: id, .. } => {
            line(format!("{} 的待办关闭，按新版重新派发", task(id)), format!("the task at {} is closed and offered anew", task(id)))
        }
        Event::TermRuled { term: id, within, .. } => {
            line(format!("时限 {} 改为 {within}，已用天数保留", term(id)), format!("term {} becomes {within}; days used stay", term(id)))
        }
        Event::TermMoved { term: id, due: to, .. } => {
            let was = case.terms.get(id).and_then(|term| term.due);
            line(format!("时限 {} 到期日 {} → {}", term(id), due(&was), due(to)), format!("term {} due {} -> {}", term(id), due(&was), due(to)))
        }
        Event::TermStarted { key, due: to, .. } => line(format!("新时限 {key}，到期日 {}", due(to)), format!("new term {key}, due {}", due(to))),
        Event::TermEnded { term: id, .. } => {
            line(format!("时限 {} 在新版中没有，终止", term(id)), format!("term {} is not in the new version and ends", term(id)))
        }
        Event::TimerSet { token, at, .. } => {
            let step = case.tokens.get(token).map(|token| token.step.to_string()).unwrap_or_default();
            let day = due(&at.map(|at| at.date()));
            line(format!("{step} 的最短期限改至 {day}"), format!("the minimum period of {step} ends {day}"))
        }
        _ => return None,
    })
}
