//! Accounts: paired postings, the balance that is never negative, waiting lists and counters.

use greenlane::engine::facts::{Balance, Waiting};
use greenlane::ids::{Digest, Moment};
use greenlane::store::rows::{AccountWrite, CaseWrite, Commit, PostingKind, PostingRow, RegistryRow, WaitingRow};
use greenlane::store::{AccountRow, WriteFault, Writer};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both};

on_both! {
    every_posting_moves_between_its_two_buckets
    an_account_never_goes_below_zero
    a_posting_to_no_account_is_refused
    forty_takers_of_ten_leave_ten
    who_waits_is_served_by_rank_and_then_by_time
    a_head_is_served_when_its_account_has_enough
    a_case_of_a_lapsed_version_waits_among_the_ordinary_ones
    a_counter_goes_on_from_where_it_stands
    two_takers_of_a_counter_never_get_one_number
    accounts_are_listed_by_key
}

const LAND: &str = "land/2025/ez";

fn posting(kind: PostingKind, amount: i64) -> PostingRow {
    PostingRow { kind, amount, case: case_id(1), seq: 1, hold: Some(7), document: Some("鄂州政发〔2025〕1号".to_owned()), about: None, at: Moment(3) }
}

fn posted(account: &str, postings: &[(PostingKind, i64)]) -> Commit {
    let postings = postings.iter().map(|(kind, amount)| posting(*kind, *amount)).collect();
    Commit { accounts: vec![AccountWrite { tenant: EZHOU, account: account.to_owned(), postings }], ..Commit::default() }
}

fn opened(account: &str) -> Commit {
    let title = r#"{"zh":"用地指标","en":"land"}"#.to_owned();
    Commit { registry: vec![RegistryRow::Account { tenant: EZHOU, account: account.to_owned(), unit: "m2".to_owned(), title }], ..Commit::default() }
}

/// An account with `amount` free.
async fn issued(writer: &mut Writer, account: &str, amount: i64) {
    let mut commit = opened(account);
    commit.accounts = posted(account, &[(PostingKind::Issue, amount)]).accounts;
    writer.write_alone(&commit).await.unwrap();
}

fn buckets(row: &AccountRow) -> [i64; 5] {
    [row.free, row.reserved, row.used, row.written_off, row.issued]
}

async fn every_posting_moves_between_its_two_buckets(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    writer.write_alone(&opened(LAND)).await.unwrap();
    let steps = [
        (PostingKind::Issue, 100, [100, 0, 0, 0, 100]),
        (PostingKind::Add, 20, [120, 0, 0, 0, 120]),
        (PostingKind::Reserve, 50, [70, 50, 0, 0, 120]),
        (PostingKind::Use, 30, [70, 20, 30, 0, 120]),
        (PostingKind::Release, 20, [90, 0, 30, 0, 120]),
        (PostingKind::WriteOff, 10, [90, 0, 20, 10, 120]),
        (PostingKind::CarryOver, 90, [0, 0, 20, 10, 30]),
    ];
    for (kind, amount, expected) in steps {
        writer.write_alone(&posted(LAND, &[(kind, amount)])).await.unwrap();
        assert_eq!(buckets(&fixture.store.account(EZHOU, LAND).await.unwrap().unwrap()), expected, "after {kind:?}");
    }
    let postings = fixture.store.postings(EZHOU, LAND, 0, 100).await.unwrap();
    assert_eq!(postings.iter().map(|row| (row.kind, row.amount)).collect::<Vec<_>>(), steps.map(|(kind, amount, _)| (kind, amount)));
    let (first, expected) = (&postings[0], posting(PostingKind::Issue, 100));
    assert_eq!((first.case, first.seq, first.hold, &first.document, first.at), (expected.case, 1, Some(7), &expected.document, Moment(3)));
    assert_eq!(fixture.store.postings(EZHOU, LAND, postings[4].id, 100).await.unwrap(), &postings[5..]);
}

async fn an_account_never_goes_below_zero(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    issued(&mut writer, LAND, 10).await;
    // The second takes it below zero on the way, although its sum does not.
    for postings in [&[(PostingKind::Reserve, 11)][..], &[(PostingKind::Release, 1), (PostingKind::Reserve, 5)], &[(PostingKind::WriteOff, 1)]] {
        let mut refused = posted(LAND, postings);
        refused.cases = vec![acts(1, 1, 1)];
        let fault = writer.write_alone(&refused).await.unwrap_err();
        assert!(matches!(fault, WriteFault::Check(_)), "{postings:?}: {fault}");
    }
    assert_eq!(buckets(&fixture.store.account(EZHOU, LAND).await.unwrap().unwrap()), [10, 0, 0, 0, 10]);
    assert_eq!(fixture.store.postings(EZHOU, LAND, 0, 100).await.unwrap().len(), 1);
    assert_eq!(writer.versions(EZHOU, &[case_id(1)]).await.unwrap(), []);
}

async fn a_posting_to_no_account_is_refused(fixture: &Fixture) {
    let fault = fixture.writer().await.write_alone(&posted("nowhere", &[(PostingKind::Issue, 1)])).await.unwrap_err();
    assert!(matches!(&fault, WriteFault::Check(text) if text.contains("nowhere")), "{fault}");
}

/// Locks, looks and takes one: what a lane does for a reservation.
async fn take_one(writer: &mut Writer, case: CaseWrite) -> bool {
    loop {
        writer.begin().await.unwrap();
        let balances = writer.lock_balances(EZHOU, &[LAND.to_owned()], &[]).await.unwrap();
        let free = balances[LAND].as_ref().unwrap().free;
        if free == 0 {
            writer.rollback().await.unwrap();
            return false;
        }
        let mut reserve = posted(LAND, &[(PostingKind::Reserve, 1)]);
        reserve.cases = vec![case.clone()];
        match writer.write(&reserve).await {
            Ok(_) => writer.commit().await.unwrap(),
            Err(WriteFault::Conflict(_)) => {
                writer.rollback().await.unwrap();
                continue;
            }
            Err(fault) => panic!("{fault}"),
        }
        return true;
    }
}

async fn forty_takers_of_ten_leave_ten(fixture: &Fixture) {
    let mut first = fixture.writer().await;
    issued(&mut first, LAND, 10).await;
    let lanes = if fixture.postgres.is_some() { 8 } else { 1 };
    let mut writers = vec![first];
    for _ in 1..lanes {
        writers.push(fixture.writer().await);
    }
    let (jobs, waiting) = async_queue(40);
    let mut takers = tokio::task::JoinSet::new();
    for mut writer in writers {
        let waiting = waiting.clone();
        takers.spawn(async move {
            let mut taken = 0;
            while let Some(n) = waiting.lock().await.recv().await {
                taken += usize::from(take_one(&mut writer, acts(n, 1, 1)).await);
            }
            taken
        });
    }
    drop(jobs);
    assert_eq!(takers.join_all().await.into_iter().sum::<usize>(), 10);
    assert_eq!(buckets(&fixture.store.account(EZHOU, LAND).await.unwrap().unwrap()), [0, 10, 0, 0, 10]);
}

type Waiters = std::sync::Arc<tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<u8>>>;

/// A queue that holds 1 to `count`.
fn async_queue(count: u8) -> (tokio::sync::mpsc::UnboundedSender<u8>, Waiters) {
    let (jobs, waiting) = tokio::sync::mpsc::unbounded_channel();
    for n in 1..=count {
        jobs.send(n).unwrap();
    }
    (jobs, std::sync::Arc::new(tokio::sync::Mutex::new(waiting)))
}

fn place(account: &str, rank: i16, since: i64, amount: i64) -> WaitingRow {
    WaitingRow { account: account.to_owned(), rank, since: Moment(since), amount }
}

fn waits(n: u8, token: u32, place: WaitingRow) -> CaseWrite {
    let mut case = acts(n, 1, 1);
    case.waiting = vec![(token, Some(place))];
    case
}

async fn who_waits_is_served_by_rank_and_then_by_time(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    issued(&mut writer, LAND, 5).await;
    let line =
        [waits(1, 1, place(LAND, 9, 10, 3)), waits(2, 1, place(LAND, 1, 30, 4)), waits(3, 2, place(LAND, 1, 20, 5)), waits(4, 1, place("other", 0, 1, 1))];
    writer.write_alone(&commit(line.to_vec())).await.unwrap();
    writer.begin().await.unwrap();
    let found = writer.lock_balances(EZHOU, &["none".to_owned(), LAND.to_owned()], &[]).await.unwrap();
    writer.rollback().await.unwrap();
    let waiting = |n, token, rank, since, amount| Waiting { case: case_id(n), token, rank, since: Moment(since), amount };
    let expected = Balance { free: 5, waiting: vec![waiting(3, 2, 1, 20, 5), waiting(2, 1, 1, 30, 4), waiting(1, 1, 9, 10, 3)] };
    assert_eq!(found, [("none".to_owned(), None), (LAND.to_owned(), Some(expected))].into());
    let seen = fixture.store.waiting(EZHOU, LAND, &[], 10).await.unwrap();
    assert_eq!(seen.iter().map(|view| (view.case, view.token)).collect::<Vec<_>>(), [(case_id(3), 2), (case_id(2), 1), (case_id(1), 1)]);
    let mut leaves = acts(3, 2, 2);
    leaves.waiting = vec![(2, None)];
    writer.write_alone(&commit(vec![leaves])).await.unwrap();
    assert_eq!(fixture.store.waiting(EZHOU, LAND, &[], 1).await.unwrap()[0].case, case_id(2));
}

async fn a_head_is_served_when_its_account_has_enough(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    for account in ["a", "b"] {
        issued(&mut writer, account, 5).await;
    }
    // On b the first in line wants more than there is; who is behind does not overtake.
    let line = [waits(1, 1, place("a", 1, 1, 5)), waits(2, 1, place("a", 1, 2, 1)), waits(3, 1, place("b", 0, 1, 6)), waits(4, 1, place("b", 1, 1, 1))];
    writer.write_alone(&commit(line.to_vec())).await.unwrap();
    let heads = fixture.store.waiting_served(&[], 10).await.unwrap();
    assert_eq!(heads.iter().map(|head| (head.account.as_str(), head.case)).collect::<Vec<_>>(), [("a", case_id(1))]);
    writer.write_alone(&posted("b", &[(PostingKind::Add, 1)])).await.unwrap();
    assert_eq!(fixture.store.waiting_served(&[], 10).await.unwrap()[1].case, case_id(3));
}

async fn a_case_of_a_lapsed_version_waits_among_the_ordinary_ones(fixture: &Fixture) {
    let lapsed = Digest([8; 32]);
    let mut writer = fixture.writer().await;
    issued(&mut writer, LAND, 5).await;
    let of_lapsed = |n, place| {
        let mut case = waits(n, 1, place);
        case.row.revision = lapsed;
        case
    };
    // The first of the line wants more than there is; once its rank counts no more, the ordinary ones that came earlier stand before it.
    let line = [waits(1, 1, place(LAND, 9, 10, 3)), of_lapsed(2, place(LAND, 0, 20, 9)), of_lapsed(3, place(LAND, 9, 5, 6))];
    writer.write_alone(&commit(line.to_vec())).await.unwrap();
    let given = [(2, 0), (3, 9), (1, 9)];
    for (versions, line) in [(vec![], given), (vec![Digest([7; 32])], given), (vec![Digest([7; 32]), lapsed], [(3, 9), (1, 9), (2, 9)])] {
        let expected: Vec<_> = line.into_iter().map(|(n, rank)| (case_id(n), rank)).collect();
        writer.begin().await.unwrap();
        let found = writer.lock_balances(EZHOU, &[LAND.to_owned()], &versions).await.unwrap();
        writer.rollback().await.unwrap();
        let locked: Vec<_> = found[LAND].as_ref().unwrap().waiting.iter().map(|place| (place.case, place.rank)).collect();
        assert_eq!(locked, expected, "{versions:?}");
        let listed = fixture.store.waiting(EZHOU, LAND, &versions, 10).await.unwrap();
        assert_eq!(listed.iter().map(|place| (place.case, place.rank)).collect::<Vec<_>>(), expected, "{versions:?}");
        let shown = fixture.store.in_line(EZHOU, LAND, &versions, 10).await.unwrap();
        assert_eq!(shown.iter().map(|place| (place.case, place.rank)).collect::<Vec<_>>(), expected, "{versions:?}");
        assert_eq!(fixture.store.waiting_served(&versions, 10).await.unwrap(), [], "the first in line wants more than there is: {versions:?}");
    }
    // One more unit: enough for the earliest, not for the one that had the rank.
    writer.write_alone(&posted(LAND, &[(PostingKind::Add, 1)])).await.unwrap();
    assert_eq!(fixture.store.waiting_served(&[], 10).await.unwrap(), []);
    let served = fixture.store.waiting_served(&[lapsed], 10).await.unwrap();
    assert_eq!(served.iter().map(|place| (place.case, place.rank)).collect::<Vec<_>>(), [(case_id(3), 9)]);
    assert_eq!(fixture.store.waiting_tenants().await.unwrap(), [EZHOU]);
}

async fn a_counter_goes_on_from_where_it_stands(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let keys = ["GC/2025".to_owned(), "HP/2025".to_owned()];
    writer.begin().await.unwrap();
    assert_eq!(writer.lock_counters(EZHOU, &keys).await.unwrap(), [(keys[0].clone(), 0), (keys[1].clone(), 0)].into());
    writer.write(&Commit { counters: vec![(EZHOU, keys[0].clone(), 4)], ..Commit::default() }).await.unwrap();
    writer.commit().await.unwrap();
    writer.begin().await.unwrap();
    assert_eq!(writer.lock_counters(EZHOU, &keys).await.unwrap(), [(keys[0].clone(), 4), (keys[1].clone(), 0)].into());
    writer.rollback().await.unwrap();
}

async fn two_takers_of_a_counter_never_get_one_number(fixture: &Fixture) {
    let lanes = if fixture.postgres.is_some() { 4 } else { 1 };
    let mut writers = Vec::new();
    for _ in 0..lanes {
        writers.push(fixture.writer().await);
    }
    let mut takers = tokio::task::JoinSet::new();
    for mut writer in writers {
        takers.spawn(async move {
            let key = "GC/2025".to_owned();
            let mut taken = Vec::new();
            for _ in 0..10 {
                writer.begin().await.unwrap();
                let next = writer.lock_counters(EZHOU, std::slice::from_ref(&key)).await.unwrap()[&key] + 1;
                writer.write(&Commit { counters: vec![(EZHOU, key.clone(), next)], ..Commit::default() }).await.unwrap();
                writer.commit().await.unwrap();
                taken.push(next);
            }
            taken
        });
    }
    let mut taken = takers.join_all().await.concat();
    taken.sort_unstable();
    assert_eq!(taken, (1..=10 * lanes).collect::<Vec<u64>>());
}

async fn accounts_are_listed_by_key(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    for account in ["c", "a", "b"] {
        issued(&mut writer, account, 1).await;
    }
    let keys = |rows: Vec<AccountRow>| rows.into_iter().map(|row| row.account).collect::<Vec<_>>();
    assert_eq!(keys(fixture.store.accounts(EZHOU, "", 2).await.unwrap()), ["a", "b"]);
    assert_eq!(keys(fixture.store.accounts(EZHOU, "b", 2).await.unwrap()), ["c"]);
    assert_eq!(fixture.store.account(EZHOU, "none").await.unwrap(), None);
}
