//! Flow: every step is reached, everything ends, nothing runs in circles by itself, every join can fire.

use std::collections::BTreeSet;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Node, NodeIx, NodeKind, Program, Thrown};
use crate::definition::lower::Lowered;
use crate::definition::reach::successors;
use crate::source::Place;

/// Holds a program against the rules of flow.
pub(in crate::definition) fn check(lowered: &Lowered, findings: &mut Findings<'_>) {
    let program = &lowered.program;
    let mut reached = program.reach.get(usize::from(program.start.0)).cloned().unwrap_or_default();
    reached.insert(program.start);
    for handler in &program.handlers {
        reached.insert(handler.to);
        reached.extend(program.reach.get(usize::from(handler.to.0)).into_iter().flatten());
    }
    for (number, node) in program.nodes.iter().enumerate() {
        let ix = NodeIx(u16::try_from(number).unwrap_or(u16::MAX));
        let at = lowered.places.get(number).copied().unwrap_or_default();
        if matches!(node.kind, NodeKind::Join { .. }) && node.next.is_empty() {
            // The join of a race: each alternative leaves by itself.
            continue;
        }
        if !reached.contains(&ix) {
            unreached(node, at, findings);
        } else if !ends(program, ix) {
            let key = &node.key;
            let sentences = (format!("从步骤 `{key}` 走不到任何结束"), format!("expected an end to be reachable from step `{key}`, found none"));
            findings.note(at, "GL021", sentences).help(Some(("给其中一个结果写上通向 end 的去向".into(), "lead one of its outcomes to an end".into())));
        }
        if is_circle(program, ix) {
            let key = &node.key;
            let zh = format!("从步骤 `{key}` 出发，没有任何人办理就会回到它自己");
            let en = format!("expected somebody to act between step `{key}` and itself, found a circle that turns by itself");
            findings.note(at, "GL026", (zh, en)).help(Some(("在环上放一个办理(task)或等待(wait)".into(), "put a task or a wait on the circle".into())));
        }
    }
}

fn unreached(node: &Node, at: Place, findings: &mut Findings<'_>) {
    let key = &node.key;
    match &node.kind {
        NodeKind::Join { .. } => {
            let sentences = (format!("并行步骤的汇合 `{key}` 永远不会发生"), format!("expected a branch that reaches the join `{key}`, found none"));
            findings.note(at, "GL024", sentences).help(Some(("至少一个分支要走到 join".into(), "let at least one branch lead to join".into())));
        }
        // The end of side branches is ours; when nothing reaches it, the side branch itself is told.
        NodeKind::End { .. } if node.beside => {}
        NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => {
            let sentences = (format!("没有任何去向通到步骤 `{key}`"), format!("expected an edge that leads to step `{key}`, found none"));
            let help = (format!("在前面某步的 next 中写上 `{key}`，或删去这一步"), format!("name `{key}` in the next of an earlier step, or remove it"));
            findings.note(at, "GL020", sentences).help(Some(help));
        }
    }
}

/// Whether an end can be reached from a node (or it is one).
fn ends(program: &Program, from: NodeIx) -> bool {
    let reach = program.reach.get(usize::from(from.0));
    let mut reached = std::iter::once(&from).chain(reach.into_iter().flatten());
    reached
        .any(|ix| matches!(program.nodes.get(usize::from(ix.0)), Some(Node { kind: NodeKind::End { .. } | NodeKind::Throw { what: Thrown::Error, .. }, .. })))
}

/// Whether a node comes back to itself over nodes that nobody acts in.
fn is_circle(program: &Program, from: NodeIx) -> bool {
    let node = |ix: NodeIx| program.nodes.get(usize::from(ix.0)).filter(|node| is_automatic(&node.kind));
    let Some(start) = node(from) else { return false };
    let mut seen = BTreeSet::new();
    let mut open: Vec<NodeIx> = successors(start).into_iter().collect();
    while let Some(ix) = open.pop() {
        if ix == from {
            return true;
        }
        if seen.insert(ix) {
            open.extend(node(ix).map(successors).unwrap_or_default());
        }
    }
    false
}

fn is_automatic(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Decide(_) | NodeKind::Post { .. } | NodeKind::Split { .. } | NodeKind::Join { .. } | NodeKind::Throw { .. } | NodeKind::Document { .. } => {
            true
        }
        NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::End { .. } => false,
    }
}
