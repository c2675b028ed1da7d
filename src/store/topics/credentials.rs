//! Passwords, the links that set them, and the count of failed tries. Everything here is a digest or a salted hash.
//! Invariant: a link is used up in the transaction that sets the password, so that it counts once on every node. Never: a password, a token, a login in clear (what was asked for a reset is gone once it was looked at).

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::store::dialect::{Connection, on_both};
use crate::store::{Store, StoreFault};

/// What a link that left by mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first password of somebody who was invited.
    Invitation,
    /// A new password for somebody who forgot theirs.
    Reset,
}

impl LinkPurpose {
    const fn code(self) -> i16 {
        match self {
            Self::Invitation => 1,
            Self::Reset => 2,
        }
    }
}

/// A link, without its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// The tenant.
    pub tenant: Tenant,
    /// Whose password it sets.
    pub person: PersonId,
    /// Until when, in real time.
    pub expires: Moment,
}

/// How many failures within how long bring a pause.
#[derive(Clone, Copy, Debug)]
pub struct TryRule {
    /// A count that began before this moment begins anew.
    pub since: Moment,
    /// How long the pause is after so many failures; nothing for few.
    pub pause_ms: fn(u32) -> i64,
}

/// A new password, and what goes with it.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The tenant.
    pub tenant: Tenant,
    /// Whose.
    pub person: PersonId,
    /// The Argon2id hash with its salt and cost.
    pub hash: String,
    /// When, in real time.
    pub at: Moment,
    /// The link that allows it; `None` when the person knew the old password.
    pub link: Option<Digest>,
    /// The hash it replaces, when the old password was held against it.
    pub replaces: Option<String>,
    /// The session that stays; every other one of the person ends.
    pub kept: Option<Digest>,
    /// The counts of failures that begin anew.
    pub tries: Vec<Digest>,
}

impl Store {
    /// The hash of a person's password; `None` when none was set.
    pub async fn password_hash(&self, tenant: Tenant, person: PersonId) -> Result<Option<String>, StoreFault> {
        let text = "select hash from credentials where tenant = $1 and person = $2";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(person.0).fetch_optional(&mut **c).await?))
    }

    /// People of a tenant who have set a password.
    pub async fn people_with_password(&self, tenant: Tenant) -> Result<Vec<PersonId>, StoreFault> {
        let text = "select person from credentials where tenant = $1 order by person";
        let mut connection = self.everywhere().await?;
        let found: Vec<Uuid> = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(PersonId).collect())
    }

    /// Sets a password, uses up the link and ends the other sessions: all or nothing. False, and nothing changed, when the link is unknown, used or too old, or when
    /// another password than the one it replaces is there by now.
    pub async fn set_password(&self, change: &PasswordChange) -> Result<bool, StoreFault> {
        let (tenant, person) = (change.tenant.0, change.person.0);
        let mut connection = self.worker().await?;
        if let Some(link) = change.link
            && !use_link(&mut connection, link, change).await?
        {
            return Ok(false);
        }
        if let Some(replaces) = &change.replaces
            && !replaced(&mut connection, replaces, change).await?
        {
            return Ok(false);
        }
        let set = "insert into credentials (tenant, person, hash, changed) values ($1, $2, $3, $4)
            on conflict (tenant, person) do update set hash = excluded.hash, changed = excluded.changed";
        on_both!(&mut connection, c => {
            sqlx::query(set).bind(tenant).bind(person).bind(&change.hash).bind(change.at.0).execute(&mut **c).await?;
            sqlx::query("delete from mail_links where tenant = $1 and person = $2").bind(tenant).bind(person).execute(&mut **c).await?;
            sqlx::query("delete from sessions where tenant = $1 and person = $2 and digest <> $3")
                .bind(tenant)
                .bind(person)
                .bind(change.kept.map_or(Vec::new(), |kept| kept.0.to_vec()))
                .execute(&mut **c)
                .await?;
            for key in &change.tries {
                sqlx::query("delete from sign_in_tries where key = $1").bind(&key.0[..]).execute(&mut **c).await?;
            }
        });
        connection.finish().await?;
        Ok(true)
    }

    /// Keeps a link that is about to leave; links past their time go.
    pub async fn add_link(&self, digest: Digest, purpose: LinkPurpose, link: &LinkRow, now: Moment) -> Result<(), StoreFault> {
        let text = "insert into mail_links (digest, tenant, person, purpose, expires) values ($1, $2, $3, $4, $5)";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query("delete from mail_links where expires <= $1").bind(now.0).execute(&mut **c).await?;
            sqlx::query(text)
                .bind(&digest.0[..])
                .bind(link.tenant.0)
                .bind(link.person.0)
                .bind(purpose.code())
                .bind(link.expires.0)
                .execute(&mut **c)
                .await?;
        });
        connection.finish().await
    }

    /// A link that has not been used; also one past its time, which the caller holds against real time.
    pub async fn link(&self, digest: Digest, purpose: LinkPurpose) -> Result<Option<LinkRow>, StoreFault> {
        let text = "select tenant, person, expires from mail_links where digest = $1 and purpose = $2";
        let mut connection = self.everywhere().await?;
        let found: Option<(i32, Uuid, i64)> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(&digest.0[..]).bind(purpose.code()).fetch_optional(&mut **c).await?);
        Ok(found.map(|(tenant, person, expires)| LinkRow { tenant: Tenant(tenant), person: PersonId(person), expires: Moment(expires) }))
    }

    /// Counts a try before its outcome is known, so that many at once are counted like many in a row. Answers until when the key pauses; a paused one is not counted.
    pub async fn count_try(&self, key: Digest, now: Moment, rule: TryRule) -> Result<Option<Moment>, StoreFault> {
        let count = "insert into sign_in_tries (key, failures, since, paused_until) values ($1, 1, $2, 0)
            on conflict (key) do update set
              failures = case when sign_in_tries.paused_until > $2 then sign_in_tries.failures when sign_in_tries.since < $3 then 1 else sign_in_tries.failures + 1 end,
              since = case when sign_in_tries.since < $3 and sign_in_tries.paused_until <= $2 then $2 else sign_in_tries.since end
            returning failures, paused_until";
        let mut connection = self.worker().await?;
        let (failures, paused_until): (i64, i64) = on_both!(&mut connection, c => sqlx::query_as(count)
            .bind(&key.0[..])
            .bind(now.0)
            .bind(rule.since.0)
            .fetch_one(&mut **c)
            .await?);
        if paused_until > now.0 {
            return Ok(Some(Moment(paused_until)));
        }
        let pause = (rule.pause_ms)(u32::try_from(failures).unwrap_or(u32::MAX));
        if pause > 0 {
            let text = "update sign_in_tries set paused_until = $2 where key = $1";
            on_both!(&mut connection, c => { sqlx::query(text).bind(&key.0[..]).bind(now.0 + pause).execute(&mut **c).await?; });
        }
        connection.finish().await?;
        Ok(None)
    }

    /// Until when a key pauses.
    pub async fn paused(&self, key: Digest, now: Moment) -> Result<Option<Moment>, StoreFault> {
        let text = "select paused_until from sign_in_tries where key = $1 and paused_until > $2";
        let mut connection = self.everywhere().await?;
        let found: Option<i64> = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(&key.0[..]).bind(now.0).fetch_optional(&mut **c).await?);
        Ok(found.map(Moment))
    }

    /// Drops a count.
    pub async fn forget_try(&self, key: Digest) -> Result<(), StoreFault> {
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query("delete from sign_in_tries where key = $1").bind(&key.0[..]).execute(&mut **c).await?; });
        connection.finish().await
    }

    /// Drops counts that began before `before` and pause nobody any more.
    pub async fn drop_tries(&self, before: Moment, now: Moment) -> Result<u64, StoreFault> {
        let text = "delete from sign_in_tries where since < $1 and paused_until <= $2";
        let mut connection = self.worker().await?;
        let dropped = on_both!(&mut connection, c => sqlx::query(text).bind(before.0).bind(now.0).execute(&mut **c).await?.rows_affected());
        connection.finish().await?;
        Ok(dropped)
    }

    /// Keeps what somebody typed who asked for a reset, once for each id; whether there is such a person is looked at later, so that asking takes the same time for everybody.
    pub async fn ask_reset(&self, id: Uuid, asked: &str, at: Moment) -> Result<(), StoreFault> {
        let text = "insert into reset_asks (id, asked, at) values ($1, $2, $3) on conflict (id) do nothing";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query(text).bind(id).bind(asked).bind(at.0).execute(&mut **c).await?; });
        connection.finish().await
    }

    /// What was asked for, oldest first.
    pub async fn reset_asks(&self, limit: u32) -> Result<Vec<ResetAsk>, StoreFault> {
        let text = "select id, asked, at from reset_asks order by at, id limit $1";
        let mut connection = self.everywhere().await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(i64::from(limit)).fetch_all(&mut **c).await?))
    }

    /// Drops one that was looked at.
    pub async fn drop_reset_ask(&self, id: Uuid) -> Result<(), StoreFault> {
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => { sqlx::query("delete from reset_asks where id = $1").bind(id).execute(&mut **c).await?; });
        connection.finish().await
    }
}

/// A reset somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ResetAsk {
    /// Its id: of the form it came from.
    pub id: Uuid,
    /// A login or an address, as typed.
    pub asked: String,
    /// When, in real time.
    pub at: i64,
}

/// Of two changes that saw the same password the second finds another.
async fn replaced(connection: &mut Connection, replaces: &str, change: &PasswordChange) -> Result<bool, StoreFault> {
    let text = "update credentials set hash = $4 where tenant = $1 and person = $2 and hash = $3";
    let found = on_both!(connection, c => sqlx::query(text)
        .bind(change.tenant.0)
        .bind(change.person.0)
        .bind(replaces)
        .bind(&change.hash)
        .execute(&mut **c)
        .await?
        .rows_affected());
    Ok(found == 1)
}

/// Whoever deletes the link has it; a second one finds nothing to delete.
async fn use_link(connection: &mut Connection, link: Digest, change: &PasswordChange) -> Result<bool, StoreFault> {
    let text = "delete from mail_links where digest = $1 and tenant = $2 and person = $3 and expires > $4";
    let used = on_both!(connection, c => sqlx::query(text)
        .bind(&link.0[..])
        .bind(change.tenant.0)
        .bind(change.person.0)
        .bind(change.at.0)
        .execute(&mut **c)
        .await?
        .rows_affected());
    Ok(used == 1)
}
