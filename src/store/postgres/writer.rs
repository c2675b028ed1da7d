//! A writer of PostgreSQL. Invariant: its connection plans every statement once. Never: a statement outside of what `app`'s lane asks, one after another.

use std::collections::BTreeMap;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::engine::facts::{Balance, Waiting};
use crate::ids::{CaseId, CommandId, Digest, Moment, Tenant};
use crate::store::rows::{ActRow, SnapshotRow};
use crate::store::topics::cases::StoredCase;
use crate::store::{LoadedCase, StoreFault, StoredReceipt, WriteFault};

/// One writing connection.
#[derive(Debug)]
pub struct Writer {
    pub(super) connection: PgConnection,
}

impl Writer {
    /// Connects with plans made once: an `unnest($1)` is otherwise planned anew each time, and the planner's guess at its length leads to scans of whole tables.
    pub(in crate::store) async fn connect(url: &str) -> Result<Self, StoreFault> {
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
        Ok(Self { connection: PgConnection::connect_with(&options).await? })
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<(), StoreFault> {
        self.connection.execute("begin").await?;
        Ok(())
    }

    pub(in crate::store) async fn commit(&mut self) -> Result<(), WriteFault> {
        self.connection.execute("commit").await?;
        Ok(())
    }

    pub(in crate::store) async fn rollback(&mut self) -> Result<(), StoreFault> {
        self.connection.execute("rollback").await?;
        Ok(())
    }

    pub(in crate::store) async fn load_case(&mut self, tenant: Tenant, case: CaseId) -> Result<Option<LoadedCase>, StoreFault> {
        let row: Option<StoredCase> = sqlx::query_as(
            "select tenant, id, number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head
             from cases where tenant = $1 and id = $2",
        )
        .bind(tenant.0)
        .bind(case.0)
        .fetch_optional(&mut self.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let snapshot: Option<(i64, i32, Vec<u8>)> = sqlx::query_as("select version, format, state from snapshots where tenant = $1 and case_id = $2")
            .bind(tenant.0)
            .bind(case.0)
            .fetch_optional(&mut self.connection)
            .await?;
        let snapshot = snapshot.map(|(version, format, state)| SnapshotRow { version, format, state });
        let acts: Vec<(i64, i64, String, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("select seq, at, kind, events, leaf from acts where tenant = $1 and case_id = $2 and seq > $3 order by seq")
                .bind(tenant.0)
                .bind(case.0)
                .bind(snapshot.as_ref().map_or(0, |snapshot| snapshot.version))
                .fetch_all(&mut self.connection)
                .await?;
        let acts = acts.into_iter().map(|(seq, at, kind, events, leaf)| ActRow { seq, at: Moment(at), kind, events, leaf }).collect();
        Ok(Some(LoadedCase { row: row.row()?, snapshot, acts }))
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

    pub(in crate::store) async fn lock_balances(&mut self, tenant: Tenant, accounts: &[String]) -> Result<BTreeMap<String, Option<Balance>>, WriteFault> {
        let mut found: BTreeMap<String, Option<Balance>> = accounts.iter().map(|account| (account.clone(), None)).collect();
        let keys: Vec<&str> = found.keys().map(String::as_str).collect();
        // Locked in order of key: in statement order two hot accounts deadlocked.
        let free: Vec<(String, i64)> = sqlx::query_as("select account, free from accounts where tenant = $1 and account = any($2) order by account for update")
            .bind(tenant.0)
            .bind(&keys)
            .fetch_all(&mut self.connection)
            .await?;
        let line: Vec<(String, Uuid, i64, i16, i64, i64)> = sqlx::query_as(
            "select account, case_id, token, rank, since, amount from waiting where tenant = $1 and account = any($2)
             order by account, rank, since, case_id, token",
        )
        .bind(tenant.0)
        .bind(&keys)
        .fetch_all(&mut self.connection)
        .await?;
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
        // A counter is made before it is locked, so that two first takers meet at its row.
        sqlx::query("insert into counters (tenant, key, value) select $1, key, 0 from unnest($2::text[]) key on conflict do nothing")
            .bind(tenant.0)
            .bind(&keys)
            .execute(&mut self.connection)
            .await?;
        let values: Vec<(String, i64)> = sqlx::query_as("select key, value from counters where tenant = $1 and key = any($2) order by key for update")
            .bind(tenant.0)
            .bind(&keys)
            .fetch_all(&mut self.connection)
            .await?;
        for (key, value) in values {
            found.insert(key, u64::try_from(value).unwrap_or(0));
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
