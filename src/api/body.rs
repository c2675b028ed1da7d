//! Reading a request: its JSON, the parts of its path, its query. A wrong one is answered with a problem that names the place, as every other mistake is.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::api::problem::{Problem, request};
use crate::limits::REQUEST_BYTES_MAX;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(req: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(req, state).await.map_err(|cause| {
            let (zh, en) = (format!("请求正文应不超过 {REQUEST_BYTES_MAX} 字节。"), format!("expected a body of at most {REQUEST_BYTES_MAX} bytes: {cause}"));
            request(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", zh, en)
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|cause| {
            let place = format!("第 {} 行第 {} 列", cause.line(), cause.column());
            request(StatusCode::BAD_REQUEST, "body_not_read", format!("请求正文有误（{place}）：{cause}"), format!("cannot read the request body: {cause}"))
        })
    }
}

/// Parts of a path.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(at) = Path::<T>::from_request_parts(parts, state).await.map_err(|cause| {
            let said = cause.body_text();
            request(StatusCode::BAD_REQUEST, "path_not_read", format!("请求路径有误：{said}"), format!("cannot read the path: {said}"))
        })?;
        Ok(Self(at))
    }
}

/// A query.
pub struct Asking<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asking<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<T>::from_request_parts(parts, state).await.map_err(|cause| {
            let said = cause.body_text();
            request(StatusCode::BAD_REQUEST, "query_not_read", format!("查询参数有误：{said}"), format!("cannot read the query: {said}"))
        })?;
        Ok(Self(query))
    }
}
