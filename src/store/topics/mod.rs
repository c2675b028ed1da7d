//! Reads, and what workers write of their own: a file per topic, one text for both databases.
//! Invariant: a read of a tenant's rows names its tenant in the statement, and row-level security holds it to that on PostgreSQL. Never: an unbounded answer.

pub mod accounts;
pub mod cases;
pub mod credentials;
pub mod drafts;
pub mod files;
pub mod fold;
pub mod hooks;
pub mod inbox;
pub mod jobs;
pub(in crate::store) mod lapsed;
pub mod lights;
pub mod log;
pub mod orders;
pub mod outbox;
pub mod queue;
pub mod quota;
pub mod record;
pub mod registry;
pub mod search;
pub mod sessions;
pub mod signals;
pub mod stats;
pub mod terms;
pub mod walk;
