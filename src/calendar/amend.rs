//! A file that somebody proposes, held against the calendar in force: a whole calendar, or a year's notice and closures of the region on top of it.
//! Invariant: whatever the file's form, the same days come to the same calendar, or to the same mistakes at their places.
//! Never: a change of the calendar in force; what comes out is another one.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::rows::{self, Row, Table, What};
use super::table::{Calendar, Closure, DayKind, District, Holiday, Names, Notice, OfficeHours};
use super::{csv, ics, syntax};
use crate::limits::SOURCE_BYTES_MAX;
use crate::source::{self, Mistake, Place, Reader, Tree};

/// The forms a calendar comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// As this program writes it.
    Yaml,
    /// A table of days.
    Csv,
    /// iCalendar.
    Ics,
}

impl Format {
    /// By the file's name, and by how it begins when the name says nothing.
    #[must_use]
    pub fn of(file: &str, text: &str) -> Self {
        let name = file.to_lowercase();
        let begins = text.trim_start_matches('\u{feff}').trim_start();
        match () {
            () if name.ends_with(".ics") || begins.starts_with("BEGIN:VCALENDAR") => Self::Ics,
            () if name.ends_with(".csv") => Self::Csv,
            () if name.ends_with(".yaml") || name.ends_with(".yml") => Self::Yaml,
            () => {
                let first = begins.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or_default();
                if first.contains(',') && !first.contains(": ") { Self::Csv } else { Self::Yaml }
            }
        }
    }
}

/// What a table of days does not say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Head {
    /// The year it arranges; else the one most of its days lie in.
    pub year: Option<i32>,
    /// The number of the notice.
    pub source: Option<String>,
    /// The day it was published.
    pub published: Option<NaiveDate>,
    /// Its days are closures of the region, and no notice of a year.
    pub local: bool,
}

/// What a file adds to a calendar.
pub(super) struct Addition {
    pub names: Names,
    pub notices: Vec<Notice>,
    pub closures: Vec<Closure>,
    pub hours: Option<OfficeHours>,
    pub districts: BTreeMap<String, District>,
    pub at: Place,
}

/// The holidays every notice of a year arranges (全国年节及纪念日放假办法 2).
const STATUTORY: [&str; 7] = ["元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆"];

impl Calendar {
    /// The calendar that the file proposes, on top of this one.
    ///
    /// # Errors
    /// Every mistake of the file, in order of place.
    pub fn proposed(&self, text: &str, file: &str, head: &Head) -> Result<Self, Vec<Mistake>> {
        if text.len() > SOURCE_BYTES_MAX {
            let zh = format!("文件最长 {SOURCE_BYTES_MAX} 字节，实际 {} 字节", text.len());
            let en = format!("expected a file of at most {SOURCE_BYTES_MAX} bytes, found {} bytes", text.len());
            return Err(vec![Mistake { file: file.to_owned(), line: 1, column: 1, code: "file-too-long", zh, en }]);
        }
        match Format::of(file, text) {
            Format::Yaml => self.proposed_in_yaml(text, file),
            format @ (Format::Csv | Format::Ics) => self.proposed_in_table(format, text, file, head),
        }
    }

    fn proposed_in_yaml(&self, text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let root = source::read(text, file)?;
        let has = |key: &str| matches!(&root.tree, Tree::Map(entries) if entries.iter().any(|entry| entry.key == key));
        if has("calendar") || has("covered") || self.covered().is_none() {
            let whole = Self::parse(text, file)?;
            // A national file says nothing of the region's closures: they stay.
            let whole = if has("closures") { whole } else { self.closures_onto(&whole) };
            return Ok(self.own_onto(whole, (has("office-hours"), has("districts"))));
        }
        let (reader, claims, addition) = syntax::addition(self, &root, file);
        match addition {
            Some(addition) => self.amended(reader, claims, addition),
            None => Err(reader.into_mistakes()),
        }
    }

    fn proposed_in_table(&self, format: Format, text: &str, file: &str, head: &Head) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader::new(file);
        let at = Place { line: 1, column: 1 };
        if self.covered().is_none() {
            let (zh, en) =
                ("还没有工作日历：先导入一份完整的 YAML 日历", "expected a calendar in force to add to, found none: import a whole YAML calendar first");
            reader.mistake(at, "calendar-none", (zh.to_owned(), en.to_owned()));
            return Err(reader.into_mistakes());
        }
        let mut names = self.heading().names.clone();
        let table = if format == Format::Csv { csv::read(&mut reader, text, &mut names) } else { ics::read(&mut reader, text, &mut names, head.local) };
        let mut rows = if head.local { closed(&table) } else { table.rows.clone() };
        rows::name_make_up_days(&mut rows);
        let year = head.year.or(table.year).or_else(|| main_year(&rows));
        let arranged: Vec<i32> = year.into_iter().filter(|_| rows.iter().any(|row| row.what == What::Off)).collect();
        let mut claims = Claims::of(self, &arranged);
        for row in &rows {
            claim(&mut reader, &mut claims, row);
        }
        let (source, published) = origin(&mut reader, &table, head);
        // What is missing was told; the rest is checked all the same.
        let (source, published) = (source.unwrap_or_default(), published.unwrap_or(NaiveDate::MAX));
        let (national, local) = sorted(&mut reader, &rows, head.local);
        let notices = arranged.into_iter().map(|year| Notice { year, source: source.clone(), published, holidays: national.clone() }).collect();
        let closures = local.into_iter().map(|days| Closure { days, source: source.clone(), published }).collect();
        self.amended(reader, claims, Addition { names, notices, closures, hours: None, districts: BTreeMap::new(), at })
    }

    /// This calendar with the addition, after every check.
    fn amended(&self, mut reader: Reader<'_>, claims: Claims, addition: Addition) -> Result<Self, Vec<Mistake>> {
        let at = addition.at;
        let Some((first, last)) = self.covered() else { return Err(reader.into_mistakes()) };
        let last = addition.notices.iter().filter_map(|notice| NaiveDate::from_ymd_opt(notice.year, 12, 31)).fold(last, NaiveDate::max);
        let mut heading = self.heading().clone();
        for notice in &addition.notices {
            self.check_notice(&mut reader, notice, at);
            heading.notices.retain(|earlier| earlier.year != notice.year);
            heading.notices.push(notice.clone());
        }
        heading.notices.sort_by_key(|notice| notice.year);
        for year in (first.year()..=last.year()).filter(|year| heading.notices.iter().all(|notice| notice.year != *year)) {
            let zh = format!("日历将覆盖至 {last}，却没有 {year} 年的通知");
            reader.mistake(at, "calendar-year", (zh, format!("expected a notice for every covered year up to {last}, found none for {year}")));
        }
        let local = addition.hours.is_some() || !addition.districts.is_empty();
        if addition.notices.is_empty() && addition.closures.is_empty() && !local && reader.is_clean() {
            let (zh, en) = ("期望至少一份通知或一次停办，实际没有", "expected at least one notice or one closure, found none");
            reader.mistake(at, "calendar-nothing", (zh.to_owned(), en.to_owned()));
        }
        claims.check(&mut reader, (first, last), &heading.weekend);
        if !reader.is_clean() {
            return Err(reader.into_mistakes());
        }
        heading.names = addition.names;
        heading.closures = heading.closures.iter().flat_map(|closure| still_closed(closure, &claims)).collect();
        heading.closures.extend(addition.closures);
        heading.closures.sort_by_key(|closure| closure.days.first);
        heading.hours = addition.hours.or(heading.hours);
        for (code, district) in addition.districts {
            let own = heading.districts.entry(code).or_default();
            own.lights = district.lights.or(own.lights);
            own.closures.extend(district.closures.into_iter().filter(|closure| !own.closures.contains(closure)).collect::<Vec<_>>());
        }
        if heading == *self.heading() {
            // Said again, nothing is another version.
            return Ok(self.clone());
        }
        heading.version = next_version(&heading.version, last.year());
        Ok(claims.calendar(heading, (first, last)))
    }

    /// A notice replaces an older one of its year, and arranges every statutory holiday.
    fn check_notice(&self, reader: &mut Reader<'_>, notice: &Notice, at: Place) {
        let year = notice.year;
        if let Some(earlier) = self.notices().iter().find(|earlier| earlier.year == year && earlier.published > notice.published) {
            let (was, found) = (earlier.published, notice.published);
            let zh = format!("{year} 年现行通知公布于 {was}，期望不早于该日的通知，实际 {found}");
            reader.mistake(at, "calendar-older", (zh, format!("expected a notice for {year} published on or after {was}, found one of {found}")));
        }
        let missing: Vec<&str> = STATUTORY.into_iter().filter(|name| !notice.holidays.iter().any(|holiday| holiday.label.zh.contains(name))).collect();
        // Where a row could not be read, its holiday is missing for that reason.
        if !missing.is_empty() && reader.is_clean() {
            let missing = missing.join("、");
            let zh = format!("{year} 年的通知缺少：{missing}");
            reader.mistake(at, "calendar-missing", (zh, format!("expected every statutory holiday in the notice for {year}, found none named {missing}")));
        }
    }

    /// `whole` with this calendar's office hours and districts, where it says nothing of its own of them.
    fn own_onto(&self, whole: Self, (hours, districts): (bool, bool)) -> Self {
        let own = self.heading();
        let keeps = (!hours && own.hours.is_some()) || (!districts && !own.districts.is_empty());
        let Some((first, last)) = whole.covered().filter(|_| keeps) else { return whole };
        let mut heading = whole.heading().clone();
        if !hours {
            heading.hours = own.hours;
        }
        if !districts {
            heading.districts.clone_from(&own.districts);
            for (key, name) in &own.names {
                if !heading.names.iter().any(|(_, known)| known == name) {
                    heading.names.push((format!("{key}-district"), name.clone()));
                }
            }
        }
        let days = first.iter_days().take_while(|date| *date <= last).filter_map(|date| whole.day(date).cloned()).collect();
        Self::new(heading, first, days)
    }

    /// `whole` with this calendar's closures, where its notices leave them a day.
    fn closures_onto(&self, whole: &Self) -> Self {
        let Some(covered) = whole.covered().filter(|_| !self.closures().is_empty()) else { return whole.clone() };
        let mut claims = Claims::of(whole, &[]);
        for closure in self.closures() {
            claims.days_in_force(&closure.days, DayKind::Closure);
        }
        let mut heading = whole.heading().clone();
        for (key, name) in &self.heading().names {
            if !heading.names.iter().any(|(_, known)| known == name) {
                let key = if heading.names.iter().any(|(known, _)| known == key) { format!("{key}-local") } else { key.clone() };
                heading.names.push((key, name.clone()));
            }
        }
        let inside = |closure: &Closure| (covered.0..=covered.1).contains(&closure.days.first) && closure.days.last <= covered.1;
        heading.closures = self.closures().iter().filter(|closure| inside(closure)).flat_map(|closure| still_closed(closure, &claims)).collect();
        claims.calendar(heading, covered)
    }
}

/// The rows as holidays of a notice and as closures; a weekend worked belongs to the closures when there is no holiday.
fn sorted(reader: &mut Reader<'_>, rows: &[Row], local: bool) -> (Vec<Holiday>, Vec<Holiday>) {
    let worked: Vec<Row> = rows.iter().filter(|row| row.what == What::Worked).cloned().collect();
    let (to_national, to_local): (&[Row], &[Row]) = if local { (&[], &worked) } else { (&worked, &[]) };
    (rows::holidays(reader, rows, What::Off, to_national), rows::holidays(reader, rows, What::Closed, to_local))
}

/// The days of a closure that no national notice took over meanwhile, as closures of days in a row.
fn still_closed(closure: &Closure, claims: &Claims) -> Vec<Closure> {
    let mut runs: Vec<Closure> = Vec::new();
    for date in closure.days.days().filter(|date| claims.still_closed(*date, &closure.days.label)) {
        match runs.last_mut() {
            Some(run) if run.days.last.succ_opt() == Some(date) => run.days.last = date,
            Some(_) | None => runs.push(Closure { days: Holiday { first: date, last: date, make_up: Vec::new(), ..closure.days.clone() }, ..closure.clone() }),
        }
    }
    if let Some(run) = runs.first_mut() {
        run.days.make_up.clone_from(&closure.days.make_up);
    }
    runs
}

fn claim(reader: &mut Reader<'_>, claims: &mut Claims, row: &Row) {
    let label = row.label.clone().unwrap_or_default();
    let kind = match row.what {
        What::Off => DayKind::Holiday(label),
        What::Worked => DayKind::MakeUp(label),
        What::Closed => DayKind::Closure(label),
    };
    claims.range(reader, (row.first, row.last), &kind, row.at);
}

/// Where it was published, and when; told when neither the table nor whoever brings it says so.
fn origin(reader: &mut Reader<'_>, table: &Table, head: &Head) -> (Option<String>, Option<NaiveDate>) {
    let at = Place { line: 1, column: 1 };
    let source = head.source.clone().or_else(|| table.source.clone()).filter(|source| !source.trim().is_empty());
    let published = head.published.or(table.published);
    if source.is_none() {
        let (zh, en) =
            ("缺少通知文号：`# source:` 行，或在文件之外给出", "expected the number of the notice, in a line `# source:` or beside the file, found none");
        reader.mistake(at, "calendar-source", (zh.to_owned(), en.to_owned()));
    }
    if published.is_none() {
        let (zh, en) =
            ("缺少公布日期：`# published:` 行，或在文件之外给出", "expected the day of publication, in a line `# published:` or beside the file, found none");
        reader.mistake(at, "calendar-published", (zh.to_owned(), en.to_owned()));
    }
    (source, published)
}

/// Every day off as a closure.
fn closed(table: &Table) -> Vec<Row> {
    let closed = |row: &Row| Row { what: if row.what == What::Off { What::Closed } else { row.what }, ..row.clone() };
    table.rows.iter().map(closed).collect()
}

/// The year most days off lie in: a notice also arranges the last days of the year before.
fn main_year(rows: &[Row]) -> Option<i32> {
    let mut days = std::collections::BTreeMap::<i32, usize>::new();
    for date in rows.iter().filter(|row| row.what == What::Off).flat_map(Row::days) {
        *days.entry(date.year()).or_default() += 1;
    }
    days.into_iter().max_by_key(|(_, count)| *count).map(|(year, _)| year)
}

/// `2026.1` becomes `2026.2`, and `2027.1` once 2027 is published.
fn next_version(version: &str, year: i32) -> String {
    let number = version.split_once('.').filter(|(of, _)| *of == year.to_string()).and_then(|(_, number)| number.parse::<u32>().ok());
    format!("{year}.{}", number.map_or(1, |number| number.saturating_add(1)))
}
