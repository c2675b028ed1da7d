//! Comparison and arithmetic of two values.
//! Invariant: both sides are of one kind, or the answer is an error; decimals are exact or an error.

use std::cmp::Ordering;
use std::ops::Range;

use chrono::{Datelike as _, Days, Months};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::ast::{Comparison, Operator};
use super::duration::DAY;
use super::value::YEARS;
use super::{EvalError, Value};
use crate::limits::{EXPR_LIST_ITEMS_MAX, EXPR_TEXT_BYTES_MAX};

/// Compares two values.
pub(super) fn compare(span: &Range<usize>, left: &Value, comparison: Comparison, right: &Value) -> Result<bool, EvalError> {
    match comparison {
        Comparison::Equal => equal(span, left, right),
        Comparison::NotEqual => equal(span, left, right).map(|same| !same),
        Comparison::Less => order(span, left, right).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(span, left, right).map(Ordering::is_le),
        Comparison::Greater => order(span, left, right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(span, left, right).map(Ordering::is_ge),
    }
}

/// Whether two values of one kind are the same.
pub(super) fn equal(span: &Range<usize>, left: &Value, right: &Value) -> Result<bool, EvalError> {
    if std::mem::discriminant(left) == std::mem::discriminant(right) { Ok(left == right) } else { Err(mismatch(span, left, right)) }
}

/// Which of two values of one ordered kind comes first.
pub(super) fn order(span: &Range<usize>, left: &Value, right: &Value) -> Result<Ordering, EvalError> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Ok(left.cmp(right)),
        (Value::Seconds(left), Value::Seconds(right)) | (Value::Months(left), Value::Months(right)) => Ok(left.cmp(right)),
        (left, right) if std::mem::discriminant(left) == std::mem::discriminant(right) => {
            let (zh, en) = left.kind();
            Err(EvalError::new(
                span,
                format!("期望可以排序的值（数、文字、日期、时长），实际是{zh}"),
                format!("expected values that have an order, found {en}"),
            ))
        }
        (left, right) => Err(mismatch(span, left, right)),
    }
}

fn mismatch(span: &Range<usize>, left: &Value, right: &Value) -> EvalError {
    let ((zh_left, en_left), (zh_right, en_right)) = (left.kind(), right.kind());
    EvalError::new(span, format!("期望两边是同一类值，实际是{zh_left}和{zh_right}"), format!("expected two values of one kind, found {en_left} and {en_right}"))
}

/// Adds, subtracts, multiplies, divides.
pub(super) fn calculate(span: &Range<usize>, left: Value, operator: Operator, right: Value) -> Result<Value, EvalError> {
    use Operator::{Divide, Minus, Plus, Times};
    match (left, operator, right) {
        (Value::Number(left), operator, Value::Number(right)) => numbers(span, left, operator, right).map(Value::Number),
        (Value::Text(mut left), Plus, Value::Text(right)) => {
            left.push_str(&right);
            text(span, left)
        }
        (Value::Date(date), Plus, length @ (Value::Seconds(_) | Value::Months(_)))
        | (length @ (Value::Seconds(_) | Value::Months(_)), Plus, Value::Date(date)) => shift(span, date, &length, 1),
        (Value::Date(date), Minus, length @ (Value::Seconds(_) | Value::Months(_))) => shift(span, date, &length, -1),
        (Value::Date(left), Minus, Value::Date(right)) => Ok(Value::Seconds(left.signed_duration_since(right).num_seconds())),
        (Value::Seconds(left), operator, right @ (Value::Seconds(_) | Value::Number(_))) => lengths(span, left, operator, &right, Value::Seconds),
        (Value::Months(left), operator, right @ (Value::Months(_) | Value::Number(_))) => lengths(span, left, operator, &right, Value::Months),
        (left @ Value::Number(_), Times, Value::Seconds(right)) => lengths(span, right, Times, &left, Value::Seconds),
        (left @ Value::Number(_), Times, Value::Months(right)) => lengths(span, right, Times, &left, Value::Months),
        (left, Plus | Minus | Times | Divide, right) => Err(cannot(span, &left, operator, &right)),
    }
}

fn numbers(span: &Range<usize>, left: Decimal, operator: Operator, right: Decimal) -> Result<Decimal, EvalError> {
    if operator == Operator::Divide && right.is_zero() {
        return Err(EvalError::new(span, "期望不为零的除数，实际是 0", "expected a divisor other than zero, found 0"));
    }
    let result = match operator {
        Operator::Plus => left.checked_add(right),
        Operator::Minus => left.checked_sub(right),
        Operator::Times => left.checked_mul(right),
        // A quotient carries as many zeros as the division needed; nobody wrote them.
        Operator::Divide => left.checked_div(right).map(|quotient| quotient.normalize()),
    };
    result.ok_or_else(|| overflow(span))
}

/// Two lengths of one unit, or a length and a number. The result is whole: half a second and half a month are nobody's term.
fn lengths(span: &Range<usize>, left: i64, operator: Operator, right: &Value, of: fn(i64) -> Value) -> Result<Value, EvalError> {
    let whole = |number: Decimal| {
        let inexact = || {
            let (zh, en) = ("期望整秒或整月的时长，实际得出零头", "expected a duration of whole seconds or months, found a fraction");
            EvalError::new(span, zh, en)
        };
        if number.is_integer() { number.to_i64().map(of).ok_or_else(|| overflow(span)) } else { Err(inexact()) }
    };
    match (operator, right) {
        (Operator::Plus, Value::Seconds(right) | Value::Months(right)) => left.checked_add(*right).map(of).ok_or_else(|| overflow(span)),
        (Operator::Minus, Value::Seconds(right) | Value::Months(right)) => left.checked_sub(*right).map(of).ok_or_else(|| overflow(span)),
        (Operator::Divide, Value::Seconds(right) | Value::Months(right)) => numbers(span, left.into(), Operator::Divide, (*right).into()).map(Value::Number),
        (Operator::Times | Operator::Divide, Value::Number(right)) => whole(numbers(span, left.into(), operator, *right)?),
        (operator, right) => Err(cannot(span, &of(left), operator, right)),
    }
}

/// A civil date moves by whole days, or by months to the same day or the last one of a shorter month.
fn shift(span: &Range<usize>, date: chrono::NaiveDate, length: &Value, sign: i64) -> Result<Value, EvalError> {
    let moved = match length {
        Value::Months(months) => {
            let (months, ahead) = (u32::try_from(months.unsigned_abs()).ok().map(Months::new), months.checked_mul(sign).is_some_and(|moved| moved >= 0));
            months.and_then(|months| if ahead { date.checked_add_months(months) } else { date.checked_sub_months(months) })
        }
        Value::Seconds(seconds) if seconds % DAY == 0 => {
            let (days, ahead) = (Days::new((seconds / DAY).unsigned_abs()), (*seconds >= 0) == (sign > 0));
            if ahead { date.checked_add_days(days) } else { date.checked_sub_days(days) }
        }
        other => {
            let shown = other.literal();
            let (zh, en) = (format!("日期只能加减整天或整月，实际 `{shown}`"), format!("expected whole days or months to move a date by, found `{shown}`"));
            return Err(EvalError::new(span, zh, en));
        }
    };
    // A date of more digits could be written down and never read again.
    moved.filter(|moved| YEARS.contains(&moved.year())).map(Value::Date).ok_or_else(|| {
        let en = "expected a date of the years 0000 to 9999, found one beyond".to_owned();
        EvalError::new(span, "期望 0000 年至 9999 年之间的日期，实际超出".to_owned(), en)
    })
}

fn cannot(span: &Range<usize>, left: &Value, operator: Operator, right: &Value) -> EvalError {
    let sign = match operator {
        Operator::Plus => '+',
        Operator::Minus => '-',
        Operator::Times => '*',
        Operator::Divide => '/',
    };
    let ((zh_left, en_left), (zh_right, en_right)) = (left.kind(), right.kind());
    let zh = format!("`{sign}` 期望两个数、两段文字，或日期和时长，实际是{zh_left}和{zh_right}");
    let en = format!("expected two numbers, two texts, or a date and a duration for `{sign}`, found {en_left} and {en_right}");
    EvalError::new(span, zh, en)
}

/// The error of a result too large for its kind.
pub(super) fn overflow(span: &Range<usize>) -> EvalError {
    EvalError::new(span, "期望范围之内的结果，实际太大", "expected a result within range, found one too large")
}

/// A text within its bound.
pub(super) fn text(span: &Range<usize>, text: String) -> Result<Value, EvalError> {
    if text.len() <= EXPR_TEXT_BYTES_MAX {
        return Ok(Value::Text(text));
    }
    let (most, found) = (EXPR_TEXT_BYTES_MAX, text.len());
    Err(EvalError::new(span, format!("期望最多 {most} 字节的文字，实际 {found} 字节"), format!("expected a text of at most {most} bytes, found {found}")))
}

/// A list within its bound.
pub(super) fn list(span: &Range<usize>, items: Vec<Value>) -> Result<Value, EvalError> {
    if items.len() <= EXPR_LIST_ITEMS_MAX {
        return Ok(Value::List(items));
    }
    let most = EXPR_LIST_ITEMS_MAX;
    Err(EvalError::new(span, format!("期望最多 {most} 项的列表"), format!("expected a list of at most {most} items")))
}
