//! What a file says of single days, and whether that can be: the one check of every form a calendar comes in.
//! Invariant: a day is said once; what the calendar in force says of it is given up only where the newer word goes before.
//! Never: a day outside the covered range, or a make-up day on a weekday.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};

use super::table::{Calendar, DayKind, Heading, Holiday, weekday_zh};
use crate::ids::Text;
use crate::limits::CALENDAR_DAYS_MAX;
use crate::source::{Place, Reader};

/// What was said of each day.
#[derive(Default)]
pub(super) struct Claims {
    days: BTreeMap<NaiveDate, Claim>,
    /// Pairs of places whose overlap was told.
    told: BTreeSet<(Place, Option<Place>)>,
}

/// What was said of one day, and where; nowhere when the calendar in force says it.
struct Claim {
    kind: DayKind,
    at: Option<Place>,
}

impl Claims {
    /// What the calendar in force says, but for the years that are said anew.
    pub fn of(base: &Calendar, anew: &[i32]) -> Self {
        let mut claims = Self::default();
        let notices = base.notices().iter().filter(|notice| !anew.contains(&notice.year)).flat_map(|notice| &notice.holidays);
        for holiday in notices {
            claims.days_in_force(holiday, DayKind::Holiday);
        }
        for closure in base.closures() {
            claims.days_in_force(&closure.days, DayKind::Closure);
        }
        claims
    }

    pub fn days_in_force(&mut self, holiday: &Holiday, kind: fn(Arc<Text>) -> DayKind) {
        for date in holiday.days() {
            self.in_force(date, kind(Arc::clone(&holiday.label)));
        }
        for date in &holiday.make_up {
            self.in_force(*date, DayKind::MakeUp(Arc::clone(&holiday.label)));
        }
    }

    /// Takes what the calendar in force says of a day. Said twice, the first stays: the national notice before a closure.
    pub fn in_force(&mut self, date: NaiveDate, kind: DayKind) {
        let claim = Claim { kind, at: None };
        match self.days.get(&date) {
            // A closure in force closed the make-up day.
            Some(earlier) if !gives_way(earlier, &claim.kind) => {}
            Some(_) | None => drop(self.days.insert(date, claim)),
        }
    }

    pub fn range(&mut self, reader: &mut Reader<'_>, (first, last): (NaiveDate, NaiveDate), kind: &DayKind, at: Place) {
        // A slip of the year must not fill memory with its days: what lies outside `covered` is told once anyway.
        for date in first.iter_days().take_while(|date| *date <= last).take(CALENDAR_DAYS_MAX) {
            self.claim(reader, date, kind.clone(), at);
        }
    }

    /// Writes down what a day is. A day said twice is a mistake, told once for each pair of places.
    pub fn claim(&mut self, reader: &mut Reader<'_>, date: NaiveDate, kind: DayKind, at: Place) {
        let Some(earlier) = self.days.get(&date).filter(|earlier| !gives_way(earlier, &kind)) else {
            self.days.insert(date, Claim { kind, at: Some(at) });
            return;
        };
        if !self.told.insert((at, earlier.at)) {
            return;
        }
        let (zh, en) = if earlier.kind.is_working() { ("调休上班日", "a make-up working day") } else { ("放假日", "a day off") };
        let (zh, en) = match earlier.at {
            Some(Place { line, .. }) => {
                (format!("{date} 写了两次：第 {line} 行已定为{zh}"), format!("expected each day once, found {date} again: line {line} already makes it {en}"))
            }
            None => (format!("{date} 在现行日历中已定为{zh}"), format!("expected a day the calendar in force leaves open, found {date}, which it makes {en}")),
        };
        reader.mistake(at, "calendar-overlap", (zh, en));
    }

    /// Every check that needs all days: nothing outside the covered range, make-up days on weekends, no closure without a working day.
    pub fn check(&self, reader: &mut Reader<'_>, covered: (NaiveDate, NaiveDate), weekend: &[Weekday]) {
        self.inside(reader, covered);
        self.make_up_on_weekends(reader, weekend);
        self.closures_close_something(reader, weekend);
    }

    /// The calendar of a heading whose days these are.
    pub fn calendar(&self, heading: Heading, (first, last): (NaiveDate, NaiveDate)) -> Calendar {
        let days = first.iter_days().take_while(|date| *date <= last).map(|date| self.kind(date, &heading.weekend)).collect();
        Calendar::new(heading, first, days)
    }

    /// Whether the calendar in force alone says that the day is closed like this.
    pub fn still_closed(&self, date: NaiveDate, label: &Arc<Text>) -> bool {
        self.days.get(&date).is_some_and(|claim| claim.at.is_none() && claim.kind == DayKind::Closure(Arc::clone(label)))
    }

    /// What the claims make of a day.
    pub fn kind(&self, date: NaiveDate, weekend: &[Weekday]) -> DayKind {
        match self.days.get(&date) {
            Some(claim) => claim.kind.clone(),
            None if weekend.contains(&date.weekday()) => DayKind::Weekend,
            None => DayKind::Working,
        }
    }

    fn inside(&self, reader: &mut Reader<'_>, (first, last): (NaiveDate, NaiveDate)) {
        let mut told = Vec::new();
        for (date, claim) in &self.days {
            let Some(at) = claim.at.filter(|at| !(first..=last).contains(date) && !told.contains(at)) else { continue };
            told.push(at);
            let zh = format!("期望 `covered`（{first} 至 {last}）之内的日期，实际 {date}");
            reader.mistake(at, "calendar-uncovered", (zh, format!("expected a day inside `covered` ({first}..{last}), found {date}")));
        }
    }

    /// A make-up day is a weekend day: a weekday is worked anyway, so writing one is a slip of the date.
    fn make_up_on_weekends(&self, reader: &mut Reader<'_>, weekend: &[Weekday]) {
        for (date, claim) in &self.days {
            let Some(at) = claim.at.filter(|_| claim.kind.is_working() && !weekend.contains(&date.weekday())) else { continue };
            let zh = format!("期望调休上班的周末，实际 {date}（{}）", weekday_zh(*date));
            let en = format!("expected a weekend day to be worked, found {date}, a {}", date.format("%A"));
            reader.mistake(at, "calendar-make-up", (zh, en));
        }
    }

    /// A closure that closes nothing is a slip of the date.
    fn closures_close_something(&self, reader: &mut Reader<'_>, weekend: &[Weekday]) {
        let mut places: BTreeMap<Place, bool> = BTreeMap::new();
        for (date, claim) in &self.days {
            if let (DayKind::Closure(_), Some(at)) = (&claim.kind, claim.at) {
                *places.entry(at).or_default() |= !weekend.contains(&date.weekday());
            }
        }
        for (at, _) in places.into_iter().filter(|(_, closes)| !closes) {
            let (zh, en) = ("期望至少含一个工作日的停办，实际全是周末", "expected a closure of at least one working day, found weekends only");
            reader.mistake(at, "calendar-closure", (zh.to_owned(), en.to_owned()));
        }
    }
}

/// A national holiday goes before a closure that the calendar in force has; a closure before a make-up day; the same said again before itself.
fn gives_way(earlier: &Claim, kind: &DayKind) -> bool {
    match (&earlier.kind, kind) {
        (DayKind::Closure(was), DayKind::Closure(is)) | (DayKind::MakeUp(was), DayKind::MakeUp(is)) => was == is && earlier.at.is_none(),
        (DayKind::Closure(_), DayKind::Holiday(_) | DayKind::MakeUp(_)) => earlier.at.is_none(),
        (DayKind::MakeUp(_), DayKind::Closure(_)) => true,
        (
            DayKind::Working | DayKind::Weekend | DayKind::Holiday(_) | DayKind::Closure(_) | DayKind::MakeUp(_),
            DayKind::Working | DayKind::Weekend | DayKind::Holiday(_) | DayKind::Closure(_) | DayKind::MakeUp(_),
        ) => false,
    }
}
