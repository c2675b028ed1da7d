//! Working time: holidays and make-up days, terms, suspensions, and the day-by-day explanation.

use serde::{Deserialize, Serialize};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 工作日.
    Working,
    /// 自然日.
    Calendar,
}

/// A length of time, such as 20 working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub days: u32,
    /// Of what.
    pub unit: Unit,
}

/// A working calendar.
#[derive(Clone, Debug, Default)]
pub struct Calendar {}
