//! Whether a short message's text may leave: carriers take a text only when they know it, so each is registered, approved under a number, and switched on.
//! Invariant: an approval is of one wording under one signature; when either changes, the text is as good as never approved. Never: a wording, or the step from one stage to the next; `app::texts` takes those.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Kind, Language};
use crate::ids::Digest;

/// How far the registration of a text has come. A text nobody has submitted has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Handed in.
    Submitted,
    /// Approved under a number.
    Approved,
    /// Refused.
    Rejected,
}

/// The registration of one wording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// How far it has come.
    pub stage: Stage,
    /// `Templates::short_digest` of what was handed in.
    pub digest: Digest,
    /// The day of the stage.
    pub on: NaiveDate,
    /// The number the gateway gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Who approved or refused it: the carrier, the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an approval comes to for the wording there is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clearance {
    /// Not handed in.
    Draft,
    /// Handed in.
    Submitted,
    /// Approved: it may be switched on.
    Approved,
    /// Refused.
    Rejected,
    /// Another wording, or another signature, was handed in or approved: this one is not.
    Changed,
}

impl Clearance {
    /// What `approval` says of the wording with this digest.
    #[must_use]
    pub fn of(approval: Option<&Approval>, wording: Digest) -> Self {
        match approval {
            None => Self::Draft,
            Some(approval) if approval.digest != wording => Self::Changed,
            Some(approval) => match approval.stage {
                Stage::Submitted => Self::Submitted,
                Stage::Approved => Self::Approved,
                Stage::Rejected => Self::Rejected,
            },
        }
    }

    /// The word in rows and pages.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Changed => "changed",
        }
    }
}

/// Why a short message may not leave, for the record of its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// Nobody has switched it on, or somebody has switched it off since.
    #[error("not sent: the text is switched off")]
    Off,
    /// It is not approved as it stands.
    #[error("not sent: the text is not approved as it stands ({})", .0.key())]
    Uncleared(Clearance),
}

/// The registrations and switches of all texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    approvals: BTreeMap<(Kind, Language), Approval>,
    on: BTreeMap<(Kind, Language), bool>,
}

impl Texts {
    /// Puts a registration in place.
    pub fn approve(&mut self, text: (Kind, Language), approval: Approval) {
        self.approvals.insert(text, approval);
    }

    /// Turns a switch.
    pub fn switch(&mut self, text: (Kind, Language), on: bool) {
        self.on.insert(text, on);
    }

    /// The registration of a text.
    #[must_use]
    pub fn approval(&self, kind: Kind, language: Language) -> Option<&Approval> {
        self.approvals.get(&(kind, language))
    }

    /// Whether it is switched on.
    #[must_use]
    pub fn is_on(&self, kind: Kind, language: Language) -> bool {
        self.on.get(&(kind, language)).copied().unwrap_or(false)
    }

    /// Whether a notice of the kind shall also go by short message: it is switched on and some wording of it was approved. Whether that is today's wording is asked when it leaves,
    /// so that a text that has changed since shows as a message withheld and not as silence.
    #[must_use]
    pub fn speaks(&self, kind: Kind, language: Language) -> bool {
        let approved = self.approval(kind, language).is_some_and(|approval| approval.stage == Stage::Approved);
        kind.has_short() && approved && self.is_on(kind, language)
    }

    /// The approval under which this wording may leave now.
    ///
    /// # Errors
    /// Why it may not.
    pub fn cleared(&self, kind: Kind, language: Language, wording: Digest) -> Result<&Approval, Withheld> {
        let approval = self.approval(kind, language);
        match (Clearance::of(approval, wording), approval) {
            (Clearance::Approved, Some(approval)) if self.is_on(kind, language) => Ok(approval),
            (Clearance::Approved, _) => Err(Withheld::Off),
            (uncleared, _) => Err(Withheld::Uncleared(uncleared)),
        }
    }
}

/// The key of a text in a register: `o.yellow/zh-CN`.
#[must_use]
pub fn key(kind: Kind, language: Language) -> String {
    format!("{kind}/{}", language.tag())
}

/// The text of a key; `None` for a kind this program does not have (any more).
#[must_use]
pub fn of_key(key: &str) -> Option<(Kind, Language)> {
    let (kind, tag) = key.split_once('/')?;
    let language = Language::ALL.into_iter().find(|language| language.tag() == tag)?;
    Some((kind.parse().ok()?, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: (Kind, Language) = (Kind::OYellow, Language::Zh);

    fn approval(stage: Stage, wording: &str) -> Approval {
        Approval { stage, digest: Digest::of(wording.as_bytes()), on: NaiveDate::MIN, template: Some("T1".into()), by: None, reason: None }
    }

    fn cleared(texts: &Texts, wording: &str) -> Result<(), Withheld> {
        texts.cleared(TEXT.0, TEXT.1, Digest::of(wording.as_bytes())).map(drop)
    }

    #[test]
    fn a_text_leaves_only_approved_as_it_stands_and_switched_on() {
        let mut texts = Texts::default();
        assert_eq!((cleared(&texts, "a"), texts.speaks(TEXT.0, TEXT.1)), (Err(Withheld::Uncleared(Clearance::Draft)), false));
        texts.switch(TEXT, true);
        for (stage, expected) in [(Stage::Submitted, Clearance::Submitted), (Stage::Rejected, Clearance::Rejected)] {
            texts.approve(TEXT, approval(stage, "a"));
            assert_eq!((cleared(&texts, "a"), texts.speaks(TEXT.0, TEXT.1)), (Err(Withheld::Uncleared(expected)), false));
        }
        texts.approve(TEXT, approval(Stage::Approved, "a"));
        assert_eq!((cleared(&texts, "a"), texts.speaks(TEXT.0, TEXT.1)), (Ok(()), true));
        assert_eq!((cleared(&texts, "b"), texts.speaks(TEXT.0, TEXT.1)), (Err(Withheld::Uncleared(Clearance::Changed)), true), "withheld, and seen to be");
        texts.switch(TEXT, false);
        assert_eq!((cleared(&texts, "a"), texts.speaks(TEXT.0, TEXT.1)), (Err(Withheld::Off), false));
    }

    #[test]
    fn every_text_has_a_key_that_leads_back_to_it() {
        for kind in Kind::ALL {
            for language in Language::ALL {
                assert_eq!(of_key(&key(*kind, language)), Some((*kind, language)));
            }
        }
        assert_eq!((of_key("o.gone/zh-CN"), of_key("o.red/fr"), of_key("o.red")), (None, None, None));
    }
}
