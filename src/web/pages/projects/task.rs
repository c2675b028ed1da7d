//! What is asked of the applicant: the list that asks for it, the answers it means first, the old one beside the new.
//! Invariant: what is typed is kept as a draft of the task; sent twice, it is one answer. Never: a field hidden that the list may mean; what cannot be told is shown.

use std::collections::BTreeSet;

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use super::own;
use crate::app::drafts::{Draft, Seen};
use crate::app::failure::Failure;
use crate::app::projects::{Asked, Holder};
use crate::app::writer::Working;
use crate::engine::case::Local;
use crate::engine::refusal::Refusal;
use crate::forms::{FieldError, Form, Kind};
use crate::ids::{CaseId, Name, Text};
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::fields::{self, FieldView, MistakeLine, SectionView, ToldLine};
use crate::web::pages::apply::{PaperView, papers, posted, see_other, typist};
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct TaskPage {
    case: String,
    number: String,
    task: Local,
    draft: String,
    title: Text,
    link: Text,
    due: Option<String>,
    asked_by: Option<Holder>,
    list: Vec<ToldLine>,
    words: String,
    edits_form: bool,
    sections: Vec<SectionView>,
    papers: Vec<PaperView>,
    others: Vec<SectionView>,
    other_papers: Vec<PaperView>,
    others_open: bool,
    outcomes: Vec<OutcomeChoice>,
    only_outcome: Option<String>,
    opinion: String,
    opinion_needed: bool,
    changes: Vec<ChangeLine>,
    mistakes: Vec<MistakeLine>,
    refused: Option<Text>,
    contested: Vec<MistakeLine>,
    seen: String,
    upload_bytes: usize,
    upload_mb: usize,
}

#[derive(Serialize)]
struct OutcomeChoice {
    key: String,
    word: String,
}

/// An answer that will change, the old beside the new.
#[derive(Serialize)]
struct ChangeLine {
    title: String,
    old: String,
    new: String,
}

/// What the page shows beside the draft.
#[derive(Default)]
pub struct Shown {
    /// What was typed, where it differs from what is stored.
    pub typed: Option<Value>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// Fields two windows changed.
    pub contested: BTreeSet<String>,
    /// What the engine said.
    pub refused: Option<Text>,
    /// What was written beside the form.
    pub opinion: String,
}

/// Shows what is asked.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Path((case, task)): Path<(String, Local)>) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    page(&shared, &visitor, StatusCode::OK, (&working, task), Shown::default()).await
}

async fn open(shared: &Shared, visitor: &Visitor, working: &Working, task: Local) -> Result<(Asked, Draft), Trouble> {
    let Some(asked) = shared.app.asked(working, task, visitor.person).await? else {
        let (zh, en) = ("这项待办已经办理完毕，或不是请您办理的。", "cannot open the task: it is done already, or it is not yours");
        return Err(Refusal::not_found("no_such_task", zh, en).into());
    };
    let draft = shared.app.task_draft(typist(visitor), &working.state.workflow, (working.row.id, task), &asked.submitted).await?;
    Ok((asked, draft))
}

/// The page of a task.
pub async fn page(shared: &Shared, visitor: &Visitor, status: StatusCode, (working, task): (&Working, Local), shown: Shown) -> Result<Response, Trouble> {
    let (asked, draft) = open(shared, visitor, working, task).await?;
    let language = visitor.language();
    let form = &asked.form;
    let value = shown.typed.as_ref().unwrap_or(&draft.form);
    let mut meant = meant(&asked);
    meant.extend(shown.errors.iter().filter_map(|error| error.path.strip_prefix('/')?.split('/').next().map(str::to_owned)));
    meant.extend(shown.contested.iter().cloned());
    let mut views = fields::view(form, None, value, &shown.errors, language);
    for field in views.iter_mut().flat_map(|view| &mut view.fields) {
        compare(shared, visitor, field, (form, &asked.submitted, &draft.form), &shown.contested);
    }
    let contested = views
        .iter()
        .flat_map(|view| &view.fields)
        .filter(|field| field.other.is_some())
        .map(|field| MistakeLine { href: format!("#{}", field.id), text: field.title.clone() })
        .collect();
    let (sections, others) = parted(views, &meant);
    let all_papers = papers(form, None, value, &shown.errors, language, &format!("draft={}", draft.id));
    let (papers, other_papers) = all_papers.into_iter().partition(|paper: &PaperView| meant.contains(&paper.key));
    let list = asked.list.as_ref().map(|(form, list)| fields::told(form, None, list, language).into_iter().flat_map(|section| section.lines).collect());
    let outcomes = asked.outcomes.iter().map(|key| OutcomeChoice { key: key.to_string(), word: super::word(&shared.pages, visitor, key) }).collect();
    let data = TaskPage {
        case: working.row.id.to_string(),
        number: working.state.number.clone().unwrap_or_default(),
        task,
        draft: draft.id.to_string(),
        title: asked.title.clone(),
        link: asked.link.clone(),
        due: asked.due.map(|due| due.to_string()),
        asked_by: asked.asked_by.clone(),
        list: list.unwrap_or_default(),
        words: asked.words.clone().unwrap_or_default(),
        edits_form: asked.edits_form,
        others_open: sections.is_empty(),
        sections: if asked.edits_form { sections } else { Vec::new() },
        papers: if asked.edits_form { papers } else { Vec::new() },
        others: if asked.edits_form { others } else { Vec::new() },
        other_papers: if asked.edits_form { other_papers } else { Vec::new() },
        only_outcome: asked.outcomes.first().filter(|_| asked.outcomes.len() == 1).map(ToString::to_string),
        outcomes,
        opinion: shown.opinion,
        opinion_needed: asked.outcomes.iter().any(|outcome| !asked.without_opinion.contains(outcome)),
        changes: changes(shared, visitor, form, (&asked.submitted, value)),
        mistakes: fields::mistakes(&shown.errors, language),
        refused: shown.refused,
        contested,
        seen: seen(form, &draft.form).written(),
        upload_bytes: crate::limits::UPLOAD_BYTES_MAX,
        upload_mb: crate::limits::UPLOAD_BYTES_MAX / 1024 / 1024,
    };
    let title = match language {
        crate::notice::Language::Zh => asked.title.zh.clone(),
        crate::notice::Language::En => asked.title.en.clone(),
    };
    Ok(shared.pages.page_with(status, &visitor.site, "project-task", &title, &data))
}

/// Puts the answer of the last submission, and of another window, beside a field.
fn compare(shared: &Shared, visitor: &Visitor, field: &mut FieldView, (form, submitted, stored): (&Form, &Value, &Value), contested: &BTreeSet<String>) {
    let Some(known) = form.field(&field.key) else { return };
    let said = |value: &Value| {
        let text = fields::said(known, value.get(&field.key).unwrap_or(&Value::Null), visitor.language());
        if text.is_empty() { shared.pages.word(visitor.language(), "field-unanswered") } else { text }
    };
    if !matches!(known.kind, Kind::Rows { .. }) {
        field.old = Some(said(submitted));
    }
    if contested.contains(&field.key) {
        field.other = Some(said(stored));
    }
}

/// The fields that are asked for, and the others; papers stand apart.
fn parted(views: Vec<SectionView>, meant: &BTreeSet<String>) -> (Vec<SectionView>, Vec<SectionView>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for view in views {
        let (asked, other): (Vec<FieldView>, Vec<FieldView>) =
            view.fields.into_iter().filter(|field| field.shape != "file").partition(|field| meant.contains(&field.key));
        for (fields, to) in [(asked, &mut first), (other, &mut rest)] {
            if !fields.is_empty() {
                to.push(SectionView { index: view.index, title: view.title.clone(), fields });
            }
        }
    }
    (first, rest)
}

/// The fields a list of corrections means: those whose title shares most of an item's letters. An item that fits none is left to the person.
fn meant(asked: &Asked) -> BTreeSet<String> {
    let Some((_, list)) = &asked.list else { return BTreeSet::new() };
    let items = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let texts = items.iter().flat_map(|item| item.as_object().into_iter().flat_map(|item| item.values()).filter_map(Value::as_str).take(1));
    let mut keys = BTreeSet::new();
    for item in texts {
        let likeness = |title: &str| likeness(item, title);
        let fits = asked.form.fields().map(|field| (likeness(&field.title.zh).max(likeness(&field.title.en)), field));
        keys.extend(fits.filter(|(percent, _)| *percent >= MEANT_PERCENT).map(|(_, field)| field.key.clone()));
    }
    keys
}

/// From this share of an item's pairs of letters on, a field is meant.
const MEANT_PERCENT: usize = 50;

/// The share of the pairs of letters of `item` that `title` has too, in percent.
fn likeness(item: &str, title: &str) -> usize {
    let pairs = |text: &str| -> BTreeSet<(char, char)> {
        let letters: Vec<char> = text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
        letters.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
    };
    let (wanted, there) = (pairs(item), pairs(title));
    let common = wanted.intersection(&there).count();
    let smaller = wanted.len().min(there.len());
    if smaller < 2 { usize::from(wanted == there && !wanted.is_empty()) * 100 } else { common * 100 / smaller }
}

fn seen(form: &Form, value: &Value) -> Seen {
    Seen::of(value, form.fields().filter(|field| !matches!(field.kind, Kind::File(_))).map(|field| field.key.as_str()))
}

/// The answers that differ from the last submission.
fn changes(shared: &Shared, visitor: &Visitor, form: &Form, (old, new): (&Value, &Value)) -> Vec<ChangeLine> {
    let language = visitor.language();
    let differs = form.changes(old, new);
    let keys: BTreeSet<&str> = differs.iter().filter_map(|change| change.path.strip_prefix('/')?.split('/').next()).collect();
    let changed = form.fields().filter(|field| keys.contains(field.key.as_str()));
    let said = |field: &crate::forms::Field, value: &Value| {
        let text = match (&field.kind, value.get(&field.key)) {
            (Kind::Rows { .. }, Some(_)) => rows_said(form, field, value, language),
            (_, found) => fields::said(field, found.unwrap_or(&Value::Null), language),
        };
        if text.is_empty() { shared.pages.word(language, "field-unanswered") } else { text }
    };
    changed.map(|field| ChangeLine { title: fields_title(field, language), old: said(field, old), new: said(field, new) }).collect()
}

fn rows_said(form: &Form, field: &crate::forms::Field, value: &Value, language: crate::notice::Language) -> String {
    let told = fields::told(form, None, value, language);
    let line = told.into_iter().flat_map(|section| section.lines).find(|line| line.key == field.key);
    line.map(|line| line.rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("；")).unwrap_or_default()
}

fn fields_title(field: &crate::forms::Field, language: crate::notice::Language) -> String {
    match language {
        crate::notice::Language::Zh => field.title.zh.clone(),
        crate::notice::Language::En => field.title.en.clone(),
    }
}

/// Keeps what was typed, and sends it when the button says so.
pub async fn save(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, task)): Path<(String, Local)>,
    headers: HeaderMap,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    let by_itself = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let (asked, draft) = match open(&shared, &visitor, &working, task).await {
        Ok(found) => found,
        // Sent already, by the first of two clicks: what there is to see is the project.
        Err(_) if was_sent(&shared, &visitor, (working.row.id, task), &pairs).await => return Ok(see_other(&format!("/projects/{case}"))),
        Err(trouble) => return Err(trouble),
    };
    let kept = keep(&shared, &visitor, draft, &asked, &pairs).await?;
    let Some(kept) = kept else {
        let (zh, en) = ("涉密内容不得在本系统填报，本次填写的内容没有保存。", "cannot save: a project with state secrets is not filed here; nothing was kept");
        return Err(Refusal::invalid("state_secret", zh, en).into());
    };
    if by_itself {
        let seen = if kept.contested.is_empty() { seen(&asked.form, &kept.draft.form).written() } else { posted(&pairs, "seen").unwrap_or("").to_owned() };
        let at = shared.app.clock().now().civil().format("%H:%M").to_string();
        return Ok(axum::Json(serde_json::json!({"at": at, "seen": seen, "contested": !kept.contested.is_empty(), "stop": false})).into_response());
    }
    let opinion = posted(&pairs, "opinion").unwrap_or("").to_owned();
    if !kept.contested.is_empty() {
        let shown = Shown { typed: Some(kept.typed), contested: kept.contested, opinion, ..Shown::default() };
        return page(&shared, &visitor, StatusCode::CONFLICT, (&working, task), shown).await;
    }
    if fields::stays(&pairs) || posted(&pairs, "do") == Some("later") {
        return Ok(see_other(&format!("/projects/{case}/tasks/{task}")));
    }
    send(&shared, &visitor, (&working, task), (&asked, *kept), &pairs).await
}

/// Whether the form that was posted is the draft of this task: then the task is gone because it was sent.
async fn was_sent(shared: &Shared, visitor: &Visitor, task: (CaseId, Local), pairs: &[(String, String)]) -> bool {
    let Some(id) = posted(pairs, "draft").and_then(|id| id.parse().ok()) else { return false };
    shared.app.draft(typist(visitor), id).await.is_ok_and(|draft| draft.task == Some(task))
}

type Kept = Box<crate::web::pages::apply::Saved>;

async fn keep(shared: &Shared, visitor: &Visitor, draft: Draft, asked: &Asked, pairs: &[(String, String)]) -> Result<Option<Kept>, Trouble> {
    use crate::web::pages::apply;
    match apply::keep(&shared.app, typist(visitor), draft, (&asked.form, None), pairs).await? {
        apply::Kept::Saved(saved) => Ok(Some(saved)),
        apply::Kept::Secret => Ok(None),
    }
}

async fn send(
    shared: &Shared,
    visitor: &Visitor,
    (working, task): (&Working, Local),
    (asked, kept): (&Asked, crate::web::pages::apply::Saved),
    pairs: &[(String, String)],
) -> Result<Response, Trouble> {
    let opinion = posted(pairs, "opinion").unwrap_or("").trim().to_owned();
    if !kept.errors.is_empty() {
        let shown = Shown { typed: Some(kept.typed), errors: kept.errors, opinion, ..Shown::default() };
        return page(shared, visitor, StatusCode::UNPROCESSABLE_ENTITY, (working, task), shown).await;
    }
    let outcome = posted(pairs, "outcome").unwrap_or("");
    let outcome: Option<Name> =
        asked.outcomes.iter().find(|known| &***known == outcome).or(asked.outcomes.first().filter(|_| asked.outcomes.len() == 1)).cloned();
    let Some(outcome) = outcome else {
        let refused = Some(Text { zh: "请选择办理结果。".to_owned(), en: "Choose an answer.".to_owned() });
        return page(shared, visitor, StatusCode::UNPROCESSABLE_ENTITY, (working, task), Shown { refused, opinion, ..Shown::default() }).await;
    };
    let words = Some(opinion.clone()).filter(|opinion| !opinion.is_empty());
    match shared.app.send_answer(typist(visitor), &kept.draft, &outcome, asked.edits_form, words).await {
        Ok(case) => Ok(see_other(&format!("/projects/{case}?sent={task}"))),
        Err(Failure::Refused(refusal)) => {
            let said = Text { zh: refusal.zh.clone(), en: refusal.en.clone() };
            let errors = refusal.details.iter().map(|detail| FieldError {
                path: detail.path.trim_start_matches("/form").to_owned(),
                code: "refused",
                zh: detail.zh.clone(),
                en: detail.en.clone(),
            });
            let shown = Shown { errors: errors.collect(), refused: Some(said), opinion, ..Shown::default() };
            page(shared, visitor, status(refusal.class), (working, task), shown).await
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_means_the_fields_whose_titles_are_like_it() {
        for (item, title) in [
            ("产业政策声明", "符合产业政策的声明"),
            ("环评公开版", "已提交公开版"),
            ("自有资金证明", "自有资金证明（可容缺）"),
            ("Public version", "Public version submitted"),
        ] {
            assert!(likeness(item, title) >= MEANT_PERCENT, "{item} / {title}: {}", likeness(item, title));
        }
        for (item, title) in [("产业政策声明", "用地面积"), ("环评公开版", "项目名称"), ("", "项目")] {
            assert!(likeness(item, title) < MEANT_PERCENT, "{item} / {title}");
        }
    }
}
