//! Who sees and fills in a field: the steps its form names must be there. Which papers are asked for: the fields must be files of the form.

use std::collections::BTreeSet;

use crate::definition::diagnostics::{Findings, suggestion};
use crate::definition::parts::Parts;
use crate::definition::syntax::{Workflow, walk_all};
use crate::forms::{Kind, Who};

/// Notes every step a field of the workflow's form names that no workflow of the set has. A called workflow reads its caller's form, so the step may
/// stand in any of them.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    let Some(file) = &workflow.form else { return };
    let Some(form) = parts.forms.get(&*file.value) else { return };
    let steps: BTreeSet<String> = parts.workflows.values().flat_map(step_keys).collect();
    for field in form.fields() {
        for who in field.see.iter().chain(&field.edit).flatten() {
            if let Who::Step(step) = who
                && !steps.contains(step)
            {
                let (key, form) = (&field.key, &file.value);
                let sentences = (
                    format!("表单 `{form}` 的字段 `{key}` 的 see/edit 写了没有的步骤 `{step}`"),
                    format!("expected a step of a workflow in `see` or `edit` of field `{key}` of `{form}`, found `{step}`"),
                );
                let own: Vec<String> = step_keys(workflow);
                let known: Vec<&str> = own.iter().map(String::as_str).collect();
                findings.note(file.at, "GL060", sentences).help(suggestion(step, &known));
            }
        }
    }
}

/// Notes every paper that is no file field of the workflow's form.
pub(in crate::definition) fn papers(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    let form = workflow.form.as_ref().and_then(|file| parts.forms.get(&*file.value));
    let files: Vec<&str> = form.iter().flat_map(|form| form.fields()).filter(|field| matches!(field.kind, Kind::File(_))).map(|field| &*field.key).collect();
    for (paper, _) in workflow.papers.iter().flatten() {
        let key = &paper.value;
        if !files.contains(&&**key) {
            let sentences = (
                format!("材料 `{key}` 不是本流程表单的 file 字段"),
                format!("expected a field of type `file` of the workflow's form in `papers`, found `{key}`"),
            );
            findings.note(paper.at, "GL069", sentences).help(suggestion(key, &files));
        }
    }
}

fn step_keys(workflow: &Workflow) -> Vec<String> {
    let mut keys = Vec::new();
    walk_all(workflow, &mut |step| keys.push(step.key.value.to_string()));
    keys
}
