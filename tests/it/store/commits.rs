//! Commits: what is written is loaded again, and a conflict drops one case alone.

use greenlane::ids::{CaseId, Digest, Moment};
use greenlane::store::WriteFault;
use greenlane::store::rows::{CaseRow, CaseWrite, SnapshotRow};

use super::fixture::{EZHOU, Fixture, act, acts, body, case_id, commit, on_both, person, receipt, row, task};

on_both! {
    a_case_is_loaded_as_it_was_written
    cases_of_a_batch_are_loaded_at_once_each_with_its_own_acts
    a_case_of_another_version_is_left_out_and_the_others_are_written
    a_start_of_a_known_case_is_left_out
    a_case_ends_with_its_row
    a_receipt_answers_for_its_actor_and_command_alone
    a_receipt_given_twice_is_a_conflict_and_writes_nothing
    acts_after_the_newest_snapshot_are_loaded
    bodies_are_found_by_commitment_within_their_case
    what_is_rolled_back_is_gone
    versions_and_large_batches
    two_writers_of_one_case_never_both_win
    a_writer_whose_connection_was_cut_goes_on_with_another
    a_transaction_left_open_is_given_up_by_the_next
}

async fn a_case_is_loaded_as_it_was_written(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    assert_eq!(writer.load_case(EZHOU, case_id(1)).await.unwrap(), None);
    assert_eq!(writer.write_alone(&commit(vec![acts(1, 1, 2)])).await.unwrap(), [true]);
    assert_eq!(writer.write_alone(&commit(vec![acts(1, 3, 3)])).await.unwrap(), [true]);
    let loaded = writer.load_case(EZHOU, case_id(1)).await.unwrap().unwrap();
    assert_eq!((loaded.row, loaded.snapshot), (row(1, 3), None));
    assert_eq!(loaded.acts, (1..=3).map(act).collect::<Vec<_>>());
}

async fn cases_of_a_batch_are_loaded_at_once_each_with_its_own_acts(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let snapshot = SnapshotRow { version: 2, format: greenlane::limits::SNAPSHOT_FORMAT, state: b"{}".to_vec() };
    let whole = CaseWrite { snapshot: Some(SnapshotRow { version: 1, ..snapshot.clone() }), ..acts(3, 1, 1) };
    let behind = CaseWrite { snapshot: Some(snapshot.clone()), ..acts(2, 1, 4) };
    writer.write_alone(&commit(vec![acts(1, 1, 2), behind, whole])).await.unwrap();
    let mut loaded = writer.load_cases(EZHOU, &[3, 9, 1, 2].map(case_id)).await.unwrap();
    loaded.sort_by_key(|case| case.row.id);
    let found: Vec<_> = loaded.into_iter().map(|case| (case.row, case.snapshot.map(|snapshot| snapshot.version), case.acts)).collect();
    let acts_of = |seqs: std::ops::RangeInclusive<i64>| seqs.map(act).collect::<Vec<_>>();
    assert_eq!(found, [(row(1, 2), None, acts_of(1..=2)), (row(2, 4), Some(2), acts_of(3..=4)), (row(3, 1), Some(1), Vec::new())]);
    for n in 1..=3 {
        assert_eq!(writer.load_case(EZHOU, case_id(n)).await.unwrap().map(|case| case.row), Some(found[usize::from(n) - 1].0.clone()));
    }
}

async fn a_case_of_another_version_is_left_out_and_the_others_are_written(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.write_alone(&commit(vec![acts(1, 1, 1), acts(2, 1, 1)])).await.unwrap();
    let mut stale = acts(1, 3, 3);
    stale.tasks = vec![task(1)];
    stale.bodies = vec![body(1)];
    stale.receipts = vec![receipt("a", 1, false, 3)];
    stale.snapshot = Some(SnapshotRow { version: 3, format: greenlane::limits::SNAPSHOT_FORMAT, state: b"{}".to_vec() });
    let batch = commit(vec![stale, acts(2, 2, 2), acts(3, 1, 1)]);
    assert_eq!(writer.write_alone(&batch).await.unwrap(), [false, true, true]);
    let left = writer.load_case(EZHOU, case_id(1)).await.unwrap().unwrap();
    assert_eq!((left.row, left.acts, left.snapshot), (row(1, 1), vec![act(1)], None));
    assert_eq!(writer.bodies(EZHOU, case_id(1), &[body(1).commit]).await.unwrap(), []);
    assert_eq!(writer.receipt(EZHOU, Some(case_id(1)), "a", receipt("a", 1, false, 3).command).await.unwrap(), None);
    assert_eq!(fixture.store.tasks(EZHOU, case_id(1)).await.unwrap(), []);
    assert_eq!(fixture.store.unsealed(10).await.unwrap().len(), 4);
    assert_eq!(writer.load_case(EZHOU, case_id(2)).await.unwrap().unwrap().acts.len(), 2);
    assert_eq!(writer.load_case(EZHOU, case_id(3)).await.unwrap().unwrap().acts.len(), 1);
}

async fn a_start_of_a_known_case_is_left_out(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    assert_eq!(writer.write_alone(&commit(vec![acts(1, 1, 1), acts(2, 1, 1)])).await.unwrap(), [false, true]);
    assert_eq!(writer.load_case(EZHOU, case_id(1)).await.unwrap().unwrap().acts.len(), 1);
}

async fn a_case_ends_with_its_row(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    let mut last = acts(1, 2, 2);
    last.row = CaseRow { ended: Some(Moment(9)), result: Some("completed".to_owned()), next_wake: None, rank: 0, head: Digest([9; 32]), ..row(1, 2) };
    writer.write_alone(&commit(vec![last.clone()])).await.unwrap();
    assert_eq!(writer.load_case(EZHOU, case_id(1)).await.unwrap().unwrap().row, last.row);
    assert_eq!(fixture.store.case(EZHOU, case_id(1)).await.unwrap(), Some(last.row));
}

async fn a_receipt_answers_for_its_actor_and_command_alone(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let mut start = acts(1, 1, 1);
    start.receipts = vec![receipt("wang", 1, true, 1)];
    let mut second = acts(1, 2, 2);
    second.receipts = vec![receipt("wang", 1, false, 2), receipt("li", 1, false, 2)];
    writer.write_alone(&commit(vec![start])).await.unwrap();
    writer.write_alone(&commit(vec![second])).await.unwrap();
    let command = receipt("wang", 1, true, 1).command;
    let of_start = writer.receipt(EZHOU, None, "wang", command).await.unwrap().unwrap();
    assert_eq!((of_start.case, of_start.digest, of_start.version), (case_id(1), Digest([1; 32]), 1));
    let of_case = writer.receipt(EZHOU, Some(case_id(1)), "li", command).await.unwrap().unwrap();
    assert_eq!((of_case.case, of_case.version), (case_id(1), 2));
    assert_eq!(writer.receipt(EZHOU, None, "li", command).await.unwrap(), None);
    assert_eq!(writer.receipt(EZHOU, Some(case_id(2)), "wang", command).await.unwrap(), None);
}

async fn a_receipt_given_twice_is_a_conflict_and_writes_nothing(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let mut first = acts(1, 1, 1);
    first.receipts = vec![receipt("wang", 1, true, 1)];
    let mut again = acts(2, 1, 1);
    again.receipts = first.receipts.clone();
    writer.write_alone(&commit(vec![first])).await.unwrap();
    let fault = writer.write_alone(&commit(vec![again, acts(3, 1, 1)])).await.unwrap_err();
    assert!(matches!(fault, WriteFault::Conflict(_)), "{fault}");
    assert_eq!(writer.versions(EZHOU, &[case_id(1), case_id(2), case_id(3)]).await.unwrap(), [(case_id(1), 1)]);
    assert_eq!(writer.write_alone(&commit(vec![acts(3, 1, 1)])).await.unwrap(), [true]);
}

async fn acts_after_the_newest_snapshot_are_loaded(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let mut with_snapshot = acts(1, 1, 3);
    with_snapshot.snapshot = Some(SnapshotRow { version: 2, format: greenlane::limits::SNAPSHOT_FORMAT, state: b"two".to_vec() });
    writer.write_alone(&commit(vec![with_snapshot])).await.unwrap();
    let mut newer = acts(1, 4, 5);
    newer.snapshot = Some(SnapshotRow { version: 4, format: greenlane::limits::SNAPSHOT_FORMAT, state: b"four".to_vec() });
    writer.write_alone(&commit(vec![newer.clone()])).await.unwrap();
    let loaded = writer.load_case(EZHOU, case_id(1)).await.unwrap().unwrap();
    assert_eq!((loaded.snapshot, loaded.acts), (newer.snapshot, vec![act(5)]));
}

async fn bodies_are_found_by_commitment_within_their_case(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let mut one = acts(1, 1, 1);
    one.bodies = vec![body(1), body(2)];
    writer.write_alone(&commit(vec![one])).await.unwrap();
    let mut found = writer.bodies(EZHOU, case_id(1), &[body(2).commit, body(1).commit, body(3).commit]).await.unwrap();
    found.sort();
    assert_eq!(found, [(body(1).commit, body(1).bytes), (body(2).commit, body(2).bytes)]);
    assert_eq!(writer.bodies(EZHOU, case_id(2), &[body(1).commit]).await.unwrap(), []);
    assert_eq!(fixture.store.body(EZHOU, case_id(1), body(1).commit).await.unwrap(), Some((body(1).salt.to_vec(), body(1).bytes)));
}

async fn what_is_rolled_back_is_gone(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.begin().await.unwrap();
    assert_eq!(writer.write(&commit(vec![acts(1, 1, 1)])).await.unwrap(), [true]);
    assert!(writer.load_case(EZHOU, case_id(1)).await.unwrap().is_some());
    writer.rollback().await.unwrap();
    assert!(writer.load_case(EZHOU, case_id(1)).await.unwrap().is_none());
    writer.rollback().await.unwrap();
    writer.begin().await.unwrap();
    writer.write(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    writer.commit().await.unwrap();
    assert!(writer.load_case(EZHOU, case_id(1)).await.unwrap().is_some());
}

async fn versions_and_large_batches(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let batch: Vec<_> = (1..=200)
        .map(|n| {
            let mut case = acts(n, 1, 2);
            case.tasks = vec![task(1), task(2)];
            case.receipts = vec![receipt("x", n, true, 1)];
            case.bodies = vec![body(n)];
            case
        })
        .collect();
    assert_eq!(writer.write_alone(&commit(batch)).await.unwrap(), vec![true; 200]);
    let ids: Vec<CaseId> = (1..=200).map(case_id).collect();
    let mut versions = writer.versions(EZHOU, &ids).await.unwrap();
    versions.sort();
    assert_eq!(versions, ids.iter().map(|id| (*id, 2)).collect::<Vec<_>>());
    let mut closing = acts(7, 3, 3);
    closing.tasks =
        vec![greenlane::store::rows::TaskRow { claimed: Some(person(1)), ..task(1) }, greenlane::store::rows::TaskRow { closed: Some(Moment(1)), ..task(2) }];
    writer.write_alone(&commit(vec![closing])).await.unwrap();
    let open = fixture.store.tasks(EZHOU, case_id(7)).await.unwrap();
    assert_eq!(open.iter().map(|task| (task.task, task.claimed)).collect::<Vec<_>>(), [(1, Some(person(1)))]);
}

/// Two tasks append to one case by expected version; together they make every version once.
async fn two_writers_of_one_case_never_both_win(fixture: &Fixture) {
    const ROUNDS: i64 = 20;
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    if fixture.postgres.is_none() {
        // The file has one writer: the second is refused, which `opening` shows.
        return;
    }
    let mut racers = Vec::new();
    for _ in 0..4 {
        let mut writer = fixture.writer().await;
        racers.push(tokio::spawn(async move {
            let mut won = 0;
            for version in 2..2 + ROUNDS {
                loop {
                    let applied = writer.write_alone(&commit(vec![acts(1, version, version)])).await.unwrap();
                    won += usize::from(applied[0]);
                    let (_, now) = writer.versions(EZHOU, &[case_id(1)]).await.unwrap()[0];
                    if now >= version {
                        break;
                    }
                }
            }
            won
        }));
    }
    let mut won = 0;
    for racer in racers {
        won += racer.await.unwrap();
    }
    assert_eq!(won, usize::try_from(ROUNDS).unwrap());
    let loaded = fixture.writer().await.load_case(EZHOU, case_id(1)).await.unwrap().unwrap();
    assert_eq!(loaded.acts.len(), won + 1);
}

/// What an operator or a failing network does to a connection.
async fn cut_off(fixture: &Fixture) {
    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'greenlane writer' and datname = current_database()";
    if let Some(database) = &fixture.postgres {
        assert_eq!(database.sql(ended), "1");
    }
}

async fn a_writer_whose_connection_was_cut_goes_on_with_another(fixture: &Fixture) {
    if fixture.postgres.is_none() {
        return;
    }
    let mut writer = fixture.writer().await;
    cut_off(fixture).await;
    writer.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap_err();
    assert_eq!(writer.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap(), [true]);
    writer.begin().await.unwrap();
    cut_off(fixture).await;
    writer.write(&commit(vec![acts(2, 1, 1)])).await.unwrap_err();
    // Nothing of a transaction that was cut goes out on its own over the next connection.
    writer.write(&commit(vec![acts(2, 1, 1)])).await.unwrap_err();
    writer.rollback().await.unwrap();
    assert_eq!(writer.versions(EZHOU, &[case_id(1), case_id(2)]).await.unwrap(), [(case_id(1), 1)]);
}

async fn a_transaction_left_open_is_given_up_by_the_next(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.begin().await.unwrap();
    writer.write(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    writer.begin().await.unwrap();
    writer.write(&commit(vec![acts(2, 1, 1)])).await.unwrap();
    writer.commit().await.unwrap();
    assert_eq!(writer.versions(EZHOU, &[case_id(1), case_id(2)]).await.unwrap(), [(case_id(2), 1)]);
}
