//! Somebody at a browser without a script: addresses, forms and files over HTTP, with a session; nothing is followed and nothing is remembered.

use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::browser::house::House;
use crate::spine::node::Where;

/// A house with a client.
pub struct Desk {
    pub house: House,
    http: reqwest::Client,
}

/// What a form sends.
pub struct Body {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Where a 303 leads.
    pub fn to(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.body());
        self.header("location").to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", self.body()))
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let body = self.body();
        let (_, rest) = body.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no hidden {name}: {body}"));
        let value = rest.split('"').next().unwrap();
        value.replace("&#x3D;", "=").replace("&quot;", "\"").replace("&amp;", "&")
    }

    pub fn says(&self, text: &str) -> &Self {
        assert!(self.body().contains(text), "expected “{text}” in {} {}", self.status, self.body());
        self
    }
}

impl Desk {
    pub async fn open(place: Where) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(60)).build().unwrap();
        Self { house: House::open(place).await, http }
    }

    fn request(&self, method: &str, login: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.house.origin()));
        request.header("cookie", format!("gl_session={}", self.house.session(login))).header("sec-fetch-site", "same-origin")
    }

    pub async fn get(&self, login: &str, path: &str) -> Answer {
        answered(self.request("GET", login, path)).await
    }

    pub async fn post(&self, login: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(login, path, &urlencoded(pairs)).await
    }

    /// Sends a form as somebody signed in.
    pub async fn send(&self, login: &str, path: &str, body: &Body) -> Answer {
        answered(self.request("POST", login, path).header("content-type", body.kind).body(body.bytes.clone())).await
    }

    /// The same after the session ended; also what is sent by somebody who is not signed in.
    pub async fn send_too_late(&self, path: &str, body: &Body) -> Answer {
        self.send_with("00", path, body).await
    }

    /// Looks at a page without a session.
    pub async fn get_as_nobody(&self, path: &str) -> Answer {
        answered(self.http.get(format!("{}{path}", self.house.origin()))).await
    }

    /// Sends a form with a session of one's own.
    pub async fn send_with(&self, session: &str, path: &str, body: &Body) -> Answer {
        let request = self.http.post(format!("{}{path}", self.house.origin())).header("sec-fetch-site", "same-origin");
        answered(request.header("cookie", format!("gl_session={session}")).header("content-type", body.kind).body(body.bytes.clone())).await
    }

    /// Looks at a page with it.
    pub async fn get_with(&self, session: &str, path: &str) -> Answer {
        answered(self.http.get(format!("{}{path}", self.house.origin())).header("cookie", format!("gl_session={session}"))).await
    }

    /// Sends a form whole and goes away before any answer: the connection is gone.
    pub async fn send_and_lose(&self, session: &str, path: &str, body: &Body) {
        self.send_and_stay(session, path, body).await;
    }

    /// Sends a form whole and leaves the connection open, for somebody to leave by.
    pub async fn send_and_stay(&self, session: &str, path: &str, body: &Body) -> tokio::net::TcpStream {
        let address = self.house.node.address();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncookie: gl_session={session}\r\nsec-fetch-site: same-origin\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
            body.kind,
            body.bytes.len()
        );
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(&[head.as_bytes(), &body.bytes].concat()).await.unwrap();
        connection.flush().await.unwrap();
        connection
    }

    /// As the script saves while somebody types.
    pub async fn autosave(&self, login: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let Body { kind, bytes } = urlencoded(pairs);
        answered(self.request("POST", login, path).header("content-type", kind).header("accept", "application/json").body(bytes)).await
    }

    pub async fn upload(&self, login: &str, path: &str, name: &str, content: &[u8]) -> Answer {
        self.send(login, path, &with_file(&[], name, content)).await
    }

    /// Begins an application and gives its address.
    pub async fn begin(&self, login: &str) -> String {
        self.post(login, "/apply", &[("workflow", "green-channel")]).await.to()
    }

    /// Fills in every section of an application with a submission.
    pub async fn fill(&self, login: &str, draft: &str, form: &Value) {
        let sections = sections();
        for index in 0..sections {
            let page = format!("{draft}/sections/{index}");
            let pairs = typed(form, index);
            if pairs.is_empty() {
                continue;
            }
            let seen = self.get(login, &page).await.hidden("seen");
            let mut pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            pairs.push(("seen", &seen));
            let next = self.post(login, &page, &pairs).await.to();
            assert!(next.starts_with(draft), "{next}");
        }
    }

    /// Sends an application and gives the case.
    pub async fn file(&self, login: &str, form: &Value) -> String {
        let draft = self.begin(login).await;
        self.fill(login, &draft, form).await;
        let receipt = self.post(login, &format!("{draft}/check"), &[]).await.to();
        receipt.strip_prefix("/receipts/").unwrap().to_owned()
    }

    pub async fn close(self) {
        self.house.close().await;
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

/// The fields of a form, as a browser sends them.
pub fn urlencoded(pairs: &[(&str, &str)]) -> Body {
    let body = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&");
    Body { kind: "application/x-www-form-urlencoded", bytes: body.into_bytes() }
}

/// The same with a file.
pub fn with_file(pairs: &[(&str, &str)], name: &str, content: &[u8]) -> Body {
    let mut bytes = Vec::new();
    for (name, value) in pairs {
        bytes.extend_from_slice(format!("--XyZ\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = format!("--XyZ\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/pdf\r\n\r\n");
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(b"\r\n--XyZ--\r\n");
    Body { kind: "multipart/form-data; boundary=XyZ", bytes }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn application() -> greenlane::forms::Form {
    greenlane::forms::Form::parse(include_str!("../../../workflows/forms/green-channel.yaml"), "green-channel.yaml").unwrap()
}

pub fn sections() -> usize {
    application().pages.iter().map(|page| page.sections.len()).sum()
}

/// What somebody types into a section to say what a submission says.
pub fn typed(form: &Value, section: usize) -> Vec<(String, String)> {
    let views = greenlane::web::fields::view(&application(), Some(section), form, &[], greenlane::notice::Language::Zh);
    let mut pairs = Vec::new();
    views.iter().flat_map(|view| &view.fields).for_each(|field| post(field, &mut pairs));
    pairs
}

fn post(field: &greenlane::web::fields::FieldView, pairs: &mut Vec<(String, String)>) {
    let chosen = field.choices.iter().find(|choice| choice.chosen).map(|choice| choice.value.clone());
    match field.shape {
        "radio" => pairs.extend(chosen.map(|value| (field.name.clone(), value))),
        "select" => pairs.push((field.name.clone(), chosen.unwrap_or_default())),
        "rows" => field.rows.iter().flat_map(|row| &row.fields).for_each(|inner| post(inner, pairs)),
        "file" => {}
        _ => pairs.push((field.name.clone(), field.value.clone())),
    }
}
