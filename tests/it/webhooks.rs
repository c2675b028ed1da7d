//! Outside systems are told what happens, each thing once and signed; what must not be spoken to is not.

mod page;
mod paused;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenlane::app::failure::Failure;
use greenlane::app::webhooks::HookAct;
use greenlane::channels::Webhooks;
use greenlane::config::Config;
use greenlane::identity::Actor;
use greenlane::ids::Moment;
use greenlane::workers::Crew;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;

use crate::sms::gateway::{Asked, Says, TestGateway};
use crate::spine::node::{Node, Where, on_both};

fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

async fn change(node: &Node, act: HookAct) -> Result<Vec<String>, Failure> {
    Ok(node.app.change_webhooks(node.tenant, operator(), act).await?.into_iter().map(|line| line.en).collect())
}

/// Subscribes, and gives the id and the key.
async fn subscribed(node: &Node, url: &str, kinds: &[&str]) -> (String, Vec<u8>) {
    let act = HookAct::Add { url: url.to_owned(), kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect() };
    let told = change(node, act).await.unwrap_or_else(|failure| panic!("{failure}"));
    let id = told[0].split_whitespace().nth(1).unwrap().trim_end_matches(':').to_owned();
    let secret = told[1].split("whsec_").nth(1).unwrap();
    (id, STANDARD.decode(secret).unwrap())
}

/// A node whose configuration lists this machine.
async fn opened(place: Where) -> Node {
    let inside = ["127.0.0.1", "localhost"].map(str::to_owned).to_vec();
    Node::open_with(Config { webhooks: inside, ..Config::default() }, place).await
}

/// Looks at a message as its receiver does: signature over id, time and body; answers with the event.
fn verified(asked: &Asked, key: &[u8]) -> Value {
    let (id, at) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(format!("{id}.{at}.{}", asked.body));
    assert_eq!(asked.header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    assert!((at.parse::<i64>().unwrap() - greenlane::clock::real().0 / 1000).abs() < 300, "a receiver refuses an old time");
    assert_eq!(asked.header("content-type"), "application/cloudevents+json; charset=utf-8");
    let event: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((event["specversion"].as_str(), event["id"].as_str()), (Some("1.0"), Some(id)));
    event
}

fn types(events: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    types
}

#[test]
fn what_happens_to_a_case_is_told_signed_and_once() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let before = node.start("pair", None).await.unwrap();
        let (_, key) = subscribed(&node, &format!("http://{}/hook?x=1", receiver.address()), &["case.started", "case.ended"]).await;
        let case = node.start("pair", None).await.unwrap();
        for login in ["fgw", "hbj"] {
            node.answer(case, login, "agree").await.unwrap();
        }
        node.crew.drain().await.unwrap();
        node.crew.drain().await.unwrap();
        let asked = receiver.asked();
        let events: Vec<Value> = asked.iter().map(|one| verified(one, &key)).collect();
        assert_eq!(types(&events), ["greenlane.case.started.v1"], "the case before the subscription, and what nobody asked for, is not told");
        assert_eq!((asked[0].path.as_str(), events[0]["data"]["case"].as_str()), ("/hook?x=1", Some(case.to_string().as_str())));
        assert!(!asked[0].body.contains(&before.to_string()) && !asked[0].body.contains("chen"));
        node.holds().await;
    });
}

#[test]
fn a_receiver_that_fails_gets_the_same_message_again_until_it_is_parked_and_an_operator_sends_it() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let (id, key) = subscribed(&node, &format!("http://{}/", receiver.address()), &["case.started"]).await;
        receiver.plan([Says::This(503, "busy"), Says::Redirects, Says::This(410, "gone")]);
        node.start("pair", None).await.unwrap();
        for _ in 0..4 {
            node.crew.drain().await.unwrap();
            assert!(node.clock.set(Moment(node.clock.now().0 + 3_600_000)));
        }
        let ids: Vec<String> = receiver.asked().iter().map(|asked| asked.header("webhook-id").to_owned()).collect();
        assert!(ids.len() == 3 && ids.iter().all(|one| *one == ids[0]), "no redirect is followed, nothing after 410: {ids:?}");
        let told = change(&node, HookAct::List).await.unwrap();
        assert!(told[0].contains("1 parked") && told[0].contains("410"), "{told:?}");
        change(&node, HookAct::Retry { id: id.clone() }).await.unwrap();
        node.crew.drain().await.unwrap();
        assert_eq!(verified(receiver.asked().last().unwrap(), &key)["id"].as_str(), Some(ids[0].as_str()));
        assert!(change(&node, HookAct::List).await.unwrap()[0].contains("1 delivered, 0 parked"));
        change(&node, HookAct::End { id }).await.unwrap();
        node.start("pair", None).await.unwrap();
        node.crew.drain().await.unwrap();
        assert_eq!(receiver.asked().len(), 4, "an ended subscription is told nothing");
        node.holds().await;
    });
}

#[test]
fn this_machine_is_not_spoken_to_once_the_configuration_lists_it_no_more() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        subscribed(&node, &format!("http://{}/", receiver.address()), &["case.started"]).await;
        subscribed(&node, &format!("https://localhost:{}/", receiver.address().port()), &["case.started"]).await;
        node.start("pair", None).await.unwrap();
        let crew = Crew { webhooks: Arc::new(Webhooks::default()), ..node.crew.clone() };
        crew.drain().await.unwrap();
        assert_eq!(receiver.asked().len(), 0);
        let told = change(&node, HookAct::List).await.unwrap();
        assert!(told.iter().all(|line| line.contains("1 parked")), "{told:?}");
        node.holds().await;
    });
}

#[test]
fn an_address_that_would_never_be_spoken_to_is_refused_when_somebody_subscribes() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let add = async |url: &str, kinds: &[&str]| {
            let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            match change(&node, HookAct::Add { url: url.to_owned(), kinds }).await {
                Err(Failure::Refused(refusal)) => refusal,
                other => panic!("{url}: {other:?}"),
            }
        };
        for url in ["http://erp.example.com/", "https://10.0.0.1/", "https://[::1]/", "https://localhost/", "https://127.1/", "https://e.example.com:0/"] {
            let refusal = add(url, &[]).await;
            assert_eq!((refusal.code, refusal.details.len(), refusal.details[0].path.as_str()), ("webhook_wrong", 1, "url"), "{url}");
            let said = &refusal.details[0];
            assert!(said.en.contains("expected") && said.en.contains("found") && said.zh.contains("应为") && said.zh.contains("实际"), "{said:?}");
        }
        let all = add("http://erp:s3cret@192.168.1.9:0/hook", &["weather"]).await;
        assert_eq!(all.details.iter().map(|detail| detail.path.as_str()).collect::<Vec<_>>(), ["url", "url", "url", "url", "kinds"], "every mistake at once");
        assert!(!format!("{all:?}").contains("s3cret"));
        assert!(node.app.known(node.tenant).await.unwrap().webhooks.is_empty());
        // A name is judged by where it leads when something is sent.
        subscribed(&node, "https://erp.example.com:8443/hook", &[]).await;
        node.holds().await;
    });
}

#[test]
fn a_secret_shows_in_no_debug_print() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let act = HookAct::Add { url: "https://erp.example.com/".to_owned(), kinds: Vec::new() };
        let changed = node.app.change_webhook(node.tenant, operator(), None, &act).await.unwrap();
        node.start("pair", None).await.unwrap();
        let messages = node.app.claim_hooks().await.unwrap();
        let secret = changed.secret.as_ref().unwrap().expose().trim_start_matches("whsec_").to_owned();
        let key = STANDARD.decode(&secret).unwrap();
        assert_eq!((messages.len(), messages[0].keys[0].expose()), (1, &key), "it is the secret that signs");
        // Neither as text nor as the numbers of its bytes, on one line or on many.
        let bytes = |text: String| text.split_whitespace().collect::<String>();
        let numbers = bytes(format!("{key:?}")).trim_matches(['[', ']']).to_owned();
        for said in [format!("{changed:?}"), format!("{changed:#?}"), format!("{messages:?}"), format!("{messages:#?}")] {
            assert!(said.contains("Secret(…)") && !said.contains(&secret) && !bytes(said.clone()).contains(&numbers), "{said}");
        }
    });
}

#[test]
fn a_paused_subscription_lets_messages_wait_and_sends_them_when_resumed() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let (id, key) = subscribed(&node, &format!("http://{}/", receiver.address()), &["case.started"]).await;
        change(&node, HookAct::Pause { id: id.clone() }).await.unwrap();
        node.start("pair", None).await.unwrap();
        node.start("pair", None).await.unwrap();
        for _ in 0..3 {
            node.crew.drain().await.unwrap();
        }
        assert_eq!(receiver.asked().len(), 0);
        let (line, parked) = node.app.webhook(node.tenant, &operator(), &id).await.unwrap();
        assert_eq!((line.waiting, line.parked, line.last, parked.len()), (2, 0, None, 0), "they wait, and count as no attempt");
        let Err(Failure::Refused(refused)) = change(&node, HookAct::Test { id: id.clone() }).await else { panic!("tested while paused") };
        assert_eq!(refused.code, "webhook_paused");
        assert!(change(&node, HookAct::Resume { id: id.clone() }).await.unwrap()[0].contains("2 messages"));
        node.crew.drain().await.unwrap();
        assert_eq!(receiver.asked().iter().filter(|asked| verified(asked, &key)["type"] == "greenlane.case.started.v1").count(), 2);
        node.holds().await;
    });
}

#[test]
fn another_secret_signs_beside_the_old_one_for_a_day() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let receiver = TestGateway::start().await;
        let (id, old) = subscribed(&node, &format!("http://{}/", receiver.address()), &["case.started"]).await;
        let told = change(&node, HookAct::Rekey { id: id.clone(), seen: None }).await.unwrap();
        let new = STANDARD.decode(told[1].split("whsec_").nth(1).unwrap()).unwrap();
        assert_ne!(old, new);
        change(&node, HookAct::Test { id: id.clone() }).await.unwrap();
        node.crew.drain().await.unwrap();
        assert!(node.clock.set(Moment(node.clock.now().0 + 86_400_000)));
        change(&node, HookAct::Test { id: id.clone() }).await.unwrap();
        node.crew.drain().await.unwrap();
        let signs = |asked: &Asked, key: &[u8]| {
            let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            let mac = mac.chain_update(format!("{}.{}.{}", asked.header("webhook-id"), asked.header("webhook-timestamp"), asked.body));
            let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
            asked.header("webhook-signature").split(' ').any(|one| one == signature)
        };
        let signed: Vec<(bool, bool)> = receiver.asked().iter().map(|asked| (signs(asked, &new), signs(asked, &old))).collect();
        assert_eq!(signed, [(true, true), (true, false)]);
        assert_ne!(receiver.asked()[0].header("webhook-id"), receiver.asked()[1].header("webhook-id"), "each test is a message of its own");
        assert_eq!(verified(&receiver.asked()[1], &new)["type"], "greenlane.webhook.test.v1");
        let (line, _) = node.app.webhook(node.tenant, &operator(), &id).await.unwrap();
        let last = line.last.unwrap();
        assert_eq!((last.kind.as_str(), last.arrived, last.answer.as_str()), ("webhook.test", Some(true), "200"));
        node.holds().await;
    });
}

#[test]
fn of_two_changes_at_the_same_moment_neither_undoes_the_other() {
    on_both(async |place: Where| {
        let node = opened(place).await;
        let nodes = node.nodes().await;
        let (first, last) = (nodes.first().unwrap(), nodes.last().unwrap());
        let changed = async |app: &greenlane::app::App, act: HookAct| app.change_webhook(node.tenant, operator(), None, &act).await;
        for _ in 0..8 {
            let (id, _) = subscribed(&node, "https://example.invalid/a", &["case.started"]).await;
            let (ended, paused) = tokio::join!(changed(first, HookAct::End { id: id.clone() }), changed(last, HookAct::Pause { id: id.clone() }));
            assert!(ended.is_ok(), "{ended:?}");
            assert!(paused.is_ok() || matches!(&paused, Err(Failure::Refused(refusal)) if refusal.code == "webhook_ended"), "{paused:?}");
            assert!(first.known(node.tenant).await.unwrap().webhooks[&id].ended.is_some(), "who was told that it ended was told the truth");
            let (id, _) = subscribed(&node, "https://example.invalid/b", &["case.started"]).await;
            let (rekeyed, paused) =
                tokio::join!(changed(first, HookAct::Rekey { id: id.clone(), seen: Some(0) }), changed(last, HookAct::Pause { id: id.clone() }));
            assert!(rekeyed.unwrap().secret.is_some() && paused.is_ok());
            let known = first.known(node.tenant).await.unwrap();
            assert_eq!((known.webhooks[&id].key, known.webhooks[&id].paused.is_some()), (1, true), "the secret that was shown signs");
            for id in known.webhooks.values().filter(|hook| hook.ended.is_none()).map(|hook| hook.id.clone()) {
                changed(first, HookAct::End { id }).await.unwrap();
            }
        }
        node.holds().await;
    });
}
