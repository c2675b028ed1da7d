//! A "no" as a page: the sentence in the reader's language, its code, and what to do next.
//! Invariant: a refusal keeps its HTTP status; a fault is logged here once and shown without its words.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::render::Pages;
use super::site::Site;
use crate::app::failure::{Failure, Fault};
use crate::engine::refusal::{Class, Refusal};
use crate::ids::Text;

/// What a handler may end with instead of its page. It becomes a page in `visitor::meet`, which knows reader and templates.
#[derive(Debug)]
pub enum Trouble {
    /// A value for the person who asked.
    Refused(Box<Refusal>),
    /// For the operator.
    Fault(Fault),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Refused(refusal) => status(refusal.class),
            Self::Fault(fault) => {
                tracing::error!(%fault, "a page could not be answered");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The HTTP status of a class of refusals.
#[must_use]
pub fn status(class: Class) -> StatusCode {
    match class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
    }
}

#[derive(Serialize)]
struct TroublePage {
    text: Text,
    code: &'static str,
    details: Vec<Text>,
    fault: bool,
}

/// The page of a trouble.
pub fn page(pages: &Pages, site: &Site, status: StatusCode, trouble: &Trouble) -> Response {
    let data = match trouble {
        Trouble::Refused(refusal) => TroublePage {
            text: Text { zh: refusal.zh.clone(), en: refusal.en.clone() },
            code: refusal.code,
            details: refusal.details.iter().map(|detail| Text { zh: detail.zh.clone(), en: detail.en.clone() }).collect(),
            fault: false,
        },
        Trouble::Fault(_) => TroublePage { text: Text::default(), code: "fault", details: Vec::new(), fault: true },
    };
    let title = pages.word(site.language, if data.fault { "trouble-fault-title" } else { "trouble-title" });
    pages.page_with(status, site, "trouble", &title, &data)
}
