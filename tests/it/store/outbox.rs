//! The outbox: recorded once, claimed by one at a time, fenced.

use greenlane::ids::Moment;
use greenlane::store::Attempt;
use greenlane::store::rows::{NoticeRow, SettledNotice};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both, person};

on_both! {
    a_notice_with_the_same_key_is_recorded_once
    a_claimed_notice_is_nobody_elses_until_its_lease_ends
    who_lost_the_lease_writes_nothing_more
    a_failed_attempt_comes_again_later
    a_settled_notice_is_over
}

fn notice(key: &str, due: i64) -> NoticeRow {
    NoticeRow {
        key: key.to_owned(),
        kind: "o.yellow".to_owned(),
        recipient: person(3),
        channel: "mail".to_owned(),
        language: "zh-CN".to_owned(),
        context: b"{}".to_vec(),
        due: Moment(due),
    }
}

async fn give(fixture: &Fixture, notices: Vec<NoticeRow>) {
    let mut case = acts(1, 1, 1);
    case.notices = notices;
    fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap();
}

fn failed(again_at: Option<i64>) -> Attempt {
    Attempt { at: Moment(50), sent: false, answer: "451 greylisted".to_owned(), again_at: again_at.map(Moment) }
}

async fn a_notice_with_the_same_key_is_recorded_once(fixture: &Fixture) {
    give(fixture, vec![notice("k", 10)]).await;
    let mut again = acts(1, 2, 2);
    again.notices = vec![NoticeRow { due: Moment(99), ..notice("k", 10) }, notice("l", 11)];
    fixture.writer().await.write_alone(&commit(vec![again])).await.unwrap();
    let notices = fixture.store.notices(EZHOU, case_id(1)).await.unwrap();
    assert_eq!(
        notices.iter().map(|view| (view.notice.clone(), view.attempts, view.sent)).collect::<Vec<_>>(),
        [(notice("k", 10), 0, None), (notice("l", 11), 0, None)]
    );
}

async fn a_claimed_notice_is_nobody_elses_until_its_lease_ends(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10), notice("b", 20), notice("later", 900)]).await;
    let store = &fixture.store;
    let first = store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 1).await.unwrap();
    assert_eq!((first.len(), &first[0].notice, first[0].tenant, first[0].case), (1, &notice("a", 10), EZHOU, case_id(1)));
    let second = store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 10).await.unwrap();
    assert_eq!(second.iter().map(|claimed| claimed.notice.key.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(store.claim_notices(Moment(100), Moment(1_999), Moment(3_000), 10).await.unwrap(), []);
    let after = store.claim_notices(Moment(100), Moment(2_000), Moment(3_000), 10).await.unwrap();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|claimed| claimed.fence == 2));
}

async fn who_lost_the_lease_writes_nothing_more(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10)]).await;
    let store = &fixture.store;
    let slow = store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 1).await.unwrap().remove(0);
    let quick = store.claim_notices(Moment(100), Moment(2_000), Moment(3_000), 1).await.unwrap().remove(0);
    assert!(!store.record_attempt(&slow, &failed(Some(60))).await.unwrap());
    let sent = Attempt { at: Moment(51), sent: true, answer: "250 ok".to_owned(), again_at: None };
    assert!(store.record_attempt(&quick, &sent).await.unwrap());
    assert_eq!(store.attempts(EZHOU, case_id(1), "a").await.unwrap(), [sent]);
}

async fn a_failed_attempt_comes_again_later(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10)]).await;
    let store = &fixture.store;
    let claimed = store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 1).await.unwrap().remove(0);
    assert!(store.record_attempt(&claimed, &failed(Some(200))).await.unwrap());
    assert_eq!(store.claim_notices(Moment(199), Moment(1_001), Moment(2_000), 1).await.unwrap(), []);
    let again = store.claim_notices(Moment(200), Moment(1_001), Moment(2_000), 1).await.unwrap().remove(0);
    assert_eq!((again.attempts, again.fence), (1, 2));
    assert_eq!(store.attempts(EZHOU, case_id(1), "a").await.unwrap(), [failed(None)]);
}

async fn a_settled_notice_is_over(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10), notice("b", 20)]).await;
    assert_eq!(fixture.store.notices_open().await.unwrap(), 2);
    let claimed = fixture.store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 1).await.unwrap().remove(0);
    let mut settling = acts(1, 2, 2);
    settling.settled =
        vec![SettledNotice { key: "a".to_owned(), sent: true, at: Moment(60) }, SettledNotice { key: "b".to_owned(), sent: false, at: Moment(70) }];
    fixture.writer().await.write_alone(&commit(vec![settling])).await.unwrap();
    let seen = fixture.store.notices(EZHOU, case_id(1)).await.unwrap();
    assert_eq!(seen.iter().map(|view| (view.sent, view.settled_at)).collect::<Vec<_>>(), [(Some(true), Some(Moment(60))), (Some(false), Some(Moment(70)))]);
    assert_eq!(fixture.store.claim_notices(Moment(100), Moment(9_000), Moment(9_999), 9).await.unwrap(), []);
    assert!(!fixture.store.record_attempt(&claimed, &failed(None)).await.unwrap());
    assert_eq!(fixture.store.notices_open().await.unwrap(), 0);
}
