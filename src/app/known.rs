//! What a node knows of a tenant besides its cases: roster, calendar, published bundles. Read from the register, shared by all.
//! Invariant: a `Known` never changes; a newer register version gives a new one. A refusal is confirmed against the stored version first.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::definition::graph::Bundle;
use crate::identity::Roster;
use crate::ids::{Digest, Name, Tenant};

/// One version of the register, parsed.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The register's version.
    pub version: i64,
    /// People, offices, posts.
    pub roster: Roster,
    /// The calendar in force.
    pub calendar: Calendar,
    /// Every bundle ever published, by digest: running cases keep theirs.
    pub bundles: BTreeMap<Digest, Arc<Bundle>>,
    /// The bundle a new case of a workflow gets.
    pub current: BTreeMap<Name, Digest>,
    /// Titles of accounts, `(zh, en, unit)` by key.
    pub accounts: BTreeMap<String, AccountTitle>,
}

/// How an account is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTitle {
    /// zh-CN.
    pub zh: String,
    /// English.
    pub en: String,
    /// `m2` or `fen`.
    pub unit: String,
}

/// The newest `Known` of each tenant, shared by lanes, surfaces and workers.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    by_tenant: Arc<RwLock<BTreeMap<Tenant, Arc<Known>>>>,
}

impl Shelf {
    /// What is known of `tenant`; empty for one nobody has seeded.
    #[must_use]
    pub fn of(&self, tenant: Tenant) -> Arc<Known> {
        let shelf = self.by_tenant.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        shelf.get(&tenant).cloned().unwrap_or_default()
    }

    /// Puts a newer one in place; an older one is ignored.
    pub fn put(&self, tenant: Tenant, known: Known) -> Arc<Known> {
        let mut shelf = self.by_tenant.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let held = shelf.entry(tenant).or_default();
        if known.version > held.version || held.version == 0 {
            *held = Arc::new(known);
        }
        held.clone()
    }

    /// The tenants known so far.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant> {
        self.by_tenant.read().unwrap_or_else(std::sync::PoisonError::into_inner).keys().copied().collect()
    }
}
