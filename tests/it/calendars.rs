//! The calendar of a tenant, on both databases: proposed, previewed, put in force, and what that makes of open dates.

mod ahead;
mod page;

use greenlane::app::calendars::{Move, Proposal};
use greenlane::app::execute::{Act, Order};
use greenlane::app::failure::Failure;
use greenlane::app::operate::Operation;
use greenlane::boot::Node as Server;
use greenlane::calendar::Head;
use greenlane::config::{Config, Role};
use greenlane::engine::case::Term;
use greenlane::engine::event::Event;
use greenlane::engine::refusal::Refusal;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment};
use greenlane::store::{Held, Inbox, Late, Seat};
use serde_json::{Value, json};

use crate::spine::node::{Node, Where, on_both};
use crate::tamper::meddler::Meddler;

/// The invented notice of a year that is not published yet.
pub const YEAR_2027: &str = include_str!("calendar/2027.csv");

fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

pub fn next_year() -> Proposal {
    Proposal { text: YEAR_2027.to_owned(), file: "2027.csv".to_owned(), head: Head::default() }
}

fn snow(days: &str) -> Proposal {
    let head =
        Head { local: true, source: Some("鄂州政办发〔2025〕3号".to_owned()), published: Some("2025-04-02".parse().unwrap()), ..Head::default() };
    Proposal { text: format!("date,kind,name,name_en\n{days},closure,雪灾停办,Snow closure\n"), file: "snow.csv".to_owned(), head }
}

async fn open(place: Where) -> Node {
    let node = Node::open(place).await;
    let files = [("dated.yaml".to_owned(), include_str!("calendar/dated.yaml").to_owned())].into();
    let publish = Operation::Publish { files, workflows: Vec::new() };
    node.app.operate(node.tenant, operator(), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    node
}

/// Stands at nine in the morning of a day.
fn at(node: &Node, day: &str) {
    assert!(node.clock.set(Moment::at(day.parse().unwrap(), "09:00:00".parse().unwrap())));
}

/// Every open task.
fn all(node: &Node) -> Inbox {
    let seats = vec![Seat::Post { office: "ez-sthj".to_owned(), post: "handler".to_owned() }];
    Inbox { seats, now: node.clock.now(), lapsed: Vec::new(), program: None, text: None, held: Held::Any, late: Late::Any, after: None, limit: 99 }
}

/// A case that was accepted today.
async fn accepted(node: &Node) -> CaseId {
    let actor = Actor::Person(node.person("ez-zwzx.receiver").await);
    let act = Act::Start { workflow: "dated".into(), form: None, rank: 9 };
    let order = Order { tenant: node.tenant, case: None, actor, command_id: None, act };
    let case = node.app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}")).case;
    node.answer(case, "accept", "accepted").await.unwrap_or_else(|failure| panic!("{failure}"));
    case
}

async fn term(node: &Node, case: CaseId, key: &str) -> Term {
    let working = node.app.working(node.tenant, case).await.unwrap();
    working.state.terms.values().find(|term| *term.key == *key).cloned().unwrap_or_else(|| panic!("no term {key}"))
}

async fn dates(node: &Node, case: CaseId) -> Vec<(String, Option<String>, bool)> {
    let mut dates = Vec::new();
    for key in ["promised", "statutory"] {
        let term = term(node, case, key).await;
        dates.push((key.to_owned(), term.due.map(|due| due.to_string()), term.provisional));
    }
    let working = node.app.working(node.tenant, case).await.unwrap();
    dates.extend(working.state.timers.values().map(|timer| ("notice".to_owned(), timer.at.map(|at| at.date().to_string()), false)));
    dates
}

/// A move: which date, the date before and whether it was provisional, the date after and whether it is.
type Told = (String, Option<String>, bool, Option<String>, bool);

fn told(moves: &[Move]) -> Vec<Told> {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    moves.iter().map(|moved| (moved.kind.clone(), day(moved.old), moved.old_provisional, day(moved.new), moved.new_provisional)).collect()
}

fn refused(result: Result<impl Sized, Failure>) -> Box<Refusal> {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        Err(Failure::Fault(fault)) => panic!("{fault}"),
        Ok(_) => panic!("expected a refusal"),
    }
}

fn some(day: &str) -> Option<String> {
    Some(day.to_owned())
}

#[test]
fn dates_past_the_published_calendar_settle_when_the_year_is_published() {
    on_both(async |place: Where| {
        let node = open(place).await;
        at(&node, "2026-11-23");
        let case = accepted(&node).await;
        let before = [("promised".to_owned(), None, true), ("statutory".to_owned(), some("2027-01-02"), true), ("notice".to_owned(), None, false)];
        assert_eq!(dates(&node, case).await, before);
        assert!(term(&node, case, "promised").await.rungs.is_empty(), "nobody is reminded of a date that does not exist");
        // The preview shows both dates and the notice, and writes nothing.
        let preview = node.app.preview_calendar(node.tenant, &operator(), &next_year()).await.unwrap_or_else(|failure| panic!("{failure}"));
        let expected = vec![
            ("minimum".to_owned(), None, true, some("2027-01-19"), false),
            ("statutory".to_owned(), some("2027-01-02"), true, some("2027-01-04"), false),
            ("promised".to_owned(), None, true, some("2027-01-05"), false),
        ];
        assert_eq!(told(&preview.moves), expected);
        assert_eq!((preview.cases, preview.before.as_str(), preview.calendar.version(), preview.days.len()), (1, "2026.1", "2027.1", 0));
        assert_eq!(dates(&node, case).await, before);
        assert_eq!(node.app.known(node.tenant).await.unwrap().calendars.len(), 1);
        // Confirmed, every date is what was shown, and its reminder is armed.
        node.app.apply_calendar(node.tenant, operator(), &next_year(), Some(preview.stamp)).await.unwrap_or_else(|failure| panic!("{failure}"));
        let after = [
            ("promised".to_owned(), some("2027-01-05"), false),
            ("statutory".to_owned(), some("2027-01-04"), false),
            ("notice".to_owned(), some("2027-01-20"), false),
        ];
        assert_eq!(dates(&node, case).await, after);
        let rungs: Vec<String> = term(&node, case, "promised").await.rungs.iter().map(|rung| rung.at.civil().format("%F %R").to_string()).collect();
        assert_eq!(rungs, ["2026-12-31 09:00"]);
        at(&node, "2026-12-31");
        node.crew.drain().await.unwrap();
        assert!(term(&node, case, "promised").await.rungs.is_empty());
        let file = node.app.casefile(node.tenant, case).await.unwrap();
        let events = || file.entries.iter().flat_map(|entry| &entry.events);
        assert_eq!(events().filter(|event| matches!(event, Event::RungFired { .. })).count(), 1, "said once");
        let moved: Vec<&str> = events().filter_map(|event| if let Event::TermMoved { because, .. } = event { Some(&**because) } else { None }).collect();
        assert_eq!(moved, ["calendar:2027.1", "calendar:2027.1"], "the record says which calendar moved each date");
        node.holds().await;
    });
}

#[test]
fn a_closure_moves_open_dates_and_keeps_the_earlier_ones_on_record() {
    on_both(async |place: Where| {
        let node = open(place).await;
        at(&node, "2025-03-24");
        let (case, over) = (accepted(&node).await, accepted(&node).await);
        node.answer(over, "decide", "granted").await.unwrap_or_else(|failure| panic!("{failure}"));
        let before = dates(&node, case).await;
        assert_eq!(before[..2], [("promised".to_owned(), some("2025-05-08"), false), ("statutory".to_owned(), some("2025-05-06"), false)]);
        let proposal = snow("2025-04-08..2025-04-10");
        let preview = node.app.preview_calendar(node.tenant, &operator(), &proposal).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((preview.days.len(), preview.cases, preview.moves.len()), (3, 2, 3), "the case that was decided has its notice left");
        // Somebody else is quicker: what was previewed is not what would be applied.
        node.app.apply_calendar(node.tenant, operator(), &snow("2025-04-15"), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        let late = refused(node.app.apply_calendar(node.tenant, operator(), &proposal, Some(preview.stamp)).await);
        assert_eq!(late.code, "calendar_moved_on");
        assert_eq!(dates(&node, case).await[0].1, some("2025-05-09"));
        let preview = node.app.preview_calendar(node.tenant, &operator(), &proposal).await.unwrap_or_else(|failure| panic!("{failure}"));
        node.app.apply_calendar(node.tenant, operator(), &proposal, Some(preview.stamp)).await.unwrap_or_else(|failure| panic!("{failure}"));
        let again = node.app.apply_calendar(node.tenant, operator(), &proposal, Some(preview.stamp)).await;
        assert!(again.is_ok_and(|preview| preview.unchanged), "sent again, it is done already");
        assert_eq!(dates(&node, case).await[..2], [("promised".to_owned(), some("2025-05-14"), false), ("statutory".to_owned(), some("2025-05-06"), false)]);
        // The officer who holds the task hears of it in one mail for each calendar, the applicant of the promise.
        let handler = node.person("ez-sthj.head").await;
        let lines = node.app.notices(node.tenant, case).await.unwrap();
        assert_eq!(lines.iter().filter(|line| line.kind == "a.moved" && line.channel == "mail").count(), 2, "{lines:?}");
        node.app.finish_calendar(node.tenant, 3).await.unwrap_or_else(|failure| panic!("{failure}"));
        node.crew.drain().await.unwrap();
        let told =
            node.app.known(node.tenant).await.unwrap().calendars.values().map(|version| version.done.as_ref().map_or(0, |done| done.told)).collect::<Vec<_>>();
        assert_eq!(told, [0, 1, 1], "{handler}");
        let known = node.app.known(node.tenant).await.unwrap();
        let versions: Vec<(u32, &str, usize, Option<usize>)> = known
            .calendars
            .values()
            .map(|version| (version.number, version.version.as_str(), version.days_changed, version.done.as_ref().map(|done| done.moved)))
            .collect();
        assert_eq!(versions, [(1, "2026.1", 0, Some(0)), (2, "2026.2", 1, Some(3)), (3, "2026.3", 3, Some(3))]);
        let kept = node.app.calendar_moves(node.tenant, 3).await.unwrap();
        assert_eq!(kept, preview.moves, "old beside new, as it was shown");
        let (version, calendar, text) = node.app.calendar_of(node.tenant, 2).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((version.by.as_str(), calendar.closures().len(), text), ("test", 1, calendar.to_yaml()));
        let file = node.app.casefile(node.tenant, case).await.unwrap();
        let due = |event: &Event| match event {
            Event::TermStarted { key, due, .. } if &**key == "promised" => Some(("started".to_owned(), *due)),
            Event::TermMoved { due, because, .. } => Some((because.to_string(), *due)),
            _ => None,
        };
        let on_record: Vec<String> =
            file.entries.iter().flat_map(|entry| &entry.events).filter_map(due).map(|(why, due)| format!("{why} {}", due.unwrap())).collect();
        assert_eq!(on_record, ["started 2025-05-08", "calendar:2026.2 2025-05-09", "calendar:2026.3 2025-05-14"]);
        node.holds().await;
    });
}

#[test]
fn a_wrong_file_and_somebody_without_the_post_change_nothing() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let wrong = Proposal { text: YEAR_2027.replace("2027-01-31", "2027-01-32").replace("端午节", "端五节"), ..next_year() };
        let refusal = refused(node.app.apply_calendar(node.tenant, operator(), &wrong, None).await);
        let places: Vec<&str> = refusal.details.iter().map(|detail| detail.path.as_str()).collect();
        assert_eq!((refusal.code, places), ("calendar_wrong", vec!["2027.csv:5:1", "2027.csv:12:15"]));
        let applicant = Actor::Person(node.person("chen").await);
        assert_eq!(refused(node.app.preview_calendar(node.tenant, &applicant, &next_year()).await).code, "without_post");
        assert_eq!(refused(node.app.apply_calendar(node.tenant, applicant, &next_year(), None).await).code, "without_post");
        let whole = Proposal {
            text: greenlane::calendar::CN.replace("2025-05-01..2025-05-05", "2025-05-01..2025-05-04"),
            file: "cn.yaml".to_owned(),
            head: Head::default(),
        };
        assert_eq!(refused(node.app.apply_calendar(node.tenant, operator(), &whole, None).await).code, "calendar_version_taken");
        let same = Proposal { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned(), head: Head::default() };
        assert!(node.app.apply_calendar(node.tenant, operator(), &same, None).await.is_ok_and(|preview| preview.unchanged));
        let known = node.app.known(node.tenant).await.unwrap();
        assert_eq!((known.calendars.len(), known.calendar.version()), (1, "2026.1"));
    });
}

#[test]
fn of_two_who_apply_at_once_one_is_told_to_look_again() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let nodes = node.nodes().await;
        let (one, other) = (&nodes[0], nodes.last().unwrap());
        let stamp = async |proposal: &Proposal| node.app.preview_calendar(node.tenant, &operator(), proposal).await.map(|preview| preview.stamp).ok();
        let (first, second) = (snow("2025-04-08"), snow("2025-04-09"));
        let stamps = (stamp(&first).await, stamp(&second).await);
        let (a, b) =
            tokio::join!(one.apply_calendar(node.tenant, operator(), &first, stamps.0), other.apply_calendar(node.tenant, operator(), &second, stamps.1));
        let lost: Vec<&str> =
            [&a, &b].into_iter().filter_map(|result| if let Err(Failure::Refused(refusal)) = result { Some(refusal.code) } else { None }).collect();
        // The slower of them hears of it before it writes, or where both write the same version.
        let told = matches!(lost[..], ["calendar_moved_on" | "calendar_version_taken"]);
        assert!(told && a.is_ok() != b.is_ok(), "{lost:?} {:?} {:?}", a.as_ref().err(), b.as_ref().err());
        let known = node.app.known(node.tenant).await.unwrap();
        assert_eq!((known.calendars.len(), known.calendar.closures().len()), (2, 1));
        assert!(known.calendars[&2].done.is_some());
        node.holds().await;
    });
}

#[test]
fn a_calendar_confirmed_several_times_at_once_is_one_version_and_everybody_is_told_it_is_in_force() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let nodes = node.nodes().await;
        // Whether two of them meet is chance; in so many rounds some do.
        for (round, day) in ["2025-04-08", "2025-04-09", "2025-04-10", "2025-04-11", "2025-04-14", "2025-04-15"].into_iter().enumerate() {
            let closed = snow(day);
            let stamp = node.app.preview_calendar(node.tenant, &operator(), &closed).await.unwrap_or_else(|failure| panic!("{failure}")).stamp;
            // Twice by each of two people, on every node: a button clicked twice, and a colleague who had the same notice before them.
            let clicks = nodes.iter().flat_map(|app| ["one", "one", "other", "other"].map(|name| (app, Actor::Operator(name.to_owned()))));
            let clicks = clicks.map(|(app, actor)| app.apply_calendar(node.tenant, actor, &closed, Some(stamp)));
            for applied in futures::future::join_all(clicks).await {
                assert_eq!(applied.unwrap_or_else(|failure| panic!("{failure}")).calendar.closures().len(), round + 1);
            }
            let again = node.app.apply_calendar(node.tenant, operator(), &closed, Some(stamp)).await.unwrap_or_else(|failure| panic!("{failure}"));
            assert!(again.unchanged);
            let known = node.app.known(node.tenant).await.unwrap();
            assert_eq!((known.calendars.len(), known.calendar.closures().len()), (round + 2, round + 1), "one version of {day}");
            assert!(known.calendars.values().skip(1).all(|version| version.done.is_some()));
        }
        node.holds().await;
    });
}

/// What an operation says in English, a line each.
async fn said(node: &Node, operation: Operation) -> Vec<String> {
    let told = node.app.operate(node.tenant, operator(), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(told.iter().all(|line| !line.zh.is_empty()));
    told.into_iter().map(|line| line.en).collect()
}

#[test]
fn at_a_terminal_a_calendar_is_previewed_applied_with_its_stamp_and_listed() {
    on_both(async |place: Where| {
        let node = open(place).await;
        at(&node, "2026-11-23");
        let case = accepted(&node).await;
        let name = case.to_string();
        let preview = said(&node, Operation::PreviewCalendar(next_year())).await;
        let (stamp_line, lines) = preview.split_last().unwrap();
        let expected = [
            "preview: 2026.1 -> 2027.1, covers until 2027-12-31".to_owned(),
            "  new or amended 2027: 演示发明电〔2026〕9号, 2026-11-05".to_owned(),
            format!("  {name} Dated / Notice minimum period: no date -> 2027-01-19"),
            format!("  {name} Dated statutory: 2027-01-02 (provisional) -> 2027-01-04"),
            format!("  {name} Dated promised: no date -> 2027-01-05"),
            "1 open cases looked at: 3 dates would move, 0 would settle, in 1 cases; nothing was written".to_owned(),
        ];
        assert_eq!(lines, expected);
        let stamp = stamp_line.rsplit_once("--stamp ").unwrap().1.to_owned();
        let apply = |stamp: &str| Operation::ApplyCalendar { proposal: next_year(), stamp: stamp.to_owned() };
        for wrong in ["", &stamp[..4], "000000000000"] {
            assert_eq!(refused(node.app.operate(node.tenant, operator(), apply(wrong)).await).code, "calendar_moved_on", "`{wrong}`");
        }
        let applied = said(&node, apply(&stamp)).await;
        assert_eq!(applied.last().map(String::as_str), Some("calendar 2027.1 is in force until 2027-12-31; 1 open cases recomputed"));
        let again = said(&node, apply(&stamp)).await;
        assert_eq!(again, ["calendar 2027.1 is in force already until 2027-12-31; nothing was changed"]);
        let listed = said(&node, Operation::Calendars).await;
        assert_eq!(
            listed[1],
            "no. 2 2027.1: put in force on 2026-11-23 09:00 by test (2027.csv), covers until 2027-12-31; 3 dates moved in 1 cases\n  2027: 演示发明电〔2026〕9号, 2026-11-05"
        );
    });
}

#[test]
fn a_district_has_its_own_closures_lights_and_hours_and_its_cases_follow_them() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let files = [("district.yaml", include_str!("calendar/district.yaml")), ("forms/district.yaml", include_str!("calendar/district_form.yaml"))];
        let files = files.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        node.app.operate(node.tenant, operator(), Operation::Publish { files, workflows: Vec::new() }).await.unwrap_or_else(|failure| panic!("{failure}"));
        at(&node, "2025-07-01");
        let start = async |region: &str| node.start("district", Some(json!({"region": region}))).await.unwrap_or_else(|failure| panic!("{failure}"));
        let (here, there) = (start("420703").await, start("420702").await);
        let watched = async || {
            let lit = node.app.store().inbox(node.tenant, &all(&node)).await.unwrap();
            let of = |case| lit.iter().find(|task| task.case == case).map(|task| task.task.yellow_from.date().to_string()).unwrap();
            [of(here), of(there)]
        };
        let promised = async |case| term(&node, case, "promised").await.due.map(|due| due.to_string());
        assert_eq!([promised(here).await, promised(there).await], [some("2025-07-15"), some("2025-07-15")]);
        assert_eq!(watched().await, ["2025-07-11"; 2]);
        // One zone is closed for a day and wants its yellow earlier; papers that come after hours count from the next working day.
        let text = "names:\n  flood: {zh: 防汛停办, en: Flood}\noffice-hours: {until: \"17:30\", after: next-working-day}\ndistricts:\n  \"420703\":\n    lights: {yellow: 50%}\n    closures: [{name: flood, days: 2025-07-03, source: 鄂葛管〔2025〕7号, published: 2025-07-01}]\n";
        let proposal = Proposal { text: text.to_owned(), file: "local.yaml".to_owned(), head: Head::default() };
        let preview = node.app.preview_calendar(node.tenant, &operator(), &proposal).await.unwrap_or_else(|failure| panic!("{failure}"));
        let moved: Vec<&str> = preview.moves.iter().map(|moved| moved.case.as_str()).collect();
        assert_eq!(moved, [here.to_string()], "the other district's case stays");
        node.app.apply_calendar(node.tenant, operator(), &proposal, Some(preview.stamp)).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!([promised(here).await, promised(there).await], [some("2025-07-16"), some("2025-07-15")]);
        assert_eq!(watched().await, ["2025-07-09", "2025-07-11"], "five of ten working days are left");
        assert!(node.clock.set(Moment::at("2025-07-04".parse().unwrap(), "18:00:00".parse().unwrap())));
        let late = start("420702").await;
        let term = term(&node, late, "promised").await;
        assert_eq!(
            (term.from.to_string(), term.due.map(|due| due.to_string())),
            ("2025-07-07".to_owned(), some("2025-07-21")),
            "handed in on Friday evening, it counts from Monday"
        );
        node.holds().await;
    });
}

#[test]
fn a_case_that_cannot_be_read_is_named_and_hides_no_other() {
    on_both(async |place: Where| {
        let node = open(place).await;
        at(&node, "2026-11-23");
        let (broken, case) = (accepted(&node).await, accepted(&node).await);
        let sql = Meddler::into(&node.place);
        sql.run(&format!("update acts set events = {} where {} = '{}' and seq = 1", sql.bytes("5b"), sql.hex_id("case_id"), broken.0.simple()));
        sql.run(&format!("delete from snapshots where {} = '{}'", sql.hex_id("case_id"), broken.0.simple()));
        drop(sql);
        // A node that has it in no cache.
        let node = Node::reopen(node).await;
        at(&node, "2026-11-23");
        let reader = &node.app;
        let preview = reader.preview_calendar(node.tenant, &operator(), &next_year()).await.unwrap_or_else(|failure| panic!("{failure}"));
        let unread: Vec<&str> = preview.unread.iter().map(|unread| unread.case.as_str()).collect();
        assert_eq!((unread, preview.cases, preview.moves.len()), (vec![broken.to_string().as_str()], 1, 3));
        reader.apply_calendar(node.tenant, operator(), &next_year(), Some(preview.stamp)).await.unwrap_or_else(|failure| panic!("{failure}"));
        let kept = reader.working(node.tenant, case).await.unwrap().state.terms.values().filter(|term| term.due.is_none()).count();
        assert_eq!(kept, 0, "the other case has its dates");
    });
}

#[test]
fn through_the_api_a_calendar_is_previewed_applied_and_read_by_whoever_publishes() {
    on_both(async |place: Where| {
        let node = open(place).await;
        at(&node, "2026-11-23");
        let case = accepted(&node).await;
        let tokens = node.app.hand_out_tokens(node.tenant, operator(), 1).await.unwrap();
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let server = Server::listen(node.app.clone(), node.crew.clone(), shared, &config).await.unwrap();
        let http = reqwest::Client::new();
        let call = async |login: &str, method: &str, path: &str, body: Value| {
            let token = &tokens.iter().find(|(person, _)| person.login == login).unwrap().1;
            let request = http.request(method.parse().unwrap(), format!("http://{}/api/v1{path}", server.address())).bearer_auth(token);
            let response = if body.is_null() { request } else { request.json(&body) }.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        };
        let (clerk, keeper) = ("ez-zwzx.receiver", "ez-zwzx.operator");
        let body = json!({"file": "2027.csv", "text": YEAR_2027});
        for (method, path) in [("GET", "/calendars"), ("GET", "/calendars/1"), ("POST", "/calendars")] {
            let (status, answer) = call(clerk, method, path, if method == "POST" { body.clone() } else { Value::Null }).await;
            assert_eq!((status, answer["code"].as_str()), (403, Some("without_post")), "{method} {path}");
        }
        let (status, preview) = call(keeper, "POST", "/calendars", body.clone()).await;
        assert_eq!((status, preview["in_force"].as_bool(), preview["moves"].as_array().map(Vec::len)), (200, Some(false), Some(3)), "{preview}");
        assert_eq!(dates(&node, case).await[0].1, None, "a preview writes nothing");
        let mut confirmed = body.clone();
        confirmed["stamp"] = json!("0".repeat(64));
        let (status, answer) = call(keeper, "POST", "/calendars", confirmed.clone()).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("calendar_moved_on")));
        confirmed["stamp"] = preview["stamp"].clone();
        let (status, applied) = call(keeper, "POST", "/calendars", confirmed).await;
        assert_eq!((status, applied["in_force"].as_bool(), applied["version"].as_str()), (200, Some(true), Some("2027.1")), "{applied}");
        assert_eq!(dates(&node, case).await[0].1, some("2027-01-05"));
        let (_, listed) = call(keeper, "GET", "/calendars", Value::Null).await;
        assert_eq!((listed[0]["number"].as_u64(), listed[0]["current"].as_bool(), listed[0]["moved"].as_u64()), (Some(2), Some(true), Some(3)), "{listed}");
        let (_, shown) = call(keeper, "GET", "/calendars/2", Value::Null).await;
        assert_eq!(shown["moves"], preview["moves"]);
        assert!(shown["text"].as_str().is_some_and(|text| text.contains("version: \"2027.1\"")));
        assert_eq!(call(keeper, "GET", "/calendars/9", Value::Null).await.0, 404);
        let wrong = json!({"file": "2027.csv", "text": YEAR_2027.replace("2027-01-31", "2027-01-32")});
        let (status, answer) = call(keeper, "POST", "/calendars", wrong).await;
        assert_eq!((status, answer["errors"][0]["path"].as_str()), (422, Some("2027.csv:5:1")), "{answer}");
        server.stop().await;
    });
}
