//! Due timers as full commands: the deadlines worker wakes cases whose reminders are due, each wake decided, written with its leaf and notices, and committed.
//! Invariant: the cases come from the store, not from the cache of the lane that started them.

use std::time::Instant;

use greenlane::clock::Clock;
use greenlane::ids::Moment;
use greenlane::workers::Role;
use serde_json::Value;

use crate::Words;
use crate::measure::{runtime, timers_row};
use crate::node::{Addresses, MORNING, Place, TENANT, act, login, plant, start};

const CLIENTS: usize = 32;
const DAY_MS: i64 = 86_400_000;

async fn fire(peer: &str, due: usize, place: &Place, addresses: Addresses) -> Value {
    let clock = Clock::moved_to(MORNING);
    let (app, crew) = plant(place, &clock, addresses).await;
    let applicant = login(&app.known(TENANT).await.unwrap(), "chen");
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let app = app.clone();
        clients.spawn(async move {
            for _ in (client..due).step_by(CLIENTS) {
                act(&app, None, applicant, start()).await;
            }
        });
    }
    clients.join_all().await;
    let waiting = app.store().due_cases(Moment(MORNING.0 + 90 * DAY_MS), u32::MAX / 2).await.unwrap();
    assert_eq!(waiting.len(), due);
    let last = waiting.iter().map(|(_, _, at)| *at).max().unwrap();
    drop((app, crew));
    assert!(clock.set(last));
    let (_app, crew) = place.open(&clock).await;
    let (began, mut fired) = (Instant::now(), 0);
    loop {
        match crew.turn(Role::Deadlines).await.unwrap_or_else(|fault| panic!("{fault}")) {
            0 => break,
            turned => fired += turned,
        }
    }
    assert_eq!(fired, due);
    timers_row(peer, fired, 0, began.elapsed().as_secs_f64())
}

pub fn sqlite(words: &Words) -> Value {
    let (due, place) = (words.number(0, 10_000), Place::sqlite(words, 1));
    runtime().block_on(fire("wakes-sqlite", due, &place, Addresses::asked(words, 2)))
}

pub fn postgres(words: &Words) -> Value {
    let (due, place) = (words.number(0, 10_000), Place::postgres(words, 1));
    runtime().block_on(fire("wakes-pg", due, &place, Addresses::asked(words, 4)))
}
