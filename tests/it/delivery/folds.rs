//! Several notices of one hour in one message: every one has its record and is settled by its own event, whatever happens to the message on its way.
//! Invariant: a message's name is the same at every attempt, and it names what it always named.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenlane::app::notices::short_name;
use greenlane::channels::{Channel, Memory, SmsChannel, Smtp};
use greenlane::clock;
use greenlane::ids::{CaseId, Moment};
use greenlane::notice::{Kind, Signature};
use greenlane::store::Attempt;
use greenlane::workers::Crew;
use greenlane::workers::deliver::Mailroom;

use super::faults::{ask_for, quiet};
use super::verdict::{copies, key_of, recorded_once};
use crate::sms::leaves::{approve, crew_with};
use crate::smtp_sink::{At, Fails, SmtpSink};
use crate::spine::node::{Node, Where, on_both};
use crate::storm::verdict::end_leases;

const HOUR_MS: i64 = 3_600_000;
const TURN: u32 = 48;

/// Workers that let a person's notices of an hour leave as one.
fn folding(node: &Node, mail: Channel, sms: SmsChannel) -> Crew {
    let crew = crew_with(node, mail, sms, Signature::default());
    let mailroom = Arc::into_inner(crew.mailroom).unwrap();
    Crew { mailroom: Arc::new(Mailroom { fold_ms: HOUR_MS, ..mailroom }), ..crew }
}

fn by_mail(node: &Node, mail: &Memory) -> Crew {
    folding(node, Channel::Memory(mail.clone()), SmsChannel::Memory(Memory::default()))
}

fn after(node: &Node, ms: i64) {
    assert!(node.clock.set(Moment(node.clock.now().0 + ms)));
}

async fn all_recorded(node: &Node, cases: &[CaseId], channel: &str, count: usize) {
    let lines = recorded_once(&node.app, node.tenant, cases, channel).await;
    assert_eq!((lines.len(), lines.values().filter(|line| line.sent == Some(true)).count()), (count, count));
}

#[test]
fn notices_of_one_hour_leave_as_one_that_lists_them_all_and_each_has_its_record() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let mail = Memory::default();
        let crew = by_mail(&node, &mail);
        let first = ask_for(&node, 20).await;
        crew.drain().await.unwrap();
        all_recorded(&node, &first, "mail", 20).await;
        let sent = mail.sent();
        assert_eq!(sent.len(), 2, "one mail for each of the two who were asked ten times");
        for letter in &sent {
            assert!(letter.subject.contains("10 条通知"), "{}", letter.subject);
            assert!(first.iter().all(|case| letter.text.contains(&short_name(*case))) && letter.text.contains("\n10. "), "{}", letter.text);
        }
        // What comes within the hour waits for its end, and leaves together.
        after(&node, HOUR_MS / 2);
        let later = ask_for(&node, 6).await;
        crew.drain().await.unwrap();
        after(&node, HOUR_MS / 2 - 1);
        crew.drain().await.unwrap();
        assert_eq!(mail.sent().len(), 2, "held within the hour");
        after(&node, 1);
        crew.drain().await.unwrap();
        all_recorded(&node, &later, "mail", 6).await;
        let sent = mail.sent();
        assert_eq!(sent.len(), 4);
        assert!(sent[2..].iter().all(|letter| letter.subject.contains("3 条通知")), "{sent:?}");
        // One alone is a letter of its own.
        after(&node, HOUR_MS);
        let alone = ask_for(&node, 2).await;
        crew.drain().await.unwrap();
        all_recorded(&node, &alone, "mail", 2).await;
        assert!(mail.sent()[4..].iter().all(|letter| letter.subject.contains("新待办")));
        node.holds().await;
    });
}

#[test]
fn a_server_that_takes_a_fold_and_dies_gets_it_again_under_the_same_name_with_the_same_text() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let sink = SmtpSink::start().await;
        for _ in 0..2 {
            sink.plan(At::Text, Fails::Closes);
        }
        let cases = ask_for(&node, 20).await;
        let smtp = || Channel::Smtp(Smtp::open(&sink.config()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")));
        folding(&node, smtp(), SmsChannel::Memory(Memory::default())).drain().await.unwrap();
        // More of the same people, so that a second attempt could be tempted to take them along.
        sink.plan_nothing();
        after(&node, HOUR_MS);
        let more = ask_for(&node, 4).await;
        folding(&node, smtp(), SmsChannel::Memory(Memory::default())).drain().await.unwrap();
        after(&node, HOUR_MS);
        folding(&node, smtp(), SmsChannel::Memory(Memory::default())).drain().await.unwrap();
        all_recorded(&node, &cases, "mail", 20).await;
        all_recorded(&node, &more, "mail", 4).await;
        let lines = recorded_once(&node.app, node.tenant, &cases, "mail").await;
        let folds: BTreeSet<String> = lines.values().map(|line| line.fold.clone().unwrap()).collect();
        assert!(folds.len() == 2 && lines.values().all(|line| line.attempts.len() == 2), "{lines:?}");
        let names = copies(sink.mails().into_iter().map(|mail| key_of(&mail.message_id)));
        assert!(folds.iter().all(|fold| names.get(fold) == Some(&2)), "taken twice under one name: {names:?}");
        node.holds().await;
    });
}

#[test]
fn a_worker_that_dies_over_a_fold_leaves_the_same_fold_behind() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let mail = Memory::default();
        let cases = ask_for(&node, 12).await;
        // It died after the folds were on record and before anything was sent.
        let claimed = node.app.claim_notices(TURN).await.unwrap();
        let folded = node.app.fold_notices(claimed, HOUR_MS).await.unwrap();
        let names: BTreeSet<String> = folded.iter().map(|notice| notice.fold().unwrap().to_owned()).collect();
        assert_eq!((folded.len(), names.len()), (2, 2));
        drop(folded);
        end_leases(&node.place);
        by_mail(&node, &mail).drain().await.unwrap();
        all_recorded(&node, &cases, "mail", 12).await;
        let sent: BTreeSet<String> = mail.sent().iter().map(|letter| key_of(&letter.message_id)).collect();
        assert_eq!((mail.sent().len(), &sent), (2, &names));
        // It died after the message was on record as taken and before any case was told.
        after(&node, HOUR_MS);
        let cases = ask_for(&node, 12).await;
        drop(node.app.fold_notices(node.app.claim_notices(TURN).await.unwrap(), HOUR_MS).await.unwrap());
        end_leases(&node.place);
        let (store, now) = (node.app.store(), node.clock.now());
        let leaders = store.claim_notices(now, clock::real(), Moment(0), TURN).await.unwrap();
        assert!(leaders.len() == 2 && leaders.iter().all(|leader| leader.fold.is_some()), "only who leads is claimed: {leaders:?}");
        for leader in leaders {
            let taken = Attempt { at: now, sent: true, answer: "2.0.0 queued".to_owned(), again_at: None };
            assert!(store.record_attempt(&leader, &taken).await.unwrap());
        }
        end_leases(&node.place);
        by_mail(&node, &mail).drain().await.unwrap();
        all_recorded(&node, &cases, "mail", 12).await;
        assert_eq!(mail.sent().len(), 2, "nothing that is on record as taken is sent again");
        node.holds().await;
    });
}

#[test]
fn one_that_may_have_been_sent_alone_is_never_taken_into_a_fold() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let mail = Memory::default();
        let first = ask_for(&node, 2).await;
        // A worker claimed them, perhaps sent them, and died.
        drop(node.app.claim_notices(TURN).await.unwrap());
        end_leases(&node.place);
        let more = ask_for(&node, 8).await;
        by_mail(&node, &mail).drain().await.unwrap();
        let alone = recorded_once(&node.app, node.tenant, &first, "mail").await;
        assert!(alone.len() == 2 && alone.values().all(|line| line.fold.is_none() && line.sent == Some(true)), "{alone:?}");
        let sent = copies(mail.sent().iter().map(|letter| key_of(&letter.message_id)));
        assert!(alone.keys().all(|key| sent.get(key) == Some(&1)), "under its own name, as it may have been sent before");
        all_recorded(&node, &more, "mail", 8).await;
        node.holds().await;
    });
}

#[test]
fn short_messages_fold_under_an_approved_text_and_their_receipt_is_about_all() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        let (mail, sms) = (Memory::default(), Memory::default());
        let crew = folding(&node, Channel::Memory(mail.clone()), SmsChannel::Memory(sms.clone()));
        let single = ask_for(&node, 6).await;
        crew.drain().await.unwrap();
        all_recorded(&node, &single, "sms", 6).await;
        assert_eq!(sms.sent_short().len(), 6, "without an approved text for several in one, each goes alone");
        approve(&node, Kind::Folded).await;
        after(&node, HOUR_MS);
        let cases = ask_for(&node, 6).await;
        crew.drain().await.unwrap();
        all_recorded(&node, &cases, "sms", 6).await;
        let folded: Vec<_> = sms.sent_short().split_off(6);
        assert!(folded.len() == 2 && folded.iter().all(|message| message.text.contains("您有3条新通知")), "{folded:?}");
        // The gateway names the message; each notice in it hears of that.
        let lines = recorded_once(&node.app, node.tenant, &cases, "sms").await;
        let about: Vec<_> = lines.values().filter(|line| line.fold.as_deref() == Some(&*folded[0].id)).collect();
        assert_eq!(about.len(), 3);
        let (case, key) = (cases[0], about[0].key.clone());
        node.app.store().keep_message_ids((node.tenant, case, &key), &["c1".to_owned()], Moment(1)).await.unwrap();
        assert!(node.app.keep_report("c1", false, "UNDELIV").await.unwrap());
        let mut returned = 0;
        for case in &cases {
            let lines = node.app.notices(node.tenant, *case).await.unwrap();
            returned += lines.iter().filter(|line| line.channel == "sms" && line.sent == Some(false) && line.receipts.len() == 1).count();
        }
        assert_eq!(returned, 3);
        node.holds().await;
    });
}
