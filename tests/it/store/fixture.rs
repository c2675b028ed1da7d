//! Stores to test with, and commits to write: small cases of one tenant.

use greenlane::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};
use greenlane::store::rows::{ActRow, BodyRow, CaseRow, CaseWrite, Commit, ReceiptRow, TaskRow};
use greenlane::store::{Store, Target, Writer};

use crate::pg;

pub const EZHOU: Tenant = Tenant(420_700);

/// A fresh store, with what keeps it alive.
pub struct Fixture {
    pub store: Store,
    pub target: Target,
    pub postgres: Option<pg::Database>,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite(folder.path().to_owned());
        Store::migrate(&target, None).await.unwrap();
        let store = Store::open(target.clone()).await.unwrap();
        Self { store, target, postgres: None, _folder: Some(folder) }
    }

    pub async fn postgres() -> Self {
        let database = tokio::task::spawn_blocking(pg::database).await.unwrap();
        let target = Target::Postgres { writer_url: database.writer.clone(), reader_url: database.reader.clone() };
        Store::migrate(&target, Some(&database.owner)).await.unwrap();
        let store = Store::open(target.clone()).await.unwrap();
        Self { store, target, postgres: Some(database), _folder: None }
    }

    pub async fn writer(&self) -> Writer {
        self.store.writer().await.unwrap()
    }

    /// Closes the store's own connections, so that the database can be dropped.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Runs a case on both databases.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let fixture = crate::store::fixture::Fixture::sqlite().await;
                super::$name(&fixture).await;
                fixture.close().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let fixture = crate::store::fixture::Fixture::postgres().await;
                super::$name(&fixture).await;
                fixture.close().await;
            })*
        }
    };
}
pub(crate) use on_both;

pub fn case_id(n: u8) -> CaseId {
    CaseId::new(Moment(1_000 + i64::from(n)), [n; 10])
}

pub fn person(n: u8) -> PersonId {
    PersonId::new(Moment(1), [n; 10])
}

pub fn command(n: u8) -> CommandId {
    CommandId::new(Moment(2), [n; 10])
}

pub fn row(n: u8, version: i64) -> CaseRow {
    CaseRow {
        tenant: EZHOU,
        id: case_id(n),
        number: Some(format!("GC2025{n:04}")),
        workflow: "green-channel".to_owned(),
        revision: Digest([7; 32]),
        version,
        applicant: person(200),
        rank: 1,
        started: Moment(1_000),
        ended: None,
        result: None,
        next_wake: Some(Moment(5_000 + i64::from(n))),
        head: Digest([n; 32]),
        title: Some(format!("演示项目{n}")),
    }
}

pub fn act(seq: i64) -> ActRow {
    let kind = if seq == 1 { "start" } else { "complete" };
    ActRow { seq, at: Moment(1_000 + seq), kind: kind.to_owned(), events: format!("[{seq}]").into_bytes(), leaf: vec![seq.to_le_bytes()[0]; 9] }
}

/// Acts `from..=to` on case `n`, nothing else.
pub fn acts(n: u8, from: i64, to: i64) -> CaseWrite {
    CaseWrite {
        row: row(n, to),
        expected: from - 1,
        provisional: 0,
        acts: (from..=to).map(act).collect(),
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
        receipts: Vec::new(),
        snapshot: None,
    }
}

pub fn receipt(actor: &str, n: u8, start: bool, version: i64) -> ReceiptRow {
    ReceiptRow { actor: actor.to_owned(), command: command(n), start, digest: Digest([n; 32]), version, at: Moment(1_000) }
}

pub fn body(n: u8) -> BodyRow {
    BodyRow { commit: Digest([n; 32]), salt: [n; 32], bytes: format!("{{\"n\":{n}}}").into_bytes() }
}

pub fn task(task: u32) -> TaskRow {
    TaskRow {
        task,
        number: Some("GC20250001".to_owned()),
        program: "eia".to_owned(),
        step: "review".to_owned(),
        office: "ez-hbj".to_owned(),
        post: "handler".to_owned(),
        backup: None,
        asked: None,
        claimed: None,
        closed: None,
        rank: 1,
        opened: Moment(1_000),
        red_from: Moment(9_000),
        yellow_from: Moment(8_000),
        dark_red_from: Moment(i64::MAX),
        grey_from: Moment(i64::MAX),
        lead: true,
        due: Some("2025-03-14".to_owned()),
    }
}

pub fn commit(cases: Vec<CaseWrite>) -> Commit {
    Commit { cases, ..Commit::default() }
}
