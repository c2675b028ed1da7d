//! Supervision orders that passed dates draft: once for each date, of a link the oldest first, and one in hand until its case has ended.

use greenlane::ids::{Moment, Tenant};
use greenlane::store::rows::{CaseRow, CaseWrite, DocumentRow, OrderRow};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both};

on_both! {
    of_orders_in_hand_the_oldest_without_a_reply_come_first_and_the_rest_is_counted
    a_drafted_order_waits_is_opened_and_found_from_both_sides
    a_conflict_drafts_no_order
}

fn order(scope: u32, due: &str, at: i64, becomes: u8) -> OrderRow {
    OrderRow {
        scope,
        term: "promised".to_owned(),
        due: due.to_owned(),
        order: case_id(becomes),
        workflow: "supervision-order".to_owned(),
        program: "eia".to_owned(),
        step: None,
        number: Some("GC1-HP".to_owned()),
        kind: "promised".to_owned(),
        office: Some("ez-hbj".to_owned()),
        at: Moment(at),
    }
}

async fn a_drafted_order_waits_is_opened_and_found_from_both_sides(fixture: &Fixture) {
    let mut late = acts(1, 1, 1);
    // The second is the first again: recorded once, as it was.
    late.orders = vec![order(4, "2025-04-22", 20, 5), order(4, "2025-04-22", 90, 9), order(4, "2025-04-25", 30, 6), order(7, "2025-04-22", 10, 7)];
    fixture.writer().await.write_alone(&commit(vec![late])).await.unwrap();
    let waiting = fixture.store.orders_waiting(Moment(99), 9).await.unwrap();
    let shown: Vec<_> = waiting.iter().map(|order| (order.row.scope, order.row.due.as_str(), order.row.order, order.opened)).collect();
    assert_eq!(shown, [(7, "2025-04-22", case_id(7), None), (4, "2025-04-22", case_id(5), None)]);
    assert_eq!(waiting[1].row, order(4, "2025-04-22", 20, 5));
    assert_eq!(fixture.store.orders_waiting(Moment(99), 1).await.unwrap().len(), 1);
    assert_eq!(fixture.store.order_in_hand(&waiting[1].key).await.unwrap(), None);
    // Put off, it lets the others pass until its time has come; put off by two nodes at once, it is put off once.
    for _ in 0..2 {
        fixture.store.order_put_off(&waiting[0].key, Moment(120)).await.unwrap();
    }
    let now = |at| async move {
        fixture.store.orders_waiting(Moment(at), 9).await.unwrap().into_iter().map(|order| (order.row.scope, order.tries)).collect::<Vec<_>>()
    };
    assert_eq!((now(119).await, now(120).await), (vec![(4, 0)], vec![(7, 1), (4, 0)]));
    // Opened: its case is written, then noted; noted twice, the first stays.
    fixture.writer().await.write_alone(&commit(vec![acts(5, 1, 1)])).await.unwrap();
    fixture.store.order_opened(&waiting[1].key, (case_id(5), false), Moment(40)).await.unwrap();
    fixture.store.order_opened(&waiting[1].key, (case_id(8), true), Moment(50)).await.unwrap();
    let next = fixture.store.orders_waiting(Moment(99), 9).await.unwrap().pop().unwrap();
    assert_eq!((next.row.scope, next.row.due.as_str()), (4, "2025-04-25"));
    assert_eq!(fixture.store.order_in_hand(&next.key).await.unwrap(), Some(case_id(5)));
    assert_eq!(fixture.store.order_in_hand(&waiting[0].key).await.unwrap(), None, "another link is another matter");
    fixture.store.order_opened(&next.key, (case_id(5), true), Moment(60)).await.unwrap();
    let about: Vec<_> =
        fixture.store.orders_about(EZHOU, case_id(1)).await.unwrap().into_iter().map(|order| (order.row.order, order.joined, order.opened)).collect();
    assert_eq!(about, [(case_id(7), false, None), (case_id(5), false, Some(Moment(40))), (case_id(5), true, Some(Moment(60)))]);
    let causes: Vec<_> = fixture.store.order_causes(EZHOU, case_id(5)).await.unwrap().into_iter().map(|order| order.row.due).collect();
    assert_eq!(causes, ["2025-04-22", "2025-04-25"]);
    assert_eq!(fixture.store.orders_about(Tenant(420_100), case_id(1)).await.unwrap(), []);
    // Ended, it is in hand no more.
    let mut ended = acts(5, 2, 2);
    ended.row = CaseRow { ended: Some(Moment(70)), result: Some("closed".to_owned()), ..ended.row };
    fixture.writer().await.write_alone(&commit(vec![ended])).await.unwrap();
    assert_eq!(fixture.store.order_in_hand(&next.key).await.unwrap(), None);
}

async fn of_orders_in_hand_the_oldest_without_a_reply_come_first_and_the_rest_is_counted(fixture: &Fixture) {
    let running = |n: u8, started: i64| {
        let case = acts(n, 1, 1);
        CaseWrite { row: CaseRow { workflow: "supervision-order".to_owned(), started: Moment(started), ..case.row }, ..case }
    };
    let mut replied = running(1, 10);
    replied.documents = vec![DocumentRow { seq: 1, scope_number: None, kind: "order-reply".to_owned(), number: None, at: Moment(15) }];
    let mut over = running(4, 5);
    over.row.ended = Some(Moment(9));
    fixture.writer().await.write_alone(&commit(vec![replied, running(2, 30), running(3, 20), over, acts(5, 1, 1)])).await.unwrap();
    let found = async |limit| {
        let (rows, all) = fixture.store.orders_running(EZHOU, "supervision-order", limit).await.unwrap();
        (rows.into_iter().map(|(case, ..)| case).collect::<Vec<_>>(), all)
    };
    assert_eq!(found(9).await, (vec![case_id(3), case_id(2), case_id(1)], 3));
    assert_eq!(found(1).await, (vec![case_id(3)], 3), "two more");
}

async fn a_conflict_drafts_no_order(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    let mut late = acts(1, 1, 1);
    late.orders = vec![order(4, "2025-04-22", 20, 5)];
    assert_eq!(fixture.writer().await.write_alone(&commit(vec![late])).await.unwrap(), [false]);
    assert_eq!(fixture.store.orders_waiting(Moment(99), 9).await.unwrap(), []);
}
