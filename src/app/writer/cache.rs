//! Working copies of cases, kept by the lane that writes them. Published after the commit only; dropped on failure.
//! Bounded by count: the oldest used go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::engine::case::Case;
use crate::ids::{CaseId, Digest, Moment};
use crate::limits::{BODY_CACHE_MAX, CASE_CACHE_MAX};
use crate::store::rows::CaseRow;

/// A case as the lane last committed or loaded it.
#[derive(Clone, Debug)]
pub struct Working {
    /// The state; shared, so that a draft takes it without copying it.
    pub state: Arc<Case>,
    /// Its row.
    pub row: CaseRow,
    /// When its last act was, as far as it was read: the next is never before it.
    pub at: Moment,
}

/// The lane's cases and parsed bodies.
#[derive(Debug, Default)]
pub struct Cache {
    cases: HashMap<CaseId, (u64, Working)>,
    used: u64,
    /// Bodies a decision asked for, parsed.
    pub bodies: BTreeMap<Digest, serde_json::Value>,
}

impl Cache {
    /// The working copy of `case`, if it is here.
    pub fn get(&mut self, case: CaseId) -> Option<&Working> {
        self.used += 1;
        let used = self.used;
        self.cases.get_mut(&case).map(|(last, working)| {
            *last = used;
            &*working
        })
    }

    /// Publishes a working copy.
    pub fn put(&mut self, case: CaseId, working: Working) {
        self.used += 1;
        self.cases.insert(case, (self.used, working));
        if self.cases.len() > CASE_CACHE_MAX {
            self.shed();
        }
    }

    /// Forgets a case.
    pub fn forget(&mut self, case: CaseId) {
        self.cases.remove(&case);
    }

    /// Drops the older half, and the bodies once there are too many. Order of a hash map does not matter here: only what is kept, never what is decided.
    fn shed(&mut self) {
        let floor = self.used.saturating_sub(CASE_CACHE_MAX as u64 / 2);
        self.cases.retain(|_, (last, _)| *last >= floor);
    }

    /// Keeps the parsed bodies bounded.
    pub fn shed_bodies(&mut self) {
        if self.bodies.len() > BODY_CACHE_MAX {
            self.bodies.clear();
        }
    }
}
