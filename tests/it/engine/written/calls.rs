//! Calls: what a workflow hands over and gets back, and that it may call itself.

use serde_json::json;

use super::{world, wrong};

const CALLER: &str = "  ask:
    title: 送审
    call: {workflow: callee, with: {size: form.n * 2}, returns: {said: answer.outcome, seen: input.size + 1}}
    next: {done: pick}
  pick:
    title: 选择
    inclusive:
      yes: {title: 是, when: ask.said = \"good\" and ask.seen > 10, task: {by: head, outcomes: [done]}}
      no: {title: 否, task: {by: clerk, outcomes: [done]}}
    default: no
    next: over
  over: {end: approved}
";
const CALLEE: &str = "  look:
    title: 判断
    inclusive:
      large: {title: 大, when: input.size > 10, task: {by: head, outcomes: [done]}}
      small: {title: 小, task: {by: clerk, outcomes: [done]}}
    default: small
    next: answer
  answer: {title: 答复, task: {by: clerk, outcomes: [good, bad]}, next: {good: over, bad: over}}
  over: {end: done}
";

#[test]
fn a_callee_reads_what_it_was_handed_and_hands_back_what_was_asked() {
    let mut world = world(&[("caller", CALLER), ("callee", CALLEE)]);
    let run = world.start(json!({"n": 6}));
    assert_eq!(world.open(run), ["large".into()].into());
    world.complete(run, "eve", ("large", "done")).unwrap();
    world.complete(run, "ann", ("answer", "good")).unwrap();
    assert_eq!(world.open(run), ["yes".into()].into());
    let run = world.start(json!({"n": 1}));
    world.complete(run, "ann", ("small", "done")).unwrap();
    world.complete(run, "ann", ("answer", "good")).unwrap();
    assert_eq!(world.open(run), ["no".into()].into());
}

#[test]
fn a_workflow_calls_itself_as_deep_as_the_bound_allows() {
    let steps = "  more: {title: 再分, task: {by: clerk, outcomes: [deeper, enough]}, next: {deeper: again, enough: over}}
  again: {title: 下一层, call: p, next: {approved: over}}
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({}));
    for _ in 1..greenlane::limits::CALL_DEPTH_MAX {
        world.complete(run, "ann", ("more", "deeper")).unwrap();
    }
    assert_eq!(world.complete(run, "ann", ("more", "deeper")).unwrap_err().code, "calls_too_deep");
    world.complete(run, "ann", ("more", "enough")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"), "every caller goes on");
    assert_eq!(wrong("  again: {title: 下一层, call: p, next: {approved: over}}\n  over: {end: approved}\n"), [("GL025", 1)].into());
}
