//! Cases: start one, find them, read one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Asking, At, Body};
use crate::api::caller::{Acting, Caller};
use crate::api::permit::{permit, permit_on};
use crate::api::problem::{Problem, Refused};
use crate::api::v1::acts::ReceiptBody;
use crate::api::v1::asked::{case_id, command_id};
use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::explain::Explanation;
use crate::app::queries::{CaseFilter, CaseLine, DayLine, DocumentLine};
use crate::app::view::CaseView;
use crate::identity::may;

/// A new case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// The workflow, such as `green-channel`.
    pub workflow: String,
    /// The first submission of its form.
    #[schema(value_type = Option<Object>)]
    pub form: Option<Value>,
}

/// Rank of a case that nobody has admitted to the channel.
const ORDINARY: i16 = 9;

/// Starts a case and gives its receipt (收件凭证).
#[utoipa::path(post, path = "/api/v1/cases", tag = "cases", request_body = StartBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a UUID; the same key again returns the first receipt")),
    responses((status = 201, body = ReceiptBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn start(
    State(app): State<App>,
    Acting(caller): Acting,
    headers: HeaderMap,
    Body(body): Body<StartBody>,
) -> Result<(StatusCode, Json<ReceiptBody>), Refused> {
    let caller = match permit(&app, &caller, may::Act::StartCase) {
        Ok(()) => caller,
        // Somebody may have been given the post a moment ago, by another node.
        Err(_) => {
            let caller = Acting(caller).now(&app).await?;
            permit(&app, &caller, may::Act::StartCase)?;
            caller
        }
    };
    let command_id = command_id(&headers)?;
    let act = Act::Start { workflow: body.workflow.as_str().into(), form: body.form, rank: ORDINARY };
    let order = Order { tenant: caller.tenant, case: None, actor: caller.actor(), command_id, act };
    let receipt = app.execute(order).await?;
    let status = if receipt.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(receipt.into())))
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only this workflow.
    pub workflow: Option<String>,
    /// Only cases whose number holds this.
    pub number: Option<String>,
    /// Only open (`true`) or ended (`false`) ones.
    pub open: Option<bool>,
    /// At most this many, up to 200.
    pub limit: Option<u32>,
}

/// A list of cases, newest first: one's own for an applicant, all for an official.
#[utoipa::path(get, path = "/api/v1/cases", tag = "cases", params(ListQuery), responses((status = 200, body = Vec<CaseLine>)))]
pub async fn list(State(app): State<App>, caller: Caller, Asking(query): Asking<ListQuery>) -> Result<Json<Vec<CaseLine>>, Refused> {
    let official = caller.posts.iter().any(|(_, post)| &**post != "agent");
    let applicant = (!official).then_some(caller.person);
    let filter = CaseFilter { workflow: query.workflow, applicant, number: query.number, running: query.open, before: None };
    Ok(Json(app.case_lines(caller.tenant, &filter, query.limit.unwrap_or(50).min(200)).await?))
}

/// One case: links, open tasks, terms with their lights, history.
#[utoipa::path(get, path = "/api/v1/cases/{case}", tag = "cases", params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = CaseView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(State(app): State<App>, caller: Caller, At(case): At<String>) -> Result<Json<CaseView>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let working = app.working(caller.tenant, case).await?;
    permit_on(&app, &caller, may::Act::ReadCase, &working.state)?;
    let mut view = app.case_view(&working).await?;
    if working.state.applicant == caller.person {
        // Supervision is between offices (督办不对申请人).
        view.orders.clear();
    }
    Ok(Json(view))
}

/// The form as last submitted, without fields that are not yours to see.
#[utoipa::path(get, path = "/api/v1/cases/{case}/form", tag = "cases", params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = Object), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn form(State(app): State<App>, caller: Caller, At(case): At<String>) -> Result<Json<Option<Value>>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let working = app.working(caller.tenant, case).await?;
    permit_on(&app, &caller, may::Act::ReadCase, &working.state)?;
    Ok(Json(app.form_seen(&working, caller.person).await?))
}

/// Documents issued in the case.
#[utoipa::path(get, path = "/api/v1/cases/{case}/documents", tag = "cases", params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = Vec<DocumentLine>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn documents(State(app): State<App>, caller: Caller, At(case): At<String>) -> Result<Json<Vec<DocumentLine>>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let working = app.working(caller.tenant, case).await?;
    permit_on(&app, &caller, may::Act::ReadCase, &working.state)?;
    Ok(Json(app.documents(caller.tenant, case).await?))
}

/// The case explained to its reader: where it is, who may act, why not you, which limit runs and how its date came about, what happens next and why.
#[utoipa::path(get, path = "/api/v1/cases/{case}/explain", tag = "cases", params(("case" = String, Path, description = "id or number")),
    responses((status = 200, body = Explanation), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn explain(State(app): State<App>, caller: Caller, At(case): At<String>) -> Result<Json<Explanation>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let working = app.working(caller.tenant, case).await?;
    permit_on(&app, &caller, may::Act::ReadCase, &working.state)?;
    Ok(Json(app.explain(&working, Some(caller.person)).await?))
}

/// A term, day by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DaysBody {
    /// The due day.
    pub due: Option<String>,
    /// Past the last published calendar.
    pub provisional: bool,
    /// Each day from the start: counted or not, and why.
    pub days: Vec<DayLine>,
}

/// How the date of a term came about.
#[utoipa::path(get, path = "/api/v1/cases/{case}/terms/{term}/days", tag = "cases",
    params(("case" = String, Path, description = "id or number"), ("term" = u32, Path)),
    responses((status = 200, body = DaysBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn days(State(app): State<App>, caller: Caller, At((case, term)): At<(String, u32)>) -> Result<Json<DaysBody>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let working = app.working(caller.tenant, case).await?;
    permit_on(&app, &caller, may::Act::ReadCase, &working.state)?;
    let (due, provisional, days) = app.days(&working, term).await?;
    Ok(Json(DaysBody { due: due.map(|due| due.to_string()), provisional, days }))
}
