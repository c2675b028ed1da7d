//! Handing out papers. Invariant: whoever asks uploaded it, or may read a case that holds it. Never: shown inside a page; a paper is downloaded, and its content rules nothing here.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde::Deserialize;

use super::typist;
use crate::app::failure::Fault;
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, Digest};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::projects::may_read;
use crate::web::visitor::Visitor;

#[derive(Deserialize)]
pub struct Through {
    case: Option<CaseId>,
}

/// Downloads a paper, part by part.
pub async fn download(State(shared): State<Shared>, visitor: Visitor, Path(digest): Path<String>, Query(through): Query<Through>) -> Result<Response, Trouble> {
    let missing = || {
        Trouble::from(Refusal::not_found(
            "unknown_file",
            "没有这份材料，或您无权查看；请从办件页面打开。",
            "cannot find the file, or it is not yours to read; open it from its case",
        ))
    };
    let sha256: Digest = digest.parse().map_err(|_| missing())?;
    let name = match through.case {
        Some(case) => {
            let working = shared.app.working(visitor.tenant, case).await?;
            may_read(&visitor, &working)?;
            Some(shared.app.file_of_case(&working, sha256, visitor.person).await?)
        }
        None if shared.app.uploaded(typist(&visitor), sha256).await? => None,
        None => return Err(missing()),
    };
    let file = shared.app.file(visitor.tenant, sha256).await?;
    let name = name.unwrap_or_else(|| digest.clone());
    let (app, tenant, upload) = (shared.app.clone(), visitor.tenant, file.clone());
    let parts = futures::stream::unfold(Some(0_i64), move |part| {
        let (app, file) = (app.clone(), upload.clone());
        async move {
            let part = part?;
            match app.file_part(tenant, &file, part).await {
                Ok(Some(bytes)) => Some((Ok::<_, Fault>(bytes), Some(part + 1))),
                Ok(None) => None,
                Err(fault) => Some((Err(fault), None)),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, value(&file.kind)),
        (header::CONTENT_LENGTH, value(&file.bytes.to_string())),
        (header::CONTENT_DISPOSITION, value(&disposition(&name))),
        (header::CONTENT_SECURITY_POLICY, value("default-src 'none'; sandbox")),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (HeaderName::from_static("cross-origin-resource-policy"), value("same-origin")),
    ];
    Ok((headers, Body::from_stream(parts.boxed())).into_response())
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// `attachment` with the name as RFC 5987 writes it.
fn disposition(name: &str) -> String {
    let encoded = name.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    });
    format!("attachment; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("报告\"\r\n.pdf"), "attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A%22%0D%0A.pdf");
    }
}
