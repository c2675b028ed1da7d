//! Rows 13 and 14 on the zone's own reform items: what people report fills the columns of the ledger, and an item is struck off with its evidence or not at all.

use greenlane::app::App;
use greenlane::app::drafts::Typist;
use greenlane::app::frozen::FreezeAsked;
use greenlane::app::ledger::Wanted;
use greenlane::exports::frozen::check;
use greenlane::exports::ledger::LedgerRow;
use greenlane::identity::Actor;
use serde_json::{Value, json};

use super::items::{WUHAN, answer, import, item, plain, refused, to_the_meeting, with};
use crate::accounts::house::House;
use crate::spine::node::{Node, Where, on_both};

/// A file the lead of item 7 has uploaded, as an answer names it.
async fn uploaded(app: &App, login: &str, name: &str) -> Value {
    let known = app.known(WUHAN).await.unwrap();
    let person = known.roster.people.values().find(|person| person.login == login).unwrap().id;
    let mut upload = app.begin_upload(Typist { tenant: WUHAN, person }).await.unwrap_or_else(|failure| panic!("{failure}"));
    app.take(&mut upload, format!("%PDF-1.7 {name}").as_bytes()).await.unwrap_or_else(|failure| panic!("{failure}"));
    let named = app.keep(upload, name).await.unwrap_or_else(|failure| panic!("{failure}"));
    json!({"name": named.name, "sha256": named.sha256, "bytes": named.bytes})
}

fn written(row: &LedgerRow) -> [&str; 4] {
    [&row.leader, &row.roadmap, &row.problem, &row.next].map(String::as_str)
}

#[test]
fn seed_13_leader_roadmap_problem_and_next_step_are_what_the_plan_and_the_reports_say() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let app = &node.app;
        import(app).await;
        let case = item(app, 9).await.case;
        to_the_meeting(app, case).await;
        answer(app, case, ("meeting", "approved"), plain()).await.unwrap();
        answer(app, case, ("issue", "issued"), plain()).await.unwrap();
        let plan = json!({"roadmap": "两步走。", "leader": "葛局长", "nodes": [{"node": "标准立项", "due": "2025-06-30", "person": "葛承办"}]});
        answer(app, case, ("plan", "registered"), with(plan)).await.unwrap();
        let report = json!({"month": "2025-03", "progress": "起草中。", "evidence": "会议记录", "problem": "缺检测机构。", "next": "四月签约。"});
        answer(app, case, ("run", "behind"), with(report)).await.unwrap();
        let looked = app.look_at_ledger(WUHAN, &Actor::Operator("test".to_owned()), &Wanted::default()).await.unwrap();
        let rows: Vec<&LedgerRow> = looked.rows.iter().filter(|(_, of)| *of == case).map(|(row, _)| row).collect();
        let of = |step: &str| rows.iter().copied().filter(|row| row.step.starts_with(step)).collect::<Vec<_>>();
        assert_eq!(written(of("印发正式方案")[0]), [""; 4], "nothing was registered yet");
        assert_eq!(written(of("登记路线图")[0]), ["葛局长", "两步走。", "", ""]);
        let runs = of("实施月报");
        assert_eq!(runs.len(), 2, "the report, and the step that is open again");
        assert!(runs.iter().all(|row| written(row) == ["葛局长", "两步走。", "缺检测机构。", "四月签约。"]), "{runs:?}");
        // A report without a problem says that there is none now.
        let report = json!({"month": "2025-04", "progress": "已签约。", "evidence": "合同"});
        answer(app, case, ("run", "on-track"), with(report)).await.unwrap();
        let april = Wanted { from: "2025-03-01".parse().ok(), ..Wanted::default() };
        let looked = app.look_at_ledger(WUHAN, &Actor::Operator("test".to_owned()), &april).await.unwrap();
        let open = looked.rows.iter().rfind(|(_, of)| *of == case).map(|(row, _)| row.clone()).unwrap();
        assert_eq!(written(&open), ["葛局长", "两步走。", "", ""]);
        // The two copies carry them under one digest.
        let asked = FreezeAsked { period: "2025Q1".to_owned(), ..FreezeAsked::default() };
        let operator = || Actor::Operator("test".to_owned());
        let frozen = app.freeze_ledger(WUHAN, operator(), None, &asked).await.unwrap_or_else(|failure| panic!("{failure}"));
        let mut digests = Vec::new();
        for number in [1, 2] {
            let copy = app.ledger_copy(WUHAN, operator(), &frozen.id, number).await.unwrap_or_else(|failure| panic!("{failure}"));
            assert!(["葛局长", "两步走。", "缺检测机构。", "四月签约。"].iter().all(|said| copy.contains(said)), "{copy}");
            digests.push(check(copy.as_bytes()).unwrap_or_else(|broken| panic!("{broken}")).digest);
        }
        assert_eq!(digests[0], digests[1]);
        node.holds().await;
    });
}

#[test]
fn seed_14_an_item_of_the_zone_is_struck_off_only_with_its_evidence() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let app = &node.app;
        import(app).await;
        let case = item(app, 7).await.case;
        to_the_meeting(app, case).await;
        answer(app, case, ("meeting", "approved"), plain()).await.unwrap();
        answer(app, case, ("issue", "issued"), plain()).await.unwrap();
        let plan = json!({"roadmap": "三步走。", "nodes": [{"node": "设点", "due": "2025-06-30", "person": "喻承办"}]});
        answer(app, case, ("plan", "registered"), with(plan)).await.unwrap();
        let effects = uploaded(app, "wh-zsj.handler", "成效.pdf").await;
        let report = json!({"month": "2025-03", "progress": "已设点。", "evidence": "照片", "effects": effects});
        answer(app, case, ("run", "finished"), with(report)).await.unwrap();
        answer(app, case, ("self-assess", "assessed"), plain()).await.unwrap();
        answer(app, case, ("score", "scored"), with(json!({"score": 90, "bonus": 0}))).await.unwrap();
        answer(app, case, ("approve-score", "approved"), plain()).await.unwrap();
        let missing = answer(app, case, ("finish", "closed"), plain()).await;
        let (code, classes) = refused(missing);
        // No experts, risks or legality: the item is no major one.
        assert_eq!((code, classes.len()), ("evidence_missing", 5), "{classes:?}");
        answer(app, case, ("finish", "supplement"), plain()).await.unwrap();
        let mut papers = json!({});
        for (key, name) in [("research", "调研.pdf"), ("discussion", "讨论.pdf"), ("meeting", "上会.pdf"), ("minutes", "纪要.pdf"), ("plan", "方案.pdf")]
        {
            papers[key] = uploaded(app, "wh-zsj.handler", name).await;
        }
        answer(app, case, ("supplement", "supplied"), with(papers)).await.unwrap();
        answer(app, case, ("finish", "closed"), plain()).await.unwrap();
        let looked = app.look_at_ledger(WUHAN, &Actor::Operator("test".to_owned()), &Wanted::default()).await.unwrap();
        assert_eq!(looked.evidence.keys().map(String::as_str).collect::<Vec<_>>(), ["L1", "L10", "L2", "L6", "L7", "L8"]);
        node.holds().await;
    });
}

#[test]
fn seed_07_the_page_says_that_the_meeting_has_not_approved_the_plan() {
    on_both(async |place: Where| {
        let mut house = House::open(place).await;
        let app = house.server.app.clone();
        import(&app).await;
        let case = item(&app, 7).await.case;
        let task = *app.working(WUHAN, case).await.unwrap().state.tasks.keys().next().unwrap();
        house.tenant = WUHAN;
        let cookie = house.cookie_of("wh-cxb.handler").await;
        for (language, said) in [("zh-CN", "须先经“区创改组会议研究（L6）”批准"), ("en", "must first be approved at “Meeting of the leading group”")]
        {
            let typed = [("outcome", "on-track"), ("opinion", "已开工。"), ("f.major", "false")];
            let page = house.post(&format!("/cases/{case}/tasks/{task}/complete"), Some(&format!("{cookie}; gl_language={language}")), &typed).await;
            assert!(page.status == 409 && page.body.contains(said), "{} {}", page.status, page.body);
        }
    });
}
