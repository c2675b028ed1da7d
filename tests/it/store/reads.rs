//! Lists and details: the inbox's order and pages, cases, due work, documents.

use greenlane::ids::{Digest, Moment, Tenant};
use greenlane::store::rows::{CaseRow, DocumentRow, TaskRow};
use greenlane::store::{CaseFilter, Held, Inbox, InboxTask, Late, Seat, Stats};

use super::fixture::{EZHOU, Fixture, act, acts, case_id, commit, on_both, person, row, task};

on_both! {
    the_inbox_shows_the_overdue_first_then_by_rank
    pages_of_the_inbox_follow_each_other_without_gap_or_repeat
    a_rank_of_a_lapsed_version_counts_as_ordinary_in_the_inbox
    the_inbox_is_narrowed_by_program_number_and_claim
    the_inbox_is_narrowed_by_lateness_and_each_filter_has_its_count
    a_task_of_two_offices_is_in_both_inboxes_and_once_in_a_shared_one
    what_somebody_is_asked_is_theirs_whatever_post_it_lies_with
    an_applicant_sees_the_tasks_of_their_own_cases
    a_closed_task_leaves_the_inbox
    cases_are_listed_newest_first_and_narrowed
    a_case_is_found_by_its_number
    cases_of_exactly_a_name_are_found_newest_first
    acts_are_read_in_order_and_in_pages
    documents_are_listed_by_act
    due_cases_come_longest_due_first
    another_tenant_sees_nothing
    figures_count_what_is_open
}

const NOW: Moment = Moment(10_000);

fn seat(office: &str) -> Seat {
    Seat::Post { office: office.to_owned(), post: "handler".to_owned() }
}

fn inbox(seats: Vec<Seat>, limit: u32) -> Inbox {
    Inbox { seats, now: NOW, lapsed: Vec::new(), program: None, text: None, held: Held::Any, late: Late::Any, after: None, limit }
}

fn at(rank: i16, red_from: i64) -> TaskRow {
    TaskRow { rank, red_from: Moment(red_from), ..task(3) }
}

async fn give(fixture: &Fixture, tasks: &[(u8, TaskRow)]) {
    let cases = tasks.iter().map(|(n, task)| {
        let mut case = acts(*n, 1, 1);
        case.tasks = vec![task.clone()];
        case
    });
    fixture.writer().await.write_alone(&commit(cases.collect())).await.unwrap();
}

fn order(page: &[InboxTask]) -> Vec<(i16, i64)> {
    page.iter().map(|found| (found.task.rank, found.task.red_from.0)).collect()
}

async fn the_inbox_shows_the_overdue_first_then_by_rank(fixture: &Fixture) {
    let elsewhere = TaskRow { office: "ez-fgw".to_owned(), ..at(0, 1) };
    give(fixture, &[(1, at(0, 20_000)), (2, at(9, 5_000)), (3, at(1, 10_000)), (4, at(1, 10_001)), (5, at(0, i64::MAX)), (6, at(2, 4_000)), (7, elsewhere)])
        .await;
    let page = fixture.store.inbox(EZHOU, &inbox(vec![seat("ez-hbj")], 20)).await.unwrap();
    assert_eq!(order(&page), [(2, 4_000), (9, 5_000), (1, 10_000), (0, 20_000), (0, i64::MAX), (1, 10_001)]);
    assert_eq!((page[0].case, &page[0].task), (case_id(6), &at(2, 4_000)));
    assert_eq!(fixture.store.inbox(EZHOU, &inbox(Vec::new(), 20)).await.unwrap(), []);
}

async fn pages_of_the_inbox_follow_each_other_without_gap_or_repeat(fixture: &Fixture) {
    let tasks: Vec<(u8, TaskRow)> = (1..=60)
        .map(|n: u8| {
            let rank = [0, 1, 2, 9][usize::from(n) % 4];
            let office = if n.is_multiple_of(3) { "ez-fgw" } else { "ez-hbj" };
            (n, TaskRow { office: office.to_owned(), ..at(rank, 9_990 + i64::from(n % 7) * 3) })
        })
        .collect();
    give(fixture, &tasks).await;
    let seats = vec![seat("ez-hbj"), seat("ez-fgw")];
    let whole = fixture.store.inbox(EZHOU, &inbox(seats.clone(), 100)).await.unwrap();
    assert_eq!(whole.len(), 60);
    let mut expected = whole.clone();
    expected.sort_by_key(|found| {
        let late = found.task.red_from <= NOW;
        (!late, if late { 0 } else { found.task.rank }, found.task.red_from, found.case, found.task.task)
    });
    assert_eq!(whole, expected);
    for limit in [1, 7, 20] {
        let (mut pages, mut next) = (Vec::new(), inbox(seats.clone(), limit));
        loop {
            let page = fixture.store.inbox(EZHOU, &next).await.unwrap();
            let Some(last) = page.last() else { break };
            next.after = Some(last.cursor(NOW));
            // A later page keeps the first one's `now`.
            next.now = Moment(99_999);
            pages.extend(page);
        }
        assert_eq!(pages, whole, "pages of {limit}");
    }
}

async fn a_rank_of_a_lapsed_version_counts_as_ordinary_in_the_inbox(fixture: &Fixture) {
    let lapsed = Digest([8; 32]);
    let cases = [(1, 0, 10_030, true), (2, 9, 10_020, false), (3, 1, 10_040, false), (4, 2, 10_010, true), (5, 9, 10_040, true), (6, 0, 9_000, true)];
    let cases = cases.into_iter().map(|(n, rank, red_from, of_lapsed)| {
        let mut case = acts(n, 1, 1);
        case.tasks = vec![at(rank, red_from)];
        if of_lapsed {
            case.row.revision = lapsed;
        }
        case
    });
    fixture.writer().await.write_alone(&commit(cases.collect())).await.unwrap();
    let all = |limit| inbox(vec![seat("ez-hbj")], limit);
    let given = fixture.store.inbox(EZHOU, &all(20)).await.unwrap();
    assert_eq!(order(&given), [(0, 9_000), (0, 10_030), (1, 10_040), (2, 10_010), (9, 10_020), (9, 10_040)]);
    let after = |limit| Inbox { lapsed: vec![Digest([9; 32]), lapsed], ..all(limit) };
    let whole = fixture.store.inbox(EZHOU, &after(20)).await.unwrap();
    assert_eq!(order(&whole), [(9, 9_000), (1, 10_040), (9, 10_010), (9, 10_020), (9, 10_030), (9, 10_040)]);
    let (mut pages, mut next) = (Vec::new(), after(1));
    while let [found] = fixture.store.inbox(EZHOU, &next).await.unwrap().as_slice() {
        next.after = Some(found.cursor(NOW));
        pages.push(found.clone());
    }
    assert_eq!(pages, whole, "page by page");
}

async fn the_inbox_is_narrowed_by_program_number_and_claim(fixture: &Fixture) {
    let numbered = |number: &str, program: &str| TaskRow { number: Some(number.to_owned()), program: program.to_owned(), ..task(3) };
    let claimed = TaskRow { claimed: Some(person(1)), ..numbered("GC3", "eia") };
    give(fixture, &[(1, numbered("GC1_A", "eia")), (2, numbered("GC2xA", "funding")), (3, claimed)]).await;
    let seen = async |inbox: Inbox| fixture.store.inbox(EZHOU, &inbox).await.unwrap().iter().map(|found| found.case).collect::<Vec<_>>();
    let all = || inbox(vec![seat("ez-hbj")], 20);
    assert_eq!(seen(Inbox { program: Some("eia".to_owned()), ..all() }).await, [case_id(1), case_id(3)]);
    assert_eq!(seen(Inbox { text: Some("C2".to_owned()), ..all() }).await, [case_id(2)]);
    assert_eq!(seen(Inbox { text: Some("_A".to_owned()), ..all() }).await, [case_id(1)]);
    assert_eq!(seen(Inbox { text: Some("项目2".to_owned()), ..all() }).await, [case_id(2)], "by the project");
    assert_eq!(seen(Inbox { held: Held::By(person(1)), ..all() }).await, [case_id(3)]);
    assert_eq!(seen(Inbox { held: Held::Nobody, ..all() }).await, [case_id(1), case_id(2)]);
}

async fn the_inbox_is_narrowed_by_lateness_and_each_filter_has_its_count(fixture: &Fixture) {
    let yellow = |n: u8, red_from: i64, yellow_from: i64| (n, TaskRow { yellow_from: Moment(yellow_from), ..at(1, red_from) });
    let mut tasks = vec![yellow(1, 9_000, 8_000), yellow(2, 20_000, 9_000), yellow(3, 30_000, 25_000), yellow(4, 9_500, i64::MAX)];
    tasks[3].1.claimed = Some(person(1));
    give(fixture, &tasks).await;
    let seen = async |inbox: Inbox| fixture.store.inbox(EZHOU, &inbox).await.unwrap().iter().map(|found| found.case).collect::<Vec<_>>();
    let all = || inbox(vec![seat("ez-hbj")], 20);
    assert_eq!(seen(Inbox { late: Late::Overdue, ..all() }).await, [case_id(1), case_id(4)]);
    assert_eq!(seen(Inbox { late: Late::Soon, ..all() }).await, [case_id(2)]);
    let first = fixture.store.inbox(EZHOU, &Inbox { late: Late::Overdue, limit: 1, ..all() }).await.unwrap();
    let after = first.last().map(|last| last.cursor(NOW));
    assert_eq!(seen(Inbox { late: Late::Overdue, after, ..all() }).await, [case_id(4)]);
    let counts = fixture.store.inbox_counts(EZHOU, &Inbox { seats: vec![seat("ez-hbj"), seat("ez-fgw")], ..all() }, person(1)).await.unwrap();
    let told: Vec<_> = counts.iter().map(|count| (count.late, count.own, count.free, count.tasks)).collect();
    assert_eq!(told, [(Late::Any, false, true, 1), (Late::Soon, false, true, 1), (Late::Overdue, false, true, 1), (Late::Overdue, true, false, 1)]);
    let found = Inbox { text: Some("GC".to_owned()), ..all() };
    assert_eq!(fixture.store.inbox_counts(EZHOU, &found, person(1)).await.unwrap().iter().map(|count| count.tasks).sum::<i64>(), 4);
}

async fn a_task_of_two_offices_is_in_both_inboxes_and_once_in_a_shared_one(fixture: &Fixture) {
    let mut case = acts(1, 1, 1);
    case.tasks = vec![task(3), TaskRow { office: "ez-fgw".to_owned(), ..task(3) }];
    fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap();
    for seats in [vec![seat("ez-hbj")], vec![seat("ez-fgw")], vec![seat("ez-hbj"), seat("ez-fgw")]] {
        assert_eq!(fixture.store.inbox(EZHOU, &inbox(seats, 20)).await.unwrap().len(), 1);
    }
}

/// Whoever is asked may hold no seat of the task's offices.
async fn what_somebody_is_asked_is_theirs_whatever_post_it_lies_with(fixture: &Fixture) {
    let asked = |red_from: i64| TaskRow { claimed: Some(person(1)), asked: Some(person(2)), ..at(1, red_from) };
    let mut shared = acts(3, 1, 1);
    shared.tasks = vec![asked(7_000), TaskRow { office: "ez-fgw".to_owned(), lead: false, ..asked(7_000) }];
    give(fixture, &[(1, asked(9_000)), (2, asked(8_000))]).await;
    fixture.writer().await.write_alone(&commit(vec![shared])).await.unwrap();
    let found = fixture.store.asked_of(EZHOU, person(2), 20).await.unwrap();
    assert_eq!(order(&found), [(1, 7_000), (1, 8_000), (1, 9_000)]);
    assert_eq!(found[1].task, asked(8_000));
    assert_eq!(fixture.store.asked_of(EZHOU, person(2), 1).await.unwrap().len(), 1);
    assert_eq!(fixture.store.asked_of(EZHOU, person(1), 20).await.unwrap(), []);
    let mut answered = acts(1, 2, 2);
    answered.tasks = vec![TaskRow { asked: None, ..asked(9_000) }];
    fixture.writer().await.write_alone(&commit(vec![answered])).await.unwrap();
    assert_eq!(fixture.store.asked_of(EZHOU, person(2), 20).await.unwrap().len(), 2);
}

async fn an_applicant_sees_the_tasks_of_their_own_cases(fixture: &Fixture) {
    let own = TaskRow { office: String::new(), post: "applicant".to_owned(), ..task(3) };
    give(fixture, &[(1, own.clone())]).await;
    let seen = fixture.store.inbox(EZHOU, &inbox(vec![Seat::Applicant(row(1, 1).applicant)], 20)).await.unwrap();
    assert_eq!(seen, [InboxTask { case: case_id(1), task: own, title: Some("演示项目1".to_owned()) }]);
    assert_eq!(fixture.store.inbox(EZHOU, &inbox(vec![Seat::Applicant(person(9))], 20)).await.unwrap(), []);
}

async fn a_closed_task_leaves_the_inbox(fixture: &Fixture) {
    give(fixture, &[(1, task(3))]).await;
    let mut closing = acts(1, 2, 2);
    closing.tasks =
        vec![TaskRow { claimed: Some(person(1)), ..task(3) }, TaskRow { closed: Some(NOW), ..task(3) }, task(4), TaskRow { closed: Some(NOW), ..task(5) }];
    fixture.writer().await.write_alone(&commit(vec![closing])).await.unwrap();
    assert_eq!(fixture.store.tasks(EZHOU, case_id(1)).await.unwrap(), [task(4)]);
}

async fn cases_are_listed_newest_first_and_narrowed(fixture: &Fixture) {
    let mut cases: Vec<_> = (1..=5).map(|n| acts(n, 1, 1)).collect();
    cases[1].row.workflow = "eia".to_owned();
    cases[2].row.applicant = person(9);
    cases[3].row.ended = Some(NOW);
    fixture.writer().await.write_alone(&commit(cases)).await.unwrap();
    let seen = async |filter: CaseFilter| fixture.store.cases(EZHOU, &filter, 3).await.unwrap().iter().map(|case| case.id).collect::<Vec<_>>();
    assert_eq!(seen(CaseFilter::default()).await, [case_id(5), case_id(4), case_id(3)]);
    assert_eq!(seen(CaseFilter { before: Some(case_id(3)), ..CaseFilter::default() }).await, [case_id(2), case_id(1)]);
    assert_eq!(seen(CaseFilter { workflow: Some("eia".to_owned()), ..CaseFilter::default() }).await, [case_id(2)]);
    assert_eq!(seen(CaseFilter { applicant: Some(person(9)), ..CaseFilter::default() }).await, [case_id(3)]);
    assert_eq!(seen(CaseFilter { number: Some("0005".to_owned()), ..CaseFilter::default() }).await, [case_id(5)]);
    assert_eq!(seen(CaseFilter { running: Some(false), ..CaseFilter::default() }).await, [case_id(4)]);
    assert_eq!(seen(CaseFilter { running: Some(true), ..CaseFilter::default() }).await, [case_id(5), case_id(3), case_id(2)]);
}

async fn a_case_is_found_by_its_number(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    assert_eq!(fixture.store.case_by_number(EZHOU, "GC20250001").await.unwrap(), Some(row(1, 1)));
    assert_eq!(fixture.store.case_by_number(EZHOU, "GC20250002").await.unwrap(), None);
    assert_eq!(fixture.store.case(EZHOU, case_id(2)).await.unwrap(), None);
}

async fn cases_of_exactly_a_name_are_found_newest_first(fixture: &Fixture) {
    let named = |n, title: &str| {
        let mut case = acts(n, 1, 1);
        case.row.title = Some(title.to_owned());
        case
    };
    let cases = vec![named(1, "演示加速器"), named(2, "演示加速器二期"), named(3, "演示加速器"), named(4, "演示加速器")];
    fixture.writer().await.write_alone(&commit(cases)).await.unwrap();
    let found = async |tenant, title| fixture.store.cases_titled(tenant, title, 2).await.unwrap().iter().map(|case| case.id).collect::<Vec<_>>();
    assert_eq!(found(EZHOU, "演示加速器").await, [case_id(4), case_id(3)]);
    assert_eq!(found(EZHOU, "加速器").await, []);
    assert_eq!(found(Tenant(420_113), "演示加速器").await, []);
}

async fn acts_are_read_in_order_and_in_pages(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 5)])).await.unwrap();
    assert_eq!(fixture.store.acts(EZHOU, case_id(1), 0, 3).await.unwrap(), [act(1), act(2), act(3)]);
    assert_eq!(fixture.store.acts(EZHOU, case_id(1), 3, 3).await.unwrap(), [act(4), act(5)]);
}

async fn documents_are_listed_by_act(fixture: &Fixture) {
    let document =
        |seq, kind: &str| DocumentRow { seq, scope_number: None, kind: kind.to_owned(), number: Some("鄂环审〔2025〕3号".to_owned()), at: NOW };
    let mut case = acts(1, 1, 2);
    case.documents = vec![document(1, "receipt"), document(2, "certificate"), document(2, "annex")];
    fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap();
    let seen = fixture.store.documents(EZHOU, case_id(1)).await.unwrap();
    assert_eq!(seen.iter().map(|view| (view.seq, view.kind.as_str())).collect::<Vec<_>>(), [(1, "receipt"), (2, "certificate"), (2, "annex")]);
    assert_eq!((seen[0].case, seen[0].number.as_deref(), seen[0].at), (case_id(1), Some("鄂环审〔2025〕3号"), NOW));
}

async fn due_cases_come_longest_due_first(fixture: &Fixture) {
    let mut cases: Vec<_> = (1..=5).map(|n| acts(n, 1, 1)).collect();
    // Two are due at one moment: the higher rank goes first.
    for (case, (wake, rank)) in cases.iter_mut().zip([(Some(300), 9), (Some(100), 9), (None, 0), (Some(301), 0), (Some(300), 1)]) {
        case.row = CaseRow { next_wake: wake.map(Moment), rank, ..case.row.clone() };
    }
    fixture.writer().await.write_alone(&commit(cases)).await.unwrap();
    let due = [(EZHOU, case_id(2), Moment(100)), (EZHOU, case_id(5), Moment(300)), (EZHOU, case_id(1), Moment(300))];
    assert_eq!(fixture.store.due_cases(Moment(300), 10).await.unwrap(), due);
    assert_eq!(fixture.store.due_cases(Moment(300), 1).await.unwrap(), due[..1]);
}

async fn another_tenant_sees_nothing(fixture: &Fixture) {
    const WUHAN: Tenant = Tenant(420_100);
    give(fixture, &[(1, task(3))]).await;
    let store = &fixture.store;
    assert_eq!(store.case(WUHAN, case_id(1)).await.unwrap(), None);
    assert_eq!(store.inbox(WUHAN, &inbox(vec![seat("ez-hbj")], 20)).await.unwrap(), []);
    assert_eq!((store.acts(WUHAN, case_id(1), 0, 9).await.unwrap(), store.tasks(WUHAN, case_id(1)).await.unwrap()), (Vec::new(), Vec::new()));
}

async fn figures_count_what_is_open(fixture: &Fixture) {
    give(fixture, &[(1, task(3)), (2, task(3))]).await;
    let due = row(1, 1).next_wake.unwrap();
    assert_eq!(fixture.store.stats(due).await.unwrap(), Stats { unsealed: 2, sealed: 0, notices_open: 0, cases_due: 1, waiting: 0 });
    fixture.store.ping().await.unwrap();
}
