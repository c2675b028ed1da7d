//! A carrier's message centre over SMPP.
//! Invariant: one read without a mistake can be bound to as it stands. Never: a password in the file, or a plain connection that the file does not ask for.

use std::path::PathBuf;
use std::time::Duration;

use super::parsed;
use super::sms::{SecretFrom, secret};
use crate::limits::{
    SMPP_ENQUIRE_LINK, SMPP_ENQUIRE_LINK_BOUNDS, SMPP_PER_SECOND, SMPP_PER_SECOND_BOUNDS, SMPP_TIMEOUT_BOUNDS, SMPP_WINDOW, SMPP_WINDOW_BOUNDS, SMS_TIMEOUT,
};
use crate::source::{Node, Reader};

/// A message centre, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smpp {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Over TLS; else plainly, as over a line of one's own.
    pub tls: bool,
    /// A certificate to trust beside the public ones (PEM).
    pub root_certificate: Option<PathBuf>,
    /// The account.
    pub system_id: String,
    /// Where its password lies.
    pub password: SecretFrom,
    /// What kind of system we are, where the carrier asks for one.
    pub system_type: String,
    /// Who the message comes from: the number the carrier gave.
    pub source: String,
    /// Messages without an answer at one time.
    pub window: usize,
    /// Messages a second, as agreed with the carrier.
    pub per_second: u32,
    /// The longest wait for one answer.
    pub timeout: Duration,
    /// How often the connection is asked whether it still stands.
    pub enquire_link: Duration,
    /// How a text too long for one message travels.
    pub long: LongText,
}

/// How a text too long for one message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongText {
    /// In parts, each with a header by which the telephone puts them together.
    Parts,
    /// Whole, in the parameter `message_payload`.
    Payload,
}

const KEYS: [&str; 14] = [
    "host",
    "port",
    "tls",
    "root-certificate",
    "system-id",
    "secret-file",
    "secret-env",
    "system-type",
    "source",
    "window",
    "per-second",
    "timeout",
    "enquire-link",
    "long",
];

/// Reads `smpp:`; what is wrong in it is with the reader.
pub(super) fn smpp(reader: &mut Reader<'_>, node: &Node) -> Option<Smpp> {
    let fields = reader.fields(node, &KEYS)?;
    let host = reader.required(&fields, "host").and_then(|node| reader.text(node));
    let mut system_id = String::new();
    let id_node = reader.required(&fields, "system-id");
    parsed(reader, id_node, &mut system_id, ("不超过 15 个基本字母的账号", "an account of at most 15 plain letters"), |text| plain(text, 15));
    let mut source = String::new();
    let source_node = reader.required(&fields, "source");
    parsed(reader, source_node, &mut source, ("不超过 20 位的接入号", "a sender of at most 20 plain letters or digits"), |text| plain(text, 20));
    let password = secret(reader, &fields);
    if password.is_none() && fields.get("secret-file").or_else(|| fields.get("secret-env")).is_none() {
        let pair = ("缺少 `secret-file` 或 `secret-env`".to_owned(), "expected `secret-file` or `secret-env`, found neither".to_owned());
        reader.mistake(node.at, "missing-key", pair);
    }
    let tls = fields.get("tls").map_or(Some(true), |node| reader.word(node, &[("tls", true), ("none", false)]));
    let long = fields.get("long").map_or(Some(LongText::Parts), |node| reader.word(node, &[("parts", LongText::Parts), ("payload", LongText::Payload)]));
    let (mut port, mut system_type, mut window, mut per_second) = (2775, String::new(), SMPP_WINDOW, SMPP_PER_SECOND);
    parsed(reader, fields.get("port"), &mut port, ("1 到 65535 的端口", "a port from 1 to 65535"), |text| text.parse().ok().filter(|port| *port > 0));
    parsed(reader, fields.get("system-type"), &mut system_type, ("不超过 12 个基本字母", "at most 12 plain letters"), |text| plain(text, 12));
    let (first, last) = (SMPP_WINDOW_BOUNDS.start(), SMPP_WINDOW_BOUNDS.end());
    let expected = (format!(" {first} 至 {last} 的整数"), format!("a whole number from {first} to {last}"));
    parsed(reader, fields.get("window"), &mut window, (&expected.0, &expected.1), |text| text.parse().ok().filter(|found| SMPP_WINDOW_BOUNDS.contains(found)));
    let (first, last) = (SMPP_PER_SECOND_BOUNDS.start(), SMPP_PER_SECOND_BOUNDS.end());
    let expected = (format!(" {first} 至 {last} 的整数"), format!("a whole number from {first} to {last}"));
    parsed(reader, fields.get("per-second"), &mut per_second, (&expected.0, &expected.1), |text| {
        text.parse().ok().filter(|found| SMPP_PER_SECOND_BOUNDS.contains(found))
    });
    let (mut timeout, mut enquire_link) = (SMS_TIMEOUT, SMPP_ENQUIRE_LINK);
    seconds(reader, fields.get("timeout"), &mut timeout, &SMPP_TIMEOUT_BOUNDS);
    seconds(reader, fields.get("enquire-link"), &mut enquire_link, &SMPP_ENQUIRE_LINK_BOUNDS);
    let root_certificate = fields.get("root-certificate").and_then(|node| reader.text(node)).map(PathBuf::from);
    let (host, password, tls, long) = (host?, password?, tls?, long?);
    Some(Smpp { host, port, tls, root_certificate, system_id, password, system_type, source, window, per_second, timeout, enquire_link, long })
}

fn plain(text: &str, most: usize) -> Option<String> {
    let fits = text.len() <= most && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

fn seconds(reader: &mut Reader<'_>, node: Option<&Node>, slot: &mut Duration, bounds: &std::ops::RangeInclusive<Duration>) {
    let (first, last) = (bounds.start(), bounds.end());
    let expected = (format!(" {first:?} 至 {last:?} 的时间，如 `10s`"), format!("a time from {first:?} to {last:?} such as `10s`"));
    parsed(reader, node, slot, (&expected.0, &expected.1), |text| {
        let found = Duration::from_secs(text.strip_suffix('s')?.parse().ok()?);
        bounds.contains(&found).then_some(found)
    });
}
