//! Everything that is tested from outside the crate, in one binary: each area is a module, `tests/run` counts them one by one.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, and helpers outside #[test] are tests too")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test prints what it measured; whether one does depends on the area")]

mod accounts;
mod api;
mod apply;
mod audit;
mod book;
mod browser;
mod calendar;
mod calendars;
mod casework;
mod definition;
mod delivery;
mod engine;
mod expr;
mod forms;
mod fuzz;
mod jobs;
mod land;
mod notice;
mod opening;
mod orders;
mod pg;
mod plans;
mod reasons;
mod reports;
mod scenarios;
mod seeds;
mod signals;
mod sms;
mod smtp;
mod smtp_sink;
mod spine;
mod store;
mod storm;
mod tables;
mod tamper;
mod tidy;
mod told;
mod unlucky;
mod watch;
mod webhooks;
mod year;
