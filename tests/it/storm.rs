//! `kill -9`, again and again, under eight clients: what was acknowledged is there once, the record verifies, and no reminder is missing or recorded twice.
//! Invariant: the server is the program an operator runs, killed without warning at a moment it does not choose.

mod client;
pub mod server;
pub mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::operate::Operation;
use greenlane::clock::Clock;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Tenant};
use greenlane::store::Target;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::audit::dice::Dice;
use crate::pg;
use crate::spine::node::{MORNING, Where, open, times};
use client::{Cast, Hand, Journal};
use server::Server;

pub const TENANT: Tenant = Tenant(420_700);
const CLIENTS: usize = 8;
/// Cases whose reminders are all due when the first server starts.
const DUE: usize = 100;
const LIFE_MS: std::ops::Range<u64> = 50..2_000;

#[test]
fn on_sqlite_nothing_acknowledged_is_lost_or_doubled_by_kills() {
    storm(Where::sqlite);
}

#[test]
fn on_postgresql_nothing_acknowledged_is_lost_or_doubled_by_kills() {
    storm(|| Where::on(pg::durable_database()));
}

fn storm(place: fn() -> Where) {
    greenlane::telemetry::log();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = place();
        let (cast, due) = prepare(&place).await;
        let kills = times(5, 100);
        let journals = rage(&place, &cast, kills).await;
        let told = verdict::judge(&place, &cast, &due, &journals).await;
        println!("{kills} kills under {CLIENTS} clients: {told}");
    });
}

/// A database with people, the workflow and cases of a while ago whose reminders nobody has given yet.
async fn prepare(place: &Where) -> (Arc<Cast>, Vec<CaseId>) {
    greenlane::store::Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
    std::fs::create_dir_all(server::home(place)).unwrap();
    let (app, crew) = open(place.target.clone(), Clock::standing(MORNING), server::home(place)).await;
    let operator = Actor::Operator("test".to_owned());
    // The demonstration's applicants are appointed for a year; a storm may come in any.
    let seeds = greenlane::app::seed::embedded_files().into_iter().map(|(key, text)| (key, text.replace(", until: 2025-12-31", "")));
    let operations = [
        Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() },
        Operation::Seed { files: seeds.collect() },
        Operation::Publish { files: BTreeMap::from([("storm.yaml".to_owned(), include_str!("storm/storm.yaml").to_owned())]), workflows: Vec::new() },
    ];
    for operation in operations {
        app.operate(TENANT, operator.clone(), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
    let tokens: BTreeMap<String, _> =
        app.hand_out_tokens(TENANT, operator, 1).await.unwrap().into_iter().map(|(person, token)| (person.login, (person.id, token))).collect();
    let (applicant, applicant_token) = tokens["chen"].clone();
    let mut due = Vec::new();
    for _ in 0..DUE {
        let act = Act::Start { workflow: "storm".into(), form: None, rank: 9 };
        let order = Order { tenant: TENANT, case: None, actor: Actor::Person(applicant), command_id: None, act };
        due.push(app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}")).case);
    }
    let mut hands = Vec::new();
    // Local ids are the same in every case of a workflow, so one case tells the clients which tasks there will be.
    for (login, outcome) in [("ez-zwzx.receiver", "accepted"), ("ez-fgw.handler", "agree")] {
        let task = *app.working(TENANT, due[0]).await.unwrap().state.tasks.keys().next().unwrap();
        let (person, token) = tokens[login].clone();
        if hands.is_empty() {
            let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
            for act in [Act::Claim { task }, Act::Complete { task, outcome: outcome.into(), answer }] {
                let order = Order { tenant: TENANT, case: Some(due[0]), actor: Actor::Person(person), command_id: None, act };
                app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}"));
            }
        }
        hands.push(Hand { person, token, task, outcome });
    }
    let cast = Cast { applicant, applicant_token, hands };
    app.store().close().await;
    drop((app, crew));
    given_up(place);
    (Arc::new(cast), due)
}

/// Waits until the writer of this process has given up the lock of a SQLite folder.
pub fn given_up(place: &Where) {
    if let Target::Sqlite(folder) = &place.target {
        std::fs::File::options().read(true).write(true).open(folder.join("greenlane.lock")).unwrap().lock().unwrap();
    }
}

/// Starts and kills the server, and lets the clients finish what they began on the last one.
async fn rage(place: &Where, cast: &Arc<Cast>, kills: usize) -> Vec<Journal> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let seed = u64::from_le_bytes(seed);
    println!("the storm's seed is {seed}");
    let mut dice = Dice::new(seed);
    let (tell, address) = watch::channel(None);
    let stop = CancellationToken::new();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client::drive(cast.clone(), address.clone(), stop.clone()));
    }
    for _ in 0..kills {
        let mut server = Server::start(place).await;
        tell.send(Some(server.address)).unwrap();
        server.live_for(Duration::from_millis(LIFE_MS.start + dice.below(LIFE_MS.end - LIFE_MS.start))).await;
        server.kill().await;
        tell.send(None).unwrap();
    }
    let server = Server::start(place).await;
    tell.send(Some(server.address)).unwrap();
    stop.cancel();
    let journals = clients.join_all().await;
    server.kill().await;
    journals
}
