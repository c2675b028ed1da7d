//! Joins of the first few, inclusive splits, races.

use serde_json::json;

use super::{world, wrong};

/// Three clerks, of whom the first two are enough.
fn two_of_three(rest: &str) -> String {
    format!(
        "  ask:
    title: 征求意见
    parallel:
      a: {{title: 甲, task: {{by: clerk, outcomes: [done]}}}}
      b: {{title: 乙, task: {{by: clerk, outcomes: [done]}}}}
      c: {{title: 丙, task: {{by: clerk, outcomes: [done]}}}}
    join: {{first: 2, rest: {rest}}}
    next: sign
  sign: {{title: 签发, task: {{by: head, outcomes: [done, again]}}, next: {{done: over, again: ask}}}}
  over: {{end: approved}}
"
    )
}

#[test]
fn the_second_of_three_is_enough_and_the_third_is_closed() {
    let mut world = world(&[("p", &two_of_three("cancel"))]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("b", "done")).unwrap();
    assert_eq!(world.open(run), ["a".into(), "c".into()].into());
    world.complete(run, "ann", ("c", "done")).unwrap();
    assert_eq!(world.open(run), ["sign".into()].into());
}

#[test]
fn the_third_goes_on_and_changes_nothing() {
    let mut world = world(&[("p", &two_of_three("continue"))]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("b", "done")).unwrap();
    world.complete(run, "ann", ("c", "done")).unwrap();
    assert_eq!(world.open(run), ["a".into(), "sign".into()].into());
    world.complete(run, "bob", ("a", "done")).unwrap();
    assert_eq!(world.standing(run), ["sign"], "it ends at the join");
    world.complete(run, "eve", ("sign", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_late_branch_of_one_round_does_not_count_in_the_next() {
    let mut world = world(&[("p", &two_of_three("continue"))]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("b", "done")).unwrap();
    world.complete(run, "ann", ("c", "done")).unwrap();
    world.complete(run, "eve", ("sign", "again")).unwrap();
    assert_eq!(world.case(run).tasks.len(), 4, "three of this round, one of the last");
    world.complete(run, "ann", ("a", "done")).unwrap();
    world.complete(run, "ann", ("b", "done")).unwrap();
    // Whichever of the two tasks at `a` was answered, the round needs two of its own.
    let signs = world.open(run).contains("sign");
    let own = world.case(run).tokens.values().filter(|token| token.side.is_none()).count();
    assert_eq!(own, if signs { 1 } else { 3 }, "{:?}", world.standing(run));
}

#[test]
fn an_inclusive_split_takes_what_holds_or_else_its_default() {
    let steps = "  pick:
    title: 选择
    inclusive:
      big: {title: 大, when: form.n > 5, task: {by: clerk, outcomes: [done]}}
      far: {title: 远, when: form.far = true, task: {by: clerk, outcomes: [done]}}
      plain: {title: 普通, task: {by: clerk, outcomes: [done]}}
    default: plain
    next: over
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let both = world.start(json!({"n": 6, "far": true}));
    assert_eq!(world.open(both), ["big".into(), "far".into()].into());
    world.complete(both, "ann", ("big", "done")).unwrap();
    assert_eq!(world.result(both), None, "the join waits for what was chosen");
    world.complete(both, "ann", ("far", "done")).unwrap();
    assert_eq!(world.result(both).as_deref(), Some("approved"));
    let none = world.start(json!({"n": 1, "far": false}));
    assert_eq!(world.open(none), ["plain".into()].into());
    world.complete(none, "ann", ("plain", "done")).unwrap();
    assert_eq!(world.result(none).as_deref(), Some("approved"));
}

const RACE: &str = "  first:
    title: 等待答复
    race:
      letter: {title: 来函, wait: {message: letter}, next: read}
      late: {title: 期满, wait: {for: 3 working days}, next: over}
      call: {title: 电话, task: {by: clerk, outcomes: [reached, dropped]}, next: {reached: read, dropped: over}}
  read: {title: 阅办, task: {by: head, outcomes: [done]}, next: over}
  over: {end: approved}
";

#[test]
fn the_first_to_happen_closes_the_others_in_the_same_act() {
    let mut world = world(&[("p", RACE)]);
    let run = world.start(json!({}));
    assert_eq!(world.standing(run).len(), 3);
    world.message(run, "letter");
    assert_eq!(world.standing(run), ["read"]);
    assert!(world.case(run).timers.is_empty() && world.case(run).tasks.len() == 1);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("call", "dropped")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
    let run = world.start(json!({}));
    world.sleep_until_due(run);
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_split_that_cannot_join_is_refused_at_check() {
    let wrong_join = two_of_three("cancel").replace("first: 2", "first: 4");
    assert_eq!(wrong(&wrong_join), [("GL027", 1)].into());
    let no_condition = "  pick:
    title: 选择
    inclusive:
      big: {title: 大, task: {by: clerk, outcomes: [done]}}
      plain: {title: 普通, when: form.n > 1, task: {by: clerk, outcomes: [done]}}
    default: plain
    next: over
  over: {end: approved}
";
    assert_eq!(wrong(no_condition), [("GL027", 2)].into());
    assert_eq!(wrong(&no_condition.replace("    default: plain\n", "")), [("GL003", 1)].into());
    assert_eq!(wrong(&RACE.replace("wait: {message: letter}", "document: letter")), [("GL027", 1)].into());
}
