//! Handing a task over (转办), and asking somebody and getting it back (委派).
//! Invariant: both names stand in the record, and the task can be done by whom it reaches.
//! Never: out of the office; a task is handed to a colleague of its pool, the other post (B 岗), or a leader of the same office.

use crate::definition::graph::{NodeKind, Verb};
use crate::engine::case::{BodyRef, Case, Local, Task, TaskPool};
use crate::engine::command::Recipient;
use crate::engine::decide::signers::reason;
use crate::engine::decide::{Asked, allowed_here, permit, still_open, task_for};
use crate::engine::draft::drafted;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::{seats, standing};
use crate::identity::absence::other_post;
use crate::identity::may::{Act, LEADERS, Standing};
use crate::ids::{Name, PersonId};

/// Hands a task to a person, who then holds it, or to another post of the office.
pub(super) fn transfer(asked: Asked<'_, '_>, task: Local, to: &Recipient, body: Option<BodyRef>) -> Decision {
    let handed = task_for(asked, Act::Transfer, task).and_then(|(open, by)| {
        allowed_here(asked, open, Verb::Transfer)?;
        reason(body, "转办", "hand the task over")?;
        let (case, _, facts) = asked;
        let (pool, to) = recipient((case, facts), (task, open), by, to)?;
        Ok((open, Event::TaskHandedOver { task, by, pool, to, body }))
    });
    let (case, _, facts) = asked;
    match handed {
        Ok((open, event)) => drafted(case.clone(), facts, |draft| {
            draft.emit(event.clone());
            // Handed to a post, it lies with nobody again.
            if let Some(NodeKind::Task(rule)) = standing::node_of(case, facts, open).map(|node| &node.kind) {
                draft.arm_backup(task, rule);
            }
            Ok(())
        }),
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// Hands over what somebody holds here, and what nobody else could do (整岗交接，PROCEDURES 1.3). That three signed is the register's to know; the machine carries it out.
pub(super) fn desk((case, actor, facts): Asked<'_, '_>, (from, to): (PersonId, PersonId), overseer: PersonId) -> Decision {
    let allowed = still_open(case).and_then(|()| permit(actor, Act::Machine, &Standing::default()));
    if let Err(refusal) = allowed {
        return Decision::Refused(refusal);
    }
    if from == to || from == overseer || to == overseer {
        let (zh, en) = ("无法交接：移交人、接收人、监交人须是三个人", "cannot hand the desk over: expected three different people");
        return Decision::Refused(Refusal::invalid("three_needed", zh, en));
    }
    drafted(case.clone(), facts, |draft| {
        let theirs = |(id, open): &(&Local, &Task)| match open.claimed {
            Some(holder) => holder == from && matches!(open.pool, TaskPool::Posts { .. }),
            None => standing::eligible(case, facts, **id).iter().eq(std::iter::once(&from)) && matches!(open.pool, TaskPool::Posts { .. }),
        };
        let tasks: Vec<Local> = case.tasks.iter().filter(theirs).map(|(id, _)| *id).collect();
        let (mut handed, mut left) = (false, Vec::new());
        // Each is looked at with the ones before it handed over already: two seats of one group are never one person's.
        for task in tasks {
            let Some(open) = draft.case.tasks.get(&task).cloned() else { continue };
            match recipient((&draft.case, facts), (task, &open), from, &Recipient::Person(to)) {
                Ok((pool, to)) => {
                    draft.emit(Event::TaskHandedOver { task, by: from, pool, to, body: None });
                    handed = true;
                }
                Err(_) => left.push(task),
            }
        }
        if handed || !left.is_empty() {
            draft.emit(Event::DeskHandedOver { from, to, overseer, left });
        }
        Ok(())
    })
}

/// Whose turn it is then: the pool and, for a person, the holder.
fn recipient((case, facts): (&Case, &Facts<'_>), (task, open): (Local, &Task), by: PersonId, to: &Recipient) -> Result<(TaskPool, Option<PersonId>), Refusal> {
    let outside = || {
        Refusal::invalid(
            "recipient_outside",
            "无法转办：只能转给本单位同岗、B 岗或负责人",
            "cannot hand the task over: expected a colleague of the same post, its B post or a leader of the office",
        )
    };
    let TaskPool::Posts { offices, post } = &open.pool else { return Err(outside()) };
    let posts = posts_of_office(post);
    let today = facts.now.date();
    let pools = posts.iter().map(|post| TaskPool::Posts { offices: offices.clone(), post: post.clone() });
    let (pool, person) = match to {
        Recipient::Post(wanted) => (pools.clone().zip(&posts).find(|(_, post)| *post == wanted).map(|(pool, _)| pool), None),
        Recipient::Person(person) => {
            let held = pools.zip(&posts).find(|(_, post)| facts.roster.holds(*person, offices, post, today));
            (held.map(|(pool, _)| pool), Some(*person))
        }
    };
    let pool = pool.ok_or_else(outside)?;
    if person == Some(by) {
        return Err(Refusal::invalid("recipient_is_self", "无法转办：不能转给自己", "cannot hand the task over: it is yours already"));
    }
    let handed = Task { pool: pool.clone(), claimed: None, delegate: None, ..open.clone() };
    let able = standing::eligible_for(case, facts, (task, &handed));
    if person.map_or(able.is_empty(), |person| !able.contains(&person)) {
        return Err(Refusal::conflict(
            "recipient_barred",
            "无法转办：对方因岗位分离、回避或已占席位不能办理",
            "cannot hand the task over: separation of duties, a recusal or another seat keeps them from it",
        ));
    }
    if let Some(person) = person {
        seats::spare(case, facts, task, person)?;
    }
    Ok((pool, person))
}

/// The posts of an office a task of `post` may be handed to: the same, its B post (or, from there, the A post), a leader.
pub(in crate::engine) fn posts_of_office(post: &Name) -> Vec<Name> {
    let mut posts = vec![post.clone(), other_post(post)];
    posts.extend(LEADERS.iter().map(|leader| Name::from(*leader)).filter(|leader| leader != post));
    posts
}

/// Asks somebody of the office; the task stays with its holder, who goes on when the answer is there.
pub(super) fn delegate(asked: Asked<'_, '_>, task: Local, to: PersonId, body: Option<BodyRef>) -> Decision {
    let (_, _, facts) = asked;
    let delegated = task_for(asked, Act::Delegate, task).and_then(|(open, by)| {
        allowed_here(asked, open, Verb::Delegate)?;
        reason(body, "委派", "delegate the task")?;
        if to == by || !standing::works_there(facts, open, to) {
            return Err(Refusal::invalid(
                "delegate_outside",
                "无法委派：只能委派本单位的其他人员",
                "cannot delegate the task: expected another person of the same office",
            ));
        }
        Ok(Event::TaskDelegated { task, by, to, body })
    });
    match delegated {
        Ok(event) => Decision::Events(vec![event]),
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// The answer of whoever was asked: it decides nothing, and it is the holder's turn again.
pub(super) fn reply(asked: Asked<'_, '_>, task: Local, body: Option<BodyRef>) -> Decision {
    let replied = task_for(asked, Act::Reply, task).and_then(|(open, by)| {
        reason(body, "答复委派", "reply")?;
        let missing = || Refusal::conflict("not_asked", "该待办没有委派给您", "cannot reply: nobody asked you about this task");
        Ok(Event::DelegateAnswered { task, by, on_behalf_of: open.claimed.ok_or_else(missing)?, body })
    });
    match replied {
        Ok(event) => Decision::Events(vec![event]),
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// The holder takes the question back.
pub(super) fn recall(asked: Asked<'_, '_>, task: Local) -> Decision {
    match task_for(asked, Act::Recall, task) {
        Ok((_, by)) => Decision::Events(vec![Event::DelegationRecalled { task, by }]),
        Err(refusal) => Decision::Refused(refusal),
    }
}
