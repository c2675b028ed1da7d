//! What is said to whom: kinds, recipients, dedupe keys, context, texts, and when to try again.
//! Invariant: the same occasion, recipient and medium always give the same key, so a notice is recorded once however often it is asked for.
//! Never: sends anything, or asks what time it is.

pub mod approval;
pub mod audience;
pub mod context;
pub mod key;
pub mod kind;
pub mod preference;
pub mod preview;
pub mod quiet;
pub mod recipient;
pub mod segments;
pub mod settle;
mod template_check;
pub mod templates;

use serde::{Deserialize, Serialize};

pub use approval::{Approval, Clearance, Stage, Texts, Withheld};
pub use audience::{audience, holders_of};
pub use context::{Context, Days, Digest, Line, Room};
pub use key::{Occasion, message_id};
pub use kind::{Audience, Kind, Urgency, Var};
pub use preference::{Choice, Group, Preferences};
pub use quiet::leaves_at;
pub use recipient::Recipient;
pub use segments::{Segments, segments};
pub use settle::{Next, Outcome, retry_delay_s, settle};
pub use templates::{Letter, Signature, Templates, Unwritable};

/// The language a notice is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// 简体中文, which leads.
    #[serde(rename = "zh-CN")]
    Zh,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The tag in file names and in a person's record.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language of a tag; Chinese unless the tag says English.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        if tag.eq_ignore_ascii_case("en") || tag.to_ascii_lowercase().starts_with("en-") { Self::En } else { Self::Zh }
    }
}

/// The way a notice reaches a person; part of its key, whichever transport carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// E-mail, by SMTP or written to a folder.
    Mail,
    /// A short message, through a carrier's gateway or written to a folder.
    Sms,
}

impl Medium {
    /// Both, in the order a person's notices are made.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Sms];

    /// The word in keys and rows.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Mail => Self::Sms,
            Self::Sms => Self::Mail,
        }
    }

    /// The medium of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|medium| medium.key() == word)
    }
}
