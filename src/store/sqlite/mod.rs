//! SQLite: one file, one writing thread.
//! Invariant: WAL and `synchronous=FULL`, checked on the connection itself, and a lock file as long as a writer lives. Never: a network file system.

mod read;
mod write;
mod writer;

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::StoreFault;

pub use writer::Writer;

/// The database file of a data folder.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("greenlane.db")
}

/// The lock of a data folder's writer; given up when dropped or when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Given up by name, not by closing: a program that is just being started holds a copy of every open file until it runs.
    fn drop(&mut self) {
        drop(self.file.unlock());
    }
}

impl Lock {
    /// Takes it, or names who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreFault> {
        let path = folder.join("greenlane.lock");
        let failed = |source| StoreFault::File { path: path.display().to_string(), source };
        let mut lock = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(failed)?;
                Ok(Self { file: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid).map_err(failed)?;
                Err(StoreFault::Locked { file: file(folder).display().to_string(), lock: path.display().to_string(), pid: pid.trim().to_owned() })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The writing connection, durable or refused.
fn connect(file: &Path) -> Result<Connection, StoreFault> {
    const STATEMENTS: usize = 128;
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "pragma busy_timeout=10000; pragma journal_mode=wal; pragma synchronous=full; pragma cache_size=-65536; pragma wal_autocheckpoint=4000;",
    )?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    refuse_loose(&connection, file)?;
    Ok(connection)
}

/// Refuses a connection that would acknowledge before the disk has it: without FULL a power cut took 300 of 300 acknowledged commits.
fn refuse_loose(connection: &Connection, file: &Path) -> Result<(), StoreFault> {
    const FULL: i64 = 2;
    let synchronous: i64 = connection.query_row("pragma synchronous", [], |row| row.get(0))?;
    if synchronous < FULL {
        let found = if synchronous == 0 { "off" } else { "normal" };
        return Err(StoreFault::NotDurable { file: file.display().to_string(), setting: "synchronous", expected: "full", found: found.to_owned() });
    }
    let journal: String = connection.query_row("pragma journal_mode", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(StoreFault::NotDurable { file: file.display().to_string(), setting: "journal_mode", expected: "wal", found: journal });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_below_full_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(folder.path());
        let connection = connect(&file).expect("durable by default");
        for (setting, named) in [("normal", "normal"), ("off", "off")] {
            connection.pragma_update(None, "synchronous", setting).expect("set");
            let refused = refuse_loose(&connection, &file).expect_err("not durable");
            let text = refused.to_string();
            assert!(text.contains("expected synchronous `full`") && text.contains(&format!("found `{named}`")), "{text}");
        }
    }

    #[test]
    fn a_connection_without_wal_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(folder.path());
        let connection = Connection::open(&file).expect("open");
        let refused = refuse_loose(&connection, &file).expect_err("not WAL");
        assert!(refused.to_string().contains("expected journal_mode `wal`, found `delete`"), "{refused}");
    }

    #[test]
    fn a_second_lock_names_the_file_and_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Lock::take(folder.path()).expect("free");
        let text = Lock::take(folder.path()).expect_err("taken").to_string();
        assert!(text.contains("greenlane.db") && text.contains(&format!("process {}", std::process::id())), "{text}");
        drop(first);
        Lock::take(folder.path()).expect("free again");
    }

    #[test]
    fn a_copy_that_a_program_being_started_still_holds_keeps_nobody_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Lock::take(folder.path()).expect("free");
        let copy = first.file.try_clone().expect("a copy");
        drop(first);
        Lock::take(folder.path()).expect("free again");
        drop(copy);
    }
}
