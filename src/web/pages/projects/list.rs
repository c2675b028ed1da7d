//! The list of an applicant's projects, and one of them in full.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Card, card, own};
use crate::app::projects::Letter;
use crate::ids::CaseId;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::apply::typist;
use crate::web::pages::case::plots;
use crate::web::pages::case::spoken::Spoken;
use crate::web::visitor::Visitor;

/// Projects a page shows; each is a whole timeline.
const PROJECTS_SHOWN: u32 = 5;

#[derive(Serialize)]
struct ListPage {
    cards: Vec<Card>,
    count: i64,
    asked: usize,
    next: Option<String>,
    first: bool,
    drafts: Vec<DraftLine>,
    draft_count: usize,
    may_apply: bool,
}

#[derive(Serialize)]
struct DraftLine {
    id: String,
    name: String,
    saved: i64,
    answered: usize,
}

#[derive(Deserialize)]
pub struct From {
    before: Option<CaseId>,
}

/// My projects.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Query(from): Query<From>) -> Result<Response, Trouble> {
    let typist = typist(&visitor);
    let page = shared.app.projects(typist, from.before, PROJECTS_SHOWN).await?;
    let drafts = shared.app.drafts(typist).await?;
    let draft = |draft: &crate::app::drafts::Draft| DraftLine {
        id: draft.id.to_string(),
        name: draft.form.get("project_name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
        saved: draft.updated.0,
        answered: draft.form.as_object().map_or(0, serde_json::Map::len),
    };
    let data = ListPage {
        asked: page.projects.iter().map(|project| project.asks.len()).sum(),
        cards: page.projects.into_iter().map(|project| card(&shared.pages, &visitor, project)).collect(),
        count: page.count,
        next: page.next.map(|case| case.to_string()),
        first: from.before.is_none(),
        draft_count: drafts.len(),
        drafts: drafts.iter().map(draft).collect(),
        may_apply: super::super::apply::permit(&visitor).is_ok(),
    };
    let title = shared.pages.word(visitor.language(), "projects-title");
    Ok(shared.pages.page(&visitor.site, "projects", &title, &data))
}

#[derive(Serialize)]
struct OnePage {
    land: Option<plots::Land>,
    card: Card,
    submissions: Vec<SubmissionLine>,
    letters: Vec<LetterLine>,
    letter_count: usize,
    running: bool,
    sent: bool,
    urged: bool,
    rateable: bool,
}

#[derive(Serialize)]
struct LetterLine {
    title: String,
    #[serde(flatten)]
    letter: Letter,
}

#[derive(Serialize)]
struct SubmissionLine {
    at: i64,
    first: bool,
    changes: usize,
}

#[derive(Deserialize)]
pub struct After {
    sent: Option<crate::engine::case::Local>,
    urged: Option<u8>,
}

/// One project in full.
pub async fn one(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>, Query(after): Query<After>) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    let project = shared.app.project(&working).await?;
    let submissions = shared.app.submissions_seen(&working, visitor.person).await?;
    let form = shared.app.form_read(&working, visitor.person).await?;
    let line = |(index, submission): (usize, &crate::app::projects::Submission)| {
        let before = submissions.get(index + 1);
        SubmissionLine {
            at: submission.at.0,
            first: before.is_none(),
            changes: before.zip(form.as_ref()).map_or(0, |(before, form)| form.changes(&before.form, &submission.form).len()),
        }
    };
    let lines = submissions.iter().enumerate().map(line).collect();
    let spoken = Spoken::to(&shared, &visitor);
    let letters = project.letters.iter().map(|letter| LetterLine { title: spoken.named("document", &letter.kind), letter: letter.clone() }).collect();
    let title = if project.name.is_empty() { project.number.clone() } else { project.name.clone() };
    let land = plots::land(&shared, &visitor, &working).await?;
    let data = OnePage {
        land,
        running: project.ended.is_none(),
        sent: after.sent.is_some(),
        urged: after.urged.is_some(),
        rateable: !shared.app.rateable(&working).await?.is_empty(),
        letters,
        letter_count: project.letters.len(),
        card: card(&shared.pages, &visitor, project),
        submissions: lines,
    };
    Ok(shared.pages.page(&visitor.site, "project", &title, &data))
}
