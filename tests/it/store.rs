//! The store's one suite: every case runs on SQLite and on PostgreSQL. Invariant: what a case says of one database it says of the other.

mod access;
mod accounts;
mod commits;
mod drafts;
mod files;
mod fixture;
mod hooks;
mod jobs;
mod opening;
mod orders;
mod outbox;
mod reads;
mod registers;
mod sealing;
mod search;
mod signals;
mod terms;
mod walks;
