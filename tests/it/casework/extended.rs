//! Extending a running term in the browser: who may, up to how much, with a reason.

use greenlane::app::execute::Act;
use greenlane::app::operate::Operation;
use greenlane::identity::Actor;

use super::hand::Hand;
use crate::browser::house::House;
use crate::spine::node::{Where, on_both};

const WORKFLOW: &str = r#"
workflow: extension
title: {zh: 延期演示件, en: Extension}
nature: service
basis: [测试用]
people:
  handler: {office: ez-sthj, post: handler}
limits:
  promised: {within: 5 working days, from: accept.accepted, until: decide, extend: {by: 10 working days, approved-by: head}}
steps:
  accept:
    title: {zh: 受理, en: Accept}
    task: {by: handler, outcomes: [accepted]}
    next: decide
  decide:
    title: {zh: 决定, en: Decide}
    task: {by: handler, outcomes: [granted]}
    next: granted
  granted: {title: {zh: 办结, en: Done}, end: granted}
"#;

#[test]
fn a_term_is_extended_once_by_whoever_its_rule_names() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let publish = Operation::Publish { files: [("extension.yaml".to_owned(), WORKFLOW.to_owned())].into(), workflows: Vec::new() };
        house.node.app.operate(house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        let act = Act::Start { workflow: "extension".into(), form: None, rank: 9 };
        let case = house.act(None, "chen", act).await.unwrap().case;
        let handler = Hand::of(&house, "ez-sthj.handler");
        let accept = handler.case(case).await.form("/complete");
        assert_eq!(handler.post(&accept, &[("outcome", "accepted"), ("opinion", "予以受理。")]).await.status, 303);
        let page = handler.case(case).await;
        page.says(&["延长须由主要负责人批准", "承诺时限"]);
        assert!(page.find("/extend").is_none());

        let head = Hand::of(&house, "ez-sthj.head");
        let form = head.case(case).await.form("/extend");
        let long = head.post(&form, &[("by", "11"), ("opinion", "情况复杂，需补充核查。")]).await;
        assert_eq!(long.status, 422);
        long.says(&["可延长 1 至 10 日", "情况复杂，需补充核查。"]);
        let unread = head.post(&long.form("/extend"), &[("by", "十"), ("opinion", "情况复杂。")]).await;
        assert_eq!(unread.status, 422);
        unread.says(&["延长天数应为整数"]);
        let done = head.post(&unread.form("/extend"), &[("by", "10"), ("opinion", "情况复杂。")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        let page = head.get(&done.to).await;
        page.says(&["承诺时限延长 10 个工作日", "情况复杂。", "+ 10 个工作日"]);
        assert!(page.find("/extend").is_none(), "once only");
        house.holds().await;
        house.close().await;
    });
}
