//! A node behind its listener, with a client that follows nothing and remembers nothing.

use greenlane::app::App;
use greenlane::app::failure::Failure;
use greenlane::app::login::Attempt;
use greenlane::app::people::Change;
use greenlane::boot::Node as Server;
use greenlane::clock::real;
use greenlane::config::{Config, Role};
use greenlane::identity::Actor;
use greenlane::ids::{Digest, PersonId, Tenant};
use greenlane::notice::Kind;
use greenlane::store::SessionRow;

use crate::spine::node::{Node, Where};

pub const PASSWORD: &str = "juan-yun-shu-shan";

pub struct House {
    pub server: Server,
    /// This node, and a second one where two can be.
    pub nodes: Vec<App>,
    pub tenant: Tenant,
    http: reqwest::Client,
    place: Where,
}

/// An answer, whole.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    pub fn set_cookie(&self) -> &str {
        self.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {} {}", self.status, self.body))
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?;
        let value = rest.split('"').next()?;
        Some(value.replace("&#x3D;", "=").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    }
}

/// The cookie of an answer, as a browser sends it back.
pub fn cookie(answer: &Answer) -> String {
    answer.set_cookie().split(';').next().unwrap().to_owned()
}

/// What a browser on one address tries.
pub fn attempt(login: &str, password: &str) -> Attempt {
    Attempt { login: login.to_owned(), password: password.to_owned(), address: "203.0.113.5".to_owned(), agent: "test".to_owned(), before: None }
}

/// The code of a refusal.
pub fn code<T>(answer: Result<T, Failure>) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(Failure::Refused(refusal)) => refusal.code,
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

impl House {
    pub async fn open(place: Where) -> Self {
        Self::open_with(place, Config::default()).await
    }

    pub async fn open_with(place: Where, config: Config) -> Self {
        let node = Node::open(place).await;
        let nodes = node.nodes().await;
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..config };
        let server = Server::listen(node.app, node.crew, shared, &config).await.unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { server, nodes, tenant: node.tenant, http, place: node.place }
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send("GET", path, cookie, &[], None).await
    }

    pub async fn post(&self, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        self.post_from(path, cookie, &[("sec-fetch-site", "same-origin")], fields).await
    }

    pub async fn post_from(&self, path: &str, cookie: Option<&str>, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        let body = serde_html_form::to_string(fields).unwrap();
        self.send("POST", path, cookie, &headers, Some(body)).await
    }

    pub async fn send(&self, method: &str, path: &str, cookie: Option<&str>, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.origin()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    pub async fn enter(&self, login: &str, password: &str) -> Answer {
        self.post("/sign-in", None, &[("login", login), ("password", password)]).await
    }

    pub async fn person(&self, login: &str) -> PersonId {
        let known = self.nodes[0].known(self.tenant).await.unwrap();
        known.roster.people.values().find(|person| person.login == login).unwrap_or_else(|| panic!("no {login}")).id
    }

    /// A session without the sign-in page; answers its token.
    pub async fn session(&self, login: &str) -> String {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).unwrap();
        let token = hex::encode(bytes);
        let (now, person) = (real(), self.person(login).await);
        let row = SessionRow { digest: Digest::of(token.as_bytes()), tenant: self.tenant, person, begun: now, seen: now, agent: "test".to_owned() };
        self.nodes[0].store().begin_session(&row, None, None).await.unwrap();
        token
    }

    pub async fn cookie_of(&self, login: &str) -> String {
        format!("gl_session={}", self.session(login).await)
    }

    /// Sets a password as an invitation does.
    pub async fn set_password(&self, login: &str) {
        let person = self.person(login).await;
        let link = self.nodes[0].link_for(Kind::Invitation, self.tenant, person, real()).await.unwrap().unwrap();
        let token = link.strip_prefix("/invitation/").unwrap();
        self.nodes[0].accept_invitation(token, PASSWORD.to_owned(), real()).await.unwrap_or_else(|failure| panic!("{failure}"));
    }

    pub async fn disable(&self, login: &str) {
        let operator = Actor::Operator("test".to_owned());
        let change = Change::Disable { login: login.to_owned() };
        // On the other node where there is one: the end of access is everybody's.
        let app = self.nodes.last().unwrap();
        app.manage(self.tenant, operator, None, &change).await.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Everything due happens; answers the mails so far, decoded, in no order.
    pub async fn mails(&self) -> Vec<String> {
        self.server.crew.drain().await.unwrap();
        let Ok(entries) = std::fs::read_dir(self.place.home.path().join("outbox")) else { return Vec::new() };
        entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// The path of the link in a mail to `address`.
    pub async fn link(&self, address: &str, path: &str) -> Option<String> {
        let begin = format!("{}/{path}/", self.origin());
        let mails = self.mails().await;
        let mail = mails.into_iter().filter(|mail| mail.contains(address)).find(|mail| mail.contains(&begin))?;
        let rest = mail.split_once(&begin)?.1.to_owned();
        let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        Some(format!("/{path}/{token}"))
    }

    /// Everything the database holds, as text, to look for what must not be there.
    pub async fn whole_database(&self) -> String {
        let rows = match &self.place.database {
            Some(database) => {
                let tables = database.sql(
                    "select string_agg(relname, ' ') from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'public' and relkind = 'r'",
                );
                tables.split_whitespace().map(|table| database.sql(&format!("select encode(convert_to(t::text, 'utf8'), 'escape') from {table} t"))).collect()
            }
            None => {
                let folder = self.place.home.path();
                let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
                files.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect::<Vec<_>>()
            }
        };
        rows.join("\n")
    }
}
