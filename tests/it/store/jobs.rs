//! Outside jobs: fetched by one worker at a time, in the order they were offered, under a number that grows; leases that end, are extended, are used up.

use std::collections::BTreeSet;

use greenlane::engine::facts::Lease;
use greenlane::ids::{Moment, Tenant};
use greenlane::store::rows::JobRow;
use greenlane::store::{FetchedJob, JobFilter, JobState, Wanted};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both, person};

const WUHAN: Tenant = Tenant(420_100);

on_both! {
    a_fetched_job_is_nobody_elses_until_its_lease_ends
    who_waited_longest_is_fetched_first_and_no_more_than_asked_for
    a_failure_uses_the_lease_up_and_a_change_of_another_kind_does_not
    a_parked_job_is_not_fetched_and_one_that_is_over_is_gone
    an_extension_holds_only_for_who_fetched_last
    the_last_row_of_a_commit_stands
    the_operators_list_pages_through_what_is_not_over
    workers_at_once_get_every_job_once
}

fn job(topic: &str, due: i64) -> JobRow {
    JobRow {
        number: Some("GC20250001".to_owned()),
        program: "p".to_owned(),
        step: "check".to_owned(),
        topic: topic.to_owned(),
        given: b"{\"code\":\"x\"}".to_vec(),
        retries: 3,
        failures: 0,
        due: Some(Moment(due)),
        spent: 0,
        opened: Moment(due),
        touched: Moment(due),
        message: None,
    }
}

/// Writes rows with the acts `seq` of case `n`.
async fn write(fixture: &Fixture, (n, seq): (u8, i64), jobs: Vec<(u32, Option<JobRow>)>) {
    let mut case = acts(n, seq, seq);
    case.jobs = jobs;
    assert_eq!(fixture.writer().await.write_alone(&commit(vec![case])).await.unwrap(), [true]);
}

async fn fetch(fixture: &Fixture, now: i64, worker: u8, limit: u32) -> Vec<FetchedJob> {
    let wanted = Wanted { topic: "credit".to_owned(), case: None, limit, worker: person(worker), until: Moment(now + 100) };
    fixture.store.fetch_jobs(EZHOU, Moment(now), &wanted).await.unwrap()
}

async fn lease(fixture: &Fixture, n: u8, number: u32) -> Option<Lease> {
    let mut writer = fixture.writer().await;
    writer.begin().await.unwrap();
    let found = writer.lock_leases(EZHOU, &[(case_id(n), number)]).await.unwrap();
    writer.rollback().await.unwrap();
    found[&(case_id(n), number)]
}

async fn a_fetched_job_is_nobody_elses_until_its_lease_ends(fixture: &Fixture) {
    write(fixture, (1, 1), vec![(4, Some(job("credit", 10))), (5, Some(job("seal", 10)))]).await;
    assert_eq!(lease(fixture, 1, 4).await, Some(Lease { fence: 0, worker: None }));
    let first = fetch(fixture, 50, 1, 9).await;
    assert_eq!(first.iter().map(|job| (job.case, job.job, job.fence)).collect::<Vec<_>>(), [(case_id(1), 4, 1)], "of one topic");
    assert_eq!(first[0].given, b"{\"code\":\"x\"}");
    assert_eq!(fetch(fixture, 149, 2, 9).await, []);
    assert_eq!(fetch(fixture, 150, 2, 9).await[0].fence, 2);
    assert_eq!(lease(fixture, 1, 4).await, Some(Lease { fence: 2, worker: Some(person(2)) }));
    let wanted = Wanted { topic: "credit".to_owned(), case: None, limit: 9, worker: person(1), until: Moment(9_999) };
    assert_eq!(fixture.store.fetch_jobs(WUHAN, Moment(5_000), &wanted).await.unwrap(), [], "another tenant's");
}

async fn who_waited_longest_is_fetched_first_and_no_more_than_asked_for(fixture: &Fixture) {
    write(fixture, (2, 1), vec![(4, Some(job("credit", 30)))]).await;
    write(fixture, (1, 1), vec![(4, Some(job("credit", 20))), (9, Some(job("credit", 10))), (7, Some(job("credit", 900)))]).await;
    let order = |jobs: Vec<FetchedJob>| jobs.into_iter().map(|job| (job.case, job.job)).collect::<Vec<_>>();
    assert_eq!(order(fetch(fixture, 50, 1, 2).await), [(case_id(1), 9), (case_id(1), 4)]);
    assert_eq!(order(fetch(fixture, 50, 1, 2).await), [(case_id(2), 4)], "what is not due yet stays");
    let one = Wanted { topic: "credit".to_owned(), case: Some(case_id(2)), limit: 9, worker: person(1), until: Moment(9_999) };
    assert_eq!(order(fixture.store.fetch_jobs(EZHOU, Moment(1_000), &one).await.unwrap()), [(case_id(2), 4)], "of one case");
}

async fn a_failure_uses_the_lease_up_and_a_change_of_another_kind_does_not(fixture: &Fixture) {
    write(fixture, (1, 1), vec![(4, Some(job("credit", 10)))]).await;
    assert_eq!(fetch(fixture, 50, 1, 9).await[0].fence, 1);
    let renamed = JobRow { step: "checked".to_owned(), ..job("credit", 10) };
    write(fixture, (1, 2), vec![(4, Some(renamed.clone()))]).await;
    assert_eq!(fetch(fixture, 60, 2, 9).await, [], "the lease stands");
    let failed = JobRow { spent: 1, failures: 1, retries: 2, due: Some(Moment(70)), touched: Moment(60), message: Some("503".to_owned()), ..renamed };
    write(fixture, (1, 3), vec![(4, Some(failed.clone()))]).await;
    assert_eq!(fetch(fixture, 69, 2, 9).await, []);
    let again = fetch(fixture, 70, 2, 9).await.remove(0);
    assert_eq!((again.fence, again.failures, again.retries, again.step.as_str()), (2, 1, 2, "checked"));
    // What was said stays until something else is said.
    write(fixture, (1, 4), vec![(4, Some(JobRow { message: None, ..failed }))]).await;
    let listed = fixture.store.jobs(EZHOU, &JobFilter { limit: 9, ..JobFilter::default() }).await.unwrap();
    assert_eq!(listed[0].message.as_deref(), Some("503"));
}

async fn a_parked_job_is_not_fetched_and_one_that_is_over_is_gone(fixture: &Fixture) {
    write(fixture, (1, 1), vec![(4, Some(JobRow { due: None, ..job("credit", 10) })), (5, Some(job("credit", 10)))]).await;
    assert_eq!(fetch(fixture, 5_000, 1, 9).await.iter().map(|job| job.job).collect::<Vec<_>>(), [5]);
    write(fixture, (1, 2), vec![(5, None)]).await;
    assert_eq!(lease(fixture, 1, 5).await, None);
    assert_eq!(fetch(fixture, 50_000, 1, 9).await, []);
}

async fn an_extension_holds_only_for_who_fetched_last(fixture: &Fixture) {
    write(fixture, (1, 1), vec![(4, Some(job("credit", 10)))]).await;
    fetch(fixture, 50, 1, 9).await;
    let (store, at) = (&fixture.store, (EZHOU, case_id(1), 4));
    assert!(store.extend_lease(at, (1, person(1)), Moment(500)).await.unwrap());
    assert_eq!(fetch(fixture, 499, 2, 9).await, []);
    assert!(!store.extend_lease(at, (1, person(2)), Moment(900)).await.unwrap(), "another account's");
    assert!(!store.extend_lease((WUHAN, case_id(1), 4), (1, person(1)), Moment(900)).await.unwrap());
    assert_eq!(fetch(fixture, 500, 2, 9).await[0].fence, 2);
    assert!(!store.extend_lease(at, (1, person(1)), Moment(900)).await.unwrap(), "leased again since");
    write(fixture, (1, 2), vec![(4, Some(JobRow { spent: 2, ..job("credit", 10) }))]).await;
    assert!(!store.extend_lease(at, (2, person(2)), Moment(900)).await.unwrap(), "used up");
}

async fn the_last_row_of_a_commit_stands(fixture: &Fixture) {
    let moved = JobRow { due: Some(Moment(40)), ..job("credit", 10) };
    write(fixture, (1, 1), vec![(4, Some(job("credit", 10))), (4, Some(moved)), (5, Some(job("credit", 10))), (5, None)]).await;
    assert_eq!(fetch(fixture, 39, 1, 9).await, []);
    assert_eq!(fetch(fixture, 40, 1, 9).await.iter().map(|job| job.job).collect::<Vec<_>>(), [4]);
}

async fn the_operators_list_pages_through_what_is_not_over(fixture: &Fixture) {
    let parked = |due| JobRow { due: None, message: Some("gave up".to_owned()), ..job("credit", due) };
    write(fixture, (1, 1), vec![(4, Some(job("credit", 10))), (5, Some(parked(20))), (6, Some(job("seal", 30))), (7, Some(parked(40)))]).await;
    fetch(fixture, 50, 1, 9).await;
    let list = async |filter: &JobFilter| fixture.store.jobs(EZHOU, filter).await.unwrap();
    let all = JobFilter { limit: 3, ..JobFilter::default() };
    let page = list(&all).await;
    assert_eq!(page.iter().map(|view| view.job).collect::<Vec<_>>(), [7, 6, 5]);
    let last = page.last().unwrap();
    let rest = list(&JobFilter { after: Some((last.touched, last.case, last.job)), ..all.clone() }).await;
    assert_eq!(rest.iter().map(|view| (view.job, view.worker, view.lease_until)).collect::<Vec<_>>(), [(4, Some(person(1)), Moment(150))]);
    let states = |now| page.iter().chain(&rest).map(|view| view.state(Moment(now))).collect::<Vec<_>>();
    assert_eq!(states(60), [JobState::Parked, JobState::Open, JobState::Parked, JobState::Leased]);
    assert_eq!(states(5)[1], JobState::Resting);
    assert_eq!(list(&JobFilter { parked: true, ..all.clone() }).await.iter().map(|view| view.job).collect::<Vec<_>>(), [7, 5]);
    assert_eq!(list(&JobFilter { topic: Some("seal".to_owned()), ..all.clone() }).await.len(), 1);
    assert_eq!(fixture.store.jobs(WUHAN, &all).await.unwrap(), []);
}

async fn workers_at_once_get_every_job_once(fixture: &Fixture) {
    const JOBS: u32 = 60;
    write(fixture, (1, 1), (0..JOBS).map(|number| (number, Some(job("credit", 10)))).collect()).await;
    let fetches = (1..=6).map(|worker| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let wanted = Wanted { topic: "credit".to_owned(), case: None, limit: 4, worker: person(worker), until: Moment(9_999) };
            let mut got = Vec::new();
            loop {
                let jobs = store.fetch_jobs(EZHOU, Moment(50), &wanted).await.unwrap();
                assert!(jobs.len() <= 4);
                if jobs.is_empty() {
                    return got;
                }
                got.extend(jobs.into_iter().map(|job| (job.job, job.fence)));
            }
        })
    });
    let mut all = Vec::new();
    for fetched in futures::future::join_all(fetches).await {
        all.extend(fetched.unwrap());
    }
    // One may see nothing while others hold the rows; what is left is then fetched by whoever asks next.
    all.extend(fetch(fixture, 50, 9, 100).await.into_iter().map(|job| (job.job, job.fence)));
    assert_eq!(all.len(), JOBS as usize);
    assert!(all.iter().all(|(_, fence)| *fence == 1));
    assert_eq!(all.into_iter().map(|(job, _)| job).collect::<BTreeSet<_>>().len(), JOBS as usize);
}
