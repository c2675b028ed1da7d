//! What differs between the two databases, in one place.
//! Invariant: a statement that reads the same on both is written once, with `$1`. Never: a value of a person inside a statement's text.

/// Runs `$body` on whichever connection is there; rows decode through `FromRow`, which is generic over both.
macro_rules! on_both {
    ($connection:expr, $c:ident => $body:expr) => {
        match $connection {
            $crate::store::dialect::Connection::Sqlite($c, _gate) => $body,
            $crate::store::dialect::Connection::Postgres($c) => $body,
        }
    };
}
pub(super) use on_both;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor, Postgres, Sqlite};

use super::{Pools, Store, StoreFault};
use crate::ids::Tenant;

/// A borrowed connection; on SQLite a writing one comes with its turn at the gate.
pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>, Option<tokio::sync::OwnedMutexGuard<()>>),
    Postgres(PoolConnection<Postgres>),
}

/// `for update skip locked`, where there are locks to skip.
pub(super) fn skip_locked(connection: &Connection) -> &'static str {
    match connection {
        Connection::Sqlite(..) => "",
        Connection::Postgres(_) => " for update skip locked",
    }
}

/// Whether the bytes of a column hold those of a parameter.
pub(super) fn contains_bytes(connection: &Connection, column: &str, parameter: &str) -> String {
    match connection {
        Connection::Sqlite(..) => format!("instr({column}, {parameter}) > 0"),
        Connection::Postgres(_) => format!("position({parameter}::bytea in {column}) > 0"),
    }
}

/// Deletes the oldest receipts: a SQLite heap lies in the order it was written, PostgreSQL has a block range index on the age.
pub(super) fn oldest_receipts(connection: &Connection) -> &'static str {
    match connection {
        Connection::Sqlite(..) => "delete from receipts where at < $1 and rowid in (select rowid from receipts order by rowid limit $2)",
        Connection::Postgres(_) => "delete from receipts where ctid in (select ctid from receipts where at < $1 limit $2)",
    }
}

impl Store {
    /// A connection that sees one tenant: on PostgreSQL inside a read-only transaction under row-level security, which the pool rolls back when the connection comes home.
    pub(super) async fn reader(&self, tenant: Tenant) -> Result<Connection, StoreFault> {
        match &*self.pools {
            Pools::Sqlite(pools) => Ok(Connection::Sqlite(pools.readers.acquire().await?, None)),
            Pools::Postgres(pools) => {
                let mut connection = pools.readers.acquire().await?;
                // The tenant is a number of ours, so it may stand in the text; one round trip instead of two.
                let begin = format!("begin isolation level repeatable read read only; set local greenlane.tenant = '{}'", tenant.0);
                connection.execute(AssertSqlSafe(begin)).await?;
                Ok(Connection::Postgres(connection))
            }
        }
    }

    /// A connection for what belongs to no tenant: workers' scans, the log, start-up.
    pub(super) async fn everywhere(&self) -> Result<Connection, StoreFault> {
        match &*self.pools {
            Pools::Sqlite(pools) => Ok(Connection::Sqlite(pools.readers.acquire().await?, None)),
            Pools::Postgres(pools) => Ok(Connection::Postgres(pools.workers.acquire().await?)),
        }
    }

    /// A connection in a writing transaction for a worker's own rows. `finish` commits it; dropped, it rolls back.
    pub(super) async fn worker(&self) -> Result<Connection, StoreFault> {
        match &*self.pools {
            Pools::Sqlite(pools) => {
                let gate = pools.gate.clone().lock_owned().await;
                let mut connection = pools.worker.acquire().await?;
                connection.execute("begin immediate").await?;
                Ok(Connection::Sqlite(connection, Some(gate)))
            }
            Pools::Postgres(pools) => {
                let mut connection = pools.workers.acquire().await?;
                connection.execute("begin").await?;
                Ok(Connection::Postgres(connection))
            }
        }
    }
}

impl Connection {
    /// Commits what `worker` began.
    pub(super) async fn finish(mut self) -> Result<(), StoreFault> {
        on_both!(&mut self, c => { (&mut **c).execute("commit").await?; });
        Ok(())
    }
}
