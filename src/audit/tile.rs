//! The log's hashes in tiles of 256 (C2SP tlog-tiles, height 8): what the store keeps as rows, what proofs are made from.
//! Invariant: the tile at (level, index) holds the hashes of the nodes at height 8·level; a tile only ever grows on its right.
//! Never: reading anything; a plan says which tiles a proof needs and the caller brings them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::audit::tree::{Frontier, fold_peaks, node_hash};
use crate::ids::Digest;

/// The height of a tile.
pub(crate) const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile.
pub const TILE_HASHES: usize = 1 << TILE_HEIGHT;
/// Bytes of one hash.
pub(crate) const HASH_BYTES: usize = 32;

/// The place of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 holds leaf hashes, 1 the roots of full level-0 tiles, and so on.
    pub level: u8,
    /// From the left, beginning with 0.
    pub index: u64,
}

impl TileId {
    /// The path of C2SP tlog-tiles for this tile with `width` hashes, such as `tile/0/x001/x234/067.p/5`.
    #[must_use]
    pub fn path(self, width: usize) -> String {
        const GROUP: u64 = 1_000;
        let mut number = format!("{:03}", self.index % GROUP);
        let mut rest = self.index / GROUP;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % GROUP);
            rest /= GROUP;
        }
        if width >= TILE_HASHES { format!("tile/{}/{number}", self.level) } else { format!("tile/{}/{number}.p/{width}", self.level) }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, self.index)
    }
}

/// A tile with its hashes, at least one and at most 256, 32 bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its place.
    pub id: TileId,
    /// Its hashes, one after the other.
    pub hashes: Vec<u8>,
}

/// The tiles of a tree of `size` leaves that are not full yet, with how many hashes each holds: what `Growth::resume` wants.
#[must_use]
pub fn edge(size: u64) -> Vec<(TileId, usize)> {
    let mut tiles = Vec::new();
    let mut nodes = size;
    let mut level = 0;
    while nodes > 0 {
        let width = usize::try_from(nodes % TILE_HASHES as u64).unwrap_or(0);
        if width > 0 {
            tiles.push((TileId { level, index: nodes >> TILE_HEIGHT }, width));
        }
        nodes >>= TILE_HEIGHT;
        level += 1;
    }
    tiles
}

/// A log that grows: its edge, and the tiles that changed since they were last taken for storing.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    frontier: Frontier,
    /// The unfinished tile of each level.
    open: Vec<OpenTile>,
    full: Vec<Tile>,
}

#[derive(Clone, Debug, Default)]
struct OpenTile {
    hashes: Vec<u8>,
    changed: bool,
}

impl Growth {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on with a stored log of `size` leaves; `tiles` are those `edge(size)` names.
    ///
    /// # Errors
    /// Names a tile that is missing or does not hold as many hashes as the size says.
    pub fn resume(size: u64, tiles: impl IntoIterator<Item = Tile>) -> Result<Self, TileError> {
        let mut given: BTreeMap<TileId, Vec<u8>> = tiles.into_iter().map(|tile| (tile.id, tile.hashes)).collect();
        let mut open: Vec<OpenTile> = Vec::new();
        let mut peaks_by_level: Vec<Vec<Digest>> = Vec::new();
        for (id, width) in edge(size) {
            let hashes = given.remove(&id).ok_or(TileError::Missing(id))?;
            if hashes.len() != width * HASH_BYTES {
                return Err(TileError::Width { tile: id, expected: width, found_bytes: hashes.len() });
            }
            peaks_by_level.push(peaks_of(&hashes, width));
            open.resize_with(usize::from(id.level), OpenTile::default);
            open.push(OpenTile { hashes, changed: false });
        }
        let peaks = peaks_by_level.into_iter().rev().flatten().collect();
        let frontier = Frontier::from_peaks(size, peaks).ok_or(TileError::Size(size))?;
        Ok(Self { frontier, open, full: Vec::new() })
    }

    /// How many leaves the log has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// Adds a leaf hash and says which index it got.
    pub fn append(&mut self, leaf: Digest) -> u64 {
        let Self { frontier, open, full } = self;
        let index = frontier.size();
        frontier.append_each(leaf, |height, place, hash| {
            if height % TILE_HEIGHT != 0 {
                return;
            }
            let level = (height / TILE_HEIGHT) as usize;
            if open.len() <= level {
                open.resize_with(level + 1, OpenTile::default);
            }
            let tile = &mut open[level];
            tile.hashes.extend_from_slice(&hash.0);
            tile.changed = true;
            if tile.hashes.len() == TILE_HASHES * HASH_BYTES {
                // A tree has at most 64 levels of nodes, so eight of tiles.
                let id = TileId { level: level as u8, index: place >> TILE_HEIGHT };
                full.push(Tile { id, hashes: std::mem::take(&mut tile.hashes) });
                tile.changed = false;
            }
        });
        index
    }

    /// The tiles to store now: those filled and those begun since the last call. A row that is there already is replaced.
    pub fn take_changed(&mut self) -> Vec<Tile> {
        let mut tiles = std::mem::take(&mut self.full);
        for (id, _) in edge(self.frontier.size()) {
            if let Some(open) = self.open.get_mut(usize::from(id.level))
                && open.changed
            {
                open.changed = false;
                tiles.push(Tile { id, hashes: open.hashes.clone() });
            }
        }
        tiles
    }
}

/// Why stored tiles cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileError {
    /// A tile is not there.
    Missing(TileId),
    /// A tile holds more or less than the log's size says.
    Width {
        /// Which.
        tile: TileId,
        /// Hashes it should hold.
        expected: usize,
        /// Bytes it has.
        found_bytes: usize,
    },
    /// The size does not fit the tiles.
    Size(u64),
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(tile) => write!(f, "expected tile {tile}, found none"),
            Self::Width { tile, expected, found_bytes } => {
                write!(f, "expected {expected} hashes of {HASH_BYTES} bytes in tile {tile}, found `{found_bytes}` bytes")
            }
            Self::Size(size) => write!(f, "expected tiles of a log of {size} entries, found others"),
        }
    }
}

impl std::error::Error for TileError {}

/// A node of the tree: its height over the leaves and its index in that height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    height: u32,
    index: u64,
}

impl Node {
    /// The tile that holds what this node is made from, the first hash in it, and how many.
    const fn place(self) -> (TileId, usize, usize) {
        let above = self.height % TILE_HEIGHT;
        let first = self.index << above;
        let id = TileId { level: (self.height / TILE_HEIGHT) as u8, index: first >> TILE_HEIGHT };
        (id, (first % TILE_HASHES as u64) as usize, 1 << above)
    }
}

/// Which nodes a proof is made of: first ask which tiles it needs, then bring them.
#[derive(Clone, Debug)]
pub struct ProofPlan {
    /// Each hash of the proof as the perfect subtrees it is folded from, left to right.
    steps: Vec<Vec<Node>>,
}

impl ProofPlan {
    /// The proof that entry `index` is in the tree of `size` leaves; `None` when it is not.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let (mut low, mut high) = (0, size);
        let mut steps = Vec::new();
        while high - low > 1 {
            let middle = low + left_leaves(high - low);
            if index < middle {
                steps.push(subtrees(middle, high));
                high = middle;
            } else {
                steps.push(subtrees(low, middle));
                low = middle;
            }
        }
        steps.reverse();
        Some(Self { steps })
    }

    /// The proof that the tree of `to` leaves begins with the tree of `from` leaves; `None` when it is shorter.
    #[must_use]
    pub fn consistency(from: u64, to: u64) -> Option<Self> {
        if from > to {
            return None;
        }
        let mut steps = Vec::new();
        if from > 0 {
            let (mut low, mut high) = (0, to);
            while high > from {
                let middle = low + left_leaves(high - low);
                if from <= middle {
                    steps.push(subtrees(middle, high));
                    high = middle;
                } else {
                    steps.push(subtrees(low, middle));
                    low = middle;
                }
            }
            // A left edge that the verifier already holds is left out.
            if low > 0 {
                steps.push(subtrees(low, high));
            }
        }
        steps.reverse();
        Some(Self { steps })
    }

    /// The tiles it needs; one that has grown since serves as well.
    #[must_use]
    pub fn tiles(&self) -> BTreeSet<TileId> {
        self.steps.iter().flatten().map(|node| node.place().0).collect()
    }

    /// The proof.
    ///
    /// # Errors
    /// Names a tile that is missing or too short.
    pub fn prove(&self, tiles: &BTreeMap<TileId, Vec<u8>>) -> Result<Vec<Digest>, TileError> {
        self.steps
            .iter()
            .map(|nodes| {
                let hashes = nodes.iter().map(|node| read(*node, tiles)).collect::<Result<Vec<_>, _>>()?;
                Ok(fold_peaks(&hashes).unwrap_or_else(crate::audit::tree::empty_root))
            })
            .collect()
    }
}

fn read(node: Node, tiles: &BTreeMap<TileId, Vec<u8>>) -> Result<Digest, TileError> {
    let (tile, first, count) = node.place();
    let bytes = tiles.get(&tile).ok_or(TileError::Missing(tile))?;
    let width = TileError::Width { tile, expected: first + count, found_bytes: bytes.len() };
    let bytes = bytes.get(first * HASH_BYTES..(first + count) * HASH_BYTES).ok_or(width)?;
    Ok(perfect(bytes))
}

/// The root over a number of hashes that is a power of two.
fn perfect(bytes: &[u8]) -> Digest {
    let mut hashes = digests(bytes);
    while hashes.len() > 1 {
        hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    hashes.first().copied().unwrap_or_else(crate::audit::tree::empty_root)
}

fn digests(bytes: &[u8]) -> Vec<Digest> {
    bytes.as_chunks::<HASH_BYTES>().0.iter().copied().map(Digest).collect()
}

/// The roots of the perfect subtrees over the first `width` hashes, largest first.
fn peaks_of(hashes: &[u8], width: usize) -> Vec<Digest> {
    let mut peaks = Vec::new();
    let mut from = 0;
    for bit in (0..TILE_HEIGHT).rev() {
        let count = 1_usize << bit;
        if width & count != 0 {
            peaks.push(perfect(&hashes[from * HASH_BYTES..(from + count) * HASH_BYTES]));
            from += count;
        }
    }
    peaks
}

/// The largest power of two below `leaves` (which is at least two): RFC 6962 puts so many leaves on the left.
const fn left_leaves(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

/// The perfect subtrees over the leaves from `low` to before `high`, left to right.
fn subtrees(mut low: u64, high: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while low < high {
        let fits = (high - low).ilog2();
        let height = if low == 0 { fits } else { fits.min(low.trailing_zeros()) };
        nodes.push(Node { height, index: low >> height });
        low += 1 << height;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tree::{Head, empty_root, extends, includes, leaf_hash};

    fn leaf(number: u64) -> Digest {
        leaf_hash(&number.to_be_bytes())
    }

    /// The definition of RFC 6962 2.1, word for word.
    fn root_by_definition(low: u64, high: u64) -> Digest {
        match high - low {
            0 => empty_root(),
            1 => leaf(low),
            leaves => {
                let middle = low + leaves.next_power_of_two() / 2;
                node_hash(&root_by_definition(low, middle), &root_by_definition(middle, high))
            }
        }
    }

    fn store(tiles: &mut BTreeMap<TileId, Vec<u8>>, log: &mut Growth) {
        tiles.extend(log.take_changed().into_iter().map(|tile| (tile.id, tile.hashes)));
    }

    #[test]
    fn paths_are_those_of_the_tile_layout() {
        assert_eq!(TileId { level: 0, index: 1_234_067 }.path(256), "tile/0/x001/x234/067");
        assert_eq!(TileId { level: 0, index: 1_234_067 }.path(5), "tile/0/x001/x234/067.p/5");
        assert_eq!(TileId { level: 1, index: 0 }.path(1), "tile/1/000.p/1");
        assert_eq!(TileId { level: 3, index: 1_000 }.path(256), "tile/3/x001/000");
    }

    #[test]
    fn a_log_resumed_from_its_tiles_at_any_size_grows_as_if_never_stopped() {
        let mut tiles: BTreeMap<TileId, Vec<u8>> = BTreeMap::new();
        let mut log = Growth::new();
        for number in 0..1_300 {
            let rows: Vec<Tile> = edge(number).into_iter().map(|(id, _)| Tile { id, hashes: tiles[&id].clone() }).collect();
            let mut resumed = Growth::resume(number, rows).unwrap();
            assert_eq!(log.append(leaf(number)), number);
            assert_eq!(resumed.append(leaf(number)), number);
            assert_eq!(resumed.root(), log.root());
            if number % 17 == 0 {
                assert_eq!(resumed.root(), root_by_definition(0, number + 1));
            }
            let changed = log.take_changed();
            assert_eq!(resumed.take_changed(), changed);
            tiles.extend(changed.into_iter().map(|tile| (tile.id, tile.hashes)));
        }
        assert_eq!(tiles.len(), 6 + 1);
    }

    #[test]
    fn a_log_is_not_resumed_from_tiles_of_another_size() {
        let mut log = Growth::new();
        for number in 0..300 {
            log.append(leaf(number));
        }
        let tiles = log.take_changed();
        let id = TileId { level: 0, index: 1 };
        assert_eq!(Growth::resume(301, tiles.clone()).unwrap_err(), TileError::Width { tile: id, expected: 45, found_bytes: 44 * 32 });
        assert_eq!(Growth::resume(600, tiles).unwrap_err(), TileError::Missing(TileId { level: 0, index: 2 }));
    }

    #[test]
    fn proofs_from_tiles_verify_at_every_size() {
        let mut tiles = BTreeMap::new();
        let mut log = Growth::new();
        let mut heads = vec![Head { size: 0, root: log.root() }];
        for number in 0..700 {
            log.append(leaf(number));
            heads.push(Head { size: number + 1, root: log.root() });
        }
        store(&mut tiles, &mut log);
        for size in (1..=700_u64).step_by(3) {
            let head = heads[size as usize];
            for other in (0..size).step_by(7) {
                let proof = ProofPlan::inclusion(other, size).unwrap().prove(&tiles).unwrap();
                assert!(includes(&head.root, size, other, &leaf(other), &proof));
                assert!(!includes(&head.root, size, other, &leaf(other + 1), &proof));
                let proof = ProofPlan::consistency(other, size).unwrap().prove(&tiles).unwrap();
                assert!(extends(&heads[other as usize], &head, &proof));
                assert_eq!(extends(&heads[other as usize + 1], &head, &proof), other + 1 == size && proof.is_empty());
            }
        }
        assert!(ProofPlan::inclusion(5, 5).is_none());
        assert!(ProofPlan::consistency(6, 5).is_none());
    }

    #[test]
    fn a_plan_names_the_tiles_it_needs_and_no_more() {
        let mut tiles = BTreeMap::new();
        let mut log = Growth::new();
        for number in 0..70_000 {
            log.append(leaf(number));
        }
        store(&mut tiles, &mut log);
        let plan = ProofPlan::inclusion(65_000, 69_999).unwrap();
        let needed = plan.tiles();
        assert!(needed.len() <= 5, "{needed:?}");
        let brought = needed.iter().map(|id| (*id, tiles[id].clone())).collect();
        let proof = plan.prove(&brought).unwrap();
        assert!(proof.len() <= 17);
        assert!(includes(&root_by_definition(0, 69_999), 69_999, 65_000, &leaf(65_000), &proof));
        let missing = *needed.first().unwrap();
        let fewer = brought.into_iter().filter(|(id, _)| *id != missing).collect();
        assert_eq!(plan.prove(&fewer), Err(TileError::Missing(missing)));
    }
}
