//! Sessions of people who signed in with a password, by the SHA-256 of their cookie.
//! Invariant: a session that ended is not there any more; every node reads the same rows. Never: the cookie's value, an address.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

/// A session; its moments are real time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's value.
    pub digest: Digest,
    /// The tenant.
    pub tenant: Tenant,
    /// Whose.
    pub person: PersonId,
    /// When it began.
    pub begun: Moment,
    /// When it was last used, to the minute.
    pub seen: Moment,
    /// The browser, as it calls itself.
    pub agent: String,
}

#[derive(FromRow)]
struct Stored {
    digest: Vec<u8>,
    tenant: i32,
    person: Uuid,
    begun: i64,
    seen: i64,
    agent: String,
}

impl Stored {
    fn row(self) -> Result<SessionRow, StoreFault> {
        let digest = self.digest.try_into().map_err(|_| StoreFault::Broken { table: "sessions", why: "the digest has not 32 bytes".to_owned() })?;
        Ok(SessionRow {
            digest: Digest(digest),
            tenant: Tenant(self.tenant),
            person: PersonId(self.person),
            begun: Moment(self.begun),
            seen: Moment(self.seen),
            agent: self.agent,
        })
    }
}

impl Store {
    /// Begins a session: the count of failures behind `tries` begins anew, and the session `before` in the same browser ends.
    pub async fn begin_session(&self, session: &SessionRow, tries: Option<Digest>, before: Option<Digest>) -> Result<(), StoreFault> {
        let begin = "insert into sessions (digest, tenant, person, begun, seen, agent) values ($1, $2, $3, $4, $5, $6)";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            if let Some(tries) = tries {
                sqlx::query("delete from sign_in_tries where key = $1").bind(&tries.0[..]).execute(&mut **c).await?;
            }
            if let Some(before) = before {
                sqlx::query("delete from sessions where digest = $1").bind(&before.0[..]).execute(&mut **c).await?;
            }
            sqlx::query(begin)
                .bind(&session.digest.0[..])
                .bind(session.tenant.0)
                .bind(session.person.0)
                .bind(session.begun.0)
                .bind(session.seen.0)
                .bind(&session.agent)
                .execute(&mut **c)
                .await?;
        });
        connection.finish().await
    }

    /// A session; also one past its time, which the caller holds against real time.
    pub async fn session(&self, digest: Digest) -> Result<Option<SessionRow>, StoreFault> {
        let text = "select digest, tenant, person, begun, seen, agent from sessions where digest = $1";
        let mut connection = self.everywhere().await?;
        let found: Option<Stored> = on_both!(&mut connection, c => sqlx::query_as(text).bind(&digest.0[..]).fetch_optional(&mut **c).await?);
        found.map(Stored::row).transpose()
    }

    /// A person's sessions, the newest first.
    pub async fn sessions_of(&self, tenant: Tenant, person: PersonId) -> Result<Vec<SessionRow>, StoreFault> {
        let text = "select digest, tenant, person, begun, seen, agent from sessions where tenant = $1 and person = $2 order by begun desc, digest";
        let mut connection = self.everywhere().await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(person.0).fetch_all(&mut **c).await?);
        found.into_iter().map(Stored::row).collect()
    }

    /// The session was used.
    pub async fn see_session(&self, digest: Digest, now: Moment) -> Result<(), StoreFault> {
        let text = "update sessions set seen = $2 where digest = $1 and seen < $2";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query(text).bind(&digest.0[..]).bind(now.0).execute(&mut **c).await?; });
        connection.finish().await
    }

    /// Ends a session.
    pub async fn end_session(&self, digest: Digest) -> Result<bool, StoreFault> {
        let mut connection = self.worker().await?;
        let ended =
            on_both!(&mut connection, c => sqlx::query("delete from sessions where digest = $1").bind(&digest.0[..]).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(ended == 1)
    }

    /// Ends a person's sessions but one; answers how many went.
    pub async fn end_sessions(&self, tenant: Tenant, person: PersonId, kept: Option<Digest>) -> Result<u64, StoreFault> {
        let text = "delete from sessions where tenant = $1 and person = $2 and digest <> $3";
        let kept = kept.map_or(Vec::new(), |kept| kept.0.to_vec());
        let mut connection = self.worker().await?;
        let ended = on_both!(&mut connection, c => sqlx::query(text).bind(tenant.0).bind(person.0).bind(kept).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(ended)
    }

    /// Drops sessions begun before `begun` or last used before `seen`.
    pub async fn drop_sessions(&self, begun: Moment, seen: Moment) -> Result<u64, StoreFault> {
        let mut connection = self.worker().await?;
        let text = "delete from sessions where begun < $1 or seen < $2";
        let dropped = on_both!(&mut connection, c => sqlx::query(text).bind(begun.0).bind(seen.0).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(dropped)
    }
}
