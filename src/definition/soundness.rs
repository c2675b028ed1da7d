//! Soundness: every way of acting that a workflow allows is walked, and none may get stuck, end with work left over, or start the same work twice.
//! Invariant: a marking here is what the engine's tokens of one scope can stand at, over-approximated: a task may end with any of its outcomes, a guard may
//! hold or not, a table may hit any row, a called workflow may end with any of its results (it is proved by itself). Joins and returns ask `reach`, as the engine does.
//! Never: says "sound" of what it did not walk to the end; past its bound it says so.

use crate::definition::graph::{NodeIx, Program};
use crate::ids::Name;

mod explore;
mod moves;
mod regions;
pub(super) mod told;

pub use explore::{Walk, explore, explore_all};
pub use moves::{Marking, Token};

/// What was found out about one workflow.
#[derive(Debug)]
pub struct Proof {
    /// Markings looked at.
    pub states: usize,
    /// Whether every reachable marking was looked at; otherwise the bound came first.
    pub complete: bool,
    /// What is wrong, the first of each kind and place.
    pub flaws: Vec<Flaw>,
}

impl Proof {
    /// Proved: walked to the end, and nothing wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.complete && self.flaws.is_empty()
    }
}

/// One flaw, with the shortest way of acting that was found to lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: FlawKind,
    /// Where.
    pub at: NodeIx,
    /// Steps and their outcomes, from the start.
    pub path: Vec<Act>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The step.
    pub step: Name,
    /// Its outcome, or where it was sent back to.
    pub outcome: Name,
    /// Whether it was sent back.
    pub back: bool,
}

/// Kinds of flaws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlawKind {
    /// From here no end can be reached any more (no option to complete).
    Stuck,
    /// A join waits for somebody who cannot come.
    JoinWaits,
    /// The scope reaches an end while other steps of it still run (no proper completion).
    EndsEarly,
    /// A branch leaves its region while others still run in it, so that its join fires without it, too early.
    Leaves,
    /// Two tokens stand in one place.
    Twice,
    /// No way of acting ever comes here.
    Dead,
}

/// Proves a workflow by itself; what it calls is proved by itself, too.
#[must_use]
pub fn prove(program: &Program, states_max: usize) -> Proof {
    let walk = explore(program, states_max);
    // Walked one after another, a branch that turns in a circle for ever hides what the others do meanwhile.
    if walk.is_in_doubt() {
        let every_order = explore_all(program, states_max).judge();
        if every_order.complete || !every_order.flaws.is_empty() {
            return every_order;
        }
        return Proof { complete: false, ..walk.judge() };
    }
    walk.judge()
}
