//! Functions of numbers.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::{EvalError, Value, arith};
use super::{Arguments, NumberFn};

/// Digits a decimal can have after its point.
const SCALE_MAX: i64 = 28;

/// Calls a function of numbers.
pub(super) fn call(function: NumberFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    let number = match (function, arguments.next()) {
        (_, Value::Number(number)) => number,
        (NumberFn::Abs, Value::Seconds(length)) => return length.checked_abs().map(Value::Seconds).ok_or_else(|| arith::overflow(&span)),
        (NumberFn::Abs, Value::Months(length)) => return length.checked_abs().map(Value::Months).ok_or_else(|| arith::overflow(&span)),
        (_, other) => return Err(arguments.wrong("数", "a number", &other)),
    };
    let strategy = match function {
        NumberFn::Abs => return Ok(Value::Number(number.abs())),
        NumberFn::Modulo => return modulo(number, arguments),
        NumberFn::Even | NumberFn::Odd if !number.is_integer() => return Err(arguments.wrong("整数", "a whole number", &Value::Number(number))),
        NumberFn::Even => return Ok(Value::Bool((number % Decimal::TWO).is_zero())),
        NumberFn::Odd => return Ok(Value::Bool(!(number % Decimal::TWO).is_zero())),
        NumberFn::Floor => RoundingStrategy::ToNegativeInfinity,
        NumberFn::Ceiling => RoundingStrategy::ToPositiveInfinity,
        NumberFn::RoundHalfUp => RoundingStrategy::MidpointAwayFromZero,
        NumberFn::RoundHalfEven => RoundingStrategy::MidpointNearestEven,
        NumberFn::RoundUp => RoundingStrategy::AwayFromZero,
        NumberFn::RoundDown => RoundingStrategy::ToZero,
    };
    let scale = if arguments.values.len() > 0 { arguments.whole()? } else { 0 };
    let digits = u32::try_from(scale).ok().filter(|_| scale <= SCALE_MAX).ok_or_else(|| {
        EvalError::new(
            &span,
            format!("期望 0 到 {SCALE_MAX} 位小数，实际 `{scale}`"),
            format!("expected 0 to {SCALE_MAX} digits after the point, found `{scale}`"),
        )
    })?;
    Ok(Value::Number(number.round_dp_with_strategy(digits, strategy)))
}

/// FEEL's modulo has the sign of the divisor: `modulo(-7, 3)` is 2.
fn modulo(number: Decimal, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    let divisor = arguments.number()?;
    if divisor.is_zero() {
        return Err(EvalError::new(&span, "期望不为零的除数，实际是 0", "expected a divisor other than zero, found 0"));
    }
    let remainder = number.checked_rem(divisor).ok_or_else(|| arith::overflow(&span))?;
    let crosses = !remainder.is_zero() && remainder.is_sign_negative() != divisor.is_sign_negative();
    let result = if crosses { remainder.checked_add(divisor) } else { Some(remainder) };
    result.map(Value::Number).ok_or_else(|| arith::overflow(&span))
}
