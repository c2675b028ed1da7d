//! What a node knows of a tenant besides its cases: roster, calendar, published bundles. Read from the register, shared by all.
//! Invariant: a `Known` never changes; a newer register version gives a new one. A refusal is confirmed against the stored version first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::assessment::{self, AssessmentPlan};
use crate::app::authority::Authority;
use crate::app::calendars::CalendarVersion;
use crate::app::frozen::Period;
use crate::app::handover::Handover;
use crate::app::own_links::Feed;
use crate::app::webhooks::Webhook;
use crate::calendar::Calendar;
use crate::clock;
use crate::definition::graph::Bundle;
use crate::engine::case::Case;
use crate::identity::{Actor, Roster};
use crate::ids::{Digest, Moment, Name, PersonId, Tenant, Text};
use crate::limits::REGISTER_STALE_MS_MAX;
use crate::notice::{Preferences, Texts};

/// One version of the register, parsed.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The register's version.
    pub version: i64,
    /// People, offices, posts.
    pub roster: Roster,
    /// The calendar in force.
    pub calendar: Calendar,
    /// Every version of it, by number.
    pub calendars: BTreeMap<u32, CalendarVersion>,
    /// Every bundle ever published, by digest: running cases keep theirs.
    pub bundles: BTreeMap<Digest, Arc<Bundle>>,
    /// The bundle a new case of a workflow gets.
    pub current: BTreeMap<Name, Digest>,
    /// Titles of accounts, `(zh, en, unit)` by key.
    pub accounts: BTreeMap<String, AccountTitle>,
    /// Which short messages carriers have approved, and which are switched on.
    pub texts: Texts,
    /// What people chose to hear, and how.
    pub preferences: BTreeMap<PersonId, Preferences>,
    /// Calendar feeds of people.
    pub feeds: BTreeMap<PersonId, Feed>,
    /// Webhooks, by id.
    pub webhooks: BTreeMap<String, Webhook>,
    /// Desks that were or are to be handed over, by id.
    pub handovers: BTreeMap<String, Handover>,
    /// What scores are made of, by the first day of the periods each version counts for.
    pub assessments: BTreeMap<NaiveDate, AssessmentPlan>,
    /// Standing authorisations to issue supervision orders, by document.
    pub authorities: BTreeMap<String, Authority>,
}

impl Known {
    /// The name of an office; its key when the roster does not have it.
    #[must_use]
    pub fn office(&self, key: &str) -> Text {
        let found = self.roster.offices.get(key).map(|office| Text { zh: office.zh.clone(), en: office.en.clone() });
        found.unwrap_or_else(|| Text { zh: key.to_owned(), en: key.to_owned() })
    }

    /// The versions of workflows whose ranks count no more on a day: what a rank rests on has ended, as the certificate of admission says as well.
    #[must_use]
    pub fn lapsed(&self, on: NaiveDate) -> Vec<Digest> {
        let lapses = |bundle: &Bundle| bundle.ranks_until().is_some_and(|until| until < on);
        self.bundles.iter().filter(|(_, bundle)| lapses(bundle)).map(|(digest, _)| *digest).collect()
    }

    /// The rank a running case of a version has on a day, of the one it was given.
    #[must_use]
    pub fn rank_on(&self, revision: Digest, given: i16, on: NaiveDate) -> i16 {
        self.bundles.get(&revision).map_or(given, |bundle| bundle.rank_on(given, on))
    }

    /// The rank a case shows on a day: what it came to while it runs, and what it was given once it has ended.
    #[must_use]
    pub fn rank_shown(&self, case: &Case, on: NaiveDate) -> i16 {
        if case.ended.is_some() { case.rank } else { self.rank_on(case.revision, case.rank, on) }
    }

    /// What scores of a period are made of: the version in force on its first day, so that a new one never changes what an older period was told.
    #[must_use]
    pub fn assessment_of(&self, period: &Period) -> &AssessmentPlan {
        self.assessments.range(..=period.from).next_back().map_or_else(|| assessment::plan(), |(_, plan)| plan)
    }

    /// What somebody chose to hear; nothing chosen is everything.
    #[must_use]
    pub fn preferences_of(&self, person: PersonId) -> Preferences {
        self.preferences.get(&person).cloned().unwrap_or_default()
    }

    /// How an actor is called on screen and paper.
    #[must_use]
    pub fn called(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person(person) => self.roster.people.get(person).map_or_else(|| person.to_string(), |person| person.name.clone()),
            Actor::System => "系统 system".to_owned(),
            Actor::Operator(name) => name.clone(),
        }
    }
}

/// How an account is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTitle {
    /// zh-CN.
    pub zh: String,
    /// English.
    pub en: String,
    /// `m2` or `fen`.
    pub unit: String,
}

/// The newest `Known` of each tenant, shared by lanes, surfaces and workers.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    by_tenant: Arc<RwLock<BTreeMap<Tenant, Shelved>>>,
}

#[derive(Clone, Debug, Default)]
struct Shelved {
    known: Arc<Known>,
    /// The register may have moved on without this copy.
    doubted: bool,
    /// How often it was doubted: what was read before the last doubt confirms nothing.
    doubts: u64,
    /// When the reading that last confirmed it began, by the machine's clock.
    confirmed: Option<Moment>,
}

impl Shelf {
    /// What is known of `tenant`; empty for one nobody has seeded.
    #[must_use]
    pub fn of(&self, tenant: Tenant) -> Arc<Known> {
        let shelf = self.by_tenant.read().unwrap_or_else(PoisonError::into_inner);
        shelf.get(&tenant).map(|held| held.known.clone()).unwrap_or_default()
    }

    /// The same, where this process alone writes the register: `None` while nothing is known or the copy is in doubt.
    #[must_use]
    pub fn certain(&self, tenant: Tenant) -> Option<Arc<Known>> {
        let shelf = self.by_tenant.read().unwrap_or_else(PoisonError::into_inner);
        shelf.get(&tenant).filter(|held| !held.doubted && held.known.version > 0).map(|held| held.known.clone())
    }

    /// What was the register's newest version at most `REGISTER_STALE_MS_MAX` ago: enough to let somebody through to the writer, never to refuse.
    #[must_use]
    pub fn lately(&self, tenant: Tenant) -> Option<Arc<Known>> {
        let shelf = self.by_tenant.read().unwrap_or_else(PoisonError::into_inner);
        let held = shelf.get(&tenant).filter(|held| held.known.version > 0)?;
        let age = clock::real().0 - held.confirmed?.0;
        (0..REGISTER_STALE_MS_MAX).contains(&age).then(|| held.known.clone())
    }

    /// A reading that began at `began` found no newer version than the copy's.
    pub fn confirmed(&self, tenant: Tenant, began: Moment) {
        let mut shelf = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
        let held = shelf.entry(tenant).or_default();
        held.confirmed = held.confirmed.max(Some(began));
    }

    /// The register may have been changed: the copy counts again once it was confirmed.
    pub fn doubt(&self, tenant: Tenant) {
        let mut shelf = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
        let held = shelf.entry(tenant).or_default();
        held.doubted = true;
        held.doubts += 1;
    }

    /// How often the copy was doubted so far; asked before the stored version is read.
    #[must_use]
    pub fn doubts(&self, tenant: Tenant) -> u64 {
        self.by_tenant.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).map_or(0, |held| held.doubts)
    }

    /// The stored version, read after that many doubts, is the copy's own.
    pub fn confirm(&self, tenant: Tenant, doubts: u64) {
        // Nearly always nothing to do, and then nobody who reads is held up.
        if self.certain(tenant).is_none() {
            let mut shelf = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
            let held = shelf.entry(tenant).or_default();
            held.doubted &= held.doubts != doubts;
        }
    }

    /// Puts a newer one in place; an older one is ignored.
    pub fn put(&self, tenant: Tenant, known: Known) -> Arc<Known> {
        let mut shelf = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
        let held = shelf.entry(tenant).or_default();
        if known.version > held.known.version || held.known.version == 0 {
            held.known = Arc::new(known);
        }
        held.known.clone()
    }

    /// The tenants known so far.
    #[must_use]
    pub fn tenants(&self) -> Vec<Tenant> {
        self.by_tenant.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

/// Readings of a register's version, shared: one answers everybody who asked before it began, so that many requests at once cost one query.
#[derive(Debug, Default)]
pub struct Readings {
    by_tenant: Mutex<BTreeMap<Tenant, Arc<Reading>>>,
}

#[derive(Debug, Default)]
struct Reading {
    /// Counts askings and beginnings, so that each is before or after every other.
    turn: AtomicU64,
    /// The beginning of the last reading, and what it found.
    last: tokio::sync::Mutex<(u64, i64)>,
}

impl Readings {
    /// What `read` finds, or what another reading found that began after this call.
    ///
    /// # Errors
    /// Whatever `read` ends with.
    pub async fn join<E>(&self, tenant: Tenant, read: impl Future<Output = Result<i64, E>>) -> Result<i64, E> {
        let reading = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default().clone();
        let asked = reading.turn.fetch_add(1, Ordering::SeqCst);
        let mut last = reading.last.lock().await;
        if last.0 > asked {
            return Ok(last.1);
        }
        let begun = reading.turn.fetch_add(1, Ordering::SeqCst);
        let found = read.await?;
        *last = (begun, found);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_reading_answers_those_who_asked_before_it_began_and_nobody_later() {
        let (readings, stored) = (Readings::default(), AtomicU64::new(0));
        let read = || async { Ok::<_, Infallible>(i64::try_from(stored.fetch_add(1, Ordering::SeqCst)).unwrap_or(-1)) };
        assert_eq!(readings.join(Tenant(1), read()).await, Ok(0));
        assert_eq!(readings.join(Tenant(1), read()).await, Ok(1));
        // The first of these begins a reading while the others are asking; the second begins another, which answers the third as well.
        let (began, wait) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let slow = async {
            began.notify_one();
            wait.notified().await;
            read().await
        };
        let others = async {
            began.notified().await;
            let let_go = async { wait.notify_one() };
            let (second, third, ()) = tokio::join!(readings.join(Tenant(1), read()), readings.join(Tenant(1), read()), let_go);
            (second, third)
        };
        let (first, (second, third)) = tokio::join!(readings.join(Tenant(1), slow), others);
        assert_eq!((first, second, third), (Ok(2), Ok(3), Ok(3)));
    }

    #[test]
    fn a_copy_is_late_once_its_last_reading_began_too_long_ago() {
        let (shelf, tenant, now) = (Shelf::default(), Tenant(1), clock::real());
        assert!(shelf.lately(tenant).is_none());
        shelf.put(tenant, Known { version: 1, ..Known::default() });
        assert!(shelf.lately(tenant).is_none(), "nobody said when it was read");
        shelf.confirmed(tenant, Moment(now.0 - REGISTER_STALE_MS_MAX));
        assert!(shelf.lately(tenant).is_none());
        shelf.confirmed(tenant, now);
        assert!(shelf.lately(tenant).is_some());
    }

    #[test]
    fn a_doubted_copy_counts_again_once_it_was_confirmed() {
        let (shelf, tenant) = (Shelf::default(), Tenant(1));
        assert!(shelf.certain(tenant).is_none());
        let known = |version| Known { version, ..Known::default() };
        shelf.put(tenant, known(1));
        assert_eq!(shelf.certain(tenant).map(|known| known.version), Some(1));
        shelf.doubt(tenant);
        assert!(shelf.certain(tenant).is_none());
        shelf.confirm(tenant, 0);
        assert!(shelf.certain(tenant).is_none(), "what was read before the doubt confirms nothing");
        shelf.confirm(tenant, shelf.doubts(tenant));
        assert!(shelf.certain(tenant).is_some());
        shelf.doubt(tenant);
        shelf.put(tenant, known(2));
        assert!(shelf.certain(tenant).is_none(), "it may have been read before the doubt");
        shelf.confirm(tenant, shelf.doubts(tenant));
        assert_eq!(shelf.certain(tenant).map(|known| known.version), Some(2));
    }
}
