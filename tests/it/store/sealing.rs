//! Sealing: every act is waiting until it is in the log, and two sealers never write one index.

use greenlane::ids::{Digest, Moment};
use greenlane::store::{CheckpointRow, LogRow, Sealing, TileRow, Unsealed};

use super::fixture::{EZHOU, Fixture, act, acts, case_id, commit, on_both};

on_both! {
    every_act_waits_to_be_sealed_in_order
    a_sealing_is_written_whole
    of_two_sealers_the_second_writes_nothing
    a_tile_grows
    the_log_is_empty_at_first
}

async fn three_acts(fixture: &Fixture) -> Vec<Unsealed> {
    let mut writer = fixture.writer().await;
    writer.write_alone(&commit(vec![acts(1, 1, 2)])).await.unwrap();
    writer.write_alone(&commit(vec![acts(2, 1, 1)])).await.unwrap();
    fixture.store.unsealed(10).await.unwrap()
}

fn entry(index: i64, from: &Unsealed) -> LogRow {
    LogRow { index, tenant: from.tenant, case: from.case, seq: from.seq, hash: Digest([from.seq.to_le_bytes()[0]; 32]) }
}

fn tile(bytes: &[u8]) -> TileRow {
    TileRow { level: 0, index: 0, bytes: bytes.to_vec() }
}

fn checkpoint(size: i64) -> CheckpointRow {
    CheckpointRow { size, at: Moment(77), note: format!("greenlane\n{size}\n") }
}

fn sealing(first: i64, acts: &[Unsealed]) -> Sealing {
    let entries: Vec<LogRow> = (first..).zip(acts).map(|(index, act)| entry(index, act)).collect();
    let size = first + i64::try_from(acts.len()).unwrap();
    Sealing { entries, tiles: vec![tile(b"one")], checkpoint: Some(checkpoint(size)), done: acts.iter().map(|act| act.id).collect() }
}

async fn every_act_waits_to_be_sealed_in_order(fixture: &Fixture) {
    let waiting = three_acts(fixture).await;
    let seen: Vec<_> = waiting.iter().map(|row| (row.tenant, row.case, row.seq, row.leaf.clone())).collect();
    assert_eq!(seen, [(EZHOU, case_id(1), 1, act(1).leaf), (EZHOU, case_id(1), 2, act(2).leaf), (EZHOU, case_id(2), 1, act(1).leaf)]);
    assert_eq!(fixture.store.unsealed(2).await.unwrap(), &waiting[..2]);
    assert_eq!(fixture.store.stats(Moment(0)).await.unwrap().unsealed, 3);
}

async fn a_sealing_is_written_whole(fixture: &Fixture) {
    let (waiting, store) = (three_acts(fixture).await, &fixture.store);
    let first = sealing(0, &waiting[..2]);
    assert!(store.seal(&first).await.unwrap());
    assert_eq!(store.unsealed(10).await.unwrap(), &waiting[2..]);
    assert_eq!(store.log_size().await.unwrap(), 2);
    let second = Sealing { tiles: Vec::new(), ..sealing(2, &waiting[2..]) };
    assert!(store.seal(&second).await.unwrap());
    assert_eq!(store.log_entries(0, 10).await.unwrap(), [&first.entries[..], &second.entries[..]].concat());
    assert_eq!(store.log_entries(1, 1).await.unwrap(), &first.entries[1..]);
    assert_eq!(store.log_entry(EZHOU, case_id(2), 1).await.unwrap(), Some(second.entries[0].clone()));
    assert_eq!(store.leaf(EZHOU, case_id(1), 2).await.unwrap(), Some(act(2).leaf));
    assert_eq!(store.checkpoint().await.unwrap(), Some(checkpoint(3)));
    assert_eq!(store.checkpoints(0, 10).await.unwrap(), [checkpoint(2), checkpoint(3)]);
    assert_eq!(store.checkpoints(2, 10).await.unwrap(), [checkpoint(3)]);
}

async fn of_two_sealers_the_second_writes_nothing(fixture: &Fixture) {
    let (waiting, store) = (three_acts(fixture).await, &fixture.store);
    assert!(store.seal(&sealing(0, &waiting[..1])).await.unwrap());
    let late = Sealing { tiles: vec![tile(b"late")], ..sealing(0, &waiting[1..]) };
    assert!(!store.seal(&late).await.unwrap());
    assert_eq!((store.log_size().await.unwrap(), store.unsealed(10).await.unwrap().len()), (1, 2));
    assert_eq!(store.tile(0, 0).await.unwrap(), Some(tile(b"one")));
}

async fn a_tile_grows(fixture: &Fixture) {
    let store = &fixture.store;
    for bytes in [&b"one"[..], b"onetwo"] {
        assert!(store.seal(&Sealing { tiles: vec![tile(bytes)], ..Sealing::default() }).await.unwrap());
    }
    assert_eq!(store.tile(0, 0).await.unwrap(), Some(tile(b"onetwo")));
    assert_eq!(store.tiles(0, 0, 10).await.unwrap(), [tile(b"onetwo")]);
    assert_eq!(store.tile(1, 0).await.unwrap(), None);
}

async fn the_log_is_empty_at_first(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!((store.log_size().await.unwrap(), store.checkpoint().await.unwrap(), store.unsealed(1).await.unwrap()), (0, None, Vec::new()));
}
