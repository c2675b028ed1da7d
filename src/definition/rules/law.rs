//! What the law lets each nature of matter say: who may cite the licensing act, what may stop a statutory clock, whose law is in force, and opinions.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Nature, TermKind};
use crate::definition::syntax::{Basis, Kind, Limit, Step, Workflow, walk_all};

/// The statute only a licence may cite for limits and deemed acceptance.
const LICENSING_ACT: &str = "行政许可法";
/// Causes a statute lists (许可法 45, 核准备案条例 10, the approval rules of 环评).
const STATUTORY_CAUSES: &[&str] = &["hearing", "expert-review", "evaluation", "inspection-test", "auction-tender"];

/// Holds the text of a workflow against its nature.
pub(in crate::definition) fn check(workflow: &Workflow, findings: &mut Findings<'_>) {
    if let Some(nature) = workflow.nature
        && nature != Nature::Licence
    {
        only_for_a_licence(workflow, nature, findings);
    }
    for limit in &workflow.limits {
        causes(limit, findings);
    }
    stops(workflow, findings);
    walk_all(workflow, &mut |step| {
        if workflow.nature == Some(Nature::Licence) {
            opinions(step, findings);
            queue(step, findings);
        }
        form_to_edit(workflow, step, findings);
    });
}

/// Nobody else cites 行政许可法 or deems.
fn only_for_a_licence(workflow: &Workflow, nature: Nature, findings: &mut Findings<'_>) {
    let nature = word(nature);
    let mut cited: Vec<&Basis> = workflow.basis.iter().chain(workflow.limits.iter().flat_map(|limit| &limit.basis)).collect();
    walk_all(workflow, &mut |step| {
        cited.extend(&step.basis);
        if let Some(rule) = &step.on_expiry {
            let zh = format!("事项性质为“{}”，不能写视为受理等到期后果", nature.0);
            let en = format!("expected a deemed outcome in a licence only, found one in a workflow of nature `{}`", nature.1);
            findings.note(rule.outcome.at, "GL031", (zh, en)).help(Some(("到期改为提醒(remind)".into(), "remind at expiry instead".into())));
        }
    });
    for basis in cited.into_iter().filter(|basis| basis.text.contains(LICENSING_ACT)) {
        let zh = format!("事项性质为“{}”，不能引用行政许可法", nature.0);
        let en = format!("expected {LICENSING_ACT} in a licence only, found it in a workflow of nature `{}`", nature.1);
        findings.note(basis.at, "GL031", (zh, en));
    }
}

fn word(nature: Nature) -> (&'static str, &'static str) {
    match nature {
        Nature::Licence => ("行政许可", "licence"),
        Nature::Filing => ("备案", "filing"),
        Nature::Allocation => ("内部资源配置", "allocation"),
        Nature::Service => ("公共服务", "service"),
        Nature::Internal => ("内部督查", "internal"),
    }
}

/// What may stop a statutory term, and that a correction stops none.
fn causes(limit: &Limit, findings: &mut Findings<'_>) {
    for cause in &limit.excludes {
        let name = &*cause.value;
        if name == "correction" {
            let sentences =
                ("补正在受理之前，时限尚未起算".into(), "expected causes after acceptance, found `correction`: the clock has not started then".into());
            let help = ("让时限自受理起算(from: accept.accepted)".into(), "start the limit at acceptance (from: accept.accepted)".into());
            findings.note(cause.at, "GL033", sentences).help(Some(help));
        } else if limit.kind == TermKind::Statutory && !STATUTORY_CAUSES.contains(&name) {
            let zh = format!("“{name}”不得从法定时限剔除");
            let en = format!("expected a cause listed by a statute ({}), found `{name}`", STATUTORY_CAUSES.join(", "));
            findings.note(cause.at, "GL032", (zh, en)).help(Some(("只能写进承诺时限".into(), "put it into a promised limit".into())));
        }
    }
    if limit.kind == TermKind::Statutory && limit.basis.is_empty() {
        let key = &limit.key.value;
        let sentences = (format!("法定时限 `{key}` 没有条文"), format!("expected `basis` in the statutory limit `{key}`, found no such key"));
        findings.note(limit.key.at, "GL032", sentences);
    }
}

/// A step that stops a cause no term lists stops nothing.
fn stops(workflow: &Workflow, findings: &mut Findings<'_>) {
    let listed: BTreeSet<&str> = workflow.limits.iter().flat_map(|limit| &limit.excludes).map(|cause| &*cause.value).collect();
    walk_all(workflow, &mut |step| {
        if let Some(cause) = step.stops.as_ref().filter(|cause| !listed.contains(&*cause.value)) {
            let thing = ("不计入事由（某个时限的 excludes）", "a cause that some limit excludes");
            findings.unknown(cause.at, "GL034", thing, &cause.value, listed.iter().copied());
        }
    });
}

/// 签批意见 is never empty in a licence; only the applicant answers without one.
fn opinions(step: &Step, findings: &mut Findings<'_>) {
    if let Kind::Task(task) = &step.kind
        && &*task.by.value != "applicant"
        && let Some(outcome) = task.without_opinion.first()
    {
        let zh = "行政许可的签批必须有意见，不能免填".into();
        let en = format!("expected an opinion with every answer of a licence, found `{}` without one", outcome.value);
        findings.note(outcome.at, "GL044", (zh, en));
    }
}

/// A waiting list is ordered by rank, and a licence goes by order of acceptance (许可法 57).
fn queue(step: &Step, findings: &mut Findings<'_>) {
    if let Kind::Message { queue: Some(queue), .. } = &step.kind {
        let zh = "有数量限制的许可按受理先后（行政许可法 57），不能按等级候补".into();
        let en = format!("expected no waiting list by rank in a licence, found a queue for `{}`", queue.value);
        findings.note(queue.at, "GL039", (zh, en));
    }
}

fn form_to_edit(workflow: &Workflow, step: &Step, findings: &mut Findings<'_>) {
    if let Kind::Task(task) = &step.kind
        && task.edits_form
        && workflow.form.is_none()
    {
        let key = &step.key.value;
        let sentences = (
            format!("步骤 `{key}` 修改表单，但工作流没有写 form"),
            format!("expected `form` in the workflow because step `{key}` edits it, found no such key"),
        );
        findings.note(step.key.at, "GL003", sentences);
    }
}

/// Of each group of bases one must be in force on the day.
pub(in crate::definition) fn lapsed(workflow: &Workflow, on: NaiveDate, findings: &mut Findings<'_>) {
    in_force(&workflow.basis, on, findings);
    for limit in &workflow.limits {
        in_force(&limit.basis, on, findings);
    }
    walk_all(workflow, &mut |step| {
        in_force(&step.basis, on, findings);
        if let Some(rule) = &step.on_expiry {
            in_force(std::slice::from_ref(&rule.basis), on, findings);
        }
    });
}

fn in_force(bases: &[Basis], on: NaiveDate, findings: &mut Findings<'_>) {
    if bases.iter().any(|basis| basis.in_force(on)) {
        return;
    }
    for basis in bases {
        let law = &basis.text;
        let (zh, en) = match (basis.from, basis.until) {
            (_, Some(until)) if until < on => {
                (format!("{law} 施行至 {until}，{on} 不能作依据"), format!("expected a basis in force on {on}, found `{law}`, in force until {until}"))
            }
            (Some(from), _) => {
                (format!("{law} 自 {from} 起施行，{on} 不能作依据"), format!("expected a basis in force on {on}, found `{law}`, in force from {from}"))
            }
            (None, _) => continue,
        };
        findings.note(basis.at, "GL036", (zh, en)).help(Some(("补上现行依据".into(), "add the basis now in force".into())));
    }
}
