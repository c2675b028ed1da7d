//! Sixty-four clients want one of ten plots at once.
//! Invariant: ten have one, the others stand in line by rank and then by time, and whoever gives one back serves the first in line.

use std::sync::Arc;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, RegisterRows};
use greenlane::app::known::AccountTitle;
use greenlane::app::postings::ByDocument;
use greenlane::app::register::put;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use greenlane::store::AccountRow;
use greenlane::store::rows::RegistryRow;
use serde_json::json;
use tokio::sync::Barrier;

use super::node::{MORNING, Node, Where, on_both, times};

const ACCOUNT: &str = "plot/east";
const QUOTA: i64 = 10;
const CLIENTS: usize = 64;
/// Those who come a minute later.
const LATE: usize = 8;
const RANKS: [i16; 4] = [9, 2, 0, 1];
const MINUTE_MS: i64 = 60_000;

#[test]
fn of_sixty_four_who_reserve_at_once_ten_succeed_and_the_others_are_served_in_their_turn() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        issue_plots(&node, QUOTA).await;
        let nodes = node.nodes().await;
        let rounds = times(2, 10);
        for round in 0..rounds {
            let start = MORNING.0 + i64::try_from(round).unwrap() * 10 * MINUTE_MS;
            assert!(node.clock.set(greenlane::ids::Moment(start)));
            let cases = all_at_once(&node, &nodes, CLIENTS).await;
            let mut holding = holders(&node, &cases).await;
            assert_eq!(holding.len(), usize::try_from(QUOTA).unwrap());
            let account = account(&node).await;
            assert_eq!((account.free, account.reserved), (0, QUOTA));
            assert!(node.clock.set(greenlane::ids::Moment(start + MINUTE_MS)));
            let late = all_at_once(&node, &nodes, LATE).await;
            assert!(holders(&node, &late).await.is_empty(), "nobody takes what is not there");
            let everyone: Vec<CaseId> = cases.into_iter().chain(late).collect();
            serve_in_turn(&node, &everyone, &mut holding).await;
            close(&node, holding).await;
            node.holds().await;
        }
        println!("{rounds} rounds of {CLIENTS} clients on {} nodes, {QUOTA} plots: never more, never out of turn", nodes.len());
    });
}

/// Opens the account with so many plots.
pub async fn issue_plots(node: &Node, plots: i64) {
    let title = AccountTitle { zh: "东片地块".into(), en: "Plots in the east".into(), unit: "pieces".into() };
    let row =
        RegistryRow::Account { tenant: node.tenant, account: ACCOUNT.into(), unit: "pieces".into(), title: r#"{"zh":"东片地块","en":"Plots"}"#.into() };
    let rows = RegisterRows { registry: vec![row, put(&node.app, node.tenant, "account", ACCOUNT, &title).unwrap()], ..RegisterRows::default() };
    node.app.record(node.tenant, Actor::Operator("test".into()), "account-opened", json!({"account": ACCOUNT}), rows).await.unwrap();
    issue(node, "issue", plots).await;
}

async fn issue(node: &Node, kind: &str, amount: i64) {
    let posting = ByDocument { account: ACCOUNT.into(), kind: kind.into(), amount, document: "测试〔2025〕1号".into(), case: None };
    let _receipt = node.app.post_by_document(node.tenant, Actor::Operator("test".into()), &posting).await.unwrap();
}

async fn account(node: &Node) -> AccountRow {
    node.app.store().account(node.tenant, ACCOUNT).await.unwrap().unwrap()
}

/// Starts so many cases from as many tasks, let loose together.
pub async fn all_at_once(node: &Node, nodes: &[App], count: usize) -> Vec<CaseId> {
    let barrier = Arc::new(Barrier::new(count));
    let starts = nodes.iter().cycle().zip(RANKS.into_iter().cycle()).take(count).map(|(app, rank)| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            node.start_ranked(app, "plot", None, rank).await.unwrap_or_else(|failure| panic!("{failure}"))
        }
    });
    futures::future::join_all(starts).await
}

/// Those of the cases that hold a plot.
async fn holders(node: &Node, cases: &[CaseId]) -> Vec<CaseId> {
    let mut holders = Vec::new();
    for case in cases {
        if !node.app.working(node.tenant, *case).await.unwrap().state.holds.is_empty() {
            holders.push(*case);
        }
    }
    holders
}

/// Gives plots back, one, two, three … at a time, until the line is empty: each time the first in line are served.
async fn serve_in_turn(node: &Node, everyone: &[CaseId], holding: &mut Vec<CaseId>) {
    let waiting = node.app.store().waiting(node.tenant, ACCOUNT, &[], 1_000).await.unwrap();
    let line: Vec<CaseId> = waiting.iter().map(|place| place.case).collect();
    assert_eq!(line.len() + holding.len(), everyone.len());
    assert!(waiting.is_sorted_by_key(|place| (place.rank, place.since)), "by rank, then by time");
    let mut served = 0;
    for give_back in (1..=holding.len()).cycle() {
        if served == line.len() {
            return;
        }
        let give_back = give_back.min(line.len() - served);
        for case in holding.drain(..give_back) {
            answer(node, case, "returned").await;
        }
        node.crew.drain().await.unwrap();
        let next = &line[served..served + give_back];
        assert_eq!(holders(node, next).await, next, "the first in line are served");
        let left = node.app.store().waiting(node.tenant, ACCOUNT, &[], 1_000).await.unwrap();
        assert_eq!(left.iter().map(|place| place.case).collect::<Vec<_>>(), &line[served + give_back..], "and nobody else");
        holding.extend_from_slice(next);
        served += give_back;
    }
}

/// Ends the cases that hold a plot, half of them by using it, and makes up for what was used.
async fn close(node: &Node, holding: Vec<CaseId>) {
    let before = account(node).await;
    for (place, case) in holding.into_iter().enumerate() {
        answer(node, case, if place % 2 == 0 { "used" } else { "returned" }).await;
    }
    node.crew.drain().await.unwrap();
    let after = account(node).await;
    assert_eq!((after.free, after.reserved, after.used), (QUOTA / 2, 0, before.used + QUOTA / 2));
    issue(node, "add", QUOTA / 2).await;
}

async fn answer(node: &Node, case: CaseId, outcome: &str) {
    let (task, open) = node.task(case, "hold").await;
    let person = node.doer(case, &open).await;
    node.act(case, person, Act::Claim { task }).await.unwrap();
    let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
    node.act(case, person, Act::Complete { task, outcome: outcome.into(), answer }).await.unwrap();
}
