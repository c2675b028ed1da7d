//! Workflows as published.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Asking, At, Body};
use crate::api::caller::{Acting, Caller};
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::migrate::{CaseReport, Migration};
use crate::app::publish::{Publication, PublishReport};
use crate::definition::draw::{View, draw};
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may;
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

/// How a picture is drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PictureQuery {
    /// In a lane for each office.
    #[serde(default)]
    pub lanes: bool,
}

/// The picture of a workflow.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/picture", tag = "workflows", params(("workflow" = String, Path), PictureQuery),
    responses((status = 200, content_type = "image/svg+xml")))]
pub async fn picture(caller: Caller, At(workflow): At<String>, Asking(query): Asking<PictureQuery>) -> Result<impl IntoResponse, Refused> {
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
    let view = View { offices: Some(&known.roster.office_names()), lanes: query.lanes, ..View::default() };
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], draw(&program, view)))
}

/// The form of a published workflow as whoever files it fills it in: JSON Schema 2020-12, with what a schema has no word for under `x-ui`.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/form", tag = "workflows", params(("workflow" = String, Path)),
    responses((status = 200, body = Object)))]
pub async fn form(State(app): State<App>, caller: Caller, At(workflow): At<String>) -> Result<Json<serde_json::Value>, Refused> {
    let known = &caller.known;
    let found = known.current.get(workflow.as_str()).and_then(|digest| known.bundles.get(digest));
    let form = found.and_then(|bundle| Some((bundle, bundle.programs.get(workflow.as_str())?.form.as_ref()?)));
    let (bundle, form) = form.ok_or_else(|| Refusal {
        code: "unknown_workflow",
        class: Class::NotFound,
        zh: format!("没有带申请表的已发布流程“{workflow}”。"),
        en: format!("cannot show the form of `{workflow}`: no published workflow of that name has one"),
        details: Vec::new(),
    })?;
    Ok(Json(app.form_to_file(known, bundle, form, caller.person).schema_json()))
}

/// Which cases go where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrateBody {
    /// The version they run: its digest, or how it begins.
    pub from: String,
    /// The version they go to, or `current`.
    pub to: String,
    /// Steps with another key: `old=new`, or `workflow/old=new` for a workflow that is called.
    #[serde(default)]
    pub map: Vec<String>,
    /// Only say what it would do; the default, so that nothing moves by an oversight.
    #[serde(default = "yes")]
    pub dry_run: bool,
}

fn yes() -> bool {
    true
}

/// Takes running cases over to another version of their workflow, each whole or not at all, or says what that would do.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/migrate", tag = "workflows", params(("workflow" = String, Path)), request_body = MigrateBody,
    responses((status = 200, body = Vec<CaseReport>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn migrate(
    State(app): State<App>,
    Acting(caller): Acting,
    At(workflow): At<String>,
    Body(body): Body<MigrateBody>,
) -> Result<Json<Vec<CaseReport>>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    let asked = Migration { workflow, from: body.from, to: body.to, map: body.map, dry_run: body.dry_run };
    Ok(Json(app.migrate_cases(caller.tenant, &caller.actor(), &asked).await?))
}

/// Files to publish, or to compare with what is published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// Files by path, as in a folder laid out like `workflows/`: every workflow with the forms, tables and workflows it refers to.
    pub files: BTreeMap<String, String>,
    /// The workflows to publish; all of them when left out.
    #[serde(default)]
    pub workflows: Vec<String>,
    /// Only say what would change and what stands in the way; the default, so that nothing comes into force by an oversight.
    #[serde(default = "yes")]
    pub dry_run: bool,
}

/// Publishes workflows for new cases, or says what that would change. Running cases keep their version.
#[utoipa::path(post, path = "/api/v1/workflows/publish", tag = "workflows", request_body = PublishBody,
    responses((status = 200, body = Vec<PublishReport>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn publish(State(app): State<App>, Acting(caller): Acting, Body(body): Body<PublishBody>) -> Result<Json<Vec<PublishReport>>, Refused> {
    permit(&app, &caller, may::Act::Publish)?;
    let asked = Publication { files: body.files, workflows: body.workflows, dry_run: body.dry_run };
    Ok(Json(app.publish_workflows(caller.tenant, &caller.actor(), &asked).await?))
}
