//! Row 15: statistics and assessment by indicators, with lists that change for a reason.

use greenlane::app::failure::Failure;
use greenlane::app::indicators::{FigureAsked, ListAsked, ListChange};
use greenlane::identity::Actor;
use greenlane::ids::Moment;
use greenlane::indicators::ListAct;
use greenlane::indicators::judge::judge;
use greenlane::indicators::quantity::per_cent;

use crate::accounts::house::House;
use crate::spine::node::{Node, Where, on_both};

const STATISTICS: &str = "ez-tjj.liaison";
const KEEPER: &str = "ez-ldxz.handler";

fn figure(indicator: &str, series: &str, (on, amount): (&str, &str), (document, reason): (&str, &str)) -> FigureAsked {
    let [indicator, series, on, amount, document, reason] = [indicator, series, on, amount, document, reason].map(str::to_owned);
    FigureAsked { indicator, series, on, amount, document, reason }
}

async fn report(node: &Node, login: &str, asked: &FigureAsked) -> Result<(), Failure> {
    let actor = Actor::Person(node.person(login).await);
    node.app.report_figure(node.tenant, actor, None, asked).await.map(drop)
}

/// The verdicts on an indicator's targets: year, verdict, share.
async fn said(node: &Node, key: &str) -> Vec<(Option<i32>, &'static str, Option<String>)> {
    let held = node.app.indicator(node.tenant, key).await.unwrap();
    let today = node.app.clock().now().date();
    judge(&held.indicator, &held.figures, today).iter().map(|judged| (judged.year, judged.verdict.key(), judged.per_mille.map(per_cent))).collect()
}

/// The code of a refusal, and the fields it names.
fn refused<T: std::fmt::Debug>(answer: Result<T, Failure>) -> (&'static str, Vec<String>) {
    match answer {
        Err(Failure::Refused(refusal)) => (refusal.code, refusal.details.iter().map(|detail| detail.path.clone()).collect()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn seed_15_an_indicator_is_judged_only_by_figures_with_a_source_and_never_without_a_reference() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        // 28 of 30 platforms in 2020.
        assert_eq!(said(&node, "EZ-K07").await, [(Some(2020), "no-value", None), (Some(2025), "not-yet-due", None)]);
        report(&node, STATISTICS, &figure("EZ-K07", "value", ("2020-12-31", "28"), ("2020年统计公报", ""))).await.unwrap();
        assert_eq!(said(&node, "EZ-K07").await[0], (Some(2020), "not-met", Some("93.3 %".to_owned())));
        // The share of high-tech industry is to be above the provincial average, which nobody has reported.
        assert!(node.clock.set(Moment::start_of("2026-03-02".parse().unwrap())));
        report(&node, STATISTICS, &figure("EZ-K04", "value", ("2025-12-31", "21.5"), ("2025年统计公报", ""))).await.unwrap();
        assert_eq!(said(&node, "EZ-K04").await, [(Some(2025), "no-reference", None)]);
        report(&node, STATISTICS, &figure("EZ-K04", "reference", ("2025-12-31", "21.5"), ("2025年全省统计公报", ""))).await.unwrap();
        assert_eq!(said(&node, "EZ-K04").await[0].1, "not-met", "equal is not above");
        // Every mistake at once; a correction says why, and what it corrects is kept.
        let wrong = report(&node, STATISTICS, &figure("EZ-K07", "reference", ("2030-01-01", "2.5"), (" ", ""))).await;
        assert_eq!(refused(wrong), ("figure_wrong", ["series", "on", "amount", "document"].map(str::to_owned).to_vec()));
        let silent = report(&node, STATISTICS, &figure("EZ-K07", "value", ("2020-12-31", "30"), ("核定表", ""))).await;
        assert_eq!(refused(silent), ("figure_wrong", vec!["reason".to_owned()]));
        report(&node, STATISTICS, &figure("EZ-K07", "value", ("2020-12-31", "30"), ("核定表", "漏计两家"))).await.unwrap();
        assert_eq!(said(&node, "EZ-K07").await[0], (Some(2020), "met", Some("100.0 %".to_owned())));
        let held = node.app.indicator(node.tenant, "EZ-K07").await.unwrap();
        let kept: Vec<(i64, Option<&str>)> = held.figures.iter().map(|figure| (figure.amount, figure.reason.as_deref())).collect();
        assert_eq!(kept, [(28, None), (30, Some("漏计两家"))]);
        // Only an office that reports it, or keeps the list.
        let (code, _) = refused(report(&node, "ez-sthj.handler", &figure("EZ-K07", "value", ("2021-12-31", "31"), ("公报", ""))).await);
        assert_eq!(code, "not_reporter");
        node.holds().await;
    });
}

#[test]
fn seed_15_of_two_first_figures_reported_at_once_one_stands_and_the_other_hears_it_needs_a_reason() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let nodes = node.nodes().await;
        let actor = Actor::Person(node.person(STATISTICS).await);
        let amounts = ["28", "29", "30", "31"].map(|amount| figure("EZ-K07", "value", ("2020-12-31", amount), ("2020年统计公报", "")));
        let reports = amounts.iter().zip(nodes.iter().cycle()).map(|(asked, app)| app.report_figure(node.tenant, actor.clone(), None, asked));
        let answers = futures::future::join_all(reports).await;
        let (kept, told): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((kept.len(), told.len()), (1, 3), "{kept:?} {told:?}");
        assert!(told.into_iter().all(|answer| refused(answer) == ("figure_wrong", vec!["reason".to_owned()])));
        let held = node.app.indicator(node.tenant, "EZ-K07").await.unwrap();
        assert_eq!(held.figures.iter().map(|figure| figure.amount).collect::<Vec<_>>(), [kept[0].as_ref().unwrap().amount]);
        node.holds().await;
    });
}

#[test]
fn seed_15_a_list_changes_by_version_with_a_reason_and_a_document() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let (app, tenant) = (&node.app, node.tenant);
        let off = |reason: &str, document: &str| ListAsked {
            change: ListChange::Drop("EZ-K02".to_owned()),
            reason: reason.to_owned(),
            document: document.to_owned(),
        };
        let keeper = Actor::Person(node.person(KEEPER).await);
        let statistics = Actor::Person(node.person(STATISTICS).await);
        assert_eq!(refused(app.change_indicators(tenant, statistics, &off("口径取消", "1号")).await).0, "not_reporter");
        let silent = app.change_indicators(tenant, keeper.clone(), &off(" ", "")).await;
        assert_eq!(refused(silent), ("list_wrong", vec!["reason".to_owned(), "document".to_owned()]));
        report(&node, STATISTICS, &figure("EZ-K02", "value", ("2020-12-31", "7"), ("公报", ""))).await.unwrap();
        app.change_indicators(tenant, keeper.clone(), &off("统计口径取消", "鄂州统〔2025〕1号")).await.unwrap();
        assert_eq!(refused(app.change_indicators(tenant, keeper.clone(), &off("再来", "2号")).await).1, ["indicator"]);
        let held = app.indicator(tenant, "EZ-K02").await.unwrap();
        assert!(held.indicator.dropped && held.figures.len() == 1, "its figures stay");
        let added = greenlane::indicators::Indicator { key: "EZ-K11".into(), ..held.indicator };
        let add =
            ListAsked { change: ListChange::Add(Box::new(added)), reason: "年度工作要点".to_owned(), document: "鄂州智造〔2025〕2号".to_owned() };
        app.change_indicators(tenant, keeper, &add).await.unwrap();
        let lists = app.indicator_lists(tenant).await.unwrap();
        let told: Vec<(u32, ListAct, usize)> = lists.iter().map(|list| (list.number, list.what, list.indicators.len())).collect();
        assert_eq!(told, [(3, ListAct::Added, 1), (2, ListAct::Dropped, 1), (1, ListAct::Planted, 10)]);
        assert_eq!(lists[1].reason, "统计口径取消");
        node.holds().await;
    });
}

#[test]
fn seed_15_the_page_shows_target_figure_verdict_and_source_and_keeps_what_was_typed() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let cookie = house.cookie_of(STATISTICS).await;
        let list = house.get("/indicators", Some(&cookie)).await;
        assert_eq!(list.status, 200);
        for said in ["各类创新平台数", "不能判断：没有该年数值", "不能判断：年度未终了", "高于 全省平均水平", "方案没有写年份", "按方案列入"]
        {
            assert!(list.body.contains(said), "{said}: {}", list.body);
        }
        let typed = [("act", "report"), ("series", "value"), ("on", "2020-12-31"), ("amount", "二十八"), ("document", "2020年统计公报")];
        let wrong = house.post("/indicators/EZ-K07", Some(&cookie), &typed).await;
        assert!(wrong.status == 422 && wrong.body.contains("数值应为整数") && wrong.body.contains("value=\"二十八\""), "{} {}", wrong.status, wrong.body);
        let typed = [("act", "report"), ("series", "value"), ("on", "2020-12-31"), ("amount", "28"), ("document", "2020年统计公报")];
        assert_eq!(house.post("/indicators/EZ-K07", Some(&cookie), &typed).await.location(), Some("/indicators/EZ-K07?done=yes"));
        let shown = house.get("/indicators/EZ-K07", Some(&cookie)).await.body;
        for said in ["93.3 %", "未达到", "2020年统计公报", "朱联络", "class=\"trace\""] {
            assert!(shown.contains(said), "{said}: {shown}");
        }
        assert!(!shown.contains("退出清单</button>"), "the statistics bureau does not keep the list");
        let other = house.cookie_of("ez-sthj.handler").await;
        assert!(!house.get("/indicators/EZ-K07", Some(&other)).await.body.contains("name=\"amount\""), "nobody is offered what they may not do");
        assert_eq!(house.post("/indicators/EZ-K07", Some(&other), &typed).await.status, 403);
        assert_eq!(house.get("/indicators/EZ-K99", Some(&other)).await.status, 404);
        let applicant = house.cookie_of("chen").await;
        assert_eq!(house.get("/indicators", Some(&applicant)).await.status, 403);
    });
}
