//! Short messages through a carrier's gateway: one request made of the configured template, one answer, no redirect.
//! Invariant: the request carries the notice's key, the same at every attempt; what was not surely refused is temporary, so that it is sent again under that key.
//! Never: follows a redirect, goes through a proxy of the environment, or keeps a number, a text or the secret in its words.
//!
//! The connection is made here over hyper and rustls: reqwest, which the tour and the tests use, is built without TLS, and each of its rustls features either brings a second
//! crypto library or lets every client of the process fail that was made before a provider was installed.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};

use super::secret;
use super::tls::NoTls;
use super::wire::{Answer, Wire};
use super::{Receipt, SendError, ShortMessage};
use crate::config::{Gateway, Slot};
use crate::limits::SEND_DETAIL_CHARS_MAX;
use crate::secret::Secret;

/// The gateway. Cloning shares its settings; every message has a connection of its own.
#[derive(Clone)]
pub struct SmsHttp {
    inner: Arc<Inner>,
}

struct Inner {
    gateway: Gateway,
    secret: Option<Secret>,
    wire: Wire,
}

impl fmt::Debug for SmsHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers may be near the secret.
        f.debug_struct("SmsHttp").field("url", &self.inner.gateway.url).finish_non_exhaustive()
    }
}

impl SmsHttp {
    /// Reads secret and certificates and sets up TLS; connects only when there is something to send.
    ///
    /// # Errors
    /// Every setting that cannot be used, by its key.
    pub fn open(gateway: &Gateway, home: &Path) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut keep = |key: &str, mistake: String| mistakes.push(format!("sms.gateway.{key}: {mistake}"));
        let secret = gateway.secret.as_ref().and_then(|from| secret::read(from, home).map_err(|mistake| keep("secret-file", mistake)).ok());
        let wire = Wire::to(&gateway.url, gateway.root_certificate.as_deref(), home).map_err(|NoTls { key, mistake }| keep(key.unwrap_or("url"), mistake)).ok();
        match wire {
            Some(wire) if mistakes.is_empty() => Ok(Self { inner: Arc::new(Inner { gateway: gateway.clone(), secret, wire }) }),
            Some(_) | None => Err(mistakes),
        }
    }

    pub(super) async fn send(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        let limit = self.inner.gateway.timeout;
        let request = self.inner.request(message)?;
        let told = match self.inner.wire.exchange(request, limit).await {
            Ok(answer) => self.inner.judge(&answer),
            Err(cause) => Err(SendError::Temporary(cause)),
        };
        let clean = |text: String| self.inner.clean(&text, message);
        match told {
            Ok(Receipt { detail, ids }) => Ok(Receipt { detail: clean(detail), ids }),
            Err(SendError::Temporary(text)) => Err(SendError::Temporary(clean(text))),
            Err(SendError::Permanent(text)) => Err(SendError::Permanent(clean(text))),
        }
    }
}

impl Inner {
    fn value(&self, slot: Slot, message: &ShortMessage) -> String {
        match slot {
            Slot::Phone => message.to.clone(),
            Slot::Text => message.text.clone(),
            Slot::Id => message.id.clone(),
            Slot::Template => message.template.clone(),
            Slot::Signature => message.signature.clone(),
            Slot::Secret => self.secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default(),
        }
    }

    fn request(&self, message: &ShortMessage) -> Result<Request<Full<Bytes>>, SendError> {
        let format = self.gateway.format;
        let body = self.gateway.body.fill(|slot| format.escape(&self.value(slot, message)));
        let target = self.wire.target();
        let host = self.wire.authority();
        let method = if self.gateway.method == "PUT" { Method::PUT } else { Method::POST };
        let mut builder = Request::builder().method(method).uri(target);
        let media_type = format!("{}; charset=utf-8", format.media_type());
        builder = builder.header(HOST, host).header(CONNECTION, "close").header(USER_AGENT, "greenlane").header(CONTENT_TYPE, media_type);
        for (name, pattern) in &self.gateway.headers {
            let value = pattern.fill(|slot| self.value(slot, message));
            // A secret may hold letters that no header carries; its words stay out of the error.
            let unfit = || SendError::Temporary(format!("expected one line of plain letters for the header `{name}`, found others"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| unfit())?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        builder.body(Full::new(Bytes::from(body))).map_err(|error| SendError::Temporary(format!("making the request: {error}")))
    }

    /// What an answer means for the message.
    fn judge(&self, answer: &Answer) -> Result<Receipt, SendError> {
        const TOO_MANY: u16 = 429;
        let Gateway { success, temporary, .. } = &self.gateway;
        let status = answer.status;
        let words = String::from_utf8_lossy(&answer.body);
        let said = format!("{status} {}", words.trim());
        if !success.status.contains(&status) {
            return Err(match status {
                _ if temporary.status.contains(&status) => SendError::Temporary(said),
                TOO_MANY | 500..=599 => SendError::Temporary(said),
                // Our address is wrong, not the message; and whoever redirects may not be the gateway.
                300..=399 => SendError::Temporary(format!("expected an answer, found a redirect, which is not followed: {status}")),
                _ => SendError::Permanent(said),
            });
        }
        let Some((path, expected)) = &success.value else { return Ok(Receipt::said(said)) };
        match at(&answer.body, path) {
            Some(found) if found == *expected => Ok(Receipt::said(said)),
            Some(found) if temporary.values.contains(&found) => Err(SendError::Temporary(said)),
            Some(_) => Err(SendError::Permanent(said)),
            // It may have been taken: the next attempt has the same id.
            None => Err(SendError::Temporary(format!("expected a value at `{}`, found: {said}", path.join(".")))),
        }
    }

    /// One printable line of bounded length without number, text and secret: the words come from outside and are kept.
    fn clean(&self, text: &str, message: &ShortMessage) -> String {
        let mut text = text.replace(&message.to, "(recipient)").replace(&message.text, "(text)");
        if let Some(secret) = &self.secret {
            text = text.replace(secret.expose(), "(secret)");
        }
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SEND_DETAIL_CHARS_MAX).collect()
    }
}

/// The text of the value at a path of a JSON document; a list is entered by its places from 0.
fn at(body: &[u8], path: &[String]) -> Option<String> {
    let root: serde_json::Value = serde_json::from_slice(body).ok()?;
    scalar(path.iter().try_fold(&root, |value, step| match value {
        serde_json::Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })?)
}

/// A value as its letters; `None` for what holds others.
pub(super) fn scalar(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(value.to_string()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    }
}
