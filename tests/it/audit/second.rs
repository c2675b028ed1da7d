//! A second implementation, by other people, must agree on roots, proofs, tiles and notes.

use std::collections::BTreeMap;

use greenlane::audit::tree::{Head, extends, includes, leaf_hash};
use greenlane::audit::{Checkpoint, Growth, LogSecret, Note, ProofPlan, TileId};
use greenlane::ids::{Digest, Moment};
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::tile as their_tile;
use tlog_tiles::tlog::{self, Hash, HashReader};

use super::count;
use super::dice::Dice;

const SIZES_MAX: u64 = 2_000;

/// Their storage: all node hashes in their own order.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

struct Both {
    theirs: Stored,
    heads: Vec<Head>,
    leaves: Vec<Digest>,
    tiles: BTreeMap<TileId, Vec<u8>>,
}

fn both(dice: &mut Dice, size: u64) -> Both {
    let (mut theirs, mut ours) = (Stored(Vec::new()), Growth::new());
    let mut heads = vec![Head { size: 0, root: ours.root() }];
    let mut leaves = Vec::new();
    for number in 0..size {
        let entry: [u8; 24] = dice.bytes();
        let hashes = tlog::stored_hashes(number, &entry, &theirs).unwrap();
        theirs.0.extend(hashes);
        leaves.push(leaf_hash(&entry));
        ours.append(leaf_hash(&entry));
        heads.push(Head { size: number + 1, root: ours.root() });
    }
    let tiles = ours.take_changed().into_iter().map(|tile| (tile.id, tile.hashes)).collect();
    Both { theirs, heads, leaves, tiles }
}

#[test]
fn roots_agree_at_every_size() {
    let both = both(&mut Dice::new(1), SIZES_MAX);
    for head in &both.heads[1..] {
        assert_eq!(tlog::tree_hash(head.size, &both.theirs).unwrap().0, head.root.0, "size {}", head.size);
    }
}

#[test]
fn proofs_agree_hash_by_hash_and_each_verifies_the_others() {
    let mut dice = Dice::new(2);
    let both = both(&mut dice, SIZES_MAX);
    for _ in 0..count(20_000, 2_000) {
        let size = 1 + dice.below(SIZES_MAX);
        let index = dice.below(size);
        let head = both.heads[size as usize];
        let ours = ProofPlan::inclusion(index, size).unwrap().prove(&both.tiles).unwrap();
        let theirs = tlog::prove_record(size, index, &both.theirs).unwrap();
        assert_eq!(theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(), ours.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{index} in {size}");
        let leaf = both.leaves[index as usize];
        tlog::check_record(&ours.iter().map(|hash| Hash(hash.0)).collect(), size, Hash(head.root.0), index, Hash(leaf.0)).unwrap();
        assert!(includes(&head.root, size, index, &leaf, &ours));

        let older = both.heads[1 + index as usize];
        let ours = ProofPlan::consistency(older.size, size).unwrap().prove(&both.tiles).unwrap();
        let theirs = tlog::prove_tree(size, older.size, &both.theirs).unwrap();
        assert_eq!(theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(), ours.iter().map(|hash| hash.0).collect::<Vec<_>>(), "{} to {size}", older.size);
        let ours_as_theirs = ours.iter().map(|hash| Hash(hash.0)).collect();
        tlog::check_tree(&ours_as_theirs, size, Hash(head.root.0), older.size, Hash(older.root.0)).unwrap();
        assert!(extends(&older, &head, &ours));
    }
}

#[test]
fn tiles_and_their_paths_agree() {
    const HEIGHT: u8 = 8;
    let mut dice = Dice::new(3);
    for _ in 0..20 {
        let size = dice.below(SIZES_MAX);
        let both = both(&mut dice, size);
        let theirs = their_tile::Tile::new_tiles(HEIGHT, 0, size);
        for tile in &theirs {
            let id = TileId { level: tile.level(), index: tile.level_index() };
            assert_eq!(tile.read_data(&both.theirs).unwrap(), both.tiles[&id], "{size}: {id}");
            // Their path names the height, which the layout fixes to 8 and leaves out.
            assert_eq!(tile.path().replacen("tile/8/", "tile/", 1), id.path(tile.width() as usize), "{size}");
        }
        assert_eq!(theirs.len(), both.tiles.len(), "{size}");
    }
}

#[test]
fn notes_and_checkpoints_of_either_are_read_by_the_other() {
    let mut dice = Dice::new(4);
    for number in 0..50 {
        let name = format!("log{number}.example/绿色通道");
        let secret = LogSecret::new(&name, &dice.bytes()).unwrap();
        let head = Head { size: dice.below(1 << 40), root: Digest(dice.bytes()) };
        let note = Checkpoint::seal(head, Moment(dice.below(1 << 41) as i64), &secret).unwrap().to_string();

        let verifiers = VerifierList::new(vec![Box::new(StandardVerifier::new(&secret.public().to_string()).unwrap())]);
        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let (verified, unverified) = read.verify(&verifiers).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size(), checkpoint.hash().0), (name.as_str(), head.size, head.root.0));

        let text = read.text().to_vec();
        let mut theirs = signed_note::Note::new(&text, &[]).unwrap();
        theirs.add_sigs(&[&StandardSigner::new(&secret.secret_text()).unwrap()]).unwrap();
        assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), note);
        let ours = Note::parse(&theirs.to_bytes()).unwrap();
        assert_eq!(ours.verify(&[secret.public()]).unwrap().0.as_bytes(), text);
    }
}
