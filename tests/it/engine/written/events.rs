//! Events on steps and scopes, and what is thrown from inside.

use greenlane::engine::command::{Actor, Command};
use greenlane::engine::effect::Effect;
use greenlane::engine::listening;
use serde_json::json;

use super::{world, wrong};
use crate::engine::world::{World, day, person};

fn events(more: &str) -> String {
    format!(
        "  work:
    title: 办理
    task: {{by: clerk, outcomes: [done]}}
    events: [{more}]
    next: over
  remind: {{title: 催办, task: {{by: head, outcomes: [seen]}}, next: aside}}
  instead: {{title: 改办, task: {{by: head, outcomes: [done]}}, next: over}}
  aside: {{end: reminded}}
  over: {{end: approved}}
"
    )
}

#[test]
fn a_timer_that_interrupts_closes_the_step() {
    let mut world = world(&[("p", &events("{after: 3 working days, interrupting: true, next: instead}, {message: hurry, interrupting: false, next: remind}"))]);
    let run = world.start(json!({}));
    world.sleep_until_due(run);
    assert_eq!(world.now.date(), day("2025-03-07"), "the day after the third working day");
    assert_eq!(world.standing(run), ["instead"]);
    assert!(world.case(run).timers.is_empty());
    world.complete(run, "eve", ("instead", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn an_event_that_does_not_interrupt_starts_a_strand_that_gives_no_result() {
    let mut world = world(&[("p", &events("{message: hurry, interrupting: false, next: remind}, {at: form.day, interrupting: true, next: instead}"))]);
    let run = world.start(json!({"day": "2025-05-06"}));
    world.message(run, "hurry");
    world.message(run, "hurry");
    assert_eq!(world.standing(run), ["work", "remind", "remind"]);
    world.complete(run, "eve", ("remind", "seen")).unwrap();
    world.complete(run, "ann", ("work", "done")).unwrap();
    assert_eq!(world.result(run), None, "a strand goes on to its end");
    world.complete(run, "eve", ("remind", "seen")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn what_an_event_set_off_keeps_the_act_before_it_from_being_taken_back() {
    let draft = "  draft: {title: 拟办, task: {by: clerk, outcomes: [done]}, next: work}\n";
    let on_work = events("{message: hurry, interrupting: false, next: remind}, {message: stop, interrupting: true, next: instead}");
    let mut world = world(&[("p", &format!("{draft}{on_work}"))]);
    let take_back = Command::TakeBack { scope: 0, step: "draft".into(), body: None };
    for (hurried, refused) in [(false, None), (true, Some("not_own_act"))] {
        let run = world.start(json!({}));
        world.complete(run, "ann", ("draft", "done")).unwrap();
        if hurried {
            world.message(run, "hurry");
        }
        let told = world.act(run, &Actor::Person(person("ann")), &take_back);
        assert_eq!(told.err().map(|refusal| refusal.code), refused, "the strand would go on beside a step that was never entered");
    }
}

#[test]
fn a_step_that_ends_disarms_its_timer() {
    let mut world = world(&[("p", &events("{at: form.day, interrupting: true, next: instead}, {after: 1 working day, interrupting: false, next: remind}"))]);
    let run = world.start(json!({"day": "2025-05-06"}));
    assert_eq!(world.case(run).timers.len(), 2);
    world.complete(run, "ann", ("work", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
    assert!(world.case(run).timers.is_empty());
}

const INSIDE: &str = "  part:
    title: 审查
    scope:
      steps:
        both:
          title: 同时
          parallel:
            look: {title: 查, task: {by: clerk, outcomes: [fine, odd, broken]}, next: {fine: join, odd: tell, broken: fail}}
            talk: {title: 谈, task: {by: clerk, outcomes: [done]}}
            tell: {title: 报, escalate: odd, next: join}
            fail: {title: 错, error: broken}
          join: all
          next: inner-over
        inner-over: {end: passed}
    events: [{escalation: odd, next: look-into}, {error: broken, next: mend}]
    next: over
  look-into: {title: 过问, task: {by: head, outcomes: [done]}, next: aside}
  mend: {title: 补办, task: {by: head, outcomes: [done]}, next: over}
  aside: {end: noted}
  over: {end: approved}
";

fn inside() -> World {
    // A branch of several steps is a scope of its own here, so that the example stays short.
    let steps = INSIDE
        .replace("            tell: {title: 报, escalate: odd, next: join}\n            fail: {title: 错, error: broken}\n", "")
        .replace(
            "            look: {title: 查, task: {by: clerk, outcomes: [fine, odd, broken]}, next: {fine: join, odd: tell, broken: fail}}\n",
            "            one:\n              steps:\n                look: {title: 查, task: {by: clerk, outcomes: [fine, odd, broken]}, next: {fine: join, odd: tell, broken: fail}}\n                \
             tell: {title: 报, escalate: odd, next: join}\n                fail: {title: 错, error: broken}\n",
        );
    world(&[("p", &steps)])
}

#[test]
fn what_is_escalated_from_inside_is_looked_into_beside() {
    let mut world = inside();
    let run = world.start(json!({}));
    world.complete(run, "ann", ("look", "odd")).unwrap();
    assert_eq!(world.open(run), ["look-into".into(), "talk".into()].into());
    world.complete(run, "ann", ("talk", "done")).unwrap();
    world.complete(run, "eve", ("look-into", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn an_error_from_inside_closes_what_lies_between() {
    let mut world = inside();
    let run = world.start(json!({}));
    world.complete(run, "ann", ("look", "broken")).unwrap();
    assert_eq!(world.standing(run), ["mend"]);
    assert_eq!(world.case(run).scopes.len(), 1);
}

const HANDLED: &str = "  work: {title: 办理, task: {by: clerk, outcomes: [done, call]}, next: {done: over, call: ring}}
  ring: {title: 通知, signal: ring, next: work}
  over: {end: approved}
handlers:
  stop: {title: 撤件, message: stop, interrupting: true, steps: {wrap: {title: 收尾, task: {by: head, outcomes: [done]}, next: gone}, gone: {end: withdrawn}}}
  note: {title: 记录, signal: ring, interrupting: false, steps: {write: {title: 记, task: {by: head, outcomes: [done]}, next: noted}, noted: {end: noted}}}
  slow: {title: 过久, after: 30 working days, interrupting: false, steps: {ask: {title: 询问, task: {by: head, outcomes: [done]}, next: asked}, asked: {end: asked}}}
";

#[test]
fn a_handler_that_interrupts_takes_the_place_of_the_work() {
    let mut world = world(&[("p", HANDLED)]);
    let run = world.start(json!({}));
    world.message(run, "stop");
    assert_eq!(world.open(run), ["wrap".into()].into());
    assert!(world.case(run).timers.is_empty(), "nothing else is caught any more");
    world.message(run, "stop");
    world.complete(run, "eve", ("wrap", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("withdrawn"));
}

#[test]
fn a_handler_beside_the_work_gives_no_result() {
    let mut world = world(&[("p", HANDLED)]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("work", "call")).unwrap();
    assert_eq!(world.open(run), ["work".into(), "write".into()].into());
    world.complete(run, "eve", ("write", "done")).unwrap();
    world.sleep_until_due(run);
    assert_eq!(world.open(run), ["work".into(), "ask".into()].into());
    world.complete(run, "eve", ("ask", "done")).unwrap();
    world.complete(run, "ann", ("work", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_signal_reaches_every_step_that_waits_for_it() {
    let steps = "  both:
    title: 同时
    parallel:
      a: {title: 甲, wait: {signal: go}}
      b: {title: 乙, wait: {signal: go}}
      c:
        steps:
          say: {title: 说, task: {by: clerk, outcomes: [done]}, next: give}
          give: {title: 发, signal: go, next: join}
    join: all
    next: over
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("say", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_kept_message_waits_for_whoever_will_take_it() {
    let steps = |kept: &str| {
        format!(
            "  first: {{title: 先, task: {{by: clerk, outcomes: [done]}}, next: hear}}\n  hear: {{title: 等, wait: {{message: letter{kept}}}, next: over}}\n  over: {{end: approved}}\n"
        )
    };
    let mut kept = world(&[("p", &steps(", kept: true"))]);
    let run = kept.start(json!({}));
    kept.message(run, "letter");
    assert!(kept.message(run, "letter").is_empty(), "a second one adds nothing");
    kept.complete(run, "ann", ("first", "done")).unwrap();
    assert_eq!(kept.result(run).as_deref(), Some("approved"));
    let mut lost = world(&[("p", &steps(""))]);
    let run = lost.start(json!({}));
    assert!(lost.message(run, "letter").is_empty());
    lost.complete(run, "ann", ("first", "done")).unwrap();
    assert_eq!(lost.standing(run), ["hear"]);
}

#[test]
fn of_two_steps_with_one_lock_the_second_waits() {
    let steps = "  both:
    title: 同时
    parallel:
      a: {title: 甲, lock: stamp, within: 2 working days, task: {by: clerk, outcomes: [done]}}
      b: {title: 乙, lock: stamp, within: 2 working days, scope: {steps: {c: {title: 丙, lock: stamp, task: {by: clerk, outcomes: [done]}, next: d}, d: {end: done}}}}
    join: all
    next: over
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({}));
    assert_eq!((world.open(run), world.case(run).terms.len()), (["a".into()].into(), 1));
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(world.open(run), ["c".into()].into(), "what runs inside the lock's holder is let in");
    world.complete(run, "ann", ("c", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn what_nobody_catches_and_what_cannot_happen_is_refused_at_check() {
    assert_eq!(wrong("  a: {title: 甲, task: {by: clerk, outcomes: [x]}, next: b}\n  b: {error: bad}\n"), [("GL046", 1)].into());
    assert_eq!(wrong("  a: {title: 甲, task: {by: clerk, outcomes: [x]}, next: b}\n  b: {end: over}\nthrows: [bad]\n"), [("GL046", 1)].into());
    let on_document = "  a: {title: 甲, document: note, events: [{message: m, interrupting: true, next: b}], next: b}\n  b: {end: over}\n";
    assert_eq!(wrong(on_document), [("GL045", 1)].into());
    assert_eq!(wrong(&events("{error: bad, next: instead}, {message: m, interrupting: false, next: remind}")), [("GL045", 1)].into());
    assert_eq!(wrong(&events("{after: 1 working day, next: instead}, {message: m, interrupting: false, next: remind}")).get("GL003"), Some(&1));
    let nested = "  a: {title: 甲, lock: x, scope: {steps: {b: {title: 乙, lock: y, task: {by: clerk, outcomes: [done]}, next: c}, c: {end: over}}}, next: d}\n  d: {end: over}\n";
    assert_eq!(wrong(nested), [("GL047", 1)].into());
}

#[test]
fn a_signal_to_every_case_reaches_its_own_case_and_asks_for_the_others_once() {
    let steps = "  both:
    title: 并行
    parallel:
      call: {steps: {ask: {title: 发出, task: {by: clerk, outcomes: [done]}, next: bell}, bell: {signal: {name: bell, to: every-case}, next: join}}}
      hear: {title: 等, wait: {signal: bell}}
    join: all
    next: over
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({}));
    assert_eq!(listening(world.case(run), world.pinned(run)), ["bell".into()].into());
    world.complete(run, "ann", ("ask", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
    let asked = world.runs[run].effects.iter().filter(|effect| matches!(effect, Effect::Broadcast { name } if &**name == "bell"));
    assert_eq!(asked.count(), 1);
    assert!(listening(world.case(run), world.pinned(run)).is_empty());
    for wrong_way in ["{name: bell}", "{to: every-case}", "{name: bell, to: nobody}", "{name: bell, to: every-case, more: 1}"] {
        assert!(!wrong(&format!("  bell: {{signal: {wrong_way}, next: over}}\n  over: {{end: approved}}\n")).is_empty(), "{wrong_way}");
    }
}
