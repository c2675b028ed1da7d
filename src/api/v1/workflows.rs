//! Workflows as published.

use axum::Json;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::problem::Refused;
use crate::definition::draw::{View, draw};
use crate::engine::refusal::{Class, Refusal};
use crate::ids::Text;

/// A published workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowBody {
    /// Its key.
    pub workflow: String,
    /// Its name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// The revision new cases pin.
    pub revision: String,
    /// Workflows it calls.
    pub calls: Vec<String>,
}

/// Workflows a case can be started with, and what they call.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", responses((status = 200, body = Vec<WorkflowBody>)))]
pub async fn list(caller: Caller) -> Json<Vec<WorkflowBody>> {
    let known = &caller.known;
    let bodies = known.current.iter().filter_map(|(name, digest)| {
        let bundle = known.bundles.get(digest)?;
        let title = bundle.programs.get(name)?.title.clone();
        let calls = bundle.programs.keys().filter(|callee| *callee != name).map(ToString::to_string).collect();
        Some(WorkflowBody { workflow: name.to_string(), title, revision: digest.to_string(), calls })
    });
    Json(bodies.collect())
}

/// The picture of a workflow.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/picture", tag = "workflows", params(("workflow" = String, Path)),
    responses((status = 200, content_type = "image/svg+xml")))]
pub async fn picture(caller: Caller, Path(workflow): Path<String>) -> Result<impl IntoResponse, Refused> {
    let known = &caller.known;
    let unknown = || Refusal {
        code: "unknown_workflow",
        class: Class::NotFound,
        zh: format!("没有已发布的流程“{workflow}”。"),
        en: format!("cannot draw `{workflow}`: no such workflow is published"),
        details: Vec::new(),
    };
    let found = known.current.get(workflow.as_str()).and_then(|digest| known.bundles.get(digest)?.programs.get(workflow.as_str()));
    let program = match found {
        Some(program) => program.clone(),
        None => known.bundles.values().find_map(|bundle| bundle.programs.get(workflow.as_str())).cloned().ok_or_else(unknown)?,
    };
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], draw(&program, View::default())))
}
