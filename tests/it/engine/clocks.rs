//! Terms and timers: what starts, stops, moves and ends them, what they say when, and what the law makes of silence.

use greenlane::calendar::{Span, Unit};
use greenlane::definition::graph::{Audience, Deem, ExtendRule, Manner, Rung, TermEnd, TermKind, TermRule, TermStart};
use greenlane::engine::case::{Case, Term};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::effect::Effect;
use greenlane::engine::event::Event;
use serde_json::json;

use super::flow::{Block, Does, Flow, StepBlock, Way, message, par, step, task};
use super::world::{World, day, morning, person};

const PEOPLE: &[(&str, &str, &str)] = &[("ann", "office", "clerk"), ("bob", "office", "clerk"), ("eve", "office", "head"), ("max", "bureau", "head")];

fn days(days: u32, unit: Unit) -> Span {
    Span { days, unit }
}

fn term(key: &str, kind: TermKind, within: Span, from: TermStart) -> TermRule {
    let rung = |offset, notice: &str| Rung {
        offset,
        unit: Unit::Working,
        minute: 540,
        notice: notice.into(),
        to: vec![Audience::Assignee],
        order: None,
        urgent: false,
    };
    TermRule {
        key: key.into(),
        kind,
        within,
        by_class: std::collections::BTreeMap::new(),
        from,
        until: TermEnd::Left,
        excludes: ["evaluation".into()].into(),
        basis: None,
        extend: Some(ExtendRule { by: days(10, Unit::Working), approved_by: "head".into() }),
        rungs: vec![rung(-1, "o.yellow"), rung(0, "o.today"), rung(1, "o.red")],
        on_expiry: None,
        manner: Manner::default(),
    }
}

fn outcome(step: &str) -> TermStart {
    TermStart::Outcome { step: step.into(), outcome: "done".into() }
}

fn running<'c>(case: &'c Case, key: &str) -> &'c Term {
    case.terms.values().find(|term| &*term.key == key).unwrap_or_else(|| panic!("`{key}` does not run"))
}

fn fired(events: &[Event]) -> Vec<u16> {
    events.iter().filter_map(|event| if let Event::RungFired { rung, .. } = event { Some(*rung) } else { None }).collect()
}

/// Accept, then an evaluation that stands still the clock, then a decision: the environmental report of PROCEDURES 9.5.
fn eia() -> (World, usize) {
    let promised = term("promised", TermKind::Promised, days(7, Unit::Working), outcome("accept"));
    let mut statutory = term("statutory", TermKind::Statutory, days(30, Unit::Calendar), TermStart::Received { step: "accept".into(), outcome: "done".into() });
    statutory.until = TermEnd::Outcome { step: "sign".into(), outcomes: vec!["done".into()] };
    let mut notice = promised.clone();
    (notice.key, notice.excludes) = ("notice".into(), ["notice".into(), "evaluation".into()].into());
    let blocks = vec![
        task("accept", "clerk").block(),
        step("notice", Does::Timer(days(5, Unit::Working)), &["elapsed"]).stops("notice").block(),
        message("evaluate", "report").stops("evaluation").block(),
        task("sign", "head").block(),
        task("serve", "clerk").block(),
    ];
    let flow = Flow::new("p", blocks).limit(promised).limit(statutory).limit(notice);
    let mut world = World::new(&[&flow], PEOPLE);
    world.at("2025-03-24");
    let run = world.start(json!({}));
    world.complete(run, "ann", ("accept", "done")).unwrap();
    (world, run)
}

#[test]
fn each_term_has_its_own_list_of_what_stops_it() {
    let (mut world, run) = eia();
    assert_eq!(running(world.case(run), "promised").due, Some(day("2025-04-02")));
    assert!(running(world.case(run), "promised").stopped_on.is_none(), "a notice does not stop it");
    assert_eq!(running(world.case(run), "notice").stopped_on, Some(day("2025-03-24")));
    // The five working days of the notice are over with the end of 03-31, the last day it leaves out; the evaluation begins that night and has 04-01 whole.
    assert_eq!(world.sleep_until_due(run), Some(greenlane::ids::Moment::start_of(day("2025-04-01"))));
    assert_eq!(running(world.case(run), "notice").stopped, [(day("2025-03-25"), day("2025-03-31"))]);
    assert_eq!(running(world.case(run), "notice").stopped_on, Some(day("2025-03-31")));
}

#[test]
fn stopped_days_are_left_out_and_a_holiday_at_the_end_moves_a_statutory_limit() {
    let (mut world, run) = eia();
    world.at("2025-03-31");
    // The story has the notice end and the evaluation begin on 03-31 and end on 04-11.
    let timer = *world.case(run).timers.keys().next().unwrap();
    assert!(world.case(run).timers[&timer].at.unwrap() > world.now);
    world.at("2025-04-01");
    world.wake(run);
    assert_eq!(running(world.case(run), "promised").stopped_on, Some(day("2025-03-31")));
    assert_eq!(greenlane::engine::next_wake(world.case(run)), None, "nothing speaks while every clock stands still");
    world.at("2025-04-11");
    let events = world.message(run, "report");
    assert_eq!(events.iter().filter(|event| matches!(event, Event::TermMoved { .. })).count(), 3);
    // Five working days were used by 03-31; 04-01 to 04-11 are left out, so the seventh is 04-15.
    assert_eq!(running(world.case(run), "promised").due, Some(day("2025-04-15")));
    // 30 days from 03-24 and eleven left out end on the Labour Day holiday, which ends on 05-05.
    assert_eq!(running(world.case(run), "statutory").due, Some(day("2025-05-06")));
}

#[test]
fn a_wait_that_ends_at_midnight_leaves_out_no_day_after_its_last() {
    let mut notice = term("notice", TermKind::Promised, days(7, Unit::Working), outcome("accept"));
    notice.excludes = ["notice".into()].into();
    let blocks = vec![
        task("accept", "clerk").block(),
        step("notice", Does::Timer(days(5, Unit::Working)), &["elapsed"]).stops("notice").block(),
        task("sign", "head").block(),
    ];
    let mut world = World::new(&[&Flow::new("p", blocks).limit(notice)], PEOPLE);
    for wakes in ["2025-04-01", "2025-04-03"] {
        world.at("2025-03-24");
        let run = world.start(json!({}));
        world.complete(run, "ann", ("accept", "done")).unwrap();
        world.at(wakes);
        world.wake(run);
        let promised = running(world.case(run), "notice");
        // The notice took 03-25 to 03-31; 04-01 counts, whenever the machine came round to it.
        assert_eq!((promised.stopped.as_slice(), promised.due), (&[(day("2025-03-25"), day("2025-03-31"))][..], Some(day("2025-04-10"))), "woken {wakes}");
    }
}

#[test]
fn a_decision_ends_its_term_and_serving_it_does_not_run_on() {
    let (mut world, run) = eia();
    world.at("2025-04-01");
    world.wake(run);
    world.message(run, "report");
    let events = world.complete(run, "eve", ("sign", "done")).unwrap();
    assert!(events.iter().any(|event| matches!(event, Event::TermEnded { met: true, .. })));
    assert!(world.case(run).terms.values().all(|term| &*term.key != "statutory"));
    running(world.case(run), "promised");
}

#[test]
fn a_stop_after_the_last_day_is_written_down_and_moves_nothing() {
    let (mut world, run) = eia();
    world.at("2025-04-22");
    let events = world.wake(run);
    let counts: Vec<bool> = events.iter().filter_map(|event| if let Event::TermStopped { counts, .. } = event { Some(*counts) } else { None }).collect();
    assert_eq!(counts, [false, true, false], "promised expired on 04-02; statutory did not; notice ran again from 04-01 and expired on 04-10");
    world.at("2025-04-30");
    world.message(run, "report");
    let promised = running(world.case(run), "promised");
    assert_eq!((promised.due, promised.stopped.len()), (Some(day("2025-04-02")), 0));
}

#[test]
fn a_wake_fires_what_is_due_once_and_in_order() {
    let flow = Flow::new("p", vec![task("a", "clerk").term(term("a", TermKind::Step, days(3, Unit::Working), TermStart::Entered)).block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(world.wake(run), [], "nothing is due yet");
    assert_eq!(greenlane::engine::next_wake(world.case(run)), Some(morning("2025-03-05")));
    world.at("2025-03-06");
    assert_eq!(fired(&world.wake(run)), [0, 1]);
    assert_eq!(world.told(run), ["o.yellow", "o.today"]);
    assert_eq!(world.wake(run), [], "a cause is consumed");
    world.at("2025-03-09");
    assert_eq!(fired(&world.wake(run)), [2], "the red one spoke of 03-07, and is said when the machine wakes on Sunday");
    let told = world.runs[run].effects.clone();
    assert!(told.iter().all(|effect| matches!(effect, Effect::Notice(notice) if notice.entry == morning("2025-03-03"))));
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(greenlane::engine::next_wake(world.case(run)), None, "a term that ended says nothing");
}

#[test]
fn a_rung_on_a_day_off_waits_for_a_working_day_unless_it_is_urgent_or_would_wait_past_the_due_day() {
    // Begun on Monday 03-03, due on Sunday 03-16: 03-08, 03-09, 03-15 and 03-16 are days off.
    let at = |offset, urgent| {
        let mut a = term("a", TermKind::Step, days(13, Unit::Calendar), TermStart::Entered);
        let rung = a.rungs.remove(0);
        a.rungs = vec![Rung { offset, unit: Unit::Calendar, urgent, ..rung }];
        let mut world = World::new(&[&Flow::new("p", vec![task("a", "clerk").term(a).block()])], PEOPLE);
        let run = world.start(json!({}));
        running(world.case(run), "a").rungs[0].at.civil().format("%m-%d %R").to_string()
    };
    let cases =
        [(-8, false, "03-10"), (-8, true, "03-08"), (-4, false, "03-12"), (-1, false, "03-15"), (0, false, "03-16"), (6, false, "03-24"), (6, true, "03-22")];
    for (offset, urgent, expected) in cases {
        assert_eq!(at(offset, urgent), format!("{expected} 09:00"), "{offset} urgent {urgent}");
    }
}

#[test]
fn rungs_gone_by_when_a_term_starts_are_not_said() {
    let flow = Flow::new("p", vec![task("a", "clerk").term(term("a", TermKind::Step, days(0, Unit::Working), TermStart::Entered)).block()]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    let rungs: Vec<u16> = running(world.case(run), "a").rungs.iter().map(|rung| rung.rung).collect();
    assert_eq!(rungs, [2]);
}

#[test]
fn rungs_already_said_do_not_come_back_for_the_same_date() {
    let a = task("a", "clerk").term(term("a", TermKind::Step, days(3, Unit::Working), TermStart::Entered)).block();
    let b = message("b", "report").stops("evaluation").block();
    let flow = Flow::new("p", vec![par("split", vec![a, Block::Seq(vec![task("start", "head").block(), b])])]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.at("2025-03-05");
    assert_eq!(fired(&world.wake(run)), [0]);
    world.complete(run, "eve", ("start", "done")).unwrap();
    world.message(run, "report");
    let rungs: Vec<u16> = running(world.case(run), "a").rungs.iter().map(|rung| rung.rung).collect();
    assert_eq!(rungs, [1, 2], "stopped and resumed on one day: the date is the same, and its warning was given");
}

fn deemed() -> StepBlock {
    let mut five = term("accept", TermKind::Statutory, days(5, Unit::Working), TermStart::Entered);
    five.on_expiry = Some(Deem { outcome: "done".into(), basis: "行政许可法 32(四)".to_owned(), from_receipt: true });
    task("accept", "clerk").way("refused", Way::End("refused".to_owned())).term(five)
}

#[test]
fn silence_becomes_the_outcome_of_the_law_and_nobodys_act() {
    let flow = Flow::new("p", vec![deemed().block(), task("check", "clerk").not("accept").block()]);
    let flow = flow.limit(term("promised", TermKind::Promised, days(20, Unit::Working), outcome("accept")));
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    world.claim(run, "ann", "accept").unwrap();
    world.at("2025-03-10");
    world.wake(run);
    assert_eq!(world.open(run), ["accept".into()].into(), "the last day is not over");
    world.at("2025-03-11");
    let events = world.wake(run);
    let done = events.iter().find_map(|event| match event {
        Event::StepDone { by, deemed, outcome, .. } => Some((*by, deemed.clone(), outcome.to_string())),
        _ => None,
    });
    assert_eq!(done, Some((None, Some("行政许可法 32(四)".to_owned()), "done".to_owned())));
    assert_eq!(running(world.case(run), "promised").from, day("2025-03-03"), "accepted from the day the papers came");
    assert!(world.told(run).contains(&"a.deemed".to_owned()));
    world.complete(run, "ann", ("check", "done")).unwrap();
}

#[test]
fn an_extension_is_given_once_in_time_by_whoever_may() {
    let flow = Flow::new("p", vec![task("a", "clerk").block()]).limit(term("promised", TermKind::Promised, days(5, Unit::Working), TermStart::Entered));
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    let (id, body) = (*world.case(run).terms.keys().next().unwrap(), Some(world.opinion()));
    let extend = |world: &mut World, who: &str, by: u32| {
        let told = world.act(run, &Actor::Person(person(who)), &Command::Extend { term: id, by, body });
        told.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(extend(&mut world, "ann", 5), Err("not_approver"));
    assert_eq!(extend(&mut world, "max", 5), Err("not_approver"), "the head of another office");
    assert_eq!(extend(&mut world, "eve", 11), Err("extension_too_long"));
    assert_eq!(extend(&mut world, "eve", 0), Err("extension_too_long"));
    extend(&mut world, "eve", 10).unwrap();
    assert_eq!(running(world.case(run), "promised").due, Some(day("2025-03-24")));
    assert_eq!(world.told(run), ["a.extended"]);
    assert_eq!(extend(&mut world, "eve", 1), Err("already_extended"));
}

#[test]
fn a_term_that_has_expired_is_not_extended() {
    let flow = Flow::new("p", vec![task("a", "clerk").block()]).limit(term("promised", TermKind::Promised, days(5, Unit::Working), TermStart::Entered));
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    let (term, body) = (*world.case(run).terms.keys().next().unwrap(), Some(world.opinion()));
    world.at("2025-03-11");
    let told = world.act(run, &Actor::Person(person("eve")), &Command::Extend { term, by: 5, body });
    assert_eq!(told.unwrap_err().code, "term_expired");
}

#[test]
fn past_the_published_calendar_there_is_no_date_until_a_year_is_published() {
    let flow = Flow::new("p", vec![task("a", "clerk").block(), step("wait", Does::Timer(days(9, Unit::Working)), &["elapsed"]).block()]);
    let flow = flow.limit(term("working", TermKind::Promised, days(30, Unit::Working), TermStart::Entered));
    let flow = flow.limit(term("calendar", TermKind::Promised, days(30, Unit::Calendar), TermStart::Entered));
    let mut world = World::new(&[&flow], PEOPLE);
    let published = std::mem::take(&mut world.calendar);
    let run = world.start(json!({}));
    let due = |world: &World, key: &str| (running(world.case(run), key).due, running(world.case(run), key).provisional);
    assert_eq!(due(&world, "working"), (None, true));
    assert_eq!(due(&world, "calendar"), (Some(day("2025-04-02")), true));
    world.complete(run, "ann", ("a", "done")).unwrap();
    assert_eq!(world.case(run).timers.values().next().unwrap().at, None);
    world.calendar = published;
    let recompute = |world: &mut World| world.act(run, &Actor::System, &Command::Recompute).unwrap();
    assert_eq!(recompute(&mut world).len(), 3);
    assert_eq!(due(&world, "working"), (Some(day("2025-04-15")), false));
    assert!(world.case(run).timers.values().next().unwrap().at.is_some());
    assert_eq!(recompute(&mut world), [], "it is computed once");
}
