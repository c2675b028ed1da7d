//! What can happen in a marking, as the engine does it: a token leaves its step by an outcome or is sent back, what it reaches is opened, joins fire, ends end.
//! Invariant: one move is one act of the engine with all that follows by itself until a step waits; a table, a posting and a document count as steps that wait.
//! Never: a date, a person, a form; whatever they decide may go either way.

use std::collections::{BTreeMap, BTreeSet};

use super::{Act, FlawKind};
use crate::definition::graph::{Branch, Catch, Edge, JoinRule, Node, NodeIx, NodeKind, Program, Rest, ReturnThen, Thrown};
use crate::definition::reach;
use crate::ids::Name;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// Where it stands.
    pub at: NodeIx,
    /// The step it comes straight back to, when it was sent back.
    pub back_to: Option<NodeIx>,
    /// Nobody waits for it: where its strand began, such as the join it came late for. One token stands for all strands that began there.
    pub side: Option<NodeIx>,
}

/// The tokens of one scope, in order. Tokens that wait at a join may be equal; no others.
pub type Marking = Vec<Token>;

/// Conditional branches of one split whose every subset is tried; of more, only all, none and each alone.
const SUBSETS_BRANCHES_MAX: usize = 4;

/// One move and where it leads.
pub(super) struct Move {
    pub act: Act,
    pub to: Marking,
    pub flaw: Option<(FlawKind, NodeIx)>,
}

/// A program with what moves ask of it again and again.
pub(super) struct Net<'p> {
    pub program: &'p Program,
    /// By join and token: whether the join waits for it.
    held: std::cell::RefCell<BTreeMap<(NodeIx, Token), bool>>,
    /// Nodes that were opened, to tell the dead ones.
    pub opened: std::cell::RefCell<BTreeSet<NodeIx>>,
}

/// A marking on its way to the next.
#[derive(Clone)]
struct Going {
    marking: Marking,
    flaw: Option<(FlawKind, NodeIx)>,
}

impl<'p> Net<'p> {
    pub fn new(program: &'p Program) -> Self {
        Self { program, held: std::cell::RefCell::default(), opened: std::cell::RefCell::default() }
    }

    pub fn node(&self, ix: NodeIx) -> Option<&'p Node> {
        self.program.nodes.get(usize::from(ix.0))
    }

    /// The markings a new scope may begin with.
    pub fn starts(&self) -> Vec<(Marking, Option<(FlawKind, NodeIx)>)> {
        let empty = Going { marking: Vec::new(), flaw: None };
        self.settled(self.arrive(empty, Token { at: self.program.start, back_to: None, side: None }))
            .into_iter()
            .map(|going| (going.marking, going.flaw))
            .collect()
    }

    /// Everything one token can do.
    pub fn moves(&self, marking: &Marking, token: Token) -> Vec<Move> {
        let Some(node) = self.node(token.at) else { return Vec::new() };
        let mut moves = Vec::new();
        if let NodeKind::Join { .. } | NodeKind::Split { .. } | NodeKind::End { .. } = &node.kind {
            return moves;
        }
        if is_left_behind(node, token) {
            let act = Act { step: node.key.clone(), outcome: Name::from("done"), back: false };
            let over = self.settled(vec![Going { marking: without(marking, token), flaw: None }]);
            moves.extend(over.into_iter().map(|going| Move { act: act.clone(), to: going.marking, flaw: going.flaw }));
        } else {
            for (outcome, edge) in &node.next {
                let act = Act { step: node.key.clone(), outcome: outcome.clone(), back: false };
                let mut ways = self.leave(marking, token, *edge);
                if goes_on(node) {
                    let mut more = marking.clone();
                    place(&mut more, Token { side: Some(token.at), ..token });
                    more.dedup();
                    ways.extend(self.leave(&more, token, *edge));
                }
                moves.extend(ways.into_iter().map(|going| Move { act: act.clone(), to: going.marking, flaw: going.flaw }));
            }
        }
        let step = node.events.iter().map(|catch| (catch, true));
        for (catch, of_step) in step.chain(self.program.handlers.iter().map(|catch| (catch, false))) {
            let act = Act { step: node.key.clone(), outcome: catch.key.clone(), back: false };
            let happened = self.happens(marking, token, (catch, of_step));
            moves.extend(happened.into_iter().map(|going| Move { act: act.clone(), to: going.marking, flaw: going.flaw }));
        }
        if let Some(rule) = &node.may_return {
            for target in &rule.to {
                let to = self.node(*target).map_or_else(|| Name::from(""), |node| node.key.clone());
                let act = Act { step: node.key.clone(), outcome: to, back: true };
                let gone = self.send_back(marking, token, *target, rule.then);
                moves.extend(gone.into_iter().map(|going| Move { act: act.clone(), to: going.marking, flaw: going.flaw }));
            }
        }
        moves
    }

    /// Something happens to the token's step, or to the whole: it goes where that leads, or a strand begins beside it.
    fn happens(&self, marking: &Marking, token: Token, (catch, of_step): (&Catch, bool)) -> Vec<Going> {
        let (left, side) = match (catch.interrupting, of_step) {
            (true, true) => (without(marking, token), token.side),
            (true, false) => (Vec::new(), None),
            (false, true) => (marking.clone(), Some(token.at)),
            (false, false) => (marking.clone(), Some(catch.to)),
        };
        self.settled(self.arrive(Going { marking: left, flaw: None }, Token { at: catch.to, back_to: None, side }))
    }

    /// The token leaves by an edge. One that was sent back comes straight home when its step ends as it did before, and walks again when it ends otherwise.
    fn leave(&self, marking: &Marking, token: Token, edge: Edge) -> Vec<Going> {
        let mut rest = without(marking, token);
        let mut ways = Vec::new();
        if let Some(back) = token.back_to {
            let home = Going { marking: rest.clone(), flaw: None };
            ways.extend(self.cross(home, token, Edge { to: back, ..edge }));
            // A step with one outcome cannot end otherwise.
            if self.node(token.at).is_none_or(|node| node.next.len() < 2) {
                return self.settled(ways);
            }
            self.clear_ahead(&mut rest, token, token.at);
        }
        let mut going = Going { marking: rest, flaw: None };
        if token.side.is_none() {
            let mut left = going.marking.clone();
            self.cancel(&mut left, token, edge);
            going.flaw = self.leaves(&left, token.at, edge);
        }
        ways.extend(self.cross(going, token, edge));
        self.settled(ways)
    }

    /// Over an edge, cancelling what it cancels. A strand ends where the region it would leave has gone on without it.
    fn cross(&self, mut going: Going, token: Token, edge: Edge) -> Vec<Going> {
        if let (Some(join), Some(from)) = (edge.cancels, token.side)
            && self.strand_ends(from, join)
        {
            return vec![going];
        }
        self.cancel(&mut going.marking, token, edge);
        self.go(going, token, edge.to)
    }

    fn send_back(&self, marking: &Marking, token: Token, target: NodeIx, then: ReturnThen) -> Vec<Going> {
        let mut rest = without(marking, token);
        let before = target == token.at || self.program.reach.get(usize::from(target.0)).is_some_and(|reach| reach.contains(&token.at));
        // The engine refuses what is not earlier, and what would start the scope's own work anew from beside it.
        if !before || (self.is_beside(token.at) && !self.is_beside(target)) {
            return Vec::new();
        }
        let straight = then == ReturnThen::StraightBack && token.back_to.is_none();
        if !straight {
            self.clear_ahead(&mut rest, token, target);
        }
        let going = Going { marking: rest, flaw: None };
        self.settled(self.arrive(going, Token { at: target, back_to: straight.then_some(token.at), side: token.side }))
    }

    /// Clears what is walked again from `target`. A strand clears only its own.
    fn clear_ahead(&self, marking: &mut Marking, walker: Token, target: NodeIx) {
        let ahead = reach::ahead(self.program, walker.at, target);
        marking.retain(|token| !(is_own(walker, *token) && touches(*token, |at| ahead.contains(&at))));
    }

    /// `on-reject: cancel rest`.
    fn cancel(&self, marking: &mut Marking, walker: Token, edge: Edge) {
        if let Some(join) = edge.cancels
            && let Some(NodeKind::Join { region, .. }) = self.node(join).map(|node| &node.kind)
        {
            marking.retain(|token| !(is_own(walker, *token) && touches(*token, |at| at == join || region.contains(&at))));
        }
    }

    /// Whether a strand ends at a join: the one it came late for, or one around where it began.
    fn strand_ends(&self, from: NodeIx, join: NodeIx) -> bool {
        join == from || matches!(self.node(join).map(|node| &node.kind), Some(NodeKind::Join { region, .. }) if region.contains(&from))
    }

    /// Whether a token that leaves by this edge deserts a region in which others still run: its join will not wait for it.
    fn leaves(&self, rest: &Marking, from: NodeIx, edge: Edge) -> Option<(FlawKind, NodeIx)> {
        let mut region = self.node(from)?.region;
        while let Some(join) = region {
            let node = self.node(join)?;
            let NodeKind::Join { region: inside, .. } = &node.kind else { return None };
            let aside = self.is_beside(from) && !node.beside;
            let ends = self.node(edge.to).is_some_and(|to| matches!(to.kind, NodeKind::End { terminate: true, .. }));
            let inward = edge.to == join || inside.contains(&edge.to);
            // An end of another kind is told as an early one.
            let end = self.node(edge.to).is_some_and(|to| matches!(to.kind, NodeKind::End { .. }));
            let others = rest
                .iter()
                .any(|token| token.side.is_none() && self.is_beside(token.at) == node.beside && touches(*token, |at| at == join || inside.contains(&at)));
            if !inward && !aside && !ends && !end && others {
                return Some((FlawKind::Leaves, from));
            }
            region = node.region;
        }
        None
    }

    fn is_beside(&self, ix: NodeIx) -> bool {
        self.node(ix).is_some_and(|node| node.beside)
    }

    /// Sends a token on. One that leaves a branch nobody waits for is consumed at its border.
    fn go(&self, going: Going, token: Token, to: NodeIx) -> Vec<Going> {
        if self.is_beside(token.at) && !self.is_beside(to) { vec![going] } else { self.arrive(going, Token { at: to, back_to: None, side: token.side }) }
    }

    fn arrive(&self, mut going: Going, token: Token) -> Vec<Going> {
        let at = token.at;
        let Some(node) = self.node(at) else { return vec![going] };
        self.opened.borrow_mut().insert(at);
        match &node.kind {
            NodeKind::Split { branches, join } => return self.split(&going, token, branches, *join),
            NodeKind::End { terminate, .. } => self.end(&mut going, token, *terminate),
            // An error takes everything of its scope with it, to whoever catches it further out.
            NodeKind::Throw { what: Thrown::Error, .. } => self.end(&mut going, token, true),
            NodeKind::Join { .. } if token.side.is_some_and(|from| self.strand_ends(from, at)) => {}
            NodeKind::Join { .. } => place(&mut going.marking, token),
            NodeKind::Task(_)
            | NodeKind::Approve(_)
            | NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Job(_)
            | NodeKind::Timer { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { what: Thrown::Signal | Thrown::Broadcast | Thrown::Escalation, .. }
            | NodeKind::Document { .. } => {
                if going.marking.binary_search(&token).is_err() {
                    place(&mut going.marking, token);
                } else if !node.beside && token.side.is_none() {
                    // However many there are beside, they change nothing for what is waited for: one stands for all. `told` warns of the loop.
                    going.flaw = going.flaw.or(Some((FlawKind::Twice, at)));
                }
            }
        }
        vec![going]
    }

    /// An end gives the scope its result, unless nobody waits for who reaches it; a terminating one takes the rest with it.
    fn end(&self, going: &mut Going, token: Token, terminate: bool) {
        if self.is_beside(token.at) || (token.side.is_some() && !terminate) {
            return;
        }
        if terminate {
            going.marking.clear();
        } else if going.marking.iter().any(|other| other.side.is_none() && !self.is_beside(other.at)) {
            going.flaw = going.flaw.or(Some((FlawKind::EndsEarly, token.at)));
        }
    }

    /// Every choice of conditional branches; with nobody to wait for, the token goes to the join itself.
    fn split(&self, going: &Going, token: Token, branches: &[Branch], join: NodeIx) -> Vec<Going> {
        let mut all = Vec::new();
        let to = |at: NodeIx| Token { at, back_to: None, side: token.side };
        for taken in choices(branches) {
            let mut ways = vec![going.clone()];
            let mut awaited = false;
            for first in taken {
                awaited |= self.is_awaited(token.at, first, join);
                ways = ways.into_iter().flat_map(|way| self.arrive(way, to(first))).collect();
            }
            if !awaited {
                ways = ways.into_iter().flat_map(|way| self.arrive(way, to(join))).collect();
            }
            all.extend(ways);
        }
        all
    }

    fn is_awaited(&self, split: NodeIx, first: NodeIx, join: NodeIx) -> bool {
        if !self.is_beside(split) {
            return !self.is_beside(first);
        }
        first == join || self.program.reach.get(usize::from(first.0)).is_some_and(|reach| reach.contains(&join))
    }

    /// Fires every join that is ready, then ends the scope when nobody is awaited.
    fn settled(&self, mut open: Vec<Going>) -> Vec<Going> {
        let mut done = Vec::new();
        // A join that fires leads on to another at most as often as there are nodes; a circle of joins alone is refused before.
        let mut fires_left = (self.program.nodes.len() + 1) * (open.len() + 1);
        while let Some(mut going) = open.pop() {
            let ready = self.ready(&going.marking).filter(|_| going.flaw.is_none() && fires_left > 0);
            if let Some((join, side)) = ready {
                fires_left -= 1;
                match self.fire(going, join, side) {
                    Ok(on) => open.extend(on),
                    Err(stuck) => done.push(stuck),
                }
                continue;
            }
            if going.marking.iter().all(|token| self.is_beside(token.at)) {
                going.marking.clear();
            }
            done.push(going);
        }
        done
    }

    fn fire(&self, mut going: Going, join: NodeIx, side: Option<NodeIx>) -> Result<Vec<Going>, Going> {
        going.marking.retain(|token| token.at != join || token.side != side);
        let token = Token { at: join, back_to: None, side };
        if let Some(NodeKind::Join { rule: JoinRule::First { rest, .. }, region, .. }) = self.node(join).map(|node| &node.kind) {
            self.rest(&mut going.marking, token, region, *rest);
        }
        let Some(edge) = self.node(join).and_then(|node| node.next.values().next()).copied() else {
            going.flaw = Some((FlawKind::Stuck, join));
            return Err(going);
        };
        if side.is_none() {
            let mut left = going.marking.clone();
            self.cancel(&mut left, token, edge);
            going.flaw = self.leaves(&left, join, edge);
        }
        Ok(self.cross(going, token, edge))
    }

    /// What becomes of the branches that did not make it to a join of the first few.
    fn rest(&self, marking: &mut Marking, walker: Token, region: &BTreeSet<NodeIx>, rest: Rest) {
        let awaited = |at: NodeIx| region.contains(&at) && self.is_beside(at) == self.is_beside(walker.at);
        match rest {
            Rest::Cancel => marking.retain(|token| !(is_own(walker, *token) && touches(*token, awaited))),
            Rest::Continue => {
                for token in marking.iter_mut().filter(|token| token.side == walker.side && touches(**token, awaited)) {
                    token.side = Some(walker.at);
                }
                marking.sort_unstable();
                marking.dedup_by(|one, other| one == other && one.side.is_some());
            }
        }
    }

    fn ready(&self, marking: &Marking) -> Option<(NodeIx, Option<NodeIx>)> {
        let waits = |token: &&Token| matches!(self.node(token.at).map(|node| &node.kind), Some(NodeKind::Join { .. }));
        let joins: BTreeSet<(NodeIx, Option<NodeIx>)> = marking.iter().filter(waits).map(|token| (token.at, token.side)).collect();
        joins.into_iter().find(|(join, side)| {
            let own = || marking.iter().filter(|token| token.side == *side);
            let enough = match self.node(*join).map(|node| &node.kind) {
                Some(NodeKind::Join { rule: JoinRule::First { count, .. }, .. }) => own().filter(|token| token.at == *join).count() >= usize::from(*count),
                Some(_) | None => false,
            };
            enough || !own().any(|token| self.holds_up(*token, *join))
        })
    }

    fn holds_up(&self, token: Token, join: NodeIx) -> bool {
        *self.held.borrow_mut().entry((join, token)).or_insert_with(|| reach::holds_up(self.program, (token.at, token.back_to), join))
    }
}

/// The first steps of the branches taken, for each choice worth trying. The default one is taken when no condition holds, and only then.
fn choices(branches: &[Branch]) -> Vec<Vec<NodeIx>> {
    let open: Vec<usize> = (0..branches.len()).filter(|ix| branches.get(*ix).is_some_and(|branch| branch.when.is_some())).collect();
    let chosen = |skips: &dyn Fn(usize) -> bool| -> Vec<NodeIx> {
        let none = open.iter().all(|ix| skips(*ix));
        let taken = |(ix, branch): &(usize, &Branch)| if branch.default { none } else { branch.when.is_none() || !skips(*ix) };
        branches.iter().enumerate().filter(taken).map(|(_, branch)| branch.first).collect()
    };
    if open.len() <= SUBSETS_BRANCHES_MAX {
        let bit = |ix: usize| open.iter().position(|other| *other == ix).unwrap_or(0);
        return (0..1_usize << open.len()).map(|skipped| chosen(&|ix| skipped & (1 << bit(ix)) != 0)).collect();
    }
    let mut all = vec![chosen(&|_| false), chosen(&|_| true)];
    all.extend(open.iter().map(|only| chosen(&|ix| ix != *only)));
    all
}

fn without(marking: &Marking, token: Token) -> Marking {
    let mut rest = marking.clone();
    if let Ok(at) = rest.binary_search(&token) {
        rest.remove(at);
    }
    rest
}

/// A step for each member whose outcome was certain before all had answered: its members go on, and nobody waits for them.
fn goes_on(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Each(rule) if rule.complete.as_ref().is_some_and(|complete| complete.rest == Rest::Continue))
}

/// The token of such a step, after another has gone on in its place.
fn is_left_behind(node: &Node, token: Token) -> bool {
    matches!(node.kind, NodeKind::Each(_)) && token.side == Some(token.at)
}

fn place(marking: &mut Marking, token: Token) {
    let at = marking.binary_search(&token).unwrap_or_else(|at| at);
    marking.insert(at, token);
}

/// Whether a token is cancelled with what `walker` cancels: what is waited for cancels every strand, a strand only itself.
fn is_own(walker: Token, token: Token) -> bool {
    walker.side.is_none() || walker.side == token.side
}

/// Whether a token stands at such a node, or will come straight back to one.
fn touches(token: Token, which: impl Fn(NodeIx) -> bool) -> bool {
    which(token.at) || token.back_to.is_some_and(which)
}
