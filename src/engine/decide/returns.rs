//! Sending a case back to an earlier step (退回).
//!
//! Walked again, everything from the target on is cleared: tokens, tasks, timers, called scopes, reservations; inside a region only its own branch.
//! Straight back, nothing but the returning step is closed: other branches go on, reservations stay, and a join waits for the token to come back.
//! Clearing them there would lose the branches and the quota, because nothing walks again to start them anew.

use crate::definition::graph::{NodeIx, ReturnThen};
use crate::engine::case::{BodyRef, Local};
use crate::engine::decide::{Asked, task_for};
use crate::engine::draft::{Draft, Spot, Step, drafted};
use crate::engine::event::Event;
use crate::engine::facts::Decision;
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::{Name, PersonId};

pub(super) fn decide(asked: Asked<'_, '_>, task: Local, to: &Name, body: Option<BodyRef>) -> Decision {
    let (open, person) = match task_for(asked, Act::Return, task) {
        Ok(found) => found,
        Err(refusal) => return Decision::Refused(refusal),
    };
    if body.is_none() {
        return Decision::Refused(Refusal::invalid("reason_required", "无法退回：须写明理由", "cannot return the case: a reason is required"));
    }
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let spot = draft.spot(open.token)?;
        let (target, then) = target(draft, spot, to)?;
        send_back(draft, spot, &Back { target, then, to, by: person, body })
    })
}

struct Back<'c> {
    target: NodeIx,
    then: ReturnThen,
    to: &'c Name,
    by: PersonId,
    body: Option<BodyRef>,
}

/// The step asked for, when the author allows it and it lies before this one.
fn target(draft: &Draft<'_>, spot: Spot, to: &Name) -> Step<(NodeIx, ReturnThen)> {
    let program = draft.program(spot.scope)?;
    let node = draft.node(spot.scope, spot.node)?;
    let named = |ix: &&NodeIx| program.nodes.get(usize::from(ix.0)).is_some_and(|node| node.key == *to);
    let found = node.may_return.as_ref().and_then(|rule| Some((*rule.to.iter().find(named)?, rule.then)));
    let Some((target, then)) = found else {
        return Err(refused(node.may_return.is_some(), &node.key, to).into());
    };
    let before = target == spot.node || program.reach.get(usize::from(target.0)).is_some_and(|reach| reach.contains(&spot.node));
    // A branch that nobody waits for never starts the scope's own work anew.
    let crosses = node.beside && !draft.node(spot.scope, target)?.beside;
    if before && !crosses {
        return Ok((target, then));
    }
    Err(Refusal::conflict(
        "return_not_earlier",
        format!("无法退回：步骤 `{to}` 不在 `{}` 之前", node.key),
        format!("cannot return the case: step `{to}` does not come before `{}`", node.key),
    )
    .into())
}

fn refused(somewhere: bool, from: &Name, to: &Name) -> Refusal {
    if somewhere {
        let (zh, en) = (format!("无法退回：步骤 `{from}` 不能退回到 `{to}`"), format!("cannot return the case: step `{from}` may not go back to `{to}`"));
        Refusal::invalid("return_not_allowed", zh, en)
    } else {
        let (zh, en) = (format!("无法退回：步骤 `{from}` 不允许退回"), format!("cannot return the case: step `{from}` may not return it"));
        Refusal::invalid("return_not_allowed", zh, en)
    }
}

fn send_back(draft: &mut Draft<'_>, spot: Spot, back: &Back<'_>) -> Step<()> {
    let from = draft.node(spot.scope, spot.node)?.key.clone();
    draft.emit(Event::Returned { token: spot.token, from, to: back.to.clone(), by: back.by, body: back.body });
    draft.let_go(spot.token, false)?;
    close_own(draft, spot.token)?;
    // A step that is itself being gone back to cannot promise two ways home, so from there the way is walked again.
    let straight = back.then == ReturnThen::StraightBack && spot.back_to.is_none();
    if !straight {
        draft.clear_ahead(spot, back.target)?;
    }
    draft.arrivals.push_back(Spot { node: back.target, back_to: straight.then_some(spot.node), ..spot });
    draft.run()
}

fn close_own(draft: &mut Draft<'_>, id: Local) -> Step<()> {
    let Some(token) = draft.case.tokens.get(&id).cloned() else { return Ok(()) };
    draft.close_wait(id, &token, &Name::from("returned"))
}
