//! Parallel regions: joins fire once and not early, skipped branches count as done, rejecting ones cancel the rest.

use greenlane::engine::event::Event;
use serde_json::json;

use super::flow::{Block, BranchBlock, Flow, Way, par, task};
use super::world::World;

const PEOPLE: &[(&str, &str, &str)] = &[("ann", "office", "clerk"), ("bob", "office", "clerk"), ("eve", "office", "head")];

fn joined(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::StepDone { outcome, .. } if &**outcome == "joined")).count()
}

fn branch(body: Block, when: Option<&str>, beside: bool) -> BranchBlock {
    BranchBlock { body, when: when.map(str::to_owned), beside }
}

#[test]
fn the_join_fires_once_with_the_last_branch() {
    let flow = Flow::new("p", vec![par("split", vec![task("a", "clerk").block(), task("b", "clerk").block()]), task("c", "head").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(world.open(run), ["a".into(), "b".into()].into());
    assert_eq!(joined(&world.complete(run, "ann", ("a", "done")).unwrap()), 0);
    assert_eq!(joined(&world.complete(run, "bob", ("b", "done")).unwrap()), 1);
    assert_eq!(world.open(run), ["c".into()].into());
    world.complete(run, "eve", ("c", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_skipped_branch_counts_as_done() {
    let branches = vec![branch(task("a", "clerk").block(), None, false), branch(task("b", "clerk").block(), Some("form.big = true"), false)];
    let flow = Flow::new("p", vec![Block::Par("split".into(), branches)]);
    let mut world = World::new(&[&flow], PEOPLE);
    let small = world.start(json!({"big": false}));
    assert_eq!(world.open(small), ["a".into()].into());
    assert!(world.runs[small].acts[0].iter().any(|event| matches!(event, Event::BranchSkipped { step, .. } if &**step == "b")));
    world.complete(small, "ann", ("a", "done")).unwrap();
    assert_eq!(world.result(small).as_deref(), Some("approved"));
    let big = world.start(json!({"big": true}));
    assert_eq!(world.open(big), ["a".into(), "b".into()].into());
}

#[test]
fn with_every_branch_skipped_the_join_fires_at_once() {
    let branches = vec![branch(task("a", "clerk").block(), Some("form.n > 1"), false), branch(task("b", "clerk").block(), Some("form.n > 2"), false)];
    let flow = Flow::new("p", vec![Block::Par("split".into(), branches), task("c", "head").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({"n": 1}));
    assert_eq!(world.open(run), ["c".into()].into());
}

#[test]
fn nobody_waits_for_a_branch_beside() {
    let branches = vec![branch(task("a", "clerk").block(), None, false), branch(task("talk", "clerk").block(), None, true)];
    let flow = Flow::new("p", vec![Block::Par("split".into(), branches), task("c", "head").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(world.open(run), ["c".into(), "talk".into()].into());
    let events = world.complete(run, "eve", ("c", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
    assert!(events.iter().any(|event| matches!(event, Event::TaskClosed { why, .. } if &**why == "nobody-waits")));
}

#[test]
fn a_branch_beside_that_ends_first_gives_no_result() {
    let branches = vec![branch(task("a", "clerk").block(), None, false), branch(task("talk", "clerk").block(), None, true)];
    let flow = Flow::new("p", vec![Block::Par("split".into(), branches)]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(joined(&world.complete(run, "ann", ("talk", "done")).unwrap()), 0);
    assert_eq!(world.standing(run), ["a"]);
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_region_inside_a_branch_beside_is_walked_once() {
    let inner = par("inner", vec![task("x", "clerk").block(), task("y", "clerk").block()]);
    let talk = Block::Seq(vec![inner, task("minutes", "clerk").block()]);
    let branches = vec![branch(task("a", "clerk").block(), None, false), branch(talk, None, true)];
    let flow = Flow::new("p", vec![Block::Par("split".into(), branches)]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(world.standing(run), ["a", "x", "y"], "no token of its own goes to the inner join");
    world.complete(run, "ann", ("x", "done")).unwrap();
    world.complete(run, "ann", ("y", "done")).unwrap();
    assert_eq!(world.open(run), ["a".into(), "minutes".into()].into());
}

#[test]
fn a_rejecting_branch_cancels_the_rest_of_its_region_only() {
    let reject = task("a", "clerk").way("no", Way::Reject("wrap".into())).block();
    let inner = par("inner", vec![reject, task("b", "clerk").block()]);
    let outer = par("outer", vec![Block::Seq(vec![inner, task("wrap", "head").block()]), task("d", "clerk").block()]);
    let flow = Flow::new("p", vec![outer]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a", "no")).unwrap();
    assert_eq!(world.open(run), ["d".into(), "wrap".into()].into());
    world.complete(run, "eve", ("wrap", "done")).unwrap();
    world.complete(run, "ann", ("d", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn nested_joins_inside_a_loop_do_not_wait_for_each_other() {
    let inner = par("inner", vec![task("a", "clerk").block(), task("b", "clerk").block()]);
    let outer = par("outer", vec![inner, task("d", "clerk").block()]);
    let again = task("c", "head").way("again", Way::To("outer".into())).block();
    let flow = Flow::new("p", vec![outer, again]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    for _ in 0..2 {
        for step in ["d", "a", "b"] {
            world.complete(run, "ann", (step, "done")).unwrap();
        }
        assert_eq!(world.open(run), ["c".into()].into());
        world.complete(run, "eve", ("c", "again")).unwrap();
    }
    for step in ["a", "b", "d"] {
        world.complete(run, "ann", (step, "done")).unwrap();
    }
    world.complete(run, "eve", ("c", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn an_end_inside_a_region_takes_its_branch_out_of_the_count() {
    let stop = task("a", "clerk").way("stop", Way::End("refused".into())).block();
    let flow = Flow::new("p", vec![par("split", vec![stop, task("b", "clerk").block()]), task("c", "head").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a", "stop")).unwrap();
    assert_eq!(world.result(run), None);
    world.complete(run, "ann", ("b", "done")).unwrap();
    world.complete(run, "eve", ("c", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"), "the first result of a scope stays");
}
