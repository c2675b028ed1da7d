//! Applying over HTTP, without a script: drafts and their mistakes, two windows, a double click, papers, corrections, withdrawal.

use greenlane::app::execute::{Act, Answer as Said};
use serde_json::{Value, json};

use crate::browser::house::form;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

pub mod desk;
mod fields;

use desk::{Answer, Desk};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

fn project() -> Value {
    form(Project::Main, 0)
}

#[test]
fn an_application_is_filled_in_with_mistakes_and_sent_twice_and_is_one_case() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.get("chen", "/apply").await.says("不小于 10000");
        let draft = desk.begin("chen").await;
        let page = format!("{draft}/sections/1");
        let wrong = desk.post("chen", &page, &[("f.applicant_name", "甲"), ("f.uscc", "91420700DEM000014X")]).await;
        assert_eq!(wrong.status, 422);
        wrong.says("校验位不对").says("value=\"91420700DEM000014X\"").says("value=\"甲\"");
        desk.get("chen", &page).await.says("value=\"91420700DEM000014X\"");
        let early = desk.post("chen", &format!("{draft}/check"), &[]).await;
        assert_eq!(early.status, 422, "not sent with mistakes");
        early.says("请填写「项目名称」").says(&format!("{draft}/sections/2?from&#x3D;check#f-project_name"));

        desk.fill("chen", &draft, &project()).await;
        desk.get("chen", &format!("{draft}/check")).await.says("32,000.00 万元").says("高性能医疗器械");
        let send = format!("{draft}/check");
        let (first, second) = tokio::join!(desk.post("chen", &send, &[]), desk.post("chen", &send, &[]));
        assert_eq!(first.to(), second.to());
        assert_eq!(desk.post("chen", &send, &[]).await.to(), first.to(), "and once more from the back button");
        assert_eq!(desk.get("chen", &draft).await.to(), first.to());
        let receipt = desk.get("chen", &first.to()).await;
        receipt.says("GC20250001").says("<svg").says("2025-03-05");
        assert!(!receipt.body().contains("style=\""), "no inline style");
        let mine = desk.get("chen", "/projects").await;
        mine.says("共 1 件").says("初核").says("领导小组办公室").says("（0 份）");
        assert!(!mine.body().contains("赵承办"), "no officer's name for an applicant");
        desk.close().await;
    });
}

#[test]
fn two_windows_on_one_answer_are_asked_which_and_nothing_is_lost() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let draft = desk.begin("chen").await;
        let page = format!("{draft}/sections/2");
        let seen = desk.get("chen", &page).await.hidden("seen");
        desk.post("chen", &page, &[("seen", &seen), ("f.project_name", "左窗口"), ("f.zone", "葛店"), ("do", "later")]).await.to();
        let asked = desk.post("chen", &page, &[("seen", &seen), ("f.project_name", "右窗口"), ("f.zone", "")]).await;
        assert_eq!(asked.status, 409);
        asked.says("value=\"右窗口\"").says("左窗口").says("name=\"use\"").says("value=\"葛店\"");
        desk.get("chen", &page).await.says("value=\"左窗口\"");
        let again = asked.hidden("seen");
        desk.post("chen", &page, &[("seen", &again), ("f.project_name", "右窗口"), ("use", "project_name"), ("f.zone", "葛店"), ("do", "later")]).await.to();
        desk.get("chen", &page).await.says("value=\"左窗口\"");
        desk.post("chen", &page, &[("seen", &again), ("f.project_name", "右窗口"), ("f.zone", "葛店"), ("do", "later")]).await.to();
        desk.get("chen", &page).await.says("value=\"右窗口\"").says("value=\"葛店\"");
        desk.close().await;
    });
}

#[test]
fn what_is_typed_is_saved_by_itself_and_a_state_secret_never_is() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let draft = desk.begin("chen").await;
        let page = format!("{draft}/sections/4");
        let seen = desk.get("chen", &page).await.hidden("seen");
        let saved = desk.autosave("chen", &page, &[("seen", &seen), ("f.scale", "年产 60 台"), ("f.jobs", "许多")]).await;
        assert_eq!((saved.status, saved.json()["contested"].as_bool()), (200, Some(false)));
        desk.get("chen", &page).await.says("年产 60 台").says("value=\"许多\"").says(&format!("value=\"{}\"", saved.json()["seen"].as_str().unwrap()));
        let first = format!("{draft}/sections/0");
        let stopped = desk.autosave("chen", &first, &[("f.state_secret", "true")]).await;
        assert_eq!(stopped.json()["stop"].as_bool(), Some(true));
        assert!(!desk.get("chen", &first).await.body().contains("checked"), "not kept");
        assert_eq!(desk.post("chen", &first, &[("f.state_secret", "true")]).await.to(), "/apply/secret");
        assert_eq!(desk.get("chen", &draft).await.status, 404, "the draft is gone");
        desk.get("chen", "/apply/secret").await.says("线下");
        desk.close().await;
    });
}

#[test]
fn what_is_typed_over_several_lines_stands_there_again_as_it_was_typed() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let draft = desk.begin("chen").await;
        let page = format!("{draft}/sections/4");
        let shown = async || {
            let body = desk.get("chen", &page).await.body();
            let area = body.split("name=\"f.scale\"").nth(1).and_then(|rest| rest.split_once('>')?.1.split("</textarea>").next()).expect("the text area");
            area.to_owned()
        };
        assert_eq!(shown().await, "\n", "nothing typed, nothing there");
        for _ in 0..2 {
            let typed = shown().await;
            let typed = if typed.trim().is_empty() { "一期厂房\n  二期研发楼" } else { typed.trim_start_matches('\n') };
            desk.post("chen", &page, &[("f.scale", typed), ("do", "later")]).await.to();
            assert_eq!(shown().await, "\n一期厂房\n  二期研发楼");
        }
        desk.close().await;
    });
}

#[test]
fn a_draft_is_listed_asked_about_and_deleted_and_is_nobody_elses() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let draft = desk.begin("chen").await;
        desk.post("chen", &format!("{draft}/sections/2"), &[("f.project_name", "甲项目"), ("do", "later")]).await.to();
        desk.get("chen", "/projects").await.says("甲项目").says("（1 份）");
        assert_eq!(desk.get("lin", &draft).await.status, 404);
        assert_eq!(desk.post("lin", &format!("{draft}/sections/2"), &[("f.project_name", "乙")]).await.status, 404);
        desk.post("lin", &format!("{draft}/delete"), &[]).await.to();
        desk.get("chen", &format!("{draft}/delete")).await.says("甲项目");
        desk.post("chen", &format!("{draft}/delete"), &[]).await.to();
        assert_eq!(desk.get("chen", &draft).await.status, 404);
        assert_eq!(desk.get("ez-sthj.handler", "/apply").await.status, 403, "an examiner does not apply");
        desk.close().await;
    });
}

async fn named(desk: &Desk, draft: &str) -> String {
    let page = desk.get("chen", &format!("{draft}/sections/9")).await.body();
    let (_, rest) = page.split_once("href=\"/files/").unwrap_or_else(|| panic!("no file: {page}"));
    rest.split(['?', '"']).next().unwrap().to_owned()
}

#[test]
fn a_paper_is_what_it_holds_and_is_read_by_those_who_may() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let draft = desk.begin("chen").await;
        desk.fill("chen", &draft, &project()).await;
        let papers = format!("{draft}/papers/intro_file");
        let lie = desk.upload("chen", &papers, "简介.pdf", PNG).await;
        assert_eq!(lie.status, 422);
        lie.says("文件内容与扩展名不符");
        let large = desk.upload("chen", &papers, "简介.pdf", &[PDF, &vec![b' '; 20 * 1024 * 1024]].concat()).await;
        assert_eq!(large.status, 422);
        large.says("超过 20 MB");
        desk.get("chen", &format!("{draft}/check")).await.says("32,000.00 万元");
        let body = [PDF, &vec![b'x'; 700 * 1024]].concat();
        assert!(desk.upload("chen", &papers, "简介.pdf", &body).await.to().ends_with("#f-intro_file"));
        let digest = named(&desk, &draft).await;
        assert_eq!(digest, greenlane::ids::Digest::of(&body).to_string());

        let file = desk.get("chen", &format!("/files/{digest}")).await;
        assert_eq!((file.status, file.bytes == body), (200, true));
        assert_eq!((file.header("content-type"), file.header("x-content-type-options")), ("application/pdf", "nosniff"));
        assert!(file.header("content-disposition").starts_with("attachment") && file.header("content-security-policy").contains("sandbox"));
        assert_eq!(desk.get("lin", &format!("/files/{digest}")).await.status, 404);

        let case = desk.post("chen", &format!("{draft}/check"), &[]).await.to().replace("/receipts/", "");
        let through = format!("/files/{digest}?case={case}");
        let read = desk.get("ez-ldxz.handler", &through).await;
        assert_eq!((read.status, read.bytes == body), (200, true));
        assert!(read.header("content-disposition").contains("%E7%AE%80%E4%BB%8B.pdf"));
        assert_eq!(desk.get("lin", &through).await.status, 403);
        desk.get("chen", &format!("/receipts/{case}")).await.says(&digest);
        desk.close().await;
    });
}

#[test]
fn a_form_that_names_a_paper_nobody_uploaded_is_refused() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let mut form = project();
        form["intro_file"] = json!({"name": "a.pdf", "sha256": "0".repeat(64), "bytes": 5});
        let act = Act::Start { workflow: "green-channel".into(), form: Some(form), rank: 9 };
        let refused = desk.house.act(None, "chen", act).await;
        assert!(matches!(&refused, Err(greenlane::app::failure::Failure::Refused(refusal)) if refusal.code == "file_missing"), "{:?}", refused.is_ok());
        desk.close().await;
    });
}

async fn asked_to_correct(desk: &Desk, case: &str) -> String {
    let id = case.parse().unwrap();
    let (task, _) = desk.house.task(id, "check").await;
    let fields = json!({"items": [{"item": "产业政策声明", "why": "请补齐声明"}]});
    let answer = Said { opinion: Some("材料不齐".to_owned()), fields: Some(fields), form: None };
    desk.house
        .act(Some(id), "ez-ldxz.handler", Act::Complete { task, outcome: "needs-correction".into(), answer })
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
    let (task, _) = desk.house.task(id, "correct").await;
    format!("/projects/{case}/tasks/{task}")
}

#[test]
fn a_correction_shows_what_is_asked_the_old_beside_the_new_and_is_sent_once() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let case = desk.file("chen", &project()).await;
        let page = asked_to_correct(&desk, &case).await;
        desk.get("chen", "/projects").await.says("待您办理").says(&page);
        let shown = desk.get("chen", &page).await;
        shown.says("请补齐声明").says("上次提交：").says("领导小组办公室");
        assert!(!shown.body().contains("材料不齐"), "an officer's opinion stays inside");
        let before_others = shown.body().split("<details").next().unwrap().to_owned();
        assert!(before_others.contains("f.policy_statement") && !before_others.contains("f.area_m2"), "what is asked stands first");
        let (seen, draft) = (shown.hidden("seen"), shown.hidden("draft"));
        let keep = [("seen", seen.as_str()), ("draft", &draft), ("f.policy_statement", "true"), ("do", "later")];
        assert_eq!(desk.post("chen", &page, &keep).await.to(), page);
        let kept = desk.get("chen", &page).await;
        kept.says("<del>否</del> → <ins>是</ins>");
        let seen = kept.hidden("seen");
        let send = [("seen", seen.as_str()), ("draft", &draft), ("f.policy_statement", "true"), ("outcome", "resubmitted"), ("do", "send")];
        let (first, second) = tokio::join!(desk.post("chen", &page, &send), desk.post("chen", &page, &send));
        assert!(first.to().starts_with(&format!("/projects/{case}")) && second.to().starts_with(&format!("/projects/{case}")));
        let one = desk.get("chen", &format!("/projects/{case}")).await;
        one.says("补正提交，改动 1 处").says("初核");
        let working = desk.house.node.app.working(desk.house.tenant, case.parse().unwrap()).await.unwrap();
        let submitted = desk.house.node.app.form(&working).await.unwrap().unwrap();
        assert_eq!(submitted, {
            let mut form = project();
            form["policy_statement"] = json!(true);
            form
        });
        assert_eq!(desk.get("lin", &format!("/projects/{case}")).await.status, 403);
        desk.close().await;
    });
}

#[test]
fn an_application_is_withdrawn_once_after_saying_what_will_happen() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let case = desk.file("chen", &project()).await;
        let page = format!("/projects/{case}/withdraw");
        let asked = desk.get("chen", &page).await;
        asked.says("撤回不能取消");
        let command = asked.hidden("command");
        let pairs = [("command", command.as_str()), ("opinion", "项目取消")];
        let gone = async || -> Answer { desk.post("chen", &page, &pairs).await };
        let (first, second) = (gone().await, gone().await);
        assert_eq!((first.to(), second.to()), (format!("/projects/{case}"), format!("/projects/{case}")));
        desk.get("chen", &format!("/projects/{case}")).await.says("已撤回");
        assert_eq!(desk.post("lin", &page, &pairs).await.status, 403);
        desk.close().await;
    });
}
