//! A simulated year: cases at random moments with pauses, returns and extensions, a calendar amended in the middle, nodes that come and go, two of them at once on
//! PostgreSQL. Invariant: each rung has exactly one record, none is missing or early, and each notice was sent. The seed is printed.

#[path = "year/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use futures::StreamExt;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::operate::Operation;
use greenlane::app::{App, view};
use greenlane::boot::{self, Start};
use greenlane::calendar::{CN, Calendar};
use greenlane::config::Config;
use greenlane::engine::case::Case;
use greenlane::engine::event::Event;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment, PersonId};
use greenlane::workers::{Crew, Role};

use crate::engine::chance::Chance;
use crate::spine::node::{Node, Where, open, times};
use oracle::Year;

/// The amended calendar: one holiday longer, one make-up day gone, another put in its place.
const AMENDED: [(&str, &str); 2] = [
    (
        "{name: national-mid-autumn, days: 2025-10-01..2025-10-08, working: [2025-09-28, 2025-10-11]}",
        "{name: national-mid-autumn, days: 2025-10-01..2025-10-10, working: [2025-10-11, 2025-10-12]}",
    ),
    ("version: 2026.1", "version: 2026.2"),
];
/// When on a day the clock stops: before and after the hours of the ladder, so that a rung that is early or late is seen.
const STOPS: [(u32, u32); 4] = [(8, 0), (8, 45), (12, 0), (18, 0)];

#[test]
fn a_year_of_limits_two_nodes_and_an_amended_calendar_loses_and_doubles_no_reminder_postgres() {
    run(Where::postgres(), times(40, 2_000), times(120, 365));
}

#[test]
fn a_year_of_limits_and_restarts_loses_and_doubles_no_reminder_sqlite() {
    run(Where::sqlite(), times(30, 300), times(90, 365));
}

fn run(place: Where, cases: usize, days: usize) {
    greenlane::telemetry::log();
    let seed = std::env::var("GREENLANE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_250_601);
    println!("{cases} cases in {days} days (GREENLANE_SEED={seed})");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut house = House::open(place, Chance(seed)).await;
        house.live(cases, days).await;
        house.judge().await;
    });
}

struct House {
    /// Gone only while it is restarted.
    first: Option<Node>,
    /// The second node, where two can write at once.
    second: Option<(App, Crew)>,
    chance: Chance,
    year: Year,
    open: Vec<CaseId>,
    all: Vec<CaseId>,
    restarts: usize,
    refused: BTreeMap<&'static str, usize>,
}

impl House {
    async fn open(place: Where, chance: Chance) -> Self {
        let node = Node::open(place).await;
        let files = [("year.yaml".to_owned(), include_str!("year/year.yaml").to_owned())].into();
        node.app.operate(node.tenant, Actor::Operator("test".to_owned()), Operation::Publish { files, workflows: Vec::new() }).await.unwrap();
        let before = Calendar::parse(CN, "cn.yaml").unwrap();
        let after = Calendar::parse(&amended(), "cn.yaml").unwrap();
        let year = Year { before, after, amended: Moment(i64::MAX), ticks: Vec::new() };
        let mut house = Self { first: Some(node), second: None, chance, year, open: Vec::new(), all: Vec::new(), restarts: 0, refused: BTreeMap::new() };
        house.restart_second().await;
        house
    }

    /// The second node goes, and another comes.
    async fn restart_second(&mut self) {
        if self.node().place.database.is_some() {
            self.second = None;
            self.second = Some(open(self.node().place.target.clone(), self.node().clock.clone(), self.node().place.home.path().to_owned()).await);
        }
    }

    /// The first node goes, and another comes. A SQLite file is one node's at a time: the next waits until the writer of the one before has ended.
    async fn restart_first(&mut self) {
        let Node { app, crew, clock, tenant, place } = self.first.take().unwrap();
        app.store().close().await;
        drop((app, crew));
        let start = Start { target: place.target.clone(), clock: clock.clone(), config: Config::default(), home: place.home.path().to_owned() };
        let (app, crew) = loop {
            match boot::open(&start).await {
                Ok(opened) => break opened,
                Err(fault) => assert!(fault.to_string().contains("stop it first"), "{fault}"),
            }
        };
        self.first = Some(Node { app, crew, clock, tenant, place });
    }

    fn node(&self) -> &Node {
        self.first.as_ref().unwrap()
    }

    async fn live(&mut self, cases: usize, days: usize) {
        // The middle lies shortly before the holiday that is lengthened.
        let first = NaiveDate::from_ymd_opt(2025, 9, 17).unwrap() - Days::new(days as u64 / 2);
        let (filing_days, amended_on) = (days * 3 / 4, days / 2);
        for day in 0..days {
            for (hour, minute) in STOPS {
                let at = Moment::at(first + Days::new(day as u64), NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
                assert!(self.node().clock.set(at));
                self.year.ticks.push(at);
                self.drain(Role::Deadlines).await;
                if day == amended_on && hour == 12 {
                    self.amend(at).await;
                } else {
                    self.people(cases, filing_days * STOPS.len()).await;
                }
                self.drain(Role::Deadlines).await;
                self.drain(Role::Deliver).await;
            }
            self.drain(Role::Seal).await;
            if self.chance.percent(8) {
                self.restarts += 1;
                if self.chance.percent(50) { self.restart_first().await } else { self.restart_second().await }
            }
        }
        // What was held back overnight leaves on a working day.
        let late = Moment::at(first + Days::new(days as u64 + 12), NaiveTime::from_hms_opt(12, 0, 0).unwrap());
        assert!(self.node().clock.set(late));
        self.drain(Role::Deliver).await;
    }

    /// Turns of one role, by both nodes at once, until neither finds anything.
    async fn drain(&self, role: Role) {
        loop {
            let second = async {
                match &self.second {
                    Some((_, crew)) => crew.turn(role).await.unwrap(),
                    None => 0,
                }
            };
            let (one, other) = tokio::join!(self.node().crew.turn(role), second);
            if one.unwrap() + other == 0 {
                return;
            }
        }
    }

    async fn amend(&mut self, at: Moment) {
        self.year.amended = at;
        let operation = Operation::Calendar { text: amended(), file: "cn.yaml".to_owned() };
        self.node().app.operate(self.node().tenant, Actor::Operator("test".to_owned()), operation).await.unwrap();
    }

    /// Some file, some act; half of them over the second node.
    async fn people(&mut self, cases: usize, stops: usize) {
        let due = (cases * self.year.ticks.len()).div_ceil(stops).min(cases);
        while self.all.len() < due {
            let app = self.some_node();
            let case = self.node().start_ranked(&app, "year", None, 9).await.unwrap();
            self.all.push(case);
            self.open.push(case);
        }
        let mut acting = Vec::new();
        for case in self.open.clone() {
            if self.chance.percent(9) {
                acting.push((self.some_node(), case, Chance(self.chance.draw())));
            }
        }
        let node = self.node();
        let done: Vec<(CaseId, Result<bool, Failure>)> = futures::stream::iter(acting)
            .map(async |(app, case, chance)| (case, someone_acts(node, &app, case, chance).await))
            .buffer_unordered(8)
            .collect()
            .await;
        for (case, told) in done {
            match told {
                Ok(true) => self.open.retain(|open| *open != case),
                Ok(false) => {}
                Err(Failure::Refused(refusal)) => *self.refused.entry(refusal.code).or_default() += 1,
                Err(Failure::Fault(fault)) => panic!("{fault}"),
            }
        }
    }

    fn some_node(&mut self) -> App {
        match &self.second {
            Some((app, _)) if self.chance.percent(50) => app.clone(),
            Some(_) | None => self.node().app.clone(),
        }
    }

    /// Walks every record, and looks at every notice.
    async fn judge(&self) {
        let (mut fired, mut rows, mut moved, mut acts_read, mut sent) = (BTreeMap::<&str, usize>::new(), BTreeMap::<String, usize>::new(), 0, 0, 0);
        for case in &self.all {
            let acts = view::acts(self.node().app.store(), self.node().tenant, *case, i64::MAX).await.unwrap();
            acts_read += acts.len();
            let heard = self.year.walk(&acts).unwrap_or_else(|wrong| panic!("case {case}: {wrong}"));
            moved += heard.moved;
            for (kind, count) in &heard.fired {
                *fired.entry(kind).or_default() += count;
            }
            let mut settled: BTreeMap<&str, usize> = BTreeMap::new();
            for event in acts.iter().flat_map(|act| &act.events) {
                if let Event::NoticeSettled { key, .. } = event {
                    *settled.entry(key).or_default() += 1;
                }
            }
            let notices = self.node().app.notices(self.node().tenant, *case).await.unwrap();
            for notice in &notices {
                assert_eq!((notice.sent, settled.get(notice.key.as_str())), (Some(true), Some(&1)), "case {case}: {notice:?}");
                *rows.entry(notice.kind.clone()).or_default() += 1;
                sent += 1;
            }
        }
        // These go to posts with one holder each: a rung is a notice.
        for kind in ["o.today", "o.red", "o.dark"] {
            assert_eq!(rows.get(kind).copied().unwrap_or(0), fired.get(kind).copied().unwrap_or(0), "{kind}: {rows:?} {fired:?}");
            assert!(fired.get(kind).is_some_and(|count| *count > 0), "{kind} never fired");
        }
        assert!(rows.get("o.yellow") >= fired.get("o.yellow"), "{rows:?} {fired:?}");
        println!(
            "{} cases, {acts_read} acts, {sent} notices sent, rungs {fired:?}, {moved} dates moved by the calendar, {} restarts, refused {:?}",
            self.all.len(),
            self.restarts,
            self.refused
        );
        assert!(moved > 0 && self.restarts > 0);
        self.node().holds().await;
    }
}

fn amended() -> String {
    AMENDED.iter().fold(CN.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the calendar no longer says {from}");
        text.replace(from, to)
    })
}

/// One act of whoever may do it; answers whether the case is over.
async fn someone_acts(node: &Node, app: &App, case: CaseId, mut chance: Chance) -> Result<bool, Failure> {
    let state = app.working(node.tenant, case).await.unwrap().state;
    if state.ended.is_some() {
        return Ok(true);
    }
    let (person, act) = chosen(node, &state, &mut chance).await;
    app.execute(Order { tenant: node.tenant, case: Some(case), actor: Actor::Person(person), command_id: None, act }).await.map(|_| false)
}

async fn chosen(node: &Node, state: &Case, chance: &mut Chance) -> (PersonId, Act) {
    let opinion = Some("同意。".to_owned());
    let promised = state.terms.iter().find(|(_, term)| &*term.key == "promised").map(|(id, _)| *id);
    if let Some(term) = promised.filter(|_| chance.percent(10)) {
        return (node.person("ez-fgw.head").await, Act::Extend { term, by: 1 + u32::try_from(chance.below(8)).unwrap(), opinion });
    }
    let (task, open) = state.tasks.iter().next().map(|(id, open)| (*id, open.clone())).expect("an open case has a task");
    let person = match open.claimed {
        Some(claimed) => claimed,
        None => node.doer(state.id, &open).await,
    };
    let outcome = match &*open.step {
        "accept" => "accepted",
        "examine" if chance.percent(45) => "evaluate",
        "examine" => "ok",
        "evaluation" => "done",
        _ => "granted",
    };
    let act = match chance.below(10) {
        0 | 1 => Act::Claim { task },
        2 => Act::Release { task },
        3 | 4 if &*open.step == "decide" => Act::Return { task, to: "examine".into(), opinion },
        _ => Act::Complete { task, outcome: outcome.into(), answer: Answer { opinion, ..Answer::default() } },
    };
    (person, act)
}
