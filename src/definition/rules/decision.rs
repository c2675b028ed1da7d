//! Decisions of a licence: a refusal is a document with reasons and remedies, and who decides is not who examined.

use std::collections::BTreeSet;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Nature, Node, NodeIx, NodeKind, Pool, Program, TermEnd};
use crate::definition::lower::Lowered;
use crate::definition::reach::successors;
use crate::source::Place;

/// Holds the graph of a licence against both rules.
pub(in crate::definition) fn check(lowered: &Lowered, findings: &mut Findings<'_>) {
    let program = &lowered.program;
    if program.nature != Nature::Licence {
        return;
    }
    let bare = reached_without_document(program);
    for (number, node) in program.nodes.iter().enumerate() {
        let at = lowered.places.get(number).copied().unwrap_or_default();
        let ix = NodeIx(u16::try_from(number).unwrap_or(u16::MAX));
        if let NodeKind::End { result, .. } = &node.kind
            && &**result == "refused"
            && bare.contains(&ix)
        {
            let zh = "不予决定必须先出具写明理由和救济途径的文书".into();
            let en = format!("expected a document before the end `{}`, found a way without one", node.key);
            let help = ("在前面加 document: {kind: refusal, …}".into(), "put document: {kind: refusal, …} before it".into());
            findings.note(at, "GL037", (zh, en)).help(Some(help));
        }
        separation(program, node, at, findings);
    }
}

fn separation(program: &Program, node: &Node, at: Place, findings: &mut Findings<'_>) {
    // A decision is what meets a term of the scope.
    let decides = program.limits.iter().any(|term| matches!(&term.until, TermEnd::Outcome { step, .. } if *step == node.key));
    if let NodeKind::Task(task) = &node.kind
        && decides
        && task.not.is_empty()
        && matches!(task.by, Pool::Posts { .. })
    {
        let key = &node.key;
        let zh = format!("作决定的步骤 `{key}` 没有写与承办分离(not)");
        let en = format!("expected `not` in the deciding step `{key}`, found no such key");
        findings.note(at, "GL043", (zh, en)).help(Some(("写 not: [承办步骤]".into(), "write not: [the step of who examined it]".into())));
    }
}

/// The nodes that can be reached from the start without passing a document.
fn reached_without_document(program: &Program) -> BTreeSet<NodeIx> {
    let mut seen = BTreeSet::new();
    let mut open = vec![program.start];
    while let Some(ix) = open.pop() {
        let Some(node) = program.nodes.get(usize::from(ix.0)) else { continue };
        if !matches!(node.kind, NodeKind::Document { .. }) && seen.insert(ix) {
            open.extend(successors(node));
        }
    }
    seen
}
