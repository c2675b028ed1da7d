//! The calendar itself: one entry a day, and counts that make every question a look-up.
//! Invariant: `before[i]` is the number of working days among the first `i` days, and `working` lists them in order.
//! Never: a day outside the covered range.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::span::Unit;
use super::term::Roll;
use crate::ids::Text;

/// One year's notice, as it finally stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The year it arranges.
    pub year: i32,
    /// Its number.
    pub source: String,
    /// The day of its last change.
    pub published: NaiveDate,
    /// Its holidays, in order.
    pub holidays: Vec<Holiday>,
}

/// One holiday of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// Its name.
    pub label: Arc<Text>,
    /// The first day off.
    pub first: NaiveDate,
    /// The last day off.
    pub last: NaiveDate,
    /// Weekend days worked for it.
    pub make_up: Vec<NaiveDate>,
}

impl Holiday {
    /// Its days off.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |date| *date <= last)
    }
}

/// A closure of the region itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Its name, its days, and weekends worked for it.
    pub days: Holiday,
    /// The number of what announced it.
    pub source: String,
    /// The day of that.
    pub published: NaiveDate,
}

/// Names of holidays under the keys their author gave them, in order.
pub(super) type Names = Vec<(String, Arc<Text>)>;

/// What a covered day is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayKind {
    /// An ordinary working day.
    Working,
    /// A weekend day that is worked to make up for this holiday.
    MakeUp(Arc<Text>),
    /// An ordinary weekend day.
    Weekend,
    /// A day off of this holiday, weekends inside it included.
    Holiday(Arc<Text>),
    /// A local closure: no working day, and no statutory holiday either.
    Closure(Arc<Text>),
}

impl DayKind {
    /// Whether offices work.
    #[must_use]
    pub fn is_working(&self) -> bool {
        match self {
            Self::Working | Self::MakeUp(_) => true,
            Self::Weekend | Self::Holiday(_) | Self::Closure(_) => false,
        }
    }
}

/// A working calendar; cloning shares it. The default one covers nothing.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    table: Arc<Table>,
}

/// What a calendar says of itself, beside its days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heading {
    pub name: String,
    pub title: Text,
    pub version: String,
    pub verified: String,
    pub weekend: Vec<Weekday>,
    /// Whether a calendar-day limit that ends on an ordinary weekend moves as well.
    pub weekend_rolls: bool,
    pub holiday_rolls: bool,
    pub names: Names,
    pub notices: Vec<Notice>,
    pub closures: Vec<Closure>,
}

#[derive(Debug, Default)]
struct Table {
    heading: Heading,
    first: NaiveDate,
    days: Vec<DayKind>,
    working: Vec<usize>,
    before: Vec<usize>,
}

impl Calendar {
    /// A calendar of `days` in a row from `first`.
    pub(super) fn new(heading: Heading, first: NaiveDate, days: Vec<DayKind>) -> Self {
        let working: Vec<usize> = (0..days.len()).filter(|index| days[*index].is_working()).collect();
        let mut before = Vec::with_capacity(days.len() + 1);
        before.push(0);
        let mut count = 0;
        for day in &days {
            count += usize::from(day.is_working());
            before.push(count);
        }
        Self { table: Arc::new(Table { heading, first, days, working, before }) }
    }

    /// Its key, such as `cn`; empty for the default calendar.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.table.heading.name
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &Text {
        &self.table.heading.title
    }

    /// Its version, as its author counts them.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.table.heading.version
    }

    /// Against what it was verified.
    #[must_use]
    pub fn verified(&self) -> &str {
        &self.table.heading.verified
    }

    /// The yearly notices it is made of.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.table.heading.notices
    }

    /// The closures of the region itself.
    #[must_use]
    pub fn closures(&self) -> &[Closure] {
        &self.table.heading.closures
    }

    pub(super) fn heading(&self) -> &Heading {
        &self.table.heading
    }

    /// The first and the last day it knows.
    #[must_use]
    pub fn covered(&self) -> Option<(NaiveDate, NaiveDate)> {
        let last = self.table.days.len().checked_sub(1)?;
        Some((self.table.first, self.at(last)?))
    }

    /// What a day is; `None` outside the covered range.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> Option<&DayKind> {
        let index = usize::try_from(date.signed_duration_since(self.table.first).num_days()).ok()?;
        self.table.days.get(index)
    }

    /// Whether offices work on `date`; `None` outside the covered range.
    #[must_use]
    pub fn is_working(&self, date: NaiveDate) -> Option<bool> {
        self.day(date).map(DayKind::is_working)
    }

    /// Whether a calendar-day limit that ends on `date` moves to the next working day (民法典 203); false outside the covered range.
    #[must_use]
    pub fn rolls_over(&self, date: NaiveDate) -> bool {
        self.moves_off(date, Roll::AsPublished)
    }

    /// The same for a limit that says so itself.
    pub(super) fn moves_off(&self, date: NaiveDate, roll: Roll) -> bool {
        let (holiday, weekend) = match roll {
            Roll::Never => (false, false),
            Roll::AsPublished => (self.table.heading.holiday_rolls, self.table.heading.weekend_rolls),
            Roll::Holidays => (true, false),
            Roll::DaysOff => (true, true),
        };
        match self.day(date) {
            Some(DayKind::Holiday(_)) => holiday,
            Some(DayKind::Weekend) => weekend,
            Some(DayKind::Working | DayKind::MakeUp(_) | DayKind::Closure(_)) | None => false,
        }
    }

    /// The `n`-th working or calendar day after `date`, before it for a negative `n`, the day itself for 0.
    /// `None` where working days are asked and the calendar does not reach.
    #[must_use]
    pub fn shift(&self, date: NaiveDate, n: i32, unit: Unit) -> Option<NaiveDate> {
        let steps = n.unsigned_abs();
        match (unit, n.signum()) {
            (_, 0) => Some(date),
            (Unit::Calendar, 1) => date.checked_add_days(Days::new(steps.into())),
            (Unit::Calendar, _) => date.checked_sub_days(Days::new(steps.into())),
            (Unit::Working, 1) => self.working_after(date, steps),
            (Unit::Working, _) => {
                // The day itself must be known or be the first one past the end: whatever lies before it is then covered.
                let through = self.count_through(date.pred_opt()?)?;
                self.at(*self.table.working.get(through.checked_sub(usize::try_from(steps).ok()?)?)?)
            }
        }
    }

    /// The working days after `after` and up to `through`; `None` where the calendar does not reach.
    #[must_use]
    pub fn working_days(&self, after: NaiveDate, through: NaiveDate) -> Option<u32> {
        if through <= after {
            return Some(0);
        }
        let count = self.count_through(through)?.checked_sub(self.count_through(after)?)?;
        u32::try_from(count).ok()
    }

    /// The `n`-th working day after `date`.
    pub(super) fn working_after(&self, date: NaiveDate, n: u32) -> Option<NaiveDate> {
        let index = self.count_through(date)?.checked_add(usize::try_from(n).ok()?)?.checked_sub(1)?;
        self.at(*self.table.working.get(index)?)
    }

    /// How many working days the calendar knows up to and including `date`; the day before the first counts as 0.
    fn count_through(&self, date: NaiveDate) -> Option<usize> {
        let days = usize::try_from(date.signed_duration_since(self.table.first).num_days().checked_add(1)?).ok()?;
        self.table.before.get(days).copied()
    }

    fn at(&self, index: usize) -> Option<NaiveDate> {
        self.table.first.checked_add_days(Days::new(u64::try_from(index).ok()?))
    }
}

/// Monday to Sunday in Chinese.
#[must_use]
pub fn weekday_zh(date: NaiveDate) -> &'static str {
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][date.weekday().num_days_from_monday() as usize]
}
