//! What a browser recorded: its console, and what went over the network.
//! Invariant: an answer that failed, a policy that was hurt, an error of a script and a request to another host are complaints. Never: a complaint dropped by its wording.

use serde_json::Value;
use thirtyfour::BrowserLogEntry;

/// The record of one browser.
pub struct Log {
    origin: String,
    /// Statuses documents may answer with, each once.
    pub expected: Vec<u16>,
    /// What nobody expected.
    pub complaints: Vec<String>,
    /// Bytes that came over the wire.
    pub bytes: u64,
}

impl Log {
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), expected: Vec::new(), complaints: Vec::new(), bytes: 0 }
    }

    /// Takes what came since the last time.
    pub fn take(&mut self, said: &[BrowserLogEntry], done: &[BrowserLogEntry]) {
        for entry in said {
            // What the network did is judged by its own record, where the status is a number.
            if entry.level == "SEVERE" && entry.source.as_deref() != Some("network") {
                self.complaints.push(format!("console: {}", entry.message));
            }
        }
        for entry in done {
            let message: Value = serde_json::from_str(&entry.message).unwrap();
            self.event(message["message"]["method"].as_str().unwrap_or_default(), &message["message"]["params"]);
        }
    }

    fn event(&mut self, method: &str, parameters: &Value) {
        match method {
            "Network.requestWillBeSent" => self.sent(parameters["request"]["url"].as_str().unwrap_or_default()),
            "Network.responseReceived" => self.answered(&parameters["response"], parameters["type"] == "Document"),
            "Network.loadingFinished" => self.bytes += parameters["encodedDataLength"].as_u64().unwrap_or_default(),
            "Network.loadingFailed" => self.failed(parameters),
            _ => {}
        }
    }

    fn sent(&mut self, address: &str) {
        let inside = [self.origin.as_str(), "data:", "about:", "blob:", "chrome:", "chrome-error:"];
        if !inside.iter().any(|start| address.starts_with(start)) {
            self.complaints.push(format!("a request to another host: {address}"));
        }
    }

    fn answered(&mut self, response: &Value, document: bool) {
        let (status, address) = (response["status"].as_u64().unwrap_or_default(), response["url"].as_str().unwrap_or_default());
        if status < 400 {
            return;
        }
        let meant = self.expected.iter().position(|expected| u64::from(*expected) == status).filter(|_| document);
        match meant {
            Some(at) => {
                self.expected.remove(at);
            }
            None => self.complaints.push(format!("{address} answered {status}")),
        }
    }

    fn failed(&mut self, parameters: &Value) {
        // A page left while something was still coming, or a file kept instead of shown, is cancelled by the browser itself.
        if parameters["canceled"] == true {
            return;
        }
        self.complaints.push(format!("failed: {} {} {}", parameters["type"], parameters["errorText"], parameters["blockedReason"]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn log(method: &str, parameters: &Value) -> Log {
        let mut log = Log::new("http://127.0.0.1:1");
        log.expected.push(422);
        log.event(method, parameters);
        log
    }

    #[test]
    fn what_nobody_expected_is_a_complaint_and_what_was_expected_is_not() {
        let answer =
            |status: u16, kind: &str| log("Network.responseReceived", &json!({"type": kind, "response": {"status": status, "url": "/x"}})).complaints.len();
        assert_eq!(
            [answer(200, "Document"), answer(422, "Document"), answer(409, "Document"), answer(404, "Stylesheet"), answer(422, "Fetch")],
            [0, 0, 1, 1, 1]
        );
        let request = |address: &str| log("Network.requestWillBeSent", &json!({"request": {"url": address}})).complaints.len();
        assert_eq!([request("http://127.0.0.1:1/a"), request("https://fonts.example/a")], [0, 1]);
        assert_eq!(log("Network.loadingFailed", &json!({"type": "Script", "blockedReason": "csp", "canceled": false})).complaints.len(), 1);
    }
}
