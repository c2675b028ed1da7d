//! The projects and institutes a plan names, each with where it stands in the plan and, once somebody filed for it, the case.
//! Invariant: a case is the one for a name when it was filed under exactly that name and is public itself. Never: progress of a project nobody filed for.

use serde::Serialize;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::public;
use crate::app::queries::reading;
use crate::app::seed::{NamedProject, plan_titled};
use crate::ids::{Tenant, Text};
use crate::limits::NAMED_CASES_LOOKED_MAX;

/// A project or an institute that a plan names.
#[derive(Clone, Debug, Serialize)]
pub struct NamedView {
    /// How the plan calls it.
    pub title: Text,
    /// The plan; empty when this program carries no plan of that key.
    pub plan: Text,
    /// The section that names it, as the plan numbers it.
    pub section: String,
    /// The newest case filed under that name; absent as long as nobody filed.
    pub filed: Option<Filed>,
}

/// A case filed for it.
#[derive(Clone, Debug, Serialize)]
pub struct Filed {
    /// Its number.
    pub number: String,
    /// When it was filed.
    pub started: String,
}

impl App {
    /// What the plan of a place names, in the order of the plan.
    ///
    /// # Errors
    /// A fault.
    pub async fn named(&self, tenant: Tenant) -> Result<Vec<NamedView>, Failure> {
        let known = self.known(tenant).await?;
        let mut views = Vec::new();
        for NamedProject { title, seed, .. } in self.named_projects(tenant).await? {
            let (plan, section) = seed.split_once(':').unwrap_or(("", &seed));
            let rows = self.store().cases_titled(tenant, &title.zh, NAMED_CASES_LOOKED_MAX).await.map_err(reading("looking for a case by name"))?;
            let mut filed = None;
            for row in rows {
                if filed.is_none() && public::published(&known, &row)?.is_some() {
                    let started = row.started.to_rfc3339();
                    filed = row.number.map(|number| Filed { number, started });
                }
            }
            views.push(NamedView { plan: plan_titled(plan).cloned().unwrap_or_default(), section: section.to_owned(), filed, title });
        }
        Ok(views)
    }
}
