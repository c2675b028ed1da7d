//! One short page of the form: shown, saved as typed, saved by itself while somebody types.
//! Invariant: what was posted is stored before the page says anything about it, except an answer another window has changed meanwhile, and a yes to the state-secret question.

use std::collections::BTreeSet;

use axum::Form as Posted;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::draft::elsewhere;
use super::{Asking, PaperView, draft_of, papers, permit, posted, sections, see_other, typist};
use crate::app::App;
use crate::app::drafts::{Draft, Merged, Seen, Typist};
use crate::engine::refusal::Refusal;
use crate::forms::{FieldError, Form, Kind};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::fields::{self, MistakeLine, SectionView};
use crate::web::visitor::Visitor;

/// Times a save is tried again over a newer version before it is given up.
const SAVES_MAX: usize = 8;

#[derive(Serialize)]
struct SectionPage {
    id: String,
    index: usize,
    number: usize,
    count: usize,
    title: String,
    sections: Vec<SectionView>,
    papers: Vec<PaperView>,
    seen: String,
    mistakes: Vec<MistakeLine>,
    contested: Vec<MistakeLine>,
    from: String,
    saved: String,
    previous: Option<usize>,
    upload_bytes: usize,
    upload_mb: usize,
}

/// What a page of a section shows beside the draft.
#[derive(Default)]
pub struct Shown {
    /// What was typed, where it differs from what is stored.
    pub typed: Option<Value>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// Fields two windows changed.
    pub contested: BTreeSet<String>,
    /// Where the reader came from.
    pub from: String,
}

#[derive(Deserialize)]
pub struct Came {
    #[serde(default)]
    from: String,
}

/// Shows a section.
pub async fn show(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((id, index)): Path<(Uuid, usize)>,
    Query(came): Query<Came>,
) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    // Somebody who comes to change an answer is shown what is wrong with it; on the first visit nothing is wrong yet.
    let errors = if came.from == "check" { fields::check(&asking.form, Some(index), &draft.form) } else { Vec::new() };
    page(&shared, &visitor, StatusCode::OK, (&draft, &asking, index), Shown { errors, from: came.from, ..Shown::default() })
}

/// The page of a section.
pub fn page(
    shared: &Shared,
    visitor: &Visitor,
    status: StatusCode,
    (draft, asking, index): (&Draft, &Asking, usize),
    shown: Shown,
) -> Result<Response, Trouble> {
    let form = &asking.form;
    let all = sections(form);
    let Some(section) = all.get(index) else {
        return Err(Refusal::not_found(
            "unknown_section",
            format!("申请表没有第 {} 部分。", index + 1),
            format!("cannot find section {} of the form", index + 1),
        )
        .into());
    };
    let language = visitor.language();
    let value = shown.typed.as_ref().unwrap_or(&draft.form);
    let mut views = fields::view(form, Some(index), value, &shown.errors, language);
    for view in &mut views {
        view.title.clear();
        view.fields.retain(|field| field.shape != "file");
        for field in view.fields.iter_mut().filter(|field| shown.contested.contains(&field.key)) {
            let stored = draft.form.get(&field.key).unwrap_or(&Value::Null);
            let said = form.field(&field.key).map(|known| fields::said(known, stored, language)).unwrap_or_default();
            field.other = Some(if said.is_empty() { shared.pages.word(language, "field-unanswered") } else { said });
        }
    }
    let contested = views.iter().flat_map(|view| &view.fields).filter(|field| field.other.is_some());
    let contested = contested.map(|field| MistakeLine { href: format!("#{}", field.id), text: field.title.clone() }).collect();
    let title = section.title.as_ref().unwrap_or(&form.title);
    let title = match language {
        crate::notice::Language::Zh => title.zh.clone(),
        crate::notice::Language::En => title.en.clone(),
    };
    let data = SectionPage {
        id: draft.id.to_string(),
        index,
        number: index + 1,
        count: all.len(),
        title: title.clone(),
        papers: papers(form, Some(index), value, &shown.errors, language, &format!("draft={}", draft.id)),
        seen: seen(form, index, &draft.form).written(),
        mistakes: fields::mistakes(&shown.errors, language),
        contested,
        from: shown.from,
        saved: hour(draft.updated),
        previous: index.checked_sub(1),
        upload_bytes: crate::limits::UPLOAD_BYTES_MAX,
        upload_mb: crate::limits::UPLOAD_BYTES_MAX / 1024 / 1024,
        sections: if super::only_papers(section) { Vec::new() } else { views },
    };
    Ok(shared.pages.page_with(status, &visitor.site, "apply-section", &title, &data))
}

fn hour(moment: crate::ids::Moment) -> String {
    moment.civil().format("%H:%M").to_string()
}

/// What a page of a section has before it.
pub fn seen(form: &Form, index: usize, value: &Value) -> Seen {
    let sections = sections(form);
    let keys = sections.get(index).into_iter().flat_map(|section| &section.fields).filter(|field| !matches!(field.kind, Kind::File(_)));
    Seen::of(value, keys.map(|field| field.key.as_str()))
}

/// What a save came to.
pub struct Saved {
    /// The draft as stored now.
    pub draft: Draft,
    /// What was typed.
    pub typed: Value,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
    /// What two windows changed.
    pub contested: BTreeSet<String>,
}

/// A save, or the reason why nothing of it is kept.
pub enum Kept {
    /// It is stored.
    Saved(Box<Saved>),
    /// The project touches a state secret: nothing was stored.
    Secret,
}

/// Stores what was posted over what is stored, until no other window comes between.
pub async fn keep(app: &App, typist: Typist, mut draft: Draft, (form, section): (&Form, Option<usize>), pairs: &[(String, String)]) -> Result<Kept, Trouble> {
    let before = Seen::read(posted(pairs, "seen").unwrap_or(""));
    let taken: BTreeSet<String> = pairs.iter().filter(|(name, _)| name == "use").map(|(_, key)| key.clone()).collect();
    for _ in 0..SAVES_MAX {
        let read = fields::read(form, section, pairs, draft.form.clone());
        if form.fields().any(|field| field.state_secret && read.value.get(&field.key) == Some(&Value::Bool(true))) {
            return Ok(Kept::Secret);
        }
        let Merged { form: merged, contested } = before.merge(&draft.form, &read.value, &taken);
        if merged == draft.form || app.save_draft(typist, &draft, &merged).await? {
            // What is shown next: what is stored, with what was typed where the two windows differ.
            let mut typed = merged.clone();
            if let Some(object) = typed.as_object_mut() {
                for key in &contested {
                    match read.value.get(key) {
                        Some(mine) => object.insert(key.clone(), mine.clone()),
                        None => object.remove(key),
                    };
                }
            }
            let errors = fields::check(form, section, &typed);
            let draft = app.draft(typist, draft.id).await?;
            return Ok(Kept::Saved(Box::new(Saved { draft, typed, errors, contested })));
        }
        draft = app.draft(typist, draft.id).await?;
        if draft.sent.is_some() {
            break;
        }
    }
    Err(Refusal::conflict(
        "draft_busy",
        "这份草稿正被其他窗口反复保存，请稍后再试；您填写的内容还在页面上，请用返回键回去。",
        "cannot save: other windows keep saving this draft; go back, what you typed is still on the page",
    )
    .into())
}

#[derive(Serialize)]
struct AutoSaved {
    at: String,
    seen: String,
    contested: bool,
    stop: bool,
}

/// Saves a section. With `Accept: application/json` it is the script saving while somebody types, and nothing is said about mistakes yet.
pub async fn save(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((id, index)): Path<(Uuid, usize)>,
    headers: HeaderMap,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    let by_itself = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let before = draft.form.clone();
    let kept = keep(&shared.app, typist(&visitor), draft, (&asking.form, Some(index)), &pairs).await?;
    let saved = match (kept, by_itself) {
        (Kept::Saved(saved), _) => saved,
        (Kept::Secret, true) => return Ok(Json(AutoSaved { at: String::new(), seen: String::new(), contested: false, stop: true }).into_response()),
        (Kept::Secret, false) => {
            shared.app.delete_draft(typist(&visitor), id).await?;
            return Ok(see_other("/apply/secret"));
        }
    };
    if by_itself {
        let seen =
            if saved.contested.is_empty() { seen(&asking.form, index, &saved.draft.form).written() } else { posted(&pairs, "seen").unwrap_or("").to_owned() };
        return Ok(Json(AutoSaved { at: hour(shared.app.clock().now()), seen, contested: !saved.contested.is_empty(), stop: false }).into_response());
    }
    // Without the script a question that follows from an answer is on the page only after a save.
    if saved.contested.is_empty() && posted(&pairs, "do") != Some("later") && fields::opened(&asking.form, index, &before, &saved.draft.form) {
        let from = if posted(&pairs, "from") == Some("check") { "?from=check" } else { "" };
        return Ok(see_other(&format!("/apply/{id}/sections/{index}{from}")));
    }
    answer(&shared, &visitor, (*saved, &asking, index), &pairs)
}

/// Where a save leads: back to the page while something is to be said or a row was added, else on.
fn answer(shared: &Shared, visitor: &Visitor, (saved, asking, index): (Saved, &Asking, usize), pairs: &[(String, String)]) -> Result<Response, Trouble> {
    let id = saved.draft.id;
    let from = posted(pairs, "from").unwrap_or("").to_owned();
    if !saved.contested.is_empty() {
        let shown = Shown { typed: Some(saved.typed), contested: saved.contested, from, ..Shown::default() };
        return page(shared, visitor, StatusCode::CONFLICT, (&saved.draft, asking, index), shown);
    }
    if fields::stays(pairs) {
        let key = posted(pairs, "do").and_then(|pressed| pressed.split('.').nth(1)).unwrap_or_default();
        let known = asking.form.field(key).map(|field| field.key.as_str()).unwrap_or_default();
        return Ok(see_other(&format!("/apply/{id}/sections/{index}{}#f-{known}", if from == "check" { "?from=check" } else { "" })));
    }
    if posted(pairs, "do") == Some("later") {
        return Ok(see_other(&format!("/apply/{id}")));
    }
    if !saved.errors.is_empty() {
        let shown = Shown { typed: Some(saved.typed), errors: saved.errors, from, ..Shown::default() };
        return page(shared, visitor, StatusCode::UNPROCESSABLE_ENTITY, (&saved.draft, asking, index), shown);
    }
    if from == "check" || index + 1 >= sections(&asking.form).len() {
        return Ok(see_other(&format!("/apply/{id}/check")));
    }
    Ok(see_other(&format!("/apply/{id}/sections/{}", index + 1)))
}
