//! Use cases: the only code that opens a transaction. Surfaces and workers hand an order to `App::execute`; a writer commits it and only then is anybody answered.
//! Invariant: what a person sees of a case is read after a commit. Never: a page, a status code, a template.

pub mod assessment;
pub mod authority;
pub mod batch;
pub mod calendars;
pub mod casework;
pub mod certificates;
pub mod clockwork;
pub mod deeds;
pub mod desk;
pub mod digests;
pub mod drafts;
pub mod evidence;
pub mod execute;
pub mod explain;
pub mod failure;
pub mod fields;
pub mod files;
pub mod find;
mod fold;
pub mod frozen;
pub mod funds;
pub mod handover;
pub mod indicators;
pub mod inspect;
pub mod items;
pub mod jobs;
pub mod known;
pub mod ledger;
pub mod lights;
pub mod log_file;
pub mod login;
pub mod migrate;
pub mod named;
pub mod naming;
pub mod notices;
pub mod operate;
pub mod orders;
pub mod outbox;
pub mod own_links;
pub mod people;
pub mod plant;
pub mod plots;
pub mod postings;
pub mod posts;
pub mod preferences;
pub mod projects;
pub mod public;
pub mod publish;
pub mod queries;
pub mod queue;
pub mod quota;
pub mod ratings;
pub mod reasons;
pub mod register;
pub mod replay;
pub mod reports;
mod reroute;
pub mod sealing;
pub mod seed;
pub mod sign_in;
pub mod signals;
pub mod texts;
mod unfilled;
pub mod verification;
pub mod view;
pub mod webhooks;
pub mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::app::failure::Fault;
use crate::app::known::{Known, Readings, Shelf};
use crate::app::login::password::Passwords;
use crate::app::sealing::Sealer;
use crate::app::sign_in::Tokens;
use crate::app::verification::Walks;
use crate::app::writer::{LaneParts, Lanes, spawn_lane};
use crate::channels::{SmsReceipts, Webhooks};
use crate::clock::{self, Clock};
use crate::ids::Tenant;
use crate::notice::Templates;
use crate::store::Store;

/// A running node: its store, its clock, its writers. Cloning shares them.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    shelf: Shelf,
    readings: Readings,
    tokens: Tokens,
    passwords: Passwords,
    /// Who changes the roster on this node, one at a time: a change reads what it replaces.
    rosters: tokio::sync::Mutex<()>,
    /// Versions of calendars after which this node has gone over the open cases.
    swept: std::sync::Mutex<std::collections::BTreeSet<(Tenant, u32)>>,
    /// When this node last cleared away what is over of signing in, in real time.
    cleared: AtomicI64,
    lanes: Lanes,
    sealer: Sealer,
    walks: Walks,
    templates: Arc<Templates>,
    sms_receipts: Option<SmsReceipts>,
    webhooks: Webhooks,
}

/// What a node brings beside its store and its clock.
pub struct Outfit<'a> {
    /// The name of the log in its checkpoints.
    pub origin: &'a str,
    /// Where the log's key lies.
    pub home: &'a Path,
    /// Every text of a notice, compiled.
    pub templates: Arc<Templates>,
    /// How delivery receipts of short messages are known, where there is a gateway that sends some.
    pub sms_receipts: Option<SmsReceipts>,
    /// Which addresses outside systems may be told at.
    pub webhooks: Webhooks,
}

impl App {
    /// Opens the writer over `store`: one lane a node. SQLite has one writer; on PostgreSQL one lane with large batches carries more than two with small ones
    /// (0.76 of the bench's floor against 0.53 at 8 clients), and more nodes bring more lanes.
    ///
    /// # Errors
    /// When a connection cannot be opened or the register cannot be read.
    pub async fn open(store: Store, clock: Clock, outfit: Outfit<'_>) -> Result<Self, Fault> {
        let Outfit { origin, home, templates, sms_receipts, webhooks } = outfit;
        let sealer = Sealer::open(home, origin)?;
        sealing::name_key(&store, &sealer).await?;
        let shelf = Shelf::default();
        let writer = store.writer().await.map_err(|cause| Fault::new("opening a writer", cause))?;
        let parts = LaneParts { writer, store: store.clone(), shelf: shelf.clone(), clock: clock.clone() };
        let lanes = vec![spawn_lane(parts).map_err(|cause| Fault::new("starting a writer", cause))?];
        let lanes = Lanes::new(lanes);
        let inner = Inner {
            store,
            clock,
            shelf,
            readings: Readings::default(),
            tokens: Tokens::default(),
            passwords: Passwords::default(),
            rosters: tokio::sync::Mutex::default(),
            swept: std::sync::Mutex::default(),
            cleared: AtomicI64::default(),
            lanes,
            sealer,
            walks: Walks::default(),
            templates,
            sms_receipts,
            webhooks,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Every text of a notice.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        &self.inner.templates
    }

    /// How delivery receipts of short messages are known and read; `None` where no gateway sends any.
    #[must_use]
    pub fn sms_receipts(&self) -> Option<&SmsReceipts> {
        self.inner.sms_receipts.as_ref()
    }

    /// Whether this node has not yet gone over the open cases after this version of the calendar; it has, from now on.
    fn sweeps_first(&self, tenant: Tenant, number: u32) -> bool {
        self.inner.swept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert((tenant, number))
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The sealer of the log.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// What is known of a tenant, read anew when the register has moved on.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub async fn known(&self, tenant: Tenant) -> Result<Arc<Known>, Fault> {
        let (store, shelf) = (&self.inner.store, &self.inner.shelf);
        if store.is_embedded()
            && let Some(known) = shelf.certain(tenant)
        {
            // Nobody else writes the file, and the writer renews the shelf before it answers.
            return Ok(known);
        }
        let reading = |cause| Fault::new("reading the register", cause);
        let (doubts, began) = (shelf.doubts(tenant), clock::real());
        let stored = self.inner.readings.join(tenant, store.registry_version(tenant)).await.map_err(reading)?;
        let held = shelf.of(tenant);
        if stored <= held.version {
            shelf.confirm(tenant, doubts);
            shelf.confirmed(tenant, began);
            return Ok(held);
        }
        let known = register::read(store, tenant, stored, &held).await?;
        let known = shelf.put(tenant, known);
        shelf.confirmed(tenant, began);
        Ok(known)
    }
}
