//! The limits of the steps on the longest way through may not add up to more than what is promised; of parallel branches the longest counts.

use std::collections::BTreeMap;

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{NodeIx, Program, TermEnd, TermKind, TermRule, TermStart};
use crate::definition::reach::successors;
use crate::definition::syntax::Workflow;

/// The longest way so far: its days, and the steps that have a limit.
type Way = (u32, Vec<NodeIx>);

/// Holds each promised term against the steps it covers.
pub(in crate::definition) fn check(workflow: &Workflow, program: &Program, findings: &mut Findings<'_>) {
    for (limit, term) in workflow.limits.iter().zip(&program.limits) {
        if term.kind != TermKind::Promised {
            continue;
        }
        let start = first_covered(program, term);
        let (days, steps) = start.map(|start| longest_way(program, term, start, &mut BTreeMap::new())).unwrap_or_default();
        if days > term.within.days {
            let promised = term.within;
            let zh = format!("环节时限合计 {days} {}，超过承诺的 {}", promised.unit.zh(), promised.zh());
            let en = format!("expected step limits of at most {promised} in all, found {days}");
            let (zh_way, en_way) = (listed(program, term, &steps, |title| &title.zh), listed(program, term, &steps, |title| &title.en));
            findings.note(limit.within.at, "GL042", (zh, en)).help(Some((format!("最长的一路：{zh_way}"), format!("the longest way: {en_way}"))));
        }
    }
}

fn listed(program: &Program, term: &TermRule, steps: &[NodeIx], title: impl Fn(&crate::ids::Text) -> &String) -> String {
    let nodes = steps.iter().filter_map(|ix| program.nodes.get(usize::from(ix.0)));
    nodes.map(|node| format!("{} {}", title(&node.title), days_of(term, &node.terms))).collect::<Vec<_>>().join(" + ")
}

/// The first node the term covers.
fn first_covered(program: &Program, term: &TermRule) -> Option<NodeIx> {
    match &term.from {
        TermStart::Entered => Some(program.start),
        TermStart::Outcome { step, outcome } | TermStart::Received { step, outcome } => {
            let node = program.nodes.iter().find(|node| node.key == *step)?;
            node.next.get(outcome).map(|edge| edge.to)
        }
    }
}

/// The longest way from a node, each node looked at once: an edge that leads back to the way it came from is a circle and counts once; side branches hold
/// nobody up and count nothing.
fn longest_way(program: &Program, term: &TermRule, from: NodeIx, ways: &mut BTreeMap<NodeIx, Option<Way>>) -> Way {
    if let Some(known) = ways.get(&from) {
        // A way that is still being walked: this edge closes a circle.
        return known.clone().unwrap_or_default();
    }
    let Some(node) = program.nodes.get(usize::from(from.0)).filter(|node| !node.beside) else { return Way::default() };
    ways.insert(from, None);
    let stops = node.stops.as_ref().is_some_and(|cause| term.excludes.contains(cause));
    let own = if stops { 0 } else { days_of(term, &node.terms) };
    let over = matches!(&term.until, TermEnd::Outcome { step, .. } if *step == node.key);
    let mut longest = Way::default();
    if !over {
        for next in successors(node) {
            let way = longest_way(program, term, next, ways);
            if way.0 > longest.0 {
                longest = way;
            }
        }
    }
    if own > 0 {
        longest.0 += own;
        longest.1.insert(0, from);
    }
    ways.insert(from, Some(longest.clone()));
    longest
}

/// The days of a step's own limit, when it counts in the same unit.
fn days_of(term: &TermRule, own: &[TermRule]) -> u32 {
    own.iter().filter(|own| own.within.unit == term.within.unit).map(|own| own.within.days).max().unwrap_or(0)
}
