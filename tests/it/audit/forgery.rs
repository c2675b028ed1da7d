//! What a thief of the database and of the signing key can do. The walk over their record finds nothing, and says so here; a checkpoint kept elsewhere does.

use greenlane::audit::Checkpoint;
use greenlane::audit::verify::Trust;

use super::assert_holds;
use super::count;
use super::dice::Dice;
use super::record::{Record, trust, walk};

/// What an auditor took away: the newest checkpoint of `record`.
fn with_outside(record: &Record) -> Trust {
    let (_, _, note) = record.checkpoints.last().unwrap();
    Trust { outside: vec![Checkpoint::open(note.as_bytes(), &record.keys()).unwrap()], ..trust(record) }
}

fn sealed_record(dice: &mut Dice) -> Record {
    let acts = 20 + dice.below(200);
    let mut record = Record::honest(dice, acts);
    record.seal();
    record
}

fn rounds() -> u64 {
    count(200, 40)
}

#[test]
fn a_log_cut_off_with_its_checkpoints_is_found_only_from_outside() {
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed);
        let record = sealed_record(&mut dice);
        let mut later = record.clone();
        later.grow(&mut dice, 60);
        later.seal();
        // The cut record is exactly what the store held at the earlier checkpoint.
        assert_holds(&walk(&record, &trust(&record)), seed);
        let report = walk(&record, &with_outside(&later));
        assert_eq!(report.findings.iter().map(|finding| finding.code()).collect::<Vec<_>>(), ["outside_beyond"], "seed {seed}");
    }
}

#[test]
fn a_record_set_back_and_continued_is_found_only_from_outside() {
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed);
        let old = sealed_record(&mut dice);
        let mut true_one = old.clone();
        true_one.grow(&mut dice, 40);
        true_one.seal();
        let mut set_back = old;
        set_back.grow(&mut Dice::new(seed + 1_000_000), 80);
        set_back.seal();
        assert_holds(&walk(&set_back, &trust(&set_back)), seed);
        let report = walk(&set_back, &with_outside(&true_one));
        assert_eq!(report.findings.iter().map(|finding| finding.code()).collect::<Vec<_>>(), ["outside_root"], "seed {seed}");
    }
}

#[test]
fn a_history_rewritten_with_the_stolen_key_is_found_only_from_outside() {
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed);
        let record = sealed_record(&mut dice);
        let outside = with_outside(&record);
        let mut forged = record.clone();
        let place = dice.place(forged.acts.len());
        forged.acts[place].events = br#"[{"t":"recorded","what":"approved"}]"#.to_vec();
        forged.forge_all();
        forged.grow(&mut dice, 30);
        forged.seal();
        assert_holds(&walk(&forged, &trust(&forged)), seed);
        let report = walk(&forged, &outside);
        assert_eq!(report.findings.first().map(|finding| finding.code()), Some("outside_root"), "seed {seed}");
    }
}

#[test]
fn a_log_shown_differently_to_two_is_found_when_they_compare() {
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed);
        let common = sealed_record(&mut dice);
        let (mut for_auditor, mut for_applicant) = (common.clone(), common);
        for_auditor.grow(&mut Dice::new(seed + 1), 30);
        for_applicant.grow(&mut Dice::new(seed + 2), 30);
        for_auditor.seal();
        for_applicant.seal();
        assert_holds(&walk(&for_auditor, &trust(&for_auditor)), seed);
        assert_holds(&walk(&for_applicant, &trust(&for_applicant)), seed);
        assert!(!walk(&for_auditor, &with_outside(&for_applicant)).holds(), "seed {seed}");
    }
}

#[test]
fn a_rewrite_without_the_key_is_found_inside() {
    for seed in 0..rounds() {
        let mut dice = Dice::new(seed);
        let record = sealed_record(&mut dice);
        let mut forged = record.clone();
        let place = dice.place(forged.acts.len());
        forged.acts[place].events = br#"[{"t":"recorded","what":"approved"}]"#.to_vec();
        forged.forge_all();
        forged.checkpoints = record.checkpoints;
        let report = walk(&forged, &trust(&forged));
        assert_eq!(report.findings.first().map(|finding| finding.code()), Some("checkpoint_root"), "seed {seed}");
    }
}
