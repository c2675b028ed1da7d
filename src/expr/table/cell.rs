//! A cell: constant tests of one input.
//! Invariant: its values were evaluated when the table was read, so it can be compared with other cells and cannot fail but by kind.

use std::mem::discriminant;

use super::super::ast::{Ast, Comparison, Test, TestKind};
use super::super::eval::Evaluation;
use super::super::{EvalError, ExprError, Value, arith, names, parse};
use crate::source::Place;

/// A cell of a row.
#[derive(Debug)]
pub(super) struct Cell {
    source: String,
    /// Where it stands.
    pub(super) at: Place,
    checks: Vec<Check>,
    /// Some cell of its column says `null`, so null is an answer there and not a mismatch.
    pub(super) knows_null: bool,
}

/// A constant test.
#[derive(Debug)]
pub(super) enum Check {
    Any,
    Compare(Comparison, Value),
    Interval { low: Value, with_low: bool, high: Value, with_high: bool },
    OneOf(Vec<Value>),
    Not(Vec<Check>),
}

impl Cell {
    /// Reads a cell.
    ///
    /// # Errors
    /// Every mistake of its text; a name in it is one, because text stands in quotes and cells are constants.
    pub(super) fn parse(source: &str, at: Place) -> Result<Self, Vec<ExprError>> {
        let tests = parse::cell(source)?;
        let named = names::first_name(&tests);
        if let Some((span, name)) = named {
            let zh = format!("期望常量（文字写在双引号内，如 `\"{name}\"`），实际 `{name}`");
            return Err(vec![ExprError { span, zh, en: format!("expected a constant (a text is written in double quotes, `\"{name}\"`), found `{name}`") }]);
        }
        let nothing = Value::Context(std::collections::BTreeMap::new());
        let constant = |evaluation: &mut Evaluation<'_>| tests.iter().map(|test| check(evaluation, test)).collect::<Result<Vec<_>, _>>();
        let checks = Evaluation::over(&nothing, &(0..source.len())).and_then(|mut evaluation| constant(&mut evaluation));
        let checks = checks.map_err(|error| vec![ExprError { span: error.span, zh: error.zh, en: error.en }])?;
        Ok(Self { source: source.to_owned(), at, checks, knows_null: false })
    }

    /// As its author wrote it.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is a dash.
    pub(super) fn asks_nothing(&self) -> bool {
        self.checks.iter().any(|check| matches!(check, Check::Any))
    }

    /// Its tests; one that holds is enough.
    pub(super) fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The constants it compares with.
    pub(super) fn constants(&self) -> Vec<&Value> {
        let mut constants = Vec::new();
        self.checks.iter().for_each(|check| check.constants(&mut constants));
        constants
    }

    /// Whether `value` passes.
    ///
    /// # Errors
    /// The value is of another kind than the cell's.
    pub(super) fn holds(&self, value: &Value) -> Result<bool, (String, String)> {
        for check in &self.checks {
            if check.holds(value, self.knows_null).map_err(|error| (error.zh, error.en))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Check {
    fn constants<'c>(&'c self, constants: &mut Vec<&'c Value>) {
        match self {
            Self::Any => {}
            Self::Compare(_, value) => constants.push(value),
            Self::Interval { low, high, .. } => constants.extend([low, high]),
            Self::OneOf(values) => constants.extend(values),
            Self::Not(checks) => checks.iter().for_each(|check| check.constants(constants)),
        }
    }

    fn holds(&self, value: &Value, knows_null: bool) -> Result<bool, EvalError> {
        let compare = |comparison, other: &Value| {
            let differs_in_null = (*value == Value::Null) != (*other == Value::Null);
            if knows_null && differs_in_null {
                return Ok(comparison == Comparison::NotEqual);
            }
            arith::compare(&(0..0), value, comparison, other)
        };
        match self {
            Self::Any => Ok(true),
            Self::Compare(comparison, other) => compare(*comparison, other),
            Self::Interval { low, with_low, high, with_high } => {
                let above = if *with_low { Comparison::GreaterOrEqual } else { Comparison::Greater };
                let below = if *with_high { Comparison::LessOrEqual } else { Comparison::Less };
                Ok(compare(above, low)? && compare(below, high)?)
            }
            Self::OneOf(values) => {
                for other in values {
                    if compare(Comparison::Equal, other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(checks) => {
                for check in checks {
                    if check.holds(value, knows_null)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}

/// A test with its constants evaluated.
fn check(evaluation: &mut Evaluation<'_>, test: &Test) -> Result<Check, EvalError> {
    let mut constant = |ast: &Ast| evaluation.value(ast);
    match &test.kind {
        TestKind::Any => Ok(Check::Any),
        TestKind::Compare(comparison, value) => {
            let value = constant(value)?;
            // A comparison with itself fails for kinds that have no order.
            arith::compare(&test.span, &value, *comparison, &value)?;
            Ok(Check::Compare(*comparison, value))
        }
        TestKind::Equal(value) => match constant(value)? {
            Value::List(values) => Ok(Check::OneOf(values)),
            value => Ok(Check::OneOf(vec![value])),
        },
        TestKind::Interval(interval) => {
            let (low, high) = (constant(&interval.low)?, constant(&interval.high)?);
            let order = arith::order(&test.span, &low, &high)?;
            if order.is_gt() || (order.is_eq() && !(interval.with_low && interval.with_high)) {
                return Err(EvalError::new(&test.span, "期望下限小于上限的区间", "expected an interval whose low end is below its high end"));
            }
            Ok(Check::Interval { low, with_low: interval.with_low, high, with_high: interval.with_high })
        }
        TestKind::Not(tests) => tests.iter().map(|test| check(evaluation, test)).collect::<Result<_, _>>().map(Check::Not),
    }
}

/// Whether two constants can stand in one column.
pub(super) fn same_kind(left: &Value, right: &Value) -> bool {
    *left == Value::Null || *right == Value::Null || discriminant(left) == discriminant(right)
}
