//! Lights and rolling over that say nothing, or say it of the wrong limit.
//! Never: knows a calendar; whether a day is off is not looked at.

use crate::calendar::{Span, Thresholds, Unit};
use crate::definition::diagnostics::Findings;
use crate::definition::syntax::{At, Workflow, walk_all};

/// Notes limits that would be yellow from their first day on, lights of a limit that has no yellow, and working-day limits that are to move off a day off.
pub(in crate::definition) fn check(workflow: &Workflow, findings: &mut Findings<'_>) {
    for limit in &workflow.limits {
        let (key, within) = (&*limit.key.value, limit.within.value);
        if let Some(lights) = &limit.lights {
            always_yellow(lights, (key, within), findings);
            if within.days <= lights.value.none_up_to {
                let days = lights.value.none_up_to;
                let zh = format!("时限 `{key}` 只有 {} 天，`none-up-to: {days}` 使它没有黄灯，`lights` 等于没写", within.days);
                let en = format!("limit `{key}` has {} days and no yellow by `none-up-to: {days}`, so its `lights` say nothing", within.days);
                findings.note(lights.at, "GL065", (zh, en));
            }
        }
        if let Some(rolls) = &limit.rolls
            && within.unit == Unit::Working
            && limit.extend.as_ref().is_none_or(|extend| extend.by.value.unit == Unit::Working)
        {
            let zh = format!("时限 `{key}` 按工作日计，最后一日总是工作日，`rolls-over` 不起作用");
            let en = format!("limit `{key}` counts working days and never ends on a day off, so `rolls-over` does nothing");
            findings.note(rolls.at, "GL066", (zh, en)).help(Some(("删去 `rolls-over`".into(), "leave `rolls-over` out".into())));
        }
    }
    let Some(lights) = &workflow.lights else { return };
    let mut all: Vec<(String, Span)> =
        workflow.limits.iter().filter(|limit| limit.lights.is_none()).map(|limit| (limit.key.value.to_string(), limit.within.value)).collect();
    walk_all(workflow, &mut |step| all.extend(step.within.as_ref().map(|within| (step.key.value.to_string(), within.value))));
    // One is enough to see what is meant.
    if let Some((key, within)) = all.iter().find(|(_, within)| is_always_yellow(lights.value, *within)) {
        always_yellow(lights, (key, *within), findings);
    }
}

fn is_always_yellow(lights: Thresholds, within: Span) -> bool {
    within.days > lights.none_up_to && within.days <= lights.days
}

fn always_yellow(lights: &At<Thresholds>, (key, within): (&str, Span), findings: &mut Findings<'_>) {
    if !is_always_yellow(lights.value, within) {
        return;
    }
    let (days, of) = (lights.value.days, within.days);
    let zh = format!("时限 `{key}` 共 {of} 天，`at-least: {days} working days` 使它从第一天起就是黄灯");
    let en = format!("limit `{key}` has {of} days and would be yellow from its first day on by `at-least: {days} working days`");
    findings.note(lights.at, "GL065", (zh, en)).help(Some(("减少 at-least，或加大 none-up-to".into(), "lower `at-least` or raise `none-up-to`".into())));
}
