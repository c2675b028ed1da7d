//! The walk over a stored record that finds what was changed afterwards. The caller streams rows; nothing here is kept but one bit an act and one digest a tile.
//! Invariant: whatever a checkpoint signed (every act's events, order, actor and moment) cannot differ without a finding; what a thief of database and key can undo
//! together, a checkpoint kept outside finds.
//! Never: a repair, or a stop at the first finding; the first one is named first, the rest up to a bound.

mod acts;
mod entries;
mod finding;

use std::collections::BTreeMap;

use crate::audit::checkpoint::Checkpoint;
use crate::audit::note::LogKey;
use crate::audit::tree::Head;
use crate::ids::Moment;

pub use acts::{ActRow, Acts, CaseRow, EntryOf};
pub use entries::{BodyRow, Entries, EntryRow, Tiles};
pub use finding::{Finding, Place, Wrong};

/// What the walk believes before it starts.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The log's keys, old ones included.
    pub keys: Vec<LogKey>,
    /// Checkpoints kept elsewhere, opened with their keys: the log must begin with each.
    pub outside: Vec<Checkpoint>,
    /// How many findings are listed; the others are counted.
    pub findings_max: usize,
    /// How far, in milliseconds, an act's moment may lie before the checkpoint that does not hold it yet or after the one that does. `None` does not ask: a
    /// sealer that stood still for a day is no forgery.
    pub lag_ms_max: Option<i64>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// Cases.
    pub cases: u64,
    /// Acts.
    pub acts: u64,
    /// Acts that wait to be sealed.
    pub pending: u64,
    /// Log entries.
    pub entries: u64,
    /// Tiles.
    pub tiles: u64,
    /// Bodies.
    pub bodies: u64,
    /// Outside checkpoints.
    pub outside: u64,
}

/// What a walk found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What is wrong, the first thing first. Empty: the record holds.
    pub findings: Vec<Finding>,
    /// Further findings, not listed.
    pub more: u64,
    /// What was looked at.
    pub counts: Counts,
    /// The log as it was recomputed, for comparing with a checkpoint on paper.
    pub head: Head,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// One row of the store's checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointRow<'a> {
    /// The size the row is stored under.
    pub size: u64,
    /// The moment the row is stored with.
    pub at: Moment,
    /// The signed note.
    pub note: &'a [u8],
}

/// The findings and counts that travel through the phases.
#[derive(Debug)]
struct Desk {
    findings: Vec<Finding>,
    findings_max: usize,
    more: u64,
    counts: Counts,
    /// In a walk over a record that grows meanwhile: the size of the newest checkpoint it began with.
    cut: Option<u64>,
}

impl Desk {
    /// Whether an index was given out after the walk began.
    fn is_newer(&self, index: u64) -> bool {
        self.cut.is_some_and(|cut| index >= cut)
    }

    fn report(&mut self, place: Place, wrong: Wrong) {
        if self.findings.len() < self.findings_max {
            self.findings.push(Finding { place, wrong });
        } else {
            self.more += 1;
        }
    }
}

/// A checkpoint that waits for the log to reach its size.
#[derive(Clone, Copy, Debug)]
struct Sealed {
    head: Head,
    at: Moment,
}

/// The first phase: all checkpoints, in the order they were stored.
#[derive(Debug)]
pub struct Checkpoints {
    desk: Desk,
    keys: Vec<LogKey>,
    outside: Vec<Checkpoint>,
    lag_ms_max: Option<i64>,
    sealed: Vec<Sealed>,
    live: bool,
}

impl Checkpoints {
    /// Begins a walk over a record that people go on working with: what is newer than the checkpoints it begins with is left to the next walk. A case's row must
    /// be read before its acts, and a checkpoint before anything else. That the newest checkpoint was dropped cannot be told from work in progress here.
    #[must_use]
    pub fn begin_live(trust: Trust) -> Self {
        Self { live: true, ..Self::begin(trust) }
    }

    /// Begins a walk over a record that stands still: checkpoints, then `acts`, then `entries`, then `tiles`, then `finish`.
    #[must_use]
    pub fn begin(trust: Trust) -> Self {
        let Trust { keys, mut outside, findings_max, lag_ms_max } = trust;
        outside.sort_by_key(|checkpoint| checkpoint.head.size);
        let counts = Counts { outside: outside.len() as u64, ..Counts::default() };
        let desk = Desk { findings: Vec::new(), findings_max: findings_max.max(1), more: 0, counts, cut: None };
        Self { desk, keys, outside, lag_ms_max, sealed: Vec::new(), live: false }
    }

    /// Takes the next checkpoint.
    pub fn checkpoint(&mut self, row: &CheckpointRow<'_>) {
        self.desk.counts.checkpoints += 1;
        let place = Place::Checkpoint { size: row.size };
        let checkpoint = match Checkpoint::open(row.note, &self.keys) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return self.desk.report(place, Wrong::CheckpointNotBelieved(error)),
        };
        let Checkpoint { head, at, origin: _ } = checkpoint;
        if (head.size, at) != (row.size, row.at) {
            self.desk.report(place, Wrong::CheckpointMisplaced { signed: head.size, at });
        }
        if let Some(before) = self.sealed.last() {
            if head.size < before.head.size {
                self.desk.report(place, Wrong::CheckpointShrinks { before: before.head.size });
            }
            if at < before.at {
                self.desk.report(place, Wrong::CheckpointBackwards { before: before.at, found: at });
            }
        }
        self.sealed.push(Sealed { head, at });
    }

    /// Goes on to the acts.
    #[must_use]
    pub fn acts(mut self) -> Acts {
        // Sorted, so that a checkpoint out of order is still held against the log; it was reported above.
        self.sealed.sort_by_key(|sealed| sealed.head.size);
        self.desk.cut = self.live.then(|| self.sealed.last().map_or(0, |sealed| sealed.head.size));
        Acts::new(self)
    }
}

/// A set of log indices: chunks, so that an absurd index costs no memory.
#[derive(Debug, Default)]
struct Indices {
    chunks: BTreeMap<u64, [u64; 64]>,
}

impl Indices {
    /// Adds one and says whether it is new.
    fn insert(&mut self, index: u64) -> bool {
        let (chunk, word, bit) = Self::place(index);
        let word = &mut self.chunks.entry(chunk).or_insert([0; 64])[word];
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn contains(&self, index: u64) -> bool {
        let (chunk, word, bit) = Self::place(index);
        self.chunks.get(&chunk).is_some_and(|words| words[word] & bit != 0)
    }

    const fn place(index: u64) -> (u64, usize, u64) {
        (index >> 12, (index >> 6 & 63) as usize, 1 << (index & 63))
    }
}
