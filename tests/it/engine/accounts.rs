//! Reservations: short is an outcome, the line is kept in order, nothing is reserved twice or forgotten.

use std::sync::Arc;

use greenlane::definition::graph::Settlement;
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::facts::Waiting;
use greenlane::ids::Moment;
use serde_json::json;

use super::flow::{Block, Does, Flow, Way, step, task};
use super::world::{Account, World, day, person};

const PEOPLE: &[(&str, &str, &str)] = &[("ann", "office", "clerk")];

fn world(free: i64) -> World {
    let does = Does::Post {
        account: vec!["\"land\"".to_owned(), "case.year".to_owned(), "form.region".to_owned()],
        amount: "form.area".to_owned(),
        settle: vec![("approved".to_owned(), Settlement::Use)],
        otherwise: Settlement::Release,
    };
    let wait = Does::Message { name: "quota-freed".to_owned(), queue_for: Some("reserve".to_owned()) };
    let line = step("line", wait, &[]).way("received", Way::To("reserve".to_owned())).stops("quota-wait").block();
    let reserve = step("reserve", does, &["posted"]).way("short", Way::Via(Box::new(line))).block();
    let sign = task("sign", "clerk").way("refused", Way::End("refused".to_owned())).block();
    let mut world = World::new(&[&Flow::new("p", vec![reserve, sign])], PEOPLE);
    world.accounts.insert("land/2025/gedian".to_owned(), Account { free, ..Account::default() });
    world
}

fn asks(area: i64) -> serde_json::Value {
    json!({"area": area, "region": "gedian"})
}

fn ledger(world: &World) -> (i64, i64, i64) {
    let account = &world.accounts["land/2025/gedian"];
    (account.free, account.reserved, account.used)
}

fn free_up(world: &mut World, run: usize) {
    world.message(run, "quota-freed");
}

#[test]
fn a_reservation_is_used_with_approval_and_released_without() {
    let mut world = world(10);
    let (approved, refused) = (world.start(asks(4)), world.start(asks(5)));
    assert_eq!(ledger(&world), (1, 9, 0));
    assert!(world.told(refused).contains(&"a.quota-reserved".to_owned()));
    world.complete(approved, "ann", ("sign", "done")).unwrap();
    world.complete(refused, "ann", ("sign", "refused")).unwrap();
    assert_eq!(ledger(&world), (6, 0, 4));
}

#[test]
fn a_case_that_is_short_waits_in_line_and_is_served_when_something_is_freed() {
    let mut world = world(8);
    let (first, second) = (world.start(asks(4)), world.start(asks(5)));
    assert_eq!(world.standing(second), ["line"]);
    assert!(world.told(second).contains(&"a.quota-wait".to_owned()));
    assert_eq!(world.accounts["land/2025/gedian"].waiting.len(), 1);
    let withdraw = Command::Withdraw { body: None };
    world.act(first, &Actor::Person(person("chen")), &withdraw).unwrap();
    free_up(&mut world, second);
    assert_eq!((ledger(&world), world.standing(second)), ((3, 5, 0), vec!["sign".to_owned()]));
    assert!(world.accounts["land/2025/gedian"].waiting.is_empty());
}

#[test]
fn what_is_free_goes_to_whoever_is_first_in_line() {
    let mut world = world(3);
    let big = world.start(asks(5));
    let small = world.start(asks(2));
    assert_eq!(world.standing(small), ["line"], "enough is free, but somebody is ahead");
    let urgent = world.start_ranked(asks(2), 0);
    assert_eq!(world.standing(urgent), ["sign"], "a higher class goes before");
    world.accounts.get_mut("land/2025/gedian").unwrap().free += 4;
    free_up(&mut world, small);
    assert_eq!(world.standing(small), ["line"]);
    free_up(&mut world, big);
    assert_eq!(world.standing(big), ["sign"]);
}

#[test]
fn a_rank_goes_before_nobody_after_the_last_day_of_what_it_rests_on() {
    // The last day itself counts.
    for (date, served) in [("2025-12-31", "urgent"), ("2026-01-01", "early")] {
        let mut world = world(3);
        let program = Arc::make_mut(world.bundle.programs.values_mut().next().unwrap());
        program.basis_until = Some(day("2025-12-31"));
        program.nodes[0].ranks.insert("posted".into(), 1);
        let early = world.start_ranked(asks(5), 9);
        let urgent = world.start_ranked(asks(4), 0);
        world.at(date).accounts.get_mut("land/2025/gedian").unwrap().free = 5;
        for run in [urgent, early] {
            free_up(&mut world, run);
        }
        let stands = [(urgent, "urgent"), (early, "early")].map(|(run, name)| (name, world.standing(run) == ["sign"]));
        assert_eq!(stands, [("urgent", served == "urgent"), ("early", served == "early")], "{date}");
    }
}

#[test]
fn a_place_in_line_is_kept_over_a_further_try() {
    let mut world = world(1);
    let run = world.start(asks(5));
    let since = world.case(run).queue.values().next().unwrap().since;
    world.at("2025-03-10");
    free_up(&mut world, run);
    let place = world.case(run).queue.values().next().unwrap();
    assert_eq!((place.since, world.standing(run)), (since, vec!["line".to_owned()]));
    assert!(!world.told(run).contains(&"a.quota-wait".to_owned()), "it was told when it took its place");
}

#[test]
fn an_account_that_does_not_exist_and_an_amount_that_is_not_whole_are_refused() {
    let mut world = world(10);
    let start = |world: &mut World, form: serde_json::Value| {
        let form = Some(world.body(form));
        world.runs.push(super::world::Run::default());
        let run = world.runs.len() - 1;
        let case = greenlane::ids::CaseId(uuid::Uuid::from_u128(77 + run as u128));
        let (workflow, revision) = (world.bundle.root.clone(), world.bundle.digest);
        let command = Command::Start { tenant: greenlane::ids::Tenant(420_700), case, workflow, revision, form, rank: 1 };
        world.act(run, &Actor::Person(person("chen")), &command).unwrap_err().code
    };
    assert_eq!(start(&mut world, json!({"area": 1, "region": "nowhere"})), "unknown_account");
    assert_eq!(start(&mut world, json!({"area": 1.5, "region": "gedian"})), "amount_not_whole");
    assert_eq!(start(&mut world, json!({"area": -1, "region": "gedian"})), "amount_not_whole");
    assert_eq!(ledger(&world), (10, 0, 0));
}

#[test]
fn somebody_elses_place_is_not_ones_own() {
    let mut world = world(5);
    let place = Waiting { case: greenlane::ids::CaseId(uuid::Uuid::from_u128(999)), token: 1, rank: 1, since: Moment(0), amount: 1 };
    world.accounts.get_mut("land/2025/gedian").unwrap().waiting.push(place);
    let run = world.start(asks(2));
    assert_eq!(world.standing(run), ["line"]);
}

#[test]
fn a_step_walked_again_by_a_loop_reserves_anew_and_never_twice() {
    let mut world = world(6);
    let does =
        Does::Post { account: vec!["\"land/2025/gedian\"".to_owned()], amount: "form.area".to_owned(), settle: Vec::new(), otherwise: Settlement::Release };
    let reserve = step("reserve", does, &["posted", "short"]).block();
    let sign = task("sign", "clerk").way("again", Way::To("reserve".to_owned())).block();
    world.bundle = super::world::bundle(&[&Flow::new("p", vec![Block::Seq(vec![reserve, sign])])]);
    let run = world.start(asks(4));
    let events = world.complete(run, "ann", ("sign", "again")).unwrap();
    assert!(events.iter().any(|event| matches!(event, Event::Settled { as_: Settlement::Release, .. })));
    assert_eq!((ledger(&world), world.case(run).holds.len()), ((2, 4, 0), 1));
}
