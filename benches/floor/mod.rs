//! The floor: the case by hand in SQL. No model, no permissions, no record that could be verified: what the disk and the database ask for alone.
//! Invariant: one transaction a command (or a batch of them), acknowledged after its commit. Never: anything of ours.

pub mod postgres;
pub mod sqlite;

use serde_json::{Value, json};

/// Who does everything.
const OFFICER: &str = "officer-03";
/// Offices the tasks fall to.
const OFFICES: i64 = 20;
/// How often a list is read.
const READS: i64 = 5_000;

/// A submission of about 2 KB.
pub fn submission() -> Value {
    json!({ "project": "葛店物流园二期", "applicant": "Gedian Logistics Park", "area_m2": 41_250, "invested_fen": 1_234_567_800_i64, "remarks": "the project is listed. ".repeat(80) })
}

/// What a completed task says.
pub fn opinion() -> Value {
    json!({ "outcome": "approved", "opinion": "documents complete", "score": 7 })
}
