//! The movable clock of a demonstration, and what follows from the day: recomputing terms.
//! Invariant: a clock moves forward only, and where it stands is stored, so that `serve` refuses a database that has one.

use std::collections::BTreeSet;

use futures::StreamExt;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault, refusal};
use crate::clock::{self, Clock};
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::limits::{WAKES_AT_ONCE_MAX, WAKES_PER_TURN_MAX};
use crate::store::{CaseFilter, Store, StoreFault};
use crate::telemetry;

/// The setting that holds a demonstration's offset from the machine's clock, in milliseconds.
pub const OFFSET_SETTING: &str = "demo-clock-offset-ms";

/// The clock a demonstration left in the store; `None` for a database without one.
///
/// # Errors
/// A fault.
pub async fn stored_clock(store: &Store) -> Result<Option<Clock>, Fault> {
    let found = store.setting(OFFSET_SETTING).await.map_err(|cause| Fault::new("reading the clock", cause))?;
    let Some(text) = found else { return Ok(None) };
    let offset: i64 = text.parse().map_err(|cause| Fault::new(format!("reading the clock's offset `{text}`"), cause))?;
    Ok(Some(Clock::moved_to(Moment(clock::real().0 + offset))))
}

impl App {
    /// Moves the clock of a demonstration.
    ///
    /// # Errors
    /// `clock_fixed` where the clock cannot be moved, `clock_backwards` for a moment before the one it shows.
    pub async fn move_clock(&self, to: Moment) -> Result<(), Failure> {
        let now = self.clock().now();
        if to < now {
            let (zh, en) = (format!("时钟只能向前拨，现在是 {}。", now.to_rfc3339()), format!("cannot move the clock back: it shows {}", now.to_rfc3339()));
            return Err(refusal("clock_backwards", Class::Invalid, zh, en).into());
        }
        if !self.clock().set(to) {
            return Err(refusal("clock_fixed", Class::Forbidden, "正式环境的时钟不能拨动。", "cannot move the clock: this is no demonstration").into());
        }
        let offset = to.0 - clock::real().0;
        self.store().set_setting(OFFSET_SETTING, &offset.to_string()).await.map_err(|cause| Fault::new("storing the clock", cause))?;
        Ok(())
    }

    /// Tenants with a register.
    ///
    /// # Errors
    /// A fault.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Fault> {
        self.store().tenants().await.map_err(|cause| Fault::new("listing tenants", cause))
    }

    /// Cases with something due, longest due first.
    ///
    /// # Errors
    /// A fault.
    pub async fn due_cases(&self, limit: u32) -> Result<Vec<(Tenant, CaseId)>, Fault> {
        let due = self.store().due_cases(self.clock().now(), limit).await.map_err(|cause| Fault::new("looking for what is due", cause))?;
        Ok(due.into_iter().map(|(tenant, case, _)| (tenant, case)).collect())
    }

    /// Fires what is due in the cases longest due, one turn; answers how many cases that changed.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn wake_due(&self) -> Result<usize, Fault> {
        let due = self.store().due_cases(self.clock().now(), WAKES_PER_TURN_MAX).await.map_err(|cause| Fault::new("looking for what is due", cause))?;
        let wakes = due.into_iter().map(|(tenant, case, at)| {
            let order = Order { tenant, case: Some(case), actor: Actor::System, command_id: None, act: Act::Wake };
            async move {
                match self.execute(order).await {
                    Ok(receipt) => {
                        telemetry::late("greenlane_wake_late_seconds", at, self.clock().now());
                        usize::from(receipt.version > 0)
                    }
                    Err(failure) => {
                        // The row keeps its moment: the next turn tries again, and the others are not held up.
                        tracing::error!(%case, %failure, "a case could not be woken");
                        0
                    }
                }
            }
        });
        Ok(futures::stream::iter(wakes).buffer_unordered(WAKES_AT_ONCE_MAX).fold(0, |sum, done| async move { sum + done }).await)
    }

    /// Fires everything due now, up to a bound of turns; for a clock that was moved while somebody waits to see what came of it.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn settle_due(&self) -> Result<(), Fault> {
        const TURNS_MAX: usize = 64;
        for _ in 0..TURNS_MAX {
            if self.wake_due().await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// How many notices became due after `since`: what a clock that was moved set off.
    ///
    /// # Errors
    /// A fault.
    pub async fn notices_since(&self, tenant: Tenant, since: Moment) -> Result<i64, Fault> {
        self.store().notices_since(tenant, since).await.map_err(|cause| Fault::new("counting notices", cause))
    }

    /// Heads of waiting lists whose account covers them now.
    ///
    /// # Errors
    /// A fault.
    pub async fn servable(&self, limit: u32) -> Result<Vec<(Tenant, CaseId, u32)>, Fault> {
        let looking = |cause| Fault::new("looking for who can be served", cause);
        let today = self.clock().now().date();
        let mut lapsed = BTreeSet::new();
        for tenant in self.store().waiting_tenants().await.map_err(looking)? {
            lapsed.extend(self.known(tenant).await?.lapsed(today));
        }
        let lapsed: Vec<Digest> = lapsed.into_iter().collect();
        let places = self.store().waiting_served(&lapsed, limit).await.map_err(looking)?;
        Ok(places.into_iter().map(|place| (place.tenant, place.case, place.token)).collect())
    }

    /// Recomputes the terms of every open case after a calendar changed; answers how many cases changed.
    /// A case that cannot be recomputed is left to the operator's log: it does not keep the others from their dates.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn recompute_terms(&self, tenant: Tenant) -> Result<usize, Fault> {
        const PAGE: u32 = 500;
        let listing = |cause: StoreFault| Fault::new("listing open cases", cause);
        let mut filter = CaseFilter { running: Some(true), ..CaseFilter::default() };
        let mut changed = 0;
        loop {
            let rows = self.store().cases(tenant, &filter, PAGE).await.map_err(listing)?;
            let Some(last) = rows.last() else { return Ok(changed) };
            filter.before = Some(last.id);
            let recomputed = rows.into_iter().map(|row| async move {
                let order = Order { tenant, case: Some(row.id), actor: Actor::System, command_id: None, act: Act::Recompute };
                match self.execute(order).await {
                    Ok(receipt) => usize::from(receipt.version > row.version),
                    Err(failure) => {
                        tracing::error!(case = %row.id, %failure, "the terms of a case could not be recomputed");
                        0
                    }
                }
            });
            changed += futures::stream::iter(recomputed).buffer_unordered(WAKES_AT_ONCE_MAX).fold(0, |sum, done| async move { sum + done }).await;
        }
    }
}
