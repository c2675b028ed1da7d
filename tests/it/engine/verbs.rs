//! Substitutes, recusals, taking back, urging, making known, remarks, batches: each with the trap it must not fall into.

use greenlane::definition::graph::{GroupPass, OnRefusal, ReturnThen, Verb};
use greenlane::engine::case::TaskPool;
use greenlane::engine::command::{Actor, Command, Recipient};
use greenlane::engine::event::Event;
use greenlane::identity::absence::Absence;
use serde_json::json;

use super::flow::{Block, Does, Flow, StepBlock, Way, par, step, task};
use super::world::{World, day, person};

const PEOPLE: &[(&str, &str, &str)] = &[
    ("ann", "office", "handler"),
    ("bob", "office", "handler_b"),
    ("eve", "office", "section_head"),
    ("hal", "office", "head"),
    ("liu", "office", "clerk"),
    ("max", "bureau", "handler"),
    ("sun", "office", "sup_clerk"),
];

fn world(blocks: Vec<Block>) -> (World, usize) {
    let mut world = World::new(&[&Flow::new("p", blocks)], PEOPLE);
    let run = world.start(json!({}));
    (world, run)
}

fn act(world: &mut World, run: usize, who: &str, command: &Command) -> Result<Vec<Event>, &'static str> {
    let told = world.act(run, &Actor::Person(person(who)), command);
    world.check(run).unwrap();
    told.map_err(|refusal| refusal.code)
}

fn take_back(world: &mut World, run: usize, who: &str, step: &str) -> Result<Vec<Event>, &'static str> {
    act(world, run, who, &Command::TakeBack { scope: 0, step: step.into(), body: None })
}

fn away(world: &mut World, who: &str, post: &str, days: (&str, &str), substitute: Option<&str>) {
    let (from, until) = (day(days.0), day(days.1));
    world.roster.absences.push(Absence {
        person: person(who),
        office: "office".into(),
        post: post.into(),
        from,
        until,
        substitute: substitute.map(person),
        called_off: false,
    });
}

fn behalf(events: &[Event]) -> Option<(greenlane::ids::PersonId, greenlane::ids::PersonId)> {
    events.iter().find_map(|event| if let Event::StoodIn { by, on_behalf_of, .. } = event { Some((*by, *on_behalf_of)) } else { None })
}

#[test]
fn while_the_holder_is_away_the_b_post_acts_and_both_names_stand_in_the_record() {
    let (mut world, run) = world(vec![task("review", "handler").block(), task("again", "handler").block()]);
    assert_eq!(world.complete(run, "bob", ("review", "done")).unwrap_err().code, "not_assigned", "nobody is away");
    away(&mut world, "ann", "handler", ("2025-03-04", "2025-03-05"), None);
    world.at("2025-03-04");
    let events = world.complete(run, "bob", ("review", "done")).unwrap();
    assert_eq!(behalf(&events), Some((person("bob"), person("ann"))));
    world.at("2025-03-06");
    assert_eq!(world.complete(run, "bob", ("again", "done")).unwrap_err().code, "not_assigned", "ann is back");
    assert_eq!(behalf(&world.complete(run, "ann", ("again", "done")).unwrap()), None);
}

#[test]
fn a_named_substitute_acts_instead_and_the_bars_hold_for_them_too() {
    let (mut world, run) = world(vec![task("accept", "clerk").block(), task("review", "handler").not("accept").block()]);
    world.complete(run, "liu", ("accept", "done")).unwrap();
    away(&mut world, "ann", "handler", ("2025-03-03", "2025-03-05"), Some("liu"));
    assert_eq!(world.complete(run, "liu", ("review", "done")).unwrap_err().code, "separation_of_duties");
    assert_eq!(world.complete(run, "bob", ("review", "done")).unwrap_err().code, "not_assigned", "somebody was named, so it is not the B post");
    world.complete(run, "ann", ("review", "done")).unwrap();
}

#[test]
fn whoever_submitted_is_kept_out_where_the_author_says_so() {
    let mut world =
        World::new(&[&Flow::new("p", vec![task("check", "handler").not("submitter").block()])], &[PEOPLE, &[("chen", "office", "handler")]].concat());
    let run = world.start(json!({}));
    assert_eq!(world.claim(run, "chen", "check").unwrap_err().code, "separation_of_duties", "when it is offered");
    assert_eq!(world.complete(run, "chen", ("check", "done")).unwrap_err().code, "separation_of_duties", "and when it is done");
    world.complete(run, "ann", ("check", "done")).unwrap();
}

#[test]
fn a_recusal_is_decided_by_the_section_head_and_the_task_goes_to_the_b_post() {
    let (mut world, run) = world(vec![task("review", "handler").block(), task("again", "handler").block()]);
    world.claim(run, "ann", "review").unwrap();
    let (task, body) = (world.task(run, "review"), Some(world.opinion()));
    assert_eq!(act(&mut world, run, "ann", &Command::AskRecusal { task, of: person("liu"), body }), Err("recusal_of_nobody"));
    act(&mut world, run, "ann", &Command::AskRecusal { task, of: person("ann"), body }).unwrap();
    assert_eq!(world.told(run), ["o.recusal"]);
    assert_eq!(act(&mut world, run, "ann", &Command::DecideRecusal { task, agreed: true, body }), Err("not_section_head"));
    assert_eq!(act(&mut world, run, "eve", &Command::DecideRecusal { task, agreed: true, body: None }), Err("reason_required"));
    act(&mut world, run, "eve", &Command::DecideRecusal { task, agreed: true, body }).unwrap();
    let pool = TaskPool::Posts { offices: vec!["office".into()], post: "handler_b".into() };
    assert_eq!(world.case(run).tasks[&task].pool, pool);
    assert_eq!(world.complete(run, "ann", ("review", "done")).unwrap_err().code, "not_assigned");
    world.complete(run, "bob", ("review", "done")).unwrap();
    assert_eq!(world.complete(run, "ann", ("again", "done")).unwrap_err().code, "not_assigned", "kept from every later step as well");
    world.complete(run, "bob", ("again", "done")).unwrap();
}

#[test]
fn a_recusal_that_would_leave_nobody_is_not_agreed() {
    let people = &[("max", "bureau", "handler"), ("hal", "bureau", "head"), ("ann", "office", "handler"), ("eve", "office", "section_head")];
    let blocks = vec![task("first", "section_head").block(), task("review", "handler").not("first").block()];
    let mut world = World::new(&[&Flow::new("p", blocks)], people);
    let run = world.start(json!({}));
    world.complete(run, "eve", ("first", "done")).unwrap();
    let (task, body) = (world.task(run, "review"), Some(world.opinion()));
    act(&mut world, run, "chen", &Command::AskRecusal { task, of: person("ann"), body }).unwrap();
    assert_eq!(act(&mut world, run, "eve", &Command::DecideRecusal { task, agreed: true, body }), Err("nobody_else"));
    act(&mut world, run, "eve", &Command::DecideRecusal { task, agreed: false, body }).unwrap();
    world.complete(run, "ann", ("review", "done")).unwrap();
}

#[test]
fn an_act_is_taken_back_until_somebody_takes_up_what_followed() {
    let (mut world, run) = world(vec![task("draft", "handler").block(), task("sign", "head").block()]);
    world.complete(run, "ann", ("draft", "done")).unwrap();
    assert_eq!(take_back(&mut world, run, "hal", "draft"), Err("not_own_act"));
    take_back(&mut world, run, "ann", "draft").unwrap();
    let draft = world.task(run, "draft");
    assert_eq!((world.open(run), world.case(run).tasks[&draft].claimed), (["draft".into()].into(), Some(person("ann"))), "it is ann's again");
    assert!(!world.case(run).scopes[&0].done.contains_key("draft"), "as if it had not been done");
    world.complete(run, "ann", ("draft", "done")).unwrap();
    world.claim(run, "hal", "sign").unwrap();
    assert_eq!(take_back(&mut world, run, "ann", "draft"), Err("already_acted_on"));
    let release = Command::Release { task: world.task(run, "sign") };
    act(&mut world, run, "hal", &release).unwrap();
    take_back(&mut world, run, "ann", "draft").unwrap();
    world.complete(run, "ann", ("draft", "done")).unwrap();
    let (task, body) = (world.task(run, "sign"), Some(world.opinion()));
    act(&mut world, run, "hal", &Command::Transfer { task, to: Recipient::Post("section_head".into()), body }).unwrap();
    assert_eq!(take_back(&mut world, run, "ann", "draft"), Err("not_own_act"), "to hand it over is to act on it");
}

#[test]
fn taken_back_before_a_region_no_branch_is_left_and_none_is_doubled() {
    let branches = par("split", vec![task("a", "handler").block(), task("b", "clerk").block()]);
    let (mut world, run) = world(vec![task("draft", "handler").block(), branches, task("sign", "head").block()]);
    world.complete(run, "ann", ("draft", "done")).unwrap();
    assert_eq!(world.case(run).tokens.len(), 2);
    take_back(&mut world, run, "ann", "draft").unwrap();
    assert_eq!((world.case(run).tokens.len(), world.open(run)), (1, ["draft".into()].into()));
    world.complete(run, "ann", ("draft", "done")).unwrap();
    world.complete(run, "liu", ("b", "done")).unwrap();
    assert_eq!(take_back(&mut world, run, "ann", "draft"), Err("not_own_act"), "one branch has gone on");
    assert_eq!(world.standing(run).len(), 2);
    take_back(&mut world, run, "liu", "b").unwrap();
    world.complete(run, "ann", ("a", "done")).unwrap();
    world.complete(run, "liu", ("b", "done")).unwrap();
    assert_eq!(take_back(&mut world, run, "liu", "b"), Err("not_own_act"), "the join has fired");
    world.complete(run, "hal", ("sign", "done")).unwrap();
}

#[test]
fn what_was_heard_outside_is_not_taken_back() {
    let accept = step("accept", Does::Task { by: super::flow::post("handler"), not: Vec::new(), same_as: None, edits_form: false }, &["accepted"]);
    let letter = step("letter", Does::Document { kind: "approval".to_owned(), number: None }, &["issued"]);
    let (mut world, run) = world(vec![accept.block(), task("review", "handler").block(), letter.block(), task("sign", "head").block()]);
    world.complete(run, "ann", ("accept", "accepted")).unwrap();
    assert_eq!(take_back(&mut world, run, "ann", "accept"), Err("not_own_act"), "the applicant was told");
    world.complete(run, "ann", ("review", "done")).unwrap();
    assert_eq!(take_back(&mut world, run, "ann", "review"), Err("not_own_act"), "a document was issued");
}

fn group(pass: GroupPass) -> StepBlock {
    let seats = [("office", "handler"), ("office", "section_head"), ("office", "head")];
    let seats = seats.iter().map(|(office, post)| ((*office).to_owned(), (*post).to_owned())).collect();
    step("sign", Does::Group { seats, pass, on_refusal: OnRefusal::End, not: Vec::new() }, &["approved"]).way("rejected", Way::End("refused".to_owned()))
}

fn sign(world: &mut World, run: usize, who: &str, post: &str) -> Result<Vec<Event>, &'static str> {
    let asks = TaskPool::Posts { offices: vec!["office".into()], post: post.into() };
    let task = world.case(run).tasks.iter().find(|(_, task)| task.pool == asks).map(|(id, _)| *id).ok_or("no_seat")?;
    let body = Some(world.opinion());
    act(world, run, who, &Command::Complete { task, outcome: "approved".into(), body, form: None })
}

#[test]
fn a_seat_is_taken_back_while_the_group_is_open_and_in_order_until_the_next_one_takes_it_up() {
    for pass in [GroupPass::All, GroupPass::InOrder] {
        let (mut world, run) = world(vec![group(pass).block()]);
        sign(&mut world, run, "ann", "handler").unwrap();
        take_back(&mut world, run, "ann", "sign").unwrap();
        assert_eq!(world.case(run).groups.values().next().unwrap().seats.values().flatten().count(), 0, "{pass:?}");
        sign(&mut world, run, "ann", "handler").unwrap();
        sign(&mut world, run, "eve", "section_head").unwrap();
        let late = take_back(&mut world, run, "ann", "sign").map(drop);
        assert_eq!(late, if pass == GroupPass::InOrder { Err("already_acted_on") } else { Ok(()) }, "{pass:?}");
        if pass == GroupPass::All {
            sign(&mut world, run, "ann", "handler").unwrap();
        }
        sign(&mut world, run, "hal", "head").unwrap();
        assert_eq!(take_back(&mut world, run, "hal", "sign"), Err("case_ended"));
        assert_eq!(world.result(run).as_deref(), Some("approved"));
    }
}

#[test]
fn a_return_reaches_a_step_of_the_calling_workflow_where_its_author_lets_it() {
    for then in [ReturnThen::WalkAgain, ReturnThen::StraightBack] {
        let mut review = task("review", "handler").returns(&["review"], then);
        review.to_caller = vec!["intake".to_owned()];
        let callee = Flow::new("callee", vec![review.block()]);
        let call = step("call", Does::Call("callee".to_owned()), &["approved"]).block();
        let beside = task("beside", "clerk").block();
        let flow = Flow::new("p", vec![task("intake", "handler").block(), par("split", vec![call, beside])]);
        let mut world = World::new(&[&flow, &callee], PEOPLE);
        let run = world.start(json!({}));
        world.complete(run, "ann", ("intake", "done")).unwrap();
        world.send_back(run, "ann", ("review", "intake")).unwrap();
        assert_eq!(world.case(run).scopes.len(), 1, "the called workflow is closed, nothing in it is left");
        let open: &[&str] = if then == ReturnThen::WalkAgain { &["intake"] } else { &["beside", "intake"] };
        assert_eq!(world.open(run), open.iter().map(|step| (*step).to_owned()).collect(), "{then:?}");
        world.complete(run, "ann", ("intake", "done")).unwrap();
        world.complete(run, "ann", ("review", "done")).unwrap();
        world.complete(run, "liu", ("beside", "done")).unwrap();
        assert_eq!(world.result(run).as_deref(), Some("approved"), "{then:?}");
    }
}

#[test]
fn a_step_is_urged_once_a_working_day_and_never_moves() {
    let (mut world, run) = world(vec![task("review", "handler").block()]);
    let urge = Command::Urge { task: world.task(run, "review"), body: None };
    let before = world.case(run).tokens.clone();
    act(&mut world, run, "chen", &urge).unwrap();
    assert_eq!(world.told(run), ["o.urged", "a.urged"]);
    assert_eq!(act(&mut world, run, "chen", &urge), Err("urged_recently"));
    assert_eq!(act(&mut world, run, "max", &urge), Err("not_involved"));
    act(&mut world, run, "liu", &urge).unwrap();
    assert_eq!(heads_told(&world, run), 1, "the second urging is heard by the head of the section");
    world.at("2025-03-07");
    act(&mut world, run, "chen", &urge).unwrap();
    world.at("2025-03-09");
    assert_eq!(act(&mut world, run, "chen", &urge), Err("urged_recently"), "a Sunday is no working day");
    assert_eq!(world.case(run).tokens, before);
}

fn heads_told(world: &World, run: usize) -> usize {
    let head = greenlane::definition::graph::Audience::Post("section_head".into());
    let heard = |effect: &&greenlane::engine::effect::Effect| matches!(effect, greenlane::engine::effect::Effect::Notice(notice) if notice.to.contains(&head));
    world.runs[run].effects.iter().filter(heard).count()
}

#[test]
fn a_copy_and_a_remark_are_on_record_and_move_nothing() {
    let (mut world, run) = world(vec![task("review", "handler").block()]);
    let (task, body) = (Some(world.task(run, "review")), Some(world.opinion()));
    let before = world.case(run).tokens.clone();
    act(&mut world, run, "ann", &Command::Copy { to: vec![person("max"), person("max")], task, body }).unwrap();
    assert_eq!((world.told(run), world.case(run).copied.contains(&person("max"))), (vec!["o.copied".to_owned()], true));
    act(&mut world, run, "max", &Command::Comment { task, body }).unwrap();
    assert_eq!(act(&mut world, run, "ann", &Command::Copy { to: vec![person("chen")], task, body }), Err("copied_to_nobody"), "officials only");
    assert_eq!(act(&mut world, run, "chen", &Command::Copy { to: vec![person("max")], task, body }), Err("not_involved"));
    assert_eq!(act(&mut world, run, "ann", &Command::Comment { task, body: None }), Err("reason_required"));
    act(&mut world, run, "sun", &Command::Comment { task: None, body }).unwrap();
    assert_eq!(world.case(run).tokens, before);
}

#[test]
fn many_are_answered_at_once_only_where_the_step_says_so() {
    let mut open = task("review", "handler");
    open.verbs.allowed.insert(Verb::Batch);
    let (mut world, run) = world(vec![open.block(), task("sign", "head").block()]);
    let body = Some(world.opinion());
    let batch = |task| Command::CompleteInBatch { task, outcome: "done".into(), body };
    let task = world.task(run, "review");
    act(&mut world, run, "ann", &batch(task)).unwrap();
    let task = world.task(run, "sign");
    assert_eq!(act(&mut world, run, "hal", &batch(task)), Err("verb_not_allowed"));
    assert_eq!(act(&mut world, run, "ann", &batch(task)), Err("not_assigned"));
}
