//! Check your answers, and send. Invariant: every mistake that is left is named at once, with the page that mends it; sent twice, it is one case.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use super::draft::{elsewhere, name_of};
use super::{Asking, draft_of, permit, sections, see_other, typist};
use crate::app::drafts::Draft;
use crate::app::failure::Failure;
use crate::forms::FieldError;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::fields::{self, MistakeLine, ToldSection};
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct CheckPage {
    id: String,
    title: Text,
    name: String,
    sections: Vec<ToldSection>,
    mistakes: Vec<MistakeLine>,
    refused: Option<Text>,
    files: String,
}

/// The answers so far, each with a way to change it.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    let errors = fields::check(&asking.form, None, &draft.form);
    Ok(page(&shared, &visitor, StatusCode::OK, (&draft, &asking), (errors, None)))
}

fn page(
    shared: &Shared,
    visitor: &Visitor,
    status: StatusCode,
    (draft, asking): (&Draft, &Asking),
    (errors, refused): (Vec<FieldError>, Option<Text>),
) -> Response {
    let language = visitor.language();
    let place = |path: &str| {
        let key = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        sections(&asking.form).iter().position(|section| section.fields.iter().any(|field| field.key == key)).unwrap_or(0)
    };
    let lines = errors.iter().zip(fields::mistakes(&errors, language));
    let mistakes =
        lines.map(|(error, line)| MistakeLine { href: format!("/apply/{}/sections/{}?from=check{}", draft.id, place(&error.path), line.href), ..line });
    let data = CheckPage {
        id: draft.id.to_string(),
        title: asking.program.title.clone(),
        name: name_of(draft),
        sections: fields::told(&asking.form, None, &draft.form, language),
        mistakes: mistakes.collect(),
        refused,
        files: format!("draft={}", draft.id),
    };
    let title = shared.pages.word(language, "apply-check-title");
    shared.pages.page_with(status, &visitor.site, "apply-check", &title, &data)
}

/// Sends the application. A second click, or a second window, is led to the same receipt.
pub async fn send(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    let errors = fields::check(&asking.form, None, &draft.form);
    if !errors.is_empty() {
        return Ok(page(&shared, &visitor, StatusCode::UNPROCESSABLE_ENTITY, (&draft, &asking), (errors, None)));
    }
    match shared.app.send_draft(typist(&visitor), &draft).await {
        Ok(case) => Ok(see_other(&format!("/receipts/{case}"))),
        Err(Failure::Refused(refusal)) => {
            let status = crate::web::answer::status(refusal.class);
            let said = Text { zh: refusal.zh.clone(), en: refusal.en.clone() };
            let errors = refusal.details.iter().map(|detail| FieldError {
                path: detail.path.trim_start_matches("/form").to_owned(),
                code: "refused",
                zh: detail.zh.clone(),
                en: detail.en.clone(),
            });
            Ok(page(&shared, &visitor, status, (&draft, &asking), (errors.collect(), Some(said))))
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
