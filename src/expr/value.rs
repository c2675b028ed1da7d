//! The values of expressions.
//! Invariant: a number is a decimal; nothing here is a float.
//! Never: a conversion between kinds that the author did not ask for.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};

/// The years a date may lie in: those that are written with four digits.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// The civil date a text of ten characters such as `2025-03-03` names.
#[must_use]
pub fn civil_date(text: &str) -> Option<NaiveDate> {
    const LENGTH: usize = 10;
    (text.len() == LENGTH).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A decimal.
    Number(Decimal),
    /// A text.
    Text(String),
    /// A civil date.
    Date(NaiveDate),
    /// A length of time in days, hours, minutes and seconds; counted in seconds.
    Seconds(i64),
    /// A length of time in years and months; counted in months, because neither has a fixed number of days.
    Months(i64),
    /// A list.
    List(Vec<Value>),
    /// Named values.
    Context(BTreeMap<String, Value>),
}

impl Value {
    /// The value of a JSON document. A number no decimal can hold becomes its own letters, so that comparing it as a number is an error and not a wrong answer.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(*flag),
            serde_json::Value::Number(number) => {
                let digits = number.to_string();
                let exact = Decimal::from_str_exact(&digits).or_else(|_| Decimal::from_scientific(&digits));
                exact.map_or(Self::Text(digits), Self::Number)
            }
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(fields) => Self::Context(fields.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect()),
        }
    }

    /// A context of these entries.
    #[must_use]
    pub fn context<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Context(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The whole number it is, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.is_integer().then(|| number.to_i64()).flatten() } else { None }
    }

    /// The flag it is, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The text it is, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The name of its kind, zh and en.
    #[must_use]
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Null => ("空值", "null"),
            Self::Bool(_) => ("真假值", "a boolean"),
            Self::Number(_) => ("数", "a number"),
            Self::Text(_) => ("文字", "a text"),
            Self::Date(_) => ("日期", "a date"),
            Self::Seconds(_) => ("时长", "a duration"),
            Self::Months(_) => ("年月时长", "a duration in months"),
            Self::List(_) => ("列表", "a list"),
            Self::Context(_) => ("对象", "a context"),
        }
    }

    /// As plain JSON for another program: a whole number as a number, any other decimal as its digits (JSON's own would be a float), a date and a length of
    /// time as texts (`2025-03-03`, `P3D`, `P1Y2M`).
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(number) => self.as_i64().map_or_else(|| number.to_string().into(), Into::into),
            Self::Text(text) => text.as_str().into(),
            Self::Date(date) => date.to_string().into(),
            Self::Seconds(seconds) => super::duration::of_seconds(*seconds).into(),
            Self::Months(months) => super::duration::of_months(*months).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect::<Vec<_>>().into(),
            Self::Context(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect::<serde_json::Map<_, _>>().into(),
        }
    }

    /// What copying it costs in evaluation steps.
    pub(super) fn cost(&self) -> u64 {
        const BYTES_PER_STEP: usize = 16;
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Date(_) | Self::Seconds(_) | Self::Months(_) => 1,
            Self::Text(text) => 1 + (text.len() / BYTES_PER_STEP) as u64,
            Self::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(item.cost())),
            Self::Context(entries) => entries.values().fold(1, |sum, value| sum.saturating_add(value.cost())),
        }
    }

    /// As an author would write it.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Date(date) => format!("date(\"{date}\")"),
            Self::Seconds(seconds) => format!("duration(\"{}\")", super::duration::of_seconds(*seconds)),
            Self::Months(months) => format!("duration(\"{}\")", super::duration::of_months(*months)),
            Self::List(items) => format!("[{}]", items.iter().map(Self::literal).collect::<Vec<_>>().join(", ")),
            Self::Context(entries) => {
                let inner: Vec<_> = entries.iter().map(|(key, value)| format!("`{key}`: {}", value.literal())).collect();
                format!("{{{}}}", inner.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_reads_plain_json_without_a_float() {
        let date = NaiveDate::from_ymd_opt(2025, 3, 3).expect("a day");
        let half = Value::Number(Decimal::new(5, 1));
        let value = Value::context([("n", Value::from_json(&serde_json::json!(9_007_199_254_740_993_i64))), ("d", Value::Date(date)), ("half", half)]);
        assert_eq!(value.to_json(), serde_json::json!({"n": 9_007_199_254_740_993_i64, "d": "2025-03-03", "half": "0.5"}));
        assert_eq!(Value::List(vec![Value::Seconds(3 * 86_400), Value::Null]).to_json(), serde_json::json!(["P3D", null]));
    }

    #[test]
    fn json_numbers_stay_exact() {
        for (json, whole, text) in
            [("3", Some(3), "3"), ("0.1", None, "0.1"), ("1e3", Some(1000), "1000.0"), ("9007199254740993", Some(9_007_199_254_740_993), "9007199254740993")]
        {
            let value = Value::from_json(&serde_json::from_str(json).expect("json"));
            assert_eq!(value.as_i64(), whole, "{json}");
            assert_eq!(value.literal(), text);
        }
        let huge = Value::from_json(&serde_json::from_str("1e300").expect("json"));
        assert_eq!(huge.kind().1, "a text");
    }
}
