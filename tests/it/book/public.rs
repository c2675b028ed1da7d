//! What anybody may read (WH 十四): items with limits, materials and basis, how far projects have come; and nothing of any person.

use std::collections::{BTreeSet, VecDeque};

use greenlane::app::execute::Act;
use greenlane::app::operate::Operation;
use greenlane::app::seed::Seeds;
use greenlane::identity::Actor;
use serde_json::Value;

use crate::apply::desk::Desk;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

/// Late in the story: the promise of the EIA has passed, and its office says why.
const LATE: (&str, u32, u32) = ("2025-04-23", 9, 40);
const REASON: &str = "技术评估单位补充采样，评估报告延后。";

/// Everything the seeds know of people, and what applicants wrote about theirs.
fn personal() -> BTreeSet<String> {
    let seeds = Seeds::embedded().unwrap();
    let mut found = BTreeSet::new();
    for tenant in seeds.tenants.values() {
        for person in tenant.roster.people.values() {
            found.extend([person.name.clone(), person.id.to_string()]);
            // A login without an office is a word like any other.
            found.extend(Some(person.login.clone()).filter(|login| login.contains('.')));
            found.extend(person.email.clone());
            found.extend(person.phone.clone());
        }
        for project in &tenant.projects {
            for (key, value) in &project.form {
                let of_a_person = ["contact", "phone", "mobile", "email", "agent", "legal", "person"].iter().any(|word| key.contains(word));
                if let (true, Value::String(text)) = (of_a_person, value) {
                    found.insert(text.clone());
                }
            }
        }
    }
    // What is too short to be a name or a number says nothing.
    found.into_iter().filter(|text| text.chars().count() >= 2).collect()
}

/// The bureau states why its promise has passed.
async fn say_why(desk: &Desk) {
    let case = desk.house.case(Project::Main);
    let working = desk.house.node.app.working(desk.house.tenant, case).await.unwrap();
    let today = desk.house.clock.now().date();
    let passed = working.state.terms.iter().find(|(_, term)| &*term.key == "promised" && term.has_passed(today));
    let (term, _) = passed.expect("a promise that has passed");
    let act = Act::StateReason { term: *term, expected: "2025-05-06".parse().unwrap(), opinion: Some(REASON.to_owned()) };
    desk.house.act(Some(case), "ez-sthj.section-head", act).await.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The addresses of a page that are public too.
fn links(body: &str) -> Vec<String> {
    body.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.starts_with("/public"))
        .map(|href| href.replace("&amp;", "&").replace("&#x3D;", "="))
        .collect()
}

#[test]
fn seed_16_the_public_pages_show_links_dates_and_reasons_and_nothing_of_a_person() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(LATE).await;
        say_why(&desk).await;
        let personal = personal();
        assert!(personal.len() > 500, "{}", personal.len());
        let mut seen = BTreeSet::new();
        let mut open: VecDeque<String> = ["/public/420700", "/public/420700/check?number=GC20250001"].map(str::to_owned).into();
        let mut text = String::new();
        while let Some(path) = open.pop_front() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let page = desk.get_as_nobody(&path).await;
            let page = if page.status == 303 { desk.get_as_nobody(&page.to()).await } else { page };
            assert_eq!(page.status, 200, "{path}: {}", page.body());
            let body = page.body();
            for datum in &personal {
                assert!(!body.contains(datum.as_str()), "{path} shows `{datum}`");
            }
            open.extend(links(&body));
            text.push_str(&body);
        }
        assert!(seen.len() > 20, "{seen:?}");
        // Items with limits, papers and basis; of the project its links, what is promised, and that one is late.
        let item = desk.get_as_nobody("/public/420700/items/eia-report-form").await;
        item.says("法定时限").says("环境影响评价法").says("市生态环境局");
        let project = desk.get_as_nobody("/public/420700/projects/GC20250001").await;
        project.says("已超承诺时限").says("2025-04-22").says(REASON).says("2025-05-06");
        // A document is real by its number; what is internal is not told of, and what is made up is not found.
        let documents = desk.house.node.app.store().documents(desk.house.tenant, desk.house.case(Project::Main)).await.unwrap();
        let number = documents.iter().find_map(|document| document.number.clone()).expect("a numbered document");
        let query = serde_html_form::to_string([("number", number.as_str())]).unwrap();
        desk.get_as_nobody(&format!("/public/420700/check?{query}")).await.says("属实").says(&number);
        for unknown in ["GC20259999", "DB20250001"] {
            desk.get_as_nobody(&format!("/public/420700/check?number={unknown}")).await.says("没有查到");
            assert_eq!(desk.get_as_nobody(&format!("/public/420700/projects/{unknown}")).await.status, 404);
        }
        assert_eq!(desk.get_as_nobody("/public/420700/items/supervision-order").await.status, 404);
        // What nobody applies for by itself is no item.
        assert_eq!(desk.get_as_nobody("/public/420700/items/deliver").await.status, 404);
        assert_eq!(desk.get_as_nobody("/public/999999").await.status, 404);
        desk.close().await;
    });
}

const QUIET: &str = r#"
workflow: quiet
title: {zh: 不具名事项, en: A matter without a name}
nature: service
basis: [测试用]
number: {series: QT, pattern: "QT{year}{seq:4}"}
form: forms/quiet.yaml
people:
  handler: {office: ez-sthj, post: handler}
steps:
  accept: {title: {zh: 受理, en: Accept}, task: {by: handler, outcomes: [accepted]}, next: done}
  done: {title: {zh: 办结, en: Done}, end: done}
"#;
const QUIET_FORM: &str = r"
form: quiet
title: {zh: 登记表, en: Form}
sections:
  - title: {zh: 项目, en: Project}
    fields:
      - {key: project_name, title: {zh: 名称, en: Name}, type: text, max-length: 80}
      - {key: plot_code, title: {zh: 地块, en: Plot}, type: text, max-length: 20, secret: true}
";

/// A list calls a case by its plot where no project is named; a form that keeps the plot secret keeps it from the public list too.
#[test]
fn what_a_form_keeps_secret_is_no_name_on_a_public_page() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let files = [("quiet.yaml", QUIET), ("forms/quiet.yaml", QUIET_FORM)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let publish = Operation::Publish { files: files.into(), workflows: Vec::new() };
        desk.house.node.app.operate(desk.house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        let form = Some(serde_json::json!({"plot_code": "MM-0417"}));
        let filed = desk.house.act(None, "chen", Act::Start { workflow: "quiet".into(), form, rank: 9 }).await.unwrap_or_else(|failure| panic!("{failure}"));
        desk.get("ez-ldxz.sup-clerk", "/cases").await.says("MM-0417");
        let number = desk.house.node.app.working(desk.house.tenant, filed.case).await.unwrap().state.number.clone().unwrap();
        for page in ["/public/420700/projects".to_owned(), format!("/public/420700/projects/{number}"), format!("/public/420700/check?number={number}")] {
            let shown = desk.get_as_nobody(&page).await.body();
            assert!(!shown.contains("MM-0417"), "{page}: {shown}");
        }
        desk.close().await;
    });
}

#[test]
fn a_project_the_plan_names_stands_in_the_public_list_from_the_start_and_leads_to_the_case_filed_under_its_name() {
    on_both(async |place: Where| {
        const NAME: &str = "湖北科技企业加速器项目";
        let desk = Desk::open(place).await;
        let projects = || desk.get_as_nobody("/public/420700/projects");
        let empty = projects().await;
        empty.says("还没有收到申报").says("取得办件编号后").says("/apply").says(NAME).says("方案点名").says("二（五）");
        let named = Seeds::embedded().unwrap().tenants[&desk.house.tenant].named.clone();
        assert_eq!(empty.body().matches("尚未申报</span>").count(), named.len());
        // A project that is only called alike is not the one the plan names.
        let alike = desk.house.file_as(Project::Main, "湖北科技企业加速器项目二期").await;
        assert_eq!(projects().await.body().matches("尚未申报</span>").count(), named.len());
        let filed = desk.house.file_as(Project::Main, NAME).await;
        let page = projects().await;
        page.says(&alike).says(&format!("/public/420700/projects/{filed}\">{filed}</a>")).says("已申报");
        assert_eq!(page.body().matches("尚未申报</span>").count(), named.len() - 1);
        desk.get("ez-ldxz.sup-clerk", "/items").await.says("已申报").says(&filed).says("尚未申报");
        // A place whose procedures are all internal publishes what its plan names, and says why it lists no item.
        desk.get_as_nobody("/public/420113").await.says("本地还没有对外办理的事项");
        desk.get_as_nobody("/public/420113/projects").await.says("海尔创新工业园黑灯工厂示范项目").says("三（五）").says("尚未申报");
        desk.close().await;
    });
}
