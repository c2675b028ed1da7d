//! Planting the seeds: offices, people, posts, accounts, indicators and the projects the plans name become register rows. Planting again adds nothing and says so.
//! Invariant: what is there is never changed by a seed; where it differs, that is told. Never: a demonstration project; those are filed by people, through the surfaces.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::app::assessment::{self, ASSESSMENT};
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::{AccountTitle, Known};
use crate::app::operate::{Told, line, wrong_input};
use crate::app::register::put;
use crate::app::seed::{AccountSeed, NamedProject, Plan, Seeds, TenantSeeds};
use crate::app::writer::RegisterPosting;
use crate::engine::refusal::{Class, Detail};
use crate::identity::{Actor, Holding};
use crate::ids::{Moment, Tenant, Text};
use crate::indicators::Indicator;
use crate::store::rows::RegistryRow;

/// The kind of rows that hold the projects a plan names.
const NAMED_PROJECT: &str = "named-project";

/// What became of the rows of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New.
    pub added: usize,
    /// There already, as the seed has them.
    pub there: usize,
    /// There already and different; left as they are.
    pub differ: usize,
}

impl Tally {
    /// Counts a row; whether it is new.
    pub(in crate::app) fn counts(&mut self, held: Option<bool>) -> bool {
        match held {
            None => self.added += 1,
            Some(true) => self.there += 1,
            Some(false) => self.differ += 1,
        }
        held.is_none()
    }

    /// The line a person reads.
    #[must_use]
    pub fn line(self, tenant: Tenant, (zh, en): (&str, &str)) -> Text {
        let Self { added, there, differ } = self;
        line(
            format!("{tenant} {zh}：新增 {added}，已有 {there}，与种子不同而未改动 {differ}"),
            format!("{tenant} {en}: {added} added, {there} there already, {differ} differ and were left as they are"),
        )
    }
}

impl App {
    /// Plants the seeds among the files.
    ///
    /// # Errors
    /// A refusal with every mistake of the files, or a fault.
    pub async fn plant(&self, actor: Actor, files: &BTreeMap<String, String>) -> Result<Told, Failure> {
        let seeds = Seeds::load(files).map_err(|mistakes| wrong_input("seeds_wrong", mistakes.iter().map(Detail::from)))?;
        let mut told = Vec::new();
        for (tenant, sown) in &seeds.tenants {
            let plan = seeds.plans.values().find(|plan| plan.tenant == *tenant);
            told.extend(self.plant_tenant(*tenant, actor.clone(), sown, plan).await?);
        }
        Ok(told)
    }

    /// Plants what there is of one tenant: offices, people, posts, accounts, indicators, projects its plan names.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn plant_tenant(&self, tenant: Tenant, actor: Actor, seeds: &TenantSeeds, plan: Option<&Plan>) -> Result<Told, Failure> {
        let known = self.known(tenant).await?;
        let mut told = Vec::new();
        let mut rows = self.roster_rows(tenant, seeds, &known, &mut told)?;
        rows.extend(self.named_rows(tenant, seeds, &mut told).await?);
        rows.extend(self.assessment_rows(tenant, seeds, &known, &mut told)?);
        if !rows.is_empty() {
            let added = rows.len();
            let rows = RegisterRows { registry: rows, ..RegisterRows::default() };
            self.record(tenant, actor.clone(), "roster-planted", json!({"rows": added}), rows).await?;
        }
        let mut accounts = Tally::default();
        for account in &seeds.accounts {
            let held = known.accounts.get(&account.key).map(|held| (&held.zh, &held.unit) == (&account.title.zh, &account.unit));
            if accounts.counts(held) {
                self.open_account(tenant, actor.clone(), account).await?;
            }
        }
        told.push(accounts.line(tenant, ("账户", "accounts")));
        let document = plan.map_or_else(String::new, |plan| plan.title.zh.clone());
        told.push(self.sow_indicators(tenant, actor, &seeds.indicators, &document).await?);
        Ok(told)
    }

    fn roster_rows(&self, tenant: Tenant, seeds: &TenantSeeds, known: &Known, told: &mut Told) -> Result<Vec<RegistryRow>, Fault> {
        let (sown, held) = (&seeds.roster, &known.roster);
        let [mut offices, mut people, mut holdings] = [Tally::default(); 3];
        let mut rows = Vec::new();
        for (key, office) in &sown.offices {
            if offices.counts(held.offices.get(key).map(|held| held == office)) {
                rows.push(put(self, tenant, "office", key, office)?);
            }
        }
        for (id, person) in &sown.people {
            if people.counts(held.people.get(id).map(|held| held == person)) {
                rows.push(put(self, tenant, "person", &id.to_string(), person)?);
            }
        }
        for holding in &sown.holdings {
            let key = holding_key(holding);
            if holdings.counts(held.holdings.iter().find(|held| holding_key(held) == key).map(|held| held == holding)) {
                rows.push(put(self, tenant, "holding", &key, holding)?);
            }
        }
        let tallies = [(offices, ("机构", "offices")), (people, ("人员", "people")), (holdings, ("任职", "posts held"))];
        told.extend(tallies.map(|(tally, words)| tally.line(tenant, words)));
        Ok(rows)
    }

    async fn named_rows(&self, tenant: Tenant, seeds: &TenantSeeds, told: &mut Told) -> Result<Vec<RegistryRow>, Fault> {
        let held = self.named_projects(tenant).await?;
        let (mut tally, mut rows) = (Tally::default(), Vec::new());
        for named in &seeds.named {
            if tally.counts(held.iter().find(|held| held.key == named.key).map(|held| held == named)) {
                rows.push(put(self, tenant, NAMED_PROJECT, &named.key, named)?);
            }
        }
        told.push(tally.line(tenant, ("方案点名的项目", "projects the plan names")));
        Ok(rows)
    }

    /// A version of what scores are made of is added beside the earlier ones. Only the first may begin in the past: what a period was promised is not changed afterwards.
    fn assessment_rows(&self, tenant: Tenant, seeds: &TenantSeeds, known: &Known, told: &mut Told) -> Result<Vec<RegistryRow>, Failure> {
        let Some(plan) = &seeds.assessment else { return Ok(Vec::new()) };
        let today = self.clock().now().date();
        // A place where nobody works yet begins with what it is given; one that worked before versions were kept worked by the program's own.
        let fresh = known.roster.people.is_empty();
        let newest = known.assessments.keys().next_back().copied().or_else(|| (!fresh).then(|| assessment::plan().from));
        let older = newest.is_some_and(|newest| plan.from < newest);
        let held = known.assessments.get(&plan.from).map(|held| held == plan).or_else(|| older.then_some(false));
        if held.is_none() && newest.is_some_and(|newest| plan.from > newest) && plan.from < today {
            let zh = format!("考核办法要从今天（{today}）或以后起算，实际 from: {}；已经开始的期间按原来的算。", plan.from);
            let en =
                format!("expected an assessment that counts from today ({today}) or later, found from: {}; periods that have begun keep theirs", plan.from);
            return Err(refusal("assessment_backdated", Class::Conflict, &zh, &en).into());
        }
        let mut tally = Tally::default();
        let rows = if tally.counts(held) { vec![put(self, tenant, ASSESSMENT, &plan.from.to_string(), plan)?] } else { Vec::new() };
        told.push(tally.line(tenant, ("考核办法", "assessments")));
        Ok(rows)
    }

    /// The projects a plan of the tenant names, in the order of the plan.
    ///
    /// # Errors
    /// A fault.
    pub async fn named_projects(&self, tenant: Tenant) -> Result<Vec<NamedProject>, Fault> {
        let reading = |cause: &dyn std::fmt::Display| Fault::new("reading the projects a plan names", cause);
        let entries = self.store().registry_list(tenant, NAMED_PROJECT).await.map_err(|cause| reading(&cause))?;
        let parsed = entries.iter().map(|entry| serde_json::from_slice(&entry.value).map_err(|cause| reading(&cause)));
        let mut named: Vec<NamedProject> = parsed.collect::<Result<_, _>>()?;
        named.sort_by_key(|named| named.place);
        Ok(named)
    }

    async fn sow_indicators(&self, tenant: Tenant, actor: Actor, sown: &[Indicator], document: &str) -> Result<Text, Failure> {
        let held = self.indicators(tenant).await?;
        let (mut tally, mut new) = (Tally::default(), Vec::new());
        for indicator in sown {
            let found = held.iter().map(|held| &held.indicator).find(|held| held.key == indicator.key);
            // Being taken off the list since is no difference of what the plan says.
            let same = found.map(|held| Indicator { dropped: indicator.dropped, place: indicator.place, ..held.clone() } == *indicator);
            if tally.counts(same) {
                new.push(indicator.clone());
            }
        }
        self.plant_indicators(tenant, actor, new, document).await?;
        Ok(tally.line(tenant, ("指标", "indicators")))
    }

    async fn open_account(&self, tenant: Tenant, actor: Actor, seed: &AccountSeed) -> Result<(), Failure> {
        let title = AccountTitle { zh: seed.title.zh.clone(), en: seed.title.en.clone(), unit: seed.unit.clone() };
        let titled = serde_json::to_string(&seed.title).map_err(|cause| Fault::new("opening an account", cause))?;
        let row = RegistryRow::Account { tenant, account: seed.key.clone(), unit: seed.unit.clone(), title: titled };
        let rows = RegisterRows { registry: vec![row, put(self, tenant, "account", &seed.key, &title)?], ..RegisterRows::default() };
        let details = json!({"account": seed.key, "unit": seed.unit, "seed": seed.seed});
        self.record(tenant, actor.clone(), "account-opened", details, rows).await?;
        for issue in &seed.postings {
            let posting = RegisterPosting {
                account: seed.key.clone(),
                kind: issue.kind,
                amount: issue.amount,
                document: Some(issue.document.clone()),
                at: Some(Moment::start_of(issue.on)),
                settles: None,
            };
            let details = json!({"account": seed.key, "amount": issue.amount, "document": issue.document, "on": issue.on});
            let rows = RegisterRows { postings: vec![posting], ..RegisterRows::default() };
            self.record(tenant, actor.clone(), "account-posted", details, rows).await?;
        }
        Ok(())
    }
}

/// A holding's key: who, where, what, from when.
pub(super) fn holding_key(holding: &Holding) -> String {
    let from = holding.from.map(|from| from.to_string()).unwrap_or_default();
    format!("{}/{}/{}/{from}", holding.person, holding.office, holding.post)
}
