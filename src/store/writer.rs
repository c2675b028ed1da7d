//! The writer: the one way a commit reaches the database. `app` runs each on a lane of its own, never inside a request's future.
//! Invariant: a case whose version is not the expected one is not written at all, and the others of the same commit are. Never: a retry; who called decides.

use std::collections::BTreeMap;

use super::rows::{ActRow, CaseRow, Commit, SnapshotRow};
use super::{StoreFault, WriteFault, postgres, sqlite};
use crate::engine::case::Local;
use crate::engine::facts::{Balance, Lease};
use crate::ids::{CaseId, CommandId, Digest, Tenant};

/// A case as stored: its row, its newest snapshot, and the acts after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCase {
    /// The row.
    pub row: CaseRow,
    /// The newest snapshot, when one was made.
    pub snapshot: Option<SnapshotRow>,
    /// The acts after the snapshot, in order.
    pub acts: Vec<ActRow>,
}

/// The stored answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReceipt {
    /// The case it was about.
    pub case: CaseId,
    /// The digest of the command.
    pub digest: Digest,
    /// The version the case had after it.
    pub version: i64,
}

/// Calls PostgreSQL over a connection that is made anew when the server went away.
macro_rules! on_server {
    ($writer:expr, $call:ident($($argument:expr),*)) => {{
        $writer.ready().await?;
        let outcome = $writer.$call($($argument),*).await;
        $writer.heed(outcome)
    }};
}

/// A connection that writes. On SQLite the calls complete on the calling thread; on PostgreSQL they wait for the server.
#[derive(Debug)]
pub enum Writer {
    /// The one writer of a SQLite file.
    Sqlite(Box<sqlite::Writer>),
    /// One of any number on PostgreSQL.
    Postgres(Box<postgres::Writer>),
}

impl Writer {
    /// Whether its calls complete on the calling thread, so that it wants a thread of its own; it is then also the only writer there is.
    #[must_use]
    pub fn is_synchronous(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(_) => false,
        }
    }

    /// Begins a transaction.
    pub async fn begin(&mut self) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.begin().await,
            Self::Postgres(writer) => on_server!(writer, begin()),
        }
    }

    /// Commits it. After a fault here the outcome is unknown.
    pub async fn commit(&mut self) -> Result<(), WriteFault> {
        match self {
            Self::Sqlite(writer) => writer.commit(),
            Self::Postgres(writer) => on_server!(writer, commit()),
        }
    }

    /// Gives it up; also without one.
    pub async fn rollback(&mut self) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.rollback(),
            Self::Postgres(writer) => writer.rollback().await,
        }
    }

    /// A case with what is needed to fold its state.
    pub async fn load_case(&mut self, tenant: Tenant, case: CaseId) -> Result<Option<LoadedCase>, StoreFault> {
        Ok(self.load_cases(tenant, &[case]).await?.pop())
    }

    /// Those of `cases` that exist, in no order that means anything.
    pub async fn load_cases(&mut self, tenant: Tenant, cases: &[CaseId]) -> Result<Vec<LoadedCase>, StoreFault> {
        match self {
            Self::Sqlite(writer) => cases.iter().filter_map(|case| writer.load_case(tenant, *case).transpose()).collect(),
            Self::Postgres(writer) => on_server!(writer, load_cases(tenant, cases)),
        }
    }

    /// The versions of those of `cases` that exist.
    pub async fn versions(&mut self, tenant: Tenant, cases: &[CaseId]) -> Result<Vec<(CaseId, i64)>, StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.versions(tenant, cases),
            Self::Postgres(writer) => on_server!(writer, versions(tenant, cases)),
        }
    }

    /// How often a register of the tenant was written: roster, calendars, bundles are as of this version.
    pub async fn registry_version(&mut self, tenant: Tenant) -> Result<i64, StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.registry_version(tenant),
            Self::Postgres(writer) => on_server!(writer, registry_version(tenant)),
        }
    }

    /// Bodies of a case by commitment; one that was erased is absent.
    pub async fn bodies(&mut self, tenant: Tenant, case: CaseId, digests: &[Digest]) -> Result<Vec<(Digest, Vec<u8>)>, StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.bodies(tenant, case, digests),
            Self::Postgres(writer) => on_server!(writer, bodies(tenant, case, digests)),
        }
    }

    /// Locks accounts, in order of key whatever the order given, and answers what is free of each and who waits, first in line first. Needs a transaction.
    /// Cases of the versions in `lapsed` wait among the ordinary ones, whatever rank they were given.
    pub async fn lock_balances(&mut self, tenant: Tenant, accounts: &[String], lapsed: &[Digest]) -> Result<BTreeMap<String, Option<Balance>>, WriteFault> {
        match self {
            Self::Sqlite(writer) => writer.lock_balances(tenant, accounts, lapsed),
            Self::Postgres(writer) => on_server!(writer, lock_balances(tenant, accounts, lapsed)),
        }
    }

    /// Locks counters, in order of key whatever the order given; one never used stands at 0. Needs a transaction.
    pub async fn lock_counters(&mut self, tenant: Tenant, counters: &[String]) -> Result<BTreeMap<String, u64>, WriteFault> {
        match self {
            Self::Sqlite(writer) => writer.lock_counters(tenant, counters),
            Self::Postgres(writer) => on_server!(writer, lock_counters(tenant, counters)),
        }
    }

    /// Locks outside jobs, in order of key whatever the order given, and answers who fetched each last; `None` for one that is over. Needs a transaction.
    pub async fn lock_leases(&mut self, tenant: Tenant, jobs: &[(CaseId, Local)]) -> Result<BTreeMap<(CaseId, Local), Option<Lease>>, WriteFault> {
        match self {
            Self::Sqlite(writer) => writer.lock_leases(tenant, jobs),
            Self::Postgres(writer) => on_server!(writer, lock_leases(tenant, jobs)),
        }
    }

    /// The stored answer to (case, actor, command); `None` for the case asks for a start.
    pub async fn receipt(&mut self, tenant: Tenant, case: Option<CaseId>, actor: &str, command: CommandId) -> Result<Option<StoredReceipt>, StoreFault> {
        match self {
            Self::Sqlite(writer) => writer.receipt(tenant, case, actor, command),
            Self::Postgres(writer) => on_server!(writer, receipt(tenant, case, actor, command)),
        }
    }

    /// Writes a commit inside the transaction that `begin` opened; answers for each of `commit.cases` whether it was written. After a fault only `rollback` is left.
    pub async fn write(&mut self, commit: &Commit) -> Result<Vec<bool>, WriteFault> {
        match self {
            Self::Sqlite(writer) => writer.write(commit),
            Self::Postgres(writer) => on_server!(writer, write(commit)),
        }
    }

    /// Begins, writes and commits; on PostgreSQL as one statement when the commit touches cases alone.
    pub async fn write_alone(&mut self, commit: &Commit) -> Result<Vec<bool>, WriteFault> {
        let cases_alone = commit.accounts.is_empty() && commit.counters.is_empty() && commit.registry.is_empty();
        if let (Self::Postgres(writer), true) = (&mut *self, cases_alone) {
            return on_server!(writer, write(commit));
        }
        self.begin().await?;
        let written = match self.write(commit).await {
            Ok(applied) => self.commit().await.map(|()| applied),
            Err(fault) => Err(fault),
        };
        if written.is_err() {
            // The fault that led here is the one to tell; a connection that cannot roll back says so at its next use.
            let _ = self.rollback().await;
        }
        written
    }
}
