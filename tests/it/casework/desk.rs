//! Working: claimed from the list, answered once, refused with everything kept, returned, not mine.

use greenlane::app::execute::{Act, Answer};

use super::hand::{Hand, within};
use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

const FILED: (&str, u32, u32) = ("2025-03-03", 10, 0);
const OFFICE: &str = "ez-ldxz.handler";

#[test]
fn a_task_is_claimed_from_the_list_and_answered_once_however_often_it_is_sent() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(FILED).await;
        let (case, hand) = (house.case(Project::Main), Hand::of(&house, OFFICE));
        let list = hand.get("/inbox").await;
        list.says(&["待办", "GC20250001", "初核", "普通", "剩 2 个工作日"]);
        let claim = list.form("/claim");
        let claimed = hand.post(&claim, &[("back", "/inbox?held=free")]).await;
        assert_eq!((claimed.status, claimed.to.as_str()), (303, format!("/inbox?held=free&claimed={case}").as_str()));
        hand.get(&format!("/inbox?claimed={case}")).await.says(&["已签收 GC20250001", "我签收的 1", "未签收 0"]);

        let page = hand.case(case).await;
        page.says(&["我要办理：初核", "出具《告知补充材料》", "由系统按决策表「是否容缺办理」判定后继续"]);
        let form = page.form("/complete");
        let without = hand.post(&form, &[("outcome", "ok"), ("opinion", "  ")]).await;
        assert_eq!(without.status, 422);
        without.says(&["未能办理", "请填写意见"]);
        assert!(without.text.contains("value=\"ok\" checked"), "the outcome is kept");
        let lacking = hand
            .post(&without.form("/complete"), &[("outcome", "needs-correction"), ("opinion", "请补充声明，见清单。"), ("f.items.0.why", "申请人签署")])
            .await;
        assert_eq!(lacking.status, 422, "{}", lacking.words());
        assert!(lacking.text.contains("请补充声明，见清单。</textarea>") && lacking.text.contains("申请人签署"), "{}", lacking.words());

        let form = lacking.form("/complete");
        let answer =
            [("outcome", "needs-correction"), ("opinion", "请补充声明，见清单。"), ("f.items.0.item", "产业政策声明"), ("f.items.0.why", "申请人签署")];
        let (first, again) = (hand.post(&form, &answer).await, hand.post(&form, &answer).await);
        assert_eq!((first.status, again.status), (303, 303), "{}", again.words());
        assert_eq!(first.to, again.to, "the second is told of the first");
        let acts = house.acts(case).await;
        hand.get(&first.to).await.says(&["已办理：", "「初核」：需补正", "请补充声明，见清单。", "产业政策声明"]);
        assert_eq!(house.acts(case).await, acts);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn an_answer_to_a_task_that_another_closed_says_who_and_when_and_keeps_the_words() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(FILED).await;
        let (case, hand) = (house.case(Project::Main), Hand::of(&house, OFFICE));
        let form = hand.case(case).await.form("/complete");
        let (task, _) = house.task(case, "check").await;
        let answer = Answer { opinion: Some("不符合条件。".to_owned()), ..Answer::default() };
        house.act(Some(case), OFFICE, Act::Complete { task, outcome: "not-eligible".into(), answer }).await.unwrap();
        let late = hand.post(&form, &[("outcome", "ok"), ("opinion", "另一个窗口里写的意见")]).await;
        assert_eq!(late.status, 409);
        late.says(&["这件待办已由", "2025-03-03 10:00", "不符合条件", "您填写的意见保留在下面，没有提交：", "另一个窗口里写的意见"]);
        house.close().await;
    });
}

#[test]
fn what_is_not_mine_says_who_could_and_why_not_i() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(FILED).await;
        let case = house.case(Project::Main);
        let seen = Hand::of(&house, "ez-ldxz.sup-clerk").case(case).await;
        seen.says(&["初核", "该待办不属于您的岗位", "可以办理的人："]);
        assert!(seen.find("/complete").is_none() && seen.find("/claim").is_none(), "no button for what may not be done");
        let stranger = Hand::of(&house, "lin").case(case).await;
        assert_eq!(stranger.status, 403);
        stranger.says(&["您和您的单位未参与该办件", "现由"]);
        let english = Hand::of(&house, "lin").english().case(case).await;
        english.says(&["neither you nor your office has a part in the case", "It is now with"]);
        let forced = Hand::of(&house, OFFICE).case(case).await.form("/complete");
        let refused = Hand::of(&house, "ez-ldxz.sup-clerk").post(&forced, &[("outcome", "ok"), ("opinion", "代为办理")]).await;
        assert_eq!(refused.status, 403);
        refused.says(&["该待办不属于您的岗位", "代为办理"]);
        house.close().await;
    });
}

#[test]
fn a_case_goes_back_with_a_reason_and_says_what_that_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.play(("2025-04-22", 10, 0)).await;
        let (case, hand) = (house.case(Project::Main), Hand::of(&house, "ez-sthj.section-head"));
        let page = hand.case(case).await;
        page.says(&["我要办理：集体审议", "退回到「承办审查」，其后的步骤重新办理。"]);
        let form = page.form("/return");
        let without = hand.post(&form, &[("to", "examine"), ("opinion", "")]).await;
        assert_eq!(without.status, 422);
        without.says(&["须写明理由"]);
        let back = hand.post(&without.form("/return"), &[("to", "examine"), ("opinion", "请补充排放核算。")]).await;
        assert_eq!(back.status, 303, "{}", back.words());
        hand.get(&back.to).await.says(&["由「集体审议」退回到「承办审查」", "请补充排放核算。"]);
        house.close().await;
    });
}

#[test]
fn the_list_is_narrowed_by_the_address_and_exported_as_shown() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-06", 10, 0)).await;
        let hand = Hand::of(&house, "ez-zrzy.handler");
        let all = hand.get("/inbox").await;
        assert_eq!(all.status, 200);
        let none = hand.get("/inbox?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA").await;
        none.says(&["没有符合筛选条件的待办"]);
        let table = hand.get("/inbox.csv").await;
        assert!(table.text.starts_with("\u{feff}灯,编号,项目,步骤"), "{}", table.text);
        assert_eq!(table.text.lines().count(), 1 + all.text.matches("<tr").count().saturating_sub(1), "{}", table.text);
        let found = Hand::of(&house, "ez-ldxz.sup-clerk").get("/cases?q=GC2025").await;
        found.says(&["办件查询", "GC20250001"]);
        let exact = Hand::of(&house, "ez-ldxz.sup-clerk").get("/cases?q=GC20250001").await;
        assert_eq!((exact.status, exact.to.as_str()), (303, "/cases/GC20250001"));
        house.close().await;
    });
}

#[test]
fn a_date_is_explained_day_by_day_also_after_it_was_met() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.play(("2025-04-22", 10, 0)).await;
        let (case, hand) = (house.case(Project::Main), Hand::of(&house, "ez-sthj.handler"));
        let page = hand.case(case).await;
        let term = page
            .text
            .split("<tr>")
            .find(|row| row.contains("承诺时限") && row.contains("环境影响报告表审批"))
            .and_then(|row| within(row, "href=\"", "\""))
            .unwrap();
        let days = hand.get(term).await;
        days.says(&["为什么是这一天", "2025-03-24 周一", "7 个工作日", "不计入", "委托评估", "第 7 天", "到期日是 2025-04-22 周二（今日到期）"]);
        house.play_on(Some(("2025-04-22", 10, 0)), ("2025-05-06", 10, 30)).await;
        hand.get(term).await.says(&["已于 2025-04-30 周三 完成"]);
        house.close().await;
    });
}
