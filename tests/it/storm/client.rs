//! A client that drives cases over HTTP through a server that keeps dying, and remembers every answer it got.
//! Invariant: a command whose answer did not come is sent again with the same key until one comes. Never: a new key for an old command.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use greenlane::ids::PersonId;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long one answer may take before it is asked for again.
const ANSWER_S_MAX: u64 = 20;

/// Somebody who may do a step, and the step's task in every case.
#[derive(Clone, Debug)]
pub struct Hand {
    pub person: PersonId,
    pub token: String,
    pub task: u32,
    pub outcome: &'static str,
}

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Cast {
    pub applicant: PersonId,
    pub applicant_token: String,
    pub hands: Vec<Hand>,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Start,
    Claim(usize),
    Complete(usize),
}

/// An acknowledged command.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub key: Uuid,
    pub asked: Asked,
    pub case: String,
    pub version: i64,
    /// Sent more than once, because an answer did not come.
    pub unknown: bool,
    /// The answer said that it had been done before.
    pub repeated: bool,
}

/// What a client remembers.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    pub acknowledged: Vec<Acknowledged>,
    /// Answers that cannot be if everything acknowledged is there.
    pub surprises: Vec<String>,
}

#[derive(Deserialize)]
struct Receipt {
    case: String,
    version: i64,
    repeated: bool,
}

/// Drives cases, one after the other, until told to stop.
pub async fn drive(cast: Arc<Cast>, address: watch::Receiver<Option<SocketAddr>>, stop: CancellationToken) -> Journal {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(ANSWER_S_MAX)).build().unwrap();
    let mut client = Client { http, address, journal: Journal::default() };
    while !stop.is_cancelled() {
        if let Err(surprise) = client.case(&cast, &stop).await {
            client.journal.surprises.push(surprise);
        }
    }
    client.journal
}

struct Client {
    http: reqwest::Client,
    address: watch::Receiver<Option<SocketAddr>>,
    journal: Journal,
}

impl Client {
    async fn case(&mut self, cast: &Cast, stop: &CancellationToken) -> Result<(), String> {
        let case = self.ask(Asked::Start, "/api/v1/cases", &cast.applicant_token, json!({"workflow": "storm"})).await?;
        for (place, hand) in cast.hands.iter().enumerate() {
            let path = format!("/api/v1/cases/{case}/tasks/{}", hand.task);
            let answer = json!({"outcome": hand.outcome, "opinion": "同意。"});
            for (asked, verb, body) in [(Asked::Claim(place), "claim", json!({})), (Asked::Complete(place), "complete", answer)] {
                if stop.is_cancelled() {
                    return Ok(());
                }
                self.ask(asked, &format!("{path}/{verb}"), &hand.token, body).await?;
            }
        }
        Ok(())
    }

    /// Has one command acknowledged, whatever happens to the server; answers with the case.
    async fn ask(&mut self, asked: Asked, path: &str, token: &str, body: Value) -> Result<String, String> {
        let key = Uuid::now_v7();
        let mut unknown = false;
        loop {
            let address = self.address.wait_for(Option::is_some).await.unwrap().unwrap();
            let request = self.http.post(format!("http://{address}{path}")).bearer_auth(token).header("Idempotency-Key", key.to_string()).json(&body);
            let Ok(response) = request.send().await else {
                unknown = true;
                tokio::task::yield_now().await;
                continue;
            };
            let status = response.status();
            let Ok(text) = response.text().await else {
                unknown = true;
                continue;
            };
            if status == StatusCode::SERVICE_UNAVAILABLE {
                unknown = true;
                continue;
            }
            if !status.is_success() {
                return Err(format!("{asked:?} {path}: {status} {text}"));
            }
            let receipt: Receipt = serde_json::from_str(&text).map_err(|cause| format!("{asked:?} {path}: {cause}: {text}"))?;
            self.journal.acknowledged.push(Acknowledged {
                key,
                asked,
                case: receipt.case.clone(),
                version: receipt.version,
                unknown,
                repeated: receipt.repeated,
            });
            return Ok(receipt.case);
        }
    }
}
