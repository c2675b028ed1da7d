//! PostgreSQL: the writer's connection, its one statement, and the rights of the two roles.
//! Invariant: a writer owns its connection and no future of a request ever holds it. Never: another tenant's rows to a reader.

mod ledger;
mod load;
pub(super) mod roles;
mod statement;
mod writer;

pub use writer::Writer;
