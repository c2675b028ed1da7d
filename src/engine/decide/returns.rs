//! Sending a case back to an earlier step (退回).
//!
//! Walked again, everything from the target on is cleared: tokens, tasks, timers, called scopes, reservations; inside a region only its own branch.
//! Straight back, nothing but the returning step is closed: other branches go on, reservations stay, and a join waits for the token to come back.
//! Clearing them there would lose the branches and the quota, because nothing walks again to start them anew.

use crate::definition::graph::{NodeIx, ReturnThen};
use crate::engine::case::{BodyRef, Local};
use crate::engine::decide::{Asked, task_for};
use crate::engine::draft::{Draft, Spot, Step, broken, drafted};
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
        if let Some((caller, back)) = to_caller(draft, spot, to, (person, body))? {
            return send_back(draft, (spot, caller), &back);
        }
        let (target, then) = target(draft, spot, to)?;
        send_back(draft, (spot, spot), &Back { target, then, to: to.clone(), by: person, body })
    })
}

impl Draft<'_> {
    /// A group that refused sends the case back itself: to the first step its author names.
    pub(in crate::engine) fn return_by_rule(&mut self, spot: Spot, by: PersonId, body: Option<BodyRef>) -> Step<()> {
        let node = self.node(spot.scope, spot.node)?;
        let first = node.may_return.as_ref().and_then(|rule| rule.to.first());
        let to = match first {
            Some(first) => self.node(spot.scope, *first)?.key.clone(),
            None => return Err(broken(&format!("step {} returns nowhere", node.key))),
        };
        let (target, then) = target(self, spot, &to)?;
        send_back(self, (spot, spot), &Back { target, then, to, by, body })
    }
}

/// A step of the calling workflow that the author allows: the walker is then the caller's token, and the called workflow closes with all that is open in it.
fn to_caller(draft: &Draft<'_>, spot: Spot, to: &Name, (by, body): (PersonId, Option<BodyRef>)) -> Step<Option<(Spot, Back)>> {
    let node = draft.node(spot.scope, spot.node)?;
    let Some(rule) = node.may_return.as_ref().filter(|rule| rule.caller.contains(to)) else { return Ok(None) };
    let Some(caller) = draft.scope(spot.scope)?.caller else { return Ok(None) };
    let caller = draft.spot(caller)?;
    let program = draft.program(caller.scope)?;
    let found = (0_u16..).zip(&program.nodes).find(|(_, node)| node.key == *to).map(|(ix, _)| NodeIx(ix));
    let Some(target) = found else { return Err(refused(true, &node.key, to).into()) };
    earlier(draft, caller, target, to)?;
    Ok(Some((caller, Back { target, then: rule.then, to: to.clone(), by, body })))
}

struct Back {
    target: NodeIx,
    then: ReturnThen,
    to: Name,
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
    earlier(draft, spot, target, to)?;
    Ok((target, then))
}

fn earlier(draft: &Draft<'_>, spot: Spot, target: NodeIx, to: &Name) -> Step<()> {
    let program = draft.program(spot.scope)?;
    let node = draft.node(spot.scope, spot.node)?;
    let before = target == spot.node || program.reach.get(usize::from(target.0)).is_some_and(|reach| reach.contains(&spot.node));
    // A branch that nobody waits for never starts the scope's own work anew.
    let crosses = node.beside && !draft.node(spot.scope, target)?.beside;
    if before && !crosses {
        return Ok(());
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

/// `from` is where the person stands, `walker` the token that goes back: its own, or its caller's.
fn send_back(draft: &mut Draft<'_>, (from, walker): (Spot, Spot), back: &Back) -> Step<()> {
    let step = draft.node(from.scope, from.node)?.key.clone();
    draft.emit(Event::Returned { token: from.token, from: step, to: back.to.clone(), by: back.by, body: back.body });
    draft.let_go(walker.token, false)?;
    close_own(draft, walker.token)?;
    // A step that is itself being gone back to cannot promise two ways home, so from there the way is walked again.
    let straight = back.then == ReturnThen::StraightBack && walker.back_to.is_none();
    if !straight {
        draft.clear_ahead(walker, back.target)?;
    }
    draft.arrivals.push_back(Spot { node: back.target, back_to: straight.then_some(walker.node), ..walker });
    draft.run()
}

fn close_own(draft: &mut Draft<'_>, id: Local) -> Step<()> {
    let Some(token) = draft.case.tokens.get(&id).cloned() else { return Ok(()) };
    draft.close_wait(id, &token, &Name::from("returned"))
}
