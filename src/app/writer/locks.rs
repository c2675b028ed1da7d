//! What a batch has locked: accounts, counters and outside jobs, in order of their keys, accounts first.
//! A need for a further one found late rolls back and starts with the union (taking hot accounts in the order of need deadlocks).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::case::Local;
use crate::engine::facts::{Balance, Lease};
use crate::ids::CaseId;

/// The keys a batch must lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockSet {
    /// Account keys.
    pub accounts: BTreeSet<String>,
    /// Counter keys.
    pub counters: BTreeSet<String>,
    /// Outside jobs.
    pub jobs: BTreeSet<(CaseId, Local)>,
}

impl LockSet {
    /// Nothing to lock: the batch may be one statement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.counters.is_empty() && self.jobs.is_empty()
    }

    /// Takes in the keys of `other`.
    pub fn join(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
        self.counters.extend(other.counters);
        self.jobs.extend(other.jobs);
    }
}

/// What stood behind the locks, moved along as the batch's commands use it.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// Balances.
    pub balances: BTreeMap<String, Option<Balance>>,
    /// Counters.
    pub counters: BTreeMap<String, u64>,
    /// Who holds each outside job; what a command of the batch used up stands in the case.
    pub leases: BTreeMap<(CaseId, Local), Option<Lease>>,
}
