//! The JSON API under /api/v1, its description, the three addresses an operator's machines ask, and the one a gateway for short messages calls.
//! Invariant: a handler turns a request into an order or a query and nothing more; every rule is behind `app`.

mod body;
mod caller;
pub mod openapi;
mod permit;
pub mod problem;
mod sms;
mod v1;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::app::App;
use crate::limits::REQUEST_BYTES_MAX;
use crate::telemetry::Metrics;

/// What handlers share.
#[derive(Clone, axum::extract::FromRef)]
pub struct Shared {
    /// The node.
    pub app: App,
    /// Its figures.
    pub metrics: Metrics,
}

/// The router of the API.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .nest("/api/v1", v1::router())
        .route("/api/openapi.json", get(openapi::serve))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(sms::PATH, sms::route())
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(shared)
}

/// Ready: the database answers. Red within the request's own time-out when it does not.
async fn ready(State(app): State<App>) -> impl IntoResponse {
    match app.store().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(cause) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {cause}\n")),
    }
}

async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.app.figures().await {
        Ok(figures) => (StatusCode::OK, shared.metrics.render(&figures)),
        Err(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("# no figures: {fault}\n")),
    }
}
