//! A workflow file as its author wrote it, with the place of every word.
//! Invariant: nothing is interpreted beyond its shape; names may still be unknown.
//! Never: a default that is not written down in `read`.

use chrono::NaiveDate;

use crate::calendar::{Roll, Span, Thresholds, Unit};
use crate::definition::graph::{
    Demand, GroupPass, Heard, JoinRule, Nature, Need, NumberRule, OnRefusal, Rest, ReturnThen, Settlement, TermKind, Thrown, Verbs,
};
use crate::ids::{Name, Text};
use crate::source::{Node, Place};

mod read;
mod read_events;
mod read_group;
mod read_job;
mod read_split;
mod read_step;
mod walk;
mod words;

pub use read::workflow;
pub use walk::{walk, walk_all, walk_own};

/// Something with its place.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub at: Place,
}

/// A name with its place.
pub type Word = At<Name>;

/// A whole workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The file.
    pub file: String,
    /// Its key.
    pub name: Word,
    /// The name people read.
    pub title: Text,
    /// Which statutory rules it may use; `None` when the word is unknown, so that the rest is still held against the other rules.
    pub nature: Option<Nature>,
    /// Why the procedure exists.
    pub basis: Vec<Basis>,
    /// How its cases are numbered.
    pub number: Option<NumberRule>,
    /// Its form's file.
    pub form: Option<Word>,
    /// The papers it asks for, of those its form has room for; all of them when it does not say.
    pub papers: Option<Vec<(Word, Demand)>>,
    /// Who may act, by name.
    pub people: Vec<(Word, Pool)>,
    /// Ladders of reminders, by name.
    pub ladders: Vec<(Word, Vec<Rung>)>,
    /// Terms of the whole scope.
    pub limits: Vec<Limit>,
    /// When the lights of its limits turn yellow.
    pub lights: Option<At<Thresholds>>,
    /// Where its timetable stands and what is done of it: `step.field` each.
    pub progress: Option<(StepOutcome, StepOutcome)>,
    /// The steps, in order; the first is the start.
    pub steps: Vec<Step>,
    /// What may happen while it is open.
    pub handlers: Vec<Handler>,
    /// Errors that leave it for its caller to catch.
    pub throws: Vec<Word>,
}

/// What may happen to a step.
#[derive(Clone, Debug)]
pub struct Happening {
    /// What.
    pub on: Trigger,
    /// Closes the step.
    pub interrupting: bool,
    /// The step it leads to.
    pub next: Word,
    /// Where it stands.
    pub at: Place,
}

/// What may happen to a workflow or a part, with steps of its own.
#[derive(Clone, Debug)]
pub struct Handler {
    /// Its key.
    pub key: Word,
    /// What people read.
    pub title: Option<Text>,
    /// What happens.
    pub on: Trigger,
    /// Closes everything else of it.
    pub interrupting: bool,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// What may happen.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A span has passed.
    After(At<Span>),
    /// A day has come.
    At(Node),
    /// A message came.
    Message(Word),
    /// A signal was given.
    Signal(Word),
    /// Something was escalated from inside.
    Escalation(Word),
    /// An error was thrown inside.
    Error(Word),
}

/// A law, a plan, a guide; with the days it is in force, when they are known.
#[derive(Clone, Debug)]
pub struct Basis {
    /// As printed.
    pub text: String,
    /// The first day in force.
    pub from: Option<NaiveDate>,
    /// The last day in force.
    pub until: Option<NaiveDate>,
    /// Where it stands.
    pub at: Place,
}

impl Basis {
    /// As printed: with its last day when it has one.
    #[must_use]
    pub fn printed(&self) -> String {
        match (self.from, self.until) {
            (_, Some(until)) => format!("{}（至 {until}）", self.text),
            (Some(_) | None, None) => self.text.clone(),
        }
    }

    /// Whether it is in force on a day.
    #[must_use]
    pub fn in_force(&self, on: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }
}

/// Who may act.
#[derive(Clone, Debug)]
pub enum Pool {
    /// The applicant.
    Applicant,
    /// A post in offices.
    Posts {
        /// The offices.
        offices: Vec<Word>,
        /// The post.
        post: Word,
        /// Unclaimed for so long, the B post is asked too.
        backup_after: Option<At<Span>>,
        /// Of the offices, those this names in the case at hand.
        of: Option<Node>,
    },
}

/// A term of the scope.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its key.
    pub key: Word,
    /// Which date it is.
    pub kind: TermKind,
    /// How long.
    pub within: At<Span>,
    /// How long for a project of a class, by rank.
    pub by_class: Vec<(i16, Span)>,
    /// When it starts.
    pub from: LimitStart,
    /// What meets it; empty is the end of the scope.
    pub until: Vec<StepOutcome>,
    /// What stops it.
    pub excludes: Vec<Word>,
    /// Why.
    pub basis: Vec<Basis>,
    /// The one extension.
    pub extend: Option<Extend>,
    /// Who hears of it.
    pub remind: Remind,
    /// Whether it moves when it ends on a day off.
    pub rolls: Option<At<Roll>>,
    /// When its light turns yellow.
    pub lights: Option<At<Thresholds>>,
}

/// When a limit starts.
#[derive(Clone, Debug)]
pub enum LimitStart {
    /// With the scope.
    Entered,
    /// With a step's outcome.
    Outcome(StepOutcome),
    /// With a step's outcome, counted from the day of receipt.
    Received(StepOutcome),
}

/// `step.outcome`, or `step` for any outcome.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// The step.
    pub step: Word,
    /// The outcome.
    pub outcome: Option<Word>,
}

/// The one extension of a term.
#[derive(Clone, Debug)]
pub struct Extend {
    /// The ceiling.
    pub by: At<Span>,
    /// The post that approves.
    pub approved_by: Word,
}

/// Reminders: a ladder's name, or rungs.
#[derive(Clone, Debug)]
pub enum Remind {
    /// A ladder by name.
    Ladder(Word),
    /// Rungs written here; may be none.
    Rungs(Vec<Rung>),
}

/// A rung.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Days from the due date; negative is before.
    pub offset: i32,
    /// Of what.
    pub unit: Unit,
    /// Minutes after midnight.
    pub minute: u16,
    /// The notice's kind.
    pub say: Word,
    /// Who hears it.
    pub to: Vec<Hearer>,
    /// The workflow of the supervision order (督办单) that is drafted with it.
    pub order: Option<Word>,
    /// It waits for no working day and for no morning.
    pub urgent: bool,
}

/// Who hears a rung.
#[derive(Clone, Debug)]
pub enum Hearer {
    /// A word: `assignee`, `applicant`, or a name under `people`.
    Named(Word),
    /// A post of an office.
    Post {
        /// The office; `None` is the task's own.
        office: Option<Word>,
        /// The post.
        post: Word,
    },
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its key.
    pub key: Word,
    /// What people read; ends may go without.
    pub title: Option<Text>,
    /// What it does.
    pub kind: Kind,
    /// Where it leads.
    pub next: Next,
    /// Its own limit.
    pub within: Option<At<Span>>,
    /// The limit's basis.
    pub basis: Vec<Basis>,
    /// What silence becomes.
    pub on_expiry: Option<OnExpiry>,
    /// Who hears of the limit.
    pub remind: Remind,
    /// The cause it stops terms with.
    pub stops: Option<Word>,
    /// Where one may return to.
    pub may_return: Option<MayReturn>,
    /// The rank an outcome gives.
    pub ranks: Vec<(Word, i16)>,
    /// What else people may do here.
    pub verbs: Verbs,
    /// What may happen to it.
    pub events: Vec<Happening>,
    /// Of all steps with this lock one is worked on at a time.
    pub lock: Option<Word>,
}

/// Where a step leads.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing was written.
    Unsaid,
    /// A bare step for the only outcome.
    Bare(Word),
    /// By outcome.
    ByOutcome(Vec<(Word, Word)>),
}

/// What silence becomes by law.
#[derive(Clone, Debug)]
pub struct OnExpiry {
    /// The outcome.
    pub outcome: Word,
    /// The article.
    pub basis: Basis,
    /// Counts from receipt.
    pub from_receipt: bool,
}

/// Where one may return to.
#[derive(Clone, Debug)]
pub struct MayReturn {
    /// The steps.
    pub to: Vec<Word>,
    /// Steps of the workflow that calls this one.
    pub caller: Vec<Word>,
    /// What follows.
    pub then: ReturnThen,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Asks one person.
    Task(Task),
    /// Asks a group.
    Approve(Approve),
    /// Reads a table.
    Decide(Word),
    /// Reserves.
    Post(Post),
    /// Waits a span.
    Timer {
        /// How long.
        span: At<Span>,
        /// What is published meanwhile.
        publish: Option<Word>,
    },
    /// Waits for a message.
    Message {
        /// Its name.
        name: Word,
        /// What it listens to.
        heard: Heard,
        /// The reservation it queues for.
        queue: Option<Word>,
    },
    /// Has an outside system do something.
    Job(Job),
    /// Splits.
    Parallel(Parallel),
    /// Calls a workflow.
    Call(Call),
    /// A part with steps of its own.
    Scope(Scope),
    /// The same for each member of a list.
    Each(Each),
    /// Throws.
    Throw {
        /// What.
        what: Thrown,
        /// Its name.
        name: Word,
    },
    /// Issues a document.
    Document {
        /// Its kind.
        kind: Word,
        /// How it is numbered.
        number: Option<NumberRule>,
    },
    /// Ends.
    End {
        /// The result.
        result: Word,
        /// Cancels whatever else runs.
        terminate: bool,
    },
    /// Could not be read; its mistakes are already noted.
    Broken,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// A name under `people`, or `applicant`.
    pub by: Word,
    /// Steps whose actor may not do it.
    pub not: Vec<Word>,
    /// The step whose actor must.
    pub same_as: Option<Word>,
    /// Its answers.
    pub outcomes: Vec<Word>,
    /// The file of the answer's fields.
    pub fields: Option<Word>,
    /// The outcomes that must bring them; every one when none is named.
    pub fields_with: Vec<Word>,
    /// Edits the applicant's form.
    pub edits_form: bool,
    /// Answers that need no opinion.
    pub without_opinion: Vec<Word>,
    /// Answers, each with the table that lists what is missing for it.
    pub needs: Vec<(Word, Word)>,
    /// How long it takes at least.
    pub least: Option<Least>,
    /// The approval it follows: while the step did not end so, no answer of it is taken.
    pub after: Vec<StepOutcome>,
}

/// The least time of a task.
#[derive(Clone, Debug)]
pub struct Least {
    /// How long.
    pub span: At<Span>,
    /// The law.
    pub basis: Vec<Basis>,
    /// The field of its answer that holds the reason for answering earlier.
    pub reason: Option<Word>,
}

/// An approval group.
#[derive(Clone, Debug)]
pub struct Approve {
    /// Names under `people`.
    pub by: Vec<Word>,
    /// When it passes.
    pub pass: GroupPass,
    /// What one refusal does; required of `all` and `in-order`.
    pub on_refusal: Option<OnRefusal>,
    /// Votes by name under `people`.
    pub weights: Vec<(Word, u32)>,
    /// Names under `people` whose refusal alone refuses.
    pub veto: Vec<Word>,
    /// Steps whose actor may not sit.
    pub not: Vec<Word>,
    /// Where it stands.
    pub at: Place,
}

/// A reservation.
#[derive(Clone, Debug)]
pub struct Post {
    /// Parts of the account's key.
    pub account: Vec<Node>,
    /// The amount.
    pub amount: Node,
    /// By the scope's result.
    pub settle: Vec<(Word, Settlement)>,
    /// The fallback.
    pub otherwise: Settlement,
}

/// Work of an outside system.
#[derive(Clone, Debug)]
pub struct Job {
    /// What kind of work it is.
    pub topic: Word,
    /// What the worker is handed, by name.
    pub with: Vec<(Word, Node)>,
    /// The file of what it hands back.
    pub fields: Option<Word>,
    /// Errors of the matter it may report.
    pub errors: Vec<Word>,
    /// How often it is tried again.
    pub retries: u32,
    /// Seconds between the tries, in order.
    pub pauses_s: Vec<u32>,
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The workflow.
    pub workflow: Word,
    /// What it is handed, by name.
    pub with: Vec<(Word, Node)>,
    /// What it hands back, by name; read in the called workflow.
    pub returns: Vec<(Word, Node)>,
}

/// A part with steps of its own; its ends are its outcomes.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The steps, in order; the first is the start.
    pub steps: Vec<Step>,
    /// What may happen while it is open.
    pub handlers: Vec<Handler>,
}

/// The same for each member of a list.
#[derive(Clone, Debug)]
pub struct Each {
    /// The list.
    pub list: Node,
    /// What a member is called inside.
    pub item: Word,
    /// What is done for each: one step.
    pub body: Vec<Step>,
    /// One after another.
    pub sequential: bool,
    /// When it is over.
    pub complete: Option<CompleteWhen>,
}

/// When enough members have answered.
#[derive(Clone, Debug)]
pub struct CompleteWhen {
    /// How many.
    pub need: Need,
    /// Ended so.
    pub of: Word,
    /// What it is called when so many cannot be reached.
    pub otherwise: Option<Word>,
    /// What becomes of the others.
    pub rest: Rest,
    /// What no members at all means.
    pub none: Word,
}

/// Which of its branches a split takes.
#[derive(Clone, Debug)]
pub enum Splits {
    /// Every one whose condition holds.
    All,
    /// Every one whose condition holds, and this one when none does.
    Inclusive(Word),
    /// All of them, until the first is over: it alone goes on.
    Race,
}

/// A parallel, inclusive or racing step.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// Which branches it takes.
    pub splits: Splits,
    /// When they join.
    pub join: At<JoinRule>,
    /// Branches that are waited for.
    pub branches: Vec<Branch>,
    /// Branches nobody waits for.
    pub beside: Vec<Branch>,
    /// Where a rejection goes; the rest is cancelled.
    pub on_reject: Option<Word>,
}

/// A branch.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its key.
    pub key: Word,
    /// Skipped when this is false.
    pub when: Option<Node>,
    /// Outcomes that reject.
    pub rejects: Vec<Word>,
    /// Its steps; the first is its start.
    pub steps: Vec<Step>,
}
