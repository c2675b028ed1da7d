//! Whose a bearer token is, with what is known of the tenant now.
//! Invariant: a token is compared only as SHA-256; its expiry is real time, never a movable clock's; a row read earlier counts only while the register is the one it was read under.
//! Never: a token kept, or a "no" from what was remembered.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::clock;
use crate::ids::{Digest, PersonId, Tenant};
use crate::limits::TOKEN_CACHE_MAX;
use crate::store::{StoreFault, TokenRow};

/// Somebody who showed a token that counts.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The tenant the token belongs to.
    pub tenant: Tenant,
    /// Who.
    pub person: PersonId,
    /// What is known of the tenant.
    pub known: Arc<Known>,
}

/// Token rows by digest, each with the register's version it was read under. Only a look-up, so its order decides nothing.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    rows: RwLock<HashMap<Digest, (TokenRow, i64)>>,
}

impl Tokens {
    fn get(&self, digest: Digest) -> Option<(TokenRow, i64)> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner).get(&digest).copied()
    }

    fn put(&self, digest: Digest, row: TokenRow, version: i64) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= TOKEN_CACHE_MAX {
            rows.clear();
        }
        rows.insert(digest, (row, version));
    }
}

impl App {
    /// As `signed_in`, for somebody who goes on to the writer: it trusts its copy of the register as long when it accepts, and confirms every refusal itself.
    /// Who would be turned away by what is remembered is looked up.
    ///
    /// # Errors
    /// A fault: it cannot be said right now.
    pub async fn signed_in_lately(&self, token: &str) -> Result<Option<SignedIn>, Fault> {
        let remembered = self.inner.tokens.get(Digest::of(token.as_bytes()));
        let lately = remembered.and_then(|(row, version)| {
            let known = self.inner.shelf.lately(row.tenant).filter(|known| known.version == version)?;
            admitted(row, known)
        });
        match lately {
            Some(signed_in) => Ok(Some(signed_in)),
            None => self.signed_in(token).await,
        }
    }

    /// Whom `token` stands for; `None` when it is unknown, has expired, or the person may no longer sign in.
    ///
    /// # Errors
    /// A fault: it cannot be said right now.
    pub async fn signed_in(&self, token: &str) -> Result<Option<SignedIn>, Fault> {
        let digest = Digest::of(token.as_bytes());
        if let Some((row, version)) = self.inner.tokens.get(digest) {
            let known = self.known(row.tenant).await?;
            if known.version == version {
                return Ok(admitted(row, known));
            }
        }
        let reading = |cause: StoreFault| Fault::new("looking up a token", cause);
        let Some(first) = self.store().token(digest).await.map_err(reading)? else { return Ok(None) };
        let known = self.known(first.tenant).await?;
        // Read once more, now that the version is known: what is remembered is not older than it.
        let Some(row) = self.store().token(digest).await.map_err(reading)? else { return Ok(None) };
        self.inner.tokens.put(digest, row, known.version);
        Ok(admitted(row, known))
    }
}

fn admitted(row: TokenRow, known: Arc<Known>) -> Option<SignedIn> {
    let person = known.roster.people.get(&row.person).filter(|person| !person.disabled)?.id;
    (row.expires > clock::real()).then_some(SignedIn { tenant: row.tenant, person, known })
}
