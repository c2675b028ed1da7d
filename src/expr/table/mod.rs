//! Decision tables.

use std::collections::BTreeSet;

use super::{EvalError, Value};

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

impl Table {
    /// The names it reads from outside.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// The row that hits over `roots`.
    ///
    /// # Errors
    /// A table without rows hits nothing.
    pub fn eval(&self, _roots: &Value) -> Result<Verdict, EvalError> {
        Err(EvalError::new(&(0..0), "决策表没有一行适用", "no row of the table hits"))
    }
}
