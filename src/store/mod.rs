//! One unit of work over SQLite or PostgreSQL, and the reads of everything else.
//! Invariant: everything a command changes is written in one transaction by a `Writer`. Never: a decision; the store keeps what it is given.

mod dialect;
mod fault;
mod migrate;
mod open;
mod postgres;
pub mod rows;
mod sqlite;
pub mod topics;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{PgPool, SqlitePool};

use crate::secret::Secret;

pub use fault::{StoreFault, WriteFault};
pub use topics::accounts::{AccountRow, PostingView, WaitingView};
pub use topics::cases::{ActView, CaseFilter, DocumentView};
pub use topics::credentials::{LinkPurpose, LinkRow, PasswordChange, ResetAsk, TryRule};
pub use topics::drafts::DraftRow;
pub use topics::files::FileRow;
pub use topics::hooks::{ClaimTexts, ClaimedHook, DueHook, HookTry, ParkedHook};
pub use topics::inbox::{Held, Inbox, InboxCount, InboxCursor, InboxTask, Late, Seat};
pub use topics::jobs::{FetchedJob, JobFilter, JobState, JobView, Wanted};
pub use topics::lights::{LightCount, Lit, LitCursor, Looked};
pub use topics::log::{CheckpointRow, LogRow, Sealing, TileRow, Unsealed};
pub use topics::orders::{DraftedOrder, OrderKey};
pub use topics::outbox::{Attempt, ClaimedNotice, NoticeView};
pub use topics::queue::{CalledMessage, NoticeFilter, NoticeReceipt, NoticeState};
pub use topics::quota::{PlaceView, PostedView, WaitingSum};
pub use topics::record::{FoundAct, Searched};
pub use topics::registry::{RegistryEntry, TokenRow};
pub use topics::search::CaseSearch;
pub use topics::sessions::SessionRow;
pub use topics::signals::SignalRow;
pub use topics::stats::Stats;
pub use topics::terms::{TermLooked, TermView};
pub use topics::walk::{CasePlace, WalkedAct, WalkedBody, WalkedTables};
pub use writer::{LoadedCase, StoredReceipt, Writer};

/// Where the data lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A folder with one SQLite file: one node.
    Sqlite(PathBuf),
    /// A PostgreSQL database, reached as two roles that own nothing: any number of nodes.
    Postgres {
        /// The role that writes.
        writer_url: String,
        /// The role that reads under row-level security.
        reader_url: String,
    },
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => f.debug_tuple("Sqlite").field(folder).finish(),
            // An address may hold a password.
            Self::Postgres { .. } => f.write_str("Postgres(…)"),
        }
    }
}

/// An open database, checked. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Arc<Pools>,
}

#[derive(Debug)]
enum Pools {
    Sqlite(SqlitePools),
    Postgres(PostgresPools),
}

/// SQLite: readers beside one writing connection for the workers; `gate` lets it and the lane take turns.
#[derive(Debug)]
struct SqlitePools {
    folder: PathBuf,
    readers: SqlitePool,
    worker: SqlitePool,
    gate: Arc<tokio::sync::Mutex<()>>,
}

/// PostgreSQL: readers see one tenant at a time; workers write as the writer does.
#[derive(Debug)]
struct PostgresPools {
    writer_url: Secret,
    readers: PgPool,
    workers: PgPool,
}
