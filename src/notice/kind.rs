//! The registry of notice kinds: who hears each, how urgent it is, and which variables its texts may use.
//! Invariant: a kind exists here or nowhere; every kind has a template in both languages, checked at start.
//! Never: a wording. Those live in `templates/`.

use std::fmt;
use std::str::FromStr;

/// Whom a kind addresses; it decides the tone, not the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The applying company's agent.
    Applicant,
    /// People in offices.
    Officer,
}

/// Whether a kind may be held back at night and on holidays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It can wait for the morning.
    Routine,
    /// It speaks of today and is worthless tomorrow.
    DueToday,
}

macro_rules! vars {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)*) => {
        /// A variable a template may use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Var { $($(#[$doc])* $name,)* }

        impl Var {
            /// The word in templates.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }
    };
}

vars! {
    /// The number of the case or of its part.
    No = "no",
    /// What the case is about.
    Item = "item",
    /// What a list calls the case: its project or its subject.
    Project = "project",
    /// The step.
    Step = "step",
    /// The office that acts.
    Office = "office",
    /// The day by which something must be done.
    Due = "due",
    /// The day it was due before.
    Was = "was",
    /// Days left.
    Left = "left",
    /// Days late.
    Late = "late",
    /// The promised day (承诺).
    Promised = "promised",
    /// The statutory day (法定).
    Statutory = "statutory",
    /// The day something lasts to, or is expected.
    Until = "until",
    /// The day something took effect.
    On = "on",
    /// A reason or an opinion, in the words of the person who gave it.
    Reason = "reason",
    /// What a special procedure is for.
    Cause = "cause",
    /// The article relied on.
    Basis = "basis",
    /// The number of a document.
    Document = "document",
    /// How many papers.
    Count = "count",
    /// The place in a waiting list.
    Place = "place",
    /// Where to look inside the platform.
    Path = "path",
    /// The login of the person written to.
    Login = "login",
    /// A link that sets a password. Made while the mail leaves, kept nowhere.
    Link = "link",
    /// Set when the case goes before others.
    Priority = "priority",
    /// Set when the due day lies past the last published calendar.
    Provisional = "provisional",
    /// How many red and dark-red lines.
    RedCount = "red_count",
    /// How many yellow lines.
    YellowCount = "yellow_count",
    /// Cases opened on the day before.
    Opened = "opened",
    /// Cases closed on the day before.
    Closed = "closed",
    /// Lines past a statutory limit.
    DarkLines = "dark",
    /// Lines past a promise.
    RedLines = "red",
    /// Lines near a limit.
    YellowLines = "yellow",
    /// Other lines.
    OtherLines = "other",
    /// Special procedures past their expected end.
    SpecialLines = "special",
    /// Decisions to serve.
    DeliverLines = "deliver",
    /// Files to archive.
    ArchiveLines = "archive",
    /// Supervision orders in hand, each with how far it has come.
    OrderLines = "orders",
    /// Passed dates without a stated reason.
    UnstatedLines = "unstated",
    /// Offices, each with its figures.
    OfficeLines = "offices",
    /// Matters that wait for the reader's own word.
    AskedCount = "asked",
    /// How many supervision orders in hand are not among the lines.
    OrdersMore = "orders_more",
}

impl Var {
    /// Whether the variable is a list of lines, to be walked with `each`.
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self, Self::DarkLines | Self::RedLines | Self::YellowLines | Self::OtherLines | Self::SpecialLines | Self::DeliverLines | Self::ArchiveLines)
            || matches!(self, Self::OrderLines | Self::UnstatedLines | Self::OfficeLines)
    }

    /// The variables of one line of a list.
    pub const OF_LINE: [Self; 9] = [Self::No, Self::Item, Self::Project, Self::Step, Self::Office, Self::Due, Self::Was, Self::Left, Self::Late];
    /// Those of them every line has.
    pub const OF_LINE_NEEDED: [Self; 2] = [Self::No, Self::Item];
    /// What every notice about a case may add: the frame of a mail prints them.
    pub const OF_FRAME: [Self; 5] = [Self::Step, Self::Office, Self::Due, Self::Provisional, Self::Path];
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $audience:ident, $urgency:ident, [$($needs:ident)*] [$($may:ident)*];)*) => {
        /// A kind of notice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The key in definitions, rows and file names.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// Whom it addresses.
            #[must_use]
            pub const fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience,)* }
            }

            /// Whether it can wait.
            #[must_use]
            pub const fn urgency(self) -> Urgency {
                match self { $(Self::$name => Urgency::$urgency,)* }
            }

            /// The variables without which it cannot be written.
            #[must_use]
            pub const fn needs(self) -> &'static [Var] {
                match self { $(Self::$name => &[$(Var::$needs,)*],)* }
            }

            /// The variables of its own that it may use when they are there; `Var::OF_FRAME` comes on top.
            #[must_use]
            pub const fn may(self) -> &'static [Var] {
                match self { $(Self::$name => &[$(Var::$may,)*],)* }
            }
        }
    };
}

kinds! {
    /// 已收件.
    AReceived = "a.received", Applicant, Routine, [No Item] [];
    /// 需补正.
    ACorrection = "a.correction", Applicant, Routine, [No Item] [Count Reason];
    /// 补正期限将到.
    ACorrectionDue = "a.correction-due", Applicant, Routine, [No Item Due] [Left];
    /// 已受理.
    AAccepted = "a.accepted", Applicant, Routine, [No Item] [On Promised Statutory];
    /// 视为受理.
    ADeemed = "a.deemed", Applicant, Routine, [No Item] [On Basis Promised Statutory];
    /// 不予受理.
    ANotAccepted = "a.not-accepted", Applicant, Routine, [No Item] [Reason];
    /// 容缺材料待补.
    ATolerantDue = "a.tolerant-due", Applicant, Routine, [No Item Due] [Left];
    /// 进入特别程序.
    ASpecial = "a.special", Applicant, Routine, [No Item] [Until Cause Basis];
    /// 恢复计时.
    AResumed = "a.resumed", Applicant, Routine, [No Item] [];
    /// 延长.
    AExtended = "a.extended", Applicant, Routine, [No Item] [Reason];
    /// 承诺日期因工作日历调整而变.
    AMoved = "a.moved", Applicant, Routine, [No Item] [];
    /// 可要求听证.
    AHearing = "a.hearing", Applicant, Routine, [No Item] [];
    /// 超承诺说明.
    ALate = "a.late", Applicant, Routine, [No Item] [Promised Late Reason Until];
    /// 结果已出.
    AReady = "a.ready", Applicant, Routine, [No Item] [Document];
    /// 不予决定.
    ARefused = "a.refused", Applicant, Routine, [No Item] [Document];
    /// 终止办理.
    ATerminated = "a.terminated", Applicant, Routine, [No Item] [Reason];
    /// 获得认定.
    AAdmitted = "a.admitted", Applicant, Routine, [No Item] [Document Until];
    /// 认定终止.
    AAdmissionEnded = "a.admission-ended", Applicant, Routine, [No Item] [On];
    /// 指标候补.
    AQuotaWait = "a.quota-wait", Applicant, Routine, [No Item] [Place];
    /// 指标已预留.
    AQuotaReserved = "a.quota-reserved", Applicant, Routine, [No Item] [Until];
    /// 资金缺口.
    AFundingGap = "a.funding-gap", Applicant, Routine, [No Item] [];
    /// 催办已转.
    AUrged = "a.urged", Applicant, Routine, [No Item] [];
    /// 全部办结.
    AClosed = "a.closed", Applicant, Routine, [No Item] [];
    /// 新待办.
    OTask = "o.task", Officer, Routine, [No Item] [Priority];
    /// 临期.
    OYellow = "o.yellow", Officer, Routine, [No Item Due] [Left];
    /// 今日到期.
    OToday = "o.today", Officer, DueToday, [No Item Due] [];
    /// 超承诺.
    ORed = "o.red", Officer, Routine, [No Item Due] [Late];
    /// 超法定.
    ODark = "o.dark", Officer, Routine, [No Item Due] [Late];
    /// 特别程序将到期.
    OSpecialDue = "o.special-due", Officer, Routine, [No Item Due] [];
    /// 补正已提交.
    OCorrected = "o.corrected", Officer, Routine, [No Item] [];
    /// 征求意见.
    OConsult = "o.consult", Officer, Routine, [No Item] [];
    /// 征求意见将到期.
    OConsultDue = "o.consult-due", Officer, Routine, [No Item Due] [];
    /// 转 B 岗.
    OBackup = "o.backup", Officer, Routine, [No Item] [];
    /// 委派征询.
    OAsked = "o.asked", Officer, Routine, [No Item] [];
    /// 抄送.
    OCopied = "o.copied", Officer, Routine, [No Item] [];
    /// 回避申请待决定.
    ORecusal = "o.recusal", Officer, Routine, [No Item] [];
    /// 催办.
    OUrged = "o.urged", Officer, Routine, [No Item] [];
    /// 待送达.
    ODeliver = "o.deliver", Officer, Routine, [No Item] [];
    /// 待归档.
    OArchive = "o.archive", Officer, Routine, [No Item] [Count];
    /// 待办提醒 of the morning.
    TaskDigest = "mail.task-digest", Officer, Routine, [On RedCount YellowCount DarkLines RedLines YellowLines OtherLines SpecialLines DeliverLines ArchiveLines] [];
    /// 工作日历更新影响的办件.
    CalendarChanged = "mail.calendar", Officer, Routine, [On Document Count OtherLines] [];
    /// 下一年度工作日历未导入, for whoever loads it.
    CalendarMissing = "x.calendar", Officer, Routine, [On Count] [Until];
    /// 邀请开通账号.
    Invitation = "account.invitation", Officer, Routine, [Login Link] [];
    /// 重设密码.
    PasswordReset = "account.reset", Officer, DueToday, [Login Link] [];
    /// 密码已更改.
    PasswordChanged = "account.password-changed", Officer, DueToday, [Login] [];
    /// 日报 for the leader.
    LeaderDigest = "mail.leader-digest", Officer, Routine, [On RedCount YellowCount Opened Closed DarkLines RedLines YellowLines] [OrderLines OrdersMore AskedCount];
    /// 亮灯周报 for supervisors.
    WeeklyLights = "mail.weekly-lights", Officer, Routine, [On RedCount YellowCount DarkLines RedLines YellowLines OfficeLines] [OrderLines OrdersMore UnstatedLines Count Until];
    /// 按期办结月报 for supervisors and leaders.
    MonthlyRanking = "mail.monthly-ranking", Officer, Routine, [On Until OfficeLines] [];
    /// Several notices of one hour in one message.
    Folded = "n.folded", Officer, Routine, [Count] [];
}

impl Kind {
    /// Whether it lists many cases instead of speaking of one.
    #[must_use]
    pub const fn is_digest(self) -> bool {
        matches!(self, Self::TaskDigest | Self::LeaderDigest | Self::WeeklyLights | Self::MonthlyRanking | Self::CalendarChanged | Self::CalendarMissing)
    }

    /// Whether it speaks of somebody's access, not of a case: always by mail, whatever a person chose.
    #[must_use]
    pub const fn is_account(self) -> bool {
        matches!(self, Self::Invitation | Self::PasswordReset | Self::PasswordChanged)
    }

    /// Whether it speaks of one case; only such a kind may stand in a workflow.
    #[must_use]
    pub const fn is_of_case(self) -> bool {
        !self.is_digest() && !self.is_account() && !matches!(self, Self::Folded)
    }

    /// Whether it has a short message: what speaks of one case, and several of them in one.
    #[must_use]
    pub const fn has_short(self) -> bool {
        self.is_of_case() || matches!(self, Self::Folded)
    }

    /// The keys a workflow may say.
    #[must_use]
    pub fn of_cases() -> Vec<&'static str> {
        Self::ALL.iter().filter(|kind| kind.is_of_case()).map(|kind| kind.key()).collect()
    }

    /// Every variable a text of this kind may use.
    pub fn vars(self) -> impl Iterator<Item = Var> {
        let frame: &[Var] = match self {
            Self::Invitation | Self::PasswordReset | Self::PasswordChanged | Self::Folded => &[],
            Self::TaskDigest | Self::LeaderDigest | Self::WeeklyLights | Self::MonthlyRanking | Self::CalendarChanged | Self::CalendarMissing => &[Var::Path],
            _ => &Var::OF_FRAME, // Truly all others: what speaks of a case.
        };
        self.needs().iter().chain(self.may()).chain(frame.iter().filter(move |var| !self.needs().contains(var))).copied()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A key no kind has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of notice such as `o.yellow`, found `{0}`")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().find(|kind| kind.key() == text).copied().ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_leads_back_to_its_kind() {
        for kind in Kind::ALL {
            assert_eq!(kind.key().parse::<Kind>(), Ok(*kind));
        }
        assert_eq!("o.purple".parse::<Kind>().map_err(|error| error.to_string()), Err("expected a kind of notice such as `o.yellow`, found `o.purple`".into()));
    }

    #[test]
    fn the_prefix_of_a_key_tells_its_audience() {
        for kind in Kind::ALL {
            assert_eq!(kind.key().starts_with("a."), kind.audience() == Audience::Applicant, "{kind}");
        }
    }

    #[test]
    fn no_kind_lists_a_variable_twice() {
        for kind in Kind::ALL {
            let mut seen = std::collections::BTreeSet::new();
            for var in kind.vars() {
                assert!(seen.insert(var), "{kind} lists `{}` twice", var.key());
            }
        }
    }
}
