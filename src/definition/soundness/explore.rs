//! The walk over the markings, in the order of distance from the start, and the judgement over all of them.
//! Invariant: the path to a marking is the first that was found, which in this order is one of the shortest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::moves::{Marking, Net, Token};
use super::{Act, Flaw, FlawKind, Proof, regions};
use crate::definition::graph::{Node, NodeIx, NodeKind, Program};

/// The markings walked so far.
pub struct Walk<'p> {
    net: Net<'p>,
    seen: BTreeMap<Marking, usize>,
    states: Vec<State>,
    flaws: Vec<(FlawKind, NodeIx, usize, Option<Act>)>,
    complete: bool,
    states_max: usize,
    /// By node: whether a token there may be walked before the others. Empty when every order is to be tried.
    alone: Vec<bool>,
}

struct State {
    marking: Marking,
    from: Option<(usize, Act)>,
    next: Vec<usize>,
    /// It ended, or what follows it is told as a flaw of its own.
    closed: bool,
}

/// Walks a workflow; where branches change nothing for each other they are walked one after another.
#[must_use]
pub fn explore(program: &Program, states_max: usize) -> Walk<'_> {
    walk(program, states_max, regions::alone(program))
}

/// Walks a workflow in every order of its branches.
#[must_use]
pub fn explore_all(program: &Program, states_max: usize) -> Walk<'_> {
    walk(program, states_max, Vec::new())
}

fn walk(program: &Program, states_max: usize, alone: Vec<bool>) -> Walk<'_> {
    let mut walk = Walk { net: Net::new(program), seen: BTreeMap::new(), states: Vec::new(), flaws: Vec::new(), complete: true, states_max, alone };
    for (marking, flaw) in walk.net.starts() {
        walk.reach(marking, flaw, None);
    }
    walk.run();
    walk
}

/// A move, where it leads, and what is wrong with it.
type Moved = (Act, Marking, Option<(FlawKind, NodeIx)>);

impl Walk<'_> {
    /// Whether the tokens of a scope can stand so.
    #[must_use]
    pub fn reached(&self, marking: &Marking) -> bool {
        self.seen.contains_key(marking)
    }

    /// Whether every reachable marking was looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether something is stuck or dead in this order of walking, which another order may judge otherwise.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.complete && (!self.stuck().is_empty() || (self.flaws.is_empty() && self.dead().next().is_some()))
    }

    fn run(&mut self) {
        let mut open: VecDeque<usize> = (0..self.states.len()).collect();
        while let Some(from) = open.pop_front() {
            let Some(marking) = self.states.get(from).filter(|state| !state.closed).map(|state| state.marking.clone()) else { continue };
            for (act, to, flaw) in self.moves(&marking) {
                if self.states.len() >= self.states_max && !self.seen.contains_key(&to) {
                    self.complete = false;
                    return;
                }
                let known = self.states.len();
                let at = self.reach(to, flaw, Some((from, act)));
                if let Some(state) = self.states.get_mut(from) {
                    match at {
                        Some(at) => state.next.push(at),
                        // The flaw is told; whoever comes this far is not told to be stuck as well.
                        None => state.closed = true,
                    }
                }
                open.extend(known..self.states.len());
            }
        }
    }

    /// The moves worth trying: those of the first token that changes nothing for the others, or of every token.
    fn moves(&self, marking: &Marking) -> Vec<Moved> {
        let mut all = Vec::new();
        // The end of the scope takes side branches with it, so they go first.
        let (aside, awaited): (Vec<Token>, Vec<Token>) =
            tokens(marking).partition(|token| token.side.is_some() || self.net.node(token.at).is_some_and(|node| node.beside));
        for token in aside.into_iter().chain(awaited) {
            let moves = self.net.moves(marking, token);
            let alone = token.side.is_none() && self.alone.get(usize::from(token.back_to.unwrap_or(token.at).0)) == Some(&true);
            let moved = moves.into_iter().map(|one| (one.act, one.to, one.flaw));
            if alone && !self.is_waiting(token) {
                return moved.collect();
            }
            all.extend(moved);
        }
        all
    }

    /// A token that can do nothing is passed over, so that the others are walked all the same.
    fn is_waiting(&self, token: Token) -> bool {
        self.net.node(token.at).is_none_or(|node| node.next.is_empty() || matches!(node.kind, NodeKind::Join { .. }))
    }

    fn reach(&mut self, marking: Marking, flaw: Option<(FlawKind, NodeIx)>, from: Option<(usize, Act)>) -> Option<usize> {
        if let Some((kind, at)) = flaw {
            if !self.flaws.iter().any(|(other, there, _, _)| (*other, *there) == (kind, at)) {
                let (before, act) = from.map_or((0, None), |(before, act)| (before, Some(act)));
                self.flaws.push((kind, at, before, act));
            }
            return None;
        }
        if let Some(at) = self.seen.get(&marking) {
            return Some(*at);
        }
        let at = self.states.len();
        self.seen.insert(marking.clone(), at);
        self.states.push(State { closed: marking.is_empty(), marking, from, next: Vec::new() });
        Some(at)
    }

    /// What all of it means.
    #[must_use]
    pub fn judge(self) -> Proof {
        let mut flaws: Vec<Flaw> = self.flaws.iter().map(|(kind, at, before, act)| self.flaw(*kind, *at, *before, act.clone())).collect();
        let mut complete = self.complete;
        if complete {
            for (state, at) in self.stuck() {
                match self.confirmed(state) {
                    Some(true) => {
                        let kind = if self.is_join(at) { FlawKind::JoinWaits } else { FlawKind::Stuck };
                        if !flaws.iter().any(|flaw| (flaw.kind, flaw.at) == (kind, at)) {
                            flaws.push(self.flaw(kind, at, state, None));
                        }
                    }
                    Some(false) => {}
                    None => complete = false,
                }
            }
            // With a flaw, what lies behind it was not walked.
            if complete && flaws.is_empty() {
                flaws.extend(self.dead().map(|at| Flaw { kind: FlawKind::Dead, at, path: Vec::new() }));
            }
        }
        flaws.sort_by_key(|flaw| (flaw.path.len(), flaw.at));
        Proof { states: self.states.len(), complete, flaws }
    }

    fn flaw(&self, kind: FlawKind, at: NodeIx, before: usize, act: Option<Act>) -> Flaw {
        let mut path: Vec<Act> = act.into_iter().collect();
        let mut here = self.states.get(before);
        while let Some((from, act)) = here.and_then(|state| state.from.clone()) {
            path.push(act);
            here = self.states.get(from);
        }
        path.reverse();
        Flaw { kind, at, path }
    }

    /// The first markings from which no end can be reached, with the place to tell it at.
    fn stuck(&self) -> Vec<(usize, NodeIx)> {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.states.len()];
        for (from, state) in self.states.iter().enumerate() {
            for to in &state.next {
                if let Some(before) = before.get_mut(*to) {
                    before.push(from);
                }
            }
        }
        let mut ends = vec![false; self.states.len()];
        let mut open: Vec<usize> = (0..self.states.len()).filter(|at| self.states.get(*at).is_some_and(|state| state.closed)).collect();
        while let Some(at) = open.pop() {
            if let Some(end) = ends.get_mut(at).filter(|end| !**end) {
                *end = true;
                open.extend(before.get(at).into_iter().flatten());
            }
        }
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for (at, state) in self.states.iter().enumerate().filter(|(at, _)| !ends[*at]) {
            let fresh = state.from.as_ref().is_none_or(|(from, _)| ends[*from]);
            let last = state.next.is_empty();
            if (fresh || last)
                && let Some(place) = self.place(&state.marking)
                && told.insert(place)
            {
                found.push((at, place));
            }
        }
        found
    }

    /// Where a marking that cannot go on is told: at the join that waits, else at the first step that stands.
    fn place(&self, marking: &Marking) -> Option<NodeIx> {
        let open = marking.iter().map(|token| token.at);
        let blocked = open.clone().find(|at| self.net.node(*at).is_some_and(|node| node.next.is_empty()));
        blocked.or_else(|| open.clone().find(|at| self.is_join(*at))).or_else(|| marking.first().map(|token| token.at))
    }

    fn is_join(&self, at: NodeIx) -> bool {
        matches!(self.net.node(at).map(|node| &node.kind), Some(NodeKind::Join { .. }))
    }

    /// Whether a marking is stuck in every order of its branches: another branch may still cancel the one that goes nowhere. `None`: the bound came first.
    fn confirmed(&self, state: usize) -> Option<bool> {
        let start = self.states.get(state)?.marking.clone();
        let mut seen = BTreeSet::from([start.clone()]);
        let mut open = vec![start];
        while let Some(marking) = open.pop() {
            for step in tokens(&marking).flat_map(|token| self.net.moves(&marking, token)) {
                if step.to.is_empty() || step.flaw.is_some() {
                    return Some(false);
                }
                if seen.len() >= self.states_max {
                    return None;
                }
                if seen.insert(step.to.clone()) {
                    open.push(step.to);
                }
            }
        }
        Some(true)
    }

    /// Nodes that an edge leads to and no way of acting.
    fn dead(&self) -> impl Iterator<Item = NodeIx> {
        let opened = self.net.opened.borrow();
        let named = (0_u16..).map(NodeIx).zip(&self.net.program.nodes);
        let dead = named.filter(|(ix, node)| !(opened.contains(ix) || is_of_race(node) || (node.beside && matches!(node.kind, NodeKind::End { .. }))));
        dead.map(|(ix, _)| ix).collect::<Vec<_>>().into_iter()
    }
}

/// The join of a race is there for what is around it, and never reached.
fn is_of_race(node: &Node) -> bool {
    node.next.is_empty() && matches!(node.kind, NodeKind::Join { .. })
}

/// Each token once.
fn tokens(marking: &Marking) -> impl Iterator<Item = Token> {
    let mut tokens = marking.clone();
    tokens.dedup();
    tokens.into_iter()
}
