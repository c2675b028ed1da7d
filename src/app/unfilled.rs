//! Rows of limits for cases that were running before such rows were kept, so that lists and reports know them too.
//! Invariant: a row that an act wrote meanwhile stays as the act wrote it. Never: more than one bounded batch a turn.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::register;
use crate::app::writer::limits_kept;
use crate::engine::facts::Facts;
use crate::ids::{CaseId, Tenant};
use crate::limits::TERMS_FILLED_PER_TURN_MAX;
use crate::store::rows::TermRow;

impl App {
    /// Writes the limits of cases that have no rows yet, one turn; answers how many cases that were.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn fill_terms(&self) -> Result<usize, Fault> {
        let writing = |cause| Fault::new("writing the limits of a case", cause);
        let unfilled = self.store().terms_unfilled(TERMS_FILLED_PER_TURN_MAX).await.map_err(writing)?;
        for (tenant, case) in &unfilled {
            let rows = match self.terms_of(*tenant, *case).await {
                Ok(rows) => rows,
                // It holds up no other; what its next act changes of its limits is written by that act.
                Err(failure) => {
                    tracing::error!(%case, %failure, "the limits of a case could not be read");
                    Vec::new()
                }
            };
            self.store().fill_terms((*tenant, *case), &rows).await.map_err(writing)?;
        }
        Ok(unfilled.len())
    }

    async fn terms_of(&self, tenant: Tenant, case: CaseId) -> Result<Vec<TermRow>, Failure> {
        if case == register::case_of(tenant) {
            return Ok(Vec::new());
        }
        let working = self.working(tenant, case).await?;
        let known = self.known(tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let (bodies, balances, counters, leases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let facts = Facts {
            now: self.clock().now(),
            bundle: &bundle,
            target: None,
            calendar: &known.calendar,
            roster: &known.roster,
            bodies: &bodies,
            balances: &balances,
            counters: &counters,
            leases: &leases,
        };
        Ok(limits_kept::standing(&working.state, &facts))
    }
}
