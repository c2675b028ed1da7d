//! A table of days as iCalendar (RFC 5545): every event is a day or days in a row, by its summary off or worked.
//! A summary says 休 or 假 for a holiday and 班 for a weekend worked; Apple's feed says it in `X-APPLE-SPECIAL-DAY` too, which goes before.

use chrono::NaiveDate;

use super::rows::{Row, Table, What, bounded, label, named};
use super::table::Names;
use crate::source::{Place, Reader, shortened};

/// What is read of one event; each value with its line.
#[derive(Default)]
struct Event {
    at: u32,
    start: Option<(String, u32)>,
    end: Option<(String, u32)>,
    summary: Option<(String, u32)>,
    special: Option<String>,
    repeats: Option<u32>,
}

/// Reads the events; what cannot be read is told. `local`: they are closures of the region.
pub(super) fn read(reader: &mut Reader<'_>, text: &str, names: &mut Names, local: bool) -> Table {
    let mut table = Table::default();
    let mut open: Option<Event> = None;
    for (number, line) in unfolded(text) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let property = name.split(';').next().unwrap_or(name).to_uppercase();
        let value = value.trim();
        match (property.as_str(), &mut open) {
            ("BEGIN", _) if value.eq_ignore_ascii_case("VEVENT") => open = Some(Event { at: number, ..Event::default() }),
            ("END", event) if value.eq_ignore_ascii_case("VEVENT") => {
                table.rows.extend(event.take().and_then(|event| row(reader, &event, names, local)));
            }
            ("DTSTART", Some(event)) => event.start = Some((value.to_owned(), number)),
            ("DTEND", Some(event)) => event.end = Some((value.to_owned(), number)),
            ("SUMMARY", Some(event)) => event.summary = Some((value.replace("\\,", ",").replace("\\;", ";"), number)),
            ("X-APPLE-SPECIAL-DAY", Some(event)) => event.special = Some(value.to_uppercase()),
            ("RRULE" | "RDATE", Some(event)) => event.repeats = Some(number),
            _ => {}
        }
    }
    if table.rows.is_empty() && reader.is_clean() {
        let (zh, en) = ("期望至少一个 VEVENT，实际没有", "expected at least one VEVENT, found none");
        reader.mistake(Place { line: 1, column: 1 }, "calendar-event", (zh.to_owned(), en.to_owned()));
    }
    table
}

/// Lines with those that go on (RFC 5545, 3.1) joined, and the number of each one's first.
fn unfolded(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, open))) => open.push_str(more),
            (Some(_) | None, _) => lines.push((number, line.to_owned())),
        }
    }
    lines
}

fn row(reader: &mut Reader<'_>, event: &Event, names: &mut Names, local: bool) -> Option<Row> {
    if let Some(line) = event.repeats {
        let (zh, en) = ("期望逐日列出的事件，实际为重复事件", "expected events that name their days, found one that repeats");
        reader.mistake(Place { line, column: 1 }, "calendar-event", (zh.to_owned(), en.to_owned()));
        return None;
    }
    let Some((start, line)) = &event.start else {
        let (zh, en) = ("事件缺少 DTSTART", "expected a DTSTART in the event, found none");
        reader.mistake(Place { line: event.at, column: 1 }, "calendar-event", (zh.to_owned(), en.to_owned()));
        return None;
    };
    let at = Place { line: *line, column: 1 };
    let first = whole_day(reader, start, at);
    // The end is the day after the last one; without it the event lasts one day.
    let end = event.end.as_ref().map(|(text, line)| (whole_day(reader, text, Place { line: *line, column: 1 }), Place { line: *line, column: 1 }));
    let (summary, line) = event.summary.as_ref().map_or(("", event.at), |(text, line)| (text.as_str(), *line));
    let named_at = Place { line, column: 1 };
    let what = what(reader, event, (summary, local), named_at);
    let unnamed = what == Some(What::Worked) && named(names, summary).is_none();
    let label = if unnamed { None } else { label(reader, names, (summary, ""), named_at) };
    let first = first?;
    let last = match end {
        None => first,
        Some((end, at)) => {
            let last = end?.pred_opt()?;
            if last < first {
                let (zh, en) = ("DTEND 应晚于 DTSTART（末日的次日）", "expected a DTEND after DTSTART: the day after the last one");
                reader.mistake(at, "calendar-range", (zh.to_owned(), en.to_owned()));
                return None;
            }
            last
        }
    };
    if !bounded(reader, (first, last), at) {
        return None;
    }
    let row = Row { at, first, last, what: what?, label };
    (row.label.is_some() || unnamed).then_some(row)
}

fn what(reader: &mut Reader<'_>, event: &Event, (summary, local): (&str, bool), at: Place) -> Option<What> {
    let off = if local { What::Closed } else { What::Off };
    match event.special.as_deref() {
        Some("WORK-HOLIDAY") => return Some(off),
        Some("ALTERNATE-WORKDAY") => return Some(What::Worked),
        Some(_) | None => {}
    }
    if summary.contains('班') {
        return Some(What::Worked);
    }
    if local || summary.contains(['休', '假']) {
        return Some(off);
    }
    let found = shortened(summary);
    let zh = format!("期望摘要写明“休”“假”或“班”，实际 `{found}`");
    reader.mistake(at, "calendar-kind", (zh, format!("expected a summary that says 休, 假 or 班, found `{found}`")));
    None
}

/// `20270205`; a moment of a day is no day.
fn whole_day(reader: &mut Reader<'_>, text: &str, at: Place) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = digits.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten();
    if date.is_none() {
        let found = shortened(text);
        reader.mistake(
            at,
            "calendar-date",
            (format!("期望全天事件的日期，如 20270205，实际 `{found}`"), format!("expected the date of a whole day such as 20270205, found `{found}`")),
        );
    }
    date
}
