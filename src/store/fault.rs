//! What can go wrong below the rules. Invariant: a fault is never an answer to a person; `app` turns it into one sentence and a log line.

/// The database or its contents failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// SQLite would acknowledge before the disk has it.
    #[error("cannot use {file}: expected {setting} `{expected}`, found `{found}`; a power cut would lose acknowledged acts")]
    NotDurable {
        /// The file.
        file: String,
        /// The pragma.
        setting: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// Another process writes to this SQLite file.
    #[error("cannot write to {file}: process {pid} already does (lock file {lock}); stop it first")]
    Locked {
        /// The database file.
        file: String,
        /// The lock file.
        lock: String,
        /// Who holds it.
        pid: String,
    },
    /// A PostgreSQL role may do more than it should.
    #[error("cannot use role `{role}` as {used_as}: it {right}; give it only the rights `greenlane migrate --owner-url` grants")]
    Role {
        /// The role.
        role: String,
        /// `writer` or `reader`.
        used_as: &'static str,
        /// The right too many.
        right: String,
    },
    /// The tables are older or newer than this program.
    #[error("cannot use {database}: expected schema version {expected}, found {found}; run `{command}`")]
    Schema {
        /// The database.
        database: String,
        /// The version this program has.
        expected: i64,
        /// The version found, or `none`.
        found: String,
        /// What to run.
        command: String,
    },
    /// A URL or a name the store cannot use.
    #[error("cannot use {what}: {why}")]
    Setting {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// A stored row does not read back.
    #[error("cannot read a row of {table}: {why}")]
    Broken {
        /// The table.
        table: &'static str,
        /// Why.
        why: String,
    },
    /// A file or folder.
    #[error("cannot open {path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// PostgreSQL, or SQLite through a pool.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Migrations.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// SQLite, on the lane's own connection.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Why a commit was not written. After each of these the transaction is over or must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// Somebody else was first: a receipt's key, a number, a serialisation failure or a deadlock. Load again and retry.
    #[error("a concurrent commit was first: {0}")]
    Conflict(String),
    /// An account would have gone below zero.
    #[error("an account would go below zero: {0}")]
    Check(String),
    /// The database failed; whether the commit happened may be unknown.
    #[error(transparent)]
    Fault(#[from] StoreFault),
}

impl From<rusqlite::Error> for WriteFault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        if let rusqlite::Error::SqliteFailure(code, ref text) = error {
            let text = text.clone().unwrap_or_default();
            match code.extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                    return Self::Conflict(text);
                }
                ffi::SQLITE_CONSTRAINT_CHECK if text.contains("accounts_") => return Self::Check(text),
                // Any other code is the database's own trouble.
                _ => {}
            }
        }
        Self::Fault(StoreFault::Sqlite(error))
    }
}

impl From<sqlx::Error> for WriteFault {
    fn from(error: sqlx::Error) -> Self {
        const SERIALIZATION_FAILURE: &str = "40001";
        const DEADLOCK: &str = "40P01";
        const UNIQUE: &str = "23505";
        const CHECK: &str = "23514";
        if let sqlx::Error::Database(ref found) = error {
            match found.code().as_deref() {
                Some(SERIALIZATION_FAILURE | DEADLOCK | UNIQUE) => {
                    return Self::Conflict(found.message().to_owned());
                }
                Some(CHECK) if found.constraint().is_some_and(|name| name.starts_with("accounts_")) => return Self::Check(found.message().to_owned()),
                Some(_) | None => {}
            }
        }
        Self::Fault(StoreFault::Database(error))
    }
}
