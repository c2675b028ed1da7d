//! The floor on SQLite: one thread owns the connection and commits whatever waits, at most 256 commands at once.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{OFFICER, OFFICES, READS, opinion, submission};
use crate::Words;
use crate::drive::{Command, Job, LAST, Peer, drive};
use crate::measure::{file_space, list_row, row, runtime, timers_row};

const BATCH: usize = 256;
const DAY_MS: i64 = 86_400_000;

const TABLES: &str = "
create table floor_case (n integer primary key, state integer not null default 0, agreed integer not null default 0, form text not null, began integer not null, over integer);
create table floor_task (id integer primary key, n integer not null, task integer not null, office integer not null, state integer not null default 0, due integer not null,
    warned integer not null default 0, officer text, opinion text, opened integer not null, closed integer);
create index floor_task_inbox on floor_task (office, due, id) where state < 2;
create index floor_task_timer on floor_task (due) where state < 2 and warned = 0;
create table floor_history (id integer primary key, n integer not null, at integer not null, officer text not null, what integer not null, opinion text);
create index floor_history_case on floor_history (n, id);";

/// The floor's one connection.
struct Floor {
    connection: Connection,
    form: String,
    opinion: String,
}

fn now_ms() -> i64 {
    greenlane::clock::real().0
}

fn open(file: &Path) -> Floor {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    let connection = Connection::open(file).unwrap();
    connection.execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536;").unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(TABLES).unwrap();
    Floor { connection, form: submission().to_string(), opinion: opinion().to_string() }
}

impl Floor {
    fn run(&self, text: &str, values: &[&dyn rusqlite::ToSql]) -> usize {
        self.connection.prepare_cached(text).unwrap().execute(values).unwrap()
    }

    fn history(&self, n: i64, what: i64, opinion: Option<&str>) {
        self.run("insert into floor_history (n, at, officer, what, opinion) values (?, ?, ?, ?, ?)", params![n, now_ms(), OFFICER, what, opinion]);
    }

    fn task(&self, n: i64, task: i64, days: i64) {
        let now = now_ms();
        self.run(
            "insert into floor_task (id, n, task, office, due, opened) values (?, ?, ?, ?, ?, ?)",
            params![n * 8 + task, n, task, (n + task) % OFFICES, now + days * DAY_MS, now],
        );
    }

    fn act(&self, command: Command) {
        match command {
            Command::Start(n) => {
                self.run("insert into floor_case (n, form, began) values (?, ?, ?)", params![n, self.form, now_ms()]);
                self.history(n, 0, None);
                self.task(n, 0, 5);
            }
            Command::Claim(n, task) => {
                let changed = self.run("update floor_task set state = 1, officer = ? where id = ? and state = 0", params![OFFICER, n * 8 + task]);
                assert_eq!(changed, 1);
                self.history(n, 10 + task, None);
            }
            Command::Complete(n, task) => self.complete(n, task),
        }
    }

    fn complete(&self, n: i64, task: i64) {
        let changed = self.run(
            "update floor_task set state = 2, opinion = ?, closed = ? where id = ? and state = 1 and officer = ?",
            params![self.opinion, now_ms(), n * 8 + task, OFFICER],
        );
        assert_eq!(changed, 1);
        self.history(n, 20 + task, Some(&self.opinion));
        match task {
            0 => (1..LAST).for_each(|task| self.task(n, task, task * 10)),
            LAST => {
                self.run("update floor_case set state = 1, over = ? where n = ?", params![now_ms(), n]);
            }
            _ => {
                let mut agreed = self.connection.prepare_cached("update floor_case set agreed = agreed + 1 where n = ? returning agreed").unwrap();
                let agreed: i64 = agreed.query_row([n], |row| row.get(0)).unwrap();
                if agreed == 4 {
                    self.task(n, LAST, 15);
                }
            }
        }
    }
}

/// Commits batch after batch until every client is gone.
fn write(floor: &Floor, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut batch: Vec<Job> = Vec::with_capacity(BATCH);
    while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
        floor.run("begin immediate", &[]);
        for (command, _) in &batch {
            floor.act(*command);
        }
        floor.run("commit", &[]);
        for (_, done) in batch.drain(..) {
            let _ = done.send(());
        }
    }
}

pub fn run(words: &Words) -> Value {
    let (clients, seconds, file) = (words.number(0, 32), words.number(1, 5), words.text(2, "a file"));
    let file = Path::new(&file);
    let floor = open(file);
    let (queue, jobs) = mpsc::unbounded_channel();
    let writer = std::thread::spawn(move || write(&floor, jobs));
    let peers = (0..clients).map(|_| Peer::Queues(vec![queue.clone()])).collect();
    drop(queue);
    let seen = runtime().block_on(drive(peers, seconds));
    writer.join().unwrap();
    row("floor-sqlitegc", clients, seen, file_space(file))
}

fn fill(floor: &Floor, count: usize, due: &str) {
    let text = format!(
        "insert into floor_task (id, n, task, office, due, opened) with recursive g (n) as (select 1 union all select n + 1 from g where n < ?)
         select n * 8 + 1, n, 1, n % 20, {due}, 0 from g"
    );
    floor.connection.execute(&text, [i64::try_from(count).unwrap()]).unwrap();
}

pub fn list(words: &Words) -> Value {
    let (open_tasks, file) = (words.number(0, 100_000), words.text(1, "a file"));
    let floor = open(Path::new(&file));
    fill(&floor, open_tasks, "abs(random()) % 7776000000");
    let text = "select n, task, due, officer from floor_task where office = ? and state < 2 order by due, id limit 20";
    let mut statement = floor.connection.prepare(text).unwrap();
    let mut latencies = Vec::new();
    for read in 0..READS {
        let asked = Instant::now();
        let found = statement.query_map([read % OFFICES], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(2)?))).unwrap().count();
        latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap());
        assert_eq!(found, 20);
    }
    list_row("floor-list-sqlite", open_tasks, latencies)
}

pub fn timers(words: &Words) -> Value {
    let (due, batch, file) = (words.number(0, 10_000), words.number(1, 100), words.text(2, "a file"));
    let floor = open(Path::new(&file));
    fill(&floor, due, "n");
    let (began, mut fired) = (Instant::now(), 0);
    let text = "select id, n, task from floor_task where state < 2 and warned = 0 and due <= ? order by due limit ?";
    loop {
        floor.run("begin immediate", &[]);
        let mut statement = floor.connection.prepare_cached(text).unwrap();
        let found: Vec<(i64, i64, i64)> = statement
            .query_map(params![now_ms(), i64::try_from(batch).unwrap()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (id, n, task) in &found {
            floor.run("update floor_task set warned = 1 where id = ?", params![id]);
            floor.history(*n, 30 + task, None);
        }
        floor.run("commit", &[]);
        if found.is_empty() {
            break;
        }
        fired += found.len();
    }
    timers_row("floor-timers-sqlite", fired, batch, began.elapsed().as_secs_f64())
}
