//! Functions of texts. Lengths and places count characters.

use rust_decimal::Decimal;

use super::super::{EvalError, Value, arith};
use super::lists::window;
use super::{Arguments, TextFn};

/// Calls a function of texts.
pub(super) fn call(function: TextFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    match function {
        TextFn::Contains => pair(arguments).map(|(text, part)| Value::Bool(text.contains(&part))),
        TextFn::StartsWith => pair(arguments).map(|(text, part)| Value::Bool(text.starts_with(&part))),
        TextFn::EndsWith => pair(arguments).map(|(text, part)| Value::Bool(text.ends_with(&part))),
        TextFn::UpperCase => arith::text(&span, arguments.text()?.to_uppercase()),
        TextFn::LowerCase => arith::text(&span, arguments.text()?.to_lowercase()),
        TextFn::StringLength => Ok(Value::Number(arguments.text()?.chars().count().into())),
        TextFn::Substring => substring(arguments),
        TextFn::SubstringBefore => pair(arguments).map(|(text, part)| Value::Text(text.split_once(&part).map_or("", |(before, _)| before).to_owned())),
        TextFn::SubstringAfter => pair(arguments).map(|(text, part)| Value::Text(text.split_once(&part).map_or("", |(_, after)| after).to_owned())),
        TextFn::Replace => replace(arguments),
        TextFn::Split => split(arguments),
        TextFn::StringJoin => join(arguments),
        TextFn::String => to_text(arguments),
        TextFn::Number => to_number(arguments),
    }
}

fn pair(mut arguments: Arguments<'_>) -> Result<(String, String), EvalError> {
    Ok((arguments.text()?, arguments.text()?))
}

/// `substring(text, start, length?)`; a length past the end takes what there is, as FEEL says.
fn substring(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let text = arguments.text()?;
    let start = arguments.whole()?;
    let length = if arguments.values.len() > 0 { Some(arguments.whole()?) } else { None };
    let count = text.chars().count();
    let Some(first) = window(count, start, None) else {
        let (zh, en) = (format!("期望 {count} 个字符之内的位置，实际 `{start}`"), format!("expected a place within {count} characters, found `{start}`"));
        return Err(EvalError::new(arguments.span, zh, en));
    };
    let taken = length.map_or(first.len(), |length| usize::try_from(length).unwrap_or(0).min(first.len()));
    Ok(Value::Text(text.chars().skip(first.start).take(taken).collect()))
}

/// `replace(text, part, with)`: the part is taken letter for letter, so no text an author writes is a pattern by accident.
fn replace(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    let text = arguments.text()?;
    let part = parted(&mut arguments)?;
    let with = arguments.text()?;
    // Checked before it is built, as with `string join`.
    let grown = text.matches(&part).count().saturating_mul(with.len()).saturating_add(text.len());
    if grown > crate::limits::EXPR_TEXT_BYTES_MAX.saturating_mul(2) {
        return arith::text(&span, " ".repeat(crate::limits::EXPR_TEXT_BYTES_MAX + 1));
    }
    arith::text(&span, text.replace(&part, &with))
}

/// `split(text, between)`, letter for letter.
fn split(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    let text = arguments.text()?;
    let between = parted(&mut arguments)?;
    arith::list(&span, text.split(&between).map(|part| Value::Text(part.to_owned())).collect())
}

/// A text to look for, which is not empty.
fn parted(arguments: &mut Arguments<'_>) -> Result<String, EvalError> {
    let part = arguments.text()?;
    if part.is_empty() {
        return Err(EvalError::new(arguments.span, "期望要找的文字，实际是空文字", "expected a text to look for, found an empty one"));
    }
    Ok(part)
}

fn join(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    let items = arguments.list()?;
    let parts: Vec<String> = items
        .into_iter()
        .map(|item| if let Value::Text(text) = item { Ok(text) } else { Err(arguments.wrong("文字的列表", "a list of texts", &item)) })
        .collect::<Result<_, _>>()?;
    let between = if arguments.values.len() > 0 { arguments.text()? } else { String::new() };
    // Checked before it is built: a long separator between many parts would outgrow its bound first.
    let length = parts.iter().map(String::len).sum::<usize>().saturating_add(between.len().saturating_mul(parts.len()));
    if length > crate::limits::EXPR_TEXT_BYTES_MAX.saturating_add(between.len()) {
        return arith::text(&span, " ".repeat(crate::limits::EXPR_TEXT_BYTES_MAX + 1));
    }
    arith::text(&span, parts.join(&between))
}

fn to_text(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let span = arguments.span.clone();
    match arguments.next() {
        Value::Text(text) => Ok(Value::Text(text)),
        Value::Number(number) => arith::text(&span, number.to_string()),
        Value::Date(date) => arith::text(&span, date.to_string()),
        Value::Bool(flag) => arith::text(&span, flag.to_string()),
        Value::Seconds(length) => arith::text(&span, super::super::duration::of_seconds(length)),
        Value::Months(length) => arith::text(&span, super::super::duration::of_months(length)),
        other @ (Value::Null | Value::List(_) | Value::Context(_)) => {
            Err(arguments.wrong("数、日期、时长、真假值或文字", "a number, a date, a duration, a boolean or a text", &other))
        }
    }
}

fn to_number(mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let text = match arguments.next() {
        Value::Number(number) => return Ok(Value::Number(number)),
        Value::Text(text) => text,
        other => return Err(arguments.wrong("写成文字的数", "a number written as text", &other)),
    };
    Decimal::from_str_exact(&text).map(Value::Number).map_err(|_| {
        let shown = crate::source::shortened(&text);
        EvalError::new(arguments.span, format!("期望写成文字的数，实际 `{shown}`"), format!("expected a number written as text, found `{shown}`"))
    })
}
