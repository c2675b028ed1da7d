//! Outside jobs: a worker program fetches them, completes them, fails, reports an error, extends its lease; an operator sees them and has one tried again.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Asking, At, Body};
use crate::api::caller::Caller;
use crate::api::problem::{Problem, Refused};
use crate::api::v1::acts::{ReceiptBody, Told};
use crate::api::v1::asked::{Asked, JobAt, case_id};
use crate::app::App;
use crate::app::execute::Act;
use crate::app::failure::Fault;
use crate::app::jobs::{Fetch, FetchedJob, JobFilter, JobLine, JobState};

/// Jobs an operator's list holds unless said.
const LINES: u32 = 50;
const LINES_MAX: u32 = 200;

/// Which jobs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchBody {
    /// The topic the workflow names, such as `credit-register`.
    pub topic: String,
    /// At most this many, 1 to 100.
    pub number: u32,
    /// How long nobody else gets them, in seconds: 1 to 86,400.
    pub lease_seconds: u32,
    /// Of this case alone, by id or number.
    pub case: Option<String>,
}

/// What was fetched.
#[derive(Debug, Serialize, ToSchema)]
pub struct FetchedBody {
    /// The jobs, those that waited longest first.
    pub jobs: Vec<JobBody>,
}

/// A job to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobBody {
    /// The case.
    pub case: String,
    /// Its number, or its link's.
    pub number: Option<String>,
    /// The job within the case.
    pub job: u32,
    /// The topic.
    pub topic: String,
    /// The workflow.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// What the workflow hands over, by name. Decimals that are no whole numbers are texts.
    #[schema(value_type = Object)]
    pub input: Value,
    /// The number of the lease: it goes with everything said of the job.
    pub fence: i64,
    /// When the lease ends.
    pub lease_until: String,
    /// Tries that failed so far.
    pub failures: u32,
    /// Further tries after this one.
    pub retries: u32,
    /// When it was offered.
    pub offered: String,
}

/// Fetches jobs of a topic and holds them for a while. For an account with the post `connector`, or `connector-TOPIC`.
#[utoipa::path(post, path = "/api/v1/jobs/fetch", tag = "jobs", request_body = FetchBody,
    responses((status = 200, body = FetchedBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn fetch(State(app): State<App>, caller: Caller, Body(body): Body<FetchBody>) -> Result<Json<FetchedBody>, Refused> {
    let case = match &body.case {
        Some(case) => Some(case_id(&app, &caller, case).await?),
        None => None,
    };
    let asked = Fetch { topic: body.topic.as_str().into(), case, number: body.number, lease_s: body.lease_seconds };
    let (fetched, until) = app.fetch_jobs(caller.tenant, &caller.actor(), &asked).await?;
    let job = |job: FetchedJob| {
        let input = serde_json::from_slice(&job.given).map_err(|cause| Fault::new(format!("reading job {} of case {}", job.job, job.case), cause))?;
        Ok(JobBody {
            case: job.case.to_string(),
            number: job.number,
            job: job.job,
            topic: job.topic,
            workflow: job.program,
            step: job.step,
            input,
            fence: job.fence,
            lease_until: until.to_rfc3339(),
            failures: job.failures,
            retries: job.retries,
            offered: job.opened.to_rfc3339(),
        })
    };
    let jobs: Result<Vec<JobBody>, Fault> = fetched.into_iter().map(job).collect();
    Ok(Json(FetchedBody { jobs: jobs? }))
}

/// What came of a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteJobBody {
    /// The number of the lease.
    pub fence: i64,
    /// What the step's form asks for.
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Value>,
}

/// The job is done. Sent again under the same lease with the same words, it is answered with the first receipt.
#[utoipa::path(post, path = "/api/v1/cases/{case}/jobs/{job}/complete", tag = "jobs", request_body = CompleteJobBody,
    params(("case" = String, Path, description = "id or number"), ("job" = u32, Path), ("Idempotency-Key" = Option<String>, Header, description = "a UUID")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn complete(asked: Asked, At(JobAt { job }): At<JobAt>, Body(body): Body<CompleteJobBody>) -> Told {
    asked.run_once(Act::JobComplete { job, fence: body.fence, fields: body.fields }).await
}

/// Why it did not work this time, and how to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailJobBody {
    /// The number of the lease.
    pub fence: i64,
    /// What went wrong, for the operator and the record.
    pub message: Option<String>,
    /// How often it shall still be tried, up to 50; 0 parks it. What the workflow has left when nothing is said.
    pub retries: Option<u32>,
    /// Seconds until the next try, up to 2,592,000. What the workflow says when nothing is said.
    pub retry_after_seconds: Option<u32>,
}

/// The job failed: it is tried again after a pause or, with no tries left, parked until an operator has it tried again.
#[utoipa::path(post, path = "/api/v1/cases/{case}/jobs/{job}/fail", tag = "jobs", request_body = FailJobBody,
    params(("case" = String, Path, description = "id or number"), ("job" = u32, Path), ("Idempotency-Key" = Option<String>, Header, description = "a UUID")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn fail(asked: Asked, At(JobAt { job }): At<JobAt>, Body(body): Body<FailJobBody>) -> Told {
    let FailJobBody { fence, message, retries, retry_after_seconds: pause_s } = body;
    asked.run_once(Act::JobFail { job, fence, message: cut(message), retries, pause_s }).await
}

/// An error of the matter itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobErrorBody {
    /// The number of the lease.
    pub fence: i64,
    /// One of the errors the step declares.
    pub error: String,
    /// What there is to say about it.
    pub message: Option<String>,
}

/// The job reports an error of the matter itself (no such company): the workflow's error events take over, nothing is tried again.
#[utoipa::path(post, path = "/api/v1/cases/{case}/jobs/{job}/error", tag = "jobs", request_body = JobErrorBody,
    params(("case" = String, Path, description = "id or number"), ("job" = u32, Path), ("Idempotency-Key" = Option<String>, Header, description = "a UUID")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn error(asked: Asked, At(JobAt { job }): At<JobAt>, Body(body): Body<JobErrorBody>) -> Told {
    let act = Act::JobError { job, fence: body.fence, error: body.error.as_str().into(), message: cut(body.message) };
    asked.run_once(act).await
}

/// For how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendJobBody {
    /// The number of the lease.
    pub fence: i64,
    /// Seconds from now: 1 to 86,400.
    pub lease_seconds: u32,
}

/// When the lease ends now.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaseBody {
    /// The number of the lease.
    pub fence: i64,
    /// When it ends.
    pub lease_until: String,
}

/// Extends a lease, as long as nobody else has fetched the job.
#[utoipa::path(post, path = "/api/v1/cases/{case}/jobs/{job}/extend", tag = "jobs", request_body = ExtendJobBody,
    params(("case" = String, Path, description = "id or number"), ("job" = u32, Path)),
    responses((status = 200, body = LeaseBody), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn extend(
    State(app): State<App>,
    caller: Caller,
    At((case, job)): At<(String, u32)>,
    Body(body): Body<ExtendJobBody>,
) -> Result<Json<LeaseBody>, Refused> {
    let case = case_id(&app, &caller, &case).await?;
    let until = app.extend_lease(caller.tenant, &caller.actor(), (case, job), (body.fence, body.lease_seconds)).await?;
    Ok(Json(LeaseBody { fence: body.fence, lease_until: until.to_rfc3339() }))
}

/// An operator has a parked job tried again, or one that waits for its next try at once.
#[utoipa::path(post, path = "/api/v1/cases/{case}/jobs/{job}/retry", tag = "jobs",
    params(("case" = String, Path, description = "id or number"), ("job" = u32, Path), ("Idempotency-Key" = Option<String>, Header, description = "a UUID")),
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub async fn retry(asked: Asked, At(JobAt { job }): At<JobAt>) -> Told {
    asked.run(Act::JobRetry { job }).await
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct JobsQuery {
    /// Parked ones alone.
    pub parked: Option<bool>,
    /// One topic.
    pub topic: Option<String>,
    /// At most this many, up to 200.
    pub limit: Option<u32>,
}

/// A job as an operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobLineBody {
    /// The case.
    pub case: String,
    /// Its number, or its link's.
    pub number: Option<String>,
    /// The job within the case.
    pub job: u32,
    /// The topic.
    pub topic: String,
    /// The workflow.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// `open`, `leased`, `resting` (waits for its next try) or `parked`.
    pub state: &'static str,
    /// Tries that failed in this round.
    pub failures: u32,
    /// Further tries after the next.
    pub retries: u32,
    /// From when on it may be fetched.
    pub again_at: Option<String>,
    /// When it was offered.
    pub offered: String,
    /// What was said of the last failure.
    pub message: Option<String>,
    /// Who fetched it last.
    pub worker: Option<String>,
}

/// Outside jobs that are not over, the one that changed last first. For operators.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobsQuery), responses((status = 200, body = Vec<JobLineBody>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller, Asking(query): Asking<JobsQuery>) -> Result<Json<Vec<JobLineBody>>, Refused> {
    let limit = query.limit.unwrap_or(LINES).min(LINES_MAX);
    let filter = JobFilter { parked: query.parked == Some(true), topic: query.topic, after: None, limit };
    let page = app.outside_jobs(caller.tenant, &caller.actor(), &filter).await?;
    Ok(Json(page.lines.into_iter().map(line).collect()))
}

fn line(line: JobLine) -> JobLineBody {
    let JobLine { view, worker, state, title: _ } = line;
    JobLineBody {
        case: view.case.to_string(),
        number: view.number,
        job: view.job,
        topic: view.topic,
        workflow: view.program,
        step: view.step,
        state: match state {
            JobState::Parked => "parked",
            JobState::Resting => "resting",
            JobState::Leased => "leased",
            JobState::Open => "open",
        },
        failures: view.failures,
        retries: view.retries,
        again_at: view.due.map(|due| due.to_rfc3339()),
        offered: view.opened.to_rfc3339(),
        message: view.message,
        worker,
    }
}

/// What an outside system says is kept up to a bound; a stack trace is nobody's reading.
fn cut(message: Option<String>) -> Option<String> {
    message.map(|message| message.chars().take(crate::limits::JOB_MESSAGE_CHARS_MAX).collect())
}
