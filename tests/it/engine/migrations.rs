//! Running cases taken over to another version: with a branch at the join, an open group, a term that stands still, a link that is running; and what cannot go.

use greenlane::calendar::{Span, Unit};
use greenlane::definition::graph::{Bundle, GroupPass, Manner, OnRefusal, TermEnd, TermKind, TermRule, TermStart};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::migration::StepMap;
use greenlane::engine::refusal::Refusal;
use greenlane::ids::{Digest, Name};
use serde_json::json;

use super::flow::{Block, Does, Flow, StepBlock, message, par, step, task};
use super::world::{self, World, day, person};

const PEOPLE: &[(&str, &str, &str)] =
    &[("ann", "office", "clerk"), ("bob", "office", "clerk"), ("eve", "office", "head"), ("max", "bureau", "head"), ("liu", "bureau", "clerk")];

fn version(flows: &[&Flow], tag: &str) -> Bundle {
    Bundle { digest: Digest::of(tag.as_bytes()), ..world::bundle(flows) }
}

fn map(pairs: &[(&str, &str)]) -> StepMap {
    let steps = pairs.iter().map(|(old, new)| (Name::from(*old), Name::from(*new))).collect();
    StepMap::from([("p".into(), steps)])
}

fn migrate(world: &mut World, run: usize, flows: &[&Flow], pairs: &[(&str, &str)]) -> Result<Vec<Event>, Refusal> {
    let from = world.case(run).revision;
    let bundle = version(flows, "second");
    let to = bundle.digest;
    world.publish(bundle);
    let told = world.act(run, &Actor::Operator("op".to_owned()), &Command::Migrate { from, to, map: map(pairs) });
    world.check(run).unwrap();
    assert_eq!(world.replay(run), *world.case(run), "the whole log folded from nothing");
    told
}

fn codes(refused: Result<Vec<Event>, Refusal>) -> Vec<(String, String)> {
    let refusal = refused.unwrap_err();
    assert_eq!(refusal.code, "cannot_migrate", "{}", refusal.en);
    refusal.details.iter().map(|detail| (detail.code.to_string(), detail.zh.clone())).collect()
}

fn fork(a: &str, b: &str) -> Block {
    par("split", vec![task(a, "clerk").block(), task(b, "clerk").block()])
}

#[test]
fn with_one_branch_at_the_join_the_other_comes_and_the_join_fires_once() {
    let old = Flow::new("p", vec![fork("a", "b"), task("sign", "head").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a", "done")).unwrap();
    world.claim(run, "bob", "b").unwrap();
    // Another step before the region, one more after it, the open branch has another key.
    let new = Flow::new("p", vec![task("first", "clerk").block(), fork("a", "survey"), task("review", "clerk").block(), task("sign", "head").block()]);
    migrate(&mut world, run, &[&new], &[("b", "survey")]).unwrap();
    assert_eq!(world.open(run), ["survey".into()].into());
    assert_eq!(world.case(run).tasks.values().next().unwrap().claimed, Some(person("bob")), "a claim stays");
    world.complete(run, "bob", ("survey", "done")).unwrap();
    assert_eq!(world.open(run), ["review".into()].into(), "it walks on by the new version");
    world.complete(run, "bob", ("review", "done")).unwrap();
    world.complete(run, "eve", ("sign", "done")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_join_that_would_wait_for_others_is_refused_with_whom_and_nothing_moves() {
    let old = Flow::new("p", vec![fork("a", "b"), task("sign", "head").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("a", "done")).unwrap();
    let before = world.case(run).clone();
    let alone = par("split", vec![task("a", "clerk").block(), task("c", "clerk").block()]);
    let new = Flow::new("p", vec![task("b", "clerk").block(), alone, task("sign", "head").block()]);
    let told = codes(migrate(&mut world, run, &[&new], &[]));
    assert_eq!(told, [("join_changed".to_owned(), "汇合点 `split-join` 原来等待：b；按新版等待：无".to_owned())]);
    assert_eq!(*world.case(run), before);
}

#[test]
fn every_obstacle_is_told_at_once() {
    let old = Flow::new("p", vec![fork("a", "b"), task("sign", "head").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    let wait = message("a", "letter").block();
    let new = Flow::new("p", vec![wait, task("sign", "head").block()]);
    let told = codes(migrate(&mut world, run, &[&new], &[("c", "d")]));
    let told: Vec<&str> = told.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(told, ["unknown_step", "unknown_step", "other_kind", "step_gone"]);
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(world.open(run), ["b".into()].into(), "it goes on by the version it has");
}

#[test]
fn two_branches_are_not_put_behind_each_other_and_no_step_gets_into_a_region() {
    let old = Flow::new("p", vec![fork("a", "b"), task("sign", "head").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    let line = Flow::new("p", vec![task("a", "clerk").block(), task("b", "clerk").block(), task("sign", "head").block()]);
    assert_eq!(codes(migrate(&mut world, run, &[&line], &[]))[0].0, "branches_merged");
    for step in ["a", "b"] {
        world.complete(run, "ann", (step, "done")).unwrap();
    }
    let inside = Flow::new("p", vec![task("a", "clerk").block(), par("both", vec![task("sign", "head").block(), task("c", "clerk").block()])]);
    let from = world.case(run).revision;
    let third = version(&[&inside], "third");
    let to = third.digest;
    world.publish(third);
    let told = world.act(run, &Actor::Operator("op".to_owned()), &Command::Migrate { from, to, map: StepMap::new() });
    assert_eq!(codes(told)[0].0, "region_entered");
}

fn group(key: &str, seats: &[(&str, &str)]) -> StepBlock {
    let seats = seats.iter().map(|(office, post)| ((*office).to_owned(), (*post).to_owned())).collect();
    step(key, Does::Group { seats, pass: GroupPass::All, on_refusal: OnRefusal::End, not: Vec::new() }, &["approved", "rejected"])
}

#[test]
fn an_open_group_keeps_its_seats_and_the_answers_it_has() {
    let seats = [("office", "clerk"), ("office", "head"), ("bureau", "head")];
    let old = Flow::new("p", vec![group("sign", &seats).block(), task("serve", "clerk").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("sign", "approved")).unwrap_or_default();
    let answered = |world: &World| world.case(run).groups.values().next().unwrap().seats.values().filter(|seat| seat.is_some()).count();
    assert_eq!(answered(&world), 1);
    // The new version asks one office less and calls the step otherwise; who sits already stays.
    let new = Flow::new("p", vec![group("approve", &seats[..2]).block(), task("post", "clerk").block()]);
    let events = migrate(&mut world, run, &[&new], &[("sign", "approve"), ("serve", "post")]).unwrap();
    assert!(events.iter().all(|event| !matches!(event, Event::TaskOpened { .. } | Event::TaskClosed { .. })), "{events:?}");
    assert_eq!((answered(&world), world.case(run).tasks.len()), (1, 2));
    for who in ["eve", "max"] {
        let task =
            world.case(run).tasks.iter().find(|(_, task)| world.roster.holds(person(who), &offices(task), &"head".into(), world.now.date())).map(|(id, _)| *id);
        let body = Some(world.opinion());
        let command = Command::Complete { task: task.unwrap(), outcome: "approved".into(), body, form: None };
        world.act(run, &Actor::Person(person(who)), &command).unwrap();
        world.check(run).unwrap();
    }
    assert_eq!(world.open(run), ["post".into()].into());
}

fn offices(task: &greenlane::engine::case::Task) -> Vec<Name> {
    match &task.pool {
        greenlane::engine::case::TaskPool::Applicant => Vec::new(),
        greenlane::engine::case::TaskPool::Posts { offices, .. } => offices.clone(),
    }
}

fn limit(within: u32, excludes: &[&str]) -> TermRule {
    TermRule {
        key: "promised".into(),
        kind: TermKind::Promised,
        within: Span { days: within, unit: Unit::Working },
        by_class: std::collections::BTreeMap::new(),
        from: TermStart::Entered,
        until: TermEnd::Left,
        excludes: excludes.iter().map(|cause| Name::from(*cause)).collect(),
        basis: None,
        extend: None,
        rungs: Vec::new(),
        on_expiry: None,
        manner: Manner::default(),
    }
}

#[test]
fn a_term_that_stands_still_stands_on_and_keeps_the_days_it_has_used() {
    let steps = |key: &str| vec![message(key, "report").stops("hearing").block(), task("sign", "head").block()];
    let old = Flow::new("p", steps("hear")).limit(limit(10, &["hearing"]));
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    world.at("2025-03-06");
    let new = Flow::new("p", steps("hearing")).limit(limit(12, &["hearing"]));
    let events = migrate(&mut world, run, &[&new], &[("hear", "hearing")]).unwrap();
    assert!(events.iter().all(|event| !matches!(event, Event::TermStarted { .. } | Event::TermResumed { .. } | Event::TermEnded { .. })), "{events:?}");
    let term = world.case(run).terms.values().next().unwrap().clone();
    assert_eq!((term.from, term.stopped_on, term.within.days), (day("2025-03-03"), Some(day("2025-03-03")), 12));
    world.at("2025-03-10").message(run, "report");
    let term = world.case(run).terms.values().next().unwrap();
    assert_eq!((term.stopped.as_slice(), term.due), (&[(day("2025-03-04"), day("2025-03-10"))][..], Some(day("2025-03-26"))), "twelve days after the hearing");
}

#[test]
fn a_cause_that_no_longer_stops_lets_the_term_run_from_that_day() {
    let steps = || vec![message("hear", "report").stops("hearing").block(), task("sign", "head").block()];
    let mut world = World::new(&[&Flow::new("p", steps()).limit(limit(10, &["hearing"]))], PEOPLE);
    let run = world.start(json!({}));
    world.at("2025-03-06");
    migrate(&mut world, run, &[&Flow::new("p", steps()).limit(limit(10, &[]))], &[]).unwrap();
    let term = world.case(run).terms.values().next().unwrap();
    assert_eq!((term.stopped.as_slice(), term.due), (&[(day("2025-03-04"), day("2025-03-06"))][..], Some(day("2025-03-20"))));
    let mut other = World::new(&[&Flow::new("p", steps()).limit(limit(10, &["hearing"]))], PEOPLE);
    let run = other.start(json!({}));
    assert_eq!(codes(migrate(&mut other, run, &[&Flow::new("p", steps())], &[]))[0].0, "term_gone", "a promised date is not taken back");
}

#[test]
fn a_running_link_goes_over_with_its_caller_and_its_steps_by_its_own_map() {
    let link = |first: &str| Flow::new("eia", vec![task(first, "clerk").block(), task("decide", "head").block()]);
    let call = || step("review", Does::Call("eia".to_owned()), &["approved"]).block();
    let old = Flow::new("p", vec![call(), task("sign", "head").block()]);
    let mut world = World::new(&[&old, &link("accept")], PEOPLE);
    let run = world.start(json!({}));
    let from = world.case(run).revision;
    let new = Flow::new("p", vec![call(), task("file", "clerk").block(), task("sign", "head").block()]);
    let second = version(&[&new, &link("receive")], "second");
    let to = second.digest;
    world.publish(second);
    let map = StepMap::from([("eia".into(), [("accept".into(), "receive".into())].into())]);
    world.act(run, &Actor::Operator("op".to_owned()), &Command::Migrate { from, to, map }).unwrap();
    world.check(run).unwrap();
    assert_eq!(world.open(run), ["receive".into()].into());
    for (who, step) in [("ann", "receive"), ("eve", "decide"), ("ann", "file"), ("eve", "sign")] {
        world.complete(run, who, (step, "done")).unwrap();
    }
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn separation_of_duties_follows_a_step_to_its_new_key_and_another_pool_is_asked_anew() {
    let old = Flow::new("p", vec![task("accept", "clerk").block(), task("check", "clerk").not("accept").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    world.claim(run, "bob", "check").unwrap();
    let mut other = task("check", "clerk").not("receive");
    if let Does::Task { by, .. } = &mut other.does {
        *by = greenlane::definition::graph::Pool::Posts { offices: vec!["office".into(), "bureau".into()], post: "clerk".into() };
    }
    let new = Flow::new("p", vec![task("receive", "clerk").block(), other.block()]);
    migrate(&mut world, run, &[&new], &[("accept", "receive")]).unwrap();
    assert_eq!(world.claim(run, "ann", "check").unwrap_err().code, "separation_of_duties", "under its new key");
    world.claim(run, "liu", "check").unwrap();
}

#[test]
fn only_who_publishes_migrates_and_only_from_the_version_named() {
    let old = Flow::new("p", vec![task("a", "clerk").block()]);
    let mut world = World::new(&[&old], PEOPLE);
    let run = world.start(json!({}));
    let from = world.case(run).revision;
    let second = version(&[&old], "second");
    let to = second.digest;
    world.publish(second);
    let command = |from| Command::Migrate { from, to, map: StepMap::new() };
    for actor in [Actor::Person(person("ann")), Actor::Person(person("chen")), Actor::System] {
        assert!(world.act(run, &actor, &command(from)).is_err(), "{actor:?}");
    }
    let operator = Actor::Operator("op".to_owned());
    assert_eq!(world.act(run, &operator, &command(Digest::of(b"other"))).unwrap_err().code, "revision_changed");
    assert_eq!(world.act(run, &operator, &Command::Migrate { from, to: Digest::of(b"none"), map: StepMap::new() }).unwrap_err().code, "unknown_revision");
    world.act(run, &operator, &command(from)).unwrap();
    assert_eq!(world.act(run, &operator, &command(from)).unwrap(), [], "once more changes nothing");
}
