//! Approval groups and the verbs a step allows, as an author wrote them.
//! Invariant: what one refusal does is always said; nothing here stands for a choice the author did not make.
//! Never: a person. Seats name an office and a post, filled by any holder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::Name;

/// The word under `not` that means whoever submitted the application.
pub const SUBMITTER: &str = "submitter";

/// When an approval group passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupPass {
    /// 会签: everyone.
    All,
    /// 或签: the first answer.
    Any,
    /// 票签: enough votes.
    Vote(Vote),
    /// 顺签: everyone, one seat after the other.
    InOrder,
}

/// How votes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// What is enough.
    pub passes: Ballots,
    /// With so many votes against, the group has refused, whatever is still open.
    pub refusals: Option<u32>,
}

/// What is enough to pass; a seat counts with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ballots {
    /// So many of a hundred of all votes.
    Share(u32),
    /// So many votes.
    Count(u32),
}

/// What one refusal does in a group that asks everyone; in a vote, what a vote that was lost does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRefusal {
    /// The group ends refused at once (veto).
    End,
    /// The others still answer; the group then ends refused.
    Continue,
    /// The case goes back to the first step of the group's `may-return`.
    Return,
}

/// What a seat's answer weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// Its votes.
    pub weight: u32,
    /// Its refusal alone refuses (一票否决).
    pub veto: bool,
}

impl Default for Power {
    fn default() -> Self {
        Self { weight: 1, veto: false }
    }
}

/// An approval group: outcomes `approved` and `rejected`.
#[derive(Clone, Debug)]
pub struct GroupRule {
    /// One seat per (office, post), filled by any holder.
    pub seats: Vec<(Name, Name)>,
    /// Seats that weigh more than one vote, or may refuse alone.
    pub powers: BTreeMap<(Name, Name), Power>,
    /// When it passes.
    pub pass: GroupPass,
    /// What one refusal does.
    pub on_refusal: OnRefusal,
    /// Separation of duties, as in a task.
    pub not: Vec<Name>,
}

impl GroupRule {
    /// What a seat's answer weighs.
    #[must_use]
    pub fn power(&self, seat: &(Name, Name)) -> Power {
        self.powers.get(seat).copied().unwrap_or_default()
    }
}

/// A verb an author may forbid or allow at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// 加签.
    AddSigners,
    /// 减签 of the seats the author wrote; who added one may always take it away again.
    RemoveSigner,
    /// 转办.
    Transfer,
    /// 委派.
    Delegate,
    /// 撤回 of one's own act.
    TakeBack,
    /// 催办.
    Urge,
    /// 批量办理.
    Batch,
}

impl Verb {
    /// All, by the word an author writes.
    pub const ALL: [(&'static str, Self); 7] = [
        ("add-signers", Self::AddSigners),
        ("remove-signer", Self::RemoveSigner),
        ("transfer", Self::Transfer),
        ("delegate", Self::Delegate),
        ("take-back", Self::TakeBack),
        ("urge", Self::Urge),
        ("batch", Self::Batch),
    ];

    /// Whether a step allows it when its author says nothing: only what takes no safeguard away.
    const fn is_usual(self) -> bool {
        match self {
            Self::AddSigners | Self::Transfer | Self::Delegate | Self::TakeBack | Self::Urge => true,
            Self::RemoveSigner | Self::Batch => false,
        }
    }
}

/// What people may do at a step beside answering it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verbs {
    /// What is allowed beyond the usual.
    pub allowed: BTreeSet<Verb>,
    /// What is forbidden of the usual.
    pub forbidden: BTreeSet<Verb>,
    /// One person may urge the step once in so many working days; one when nothing is said.
    pub urge_working_days: Option<u32>,
}

impl Verbs {
    /// Whether the step allows a verb.
    #[must_use]
    pub fn allow(&self, verb: Verb) -> bool {
        self.allowed.contains(&verb) || (verb.is_usual() && !self.forbidden.contains(&verb))
    }
}
