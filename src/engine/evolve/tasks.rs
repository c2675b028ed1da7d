//! What events do to open tasks: who has them, who was asked beside, what answer waits.

use super::take_local;
use crate::definition::graph::Power;
use crate::engine::case::{Case, Held, Local, Task, TaskPool};
use crate::engine::event::Event;
use crate::ids::PersonId;

/// The B post is to be asked at a moment, or was.
pub(super) fn backup(task: &mut Task, event: &Event) {
    if let Event::BackupAsked { post, .. } = event {
        task.backup.clone_from(post);
    }
    task.backup_at = if let Event::BackupArmed { at, .. } = event { Some(*at) } else { None };
}

/// The answer that waits for members added, or none again.
pub(super) fn held(event: &Event) -> Option<Held> {
    let Event::AnswerHeld { outcome, by, body, task: _ } = event else { return None };
    Some(Held { outcome: outcome.clone(), by: *by, body: *body })
}

pub(super) fn handed_over(case: &mut Case, task: Local, pool: &TaskPool, to: Option<PersonId>) {
    if let Some(task) = case.tasks.get_mut(&task) {
        task.pool.clone_from(pool);
        task.claimed = to;
        task.delegate = None;
        (task.backup_at, task.backup) = (None, None);
        // Whoever handed it over has acted on what came before.
        let token = task.token;
        case.fresh.retain(|fresh| fresh.placed.iter().all(|(placed, _)| *placed != token));
    }
}

pub(super) fn claimed(case: &mut Case, task: Local, by: Option<PersonId>) {
    if let Some(task) = case.tasks.get_mut(&task) {
        if task.claimed != by {
            task.delegate = None;
        }
        task.backup_at = None;
        task.claimed = by;
    }
}

/// The holder of a task asks somebody, or has the task again.
pub(super) fn asked(case: &mut Case, task: Local, holder: PersonId, delegate: Option<PersonId>) {
    if let Some(task) = case.tasks.get_mut(&task) {
        task.claimed = Some(holder);
        task.delegate = delegate;
    }
}

pub(super) fn task_opened(case: &mut Case, event: &Event) {
    let Event::TaskOpened { task, scope, token, step, group, pool, at } = event else { return };
    take_local(case, *task);
    let opened = Task {
        scope: *scope,
        token: *token,
        step: step.clone(),
        group: *group,
        pool: pool.clone(),
        claimed: None,
        delegate: None,
        recusal: None,
        backup_at: None,
        backup: None,
        held: None,
        opened: *at,
    };
    case.tasks.insert(*task, opened);
    if let Some(group) = group.and_then(|group| case.groups.get_mut(&group)) {
        group.seats.insert(*task, None);
        if !group.to_come.is_empty() {
            let chair = group.to_come.remove(0);
            if chair.power != Power::default() {
                group.powers.insert(*task, chair.power);
            }
        }
    }
}
