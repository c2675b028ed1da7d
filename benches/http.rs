//! The same case through HTTP: the real router on a loopback listener, a keep-alive connection and a bearer token for each client.
//! Invariant: every command is a request of its own, answered with the status a browser would see.
//! Never: a client library, whose cost on the same two cores would be counted as ours.

use std::sync::Arc;

use greenlane::app::App;
use greenlane::boot::Node;
use greenlane::clock::Clock;
use greenlane::identity::Actor;
use greenlane::ids::PersonId;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::Words;
use crate::drive::{Command, Peer, TASKS, drive};
use crate::floor::{opinion, submission};
use crate::measure::{Growth, file_space, row, runtime};
use crate::node::{Addresses, MORNING, Place, Plan, TENANT, outcome, plant, rehearse};

/// The plan with a token for everybody in it.
struct Tokens {
    plan: Arc<Plan>,
    applicant: String,
    doers: Vec<String>,
}

impl Tokens {
    async fn hand_out(app: &App, plan: Arc<Plan>) -> Arc<Self> {
        let handed = app.hand_out_tokens(TENANT, Actor::Operator("bench".to_owned()), 30).await.unwrap_or_else(|failure| panic!("{failure}"));
        let of = |wanted: PersonId| handed.iter().find(|(person, _)| person.id == wanted).map(|(_, token)| token.clone()).unwrap();
        Arc::new(Self { applicant: of(plan.applicant), doers: plan.doers.iter().map(|doer| of(*doer)).collect(), plan })
    }
}

/// A client with a connection of its own.
pub struct Client {
    stream: BufReader<TcpStream>,
    tokens: Arc<Tokens>,
    submission: String,
    case: String,
    line: String,
}

impl Client {
    async fn connect(address: std::net::SocketAddr, tokens: Arc<Tokens>) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let submission = json!({ "workflow": "thirteen", "form": submission() }).to_string();
        Self { stream: BufReader::new(stream), tokens, submission, case: String::new(), line: String::new() }
    }

    pub async fn act(&mut self, command: Command) {
        let tokens = self.tokens.clone();
        match command {
            Command::Start(_) => {
                let body = std::mem::take(&mut self.submission);
                let answer = self.post("/api/v1/cases", &tokens.applicant, &body).await;
                self.submission = body;
                self.case = answer["case"].as_str().unwrap().to_owned();
            }
            Command::Claim(_, task) => {
                let (path, token) = self.task(task, "claim", &tokens);
                self.post(&path, token, "").await;
            }
            Command::Complete(_, task) => {
                let (path, token) = self.task(task, "complete", &tokens);
                let outcome = outcome(usize::try_from(task).unwrap());
                let body = json!({ "outcome": outcome, "opinion": "documents complete", "fields": opinion() });
                self.post(&path, token, &body.to_string()).await;
            }
        }
    }

    fn task<'t>(&self, task: i64, verb: &str, tokens: &'t Tokens) -> (String, &'t str) {
        let place = usize::try_from(task).unwrap();
        assert!(task < TASKS);
        (format!("/api/v1/cases/{}/tasks/{}/{verb}", self.case, tokens.plan.tasks[place]), &tokens.doers[place])
    }

    async fn post(&mut self, path: &str, token: &str, body: &str) -> Value {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).await.unwrap();
        let (mut status, mut length) = (String::new(), 0);
        loop {
            self.line.clear();
            self.stream.read_line(&mut self.line).await.unwrap();
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_empty() {
                line.clone_into(&mut status);
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await.unwrap();
        assert!(status.starts_with("HTTP/1.1 20"), "{path}: {status} {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }
}

/// A listening node over a planted database, and its clients.
async fn listen(place: &Place, clients: usize, addresses: Addresses) -> (Node, Vec<Peer>) {
    let clock = Clock::moved_to(MORNING);
    let (app, crew) = plant(place, &clock, addresses).await;
    let tokens = Tokens::hand_out(&app, rehearse(&app).await).await;
    drop((app, crew));
    // On SQLite the first writer's lock is given back when its thread has ended.
    drop(place.open(&clock).await);
    let node = loop {
        match Node::start(place.start(&clock)).await {
            Ok(node) => break node,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    };
    let mut peers = Vec::new();
    for _ in 0..clients {
        peers.push(Peer::Http(Client::connect(node.address(), tokens.clone()).await));
    }
    (node, peers)
}

pub fn sqlite(words: &Words) -> Value {
    let (clients, seconds, place) = (words.number(0, 32), words.number(1, 5), Place::sqlite(words, 2));
    runtime().block_on(async {
        let (_node, peers) = listen(&place, clients, Addresses::asked(words, 3)).await;
        let seen = drive(peers, seconds).await;
        row("http-sqlite", clients, seen, file_space(&place.home.join("greenlane.db")))
    })
}

pub fn postgres(words: &Words) -> Value {
    let (clients, seconds, place) = (words.number(0, 8), words.number(1, 5), Place::postgres(words, 2));
    runtime().block_on(async {
        let (_node, peers) = listen(&place, clients, Addresses::asked(words, 5)).await;
        let mut admin = PgConnection::connect(&words.text(2, "the owner's URL")).await.unwrap();
        let growth = Growth::from_here(&mut admin).await;
        let seen = drive(peers, seconds).await;
        row("http-pg", clients, seen, growth.until_here(&mut admin).await)
    })
}
