//! Whole cases: starting, calling, numbering, withdrawing, messages, registers, and the facts a decision asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenlane::definition::graph::{NumberRule, Pool};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::facts::{Decision, Facts, Need};
use greenlane::engine::{REGISTER, decide, evolve, fold_act, next_wake};
use greenlane::forms::Form;
use greenlane::ids::{CaseId, Digest, PersonId, Tenant};
use serde_json::json;
use uuid::Uuid;

use super::flow::{Block, BranchBlock, Does, Flow, Way, message, par, step, task};
use super::world::{World, person};

const PEOPLE: &[(&str, &str, &str)] = &[("ann", "office", "clerk"), ("eve", "office", "head")];

fn series() -> NumberRule {
    NumberRule::Series { series: "GC".into(), pattern: "GC{year}{seq:4}".to_owned() }
}

fn start_command(world: &World) -> Command {
    let (workflow, revision) = (world.bundle.root.clone(), world.bundle.digest);
    Command::Start { tenant: Tenant(420_700), case: CaseId(Uuid::from_u128(5)), workflow, revision, form: None, rank: 1 }
}

/// Decides without any loaded fact.
fn decide_bare(world: &World, actor: &Actor, command: &Command) -> Decision {
    let none = super::world::Nothing::default();
    decide(None, actor, command, &world.facts(&none))
}

#[test]
fn numbers_are_taken_from_a_series_and_a_called_workflow_adds_its_suffix() {
    let callee = Flow::new("eia", vec![task("accept", "clerk").block()]).numbered(NumberRule::Suffix("-HP".to_owned()));
    let letter = step("letter", Does::Document { kind: "approval".to_owned(), number: Some(series()) }, &["issued"]).block();
    let flow = Flow::new("p", vec![step("eia", Does::Call("eia".to_owned()), &["approved"]).block(), letter]).numbered(series());
    let mut world = World::new(&[&flow, &callee], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(world.case(run).number.as_deref(), Some("GC20250001"));
    let called = world.case(run).scopes.values().find(|scope| scope.caller.is_some()).unwrap();
    assert_eq!(called.number.as_deref(), Some("GC20250001-HP"));
    let events = world.complete(run, "ann", ("accept", "done")).unwrap();
    let issued = events.iter().find_map(|event| if let Event::DocumentIssued { number, .. } = event { number.clone() } else { None });
    assert_eq!(issued.as_deref(), Some("GC20250002"));
    assert_eq!(world.told(run), ["a.ready", "a.closed"]);
    assert_eq!(world.counters["GC/2025"], 2);
}

#[test]
fn a_workflow_with_both_takes_the_suffix_under_a_number_and_draws_its_own_where_there_is_none() {
    let either = || NumberRule::Either { suffix: "-YD".to_owned(), series: "YD".into(), pattern: "YD{year}{seq:4}".to_owned() };
    let callee = Flow::new("quota", vec![task("accept", "clerk").block()]).numbered(either());
    let call = || step("quota", Does::Call("quota".to_owned()), &["approved"]).block();
    let called = |world: &World, run| world.case(run).scopes.values().find(|scope| scope.caller.is_some()).unwrap().number.clone();
    let mut world = World::new(&[&Flow::new("p", vec![call()]).numbered(series()), &callee], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!(called(&world, run).as_deref(), Some("GC20250001-YD"));
    assert!(!world.counters.contains_key("YD/2025"), "no number of the series is spent on a call");
    let mut alone = World::new(&[&callee], PEOPLE);
    let run = alone.start(json!({}));
    assert_eq!(alone.case(run).number.as_deref(), Some("YD20250001"));
    let mut unnumbered = World::new(&[&Flow::new("p", vec![call()]), &callee], PEOPLE);
    let run = unnumbered.start(json!({}));
    assert_eq!((unnumbered.case(run).number.clone(), called(&unnumbered, run).as_deref()), (None, Some("YD20250001")));
}

#[test]
fn a_call_ends_with_the_result_of_its_workflow() {
    let callee = Flow::new("callee", vec![task("check", "clerk").way("no", Way::End("refused".to_owned())).block()]);
    let call = step("call", Does::Call("callee".to_owned()), &["approved"]).way("refused", Way::End("refused".to_owned())).block();
    let mut world = World::new(&[&Flow::new("p", vec![call]), &callee], PEOPLE);
    let run = world.start(json!({}));
    world.complete(run, "ann", ("check", "no")).unwrap();
    assert_eq!(world.result(run).as_deref(), Some("refused"));
    let root = &world.case(run).scopes[&0];
    assert_eq!((world.case(run).scopes.len(), &*root.done["call"].outcome), (1, "refused"));
}

#[test]
fn a_correction_asked_for_by_one_link_is_read_by_all_and_dates_its_own_receipt() {
    let edit = Does::Task { by: Pool::Applicant, not: Vec::new(), same_as: None, edits_form: true };
    let callee = Flow::new("callee", vec![step("correct", edit, &["resubmitted"]).block(), task("check", "clerk").block()]);
    let call = |key: &str| step(key, Does::Call("callee".to_owned()), &["approved"]).block();
    let mut world = World::new(&[&Flow::new("p", vec![par("links", vec![call("eia"), call("land")])]), &callee], PEOPLE);
    let yaml = "form: f\ntitle: {zh: 表, en: Form}\nfields:\n  - {key: n, title: {zh: 数, en: Number}, type: integer, required: true}\n";
    let shared = Arc::new(Form::parse(yaml, "f.yaml").unwrap());
    for program in world.bundle.programs.values_mut() {
        Arc::make_mut(program).form = Some(shared.clone());
    }
    let run = world.start(json!({"n": 1}));
    world.at("2025-03-06");
    let task = world.task(run, "correct");
    let scope = world.case(run).tasks[&task].scope;
    let (body, form) = (Some(world.opinion()), Some(world.body(json!({"n": 2}))));
    world.act(run, &Actor::Person(person("chen")), &Command::Complete { task, outcome: "resubmitted".into(), body, form }).unwrap();
    let case = world.case(run);
    assert_eq!((case.scopes[&0].form, case.scopes[&scope].form), (form, None), "the application is one");
    let received: Vec<_> = case.scopes.values().map(|scope| scope.received.to_string()).collect();
    assert_eq!(received, ["2025-03-03", "2025-03-06", "2025-03-03"], "only the link that asked counts from the correction");
    let (task, wrong) = (world.task(run, "correct"), Some(world.body(json!({"n": "many"}))));
    let told = world.act(run, &Actor::Person(person("chen")), &Command::Complete { task, outcome: "resubmitted".into(), body, form: wrong });
    assert_eq!(told.unwrap_err().details.len(), 1, "every mistake of the form is named");
}

#[test]
fn calls_of_one_region_run_side_by_side_and_the_join_waits_for_both() {
    let callee = Flow::new("callee", vec![task("check", "clerk").block()]);
    let call = |key: &str| step(key, Does::Call("callee".to_owned()), &["approved"]).block();
    let flow = Flow::new("p", vec![par("links", vec![call("eia"), call("land")]), task("close", "head").block()]);
    let mut world = World::new(&[&flow, &callee], PEOPLE);
    let run = world.start(json!({}));
    assert_eq!((world.case(run).scopes.len(), world.case(run).tasks.len()), (3, 2));
    world.complete(run, "ann", ("check", "done")).unwrap();
    assert_eq!(world.open(run), ["check".into()].into());
    world.complete(run, "ann", ("check", "done")).unwrap();
    assert_eq!(world.open(run), ["close".into()].into());
}

#[test]
fn a_workflow_that_calls_itself_for_ever_is_refused() {
    let flow = Flow::new("p", vec![step("call", Does::Call("p".to_owned()), &["approved"]).block()]);
    let world = World::new(&[&flow], PEOPLE);
    let told = decide_bare(&world, &Actor::Person(person("chen")), &start_command(&world));
    assert!(matches!(told, Decision::Refused(refusal) if refusal.code == "calls_too_deep"));
}

#[test]
fn automatic_steps_that_run_in_a_circle_are_refused() {
    let letter = |key: &str, to: &str| step(key, Does::Document { kind: "sheet".to_owned(), number: None }, &[]).way("issued", Way::To(to.to_owned())).block();
    let world = World::new(&[&Flow::new("p", vec![letter("a", "b"), letter("b", "a")])], PEOPLE);
    let told = decide_bare(&world, &Actor::Person(person("chen")), &start_command(&world));
    assert!(matches!(told, Decision::Refused(refusal) if refusal.code == "definition_loops"));
}

#[test]
fn a_start_is_refused_without_the_post_the_workflow_or_the_revision() {
    let world = World::new(&[&Flow::new("p", vec![task("a", "clerk").block()])], PEOPLE);
    let code = |actor: &Actor, command: &Command| match decide_bare(&world, actor, command) {
        Decision::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    };
    let chen = Actor::Person(person("chen"));
    assert_eq!(code(&Actor::Person(person("ann")), &start_command(&world)), "without_post");
    assert_eq!(code(&Actor::Operator("ops".to_owned()), &start_command(&world)), "person_only");
    assert_eq!(code(&chen, &Command::Wake), "no_such_case");
    let mut other = start_command(&world);
    if let Command::Start { workflow, .. } = &mut other {
        *workflow = "other".into();
    }
    assert_eq!(code(&chen, &other), "unknown_workflow");
    let mut old = start_command(&world);
    if let Command::Start { revision, .. } = &mut old {
        *revision = Digest::of(b"old");
    }
    assert_eq!(code(&chen, &old), "revision_changed");
}

#[test]
fn a_decision_asks_for_all_the_facts_it_lacks_and_for_nothing_it_does_not_read() {
    let when = |when: &str| Some(when.to_owned());
    let branches = vec![
        BranchBlock { body: task("b", "clerk").block(), when: when("a.outcome = \"done\""), beside: false },
        BranchBlock { body: task("c", "clerk").block(), when: when("a.share > form.least"), beside: false },
    ];
    let flow = Flow::new("p", vec![task("a", "clerk").block(), Block::Par("split".to_owned(), branches)]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({"least": 3}));
    let (task, form) = (world.task(run, "a"), world.case(run).scopes[&0].form.unwrap());
    let body = world.body(json!({"opinion": "同意", "fields": {"share": 4}}));
    let command = Command::Complete { task, outcome: "done".into(), body: Some(body), form: None };
    let (balances, counters) = (BTreeMap::new(), BTreeMap::new());
    let none = super::world::Nothing::default();
    let facts = Facts { balances: &balances, counters: &counters, ..world.facts(&none) };
    let told = decide(Some(world.case(run)), &Actor::Person(person("ann")), &command, &facts);
    assert_eq!(told, Decision::Needs([Need::Body(form.commit), Need::Body(body.commit)].into()));
    world.act(run, &Actor::Person(person("ann")), &command).unwrap();
    assert_eq!(world.open(run), ["b".into(), "c".into()].into());
}

#[test]
fn withdrawing_closes_everything_and_is_the_applicants_alone() {
    let blocks = vec![par("split", vec![task("a", "clerk").block(), message("b", "letter").block()])];
    let mut world = World::new(&[&Flow::new("p", blocks)], PEOPLE);
    let run = world.start(json!({}));
    let withdraw = Command::Withdraw { body: None };
    assert_eq!(world.act(run, &Actor::Person(person("ann")), &withdraw).unwrap_err().code, "not_applicant");
    world.act(run, &Actor::Person(person("chen")), &withdraw).unwrap();
    world.check(run).unwrap();
    assert_eq!((world.result(run).as_deref(), next_wake(world.case(run))), (Some("withdrawn"), None));
    assert_eq!(world.act(run, &Actor::Person(person("chen")), &withdraw).unwrap_err().code, "case_ended");
}

#[test]
fn a_message_reaches_whoever_waits_for_it_and_the_second_copy_nobody() {
    let flow = Flow::new("p", vec![par("split", vec![message("a", "letter").block(), message("b", "letter").block(), message("c", "call").block()])]);
    let mut world = World::new(&[&flow], PEOPLE);
    let run = world.start(json!({}));
    assert!(world.act(run, &Actor::Person(person("ann")), &Command::Message { name: "letter".into(), token: None }).is_err());
    world.message(run, "letter");
    assert_eq!(world.waiting_for(run, "letter"), 0);
    assert_eq!(world.message(run, "letter"), []);
    world.message(run, "call");
    assert_eq!(world.result(run).as_deref(), Some("approved"));
}

#[test]
fn a_register_keeps_what_is_written_and_has_no_token() {
    let mut world = World::new(&[&Flow::new("p", vec![task("a", "clerk").block()])], PEOPLE);
    let mut start = start_command(&world);
    if let Command::Start { workflow, .. } = &mut start {
        *workflow = REGISTER.into();
    }
    world.runs.push(super::world::Run::default());
    assert_eq!(world.act(0, &Actor::Person(person("chen")), &start).unwrap_err().code, "machine_only");
    let operator = Actor::Operator("root".to_owned());
    world.act(0, &operator, &start).unwrap();
    let body = Some(world.opinion());
    world.act(0, &operator, &Command::Record { what: "workflow-published".into(), body, after: None }).unwrap();
    world.check(0).unwrap();
    assert_eq!((world.case(0).seq, world.case(0).applicant), (2, PersonId(Uuid::nil())));
    let run = world.start(json!({}));
    let record = Command::Record { what: "note".into(), body, after: None };
    assert_eq!(world.act(run, &operator, &record).unwrap_err().code, "not_a_register");
}

#[test]
fn notices_that_are_settled_more_often_than_queued_never_count_below_zero() {
    let mut world = World::new(&[&Flow::new("p", vec![task("a", "clerk").block()])], PEOPLE);
    let run = world.start(json!({}));
    let settled = Command::NoticeSettled { key: "k".to_owned(), sent: true, attempts: 2, at: world.now, next: None };
    world.act(run, &Actor::System, &settled).unwrap();
    assert_eq!(world.case(run).notices_open, 0);
    assert!(world.act(run, &Actor::Person(person("ann")), &settled).is_err());
}

#[test]
fn an_event_before_the_start_makes_no_case() {
    let event = Event::TaskClaimed { task: 1, by: person("ann") };
    assert_eq!(evolve(None, &event), None);
    assert_eq!(fold_act(None, &[event]), None);
}
