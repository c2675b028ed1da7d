//! A part of a workflow under way when its step gets another key: with a map it goes on in the new version, without one it stays.

use greenlane::engine::command::{Actor, Command};
use greenlane::engine::migration::StepMap;
use serde_json::json;

use super::{version, world};

const OLD: &str = "  accept: {title: 受理, task: {by: clerk, outcomes: [accepted]}, next: work}
  work:
    title: 承办
    scope:
      steps:
        examine: {title: 审查, task: {by: clerk, outcomes: [done]}, within: 3 working days, next: report}
        report: {title: 报告, task: {by: clerk, not: [examine], outcomes: [done]}, next: made}
        made: {end: made}
    next: {made: sign}
  sign: {title: 签发, task: {by: head, outcomes: [granted]}, next: over}
  over: {end: approved}
";

/// The part is called `handling` now, its first step `study`, and there is one step more behind it.
const NEW: &str = "  accept: {title: 受理, task: {by: clerk, outcomes: [accepted]}, next: handling}
  handling:
    title: 承办
    scope:
      steps:
        study: {title: 审查, task: {by: clerk, outcomes: [done]}, within: 5 working days, next: report}
        report: {title: 报告, task: {by: clerk, not: [study], outcomes: [done]}, next: made}
        made: {end: made}
    next: {made: look}
  look: {title: 复核, task: {by: clerk, outcomes: [done]}, next: sign}
  sign: {title: 签发, task: {by: head, not: [study], outcomes: [granted]}, next: over}
  over: {end: approved}
";

fn map(program: &str, pairs: &[(&str, &str)]) -> StepMap {
    StepMap::from([(program.into(), pairs.iter().map(|(old, new)| ((*old).into(), (*new).into())).collect())])
}

#[test]
fn a_part_goes_on_under_its_new_key_and_its_steps_with_it() {
    for named in ["p", "p#work"] {
        let mut world = world(&[("p", OLD)]);
        let run = world.start(json!({}));
        world.complete(run, "ann", ("accept", "accepted")).unwrap();
        world.claim(run, "bob", "examine").unwrap();
        let (from, second) = (world.case(run).revision, version("p", NEW));
        let to = second.digest;
        world.publish(second);
        let operator = Actor::Operator("op".to_owned());
        let refused = world.act(run, &operator, &Command::Migrate { from, to, map: StepMap::new() }).unwrap_err();
        let codes: Vec<&str> = refused.details.iter().map(|detail| detail.code.as_str()).collect();
        assert_eq!(codes, ["workflow_gone", "step_gone"], "{}: its step is gone, and the part it runs", named);
        let mut pairs = map("p", &[("work", "handling")]);
        pairs.extend(map(named, &[("work", "handling"), ("examine", "study")]));
        world.act(run, &operator, &Command::Migrate { from, to, map: pairs }).unwrap();
        world.check(run).unwrap();
        assert_eq!(world.replay(run), *world.case(run), "the whole log folded from nothing");
        assert_eq!(world.open(run), ["study".into()].into());
        let programs: Vec<String> = world.case(run).scopes.values().map(|scope| scope.program.to_string()).collect();
        assert_eq!(programs, ["p", "p#handling"]);
        let term = world.case(run).terms.values().next().unwrap();
        assert_eq!((&*term.key, term.within.days), ("study", 5), "its limit is the new one, from the same day");
        world.complete(run, "bob", ("study", "done")).unwrap();
        assert_eq!(world.claim(run, "bob", "report").unwrap_err().code, "separation_of_duties", "he acted in it under its old key or its new one");
        for (who, step, outcome) in [("cat", "report", "done"), ("ann", "look", "done"), ("eve", "sign", "granted")] {
            world.complete(run, who, (step, outcome)).unwrap();
        }
        assert_eq!(world.result(run).as_deref(), Some("approved"));
    }
}
