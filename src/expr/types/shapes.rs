//! How kinds agree, join and add up.

use super::super::Value;
use super::super::ast::Operator;
use super::Type;

impl Type {
    /// The kind of a constant.
    #[must_use]
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::Text(text) => Self::OneOf([text.clone()].into()),
            Value::Date(_) => Self::Date,
            Value::Seconds(_) => Self::Duration,
            Value::Months(_) => Self::Months,
            Value::List(items) => Self::List(Box::new(items.iter().map(Self::of_value).reduce(Self::joined).unwrap_or(Self::Any))),
            Value::Context(entries) => Self::Context(entries.iter().map(|(key, value)| (key.clone(), Self::of_value(value))).collect()),
        }
    }

    /// Its name in a sentence, zh and en.
    pub(in super::super) fn named(&self) -> (&'static str, &'static str) {
        match self {
            Self::Any => ("任意值", "any value"),
            Self::Null => ("空值", "null"),
            Self::Bool => ("真假值", "a boolean"),
            Self::Number => ("数", "a number"),
            Self::Text | Self::OneOf(_) => ("文字", "a text"),
            Self::DateText => ("写成文字的日期", "a date written as text"),
            Self::Date => ("日期", "a date"),
            Self::Duration => ("时长", "a duration"),
            Self::Months => ("年月时长", "a duration in months"),
            Self::List(_) => ("列表", "a list"),
            Self::Context(_) => ("对象", "a context"),
        }
    }

    /// Whether values of the two kinds can be compared.
    pub(in super::super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(left), Self::List(right)) => left.agrees(right),
            (Self::Context(_), Self::Context(_)) => true,
            (left, right) if left.is_text() && right.is_text() => true,
            (left, right) => left == right,
        }
    }

    /// Whether it is a text of any sort.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Text | Self::OneOf(_) | Self::DateText => true,
            Self::Any | Self::Null | Self::Bool | Self::Number | Self::Date | Self::Duration | Self::Months | Self::List(_) | Self::Context(_) => false,
        }
    }

    /// Whether values of it come one after another.
    pub(super) fn has_order(&self) -> bool {
        match self {
            Self::Any | Self::Number | Self::Text | Self::OneOf(_) | Self::DateText | Self::Date | Self::Duration | Self::Months => true,
            Self::Null | Self::Bool | Self::List(_) | Self::Context(_) => false,
        }
    }

    /// The kind of a value that is of one or of the other.
    pub(super) fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mut left), Self::OneOf(right)) => {
                left.extend(right);
                Self::OneOf(left)
            }
            (Self::List(left), Self::List(right)) => Self::List(Box::new(left.joined(*right))),
            (left, right) if left == right => left,
            (left, right) if left.is_text() && right.is_text() => Self::Text,
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (_, _) => Self::Any,
        }
    }
}

/// The kind of a calculation; `None` when the kinds do not calculate.
pub(super) fn calculated(left: &Type, operator: Operator, right: &Type) -> Option<Type> {
    use Operator::{Divide, Minus, Plus, Times};
    match (left, operator, right) {
        (Type::Any, _, _) | (_, _, Type::Any) => Some(Type::Any),
        (Type::Number, Plus | Minus | Times | Divide, Type::Number) => Some(Type::Number),
        (left, Plus, right) if left.is_text() && right.is_text() => Some(Type::Text),
        (Type::Date, Plus | Minus, Type::Duration | Type::Months) | (Type::Duration | Type::Months, Plus, Type::Date) => Some(Type::Date),
        (Type::Date, Minus, Type::Date) | (Type::Duration, Plus | Minus, Type::Duration) => Some(Type::Duration),
        (Type::Months, Plus | Minus, Type::Months) => Some(Type::Months),
        (Type::Duration, Divide, Type::Duration) | (Type::Months, Divide, Type::Months) => Some(Type::Number),
        (length @ (Type::Duration | Type::Months), Times | Divide, Type::Number) | (Type::Number, Times, length @ (Type::Duration | Type::Months)) => {
            Some(length.clone())
        }
        (_, Plus | Minus | Times | Divide, _) => None,
    }
}
