//! A calendar file: read with positions, every mistake reported at once.
//! Invariant: a calendar without a mistake says exactly one thing about every covered day.
//! Never: a file opened here; the caller hands over the text and the name to print.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};

use super::amend::Addition;
use super::claims::Claims;
use super::light::Thresholds;
use super::table::{Calendar, Closure, DayKind, District, Heading, Holiday, Names, Notice, OfficeHours};
use crate::ids::Text;
use crate::limits::CALENDAR_DAYS_MAX;
use crate::source::{self, Fields, Mistake, Node, Place, Reader, Tree};

const KEYS: &[&str] =
    &["calendar", "title", "version", "covered", "weekend", "rolls-over", "verified", "names", "notices", "closures", "office-hours", "districts"];
const WEEKDAYS: (&str, &str) = ("星期，如 saturday", "a day of the week such as saturday");

impl Calendar {
    /// Reads a calendar; `file` is the name that mistakes carry.
    ///
    /// # Errors
    /// Every mistake of the file, in order of place.
    pub fn parse(yaml: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let root = source::read(yaml, file)?;
        let mut parser = Parser { reader: Reader::new(file), names: Names::new(), claims: Claims::default() };
        match parser.calendar(&root) {
            Some(calendar) if parser.reader.is_clean() => Ok(calendar),
            Some(_) | None => Err(parser.reader.into_mistakes()),
        }
    }

    /// The calendar the program carries.
    ///
    /// # Errors
    /// Its mistakes; a test keeps it free of them.
    pub fn china() -> Result<Self, Vec<Mistake>> {
        Self::parse(super::CN, "workflows/calendars/cn.yaml")
    }
}

struct Parser<'a> {
    reader: Reader<'a>,
    names: Names,
    claims: Claims,
}

impl Parser<'_> {
    fn calendar(&mut self, root: &Node) -> Option<Calendar> {
        let fields = self.reader.fields(root, KEYS)?;
        let name = self.text(&fields, "calendar");
        let title = self.reader.required(&fields, "title").and_then(|node| self.reader.bilingual(node));
        let version = self.text(&fields, "version");
        let verified = fields.get("verified").and_then(|node| self.reader.text(node)).unwrap_or_default();
        let weekend = self.weekend(&fields);
        let (holiday_rolls, weekend_rolls) = self.rolls(&fields);
        self.read_names(&fields);
        let notices = self.notices(&fields);
        let closures = self.closures(&fields);
        let hours = fields.get("office-hours").and_then(|node| self.hours(node));
        let (districts, closed) = self.districts(&fields);
        let (first, last) = self.covered(&fields, &notices)?;
        self.claims.check(&mut self.reader, (first, last), &weekend);
        closed.iter().for_each(|claims| claims.check(&mut self.reader, (first, last), &weekend));
        let notices = notices.into_iter().filter_map(|(_, notice)| notice).collect();
        let names = std::mem::take(&mut self.names);
        let heading = Heading {
            name: name?,
            title: title?,
            version: version?,
            verified,
            weekend,
            weekend_rolls,
            holiday_rolls,
            names,
            notices,
            closures,
            hours,
            districts,
            lights: None,
        };
        Some(self.claims.calendar(heading, (first, last)))
    }

    /// A file that adds to a calendar: notices of years, and closures.
    fn addition(&mut self, base: &Calendar, root: &Node) -> Option<Addition> {
        let fields = self.reader.fields(root, &["names", "notices", "closures", "office-hours", "districts"])?;
        if fields.get("names").is_some() {
            self.read_names(&fields);
        }
        let listed = fields.get("notices").map(|node| self.reader.list(node)).unwrap_or_default();
        self.claims = Claims::of(base, &years_of(listed));
        let notices = if fields.get("notices").is_some() { self.notices(&fields) } else { Vec::new() };
        let notices = notices.into_iter().filter_map(|(_, notice)| notice).collect();
        let closures = self.closures(&fields);
        let hours = fields.get("office-hours").and_then(|node| self.hours(node));
        let (districts, closed) = self.districts(&fields);
        if let Some(covered) = base.covered() {
            closed.iter().for_each(|claims| claims.check(&mut self.reader, covered, &base.heading().weekend));
        }
        Some(Addition { names: std::mem::take(&mut self.names), notices, closures, hours, districts, at: root.at })
    }

    /// The notices with the year each is for, where that could be read.
    fn notices(&mut self, fields: &Fields<'_>) -> Vec<(Option<i32>, Option<Notice>)> {
        let list = self.reader.required(fields, "notices").map(|node| self.reader.list(node)).unwrap_or_default();
        let mut seen: BTreeMap<i32, Place> = BTreeMap::new();
        let mut notices = Vec::new();
        for node in list {
            let Some(fields) = self.reader.fields(node, &["year", "source", "published", "holidays"]) else { continue };
            let year = self.year(&fields);
            if let Some((year, earlier)) = year.and_then(|year| Some((year, seen.insert(year, fields.at)?))) {
                let line = earlier.line;
                let zh = format!("{year} 年在第 {line} 行已有一份通知");
                self.reader.mistake(fields.at, "calendar-year", (zh, format!("expected one notice a year, found {year} again: line {line} has it")));
            }
            notices.push((year, self.notice(&fields, year)));
        }
        notices
    }

    fn notice(&mut self, fields: &Fields<'_>, year: Option<i32>) -> Option<Notice> {
        let (source, published) = self.origin(fields);
        let list = self.reader.required(fields, "holidays").map(|node| self.reader.list(node)).unwrap_or_default();
        let mut holidays = Vec::new();
        for node in list {
            if let Some(fields) = self.reader.fields(node, &["name", "days", "working"]) {
                holidays.extend(self.holiday(&fields, DayKind::Holiday));
            }
        }
        Some(Notice { year: year?, source: source?, published: published?, holidays })
    }

    /// Where it was published, and when.
    fn origin(&mut self, fields: &Fields<'_>) -> (Option<String>, Option<NaiveDate>) {
        (self.text(fields, "source"), self.reader.required(fields, "published").and_then(|node| self.date(node)))
    }

    /// Closures of the region itself, each with where it was published.
    fn closures(&mut self, fields: &Fields<'_>) -> Vec<Closure> {
        let mut closures = Vec::new();
        for node in fields.get("closures").map(|node| self.reader.list(node)).unwrap_or_default() {
            let Some(fields) = self.reader.fields(node, &["name", "days", "working", "source", "published"]) else { continue };
            let (source, published) = self.origin(&fields);
            if let (Some(days), Some(source), Some(published)) = (self.holiday(&fields, DayKind::Closure), source, published) {
                closures.push(Closure { days, source, published });
            }
        }
        closures
    }

    /// `{until: "17:30", after: next-working-day}`.
    fn hours(&mut self, node: &Node) -> Option<OfficeHours> {
        let fields = self.reader.fields(node, &["until", "after"])?;
        let until = self.reader.required(&fields, "until")?;
        let text = self.reader.text(until)?;
        let minute = NaiveTime::parse_from_str(&text, "%H:%M").ok().and_then(|time| u16::try_from(time.num_seconds_from_midnight() / 60).ok());
        if minute.is_none() {
            self.reader.expected(until, "calendar-hours", ("时刻，如 \"17:30\"", "a time of day such as \"17:30\""));
        }
        let after = self.reader.required(&fields, "after").and_then(|node| self.reader.word(node, &[("same-day", false), ("next-working-day", true)]));
        Some(OfficeHours { until: minute?, next_day: after? })
    }

    /// Parts of the region by code, each with lights and closures of its own; and what was said of their days.
    fn districts(&mut self, fields: &Fields<'_>) -> (BTreeMap<String, District>, Vec<Claims>) {
        let (mut districts, mut closed) = (BTreeMap::new(), Vec::new());
        for entry in fields.get("districts").map(|node| self.reader.entries(node)).unwrap_or_default() {
            if entry.key.len() != 6 || !entry.key.bytes().all(|byte| byte.is_ascii_digit()) {
                let found = &entry.key;
                let sentences = (format!("期望六位行政区划代码，实际 `{found}`"), format!("expected a six-digit region code, found `{found}`"));
                self.reader.mistake(entry.at, "calendar-district", sentences);
            }
            let Some(fields) = self.reader.fields(&entry.value, &["lights", "closures"]) else { continue };
            let lights = fields.get("lights").and_then(|node| Thresholds::read(&mut self.reader, node));
            // Its days are its own: what the whole region says of them is another matter.
            let whole = std::mem::take(&mut self.claims);
            let closures = self.closures(&fields);
            closed.push(std::mem::replace(&mut self.claims, whole));
            districts.insert(entry.key.clone(), District { lights, closures });
        }
        (districts, closed)
    }

    fn holiday(&mut self, fields: &Fields<'_>, kind: fn(Arc<Text>) -> DayKind) -> Option<Holiday> {
        let label = self.label(fields).unwrap_or_default();
        let days = self.reader.required(fields, "days");
        let range = days.and_then(|node| self.range(node));
        if let (Some(node), Some(range)) = (days, range) {
            self.claims.range(&mut self.reader, range, &kind(Arc::clone(&label)), node.at);
        }
        let mut make_up = Vec::new();
        for node in fields.get("working").map(|node| self.reader.list(node)).unwrap_or_default() {
            if let Some(date) = self.date(node) {
                self.claims.claim(&mut self.reader, date, DayKind::MakeUp(Arc::clone(&label)), node.at);
                make_up.push(date);
            }
        }
        range.map(|(first, last)| Holiday { label, first, last, make_up })
    }

    /// The covered range, with a notice for each of its years.
    fn covered(&mut self, fields: &Fields<'_>, notices: &[(Option<i32>, Option<Notice>)]) -> Option<(NaiveDate, NaiveDate)> {
        let node = self.reader.required(fields, "covered")?;
        let (first, last) = self.range(node)?;
        if usize::try_from(last.signed_duration_since(first).num_days()).is_ok_and(|days| days >= CALENDAR_DAYS_MAX) {
            let (zh, en) = (format!("至多 {CALENDAR_DAYS_MAX} 日"), format!("at most {CALENDAR_DAYS_MAX} days"));
            self.reader.expected(node, "calendar-covered", (&zh, &en));
            return None;
        }
        for year in first.year()..=last.year() {
            if !notices.iter().any(|(of, _)| *of == Some(year)) {
                let zh = format!("`covered` 含 {year} 年，却没有该年的通知");
                self.reader.mistake(node.at, "calendar-year", (zh, format!("expected a notice for every covered year, found none for {year}")));
            }
        }
        Some((first, last))
    }

    fn read_names(&mut self, fields: &Fields<'_>) {
        let entries = self.reader.required(fields, "names").map(|node| self.reader.entries(node)).unwrap_or_default();
        for entry in entries {
            if let Some(text) = self.reader.bilingual(&entry.value) {
                let named = (entry.key.clone(), Arc::new(text));
                // A local file may name again what the calendar it adds to names already.
                if !self.names.contains(&named) {
                    self.names.push(named);
                }
            }
        }
    }

    fn label(&mut self, fields: &Fields<'_>) -> Option<Arc<Text>> {
        let node = self.reader.required(fields, "name")?;
        let key = self.reader.text(node)?;
        if let Some((_, label)) = self.names.iter().find(|(known, _)| *known == key) {
            return Some(Arc::clone(label));
        }
        let known = self.names.iter().map(|(known, _)| known.as_str()).collect::<Vec<_>>().join(", ");
        self.reader.expected(node, "calendar-name", (&format!(" `names` 中的 {known} 之一"), &format!("one of `names`: {known}")));
        None
    }

    fn weekend(&mut self, fields: &Fields<'_>) -> Vec<Weekday> {
        let list = self.reader.required(fields, "weekend").map(|node| self.reader.list(node)).unwrap_or_default();
        let mut days = Vec::new();
        for node in list {
            match self.reader.text(node).map(|text| Weekday::from_str(&text)) {
                Some(Ok(day)) => days.push(day),
                Some(Err(_)) => self.reader.expected(node, "calendar-weekend", WEEKDAYS),
                None => {}
            }
        }
        days
    }

    /// Whether a calendar-day limit moves off a holiday, and off an ordinary weekend.
    fn rolls(&mut self, fields: &Fields<'_>) -> (bool, bool) {
        let list = fields.get("rolls-over").map(|node| self.reader.list(node)).unwrap_or_default();
        let words: Vec<_> = list.iter().filter_map(|node| self.reader.word(node, &[("holiday", false), ("weekend", true)])).collect();
        (words.contains(&false), words.contains(&true))
    }

    /// `2026-02-15..2026-02-23`, or one day.
    fn range(&mut self, node: &Node) -> Option<(NaiveDate, NaiveDate)> {
        let text = self.reader.text(node)?;
        let range = days(&text);
        if range.is_none() {
            let (first, last) = text.split_once("..").unwrap_or((&text, &text));
            if day(first).is_some() && day(last).is_some() {
                self.reader.expected(node, "calendar-range", ("末日不早于首日", "a last day not before the first"));
            } else {
                let (zh, en) = ("日期 2026-02-15 或 2026-02-15..2026-02-23", "a day 2026-02-15 or days 2026-02-15..2026-02-23");
                self.reader.expected(node, "calendar-date", (zh, en));
            }
        }
        range
    }

    fn date(&mut self, node: &Node) -> Option<NaiveDate> {
        let date = day(&self.reader.text(node)?);
        if date.is_none() {
            self.reader.expected(node, "calendar-date", ("日期，如 2026-02-15", "a day such as 2026-02-15"));
        }
        date
    }

    fn year(&mut self, fields: &Fields<'_>) -> Option<i32> {
        let node = self.reader.required(fields, "year")?;
        let year = i32::try_from(self.reader.whole(node)?).ok().filter(|year| (1949..=9999).contains(year));
        if year.is_none() {
            self.reader.expected(node, "calendar-year", ("年份，如 2026", "a year such as 2026"));
        }
        year
    }

    fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let node = self.reader.required(fields, key)?;
        let text = self.reader.text(node)?;
        if text.trim().is_empty() {
            self.reader.expected(node, "calendar-empty", ("文字", "some text"));
            return None;
        }
        Some(text)
    }
}

/// Reads a YAML file that adds to a calendar; its checks are begun, and ended by whoever asked.
pub(super) fn addition<'f>(base: &Calendar, root: &Node, file: &'f str) -> (Reader<'f>, Claims, Option<Addition>) {
    let mut parser = Parser { reader: Reader::new(file), names: base.heading().names.clone(), claims: Claims::default() };
    let addition = parser.addition(base, root);
    (parser.reader, parser.claims, addition)
}

/// The years that notices are for, before anything else of them is read.
fn years_of(notices: &[Node]) -> Vec<i32> {
    let year = |node: &Node| {
        let Tree::Map(entries) = &node.tree else { return None };
        match &entries.iter().find(|entry| entry.key == "year")?.value.tree {
            Tree::Number(digits) => digits.parse().ok(),
            Tree::Null | Tree::Bool(_) | Tree::Text(_) | Tree::List(_) | Tree::Map(_) => None,
        }
    };
    notices.iter().filter_map(year).collect()
}

/// A date with four, two and two digits; chrono alone would also take `2026-2-5`.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}

/// `2026-02-15..2026-02-23`, or one day; `None` for what cannot be read and for days backwards.
pub(super) fn days(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    (first <= last).then_some((first, last))
}
