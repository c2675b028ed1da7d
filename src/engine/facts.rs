//! What a decision may know besides the state and the command, and what it asks for when that is not enough.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Calendar;
use crate::definition::graph::Bundle;
use crate::engine::case::{BodyRef, Local};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::identity::Roster;
use crate::ids::{CaseId, Digest, Moment, PersonId};

/// The facts of one decision.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub now: Moment,
    /// The bundle the case pinned.
    pub bundle: &'a Bundle,
    /// The bundle a migration goes to.
    pub target: Option<&'a Bundle>,
    /// The working calendar in force.
    pub calendar: &'a Calendar,
    /// Who holds which post.
    pub roster: &'a Roster,
    /// Bodies loaded so far, by commitment, parsed.
    pub bodies: &'a BTreeMap<Digest, serde_json::Value>,
    /// The accounts locked so far; a missing key is a need, `None` an account that does not exist.
    pub balances: &'a BTreeMap<String, Option<Balance>>,
    /// Counters locked so far: the last number taken of each series and year (`GC/2025`).
    pub counters: &'a BTreeMap<String, u64>,
    /// Outside jobs locked so far, with who holds each; a missing key is a need, `None` a job without a row.
    pub leases: &'a BTreeMap<(CaseId, Local), Option<Lease>>,
}

/// Who was the last to fetch an outside job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The number of the lease: each fetch of the job gives a higher one.
    pub fence: i64,
    /// The account that fetched it; `None` before the first.
    pub worker: Option<PersonId>,
}

/// An account as a decision sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What may still be reserved, in the account's integer unit.
    pub free: i64,
    /// Who waits, first in line first (rank, then since).
    pub waiting: Vec<Waiting>,
}

/// One place on a waiting list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The case.
    pub case: CaseId,
    /// Its token.
    pub token: Local,
    /// Its rank today: the one it was given, or that of an ordinary case when what it rested on has ended.
    pub rank: i16,
    /// Since when.
    pub since: Moment,
    /// For how much.
    pub amount: i64,
}

/// Something a decision needs before it can be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A body.
    Body(Digest),
    /// An account, locked, with its free balance.
    Balance(String),
    /// A counter, locked.
    Counter(String),
    /// An outside job's lease, locked.
    Lease(CaseId, Local),
}

/// What a decision comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Load these and ask again.
    Needs(BTreeSet<Need>),
    /// No, and why.
    Refused(Refusal),
    /// Yes: the events of the act, in order. Empty for an idempotent command that found nothing to do.
    Events(Vec<Event>),
}

/// A body reference as a need.
impl From<BodyRef> for Need {
    fn from(body: BodyRef) -> Self {
        Self::Body(body.commit)
    }
}
