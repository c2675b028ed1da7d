//! Taking one's own act back while nobody has acted on it (撤回).
//! Invariant: exactly one of the taker and the next actor wins, because every token the act placed must still wait as the act left it.
//! Never: an act that was heard outside: a document, a number, a reservation, a limit begun or met, a called workflow, a notice to the applicant.

use crate::definition::graph::{GroupPass, Verb};
use crate::engine::case::{BodyRef, Case, Fresh, Local, Task, TaskPool, Waits};
use crate::engine::decide::{Asked, permit, person, still_open};
use crate::engine::draft::{Draft, Spot, Step, drafted};
use crate::engine::event::Event;
use crate::engine::facts::Decision;
use crate::engine::groups::{children, own_result, root_of};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::identity::may::{Act, Standing};
use crate::ids::{Name, PersonId};

/// Takes back what the person answered at `step`.
pub(super) fn decide(asked: Asked<'_, '_>, (scope, step): (Local, &Name), body: Option<BodyRef>) -> Decision {
    let (fresh, by) = match allowed(asked, scope, step) {
        Ok(found) => found,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let (scope, step, before) = (fresh.scope, fresh.step.clone(), fresh.before.clone());
        draft.emit(Event::TakenBack { scope, step, by, before, body });
        match &fresh.seat {
            Some((task, pool)) => reopen_seat(draft, &fresh, *task, pool),
            None => reopen_step(draft, &fresh),
        }
    })
}

fn allowed((case, actor, facts): Asked<'_, '_>, scope: Local, step: &Name) -> Result<(Fresh, PersonId), Refusal> {
    still_open(case)?;
    let person = person(actor, Act::TakeBack)?;
    // Somebody else's act, or one that can no longer be taken back, is answered the same: there is none of one's own.
    let own = case.fresh.iter().rev().find(|fresh| fresh.scope == scope && fresh.step == *step && fresh.by == person);
    permit(actor, Act::TakeBack, &Standing { own_act: own.is_some(), ..standing::in_office(facts, person) })?;
    let fresh = own.ok_or_else(acted_on)?.clone();
    let untouched = |(token, waits): &(Local, Waits)| fresh.seat.is_some() || is_untouched(case, *token, waits);
    if !fresh.placed.iter().all(untouched) {
        return Err(acted_on());
    }
    match &fresh.seat {
        Some((seat, _)) if !seat_untouched(case, *seat, &fresh.placed) => Err(acted_on()),
        Some(_) | None => Ok((fresh, person)),
    }
}

fn acted_on() -> Refusal {
    Refusal::conflict("already_acted_on", "无法撤回：他人已经签收或处理", "cannot take the act back: somebody has acted on it")
}

/// Whether a token waits as it was left, and nobody has taken up what it waits for.
fn is_untouched(case: &Case, token: Local, waits: &Waits) -> bool {
    if case.tokens.get(&token).is_none_or(|found| found.waits != *waits) {
        return false;
    }
    let idle = |task: &Task| task.claimed.is_none() && task.delegate.is_none() && task.recusal.is_none();
    match waits {
        // Somebody had it meanwhile and asked others to sign: what they signed stands.
        Waits::Task(task) => case.tasks.get(task).is_some_and(idle) && children(case, *task, |_| true).is_empty(),
        Waits::Group(group) => {
            let quiet = case.groups.get(group).is_some_and(|group| group.seats.values().all(Option::is_none));
            let alone = children(case, *group, |_| true).is_empty();
            quiet && alone && case.tasks.values().filter(|task| task.group == Some(*group)).all(idle)
        }
        Waits::Message(_) | Waits::Signal(_) | Waits::Join | Waits::Lock(_) => true,
        // An outside system may have fetched it.
        Waits::Job(_) | Waits::Timer(_) | Waits::Scope(_) | Waits::Members(_) => false,
    }
}

/// Whether a seat can be asked again: its group's rule is still open, nobody added anything to it, and in order nobody took the next one.
fn seat_untouched(case: &Case, seat: Local, placed: &[(Local, Waits)]) -> bool {
    let found = case.groups.iter().find(|(_, group)| group.seats.contains_key(&seat));
    let Some((id, group)) = found else { return false };
    let rooted = placed.iter().any(|(_, waits)| *waits == Waits::Group(root_of(case, *id)));
    let asked = !children(case, *id, |added| added.seat == seat).is_empty();
    let next = case.tasks.values().filter(|task| task.group == Some(*id));
    let taken = group.pass == GroupPass::InOrder && next.clone().any(|task| task.claimed.is_some());
    let answered_later = group.pass == GroupPass::InOrder && group.seats.iter().any(|(task, answer)| *task > seat && answer.is_some());
    rooted && !asked && !taken && !answered_later && group.settled.is_none() && own_result(group).is_none()
}

/// The step is open again, for the token that left it; whatever it placed goes, unanswered.
fn reopen_step(draft: &mut Draft<'_>, fresh: &Fresh) -> Step<()> {
    let why = Name::from("taken-back");
    // A join may meanwhile have gone on without what the act led to; nobody waits for the step then either.
    let late = fresh.placed.iter().find_map(|(token, _)| draft.case.tokens.get(token)?.side);
    for (token, _) in &fresh.placed {
        if *token == fresh.token {
            draft.let_go(*token, false)?;
            if let Some(standing) = draft.case.tokens.get(token).cloned() {
                draft.close_wait(*token, &standing, &why)?;
            }
        } else {
            draft.cancel_token(*token, &why)?;
        }
    }
    draft.arrivals.push_back(Spot { token: fresh.token, scope: fresh.scope, node: fresh.node, back_to: fresh.back_to, side: late.or(fresh.side) });
    draft.run()?;
    let open = draft.case.tasks.iter().find(|(_, task)| task.token == fresh.token).map(|(id, _)| *id);
    if let Some(task) = open {
        draft.emit(Event::TaskClaimed { task, by: fresh.by });
    }
    Ok(())
}

/// The seat is asked again; in order the next one waits again.
fn reopen_seat(draft: &mut Draft<'_>, fresh: &Fresh, seat: Local, pool: &TaskPool) -> Step<()> {
    let found = draft.case.groups.iter().find(|(_, group)| group.seats.contains_key(&seat)).map(|(id, group)| (*id, group.pass));
    let Some((group, pass)) = found else { return Err(acted_on().into()) };
    if pass == GroupPass::InOrder {
        let next = draft.case.tasks.iter().find(|(_, task)| task.group == Some(group)).map(|(id, task)| (*id, task.pool.clone()));
        if let Some((task, pool)) = next {
            draft.emit(Event::SeatReset { group, task, pool });
        }
    }
    draft.emit(Event::SeatReset { group, task: seat, pool: pool.clone() });
    draft.open_due(group)?;
    let open = draft.case.tasks.iter().filter(|(_, task)| task.group == Some(group) && task.pool == *pool && task.claimed.is_none()).map(|(id, _)| *id);
    if let Some(task) = open.max() {
        draft.emit(Event::TaskClaimed { task, by: fresh.by });
    }
    Ok(())
}

impl Draft<'_> {
    /// Notes that the answer just given can be taken back, when nothing it led to was heard outside. `at` is where the token stood before.
    pub fn note_fresh(&mut self, before: &Case, at: Spot, (by, seat): (PersonId, Option<(Local, TaskPool)>)) -> Step<()> {
        // The answer may have ended its workflow, and the case.
        if !self.case.scopes.contains_key(&at.scope) || self.case.ended.is_some() {
            return Ok(());
        }
        let node = self.node(at.scope, at.node)?;
        let quiet = self.events.iter().all(|event| is_quiet(before, at.token, event));
        if !node.verbs.allow(Verb::TakeBack) || !quiet {
            return Ok(());
        }
        let mut placed: Vec<(Local, Waits)> = Vec::new();
        for event in &self.events {
            if let Event::TokenPlaced { token, waits, .. } = event {
                placed.push((*token, waits.clone()));
            }
        }
        if placed.is_empty() {
            let standing = self.case.tokens.get(&at.token).map(|token| (at.token, token.waits.clone()));
            placed.extend(standing);
        }
        // What it led to may be over already: a branch nobody waits for ends with it.
        if placed.is_empty() || placed.iter().any(|(token, _)| !self.case.tokens.contains_key(token)) {
            return Ok(());
        }
        let step = node.key.clone();
        let done = before.scopes.get(&at.scope).and_then(|scope| scope.done.get(&step)).cloned();
        let act = Fresh { scope: at.scope, step, node: at.node, token: at.token, back_to: at.back_to, side: at.side, by, seat, placed, before: done };
        self.emit(Event::CanBeTakenBack { act });
        Ok(())
    }
}

/// Whether an event of an answer stays inside the house: it moved tokens, opened tasks, or began and ended limits of steps.
fn is_quiet(before: &Case, own: Local, event: &Event) -> bool {
    match event {
        // Acceptance is told to the applicant.
        Event::StepDone { outcome, .. } => &**outcome != "accepted" && &**outcome != "joined",
        Event::TermStarted { token, .. } => token.is_some(),
        Event::TermEnded { term, .. } => before.terms.get(term).is_none_or(|term| term.token.is_some()),
        Event::TokenTaken { token } => *token == own,
        // What else it let begin, such as a step that waited for its lock, is not undone with it.
        Event::TokenPlaced { token, waits, .. } => {
            let of_others = *token != own && before.tokens.contains_key(token);
            !of_others && !matches!(waits, Waits::Timer(_) | Waits::Job(_) | Waits::Scope(_) | Waits::Members(_))
        }
        // A task of the applicant is told to them.
        Event::TaskOpened { pool, .. } => !matches!(pool, TaskPool::Applicant),
        Event::TaskClaimed { .. }
        | Event::BackupArmed { .. }
        | Event::TaskReleased { .. }
        | Event::StoodIn { .. }
        | Event::BranchSkipped { .. }
        | Event::GroupOpened { .. }
        | Event::SeatAnswered { .. }
        | Event::TermStopped { .. }
        | Event::TermResumed { .. }
        | Event::TermMoved { .. } => true,
        Event::Started { .. }
        | Event::Migrated { .. }
        | Event::StepsRenamed { .. }
        | Event::TokenMoved { .. }
        | Event::TermRuled { .. }
        | Event::Recorded { .. }
        | Event::ScopeOpened { .. }
        | Event::ScopeClosed { .. }
        | Event::Submitted { .. }
        | Event::TaskHandedOver { .. }
        | Event::BackupAsked { .. }
        | Event::TaskDelegated { .. }
        | Event::DeskHandedOver { .. }
        | Event::DelegateAnswered { .. }
        | Event::DelegationRecalled { .. }
        | Event::RecusalAsked { .. }
        | Event::RecusalDecided { .. }
        | Event::CanBeTakenBack { .. }
        | Event::TakenBack { .. }
        | Event::SeatReset { .. }
        | Event::Copied { .. }
        | Event::Urged { .. }
        | Event::Commented { .. }
        | Event::TaskClosed { .. }
        | Event::AnswerHeld { .. }
        | Event::AnswerReopened { .. }
        | Event::AddedSettled { .. }
        | Event::SeatRemoved { .. }
        | Event::GroupClosed { .. }
        | Event::Returned { .. }
        | Event::TermExtended { .. }
        | Event::ReasonStated { .. }
        | Event::PeriodCut { .. }
        | Event::RungFired { .. }
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
        | Event::NumberTaken { .. }
        | Event::Ranked { .. }
        | Event::NoticeQueued { .. }
        | Event::NoticeReturned { .. }
        | Event::NoticeRerouted { .. }
        | Event::NoticeSettled { .. }
        | Event::Caught { .. }
        | Event::Thrown { .. }
        | Event::MessageKept { .. }
        | Event::MessageUsed { .. }
        | Event::FanOpened { .. }
        | Event::MemberOpened { .. }
        | Event::MemberEnded { .. }
        | Event::FanClosed { .. }
        | Event::TokenLate { .. }
        | Event::EndReached { .. }
        | Event::Withdrawn { .. }
        | Event::Ended { .. } => false,
    }
}
