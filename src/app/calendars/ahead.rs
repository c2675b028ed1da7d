//! Dates that the calendar in force does not reach: how many, and which year is missing, for whoever can load it and whoever watches over dates.
//! Invariant: the count is of running cases as their last act left them. Never: a walk over cases for it.

use chrono::{Datelike, NaiveDate};

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::queries::reading;
use crate::ids::Tenant;

/// Dates that another year of the calendar will settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// How many.
    pub dates: i64,
    /// The last day the calendar in force knows; `None` without a calendar.
    pub until: Option<NaiveDate>,
    /// The first year that is missing.
    pub year: i32,
}

impl App {
    /// The dates past the calendar in force; `None` when there is none of them.
    ///
    /// # Errors
    /// A fault.
    pub async fn calendar_ahead(&self, tenant: Tenant, known: &Known) -> Result<Option<Ahead>, Fault> {
        let dates = self.store().provisional_dates(tenant).await.map_err(reading("counting the dates past the calendar"))?;
        let until = known.calendar.covered().map(|(_, last)| last);
        let year = until.and_then(|last| last.succ_opt()).unwrap_or_else(|| self.clock().now().date()).year();
        Ok((dates > 0).then_some(Ahead { dates, until, year }))
    }
}
