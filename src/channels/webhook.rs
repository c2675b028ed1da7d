//! A message to an outside system: signed the way of Standard Webhooks, sent to a public address alone.
//! Invariant: the address that was looked at is the one connected to; an answer is bounded in time and bytes. Never: a private, local or metadata address unless
//! the configuration lists its host; a redirect followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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

use super::wire::Wire;
use super::{Receipt, SendError};
use crate::clock;

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

    /// Posts `body` under `id`, signed with each of `keys`.
    ///
    /// # Errors
    /// When the other side did not take it, or may not be spoken to.
    pub async fn send(&self, url: &str, (id, keys): (&str, &[Vec<u8>]), body: &[u8]) -> Result<Receipt, SendError> {
        // The path of a certificate is not needed: the public authorities are.
        let wire = Wire::to(url, None, Path::new("")).map_err(|no_tls| SendError::Permanent(no_tls.mistake))?;
        let inside = self.allowed.iter().any(|host| host == wire.host());
        if !wire.is_secure() && !inside {
            return Err(SendError::Permanent("expected an address that begins with https, found another".to_owned()));
        }
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

fn request(wire: &Wire, (id, keys): (&str, &[Vec<u8>]), body: &[u8], timestamp: i64) -> Result<Request<Full<Bytes>>, String> {
    let signatures: Option<Vec<String>> = keys.iter().map(|key| signature(key, id, timestamp, body)).collect();
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

/// Whether an address is one of the public internet's.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let inside = address.is_private() || address.is_loopback() || address.is_link_local() || a == 0 || (a == 100 && (64..128).contains(&b));
    let special =
        a >= 224 || (a == 192 && b == 0 && c == 0) || (a == 198 && (18..20).contains(&b)) || address.is_documentation() || (a == 192 && b == 88 && c == 99);
    !inside && !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // What holds an address of version 4 is judged by that.
    let within = match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = within {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only what is handed out for the internet at large: 2000::/3, without documentation and the test networks.
    let global = parts[0] & 0xe000 == 0x2000;
    let special = (parts[0] == 0x2001 && (parts[1] == 0xdb8 || parts[1] < 0x200)) || parts[0] == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_spoken_to() {
        let inside = [
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "203.0.113.7",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "114.114.114.114", "172.32.0.1", "100.128.0.1", "2400:3200::1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
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
        let out = Webhooks::default();
        for url in ["https://127.0.0.1:1/", "https://localhost:1/x", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://10.0.0.1/"] {
            let refused = out.send(url, ("msg_1", &[b"k".to_vec()]), b"{}").await.unwrap_err();
            assert!(matches!(&refused, SendError::Permanent(why) if why.starts_with(REFUSED)), "{url}: {refused}");
        }
        assert!(matches!(out.send("http://1.1.1.1/", ("msg_1", &[b"k".to_vec()]), b"{}").await, Err(SendError::Permanent(_))));
    }
}
