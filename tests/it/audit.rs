//! The audit room from outside: honest records never raise an alarm, every change of one is found and named, and another implementation agrees on every byte.
//! Invariant: each random record prints its seed on failure and is made again from it alone. Never: a finding counted without its place.

pub mod dice;
mod file;
mod forgery;
mod mutation;
mod record;
mod second;

use std::time::Duration;

use greenlane::audit::verify::{Checkpoints, Counts, Place, Report};
use greenlane::audit::{Checkpoint, LogSecret};

use dice::Dice;
use record::{Record, Seen, rotated, secret, trust, walk, walk_seen};

/// The figures with `GREENLANE_FULL` set, a share of them without.
fn count(full: u64, reduced: u64) -> u64 {
    if std::env::var_os("GREENLANE_FULL").is_some() { full } else { reduced }
}

fn assert_holds(report: &Report, seed: u64) {
    let said: Vec<String> = report.findings.iter().map(|finding| finding.en()).collect();
    assert!(report.holds() && report.more == 0, "seed {seed}: an alarm on an honest record: {said:#?}");
}

#[test]
fn a_thousand_honest_records_raise_no_alarm() {
    let mut looked = Counts::default();
    for seed in 0..1_000 {
        let mut dice = Dice::new(seed);
        let acts = if seed % 100 == 0 { dice.below(2_000) } else { dice.below(120) };
        let record = Record::honest(&mut dice, acts);
        let report = walk(&record, &trust(&record));
        assert_holds(&report, seed);
        assert_eq!(report.counts.acts, acts);
        assert_eq!(report.counts.entries + report.counts.pending, acts);
        looked.acts += report.counts.acts;
        looked.cases += report.counts.cases;
        looked.checkpoints += report.counts.checkpoints;
    }
    println!("1,000 honest records: {} cases, {} acts, {} checkpoints, no alarm", looked.cases, looked.acts, looked.checkpoints);
}

#[test]
fn every_checkpoint_that_was_ever_given_out_is_a_prefix_of_the_log() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let mut record = Record::honest(&mut dice, 200);
        let given_out: Vec<_> = record.checkpoints.iter().map(|(_, _, note)| Checkpoint::open(note.as_bytes(), &record.keys()).unwrap()).collect();
        record.grow(&mut dice, 150);
        let mut trust = trust(&record);
        trust.outside = given_out;
        assert_holds(&walk(&record, &trust), seed);
    }
}

#[test]
fn a_record_that_grows_while_it_is_walked_raises_no_alarm() {
    for seed in 0..count(300, 60) {
        let mut dice = Dice::new(seed);
        let acts = dice.below(700);
        let mut record = Record::honest(&mut dice, acts);
        let seen: [Record; 5] = std::array::from_fn(|_| {
            let acts = dice.below(60);
            record.grow(&mut dice, acts);
            record.clone()
        });
        let [checkpoints, cases, acts, entries, tiles] = &seen;
        let seen = Seen { checkpoints, cases, acts, entries, tiles };
        assert_holds(&walk_seen(&seen, Checkpoints::begin_live(trust(&record))), seed);
        let mut changed = acts.clone();
        let Some(sealed) = checkpoints.entries.first() else { continue };
        let act = changed.acts.iter_mut().find(|act| (act.case, act.seq) == (sealed.case, sealed.seq)).unwrap();
        act.events.push(b' ');
        let report = walk_seen(&Seen { acts: &changed, ..seen }, Checkpoints::begin_live(trust(&record)));
        assert_eq!(report.findings.iter().map(|finding| finding.code()).collect::<Vec<_>>(), ["events_changed"], "seed {seed}");
    }
}

#[test]
fn an_erased_body_and_a_changed_key_leave_the_record_whole() {
    let mut dice = Dice::new(7);
    let mut record = Record::honest(&mut dice, 200);
    record.bodies.clear();
    record.rotate(rotated());
    record.grow(&mut dice, 100);
    let report = walk(&record, &trust(&record));
    assert_holds(&report, 7);
    let mut only_old = trust(&record);
    only_old.keys = vec![secret().public()];
    assert_eq!(walk(&record, &only_old).findings[0].code(), "signature_unknown");
}

#[test]
fn an_empty_record_holds() {
    let record = Record::empty();
    let report = walk(&record, &trust(&record));
    assert_holds(&report, 0);
    assert_eq!(report.head.size, 0);
}

#[test]
fn findings_are_listed_up_to_the_bound_and_the_rest_counted() {
    let mut record = Record::honest(&mut Dice::new(3), 100);
    for act in &mut record.acts {
        act.events.push(b' ');
    }
    let mut trust = trust(&record);
    trust.findings_max = 5;
    let report = walk(&record, &trust);
    assert_eq!(report.findings.len() as u64 + report.more, 100);
    assert_eq!(report.findings.len(), 5);
}

#[test]
fn a_finding_reads_as_a_sentence_in_both_languages() {
    let mut record = Record::honest(&mut Dice::new(11), 30);
    let act = &mut record.acts[4];
    act.events.push(b' ');
    let report = walk(&record, &trust(&record));
    let finding = &report.findings[0];
    let case = record.acts[4].case;
    let seq = record.acts[4].seq;
    assert_eq!(finding.en(), format!("case {case}, act {seq}: the events are not those the leaf was made for"));
    assert_eq!(finding.zh(), format!("案件 {case} 第 {seq} 步：事件内容与记录的摘要不符，事件被改动"));
}

/// In full, a million entries: even a debug build stays below the half minute.
#[test]
fn a_large_record_is_walked_in_seconds() {
    let acts = count(1_000_000, 20_000);
    let took: Duration = record::walk_generated(acts);
    println!("walked {acts} acts, entries and their tiles in {took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn an_act_dated_far_from_its_checkpoints_is_found_when_asked() {
    let mut dice = Dice::new(5);
    let mut record = Record::honest(&mut dice, 100);
    record.now += 3_600_000;
    record.seal();
    record.now += 1;
    let honest = record.now;
    record.now = honest - 3_500_000;
    record.act_in_new_case(&mut dice);
    record.now = honest + 1_000;
    record.seal();
    let mut trust = trust(&record);
    assert_holds(&walk(&record, &trust), 5);
    trust.lag_ms_max = Some(600_000);
    assert_eq!(walk(&record, &trust).findings.iter().map(|finding| finding.code()).collect::<Vec<_>>(), ["backdated"]);
    record.now = honest + 9_000_000;
    record.act_in_new_case(&mut dice);
    record.now = honest + 2_000;
    record.seal();
    assert!(walk(&record, &trust).findings.iter().any(|finding| finding.code() == "postdated"));
}

#[test]
fn a_clock_set_back_shows_in_the_act_and_in_the_checkpoint() {
    let mut dice = Dice::new(13);
    let mut record = Record::honest(&mut dice, 60);
    record.seal();
    record.now -= 10_000_000;
    record.act(&mut dice, 0);
    let row = record.cases[0];
    record.seal();
    let report = walk(&record, &trust(&record));
    let said: Vec<_> = report.findings.iter().map(|finding| (finding.code(), finding.place)).collect();
    let checkpoint = Place::Checkpoint { size: record.log.size() };
    assert_eq!(said, [("checkpoint_backwards", checkpoint), ("act_backwards", Place::Act { case: row.case, seq: row.version })]);
}

#[test]
fn a_key_of_the_same_name_does_not_pass_for_the_log() {
    let mut record = Record::honest(&mut Dice::new(2), 50);
    let thief = LogSecret::new(secret().name(), &[99; 32]).unwrap();
    let (size, at, note) = record.checkpoints.pop().unwrap();
    let head = Checkpoint::open(note.as_bytes(), &record.keys()).unwrap().head;
    record.checkpoints.push((size, at, Checkpoint::seal(head, at, &thief).unwrap().to_string()));
    assert_eq!(walk(&record, &trust(&record)).findings[0].code(), "signature_unknown");
}
