//! Messages to webhooks: claimed by a lease with a fencing token, and what became of them.
//! Invariant: a claim commits before anything is sent, and whoever lost the lease can write nothing more.

use sqlx::{AssertSqlSafe, FromRow};

use crate::ids::{Moment, Tenant};
use crate::store::dialect::{on_both, skip_locked};
use crate::store::{Store, StoreFault};

/// A message a worker holds until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedHook {
    /// The tenant.
    pub tenant: Tenant,
    /// Its id.
    pub id: String,
    /// The subscription.
    pub hook: String,
    /// The body.
    pub body: Vec<u8>,
    /// Attempts before this one, since it was last reopened.
    pub attempts: u32,
    fence: i64,
}

#[derive(FromRow)]
struct StoredHook {
    tenant: i32,
    id: String,
    hook: String,
    body: Vec<u8>,
    attempts: i64,
    fence: i64,
}

impl Store {
    /// Claims up to `limit` messages whose turn it is at `now` (the engine's clock) and whose lease is over at `real`.
    pub async fn claim_hooks(&self, now: Moment, real: Moment, lease_until: Moment, limit: u32) -> Result<Vec<ClaimedHook>, StoreFault> {
        let mut connection = self.worker().await?;
        let text = format!(
            "with due as materialized (select tenant, id from hook_messages where state = 0 and next_attempt_at <= $1 and lease_until <= $2
               order by next_attempt_at limit $4{})
             update hook_messages set lease_until = $3, fence = fence + 1 where (tenant, id) in (select tenant, id from due)
             returning tenant, id, hook, body, attempts, fence",
            skip_locked(&connection)
        );
        let found: Vec<StoredHook> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(now.0)
            .bind(real.0)
            .bind(lease_until.0)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        connection.finish().await?;
        let claimed = |row: StoredHook| ClaimedHook {
            tenant: Tenant(row.tenant),
            id: row.id,
            hook: row.hook,
            body: row.body,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            fence: row.fence,
        };
        Ok(found.into_iter().map(claimed).collect())
    }

    /// Puts an attempt on record; nothing is written when another has claimed the message since.
    pub async fn record_hook(&self, claim: &ClaimedHook, (state, again): (i16, Option<Moment>), (at, answer): (Moment, &str)) -> Result<(), StoreFault> {
        let text = "update hook_messages set attempts = attempts + 1, state = $4, next_attempt_at = coalesce($5, next_attempt_at), lease_until = 0, tried_at = $6, answer = $7
            where tenant = $1 and id = $2 and fence = $3 and state = 0";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text)
                .bind(claim.tenant.0)
                .bind(&claim.id)
                .bind(claim.fence)
                .bind(state)
                .bind(again.map(|at| at.0))
                .bind(at.0)
                .bind(answer)
                .execute(&mut **c)
                .await?;
        });
        connection.finish().await
    }

    /// Has parked messages of a subscription sent again; answers how many.
    pub async fn reopen_hooks(&self, tenant: Tenant, hook: &str, at: Moment) -> Result<u64, StoreFault> {
        let text = "update hook_messages set state = 0, attempts = 0, lease_until = 0, next_attempt_at = $3 where tenant = $1 and hook = $2 and state = 2";
        let mut connection = self.worker().await?;
        let changed = on_both!(&mut connection, c => sqlx::query(text).bind(tenant.0).bind(hook).bind(at.0).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(changed)
    }

    /// How many messages each subscription has in each state.
    pub async fn hook_counts(&self, tenant: Tenant) -> Result<Vec<(String, i16, i64)>, StoreFault> {
        let text = "select hook, state, count(*) from hook_messages where tenant = $1 group by hook, state order by hook, state";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).fetch_all(&mut **c).await?))
    }

    /// The newest parked messages of a subscription, with the last answer.
    pub async fn parked_hooks(&self, tenant: Tenant, hook: &str) -> Result<Vec<(String, String)>, StoreFault> {
        let text = "select id, coalesce(answer, '') from hook_messages where tenant = $1 and hook = $2 and state = 2 order by tried_at desc limit 20";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(hook).fetch_all(&mut **c).await?))
    }
}
