//! Messages to webhooks: found by their subscription, claimed by one at a time, fenced.

use greenlane::ids::{Moment, Tenant};
use greenlane::store::rows::{Commit, HookRow, RegistryRow};
use greenlane::store::{ClaimedHook, DueHook};

use super::fixture::{EZHOU, Fixture, acts, commit, on_both};

const WUHAN: Tenant = Tenant(420_100);

on_both! {
    whoever_waits_longest_is_found_first_and_nobody_before_their_turn
    a_claim_takes_of_the_named_subscriptions_alone_and_each_has_its_share
    a_claimed_message_is_nobody_elses_until_its_lease_ends
    who_lost_the_lease_writes_nothing_more
    released_messages_are_due_in_the_order_they_happened
}

fn message(hook: &str, at: i64) -> HookRow {
    HookRow { id: format!("{hook}-{at}"), hook: hook.to_owned(), kind: "case.started".to_owned(), body: b"{}".to_vec(), at: Moment(at) }
}

async fn give(fixture: &Fixture, tenant: Tenant, hooks: Vec<HookRow>) {
    let known = RegistryRow::Put { tenant, kind: "webhook".to_owned(), key: "any".to_owned(), value: b"{}".to_vec(), at: Moment(1) };
    let mut case = acts(1, 1, 1);
    case.row.tenant = tenant;
    case.hooks = hooks;
    fixture.writer().await.write_alone(&Commit { registry: vec![known], ..commit(vec![case]) }).await.unwrap();
}

fn due(tenant: Tenant, hook: &str, since: i64) -> DueHook {
    DueHook { tenant, hook: hook.to_owned(), since: Moment(since) }
}

/// Claims at moment 100 of the engine's clock.
async fn claim(fixture: &Fixture, of: &[DueHook], (real, until): (i64, i64), limit: usize) -> Vec<ClaimedHook> {
    fixture.store.claim_hooks(of, (Moment(100), Moment(real)), Moment(until), limit).await.unwrap()
}

fn ids(claimed: &[ClaimedHook]) -> Vec<&str> {
    claimed.iter().map(|claim| claim.id.as_str()).collect()
}

async fn whoever_waits_longest_is_found_first_and_nobody_before_their_turn(fixture: &Fixture) {
    assert_eq!(fixture.store.hooks_due(Moment(100)).await.unwrap(), []);
    give(fixture, EZHOU, vec![message("a", 30), message("a", 40), message("b", 10), message("later", 101)]).await;
    give(fixture, WUHAN, vec![message("a", 20)]).await;
    let found = fixture.store.hooks_due(Moment(100)).await.unwrap();
    assert_eq!(found, [due(EZHOU, "b", 10), due(WUHAN, "a", 20), due(EZHOU, "a", 30)]);
    assert_eq!(fixture.store.hooks_due(Moment(101)).await.unwrap().len(), 4);
}

async fn a_claim_takes_of_the_named_subscriptions_alone_and_each_has_its_share(fixture: &Fixture) {
    let many = (1..=10).map(|at| message("many", at)).chain([message("held", 1), message("few", 50), message("few", 5), message("few", 101)]);
    give(fixture, EZHOU, many.collect()).await;
    give(fixture, WUHAN, vec![message("many", 1)]).await;
    let first = claim(fixture, &[due(EZHOU, "many", 1), due(EZHOU, "few", 5)], (1_000, 2_000), 6).await;
    assert_eq!(ids(&first), ["many-1", "many-2", "many-3", "few-5", "few-50"], "the oldest of each, the oldest first, nothing before its turn");
    assert!(first.iter().all(|claim| claim.tenant == EZHOU));
    let rest = claim(fixture, &[due(EZHOU, "few", 5), due(EZHOU, "many", 4)], (1_000, 2_000), 6).await;
    assert_eq!(ids(&rest), ["many-4", "many-5", "many-6", "many-7", "many-8", "many-9"], "what one leaves goes to those after it");
    assert_eq!(claim(fixture, &[due(EZHOU, "held", 1), due(WUHAN, "many", 1)], (1_000, 2_000), 1).await.len(), 1, "more subscriptions than places");
}

async fn a_claimed_message_is_nobody_elses_until_its_lease_ends(fixture: &Fixture) {
    give(fixture, EZHOU, vec![message("a", 10)]).await;
    let of = [due(EZHOU, "a", 10)];
    assert_eq!(claim(fixture, &of, (1_000, 2_000), 9).await.len(), 1);
    assert_eq!(claim(fixture, &of, (1_999, 3_000), 9).await, []);
    assert_eq!(claim(fixture, &of, (2_000, 3_000), 9).await.len(), 1);
}

async fn who_lost_the_lease_writes_nothing_more(fixture: &Fixture) {
    give(fixture, EZHOU, vec![message("a", 10)]).await;
    let (store, of) = (&fixture.store, [due(EZHOU, "a", 10)]);
    let slow = claim(fixture, &of, (1_000, 2_000), 1).await.remove(0);
    let quick = claim(fixture, &of, (2_000, 3_000), 1).await.remove(0);
    store.record_hook(&slow, (2, None), (Moment(50), "refused")).await.unwrap();
    assert_eq!(store.hook_look(EZHOU, "a", 9).await.unwrap(), (1, 0, None));
    store.record_hook(&quick, (1, None), (Moment(51), "200")).await.unwrap();
    let (waiting, parked, last) = store.hook_look(EZHOU, "a", 9).await.unwrap();
    assert_eq!((waiting, parked, last.unwrap().arrived), (0, 0, Some(true)));
    assert_eq!(store.hooks_due(Moment(100)).await.unwrap(), []);
}

async fn released_messages_are_due_in_the_order_they_happened(fixture: &Fixture) {
    give(fixture, EZHOU, vec![message("a", 10), message("a", 20), message("b", 15)]).await;
    let (store, of) = (&fixture.store, [due(EZHOU, "a", 10)]);
    let first = claim(fixture, &of, (1_000, 2_000), 1).await.remove(0);
    store.record_hook(&first, (0, Some(Moment(900))), (Moment(50), "503")).await.unwrap();
    assert_eq!(store.hooks_due(Moment(100)).await.unwrap(), [due(EZHOU, "b", 15), due(EZHOU, "a", 20)]);
    assert_eq!(store.release_hooks(EZHOU, "a").await.unwrap(), 2);
    assert_eq!(store.release_hooks(WUHAN, "a").await.unwrap(), 0);
    assert_eq!(ids(&claim(fixture, &of, (1_000, 2_000), 9).await), ["a-10", "a-20"]);
    assert_eq!(store.hooks_due(Moment(100)).await.unwrap().len(), 2, "another's are as they were");
}
