//! The clients: each runs case after case, thirteen commands one after another, and waits for every acknowledgement.
//! Invariant: only what ends inside the measured span counts. Never: two commands of one client at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

/// Tasks of a case: 0 takes it in, 1 to 4 run beside each other, 5 decides.
pub const TASKS: i64 = 6;
/// The task that joins the four.
pub const LAST: i64 = 5;

/// A command of case `n`.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    Start(i64),
    Claim(i64, i64),
    Complete(i64, i64),
}

/// A command waiting in a writer's queue.
pub type Job = (Command, oneshot::Sender<()>);

/// Whom a client talks to.
pub enum Peer {
    /// A connection of its own.
    Postgres(crate::floor::postgres::Client),
    /// The queues of group-committing writers, chosen by case.
    Queues(Vec<mpsc::UnboundedSender<Job>>),
    /// The engine in this process.
    Engine(crate::engine::Client),
    /// A node's HTTP listener.
    Http(crate::http::Client),
}

impl Peer {
    async fn act(&mut self, command: Command) {
        match self {
            Self::Postgres(client) => client.act(command).await,
            Self::Engine(client) => client.act(command).await,
            Self::Http(client) => client.act(command).await,
            Self::Queues(queues) => {
                let (Command::Start(case) | Command::Claim(case, _) | Command::Complete(case, _)) = command;
                let lane = usize::try_from(case).unwrap() % queues.len();
                let (done, acknowledged) = oneshot::channel();
                // A writer that is gone drops the job, which the next line finds out.
                drop(queues[lane].send((command, done)));
                acknowledged.await.expect("the writer answers");
            }
        }
    }
}

/// What the clients saw.
pub struct Seen {
    /// Microseconds of every command inside the span.
    pub latencies: Vec<u32>,
    /// Cases that ended inside it.
    pub finished: usize,
    /// Cases begun in all.
    pub begun: i64,
    /// Its length.
    pub seconds: f64,
}

/// Runs the peers for a second of warming up and then `seconds`.
pub async fn drive(peers: Vec<Peer>, seconds: usize) -> Seen {
    let next = Arc::new(AtomicI64::new(1));
    let from = Instant::now() + Duration::from_secs(1);
    let until = from + Duration::from_secs(seconds.try_into().unwrap());
    let mut clients = tokio::task::JoinSet::new();
    for mut peer in peers {
        let next = next.clone();
        clients.spawn(async move {
            let (mut latencies, mut finished) = (Vec::new(), 0);
            while Instant::now() < until {
                let case = next.fetch_add(1, Ordering::Relaxed);
                let tasks = (0..TASKS).flat_map(|task| [Command::Claim(case, task), Command::Complete(case, task)]);
                for command in std::iter::once(Command::Start(case)).chain(tasks) {
                    let asked = Instant::now();
                    peer.act(command).await;
                    let answered = Instant::now();
                    if answered >= from && answered < until {
                        latencies.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
                    }
                }
                let ended = Instant::now();
                finished += usize::from(ended >= from && ended < until);
            }
            (latencies, finished)
        });
    }
    let mut seen = Seen { latencies: Vec::new(), finished: 0, begun: 0, seconds: 0.0 };
    while let Some(client) = clients.join_next().await {
        let (latencies, finished) = client.unwrap();
        seen.latencies.extend(latencies);
        seen.finished += finished;
    }
    seen.begun = next.load(Ordering::Relaxed) - 1;
    seen.seconds = (until - from).as_secs_f64();
    seen
}
