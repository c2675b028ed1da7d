//! Approval groups: votes, groups in order, groups that return, members added and taken out, each with the trap it must not fall into.

use greenlane::definition::graph::{Ballots, GroupPass, OnRefusal, ReturnThen, Verb, Vote};
use greenlane::engine::case::{Adding, Local, TaskPool};
use greenlane::engine::command::{Actor, Command, MemberRef, NewGroup};
use greenlane::engine::event::Event;
use serde_json::json;

use super::flow::{Does, Flow, StepBlock, Way, step, task};
use super::world::{World, person};

const PEOPLE: &[(&str, &str, &str)] = &[
    ("ann", "office", "clerk"),
    ("bob", "office", "legal"),
    ("eve", "office", "head"),
    ("max", "bureau", "head"),
    ("liu", "bureau", "clerk"),
    ("dai", "park", "head"),
    ("dai", "park", "clerk"),
    ("guo", "park", "clerk"),
];
const SEATS: &[(&str, &str)] = &[("office", "clerk"), ("office", "head"), ("bureau", "head")];

fn group(seats: &[(&str, &str)], pass: GroupPass, on_refusal: OnRefusal) -> StepBlock {
    let seats = seats.iter().map(|(office, post)| ((*office).to_owned(), (*post).to_owned())).collect();
    step("sign", Does::Group { seats, pass, on_refusal, not: Vec::new() }, &["approved"]).way("rejected", Way::End("refused".to_owned()))
}

fn world(block: StepBlock) -> (World, usize) {
    let mut world = World::new(&[&Flow::new("p", vec![block.block()])], PEOPLE);
    let run = world.start(json!({}));
    (world, run)
}

fn vote(passes: Ballots, refusals: Option<u32>) -> GroupPass {
    GroupPass::Vote(Vote { passes, refusals })
}

/// The open seat of an office and post.
fn seat(world: &World, run: usize, (office, post): (&str, &str)) -> Option<Local> {
    let asks = |pool: &TaskPool| *pool == TaskPool::Posts { offices: vec![office.into()], post: post.into() };
    world.case(run).tasks.iter().find(|(_, task)| asks(&task.pool)).map(|(id, _)| *id)
}

fn answer(world: &mut World, run: usize, who: &str, at: (&str, &str), outcome: &str) -> Result<Vec<Event>, &'static str> {
    let task = seat(world, run, at).ok_or("no_seat")?;
    let body = Some(world.opinion());
    act(world, run, who, &Command::Complete { task, outcome: outcome.into(), body, form: None })
}

fn act(world: &mut World, run: usize, who: &str, command: &Command) -> Result<Vec<Event>, &'static str> {
    let told = world.act(run, &Actor::Person(person(who)), command);
    world.check(run).unwrap();
    told.map_err(|refusal| refusal.code)
}

fn add(world: &mut World, run: usize, who: &str, (at, place): ((&str, &str), Adding), seats: &[(&str, &str)]) -> Result<Vec<Event>, &'static str> {
    let task = seat(world, run, at).ok_or("no_seat")?;
    let seats = seats.iter().map(|(office, post)| ((*office).into(), (*post).into())).collect();
    let body = Some(world.opinion());
    let group = NewGroup { seats, pass: GroupPass::All, on_refusal: OnRefusal::End };
    act(world, run, who, &Command::AddSigners { task, place, group, body })
}

fn remove(world: &mut World, run: usize, who: &str, member: MemberRef) -> Result<Vec<Event>, &'static str> {
    let body = Some(world.opinion());
    act(world, run, who, &Command::RemoveSigner { member, body })
}

fn result(world: &World, run: usize) -> Option<String> {
    world.result(run)
}

const CLERK: (&str, &str) = ("office", "clerk");
const HEAD: (&str, &str) = ("office", "head");
const BUREAU: (&str, &str) = ("bureau", "head");
const LEGAL: (&str, &str) = ("office", "legal");

#[test]
fn a_vote_ends_early_when_passing_has_become_impossible() {
    let (mut world, run) = world(group(SEATS, vote(Ballots::Share(60), None), OnRefusal::End));
    answer(&mut world, run, "ann", CLERK, "rejected").unwrap();
    assert_eq!(result(&world, run), None, "two of three would still be enough");
    let events = answer(&mut world, run, "eve", HEAD, "rejected").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("refused"), "one vote of three can no longer be enough");
    let closed = events.iter().filter(|event| matches!(event, Event::TaskClosed { why, .. } if &**why == "decided-by-another")).count();
    assert_eq!(closed, 1, "the third is closed unheard, not counted");
}

#[test]
fn a_vote_ends_as_soon_as_it_is_won_or_so_many_have_refused() {
    let (mut won, run) = world(group(SEATS, vote(Ballots::Count(2), None), OnRefusal::End));
    answer(&mut won, run, "ann", CLERK, "approved").unwrap();
    answer(&mut won, run, "max", BUREAU, "approved").unwrap();
    assert_eq!(result(&won, run).as_deref(), Some("approved"));
    let (mut lost, run) = world(group(SEATS, vote(Ballots::Count(1), Some(1)), OnRefusal::End));
    answer(&mut lost, run, "ann", CLERK, "rejected").unwrap();
    assert_eq!(result(&lost, run).as_deref(), Some("refused"), "one refusal is enough where its author says so");
}

#[test]
fn in_order_one_seat_is_open_at_a_time() {
    let (mut world, run) = world(group(SEATS, GroupPass::InOrder, OnRefusal::End));
    for (who, at) in [("ann", CLERK), ("eve", HEAD), ("max", BUREAU)] {
        assert_eq!((world.case(run).tasks.len(), seat(&world, run, at).is_some()), (1, true), "{who}");
        answer(&mut world, run, who, at, "approved").unwrap();
    }
    assert_eq!(result(&world, run).as_deref(), Some("approved"));
}

#[test]
fn in_order_a_member_added_in_the_middle_comes_before_the_next_seat() {
    let (mut world, run) = world(group(SEATS, GroupPass::InOrder, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::After), &[LEGAL]).unwrap();
    assert_eq!(world.case(run).tasks.len(), 1, "the added one waits for the seat that asked");
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    assert_eq!((seat(&world, run, LEGAL).is_some(), seat(&world, run, HEAD)), (true, None));
    answer(&mut world, run, "bob", LEGAL, "approved").unwrap();
    for (who, at) in [("eve", HEAD), ("max", BUREAU)] {
        answer(&mut world, run, who, at, "approved").unwrap();
    }
    assert_eq!(result(&world, run).as_deref(), Some("approved"));
}

#[test]
fn a_refusal_may_send_the_case_back_as_its_author_wrote() {
    let sign = group(SEATS, GroupPass::All, OnRefusal::Return).returns(&["accept"], ReturnThen::WalkAgain);
    let mut world = World::new(&[&Flow::new("p", vec![task("accept", "clerk").block(), sign.block()])], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    let events = answer(&mut world, run, "max", BUREAU, "rejected").unwrap();
    let returned = events.iter().any(|event| matches!(event, Event::Returned { by, to, .. } if *by == person("max") && &**to == "accept"));
    assert_eq!((returned, world.open(run), world.case(run).groups.len()), (true, ["accept".into()].into(), 0));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    assert_eq!(world.case(run).tasks.len(), 3, "everybody is asked anew");
}

#[test]
fn whoever_is_added_before_must_pass_first_and_one_can_still_refuse_meanwhile() {
    let (mut world, run) = world(group(SEATS, GroupPass::All, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]).unwrap();
    assert_eq!(answer(&mut world, run, "ann", CLERK, "approved"), Err("added_group_open"));
    answer(&mut world, run, "bob", LEGAL, "approved").unwrap();
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    for (who, at) in [("eve", HEAD), ("max", BUREAU)] {
        answer(&mut world, run, who, at, "approved").unwrap();
    }
    assert_eq!(result(&world, run).as_deref(), Some("approved"));

    let (mut world, run) = super::groups::world(group(SEATS, GroupPass::All, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]).unwrap();
    answer(&mut world, run, "ann", CLERK, "rejected").unwrap();
    assert_eq!((result(&world, run).as_deref(), world.case(run).tasks.len()), (Some("refused"), 0), "the added group closes with it");
}

#[test]
fn a_group_added_before_that_refuses_leaves_the_seat_only_to_refuse() {
    let (mut world, run) = world(group(SEATS, GroupPass::All, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]).unwrap();
    answer(&mut world, run, "bob", LEGAL, "rejected").unwrap();
    assert_eq!(answer(&mut world, run, "ann", CLERK, "approved"), Err("added_group_refused"));
    answer(&mut world, run, "ann", CLERK, "rejected").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("refused"));
}

#[test]
fn whoever_is_added_beside_must_pass_too() {
    let (mut world, run) = world(group(&[CLERK], GroupPass::Any, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::Beside), &[LEGAL, HEAD]).unwrap();
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    assert_eq!(result(&world, run), None, "the first answer is there, the added group is not");
    answer(&mut world, run, "bob", LEGAL, "approved").unwrap();
    answer(&mut world, run, "eve", HEAD, "approved").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("approved"));
}

#[test]
fn a_group_added_after_opens_when_the_rule_was_met_and_its_refusal_counts() {
    let (mut world, run) = world(group(&[CLERK, HEAD], GroupPass::All, OnRefusal::Continue));
    add(&mut world, run, "eve", (HEAD, Adding::After), &[LEGAL]).unwrap();
    assert_eq!(seat(&world, run, LEGAL), None);
    answer(&mut world, run, "eve", HEAD, "approved").unwrap();
    assert_eq!(seat(&world, run, LEGAL), None, "the clerk has still to answer");
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    assert_eq!((result(&world, run), seat(&world, run, LEGAL).is_some()), (None, true));
    answer(&mut world, run, "bob", LEGAL, "rejected").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("refused"));
}

#[test]
fn nobody_is_added_who_would_fill_two_seats() {
    let (mut world, run) = world(group(SEATS, GroupPass::All, OnRefusal::End));
    assert_eq!(add(&mut world, run, "ann", (CLERK, Adding::Beside), &[BUREAU]), Err("seats_not_fillable"), "max is the only head there");
    assert_eq!(add(&mut world, run, "ann", (CLERK, Adding::Beside), &[("office", "seal")]), Err("nobody_in_post"));
    assert_eq!(add(&mut world, run, "eve", (CLERK, Adding::Beside), &[LEGAL]), Err("not_assigned"), "only whoever may answer the seat");
}

#[test]
fn added_seats_keep_the_person_they_alone_can_be_filled_by() {
    let seats = &[("park", "clerk"), CLERK];
    let (mut world, run) = world(group(seats, GroupPass::All, OnRefusal::End));
    add(&mut world, run, "ann", (CLERK, Adding::After), &[("park", "head")]).unwrap();
    assert_eq!(answer(&mut world, run, "dai", ("park", "clerk"), "approved"), Err("needed_in_another_seat"), "dai alone heads the park");
    answer(&mut world, run, "guo", ("park", "clerk"), "approved").unwrap();
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    answer(&mut world, run, "dai", ("park", "head"), "approved").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("approved"));
}

#[test]
fn a_member_taken_out_has_the_rule_looked_at_again_at_once() {
    let mut block = group(SEATS, GroupPass::All, OnRefusal::End);
    block.verbs.allowed.insert(Verb::RemoveSigner);
    let (mut world, run) = world(block);
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    answer(&mut world, run, "eve", HEAD, "approved").unwrap();
    let last = MemberRef::Seat(seat(&world, run, BUREAU).unwrap());
    assert_eq!(remove(&mut world, run, "bob", last), Err("not_remover"));
    let events = remove(&mut world, run, "eve", last).unwrap();
    let by = events.iter().find_map(|event| if let Event::StepDone { by, .. } = event { Some(*by) } else { None });
    assert_eq!((result(&world, run).as_deref(), by), (Some("approved"), Some(None)), "the rule decided, and nobody's name stands under it");
}

#[test]
fn members_the_workflow_names_stay_where_their_author_does_not_let_them_go() {
    let (mut world, run) = world(group(SEATS, GroupPass::All, OnRefusal::End));
    let member = MemberRef::Seat(seat(&world, run, BUREAU).unwrap());
    assert_eq!(remove(&mut world, run, "eve", member), Err("not_remover"));
    add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]).unwrap();
    let member = MemberRef::Seat(seat(&world, run, LEGAL).unwrap());
    assert_eq!(remove(&mut world, run, "eve", member), Err("not_remover"), "only who added it");
    remove(&mut world, run, "ann", member).unwrap();
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    assert_eq!(remove(&mut world, run, "ann", member), Err("no_such_member"));
}

#[test]
fn the_last_member_is_not_taken_out() {
    let mut block = group(&[HEAD], GroupPass::All, OnRefusal::End);
    block.verbs.allowed.insert(Verb::RemoveSigner);
    let (mut world, run) = world(block);
    let member = MemberRef::Seat(seat(&world, run, HEAD).unwrap());
    assert_eq!(remove(&mut world, run, "eve", member), Err("last_member"), "an empty group would pass by itself");
}

#[test]
fn a_seat_whose_office_has_lost_its_people_can_be_taken_out() {
    let mut block = group(SEATS, GroupPass::All, OnRefusal::End);
    block.verbs.allowed.insert(Verb::RemoveSigner);
    let (mut world, run) = world(block);
    let max = world.roster.holdings.iter_mut().find(|holding| holding.person == person("max")).unwrap();
    max.until = Some(super::world::day("2025-03-03"));
    world.at("2025-03-04");
    answer(&mut world, run, "ann", CLERK, "approved").unwrap();
    assert_eq!(answer(&mut world, run, "max", BUREAU, "approved"), Err("not_assigned"), "no longer in the office");
    let member = MemberRef::Seat(seat(&world, run, BUREAU).unwrap());
    remove(&mut world, run, "eve", member).unwrap();
    answer(&mut world, run, "eve", HEAD, "approved").unwrap();
    assert_eq!(result(&world, run).as_deref(), Some("approved"));
}

#[test]
fn a_step_whose_author_forbids_it_takes_no_further_members() {
    let mut block = group(SEATS, GroupPass::All, OnRefusal::End);
    block.verbs.forbidden.insert(Verb::AddSigners);
    let (mut world, run) = world(block);
    assert_eq!(add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]), Err("verb_not_allowed"));
}

#[test]
fn a_withdrawn_case_and_a_return_close_added_groups_too() {
    let sign = group(SEATS, GroupPass::All, OnRefusal::End).returns(&["accept"], ReturnThen::StraightBack);
    let mut world = World::new(&[&Flow::new("p", vec![task("accept", "clerk").block(), sign.block()])], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    add(&mut world, run, "ann", (CLERK, Adding::Before), &[LEGAL]).unwrap();
    let (task, body) = (seat(&world, run, LEGAL).unwrap(), Some(world.opinion()));
    act(&mut world, run, "bob", &Command::Return { task, to: "accept".into(), body }).unwrap();
    assert_eq!((world.case(run).groups.len(), world.open(run)), (0, ["accept".into()].into()), "out of an added group as well");
    world.complete(run, "ann", ("accept", "done")).unwrap();
    add(&mut world, run, "ann", (CLERK, Adding::After), &[LEGAL]).unwrap();
    act(&mut world, run, "chen", &Command::Withdraw { body: None }).unwrap();
    assert_eq!((world.case(run).groups.len(), world.case(run).tasks.len()), (0, 0));
}
