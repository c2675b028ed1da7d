//! The Merkle tree of RFC 6962: hashing, the compact right edge that an append needs, and the two proofs' verification.
//! Invariant: the root depends on nothing but the leaf hashes and their order.
//! Never: a whole tree in memory; an append keeps one hash per set bit of the size.

use sha2::{Digest as _, Sha256};

use crate::ids::Digest;

/// The hash of a leaf: SHA-256(0x00 ‖ bytes). The prefix keeps a leaf from passing as an inner node.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(bytes);
    Digest(hasher.finalize().into())
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest(hasher.finalize().into())
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// Joins the roots of neighbouring perfect subtrees, largest first, into the root over all of them.
#[must_use]
pub fn fold_peaks(peaks: &[Digest]) -> Option<Digest> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

/// The right edge of a tree: the roots of its perfect subtrees, largest first, one for each set bit of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// The edge of a tree of `size` leaves from its peaks, largest first; `None` when their number does not fit the size.
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Adds one leaf hash.
    pub fn append(&mut self, leaf: Digest) {
        self.append_each(leaf, |_, _, _| ());
    }

    /// Adds one leaf hash and hands over every node that is now complete, the leaf first: its height, its index in that height, its hash.
    pub fn append_each(&mut self, leaf: Digest, mut complete: impl FnMut(u32, u64, Digest)) {
        let mut node = leaf;
        let mut height = 0;
        complete(height, self.size, node);
        while self.size >> height & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            height += 1;
            complete(height, self.size >> height, node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        fold_peaks(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// Whether `proof` shows that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves with this root (RFC 9162 2.1.3.2).
#[must_use]
pub fn includes(root: &Digest, size: u64, index: u64, leaf: &Digest, proof: &[Digest]) -> bool {
    climb(size, index, leaf, proof).is_some_and(|steps| steps.last().map_or(leaf, |step| &step.node) == root)
}

/// One step on the way from a leaf to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climbed {
    /// The hash the proof brings.
    pub sibling: Digest,
    /// It stands to the left of what was reached so far.
    pub left: bool,
    /// What the two give.
    pub node: Digest,
}

/// The way a proof leads up from a leaf; `None` when it does not end at the top of a tree of that size.
#[must_use]
pub fn climb(size: u64, index: u64, leaf: &Digest, proof: &[Digest]) -> Option<Vec<Climbed>> {
    let (mut place, mut last, mut node) = (index, size.checked_sub(1).filter(|last| index <= *last)?, *leaf);
    let mut steps = Vec::with_capacity(proof.len());
    for sibling in proof {
        if last == 0 {
            return None;
        }
        let left = place & 1 == 1 || place == last;
        if left {
            node = node_hash(sibling, &node);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        steps.push(Climbed { sibling: *sibling, left, node });
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(steps)
}

/// A tree at one moment: how many leaves and which root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its leaves.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// Whether `proof` shows that the newer tree begins with all leaves of the older one (RFC 9162 2.1.4.2).
#[must_use]
pub fn extends(older: &Head, newer: &Head, proof: &[Digest]) -> bool {
    if older.size > newer.size {
        return false;
    }
    if older.size == newer.size {
        return proof.is_empty() && older.root == newer.root;
    }
    if older.size == 0 {
        return proof.is_empty() && older.root == empty_root();
    }
    // A perfect older tree is itself the first node, and the proof leaves it out.
    let (first, rest) = if older.size.is_power_of_two() {
        (older.root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        }
    };
    let skipped = (older.size - 1).trailing_ones();
    let (mut place, mut last) = ((older.size - 1) >> skipped, (newer.size - 1) >> skipped);
    let (mut then, mut now) = (first, first);
    for step in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            then = node_hash(step, &then);
            now = node_hash(step, &now);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            now = node_hash(&now, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && then == older.root && now == newer.root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The eight inputs of the Certificate Transparency reference tests.
    const INPUTS: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn digest(text: &str) -> Digest {
        text.parse().unwrap()
    }

    #[test]
    fn roots_are_those_of_the_reference_tests() {
        let mut tree = Frontier::new();
        assert_eq!(tree.root(), digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        for (input, root) in INPUTS.iter().zip(ROOTS) {
            tree.append(leaf_hash(&hex::decode(input).unwrap()));
            assert_eq!(tree.root(), digest(root));
        }
    }

    #[test]
    fn the_reference_inclusion_proof_holds_and_no_other() {
        let leaf = leaf_hash(b"");
        let root = digest(ROOTS[7]);
        let proof = [
            digest("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
            digest("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
            digest("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        ];
        assert!(includes(&root, 8, 0, &leaf, &proof));
        assert!(!includes(&root, 8, 1, &leaf, &proof));
        assert!(!includes(&root, 8, 8, &leaf, &proof));
        assert!(!includes(&root, 7, 0, &leaf, &proof[..2]));
        assert!(!includes(&root, 8, 0, &leaf_hash(b"x"), &proof));
        assert!(!includes(&root, 8, 0, &leaf, &[&proof[..], &proof[..1]].concat()));
    }

    #[test]
    fn the_reference_consistency_proof_holds_and_no_other() {
        let older = Head { size: 6, root: digest(ROOTS[5]) };
        let newer = Head { size: 8, root: digest(ROOTS[7]) };
        let proof = [
            digest("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
            digest("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            digest("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ];
        assert!(extends(&older, &newer, &proof));
        assert!(!extends(&newer, &older, &proof));
        assert!(!extends(&Head { root: digest(ROOTS[4]), ..older }, &newer, &proof));
        assert!(!extends(&Head { size: 5, ..older }, &newer, &proof));
        assert!(!extends(&older, &newer, &proof[..2]));
        assert!(extends(&older, &older, &[]));
        assert!(extends(&Head { size: 0, root: empty_root() }, &newer, &[]));
    }

    #[test]
    fn an_edge_goes_on_from_its_peaks() {
        let mut tree = Frontier::new();
        for number in 0_u32..300 {
            let mut again = Frontier::from_peaks(tree.size(), tree.peaks().to_vec()).unwrap();
            let leaf = leaf_hash(&number.to_be_bytes());
            tree.append(leaf);
            again.append(leaf);
            assert_eq!(again, tree);
        }
        assert_eq!(Frontier::from_peaks(3, tree.peaks()[..1].to_vec()), None);
    }
}
