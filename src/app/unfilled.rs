//! Rows that follow from a case as it stands: limits of cases that were running before such rows were kept, and the lights of open tasks when thresholds change.
//! Invariant: a row that an act wrote meanwhile stays as the act wrote it. Never: more than one bounded batch a turn.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::register;
use crate::app::writer::{limits_kept, tasks};
use crate::engine::case::Case;
use crate::engine::facts::Facts;
use crate::ids::{CaseId, Tenant};
use crate::limits::{CASE_ACTS_PER_READ_MAX, TERMS_FILLED_PER_TURN_MAX};
use crate::store::CaseFilter;
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
            let (version, rows, provisional) = match self.terms_of(*tenant, *case).await {
                Ok(found) => found,
                // It holds up no other; what its next act changes of its limits is written by that act.
                Err(failure) => {
                    tracing::error!(%case, %failure, "the limits of a case could not be read");
                    (0, Vec::new(), 0)
                }
            };
            self.store().fill_terms((*tenant, *case), &rows, (version, provisional)).await.map_err(writing)?;
        }
        Ok(unfilled.len())
    }

    /// The version a case stands at, its limits, and how many of its dates are provisional.
    async fn terms_of(&self, tenant: Tenant, case: CaseId) -> Result<(i64, Vec<TermRow>, i64), Failure> {
        if case == register::case_of(tenant) {
            return Ok((0, Vec::new(), 0));
        }
        let (version, found) = self.standing(tenant, case, |case, facts| (limits_kept::standing(case, facts), limits_kept::provisional(case))).await?;
        Ok((version, found.0, found.1))
    }

    /// Writes anew from when every open task shows which light: thresholds of a district are part of a calendar and move no date.
    ///
    /// # Errors
    /// A fault of the store.
    pub(in crate::app) async fn retime_tasks(&self, tenant: Tenant) -> Result<(), Fault> {
        let writing = |cause| Fault::new("writing from when tasks show their lights", cause);
        let mut filter = CaseFilter { running: Some(true), ..CaseFilter::default() };
        loop {
            let rows = self.store().cases(tenant, &filter, CASE_ACTS_PER_READ_MAX).await.map_err(writing)?;
            let Some(last) = rows.last() else { return Ok(()) };
            filter.before = Some(last.id);
            for row in rows.iter().filter(|row| row.id != register::case_of(tenant)) {
                match self.standing(tenant, row.id, tasks::standing).await {
                    Ok((version, rows)) => self.store().retime_tasks(tenant, row.id, version, &rows).await.map_err(writing)?,
                    Err(failure) => tracing::error!(case = %row.id, %failure, "the lights of a case could not be timed anew"),
                }
            }
        }
    }

    /// Rows that follow from a case as it stands, with its version.
    async fn standing<R>(&self, tenant: Tenant, case: CaseId, rows: fn(&Case, &Facts<'_>) -> R) -> Result<(i64, R), Failure> {
        let working = self.working(tenant, case).await?;
        let known = self.known(tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let (bodies, balances, counters, leases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let facts = Facts {
            now: self.clock().now(),
            bundle: &bundle,
            target: None,
            calendar: known.calendar.of(working.state.district.as_deref()),
            roster: &known.roster,
            bodies: &bodies,
            balances: &balances,
            counters: &counters,
            leases: &leases,
        };
        Ok((working.row.version, rows(&working.state, &facts)))
    }
}
