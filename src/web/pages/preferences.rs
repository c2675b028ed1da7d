//! What one wants to hear, and how: a choice for each group of notices.
//! Invariant: the choices are the visitor's own; a wrong one comes back as it was sent. Never: a group that must be told offered to be turned off.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use crate::app::failure::Failure;
use crate::engine::refusal::Refusal;
use crate::notice::Choice;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Mistake, mistakes};
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/account/notices", get(show).post(choose))
}

#[derive(Serialize)]
struct Page {
    groups: Vec<GroupRow>,
    email: Option<String>,
    phone: Option<String>,
    done: Option<&'static str>,
    mistakes: Vec<Mistake>,
    /// Since when there is a calendar feed.
    feed: Option<i64>,
    command: String,
}

/// A group of notices with what may be chosen.
#[derive(Serialize)]
struct GroupRow {
    key: &'static str,
    word: String,
    about: String,
    kept: bool,
    mail_only: bool,
    choices: Vec<ChoiceRow>,
}

#[derive(Serialize)]
struct ChoiceRow {
    key: &'static str,
    word: String,
    chosen: bool,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(query): Query<Done>) -> Result<Response, Trouble> {
    let done = query.done.map(|done| if done == "feed" { "feed-done-end" } else { "told-done" });
    page(&shared, &visitor, (StatusCode::OK, done), (&BTreeMap::new(), None)).await
}

async fn page(
    shared: &Shared,
    visitor: &Visitor,
    (status, done): (StatusCode, Option<&'static str>),
    (typed, wrong): (&BTreeMap<String, String>, Option<&Refusal>),
) -> Result<Response, Trouble> {
    let Visitor { person, known, site, .. } = visitor;
    let preferences = known.preferences_of(*person);
    let held = known.roster.people.get(person);
    let groups = known.groups_of(*person, shared.app.clock().now().date()).into_iter().map(|group| {
        let chosen = typed.get(group.key()).and_then(|word| Choice::of_key(word)).unwrap_or_else(|| preferences.of(group));
        let choice = |choice: Choice| ChoiceRow { key: choice.key(), word: format!("told-{}", choice.key()), chosen: choice == chosen };
        GroupRow {
            key: group.key(),
            word: format!("group-{}", group.key()),
            about: format!("group-{}-about", group.key()),
            kept: group.is_kept(),
            mail_only: group.is_mail_only(),
            choices: group.choices().into_iter().map(choice).collect(),
        }
    });
    let data = Page {
        groups: groups.collect(),
        email: held.and_then(|person| person.email.clone()),
        phone: held.and_then(|person| person.phone.clone()),
        done,
        mistakes: mistakes(wrong),
        feed: known.feeds.get(person).filter(|feed| feed.digest.is_some()).map(|feed| feed.since.0),
        command: fresh_command()?,
    };
    let title = shared.pages.word(site.language, "told-title");
    Ok(shared.pages.page_with(status, site, "preferences", &title, &data))
}

async fn choose(State(shared): State<Shared>, visitor: Visitor, Form(asked): Form<BTreeMap<String, String>>) -> Result<Response, Trouble> {
    match shared.app.choose_channels(visitor.tenant, visitor.person, &asked).await {
        Ok(_) => Ok(Redirect::to("/account/notices?done=1").into_response()),
        Err(Failure::Refused(refusal)) => page(&shared, &visitor, (StatusCode::UNPROCESSABLE_ENTITY, None), (&asked, Some(&refusal))).await,
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
