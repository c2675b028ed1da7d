//! One unit of work over SQLite or PostgreSQL.
//! Invariant: everything a command changes is written in one transaction by a `Writer`. Never: a decision; the store keeps what it is given.

pub mod rows;
