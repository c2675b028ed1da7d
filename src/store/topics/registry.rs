//! Registers (offices, people, calendars, bundles …), tokens, settings and receipts past their time.
//! Invariant: a register row is written by an act's commit only; settings are the deployment's own. Never: a token, only its digest.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::store::dialect::{oldest_receipts, on_both};
use crate::store::{Store, StoreFault};

/// A row of a register.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RegistryEntry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// The tenant's count of writes when it was written.
    pub version: i64,
}

/// Whom a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// The tenant.
    pub tenant: Tenant,
    /// The person.
    pub person: PersonId,
    /// Until when, in real time.
    pub expires: Moment,
}

impl Store {
    /// One register row.
    pub async fn registry(&self, tenant: Tenant, kind: &str, key: &str) -> Result<Option<RegistryEntry>, StoreFault> {
        let text = "select key, value, version from registry where tenant = $1 and kind = $2 and key = $3";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(kind).bind(key).fetch_optional(&mut **c).await?))
    }

    /// All rows of a kind, by key: registers are small, and a roster is read whole or not at all.
    pub async fn registry_list(&self, tenant: Tenant, kind: &str) -> Result<Vec<RegistryEntry>, StoreFault> {
        let text = "select key, value, version from registry where tenant = $1 and kind = $2 order by key";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(kind).fetch_all(&mut **c).await?))
    }

    /// How often a register of the tenant was written.
    pub async fn registry_version(&self, tenant: Tenant) -> Result<i64, StoreFault> {
        let text = "select registry_version from tenants where tenant = $1";
        // A count and no tenant's data, so it needs no transaction that shows one tenant only.
        let mut connection = self.everywhere().await?;
        let found: Option<i64> = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).fetch_optional(&mut **c).await?);
        Ok(found.unwrap_or(0))
    }

    /// Every tenant that has a register.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreFault> {
        let text = "select tenant from tenants order by tenant";
        let mut connection = self.everywhere().await?;
        let found: Vec<i32> = on_both!(&mut connection, c => sqlx::query_scalar(text).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(Tenant).collect())
    }

    /// Whom a token stands for; also when it has expired, which the caller holds against real time.
    pub async fn token(&self, digest: Digest) -> Result<Option<TokenRow>, StoreFault> {
        let text = "select tenant, person, expires from tokens where digest = $1";
        let mut connection = self.everywhere().await?;
        let found: Option<(i32, Uuid, i64)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(&digest.0[..]).fetch_optional(&mut **c).await?);
        Ok(found.map(|(tenant, person, expires)| TokenRow { tenant: Tenant(tenant), person: PersonId(person), expires: Moment(expires) }))
    }

    /// A setting of the deployment, such as the demo clock's offset.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreFault> {
        let text = "select value from meta where key = $1";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(key).fetch_optional(&mut **c).await?))
    }

    /// Sets it.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreFault> {
        let text = "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query(text).bind(key).bind(value).execute(&mut **c).await?; });
        connection.finish().await
    }

    /// A setting that is made once: what is kept, which is `fresh` where there was none.
    pub async fn setting_once(&self, key: &str, fresh: &str) -> Result<String, StoreFault> {
        if let Some(kept) = self.setting(key).await? {
            return Ok(kept);
        }
        let text = "insert into meta (key, value) values ($1, $2) on conflict (key) do nothing";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query(text).bind(key).bind(fresh).execute(&mut **c).await?; });
        connection.finish().await?;
        // Another node may have been quicker.
        Ok(self.setting(key).await?.unwrap_or_else(|| fresh.to_owned()))
    }

    /// Drops receipts older than `before`, looking at the oldest `limit`; answers how many went.
    pub async fn drop_receipts(&self, before: Moment, limit: u32) -> Result<u64, StoreFault> {
        let mut connection = self.worker().await?;
        let text = oldest_receipts(&connection);
        let dropped = on_both!(&mut connection, c => sqlx::query(text).bind(before.0).bind(i64::from(limit)).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(dropped)
    }
}
