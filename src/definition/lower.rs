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
use crate::definition::syntax::{Handler, Kind, Next, Parallel, Splits, Step, Word, Workflow, walk_all, walk_own};
use crate::expr::Type;
use crate::ids::{Name, Text};
use crate::source::Place;

mod edges;
mod groups;
mod happenings;
mod kinds;
mod names;
mod plan;
mod progress;
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
    walk_all(workflow, &mut |step| {
        // Twice in one program is told by its plan; what a part does is read by the whole, so its names are the whole's too.
        all.entry(&step.key.value).or_insert(step);
    });
    let mut done = Vec::new();
    let whole = Whole { workflow, parts, all: &all };
    let list = List { name: workflow.name.value.clone(), title: &workflow.title, steps: &workflow.steps, handlers: &workflow.handlers, member: false };
    whole.program(&list, &mut done, findings);
    names::once(workflow, findings);
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

/// A list of steps that becomes a program.
struct List<'w> {
    name: Name,
    title: &'w Text,
    steps: &'w [Step],
    handlers: &'w [Handler],
    /// The one step of a member of a list: it ends its program with its outcome.
    member: bool,
}

/// Nodes with the place of each.
type Placed = Vec<(Node, Place)>;

impl<'w> Whole<'w> {
    /// Compiles a list of steps, and then the parts among them.
    fn program(self, list: &List<'w>, done: &mut Vec<Lowered>, findings: &mut Findings<'_>) {
        let plan = plan::plan(list.steps, findings);
        let member = list.member.then_some(list.title);
        let lowering = Lowering { workflow: self.workflow, parts: self.parts, all: self.all, steps: list.steps, handlers: list.handlers, member, plan: &plan };
        let nodes: Vec<Option<(Node, Place)>> = plan.nodes.iter().map(|planned| Some((lowering.node(planned, findings)?, planned.at))).collect();
        let whole = list.name == self.workflow.name.value;
        let (limits, form) = if whole { lowering.head(findings) } else { (Vec::new(), None) };
        let progress = self.workflow.progress.as_ref().filter(|_| whole).and_then(|progress| lowering.progress(progress, findings));
        let nodes: Option<Placed> = nodes.into_iter().collect();
        let added = lowering.added(list, plan.nodes.len(), findings);
        if let (Some(mut nodes), Some(nature), true) = (nodes.filter(|nodes| !nodes.is_empty()), self.workflow.nature, findings.is_empty()) {
            let (handlers, more) = added;
            nodes.extend(more);
            let (nodes, places): (Vec<Node>, Vec<Place>) = nodes.into_iter().unzip();
            let program = Program {
                name: list.name.clone(),
                title: list.title.clone(),
                nature,
                basis: self.workflow.basis.iter().map(|basis| basis.text.clone()).collect(),
                basis_until: self.workflow.basis.iter().filter_map(|basis| basis.until).min(),
                number: self.workflow.number.clone().filter(|_| whole),
                form,
                papers: self.workflow.papers.as_ref().filter(|_| whole).map(|papers| papers.iter().map(|(key, demand)| (key.value.clone(), *demand)).collect()),
                limits,
                handlers,
                progress,
                reach: reach(&nodes),
                nodes,
                start: NodeIx(0),
            };
            done.push(Lowered { program, places });
        }
        self.inner(list, done, findings);
    }

    /// The parts a list of steps holds, each a program of its own.
    fn inner(self, list: &List<'w>, done: &mut Vec<Lowered>, findings: &mut Findings<'_>) {
        let mut parts: Vec<List<'w>> = Vec::new();
        walk_own(list.steps, &mut |step| {
            let title = step.title.as_ref().unwrap_or(list.title);
            let name = part(&self.workflow.name.value, &step.key.value);
            if let Kind::Scope(scope) = &step.kind {
                parts.push(List { name, title, steps: &scope.steps, handlers: &scope.handlers, member: false });
            } else if let Kind::Each(each) = &step.kind {
                parts.push(List { name, title, steps: &each.body, handlers: &[], member: true });
            }
        });
        for handler in list.handlers {
            let title = handler.title.as_ref().unwrap_or(list.title);
            parts.push(List { name: part(&self.workflow.name.value, &handler.key.value), title, steps: &handler.steps, handlers: &[], member: false });
        }
        for part in &parts {
            self.program(part, done, findings);
        }
    }
}

/// What the program of a step or handler with steps of its own is called.
fn part(workflow: &Name, key: &Name) -> Name {
    Name::from(format!("{workflow}{PART}{key}"))
}

/// What every part of the lowering looks at.
struct Lowering<'w> {
    workflow: &'w Workflow,
    parts: &'w Parts,
    /// Every step of the file by its key.
    all: &'w BTreeMap<&'w str, &'w Step>,
    /// The steps of this program.
    steps: &'w [Step],
    /// What may happen to it.
    handlers: &'w [Handler],
    /// The title of the step for each member, when this is a member's program.
    member: Option<&'w Text>,
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
            events: Vec::new(),
            lock: None,
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
        node.events = self.happenings(planned, step, findings);
        node.lock = step.lock.as_ref().map(|lock| lock.value.clone());
        Some(node)
    }

    /// A step has a title; an end may do with its result.
    fn title(&self, step: &Step, findings: &mut Findings<'_>) -> Text {
        if let Some(title) = &step.title {
            return title.clone();
        }
        if let Some(title) = self.member {
            return title.clone();
        }
        match &step.kind {
            Kind::Throw { name, .. } => return Text { zh: name.value.to_string(), en: name.value.to_string() },
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
            | Kind::Job(_)
            | Kind::Parallel(_)
            | Kind::Scope(_)
            | Kind::Each(_)
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
