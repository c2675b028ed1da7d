//! Events: they happen to what waits, what is thrown as an error is caught, and a lock is not taken inside another.

use std::collections::BTreeSet;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::Thrown;
use crate::definition::parts::Parts;
use crate::definition::syntax::{Each, Handler, Job, Kind, Step, Trigger, Word, Workflow, walk, walk_all, walk_own};
use crate::ids::Name;
use crate::source::Place;

/// Holds the events, errors and locks of a workflow against the rules.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    walk_all(workflow, &mut |step| {
        on_what_waits(step, findings);
        if let Kind::Each(each) = &step.kind {
            one_step(step, each, findings);
        }
        locks(step, findings);
        if let Kind::Job(job) = &step.kind {
            errors_of_job(step, job, findings);
        }
    });
    let declared: BTreeSet<&Name> = workflow.throws.iter().map(|word| &word.value).collect();
    let (escaping, at): (Vec<Name>, Vec<Place>) = escaping(&workflow.steps, &workflow.handlers, parts).into_iter().unzip();
    for (error, at) in escaping.iter().zip(at).filter(|(error, _)| !declared.contains(error)) {
        let zh = format!("出错 `{error}` 没有任何一级处理");
        let en = format!("expected something that catches the error `{error}`, found nothing");
        let help = (
            format!("在外层写事件 error: {error}，或在文件头写 throws: [{error}] 交给调用者"),
            format!("catch it with an event `error: {error}` further out, or write `throws: [{error}]` for the caller to catch"),
        );
        findings.note(at, "GL046", (zh, en)).help(Some(help));
    }
    for word in workflow.throws.iter().filter(|word| !escaping.contains(&word.value)) {
        let error = &word.value;
        findings.note(word.at, "GL046", (format!("没有步骤报出 `{error}`"), format!("expected a step that throws `{error}`, found none")));
    }
}

/// An event happens to a step at which a token waits; what comes from inside, to one that has an inside.
fn on_what_waits(step: &Step, findings: &mut Findings<'_>) {
    let (waits, has_inside) = match &step.kind {
        Kind::Task(_) | Kind::Approve(_) | Kind::Timer { .. } | Kind::Message { .. } => (true, false),
        Kind::Call(_) | Kind::Scope(_) | Kind::Each(_) | Kind::Job(_) | Kind::Broken => (true, true),
        Kind::Decide(_) | Kind::Post(_) | Kind::Parallel(_) | Kind::Throw { .. } | Kind::Document { .. } | Kind::End { .. } => (false, false),
    };
    let key = &step.key.value;
    for event in &step.events {
        let from_inside = matches!(event.on, Trigger::Escalation(_) | Trigger::Error(_));
        if !waits {
            let zh = format!("步骤 `{key}` 不等人也不等事，不会发生事件");
            let en = format!("expected events on a step that waits, found one on `{key}`");
            findings
                .note(event.at, "GL045", (zh, en))
                .help(Some(("放进 scope，再给 scope 写事件".into(), "put it into a scope and write the event there".into())));
        } else if from_inside && !has_inside {
            let zh = format!("步骤 `{key}` 里面不会报出什么");
            let en = format!("expected what comes from inside on a scope, a call or a for-each, found it on `{key}`");
            findings.note(event.at, "GL045", (zh, en));
        }
    }
    if let (Some(lock), false) = (&step.lock, waits) {
        let (zh, en) = (format!("步骤 `{key}` 不等人也不等事，用不着锁"), format!("expected a lock on a step that waits, found one on `{key}`"));
        findings.note(lock.at, "GL047", (zh, en));
    }
}

/// What a job reports is declared once, and nothing else of it is caught at its step: an outside system cannot escalate.
fn errors_of_job(step: &Step, job: &Job, findings: &mut Findings<'_>) {
    let key = &step.key.value;
    for (number, error) in job.errors.iter().enumerate() {
        if job.errors.iter().take(number).any(|earlier| earlier.value == error.value) {
            let name = &error.value;
            findings.note(error.at, "GL005", (format!("错误 `{name}` 写了两遍"), format!("expected each error once, found `{name}` again")));
        }
    }
    for event in &step.events {
        let (zh, en) = match &event.on {
            Trigger::Error(caught) if job.errors.iter().all(|error| error.value != caught.value) => {
                let name = &caught.value;
                (format!("外部作业 `{key}` 不会报出错误 `{name}`"), format!("expected an error that the job `{key}` declares, found `{name}`"))
            }
            Trigger::Escalation(caught) => {
                let name = &caught.value;
                (
                    format!("外部作业 `{key}` 不会上报 `{name}`"),
                    format!("expected no escalation on the job `{key}`: an outside system cannot escalate, found `{name}`"),
                )
            }
            Trigger::Error(_) | Trigger::After(_) | Trigger::At(_) | Trigger::Message(_) | Trigger::Signal(_) => continue,
        };
        let help = ("在 job 的 errors 中写明它会报出的错误".into(), "list the errors it may report under `errors` of the job".into());
        findings.note(event.at, "GL061", (zh, en)).help(Some(help));
    }
}

/// What is done for a member is one step that waits.
fn one_step(step: &Step, each: &Each, findings: &mut Findings<'_>) {
    for body in &each.body {
        if let Kind::Parallel(_) | Kind::End { .. } | Kind::Throw { .. } = &body.kind {
            let key = &step.key.value;
            let zh = format!("`{key}` 每项只办一个步骤，多个步骤放进 scope");
            let en = format!("expected one step for each member of `{key}`: put several into a scope");
            findings.note(body.key.at, "GL045", (zh, en));
        }
    }
}

/// Inside a step with a lock no other lock is taken: two that wait for each other would wait for ever.
fn locks(step: &Step, findings: &mut Findings<'_>) {
    let Some(outer) = &step.lock else { return };
    let mut inside = |inner: &Step| {
        if let Some(lock) = inner.lock.as_ref().filter(|lock| lock.value != outer.value) {
            let (outer, inner) = (&outer.value, &lock.value);
            let zh = format!("在锁 `{outer}` 里面又要锁 `{inner}`，可能互相等待");
            let en = format!("expected no other lock inside the lock `{outer}`, found `{inner}`: two could wait for each other");
            findings.note(lock.at, "GL047", (zh, en));
        }
    };
    if let Kind::Scope(scope) = &step.kind {
        walk(&scope.steps, &mut inside);
    } else if let Kind::Each(each) = &step.kind {
        walk(&each.body, &mut inside);
    }
}

/// The errors that leave a list of steps, with the place of what throws each.
fn escaping(steps: &[Step], handlers: &[Handler], parts: &Parts) -> Vec<(Name, Place)> {
    let mut thrown = Vec::new();
    walk_own(steps, &mut |step| {
        let inside = match &step.kind {
            Kind::Throw { what: Thrown::Error, name } => vec![(name.value.clone(), name.at)],
            Kind::Scope(scope) => escaping(&scope.steps, &scope.handlers, parts),
            Kind::Each(each) => escaping(&each.body, &[], parts),
            Kind::Call(call) => declared(&call.workflow, parts),
            Kind::Job(job) => job.errors.iter().map(|error| (error.value.clone(), error.at)).collect(),
            Kind::Task(_) | Kind::Approve(_) | Kind::Decide(_) | Kind::Post(_) | Kind::Timer { .. } | Kind::Message { .. } => Vec::new(),
            Kind::Parallel(_) | Kind::Throw { .. } | Kind::Document { .. } | Kind::End { .. } | Kind::Broken => Vec::new(),
        };
        let catches = |error: &Name| step.events.iter().any(|event| matches!(&event.on, Trigger::Error(caught) if caught.value == *error));
        thrown.extend(inside.into_iter().filter(|(error, _)| !catches(error)));
    });
    let catches = |error: &Name| handlers.iter().any(|handler| matches!(&handler.on, Trigger::Error(caught) if caught.value == *error));
    thrown.retain(|(error, _)| !catches(error));
    // What a handler throws is not caught beside it.
    thrown.extend(handlers.iter().flat_map(|handler| escaping(&handler.steps, &[], parts)));
    thrown
}

fn declared(callee: &Word, parts: &Parts) -> Vec<(Name, Place)> {
    let called = parts.workflows.get(&*callee.value);
    called.iter().flat_map(|called| &called.throws).map(|word| (word.value.clone(), callee.at)).collect()
}
