//! The state of one case: what the fold of its events leaves behind.
//! Invariant: everything here came out of an event. Never: a form's content or an opinion (only `BodyRef`s), a definition, a light.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{Span, TermQuery};
use crate::definition::graph::{Audience, GroupPass, Manner, NodeIx, OnRefusal, Power, Settlement, TermKind};
use crate::expr::Value;
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

/// A number within the case; ids of tokens, scopes, tasks, groups, terms and holds come from one counter, so no two are equal.
pub type Local = u32;

/// A body beside the log (a form, an opinion): its place and the salted commitment that stands in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyRef {
    /// SHA-256(salt ‖ bytes); also its key in the store.
    pub commit: Digest,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its tenant.
    pub tenant: Tenant,
    /// Its id.
    pub id: CaseId,
    /// The workflow it runs.
    pub workflow: Name,
    /// The digest of the bundle it pinned at its start.
    pub revision: Digest,
    /// The number people use, such as GC20250001.
    pub number: Option<String>,
    /// The person who applied (the agent).
    pub applicant: PersonId,
    /// The part of the region it lies in, by the code its form gives; its closures count for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<Name>,
    /// Priority among tasks: 0 is served first (A), then 1 (B), 2 (C); 9 is an ordinary case.
    pub rank: i16,
    /// Acts so far: the version.
    pub seq: u64,
    /// The next free local id.
    pub next_local: Local,
    /// When it started.
    pub started: Moment,
    /// How and when it ended.
    pub ended: Option<(Name, Moment)>,
    /// Open scopes by id, and the root also when it has closed. A called scope leaves with `ScopeClosed`: its result is its caller's outcome.
    pub scopes: BTreeMap<Local, Scope>,
    /// Live tokens.
    pub tokens: BTreeMap<Local, Token>,
    /// Open tasks.
    pub tasks: BTreeMap<Local, Task>,
    /// Open groups.
    pub groups: BTreeMap<Local, Group>,
    /// Terms that still run or stand still.
    pub terms: BTreeMap<Local, Term>,
    /// Timers that wait (timer nodes).
    pub timers: BTreeMap<Local, Timer>,
    /// Work offered to outside systems and not over.
    pub jobs: BTreeMap<Local, Job>,
    /// Places on waiting lists, by the token that waits.
    pub queue: BTreeMap<Local, Place>,
    /// Reservations not yet settled.
    pub holds: BTreeMap<Local, Hold>,
    /// Acts whose doers may still take them back.
    pub fresh: Vec<Fresh>,
    /// Who urged the step a token stands at, and when.
    pub urges: BTreeMap<Local, Vec<(PersonId, NaiveDate)>>,
    /// Whom the case was made known to.
    pub copied: BTreeSet<PersonId>,
    /// Steps that run once for each member of a list.
    pub fans: BTreeMap<Local, Fan>,
    /// Messages that came before anybody waited for them and are kept for who will.
    pub kept: BTreeSet<Name>,
    /// Notices handed to the outbox and not yet reported sent or parked.
    pub notices_open: u32,
}

/// A run of a program: the root, a called workflow, or a part of a workflow with steps of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The program's name in the bundle.
    pub program: Name,
    /// The token of the caller that waits for this scope; `None` for the root.
    pub caller: Option<Local>,
    /// The scope the caller is in.
    pub parent: Option<Local>,
    /// A part of the workflow its parent runs: it reads what the parent reads, and what it did stays with the parent when it closes.
    pub embedded: bool,
    /// An interrupting event happened to it: what follows is the handler's, and nothing more is caught here.
    pub interrupted: bool,
    /// What it was handed when it opened, by the name its expressions read it with.
    pub given: BTreeMap<Name, Value>,
    /// Its number, such as GC20250001-HP.
    pub number: Option<String>,
    /// When it opened.
    pub opened: Moment,
    /// The last submission of its form; a scope without one reads its caller's.
    pub form: Option<BodyRef>,
    /// The day its papers were received: the day it opened, then the day of each submission made in it.
    pub received: NaiveDate,
    /// What each step last ended with: outcome, actor, moment, fields.
    pub done: BTreeMap<Name, Done>,
    /// Everybody who acted in each step, first to last; separation of duties looks here.
    pub actors: BTreeMap<Name, Vec<PersonId>>,
    /// The result an end node gave; the first one stays, unless a terminating end follows.
    pub result: Option<Name>,
    /// Keys of the scope's limits that have begun: each begins once, with the first occurrence of what it counts from.
    pub begun: BTreeSet<Name>,
    /// People who are kept from this scope and what it calls (回避).
    pub recused: BTreeSet<PersonId>,
    /// Accounts that were short, and since when: the place in line is kept over every further try, until it is served.
    pub short_since: BTreeMap<String, Moment>,
}

/// How a step last ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The outcome.
    pub outcome: Name,
    /// Who; `None` is the system.
    pub by: Option<PersonId>,
    /// When.
    pub at: Moment,
    /// Opinion and outcome fields.
    pub body: Option<BodyRef>,
    /// What the step handed back, such as the values a call returns.
    pub fields: BTreeMap<Name, Value>,
}

/// What makes a token one that nobody waits for: a branch that came late for its join, or what an event started beside the step it happened to.
/// It walks on, and where the work it was part of goes on without it, it is consumed. Tokens of one such strand meet in joins of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Side {
    /// The strand: the local id of the token it began with.
    pub id: Local,
    /// The node it began at: the join it came late for, or the step the event happened to.
    pub from: NodeIx,
}

/// A token at a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its scope.
    pub scope: Local,
    /// Where it is.
    pub node: NodeIx,
    /// The node's key, so that a reader needs no definition.
    pub step: Name,
    /// After a straight-back return: the step that returned it, where it goes when this one ends as it did before.
    pub back_to: Option<NodeIx>,
    /// Nobody waits for it.
    pub side: Option<Side>,
    /// When it arrived: the step entry, part of every reminder's key.
    pub entered: Moment,
    /// What it waits for.
    pub waits: Waits,
}

impl Token {
    /// Whether its step is at work: not one that waits for its lock, nor one that has ended and left members behind. Only such a step stops limits.
    #[must_use]
    pub fn at_work(&self, id: Local) -> bool {
        let left_behind = self.side == Some(Side { id, from: self.node });
        match self.waits {
            Waits::Lock(_) => false,
            Waits::Members(_) => !left_behind,
            Waits::Task(_) | Waits::Group(_) | Waits::Message(_) | Waits::Signal(_) | Waits::Timer(_) | Waits::Job(_) | Waits::Join | Waits::Scope(_) => true,
        }
    }
}

/// What a token waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// For a task (its local id).
    Task(Local),
    /// For a group.
    Group(Local),
    /// For a message.
    Message(Name),
    /// For a signal of this case.
    Signal(Name),
    /// For a timer (key in `timers`).
    Timer(Local),
    /// For an outside system (key in `jobs`).
    Job(Local),
    /// For the other branches.
    Join,
    /// For a called scope.
    Scope(Local),
    /// For the members of a list (key in `fans`).
    Members(Local),
    /// For a lock that another step holds; it has not begun yet.
    Lock(Name),
}

/// A step that runs once for each member of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fan {
    /// Its token.
    pub token: Local,
    /// The members, in order.
    pub items: Vec<Value>,
    /// The scopes of members at work, with their place in the list.
    pub open: BTreeMap<Local, u16>,
    /// How members ended.
    pub ended: BTreeMap<u16, Name>,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its scope.
    pub scope: Local,
    /// Its token.
    pub token: Local,
    /// The step.
    pub step: Name,
    /// The seat's group, when it belongs to one.
    pub group: Option<Local>,
    /// Who may do it.
    pub pool: TaskPool,
    /// Who claimed it.
    pub claimed: Option<PersonId>,
    /// Whom its claimer asked, while the answer is outstanding (委派): it then comes back to the claimer.
    pub delegate: Option<PersonId>,
    /// Who is to be kept from it, asked and not yet decided.
    pub recusal: Option<PersonId>,
    /// When the B post is asked too, unless somebody has claimed it by then.
    #[serde(default)]
    pub backup_at: Option<Moment>,
    /// The post that is asked beside the pool's, because nobody claimed it in time.
    #[serde(default)]
    pub backup: Option<Name>,
    /// Its answer, while members added beside or after it have not all answered (加签).
    #[serde(default)]
    pub held: Option<Held>,
    /// When it opened.
    pub opened: Moment,
}

/// An answer that waits for members added to its task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The outcome.
    pub outcome: Name,
    /// Who answered.
    pub by: PersonId,
    /// Opinion and fields.
    pub body: Option<BodyRef>,
}

/// An act that can be taken back as long as nobody has acted on it: every token it placed still waits as it was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fresh {
    /// Its scope.
    pub scope: Local,
    /// The step.
    pub step: Name,
    /// Where it is.
    pub node: NodeIx,
    /// The token that left it.
    pub token: Local,
    /// The way back that token had.
    pub back_to: Option<NodeIx>,
    /// The strand it was part of.
    pub side: Option<Side>,
    /// Who acted.
    pub by: PersonId,
    /// For an answered seat: its task and who it asked.
    pub seat: Option<(Local, TaskPool)>,
    /// The tokens as the act left them.
    pub placed: Vec<(Local, Waits)>,
    /// How the step had ended before.
    pub before: Option<Done>,
}

/// A timer that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its token; for an event of a whole scope, the scope.
    pub token: Local,
    /// The event it sets off, by its place among those of its step or scope; `None` for a step that itself waits.
    pub event: Option<u16>,
    /// The day it was set; not counted.
    pub from: NaiveDate,
    /// When it fires; `None` while no published calendar reaches it.
    pub at: Option<Moment>,
}

/// Work that an outside system does. Who holds it now is no part of the case: leases are rows beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its scope.
    pub scope: Local,
    /// Its token.
    pub token: Local,
    /// The step.
    pub step: Name,
    /// What kind of work it is.
    pub topic: Name,
    /// What the worker is handed.
    pub given: BTreeMap<Name, Value>,
    /// Further tries after the one that comes next, or is under way.
    pub retries: u32,
    /// Tries that failed since it was offered or an operator had it tried again.
    pub failures: u32,
    /// From when on it may be fetched; `None` while it is parked.
    pub due: Option<Moment>,
    /// The highest number of a lease that was used up by a failure: whoever comes with it, or a lower one, comes too late.
    pub spent: i64,
    /// When it was offered.
    pub opened: Moment,
}

/// A place on an account's waiting list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The account's key.
    pub account: String,
    /// For how much.
    pub amount: i64,
    /// Since when.
    pub since: Moment,
}

/// A pool as an event records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskPool {
    /// The applicant.
    Applicant,
    /// A post in offices.
    Posts {
        /// Office keys, successors already followed.
        offices: Vec<Name>,
        /// The post.
        post: Name,
    },
}

/// An open approval group: the one its step opened, or one that was added to it (加签). A token waits for the former.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its token.
    pub token: Local,
    /// When it passes.
    pub pass: GroupPass,
    /// What one refusal does.
    pub on_refusal: OnRefusal,
    /// Seats that opened: task id to answer; `None` has not answered.
    pub seats: BTreeMap<Local, Option<Seat>>,
    /// What each answer weighs, where it is not one vote.
    pub powers: BTreeMap<Local, Power>,
    /// Seats to come, the next one first: in a group in order, or one added after another.
    pub to_come: Vec<Chair>,
    /// Where it was added; `None` for the group of the step itself.
    pub added: Option<Added>,
    /// How an added group ended, while the group it was added to goes on.
    pub settled: Option<bool>,
}

/// A seat that has not opened yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chair {
    /// Who will be asked.
    pub pool: TaskPool,
    /// What the answer weighs.
    pub power: Power,
}

/// Where and by whom a group was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The group it was added to; the task itself, when that has one decider.
    pub to: Local,
    /// The seat, or the task, that asked for it.
    pub seat: Local,
    /// Where it stands.
    pub place: Adding,
    /// Who added it.
    pub by: PersonId,
}

/// Where an added group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adding {
    /// 前加签: it must pass before the seat that asked may agree.
    Before,
    /// 并加签: it must pass too.
    Beside,
    /// 后加签: it opens when the rule was met (in order: when the seat that asked has agreed), and must pass too.
    After,
}

/// An answered seat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    /// Who answered.
    pub by: PersonId,
    /// Whether they agreed.
    pub agreed: bool,
}

/// A term of a scope or a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// The scope it belongs to.
    pub scope: Local,
    /// The token at the step, for a step's own term; its tasks name the token too.
    pub token: Option<Local>,
    /// Its rule's key.
    pub key: Name,
    /// Which date it is.
    pub kind: TermKind,
    /// How long.
    pub within: Span,
    /// The start day, not counted.
    pub from: NaiveDate,
    /// What stops it.
    pub excludes: Vec<Name>,
    /// Closed intervals that did not count, both ends included.
    pub stopped: Vec<(NaiveDate, NaiveDate)>,
    /// Steps (tokens) that stop it now, and the day the first did.
    pub stops_open: Vec<Local>,
    /// The day it last stopped; counting ends with this day.
    pub stopped_on: Option<NaiveDate>,
    /// The extension, once given.
    pub extended: Option<Span>,
    /// The due day; `None` while no published calendar reaches it.
    pub due: Option<NaiveDate>,
    /// The due day lies past the last published calendar.
    pub provisional: bool,
    /// Rungs still to fire: moment and index in the rule.
    pub rungs: Vec<RungAt>,
    /// Rungs that fired, with the due day they spoke of: for the same day they do not come back.
    pub fired: Vec<(u16, NaiveDate)>,
    /// When silence becomes an outcome by law.
    pub deem_at: Option<Moment>,
    /// How it is counted and shown, where its author said otherwise.
    #[serde(default, skip_serializing_if = "Manner::is_usual")]
    pub manner: Manner,
    /// Why its date has passed, as last stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
}

/// Why a date has passed, for publication (优化营商环境条例 36).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// The date it speaks of; for another one it says nothing.
    pub due: NaiveDate,
    /// The day the matter is expected to be decided by.
    pub expected: NaiveDate,
    /// The reason.
    pub body: Option<BodyRef>,
    /// Who stated it.
    pub by: PersonId,
    /// When.
    pub on: NaiveDate,
}

impl Term {
    /// The question whose answer is its date, with these days left out: the one place that says how a running limit is counted.
    #[must_use]
    pub fn query<'t>(&self, suspended: &'t [(NaiveDate, NaiveDate)]) -> TermQuery<'t> {
        let roll_over = self.manner.roll(self.kind, self.within);
        TermQuery { from: self.from, within: self.within, extended: self.extended, suspended, roll_over }
    }

    /// Why its date has passed, when that was stated for the date it has now.
    #[must_use]
    pub fn reason(&self) -> Option<&Stated> {
        self.stated.as_ref().filter(|stated| Some(stated.due) == self.due)
    }

    /// Whether its date is over: a stop in time keeps it from passing, a later one cures nothing (DOMAIN 2.3, rule 7).
    #[must_use]
    pub fn has_passed(&self, today: NaiveDate) -> bool {
        self.due.is_some_and(|due| due < today && self.stopped_on.is_none_or(|stopped| stopped > due))
    }
}

/// A rung with its moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungAt {
    /// When.
    pub at: Moment,
    /// Its index in the rule's ladder.
    pub rung: u16,
    /// What is said.
    pub notice: Name,
    /// Who hears it.
    pub to: Vec<Audience>,
    /// The workflow of the supervision order that is drafted with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Name>,
    /// It waits for no working day and for no morning.
    #[serde(default, skip_serializing_if = "is_no")]
    pub urgent: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_no(flag: &bool) -> bool {
    !flag
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The scope that made it.
    pub scope: Local,
    /// The step.
    pub step: Name,
    /// The account's key.
    pub account: String,
    /// The amount, in the account's unit.
    pub amount: i64,
    /// What becomes of it by the scope's result.
    pub settle: BTreeMap<Name, Settlement>,
    /// The fallback.
    pub otherwise: Settlement,
}
