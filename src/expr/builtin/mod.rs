//! The built-in functions.
//! Invariant: each takes values of the kinds it names and answers with a value or an error; none reads anything but its arguments.
//! Never: the clock (there is no `today`), a random number, a regular expression.

use std::ops::Range;

use super::ast::Ast;
use super::eval::Evaluation;
use super::{EvalError, Value};

mod dates;
mod lists;
mod numbers;
mod texts;

/// The most arguments of a function that takes any number of them.
const ARGUMENTS_MAX: usize = 64;

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Not,
    Fold(FoldFn),
    List(ListFn),
    Text(TextFn),
    Number(NumberFn),
    Date(DateFn),
}

/// Makes one value of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldFn {
    Sum,
    Min,
    Max,
    Mean,
    Product,
    Median,
    All,
    Any,
}

/// Looks at or builds a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListFn {
    Count,
    ListContains,
    Append,
    Concatenate,
    DistinctValues,
    Flatten,
    Reverse,
    Sublist,
    IndexOf,
    InsertBefore,
    Remove,
    ListReplace,
    Union,
    Sort,
}

/// Reads or builds a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFn {
    Contains,
    StartsWith,
    EndsWith,
    UpperCase,
    LowerCase,
    StringLength,
    Substring,
    SubstringBefore,
    SubstringAfter,
    Replace,
    Split,
    StringJoin,
    String,
    Number,
}

/// Rounds or reduces a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberFn {
    Abs,
    Floor,
    Ceiling,
    RoundHalfUp,
    RoundHalfEven,
    RoundUp,
    RoundDown,
    Modulo,
    Even,
    Odd,
}

/// Makes or takes apart a date or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateFn {
    Date,
    Duration,
    Year,
    Month,
    Day,
    /// The whole days of a duration.
    DaysOf,
    /// The whole years of a duration in months.
    YearsOf,
    /// The months left over after the whole years.
    MonthsOf,
    YearsAndMonths,
    DayOfWeek,
    DayOfYear,
    WeekOfYear,
    LastDayOfMonth,
}

/// Name, function, fewest and most arguments. Multi-word names are written with blanks or `_`.
const TABLE: [(&str, Builtin, usize, usize); 63] = [
    ("not", Builtin::Not, 1, 1),
    ("count", Builtin::List(ListFn::Count), 1, 1),
    ("sum", Builtin::Fold(FoldFn::Sum), 1, ARGUMENTS_MAX),
    ("min", Builtin::Fold(FoldFn::Min), 1, ARGUMENTS_MAX),
    ("max", Builtin::Fold(FoldFn::Max), 1, ARGUMENTS_MAX),
    ("mean", Builtin::Fold(FoldFn::Mean), 1, ARGUMENTS_MAX),
    ("product", Builtin::Fold(FoldFn::Product), 1, ARGUMENTS_MAX),
    ("median", Builtin::Fold(FoldFn::Median), 1, ARGUMENTS_MAX),
    ("all", Builtin::Fold(FoldFn::All), 1, ARGUMENTS_MAX),
    ("any", Builtin::Fold(FoldFn::Any), 1, ARGUMENTS_MAX),
    ("list contains", Builtin::List(ListFn::ListContains), 2, 2),
    ("append", Builtin::List(ListFn::Append), 2, ARGUMENTS_MAX),
    ("concatenate", Builtin::List(ListFn::Concatenate), 1, ARGUMENTS_MAX),
    ("distinct values", Builtin::List(ListFn::DistinctValues), 1, 1),
    ("flatten", Builtin::List(ListFn::Flatten), 1, 1),
    ("reverse", Builtin::List(ListFn::Reverse), 1, 1),
    ("sublist", Builtin::List(ListFn::Sublist), 2, 3),
    ("index of", Builtin::List(ListFn::IndexOf), 2, 2),
    ("insert before", Builtin::List(ListFn::InsertBefore), 3, 3),
    ("remove", Builtin::List(ListFn::Remove), 2, 2),
    ("list replace", Builtin::List(ListFn::ListReplace), 3, 3),
    ("union", Builtin::List(ListFn::Union), 1, ARGUMENTS_MAX),
    ("sort", Builtin::List(ListFn::Sort), 1, 1),
    ("contains", Builtin::Text(TextFn::Contains), 2, 2),
    ("starts with", Builtin::Text(TextFn::StartsWith), 2, 2),
    ("ends with", Builtin::Text(TextFn::EndsWith), 2, 2),
    ("upper case", Builtin::Text(TextFn::UpperCase), 1, 1),
    ("upper", Builtin::Text(TextFn::UpperCase), 1, 1),
    ("lower case", Builtin::Text(TextFn::LowerCase), 1, 1),
    ("lower", Builtin::Text(TextFn::LowerCase), 1, 1),
    ("string length", Builtin::Text(TextFn::StringLength), 1, 1),
    ("substring", Builtin::Text(TextFn::Substring), 2, 3),
    ("substring before", Builtin::Text(TextFn::SubstringBefore), 2, 2),
    ("substring after", Builtin::Text(TextFn::SubstringAfter), 2, 2),
    ("replace", Builtin::Text(TextFn::Replace), 3, 3),
    ("split", Builtin::Text(TextFn::Split), 2, 2),
    ("string join", Builtin::Text(TextFn::StringJoin), 1, 2),
    ("string", Builtin::Text(TextFn::String), 1, 1),
    ("number", Builtin::Text(TextFn::Number), 1, 1),
    ("abs", Builtin::Number(NumberFn::Abs), 1, 1),
    ("floor", Builtin::Number(NumberFn::Floor), 1, 2),
    ("ceiling", Builtin::Number(NumberFn::Ceiling), 1, 2),
    ("round half up", Builtin::Number(NumberFn::RoundHalfUp), 1, 2),
    ("decimal", Builtin::Number(NumberFn::RoundHalfEven), 2, 2),
    ("even", Builtin::Number(NumberFn::Even), 1, 1),
    ("odd", Builtin::Number(NumberFn::Odd), 1, 1),
    ("round half even", Builtin::Number(NumberFn::RoundHalfEven), 1, 2),
    ("round up", Builtin::Number(NumberFn::RoundUp), 1, 2),
    ("round down", Builtin::Number(NumberFn::RoundDown), 1, 2),
    ("modulo", Builtin::Number(NumberFn::Modulo), 2, 2),
    ("date", Builtin::Date(DateFn::Date), 1, 3),
    ("duration", Builtin::Date(DateFn::Duration), 1, 1),
    ("year", Builtin::Date(DateFn::Year), 1, 1),
    ("month", Builtin::Date(DateFn::Month), 1, 1),
    ("day", Builtin::Date(DateFn::Day), 1, 1),
    ("days", Builtin::Date(DateFn::DaysOf), 1, 1),
    ("years", Builtin::Date(DateFn::YearsOf), 1, 1),
    ("months", Builtin::Date(DateFn::MonthsOf), 1, 1),
    ("years and months duration", Builtin::Date(DateFn::YearsAndMonths), 2, 2),
    ("day of week", Builtin::Date(DateFn::DayOfWeek), 1, 1),
    ("day of year", Builtin::Date(DateFn::DayOfYear), 1, 1),
    ("week of year", Builtin::Date(DateFn::WeekOfYear), 1, 1),
    ("last day of month", Builtin::Date(DateFn::LastDayOfMonth), 1, 1),
];

/// The function of a name.
pub(super) fn named(name: &str) -> Option<Builtin> {
    TABLE.iter().find(|(known, ..)| *known == name).map(|(_, builtin, ..)| *builtin)
}

/// The names of all functions, in an order people can read.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, ..)| *name).chain(["is defined"])
}

/// The fewest and the most arguments of a function by its name; `decimal` shares its function with `round half even` but not its digits.
pub(super) fn arity(name: &str) -> (usize, usize) {
    TABLE.iter().find(|(known, ..)| *known == name).map_or((0, 0), |(_, _, least, most)| (*least, *most))
}

/// The known name nearest to a wrong one.
pub(super) fn nearest(name: &str) -> &'static str {
    let candidates = names();
    // A single word of the name may be all that was remembered: `lenght` is nearest to `string length`.
    let least = |known: &&'static str| known.split(' ').chain([*known]).map(|word| distance(name, word)).min();
    candidates.min_by_key(least).unwrap_or("count")
}

/// Letters to change from one name to the other (Levenshtein); names are short.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in right.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The arguments of one call, with the places for errors.
pub(super) struct Arguments<'a> {
    pub(super) span: &'a Range<usize>,
    pub(super) written: &'a [Ast],
    pub(super) values: std::vec::IntoIter<Value>,
}

impl Arguments<'_> {
    /// The next argument; null when there is none, which no function takes.
    pub(super) fn next(&mut self) -> Value {
        self.values.next().unwrap_or(Value::Null)
    }

    /// Where the argument that was taken last stands.
    fn last_span(&self) -> Range<usize> {
        let taken = self.written.len().saturating_sub(self.values.len());
        taken.checked_sub(1).and_then(|last| self.written.get(last)).map_or(self.span.clone(), |ast| ast.span.clone())
    }

    pub(super) fn wrong(&self, zh: &str, en: &str, found: &Value) -> EvalError {
        let (zh_found, en_found) = found.kind();
        EvalError::new(&self.last_span(), format!("期望{zh}，实际是{zh_found}"), format!("expected {en}, found {en_found}"))
    }

    pub(super) fn text(&mut self) -> Result<String, EvalError> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong("文字", "a text", &other)),
        }
    }

    pub(super) fn number(&mut self) -> Result<rust_decimal::Decimal, EvalError> {
        match self.next() {
            Value::Number(number) => Ok(number),
            other => Err(self.wrong("数", "a number", &other)),
        }
    }

    pub(super) fn whole(&mut self) -> Result<i64, EvalError> {
        let value = self.next();
        value.as_i64().ok_or_else(|| self.wrong("整数", "a whole number", &value))
    }

    pub(super) fn list(&mut self) -> Result<Vec<Value>, EvalError> {
        match self.next() {
            Value::List(items) => Ok(items),
            other => Err(self.wrong("列表", "a list", &other)),
        }
    }

    /// One list, or the arguments themselves.
    pub(super) fn list_or_all(&mut self) -> Vec<Value> {
        let mut all: Vec<Value> = self.values.by_ref().collect();
        if let (1, Some(Value::List(items))) = (all.len(), all.first_mut()) { std::mem::take(items) } else { all }
    }
}

impl Evaluation<'_> {
    /// Calls a function; the result is charged like a copy of it.
    pub(super) fn call(&mut self, ast: &Ast, builtin: Builtin, written: &[Ast], values: Vec<Value>) -> Result<Value, EvalError> {
        let arguments = Arguments { span: &ast.span, written, values: values.into_iter() };
        let value = self.dispatch(builtin, arguments)?;
        self.steps(&ast.span, value.cost())?;
        Ok(value)
    }

    fn dispatch(&mut self, builtin: Builtin, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
        match builtin {
            Builtin::Not => match arguments.next() {
                Value::Bool(flag) => Ok(Value::Bool(!flag)),
                other => Err(arguments.wrong(" true 或 false", "true or false", &other)),
            },
            Builtin::Fold(function) => self.fold_call(function, arguments),
            Builtin::List(function) => self.list_call(function, arguments),
            Builtin::Text(function) => texts::call(function, arguments),
            Builtin::Number(function) => numbers::call(function, arguments),
            Builtin::Date(function) => dates::call(function, arguments),
        }
    }
}
