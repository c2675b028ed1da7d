//! Parts of a workflow with steps of their own.

use serde_json::json;

use super::{world, wrong};

const STEPS: &str = "  accept: {title: 受理, task: {by: clerk, outcomes: [accepted]}, next: examine}
  examine:
    title: 审查
    scope:
      steps:
        read: {title: 阅卷, task: {by: clerk, not: [accept], outcomes: [good, bad]}, next: {good: check, bad: poor}}
        check: {title: 核对, decide: decisions/n.yaml, next: {small: fine, large: poor}}
        fine: {end: passed}
        poor: {end: failed}
    next: {passed: sign, failed: refused}
  sign: {title: 签发, task: {by: clerk, not: [read], outcomes: [done]}, next: over}
  refused: {end: refused}
  over: {end: approved}
";

fn steps() -> String {
    STEPS.replace("check: {title: 核对, decide: decisions/n.yaml, next: {small: fine, large: poor}}", "check: {title: 核对, document: note, next: fine}")
}

#[test]
fn its_ends_are_its_outcomes_and_who_acted_in_it_stays_known() {
    let mut world = world(&[("p", &steps())]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "accepted")).unwrap();
    assert_eq!(world.complete(run, "ann", ("read", "good")).unwrap_err().code, "separation_of_duties", "a step around it is seen from inside");
    world.complete(run, "bob", ("read", "good")).unwrap();
    assert_eq!(world.standing(run), ["sign"]);
    assert_eq!(world.complete(run, "bob", ("sign", "done")).unwrap_err().code, "separation_of_duties", "a step inside it is seen afterwards");
    world.complete(run, "cat", ("sign", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "accepted")).unwrap();
    world.complete(run, "bob", ("read", "bad")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"));
}

#[test]
fn a_name_is_used_once_in_the_whole_file() {
    assert_eq!(wrong(&steps().replace("sign", "check")), [("GL005", 1)].into());
}

#[test]
fn a_step_inside_is_not_jumped_to() {
    assert_eq!(wrong(&steps().replace("failed: refused", "failed: read")).keys().copied().collect::<Vec<_>>(), ["GL010"]);
}
