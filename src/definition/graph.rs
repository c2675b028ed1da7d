//! The token graph a workflow compiles to: what the engine runs, with BPMN 2.0 token semantics.
//! Invariant: every index is inside its vector and every outcome of a node has an edge; `definition::rules` refuses anything else.
//! Never: a position in a file, a person, a date but the last day of what it rests on. Those belong to `syntax`, to the roster and to the case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use super::groups::{Ballots, GroupPass, GroupRule, OnRefusal, Power, Verb, Verbs, Vote};
use crate::calendar::{Roll, Span, Thresholds, Unit};
use crate::expr::{Expr, Table};
use crate::forms::Form;
pub use crate::ids::Text;
use crate::ids::{Digest, Name, PersonId};

mod events;
mod jobs;
mod ranks;

pub use events::{Catch, Complete, EachRule, Heard, Need, Thrown, Trigger};
pub use jobs::JobRule;
pub use ranks::ORDINARY;

/// A workflow with everything it calls: what a case pins, by `digest`.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The workflow a case of this bundle starts with.
    pub root: Name,
    /// SHA-256 over the canonical bytes of the root and all it refers to (callees, forms, tables), in order of name.
    pub digest: Digest,
    /// The root and its callees, by name.
    pub programs: BTreeMap<Name, Arc<Program>>,
}

/// The nature of a matter (事项性质): which statutory rules it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// 行政许可.
    Licence,
    /// 备案.
    Filing,
    /// 内部资源配置.
    Allocation,
    /// 公共服务、协调.
    Service,
    /// 内部督查、改革事项.
    Internal,
}

/// How firmly a paper is asked for (PROCEDURES 1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// 必须提交.
    Required,
    /// 符合条件的提交.
    Conditional,
    /// 可容缺: may follow.
    Tolerable,
    /// 有则提交.
    Optional,
}

/// One workflow, compiled.
#[derive(Clone, Debug)]
pub struct Program {
    /// The workflow's key, such as `land-quota`.
    pub name: Name,
    /// The name people read.
    pub title: Text,
    /// Its nature.
    pub nature: Nature,
    /// Why the procedure exists; printed in every export.
    pub basis: Vec<String>,
    /// The last day of whichever of these ends first; what rests on them is valid no longer than that.
    pub basis_until: Option<NaiveDate>,
    /// How cases (or, called, sub-cases) are numbered; `None` numbers nothing.
    pub number: Option<NumberRule>,
    /// The form of the workflow, when it has one of its own.
    pub form: Option<Arc<Form>>,
    /// The papers it asks for, by the field of its form; `None` when it asks for all its form has room for.
    pub papers: Option<Vec<(Name, Demand)>>,
    /// Terms of the whole scope (法定, 承诺).
    pub limits: Vec<TermRule>,
    /// What may happen to the whole scope while it is open; each leads to a node that no edge leads to.
    pub handlers: Vec<Catch>,
    /// Nodes; `NodeIx` points in here.
    pub nodes: Vec<Node>,
    /// Where its timetable stands and what is done of it, when it keeps one.
    pub progress: Option<Timetable>,
    /// Where a new scope puts its first token.
    pub start: NodeIx,
    /// For each node, the nodes of this program reachable from it by one edge or more (a return counts as no edge).
    pub reach: Vec<BTreeSet<NodeIx>>,
}

/// A timetable kept in answers: rows with `node`, `start` and `due`, and rows with `node` and `percent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The step whose answer holds the plan, and the field.
    pub plan: (Name, Name),
    /// The step whose answer says how much is done, and the field.
    pub done: (Name, Name),
}

/// A node's place in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeIx(pub u16);

/// How a number is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberRule {
    /// A series of its own: `GC{year}{seq:4}`; taken in the commit, gap-free per series and year.
    Series {
        /// The counter, such as `GC`.
        series: Name,
        /// With `{year}` and `{seq}` or `{seq:4}`.
        pattern: String,
    },
    /// The caller's number with a suffix: `-HP`. Started alone it has no number.
    Suffix(String),
    /// Called, the caller's number with the suffix; started alone, the next of the series.
    Either {
        /// Such as `-YD`.
        suffix: String,
        /// The counter.
        series: Name,
        /// As of a series.
        pattern: String,
    },
}

/// One step, gateway or end.
#[derive(Clone, Debug)]
pub struct Node {
    /// The step's key, unique in its program.
    pub key: Name,
    /// What people read.
    pub title: Text,
    /// What it does.
    pub kind: NodeKind,
    /// Where each outcome leads; complete for the outcomes of `kind`.
    pub next: BTreeMap<Name, Edge>,
    /// The step's own terms, started when it is entered.
    pub terms: Vec<TermRule>,
    /// Running terms that list this cause in `excludes` stand still while a token is here.
    pub stops: Option<Name>,
    /// The parallel region (its join) this node lies in, innermost; `None` outside.
    pub region: Option<NodeIx>,
    /// A branch nobody waits for: its tokens hold neither a join nor the end of the scope. Such a branch ends in plain `End` nodes of its own,
    /// also marked `beside`: they consume the token and give the scope no result.
    pub beside: bool,
    /// The rank the case takes when this node ends with the outcome (项目等级 A is 0, B is 1, C is 2); other outcomes leave it.
    pub ranks: BTreeMap<Name, i16>,
    /// Where a person working on this step may send the case back to.
    pub may_return: Option<ReturnRule>,
    /// What else people may do at this step.
    pub verbs: Verbs,
    /// What may happen to this step while a token waits here.
    pub events: Vec<Catch>,
    /// Of all steps of a case with this lock, one is worked on at a time.
    pub lock: Option<Name>,
}

/// Where an outcome leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The next node.
    pub to: NodeIx,
    /// Cancels what still runs in the region of this join (`on-reject: cancel rest`).
    pub cancels: Option<NodeIx>,
}

/// Who may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The applicant of the case (its agent).
    Applicant,
    /// Whoever holds `post` in one of `offices` (or their successors) when the pool is read.
    Posts {
        /// Office keys.
        offices: Vec<Name>,
        /// The post.
        post: Name,
    },
}

/// What a task asks.
#[derive(Clone, Debug)]
pub struct TaskRule {
    /// Who may do it.
    pub by: Pool,
    /// Unclaimed for so long, the B post of the same office is asked too (PROCEDURES 1.3).
    pub backup_after: Option<Span>,
    /// Of the pool's offices, those this names in the case at hand are asked; when it names none of them, all are.
    pub of: Option<Arc<Expr>>,
    /// Whoever acted in one of these steps of the same case may not do it (separation of duties).
    pub not: Vec<Name>,
    /// Whoever acted in this step must do it.
    pub same_as: Option<Name>,
    /// The answers it can end with.
    pub outcomes: Vec<Name>,
    /// Fields the answer carries, validated as a form.
    pub fields: Option<AnswerForm>,
    /// The applicant's form is edited here; completing stores a new submission.
    pub edits_form: bool,
    /// Outcomes that need no opinion text; every other one does (签批意见 is never empty).
    pub without_opinion: BTreeSet<Name>,
    /// Tables that list what is missing for an answer; while one lists anything, the answer is refused.
    pub needs: BTreeMap<Name, Arc<Table>>,
    /// How long it takes at least.
    pub least: Option<Least>,
    /// The approval it follows, when it follows one: its answers are refused until then, whatever step they are given at.
    pub after: Option<Approval>,
}

/// The least time of a task: it is not answered before, or, where its author says so, only with a reason that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Least {
    /// From the day after the task's step was entered through the last day of this span.
    pub span: Span,
    /// The law, as printed.
    pub basis: String,
    /// The field of the answer that holds the reason for answering earlier; `None` when it may not be answered earlier.
    pub reason: Option<Name>,
}

/// An approval that another step waits for: the step that gives it, and the outcomes that do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The step.
    pub step: Name,
    /// Its outcomes.
    pub outcomes: Vec<Name>,
}

/// The form an answer carries, and the outcomes that carry it.
#[derive(Clone, Debug)]
pub struct AnswerForm {
    /// The form.
    pub form: Arc<Form>,
    /// The outcomes that must bring it; with any other its fields may be left out.
    pub with: BTreeSet<Name>,
}

/// A branch of a parallel split.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its key.
    pub key: Name,
    /// Its first node.
    pub first: NodeIx,
    /// The branch is skipped when this is false.
    pub when: Option<Arc<Expr>>,
    /// Taken when no branch with a condition is, and only then.
    pub default: bool,
}

/// When a join fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinRule {
    /// When no token that it must wait for can still reach it.
    All,
    /// With the `count`-th token, or earlier when nobody else can come.
    First {
        /// How many.
        count: u16,
        /// What becomes of the branches that are not there yet.
        rest: Rest,
    },
}

/// What becomes of what is still open when enough is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// It is closed in the same act.
    Cancel,
    /// It goes on beside what follows and changes nothing there any more.
    Continue,
}

/// What a call runs.
#[derive(Clone, Debug)]
pub enum Callee {
    /// This workflow.
    Fixed(Name),
    /// A part of the same workflow with steps of its own, compiled as a program named `workflow#step`. It reads and writes as a part of the scope around it:
    /// form, number, limits and the results of steps.
    Embedded(Name),
}

/// What a node does when a token arrives.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Asks one person.
    Task(TaskRule),
    /// Asks a group.
    Approve(GroupRule),
    /// A decision table; its single output is the outcome. The row that hit is recorded.
    Decide(Arc<Table>),
    /// Posts a reservation to an account; outcomes `posted` and `short`.
    Post {
        /// Parts of the account key, joined with `/`.
        account: Vec<Expr>,
        /// The amount in the account's integer unit.
        amount: Arc<Expr>,
        /// What becomes of it when the scope ends, by result; `otherwise` is the fallback.
        settle: BTreeMap<Name, Settlement>,
        /// The fallback.
        otherwise: Settlement,
    },
    /// Waits for a message or a signal; outcome `received`. With `queue_for` the case stands on that account's waiting list meanwhile.
    Message {
        /// Its name.
        name: Name,
        /// What it listens to.
        heard: Heard,
        /// The node whose account and amount this wait queues for.
        queue_for: Option<NodeIx>,
    },
    /// Has an outside system do something; outcome `done`.
    Job(JobRule),
    /// Waits a span (a minimum period); outcome `elapsed`.
    Timer {
        /// How long, from the day of entry (not counted).
        span: Span,
        /// What is published meanwhile, if anything.
        publishes: Option<Name>,
    },
    /// Starts all branches whose `when` holds.
    Split {
        /// The branches.
        branches: Vec<Branch>,
        /// The join they meet in.
        join: NodeIx,
    },
    /// Fires once a round, by its rule; outcome `joined`. The join of a race is never reached: each of its branches leaves with what it chose.
    Join {
        /// The split it belongs to.
        split: NodeIx,
        /// The nodes between split and join.
        region: BTreeSet<NodeIx>,
        /// When it fires.
        rule: JoinRule,
    },
    /// Runs another workflow, or a part of this one, as a scope of this case; outcomes are its results.
    Call {
        /// What runs.
        callee: Callee,
        /// What the callee reads as `input`, by name.
        with: Vec<(Name, Arc<Expr>)>,
        /// What the caller reads of this step afterwards, by name; read in the callee when it ends.
        returns: Vec<(Name, Arc<Expr>)>,
    },
    /// Runs a program once for each member of a list.
    Each(EachRule),
    /// Throws; outcome `thrown`, but an error has none.
    Throw {
        /// What.
        what: Thrown,
        /// Its name.
        name: Name,
    },
    /// Issues a document with a number; outcome `issued`.
    Document {
        /// Its kind, such as `acceptance`.
        kind: Name,
        /// How it is numbered.
        number: Option<NumberRule>,
    },
    /// Ends the scope with a result.
    End {
        /// The result.
        result: Name,
        /// Cancels whatever else runs in the scope (BPMN terminate); a plain end only consumes its token.
        terminate: bool,
    },
}

/// Where one may return to, and what happens after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnRule {
    /// Steps of the same program.
    pub to: Vec<NodeIx>,
    /// Steps of the calling workflow, by key: this one is then closed with all that is open in it.
    pub caller: Vec<Name>,
    /// After the earlier step: walk every step again, or straight back to who returned it.
    pub then: ReturnThen,
}

/// What follows a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnThen {
    /// Every step again.
    WalkAgain,
    /// Straight back to the step that returned it.
    StraightBack,
}

/// What becomes of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// 使用.
    Use,
    /// 释放.
    Release,
    /// It stays reserved (until a later case uses or releases it).
    Keep,
}

/// Which of the two dates a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermKind {
    /// 法定时限.
    Statutory,
    /// 承诺时限.
    Promised,
    /// A step's own limit.
    Step,
}

/// When a term starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermStart {
    /// When the node or scope is entered.
    Entered,
    /// The first time this step of the scope ends with this outcome; counted from that day.
    Outcome {
        /// The step's key.
        step: Name,
        /// The outcome.
        outcome: Name,
    },
    /// As `Outcome`, but counted from the day the papers were last submitted (自收到之日起).
    Received {
        /// The step's key.
        step: Name,
        /// The outcome.
        outcome: Name,
    },
}

/// When a scope's term is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermEnd {
    /// When the node or scope is left.
    Left,
    /// The first time this step of the scope is left with one of these outcomes (the decision, not its delivery, ends a decision's term).
    Outcome {
        /// The step's key.
        step: Name,
        /// The outcomes.
        outcomes: Vec<Name>,
    },
}

/// A term: how long, from when, what stops it, who hears of it.
#[derive(Clone, Debug)]
pub struct TermRule {
    /// Its key in its scope, such as `promised` or the step's key.
    pub key: Name,
    /// Which date it is.
    pub kind: TermKind,
    /// How long.
    pub within: Span,
    /// How long for a project of a class, by rank; a promise only.
    pub by_class: BTreeMap<i16, Span>,
    /// When it starts.
    pub from: TermStart,
    /// When it is met.
    pub until: TermEnd,
    /// Causes that stop it.
    pub excludes: BTreeSet<Name>,
    /// The law or guide, as printed.
    pub basis: Option<String>,
    /// The extension it allows.
    pub extend: Option<ExtendRule>,
    /// Who is reminded when.
    pub rungs: Vec<Rung>,
    /// What the law makes of silence.
    pub on_expiry: Option<Deem>,
    /// How it is counted and shown, where its author says otherwise.
    pub manner: Manner,
}

/// How a limit is counted and shown, where its author says otherwise than the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Whether it moves when it ends on a day off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolls: Option<Roll>,
    /// When its light turns yellow, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lights: Option<Thresholds>,
    /// When the lights of its workflow turn yellow, where neither it nor the district says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Thresholds>,
}

impl Manner {
    /// Whether nothing is said otherwise.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a limit of this kind and length moves when it ends on a day off: as written; else only a statutory one in calendar days does, as the calendar says.
    #[must_use]
    pub fn roll(&self, kind: TermKind, within: Span) -> Roll {
        self.rolls.unwrap_or(if kind == TermKind::Statutory && within.unit == Unit::Calendar { Roll::AsPublished } else { Roll::Never })
    }
}

impl TermRule {
    /// How long it is for a case of that rank.
    #[must_use]
    pub fn span(&self, rank: i16) -> Span {
        self.by_class.get(&rank).copied().unwrap_or(self.within)
    }
}

/// The one extension of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendRule {
    /// The ceiling.
    pub by: Span,
    /// The post that must approve it.
    pub approved_by: Name,
}

/// A deemed outcome (视为): the step ends with `outcome` by law, actor System.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deem {
    /// The outcome.
    pub outcome: Name,
    /// The article.
    pub basis: String,
    /// The outcome counts from the day the papers were received, not from the day the silence ended (行政许可法 32（四）): terms that start with it start there.
    pub from_receipt: bool,
}

/// One rung of the reminder ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Working or calendar days from the due date; negative is before.
    pub offset: i32,
    /// The unit of `offset`.
    pub unit: crate::calendar::Unit,
    /// Minutes after midnight in China; 540 (09:00) unless said.
    pub minute: u16,
    /// The notice's kind, such as `o.yellow`.
    pub notice: Name,
    /// Who hears it.
    pub to: Vec<Audience>,
    /// The workflow of the supervision order (督办单) that is drafted with it.
    pub order: Option<Name>,
    /// It waits for no working day and for no morning.
    pub urgent: bool,
}

/// Who hears a rung.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Whoever can do, or holds, the open task.
    Assignee,
    /// The applicant.
    Applicant,
    /// One person: whoever an act names. No author writes this one.
    Person(PersonId),
    /// The holders of a post in the task's office.
    Post(Name),
    /// The holders of a post in a named office.
    Office {
        /// The office.
        office: Name,
        /// The post.
        post: Name,
    },
}
