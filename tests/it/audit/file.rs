//! The exported log: our walk over the file says what the walk over the rows says, and a verifier in another language agrees.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use greenlane::audit::Head;
use greenlane::audit::verify::{ActRow, EntryOf};
use greenlane::exports::log::{FileWalk, Line};

use super::count;
use super::dice::Dice;
use super::record::{Record, trust, walk};

/// The record as a file.
fn export(record: &Record) -> String {
    let mut file = String::new();
    let mut put = |line: &Line<'_>| writeln!(file, "{line}").unwrap();
    put(&Line::first(record.keys().iter().map(ToString::to_string).collect()));
    for (size, at, note) in &record.checkpoints {
        put(&Line::Checkpoint { size: *size, at: *at, note: Cow::Borrowed(note) });
    }
    for row in &record.cases {
        put(&Line::Case { tenant: row.tenant, case: row.case, version: row.version, head: row.head });
        for act in record.acts.iter().filter(|act| act.case == row.case) {
            let entry = record.entry_of(act.case, act.seq).map(|place| &record.entries[place]);
            let entry = entry.map(|entry| EntryOf { index: entry.index, leaf: entry.leaf });
            let pending = record.pending.contains(&(act.case, act.seq));
            put(&Line::act(&ActRow { case: act.case, seq: act.seq, kind: &act.kind, at: act.at, events: &act.events, leaf: &act.leaf, entry, pending }));
        }
    }
    for entry in &record.entries {
        put(&Line::Entry { index: entry.index, case: entry.case, seq: entry.seq, leaf: entry.leaf });
    }
    file
}

fn walk_file(record: &Record, file: &str) -> greenlane::audit::verify::Report {
    let mut walk = FileWalk::begin(trust(record));
    file.lines().for_each(|line| walk.line(line).unwrap());
    walk.finish().unwrap()
}

/// What the script says of a file; `None` where Python is not installed.
fn python(folder: &Path, record: &Record, file: &str, checkpoint: Option<&str>) -> Option<(bool, String)> {
    let log = folder.join("log.jsonl");
    std::fs::write(&log, file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(log);
    for key in record.keys() {
        command.arg("--key").arg(key.to_string());
    }
    if let Some(note) = checkpoint {
        let path = folder.join("kept.checkpoint");
        std::fs::write(&path, note).unwrap();
        command.arg("--checkpoint").arg(path);
    }
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &*String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), said))
}

#[test]
fn the_walk_over_the_file_says_what_the_walk_over_the_rows_says() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let mut record = Record::honest(&mut dice, 80);
        if seed % 2 == 1 {
            let place = dice.place(record.acts.len());
            record.acts[place].events.push(b' ');
        }
        let (rows, file) = (walk(&record, &trust(&record)), walk_file(&record, &export(&record)));
        assert_eq!(file.findings, rows.findings, "seed {seed}");
        assert_eq!(file.head, rows.head, "seed {seed}");
        assert_eq!(file.holds(), seed % 2 == 0, "seed {seed}");
    }
}

#[test]
fn a_verifier_in_another_language_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = count(200, 12);
    for seed in 0..rounds {
        let mut dice = Dice::new(seed);
        let acts = dice.below(120);
        let mut record = Record::honest(&mut dice, acts);
        record.seal();
        let Some((holds, said)) = python(folder.path(), &record, &export(&record), None) else {
            println!("python3 is not installed: the second verifier did not run");
            return;
        };
        let Head { size, root } = walk(&record, &trust(&record)).head;
        assert!(holds, "seed {seed}: {said}");
        let printed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, root.0);
        assert!(said.contains(&format!("size {size}\nroot {printed}")), "seed {seed}: {said}");
    }
    println!("{rounds} honest logs held by tests/verify.py");
}

/// One change of the record and what the script must say of it.
type Change = (&'static str, fn(&mut Record));

const CHANGES: &[Change] = &[
    ("the events are not those", |record| record.acts[7].events.push(b' ')),
    ("does not follow", |record| drop(record.acts.remove(first_followed(record)))),
    ("is not the act's", |record| record.entries[3].leaf.0[0] ^= 1),
    ("the log does not give the root", |record| record.log_swapped(2, 3)),
    ("no checkpoint signs it", |record| drop(record.checkpoints.drain(record.checkpoints.len() - 2..))),
    ("the signature does not fit", |record| record.checkpoints[0].2 = record.checkpoints[0].2.replacen("\nat 2025", "\nat 2024", 1)),
    ("its last act is not there", |record| record.cases[0].version += 1),
];

/// An act that another of its case follows.
fn first_followed(record: &Record) -> usize {
    record.acts.iter().position(|act| record.acts.iter().any(|next| (next.case, next.seq) == (act.case, act.seq + 1))).unwrap()
}

#[test]
fn a_verifier_in_another_language_finds_changes_too() {
    let folder = tempfile::tempdir().unwrap();
    for (expected, change) in CHANGES {
        let mut record = Record::honest(&mut Dice::new(21), 60);
        record.seal();
        record.act_in_new_case(&mut Dice::new(22));
        record.seal();
        change(&mut record);
        let Some((holds, said)) = python(folder.path(), &record, &export(&record), None) else { return };
        assert!(!holds && said.contains(expected), "expected `{expected}`, found: {said}");
        assert!(!walk_file(&record, &export(&record)).holds(), "{expected}");
    }
}

#[test]
fn a_verifier_in_another_language_finds_a_log_set_back_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(31);
    let mut record = Record::honest(&mut dice, 60);
    record.seal();
    let old = record.clone();
    record.grow(&mut dice, 20);
    record.seal();
    let note = record.checkpoints.last().unwrap().2.clone();
    let Some((holds, said)) = python(folder.path(), &old, &export(&old), None) else { return };
    assert!(holds, "{said}");
    let (holds, said) = python(folder.path(), &old, &export(&old), Some(&note)).unwrap();
    assert!(!holds && said.contains("kept outside: the log has only"), "{said}");
    let (holds, said) = python(folder.path(), &record, &export(&record), Some(&note)).unwrap();
    assert!(holds, "{said}");
}
