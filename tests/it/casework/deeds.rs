//! The rarer acts: offered where the engine would take them, said in words before they are done, and nothing typed lost when they are not.

use greenlane::app::execute::{Act, Answer};
use greenlane::app::operate::Operation;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;

use super::hand::{Form, Got, Hand};
use crate::browser::house::House;
use crate::spine::node::{Where, on_both};
use crate::unlucky::deeds::WORKFLOW;

const HANDLER: &str = "ez-sthj.handler";
const COLLEAGUE: &str = "ez-sthj.handler-b";
const CHIEF: &str = "ez-sthj.section-head";

async fn house(place: Where) -> (House, CaseId) {
    let house = House::open(place).await;
    publish(&house, WORKFLOW).await;
    let case = begin(&house).await;
    (house, case)
}

pub async fn publish(house: &House, text: &str) {
    let publish = Operation::Publish { files: [("own.yaml".to_owned(), text.to_owned())].into(), workflows: Vec::new() };
    house.node.app.operate(house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn begin(house: &House) -> CaseId {
    house.act(None, "chen", Act::Start { workflow: "deeds".into(), form: None, rank: 9 }).await.unwrap().case
}

fn form(page: &Got, deed: &str) -> Form {
    page.form(&format!("/do/{deed}"))
}

#[test]
fn a_task_is_handed_over_with_a_reason_to_somebody_the_engine_would_take() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let (task, _) = house.task(case, "examine").await;
        let hand = Hand::of(&house, HANDLER);
        let page = hand.case(case).await;
        page.says(&["其他操作", "转办", "委派", "申请回避", "抄送", "写备注"]);
        for never in ["减签", "撤回这一操作", "催办"] {
            assert!(!page.words().contains(never), "{never} is offered and cannot be done: {}", page.words());
        }
        let path = format!("/cases/{case}/do/transfer?task={task}");
        let asked = hand.get(&path).await;
        asked.says(&["不再回到您这里", "对方会收到待办提醒", "郑协办", "郑科长", "郑局长"]);
        for outside in ["郑法制", "郑承办 ", "吴承办"] {
            assert!(!asked.words().contains(&format!("{outside} ")), "{outside}: {}", asked.words());
        }
        let about = task.to_string();
        let nobody = hand.post(&form(&asked, "transfer"), &[("task", &about), ("opinion", "出差一周")]).await;
        assert_eq!(nobody.status, 422);
        nobody.says(&["未能办理", "请选择人员", "出差一周"]);
        let to = house.person(COLLEAGUE).await.to_string();
        let silent = hand.post(&form(&nobody, "transfer"), &[("task", &about), ("to", &to), ("opinion", " ")]).await;
        assert_eq!(silent.status, 422);
        assert!(silent.text.contains(&format!("value=\"{to}\" checked")), "the person chosen is kept");
        let fields = [("task", about.as_str()), ("to", to.as_str()), ("opinion", "出差一周")];
        let sent = form(&silent, "transfer");
        let (done, again) = (hand.post(&sent, &fields).await, hand.post(&sent, &fields).await);
        assert_eq!((done.status, &done.to), (303, &again.to), "{}", done.words());
        hand.get(&done.to).await.says(&["已办理", "把「审查」转办给郑协办", "出差一周"]);
        let late = hand.post(&form(&nobody, "transfer"), &[("task", &about), ("to", &to), ("opinion", "又想转一次")]).await;
        assert_eq!(late.status, 409);
        late.says(&["现在不能办理", "又想转一次"]);
        Hand::of(&house, COLLEAGUE).case(case).await.says(&["我要办理：审查"]);
        Hand::of(&house, COLLEAGUE).get("/inbox").await.says(&["审查", "我签收的 1"]);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn a_question_finds_whom_it_is_for_and_the_answer_whoever_asked() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let (task, _) = house.task(case, "examine").await;
        let about = task.to_string();
        let (hand, colleague) = (Hand::of(&house, HANDLER), Hand::of(&house, COLLEAGUE));
        let to = house.person(COLLEAGUE).await.to_string();
        let asked = hand.get(&format!("/cases/{case}/do/delegate?task={task}")).await;
        let done = hand.post(&form(&asked, "delegate"), &[("task", &about), ("to", &to), ("opinion", "请核算面积")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        hand.case(case).await.says(&["等您办理", "您就「审查」委派了 郑协办，尚未答复。", "收回委派"]);
        colleague.case(case).await.says(&["等您办理", "郑承办 就「审查」委派您，请答复。", "请核算面积"]);
        colleague.get("/inbox").await.says(&["请您答复", "审查", "郑承办 委派"]);
        assert!(!hand.get("/inbox").await.words().contains("请您答复"), "only whom it is asked of");
        let reply = colleague.get(&format!("/cases/{case}/do/reply?task={task}")).await;
        reply.says(&["您的答复不是决定"]);
        let done = colleague.post(&form(&reply, "reply"), &[("task", &about), ("opinion", "面积无误")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        let back = hand.case(case).await;
        back.says(&["我要办理：审查", "面积无误"]);
        assert!(!back.words().contains("等您办理"), "{}", back.words());
        assert!(!colleague.get("/inbox").await.words().contains("请您答复"), "answered");
        house.close().await;
    });
}

#[test]
fn one_s_own_act_is_taken_back_by_a_click_until_somebody_took_up_what_followed() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let (task, _) = house.task(case, "examine").await;
        let hand = Hand::of(&house, HANDLER);
        let complete = hand.case(case).await.form("/complete");
        let done = hand.post(&complete, &[("outcome", "ok"), ("opinion", "审查无误")]).await;
        let shown = hand.get(&done.to).await;
        shown.says(&["撤回这一操作"]);
        let path = format!("/cases/{case}/do/take-back?scope=0&step=examine");
        let asked = hand.get(&path).await;
        asked.says(&["他人一旦签收或处理就不能撤回"]);
        let fields = [("scope", "0"), ("step", "examine"), ("opinion", "写错了")];
        let taken = hand.post(&form(&asked, "take-back"), &fields).await;
        assert_eq!(taken.status, 303, "{}", taken.words());
        assert_ne!(house.task(case, "examine").await.0, task, "a task of its own");
        let (task, _) = house.task(case, "examine").await;
        let answer = Answer { opinion: Some("审查无误".to_owned()), ..Answer::default() };
        house.act(Some(case), HANDLER, Act::Complete { task, outcome: "ok".into(), answer }).await.unwrap();
        let asked = hand.get(&path).await;
        let seat = house.node.app.working(house.tenant, case).await.unwrap().state.tasks.keys().copied().max().unwrap();
        house.act(Some(case), "ez-sthj.head", Act::Claim { task: seat }).await.unwrap();
        let late = hand.post(&form(&asked, "take-back"), &fields).await;
        assert_eq!(late.status, 409);
        late.says(&["已经签收或处理", "写错了"]);
        house.close().await;
    });
}

#[test]
fn an_applicant_urges_from_the_project_and_is_told_when_it_is_too_soon() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let hand = Hand::of(&house, "chen");
        let project = hand.get(&format!("/projects/{case}")).await;
        project.says(&["催办"]);
        let asked = hand.get(&format!("/cases/{case}/do/urge")).await;
        let other_tab = hand.get(&format!("/cases/{case}/do/urge")).await;
        asked.says(&["催办不改变流程", "审查", "承办人A岗"]);
        assert!(!asked.words().contains("郑承办"), "an applicant reads offices and posts, no names: {}", asked.words());
        let task = house.task(case, "examine").await.0.to_string();
        let urged = hand.post(&form(&asked, "urge"), &[("task", &task), ("opinion", "工期紧")]).await;
        assert_eq!((urged.status, urged.to.contains("/projects/")), (303, true), "{}", urged.words());
        hand.get(&urged.to).await.says(&["已转给正在办理的单位"]);
        let again = hand.get(&format!("/cases/{case}/do/urge")).await;
        again.says(&["现在不能办理", "您刚催办过"]);
        let forced = hand.post(&form(&other_tab, "urge"), &[("task", &task), ("opinion", "再催一次")]).await;
        assert_eq!(forced.status, 409);
        forced.says(&["每 1 个工作日只能催办一次", "再催一次"]);
        house.close().await;
    });
}

#[test]
fn a_recusal_is_asked_for_and_decided_by_whoever_leads_the_section() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let (task, _) = house.task(case, "examine").await;
        let about = task.to_string();
        let (hand, chief) = (Hand::of(&house, HANDLER), Hand::of(&house, CHIEF));
        assert!(!chief.case(case).await.words().contains("决定回避"));
        let own = house.person(HANDLER).await.to_string();
        let asked = hand.get(&format!("/cases/{case}/do/ask-recusal?task={task}")).await;
        let done = hand.post(&form(&asked, "ask-recusal"), &[("task", &about), ("to", &own), ("opinion", "与项目单位有利害关系")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        assert!(!hand.case(case).await.words().contains("决定回避"), "never by whom it is about");
        chief.case(case).await.says(&["等您办理", "有人申请 郑承办 回避「审查」，请您决定。", "与项目单位有利害关系"]);
        let page = chief.get(&format!("/cases/{case}/do/decide-recusal?task={task}")).await;
        let undecided = chief.post(&form(&page, "decide-recusal"), &[("task", &about), ("opinion", "情况属实")]).await;
        assert_eq!(undecided.status, 422);
        undecided.says(&["请选择同意或不同意", "情况属实"]);
        let done = chief.post(&form(&page, "decide-recusal"), &[("task", &about), ("agreed", "yes"), ("opinion", "情况属实")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        chief.get(&done.to).await.says(&["同意郑承办回避，待办转由他人办理"]);
        Hand::of(&house, COLLEAGUE).case(case).await.says(&["我要办理：审查"]);
        house.close().await;
    });
}

#[test]
fn signers_are_added_and_taken_out_and_both_are_said_with_who() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let (task, _) = house.task(case, "examine").await;
        let answer = Answer { opinion: Some("审查无误".to_owned()), ..Answer::default() };
        house.act(Some(case), HANDLER, Act::Complete { task, outcome: "ok".into(), answer }).await.unwrap();
        let hand = Hand::of(&house, HANDLER);
        let (seat, _) = house.task(case, "sign").await;
        let about = seat.to_string();
        let asked = hand.get(&format!("/cases/{case}/do/add-signers?task={seat}")).await;
        asked.says(&["前加签", "其间您仍可不同意或退回", "郑法制"]);
        let typed = [("task", about.as_str()), ("place", "before"), ("seat", "ez-sthj/legal"), ("rule", "vote"), ("votes", "两票"), ("opinion", "请法制把关")];
        let wrong = hand.post(&form(&asked, "add-signers"), &typed).await;
        assert_eq!(wrong.status, 422);
        wrong.says(&["票数应为整数，填写的是“两票”", "请法制把关"]);
        for kept in ["id=\"place-before\" name=\"place\" value=\"before\" checked", "value=\"ez-sthj/legal\" checked", "value=\"两票\""] {
            assert!(wrong.text.contains(kept), "{kept} is lost");
        }
        let typed = [("task", about.as_str()), ("place", "before"), ("seat", "ez-sthj/legal"), ("rule", "all"), ("opinion", "请法制把关")];
        let done = hand.post(&form(&asked, "add-signers"), &typed).await;
        assert_eq!(done.status, 303, "{}", done.words());
        hand.get(&done.to).await.says(&["「会签」前加签：请市生态环境局 法制审核岗签意见", "请法制把关", "减签"]);
        let asked = hand.get(&format!("/cases/{case}/do/remove-signer")).await;
        asked.says(&["法制审核岗", "规则立即重新计算"]);
        let added = house.node.app.working(house.tenant, case).await.unwrap().state.tasks.keys().copied().max().unwrap().to_string();
        let done = hand.post(&form(&asked, "remove-signer"), &[("member", &added), ("opinion", "已电话商定")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        hand.get(&done.to).await.says(&["减签：市生态环境局 法制审核岗，尚未签意见"]);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn whoever_is_told_may_read_and_an_english_page_is_english() {
    on_both(async |place: Where| {
        let (house, case) = house(place).await;
        let hand = Hand::of(&house, HANDLER).english();
        let asked = hand.get(&format!("/cases/{case}/do/copy")).await;
        asked.says(&["Make known", "cannot act on it", "The record says who was told what"]);
        let outsider = Hand::of(&house, "ez-kjj.head");
        assert_eq!(outsider.case(case).await.status, 403);
        let to = house.person("ez-kjj.head").await.to_string();
        let done = hand.post(&form(&asked, "copy"), &[("to", &to)]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        outsider.case(case).await.says(&["抄送给"]);
        let remark = outsider.get(&format!("/cases/{case}/do/comment")).await;
        let done = outsider.post(&form(&remark, "comment"), &[("opinion", "我局无意见")]).await;
        assert_eq!(done.status, 303, "{}", done.words());
        hand.case(case).await.says(&["我局无意见"]);
        house.close().await;
    });
}
