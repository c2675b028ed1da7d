//! What a person chose to hear, and how: by mail, by short message, by both, or not at all, for each group of notices.
//! Invariant: what the law has served, what warns of a date and what concerns an order is always told, by a medium that reaches the person.
//! Never: a choice that makes a person unreachable; where the chosen medium does not reach them, another does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Audience, Kind, Medium};

macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $audience:ident, kept: $kept:literal, mail_only: $mail:literal;)*) => {
        /// A group of notices, chosen for together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Group { $($(#[$doc])* #[serde(rename = $key)] $name,)* }

        impl Group {
            /// All groups, as a page lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in rows, forms and the interface.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// Whom it addresses.
            #[must_use]
            pub const fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience,)* }
            }

            /// Whether it cannot be turned off.
            #[must_use]
            pub const fn is_kept(self) -> bool {
                match self { $(Self::$name => $kept,)* }
            }

            /// Whether it goes by mail alone.
            #[must_use]
            pub const fn is_mail_only(self) -> bool {
                match self { $(Self::$name => $mail,)* }
            }
        }
    };
}

groups! {
    /// 法律文书和须告知的事项.
    Served = "served", Applicant, kept: true, mail_only: false;
    /// 办理进展.
    Progress = "progress", Applicant, kept: false, mail_only: false;
    /// 临期、超期提醒.
    Warnings = "warnings", Officer, kept: true, mail_only: false;
    /// 督办和催办.
    Orders = "orders", Officer, kept: true, mail_only: false;
    /// 新待办.
    Tasks = "tasks", Officer, kept: false, mail_only: false;
    /// 抄送.
    Copies = "copies", Officer, kept: false, mail_only: false;
    /// 每日待办、日报.
    Digests = "digests", Officer, kept: false, mail_only: true;
    /// 周报、月报.
    Reports = "reports", Officer, kept: false, mail_only: true;
    /// 工作日历变动.
    Calendars = "calendars", Officer, kept: false, mail_only: true;
    /// 账号安全.
    Access = "access", Officer, kept: true, mail_only: true;
}

impl Group {
    /// The group of a kind. What a supervision order asks for is an order, whatever its kind.
    #[must_use]
    pub const fn of(kind: Kind, of_order: bool) -> Self {
        if of_order && matches!(kind.audience(), Audience::Officer) && kind.is_of_case() {
            return Self::Orders;
        }
        match kind {
            Kind::AReceived
            | Kind::ACorrection
            | Kind::ACorrectionDue
            | Kind::AAccepted
            | Kind::ADeemed
            | Kind::ANotAccepted
            | Kind::ATolerantDue
            | Kind::ASpecial
            | Kind::AExtended
            | Kind::AHearing
            | Kind::ALate
            | Kind::AReady
            | Kind::ARefused
            | Kind::ATerminated
            | Kind::AAdmitted
            | Kind::AAdmissionEnded => Self::Served,
            Kind::AResumed | Kind::AMoved | Kind::AQuotaWait | Kind::AQuotaReserved | Kind::AFundingGap | Kind::AUrged | Kind::AClosed => Self::Progress,
            Kind::OYellow | Kind::OToday | Kind::ORed | Kind::ODark | Kind::OSpecialDue | Kind::OConsultDue => Self::Warnings,
            Kind::OUrged => Self::Orders,
            Kind::OTask
            | Kind::OCorrected
            | Kind::OConsult
            | Kind::OBackup
            | Kind::OAsked
            | Kind::ORecusal
            | Kind::ODeliver
            | Kind::OArchive
            | Kind::Folded => Self::Tasks,
            Kind::OCopied => Self::Copies,
            Kind::TaskDigest | Kind::LeaderDigest => Self::Digests,
            Kind::WeeklyLights | Kind::MonthlyRanking => Self::Reports,
            Kind::CalendarChanged | Kind::CalendarMissing => Self::Calendars,
            Kind::Invitation | Kind::PasswordReset | Kind::PasswordChanged => Self::Access,
        }
    }

    /// Whether several of one hour may leave as one message: nothing that is served or ordered, and nothing that is alone of its kind.
    #[must_use]
    pub const fn folds(self) -> bool {
        match self {
            Self::Progress | Self::Warnings | Self::Tasks | Self::Copies => true,
            Self::Served | Self::Orders | Self::Digests | Self::Reports | Self::Calendars | Self::Access => false,
        }
    }

    /// The group of a word.
    #[must_use]
    pub fn of_key(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|group| group.key() == word).copied()
    }

    /// Whether somebody may choose for it: their own groups, and nothing about the safety of their account.
    #[must_use]
    pub const fn is_chosen(self) -> bool {
        !matches!(self, Self::Access)
    }

    /// What may be chosen for it, the usual first.
    #[must_use]
    pub fn choices(self) -> Vec<Choice> {
        let all = if self.is_mail_only() { vec![Choice::Mail, Choice::Off] } else { vec![Choice::Both, Choice::Mail, Choice::Sms, Choice::Off] };
        all.into_iter().filter(|choice| !(self.is_kept() && *choice == Choice::Off)).collect()
    }
}

/// How a group is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// By mail and by short message.
    Both,
    /// By mail.
    Mail,
    /// By short message.
    Sms,
    /// Not at all: it is seen on the platform.
    Off,
}

impl Choice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Both, Self::Mail, Self::Sms, Self::Off];

    /// The word in forms and the interface.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Off => "off",
        }
    }

    /// The choice of a word.
    #[must_use]
    pub fn of_key(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == word)
    }

    const fn takes(self, medium: Medium) -> bool {
        match (self, medium) {
            (Self::Both, Medium::Mail | Medium::Sms) | (Self::Mail, Medium::Mail) | (Self::Sms, Medium::Sms) => true,
            (Self::Mail, Medium::Sms) | (Self::Sms, Medium::Mail) | (Self::Off, Medium::Mail | Medium::Sms) => false,
        }
    }
}

/// What one person chose; nothing chosen is told by every medium that reaches them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preferences(BTreeMap<Group, Choice>);

impl Preferences {
    /// How a group is told. What was chosen while it was allowed counts no longer when it is not.
    #[must_use]
    pub fn of(&self, group: Group) -> Choice {
        let choices = group.choices();
        self.0.get(&group).copied().filter(|choice| choices.contains(choice)).or_else(|| choices.first().copied()).unwrap_or(Choice::Both)
    }

    /// With another choice for a group.
    #[must_use]
    pub fn with(mut self, group: Group, choice: Choice) -> Self {
        self.0.insert(group, choice);
        self
    }

    /// The media a notice of the group goes by, of those that reach the person.
    #[must_use]
    pub fn media(&self, group: Group, reaching: &[Medium]) -> Vec<Medium> {
        let choice = self.of(group);
        let chosen: Vec<Medium> = reaching.iter().copied().filter(|medium| choice.takes(*medium)).collect();
        if chosen.is_empty() && choice != Choice::Off { reaching.to_vec() } else { chosen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_warned_or_ordered_cannot_be_turned_off() {
        let off = Group::ALL.iter().fold(Preferences::default(), |all, group| all.with(*group, Choice::Off));
        let told: Vec<&str> = Group::ALL.iter().filter(|group| !off.media(**group, &Medium::ALL).is_empty()).map(|group| group.key()).collect();
        assert_eq!(told, ["served", "warnings", "orders", "access"]);
    }

    #[test]
    fn a_chosen_medium_that_does_not_reach_the_person_gives_way_to_one_that_does() {
        let short = Preferences::default().with(Group::Served, Choice::Sms);
        assert_eq!(short.media(Group::Served, &Medium::ALL), [Medium::Sms]);
        assert_eq!(short.media(Group::Served, &[Medium::Mail]), [Medium::Mail]);
        let quiet = Preferences::default().with(Group::Copies, Choice::Off);
        assert_eq!((quiet.media(Group::Copies, &[Medium::Mail]), quiet.media(Group::Tasks, &[Medium::Mail])), (vec![], vec![Medium::Mail]));
    }

    #[test]
    fn every_kind_has_a_group_of_its_audience_and_every_group_its_choices() {
        for kind in Kind::ALL {
            assert_eq!(Group::of(*kind, false).audience(), kind.audience(), "{kind}");
        }
        assert_eq!(Group::of(Kind::OTask, true), Group::Orders);
        assert_eq!(Group::of(Kind::AReady, true), Group::Served);
        for group in Group::ALL {
            assert_eq!(Group::of_key(group.key()), Some(*group));
            assert!(!group.choices().is_empty());
        }
    }

    #[test]
    fn stored_preferences_read_back() {
        let chosen = Preferences::default().with(Group::Tasks, Choice::Mail).with(Group::Digests, Choice::Off);
        let stored = serde_json::to_string(&chosen).unwrap();
        assert_eq!(stored, r#"{"tasks":"mail","digests":"off"}"#);
        assert_eq!(serde_json::from_str::<Preferences>(&stored).unwrap(), chosen);
    }
}
