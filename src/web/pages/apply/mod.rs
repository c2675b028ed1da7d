//! Applying: what is asked before one begins, short pages saved as typed, papers, check your answers, the receipt.
//! Invariant: nothing typed is lost, by a mistake, a second window, a double click or an ended session. Never: a rule of the form's own; `forms` and the engine hold those.

mod check;
mod draft;
mod files;
mod papers;
pub(super) mod receipt;
mod section;
mod start;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use uuid::Uuid;

use crate::app::drafts::{Draft, Typist};
use crate::definition::graph::{Bundle, Program};
use crate::engine::refusal::{Class, Refusal};
use crate::forms::{Form, Kind, Section};
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::limits::UPLOAD_BYTES_MAX;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

pub use papers::{PaperView, papers, stream};
pub use section::{Kept, Saved, keep};

/// How far an upload that is too large is read before the connection is left to break: a browser shows an answer only once it has sent everything.
pub const DRAINED_BYTES_MAX: usize = 8 * UPLOAD_BYTES_MAX;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/apply", get(start::show).post(start::begin))
        .route("/apply/secret", get(start::secret))
        .route("/apply/{draft}", get(draft::show))
        .route("/apply/{draft}/delete", get(draft::ask_delete).post(draft::delete))
        .route("/apply/{draft}/sections/{section}", get(section::show).post(section::save))
        .route("/apply/{draft}/papers/{key}", post(papers::upload).layer(DefaultBodyLimit::max(DRAINED_BYTES_MAX)))
        .route("/apply/{draft}/papers/{key}/remove", post(papers::remove))
        .route("/apply/{draft}/check", get(check::show).post(check::send))
        .route("/receipts/{case}", get(receipt::show))
        .route("/files/{digest}", get(files::download))
}

/// Whoever types, as the drafts know them.
pub fn typist(visitor: &Visitor) -> Typist {
    Typist { tenant: visitor.tenant, person: visitor.person }
}

/// Lets through whoever may file an application.
pub fn permit(visitor: &Visitor) -> Result<(), Trouble> {
    match may(&visitor.actor(), Act::StartCase, &Standing::of(visitor.posts.clone())) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(why) => Err(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() }.into()),
    }
}

/// What a new application of a workflow is made of.
pub struct Asking {
    /// The workflow with all it calls.
    pub bundle: Arc<Bundle>,
    /// The workflow.
    pub program: Arc<Program>,
    /// Its form.
    pub form: Arc<Form>,
}

/// The form of a workflow as published now.
pub fn asking(shared: &Shared, visitor: &Visitor, workflow: &str) -> Result<Asking, Trouble> {
    let found = || {
        let digest = visitor.known.current.get(workflow)?;
        let bundle = visitor.known.bundles.get(digest)?.clone();
        let program = bundle.programs.get(workflow)?.clone();
        let form = shared.app.form_to_file(&visitor.known, &bundle, program.form.as_ref()?, visitor.person);
        Some(Asking { bundle, program, form })
    };
    found().ok_or_else(|| {
        let zh = format!("没有可以申请的事项“{workflow}”。");
        Refusal::not_found("unknown_workflow", zh, format!("cannot apply: no published procedure `{workflow}` has a form")).into()
    })
}

/// A person's draft by the id in its address, with its form.
pub async fn draft_of(shared: &Shared, visitor: &Visitor, id: Uuid) -> Result<(Draft, Asking), Trouble> {
    let draft = shared.app.draft(typist(visitor), id).await?;
    let asking = asking(shared, visitor, &draft.workflow)?;
    Ok((draft, asking))
}

/// The sections of a form, in the order their pages follow.
pub fn sections(form: &Form) -> Vec<&Section> {
    form.pages.iter().flat_map(|page| &page.sections).collect()
}

/// Whether a section holds nothing but papers.
pub fn only_papers(section: &Section) -> bool {
    section.fields.iter().all(|field| matches!(field.kind, Kind::File(_)))
}

/// The last value posted under a name.
pub fn posted<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A redirection after a post.
pub fn see_other(address: &str) -> axum::response::Response {
    axum::response::IntoResponse::into_response(axum::response::Redirect::to(address))
}
