//! The address to which a gateway for short messages sends its delivery receipts.
//! Invariant: it answers 2xx only to receipts that were proven and kept; a gateway may say the same any number of times. Never: a word about a notice.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};

use crate::api::Shared;
use crate::api::problem::{Problem, Refused, request};
use crate::app::App;
use crate::app::queue::Receipts;
use crate::limits::SMS_RECEIPT_BYTES_MAX;

/// Where receipts go.
pub const PATH: &str = "/channels/sms/receipts";

/// Its route, with a bound of its own.
pub fn route() -> MethodRouter<Shared> {
    post(take).layer(DefaultBodyLimit::max(SMS_RECEIPT_BYTES_MAX))
}

async fn take(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let proof = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let problem: Problem = match app.take_sms_receipts(proof, form, &body).await? {
        Receipts::Taken(answer) => return Ok((StatusCode::OK, answer).into_response()),
        Receipts::NotExpected => {
            request(StatusCode::NOT_FOUND, "receipts_not_configured", "没有配置短信回执。", "no gateway is configured that sends receipts")
        }
        Receipts::Unproven => request(StatusCode::UNAUTHORIZED, "receipt_unproven", "回执的凭证缺失或不符。", "the proof of the receipt is missing or wrong"),
        Receipts::Unreadable(why) => request(StatusCode::BAD_REQUEST, "receipt_not_read", format!("回执无法读取：{why}"), why),
        Receipts::Unknown => request(StatusCode::NOT_FOUND, "no_such_notice", "没有这条短信。", "no short message has this id"),
    };
    Ok(problem.into_response())
}
