//! From an act of a case to a short message on its way: which notices go by it, what is withheld, what is sent again.

use std::sync::{Arc, OnceLock};

use greenlane::app::failure::Failure;
use greenlane::app::outbox::NoticeLine;
use greenlane::app::queue::{Asked, NoticeState};
use greenlane::app::texts::{TextAct, TextChange};
use greenlane::channels::{Channel, Memory, SendError, SmsChannel, SmsHttp};
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment};
use greenlane::notice::{Kind, Language, Medium, Signature, Templates};
use greenlane::workers::Crew;
use greenlane::workers::deliver::Mailroom;

use super::gateway::{Says, TestGateway};
use crate::spine::node::{Node, Where, on_both};

const MINUTE_MS: i64 = 60_000;

pub fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

/// Takes one step with the Chinese text of a kind.
pub async fn step(node: &Node, kind: Kind, act: TextAct) -> Result<(), Failure> {
    let change = TextChange { kind, language: Language::Zh, act, command_id: None };
    node.app.change_text(node.tenant, operator(), change).await.map(drop)
}

pub fn approved() -> TextAct {
    TextAct::Approve { template: "T7".into(), by: "演示网关".into(), on: None }
}

/// Approves and switches on the Chinese text of a kind.
pub async fn approve(node: &Node, kind: Kind) {
    for act in [TextAct::Submit, approved(), TextAct::Enable] {
        step(node, kind, act).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// The workers, with channels of the test's own.
fn crew(node: &Node, mail: &Memory, sms: SmsChannel, signature: Signature) -> Crew {
    crew_with(node, Channel::Memory(mail.clone()), sms, signature)
}

/// The same, with any way for mail.
pub fn crew_with(node: &Node, mail: Channel, sms: SmsChannel, signature: Signature) -> Crew {
    let templates = Arc::new(Templates::embedded(signature).unwrap_or_else(|mistakes| panic!("{mistakes:?}")));
    let mailroom =
        Mailroom { templates, mail, sms, origin: "greenlane.localhost".into(), from: "gl@greenlane.localhost".into(), fold_ms: 0, public_url: OnceLock::new() };
    Crew { app: node.app.clone(), mailroom: Arc::new(mailroom), mornings: node.crew.mornings.clone(), webhooks: node.crew.webhooks.clone() }
}

pub async fn lines(node: &Node, case: CaseId, channel: &str) -> Vec<NoticeLine> {
    let lines = node.app.notices(node.tenant, case).await.unwrap();
    lines.into_iter().filter(|line| line.channel == channel).collect()
}

fn code(result: Result<(), Failure>) -> &'static str {
    match result {
        Ok(()) => "done",
        Err(Failure::Refused(refusal)) => refusal.code,
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

#[test]
fn a_kind_goes_by_short_message_once_its_text_is_approved_and_on_and_each_medium_once() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let before = node.start("pair", None).await.unwrap();
        assert_eq!((lines(&node, before, "mail").await.len(), lines(&node, before, "sms").await.len()), (2, 0), "nothing is approved yet");
        approve(&node, Kind::OTask).await;
        let case = node.start("pair", None).await.unwrap();
        let (mails, shorts) = (lines(&node, case, "mail").await, lines(&node, case, "sms").await);
        assert_eq!((mails.len(), shorts.len()), (2, 2));
        assert!(mails.iter().all(|mail| shorts.iter().all(|short| short.key != mail.key)));
        let (mail, sms) = (Memory::default(), Memory::default());
        crew(&node, &mail, SmsChannel::Memory(sms.clone()), Signature::default()).drain().await.unwrap();
        let sent: Vec<_> = sms.sent_short().into_iter().filter(|message| shorts.iter().any(|line| line.key == message.id)).collect();
        assert_eq!(sent.len(), 2);
        assert!(
            sent.iter().all(|message| message.template == "T7" && message.to.starts_with("+999") && message.text.starts_with("【鄂州政务】新待办：")),
            "{sent:?}"
        );
        assert!(lines(&node, case, "sms").await.iter().chain(&lines(&node, case, "mail").await).all(|line| line.sent == Some(true)));
        // Who has no number hears by mail alone.
        let answered = node.answer(case, "fgw", "agree").await.unwrap();
        node.answer(case, "hbj", "agree").await.unwrap();
        assert!(answered.version > 1);
        assert_eq!((lines(&node, case, "mail").await.len(), lines(&node, case, "sms").await.len()), (3, 2), "the head has no number");
        step(&node, Kind::OTask, TextAct::Disable).await.unwrap();
        let after = node.start("pair", None).await.unwrap();
        assert_eq!(lines(&node, after, "sms").await.len(), 0, "switched off");
        node.crew.drain().await.unwrap();
        node.holds().await;
    });
}

#[test]
fn at_night_a_routine_message_waits_for_the_morning_and_the_mail_does_not() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        approve(&node, Kind::OTask).await;
        let at = |day: &str, hour| Moment::at(day.parse().unwrap(), chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
        // Friday night; the next working day is Monday.
        assert!(node.clock.set(at("2025-03-07", 22)));
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        let crew = crew(&node, &mail, SmsChannel::Memory(sms.clone()), Signature::default());
        crew.drain().await.unwrap();
        assert!(lines(&node, case, "mail").await.iter().all(|line| line.sent == Some(true)));
        assert!(node.clock.set(Moment(at("2025-03-10", 8).0 - 1)));
        crew.drain().await.unwrap();
        assert_eq!((sms.attempts(), lines(&node, case, "sms").await.len()), (0, 2), "nothing at night, nothing on the weekend, and nothing lost");
        assert!(node.clock.set(at("2025-03-10", 8)));
        crew.drain().await.unwrap();
        assert!(sms.attempts() == 2 && lines(&node, case, "sms").await.iter().all(|line| line.sent == Some(true)));
        node.holds().await;
    });
}

#[test]
fn a_text_changed_since_its_approval_is_withheld_and_the_mail_goes_alone() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        approve(&node, Kind::OTask).await;
        let case = node.start("pair", None).await.unwrap();
        let (mail, sms) = (Memory::default(), Memory::default());
        let other = Signature { zh: "武汉政务".into(), ..Signature::default() };
        let crew = crew(&node, &mail, SmsChannel::Memory(sms.clone()), other);
        crew.drain().await.unwrap();
        assert_eq!(sms.attempts(), 0);
        assert!(lines(&node, case, "mail").await.iter().all(|line| line.sent == Some(true)));
        for line in lines(&node, case, "sms").await {
            assert_eq!((line.sent, line.attempts.len()), (Some(false), 1));
            assert_eq!(line.attempts[0].answer, "not sent: the text is not approved as it stands (changed)");
        }
        // Switched off after the row was made, it stays here as well.
        let late = node.start("pair", None).await.unwrap();
        step(&node, Kind::OTask, TextAct::Disable).await.unwrap();
        node.crew.drain().await.unwrap();
        assert!(lines(&node, late, "sms").await.iter().all(|line| line.attempts[0].answer == "not sent: the text is switched off"));
        node.holds().await;
    });
}

#[test]
fn an_answer_that_was_lost_is_asked_for_again_under_the_same_id() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        approve(&node, Kind::OTask).await;
        let gateway = TestGateway::start().await;
        let case = node.start("pair", None).await.unwrap();
        gateway.plan([Says::TakesAndBreaks, Says::This(500, "oops")]);
        let sms = SmsChannel::Http(SmsHttp::open(&gateway.json(""), gateway.home()).unwrap());
        let crew = crew(&node, &Memory::default(), sms, Signature::default());
        crew.drain().await.unwrap();
        assert!(lines(&node, case, "sms").await.iter().all(|line| line.sent.is_none() && !line.attempts[0].sent));
        assert!(node.clock.set(Moment(node.clock.now().0 + MINUTE_MS)));
        crew.drain().await.unwrap();
        let asked = gateway.asked();
        let id = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["msgs"][0]["out_id"].as_str().unwrap().to_owned();
        let mut ids: Vec<String> = asked.iter().map(|asked| id(&asked.body)).collect();
        ids.sort();
        let mut expected: Vec<String> = lines(&node, case, "sms").await.into_iter().flat_map(|line| [line.key.clone(), line.key]).collect();
        expected.sort();
        assert_eq!(ids, expected, "two messages, each asked for twice");
        assert!(lines(&node, case, "sms").await.iter().all(|line| line.sent == Some(true) && line.attempts.len() == 2));
        node.holds().await;
    });
}

#[test]
fn a_parked_message_is_sent_again_by_whoever_looks_after_notices_and_on_the_record() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        approve(&node, Kind::OTask).await;
        let case = node.start("pair", None).await.unwrap();
        let sms = Memory::default();
        sms.fail_next(SendError::Permanent("400 no".into()));
        let crew = crew(&node, &Memory::default(), SmsChannel::Memory(sms.clone()), Signature::default());
        crew.drain().await.unwrap();
        let parked = lines(&node, case, "sms").await.into_iter().find(|line| line.sent == Some(false)).unwrap();
        let sent = lines(&node, case, "sms").await.into_iter().find(|line| line.sent == Some(true)).unwrap();
        let asked = Asked { state: NoticeState::Parked, medium: Medium::Sms, kind: Some(Kind::OTask), after: None, limit: 10 };
        let page = node.app.queue(node.tenant, &operator(), &asked).await.unwrap();
        let counts: Vec<_> = page.counts.iter().map(|(state, counted)| (*state, counted.count, counted.or_more)).collect();
        assert_eq!(counts, [(NoticeState::Parked, 1, false), (NoticeState::Waiting, 0, false), (NoticeState::Sent, 1, false)]);
        assert_eq!((page.lines.len(), page.lines[0].key.as_str()), (1, parked.key.as_str()));
        let again = async |login: Option<&str>, key: &str| {
            let actor = match login {
                Some(login) => Actor::Person(node.person(login).await),
                None => operator(),
            };
            code(node.app.send_again(node.tenant, actor, None, (case, key)).await)
        };
        assert_eq!(again(Some("chen"), &parked.key).await, "without_post");
        assert_eq!(again(None, &sent.key).await, "notice_sent");
        assert_eq!(again(None, "00").await, "no_such_notice");
        assert_eq!(again(Some("ez-zwzx.operator"), &parked.key).await, "done");
        assert_eq!(again(Some("ez-zwzx.operator"), &parked.key).await, "done", "it waits again already");
        // A temporary answer now is the first of a new round, so it is tried again.
        sms.fail_next(SendError::Temporary("busy".into()));
        crew.drain().await.unwrap();
        assert!(node.clock.set(Moment(node.clock.now().0 + MINUTE_MS)));
        crew.drain().await.unwrap();
        let line = lines(&node, case, "sms").await.into_iter().find(|line| line.key == parked.key).unwrap();
        assert_eq!((line.sent, line.attempts.iter().map(|attempt| attempt.sent).collect::<Vec<_>>()), (Some(true), vec![false, false, true]));
        node.holds().await;
    });
}
