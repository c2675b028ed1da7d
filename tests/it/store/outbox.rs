//! The outbox: recorded once, claimed by one at a time, fenced.

use greenlane::ids::{Moment, Tenant};
use greenlane::limits::NOTICE_RECEIPTS_MAX;
use greenlane::store::rows::{NoticeRow, ReopenedNotice, SettledNotice};
use greenlane::store::{Attempt, NoticeFilter, NoticeReceipt, NoticeState};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both, person};

const WUHAN: Tenant = Tenant(420_100);

on_both! {
    a_notice_with_the_same_key_is_recorded_once
    a_claimed_notice_is_nobody_elses_until_its_lease_ends
    who_lost_the_lease_writes_nothing_more
    a_failed_attempt_comes_again_later
    a_notice_on_record_as_taken_says_so_when_it_is_claimed_again
    a_settled_notice_is_over
    a_parked_notice_goes_back_once_and_one_that_was_sent_stays
    the_lists_of_an_operator_page_through_each_state_and_count
    a_name_of_the_other_side_leads_to_its_message_and_belongs_to_the_newest
    a_receipt_is_kept_once_and_found_by_the_key_of_a_short_message_alone
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
        other: None,
        follows: None,
        folds: false,
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

async fn a_notice_on_record_as_taken_says_so_when_it_is_claimed_again(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10)]).await;
    let store = &fixture.store;
    let claim = async |real| store.claim_notices(Moment(100), Moment(real), Moment(real + 10), 9).await.unwrap().remove(0);
    let first = claim(1_000).await;
    assert!(!first.taken);
    assert!(store.record_attempt(&first, &failed(None)).await.unwrap());
    let second = claim(2_000).await;
    assert!(!second.taken, "it was refused");
    assert!(store.record_attempt(&second, &Attempt { sent: true, ..failed(None) }).await.unwrap());
    assert!(claim(3_000).await.taken, "whoever sent it died before its case heard of it");
    // An operator may have it sent again all the same, once it was parked: the earlier round does not count.
    let mut settling = acts(1, 2, 2);
    settling.settled = vec![SettledNotice { key: "a".to_owned(), sent: false, at: Moment(60) }];
    fixture.writer().await.write_alone(&commit(vec![settling])).await.unwrap();
    let mut again = acts(1, 3, 3);
    again.reopened = vec![ReopenedNotice { key: "a".to_owned(), at: Moment(90) }];
    fixture.writer().await.write_alone(&commit(vec![again])).await.unwrap();
    assert!(!claim(4_000).await.taken);
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

async fn a_parked_notice_goes_back_once_and_one_that_was_sent_stays(fixture: &Fixture) {
    give(fixture, vec![notice("a", 10), notice("b", 20), notice("c", 30)]).await;
    let store = &fixture.store;
    for claimed in store.claim_notices(Moment(100), Moment(1_000), Moment(2_000), 9).await.unwrap() {
        assert!(store.record_attempt(&claimed, &failed(None)).await.unwrap());
    }
    let settled = |key: &str, sent| SettledNotice { key: key.to_owned(), sent, at: Moment(60) };
    let mut settling = acts(1, 2, 2);
    settling.settled = vec![settled("a", false), settled("b", true)];
    fixture.writer().await.write_alone(&commit(vec![settling])).await.unwrap();
    let mut again = acts(1, 3, 3);
    again.reopened = ["a", "b", "c", "nobody"].map(|key| ReopenedNotice { key: key.to_owned(), at: Moment(500) }).to_vec();
    fixture.writer().await.write_alone(&commit(vec![again])).await.unwrap();
    let seen = store.notices(EZHOU, case_id(1)).await.unwrap();
    assert_eq!(seen.iter().map(|view| (view.sent, view.settled_at)).collect::<Vec<_>>(), [(None, None), (Some(true), Some(Moment(60))), (None, None)]);
    let claimed = store.claim_notices(Moment(499), Moment(9_000), Moment(9_999), 9).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| (claimed.notice.key.as_str(), claimed.attempts, claimed.earlier)).collect::<Vec<_>>(), [("c", 1, 0)]);
    let claimed = store.claim_notices(Moment(500), Moment(9_000), Moment(9_999), 9).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| (claimed.notice.key.as_str(), claimed.attempts, claimed.earlier)).collect::<Vec<_>>(), [("a", 1, 1)]);
}

async fn the_lists_of_an_operator_page_through_each_state_and_count(fixture: &Fixture) {
    let short = |key: &str, due| NoticeRow { channel: "sms".to_owned(), ..notice(key, due) };
    let other = NoticeRow { kind: "o.red".to_owned(), ..short("e", 50) };
    give(fixture, vec![short("a", 10), short("b", 20), short("c", 30), notice("d", 40), other, short("f", 60)]).await;
    let mut settling = acts(1, 2, 2);
    settling.settled = ["a", "b", "c", "d", "e"].map(|key| SettledNotice { key: key.to_owned(), sent: key != "b", at: Moment(70) }).to_vec();
    fixture.writer().await.write_alone(&commit(vec![settling])).await.unwrap();
    let filter = |state, channel: &str| NoticeFilter { state, channel: channel.to_owned(), kind: None, after: None, limit: 2 };
    let keys = async |filter: &NoticeFilter| {
        let found = fixture.store.notices_in(EZHOU, filter).await.unwrap();
        found.into_iter().map(|view| view.notice.key).collect::<Vec<_>>()
    };
    let sent = filter(NoticeState::Sent, "sms");
    assert_eq!(keys(&sent).await, ["e", "c"]);
    assert_eq!(keys(&NoticeFilter { after: Some((Moment(70), "c".to_owned())), ..sent.clone() }).await, ["a"]);
    assert_eq!(keys(&NoticeFilter { kind: Some("o.red".to_owned()), ..sent.clone() }).await, ["e"]);
    assert_eq!(keys(&filter(NoticeState::Parked, "sms")).await, ["b"]);
    assert_eq!(keys(&filter(NoticeState::Waiting, "sms")).await, ["f"]);
    assert_eq!(keys(&filter(NoticeState::Sent, "mail")).await, ["d"]);
    assert_eq!(fixture.store.notices_in(WUHAN, &sent).await.unwrap(), [], "another tenant's");
    assert_eq!((fixture.store.notices_counted(EZHOU, &sent, 9).await.unwrap(), fixture.store.notices_counted(EZHOU, &sent, 2).await.unwrap()), (3, 2));
    assert_eq!(fixture.store.notice(EZHOU, case_id(1), "f").await.unwrap().unwrap().next_attempt_at, Moment(60));
    assert_eq!(fixture.store.notice(EZHOU, case_id(2), "f").await.unwrap(), None);
}

async fn a_name_of_the_other_side_leads_to_its_message_and_belongs_to_the_newest(fixture: &Fixture) {
    let store = &fixture.store;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    store.keep_message_ids((EZHOU, case_id(1), "a"), &names(&["M1", "M2"]), Moment(10)).await.unwrap();
    let called = async |name: &str| store.message_called(name).await.unwrap().map(|called| (called.tenant, called.case, called.key, called.part, called.parts));
    assert_eq!(called("M2").await, Some((EZHOU, case_id(1), "a".to_owned(), 2, 2)));
    store.keep_message_ids((WUHAN, case_id(2), "b"), &names(&["M2"]), Moment(20)).await.unwrap();
    assert_eq!(called("M2").await, Some((WUHAN, case_id(2), "b".to_owned(), 1, 1)));
    store.drop_message_ids(Moment(20)).await.unwrap();
    assert_eq!((called("M1").await, called("M2").await.is_some(), called("M3").await), (None, true, None));
}

async fn a_receipt_is_kept_once_and_found_by_the_key_of_a_short_message_alone(fixture: &Fixture) {
    give(fixture, vec![NoticeRow { channel: "sms".to_owned(), ..notice("a", 10) }, notice("b", 20)]).await;
    let store = &fixture.store;
    assert_eq!(store.sms_notices("a").await.unwrap(), [(EZHOU, case_id(1), "a".to_owned())]);
    assert!(store.sms_notices("b").await.unwrap().is_empty() && store.sms_notices("nobody").await.unwrap().is_empty());
    let receipt = |at, delivered, words: &str| NoticeReceipt { at: Moment(at), delivered, words: words.to_owned() };
    let place = (EZHOU, case_id(1), "a");
    assert!(store.keep_receipt(place, &receipt(5, false, "UNDELIV")).await.unwrap());
    assert!(!store.keep_receipt(place, &receipt(9, false, "UNDELIV")).await.unwrap());
    assert!(store.keep_receipt(place, &receipt(5, true, "DELIVRD")).await.unwrap());
    assert_eq!(store.receipts_of(EZHOU, case_id(1), "a").await.unwrap(), [receipt(5, false, "UNDELIV"), receipt(5, true, "DELIVRD")]);
    assert_eq!(store.receipts_of(WUHAN, case_id(1), "a").await.unwrap(), []);
    for number in 0..NOTICE_RECEIPTS_MAX {
        store.keep_receipt(place, &receipt(6, false, &number.to_string())).await.unwrap();
    }
    assert_eq!(store.receipts_of(EZHOU, case_id(1), "a").await.unwrap().len(), 16, "no gateway fills the table");
}
