//! Guards and decision tables: a strict FEEL subset, bounded and explained.

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expr {}

/// A decision table.
#[derive(Clone, Debug)]
pub struct Table {}
