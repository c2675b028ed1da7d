//! What one calendar makes of days that another did not.

use chrono::NaiveDate;

use super::table::{Calendar, DayKind};

/// A day that two calendars see differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayChange {
    /// The day.
    pub date: NaiveDate,
    /// What it was; `None` when the earlier calendar did not reach it.
    pub was: Option<DayKind>,
    /// What it becomes; `None` when the later one does not reach it.
    pub becomes: Option<DayKind>,
}

impl Calendar {
    /// The days on which `later` says another thing than this calendar. Days that only one of them reaches are left out: they are told by its coverage.
    #[must_use]
    pub fn changed_days(&self, later: &Self) -> Vec<DayChange> {
        let (Some((first, last)), Some((from, until))) = (self.covered(), later.covered()) else { return Vec::new() };
        let both = first.max(from).iter_days().take_while(|date| *date <= last.min(until));
        let change = |date| DayChange { date, was: self.day(date).cloned(), becomes: later.day(date).cloned() };
        both.map(change).filter(|change| change.was != change.becomes).collect()
    }
}
