//! How tokens walk: entering a node, leaving it by an outcome, splitting, joining, ending.
//! Invariant: every token that arrives is placed, moved on or consumed before the act ends, and a join fires only when nobody it waits for can still come.
//! Never: a wait inside a walk; whatever must wait leaves its token standing.

use std::collections::BTreeMap;

use crate::definition::graph::{Branch, Deem, Node, NodeIx, NodeKind};
use crate::engine::case::{BodyRef, Local, Token, Waits};
use crate::engine::draft::{Draft, Spot, Step, around, broken};
use crate::engine::event::Event;
use crate::engine::happenings::Catcher;
use crate::engine::refusal::Refusal;
use crate::engine::side::ends_at;
use crate::expr::Value;
use crate::ids::{Name, PersonId};

/// How a step ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending<'d> {
    pub by: Option<PersonId>,
    pub task: Option<Local>,
    pub body: Option<BodyRef>,
    pub deemed: Option<&'d Deem>,
    pub why: Option<String>,
    pub fields: BTreeMap<Name, Value>,
}

impl Draft<'_> {
    /// Walks on until every token waits: first the tokens on their way, then the joins and ends they made possible.
    pub fn run(&mut self) -> Step<()> {
        loop {
            while let Some(spot) = self.arrivals.pop_front() {
                self.count_step()?;
                self.enter(spot)?;
            }
            if self.unlock()? {
                continue;
            }
            let Some(scope) = self.touched.first().copied() else { return Ok(()) };
            self.count_step()?;
            if !self.case.scopes.contains_key(&scope) || (!self.fire_join(scope)? && !self.finish_scope(scope)?) {
                self.touched.remove(&scope);
            }
        }
    }

    /// A step whose lock another step holds waits before it begins.
    fn enter(&mut self, spot: Spot) -> Step<()> {
        let node = self.node(spot.scope, spot.node)?;
        match &node.lock {
            Some(lock) if self.is_locked(spot, lock)? => {
                self.stand(spot, node, Waits::Lock(lock.clone()));
                Ok(())
            }
            Some(_) | None => self.begin(spot),
        }
    }

    /// A step begins.
    pub fn begin(&mut self, spot: Spot) -> Step<()> {
        let node = self.node(spot.scope, spot.node)?;
        match &node.kind {
            NodeKind::Task(rule) => self.offer_task(spot, node, rule),
            NodeKind::Approve(rule) => self.open_group(spot, node, rule),
            NodeKind::Decide(table) => self.consult_table(spot, node, table),
            NodeKind::Post { account, amount, settle, otherwise } => self.reserve(spot, (account, amount), (settle, *otherwise)),
            NodeKind::Message { name, queue_for, heard } => self.await_message(spot, node, (name, *heard, *queue_for)),
            NodeKind::Job(rule) => self.offer_job(spot, node, rule),
            NodeKind::Each(rule) => self.open_fan(spot, node, rule),
            NodeKind::Throw { what, name } => self.throw(spot, node, (*what, name)),
            NodeKind::Timer { span, publishes: _ } => self.set_timer(spot, node, *span),
            NodeKind::Split { branches, join } => self.split(spot, branches, *join),
            NodeKind::Join { .. } => self.arrive_at_join(spot, node),
            NodeKind::Call { callee, with, returns: _ } => self.call(spot, node, (callee, with)),
            NodeKind::Document { kind, number } => self.issue(spot, node, (kind, number.as_ref())),
            NodeKind::End { result, terminate } => self.end(spot, node, (result, *terminate)),
        }
    }

    /// A token stands at a node and waits; terms it stops stand still, and the step's own begin.
    pub fn place(&mut self, spot: Spot, node: &Node, waits: Waits) -> Step<()> {
        self.stand(spot, node, waits);
        if let Some(cause) = &node.stops {
            self.stop_terms(spot, cause);
        }
        self.start_step_terms(spot, node)?;
        self.arm_events(Catcher::Step(spot.token))
    }

    fn stand(&mut self, spot: Spot, node: &Node, waits: Waits) {
        self.emit(Event::TokenPlaced {
            token: spot.token,
            scope: spot.scope,
            node: spot.node,
            step: node.key.clone(),
            waits,
            back_to: spot.back_to,
            side: spot.side,
            at: self.facts.now,
        });
        self.touched.insert(spot.scope);
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
            fields: ending.fields,
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
        let program = self.program(spot.scope)?;
        match edge.cancels {
            // The region it would leave has gone on without it.
            Some(join) if spot.side.is_some_and(|side| ends_at(program, side, join)) => self.consume(spot),
            Some(join) => {
                self.cancel_region(spot, join)?;
                self.go(spot, node, to)?;
            }
            None => self.go(spot, node, to)?,
        }
        // A part of a workflow begins and meets the limits of the whole.
        for scope in around(&self.case, spot.scope) {
            self.outcome_terms(scope, (&node.key, outcome), from_receipt)?;
        }
        Ok(())
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
        let mut chosen = false;
        for branch in branches.iter().filter(|branch| !branch.default) {
            let taken = match &branch.when {
                Some(when) => self.condition(spot.scope, when)?,
                None => true,
            };
            chosen |= taken && branch.when.is_some();
            firsts.push((branch, taken));
        }
        firsts.extend(branches.iter().filter(|branch| branch.default).map(|branch| (branch, !chosen)));
        for (branch, taken) in firsts {
            if !taken {
                self.emit(Event::BranchSkipped { scope: spot.scope, step: branch.key.clone() });
                continue;
            }
            awaited |= self.is_awaited(spot, branch.first, join)?;
            let token = self.local();
            self.arrivals.push_back(Spot { token, scope: spot.scope, node: branch.first, back_to: None, side: spot.side });
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

    /// Tokens of a scope that satisfy `wanted`, in order.
    pub fn tokens_in(&self, scope: Local, wanted: impl Fn(&Token) -> bool) -> Vec<Local> {
        self.case.tokens.iter().filter(|(_, token)| token.scope == scope && wanted(token)).map(|(id, _)| *id).collect()
    }

    /// An end consumes its token. Beside the scope's work it gives no result; a terminating one takes the other tokens with it.
    fn end(&mut self, spot: Spot, node: &Node, (result, terminate): (&Name, bool)) -> Step<()> {
        self.consume(spot);
        // Nobody waits for it, so it gives no result; but an end that its author made a terminating one ends the rest all the same.
        if node.beside || (spot.side.is_some() && !terminate) {
            return Ok(());
        }
        self.emit(Event::EndReached { scope: spot.scope, step: node.key.clone(), result: result.clone(), terminate });
        if terminate {
            self.cancel_tokens(spot.scope, (None, &Name::from("terminated")), |_, _| true)?;
        }
        Ok(())
    }
}

fn no_edge(node: &Node, outcome: &Name) -> crate::engine::draft::Stop {
    match node.kind {
        NodeKind::Join { .. } | NodeKind::Split { .. } | NodeKind::End { .. } => broken(&format!("step {} has no way on", node.key)),
        NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. } => Refusal::conflict(
            "outcome_without_edge",
            format!("无法完成步骤 `{}`：流程没有写明结果 `{outcome}` 之后的去向", node.key),
            format!("cannot end step `{}`: the workflow does not say what follows outcome `{outcome}`", node.key),
        )
        .into(),
    }
}
