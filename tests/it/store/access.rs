//! What people sign in with: passwords, links, sessions, the count of failures. All moments are real time, given as arguments.

use greenlane::ids::{Digest, Moment};
use greenlane::store::{LinkPurpose, LinkRow, PasswordChange, SessionRow, TryRule};
use uuid::Uuid;

use super::fixture::{EZHOU, Fixture, on_both, person};

on_both! {
    a_session_is_found_by_its_digest_until_it_ends
    a_session_in_use_is_noted_and_an_unused_one_goes
    a_new_session_ends_the_one_before_in_the_same_browser
    a_password_replaces_the_earlier_and_ends_the_other_sessions
    a_link_sets_a_password_once_however_many_try
    a_link_past_its_time_sets_nothing
    failures_pause_a_key_and_a_new_window_begins_anew
    many_tries_at_once_count_like_many_in_a_row
    resets_asked_for_wait_in_their_order
    a_reader_sees_nothing_of_what_people_sign_in_with
}

const NOW: Moment = Moment(1_800_000_000_000);

fn session(n: u8, who: u8) -> SessionRow {
    SessionRow { digest: Digest([n; 32]), tenant: EZHOU, person: person(who), begun: NOW, seen: NOW, agent: "Firefox".to_owned() }
}

fn change(who: u8, link: Option<Digest>, kept: Option<Digest>) -> PasswordChange {
    PasswordChange { tenant: EZHOU, person: person(who), hash: "$argon2id$1".to_owned(), at: NOW, link, replaces: None, kept, tries: vec![Digest([9; 32])] }
}

fn later(ms: i64) -> Moment {
    Moment(NOW.0 + ms)
}

async fn begin(fixture: &Fixture, sessions: &[SessionRow]) {
    for session in sessions {
        fixture.store.begin_session(session, None, None).await.unwrap();
    }
}

async fn names(fixture: &Fixture, who: u8) -> Vec<u8> {
    fixture.store.sessions_of(EZHOU, person(who)).await.unwrap().iter().map(|row| row.digest.0[0]).collect()
}

async fn a_session_is_found_by_its_digest_until_it_ends(fixture: &Fixture) {
    let store = &fixture.store;
    begin(fixture, &[session(1, 1), session(2, 1), session(3, 2)]).await;
    assert_eq!(store.session(Digest([1; 32])).await.unwrap(), Some(session(1, 1)));
    assert_eq!(store.session(Digest([4; 32])).await.unwrap(), None);
    assert!(store.end_session(Digest([1; 32])).await.unwrap());
    assert!(!store.end_session(Digest([1; 32])).await.unwrap(), "it is gone");
    assert_eq!(store.session(Digest([1; 32])).await.unwrap(), None);
    assert_eq!((names(fixture, 1).await, names(fixture, 2).await), (vec![2], vec![3]));
}

async fn a_session_in_use_is_noted_and_an_unused_one_goes(fixture: &Fixture) {
    let store = &fixture.store;
    begin(fixture, &[session(1, 1), session(2, 1), SessionRow { begun: later(-50_000), ..session(3, 1) }]).await;
    store.see_session(Digest([1; 32]), later(60_000)).await.unwrap();
    store.see_session(Digest([1; 32]), later(30_000)).await.unwrap();
    assert_eq!(store.session(Digest([1; 32])).await.unwrap().unwrap().seen, later(60_000), "never back");
    store.see_session(Digest([3; 32]), later(60_000)).await.unwrap();
    assert_eq!(store.drop_sessions(later(-40_000), later(1)).await.unwrap(), 2, "one unused, one too long");
    assert_eq!(names(fixture, 1).await, [1]);
}

async fn a_new_session_ends_the_one_before_in_the_same_browser(fixture: &Fixture) {
    let store = &fixture.store;
    begin(fixture, &[session(1, 1), session(2, 1)]).await;
    store.begin_session(&session(3, 2), None, Some(Digest([1; 32]))).await.unwrap();
    assert_eq!((names(fixture, 1).await, names(fixture, 2).await), (vec![2], vec![3]));
    assert_eq!(store.end_sessions(EZHOU, person(2), Some(Digest([3; 32]))).await.unwrap(), 0);
    assert_eq!(store.end_sessions(EZHOU, person(2), None).await.unwrap(), 1);
}

async fn a_password_replaces_the_earlier_and_ends_the_other_sessions(fixture: &Fixture) {
    let store = &fixture.store;
    begin(fixture, &[session(1, 1), session(2, 1), session(3, 2)]).await;
    assert_eq!(store.password_hash(EZHOU, person(1)).await.unwrap(), None);
    assert!(store.set_password(&change(1, None, Some(Digest([2; 32])))).await.unwrap());
    let second = PasswordChange { hash: "$argon2id$2".to_owned(), ..change(1, None, Some(Digest([2; 32]))) };
    assert!(store.set_password(&second).await.unwrap());
    let late = PasswordChange { hash: "$argon2id$3".to_owned(), replaces: Some("$argon2id$1".to_owned()), ..second.clone() };
    assert!(!store.set_password(&late).await.unwrap(), "it was held against a password that is no longer there");
    assert_eq!(store.password_hash(EZHOU, person(1)).await.unwrap().as_deref(), Some("$argon2id$2"));
    assert_eq!(store.password_hash(EZHOU, person(1)).await.unwrap().as_deref(), Some("$argon2id$2"));
    assert_eq!((names(fixture, 1).await, names(fixture, 2).await), (vec![2], vec![3]));
    assert_eq!(store.people_with_password(EZHOU).await.unwrap(), [person(1)]);
}

async fn a_link_sets_a_password_once_however_many_try(fixture: &Fixture) {
    let (store, link) = (&fixture.store, Digest([7; 32]));
    let row = LinkRow { tenant: EZHOU, person: person(1), expires: later(1_000) };
    store.add_link(link, LinkPurpose::Reset, &row, NOW).await.unwrap();
    store.add_link(Digest([8; 32]), LinkPurpose::Reset, &row, NOW).await.unwrap();
    assert_eq!(store.link(link, LinkPurpose::Reset).await.unwrap(), Some(row));
    assert_eq!(store.link(link, LinkPurpose::Invitation).await.unwrap(), None, "a reset is no invitation");
    assert!(!store.set_password(&change(2, Some(link), None)).await.unwrap(), "nor is it anybody else's");
    begin(fixture, &[session(1, 1)]).await;
    let tries = futures::future::join_all((0..6).map(|_| async { store.set_password(&change(1, Some(link), None)).await.unwrap() }));
    assert_eq!(tries.await.into_iter().filter(|set| *set).count(), 1);
    assert_eq!(names(fixture, 1).await, Vec::<u8>::new());
    assert_eq!(store.link(Digest([8; 32]), LinkPurpose::Reset).await.unwrap(), None, "the other links of the person are void");
}

async fn a_link_past_its_time_sets_nothing(fixture: &Fixture) {
    let (store, link) = (&fixture.store, Digest([7; 32]));
    let row = LinkRow { tenant: EZHOU, person: person(1), expires: NOW };
    store.add_link(link, LinkPurpose::Invitation, &row, later(-1_000)).await.unwrap();
    begin(fixture, &[session(1, 1)]).await;
    assert!(!store.set_password(&change(1, Some(link), None)).await.unwrap());
    assert_eq!((store.password_hash(EZHOU, person(1)).await.unwrap(), names(fixture, 1).await), (None, vec![1]), "nothing changed");
    store.add_link(Digest([8; 32]), LinkPurpose::Invitation, &LinkRow { expires: later(9), ..row }, NOW).await.unwrap();
    assert_eq!(store.link(link, LinkPurpose::Invitation).await.unwrap(), None, "old ones go when a new one comes");
}

/// A pause of ten seconds from the third failure on; a window of a minute.
fn rule(now: Moment) -> TryRule {
    TryRule { since: Moment(now.0 - 60_000), pause_ms: |failures| if failures >= 3 { 10_000 } else { 0 } }
}

async fn failures_pause_a_key_and_a_new_window_begins_anew(fixture: &Fixture) {
    let (store, key) = (&fixture.store, Digest([9; 32]));
    let at = async |ms: i64| store.count_try(key, later(ms), rule(later(ms))).await.unwrap();
    assert_eq!((at(0).await, at(1).await, at(2).await), (None, None, None), "the third is still let through");
    assert_eq!(at(3).await, Some(later(10_002)));
    assert_eq!(store.paused(key, later(3)).await.unwrap(), Some(later(10_002)));
    assert_eq!(at(10_001).await, Some(later(10_002)), "a try during the pause makes it no longer");
    assert_eq!(store.paused(key, later(10_002)).await.unwrap(), None);
    assert_eq!(at(10_002).await, None, "one more is let through");
    assert_eq!(at(10_003).await, Some(later(20_002)), "and pauses at once");
    assert_eq!(store.drop_tries(later(1), later(20_001)).await.unwrap(), 0, "a pause is not swept away");
    assert_eq!((at(80_000).await, at(80_001).await), (None, None), "counted anew");
    store.begin_session(&session(1, 1), Some(key), None).await.unwrap();
    assert_eq!((at(80_002).await, at(80_003).await, at(80_004).await), (None, None, None), "a success begins anew");
    assert_eq!(store.drop_tries(later(90_000), later(95_000)).await.unwrap(), 1);
}

async fn many_tries_at_once_count_like_many_in_a_row(fixture: &Fixture) {
    let (store, key) = (&fixture.store, Digest([9; 32]));
    let tries = futures::future::join_all((0..12).map(|_| async { store.count_try(key, NOW, rule(NOW)).await.unwrap() })).await;
    assert_eq!(tries.iter().filter(|paused| paused.is_none()).count(), 3);
}

async fn resets_asked_for_wait_in_their_order(fixture: &Fixture) {
    let store = &fixture.store;
    for (n, asked) in [(2, "lin"), (1, "chen@example.invalid")] {
        store.ask_reset(Uuid::from_u128(n), asked, NOW).await.unwrap();
    }
    let asks = store.reset_asks(10).await.unwrap();
    assert_eq!(asks.iter().map(|ask| ask.asked.as_str()).collect::<Vec<_>>(), ["chen@example.invalid", "lin"]);
    store.drop_reset_ask(asks[0].id).await.unwrap();
    assert_eq!(store.reset_asks(10).await.unwrap().len(), 1);
}

async fn a_reader_sees_nothing_of_what_people_sign_in_with(fixture: &Fixture) {
    let Some(database) = &fixture.postgres else { return };
    for table in ["credentials", "sessions", "mail_links", "sign_in_tries", "reset_asks"] {
        let may = database.sql(&format!("select has_table_privilege('gl_reader', '{table}', 'select')"));
        assert_eq!(may.trim(), "f", "{table}");
    }
}
