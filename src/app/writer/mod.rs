//! Writers: long-lived tasks that alone commit. A command waits in a lane, is decided on a working copy, written with its batch, and answered after the commit.
//! Invariant: nobody is answered before the commit. Never: a transaction inside a request's future.

mod batch;
mod cache;
mod compose;
mod lane;
pub(in crate::app) mod limits_kept;
mod locks;
pub(in crate::app) mod tasks;

use tokio::sync::{mpsc, oneshot};

use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault};
use crate::engine::command::{Actor, Command};
use crate::ids::{CaseId, CommandId, Digest, Moment, Tenant};
use crate::store::rows::{BodyRow, PostingKind};

pub use cache::Working;
pub use lane::{LaneParts, spawn_lane};

/// The answer to a command, given after its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The case.
    pub case: CaseId,
    /// Its version after the command.
    pub version: i64,
    /// Its number, when it has one.
    pub number: Option<String>,
    /// The same command had been answered before.
    pub repeated: bool,
}

/// A command on its way to a lane.
#[derive(Debug)]
pub struct Job {
    /// The tenant.
    pub tenant: Tenant,
    /// The case; for a start, the new id.
    pub case: CaseId,
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// The caller's id for it.
    pub command_id: CommandId,
    /// The digest of what the caller asked, to tell a repetition from a reuse.
    pub digest: Digest,
    /// Bodies the command brings.
    pub bodies: Vec<BodyRow>,
    /// What an act on a register case changes beside its log.
    pub register: RegisterRows,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Receipt, Failure>>,
}

/// A posting made by a register act rather than by a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterPosting {
    /// The account.
    pub account: String,
    /// What.
    pub kind: PostingKind,
    /// How much.
    pub amount: i64,
    /// The document it rests on.
    pub document: Option<String>,
    /// The day it was made in the world, when that is earlier than today (a seeded ledger).
    pub at: Option<Moment>,
    /// The reservation it settles, which a case kept when its step ended.
    pub settles: Option<(CaseId, crate::engine::case::Local)>,
}

/// How an actor stands in a leaf and a receipt.
#[must_use]
pub fn actor_key(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => person.to_string(),
        Actor::System => "system".to_owned(),
        Actor::Operator(name) => format!("operator:{name}"),
    }
}

/// The lanes of a node; a case always goes to the same one.
#[derive(Clone, Debug)]
pub struct Lanes {
    lanes: Vec<LaneHandle>,
}

/// The two queues of one lane: people first.
#[derive(Clone, Debug)]
pub struct LaneHandle {
    people: mpsc::Sender<Job>,
    system: mpsc::Sender<Job>,
}

impl Lanes {
    /// The lanes of a node.
    #[must_use]
    pub fn new(lanes: Vec<LaneHandle>) -> Self {
        Self { lanes }
    }

    /// Queues a job; waits while its queue is full. An error means the lane has ended with the process.
    pub async fn submit(&self, job: Job) -> Result<(), Fault> {
        let lane = &self.lanes[lane_of(job.case, self.lanes.len())];
        let queue = match job.actor {
            Actor::System => &lane.system,
            Actor::Person(_) | Actor::Operator(_) => &lane.people,
        };
        queue.send(job).await.map_err(|_| Fault::new("handing a command to the writer", "the writer has stopped"))
    }
}

/// Random bits of a version-7 id choose the lane, so that neighbours in time spread out.
fn lane_of(case: CaseId, lanes: usize) -> usize {
    usize::from(case.0.as_bytes()[15]) % lanes.max(1)
}
