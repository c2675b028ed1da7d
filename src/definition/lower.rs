//! From the syntax to the token graph. Names are resolved here, and every name that leads nowhere is noted.
//! Invariant: a program comes out only when nothing was noted, so every index in it is good and every outcome has its edge.
//! Never: a meaning that the author did not write, except those the language fixes (a branch ends in its join).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Branch, Edge, JoinRule, Node, NodeIx, NodeKind, Program, TermRule, Verbs};
use crate::definition::library::PART;
use crate::definition::parts::Parts;
use crate::definition::reach::reach;
use crate::definition::syntax::{Kind, Next, Parallel, Splits, Step, Word, Workflow, walk, walk_own};
use crate::expr::Type;
use crate::ids::{Name, Text};
use crate::source::Place;

mod edges;
mod groups;
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

/// Compiles one workflow and its parts, itself first; what is wrong with it goes to `findings`.
pub(super) fn lower(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) -> Vec<Lowered> {
    let mut all: BTreeMap<&str, &Step> = BTreeMap::new();
    walk(&workflow.steps, &mut |step| {
        // Twice in one program is told by its plan; what a part does is read by the whole, so its names are the whole's too.
        all.entry(&step.key.value).or_insert(step);
    });
    let mut done = Vec::new();
    let whole = Whole { workflow, parts, all: &all };
    whole.program((workflow.name.value.clone(), &workflow.title), &workflow.steps, &mut done, findings);
    names::once(&workflow.steps, findings);
    if findings.is_empty() { done } else { Vec::new() }
}

/// A workflow file with what it refers to.
#[derive(Clone, Copy)]
struct Whole<'w> {
    workflow: &'w Workflow,
    parts: &'w Parts,
    /// Every step of the file by its key, those of its parts included.
    all: &'w BTreeMap<&'w str, &'w Step>,
}

impl<'w> Whole<'w> {
    /// Compiles a list of steps, and then the parts among them.
    fn program(self, (name, title): (Name, &Text), steps: &'w [Step], done: &mut Vec<Lowered>, findings: &mut Findings<'_>) {
        let plan = plan::plan(steps, findings);
        let lowering = Lowering { workflow: self.workflow, parts: self.parts, all: self.all, steps, plan: &plan };
        let nodes: Vec<Option<Node>> = plan.nodes.iter().map(|planned| lowering.node(planned, findings)).collect();
        let (limits, form) = if name == self.workflow.name.value { lowering.head(findings) } else { (Vec::new(), None) };
        let places = plan.nodes.iter().map(|planned| planned.at).collect();
        let nodes: Option<Vec<Node>> = nodes.into_iter().collect();
        if let (Some(nodes), Some(nature)) = (nodes.filter(|nodes| !nodes.is_empty() && findings.is_empty()), self.workflow.nature) {
            let program = Program {
                name: name.clone(),
                title: title.clone(),
                nature,
                basis: self.workflow.basis.iter().map(|basis| basis.text.clone()).collect(),
                number: self.workflow.number.clone().filter(|_| name == self.workflow.name.value),
                form,
                limits,
                reach: reach(&nodes),
                nodes,
                start: NodeIx(0),
            };
            done.push(Lowered { program, places });
        }
        walk_own(steps, &mut |step| {
            if let Kind::Scope(scope) = &step.kind {
                let title = step.title.clone().unwrap_or_default();
                self.program((part(&self.workflow.name.value, step), &title), &scope.steps, done, findings);
            }
        });
    }
}

/// What the program of a step with steps of its own is called.
fn part(workflow: &Name, step: &Step) -> Name {
    Name::from(format!("{workflow}{PART}{}", step.key.value))
}

/// What every part of the lowering looks at.
struct Lowering<'w> {
    workflow: &'w Workflow,
    parts: &'w Parts,
    /// Every step of the file by its key.
    all: &'w BTreeMap<&'w str, &'w Step>,
    /// The steps of this program.
    steps: &'w [Step],
    plan: &'w Plan<'w>,
}

impl Lowering<'_> {
    /// What belongs to the whole workflow and to none of its parts.
    fn head(&self, findings: &mut Findings<'_>) -> (Vec<TermRule>, Option<Arc<crate::forms::Form>>) {
        let limits = self.limits(findings);
        let form = self.workflow.form.as_ref().and_then(|file| self.form(file, findings));
        (limits, form)
    }

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
            verbs: Verbs::default(),
        };
        match planned.slot {
            Slot::Step(step) => self.step(planned, step, blank, findings),
            Slot::Join { step, split } => {
                let title = step.title.clone().unwrap_or_default();
                let title = Text { zh: title.zh + "：汇合", en: title.en + ": all done" };
                let mut node = blank(title, NodeKind::Join { split, region: self.plan.inside(split), rule: joins(step) });
                if !is_race(step) {
                    node.next = self.join_edges(planned, step, findings);
                }
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
        node.verbs = step.verbs.clone();
        Some(node)
    }

    /// A step has a title; an end may do with its result.
    fn title(&self, step: &Step, findings: &mut Findings<'_>) -> Text {
        if let Some(title) = &step.title {
            return title.clone();
        }
        match &step.kind {
            Kind::End { result, .. } => return Text { zh: result.value.to_string(), en: result.value.to_string() },
            Kind::Call(call) => {
                if let Some(called) = self.parts.workflows.get(&*call.workflow.value) {
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
            | Kind::Scope(_)
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
                let default = matches!(&parallel.splits, Splits::Inclusive(default) if default.value == branch.key.value);
                branches.push(Branch { key: branch.key.value.clone(), first: *first, when: when.map(Arc::new), default });
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
            let (from, cancels) = self.plan.leaves(planned);
            if let Some(to) = self.plan.join_word(&from.home) {
                return BTreeMap::from([(joined, Edge { to, cancels })]);
            }
            let key = &step.key.value;
            let sentences = (format!("并行步骤 `{key}` 汇合后没有去向"), format!("expected `next` in the parallel step `{key}`, found no such key"));
            findings.note(step.key.at, "GL012", sentences);
            return BTreeMap::new();
        };
        let (from, cancels) = self.plan.leaves(planned);
        self.resolve(from, target, findings).map(|to| (joined, Edge { to, cancels })).into_iter().collect()
    }
}

/// The rule of the join that a step ends in.
fn joins(step: &Step) -> JoinRule {
    if let Kind::Parallel(parallel) = &step.kind { parallel.join.value } else { JoinRule::All }
}

fn is_race(step: &Step) -> bool {
    matches!(&step.kind, Kind::Parallel(Parallel { splits: Splits::Race, .. }))
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
