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

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookTry {
    /// When.
    pub at: Moment,
    /// What was told.
    pub kind: String,
    /// It arrived; `None` when it is tried again.
    pub arrived: Option<bool>,
    /// What the other side said, or why there was nobody.
    pub answer: String,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedHook {
    /// Its id.
    pub id: String,
    /// What it tells.
    pub kind: String,
    /// When it was last tried.
    pub at: Moment,
    /// The last answer.
    pub answer: String,
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

    /// Puts a claimed message aside until `until`, as if nothing had been tried.
    pub async fn hold_hook(&self, claim: &ClaimedHook, until: Moment) -> Result<(), StoreFault> {
        let text = "update hook_messages set lease_until = 0, next_attempt_at = $4 where tenant = $1 and id = $2 and fence = $3 and state = 0";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text).bind(claim.tenant.0).bind(&claim.id).bind(claim.fence).bind(until.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// Has waiting messages of a subscription sent now; answers how many.
    pub async fn release_hooks(&self, tenant: Tenant, hook: &str, at: Moment) -> Result<u64, StoreFault> {
        let text = "update hook_messages set next_attempt_at = $3 where tenant = $1 and hook = $2 and state = 0 and next_attempt_at > $3";
        let mut connection = self.worker().await?;
        let changed = on_both!(&mut connection, c => sqlx::query(text).bind(tenant.0).bind(hook).bind(at.0).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(changed)
    }

    /// How a subscription fares: messages that wait and that are parked, each counted up to `most`, and the last attempt.
    pub async fn hook_look(&self, tenant: Tenant, hook: &str, most: u32) -> Result<(i64, i64, Option<HookTry>), StoreFault> {
        let count = "select count(*) from (select 1 from hook_messages where tenant = $1 and hook = $2 and state = $3 limit $4) as found";
        let last = "select tried_at, kind, coalesce(answer, '') from hook_messages
            where tenant = $1 and hook = $2 and state = $3 and tried_at is not null order by tried_at desc limit 1";
        let mut connection = self.reader(tenant).await?;
        let (mut counts, mut tries) = ([0_i64; 3], Vec::new());
        on_both!(&mut connection, c => {
            for state in 0..3_i16 {
                if state != 1 {
                    counts[usize::from(state.unsigned_abs())] =
                        sqlx::query_scalar(count).bind(tenant.0).bind(hook).bind(state).bind(i64::from(most)).fetch_one(&mut **c).await?;
                }
                let found: Option<(i64, String, String)> = sqlx::query_as(last).bind(tenant.0).bind(hook).bind(state).fetch_optional(&mut **c).await?;
                tries.extend(found.map(|(at, kind, answer)| HookTry { at: Moment(at), kind, arrived: [None, Some(true), Some(false)][usize::from(state.unsigned_abs())], answer }));
            }
        });
        Ok((counts[0], counts[2], tries.into_iter().max_by_key(|tried| tried.at)))
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
    pub async fn parked_hooks(&self, tenant: Tenant, hook: &str) -> Result<Vec<ParkedHook>, StoreFault> {
        let text = "select id, kind, coalesce(tried_at, at), coalesce(answer, '') from hook_messages where tenant = $1 and hook = $2 and state = 2 order by tried_at desc limit 20";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(String, String, i64, String)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(hook).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(id, kind, at, answer)| ParkedHook { id, kind, at: Moment(at), answer }).collect())
    }
}
