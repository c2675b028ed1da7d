//! Why dates have passed, as offices stated it for publication (优化营商环境条例 36), and which offices have not.
//! Invariant: a reason is shown with the date it speaks of; when the date moves and passes again, a new one is asked for.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::app::queries::reading;
use crate::app::writer::Working;
use crate::definition::graph::TermKind;
use crate::engine::case::Local;
use crate::ids::{Tenant, Text};
use crate::limits::LIGHTS_LISTED_MAX;
use crate::store::{TermLooked, TermView};

/// Why a date has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReasonView {
    /// In the office's words; absent once they were erased.
    pub reason: Option<String>,
    /// The day the matter is expected to be decided by.
    pub expected: NaiveDate,
    /// When it was stated.
    pub on: NaiveDate,
}

/// A promised or statutory date that has passed and is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateLine {
    /// The case's id.
    pub case: String,
    /// What people call the link.
    pub name: String,
    /// The project, or the subject, as the inbox has it.
    pub project: Option<String>,
    /// The link.
    pub link: Text,
    /// Which date.
    pub kind: TermKind,
    /// The date.
    pub due: String,
    /// The office that answers for it.
    pub office: Option<Text>,
    /// The day it is expected by, when a reason was stated for this date.
    pub expected: Option<String>,
}

impl App {
    /// The reasons stated for the dates a case has now, by term.
    ///
    /// # Errors
    /// A fault.
    pub async fn reasons(&self, working: &Working) -> Result<BTreeMap<Local, ReasonView>, Fault> {
        let mut reasons = BTreeMap::new();
        for (id, stated) in working.state.terms.iter().filter_map(|(id, term)| Some((*id, term.reason()?))) {
            let body = match stated.body {
                Some(body) => self.body(working.row.tenant, working.row.id, body.commit).await?,
                None => None,
            };
            let reason = body.and_then(|body| body.get("opinion")?.as_str().map(str::to_owned));
            reasons.insert(id, ReasonView { reason, expected: stated.expected, on: stated.on });
        }
        Ok(reasons)
    }

    /// Dates that have passed and are not met, those without a reason first, then the longest passed; of all offices or one.
    ///
    /// # Errors
    /// A fault.
    pub async fn late_terms(&self, tenant: Tenant, office: Option<&str>) -> Result<Vec<LateLine>, Fault> {
        let known = self.known(tenant).await?;
        let looked = TermLooked { office: office.map(str::to_owned), late_at: self.clock().now(), limit: LIGHTS_LISTED_MAX };
        let found = self.store().late_terms(tenant, &looked).await.map_err(reading("listing passed dates"))?;
        Ok(found.into_iter().map(|term| line(term, &known)).collect())
    }
}

fn line(term: TermView, known: &Known) -> LateLine {
    LateLine {
        case: term.case.to_string(),
        name: term.row.number.clone().unwrap_or_else(|| short_name(term.case)),
        project: term.title,
        link: known.link_title(&term.row.program),
        kind: if term.row.kind == "statutory" { TermKind::Statutory } else { TermKind::Promised },
        due: term.row.due.clone().unwrap_or_default(),
        office: term.row.office.as_ref().map(|office| known.office(office)),
        expected: term.row.expected.clone(),
    }
}
