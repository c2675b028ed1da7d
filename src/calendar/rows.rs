//! What tables of days (CSV, ICS) have in common: a row says what one day or a few are, and rows of one name become a holiday.
//! Invariant: every row ends in exactly one holiday or closure, or in a mistake with its place.
//! Never: a name made up. A row names something the calendar knows, or brings its name in both languages.

use std::sync::Arc;

use chrono::NaiveDate;

use super::table::{Holiday, Names};
use crate::ids::Text;
use crate::source::{Place, Reader};

/// A make-up day without a name belongs to the nearest holiday, at most this far away.
const MAKE_UP_DAYS_MAX: i64 = 30;

/// No holiday and no closure is longer; a slip of the year is.
const ROW_DAYS_MAX: i64 = 366;

/// What a row says of its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A holiday.
    Off,
    /// A weekend that is worked.
    Worked,
    /// A closure of the region.
    Closed,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub at: Place,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub what: What,
    /// `None` for a make-up day that does not say for what.
    pub label: Option<Arc<Text>>,
}

impl Row {
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |date| *date <= last)
    }
}

/// What a table says, with what it says of itself.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub rows: Vec<Row>,
    pub year: Option<i32>,
    pub source: Option<String>,
    pub published: Option<NaiveDate>,
}

/// A name as it is written on screens, calendars and in tables: exactly, within a longer text, or without its last character 节.
pub(super) fn named(names: &Names, text: &str) -> Option<Arc<Text>> {
    let text = text.trim();
    if let Some((_, name)) = names.iter().find(|(key, name)| key == text || name.zh == text || name.en.eq_ignore_ascii_case(text)) {
        return Some(Arc::clone(name));
    }
    let stem = |name: &Text| name.zh.strip_suffix('节').filter(|stem| stem.chars().count() > 1).unwrap_or(&name.zh).to_owned();
    let within = names.iter().filter(|(_, name)| text.contains(&name.zh) || text.contains(&stem(name)));
    within.max_by_key(|(_, name)| name.zh.len()).map(|(_, name)| Arc::clone(name))
}

/// Whether the row's days are so few that they can be days off; told when not.
pub(super) fn bounded(reader: &mut Reader<'_>, (first, last): (NaiveDate, NaiveDate), at: Place) -> bool {
    let fits = last.signed_duration_since(first).num_days() < ROW_DAYS_MAX;
    if !fits {
        let zh = format!("期望至多 {ROW_DAYS_MAX} 日，实际 {first} 至 {last}");
        reader.mistake(at, "calendar-range", (zh, format!("expected at most {ROW_DAYS_MAX} days, found {first}..{last}")));
    }
    fits
}

/// Gives make-up days without a name that of the nearest day off.
pub(super) fn name_make_up_days(rows: &mut [Row]) {
    let off: Vec<Row> = rows.iter().filter(|row| row.what != What::Worked).cloned().collect();
    for row in rows.iter_mut().filter(|row| row.label.is_none()) {
        let away =
            |other: &&Row| row.first.signed_duration_since(other.first).num_days().abs().min(row.first.signed_duration_since(other.last).num_days().abs());
        let near = off.iter().filter(|other| away(other) <= MAKE_UP_DAYS_MAX).min_by_key(away).and_then(|other| other.label.clone());
        row.label = near;
    }
}

/// The name a row carries: one the calendar knows, or a new one in both languages.
pub(super) fn label(reader: &mut Reader<'_>, names: &mut Names, (zh, en): (&str, &str), at: Place) -> Option<Arc<Text>> {
    if let Some(known) = named(names, zh) {
        return Some(known);
    }
    if !zh.trim().is_empty() && !en.trim().is_empty() {
        let text = Arc::new(Text { zh: zh.trim().to_owned(), en: en.trim().to_owned() });
        names.push((key(names, en), Arc::clone(&text)));
        return Some(text);
    }
    let known = names.iter().map(|(_, name)| name.zh.as_str()).collect::<Vec<_>>().join("、");
    let zh_said = format!("期望已有的名称（{known}），或另写英文名称的新名称，实际 `{}`", zh.trim());
    let en_said = format!("expected a name the calendar knows ({known}), or a new one with its name in English, found `{}`", zh.trim());
    reader.mistake(at, "calendar-name", (zh_said, en_said));
    None
}

fn key(names: &Names, en: &str) -> String {
    let words: Vec<String> = en.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let stem = if words.is_empty() { "name".to_owned() } else { words.join("-") };
    let taken = |key: &str| names.iter().any(|(known, _)| known == key);
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.clone()).chain(numbered).find(|key| !taken(key)).unwrap_or(stem)
}

/// Rows of one kind as holidays: adjoining days of one name together, and each make-up day with the holiday it is worked for.
pub(super) fn holidays(reader: &mut Reader<'_>, rows: &[Row], kind: What, worked: &[Row]) -> Vec<Holiday> {
    let mut off: Vec<&Row> = rows.iter().filter(|row| row.what == kind).collect();
    off.sort_by_key(|row| row.first);
    let mut holidays: Vec<Holiday> = Vec::new();
    for row in off {
        let Some(label) = &row.label else { continue };
        match holidays.last_mut() {
            Some(open) if open.label == *label && open.last.succ_opt() == Some(row.first) => open.last = row.last,
            Some(_) | None => holidays.push(Holiday { label: Arc::clone(label), first: row.first, last: row.last, make_up: Vec::new() }),
        }
    }
    for row in worked {
        for date in row.days() {
            match nearest(&mut holidays, row.label.as_ref(), date) {
                Some(holiday) => holiday.make_up.push(date),
                None => {
                    let (zh, en) = (format!("{date} 前后没有它所调休的假日"), format!("expected a holiday near {date} that it is worked for, found none"));
                    reader.mistake(row.at, "calendar-make-up", (zh, en));
                }
            }
        }
    }
    holidays.iter_mut().for_each(|holiday| holiday.make_up.sort_unstable());
    holidays
}

fn nearest<'h>(holidays: &'h mut [Holiday], label: Option<&Arc<Text>>, date: NaiveDate) -> Option<&'h mut Holiday> {
    let away = |holiday: &Holiday| {
        let days = |to: NaiveDate| date.signed_duration_since(to).num_days().abs();
        days(holiday.first).min(days(holiday.last))
    };
    let fits = |holiday: &&mut Holiday| label.is_none_or(|label| holiday.label == *label) && away(holiday) <= MAKE_UP_DAYS_MAX;
    holidays.iter_mut().filter(fits).min_by_key(|holiday| away(holiday))
}
