//! A calendar file: read with positions, every mistake reported at once.
//! Invariant: a calendar without a mistake says exactly one thing about every covered day.
//! Never: a file opened here; the caller hands over the text and the name to print.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};

use super::table::{Calendar, DayKind, Heading, Holiday, Notice, weekday_zh};
use crate::ids::Text;
use crate::limits::CALENDAR_DAYS_MAX;
use crate::source::{self, Fields, Mistake, Node, Place, Reader};

const KEYS: &[&str] = &["calendar", "title", "version", "covered", "weekend", "rolls-over", "verified", "names", "notices", "closures"];
const WEEKDAYS: (&str, &str) = ("星期，如 saturday", "a day of the week such as saturday");

impl Calendar {
    /// Reads a calendar; `file` is the name that mistakes carry.
    ///
    /// # Errors
    /// Every mistake of the file, in order of place.
    pub fn parse(yaml: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let root = source::read(yaml, file)?;
        let mut parser = Parser { reader: Reader::new(file), names: BTreeMap::new(), claims: BTreeMap::new(), told: BTreeSet::new() };
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

/// What the file says of one day, and where.
struct Claim {
    kind: DayKind,
    at: Place,
}

struct Parser<'a> {
    reader: Reader<'a>,
    names: BTreeMap<String, Arc<Text>>,
    claims: BTreeMap<NaiveDate, Claim>,
    /// Pairs of places whose overlap was told.
    told: BTreeSet<(Place, Place)>,
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
        for closure in fields.get("closures").map(|node| self.reader.list(node)).unwrap_or_default() {
            self.holiday(closure, DayKind::Closure);
        }
        let (first, last) = self.covered(&fields, &notices)?;
        self.inside(first, last);
        self.make_up_on_weekends(&weekend);
        let days = first.iter_days().take_while(|date| *date <= last).map(|date| self.kind(date, &weekend)).collect();
        let notices = notices.into_iter().filter_map(|(_, notice)| notice).collect();
        Some(Calendar::new(Heading { name: name?, title: title?, version: version?, verified, weekend_rolls, holiday_rolls, notices }, first, days))
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
        let source = self.text(fields, "source");
        let published = self.reader.required(fields, "published").and_then(|node| self.date(node));
        let list = self.reader.required(fields, "holidays").map(|node| self.reader.list(node)).unwrap_or_default();
        let holidays = list.iter().filter_map(|node| self.holiday(node, DayKind::Holiday)).collect();
        Some(Notice { year: year?, source: source?, published: published?, holidays })
    }

    fn holiday(&mut self, node: &Node, kind: fn(Arc<Text>) -> DayKind) -> Option<Holiday> {
        let fields = self.reader.fields(node, &["name", "days", "working"])?;
        let label = self.label(&fields).unwrap_or_default();
        let days = self.reader.required(&fields, "days");
        let range = days.and_then(|node| self.range(node));
        if let (Some(node), Some((first, last))) = (days, range) {
            // A slip of the year must not fill memory with its days: what lies outside `covered` is told once anyway.
            for date in first.iter_days().take_while(|date| *date <= last).take(CALENDAR_DAYS_MAX) {
                self.claim(date, kind(Arc::clone(&label)), node.at);
            }
        }
        let mut make_up = Vec::new();
        for node in fields.get("working").map(|node| self.reader.list(node)).unwrap_or_default() {
            if let Some(date) = self.date(node) {
                self.claim(date, DayKind::MakeUp(Arc::clone(&label)), node.at);
                make_up.push(date);
            }
        }
        range.map(|(first, last)| Holiday { label, first, last, make_up })
    }

    /// Writes down what a day is. A day said twice is a mistake, told once for each pair of places.
    fn claim(&mut self, date: NaiveDate, kind: DayKind, at: Place) {
        let Some(earlier) = self.claims.get(&date) else {
            self.claims.insert(date, Claim { kind, at });
            return;
        };
        let line = earlier.at.line;
        let (zh, en) = if earlier.kind.is_working() { ("调休上班日", "a make-up working day") } else { ("放假日", "a day off") };
        if !self.told.insert((at, earlier.at)) {
            return;
        }
        let zh = format!("{date} 写了两次：第 {line} 行已定为{zh}");
        self.reader.mistake(at, "calendar-overlap", (zh, format!("expected each day once, found {date} again: line {line} already makes it {en}")));
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

    /// Nothing is said about a day outside the covered range.
    fn inside(&mut self, first: NaiveDate, last: NaiveDate) {
        let mut told = Vec::new();
        for (date, claim) in &self.claims {
            if (first..=last).contains(date) || told.contains(&claim.at) {
                continue;
            }
            told.push(claim.at);
            let zh = format!("期望 `covered`（{first} 至 {last}）之内的日期，实际 {date}");
            self.reader.mistake(claim.at, "calendar-uncovered", (zh, format!("expected a day inside `covered` ({first}..{last}), found {date}")));
        }
    }

    /// A make-up day is a weekend day: a weekday is worked anyway, so writing one is a slip of the date.
    fn make_up_on_weekends(&mut self, weekend: &[Weekday]) {
        for (date, claim) in &self.claims {
            if claim.kind.is_working() && !weekend.contains(&date.weekday()) {
                let zh = format!("期望调休上班的周末，实际 {date}（{}）", weekday_zh(*date));
                let en = format!("expected a weekend day to be worked, found {date}, a {}", date.format("%A"));
                self.reader.mistake(claim.at, "calendar-make-up", (zh, en));
            }
        }
    }

    /// What the file makes of a covered day.
    fn kind(&self, date: NaiveDate, weekend: &[Weekday]) -> DayKind {
        match self.claims.get(&date) {
            Some(claim) => claim.kind.clone(),
            None if weekend.contains(&date.weekday()) => DayKind::Weekend,
            None => DayKind::Working,
        }
    }

    fn read_names(&mut self, fields: &Fields<'_>) {
        let entries = self.reader.required(fields, "names").map(|node| self.reader.entries(node)).unwrap_or_default();
        for entry in entries {
            if let Some(text) = self.reader.bilingual(&entry.value) {
                self.names.insert(entry.key.clone(), Arc::new(text));
            }
        }
    }

    fn label(&mut self, fields: &Fields<'_>) -> Option<Arc<Text>> {
        let node = self.reader.required(fields, "name")?;
        let key = self.reader.text(node)?;
        if let Some(label) = self.names.get(&key) {
            return Some(Arc::clone(label));
        }
        let known = self.names.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
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
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        match (day(first), day(last)) {
            (Some(first), Some(last)) if first <= last => return Some((first, last)),
            (Some(_), Some(_)) => self.reader.expected(node, "calendar-range", ("末日不早于首日", "a last day not before the first")),
            (None, _) | (_, None) => {
                let (zh, en) = ("日期 2026-02-15 或 2026-02-15..2026-02-23", "a day 2026-02-15 or days 2026-02-15..2026-02-23");
                self.reader.expected(node, "calendar-date", (zh, en));
            }
        }
        None
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

/// A date with four, two and two digits; chrono alone would also take `2026-2-5`.
fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}
