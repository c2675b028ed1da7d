//! The store's writers with made-up commits: what our rows cost before any engine decides them.
//! Invariant: a commit has the rows and sizes that the engine's have: an act, its leaf, its receipt, tasks, timers, bodies and notices.

use std::collections::HashMap;

use greenlane::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};
use greenlane::limits::BATCH_COMMANDS_MAX;
use greenlane::store::rows::{ActRow, BodyRow, CaseRow, CaseWrite, Commit, NoticeRow, ReceiptRow, TaskRow};
use greenlane::store::{Store, Target, Writer};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use crate::Words;
use crate::drive::{Command, Job, LAST, Peer, drive};
use crate::measure::{Growth, file_space, row, runtime};

const TENANT: Tenant = Tenant(420_700);
const OFFICES: i64 = 20;
const DAY_MS: i64 = 86_400_000;

fn now() -> Moment {
    greenlane::clock::real()
}

fn noise<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// The cases of one lane as they stand.
struct Lane {
    writer: Writer,
    cases: HashMap<i64, Standing>,
    officer: PersonId,
}

struct Standing {
    row: CaseRow,
    agreed: i64,
}

impl Lane {
    fn new(writer: Writer) -> Self {
        Self { writer, cases: HashMap::new(), officer: PersonId::new(now(), noise()) }
    }

    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut batch: Vec<Job> = Vec::with_capacity(BATCH_COMMANDS_MAX);
        while jobs.recv_many(&mut batch, BATCH_COMMANDS_MAX).await > 0 {
            let mut cases: Vec<CaseWrite> = batch.iter().map(|(command, _)| self.decide(*command)).collect();
            cases.sort_by_key(|case| case.row.id);
            let applied = self.writer.write_alone(&Commit { cases, ..Commit::default() }).await.unwrap();
            assert!(applied.iter().all(|applied| *applied));
            for (_, done) in batch.drain(..) {
                let _ = done.send(());
            }
            // Lets every client that was answered ask again before the next batch begins; without it batches of one and of the rest alternate.
            tokio::task::yield_now().await;
        }
    }

    fn decide(&mut self, command: Command) -> CaseWrite {
        let at = now();
        let (Command::Start(n) | Command::Claim(n, _) | Command::Complete(n, _)) = command;
        let standing = self.cases.entry(n).or_insert_with(|| Standing { row: first_row(n, at), agreed: 0 });
        standing.row.version += 1;
        standing.row.head = Digest(noise());
        let (kind, events_bytes) = match command {
            Command::Start(_) => ("start", 1_500),
            Command::Claim(..) => ("claim", 120),
            Command::Complete(_, 0) => ("complete", 2_500),
            Command::Complete(..) => ("complete", 600),
        };
        let mut write = empty(&standing.row, kind, events_bytes, at, self.officer);
        match command {
            Command::Start(_) => {
                write.bodies.push(body(2_000));
                write.tasks.push(task(n, 0, at, 5));
                write.notices.push(notice(&standing.row, at));
                write.row.next_wake = Some(Moment(at.0 + 3 * DAY_MS));
            }
            Command::Claim(_, place) => write.tasks.push(TaskRow { claimed: Some(self.officer), ..task(n, place, at, 5) }),
            Command::Complete(_, place) => {
                write.bodies.push(body(130));
                write.tasks.push(TaskRow { closed: Some(at), ..task(n, place, at, 5) });
                after(standing, &mut write, n, place, at);
            }
        }
        standing.row.clone_from(&write.row);
        if write.row.ended.is_some() {
            self.cases.remove(&n);
        }
        write
    }
}

/// What follows a completed task.
fn after(standing: &mut Standing, write: &mut CaseWrite, n: i64, place: i64, at: Moment) {
    match place {
        0 => {
            write.tasks.extend((1..LAST).map(|place| task(n, place, at, place * 10)));
            write.row.number = Some(format!("GC2025{n:07}"));
            write.row.next_wake = Some(Moment(at.0 + 7 * DAY_MS));
        }
        LAST => {
            write.notices.push(notice(&standing.row, at));
            write.row.ended = Some(at);
            write.row.result = Some("completed".to_owned());
            write.row.next_wake = None;
        }
        _ => {
            standing.agreed += 1;
            write.row.next_wake = Some(Moment(at.0 + (7 + 10 * place) * DAY_MS));
            if standing.agreed == 4 {
                write.tasks.push(task(n, LAST, at, 15));
            }
        }
    }
}

fn first_row(n: i64, at: Moment) -> CaseRow {
    CaseRow {
        tenant: TENANT,
        id: CaseId::new(at, noise()),
        number: None,
        workflow: "green-channel".to_owned(),
        revision: Digest([7; 32]),
        version: 0,
        applicant: PersonId::new(Moment(n), [3; 10]),
        rank: 1,
        started: at,
        ended: None,
        result: None,
        next_wake: None,
        head: Digest([0; 32]),
        title: None,
    }
}

fn empty(row: &CaseRow, kind: &str, events_bytes: usize, at: Moment, officer: PersonId) -> CaseWrite {
    let receipt = ReceiptRow {
        actor: officer.to_string(),
        command: CommandId::new(at, noise()),
        start: row.version == 1,
        digest: Digest(noise()),
        version: row.version,
        at,
    };
    CaseWrite {
        row: row.clone(),
        expected: row.version - 1,
        provisional: 0,
        acts: vec![ActRow { seq: row.version, at, kind: kind.to_owned(), events: vec![b'e'; events_bytes], leaf: vec![b'l'; 380] }],
        bodies: Vec::new(),
        tasks: Vec::new(),
        waiting: Vec::new(),
        jobs: Vec::new(),
        listening: Vec::new(),
        broadcasts: Vec::new(),
        terms: Vec::new(),
        orders: Vec::new(),
        hooks: Vec::new(),
        notices: Vec::new(),
        settled: Vec::new(),
        reopened: Vec::new(),
        documents: Vec::new(),
        receipts: vec![receipt],
        snapshot: None,
    }
}

fn body(bytes: usize) -> BodyRow {
    BodyRow { commit: Digest(noise()), salt: noise(), bytes: vec![b'b'; bytes] }
}

fn task(n: i64, place: i64, at: Moment, days: i64) -> TaskRow {
    TaskRow {
        task: u32::try_from(place).unwrap() + 3,
        number: Some(format!("GC2025{n:07}-HP")),
        program: "project-approval".to_owned(),
        step: "accept".to_owned(),
        office: format!("ez-{:02}", (n + place) % OFFICES),
        post: "handler".to_owned(),
        backup: None,
        asked: None,
        claimed: None,
        closed: None,
        rank: 1,
        opened: at,
        red_from: Moment(at.0 + days * DAY_MS),
        yellow_from: Moment(at.0 + (days - 2) * DAY_MS),
        dark_red_from: Moment(i64::MAX),
        grey_from: Moment(i64::MAX),
        lead: true,
        due: Some("2025-03-14".to_owned()),
    }
}

fn notice(row: &CaseRow, at: Moment) -> NoticeRow {
    NoticeRow {
        key: hex::encode(noise::<16>()),
        kind: "a.accepted".to_owned(),
        recipient: row.applicant,
        channel: "mail".to_owned(),
        language: "zh-CN".to_owned(),
        context: vec![b'c'; 300],
        due: at,
        other: None,
        follows: None,
        folds: false,
    }
}

pub fn sqlite(words: &Words) -> Value {
    let (clients, seconds, folder) = (words.number(0, 32), words.number(1, 5), words.text(2, "a folder"));
    let _ = std::fs::remove_dir_all(&folder);
    let target = Target::Sqlite(folder.clone().into());
    let runtime = runtime();
    let writer = runtime.block_on(async {
        Store::migrate(&target, None).await.unwrap();
        Store::open(target).await.unwrap().writer().await.unwrap()
    });
    let (queue, jobs) = mpsc::unbounded_channel();
    let lane = Lane::new(writer);
    let thread = std::thread::spawn(move || futures::executor::block_on(lane.run(jobs)));
    let peers = (0..clients).map(|_| Peer::Queues(vec![queue.clone()])).collect();
    drop(queue);
    let seen = runtime.block_on(drive(peers, seconds));
    thread.join().unwrap();
    row("store-sqlite", clients, seen, file_space(&std::path::Path::new(&folder).join("greenlane.db")))
}

/// An empty schema in the owner's database, and a store on it.
pub async fn fresh_postgres(owner: &str, writer: String, reader: String) -> Store {
    let mut admin = PgConnection::connect(owner).await.unwrap();
    sqlx::raw_sql("drop schema public cascade; create schema public").execute(&mut admin).await.unwrap();
    let target = Target::Postgres { writer_url: writer, reader_url: reader };
    Store::migrate(&target, Some(owner)).await.unwrap();
    Store::open(target).await.unwrap()
}

pub fn postgres(words: &Words) -> Value {
    let (clients, seconds, owner) = (words.number(0, 8), words.number(1, 5), words.text(2, "the owner's URL"));
    runtime().block_on(async {
        let store = fresh_postgres(&owner, words.text(3, "the writer's URL"), words.text(4, "the reader's URL")).await;
        let mut admin = PgConnection::connect(&owner).await.unwrap();
        let growth = Growth::from_here(&mut admin).await;
        let mut queues = Vec::new();
        let mut lanes = tokio::task::JoinSet::new();
        for _ in 0..words.number(5, 1) {
            let (queue, jobs) = mpsc::unbounded_channel();
            lanes.spawn(Lane::new(store.writer().await.unwrap()).run(jobs));
            queues.push(queue);
        }
        let peers = (0..clients).map(|_| Peer::Queues(queues.clone())).collect();
        drop(queues);
        let seen = drive(peers, seconds).await;
        lanes.join_all().await;
        row("store-pg", clients, seen, growth.until_here(&mut admin).await)
    })
}
