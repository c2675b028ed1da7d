//! Calls: no workflow may call itself, however far around. (A callee's missing results are told where the edges are.)

use std::collections::BTreeSet;

use crate::definition::diagnostics::Findings;
use crate::definition::parts::Parts;
use crate::definition::syntax::{Kind, Word, Workflow, walk};
use crate::ids::Name;

/// The workflows a workflow calls, with the place of each call.
pub(in crate::definition) fn callees(workflow: &Workflow) -> Vec<&Word> {
    let mut callees = Vec::new();
    walk(&workflow.steps, &mut |step| {
        if let Kind::Call(callee) = &step.kind {
            callees.push(callee);
        }
    });
    callees
}

/// Everything a workflow calls, directly or not; without itself unless it is recursive.
pub(in crate::definition) fn closure(name: &Name, parts: &Parts) -> BTreeSet<Name> {
    let mut seen = BTreeSet::new();
    let mut open = vec![name.clone()];
    while let Some(caller) = open.pop() {
        for callee in parts.workflows.get(&caller).map(callees).unwrap_or_default() {
            if seen.insert(callee.value.clone()) {
                open.push(callee.value.clone());
            }
        }
    }
    seen
}

/// Notes every call that comes back to its own workflow.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    let name = &workflow.name.value;
    for callee in callees(workflow) {
        if callee.value == *name || closure(&callee.value, parts).contains(name) {
            let called = &callee.value;
            let sentences =
                (format!("工作流 `{name}` 经 `{called}` 又调用自己"), format!("expected a call that does not come back to `{name}`, found `{called}`"));
            findings.note(callee.at, "GL025", sentences);
        }
    }
}
