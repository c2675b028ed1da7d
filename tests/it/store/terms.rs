//! Promised and statutory limits as lists look at them: passed and without a reason first, ended in a month, late at a moment.

use greenlane::ids::{Moment, Tenant};
use greenlane::store::TermLooked;
use greenlane::store::rows::TermRow;

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both};

on_both! {
    a_case_without_rows_is_filled_once_and_what_an_act_wrote_stays
    passed_limits_are_listed_those_without_a_reason_first
    what_ended_in_a_time_and_what_was_late_at_a_moment_is_found
}

fn term(id: u32, office: &str, late_from: Option<i64>) -> TermRow {
    TermRow {
        term: id,
        scope: 1,
        program: "eia".to_owned(),
        number: Some("GC1-HP".to_owned()),
        key: "promised".to_owned(),
        kind: "promised".to_owned(),
        office: Some(office.to_owned()),
        since: "2025-03-03".to_owned(),
        due: Some("2025-03-12".to_owned()),
        late_from: late_from.map(Moment),
        ended: None,
        met: false,
        expected: None,
    }
}

async fn keep(fixture: &Fixture, (n, seq): (u8, i64), terms: Vec<TermRow>) {
    let mut case = acts(n, seq, seq);
    case.terms = terms;
    assert_eq!(fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap(), [true]);
}

async fn a_case_without_rows_is_filled_once_and_what_an_act_wrote_stays(fixture: &Fixture) {
    keep(fixture, (1, 1), vec![term(4, "a", Some(10))]).await;
    assert_eq!(fixture.store.terms_unfilled(9).await.unwrap(), [], "what began since has its rows by its acts");
    let key = (EZHOU, case_id(1));
    let filled = [term(4, "older", Some(99)), term(7, "b", Some(20))];
    for _ in 0..2 {
        fixture.store.fill_terms(key, &filled, (1, 0)).await.unwrap();
    }
    let looked = TermLooked { office: None, late_at: Moment(50), limit: 9 };
    let found: Vec<_> = fixture.store.late_terms(EZHOU, &looked).await.unwrap().into_iter().map(|view| (view.row.term, view.row.office)).collect();
    assert_eq!(found, [(4, Some("a".to_owned())), (7, Some("b".to_owned()))]);
}

async fn passed_limits_are_listed_those_without_a_reason_first(fixture: &Fixture) {
    let stated = TermRow { expected: Some("2025-04-01".to_owned()), ..term(4, "a", Some(10)) };
    // Given twice in one commit: the last row wins.
    keep(fixture, (1, 1), vec![term(4, "a", None), stated, term(5, "b", Some(30)), term(6, "a", Some(99)), term(7, "a", None)]).await;
    keep(fixture, (2, 1), vec![term(4, "a", Some(20))]).await;
    let listed = async |office: Option<&str>, late_at: i64, limit| {
        let looked = TermLooked { office: office.map(str::to_owned), late_at: Moment(late_at), limit };
        fixture.store.late_terms(EZHOU, &looked).await.unwrap().into_iter().map(|view| (view.case, view.row.term)).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 50, 9).await, [(case_id(2), 4), (case_id(1), 5), (case_id(1), 4)]);
    assert_eq!(listed(Some("a"), 50, 9).await, [(case_id(2), 4), (case_id(1), 4)]);
    assert_eq!(listed(None, 50, 1).await.len(), 1);
    assert_eq!(listed(None, 9, 9).await, []);
    let other = TermLooked { office: None, late_at: Moment(50), limit: 9 };
    assert_eq!(fixture.store.late_terms(Tenant(420_100), &other).await.unwrap(), []);
    // Ended, it is in the list no more.
    keep(fixture, (2, 2), vec![TermRow { ended: Some(Moment(60)), met: true, ..term(4, "a", Some(20)) }]).await;
    assert_eq!(listed(None, 70, 9).await, [(case_id(1), 5), (case_id(1), 4)]);
}

async fn what_ended_in_a_time_and_what_was_late_at_a_moment_is_found(fixture: &Fixture) {
    let ended = |id, office, late_from, at| TermRow { ended: Some(Moment(at)), met: true, ..term(id, office, Some(late_from)) };
    let statutory = TermRow { kind: "statutory".to_owned(), ..ended(9, "a", 10, 25) };
    keep(fixture, (1, 1), vec![ended(4, "b", 40, 20), ended(5, "a", 20, 30), ended(6, "a", 40, 10), ended(7, "a", 20, 39), statutory]).await;
    keep(fixture, (2, 1), vec![term(4, "c", Some(25)), term(5, "c", Some(99))]).await;
    let month = fixture.store.promises_ended(EZHOU, (Moment(20), Moment(39)), 9).await.unwrap();
    assert_eq!(month.iter().map(|view| (view.row.office.as_deref().unwrap(), view.row.term)).collect::<Vec<_>>(), [("a", 5), ("b", 4)]);
    assert_eq!(fixture.store.promises_ended(EZHOU, (Moment(0), Moment(99)), 2).await.unwrap().len(), 2);
    let late = fixture.store.promises_late_at(EZHOU, Moment(30), 9).await.unwrap();
    assert_eq!(late.iter().map(|view| (view.row.office.as_deref().unwrap(), view.row.term)).collect::<Vec<_>>(), [("a", 5), ("a", 7), ("c", 4)]);
}
