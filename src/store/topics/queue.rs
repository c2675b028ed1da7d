//! The outbox as an operator sees it: what waits, what left, what was parked; and what gateways said later of what they had taken.
//! Invariant: a receipt is a row beside the notice and changes nothing of it; the same receipt twice is one row. Never: an address.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use super::outbox::{NoticeView, StoredNotice, view_columns};
use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::limits::NOTICE_RECEIPTS_MAX;
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

/// What has become of a notice so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// Still to go.
    Waiting,
    /// The other side took it.
    Sent,
    /// Nobody tries again by themselves.
    Parked,
}

impl NoticeState {
    const fn code(self) -> i16 {
        match self {
            Self::Waiting => 0,
            Self::Sent => 1,
            Self::Parked => 2,
        }
    }

    /// What stands in an index of its own for the state: the literal lets both databases see that.
    const fn condition(self) -> &'static str {
        match self {
            Self::Waiting => "state = 0",
            Self::Sent | Self::Parked => "state <> 0 and state = $2",
        }
    }

    /// What a list of the state is ordered by.
    const fn moment(self) -> &'static str {
        match self {
            Self::Waiting => "next_attempt_at",
            Self::Sent | Self::Parked => "settled_at",
        }
    }

    /// Those that wait come in the order they will go, the others with the newest first.
    const fn direction(self) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => ("asc", ">"),
            Self::Sent | Self::Parked => ("desc", "<"),
        }
    }
}

/// Which notices of one medium.
#[derive(Clone, Debug)]
pub struct NoticeFilter {
    /// What became of them.
    pub state: NoticeState,
    /// `mail` or `sms`.
    pub channel: String,
    /// One kind only.
    pub kind: Option<String>,
    /// Those after this one in the list's order: its moment and key.
    pub after: Option<(Moment, String)>,
    /// At most so many.
    pub limit: u32,
}

/// What a gateway said of a message it had taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeReceipt {
    /// When we heard it.
    pub at: Moment,
    /// It arrived, or will not.
    pub delivered: bool,
    /// Its words.
    pub words: String,
}

/// The message that the other side calls by a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledMessage {
    /// The tenant.
    pub tenant: Tenant,
    /// The case.
    pub case: CaseId,
    /// The notice's key.
    pub key: String,
    /// Which part of it, from 1.
    pub part: i32,
    /// Of how many.
    pub parts: i32,
}

#[derive(FromRow)]
struct StoredReceipt {
    at: i64,
    delivered: i16,
    words: String,
}

impl Store {
    /// Notices of one state and medium: waiting ones by when they are tried next, the others with the newest first.
    pub async fn notices_in(&self, tenant: Tenant, filter: &NoticeFilter) -> Result<Vec<NoticeView>, StoreFault> {
        let (condition, moment, (direction, beyond)) = (filter.state.condition(), filter.state.moment(), filter.state.direction());
        let text = format!(
            "select {} from notices where tenant = $1 and {condition} and channel = $3 and ($4 is null or kind = $4)
               and ($5 is null or ({moment}, key) {beyond} ($5, $6)) and $2 = $2 order by {moment} {direction}, key {direction} limit $7",
            view_columns()
        );
        let (after_at, after_key) = filter.after.clone().map(|(at, key)| (at.0, key)).unzip();
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredNotice> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(filter.state.code())
            .bind(&filter.channel)
            .bind(&filter.kind)
            .bind(after_at)
            .bind(after_key)
            .bind(i64::from(filter.limit))
            .fetch_all(&mut **c)
            .await?);
        Ok(found.into_iter().map(StoredNotice::view).collect())
    }

    /// How many there are of that state, medium and kind; counting ends at `most`.
    pub async fn notices_counted(&self, tenant: Tenant, filter: &NoticeFilter, most: u32) -> Result<i64, StoreFault> {
        let condition = filter.state.condition();
        let text = format!(
            "select count(*) from (select 1 from notices where tenant = $1 and {condition} and channel = $3 and ($4 is null or kind = $4) and $2 = $2 limit $5) as counted"
        );
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(filter.state.code())
            .bind(&filter.channel)
            .bind(&filter.kind)
            .bind(i64::from(most))
            .fetch_one(&mut **c)
            .await?))
    }

    /// The short messages a gateway's receipt is about, over all tenants. It names a key alone: a notice's own, or the message's that it left with, together with others.
    pub async fn sms_notices(&self, id: &str) -> Result<Vec<(Tenant, CaseId, String)>, StoreFault> {
        let one = "select tenant, case_id, key, fold from notices where key = $1 and channel = 'sms'";
        let all = "select tenant, case_id, key from notices where fold = $1 and channel = 'sms' order by key";
        let mut connection = self.everywhere().await?;
        let found: Option<(i32, Uuid, String, Option<String>)> = on_both!(&mut connection, c => sqlx::query_as(one).bind(id).fetch_optional(&mut **c).await?);
        let fold = match found {
            Some((tenant, case, key, None)) => return Ok(vec![(Tenant(tenant), CaseId(case), key)]),
            Some((.., Some(fold))) => fold,
            None => id.to_owned(),
        };
        let found: Vec<(i32, Uuid, String)> = on_both!(&mut connection, c => sqlx::query_as(all).bind(fold).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(tenant, case, key)| (Tenant(tenant), CaseId(case), key)).collect())
    }

    /// Keeps what the other side calls the parts of a message.
    pub async fn keep_message_ids(&self, (tenant, case, key): (Tenant, CaseId, &str), ids: &[String], at: Moment) -> Result<(), StoreFault> {
        let text = "insert into message_ids (tenant, id, case_id, key, part, parts, at) values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (id) do update set tenant = excluded.tenant, case_id = excluded.case_id, key = excluded.key, part = excluded.part, parts = excluded.parts, at = excluded.at";
        let parts = i32::try_from(ids.len()).unwrap_or(i32::MAX);
        let mut connection = self.worker().await?;
        for (part, id) in (1_i32..).zip(ids) {
            on_both!(&mut connection, c => {
                sqlx::query(text).bind(tenant.0).bind(id).bind(case.0).bind(key).bind(part).bind(parts).bind(at.0).execute(&mut **c).await?;
            });
        }
        connection.finish().await
    }

    /// Whose message the other side calls that, over all tenants.
    pub async fn message_called(&self, id: &str) -> Result<Option<CalledMessage>, StoreFault> {
        let text = "select tenant, case_id, key, part, parts from message_ids where id = $1";
        let mut connection = self.everywhere().await?;
        let found: Option<(i32, Uuid, String, i32, i32)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(id).fetch_optional(&mut **c).await?);
        Ok(found.map(|(tenant, case, key, part, parts)| CalledMessage { tenant: Tenant(tenant), case: CaseId(case), key, part, parts }))
    }

    /// Forgets names given before `before`.
    pub async fn drop_message_ids(&self, before: Moment) -> Result<(), StoreFault> {
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query("delete from message_ids where at < $1").bind(before.0).execute(&mut **c).await?; });
        connection.finish().await
    }

    /// Keeps a receipt; false, and nothing written, when the same is there already or the notice has as many as are kept.
    pub async fn keep_receipt(&self, (tenant, case, key): (Tenant, CaseId, &str), receipt: &NoticeReceipt) -> Result<bool, StoreFault> {
        let text = "insert into notice_receipts (tenant, case_id, key, digest, place, at, delivered, words)
            select $1, $2, $3, $4, have.place, $5, $6, $7 from (select count(*) as place from notice_receipts where tenant = $1 and case_id = $2 and key = $3) as have
            where have.place < $8 on conflict (tenant, case_id, key, digest) do nothing";
        let digest = Digest::of(format!("{} {}", receipt.delivered, receipt.words).as_bytes());
        let mut connection = self.worker().await?;
        let kept = on_both!(&mut connection, c => sqlx::query(text)
            .bind(tenant.0)
            .bind(case.0)
            .bind(key)
            .bind(&digest.0[..])
            .bind(receipt.at.0)
            .bind(i16::from(receipt.delivered))
            .bind(&receipt.words)
            .bind(NOTICE_RECEIPTS_MAX)
            .execute(&mut **c)
            .await?
            .rows_affected());
        connection.finish().await?;
        Ok(kept > 0)
    }

    /// The receipts of a notice, in the order they came.
    pub async fn receipts_of(&self, tenant: Tenant, case: CaseId, key: &str) -> Result<Vec<NoticeReceipt>, StoreFault> {
        let text = "select at, delivered, words from notice_receipts where tenant = $1 and case_id = $2 and key = $3 order by place, at, digest";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredReceipt> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).bind(key).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|row| NoticeReceipt { at: Moment(row.at), delivered: row.delivered == 1, words: row.words }).collect())
    }
}
