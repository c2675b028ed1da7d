//! Drafts: saved over the version that was seen, emptied when sent, nobody else's.

use greenlane::ids::{CaseId, Moment, Tenant};
use greenlane::store::DraftRow;
use uuid::Uuid;

use super::fixture::{EZHOU, Fixture, case_id, command, on_both, person};

fn draft(n: u8, task: Option<(CaseId, u32)>) -> DraftRow {
    DraftRow {
        id: Uuid::from_bytes([n; 16]),
        person: person(1),
        workflow: "green-channel".to_owned(),
        task,
        form: b"{\"a\":1}".to_vec(),
        version: 1,
        command: command(n),
        updated: Moment(i64::from(n)),
        sent: None,
    }
}

async fn a_draft_is_saved_only_over_the_version_that_was_seen(fixture: &Fixture) {
    let first = draft(1, None);
    fixture.store.add_draft(EZHOU, &first).await.unwrap();
    assert_eq!(fixture.store.draft(EZHOU, person(1), first.id).await.unwrap(), Some(first.clone()));
    assert!(fixture.store.save_draft(EZHOU, &first, b"{\"a\":2}", Moment(50)).await.unwrap());
    assert!(!fixture.store.save_draft(EZHOU, &first, b"{\"a\":3}", Moment(60)).await.unwrap(), "it saw the version before");
    let saved = fixture.store.draft(EZHOU, person(1), first.id).await.unwrap().unwrap();
    assert_eq!((saved.form.as_slice(), saved.version, saved.updated), (&b"{\"a\":2}"[..], 2, Moment(50)));
}

async fn a_draft_is_its_own_persons_alone(fixture: &Fixture) {
    let mine = draft(1, None);
    fixture.store.add_draft(EZHOU, &mine).await.unwrap();
    assert_eq!(fixture.store.draft(EZHOU, person(2), mine.id).await.unwrap(), None);
    assert_eq!(fixture.store.draft(Tenant(420_100), person(1), mine.id).await.unwrap(), None);
    assert_eq!(fixture.store.drafts(EZHOU, person(2), 10).await.unwrap(), []);
    let theirs = DraftRow { person: person(2), ..mine.clone() };
    assert!(!fixture.store.save_draft(EZHOU, &theirs, b"{}", Moment(9)).await.unwrap());
    fixture.store.delete_draft(EZHOU, person(2), mine.id).await.unwrap();
    assert!(fixture.store.draft(EZHOU, person(1), mine.id).await.unwrap().is_some());
    fixture.store.delete_draft(EZHOU, person(1), mine.id).await.unwrap();
    assert_eq!(fixture.store.draft(EZHOU, person(1), mine.id).await.unwrap(), None);
}

async fn a_sent_draft_is_emptied_and_leads_to_its_case(fixture: &Fixture) {
    let sent = draft(1, None);
    fixture.store.add_draft(EZHOU, &sent).await.unwrap();
    fixture.store.draft_sent(EZHOU, person(1), sent.id, case_id(7)).await.unwrap();
    let found = fixture.store.draft(EZHOU, person(1), sent.id).await.unwrap().unwrap();
    assert_eq!((found.form.as_slice(), found.sent), (&b"{}"[..], Some(case_id(7))));
    assert!(!fixture.store.save_draft(EZHOU, &found, b"{\"late\":1}", Moment(9)).await.unwrap());
    fixture.store.delete_draft(EZHOU, person(1), sent.id).await.unwrap();
    assert!(fixture.store.draft(EZHOU, person(1), sent.id).await.unwrap().is_some(), "a sent one stays, so that a second click finds its case");
}

async fn a_task_has_one_draft_and_it_is_not_among_the_applications(fixture: &Fixture) {
    let task = (case_id(3), 12);
    fixture.store.add_draft(EZHOU, &draft(1, Some(task))).await.unwrap();
    fixture.store.add_draft(EZHOU, &draft(2, Some(task))).await.unwrap();
    fixture.store.add_draft(EZHOU, &draft(3, None)).await.unwrap();
    fixture.store.add_draft(EZHOU, &draft(4, None)).await.unwrap();
    let found = fixture.store.draft_of_task(EZHOU, person(1), task.0, task.1).await.unwrap().unwrap();
    assert_eq!((found.id, found.task), (Uuid::from_bytes([1; 16]), Some(task)));
    let listed: Vec<Uuid> = fixture.store.drafts(EZHOU, person(1), 10).await.unwrap().into_iter().map(|draft| draft.id).collect();
    assert_eq!(listed, [Uuid::from_bytes([4; 16]), Uuid::from_bytes([3; 16])], "the last saved first");
    assert_eq!(fixture.store.drafts(EZHOU, person(1), 1).await.unwrap().len(), 1);
}

on_both! {
    a_draft_is_saved_only_over_the_version_that_was_seen
    a_draft_is_its_own_persons_alone
    a_sent_draft_is_emptied_and_leads_to_its_case
    a_task_has_one_draft_and_it_is_not_among_the_applications
}
