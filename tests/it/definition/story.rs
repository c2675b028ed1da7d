//! The demonstration project on the shipped definitions, day by day: the dates a printed guide would give are the dates the engine computes.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use greenlane::definition::library::{self, Library};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::event::Event;
use greenlane::engine::next_wake;
use greenlane::ids::Moment;
use serde_json::{Value, json};

use crate::engine::world::{Account, World, day, morning, person};

/// The world of the story; people are called by office and post.
struct Story {
    world: World,
    case: usize,
}

fn world(library: &Library, workflow: &str) -> World {
    let posts: Vec<(String, String, String)> =
        library.posts().iter().map(|(office, post)| (format!("{office}/{post}"), office.to_string(), post.to_string())).collect();
    let held: Vec<(&str, &str, &str)> = posts.iter().map(|(who, office, post)| (who.as_str(), office.as_str(), post.as_str())).collect();
    let mut world = World::of(library.bundle(workflow).expect("shipped").clone(), &held);
    world.accounts = BTreeMap::from([
        ("land/2025/420703/new".to_owned(), Account { free: 40_000, reserved: 40_000, ..Account::default() }),
        ("fund/2025/grant".to_owned(), Account { free: 1_000_000_000, ..Account::default() }),
    ]);
    world
}

/// The application as first filed: the statement on industrial policy is missing.
fn application() -> Value {
    json!({
        "state_secret": false, "applicant_name": "演示企业甲〔虚〕", "uscc": "91420700DEM000014T",
        "project_name": "数字化医疗影像装备产业化项目（演示）〔虚〕", "project_code": "2503-420703-04-01-000000",
        "investment_kind": "enterprise", "verification_catalogue": false, "policy": "encouraged", "field": "medical", "listed": "none",
        "region": "420703", "scale": "年产整机 60 台", "area_m2": 50_000, "land_state": "farmland", "land_supply": "sold", "in_boundary": true,
        "process": "ordinary", "solvent_paint_kg": 0, "low_voc_paint_kg": 12_000, "radiation": "low", "eia_superior": false,
        "total_fen": 32_000_000_000_i64,
        "sources": [{"kind": "own", "asked_fen": 9_800_000_000_i64}, {"kind": "loan", "asked_fen": 16_000_000_000_i64}],
    })
}

fn completed() -> Value {
    let mut form = application();
    form["policy_statement"] = json!(true);
    form
}

fn approved(own: i64, equity: i64, loan: i64) -> Value {
    json!({"opinion": "按批复登记", "fields": {"own_fen": own, "equity_fen": equity, "loan_fen": loan, "grant_fen": 1_000_000_000_i64, "lease_fen": 2_000_000_000_i64}})
}

impl Story {
    fn begin() -> Self {
        let library = library::embedded().expect("shipped");
        let form = library.form("forms/green-channel.yaml").expect("shipped");
        for submission in [application(), completed()] {
            assert_eq!(form.validate(&submission), Ok(()), "the demonstration fills the form");
        }
        let mut world = world(&library, "green-channel");
        let case = world.start_ranked(application(), 9);
        Self { world, case }
    }

    /// Wakes the case at every moment something is due, up to nine in the morning of a day; answers with what was said on the way.
    fn until(&mut self, date: &str) -> Vec<(NaiveDate, String)> {
        let mut said = Vec::new();
        let end = morning(date);
        while let Some(at) = next_wake(self.world.case(self.case)).filter(|at| *at <= end) {
            self.world.now = at;
            assert!(!self.world.wake(self.case).is_empty(), "a wake does something");
            said.extend(self.world.told(self.case).into_iter().map(|kind| (at.date(), kind)));
        }
        self.world.now = end;
        said
    }

    fn act(&mut self, who: &str, step: &str, outcome: &str) -> Vec<Event> {
        let body = match outcome {
            "needs-correction" => json!({"opinion": "材料不齐。", "fields": {"items": [{"item": "缺件"}]}}),
            _ => json!({"opinion": "经审查，同意。"}),
        };
        self.act_with(who, (step, outcome), body, None)
    }

    fn act_with(&mut self, who: &str, (step, outcome): (&str, &str), body: Value, form: Option<Value>) -> Vec<Event> {
        let task = self.world.task(self.case, step);
        let body = Some(self.world.body(body));
        let form = form.map(|form| self.world.body(form));
        let command = Command::Complete { task, outcome: outcome.into(), body, form };
        let events =
            self.world.act(self.case, &Actor::Person(person(who)), &command).unwrap_or_else(|refusal| panic!("{who} {step} {outcome}: {}", refusal.en));
        self.world.check(self.case).unwrap();
        events
    }

    /// The due day of a running term, by workflow and key; a step's term by its step.
    fn due(&self, workflow: &str, key: &str) -> Option<NaiveDate> {
        let case = self.world.case(self.case);
        let found = case.terms.values().find(|term| &*term.key == key && &*case.scopes[&term.scope].program == workflow);
        found.unwrap_or_else(|| panic!("no running term `{key}` of {workflow}")).due
    }

    fn documents(&self) -> Vec<String> {
        let events = self.world.runs[self.case].acts.iter().flatten();
        let issued = events.filter_map(|event| {
            if let Event::DocumentIssued { kind, number, .. } = event { Some(format!("{kind} {}", number.as_deref().unwrap_or("-"))) } else { None }
        });
        issued.collect()
    }
}

#[test]
fn the_demonstration_project_goes_through_on_its_printed_dates() {
    let mut story = Story::begin();
    assert_eq!(story.world.case(story.case).number.as_deref(), Some("GC20250001"));
    assert_eq!(story.due("green-channel", "check"), Some(day("2025-03-05")));
    admission(&mut story);
    opening(&mut story);
    special_procedure(&mut story);
    quota(&mut story);
    late(&mut story);
    money(&mut story);
    conclusion(&mut story);
}

fn admission(story: &mut Story) {
    story.until("2025-03-04");
    story.act("ez-ldxz/handler", "check", "needs-correction");
    story.until("2025-03-06");
    story.act_with("chen", ("correct", "resubmitted"), json!({}), Some(completed()));
    story.until("2025-03-07");
    story.act("ez-ldxz/handler", "check", "ok");
    assert_eq!(story.due("green-channel", "ask-land"), Some(day("2025-03-12")));
    story.until("2025-03-12");
    for (office, step) in [("ez-fgw", "ask-planning"), ("ez-gtj", "ask-land"), ("ez-hbj", "ask-environment"), ("ez-gdkfq", "ask-zone")] {
        story.act(&format!("{office}/liaison"), step, "agree");
    }
    story.act("ez-ldz/leader", "decide-admission", "admitted");
    assert_eq!(story.world.case(story.case).rank, 1, "class B");
    story.until("2025-03-19");
    assert_eq!(story.world.standing(story.case), ["notice"], "the notice stands through its fifth working day");
    story.until("2025-03-20");
    assert!(story.documents().contains(&"admission GT-420700-2025-0001".to_owned()), "{:?}", story.documents());
}

/// 03-20 to 03-28: four links open; the filing is done at once, the EIA asks for a correction, land finds no quota.
fn opening(story: &mut Story) {
    story.act("ez-zwzx/receiver", "intake", "dispatched");
    assert!(story.documents().contains(&"filing-proof 鄂州发改备〔2025〕1号".to_owned()));
    assert_eq!(story.due("eia-report-form", "accept"), Some(day("2025-03-27")));
    story.until("2025-03-21");
    story.act("ez-hbj/receiver", "accept", "needs-correction");
    story.until("2025-03-24");
    story.act_with("chen", ("correct", "resubmitted"), json!({}), Some(completed()));
    story.act("ez-hbj/receiver", "accept", "accepted");
    story.act("ez-jrb/handler", "check", "ok");
    story.until("2025-03-25");
    story.act("ez-gdkfq/handler", "park-check", "support");
    story.act("ez-gtj/handler", "one-map", "ok");
    story.until("2025-03-28");
    story.act("ez-gtj/handler", "match_idle", "none");
    assert!(story.world.standing(story.case).contains(&"wait".to_owned()));
    assert_eq!(story.world.accounts["land/2025/420703/new"].waiting[0].amount, 50_000);
}

/// 03-31 to 04-11: the evaluation stops both clocks of the EIA, the notices only the promised one.
fn special_procedure(story: &mut Story) {
    story.until("2025-03-31");
    let body = json!({"opinion": "需技术评估", "fields": {"basis": "建设项目环境保护管理条例 9", "expected_days": 8}});
    story.act_with("ez-hbj/handler", ("propose-evaluation", "commission"), body, None);
    story.act("ez-hbj/section_head", "approve-evaluation", "approved");
    assert_eq!(story.due("eia-report-form", "evaluate"), Some(day("2025-04-11")));
    let said = story.until("2025-04-11");
    assert!(said.contains(&(day("2025-04-09"), "o.special-due".to_owned())), "{said:?}");
    story.act("ez-hbj/handler", "evaluate", "feasible");
    assert_eq!(story.due("eia-report-form", "promised"), Some(day("2025-04-22")));
    assert_eq!(story.due("eia-report-form", "statutory"), Some(day("2025-05-06")), "30 days and 11 excluded end in a holiday");
}

/// 04-15 to 04-18: another project withdraws, its quota is freed and reserved again.
fn quota(story: &mut Story) {
    story.until("2025-04-15");
    let account = story.world.accounts.get_mut("land/2025/420703/new").unwrap();
    (account.free, account.reserved) = (80_000, 0);
    story.world.message(story.case, "quota-freed");
    assert_eq!(story.world.accounts["land/2025/420703/new"].free, 30_000);
    assert_eq!(story.due("land-quota", "promised"), Some(day("2025-04-24")));
    story.until("2025-04-16");
    story.act("ez-zwzx/escort", "convene", "convened");
    story.until("2025-04-17");
    story.act("ez-gtj/deputy_head", "meeting", "approve");
    story.until("2025-04-18");
    story.act("ez-gtj/head", "sign-letter", "issued");
    story.act("ez-zwzx/escort", "meet", "consensus");
}

/// 04-21 to 04-30: yellow, today, red; a notice begun after the promise has expired does not turn the light back.
fn late(story: &mut Story) {
    let said = story.until("2025-04-23");
    for (date, kind) in [("2025-04-21", "o.yellow"), ("2025-04-22", "o.today"), ("2025-04-23", "o.red")] {
        assert!(said.contains(&(day(date), kind.to_owned())), "{date} {kind}: {said:?}");
    }
    story.act("ez-hbj/handler", "examine", "support");
    story.act("ez-hbj/section_head", "panel", "approve");
    assert_eq!(story.due("eia-report-form", "promised"), Some(day("2025-04-22")));
    story.until("2025-04-29");
    assert!(story.world.standing(story.case).contains(&"notice-2".to_owned()));
    story.until("2025-04-30");
    assert!(!story.world.open(story.case).contains("hearing-request"), "nobody asked for a hearing within five working days");
    story.act("ez-hbj/deputy_head", "sign", "granted");
    assert_eq!(story.due("deliver", "deliver"), Some(day("2025-05-19")));
}

fn money(story: &mut Story) {
    for (own, equity, loan) in [(9_800_000_000, 0, 12_000_000_000), (9_800_000_000, 3_000_000_000, 16_000_000_000)] {
        story.act_with("ez-jrb/handler", ("record", "recorded"), approved(own, equity, loan), None);
        assert!(story.world.open(story.case).contains("record"), "a gap remains");
    }
    story.act_with("ez-jrb/handler", ("record", "recorded"), approved(10_000_000_000, 3_000_000_000, 16_000_000_000), None);
    assert_eq!(story.world.accounts["fund/2025/grant"].reserved, 1_000_000_000);
    story.act("ez-jrb/section_head", "close", "met");
    assert_eq!(story.world.accounts["fund/2025/grant"].used, 1_000_000_000);
}

fn conclusion(story: &mut Story) {
    story.until("2025-05-06");
    story.act("ez-zwzx/receiver", "deliver", "handed");
    story.until("2025-05-07");
    story.act("ez-ldxz/handler", "conclude", "all-done");
    assert_eq!(story.due("green-channel", "archive-main"), Some(day("2025-05-28")));
    for (office, step) in [("ez-fgw", "approval"), ("ez-hbj", "eia"), ("ez-gtj", "land"), ("ez-jrb", "funding"), ("ez-ldxz", "main")] {
        story.act(&format!("{office}/archivist"), &format!("archive-{step}"), "archived");
    }
    assert_eq!(story.world.result(story.case).as_deref(), Some("closed"));
    assert_eq!(story.world.accounts["land/2025/420703/new"].reserved, 50_000, "the reservation is kept for the supply of the land");
}

#[test]
fn a_silent_counter_accepts_by_law_from_the_day_of_receipt() {
    let library = library::embedded().expect("shipped");
    let mut world = world(&library, "eia-report-form");
    let case = world.start(completed());
    world.now = Moment::at(day("2025-03-10"), NaiveTime::from_hms_opt(23, 0, 0).unwrap());
    assert!(world.open(case).contains("accept"), "the fifth working day is not over");
    while let Some(at) = next_wake(world.case(case)).filter(|at| *at <= morning("2025-03-11")) {
        world.now = at;
        world.wake(case);
    }
    let run = &world.runs[case];
    let deemed =
        run.acts.iter().flatten().find_map(|event| if let Event::StepDone { deemed, by, .. } = event { deemed.clone().map(|law| (law, *by)) } else { None });
    assert_eq!(deemed, Some(("行政许可法 32（四）".to_owned(), None)), "by law and by nobody");
    let promised = world.case(case).terms.values().find(|term| &*term.key == "promised").expect("running");
    assert_eq!(promised.from, day("2025-03-03"));
}
