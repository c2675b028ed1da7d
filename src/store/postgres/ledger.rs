//! Accounts, counters and registers: what a commit writes besides its cases.
//! Invariant: a posting that would take a bucket below zero at any point of its order is refused. Never: an account that was not locked first.

use sqlx::Executor;

use super::Writer;
use crate::ids::Tenant;
use crate::store::WriteFault;
use crate::store::rows::{AccountWrite, RegistryRow};

impl Writer {
    pub(super) async fn post(&mut self, accounts: &[AccountWrite]) -> Result<(), WriteFault> {
        for account in accounts {
            self.move_balance(account).await?;
            self.post_rows(account).await?;
        }
        Ok(())
    }

    /// Moves a balance by all its postings at once; the lowest point on the way must not be below zero either.
    async fn move_balance(&mut self, account: &AccountWrite) -> Result<(), WriteFault> {
        let (mut sum, mut low) = ([0_i64; 5], [0_i64; 5]);
        for posting in &account.postings {
            for (place, moved) in posting.kind.moves(posting.amount).into_iter().enumerate() {
                sum[place] += moved;
                low[place] = low[place].min(sum[place]);
            }
        }
        let mut query = sqlx::query(
            "update accounts set free = free + $3, reserved = reserved + $4, used = used + $5, written_off = written_off + $6, issued = issued + $7
             where tenant = $1 and account = $2 and free + $8 >= 0 and reserved + $9 >= 0 and used + $10 >= 0 and written_off + $11 >= 0 and issued + $12 >= 0",
        )
        .bind(account.tenant.0)
        .bind(&account.account);
        for value in sum.into_iter().chain(low) {
            query = query.bind(value);
        }
        if self.connection.execute(query).await?.rows_affected() == 1 {
            return Ok(());
        }
        Err(WriteFault::Check(format!("account `{}`", account.account)))
    }

    async fn post_rows(&mut self, account: &AccountWrite) -> Result<(), WriteFault> {
        let postings = &account.postings;
        sqlx::query(
            "insert into postings (tenant, account, kind, amount, case_id, seq, hold, document, at, about)
             select $1, $2, kind, amount, case_id, seq, hold, document, at, about
             from unnest($3::smallint[], $4::bigint[], $5::uuid[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::uuid[])
               as x(kind, amount, case_id, seq, hold, document, at, about)",
        )
        .bind(account.tenant.0)
        .bind(&account.account)
        .bind(postings.iter().map(|posting| posting.kind.code()).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.amount).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.case.0).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.seq).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.hold.map(i64::from)).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.document.as_deref()).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.at.0).collect::<Vec<_>>())
        .bind(postings.iter().map(|posting| posting.about.map(|case| case.0)).collect::<Vec<_>>())
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    pub(super) async fn count(&mut self, counters: &[(Tenant, String, u64)]) -> Result<(), WriteFault> {
        if counters.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into counters (tenant, key, value) select * from unnest($1::integer[], $2::text[], $3::bigint[])
             on conflict (tenant, key) do update set value = excluded.value",
        )
        .bind(counters.iter().map(|(tenant, _, _)| tenant.0).collect::<Vec<_>>())
        .bind(counters.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>())
        .bind(counters.iter().map(|(_, _, value)| i64::try_from(*value).unwrap_or(i64::MAX)).collect::<Vec<_>>())
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    pub(super) async fn register(&mut self, rows: &[RegistryRow]) -> Result<(), WriteFault> {
        for row in rows {
            let query = match row {
                RegistryRow::Put { tenant, kind, key, value, at } => sqlx::query(
                    "with v as (insert into tenants (tenant, registry_version) values ($1, 1)
                       on conflict (tenant) do update set registry_version = tenants.registry_version + 1 returning registry_version)
                     insert into registry (tenant, kind, key, value, version, at) select $1, $2, $3, $4, registry_version, $5 from v
                     on conflict (tenant, kind, key) do update set value = excluded.value, version = excluded.version, at = excluded.at",
                )
                .bind(tenant.0)
                .bind(kind)
                .bind(key)
                .bind(value)
                .bind(at.0),
                RegistryRow::Token { tenant, digest, person, expires } => sqlx::query(
                    "insert into tokens (digest, tenant, person, expires) values ($1, $2, $3, $4)
                     on conflict (digest) do update set person = excluded.person, expires = excluded.expires",
                )
                .bind(&digest.0[..])
                .bind(tenant.0)
                .bind(person.0)
                .bind(expires.0),
                RegistryRow::Account { tenant, account, unit, title } => sqlx::query(
                    "insert into accounts (tenant, account, unit, title) values ($1, $2, $3, $4)
                     on conflict (tenant, account) do update set title = excluded.title",
                )
                .bind(tenant.0)
                .bind(account)
                .bind(unit)
                .bind(title),
            };
            query.execute(&mut self.connection).await?;
        }
        Ok(())
    }
}
