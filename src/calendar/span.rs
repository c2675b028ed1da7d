//! A length of time as people write it: `20 working days`, `30 calendar days`, `20 个工作日`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::SPAN_DAYS_MAX;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 工作日.
    Working,
    /// 自然日.
    Calendar,
}

impl Unit {
    /// As it is said in Chinese after a number.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Working => "个工作日",
            Self::Calendar => "个自然日",
        }
    }

    /// As it is said in English, for one day or several.
    #[must_use]
    pub fn en(self, days: u32) -> &'static str {
        match (self, days) {
            (Self::Working, 1) => "working day",
            (Self::Working, _) => "working days",
            (Self::Calendar, 1) => "calendar day",
            (Self::Calendar, _) => "calendar days",
        }
    }
}

/// A length of time, such as 20 working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub days: u32,
    /// Of what.
    pub unit: Unit,
}

impl Span {
    /// So many working days.
    #[must_use]
    pub const fn working(days: u32) -> Self {
        Self { days, unit: Unit::Working }
    }

    /// So many calendar days.
    #[must_use]
    pub const fn calendar(days: u32) -> Self {
        Self { days, unit: Unit::Calendar }
    }

    /// As it is said in Chinese: `20 个工作日`.
    #[must_use]
    pub fn zh(self) -> String {
        format!("{} {}", self.days, self.unit.zh())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.days, self.unit.en(self.days))
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || SpanError { found: text.to_owned() };
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let days = number.parse().ok().filter(|days| *days <= SPAN_DAYS_MAX).ok_or_else(wrong)?;
        let unit = match unit.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
            "working day" | "working days" | "个工作日" | "工作日" => Unit::Working,
            // 环评法 and 建筑法 say 日 without a word more, and mean every day.
            "calendar day" | "calendar days" | "day" | "days" | "个自然日" | "自然日" | "日" | "天" => Unit::Calendar,
            _ => return Err(wrong()),
        };
        Ok(Self { days, unit })
    }
}

/// A length of time nobody can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError {
    found: String,
}

impl SpanError {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        format!("期限应写作“20 working days”或“30 calendar days”（至多 {SPAN_DAYS_MAX} 日），现为 `{}`", self.found)
    }
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a length such as `20 working days` or `30 calendar days`, at most {SPAN_DAYS_MAX} days, found `{}`", self.found)
    }
}

impl std::error::Error for SpanError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_in_both_languages_and_said_in_both() {
        let working = [("20 working days", 20), ("1 working day", 1), ("5个工作日", 5), (" 5  working   days ", 5), ("10 工作日", 10)];
        for (text, days) in working {
            assert_eq!(text.parse(), Ok(Span::working(days)), "{text}");
        }
        for (text, days) in [("30 calendar days", 30), ("30 days", 30), ("1 day", 1), ("15日", 15), ("7 个自然日", 7), ("3天", 3)] {
            assert_eq!(text.parse(), Ok(Span::calendar(days)), "{text}");
        }
        assert_eq!(Span::working(1).to_string(), "1 working day");
        assert_eq!(Span::working(20).to_string(), "20 working days");
        assert_eq!(Span::calendar(30).to_string(), "30 calendar days");
        assert_eq!(Span::working(20).zh(), "20 个工作日");
        assert_eq!(Span::calendar(30).zh(), "30 个自然日");
    }

    #[test]
    fn what_is_said_is_read_back() {
        for span in [Span::working(0), Span::working(1), Span::working(45), Span::calendar(1), Span::calendar(60)] {
            assert_eq!(span.to_string().parse(), Ok(span));
            assert_eq!(span.zh().parse(), Ok(span));
        }
    }

    #[test]
    fn a_length_nobody_can_read_is_named() {
        for text in ["", "twenty working days", "20", "-2 working days", "20 working hours", "99999999999 days", "4000 days", "2.5 days"] {
            let error = text.parse::<Span>().expect_err(text);
            assert!(error.to_string().contains(&format!("found `{text}`")), "{error}");
            assert!(error.zh().contains(text));
        }
    }
}
