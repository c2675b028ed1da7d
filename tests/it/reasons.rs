//! Why a date has passed: stated by the office that answers for it, told to the applicant, shown to both, and missed by the supervisors until it is.

use chrono::NaiveDate;
use greenlane::app::execute::Act;
use greenlane::app::failure::Failure;
use greenlane::engine::case::Local;
use greenlane::store::NoticeView;
use reqwest::{Response, StatusCode};

use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};
use crate::unlucky::hidden_of;

/// The day after the promise of the EIA passed.
const LATE: (&str, u32, u32) = ("2025-04-23", 9, 40);
const HEAD: &str = "ez-sthj.section-head";
const SUPERVISOR: &str = "ez-ldxz.sup-clerk";

async fn text(house: &House, login: &str, path: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("{}{path}", house.origin()));
    let response = request.header("cookie", format!("gl_session={}; gl_language=zh-CN", house.session(login))).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

async fn post(house: &House, login: &str, path: &str, form: &[(String, String)]) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let body = serde_html_form::to_string(form).unwrap();
    let request = client.post(format!("{}{path}", house.origin())).header("content-type", "application/x-www-form-urlencoded").body(body);
    let cookie = format!("gl_session={}; gl_language=zh-CN", house.session(login));
    request.header("cookie", cookie).header("sec-fetch-site", "same-origin").send().await.unwrap()
}

/// The promise of the EIA that has passed.
async fn passed(house: &House) -> Local {
    let case = house.node.app.working(house.tenant, house.case(Project::Main)).await.unwrap();
    let today = house.clock.now().date();
    let mut found = case.state.terms.iter().filter(|(_, term)| &*term.key == "promised" && term.has_passed(today));
    let (id, _) = found.next().expect("a promise that has passed");
    *id
}

/// Notices of the case that say why it is late.
async fn told(house: &House) -> Vec<NoticeView> {
    let all = house.node.app.store().notices(house.tenant, house.case(Project::Main)).await.unwrap();
    all.into_iter().filter(|notice| notice.notice.kind == "a.late" && notice.notice.channel == "mail").collect()
}

#[test]
fn a_reason_sent_twice_and_again_is_stated_once_and_a_wrong_one_keeps_what_was_typed() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let (term, case) = (passed(&house).await, house.case(Project::Main));
        assert!(told(&house).await.is_empty(), "nobody is told a reason that nobody stated");
        let path = format!("/cases/{case}/terms/{term}/reason");
        let page = text(&house, HEAD, &format!("/cases/{case}")).await;
        let (_, part) = page.split_once(&format!("action=\"/cases/GC20250001/terms/{term}/reason\"")).expect("the form stands on the page");
        let hidden = hidden_of(part.split("</form>").next().unwrap());
        let filled = |day: &str, reason: &str| {
            let typed = [("expected".to_owned(), day.to_owned()), ("opinion".to_owned(), reason.to_owned())];
            hidden.iter().cloned().chain(typed).collect::<Vec<_>>()
        };
        // Wrong ones: no day, a day gone by, no reason, somebody of another office; what was typed stands on the page.
        for (day, reason, says) in [("五月", "评审延后", "五月"), ("2025-04-22", "评审延后", "今天"), ("2025-05-12", "", "原因")] {
            let answer = post(&house, HEAD, &path, &filled(day, reason)).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let shown = answer.text().await.unwrap();
            assert!(shown.contains(says) && shown.contains(reason), "{day} {reason}");
        }
        assert_eq!(post(&house, SUPERVISOR, &path, &filled("2025-05-12", "评审延后")).await.status(), StatusCode::FORBIDDEN);
        assert!(!text(&house, SUPERVISOR, &format!("/cases/{case}")).await.contains("/reason\""), "nobody else is offered the form");
        let late = text(&house, SUPERVISOR, "/lights/late").await;
        assert!(late.contains("未说明") && !late.contains("已说明"));
        // Two clicks at once, and again from the back button: one act.
        let good = filled("2025-05-12", "专家评审补充监测数据，延后出具意见。");
        let (one, two) = tokio::join!(post(&house, HEAD, &path, &good), post(&house, HEAD, &path, &good));
        let back = post(&house, HEAD, &path, &good).await;
        assert_eq!([one.status(), two.status(), back.status()], [StatusCode::SEE_OTHER; 3]);
        house.settle().await;
        let letters = told(&house).await;
        assert_eq!(letters.len(), 1, "the applicant is told once");
        let context: serde_json::Value = serde_json::from_slice(&letters[0].notice.context).unwrap();
        assert_eq!((&context["reason"], &context["until"]), (&"专家评审补充监测数据，延后出具意见。".into(), &"2025-05-12".into()));
        for (login, path) in [("chen", format!("/projects/{case}")), ("chen", format!("/cases/{case}")), (SUPERVISOR, format!("/cases/{case}"))] {
            assert!(text(&house, login, &path).await.contains("专家评审补充监测数据"), "{login} {path}");
        }
        assert!(text(&house, SUPERVISOR, "/lights/late").await.contains("已说明"));
        house.close().await;
    });
}

#[test]
fn a_reason_is_asked_for_what_has_passed_and_was_promised_to_somebody() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-04-22", 9, 40)).await;
        let case = house.case(Project::Main);
        let working = house.node.app.working(house.tenant, case).await.unwrap();
        let expected: NaiveDate = "2025-05-12".parse().unwrap();
        let state = async |term: Local| {
            let act = Act::StateReason { term, expected, opinion: Some("评审延后。".to_owned()) };
            match house.act(Some(case), HEAD, act).await {
                Ok(_) => "stated",
                Err(Failure::Refused(refusal)) => refusal.code,
                Err(Failure::Fault(fault)) => panic!("{fault}"),
            }
        };
        let of_eia = |kind: &str| {
            let scope = *working.state.scopes.iter().find(|(_, scope)| &*scope.program == "eia-report-form").unwrap().0;
            let terms = working.state.terms.iter().filter(|(_, term)| term.scope == scope);
            terms.into_iter().find(|(_, term)| format!("{:?}", term.kind).to_lowercase() == kind).map(|(id, _)| *id)
        };
        assert_eq!(state(of_eia("promised").unwrap()).await, "term_not_passed", "the last day is not over");
        if let Some(step) = of_eia("step") {
            assert_eq!(state(step).await, "reason_not_asked");
        }
        assert_eq!(state(9_999).await, "no_such_term");
        house.close().await;
    });
}
