//! Looking for a case: by number and by the name of its project, narrowed, counted, paged.

use greenlane::ids::Moment;
use greenlane::store::CaseSearch;

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both, person};

on_both! {
    a_case_is_found_by_its_number_and_by_its_project
    a_search_is_narrowed_counted_and_paged
    a_title_follows_the_newest_submission
}

async fn give(fixture: &Fixture) {
    let mut cases: Vec<_> = (1..=6).map(|n| acts(n, 1, 1)).collect();
    cases[1].row.workflow = "register".to_owned();
    cases[2].row.applicant = person(9);
    cases[3].row.ended = Some(Moment(9));
    cases[4].row.title = Some("100%_智造".to_owned());
    cases[5].row.title = None;
    fixture.writer().await.write_alone(&commit(cases)).await.unwrap();
}

fn all() -> CaseSearch {
    CaseSearch { except: "register".to_owned(), ..CaseSearch::default() }
}

fn text(text: &str) -> CaseSearch {
    CaseSearch { text: Some(text.to_owned()), ..all() }
}

async fn found(fixture: &Fixture, search: &CaseSearch) -> Vec<u8> {
    let found = fixture.store.search_cases(EZHOU, search, 3).await.unwrap();
    found.iter().map(|case| (1..=6).find(|n| case_id(*n) == case.id).unwrap()).collect()
}

async fn a_case_is_found_by_its_number_and_by_its_project(fixture: &Fixture) {
    give(fixture).await;
    assert_eq!(found(fixture, &text("GC20250003")).await, [3]);
    assert_eq!(found(fixture, &text("0004")).await, [4]);
    assert_eq!(found(fixture, &text("演示项目")).await, [4, 3, 1]);
    assert_eq!(found(fixture, &text("项目3")).await, [3]);
    assert_eq!(found(fixture, &text("0%_智")).await, [5], "what a pattern would mean is only a sign here");
    assert_eq!(found(fixture, &text("演示项目2")).await, [] as [u8; 0], "a register is nobody's case");
}

async fn a_search_is_narrowed_counted_and_paged(fixture: &Fixture) {
    give(fixture).await;
    assert_eq!(found(fixture, &all()).await, [6, 5, 4]);
    assert_eq!(found(fixture, &CaseSearch { before: Some(case_id(4)), ..all() }).await, [3, 1]);
    assert_eq!(found(fixture, &CaseSearch { running: Some(false), ..all() }).await, [4]);
    assert_eq!(found(fixture, &CaseSearch { running: Some(true), ..text("演示") }).await, [3, 1]);
    assert_eq!(found(fixture, &CaseSearch { applicant: Some(person(9)), ..text("GC") }).await, [3]);
    assert_eq!(found(fixture, &CaseSearch { workflow: Some("eia".to_owned()), ..all() }).await, [] as [u8; 0]);
    assert_eq!(fixture.store.count_cases(EZHOU, &CaseSearch { before: Some(case_id(4)), ..all() }).await.unwrap(), 5);
    assert_eq!(fixture.store.count_cases(EZHOU, &text("演示项目")).await.unwrap(), 3);
}

async fn a_title_follows_the_newest_submission(fixture: &Fixture) {
    give(fixture).await;
    let mut renamed = acts(3, 2, 2);
    renamed.row.title = Some("更名后的项目".to_owned());
    fixture.writer().await.write_alone(&commit(vec![renamed])).await.unwrap();
    assert_eq!(found(fixture, &text("更名后")).await, [3]);
    assert_eq!(found(fixture, &text("演示项目3")).await, [] as [u8; 0]);
}
