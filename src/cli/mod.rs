//! The command line: one file per verb.

pub mod calendar;
pub mod check;
pub mod draw;
