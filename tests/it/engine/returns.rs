//! Returns: out of parallel regions, into them, walked again and straight back, with nothing lost, doubled or stuck.

use greenlane::definition::graph::{ReturnThen, Settlement};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use serde_json::json;

use super::flow::{Block, Does, Flow, message, par, step, task};
use super::world::{Account, World, person};

const PEOPLE: &[(&str, &str, &str)] = &[("ann", "office", "clerk"), ("bob", "office", "clerk"), ("eve", "office", "head")];

fn region(then: ReturnThen) -> Vec<Block> {
    let a = task("a", "clerk").returns(&["accept"], then).block();
    vec![task("accept", "clerk").block(), par("split", vec![a, task("b", "clerk").block()]), task("sign", "head").returns(&["accept", "a"], then).block()]
}

fn world(blocks: Vec<Block>) -> World {
    World::new(&[&Flow::new("p", blocks)], PEOPLE)
}

fn joins(world: &World, run: usize) -> usize {
    let joined = |event: &&Event| matches!(event, Event::StepDone { outcome, .. } if &**outcome == "joined");
    world.runs[run].acts.iter().flatten().filter(joined).count()
}

#[test]
fn walked_again_out_of_a_region_every_branch_starts_anew_and_the_join_fires_once() {
    let mut world = world(region(ReturnThen::WalkAgain));
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    let events = world.send_back(run, "ann", ("a", "accept")).unwrap();
    let closed = events.iter().filter(|event| matches!(event, Event::TaskClosed { why, .. } if &**why == "returned")).count();
    assert_eq!((closed, world.open(run)), (2, ["accept".into()].into()));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    for step in ["b", "a"] {
        world.complete(run, "bob", (step, "done")).unwrap();
    }
    assert_eq!((joins(&world, run), world.open(run)), (1, ["sign".into()].into()));
}

#[test]
fn straight_back_out_of_a_region_the_other_branch_goes_on_and_the_join_waits() {
    let mut world = world(region(ReturnThen::StraightBack));
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.send_back(run, "ann", ("a", "accept")).unwrap();
    assert_eq!(world.open(run), ["accept".into(), "b".into()].into());
    world.complete(run, "bob", ("b", "done")).unwrap();
    assert_eq!(joins(&world, run), 0, "the one that was sent back is still to come");
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.open(run), ["a".into()].into(), "straight back to who returned it");
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!((joins(&world, run), world.open(run)), (1, ["sign".into()].into()));
}

#[test]
fn a_step_that_ends_otherwise_than_before_is_walked_on_from_and_nothing_is_doubled() {
    let accept = task("accept", "clerk").way("needs-more", super::flow::Way::To("ask".into())).block();
    let mut blocks = region(ReturnThen::StraightBack);
    blocks[0] = Block::Seq(vec![task("ask", "clerk").block(), accept]);
    let mut world = world(blocks);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("ask", "done")).unwrap();
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.send_back(run, "ann", ("a", "accept")).unwrap();
    world.complete(run, "ann", ("accept", "needs-more")).unwrap();
    assert_eq!(world.open(run), ["ask".into()].into(), "what stood ahead is walked again, so it is cleared");
    world.complete(run, "ann", ("ask", "done")).unwrap();
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.case(run).tasks.len(), 2, "one task for each branch");
}

#[test]
fn a_return_into_a_region_that_has_joined_walks_one_branch_and_joins_again() {
    let mut world = world(region(ReturnThen::WalkAgain));
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    for step in ["a", "b"] {
        world.complete(run, "bob", (step, "done")).unwrap();
    }
    world.send_back(run, "eve", ("sign", "a")).unwrap();
    assert_eq!(world.open(run), ["a".into()].into());
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!((joins(&world, run), world.open(run)), (2, ["sign".into()].into()));
}

#[test]
fn a_return_inside_one_branch_leaves_the_other_alone() {
    let branch = Block::Seq(vec![task("a1", "clerk").block(), task("a2", "clerk").returns(&["a1"], ReturnThen::WalkAgain).block()]);
    let mut world = world(vec![par("split", vec![branch, task("b", "clerk").block()])]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a1", "done")).unwrap();
    world.send_back(run, "ann", ("a2", "a1")).unwrap();
    assert_eq!(world.open(run), ["a1".into(), "b".into()].into());
}

/// Around the region a loop leads back to its split, so that from every step every other can be reached.
#[test]
fn a_return_inside_one_branch_leaves_the_other_alone_also_when_a_loop_leads_around_the_region() {
    let branch = Block::Seq(vec![task("a1", "clerk").block(), task("a2", "clerk").returns(&["a1"], ReturnThen::WalkAgain).block()]);
    let region = par("split", vec![branch, task("b", "clerk").block()]);
    let sign = task("sign", "head").way("again", super::flow::Way::To("accept".into())).block();
    let mut world = world(vec![task("accept", "clerk").block(), region, sign]);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.complete(run, "ann", ("a1", "done")).unwrap();
    world.send_back(run, "ann", ("a2", "a1")).unwrap();
    assert_eq!(world.open(run), ["a1".into(), "b".into()].into());
}

#[test]
fn who_was_sent_straight_back_out_of_a_region_does_not_come_home_after_another_branch_cancelled_it() {
    let a = task("a", "clerk").returns(&["accept"], ReturnThen::StraightBack).block();
    let b = task("b", "clerk").way("no", super::flow::Way::Reject("refuse".into())).block();
    let blocks = vec![task("refuse", "head").block(), task("accept", "clerk").block(), par("split", vec![a, b]), task("sign", "head").block()];
    let mut world = world(blocks);
    let run = world.start(json!({}));
    world.complete(run, "eve", ("refuse", "done")).unwrap();
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.send_back(run, "ann", ("a", "accept")).unwrap();
    assert_eq!(world.open(run), ["accept".into(), "b".into()].into());
    world.complete(run, "bob", ("b", "no")).unwrap();
    assert_eq!(world.open(run), ["refuse".into()].into(), "the rest is cancelled, wherever it was just now");
}

#[test]
fn a_return_closes_called_workflows_and_waits_it_passes_over() {
    let callee = Flow::new("callee", vec![message("letter", "letter").block()]);
    let branches =
        vec![step("call", Does::Call("callee".to_owned()), &["approved"]).block(), task("a", "clerk").returns(&["accept"], ReturnThen::WalkAgain).block()];
    let flow = Flow::new("p", vec![task("accept", "clerk").block(), par("split", branches)]);
    let mut world = World::new(&[&flow, &callee], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!((world.case(run).scopes.len(), world.waiting_for(run, "letter")), (2, 1));
    world.send_back(run, "ann", ("a", "accept")).unwrap();
    assert_eq!((world.case(run).scopes.len(), world.waiting_for(run, "letter")), (1, 0));
}

fn with_reservation(then: ReturnThen) -> (World, usize) {
    let does = Does::Post {
        account: vec!["\"land\"".to_owned()],
        amount: "form.area".to_owned(),
        settle: vec![("approved".to_owned(), Settlement::Use)],
        otherwise: Settlement::Release,
    };
    let reserve = step("reserve", does, &["posted", "short"]).block();
    let mut world = world(vec![task("accept", "clerk").block(), reserve, task("sign", "head").returns(&["accept"], then).block()]);
    world.accounts.insert("land".to_owned(), Account { free: 5, ..Account::default() });
    let run = world.start(json!({"area": 4}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.send_back(run, "eve", ("sign", "accept")).unwrap();
    (world, run)
}

#[test]
fn walked_again_the_reservation_passed_over_is_given_back_and_made_anew() {
    let (mut world, run) = with_reservation(ReturnThen::WalkAgain);
    assert_eq!((world.accounts["land"].free, world.accounts["land"].reserved), (5, 0));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!((world.accounts["land"].free, world.accounts["land"].reserved), (1, 4));
    world.complete(run, "eve", ("sign", "done")).unwrap();
    assert_eq!((world.accounts["land"].free, world.accounts["land"].used), (1, 4));
}

#[test]
fn straight_back_the_reservation_stays() {
    let (mut world, run) = with_reservation(ReturnThen::StraightBack);
    assert_eq!(world.accounts["land"].reserved, 4, "nothing walks again to make it anew");
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.complete(run, "eve", ("sign", "done")).unwrap();
    assert_eq!((world.accounts["land"].free, world.accounts["land"].used), (1, 4));
}

#[test]
fn a_return_needs_a_reason_and_an_allowed_earlier_step() {
    let mut world = world(region(ReturnThen::WalkAgain));
    let run = world.start(json!({}));
    assert_eq!(world.send_back(run, "ann", ("accept", "accept")).unwrap_err().code, "return_not_allowed");
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.send_back(run, "ann", ("a", "sign")).unwrap_err().code, "return_not_allowed");
    let task = world.task(run, "a");
    let silent = Command::Return { task, to: "accept".into(), body: None };
    assert_eq!(world.act(run, &Actor::Person(person("ann")), &silent).unwrap_err().code, "reason_required");
    assert_eq!(world.send_back(run, "eve", ("a", "accept")).unwrap_err().code, "not_assigned");
}
