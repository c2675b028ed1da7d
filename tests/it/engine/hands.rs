//! Tasks in other hands: handed over, asked about and given back; in a group too, with both names in the record.

use greenlane::definition::graph::{GroupPass, OnRefusal, Verb};
use greenlane::engine::command::{Actor, Command, Recipient};
use greenlane::engine::event::Event;
use serde_json::json;

use super::flow::{Does, Flow, Way, step, task};
use super::world::{World, day, person};

const PEOPLE: &[(&str, &str, &str)] = &[
    ("ann", "office", "handler"),
    ("bob", "office", "handler_b"),
    ("cat", "office", "handler"),
    ("eve", "office", "section_head"),
    ("liu", "office", "seal"),
    ("max", "bureau", "handler"),
];

fn one(block: super::flow::StepBlock) -> (World, usize) {
    let mut world = World::new(&[&Flow::new("p", vec![task("accept", "handler").block(), block.block()])], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "cat", ("accept", "done")).unwrap();
    (world, run)
}

fn act(world: &mut World, run: usize, who: &str, command: &Command) -> Result<Vec<Event>, &'static str> {
    let told = world.act(run, &Actor::Person(person(who)), command);
    world.check(run).unwrap();
    told.map_err(|refusal| refusal.code)
}

fn transfer(world: &mut World, run: usize, who: &str, to: Recipient) -> Result<Vec<Event>, &'static str> {
    let (task, body) = (world.task(run, "review"), Some(world.opinion()));
    act(world, run, who, &Command::Transfer { task, to, body })
}

fn delegate(world: &mut World, run: usize, who: &str, to: &str) -> Result<Vec<Event>, &'static str> {
    let (task, body) = (world.task(run, "review"), Some(world.opinion()));
    act(world, run, who, &Command::Delegate { task, to: person(to), body })
}

fn reply(world: &mut World, run: usize, who: &str) -> Result<Vec<Event>, &'static str> {
    let (task, body) = (world.task(run, "review"), Some(world.opinion()));
    act(world, run, who, &Command::Reply { task, body })
}

#[test]
fn a_task_handed_over_is_the_recipients_and_both_names_stand_in_the_record() {
    let (mut world, run) = one(task("review", "handler"));
    let events = transfer(&mut world, run, "ann", Recipient::Person(person("bob"))).unwrap();
    let both = matches!(&events[..], [Event::TaskHandedOver { by, to, .. }] if *by == person("ann") && *to == Some(person("bob")));
    assert!(both, "{events:?}");
    assert_eq!(world.told(run), ["o.task"], "who has it now is told");
    assert_eq!(world.complete(run, "ann", ("review", "done")).unwrap_err().code, "claimed_by_another");
    world.complete(run, "bob", ("review", "done")).unwrap();
}

#[test]
fn a_task_is_handed_over_within_the_office_only() {
    let (mut world, run) = one(task("review", "handler").not("accept"));
    assert_eq!(transfer(&mut world, run, "ann", Recipient::Person(person("max"))), Err("recipient_outside"), "another office");
    assert_eq!(transfer(&mut world, run, "ann", Recipient::Person(person("liu"))), Err("recipient_outside"), "a post that does not review");
    assert_eq!(transfer(&mut world, run, "ann", Recipient::Person(person("cat"))), Err("recipient_barred"), "cat accepted it");
    assert_eq!(transfer(&mut world, run, "ann", Recipient::Person(person("ann"))), Err("recipient_is_self"));
    assert_eq!(transfer(&mut world, run, "eve", Recipient::Person(person("bob"))), Err("not_assigned"));
    let silent = Command::Transfer { task: world.task(run, "review"), to: Recipient::Person(person("bob")), body: None };
    assert_eq!(act(&mut world, run, "ann", &silent), Err("reason_required"));
    transfer(&mut world, run, "ann", Recipient::Post("section_head".into())).unwrap();
    world.complete(run, "eve", ("review", "done")).unwrap();
}

#[test]
fn whoever_got_a_task_and_leaves_does_not_take_it_along() {
    let (mut world, run) = one(task("review", "handler"));
    transfer(&mut world, run, "ann", Recipient::Person(person("cat"))).unwrap();
    for holding in world.roster.holdings.iter_mut().filter(|holding| holding.person == person("cat")) {
        holding.until = Some(day("2025-03-03"));
    }
    world.at("2025-03-04");
    world.complete(run, "ann", ("review", "done")).unwrap();
}

#[test]
fn a_question_comes_back_to_whoever_asked_and_they_answer() {
    let (mut world, run) = one(task("review", "handler"));
    delegate(&mut world, run, "ann", "liu").unwrap();
    assert_eq!(world.complete(run, "liu", ("review", "done")).unwrap_err().code, "reply_only", "who was asked decides nothing");
    assert_eq!(world.complete(run, "ann", ("review", "done")).unwrap_err().code, "delegated");
    assert_eq!(world.complete(run, "cat", ("review", "done")).unwrap_err().code, "claimed_by_another");
    assert_eq!(reply(&mut world, run, "bob"), Err("not_asked"));
    let events = reply(&mut world, run, "liu").unwrap();
    let both = |event: &Event| matches!(event, Event::DelegateAnswered { by, on_behalf_of, .. } if (*by, *on_behalf_of) == (person("liu"), person("ann")));
    assert!(events.iter().any(both), "{events:?}");
    assert_eq!(world.complete(run, "cat", ("review", "done")).unwrap_err().code, "claimed_by_another", "it is ann's again");
    world.complete(run, "ann", ("review", "done")).unwrap();
}

#[test]
fn a_question_can_be_taken_back_and_ends_with_whoever_leaves() {
    let (mut world, run) = one(task("review", "handler"));
    assert_eq!(delegate(&mut world, run, "ann", "max"), Err("delegate_outside"));
    delegate(&mut world, run, "ann", "liu").unwrap();
    assert_eq!(delegate(&mut world, run, "liu", "eve"), Err("reply_only"), "a question is not passed on");
    let task = world.task(run, "review");
    assert_eq!(act(&mut world, run, "cat", &Command::Recall { task }), Err("not_delegated"));
    act(&mut world, run, "ann", &Command::Recall { task }).unwrap();
    delegate(&mut world, run, "ann", "liu").unwrap();
    let liu = world.roster.holdings.iter_mut().find(|holding| holding.person == person("liu")).unwrap();
    liu.until = Some(day("2025-03-03"));
    world.at("2025-03-04");
    world.complete(run, "ann", ("review", "done")).unwrap();
}

#[test]
fn inside_a_group_a_seat_is_handed_over_and_asked_about_without_filling_two() {
    let seats = vec![("office".to_owned(), "handler".to_owned()), ("office".to_owned(), "section_head".to_owned())];
    let does = Does::Group { seats, pass: GroupPass::All, on_refusal: OnRefusal::End, not: Vec::new() };
    let (mut world, run) = one(step("review", does, &["approved"]).way("rejected", Way::End("refused".to_owned())));
    let first = world.task(run, "review");
    let body = Some(world.opinion());
    let to = Recipient::Person(person("eve"));
    assert_eq!(act(&mut world, run, "ann", &Command::Transfer { task: first, to, body }), Err("needed_in_another_seat"), "eve alone is section head");
    act(&mut world, run, "ann", &Command::Transfer { task: first, to: Recipient::Person(person("bob")), body }).unwrap();
    act(&mut world, run, "bob", &Command::Delegate { task: first, to: person("liu"), body }).unwrap();
    act(&mut world, run, "liu", &Command::Reply { task: first, body }).unwrap();
    act(&mut world, run, "bob", &Command::Complete { task: first, outcome: "approved".into(), body, form: None }).unwrap();
    world.complete(run, "eve", ("review", "approved")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_step_whose_author_forbids_it_is_not_handed_over() {
    let mut block = task("review", "handler");
    block.verbs.forbidden.extend([Verb::Transfer, Verb::Delegate]);
    let (mut world, run) = one(block);
    assert_eq!(transfer(&mut world, run, "ann", Recipient::Person(person("bob"))), Err("verb_not_allowed"));
    assert_eq!(delegate(&mut world, run, "ann", "liu"), Err("verb_not_allowed"));
}
