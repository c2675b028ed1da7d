//! A message to an outside system: signed the way of Standard Webhooks, sent to a public address alone.
//! Invariant: the address that was looked at is the one connected to; an answer is bounded in time and bytes. Never: a private, local or metadata address unless
//! the configuration lists its host; a redirect followed.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request};
use sha2::Sha256;

use super::webhook_address::{is_inside, is_public, mistakes};
use super::wire::Wire;
use super::{Receipt, SendError};
use crate::clock;
use crate::ids::Text;
use crate::secret::Secret;

const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The way out to webhooks.
#[derive(Clone, Debug, Default)]
pub struct Webhooks {
    allowed: Vec<String>,
}

impl Webhooks {
    /// `allowed`: hosts that may be inside and may be spoken to plainly.
    #[must_use]
    pub const fn new(allowed: Vec<String>) -> Self {
        Self { allowed }
    }

    /// What is wrong with an address, of what can be known before its name is looked up; by the rule that holds for sending.
    #[must_use]
    pub fn mistakes(&self, url: &str) -> Vec<Text> {
        mistakes(url, &self.allowed)
    }

    /// Posts `body` under `id`, signed with each of `keys`.
    ///
    /// # Errors
    /// When the other side did not take it, or may not be spoken to.
    pub async fn send(&self, url: &str, (id, keys): (&str, &[Secret<Vec<u8>>]), body: &[u8]) -> Result<Receipt, SendError> {
        let wrong = self.mistakes(url);
        if !wrong.is_empty() {
            let wrong: Vec<String> = wrong.into_iter().map(|text| text.en).collect();
            return Err(SendError::Permanent(format!("{REFUSED} {}", wrong.join("; "))));
        }
        self.post(url, (id, keys), body).await
    }

    /// Looks the name up and posts.
    async fn post(&self, url: &str, (id, keys): (&str, &[Secret<Vec<u8>>]), body: &[u8]) -> Result<Receipt, SendError> {
        // The path of a certificate is not needed: the public authorities are.
        let wire = Wire::to(url, None, Path::new("")).map_err(|no_tls| SendError::Permanent(no_tls.mistake))?;
        let inside = is_inside(wire.host(), &self.allowed);
        let request = request(&wire, (id, keys), body, clock::real().0 / 1_000).map_err(SendError::Permanent)?;
        let choose = |found: &[SocketAddr]| if inside { found.first().copied().ok_or_else(none) } else { public(found) };
        let answer = wire.exchange_at(request, ANSWER_WITHIN, choose).await;
        let answer = answer.map_err(|why| if why.starts_with(REFUSED) { SendError::Permanent(why) } else { SendError::Temporary(why) })?;
        match answer.status {
            200..=299 => Ok(Receipt::said(answer.status.to_string())),
            // The receiver says that it wants no more.
            410 => Err(SendError::Permanent("410".to_owned())),
            status => Err(SendError::Temporary(status.to_string())),
        }
    }
}

const REFUSED: &str = "refused:";

fn none() -> String {
    "the name has no address".to_owned()
}

/// The first address, when every one is public: a name with one inside is none of ours to follow.
fn public(found: &[SocketAddr]) -> Result<SocketAddr, String> {
    if let Some(inside) = found.iter().find(|address| !is_public(address.ip())) {
        return Err(format!("{REFUSED} expected a public address, found {}", inside.ip()));
    }
    found.first().copied().ok_or_else(none)
}

fn request(wire: &Wire, (id, keys): (&str, &[Secret<Vec<u8>>]), body: &[u8], timestamp: i64) -> Result<Request<Full<Bytes>>, String> {
    let signatures: Option<Vec<String>> = keys.iter().map(|key| signature(key.expose(), id, timestamp, body)).collect();
    let signatures = signatures.ok_or("the key does not fit")?;
    Request::builder()
        .method(Method::POST)
        .uri(wire.target())
        .header(HOST, wire.authority())
        .header(USER_AGENT, concat!("greenlane/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signatures.join(" "))
        .body(Full::new(Bytes::copy_from_slice(body)))
        .map_err(|error| error.to_string())
}

/// `v1,` and the HMAC over id, timestamp and body (Standard Webhooks).
fn signature(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    let mac = mac.chain_update(format!("{id}.{timestamp}.")).chain_update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_one_address_inside_is_not_followed() {
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 443);
        assert!(public(&[at("1.1.1.1"), at("10.0.0.1")]).unwrap_err().starts_with(REFUSED), "one address inside is enough");
        assert_eq!((public(&[at("1.1.1.1")]), public(&[])), (Ok(at("1.1.1.1")), Err(none())));
    }

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of the specification's own libraries.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let found = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(found, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[tokio::test]
    async fn an_address_inside_is_refused_for_good_and_plain_http_too() {
        let (out, keys) = (Webhooks::default(), [Secret::new(b"k".to_vec())]);
        for url in ["https://127.0.0.1:1/", "https://localhost:1/x", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://10.0.0.1/"] {
            let refused = out.send(url, ("msg_1", &keys), b"{}").await.unwrap_err();
            assert!(matches!(&refused, SendError::Permanent(why) if why.starts_with(REFUSED)), "{url}: {refused}");
        }
        // A name can come to lead elsewhere after somebody subscribed.
        let refused = out.post("https://localhost:1/x", ("msg_1", &keys), b"{}").await.unwrap_err();
        assert!(matches!(&refused, SendError::Permanent(why) if why.starts_with(REFUSED)), "{refused}");
        assert!(matches!(out.send("http://1.1.1.1/", ("msg_1", &keys), b"{}").await, Err(SendError::Permanent(_))));
    }
}
