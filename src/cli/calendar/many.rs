//! `due --stdin`: one JSON object a line in, one out, in the same order.
//! Invariant: as many answers as questions; a line that cannot be understood is answered with its mistakes and place.
//! Never: stops at a wrong line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Failure, stopped, tell};
use crate::calendar::{Calendar, Due, Span, TermQuery};

/// A question. Values stay raw until each is read, so that a wrong one can be named with its column beside the others.
type Question<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

const KEYS: &[&str] = &["from", "within", "suspended", "extended", "roll_over"];

#[derive(Serialize)]
struct Answer {
    due: Option<NaiveDate>,
    provisional: bool,
    counted: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_zh: Option<String>,
}

#[derive(Serialize)]
struct Refused {
    error: String,
    error_zh: String,
    line: usize,
    column: usize,
}

/// Something wrong in one line.
struct Wrong {
    column: usize,
    zh: String,
    en: String,
}

/// Answers every line; exit code 1 when one of them could not be understood.
pub fn answer(calendar: &Calendar, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut understood = true;
    let mut bytes = Vec::new();
    let mut number = 0;
    while stdin.read_until(b'\n', &mut bytes)? > 0 {
        number += 1;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.trim().is_empty() {
            let said = match due(calendar, text) {
                Ok(answer) => serde_json::to_string(&answer),
                Err(wrong) => {
                    understood = false;
                    serde_json::to_string(&refused(number, &wrong))
                }
            };
            writeln!(stdout, "{}", said.map_err(std::io::Error::other)?)?;
        }
        bytes.clear();
    }
    stdout.flush()?;
    Ok(if understood { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn due(calendar: &Calendar, text: &str) -> Result<Answer, Vec<Wrong>> {
    let question: Question<'_> = serde_json::from_str(text).map_err(|error| vec![malformed(text, &error)])?;
    let mut reader = Reader { text, question: &question, wrong: Vec::new() };
    reader.no_other_keys();
    let from = reader.required("from", day);
    let within = reader.required("within", span);
    let suspended = reader.optional("suspended", intervals);
    let extended = reader.optional("extended", span);
    let roll_over = reader.optional("roll_over", flag);
    reader.wrong.sort_by_key(|wrong| wrong.column);
    let (Some(from), Some(within), true) = (from, within, reader.wrong.is_empty()) else { return Err(reader.wrong) };
    let suspended = suspended.unwrap_or_default();
    let query = TermQuery { from, within, extended, suspended: &suspended, roll_over: roll_over.unwrap_or(true).into() };
    let due = calendar.due(&query);
    let (reason_zh, reason) = tell::no_date(calendar, due, &query).unzip();
    let total = extended.map_or(within.days, |extended| within.days.saturating_add(extended.days));
    let (counted, through) = match due {
        Due::On { .. } => (total, None),
        Due::Unknown { counted, through } => (counted, Some(through)),
    };
    Ok(Answer { due: due.date(), provisional: due.is_provisional(), counted, through, reason, reason_zh })
}

/// Reads the values of one line and keeps what is wrong with them.
struct Reader<'a> {
    text: &'a str,
    question: &'a Question<'a>,
    wrong: Vec<Wrong>,
}

impl Reader<'_> {
    fn no_other_keys(&mut self) {
        for (key, value) in self.question {
            if !KEYS.contains(&key.as_ref()) {
                let keys = KEYS.join(", ");
                self.at(value, format!("期望 {keys} 之一，实际 `{key}`"), format!("expected one of {keys}, found `{key}`"));
            }
        }
    }

    fn required<T>(&mut self, key: &str, read: fn(&str) -> Result<T, (String, String)>) -> Option<T> {
        if !self.question.contains_key(key) {
            self.wrong.push(Wrong { column: 1, zh: format!("缺少 `{key}`"), en: format!("expected `{key}`, found no such key") });
        }
        self.optional(key, read)
    }

    fn optional<T>(&mut self, key: &str, read: fn(&str) -> Result<T, (String, String)>) -> Option<T> {
        let raw = self.question.get(key)?;
        // `null` is nothing said; a required key is then refused by its reader.
        if raw.get() == "null" && !["from", "within"].contains(&key) {
            return None;
        }
        match read(raw.get()) {
            Ok(value) => Some(value),
            Err((zh, en)) => {
                self.at(raw, format!("{key}：{zh}"), format!("{key}: {en}"));
                None
            }
        }
    }

    fn at(&mut self, raw: &RawValue, zh: String, en: String) {
        // The raw value is a slice of the line, so the distance of their starts is its place.
        let offset = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.wrong.push(Wrong { column: column(self.text, offset), zh, en });
    }
}

fn day(json: &str) -> Result<NaiveDate, (String, String)> {
    let found = || (format!("期望日期，如 \"2017-09-11\"，实际 {json}"), format!("expected a day such as \"2017-09-11\", found {json}"));
    let text: String = serde_json::from_str(json).map_err(|_| found())?;
    let shaped = text.len() == 10 && text.is_ascii();
    text.parse().ok().filter(|_| shaped).ok_or_else(found)
}

fn span(json: &str) -> Result<Span, (String, String)> {
    let text: String = serde_json::from_str(json)
        .map_err(|_| (format!("期望期限，如 \"20 working days\"，实际 {json}"), format!("expected a length such as \"20 working days\", found {json}")))?;
    text.parse::<Span>().map_err(|error| (error.zh(), error.to_string()))
}

fn intervals(json: &str) -> Result<Vec<(NaiveDate, NaiveDate)>, (String, String)> {
    let found = || {
        let zh = format!("期望区间列表，如 [[\"2017-09-18\",\"2017-09-29\"]]，实际 {json}");
        (zh, format!("expected a list of intervals such as [[\"2017-09-18\",\"2017-09-29\"]], found {json}"))
    };
    let pairs: Vec<(&RawValue, &RawValue)> = serde_json::from_str(json).map_err(|_| found())?;
    pairs.into_iter().map(|(first, last)| stopped(day(first.get())?, day(last.get())?)).collect()
}

fn flag(json: &str) -> Result<bool, (String, String)> {
    serde_json::from_str(json).map_err(|_| (format!("期望 true 或 false，实际 {json}"), format!("expected true or false, found {json}")))
}

/// What is not a question at all.
fn malformed(text: &str, error: &serde_json::Error) -> Wrong {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    // Serde's column counts bytes up to and including the one it stumbled over.
    Wrong {
        column: column(text, error.column().saturating_sub(1)), zh: format!("期望一个 JSON 对象：{said}"), en: format!("expected a JSON object: {said}")
    }
}

/// Bytes to a column in characters, from 1.
fn column(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < offset).count() + 1
}

fn refused(line: usize, wrong: &[Wrong]) -> Refused {
    let en: Vec<String> = wrong.iter().map(|wrong| format!("line {line}, column {}: {}", wrong.column, wrong.en)).collect();
    let zh: Vec<String> = wrong.iter().map(|wrong| format!("第 {line} 行第 {} 列：{}", wrong.column, wrong.zh)).collect();
    Refused { error: en.join("; "), error_zh: zh.join("；"), line, column: wrong.first().map_or(1, |wrong| wrong.column) }
}
