//! One takes an act back at the instant the next one takes it up.
//! Invariant: exactly one of them wins, on one node and on two, and the record holds.

use std::sync::Arc;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::handover::Proposal;
use greenlane::app::people::Change;
use greenlane::audit::leaf::{Leaf, Who};
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, PersonId, Tenant};
use tokio::sync::Barrier;

use super::node::{Node, Where, on_both, times};

const TENANT: Tenant = Tenant(420_700);

async fn act(app: &App, case: CaseId, person: PersonId, act: Act) -> Option<&'static str> {
    let order = Order { tenant: TENANT, case: Some(case), actor: Actor::Person(person), command_id: None, act };
    match app.execute(order).await {
        Ok(_) => None,
        Err(Failure::Refused(refusal)) => Some(refusal.code),
        Err(fault) => panic!("{fault}"),
    }
}

#[test]
fn the_taker_and_the_next_actor_race_and_exactly_one_wins() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let nodes = node.nodes().await;
        let (mut taken, rounds) = (0, times(100, 1_000));
        for round in 0..rounds {
            let case = node.start("relay", None).await.unwrap();
            let (_, open) = node.task(case, "draft").await;
            let first = node.doer(case, &open).await;
            node.answer(case, "draft", "proposed").await.unwrap();
            let (task, open) = node.task(case, "sign").await;
            let next = node.doer(case, &open).await;
            let barrier = Arc::new(Barrier::new(2));
            let take = Act::TakeBack { scope: 0, step: "draft".into(), opinion: None };
            let racers = [(nodes[round % nodes.len()].clone(), first, take), (nodes[(round + 1) % nodes.len()].clone(), next, Act::Claim { task })];
            let mut running = Vec::new();
            for (app, person, doing) in racers {
                let barrier = barrier.clone();
                running.push(tokio::spawn(async move {
                    barrier.wait().await;
                    act(&app, case, person, doing).await
                }));
            }
            let (claim, back) = (running.pop().unwrap().await.unwrap(), running.pop().unwrap().await.unwrap());
            taken += usize::from(back.is_none());
            match (back, claim) {
                // Taken back: the task of the next one is gone, and the first has theirs again.
                (None, Some("no_such_task")) => assert_eq!(node.task(case, "draft").await.1.claimed, Some(first)),
                (Some("already_acted_on"), None) => assert_eq!(node.task(case, "sign").await.1.claimed, Some(next)),
                other => panic!("round {round}: {other:?}"),
            }
        }
        println!("{rounds} rounds, {} nodes: taken back {taken} times", nodes.len());
        node.holds().await;
    });
}

#[test]
fn the_leaf_of_an_act_done_in_anothers_place_carries_both_names() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let on = node.clock.now().date();
        let change =
            Change::Away { login: "ez-fgw.handler".to_owned(), office: "ez-fgw".to_owned(), post: "handler".to_owned(), from: on, until: on, substitute: None };
        node.app.manage(node.tenant, Actor::Person(node.person("ez-zwzx.operator").await), None, &change).await.unwrap();
        let case = node.start("relay", None).await.unwrap();
        let (holder, other) = (node.person("ez-fgw.handler").await, node.person("ez-fgw.handler-b").await);
        let (task, _) = node.task(case, "draft").await;
        let answer = Answer { opinion: Some("拟同意。".to_owned()), ..Answer::default() };
        node.act(case, other, Act::Complete { task, outcome: "proposed".into(), answer }).await.unwrap();
        let acts = node.app.store().acts(node.tenant, case, 0, 10).await.unwrap();
        let leaf = Leaf::parse(&acts.last().unwrap().leaf).unwrap();
        assert_eq!((leaf.actor, leaf.on_behalf_of), (Who::Person(other), Some(holder)));
        node.holds().await;
    });
}

#[test]
fn two_who_sign_a_handover_at_once_have_both_signed() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let nodes = node.nodes().await;
        let [giver, taker, overseer] = [node.person("ez-fgw.handler").await, node.person("ez-fgw.handler-b").await, node.person("ez-fgw.section-head").await];
        let rounds = times(30, 200);
        for round in 0..rounds {
            let proposal = Proposal { giver, taker, overseer, reason: "岗位调整".to_owned() };
            let proposed = node.app.propose_handover(TENANT, giver, None, proposal).await.unwrap_or_else(|failure| panic!("{failure}"));
            let barrier = Arc::new(Barrier::new(2));
            let sign = |app: App, person: PersonId| {
                let (barrier, id) = (barrier.clone(), proposed.id.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    app.sign_handover(TENANT, person, &id).await.unwrap_or_else(|failure| panic!("{failure}"))
                })
            };
            let signing = [sign(nodes[round % nodes.len()].clone(), taker), sign(nodes[(round + 1) % nodes.len()].clone(), overseer)];
            for signed in signing {
                signed.await.unwrap();
            }
            let known = node.app.known(TENANT).await.unwrap();
            let after = &known.handovers[&proposed.id];
            assert_eq!((after.signed.len(), after.done.is_some()), (3, true), "round {round}: {after:?}");
        }
        node.holds().await;
    });
}
