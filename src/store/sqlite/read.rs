//! What a writer reads on its own connection, so that it sees its own transaction. Invariant: rows come back exactly as they were written.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, ToSql, params};
use uuid::Uuid;

use super::Writer;
use crate::engine::case::Local;
use crate::engine::facts::{Balance, Lease, Waiting};
use crate::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};
use crate::limits::SNAPSHOT_FORMAT;
use crate::store::rows::{ActRow, CaseRow, SnapshotRow};
use crate::store::topics::lapsed::rank_of;
use crate::store::{LoadedCase, StoreFault, StoredReceipt, WriteFault};

impl Writer {
    pub(in crate::store) fn load_case(&mut self, tenant: Tenant, case: CaseId) -> Result<Option<LoadedCase>, StoreFault> {
        let Some(row) = self
            .connection
            .prepare_cached(
                "select number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head, title
                 from cases where tenant = ? and id = ?",
            )?
            .query_row(params![tenant.0, case.0.as_bytes()], |row| case_row(row, tenant, case))
            .optional()?
        else {
            return Ok(None);
        };
        let snapshot = self
            .connection
            .prepare_cached("select version, format, state from snapshots where tenant = ? and case_id = ? and format = ?")?
            .query_row(params![tenant.0, case.0.as_bytes(), SNAPSHOT_FORMAT], |row| {
                Ok(SnapshotRow { version: row.get(0)?, format: row.get(1)?, state: row.get(2)? })
            })
            .optional()?;
        let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        let acts = self
            .connection
            .prepare_cached("select seq, at, kind, events, leaf from acts where tenant = ? and case_id = ? and seq > ? order by seq")?
            .query_map(params![tenant.0, case.0.as_bytes(), after], |row| {
                Ok(ActRow { seq: row.get(0)?, at: Moment(row.get(1)?), kind: row.get(2)?, events: row.get(3)?, leaf: row.get(4)? })
            })?
            .collect::<Result<_, _>>()?;
        Ok(Some(LoadedCase { row, snapshot, acts }))
    }

    pub(in crate::store) fn versions(&mut self, tenant: Tenant, cases: &[CaseId]) -> Result<Vec<(CaseId, i64)>, StoreFault> {
        let mut statement = self.connection.prepare_cached("select version from cases where tenant = ? and id = ?")?;
        let mut found = Vec::with_capacity(cases.len());
        for case in cases {
            let version = statement.query_row(params![tenant.0, case.0.as_bytes()], |row| row.get(0)).optional()?;
            found.extend(version.map(|version| (*case, version)));
        }
        Ok(found)
    }

    pub(in crate::store) fn registry_version(&mut self, tenant: Tenant) -> Result<i64, StoreFault> {
        let mut statement = self.connection.prepare_cached("select registry_version from tenants where tenant = ?")?;
        Ok(statement.query_row([tenant.0], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    pub(in crate::store) fn bodies(&mut self, tenant: Tenant, case: CaseId, digests: &[Digest]) -> Result<Vec<(Digest, Vec<u8>)>, StoreFault> {
        let mut statement = self.connection.prepare_cached("select bytes from bodies where tenant = ? and case_id = ? and digest = ?")?;
        let mut found = Vec::with_capacity(digests.len());
        for digest in digests {
            let bytes = statement.query_row(params![tenant.0, case.0.as_bytes(), &digest.0], |row| row.get(0)).optional()?;
            found.extend(bytes.map(|bytes| (*digest, bytes)));
        }
        Ok(found)
    }

    pub(in crate::store) fn lock_balances(
        &mut self,
        tenant: Tenant,
        accounts: &[String],
        lapsed: &[Digest],
    ) -> Result<BTreeMap<String, Option<Balance>>, WriteFault> {
        // BEGIN IMMEDIATE already locked the file.
        let mut free = self.connection.prepare_cached("select free from accounts where tenant = ? and account = ?")?;
        let rank = rank_of("w", lapsed.len(), 3).replace('$', "?");
        let mut line = self.connection.prepare_cached(&format!(
            "select w.case_id, w.token, {rank} as ranked, w.since, w.amount from waiting w where w.tenant = ?1 and w.account = ?2
             order by ranked, w.since, w.case_id, w.token"
        ))?;
        let mut found = BTreeMap::new();
        for account in accounts {
            let balance = free.query_row(params![tenant.0, account], |row| row.get(0)).optional()?;
            let waiting = match balance {
                Some(_) => {
                    let lapsed = lapsed.iter().map(|revision| &revision.0 as &dyn ToSql);
                    let values: Vec<&dyn ToSql> = [&tenant.0 as &dyn ToSql, account].into_iter().chain(lapsed).collect();
                    line.query_map(&values[..], waiting_row)?.collect::<Result<_, _>>()?
                }
                None => Vec::new(),
            };
            found.insert(account.clone(), balance.map(|free| Balance { free, waiting }));
        }
        Ok(found)
    }

    pub(in crate::store) fn lock_counters(&mut self, tenant: Tenant, counters: &[String]) -> Result<BTreeMap<String, u64>, WriteFault> {
        let mut statement = self.connection.prepare_cached("select value from counters where tenant = ? and key = ?")?;
        let mut found = BTreeMap::new();
        for counter in counters {
            let value: Option<i64> = statement.query_row(params![tenant.0, counter], |row| row.get(0)).optional()?;
            found.insert(counter.clone(), value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0));
        }
        Ok(found)
    }

    pub(in crate::store) fn lock_leases(&mut self, tenant: Tenant, jobs: &[(CaseId, Local)]) -> Result<BTreeMap<(CaseId, Local), Option<Lease>>, WriteFault> {
        let mut statement = self.connection.prepare_cached("select fence, worker from jobs where tenant = ? and case_id = ? and job = ?")?;
        let mut found = BTreeMap::new();
        for (case, job) in jobs {
            let read = |row: &Row<'_>| Ok(Lease { fence: row.get(0)?, worker: row.get::<_, Option<[u8; 16]>>(1)?.map(|id| PersonId(Uuid::from_bytes(id))) });
            found.insert((*case, *job), statement.query_row(params![tenant.0, case.0.as_bytes(), job], read).optional()?);
        }
        Ok(found)
    }

    pub(in crate::store) fn receipt(
        &mut self,
        tenant: Tenant,
        case: Option<CaseId>,
        actor: &str,
        command: CommandId,
    ) -> Result<Option<StoredReceipt>, StoreFault> {
        let scope = case.map_or(Uuid::nil(), |case| case.0);
        let mut statement = self
            .connection
            .prepare_cached("select coalesce(case_id, scope), digest, version from receipts where tenant = ? and scope = ? and actor = ? and command = ?")?;
        let found = statement.query_row(params![tenant.0, scope.as_bytes(), actor, command.0.as_bytes()], |row| {
            Ok(StoredReceipt { case: CaseId(uuid(row, 0)?), digest: Digest(row.get(1)?), version: row.get(2)? })
        });
        Ok(found.optional()?)
    }
}

fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, rusqlite::Error> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

fn case_row(row: &Row<'_>, tenant: Tenant, id: CaseId) -> Result<CaseRow, rusqlite::Error> {
    Ok(CaseRow {
        tenant,
        id,
        number: row.get(0)?,
        workflow: row.get(1)?,
        revision: Digest(row.get(2)?),
        version: row.get(3)?,
        applicant: PersonId(uuid(row, 4)?),
        rank: row.get(5)?,
        started: Moment(row.get(6)?),
        ended: row.get::<_, Option<i64>>(7)?.map(Moment),
        result: row.get(8)?,
        next_wake: row.get::<_, Option<i64>>(9)?.map(Moment),
        head: Digest(row.get(10)?),
        title: row.get(11)?,
    })
}

fn waiting_row(row: &Row<'_>) -> Result<Waiting, rusqlite::Error> {
    Ok(Waiting { case: CaseId(uuid(row, 0)?), token: row.get(1)?, rank: row.get(2)?, since: Moment(row.get(3)?), amount: row.get(4)? })
}
