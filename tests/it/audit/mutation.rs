//! Changes somebody with the database alone can make, each with what the walk must say of it first.

use greenlane::audit::tile::TILE_HASHES;
use greenlane::audit::verify::{EntryRow, Finding, Place};
use greenlane::audit::{Checkpoint, Leaf, TileId};
use greenlane::ids::{CaseId, Digest, Moment};

use super::count;
use super::dice::Dice;
use super::record::{Record, rotated, trust, walk};

/// Where the first finding must point.
#[derive(Clone, Copy, Debug)]
enum Where {
    Act(CaseId, u64),
    Case(CaseId),
    Entry(u64),
    Tile(TileId),
    Checkpoint(u64),
    Body(Digest),
}

impl Where {
    fn is(self, place: &Place) -> bool {
        match (self, place) {
            (Self::Act(case, seq), Place::Act { case: found, seq: step }) => (case, seq) == (*found, *step),
            (Self::Case(case), Place::Act { case: found, .. }) => case == *found,
            (Self::Entry(index), Place::Entry { index: found, .. }) => index == *found,
            (Self::Tile(tile), Place::Tile(found)) => tile == *found,
            (Self::Checkpoint(size), Place::Checkpoint { size: found }) => size == *found,
            (Self::Body(commit), Place::Body { commit: found }) => commit == *found,
            _ => false,
        }
    }
}

type Expected = (&'static [&'static str], Where);
/// Makes one change and says what must be found; `None` where the record has nothing of that kind.
type Mutation = fn(&mut Record, &mut Dice) -> Option<Expected>;

const MUTATIONS: &[(&str, Mutation)] = &[
    ("events: a bit", events_bit),
    ("events: cut off", events_cut),
    ("events: of another act", events_swapped),
    ("leaf: a bit", leaf_bit),
    ("leaf: cut off", leaf_cut),
    ("leaf: another spelling", leaf_respelled),
    ("leaf: another actor", leaf_actor),
    ("leaf and events: made anew", leaf_forged),
    ("act: dropped", act_dropped),
    ("act: dropped with its entry", act_dropped_everywhere),
    ("act: swapped with another", acts_swapped),
    ("act: doubled at the end", act_doubled),
    ("act: kind", act_kind),
    ("act: moment", act_moment),
    ("case: version", case_version),
    ("case: dropped", case_dropped),
    ("case: all acts dropped", case_emptied),
    ("case: newest waiting act dropped without trace", waiting_act_dropped),
    ("case: newest waiting act cut from its chain", waiting_act_unchained),
    ("waiting list: dropped", waiting_dropped),
    ("waiting list: a sealed act", waiting_added),
    ("entry: leaf", entry_leaf),
    ("entry: dropped", entry_dropped),
    ("entry: acts swapped", entry_acts_swapped),
    ("entry: order swapped", entry_order_swapped),
    ("entry: doubled", entry_doubled),
    ("entry: index", entry_index),
    ("entry: two at one index", entry_shared),
    ("entry: of an act that never was", entry_invented),
    ("log: cut off under its checkpoints", log_cut),
    ("tile: a bit", tile_bit),
    ("tile: dropped", tile_dropped),
    ("tile: cut off", tile_cut),
    ("tile: one more", tile_added),
    ("checkpoint: a bit", checkpoint_bit),
    ("checkpoint: newest dropped", checkpoint_dropped),
    ("checkpoint: notes swapped", checkpoints_swapped),
    ("checkpoint: rows in another order", checkpoints_reordered),
    ("checkpoint: signed by a stranger", checkpoint_stranger),
    ("checkpoint: an older one in its place", checkpoint_replayed),
    ("checkpoint: another size in the row", checkpoint_size),
    ("checkpoint: another moment in the row", checkpoint_moment),
    ("body: bytes", body_bytes),
    ("body: salt", body_salt),
];

const ANY_ACT: &[&str] = &["events_changed", "leaf_unreadable", "leaf_misplaced", "columns_changed", "act_gap", "chain_broken", "entry_leaf"];
const LEAF: &[&str] = &["leaf_unreadable", "events_changed", "leaf_misplaced", "columns_changed", "chain_broken", "act_backwards", "entry_leaf", "case_head"];

#[test]
fn every_random_change_is_found_and_named() {
    let rounds = count(60, 10);
    let (mut made, mut listed) = (0, Vec::new());
    for (number, (name, mutation)) in MUTATIONS.iter().enumerate() {
        let mut applied = 0;
        for seed in (number as u64 * 10_000..).take(rounds as usize * 20) {
            let mut dice = Dice::new(seed);
            let acts = 20 + dice.below(380);
            let mut record = Record::honest(&mut dice, acts);
            let Some(expected) = mutation(&mut record, &mut dice) else { continue };
            let report = walk(&record, &trust(&record));
            assert_found(name, seed, expected, report.findings.first());
            applied += 1;
            if applied == rounds {
                break;
            }
        }
        assert_eq!(applied, rounds, "{name}: too few records it applies to");
        made += applied;
        listed.push(*name);
    }
    println!("{made} random changes of {} kinds, each found and named", listed.len());
}

fn assert_found(name: &str, seed: u64, (codes, place): Expected, first: Option<&Finding>) {
    let Some(first) = first else { panic!("{name}, seed {seed}: not found, expected one of {codes:?} at {place:?}") };
    assert!(codes.contains(&first.code()), "{name}, seed {seed}: expected one of {codes:?}, found `{}` ({})", first.code(), first.en());
    assert!(place.is(&first.place), "{name}, seed {seed}: expected {place:?}, found {}", first.en());
}

fn flip(bytes: &mut [u8], dice: &mut Dice) {
    let place = dice.place(bytes.len());
    bytes[place] ^= 1 << dice.below(8);
}

/// A place of an act that is in the log.
fn sealed_act(record: &Record, dice: &mut Dice) -> Option<usize> {
    let entry = record.entries.get(dice.place(record.entries.len()))?;
    record.acts.iter().position(|act| (act.case, act.seq) == (entry.case, entry.seq))
}

fn here(record: &Record, place: usize) -> Where {
    Where::Act(record.acts[place].case, record.acts[place].seq)
}

fn events_bit(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    flip(&mut record.acts[place].events, dice);
    Some((&["events_changed"], here(record, place)))
}

fn events_cut(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    let length = dice.place(record.acts[place].events.len());
    record.acts[place].events.truncate(length);
    Some((&["events_changed"], here(record, place)))
}

fn events_swapped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.acts.len()), dice.place(record.acts.len()));
    if record.acts[one].events == record.acts[other].events {
        return None;
    }
    let events = record.acts[one].events.clone();
    record.acts[one].events = std::mem::replace(&mut record.acts[other].events, events);
    let first = if (record.acts[one].case, record.acts[one].seq) < (record.acts[other].case, record.acts[other].seq) { one } else { other };
    Some((&["events_changed"], here(record, first)))
}

fn leaf_bit(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    flip(&mut record.acts[place].leaf, dice);
    let codes = if record.pending.is_empty() { LEAF } else { ANY_ACT };
    let wider = [codes, LEAF].concat();
    // A waiting leaf may still read as a leaf; then the act after it or the case's row tells.
    let case = record.acts[place].case;
    Some((wider.leak(), Where::Case(case)))
}

fn leaf_cut(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    let length = dice.place(record.acts[place].leaf.len());
    record.acts[place].leaf.truncate(length);
    Some((&["leaf_unreadable"], here(record, place)))
}

fn leaf_respelled(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    let text = String::from_utf8(record.acts[place].leaf.clone()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    record.acts[place].leaf = serde_json::to_string_pretty(&value).unwrap().into_bytes();
    Some((&["leaf_unreadable"], here(record, place)))
}

fn leaf_actor(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = sealed_act(record, dice)?;
    let mut leaf = Leaf::parse(&record.acts[place].leaf).unwrap();
    let other = greenlane::audit::Who::Person(greenlane::ids::PersonId::new(Moment(0), dice.bytes()));
    leaf.actor = other;
    record.acts[place].leaf = leaf.bytes();
    Some((&["entry_leaf"], here(record, place)))
}

fn leaf_forged(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = sealed_act(record, dice)?;
    let act = &mut record.acts[place];
    flip(&mut act.events, dice);
    let leaf = Leaf { events: Digest::of(&act.events), ..Leaf::parse(&act.leaf).unwrap() };
    act.leaf = leaf.bytes();
    Some((&["entry_leaf"], here(record, place)))
}

fn act_dropped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    let gone = record.acts.remove(place);
    Some((&["act_gap", "case_head"], Where::Case(gone.case)))
}

fn act_dropped_everywhere(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = sealed_act(record, dice)?;
    let gone = record.acts.remove(place);
    let entry = record.entry_of(gone.case, gone.seq)?;
    record.entries.remove(entry);
    Some((&["act_gap", "case_head"], Where::Case(gone.case)))
}

fn acts_swapped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.acts.len()), dice.place(record.acts.len()));
    if one == other {
        return None;
    }
    let (first, second) = (record.acts[one].clone(), record.acts[other].clone());
    record.acts[one] = super::record::Act { case: first.case, seq: first.seq, ..second.clone() };
    record.acts[other] = super::record::Act { case: second.case, seq: second.seq, ..first.clone() };
    let lower = (first.case, first.seq).min((second.case, second.seq));
    Some((&["leaf_misplaced"], Where::Act(lower.0, lower.1)))
}

fn act_doubled(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    let again = record.acts[place].clone();
    let row = record.cases.iter().find(|row| row.case == again.case).unwrap();
    let seq = row.version + 1;
    record.acts.push(super::record::Act { seq, ..again });
    Some((&["leaf_misplaced"], Where::Act(record.acts[place].case, seq)))
}

fn act_kind(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    record.acts[place].kind = "withdraw".to_owned();
    Some((&["columns_changed"], here(record, place)))
}

fn act_moment(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.acts.len());
    record.acts[place].at.0 -= 1 + dice.below(1_000_000) as i64;
    Some((&["columns_changed"], here(record, place)))
}

fn case_version(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.cases.len());
    record.cases[place].version -= 1;
    Some((&["case_head"], Where::Case(record.cases[place].case)))
}

fn case_dropped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let gone = record.cases.remove(dice.place(record.cases.len()));
    Some((&["act_without_case"], Where::Act(gone.case, 1)))
}

fn case_emptied(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let row = record.cases[dice.place(record.cases.len())];
    record.acts.retain(|act| act.case != row.case);
    Some((&["case_head"], Where::Case(row.case)))
}

fn waiting_act_dropped(record: &mut Record, _: &mut Dice) -> Option<Expected> {
    let (case, seq) = record.pending.pop()?;
    record.acts.retain(|act| (act.case, act.seq) != (case, seq));
    Some((&["case_head"], Where::Case(case)))
}

/// The case's row is made to fit, so that nothing but the chain can tell.
fn waiting_act_unchained(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (case, seq) = *record.pending.last()?;
    let row = record.cases.iter_mut().find(|row| row.case == case && row.version == seq)?;
    let act = record.acts.iter_mut().find(|act| (act.case, act.seq) == (case, seq))?;
    act.leaf = Leaf { prev: Digest(dice.bytes()), ..Leaf::parse(&act.leaf).unwrap() }.bytes();
    row.head = Leaf::digest(&act.leaf);
    Some((&["chain_broken"], Where::Act(case, seq)))
}

fn waiting_dropped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    if record.pending.is_empty() {
        return None;
    }
    let (case, seq) = record.pending.remove(dice.place(record.pending.len()));
    Some((&["act_unlogged"], Where::Act(case, seq)))
}

fn waiting_added(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = sealed_act(record, dice)?;
    record.pending.push((record.acts[place].case, record.acts[place].seq));
    Some((&["act_logged_and_pending"], here(record, place)))
}

fn entry_leaf(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.entries.len());
    let entry = record.entries.get_mut(place)?;
    flip(&mut entry.leaf.0, dice);
    Some((&["entry_leaf"], Where::Act(entry.case, entry.seq)))
}

fn entry_dropped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    if record.entries.is_empty() {
        return None;
    }
    let gone = record.entries.remove(dice.place(record.entries.len()));
    Some((&["act_unlogged"], Where::Act(gone.case, gone.seq)))
}

fn entry_acts_swapped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.entries.len()), dice.place(record.entries.len()));
    if one == other || record.entries.is_empty() {
        return None;
    }
    let (first, second) = (record.entries[one], record.entries[other]);
    record.entries[one] = EntryRow { case: second.case, seq: second.seq, ..first };
    record.entries[other] = EntryRow { case: first.case, seq: first.seq, ..second };
    let lower = (first.case, first.seq).min((second.case, second.seq));
    Some((&["entry_leaf"], Where::Act(lower.0, lower.1)))
}

/// Two entries change places with act and leaf: only the signed root can tell.
fn entry_order_swapped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.entries.len()), dice.place(record.entries.len()));
    if one == other || record.entries.is_empty() {
        return None;
    }
    let (first, second) = (record.entries[one], record.entries[other]);
    record.entries[one] = EntryRow { index: first.index, ..second };
    record.entries[other] = EntryRow { index: second.index, ..first };
    let size = record.checkpoints.iter().map(|(size, _, _)| *size).find(|size| *size > first.index.min(second.index))?;
    Some((&["checkpoint_root"], Where::Checkpoint(size)))
}

fn entry_doubled(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let entry = *record.entries.get(dice.place(record.entries.len()))?;
    record.entries.push(EntryRow { index: record.entries.len() as u64, ..entry });
    Some((&["act_gap"], Where::Act(entry.case, entry.seq)))
}

fn entry_index(record: &mut Record, _: &mut Dice) -> Option<Expected> {
    let entry = record.entries.last_mut()?;
    entry.index = u64::MAX;
    // With one entry only, the gap is at its place; otherwise the same.
    Some((&["log_gap"], Where::Entry(u64::MAX)))
}

fn entry_shared(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.entries.len()), dice.place(record.entries.len()));
    if one == other || record.entries.is_empty() {
        return None;
    }
    record.entries[one].index = record.entries[other].index;
    let acts = [one, other].map(|place| (record.entries[place].case, record.entries[place].seq));
    let later = acts[0].max(acts[1]);
    Some((&["entry_shared"], Where::Act(later.0, later.1)))
}

fn entry_invented(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let index = record.entries.len() as u64;
    record.entries.push(EntryRow { index, case: CaseId::new(Moment(0), dice.bytes()), seq: 1, leaf: Digest(dice.bytes()) });
    Some((&["entry_without_act"], Where::Entry(index)))
}

/// An old copy put back, with the checkpoints given out since still there.
fn log_cut(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    record.seal();
    let old = record.clone();
    record.grow(dice, 40);
    record.seal();
    let checkpoints = std::mem::take(&mut record.checkpoints);
    *record = Record { checkpoints, ..old };
    let beyond = record.checkpoints.iter().map(|(size, _, _)| *size).find(|size| *size > record.log.size())?;
    Some((&["checkpoint_beyond"], Where::Checkpoint(beyond)))
}

fn any_tile(record: &Record, dice: &mut Dice) -> Option<TileId> {
    record.tiles.keys().nth(dice.place(record.tiles.len())).copied()
}

fn tile_bit(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let id = any_tile(record, dice)?;
    flip(record.tiles.get_mut(&id)?, dice);
    Some((&["tile_changed"], Where::Tile(id)))
}

fn tile_dropped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let id = any_tile(record, dice)?;
    record.tiles.remove(&id);
    Some((&["tile_missing"], Where::Tile(id)))
}

fn tile_cut(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let id = any_tile(record, dice)?;
    let hashes = record.tiles.get_mut(&id)?;
    hashes.truncate(dice.place(hashes.len()));
    Some((&["tile_changed"], Where::Tile(id)))
}

fn tile_added(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let id = TileId { level: dice.below(9) as u8, index: 7 + dice.below(1_000) };
    record.tiles.insert(id, vec![0; TILE_HASHES]);
    Some((&["tile_unexpected"], Where::Tile(id)))
}

fn checkpoint_bit(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.checkpoints.len());
    let (size, _, note) = record.checkpoints.get_mut(place)?;
    let mut bytes = note.clone().into_bytes();
    // Any letter that is not a letter of the form itself, so that the note stays text.
    let letter = dice.place(bytes.len());
    bytes[letter] = if bytes[letter] == b'A' { b'B' } else { b'A' };
    *note = String::from_utf8_lossy(&bytes).into_owned();
    Some((&["note_format", "signature_wrong", "signature_unknown", "checkpoint_format"], Where::Checkpoint(*size)))
}

fn checkpoint_dropped(record: &mut Record, _: &mut Dice) -> Option<Expected> {
    let (newest, _, _) = record.checkpoints.pop()?;
    let left = record.checkpoints.last().map_or(0, |(size, _, _)| *size);
    (left < newest).then_some((&["log_unsigned"], Where::Entry(left)))
}

fn checkpoints_swapped(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let (one, other) = (dice.place(record.checkpoints.len()), dice.place(record.checkpoints.len()));
    if record.checkpoints.get(one)?.2 == record.checkpoints[other].2 {
        return None;
    }
    let note = record.checkpoints[one].2.clone();
    record.checkpoints[one].2 = std::mem::replace(&mut record.checkpoints[other].2, note);
    let first = one.min(other);
    let size = record.checkpoints[first].0;
    (size != record.checkpoints[one.max(other)].0).then_some((&["checkpoint_misplaced"], Where::Checkpoint(size)))
}

fn checkpoints_reordered(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.checkpoints.len().checked_sub(1)?);
    let (earlier, later) = (record.checkpoints.get(place)?.0, record.checkpoints.get(place + 1)?.0);
    record.checkpoints.swap(place, place + 1);
    (earlier < later).then_some((&["checkpoint_shrinks"], Where::Checkpoint(earlier)))
}

fn checkpoint_stranger(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.checkpoints.len());
    let keys = record.keys();
    let (size, _, note) = record.checkpoints.get_mut(place)?;
    let Checkpoint { head, at, .. } = Checkpoint::open(note.as_bytes(), &keys).unwrap();
    *note = Checkpoint::seal(head, at, &rotated()).unwrap().to_string();
    Some((&["signature_unknown"], Where::Checkpoint(*size)))
}

fn checkpoint_replayed(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let older = dice.place(record.checkpoints.len().checked_sub(1)?);
    let (old_size, _, old) = record.checkpoints.get(older)?.clone();
    let (size, _, note) = record.checkpoints.last_mut()?;
    *note = old;
    (old_size < *size).then_some((&["checkpoint_misplaced"], Where::Checkpoint(*size)))
}

fn checkpoint_size(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.checkpoints.len());
    let (size, _, _) = record.checkpoints.get_mut(place)?;
    *size += 1 + dice.below(5);
    Some((&["checkpoint_misplaced"], Where::Checkpoint(*size)))
}

fn checkpoint_moment(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.checkpoints.len());
    let (size, at, _) = record.checkpoints.get_mut(place)?;
    at.0 -= 1 + dice.below(1_000_000) as i64;
    Some((&["checkpoint_misplaced"], Where::Checkpoint(*size)))
}

fn body_bytes(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.bodies.len());
    let body = record.bodies.get_mut(place)?;
    flip(&mut body.bytes, dice);
    Some((&["body_changed"], Where::Body(body.commit)))
}

fn body_salt(record: &mut Record, dice: &mut Dice) -> Option<Expected> {
    let place = dice.place(record.bodies.len());
    let body = record.bodies.get_mut(place)?;
    flip(&mut body.salt, dice);
    Some((&["body_changed"], Where::Body(body.commit)))
}
