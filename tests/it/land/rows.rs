//! The acceptance examples of the two plans that need pages, registers or two cases at once; the others are scenario files `seed-NN-…`.
//! Invariant: the figures are those of the examples. Never: a state made by hand; everything is done by whoever may do it.

use greenlane::app::execute::{Act, Answer, RegisterRows};
use greenlane::app::failure::Failure;
use greenlane::app::known::AccountTitle;
use greenlane::app::plots::Stage;
use greenlane::app::postings::ByDocument;
use greenlane::app::{certificates, register};
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use greenlane::store::rows::RegistryRow;
use serde_json::{Value, json};

use crate::browser::house::{House, form};
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

const LAND: &str = "land/2025/420703/new";
const NEXT: &str = "land/2026/420703/new";
const ELSEWHERE: &str = "land/2025/420704/new";
const CERTIFICATE: &str = "GT-420700-2025-0001";

/// Whoever may answer a step claims it and ends it.
async fn answers(house: &House, case: CaseId, (step, outcome): (&str, &str), fields: Option<Value>) {
    let (task, open) = house.task(case, step).await;
    let login = house.doer(case, &open).await;
    house.act(Some(case), &login, Act::Claim { task }).await.unwrap_or_else(|failure| panic!("{step}: {failure}"));
    let answer = Answer { opinion: Some("经审查，按本意见办理。".to_owned()), fields, form: None };
    let act = Act::Complete { task, outcome: outcome.into(), answer };
    house.act(Some(case), &login, act).await.unwrap_or_else(|failure| panic!("{step}: {failure}"));
    house.settle().await;
}

async fn files(house: &House, login: &str, workflow: &str, form: Value) -> CaseId {
    let act = Act::Start { workflow: workflow.into(), form: Some(form), rank: 9 };
    let receipt = house.act(None, login, act).await.unwrap_or_else(|failure| panic!("{failure}"));
    house.settle().await;
    receipt.case
}

/// A page; nobody's when no login is given.
async fn page(house: &House, login: Option<&str>, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("{}{path}", house.origin()));
    let session = login.map(|login| format!("gl_session={}; ", house.session(login))).unwrap_or_default();
    let response = request.header("cookie", format!("{session}gl_language=zh-CN")).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The cases of somebody's inbox, in order.
async fn inbox(house: &House, login: &str) -> Vec<CaseId> {
    let person = house.person(login).await;
    let known = house.node.app.known(house.tenant).await.unwrap();
    let posts = known.roster.posts_of(person, house.clock.now().date());
    let page = house.node.app.inbox(house.tenant, person, &posts, 50, None).await.unwrap();
    page.tasks.iter().map(|task| task.case.parse().unwrap()).collect()
}

async fn buckets(house: &House, account: &str) -> [i64; 5] {
    let row = house.node.app.store().account(house.tenant, account).await.unwrap().unwrap();
    [row.free, row.reserved, row.used, row.written_off, row.issued]
}

/// Posts by a document as the operator; the code of the refusal, when it is one.
async fn posts(house: &House, kind: &str, amount: i64, case: Option<&str>) -> Result<(), &'static str> {
    let posting =
        ByDocument {
            account: LAND.to_owned(), kind: kind.to_owned(), amount, document: "演示转用〔2025〕1号".to_owned(), case: case.map(str::to_owned)
        };
    let posted = house.node.app.post_by_document(house.tenant, Actor::Operator("test".to_owned()), &posting).await;
    house.settle().await;
    match posted {
        Ok(_) => Ok(()),
        Err(Failure::Refused(refusal)) => Err(refusal.code),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn seed_01_the_admitted_project_stands_above_an_earlier_ordinary_one_until_its_admission_is_removed() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-19", 9, 0)).await;
        let earlier = files(&house, "fang", "eia", form(Project::Ordinary, 0)).await;
        house.play_on(Some(("2025-03-19", 9, 0)), ("2025-03-20", 9, 31)).await;
        let admitted = house.case(Project::Main);
        let of_both = |cases: Vec<CaseId>| cases.into_iter().filter(|case| [earlier, admitted].contains(case)).collect::<Vec<_>>();
        assert_eq!(of_both(inbox(&house, "ez-sthj.receiver").await), [admitted, earlier], "the later one is admitted, and neither is overdue");
        // Anybody verifies the certificate, and reads nobody's name on it.
        let path = format!("/verify/{CERTIFICATE}");
        let (status, text) = page(&house, None, &path).await;
        assert_eq!(status, 200, "{text}");
        for said in ["有效", "2025-12-31", "2025-03-20", "演示企业甲", "GC20250001", "<svg"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        for hidden in ["陈工", "chen", "999000", "32,000"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        for unknown in ["/verify/GT-420700-2025-0002", "/verify/GT-999999-2025-0001", "/verify/x"] {
            assert_eq!(page(&house, None, unknown).await.0, 404, "{unknown}");
        }
        answers(&house, admitted, ("propose-removal", "propose"), Some(json!({"ground": "given-up", "facts": "申请人书面放弃。"}))).await;
        assert_eq!(of_both(inbox(&house, "ez-sthj.receiver").await), [admitted, earlier], "proposed is not removed");
        answers(&house, admitted, ("sign-removal", "removed"), None).await;
        assert_eq!(of_both(inbox(&house, "ez-sthj.receiver").await), [earlier, admitted], "the rank is lowered in every inbox");
        let found = house.node.app.certificate(CERTIFICATE).await.unwrap();
        assert_eq!((found.standing, found.notice.as_deref()), (certificates::Standing::Removed, Some("鄂州绿通撤〔2025〕1号")));
        let (_, text) = page(&house, None, &path).await;
        assert!(text.contains("已撤出认定") && text.contains("申请人放弃"), "{text}");
        // Who and why stand in the record.
        let (_, record) = page(&house, Some("ez-ldxz.auditor"), "/cases/GC20250001/record").await;
        assert!(record.contains("高组长") && record.contains("申请人书面放弃。"), "{record}");
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn a_rank_counts_until_the_last_day_of_the_certificate_and_not_a_day_longer() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-20", 11, 0)).await;
        house.until(("2025-12-31", 15, 0)).await;
        let (admitted, ordinary) = (house.case(Project::Main), files(&house, "lin", "green-channel", form(Project::Earlier, 0)).await);
        // Both lie on one desk, neither is overdue: one waits for a removal without a limit, the other for its first check.
        let desk = async || {
            let (person, day) = (house.person("ez-ldxz.handler").await, house.clock.now().date());
            let posts = house.node.app.known(house.tenant).await.unwrap().roster.posts_of(person, day);
            let page = house.node.app.inbox(house.tenant, person, &posts, 50, None).await.unwrap();
            let of_both = page.tasks.into_iter().filter(|task| ["propose-removal", "check"].contains(&task.step.as_str()));
            of_both.map(|task| (task.case.parse::<CaseId>().unwrap(), task.rank)).collect::<Vec<_>>()
        };
        let shown = async || {
            let working = house.node.app.working(house.tenant, admitted).await.unwrap();
            (house.node.app.case_view(&working).await.unwrap().rank, page(&house, Some("ez-ldxz.sup-clerk"), "/cases/GC20250001").await.1)
        };
        assert_eq!(house.node.app.certificate(CERTIFICATE).await.unwrap().standing, certificates::Standing::Valid);
        assert_eq!(desk().await, [(admitted, 1), (ordinary, 9)]);
        let (rank, text) = shown().await;
        assert!(rank == 1 && text.contains("<span class=\"tag channel\">B 级"), "{text}");
        house.until(("2026-01-01", 0, 1)).await;
        assert_eq!(house.node.app.certificate(CERTIFICATE).await.unwrap().standing, certificates::Standing::Expired);
        assert_eq!(desk().await, [(ordinary, 9), (admitted, 9)], "nothing was written, and the rank is that of an ordinary case");
        let (rank, text) = shown().await;
        assert!(rank == 9 && !text.contains("tag channel\">B 级"), "{text}");
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn the_line_for_quota_goes_by_class_until_the_last_day_of_the_certificate_and_then_by_time_alone() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-27", 9, 0)).await;
        // An ordinary case stands in line before the admitted project comes to it.
        let mut asks = form(Project::Earlier, 0);
        asks["area_m2"] = json!(45_000);
        let ordinary = files(&house, "lin", "land-quota", asks).await;
        for (step, outcome) in [("park-check", "support"), ("one-map", "ok"), ("match_idle", "none")] {
            answers(&house, ordinary, (step, outcome), None).await;
        }
        house.play_on(Some(("2025-03-27", 9, 0)), ("2025-03-28", 10, 30)).await;
        let admitted = house.case(Project::Main);
        let line = async || {
            let statement = house.node.app.statement(house.tenant, LAND, None, 1).await.unwrap();
            statement.waiting.iter().map(|place| (place.case, place.rank)).collect::<Vec<_>>()
        };
        let classes = async || {
            let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), "/land").await;
            text.matches("<td>B</td>").count()
        };
        house.until(("2025-12-31", 15, 0)).await;
        assert_eq!(line().await, [(admitted, 1), (ordinary, 9)], "the later one is admitted");
        assert!(classes().await > 0);
        house.until(("2026-01-01", 0, 1)).await;
        assert_eq!(line().await, [(ordinary, 9), (admitted, 9)], "nothing was written, and the line goes by time");
        assert_eq!(classes().await, 0);
        // What comes free goes to the first of that line, and what is left is too little for the other.
        assert_eq!(posts(&house, "add", 15_000, None).await, Ok(()));
        house.settle().await;
        let holds = async |case| house.node.app.working(house.tenant, case).await.unwrap().state.holds.values().map(|hold| hold.amount).collect::<Vec<_>>();
        assert_eq!((holds(ordinary).await, holds(admitted).await), (vec![45_000], vec![]));
        assert_eq!(line().await, [(admitted, 9)]);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn seed_02_the_land_page_shows_the_balance_and_the_line_and_every_kind_of_posting_has_its_document() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-28", 10, 30)).await;
        assert_eq!(buckets(&house, LAND).await, [40_000, 40_000, 0, 0, 80_000]);
        let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), "/land").await;
        for said in ["8.0000 公顷", "4.0000 公顷", "5.0000 公顷", "GC20250001", "演示用地〔2025〕1号", "420703", "新增建设用地"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        // What a running step holds is nobody's to use or release.
        let earlier = house.case(Project::Earlier).to_string();
        assert_eq!(posts(&house, "use", 40_000, Some(&earlier)).await, Err("nothing_kept"));
        house.play_on(Some(("2025-03-28", 10, 30)), ("2025-04-18", 11, 0)).await;
        assert_eq!(buckets(&house, LAND).await, [30_000, 50_000, 0, 0, 80_000], "P0 withdrew, P1 was served");
        let statement = house.node.app.statement(house.tenant, LAND, None, 50).await.unwrap();
        let kinds: Vec<(&str, i64)> = statement.postings.iter().rev().map(|posted| (posted.kind, posted.amount)).collect();
        assert_eq!(kinds, [("issue", 80_000), ("reserve", 40_000), ("release", 40_000), ("reserve", 50_000)], "all rows are kept");
        // The conversion is approved for 4.2 of the 5 hectares: used, and the rest is free again.
        assert_eq!(posts(&house, "use", 50_001, Some("GC20250001")).await, Err("posting_wrong"));
        assert_eq!(posts(&house, "use", 42_000, None).await, Err("posting_wrong"), "a use names its case");
        assert_eq!(posts(&house, "use", 42_000, Some("GC20250001")).await, Ok(()));
        assert_eq!(buckets(&house, LAND).await, [38_000, 0, 42_000, 0, 80_000]);
        assert_eq!(posts(&house, "release", 8_000, Some("GC20250001")).await, Err("nothing_kept"), "a reservation is settled once");
        assert_eq!(posts(&house, "write-off", 42_001, None).await, Err("account_short"));
        assert_eq!(posts(&house, "write-off", 42_000, None).await, Ok(()));
        assert_eq!(posts(&house, "carry-over", 38_001, None).await, Err("account_short"));
        assert_eq!(posts(&house, "carry-over", 38_000, None).await, Ok(()));
        assert_eq!((buckets(&house, LAND).await, buckets(&house, NEXT).await), ([0, 0, 0, 42_000, 42_000], [38_000, 0, 0, 0, 38_000]));
        assert_eq!(posts(&house, "add", 1, None).await, Ok(()));
        let newest = house.node.app.statement(house.tenant, LAND, None, 5).await.unwrap().postings;
        let told: Vec<(&str, bool, bool)> = newest.iter().map(|posted| (posted.kind, posted.document.is_some(), posted.case.is_some())).collect();
        let expected = [("add", true, false), ("carry-over", true, false), ("write-off", true, false), ("release", true, true), ("use", true, true)];
        assert_eq!(told, expected, "each has its document, and a use its case");
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn seed_02_the_account_keeps_every_row_on_its_page_and_what_a_case_kept_goes_by_document_to_whoever_waits_in_its_region() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-04-18", 11, 0)).await;
        let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), &format!("/accounts/{LAND}")).await;
        // The figures of the example, in 亩: 120 issued, 60 reserved and back, 75 served, 45 left.
        for said in ["120.00 亩", "60.00 亩", "75.00 亩", "45.00 亩", "GC20250001", "演示用地〔2025〕1号"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let kinds = ["<td>下达</td>", "<td>预留</td>", "<td>释放</td>"].map(|kind| text.matches(kind).count());
        assert_eq!(kinds, [1, 2, 1], "the withdrawn reservation stays on the page: {text}");
        // Who asks for more than is left waits, whatever lies in the account of another region.
        opens(&house, ELSEWHERE, 100_000).await;
        let mut asks = form(Project::Earlier, 0);
        asks["area_m2"] = json!(35_000);
        let later = files(&house, "lin", "land-quota", asks).await;
        for (step, outcome) in [("park-check", "support"), ("one-map", "ok"), ("match_idle", "none")] {
            answers(&house, later, (step, outcome), None).await;
        }
        let waits = async || house.node.app.statement(house.tenant, LAND, None, 1).await.unwrap().waiting.iter().map(|place| place.case).collect::<Vec<_>>();
        assert_eq!((waits().await, buckets(&house, LAND).await), (vec![later], [30_000, 50_000, 0, 0, 80_000]));
        assert_eq!(posts(&house, "release", 50_000, None).await, Err("posting_wrong"), "a release names its case");
        assert_eq!(posts(&house, "release", 50_000, Some("GC20250001")).await, Ok(()));
        assert_eq!(
            (waits().await, buckets(&house, LAND).await),
            (vec![], [45_000, 35_000, 0, 0, 80_000]),
            "all of it is free again, and the first in line is served"
        );
        assert_eq!(posts(&house, "use", 50_000, Some("GC20250001")).await, Err("nothing_kept"), "what was released is nobody's to use");
        assert_eq!(buckets(&house, ELSEWHERE).await, [100_000, 0, 0, 0, 100_000]);
        let newest = house.node.app.statement(house.tenant, LAND, None, 2).await.unwrap().postings;
        let told: Vec<(&str, i64, bool)> = newest.iter().map(|posted| (posted.kind, posted.amount, posted.document.is_some())).collect();
        assert_eq!(told, [("reserve", 35_000, false), ("release", 50_000, true)]);
        house.holds().await;
        house.close().await;
    });
}

/// Opens an account of land and issues so much to it.
async fn opens(house: &House, account: &str, amount: i64) {
    let title = AccountTitle { zh: account.into(), en: account.into(), unit: "m2".into() };
    let row =
        RegistryRow::Account { tenant: house.tenant, account: account.into(), unit: "m2".into(), title: json!({"zh": account, "en": account}).to_string() };
    let rows =
        RegisterRows { registry: vec![row, register::put(&house.node.app, house.tenant, "account", account, &title).unwrap()], ..RegisterRows::default() };
    let operator = || Actor::Operator("test".to_owned());
    house.node.app.record(house.tenant, operator(), "account-opened", json!({"account": account}), rows).await.unwrap();
    let issue = ByDocument { account: account.to_owned(), kind: "issue".to_owned(), amount, document: "演示用地〔2025〕9号".to_owned(), case: None };
    house.node.app.post_by_document(house.tenant, operator(), &issue).await.unwrap();
}

fn plot_form() -> Value {
    json!({
        "state_secret": false, "applicant_name": "演示企业乙〔虚〕", "uscc": "91420700DEM000030G", "plot_code": "S-07", "area_m2": 50_000, "region": "420703",
        "industry": "3581", "what": "land", "way": "transfer", "idle_since": "2023-01-01", "use_allowed": "工业", "encumbered": false,
    })
}

/// Up to the audit that takes the plot.
async fn offers(house: &House) -> CaseId {
    let case = files(house, "fang", "idle-plot", plot_form()).await;
    for (step, outcome) in [("survey", "idle"), ("confirm", "confirmed"), ("audit", "pass")] {
        answers(house, case, (step, outcome), None).await;
    }
    case
}

#[test]
fn seed_03_an_idle_plot_is_matched_by_score_offered_once_and_takes_no_quota() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-24", 11, 0)).await;
        let plots = async || house.node.app.plots(house.tenant, &house.node.app.balances(house.tenant).await.unwrap()).await.unwrap();
        assert_eq!(plots().await.iter().map(|plot| (plot.code.as_str(), plot.stage)).collect::<Vec<_>>(), [("S-07", Stage::Idle)]);
        let before = buckets(&house, LAND).await;
        let case = offers(&house).await;
        let listed = plots().await.remove(0);
        assert_eq!((listed.stage, listed.area, listed.case.map(|(case, _)| case)), (Stage::Listed, Some(50_000), Some(case)));
        let matches: Vec<(CaseId, i64)> = listed.matches.iter().map(|found| (found.case, found.score)).collect();
        // P1: all of the area, the region, the industry. P0: four fifths of it, the region.
        assert_eq!(matches, [(house.case(Project::Main), 100), (house.case(Project::Earlier), 70)]);
        // The same on the pages of both cases, with why and what it saves; the applicant is told of the listed plot, and not of scores or of who else asks.
        let land = async |login: &str, path: &str| {
            let (status, text) = page(&house, Some(login), path).await;
            assert_eq!(status, 200, "{login} {path}");
            let (_, rest) = text.split_once("id=\"idle-land\"").unwrap_or_default();
            rest.split_once("</section>").map(|(part, _)| part.to_owned()).unwrap_or_default()
        };
        for (login, path, told) in [
            ("ez-ldxz.sup-clerk", "/cases/GC20250001".to_owned(), ["S-07", "100 分", "不占新增指标", "行业一致", "420703", "3581"]),
            ("chen", "/projects/GC20250001".to_owned(), ["S-07", "挂牌", "不占新增指标", "行业一致", "420703", "3581"]),
            ("ez-ldxz.sup-clerk", format!("/cases/{case}"), ["GC20250001", "100 分", "不占新增指标", "行业一致", "70 分", "3581"]),
        ] {
            let part = land(login, &path).await;
            assert!(told.iter().all(|said| part.contains(said)), "{login} {path}: {part}");
        }
        let hidden = land("chen", "/projects/GC20250001").await;
        assert!(!hidden.contains(" 分") && !hidden.contains("CL2025") && !hidden.contains("/accounts/"), "{hidden}");
        assert_eq!(land("fang", &format!("/projects/{case}")).await, "", "the plot's holder is not told who asks for land");
        let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), "/land").await;
        assert!(text.contains("S-07") && text.contains("挂牌") && text.contains("100 分") && text.contains("行业一致"), "{text}");
        let again = offers(&house).await;
        let ended = house.node.app.working(house.tenant, again).await.unwrap().row.result;
        assert_eq!(ended.as_deref(), Some("already-offered"));
        // P1 takes it: its land link ends without quota.
        house.play_on(Some(("2025-03-24", 11, 0)), ("2025-03-27", 10, 30)).await;
        let fits = json!({"plot_code": "S-07", "idle_case": "CL20250001", "fits": "面积、用途、行业相符。"});
        answers(&house, house.case(Project::Main), ("match_idle", "matched"), Some(fits)).await;
        let view = house.node.app.working(house.tenant, house.case(Project::Main)).await.unwrap();
        let held: Vec<&str> = view.state.holds.values().map(|hold| hold.account.as_str()).collect();
        assert!(held.is_empty() && !view.state.tasks.values().any(|task| &*task.step == "meeting"), "no quota is asked for");
        assert_eq!(buckets(&house, "plot-use/S-07").await, [0, 1, 0, 0, 1], "the plot is this project's");
        let left: Vec<CaseId> = plots().await[0].matches.iter().map(|found| found.case).collect();
        assert_eq!(left, [house.case(Project::Main)], "and nobody else is told that it would do");
        assert_eq!(buckets(&house, LAND).await, before, "quota unchanged");
        assert_eq!(buckets(&house, "plot/S-07").await, [0, 1, 0, 0, 1]);
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn seed_03_a_plot_stands_idle_then_listed_then_matched_then_conveyed_and_is_never_offered_again() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-24", 11, 0)).await;
        let before = buckets(&house, LAND).await;
        let stands = async || {
            let plot = house.node.app.plots(house.tenant, &house.node.app.balances(house.tenant).await.unwrap()).await.unwrap().remove(0);
            let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), "/land").await;
            let (_, rest) = text.split_once("S-07</a>").unwrap_or_else(|| panic!("{text}"));
            let word =
                ["闲置", "挂牌", "匹配", "流转", "已流转"].into_iter().find(|word| rest.split_once("</tr>").unwrap().0.contains(&format!("\">{word}</span>")));
            (plot.stage, word, !plot.matches.is_empty())
        };
        assert_eq!(stands().await, (Stage::Idle, Some("闲置"), false));
        let case = offers(&house).await;
        answers(&house, case, ("list", "listed"), None).await;
        assert_eq!(stands().await, (Stage::Listed, Some("挂牌"), true));
        // The listing cannot be cut short: ten working days, 04-04 a holiday.
        house.until(("2025-04-08", 17, 0)).await;
        assert_eq!(stands().await, (Stage::Listed, Some("挂牌"), true));
        house.until(("2025-04-09", 10, 0)).await;
        assert_eq!(stands().await, (Stage::Matching, Some("匹配"), true));
        let matched =
            json!({"demander": "演示企业甲〔虚〕", "demander_uscc": "91420700DEM000014T", "project_case": "GC20250001", "fits": "面积、用途、行业相符。"});
        answers(&house, case, ("match", "matched"), Some(matched)).await;
        for step in ["ask-industry", "ask-zone"] {
            answers(&house, case, (step, "agree"), None).await;
        }
        answers(&house, case, ("decide-match", "approve"), None).await;
        assert_eq!(stands().await, (Stage::Transferring, Some("流转"), false), "who takes it is decided");
        answers(&house, case, ("transfer", "conveyed"), None).await;
        assert_eq!(stands().await, (Stage::Conveyed, Some("已流转"), false), "only its file is still to be put away");
        answers(&house, case, ("archive", "archived"), None).await;
        assert_eq!(stands().await, (Stage::Conveyed, Some("已流转"), false));
        let again = offers(&house).await;
        assert_eq!(house.node.app.working(house.tenant, again).await.unwrap().row.result.as_deref(), Some("already-offered"));
        assert_eq!(buckets(&house, "plot/S-07").await, [0, 0, 1, 0, 1]);
        assert_eq!(buckets(&house, LAND).await, before, "quota unchanged");
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn a_plot_that_was_taken_off_the_list_is_idle_and_can_be_offered_again_once_its_file_is_put_away() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-24", 11, 0)).await;
        let stage = async || house.node.app.plots(house.tenant, &house.node.app.balances(house.tenant).await.unwrap()).await.unwrap().remove(0).stage;
        let case = offers(&house).await;
        answers(&house, case, ("list", "listed"), None).await;
        house.until(("2025-04-09", 10, 0)).await;
        answers(&house, case, ("match", "given-up"), None).await;
        assert_eq!((stage().await, buckets(&house, "plot/S-07").await), (Stage::Idle, [0, 1, 0, 0, 1]), "on no list, and still this case's");
        answers(&house, case, ("archive-delisted", "archived"), None).await;
        assert_eq!((stage().await, buckets(&house, "plot/S-07").await), (Stage::Idle, [1, 0, 0, 0, 1]));
        offers(&house).await;
        assert_eq!((stage().await, buckets(&house, "plot/S-07").await), (Stage::Listed, [0, 1, 0, 0, 1]));
        house.holds().await;
        house.close().await;
    });
}

#[test]
fn seed_04_the_funds_page_shows_asked_approved_and_the_gap_to_whoever_may_open_the_project() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-04-21", 9, 40)).await;
        let funds = async |login: &str| {
            let person = house.person(login).await;
            let known = house.node.app.known(house.tenant).await.unwrap();
            house.node.app.funds(house.tenant, person, &known.roster.posts_of(person, house.clock.now().date())).await.unwrap()
        };
        let seen = funds("ez-ldxz.sup-clerk").await;
        let main = seen.projects.iter().find(|project| project.name == "GC20250001").unwrap();
        assert_eq!((main.total, main.asked, main.amounts.approved, main.gap), (32_000_000_000, 32_000_000_000, 24_800_000_000, 7_200_000_000));
        assert_eq!((main.result.as_deref(), seen.instruments.len()), (None, 13), "own capital, the budget, and the eleven of the plans");
        assert!(funds("ez-kjj.handler").await.projects.is_empty(), "an office without a part in it");
        // A gap holds up this link alone: the filing left long ago.
        let working = house.node.app.working(house.tenant, house.case(Project::Main)).await.unwrap();
        assert!(working.state.tasks.values().any(|task| &*task.step == "record") && !working.state.tasks.values().any(|task| &*task.step == "close"));
        let documents = house.node.app.documents(house.tenant, house.case(Project::Main)).await.unwrap();
        assert!(documents.iter().any(|document| document.kind == "filing-proof"));
        let row = |instrument: &str, [intended, approved, signed, paid]: [i64; 4]| {
            let fen = |ten_thousand: i64| ten_thousand * 1_000_000;
            json!({"instrument": instrument, "intended_fen": fen(intended), "approved_fen": fen(approved), "signed_fen": fen(signed), "paid_fen": fen(paid)})
        };
        let mut fields =
            json!({"own_fen": 9_800_000_000_i64, "equity_fen": 0, "loan_fen": 16_000_000_000_i64, "grant_fen": 1_000_000_000, "lease_fen": 2_000_000_000});
        fields["instruments"] = json!([
            row("own", [9_800, 9_800, 9_800, 6_000]),
            row("innovation-fund", [3_000, 0, 0, 0]),
            row("credit", [16_000, 16_000, 12_000, 0]),
            row("budget", [1_200, 1_000, 0, 0]),
            row("lease", [2_000, 2_000, 2_000, 0]),
        ]);
        answers(&house, house.case(Project::Main), ("record", "recorded"), Some(fields)).await;
        let seen = funds("ez-jrb.section-head").await;
        let main = seen.projects.iter().find(|project| project.name == "GC20250001").unwrap();
        assert_eq!((main.amounts.intended, main.amounts.signed, main.amounts.paid), (32_000_000_000, 23_800_000_000, 6_000_000_000));
        assert_eq!(main.gap, 3_200_000_000, "what is intended fills none of it");
        let (_, text) = page(&house, Some("ez-ldxz.sup-clerk"), "/funds").await;
        for said in ["GC20250001", "32,000.00", "28,800.00", "23,800.00", "6,000.00", "3,200.00", "科技创新发展投资基金", "办理中"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        house.play_on(Some(("2025-04-21", 9, 40)), ("2025-04-30", 11, 30)).await;
        let seen = funds("ez-ldxz.sup-clerk").await;
        let main = seen.projects.iter().find(|project| project.name == "GC20250001").unwrap();
        assert_eq!((main.gap, main.result.as_deref()), (0, Some("met")));
        house.close().await;
    });
}

#[test]
fn seed_09_a_node_is_reminded_once_by_mail_and_sms_then_red_with_an_order_that_its_issuer_numbers() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        // P0's land link is promised for 03-17 and is not decided before.
        house.play(("2025-03-12", 23, 0)).await;
        let case = house.case(Project::Earlier);
        let said = async |kind: &str| -> Vec<(String, String)> {
            let all = house.node.app.store().notices(house.tenant, case).await.unwrap();
            let of_kind = all.into_iter().filter(|notice| notice.notice.kind == kind);
            let mut said: Vec<_> = of_kind.map(|notice| (notice.notice.recipient.to_string(), notice.notice.channel)).collect();
            said.sort();
            said
        };
        assert_eq!(said("o.yellow").await, []);
        house.play_on(Some(("2025-03-12", 23, 0)), ("2025-03-13", 9, 30)).await;
        let mut expected = Vec::new();
        for login in ["ez-zrzy.handler", "ez-zrzy.section-head"] {
            let person = house.person(login).await.to_string();
            expected.extend([(person.clone(), "mail".to_owned()), (person, "sms".to_owned())]);
        }
        expected.sort();
        assert_eq!(said("o.yellow").await, expected, "handler and section head, each once by mail and once by short message");
        house.settle().await;
        house.play_on(Some(("2025-03-13", 9, 30)), ("2025-03-13", 18, 0)).await;
        assert_eq!(said("o.yellow").await, expected, "a second run of the day sends nothing");
        house.play_on(Some(("2025-03-13", 18, 0)), ("2025-03-18", 9, 30)).await;
        assert!(!said("o.red").await.is_empty());
        let orders = house.node.app.orders_about(house.tenant, case).await.unwrap();
        assert_eq!(orders.iter().map(|order| order.due.as_str()).collect::<Vec<_>>(), ["2025-03-17"]);
        let order: CaseId = orders[0].order.as_ref().unwrap().parse().unwrap();
        for step in [("draft", "propose"), ("audit", "pass")] {
            answers(&house, order, step, None).await;
            assert!(house.node.app.documents(house.tenant, order).await.unwrap().is_empty(), "a draft has no number");
        }
        answers(&house, order, ("sign", "signed"), None).await;
        let documents = house.node.app.documents(house.tenant, order).await.unwrap();
        assert_eq!(documents[0].number.as_deref(), Some("鄂州智造督〔2025〕1号"));
        house.close().await;
    });
}

#[test]
fn seed_10_a_second_level_unanswered_for_five_working_days_stands_in_the_leaders_digest_with_its_chain() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(("2025-03-18", 9, 30)).await;
        let orders = house.node.app.orders_about(house.tenant, house.case(Project::Earlier)).await.unwrap();
        let order: CaseId = orders[0].order.as_ref().unwrap().parse().unwrap();
        for step in [("draft", "propose"), ("audit", "pass"), ("sign", "signed"), ("receipt-zrzy", "received")] {
            answers(&house, order, step, None).await;
        }
        // The reply was due on 03-25; the letter to the head is the second level.
        house.play_on(Some(("2025-03-18", 9, 30)), ("2025-03-26", 9, 30)).await;
        answers(&house, order, ("letter-or-not", "send-letter"), None).await;
        house.play_on(Some(("2025-03-26", 9, 30)), ("2025-04-02", 9, 40)).await;
        let all = house.node.app.store().notices(house.tenant, register::case_of(house.tenant)).await.unwrap();
        let leader = house.person("ez-ldxz.leader").await;
        let letters = all.iter().filter(|notice| notice.notice.kind == "mail.leader-digest" && notice.notice.recipient == leader);
        let contexts: Vec<Value> = letters.map(|letter| serde_json::from_slice(&letter.notice.context).unwrap()).collect();
        let today = contexts.iter().find(|context| context["on"] == "2025-04-02").unwrap_or_else(|| panic!("{contexts:?}"));
        let chain = today["digest"]["orders"].to_string();
        for link in ["鄂州智造督〔2025〕1号", "鄂州智造督函〔2025〕1号", "自然资源部门办理、反馈"] {
            assert!(chain.contains(link), "{link}: {chain}");
        }
        house.close().await;
    });
}
