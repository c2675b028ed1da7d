//! Single values: texts, numbers, dates, choices, files.

use chrono::NaiveDate;
use serde_json::Value;

use super::super::{Choice, Field, FileRule, Range, amounts};
use super::{Check, Kind, quoted};

impl Check<'_> {
    pub(super) fn text(&mut self, path: &str, field: &Field, value: &Value, range: Range) {
        self.characters(path, field, value, (range, |letter| letter.is_control()));
    }

    /// Several lines: line ends and tabs are letters too.
    pub(super) fn long_text(&mut self, path: &str, field: &Field, value: &Value, range: Range) {
        self.characters(path, field, value, (range, |letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')));
    }

    fn characters(&mut self, path: &str, field: &Field, value: &Value, (range, refused): (Range, fn(char) -> bool)) {
        let Value::String(text) = value else {
            self.wrong_type(path, field, value, ("文字", "a text"));
            return;
        };
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let (zh_found, en_found) = (format!(" {count} 字"), format!("{count}"));
        if count < range.min {
            self.error(path, field, "too_short", (&format!("至少 {} 字", range.min), &format!("at least {} characters", range.min)), (&zh_found, &en_found));
        }
        if count > range.max {
            self.error(path, field, "too_long", (&format!("最多 {} 字", range.max), &format!("at most {} characters", range.max)), (&zh_found, &en_found));
        }
        if let Some(letter) = text.chars().find(|letter| refused(*letter)) {
            let code = format!("U+{:04X}", u32::from(letter));
            self.error(
                path,
                field,
                "bad_shape",
                ("没有控制字符的文字", "a text without control characters"),
                (&format!("含有 `{code}`"), &format!("`{code}`")),
            );
        }
    }

    pub(super) fn integer(&mut self, path: &str, field: &Field, value: &Value, (range, expected): (Range, (&str, &str))) {
        let Some(number) = value.as_i64() else {
            self.wrong_type(path, field, value, expected);
            return;
        };
        let mut found = quoted(field, value);
        if matches!(field.kind, Kind::MoneyFen(_)) && !field.personal && !field.secret {
            let shown = amount(field, number);
            found = (format!(" `{shown}`"), format!("`{shown}`"));
        }
        let found = (found.0.as_str(), found.1.as_str());
        if number < range.min {
            let shown = amount(field, range.min);
            self.error(path, field, "too_small", (&format!("不小于 {shown}"), &format!("at least {shown}")), found);
        }
        if number > range.max {
            let shown = amount(field, range.max);
            self.error(path, field, "too_large", (&format!("不大于 {shown}"), &format!("at most {shown}")), found);
        }
    }

    pub(super) fn date(&mut self, path: &str, field: &Field, value: &Value, (first, last): (Option<NaiveDate>, Option<NaiveDate>)) {
        let Value::String(text) = value else {
            self.wrong_type(path, field, value, ("写成文字的日期", "a date written as text"));
            return;
        };
        let found = quoted(field, value);
        let found = (found.0.as_str(), found.1.as_str());
        let Some(date) = crate::expr::civil_date(text) else {
            self.error(path, field, "bad_date", ("日期，如 2025-03-03", "a date such as 2025-03-03"), found);
            return;
        };
        if let Some(first) = first.filter(|first| date < *first) {
            self.error(path, field, "too_small", (&format!("不早于 {first}"), &format!("a date from {first}")), found);
        }
        if let Some(last) = last.filter(|last| date > *last) {
            self.error(path, field, "too_large", (&format!("不晚于 {last}"), &format!("a date up to {last}")), found);
        }
    }

    pub(super) fn choice(&mut self, path: &str, field: &Field, value: &Value, choices: &[Choice]) {
        let Value::String(text) = value else {
            self.wrong_type(path, field, value, ("选项之一", "one of the choices"));
            return;
        };
        if choices.iter().any(|choice| choice.value == *text) {
            return;
        }
        let all: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
        let all = crate::source::shortened(&all.join(", "));
        let found = quoted(field, value);
        self.error(path, field, "not_a_choice", (&format!(" {all} 之一"), &format!("one of {all}")), (&found.0, &found.1));
    }

    /// `{name, sha256, bytes}`: the file itself is stored elsewhere, under its digest.
    pub(super) fn file(&mut self, path: &str, field: &Field, value: &Value, rule: &FileRule) {
        const NAME_CHARACTERS_MAX: usize = 255;
        let Value::Object(object) = value else {
            self.wrong_type(path, field, value, ("一个文件（name、sha256、bytes）", "a file with name, sha256 and bytes"));
            return;
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
        let name = text("name");
        let named = !name.trim().is_empty() && name.chars().count() <= NAME_CHARACTERS_MAX && !name.chars().any(char::is_control);
        let digest = text("sha256");
        let hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = object.get("bytes").and_then(Value::as_i64).and_then(|bytes| u64::try_from(bytes).ok());
        if let Some(bytes) = bytes.filter(|_| named && hex && object.len() == 3) {
            self.fitting(path, field, (text("name"), bytes), rule);
            return;
        }
        let keys: Vec<_> = object.keys().map(String::as_str).collect();
        let shown = crate::source::shortened(&keys.join(", "));
        let expected = (
            "文件的 name（最多 255 字）、sha256（64 位小写十六进制）和 bytes",
            "a file with name (up to 255 characters), sha256 (64 lower-case hex digits) and bytes",
        );
        self.error(path, field, "bad_file", expected, (&format!(" {{{shown}}}"), &format!("{{{shown}}}")));
    }
}

impl Check<'_> {
    /// Kind and size of a file that is one.
    fn fitting(&mut self, path: &str, field: &Field, (name, bytes): (&str, u64), rule: &FileRule) {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        if !rule.accept.is_empty() && !rule.accept.contains(&ending) {
            let all = rule.accept.join(", ");
            let found = if ending.is_empty() { ("没有扩展名".to_owned(), "none".to_owned()) } else { (format!(" `{ending}`"), format!("`{ending}`")) };
            self.error(path, field, "wrong_file_kind", (&format!(" {all} 格式的文件"), &format!("a file of kind {all}")), (&found.0, &found.1));
        }
        if bytes > rule.bytes_max {
            let (most, found) = (megabytes(rule.bytes_max), megabytes(bytes));
            self.error(path, field, "file_too_large", (&format!("不超过 {most} 的文件"), &format!("a file of at most {most}")), (&format!(" {found}"), &found));
        }
    }
}

/// Bytes as `20 MB` or `1.5 MB`; anything above a tenth counts as the next.
fn megabytes(bytes: u64) -> String {
    const TENTH: u64 = 1024 * 1024 / 10;
    let tenths = bytes.div_ceil(TENTH);
    if tenths.is_multiple_of(10) { format!("{} MB", tenths / 10) } else { format!("{}.{} MB", tenths / 10, tenths % 10) }
}

/// A bound in the unit people read.
fn amount(field: &Field, number: i64) -> String {
    match field.kind {
        Kind::MoneyFen(_) => amounts::yuan(number),
        Kind::AreaM2(_) => format!("{number} m²"),
        Kind::Text(_) | Kind::LongText(_) | Kind::Integer(_) | Kind::Date { .. } => number.to_string(),
        Kind::Choice(_) | Kind::YesNo | Kind::Code(_) | Kind::File(_) | Kind::Rows { .. } => number.to_string(),
    }
}
