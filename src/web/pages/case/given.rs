//! What an answer's form brought: its fields, and files where the form takes any.
//! Invariant: a file is stored before its answer is decided, and the form that comes back after a refusal carries it along. Never: a file named that its sender did not upload.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;

use crate::app::drafts::Typist;
use crate::app::failure::{Failure, Fault};
use crate::engine::refusal::Refusal;
use crate::forms::FieldError;
use crate::limits::REQUEST_BYTES_MAX;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::apply::stream;
use crate::web::visitor::Visitor;

/// What a form posted, in order.
pub type Posted = Vec<(String, String)>;

/// The fields, and what is wrong with the files.
pub struct Given {
    /// The fields; a file stands under its own name as a form names files.
    pub posted: Posted,
    /// Files that were not taken.
    pub errors: Vec<FieldError>,
}

/// Reads a form, whichever way the browser encoded it.
///
/// # Errors
/// A form that cannot be read, or a fault while a file is stored.
pub async fn given(shared: &Shared, visitor: &Visitor, request: Request) -> Result<Given, Trouble> {
    let multipart = request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    if !multipart {
        // Without files a form is no longer than any other.
        let body = to_bytes(request.into_body(), REQUEST_BYTES_MAX).await.map_err(|cause| unread(&cause))?;
        let posted = serde_html_form::from_bytes(&body).map_err(|cause| unread(&cause))?;
        return Ok(Given { posted, errors: Vec::new() });
    }
    let mut parts = Multipart::from_request(request, shared).await.map_err(|cause| unread(&cause))?;
    let mut given = Given { posted: Vec::new(), errors: Vec::new() };
    while let Some(part) = parts.next_field().await.map_err(|cause| unread(&cause))? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            None => given.posted.push((name, part.text().await.map_err(|cause| unread(&cause))?)),
            // Nothing was chosen: what was uploaded before stays.
            Some(file) if file.is_empty() => {}
            Some(file) => {
                let typist = Typist { tenant: visitor.tenant, person: visitor.person };
                match stream(&shared.app, typist, part, &file).await {
                    Ok(named) => {
                        let named = serde_json::to_string(&named).map_err(|cause| Fault::new("naming a file", cause))?;
                        given.posted.push((name, named));
                    }
                    Err(Failure::Refused(refusal)) => {
                        let path = name.strip_prefix("f.").unwrap_or(&name).replace('.', "/");
                        given.errors.push(FieldError { path: format!("/{path}"), code: refusal.code, zh: refusal.zh, en: refusal.en });
                    }
                    Err(Failure::Fault(fault)) => return Err(fault.into()),
                }
            }
        }
    }
    Ok(given)
}

fn unread(cause: &dyn std::fmt::Display) -> Trouble {
    let (zh, en) = ("表单没有读到，请返回上一页重新提交。".to_owned(), format!("cannot read the form ({cause}); go back and send it again"));
    Refusal::invalid("form_not_read", zh, en).into()
}
