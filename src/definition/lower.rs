//! From the syntax to the token graph. Names are resolved here, and every name that leads nowhere is noted.
//! Invariant: a program comes out only when nothing was noted, so every index in it is good and every outcome has its edge.
//! Never: a meaning that the author did not write, except those the language fixes (a branch ends in its join).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Branch, Edge, Node, NodeIx, NodeKind, Program};
use crate::definition::parts::Parts;
use crate::definition::syntax::{Kind, Next, Parallel, Step, Word, Workflow};
use crate::expr::Type;
use crate::ids::{Name, Text};
use crate::source::Place;

mod edges;
mod kinds;
mod names;
mod plan;
mod readable;
mod terms;

use plan::{Plan, Planned, Slot};

/// A program with the place of each of its nodes.
#[derive(Debug)]
pub(super) struct Lowered {
    /// The program.
    pub program: Program,
    /// Where each node was written.
    pub places: Vec<Place>,
}

/// Compiles one workflow; what is wrong with it goes to `findings`.
pub(super) fn lower(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) -> Option<Lowered> {
    let plan = plan::plan(workflow, findings);
    let lowering = Lowering { workflow, parts, plan: &plan };
    let mut nodes = Vec::with_capacity(plan.nodes.len());
    for planned in &plan.nodes {
        nodes.push(lowering.node(planned, findings));
    }
    let limits = lowering.limits(findings);
    let form = workflow.form.as_ref().map(|file| lowering.form(file, findings));
    let nodes: Vec<Node> = nodes.into_iter().collect::<Option<_>>()?;
    if nodes.is_empty() || !findings.is_empty() {
        return None;
    }
    let program = Program {
        name: workflow.name.value.clone(),
        title: workflow.title.clone(),
        nature: workflow.nature?,
        basis: workflow.basis.iter().map(|basis| basis.text.clone()).collect(),
        number: workflow.number.clone(),
        form: form.flatten(),
        limits,
        reach: reach(&nodes),
        nodes,
        start: NodeIx(0),
    };
    Some(Lowered { program, places: plan.nodes.iter().map(|planned| planned.at).collect() })
}

/// What every part of the lowering looks at.
struct Lowering<'w> {
    workflow: &'w Workflow,
    parts: &'w Parts,
    plan: &'w Plan<'w>,
}

impl Lowering<'_> {
    fn node(&self, planned: &Planned<'_>, findings: &mut Findings<'_>) -> Option<Node> {
        let blank = |title: Text, kind: NodeKind| Node {
            key: planned.key.clone(),
            title,
            kind,
            next: BTreeMap::new(),
            terms: Vec::new(),
            stops: None,
            region: planned.home.region.and_then(|split| self.plan.join_of(split)),
            beside: planned.home.beside,
            ranks: BTreeMap::new(),
            may_return: None,
        };
        match planned.slot {
            Slot::Step(step) => self.step(planned, step, blank, findings),
            Slot::Join { step, split } => {
                let title = step.title.clone().unwrap_or_default();
                let title = Text { zh: title.zh + "：汇合", en: title.en + ": all done" };
                let mut node = blank(title, NodeKind::Join { split, region: self.plan.inside(split) });
                node.next = self.join_edges(planned, step, findings);
                Some(node)
            }
            Slot::BesideEnd => {
                let title = Text { zh: "旁支结束".into(), en: "Side branch over".into() };
                Some(blank(title, NodeKind::End { result: Name::from("beside"), terminate: false }))
            }
        }
    }

    fn step(&self, planned: &Planned<'_>, step: &Step, blank: impl Fn(Text, NodeKind) -> Node, findings: &mut Findings<'_>) -> Option<Node> {
        let kind = self.kind(planned, step, findings);
        let next = self.edges(planned, step, findings);
        let terms = self.step_terms(step, findings);
        let may_return = self.may_return(step, findings);
        let ranks = self.ranks(step, findings);
        let title = self.title(step, findings);
        let mut node = blank(title, kind?);
        node.next = next;
        node.terms = terms;
        node.stops = step.stops.as_ref().map(|cause| cause.value.clone());
        node.may_return = may_return;
        node.ranks = ranks;
        Some(node)
    }

    /// A step has a title; an end may do with its result.
    fn title(&self, step: &Step, findings: &mut Findings<'_>) -> Text {
        if let Some(title) = &step.title {
            return title.clone();
        }
        match &step.kind {
            Kind::End { result, .. } => return Text { zh: result.value.to_string(), en: result.value.to_string() },
            Kind::Call(callee) => {
                if let Some(called) = self.parts.workflows.get(&*callee.value) {
                    return called.title.clone();
                }
            }
            Kind::Broken => return Text::default(),
            Kind::Task(_)
            | Kind::Approve(_)
            | Kind::Decide(_)
            | Kind::Post(_)
            | Kind::Timer { .. }
            | Kind::Message { .. }
            | Kind::Parallel(_)
            | Kind::Document { .. } => {
                let key = &step.key.value;
                let sentences = (format!("步骤 `{key}` 没有名称"), format!("expected `title` in step `{key}`, found no such key"));
                findings.note(step.key.at, "GL003", sentences).help(Some(("写上 title: {zh: …, en: …}".into(), "write title: {zh: …, en: …}".into())));
            }
        }
        Text::default()
    }

    fn ranks(&self, step: &Step, findings: &mut Findings<'_>) -> BTreeMap<Name, i16> {
        let outcomes = self.parts.outcomes(step).unwrap_or_default();
        for (outcome, _) in &step.ranks {
            if !outcomes.is_empty() && !outcomes.contains(&outcome.value) {
                edges::unknown_outcome(findings, step, outcome, &outcomes);
            }
        }
        step.ranks.iter().map(|(outcome, rank)| (outcome.value.clone(), *rank)).collect()
    }

    /// The split's branches, and whether they are conditional.
    fn branches(&self, parallel: &Parallel, findings: &mut Findings<'_>) -> Vec<Branch> {
        let mut branches = Vec::new();
        for branch in parallel.branches.iter().chain(&parallel.beside) {
            let when = branch.when.as_ref().and_then(|node| self.expression(node, &Type::Bool, findings));
            let first = branch.steps.first().and_then(|step| self.plan.index.get(&step.key.value));
            if let Some(first) = first {
                branches.push(Branch { key: branch.key.value.clone(), first: *first, when: when.map(Arc::new) });
            } else {
                let sentences = (format!("分支 `{}` 没有步骤", branch.key.value), format!("expected a step in branch `{}`, found none", branch.key.value));
                findings.note(branch.key.at, "GL003", sentences);
            }
        }
        branches
    }

    fn join_edges(&self, planned: &Planned<'_>, step: &Step, findings: &mut Findings<'_>) -> BTreeMap<Name, Edge> {
        let joined = Name::from("joined");
        let target = match &step.next {
            Next::Bare(target) => Some(target),
            Next::ByOutcome(edges) => edges.iter().find(|(outcome, _)| outcome.value == joined).map(|(_, target)| target),
            Next::Unsaid => None,
        };
        let Some(target) = target else {
            // A parallel step inside a branch may end it; anywhere else the author has to say where it leads.
            if let Some(to) = self.plan.join_word(&planned.home) {
                return BTreeMap::from([(joined, Edge { to, cancels: None })]);
            }
            let key = &step.key.value;
            let sentences = (format!("并行步骤 `{key}` 汇合后没有去向"), format!("expected `next` in the parallel step `{key}`, found no such key"));
            findings.note(step.key.at, "GL012", sentences);
            return BTreeMap::new();
        };
        self.resolve(planned, target, findings).map(|to| (joined, Edge { to, cancels: None })).into_iter().collect()
    }
}

/// A name that may be `None` when it was refused already.
type Found<T> = Option<Arc<T>>;

impl Lowering<'_> {
    fn form(&self, file: &Word, findings: &mut Findings<'_>) -> Found<crate::forms::Form> {
        let found = self.parts.forms.get(&*file.value).cloned();
        if found.is_none() && !self.parts.broken.contains(&*file.value) {
            findings.unknown(file.at, "GL015", ("表单文件", "a form's file"), &file.value, self.parts.forms.keys().map(String::as_str));
        }
        found
    }
}

/// For each node, the nodes reachable by one edge or more.
fn reach(nodes: &[Node]) -> Vec<BTreeSet<NodeIx>> {
    let leads: Vec<BTreeSet<NodeIx>> = nodes.iter().map(successors).collect();
    let mut reach = Vec::with_capacity(nodes.len());
    for direct in &leads {
        let mut seen = BTreeSet::new();
        let mut open: Vec<NodeIx> = direct.iter().copied().collect();
        while let Some(node) = open.pop() {
            if seen.insert(node) {
                open.extend(leads.get(usize::from(node.0)).into_iter().flatten());
            }
        }
        reach.push(seen);
    }
    reach
}

/// The nodes one edge away; a split leads to its branches, and to its join when every branch may be skipped.
pub(super) fn successors(node: &Node) -> BTreeSet<NodeIx> {
    let mut to: BTreeSet<NodeIx> = node.next.values().map(|edge| edge.to).collect();
    if let NodeKind::Split { branches, join } = &node.kind {
        to.extend(branches.iter().map(|branch| branch.first));
        if branches.iter().all(|branch| branch.when.is_some()) {
            to.insert(*join);
        }
    }
    to
}
