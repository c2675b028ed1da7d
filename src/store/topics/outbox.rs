//! The outbox: notices claimed by a lease with a fencing token, their attempts, and what is left.
//! Invariant: a claim commits before anything is sent, and whoever lost the lease can write nothing more. Never: a sent or parked state; that comes with the case's own commit.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Moment, PersonId, Tenant};
use crate::store::dialect::{on_both, skip_locked};
use crate::store::rows::NoticeRow;
use crate::store::{Store, StoreFault};

/// A notice a worker holds until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedNotice {
    /// The tenant.
    pub tenant: Tenant,
    /// The case it speaks of.
    pub case: CaseId,
    /// The notice.
    pub notice: NoticeRow,
    /// Attempts before this one.
    pub attempts: u32,
    /// Those of them before an operator had it sent again.
    pub earlier: u32,
    /// An attempt since then is on record as taken: only its case was not told, because whoever sent it died in between.
    pub taken: bool,
    /// The fencing token of this claim.
    pub fence: i64,
    /// The message it leaves with, when it leads several.
    pub fold: Option<String>,
    /// When it was to be tried.
    pub turn: Moment,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Moment,
    /// The channel took it.
    pub sent: bool,
    /// What the channel said.
    pub answer: String,
    /// When to try again, after a temporary failure; the notice stays with its claimant until its lease ends when `None` (its case is told it was sent or parked).
    pub again_at: Option<Moment>,
}

/// A notice as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeView {
    /// The case.
    pub case: CaseId,
    /// The notice.
    pub notice: NoticeRow,
    /// Attempts so far.
    pub attempts: u32,
    /// `Some(true)` sent, `Some(false)` parked, `None` still to go.
    pub sent: Option<bool>,
    /// When it was sent or parked.
    pub settled_at: Option<Moment>,
    /// When it is tried next, while it is still to go.
    pub next_attempt_at: Moment,
    /// Whether one was made for it by the other medium, and whether that one is sent (`Some(true)`), parked or still to go (`None`).
    pub next: Option<Option<bool>>,
    /// The message it left with, together with others.
    pub fold: Option<String>,
}

/// The columns of a notice.
pub(super) const COLUMNS: &str = "tenant, case_id, key, kind, recipient, channel, language, context, due, attempts, round_from, fence, state, settled_at, next_attempt_at, other, follows, folds, fold";

/// The columns of a notice in a list: those, and what became of the one that was made for it.
pub(super) fn view_columns() -> String {
    format!(
        "{COLUMNS}, (select n.state from notices n where n.tenant = notices.tenant and n.case_id = notices.case_id and n.key = notices.other
           and n.follows = notices.key) as next_state"
    )
}

#[derive(FromRow)]
pub(super) struct StoredNotice {
    tenant: i32,
    case_id: Uuid,
    key: String,
    kind: String,
    recipient: Uuid,
    channel: String,
    language: String,
    context: Vec<u8>,
    due: i64,
    attempts: i64,
    round_from: i64,
    fence: i64,
    state: i16,
    settled_at: Option<i64>,
    next_attempt_at: i64,
    other: Option<String>,
    follows: Option<String>,
    folds: i16,
    fold: Option<String>,
    #[sqlx(default)]
    next_state: Option<i16>,
}

#[derive(FromRow)]
struct StoredClaim {
    #[sqlx(flatten)]
    notice: StoredNotice,
    taken: i64,
}

impl StoredNotice {
    fn row(&mut self) -> NoticeRow {
        NoticeRow {
            key: std::mem::take(&mut self.key),
            kind: std::mem::take(&mut self.kind),
            recipient: PersonId(self.recipient),
            channel: std::mem::take(&mut self.channel),
            language: std::mem::take(&mut self.language),
            context: std::mem::take(&mut self.context),
            due: Moment(self.due),
            other: self.other.take(),
            follows: self.follows.take(),
            folds: self.folds != 0,
        }
    }

    fn attempts(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }

    pub(super) fn claimed(mut self, taken: bool) -> ClaimedNotice {
        ClaimedNotice {
            tenant: Tenant(self.tenant),
            case: CaseId(self.case_id),
            notice: self.row(),
            attempts: self.attempts(),
            earlier: u32::try_from(self.round_from).unwrap_or(u32::MAX),
            taken,
            fence: self.fence,
            fold: self.fold,
            turn: Moment(self.next_attempt_at),
        }
    }

    pub(super) fn view(mut self) -> NoticeView {
        NoticeView {
            case: CaseId(self.case_id),
            notice: self.row(),
            attempts: self.attempts(),
            sent: (self.state != 0).then_some(self.state == 1),
            settled_at: self.settled_at.map(Moment),
            next_attempt_at: Moment(self.next_attempt_at),
            fold: self.fold,
            next: self.next_state.map(|state| (state != 0).then_some(state == 1)),
        }
    }
}

impl Store {
    /// Claims up to `limit` open notices whose turn it is at `now` (the engine's clock) and whose lease is over at `real`, until `lease_until` (both real time). The claim is committed when this returns.
    pub async fn claim_notices(&self, now: Moment, real: Moment, lease_until: Moment, limit: u32) -> Result<Vec<ClaimedNotice>, StoreFault> {
        let mut connection = self.worker().await?;
        let text = format!(
            "with due as materialized (select tenant, case_id, key from notices where state = 0 and next_attempt_at <= $1 and lease_until <= $2
                 and (fold is null or leads = 1)
               order by next_attempt_at limit $4{})
             update notices set lease_until = $3, fence = fence + 1 where (tenant, case_id, key) in (select tenant, case_id, key from due)
             returning {COLUMNS}, (select count(*) from notice_attempts a where a.tenant = notices.tenant and a.case_id = notices.case_id
               and a.key = notices.key and a.sent = 1 and a.attempt > notices.round_from) as taken",
            skip_locked(&connection)
        );
        let found: Vec<StoredClaim> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(now.0)
            .bind(real.0)
            .bind(lease_until.0)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        connection.finish().await?;
        Ok(found.into_iter().map(|StoredClaim { notice, taken }| notice.claimed(taken > 0)).collect())
    }

    /// Puts an attempt on record; false, and nothing written, when another has claimed the notice since or it is over.
    pub async fn record_attempt(&self, claimed: &ClaimedNotice, attempt: &Attempt) -> Result<bool, StoreFault> {
        let change = "update notices set attempts = attempts + 1, next_attempt_at = coalesce($5, next_attempt_at), lease_until = case when $5 is null then lease_until else 0 end
            where tenant = $1 and case_id = $2 and key = $3 and fence = $4 and state = 0";
        let insert = "insert into notice_attempts (tenant, case_id, key, attempt, at, sent, answer)
            select $1, $2, $3, attempts, $4, $5, $6 from notices where tenant = $1 and case_id = $2 and key = $3";
        let (tenant, case, key) = (claimed.tenant.0, claimed.case.0, &claimed.notice.key);
        let mut connection = self.worker().await?;
        let changed = on_both!(&mut connection, c => sqlx::query(change)
            .bind(tenant)
            .bind(case)
            .bind(key)
            .bind(claimed.fence)
            .bind(attempt.again_at.map(|at| at.0))
            .execute(&mut **c)
            .await?
            .rows_affected());
        if changed == 0 {
            return Ok(false);
        }
        on_both!(&mut connection, c => {
            sqlx::query(insert).bind(tenant).bind(case).bind(key).bind(attempt.at.0).bind(i16::from(attempt.sent)).bind(&attempt.answer).execute(&mut **c).await?;
        });
        if let Some(fold) = &claimed.fold {
            // What it leads was tried with it, and each has that on its own record.
            let change = "update notices set attempts = attempts + 1, next_attempt_at = coalesce($3, next_attempt_at)
                where tenant = $1 and fold = $2 and leads = 0 and state = 0";
            let insert = "insert into notice_attempts (tenant, case_id, key, attempt, at, sent, answer)
                select tenant, case_id, key, attempts, $3, $4, $5 from notices where tenant = $1 and fold = $2 and leads = 0 and state = 0";
            on_both!(&mut connection, c => {
                sqlx::query(change).bind(tenant).bind(fold).bind(attempt.again_at.map(|at| at.0)).execute(&mut **c).await?;
                sqlx::query(insert).bind(tenant).bind(fold).bind(attempt.at.0).bind(i16::from(attempt.sent)).bind(&attempt.answer).execute(&mut **c).await?;
            });
        }
        connection.finish().await?;
        Ok(true)
    }

    /// The attempts of a notice, in order.
    pub async fn attempts(&self, tenant: Tenant, case: CaseId, key: &str) -> Result<Vec<Attempt>, StoreFault> {
        let text = "select at, sent, answer from notice_attempts where tenant = $1 and case_id = $2 and key = $3 order by attempt";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(i64, i16, String)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).bind(key).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(at, sent, answer)| Attempt { at: Moment(at), sent: sent == 1, answer, again_at: None }).collect())
    }

    /// The notices of a case, by when they were due.
    pub async fn notices(&self, tenant: Tenant, case: CaseId) -> Result<Vec<NoticeView>, StoreFault> {
        let text = format!("select {} from notices where tenant = $1 and case_id = $2 order by due, key", view_columns());
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredNotice> =
            on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(StoredNotice::view).collect())
    }

    /// One notice.
    pub async fn notice(&self, tenant: Tenant, case: CaseId, key: &str) -> Result<Option<NoticeView>, StoreFault> {
        let text = format!("select {} from notices where tenant = $1 and case_id = $2 and key = $3", view_columns());
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredNotice> =
            on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(case.0).bind(key).fetch_optional(&mut **c).await?);
        Ok(found.map(StoredNotice::view))
    }

    /// Notices still to go, over all tenants.
    pub async fn notices_open(&self) -> Result<i64, StoreFault> {
        let text = "select count(*) from notices where state = 0";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).fetch_one(&mut **c).await?))
    }
}
