//! Figures for `/metrics` and `/readyz`. Invariant: each is a range of an index, never a scan of the acts.

use sqlx::FromRow;

use crate::ids::{Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

/// Where the deployment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Stats {
    /// Acts no checkpoint covers.
    pub unsealed: i64,
    /// Entries of the log.
    pub sealed: i64,
    /// Notices still to go.
    pub notices_open: i64,
    /// Cases in which something is due.
    pub cases_due: i64,
    /// Places on waiting lists.
    pub waiting: i64,
}

impl Store {
    /// The figures as of `now`.
    pub async fn stats(&self, now: Moment) -> Result<Stats, StoreFault> {
        let text = "select (select count(*) from unsealed) as unsealed, (select coalesce(max(idx) + 1, 0) from log) as sealed,
            (select count(*) from notices where state = 0) as notices_open,
            (select count(*) from cases where next_wake is not null and next_wake <= $1) as cases_due, (select count(*) from waiting) as waiting";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(now.0).fetch_one(&mut **c).await?))
    }

    /// How many cases began, and how many ended, from `from` to before `until`; registers are no cases.
    pub async fn cases_moved(&self, tenant: Tenant, (from, until): (Moment, Moment)) -> Result<(i64, i64), StoreFault> {
        let text = "select (select count(*) from cases where tenant = $1 and started >= $2 and started < $3 and workflow <> 'register'),
            (select count(*) from cases where tenant = $1 and ended >= $2 and ended < $3 and workflow <> 'register')";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(from.0).bind(until.0).fetch_one(&mut **c).await?))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreFault> {
        let mut connection = self.everywhere().await?;
        let _one: i32 = on_both!(&mut connection, c => sqlx::query_scalar("select 1").fetch_one(&mut **c).await?);
        Ok(())
    }
}
