//! Supervision orders that rungs draft: their workflow exists and its form has the fields that are filled in from the date that passed.
//! Not part of what makes a set loadable: a published workflow is loaded without the orders it drafts, which are cases of their own.

use crate::definition::diagnostics::Findings;
use crate::definition::parts::Parts;
use crate::definition::syntax::{Remind, Rung, Word, Workflow, walk_all};
use crate::forms::{Form, Kind};

/// The fields of an order's form that say what it is about.
pub const FILLED: [&str; 5] = ["source", "about_case", "subject", "facts", "unit"];
/// What `source` is filled in with.
pub const OVERDUE: &str = "overdue";

/// The fields an order's form lacks to be filled in.
#[must_use]
pub fn missing(form: Option<&Form>) -> Vec<&'static str> {
    let there = |key: &str| match form.and_then(|form| form.field(key)).map(|field| &field.kind) {
        Some(Kind::Choice(choices)) => match key {
            "source" => choices.iter().any(|choice| choice.value == OVERDUE),
            // At least one choice stands for an office, or no unit would ever be filled in.
            _ => key == "unit" && choices.iter().any(|choice| choice.office.is_some()),
        },
        Some(Kind::Text(_) | Kind::LongText(_)) => !matches!(key, "source" | "unit"),
        Some(_) | None => false,
    };
    FILLED.into_iter().filter(|key| !there(key)).collect()
}

/// Notes every order whose workflow does not exist or cannot be filled in.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    for order in ordered(workflow) {
        let name = &order.value;
        let Some(found) = parts.workflows.get(name) else {
            findings.unknown(order.at, "GL014", ("工作流", "a workflow"), name, parts.workflows.keys().map(|known| &**known));
            continue;
        };
        let form = found.form.as_ref().and_then(|file| parts.forms.get(&*file.value));
        let missing = missing(form.map(AsRef::as_ref)).join("、");
        if !missing.is_empty() {
            let zh = format!("督办工作流 `{name}` 的表单缺少按超期填写的字段：{missing}（source 须有 `{OVERDUE}` 一项，unit 的选项须写明单位）");
            let en = format!(
                "expected the form of `{name}` to have the fields filled in from the date that passed, found none for {missing} (`source` with `{OVERDUE}`, `unit` with choices that stand for offices)"
            );
            findings.note(order.at, "GL062", (zh, en));
        }
    }
}

/// Every order a workflow's rungs draft.
fn ordered(workflow: &Workflow) -> Vec<&Word> {
    let mut orders: Vec<&Word> = workflow.ladders.iter().flat_map(|(_, rungs)| rungs).filter_map(|rung| rung.order.as_ref()).collect();
    orders.extend(workflow.limits.iter().flat_map(|limit| rungs_of(&limit.remind)).filter_map(|rung| rung.order.as_ref()));
    walk_all(workflow, &mut |step| orders.extend(rungs_of(&step.remind).iter().filter_map(|rung| rung.order.as_ref())));
    orders
}

/// Rungs written at the limit or the step itself.
fn rungs_of(remind: &Remind) -> &[Rung] {
    match remind {
        Remind::Rungs(rungs) => rungs,
        Remind::Ladder(_) => &[],
    }
}
