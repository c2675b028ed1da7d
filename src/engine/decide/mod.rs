//! What a command comes to: events, a refusal, or the facts still missing. One file a verb.
//! Invariant: the same arguments give the same answer anywhere, and whatever is refused leaves no event.
//! Never: reaches out; what is not in the facts is a need.

mod claim;
mod complete;
mod extend;
mod hand;
mod job;
mod message;
mod migrate;
mod reason;
mod record;
mod recuse;
mod returns;
mod signers;
mod speak;
mod start;
mod take_back;
mod wake;
mod withdraw;

pub use extend::is_approver as may_extend;
pub(in crate::engine) use hand::posts_of_office;
pub use reason::{answers_for, asks_reason};
pub use record::MOVED;
pub use start::REGISTER;
pub use wake::next_wake;

use crate::definition::graph::Verb;
use crate::engine::case::{Case, Local, Task};
use crate::engine::command::{Actor, Command};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::{Class, Refusal};
use crate::engine::{seats, standing};
use crate::identity::may::{Act, Denial, Standing, Verdict, may};
use crate::ids::PersonId;

/// Decides a command on a case, or on none for a start.
#[must_use]
pub fn decide(state: Option<&Case>, actor: &Actor, command: &Command, facts: &Facts<'_>) -> Decision {
    let Some(case) = state else { return start::decide(actor, command, facts) };
    stood_in((case, actor, facts), command, decided((case, actor, facts), command))
}

fn decided((case, actor, facts): Asked<'_, '_>, command: &Command) -> Decision {
    match command {
        Command::Start { .. } => Decision::Refused(Refusal::conflict(
            "case_exists",
            format!("无法开始办件 {}：该编号的办件已经存在", case.id),
            format!("cannot start case {}: it already exists", case.id),
        )),
        Command::Claim { task } => claim::claim(case, actor, *task, facts),
        Command::Release { task } => claim::release(case, actor, *task, facts),
        Command::Complete { task, outcome, body, form } => {
            complete::decide((case, actor, facts), *task, &complete::Answer { outcome, body: *body, form: *form })
        }
        Command::Return { task, to, body } => returns::decide((case, actor, facts), *task, to, *body),
        Command::AddSigners { task, place, group, body } => signers::add((case, actor, facts), *task, &signers::Adds { place: *place, group, body: *body }),
        Command::RemoveSigner { member, body } => signers::remove((case, actor, facts), *member, *body),
        Command::Transfer { task, to, body } => hand::transfer((case, actor, facts), *task, to, *body),
        Command::HandOverDesk { from, to, overseer } => hand::desk((case, actor, facts), (*from, *to), *overseer),
        Command::Delegate { task, to, body } => hand::delegate((case, actor, facts), *task, *to, *body),
        Command::Reply { task, body } => hand::reply((case, actor, facts), *task, *body),
        Command::Recall { task } => hand::recall((case, actor, facts), *task),
        Command::CompleteInBatch { task, outcome, body } => {
            complete::in_batch((case, actor, facts), *task, &complete::Answer { outcome, body: *body, form: None })
        }
        Command::TakeBack { scope, step, body } => take_back::decide((case, actor, facts), (*scope, step), *body),
        Command::AskRecusal { task, of, body } => recuse::ask((case, actor, facts), *task, *of, *body),
        Command::DecideRecusal { task, agreed, body } => recuse::decide((case, actor, facts), *task, *agreed, *body),
        Command::Copy { to, task, body } => speak::copy((case, actor, facts), to, *task, *body),
        Command::Urge { task, body } => speak::urge((case, actor, facts), *task, *body),
        Command::Comment { task, body } => speak::comment((case, actor, facts), *task, *body),
        Command::Extend { term, by, body } => extend::decide((case, actor, facts), *term, *by, *body),
        Command::StateReason { term, expected, body } => reason::decide((case, actor, facts), *term, *expected, *body),
        Command::Withdraw { body } => withdraw::decide(case, actor, *body, facts),
        Command::Message { name, token } => message::decide((case, actor, facts), name, *token),
        Command::Signal { name, from } => message::signal((case, actor, facts), name, *from),
        Command::JobComplete { job, fence, body } => job::complete((case, actor, facts), job::Work { job: *job, fence: *fence, body: *body }),
        Command::JobFail { job, fence, body, retries, pause_s } => {
            let again = job::Again { retries: *retries, pause_s: *pause_s };
            job::fail((case, actor, facts), job::Work { job: *job, fence: *fence, body: *body }, again)
        }
        Command::JobError { job, fence, error, body } => job::error((case, actor, facts), job::Work { job: *job, fence: *fence, body: *body }, error),
        Command::JobRetry { job } => job::retry((case, actor, facts), *job),
        Command::Wake => wake::wake(case, actor, facts),
        Command::Recompute => wake::recompute(case, actor, facts),
        Command::NoticeSettled { key, sent, attempts, at, next } => {
            record::notice_over(actor, Event::NoticeSettled { key: key.clone(), sent: *sent, attempts: *attempts, at: *at }, (key, next.as_ref()))
        }
        Command::NoticeReturned { key, at, next } => record::notice_over(actor, Event::NoticeReturned { key: key.clone(), at: *at }, (key, next.as_ref())),
        Command::NoticeResent { key } => record::notice_resent(actor, key, facts),
        Command::Migrate { from, to, map } => migrate::decide((case, actor, facts), (*from, *to), map),
        Command::Record { what, body, after } => record::decide(case, what, (*body, *after)),
    }
}

/// A case, who acts on it and what is known: what nearly every verb begins with.
type Asked<'a, 'f> = (&'a Case, &'a Actor, &'a Facts<'f>);

/// The person who acts; machines and operators decide nothing.
fn person(actor: &Actor, act: Act) -> Result<PersonId, Refusal> {
    match actor {
        Actor::Person(person) => Ok(*person),
        Actor::System | Actor::Operator(_) => match may(actor, act, &Standing::default()) {
            Verdict::Denied(denial) => Err(denied(denial)),
            Verdict::Allowed => Err(Refusal::forbidden("person_only", "须由本人办理", "cannot act: only a person does this")),
        },
    }
}

/// Asks the one permission check.
fn permit(actor: &Actor, act: Act, standing: &Standing) -> Result<(), Refusal> {
    match may(actor, act, standing) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(denial) => Err(denied(denial)),
    }
}

/// A task taken by somebody else, or asked of somebody meanwhile, is a race lost, not a right missing.
fn denied(denial: Denial) -> Refusal {
    let class = match denial.code {
        "claimed_by_another" | "not_claimed" | "delegated" | "not_asked" | "not_delegated" | "not_own_act" => Class::Conflict,
        _ => Class::Forbidden,
    };
    Refusal { code: denial.code, class, zh: denial.zh, en: denial.en, details: Vec::new() }
}

fn still_open(case: &Case) -> Result<(), Refusal> {
    match &case.ended {
        None => Ok(()),
        Some((result, _)) => {
            Err(Refusal::conflict("case_ended", format!("无法办理：办件已经结束（{result}）"), format!("cannot act on the case: it has ended ({result})")))
        }
    }
}

fn no_such_task(task: Local) -> Refusal {
    Refusal::not_found("no_such_task", format!("没有待办 {task}：已办结或不存在"), format!("cannot act on task {task}: it is closed or never was"))
}

/// Whoever acts on a task for its holder, who is away, does so under both names (B 岗某代 A 岗某).
fn stood_in((case, actor, facts): Asked<'_, '_>, command: &Command, decision: Decision) -> Decision {
    let Decision::Events(mut events) = decision else { return decision };
    let found = task_of(command).and_then(|task| Some((task, case.tasks.get(&task)?)));
    if let (Some((task, open)), Actor::Person(by), false) = (found, actor, events.is_empty())
        && let Some(on_behalf_of) = standing::in_place_of(facts, open, *by)
    {
        events.insert(0, Event::StoodIn { task, by: *by, on_behalf_of });
    }
    Decision::Events(events)
}

/// The task a command does the work of. To ask, to reply, to urge is one's own.
fn task_of(command: &Command) -> Option<Local> {
    match command {
        Command::Claim { task }
        | Command::Complete { task, .. }
        | Command::CompleteInBatch { task, .. }
        | Command::Return { task, .. }
        | Command::AddSigners { task, .. }
        | Command::Transfer { task, .. }
        | Command::Delegate { task, .. } => Some(*task),
        Command::Start { .. }
        | Command::HandOverDesk { .. }
        | Command::Release { .. }
        | Command::RemoveSigner { .. }
        | Command::Reply { .. }
        | Command::Recall { .. }
        | Command::TakeBack { .. }
        | Command::AskRecusal { .. }
        | Command::DecideRecusal { .. }
        | Command::Copy { .. }
        | Command::Urge { .. }
        | Command::Comment { .. }
        | Command::Extend { .. }
        | Command::StateReason { .. }
        | Command::Withdraw { .. }
        | Command::Message { .. }
        | Command::Signal { .. }
        | Command::JobComplete { .. }
        | Command::JobFail { .. }
        | Command::JobError { .. }
        | Command::JobRetry { .. }
        | Command::Wake
        | Command::Recompute
        | Command::NoticeSettled { .. }
        | Command::NoticeReturned { .. }
        | Command::NoticeResent { .. }
        | Command::Migrate { .. }
        | Command::Record { .. } => None,
    }
}

/// Whether the author lets people do this at the task's step.
fn allowed_here((case, _, facts): Asked<'_, '_>, open: &Task, verb: Verb) -> Result<(), Refusal> {
    let step = &open.step;
    if standing::node_of(case, facts, open).is_some_and(|node| node.verbs.allow(verb)) {
        return Ok(());
    }
    let word = Verb::ALL.iter().find(|(_, known)| *known == verb).map_or("", |(word, _)| word);
    Err(Refusal::invalid(
        "verb_not_allowed",
        format!("步骤 `{step}` 的流程定义不允许此项操作（{word}）"),
        format!("cannot do this at step `{step}`: its workflow does not allow `{word}`"),
    ))
}

/// The open task a person wants to act on, with the permission checked.
fn task_for<'c>((case, actor, facts): Asked<'c, '_>, act: Act, task: Local) -> Result<(&'c Task, PersonId), Refusal> {
    still_open(case)?;
    let person = person(actor, act)?;
    let open = case.tasks.get(&task).ok_or_else(|| no_such_task(task))?;
    let disabled = facts.roster.people.get(&person).is_some_and(|known| known.disabled);
    let standing = Standing { task: standing::to_task(case, facts, task, person), disabled, ..Standing::default() };
    permit(actor, act, &standing)?;
    let works = matches!(act, Act::Claim | Act::Release | Act::Complete | Act::Transfer | Act::Delegate | Act::AddSigners);
    if open.held.is_some() && works {
        let (zh, en) = ("已签意见，等待所加的人员签完", "cannot act on the task: it is answered and waits for the members added to it");
        return Err(Refusal::conflict("answer_held", zh, en));
    }
    if matches!(act, Act::Claim | Act::Complete) {
        seats::spare(case, facts, task, person)?;
    }
    Ok((open, person))
}
