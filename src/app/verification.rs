//! Verifying the whole record while people work with it: in the background, one walk at a time, the last result kept.
//! Invariant: a result says how much it covered and when; a walk that broke off is no result. Never: a walk that holds up an answer.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::inspect;
use crate::clock;
use crate::ids::{Moment, Text};
use crate::limits::FINDINGS_SHOWN_MAX;

/// The setting that holds the last result.
const SETTING: &str = "last-verification";

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When it ended, by the machine's clock.
    pub at: Moment,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// Whether nothing is wrong.
    pub holds: bool,
    /// Cases.
    pub cases: u64,
    /// Acts.
    pub acts: u64,
    /// Acts that waited to be sealed.
    pub pending: u64,
    /// Log entries.
    pub entries: u64,
    /// Tiles of the tree.
    pub tiles: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// Forms and opinions held against their commitments.
    pub bodies: u64,
    /// What is wrong, the first things first.
    pub findings: Vec<Text>,
    /// How many more.
    pub more: u64,
}

/// Where verification stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// A walk is under way since then.
    pub running: Option<Moment>,
    /// The last one broke off, and why.
    pub broken: Option<String>,
    /// The last result.
    pub last: Option<Verified>,
}

/// The walk under way on this node.
#[derive(Debug, Default)]
pub(super) struct Walks {
    state: Mutex<Walk>,
    ended: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct Walk {
    since: Option<Moment>,
    broken: Option<String>,
}

impl Walks {
    fn with<T>(&self, look: impl FnOnce(&mut Walk) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl App {
    /// Where verification stands.
    ///
    /// # Errors
    /// A fault.
    pub async fn verification(&self) -> Result<Verification, Fault> {
        let (running, broken) = self.inner.walks.with(|walk| (walk.since, walk.broken.clone()));
        let text = self.store().setting(SETTING).await.map_err(|cause| Fault::new("reading the last verification", cause))?;
        // A result another version wrote in another shape is as good as none.
        let last = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Verification { running, broken, last })
    }

    /// Begins a walk in the background unless one is under way, and waits for its end no longer than `patience`.
    pub async fn verify_soon(&self, patience: std::time::Duration) {
        let ended = self.inner.walks.ended.notified();
        tokio::pin!(ended);
        // Listening before it begins, so that a short walk is not missed.
        ended.as_mut().enable();
        let begun = self.inner.walks.with(|walk| {
            let free = walk.since.is_none();
            if free {
                *walk = Walk { since: Some(clock::real()), broken: None };
            }
            free
        });
        if begun {
            let app = self.clone();
            tokio::spawn(async move {
                let broken = app.verify().await.err().map(|fault| {
                    tracing::error!(%fault, "the record could not be verified");
                    fault.to_string()
                });
                app.inner.walks.with(|walk| *walk = Walk { since: None, broken });
                app.inner.walks.ended.notify_waiters();
            });
        }
        let _too_long = tokio::time::timeout(patience, ended).await;
    }

    /// Walks the whole record up to its newest checkpoint and keeps the result.
    ///
    /// # Errors
    /// A fault: the record could not be read.
    pub async fn verify(&self) -> Result<Verified, Fault> {
        let began = clock::real();
        let keys = inspect::keys(self.store()).await?;
        let inspection = inspect::inspect_live(self.store(), keys, Vec::new()).await?;
        let (counts, holds) = (inspection.report.counts, inspection.holds());
        let said = inspection.report.findings.iter().map(|finding| Text { zh: finding.zh(), en: finding.en() });
        let mut findings: Vec<Text> = said.chain(inspection.differences).collect();
        let hidden = findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
        findings.truncate(FINDINGS_SHOWN_MAX);
        let at = clock::real();
        let verified = Verified {
            at,
            took_ms: at.0 - began.0,
            holds,
            cases: counts.cases,
            acts: counts.acts,
            pending: counts.pending,
            entries: counts.entries,
            tiles: counts.tiles,
            checkpoints: counts.checkpoints,
            bodies: counts.bodies,
            findings,
            more: inspection.report.more + u64::try_from(hidden).unwrap_or(u64::MAX),
        };
        let keeping = |cause: &dyn std::fmt::Display| Fault::new("keeping the result of a verification", cause);
        let text = serde_json::to_string(&verified).map_err(|cause| keeping(&cause))?;
        self.store().set_setting(SETTING, &text).await.map_err(|cause| keeping(&cause))?;
        Ok(verified)
    }
}
