//! RFC 9457 problems: what a caller reads when something did not happen.
//! Invariant: a refusal keeps its code and both sentences; a fault says nothing of our insides, and is logged once, here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::failure::{Failure, Fault};
use crate::engine::refusal::{Class, Refusal};

/// A problem document, `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URI reference for the kind of problem: `/problems/<code>`.
    pub r#type: String,
    /// The code, stable across versions.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// One sentence in Chinese.
    pub title: String,
    /// One sentence in English.
    pub detail: String,
    /// Every mistake of the input, when there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// One mistake of an input.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where, as a path such as `applicant.uscc`.
    pub path: String,
    /// The code.
    pub code: String,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

/// A failure on its way out.
#[derive(Debug)]
pub struct Refused(Box<Problem>);

impl Refused {
    /// One that is a problem already.
    #[must_use]
    pub fn problem(problem: Problem) -> Self {
        Self(Box::new(problem))
    }

    /// The problem, to stand beside other results.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        *self.0
    }
}

impl<T: Into<Failure>> From<T> for Refused {
    fn from(failure: T) -> Self {
        Self::problem(match failure.into() {
            Failure::Refused(refusal) => refused(*refusal),
            Failure::Fault(fault) => faulted(&fault),
        })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// The status of each class, in one place.
#[must_use]
pub fn status(class: Class) -> StatusCode {
    match class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
    }
}

fn refused(refusal: Refusal) -> Problem {
    let errors = refusal.details.into_iter().map(|detail| FieldProblem { path: detail.path, code: detail.code, zh: detail.zh, en: detail.en });
    Problem {
        r#type: format!("/problems/{}", refusal.code),
        code: refusal.code.to_owned(),
        status: status(refusal.class).as_u16(),
        title: refusal.zh,
        detail: refusal.en,
        errors: errors.collect(),
    }
}

fn faulted(fault: &Fault) -> Problem {
    tracing::error!(%fault, unknown = fault.outcome_unknown, "a request failed");
    let (title, detail) = if fault.outcome_unknown {
        ("操作是否已保存暂不能确定，请用同一操作编号重试。", "it is not known whether this was saved; send the same command id again")
    } else {
        ("系统出现故障，您的操作没有保存，请稍后重试。", "something of ours broke and nothing was saved; try again later")
    };
    Problem {
        r#type: "/problems/fault".to_owned(),
        code: "fault".to_owned(),
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        title: title.to_owned(),
        detail: detail.to_owned(),
        errors: Vec::new(),
    }
}

/// A problem with the request itself, before any case is looked at.
#[must_use]
pub fn request(status: StatusCode, code: &str, zh: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem { r#type: format!("/problems/{code}"), code: code.to_owned(), status: status.as_u16(), title: zh.into(), detail: en.into(), errors: Vec::new() }
}
