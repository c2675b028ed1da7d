//! Delivery receipts over HTTP: who is believed, what is kept, and that the same said twice is one.

use greenlane::boot::Node as Server;
use greenlane::config::{Config, Proof, ReceiptRules, Role, SecretFrom, Sms, SmsWay};
use greenlane::ids::{CaseId, Tenant};
use greenlane::notice::Kind;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::gateway::TestGateway;
use super::leaves::approve;
use crate::spine::node::{Node, Where, on_both};

const SECRET: &str = "receipts' own secret";

/// A node behind its listener, with one short message on its way.
struct Post {
    server: Server,
    http: reqwest::Client,
    tenant: Tenant,
    case: CaseId,
    key: String,
    _place: Where,
}

impl Post {
    async fn open(place: Where, proof: Proof) -> Self {
        let gateway = TestGateway::start().await;
        std::fs::write(place.home.path().join("receipt-secret"), SECRET).unwrap();
        let path = |text: &str| vec![text.to_owned()];
        let rules = ReceiptRules {
            proof,
            header: "x-sign".into(),
            secret: SecretFrom::File("receipt-secret".into()),
            id: path("id"),
            state: path("state"),
            delivered: path("DELIVRD"),
            failed: Vec::new(),
            words: Some(path("note")),
            answer: r#"{"code":0}"#.into(),
        };
        let mut settings = gateway.json("");
        settings.secret = Some(SecretFrom::File(gateway.home().join("secret")));
        settings.receipt = Some(rules);
        let sms = Sms { way: SmsWay::Gateway(Box::new(settings)), ..Sms::default() };
        let config = Config { sms, listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let node = Node::open_with(config.clone(), place).await;
        approve(&node, Kind::OTask).await;
        let case = node.start("pair", None).await.unwrap();
        node.crew.drain().await.unwrap();
        assert_eq!(gateway.asked().len(), 2);
        let lines = node.app.notices(node.tenant, case).await.unwrap();
        let key = lines.into_iter().find(|line| line.channel == "sms").unwrap().key;
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let server = Server::listen(node.app, node.crew, shared, &config).await.unwrap();
        Self { server, http: reqwest::Client::new(), tenant: node.tenant, case, key, _place: node.place }
    }

    /// Posts a body as a gateway somewhere else would; answers with status and text.
    async fn post(&self, sign: Option<&str>, kind: &str, body: &str) -> (u16, String) {
        let address = format!("http://{}/channels/sms/receipts", self.server.address());
        // What a browser would send along with a forged form must not matter here, nor must its absence.
        let mut request = self.http.post(address).header("Content-Type", kind).header("Origin", "https://gateway.example").body(body.to_owned());
        if let Some(sign) = sign {
            request = request.header("X-Sign", sign);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The receipts kept with the message.
    async fn kept(&self) -> Vec<(bool, String)> {
        let lines = self.server.app.notices(self.tenant, self.case).await.unwrap();
        let line = lines.into_iter().find(|line| line.key == self.key).unwrap();
        line.receipts.into_iter().map(|receipt| (receipt.delivered, receipt.words)).collect()
    }

    fn body(&self, state: &str) -> String {
        format!(r#"{{"id":"{}","state":"{state}","note":"说明"}}"#, self.key)
    }
}

fn hmac(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

#[test]
fn a_receipt_with_the_shared_secret_is_kept_once_and_parks_what_did_not_arrive() {
    on_both(async |place: Where| {
        let post = Post::open(place, Proof::Secret).await;
        let failed = post.body("UNDELIV");
        assert_eq!(post.post(Some(SECRET), JSON, &failed).await, (200, r#"{"code":0}"#.to_owned()));
        assert_eq!(post.post(Some(SECRET), JSON, &failed).await.0, 200, "the same again is taken and changes nothing");
        assert_eq!(post.kept().await, [(false, "UNDELIV 说明".to_owned())]);
        let form = format!("id={}&state=DELIVRD", post.key);
        assert_eq!(post.post(Some(SECRET), FORM, &form).await.0, 200);
        assert_eq!(post.kept().await, [(false, "UNDELIV 说明".to_owned()), (true, "DELIVRD".to_owned())]);
        // Another message's receipt in the same request does not go lost because one id is nobody's.
        let list = format!(r#"[{{"id":"nobody","state":"DELIVRD"}},{}]"#, post.body("DELIVRD"));
        assert_eq!(post.post(Some(SECRET), JSON, &list).await.0, 200);
        assert_eq!(post.kept().await.len(), 3);
        let line = post.server.app.notices(post.tenant, post.case).await.unwrap().into_iter().find(|line| line.key == post.key).unwrap();
        // The mail of the same notice went already, so nothing else is sent; an operator sees that the short message came back.
        assert_eq!((line.sent, line.attempts.len(), line.follows), (Some(false), 1, None));
        post.server.stop().await;
    });
}

#[test]
fn what_is_not_proven_known_or_readable_is_refused_and_leaves_nothing() {
    on_both(async |place: Where| {
        let post = Post::open(place, Proof::Secret).await;
        let body = post.body("DELIVRD");
        let near = &SECRET[..SECRET.len() - 1];
        for sign in [None, Some(""), Some(near), Some("wrong"), Some("receipts' own secret!")] {
            let (status, text) = post.post(sign, JSON, &body).await;
            assert!(status == 401 && text.contains("receipt_unproven"), "{sign:?}: {status} {text}");
        }
        let (status, text) = post.post(Some(SECRET), JSON, r#"{"id":"nobody","state":"DELIVRD"}"#).await;
        assert!(status == 404 && text.contains("no_such_notice"), "{status} {text}");
        let mail = post.server.app.notices(post.tenant, post.case).await.unwrap().into_iter().find(|line| line.channel == "mail").unwrap().key;
        assert_eq!(post.post(Some(SECRET), JSON, &format!(r#"{{"id":"{mail}","state":"DELIVRD"}}"#)).await.0, 404, "a mail has no such receipt");
        for broken in ["", "[", "7", r#"{"id":"x"}"#] {
            assert_eq!(post.post(Some(SECRET), JSON, broken).await.0, 400, "{broken}");
        }
        assert_eq!(post.post(Some(SECRET), JSON, &" ".repeat(70_000)).await.0, 413);
        assert_eq!(post.kept().await, []);
        post.server.stop().await;
    });
}

#[test]
fn a_receipt_signed_over_its_body_is_believed_and_any_other_is_not() {
    on_both(async |place: Where| {
        let post = Post::open(place, Proof::Hmac).await;
        let (body, other) = (post.body("DELIVRD"), post.body("UNDELIV"));
        assert_eq!(post.post(Some(&hmac(&body)), JSON, &other).await.0, 401);
        assert_eq!(post.post(Some(SECRET), JSON, &body).await.0, 401, "the secret itself proves nothing here");
        assert_eq!(post.kept().await, []);
        assert_eq!(post.post(Some(&hmac(&body)), JSON, &body).await.0, 200);
        assert_eq!(post.post(Some(&hmac(&body)), JSON, &body).await.0, 200, "played back, it changes nothing");
        assert_eq!(post.kept().await, [(true, "DELIVRD 说明".to_owned())]);
        post.server.stop().await;
    });
}

#[test]
fn without_a_gateway_there_is_nobody_to_send_receipts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let node = Node::open(Where::sqlite()).await;
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let server = Server::listen(node.app, node.crew, shared, &config).await.unwrap();
        let asked = reqwest::Client::new().post(format!("http://{}/channels/sms/receipts", server.address())).body("{}").send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 404);
        server.stop().await;
    });
}
