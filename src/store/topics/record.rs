//! Looking into the record: cases in the order they began, the acts of a case, of a day or of a person, and the register's acts of one kind.
//! Invariant: one call reads a bounded stretch of the log, and says which, so that nobody takes "not there" for "not anywhere". Never: a body.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Moment, Tenant};
use crate::limits::LEAVES_PER_TURN_MAX;
use crate::store::dialect::{contains_bytes, on_both};
use crate::store::rows::{ActRow, CaseRow};
use crate::store::topics::cases::StoredCase;
use crate::store::{Store, StoreFault};

/// An act with its case and its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAct {
    /// The case.
    pub case: CaseId,
    /// The number people use.
    pub number: Option<String>,
    /// The act.
    pub act: ActRow,
    /// Its index in the log; `None` until it is sealed.
    pub index: Option<i64>,
}

/// A stretch of the log to look through, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched {
    /// The first index looked at.
    pub from: i64,
    /// The index after the last.
    pub to: i64,
    /// Acts of this moment or later.
    pub since: Moment,
    /// Acts before this moment.
    pub before: Moment,
    /// Acts whose leaf holds this.
    pub leaf_holds: Option<String>,
    /// At most this many.
    pub limit: u32,
}

#[derive(FromRow)]
struct StoredFound {
    case_id: Uuid,
    number: Option<String>,
    seq: i64,
    at: i64,
    kind: String,
    events: Vec<u8>,
    leaf: Vec<u8>,
    idx: Option<i64>,
}

impl From<StoredFound> for FoundAct {
    fn from(row: StoredFound) -> Self {
        let act = ActRow { seq: row.seq, at: Moment(row.at), kind: row.kind, events: row.events, leaf: row.leaf };
        Self { case: CaseId(row.case_id), number: row.number, act, index: row.idx }
    }
}

impl Store {
    /// Cases in the order they began, after the one given.
    pub async fn cases_onward(&self, tenant: Tenant, after: Option<CaseId>, limit: u32) -> Result<Vec<CaseRow>, StoreFault> {
        let text = "select * from cases where tenant = $1 and id > $2 order by id limit $3";
        let after = after.map_or(Uuid::nil(), |case| case.0);
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredCase> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(after).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        found.into_iter().map(StoredCase::row).collect()
    }

    /// The acts of a case, newest first, before act `before`.
    pub async fn acts_before(&self, tenant: Tenant, case: CaseId, before: i64, limit: u32) -> Result<Vec<FoundAct>, StoreFault> {
        let text = "select a.case_id, c.number, a.seq, a.at, a.kind, a.events, a.leaf, l.idx
            from (select * from acts where tenant = $1 and case_id = $2 and seq < $3 order by seq desc limit $4) a
            join cases c on c.tenant = $1 and c.id = a.case_id left join log l on l.tenant = $1 and l.case_id = a.case_id and l.seq = a.seq order by a.seq desc";
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredFound> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).bind(before).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(FoundAct::from).collect())
    }

    /// The sealed acts of a tenant in a stretch of the log, newest first.
    pub async fn acts_in_log(&self, tenant: Tenant, searched: &Searched) -> Result<Vec<FoundAct>, StoreFault> {
        let mut connection = self.everywhere().await?;
        let holds = if searched.leaf_holds.is_some() { contains_bytes(&connection, "a.leaf", "$7") } else { "coalesce($7, a.leaf) = a.leaf".to_owned() };
        // A cross join and a `+`, so that SQLite walks the stretch of the log and stops at the limit; left to itself it begins with every act of the tenant.
        let text = format!(
            "select a.case_id, c.number, a.seq, a.at, a.kind, a.events, a.leaf, l.idx from log l cross join acts a cross join cases c
             where l.idx >= $2 and l.idx < $3 and +l.tenant = $1 and a.tenant = l.tenant and a.case_id = l.case_id and a.seq = l.seq
               and c.tenant = l.tenant and c.id = l.case_id and a.at >= $4 and a.at < $5 and {holds} order by l.idx desc limit $6"
        );
        let needle = searched.leaf_holds.as_deref().map(str::as_bytes);
        let found: Vec<StoredFound> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(searched.from)
            .bind(searched.to)
            .bind(searched.since.0)
            .bind(searched.before.0)
            .bind(i64::from(searched.limit))
            .bind(needle)
            .fetch_all(&mut **c)
            .await?);
        Ok(found.into_iter().map(FoundAct::from).collect())
    }

    /// How many acts wait to be sealed.
    pub async fn unsealed_count(&self) -> Result<i64, StoreFault> {
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar("select count(*) from unsealed").fetch_one(&mut **c).await?))
    }

    /// How many notices of a tenant are due after `since`.
    pub async fn notices_since(&self, tenant: Tenant, since: Moment) -> Result<i64, StoreFault> {
        let text = "select count(*) from notices where tenant = $1 and due > $2";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(since.0).fetch_one(&mut **c).await?))
    }

    /// Where in the log the acts of a span of time lie: the first index, and the index after the last.
    pub async fn log_span(&self, since: Moment, before: Moment) -> Result<(i64, i64), StoreFault> {
        let (first, ends) = (
            "select size from checkpoints where at < $1 order by at desc, size desc limit 1",
            "select size from checkpoints where at >= $1 order by at, size limit 64",
        );
        let mut connection = self.everywhere().await?;
        let from: Option<i64> = on_both!(&mut connection, c => sqlx::query_scalar(first).bind(since.0).fetch_optional(&mut **c).await?);
        let last: Option<i64> = on_both!(&mut connection, c => sqlx::query_scalar(first).bind(before.0).fetch_optional(&mut **c).await?);
        let later: Vec<i64> = on_both!(&mut connection, c => sqlx::query_scalar(ends).bind(before.0).fetch_all(&mut **c).await?);
        // A turn of the sealer that was not full left no act waiting from before it.
        let mut earlier = last.unwrap_or(0);
        let emptied = later.into_iter().find(|size| {
            let full = *size - earlier >= i64::from(LEAVES_PER_TURN_MAX);
            earlier = *size;
            !full
        });
        drop(connection);
        let to = match emptied {
            Some(size) => size,
            None => self.log_size().await?,
        };
        Ok((from.unwrap_or(0), to))
    }

    /// The acts of a register (or another case) whose events hold `words`, newest first, before act `before`.
    pub async fn acts_that_say(&self, tenant: Tenant, case: CaseId, words: &str, (before, limit): (i64, u32)) -> Result<Vec<FoundAct>, StoreFault> {
        let mut connection = self.everywhere().await?;
        let holds = contains_bytes(&connection, "a.events", "$5");
        let text = format!(
            "select a.case_id, c.number, a.seq, a.at, a.kind, a.events, a.leaf, l.idx from acts a join cases c on c.tenant = $1 and c.id = a.case_id
             left join log l on l.tenant = $1 and l.case_id = a.case_id and l.seq = a.seq
             where a.tenant = $1 and a.case_id = $2 and a.seq < $3 and {holds} order by a.seq desc limit $4"
        );
        let found: Vec<StoredFound> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(case.0)
            .bind(before)
            .bind(i64::from(limit))
            .bind(words.as_bytes())
            .fetch_all(&mut **c)
            .await?);
        Ok(found.into_iter().map(FoundAct::from).collect())
    }
}
