//! Which tokens may be walked one after another instead of in every order. In a region whose branches share no step and are left only through the join or by
//! cancelling the rest, what one branch does changes nothing for another, so that the sum of their markings is enough where all orders would be the product.
//! Invariant: a region of which that is not certain is not plain, and its tokens are walked in every order.

use std::collections::BTreeSet;

use crate::definition::graph::{JoinRule, Node, NodeIx, NodeKind, Program};
use crate::definition::reach::{reach_inside, successors};

/// For each node, whether every region around it is plain.
pub(super) fn alone(program: &Program) -> Vec<bool> {
    let joins = (0_u16..).map(NodeIx).zip(&program.nodes);
    let plain: BTreeSet<NodeIx> = joins.filter(|(join, _)| is_plain(program, *join)).map(|(join, _)| join).collect();
    let depth_max = program.nodes.len();
    let all_plain = |node: usize| {
        let mut region = program.nodes.get(node).and_then(|node| node.region);
        // A region that contains itself cannot be written; the bound keeps a hand-made graph from turning for ever.
        for _ in 0..depth_max {
            let Some(join) = region else { return true };
            if !plain.contains(&join) {
                return false;
            }
            region = program.nodes.get(usize::from(join.0)).and_then(|node| node.region);
        }
        false
    };
    (0..program.nodes.len()).map(all_plain).collect()
}

fn is_plain(program: &Program, join: NodeIx) -> bool {
    let Some(NodeKind::Join { split, region, rule: JoinRule::All }) = program.nodes.get(usize::from(join.0)).map(|node| &node.kind) else { return false };
    let Some(NodeKind::Split { branches, .. }) = program.nodes.get(usize::from(split.0)).map(|node| &node.kind) else { return false };
    let mut taken = BTreeSet::new();
    for branch in branches {
        let mut own = reach_inside(program, branch.first, region);
        own.insert(branch.first);
        own.retain(|ix| !is_aside(program, *ix));
        if own.iter().any(|ix| !taken.insert(*ix)) || own.iter().any(|ix| returns_across(program, *ix, region, &own)) {
            return false;
        }
    }
    // Nobody but the split may let a token in.
    let enters = |(from, node): (NodeIx, &Node)| from != *split && !region.contains(&from) && successors(node).iter().any(|to| region.contains(to));
    !(0_u16..).map(NodeIx).zip(&program.nodes).any(enters)
}

/// First steps of branches nobody waits for whose split a loop comes back to: the last round may still run when the next begins.
pub(super) fn begun_again(program: &Program) -> Vec<NodeIx> {
    let beside = |ix: NodeIx| program.nodes.get(usize::from(ix.0)).is_some_and(|node| node.beside);
    let mut found = Vec::new();
    for (ix, node) in (0_u16..).map(NodeIx).zip(&program.nodes) {
        let again = program.reach.get(usize::from(ix.0)).is_some_and(|reach| reach.contains(&ix));
        if let NodeKind::Split { branches, .. } = &node.kind
            && again
            && !node.beside
        {
            found.extend(branches.iter().map(|branch| branch.first).filter(|first| beside(*first)));
        }
    }
    found
}

/// The ends of side branches are shared, and only consume.
fn is_aside(program: &Program, ix: NodeIx) -> bool {
    program.nodes.get(usize::from(ix.0)).is_some_and(|node| node.beside && matches!(node.kind, NodeKind::End { .. }))
}

/// Whether a step may be sent back into another branch of the region.
fn returns_across(program: &Program, ix: NodeIx, region: &BTreeSet<NodeIx>, own: &BTreeSet<NodeIx>) -> bool {
    let rule = program.nodes.get(usize::from(ix.0)).and_then(|node| node.may_return.as_ref());
    rule.is_some_and(|rule| rule.to.iter().any(|to| region.contains(to) && !own.contains(to)))
}
