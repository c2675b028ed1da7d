//! Rating a service (好差评): a link whose result is out, once, in five levels with words. Invariant: what was typed stands on the page that says no. Never: a rating for somebody else.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::own;
use crate::app::failure::Failure;
use crate::app::writer::Working;
use crate::engine::case::Local;
use crate::engine::refusal::Refusal;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::pages::apply::{posted, see_other};
use crate::web::visitor::Visitor;

/// From the best to the worst.
const LEVELS: [&str; 5] = ["5", "4", "3", "2", "1"];

#[derive(Serialize)]
struct RatePage {
    id: String,
    number: String,
    links: Vec<LinkRow>,
    refused: Option<Text>,
}

#[derive(Serialize)]
struct LinkRow {
    scope: Local,
    title: Text,
    rated: bool,
    command: String,
    levels: Vec<LevelRow>,
    words: String,
}

#[derive(Serialize)]
struct LevelRow {
    id: String,
    value: &'static str,
    /// The key of its word.
    word: String,
    chosen: bool,
}

/// What was typed, and why it was not done.
struct Typed {
    scope: Option<Local>,
    level: String,
    words: String,
    refused: Option<Text>,
}

/// Shows the links that may be rated.
pub async fn ask(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    page(&shared, &visitor, StatusCode::OK, &working, Typed { scope: None, level: String::new(), words: String::new(), refused: None }).await
}

async fn page(shared: &Shared, visitor: &Visitor, status: StatusCode, working: &Working, typed: Typed) -> Result<Response, Trouble> {
    let mut links = Vec::new();
    for link in shared.app.rateable(working).await? {
        let mine = typed.scope == Some(link.scope);
        let level = |value: &'static str| LevelRow {
            id: format!("level-{}-{value}", link.scope),
            value,
            word: format!("rating-{value}"),
            chosen: mine && typed.level == value,
        };
        links.push(LinkRow {
            scope: link.scope,
            title: link.title,
            rated: link.rated,
            command: shared.app.new_command()?.to_string(),
            levels: LEVELS.into_iter().map(level).collect(),
            words: if mine { typed.words.clone() } else { String::new() },
        });
    }
    let number = working.row.number.clone().unwrap_or_default();
    let data = RatePage { id: working.row.id.to_string(), number, links, refused: typed.refused };
    let title = shared.pages.word(visitor.language(), "rate-title");
    Ok(shared.pages.page_with(status, &visitor.site, "rate", &title, &data))
}

/// Rates one of them.
pub async fn rate(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path(case): Path<String>,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    let text = |name: &str| posted(&pairs, name).unwrap_or("").trim().to_owned();
    let (scope, level, words) = (text("scope").parse().ok(), text("level"), text("words"));
    let command = text("command").parse().ok();
    let done = match scope {
        Some(scope) if LEVELS.contains(&level.as_str()) => shared.app.rate(&working, visitor.person, (scope, command), (&level, &words)).await,
        _ => Err(Refusal::invalid("level_required", "请选择评价等级。", "choose a level.").into()),
    };
    match done {
        Ok(_) => Ok(see_other(&format!("/projects/{case}/rate"))),
        Err(Failure::Refused(refusal)) => {
            let refused = Some(Text { zh: refusal.zh.clone(), en: refusal.en.clone() });
            page(&shared, &visitor, status(refusal.class), &working, Typed { scope, level, words, refused }).await
        }
        Err(failure @ Failure::Fault(_)) => Err(failure.into()),
    }
}
