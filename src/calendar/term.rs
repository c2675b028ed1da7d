//! When a term ends: start day not counted (民法典 201), stopped days left out one by one, the extension after the term itself,
//! and a calendar-day limit that ends on a day off moved to the next working day (民法典 203), where the limit or the calendar says so.
//! Invariant: `due` and the last day of `explain` are the same day.
//! Never: a working-day term past the last published day gets a date.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::span::{Span, Unit};
use super::table::Calendar;

/// Whether a calendar-day limit that ends on a day off moves to the next working day (民法典 203), as whoever set the limit wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roll {
    /// It does not move.
    #[default]
    Never,
    /// As the calendar in force says for all limits: off statutory holidays, and off weekends where it says so.
    AsPublished,
    /// Off statutory holidays only.
    Holidays,
    /// Off statutory holidays and ordinary weekends.
    DaysOff,
}

impl From<bool> for Roll {
    fn from(rolls: bool) -> Self {
        if rolls { Self::AsPublished } else { Self::Never }
    }
}

/// A question about one term.
#[derive(Clone, Copy, Debug)]
pub struct TermQuery<'a> {
    /// The day it starts; not counted.
    pub from: NaiveDate,
    /// How long it is.
    pub within: Span,
    /// The extension given, counted on from the end of `within` in its own unit.
    pub extended: Option<Span>,
    /// Intervals that do not count, both ends included; they may overlap and come in any order.
    pub suspended: &'a [(NaiveDate, NaiveDate)],
    /// Whether a calendar-day limit that ends on a day off moves to the next working day.
    pub roll_over: Roll,
}

impl TermQuery<'_> {
    /// A term of `within` from `from` that nothing stopped.
    #[must_use]
    pub const fn plain(from: NaiveDate, within: Span) -> Self {
        Self { from, within, extended: None, suspended: &[], roll_over: Roll::AsPublished }
    }

    /// The unit in which it ends.
    pub(super) fn last_unit(&self) -> Unit {
        self.extended.map_or(self.within.unit, |span| span.unit)
    }

    /// The days it must count in all.
    pub(super) fn total(&self) -> u32 {
        self.within.days.saturating_add(self.extended.map_or(0, |span| span.days))
    }
}

/// When a term ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// On this day, at its end.
    On {
        /// The day.
        date: NaiveDate,
        /// It lies past the published calendar: a holiday nobody knows yet may still move it.
        provisional: bool,
    },
    /// No published calendar reaches it.
    Unknown {
        /// The days counted so far.
        counted: u32,
        /// The last day the calendar knows; the start day, when the calendar begins after it or is empty.
        through: NaiveDate,
    },
}

impl Due {
    /// The day, if there is one.
    #[must_use]
    pub fn date(self) -> Option<NaiveDate> {
        match self {
            Self::On { date, .. } => Some(date),
            Self::Unknown { .. } => None,
        }
    }

    /// Whether the answer may still move when another year is published.
    #[must_use]
    pub fn is_provisional(self) -> bool {
        match self {
            Self::On { provisional, .. } => provisional,
            Self::Unknown { .. } => true,
        }
    }
}

impl Calendar {
    /// When the term ends. A look-up for each stopped interval, whatever the length.
    #[must_use]
    pub fn due(&self, query: &TermQuery<'_>) -> Due {
        let stopped = merged(query.suspended);
        match self.last_counted(query, &stopped) {
            Ok(date) if query.last_unit() == Unit::Calendar => self.rolled(date, &stopped, query.roll_over),
            Ok(date) => Due::On { date, provisional: self.day(date).is_none() && query.total() > 0 },
            Err(counted) => Due::Unknown { counted, through: self.known_through(query.from) },
        }
    }

    /// The days of `within`'s unit that count after the start day and up to `on`, past the due day too.
    /// Where the calendar does not reach, working days are counted as far as it does.
    #[must_use]
    pub fn used(&self, query: &TermQuery<'_>, on: NaiveDate) -> u32 {
        let mut at = query.from;
        let mut used = 0_u32;
        for (first, last) in merged(query.suspended) {
            if last <= at || first > on {
                continue;
            }
            used = used.saturating_add(self.known_count(at, before(first), query.within.unit).unwrap_or(0));
            at = last;
        }
        used.saturating_add(self.known_count(at, on, query.within.unit).unwrap_or(0))
    }

    /// The day on which the last day is counted, before any moving; the days counted where the calendar ends too early.
    fn last_counted(&self, query: &TermQuery<'_>, stopped: &[(NaiveDate, NaiveDate)]) -> Result<NaiveDate, u32> {
        let end = self.run(query.from, query.within, stopped)?;
        match query.extended {
            None => Ok(end),
            Some(extended) => self.run(end, extended, stopped).map_err(|counted| {
                // Days past the calendar that the term itself counted are not among those counted through its last day.
                let through = self.known_through(query.from);
                if end > through { self.used(query, through) } else { counted.saturating_add(query.within.days) }
            }),
        }
    }

    /// Counts `span` from the day after `from`, stepping over the stopped intervals.
    fn run(&self, from: NaiveDate, span: Span, stopped: &[(NaiveDate, NaiveDate)]) -> Result<NaiveDate, u32> {
        if span.days == 0 {
            return Ok(from);
        }
        let mut at = from;
        let mut left = span.days;
        for (first, last) in stopped {
            if *last <= at {
                continue;
            }
            let here = self.known_count(at, before(*first), span.unit).ok_or(span.days - left)?;
            if left <= here {
                break;
            }
            left -= here;
            at = *last;
        }
        let end = match span.unit {
            Unit::Working => self.working_after(at, left),
            Unit::Calendar => at.checked_add_days(chrono::Days::new(left.into())),
        };
        end.ok_or_else(|| span.days - left + self.known_count(at, NaiveDate::MAX, span.unit).unwrap_or(0))
    }

    /// The days after `after` and up to `through`, as far as the calendar reaches; `None` when it begins too late to say.
    fn known_count(&self, after: NaiveDate, through: NaiveDate, unit: Unit) -> Option<u32> {
        match unit {
            Unit::Calendar => Some(u32::try_from(through.signed_duration_since(after).num_days()).unwrap_or(0)),
            Unit::Working => {
                let known = self.covered().map_or(after, |(_, last)| through.min(last));
                self.working_days(after, known)
            }
        }
    }

    /// Moves a day off to the next working day that is not stopped.
    fn rolled(&self, date: NaiveDate, stopped: &[(NaiveDate, NaiveDate)], roll: Roll) -> Due {
        let provisional = self.day(date).is_none();
        if !self.moves_off(date, roll) {
            return Due::On { date, provisional };
        }
        let mut next = date;
        loop {
            match self.working_after(next, 1) {
                // The year after the holiday is not published: the day itself is the earliest it can be.
                None => return Due::On { date, provisional: true },
                Some(day) if is_stopped(stopped, day) => next = day,
                Some(day) => return Due::On { date: day, provisional },
            }
        }
    }

    /// The last day known to somebody who counts from `from`.
    fn known_through(&self, from: NaiveDate) -> NaiveDate {
        match self.covered() {
            Some((first, last)) if before(first) <= from => last,
            Some(_) | None => from,
        }
    }
}

/// The intervals in order, overlapping and touching ones joined, so that each day is left out once.
pub(super) fn merged(suspended: &[(NaiveDate, NaiveDate)]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut sorted: Vec<_> = suspended.iter().copied().filter(|(first, last)| first <= last).collect();
    sorted.sort_unstable();
    let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::with_capacity(sorted.len());
    for (first, last) in sorted {
        match joined.last_mut() {
            Some(open) if before(first) <= open.1 => open.1 = open.1.max(last),
            Some(_) | None => joined.push((first, last)),
        }
    }
    joined
}

/// Whether `day` lies in one of the intervals.
pub(super) fn is_stopped(stopped: &[(NaiveDate, NaiveDate)], day: NaiveDate) -> bool {
    stopped.iter().any(|(first, last)| *first <= day && day <= *last)
}

fn before(date: NaiveDate) -> NaiveDate {
    date.pred_opt().unwrap_or(date)
}
