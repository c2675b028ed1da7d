//! The changes: each picks something at random, changes it behind the program's back, and says what a verifier must name.
//! Invariant: every change leaves a database the program opens. Never: a change of what nobody promised to keep (an erased body, a mail's lease).

use greenlane::audit::TileId;
use uuid::Uuid;

use super::meddler::Meddler;
use crate::audit::dice::Dice;

/// A kind of change. It answers with the words of which at least one must stand in what is found.
pub type Change = fn(&Meddler<'_>, &mut Dice) -> Vec<String>;

/// All of them, by name.
pub const CHANGES: &[(&str, Change)] = &[
    ("edit the events of an act", |db, dice| edit_act(db, dice, "events")),
    ("edit the leaf of an act", |db, dice| edit_act(db, dice, "leaf")),
    ("edit the kind of an act", |db, dice| change_act(db, dice, "kind = 'withdraw'")),
    ("edit the moment of an act", |db, dice| change_act(db, dice, "at = at - 60000")),
    ("drop an act", drop_act),
    ("swap two acts of a case", swap_acts),
    ("swap the acts of two cases", swap_cases),
    ("edit an entry's hash", edit_entry),
    ("swap two entries", swap_entries),
    ("drop an entry", drop_entry),
    ("drop the end of the log", drop_log_end),
    ("drop the end of the acts", drop_act_end),
    ("drop the end of log and acts, and what waits for the seal", drop_both_ends),
    ("edit a tile", edit_tile),
    ("drop a tile", drop_tile),
    ("add a tile", add_tile),
    ("edit a checkpoint", edit_checkpoint),
    ("edit a checkpoint's moment", |db, dice| change_checkpoint(db, dice, "at = at + 1")),
    ("edit a checkpoint's size", |db, dice| change_checkpoint(db, dice, "size = size + 10000")),
    ("drop the newest checkpoint", drop_checkpoint),
    ("edit a body", |db, dice| edit_body(db, dice, "bytes")),
    ("edit a body's salt", |db, dice| edit_body(db, dice, "salt")),
    ("edit who has a task", |db, dice| change_case_row(db, dice, ("tasks", "case_id"), "claimed = applicant")),
    ("edit where a task is", |db, dice| change_case_row(db, dice, ("tasks", "case_id"), "step = step || '-x'")),
    ("edit when a task is due", |db, dice| change_case_row(db, dice, ("tasks", "case_id"), "due = '2099-12-31'")),
    ("drop a task", |db, dice| drop_case_row(db, dice, "tasks")),
    ("edit a place in line", |db, dice| change_case_row(db, dice, ("waiting", "case_id"), "since = since - 1")),
    ("drop a place in line", |db, dice| drop_case_row(db, dice, "waiting")),
    ("edit a snapshot", edit_snapshot),
    ("edit a case's head", edit_head),
    ("edit a case's version", |db, dice| change_case_row(db, dice, ("cases", "id"), "version = version + 1")),
    ("edit a case's rank", |db, dice| change_case_row(db, dice, ("cases", "id"), "rank = case when rank = 9 then 0 else 9 end")),
    ("edit a case's result", |db, dice| change_case_row(db, dice, ("cases", "id"), "ended = case when ended is null then 1 end")),
    ("silence a case's reminders", |db, dice| change_case_row(db, dice, ("cases", "id"), "next_wake = coalesce(next_wake, 0) + 1")),
    ("edit a balance", |db, dice| change_account(db, dice, "update accounts set free = free + 1, issued = issued + 1")),
    ("move a balance", |db, dice| change_account(db, dice, "update accounts set reserved = reserved - 1, used = used + 1")),
    ("edit a posting", |db, dice| change_account(db, dice, "update postings set amount = amount + 1")),
    ("drop a posting", |db, dice| change_account(db, dice, "delete from postings")),
];

struct Act {
    case: String,
    seq: i64,
}

impl Act {
    fn any(db: &Meddler<'_>, dice: &mut Dice) -> Self {
        let mut acts = Self::all(db, "");
        acts.swap_remove(dice.place(acts.len()))
    }

    fn all(db: &Meddler<'_>, which: &str) -> Vec<Self> {
        let rows = db.rows(&format!("select {}, seq from acts {which} order by 1, seq", db.hex_id("case_id")));
        rows.into_iter().map(|row| Self { case: row[0].clone(), seq: row[1].parse().unwrap() }).collect()
    }

    fn is(&self, db: &Meddler<'_>) -> String {
        format!("case_id = {} and seq = {}", db.id(&self.case), self.seq)
    }

    fn named(&self) -> String {
        format!("case {}, act {}", dashed(&self.case), self.seq)
    }
}

fn dashed(hex: &str) -> Uuid {
    hex.parse().unwrap()
}

/// One bit of it turned over.
fn flipped(hex: &str, dice: &mut Dice) -> String {
    let mut bytes = hex::decode(hex).unwrap();
    let place = dice.place(bytes.len());
    bytes[place] ^= 1 << dice.below(8);
    hex::encode(bytes)
}

fn edit_act(db: &Meddler<'_>, dice: &mut Dice, column: &str) -> Vec<String> {
    let act = Act::any(db, dice);
    let before = &db.rows(&format!("select {} from acts where {}", db.hex(column), act.is(db)))[0][0];
    db.run(&format!("update acts set {column} = {} where {}", db.bytes(&flipped(before, dice)), act.is(db)));
    vec![act.named()]
}

fn change_act(db: &Meddler<'_>, dice: &mut Dice, set: &str) -> Vec<String> {
    let act = Act::any(db, dice);
    db.run(&format!("update acts set {set} where {}", act.is(db)));
    vec![act.named()]
}

fn drop_act(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let act = Act::any(db, dice);
    db.run(&format!("delete from acts where {}", act.is(db)));
    vec![format!("case {}", dashed(&act.case))]
}

fn swap(db: &Meddler<'_>, one: &Act, other: &Act) -> Vec<String> {
    let read = |act: &Act| {
        let mut rows = db.rows(&format!("select {}, {}, kind, at from acts where {}", db.hex("events"), db.hex("leaf"), act.is(db)));
        rows.remove(0)
    };
    let (first, second) = (read(one), read(other));
    for (act, row) in [(one, &second), (other, &first)] {
        let set = format!("events = {}, leaf = {}, kind = '{}', at = {}", db.bytes(&row[0]), db.bytes(&row[1]), row[2], row[3]);
        db.run(&format!("update acts set {set} where {}", act.is(db)));
    }
    vec![one.named()]
}

fn swap_acts(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let mut acts = Act::all(db, "where seq <= 2");
    let case = acts[dice.place(acts.len())].case.clone();
    acts.retain(|act| act.case == case);
    swap(db, &acts[0], &Act { case, seq: 2 })
}

fn swap_cases(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let acts = Act::all(db, "where seq = 1");
    let one = dice.place(acts.len());
    let other = (one + 1 + dice.place(acts.len() - 1)) % acts.len();
    swap(db, &acts[one], &acts[other])
}

fn entries(db: &Meddler<'_>) -> i64 {
    db.rows("select count(*) from log")[0][0].parse().unwrap()
}

fn entry(db: &Meddler<'_>, dice: &mut Dice) -> i64 {
    i64::try_from(dice.below(entries(db).unsigned_abs())).unwrap()
}

fn hash_of(db: &Meddler<'_>, index: i64) -> String {
    db.rows(&format!("select {} from log where idx = {index}", db.hex("hash")))[0][0].clone()
}

fn edit_entry(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let index = entry(db, dice);
    db.run(&format!("update log set hash = {} where idx = {index}", db.bytes(&flipped(&hash_of(db, index), dice))));
    vec![format!("log entry {index}")]
}

fn swap_entries(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let one = entry(db, dice);
    let other = (one + 1) % entries(db);
    let (first, second) = (hash_of(db, one), hash_of(db, other));
    for (index, hash) in [(one, second), (other, first)] {
        db.run(&format!("update log set hash = {} where idx = {index}", db.bytes(&hash)));
    }
    vec![format!("log entry {one}")]
}

fn act_of(db: &Meddler<'_>, index: i64) -> Act {
    let row = &db.rows(&format!("select {}, seq from log where idx = {index}", db.hex_id("case_id")))[0];
    Act { case: row[0].clone(), seq: row[1].parse().unwrap() }
}

fn drop_entry(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let index = entry(db, dice);
    let act = act_of(db, index);
    db.run(&format!("delete from log where idx = {index}"));
    vec![act.named()]
}

fn an_end(db: &Meddler<'_>, dice: &mut Dice) -> i64 {
    entries(db) - 1 - i64::try_from(dice.below(5)).unwrap()
}

fn drop_log_end(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let from = an_end(db, dice);
    db.run(&format!("delete from log where idx >= {from}"));
    vec![format!("the log has only {from} entries")]
}

fn drop_act_end(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let act = act_of(db, an_end(db, dice));
    db.run(&format!("delete from acts where case_id = {} and seq >= {}", db.id(&act.case), act.seq));
    vec![format!("case {}", dashed(&act.case))]
}

fn drop_both_ends(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let from = an_end(db, dice);
    let same = "x.tenant = acts.tenant and x.case_id = acts.case_id and x.seq = acts.seq";
    db.run(&format!(
        "delete from acts where exists (select 1 from log x where {same} and x.idx >= {from}); delete from log where idx >= {from}; delete from unsealed"
    ));
    vec![format!("the log has only {from} entries")]
}

fn tile(db: &Meddler<'_>, dice: &mut Dice) -> (i64, i64, String) {
    let rows = db.rows(&format!("select level, idx, {} from tiles order by level, idx", db.hex("bytes")));
    let row = &rows[dice.place(rows.len())];
    (row[0].parse().unwrap(), row[1].parse().unwrap(), row[2].clone())
}

fn tile_named(level: i64, index: i64) -> String {
    format!("tile {}", TileId { level: u8::try_from(level).unwrap(), index: index.unsigned_abs() })
}

fn edit_tile(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let (level, index, bytes) = tile(db, dice);
    db.run(&format!("update tiles set bytes = {} where level = {level} and idx = {index}", db.bytes(&flipped(&bytes, dice))));
    vec![tile_named(level, index)]
}

fn drop_tile(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let (level, index, _) = tile(db, dice);
    db.run(&format!("delete from tiles where level = {level} and idx = {index}"));
    vec![tile_named(level, index)]
}

fn add_tile(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let (_, _, bytes) = tile(db, dice);
    let index = 1 + i64::try_from(dice.below(100)).unwrap();
    db.run(&format!("insert into tiles (level, idx, bytes) values (0, {index}, {})", db.bytes(&bytes)));
    vec![tile_named(0, index)]
}

fn checkpoint(db: &Meddler<'_>, dice: &mut Dice) -> (i64, String) {
    let rows = db.rows(&format!("select size, {} from checkpoints order by size", db.hex_text("note")));
    let row = &rows[dice.place(rows.len())];
    (row[0].parse().unwrap(), row[1].clone())
}

fn edit_checkpoint(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let (size, note) = checkpoint(db, dice);
    let mut note = hex::decode(note).unwrap();
    let letters: Vec<usize> = (0..note.len()).filter(|place| note[*place].is_ascii_alphanumeric()).collect();
    let place = letters[dice.place(letters.len())];
    note[place] = if note[place] == b'a' { b'b' } else { b'a' };
    db.run(&format!("update checkpoints set note = {} where size = {size}", db.text(&hex::encode(note))));
    vec![format!("checkpoint of size {size}")]
}

fn change_checkpoint(db: &Meddler<'_>, dice: &mut Dice, set: &str) -> Vec<String> {
    let (size, _) = checkpoint(db, dice);
    db.run(&format!("update checkpoints set {set} where size = {size}"));
    vec![format!("checkpoint of size {size}"), format!("checkpoint of size {}", size + 10_000)]
}

fn drop_checkpoint(db: &Meddler<'_>, _: &mut Dice) -> Vec<String> {
    db.run("delete from checkpoints where size = (select max(size) from checkpoints)");
    vec!["no checkpoint signs it".to_owned()]
}

fn edit_body(db: &Meddler<'_>, dice: &mut Dice, column: &str) -> Vec<String> {
    let rows = db.rows(&format!("select {}, {} from bodies order by 1", db.hex("digest"), db.hex(column)));
    let row = &rows[dice.place(rows.len())];
    db.run(&format!("update bodies set {column} = {} where digest = {}", db.bytes(&flipped(&row[1], dice)), db.bytes(&row[0])));
    vec![format!("body {}", row[0])]
}

/// Changes a random row of a table that follows from a case's events.
fn change_case_row(db: &Meddler<'_>, dice: &mut Dice, (table, id): (&str, &str), set: &str) -> Vec<String> {
    // The register has a case of its own; its applicant is nobody.
    let rows = db.rows(&format!("select distinct {} from {table} where {} not like '00000000%' order by 1", db.hex_id(id), db.hex_id(id)));
    let case = &rows[dice.place(rows.len())][0];
    let set = set.replace("applicant", &format!("(select applicant from cases where id = {})", db.id(case)));
    db.run(&format!("update {table} set {set} where {id} = {}", db.id(case)));
    vec![format!("case {}", dashed(case))]
}

fn drop_case_row(db: &Meddler<'_>, dice: &mut Dice, table: &str) -> Vec<String> {
    let rows = db.rows(&format!("select distinct {} from {table} order by 1", db.hex_id("case_id")));
    let case = &rows[dice.place(rows.len())][0];
    db.run(&format!("delete from {table} where case_id = {}", db.id(case)));
    vec![format!("case {}", dashed(case))]
}

fn edit_snapshot(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let rows = db.rows(&format!("select {}, {} from snapshots where {} not like '00000000%'", db.hex_id("case_id"), db.hex("state"), db.hex_id("case_id")));
    let row = &rows[dice.place(rows.len())];
    db.run(&format!("update snapshots set state = {} where case_id = {}", db.bytes(&flipped(&row[1], dice)), db.id(&row[0])));
    vec![format!("case {}: the snapshot", dashed(&row[0]))]
}

fn edit_head(db: &Meddler<'_>, dice: &mut Dice) -> Vec<String> {
    let rows = db.rows(&format!("select {}, {} from cases order by 1", db.hex_id("id"), db.hex("head")));
    let row = &rows[dice.place(rows.len())];
    db.run(&format!("update cases set head = {} where id = {}", db.bytes(&flipped(&row[1], dice)), db.id(&row[0])));
    vec![format!("case {}", dashed(&row[0]))]
}

/// Changes an account's balance or one of its postings.
fn change_account(db: &Meddler<'_>, _: &mut Dice, statement: &str) -> Vec<String> {
    let one = if statement.contains("postings") { "id = (select max(id) from postings where account = 'plot/east')" } else { "account = 'plot/east'" };
    db.run(&format!("{statement} where {one}"));
    vec!["account plot/east".to_owned()]
}
