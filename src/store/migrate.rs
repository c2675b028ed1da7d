//! The schema: embedded migrations, their version, and the rights of the roles.
//! Invariant: only `migrate` changes the schema, as the owner. Never: data.

use std::path::Path;
use std::str::FromStr;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection, PgPool, SqliteConnection, SqlitePool};

use super::{Store, StoreFault, Target, postgres, sqlite};

static SQLITE: Migrator = sqlx::migrate!("src/store/migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("src/store/migrations/postgres");

impl Store {
    /// Brings the schema of `target` up to this program's. On SQLite it makes the folder and the file and refuses while a writer has it;
    /// on PostgreSQL it needs `owner_url`, makes the two roles when they are missing and may be made, and grants them what they need.
    pub async fn migrate(target: &Target, owner_url: Option<&str>) -> Result<(), StoreFault> {
        match (target, owner_url) {
            (Target::Sqlite(folder), _) => {
                make_folder(folder).map_err(|source| StoreFault::File { path: folder.display().to_string(), source })?;
                let _lock = sqlite::Lock::take(folder)?;
                let options = SqliteConnectOptions::new()
                    .filename(sqlite::file(folder))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                SQLITE.run(&mut connection).await?;
                connection.close().await?;
                Ok(())
            }
            (Target::Postgres { writer_url, reader_url }, Some(owner_url)) => {
                let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(owner_url)?).await?;
                POSTGRES.run(&mut connection).await?;
                postgres::roles::grant(&mut connection, writer_url, reader_url).await?;
                connection.close().await?;
                Ok(())
            }
            (Target::Postgres { .. }, None) => Err(StoreFault::Setting {
                what: "the database".to_owned(),
                why: "expected `--owner-url`, the URL of the role that owns the tables, found none; the writer and the reader may not change the schema"
                    .to_owned(),
            }),
        }
    }
}

/// Forms and opinions lie there, so a folder we make is its owner's alone.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The version this program has; the two folders go in step (a test holds it).
pub(super) fn current_sqlite() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The same, of the other folder.
pub(super) fn current_postgres() -> i64 {
    POSTGRES.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The version the database has.
pub(super) async fn applied_sqlite(pool: &SqlitePool) -> Result<Option<i64>, StoreFault> {
    let known: Option<i64> = sqlx::query_scalar("select 1 from sqlite_master where name = '_sqlx_migrations'").fetch_optional(pool).await?;
    match known {
        Some(_) => Ok(sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(pool).await?),
        None => Ok(None),
    }
}

/// The same on PostgreSQL, where the roles may read that table.
pub(super) async fn applied_postgres(pool: &PgPool) -> Result<Option<i64>, StoreFault> {
    let known: bool = sqlx::query_scalar("select coalesce(has_table_privilege(to_regclass('_sqlx_migrations'), 'select'), false)").fetch_one(pool).await?;
    if !known {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(pool).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_schema_version() {
        assert_eq!(current_sqlite(), current_postgres());
    }
}
