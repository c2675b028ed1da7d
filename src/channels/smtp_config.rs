//! What the mail server needs to be told, checked whole before the first message.
//! Invariant: a password never travels or is asked for without TLS. Never: a password inside the configuration itself or in a debug print.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;

use crate::limits::{SMTP_TIMEOUT_MAX, SMTP_TIMEOUT_MIN};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain at first, then STARTTLS, which must succeed.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: only towards this machine itself, and only without a user.
    None,
}

impl std::str::FromStr for TlsMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            "none" => Ok(Self::None),
            other => Err(format!("expected `starttls`, `tls` or `none`, found `{other}`")),
        }
    }
}

/// Where the password lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordFrom {
    /// In a file; a line break at its end does not count.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

/// The settings of the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Its name or address; its certificate must be for this.
    pub host: String,
    /// Its port: 587 with STARTTLS, 465 with TLS, usually.
    pub port: u16,
    /// The protection.
    pub tls: TlsMode,
    /// Whom to sign in as.
    pub user: Option<String>,
    /// Where the password of `user` lies.
    pub password: Option<PasswordFrom>,
    /// The sender of every mail, `name <address>` or an address.
    pub from: String,
    /// How we introduce ourselves; the machine's name unless given.
    pub hello: Option<String>,
    /// The longest a whole send may take, connection included.
    pub timeout: Duration,
    /// A PEM file with certificates of an authority that is trusted beside the public ones.
    pub root_certificates: Option<PathBuf>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingMistake {
    /// The key, such as `host`.
    pub key: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl std::fmt::Display for SettingMistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "smtp.{}: {} / {}", self.key, self.en, self.zh)
    }
}

impl SmtpConfig {
    /// Every mistake that shows without opening a file.
    #[must_use]
    pub fn validate(&self) -> Vec<SettingMistake> {
        let mut mistakes = Vec::new();
        self.validate_server(&mut mistakes);
        self.validate_sign_in(&mut mistakes);
        mistakes
    }

    /// The domain of the sender: the right half of every Message-ID.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        sender(&self.from).map(|mailbox| mailbox.email.domain().to_owned())
    }

    fn validate_server(&self, mistakes: &mut Vec<SettingMistake>) {
        if !is_host(&self.host) {
            mistakes.push(expected("host", "主机名或地址", "a host name or address", &self.host));
        }
        if self.port == 0 {
            mistakes.push(expected("port", "1 至 65535 的端口", "a port from 1 to 65535", "0"));
        }
        if self.tls == TlsMode::None && !is_loopback(&self.host) {
            mistakes.push(expected("tls", "`starttls` 或 `tls`（`none` 只可用于本机）", "`starttls` or `tls` (`none` is for this machine only)", "none"));
        }
        if sender(&self.from).is_none() {
            mistakes.push(expected(
                "from",
                "发件人，如 `绿色通道 <noreply@example.gov.cn>`",
                "a sender such as `Greenlane <noreply@example.gov.cn>`",
                &self.from,
            ));
        }
        if let Some(hello) = self.hello.as_deref().filter(|hello| !is_host(hello)) {
            mistakes.push(expected("hello", "主机名", "a host name", hello));
        }
        if !(SMTP_TIMEOUT_MIN..=SMTP_TIMEOUT_MAX).contains(&self.timeout) {
            let (zh, en) = (format!("{SMTP_TIMEOUT_MIN:?} 至 {SMTP_TIMEOUT_MAX:?}"), format!("a time from {SMTP_TIMEOUT_MIN:?} to {SMTP_TIMEOUT_MAX:?}"));
            mistakes.push(expected("timeout", &zh, &en, &format!("{:?}", self.timeout)));
        }
    }

    fn validate_sign_in(&self, mistakes: &mut Vec<SettingMistake>) {
        match (&self.user, &self.password) {
            (Some(user), _) if user.is_empty() || user.chars().any(char::is_control) => mistakes.push(expected("user", "用户名", "a user name", user)),
            (Some(_), None) => mistakes.push(expected(
                "password",
                "与 `user` 对应的密码文件或环境变量",
                "a file or an environment variable with the password of `user`",
                "none",
            )),
            (None, Some(_)) => mistakes.push(expected("user", "与 `password` 对应的用户名", "the user whom `password` belongs to", "none")),
            (Some(_), Some(_)) if self.tls == TlsMode::None => {
                mistakes.push(expected("tls", "有 `user` 时为 `starttls` 或 `tls`", "`starttls` or `tls` where there is a `user`", "none"));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    /// The password, read once at start.
    pub(super) fn read_password(&self) -> Result<Option<String>, SettingMistake> {
        let (place, found) = match &self.password {
            None => return Ok(None),
            Some(PasswordFrom::File(path)) => (path.display().to_string(), std::fs::read_to_string(path).map_err(|error| error.to_string())),
            Some(PasswordFrom::Env(name)) => (format!("${name}"), std::env::var(name).map_err(|error| error.to_string())),
        };
        let password = found.map_err(|error| expected("password", &format!("`{place}` 可读"), &format!("`{place}` to be readable"), &error))?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            return Err(expected("password", &format!("`{place}` 中的密码"), &format!("a password in `{place}`"), "nothing"));
        }
        Ok(Some(password))
    }

    /// The bytes of the PEM file.
    pub(super) fn read_roots(&self) -> Result<Option<Vec<u8>>, SettingMistake> {
        let Some(path) = &self.root_certificates else { return Ok(None) };
        let bytes = std::fs::read(path).map_err(|error| roots(path, &error.to_string()))?;
        if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") {
            return Err(roots(path, "no certificate"));
        }
        Ok(Some(bytes))
    }
}

/// The mistake of a certificate file.
pub(super) fn roots(path: &Path, found: &str) -> SettingMistake {
    let place = path.display();
    expected("root_certificates", &format!("`{place}` 为 PEM 证书文件"), &format!("`{place}` to be a PEM file of certificates"), found)
}

fn expected(key: &'static str, zh: &str, en: &str, found: &str) -> SettingMistake {
    let found: String = found.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    SettingMistake { key, zh: format!("应为 {zh}，实为 `{found}`"), en: format!("expected {en}, found `{found}`") }
}

fn sender(from: &str) -> Option<Mailbox> {
    let one_line = !from.chars().any(char::is_control);
    let mailbox: Mailbox = from.trim().parse().ok().filter(|_| one_line)?;
    is_host(mailbox.email.domain()).then_some(mailbox)
}

fn is_host(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> SmtpConfig {
        SmtpConfig {
            host: "mail.example.gov.cn".into(),
            port: 587,
            tls: TlsMode::StartTls,
            user: Some("greenlane".into()),
            password: Some(PasswordFrom::Env("SMTP_PASSWORD".into())),
            from: "绿色通道 <noreply@example.gov.cn>".into(),
            hello: None,
            timeout: Duration::from_secs(30),
            root_certificates: None,
        }
    }

    fn mistakes(change: impl FnOnce(&mut SmtpConfig)) -> String {
        let mut config = config();
        change(&mut config);
        config.validate().iter().map(|mistake| format!("{mistake}\n")).collect()
    }

    #[test]
    fn sound_settings_are_taken_and_name_their_origin() {
        assert_eq!(config().validate(), []);
        assert_eq!(config().origin().as_deref(), Some("example.gov.cn"));
        let local = SmtpConfig { host: "127.0.0.1".into(), tls: TlsMode::None, user: None, password: None, ..config() };
        assert_eq!(local.validate(), []);
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let all = mistakes(|config| {
            config.host = "mail example".into();
            config.port = 0;
            config.tls = TlsMode::None;
            config.from = "nobody\r\nBcc: x@example.invalid".into();
            config.hello = Some("a b".into());
            config.timeout = Duration::ZERO;
            config.password = None;
        });
        insta::assert_snapshot!(all, @r"
        smtp.host: expected a host name or address, found `mail example` / 应为 主机名或地址，实为 `mail example`
        smtp.port: expected a port from 1 to 65535, found `0` / 应为 1 至 65535 的端口，实为 `0`
        smtp.tls: expected `starttls` or `tls` (`none` is for this machine only), found `none` / 应为 `starttls` 或 `tls`（`none` 只可用于本机），实为 `none`
        smtp.from: expected a sender such as `Greenlane <noreply@example.gov.cn>`, found `nobody  Bcc: x@example.invalid` / 应为 发件人，如 `绿色通道 <noreply@example.gov.cn>`，实为 `nobody  Bcc: x@example.invalid`
        smtp.hello: expected a host name, found `a b` / 应为 主机名，实为 `a b`
        smtp.timeout: expected a time from 10ms to 600s, found `0ns` / 应为 10ms 至 600s，实为 `0ns`
        smtp.password: expected a file or an environment variable with the password of `user`, found `none` / 应为 与 `user` 对应的密码文件或环境变量，实为 `none`
        ");
        insta::assert_snapshot!(mistakes(|config| config.user = None), @"smtp.user: expected the user whom `password` belongs to, found `none` / 应为 与 `password` 对应的用户名，实为 `none`");
        let plain = mistakes(|config| {
            config.host = "localhost".into();
            config.tls = TlsMode::None;
        });
        insta::assert_snapshot!(plain, @"smtp.tls: expected `starttls` or `tls` where there is a `user`, found `none` / 应为 有 `user` 时为 `starttls` 或 `tls`，实为 `none`");
        insta::assert_snapshot!("ssl".parse::<TlsMode>().unwrap_err(), @"expected `starttls`, `tls` or `none`, found `ssl`");
    }
}
