//! The office: absences under both names, a desk that goes over when three have signed, tasks answered in a batch.

use greenlane::app::execute::Act;
use greenlane::ids::CaseId;

use super::deeds::publish;
use super::hand::Hand;
use crate::browser::house::House;
use crate::spine::node::{Where, on_both};

const GIVER: &str = "ez-sthj.handler";
const TAKER: &str = "ez-sthj.handler-b";
const HEAD: &str = "ez-sthj.head";

const WORKFLOW: &str = r#"
workflow: desk
title: {zh: 整岗演示, en: A desk}
nature: service
basis: [测试用]
people:
  handler: {office: ez-sthj, post: handler}
  archivist: {office: ez-sthj, post: archivist}
steps:
  examine:
    title: {zh: 审查, en: Examine}
    task: {by: handler, outcomes: [ok]}
    next: file
  file:
    title: {zh: 归档, en: File}
    task: {by: archivist, outcomes: [filed]}
    allow: [batch]
    next: over
  over: {title: {zh: 办结, en: Done}, end: granted}
"#;

async fn begin(house: &House) -> CaseId {
    house.act(None, "chen", Act::Start { workflow: "desk".into(), form: None, rank: 9 }).await.unwrap().case
}

#[test]
fn an_absence_is_set_by_oneself_or_one_s_leader_and_ended() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        publish(&house, WORKFLOW).await;
        let case = begin(&house).await;
        let today = house.clock.now().date().to_string();
        let hand = Hand::of(&house, GIVER);
        let page = hand.get("/office").await;
        page.says(&["没有离岗登记", "郑承办", "在岗"]);
        let form = page.form("/office/away");
        let own = [("whose", "ez-sthj.handler/ez-sthj/handler"), ("from", today.as_str()), ("until", ""), ("substitute", "ez-sthj.liaison")];
        let lacking = hand.post(&form, &own).await;
        assert_eq!(lacking.status, 422);
        assert!(lacking.text.contains("value=\"ez-sthj.liaison\" selected"), "the substitute chosen is kept");
        let other = [("whose", "ez-sthj.legal/ez-sthj/legal"), ("from", today.as_str()), ("until", today.as_str()), ("substitute", "")];
        assert_eq!(hand.post(&page.form("/office/away"), &other).await.status, 403, "a colleague's is their own or their leader's to write");
        let own = [("whose", "ez-sthj.handler/ez-sthj/handler"), ("from", today.as_str()), ("until", "2025-12-31"), ("substitute", "ez-sthj.liaison")];
        let done = hand.post(&form, &own).await;
        assert_eq!(done.to, "/office?done=away", "{}", done.words());
        hand.get("/office").await.says(&["离岗中", "由郑联络代理", "离岗至 2025-12-31"]);
        let stand_in = Hand::of(&house, "ez-sthj.liaison");
        let complete = stand_in.case(case).await.form("/complete");
        let done = stand_in.post(&complete, &[("outcome", "ok"), ("opinion", "代为审查")]).await;
        stand_in.get(&done.to).await.says(&["代郑承办办理「审查」", "郑联络"]);
        let leader = Hand::of(&house, HEAD);
        let end = leader.get("/office").await.form("/office/back");
        let back = [("whose", "ez-sthj.handler/ez-sthj/handler"), ("from", today.as_str()), ("until", today.as_str())];
        for _ in 0..2 {
            assert_eq!(leader.post(&end, &back).await.to, "/office?done=back");
        }
        leader.get("/office").await.says(&[&format!("{today} "), "离岗中"]);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn a_desk_goes_over_when_three_different_people_have_signed() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        publish(&house, WORKFLOW).await;
        let (held, free) = (begin(&house).await, begin(&house).await);
        house.act(Some(held), GIVER, Act::Claim { task: house.task(held, "examine").await.0 }).await.unwrap();
        let (giver, taker, head) = (Hand::of(&house, GIVER), Hand::of(&house, TAKER), Hand::of(&house, HEAD));
        let form = giver.get("/office").await.form("/office/handovers");
        let two = [("giver", GIVER), ("taker", TAKER), ("overseer", TAKER), ("reason", "调离")];
        let wrong = giver.post(&form, &two).await;
        assert_eq!(wrong.status, 422);
        wrong.says(&["须是三个人", "监交人须是该单位", "调离"]);
        let three = [("giver", GIVER), ("taker", TAKER), ("overseer", HEAD), ("reason", "调离")];
        for _ in 0..2 {
            assert_eq!(giver.post(&form, &three).await.to, "/office?done=propose");
        }
        assert!(giver.get("/office").await.find("/office/handovers").is_some());
        taker.get("/inbox").await.says(&["有 1 份整岗交接等您签字"]);
        let sign = |page: &super::hand::Got| {
            let action = super::hand::within(&page.text, "action=\"/office/handovers/", "\"").unwrap().to_owned();
            super::hand::Form { action: format!("/office/handovers/{action}"), command: String::new() }
        };
        let one = sign(&taker.get("/office").await);
        assert_eq!(Hand::of(&house, "ez-sthj.legal").post(&one, &[("act", "sign")]).await.status, 403, "nobody signs for another");
        assert_eq!(taker.post(&one, &[("act", "sign")]).await.to, "/office?done=sign");
        assert_eq!(house.task(held, "examine").await.1.claimed, Some(house.person(GIVER).await), "two signatures move nothing");
        let before = house.acts(held).await;
        for _ in 0..2 {
            assert_eq!(head.post(&one, &[("act", "sign")]).await.to, "/office?done=over");
        }
        for case in [held, free] {
            assert_eq!(house.task(case, "examine").await.1.claimed, Some(house.person(TAKER).await));
        }
        assert_eq!(house.acts(held).await, before + 1, "one act for the case");
        taker.case(held).await.says(&["我要办理：审查", "整岗交接：郑承办 移交，郑协办 接收，郑局长 监交"]);
        giver.get("/office").await.says(&["已移交", "移交 1 项"]);
        assert_eq!(giver.post(&one, &[("act", "decline")]).await.status, 409);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn a_batch_answers_what_is_ticked_once_and_says_what_became_of_each() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        publish(&house, WORKFLOW).await;
        let cases = [begin(&house).await, begin(&house).await, begin(&house).await];
        let clerk = Hand::of(&house, GIVER);
        assert_eq!(clerk.get("/inbox/batch?link=desk&step=examine").await.status, 422, "only where the step says so");
        for case in cases {
            let form = clerk.case(case).await.form("/complete");
            assert_eq!(clerk.post(&form, &[("outcome", "ok"), ("opinion", "审查无误")]).await.status, 303);
        }
        let hand = Hand::of(&house, "ez-sthj.archivist");
        hand.get("/inbox").await.says(&["可以批量办理：", "归档"]);
        let page = hand.get("/inbox/batch?link=desk&step=file").await;
        page.says(&["共 3 件待办", "一件办不成不影响别的"]);
        let mut items = Vec::new();
        for case in cases {
            items.push(format!("{case}.{}", house.task(case, "file").await.0));
        }
        let form = page.form("/inbox/batch");
        let typed = |count: usize, opinion: &'static str| {
            let ticked = items.iter().take(count).map(|item| ("item", item.as_str()));
            [("link", "desk"), ("step", "file"), ("outcome", "filed"), ("opinion", opinion)].into_iter().chain(ticked).collect::<Vec<_>>()
        };
        let none = hand.post(&form, &typed(0, "齐全")).await;
        assert_eq!(none.status, 422);
        none.says(&["请勾选要办理的待办", "齐全"]);
        for _ in 0..2 {
            assert_eq!(hand.post(&form, &typed(2, "齐全")).await.to, "/inbox/batch?link=desk&step=file&done=2");
        }
        let two = hand.get("/inbox/batch?link=desk&step=file&done=2").await;
        two.says(&["勾选的 2 件已全部办理", "共 1 件待办"]);
        let acts = house.acts(cases[0]).await;
        let three = hand.post(&two.form("/inbox/batch"), &typed(3, "齐全")).await;
        three.says(&["共 3 件，办成 1 件", "未办理："]);
        assert_eq!(house.acts(cases[0]).await, acts, "done once");
        house.holds().await;
        house.close().await;
    });
}
