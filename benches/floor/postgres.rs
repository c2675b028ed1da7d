//! The floor on PostgreSQL: one statement a command, each its own transaction and round trip.

use std::str::FromStr;
use std::time::Instant;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

use super::{OFFICER, OFFICES, READS, opinion, submission};
use crate::Words;
use crate::drive::{Command, LAST, Peer, drive};
use crate::measure::{Growth, list_row, row, runtime, timers_row};

const TABLES: &str = "
drop table if exists floor_case, floor_task, floor_history;
create table floor_case (n bigint primary key, state smallint not null default 0, agreed smallint not null default 0, form text not null,
    began timestamptz not null default now(), over timestamptz);
create table floor_task (n bigint, task smallint, office integer not null, state smallint not null default 0, due timestamptz not null, warned boolean not null default false,
    officer text, opinion text, opened timestamptz not null default now(), closed timestamptz, primary key (n, task));
create index floor_task_inbox on floor_task (office, due, n, task) where state < 2;
create index floor_task_timer on floor_task (due) where state < 2 and not warned;
create table floor_history (id bigint generated always as identity primary key, n bigint not null, at timestamptz not null default now(), officer text not null,
    what smallint not null, opinion text);
create index floor_history_case on floor_history (n, id);";

const START: &str = "with c as (insert into floor_case (n, form) values ($1, $2)),
 h as (insert into floor_history (n, officer, what) values ($1, $3, 0))
 insert into floor_task (n, task, office, due) values ($1, 0, ($1 % 20)::integer, now() + interval '5 days')";
const CLAIM: &str = "with t as (update floor_task set state = 1, officer = $3 where n = $1 and task = $2 and state = 0 returning n, task)
 insert into floor_history (n, officer, what) select n, $3, 10 + task from t";
const TAKEN_IN: &str =
    "with t as (update floor_task set state = 2, opinion = $4, closed = now() where n = $1 and task = $2 and state = 1 and officer = $3 returning n),
 h as (insert into floor_history (n, officer, what, opinion) select n, $3, 20, $4 from t)
 insert into floor_task (n, task, office, due) select n, k, ((n + k) % 20)::integer, now() + k * interval '10 days' from t, generate_series(1, 4) k";
const AGREED: &str =
    "with t as (update floor_task set state = 2, opinion = $4, closed = now() where n = $1 and task = $2 and state = 1 and officer = $3 returning n, task),
 c as (update floor_case f set agreed = agreed + 1 from t where f.n = t.n returning f.n, f.agreed),
 j as (insert into floor_task (n, task, office, due) select n, 5, (n % 20)::integer, now() + interval '15 days' from c where agreed = 4)
 insert into floor_history (n, officer, what, opinion) select n, $3, 20 + task, $4 from t";
const DECIDED: &str =
    "with t as (update floor_task set state = 2, opinion = $4, closed = now() where n = $1 and task = $2 and state = 1 and officer = $3 returning n, task),
 c as (update floor_case f set state = 1, over = now() from t where f.n = t.n)
 insert into floor_history (n, officer, what, opinion) select n, $3, 20 + task, $4 from t";

/// A client with a connection of its own.
pub struct Client {
    connection: PgConnection,
    form: String,
    opinion: String,
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect_with(&PgConnectOptions::from_str(url).unwrap()).await.unwrap()
}

impl Client {
    pub async fn act(&mut self, command: Command) {
        let query = match command {
            Command::Start(n) => sqlx::query(START).bind(n).bind(&self.form).bind(OFFICER),
            Command::Claim(n, task) => sqlx::query(CLAIM).bind(n).bind(i16::try_from(task).unwrap()).bind(OFFICER),
            Command::Complete(n, task) => {
                let text = match task {
                    0 => TAKEN_IN,
                    LAST => DECIDED,
                    _ => AGREED,
                };
                sqlx::query(text).bind(n).bind(i16::try_from(task).unwrap()).bind(OFFICER).bind(&self.opinion)
            }
        };
        let changed = self.connection.execute(query).await.unwrap().rows_affected();
        assert!(changed > 0, "{command:?} changed nothing");
    }
}

pub fn run(words: &Words) -> Value {
    let (clients, seconds, url) = (words.number(0, 8), words.number(1, 5), words.text(2, "a URL"));
    runtime().block_on(async {
        let mut admin = connect(&url).await;
        admin.execute(TABLES).await.unwrap();
        let growth = Growth::from_here(&mut admin).await;
        let mut peers = Vec::new();
        for _ in 0..clients {
            peers.push(Peer::Postgres(Client { connection: connect(&url).await, form: submission().to_string(), opinion: opinion().to_string() }));
        }
        let seen = drive(peers, seconds).await;
        let space = growth.until_here(&mut admin).await;
        row("floor-pg", clients, seen, space)
    })
}

/// Tasks of many cases: `due` is an SQL expression of the days from now.
async fn fill(admin: &mut PgConnection, count: usize, due: &'static str) {
    admin.execute(TABLES).await.unwrap();
    let text = format!("insert into floor_task (n, task, office, due) select g, 1, g % 20, now() + {due} from generate_series(1, $1) g");
    sqlx::query(sqlx::AssertSqlSafe(text)).bind(i64::try_from(count).unwrap()).execute(&mut *admin).await.unwrap();
    admin.execute("analyze floor_task").await.unwrap();
}

pub fn list(words: &Words) -> Value {
    let (open, url) = (words.number(0, 100_000), words.text(1, "a URL"));
    runtime().block_on(async {
        let mut connection = connect(&url).await;
        fill(&mut connection, open, "random() * 90 * interval '1 day'").await;
        let text = "select n, task, due::text, officer from floor_task where office = $1 and state < 2 order by due, n, task limit 20";
        let mut latencies = Vec::new();
        for read in 0..READS {
            let asked = Instant::now();
            let office = i32::try_from(read % OFFICES).unwrap();
            let found: Vec<(i64, i16, String, Option<String>)> = sqlx::query_as(text).bind(office).fetch_all(&mut connection).await.unwrap();
            latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap());
            assert_eq!(found.len(), 20);
        }
        list_row("floor-list-pg", open, latencies)
    })
}

pub fn timers(words: &Words) -> Value {
    let (due, batch, url) = (words.number(0, 10_000), words.number(1, 100), words.text(2, "a URL"));
    runtime().block_on(async {
        let mut connection = connect(&url).await;
        fill(&mut connection, due, "interval '-1 minute'").await;
        let text = "with d as (select n, task from floor_task where state < 2 and not warned and due <= now() order by due limit $1 for update skip locked),
            u as (update floor_task t set warned = true from d where t.n = d.n and t.task = d.task returning t.n, t.task)
            insert into floor_history (n, officer, what) select n, 'clock', 30 + task from u";
        let (began, mut fired) = (Instant::now(), 0);
        loop {
            let changed = sqlx::query(text).bind(i64::try_from(batch).unwrap()).execute(&mut connection).await.unwrap().rows_affected();
            if changed == 0 {
                break;
            }
            fired += usize::try_from(changed).unwrap();
        }
        timers_row("floor-timers-pg", fired, batch, began.elapsed().as_secs_f64())
    })
}
