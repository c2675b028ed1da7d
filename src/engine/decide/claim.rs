//! Taking a task from its pool, and giving it back.

use crate::definition::graph::NodeKind;
use crate::engine::case::{Case, Local};
use crate::engine::command::Actor;
use crate::engine::decide::task_for;
use crate::engine::draft::drafted;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::standing;
use crate::identity::may::Act;

/// Claims a task. Claiming one's own again changes nothing.
pub(super) fn claim(case: &Case, actor: &Actor, task: Local, facts: &Facts<'_>) -> Decision {
    match task_for((case, actor, facts), Act::Claim, task) {
        Err(refusal) => Decision::Refused(refusal),
        Ok((open, person)) if open.claimed == Some(person) => Decision::Events(Vec::new()),
        Ok((_, person)) => Decision::Events(vec![Event::TaskClaimed { task, by: person }]),
    }
}

/// Gives back what one claimed.
pub(super) fn release(case: &Case, actor: &Actor, task: Local, facts: &Facts<'_>) -> Decision {
    match task_for((case, actor, facts), Act::Release, task) {
        Err(refusal) => Decision::Refused(refusal),
        Ok((open, person)) => drafted(case.clone(), facts, |draft| {
            draft.emit(Event::TaskReleased { task, by: person });
            if let Some(NodeKind::Task(rule)) = standing::node_of(case, facts, open).map(|node| &node.kind) {
                draft.arm_backup(task, rule);
            }
            Ok(())
        }),
    }
}
