//! Notices that leave together: the hour in which a person's further notices wait, and the folds that are on record before they are sent.
//! Invariant: a fold is written for all its members or none. Never: a notice held or folded by a worker that has lost its claim.

use sqlx::AssertSqlSafe;

use super::outbox::{COLUMNS, ClaimedNotice, StoredNotice};
use crate::ids::{Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

impl Store {
    /// Opens a person's hour for a medium, which lasts until `over`; answers until when one is open that was opened before.
    pub async fn open_hour(&self, (tenant, person, medium): (Tenant, PersonId, &str), now: Moment, over: Moment) -> Result<Option<Moment>, StoreFault> {
        let open = "insert into notice_hours (tenant, recipient, channel, open_until) values ($1, $2, $3, $5)
            on conflict (tenant, recipient, channel) do update set open_until = excluded.open_until where notice_hours.open_until <= $4 returning open_until";
        let look = "select open_until from notice_hours where tenant = $1 and recipient = $2 and channel = $3";
        let mut connection = self.worker().await?;
        let opened: Option<i64> = on_both!(&mut connection, c => sqlx::query_scalar(open)
            .bind(tenant.0).bind(person.0).bind(medium).bind(now.0).bind(over.0).fetch_optional(&mut **c).await?);
        let held: Option<i64> = match opened {
            Some(_) => None,
            None => on_both!(&mut connection, c => sqlx::query_scalar(look).bind(tenant.0).bind(person.0).bind(medium).fetch_optional(&mut **c).await?),
        };
        connection.finish().await?;
        Ok(held.map(Moment))
    }

    /// Gives claimed notices back until `to`. Nobody has tried to send them, so they count as never claimed.
    pub async fn hold_notices(&self, claims: &[&ClaimedNotice], to: Moment) -> Result<(), StoreFault> {
        let text =
            "update notices set next_attempt_at = $5, lease_until = 0, fence = 0 where tenant = $1 and case_id = $2 and key = $3 and fence = $4 and state = 0";
        let mut connection = self.worker().await?;
        for claim in claims {
            let (tenant, case, key) = (claim.tenant.0, claim.case.0, &claim.notice.key);
            on_both!(&mut connection, c => {
                sqlx::query(text).bind(tenant).bind(case).bind(key).bind(claim.fence).bind(to.0).execute(&mut **c).await?;
            });
        }
        connection.finish().await
    }

    /// Puts claimed notices together under `fold`, the first leading; false, and nothing written, when another has claimed one of them since.
    pub async fn fold_notices(&self, fold: &str, claims: &[&ClaimedNotice]) -> Result<bool, StoreFault> {
        let text = "update notices set fold = $5, leads = $6 where tenant = $1 and case_id = $2 and key = $3 and fence = $4 and state = 0 and fold is null";
        let mut connection = self.worker().await?;
        for (place, claim) in claims.iter().enumerate() {
            let (tenant, case, key) = (claim.tenant.0, claim.case.0, &claim.notice.key);
            let changed = on_both!(&mut connection, c => sqlx::query(text)
                .bind(tenant)
                .bind(case)
                .bind(key)
                .bind(claim.fence)
                .bind(fold)
                .bind(i16::from(place == 0))
                .execute(&mut **c)
                .await?
                .rows_affected());
            if changed == 0 {
                return Ok(false);
            }
        }
        connection.finish().await?;
        Ok(true)
    }

    /// The notices of a fold that are still to go, without the one that leads it.
    pub async fn fold_members(&self, tenant: Tenant, fold: &str) -> Result<Vec<ClaimedNotice>, StoreFault> {
        let text = format!("select {COLUMNS} from notices where tenant = $1 and fold = $2 and leads = 0 and state = 0 order by due, key");
        let mut connection = self.everywhere().await?;
        let found: Vec<StoredNotice> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(fold).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|row| row.claimed(false)).collect())
    }
}
