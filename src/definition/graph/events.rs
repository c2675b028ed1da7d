//! What may happen to a step or a scope from outside itself, and steps that run for each member of a list.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{NodeIx, Rest};
use crate::calendar::Span;
use crate::expr::Expr;
use crate::ids::Name;

/// Something that may happen to a step, a part or a workflow while it is open, and where it leads.
#[derive(Clone, Debug)]
pub struct Catch {
    /// What it is called in the record.
    pub key: Name,
    /// What happens.
    pub on: Trigger,
    /// What it happens to is closed; otherwise that goes on, and the event starts a strand beside it.
    pub interrupting: bool,
    /// Where it leads.
    pub to: NodeIx,
}

/// What may happen.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A span has passed since the opening.
    After(Span),
    /// A day has come.
    At(Arc<Expr>),
    /// A message from outside.
    Message(Name),
    /// A signal of this case, or one that another case gave to every case.
    Signal(Name),
    /// An escalation from inside.
    Escalation(Name),
    /// An error from inside.
    Error(Name),
}

/// What a wait listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message from outside that comes while it waits.
    Message,
    /// One that may also have come before.
    Kept,
    /// A signal of this case, or one that another case gave to every case.
    Signal,
}

/// What a step throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thrown {
    /// To everything in the case that listens.
    Signal,
    /// To everything that listens in this case, and in every other case of the tenant.
    Broadcast,
    /// To the nearest scope up that catches it; nobody has to.
    Escalation,
    /// To the nearest scope up that catches it; what lies between is closed.
    Error,
}

/// A task for each member of a list.
#[derive(Clone, Debug)]
pub struct EachRule {
    /// The members, read when the step is entered.
    pub list: Arc<Expr>,
    /// The name under which a member's own steps read it.
    pub item: Name,
    /// The program each member runs.
    pub body: Name,
    /// One after another instead of all at once.
    pub sequential: bool,
    /// When it is over; `None` when every member is, with the outcome `done`.
    pub complete: Option<Complete>,
}

/// When enough members have answered.
#[derive(Clone, Debug)]
pub struct Complete {
    /// How many.
    pub need: Need,
    /// Must have ended so; it is then the outcome.
    pub of: Name,
    /// The outcome when so many cannot be reached any more.
    pub otherwise: Name,
    /// What becomes of the members still open.
    pub rest: Rest,
    /// The outcome when there are no members.
    pub none: Name,
}

/// How many members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// This part of a hundred of all members, rounded up.
    Share(u8),
    /// This many.
    Count(u16),
}
