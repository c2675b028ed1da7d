//! Accounts as a page shows them: postings with the balance after each and the numbers of their cases, and whole waiting lists summed up.
//! Invariant: the balance after a posting comes from one statement, so it never mixes two moments. Never: a change of a balance.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::PostingKind;
use crate::store::topics::lapsed::rank_of;
use crate::store::{Store, StoreFault};

/// A posting with what was free after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedView {
    /// Its place: later postings have a greater one.
    pub id: i64,
    /// What it is.
    pub kind: PostingKind,
    /// How much.
    pub amount: i64,
    /// Free after it.
    pub free: i64,
    /// The case that caused it.
    pub case: CaseId,
    /// The case it is about, when the register caused it.
    pub about: Option<CaseId>,
    /// The number people use for the case it is about, or that caused it.
    pub number: Option<String>,
    /// The act that caused it.
    pub seq: i64,
    /// The document it rests on.
    pub document: Option<String>,
    /// When.
    pub at: Moment,
}

/// A place in line with its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceView {
    /// The case.
    pub case: CaseId,
    /// The number people use for it.
    pub number: Option<String>,
    /// Its rank.
    pub rank: i16,
    /// Since when.
    pub since: Moment,
    /// For how much.
    pub amount: i64,
}

/// A waiting list summed up.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct WaitingSum {
    /// The account.
    pub account: String,
    /// How many wait.
    pub count: i64,
    /// For how much together.
    pub amount: i64,
}

#[derive(FromRow)]
struct StoredPosted {
    id: i64,
    kind: i16,
    amount: i64,
    free: i64,
    case_id: Uuid,
    about: Option<Uuid>,
    number: Option<String>,
    seq: i64,
    document: Option<String>,
    at: i64,
}

impl StoredPosted {
    fn row(self) -> Result<PostedView, StoreFault> {
        let kind = PostingKind::ALL.into_iter().find(|kind| kind.code() == self.kind);
        let kind = kind.ok_or_else(|| StoreFault::Broken { table: "postings", why: format!("there is no posting {}", self.kind) })?;
        Ok(PostedView {
            id: self.id,
            kind,
            amount: self.amount,
            free: self.free,
            case: CaseId(self.case_id),
            about: self.about.map(CaseId),
            number: self.number,
            seq: self.seq,
            document: self.document,
            at: Moment(self.at),
        })
    }
}

#[derive(FromRow)]
struct StoredPlace {
    case_id: Uuid,
    number: Option<String>,
    rank: i16,
    since: i64,
    amount: i64,
}

impl Store {
    /// Postings of an account with what was free after each, newest first, before posting `before`.
    pub async fn posted(&self, tenant: Tenant, account: &str, before: i64, limit: u32) -> Result<Vec<PostedView>, StoreFault> {
        // Kinds 0, 1, 4 and 7 add to what is free, 2 and 6 take from it; `rows::PostingKind` says so.
        let text = "select p.id, p.kind, p.amount, p.free, p.case_id, p.about, c.number, p.seq, p.document, p.at from (
              select *, cast(sum(case when kind in (0, 1, 4, 7) then amount when kind in (2, 6) then -amount else 0 end) over (order by id) as bigint) as free
              from postings where tenant = $1 and account = $2) p
            left join cases c on c.tenant = $1 and c.id = coalesce(p.about, p.case_id) where p.id < $3 order by p.id desc limit $4";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredPosted> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(tenant.0)
            .bind(account)
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(StoredPosted::row).collect()
    }

    /// What a case still holds in an account, by reservation: reserved, and neither used nor released by itself or by the register.
    pub async fn held_by(&self, tenant: Tenant, account: &str, case: CaseId) -> Result<Vec<(u32, i64)>, StoreFault> {
        let text = "select hold, cast(sum(case when kind = 2 then amount else -amount end) as bigint) as held from postings
            where tenant = $1 and account = $2 and hold is not null and kind in (2, 3, 4) and ((about is null and case_id = $3) or about = $3)
            group by hold having sum(case when kind = 2 then amount else -amount end) > 0 order by hold";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(i64, i64)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(account).bind(case.0).fetch_all(&mut **c).await?);
        let hold = |hold: i64| u32::try_from(hold).map_err(|_| StoreFault::Broken { table: "postings", why: format!("hold {hold} is not a local id") });
        found.into_iter().map(|(id, held)| Ok((hold(id)?, held))).collect()
    }

    /// Who waits for an account, first in line first, with their numbers; cases of the versions in `lapsed` among the ordinary ones.
    pub async fn in_line(&self, tenant: Tenant, account: &str, lapsed: &[Digest], limit: u32) -> Result<Vec<PlaceView>, StoreFault> {
        let rank = rank_of("w", lapsed.len(), 4);
        let text = format!(
            "select w.case_id, c.number, {rank} as rank, w.since, w.amount from waiting w left join cases c on c.tenant = $1 and c.id = w.case_id
             where w.tenant = $1 and w.account = $2 order by {rank}, w.since, w.case_id, w.token limit $3"
        );
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredPlace> = on_both!(&mut connection, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(account).bind(i64::from(limit));
            for revision in lapsed {
                query = query.bind(&revision.0[..]);
            }
            query.fetch_all(&mut **c).await?
        });
        let place =
            |row: StoredPlace| PlaceView { case: CaseId(row.case_id), number: row.number, rank: row.rank, since: Moment(row.since), amount: row.amount };
        Ok(found.into_iter().map(place).collect())
    }

    /// Every waiting list of a tenant, summed up.
    pub async fn waiting_sums(&self, tenant: Tenant) -> Result<Vec<WaitingSum>, StoreFault> {
        let text = "select account, count(*) as count, cast(sum(amount) as bigint) as amount from waiting where tenant = $1 group by account order by account";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).fetch_all(&mut **c).await?))
    }
}
