//! The assessment (WH 四（三）、四（四）): every point opens its rows, a bonus needs its proof (L11), publication needs approval; and ratings, once for each link, anonymous to the rated.

use greenlane::app::assessment::{UnitScore, plan};
use greenlane::app::execute::{Act, Answer};
use greenlane::app::failure::Failure;
use greenlane::app::frozen::Period;
use greenlane::app::operate::Operation;
use greenlane::app::seed::embedded_files;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use serde_json::{Value, json};

use crate::apply::desk::{Body, Desk, urlencoded};
use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

const LATER: (&str, u32, u32) = ("2025-04-24", 12, 0);
const CONCLUDED: (&str, u32, u32) = ("2025-05-08", 9, 0);
const SUPERVISOR: &str = "ez-ldxz.sup-clerk";
const WORDS: &str = "环评材料让我跑了三趟。";

async fn scores(house: &House, label: &str) -> Vec<UnitScore> {
    house.node.app.assessment(house.tenant, &Period::parse(label).unwrap()).await.unwrap_or_else(|failure| panic!("{failure}"))
}

async fn start(house: &House, workflow: &str, form: Value) -> CaseId {
    let receipt = house.act(None, "ez-ggb.receiver", Act::Start { workflow: workflow.into(), form: Some(form), rank: 9 }).await;
    receipt.unwrap_or_else(|failure| panic!("{failure}")).case
}

async fn answer(house: &House, case: CaseId, step: &str, outcome: &str, fields: Option<Value>) -> Result<i64, Failure> {
    let (task, open) = house.task(case, step).await;
    let login = house.doer(case, &open).await;
    let answer = Answer { opinion: Some("同意。".to_owned()), fields, form: None };
    house.act(Some(case), &login, Act::Complete { task, outcome: outcome.into(), answer }).await.map(|receipt| receipt.version)
}

fn code<T>(answer: Result<T, Failure>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(Failure::Refused(refusal)) => refusal.code.to_owned(),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
    }
}

fn multipart(pairs: &[(&str, &str)], field: &str, name: &str, content: &[u8]) -> Body {
    let mut bytes = Vec::new();
    for (name, value) in pairs {
        bytes.extend_from_slice(format!("--XyZ\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
    }
    let head = format!("--XyZ\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\ncontent-type: application/pdf\r\n\r\n");
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(b"\r\n--XyZ--\r\n");
    Body { kind: "multipart/form-data; boundary=XyZ", bytes }
}

#[test]
fn seed_11_every_score_opens_its_rows_and_a_bonus_without_its_proof_is_refused() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let house = &desk.house;
        house.play(LATER).await;
        let before = scores(house, "2025Q2").await;
        let environment = before.iter().find(|score| score.office == "ez-sthj").expect("the bureau has a promise that has passed");
        assert!(environment.base().is_some_and(|base| base < 10_000), "{environment:?}");
        // The page's figure is the length of the list it leads to, for every unit and criterion.
        for score in &before {
            for one in score.criteria.iter().filter(|one| !one.rows.is_empty()) {
                let list = desk.get(SUPERVISOR, &format!("/assessment/rows?period=2025Q2&unit={}&key={}", score.office, one.key)).await;
                let shown = list.body().matches("<tr><th scope=\"row\"").count();
                assert_eq!((list.status, shown), (200, one.rows.len()), "{} {}", score.office, one.key);
                list.says(&format!("{}/{}", one.good(), one.rows.len()));
            }
        }
        // A bonus: by API without its proof, on the page with another kind of file, then with it.
        let case = start(house, "bonus-claim", json!({"unit": "sthj", "period": "2025Q2"})).await;
        let claim = |proof: Option<Value>| {
            let mut fields = json!({"points": 3, "reason": "省级通报表扬"});
            proof.into_iter().for_each(|proof| fields["proof"] = proof);
            fields
        };
        assert_eq!(code(answer(house, case, "claim", "claimed", Some(claim(None))).await), "form_wrong");
        let made_up = json!({"name": "通报.pdf", "sha256": "0".repeat(64), "bytes": 3});
        assert_ne!(code(answer(house, case, "claim", "claimed", Some(claim(Some(made_up)))).await), "ok", "a proof nobody uploaded");
        let (task, _) = house.task(case, "claim").await;
        let page = desk.get(SUPERVISOR, &format!("/cases/{case}?task={task}")).await;
        page.says("multipart/form-data").says("type=\"file\"");
        let command = page.hidden("command");
        let pairs = [("command", command.as_str()), ("outcome", "claimed"), ("opinion", "申报。"), ("f.points", "3"), ("f.reason", "省级通报表扬")];
        let path = format!("/cases/{case}/tasks/{task}/complete");
        let nothing = desk.send(SUPERVISOR, &path, &multipart(&pairs, "f.proof", "", b"")).await;
        assert_eq!(nothing.status, 422, "{}", nothing.body());
        nothing.says("请上传「加分事项证明（L11）」").says("省级通报表扬");
        let lie = desk.send(SUPERVISOR, &path, &multipart(&pairs, "f.proof", "通报.pdf", b"no pdf")).await;
        assert_eq!(lie.status, 422, "{}", lie.body());
        let taken = desk.send(SUPERVISOR, &path, &multipart(&pairs, "f.proof", "通报.pdf", b"%PDF-1.7\n%%EOF\n")).await;
        assert_eq!(taken.status, 303, "{}", taken.body());
        answer(house, case, "check", "agree", None).await.unwrap_or_else(|failure| panic!("{failure}"));
        answer(house, case, "approve", "approved", None).await.unwrap_or_else(|failure| panic!("{failure}"));
        let after = scores(house, "2025Q2").await;
        let environment = after.iter().find(|score| score.office == "ez-sthj").unwrap();
        assert_eq!((environment.bonus(), environment.bonuses[0].proof.as_str()), (300, "通报.pdf"));
        desk.get(SUPERVISOR, "/assessment?period=2025Q2").await.says("通报.pdf").says("演示用〔虚〕");
        desk.get(SUPERVISOR, "/ledger?period=2025Q2").await.says("通报.pdf");
        // The proof can be opened by whoever may read the case, and by nobody else.
        let digest = greenlane::ids::Digest::of(b"%PDF-1.7\n%%EOF\n");
        let proof = desk.get("ez-ldz.leader", &format!("/files/{digest}?case={case}")).await;
        assert_eq!((proof.status, proof.bytes.as_slice()), (200, &b"%PDF-1.7\n%%EOF\n"[..]));
        assert_ne!(desk.get("chen", &format!("/files/{digest}?case={case}")).await.status, 200);
        assert_eq!(plan().criteria.len(), 3);
        house.holds().await;
        desk.close().await;
    });
}

#[test]
fn scores_side_by_side_are_shown_only_after_their_publication_was_approved() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let house = &desk.house;
        house.play(LATER).await;
        let handler = "ez-sthj.handler";
        let own = desk.get(handler, "/assessment?period=2025Q2").await;
        own.says("还没有批准通报").says("市生态环境局");
        let others: Vec<UnitScore> = scores(house, "2025Q2").await.into_iter().filter(|score| score.office != "ez-sthj").collect();
        assert!(!others.is_empty());
        for other in &others {
            assert!(!own.body().contains(&format!("<th scope=\"row\">{}", other.title.zh)), "{}", other.title.zh);
            assert_eq!(desk.get(handler, &format!("/assessment/rows?period=2025Q2&unit={}&key=kept", other.office)).await.status, 404);
        }
        let case = start(house, "assessment-notice", json!({"period": "2025Q2"})).await;
        for (step, outcome) in [("draft", "drafted"), ("check", "signed")] {
            answer(house, case, step, outcome, None).await.unwrap_or_else(|failure| panic!("{failure}"));
        }
        desk.get(handler, "/assessment?period=2025Q2").await.says("还没有批准通报");
        answer(house, case, "approve", "approved", None).await.unwrap_or_else(|failure| panic!("{failure}"));
        let published = desk.get(handler, "/assessment?period=2025Q2").await;
        published.says("已批准通报");
        for other in &others {
            published.says(&other.title.zh);
        }
        desk.get(handler, "/assessment?period=2025Q1").await.says("还没有批准通报");
        assert_eq!(desk.get("chen", "/assessment").await.status, 403);
        desk.close().await;
    });
}

#[test]
fn weights_that_rest_on_a_document_count_from_the_next_period_and_never_backwards() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let house = &desk.house;
        house.play(LATER).await;
        let before = scores(house, "2025Q2").await;
        let told = async |from: &str, kept: u32| {
            let mut files = embedded_files();
            let file = files.get_mut("assessment.yaml").unwrap();
            *file = file.replace("from: 2016-01-01", &format!("from: {from}")).replace("invented: [criteria, bonus-most]", "document: 鄂创改办〔2025〕3号");
            *file = file.replace("weight: 60", &format!("weight: {kept}")).replace("weight: 20", &format!("weight: {}", (100 - kept) / 2));
            house.node.app.operate(house.tenant, Actor::Operator("test".to_owned()), Operation::Seed { files }).await
        };
        assert_eq!(code(told("2025-04-01", 40).await), "assessment_backdated", "the quarter has begun");
        let added = told("2025-07-01", 40).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(added.iter().any(|line| line.zh == "420700 考核办法：新增 1，已有 0，与种子不同而未改动 0"), "{added:?}");
        assert_eq!(scores(house, "2025Q2").await, before, "the period that runs is scored as it was promised");
        desk.get(SUPERVISOR, "/assessment?period=2025Q2").await.says("演示用〔虚〕").says("<strong>按期办结</strong> 60");
        desk.get(SUPERVISOR, "/assessment?period=2025Q3").await.says("依据鄂创改办〔2025〕3号").says("<strong>按期办结</strong> 40");
        let score = scores(house, "2025Q3").await.into_iter().find(|score| score.office == "ez-sthj").unwrap();
        assert_eq!(score.criteria.iter().map(|one| one.weight).collect::<Vec<_>>(), [40, 30, 30]);
        // The same again adds nothing; another text for the same day is told and left alone.
        for (kept, expected) in [(40, "新增 0，已有 1，与种子不同而未改动 0"), (50, "新增 0，已有 0，与种子不同而未改动 1")] {
            let again = told("2025-07-01", kept).await.unwrap_or_else(|failure| panic!("{failure}"));
            assert!(again.iter().any(|line| line.zh == format!("420700 考核办法：{expected}")), "{again:?}");
        }
        // A file older than what is in force plants nothing and stops nothing else.
        let older = told("2025-05-01", 40).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(older.iter().any(|line| line.zh == "420700 考核办法：新增 0，已有 0，与种子不同而未改动 1"), "{older:?}");
        house.holds().await;
        desk.close().await;
    });
}

/// The link of the environment bureau on the page: its scope, and its form's command.
async fn form_of(desk: &Desk, path: &str) -> (u32, String) {
    let (app, case) = (&desk.house.node.app, desk.house.case(Project::Main));
    let working = app.working(desk.house.tenant, case).await.unwrap();
    let links = app.rateable(&working).await.unwrap();
    let link = links.iter().find(|link| link.office == "ez-sthj").unwrap_or_else(|| panic!("the bureau served no link: {links:?}"));
    assert!(!link.rated);
    let scope = link.scope;
    let body = desk.get("chen", path).await.body();
    let part = body.split("<form").find(|part| part.contains(&format!("name=\"scope\" value=\"{scope}\""))).unwrap_or_else(|| panic!("{body}"));
    (scope, part.split_once("name=\"command\" value=\"").unwrap().1.split('"').next().unwrap().to_owned())
}

/// The call-back waits with the supervisors; the rated office reads the words and not who wrote them, and may not open the case.
async fn is_called_back_and_anonymous(desk: &Desk) {
    let (house, case) = (&desk.house, desk.house.case(Project::Main));
    let known = house.node.app.known(house.tenant).await.unwrap();
    let working = house.node.app.working(house.tenant, case).await.unwrap();
    let rating = house.node.app.store().cases_onward(house.tenant, None, 1_000).await.unwrap();
    let rating = rating.into_iter().find(|row| row.workflow == "service-rating").unwrap();
    let (_, open) = house.task(rating.id, "call-back").await;
    assert_eq!(house.doer(rating.id, &open).await, SUPERVISOR);
    let handler = "ez-sthj.handler";
    assert_eq!(desk.get(handler, &format!("/cases/{}", rating.id)).await.status, 403);
    let words = desk.get(handler, "/assessment/words?period=2025Q2&unit=ez-sthj").await;
    words.says(WORDS).says("非常不满意");
    let rater = known.roster.people[&working.state.applicant].clone();
    for secret in [rater.name.as_str(), &rater.login, "GC20250001", &rater.id.to_string(), &case.to_string()] {
        assert!(!words.body().contains(secret), "{secret} is on the page of the rated");
    }
}

#[test]
fn a_rating_sent_unluckily_is_given_once_called_back_when_bad_and_anonymous_to_the_rated() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let house = &desk.house;
        house.play(CONCLUDED).await;
        let case = house.case(Project::Main);
        let path = format!("/projects/{case}/rate");
        let working = house.node.app.working(house.tenant, case).await.unwrap();
        let (scope, command) = form_of(&desk, &path).await;
        let scope_text = scope.to_string();
        let form = |level: &'static str| [("command", command.as_str()), ("scope", scope_text.as_str()), ("level", level), ("words", WORDS)];
        let missing = desk.post("chen", &path, &form("")).await;
        assert_eq!(missing.status, 422);
        missing.says(WORDS).says("请选择评价等级");
        let count = async || {
            let period = (greenlane::ids::Moment::start_of("2025-05-01".parse().unwrap()), greenlane::ids::Moment::start_of("2025-06-01".parse().unwrap()));
            house.node.app.ratings(house.tenant, period).await.unwrap().len()
        };
        // After the session ended nothing is done, and the form waits.
        let late = desk.send_too_late(&path, &urlencoded(&form("1"))).await;
        assert_eq!((late.status, count().await), (401, 0));
        assert!(!late.hidden("kept").is_empty());
        // Two clicks, the back button, a connection that is gone.
        let (one, two) = {
            let (a, b) = (form("1"), form("1"));
            tokio::join!(desk.post("chen", &path, &a), desk.post("chen", &path, &b))
        };
        assert!([one.status, two.status].iter().all(|status| [303, 409].contains(status)), "{} {}", one.status, two.status);
        desk.send_and_lose(house.session("chen"), &path, &urlencoded(&form("1"))).await;
        desk.post("chen", &path, &form("1")).await;
        assert_eq!(count().await, 1);
        // Another tab is too late, and keeps its words.
        let other = [("command", ""), ("scope", scope_text.as_str()), ("level", "5"), ("words", "其实很满意。")];
        let refused = desk.post("chen", &path, &other).await;
        assert_eq!((refused.status, count().await), (409, 1));
        refused.says("一件一评").says("其实很满意。");
        // A form that only says it is one counts for nothing.
        let forged = json!({"about": "GC20250001", "link": "环评", "office": "ez-sthj", "level": "1"});
        house
            .act(None, "chen", Act::Start { workflow: "service-rating".into(), form: Some(forged), rank: 9 })
            .await
            .unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(count().await, 1);
        is_called_back_and_anonymous(&desk).await;
        assert_eq!(code(house.node.app.rate(&working, house.person("lin").await, (scope, None), ("1", "")).await), "not_applicant");
        desk.get(SUPERVISOR, "/assessment?period=2025Q2").await.says("1 次，差评 1");
        desk.close().await;
    });
}
