//! Signing in with a password: the password itself, the pauses after failures, the session that follows.
//! Invariant: an unknown login, a wrong password and a disabled person get one answer after the same work; every moment here is real time and comes as an argument.
//! Never: a password or a token kept or logged; what is kept of them is a hash.

pub mod demo;
pub mod invite;
pub mod password;
pub mod sessions;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::engine::refusal::{Class, Refusal};
use crate::identity::Person;
use crate::ids::{Digest, Moment, Tenant};
use crate::limits::{ADDRESS_FAILURES_MAX, ADDRESS_PAUSE_MS, ADDRESS_WINDOW_MS, LOGIN_FAILURES_MAX, LOGIN_PAUSE_FIRST_MS, LOGIN_PAUSE_MS_MAX, LOGIN_WINDOW_MS};
use crate::store::{StoreFault, TryRule};

/// What somebody typed to sign in, and from where. Not to be printed: it holds a password.
#[derive(Clone)]
pub struct Attempt {
    /// The login, as typed.
    pub login: String,
    /// The password.
    pub password: String,
    /// The other side's address, as far as it is known; only its digest is kept.
    pub address: String,
    /// The browser, as it calls itself.
    pub agent: String,
    /// The session this browser had; it ends, so that nobody goes on with a cookie planted before.
    pub before: Option<String>,
}

/// Somebody found by login.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub tenant: Tenant,
    pub person: Person,
}

pub(super) fn storing(cause: StoreFault) -> Fault {
    Fault::new("signing in", cause)
}

/// The key under which the failures of a login are counted; logins that nobody has are counted alike.
pub(super) fn login_key(login: &str) -> Digest {
    Digest::of(format!("login\n{}", fold(login)).as_bytes())
}

/// The key under which the failures from an address are counted.
pub(super) fn address_key(address: &str) -> Digest {
    Digest::of(format!("address\n{address}").as_bytes())
}

/// Logins and mail addresses are one whether written in capitals or not.
pub(super) fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// No pause for the first failures, then one that doubles up to an hour.
fn login_pause(failures: u32) -> i64 {
    match failures.checked_sub(LOGIN_FAILURES_MAX) {
        None => 0,
        Some(beyond) => LOGIN_PAUSE_FIRST_MS.checked_shl(beyond.min(16)).unwrap_or(LOGIN_PAUSE_MS_MAX).min(LOGIN_PAUSE_MS_MAX),
    }
}

/// Many people may share an address, so it bears many failures.
fn address_pause(failures: u32) -> i64 {
    if failures >= ADDRESS_FAILURES_MAX { ADDRESS_PAUSE_MS } else { 0 }
}

fn login_rule(now: Moment) -> TryRule {
    TryRule { since: Moment(now.0 - LOGIN_WINDOW_MS), pause_ms: login_pause }
}

pub(super) fn address_rule(now: Moment) -> TryRule {
    TryRule { since: Moment(now.0 - ADDRESS_WINDOW_MS), pause_ms: address_pause }
}

impl App {
    /// Signs somebody in; answers the new session's token, which stands nowhere else.
    ///
    /// # Errors
    /// `sign_in_wrong`, `sign_in_paused` or `sign_in_busy`, or a fault.
    pub async fn sign_in(&self, attempt: &Attempt, now: Moment) -> Result<String, Failure> {
        self.inner.passwords.room()?;
        let (login, address) = (login_key(&attempt.login), address_key(&attempt.address));
        let paused = self.store().paused(address, now).await.map_err(storing)?;
        if let Some(until) = paused.or(self.store().count_try(login, now, login_rule(now)).await.map_err(storing)?) {
            return Err(pause(now, until).into());
        }
        let found = self.found_by_login(&attempt.login).await?;
        let hash = match &found {
            Some(found) => self.store().password_hash(found.tenant, found.person.id).await.map_err(storing)?,
            None => self.store().password_hash(Tenant(0), crate::ids::PersonId(uuid::Uuid::nil())).await.map_err(storing)?,
        };
        let right = self.inner.passwords.verify(attempt.password.clone(), hash).await?;
        match found.filter(|found| right && !found.person.disabled) {
            Some(found) => {
                tracing::debug!(tenant = %found.tenant, person = %found.person.id, "signed in");
                self.begin_session(&found, attempt, Some(login), now).await.map_err(Failure::from)
            }
            None => {
                self.store().count_try(address, now, address_rule(now)).await.map_err(storing)?;
                tracing::debug!("a sign-in failed");
                Err(wrong().into())
            }
        }
    }

    /// Whoever has this login, in whichever tenant; all are looked at, so that finding takes as long as not finding.
    pub(crate) async fn found_by_login(&self, login: &str) -> Result<Option<Found>, Fault> {
        let login = fold(login);
        let mut found = None;
        for tenant in self.tenants().await? {
            let known = self.known(tenant).await?;
            let person = known.roster.people.values().find(|person| fold(&person.login) == login).cloned();
            found = found.or(person.map(|person| Found { tenant, person }));
        }
        Ok(found)
    }
}

fn wrong() -> Refusal {
    refusal(
        "sign_in_wrong",
        Class::Forbidden,
        "登录名或密码不正确，或者该账号还没有设置密码。",
        "cannot sign in: the login or the password is not right, or no password has been set yet",
    )
}

fn pause(now: Moment, until: Moment) -> Refusal {
    const MINUTE_MS: i64 = 60_000;
    let minutes = (until.0 - now.0 + MINUTE_MS - 1) / MINUTE_MS;
    let clock = until.civil().format("%H:%M");
    refusal(
        "sign_in_paused",
        Class::Conflict,
        format!("连续多次未能登录，请约 {minutes} 分钟后（{clock} 以后）再试；也可以用邮件重设密码，重设后立即可以登录。"),
        format!(
            "cannot sign in now: too many tries have failed; try again in about {minutes} min (after {clock}), or reset the password by mail, which works at once"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_begins_with_the_fifth_failure_and_doubles_up_to_an_hour() {
        const MINUTE_MS: i64 = 60_000;
        let minutes: Vec<i64> = [1, 4, 5, 6, 7, 10, 11, 12, 1_000].into_iter().map(|failures| login_pause(failures) / MINUTE_MS).collect();
        assert_eq!(minutes, [0, 0, 1, 2, 4, 32, 60, 60, 60]);
    }

    #[test]
    fn capitals_and_blanks_make_no_other_login() {
        assert_eq!(login_key(" Chen "), login_key("chen"));
        assert_ne!(login_key("chen"), address_key("chen"));
    }
}
