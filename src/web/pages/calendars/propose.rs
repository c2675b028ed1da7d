//! A file for the calendar: chosen or pasted, previewed with every date it would move, confirmed.
//! Invariant: a preview writes nothing; what was typed comes back with every mistake and its place.

use axum::Form;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ChangedDay, MoveLine};
use crate::app::calendars::{Origin, Preview, Proposal, Unread};
use crate::app::failure::Failure;
use crate::calendar::{Format, Head};
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::Text;
use crate::limits::SOURCE_BYTES_MAX;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// What is typed or carried by the forms.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Typed {
    file: String,
    text: String,
    year: String,
    source: String,
    published: String,
    local: String,
    stamp: String,
}

impl Typed {
    /// The file with what was said beside it.
    fn proposal(&self) -> Result<Proposal, Refusal> {
        let wrong = |zh: &str, en: &str| Refusal::invalid("calendar_head_wrong", zh.to_owned(), en.to_owned());
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let year = filled(&self.year).map(|year| year.parse()).transpose();
        let published = filled(&self.published).map(|day| day.parse::<NaiveDate>()).transpose();
        let head = Head {
            year: year.map_err(|_| wrong("年份应为四位数字，如 2027。", "cannot read the year: expected four digits such as 2027"))?,
            source: filled(&self.source),
            published: published
                .map_err(|_| wrong("公布日期应为 2026-11-05 的格式。", "cannot read the day of publication: expected one such as 2026-11-05"))?,
            local: !self.local.is_empty(),
        };
        if self.text.trim().is_empty() {
            return Err(wrong("请选择一个文件，或粘贴它的内容。", "cannot preview: choose a file, or paste its text"));
        }
        let file = filled(&self.file).unwrap_or_else(|| match Format::of("", &self.text) {
            Format::Yaml => "pasted.yaml".to_owned(),
            Format::Csv => "pasted.csv".to_owned(),
            Format::Ics => "pasted.ics".to_owned(),
        });
        Ok(Proposal { text: self.text.clone(), file, head })
    }
}

#[derive(Serialize)]
struct FormPage {
    typed: Typed,
    wrong: Option<Text>,
    /// Each with its place in the file.
    mistakes: Vec<Placed>,
}

#[derive(Serialize)]
struct Placed {
    place: String,
    text: Text,
}

#[derive(Serialize)]
struct PreviewPage {
    typed: Typed,
    before: String,
    version: String,
    until: Option<String>,
    unchanged: bool,
    origins: Vec<Origin>,
    days: Vec<ChangedDay>,
    cases: usize,
    settled: usize,
    moves: Vec<MoveLine>,
    unread: Vec<Unread>,
}

pub(super) async fn form(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    visitor.permit(Act::Publish)?;
    Ok(form_page(&shared, &visitor, Typed::default(), None))
}

fn form_page(shared: &Shared, visitor: &Visitor, typed: Typed, refusal: Option<&Refusal>) -> Response {
    let placed = |detail: &crate::engine::refusal::Detail| Placed { place: detail.path.clone(), text: Text { zh: detail.zh.clone(), en: detail.en.clone() } };
    let mistakes = refusal.into_iter().flat_map(|refusal| &refusal.details).map(placed).collect();
    let wrong = refusal.map(|refusal| Text { zh: refusal.zh.clone(), en: refusal.en.clone() });
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let title = shared.pages.word(visitor.site.language, "calendars-propose");
    shared.pages.page_with(status, &visitor.site, "calendar-propose", &title, &FormPage { typed: Typed { stamp: String::new(), ..typed }, wrong, mistakes })
}

/// Shows what the file would move.
pub(super) async fn preview(State(shared): State<Shared>, visitor: Visitor, mut parts: Multipart) -> Result<Response, Trouble> {
    visitor.permit(Act::Publish)?;
    let typed = match receive(&mut parts).await {
        Ok(typed) => typed,
        Err(refusal) => return Ok(form_page(&shared, &visitor, Typed::default(), Some(&refusal))),
    };
    let proposal = match typed.proposal() {
        Ok(proposal) => proposal,
        Err(refusal) => return Ok(form_page(&shared, &visitor, typed, Some(&refusal))),
    };
    match shared.app.preview_calendar(visitor.tenant, &visitor.actor(), &proposal).await {
        Ok(preview) => Ok(preview_page(&shared, &visitor, Typed { file: proposal.file, ..typed }, &preview)),
        Err(Failure::Refused(refusal)) => Ok(form_page(&shared, &visitor, typed, Some(&refusal))),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

fn preview_page(shared: &Shared, visitor: &Visitor, typed: Typed, preview: &Preview) -> Response {
    let data = PreviewPage {
        typed: Typed { stamp: preview.stamp.to_string(), ..typed },
        before: preview.before.clone(),
        version: preview.calendar.version().to_owned(),
        until: preview.calendar.covered().map(|(_, last)| last.to_string()),
        unchanged: preview.unchanged,
        origins: preview.origins.clone(),
        days: preview.days.iter().map(ChangedDay::from).collect(),
        cases: preview.cases,
        settled: preview.moves.iter().filter(|moved| moved.is_settled()).count(),
        moves: preview.moves.iter().map(MoveLine::from).collect(),
        unread: preview.unread.clone(),
    };
    let title = shared.pages.word(visitor.site.language, "calendars-preview");
    shared.pages.page(&visitor.site, "calendar-preview", &title, &data)
}

/// Puts in force what was previewed.
pub(super) async fn apply(State(shared): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    visitor.permit(Act::Publish)?;
    let stamp = typed.stamp.parse().map_err(|_| Refusal::invalid("stamp_not_read", "请先预览。", "cannot put the calendar in force: preview it first"));
    let asked = stamp.and_then(|stamp| Ok((typed.proposal()?, stamp)));
    let (proposal, stamp) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return Ok(form_page(&shared, &visitor, typed, Some(&refusal))),
    };
    match shared.app.apply_calendar(visitor.tenant, visitor.actor(), &proposal, Some(stamp)).await {
        Ok(_) => {
            let known = shared.app.known(visitor.tenant).await?;
            let newest = known.calendars.keys().next_back().copied().unwrap_or_default();
            Ok(Redirect::to(&format!("/system/calendars/{newest}")).into_response())
        }
        Err(Failure::Refused(refusal)) => Ok(form_page(&shared, &visitor, typed, Some(&refusal))),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// The fields of the form; a file that was chosen goes before what was pasted.
async fn receive(parts: &mut Multipart) -> Result<Typed, Refusal> {
    let mut typed = Typed::default();
    let mut pasted = String::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let (name, file) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
        let bytes = part.bytes().await.map_err(broken)?;
        if bytes.len() > SOURCE_BYTES_MAX {
            let zh = format!("文件最长 {SOURCE_BYTES_MAX} 字节。");
            return Err(Refusal::invalid("file_too_large", zh, format!("cannot read the file: expected at most {SOURCE_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(bytes.to_vec());
        let text = text.map_err(|_| Refusal::invalid("file_not_text", "文件应为 UTF-8 编码的文本。", "cannot read the file: expected a text in UTF-8"))?;
        match (name.as_str(), file) {
            ("upload", Some(file)) if !text.trim().is_empty() => (typed.file, typed.text) = (file, text),
            ("text", _) => pasted = text,
            ("year", _) => typed.year = text,
            ("source", _) => typed.source = text,
            ("published", _) => typed.published = text,
            ("local", _) => typed.local = text,
            _ => {}
        }
    }
    if typed.text.is_empty() {
        typed.text = pasted;
    }
    Ok(typed)
}

fn broken(cause: axum::extract::multipart::MultipartError) -> Refusal {
    tracing::info!(%cause, "an upload broke off");
    Refusal::invalid("upload_broken", "上传中断或文件太大，请重试。", "cannot read the file: the upload broke off or is too large; try again")
}
