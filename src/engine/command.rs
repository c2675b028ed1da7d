//! What somebody wants of a case. Invariant: a command names its actor; a machine is an actor too.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::engine::case::{Adding, BodyRef, Local};
pub use crate::engine::groups::{MemberRef, NewGroup};
use crate::engine::migration::StepMap;
pub use crate::identity::Actor;
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

/// A command on one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Starts a case. The only command on a case that does not exist.
    Start {
        /// Its tenant.
        tenant: Tenant,
        /// Its id, made by the caller.
        case: CaseId,
        /// The workflow.
        workflow: Name,
        /// The bundle it pins.
        revision: Digest,
        /// The first submission.
        form: Option<BodyRef>,
        /// Its rank; see `Case::rank`.
        rank: i16,
    },
    /// Takes a task from the pool.
    Claim {
        /// The task.
        task: Local,
    },
    /// Gives it back.
    Release {
        /// The task.
        task: Local,
    },
    /// Answers a task or a seat (claiming it on the way when it is free). A seat's outcomes are `approved` and `rejected`.
    Complete {
        /// The task.
        task: Local,
        /// The outcome.
        outcome: Name,
        /// Opinion and fields.
        body: Option<BodyRef>,
        /// The new submission, for a task that edits the form.
        form: Option<BodyRef>,
    },
    /// Sends the case back from an open task to an earlier step its author allows.
    Return {
        /// The task.
        task: Local,
        /// The step's key.
        to: Name,
        /// The reason.
        body: Option<BodyRef>,
    },
    /// Adds seats to the group of an open seat (加签).
    AddSigners {
        /// The seat that asks.
        task: Local,
        /// Where the new group stands.
        place: Adding,
        /// Its members and its own rule.
        group: NewGroup,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Takes out a member who has not answered (减签).
    RemoveSigner {
        /// Which.
        member: MemberRef,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Hands a task over (转办).
    Transfer {
        /// The task.
        task: Local,
        /// To whom.
        to: Recipient,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Hands everything somebody holds in this case to whoever takes over their desk, as three people signed (交接).
    HandOverDesk {
        /// Who gives it.
        from: PersonId,
        /// Who takes it.
        to: PersonId,
        /// The head who oversees it.
        overseer: PersonId,
    },
    /// Asks somebody and gets the task back (委派).
    Delegate {
        /// The task.
        task: Local,
        /// Whom.
        to: PersonId,
        /// What is asked.
        body: Option<BodyRef>,
    },
    /// The answer of whoever was asked.
    Reply {
        /// The task.
        task: Local,
        /// The answer.
        body: Option<BodyRef>,
    },
    /// Takes the question back.
    Recall {
        /// The task.
        task: Local,
    },
    /// Answers a task as one of many (批量办理), where its step says so.
    CompleteInBatch {
        /// The task.
        task: Local,
        /// The outcome.
        outcome: Name,
        /// Opinion and fields.
        body: Option<BodyRef>,
    },
    /// Takes one's own act back while nobody has acted on it (撤回).
    TakeBack {
        /// The scope.
        scope: Local,
        /// The step that was answered.
        step: Name,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Asks that a person be kept from a task (回避).
    AskRecusal {
        /// The task.
        task: Local,
        /// Who.
        of: PersonId,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Decides that.
    DecideRecusal {
        /// The task.
        task: Local,
        /// Whether the person is kept from it.
        agreed: bool,
        /// Why.
        body: Option<BodyRef>,
    },
    /// Makes the case known to people (抄送).
    Copy {
        /// To whom.
        to: Vec<PersonId>,
        /// The task it is about, if any.
        task: Option<Local>,
        /// What is said.
        body: Option<BodyRef>,
    },
    /// Urges a step by one of its open tasks (催办).
    Urge {
        /// The task.
        task: Local,
        /// What is said.
        body: Option<BodyRef>,
    },
    /// Writes a remark.
    Comment {
        /// The task it is about, if any.
        task: Option<Local>,
        /// The remark.
        body: Option<BodyRef>,
    },
    /// Extends a running term once, before it expires.
    Extend {
        /// The term.
        term: Local,
        /// By how many days of its unit, at most the rule's ceiling.
        by: u32,
        /// The reason.
        body: Option<BodyRef>,
    },
    /// The office that answers for a date that has passed states why, and when the matter is expected to be decided.
    StateReason {
        /// The term.
        term: Local,
        /// The day it is expected to be decided by.
        expected: NaiveDate,
        /// The reason.
        body: Option<BodyRef>,
    },
    /// The applicant withdraws before a decision: everything closes, reservations are released.
    Withdraw {
        /// The reason.
        body: Option<BodyRef>,
    },
    /// Delivers a message to the tokens that wait for it.
    Message {
        /// Its name.
        name: Name,
        /// Only to this token, when given.
        token: Option<Local>,
    },
    /// A signal that another case gave to every case reaches this one.
    Signal {
        /// Its name.
        name: Name,
        /// The case that gave it.
        from: CaseId,
    },
    /// An outside system has done its job.
    JobComplete {
        /// The job.
        job: Local,
        /// The number of the lease it was fetched with.
        fence: i64,
        /// What it hands back.
        body: Option<BodyRef>,
    },
    /// An outside system could not do it this time.
    JobFail {
        /// The job.
        job: Local,
        /// The number of the lease.
        fence: i64,
        /// Why.
        body: Option<BodyRef>,
        /// How often it shall still be tried; as far as the workflow allows when nothing is said.
        retries: Option<u32>,
        /// Seconds until the next try; as the workflow says when nothing is said.
        pause_s: Option<u32>,
    },
    /// An outside system reports an error of the matter itself.
    JobError {
        /// The job.
        job: Local,
        /// The number of the lease.
        fence: i64,
        /// The error, one of those its step declares.
        error: Name,
        /// What is said about it.
        body: Option<BodyRef>,
    },
    /// Whoever looks after outside jobs has a parked one tried again, or one that waits for its next try at once.
    JobRetry {
        /// The job.
        job: Local,
    },
    /// Fires everything that is due. Idempotent.
    Wake,
    /// Recomputes open terms after the calendar changed or was extended. Idempotent.
    Recompute,
    /// A notice was sent or parked. Idempotent by the notice's key.
    NoticeSettled {
        /// The notice's key.
        key: String,
        /// Sent, or given up.
        sent: bool,
        /// Attempts it took.
        attempts: u32,
        /// When the channel took it.
        at: Moment,
        /// The notice that goes by the recipient's other medium instead, and that medium.
        next: Option<(String, Name)>,
    },
    /// A carrier's receipt says that a notice it had taken did not arrive.
    NoticeReturned {
        /// The notice's key.
        key: String,
        /// When we heard it.
        at: Moment,
        /// The notice that goes by the recipient's other medium instead, and that medium.
        next: Option<(String, Name)>,
    },
    /// Somebody who looks after notices has a parked one sent again.
    NoticeResent {
        /// The notice's key.
        key: String,
    },
    /// Takes the case over to another version of its workflow.
    Migrate {
        /// The bundle it pins.
        from: Digest,
        /// The bundle it will pin.
        to: Digest,
        /// Steps that have another key there.
        map: StepMap,
    },
    /// Writes an act on a register case (publishing, calendars, people, quota issue): changes no token.
    Record {
        /// What was done, such as `workflow-published`.
        what: Name,
        /// The details.
        body: Option<BodyRef>,
        /// What it was made from: the register as it stood after so many acts. Another act meanwhile, and it is refused.
        after: Option<u64>,
    },
}

/// To whom a task is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    /// A person, who then holds it.
    Person(PersonId),
    /// A post of the office, from which anybody takes it.
    Post(Name),
}
