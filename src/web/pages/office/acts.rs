//! The forms of the office's page. Invariant: done is 303 back to the page, where it is said; refused is the page with everything typed.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;

use super::{Typed, page};
use crate::app::failure::Failure;
use crate::app::handover::Proposal;
use crate::app::people::Change;
use crate::engine::refusal::{Detail, Refusal};
use crate::ids::{CommandId, PersonId};
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::visitor::Visitor;

fn done(what: &str) -> Response {
    Redirect::to(&format!("/office?done={what}")).into_response()
}

/// The page again, read anew, with what was typed.
async fn again(shared: &Shared, visitor: Visitor, typed: &Typed, failure: Failure) -> Result<Response, Trouble> {
    let Failure::Refused(refusal) = failure else { return Err(failure.into()) };
    let known = shared.app.known(visitor.tenant).await?;
    let visitor = Visitor { known, ..visitor };
    page(shared, &visitor, typed, (None, Some((&refusal, status(refusal.class)))))
}

fn wrong(details: Vec<Detail>) -> Refusal {
    Refusal { details, ..Refusal::invalid("absence_wrong", "请改正下列各处。", "cannot do this: correct what is listed") }
}

fn day(path: &str, text: &str, details: &mut Vec<Detail>) -> Option<NaiveDate> {
    let read = text.trim().parse().ok();
    if read.is_none() {
        details.push(Detail::new(path, "missing", format!("请填写日期，现为“{text}”"), format!("expected a day, found `{text}`")));
    }
    read
}

impl Typed {
    /// Whose post: login, office, post.
    fn post(&self) -> Result<(String, String, String), Refusal> {
        let mut parts = self.whose.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(login), Some(office), Some(post), None) => Ok((login, office, post)),
            _ => Err(wrong(vec![Detail::new("whose", "missing", "请选择谁离岗", "expected who is away")])),
        }
    }

    fn away(&self) -> Result<Change, Refusal> {
        let (login, office, post) = self.post()?;
        let mut details = Vec::new();
        let (from, until) = (day("from", &self.from, &mut details), day("until", &self.until, &mut details));
        match (from, until) {
            (Some(from), Some(until)) => {
                let substitute = Some(self.substitute.clone()).filter(|login| !login.is_empty());
                Ok(Change::Away { login, office, post, from, until, substitute })
            }
            _ => Err(wrong(details)),
        }
    }

    fn back(&self) -> Result<Change, Refusal> {
        let (login, office, post) = self.post()?;
        let mut details = Vec::new();
        let (from, until) = (day("from", &self.from, &mut details), day("until", &self.until, &mut details));
        match (from, until) {
            (Some(from), Some(until)) => Ok(Change::Back { login, office, post, from, until }),
            _ => Err(wrong(details)),
        }
    }

    fn proposal(&self, visitor: &Visitor) -> Result<Proposal, Refusal> {
        let person = |path: &str, login: &str| -> Result<PersonId, Detail> {
            let found = visitor.known.roster.people.values().find(|person| person.login == login).map(|person| person.id);
            found.ok_or_else(|| Detail::new(path, "missing", "请选择人员", "expected a person"))
        };
        let (giver, taker, overseer) = (person("giver", &self.giver), person("taker", &self.taker), person("overseer", &self.overseer));
        match (giver, taker, overseer) {
            (Ok(giver), Ok(taker), Ok(overseer)) => Ok(Proposal { giver, taker, overseer, reason: self.reason.clone() }),
            (giver, taker, overseer) => Err(wrong([giver.err(), taker.err(), overseer.err()].into_iter().flatten().collect())),
        }
    }
}

/// Writes an absence down.
pub async fn away(State(shared): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let typed = Typed { act: "away".to_owned(), ..typed };
    match typed.away() {
        Ok(change) => changed(&shared, visitor, &typed, change).await,
        Err(refusal) => again(&shared, visitor, &typed, refusal.into()).await,
    }
}

/// Ends one.
pub async fn back(State(shared): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let typed = Typed { act: "back".to_owned(), ..typed };
    match typed.back() {
        Ok(change) => changed(&shared, visitor, &typed, change).await,
        Err(refusal) => again(&shared, visitor, &typed, refusal.into()).await,
    }
}

async fn changed(shared: &Shared, visitor: Visitor, typed: &Typed, change: Change) -> Result<Response, Trouble> {
    let command_id = crate::web::pages::people::once(&typed.command, &change);
    match shared.app.manage(visitor.tenant, visitor.actor(), command_id, &change).await {
        Ok(_) => Ok(done(&typed.act)),
        Err(failure) => again(shared, visitor, typed, failure).await,
    }
}

/// Proposes a handover.
pub async fn propose(State(shared): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let typed = Typed { act: "propose".to_owned(), ..typed };
    let command_id: Option<CommandId> = typed.command.parse().ok();
    let proposed = match typed.proposal(&visitor) {
        Ok(proposal) => shared.app.propose_handover(visitor.tenant, visitor.person, command_id, proposal).await,
        Err(refusal) => Err(refusal.into()),
    };
    match proposed {
        Ok(_) => Ok(done("propose")),
        Err(failure) => again(&shared, visitor, &typed, failure).await,
    }
}

/// Signs or declines it.
pub async fn answer(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let answered = if typed.act == "decline" {
        shared.app.decline_handover(visitor.tenant, visitor.person, &id).await
    } else {
        shared.app.sign_handover(visitor.tenant, visitor.person, &id).await
    };
    match answered {
        Ok(handover) if handover.declined.is_some() => Ok(done("decline")),
        Ok(handover) if handover.done.is_some() => Ok(done("over")),
        Ok(_) => Ok(done("sign")),
        Err(failure) => again(&shared, visitor, &typed, failure).await,
    }
}
