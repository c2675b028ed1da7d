//! Start-up: what is refused, and with which words.

use greenlane::store::rows::Commit;
use greenlane::store::{Store, StoreFault, Target};

use super::fixture::{EZHOU, Fixture, acts, case_id, commit, on_both};

on_both! {
    a_store_is_migrated_again_without_harm
    a_newer_schema_is_refused_with_the_command_to_run
}

async fn a_store_is_migrated_again_without_harm(fixture: &Fixture) {
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    Store::migrate(&fixture.target, fixture.postgres.as_ref().map(|database| database.owner.as_str())).await.unwrap();
    assert!(fixture.store.case(EZHOU, case_id(1)).await.unwrap().is_some());
}

async fn a_newer_schema_is_refused_with_the_command_to_run(fixture: &Fixture) {
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, 'x', 0)";
    match (&fixture.target, &fixture.postgres) {
        (Target::Sqlite(folder), _) => {
            rusqlite::Connection::open(folder.join("greenlane.db")).unwrap().execute(newer, []).unwrap();
        }
        (Target::Postgres { .. }, database) => {
            database.as_ref().unwrap().sql(newer);
        }
    }
    let text = Store::open(fixture.target.clone()).await.unwrap_err().to_string();
    assert!(text.contains("found 9999") && text.contains("run `greenlane migrate"), "{text}");
}

#[test]
fn the_password_in_an_address_of_a_database_shows_in_no_debug_print() {
    let url = |role: &str| format!("postgres://{role}:s3cret@db.example/greenlane");
    let target = Target::Postgres { writer_url: url("writer"), reader_url: url("reader") };
    assert_eq!(format!("{target:?}"), "Postgres(…)");
}

#[tokio::test]
async fn a_folder_without_a_database_is_refused_with_the_command_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let text = Store::open(Target::Sqlite(folder.path().to_owned())).await.unwrap_err().to_string();
    assert!(text.contains("found none") && text.contains(&format!("run `greenlane migrate --data {}`", folder.path().display())), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "looking made a file");
}

#[tokio::test]
async fn a_second_writer_of_a_sqlite_file_is_refused() {
    let fixture = Fixture::sqlite().await;
    let first = fixture.writer().await;
    let other = Store::open(fixture.target.clone()).await.unwrap();
    for store in [&fixture.store, &other] {
        let fault = store.writer().await.unwrap_err();
        assert!(matches!(fault, StoreFault::Locked { .. }));
        let text = fault.to_string();
        assert!(text.contains("greenlane.db") && text.contains(&format!("process {}", std::process::id())), "{text}");
    }
    let text = Store::migrate(&fixture.target, None).await.unwrap_err().to_string();
    assert!(text.contains("already does"), "{text}");
    drop(first);
    other.writer().await.unwrap().write_alone(&Commit::default()).await.unwrap();
}

#[tokio::test]
async fn a_sqlite_worker_and_the_lane_take_turns() {
    let fixture = Fixture::sqlite().await;
    let mut writer = fixture.writer().await;
    let store = fixture.store.clone();
    let worker = tokio::spawn(async move {
        for n in 0..50 {
            store.set_setting("n", &n.to_string()).await.unwrap();
        }
    });
    for n in 1..=50 {
        writer.write_alone(&commit(vec![acts(n, 1, 1)])).await.unwrap();
        tokio::task::yield_now().await;
    }
    worker.await.unwrap();
    assert_eq!(fixture.store.setting("n").await.unwrap().as_deref(), Some("49"));
}

/// Opening with a role that has `right` must be refused naming both.
async fn refused(grant: &str, revoke: &str, right: &str) {
    let fixture = Fixture::postgres().await;
    let database = fixture.postgres.as_ref().unwrap();
    for (role, used_as) in [("gl_writer", "writer"), ("gl_reader", "reader")] {
        database.sql(&grant.replace("ROLE", role));
        let opened = Store::open(fixture.target.clone()).await;
        database.sql(&revoke.replace("ROLE", role));
        let text = opened.unwrap_err().to_string();
        assert!(text.contains(&format!("role `{role}` as {used_as}")) && text.contains(right), "{text}");
    }
    Store::open(fixture.target.clone()).await.unwrap().close().await;
    fixture.close().await;
}

/// One test, because roles belong to the whole server and other tests open stores with them; each right is granted in a database of its own where it can be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_with_rights_over_tables_is_refused() {
    for table in ["acts", "log", "checkpoints", "postings"] {
        let (grant, revoke) = (format!("grant update on {table} to ROLE"), format!("revoke update on {table} from ROLE"));
        refused(&grant, &revoke, &format!("may change or delete rows of `{table}`")).await;
    }
    refused("grant delete on acts to ROLE", "revoke delete on acts from ROLE", "may change or delete rows of `acts`").await;
    refused("alter table cases owner to ROLE", "alter table cases owner to gl_owner", "owns tables").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_with_rights_over_the_server_is_refused() {
    let fixture = Fixture::postgres().await;
    let database = fixture.postgres.as_ref().unwrap();
    let Target::Postgres { writer_url, reader_url } = fixture.target.clone() else { unreachable!("this fixture is PostgreSQL") };
    let rights =
        [("superuser", "is a superuser"), ("bypassrls", "BYPASSRLS"), ("createrole", "CREATEROLE"), ("createdb", "CREATEDB"), ("replication", "REPLICATION")];
    for (right, named) in rights {
        // A role of this test's own: rights over the server would be seen by every other test.
        let role = format!("too_much_{right}");
        database.sql(&format!("create role {role} login {right}"));
        for (used_as, target) in [
            ("writer", Target::Postgres { writer_url: writer_url.replace("gl_writer", &role), reader_url: reader_url.clone() }),
            ("reader", Target::Postgres { writer_url: writer_url.clone(), reader_url: reader_url.replace("gl_reader", &role) }),
        ] {
            database.sql(&format!("grant select on _sqlx_migrations to {role}"));
            let text = Store::open(target).await.unwrap_err().to_string();
            assert!(text.contains(&format!("role `{role}` as {used_as}")) && text.contains(named), "{text}");
        }
        database.sql(&format!("revoke all on _sqlx_migrations from {role}; drop role {role}"));
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_may_write_is_refused() {
    let fixture = Fixture::postgres().await;
    let database = fixture.postgres.as_ref().unwrap();
    database.sql("grant insert on cases to gl_reader");
    let text = Store::open(fixture.target.clone()).await.unwrap_err().to_string();
    assert!(text.contains("role `gl_reader` as reader") && text.contains("may write to `cases`"), "{text}");
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_a_tenant_sees_no_row_and_the_writer_cannot_rewrite_the_record() {
    let fixture = Fixture::postgres().await;
    fixture.writer().await.write_alone(&commit(vec![acts(1, 1, 1)])).await.unwrap();
    let Target::Postgres { writer_url, reader_url } = fixture.target.clone() else { unreachable!("this fixture is PostgreSQL") };
    let run = async |url: &str, text: &'static str| {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
        sqlx::raw_sql(text).fetch_all(&mut connection).await.map(|rows| rows.len())
    };
    assert_eq!(run(&reader_url, "select 1 from cases").await.unwrap(), 0);
    assert_eq!(run(&reader_url, "set greenlane.tenant = '420100'; select 1 from cases").await.unwrap(), 0);
    assert_eq!(run(&reader_url, "set greenlane.tenant = '420700'; select 1 from cases").await.unwrap(), 1);
    for text in
        ["update acts set kind = 'x'", "delete from acts", "delete from log", "update checkpoints set note = 'x'", "delete from postings", "truncate acts"]
    {
        let denied = run(&writer_url, text).await.unwrap_err().to_string();
        assert!(denied.contains("permission denied"), "{text}: {denied}");
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_without_the_owner_says_what_is_missing() {
    let fixture = Fixture::postgres().await;
    let text = Store::migrate(&fixture.target, None).await.unwrap_err().to_string();
    assert!(text.contains("expected `--owner-url`"), "{text}");
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_roles_are_made_by_an_owner_who_may() {
    let fixture = Fixture::postgres().await;
    let database = fixture.postgres.as_ref().unwrap();
    let Target::Postgres { writer_url, reader_url } = fixture.target.clone() else { unreachable!("this fixture is PostgreSQL") };
    let target = Target::Postgres { writer_url: writer_url.replace("gl_writer@", "made_w:p%40ss'@"), reader_url: reader_url.replace("gl_reader", "made_r") };
    let text = Store::migrate(&target, Some(&database.owner)).await.unwrap_err().to_string();
    assert!(text.contains("role `made_w`") && text.contains("create role") && !text.contains("p@ss"), "{text}");
    let superuser = database.owner.replace("gl_owner", "postgres");
    Store::migrate(&target, Some(&superuser)).await.unwrap();
    Store::open(target).await.unwrap().close().await;
    database.sql("drop owned by made_w, made_r; drop role made_w, made_r");
    fixture.close().await;
}
