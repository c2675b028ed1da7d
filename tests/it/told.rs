//! How people are told: what they chose is honoured, and what did not arrive one way goes the other way once.
//! Invariant: each thing is looked at in the record, not in what a function says it did.

use std::collections::BTreeMap;

use greenlane::app::failure::Failure;
use greenlane::app::outbox::NoticeLine;
use greenlane::app::view;
use greenlane::channels::{Channel, Memory, SendError, SmsChannel};
use greenlane::engine::event::Event;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment};
use greenlane::notice::{Kind, Signature};
use greenlane::workers::Crew;

use crate::delivery::faults::quiet;
use crate::sms::leaves::{approve, crew_with};
use crate::spine::node::{Node, Where, on_both};

/// Who is asked by `pair`: one of each office has a number, and hears of a task by mail and short message.
fn crew(node: &Node, mail: &Memory, sms: &Memory) -> Crew {
    crew_with(node, Channel::Memory(mail.clone()), SmsChannel::Memory(sms.clone()), Signature::default())
}

async fn chosen(node: &Node, login: &str, pairs: &[(&str, &str)]) -> Result<bool, Failure> {
    let asked: BTreeMap<String, String> = pairs.iter().map(|(group, choice)| ((*group).to_owned(), (*choice).to_owned())).collect();
    node.app.choose_channels(node.tenant, node.person(login).await, &asked).await
}

async fn told(node: &Node, case: CaseId) -> Vec<NoticeLine> {
    node.app.notices(node.tenant, case).await.unwrap()
}

/// Media, states and links, by medium.
fn seen(lines: &[NoticeLine]) -> Vec<(&str, Option<bool>, bool)> {
    let mut seen: Vec<_> = lines.iter().map(|line| (line.channel.as_str(), line.sent, line.follows.is_some())).collect();
    seen.sort_unstable();
    seen
}

/// Everybody asked by `pair` chooses one medium for tasks.
async fn all_choose(node: &Node, choice: &str) {
    for login in ["ez-fgw.handler", "ez-sthj.handler"] {
        chosen(node, login, &[("tasks", choice)]).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

async fn rerouted(node: &Node, case: CaseId) -> Vec<(String, String, String)> {
    let acts = view::acts(node.app.store(), node.tenant, case, i64::MAX).await.unwrap();
    let moved = |event: &Event| match event {
        Event::NoticeRerouted { key, next, medium } => Some((key.clone(), next.clone(), medium.to_string())),
        _ => None,
    };
    acts.iter().flat_map(|act| &act.events).filter_map(moved).collect()
}

#[test]
fn what_people_choose_is_how_they_are_told_and_is_on_the_record() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        for (choice, expected) in [("both", vec!["mail", "mail", "sms", "sms"]), ("mail", vec!["mail", "mail"]), ("sms", vec!["sms", "sms"]), ("off", vec![])] {
            all_choose(&node, choice).await;
            let case = node.start("pair", None).await.unwrap();
            let mut media: Vec<String> = told(&node, case).await.into_iter().map(|line| line.channel).collect();
            media.sort();
            assert_eq!(media, expected, "{choice}");
        }
        assert!(!chosen(&node, "ez-fgw.handler", &[("tasks", "off")]).await.unwrap(), "chosen already: no act");
        let register = greenlane::app::register::case_of(node.tenant);
        let acts = view::acts(node.app.store(), node.tenant, register, i64::MAX).await.unwrap();
        let choices = acts.iter().flat_map(|act| &act.events).filter(|event| matches!(event, Event::Recorded { what, .. } if &**what == "preferences-chosen"));
        assert_eq!(choices.count(), 6, "two people, three changes each; the first choice was the usual one");
        node.crew.drain().await.unwrap();
        node.holds().await;
    });
}

#[test]
fn what_must_be_told_cannot_be_turned_off_and_every_mistake_is_named() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        let refused = chosen(
            &node,
            "ez-fgw.handler",
            &[("warnings", "off"), ("orders", "off"), ("served", "off"), ("tasks", "pigeon"), ("digests", "sms"), ("weather", "mail")],
        );
        let Err(Failure::Refused(refusal)) = refused.await else { panic!("taken") };
        let mut codes: Vec<_> = refusal.details.iter().map(|detail| (detail.path.as_str(), detail.code.as_str())).collect();
        codes.sort_unstable();
        assert_eq!(
            (refusal.code, codes),
            (
                "preferences_wrong",
                vec![
                    ("digests", "unknown_word"),
                    ("orders", "cannot_turn_off"),
                    ("served", "cannot_turn_off"),
                    ("tasks", "unknown_word"),
                    ("warnings", "cannot_turn_off"),
                    ("weather", "unknown_group"),
                ]
            )
        );
        let known = node.app.known(node.tenant).await.unwrap();
        assert!(known.preferences.is_empty(), "nothing was changed");
    });
}

#[test]
fn digests_turned_off_do_not_leave() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        node.start("pair", None).await.unwrap();
        let morning = node.clock.now().date();
        chosen(&node, "ez-fgw.handler", &[("digests", "off")]).await.unwrap();
        node.app.write_digests(node.tenant, morning).await.unwrap();
        let register = greenlane::app::register::case_of(node.tenant);
        let (fgw, hbj) = (node.person("ez-fgw.handler").await, node.person("ez-sthj.handler").await);
        let known = node.app.known(node.tenant).await.unwrap();
        let names = [fgw, hbj].map(|person| known.roster.people[&person].name.clone());
        let digests: Vec<String> = told(&node, register).await.into_iter().filter(|line| line.kind == "mail.task-digest").map(|line| line.recipient).collect();
        assert!(!digests.contains(&names[0]) && digests.contains(&names[1]), "{digests:?}");
    });
}

#[test]
fn what_is_refused_for_good_by_mail_goes_by_short_message_once_and_both_are_on_the_record() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        all_choose(&node, "mail").await;
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        for _ in 0..2 {
            mail.fail_next(SendError::Permanent("550 5.1.1 nobody here".to_owned()));
        }
        crew(&node, &mail, &sms).drain().await.unwrap();
        let lines = told(&node, case).await;
        assert_eq!(
            seen(&lines),
            [("mail", Some(false), false), ("mail", Some(false), false), ("sms", Some(true), true), ("sms", Some(true), true)],
            "each parked mail is followed by a short message that left"
        );
        let moved = rerouted(&node, case).await;
        assert_eq!(moved.len(), 2);
        for (key, next, medium) in moved {
            let second = lines.iter().find(|line| line.key == next).unwrap();
            assert_eq!((second.follows.as_deref(), medium.as_str()), (Some(key.as_str()), "sms"));
        }
        assert_eq!(sms.sent_short().len(), 2);
        node.crew.drain().await.unwrap();
        node.holds().await;
    });
}

#[test]
fn a_second_way_that_fails_too_is_left_to_an_operator() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        all_choose(&node, "mail").await;
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        for channel in [&mail, &sms] {
            for _ in 0..2 {
                channel.fail_next(SendError::Permanent("gone".to_owned()));
            }
        }
        crew(&node, &mail, &sms).drain().await.unwrap();
        let lines = told(&node, case).await;
        assert_eq!(lines.len(), 4, "no third way: {lines:?}");
        assert!(lines.iter().all(|line| line.sent == Some(false)), "all parked, where an operator sees them");
        // Whoever looks after notices has one sent again, and it goes.
        let parked = lines.iter().find(|line| line.channel == "sms").unwrap();
        node.app.send_again(node.tenant, Actor::Operator("test".to_owned()), None, (case, &parked.key)).await.unwrap();
        crew(&node, &mail, &sms).drain().await.unwrap();
        assert_eq!(told(&node, case).await.iter().filter(|line| line.sent == Some(true)).count(), 1);
        node.holds().await;
    });
}

#[test]
fn a_person_told_by_both_is_not_told_again_when_one_fails() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        for _ in 0..2 {
            sms.fail_next(SendError::Permanent("unreachable number".to_owned()));
        }
        crew(&node, &mail, &sms).drain().await.unwrap();
        let lines = told(&node, case).await;
        assert_eq!(seen(&lines), [("mail", Some(true), false), ("mail", Some(true), false), ("sms", Some(false), false), ("sms", Some(false), false)]);
        assert!(rerouted(&node, case).await.is_empty());
        node.holds().await;
    });
}

#[test]
fn a_receipt_that_says_undelivered_sends_the_mail_once_however_often_it_is_said() {
    on_both(async |place: Where| {
        let node = quiet(place).await;
        approve(&node, Kind::OTask).await;
        all_choose(&node, "sms").await;
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        let crew = crew(&node, &mail, &sms);
        crew.drain().await.unwrap();
        let first = told(&node, case).await.into_iter().next().unwrap();
        assert_eq!((first.channel.as_str(), first.sent), ("sms", Some(true)));
        // The message centre calls the message by a name of its own, in three parts, and says the same twice.
        let claim = greenlane::store::CalledMessage { tenant: node.tenant, case, key: first.key.clone(), part: 1, parts: 1 };
        node.app.store().keep_message_ids((claim.tenant, claim.case, &claim.key), &["m1".to_owned(), "m2".to_owned()], Moment(1)).await.unwrap();
        for id in ["m1", "m2", "m1"] {
            assert!(node.app.keep_report(id, false, "UNDELIV").await.unwrap());
        }
        crew.drain().await.unwrap();
        let lines = told(&node, case).await;
        assert_eq!(seen(&lines), [("mail", Some(true), true), ("sms", Some(false), false), ("sms", Some(true), false)]);
        assert_eq!(
            (
                rerouted(&node, case).await.len(),
                mail.sent().iter().filter(|mail| mail.message_id.contains(&lines.iter().find(|line| line.channel == "mail").unwrap().key)).count()
            ),
            (1, 1)
        );
        node.holds().await;
    });
}
