//! Guards and decision tables: a strict FEEL subset on decimals, bounded and explained.
//! Invariant: parsing and evaluating any input ends within the bounds of `limits`, with a value or with sentences and places.
//! Never: a silent null, a float, a name read from anywhere but the roots it is given.
//!
//! What differs from FEEL, on purpose: both sides of a comparison are of one kind, or it is an error (`= null` alone asks for a value);
//! a key that is not there is an error, and `is defined(form.x)` asks; in a filter the item is always called `item`
//! (`form.sources[item.kind = "loan"].amount`), so that what an expression reads from outside can be told from its text;
//! `list[2]` and `list[-1]` are written with a literal; a key that is no name stands in backticks (`` `land-quota`.outcome ``); a duration is of days and hours or of years and months, in whole seconds or months.
//! The author's reference, with every difference, is `workflows/README.md`.
//!
//! ```
//! use greenlane::expr::{Value, parse};
//!
//! let form = Value::from_json(&serde_json::json!({"area_m2": 50_000, "start": "2025-07-01"}));
//! let guard = parse("form.area_m2 in [1..100000] and date(form.start) - date(\"2025-03-03\") > duration(\"P90D\")").unwrap();
//! assert_eq!(guard.holds(&Value::context([("form", form)])), Ok(true));
//! assert_eq!(parse("form.area_m2 == 3").unwrap_err()[0].en, "expected `=`, found `==`");
//! ```

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

mod arith;
mod ast;
mod builtin;
mod duration;
mod eval;
mod lex;
mod names;
mod parse;
mod path;
pub mod table;
mod types;
mod unary;
mod value;

pub use table::{Table, Verdict};
pub use types::Type;
pub use value::{Value, civil_date};

/// A parsed expression; cloning shares it.
#[derive(Clone)]
pub struct Expr {
    source: Arc<str>,
    ast: Arc<ast::Ast>,
}

/// A mistake in the text of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// The bytes it covers.
    pub span: Range<usize>,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
    /// The bytes of the source that could not be evaluated.
    pub span: Range<usize>,
}

impl EvalError {
    fn new(span: &Range<usize>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into(), span: span.clone() }
    }
}

/// The names of the built-in functions, for a reference that leaves none out.
pub fn functions() -> impl Iterator<Item = &'static str> {
    builtin::names()
}

/// Parses an expression.
///
/// # Errors
/// Every mistake found, in the order of the text.
pub fn parse(source: &str) -> Result<Expr, Vec<ExprError>> {
    let ast = parse::expression(source)?;
    Ok(Expr { source: source.into(), ast: Arc::new(ast) })
}

impl Expr {
    /// The text it was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it reads from outside: `form`, `case`, a step's key.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<String> {
        self.paths().into_iter().filter_map(|path| path.into_iter().next()).collect()
    }

    /// The paths it reads from outside, root first. A variable bound to a path stands for it: `some s in form.sources satisfies s.amount > 0` reads `form.sources.amount`.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<String>> {
        names::paths(&self.ast)
    }

    /// Its value over `roots`, a context.
    ///
    /// # Errors
    /// A missing key, a mismatch of kinds, a division by zero, a bound: with the place in the source.
    pub fn eval(&self, roots: &Value) -> Result<Value, EvalError> {
        eval::evaluate(&self.ast, roots).map_err(|error| self.named(error))
    }

    /// Its value, which must be true or false.
    ///
    /// # Errors
    /// As `eval`, and when the value is anything but true or false.
    pub fn holds(&self, roots: &Value) -> Result<bool, EvalError> {
        match self.eval(roots)? {
            Value::Bool(flag) => Ok(flag),
            other => {
                let (zh, en) = (format!("期望 true 或 false，实际是{}", other.kind().0), format!("expected true or false, found {}", other.kind().1));
                Err(self.named(EvalError::new(&(0..self.source.len()), zh, en)))
            }
        }
    }

    /// Adds what could not be evaluated, so that the sentence stands alone.
    fn named(&self, mut error: EvalError) -> EvalError {
        let excerpt = crate::source::shortened(self.source.get(error.span.clone()).unwrap_or(&self.source));
        error.zh.push_str(&format!("（在 `{excerpt}`）"));
        error.en.push_str(&format!(" (in `{excerpt}`)"));
        error
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({:?})", self.source)
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
