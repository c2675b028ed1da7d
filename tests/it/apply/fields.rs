//! Fields that belong to an office or to one post: in the application, on the case's page, in its papers, on the receipt and in the ledger.

use greenlane::app::execute::{Act, Answer as Said};
use greenlane::app::failure::Failure;
use greenlane::app::ledger;
use greenlane::app::operate::{self, Operation};
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::spine::node::{Where, on_both};

const REMARK: &str = "核查意见甲乙";

async fn desk(place: Where) -> Desk {
    let desk = Desk::open(place).await;
    let mut files = operate::embedded_workflows();
    let mine = [("grant.yaml", include_str!("grant.yaml")), ("forms/grant.yaml", include_str!("grant_form.yaml"))];
    files.extend(mine.map(|(key, text)| (key.to_owned(), text.to_owned())));
    let publish = Operation::Publish { files, workflows: vec!["grant".into()] };
    desk.house.node.app.operate(desk.house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    desk
}

fn code(failure: Result<greenlane::app::writer::Receipt, Failure>) -> (String, Vec<String>) {
    match failure {
        Err(Failure::Refused(refusal)) => (refusal.code.to_owned(), refusal.details.iter().map(|detail| detail.path.clone()).collect()),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
        Ok(_) => ("accepted".to_owned(), Vec::new()),
    }
}

async fn form_of(desk: &Desk, case: CaseId, login: &str) -> Value {
    let app = &desk.house.node.app;
    let working = app.working(desk.house.tenant, case).await.unwrap();
    app.form_seen(&working, desk.house.person(login).await).await.unwrap().unwrap()
}

#[test]
fn a_field_of_an_office_is_nowhere_for_others_and_refused_when_they_send_it() {
    on_both(async |place: Where| {
        let desk = desk(place).await;
        let start = |form: Value| Act::Start { workflow: "grant".into(), form: Some(form), rank: 9 };
        let sent = json!({"project_name": "甲", "kind": "new", "checked_fen": 1, "remark": "我自己写"});
        let refused = code(desk.house.act(None, "chen", start(sent)).await);
        assert_eq!(refused, ("field_not_editable".to_owned(), vec!["/form/checked_fen".to_owned(), "/form/remark".to_owned()]));

        // The page asks for what is the applicant's, and for the last number only once it is a renewal.
        let draft = desk.post("chen", "/apply", &[("workflow", "grant")]).await.to();
        let page = format!("{draft}/sections/0");
        assert!(!desk.get("chen", &page).await.body().contains("上次文号"));
        let seen = desk.get("chen", &page).await.hidden("seen");
        let again = desk.post("chen", &page, &[("seen", &seen), ("f.project_name", "甲项目"), ("f.kind", "again")]).await.to();
        assert_eq!(again, page, "a question has come up: the page is shown once more");
        let shown = desk.get("chen", &page).await;
        shown.says("上次文号");
        let fill = [("seen", &*shown.hidden("seen")), ("f.project_name", "甲项目"), ("f.kind", "again"), ("f.last", "2024-7")];
        desk.post("chen", &page, &fill).await.to();
        let review = desk.get("chen", &format!("{draft}/sections/1")).await.body();
        assert!(!review.contains("f.checked_fen") && !review.contains("f.remark"), "{review}");
        let receipt = desk.post("chen", &format!("{draft}/check"), &[]).await.to();
        let case: CaseId = receipt.strip_prefix("/receipts/").unwrap().parse().unwrap();

        // The office fills in its two fields on the case's page; what is not its own step's stays the applicant's.
        let (task, _) = desk.house.task(case, "check").await;
        let work = desk.get("ez-fgw.handler", &format!("/cases/{case}?task={task}")).await;
        work.says("name=\"f.checked_fen\"").says("name=\"f.remark\"");
        let path = format!("/cases/{case}/tasks/{task}/complete");
        let command = work.hidden("command");
        let answer = [("command", &*command), ("outcome", "checked"), ("opinion", "已核定"), ("f.checked_fen", "3000"), ("f.remark", REMARK)];
        let lacking = desk.post("ez-fgw.handler", &path, &[("command", &*command), ("outcome", "checked"), ("opinion", "已核定"), ("f.remark", REMARK)]).await;
        assert_eq!(lacking.status, 422, "the office's own field is required of it");
        lacking.says("请填写「核定金额」").says(REMARK);
        desk.post("ez-fgw.handler", &path, &answer).await.to();
        let whole = form_of(&desk, case, "ez-fgw.section-head").await;
        assert_eq!((&whole["checked_fen"], &whole["remark"], &whole["last"]), (&json!(3_000_000_000_i64), &json!(REMARK), &json!("2024-7")));

        // Whoever may not see it finds it in no answer, page, comparison or export.
        let applicants = form_of(&desk, case, "chen").await;
        assert_eq!((&applicants["checked_fen"], applicants.get("remark")), (&json!(3_000_000_000_i64), None));
        for (login, sees) in [("ez-fgw.section-head", true), ("ez-fgw.receiver", false), ("ez-ldxz.sup-clerk", false), ("chen", false)] {
            let mut read = desk.get(login, &format!("/cases/{case}")).await.body();
            for path in [format!("/cases/{case}?papers=2"), format!("/cases/{case}/record"), format!("/receipts/{case}"), format!("/projects/{case}")] {
                read.push_str(&desk.get(login, &path).await.body());
            }
            assert_eq!(read.contains(REMARK), sees, "{login}");
            assert_eq!(read.contains("内部核查意见"), sees, "{login} and the question");
        }
        desk.get("ez-fgw.section-head", &format!("/cases/{case}?papers=2")).await.says("3,000.00 万元");

        // The applicant corrects: what others filled in stays, and cannot be sent.
        let (task, _) = desk.house.task(case, "correct").await;
        let correct = |form: Value| Act::Complete { task, outcome: "resubmitted".into(), answer: Said { form: Some(form), ..Said::default() } };
        let forged = code(desk.house.act(Some(case), "chen", correct(json!({"project_name": "乙", "kind": "new", "checked_fen": 9}))).await);
        assert_eq!(forged, ("field_not_editable".to_owned(), vec!["/form/checked_fen".to_owned()]));
        let asked = desk.get("chen", &format!("/projects/{case}/tasks/{task}")).await;
        let fill =
            [("seen", &*asked.hidden("seen")), ("draft", &*asked.hidden("draft")), ("f.project_name", "乙项目"), ("f.kind", "new"), ("f.last", "2024-7")];
        desk.post("chen", &format!("/projects/{case}/tasks/{task}"), &fill).await.to();
        let whole = form_of(&desk, case, "ez-fgw.section-head").await;
        assert_eq!(whole, json!({"project_name": "乙项目", "kind": "new", "checked_fen": 3_000_000_000_i64, "remark": REMARK}));

        let actor = Actor::Person(desk.house.person("ez-ldxz.sup-clerk").await);
        let wanted = ledger::Wanted::default();
        let written =
            desk.house.node.app.export_ledger(desk.house.tenant, actor, &wanted, ledger::Form::Csv).await.unwrap_or_else(|failure| panic!("{failure}"));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut { written.file }, &mut text).unwrap();
        assert!(text.contains("乙项目") && !text.contains(REMARK), "{text}");
        desk.close().await;
    });
}
