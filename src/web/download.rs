//! Files that leave as attachments. Invariant: a name is plain ASCII of ours. Never: a file shown inside a page of this host.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// A file under a name.
pub fn attachment(media_type: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let safe: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '-' }).collect();
    let headers = [(CONTENT_TYPE, media_type.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{safe}\""))];
    (headers, body.into()).into_response()
}
