//! Where each outcome leads.

use std::collections::BTreeMap;

use super::Lowering;
use super::plan::{Home, JOIN, Planned, Slot};
use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Edge, NodeIx, ReturnRule};
use crate::definition::syntax::{Kind, Next, Step, Word};
use crate::ids::Name;

impl Lowering<'_> {
    /// The edges of a step that is not a split (whose `next` belongs to its join) and not an end.
    pub(super) fn edges(&self, planned: &Planned<'_>, step: &Step, findings: &mut Findings<'_>) -> BTreeMap<Name, Edge> {
        if let Kind::Parallel(_) | Kind::End { .. } = &step.kind {
            return BTreeMap::new();
        }
        if self.member.is_some() && planned.home.region.is_none() {
            return self.member_edges(step);
        }
        let outcomes = self.parts.outcomes(step);
        let Some(outcomes) = outcomes else {
            self.targets_only(planned, step, findings);
            return BTreeMap::new();
        };
        let mut edges = BTreeMap::new();
        for outcome in &outcomes {
            if let Some(edge) = self.rejection(planned, step, outcome, findings) {
                edges.insert(outcome.clone(), edge);
            }
        }
        match &step.next {
            Next::Bare(target) => self.bare(planned, step, target, &outcomes, &mut edges, findings),
            Next::ByOutcome(said) => {
                for (outcome, target) in said {
                    let (from, cancels) = self.plan.leaves(planned);
                    let to = self.resolve(from, target, findings);
                    if !outcomes.contains(&outcome.value) {
                        unknown_outcome(findings, step, outcome, &outcomes);
                    } else if let Some(to) = to {
                        edges.insert(outcome.value.clone(), Edge { to, cancels });
                    } else {
                        // Noted already; a stand-in keeps it from being called missing too.
                        edges.insert(outcome.value.clone(), Edge { to: NodeIx(0), cancels: None });
                    }
                }
            }
            Next::Unsaid => {
                let (from, cancels) = self.plan.leaves(planned);
                if let Some(to) = self.plan.join_word(&from.home) {
                    for outcome in &outcomes {
                        edges.entry(outcome.clone()).or_insert(Edge { to, cancels });
                    }
                }
            }
        }
        missing(step, &outcomes, &edges, findings);
        edges
    }

    /// The outcomes are unknown, so only the names of the targets can be held.
    fn targets_only(&self, planned: &Planned<'_>, step: &Step, findings: &mut Findings<'_>) {
        let (from, _) = self.plan.leaves(planned);
        match &step.next {
            Next::Bare(target) => {
                self.resolve(from, target, findings);
            }
            Next::ByOutcome(said) => {
                for (_, target) in said {
                    self.resolve(from, target, findings);
                }
            }
            Next::Unsaid => {}
        }
    }

    fn bare(&self, planned: &Planned<'_>, step: &Step, target: &Word, outcomes: &[Name], edges: &mut BTreeMap<Name, Edge>, findings: &mut Findings<'_>) {
        let (from, cancels) = self.plan.leaves(planned);
        let to = self.resolve(from, target, findings);
        let open: Vec<&Name> = outcomes.iter().filter(|outcome| !edges.contains_key(*outcome)).collect();
        let [only] = open.as_slice() else {
            let (key, list) = (&step.key.value, quoted(outcomes));
            let zh = format!("步骤 `{key}` 有 {} 个结果，不能只写一个去向", outcomes.len());
            let en = format!("expected a next step for each of {list} in step `{key}`, found one for all");
            let help = (format!("写成 next: {{结果: 步骤}}，结果有：{list}"), format!("write next: {{outcome: step}} for {list}"));
            findings.note(target.at, "GL012", (zh, en)).help(Some(help));
            // Noted once is enough.
            edges.extend(outcomes.iter().map(|outcome| (outcome.clone(), Edge { to: NodeIx(0), cancels: None })));
            return;
        };
        edges.insert((*only).clone(), Edge { to: to.unwrap_or(NodeIx(0)), cancels });
    }

    /// The edge of an outcome that its branch lists in `rejects`.
    fn rejection(&self, planned: &Planned<'_>, step: &Step, outcome: &Name, findings: &mut Findings<'_>) -> Option<Edge> {
        let branch = planned.home.branch?;
        let full = format!("{}.{outcome}", step.key.value);
        branch.rejects.iter().find(|word| word.value == *outcome || *word.value == *full)?;
        let said = matches!(&step.next, Next::ByOutcome(edges) if edges.iter().any(|(word, _)| word.value == *outcome));
        let (Some(go), false) = (planned.home.on_reject, said) else { return None };
        let split = planned.home.region?;
        let outer = self.plan.nodes.get(usize::from(split.0))?;
        let to = self.resolve(outer, go, findings)?;
        Some(Edge { to, cancels: self.plan.join_of(split) })
    }

    /// The node a word in `next` means, seen from `planned`.
    pub(super) fn resolve(&self, planned: &Planned<'_>, target: &Word, findings: &mut Findings<'_>) -> Option<NodeIx> {
        if &*target.value == JOIN
            && let Some(join) = self.plan.join_word(&planned.home)
        {
            return Some(join);
        }
        let found = self.plan.index.get(&target.value).and_then(|ix| Some((*ix, self.plan.nodes.get(usize::from(ix.0))?)));
        // A join has a key for the record; only its own branches lead to it, by `join`.
        let Some((ix, there)) = found.filter(|(_, there)| matches!(there.slot, Slot::Step(_))) else {
            self.unknown_step(target, findings);
            return None;
        };
        if there.home.lane != planned.home.lane {
            outside(planned, &there.home, target, findings);
            return None;
        }
        Some(ix)
    }

    pub(super) fn unknown_step(&self, word: &Word, findings: &mut Findings<'_>) {
        findings.unknown(word.at, "GL010", ("步骤", "a step"), &word.value, self.plan.steps_named());
    }

    /// The earlier steps one may return to.
    pub(super) fn may_return(&self, step: &Step, findings: &mut Findings<'_>) -> Option<ReturnRule> {
        let rule = step.may_return.as_ref()?;
        let mut to = Vec::new();
        for word in &rule.to {
            match self.plan.index.get(&word.value) {
                Some(ix) => to.push(*ix),
                None => self.unknown_step(word, findings),
            }
        }
        Some(ReturnRule { to, caller: rule.caller.iter().map(|word| word.value.clone()).collect(), then: rule.then })
    }
}

fn missing(step: &Step, outcomes: &[Name], edges: &BTreeMap<Name, Edge>, findings: &mut Findings<'_>) {
    let missing: Vec<Name> = outcomes.iter().filter(|outcome| !edges.contains_key(*outcome)).cloned().collect();
    if missing.is_empty() {
        return;
    }
    let (key, list) = (&step.key.value, quoted(&missing));
    let sentences = (format!("步骤 `{key}` 的结果 {list} 没有去向"), format!("expected a next step for every outcome of `{key}`, found none for {list}"));
    let first = &missing[0];
    let help = (format!("在 next 中写上 {first}: 步骤名"), format!("add {first}: <step> to next"));
    findings.note(step.key.at, "GL012", sentences).help(Some(help));
}

fn outside(planned: &Planned<'_>, there: &Home<'_>, target: &Word, findings: &mut Findings<'_>) {
    let name = &target.value;
    let into = there.lane.len() > planned.home.lane.len();
    let (zh, en) = if into {
        (format!("`{name}` 在并行分支里，不能从外面跳入"), format!("expected a step of the same branch, found `{name}` inside a parallel branch"))
    } else {
        (format!("`{name}` 在本分支之外，分支只能到 join"), format!("expected a step of the same branch or `join`, found `{name}` outside the branch"))
    };
    let help = ("否决出并行用 rejects 和 on-reject".into(), "a branch leaves its parallel step by `rejects` with `on-reject`".into());
    findings.note(target.at, "GL022", (zh, en)).help(Some(help));
}

/// An outcome that a step cannot have.
pub(super) fn unknown_outcome(findings: &mut Findings<'_>, step: &Step, outcome: &Word, outcomes: &[Name]) {
    let thing = (format!("`{}` 的结果", step.key.value), format!("an outcome of `{}`", step.key.value));
    findings.unknown(outcome.at, "GL011", (&thing.0, &thing.1), &outcome.value, outcomes.iter().map(|outcome| &**outcome));
}

fn quoted(names: &[Name]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
