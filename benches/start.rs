//! How long a node takes from being executed to answering `/readyz`, over a database with a long past.
//! Invariant: the release binary itself, with its workers. Never: a process left behind.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use greenlane::clock::Clock;
use greenlane::store::Target;
use rusqlite::Connection;
use serde_json::Value;
use sqlx::{Connection as _, Executor, PgConnection};

use crate::Words;
use crate::measure::{percentile_ms, runtime};
use crate::node::{Addresses, MORNING, Place, plant, rehearse};

const STARTS: usize = 7;
const WAIT_S_MAX: u64 = 60;

/// Every case of the past is the rehearsed one again under another id.
const PAST_SQLITE: &str = "
create temp table model as select * from cases where workflow = 'thirteen';
create temp table past as with recursive g (n) as (select 1 union all select n + 1 from g where n < $1) select n, randomblob(16) as id from g;
insert into cases (tenant, id, workflow, revision, version, applicant, rank, started, ended, result, head)
  select tenant, past.id, workflow, revision, version, applicant, rank, started, ended, result, head from past, model;
insert into acts (tenant, case_id, seq, at, kind, events, leaf)
  select a.tenant, past.id, a.seq, a.at, a.kind, a.events, a.leaf from past, model join acts a on a.tenant = model.tenant and a.case_id = model.id;";

const PAST_POSTGRES: &str = "
create temp table model as select * from cases where workflow = 'thirteen';
create temp table past as select n, gen_random_uuid() as id from generate_series(1, $1) n;
insert into cases (tenant, id, workflow, revision, version, applicant, rank, started, ended, result, head)
  select tenant, past.id, workflow, revision, version, applicant, rank, started, ended, result, head from past, model;
insert into acts (tenant, case_id, seq, at, kind, events, leaf)
  select a.tenant, past.id, a.seq, a.at, a.kind, a.events, a.leaf from past, model join acts a on a.tenant = model.tenant and a.case_id = model.id;
analyze;";

/// Ends the server with the value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(place: &Place) -> Duration {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlane"));
    command.args(["serve", "--listen", &address.to_string()]).current_dir(&place.home).stdout(Stdio::null()).stderr(Stdio::null());
    match &place.target {
        Target::Sqlite(folder) => command.arg("--data").arg(folder),
        Target::Postgres { writer_url, reader_url } => command.args(["--database", writer_url, "--reader", reader_url]),
    };
    let began = Instant::now();
    let _server = Server(command.spawn().unwrap());
    while !ready(address) {
        assert!(began.elapsed() < Duration::from_secs(WAIT_S_MAX), "expected /readyz within {WAIT_S_MAX} s");
        std::thread::sleep(Duration::from_millis(1));
    }
    began.elapsed()
}

fn ready(address: SocketAddr) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn measured(peer: &str, acts: usize, place: &Place) -> Value {
    let mut took: Vec<u32> = (0..STARTS).map(|_| u32::try_from(serve(place).as_micros()).unwrap()).collect();
    took.sort_unstable();
    serde_json::json!({ "peer": peer, "acts": acts, "ready_ms": percentile_ms(&took, 0.5), "slowest_ms": percentile_ms(&took, 1.0) })
}

async fn first_case(place: &Place) {
    let (app, _) = plant(place, &Clock::moved_to(MORNING), Addresses::Without).await;
    rehearse(&app).await;
}

pub fn sqlite(words: &Words) -> Value {
    let (acts, place) = (words.number(0, 1_000_000), Place::sqlite(words, 1));
    runtime().block_on(first_case(&place));
    let mut connection = Connection::open(place.home.join("greenlane.db")).unwrap();
    connection.execute_batch("pragma busy_timeout = 10000").unwrap();
    let past = connection.transaction().unwrap();
    past.execute_batch(&PAST_SQLITE.replace("$1", &(acts / 13).to_string())).unwrap();
    past.commit().unwrap();
    drop(connection);
    measured("start-sqlite", acts, &place)
}

pub fn postgres(words: &Words) -> Value {
    let (acts, place) = (words.number(0, 1_000_000), Place::postgres(words, 1));
    runtime().block_on(async {
        first_case(&place).await;
        let mut admin = PgConnection::connect(place.owner.as_deref().unwrap()).await.unwrap();
        let text = PAST_POSTGRES.replace("$1", &(acts / 13).to_string());
        admin.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(text))).await.unwrap();
    });
    measured("start-pg", acts, &place)
}
