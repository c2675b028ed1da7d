//! The working copy of one decision: the case as it will be, the events so far, and what is still missing.
//! Invariant: the copy changes only by the events it keeps, through the same `apply` as a replay.
//! Never: an event of a decision that was refused or lacked a fact; the whole draft is dropped then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::NaiveDate;

use crate::calendar::Calendar;
use crate::definition::graph::{Node, NodeIx, Program};
use crate::engine::case::{Case, Local, Scope, Side};
use crate::engine::event::Event;
use crate::engine::evolve::apply;
use crate::engine::facts::{Decision, Facts, Need};
use crate::engine::refusal::Refusal;
use crate::ids::Name;
use crate::limits::ENGINE_STEPS_MAX;

/// Why a decision stops half-way.
#[derive(Debug)]
pub(super) enum Stop {
    /// A fact is missing; the draft knows which.
    Needs,
    /// No.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A part of a decision.
pub(super) type Step<T> = Result<T, Stop>;

/// Where a token stands while it walks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub token: Local,
    pub scope: Local,
    pub node: NodeIx,
    pub back_to: Option<NodeIx>,
    pub side: Option<Side>,
}

/// The working copy.
pub(super) struct Draft<'f> {
    pub facts: Facts<'f>,
    pub case: Case,
    pub events: Vec<Event>,
    /// Tokens on their way to a node, first come first served.
    pub arrivals: VecDeque<Spot>,
    /// Scopes in which a token moved since joins and ends were last looked at.
    pub touched: BTreeSet<Local>,
    /// Numbers taken by this act, on top of `facts.counters`.
    pub counters: BTreeMap<String, u64>,
    /// The last day of the period whose end is what led here, while the clock fires it: a period is over with the end of that day, not with the next.
    pub period_end: Option<NaiveDate>,
    /// The day on which the papers of this act count as handed in, when that is another than today.
    pub filed: Option<NaiveDate>,
    /// The calendar of the whole region.
    region: &'f Calendar,
    /// What this act took from (negative) or gave back to an account, on top of `facts.balances`.
    pub moved: BTreeMap<String, i64>,
    needs: BTreeSet<Need>,
    steps: usize,
}

/// Decides on a copy of `case`; the copy is dropped unless `walk` goes through.
pub(super) fn drafted<'f>(case: Case, facts: &Facts<'f>, walk: impl FnOnce(&mut Draft<'f>) -> Step<()>) -> Decision {
    let mut draft = Draft {
        facts: Facts { calendar: facts.calendar.of(case.district.as_deref()), ..*facts },
        region: facts.calendar,
        filed: None,
        case,
        events: Vec::with_capacity(8),
        arrivals: VecDeque::new(),
        touched: BTreeSet::new(),
        counters: BTreeMap::new(),
        period_end: None,
        moved: BTreeMap::new(),
        needs: BTreeSet::new(),
        steps: 0,
    };
    match walk(&mut draft) {
        Ok(()) => Decision::Events(draft.events),
        Err(Stop::Needs) => Decision::Needs(draft.needs),
        Err(Stop::Refused(refusal)) => Decision::Refused(refusal),
    }
}

impl<'f> Draft<'f> {
    /// Keeps an event and applies it.
    pub fn emit(&mut self, event: Event) {
        apply(&mut self.case, &event);
        if let Event::Submitted { .. } = event {
            self.facts.calendar = self.region.of(self.case.district.as_deref());
        }
        self.events.push(event);
    }

    /// The calendar of the part of the region that papers name, or else of the one the case lies in.
    pub fn region_of(&self, district: Option<&Name>) -> &'f Calendar {
        self.region.of(district.or(self.case.district.as_ref()).map(|code| &**code))
    }

    /// The next local id. One that no event uses is given out again by the next decision.
    pub fn local(&mut self) -> Local {
        let local = self.case.next_local;
        self.case.next_local = local.saturating_add(1);
        local
    }

    /// Notes a missing fact; the decision is made again when it is there.
    pub fn lacks(&mut self, need: Need) -> Stop {
        self.needs.insert(need);
        Stop::Needs
    }

    /// Whether anything is missing so far.
    pub fn lacking(&self) -> Step<()> {
        if self.needs.is_empty() { Ok(()) } else { Err(Stop::Needs) }
    }

    /// Counts one step of the walk, so that a definition that runs in circles is refused instead of running.
    pub fn count_step(&mut self) -> Step<()> {
        self.steps += 1;
        if self.steps <= ENGINE_STEPS_MAX {
            return Ok(());
        }
        let workflow = &self.case.workflow;
        Err(Refusal::conflict(
            "definition_loops",
            format!("无法继续：工作流 `{workflow}` 的自动步骤循环不止"),
            format!("cannot go on in workflow `{workflow}`: its automatic steps run in a circle"),
        )
        .into())
    }

    /// An open scope.
    pub fn scope(&self, scope: Local) -> Step<&Scope> {
        self.case.scopes.get(&scope).ok_or_else(|| broken(&format!("scope {scope}")))
    }

    /// The program a scope runs.
    pub fn program(&self, scope: Local) -> Step<&'f Program> {
        let name = &self.scope(scope)?.program;
        program_named(&self.facts, name)
    }

    /// A node of the program a scope runs.
    pub fn node(&self, scope: Local, node: NodeIx) -> Step<&'f Node> {
        let program = self.program(scope)?;
        program.nodes.get(usize::from(node.0)).ok_or_else(|| broken(&format!("node {} of {}", node.0, program.name)))
    }

    /// Where a waiting token stands.
    pub fn spot(&self, token: Local) -> Step<Spot> {
        let found = self.case.tokens.get(&token).ok_or_else(|| broken(&format!("token {token}")))?;
        Ok(Spot { token, scope: found.scope, node: found.node, back_to: found.back_to, side: found.side })
    }

    /// A scope, its caller, its caller's caller, up to the root.
    pub fn ancestry(&self, scope: Local) -> Vec<Local> {
        ancestry(&self.case, scope)
    }
}

/// A scope and the scopes it is a part of, nearest first: what steps in it read and write as one.
pub(super) fn around(case: &Case, scope: Local) -> Vec<Local> {
    let mut chain = vec![scope];
    let mut at = scope;
    while let Some(parent) = case.scopes.get(&at).filter(|open| open.embedded).and_then(|open| open.parent).filter(|parent| *parent < at) {
        chain.push(parent);
        at = parent;
    }
    chain
}

/// The scope of the workflow that a scope is a part of; a scope that is no part is its own.
pub(super) fn home(case: &Case, scope: Local) -> Local {
    around(case, scope).last().copied().unwrap_or(scope)
}

/// A scope and those above it, nearest first.
pub(super) fn ancestry(case: &Case, scope: Local) -> Vec<Local> {
    let mut chain = vec![scope];
    let mut at = scope;
    // A parent is older than its child, so the chain gets shorter with every step.
    while let Some(parent) = case.scopes.get(&at).and_then(|scope| scope.parent).filter(|parent| *parent < at) {
        chain.push(parent);
        at = parent;
    }
    chain
}

/// A program of the pinned bundle.
pub(super) fn program_named<'f>(facts: &Facts<'f>, name: &Name) -> Step<&'f Program> {
    match facts.bundle.programs.get(name) {
        Some(program) => Ok(program),
        None => Err(broken(&format!("workflow {name}"))),
    }
}

/// The case does not fit its definition, which no command can mend: it is left as it is and its keeper is told.
pub(super) fn broken(what: &str) -> Stop {
    Refusal::conflict(
        "case_broken",
        format!("无法处理：办件与其流程定义不符（{what}）"),
        format!("cannot act on the case: it does not fit its definition ({what})"),
    )
    .into()
}
