//! The rarer acts on a case, each on a page of its own: hand over, ask, reply, add and take out members, take back, recuse, make known, urge, remark.
//! Invariant: an act is offered when the engine would take it, and its page says what will happen, whom it reaches and what is recorded. Never: a word typed that is lost.

mod form;
mod offers;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::opened;
use super::spoken::Spoken;
use crate::app::casework::Casefile;
use crate::app::execute::{Act, Order};
use crate::app::failure::Failure;
use crate::definition::graph::{Ballots, GroupPass, OnRefusal, Vote};
use crate::engine::case::{Adding, Local};
use crate::engine::command::{MemberRef, NewGroup, Recipient};
use crate::engine::refusal::Refusal;
use crate::ids::{CommandId, Name, PersonId};
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::visitor::Visitor;
pub use offers::{Offers, offers};

/// An act that has a page of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Transfer,
    Delegate,
    Reply,
    Recall,
    AddSigners,
    RemoveSigner,
    TakeBack,
    AskRecusal,
    DecideRecusal,
    Copy,
    Urge,
    Comment,
}

impl Deed {
    const ALL: [(&str, Self); 12] = [
        ("transfer", Self::Transfer),
        ("delegate", Self::Delegate),
        ("reply", Self::Reply),
        ("recall", Self::Recall),
        ("add-signers", Self::AddSigners),
        ("remove-signer", Self::RemoveSigner),
        ("take-back", Self::TakeBack),
        ("ask-recusal", Self::AskRecusal),
        ("decide-recusal", Self::DecideRecusal),
        ("copy", Self::Copy),
        ("urge", Self::Urge),
        ("comment", Self::Comment),
    ];

    /// Its key, in addresses and words.
    fn key(self) -> &'static str {
        Self::ALL.iter().find(|(_, deed)| *deed == self).map_or("", |(key, _)| key)
    }

    fn of(key: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().find(|(known, _)| *known == key).map(|(_, deed)| *deed);
        found.ok_or_else(|| Refusal::not_found("unknown_act", format!("没有操作“{key}”。"), format!("cannot do `{key}`: there is no such act")))
    }

    /// Whether words must go with it.
    fn needs_words(self) -> bool {
        !matches!(self, Self::Recall | Self::TakeBack | Self::Copy | Self::Urge)
    }
}

/// What a form holds, or an address already says.
#[derive(Clone, Debug, Default)]
struct Typed {
    task: Option<Local>,
    scope: Option<Local>,
    step: String,
    to: Vec<String>,
    place: String,
    seats: Vec<String>,
    rule: String,
    votes: String,
    member: String,
    agreed: String,
    opinion: String,
    command: Option<CommandId>,
}

impl Typed {
    fn read(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or(String::new(), |(_, value)| value.trim().to_owned());
        let all = |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        Self {
            task: one("task").parse().ok(),
            scope: one("scope").parse().ok(),
            step: one("step"),
            to: all("to"),
            place: one("place"),
            seats: all("seat"),
            rule: one("rule"),
            votes: one("votes"),
            member: one("member"),
            agreed: one("agreed"),
            opinion: one("opinion"),
            command: one("command").parse().ok(),
        }
    }

    fn people(&self) -> Vec<PersonId> {
        self.to.iter().filter_map(|person| person.parse().ok()).collect()
    }

    fn one_person(&self) -> Result<PersonId, Refusal> {
        self.people().first().copied().ok_or_else(|| Refusal::invalid("person_required", "请选择人员。", "choose a person."))
    }

    fn task(&self) -> Result<Local, Refusal> {
        self.task.ok_or_else(|| Refusal::invalid("task_required", "请选择步骤。", "choose the step."))
    }

    fn words(&self) -> Option<String> {
        Some(self.opinion.clone()).filter(|words| !words.is_empty())
    }

    /// The act this asks for.
    fn act(&self, deed: Deed) -> Result<Act, Refusal> {
        let opinion = self.words();
        if deed.needs_words() && opinion.is_none() {
            return Err(Refusal::invalid("reason_required", "请填写说明：它会记入办件记录。", "write some words: they stand in the record."));
        }
        Ok(match deed {
            Deed::Transfer => Act::Transfer { task: self.task()?, to: Recipient::Person(self.one_person()?), opinion },
            Deed::Delegate => Act::Delegate { task: self.task()?, to: self.one_person()?, opinion },
            Deed::Reply => Act::Reply { task: self.task()?, opinion },
            Deed::Recall => Act::Recall { task: self.task()? },
            Deed::AddSigners => Act::AddSigners { task: self.task()?, place: self.place()?, group: self.group()?, opinion },
            Deed::RemoveSigner => Act::RemoveSigner { member: self.member()?, opinion },
            Deed::TakeBack => {
                let missing = || Refusal::invalid("step_required", "请从办件页面选择要撤回的操作。", "choose the act to take back on the page of the case.");
                Act::TakeBack { scope: self.scope.ok_or_else(missing)?, step: self.step.as_str().into(), opinion }
            }
            Deed::AskRecusal => Act::AskRecusal { task: self.task()?, of: self.one_person()?, opinion },
            Deed::DecideRecusal => {
                let agreed = match self.agreed.as_str() {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(Refusal::invalid("answer_required", "请选择同意或不同意。", "choose yes or no.")),
                };
                Act::DecideRecusal { task: self.task()?, agreed, opinion }
            }
            Deed::Copy if self.to.is_empty() => return Err(Refusal::invalid("person_required", "请选择人员。", "choose somebody.")),
            Deed::Copy => Act::Copy { to: self.people(), task: self.task, opinion },
            Deed::Urge => Act::Urge { task: self.task()?, opinion },
            Deed::Comment => Act::Comment { task: self.task, opinion },
        })
    }

    fn place(&self) -> Result<Adding, Refusal> {
        match self.place.as_str() {
            "before" => Ok(Adding::Before),
            "beside" => Ok(Adding::Beside),
            "after" => Ok(Adding::After),
            _ => Err(Refusal::invalid("place_required", "请选择加在前面、并列还是后面。", "choose before, beside or after.")),
        }
    }

    fn group(&self) -> Result<NewGroup, Refusal> {
        let seats: Vec<(Name, Name)> = self.seats.iter().filter_map(|seat| seat.split_once('/')).map(|(office, post)| (office.into(), post.into())).collect();
        if seats.is_empty() {
            return Err(Refusal::invalid("seat_required", "请选择加签的岗位。", "choose who is to sign."));
        }
        let pass = match self.rule.as_str() {
            "any" => GroupPass::Any,
            "in-order" => GroupPass::InOrder,
            "vote" => {
                let wrong = || {
                    let found = &self.votes;
                    Refusal::invalid(
                        "votes_not_read",
                        format!("票数应为整数，填写的是“{found}”。"),
                        format!("expected a whole number of votes, found `{found}`."),
                    )
                };
                GroupPass::Vote(Vote { passes: Ballots::Count(self.votes.parse().map_err(|_| wrong())?), refusals: None })
            }
            "all" => GroupPass::All,
            _ => return Err(Refusal::invalid("rule_required", "请选择怎样算通过。", "choose when it passes.")),
        };
        Ok(NewGroup { seats, pass, on_refusal: OnRefusal::End })
    }

    fn member(&self) -> Result<MemberRef, Refusal> {
        let mut parts = self.member.split('.').map(|part| part.parse::<Local>().ok());
        match (parts.next().flatten(), parts.next().flatten(), parts.next()) {
            (Some(task), None, None) => Ok(MemberRef::Seat(task)),
            (Some(group), Some(chair), None) => Ok(MemberRef::ToCome { group, chair: chair.try_into().unwrap_or(u16::MAX) }),
            _ => Err(Refusal::invalid("member_required", "请选择减去哪一名成员。", "choose the member to take out.")),
        }
    }
}

/// A member as a form names it.
fn member_key(member: MemberRef) -> String {
    match member {
        MemberRef::Seat(task) => task.to_string(),
        MemberRef::ToCome { group, chair } => format!("{group}.{chair}"),
    }
}

/// The page of an act.
pub async fn show(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, deed)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let deed = Deed::of(&deed)?;
    let file = opened(&shared, &visitor, &case).await?;
    let (status, page) = (StatusCode::OK, form::page(&Asking { shared: &shared, visitor: &visitor, file: &file, deed }, &Typed::read(&pairs), None)?);
    Ok(answered(&shared, &visitor, status, &page))
}

/// Who is at which act of which case.
struct Asking<'a> {
    shared: &'a Shared,
    visitor: &'a Visitor,
    file: &'a Casefile,
    deed: Deed,
}

impl<'a> Asking<'a> {
    fn spoken(&self) -> Spoken<'a> {
        Spoken::to(self.shared, self.visitor)
    }
}

fn answered(shared: &Shared, visitor: &Visitor, status: StatusCode, page: &form::Page) -> Response {
    shared.pages.page_with(status, &visitor.site, "deed", page.title(), page)
}

/// Has it done.
pub async fn act(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, deed)): Path<(String, String)>,
    axum::Form(pairs): axum::Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let (deed, typed) = (Deed::of(&deed)?, Typed::read(&pairs));
    let id = shared.app.case_named(visitor.tenant, &case).await?;
    let done = match typed.act(deed) {
        Ok(act) => {
            let order = Order { tenant: visitor.tenant, case: Some(id), actor: visitor.actor(), command_id: typed.command, act };
            shared.app.execute(order).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        // An applicant goes back to the project, an official to the case.
        Ok(_) if is_applicant(&visitor) => Ok(Redirect::to(&format!("/projects/{case}?urged=1")).into_response()),
        Ok(receipt) => Ok(Redirect::to(&format!("/cases/{case}?did={}", receipt.version)).into_response()),
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refusal)) => {
            let file = opened(&shared, &visitor, &case).await?;
            let page = form::page(&Asking { shared: &shared, visitor: &visitor, file: &file, deed }, &typed, Some(&refusal))?;
            Ok(answered(&shared, &visitor, status(refusal.class), &page))
        }
    }
}

/// Whoever only applies sees projects, not cases.
fn is_applicant(visitor: &Visitor) -> bool {
    visitor.posts.iter().all(|(_, post)| &**post == "agent")
}
