//! Supervision orders that passed dates draft, on both databases: once for each date, one in hand for a link, whoever dies on the way, and people decide from the draft on.

use chrono::NaiveTime;
use greenlane::app::authority::AuthorityAsked;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::frozen::Period;
use greenlane::app::operate::Operation;
use greenlane::app::orders::OrderView;
use greenlane::app::queries::CaseFilter;
use greenlane::definition::library;
use greenlane::engine::event::Event;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment};
use greenlane::workers::Role;
use serde_json::json;

use crate::spine::node::{Node, Where, on_both};
use crate::tamper::meddler::Meddler;

async fn open(place: Where) -> Node {
    let node = Node::open(place).await;
    let mut files: std::collections::BTreeMap<String, String> = library::embedded_files().into_iter().map(|file| (file.key, file.text)).collect();
    files.insert("late.yaml".to_owned(), include_str!("orders/late.yaml").to_owned());
    let publish = |workflows: &[&str]| Operation::Publish { files: files.clone(), workflows: workflows.iter().map(|name| (*name).to_owned()).collect() };
    let operator = || Actor::Operator("test".to_owned());
    let alone = node.app.operate(node.tenant, operator(), publish(&["late"])).await;
    assert!(format!("{:?}", alone.unwrap_err()).contains("GL014"), "what drafts orders is published with or after their workflow");
    node.app.operate(node.tenant, operator(), publish(&["late", "supervision-order"])).await.unwrap_or_else(|failure| panic!("{failure}"));
    node
}

/// Time passes to that minute of a day, and what is due is fired.
async fn until(node: &Node, day: &str, (hour, minute): (u32, u32)) {
    let moment = Moment::at(day.parse().unwrap(), NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
    let _ = node.clock.set(moment);
    while node.crew.turn(Role::Deadlines).await.unwrap() > 0 {}
}

async fn about(node: &Node, case: CaseId) -> Vec<OrderView> {
    node.app.orders_about(node.tenant, case).await.unwrap()
}

fn order_of(view: &OrderView) -> CaseId {
    view.order.as_ref().unwrap().parse().unwrap()
}

#[test]
fn a_passed_promise_drafts_one_order_filled_in_for_the_clerk_and_numbered_by_its_issuer_alone() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let case = node.start("late", None).await.unwrap();
        // Begun on Monday 03-03: promised by 03-06, passed on 03-07.
        until(&node, "2025-03-06", (23, 0)).await;
        assert_eq!(about(&node, case).await, []);
        until(&node, "2025-03-07", (9, 0)).await;
        let drafted = about(&node, case).await;
        assert_eq!((drafted.len(), drafted[0].order.as_ref(), drafted[0].due.as_str()), (1, None, "2025-03-06"), "in the commit that found it passed");
        assert_eq!(node.crew.turn(Role::Orders).await.unwrap(), 1);
        assert_eq!(node.crew.turn(Role::Orders).await.unwrap(), 0);
        let drafted = about(&node, case).await;
        let order = order_of(&drafted[0]);
        let working = node.app.working(node.tenant, order).await.unwrap();
        assert!(working.state.applicant.0.is_nil(), "nobody applied for it");
        let form = node.app.form(&working).await.unwrap().unwrap();
        assert_eq!((&form["source"], &form["about_case"], &form["unit"]), (&"overdue".into(), &"LATE20250001".into(), &"sthj".into()));
        assert_eq!((&form["about_due"], &form["subject"]), (&"2025-03-06".into(), &"超期演示件超过承诺时限".into()));
        assert!(form["facts"].as_str().unwrap().contains("原因待查"), "{form}");
        let causes = node.app.order_causes(node.tenant, order).await.unwrap();
        assert_eq!(causes.iter().map(|cause| cause.about.clone()).collect::<Vec<_>>(), [case.to_string()]);
        // A draft has no number; people decide, and the issuer's signature takes it.
        for (step, outcome) in [("draft", "propose"), ("audit", "pass")] {
            node.answer(order, step, outcome).await.unwrap_or_else(|failure| panic!("{step}: {failure}"));
            assert!(node.app.documents(node.tenant, order).await.unwrap().is_empty());
        }
        node.answer(order, "sign", "signed").await.unwrap_or_else(|failure| panic!("{failure}"));
        let documents = node.app.documents(node.tenant, order).await.unwrap();
        assert_eq!(documents[0].number.as_deref(), Some("鄂州智造督〔2025〕1号"));
        node.holds().await;
    });
}

#[test]
fn while_an_order_about_a_link_is_in_hand_a_further_date_joins_it_and_after_its_end_there_is_a_new_one() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let case = node.start("late", None).await.unwrap();
        // The whole was promised by 03-10; found late on 03-11 together with the promise: the older row first, the other joins.
        until(&node, "2025-03-11", (9, 0)).await;
        assert_eq!(node.app.store().orders_waiting(node.clock.now(), 9).await.unwrap().len(), 1, "of a link the oldest alone");
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        let drafted = about(&node, case).await;
        let joined: Vec<bool> = drafted.iter().map(|order| order.joined).collect();
        assert_eq!((joined, order_of(&drafted[0])), (vec![false, true], order_of(&drafted[1])));
        let other = node.start("late", None).await.unwrap();
        until(&node, "2025-03-17", (9, 0)).await;
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        let first = order_of(&about(&node, other).await[0]);
        assert_ne!(first, order_of(&drafted[0]), "another case is another matter");
        // Struck off before the second date passes: that one is a new order.
        node.answer(first, "draft", "no-case").await.unwrap();
        node.answer(first, "no-case-audit", "no-case").await.unwrap();
        until(&node, "2025-03-19", (9, 0)).await;
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        let second = about(&node, other).await;
        assert_eq!(second.iter().map(|order| order.joined).collect::<Vec<_>>(), [false, false]);
        assert_ne!(order_of(&second[0]), order_of(&second[1]));
        node.holds().await;
    });
}

#[test]
fn whoever_dies_between_opening_and_noting_it_down_and_two_nodes_at_once_open_one_order() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let case = node.start("late", None).await.unwrap();
        until(&node, "2025-03-07", (9, 0)).await;
        let waiting = node.app.store().orders_waiting(node.clock.now(), 9).await.unwrap().remove(0);
        let nodes = node.nodes().await;
        let (first, last) = (nodes.first().unwrap(), nodes.last().unwrap());
        let (left, right) = tokio::join!(first.open_order(&waiting), last.open_order(&waiting));
        assert!(left.unwrap() && right.unwrap());
        let opened = about(&node, case).await;
        let version = node.app.working(node.tenant, order_of(&opened[0])).await.unwrap().row.version;
        // Opened, and dead before it was noted: the same row again changes nothing.
        for app in &nodes {
            assert!(app.open_order(&waiting).await.unwrap());
        }
        assert_eq!(about(&node, case).await, opened);
        assert_eq!(node.app.working(node.tenant, order_of(&opened[0])).await.unwrap().row.version, version);
        let of_orders = CaseFilter { workflow: Some("supervision-order".to_owned()), ..CaseFilter::default() };
        assert_eq!(node.app.case_lines(node.tenant, &of_orders, 9).await.unwrap().len(), 1);
        node.holds().await;
    });
}

#[test]
fn a_draft_that_cannot_be_opened_waits_longer_each_time_and_keeps_no_other_from_its_turn() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let stuck = node.start("late", None).await.unwrap();
        until(&node, "2025-03-07", (9, 0)).await;
        // Its workflow is gone: nothing that is tried opens it.
        Meddler::into(&node.place).run("update orders set workflow = 'nowhere'");
        let waiting = async |at: &str| {
            let (hour, minute) = at.split_once(':').unwrap();
            until(&node, "2025-03-07", (hour.parse().unwrap(), minute.parse().unwrap())).await;
            let found = node.app.store().orders_waiting(node.clock.now(), 9).await.unwrap();
            found.iter().map(|order| order.tries).collect::<Vec<_>>()
        };
        for (at, tries) in [("9:00", &[0][..]), ("9:00", &[]), ("9:01", &[1]), ("9:02", &[]), ("9:03", &[2]), ("9:06", &[]), ("9:07", &[3])] {
            assert_eq!(waiting(at).await, tries, "at {at}");
            assert_eq!(node.crew.turn(Role::Orders).await.unwrap(), 0);
        }
        // At most an hour passes between two tries.
        until(&node, "2025-03-10", (9, 0)).await;
        for _ in 0..9 {
            node.crew.turn(Role::Orders).await.unwrap();
            let _ = node.clock.set(Moment(node.clock.now().0 + 60 * 60 * 1_000));
            assert_eq!(node.app.store().orders_waiting(node.clock.now(), 9).await.unwrap().len(), 1);
        }
        Meddler::into(&node.place).run("update orders set workflow = 'supervision-order'");
        assert_eq!(node.crew.turn(Role::Orders).await.unwrap(), 1);
        assert!(about(&node, stuck).await[0].order.is_some());
        node.holds().await;
    });
}

#[test]
fn a_case_that_is_decided_in_time_drafts_nothing() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let case = node.start("late", None).await.unwrap();
        node.answer(case, "work", "ok").await.unwrap();
        until(&node, "2025-03-07", (9, 0)).await;
        assert_eq!(about(&node, case).await, [], "the promise was kept");
        node.answer(case, "check", "ok").await.unwrap();
        until(&node, "2025-03-31", (9, 0)).await;
        assert_eq!(about(&node, case).await, []);
        node.holds().await;
    });
}

#[test]
fn a_registered_authorisation_issues_what_it_covers_is_printed_on_it_and_nobody_writes_one_in_by_hand() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let operator = || Actor::Operator("test".to_owned());
        let asked = |document: &str, issuer: &str, about: &[&str]| AuthorityAsked {
            document: document.to_owned(),
            issuer: issuer.to_owned(),
            about: about.iter().map(|word| (*word).to_owned()).collect(),
            workflows: vec!["late".to_owned()],
            from: "2025-03-01".parse().unwrap(),
            until: "2025-03-31".parse().unwrap(),
        };
        let refused = async |asked: AuthorityAsked| match node.app.register_authority(node.tenant, operator(), &asked).await {
            Ok(_) => "registered",
            Err(Failure::Refused(refusal)) => refusal.code,
            Err(Failure::Fault(fault)) => panic!("{fault}"),
        };
        const BY: &str = "鄂州智造〔2025〕3号";
        assert_eq!(refused(asked(BY, "chen", &["promised"])).await, "authority_wrong", "who signs no orders authorises none");
        assert_eq!(refused(asked(BY, "ez-ldxz.issuer", &["overdue"])).await, "authority_wrong");
        assert_eq!(refused(asked(" ", "ez-ldxz.issuer", &["promised"])).await, "authority_wrong");
        assert_eq!(refused(AuthorityAsked { until: "2025-02-28".parse().unwrap(), ..asked(BY, "ez-ldxz.issuer", &["promised"]) }).await, "authority_wrong");
        assert_eq!(refused(AuthorityAsked { workflows: vec!["nowhere".to_owned()], ..asked(BY, "ez-ldxz.issuer", &["promised"]) }).await, "authority_wrong");
        // One for what is past the law covers no passed promise.
        assert_eq!(refused(asked("鄂州智造〔2025〕2号", "ez-ldxz.issuer", &["statutory"])).await, "registered");
        let before = node.start("late", None).await.unwrap();
        until(&node, "2025-03-07", (9, 0)).await;
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        let each = order_of(&about(&node, before).await[0]);
        assert!(node.app.documents(node.tenant, each).await.unwrap().is_empty());
        assert_eq!(&*node.task(each, "draft").await.1.step, "draft");
        assert_eq!(refused(asked(BY, "ez-ldxz.issuer", &["promised"])).await, "registered");
        assert_eq!(refused(asked(BY, "ez-ldxz.issuer", &["promised"])).await, "authority_exists");
        let covered = node.start("late", None).await.unwrap();
        until(&node, "2025-03-13", (9, 0)).await;
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        let issued = order_of(&about(&node, covered).await[0]);
        let documents = node.app.documents(node.tenant, issued).await.unwrap();
        assert_eq!(documents.iter().map(|document| document.number.as_deref()).collect::<Vec<_>>(), [Some("鄂州智造督〔2025〕1号")]);
        assert_eq!(node.app.casefile(node.tenant, issued).await.unwrap().standing_authority(), Some(BY));
        let signed = node.app.casefile(node.tenant, issued).await.unwrap();
        let by: Vec<_> = signed
            .entries
            .iter()
            .flat_map(|entry| &entry.events)
            .filter_map(|event| if let Event::StepDone { step, by, .. } = event { Some((&**step, *by)) } else { None })
            .collect();
        assert_eq!(by.first(), Some(&("authority", None)), "by no person: {by:?}");
        // By hand it is refused, in a new order as in a draft.
        let clerk = node.person("ez-zwzx.receiver").await;
        let form = json!({"source": "overdue", "subject": "甲", "facts": "乙", "unit": "sthj", "standing_authority": BY});
        let act = Act::Start { workflow: "supervision-order".into(), form: Some(form.clone()), rank: 9 };
        let order = Order { tenant: node.tenant, case: None, actor: Actor::Person(clerk), command_id: None, act };
        assert!(matches!(node.app.execute(order).await, Err(Failure::Refused(refusal)) if refusal.code == "field_not_editable"));
        let (task, open) = node.task(each, "draft").await;
        let answer = Answer { opinion: Some("拟立项。".to_owned()), fields: None, form: Some(form) };
        let drafted = node.act(each, node.doer(each, &open).await, Act::Complete { task, outcome: "propose".into(), answer }).await;
        assert!(matches!(drafted, Err(Failure::Refused(refusal)) if refusal.code == "field_not_editable"));
        // Revoked, and past its last day, it issues nothing.
        node.app.revoke_authority(node.tenant, operator(), BY).await.unwrap_or_else(|failure| panic!("{failure}"));
        let later = node.start("late", None).await.unwrap();
        until(&node, "2025-03-19", (9, 0)).await;
        while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
        assert!(node.app.documents(node.tenant, order_of(&about(&node, later).await[0])).await.unwrap().is_empty());
        let held = node.app.authorities(node.tenant).await.unwrap();
        assert_eq!(held.iter().map(|one| (one.document.as_str(), one.in_force)).collect::<Vec<_>>(), [(BY, false), ("鄂州智造〔2025〕2号", true)]);
        node.holds().await;
    });
}

#[test]
fn an_order_counts_as_struck_off_or_revoked_from_the_decision_on_while_its_file_waits_for_the_archive() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let counted = async || {
            let scores = node.app.assessment(node.tenant, &Period::parse("2025Q1").unwrap()).await.unwrap_or_else(|failure| panic!("{failure}"));
            let of_unit = scores.into_iter().find(|score| score.office == "ez-sthj").map(|score| score.criteria).unwrap_or_default();
            of_unit.into_iter().find(|one| one.key == "orders").map_or((0, 0), |one| (one.good(), one.rows.len()))
        };
        let signed = async |day: &str| {
            let case = node.start("late", None).await.unwrap();
            until(&node, day, (9, 0)).await;
            while node.crew.turn(Role::Orders).await.unwrap() > 0 {}
            let order = order_of(&about(&node, case).await[0]);
            let steps = [("draft", "propose"), ("audit", "pass"), ("sign", "signed"), ("receipt-sthj", "received"), ("act-sthj", "objection")];
            for (step, outcome) in steps.into_iter().chain([("head-sthj", "signed"), ("verify", "verified")]) {
                node.answer(order, step, outcome).await.unwrap_or_else(|failure| panic!("{step}: {failure}"));
            }
            order
        };
        let first = signed("2025-03-07").await;
        assert_eq!(counted().await, (0, 1));
        node.answer(first, "close", "agree").await.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(
            node.app.working(node.tenant, first).await.unwrap().row.result.is_none(),
            "whether a letter goes out is still open, and then its file is to be put away"
        );
        assert_eq!(counted().await, (1, 1));
        let second = signed("2025-03-14").await;
        assert_eq!(counted().await, (1, 2));
        node.answer(second, "close", "revoke").await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(counted().await, (1, 1));
        node.holds().await;
    });
}
