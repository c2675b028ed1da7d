//! Functions of dates and durations.

use chrono::{Datelike as _, Months, NaiveDate, Weekday};

use super::super::duration::DAY;
use super::super::value::YEARS;
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
            Value::Seconds(seconds) => Ok(Value::Number((seconds / DAY).into())),
            other => Err(arguments.wrong("时长", "a duration", &other)),
        },
        DateFn::YearsOf => months(arguments, |months| months / 12),
        DateFn::MonthsOf => months(arguments, |months| months % 12),
        DateFn::YearsAndMonths => between(arguments),
        DateFn::DayOfWeek => named_day(arguments),
        DateFn::DayOfYear => part(arguments, |date| i64::from(date.ordinal())),
        DateFn::WeekOfYear => part(arguments, |date| i64::from(date.iso_week().week())),
        DateFn::LastDayOfMonth => last_day(arguments),
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
        let made = made.and_then(|(year, (month, day))| NaiveDate::from_ymd_opt(year, month, day)).filter(|made| YEARS.contains(&made.year()));
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

/// `duration("P3D")`, `duration("PT8H")`, `duration("P1Y2M")`.
fn duration(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let text = match arguments.next() {
        length @ (Value::Seconds(_) | Value::Months(_)) => return Ok(length),
        Value::Text(text) => text,
        other => return Err(arguments.wrong("写成文字的时长", "a duration written as text", &other)),
    };
    super::super::duration::parse(&text).ok_or_else(|| {
        let shown = crate::source::shortened(&text);
        let (zh, en) = (
            format!("期望时长，如 `P3D`、`PT8H` 或 `P1Y2M`，实际 `{shown}`"),
            format!("expected a duration such as `P3D`, `PT8H` or `P1Y2M`, found `{shown}`"),
        );
        EvalError::new(arguments.span, zh, en)
    })
}

fn months(mut arguments: Arguments<'_>, of: impl Fn(i64) -> i64) -> Result<Value, EvalError> {
    match arguments.next() {
        Value::Months(months) => Ok(Value::Number(of(months).into())),
        other => Err(arguments.wrong("年月时长", "a duration in months", &other)),
    }
}

fn taken(arguments: &mut Arguments<'_>) -> Result<NaiveDate, EvalError> {
    match arguments.next() {
        Value::Date(date) => Ok(date),
        other => Err(arguments.wrong("日期", "a date", &other)),
    }
}

/// The full months from one date to another; backwards they are negative.
fn between(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let (from, to) = (taken(&mut arguments)?, taken(&mut arguments)?);
    let count = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let months = count(to) - count(from);
    let unfinished = match months.signum() {
        1 => i64::from(to.day() < from.day()),
        -1 => -i64::from(to.day() > from.day()),
        _same_month => 0,
    };
    Ok(Value::Months(months - unfinished))
}

fn named_day(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let date = taken(&mut arguments)?;
    let name = match date.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    Ok(Value::Text(name.to_owned()))
}

fn last_day(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let date = taken(&mut arguments)?;
    let last = date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).and_then(|next| next.pred_opt());
    last.map(Value::Date).ok_or_else(|| super::super::arith::overflow(arguments.span))
}
