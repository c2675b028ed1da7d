//! Outside jobs: offered, fetched by a lease, done, failed, parked, tried again, reported as an error, gone with their step.

use greenlane::definition::library::SourceFile;
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::refusal::Refusal;
use greenlane::expr::Value;
use serde_json::json;

use super::{PEOPLE, file, loaded, world, wrong};
use crate::engine::world::{World, person};

const JOB: &str = "topic: credit, with: {code: form.code}, fields: forms/credit.yaml, errors: [unknown-company], retries: 2, retry-after: [10 minutes, 1 hour]";
const MINUTE_MS: i64 = 60_000;

fn credit(job: &str) -> World {
    let steps = format!(
        "  work: {{title: 收件, task: {{by: clerk, outcomes: [done]}}, next: check}}
  check:
    title: 核验
    job: {{{job}}}
    within: 1 working day
    events: [{{error: unknown-company, next: manual}}, {{message: stop, interrupting: true, next: manual}}]
    next: sign
  sign:
    title: 签发
    task: {{by: head, outcomes: [done]}}
    may-return: {{to: [work], then: walk-again}}
    next: over
  manual: {{title: 人工核对, task: {{by: head, outcomes: [done]}}, next: over}}
  over: {{end: approved}}
"
    );
    let form = SourceFile {
        key: "forms/credit.yaml".into(),
        shown: "forms/credit.yaml".into(),
        text: "form: credit\ntitle: {zh: 信用, en: Credit}\nsections:\n  - title: {zh: 信用, en: Credit}\n    fields:\n      - {key: grade, title: {zh: 等级, en: Grade}, type: choice, choices: [a, b], required: true}\n".into(),
    };
    let library = loaded(&[file("p", &steps), form]).unwrap_or_else(|found| panic!("{found:?}"));
    World::of(library.bundle("p").unwrap().clone(), PEOPLE)
}

fn at_the_job() -> (World, usize, u32) {
    let mut world = credit(JOB);
    let run = world.start(json!({"code": "91420700X"}));
    world.complete(run, "ann", ("work", "done")).unwrap();
    let job = world.job(run, "check");
    (world, run, job)
}

fn act(world: &mut World, run: usize, who: &str, command: &Command) -> Result<Vec<Event>, Refusal> {
    let done = world.act(run, &Actor::Person(person(who)), command);
    world.check(run).unwrap();
    done
}

fn complete(world: &mut World, job: u32, fence: i64) -> Command {
    let body = Some(world.body(json!({"fields": {"grade": "a"}})));
    Command::JobComplete { job, fence, body }
}

fn fail(world: &mut World, job: u32, fence: i64) -> Command {
    Command::JobFail { job, fence, body: Some(world.opinion()), retries: None, pause_s: None }
}

#[test]
fn a_job_is_offered_with_what_its_author_hands_over_and_its_answer_is_read_further_on() {
    let (mut world, run, job) = at_the_job();
    let open = &world.case(run).jobs[&job];
    assert_eq!((&*open.topic, open.retries, open.due), ("credit", 2, Some(world.now)));
    assert_eq!(open.given["code"], Value::Text("91420700X".to_owned()));
    let fence = world.fetch(run, "wyn", job);
    let command = complete(&mut world, job, fence);
    let events = act(&mut world, run, "wyn", &command).unwrap();
    // An outside system decides nothing in a person's name.
    assert!(events.iter().any(|event| matches!(event, Event::StepDone { by: None, outcome, .. } if &**outcome == "done")));
    assert!(events.iter().any(|event| matches!(event, Event::JobEnded { by: Some(by), .. } if *by == person("wyn"))));
    assert_eq!(world.standing(run), ["sign"]);
    assert!(world.case(run).jobs.is_empty() && world.case(run).scopes.values().all(|scope| !scope.actors.contains_key("check")));
    // Once more, and everything else under that lease, comes too late.
    assert_eq!(act(&mut world, run, "wyn", &command).unwrap_err().code, "job_over");
    let late = fail(&mut world, job, fence);
    assert_eq!(act(&mut world, run, "wyn", &late).unwrap_err().code, "job_over");
}

#[test]
fn what_is_handed_back_must_fit_what_the_step_declares() {
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    for (fields, path) in [(json!({}), "/fields/grade"), (json!({"grade": "z"}), "/fields/grade"), (json!({"grade": "a", "other": 1}), "/fields/other")] {
        let body = Some(world.body(json!({"fields": fields})));
        let refused = act(&mut world, run, "wes", &Command::JobComplete { job, fence, body }).unwrap_err();
        assert_eq!((refused.code, refused.details[0].path.as_str()), ("form_wrong", path));
    }
    // The lease still holds: nothing was used up.
    let command = complete(&mut world, job, fence);
    act(&mut world, run, "wes", &command).unwrap();
}

#[test]
fn a_lease_that_was_given_to_another_is_lost() {
    let (mut world, run, job) = at_the_job();
    let first = world.fetch(run, "wes", job);
    let second = world.fetch(run, "wyn", job);
    for (who, fence) in [("wes", first), ("wes", second), ("wyn", first), ("wyn", second + 1), ("wyn", 0)] {
        let command = complete(&mut world, job, fence);
        let refused = act(&mut world, run, who, &command).unwrap_err();
        assert_eq!(refused.code, "lease_lost", "{who} {fence}");
    }
    let command = complete(&mut world, job, second);
    act(&mut world, run, "wyn", &command).unwrap();
}

#[test]
fn only_an_outside_systems_account_of_the_topic_works_on_it() {
    let mut world = credit(&JOB.replace("topic: credit", "topic: seal"));
    let run = world.start(json!({"code": "x"}));
    world.complete(run, "ann", ("work", "done")).unwrap();
    let job = world.job(run, "check");
    for who in ["ann", "chen", "wyn"] {
        let fence = world.fetch(run, who, job);
        let command = complete(&mut world, job, fence);
        assert_eq!(act(&mut world, run, who, &command).unwrap_err().code, "not_connected", "{who}");
    }
    for actor in [Actor::System, Actor::Operator("root".into())] {
        let command = complete(&mut world, job, 1);
        assert_eq!(world.act(run, &actor, &command).unwrap_err().code, "not_connected");
    }
    let fence = world.fetch(run, "wes", job);
    let command = complete(&mut world, job, fence);
    act(&mut world, run, "wes", &command).unwrap();
}

#[test]
fn it_is_tried_again_after_growing_pauses_and_then_parked_until_an_operator_has_it_tried_again() {
    let (mut world, run, job) = at_the_job();
    for (pause, left) in [(10, 1), (60, 0)] {
        let fence = world.fetch(run, "wes", job);
        let command = fail(&mut world, job, fence);
        act(&mut world, run, "wes", &command).unwrap();
        let open = world.case(run).jobs[&job].clone();
        assert_eq!(open.due.map(|due| due.0 - world.now.0), Some(pause * MINUTE_MS));
        assert_eq!(open.retries, left);
        // The failure used the lease up, for a second failure as for a late success.
        let again = fail(&mut world, job, fence);
        assert_eq!(act(&mut world, run, "wes", &again).unwrap_err().code, "lease_lost");
        world.now.0 += pause * MINUTE_MS;
    }
    let fence = world.fetch(run, "wes", job);
    let command = fail(&mut world, job, fence);
    act(&mut world, run, "wes", &command).unwrap();
    assert_eq!(world.case(run).jobs[&job].due, None, "parked");
    // Whoever decides cases does not look after jobs, nor does a worker.
    for who in ["eve", "wes"] {
        assert_eq!(act(&mut world, run, who, &Command::JobRetry { job }).unwrap_err().code, "without_post");
    }
    world.act(run, &Actor::Operator("root".into()), &Command::JobRetry { job }).unwrap();
    world.check(run).unwrap();
    let open = world.case(run).jobs[&job].clone();
    assert_eq!((open.due, open.retries, open.failures), (Some(world.now), 2, 0));
    assert_eq!(world.act(run, &Actor::Operator("root".into()), &Command::JobRetry { job }).unwrap(), [], "it may be fetched already");
}

#[test]
fn a_worker_may_say_how_often_and_when_it_shall_be_tried_again() {
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    let said = |world: &mut World, retries, pause_s| Command::JobFail { job, fence, body: Some(world.opinion()), retries, pause_s };
    for (retries, pause_s, code) in [(Some(51), None, "retries_out_of_range"), (None, Some(2_592_001), "pause_out_of_range")] {
        let command = said(&mut world, retries, pause_s);
        assert_eq!(act(&mut world, run, "wes", &command).unwrap_err().code, code);
    }
    let silent = Command::JobFail { job, fence, body: None, retries: None, pause_s: None };
    assert_eq!(act(&mut world, run, "wes", &silent).unwrap_err().code, "message_required");
    let command = said(&mut world, Some(5), Some(30));
    act(&mut world, run, "wes", &command).unwrap();
    let open = world.case(run).jobs[&job].clone();
    assert_eq!((open.retries, open.due.map(|due| due.0 - world.now.0)), (4, Some(30_000)));
    world.now.0 += 30_000;
    let fence = world.fetch(run, "wes", job);
    let command = Command::JobFail { job, fence, body: Some(world.opinion()), retries: Some(0), pause_s: None };
    act(&mut world, run, "wes", &command).unwrap();
    assert_eq!(world.case(run).jobs[&job].due, None, "told to give up");
}

#[test]
fn an_error_of_the_matter_goes_where_the_author_says() {
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    let report = |world: &mut World, error: &str| Command::JobError { job, fence, error: error.into(), body: Some(world.opinion()) };
    let command = report(&mut world, "no-such-error");
    assert_eq!(act(&mut world, run, "wes", &command).unwrap_err().code, "unknown_error");
    let command = report(&mut world, "unknown-company");
    act(&mut world, run, "wes", &command).unwrap();
    assert_eq!(world.standing(run), ["manual"]);
    assert!(world.case(run).jobs.is_empty() && world.case(run).terms.is_empty());
}

#[test]
fn an_error_no_event_of_the_step_catches_goes_up() {
    let steps = "  part:
    title: 核验
    scope:
      steps:
        check: {title: 核验, job: {topic: credit, errors: [gone]}, next: checked}
        checked: {end: checked}
    events: [{error: gone, next: manual}]
    next: over
  manual: {title: 人工核对, task: {by: head, outcomes: [done]}, next: over}
  over: {end: approved}
";
    let mut world = world(&[("p", steps)]);
    let run = world.start(json!({}));
    let job = world.job(run, "check");
    let fence = world.fetch(run, "wes", job);
    act(&mut world, run, "wes", &Command::JobError { job, fence, error: "gone".into(), body: None }).unwrap();
    assert_eq!(world.standing(run), ["manual"]);
    assert!(wrong(&steps.replace("    events: [{error: gone, next: manual}]\n", "")).contains_key("GL046"));
}

#[test]
fn a_job_ends_with_its_step_however_that_is_left() {
    // Interrupted while somebody holds it.
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    world.message(run, "stop");
    assert_eq!(world.standing(run), ["manual"]);
    let command = complete(&mut world, job, fence);
    assert_eq!(act(&mut world, run, "wes", &command).unwrap_err().code, "job_over");
    // With the whole case.
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    let withdraw = Command::Withdraw { body: Some(world.opinion()) };
    act(&mut world, run, "chen", &withdraw).unwrap();
    assert!(world.case(run).ended.is_some() && world.case(run).jobs.is_empty());
    let command = complete(&mut world, job, fence);
    assert_eq!(act(&mut world, run, "wes", &command).unwrap_err().code, "job_over");
    // Walked again after a return, it is another job.
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    let command = complete(&mut world, job, fence);
    act(&mut world, run, "wes", &command).unwrap();
    world.send_back(run, "eve", ("sign", "work")).unwrap();
    world.complete(run, "ann", ("work", "done")).unwrap();
    let anew = world.job(run, "check");
    assert_ne!(anew, job);
}

#[test]
fn whoever_sent_work_outside_cannot_take_it_back() {
    let (mut world, run, _) = at_the_job();
    let scope = world.case(run).tokens.values().next().unwrap().scope;
    let body = Some(world.opinion());
    let refused = act(&mut world, run, "ann", &Command::TakeBack { scope, step: "work".into(), body }).unwrap_err();
    assert_eq!(refused.code, "not_own_act");
}

#[test]
fn two_commands_of_one_batch_do_not_both_use_a_lease() {
    let (mut world, run, job) = at_the_job();
    let fence = world.fetch(run, "wes", job);
    // The second is decided on the working copy of the first, with the lease as it was locked for both.
    let first = fail(&mut world, job, fence);
    let after = act(&mut world, run, "wes", &first).unwrap();
    assert!(matches!(after.as_slice(), [Event::JobFailed { fence: used, .. }] if *used == fence));
    let second = complete(&mut world, job, fence);
    assert_eq!(act(&mut world, run, "wes", &second).unwrap_err().code, "lease_lost");
}

#[test]
fn a_job_is_told_what_is_wrong_with_it() {
    let steps = |job: &str, events: &str| format!("  check: {{title: 核验, job: {job}, events: [{events}], next: over}}\n  over: {{end: approved}}\n");
    assert!(wrong(&steps("credit", "")).is_empty());
    for (job, events, code) in [
        ("{with: {a: form.x}}", "", "GL003"),
        ("{topic: credit, retries: 51}", "", "GL004"),
        ("{topic: credit, retry-after: soon}", "", "GL004"),
        ("{topic: credit, retry-after: []}", "", "GL004"),
        ("{topic: credit, tries: 3}", "", "GL002"),
        ("{topic: credit, with: {a: nowhere.x}}", "", "GL016"),
        ("{topic: credit, fields: forms/none.yaml}", "", "GL015"),
        ("{topic: credit, errors: [gone, gone]}", "{error: gone, next: over}", "GL005"),
        ("{topic: credit, errors: [gone]}", "", "GL046"),
        ("{topic: credit}", "{error: gone, next: over}", "GL061"),
        ("{topic: credit}", "{escalation: odd, next: over}", "GL061"),
    ] {
        assert_eq!(wrong(&steps(job, events)).keys().copied().collect::<Vec<_>>(), [code], "{job} {events}");
    }
}
