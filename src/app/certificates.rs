//! A certificate of admission as anybody may verify it: its number, the unit and project it was given to, how long it is valid, whether it still is.
//! Invariant: valid until the last day of the plan it rests on, and until its removal; both follow from the case and its workflow. Never: a person's name, an amount, an opinion.

use chrono::NaiveDate;

use crate::app::App;
use crate::app::failure::{Failure, refusal};
use crate::app::queries::reading;
use crate::engine::event::Event;
use crate::engine::refusal::Class;
use crate::forms::Kind;
use crate::ids::{Tenant, Text};

/// The document that is the certificate.
const ADMISSION: &str = "admission";
/// The document that ends it.
const ENDED: &str = "admission-ended";
/// The step whose answer says why it is to end.
const PROPOSED: &str = "propose-removal";

/// Whether it counts today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 有效.
    Valid,
    /// 已过有效期.
    Expired,
    /// 已撤出.
    Removed,
    /// 办结归档.
    Closed,
}

impl Standing {
    /// The key of its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "verify-valid",
            Self::Expired => "verify-expired",
            Self::Removed => "verify-removed",
            Self::Closed => "verify-closed",
        }
    }
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its number.
    pub number: String,
    /// The unit it was given to.
    pub holder: String,
    /// Its credit code.
    pub code: String,
    /// The project.
    pub project: String,
    /// The case's number, for whoever asks about it.
    pub case: String,
    /// When it was issued.
    pub issued: NaiveDate,
    /// The last day it is valid; `None` when what it rests on has no last day.
    pub until: Option<NaiveDate>,
    /// Whether it counts today.
    pub standing: Standing,
    /// When it was removed or the case was closed.
    pub ended: Option<NaiveDate>,
    /// The number of the notice that removed it.
    pub notice: Option<String>,
    /// Why it was removed.
    pub ground: Option<Text>,
}

impl App {
    /// The certificate of a number.
    ///
    /// # Errors
    /// `unknown_certificate`, or a fault.
    pub async fn certificate(&self, number: &str) -> Result<Certificate, Failure> {
        let unknown = || refusal("unknown_certificate", Class::NotFound, "没有这个编号的认定书。", "cannot find a certificate with this number");
        let tenant = tenant_of(number).ok_or_else(unknown)?;
        let found = self.store().document_numbered(tenant, ADMISSION, number).await.map_err(reading("looking for a certificate"))?;
        let found = found.ok_or_else(unknown)?;
        let file = self.casefile(tenant, found.case).await?;
        let documents = self.store().documents(tenant, found.case).await.map_err(reading("reading the documents of a case"))?;
        let removed = documents.into_iter().find(|document| document.kind == ENDED);
        let state = &file.working.state;
        let until = file.program(&state.workflow).and_then(|program| program.basis_until);
        let over = state.ended.as_ref().map(|(_, at)| at.date());
        let standing = match (&removed, over) {
            (Some(_), _) => Standing::Removed,
            (None, Some(_)) => Standing::Closed,
            (None, None) if until.is_some_and(|until| until < file.now.date()) => Standing::Expired,
            (None, None) => Standing::Valid,
        };
        let form = self.form(&file.working).await?.unwrap_or_default();
        let text = |key: &str| form[key].as_str().unwrap_or_default().to_owned();
        Ok(Certificate {
            number: number.to_owned(),
            holder: text("applicant_name"),
            code: text("uscc"),
            project: text("project_name"),
            case: file.working.row.number.clone().unwrap_or_default(),
            issued: found.at.date(),
            until,
            standing,
            ended: removed.as_ref().map(|document| document.at.date()).or(over),
            ground: removed.as_ref().and_then(|_| ground(&file)),
            notice: removed.and_then(|document| document.number),
        })
    }
}

/// Why it was removed, in the words of the form that was answered.
fn ground(file: &crate::app::casework::Casefile) -> Option<Text> {
    let proposes = |event: &Event| match event {
        Event::StepDone { scope, step, body, .. } if &**step == PROPOSED => Some((*scope, *body)),
        _other => None,
    };
    let (_, body) = file.entries.iter().flat_map(|entry| &entry.events).filter_map(proposes).next_back()?;
    let ground = file.fields(body)?.get("ground")?.as_str()?;
    let rule = file.bundle.programs.values().flat_map(|program| &program.nodes).find_map(|node| match &node.kind {
        crate::definition::graph::NodeKind::Task(rule) if &*node.key == PROPOSED => rule.fields.as_ref(),
        _other => None,
    })?;
    let Some(Kind::Choice(choices)) = rule.form.field("ground").map(|field| &field.kind) else { return None };
    choices.iter().find(|choice| choice.value == ground).map(|choice| choice.title.clone())
}

/// The tenant in a certificate's number: `GT-420700-2025-0001`.
fn tenant_of(number: &str) -> Option<Tenant> {
    let code = number.split('-').nth(1)?;
    (code.len() == 6).then(|| code.parse().ok().map(Tenant)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_whose_certificate_it_is() {
        assert_eq!(tenant_of("GT-420700-2025-0001"), Some(Tenant(420_700)));
        for wrong in ["", "GT", "GT-1-2025-0001", "GT-abcdef-2025-0001"] {
            assert_eq!(tenant_of(wrong), None, "{wrong}");
        }
    }
}
