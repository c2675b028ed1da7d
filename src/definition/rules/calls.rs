//! Calls: a workflow may call itself, however far around, if it can also end without. (A callee's missing results are told where the edges are.)

use std::collections::BTreeSet;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Callee, NodeIx, NodeKind, Program};
use crate::definition::lower::Lowered;
use crate::definition::parts::Parts;
use crate::definition::reach::successors;
use crate::definition::syntax::{Kind, Word, Workflow, walk, walk_all};
use crate::ids::Name;

/// The workflows a workflow calls, with the place of each call.
pub(in crate::definition) fn callees(workflow: &Workflow) -> Vec<&Word> {
    let mut callees = Vec::new();
    walk_all(workflow, &mut |step| {
        if let Kind::Call(call) = &step.kind {
            callees.push(&call.workflow);
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

/// Notes a workflow that calls itself on every way to its end: no case of it could ever come back.
pub(in crate::definition) fn recursion(workflow: &Workflow, lowered: &Lowered, parts: &Parts, findings: &mut Findings<'_>) {
    let name = &workflow.name.value;
    callees(workflow).into_iter().for_each(|callee| returns_here(workflow, callee, parts, findings));
    let comes_back = |callee: &Name| callee == name || closure(callee, parts).contains(name);
    let Some(call) = callees(workflow).into_iter().find(|callee| comes_back(&callee.value)) else { return };
    if !ends_without(&lowered.program, comes_back) {
        let called = &call.value;
        let zh = format!("工作流 `{name}` 经 `{called}` 又调用自己，每条路都是如此，永远办不完");
        let en = format!("expected a way to an end of `{name}` that does not call it again, found `{called}` on every way");
        let help = ("给调用前加一个选择，让其中一路直接结束".into(), "put a choice before the call, one way of which ends".into());
        findings.note(call.at, "GL025", (zh, en)).help(Some(help));
    }
}

/// Whether an end can be reached without a call that comes back.
fn ends_without(program: &Program, comes_back: impl Fn(&Name) -> bool) -> bool {
    let mut seen: BTreeSet<NodeIx> = BTreeSet::new();
    let mut open = vec![program.start];
    while let Some(ix) = open.pop() {
        let Some(node) = program.nodes.get(usize::from(ix.0)).filter(|_| seen.insert(ix)) else { continue };
        if let NodeKind::End { .. } = &node.kind {
            return true;
        }
        let again = matches!(&node.kind, NodeKind::Call { callee: Callee::Fixed(callee), .. } if comes_back(callee));
        if !again {
            open.extend(successors(node));
        }
    }
    false
}

/// A called workflow that may send its caller back names steps which every caller has.
fn returns_here(workflow: &Workflow, callee: &Word, parts: &Parts, findings: &mut Findings<'_>) {
    let mut keys = Vec::new();
    walk(&workflow.steps, &mut |step| keys.push(&*step.key.value));
    let Some(called) = parts.workflows.get(&callee.value) else { return };
    let mut missing = Vec::new();
    walk(&called.steps, &mut |step| {
        let named = step.may_return.iter().flat_map(|rule| &rule.caller);
        missing.extend(named.filter(|word| !keys.contains(&&*word.value)).map(|word| word.value.clone()));
    });
    for step in missing {
        let name = &callee.value;
        let zh = format!("`{name}` 可以退回到调用方的步骤 `{step}`，这里没有这一步");
        findings.note(callee.at, "GL049", (zh, format!("expected the step `{step}` that `{name}` may return its caller to, found none here")));
    }
}
