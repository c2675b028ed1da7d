//! A gateway of our own for tests: a real listener on a loopback port that answers as planned and keeps what it was sent.
//! Invariant: a request is in `asked` before it is answered, whatever the answer. Never: waits for a time to pass.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenlane::config::{Config, Gateway, SmsWay};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

pub const SECRET: &str = "hunter2 & co";

/// What it answers once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// A status and a body.
    This(u16, &'static str),
    /// A redirect to itself.
    Redirects,
    /// Nothing, until the other side goes away.
    Hangs,
    /// It takes the message, and the connection breaks before its answer is whole.
    TakesAndBreaks,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Record {
    plan: Mutex<VecDeque<Says>>,
    asked: Mutex<Vec<Asked>>,
    hung: Notify,
}

/// The gateway; it ends when dropped.
pub struct TestGateway {
    address: SocketAddr,
    record: Arc<Record>,
    pub home: tempfile::TempDir,
    _stop: DropGuard,
}

impl TestGateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, record, stop) = (listener.local_addr().unwrap(), Arc::new(Record::default()), CancellationToken::new());
        let (router, stopped) = (Router::new().fallback(answer).with_state(record.clone()), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => served.unwrap(),
                () = stopped.cancelled() => {}
            }
        });
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("secret"), format!("{SECRET}\n")).unwrap();
        Self { address, record, home, _stop: stop.drop_guard() }
    }

    /// Plans the coming answers; afterwards it says yes again.
    pub fn plan(&self, says: impl IntoIterator<Item = Says>) {
        self.record.plan.lock().unwrap().extend(says);
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forgets what is still planned.
    pub fn plan_nothing(&self) {
        self.record.plan.lock().unwrap().clear();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.record.asked.lock().unwrap().clone()
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Settings in the shape of a JSON gateway.
    pub fn json(&self, more: &str) -> Gateway {
        let body = r#"'{"account": "gl", "key": "{secret}", "msgs": [{"to": "{phone}", "content": "{text}", "template": "{template}", "sign": "{signature}", "out_id": "{id}"}]}'"#;
        self.read(&format!("content-type: json, body: {body}, secret-file: secret, success: {{status: 200, path: data.0.code, equals: '0'}}, {more}"))
    }

    /// Settings in the shape of a form gateway that only answers by status.
    pub fn form(&self, more: &str) -> Gateway {
        let headers = "headers: {Authorization: 'Key {secret}', X-Request-Id: '{id}'}";
        let body = "'mobile={phone}&msg={text}&uid={id}&tpl={template}&sign={signature}'";
        self.read(&format!("content-type: form, {headers}, body: {body}, secret-file: secret, success: {{status: [200, 202]}}, {more}"))
    }

    fn read(&self, fields: &str) -> Gateway {
        let text = format!("sms: {{gateway: {{url: 'http://{}/send?v=1', allow-http-loopback: true, {fields}}}}}", self.address);
        let config = Config::parse(&text, "greenlane.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        match config.sms.way {
            SmsWay::Gateway(gateway) => *gateway,
            other @ (SmsWay::Folder(_) | SmsWay::Smpp(_) | SmsWay::Cloud(_)) => panic!("expected a gateway, found {other:?}"),
        }
    }
}

const YES: &str = r#"{"data":[{"code":0,"note":"queued"}]}"#;

async fn answer(State(record): State<Arc<Record>>, method: Method, uri: axum::http::Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    record.asked.lock().unwrap().push(Asked { method, path, headers, body });
    let says = record.plan.lock().unwrap().pop_front().unwrap_or(Says::This(200, YES));
    match says {
        Says::This(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Says::Redirects => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        Says::Hangs => {
            record.hung.notified().await;
            StatusCode::OK.into_response()
        }
        Says::TakesAndBreaks => {
            let broken = futures::stream::iter([Ok(Bytes::from_static(b"{\"data\":")), Err(std::io::Error::other("broken"))]);
            axum::body::Body::from_stream(broken).into_response()
        }
    }
}
