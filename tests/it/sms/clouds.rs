//! The two clouds' own shapes in real HTTP dialogues, each request's signature worked out again on the other side, from the bytes that came.

use greenlane::channels::{SendError, ShortMessage, SmsChannel, SmsCloud};
use greenlane::config::{Config, SmsWay};
use greenlane::ids::Moment;
use greenlane::notice::{Context, Kind, Language, Signature, Templates};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::gateway::{Asked, SECRET, Says, TestGateway};

const ALIYUN_YES: &str = r#"{"Code":"OK","Message":"OK","BizId":"9006","RequestId":"F6"}"#;
const TENCENT_YES: &str = r#"{"Response":{"SendStatusSet":[{"SerialNo":"5000:1","Code":"Ok","Message":"send success"}],"RequestId":"a0"}}"#;

fn message() -> ShortMessage {
    let value = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    ShortMessage {
        id: "0123456789abcdef".into(),
        to: "+8613900000000".into(),
        text: "【鄂州政务】新待办：GC20250001环评，4月22日到期。".into(),
        template: "SMS_7".into(),
        values: vec![value("no", "GC20250001"), value("item", "环评 & \"书\""), value("due", "4月22日")],
        signature: "鄂州政务".into(),
        date: Moment(0),
    }
}

fn channel(gateway: &TestGateway, cloud: &str) -> SmsChannel {
    let text = format!("sms: {{{cloud}, key-id: AKID7, secret-file: secret, url: 'http://{}', allow-http-loopback: true}}}}", gateway.address());
    let config = Config::parse(&text, "greenlane.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let SmsWay::Cloud(cloud) = config.sms.way else { panic!("{:?}", config.sms.way) };
    SmsChannel::Cloud(SmsCloud::open(&cloud, gateway.home()).unwrap())
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The parts of `Authorization` after the algorithm.
fn authorization<'a>(asked: &'a Asked, algorithm: &str) -> Vec<(&'a str, &'a str)> {
    let rest = asked.header("authorization").strip_prefix(algorithm).unwrap_or_else(|| panic!("{asked:?}"));
    rest.split(',').map(|part| part.trim().split_once('=').unwrap()).collect()
}

/// The canonical request, of the headers it names as they arrived; those with capitals in their value as their rule wants them.
fn canonical(asked: &Asked, names: &str) -> String {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let value = |name: &str| if name == "x-tc-action" { asked.header(name).to_lowercase() } else { asked.header(name).to_owned() };
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", value(name))).collect();
    format!("{}\n{path}\n{query}\n{headers}\n{names}\n{}", asked.method, sha(asked.body.as_bytes()))
}

#[tokio::test]
async fn aliyun_gets_template_values_and_key_under_a_signature_that_holds() {
    let gateway = TestGateway::start().await;
    gateway.plan([Says::This(200, ALIYUN_YES)]);
    let sent = channel(&gateway, "aliyun: {timeout: 10s").send(&message()).await.unwrap();
    assert_eq!(sent.detail, "200 OK 9006");
    let [asked] = gateway.asked().try_into().unwrap();
    let query: Vec<(String, String)> = serde_html_form::from_str(asked.path.split_once('?').unwrap().1).unwrap();
    let of = |name: &str| query.iter().find(|(found, _)| found == name).unwrap().1.clone();
    assert_eq!(
        (of("PhoneNumbers"), of("SignName"), of("TemplateCode"), of("OutId")),
        ("13900000000".into(), "鄂州政务".into(), "SMS_7".into(), "0123456789abcdef".into())
    );
    assert_eq!(serde_json::from_str::<Value>(&of("TemplateParam")).unwrap(), json!({"no": "GC20250001", "item": "环评 & \"书\"", "due": "4月22日"}));
    assert_eq!((asked.header("x-acs-action"), asked.header("x-acs-version")), ("SendSms", "2017-05-25"));
    assert!(query.iter().map(|(name, _)| name).is_sorted() && asked.body.is_empty());
    let parts = authorization(&asked, "ACS3-HMAC-SHA256 ");
    let [("Credential", "AKID7"), ("SignedHeaders", names), ("Signature", signature)] = parts[..] else { panic!("{parts:?}") };
    for needed in ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"] {
        assert!(names.split(';').any(|name| name == needed), "{needed} is not signed");
    }
    assert_eq!(asked.header("x-acs-content-sha256"), sha(b""));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha(canonical(&asked, names).as_bytes()));
    assert_eq!(signature, hex::encode(mac(SECRET.as_bytes(), &to_sign)));
    assert!(!format!("{asked:?}").contains(SECRET));
}

#[tokio::test]
async fn tencent_gets_values_in_order_under_a_signature_that_holds() {
    let gateway = TestGateway::start().await;
    gateway.plan([Says::This(200, TENCENT_YES)]);
    let sent = channel(&gateway, "tencent: {app-id: '1400006666'").send(&message()).await.unwrap();
    assert_eq!(sent.detail, "200 Ok 5000:1");
    let [asked] = gateway.asked().try_into().unwrap();
    let expected = json!({"PhoneNumberSet": ["+8613900000000"], "SmsSdkAppId": "1400006666", "SignName": "鄂州政务", "TemplateId": "SMS_7",
        "TemplateParamSet": ["GC20250001", "环评 & \"书\"", "4月22日"], "SessionContext": "0123456789abcdef"});
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), expected);
    assert_eq!((asked.header("x-tc-action"), asked.header("x-tc-version"), asked.header("x-tc-region")), ("SendSms", "2021-01-11", "ap-guangzhou"));
    let parts = authorization(&asked, "TC3-HMAC-SHA256 ");
    let [("Credential", credential), ("SignedHeaders", names), ("Signature", signature)] = parts[..] else { panic!("{parts:?}") };
    let timestamp: i64 = asked.header("x-tc-timestamp").parse().unwrap();
    let date = chrono::DateTime::from_timestamp(timestamp, 0).unwrap().format("%Y-%m-%d").to_string();
    assert_eq!(credential, format!("AKID7/{date}/sms/tc3_request"));
    let to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/sms/tc3_request\n{}", sha(canonical(&asked, names).as_bytes()));
    let key = mac(&mac(&mac(format!("TC3{SECRET}").as_bytes(), &date), "sms"), "tc3_request");
    assert_eq!((names, signature), ("content-type;host;x-tc-action", hex::encode(mac(&key, &to_sign)).as_str()));
    assert!(!format!("{asked:?}").contains(SECRET));
}

#[tokio::test]
async fn an_answer_about_the_message_parks_it_and_any_other_is_tried_later() {
    let answers = [
        ("aliyun: {timeout: 10s", 400, r#"{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}"#, false),
        ("aliyun: {timeout: 10s", 400, r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL"}"#, true),
        ("aliyun: {timeout: 10s", 403, r#"{"Code":"SignatureDoesNotMatch"}"#, true),
        ("aliyun: {timeout: 10s", 200, "gateway", true),
        ("tencent: {app-id: '1'", 200, r#"{"Response":{"SendStatusSet":[{"Code":"FailedOperation.PhoneNumberInBlacklist"}]}}"#, false),
        ("tencent: {app-id: '1'", 200, r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure"}}}"#, true),
        ("tencent: {app-id: '1'", 500, "", true),
    ];
    for (cloud, status, body, temporary) in answers {
        let gateway = TestGateway::start().await;
        gateway.plan([Says::This(status, body)]);
        let sent = channel(&gateway, cloud).send(&message()).await.unwrap_err();
        assert_eq!(matches!(sent, SendError::Temporary(_)), temporary, "{status} {body}: {sent}");
        assert!(!sent.to_string().contains("139"), "{sent}");
    }
    let gateway = TestGateway::start().await;
    let mut lacking = message();
    lacking.values.push(("until".into(), None));
    let sent = channel(&gateway, "aliyun: {timeout: 10s").send(&lacking).await;
    assert!(matches!(&sent, Err(SendError::Permanent(text)) if text.contains("`until`")), "{sent:?}");
    assert!(gateway.asked().is_empty(), "a template with a hole in it is not sent");
}

#[test]
fn the_values_of_a_text_stand_in_the_order_of_its_places() {
    let templates = Templates::embedded(Signature::default()).unwrap();
    let item = greenlane::ids::Text { zh: "环评".into(), en: "EIA".into() };
    let due = chrono::NaiveDate::from_ymd_opt(2025, 4, 22);
    let context = Context { no: "GC20250001".into(), item, due, ..Context::default() };
    let values = templates.short_values(Kind::OYellow, Language::Zh, &context);
    let names: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.is_some())).collect();
    assert_eq!(names, [("no", true), ("item", true), ("left", false), ("due", true)]);
}
