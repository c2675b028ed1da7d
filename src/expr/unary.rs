//! Tests of a value against the right side of `in` or a cell.

use super::ast::{Ast, Comparison, Kind, Test, TestKind};
use super::eval::Evaluation;
use super::{EvalError, Value, arith};

impl Evaluation<'_> {
    /// Whether one of `tests` holds for `value`.
    pub(super) fn any_holds(&mut self, value: &Value, tests: &[Test]) -> Result<bool, EvalError> {
        for test in tests {
            if self.holds(value, test)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(&mut self, value: &Value, test: &Test) -> Result<bool, EvalError> {
        self.step(&test.span)?;
        match &test.kind {
            TestKind::Any => Ok(true),
            TestKind::Compare(comparison, limit) => {
                let limit_value = self.value(limit)?;
                compare_with_null(test, value, *comparison, limit, &limit_value)
            }
            TestKind::Interval(interval) => {
                let (low, high) = (self.value(&interval.low)?, self.value(&interval.high)?);
                let above = if interval.with_low { Comparison::GreaterOrEqual } else { Comparison::Greater };
                let below = if interval.with_high { Comparison::LessOrEqual } else { Comparison::Less };
                let (above, below) = (arith::compare(&test.span, value, above, &low)?, arith::compare(&test.span, value, below, &high)?);
                Ok(above && below)
            }
            TestKind::Equal(other) => {
                let other_value = self.value(other)?;
                if let (Value::List(items), false) = (&other_value, matches!(value, Value::List(_))) {
                    return self.contains(&test.span, items, value);
                }
                compare_with_null(test, value, Comparison::Equal, other, &other_value)
            }
            TestKind::Not(tests) => self.any_holds(value, tests).map(|holds| !holds),
        }
    }
}

/// Null is compared only with a `null` the author wrote.
fn compare_with_null(test: &Test, value: &Value, comparison: Comparison, written: &Ast, other: &Value) -> Result<bool, EvalError> {
    if matches!(written.kind, Kind::Null) && matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        return Ok((*value == Value::Null) == (comparison == Comparison::Equal));
    }
    arith::compare(&test.span, value, comparison, other)
}
