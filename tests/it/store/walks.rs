//! Walks over the whole record: nothing is skipped, nothing comes twice.

use std::collections::BTreeMap;

use greenlane::ids::Digest;
use greenlane::store::rows::SnapshotRow;
use greenlane::store::{LogRow, Sealing, TileRow, WalkedTables};

use super::fixture::{EZHOU, Fixture, act, acts, body, case_id, commit, on_both, row, task};

on_both! {
    cases_are_walked_in_order_page_by_page
    an_act_is_walked_with_its_place_in_the_log
    the_tables_are_walked_by_their_cases
    tiles_are_walked_level_by_level
    bodies_of_a_case_are_walked
    a_reader_loads_a_case_with_its_snapshot
}

async fn cases_are_walked_in_order_page_by_page(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit((1..=5).map(|n| acts(n, 1, 1)).collect())).await.unwrap();
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let page = fixture.store.walk_cases(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.tenant, last.id));
        walked.extend(page);
    }
    assert_eq!(walked, (1..=5).map(|n| row(n, 1)).collect::<Vec<_>>());
}

async fn an_act_is_walked_with_its_place_in_the_log(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 3), acts(2, 1, 1)])).await.unwrap();
    let first = &fixture.store.unsealed(1).await.unwrap()[0];
    let entries = vec![LogRow { index: 0, tenant: EZHOU, case: case_id(1), seq: 1, hash: Digest([8; 32]) }];
    assert!(fixture.store.seal(&Sealing { entries, done: vec![first.id], ..Sealing::default() }).await.unwrap());
    let walked = fixture.store.walk_acts(((EZHOU, case_id(1)), 0), (EZHOU, case_id(1)), 2).await.unwrap();
    let seen: Vec<_> = walked.iter().map(|walked| (walked.act.clone(), walked.entry, walked.pending)).collect();
    assert_eq!(seen, [(act(1), Some((0, Digest([8; 32]))), false), (act(2), None, true)]);
    assert_eq!(fixture.store.sealed_acts(EZHOU, case_id(1)).await.unwrap(), 1);
    let rest = fixture.store.walk_acts(((EZHOU, case_id(1)), 2), (EZHOU, case_id(2)), 9).await.unwrap();
    let seen: Vec<_> = rest.iter().map(|walked| (walked.place, walked.act.seq, walked.pending)).collect();
    assert_eq!(seen, [((EZHOU, case_id(1)), 3, true), ((EZHOU, case_id(2)), 1, true)]);
    // Up to the case asked for and not beyond.
    assert_eq!(fixture.store.walk_acts(((EZHOU, case_id(1)), 3), (EZHOU, case_id(1)), 9).await.unwrap(), []);
}

async fn the_tables_are_walked_by_their_cases(fixture: &Fixture) {
    let mut first = acts(1, 1, 3);
    first.tasks = vec![task(4)];
    first.snapshot = Some(SnapshotRow { version: 2, format: 1, state: b"two".to_vec() });
    fixture.writer().await.write_alone(&commit(vec![first, acts(2, 1, 1), acts(3, 1, 1)])).await.unwrap();
    let walked = fixture.store.walk_tables((EZHOU, case_id(1)), (EZHOU, case_id(2))).await.unwrap();
    let tables = WalkedTables { snapshot: Some(SnapshotRow { version: 2, format: 1, state: b"two".to_vec() }), tasks: vec![task(4)], waiting: Vec::new() };
    assert_eq!(walked, BTreeMap::from([((EZHOU, case_id(1)), tables)]));
}

async fn tiles_are_walked_level_by_level(fixture: &Fixture) {
    let tile = |level, index| TileRow { level, index, bytes: vec![1] };
    let tiles = vec![tile(1, 0), tile(0, 1), tile(0, 0)];
    assert!(fixture.store.seal(&Sealing { tiles, ..Sealing::default() }).await.unwrap());
    assert_eq!(fixture.store.walk_tiles((-1, -1), 2).await.unwrap(), [tile(0, 0), tile(0, 1)]);
    assert_eq!(fixture.store.walk_tiles((0, 1), 2).await.unwrap(), [tile(1, 0)]);
}

async fn bodies_of_a_case_are_walked(fixture: &Fixture) {
    let mut case = acts(1, 1, 1);
    case.bodies = vec![body(1), body(2)];
    fixture.writer().await.write_alone(&commit(vec![case, acts(2, 1, 1)])).await.unwrap();
    let mut walked = fixture.store.walk_bodies((EZHOU, case_id(1)), (EZHOU, case_id(1))).await.unwrap();
    walked.sort();
    assert_eq!(walked, [body(1), body(2)].map(|body| (body.commit, body.salt.to_vec(), body.bytes)));
}

async fn a_reader_loads_a_case_with_its_snapshot(fixture: &Fixture) {
    let mut case = acts(1, 1, 3);
    let snapshot = SnapshotRow { version: 2, format: greenlane::limits::SNAPSHOT_FORMAT, state: b"two".to_vec() };
    case.snapshot = Some(snapshot.clone());
    fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap();
    let loaded = fixture.store.load_case(EZHOU, case_id(1)).await.unwrap().unwrap();
    assert_eq!((loaded.row, loaded.snapshot, loaded.acts), (row(1, 3), Some(snapshot), vec![act(3)]));
    assert_eq!(fixture.store.load_case(EZHOU, case_id(2)).await.unwrap(), None);
}
