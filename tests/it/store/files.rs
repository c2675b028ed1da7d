//! Files: found under their digest once they are whole, one copy whoever uploads them.

use greenlane::ids::{Digest, Moment, Tenant};
use greenlane::store::FileRow;
use uuid::Uuid;

use super::fixture::{EZHOU, Fixture, on_both, person};

fn file(n: u8, upload: u8) -> FileRow {
    FileRow { sha256: Digest([n; 32]), upload: Uuid::from_bytes([upload; 16]), kind: "application/pdf".to_owned(), bytes: 6, at: Moment(100) }
}

async fn upload(fixture: &Fixture, who: u8, file: &FileRow) {
    fixture.store.begin_upload(EZHOU, file.upload, person(who), (Moment(100), Moment(0))).await.unwrap();
    fixture.store.add_part(EZHOU, file.upload, 0, b"one").await.unwrap();
    fixture.store.add_part(EZHOU, file.upload, 1, b"two").await.unwrap();
    assert_eq!(fixture.store.file(EZHOU, file.sha256).await.unwrap().filter(|found| found.upload == file.upload), None, "not found before it is whole");
    fixture.store.finish_upload(EZHOU, person(who), file).await.unwrap();
}

async fn a_file_is_read_back_part_by_part(fixture: &Fixture) {
    let kept = file(1, 1);
    upload(fixture, 1, &kept).await;
    assert_eq!(fixture.store.file(EZHOU, kept.sha256).await.unwrap(), Some(kept.clone()));
    assert_eq!(fixture.store.file(Tenant(420_100), kept.sha256).await.unwrap(), None);
    let mut parts = Vec::new();
    while let Some(part) = fixture.store.part(EZHOU, kept.upload, i64::try_from(parts.len()).unwrap()).await.unwrap() {
        parts.push(part);
    }
    assert_eq!(parts, [b"one".to_vec(), b"two".to_vec()]);
    assert!(fixture.store.owns_file(EZHOU, person(1), kept.sha256).await.unwrap());
    assert!(!fixture.store.owns_file(EZHOU, person(2), kept.sha256).await.unwrap());
}

async fn the_same_file_twice_is_kept_once_and_is_both_persons(fixture: &Fixture) {
    upload(fixture, 1, &file(1, 1)).await;
    upload(fixture, 2, &file(1, 2)).await;
    assert_eq!(fixture.store.file(EZHOU, Digest([1; 32])).await.unwrap().map(|found| found.upload), Some(Uuid::from_bytes([1; 16])));
    assert_eq!(fixture.store.part(EZHOU, Uuid::from_bytes([2; 16]), 0).await.unwrap(), None, "the second copy is not kept");
    assert!(fixture.store.owns_file(EZHOU, person(2), Digest([1; 32])).await.unwrap());
}

async fn an_upload_left_half_way_is_swept_away(fixture: &Fixture) {
    let (left, next) = (Uuid::from_bytes([8; 16]), Uuid::from_bytes([9; 16]));
    fixture.store.begin_upload(EZHOU, left, person(1), (Moment(100), Moment(0))).await.unwrap();
    fixture.store.add_part(EZHOU, left, 0, b"half").await.unwrap();
    assert_eq!(fixture.store.uploads_since(EZHOU, person(1), Moment(50)).await.unwrap(), 1);
    fixture.store.begin_upload(EZHOU, next, person(1), (Moment(300), Moment(200))).await.unwrap();
    assert_eq!(fixture.store.part(EZHOU, left, 0).await.unwrap(), None);
    fixture.store.add_part(EZHOU, next, 0, b"x").await.unwrap();
    fixture.store.drop_upload(EZHOU, next).await.unwrap();
    assert_eq!(fixture.store.part(EZHOU, next, 0).await.unwrap(), None);
    assert_eq!(fixture.store.uploads_since(EZHOU, person(1), Moment(50)).await.unwrap(), 0);
}

on_both! {
    a_file_is_read_back_part_by_part
    the_same_file_twice_is_kept_once_and_is_both_persons
    an_upload_left_half_way_is_swept_away
}
