//! Signals of one case to others, on both databases: rows in the commit that gives the signal, delivered once to each, whoever dies on the way.

use greenlane::app::execute::{Act, Answer};
use greenlane::app::operate::Operation;
use greenlane::engine::event::Event;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment};
use greenlane::store::SignalRow;
use greenlane::workers::Role;

use crate::spine::node::{Node, Where, on_both};

async fn open(place: Where) -> Node {
    let node = Node::open(place).await;
    let files = [("signals.yaml".to_owned(), include_str!("signals/signals.yaml").to_owned())].into();
    let publish = Operation::Publish { files, workflows: Vec::new() };
    node.app.operate(node.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    node
}

/// A case that chose.
async fn case(node: &Node, chosen: &str) -> CaseId {
    let case = node.start("signals", None).await.unwrap_or_else(|failure| panic!("{failure}"));
    choose(node, case, chosen).await;
    case
}

async fn choose(node: &Node, case: CaseId, chosen: &str) {
    let (task, open) = node.task(case, "choose").await;
    let person = node.doer(case, &open).await;
    let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
    node.act(case, person, Act::Complete { task, outcome: chosen.into(), answer }).await.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn standing(node: &Node, case: CaseId) -> Vec<String> {
    let working = node.app.working(node.tenant, case).await.unwrap();
    working.state.tokens.values().map(|token| token.step.to_string()).collect()
}

/// From whom a case heard the signal, in order.
async fn heard(node: &Node, case: CaseId) -> Vec<CaseId> {
    let file = node.app.casefile(node.tenant, case).await.unwrap();
    let from = |event: &Event| if let Event::SignalHeard { from, name } = event { (&**name == "plot-freed").then_some(*from) } else { None };
    file.entries.iter().flat_map(|entry| &entry.events).filter_map(from).collect()
}

#[test]
fn every_case_that_listens_hears_it_once_and_both_sides_have_it_on_record() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let (waits, works) = (case(&node, "wait").await, case(&node, "work").await);
        let late = node.start("signals", None).await.unwrap();
        let caller = case(&node, "call").await;
        // Nothing is delivered yet, and everything that will be is committed.
        let rows = node.app.store().signals(Moment(i64::MAX), 10).await.unwrap();
        let mut receivers: Vec<CaseId> = rows.iter().map(|row| row.receiver).collect();
        receivers.sort();
        let mut listened = [waits, works];
        listened.sort();
        assert_eq!(receivers, listened, "the cases that listened");
        assert!(rows.iter().all(|row| row.sender == caller && row.signal == "plot-freed"));
        assert_eq!(standing(&node, waits).await, ["wait"]);
        // Who begins to listen now was not meant.
        choose(&node, late, "wait").await;
        assert_eq!(node.crew.turn(Role::Signals).await.unwrap(), 2);
        assert_eq!(node.crew.turn(Role::Signals).await.unwrap(), 0);
        assert_eq!((standing(&node, waits).await, standing(&node, late).await), (vec!["sign".to_owned()], vec!["wait".to_owned()]));
        assert_eq!(standing(&node, works).await, ["work", "note"]);
        assert_eq!((heard(&node, waits).await, heard(&node, works).await, heard(&node, late).await), (vec![caller], vec![caller], Vec::new()));
        let file = node.app.casefile(node.tenant, caller).await.unwrap();
        let gave = file.entries.iter().flat_map(|entry| &entry.events).filter(|event| matches!(event, Event::Thrown { name, .. } if &**name == "plot-freed"));
        assert_eq!(gave.count(), 1);
        node.holds().await;
    });
}

#[test]
fn whoever_dies_between_giving_hearing_and_noting_it_down_changes_nothing() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let works = case(&node, "work").await;
        let caller = case(&node, "call").await;
        let row = node.app.store().signals(Moment(i64::MAX), 10).await.unwrap().remove(0);
        // Another node (on SQLite the same one, which holds nothing of it) finds it in the database; two of them deliver at once.
        let nodes = node.nodes().await;
        let (first, last) = (nodes.first().unwrap(), nodes.last().unwrap());
        let (left, right) = tokio::join!(first.deliver_signal(&row), last.deliver_signal(&row));
        assert!(left.unwrap() && right.unwrap());
        assert_eq!(heard(&node, works).await, [caller]);
        // Delivered, and dead before the row was gone: the next turn delivers the same row, the case still listens, and hears nothing new.
        for app in &nodes {
            assert!(app.deliver_signal(&row).await.unwrap());
        }
        assert_eq!(heard(&node, works).await, [caller]);
        assert_eq!(standing(&node, works).await, ["work", "note"]);
        assert!(node.app.store().signals(Moment(i64::MAX), 10).await.unwrap().is_empty());
        // Another signal is another one.
        let second = case(&node, "call").await;
        node.crew.drain().await.unwrap();
        assert_eq!(heard(&node, works).await, [caller, second]);
        node.holds().await;
    });
}

#[test]
fn a_case_that_moved_on_before_it_heard_has_nothing_on_record() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let works = case(&node, "work").await;
        case(&node, "call").await;
        node.answer(works, "work", "ok").await.unwrap_or_else(|failure| panic!("{failure}"));
        let before = node.app.working(node.tenant, works).await.unwrap().row.version;
        assert_eq!(node.crew.turn(Role::Signals).await.unwrap(), 1);
        assert_eq!(node.app.working(node.tenant, works).await.unwrap().row.version, before);
        assert!(node.app.store().signals(Moment(i64::MAX), 10).await.unwrap().is_empty());
        // Ended, it listens no more: the next signal makes no row.
        case(&node, "call").await;
        assert!(node.app.store().signals(Moment(i64::MAX), 10).await.unwrap().is_empty());
        node.holds().await;
    });
}

#[test]
fn a_case_that_cannot_hear_holds_nobody_up() {
    on_both(async |place: Where| {
        let node = open(place).await;
        let works = case(&node, "work").await;
        case(&node, "call").await;
        let row = node.app.store().signals(Moment(i64::MAX), 10).await.unwrap().remove(0);
        let nobody = SignalRow { receiver: CaseId(uuid::Uuid::max()), ..row.clone() };
        assert!(!node.app.deliver_signal(&nobody).await.unwrap(), "not delivered, and no fault of the turn");
        // The pause is kept: what is left alone now is asked again later.
        let now = node.clock.now();
        node.app.store().signal_refused(&row, Moment(now.0 + 1_000)).await.unwrap();
        assert_eq!(node.crew.turn(Role::Signals).await.unwrap(), 0);
        assert!(node.clock.set(Moment(now.0 + 1_000)));
        assert_eq!(node.crew.turn(Role::Signals).await.unwrap(), 1);
        assert_eq!(heard(&node, works).await.len(), 1);
        node.holds().await;
    });
}
