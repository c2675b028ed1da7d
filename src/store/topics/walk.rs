//! The whole record in order, for whoever folds or verifies it. Invariant: every page begins after the last row of the one before, so a walk is bounded in memory and never skips.

use std::collections::BTreeMap;

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::{ActRow, CaseRow, SnapshotRow, TaskRow};
use crate::store::topics::accounts::{StoredWaiting, WaitingView};
use crate::store::topics::cases::{StoredCase, digest};
use crate::store::topics::inbox::StoredTask;
use crate::store::{LoadedCase, Store, StoreFault, TileRow};

/// A case by its place in the order of the walk.
pub type CasePlace = (Tenant, CaseId);

/// A body as it lies: commitment, salt, bytes.
pub type WalkedBody = (Digest, Vec<u8>, Vec<u8>);

/// An act with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedAct {
    /// The case it belongs to.
    pub place: CasePlace,
    /// The act.
    pub act: ActRow,
    /// Its entry in the log: index and leaf hash.
    pub entry: Option<(i64, Digest)>,
    /// It is on the list of acts to be sealed.
    pub pending: bool,
}

/// What the tables say of a case: to be held against the fold of its acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkedTables {
    /// The newest snapshot.
    pub snapshot: Option<SnapshotRow>,
    /// The open tasks, by task and office.
    pub tasks: Vec<TaskRow>,
    /// The places on waiting lists, by token.
    pub waiting: Vec<WaitingView>,
}

#[derive(FromRow)]
struct StoredWalk {
    tenant: i32,
    case_id: Uuid,
    seq: i64,
    at: i64,
    kind: String,
    events: Vec<u8>,
    leaf: Vec<u8>,
    idx: Option<i64>,
    hash: Option<Vec<u8>>,
    pending: i64,
}

#[derive(FromRow)]
struct PlacedTask {
    tenant: i32,
    #[sqlx(flatten)]
    task: StoredTask,
}

impl StoredWalk {
    fn row(self) -> Result<WalkedAct, StoreFault> {
        let entry = match (self.idx, self.hash) {
            (Some(index), Some(hash)) => Some((index, digest("log", &hash)?)),
            (_, _) => None,
        };
        let act = ActRow { seq: self.seq, at: Moment(self.at), kind: self.kind, events: self.events, leaf: self.leaf };
        Ok(WalkedAct { place: (Tenant(self.tenant), CaseId(self.case_id)), act, entry, pending: self.pending != 0 })
    }
}

impl Store {
    /// A case as stored, for reading: its row, its newest snapshot, the acts after it.
    pub async fn load_case(&self, tenant: Tenant, case: CaseId) -> Result<Option<LoadedCase>, StoreFault> {
        // One snapshot of the database on PostgreSQL; on SQLite an act committed between two reads is cut off by the row's version below.
        let Some(row) = self.case(tenant, case).await? else { return Ok(None) };
        let snapshot = self.snapshot(tenant, case).await?.filter(|snapshot| snapshot.version <= row.version);
        let snapshot = snapshot.filter(|snapshot| snapshot.format == crate::limits::SNAPSHOT_FORMAT);
        let mut after = snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        let mut acts = Vec::new();
        while after < row.version {
            let page = self.acts(tenant, case, after, crate::limits::CASE_ACTS_PER_READ_MAX).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            acts.extend(page.into_iter().filter(|act| act.seq <= row.version));
        }
        Ok(Some(LoadedCase { row, snapshot, acts }))
    }

    /// The newest snapshot of a case.
    pub async fn snapshot(&self, tenant: Tenant, case: CaseId) -> Result<Option<SnapshotRow>, StoreFault> {
        let text = "select version, format, state from snapshots where tenant = $1 and case_id = $2";
        let mut connection = self.reader(tenant).await?;
        let found: Option<(i64, i32, Vec<u8>)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_optional(&mut **c).await?);
        Ok(found.map(|(version, format, state)| SnapshotRow { version, format, state }))
    }

    /// Cases over all tenants in order of (tenant, id), after the one given.
    pub async fn walk_cases(&self, after: Option<(Tenant, CaseId)>, limit: u32) -> Result<Vec<CaseRow>, StoreFault> {
        let text = "select * from cases where (tenant, id) > ($1, $2) order by tenant, id limit $3";
        let (tenant, case) = after.map_or((i32::MIN, Uuid::nil()), |(tenant, case)| (tenant.0, case.0));
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredCase> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant).bind(case).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        found.into_iter().map(StoredCase::row).collect()
    }

    /// Acts with their places in the log in order of (case, seq), after the one given, up to the last of case `upto`; an act with two entries comes twice.
    pub async fn walk_acts(&self, ((tenant, case), seq): (CasePlace, i64), upto: CasePlace, limit: u32) -> Result<Vec<WalkedAct>, StoreFault> {
        // The list to be sealed has no index of its own, because every commit would pay for it; it is read once a page, not once a case.
        let text = "select a.tenant, a.case_id, a.seq, a.at, a.kind, a.events, a.leaf, l.idx, l.hash, coalesce(u.pending, 0) as pending
            from acts a left join log l on l.tenant = a.tenant and l.case_id = a.case_id and l.seq = a.seq
            left join (select tenant, case_id, seq, count(*) as pending from unsealed where (tenant, case_id) >= ($1, $2) and (tenant, case_id) <= ($4, $5)
              group by tenant, case_id, seq) u on u.tenant = a.tenant and u.case_id = a.case_id and u.seq = a.seq
            where (a.tenant, a.case_id, a.seq) > ($1, $2, $3) and (a.tenant, a.case_id) <= ($4, $5)
            order by a.tenant, a.case_id, a.seq, l.idx limit $6";
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredWalk> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(tenant.0)
            .bind(case.0)
            .bind(seq)
            .bind(upto.0.0)
            .bind(upto.1.0)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(StoredWalk::row).collect()
    }

    /// What the tables say of the cases from `first` to `last`; a case of which they say nothing is missing.
    pub async fn walk_tables(&self, first: CasePlace, last: CasePlace) -> Result<BTreeMap<CasePlace, WalkedTables>, StoreFault> {
        let snapshots = "select tenant, case_id, version, format, state from snapshots where (tenant, case_id) >= ($1, $2) and (tenant, case_id) <= ($3, $4)";
        let tasks = "select * from tasks where (tenant, case_id) >= ($1, $2) and (tenant, case_id) <= ($3, $4) order by tenant, case_id, task, pool";
        let waiting = "select tenant, account, case_id, token, rank, since, amount from waiting
            where (tenant, case_id) >= ($1, $2) and (tenant, case_id) <= ($3, $4) order by tenant, case_id, token";
        let mut connection = self.everywhere().await?;
        let (snapshots, tasks, waiting) = on_both!(&mut connection, c => {
            let snapshots: Vec<(i32, Uuid, i64, i32, Vec<u8>)> =
                sqlx::query_as(snapshots).bind(first.0.0).bind(first.1.0).bind(last.0.0).bind(last.1.0).fetch_all(&mut **c).await?;
            let tasks: Vec<PlacedTask> = sqlx::query_as(tasks).bind(first.0.0).bind(first.1.0).bind(last.0.0).bind(last.1.0).fetch_all(&mut **c).await?;
            let waiting: Vec<StoredWaiting> = sqlx::query_as(waiting).bind(first.0.0).bind(first.1.0).bind(last.0.0).bind(last.1.0).fetch_all(&mut **c).await?;
            (snapshots, tasks, waiting)
        });
        let mut tables: BTreeMap<CasePlace, WalkedTables> = BTreeMap::new();
        for (tenant, case, version, format, state) in snapshots {
            tables.entry((Tenant(tenant), CaseId(case))).or_default().snapshot = Some(SnapshotRow { version, format, state });
        }
        for PlacedTask { tenant, task } in tasks {
            let found = task.row()?;
            tables.entry((Tenant(tenant), found.case)).or_default().tasks.push(found.task);
        }
        for place in waiting {
            let place = place.row()?;
            tables.entry((place.tenant, place.case)).or_default().waiting.push(place);
        }
        Ok(tables)
    }

    /// Tiles in order of (level, index), after the one given.
    pub async fn walk_tiles(&self, (level, index): (i64, i64), limit: u32) -> Result<Vec<TileRow>, StoreFault> {
        let text = "select level, idx, bytes from tiles where (level, idx) > ($1, $2) order by level, idx limit $3";
        let mut connection = self.everywhere().await?;
        let found: Vec<(i64, i64, Vec<u8>)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(level).bind(index).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(level, index, bytes)| TileRow { level, index, bytes }).collect())
    }

    /// Every body of the cases from `first` to `last`.
    pub async fn walk_bodies(&self, first: CasePlace, last: CasePlace) -> Result<Vec<WalkedBody>, StoreFault> {
        let text = "select digest, salt, bytes from bodies where (tenant, case_id) >= ($1, $2) and (tenant, case_id) <= ($3, $4)";
        let mut connection = self.everywhere().await?;
        let found: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(first.0.0)
            .bind(first.1.0)
            .bind(last.0.0)
            .bind(last.1.0)
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(|(key, salt, bytes)| Ok((digest("bodies", &key)?, salt, bytes))).collect()
    }
}
