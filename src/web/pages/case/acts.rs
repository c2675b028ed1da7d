//! The acts: claim, give back, answer, return, extend. Each is one order, answered after its commit.
//! Invariant: done is 303 to the case with the act's place in the address; refused is the same page with everything typed in it. Never: an act done twice; the form's
//! command id goes with it.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::given::{Given, Posted, given};
use super::{Asked, opened, respond};
use crate::app::casework::Casefile;
use crate::app::execute::{Act, Answer, Order};
use crate::app::failure::Failure;
use crate::definition::graph::{NodeKind, TaskRule};
use crate::engine::case::Local;
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::forms::FieldError;
use crate::ids::{CaseId, CommandId, Moment, Name, PersonId, Text};
use crate::web::Shared;
use crate::web::answer::{Trouble, status};
use crate::web::fields;
use crate::web::pages::sign_in::local;
use crate::web::visitor::Visitor;
use crate::web::words::sentence;

/// What was typed, and why it was not done.
#[derive(Default)]
pub struct Refused {
    /// The status of the answer.
    pub status: StatusCode,
    /// Why; nothing when a row was only added.
    pub why: Option<Why>,
    /// The task it was meant for.
    pub task: Option<Local>,
    /// The term it was meant for.
    pub term: Option<Local>,
    /// The outcome chosen.
    pub outcome: Option<String>,
    /// The step to return to.
    pub to: Option<String>,
    /// The days of an extension, as typed.
    pub by: Option<String>,
    /// The expected day of a reason, as typed.
    pub expected: Option<String>,
    /// The opinion typed.
    pub opinion: String,
    /// The fields typed.
    pub fields: Value,
    /// What is wrong in them.
    pub errors: Vec<FieldError>,
    /// It was a return.
    pub returning: bool,
}

/// Why something was not done.
pub enum Why {
    /// A refusal of the engine, or of the form before it.
    Refusal(Box<Refusal>),
    /// Somebody else closed the task meanwhile.
    Done {
        /// Who; nobody when the machine did.
        by: Option<PersonId>,
        /// When.
        at: Moment,
        /// With what, when it was answered.
        outcome: Option<String>,
    },
}

/// The first value posted under a name.
fn one<'p>(posted: &'p Posted, name: &str) -> &'p str {
    posted.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// The command's id a form brought; an older form without one gets a new id.
fn command(posted: &Posted) -> Option<CommandId> {
    one(posted, "command").parse().ok()
}

struct Doing<'a> {
    shared: &'a Shared,
    visitor: &'a Visitor,
    case: CaseId,
}

impl Doing<'_> {
    /// Has it done; the act's place in the case.
    async fn order(&self, posted: &Posted, act: Act) -> Result<i64, Failure> {
        let order = Order { tenant: self.visitor.tenant, case: Some(self.case), actor: self.visitor.actor(), command_id: command(posted), act };
        Ok(self.shared.app.execute(order).await?.version)
    }
}

async fn doing<'a>(shared: &'a Shared, visitor: &'a Visitor, case: &str) -> Result<Doing<'a>, Trouble> {
    Ok(Doing { case: shared.app.case_named(visitor.tenant, case).await?, shared, visitor })
}

/// Back to the case, where the act is said.
fn done(case: &str, seq: i64) -> Response {
    Redirect::to(&format!("/cases/{case}?did={seq}")).into_response()
}

/// The page again, with what was typed and why it was not done.
async fn again(doing: &Doing<'_>, failure: Failure, typed: Refused) -> Result<Response, Trouble> {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Fault(fault) => return Err(fault.into()),
    };
    let file = opened(doing.shared, doing.visitor, &doing.case.to_string()).await?;
    let closed = typed.task.and_then(|task| closed(&file, task));
    let (status, why) = match closed {
        Some(closed) => (StatusCode::CONFLICT, closed),
        None => (status(refusal.class), Why::Refusal(refusal)),
    };
    let asked = Asked { task: typed.task, ..Asked::default() };
    respond(doing.shared, doing.visitor, &file, &asked, Some(Refused { status, why: Some(why), ..typed })).await
}

/// Who closed a task that is no longer open.
fn closed(file: &Casefile, task: Local) -> Option<Why> {
    if file.working.state.tasks.contains_key(&task) {
        return None;
    }
    file.entries.iter().rev().find_map(|entry| {
        entry.events.iter().find_map(|event| match event {
            Event::StepDone { task: Some(id), by, outcome, at, .. } if *id == task => Some(Why::Done { by: *by, at: *at, outcome: Some(outcome.to_string()) }),
            Event::SeatAnswered { task: id, seat, .. } if *id == task => {
                let outcome = if seat.agreed { "approved" } else { "rejected" };
                Some(Why::Done { by: Some(seat.by), at: entry.at, outcome: Some(outcome.to_owned()) })
            }
            Event::TaskClosed { task: id, .. } if *id == task => {
                let by = match entry.who {
                    crate::audit::leaf::Who::Person(person) => Some(person),
                    crate::audit::leaf::Who::System | crate::audit::leaf::Who::Operator => None,
                };
                Some(Why::Done { by, at: entry.at, outcome: None })
            }
            _ => None,
        })
    })
}

/// Takes a task.
pub async fn claim(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, task)): Path<(String, Local)>,
    axum::Form(posted): axum::Form<Posted>,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    match doing.order(&posted, Act::Claim { task }).await {
        // From the list one goes back to the list, to take the next.
        Ok(_) if one(&posted, "back").starts_with("/inbox") => {
            let back = local(one(&posted, "back"));
            let join = if back.contains('?') { '&' } else { '?' };
            Ok(Redirect::to(&format!("{back}{join}claimed={}", doing.case)).into_response())
        }
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, Refused { task: Some(task), ..Refused::default() }).await,
    }
}

/// Gives it back.
pub async fn release(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, task)): Path<(String, Local)>,
    axum::Form(posted): axum::Form<Posted>,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    match doing.order(&posted, Act::Release { task }).await {
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, Refused { task: Some(task), ..Refused::default() }).await,
    }
}

/// Answers a task or a seat.
pub async fn complete(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, task)): Path<(String, Local)>,
    request: Request,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    let Given { posted, errors: upload_errors } = given(&shared, &visitor, request).await?;
    let outcome = one(&posted, "outcome").to_owned();
    let opinion = one(&posted, "opinion").trim().to_owned();
    let file = opened(&shared, &visitor, &case).await?;
    let mut typed =
        Refused { task: Some(task), outcome: Some(outcome.clone()).filter(|outcome| !outcome.is_empty()), opinion: opinion.clone(), ..Refused::default() };
    let answer_form = rule_of(&file, task).and_then(|(rule, step)| Some((rule.fields.as_ref()?, step)));
    let mut fields = None;
    if let Some((answer, step)) = answer_form {
        let (form, with) = (file.form_at(&answer.form, (visitor.person, step)), &answer.with);
        let read = fields::read(&form, None, &posted, Value::Null);
        typed.fields = read.value.clone();
        if fields::stays(&posted) {
            let asked = Asked { task: Some(task), ..Asked::default() };
            return respond(&shared, &visitor, &file, &asked, Some(Refused { status: StatusCode::OK, ..typed })).await;
        }
        if with.iter().any(|one| **one == *outcome) {
            typed.errors = read.errors;
            // What is wrong with a file is said in its place, not that it is missing.
            typed.errors.retain(|error| upload_errors.iter().all(|upload| upload.path != error.path));
            typed.errors.extend(upload_errors.iter().cloned());
            fields = Some(read.value);
        }
    }
    let mut new_form = None;
    if let Some((rule, step)) = rule_of(&file, task)
        && rule.edits_form
        && rule.fields.is_none()
        && let Some((form, stands)) = file.filling(scope_of(&file, task), (visitor.person, step))
    {
        let read = fields::read(&form, None, &posted, stands);
        new_form = Some(form.own(&read.value));
        (typed.fields, typed.errors) = (read.value, read.errors);
        if fields::stays(&posted) {
            let asked = Asked { task: Some(task), ..Asked::default() };
            return respond(&shared, &visitor, &file, &asked, Some(Refused { status: StatusCode::OK, ..typed })).await;
        }
    }
    if let Some(refusal) = lacking(&file, task, &typed) {
        return again(&doing, Failure::Refused(Box::new(refusal)), typed).await;
    }
    let answer = Answer { opinion: Some(opinion).filter(|text| !text.is_empty()), fields, form: new_form };
    match doing.order(&posted, Act::Complete { task, outcome: outcome.as_str().into(), answer }).await {
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, typed).await,
    }
}

/// The scope a task belongs to, also once it is closed.
fn scope_of(file: &Casefile, task: Local) -> Local {
    let opened = |event: &Event| if let Event::TaskOpened { task: id, scope, .. } = event { Some(*scope).filter(|_| *id == task) } else { None };
    file.entries.iter().flat_map(|entry| &entry.events).find_map(opened).unwrap_or(0)
}

/// What a task asks, also once it is closed: the same form sent again must become the same command.
fn rule_of(file: &Casefile, task: Local) -> Option<(&TaskRule, &Name)> {
    let events = || file.entries.iter().flat_map(|entry| &entry.events);
    let (scope, step) = events().find_map(|event| match event {
        // A member added to a task agrees or does not, whatever its step asks.
        Event::TaskOpened { task: id, scope, step, group: None, .. } if *id == task => Some((*scope, step)),
        _ => None,
    })?;
    let program = events().find_map(|event| match event {
        Event::ScopeOpened { scope: id, program, .. } if *id == scope => Some(program),
        _ => None,
    })?;
    match &file.node(program, step)?.kind {
        NodeKind::Task(rule) => Some((rule, step)),
        _ => None,
    }
}

/// What the form lacks, in words for whoever fills it in; the engine would say it of its keys.
fn lacking(file: &Casefile, task: Local, typed: &Refused) -> Option<Refusal> {
    if typed.outcome.is_none() {
        return Some(Refusal::invalid("outcome_required", "请选择办理结果。", "choose what it comes to."));
    }
    let free = rule_of(file, task).is_some_and(|(rule, _)| typed.outcome.as_deref().is_some_and(|outcome| rule.without_opinion.contains(outcome)));
    if typed.opinion.is_empty() && !free {
        return Some(Refusal::invalid("opinion_required", "请填写意见：签批意见不能为空。", "write an opinion: an answer is never without one."));
    }
    (!typed.errors.is_empty())
        .then(|| Refusal::invalid("fields_not_valid", "有填写不完整或不正确的内容，请逐项核对。", "some of the fields are not filled in as they should be."))
}

/// Sends the case back.
pub async fn send_back(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, task)): Path<(String, Local)>,
    axum::Form(posted): axum::Form<Posted>,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    let (to, reason) = (one(&posted, "to").to_owned(), one(&posted, "opinion").trim().to_owned());
    let typed = Refused { task: Some(task), to: Some(to.clone()), opinion: reason.clone(), returning: true, ..Refused::default() };
    if to.is_empty() {
        let refusal = Refusal::invalid("return_target_required", "请选择退回到哪一步。", "choose the step it goes back to.");
        return again(&doing, refusal.into(), typed).await;
    }
    let opinion = Some(reason).filter(|reason| !reason.is_empty());
    match doing.order(&posted, Act::Return { task, to: to.as_str().into(), opinion }).await {
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, typed).await,
    }
}

/// Extends a running term.
pub async fn extend(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, term)): Path<(String, Local)>,
    axum::Form(posted): axum::Form<Posted>,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    let (by, reason) = (one(&posted, "by").trim().to_owned(), one(&posted, "opinion").trim().to_owned());
    let typed = Refused { term: Some(term), by: Some(by.clone()), opinion: reason.clone(), ..Refused::default() };
    let Ok(days) = by.parse() else {
        let refusal =
            Refusal::invalid("days_not_read", format!("延长天数应为整数，填写的是“{by}”。"), format!("expected a whole number of days, found `{by}`."));
        return again(&doing, refusal.into(), typed).await;
    };
    let opinion = Some(reason).filter(|reason| !reason.is_empty());
    match doing.order(&posted, Act::Extend { term, by: days, opinion }).await {
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, typed).await,
    }
}

/// States why a date has passed.
pub async fn state_reason(
    State(shared): State<Shared>,
    visitor: Visitor,
    Path((case, term)): Path<(String, Local)>,
    axum::Form(posted): axum::Form<Posted>,
) -> Result<Response, Trouble> {
    let doing = doing(&shared, &visitor, &case).await?;
    let (expected, reason) = (one(&posted, "expected").trim().to_owned(), one(&posted, "opinion").trim().to_owned());
    let typed = Refused { term: Some(term), expected: Some(expected.clone()), opinion: reason.clone(), ..Refused::default() };
    let Ok(expected) = expected.parse() else {
        let (zh, en) =
            (format!("预计办结日应为日期（如 2025-04-30），填写的是“{expected}”。"), format!("expected a day such as 2025-04-30, found `{expected}`."));
        return again(&doing, Refusal::invalid("day_not_read", zh, en).into(), typed).await;
    };
    let opinion = Some(reason).filter(|reason| !reason.is_empty());
    match doing.order(&posted, Act::StateReason { term, expected, opinion }).await {
        Ok(seq) => Ok(done(&case, seq)),
        Err(failure) => again(&doing, failure, typed).await,
    }
}

impl Why {
    /// As a sentence.
    pub fn said(&self, spoken: &super::spoken::Spoken<'_>) -> String {
        match self {
            Self::Refusal(refusal) => sentence(&spoken.say(&Text { zh: refusal.zh.clone(), en: refusal.en.clone() })),
            Self::Done { by, at, outcome } => {
                let who = by.map_or_else(|| spoken.t("case-system"), |by| spoken.person(by));
                let at = at.civil().format("%Y-%m-%d %H:%M").to_string();
                match outcome {
                    Some(outcome) => spoken.with("case-done-by-another", &[("who", &who), ("at", &at), ("outcome", &spoken.outcome(outcome))]),
                    None => spoken.with("case-closed-by-another", &[("who", &who), ("at", &at)]),
                }
            }
        }
    }
}

impl Refused {
    /// Whether it was refused for want of an opinion.
    pub fn lacks_opinion(&self) -> bool {
        matches!(&self.why, Some(Why::Refusal(refusal)) if matches!(refusal.code, "opinion_required" | "reason_required"))
    }
}
