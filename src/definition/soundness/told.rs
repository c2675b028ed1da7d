//! Flaws as an author reads them: the step's place, what is wrong, and the way of acting that leads there.

use super::{Act, FlawKind, prove, regions};
use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Node, NodeIx, Program};
use crate::definition::lower::Lowered;
use crate::limits::{SOUNDNESS_PATH_ACTS_MAX, SOUNDNESS_STATES_MAX};

/// Proves a workflow and notes every flaw at its step.
pub(in crate::definition) fn check(lowered: &Lowered, findings: &mut Findings<'_>) {
    let proof = prove(&lowered.program, SOUNDNESS_STATES_MAX);
    let place = |at: NodeIx| lowered.places.get(usize::from(at.0)).copied().unwrap_or_default();
    for flaw in &proof.flaws {
        let key = lowered.program.nodes.get(usize::from(flaw.at.0)).map_or("", |node: &Node| &node.key);
        let (code, zh, en) = sentences(flaw.kind, key);
        let (zh_help, en_help) = help(flaw.kind);
        let help = if flaw.path.is_empty() {
            (zh_help.to_owned(), en_help.to_owned())
        } else {
            let way = way(&flaw.path);
            (format!("这样办理就会发生：{}；{zh_help}", way.0), format!("it happens by acting so: {}; {en_help}", way.1))
        };
        findings.note(place(flaw.at), code, (zh, en)).help(Some(help));
    }
    for first in regions::begun_again(&lowered.program) {
        begun_again(lowered, first, place(first), findings);
    }
    if !proof.complete {
        unfinished(&lowered.program, place(lowered.program.start), proof.states, findings);
    }
}

fn begun_again(lowered: &Lowered, first: NodeIx, at: crate::source::Place, findings: &mut Findings<'_>) {
    let key = lowered.program.nodes.get(usize::from(first.0)).map_or("", |node: &Node| &node.key);
    let zh = format!("没人等候的分支从步骤 `{key}` 重新开始时，上一轮可能还没办完，会同时有两份");
    let en = format!("the branch beside may begin again at step `{key}` while its last round still runs, so that it is open twice");
    let help = ("若不允许，请把它写成要等候的分支".into(), "where that may not be, let it be a branch that is waited for".into());
    findings.warn(at, "GL057", (zh, en)).help(Some(help));
}

fn unfinished(program: &Program, at: crate::source::Place, states: usize, findings: &mut Findings<'_>) {
    let name = &program.name;
    let zh = format!("工作流 `{name}` 没有全部验证：已看 {states} 种状态，上限 {SOUNDNESS_STATES_MAX} 种");
    let en = format!("workflow `{name}` was not fully explored: {states} states were looked at, the bound is {SOUNDNESS_STATES_MAX}");
    let help = ("把一部分步骤移到被调用的工作流里".into(), "move some of the steps into a workflow that is called".into());
    findings.warn(at, "GL056", (zh, en)).help(Some(help));
}

fn sentences(kind: FlawKind, key: &str) -> (&'static str, String, String) {
    match kind {
        FlawKind::Stuck => (
            "GL050",
            format!("办到步骤 `{key}` 后，再怎么办也走不到结束"),
            format!("expected an end to stay reachable, found step `{key}` where no further act leads to one"),
        ),
        FlawKind::JoinWaits => (
            "GL051",
            format!("汇合 `{key}` 会一直等下去，等不齐"),
            format!("expected the join `{key}` to fire, found that it waits for a step that cannot come"),
        ),
        FlawKind::EndsEarly => (
            "GL052",
            format!("走到结束 `{key}` 时，还有别的步骤没有办完"),
            format!("expected nothing left to do at the end `{key}`, found other steps still running"),
        ),
        FlawKind::Leaves => (
            "GL053",
            format!("步骤 `{key}` 离开了并行部分，其他分支还在办，汇合会提前发生"),
            format!("expected step `{key}` to lead to its join, found a way out while other branches run: the join would fire early"),
        ),
        FlawKind::Twice => (
            "GL054",
            format!("步骤 `{key}` 会同时出现两份"),
            format!("expected step `{key}` to be open once at a time, found that it opens a second time while the first is open"),
        ),
        FlawKind::Dead => ("GL055", format!("无论怎样办理都到不了步骤 `{key}`"), format!("expected some way of acting to reach step `{key}`, found none")),
    }
}

fn help(kind: FlawKind) -> (&'static str, &'static str) {
    match kind {
        FlawKind::Stuck => ("请给这一步写上能走到结束的去向", "give this step a way that leads to an end"),
        FlawKind::JoinWaits => ("请让每个分支都走到 join，或写明否决后取消其余分支", "let every branch lead to join, or cancel the rest where one rejects"),
        FlawKind::EndsEarly => ("请改为 next: join，或写 terminate: true 一并终止", "use next: join, or terminate: true to end the rest as well"),
        FlawKind::Leaves => ("请改为 next: join，或用 rejects 和 on-reject 取消其余分支", "use next: join, or rejects with on-reject to cancel the rest"),
        FlawKind::Twice => ("回到并行之前的步骤时，须取消其余分支", "cancel the rest of the branches when going back before a parallel step"),
        FlawKind::Dead => ("请检查它前面的步骤，或删去这一步", "look at the steps before it, or remove it"),
    }
}

/// The way in both languages: step(outcome), with what is in the middle of a long one left out.
fn way(path: &[Act]) -> (String, String) {
    let shown = |back: &str| {
        let one = |act: &Act| if act.back { format!("{}({back} {})", act.step, act.outcome) } else { format!("{}({})", act.step, act.outcome) };
        let acts: Vec<String> = path.iter().map(one).collect();
        if acts.len() <= SOUNDNESS_PATH_ACTS_MAX {
            return acts.join(" → ");
        }
        let half = SOUNDNESS_PATH_ACTS_MAX / 2;
        let (first, last) = (&acts[..half], &acts[acts.len() - half..]);
        format!("{} → … → {}", first.join(" → "), last.join(" → "))
    };
    (shown("退回"), shown("back to"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::definition::graph::Edge;
    use crate::definition::lower::lower;
    use crate::definition::parts::Parts;
    use crate::definition::reach::reach;
    use crate::definition::syntax;
    use crate::source;

    const FILE: &str = "workflow: w
title: w
nature: service
basis: [b]
people:
  p: {office: o, post: p}
steps:
  accept: {title: 受理, task: {by: p, outcomes: [on, out]}, next: {on: ask, out: refused}}
  ask:
    title: 征求意见
    parallel:
      planning: {title: 发改, task: {by: p, outcomes: [ok]}}
      land: {title: 国土, task: {by: p, outcomes: [ok]}}
    join: all
    next: granted
  refused: {end: refused}
  granted: {end: granted}
";

    /// No file leads here, so the graph is broken by hand: a branch goes back before the split without cancelling the other.
    #[test]
    fn a_branch_that_leaves_is_told_at_its_step_with_the_way_there() {
        let node = source::read(FILE, "w.yaml").unwrap();
        let (workflow, mistakes) = syntax::workflow(&node, "w.yaml");
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let mut findings = Findings::new("w.yaml");
        let mut lowered = lower(&workflow.unwrap(), &Parts::default(), &mut findings).remove(0);
        let at = |lowered: &Lowered, key: &str| lowered.program.nodes.iter().position(|node| &*node.key == key).unwrap();
        let (land, accept) = (at(&lowered, "land"), at(&lowered, "accept"));
        let to = NodeIx(u16::try_from(accept).unwrap());
        lowered.program.nodes[land].next.values_mut().for_each(|edge| *edge = Edge { to, cancels: None });
        lowered.program.reach = reach(&lowered.program.nodes);
        check(&lowered, &mut findings);
        let sources = BTreeMap::from([("w.yaml".to_owned(), FILE.to_owned())]);
        let told: String = findings.into_found().iter().map(|one| one.with_snippet(&sources)).collect();
        for words in [
            "GL053 步骤 `land` 离开了并行部分，其他分支还在办，汇合会提前发生\n",
            "expected step `land` to lead to its join, found a way out while other branches run: the join would fire early\n  --> w.yaml:13:7\n",
            "= 这样办理就会发生：accept(on) → planning(ok) → land(ok)；请改为 next: join，或用 rejects 和 on-reject 取消其余分支\n",
            "= it happens by acting so: accept(on) → planning(ok) → land(ok); use next: join, or rejects with on-reject to cancel the rest\n",
        ] {
            assert!(told.contains(words), "{words}\n{told}");
        }
    }
}
