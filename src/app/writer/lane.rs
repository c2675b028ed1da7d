//! One lane: drains what waits (it never waits for more), people before machines, and serves it as one batch.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::batch::Lane;
use super::cache::Cache;
use super::{Job, LaneHandle};
use crate::app::known::Shelf;
use crate::clock::Clock;
use crate::engine::command::Actor;
use crate::ids::Tenant;
use crate::limits::{BATCH_COMMANDS_MAX, LANE_QUEUE_MAX};
use crate::store::{Store, Writer};

/// What a lane is made of.
pub struct LaneParts {
    /// Its connection.
    pub writer: Writer,
    /// The store, for reading the register.
    pub store: Store,
    /// What the node knows of its tenants.
    pub shelf: Shelf,
    /// The clock.
    pub clock: Clock,
}

/// Starts a lane. On SQLite it gets a thread of its own, because its connection works synchronously; on PostgreSQL a task.
///
/// # Errors
/// When the thread cannot be started.
pub fn spawn_lane(parts: LaneParts) -> std::io::Result<LaneHandle> {
    let (people, people_queue) = mpsc::channel(LANE_QUEUE_MAX);
    let (system, system_queue) = mpsc::channel(LANE_QUEUE_MAX);
    let own_thread = parts.writer.is_synchronous();
    let lane = Lane { writer: parts.writer, store: parts.store, shelf: parts.shelf, clock: parts.clock, cache: Cache::default(), noted: BTreeMap::new() };
    let queues = Queues { people: people_queue, system: system_queue };
    if own_thread {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || runtime.block_on(run(lane, queues)))?;
    } else {
        tokio::spawn(run(lane, queues));
    }
    Ok(LaneHandle { people, system })
}

struct Queues {
    people: mpsc::Receiver<Job>,
    system: mpsc::Receiver<Job>,
}

impl Queues {
    /// The next batch; `None` once both queues are closed and empty.
    async fn next(&mut self) -> Option<Vec<Job>> {
        let first = tokio::select! {
            biased;
            Some(job) = self.people.recv() => job,
            Some(job) = self.system.recv() => job,
            else => return None,
        };
        let mut batch = vec![first];
        while batch.len() < BATCH_COMMANDS_MAX {
            match self.people.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        // While people wait, a herd of timers takes at most a quarter of a batch.
        let people_wait = batch.iter().any(|job| job.actor != Actor::System);
        let system_max = if people_wait { BATCH_COMMANDS_MAX / 4 } else { BATCH_COMMANDS_MAX };
        let batch_max = (batch.len() + system_max).min(BATCH_COMMANDS_MAX + BATCH_COMMANDS_MAX / 4);
        while batch.len() < batch_max {
            match self.system.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        Some(batch)
    }
}

async fn run(mut lane: Lane, mut queues: Queues) {
    while let Some(jobs) = queues.next().await {
        let mut by_tenant: BTreeMap<Tenant, Vec<Job>> = BTreeMap::new();
        for job in jobs {
            by_tenant.entry(job.tenant).or_default().push(job);
        }
        for (tenant, jobs) in by_tenant {
            lane.serve(tenant, jobs).await;
        }
        // Lets everybody who was answered ask again before the next batch begins; without it batches of one alternate with batches of the rest.
        tokio::task::yield_now().await;
    }
}
