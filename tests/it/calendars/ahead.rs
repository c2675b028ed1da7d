//! Dates past the calendar in force: counted exactly, told to whoever loads calendars and whoever watches over dates, and gone once the year is published.

use greenlane::app::calendars::Ahead;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::operate::Operation;
use greenlane::app::register;
use greenlane::app::reports::Report;
use greenlane::identity::Actor;
use greenlane::ids::Moment;

use crate::accounts::house::House;
use crate::spine::node::{Node, Where, on_both};
use crate::tamper::meddler::Meddler;

const MONDAY: &str = "2026-11-23";

async fn ahead(node: &Node) -> Option<Ahead> {
    let known = node.app.known(node.tenant).await.unwrap();
    node.app.calendar_ahead(node.tenant, &known).await.unwrap()
}

/// The letters of a kind, what each says of dates: how many, and the last day of the calendar.
async fn told(node: &Node, kind: &str) -> Vec<(Option<u64>, Option<String>)> {
    let all = node.app.store().notices(node.tenant, register::case_of(node.tenant)).await.unwrap();
    let said = |bytes: &[u8]| {
        let context: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        (context["count"].as_u64(), context["until"].as_str().map(str::to_owned))
    };
    all.iter().filter(|notice| notice.notice.kind == kind).map(|notice| said(&notice.notice.context)).collect()
}

#[test]
fn dates_past_the_calendar_are_counted_and_told_every_week_until_the_year_is_published() {
    on_both(async |place: Where| {
        let node = super::open(place).await;
        // Far from the end of the calendar no date is provisional.
        super::accepted(&node).await;
        assert_eq!(ahead(&node).await, None);
        super::at(&node, MONDAY);
        // Two limits and a minimum period each.
        super::accepted(&node).await;
        super::accepted(&node).await;
        let of = |dates| Some(Ahead { dates, until: "2026-12-31".parse().ok(), year: 2027 });
        assert_eq!(ahead(&node).await, of(6));
        // As a database looks that was just migrated: nothing counted, every running case on the list.
        let sql = Meddler::into(&node.place);
        sql.run("update cases set provisional = 0; insert into terms_unfilled (tenant, case_id) select tenant, id from cases where ended is null");
        drop(sql);
        assert_eq!(ahead(&node).await, None);
        assert!(node.app.fill_terms().await.unwrap() > 0);
        assert_eq!(ahead(&node).await, of(6));
        // The week's letters: of the supervisors, and one for whoever can load the year.
        node.app.write_report(node.tenant, Report::Weekly, MONDAY.parse().unwrap()).await.unwrap();
        let said = (Some(6), Some("2026-12-31".to_owned()));
        assert_eq!(told(&node, "x.calendar").await, std::slice::from_ref(&said));
        let weekly = told(&node, "mail.weekly-lights").await;
        assert!(!weekly.is_empty() && weekly.iter().all(|letter| *letter == said), "{weekly:?}");
        node.app.apply_calendar(node.tenant, super::operator(), &super::next_year(), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(ahead(&node).await, None);
        node.app.write_report(node.tenant, Report::Weekly, "2026-11-30".parse().unwrap()).await.unwrap();
        assert_eq!(told(&node, "x.calendar").await.len(), 1, "nothing is missing any more");
        assert_eq!(told(&node, "mail.weekly-lights").await.last(), Some(&(None, None)));
        node.holds().await;
    });
}

#[test]
fn a_limit_that_is_met_is_not_among_them() {
    on_both(async |place: Where| {
        let node = super::open(place).await;
        super::at(&node, MONDAY);
        let case = super::accepted(&node).await;
        assert_eq!(ahead(&node).await.map(|ahead| ahead.dates), Some(3));
        node.answer(case, "decide", "granted").await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(ahead(&node).await.map(|ahead| ahead.dates), Some(1), "both limits are met, the notice still hangs");
        node.holds().await;
    });
}

#[test]
fn the_calendars_page_and_the_lights_board_say_so_and_fall_silent() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, tenant) = (&house.server.app, house.tenant);
        let files = [("dated.yaml".to_owned(), include_str!("../calendar/dated.yaml").to_owned())].into();
        app.operate(tenant, super::operator(), Operation::Publish { files, workflows: Vec::new() }).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(app.clock().set(Moment::at(MONDAY.parse().unwrap(), "09:00:00".parse().unwrap())));
        let keeper = house.cookie_of("ez-zwzx.operator").await;
        let supervisor = house.cookie_of("ez-ldxz.sup-clerk").await;
        let officer = house.cookie_of("ez-sthj.handler").await;
        let said = async |path: &str, cookie: &str| house.get(path, Some(cookie)).await.body.contains("2027 年度工作日历未导入，3 个到期日为暂定");
        assert!(!said("/system/calendars", &keeper).await && !said("/lights", &supervisor).await, "no date is past the calendar yet");
        let order = |person, case, act| Order { tenant, case, actor: Actor::Person(person), command_id: None, act };
        let start = Act::Start { workflow: "dated".into(), form: None, rank: 9 };
        let case = app.execute(order(house.person("ez-zwzx.receiver").await, None, start)).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        let (handler, task) = (house.person("ez-sthj.handler").await, *app.working(tenant, case).await.unwrap().state.tasks.keys().next().unwrap());
        app.execute(order(handler, Some(case), Act::Claim { task })).await.unwrap_or_else(|failure| panic!("{failure}"));
        let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
        app.execute(order(handler, Some(case), Act::Complete { task, outcome: "accepted".into(), answer })).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(said("/system/calendars", &keeper).await && said("/lights", &supervisor).await && said("/lights", &keeper).await);
        assert!(!said("/lights", &officer).await, "whoever sees one office only is not told of all the others' dates");
        app.apply_calendar(tenant, super::operator(), &super::next_year(), None).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(!said("/system/calendars", &keeper).await && !said("/lights", &supervisor).await);
    });
}
