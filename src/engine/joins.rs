//! Joins: which of them may fire, and what becomes of the branches that are not there yet.
//! Invariant: a join fires once a round: with everything it waits for, or with as many as its author asked for.
//! Never: two strands of tokens that meet; a branch that came late for its join meets only its own kind.

use std::collections::BTreeSet;

use crate::definition::graph::{JoinRule, Node, NodeIx, NodeKind, Program, Rest};
use crate::definition::reach;
use crate::engine::case::{Case, Local, Side, Token, Waits};
use crate::engine::draft::{Draft, Spot, Step};
use crate::engine::event::Event;
use crate::engine::side::ends_at;
use crate::engine::walk::Ending;
use crate::ids::Name;

impl Draft<'_> {
    /// A token waits at a join; one for which this join no longer waits ends here.
    pub fn arrive_at_join(&mut self, spot: Spot, node: &Node) -> Step<()> {
        let program = self.program(spot.scope)?;
        if spot.side.is_some_and(|side| ends_at(program, side, spot.node)) {
            self.consume(spot);
            return Ok(());
        }
        self.place(spot, node, Waits::Join)
    }

    /// Fires one join of a scope that is ready.
    pub fn fire_join(&mut self, scope: Local) -> Step<bool> {
        let program = self.program(scope)?;
        let tokens = self.case.tokens.values().filter(|token| token.scope == scope && token.waits == Waits::Join);
        let joins: BTreeSet<(NodeIx, Option<Side>)> = tokens.map(|token| (token.node, token.side)).collect();
        let Some((join, side)) = joins.into_iter().find(|(join, side)| ready(&self.case, program, (scope, *join, *side))) else { return Ok(false) };
        let waiting = self.tokens_in(scope, |token| token.node == join && token.waits == Waits::Join && token.side == side);
        let Some((first, others)) = waiting.split_first() else { return Ok(false) };
        for other in others {
            self.emit(Event::TokenTaken { token: *other });
        }
        let spot = self.spot(*first)?;
        if let NodeKind::Join { rule: JoinRule::First { rest, count: _ }, region, .. } = &self.node(scope, join)?.kind {
            self.rest(spot, region, *rest)?;
        }
        self.leave(spot, &Name::from("joined"), Ending::default())?;
        Ok(true)
    }

    /// What becomes of the branches that did not make it. A branch that nobody waited for anyway goes on.
    fn rest(&mut self, spot: Spot, region: &BTreeSet<NodeIx>, rest: Rest) -> Step<()> {
        let program = self.program(spot.scope)?;
        let beside = |at: NodeIx| program.nodes.get(usize::from(at.0)).is_some_and(|node| node.beside);
        let awaited = |at: NodeIx| region.contains(&at) && beside(at) == beside(spot.node);
        match rest {
            Rest::Cancel => {
                let why = Name::from("enough-done");
                let hit = |at: NodeIx, side: Option<Side>| awaited(at) && (spot.side.is_none() || side == spot.side);
                self.cancel_tokens(spot.scope, (Some(spot.token), &why), hit)?;
                // One that was sent back out of the region would come back into it.
                let away = self.tokens_in(spot.scope, |token| token.side == spot.side && token.back_to.is_some_and(awaited));
                away.into_iter().try_for_each(|token| self.cancel_token(token, &why))
            }
            Rest::Continue => {
                let side = Side { id: spot.token, from: spot.node };
                let late = |token: &Token| token.side == spot.side && (awaited(token.node) || token.back_to.is_some_and(awaited));
                for token in self.tokens_in(spot.scope, late) {
                    self.emit(Event::TokenLate { token, side });
                }
                Ok(())
            }
        }
    }
}

/// Whether a join at which tokens of a strand wait may fire.
pub(super) fn ready(case: &Case, program: &Program, (scope, join, side): (Local, NodeIx, Option<Side>)) -> bool {
    let own = || case.tokens.values().filter(move |token| token.scope == scope && token.side == side);
    let enough = match program.nodes.get(usize::from(join.0)).map(|node| &node.kind) {
        Some(NodeKind::Join { rule: JoinRule::First { count, .. }, .. }) => {
            own().filter(|token| token.node == join && token.waits == Waits::Join).count() >= usize::from(*count)
        }
        Some(_) | None => false,
    };
    enough || !own().any(|token| holds_up(program, token, join))
}

/// Whether a join must wait for this token. `check` asks the same rule of its markings, so it stands with the graph.
pub(super) fn holds_up(program: &Program, token: &Token, join: NodeIx) -> bool {
    reach::holds_up(program, (token.node, token.back_to), join)
}
