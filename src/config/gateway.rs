//! A gateway for short messages, told in one request with places for its values.
//! Invariant: a gateway read without a mistake can be spoken to as it stands. Never: anything but https towards another machine, or a secret written in the file.

use std::path::PathBuf;
use std::time::Duration;

use super::parsed;
use super::pattern::{Format, Pattern, Slot};
use super::sms::{ReceiptRules, SecretFrom, each, path, receipt, secret, texts};
use crate::limits::{SMS_TIMEOUT, SMS_TIMEOUT_MAX, SMS_TIMEOUT_MIN};
use crate::source::{Fields, Node, Reader};

/// A gateway, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its address: https, or http on this machine itself when that was allowed.
    pub url: String,
    /// `POST` or `PUT`.
    pub method: &'static str,
    /// Headers beside those that follow from the request itself.
    pub headers: Vec<(String, Pattern)>,
    /// What the body is.
    pub format: Format,
    /// The body, with a place for each value.
    pub body: Pattern,
    /// Where the secret lies that stands for `{secret}`.
    pub secret: Option<SecretFrom>,
    /// Which answers say that the message was taken.
    pub success: Success,
    /// Which others may be asked again, beside 429 and every 5xx.
    pub temporary: Temporary,
    /// The longest the whole exchange may take.
    pub timeout: Duration,
    /// A certificate to trust beside the public ones (PEM).
    pub root_certificate: Option<PathBuf>,
    /// How its delivery receipts are known and read.
    pub receipt: Option<ReceiptRules>,
}

/// An answer that says yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// With one of these statuses.
    pub status: Vec<u16>,
    /// And, in its JSON, this value at this path.
    pub value: Option<(Vec<String>, String)>,
}

/// An answer that says "not now".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Temporary {
    /// Statuses.
    pub status: Vec<u16>,
    /// Values at the path of `success`.
    pub values: Vec<String>,
}

const GATEWAY_KEYS: [&str; 13] = [
    "url",
    "method",
    "headers",
    "content-type",
    "body",
    "secret-file",
    "secret-env",
    "success",
    "temporary",
    "timeout",
    "allow-http-loopback",
    "root-certificate",
    "receipt",
];

/// Reads `gateway:`; what is wrong in it is with the reader.
pub(super) fn gateway(reader: &mut Reader<'_>, node: &Node) -> Option<Gateway> {
    let fields = reader.fields(node, &GATEWAY_KEYS)?;
    let loopback = fields.get("allow-http-loopback").and_then(|node| reader.flag(node)) == Some(true);
    let url = url(reader, &fields, loopback);
    let method = word_or(reader, fields.get("method"), &[("POST", "POST"), ("PUT", "PUT")], "POST");
    let format = reader.required(&fields, "content-type").and_then(|node| reader.word(node, &[("json", Format::Json), ("form", Format::Form)]));
    let body = reader.required(&fields, "body").and_then(|node| body(reader, node, format));
    let headers = headers(reader, fields.get("headers"));
    let secret = secret(reader, &fields);
    let success = reader.required(&fields, "success").and_then(|node| success(reader, node));
    let temporary = fields.get("temporary").map(|node| temporary(reader, node));
    let mut timeout = SMS_TIMEOUT;
    let bounds = (
        format!(" {SMS_TIMEOUT_MIN:?} 至 {SMS_TIMEOUT_MAX:?} 的时间，如 `10s`"),
        format!("a time from {SMS_TIMEOUT_MIN:?} to {SMS_TIMEOUT_MAX:?} such as `10s`"),
    );
    parsed(reader, fields.get("timeout"), &mut timeout, (&bounds.0, &bounds.1), duration);
    let root_certificate = fields.get("root-certificate").and_then(|node| reader.text(node)).map(PathBuf::from);
    let receipt = fields.get("receipt").map(|node| receipt(reader, node));
    let (body, headers) = (body?, headers?);
    let asks = body.has(Slot::Secret) || headers.iter().any(|(_, value)| value.has(Slot::Secret));
    used(reader, &fields, asks);
    Some(Gateway {
        url: url?,
        method: method?,
        headers,
        format: format?,
        body,
        secret,
        success: success?,
        temporary: temporary.unwrap_or_default(),
        timeout,
        root_certificate,
        receipt: match receipt {
            Some(read) => Some(read?),
            None => None,
        },
    })
}

/// A secret is given exactly where one is asked for.
fn used(reader: &mut Reader<'_>, fields: &Fields<'_>, asks: bool) {
    let given = fields.get("secret-file").or_else(|| fields.get("secret-env")).is_some();
    let (code, zh, en) = match (given, asks) {
        (false, true) => {
            ("missing-key", "用了 `{secret}`，缺 `secret-file` 或 `secret-env`", "expected `secret-file` or `secret-env` for `{secret}`, found neither")
        }
        (true, false) => ("unused-secret", "给了密钥，请求里没有 `{secret}`", "expected `{secret}` in a header or the body, found a secret nothing uses"),
        (false, false) | (true, true) => return,
    };
    reader.mistake(fields.at, code, (zh.to_owned(), en.to_owned()));
}

fn word_or<T: Copy>(reader: &mut Reader<'_>, node: Option<&Node>, words: &[(&str, T)], otherwise: T) -> Option<T> {
    node.map_or(Some(otherwise), |node| reader.word(node, words))
}

/// Towards others only https; on this machine http, when the file says so (a gateway's own agent, or a test).
fn url(reader: &mut Reader<'_>, fields: &Fields<'_>, loopback: bool) -> Option<String> {
    let node = reader.required(fields, "url")?;
    address(reader, node, loopback)
}

/// The address that the file gives, or the public one.
pub(super) fn url_or(reader: &mut Reader<'_>, fields: &Fields<'_>, public: &str) -> Option<String> {
    let loopback = fields.get("allow-http-loopback").and_then(|node| reader.flag(node)) == Some(true);
    fields.get("url").map_or_else(|| Some(public.to_owned()), |node| address(reader, node, loopback))
}

fn address(reader: &mut Reader<'_>, node: &Node, loopback: bool) -> Option<String> {
    let text = reader.text(node)?;
    let plain = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()) && !rest.contains(['@', '{', '}', '#', '"', '\\']);
    let host = |rest: &str| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host).trim_matches(['[', ']']).to_owned()
    };
    if let Some(rest) = text.strip_prefix("https://").filter(|rest| plain(rest) && !host(rest).is_empty()) {
        return Some(format!("https://{rest}"));
    }
    let here = |host: &str| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if text.strip_prefix("http://").is_some_and(|rest| loopback && plain(rest) && here(&host(rest))) {
        return Some(text);
    }
    let zh = " https:// 开头、不带账号的地址（本机可用 http://，须写 `allow-http-loopback: true`）";
    let en = "an address that begins with https:// and holds no account (http:// for this machine itself, with `allow-http-loopback: true`)";
    reader.expected(node, "wrong-url", (zh, en));
    None
}

fn body(reader: &mut Reader<'_>, node: &Node, format: Option<Format>) -> Option<Pattern> {
    let text = reader.text(node)?;
    let all = [Slot::Phone, Slot::Text, Slot::Id, Slot::Template, Slot::Signature, Slot::Secret];
    let pattern = pattern(reader, node, text.trim(), &all)?;
    let mut whole = true;
    for slot in [Slot::Phone, Slot::Text, Slot::Id] {
        if !pattern.has(slot) {
            whole = false;
            let word = slot.word();
            reader.mistake(node.at, "missing-placeholder", (format!("请求体缺 `{{{word}}}`"), format!("expected `{{{word}}}` in the body, found none")));
        }
    }
    let format = format?;
    let Some(values) = format.trial(&pattern) else {
        let (zh, en) = match format {
            Format::Json => ("每个占位符都在引号内的 JSON", "JSON with every placeholder inside quotes"),
            Format::Form => (" `名=值&名=值` 形式、其余字符已编码的表单", "a form such as `name=value&name=value` with its own letters encoded"),
        };
        reader.expected(node, "wrong-body", (zh, en));
        return None;
    };
    for name in values.secrets_written() {
        whole = false;
        let pair = (
            format!("`{name}` 的值应为 `{{secret}}`，密钥不写在文件里"),
            format!("expected `{{secret}}` as the value of `{name}`, found a secret in the file"),
        );
        reader.mistake(node.at, "secret-in-file", pair);
    }
    whole.then_some(pattern)
}

fn pattern(reader: &mut Reader<'_>, node: &Node, text: &str, allowed: &[Slot]) -> Option<Pattern> {
    match Pattern::read(text, allowed) {
        Ok(pattern) => Some(pattern),
        Err(unknown) => {
            let all = allowed.iter().map(|slot| format!("{{{}}}", slot.word())).collect::<Vec<_>>().join(", ");
            for (offset, found) in unknown {
                let pair = (format!("期望占位符 {all} 之一，实际 `{{{found}}}`"), format!("expected one of the placeholders {all}, found `{{{found}}}`"));
                reader.mistake(node.place_in(offset), "unknown-placeholder", pair);
            }
            None
        }
    }
}

/// Headers that follow from the request itself.
const OWN_HEADERS: [&str; 6] = ["content-type", "content-length", "host", "connection", "transfer-encoding", "expect"];

fn headers(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Vec<(String, Pattern)>> {
    let mut headers = Vec::new();
    let entries = node.map_or(&[][..], |node| reader.entries(node));
    for entry in entries {
        let name = entry.key.to_ascii_lowercase();
        let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !token || OWN_HEADERS.contains(&name.as_str()) {
            let key = &entry.key;
            let pair = (format!("期望请求自身以外的头名称，实际 `{key}`"), format!("expected the name of a header of your own, found `{key}`"));
            reader.mistake(entry.at, "wrong-header", pair);
            continue;
        }
        let Some(text) = reader.text(&entry.value) else { continue };
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            reader.expected(&entry.value, "wrong-header", ("单行基本字母", "one line of plain letters"));
            continue;
        }
        let Some(value) = pattern(reader, &entry.value, &text, &[Slot::Id, Slot::Secret]) else { continue };
        if is_secret_header(&name) && !value.has(Slot::Secret) {
            let pair = (format!("`{name}` 应带 `{{secret}}`，密钥不写在文件里"), format!("expected `{{secret}}` in `{name}`, found a secret in the file"));
            reader.mistake(entry.value.at, "secret-in-file", pair);
            continue;
        }
        headers.push((name, value));
    }
    (headers.len() == entries.len()).then_some(headers)
}

fn is_secret_header(name: &str) -> bool {
    ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"].iter().any(|word| name.contains(word))
}

fn success(reader: &mut Reader<'_>, node: &Node) -> Option<Success> {
    let fields = reader.fields(node, &["status", "path", "equals"])?;
    let status = fields.get("status").map_or_else(|| vec![200], |node| statuses(reader, node));
    let path = fields.get("path").and_then(|node| path(reader, node));
    let equals = fields.get("equals").and_then(|node| reader.text(node));
    match (path, equals) {
        (Some(path), Some(equals)) => Some(Success { status, value: Some((path, equals)) }),
        (None, None) => Some(Success { status, value: None }),
        (Some(_), None) | (None, Some(_)) => {
            reader.mistake(
                node.at,
                "missing-key",
                ("`path` 和 `equals` 须同时写".to_owned(), "expected `path` and `equals` together, found one of them".to_owned()),
            );
            None
        }
    }
}

fn temporary(reader: &mut Reader<'_>, node: &Node) -> Temporary {
    let Some(fields) = reader.fields(node, &["status", "values"]) else { return Temporary::default() };
    let status = fields.get("status").map(|node| statuses(reader, node)).unwrap_or_default();
    Temporary { status, values: texts(reader, fields.get("values")) }
}

fn statuses(reader: &mut Reader<'_>, node: &Node) -> Vec<u16> {
    each(node)
        .iter()
        .filter_map(|node| {
            let status = reader.whole(node)?;
            let found = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
            if found.is_none() {
                reader.expected(node, "wrong-value", (" 200 至 599 的状态码", "a status from 200 to 599"));
            }
            found
        })
        .collect()
}

pub(super) fn duration(text: &str) -> Option<Duration> {
    let found = match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    };
    (SMS_TIMEOUT_MIN..=SMS_TIMEOUT_MAX).contains(&found).then_some(found)
}
