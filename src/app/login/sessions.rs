//! Sessions: begun by a password, kept as the SHA-256 of a cookie, ended by time, by logout, by a new password, by the end of access.
//! Invariant: each request looks at the stored row and at the roster of now, so that an end on one node is an end on all. Never: a session kept in memory, or prolonged past its last hour.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Attempt, Found, storing};
use crate::app::App;
use crate::app::execute::entropy;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::sign_in::SignedIn;
use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::limits::{AGENT_CHARS_MAX, LOGIN_WINDOW_MS, MESSAGE_IDS_MS_MAX, SESSION_IDLE_MS_MAX, SESSION_MS_MAX, SESSION_SEEN_MS};
use crate::store::SessionRow;

/// How often what is over is cleared away.
const CLEAR_EVERY_MS: i64 = 10 * 60_000;

/// A session that counts now.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who, where, and what is known of the tenant.
    pub signed_in: SignedIn,
    /// The digest of the cookie: the session's name among the person's own.
    pub digest: Digest,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// Its name.
    pub digest: Digest,
    /// When it began.
    pub begun: Moment,
    /// When it was last used, to the minute.
    pub seen: Moment,
    /// The browser, as it calls itself.
    pub agent: String,
}

impl App {
    /// Begins a session; answers its token.
    pub(super) async fn begin_session(&self, found: &Found, attempt: &Attempt, tries: Option<Digest>, now: Moment) -> Result<String, Fault> {
        let token = hex::encode(entropy::<32>()?);
        let row = SessionRow {
            digest: Digest::of(token.as_bytes()),
            tenant: found.tenant,
            person: found.person.id,
            begun: now,
            seen: now,
            agent: attempt.agent.chars().filter(|letter| !letter.is_control()).take(AGENT_CHARS_MAX).collect(),
        };
        let before = attempt.before.as_ref().map(|token| Digest::of(token.as_bytes()));
        self.store().begin_session(&row, tries, before).await.map_err(storing)?;
        Ok(token)
    }

    /// The session behind a cookie; `None` when it is unknown, over, or its person may no longer sign in. Its row then goes.
    ///
    /// # Errors
    /// A fault: it cannot be said right now.
    pub async fn session(&self, token: &str, now: Moment) -> Result<Option<Session>, Fault> {
        let digest = Digest::of(token.as_bytes());
        let Some(row) = self.store().session(digest).await.map_err(storing)? else { return Ok(None) };
        let known = self.known(row.tenant).await?;
        if !counts(&row, &known, now) {
            self.store().end_session(digest).await.map_err(storing)?;
            return Ok(None);
        }
        if now.0 - row.seen.0 >= SESSION_SEEN_MS {
            self.store().see_session(digest, now).await.map_err(storing)?;
        }
        Ok(Some(Session { signed_in: SignedIn { tenant: row.tenant, person: row.person, known }, digest }))
    }

    /// Ends the session behind a cookie.
    ///
    /// # Errors
    /// A fault: it may go on.
    pub async fn sign_out(&self, token: &str) -> Result<(), Fault> {
        self.store().end_session(Digest::of(token.as_bytes())).await.map_err(storing)?;
        Ok(())
    }

    /// A person's own sessions, the newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn own_sessions(&self, tenant: Tenant, person: PersonId, now: Moment) -> Result<Vec<OwnSession>, Fault> {
        let known = self.known(tenant).await?;
        let rows = self.store().sessions_of(tenant, person).await.map_err(storing)?;
        let own = |row: SessionRow| OwnSession { digest: row.digest, begun: row.begun, seen: row.seen, agent: row.agent };
        Ok(rows.into_iter().filter(|row| counts(row, &known, now)).map(own).collect())
    }

    /// Whether a person has set a password.
    ///
    /// # Errors
    /// A fault.
    pub async fn has_password(&self, tenant: Tenant, person: PersonId) -> Result<bool, Fault> {
        Ok(self.store().password_hash(tenant, person).await.map_err(storing)?.is_some())
    }

    /// Ends a person's sessions but one; answers how many went.
    ///
    /// # Errors
    /// A fault.
    pub async fn end_sessions(&self, tenant: Tenant, person: PersonId, kept: Option<Digest>) -> Result<u64, Fault> {
        self.store().end_sessions(tenant, person, kept).await.map_err(storing)
    }
}

impl App {
    /// Clears away sessions and counts of failures that are over, now and then.
    ///
    /// # Errors
    /// A fault.
    pub async fn clear_access(&self, now: Moment) -> Result<(), Fault> {
        let last = self.inner.cleared.load(Ordering::SeqCst);
        if now.0 - last < CLEAR_EVERY_MS || self.inner.cleared.compare_exchange(last, now.0, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Ok(());
        }
        self.store().drop_sessions(Moment(now.0 - SESSION_MS_MAX), Moment(now.0 - SESSION_IDLE_MS_MAX)).await.map_err(storing)?;
        self.store().drop_message_ids(Moment(self.clock().now().0 - MESSAGE_IDS_MS_MAX)).await.map_err(storing)?;
        self.store().drop_tries(Moment(now.0 - LOGIN_WINDOW_MS), now).await.map_err(storing)?;
        Ok(())
    }
}

fn counts(row: &SessionRow, known: &Arc<Known>, now: Moment) -> bool {
    let admitted = known.roster.people.get(&row.person).is_some_and(|person| !person.disabled);
    admitted && now.0 - row.seen.0 < SESSION_IDLE_MS_MAX && now.0 - row.begun.0 < SESSION_MS_MAX
}
