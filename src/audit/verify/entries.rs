//! The third phase, the log's entries in order of index, and the last: its tiles and the bodies.
//! Invariant: an entry is counted into the tree as the log has it, so that each checkpoint is held against exactly what is stored.

use std::collections::VecDeque;
use std::mem;

use sha2::{Digest as _, Sha256};

use crate::audit::checkpoint::Checkpoint;
use crate::audit::leaf::commit;
use crate::audit::tile::{HASH_BYTES, TILE_HASHES, TILE_HEIGHT, TileId, edge};
use crate::audit::tree::{Frontier, Head};
use crate::audit::verify::{Desk, Indices, Place, Report, Sealed, Wrong};
use crate::ids::{CaseId, Digest};

/// One entry of the log.
#[derive(Clone, Copy, Debug)]
pub struct EntryRow {
    /// Its index.
    pub index: u64,
    /// The case it is of.
    pub case: CaseId,
    /// The act it is of.
    pub seq: u64,
    /// The leaf hash.
    pub leaf: Digest,
}

/// A body with its salt.
#[derive(Clone, Copy, Debug)]
pub struct BodyRow<'a> {
    /// The commitment it is stored under.
    pub commit: Digest,
    /// The salt.
    pub salt: &'a [u8; 32],
    /// The bytes.
    pub bytes: &'a [u8],
}

/// The phase of the log's entries.
#[derive(Debug)]
pub struct Entries {
    desk: Desk,
    sealed: VecDeque<Sealed>,
    /// The size up to which the last fitting checkpoint vouches.
    vouched: u64,
    /// The size of the largest checkpoint.
    signed: u64,
    outside: VecDeque<Checkpoint>,
    logged: Indices,
    /// The index that comes next; after a gap it goes on from there, so that one missing entry is one finding.
    next: u64,
    frontier: Frontier,
    levels: Vec<Level>,
}

/// The tiles of one level as the entries give them.
#[derive(Debug, Default)]
struct Level {
    full: Vec<Option<Digest>>,
    open: Sha256,
    width: usize,
}

impl Entries {
    pub(super) fn new(desk: Desk, sealed: Vec<Sealed>, outside: Vec<Checkpoint>, logged: Indices) -> Self {
        let signed = sealed.last().map_or(0, |sealed| sealed.head.size);
        let (sealed, outside) = (sealed.into(), outside.into());
        let mut entries = Self { desk, sealed, vouched: 0, signed, outside, logged, next: 0, frontier: Frontier::new(), levels: Vec::new() };
        entries.hold_checkpoints();
        entries
    }

    /// Takes the next entry.
    pub fn entry(&mut self, entry: &EntryRow) {
        if self.desk.is_newer(entry.index) {
            return;
        }
        self.desk.counts.entries += 1;
        let place = Place::Entry { index: entry.index, case: entry.case, seq: entry.seq };
        if entry.index != self.next {
            self.desk.report(place, Wrong::LogGap { expected: self.next });
        }
        self.next = entry.index.saturating_add(1);
        if !self.logged.contains(entry.index) {
            self.desk.report(place, Wrong::EntryWithoutAct);
        }
        if self.frontier.size() == self.signed {
            self.desk.report(place, Wrong::LogUnsigned { signed: self.signed });
        }
        let levels = &mut self.levels;
        self.frontier.append_each(entry.leaf, |height, _, hash| {
            if height % TILE_HEIGHT == 0 {
                let level = (height / TILE_HEIGHT) as usize;
                if levels.len() <= level {
                    levels.push(Level::default());
                }
                levels[level].push(hash);
            }
        });
        self.hold_checkpoints();
    }

    /// Holds the checkpoints of the size reached against the root.
    fn hold_checkpoints(&mut self) {
        let size = self.frontier.size();
        let here = |next: Option<u64>| next == Some(size);
        if !here(self.sealed.front().map(|sealed| sealed.head.size)) && !here(self.outside.front().map(|outside| outside.head.size)) {
            return;
        }
        let root = self.frontier.root();
        while let Some(sealed) = self.sealed.pop_front_if(|sealed| sealed.head.size == size) {
            if sealed.head.root == root {
                self.vouched = size;
            } else {
                self.desk.report(Place::Checkpoint { size }, Wrong::CheckpointRoot { from: self.vouched });
            }
        }
        while let Some(outside) = self.outside.pop_front_if(|outside| outside.head.size == size) {
            if outside.head.root != root {
                self.desk.report(Place::Outside { size }, Wrong::OutsideRoot { at: outside.at });
            }
        }
    }

    /// Goes on to the tiles and bodies.
    #[must_use]
    pub fn tiles(mut self) -> Tiles {
        let size = self.frontier.size();
        for sealed in mem::take(&mut self.sealed) {
            self.desk.report(Place::Checkpoint { size: sealed.head.size }, Wrong::CheckpointBeyond { log: size });
        }
        for outside in mem::take(&mut self.outside) {
            self.desk.report(Place::Outside { size: outside.head.size }, Wrong::OutsideBeyond { log: size, at: outside.at });
        }
        let head = Head { size, root: self.frontier.root() };
        Tiles { desk: self.desk, head, expected: self.levels.into_iter().map(Level::close).collect() }
    }
}

impl Level {
    fn push(&mut self, hash: Digest) {
        self.open.update(hash.0);
        self.width += 1;
        if self.width == TILE_HASHES {
            self.close_tile();
        }
    }

    fn close_tile(&mut self) {
        self.full.push(Some(Digest(mem::take(&mut self.open).finalize().into())));
        self.width = 0;
    }

    fn close(mut self) -> Vec<Option<Digest>> {
        if self.width > 0 {
            self.close_tile();
        }
        self.full
    }
}

/// The phase of the tiles and, if wished, the bodies.
#[derive(Debug)]
pub struct Tiles {
    desk: Desk,
    head: Head,
    /// The digest of each tile by level and index; taken when the tile was seen.
    expected: Vec<Vec<Option<Digest>>>,
}

impl Tiles {
    /// Takes a tile, in any order.
    pub fn tile(&mut self, id: TileId, hashes: &[u8]) {
        let level = self.expected.get_mut(usize::from(id.level));
        let expected = level.and_then(|tiles| usize::try_from(id.index).ok().and_then(|index| tiles.get_mut(index)));
        if self.desk.cut.is_some() && expected.is_none() {
            return;
        }
        self.desk.counts.tiles += 1;
        let expected = expected.and_then(Option::take);
        let hashes = if self.desk.cut.is_some() { self.as_at_the_cut(id, hashes) } else { hashes };
        match expected {
            None => self.desk.report(Place::Tile(id), Wrong::TileUnexpected),
            Some(digest) if digest != Digest::of(hashes) => self.desk.report(Place::Tile(id), Wrong::TileChanged),
            Some(_) => (),
        }
    }

    /// What an unfinished tile held when the walk began: it only grows on its right.
    fn as_at_the_cut<'a>(&self, id: TileId, hashes: &'a [u8]) -> &'a [u8] {
        let width = edge(self.head.size).into_iter().find(|(open, _)| *open == id).map(|(_, width)| width);
        width.and_then(|width| hashes.get(..width * HASH_BYTES)).unwrap_or(hashes)
    }

    /// Takes a body; one that was erased is simply not brought.
    pub fn body(&mut self, body: &BodyRow<'_>) {
        self.desk.counts.bodies += 1;
        if commit(body.salt, body.bytes) != body.commit {
            self.desk.report(Place::Body { commit: body.commit }, Wrong::BodyChanged);
        }
    }

    /// What the walk found.
    #[must_use]
    pub fn finish(mut self) -> Report {
        for (level, tiles) in mem::take(&mut self.expected).into_iter().enumerate() {
            for (index, _) in tiles.iter().enumerate().filter(|(_, tile)| tile.is_some()) {
                // A tree has at most eight levels of tiles.
                let id = TileId { level: level as u8, index: index as u64 };
                self.desk.report(Place::Tile(id), Wrong::TileMissing);
            }
        }
        self.finish_without_tiles()
    }

    /// What the walk found where tiles are not kept, as in a file: the entries say the same.
    #[must_use]
    pub fn finish_without_tiles(self) -> Report {
        let Desk { findings, more, counts, findings_max: _, cut: _ } = self.desk;
        Report { findings, more, counts, head: self.head }
    }
}
