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
        answered(self.posting(login, path, pairs)).await
    }

    /// The same after the session ended.
    pub async fn post_too_late(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let over = self.posting("chen", path, pairs).build().unwrap();
        let request = self.http.post(over.url().clone()).header("sec-fetch-site", "same-origin").header("cookie", "gl_session=00");
        let body = over.body().and_then(reqwest::Body::as_bytes).unwrap().to_vec();
        answered(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    }

    /// Sends a form whole and goes away before any answer: the connection is gone.
    pub async fn post_and_lose(&self, login: &str, path: &str, pairs: &[(&str, &str)]) {
        let body = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&");
        let address = self.house.node.address();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncookie: gl_session={}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
            self.house.session(login),
            body.len()
        );
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        connection.flush().await.unwrap();
    }

    /// As the script saves while somebody types.
    pub async fn autosave(&self, login: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        answered(self.posting(login, path, pairs).header("accept", "application/json")).await
    }

    fn posting(&self, login: &str, path: &str, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&");
        self.request("POST", login, path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub async fn upload(&self, login: &str, path: &str, name: &str, content: &[u8]) -> Answer {
        let mut body =
            format!("--XyZ\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/pdf\r\n\r\n").into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--XyZ--\r\n");
        answered(self.request("POST", login, path).header("content-type", "multipart/form-data; boundary=XyZ").body(body)).await
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

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn application() -> greenlane::forms::Form {
    greenlane::forms::Form::parse(include_str!("../../../workflows/forms/green-channel.yaml"), "green-channel.yaml").unwrap()
}

fn sections() -> usize {
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
