//! Taking things out of a case without an answer: tokens, called scopes, reservations.
//! Invariant: whatever hung on a token (task, group, timer, place in line, called scope, term) goes with it in the same act.
//! Never: an outcome; nothing that is cleared looks as if somebody had decided.

use std::collections::BTreeSet;

use crate::definition::graph::{NodeIx, NodeKind, Settlement, TermEnd};
use crate::definition::reach;
use crate::engine::case::{Local, Side, Token, Waits};
use crate::engine::draft::{Draft, Spot, Step};
use crate::engine::event::Event;
use crate::engine::facts::Need;
use crate::engine::groups::tree;
use crate::engine::terms::rule_of;
use crate::engine::walk::Ending;
use crate::ids::Name;

/// How a reservation of a scope that is cleared or ended is settled.
pub(super) enum Settling<'r> {
    /// As its author wrote for this result.
    By(&'r Name),
    /// Given back whatever the author wrote: nothing came of it.
    Released,
}

impl Draft<'_> {
    /// Cancels the tokens of a scope, but not `except`, that stand at, are on their way to, or will come straight back to a node, on a strand, of which
    /// `which` holds.
    pub fn cancel_tokens(&mut self, scope: Local, (except, why): (Option<Local>, &Name), which: impl Fn(NodeIx, Option<Side>) -> bool) -> Step<()> {
        let walking: BTreeSet<Local> = self.arrivals.iter().map(|spot| spot.token).collect();
        // One that was sent back out of what is cancelled would come home to a region that is gone, and pass its join a second time.
        let comes_back = |back_to: Option<NodeIx>, side| back_to.is_some_and(|back| which(back, side));
        let standing = self.tokens_in(scope, |token| which(token.node, token.side) || comes_back(token.back_to, token.side));
        for id in standing.into_iter().filter(|id| Some(*id) != except && !walking.contains(id)) {
            self.cancel_token(id, why)?;
        }
        let here = |spot: &Spot| which(spot.node, spot.side) || comes_back(spot.back_to, spot.side);
        let hit = |spot: &Spot| spot.scope == scope && Some(spot.token) != except && here(spot);
        let (stopped, on): (Vec<Spot>, Vec<Spot>) = self.arrivals.drain(..).partition(hit);
        self.arrivals.extend(on);
        for spot in stopped {
            self.consume(spot);
        }
        self.touched.insert(scope);
        Ok(())
    }

    /// Cancels one token with everything that hangs on it.
    pub fn cancel_token(&mut self, id: Local, why: &Name) -> Step<()> {
        let Some(token) = self.case.tokens.get(&id).cloned() else { return Ok(()) };
        self.let_go(id, false)?;
        self.close_wait(id, &token, why)?;
        self.emit(Event::TokenTaken { token: id });
        self.touched.insert(token.scope);
        Ok(())
    }

    /// Closes what a token waits for.
    pub fn close_wait(&mut self, id: Local, token: &Token, why: &Name) -> Step<()> {
        match &token.waits {
            Waits::Task(task) => {
                self.close_seats(*task, why);
                self.close_all_added(*task, |_| true);
                self.emit(Event::TaskClosed { task: *task, why: why.clone() });
            }
            Waits::Group(group) => {
                // A group that ended in this act and sends the case back is gone already.
                if self.case.groups.contains_key(group) {
                    self.close_seats(*group, why);
                    self.emit(Event::GroupClosed { group: *group, passed: None });
                }
            }
            Waits::Message(_) | Waits::Signal(_) => {
                if let Some(place) = self.case.queue.get(&id) {
                    let account = place.account.clone();
                    self.emit(Event::Unqueued { token: id, account });
                }
            }
            Waits::Timer(timer) => self.emit(Event::TimerCleared { timer: *timer }),
            Waits::Job(job) => self.close_job(*job, why),
            Waits::Join | Waits::Lock(_) => {}
            Waits::Members(fan) => self.close_fan(*fan, why)?,
            Waits::Scope(scope) => self.cancel_scope(*scope, why)?,
        }
        Ok(())
    }

    /// Closes the tasks of seats that have no answer yet, of a group and of all that was added to it.
    fn close_seats(&mut self, group: Local, why: &Name) {
        let all = tree(&self.case, group);
        let open = self.case.tasks.iter().filter(|(_, task)| task.group.is_some_and(|group| all.contains(&group)));
        let open: Vec<Local> = open.map(|(id, _)| *id).collect();
        for task in open {
            self.emit(Event::TaskClosed { task, why: why.clone() });
        }
    }

    /// Cancels a called scope with all it called; its reservations are given back.
    pub fn cancel_scope(&mut self, scope: Local, why: &Name) -> Step<()> {
        self.cancel_tokens(scope, (None, why), |_, _| true)?;
        self.settle_scope(scope, &Settling::Released)?;
        self.end_scope_terms(scope, false);
        self.emit(Event::ScopeClosed { scope, result: why.clone() });
        Ok(())
    }

    /// Cancels what still runs in the region of a join, the walking token excepted: its author wrote `cancel: rest`.
    pub fn cancel_region(&mut self, walker: Spot, join: NodeIx) -> Step<()> {
        let node = self.node(walker.scope, join)?;
        let NodeKind::Join { region, .. } = &node.kind else { return Ok(()) };
        let why = Name::from("region-cancelled");
        self.cancel_tokens(walker.scope, (Some(walker.token), &why), |at, side| (at == join || region.contains(&at)) && own(walker, side))
    }

    /// Clears what a token sent back to `target` will walk again: the tokens that stand at `target` or ahead of it, and the reservations made there.
    /// Inside a region that holds both the target and the walker, the clearing ends at its join, so that the other branches go on.
    pub fn clear_ahead(&mut self, walker: Spot, target: NodeIx) -> Step<()> {
        let program = self.program(walker.scope)?;
        let ahead = self.ahead(walker, target)?;
        self.cancel_tokens(walker.scope, (Some(walker.token), &Name::from("returned")), |at, side| ahead.contains(&at) && own(walker, side))?;
        let passed = |step: &Name| ahead.iter().any(|at| program.nodes.get(usize::from(at.0)).is_some_and(|node| node.key == *step));
        let holds = self.case.holds.iter().filter(|(_, hold)| hold.scope == walker.scope && passed(&hold.step));
        let holds: Vec<Local> = holds.map(|(id, _)| *id).collect();
        for hold in holds {
            self.settle(hold, Settlement::Release)?;
        }
        Ok(())
    }

    fn ahead(&self, walker: Spot, target: NodeIx) -> Step<BTreeSet<NodeIx>> {
        Ok(reach::ahead(self.program(walker.scope)?, walker.node, target))
    }

    /// Ends a scope in which no awaited token is left: settles it and lets its caller go on.
    pub fn finish_scope(&mut self, scope: Local) -> Step<bool> {
        let program = self.program(scope)?;
        let awaited = |token: &Token| !program.nodes.get(usize::from(token.node.0)).is_some_and(|node| node.beside);
        let open = self.scope(scope)?;
        if self.case.ended.is_some() || self.case.tokens.values().any(|token| token.scope == scope && awaited(token)) {
            return Ok(false);
        }
        let (caller, result) = (open.caller, open.result.clone().unwrap_or_else(|| Name::from("ended")));
        let fields = self.handed_back(scope, caller)?;
        self.cancel_tokens(scope, (None, &Name::from("nobody-waits")), |_, _| true)?;
        self.settle_scope(scope, &Settling::By(&result))?;
        self.end_scope_terms(scope, true);
        let fan =
            caller.and_then(|caller| self.case.tokens.get(&caller)).and_then(|token| if let Waits::Members(fan) = token.waits { Some(fan) } else { None });
        if let Some(fan) = fan {
            self.member_ended(fan, scope, &result);
        }
        self.emit(Event::ScopeClosed { scope, result: result.clone() });
        if let Some(fan) = fan {
            self.after_member(fan)?;
            return Ok(true);
        }
        match caller {
            Some(caller) => {
                let spot = self.spot(caller)?;
                self.leave(spot, &result, Ending { fields, ..Ending::default() })?;
            }
            None => self.emit(Event::Ended { result, at: self.facts.now }),
        }
        Ok(true)
    }

    /// Ends a scope's own terms. One that its author ends with an outcome which never came was not met.
    pub fn end_scope_terms(&mut self, scope: Local, left: bool) {
        self.disarm(scope);
        let own = self.case.terms.iter().filter(|(_, term)| term.scope == scope && term.token.is_none());
        let ends: Vec<(Local, bool)> =
            own.map(|(id, term)| (*id, left && rule_of(&self.case, &self.facts, term).is_some_and(|rule| rule.until == TermEnd::Left))).collect();
        for (term, met) in ends {
            self.emit(Event::TermEnded { term, met });
        }
    }

    /// Settles the reservations a scope made.
    pub fn settle_scope(&mut self, scope: Local, how: &Settling<'_>) -> Step<()> {
        let own = self.case.holds.iter().filter(|(_, hold)| hold.scope == scope);
        let settlements: Vec<(Local, Settlement)> = own
            .map(|(id, hold)| match how {
                Settling::By(result) => (*id, hold.settle.get(*result).copied().unwrap_or(hold.otherwise)),
                Settling::Released => (*id, Settlement::Release),
            })
            .collect();
        for (hold, settlement) in settlements {
            self.settle(hold, settlement)?;
        }
        Ok(())
    }

    /// Settles one reservation. The account is asked for although nothing is read from it, so that it is locked before the case is written.
    pub fn settle(&mut self, id: Local, as_: Settlement) -> Step<()> {
        let Some(hold) = self.case.holds.get(&id).cloned() else { return Ok(()) };
        if !self.facts.balances.contains_key(&hold.account) {
            return Err(self.lacks(Need::Balance(hold.account)));
        }
        if as_ == Settlement::Release {
            let moved = self.moved.entry(hold.account).or_default();
            *moved = moved.saturating_add(hold.amount);
        }
        self.emit(Event::Settled { hold: id, as_ });
        Ok(())
    }
}

/// Whether a token is one that a walker may clear: a strand beside the work clears only itself.
fn own(walker: Spot, side: Option<Side>) -> bool {
    walker.side.is_none() || walker.side == side
}
