//! A case: what is asked, of whom, by when and why that date; every act with the sentence of what will happen; its papers, its picture, its record.
//! Invariant: each act is a form of its own with its command's id, and a refusal shows the page again with everything typed. Never: a permission decided here.

mod acts;
mod deeds;
mod desk;
mod given;
mod history;
mod page;
mod papers;
mod picture;
pub mod plots;
mod progress;
pub mod spoken;
pub mod telling;
mod verbs;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::casework::Casefile;
use crate::app::execute::entropy;
use crate::app::failure::Fault;
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may::Verdict;
use crate::ids::CommandId;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::apply::DRAINED_BYTES_MAX;
use crate::web::visitor::Visitor;
pub use acts::Refused;
pub use page::{Asking, answer_form};
use spoken::Spoken;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/cases/{case}", get(show))
        .route("/cases/{case}/tasks/{task}/claim", post(acts::claim))
        .route("/cases/{case}/tasks/{task}/release", post(acts::release))
        .route("/cases/{case}/tasks/{task}/complete", post(acts::complete).layer(DefaultBodyLimit::max(DRAINED_BYTES_MAX)))
        .route("/cases/{case}/tasks/{task}/return", post(acts::send_back))
        .route("/cases/{case}/terms/{term}/extend", post(acts::extend))
        .route("/cases/{case}/terms/{term}/reason", post(acts::state_reason))
        .route("/cases/{case}/do/{deed}", get(deeds::show).post(deeds::act))
        .route("/cases/{case}/picture/{scope}", get(picture::show))
}

/// An id for the command a form will become: made when the page is, so that the same form sent twice is one act.
pub fn fresh_command() -> Result<String, Fault> {
    Ok(CommandId::new(crate::clock::real(), entropy()?).to_string())
}

/// What of the case the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The act that was done just now.
    did: Option<i64>,
    /// The task to be worked on.
    task: Option<u32>,
    /// Which submission is shown, from 1.
    papers: Option<usize>,
    /// Only this link's history.
    link: Option<u32>,
}

/// A case somebody may read, or why not.
pub async fn opened(shared: &Shared, visitor: &Visitor, case: &str) -> Result<Casefile, Trouble> {
    let id = shared.app.case_named(visitor.tenant, case).await?;
    let file = shared.app.casefile(visitor.tenant, id).await?;
    match file.may_read(visitor.person, &visitor.posts) {
        Verdict::Allowed => Ok(file),
        Verdict::Denied(why) => {
            let spoken = Spoken::to(shared, visitor);
            let who = page::who_has_it(&spoken, &file);
            Err(Refusal {
                code: why.code,
                class: Class::Forbidden,
                zh: format!("{}。{}", why.zh, who.zh),
                en: format!("{}. {}", why.en, who.en),
                details: Vec::new(),
            }
            .into())
        }
    }
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let file = opened(&shared, &visitor, &case).await?;
    respond(&shared, &visitor, &file, &asked, None).await
}

/// The page of a case, with what was typed and refused when there is something.
async fn respond(shared: &Shared, visitor: &Visitor, file: &Casefile, asked: &Asked, refused: Option<acts::Refused>) -> Result<Response, Trouble> {
    let spoken = Spoken::to(shared, visitor);
    let documents = shared.app.documents(visitor.tenant, file.working.row.id).await?;
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let id = file.working.row.id;
    let orders = (shared.app.orders_about(visitor.tenant, id).await?, shared.app.order_causes(visitor.tenant, id).await?);
    let land = plots::land(shared, visitor, &file.working).await?;
    let data = page::page(&page::Asking { spoken, visitor, file, asked, documents, orders }, land, refused)?;
    let name = file.working.state.number.clone().unwrap_or_else(|| spoken.t("case-title"));
    let title = match &file.working.row.title {
        Some(project) => format!("{name} {project}"),
        None => name,
    };
    Ok(shared.pages.page_with(status, &visitor.site, "case", &title, &data))
}
