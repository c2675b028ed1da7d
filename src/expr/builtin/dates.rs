//! Functions of dates and durations.

use chrono::{Datelike as _, NaiveDate};

use super::super::{EvalError, Value, civil_date};
use super::{Arguments, DateFn};

/// Calls a function of dates.
pub(super) fn call(function: DateFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    match function {
        DateFn::Date => date(arguments),
        DateFn::Duration => duration(arguments),
        DateFn::Year => part(arguments, |date| i64::from(date.year())),
        DateFn::Month => part(arguments, |date| i64::from(date.month())),
        DateFn::Day => part(arguments, |date| i64::from(date.day())),
        DateFn::DaysOf => match arguments.next() {
            Value::Days(days) => Ok(Value::Number(days.into())),
            other => Err(arguments.wrong("天数", "a duration", &other)),
        },
    }
}

fn part(mut arguments: Arguments<'_>, of: impl Fn(NaiveDate) -> i64) -> Result<Value, EvalError> {
    match arguments.next() {
        Value::Date(date) => Ok(Value::Number(of(date).into())),
        other => Err(arguments.wrong("日期", "a date", &other)),
    }
}

/// `date("2025-03-03")`, `date(2025, 3, 3)`; a date stays itself.
fn date(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    if arguments.values.len() > 1 {
        let (year, month) = (arguments.whole()?, arguments.whole()?);
        let day = arguments.whole()?;
        let made = i32::try_from(year).ok().zip(u32::try_from(month).ok().zip(u32::try_from(day).ok()));
        let made = made.and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day));
        return made.map(Value::Date).ok_or_else(|| no_such_date(&span, &format!("{year}-{month}-{day}")));
    }
    match arguments.next() {
        Value::Date(date) => Ok(Value::Date(date)),
        Value::Text(text) => civil_date(&text).map(Value::Date).ok_or_else(|| no_such_date(&span, &text)),
        other => Err(arguments.wrong("写成文字的日期", "a date written as text", &other)),
    }
}

fn no_such_date(span: &std::ops::Range<usize>, text: &str) -> EvalError {
    let shown = crate::source::shortened(text);
    EvalError::new(span, format!("期望有效的日期，如 `2025-03-03`，实际 `{shown}`"), format!("expected a date such as `2025-03-03`, found `{shown}`"))
}

/// `duration("P3D")`: whole days; months have no fixed length and hours no place in civil dates.
fn duration(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let text = match arguments.next() {
        Value::Days(days) => return Ok(Value::Days(days)),
        Value::Text(text) => text,
        other => return Err(arguments.wrong("写成文字的天数", "a duration written as text", &other)),
    };
    let (sign, rest) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let digits =
        rest.strip_prefix('P').and_then(|rest| rest.strip_suffix('D')).filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let days = digits.and_then(|digits| digits.parse::<i64>().ok()).map(|days| Value::Days(sign * days));
    days.ok_or_else(|| {
        let shown = crate::source::shortened(&text);
        EvalError::new(arguments.span, format!("期望整天数，如 `P3D`，实际 `{shown}`"), format!("expected whole days such as `P3D`, found `{shown}`"))
    })
}
