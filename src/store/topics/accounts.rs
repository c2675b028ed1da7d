//! Accounts, their postings and their waiting lists. Invariant: nothing here changes a balance; postings come with a commit.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::PostingKind;
use crate::store::topics::lapsed::rank_of;
use crate::store::{Store, StoreFault};

/// An account with its buckets; issued is the sum of the four.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AccountRow {
    /// Its key.
    pub account: String,
    /// `m2` or `fen`.
    pub unit: String,
    /// Title, JSON {zh,en}.
    pub title: String,
    /// May still be reserved.
    pub free: i64,
    /// Reserved by running cases.
    pub reserved: i64,
    /// Used.
    pub used: i64,
    /// Written off.
    pub written_off: i64,
    /// All that was issued and not carried over.
    pub issued: i64,
}

/// A posting with its place in the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingView {
    /// Its place: later postings have a greater one.
    pub id: i64,
    /// What it is.
    pub kind: PostingKind,
    /// How much.
    pub amount: i64,
    /// The case that caused it.
    pub case: CaseId,
    /// The act that caused it.
    pub seq: i64,
    /// The reservation.
    pub hold: Option<u32>,
    /// The document it rests on.
    pub document: Option<String>,
    /// When.
    pub at: Moment,
}

/// A place on a waiting list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingView {
    /// The tenant.
    pub tenant: Tenant,
    /// The account.
    pub account: String,
    /// The case.
    pub case: CaseId,
    /// Its token.
    pub token: u32,
    /// Its rank.
    pub rank: i16,
    /// Since when.
    pub since: Moment,
    /// For how much.
    pub amount: i64,
}

#[derive(FromRow)]
struct StoredPosting {
    id: i64,
    kind: i16,
    amount: i64,
    case_id: Uuid,
    seq: i64,
    hold: Option<i64>,
    document: Option<String>,
    at: i64,
}

impl StoredPosting {
    fn row(self) -> Result<PostingView, StoreFault> {
        let broken = |why| StoreFault::Broken { table: "postings", why };
        let kind = PostingKind::ALL.into_iter().find(|kind| kind.code() == self.kind).ok_or_else(|| broken(format!("there is no posting {}", self.kind)))?;
        let hold = self.hold.map(u32::try_from).transpose().map_err(|_| broken(format!("hold {:?} is not a local id", self.hold)))?;
        Ok(PostingView {
            id: self.id,
            kind,
            amount: self.amount,
            case: CaseId(self.case_id),
            seq: self.seq,
            hold,
            document: self.document,
            at: Moment(self.at),
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredWaiting {
    tenant: i32,
    account: String,
    case_id: Uuid,
    token: i64,
    rank: i16,
    since: i64,
    amount: i64,
}

impl StoredWaiting {
    pub(super) fn row(self) -> Result<WaitingView, StoreFault> {
        let token = u32::try_from(self.token).map_err(|_| StoreFault::Broken { table: "waiting", why: format!("token {} is not a local id", self.token) })?;
        Ok(WaitingView {
            tenant: Tenant(self.tenant),
            account: self.account,
            case: CaseId(self.case_id),
            token,
            rank: self.rank,
            since: Moment(self.since),
            amount: self.amount,
        })
    }
}

impl Store {
    /// The accounts of a tenant by key, from after `after`.
    pub async fn accounts(&self, tenant: Tenant, after: &str, limit: u32) -> Result<Vec<AccountRow>, StoreFault> {
        let text = "select account, unit, title, free, reserved, used, written_off, issued from accounts
            where tenant = $1 and account > $2 order by account limit $3";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(after).bind(i64::from(limit)).fetch_all(&mut **c).await?))
    }

    /// One account.
    pub async fn account(&self, tenant: Tenant, account: &str) -> Result<Option<AccountRow>, StoreFault> {
        let text = "select account, unit, title, free, reserved, used, written_off, issued from accounts where tenant = $1 and account = $2";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(account).fetch_optional(&mut **c).await?))
    }

    /// Postings of an account in order, from after `after`.
    pub async fn postings(&self, tenant: Tenant, account: &str, after: i64, limit: u32) -> Result<Vec<PostingView>, StoreFault> {
        let text = "select id, kind, amount, case_id, seq, hold, document, at from postings
            where tenant = $1 and account = $2 and id > $3 order by id limit $4";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredPosting> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(tenant.0)
            .bind(account)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(StoredPosting::row).collect()
    }

    /// Who waits for an account, first in line first; cases of the versions in `lapsed` among the ordinary ones.
    pub async fn waiting(&self, tenant: Tenant, account: &str, lapsed: &[Digest], limit: u32) -> Result<Vec<WaitingView>, StoreFault> {
        let rank = rank_of("w", lapsed.len(), 4);
        let text = format!(
            "select w.tenant, w.account, w.case_id, w.token, {rank} as rank, w.since, w.amount from waiting w
             where w.tenant = $1 and w.account = $2 order by {rank}, w.since, w.case_id, w.token limit $3"
        );
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredWaiting> = on_both!(&mut connection, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(account).bind(i64::from(limit));
            for revision in lapsed {
                query = query.bind(&revision.0[..]);
            }
            query.fetch_all(&mut **c).await?
        });
        found.into_iter().map(StoredWaiting::row).collect()
    }

    /// The tenants in which somebody waits.
    pub async fn waiting_tenants(&self) -> Result<Vec<Tenant>, StoreFault> {
        let mut connection = self.everywhere().await?;
        let found: Vec<i32> = on_both!(&mut connection, c => sqlx::query_scalar("select distinct tenant from waiting").fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(Tenant).collect())
    }

    /// The heads of waiting lists whose account has enough free now, over all tenants; cases of the versions in `lapsed` wait among the ordinary ones.
    pub async fn waiting_served(&self, lapsed: &[Digest], limit: u32) -> Result<Vec<WaitingView>, StoreFault> {
        let text = if lapsed.is_empty() { HEADS_SERVED.to_owned() } else { heads_served(lapsed.len()) };
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredWaiting> = on_both!(&mut connection, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(text)).bind(i64::from(limit));
            for revision in lapsed {
                query = query.bind(&revision.0[..]);
            }
            query.fetch_all(&mut **c).await?
        });
        found.into_iter().map(StoredWaiting::row).collect()
    }
}

/// The heads while every rank counts: the line is the index itself.
const HEADS_SERVED: &str = "select w.tenant, w.account, w.case_id, w.token, w.rank, w.since, w.amount
    from (select distinct tenant, account from waiting) line
    join accounts a on a.tenant = line.tenant and a.account = line.account
    join waiting w on w.tenant = line.tenant and w.account = line.account and a.free >= w.amount
      and not exists (select 1 from waiting f where f.tenant = w.tenant and f.account = w.account
        and (f.rank, f.since, f.case_id, f.token) < (w.rank, w.since, w.case_id, w.token))
    order by w.tenant, w.account limit $1";

/// The heads when some ranks count no more: each list is put in order once.
fn heads_served(lapsed: usize) -> String {
    let rank = rank_of("w", lapsed, 2);
    format!(
        "select w.tenant, w.account, w.case_id, w.token, w.rank, w.since, w.amount
         from (select ranked.*, row_number() over (partition by ranked.tenant, ranked.account order by ranked.rank, ranked.since, ranked.case_id, ranked.token) as place
           from (select w.tenant, w.account, w.case_id, w.token, {rank} as rank, w.since, w.amount from waiting w) ranked) w
         join accounts a on a.tenant = w.tenant and a.account = w.account and a.free >= w.amount
         where w.place = 1 order by w.tenant, w.account limit $1"
    )
}
