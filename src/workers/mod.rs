//! Workers: deadlines, waiting lists, signals, delivery, receipts, digests, sealing. Each takes turns; a turn is one bounded batch and may be done by any number of nodes.
//! Invariant: a worker holds nothing the database does not; it may be killed at any instruction. Never: a table, a page.

pub mod access;
pub mod calendars;
pub mod deadlines;
pub mod deliver;
pub mod digests;
pub mod hooks;
pub mod orders;
pub mod receipts;
pub mod rescue;
pub mod seal;
pub mod signals;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::app::failure::Fault;
use crate::channels::Webhooks;
use crate::workers::deliver::Mailroom;
use crate::workers::digests::Mornings;

/// How long a worker rests after a turn that found nothing.
const REST: Duration = Duration::from_millis(200);
/// How long it rests after a turn that failed.
const REST_AFTER_FAULT: Duration = Duration::from_secs(2);

/// What the workers share.
#[derive(Clone)]
pub struct Crew {
    /// The node.
    pub app: App,
    /// How notices leave.
    pub mailroom: Arc<Mailroom>,
    /// When digests leave.
    pub mornings: Arc<Mornings>,
    /// How outside systems are told.
    pub webhooks: Arc<Webhooks>,
}

/// The roles, in the order a drain takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Fires what is due.
    Deadlines,
    /// Serves waiting lists.
    Rescue,
    /// Delivers signals to other cases.
    Signals,
    /// Opens the supervision orders that passed dates drafted.
    Orders,
    /// Writes the morning digests.
    Digests,
    /// Finishes calendars that were put in force.
    Calendars,
    /// Answers resets of passwords, and clears away what is over.
    Access,
    /// Sends notices.
    Deliver,
    /// Keeps delivery receipts.
    Receipts,
    /// Tells outside systems.
    Hooks,
    /// Seals the log.
    Seal,
}

impl Role {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Deadlines,
        Self::Rescue,
        Self::Signals,
        Self::Orders,
        Self::Digests,
        Self::Calendars,
        Self::Access,
        Self::Deliver,
        Self::Receipts,
        Self::Hooks,
        Self::Seal,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Deadlines => "deadlines",
            Self::Rescue => "rescue",
            Self::Signals => "signals",
            Self::Orders => "orders",
            Self::Digests => "digests",
            Self::Calendars => "calendars",
            Self::Access => "access",
            Self::Deliver => "deliver",
            Self::Receipts => "receipts",
            Self::Hooks => "webhooks",
            Self::Seal => "seal",
        }
    }
}

impl Crew {
    /// One turn of one role; answers how much was done.
    ///
    /// # Errors
    /// A fault of the store or of a command.
    pub async fn turn(&self, role: Role) -> Result<usize, Fault> {
        match role {
            Role::Deadlines => deadlines::turn(&self.app).await,
            Role::Rescue => rescue::turn(&self.app).await,
            Role::Signals => signals::turn(&self.app).await,
            Role::Orders => orders::turn(&self.app).await,
            Role::Digests => digests::turn(&self.app, &self.mornings).await,
            Role::Calendars => calendars::turn(&self.app).await,
            Role::Access => access::turn(&self.app).await,
            Role::Deliver => deliver::turn(&self.app, &self.mailroom).await,
            Role::Receipts => receipts::turn(&self.app, &self.mailroom).await,
            Role::Hooks => hooks::turn(&self.app, &self.webhooks).await,
            Role::Seal => seal::turn(&self.app).await,
        }
    }

    /// Turns of every role until none finds anything to do: for tests, the tour, and a clock that was moved.
    ///
    /// # Errors
    /// The first fault.
    pub async fn drain(&self) -> Result<usize, Fault> {
        let mut total = 0;
        loop {
            let mut done = 0;
            for role in Role::ALL.iter().copied() {
                let turned = self.turn(role).await?;
                tracing::debug!(role = role.name(), turned, "drained");
                done += turned;
            }
            if done == 0 {
                return Ok(total);
            }
            total += done;
        }
    }

    /// Runs every role until `stop`.
    pub fn spawn(&self, tracker: &TaskTracker, stop: &CancellationToken) {
        for role in Role::ALL.iter().copied() {
            let (crew, stop) = (self.clone(), stop.clone());
            tracker.spawn(async move { crew.work(role, &stop).await });
        }
    }

    async fn work(&self, role: Role, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let rest = match self.turn(role).await {
                Ok(0) => REST,
                Ok(_) => continue,
                Err(fault) => {
                    tracing::error!(role = role.name(), %fault, "a worker's turn failed");
                    REST_AFTER_FAULT
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }
}
