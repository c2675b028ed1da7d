//! The order of the nodes and the branch each of them lies in, before any of them is built.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::diagnostics::Findings;
use crate::definition::graph::NodeIx;
use crate::definition::syntax::{Branch, Kind, Parallel, Splits, Step, Word};
use crate::ids::Name;
use crate::source::Place;

/// The word in `next` that means the join of the branch one is in.
pub(super) const JOIN: &str = "join";

/// All nodes to come.
#[derive(Debug, Default)]
pub(super) struct Plan<'w> {
    pub nodes: Vec<Planned<'w>>,
    pub index: BTreeMap<Name, NodeIx>,
    /// By split: its join, and where its side branches end.
    ends: BTreeMap<NodeIx, (NodeIx, Option<NodeIx>)>,
}

/// A node to come.
#[derive(Debug)]
pub(super) struct Planned<'w> {
    pub key: Name,
    pub at: Place,
    pub slot: Slot<'w>,
    pub home: Home<'w>,
}

/// What it will be made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot<'w> {
    Step(&'w Step),
    Join { step: &'w Step, split: NodeIx },
    BesideEnd,
}

/// The branch a node lies in.
#[derive(Clone, Debug, Default)]
pub(super) struct Home<'w> {
    /// The innermost split.
    pub region: Option<NodeIx>,
    /// Whether nobody waits for it.
    pub beside: bool,
    /// The innermost branch.
    pub branch: Option<&'w Branch>,
    /// Where that branch's split sends a rejection.
    pub on_reject: Option<&'w Word>,
    /// Splits and branch numbers from the outside in: two nodes may be joined by an edge when these are equal.
    pub lane: Vec<(NodeIx, usize)>,
}

/// Lays the nodes out in the order of the file.
pub(super) fn plan<'w>(steps: &'w [Step], findings: &mut Findings<'_>) -> Plan<'w> {
    let mut plan = Plan::default();
    plan.steps(steps, &Home::default(), findings);
    plan
}

impl<'w> Plan<'w> {
    fn steps(&mut self, steps: &'w [Step], home: &Home<'w>, findings: &mut Findings<'_>) {
        for step in steps {
            let here = self.push(step.key.value.clone(), step.key.at, Slot::Step(step), home.clone(), findings);
            if let Kind::Parallel(parallel) = &step.kind {
                self.parallel(step, parallel, here, home, findings);
            }
        }
    }

    fn parallel(&mut self, step: &'w Step, parallel: &'w Parallel, split: NodeIx, home: &Home<'w>, findings: &mut Findings<'_>) {
        for (number, branch) in parallel.branches.iter().chain(&parallel.beside).enumerate() {
            let beside = home.beside || number >= parallel.branches.len();
            let mut lane = home.lane.clone();
            lane.push((split, number));
            let inner = Home { region: Some(split), beside, branch: Some(branch), on_reject: parallel.on_reject.as_ref(), lane };
            self.steps(&branch.steps, &inner, findings);
        }
        let key = Name::from(format!("{}-join", step.key.value));
        let join = self.push(key, step.key.at, Slot::Join { step, split }, home.clone(), findings);
        let beside_end = (!parallel.beside.is_empty()).then(|| {
            let key = Name::from(format!("{}-beside", step.key.value));
            let inner = Home { region: Some(split), beside: true, ..home.clone() };
            self.push(key, step.key.at, Slot::BesideEnd, inner, findings)
        });
        self.ends.insert(split, (join, beside_end));
    }

    fn push(&mut self, key: Name, at: Place, slot: Slot<'w>, home: Home<'w>, findings: &mut Findings<'_>) -> NodeIx {
        // A file is bounded in bytes, so its steps are fewer than 65,536.
        let ix = NodeIx(u16::try_from(self.nodes.len()).unwrap_or(u16::MAX));
        if self.index.insert(key.clone(), ix).is_some() || &*key == JOIN {
            let zh = format!("步骤名 `{key}` 已被使用或是保留字");
            let en = format!("expected a name used once and not reserved, found `{key}`");
            findings.note(at, "GL005", (zh, en));
        }
        self.nodes.push(Planned { key, at, slot, home });
        ix
    }

    /// The keys an author may name.
    pub fn steps_named(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter(|planned| matches!(planned.slot, Slot::Step(_))).map(|planned| &*planned.key)
    }

    /// The join of a split.
    pub fn join_of(&self, split: NodeIx) -> Option<NodeIx> {
        self.ends.get(&split).map(|(join, _)| *join)
    }

    /// Where the edges of a node start from and what they cancel: an alternative of a race leaves the whole race with what it chose.
    pub fn leaves<'p>(&'p self, planned: &'p Planned<'w>) -> (&'p Planned<'w>, Option<NodeIx>) {
        let (mut from, mut cancels) = (planned, None);
        while let Some(split) = from.home.region
            && let Some(outer) = self.nodes.get(usize::from(split.0))
            && let Slot::Step(Step { kind: Kind::Parallel(Parallel { splits: Splits::Race, .. }), .. }) = outer.slot
        {
            cancels = self.join_of(split);
            from = outer;
        }
        (from, cancels)
    }

    /// Where `join` leads from a node: its region's join, or the end of its side branch.
    pub fn join_word(&self, home: &Home<'_>) -> Option<NodeIx> {
        let (join, beside_end) = self.ends.get(&home.region?)?;
        let beside = home.lane.last().is_some_and(|(split, number)| self.is_beside(*split, *number));
        if beside { *beside_end } else { Some(*join) }
    }

    fn is_beside(&self, split: NodeIx, number: usize) -> bool {
        match self.nodes.get(usize::from(split.0)).map(|planned| planned.slot) {
            Some(Slot::Step(Step { kind: Kind::Parallel(parallel), .. })) => number >= parallel.branches.len(),
            Some(Slot::Step(_) | Slot::Join { .. } | Slot::BesideEnd) | None => false,
        }
    }

    /// Every node between a split and its join, side branches and inner regions included.
    pub fn inside(&self, split: NodeIx) -> BTreeSet<NodeIx> {
        let inside = |planned: &Planned<'_>| planned.home.lane.iter().any(|(outer, _)| *outer == split) || planned.home.region == Some(split);
        let numbered = self.nodes.iter().enumerate().filter(|(_, planned)| inside(planned));
        numbered.filter_map(|(ix, _)| u16::try_from(ix).ok().map(NodeIx)).collect()
    }
}
