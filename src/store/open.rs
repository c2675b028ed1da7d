//! Opening a store, and the refusals of start-up.
//! Invariant: a store that opened is durable, current, and reached by roles that may do no more than they need. Never: a repair; `migrate` does that.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, PgPool, SqlitePool};

use super::{Pools, PostgresPools, SqlitePools, Store, StoreFault, Target, Writer, migrate, postgres, sqlite};
use crate::secret::Secret;

/// Connections for readers, on either database.
const READERS_MAX: u32 = 8;
/// Connections for workers on PostgreSQL.
const WORKERS_MAX: u32 = 4;
/// How long a request waits for a connection before it is told so.
const ACQUIRE_S_MAX: u64 = 10;
/// How long one read may take on PostgreSQL.
const STATEMENT_MS_MAX: u32 = 30_000;
/// How long a transaction may stand idle there before the server ends it.
const IDLE_TRANSACTION_MS_MAX: u32 = 60_000;
/// How long a connection lives there, so that a silently dead peer is found.
const CONNECTION_S_MAX: u64 = 1_800;

impl Store {
    /// Opens and checks `target`; refuses what `open`'s module head says.
    pub async fn open(target: Target) -> Result<Self, StoreFault> {
        let pools = match target {
            Target::Sqlite(folder) => Pools::Sqlite(open_sqlite(&folder).await?),
            Target::Postgres { writer_url, reader_url } => Pools::Postgres(open_postgres(writer_url, &reader_url).await?),
        };
        Ok(Self { pools: Arc::new(pools) })
    }

    /// A writer with its own connection: the only one of its file on SQLite (refused while another process or task has it), any number on PostgreSQL.
    pub async fn writer(&self) -> Result<Writer, StoreFault> {
        match &*self.pools {
            Pools::Sqlite(pools) => Ok(Writer::Sqlite(Box::new(sqlite::Writer::open(&pools.folder, pools.gate.clone())?))),
            Pools::Postgres(pools) => Ok(Writer::Postgres(Box::new(postgres::Writer::connect(pools.writer_url.expose()).await?))),
        }
    }

    /// Whether this is a SQLite folder: one node, one writer.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        match &*self.pools {
            Pools::Sqlite(_) => true,
            Pools::Postgres(_) => false,
        }
    }

    /// Closes every pooled connection.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite(pools) => {
                pools.readers.close().await;
                pools.worker.close().await;
            }
            Pools::Postgres(pools) => {
                pools.readers.close().await;
                pools.workers.close().await;
            }
        }
    }
}

async fn open_sqlite(folder: &Path) -> Result<SqlitePools, StoreFault> {
    let file = sqlite::file(folder);
    if !file.is_file() {
        return Err(schema_fault(&file.display().to_string(), None, &sqlite_migrate_command(folder)));
    }
    let readers = sqlite_pool(&file, READERS_MAX, true).await?;
    let worker = sqlite_pool(&file, 1, false).await?;
    let found = migrate::applied_sqlite(&readers).await?;
    if found != Some(migrate::current_sqlite()) {
        return Err(schema_fault(&file.display().to_string(), found, &sqlite_migrate_command(folder)));
    }
    Ok(SqlitePools { folder: folder.to_owned(), readers, worker, gate: Arc::new(tokio::sync::Mutex::new(())) })
}

fn sqlite_migrate_command(folder: &Path) -> String {
    format!("greenlane migrate --data {}", folder.display())
}

async fn sqlite_pool(file: &Path, connections_max: u32, read_only: bool) -> Result<SqlitePool, StoreFault> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("query_only", if read_only { "on" } else { "off" })
        .pragma("cache_size", "-16384")
        .busy_timeout(Duration::from_secs(ACQUIRE_S_MAX));
    let pool = SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(ACQUIRE_S_MAX))
        .after_release(|connection, _| {
            Box::pin(async move {
                // A worker that was dropped half-way leaves a transaction; without one this statement is refused, which is as good.
                let _ = connection.execute("rollback").await;
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

async fn open_postgres(writer_url: String, reader_url: &str) -> Result<PostgresPools, StoreFault> {
    let workers = postgres_pool(&writer_url, WORKERS_MAX).await?;
    let readers = postgres_pool(reader_url, READERS_MAX).await?;
    let found = migrate::applied_postgres(&workers).await?;
    if found != Some(migrate::current_postgres()) {
        let command = "greenlane migrate --database URL --owner-url URL";
        let database = PgConnectOptions::from_str(&writer_url)?;
        return Err(schema_fault(database.get_database().unwrap_or_default(), found, command));
    }
    postgres::roles::refuse_excess(&workers, "writer").await?;
    postgres::roles::refuse_excess(&readers, "reader").await?;
    Ok(PostgresPools { writer_url: Secret::new(writer_url), readers, workers })
}

async fn postgres_pool(url: &str, connections_max: u32) -> Result<PgPool, StoreFault> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("greenlane")
        .options([("statement_timeout", STATEMENT_MS_MAX.to_string()), ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_MS_MAX.to_string())]);
    let pool = PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(ACQUIRE_S_MAX))
        .max_lifetime(Duration::from_secs(CONNECTION_S_MAX))
        .after_release(|connection, _| {
            Box::pin(async move {
                // Ends the reader's transaction, and whatever a dropped future left behind (launchbadge/sqlx#4385). Outside of one it is only a warning.
                connection.execute("rollback").await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

fn schema_fault(database: &str, found: Option<i64>, command: &str) -> StoreFault {
    StoreFault::Schema {
        database: database.to_owned(),
        expected: migrate::current_sqlite(),
        found: found.map_or_else(|| "none".to_owned(), |version| version.to_string()),
        command: command.to_owned(),
    }
}
