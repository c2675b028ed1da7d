//! Exports: the record in forms that others read without this program.
//! Invariant: an export is made from rows it is handed, the same rows giving the same bytes. Never: a query or a file opened.

pub mod frozen;
pub mod ics;
pub mod ledger;
pub mod log;
pub mod safe;
pub mod xlsx;
