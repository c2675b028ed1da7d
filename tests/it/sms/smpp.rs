//! Short messages in a real SMPP dialogue: what arrives, what each answer means, what becomes of a dropped bind, and receipts on the record.

use std::time::Duration;

use greenlane::channels::{Channel, Kept, Memory, SendError, ShortMessage, SmsChannel};
use greenlane::config::{Config, LongText, SmsWay};
use greenlane::ids::Moment;
use greenlane::notice::{Kind, Signature};
use greenlane::workers::{Crew, Role};

use super::leaves::{approve, crew_with, lines};
use super::smsc::{Does, INVALID_DESTINATION, PASSWORD, SYSTEM_ID, Smsc, THROTTLED};
use crate::spine::node::{Node, Where, on_both};

fn message(id: &str, text: &str) -> ShortMessage {
    ShortMessage {
        id: id.into(),
        to: "+99900000001".into(),
        text: text.into(),
        template: String::new(),
        values: Vec::new(),
        signature: String::new(),
        date: Moment(0),
    }
}

/// 200 Chinese characters, each in its place.
fn two_hundred() -> String {
    (0..200_u32).map(|place| char::from_u32(0x4E00 + place * 37).unwrap()).collect()
}

#[tokio::test]
async fn two_hundred_chinese_characters_arrive_whole_in_parts_and_as_one_payload() {
    let smsc = Smsc::start().await;
    let receipt = smsc.channel(&smsc.settings()).send(&message("0a1b", &two_hundred())).await.unwrap();
    let parts = smsc.taken();
    assert_eq!((parts.len(), receipt.ids.len(), receipt.detail.as_str()), (3, 3, "id M00000001 M00000002 M00000003"));
    assert_eq!(smsc.binds(), [(SYSTEM_ID.to_owned(), PASSWORD.to_owned(), 0x34)]);
    for (number, part) in (1..).zip(&parts) {
        assert_eq!((part.to.as_str(), part.source.as_str(), part.registered, part.coding, part.class), ("99900000001", "10639999", 1, 8, 0x40));
        let [length, element, element_length, reference, total, place] = part.octets[..6] else { panic!("no header") };
        assert_eq!((length, element, element_length, total, place), (5, 0, 3, 3, number), "TS 23.040, 9.2.3.24.1");
        assert_eq!((reference, part.reference), (parts[0].octets[3], parts[0].reference));
        assert!(part.octets.len() <= 140);
    }
    assert_eq!(parts.iter().map(super::smsc::Taken::text).collect::<String>(), two_hundred());
    let whole = Smsc::start().await;
    let settings = greenlane::config::Smpp { long: LongText::Payload, ..whole.settings() };
    whole.channel(&settings).send(&message("0a1b", &two_hundred())).await.unwrap();
    let [taken] = whole.taken().try_into().unwrap();
    assert_eq!((taken.as_payload, taken.text(), taken.class), (true, two_hundred(), 0));
}

#[tokio::test]
async fn a_short_text_is_one_message_and_plain_letters_need_no_ucs2() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&smsc.settings());
    channel.send(&message("0a", "【鄂州政务】办件已受理。")).await.unwrap();
    channel.send(&message("0b", "Ezhou Gov: received, 5 working days.")).await.unwrap();
    let taken = smsc.taken();
    assert_eq!(taken.iter().map(|taken| (taken.coding, taken.class)).collect::<Vec<_>>(), [(8, 0), (0, 0)]);
    assert_eq!(taken.iter().map(super::smsc::Taken::text).collect::<Vec<_>>(), ["【鄂州政务】办件已受理。", "Ezhou Gov: received, 5 working days."]);
}

#[tokio::test]
async fn each_no_says_whether_it_speaks_of_the_message_and_names_no_number() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&smsc.settings());
    smsc.plan([Does::Says(INVALID_DESTINATION), Does::Says(THROTTLED), Does::Says(0x0A), Does::Says(0x14), Does::Says(0x0400)]);
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(channel.send(&message("0a", "x")).await.unwrap_err().to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    not sent, refused for good: 0x0000000b EsmeRinvdstadr
    not sent, may work later: 0x00000058 EsmeRthrottled
    not sent, may work later: 0x0000000a EsmeRinvsrcadr
    not sent, may work later: 0x00000014 EsmeRmsgqful
    not sent, may work later: 0x00000400 Other(1024)
    ");
    assert!(smsc.taken().is_empty() && smsc.binds().len() == 1);
    channel.send(&message("0a", "x")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_parks_nothing_and_is_not_tried_all_the_time() {
    let smsc = Smsc::start().await;
    let channel = {
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("password"), "wrong").unwrap();
        SmsChannel::Smpp(greenlane::channels::Smpp::open(&smsc.settings(), other.path()).unwrap())
    };
    let first = channel.send(&message("0a", "x")).await;
    assert_eq!(first, Err(SendError::Temporary("binding: EsmeRinvpaswd".into())));
    for _ in 0..5 {
        assert!(matches!(channel.send(&message("0a", "x")).await, Err(SendError::Temporary(text)) if text.starts_with("not bound")));
    }
    assert_eq!((smsc.binds().len(), smsc.taken().len()), (1, 0));
}

#[tokio::test]
async fn a_dropped_bind_is_made_again_and_the_message_carries_the_same_reference() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&smsc.settings());
    smsc.plan([Does::TakesAndDrops]);
    assert_eq!(channel.send(&message("0a", "x")).await, Err(SendError::Temporary("the bind ended before the answer".into())));
    channel.send(&message("0a", "x")).await.unwrap();
    channel.send(&message("0b", "x")).await.unwrap();
    let references: Vec<u16> = smsc.taken().iter().map(|taken| taken.reference).collect();
    assert_eq!(smsc.binds().len(), 2);
    assert!(references[0] == references[1] && references[1] != references[2], "{references:?}");
}

#[tokio::test]
async fn no_more_are_under_way_than_the_window_holds() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&greenlane::config::Smpp { window: 3, ..smsc.settings() });
    smsc.plan([Does::Holds; 12]);
    let sends = (0..12).map(|number| {
        let channel = channel.clone();
        tokio::spawn(async move { channel.send(&message(&format!("{number:02x}"), "x")).await })
    });
    let sends: Vec<_> = sends.collect();
    for round in 1..=4 {
        smsc.wait_for(3 * round).await;
        smsc.release();
    }
    for sent in sends {
        sent.await.unwrap().unwrap();
    }
    assert_eq!((smsc.most_open(), smsc.taken().len()), (3, 12));
}

#[tokio::test]
async fn a_quiet_bind_is_asked_whether_it_still_stands() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&greenlane::config::Smpp { enquire_link: Duration::from_millis(20), ..smsc.settings() });
    assert!(channel.reports(9).await.is_empty());
    smsc.wait_for_enquiry().await;
    channel.send(&message("0a", "x")).await.unwrap();
    assert_eq!(smsc.binds().len(), 1);
}

#[tokio::test]
async fn many_receipts_answered_at_once_are_all_answered() {
    let smsc = Smsc::start().await;
    let channel = smsc.channel(&smsc.settings());
    assert!(channel.reports(9).await.is_empty());
    (0..200).for_each(|_| smsc.deliver(4, "id:M1 stat:DELIVRD err:000"));
    let mut reports = Vec::new();
    while reports.len() < 200 {
        reports.extend(channel.reports(200).await);
        tokio::task::yield_now().await;
    }
    reports.into_iter().for_each(|report| report.answer(Kept::Yes));
    // Before the bind is next asked whether it stands, which would wake it.
    let told = tokio::time::timeout(Duration::from_secs(15), smsc.wait_until_kept(200)).await;
    assert!(told.is_ok(), "{} of 200 answered", smsc.kept());
}

/// Turns of the worker until the message centre was told yes that often.
async fn until_kept(crew: &Crew, smsc: &Smsc, count: usize) {
    let turns = async {
        while smsc.kept() < count {
            crew.turn(Role::Receipts).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), turns).await.unwrap_or_else(|_| panic!("expected {count} receipts kept, found {}", smsc.kept()));
}

#[test]
fn receipts_of_a_message_centre_stand_beside_their_notice() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        approve(&node, Kind::OTask).await;
        let smsc = Smsc::start().await;
        smsc.decide(|taken| if taken.id.ends_with('1') { "DELIVRD" } else { "UNDELIV" });
        let crew = crew_with(&node, Channel::Memory(Memory::default()), smsc.channel(&smsc.settings()), Signature::default());
        let case = node.start("pair", None).await.unwrap();
        crew.drain().await.unwrap();
        until_kept(&crew, &smsc, 2).await;
        let found = lines(&node, case, "sms").await;
        let mut kept: Vec<_> = found
            .iter()
            .map(|line| (line.attempts[0].answer.clone(), line.receipts.iter().map(|kept| (kept.delivered, kept.words.clone())).collect::<Vec<_>>()))
            .collect();
        kept.sort();
        assert_eq!(kept, [("id M00000001".to_owned(), vec![(true, "DELIVRD".to_owned())]), ("id M00000002".to_owned(), vec![(false, "UNDELIV".to_owned())])]);
        // The same again changes nothing; a telephone's answer is taken and kept nowhere.
        smsc.deliver(4, "id:M00000001 stat:DELIVRD err:000");
        smsc.deliver(0, "收到");
        until_kept(&crew, &smsc, 4).await;
        let receipts: usize = lines(&node, case, "sms").await.iter().map(|line| line.receipts.len()).sum();
        assert_eq!(receipts, 2);
        node.holds().await;
    });
}

#[test]
fn a_message_centre_is_read_whole_and_every_mistake_told() {
    let text =
        "sms:\n  smpp: {host: smsc.example, system-id: gl, secret-env: SMPP_KEY, source: '10639999', tls: none, window: 5, per-second: 50, long: payload}\n";
    let config = Config::parse(text, "greenlane.yaml").unwrap();
    let SmsWay::Smpp(smpp) = config.sms.way else { panic!("{:?}", config.sms.way) };
    assert_eq!((smpp.port, smpp.tls, smpp.window, smpp.per_second, smpp.long), (2775, false, 5, 50, LongText::Payload));
    let wrong = "sms:\n  smpp: {host: smsc.example, system-id: an account far too long, source: '', tls: maybe, window: 0, per-second: 1, timeout: 60s}\n  folder: sms\n";
    let told: Vec<String> = Config::parse(wrong, "greenlane.yaml").expect_err("mistakes").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    greenlane.yaml:2:3: wrong-value: expected one of `folder`, `gateway`, `smpp`, `aliyun` and `tencent`, found `{smpp: …}` / 期望 `folder`、`gateway`、`smpp`、`aliyun` 或 `tencent` 之一，实际 `{smpp: …}`
    greenlane.yaml:2:9: missing-key: expected `secret-file` or `secret-env`, found neither / 缺少 `secret-file` 或 `secret-env`
    greenlane.yaml:2:41: wrong-value: expected an account of at most 15 plain letters, found `an account far too long` / 期望不超过 15 个基本字母的账号，实际 `an account far too long`
    greenlane.yaml:2:74: wrong-value: expected a sender of at most 20 plain letters or digits, found nothing / 期望不超过 20 位的接入号，实际为空
    greenlane.yaml:2:83: unknown-word: expected one of tls, none, found `maybe` / 期望 tls, none 之一，实际 `maybe`
    greenlane.yaml:2:98: wrong-value: expected a whole number from 1 to 100, found `0` / 期望 1 至 100 的整数，实际 `0`
    greenlane.yaml:2:113: wrong-value: expected a whole number from 5 to 1000, found `1` / 期望 5 至 1000 的整数，实际 `1`
    greenlane.yaml:2:125: wrong-value: expected a time from 1s to 10s such as `10s`, found `60s` / 期望 1s 至 10s 的时间，如 `10s`，实际 `60s`
    ");
}
