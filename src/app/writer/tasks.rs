//! The inbox's rows, derived from the state: which tasks an act opened, changed or closed.
//! Invariant: a row says nothing the state does not say; no light is stored, only the moments from which one shows.

use std::collections::BTreeSet;

use crate::engine::case::{Case, Local, Task, TaskPool};
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::ids::{Moment, Name};
use crate::store::rows::TaskRow;
use crate::supervision::Watch;

/// A moment that does not come.
const NEVER: Moment = Moment(i64::MAX);

/// The rows an act changes.
pub(super) fn rows(before: Option<&Case>, after: &Case, events: &[Event], facts: &Facts<'_>) -> Vec<TaskRow> {
    let mut rows = Vec::new();
    for id in touched(before, after, events) {
        if let Some(task) = after.tasks.get(&id) {
            open(id, task, after, None, facts, &mut rows);
        } else if let Some((case, task)) = before.and_then(|case| case.tasks.get(&id).map(|task| (case, task))) {
            open(id, task, case, Some(facts.now), facts, &mut rows);
        }
    }
    rows
}

/// The rows of every open task, as the state has them now.
pub(in crate::app) fn standing(case: &Case, facts: &Facts<'_>) -> Vec<TaskRow> {
    let mut rows = Vec::new();
    for (id, task) in &case.tasks {
        open(*id, task, case, None, facts, &mut rows);
    }
    rows
}

fn touched(before: Option<&Case>, after: &Case, events: &[Event]) -> BTreeSet<Local> {
    let mut touched = BTreeSet::new();
    for event in events {
        match event {
            Event::TaskOpened { task, .. }
            | Event::TaskClaimed { task, .. }
            | Event::TaskReleased { task, .. }
            | Event::TaskClosed { task, .. }
            | Event::TaskHandedOver { task, .. }
            | Event::BackupAsked { task, .. }
            | Event::TaskDelegated { task, .. }
            | Event::DelegateAnswered { task, .. }
            | Event::DelegationRecalled { task, .. }
            | Event::AnswerHeld { task, .. }
            | Event::AnswerReopened { task }
            | Event::SeatAnswered { task, .. } => drop(touched.insert(*task)),
            Event::RecusalDecided { task, .. } | Event::SeatReset { task, .. } => drop(touched.insert(*task)),
            Event::StepDone { task, .. } | Event::SeatRemoved { task, .. } => touched.extend(task),
            Event::TermStarted { scope, token, .. } => by_term(after, *scope, *token, &mut touched),
            Event::TermStopped { term, .. }
            | Event::TermResumed { term, .. }
            | Event::TermMoved { term, .. }
            | Event::TermRuled { term, .. }
            | Event::TermExtended { term, .. } => {
                if let Some(term) = after.terms.get(term) {
                    by_term(after, term.scope, term.token, &mut touched);
                }
            }
            // A limit that is over no longer sets the date of what is still open under it.
            Event::TermEnded { term, .. } => {
                if let Some(term) = before.and_then(|before| before.terms.get(term)) {
                    by_term(after, term.scope, term.token, &mut touched);
                }
            }
            // A row shows the step and the workflow; both may be others now.
            Event::Ranked { .. } | Event::Migrated { .. } => touched.extend(after.tasks.keys()),
            Event::Started { .. }
            | Event::BackupArmed { .. }
            | Event::Recorded { .. }
            | Event::ScopeOpened { .. }
            | Event::ScopeClosed { .. }
            | Event::Submitted { .. }
            | Event::TokenPlaced { .. }
            | Event::Caught { .. }
            | Event::Thrown { .. }
            | Event::MessageKept { .. }
            | Event::MessageUsed { .. }
            | Event::FanOpened { .. }
            | Event::MemberOpened { .. }
            | Event::MemberEnded { .. }
            | Event::FanClosed { .. }
            | Event::TokenLate { .. }
            | Event::TokenTaken { .. }
            | Event::StepsRenamed { .. }
            | Event::TokenMoved { .. }
            | Event::BranchSkipped { .. }
            | Event::GroupOpened { .. }
            | Event::GroupClosed { .. }
            | Event::AddedSettled { .. }
            | Event::StoodIn { .. }
            | Event::DeskHandedOver { .. }
            | Event::RecusalAsked { .. }
            | Event::CanBeTakenBack { .. }
            | Event::TakenBack { .. }
            | Event::Copied { .. }
            | Event::Urged { .. }
            | Event::Commented { .. }
            | Event::Returned { .. }
            | Event::RungFired { .. }
            | Event::ReasonStated { .. }
            | Event::PeriodCut { .. }
            | Event::TimerSet { .. }
            | Event::TimerCleared { .. }
            | Event::SignalHeard { .. }
            | Event::JobOffered { .. }
            | Event::JobFailed { .. }
            | Event::JobRetried { .. }
            | Event::JobEnded { .. }
            | Event::Reserved { .. }
            | Event::Queued { .. }
            | Event::Unqueued { .. }
            | Event::Settled { .. }
            | Event::DocumentIssued { .. }
            | Event::NoticeQueued { .. }
            | Event::NoticeReturned { .. }
            | Event::NoticeRerouted { .. }
            | Event::NoticeSettled { .. }
            | Event::NumberTaken { .. }
            | Event::EndReached { .. }
            | Event::Withdrawn { .. }
            | Event::Ended { .. } => {}
        }
    }
    touched
}

/// The tasks a term speaks of: those of its step, or all of its scope.
fn by_term(case: &Case, scope: Local, token: Option<Local>, touched: &mut BTreeSet<Local>) {
    let concerned = |task: &Task| token.map_or(task.scope == scope, |token| task.token == token);
    touched.extend(case.tasks.iter().filter(|(_, task)| concerned(task)).map(|(id, _)| *id));
}

/// One row per office asked.
fn open(id: Local, task: &Task, case: &Case, closed: Option<Moment>, facts: &Facts<'_>, rows: &mut Vec<TaskRow>) {
    let scope = case.scopes.get(&task.scope);
    let watch = Watch::over_task(case, task, facts.calendar);
    let row = TaskRow {
        task: id,
        number: scope.and_then(|scope| scope.number.clone()).or_else(|| case.number.clone()),
        program: scope.map_or_else(String::new, |scope| scope.program.to_string()),
        step: task.step.to_string(),
        office: String::new(),
        post: "applicant".to_owned(),
        backup: task.backup.as_ref().map(ToString::to_string),
        claimed: task.claimed,
        asked: task.delegate,
        closed,
        rank: case.rank,
        opened: task.opened,
        red_from: watch.red_from.into_iter().chain(watch.dark_red_from).min().unwrap_or(NEVER),
        yellow_from: watch.yellow_from.unwrap_or(NEVER),
        dark_red_from: watch.dark_red_from.unwrap_or(NEVER),
        grey_from: watch.grey_from.unwrap_or(NEVER),
        lead: true,
        due: watch.due.map(|due| due.to_string()),
    };
    match &task.pool {
        TaskPool::Applicant => rows.push(TaskRow { claimed: Some(case.applicant), ..row }),
        TaskPool::Posts { offices, post } => {
            let first = offices.iter().min();
            let of = |office: &Name| TaskRow { office: office.to_string(), post: post.to_string(), lead: Some(office) == first, ..row.clone() };
            rows.extend(offices.iter().map(of));
        }
    }
}
