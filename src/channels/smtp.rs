//! Mail by SMTP, in a dialogue of our own over lettre's connection.
//! Invariant: a connection whose dialogue broke off or ran out of time is never used again, so no answer is taken for another message's.
//! Never: signs in without TLS; sends again by itself what the server may have taken.
//!
//! lettre's pool is not used: it takes a connection back even when a timeout dropped the send half-way, and the answer that
//! comes late would then be read as the answer to the next command.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::message::{Composed, Transfer, compose};
use super::smtp_config::{SettingMistake, SmtpConfig, TlsMode, roots};
use super::{Receipt, Rendered, SendError};
use crate::limits::{SEND_DETAIL_CHARS_MAX, SMTP_IDLE_CONNECTIONS_MAX};

/// The mail server. Cloning shares its idle connections.
#[derive(Clone)]
pub struct Smtp {
    inner: Arc<Inner>,
}

struct Inner {
    host: String,
    port: u16,
    tls: TlsMode,
    parameters: TlsParameters,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The credentials stay out.
        f.debug_struct("Smtp").field("host", &self.inner.host).field("port", &self.inner.port).field("tls", &self.inner.tls).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Checks the settings and reads password and certificates; connects only when there is something to send.
    ///
    /// # Errors
    /// Every setting that cannot be used.
    pub fn open(config: &SmtpConfig) -> Result<Self, Vec<SettingMistake>> {
        let mut mistakes = config.validate();
        let password = config.read_password().map_err(|mistake| mistakes.push(mistake)).ok().flatten();
        let pem = config.read_roots().map_err(|mistake| mistakes.push(mistake)).ok().flatten();
        let parameters = tls_parameters(config, pem.as_deref()).map_err(|mistake| mistakes.push(mistake));
        match parameters.ok() {
            Some(parameters) if mistakes.is_empty() => {
                let credentials = config.user.clone().zip(password).map(|(user, password)| Credentials::new(user, password));
                let hello = config.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
                let SmtpConfig { host, port, tls, timeout, .. } = config.clone();
                Ok(Self { inner: Arc::new(Inner { host, port, tls, parameters, credentials, hello, timeout, idle: Mutex::default() }) })
            }
            Some(_) | None => Err(mistakes),
        }
    }

    pub(super) async fn send(&self, message: &Rendered) -> Result<Receipt, SendError> {
        let composed = compose(message, Transfer::Relay)?;
        // The whole dialogue is bounded: lettre's own bound covers connecting only.
        let answered = timeout(self.inner.timeout, self.inner.attempt(&composed)).await;
        let result = answered.unwrap_or_else(|_| Err(SendError::Temporary(format!("expected an answer within {:?}, found none", self.inner.timeout))));
        let hide = |text: String| without(&text, message.to.trim());
        match result {
            Ok(Receipt { detail, ids }) => Ok(Receipt { detail: hide(detail), ids }),
            Err(SendError::Temporary(text)) => Err(SendError::Temporary(hide(text))),
            Err(SendError::Permanent(text)) => Err(SendError::Permanent(hide(text))),
        }
    }

    /// Says goodbye on the idle connections.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.inner.idle());
        for mut connection in idle {
            // Whether the server still hears it does not matter: nothing is under way.
            let _ = timeout(self.inner.timeout, connection.quit()).await;
        }
    }
}

fn tls_parameters(config: &SmtpConfig, pem: Option<&[u8]>) -> Result<TlsParameters, SettingMistake> {
    let wrong = |error: Error| match &config.root_certificates {
        Some(path) => roots(path, &error.to_string()),
        None => {
            SettingMistake {
                key: "host", zh: format!("无法建立 TLS 参数：{error}"), en: format!("expected TLS to be set up for the host, found: {error}")
            }
        }
    };
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(pem) = pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(wrong)?);
    }
    builder.build().map_err(wrong)
}

/// Where a dialogue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    StartTls,
    SignIn,
    Sender,
    Recipient,
    Data,
    Text,
}

impl Stage {
    const fn words(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::StartTls => "STARTTLS",
            Self::SignIn => "signing in",
            Self::Sender => "MAIL",
            Self::Recipient => "RCPT",
            Self::Data => "DATA",
            Self::Text => "the text",
        }
    }

    /// Whether a refusal here speaks of this message; before, it speaks of us, and the next message would fare no better.
    const fn is_about_the_message(self) -> bool {
        match self {
            Self::Connect | Self::StartTls | Self::SignIn => false,
            Self::Sender | Self::Recipient | Self::Data | Self::Text => true,
        }
    }
}

impl Inner {
    async fn attempt(&self, message: &Composed) -> Result<Receipt, SendError> {
        let mut connection = self.connection().await?;
        match transaction(&mut connection, message).await {
            Ok(detail) => {
                self.park(connection);
                Ok(Receipt::said(detail))
            }
            Err(Broken { error, answered }) => {
                // A server that said no is still in step; the check before the next use resets it.
                if answered {
                    self.park(connection);
                }
                Err(error)
            }
        }
    }

    /// An idle connection that still answers, or a new one. A server closes idle connections as it likes; that costs no attempt.
    async fn connection(&self) -> Result<AsyncSmtpConnection, SendError> {
        while let Some(mut connection) = self.take_idle() {
            let check = timeout(self.timeout / 4, connection.command(Rset)).await;
            if check.is_ok_and(|answer| answer.is_ok_and(|response| response.has_code(250))) {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let wrapper = (self.tls == TlsMode::Tls).then(|| self.parameters.clone());
        let address = (self.host.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &self.hello, wrapper, None).await;
        let mut connection = connected.map_err(|error| failure(Stage::Connect, &error))?;
        if self.tls == TlsMode::StartTls {
            connection.starttls(self.parameters.clone(), &self.hello).await.map_err(|error| failure(Stage::StartTls, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            if !connection.is_encrypted() {
                return Err(SendError::Temporary("signing in: expected a protected connection, found a plain one".to_owned()));
            }
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let answer = connection.auth(&mechanisms, credentials).await.map_err(|error| failure(Stage::SignIn, &error))?;
            expect(Stage::SignIn, &answer, &[235]).map_err(|broken| broken.error)?;
        }
        Ok(connection)
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle().pop()
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < SMTP_IDLE_CONNECTIONS_MAX {
            idle.push(connection);
        }
    }

    /// Nothing can panic while the lock is held, and the list is whole at every moment.
    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction that did not end well; `answered` when the server itself said so.
struct Broken {
    error: SendError,
    answered: bool,
}

async fn transaction(connection: &mut AsyncSmtpConnection, message: &Composed) -> Result<String, Broken> {
    let sender = Mail::new(message.envelope.from().cloned(), Vec::new());
    say(Stage::Sender, connection.command(sender).await, &[250])?;
    for to in message.envelope.to() {
        say(Stage::Recipient, connection.command(Rcpt::new(to.clone(), Vec::new())).await, &[250, 251])?;
    }
    say(Stage::Data, connection.command(Data).await, &[354])?;
    let answer = say(Stage::Text, connection.message(&message.bytes).await, &[250])?;
    Ok(short(&words(&answer)))
}

fn say(stage: Stage, answer: Result<Response, Error>, codes: &[u16]) -> Result<Response, Broken> {
    let response = answer.map_err(|error| Broken { error: failure(stage, &error), answered: error.status().is_some() })?;
    expect(stage, &response, codes)?;
    Ok(response)
}

/// Another code than the expected one means that question and answer are out of step.
fn expect(stage: Stage, response: &Response, codes: &[u16]) -> Result<(), Broken> {
    if codes.iter().any(|code| response.has_code(*code)) {
        return Ok(());
    }
    let text = format!("{}: expected code {codes:?}, found `{} {}`", stage.words(), response.code(), words(response));
    Err(Broken { error: SendError::Temporary(short(&text)), answered: false })
}

/// What a failure at `stage` means for the message.
fn failure(stage: Stage, error: &Error) -> SendError {
    /// Answers that ask for a sign-in or refuse it (RFC 4954): our settings are wrong, not the message.
    const ABOUT_US: [u16; 4] = [530, 534, 535, 538];
    let text = short(&format!("{}: {error}", stage.words()));
    let code = error.status().map(u16::from);
    if stage.is_about_the_message() && error.is_permanent() && !code.is_some_and(|code| ABOUT_US.contains(&code)) {
        SendError::Permanent(text)
    } else {
        SendError::Temporary(text)
    }
}

fn words(response: &Response) -> String {
    response.message().collect::<Vec<_>>().join(" ")
}

/// One printable line of bounded length: the words come from outside.
fn short(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SEND_DETAIL_CHARS_MAX).collect()
}

/// Servers like to repeat the recipient; the record of an attempt does without.
fn without(text: &str, address: &str) -> String {
    if address.is_empty() { text.to_owned() } else { text.replace(address, "(recipient)") }
}
