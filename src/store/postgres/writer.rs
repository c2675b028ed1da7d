//! A writer of PostgreSQL. Invariant: its connection plans every statement once. Never: a statement outside of what `app`'s lane asks, one after another.

use std::collections::BTreeMap;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::engine::case::Local;
use crate::engine::facts::{Balance, Lease, Waiting};
use crate::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};
use crate::store::topics::lapsed::rank_of;
use crate::store::{StoreFault, StoredReceipt, WriteFault};

/// One writing connection.
#[derive(Debug)]
pub struct Writer {
    pub(super) connection: PgConnection,
    url: String,
    in_transaction: bool,
    /// The server went away under it; it is made anew as soon as no transaction is open.
    lost: bool,
}

/// Whether a fault says that the connection is gone, and not that a statement was wrong.
pub(in crate::store) trait ConnectionLost {
    /// Whether it does.
    fn connection_lost(&self) -> bool;
}

impl ConnectionLost for StoreFault {
    fn connection_lost(&self) -> bool {
        /// The server's class for an operator who stops it or ends a connection.
        const OPERATOR: &str = "57P";
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| code.starts_with(OPERATOR)),
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed) => true,
            _ => false,
        }
    }
}

impl ConnectionLost for WriteFault {
    fn connection_lost(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.connection_lost(),
            Self::Conflict(_) | Self::Check(_) => false,
        }
    }
}

/// Connects with plans made once: an `unnest($1)` is otherwise planned anew each time, and the planner's guess at its length leads to scans of whole tables.
async fn connect(url: &str) -> Result<PgConnection, StoreFault> {
    const STATEMENTS: usize = 512;
    let options = PgConnectOptions::from_str(url)?.application_name("greenlane writer").statement_cache_capacity(STATEMENTS).options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
        ("statement_timeout", "30000"),
        ("idle_in_transaction_session_timeout", "60000"),
    ]);
    Ok(PgConnection::connect_with(&options).await?)
}

impl Writer {
    pub(in crate::store) async fn connect(url: &str) -> Result<Self, StoreFault> {
        Ok(Self { connection: connect(url).await?, url: url.to_owned(), in_transaction: false, lost: false })
    }

    /// Makes a lost connection anew, unless a transaction went with it that its owner has yet to give up.
    pub(in crate::store) async fn ready(&mut self) -> Result<(), StoreFault> {
        if self.lost && !self.in_transaction {
            self.connection = connect(&self.url).await?;
            self.lost = false;
        }
        Ok(())
    }

    /// Remembers a loss.
    pub(in crate::store) fn heed<T, F: ConnectionLost>(&mut self, outcome: Result<T, F>) -> Result<T, F> {
        if let Err(fault) = &outcome {
            self.lost |= fault.connection_lost();
        }
        outcome
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<(), StoreFault> {
        if self.in_transaction {
            // Somebody left one open on the way out of a fault.
            self.rollback().await?;
            self.ready().await?;
        }
        self.connection.execute("begin").await?;
        self.in_transaction = true;
        Ok(())
    }

    pub(in crate::store) async fn commit(&mut self) -> Result<(), WriteFault> {
        self.connection.execute("commit").await?;
        self.in_transaction = false;
        Ok(())
    }

    pub(in crate::store) async fn rollback(&mut self) -> Result<(), StoreFault> {
        self.in_transaction = false;
        if !self.lost {
            let rolled_back = self.connection.execute("rollback").await;
            self.heed(rolled_back.map_err(StoreFault::from))?;
        }
        Ok(())
    }

    pub(in crate::store) async fn versions(&mut self, tenant: Tenant, cases: &[CaseId]) -> Result<Vec<(CaseId, i64)>, StoreFault> {
        let ids: Vec<Uuid> = cases.iter().map(|case| case.0).collect();
        let found: Vec<(Uuid, i64)> =
            sqlx::query_as("select id, version from cases where tenant = $1 and id = any($2)").bind(tenant.0).bind(ids).fetch_all(&mut self.connection).await?;
        Ok(found.into_iter().map(|(id, version)| (CaseId(id), version)).collect())
    }

    pub(in crate::store) async fn registry_version(&mut self, tenant: Tenant) -> Result<i64, StoreFault> {
        let found: Option<i64> =
            sqlx::query_scalar("select registry_version from tenants where tenant = $1").bind(tenant.0).fetch_optional(&mut self.connection).await?;
        Ok(found.unwrap_or(0))
    }

    pub(in crate::store) async fn bodies(&mut self, tenant: Tenant, case: CaseId, digests: &[Digest]) -> Result<Vec<(Digest, Vec<u8>)>, StoreFault> {
        let keys: Vec<&[u8]> = digests.iter().map(|digest| &digest.0[..]).collect();
        let found: Vec<([u8; 32], Vec<u8>)> = sqlx::query_as("select digest, bytes from bodies where tenant = $1 and case_id = $2 and digest = any($3)")
            .bind(tenant.0)
            .bind(case.0)
            .bind(keys)
            .fetch_all(&mut self.connection)
            .await?;
        Ok(found.into_iter().map(|(digest, bytes)| (Digest(digest), bytes)).collect())
    }

    pub(in crate::store) async fn lock_balances(
        &mut self,
        tenant: Tenant,
        accounts: &[String],
        lapsed: &[Digest],
    ) -> Result<BTreeMap<String, Option<Balance>>, WriteFault> {
        let mut found: BTreeMap<String, Option<Balance>> = accounts.iter().map(|account| (account.clone(), None)).collect();
        let keys: Vec<&str> = found.keys().map(String::as_str).collect();
        // Locked in order of key: in statement order two hot accounts deadlocked.
        let free: Vec<(String, i64)> = sqlx::query_as("select account, free from accounts where tenant = $1 and account = any($2) order by account for update")
            .bind(tenant.0)
            .bind(&keys)
            .fetch_all(&mut self.connection)
            .await?;
        let rank = rank_of("w", lapsed.len(), 3);
        let text = format!(
            "select w.account, w.case_id, w.token, {rank} as ranked, w.since, w.amount from waiting w where w.tenant = $1 and w.account = any($2)
             order by w.account, ranked, w.since, w.case_id, w.token"
        );
        let mut line = sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(&keys);
        for revision in lapsed {
            line = line.bind(&revision.0[..]);
        }
        let line: Vec<(String, Uuid, i64, i16, i64, i64)> = line.fetch_all(&mut self.connection).await?;
        for (account, free) in free {
            found.insert(account, Some(Balance { free, waiting: Vec::new() }));
        }
        for (account, case, token, rank, since, amount) in line {
            if let Some(Some(balance)) = found.get_mut(&account) {
                let token = u32::try_from(token).map_err(|_| StoreFault::Broken { table: "waiting", why: format!("token {token} is not a local id") })?;
                balance.waiting.push(Waiting { case: CaseId(case), token, rank, since: Moment(since), amount });
            }
        }
        Ok(found)
    }

    pub(in crate::store) async fn lock_counters(&mut self, tenant: Tenant, counters: &[String]) -> Result<BTreeMap<String, u64>, WriteFault> {
        let mut found: BTreeMap<String, u64> = counters.iter().map(|counter| (counter.clone(), 0)).collect();
        let keys: Vec<&str> = found.keys().map(String::as_str).collect();
        // One statement makes a counter that is not there and locks it, so that two first takers meet at its row.
        let values: Vec<(String, i64)> = sqlx::query_as(
            "insert into counters as c (tenant, key, value) select $1, key, 0 from unnest($2::text[]) key
             on conflict (tenant, key) do update set value = c.value returning key, value",
        )
        .bind(tenant.0)
        .bind(&keys)
        .fetch_all(&mut self.connection)
        .await?;
        for (key, value) in values {
            found.insert(key, u64::try_from(value).unwrap_or(0));
        }
        Ok(found)
    }

    pub(in crate::store) async fn lock_leases(
        &mut self,
        tenant: Tenant,
        jobs: &[(CaseId, Local)],
    ) -> Result<BTreeMap<(CaseId, Local), Option<Lease>>, WriteFault> {
        let mut found: BTreeMap<(CaseId, Local), Option<Lease>> = jobs.iter().map(|key| (*key, None)).collect();
        if found.is_empty() {
            return Ok(found);
        }
        let (cases, numbers): (Vec<Uuid>, Vec<i64>) = found.keys().map(|(case, job)| (case.0, i64::from(*job))).unzip();
        let rows: Vec<(Uuid, i64, i64, Option<Uuid>)> = sqlx::query_as(
            "select j.case_id, j.job, j.fence, j.worker from unnest($2::uuid[], $3::bigint[]) as k(case_id, job)
             join jobs j on j.tenant = $1 and j.case_id = k.case_id and j.job = k.job order by j.case_id, j.job for update of j",
        )
        .bind(tenant.0)
        .bind(cases)
        .bind(numbers)
        .fetch_all(&mut self.connection)
        .await?;
        for (case, job, fence, worker) in rows {
            let job = u32::try_from(job).map_err(|_| StoreFault::Broken { table: "jobs", why: format!("job {job} is not a local id") })?;
            found.insert((CaseId(case), job), Some(Lease { fence, worker: worker.map(PersonId) }));
        }
        Ok(found)
    }

    pub(in crate::store) async fn receipt(
        &mut self,
        tenant: Tenant,
        case: Option<CaseId>,
        actor: &str,
        command: CommandId,
    ) -> Result<Option<StoredReceipt>, StoreFault> {
        let found: Option<(Uuid, [u8; 32], i64)> =
            sqlx::query_as("select coalesce(case_id, scope), digest, version from receipts where tenant = $1 and scope = $2 and command = $3 and actor = $4")
                .bind(tenant.0)
                .bind(case.map_or(Uuid::nil(), |case| case.0))
                .bind(command.0)
                .bind(actor)
                .fetch_optional(&mut self.connection)
                .await?;
        Ok(found.map(|(case, digest, version)| StoredReceipt { case: CaseId(case), digest: Digest(digest), version }))
    }
}
