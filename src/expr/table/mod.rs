//! Decision tables.

/// A decision table.
#[derive(Clone, Debug)]
pub struct Table {}

/// What a table comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub output: String,
    /// The row that hit, from 1.
    pub row: usize,
    /// Why, in one sentence.
    pub why: String,
}
