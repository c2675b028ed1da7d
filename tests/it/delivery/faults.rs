//! Mail servers and gateways that accept and die, answer no, or say nothing: every first attempt fails, and then the other side is well again.

use std::collections::BTreeSet;
use std::time::Duration;

use greenlane::channels::{Channel, Memory, SmsChannel, SmsHttp, Smtp, SmtpConfig};
use greenlane::config::Config;
use greenlane::ids::{CaseId, Moment};
use greenlane::notice::{Kind, Signature};
use greenlane::store::Attempt;
use greenlane::workers::Crew;

use super::verdict::{copies, key_of, recorded_once};
use crate::sms::gateway::{Says, TestGateway};
use crate::sms::leaves::{approve, crew_with};
use crate::sms::smsc::{Does, Smsc};
use crate::smtp_sink::{At, Fails, SmtpSink};
use crate::spine::node::{Node, Where, on_both, times};

const HOUR_MS: i64 = 3_600_000;
/// A case of the trial asks two offices at once, and each hears of it.
const NOTICES_PER_CASE: usize = 2;

/// Starts cases that ask for `count` notices on each medium that is open.
pub async fn ask_for(node: &Node, count: usize) -> Vec<CaseId> {
    let mut cases = Vec::with_capacity(count / NOTICES_PER_CASE);
    for _ in 0..count / NOTICES_PER_CASE {
        cases.push(node.start("pair", None).await.unwrap_or_else(|failure| panic!("{failure}")));
    }
    cases
}

/// A node whose digests do not come in between.
pub async fn quiet(place: Where) -> Node {
    let never = || "0 0 0 1 1 *".to_owned();
    let reports = greenlane::config::Reports { weekly: never(), monthly: never() };
    Node::open_with(Config { digest: never(), reports, ..Config::default() }, place).await
}

fn later(node: &Node) {
    assert!(node.clock.set(Moment(node.clock.now().0 + HOUR_MS)));
}

/// Mail alone, through the sink, each dialogue within `limit`.
fn mailing(node: &Node, sink: &SmtpSink, limit: Duration) -> Crew {
    let smtp = Smtp::open(&SmtpConfig { timeout: limit, ..sink.config() }).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    crew_with(node, Channel::Smtp(smtp), SmsChannel::Memory(Memory::default()), Signature::default())
}

const PATIENT: Duration = Duration::from_secs(20);
const HASTY: Duration = Duration::from_millis(500);

/// What a trial found: how many notices, how many of them were taken by the failing server, how many arrived twice.
struct Found {
    sent: usize,
    parked: usize,
    twice: usize,
}

/// Every first attempt of `count` mails meets `fails` at `at`; then the server is well and everything is tried again.
async fn mail_meets(node: &Node, at: At, fails: Fails, limit: Duration, count: usize) -> Found {
    let sink = SmtpSink::start().await;
    (0..count).for_each(|_| sink.plan(at, fails));
    let cases = ask_for(node, count).await;
    mailing(node, &sink, limit).drain().await.unwrap();
    let first = copies(sink.mails().into_iter().map(|mail| key_of(&mail.message_id)));
    sink.plan_nothing();
    later(node);
    mailing(node, &sink, PATIENT).drain().await.unwrap();
    let lines = recorded_once(&node.app, node.tenant, &cases, "mail").await;
    assert_eq!(lines.len(), count);
    let all = copies(sink.mails().into_iter().map(|mail| key_of(&mail.message_id)));
    for (key, line) in &lines {
        let (before, after) = (first.get(key).copied().unwrap_or_default(), all.get(key).copied().unwrap_or_default());
        assert!(before <= 1 && after - before <= 1, "{before} and then {} copies: {line:?}", after - before);
        assert_eq!(after > 0, line.sent == Some(true), "what arrived is recorded as sent, and nothing else: {line:?}");
    }
    assert!(all.keys().all(|key| lines.contains_key(key)), "a mail under an id that no notice has");
    let sent = lines.values().filter(|line| line.sent == Some(true)).count();
    Found { sent, parked: count - sent, twice: all.values().filter(|copies| **copies == 2).count() }
}

#[test]
fn no_failure_of_a_mail_server_loses_or_doubles_a_record() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let count = times(60, 1_000);
        let trials = [
            ("accepts, then dies", At::Text, Fails::Closes, PATIENT),
            ("accepts, then hangs", At::Text, Fails::Hangs, HASTY),
            ("hangs before it accepts", At::Rcpt, Fails::Hangs, HASTY),
            ("451 at RCPT", At::Rcpt, Fails::Says("451 4.3.0 later"), PATIENT),
            ("452 after the text", At::Text, Fails::Says("452 4.3.1 full"), PATIENT),
            ("421 and closes", At::Mail, Fails::SaysAndCloses("421 4.3.2 going down"), PATIENT),
        ];
        for (name, at, fails, limit) in trials {
            let Found { sent, parked, twice } = mail_meets(&node, at, fails, limit, count).await;
            println!("mail server {name}: {count} notices, {sent} sent, 0 lost, 0 recorded twice, {twice} arrived twice under one Message-ID");
            let accepts = at == At::Text && matches!(fails, Fails::Closes | Fails::Hangs);
            assert_eq!((sent, parked), (count, 0));
            assert!(if accepts { twice > 0 } else { twice == 0 }, "{name}: {twice} arrived twice");
            assert!(fails != Fails::Closes || twice == count, "each was taken before the server died: {twice}");
        }
        let Found { sent, parked, twice } = mail_meets(&node, At::Rcpt, Fails::Says("550 5.1.1 nobody here"), PATIENT, count).await;
        println!("mail server 550 at RCPT: {count} notices, {parked} parked on the record, 0 lost, 0 recorded twice");
        assert_eq!((sent, parked, twice), (0, count, 0));
        node.holds().await;
    });
}

#[test]
fn a_gateway_that_takes_and_does_not_say_so_gets_the_same_id_again() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        let count = times(60, 1_000);
        for (name, says) in [("takes, then times out", Says::Hangs), ("takes, then breaks off", Says::TakesAndBreaks), ("answers 503", Says::This(503, "busy"))]
        {
            let gateway = TestGateway::start().await;
            gateway.plan(vec![says; count]);
            let cases = ask_for(&node, count).await;
            for settings in ["timeout: 500ms", ""] {
                let sms = SmsChannel::Http(SmsHttp::open(&gateway.json(settings), gateway.home()).unwrap());
                crew_with(&node, Channel::Memory(Memory::default()), sms, Signature::default()).drain().await.unwrap();
                gateway.plan_nothing();
                later(&node);
            }
            let lines = recorded_once(&node.app, node.tenant, &cases, "sms").await;
            assert_eq!((lines.len(), lines.values().filter(|line| line.sent == Some(true)).count()), (count, count));
            let id = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["msgs"][0]["out_id"].as_str().unwrap().to_owned();
            let asked = copies(gateway.asked().iter().map(|asked| id(&asked.body)));
            assert!(asked.iter().all(|(key, copies)| lines[key].attempts.len() >= *copies && *copies <= 2), "asked more often than recorded");
            let twice = asked.values().filter(|copies| **copies == 2).count();
            println!("gateway {name}: {count} notices, {count} sent, 0 lost, 0 recorded twice, {twice} asked for twice under one id");
            assert_eq!((asked.len(), twice > 0), (count, true));
        }
        node.holds().await;
    });
}

#[test]
fn a_notice_on_record_as_taken_is_not_sent_again_and_its_case_hears_of_it() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let cases = ask_for(&node, 2).await;
        // A worker that died after the attempt was on record and before its case was told; its lease is over.
        let (store, now) = (node.app.store(), node.clock.now());
        for claimed in store.claim_notices(now, greenlane::clock::real(), Moment(0), 9).await.unwrap() {
            let taken = Attempt { at: now, sent: true, answer: "2.0.0 queued".to_owned(), again_at: None };
            assert!(store.record_attempt(&claimed, &taken).await.unwrap());
        }
        let mail = Memory::default();
        crew_with(&node, Channel::Memory(mail.clone()), SmsChannel::Memory(Memory::default()), Signature::default()).drain().await.unwrap();
        let lines = recorded_once(&node.app, node.tenant, &cases, "mail").await;
        assert_eq!((mail.attempts(), lines.len()), (0, 2));
        assert!(lines.values().all(|line| line.sent == Some(true) && line.attempts.len() == 1), "{lines:?}");
        node.holds().await;
    });
}

#[test]
fn a_message_centre_that_drops_the_bind_loses_nothing() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        let count = times(60, 1_000);
        let smsc = Smsc::start().await;
        // Every fifth message is taken and the bind dropped; whatever else is under way on it goes without an answer, too.
        smsc.plan((0..count).map(|number| if number % 5 == 4 { Does::TakesAndDrops } else { Does::Takes }));
        let cases = ask_for(&node, count).await;
        let crew = crew_with(&node, Channel::Memory(Memory::default()), smsc.channel(&smsc.settings()), Signature::default());
        while node.app.store().notices_open().await.unwrap() > 0 {
            crew.drain().await.unwrap();
            later(&node);
        }
        let lines = recorded_once(&node.app, node.tenant, &cases, "sms").await;
        assert_eq!((lines.len(), lines.values().filter(|line| line.sent == Some(true)).count()), (count, count));
        // Number and text tell the notices of a trial apart; the reference follows from the notice's key.
        let taken = smsc.taken();
        let references: BTreeSet<(String, u16)> = taken.iter().map(|taken| (format!("{} {}", taken.to, taken.text()), taken.reference)).collect();
        let messages = copies(taken.iter().map(|taken| format!("{} {}", taken.to, taken.text())));
        assert_eq!((messages.len(), references.len()), (count, count), "each message arrived, under one reference");
        let attempts: usize = lines.values().map(|line| line.attempts.len()).sum();
        let again = taken.len() - count;
        assert!(taken.len() <= attempts && again >= count / 5, "{} taken in {attempts} attempts", taken.len());
        println!(
            "message centre drops the bind {} times: {count} notices, {count} sent, 0 lost, 0 recorded twice, {again} copies under the same reference",
            smsc.binds().len() - 1
        );
        node.holds().await;
    });
}
