//! A thousand notices through whatever can go wrong on their way: none lost, none recorded twice, and what arrived twice arrived under one id.
//! Invariant: what the other side took is held against the record in both directions. Never: a failure that a test only hopes for; each is planned and counted.

mod crash;
pub mod faults;
mod folds;
mod verdict;
