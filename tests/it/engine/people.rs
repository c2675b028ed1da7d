//! Tasks and groups: who may take one, what an answer needs, who is kept apart, when a group has its result.

use greenlane::definition::graph::{GroupPass, OnRefusal, Pool};
use greenlane::engine::case::Case;
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::refusal::Class;
use serde_json::json;

use super::flow::{Does, Flow, StepBlock, Way, post, step, task};
use super::world::{World, day, person};

const PEOPLE: &[(&str, &str, &str)] =
    &[("ann", "office", "clerk"), ("bob", "office", "clerk"), ("eve", "office", "head"), ("ann", "office", "head"), ("max", "bureau", "head")];

fn closed(events: &[Event]) -> Vec<&str> {
    events.iter().filter_map(|event| if let Event::TaskClosed { why, .. } = event { Some(&**why) } else { None }).collect()
}

fn one_task() -> World {
    World::new(&[&Flow::new("p", vec![task("a", "clerk").block()])], PEOPLE)
}

fn group(pass: GroupPass, on_refusal: OnRefusal) -> StepBlock {
    let seats = vec![("office".to_owned(), "clerk".to_owned()), ("office".to_owned(), "head".to_owned()), ("bureau".to_owned(), "head".to_owned())];
    step("sign", Does::Group { seats, pass, on_refusal, not: Vec::new() }, &["approved"]).way("rejected", Way::End("refused".to_owned()))
}

/// Answers the open seat of `office` and `post`.
fn answer(world: &mut World, run: usize, who: &str, (post, office): (&str, &str), outcome: &str) -> Result<Vec<Event>, &'static str> {
    let seat = |case: &Case| {
        let asks =
            |pool: &greenlane::engine::case::TaskPool| *pool == greenlane::engine::case::TaskPool::Posts { offices: vec![office.into()], post: post.into() };
        case.tasks.iter().find(|(_, task)| asks(&task.pool)).map(|(id, _)| *id)
    };
    let (task, body) = (seat(world.case(run)).expect("an open seat"), Some(world.opinion()));
    let told = world.act(run, &Actor::Person(person(who)), &Command::Complete { task, outcome: outcome.into(), body, form: None });
    world.check(run).unwrap();
    told.map_err(|refusal| refusal.code)
}

#[test]
fn a_task_is_claimed_by_one_and_released_by_its_claimer_alone() {
    let mut world = one_task();
    let run = world.start(json!({}));
    world.claim(run, "ann", "a").unwrap();
    assert_eq!(world.claim(run, "ann", "a").unwrap(), [], "claiming one's own again changes nothing");
    let lost = world.claim(run, "bob", "a").unwrap_err();
    assert_eq!((lost.code, lost.class), ("claimed_by_another", Class::Conflict));
    let release = Command::Release { task: world.task(run, "a") };
    assert_eq!(world.act(run, &Actor::Person(person("bob")), &release).unwrap_err().code, "claimed_by_another");
    world.act(run, &Actor::Person(person("ann")), &release).unwrap();
    world.claim(run, "bob", "a").unwrap();
}

#[test]
fn completing_a_free_task_claims_it_on_the_way() {
    let mut world = one_task();
    let run = world.start(json!({}));
    let events = world.complete(run, "bob", ("a", "done")).unwrap();
    assert!(matches!(&events[0], Event::TaskClaimed { by, .. } if *by == person("bob")));
    assert!(matches!(&events[1], Event::StepDone { by: Some(by), .. } if *by == person("bob")));
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn only_holders_of_the_post_of_that_day_are_let_in() {
    let mut world = one_task();
    world.roster.holdings[0].until = Some(day("2025-03-05"));
    let run = world.start(json!({}));
    assert_eq!(world.complete(run, "eve", ("a", "done")).unwrap_err().code, "not_assigned");
    world.at("2025-03-06");
    assert_eq!(world.complete(run, "ann", ("a", "done")).unwrap_err().code, "not_assigned");
    world.complete(run, "bob", ("a", "done")).unwrap();
}

#[test]
fn a_machine_answers_nothing() {
    let mut world = one_task();
    let run = world.start(json!({}));
    let (task, body) = (world.task(run, "a"), Some(world.opinion()));
    for actor in [Actor::System, Actor::Operator("root".to_owned())] {
        let refused = world.act(run, &actor, &Command::Complete { task, outcome: "done".into(), body, form: None }).unwrap_err();
        assert_eq!((refused.code, refused.class), ("person_only", Class::Forbidden));
    }
}

#[test]
fn an_answer_needs_a_known_outcome_and_an_opinion() {
    let mut world = one_task();
    let run = world.start(json!({}));
    let refused = world.complete(run, "ann", ("a", "perhaps")).unwrap_err();
    assert_eq!((refused.code, refused.en.as_str()), ("unknown_outcome", "cannot complete step `a`: expected one of done, found `perhaps`"));
    let task = world.task(run, "a");
    let silent = Command::Complete { task, outcome: "done".into(), body: None, form: None };
    assert_eq!(world.act(run, &Actor::Person(person("ann")), &silent).unwrap_err().code, "opinion_required");
    assert_eq!(world.runs[run].acts.len(), 1, "a refusal leaves nothing");
}

#[test]
fn corrected_papers_come_with_their_form_and_only_where_they_are_asked_for() {
    let edit = Does::Task { by: Pool::Applicant, not: Vec::new(), same_as: None, edits_form: true };
    let flow = Flow::new("p", vec![step("correct", edit, &["resubmitted"]).block(), task("a", "clerk").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({"n": 1}));
    assert_eq!(world.told(run), ["a.received", "a.correction"]);
    assert_eq!(world.complete(run, "chen", ("correct", "resubmitted")).unwrap_err().code, "form_required");
    let (task, body, form) = (world.task(run, "correct"), Some(world.opinion()), Some(world.body(json!({"n": 2}))));
    world.at("2025-03-06");
    world.act(run, &Actor::Person(person("chen")), &Command::Complete { task, outcome: "resubmitted".into(), body, form }).unwrap();
    let root = &world.case(run).scopes[&0];
    assert_eq!((root.form, root.received), (form, day("2025-03-06")));
    let task = world.task(run, "a");
    let stray = Command::Complete { task, outcome: "done".into(), body, form };
    assert_eq!(world.act(run, &Actor::Person(person("ann")), &stray).unwrap_err().code, "form_not_asked");
}

#[test]
fn whoever_acted_in_one_step_is_kept_out_of_the_other() {
    let flow = Flow::new("p", vec![task("accept", "clerk").block(), task("check", "clerk").not("accept").block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.claim(run, "ann", "check").unwrap_err().code, "separation_of_duties", "when it is offered");
    assert_eq!(world.complete(run, "ann", ("check", "done")).unwrap_err().code, "separation_of_duties", "and when it is done");
    world.complete(run, "bob", ("check", "done")).unwrap();
}

#[test]
fn a_task_kept_for_one_person_is_free_again_when_that_person_has_left() {
    let kept = Does::Task { by: post("clerk"), not: Vec::new(), same_as: Some("accept".to_owned()), edits_form: false };
    let flow = Flow::new("p", vec![task("accept", "clerk").block(), step("finish", kept, &["done"]).block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.claim(run, "bob", "finish").unwrap_err().code, "kept_for_another");
    world.roster.holdings[0].until = Some(day("2025-03-03"));
    world.at("2025-03-04");
    world.complete(run, "bob", ("finish", "done")).unwrap();
}

#[test]
fn a_group_of_all_passes_with_the_last_seat() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::End).block()])], PEOPLE);
    let run = world.start(json!({}));
    answer(&mut world, run, "bob", ("clerk", "office"), "approved").unwrap();
    answer(&mut world, run, "eve", ("head", "office"), "approved").unwrap();
    assert_eq!(world.result(run), None);
    answer(&mut world, run, "max", ("head", "bureau"), "approved").unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn one_refusal_ends_a_group_of_all_at_once_when_its_author_says_so() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::End).block()])], PEOPLE);
    let run = world.start(json!({}));
    let events = answer(&mut world, run, "bob", ("clerk", "office"), "rejected").unwrap();
    assert_eq!(closed(&events), ["decided-by-another"; 2]);
    assert_eq!(world.result(run).as_deref(), Some("refused"));
    assert_eq!(world.told(run), ["a.refused"]);
}

#[test]
fn a_group_that_goes_on_after_a_refusal_hears_everybody_and_then_ends_refused() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::Continue).block()])], PEOPLE);
    let run = world.start(json!({}));
    answer(&mut world, run, "bob", ("clerk", "office"), "rejected").unwrap();
    answer(&mut world, run, "eve", ("head", "office"), "approved").unwrap();
    assert_eq!(world.result(run), None);
    answer(&mut world, run, "max", ("head", "bureau"), "approved").unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"));
}

#[test]
fn in_a_group_of_any_the_first_answer_wins_and_the_others_are_closed_unanswered() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::Any, OnRefusal::End).block()])], PEOPLE);
    let run = world.start(json!({}));
    let events = answer(&mut world, run, "max", ("head", "bureau"), "approved").unwrap();
    assert_eq!(closed(&events), ["decided-by-another"; 2]);
    let done = events.iter().find_map(|event| if let Event::StepDone { by, .. } = event { *by } else { None });
    assert_eq!((done, world.result(run).as_deref()), (Some(person("max")), Some("approved")));
}

#[test]
fn one_person_never_fills_two_seats() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::Continue).block()])], PEOPLE);
    let run = world.start(json!({}));
    answer(&mut world, run, "ann", ("head", "office"), "approved").unwrap();
    assert_eq!(answer(&mut world, run, "ann", ("clerk", "office"), "approved"), Err("separation_of_duties"));
    answer(&mut world, run, "bob", ("clerk", "office"), "approved").unwrap();
}

#[test]
fn nobody_takes_a_seat_that_leaves_another_without_anybody() {
    let people: &[(&str, &str, &str)] = &[("ann", "office", "clerk"), ("ann", "office", "head"), ("bob", "office", "clerk"), ("max", "bureau", "head")];
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::Continue).block()])], people);
    let run = world.start(json!({}));
    assert_eq!(answer(&mut world, run, "ann", ("clerk", "office"), "approved"), Err("needed_in_another_seat"), "ann alone is head");
    answer(&mut world, run, "ann", ("head", "office"), "approved").unwrap();
    answer(&mut world, run, "bob", ("clerk", "office"), "approved").unwrap();
}

#[test]
fn two_offices_that_have_become_one_have_one_seat() {
    let mut world = World::new(&[&Flow::new("p", vec![group(GroupPass::All, OnRefusal::End).block()])], PEOPLE);
    let bureau = world.roster.offices.get_mut("bureau").unwrap();
    (bureau.until, bureau.successor) = (Some(day("2019-01-31")), Some("office".into()));
    let run = world.start(json!({}));
    assert_eq!(world.case(run).tasks.len(), 2, "clerk and head of the office that took over");
}
