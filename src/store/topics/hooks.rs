//! Messages to webhooks: claimed by a lease with a fencing token, and what became of them.
//! Invariant: a claim commits before anything is sent, and whoever lost the lease can write nothing more.

use sqlx::FromRow;

use crate::ids::{Moment, Tenant};
use crate::store::dialect::{Connection, on_both};
use crate::store::{Store, StoreFault};

/// A subscription with messages whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueHook {
    /// The tenant.
    pub tenant: Tenant,
    /// The subscription.
    pub hook: String,
    /// Since when.
    pub since: Moment,
}

/// The statements of a claim in the words of one of the databases.
#[derive(Clone, Copy, Debug)]
pub struct ClaimTexts {
    /// Of one tenant, the next subscription after one with messages that wait, and its first: one step in an index.
    pub next: &'static str,
    /// Takes messages of one subscription.
    pub claim: &'static str,
}

macro_rules! claim_texts {
    ($index:literal, $lock:literal, $among:literal) => {
        ClaimTexts {
            next: concat!(
                "select hook, next_attempt_at from hook_messages",
                $index,
                " where state = 0 and tenant = $1 and hook > $2 order by hook, next_attempt_at limit 1"
            ),
            claim: concat!(
                "with due as materialized (select id from hook_messages",
                $index,
                " where state = 0 and tenant = $5 and hook = $6 and next_attempt_at <= $1 and lease_until <= $2 order by next_attempt_at limit $4",
                $lock,
                ") update hook_messages set lease_until = $3, fence = fence + 1 where tenant = $5 and id ",
                $among,
                " returning tenant, id, hook, body, attempts, fence, next_attempt_at"
            ),
        }
    };
}

impl ClaimTexts {
    /// SQLite's, which has no figures of its own and would take the index that shares more columns with the question.
    pub const SQLITE: Self = claim_texts!(" indexed by hook_messages_turn", "", "in (select id from due)");
    /// PostgreSQL's. `in` would have it read the whole table as soon as it plans without the limit's value.
    pub const POSTGRES: Self = claim_texts!("", " for update skip locked", "= any(array(select id from due))");

    const fn of(connection: &Connection) -> Self {
        match connection {
            Connection::Sqlite(..) => Self::SQLITE,
            Connection::Postgres(_) => Self::POSTGRES,
        }
    }
}

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
    next_attempt_at: i64,
}

impl Store {
    /// The subscriptions with messages whose turn it is at `now` (the engine's clock), whoever waits longest first: a step for each, however many wait.
    pub async fn hooks_due(&self, now: Moment) -> Result<Vec<DueHook>, StoreFault> {
        let tenants = self.tenants().await?;
        let mut connection = self.everywhere().await?;
        let text = ClaimTexts::of(&connection).next;
        let mut due = Vec::new();
        for tenant in tenants {
            let mut after = String::new();
            loop {
                let found: Option<(String, i64)> =
                    on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(&after).fetch_optional(&mut **c).await?);
                let Some((hook, since)) = found else { break };
                after.clone_from(&hook);
                due.push(DueHook { tenant, hook, since: Moment(since) });
            }
        }
        due.retain(|found| found.since <= now);
        due.sort_by_key(|found| found.since);
        Ok(due)
    }

    /// Claims up to `limit` messages of these subscriptions whose turn it is at `now` (the engine's clock) and whose lease is over at `real`, the oldest first.
    /// Each subscription has its share; what one leaves goes to those after it.
    pub async fn claim_hooks(&self, of: &[DueHook], (now, real): (Moment, Moment), lease_until: Moment, limit: usize) -> Result<Vec<ClaimedHook>, StoreFault> {
        let mut connection = self.worker().await?;
        let text = ClaimTexts::of(&connection).claim;
        let mut found: Vec<StoredHook> = Vec::new();
        for (before, due) in of.iter().enumerate() {
            let share = limit.saturating_sub(found.len()).div_ceil(of.len() - before);
            if share == 0 {
                break;
            }
            let claimed: Vec<StoredHook> = on_both!(&mut connection, c => sqlx::query_as(text)
                .bind(now.0)
                .bind(real.0)
                .bind(lease_until.0)
                .bind(i64::try_from(share).unwrap_or(i64::MAX))
                .bind(due.tenant.0)
                .bind(&due.hook)
                .fetch_all(&mut **c)
                .await?);
            found.extend(claimed);
        }
        connection.finish().await?;
        // `returning` gives them in no order.
        found.sort_by_key(|row| row.next_attempt_at);
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

    /// Has every waiting message of a subscription sent now, in the order in which they happened; answers how many wait.
    pub async fn release_hooks(&self, tenant: Tenant, hook: &str) -> Result<u64, StoreFault> {
        let text = "update hook_messages set next_attempt_at = at where tenant = $1 and hook = $2 and state = 0 and next_attempt_at <> at";
        let count = "select count(*) from hook_messages where tenant = $1 and hook = $2 and state = 0";
        let mut connection = self.worker().await?;
        let waiting: i64 = on_both!(&mut connection, c => {
            sqlx::query(text).bind(tenant.0).bind(hook).execute(&mut **c).await?;
            sqlx::query_scalar(count).bind(tenant.0).bind(hook).fetch_one(&mut **c).await?
        });
        connection.finish().await?;
        Ok(u64::try_from(waiting).unwrap_or_default())
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
