//! What may happen to a step or a scope, and the nodes that handlers and members add to their program.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::Planned;
use super::{List, Lowering, Placed, part};
use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Callee, Catch, Complete, EachRule, Edge, Node, NodeIx, NodeKind, Trigger, Verbs};
use crate::definition::parts::ends;
use crate::definition::syntax::{self, Each, Handler, Step, Word};
use crate::expr::Type;
use crate::ids::{Name, Text};

impl Lowering<'_> {
    /// What may happen to a step; where it leads is a step of the same branch.
    pub(super) fn happenings(&self, planned: &Planned<'_>, step: &Step, findings: &mut Findings<'_>) -> Vec<Catch> {
        let mut caught = Vec::new();
        for happening in &step.events {
            let to = self.resolve(planned, &happening.next, findings);
            if let (Some((kind, on)), Some(to)) = (self.trigger(&happening.on, findings), to) {
                let key = Name::from(format!("{}-{kind}", step.key.value));
                caught.push(Catch { key, on, interrupting: happening.interrupting, to });
            }
        }
        caught
    }

    fn trigger(&self, on: &syntax::Trigger, findings: &mut Findings<'_>) -> Option<(&'static str, Trigger)> {
        Some(match on {
            syntax::Trigger::After(span) => ("after", Trigger::After(span.value)),
            syntax::Trigger::At(node) => ("at", Trigger::At(Arc::new(self.expression(node, &Type::Any, findings)?))),
            syntax::Trigger::Message(name) => ("message", Trigger::Message(name.value.clone())),
            syntax::Trigger::Signal(name) => ("signal", Trigger::Signal(name.value.clone())),
            syntax::Trigger::Escalation(name) => ("escalation", Trigger::Escalation(name.value.clone())),
            syntax::Trigger::Error(name) => ("error", Trigger::Error(name.value.clone())),
        })
    }

    /// The nodes that no step of the file stands for: where members end, and where handlers begin and end.
    pub(super) fn added(&self, list: &List<'_>, planned: usize, findings: &mut Findings<'_>) -> (Vec<Catch>, Placed) {
        let mut nodes = Placed::new();
        if list.member {
            for body in list.steps {
                let outcomes = self.parts.outcomes(body).unwrap_or_default();
                nodes.extend(outcomes.iter().map(|outcome| (ending(&body.key.value, outcome), body.key.at)));
            }
        }
        let mut handlers = Vec::new();
        for handler in list.handlers {
            let first = planned + nodes.len();
            let results = ends(&handler.steps, &[]).unwrap_or_default();
            if let Some((_, on)) = self.trigger(&handler.on, findings) {
                handlers.push(Catch { key: handler.key.value.clone(), on, interrupting: handler.interrupting, to: numbered(first) });
            }
            nodes.push((self.entry(list, handler, (first, &results)), handler.key.at));
            nodes.extend(results.iter().map(|result| (ending(&handler.key.value, result), handler.key.at)));
        }
        (handlers, nodes)
    }

    /// Where a handler begins: its steps are a program of their own, whose ends are ends of this one.
    fn entry(&self, list: &List<'_>, handler: &Handler, (first, results): (usize, &[Name])) -> Node {
        let callee = Callee::Embedded(part(&self.workflow.name.value, &handler.key.value));
        let kind = NodeKind::Call { callee, with: Vec::new(), returns: Vec::new() };
        let title = handler.title.clone().unwrap_or_else(|| list.title.clone());
        let next = results.iter().zip(first + 1..).map(|(result, ix)| (result.clone(), Edge { to: numbered(ix), cancels: None })).collect();
        Node { next, ..bare(handler.key.value.clone(), title, kind) }
    }

    /// The edges of a member's step: to an end for each of its outcomes.
    pub(super) fn member_edges(&self, step: &Step) -> BTreeMap<Name, Edge> {
        let outcomes = self.parts.outcomes(step).unwrap_or_default();
        outcomes.into_iter().zip(self.plan.nodes.len()..).map(|(outcome, ix)| (outcome, Edge { to: numbered(ix), cancels: None })).collect()
    }

    pub(super) fn each(&self, step: &Step, each: &Each, findings: &mut Findings<'_>) -> Option<NodeKind> {
        let list = self.expression(&each.list, &Type::Any, findings);
        let complete = match &each.complete {
            None => None,
            Some(said) => {
                let answers = each.body.first().and_then(|body| self.parts.outcomes(body)).unwrap_or_default();
                if !answers.is_empty() && !answers.contains(&said.of.value) {
                    let thing = (format!("`{}` 每项的结果", step.key.value), format!("an outcome of a member of `{}`", step.key.value));
                    findings.unknown(said.of.at, "GL011", (&thing.0, &thing.1), &said.of.value, answers.iter().map(|answer| &**answer));
                }
                let otherwise = self.parts.otherwise(each);
                if otherwise.is_none() && !answers.is_empty() {
                    otherwise_missing(step, &said.of, findings);
                }
                let (need, rest) = (said.need, said.rest);
                Some(Complete { need, of: said.of.value.clone(), otherwise: otherwise?, rest, none: said.none.value.clone() })
            }
        };
        let body = part(&self.workflow.name.value, &step.key.value);
        Some(NodeKind::Each(EachRule { list: Arc::new(list?), item: each.item.value.clone(), body, sequential: each.sequential, complete }))
    }
}

fn otherwise_missing(step: &Step, of: &Word, findings: &mut Findings<'_>) {
    let (key, of_text) = (&step.key.value, &of.value);
    let zh = format!("`{key}` 达不到 `{of_text}` 时的结果没有写明(otherwise)");
    let en = format!("expected `otherwise` in `{key}`: its outcome when `{of_text}` cannot be reached, found no such key");
    findings.note(of.at, "GL003", (zh, en));
}

fn numbered(ix: usize) -> NodeIx {
    // A file is bounded in bytes, so its steps are fewer than 65,536.
    NodeIx(u16::try_from(ix).unwrap_or(u16::MAX))
}

fn ending(key: &Name, result: &Name) -> Node {
    let title = Text { zh: result.to_string(), en: result.to_string() };
    bare(Name::from(format!("{key}-{result}")), title, NodeKind::End { result: result.clone(), terminate: false })
}

fn bare(key: Name, title: Text, kind: NodeKind) -> Node {
    Node {
        key,
        title,
        kind,
        next: BTreeMap::new(),
        terms: Vec::new(),
        stops: None,
        region: None,
        beside: false,
        ranks: BTreeMap::new(),
        may_return: None,
        verbs: Verbs::default(),
        events: Vec::new(),
        lock: None,
    }
}
