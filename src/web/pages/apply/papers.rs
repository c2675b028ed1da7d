//! Papers: one upload form each, taken in as a stream. Invariant: a paper that is refused leaves the form as it was. Never: a file's own word about its kind.

use axum::Form as Posted;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Asking, draft_of, sections, see_other, typist};
use crate::app::App;
use crate::app::drafts::{Draft, Typist};
use crate::app::failure::{Failure, Fault};
use crate::app::files::Named;
use crate::engine::refusal::Refusal;
use crate::forms::{FieldError, Form, Kind, Required};
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::fields::{self, FileView};
use crate::web::visitor::Visitor;

/// A paper on a page.
#[derive(Clone, Debug, Serialize)]
pub struct PaperView {
    /// The field's key.
    pub key: String,
    /// The id an error summary leads to.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What helps.
    pub help: String,
    /// The channel can do without it for a while (可容缺).
    pub optional: bool,
    /// What was uploaded.
    pub file: Option<FileView>,
    /// Where it can be read.
    pub href: String,
    /// What is wrong.
    pub error: Option<String>,
}

/// The papers a form asks for, or one of its sections. `from` says where the reader's right to a file comes from: `draft=…` or `case=…`.
pub fn papers(form: &Form, section: Option<usize>, value: &Value, errors: &[FieldError], language: Language, from: &str) -> Vec<PaperView> {
    let views = fields::view(form, section, value, errors, language);
    let files = views.into_iter().flat_map(|view| view.fields).filter(|field| field.shape == "file");
    files
        .map(|field| PaperView {
            href: field.file.as_ref().map(|file| format!("/files/{}?{from}", file.sha256)).unwrap_or_default(),
            optional: form.field(&field.key).is_some_and(|known| matches!(known.required, Required::No)),
            key: field.key,
            id: field.id,
            title: field.title,
            help: field.help,
            file: field.file,
            error: field.error,
        })
        .collect()
}

/// Takes in a paper and names it in the draft.
pub async fn upload(State(shared): State<Shared>, visitor: Visitor, Path((id, key)): Path<(Uuid, String)>, mut parts: Multipart) -> Result<Response, Trouble> {
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    let section = place(&asking, &key)?;
    let outcome = match receive(&shared, &visitor, &mut parts).await {
        Ok((named, seen)) => put(&shared, &visitor, (draft.id, &key, seen.as_deref()), Some(named)).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(draft) => Ok(see_other(&back(&draft, section, &key))),
        Err(Failure::Refused(refusal)) => refused(&shared, &visitor, (id, section, &key), *refusal).await,
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// What the form before somebody showed.
#[derive(Deserialize)]
pub struct Before {
    seen: Option<String>,
}

/// Takes a paper out of the draft; the file itself stays until the case is erased.
pub async fn remove(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((id, key)): Path<(Uuid, String)>,
    Posted(before): Posted<Before>,
) -> Result<Response, Trouble> {
    let (_, asking) = draft_of(&shared, &visitor, id).await?;
    let section = place(&asking, &key)?;
    match put(&shared, &visitor, (id, &key, before.seen.as_deref()), None).await {
        Ok(draft) => Ok(see_other(&back(&draft, section, &key))),
        Err(Failure::Refused(refusal)) => refused(&shared, &visitor, (id, section, &key), *refusal).await,
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// The section a paper stands in.
fn place(asking: &Asking, key: &str) -> Result<usize, Trouble> {
    let holds = |section: &&crate::forms::Section| section.fields.iter().any(|field| field.key == key && matches!(field.kind, Kind::File(_)));
    sections(&asking.form)
        .iter()
        .position(holds)
        .ok_or_else(|| Refusal::not_found("unknown_paper", format!("申请表没有材料“{key}”。"), format!("cannot find paper `{key}` in the form")).into())
}

/// Streams the first file of the request to the store; answers it with what the form showed.
async fn receive(shared: &Shared, visitor: &Visitor, parts: &mut Multipart) -> Result<(Named, Option<String>), Failure> {
    let app = &shared.app;
    let mut seen = None;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.file_name().map(str::to_owned) else {
            if part.name() == Some("seen") {
                seen = Some(part.text().await.map_err(broken)?);
            }
            continue;
        };
        return Ok((stream(app, typist(visitor), part, &name).await?, seen));
    }
    Err(Refusal::invalid("file_empty", "请先选择一个文件。", "cannot upload: choose a file first").into())
}

/// Streams one file to the store.
///
/// # Errors
/// Why it was not taken, or a fault.
pub async fn stream(app: &App, typist: Typist, mut part: Field<'_>, name: &str) -> Result<Named, Failure> {
    let mut upload = app.begin_upload(typist).await?;
    let mut refused = None;
    loop {
        let chunk = match part.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(cause) => {
                app.give_up(&upload).await;
                return Err(broken(cause));
            }
        };
        // What is too large is read to its end all the same, or the browser would never show why it was refused.
        if refused.is_none()
            && let Err(failure) = app.take(&mut upload, &chunk).await
        {
            refused = Some(failure);
        }
    }
    match refused {
        Some(failure) => Err(failure),
        None => app.keep(upload, name).await,
    }
}

fn broken(cause: axum::extract::multipart::MultipartError) -> Failure {
    if cause.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::invalid("file_too_large", "文件太大，没有上传；其他内容都已保存。", "cannot upload: the file is too large; nothing else was lost")
            .into();
    }
    tracing::info!(%cause, "an upload broke off");
    Refusal::invalid(
        "upload_broken",
        "上传中断，文件没有保存。请检查网络后重试；其他内容都已保存。",
        "cannot upload: the connection broke off; try again, nothing else was lost",
    )
    .into()
}

/// Writes a paper into the draft, whatever other windows save meanwhile; a paper that another window put there is neither replaced nor removed unseen.
async fn put(shared: &Shared, visitor: &Visitor, (id, key, seen): (Uuid, &str, Option<&str>), file: Option<Named>) -> Result<Draft, Failure> {
    const SAVES_MAX: usize = 8;
    let value = file.map(|file| serde_json::to_value(file).map_err(|cause| Fault::new("naming a file", cause))).transpose()?;
    for _ in 0..SAVES_MAX {
        let draft = shared.app.draft(typist(visitor), id).await?;
        let mut form = draft.form.as_object().cloned().unwrap_or_default();
        let text = |of: Option<&Value>, part: &str| of.and_then(|paper| paper.get(part)).and_then(Value::as_str).unwrap_or_default().to_owned();
        let there = text(form.get(key), "sha256");
        if seen.is_some_and(|seen| seen != there) && !there.is_empty() && there != text(value.as_ref(), "sha256") {
            return Err(moved(&text(form.get(key), "name")).into());
        }
        match &value {
            Some(value) => form.insert(key.to_owned(), value.clone()),
            None => form.remove(key),
        };
        if draft.sent.is_some() || shared.app.save_draft(typist(visitor), &draft, &Value::Object(form)).await? {
            return Ok(draft);
        }
    }
    Err(Refusal::conflict("draft_busy", "这份草稿正被其他窗口反复保存，请稍后再试。", "cannot save: other windows keep saving this draft").into())
}

fn moved(name: &str) -> Refusal {
    let zh = format!("另一个窗口刚刚上传了“{name}”，它没有被替换或移除。请核对；仍要更换的，请重新选择文件再上传。");
    let en = format!("nothing was changed: another window has just uploaded “{name}”; look at it, and choose your file again if it is to be replaced");
    Refusal::conflict("paper_moved", zh, en)
}

/// The page the upload stands on.
fn back(draft: &Draft, section: usize, key: &str) -> String {
    match draft.task {
        Some((case, task)) => format!("/projects/{case}/tasks/{task}#f-{key}"),
        None => format!("/apply/{}/sections/{section}#f-{key}", draft.id),
    }
}

async fn refused(shared: &Shared, visitor: &Visitor, (id, section, key): (Uuid, usize, &str), refusal: Refusal) -> Result<Response, Trouble> {
    let (draft, asking) = draft_of(shared, visitor, id).await?;
    let error = FieldError { path: format!("/{key}"), code: refusal.code, zh: refusal.zh, en: refusal.en };
    if let Some((case, task)) = draft.task {
        return crate::web::pages::projects::task_with(shared, visitor, (case, task), vec![error]).await;
    }
    let shown = super::section::Shown { errors: vec![error], ..Default::default() };
    super::section::page(shared, visitor, StatusCode::UNPROCESSABLE_ENTITY, (&draft, &asking, section), shown)
}
