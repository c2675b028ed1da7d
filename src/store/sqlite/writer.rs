//! The writer of a SQLite file. Invariant: it holds the lock file, and the gate while it is in a transaction. Never: a wait for another connection's write without the gate.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Lock;
use crate::store::{StoreFault, WriteFault};

/// The one writer of a file.
#[derive(Debug)]
pub struct Writer {
    pub(super) connection: Connection,
    gate: Arc<Mutex<()>>,
    turn: Option<OwnedMutexGuard<()>>,
    _lock: Lock,
}

impl Writer {
    /// Opens it; refused while another has the file.
    pub(in crate::store) fn open(folder: &Path, gate: Arc<Mutex<()>>) -> Result<Self, StoreFault> {
        let lock = Lock::take(folder)?;
        let connection = super::connect(&super::file(folder))?;
        Ok(Self { connection, gate, turn: None, _lock: lock })
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<(), StoreFault> {
        if self.turn.is_some() {
            // Somebody left a transaction open on the way out of a fault.
            self.rollback()?;
        }
        // The gate is fair: a worker with a small write is let in between two batches, where SQLite's own busy handler would starve it.
        let turn = self.gate.clone().lock_owned().await;
        self.run("begin immediate")?;
        self.turn = Some(turn);
        Ok(())
    }

    pub(in crate::store) fn commit(&mut self) -> Result<(), WriteFault> {
        self.run("commit")?;
        self.turn = None;
        Ok(())
    }

    pub(in crate::store) fn rollback(&mut self) -> Result<(), StoreFault> {
        if !self.connection.is_autocommit() {
            self.run("rollback")?;
        }
        self.turn = None;
        Ok(())
    }

    fn run(&self, statement: &str) -> Result<(), rusqlite::Error> {
        self.connection.prepare_cached(statement)?.execute([])?;
        Ok(())
    }
}
