//! The sheet, the script and the pictures, each under an address that holds its digest.
//! Invariant: an address never changes its content, so a browser keeps it for good. Never: a file of another host.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::Shared;

#[derive(RustEmbed)]
#[folder = "templates/assets"]
struct Files;

/// The address of an asset; `None` when there is none of that name.
#[must_use]
pub fn address(name: &str) -> Option<String> {
    const DIGEST_CHARACTERS: usize = 12;
    let file = Files::get(name)?;
    let digest: String = hex::encode(file.metadata.sha256_hash()).chars().take(DIGEST_CHARACTERS).collect();
    Some(format!("/assets/{digest}/{name}"))
}

/// Serves them.
pub fn router() -> Router<Shared> {
    Router::new().route("/assets/{digest}/{name}", get(serve))
}

async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    match (Files::get(&name), address(&name)) {
        (Some(file), Some(at)) if at == format!("/assets/{digest}/{name}") => {
            let headers = [(header::CONTENT_TYPE, kind(&name)), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, file.data.into_owned()).into_response()
        }
        (Some(_) | None, _) => (StatusCode::NOT_FOUND, "no such asset").into_response(),
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
