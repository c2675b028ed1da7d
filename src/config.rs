//! Configuration: one flat struct, validated whole at start; an error names file and key.
//! Invariant: nothing else reads settings. Never: a secret in the file; it names the file or the variable that holds one.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::ids::Tenant;
use crate::source::{self, Mistake, Node, Reader};

mod cloud;
mod gateway;
mod pattern;
mod smpp;
mod sms;

pub use cloud::{Cloud, CloudShape};
pub use gateway::{Gateway, Success, Temporary};
pub use pattern::{Format, Pattern, Slot};
pub use smpp::{LongText, Smpp};
pub use sms::{Proof, ReceiptRules, SecretFrom, Sms, SmsSignature, SmsWay};

/// The name of the configuration file in the data folder.
pub const FILE: &str = "greenlane.yaml";

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The tenant whose work the commands of the command line are about.
    pub tenant: Tenant,
    /// The name of the log in its checkpoints, and the right-hand side of every Message-ID.
    pub origin: String,
    /// When the morning digest leaves, as a cron expression with seconds, China time.
    pub digest: String,
    /// When the supervisors' weekly and the offices' monthly report leave, likewise.
    pub reports: Reports,
    /// How mail leaves.
    pub mail: Mail,
    /// How short messages leave.
    pub sms: Sms,
    /// Minutes in which a person's further routine notices wait, to leave as one message; 0 lets each leave at once.
    pub fold_minutes: u32,
    /// Hosts inside the house that webhooks may go to, also plainly; every other address must be public.
    pub webhooks: Vec<String>,
    /// What this node does.
    pub role: Role,
    /// Where people reach the pages, such as `https://example.gov.cn`; else the address listened on. With https, cookies are sent over https only.
    pub public_url: Option<String>,
    /// The addresses of proxies before this node: what they say of the other side's address is believed.
    pub proxies: Vec<IpAddr>,
}

/// No routine notice is held longer.
const FOLD_MINUTES_MAX: u32 = 120;

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Written into a folder, one file each: for trying things out.
    Folder(PathBuf),
    /// Through a mail server.
    Smtp(Smtp),
}

/// A mail server, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `starttls`, `tls`, or `none` for loopback only.
    pub tls: String,
    /// The account, when it asks for one.
    pub user: Option<String>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// The sender.
    pub from: String,
    /// A certificate to trust beside the public ones (PEM).
    pub root_certificate: Option<PathBuf>,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves people.
    Web,
    /// Fires timers, delivers, seals.
    Worker,
    /// Both.
    Both,
}

impl Role {
    const WORDS: [(&str, Self); 3] = [("web", Self::Web), ("worker", Self::Worker), ("both", Self::Both)];
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, role)| *role).ok_or_else(|| format!("expected web, worker or both, found `{text}`"))
    }
}

/// When reports leave, as cron expressions with seconds, China time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    /// Lights of the week, for supervisors.
    pub weekly: String,
    /// How offices kept their promises in the month before.
    pub monthly: String,
}

impl Default for Reports {
    fn default() -> Self {
        Self { weekly: "0 30 8 * * Mon".to_owned(), monthly: "0 30 8 1 * *".to_owned() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7700)),
            tenant: Tenant(420_700),
            origin: "greenlane.localhost".to_owned(),
            digest: "0 30 8 * * *".to_owned(),
            reports: Reports::default(),
            mail: Mail::Folder(PathBuf::from("outbox")),
            sms: Sms::default(),
            fold_minutes: 0,
            webhooks: Vec::new(),
            role: Role::Both,
            public_url: None,
            proxies: Vec::new(),
        }
    }
}

impl Config {
    /// Reads the file; a missing one gives the defaults.
    ///
    /// # Errors
    /// Every mistake of the file, with its place.
    pub fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &path.display().to_string()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => {
                let file = path.display().to_string();
                let (zh, en) = (format!("期望可读的文件，实际：{cause}"), format!("expected a readable file, found: {cause}"));
                Err(vec![Mistake { file, line: 0, column: 0, code: "unreadable-file", zh, en }])
            }
        }
    }

    /// Parses the text of a configuration file.
    ///
    /// # Errors
    /// Every mistake of the text, with its place.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let mut config = Self::default();
        if text.trim().is_empty() {
            return Ok(config);
        }
        let root = source::read(text, file)?;
        let mut reader = Reader::new(file);
        if let Some(fields) = reader.fields(
            &root,
            &["listen", "tenant", "origin", "digest", "reports", "mail", "sms", "fold-minutes", "webhooks-inside", "role", "public-url", "proxies"],
        ) {
            let set = |key: &str| fields.get(key);
            parsed(
                &mut reader,
                set("listen"),
                &mut config.listen,
                ("地址和端口，如 127.0.0.1:7700", "an address and port such as 127.0.0.1:7700"),
                |text| text.parse().ok(),
            );
            parsed(&mut reader, set("tenant"), &mut config.tenant, ("六位行政区划代码", "a six-digit region code"), tenant);
            parsed(&mut reader, set("origin"), &mut config.origin, ("不含空格和加号的名称", "a name without spaces or `+`"), origin);
            parsed(&mut reader, set("digest"), &mut config.digest, ("六段的 cron 表达式", "a cron expression of six fields"), |text| {
                cron::Schedule::from_str(text).ok().map(|_| text.to_owned())
            });
            if let Some(times) = set("reports").and_then(|node| reader.fields(node, &["weekly", "monthly"])) {
                for (key, time) in [("weekly", &mut config.reports.weekly), ("monthly", &mut config.reports.monthly)] {
                    parsed(&mut reader, times.get(key), time, ("六段的 cron 表达式", "a cron expression of six fields"), |text| {
                        cron::Schedule::from_str(text).ok().map(|_| text.to_owned())
                    });
                }
            }
            parsed(
                &mut reader,
                set("fold-minutes"),
                &mut config.fold_minutes,
                ("0 到 120 的分钟数，0 为不合并", "minutes from 0 to 120; 0 folds nothing"),
                |text| text.parse().ok().filter(|minutes| *minutes <= FOLD_MINUTES_MAX),
            );
            for node in set("webhooks-inside").map_or(&[][..], |node| reader.list(node)) {
                config.webhooks.extend(reader.text(node));
            }
            if let Some(node) = set("role") {
                config.role = reader.word(node, &Role::WORDS).unwrap_or(config.role);
            }
            parsed(
                &mut reader,
                set("public-url"),
                &mut config.public_url,
                ("没有路径的网址，如 https://example.gov.cn", "an address without a path such as https://example.gov.cn"),
                |text| public_url(text).map(Some),
            );
            for node in set("proxies").map_or(&[][..], |node| reader.list(node)) {
                let mut proxy: Option<IpAddr> = None;
                parsed(&mut reader, Some(node), &mut proxy, ("IP 地址，如 10.0.0.1", "an IP address such as 10.0.0.1"), |text| text.parse().ok().map(Some));
                config.proxies.extend(proxy);
            }
            if let Some(node) = set("mail") {
                config.mail = mail(&mut reader, node).unwrap_or(config.mail);
            }
            if let Some(node) = set("sms") {
                sms::read(&mut reader, node, &mut config.sms);
            }
        }
        let mistakes = reader.into_mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }
}

fn parsed<T>(reader: &mut Reader<'_>, node: Option<&Node>, slot: &mut T, expected: (&str, &str), parse: impl Fn(&str) -> Option<T>) {
    let Some(node) = node else { return };
    let Some(text) = reader.text(node) else { return };
    match parse(&text) {
        Some(value) => *slot = value,
        None => reader.expected(node, "wrong-value", expected),
    }
}

fn tenant(text: &str) -> Option<Tenant> {
    (text.len() == 6).then(|| text.parse().ok().map(Tenant)).flatten()
}

fn origin(text: &str) -> Option<String> {
    let plain = !text.is_empty() && !text.contains([' ', '+', '@', '<', '>']) && !text.contains(char::is_control);
    plain.then(|| text.to_owned())
}

fn public_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let plain = !host.is_empty() && host.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-:[]".contains(letter));
    plain.then(|| text.to_owned())
}

fn mail(reader: &mut Reader<'_>, node: &Node) -> Option<Mail> {
    let fields = reader.fields(node, &["folder", "smtp"])?;
    match (fields.get("folder"), fields.get("smtp")) {
        (Some(folder), None) => Some(Mail::Folder(PathBuf::from(reader.text(folder)?))),
        (None, Some(smtp)) => self::smtp(reader, smtp).map(Mail::Smtp),
        (Some(_), Some(_)) | (None, None) => {
            reader.expected(node, "wrong-value", ("`folder` 或 `smtp` 之一", "one of `folder` and `smtp`"));
            None
        }
    }
}

fn smtp(reader: &mut Reader<'_>, node: &Node) -> Option<Smtp> {
    let fields = reader.fields(node, &["host", "port", "tls", "user", "password-file", "from", "root-certificate"])?;
    let needed = |reader: &mut Reader<'_>, key: &str| reader.required(&fields, key).and_then(|node| reader.text(node));
    let (host, from) = (needed(reader, "host"), needed(reader, "from"));
    let mut port = 587;
    parsed(reader, fields.get("port"), &mut port, ("1 到 65535 的端口", "a port from 1 to 65535"), |text| text.parse().ok().filter(|port| *port > 0));
    let tls = match fields.get("tls") {
        Some(node) => reader.word(node, &[("starttls", "starttls"), ("tls", "tls"), ("none", "none")]),
        None => Some("starttls"),
    };
    let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node));
    let (user, password_file, root_certificate) = (text("user"), text("password-file"), text("root-certificate"));
    Some(Smtp {
        host: host?,
        port,
        tls: tls?.to_owned(),
        user,
        password_file: password_file.map(PathBuf::from),
        from: from?,
        root_certificate: root_certificate.map(PathBuf::from),
    })
}

#[cfg(test)]
mod tests;
