//! Who listens to what, and the rows a signal to every case becomes.

use greenlane::ids::{Moment, Tenant};
use greenlane::store::SignalRow;
use greenlane::store::rows::{BroadcastRow, CaseRow};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both};

on_both! {
    a_signal_becomes_a_row_for_every_other_case_that_listens
    a_conflict_gives_no_signal
}

fn bell(seq: i64, place: u32) -> BroadcastRow {
    BroadcastRow { signal: "bell".to_owned(), seq, place, at: Moment(1_000 + seq) }
}

async fn listens(fixture: &Fixture, (n, seq): (u8, i64), said: &[(&str, bool)]) {
    let mut case = acts(n, seq, seq);
    case.listening = said.iter().map(|(signal, listens)| ((*signal).to_owned(), *listens)).collect();
    assert_eq!(fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap(), [true]);
}

async fn a_signal_becomes_a_row_for_every_other_case_that_listens(fixture: &Fixture) {
    listens(fixture, (1, 1), &[("bell", true), ("horn", true)]).await;
    listens(fixture, (2, 1), &[("bell", true), ("bell", true)]).await;
    listens(fixture, (3, 1), &[("bell", true), ("bell", false)]).await;
    listens(fixture, (4, 1), &[("horn", true)]).await;
    // Of another tenant, with the same name.
    let mut other = acts(5, 1, 1);
    other.row = CaseRow { tenant: Tenant(420_100), number: None, ..other.row };
    other.listening = vec![("bell".to_owned(), true)];
    fixture.writer().await.write_alone(&commit(vec![other])).await.unwrap();
    let mut giver = acts(2, 2, 2);
    giver.broadcasts = vec![bell(2, 0), bell(2, 1)];
    fixture.writer().await.write_alone(&commit(vec![giver])).await.unwrap();
    let rows = fixture.store.signals(Moment(9_999), 9).await.unwrap();
    let row =
        |place| SignalRow { tenant: EZHOU, receiver: case_id(1), sender: case_id(2), seq: 2, place, signal: "bell".to_owned(), at: Moment(1_002), tries: 0 };
    assert_eq!(rows, [row(0), row(1)], "not to itself");
    assert_eq!(fixture.store.signals(Moment(9_999), 1).await.unwrap().len(), 1);
    // One that was refused rests, and waits behind those nobody has refused.
    fixture.store.signal_refused(&rows[0], Moment(5_000)).await.unwrap();
    assert_eq!(fixture.store.signals(Moment(4_999), 9).await.unwrap(), [row(1)]);
    assert_eq!(fixture.store.signals(Moment(5_000), 9).await.unwrap(), [row(1), SignalRow { tries: 1, ..row(0) }]);
    fixture.store.signal_delivered(&rows[0]).await.unwrap();
    fixture.store.signal_delivered(&rows[0]).await.unwrap();
    assert_eq!(fixture.store.signals(Moment(9_999), 9).await.unwrap(), [row(1)]);
    // Who listens no more is not meant by the next one.
    listens(fixture, (1, 2), &[("bell", false)]).await;
    let mut again = acts(4, 2, 2);
    again.broadcasts = vec![bell(2, 0)];
    fixture.writer().await.write_alone(&commit(vec![again])).await.unwrap();
    let receivers: Vec<_> = fixture.store.signals(Moment(9_999), 9).await.unwrap().into_iter().map(|row| (row.sender, row.receiver)).collect();
    assert_eq!(receivers, [(case_id(2), case_id(1)), (case_id(4), case_id(2))]);
}

async fn a_conflict_gives_no_signal(fixture: &Fixture) {
    listens(fixture, (1, 1), &[("bell", true)]).await;
    listens(fixture, (2, 1), &[]).await;
    let mut late = acts(2, 1, 1);
    late.broadcasts = vec![bell(1, 0)];
    late.listening = vec![("bell".to_owned(), true)];
    assert_eq!(fixture.writer().await.write_alone(&commit(vec![late])).await.unwrap(), [false]);
    assert_eq!(fixture.store.signals(Moment(9_999), 9).await.unwrap(), []);
}
