//! Channels: hand a rendered message to the outside world and say how it went.
//! Invariant: a refusal by the other side is Temporary or Permanent and never lost; the same message keeps its Message-ID at every attempt.
//! Never: chooses a recipient, a text or the moment; retries by itself what the other side may already have taken.

mod folder;
mod memory;
mod message;
mod secret;
mod sign;
mod smpp;
mod smpp_receipt;
mod smpp_text;
mod sms;
mod sms_cloud;
mod sms_http;
mod sms_receipt;
mod smtp;
mod smtp_config;
mod tls;
mod webhook;
mod webhook_address;
mod wire;

use crate::ids::Moment;
use crate::notice::Outcome;

pub use folder::Folder;
pub use memory::Memory;
pub use smpp::Smpp;
pub use smpp_receipt::{Kept, Report};
pub use sms::{ShortMessage, SmsChannel};
pub use sms_cloud::SmsCloud;
pub use sms_http::SmsHttp;
pub use sms_receipt::{SmsReceipt, SmsReceipts, Unread};
pub use smtp::Smtp;
pub use smtp_config::{PasswordFrom, SettingMistake, SmtpConfig, TlsMode};
pub use webhook::Webhooks;

/// A message ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// `<key@origin>`: `notice::message_id`.
    pub message_id: String,
    /// The sender: `name <address>` or an address.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// When the notice was made: the same at every attempt.
    pub date: Moment,
    /// The address that stops such mails with one POST (RFC 8058); digests and reports have one.
    pub unsubscribe: Option<String>,
}

/// What the other side said when it took the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its words, for the record of the attempt.
    pub detail: String,
    /// The names it will use in delivery receipts, part by part; empty when those carry our own id.
    pub ids: Vec<String>,
}

impl Receipt {
    /// Taken with these words; receipts, if any, carry our own id.
    #[must_use]
    pub const fn said(detail: String) -> Self {
        Self { detail, ids: Vec::new() }
    }
}

/// Why a message did not leave. The words go to the record of the attempt and hold no address of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later: the network, a busy or silent server, our own sign-in.
    #[error("not sent, may work later: {0}")]
    Temporary(String),
    /// It will never work as it is: the address, or the message itself.
    #[error("not sent, refused for good: {0}")]
    Permanent(String),
}

impl From<&Result<Receipt, SendError>> for Outcome {
    fn from(result: &Result<Receipt, SendError>) -> Self {
        match result {
            Ok(_) => Self::Accepted,
            Err(SendError::Temporary(_)) => Self::Temporary,
            Err(SendError::Permanent(_)) => Self::Permanent,
        }
    }
}

/// A way out. Cloning shares its connections.
#[derive(Clone, Debug)]
pub enum Channel {
    /// Sends mail.
    Smtp(Smtp),
    /// Writes each message into a folder (demonstrations, trials).
    Folder(Folder),
    /// Keeps each message (tests).
    Memory(Memory),
}

impl Channel {
    /// The word in the record of attempts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::Folder(_) => "folder",
            Self::Memory(_) => "memory",
        }
    }

    /// Hands `message` over.
    ///
    /// # Errors
    /// When the other side did not take it, or may not have.
    pub async fn send(&self, message: &Rendered) -> Result<Receipt, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => folder.send(message).await,
            Self::Memory(memory) => memory.send(message),
        }
    }

    /// Lets go of connections before the process ends.
    pub async fn close(&self) {
        match self {
            Self::Smtp(smtp) => smtp.close().await,
            Self::Folder(_) | Self::Memory(_) => {}
        }
    }
}
