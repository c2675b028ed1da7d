//! What follows a calendar that was put in force: every open case is recomputed, then one act of the register says so and tells those concerned.
//! Invariant: that act has the number's own command id, so whoever finishes, and however often, people are told once.
//! Never: left undone by a node that died; a worker finishes what it finds unfinished.

use serde_json::json;

use super::{CalendarVersion, Done, by_case, key};
use crate::app::App;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::{Failure, Fault};
use crate::app::register::{CALENDAR_VERSION, case_of, put};
use crate::identity::Actor;
use crate::ids::{CommandId, Tenant};
use crate::limits::{CALENDAR_SWEPT_MS, CALENDAR_UNFINISHED_MS};

impl App {
    /// Recomputes every open case and writes down what came of the version; done already, it does nothing.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn finish_calendar(&self, tenant: Tenant, number: u32) -> Result<(), Failure> {
        let known = self.known(tenant).await?;
        let Some(version) = known.calendars.get(&number).filter(|version| version.done.is_none()) else { return Ok(()) };
        self.recompute_terms(tenant).await?;
        let moves = self.calendar_moves(tenant, number).await?;
        let cases = by_case(&moves).len();
        let notices = Vec::new();
        let done = Done { at: self.clock().now(), moved: moves.len(), cases, told: 0 };
        let row = put(self, tenant, CALENDAR_VERSION, &key(number), &CalendarVersion { done: Some(done), ..version.clone() })?;
        let rows = RegisterRows { registry: vec![row], notices, ..RegisterRows::default() };
        let details = json!({"number": number, "version": version.version, "moved": moves.len(), "cases": cases});
        let act = Act::Record { what: "calendar-recomputed".into(), details: Some(details), rows };
        let command_id = Some(CommandId::of(&format!("calendar recomputed {tenant} {number}")));
        self.execute(Order { tenant, case: Some(case_of(tenant)), actor: Actor::System, command_id, act }).await?;
        Ok(())
    }

    /// Finishes versions whose node died, and sweeps once more over cases that another node may have dated by the calendar before; answers how much that was.
    ///
    /// # Errors
    /// A fault.
    pub async fn finish_calendars(&self) -> Result<usize, Fault> {
        let mut done = 0;
        let now = crate::clock::real();
        for tenant in self.tenants().await? {
            let known = self.known(tenant).await?;
            for version in known.calendars.values() {
                let age = now.0.saturating_sub(version.since.0);
                if version.done.is_none() && age > CALENDAR_UNFINISHED_MS {
                    self.finish_calendar(tenant, version.number).await.map_err(|failure| Fault::new("finishing a calendar", failure))?;
                    done += 1;
                } else if (CALENDAR_SWEPT_MS.0..CALENDAR_SWEPT_MS.1).contains(&age) && self.sweeps_first(tenant, version.number) {
                    done += self.recompute_terms(tenant).await?;
                }
            }
        }
        Ok(done)
    }
}
