//! What happened, in the past tense, with everything `evolve` needs. Written once, never rewritten; a new shape gets a new name.
//! Invariant: every token move, resolved pool, posting and due date is in the event. Never: a form's content, an opinion, a name of a person.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::Span;
use crate::definition::graph::{GroupPass, Manner, NodeIx, OnRefusal, Settlement, TermKind, Thrown};
use crate::engine::case::{Added, BodyRef, Chair, Done, Fresh, Local, RungAt, Seat, Side, Stated, TaskPool, Waits};
use crate::expr::Value;
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

#[expect(missing_docs, reason = "a field of an event is named for what it holds; `case` documents each")]
/// One event. A command gives one act: the ordered list of its events, stored and sealed together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "kebab-case")]
pub enum Event {
    /// The case began. A case that no person applied for (a register) has the nil id as its applicant.
    Started { tenant: Tenant, case: CaseId, workflow: Name, revision: Digest, applicant: PersonId, rank: i16, at: Moment },
    /// A register act was written down.
    Recorded { what: Name, body: Option<BodyRef> },
    /// A scope opened: the root, a called workflow, or (`embedded`) a part of one. `given` holds what its author handed it, and nothing else of a form.
    ScopeOpened {
        scope: Local,
        program: Name,
        caller: Option<Local>,
        parent: Option<Local>,
        embedded: bool,
        given: BTreeMap<Name, Value>,
        number: Option<String>,
        at: Moment,
    },
    /// A scope ended with a result; its terms are met, its caller moves on.
    ScopeClosed { scope: Local, result: Name },
    /// The form was submitted (again) in `scope`; it is kept in `holder`, the nearest scope up whose workflow has a form.
    Submitted {
        scope: Local,
        holder: Local,
        form: BodyRef,
        /// The day it counts as handed in: after office hours it may be the next working day.
        on: NaiveDate,
        /// The part of the region the case lies in, where the form asks for its code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        district: Option<Name>,
    },
    /// A token arrived at a node (a new token, or one that moved) and waits.
    TokenPlaced { token: Local, scope: Local, node: NodeIx, step: Name, waits: Waits, back_to: Option<NodeIx>, side: Option<Side>, at: Moment },
    /// Its join fired without it: it goes on, and nobody waits for it any more.
    TokenLate { token: Local, side: Side },
    /// Something happened to a step (its token) or to a whole scope, and is dealt with as its author wrote.
    Caught { scope: Local, token: Option<Local>, key: Name, interrupting: bool },
    /// A step threw something.
    Thrown { scope: Local, step: Name, what: Thrown, name: Name },
    /// A message came that nobody waits for yet and somebody will.
    MessageKept { name: Name },
    /// A step took a kept message.
    MessageUsed { name: Name },
    /// A step began to run for each of these members.
    FanOpened { fan: Local, token: Local, items: Vec<Value> },
    /// A member began, as a scope.
    MemberOpened { fan: Local, member: u16, scope: Local },
    /// A member's scope ended.
    MemberEnded { fan: Local, scope: Local, outcome: Name },
    /// The step no longer waits for its members.
    FanClosed { fan: Local },
    /// A token was consumed.
    TokenTaken { token: Local },
    /// A branch was skipped because its condition did not hold.
    BranchSkipped { scope: Local, step: Name },
    /// A task was offered.
    TaskOpened { task: Local, scope: Local, token: Local, step: Name, group: Option<Local>, pool: TaskPool, at: Moment },
    /// Unless somebody claims a task by then, the B post is asked too.
    BackupArmed { task: Local, at: Moment },
    /// Nobody claimed it in time: the B post is asked too. `None` where nobody holds one.
    BackupAsked { task: Local, post: Option<Name> },
    /// A person took it.
    TaskClaimed { task: Local, by: PersonId },
    /// A person gave it back.
    TaskReleased { task: Local, by: PersonId },
    /// A task was handed over (转办): to a person, or to a post from which anybody may take it.
    TaskHandedOver { task: Local, by: PersonId, pool: TaskPool, to: Option<PersonId>, body: Option<BodyRef> },
    /// A desk was handed over, as three signed (交接); a `TaskHandedOver` stands before it for each task. `left` are tasks the taker may not do.
    DeskHandedOver { from: PersonId, to: PersonId, overseer: PersonId, left: Vec<Local> },
    /// Its holder asked somebody else (委派).
    TaskDelegated { task: Local, by: PersonId, to: PersonId, body: Option<BodyRef> },
    /// Who was asked has answered; it is the holder's turn again.
    DelegateAnswered { task: Local, by: PersonId, on_behalf_of: PersonId, body: Option<BodyRef> },
    /// The holder took the question back.
    DelegationRecalled { task: Local, by: PersonId },
    /// Whoever acts on a task does so for its holder, who is away (代理, B 岗).
    StoodIn { task: Local, by: PersonId, on_behalf_of: PersonId },
    /// Somebody asked that a person be kept from a task.
    RecusalAsked { task: Local, of: PersonId, by: PersonId, body: Option<BodyRef> },
    /// The head of the section decided; when it was agreed, `pool` is who is asked now.
    RecusalDecided { task: Local, of: PersonId, by: PersonId, agreed: bool, pool: TaskPool, body: Option<BodyRef> },
    /// The act before can be taken back by whoever did it.
    CanBeTakenBack { act: Fresh },
    /// It was; the step is open again, as it was before.
    TakenBack { scope: Local, step: Name, by: PersonId, before: Option<Done>, body: Option<BodyRef> },
    /// A seat is to be asked again, and comes first.
    SeatReset { group: Local, task: Local, pool: TaskPool },
    /// The case was made known to people.
    Copied { by: PersonId, to: Vec<PersonId>, task: Option<Local>, body: Option<BodyRef> },
    /// A step was urged, for the `times`th time since it was entered.
    Urged { token: Local, task: Local, by: PersonId, times: u32, body: Option<BodyRef>, on: NaiveDate },
    /// A remark.
    Commented { by: PersonId, task: Option<Local>, body: Option<BodyRef> },
    /// A task was answered, and members added to it have not; the step ends with this answer when they have passed it.
    AnswerHeld { task: Local, outcome: Name, by: PersonId, body: Option<BodyRef> },
    /// They did not pass it: the task is its holder's again.
    AnswerReopened { task: Local },
    /// A task was closed without an answer (a return, a cancelled branch, another seat's answer).
    TaskClosed { task: Local, why: Name },
    /// A step ended with an outcome. `by` is `None` when no person decided (a table, a timer, a law); `deemed` then names the article.
    StepDone {
        scope: Local,
        step: Name,
        outcome: Name,
        by: Option<PersonId>,
        task: Option<Local>,
        body: Option<BodyRef>,
        deemed: Option<String>,
        /// The table and the row that hit.
        why: Option<String>,
        /// What it handed back: the values a call returns.
        fields: BTreeMap<Name, Value>,
        at: Moment,
    },
    /// A group opened with its chairs; each task of the group that follows takes the next of them. `added` says to what and by whom it was added.
    GroupOpened { group: Local, token: Local, pass: GroupPass, on_refusal: OnRefusal, chairs: Vec<Chair>, added: Option<Added>, body: Option<BodyRef> },
    /// An added group has its answer; what it was added to goes on by it.
    AddedSettled { group: Local, passed: bool },
    /// A member who had not answered was taken out of a group: the open seat `task`, or the chair at `chair` among those to come.
    SeatRemoved { group: Local, task: Option<Local>, chair: Option<u16>, by: PersonId, body: Option<BodyRef> },
    /// A seat answered.
    SeatAnswered { group: Local, task: Local, seat: Seat, body: Option<BodyRef> },
    /// A group ended; `passed` is `None` when it was closed before it had an answer.
    GroupClosed { group: Local, passed: Option<bool> },
    /// The case was sent back.
    Returned { token: Local, from: Name, to: Name, by: PersonId, body: Option<BodyRef> },
    /// A term began to run; a `TermStopped` follows for each token that already holds it.
    TermStarted {
        term: Local,
        scope: Local,
        token: Option<Local>,
        key: Name,
        kind: TermKind,
        within: Span,
        from: NaiveDate,
        excludes: Vec<Name>,
        due: Option<NaiveDate>,
        provisional: bool,
        rungs: Vec<RungAt>,
        deem_at: Option<Moment>,
        #[serde(default, skip_serializing_if = "Manner::is_usual")]
        manner: Manner,
    },
    /// A step began to hold a term. The clock stops only with the first holder, and only when `counts` (a term that has expired stays expired).
    TermStopped { term: Local, token: Local, cause: Name, on: NaiveDate, counts: bool },
    /// A holder let go; with the last one the clock runs again and the date is new.
    TermResumed { term: Local, token: Local, on: NaiveDate },
    /// The date of a term was computed anew (resumption, extension, another calendar); rungs already fired do not come back for the same date.
    /// `because` is `resumed`, `extended`, or `calendar:` with the version of the calendar.
    TermMoved { term: Local, due: Option<NaiveDate>, provisional: bool, rungs: Vec<RungAt>, deem_at: Option<Moment>, because: Name },
    /// A term was extended.
    TermExtended { term: Local, by: Span, person: PersonId, body: Option<BodyRef> },
    /// Why the date of a term has passed was stated, with the day the matter is expected to be decided by.
    ReasonStated { term: Local, stated: Stated },
    /// A task was answered before its least time was over, for the reason in a field of its answer, which is published.
    PeriodCut { scope: Local, step: Name, until: Option<NaiveDate>, basis: String, reason: Name, body: Option<BodyRef>, by: PersonId },
    /// A term was met (or closed with its scope); reminders end with it.
    TermEnded { term: Local, met: bool },
    /// A rung fired: who hears what is in the effect.
    RungFired { term: Local, rung: u16, due: Option<NaiveDate> },
    /// A timer was set, or set anew because the calendar changed.
    TimerSet { timer: Local, token: Local, event: Option<u16>, from: NaiveDate, at: Option<Moment> },
    /// A timer fired or was cleared.
    TimerCleared { timer: Local },
    /// The case runs another version of its workflow from here on; what changes with it follows.
    Migrated {
        from: Digest,
        to: Digest,
        /// Scopes that run a part of the workflow whose step has another key there, with the program it is now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<(Local, Name)>,
    },
    /// Steps of a scope have other keys in the new version, all at once: what was done in them is found under those.
    StepsRenamed { scope: Local, keys: BTreeMap<Name, Name> },
    /// A token stands at its step of the new version; when it arrived stays.
    TokenMoved { token: Local, node: NodeIx, step: Name, waits: Waits, back_to: Option<NodeIx>, side: Option<Side> },
    /// A term follows the rule of the new version; what it has used stays. Its new date follows.
    TermRuled {
        term: Local,
        key: Name,
        kind: TermKind,
        within: Span,
        excludes: Vec<Name>,
        #[serde(default, skip_serializing_if = "Manner::is_usual")]
        manner: Manner,
    },
    /// A signal of another case came, and is heard by what listens here.
    SignalHeard { name: Name, from: CaseId },
    /// Work was offered to outside systems. `given` holds what its author handed over, and nothing else of a form.
    JobOffered { job: Local, scope: Local, token: Local, step: Name, topic: Name, given: BTreeMap<Name, Value>, retries: u32, at: Moment },
    /// The outside system that held it by the lease `fence` could not do it. `again_at` is when it may be fetched again; without, it is parked.
    JobFailed { job: Local, by: PersonId, fence: i64, body: Option<BodyRef>, retries: u32, again_at: Option<Moment> },
    /// Whoever looks after outside jobs had it tried again.
    JobRetried { job: Local, retries: u32, at: Moment },
    /// It is over: done or reported as an error by `by`, or its step was left.
    JobEnded { job: Local, why: Name, by: Option<PersonId>, body: Option<BodyRef> },
    /// An amount was reserved.
    Reserved { hold: Local, scope: Local, step: Name, account: String, amount: i64, settle: BTreeMap<Name, Settlement>, otherwise: Settlement },
    /// The account was short: the case takes (or keeps) its place on the waiting list.
    Queued { token: Local, account: String, amount: i64, since: Moment },
    /// It left the waiting list.
    Unqueued { token: Local, account: String },
    /// A reservation was settled.
    Settled { hold: Local, as_: Settlement },
    /// A document was issued.
    DocumentIssued { scope: Local, step: Name, kind: Name, number: Option<String>, at: Moment },
    /// A number was taken from a series: `counter` (`GC/2025`) now stands at `value`.
    NumberTaken { counter: String, value: u64 },
    /// The rank changed.
    Ranked { rank: i16 },
    /// A parked notice went back to the outbox. (What an act itself asks to be said stands in its outbox rows alone.)
    NoticeQueued { key: String },
    /// A notice was sent or parked.
    NoticeSettled { key: String, sent: bool, attempts: u32, at: Moment },
    /// What the other side had taken did not arrive, so the carrier's receipt says.
    NoticeReturned { key: String, at: Moment },
    /// A notice that did not arrive goes by the recipient's other medium, once, as the notice `next`.
    NoticeRerouted { key: String, next: String, medium: Name },
    /// A token reached an end. The first result of a scope stays, unless a terminating end follows.
    EndReached { scope: Local, step: Name, result: Name, terminate: bool },
    /// The applicant withdrew.
    Withdrawn { by: PersonId, body: Option<BodyRef> },
    /// The case ended.
    Ended { result: Name, at: Moment },
}

/// What somebody did with a task or a case beside answering it, for whoever reads the record: the word, who, and to or about whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// Stable, kebab-case.
    pub what: &'static str,
    /// Who did it.
    pub by: PersonId,
    /// To or about whom.
    pub whom: Vec<PersonId>,
    /// The task it is about.
    pub task: Option<Local>,
}

impl Between {
    /// Every word.
    pub const WORDS: [&str; 15] = [
        "handed-over",
        "desk-handed-over",
        "delegated",
        "replied",
        "recalled",
        "stood-in",
        "recusal-asked",
        "recusal-agreed",
        "recusal-denied",
        "taken-back",
        "signers-added",
        "signer-removed",
        "copied",
        "urged",
        "commented",
    ];
}

impl Event {
    /// Such an act; `None` for everything else.
    #[must_use]
    pub fn between(&self) -> Option<Between> {
        let said = |what, by: &PersonId, whom: &[PersonId], task: Option<Local>| Some(Between { what, by: *by, whom: whom.to_vec(), task });
        match self {
            Self::TaskHandedOver { task, by, to, .. } => said("handed-over", by, to.as_slice(), Some(*task)),
            Self::DeskHandedOver { from, to, overseer, .. } => said("desk-handed-over", from, &[*to, *overseer], None),
            Self::TaskDelegated { task, by, to, .. } => said("delegated", by, &[*to], Some(*task)),
            Self::DelegateAnswered { task, by, on_behalf_of, .. } => said("replied", by, &[*on_behalf_of], Some(*task)),
            Self::DelegationRecalled { task, by } => said("recalled", by, &[], Some(*task)),
            Self::StoodIn { task, by, on_behalf_of } => said("stood-in", by, &[*on_behalf_of], Some(*task)),
            Self::RecusalAsked { task, of, by, .. } => said("recusal-asked", by, &[*of], Some(*task)),
            Self::RecusalDecided { task, of, by, agreed, .. } => said(if *agreed { "recusal-agreed" } else { "recusal-denied" }, by, &[*of], Some(*task)),
            Self::TakenBack { by, .. } => said("taken-back", by, &[], None),
            Self::GroupOpened { added: Some(added), .. } => said("signers-added", &added.by, &[], Some(added.seat)),
            Self::SeatRemoved { by, task, .. } => said("signer-removed", by, &[], *task),
            Self::Copied { by, to, task, .. } => said("copied", by, to, *task),
            Self::Urged { by, task, .. } => said("urged", by, &[], Some(*task)),
            Self::Commented { by, task, .. } => said("commented", by, &[], *task),
            // Everything else is the course of the case itself.
            _ => None,
        }
    }
}
