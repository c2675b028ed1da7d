//! The log: acts still unsealed, entries, tiles and checkpoints.
//! Invariant: an entry's index is its key, so of two sealers one commits and the other learns it was second. Never: a change of an entry or a checkpoint.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::topics::cases::digest;
use crate::store::{Store, StoreFault};

/// An act that no checkpoint covers yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// Its place in the queue.
    pub id: i64,
    /// The tenant.
    pub tenant: Tenant,
    /// The case.
    pub case: CaseId,
    /// The act.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Vec<u8>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its index, from 0, without a gap.
    pub index: i64,
    /// The tenant.
    pub tenant: Tenant,
    /// The case.
    pub case: CaseId,
    /// The act.
    pub seq: i64,
    /// The leaf's hash in the tree.
    pub hash: Digest,
}

/// A tile of the tree: up to 256 hashes. The last one of a level grows until it is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    /// Its level.
    pub level: i64,
    /// Its index there.
    pub index: i64,
    /// The hashes.
    pub bytes: Vec<u8>,
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The size of the tree it signs.
    pub size: i64,
    /// When.
    pub at: Moment,
    /// The signed note.
    pub note: String,
}

/// What one sealing writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Entries, in order of index, the first one right after the newest in the log.
    pub entries: Vec<LogRow>,
    /// Tiles that are new or grew.
    pub tiles: Vec<TileRow>,
    /// The checkpoint, when one is due.
    pub checkpoint: Option<CheckpointRow>,
    /// The queue places the entries came from.
    pub done: Vec<i64>,
}

#[derive(FromRow)]
struct StoredUnsealed {
    id: i64,
    tenant: i32,
    case_id: Uuid,
    seq: i64,
    leaf: Vec<u8>,
}

#[derive(FromRow)]
struct StoredEntry {
    idx: i64,
    tenant: i32,
    case_id: Uuid,
    seq: i64,
    hash: Vec<u8>,
}

impl StoredEntry {
    fn row(self) -> Result<LogRow, StoreFault> {
        Ok(LogRow { index: self.idx, tenant: Tenant(self.tenant), case: CaseId(self.case_id), seq: self.seq, hash: digest("log", &self.hash)? })
    }
}

fn checkpoint((size, at, note): (i64, i64, String)) -> CheckpointRow {
    CheckpointRow { size, at: Moment(at), note }
}

impl Store {
    /// Acts waiting to be sealed, over all tenants; within a case in order.
    pub async fn unsealed(&self, limit: u32) -> Result<Vec<Unsealed>, StoreFault> {
        let text = "select u.id, u.tenant, u.case_id, u.seq, a.leaf from (select id, tenant, case_id, seq from unsealed order by id limit $1) u
            join acts a on a.tenant = u.tenant and a.case_id = u.case_id and a.seq = u.seq order by u.id";
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredUnsealed> = on_both!(&mut connection, c => sqlx::query_as(text).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        let act = |row: StoredUnsealed| Unsealed { id: row.id, tenant: Tenant(row.tenant), case: CaseId(row.case_id), seq: row.seq, leaf: row.leaf };
        Ok(found.into_iter().map(act).collect())
    }

    /// How many acts of a case the log holds.
    pub async fn sealed_acts(&self, tenant: Tenant, case: CaseId) -> Result<i64, StoreFault> {
        let text = "select count(*) from log where tenant = $1 and case_id = $2";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(case.0).fetch_one(&mut **c).await?))
    }

    /// Writes a sealing; false, and nothing written, when another sealer was first.
    pub async fn seal(&self, sealing: &Sealing) -> Result<bool, StoreFault> {
        match self.seal_rows(sealing).await {
            Ok(()) => Ok(true),
            Err(StoreFault::Database(sqlx::Error::Database(error))) if error.is_unique_violation() => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn seal_rows(&self, sealing: &Sealing) -> Result<(), StoreFault> {
        let entry = "insert into log (idx, tenant, case_id, seq, hash) values ($1, $2, $3, $4, $5)";
        let tile = "insert into tiles (level, idx, bytes) values ($1, $2, $3) on conflict (level, idx) do update set bytes = excluded.bytes";
        let note = "insert into checkpoints (size, at, note) values ($1, $2, $3)";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            for row in &sealing.entries {
                sqlx::query(entry).bind(row.index).bind(row.tenant.0).bind(row.case.0).bind(row.seq).bind(&row.hash.0[..]).execute(&mut **c).await?;
            }
            for row in &sealing.tiles {
                sqlx::query(tile).bind(row.level).bind(row.index).bind(&row.bytes).execute(&mut **c).await?;
            }
            if let Some(row) = &sealing.checkpoint {
                sqlx::query(note).bind(row.size).bind(row.at.0).bind(&row.note).execute(&mut **c).await?;
            }
            for id in &sealing.done {
                sqlx::query("delete from unsealed where id = $1").bind(id).execute(&mut **c).await?;
            }
        });
        connection.finish().await
    }

    /// How many entries the log has.
    pub async fn log_size(&self) -> Result<i64, StoreFault> {
        let text = "select coalesce(max(idx) + 1, 0) from log";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).fetch_one(&mut **c).await?))
    }

    /// Entries from `first` on, in order.
    pub async fn log_entries(&self, first: i64, limit: u32) -> Result<Vec<LogRow>, StoreFault> {
        let text = "select idx, tenant, case_id, seq, hash from log where idx >= $1 order by idx limit $2";
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredEntry> = on_both!(&mut connection, c => sqlx::query_as(text).bind(first).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        found.into_iter().map(StoredEntry::row).collect()
    }

    /// The log's entry of an act; `None` until it is sealed.
    pub async fn log_entry(&self, tenant: Tenant, case: CaseId, seq: i64) -> Result<Option<LogRow>, StoreFault> {
        let text = "select idx, tenant, case_id, seq, hash from log where tenant = $1 and case_id = $2 and seq = $3";
        let mut connection = self.everywhere().await?;
        let found: Option<StoredEntry> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).bind(seq).fetch_optional(&mut **c).await?);
        found.map(StoredEntry::row).transpose()
    }

    /// A tile.
    pub async fn tile(&self, level: i64, index: i64) -> Result<Option<TileRow>, StoreFault> {
        let text = "select bytes from tiles where level = $1 and idx = $2";
        let mut connection = self.everywhere().await?;
        let found: Option<Vec<u8>> = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(level).bind(index).fetch_optional(&mut **c).await?);
        Ok(found.map(|bytes| TileRow { level, index, bytes }))
    }

    /// All tiles of a level in order, from `first` on.
    pub async fn tiles(&self, level: i64, first: i64, limit: u32) -> Result<Vec<TileRow>, StoreFault> {
        let text = "select idx, bytes from tiles where level = $1 and idx >= $2 order by idx limit $3";
        let mut connection = self.everywhere().await?;
        let found: Vec<(i64, Vec<u8>)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(level).bind(first).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(index, bytes)| TileRow { level, index, bytes }).collect())
    }

    /// The newest checkpoint.
    pub async fn checkpoint(&self) -> Result<Option<CheckpointRow>, StoreFault> {
        let text = "select size, at, note from checkpoints order by size desc limit 1";
        let mut connection = self.everywhere().await?;
        let found: Option<(i64, i64, String)> = on_both!(&mut connection, c => sqlx::query_as(text).fetch_optional(&mut **c).await?);
        Ok(found.map(checkpoint))
    }

    /// Checkpoints by size, from after `after`.
    pub async fn checkpoints(&self, after: i64, limit: u32) -> Result<Vec<CheckpointRow>, StoreFault> {
        let text = "select size, at, note from checkpoints where size > $1 order by size limit $2";
        let mut connection = self.everywhere().await?;
        let found: Vec<(i64, i64, String)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(after).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(checkpoint).collect())
    }

    /// The leaf of an act; what `audit verify` hashes again.
    pub async fn leaf(&self, tenant: Tenant, case: CaseId, seq: i64) -> Result<Option<Vec<u8>>, StoreFault> {
        let text = "select leaf from acts where tenant = $1 and case_id = $2 and seq = $3";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(case.0).bind(seq).fetch_optional(&mut **c).await?))
    }
}
