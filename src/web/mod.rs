//! Pages in a browser: server-rendered, complete without a script, in Chinese first and English beside it.
//! Invariant: a page shows what a query of `app` answered and a form becomes one order; every rule is behind `app`. Never: a style or a script inside a page, a request to another host.

mod answer;
mod assets;
mod door;
mod download;
mod entry;
pub mod fields;
mod pages;
mod permit;
mod plot;
mod render;
mod site;
mod visitor;
mod words;
mod written;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::limits::REQUEST_BYTES_MAX;

pub use door::Door;
pub use render::Pages;

/// What page handlers share.
#[derive(Clone, axum::extract::FromRef)]
pub struct Shared {
    /// The node.
    pub app: App,
    /// The compiled pages.
    pub pages: Arc<Pages>,
    /// Cookies and addresses.
    pub door: Arc<Door>,
}

/// Nothing but what this host serves: no inline style or script, no frame, no form to elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The router of the pages.
pub fn router(shared: Shared) -> Router {
    let header = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    // Only over https may a browser be told to come over https alone.
    let strict = shared.door.secure.then(|| header(STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    pages::router()
        .layer(axum::middleware::from_fn_with_state(shared.clone(), visitor::meet))
        // Outside: the sheet and the script are everybody's, and nobody's session is looked up for them.
        .merge(assets::router())
        .layer(CsrfLayer::new())
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(tower::util::option_layer(strict))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(REFERRER_POLICY, "same-origin"))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        // Kept for the back button, asked for again before it is shown anew.
        .layer(header(CACHE_CONTROL, "private, no-cache"))
        .with_state(shared)
}
