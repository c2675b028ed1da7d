//! Row 5: offices with dated succession; a new task goes to the successor, and what was done keeps the name it was done under.

use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::operate::Operation;
use greenlane::app::people::{Change, Post};
use greenlane::engine::case::TaskPool;
use greenlane::identity::Actor;
use greenlane::ids::Moment;

use crate::accounts::house::House;
use crate::spine::node::{Where, on_both};

const WORKFLOW: &str = "
workflow: two-years
title: {zh: 用地审查, en: Land}
nature: service
basis: [测试用]
people:
  land: {office: ez-gtj, post: handler}
steps:
  examine: {title: {zh: 审查, en: Examine}, task: {by: land, outcomes: [ok]}, next: again}
  again: {title: {zh: 复查, en: Again}, task: {by: land, outcomes: [ok]}, next: over}
  over: {title: {zh: 准予, en: Granted}, end: granted}
";

#[test]
fn seed_05_after_its_end_an_office_is_asked_through_its_successor_and_its_old_decision_keeps_its_name() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, tenant, operator) = (house.server.app.clone(), house.tenant, Actor::Operator("test".to_owned()));
        // The last autumn of the land bureau.
        assert!(app.clock().set(Moment::start_of("2018-11-05".parse().unwrap())));
        let post = Post { office: "ez-gtj".to_owned(), post: "handler".to_owned(), from: None, until: None };
        let give = Change::Give { login: "ez-gdkfq.liaison".to_owned(), post };
        app.manage(tenant, operator.clone(), None, &give).await.unwrap_or_else(|failure| panic!("{failure}"));
        let publish = Operation::Publish { files: [("two-years.yaml".to_owned(), WORKFLOW.to_owned())].into(), workflows: Vec::new() };
        app.operate(tenant, operator, publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        let order = |case, person, act| Order { tenant, case, actor: Actor::Person(person), command_id: None, act };
        let start = Act::Start { workflow: "two-years".into(), form: None, rank: 9 };
        let case = app.execute(order(None, house.person("chen").await, start)).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        let asked = async || {
            let working = app.working(tenant, case).await.unwrap();
            let (id, task) = working.state.tasks.iter().next().map(|(id, task)| (*id, task.clone())).unwrap();
            let TaskPool::Posts { offices, .. } = task.pool else { panic!("nobody is asked") };
            (id, offices.iter().map(|office| office.to_string()).collect::<Vec<_>>())
        };
        let (task, offices) = asked().await;
        assert_eq!(offices, ["ez-gtj"]);
        let old = house.person("ez-gdkfq.liaison").await;
        let answer = || Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
        app.execute(order(Some(case), old, Act::Claim { task })).await.unwrap_or_else(|failure| panic!("{failure}"));
        // Its second step is entered on the day after its end.
        assert!(app.clock().set(Moment::start_of("2019-01-02".parse().unwrap())));
        let gone = app.execute(order(Some(case), old, Act::Complete { task, outcome: "ok".into(), answer: answer() })).await;
        assert!(gone.is_err(), "the post ended with its office");
        assert!(app.clock().set(Moment::start_of("2018-12-28".parse().unwrap())));
        app.execute(order(Some(case), old, Act::Complete { task, outcome: "ok".into(), answer: answer() })).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(app.clock().set(Moment::start_of("2019-01-02".parse().unwrap())));
        let (task, _) = asked().await;
        // Whoever works in the successor takes it now, and nobody else does.
        let new = house.person("ez-zrzy.handler").await;
        assert!(app.execute(order(Some(case), old, Act::Claim { task })).await.is_err());
        app.execute(order(Some(case), new, Act::Claim { task })).await.unwrap_or_else(|failure| panic!("{failure}"));
        app.execute(order(Some(case), new, Act::Complete { task, outcome: "ok".into(), answer: answer() })).await.unwrap_or_else(|failure| panic!("{failure}"));
        let cookie = house.cookie_of("ez-ldxz.auditor").await;
        let record = house.get(&format!("/cases/{case}/record"), Some(&cookie)).await.body;
        assert!(record.contains("市国土局") && record.contains("市自然资源和规划局"), "{record}");
    });
}
