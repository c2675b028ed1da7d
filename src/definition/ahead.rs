//! What follows when a step ends with an outcome, and the sentence that says so beside the button.
//! Invariant: read off the program alone, so that a person is told before deciding what the engine will do after. Never: a promise about what only a case decides; where a
//! table, an account or another branch decides, the sentence says that it does.

use std::collections::BTreeSet;

use crate::calendar::Span;
use crate::definition::graph::{Edge, Node, NodeIx, NodeKind, Pool, Program, ReturnThen, TermEnd, TermKind, TermRule, TermStart};
use crate::ids::{Name, Text};

mod sentence;

pub use sentence::Names;

/// One thing that follows.
#[derive(Clone, Debug)]
pub enum Ahead<'p> {
    /// A limit of the whole link is met.
    Met(&'p TermRule),
    /// One begins.
    Begins {
        /// The limit.
        rule: &'p TermRule,
        /// It counts from the day the papers were received.
        from_receipt: bool,
    },
    /// The case takes this rank.
    Ranked(i16),
    /// What still runs beside it, up to this join, is cancelled.
    Cancels(&'p Text),
    /// A document is issued.
    Issues(&'p Text),
    /// Somebody is asked.
    Asks {
        /// The step.
        title: &'p Text,
        /// Who.
        by: &'p Pool,
        /// How long they have.
        within: Option<Span>,
    },
    /// Several are asked, each in a seat.
    AsksGroup {
        /// The step.
        title: &'p Text,
        /// How many seats.
        seats: usize,
        /// How long they have.
        within: Option<Span>,
    },
    /// A table decides how it goes on.
    Judges(&'p Text),
    /// An amount is reserved, when there is enough.
    Reserves(&'p Text),
    /// It waits for word from elsewhere.
    AwaitsWord(&'p Text),
    /// An outside system does something.
    Outside(&'p Text),
    /// It waits a minimum period.
    AwaitsTime {
        /// The step.
        title: &'p Text,
        /// How long.
        span: Span,
    },
    /// Limits that stand still meanwhile.
    Stops(Vec<TermKind>),
    /// Several branches begin at once.
    Splits {
        /// What it is called.
        title: &'p Text,
        /// The first step of each branch; a branch whose condition does not hold is skipped.
        branches: Vec<&'p Text>,
    },
    /// It waits until the other branches are done; then this.
    Joins(Option<&'p Text>),
    /// Another procedure begins.
    Calls(&'p Text),
    /// A branch that nobody waits for ends; nothing else is touched.
    EndsAside,
    /// The link (or the case) ends so.
    Ends {
        /// What the end is called.
        title: &'p Text,
        /// It ends what else runs.
        terminates: bool,
    },
}

/// What follows when `node` of `program` ends with `outcome`, in order, up to where somebody or something must act.
#[must_use]
pub fn ahead<'p>(program: &'p Program, node: &'p Node, outcome: &str) -> Vec<Ahead<'p>> {
    let mut follows = limits(program, node, outcome);
    follows.extend(node.ranks.get(outcome).map(|rank| Ahead::Ranked(*rank)));
    let Some(edge) = node.next.get(outcome) else { return follows };
    if let Some(join) = edge.cancels.and_then(|join| at(program, join)) {
        follows.push(Ahead::Cancels(&join.title));
    }
    walk(program, *edge, &mut follows);
    follows
}

/// What follows a return to `to`.
#[must_use]
pub fn returned<'p>(program: &'p Program, node: &'p Node, to: &str) -> Option<(&'p Node, ReturnThen)> {
    let rule = node.may_return.as_ref()?;
    let target = rule.to.iter().filter_map(|ix| at(program, *ix)).find(|node| *node.key == *to)?;
    Some((target, rule.then))
}

/// Limits of the whole link that this outcome meets or begins.
fn limits<'p>(program: &'p Program, node: &Node, outcome: &str) -> Vec<Ahead<'p>> {
    let met =
        |rule: &&TermRule| matches!(&rule.until, TermEnd::Outcome { step, outcomes } if *step == node.key && outcomes.iter().any(|one| **one == *outcome));
    let begun = |rule: &'p TermRule| match &rule.from {
        TermStart::Outcome { step, outcome: on } if *step == node.key && **on == *outcome => Some(Ahead::Begins { rule, from_receipt: false }),
        TermStart::Received { step, outcome: on } if *step == node.key && **on == *outcome => Some(Ahead::Begins { rule, from_receipt: true }),
        TermStart::Entered | TermStart::Outcome { .. } | TermStart::Received { .. } => None,
    };
    let met = program.limits.iter().filter(met).map(Ahead::Met);
    met.chain(program.limits.iter().filter_map(begun)).collect()
}

fn at(program: &Program, ix: NodeIx) -> Option<&Node> {
    program.nodes.get(usize::from(ix.0))
}

fn walk<'p>(program: &'p Program, edge: Edge, follows: &mut Vec<Ahead<'p>>) {
    let (mut here, mut seen) = (edge.to, BTreeSet::new());
    while let Some(node) = at(program, here).filter(|_| seen.insert(here)) {
        follows.extend(arrive(program, node));
        follows.extend(stopped(program, node));
        // Only a document goes on by itself without anything to be decided.
        match &node.kind {
            NodeKind::Document { .. } => match node.next.values().next() {
                Some(edge) => here = edge.to,
                None => return,
            },
            NodeKind::Task(_)
            | NodeKind::Approve(_)
            | NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Job(_)
            | NodeKind::Timer { .. }
            | NodeKind::Split { .. }
            | NodeKind::Join { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { .. }
            | NodeKind::End { .. } => return,
        }
    }
}

fn arrive<'p>(program: &'p Program, node: &'p Node) -> Option<Ahead<'p>> {
    let title = &node.title;
    let within = node.terms.first().map(|term| term.within);
    Some(match &node.kind {
        NodeKind::Task(rule) => Ahead::Asks { title, by: &rule.by, within },
        NodeKind::Approve(rule) => Ahead::AsksGroup { title, seats: rule.seats.len(), within },
        NodeKind::Decide(_) => Ahead::Judges(title),
        NodeKind::Post { .. } => Ahead::Reserves(title),
        NodeKind::Message { .. } => Ahead::AwaitsWord(title),
        NodeKind::Job(_) => Ahead::Outside(title),
        NodeKind::Timer { span, .. } => Ahead::AwaitsTime { title, span: *span },
        NodeKind::Split { branches, .. } => {
            Ahead::Splits { title, branches: branches.iter().filter_map(|branch| at(program, branch.first)).map(|node| &node.title).collect() }
        }
        NodeKind::Join { .. } => Ahead::Joins(node.next.values().next().and_then(|edge| at(program, edge.to)).map(|next| &next.title)),
        NodeKind::Call { .. } | NodeKind::Each(_) => Ahead::Calls(title),
        NodeKind::Throw { .. } => return None,
        NodeKind::Document { .. } => Ahead::Issues(title),
        NodeKind::End { .. } if node.beside => Ahead::EndsAside,
        NodeKind::End { terminate, .. } => Ahead::Ends { title, terminates: *terminate },
    })
}

/// The limits of the link that stand still while a token is at the node.
fn stopped<'p>(program: &Program, node: &Node) -> Option<Ahead<'p>> {
    let cause: &Name = node.stops.as_ref()?;
    let kinds: BTreeSet<TermKind> = program.limits.iter().filter(|rule| rule.excludes.contains(cause)).map(|rule| rule.kind).collect();
    (!kinds.is_empty()).then(|| Ahead::Stops(kinds.into_iter().collect()))
}
