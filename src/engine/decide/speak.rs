//! Making a case known (抄送), urging a step (催办), a remark. None of them moves a case.
//! Invariant: what is said stands in the record with its speaker, and a step is urged by one person no oftener than its author lets it.

use std::collections::BTreeSet;

use crate::definition::graph::Verb;
use crate::engine::case::{BodyRef, Local};
use crate::engine::decide::signers::reason;
use crate::engine::decide::{Asked, allowed_here, no_such_task, permit, person, still_open};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::identity::may::Act;
use crate::ids::PersonId;
use crate::limits::COPIES_MAX;

/// Working days between two urgings of one step by one person, when its author says nothing.
const URGE_WORKING_DAYS: u32 = 1;

/// Makes the case known to people.
pub(super) fn copy(asked: Asked<'_, '_>, to: &[PersonId], task: Option<Local>, body: Option<BodyRef>) -> Decision {
    let (_, _, facts) = asked;
    let copied = speaker(asked, Act::Copy, task).and_then(|by| {
        let to: Vec<PersonId> = to.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let works = |person: &PersonId| facts.roster.posts_of(*person, facts.now.date()).iter().any(|(_, post)| &**post != "agent");
        if to.is_empty() || to.len() > COPIES_MAX || !to.iter().all(works) {
            return Err(Refusal::invalid(
                "copied_to_nobody",
                "无法抄送：收件人须为 1 至 50 名在岗工作人员",
                "cannot make the case known: expected 1 to 50 officials who hold a post today",
            ));
        }
        Ok(Event::Copied { by, to, task, body })
    });
    told(copied)
}

/// A remark.
pub(super) fn comment(asked: Asked<'_, '_>, task: Option<Local>, body: Option<BodyRef>) -> Decision {
    told(speaker(asked, Act::Comment, task).and_then(|by| {
        reason(body, "写备注", "comment on the case")?;
        Ok(Event::Commented { by, task, body })
    }))
}

/// Urges the step of an open task.
pub(super) fn urge(asked: Asked<'_, '_>, task: Local, body: Option<BodyRef>) -> Decision {
    let (case, _, facts) = asked;
    told(speaker(asked, Act::Urge, Some(task)).and_then(|by| {
        let open = case.tasks.get(&task).ok_or_else(|| no_such_task(task))?;
        allowed_here(asked, open, Verb::Urge)?;
        let every = standing::node_of(case, facts, open).and_then(|node| node.verbs.urge_working_days).unwrap_or(URGE_WORKING_DAYS);
        let earlier = case.urges.get(&open.token).map_or(&[][..], Vec::as_slice);
        let last = earlier.iter().filter(|(person, _)| *person == by).map(|(_, on)| *on).max();
        if last.is_some_and(|last| is_too_soon(facts, last, every)) {
            return Err(Refusal::conflict(
                "urged_recently",
                format!("无法催办：同一环节每 {every} 个工作日只能催办一次"),
                format!("cannot urge the step: you may once in {every} working days"),
            ));
        }
        let times = u32::try_from(earlier.len() + 1).unwrap_or(u32::MAX);
        Ok(Event::Urged { token: open.token, task, by, times, body, on: facts.now.date() })
    }))
}

/// Where no calendar says which days work, every day does.
fn is_too_soon(facts: &Facts<'_>, last: chrono::NaiveDate, every: u32) -> bool {
    let today = facts.now.date();
    let passed = facts.calendar.working_days(last, today);
    passed.map_or_else(|| (today - last).num_days() < i64::from(every), |passed| passed < every)
}

/// Who speaks, about the case or one of its open tasks.
fn speaker((case, actor, facts): Asked<'_, '_>, act: Act, task: Option<Local>) -> Result<PersonId, Refusal> {
    still_open(case)?;
    let by = person(actor, act)?;
    if let Some(task) = task.filter(|task| !case.tasks.contains_key(task)) {
        return Err(no_such_task(task));
    }
    permit(actor, act, &standing::to_case(case, facts, by))?;
    Ok(by)
}

fn told(event: Result<Event, Refusal>) -> Decision {
    match event {
        Ok(event) => Decision::Events(vec![event]),
        Err(refusal) => Decision::Refused(refusal),
    }
}
