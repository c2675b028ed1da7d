//! What the clock does: rungs, timers, silence that the law gives an effect; and every date anew when a calendar changed.
//! Invariant: each cause is consumed by the event it leads to, so that a second wake finds nothing.

use chrono::NaiveDate;

use crate::definition::graph::NodeKind;
use crate::engine::case::{Case, Local};
use crate::engine::command::Actor;
use crate::engine::decide::permit;
use crate::engine::draft::{Draft, Step, broken, drafted};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::standing;
use crate::engine::terms::rule_of;
use crate::engine::walk::Ending;
use crate::identity::may::{Act, Standing};
use crate::ids::{Moment, Name};

/// Something the clock fires. In the order of the moment; at one moment rungs speak before timers move and silence decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Rung(Local, u16),
    Backup(Local),
    Timer(Local),
    Silence(Local),
}

/// The earliest moment at which the clock has something to do in this case.
#[must_use]
pub fn next_wake(case: &Case) -> Option<Moment> {
    earliest(case).map(|(at, _)| at)
}

fn earliest(case: &Case) -> Option<(Moment, Cause)> {
    // A term that stands still has no armed moments; a term is left out here all the same.
    let running = || case.terms.iter().filter(|(_, term)| term.stopped_on.is_none());
    let rungs = running().flat_map(|(id, term)| term.rungs.iter().map(|rung| (rung.at, Cause::Rung(*id, rung.rung))));
    let silence = running().filter_map(|(id, term)| Some((term.deem_at?, Cause::Silence(*id))));
    let timers = case.timers.iter().filter_map(|(id, timer)| Some((timer.at?, Cause::Timer(*id))));
    let backups = case.tasks.iter().filter_map(|(id, task)| Some((task.backup_at?, Cause::Backup(*id))));
    rungs.chain(silence).chain(timers).chain(backups).min()
}

/// Fires everything that is due, earliest first.
pub(super) fn wake(case: &Case, actor: &Actor, facts: &Facts<'_>) -> Decision {
    if let Err(refusal) = permit(actor, Act::Machine, &Standing::default()) {
        return Decision::Refused(refusal);
    }
    if next_wake(case).is_none_or(|at| at > facts.now) {
        return Decision::Events(Vec::new());
    }
    drafted(case.clone(), facts, |draft| {
        while let Some((at, cause)) = earliest(&draft.case).filter(|(at, _)| *at <= facts.now) {
            draft.count_step()?;
            draft.period_end = period_end(at, cause);
            fire(draft, cause)?;
        }
        Ok(())
    })
}

/// The last day of the period that is over at `at`, the midnight after it.
fn period_end(at: Moment, cause: Cause) -> Option<NaiveDate> {
    match cause {
        Cause::Timer(_) | Cause::Silence(_) => at.date().pred_opt().filter(|_| Moment::start_of(at.date()) == at),
        Cause::Rung(..) | Cause::Backup(_) => None,
    }
}

fn fire(draft: &mut Draft<'_>, cause: Cause) -> Step<()> {
    match cause {
        Cause::Rung(term, rung) => {
            let due = draft.case.terms.get(&term).and_then(|term| term.due);
            draft.emit(Event::RungFired { term, rung, due });
            Ok(())
        }
        Cause::Backup(task) => {
            let post = draft.case.tasks.get(&task).and_then(|open| standing::backup_post(&draft.facts, open));
            draft.emit(Event::BackupAsked { task, post });
            Ok(())
        }
        Cause::Timer(timer) => {
            let set = draft.case.timers.get(&timer).cloned().ok_or_else(|| broken(&format!("timer {timer}")))?;
            draft.emit(Event::TimerCleared { timer });
            let token = set.token;
            if let Some(number) = set.event {
                return draft.timer_came(token, number);
            }
            let spot = draft.spot(token)?;
            draft.leave(spot, &Name::from("elapsed"), Ending::default())?;
            draft.run()
        }
        Cause::Silence(term) => deem(draft, term),
    }
}

/// The step ends with the outcome the law makes of silence: by nobody, with the article, its tasks closed unanswered.
fn deem(draft: &mut Draft<'_>, id: Local) -> Step<()> {
    let missing = || broken(&format!("term {id}"));
    let term = draft.case.terms.get(&id).ok_or_else(missing)?;
    let deem = rule_of(&draft.case, &draft.facts, term).and_then(|rule| rule.on_expiry.as_ref()).ok_or_else(missing)?;
    let token = term.token.ok_or_else(missing)?;
    let standing = draft.case.tokens.get(&token).cloned().ok_or_else(missing)?;
    let spot = draft.spot(token)?;
    draft.close_wait(token, &standing, &Name::from("deemed"))?;
    draft.leave(spot, &deem.outcome, Ending { deemed: Some(deem), ..Ending::default() })?;
    draft.run()
}

/// Computes open dates anew: the calendar was extended, or changed after it was published.
pub(super) fn recompute(case: &Case, actor: &Actor, facts: &Facts<'_>) -> Decision {
    if let Err(refusal) = permit(actor, Act::Machine, &Standing::default()) {
        return Decision::Refused(refusal);
    }
    drafted(case.clone(), facts, |draft| {
        let terms: Vec<Local> = draft.case.terms.keys().copied().collect();
        // Which calendar moved a date stays on record beside the date before (DOMAIN 2.3, rule 5).
        let because = format!("calendar:{}", draft.facts.calendar.version());
        for term in terms {
            draft.move_term(term, &because);
        }
        let timers: Vec<Local> = draft.case.timers.keys().copied().collect();
        timers.into_iter().try_for_each(|timer| set_anew(draft, timer))
    })
}

fn set_anew(draft: &mut Draft<'_>, id: Local) -> Step<()> {
    let Some(timer) = draft.case.timers.get(&id).cloned() else { return Ok(()) };
    let span = match timer.event {
        Some(number) => match draft.span_of(timer.token, number)? {
            Some(span) => span,
            // It fires on a day that its author named.
            None => return Ok(()),
        },
        None => {
            let spot = draft.spot(timer.token)?;
            let node = draft.node(spot.scope, spot.node)?;
            let NodeKind::Timer { span, .. } = &node.kind else { return Err(broken(&format!("timer {id}"))) };
            *span
        }
    };
    let at = draft.period_over(timer.from, span);
    if at != timer.at {
        draft.emit(Event::TimerSet { timer: id, token: timer.token, event: timer.event, from: timer.from, at });
    }
    Ok(())
}
