//! The limits of the steps on the longest way through may not add up to more than what is promised; of parallel branches the longest counts.

use std::collections::BTreeMap;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Callee, Node, NodeIx, NodeKind, Program, TermEnd, TermKind, TermRule, TermStart};
use crate::definition::lower::Lowered;
use crate::definition::reach::successors;
use crate::definition::syntax::Workflow;
use crate::ids::{Name, Text};

/// The longest way so far: its days, and the steps that have a limit with theirs.
#[derive(Clone, Default)]
struct Way<'p> {
    days: u32,
    steps: Vec<(&'p Text, u32)>,
}

/// Holds each promised term against the steps it covers; `all` is the workflow with its parts.
pub(in crate::definition) fn check(workflow: &Workflow, all: &[Lowered], findings: &mut Findings<'_>) {
    let Some(root) = all.iter().map(|lowered| &lowered.program).find(|program| program.name == workflow.name.value) else { return };
    for (limit, term) in workflow.limits.iter().zip(&root.limits) {
        if term.kind != TermKind::Promised {
            continue;
        }
        let way = Sums { all, term }.longest(root);
        if way.days > term.within.days {
            let (days, promised) = (way.days, term.within);
            let zh = format!("环节时限合计 {days} {}，超过承诺的 {}", promised.unit.zh(), promised.zh());
            let en = format!("expected step limits of at most {promised} in all, found {days}");
            let (zh_way, en_way) = (way.listed(|title| &title.zh), way.listed(|title| &title.en));
            let enough = crate::calendar::Span { days, ..promised };
            let zh_help = format!("最长的一路：{zh_way}；缩短某步的 within，或把承诺写成 within: {enough}");
            let en_help = format!("the longest way: {en_way}; shorten the `within` of a step, or promise within: {enough}");
            findings.note(limit.within.at, "GL042", (zh, en)).help(Some((zh_help, en_help)));
        }
    }
}

impl<'p> Way<'p> {
    fn listed(&self, title: impl Fn(&Text) -> &String) -> String {
        self.steps.iter().map(|(of, days)| format!("{} {days}", title(of))).collect::<Vec<_>>().join(" + ")
    }

    fn then(mut self, after: Self) -> Self {
        self.days += after.days;
        self.steps.extend(after.steps);
        self
    }
}

/// One promised term over a workflow and its parts.
#[derive(Clone, Copy)]
struct Sums<'p> {
    all: &'p [Lowered],
    term: &'p TermRule,
}

impl<'p> Sums<'p> {
    /// The longest way the term covers.
    fn longest(self, root: &'p Program) -> Way<'p> {
        match &self.term.from {
            TermStart::Entered => self.through(root),
            TermStart::Outcome { step, outcome } | TermStart::Received { step, outcome } => self.after(step, outcome),
        }
    }

    /// From a step's outcome on; out of a part it goes on behind the step the part belongs to.
    fn after(self, step: &Name, outcome: &Name) -> Way<'p> {
        let mut way = Way::default();
        let Some((mut program, node)) = self.place(|node| node.key == *step) else { return way };
        if let Some(edge) = node.next.get(outcome) {
            way = self.from(program, edge.to, &mut BTreeMap::new());
        }
        // Parts lie within each other as deep as the file is nested.
        while !self.is_met_in(program) {
            let Some((outer, holder)) = self.place(|node| part_of(node) == Some(&program.name)) else { break };
            way = way.then(self.behind(outer, holder, &mut BTreeMap::new()));
            program = outer;
        }
        way
    }

    fn place(self, is_it: impl Fn(&Node) -> bool) -> Option<(&'p Program, &'p Node)> {
        self.all.iter().find_map(|lowered| Some((&lowered.program, lowered.program.nodes.iter().find(|node| is_it(node))?)))
    }

    fn through(self, program: &'p Program) -> Way<'p> {
        self.from(program, program.start, &mut BTreeMap::new())
    }

    /// The longest way from a node, each node looked at once: an edge that leads back to the way it came from is a circle and counts once; side branches
    /// hold nobody up and count nothing.
    fn from(self, program: &'p Program, from: NodeIx, ways: &mut BTreeMap<NodeIx, Option<Way<'p>>>) -> Way<'p> {
        if let Some(known) = ways.get(&from) {
            // A way that is still being walked: this edge closes a circle.
            return known.clone().unwrap_or_default();
        }
        let Some(node) = program.nodes.get(usize::from(from.0)).filter(|node| !node.beside) else { return Way::default() };
        ways.insert(from, None);
        let own = self.own(node);
        let over = self.is_met_at(node);
        let way = if over { own } else { own.then(self.behind(program, node, ways)) };
        ways.insert(from, Some(way.clone()));
        way
    }

    fn behind(self, program: &'p Program, node: &Node, ways: &mut BTreeMap<NodeIx, Option<Way<'p>>>) -> Way<'p> {
        let mut longest = Way::default();
        for next in successors(node) {
            let way = self.from(program, next, ways);
            if way.days > longest.days {
                longest = way;
            }
        }
        longest
    }

    /// A step's own limit, when it counts in the same unit; a part without one takes as long as its steps. Members count once: how many there will be,
    /// nobody knows.
    fn own(self, node: &'p Node) -> Way<'p> {
        if node.stops.as_ref().is_some_and(|cause| self.term.excludes.contains(cause)) {
            return Way::default();
        }
        let limits = node.terms.iter().filter(|own| own.within.unit == self.term.within.unit);
        match (limits.map(|own| own.within.days).max().filter(|days| *days > 0), self.part(node)) {
            (Some(days), _) => Way { days, steps: vec![(&node.title, days)] },
            (None, Some(part)) => self.through(part),
            (None, None) => Way::default(),
        }
    }

    fn part(self, node: &Node) -> Option<&'p Program> {
        let name = part_of(node)?;
        self.all.iter().map(|lowered| &lowered.program).find(|program| program.name == *name)
    }

    /// Whether the term is met at a step, or within it.
    fn is_met_at(self, node: &Node) -> bool {
        matches!(&self.term.until, TermEnd::Outcome { step, .. } if *step == node.key) || self.part(node).is_some_and(|part| self.is_met_in(part))
    }

    fn is_met_in(self, program: &Program) -> bool {
        program.nodes.iter().any(|node| self.is_met_at(node))
    }
}

/// The program of a step with steps of its own. A called workflow has limits of its own.
fn part_of(node: &Node) -> Option<&Name> {
    match &node.kind {
        NodeKind::Call { callee: Callee::Embedded(name), .. } => Some(name),
        NodeKind::Each(rule) => Some(&rule.body),
        NodeKind::Call { callee: Callee::Fixed(_), .. }
        | NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Join { .. }
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => None,
    }
}
