//! The calendar itself: one entry a day, and counts that make every question a look-up.
//! Invariant: `before[i]` is the number of working days among the first `i` days, and `working` lists them in order.
//! Never: a day outside the covered range.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::light::Thresholds;
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

/// What a part of the region has of its own, under its code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct District {
    /// When the lights of its cases turn yellow.
    pub lights: Option<Thresholds>,
    /// Days on which it alone is closed.
    pub closures: Vec<Closure>,
}

/// When offices take papers in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficeHours {
    /// The end of the working day, in minutes after midnight.
    pub until: u16,
    /// What comes later, or on a day off, counts as handed in on the next working day; else on the day it came.
    pub next_day: bool,
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
    pub hours: Option<OfficeHours>,
    pub districts: BTreeMap<String, District>,
    /// Of a district's own calendar: when its lights turn yellow.
    pub lights: Option<Thresholds>,
}

#[derive(Debug, Default)]
struct Table {
    heading: Heading,
    first: NaiveDate,
    days: Vec<DayKind>,
    working: Vec<usize>,
    before: Vec<usize>,
    /// Districts that are closed on days of their own, or have lights of their own.
    districts: BTreeMap<String, Calendar>,
}

impl Calendar {
    /// A calendar of `days` in a row from `first`.
    pub(super) fn new(heading: Heading, first: NaiveDate, days: Vec<DayKind>) -> Self {
        let own = |district: &District| {
            let days = closed_too(&days, first, &district.closures);
            let closures = heading.closures.iter().chain(&district.closures).cloned().collect();
            Self::new(Heading { closures, districts: BTreeMap::new(), lights: district.lights, ..heading.clone() }, first, days)
        };
        let districts = heading.districts.iter().map(|(code, district)| (code.clone(), own(district))).collect();
        let working: Vec<usize> = (0..days.len()).filter(|index| days[*index].is_working()).collect();
        let mut before = Vec::with_capacity(days.len() + 1);
        before.push(0);
        let mut count = 0;
        for day in &days {
            count += usize::from(day.is_working());
            before.push(count);
        }
        Self { table: Arc::new(Table { heading, first, days, working, before, districts }) }
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

    /// The calendar of a part of the region; this one where the part has nothing of its own.
    #[must_use]
    pub fn of(&self, district: Option<&str>) -> &Self {
        district.and_then(|code| self.table.districts.get(code)).unwrap_or(self)
    }

    /// What parts of the region have of their own, by code.
    #[must_use]
    pub fn districts(&self) -> &BTreeMap<String, District> {
        &self.table.heading.districts
    }

    /// When the lights turn yellow in this part of the region, where it says so.
    #[must_use]
    pub fn lights(&self) -> Option<Thresholds> {
        self.table.heading.lights
    }

    /// When offices take papers in, where it says so.
    #[must_use]
    pub fn office_hours(&self) -> Option<OfficeHours> {
        self.table.heading.hours
    }

    /// The day on which papers that came on `day` at so many minutes after midnight count as handed in (办公时间以外提交).
    #[must_use]
    pub fn filed_on(&self, day: NaiveDate, minute: u32) -> NaiveDate {
        let Some(OfficeHours { until, .. }) = self.office_hours().filter(|hours| hours.next_day) else { return day };
        match self.is_working(day) {
            Some(true) if minute < u32::from(until) => day,
            // Where no published calendar says when offices open again, the day stands.
            Some(_) => self.working_after(day, 1).unwrap_or(day),
            None => day,
        }
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

/// The days with those closed that a district closes, and the weekends worked for them.
fn closed_too(days: &[DayKind], first: NaiveDate, closures: &[Closure]) -> Vec<DayKind> {
    let mut days = days.to_vec();
    let mut day = |date: NaiveDate, change: &dyn Fn(&mut DayKind)| {
        let index = usize::try_from(date.signed_duration_since(first).num_days()).ok();
        if let Some(kind) = index.and_then(|index| days.get_mut(index)) {
            change(kind);
        }
    };
    for Closure { days: holiday, .. } in closures {
        for date in holiday.days() {
            day(date, &|kind| {
                if kind.is_working() {
                    *kind = DayKind::Closure(Arc::clone(&holiday.label));
                }
            });
        }
        for date in &holiday.make_up {
            day(*date, &|kind| {
                if *kind == DayKind::Weekend {
                    *kind = DayKind::MakeUp(Arc::clone(&holiday.label));
                }
            });
        }
    }
    days
}

/// Monday to Sunday in Chinese.
#[must_use]
pub fn weekday_zh(date: NaiveDate) -> &'static str {
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][date.weekday().num_days_from_monday() as usize]
}
