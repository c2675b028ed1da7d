//! Digests and reports, by cron: each caught up once after a pause, never twice by two nodes, because a command's id is made of tenant, report and day.

use std::str::FromStr;
use std::sync::Mutex;

use chrono::{DateTime, FixedOffset};
use cron::Schedule;

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::reports::Report;
use crate::config::Reports;
use crate::ids::{Moment, china};

/// When digests and reports leave, and which of each this node saw last.
pub struct Mornings {
    daily: Timetable,
    weekly: Timetable,
    monthly: Timetable,
}

struct Timetable {
    schedule: Schedule,
    /// How far back one that was missed is still written.
    look_back_days: i64,
    seen: Mutex<Option<DateTime<FixedOffset>>>,
}

impl Mornings {
    /// By cron expressions of six fields, China time.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn new(digest: &str, reports: &Reports) -> Result<Self, Fault> {
        const WEEK: i64 = 7;
        const MONTH: i64 = 31;
        let (daily, weekly) = (Timetable::new(digest, 1)?, Timetable::new(&reports.weekly, WEEK)?);
        Ok(Self { daily, weekly, monthly: Timetable::new(&reports.monthly, MONTH)? })
    }
}

impl Timetable {
    fn new(expression: &str, look_back_days: i64) -> Result<Self, Fault> {
        let schedule = Schedule::from_str(expression).map_err(|cause| Fault::new(format!("reading the schedule `{expression}`"), cause))?;
        Ok(Self { schedule, look_back_days, seen: Mutex::new(None) })
    }

    /// The latest time that has come, when this node has not served it yet.
    fn due(&self, now: Moment) -> Option<DateTime<FixedOffset>> {
        let civil = now.civil();
        let since = civil.with_timezone(&china()) - chrono::Duration::days(self.look_back_days);
        let latest = self.schedule.after(&since).take_while(|at| *at <= civil).last()?;
        let seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (*seen != Some(latest)).then_some(latest)
    }

    fn served(&self, time: DateTime<FixedOffset>) {
        *self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(time);
    }
}

/// One turn: the digests of a morning that has come, and the reports of a week or a month, for every tenant.
pub(super) async fn turn(app: &App, mornings: &Mornings) -> Result<usize, Fault> {
    let now = app.clock().now();
    let mut written = 0;
    if let Some(morning) = mornings.daily.due(now) {
        for tenant in app.tenants().await? {
            written += app.write_digests(tenant, morning.date_naive()).await?;
        }
        mornings.daily.served(morning);
    }
    for (timetable, report) in [(&mornings.weekly, Report::Weekly), (&mornings.monthly, Report::Monthly)] {
        let Some(time) = timetable.due(now) else { continue };
        for tenant in app.tenants().await? {
            written += app.write_report(tenant, report, time.date_naive()).await?;
        }
        timetable.served(time);
    }
    Ok(written)
}
