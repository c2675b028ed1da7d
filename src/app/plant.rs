//! Planting the seeds: offices, people, posts and accounts become register rows. Planting again adds nothing and says so.
//! Invariant: what is there is never changed by a seed. Never: a case; demonstration projects are filed by people, through the surfaces.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault};
use crate::app::known::{AccountTitle, Known};
use crate::app::operate::{Told, line, wrong_input};
use crate::app::register::put;
use crate::app::seed::{AccountSeed, Seeds, TenantSeeds};
use crate::app::writer::RegisterPosting;
use crate::engine::refusal::Detail;
use crate::identity::{Actor, Holding};
use crate::ids::{Moment, Tenant, Text};
use crate::store::rows::RegistryRow;

impl App {
    /// Plants the seeds among the files.
    ///
    /// # Errors
    /// A refusal with every mistake of the files, or a fault.
    pub async fn plant(&self, actor: Actor, files: &BTreeMap<String, String>) -> Result<Told, Failure> {
        let seeds = Seeds::load(files).map_err(|mistakes| wrong_input("seeds_wrong", mistakes.iter().map(Detail::from)))?;
        let mut told = Vec::new();
        for (tenant, seeds) in &seeds.tenants {
            told.push(self.plant_tenant(*tenant, actor.clone(), seeds).await?);
        }
        Ok(told)
    }

    /// Plants what there is of one tenant: offices, people, posts, accounts.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn plant_tenant(&self, tenant: Tenant, actor: Actor, seeds: &TenantSeeds) -> Result<Text, Failure> {
        let known = self.known(tenant).await?;
        let rows = self.roster_rows(tenant, seeds, &known)?;
        let added = rows.len();
        if added > 0 {
            let rows = RegisterRows { registry: rows, ..RegisterRows::default() };
            self.record(tenant, actor.clone(), "roster-planted", json!({"rows": added}), rows).await?;
        }
        let mut opened = 0;
        for account in seeds.accounts.iter().filter(|account| !known.accounts.contains_key(&account.key)) {
            self.open_account(tenant, actor.clone(), account).await?;
            opened += 1;
        }
        Ok(line(
            format!("{tenant} {}：新增机构、人员、岗位 {added} 条，账户 {opened} 个", seeds.title.zh),
            format!("{tenant} {}: {added} offices, people and posts added, {opened} accounts opened", seeds.title.en),
        ))
    }

    fn roster_rows(&self, tenant: Tenant, seeds: &TenantSeeds, known: &Known) -> Result<Vec<RegistryRow>, Fault> {
        let (sown, held) = (&seeds.roster, &known.roster);
        let mut rows = Vec::new();
        for (key, office) in sown.offices.iter().filter(|(key, _)| !held.offices.contains_key(*key)) {
            rows.push(put(self, tenant, "office", key, office)?);
        }
        for (id, person) in sown.people.iter().filter(|(id, _)| !held.people.contains_key(id)) {
            rows.push(put(self, tenant, "person", &id.to_string(), person)?);
        }
        for holding in sown.holdings.iter().filter(|holding| !held.holdings.contains(holding)) {
            rows.push(put(self, tenant, "holding", &holding_key(holding), holding)?);
        }
        Ok(rows)
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
