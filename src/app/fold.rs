//! Several notices of one hour for one person leave as one message. The first leaves at once and opens the hour; what comes in it waits for its end and leaves together.
//! Invariant: each notice keeps its record and is settled by its own event; a fold is on record with all its members before it is sent, so that it is the same
//! message, under the same id, at every attempt. Never: what is urgent, served or ordered held back; one that may have been sent alone before taken into a fold.

use std::collections::BTreeMap;

use super::outbox::Claimed;
use crate::app::App;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::notice::{Kind, Language, Medium};
use crate::store::{ClaimedNotice, StoreFault};

fn folding(cause: StoreFault) -> Fault {
    Fault::new("putting notices of one person together", cause)
}

/// Whose, by which medium, in which language.
type Pile = (Tenant, PersonId, String, String);

impl App {
    /// Puts claimed notices together that leave as one, and lets those wait whose person was written to within the last `hour_ms` (0: none is ever held).
    ///
    /// # Errors
    /// A fault: their leases end and they are claimed again.
    pub async fn fold_notices(&self, claimed: Vec<Claimed>, hour_ms: i64) -> Result<Vec<Claimed>, Fault> {
        let mut leaving = Vec::with_capacity(claimed.len());
        let mut piles: BTreeMap<Pile, Vec<Claimed>> = BTreeMap::new();
        for mut notice in claimed {
            if notice.fold().is_some() {
                notice.with = self.members(&notice).await?;
                leaving.push(notice);
            } else if hour_ms > 0 && notice.may_fold() {
                let (tenant, person) = notice.to();
                let medium = notice.medium.map_or("", Medium::key).to_owned();
                piles.entry((tenant, person, medium, notice.language.clone())).or_default().push(notice);
            } else {
                leaving.push(notice);
            }
        }
        for ((tenant, person, medium, language), pile) in piles {
            let now = self.clock().now();
            let over = Moment(now.0.saturating_add(hour_ms));
            match self.store().open_hour((tenant, person, &medium), now, over).await.map_err(folding)? {
                Some(open_until) => self.store().hold_notices(&claims(&pile), open_until).await.map_err(folding)?,
                None => leaving.extend(self.together(pile, &medium, &language).await?),
            }
        }
        Ok(leaving)
    }

    async fn together(&self, mut pile: Vec<Claimed>, medium: &str, language: &str) -> Result<Vec<Claimed>, Fault> {
        let speaks = |known: &Known| medium != Medium::Sms.key() || known.texts.speaks(Kind::Folded, Language::of(language));
        if pile.len() < 2 || !pile.first().is_some_and(|first| speaks(&first.known)) {
            return Ok(pile);
        }
        pile.sort_by(|one, other| (one.due, &one.key).cmp(&(other.due, &other.key)));
        let fold = fold_id(&pile);
        if !self.store().fold_notices(&fold, &claims(&pile)).await.map_err(folding)? {
            // Somebody else has claimed one of them since: all wait for the end of their leases.
            return Ok(Vec::new());
        }
        let with = pile.split_off(1);
        for leader in &mut pile {
            leader.claim.fold = Some(fold.clone());
        }
        if let Some(leader) = pile.first_mut() {
            leader.with = with;
        }
        Ok(pile)
    }

    /// The others of the fold that a claimed notice leads, as far as they are not over.
    async fn members(&self, leader: &Claimed) -> Result<Vec<Claimed>, Fault> {
        let Some(fold) = leader.fold() else { return Ok(Vec::new()) };
        let (tenant, _) = leader.to();
        let found = self.store().fold_members(tenant, fold).await.map_err(folding)?;
        Ok(found.into_iter().map(|claim| Claimed::new(claim, leader.known.clone())).collect())
    }
}

fn claims(pile: &[Claimed]) -> Vec<&ClaimedNotice> {
    pile.iter().map(|notice| &notice.claim).collect()
}

/// The fold's own name, made of its members': none of them was ever sent under it before.
fn fold_id(pile: &[Claimed]) -> String {
    const BYTES: usize = 16;
    let mut keys: Vec<&str> = pile.iter().map(|notice| notice.key.as_str()).collect();
    keys.sort_unstable();
    hex::encode(&Digest::of(format!("greenlane fold v1\n{}", keys.join("\n")).as_bytes()).0[..BYTES])
}
