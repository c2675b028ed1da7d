//! What a gateway is sent, and what each of its answers means for the message.

use greenlane::channels::{SendError, ShortMessage, SmsChannel, SmsHttp};
use greenlane::config::Gateway;
use greenlane::ids::Moment;
use serde_json::json;

use super::gateway::{SECRET, Says, TestGateway};

const PHONE: &str = "+99900000001";

fn message() -> ShortMessage {
    ShortMessage {
        id: "0123456789abcdef0123456789abcdef".into(),
        to: PHONE.into(),
        text: "【鄂州政务】办件GC20250001-HP“环评\"报告\\表&{phone}”已受理。".into(),
        template: "T-7&8".into(),
        values: Vec::new(),
        signature: "鄂州政务".into(),
        date: Moment(1_745_200_800_000),
    }
}

fn channel(gateway: &TestGateway, settings: &Gateway) -> SmsChannel {
    SmsChannel::Http(SmsHttp::open(settings, gateway.home()).unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

/// How one message fares with an answer, in both shapes.
async fn fares(says: Says) -> Result<String, SendError> {
    let gateway = TestGateway::start().await;
    gateway.plan([says, says]);
    let json = channel(&gateway, &gateway.json("timeout: 200ms")).send(&message()).await;
    let form = channel(&gateway, &gateway.form("timeout: 200ms")).send(&message()).await;
    assert_eq!(gateway.asked().len(), 2, "nothing is sent again by the channel itself");
    let kind = |sent: &Result<_, SendError>| {
        sent.as_ref().map_or_else(|error| std::mem::discriminant(error) == std::mem::discriminant(&SendError::Temporary(String::new())), |_| true)
    };
    assert_eq!(kind(&json), kind(&form), "{json:?} {form:?}");
    json.map(|receipt| receipt.detail)
}

fn temporary(sent: &Result<String, SendError>) -> bool {
    matches!(sent, Err(SendError::Temporary(_)))
}

#[tokio::test]
async fn a_json_gateway_gets_every_value_whole_and_the_key_as_its_id() {
    let gateway = TestGateway::start().await;
    let sent = channel(&gateway, &gateway.json("method: PUT")).send(&message()).await.unwrap();
    assert_eq!(sent.detail, r#"200 {"data":[{"code":0,"note":"queued"}]}"#);
    let [asked] = gateway.asked().try_into().unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str(), asked.header("content-type")), ("PUT", "/send?v=1", "application/json; charset=utf-8"));
    let message = message();
    let expected = json!({"account": "gl", "key": SECRET, "msgs": [
        {"to": PHONE, "content": message.text, "template": "T-7&8", "sign": "鄂州政务", "out_id": message.id}]});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&asked.body).unwrap(), expected);
}

#[tokio::test]
async fn a_form_gateway_gets_every_value_whole_and_the_secret_in_a_header() {
    let gateway = TestGateway::start().await;
    channel(&gateway, &gateway.form("")).send(&message()).await.unwrap();
    let [asked] = gateway.asked().try_into().unwrap();
    assert_eq!((asked.method.as_str(), asked.header("authorization")), ("POST", "Key hunter2 & co"));
    assert_eq!((asked.header("content-type"), asked.header("x-request-id")), ("application/x-www-form-urlencoded; charset=utf-8", message().id.as_str()));
    let pairs: Vec<(String, String)> = serde_html_form::from_str(&asked.body).unwrap();
    let message = message();
    let expected = [("mobile", PHONE), ("msg", &message.text), ("uid", &message.id), ("tpl", "T-7&8"), ("sign", "鄂州政务")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn busy_broken_or_silent_gateways_are_asked_again_later() {
    for says in [Says::This(500, "oops"), Says::This(503, ""), Says::This(429, "slow down"), Says::Hangs, Says::TakesAndBreaks] {
        let sent = fares(says).await;
        match says {
            // The form gateway's yes is its status, so a broken body still leaves it without a whole answer.
            Says::TakesAndBreaks => assert!(temporary(&sent), "{sent:?}"),
            Says::This(..) | Says::Hangs | Says::Redirects => assert!(temporary(&sent), "{says:?}: {sent:?}"),
        }
    }
    let gone = TestGateway::start().await;
    let settings = gone.json("");
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("secret"), SECRET).unwrap();
    drop(gone);
    let sent = SmsChannel::Http(SmsHttp::open(&settings, home.path()).unwrap()).send(&message()).await.map(|receipt| receipt.detail);
    assert!(temporary(&sent), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_of_the_message_is_for_good_unless_the_configuration_lists_it() {
    for status in [400, 401, 403, 404, 422] {
        let sent = fares(Says::This(status, "no")).await;
        assert!(matches!(sent, Err(SendError::Permanent(_))), "{status}: {sent:?}");
    }
    let gateway = TestGateway::start().await;
    gateway.plan([
        Says::This(409, "again"),
        Says::This(200, r#"{"data":[{"code":"LIMIT"}]}"#),
        Says::This(200, r#"{"data":[{"code":"BAD"}]}"#),
        Says::This(200, "<html>"),
    ]);
    let channel = channel(&gateway, &gateway.json("temporary: {status: 409, values: [LIMIT]}"));
    let mut kinds = Vec::new();
    for _ in 0..4 {
        kinds.push(match channel.send(&message()).await {
            Ok(_) => "taken",
            Err(SendError::Temporary(_)) => "later",
            Err(SendError::Permanent(_)) => "never",
        });
    }
    assert_eq!(kinds, ["later", "later", "never", "later"], "an answer that cannot be read may have been a yes");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sent = fares(Says::Redirects).await;
    assert_eq!(sent, Err(SendError::Temporary("expected an answer, found a redirect, which is not followed: 307".into())));
}

#[tokio::test]
async fn the_record_of_an_attempt_holds_no_number_no_text_and_no_secret() {
    let gateway = TestGateway::start().await;
    let said: &'static str = Box::leak(format!("no: {PHONE} {} {SECRET}\r\nX: y {}", message().text, "x".repeat(999)).into_boxed_str());
    gateway.plan([Says::This(400, said)]);
    let Err(SendError::Permanent(words)) = channel(&gateway, &gateway.json("")).send(&message()).await else { panic!("expected a refusal") };
    assert!(words.starts_with("400 no: (recipient) (text) (secret)  X: y x") && words.chars().count() == 300, "{words}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let gateway = TestGateway::start().await;
    let long: &'static str = Box::leak("x".repeat(1_000_000).into_boxed_str());
    gateway.plan([Says::This(200, long)]);
    let sent = channel(&gateway, &gateway.form("")).send(&message()).await.map(|receipt| receipt.detail);
    assert!(temporary(&sent), "{sent:?}");
}

#[test]
fn settings_that_cannot_be_used_are_named_at_start() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gateway = runtime.block_on(TestGateway::start());
    let settings = gateway.json("root-certificate: absent.pem");
    let secure = Gateway { url: "https://sms.example/send".into(), ..settings.clone() };
    std::fs::write(gateway.home().join("secret"), "").unwrap();
    let mistakes = SmsHttp::open(&secure, gateway.home()).map(|_| ()).unwrap_err();
    let shown: Vec<String> = mistakes.iter().map(|mistake| mistake.replace(&gateway.home().display().to_string(), "HOME")).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    sms.gateway.secret-file: expected a secret of one line in `HOME/secret`, found none
    sms.gateway.root-certificate: expected `HOME/absent.pem` to be a PEM file of certificates, found: I/O error: No such file or directory (os error 2)
    ");
}
