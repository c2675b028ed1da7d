//! Registers, their version, tokens, settings and old receipts.

use greenlane::ids::{Digest, Moment, Tenant};
use greenlane::store::TokenRow;
use greenlane::store::rows::{Commit, RegistryRow};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both, person, receipt};

on_both! {
    a_register_row_replaces_the_earlier_one_and_counts
    one_tenants_register_is_not_anothers
    a_token_is_found_by_its_digest
    a_setting_is_kept
    old_receipts_go
}

fn put(tenant: Tenant, kind: &str, key: &str, value: &[u8]) -> RegistryRow {
    RegistryRow::Put { tenant, kind: kind.to_owned(), key: key.to_owned(), value: value.to_vec(), at: Moment(4) }
}

fn registry(rows: Vec<RegistryRow>) -> Commit {
    Commit { registry: rows, ..Commit::default() }
}

async fn a_register_row_replaces_the_earlier_one_and_counts(fixture: &Fixture) {
    let (mut writer, store) = (fixture.writer().await, &fixture.store);
    assert_eq!((writer.registry_version(EZHOU).await.unwrap(), store.registry_version(EZHOU).await.unwrap()), (0, 0));
    writer.write_alone(&registry(vec![put(EZHOU, "office", "ez-hbj", b"1"), put(EZHOU, "office", "ez-fgw", b"2")])).await.unwrap();
    writer.write_alone(&registry(vec![put(EZHOU, "office", "ez-hbj", b"3"), put(EZHOU, "calendar", "cn", b"4")])).await.unwrap();
    let offices = store.registry_list(EZHOU, "office").await.unwrap();
    let seen: Vec<_> = offices.iter().map(|row| (row.key.as_str(), &row.value[..], row.version)).collect();
    assert_eq!(seen, [("ez-fgw", &b"2"[..], 2), ("ez-hbj", b"3", 3)]);
    assert_eq!(store.registry(EZHOU, "calendar", "cn").await.unwrap().unwrap().value, b"4");
    assert_eq!(store.registry(EZHOU, "calendar", "other").await.unwrap(), None);
    assert_eq!((writer.registry_version(EZHOU).await.unwrap(), store.registry_version(EZHOU).await.unwrap()), (4, 4));
}

async fn one_tenants_register_is_not_anothers(fixture: &Fixture) {
    const WUHAN: Tenant = Tenant(420_100);
    let rows = vec![put(EZHOU, "office", "a", b"1"), put(WUHAN, "office", "b", b"2")];
    fixture.writer().await.write_alone(&registry(rows)).await.unwrap();
    assert_eq!(fixture.store.registry_list(WUHAN, "office").await.unwrap().len(), 1);
    assert_eq!(fixture.store.registry_version(WUHAN).await.unwrap(), 1);
    assert_eq!(fixture.store.tenants().await.unwrap(), [WUHAN, EZHOU]);
}

async fn a_token_is_found_by_its_digest(fixture: &Fixture) {
    let token = RegistryRow::Token { tenant: EZHOU, digest: Digest([5; 32]), person: person(1), expires: Moment(99) };
    fixture.writer().await.write_alone(&registry(vec![token])).await.unwrap();
    let expected = TokenRow { tenant: EZHOU, person: person(1), expires: Moment(99) };
    assert_eq!(fixture.store.token(Digest([5; 32])).await.unwrap(), Some(expected));
    assert_eq!(fixture.store.token(Digest([6; 32])).await.unwrap(), None);
}

async fn a_setting_is_kept(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.setting("demo_clock_offset_ms").await.unwrap(), None);
    for value in ["-5", "-7"] {
        store.set_setting("demo_clock_offset_ms", value).await.unwrap();
        assert_eq!(store.setting("demo_clock_offset_ms").await.unwrap().as_deref(), Some(value));
    }
}

async fn old_receipts_go(fixture: &Fixture) {
    let mut writer = fixture.writer().await;
    let mut case = acts(1, 1, 1);
    case.receipts = vec![receipt("old", 1, false, 1), receipt("new", 1, false, 1)];
    case.receipts[1].at = Moment(5_000);
    writer.write_alone(&commit(vec![case])).await.unwrap();
    assert_eq!(fixture.store.drop_receipts(Moment(5_000), 100).await.unwrap(), 1);
    let command = receipt("old", 1, false, 1).command;
    assert_eq!(writer.receipt(EZHOU, Some(case_id(1)), "old", command).await.unwrap(), None);
    assert!(writer.receipt(EZHOU, Some(case_id(1)), "new", command).await.unwrap().is_some());
}
