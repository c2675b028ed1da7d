//! A whole record in memory, held the way the store holds it: rows of cases, acts, entries, tiles, checkpoints and bodies.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use greenlane::audit::leaf::{FIRST_SEQ, NO_LEAF};
use greenlane::audit::verify::{ActRow, BodyRow, CaseRow, CheckpointRow, Checkpoints, EntryOf, EntryRow, Report, Trust};
use greenlane::audit::{Checkpoint, Growth, Head, Leaf, LogKey, LogSecret, Tile, TileId, Who, commit};
use greenlane::clock;
use greenlane::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

use super::dice::Dice;

const TENANT: Tenant = Tenant(420_700);
const START_MS: i64 = 1_740_963_600_000;
const KINDS: [&str; 6] = ["claim", "complete", "return", "wake", "notice-settled", "record"];

#[derive(Clone, Debug)]
pub struct Act {
    pub case: CaseId,
    pub seq: u64,
    pub kind: String,
    pub at: Moment,
    pub events: Vec<u8>,
    pub leaf: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Body {
    pub commit: Digest,
    pub salt: [u8; 32],
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub cases: Vec<CaseRow>,
    pub acts: Vec<Act>,
    pub entries: Vec<EntryRow>,
    pub pending: Vec<(CaseId, u64)>,
    pub tiles: BTreeMap<TileId, Vec<u8>>,
    pub checkpoints: Vec<(u64, Moment, String)>,
    pub bodies: Vec<Body>,
    pub log: Growth,
    pub secrets: Vec<LogSecret>,
    pub now: i64,
}

/// The log's key.
pub fn secret() -> LogSecret {
    LogSecret::new("ezhou.example/greenlane", &[42; 32]).unwrap()
}

/// The key after a rotation.
pub fn rotated() -> LogSecret {
    LogSecret::new("ezhou.example/greenlane", &[43; 32]).unwrap()
}

pub fn trust(record: &Record) -> Trust {
    Trust { keys: record.keys(), outside: Vec::new(), findings_max: 100_000, lag_ms_max: None }
}

impl Record {
    pub fn empty() -> Self {
        Self {
            cases: Vec::new(),
            acts: Vec::new(),
            entries: Vec::new(),
            pending: Vec::new(),
            tiles: BTreeMap::new(),
            checkpoints: Vec::new(),
            bodies: Vec::new(),
            log: Growth::new(),
            secrets: vec![secret()],
            now: START_MS,
        }
    }

    pub fn honest(dice: &mut Dice, acts: u64) -> Self {
        let mut record = Self::empty();
        record.grow(dice, acts);
        record
    }

    pub fn keys(&self) -> Vec<LogKey> {
        self.secrets.iter().map(LogSecret::public).collect()
    }

    /// From here on the new key signs.
    pub fn rotate(&mut self, secret: LogSecret) {
        self.secrets.push(secret);
    }

    /// Lets the office work: acts in old and new cases, sealed in batches; the last acts may still wait.
    pub fn grow(&mut self, dice: &mut Dice, acts: u64) {
        for _ in 0..acts {
            self.now += dice.below(90_000) as i64;
            if self.cases.is_empty() || dice.below(8) == 0 {
                self.act_in_new_case(dice);
            } else {
                let place = dice.place(self.cases.len());
                self.act(dice, place);
            }
            if dice.below(12) == 0 {
                self.seal();
            }
        }
    }

    pub fn act_in_new_case(&mut self, dice: &mut Dice) {
        let case = CaseId::new(Moment(self.now), dice.bytes());
        self.cases.push(CaseRow { tenant: TENANT, case, version: FIRST_SEQ - 1, head: NO_LEAF });
        self.act(dice, self.cases.len() - 1);
    }

    /// The next act of the case in this place.
    pub fn act(&mut self, dice: &mut Dice, place: usize) {
        let row = &mut self.cases[place];
        let seq = row.version + 1;
        let kind = if seq == FIRST_SEQ { "start" } else { KINDS[dice.place(KINDS.len())] };
        let body = (dice.below(3) == 0).then(|| {
            let (salt, bytes) = (dice.bytes(), format!("{{\"opinion\":\"同意 {}\"}}", dice.roll()).into_bytes());
            Body { commit: commit(&salt, &bytes), salt, bytes }
        });
        let mentioned = body.as_ref().map_or_else(|| "null".to_owned(), |body| format!("{{\"commit\":\"{}\"}}", body.commit));
        let events = format!("[{{\"t\":\"recorded\",\"what\":\"{kind}-{}\",\"body\":{mentioned}}}]", dice.below(1_000)).into_bytes();
        let person = PersonId::new(Moment(0), dice.bytes());
        let leaf = Leaf {
            tenant: TENANT,
            case: row.case,
            seq,
            prev: row.head,
            kind: Cow::Borrowed(kind),
            actor: [Who::Person(person), Who::System, Who::Operator][dice.place(3)],
            on_behalf_of: (dice.below(9) == 0).then_some(person),
            post: (dice.below(2) == 0).then(|| Name::from("发改委/handler")),
            at: Moment(self.now),
            events: Digest::of(&events),
        };
        let leaf_bytes = leaf.bytes();
        (row.version, row.head) = (seq, Leaf::digest(&leaf_bytes));
        self.pending.push((row.case, seq));
        self.acts.push(Act { case: row.case, seq, kind: kind.to_owned(), at: leaf.at, events, leaf: leaf_bytes });
        self.bodies.extend(body);
    }

    /// The sealer: all that waits goes into the log, in one commit with its tiles and a checkpoint.
    pub fn seal(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let waiting: BTreeSet<_> = pending.iter().copied().collect();
        let leaves: BTreeMap<_, _> =
            self.acts.iter().filter(|act| waiting.contains(&(act.case, act.seq))).map(|act| ((act.case, act.seq), Leaf::digest(&act.leaf))).collect();
        for (case, seq) in pending {
            let leaf = leaves[&(case, seq)];
            let index = self.log.append(leaf);
            self.entries.push(EntryRow { index, case, seq, leaf });
        }
        self.tiles.extend(self.log.take_changed().into_iter().map(|Tile { id, hashes }| (id, hashes)));
        self.sign();
    }

    /// Signs the log as it is.
    pub fn sign(&mut self) {
        let head = Head { size: self.log.size(), root: self.log.root() };
        let note = Checkpoint::seal(head, Moment(self.now), self.secrets.last().unwrap()).unwrap();
        self.checkpoints.push((head.size, Moment(self.now), note.to_string()));
    }

    /// The entry of an act.
    pub fn entry_of(&self, case: CaseId, seq: u64) -> Option<usize> {
        self.entries.iter().position(|entry| (entry.case, entry.seq) == (case, seq))
    }

    /// Two sealed acts change places in the log, consistently everywhere but under the signature.
    pub fn log_swapped(&mut self, one: usize, other: usize) {
        self.entries.swap(one, other);
        let (first, second) = (self.entries[other].index, self.entries[one].index);
        (self.entries[one].index, self.entries[other].index) = (first, second);
    }

    /// Everything the forger can reach is made consistent again from the acts as they are now: chains, log, tiles, and every checkpoint signed anew.
    pub fn forge_all(&mut self) {
        let mut heads: BTreeMap<CaseId, Digest> = BTreeMap::new();
        for act in &mut self.acts {
            let mut leaf = Leaf::parse(&act.leaf).unwrap();
            leaf.prev = heads.get(&act.case).copied().unwrap_or(NO_LEAF);
            leaf.events = Digest::of(&act.events);
            act.leaf = leaf.bytes();
            heads.insert(act.case, Leaf::digest(&act.leaf));
        }
        for row in &mut self.cases {
            row.head = heads[&row.case];
        }
        let leaves: BTreeMap<_, _> = self.acts.iter().map(|act| ((act.case, act.seq), Leaf::digest(&act.leaf))).collect();
        let checkpoints: BTreeMap<u64, Moment> = std::mem::take(&mut self.checkpoints).into_iter().map(|(size, at, _)| (size, at)).collect();
        self.log = Growth::new();
        self.tiles.clear();
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            entry.leaf = leaves[&(entry.case, entry.seq)];
            self.log.append(entry.leaf);
            if let Some(at) = checkpoints.get(&self.log.size()) {
                self.now = at.0;
                self.sign();
            }
        }
        self.entries = entries;
        self.tiles.extend(self.log.take_changed().into_iter().map(|Tile { id, hashes }| (id, hashes)));
    }
}

/// A record as a walk's successive queries find it: the same at each, or further each time.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub checkpoints: &'a Record,
    pub cases: &'a Record,
    pub acts: &'a Record,
    pub entries: &'a Record,
    pub tiles: &'a Record,
}

/// Walks a record that stands still.
pub fn walk(record: &Record, trust: &Trust) -> Report {
    walk_seen(&Seen { checkpoints: record, cases: record, acts: record, entries: record, tiles: record }, Checkpoints::begin(trust.clone()))
}

/// Walks in the order in which a store's queries would give the rows.
pub fn walk_seen(seen: &Seen<'_>, mut checkpoints: Checkpoints) -> Report {
    for (size, at, note) in &seen.checkpoints.checkpoints {
        checkpoints.checkpoint(&CheckpointRow { size: *size, at: *at, note: note.as_bytes() });
    }
    let mut entries_of: BTreeMap<(CaseId, u64), Vec<EntryOf>> = BTreeMap::new();
    for entry in &seen.acts.entries {
        entries_of.entry((entry.case, entry.seq)).or_default().push(EntryOf { index: entry.index, leaf: entry.leaf });
    }
    let pending: BTreeSet<_> = seen.acts.pending.iter().copied().collect();
    let mut acts_of: BTreeMap<CaseId, Vec<&Act>> = BTreeMap::new();
    for act in &seen.acts.acts {
        acts_of.entry(act.case).or_default().push(act);
    }
    let mut cases: BTreeMap<CaseId, Option<&CaseRow>> = acts_of.keys().map(|case| (*case, None)).collect();
    cases.extend(seen.cases.cases.iter().map(|row| (row.case, Some(row))));
    let mut acts = checkpoints.acts();
    for (case, row) in cases {
        match row {
            Some(row) => acts.case(row),
            // A case that began after the cases were read is not asked for.
            None if seen.acts.cases.iter().any(|row| row.case == case) => continue,
            None => (),
        }
        let mut rows = acts_of.remove(&case).unwrap_or_default();
        rows.sort_by_key(|act| act.seq);
        for act in rows {
            let Act { case, seq, kind, at, events, leaf } = act;
            let places = entries_of.get(&(*case, *seq)).map_or_else(|| vec![None], |entries| entries.iter().copied().map(Some).collect());
            for entry in places {
                acts.act(&ActRow { case: *case, seq: *seq, kind, at: *at, events, leaf, entry, pending: pending.contains(&(*case, *seq)) });
            }
        }
    }
    let mut entries = acts.entries();
    let mut rows = seen.entries.entries.clone();
    rows.sort_by_key(|entry| entry.index);
    rows.iter().for_each(|entry| entries.entry(entry));
    let mut tiles = entries.tiles();
    seen.tiles.tiles.iter().for_each(|(id, hashes)| tiles.tile(*id, hashes));
    seen.tiles.bodies.iter().for_each(|body| tiles.body(&BodyRow { commit: body.commit, salt: &body.salt, bytes: &body.bytes }));
    tiles.finish()
}

/// Walks a record of `acts` acts in cases of thirteen, and says how long the walk alone took.
pub fn walk_generated(acts: u64) -> Duration {
    const ACTS_OF_CASE: u64 = 13;
    let events = vec![b'e'; 600];
    let digest = Digest::of(&events);
    let mut log = Growth::new();
    let (mut rows, mut head) = (Vec::new(), NO_LEAF);
    for number in 0..acts {
        let case = CaseId(uuid::Uuid::from_u64_pair(number / ACTS_OF_CASE, 0));
        let seq = number % ACTS_OF_CASE + 1;
        let prev = if seq == 1 { NO_LEAF } else { head };
        let at = Moment(START_MS + number as i64);
        let leaf =
            Leaf { tenant: TENANT, case, seq, prev, kind: Cow::Borrowed("complete"), actor: Who::System, on_behalf_of: None, post: None, at, events: digest };
        let bytes = leaf.bytes();
        head = Leaf::digest(&bytes);
        log.append(head);
        rows.push((leaf, bytes, head));
    }
    let note = Checkpoint::seal(Head { size: acts, root: log.root() }, Moment(START_MS), &secret()).unwrap().to_string();
    let trust = Trust { keys: vec![secret().public()], outside: Vec::new(), findings_max: 10, lag_ms_max: None };

    let begun = clock::real();
    let mut checkpoints = Checkpoints::begin(trust);
    checkpoints.checkpoint(&CheckpointRow { size: acts, at: Moment(START_MS), note: note.as_bytes() });
    let mut walk = checkpoints.acts();
    for (number, (leaf, bytes, digest)) in rows.iter().enumerate() {
        if leaf.seq == 1 {
            let last = rows[number..].iter().take_while(|row| row.0.case == leaf.case).last().unwrap();
            walk.case(&CaseRow { tenant: TENANT, case: leaf.case, version: last.0.seq, head: last.2 });
        }
        let entry = Some(EntryOf { index: number as u64, leaf: *digest });
        walk.act(&ActRow { case: leaf.case, seq: leaf.seq, kind: &leaf.kind, at: leaf.at, events: &events, leaf: bytes, entry, pending: false });
    }
    let mut walk = walk.entries();
    for (number, (leaf, _, digest)) in rows.iter().enumerate() {
        walk.entry(&EntryRow { index: number as u64, case: leaf.case, seq: leaf.seq, leaf: *digest });
    }
    let mut walk = walk.tiles();
    log.take_changed().iter().for_each(|tile| walk.tile(tile.id, &tile.hashes));
    let report = walk.finish();
    assert!(report.holds(), "{:?}", report.findings);
    assert_eq!(report.head.root, log.root());
    Duration::from_millis((clock::real().0 - begun.0).unsigned_abs())
}
