//! One step for each member of a list.

use serde_json::json;

use super::{world, wrong};

fn experts(mode: &str, complete: &str) -> String {
    format!(
        "  ask:
    title: 专家评审
    for-each: form.experts
    as: expert
    do: {{title: 评审, task: {{by: clerk, outcomes: [support, object]}}}}
    {mode}
    {complete}
    next: {{support: sign, object: refused}}
  sign: {{title: 签发, task: {{by: head, outcomes: [done]}}, next: over}}
  refused: {{end: refused}}
  over: {{end: approved}}
"
    )
}

const SHARE: &str = "complete-when: {share: 60%, of: support, rest: cancel, none: support}";

#[test]
fn enough_of_them_is_enough() {
    let mut world = world(&[("p", &experts("", SHARE))]);
    let run = world.start(json!({"experts": ["a", "b", "c", "d", "e"]}));
    assert_eq!(world.case(run).tasks.len(), 5);
    for _ in 0..2 {
        world.complete(run, "ann", ("ask-one", "support")).unwrap();
    }
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.case(run).tasks.len(), 2);
    world.complete(run, "ann", ("ask-one", "support")).unwrap();
    assert_eq!(world.open(run), ["sign".into()].into(), "three of five are 60 %");
    let told = world.case(run).scopes.values().next().unwrap().done["ask"].fields["results"].literal();
    assert_eq!(told, r#"["support", "support", "object", "support", null]"#, "in the order of the list");
}

#[test]
fn it_ends_when_enough_has_become_impossible() {
    let mut world = world(&[("p", &experts("", SHARE))]);
    let run = world.start(json!({"experts": [1, 2, 3]}));
    world.complete(run, "ann", ("ask-one", "support")).unwrap();
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.result(run), None, "two of three are more than 60 %");
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"));
    let run = world.start(json!({"experts": [1, 2, 3]}));
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"), "the third could not change it");
}

#[test]
fn no_members_mean_what_the_author_said() {
    let mut world = world(&[("p", &experts("", SHARE))]);
    let run = world.start(json!({"experts": []}));
    assert_eq!(world.open(run), ["sign".into()].into());
    let too_many = "complete-when: {count: 2, of: support, rest: cancel, none: support}";
    let mut world = super::world(&[("p", &experts("", too_many))]);
    let run = world.start(json!({"experts": [1]}));
    assert_eq!(world.result(run).as_deref(), Some("refused"), "one can never be two");
}

#[test]
fn one_after_another_stops_with_the_outcome() {
    let mut world = world(&[("p", &experts("mode: sequential", "complete-when: {count: 2, of: support, rest: cancel, none: object}"))]);
    let run = world.start(json!({"experts": [1, 2, 3]}));
    for _ in 0..2 {
        assert_eq!(world.case(run).tasks.len(), 1);
        world.complete(run, "ann", ("ask-one", "support")).unwrap();
    }
    assert_eq!(world.open(run), ["sign".into()].into());
    assert_eq!(world.case(run).scopes.len(), 1);
}

#[test]
fn members_that_go_on_change_nothing() {
    let mut world = world(&[("p", &experts("", "complete-when: {count: 1, of: support, rest: continue, none: object}"))]);
    let run = world.start(json!({"experts": [1, 2, 3]}));
    world.complete(run, "ann", ("ask-one", "support")).unwrap();
    assert_eq!(world.case(run).tasks.len(), 3, "two members and who signs");
    world.complete(run, "eve", ("sign", "done")).unwrap();
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.result(run), None);
    world.complete(run, "ann", ("ask-one", "object")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_member_reads_itself_and_nothing_of_the_others() {
    let steps = "  each:
    title: 逐项
    for-each: form.plots
    as: plot
    do:
      title: 一宗
      scope:
        steps:
          size:
            title: 大小
            inclusive:
              large: {title: 大, when: plot.area > 10, task: {by: head, outcomes: [done]}}
              small: {title: 小, task: {by: clerk, outcomes: [done]}}
            default: small
            next: one-over
          one-over: {end: seen}
    next: over
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({"plots": [{"area": 5}, {"area": 20}]}));
    assert_eq!(world.open(run), ["large".into(), "small".into()].into());
    world.complete(run, "ann", ("small", "done")).unwrap();
    world.complete(run, "eve", ("large", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_list_that_is_none_and_an_outcome_that_is_none_are_refused() {
    let mut world = world(&[("p", &experts("", SHARE))]);
    let sources = json!({"experts": "many"});
    let none = world.body(sources);
    let start = greenlane::engine::command::Command::Start {
        tenant: greenlane::ids::Tenant(420_700),
        case: greenlane::ids::CaseId(uuid::Uuid::from_u128(9)),
        workflow: world.bundle.root.clone(),
        revision: world.bundle.digest,
        form: Some(none),
        rank: 1,
    };
    world.runs.push(crate::engine::world::Run::default());
    let actor = greenlane::engine::command::Actor::Person(crate::engine::world::person("chen"));
    assert_eq!(world.act(0, &actor, &start).unwrap_err().code, "not_a_list");
    assert_eq!(
        wrong(&experts("", &SHARE.replace("of: support", "of: agree"))).get("GL011"),
        Some(&2),
        "as what must be reached, and as an outcome of the step"
    );
    let three = experts("", SHARE).replace("[support, object]", "[support, object, abstain]");
    assert_eq!(wrong(&three).get("GL003"), Some(&1), "what it ends with otherwise is not said");
}
