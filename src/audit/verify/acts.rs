//! The second phase: every case with its acts, in order.
//! Invariant: an act that passes is the one its leaf describes, follows the act before it, and is in the log or waits for the sealer.

use crate::audit::leaf::{FIRST_SEQ, Leaf, NO_LEAF};
use crate::audit::verify::{Checkpoints, Desk, Entries, Indices, Place, Sealed, Wrong};
use crate::ids::{CaseId, Digest, Moment, Tenant};

/// A case's row: what the store says its acts come to.
#[derive(Clone, Copy, Debug)]
pub struct CaseRow {
    /// Its tenant.
    pub tenant: Tenant,
    /// Its id.
    pub case: CaseId,
    /// How many acts it has.
    pub version: u64,
    /// The digest of its newest leaf.
    pub head: Digest,
}

/// Where the log has an act.
#[derive(Clone, Copy, Debug)]
pub struct EntryOf {
    /// The index.
    pub index: u64,
    /// The leaf hash the log has there.
    pub leaf: Digest,
}

/// One act as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct ActRow<'a> {
    /// Its case.
    pub case: CaseId,
    /// Its place in the case.
    pub seq: u64,
    /// The stored kind.
    pub kind: &'a str,
    /// The stored moment.
    pub at: Moment,
    /// The events' bytes.
    pub events: &'a [u8],
    /// The leaf's bytes.
    pub leaf: &'a [u8],
    /// The log entry of this (case, seq); `None` without one. An act with two entries comes twice.
    pub entry: Option<EntryOf>,
    /// It is on the list of acts to be sealed.
    pub pending: bool,
}

/// The phase of cases and acts.
#[derive(Debug)]
pub struct Acts {
    desk: Desk,
    before: Before,
    logged: Indices,
    case: Option<Chain>,
}

/// What the checkpoints phase leaves for the later ones.
#[derive(Debug)]
struct Before {
    sealed: Vec<Sealed>,
    outside: Vec<crate::audit::checkpoint::Checkpoint>,
    lag_ms_max: Option<i64>,
}

/// How far the chain of the case at hand goes.
#[derive(Debug)]
struct Chain {
    row: CaseRow,
    seq: u64,
    head: Digest,
    at: Moment,
}

impl Acts {
    pub(super) fn new(checkpoints: Checkpoints) -> Self {
        let Checkpoints { desk, outside, lag_ms_max, sealed, keys: _, live: _ } = checkpoints;
        Self { desk, before: Before { sealed, outside, lag_ms_max }, logged: Indices::default(), case: None }
    }

    /// Begins a case; its acts follow, in order of `seq`, before the next case.
    pub fn case(&mut self, row: &CaseRow) {
        self.close_case();
        self.desk.counts.cases += 1;
        self.case = Some(Chain { row: *row, seq: FIRST_SEQ - 1, head: NO_LEAF, at: Moment(i64::MIN) });
    }

    /// Takes the next act of the case.
    pub fn act(&mut self, act: &ActRow<'_>) {
        let place = Place::Act { case: act.case, seq: act.seq };
        let chain = self.case.as_mut().filter(|chain| chain.row.case == act.case);
        if self.desk.cut.is_some() && chain.as_ref().is_some_and(|chain| act.seq > chain.row.version) {
            return;
        }
        self.desk.counts.acts += 1;
        let Some(chain) = chain else {
            return self.desk.report(place, Wrong::ActWithoutCase);
        };
        let digest = Leaf::digest(act.leaf);
        match Leaf::parse(act.leaf) {
            Ok(leaf) => {
                leaf_fits(&mut self.desk, chain, act, &leaf);
                chain.at = chain.at.max(leaf.at);
            }
            Err(error) => self.desk.report(place, Wrong::LeafUnreadable(error)),
        }
        chain.seq = act.seq;
        chain.head = digest;
        self.place_fits(act, digest);
    }

    fn place_fits(&mut self, act: &ActRow<'_>, digest: Digest) {
        let place = Place::Act { case: act.case, seq: act.seq };
        let Some(entry) = act.entry else {
            self.desk.counts.pending += u64::from(act.pending);
            if !act.pending {
                self.desk.report(place, Wrong::ActUnlogged);
            }
            return;
        };
        if act.pending {
            self.desk.report(place, Wrong::ActLoggedAndPending { index: entry.index });
        }
        if entry.leaf != digest {
            self.desk.report(place, Wrong::EntryLeaf { index: entry.index });
        }
        if self.desk.is_newer(entry.index) {
            self.desk.counts.pending += 1;
            return;
        }
        if !self.logged.insert(entry.index) {
            self.desk.report(place, Wrong::EntryShared { index: entry.index });
        }
        if let Some(wrong) = self.before.moment_fits(act.at, entry.index) {
            self.desk.report(place, wrong);
        }
    }

    fn close_case(&mut self) {
        let Some(Chain { row, seq, head, at: _ }) = self.case.take() else { return };
        if row.version != seq || row.head != head {
            self.desk.report(Place::Act { case: row.case, seq: seq.max(FIRST_SEQ) }, Wrong::CaseHead { version: row.version, acts: seq });
        }
    }

    /// Goes on to the log's entries.
    #[must_use]
    pub fn entries(mut self) -> Entries {
        self.close_case();
        let Before { sealed, outside, lag_ms_max: _ } = self.before;
        Entries::new(self.desk, sealed, outside, self.logged)
    }
}

fn leaf_fits(desk: &mut Desk, chain: &Chain, act: &ActRow<'_>, leaf: &Leaf) {
    let place = Place::Act { case: act.case, seq: act.seq };
    // The order tells most: a changed event is its own cause, a broken chain often the consequence of something before.
    if leaf.events != Digest::of(act.events) {
        desk.report(place, Wrong::EventsChanged);
    }
    if (leaf.tenant, leaf.case, leaf.seq) != (chain.row.tenant, act.case, act.seq) {
        desk.report(place, Wrong::LeafMisplaced { case: leaf.case, seq: leaf.seq });
    }
    if leaf.kind != act.kind || leaf.at != act.at {
        desk.report(place, Wrong::ColumnsChanged { kind: leaf.kind.to_string(), at: leaf.at });
    }
    if act.seq != chain.seq + 1 {
        desk.report(place, Wrong::ActGap { expected: chain.seq + 1 });
    } else if leaf.prev != chain.head {
        desk.report(place, Wrong::ChainBroken);
    }
    if leaf.at < chain.at {
        desk.report(place, Wrong::ActBackwards { before: chain.at, found: leaf.at });
    }
}

impl Before {
    /// An act's moment against the checkpoints on both sides of it.
    fn moment_fits(&self, at: Moment, index: u64) -> Option<Wrong> {
        let lag = self.lag_ms_max?;
        let first_with = self.sealed.partition_point(|sealed| sealed.head.size <= index);
        let without = first_with.checked_sub(1).and_then(|last| self.sealed.get(last));
        if let Some(sealed) = without.filter(|sealed| at.0.saturating_add(lag) < sealed.at.0) {
            return Some(Wrong::Backdated { at, sealed: sealed.at });
        }
        let with = self.sealed.get(first_with)?;
        (at.0.saturating_sub(lag) > with.at.0).then_some(Wrong::Postdated { at, sealed: with.at })
    }
}
