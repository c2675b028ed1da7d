//! A record built by the program, changed behind its back: each change is found and named, and nothing that was not changed is.
//! Invariant: every change starts from the same honest record. Never: a verdict on a record nobody verified untouched.

mod change;
pub mod meddler;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer};
use greenlane::app::inspect::{self, Inspection};
use greenlane::app::queries::CaseFilter;
use greenlane::audit::{Checkpoint, LogKey};
use greenlane::ids::Moment;
use serde_json::json;

use crate::audit::dice::Dice;
use crate::spine::node::{MORNING, Node, Where, on_both, open, times};
use crate::spine::quota::{all_at_once, issue_plots};
use crate::storm::server::verify;
use change::CHANGES;
use meddler::Meddler;

const SEED: u64 = 20_251_231;
/// Every so often the program itself is run on the changed record.
const PROGRAM_EVERY: usize = 9;
/// Acts of the case that gets a snapshot.
const CLAIMS: usize = 34;

#[test]
fn every_change_behind_the_programs_back_is_found_and_named() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        build(&node).await;
        let db = Meddler::into(&node.place);
        db.keep("kept");
        honest(&node).await;
        let mut dice = Dice::new(SEED);
        let count = times(CHANGES.len(), 100.max(2 * CHANGES.len()));
        for (turn, (name, change)) in CHANGES.iter().cycle().take(count).enumerate() {
            let words = change(&db, &mut dice);
            let found = said(&look(&node, Vec::new()).await);
            let named = |text: &String| words.iter().any(|word| text.contains(word.as_str()));
            assert!(found.iter().any(named), "{name}: expected {words:?}, found {found:#?}");
            if turn % PROGRAM_EVERY == 0 {
                let output = verify(&node.place, &["--all"]).await;
                let told = String::from_utf8_lossy(&output.stdout).into_owned();
                assert_eq!(output.status.code(), Some(1), "{name}: {told}");
                assert!(named(&told), "{name}: expected {words:?}, found {told}");
            }
            db.put_back("kept");
        }
        honest(&node).await;
        println!("{count} changes of {} kinds, each found and named; the same record untouched gave no alarm", CHANGES.len());
    });
}

#[test]
fn a_record_set_back_as_a_whole_is_found_by_a_checkpoint_kept_outside() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        build(&node).await;
        let db = Meddler::into(&node.place);
        db.keep("earlier");
        assert!(node.clock.set(Moment(MORNING.0 + 86_400_000)));
        node.start("thirteen", Some(json!({"text": "later"}))).await.unwrap();
        node.crew.drain().await.unwrap();
        let note = node.app.checkpoint().await.unwrap().unwrap();
        let (file, key) = (node.place.home.path().join("kept.note"), node.app.sealer().public());
        std::fs::write(&file, &note).unwrap();
        let outside = || vec![Checkpoint::open(note.as_bytes(), std::slice::from_ref(&key)).unwrap()];
        assert!(look(&node, outside()).await.holds());
        let options = ["--checkpoint", file.to_str().unwrap(), "--log-vkey", &key.to_string()];
        assert!(verify(&node.place, &options).await.status.success());
        db.put_back("earlier");
        assert!(look(&node, Vec::new()).await.holds(), "nothing inside contradicts it");
        let found = said(&look(&node, outside()).await);
        assert!(found.iter().any(|text| text.contains("kept outside") && text.contains("cut off or set back")), "{found:#?}");
        let output = verify(&node.place, &options).await;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() == Some(1) && told.contains("cut off or set back"), "{told}");
    });
}

/// The state of a case as an older program wrote it is no state of this program's.
#[test]
fn a_snapshot_of_an_older_format_is_passed_over_and_the_case_folded_from_its_acts() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        build(&node).await;
        let cases = node.app.store().cases(node.tenant, &CaseFilter::default(), 100).await.unwrap();
        let (tenant, clock) = (node.tenant, node.clock.clone());
        let states = async |app: &App| {
            let mut states = Vec::new();
            for row in &cases {
                states.push(app.working(tenant, row.id).await.map(|working| working.state).ok());
            }
            states
        };
        let before = states(&node.app).await;
        let Node { app, crew, place, .. } = node;
        drop((app, crew));
        for (format, is_read) in [("format", true), ("format - 1", false)] {
            let db = Meddler::into(&place);
            assert!(!db.rows("select version from snapshots").is_empty(), "there is a snapshot to pass over");
            db.run(&format!("update snapshots set state = {}, format = {format}", db.bytes("7b7d")));
            drop(db);
            let (other, _) = open(place.target.clone(), clock.clone(), place.home.path().to_owned()).await;
            assert_eq!(states(&other).await != before, is_read, "a state of this format is read, here in vain; an older one is not");
        }
        assert!(before.iter().all(Option::is_some));
    });
}

/// Cases at work and ended, places in line, a snapshot, bodies, and a few checkpoints.
async fn build(node: &Node) {
    issue_plots(node, 3).await;
    all_at_once(node, std::slice::from_ref(&node.app), 6).await;
    node.crew.turn(greenlane::workers::Role::Seal).await.unwrap();
    for step in ["accept", "fgw"] {
        let case = node.start("thirteen", Some(json!({"text": "x".repeat(200)}))).await.unwrap();
        node.answer(case, "accept", "accepted").await.unwrap();
        if step == "fgw" {
            node.answer(case, step, "agree").await.unwrap();
        }
    }
    node.crew.turn(greenlane::workers::Role::Seal).await.unwrap();
    let long = node.start("thirteen", Some(json!({"text": "long"}))).await.unwrap();
    let (task, open) = node.task(long, "accept").await;
    let person = node.doer(long, &open).await;
    for _ in 0..CLAIMS {
        node.act(long, person, Act::Claim { task }).await.unwrap();
        node.act(long, person, Act::Release { task }).await.unwrap();
    }
    node.act(long, person, Act::Claim { task }).await.unwrap();
    let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
    node.act(long, person, Act::Complete { task, outcome: "accepted".into(), answer }).await.unwrap();
    node.crew.drain().await.unwrap();
}

async fn look(node: &Node, outside: Vec<Checkpoint>) -> Inspection {
    let keys: Vec<LogKey> = vec![node.app.sealer().public()];
    inspect::inspect(node.app.store(), keys, outside).await.unwrap_or_else(|fault| panic!("{fault}"))
}

/// What an inspection found, a sentence each.
fn said(inspection: &Inspection) -> Vec<String> {
    let findings = inspection.report.findings.iter().map(|finding| finding.en());
    findings.chain(inspection.differences.iter().map(|text| text.en.clone())).collect()
}

async fn honest(node: &Node) {
    let found = said(&look(node, Vec::new()).await);
    assert!(found.is_empty(), "{found:#?}");
    assert!(verify(&node.place, &[]).await.status.success());
}
