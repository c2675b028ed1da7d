//! Taking an application back: what will happen is said first. Invariant: one command for one page shown; sent twice, it is one withdrawal.

use axum::Form as Posted;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Card, card, own};
use crate::app::execute::{Act, Order};
use crate::app::failure::Failure;
use crate::app::writer::Working;
use crate::ids::{CommandId, Text};
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::pages::apply::{posted, see_other};
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct WithdrawPage {
    card: Card,
    command: String,
    opinion: String,
    holds: usize,
    waiting: usize,
    tasks: usize,
    /// It ended meanwhile: nothing can be withdrawn, and what was typed is shown.
    ended: bool,
    refused: Option<Text>,
}

/// Asks, and says what will happen.
pub async fn ask(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    if working.state.ended.is_some() {
        return Ok(see_other(&format!("/projects/{case}")));
    }
    page(&shared, &visitor, StatusCode::OK, &working, (String::new(), None)).await
}

async fn page(
    shared: &Shared,
    visitor: &Visitor,
    status: StatusCode,
    working: &Working,
    (opinion, refused): (String, Option<Text>),
) -> Result<Response, Trouble> {
    let project = shared.app.project(working).await?;
    let data = WithdrawPage {
        card: card(&shared.pages, visitor, project),
        command: shared.app.new_command()?.to_string(),
        opinion,
        holds: working.state.holds.len(),
        waiting: working.state.queue.len(),
        tasks: working.state.tasks.len(),
        ended: working.state.ended.is_some(),
        refused,
    };
    let title = shared.pages.word(visitor.language(), "projects-withdraw-title");
    Ok(shared.pages.page_with(status, &visitor.site, "withdraw", &title, &data))
}

/// Withdraws.
pub async fn withdraw(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path(case): Path<String>,
    Posted(pairs): Posted<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let working = own(&shared, &visitor, &case).await?;
    let opinion = posted(&pairs, "opinion").unwrap_or("").trim().to_owned();
    let command_id: Option<CommandId> = posted(&pairs, "command").and_then(|text| text.parse().ok());
    let act = Act::Withdraw { opinion: Some(opinion.clone()).filter(|opinion| !opinion.is_empty()) };
    let order = Order { tenant: visitor.tenant, case: Some(working.row.id), actor: visitor.actor(), command_id, act };
    match shared.app.execute(order).await {
        Ok(receipt) => Ok(see_other(&format!("/projects/{}", receipt.case))),
        Err(Failure::Refused(refusal)) => {
            let said = Text { zh: refusal.zh.clone(), en: refusal.en.clone() };
            page(&shared, &visitor, status(refusal.class), &working, (opinion, Some(said))).await
        }
        Err(failure @ Failure::Fault(_)) => Err(failure.into()),
    }
}
