//! The morning digests, by cron: caught up once after a pause, never twice by two nodes, because the command's id is made of tenant and morning.

use std::str::FromStr;
use std::sync::Mutex;

use chrono::{DateTime, FixedOffset};
use cron::Schedule;

use crate::app::App;
use crate::app::failure::Fault;
use crate::ids::{Moment, china};

/// When digests leave, and which morning this node saw last.
pub struct Mornings {
    schedule: Schedule,
    seen: Mutex<Option<DateTime<FixedOffset>>>,
}

impl Mornings {
    /// By a cron expression of six fields, China time.
    ///
    /// # Errors
    /// When the expression cannot be read.
    pub fn new(expression: &str) -> Result<Self, Fault> {
        let schedule = Schedule::from_str(expression).map_err(|cause| Fault::new(format!("reading the digest's schedule `{expression}`"), cause))?;
        Ok(Self { schedule, seen: Mutex::new(None) })
    }

    /// The latest morning that has come, when this node has not served it yet.
    fn due(&self, now: Moment) -> Option<DateTime<FixedOffset>> {
        const LOOK_BACK_DAYS: i64 = 1;
        let civil = now.civil();
        let since = civil.with_timezone(&china()) - chrono::Duration::days(LOOK_BACK_DAYS);
        let latest = self.schedule.after(&since).take_while(|at| *at <= civil).last()?;
        let seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (*seen != Some(latest)).then_some(latest)
    }

    fn served(&self, morning: DateTime<FixedOffset>) {
        *self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(morning);
    }
}

/// One turn: the digests of a morning that has come, for every tenant.
pub(super) async fn turn(app: &App, mornings: &Mornings) -> Result<usize, Fault> {
    let Some(morning) = mornings.due(app.clock().now()) else { return Ok(0) };
    let mut written = 0;
    for tenant in app.tenants().await? {
        written += app.write_digests(tenant, morning.date_naive()).await?;
    }
    mornings.served(morning);
    Ok(written)
}
