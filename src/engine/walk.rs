//! How tokens walk: entering a node, leaving it by an outcome, splitting, joining, ending.
//! Invariant: every token that arrives is placed, moved on or consumed before the act ends, and a join fires only when nobody it waits for can still come.
//! Never: a wait inside a walk; whatever must wait leaves its token standing.

use std::collections::BTreeSet;

use crate::definition::graph::{Branch, Deem, Node, NodeIx, NodeKind, Program};
use crate::engine::case::{BodyRef, Local, Token, Waits};
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::ids::{Name, PersonId};

/// How a step ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending<'d> {
    pub by: Option<PersonId>,
    pub task: Option<Local>,
    pub body: Option<BodyRef>,
    pub deemed: Option<&'d Deem>,
    pub why: Option<String>,
}

impl Draft<'_> {
    /// Walks on until every token waits: first the tokens on their way, then the joins and ends they made possible.
    pub fn run(&mut self) -> Step<()> {
        loop {
            while let Some(spot) = self.arrivals.pop_front() {
                self.count_step()?;
                self.enter(spot)?;
            }
            let Some(scope) = self.touched.first().copied() else { return Ok(()) };
            self.count_step()?;
            if !self.case.scopes.contains_key(&scope) || (!self.fire_join(scope)? && !self.finish_scope(scope)?) {
                self.touched.remove(&scope);
            }
        }
    }

    fn enter(&mut self, spot: Spot) -> Step<()> {
        let node = self.node(spot.scope, spot.node)?;
        match &node.kind {
            NodeKind::Task(rule) => self.offer_task(spot, node, rule),
            NodeKind::Approve(rule) => self.open_group(spot, node, rule),
            NodeKind::Decide(table) => self.consult_table(spot, node, table),
            NodeKind::Post { account, amount, settle, otherwise } => self.reserve(spot, (account, amount), (settle, *otherwise)),
            NodeKind::Message { name, queue_for } => self.await_message(spot, node, (name, *queue_for)),
            NodeKind::Timer { span, publishes: _ } => self.set_timer(spot, node, *span),
            NodeKind::Split { branches, join } => self.split(spot, branches, *join),
            NodeKind::Join { .. } => self.place(spot, node, Waits::Join),
            NodeKind::Call { callee } => self.call(spot, node, callee),
            NodeKind::Document { kind, number } => self.issue(spot, node, (kind, number.as_ref())),
            NodeKind::End { result, terminate } => self.end(spot, node, (result, *terminate)),
        }
    }

    /// A token stands at a node and waits; terms it stops stand still, and the step's own begin.
    pub fn place(&mut self, spot: Spot, node: &Node, waits: Waits) -> Step<()> {
        self.emit(Event::TokenPlaced {
            token: spot.token,
            scope: spot.scope,
            node: spot.node,
            step: node.key.clone(),
            waits,
            back_to: spot.back_to,
            at: self.facts.now,
        });
        self.touched.insert(spot.scope);
        if let Some(cause) = &node.stops {
            self.stop_terms(spot, cause);
        }
        self.start_step_terms(spot, node)
    }

    /// A token leaves a node that ended with `outcome`.
    pub fn leave(&mut self, spot: Spot, outcome: &Name, ending: Ending<'_>) -> Step<()> {
        let node = self.node(spot.scope, spot.node)?;
        let edge = *node.next.get(outcome).ok_or_else(|| no_edge(node, outcome))?;
        let before = self.scope(spot.scope)?.done.get(&node.key).map(|done| done.outcome.clone());
        self.let_go(spot.token, true)?;
        let from_receipt = ending.deemed.is_some_and(|deem| deem.from_receipt);
        self.emit(Event::StepDone {
            scope: spot.scope,
            step: node.key.clone(),
            outcome: outcome.clone(),
            by: ending.by,
            task: ending.task,
            body: ending.body,
            deemed: ending.deemed.map(|deem| deem.basis.clone()),
            why: ending.why,
            at: self.facts.now,
        });
        if let Some(rank) = node.ranks.get(outcome)
            && *rank != self.case.rank
        {
            self.emit(Event::Ranked { rank: *rank });
        }
        let mut to = edge.to;
        match spot.back_to {
            // It ends as it did before: straight back to who returned it.
            Some(back) if before.as_ref().is_none_or(|before| before == outcome) => to = back,
            // It ends otherwise: what was left standing behind it is walked again, so it is cleared as by a return.
            Some(_) => self.clear_ahead(spot, spot.node)?,
            None => {}
        }
        if let Some(join) = edge.cancels {
            self.cancel_region(spot, join)?;
        }
        self.go(spot, node, to)?;
        self.outcome_terms(spot.scope, (&node.key, outcome), from_receipt)
    }

    /// Sends a token on. One that leaves a branch nobody waits for is consumed at its border.
    fn go(&mut self, spot: Spot, from: &Node, to: NodeIx) -> Step<()> {
        if from.beside && !self.node(spot.scope, to)?.beside {
            self.consume(spot);
        } else {
            self.arrivals.push_back(Spot { node: to, back_to: None, ..spot });
        }
        Ok(())
    }

    /// Takes a token out of the case. One that was never placed has no record to take.
    pub fn consume(&mut self, spot: Spot) {
        if self.case.tokens.contains_key(&spot.token) {
            self.emit(Event::TokenTaken { token: spot.token });
        }
        self.touched.insert(spot.scope);
    }

    fn split(&mut self, spot: Spot, branches: &[Branch], join: NodeIx) -> Step<()> {
        let mut awaited = false;
        let mut firsts = Vec::with_capacity(branches.len());
        for branch in branches {
            let taken = match &branch.when {
                Some(when) => self.condition(spot.scope, when)?,
                None => true,
            };
            if taken {
                awaited |= self.is_awaited(spot, branch.first, join)?;
                firsts.push(branch.first);
            } else {
                self.emit(Event::BranchSkipped { scope: spot.scope, step: branch.key.clone() });
            }
        }
        for first in firsts {
            let token = self.local();
            self.arrivals.push_back(Spot { token, scope: spot.scope, node: first, back_to: None });
        }
        // A skipped branch counts as done: with nobody to wait for, the token goes to the join itself.
        if awaited {
            self.consume(spot);
        } else {
            self.arrivals.push_back(Spot { node: join, back_to: None, ..spot });
        }
        Ok(())
    }

    /// Whether the join waits for a branch. Inside a branch beside, where every node is marked, a further one beside is known by never reaching the join.
    fn is_awaited(&self, spot: Spot, first: NodeIx, join: NodeIx) -> Step<bool> {
        if !self.node(spot.scope, spot.node)?.beside {
            return Ok(!self.node(spot.scope, first)?.beside);
        }
        let reach = self.program(spot.scope)?.reach.get(usize::from(first.0));
        Ok(first == join || reach.is_some_and(|reach| reach.contains(&join)))
    }

    /// Fires one join of a scope whose tokens are all there.
    fn fire_join(&mut self, scope: Local) -> Step<bool> {
        let program = self.program(scope)?;
        let Some(join) = self.ready_join(program, scope) else { return Ok(false) };
        let waiting: Vec<Local> = self.tokens_in(scope, |token| token.node == join && token.waits == Waits::Join);
        let Some((first, others)) = waiting.split_first() else { return Ok(false) };
        for other in others {
            self.emit(Event::TokenTaken { token: *other });
        }
        let spot = self.spot(*first)?;
        self.leave(spot, &Name::from("joined"), Ending::default())?;
        Ok(true)
    }

    fn ready_join(&self, program: &Program, scope: Local) -> Option<NodeIx> {
        let tokens = || self.case.tokens.values().filter(move |token| token.scope == scope);
        let joins: BTreeSet<NodeIx> = tokens().filter(|token| token.waits == Waits::Join).map(|token| token.node).collect();
        joins.into_iter().find(|join| !tokens().any(|token| holds_up(program, token, *join)))
    }

    /// Tokens of a scope that satisfy `wanted`, in order.
    pub fn tokens_in(&self, scope: Local, wanted: impl Fn(&Token) -> bool) -> Vec<Local> {
        self.case.tokens.iter().filter(|(_, token)| token.scope == scope && wanted(token)).map(|(id, _)| *id).collect()
    }

    /// An end consumes its token. Beside the scope's work it gives no result; a terminating one takes the other tokens with it.
    fn end(&mut self, spot: Spot, node: &Node, (result, terminate): (&Name, bool)) -> Step<()> {
        self.consume(spot);
        if node.beside {
            return Ok(());
        }
        self.emit(Event::EndReached { scope: spot.scope, step: node.key.clone(), result: result.clone(), terminate });
        if terminate {
            self.cancel_tokens(spot.scope, (None, &Name::from("terminated")), |_| true)?;
        }
        Ok(())
    }
}

/// Whether a join must wait for this token: it can still come without starting the region anew.
pub(super) fn holds_up(program: &Program, token: &Token, join: NodeIx) -> bool {
    let Some(at) = program.nodes.get(usize::from(join.0)) else { return false };
    let NodeKind::Join { split, region } = &at.kind else { return false };
    if token.node == join {
        return false;
    }
    let beside = program.nodes.get(usize::from(token.node.0)).is_some_and(|node| node.beside);
    if beside && !at.beside {
        return false;
    }
    let comes_back = token.back_to.is_some_and(|back| region.contains(&back));
    let reaches = program.reach.get(usize::from(token.node.0)).is_some_and(|reach| reach.contains(&join));
    comes_back || (reaches && (region.contains(&token.node) || way_around(program, token.node, join, *split)))
}

/// Whether `join` can be reached from `from` without passing its split. Through the split a later round begins, and this one does not wait for it:
/// otherwise two joins of nested regions inside a loop would wait for each other for ever.
fn way_around(program: &Program, from: NodeIx, join: NodeIx, split: NodeIx) -> bool {
    let mut seen = BTreeSet::from([from, split]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == join {
            return true;
        }
        if at == split {
            continue;
        }
        for next in program.nodes.get(usize::from(at.0)).map(successors).unwrap_or_default() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// The nodes one edge away.
pub(super) fn successors(node: &Node) -> Vec<NodeIx> {
    let mut next: Vec<NodeIx> = node.next.values().map(|edge| edge.to).collect();
    if let NodeKind::Split { branches, join } = &node.kind {
        next.extend(branches.iter().map(|branch| branch.first));
        next.push(*join);
    }
    next
}

fn no_edge(node: &Node, outcome: &Name) -> crate::engine::draft::Stop {
    match node.kind {
        NodeKind::Join { .. } | NodeKind::Split { .. } | NodeKind::End { .. } => broken(&format!("step {} has no way on", node.key)),
        NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Timer { .. }
        | NodeKind::Call { .. }
        | NodeKind::Document { .. } => Refusal::conflict(
            "outcome_without_edge",
            format!("无法完成步骤 `{}`：流程没有写明结果 `{outcome}` 之后的去向", node.key),
            format!("cannot end step `{}`: the workflow does not say what follows outcome `{outcome}`", node.key),
        )
        .into(),
    }
}
