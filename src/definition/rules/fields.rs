//! Who sees and fills in a field: the steps its form names must be there.

use crate::definition::diagnostics::Findings;
use crate::definition::parts::Parts;
use crate::definition::syntax::{Workflow, walk};
use crate::forms::Who;

/// Notes every step a field of the workflow's form names that no workflow of the set has. A called workflow reads its caller's form, so the step may
/// stand in any of them.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    let Some(file) = &workflow.form else { return };
    let Some(form) = parts.forms.get(&*file.value) else { return };
    let mut steps = std::collections::BTreeSet::new();
    for workflow in parts.workflows.values() {
        walk(&workflow.steps, &mut |step| {
            steps.insert(step.key.value.to_string());
        });
    }
    for field in form.fields() {
        for who in field.see.iter().chain(&field.edit).flatten() {
            if let Who::Step(step) = who
                && !steps.contains(step)
            {
                let key = &field.key;
                let sentences = (
                    format!("表单字段 `{key}` 的 see/edit 写了没有的步骤 `{step}`"),
                    format!("expected a step of a workflow in `see` or `edit` of field `{key}`, found `{step}`"),
                );
                findings.note(file.at, "GL060", sentences);
            }
        }
    }
}
