//! Keeping a person from a matter (回避): they ask, or somebody asks it of them; the head of the section decides; the task goes to the B post.
//! Invariant: the task can be done by somebody else afterwards, or the recusal is not agreed.
//! Never: decided by the person it is about.

use crate::engine::case::{BodyRef, Case, Local, Task, TaskPool};
use crate::engine::decide::hand::posts_of_office;
use crate::engine::decide::signers::reason;
use crate::engine::decide::{Asked, no_such_task, permit, person, still_open};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::identity::absence::other_post;
use crate::identity::may::{Act, LEADERS, Standing};
use crate::ids::{Name, PersonId};

/// Somebody asks that `of` be kept from the task.
pub(super) fn ask(asked: Asked<'_, '_>, task: Local, of: PersonId, body: Option<BodyRef>) -> Decision {
    match asking(asked, task, of, body) {
        Ok(by) => Decision::Events(vec![Event::RecusalAsked { task, of, by, body }]),
        Err(refusal) => Decision::Refused(refusal),
    }
}

fn asking((case, actor, facts): Asked<'_, '_>, task: Local, of: PersonId, body: Option<BodyRef>) -> Result<PersonId, Refusal> {
    still_open(case)?;
    let by = person(actor, Act::AskRecusal)?;
    let open = case.tasks.get(&task).ok_or_else(|| no_such_task(task))?;
    permit(actor, Act::AskRecusal, &standing::to_case(case, facts, by))?;
    reason(body, "申请回避", "ask for a recusal")?;
    if open.recusal.is_some() {
        return Err(Refusal::conflict("recusal_open", "已有回避申请待决定", "cannot ask for a recusal: one is waiting to be decided"));
    }
    let in_it = standing::to_task(case, facts, task, of).is_some_and(|standing| standing.in_pool && !standing.recused);
    if matches!(open.pool, TaskPool::Posts { .. }) && in_it {
        return Ok(by);
    }
    Err(Refusal::invalid("recusal_of_nobody", "无法申请回避：该人员不办理此待办", "cannot ask for a recusal: the person is not asked by this task"))
}

/// The head of the section decides; with a yes the task goes to whoever else can do it, the B post first.
pub(super) fn decide(asked: Asked<'_, '_>, task: Local, agreed: bool, body: Option<BodyRef>) -> Decision {
    // An answer of theirs that waits for members added counts no more: whoever has the task now answers.
    let answered = asked.0.tasks.get(&task).is_some_and(|open| open.held.as_ref().is_some_and(|held| Some(held.by) == open.recusal));
    match deciding(asked, task, agreed, body) {
        Ok(event) if agreed && answered => Decision::Events(vec![event, Event::AnswerReopened { task }]),
        Ok(event) => Decision::Events(vec![event]),
        Err(refusal) => Decision::Refused(refusal),
    }
}

fn deciding((case, actor, facts): Asked<'_, '_>, task: Local, agreed: bool, body: Option<BodyRef>) -> Result<Event, Refusal> {
    still_open(case)?;
    let by = person(actor, Act::DecideRecusal)?;
    let open = case.tasks.get(&task).ok_or_else(|| no_such_task(task))?;
    let none = || Refusal::conflict("no_recusal", "该待办没有待决定的回避申请", "cannot decide on the recusal: none was asked for");
    let of = open.recusal.ok_or_else(none)?;
    let standing = Standing { section_head: heads((case, facts), open, (by, of)), ..standing::in_office(facts, by) };
    permit(actor, Act::DecideRecusal, &standing)?;
    reason(body, "决定回避", "decide on the recusal")?;
    let pool = if agreed { successor((case, facts), (task, open), of)? } else { open.pool.clone() };
    Ok(Event::RecusalDecided { task, of, by, agreed, pool, body })
}

/// Whether a person decides on a recusal at this task: the head of the section, or, where that is who it is about, a head above.
fn heads((_, facts): (&Case, &Facts<'_>), open: &Task, (by, of): (PersonId, PersonId)) -> bool {
    let TaskPool::Posts { offices, .. } = &open.pool else { return false };
    let today = facts.now.date();
    by != of && LEADERS.iter().any(|post| facts.roster.holds(by, offices, &(*post).into(), today))
}

/// Who is asked instead: the B post, whoever else holds the post, or a leader of the office.
fn successor((case, facts): (&Case, &Facts<'_>), (task, open): (Local, &Task), of: PersonId) -> Result<TaskPool, Refusal> {
    let nobody = || {
        Refusal::conflict(
            "nobody_else",
            "无法同意回避：本单位没有其他人员可以办理，请先安排 B 岗或由科长顶岗",
            "cannot agree to the recusal: nobody else of the office can do the task; name a B post or a section head first",
        )
    };
    let TaskPool::Posts { offices, post } = &open.pool else { return Err(nobody()) };
    let mut posts: Vec<Name> = posts_of_office(post);
    posts.sort_by_key(|candidate| *candidate != other_post(post));
    let pools = posts.into_iter().map(|post| TaskPool::Posts { offices: offices.clone(), post });
    let others = |pool: &TaskPool| {
        let seat = Task { pool: pool.clone(), claimed: None, delegate: None, ..open.clone() };
        standing::eligible_for(case, facts, (task, &seat)).iter().any(|person| *person != of)
    };
    pools.clone().find(others).ok_or_else(nobody)
}
