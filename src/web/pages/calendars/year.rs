//! A year as people know it from the wall: twelve months, Monday first, with what is off and what is worked.
//! Invariant: what a day is stands in words, not in a colour alone.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::calendar::{Calendar, DayKind};
use crate::ids::Text;
use crate::notice::Language;

/// A month of the year.
#[derive(Serialize)]
pub(super) struct Month {
    title: String,
    weeks: Vec<Vec<Cell>>,
}

/// A day of a month, or the room before the first and after the last.
#[derive(Clone, Serialize)]
struct Cell {
    day: Option<u32>,
    /// `working`, `weekend`, `off`, `worked` or `closed`; empty for room.
    kind: &'static str,
    /// The key of the mark beside the number.
    mark: Option<&'static str>,
    label: Option<Text>,
}

const ROOM: Cell = Cell { day: None, kind: "", mark: None, label: None };
const WEEK: usize = 7;

/// The months of a year.
pub(super) fn months(calendar: &Calendar, year: i32, language: Language) -> Vec<Month> {
    (1..=12).filter_map(|month| NaiveDate::from_ymd_opt(year, month, 1)).map(|first| of_month(calendar, first, language)).collect()
}

fn of_month(calendar: &Calendar, first: NaiveDate, language: Language) -> Month {
    let before = usize::try_from(first.weekday().num_days_from_monday()).unwrap_or(0);
    let days = first.iter_days().take_while(|date| date.month() == first.month()).map(|date| cell(calendar, date));
    let mut cells: Vec<Cell> = std::iter::repeat_n(ROOM, before).chain(days).collect();
    cells.resize(cells.len().div_ceil(WEEK) * WEEK, ROOM);
    let title = match language {
        Language::Zh => format!("{} 月", first.month()),
        Language::En => first.format("%B").to_string(),
    };
    Month { title, weeks: cells.chunks(WEEK).map(<[Cell]>::to_vec).collect() }
}

fn cell(calendar: &Calendar, date: NaiveDate) -> Cell {
    let (kind, mark, label) = match calendar.day(date) {
        None => ("", None, None),
        Some(DayKind::Working) => ("working", None, None),
        Some(DayKind::Weekend) => ("weekend", None, None),
        Some(DayKind::MakeUp(label)) => ("worked", Some("calendars-mark-worked"), Some(label)),
        Some(DayKind::Holiday(label)) => ("off", Some("calendars-mark-off"), Some(label)),
        Some(DayKind::Closure(label)) => ("closed", Some("calendars-mark-closed"), Some(label)),
    };
    Cell { day: Some(date.day()), kind, mark, label: label.map(|label| label.as_ref().clone()) }
}

/// How many days of the year are worked.
pub(super) fn working_days(calendar: &Calendar, year: i32) -> usize {
    let first = NaiveDate::from_ymd_opt(year, 1, 1);
    first.map_or(0, |first| first.iter_days().take_while(|date| date.year() == year).filter(|date| calendar.is_working(*date) == Some(true)).count())
}

/// What a day is, in words.
pub(super) fn said(kind: Option<&DayKind>) -> Text {
    let text = |zh: String, en: String| Text { zh, en };
    match kind {
        None => text("未公布".to_owned(), "not published".to_owned()),
        Some(DayKind::Working) => text("工作日".to_owned(), "working day".to_owned()),
        Some(DayKind::Weekend) => text("周末".to_owned(), "weekend".to_owned()),
        Some(DayKind::MakeUp(label)) => text(format!("{}调休上班", label.zh), format!("worked for {}", label.en)),
        Some(DayKind::Holiday(label)) => text(format!("{}放假", label.zh), format!("{} holiday", label.en)),
        Some(DayKind::Closure(label)) => label.as_ref().clone(),
    }
}
