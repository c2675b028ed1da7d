//! A short message and its ways out.
//! Invariant: as for mail: what the other side says is Temporary or Permanent and never lost, and the id stays the same at every attempt. Never: a text of its own.

use super::{Folder, Kept, Memory, Receipt, Report, SendError, Smpp, SmsCloud, SmsHttp};
use crate::ids::Moment;

/// A short message ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortMessage {
    /// The notice's key: the gateway can drop a double by it, and names it in its delivery receipt.
    pub id: String,
    /// The recipient's number.
    pub to: String,
    /// The whole text, signature included.
    pub text: String,
    /// The number under which the gateway approved the text.
    pub template: String,
    /// The values of its places, in the order a template has them; `None` where this notice has none.
    pub values: Vec<(String, Option<String>)>,
    /// Who signs, without 【】.
    pub signature: String,
    /// When the notice was made: the same at every attempt.
    pub date: Moment,
}

/// A way out. Cloning shares it.
#[derive(Clone, Debug)]
pub enum SmsChannel {
    /// A gateway over HTTP.
    Http(SmsHttp),
    /// A carrier's message centre over SMPP.
    Smpp(Smpp),
    /// A cloud in its own shape.
    Cloud(SmsCloud),
    /// Writes each message into a folder (demonstrations, trials).
    Folder(Folder),
    /// Keeps each message (tests).
    Memory(Memory),
}

impl SmsChannel {
    /// The word in the record of attempts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "sms-http",
            Self::Smpp(_) => "smpp",
            Self::Cloud(_) => "sms-cloud",
            Self::Folder(_) => "folder",
            Self::Memory(_) => "memory",
        }
    }

    /// Hands `message` over.
    ///
    /// # Errors
    /// When the other side did not take it, or may not have.
    pub async fn send(&self, message: &ShortMessage) -> Result<Receipt, SendError> {
        match self {
            Self::Http(http) => http.send(message).await,
            Self::Smpp(smpp) => smpp.send(message).await,
            Self::Cloud(cloud) => cloud.send(message).await,
            Self::Folder(folder) => folder.send_short(message).await,
            Self::Memory(memory) => memory.send_short(message),
        }
    }

    /// Delivery receipts that came over the channel's own connection and wait to be kept, at most `limit`. Binds when it is not bound.
    pub async fn reports(&self, limit: usize) -> Vec<Report> {
        match self {
            Self::Smpp(smpp) => smpp.reports(limit).await,
            // A gateway's receipts come to our own door; the others have none.
            Self::Http(_) | Self::Cloud(_) | Self::Folder(_) | Self::Memory(_) => Vec::new(),
        }
    }

    /// Gives back a receipt whose message is not known yet: it may have come before the record of its sending.
    pub fn keep_waiting(&self, report: Report) {
        match self {
            Self::Smpp(smpp) => smpp.keep_waiting(report),
            Self::Http(_) | Self::Cloud(_) | Self::Folder(_) | Self::Memory(_) => report.answer(Kept::Unknown),
        }
    }
}
