//! What can still come where: reachability in a graph, and for whom a join waits.
//! Invariant: the engine and `check` ask the same functions, so that what was proved is what runs.
//! Never: a case; a token is here a node and, when it was sent back, the node it will come straight back to.

use std::collections::BTreeSet;

use crate::definition::graph::{Node, NodeIx, NodeKind, Program};

/// For each node, the nodes reachable by one edge or more.
#[must_use]
pub fn reach(nodes: &[Node]) -> Vec<BTreeSet<NodeIx>> {
    let leads: Vec<BTreeSet<NodeIx>> = nodes.iter().map(successors).collect();
    let mut reach = Vec::with_capacity(nodes.len());
    for direct in &leads {
        let mut seen = BTreeSet::new();
        let mut open: Vec<NodeIx> = direct.iter().copied().collect();
        while let Some(node) = open.pop() {
            if seen.insert(node) {
                open.extend(leads.get(usize::from(node.0)).into_iter().flatten());
            }
        }
        reach.push(seen);
    }
    reach
}

/// The nodes one edge away; a split leads to its branches, and to its join when every branch may be skipped.
#[must_use]
pub fn successors(node: &Node) -> BTreeSet<NodeIx> {
    let mut to: BTreeSet<NodeIx> = node.next.values().map(|edge| edge.to).chain(node.events.iter().map(|event| event.to)).collect();
    if let NodeKind::Split { branches, join } = &node.kind {
        to.extend(branches.iter().map(|branch| branch.first));
        if branches.iter().all(|branch| branch.when.is_some()) {
            to.insert(*join);
        }
    }
    to
}

/// Whether a join must wait for a token: it can still come without starting the region anew.
#[must_use]
pub fn holds_up(program: &Program, (node, back_to): (NodeIx, Option<NodeIx>), join: NodeIx) -> bool {
    let Some(at) = program.nodes.get(usize::from(join.0)) else { return false };
    let NodeKind::Join { split, region, rule: _ } = &at.kind else { return false };
    if node == join {
        return false;
    }
    let beside = program.nodes.get(usize::from(node.0)).is_some_and(|node| node.beside);
    if beside && !at.beside {
        return false;
    }
    let comes_back = back_to.is_some_and(|back| region.contains(&back));
    let reaches = program.reach.get(usize::from(node.0)).is_some_and(|reach| reach.contains(&join));
    comes_back || (reaches && (region.contains(&node) || way_around(program, node, join, *split)))
}

/// Whether `join` can be reached from `from` without passing its split. Through the split a later round begins, and this one does not wait for it:
/// otherwise two joins of nested regions inside a loop would wait for each other for ever.
fn way_around(program: &Program, from: NodeIx, join: NodeIx, split: NodeIx) -> bool {
    let mut seen = BTreeSet::from([from, split]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == join {
            return true;
        }
        if at == split {
            continue;
        }
        for next in program.nodes.get(usize::from(at.0)).map(steps_on).unwrap_or_default() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// The nodes one edge away, the join of a split always among them: its token goes there when nobody is waited for.
fn steps_on(node: &Node) -> Vec<NodeIx> {
    let mut next: Vec<NodeIx> = node.next.values().map(|edge| edge.to).collect();
    if let NodeKind::Split { branches, join } = &node.kind {
        next.extend(branches.iter().map(|branch| branch.first));
        next.push(*join);
    }
    next
}

/// What a token sent back to `target` from `walker` will walk again: `target` and all ahead of it. Inside a region that holds both, only what can be
/// reached without leaving that region: a loop around the region leads to every branch of it, but the token walks its own and the others go on.
#[must_use]
pub fn ahead(program: &Program, walker: NodeIx, target: NodeIx) -> BTreeSet<NodeIx> {
    let everything = || program.reach.get(usize::from(target.0)).cloned().unwrap_or_default();
    let mut ahead = around(program, walker, target).map_or_else(everything, |region| reach_inside(program, target, region));
    ahead.insert(target);
    ahead
}

/// The innermost region that holds both nodes.
fn around(program: &Program, walker: NodeIx, target: NodeIx) -> Option<&BTreeSet<NodeIx>> {
    let mut region = program.nodes.get(usize::from(target.0)).and_then(|node| node.region);
    while let Some(node) = region.and_then(|join| program.nodes.get(usize::from(join.0))) {
        if let NodeKind::Join { region: inside, .. } = &node.kind
            && inside.contains(&walker)
        {
            return Some(inside);
        }
        region = node.region;
    }
    None
}

/// The nodes reachable from a node without leaving a region.
#[must_use]
pub fn reach_inside(program: &Program, from: NodeIx, region: &BTreeSet<NodeIx>) -> BTreeSet<NodeIx> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop().and_then(|at| program.nodes.get(usize::from(at.0))) {
        open.extend(steps_on(node).into_iter().filter(|next| region.contains(next) && seen.insert(*next)));
    }
    seen
}
