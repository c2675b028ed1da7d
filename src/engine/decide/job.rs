//! Outside jobs: what a worker program, holding one by a lease, says of it, and an operator who has one tried again.
//!
//! | the job | the lease | complete, error | fail | retry (operator) |
//! |---|---|---|---|---|
//! | open | the newest, of this account | the step is left | tried again, or parked | nothing to do |
//! | open | the newest, run out and not leased again | as above: nobody else works on it | as above | nothing to do |
//! | open | an older one, or another account's | `lease_lost` | `lease_lost` | nothing to do |
//! | waits for its next try, or parked | any: the failure used it up | `lease_lost` | `lease_lost` | may be fetched at once |
//! | over (done, reported, step left) | any | `job_over` | `job_over` | `job_over` |
//!
//! Sent again under the same command id, each is answered with its first receipt before any of this is said.
//! Invariant: the lease is read under the lock of the job's row, so that of two workers one is told that it came too late. Never: gives one out.

use crate::engine::case::{BodyRef, Job, Local};
use crate::engine::command::Actor;
use crate::engine::decide::{Asked, permit, person};
use crate::engine::draft::drafted;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Need};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::engine::walk::Ending;
use crate::identity::may::{Act, Standing};
use crate::ids::{Moment, Name, PersonId};
use crate::limits::{JOB_PAUSE_S_MAX, JOB_RETRIES_MAX};

/// What a worker comes with.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub job: Local,
    pub fence: i64,
    pub body: Option<BodyRef>,
}

/// How a job shall be tried again.
#[derive(Clone, Copy)]
pub(super) struct Again {
    pub retries: Option<u32>,
    pub pause_s: Option<u32>,
}

pub(super) fn complete(asked: Asked<'_, '_>, work: Work) -> Decision {
    let worker = match held(asked, work) {
        Ok((_, worker)) => worker,
        Err(decision) => return *decision,
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let (spot, _, rule) = draft.job_rule(work.job)?;
        draft.check_handed_back(rule.fields.as_deref(), work.body)?;
        draft.emit(Event::JobEnded { job: work.job, why: Name::from("done"), by: Some(worker), body: None });
        draft.leave(spot, &Name::from("done"), Ending { body: work.body, ..Ending::default() })?;
        draft.run()
    })
}

pub(super) fn fail(asked: Asked<'_, '_>, work: Work, again: Again) -> Decision {
    let (open, worker) = match held(asked, work) {
        Ok(held) => held,
        Err(decision) => return *decision,
    };
    if let Err(refusal) = bounded(again, work.body) {
        return Decision::Refused(refusal);
    }
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let (_, _, rule) = draft.job_rule(work.job)?;
        let left = again.retries.unwrap_or(open.retries);
        let pause_s = again.pause_s.unwrap_or_else(|| rule.pause_s(open.failures.saturating_add(1)));
        let again_at = (left > 0).then(|| Moment(draft.facts.now.0.saturating_add(i64::from(pause_s) * 1_000)));
        draft.emit(Event::JobFailed { job: work.job, by: worker, fence: work.fence, body: work.body, retries: left.saturating_sub(1), again_at });
        Ok(())
    })
}

pub(super) fn error(asked: Asked<'_, '_>, work: Work, error: &Name) -> Decision {
    let worker = match held(asked, work) {
        Ok((_, worker)) => worker,
        Err(decision) => return *decision,
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let (_, node, rule) = draft.job_rule(work.job)?;
        if !rule.errors.contains(error) {
            let (key, known) = (&node.key, rule.errors.join(", "));
            return Err(Refusal::invalid(
                "unknown_error",
                format!("无法报出错误：步骤 `{key}` 写明的错误有 [{known}]，收到 `{error}`"),
                format!("cannot report the error: step `{key}` declares [{known}], found `{error}`"),
            )
            .into());
        }
        draft.report(work.job, error, (worker, work.body))?;
        draft.run()
    })
}

/// A parked job, or one that waits for its next try, may be fetched at once, with all of its tries.
pub(super) fn retry((case, actor, facts): Asked<'_, '_>, job: Local) -> Decision {
    let standing = match actor {
        Actor::Person(person) => standing::in_office(facts, *person),
        Actor::System | Actor::Operator(_) => Standing::default(),
    };
    if let Err(refusal) = permit(actor, Act::ManageJobs, &standing) {
        return Decision::Refused(refusal);
    }
    let Some(open) = case.jobs.get(&job) else { return Decision::Refused(job_over(job)) };
    if open.due.is_some_and(|due| due <= facts.now) {
        return Decision::Events(Vec::new());
    }
    drafted(case.clone(), facts, |draft| {
        let (_, _, rule) = draft.job_rule(job)?;
        draft.emit(Event::JobRetried { job, retries: rule.retries, at: draft.facts.now });
        Ok(())
    })
}

/// The open job, and the account that holds it by this lease; or what is to be answered instead.
fn held<'c>((case, actor, facts): Asked<'c, '_>, work: Work) -> Result<(&'c Job, PersonId), Box<Decision>> {
    let refused = |refusal| Box::new(Decision::Refused(refusal));
    let worker = person(actor, Act::WorkJobs).map_err(refused)?;
    let open = case.jobs.get(&work.job);
    let standing = Standing { topic: open.map(|open| open.topic.clone()), ..standing::in_office(facts, worker) };
    permit(actor, Act::WorkJobs, &standing).map_err(refused)?;
    let open = open.ok_or_else(|| refused(job_over(work.job)))?;
    let key = (case.id, work.job);
    let Some(lease) = facts.leases.get(&key) else { return Err(Box::new(Decision::Needs([Need::Lease(key.0, key.1)].into()))) };
    match lease {
        Some(lease) if lease.fence == work.fence && lease.worker == Some(worker) && work.fence > open.spent => Ok((open, worker)),
        Some(_) | None => Err(refused(lease_lost(work))),
    }
}

fn bounded(again: Again, message: Option<BodyRef>) -> Result<(), Refusal> {
    if message.is_none() {
        return Err(Refusal::invalid("message_required", "无法登记失败：须写明原因", "cannot record the failure: a message is required"));
    }
    if let Some(retries) = again.retries.filter(|retries| *retries > JOB_RETRIES_MAX) {
        let zh = format!("无法登记失败：重试次数应为 0 至 {JOB_RETRIES_MAX}，收到 {retries}");
        return Err(Refusal::invalid(
            "retries_out_of_range",
            zh,
            format!("cannot record the failure: expected 0 to {JOB_RETRIES_MAX} retries, found {retries}"),
        ));
    }
    if let Some(pause_s) = again.pause_s.filter(|pause_s| *pause_s > JOB_PAUSE_S_MAX) {
        let zh = format!("无法登记失败：间隔应为 0 至 {JOB_PAUSE_S_MAX} 秒，收到 {pause_s}");
        return Err(Refusal::invalid("pause_out_of_range", zh, format!("cannot record the failure: expected 0 to {JOB_PAUSE_S_MAX} seconds, found {pause_s}")));
    }
    Ok(())
}

fn job_over(job: Local) -> Refusal {
    Refusal::conflict(
        "job_over",
        format!("外部作业 {job} 已经结束：已办完、已报错，或其步骤已取消、退回、超时"),
        format!("cannot act on job {job}: it is over (done, reported as an error, or its step was left)"),
    )
}

fn lease_lost(work: Work) -> Refusal {
    let Work { job, fence, .. } = work;
    Refusal::conflict(
        "lease_lost",
        format!("租约 {fence} 对外部作业 {job} 已失效：已到期并被重新领取，或已用于登记失败；请重新领取"),
        format!("cannot act on job {job}: lease {fence} no longer holds (it ran out and the job was leased again, or a failure used it up); fetch it again"),
    )
}
