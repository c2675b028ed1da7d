//! What the built-in functions take and give.

use std::ops::Range;

use super::super::ast::{Ast, Kind};
use super::super::builtin::{Builtin, DateFn, FoldFn, ListFn, NumberFn, TextFn};
use super::super::{civil_date, duration};
use super::{Inference, Type};

/// What `day of week` answers.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Inference<'_> {
    /// The kind of a call's value.
    pub(super) fn call(&mut self, span: &Range<usize>, builtin: Builtin, arguments: &[Ast]) -> Type {
        match builtin {
            Builtin::Not => {
                arguments.iter().for_each(|argument| self.wants(argument, &Type::Bool));
                Type::Bool
            }
            Builtin::Fold(function) => self.fold(span, function, arguments),
            Builtin::List(function) => self.list(function, arguments),
            Builtin::Text(function) => self.text(function, arguments),
            Builtin::Number(function) => self.number(function, arguments),
            Builtin::Date(function) => self.date(function, arguments),
        }
    }

    /// One list, or the items as arguments.
    fn fold(&mut self, span: &Range<usize>, function: FoldFn, arguments: &[Ast]) -> Type {
        let item = match arguments {
            [only] => match self.of(only) {
                Type::List(item) => *item,
                other => other,
            },
            several => several.iter().map(|argument| self.of(argument)).reduce(Type::joined).unwrap_or(Type::Any),
        };
        match function {
            FoldFn::Sum | FoldFn::Mean | FoldFn::Median if matches!(item, Type::Any | Type::Duration | Type::Months) => item,
            FoldFn::Sum | FoldFn::Mean | FoldFn::Median | FoldFn::Product => {
                self.fits(span, &item, &Type::Number);
                Type::Number
            }
            FoldFn::All | FoldFn::Any => {
                self.fits(span, &item, &Type::Bool);
                Type::Bool
            }
            FoldFn::Min | FoldFn::Max => {
                if !item.has_order() {
                    let (zh, en) = item.named();
                    self.error(
                        span,
                        format!("期望可以排序的值（数、文字、日期、时长），实际是{zh}"),
                        format!("expected values that have an order, found {en}"),
                    );
                }
                item
            }
        }
    }

    fn list(&mut self, function: ListFn, arguments: &[Ast]) -> Type {
        let mut kinds = arguments.iter().map(|argument| (argument.span.clone(), self.of(argument))).collect::<Vec<_>>().into_iter();
        let Some((span, first)) = kinds.next() else { return Type::Any };
        let item = self.items_of(&span, first);
        match function {
            ListFn::Count => Type::Number,
            ListFn::ListContains | ListFn::IndexOf => {
                kinds.for_each(|(span, kind)| self.fits(&span, &kind, &item));
                if function == ListFn::IndexOf { Type::List(Box::new(Type::Number)) } else { Type::Bool }
            }
            ListFn::Append => Type::List(Box::new(kinds.map(|(_, kind)| kind).fold(item, Type::joined))),
            ListFn::Concatenate | ListFn::Union => {
                let others: Vec<Type> = kinds.map(|(span, kind)| self.items_of(&span, kind)).collect();
                Type::List(Box::new(others.into_iter().fold(item, Type::joined)))
            }
            ListFn::Sublist => {
                kinds.for_each(|(span, kind)| self.fits(&span, &kind, &Type::Number));
                Type::List(Box::new(item))
            }
            ListFn::DistinctValues | ListFn::Reverse | ListFn::Sort => Type::List(Box::new(item)),
            ListFn::InsertBefore | ListFn::Remove | ListFn::ListReplace => {
                let mut joined = item;
                for (index, (span, kind)) in kinds.enumerate() {
                    if index == 0 {
                        self.fits(&span, &kind, &Type::Number);
                    } else {
                        joined = joined.joined(kind);
                    }
                }
                Type::List(Box::new(joined))
            }
            ListFn::Flatten => Type::List(Box::new(Type::Any)),
        }
    }

    fn text(&mut self, function: TextFn, arguments: &[Ast]) -> Type {
        let (wanted, rest, gives) = match function {
            TextFn::Contains | TextFn::StartsWith | TextFn::EndsWith => (Type::Text, Type::Text, Type::Bool),
            TextFn::UpperCase | TextFn::LowerCase => (Type::Text, Type::Text, Type::Text),
            TextFn::StringLength => (Type::Text, Type::Text, Type::Number),
            TextFn::Substring => (Type::Text, Type::Number, Type::Text),
            TextFn::SubstringBefore | TextFn::SubstringAfter | TextFn::Replace => (Type::Text, Type::Text, Type::Text),
            TextFn::Split => (Type::Text, Type::Text, Type::List(Box::new(Type::Text))),
            TextFn::StringJoin => (Type::List(Box::new(Type::Text)), Type::Text, Type::Text),
            TextFn::String => (Type::Any, Type::Any, Type::Text),
            TextFn::Number => (Type::Any, Type::Any, Type::Number),
        };
        for (index, argument) in arguments.iter().enumerate() {
            self.wants(argument, if index == 0 { &wanted } else { &rest });
        }
        gives
    }

    fn number(&mut self, function: NumberFn, arguments: &[Ast]) -> Type {
        match (function, arguments) {
            (NumberFn::Abs, [only]) => {
                let kind = self.of(only);
                if !matches!(kind, Type::Any | Type::Duration | Type::Months) {
                    self.fits(&only.span, &kind, &Type::Number);
                    return Type::Number;
                }
                return kind;
            }
            (NumberFn::Even | NumberFn::Odd, _) => {
                arguments.iter().for_each(|argument| self.wants(argument, &Type::Number));
                return Type::Bool;
            }
            (NumberFn::Abs | NumberFn::Floor | NumberFn::Ceiling | NumberFn::RoundHalfUp, _) => {}
            (NumberFn::RoundHalfEven | NumberFn::RoundUp | NumberFn::RoundDown | NumberFn::Modulo, _) => {}
        }
        arguments.iter().for_each(|argument| self.wants(argument, &Type::Number));
        Type::Number
    }

    fn date(&mut self, function: DateFn, arguments: &[Ast]) -> Type {
        match (function, arguments) {
            (DateFn::Date, [only]) => {
                self.written(only, "日期，如 `2025-03-03`", "a date such as `2025-03-03`", |text| civil_date(text).is_some());
                Type::Date
            }
            (DateFn::Date, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Number));
                Type::Date
            }
            (DateFn::Duration, [only]) => {
                let reads = |text: &str| duration::parse(text).is_some();
                self.written(only, "时长，如 `P3D`、`PT8H` 或 `P1Y2M`", "a duration such as `P3D`, `PT8H` or `P1Y2M`", reads);
                // Only a written one says now of which of the two kinds it is.
                let Kind::Text(text) = &only.kind else { return Type::Any };
                duration::parse(text).map_or(Type::Any, |value| Type::of_value(&value))
            }
            (DateFn::Duration, _) => Type::Any,
            (DateFn::YearsAndMonths, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Date));
                Type::Months
            }
            (DateFn::LastDayOfMonth, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Date));
                Type::Date
            }
            (DateFn::DayOfWeek, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Date));
                Type::OneOf(WEEKDAYS.iter().map(|day| (*day).to_owned()).collect())
            }
            (DateFn::YearsOf | DateFn::MonthsOf, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Months));
                Type::Number
            }
            (DateFn::Year | DateFn::Month | DateFn::Day | DateFn::DayOfYear | DateFn::WeekOfYear, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Date));
                Type::Number
            }
            (DateFn::DaysOf, several) => {
                several.iter().for_each(|argument| self.wants(argument, &Type::Duration));
                Type::Number
            }
        }
    }

    /// A text that is read as something else: a written one can be read now.
    fn written(&mut self, argument: &Ast, zh: &str, en: &str, reads: impl Fn(&str) -> bool) {
        if let Kind::Text(text) = &argument.kind {
            if !reads(text) {
                let shown = crate::source::shortened(text);
                self.error(&argument.span, format!("期望{zh}，实际 `{shown}`"), format!("expected {en}, found `{shown}`"));
            }
            return;
        }
        let kind = self.of(argument);
        if !kind.is_text() && !matches!(kind, Type::Any | Type::Date | Type::Duration | Type::Months) {
            let (zh_found, en_found) = kind.named();
            self.error(&argument.span, format!("期望{zh}，实际是{zh_found}"), format!("expected {en}, found {en_found}"));
        }
    }
}
