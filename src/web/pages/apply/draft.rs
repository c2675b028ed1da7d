//! The task list of an application, and its deletion.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use super::{draft_of, only_papers, permit, sections, see_other, typist};
use crate::app::drafts::Draft;
use crate::forms::{Form, Section};
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::fields;
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct DraftPage {
    id: String,
    title: Text,
    name: String,
    saved: i64,
    tasks: Vec<SectionTask>,
    done: usize,
    count: usize,
    ready: bool,
}

/// A section as a task.
#[derive(Clone, Debug, Serialize)]
pub struct SectionTask {
    /// Its place.
    pub index: usize,
    /// What people read.
    pub title: Text,
    /// `empty`, `optional`, `begun`, `done`.
    pub state: &'static str,
    /// How many of its fields are answered.
    pub answered: usize,
    /// How many it has.
    pub fields: usize,
    /// It is about papers.
    pub papers: bool,
}

/// The sections of a form as tasks.
pub fn tasks(form: &Form, value: &serde_json::Value) -> Vec<SectionTask> {
    let task = |(index, section): (usize, &&Section)| {
        let answered = section.fields.iter().filter(|field| value.get(&field.key).is_some()).count();
        let right = fields::check(form, Some(index), value).is_empty();
        let state = match (answered, right) {
            (0, false) => "empty",
            (0, true) => "optional",
            (_, false) => "begun",
            (_, true) => "done",
        };
        SectionTask {
            index,
            title: section.title.clone().unwrap_or_else(|| form.title.clone()),
            state,
            answered,
            fields: section.fields.len(),
            papers: only_papers(section),
        }
    };
    sections(form).iter().enumerate().map(task).collect()
}

/// What the applicant calls the project so far.
pub fn name_of(draft: &Draft) -> String {
    draft.form.get("project_name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// The task list.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let (draft, asking) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    let tasks = tasks(&asking.form, &draft.form);
    let in_state = |state: &str| tasks.iter().filter(|task| task.state == state).count();
    let (done, optional) = (in_state("done"), in_state("optional"));
    let page = DraftPage {
        id: id.to_string(),
        title: asking.program.title.clone(),
        name: name_of(&draft),
        saved: draft.updated.0,
        count: tasks.len() - optional,
        ready: done + optional == tasks.len(),
        done,
        tasks,
    };
    let title = shared.pages.word(visitor.language(), "apply-draft-title");
    Ok(shared.pages.page(&visitor.site, "apply-draft", &title, &page))
}

/// Where a draft that was sent, or that answers a task, is shown.
pub fn elsewhere(draft: &Draft) -> Option<String> {
    match (draft.sent, draft.task) {
        (Some(case), None) => Some(format!("/receipts/{case}")),
        (Some(case), Some(_)) => Some(format!("/projects/{case}")),
        (None, Some((case, task))) => Some(format!("/projects/{case}/tasks/{task}")),
        (None, None) => None,
    }
}

#[derive(Serialize)]
struct DeletePage {
    id: String,
    name: String,
    saved: i64,
    answered: usize,
}

/// Asks before a draft is deleted.
pub async fn ask_delete(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Trouble> {
    let (draft, _) = draft_of(&shared, &visitor, id).await?;
    if let Some(address) = elsewhere(&draft) {
        return Ok(see_other(&address));
    }
    let answered = draft.form.as_object().map_or(0, serde_json::Map::len);
    let page = DeletePage { id: id.to_string(), name: name_of(&draft), saved: draft.updated.0, answered };
    let title = shared.pages.word(visitor.language(), "apply-delete-title");
    Ok(shared.pages.page(&visitor.site, "apply-delete", &title, &page))
}

/// Deletes it; once more does nothing.
pub async fn delete(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Trouble> {
    shared.app.delete_draft(typist(&visitor), id).await?;
    Ok(see_other("/projects#drafts"))
}
