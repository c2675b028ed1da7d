//! Watching over the channel from outside: lights against the pure watch, exports read back, proofs verified, accounts and clock through their forms.
//! Invariant: what a page says is held against something that does not share its code. Never: a page an applicant may see.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, DataType, Reader, Xlsx};
use greenlane::app::ledger::{self, Form, Wanted};
use greenlane::app::lights::LitWanted;
use greenlane::app::{inspect, register};
use greenlane::audit::verify::Trust;
use greenlane::audit::{ActProof, LogKey};
use greenlane::engine::case::TaskPool;
use greenlane::exports::log::FileWalk;
use greenlane::ids::Moment;
use greenlane::supervision::{Light, Watch};
use reqwest::{Response, StatusCode};

use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

/// Mornings of the story: at its beginning, in the middle, late; each looked at again long after every promise.
const MORNINGS: [(&str, u32, u32); 3] = [("2025-03-10", 9, 0), ("2025-04-02", 9, 40), LATE];
const LONG_AFTER: (&str, u32, u32) = ("2025-09-30", 9, 0);
/// As late as it gets.
const LATE: (&str, u32, u32) = ("2025-04-23", 9, 40);
const LIGHTS: [Light; 5] = [Light::Green, Light::Grey, Light::Yellow, Light::Red, Light::DarkRed];
const AUDITOR: &str = "ez-ldxz.auditor";
const OPERATOR: &str = "ez-zwzx.operator";

/// Asks for a page as somebody, following nothing.
async fn get(house: &House, login: &str, path: &str) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("{}{path}", house.origin()));
    request.header("cookie", format!("gl_session={}; gl_language=zh-CN", house.session(login))).send().await.unwrap()
}

async fn text(house: &House, login: &str, path: &str) -> String {
    let response = get(house, login, path).await;
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    text
}

/// Sends a form as somebody.
async fn post(house: &House, login: &str, path: &str, form: &[(&str, &str)]) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let body = serde_html_form::to_string(form).unwrap();
    let request = client.post(format!("{}{path}", house.origin())).header("content-type", "application/x-www-form-urlencoded").body(body);
    let cookie = format!("gl_session={}; gl_language=zh-CN", house.session(login));
    request.header("cookie", cookie).header("sec-fetch-site", "same-origin").send().await.unwrap()
}

/// (link, office, light): how many, by looking at every case; the empty office stands for all of them, each task once.
async fn by_watch(house: &House) -> BTreeMap<(String, String, Light), i64> {
    let app = &house.node.app;
    let (known, now) = (app.known(house.tenant).await.unwrap(), house.clock.now());
    let mut counts = BTreeMap::new();
    for row in app.store().cases_onward(house.tenant, None, 1_000).await.unwrap() {
        if row.id == register::case_of(house.tenant) {
            continue;
        }
        let case = app.working(house.tenant, row.id).await.unwrap();
        for task in case.state.tasks.values() {
            let light = Watch::over_task(&case.state, task, &known.calendar).light(now);
            let link = case.state.scopes[&task.scope].program.to_string();
            let offices = match &task.pool {
                TaskPool::Applicant => vec!["applicants".to_owned()],
                TaskPool::Posts { offices, .. } => offices.iter().map(ToString::to_string).collect(),
            };
            for office in offices.into_iter().chain([String::new()]) {
                *counts.entry((link.clone(), office, light)).or_insert(0) += 1;
            }
        }
    }
    counts
}

/// Holds the board, every group of it and the list behind each number against a look at every case; adds up what was seen.
async fn hold_the_board(house: &House, seen: &mut BTreeMap<Light, i64>) {
    let (app, expected, now) = (&house.node.app, by_watch(house).await, house.clock.now());
    let board = app.lights(house.tenant, None).await.unwrap();
    for light in LIGHTS {
        let of = |wanted: &dyn Fn(&str, &str) -> bool| -> i64 {
            expected.iter().filter(|((link, office, shown), _)| *shown == light && wanted(link, office)).map(|(_, count)| count).sum()
        };
        let all = board.all.of(light).0;
        *seen.entry(light).or_insert(0) += all;
        assert_eq!(all, of(&|_, office| office.is_empty()), "{light:?} at {now:?}");
        for group in &board.links {
            let (found, expected) = (group.tally.of(light).0, of(&|link, office| office.is_empty() && link == group.key));
            assert_eq!(found, expected, "{light:?} of {} at {now:?}", group.key);
        }
        for group in &board.offices {
            let key = if group.key.is_empty() { "applicants" } else { &group.key };
            assert_eq!(group.tally.of(light).0, of(&|_, office| office == key), "{light:?} of {key} at {now:?}");
            let (office, applicants) = (Some(group.key.clone()).filter(|key| !key.is_empty()), group.key.is_empty());
            let wanted = LitWanted { light: Some(light), office, applicants, ..LitWanted::default() };
            hold_the_list(house, &wanted, group.tally.of(light).0).await;
        }
        hold_the_list(house, &LitWanted { light: Some(light), ..LitWanted::default() }, all).await;
        hold_the_list(house, &LitWanted { light: Some(light), fresh: true, ..LitWanted::default() }, board.all.of(light).1).await;
    }
    assert_eq!(app.lights(house.tenant, Some("ez-none")).await.unwrap().all.total(), 0);
}

async fn hold_the_list(house: &House, wanted: &LitWanted, expected: i64) {
    let listed = house.node.app.lit(house.tenant, wanted, 1_000).await.unwrap();
    let lines = i64::try_from(listed.lines.len()).unwrap();
    assert_eq!((listed.count, lines), (expected, expected), "{wanted:?}");
}

#[test]
fn the_lights_counted_are_those_of_a_look_at_every_case_and_every_count_opens_its_list() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let mut seen = BTreeMap::new();
        for (morning, before) in MORNINGS.into_iter().zip(std::iter::once(None).chain(MORNINGS.into_iter().map(Some))) {
            house.play_on(before, morning).await;
            hold_the_board(&house, &mut seen).await;
        }
        house.until(LONG_AFTER).await;
        hold_the_board(&house, &mut seen).await;
        println!("tasks looked at, by light: {seen:?}");
        for light in [Light::Green, Light::Grey, Light::Red, Light::DarkRed] {
            assert!(seen[&light] > 0, "the story never shows {light:?}");
        }
        house.close().await;
    });
}

#[test]
fn a_list_of_lights_is_paged_without_a_gap() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let whole = house.node.app.lit(house.tenant, &LitWanted::default(), 1_000).await.unwrap();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = house.node.app.lit(house.tenant, &LitWanted { after, ..LitWanted::default() }, 1).await.unwrap();
            found.extend(page.lines);
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        assert!(whole.lines.len() > 1, "{whole:?}");
        assert_eq!(found, whole.lines);
        house.close().await;
    });
}

/// The cells of a sheet as CSV has them.
fn sheet(bytes: Vec<u8>) -> (Vec<Vec<String>>, BTreeMap<String, String>) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    assert!(book.worksheet_formula(&names[0]).unwrap().is_empty(), "a formula in the ledger");
    let cell = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => format!("{number}"),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
        }
        other => panic!("expected a text, a number or a date, found {other:?}"),
    };
    let rows = book.worksheet_range(&names[0]).unwrap();
    let rows = rows.rows().map(|row| row.iter().map(cell).collect()).collect();
    let source = book.worksheet_range(&names[1]).unwrap();
    let source = source.rows().map(|row| (row[0].get_string().unwrap().to_owned(), row[1].get_string().unwrap_or_default().to_owned())).collect();
    (rows, source)
}

fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    // A workbook knows no milliseconds and no zone.
    let plain = |cell: &str| cell.split_once(".000+08:00").filter(|(_, rest)| rest.is_empty()).map_or(cell, |(moment, _)| moment).to_owned();
    reader.records().map(|record| record.unwrap().iter().map(plain).collect()).collect()
}

#[test]
fn the_ledger_says_the_same_as_csv_and_as_a_workbook_and_who_took_it_is_on_the_register() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let csv = text(&house, AUDITOR, "/exports/ledger.csv").await;
        let head = greenlane::exports::ledger::check(&csv).unwrap();
        let response = get(&house, AUDITOR, "/exports/ledger.xlsx").await;
        assert_eq!(response.headers()["content-type"], Form::Xlsx.media_type());
        let (rows, source) = sheet(response.bytes().await.unwrap().to_vec());
        let records = records(&csv);
        assert!(records.len() > 20, "{}", records.len());
        assert_eq!(rows.len(), records.len());
        for (row, record) in rows.iter().zip(&records) {
            assert_eq!(row, record);
        }
        assert_eq!(source["末行摘要值"], head.to_string());
        assert_eq!(source["行数"], (records.len() - 1).to_string());
        assert_eq!(source["最新检查点"], house.node.app.checkpoint().await.unwrap().unwrap().trim_end(), "the newest when it was written");
        let eia = text(&house, AUDITOR, "/exports/ledger.csv?link=eia-report-form&from=2025-03-01&to=2025-04-01").await;
        let some = self::records(&eia);
        assert!(some.len() > 1 && some.len() < records.len(), "{} of {}", some.len(), records.len());
        let exported = house.node.app.exported(house.tenant, None, 10).await.unwrap();
        let told: Vec<(String, String, bool)> =
            exported.iter().map(|export| (export.line.by.zh.clone(), export.line.kind.clone(), export.details["last_row"] == head.to_string())).collect();
        let known = house.node.app.known(house.tenant).await.unwrap();
        let auditor = known.roster.people[&house.person(AUDITOR).await].name.clone();
        let taken = |same| (auditor.clone(), "ledger-exported".to_owned(), same);
        assert_eq!(told, [taken(false), taken(true), taken(true)]);
        assert_eq!((exported[0].details["link"].as_str(), exported[0].details["to"].as_str()), (Some("eia-report-form"), Some("2025-04-01")));
        house.settle().await;
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn what_somebody_typed_begins_no_formula_in_an_export() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-04", 9, 0)).await;
        let mut form = crate::browser::house::form(Project::Main, 0);
        form["project_name"] = "=HYPERLINK(\"http://evil.example\",\"查看\")".into();
        let act = greenlane::app::execute::Act::Start { workflow: "green-channel".into(), form: Some(form), rank: 9 };
        house.act(None, "chen", act).await.unwrap();
        house.settle().await;
        let wanted = Wanted::default();
        let operator = greenlane::identity::Actor::Operator("=cmd".to_owned());
        for kind in [Form::Csv, Form::Xlsx] {
            let mut written = ledger::write(house.node.app.store(), house.tenant, &wanted, kind, &operator).await.unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut written.file, &mut bytes).unwrap();
            assert_eq!(u64::try_from(bytes.len()).unwrap(), written.bytes);
            let cells = match kind {
                Form::Csv => records(&String::from_utf8(bytes).unwrap()),
                Form::Xlsx => {
                    let (rows, source) = sheet(bytes);
                    assert_eq!(source["导出人"], "'=cmd");
                    rows
                }
            };
            assert!(cells.iter().flatten().any(|cell| cell == "'=HYPERLINK(\"http://evil.example\",\"查看\")"), "{kind:?}");
            assert!(!cells.iter().flatten().any(|cell| cell.starts_with('=')), "{kind:?}");
        }
        house.close().await;
    });
}

#[test]
fn the_proof_of_an_act_verifies_without_this_system() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let keys: Vec<LogKey> = text(&house, AUDITOR, "/audit/keys").await.lines().map(|line| line.parse().unwrap()).collect();
        let case = house.case(Project::Main);
        let acts = house.acts(case).await;
        for seq in [1, acts / 2, acts] {
            let page = text(&house, AUDITOR, &format!("/audit/act/GC20250001/{seq}")).await;
            let proof = text(&house, AUDITOR, &format!("/audit/act/GC20250001/{seq}/proof")).await;
            let proof = ActProof::parse(&proof).unwrap();
            let proven = proof.verify(&keys).unwrap();
            assert_eq!((proven.leaf.case, proven.leaf.seq), (case, u64::try_from(seq).unwrap()));
            assert!(page.contains(&proven.checkpoint.head.root.to_string()), "the page ends at the root");
            assert_eq!(proof.climb(proven.checkpoint.head.size).last().map(|step| step.node), Some(proven.checkpoint.head.root));
        }
        let receipt = house.node.app.record(house.tenant, greenlane::identity::Actor::System, "note", serde_json::json!({}), Default::default()).await.unwrap();
        let path = format!("/audit/act/register/{}", receipt.version);
        assert!(text(&house, AUDITOR, &path).await.contains("还没有封存"));
        assert_eq!(get(&house, AUDITOR, &format!("{path}/proof")).await.status(), StatusCode::CONFLICT);
        house.settle().await;
        assert!(text(&house, AUDITOR, &path).await.contains("刚才已逐步核验"));
        assert_eq!(get(&house, AUDITOR, "/audit/act/GC20250001/9999").await.status(), StatusCode::NOT_FOUND);
        house.close().await;
    });
}

#[test]
fn the_log_taken_out_verifies_without_this_system() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-12", 9, 0)).await;
        // Acts nobody sealed yet are none of the file's business.
        house
            .act(
                None,
                "fang",
                greenlane::app::execute::Act::Start { workflow: "eia".into(), form: Some(crate::browser::house::form(Project::Ordinary, 0)), rank: 9 },
            )
            .await
            .unwrap();
        let log = text(&house, AUDITOR, "/audit/log.jsonl").await;
        let keys = inspect::keys(house.node.app.store()).await.unwrap();
        let vkey = keys[0].to_string();
        let mut walk = FileWalk::begin(Trust { keys, outside: Vec::new(), findings_max: 10, lag_ms_max: None });
        for line in log.lines() {
            walk.line(line).unwrap();
        }
        let report = walk.finish().unwrap();
        assert!(report.holds(), "{:?}", report.findings);
        assert!(report.counts.entries > 20);
        let file = house.home().join("log.jsonl");
        std::fs::write(&file, &log).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify.py");
        let output = tokio::process::Command::new("python3").arg(script).arg(&file).arg("--key").arg(&vkey).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        house.close().await;
    });
}

#[test]
fn verification_runs_in_the_background_and_says_what_it_covered() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-12", 9, 0)).await;
        assert!(text(&house, AUDITOR, "/audit").await.contains("尚未核验"));
        let app = &house.node.app;
        let (one, two) = (app.verify_soon(std::time::Duration::from_secs(60)), app.verify_soon(std::time::Duration::from_secs(60)));
        tokio::join!(one, two);
        let stands = app.verification().await.unwrap();
        let last = stands.last.unwrap();
        assert!(stands.running.is_none() && last.holds, "{last:?}");
        assert!(last.acts > 20 && last.checkpoints > 0 && last.bodies > 0, "{last:?}");
        let page = text(&house, AUDITOR, "/audit").await;
        assert!(page.contains("全部相符") && page.contains(&format!("操作 {} 项", last.acts)), "{page}");
        house.close().await;
    });
}

#[test]
fn an_act_is_found_by_case_by_person_and_by_day() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let rows = |page: &str| page.matches("/audit/act/").count();
        assert_eq!(rows(&text(&house, AUDITOR, "/audit/find?case=GC20250001").await), 20);
        let chen = text(&house, AUDITOR, "/audit/find?person=chen").await;
        assert!(rows(&chen) > 0 && chen.contains("提交申请"), "{chen}");
        let day = text(&house, AUDITOR, "/audit/find?person=chen&from=2025-03-03&to=2025-03-03").await;
        assert_eq!(rows(&day), 1, "{day}");
        assert_eq!(rows(&text(&house, AUDITOR, "/audit/find?from=2025-03-08&to=2025-03-09").await), 0, "a weekend");
        assert!(text(&house, AUDITOR, "/audit/find?person=nobody").await.contains("没有姓名或登录名"));
        assert!(text(&house, AUDITOR, "/audit/find?case=GC1").await.contains("没有编号"));
        house.close().await;
    });
}

#[test]
fn an_applicant_and_a_stranger_see_none_of_it() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-12", 9, 0)).await;
        let inside = [
            "/lights",
            "/lights/tasks",
            "/lights/tasks.csv",
            "/lights/digest",
            "/land",
            "/funds",
            "/accounts/land/2025/420703/new",
            "/accounts/land/2025/420703/new?format=csv",
            "/audit",
            "/audit/find?case=GC20250001",
            "/audit/act/GC20250001/1",
            "/audit/act/GC20250001/1/proof",
            "/audit/exports",
            "/audit/checkpoint",
            "/audit/keys",
            "/audit/log.jsonl",
            "/exports/ledger.csv",
            "/exports/ledger.xlsx",
        ];
        let acts = house.acts(register::case_of(house.tenant)).await;
        for path in inside {
            assert_eq!(get(&house, "chen", path).await.status(), StatusCode::FORBIDDEN, "{path}");
            let stranger = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let response = stranger.get(format!("{}{path}", house.origin())).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
            assert!(response.headers()["location"].to_str().unwrap().starts_with("/sign-in"), "{path}");
        }
        for path in inside.iter().filter(|path| path.starts_with("/audit") || path.starts_with("/exports")) {
            assert_eq!(get(&house, "ez-sthj.handler", path).await.status(), StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(get(&house, "ez-sthj.handler", "/lights?office=ez-fgw").await.status(), StatusCode::FORBIDDEN, "another office's lights");
        assert_eq!(get(&house, "ez-sthj.handler", "/lights").await.status(), StatusCode::OK);
        assert_eq!(post(&house, AUDITOR, "/accounts/fund/2025/grant", &[("kind", "issue")]).await.status(), StatusCode::FORBIDDEN);
        assert_eq!(house.acts(register::case_of(house.tenant)).await, acts, "nothing was exported");
        house.close().await;
    });
}

#[test]
fn a_posting_is_made_once_however_often_its_form_is_sent() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let path = "/accounts/fund/2025/grant";
        let page = text(&house, OPERATOR, path).await;
        let command = page.split("name=\"command\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let free = async || house.node.app.statement(house.tenant, "fund/2025/grant", None, 1).await.unwrap().balance.free;
        let before = free().await;
        let form = [("kind", "add"), ("amount", "1,200.5"), ("document", "鄂州财〔2025〕9号"), ("command", command)];
        for _ in 0..3 {
            assert_eq!(post(&house, OPERATOR, path, &form).await.status(), StatusCode::SEE_OTHER);
        }
        assert_eq!(free().await, before + 1_200_500_000);
        let wrong = [("kind", "add"), ("amount", "一千"), ("document", ""), ("command", command)];
        let response = post(&house, OPERATOR, path, &wrong).await;
        let (status, page) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("value=\"一千\"") && page.contains("请填写依据的文号"), "{page}");
        assert_eq!(free().await, before + 1_200_500_000);
        house.close().await;
    });
}

#[test]
fn the_clock_moves_once_for_each_press_and_what_fell_due_has_happened() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-24", 9, 0)).await;
        let to = Moment(house.clock.now().0 + 30 * 86_400_000);
        let due = house.node.app.due_cases(10).await.unwrap().len();
        assert_eq!(due, 0);
        for _ in 0..2 {
            let response = post(&house, "chen", "/clock", &[("to", &to.0.to_string())]).await;
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
        }
        assert_eq!(house.clock.now(), to);
        assert_eq!(house.node.app.due_cases(10).await.unwrap().len(), 0, "everything due was fired");
        let told = text(&house, "ez-ldxz.sup-clerk", &format!("/clock?since={}", to.0 - 30 * 86_400_000)).await;
        assert!(told.contains("时钟已拨动") && !told.contains("产生通知 0 条"), "{told}");
        let back = post(&house, "chen", "/clock", &[("day", "2025-03-03"), ("time", "08:30")]).await;
        let (status, page) = (back.status(), back.text().await.unwrap());
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("只能向前"), "{page}");
        house.close().await;
    });
}
