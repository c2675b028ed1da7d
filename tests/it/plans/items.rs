//! Rows 6, 7 and 8: the reform items in their order, a plan approved before work, roadmap, timetable and person, nodes that keep their first date.

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::items::Item;
use greenlane::app::operate::{Operation, Told};
use greenlane::app::seed::{embedded_files, embedded_places};
use greenlane::app::writer::Receipt;
use greenlane::engine::case::TaskPool;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment, Tenant};
use serde_json::{Value, json};

use crate::accounts::house::House;
use crate::spine::node::{Node, Where, on_both};

pub const WUHAN: Tenant = Tenant(420_113);

/// Calendar and items of the zone, as `greenlane seed` and the demonstration bring them.
pub async fn import(app: &App) -> Told {
    let operator = Actor::Operator("test".to_owned());
    let calendar = Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() };
    let items = Operation::ImportItems { files: embedded_files(), places: embedded_places() };
    app.operate(WUHAN, operator.clone(), calendar).await.unwrap_or_else(|failure| panic!("{failure}"));
    app.operate(Tenant(420_700), operator, items).await.unwrap_or_else(|failure| panic!("{failure}"))
}

pub async fn item(app: &App, no: i64) -> Item {
    app.items(WUHAN).await.unwrap().into_iter().find(|item| item.no == no).unwrap()
}

/// The offices a step's task asks.
async fn asked(app: &App, case: CaseId, step: &str) -> Vec<Vec<String>> {
    let working = app.working(WUHAN, case).await.unwrap();
    let of = |pool: &TaskPool| match pool {
        TaskPool::Applicant => Vec::new(),
        TaskPool::Posts { offices, .. } => offices.iter().map(|office| office.to_string()).collect(),
    };
    working.state.tasks.values().filter(|task| *task.step == *step).map(|task| of(&task.pool)).collect()
}

/// Answers the open task of a step as whoever may.
pub async fn answer(app: &App, case: CaseId, (step, outcome): (&str, &str), answer: Answer) -> Result<Receipt, Failure> {
    let working = app.working(WUHAN, case).await.unwrap();
    let found = working.state.tasks.iter().find(|(_, task)| *task.step == *step);
    let (task, open) = found.map(|(id, task)| (*id, task.clone())).unwrap_or_else(|| panic!("no open task of {step}: {:?}", working.state.tasks));
    let known = app.known(WUHAN).await.unwrap();
    let TaskPool::Posts { offices, post } = &open.pool else { panic!("{step} is nobody's") };
    let today = app.clock().now().date();
    let person = offices.iter().find_map(|office| known.roster.holders(office, post, today).first().map(|person| person.id)).unwrap();
    let order = |act| Order { tenant: WUHAN, case: Some(case), actor: Actor::Person(person), command_id: None, act };
    if open.claimed.is_none() {
        app.execute(order(Act::Claim { task })).await?;
    }
    app.execute(order(Act::Complete { task, outcome: outcome.into(), answer })).await
}

pub fn with(fields: Value) -> Answer {
    Answer { opinion: Some("同意。".to_owned()), fields: Some(fields), ..Answer::default() }
}

pub fn plain() -> Answer {
    Answer { opinion: Some("同意。".to_owned()), ..Answer::default() }
}

/// The item of the zone goes from its list to the meeting.
pub async fn to_the_meeting(app: &App, case: CaseId) {
    settled(app, case, false).await;
}

/// The item goes from its list to where it is settled what the supporting units said; a major one has its procedures next.
async fn settled(app: &App, case: CaseId, major: bool) {
    let working = app.working(WUHAN, case).await.unwrap();
    let mut form = app.form(&working).await.unwrap().unwrap();
    form["major"] = major.into();
    answer(app, case, ("assign", "assigned"), Answer { form: Some(form), ..Answer::default() }).await.unwrap();
    for (step, outcome) in [("research", "done"), ("draft", "drafted"), ("draft-head", "signed")] {
        answer(app, case, (step, outcome), plain()).await.unwrap();
    }
    while !asked(app, case, "consult-one").await.is_empty() {
        answer(app, case, ("consult-one", "agree"), plain()).await.unwrap();
    }
    answer(app, case, ("settle", "agreed"), plain()).await.unwrap();
}

pub fn refused<T: std::fmt::Debug>(answer: Result<T, Failure>) -> (&'static str, Vec<String>) {
    match answer {
        Err(Failure::Refused(refusal)) => (refusal.code, refusal.details.iter().map(|detail| detail.path.clone()).collect()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn seed_06_the_fifteen_items_are_imported_in_order_with_tiers_units_and_a_stored_lead() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let told = import(&node.app).await;
        assert_eq!(told.last().unwrap().zh, "420113 改革事项：新增 15，已有 0，与种子不同而未改动 0");
        let items = node.app.items(WUHAN).await.unwrap();
        assert_eq!(items.iter().map(|item| item.no).collect::<Vec<_>>(), (1..=15).collect::<Vec<_>>());
        let numbers: Vec<&str> = items.iter().filter_map(|item| item.number.as_deref()).collect();
        assert_eq!((numbers.len(), numbers[0], numbers[14]), (15, "GG2025001", "GG2025015"));
        let of = |tier: &str| items.iter().filter(|item| item.tier == tier).count();
        assert_eq!((of("lead"), of("join"), of("own")), (1, 11, 3));
        let units = |no: usize| items[no - 1].units.iter().map(|unit| (unit.office.zh.as_str(), unit.leads)).collect::<Vec<_>>();
        assert_eq!(units(9), [("市场监督局", true)]);
        assert_eq!(units(7), [("招商局", true), ("经信局", false), ("发改局", false)], "the order of the plan");
        assert_eq!((items[8].lead_by.as_str(), items[6].lead_by.as_str()), ("plan", "convention"));
        assert!(items.iter().all(|item| item.approved.is_none() && item.nodes.is_empty() && item.pace.is_none()));
        // A second run opens none.
        let again = import(&node.app).await;
        assert_eq!(again.last().unwrap().zh, "420113 改革事项：新增 0，已有 15，与种子不同而未改动 0");
        assert_eq!(node.app.items(WUHAN).await.unwrap().len(), 15);
        node.holds().await;
    });
}

#[test]
fn seed_07_nothing_is_reported_on_an_item_whose_plan_the_meeting_has_not_approved() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        import(&node.app).await;
        let case = item(&node.app, 7).await.case;
        let report = json!({"month": "2025-03", "progress": "已开工。", "evidence": "照片"});
        // Before the meeting there is no task that takes a report, and whatever is open refuses it.
        let working = node.app.working(WUHAN, case).await.unwrap();
        let (task, _) = working.state.tasks.iter().next().map(|(id, task)| (*id, task.clone())).unwrap();
        let clerk = node.app.known(WUHAN).await.unwrap().roster.people.values().find(|person| person.login == "wh-cxb.handler").unwrap().id;
        let early = Act::Complete { task, outcome: "on-track".into(), answer: with(report.clone()) };
        let early = node.app.execute(Order { tenant: WUHAN, case: Some(case), actor: Actor::Person(clerk), command_id: None, act: early }).await;
        let Err(Failure::Refused(early)) = early else { panic!("{early:?}") };
        assert_eq!(early.code, "not_yet_approved");
        assert_eq!(early.zh, "无法登记“实施月报（L10）”：须先经“区创改组会议研究（L6）”批准，目前还没有批准");
        assert_eq!(early.en, "cannot report at “Monthly report”: it must first be approved at “Meeting of the leading group”, which has not approved it yet");
        to_the_meeting(&node.app, case).await;
        // The units that support it were asked, each its own; the meeting is the leading group's.
        assert_eq!(asked(&node.app, case, "meeting").await, [["wh-cgz"]]);
        assert!(asked(&node.app, case, "run").await.is_empty());
        answer(&node.app, case, ("meeting", "approved"), plain()).await.unwrap();
        assert!(asked(&node.app, case, "run").await.is_empty(), "approved is not yet issued");
        assert_eq!(refused(answer(&node.app, case, ("issue", "on-track"), with(report.clone())).await).0, "unknown_outcome", "approved, and not yet issued");
        answer(&node.app, case, ("issue", "issued"), plain()).await.unwrap();
        let timetable = json!({"roadmap": "三步走。", "nodes": [{"node": "设点", "due": "2025-06-30", "person": "喻承办"}]});
        answer(&node.app, case, ("plan", "registered"), with(timetable)).await.unwrap();
        assert_eq!(asked(&node.app, case, "run").await, [["wh-zsj"]], "the lead reports, and nobody else");
        answer(&node.app, case, ("run", "on-track"), with(report)).await.unwrap();
        let found = item(&node.app, 7).await;
        assert_eq!((found.approved, found.plan.as_deref()), (Some(node.clock.now().date()), Some("区创改方案〔2025〕1号")));
        node.holds().await;
    });
}

#[test]
fn a_review_of_legality_takes_seven_working_days_or_says_for_everybody_why_not() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        import(&node.app).await;
        let case = item(&node.app, 7).await.case;
        settled(&node.app, case, true).await;
        assert_eq!(asked(&node.app, case, "legality").await, [["wh-dzb"]]);
        let early = refused(answer(&node.app, case, ("legality", "lawful"), plain()).await);
        assert_eq!(early, ("early_reason_required", vec!["/fields/why_short".to_owned()]));
        answer(&node.app, case, ("legality", "lawful"), with(json!({"why_short": "防汛急用。"}))).await.unwrap();
        assert!(asked(&node.app, case, "legality").await.is_empty());
        node.holds().await;
    });
}

#[test]
fn seed_07_the_supporting_units_are_asked_each_for_itself() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        import(&node.app).await;
        let case = item(&node.app, 7).await.case;
        let working = node.app.working(WUHAN, case).await.unwrap();
        let mut form = node.app.form(&working).await.unwrap().unwrap();
        form["major"] = false.into();
        answer(&node.app, case, ("assign", "assigned"), Answer { form: Some(form), ..Answer::default() }).await.unwrap();
        assert_eq!(asked(&node.app, case, "research").await, [["wh-zsj"]]);
        for (step, outcome) in [("research", "done"), ("draft", "drafted"), ("draft-head", "signed")] {
            answer(&node.app, case, (step, outcome), plain()).await.unwrap();
        }
        let mut opinions = asked(&node.app, case, "consult-one").await;
        opinions.sort();
        assert_eq!(opinions, [["wh-fgj"], ["wh-jxj"]]);
        node.holds().await;
    });
}

#[test]
fn seed_08_a_plan_names_its_persons_and_a_node_moves_only_with_a_reason_and_keeps_its_first_date() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        import(&node.app).await;
        let case = item(&node.app, 9).await.case;
        to_the_meeting(&node.app, case).await;
        answer(&node.app, case, ("meeting", "approved"), plain()).await.unwrap();
        answer(&node.app, case, ("issue", "issued"), plain()).await.unwrap();
        let nodes = |person: Value| json!({"roadmap": "两步走。", "nodes": [{"node": "标准立项", "due": "2025-06-30", "person": person}, {"node": "发布", "due": "2025-12-31", "person": "葛承办"}]});
        let (code, fields) = refused(answer(&node.app, case, ("plan", "registered"), with(nodes(Value::Null))).await);
        assert_eq!(code, "form_wrong");
        assert!(fields.iter().any(|field| field.ends_with("nodes/0/person")), "{fields:?}");
        let (_, fields) = refused(answer(&node.app, case, ("plan", "registered"), with(json!({}))).await);
        assert!(["roadmap", "nodes"].iter().all(|wanted| fields.iter().any(|field| field.contains(wanted))), "all at once: {fields:?}");
        answer(&node.app, case, ("plan", "registered"), with(nodes("葛承办".into()))).await.unwrap();
        // A date changes by a move, with a reason, when the group approves it.
        answer(&node.app, case, ("run", "move-node"), plain()).await.unwrap();
        let (code, fields) = refused(answer(&node.app, case, ("move", "proposed"), with(json!({"node": 1, "due": "2025-09-30"}))).await);
        assert!(code == "form_wrong" && fields.iter().any(|field| field.contains("reason")), "{code} {fields:?}");
        answer(&node.app, case, ("move", "proposed"), with(json!({"node": 1, "due": "2025-09-30", "reason": "国家标准延期发布"}))).await.unwrap();
        let first: Option<chrono::NaiveDate> = "2025-06-30".parse().ok();
        assert_eq!(item(&node.app, 9).await.nodes[0].due, first, "proposed is not approved");
        answer(&node.app, case, ("move-check", "agree"), plain()).await.unwrap();
        answer(&node.app, case, ("move-approve", "approved"), plain()).await.unwrap();
        let found = item(&node.app, 9).await;
        let moved = &found.nodes[0];
        assert_eq!((moved.first, moved.due, moved.person.as_str()), (first, "2025-09-30".parse().ok(), "葛承办"));
        assert_eq!((moved.moves.len(), moved.moves[0].from, moved.moves[0].reason.as_str()), (1, first, "国家标准延期发布"));
        // One of two nodes is missing in October: half of the plan.
        assert_eq!(found.pace.map(|(gap, _)| gap), Some(0));
        assert!(node.clock.set(Moment::start_of("2025-10-09".parse().unwrap())));
        assert_eq!(item(&node.app, 9).await.pace, Some((50, greenlane::supervision::Pace::Red)));
        node.holds().await;
    });
}

#[test]
fn seed_06_the_page_lists_the_items_by_tier_with_units_plan_nodes_and_pace() {
    on_both(async |place: Where| {
        let mut house = House::open(place).await;
        let app = house.server.app.clone();
        import(&app).await;
        let case = item(&app, 9).await.case;
        to_the_meeting(&app, case).await;
        for (step, outcome) in [("meeting", "approved"), ("issue", "issued")] {
            answer(&app, case, (step, outcome), plain()).await.unwrap();
        }
        let nodes = json!([{"node": "标准立项", "due": "2025-03-01", "person": "葛承办"}, {"node": "发布", "due": "2025-12-31", "person": "葛承办"}]);
        answer(&app, case, ("plan", "registered"), with(json!({"roadmap": "两步走。", "nodes": nodes}))).await.unwrap();
        answer(&app, case, ("run", "move-node"), plain()).await.unwrap();
        answer(&app, case, ("move", "proposed"), with(json!({"node": 2, "due": "2026-03-31", "reason": "国家标准延期发布"}))).await.unwrap();
        answer(&app, case, ("move-check", "agree"), plain()).await.unwrap();
        answer(&app, case, ("move-approve", "approved"), plain()).await.unwrap();
        let ezhou = house.cookie_of("ez-ldxz.handler").await;
        let none = house.get("/items", Some(&ezhou)).await.body;
        assert!(none.contains("本地方案没有列改革事项") && none.contains("湖北省数字PET工业研究院") && !none.contains("实施标准化战略"), "{none}");
        house.tenant = WUHAN;
        let cookie = house.cookie_of("wh-cxb.handler").await;
        for (language, said) in [
            (
                "zh-CN",
                [
                    "特色改革事项",
                    "15. ",
                    "GG2025009",
                    "牵头 （惯例，方案未写）",
                    "实施方案未批准",
                    "区创改方案〔2025〕1号",
                    "严重滞后，差 50 %",
                    "国家标准延期发布",
                    "东本三厂",
                ],
            ),
            (
                "en",
                [
                    "Reforms of its own",
                    "15. ",
                    "GG2025009",
                    "leads (by convention",
                    "Plan not approved",
                    "Plan approved",
                    "Far behind, missing 50 %",
                    "国家标准延期发布",
                    "Dongfeng Honda",
                ],
            ),
        ] {
            let page = house.get("/items", Some(&format!("{cookie}; gl_language={language}"))).await;
            let missing: Vec<&str> = said.into_iter().filter(|word| !page.body.contains(word)).collect();
            assert!(page.status == 200 && missing.is_empty(), "{missing:?} {}", page.body);
        }
        let offices = house.get("/offices", Some(&cookie)).await.body;
        assert!(offices.contains("区系统推进全面创新改革试验工作领导小组") && offices.contains("方案没有给出成员名单"), "{offices}");
    });
}
