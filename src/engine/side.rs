//! Strands of tokens that nobody waits for: where they end.
//! Invariant: such a token never gives a scope its result and never makes a join of the work it was part of fire or wait.

use crate::definition::graph::{NodeIx, NodeKind, Program};
use crate::engine::case::Side;

/// Whether a strand ends at a join: the one it came late for, or one around the node it began at.
pub(super) fn ends_at(program: &Program, side: Side, join: NodeIx) -> bool {
    let around = || match program.nodes.get(usize::from(join.0)).map(|node| &node.kind) {
        Some(NodeKind::Join { region, .. }) => region.contains(&side.from),
        Some(_) | None => false,
    };
    join == side.from || around()
}
