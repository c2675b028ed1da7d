//! The first page of an inbox as people read it, through the store's own readers. Invariant: a page of 20, from offices with many tasks.

use std::time::Instant;

use greenlane::ids::{CaseId, Digest, Moment, PersonId, Tenant};
use greenlane::store::rows::{CaseRow, CaseWrite, Commit, TaskRow};
use greenlane::store::{Held, Inbox, Late, Seat, Store, Target};
use serde_json::Value;

use crate::Words;
use crate::measure::{list_row, runtime};
use crate::writer::fresh_postgres;

const TENANT: Tenant = Tenant(420_700);
const OFFICES: usize = 20;
const READS: usize = 3_000;
const NOW: Moment = Moment(1_000_000_000);
const BATCH: usize = 250;

/// A case with one open task; one in ten is overdue, ranks in turn.
fn case(n: usize) -> CaseWrite {
    let number = i64::try_from(n).unwrap();
    let spread = Moment((number * 7_919_111) % 1_000_000_000);
    let red_from = if n.is_multiple_of(10) { spread } else { Moment(NOW.0 + 1 + spread.0) };
    let rank = [0, 1, 2, 9][n % 4];
    let applicant = PersonId::new(Moment(number), [1; 10]);
    let id = CaseId::new(Moment(number + 1), [2; 10]);
    let digest = Digest([0; 32]);
    let workflow = "eia".to_owned();
    let row = CaseRow {
        tenant: TENANT,
        id,
        number: None,
        workflow,
        revision: digest,
        version: 1,
        applicant,
        rank,
        started: NOW,
        ended: None,
        result: None,
        next_wake: None,
        head: digest,
        title: None,
    };
    let task = TaskRow {
        task: 3,
        number: Some(format!("GC2025{n:07}")),
        program: "eia".to_owned(),
        step: "review".to_owned(),
        office: format!("ez-{:02}", n % OFFICES),
        post: "handler".to_owned(),
        backup: None,
        asked: None,
        claimed: None,
        closed: None,
        rank,
        opened: NOW,
        red_from,
        yellow_from: red_from,
        dark_red_from: Moment(i64::MAX),
        grey_from: Moment(i64::MAX),
        lead: true,
        due: Some("2025-03-14".to_owned()),
    };

    CaseWrite {
        row,
        expected: 0,
        provisional: 0,
        acts: Vec::new(),
        bodies: Vec::new(),
        tasks: vec![task],
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
        receipts: Vec::new(),
        snapshot: None,
    }
}

async fn read(peer: &str, store: &Store, open: usize) -> Value {
    let mut writer = store.writer().await.unwrap();
    for first in (0..open).step_by(BATCH) {
        let cases = (first..open.min(first + BATCH)).map(case).collect();
        writer.write_alone(&Commit { cases, ..Commit::default() }).await.unwrap();
    }
    let mut latencies = Vec::new();
    for read in 0..READS {
        let office = format!("ez-{:02}", read % OFFICES);
        let seats = vec![Seat::Post { office, post: "handler".to_owned() }];
        let inbox = Inbox { seats, now: NOW, lapsed: Vec::new(), program: None, text: None, held: Held::Any, late: Late::Any, after: None, limit: 20 };
        let asked = Instant::now();
        let page = store.inbox(TENANT, &inbox).await.unwrap();
        latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap());
        assert_eq!(page.len(), 20);
    }
    list_row(peer, open, latencies)
}

pub fn sqlite(words: &Words) -> Value {
    let (open, folder) = (words.number(0, 100_000), words.text(1, "a folder"));
    let _ = std::fs::remove_dir_all(&folder);
    let target = Target::Sqlite(folder.into());
    runtime().block_on(async {
        Store::migrate(&target, None).await.unwrap();
        read("inbox-sqlite", &Store::open(target).await.unwrap(), open).await
    })
}

pub fn postgres(words: &Words) -> Value {
    let open = words.number(0, 100_000);
    runtime().block_on(async {
        let store = fresh_postgres(&words.text(1, "the owner's URL"), words.text(2, "the writer's URL"), words.text(3, "the reader's URL")).await;
        read("inbox-pg", &store, open).await
    })
}
