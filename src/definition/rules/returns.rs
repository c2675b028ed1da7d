//! Returns lead to a step that comes before the one that returns; the engine refuses any other when somebody presses the button, which is too late.

use std::collections::BTreeMap;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Node, NodeIx, NodeKind, Program};
use crate::definition::syntax::{Workflow, walk};
use crate::ids::Name;

/// Holds every `may-return` against the graph.
pub(in crate::definition) fn check(workflow: &Workflow, program: &Program, findings: &mut Findings<'_>) {
    let index: BTreeMap<&Name, (NodeIx, &Node)> = (0_u16..).map(NodeIx).zip(&program.nodes).map(|(ix, node)| (&node.key, (ix, node))).collect();
    walk(&workflow.steps, &mut |step| {
        let Some((rule, (from, node))) = step.may_return.as_ref().zip(index.get(&step.key.value)) else { return };
        for word in &rule.to {
            let Some((to, target)) = index.get(&word.value) else { continue };
            let is_place = !matches!(target.kind, NodeKind::End { .. } | NodeKind::Join { .. });
            let before = to == from || program.reach.get(usize::from(to.0)).is_some_and(|reach| reach.contains(from));
            // A branch that nobody waits for never starts the scope's own work anew.
            let crosses = node.beside && !target.beside;
            if !is_place || !before || crosses {
                let (here, there) = (&step.key.value, &word.value);
                let zh = format!("步骤 `{here}` 不能退回到 `{there}`：它不在前面");
                let en = format!("expected a step before `{here}` to return to, found `{there}`");
                findings.note(word.at, "GL028", (zh, en)).help(Some(("退回到已经走过的步骤".into(), "return to a step that leads here".into())));
            }
        }
    });
}
