//! The rows one commit carries: plain values, the same on both databases.
//! Invariant: a `Commit` is written whole or not at all.

use crate::engine::case::Local;
use crate::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};

/// Everything one transaction writes, for any number of commands on any number of cases.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The cases, each once, in order of id.
    pub cases: Vec<CaseWrite>,
    /// Changes of accounts, in order of their keys; each account is locked first.
    pub accounts: Vec<AccountWrite>,
    /// Counters of the series taken from, in order of their keys.
    pub counters: Vec<(Tenant, String, u64)>,
    /// Rows of registers (people, definitions, calendars …) that an act on a register case changes.
    pub registry: Vec<RegistryRow>,
}

impl Commit {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.accounts.is_empty() && self.counters.is_empty() && self.registry.is_empty()
    }
}

/// What one commit writes of one case.
#[derive(Clone, Debug)]
pub struct CaseWrite {
    /// The case as it is after the commit.
    pub row: CaseRow,
    /// The version it must have before; 0 for a new case. Another version there is a conflict for this case alone.
    pub expected: i64,
    /// How many of its dates another year of the calendar will settle.
    pub provisional: i64,
    /// The acts, in order.
    pub acts: Vec<ActRow>,
    /// Bodies the acts refer to.
    pub bodies: Vec<BodyRow>,
    /// Tasks opened, changed or closed, by (task, office): a task that several offices may do is one row for each of them. The last row given of each wins; a closed one leaves the inbox.
    pub tasks: Vec<TaskRow>,
    /// Waiting-list places taken (`Some`) or given up (`None`), by token.
    pub waiting: Vec<(u32, Option<WaitingRow>)>,
    /// Outside jobs offered or changed (`Some`) or over (`None`), by job. Their leases stay, but for one that a failure used up. The last row given of each wins.
    pub jobs: Vec<(u32, Option<JobRow>)>,
    /// Signals the case listens to from now on (`true`), or no longer. The last of each wins.
    pub listening: Vec<(String, bool)>,
    /// Signals it gave to every case: each becomes a row for every other case that listens.
    pub broadcasts: Vec<BroadcastRow>,
    /// Promised and statutory limits that began, changed or ended. The last row given of each wins.
    pub terms: Vec<TermRow>,
    /// Supervision orders that a passed date drafts. One that is there already is left as it is: drafted once.
    pub orders: Vec<OrderRow>,
    /// What outside systems are to be told.
    pub hooks: Vec<HookRow>,
    /// Notices to the outbox. A notice whose key is already there is left as it is: recorded once.
    pub notices: Vec<NoticeRow>,
    /// Outbox rows that became sent or parked.
    pub settled: Vec<SettledNotice>,
    /// Parked outbox rows that shall be sent again.
    pub reopened: Vec<ReopenedNotice>,
    /// Documents issued.
    pub documents: Vec<DocumentRow>,
    /// Receipts.
    pub receipts: Vec<ReceiptRow>,
    /// A new snapshot, every `limits::SNAPSHOT_ACTS`.
    pub snapshot: Option<SnapshotRow>,
}

/// A case's row: what lists and workers look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its tenant.
    pub tenant: Tenant,
    /// Its id.
    pub id: CaseId,
    /// The number people use.
    pub number: Option<String>,
    /// The workflow.
    pub workflow: String,
    /// The bundle it pinned.
    pub revision: Digest,
    /// Acts so far.
    pub version: i64,
    /// The applicant.
    pub applicant: PersonId,
    /// 0 A, 1 B, 2 C, 9 ordinary.
    pub rank: i16,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
    /// With what.
    pub result: Option<String>,
    /// When something in it is due next.
    pub next_wake: Option<Moment>,
    /// The digest of its newest leaf: the next leaf's `prev`.
    pub head: Digest,
    /// What lists call it: the project's name as last submitted.
    pub title: Option<String>,
}

/// One act: what a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Its place in the case, from 1.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// What the command was, such as `complete`.
    pub kind: String,
    /// The events' bytes (JSON array), as hashed.
    pub events: Vec<u8>,
    /// The leaf's bytes, as hashed.
    pub leaf: Vec<u8>,
}

/// A body beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRow {
    /// SHA-256(salt ‖ bytes); its key.
    pub commit: Digest,
    /// The salt.
    pub salt: [u8; 32],
    /// The bytes (JSON).
    pub bytes: Vec<u8>,
}

/// A task as the inbox reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its id within the case.
    pub task: u32,
    /// The scope's number (GC20250001-HP).
    pub number: Option<String>,
    /// The program it is a step of.
    pub program: String,
    /// The step.
    pub step: String,
    /// The office asked; a task of several offices has a row for each.
    pub office: String,
    /// The post asked; `applicant` with an empty office is the case's applicant.
    pub post: String,
    /// The post asked beside it, because nobody claimed it in time.
    pub backup: Option<String>,
    /// Who claimed it.
    pub claimed: Option<PersonId>,
    /// Whom they asked in their place (委派), until the answer or the recall.
    pub asked: Option<PersonId>,
    /// Open, or closed since.
    pub closed: Option<Moment>,
    /// The case's rank.
    pub rank: i16,
    /// When it opened.
    pub opened: Moment,
    /// The first moment after the promised (or the step's) due day: what `overdue` and the order of the inbox are read from. `i64::MAX` without one.
    pub red_from: Moment,
    /// The first moment of yellow, for the lights; `i64::MAX` without one.
    pub yellow_from: Moment,
    /// The first moment of dark red; `i64::MAX` without one.
    pub dark_red_from: Moment,
    /// The day since which its promise stands still; `i64::MAX` while it runs.
    pub grey_from: Moment,
    /// Whether this row stands for the task where its offices are counted together: the first of its pools.
    pub lead: bool,
    /// The due day shown, ISO; `None` without one.
    pub due: Option<String>,
}

impl TaskRow {
    /// The pool it lies in: the office asked, or the applicant for a task of the applicant.
    #[must_use]
    pub fn pool(&self, applicant: PersonId) -> String {
        if self.post == "applicant" && self.office.is_empty() { applicant.to_string() } else { self.office.clone() }
    }
}

/// A place on a waiting list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRow {
    /// The account.
    pub account: String,
    /// The case's rank.
    pub rank: i16,
    /// Since when.
    pub since: Moment,
    /// For how much.
    pub amount: i64,
}

/// An outside job as workers fetch it and operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// The scope's number (GC20250001-HP).
    pub number: Option<String>,
    /// The program it is a step of.
    pub program: String,
    /// The step.
    pub step: String,
    /// What kind of work it is.
    pub topic: String,
    /// What the worker is handed, a JSON object.
    pub given: Vec<u8>,
    /// Further tries after the next.
    pub retries: u32,
    /// Tries that failed in this round.
    pub failures: u32,
    /// From when on it may be fetched; `None` while it is parked.
    pub due: Option<Moment>,
    /// The number of the newest lease that a failure used up: it, and those before it, hold nothing any more.
    pub spent: i64,
    /// When it was offered.
    pub opened: Moment,
    /// When it last changed.
    pub touched: Moment,
    /// What was said of the failure, when this change is one; the earlier words stay otherwise.
    pub message: Option<String>,
}

/// A signal given to every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastRow {
    /// The signal.
    pub signal: String,
    /// The act that gave it.
    pub seq: i64,
    /// Its place among those this commit gives for the case.
    pub place: u32,
    /// When.
    pub at: Moment,
}

/// A promised or statutory limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRow {
    /// Its id within the case.
    pub term: Local,
    /// Its link.
    pub scope: Local,
    /// The link's workflow.
    pub program: String,
    /// The link's number.
    pub number: Option<String>,
    /// Its key.
    pub key: String,
    /// `statutory` or `promised`.
    pub kind: String,
    /// The office that answers for it.
    pub office: Option<String>,
    /// The start day, not counted.
    pub since: String,
    /// Its date.
    pub due: Option<String>,
    /// The first moment after its date; `None` without a date, and while it stopped in time.
    pub late_from: Option<Moment>,
    /// When it ended.
    pub ended: Option<Moment>,
    /// It ended by being met.
    pub met: bool,
    /// The day the matter is expected by, when a reason was stated for this date.
    pub expected: Option<String>,
}

/// A supervision order that a passed date drafts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The link whose date has passed.
    pub scope: Local,
    /// The term's key.
    pub term: String,
    /// The date, `2025-04-22`.
    pub due: String,
    /// The case it becomes.
    pub order: CaseId,
    /// Its workflow.
    pub workflow: String,
    /// The workflow of the link.
    pub program: String,
    /// The step, when the date is a step's own.
    pub step: Option<String>,
    /// The link's number.
    pub number: Option<String>,
    /// `statutory`, `promised` or `step`.
    pub kind: String,
    /// The office that has the matter in hand.
    pub office: Option<String>,
    /// When the date was found passed.
    pub at: Moment,
}

/// A notice in the outbox: one recipient, one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// `notice::key`: unique for (case, step entry, rung, due date, recipient, channel).
    pub key: String,
    /// The kind, such as `o.yellow`.
    pub kind: String,
    /// Who.
    pub recipient: PersonId,
    /// `mail` or `sms`: the medium, whichever transport carries it.
    pub channel: String,
    /// `zh-CN` or `en`.
    pub language: String,
    /// Variables of the template, JSON.
    pub context: Vec<u8>,
    /// When it was due to leave.
    pub due: Moment,
    /// The key that the same notice has by the recipient's other medium; `None` where there is no other.
    pub other: Option<String>,
    /// The notice that did not arrive and that this one was made for.
    pub follows: Option<String>,
    /// It may leave together with others of the hour.
    pub folds: bool,
}

/// A message to an outside system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRow {
    /// Its id, the same at every attempt.
    pub id: String,
    /// The subscription.
    pub hook: String,
    /// What is told.
    pub kind: String,
    /// The CloudEvent.
    pub body: Vec<u8>,
    /// When it happened.
    pub at: Moment,
}

/// A notice that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledNotice {
    /// Its key.
    pub key: String,
    /// Sent, or parked.
    pub sent: bool,
    /// When.
    pub at: Moment,
}

/// A parked notice that shall be sent again. One that is not parked stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReopenedNotice {
    /// Its key.
    pub key: String,
    /// When it is due again.
    pub at: Moment,
}

/// A document issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// The act that issued it.
    pub seq: i64,
    /// The scope's number.
    pub scope_number: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Its number.
    pub number: Option<String>,
    /// When.
    pub at: Moment,
}

/// The stored answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The actor, as in the leaf.
    pub actor: String,
    /// The command's id.
    pub command: CommandId,
    /// A start is looked up by (actor, command) alone, everything else by (case, actor, command).
    pub start: bool,
    /// The digest of the command: the same id with another body is refused.
    pub digest: Digest,
    /// The version the case had after it.
    pub version: i64,
    /// When.
    pub at: Moment,
}

/// The state of a case at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRow {
    /// The version.
    pub version: i64,
    /// The format; a reader throws an unknown one away.
    pub format: i32,
    /// The state (JSON).
    pub state: Vec<u8>,
}

/// A change of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountWrite {
    /// Its tenant.
    pub tenant: Tenant,
    /// Its key.
    pub account: String,
    /// The postings, in order.
    pub postings: Vec<PostingRow>,
}

/// A paired posting: `amount` moves between two buckets of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingRow {
    /// What it is.
    pub kind: PostingKind,
    /// How much, never negative.
    pub amount: i64,
    /// The case that caused it.
    pub case: CaseId,
    /// The act that caused it.
    pub seq: i64,
    /// The reservation (the case's local id), for reserve, use and release.
    pub hold: Option<u32>,
    /// The document it rests on.
    pub document: Option<String>,
    /// The case whose kept reservation an act of the register settles.
    pub about: Option<CaseId>,
    /// When.
    pub at: Moment,
}

/// The postings of the quota ledger, and the pair of buckets each moves between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingKind {
    /// 下达: outside to free.
    Issue,
    /// 追加: outside to free.
    Add,
    /// 预留: free to reserved.
    Reserve,
    /// 使用: reserved to used.
    Use,
    /// 释放: reserved to free.
    Release,
    /// 核销: used to written off.
    WriteOff,
    /// 结转: free to outside.
    CarryOver,
    /// 结转转入: from last year's account to free.
    CarryIn,
}

impl PostingKind {
    /// Every kind, in the order of their codes.
    pub const ALL: [Self; 8] = [Self::Issue, Self::Add, Self::Reserve, Self::Use, Self::Release, Self::WriteOff, Self::CarryOver, Self::CarryIn];

    /// The number it is stored as.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Issue => 0,
            Self::Add => 1,
            Self::Reserve => 2,
            Self::Use => 3,
            Self::Release => 4,
            Self::WriteOff => 5,
            Self::CarryOver => 6,
            Self::CarryIn => 7,
        }
    }

    /// What `amount` of it adds to free, reserved, used, written off and issued; issued is the sum of the other four before and after.
    #[must_use]
    pub fn moves(self, amount: i64) -> [i64; 5] {
        match self {
            Self::Issue | Self::Add | Self::CarryIn => [amount, 0, 0, 0, amount],
            Self::Reserve => [-amount, amount, 0, 0, 0],
            Self::Use => [0, -amount, amount, 0, 0],
            Self::Release => [amount, -amount, 0, 0, 0],
            Self::WriteOff => [0, 0, -amount, amount, 0],
            Self::CarryOver => [-amount, 0, 0, 0, -amount],
        }
    }

    /// What it is called in answers and exports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Add => "add",
            Self::Reserve => "reserve",
            Self::Use => "use",
            Self::Release => "release",
            Self::WriteOff => "write-off",
            Self::CarryOver => "carry-over",
            Self::CarryIn => "carry-in",
        }
    }
}

/// A row of a register, written with the act that changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryRow {
    /// A value under (tenant, kind, key), replacing an earlier one: an office, a person, a calendar, a published bundle, an account's title. The roster's version is the count of such writes of kinds `office`, `person`, `holding`.
    Put {
        /// Its tenant.
        tenant: Tenant,
        /// `office`, `person`, `holding`, `calendar`, `workflow`, `bundle`, `account`, `setting`, `sms-approval`, `sms-switch`.
        kind: String,
        /// Its key.
        key: String,
        /// JSON (or the file's text).
        value: Vec<u8>,
        /// The register case and act that wrote it.
        at: Moment,
    },
    /// A bearer token: SHA-256 at rest.
    Token {
        /// Its tenant.
        tenant: Tenant,
        /// SHA-256 of the token.
        digest: Digest,
        /// Whose.
        person: PersonId,
        /// Real time, not a movable clock's.
        expires: Moment,
    },
    /// A new account, with a balance of nothing.
    Account {
        /// Its tenant.
        tenant: Tenant,
        /// Its key.
        account: String,
        /// `m2` or `fen`.
        unit: String,
        /// Title, JSON {zh,en}.
        title: String,
    },
}
