//! Whether a running case fits another version of its workflow: where each token would stand, and every reason why it cannot.
//! Invariant: a plan without problems leaves each token waiting for what it waited for, and each join for the same tokens as before.
//! Never: a step guessed by its place; a step is the one of the same key, or the one the map names.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::graph::{Bundle, Callee, Catch, Heard, Node, NodeIx, NodeKind, Program, Trigger};
use crate::definition::library::PART;
use crate::definition::reach::successors;
use crate::engine::case::{Case, Local, Side, Token, Waits};
use crate::engine::joins::holds_up;
use crate::engine::refusal::Detail;
use crate::ids::Name;

/// Steps that have another key in the new version, by workflow and old key.
pub type StepMap = BTreeMap<Name, BTreeMap<Name, Name>>;

/// Where one token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub token: Local,
    pub to: NodeIx,
    pub back_to: Option<NodeIx>,
    pub side: Option<Side>,
}

/// What a migration would do to the tokens of a case.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub moves: Vec<Move>,
    /// Scopes whose program has another name in the new version.
    pub parts: Vec<(Local, Name)>,
    pub problems: Vec<Detail>,
}

/// Endings of the steps a parallel step brings along; they follow it to its new key.
const BROUGHT: [&str; 2] = ["-join", "-beside"];

/// The key a step of `program` has in the new version. A workflow and its parts are one file, in which a key stands once, so the map may name any of them.
pub(super) fn renamed(map: &StepMap, program: &Name, key: &Name) -> Name {
    let mapped = |key: &str| map.iter().filter(|(name, _)| whole(name) == whole(program)).find_map(|(_, steps)| steps.get(key));
    if let Some(to) = mapped(key) {
        return to.clone();
    }
    let brought = BROUGHT.iter().find_map(|ending| Some((mapped(key.strip_suffix(ending)?)?, ending)));
    brought.map_or_else(|| key.clone(), |(to, ending)| Name::from(format!("{to}{ending}").as_str()))
}

/// The program a part becomes in the new version: it is named after its step. One that still is there under its own name stays.
fn successor(new: &Bundle, map: &StepMap, program: &Name) -> Name {
    let Some((whole, step)) = program.split_once(PART) else { return program.clone() };
    let moved = Name::from(format!("{whole}{PART}{}", renamed(map, program, &Name::from(step))).as_str());
    if new.programs.contains_key(&moved) { moved } else { program.clone() }
}

/// The workflow a program is a part of, or itself.
fn whole(program: &str) -> &str {
    program.split(PART).next().unwrap_or(program)
}

/// Plans the moves of every token, and names everything that stands in the way at once.
pub(super) fn plan(case: &Case, (old, new): (&Bundle, &Bundle), map: &StepMap) -> Plan {
    let mut planning = Planning { case, old, new, map, plan: Plan::default() };
    planning.names();
    planning.scopes();
    for (id, token) in &case.tokens {
        planning.token(*id, token);
    }
    if planning.plan.problems.is_empty() {
        planning.joins();
        planning.pairs();
    }
    planning.plan
}

struct Planning<'a> {
    case: &'a Case,
    old: &'a Bundle,
    new: &'a Bundle,
    map: &'a StepMap,
    plan: Plan,
}

/// The two versions of the program a scope runs.
#[derive(Clone, Copy)]
struct Versions<'a> {
    old: &'a Program,
    new: &'a Program,
}

impl<'a> Planning<'a> {
    fn problem(&mut self, path: &str, code: &'static str, (zh, en): (String, String)) {
        self.plan.problems.push(Detail::new(path, code, zh, en));
    }

    /// A map that names what is not there is a slip of the pen, not a rule.
    fn names(&mut self) {
        let map = self.map;
        for (program, steps) in map {
            let of_file = |bundle: &'a Bundle| -> Vec<&'a Program> {
                bundle.programs.iter().filter(|(name, _)| whole(name) == whole(program)).map(|(_, program)| &**program).collect()
            };
            let (old, new) = (of_file(self.old), of_file(self.new));
            if old.is_empty() || new.is_empty() {
                let sentences = (format!("映射所写的流程 `{program}` 不在两个版本之中"), format!("expected a workflow of both versions, found `{program}`"));
                self.problem(&format!("/map/{program}"), "unknown_workflow", sentences);
                continue;
            };
            for (from, to) in steps {
                let path = format!("/map/{program}/{from}");
                if !old.iter().any(|program| index_of(program, from).is_some()) {
                    self.problem(&path, "unknown_step", (format!("旧版没有步骤 `{from}`"), format!("expected a step of the old version, found `{from}`")));
                }
                if !new.iter().any(|program| index_of(program, to).is_some()) {
                    self.problem(&path, "unknown_step", (format!("新版没有步骤 `{to}`"), format!("expected a step of the new version, found `{to}`")));
                }
            }
        }
    }

    fn scopes(&mut self) {
        let case = self.case;
        for (id, scope) in &case.scopes {
            let program = &scope.program;
            let becomes = successor(self.new, self.map, program);
            let Some(found) = self.new.programs.get(&becomes) else {
                let sentences = (
                    format!("新版不再有正在运行的流程 `{program}`"),
                    format!("expected workflow `{program}`, which is running, found none in the new version"),
                );
                self.problem(&format!("/scopes/{id}"), "workflow_gone", sentences);
                continue;
            };
            if becomes != *program {
                self.plan.parts.push((*id, becomes));
            }
            if !self.old.programs.get(program).is_some_and(|before| same_events(&before.handlers, &found.handlers)) {
                let sentences = (
                    format!("流程 `{program}` 正在运行，新版的 handlers 不同"),
                    format!("expected workflow `{program}`, which is running, to keep its handlers, found others"),
                );
                self.problem(&format!("/scopes/{id}"), "events_changed", sentences);
            }
            // A date that was promised is not taken back by a new version.
            let gone: Vec<_> = case.terms.values().filter(|term| term.scope == *id && term.token.is_none()).map(|term| term.key.clone()).collect();
            for key in gone.into_iter().filter(|key| !found.limits.iter().any(|rule| rule.key == *key)) {
                let sentences =
                    (format!("时限 `{key}` 正在计时，新版没有这个时限"), format!("expected term `{key}`, which is running, found none in the new version"));
                self.problem(&format!("/terms/{key}"), "term_gone", sentences);
            }
        }
    }

    fn versions(&self, scope: Local) -> Option<Versions<'a>> {
        let program = &self.case.scopes.get(&scope)?.program;
        Some(Versions { old: self.old.programs.get(program)?, new: self.new.programs.get(&successor(self.new, self.map, program))? })
    }

    fn token(&mut self, id: Local, token: &Token) {
        let Some(versions) = self.versions(token.scope) else { return };
        let step = &token.step;
        let Some((to, node)) = self.target(versions, step) else {
            let sentences = (
                format!("步骤 `{step}` 在新版中没有：请写明它对应的步骤（--map {step}=…）"),
                format!("expected a step `{step}` in the new version, found none: say which it became (--map {step}=…)"),
            );
            return self.problem(&format!("/tokens/{id}"), "step_gone", sentences);
        };
        if !waits_fit(&token.waits, &node.kind) {
            let found = kind(&node.kind);
            let was = node_at(versions.old, token.node).map_or(("其他", "something else"), |node| kind(&node.kind));
            let sentences = (
                format!("步骤 `{step}` 是{}，新版的 `{}` 是{}：只能移到同类步骤", was.0, node.key, found.0),
                format!("expected a step of the same kind as `{step}` ({}), found `{}` ({})", was.1, node.key, found.1),
            );
            return self.problem(&format!("/tokens/{id}"), "other_kind", sentences);
        }
        self.around_step(id, (versions, token), node);
        self.callee(id, token, node);
        self.region(id, versions, (token.node, to));
        let back_to = token.back_to.and_then(|back| {
            let key = node_at(versions.old, back)?.key.clone();
            let found = self.target(versions, &key).map(|(at, _)| at);
            match found {
                Some(at) => self.region(id, versions, (back, at)),
                None => {
                    let sentences = (
                        format!("退回后要直接送回的步骤 `{key}` 在新版中没有"),
                        format!("expected step `{key}`, to which the case goes straight back, found none in the new version"),
                    );
                    self.problem(&format!("/tokens/{id}"), "step_gone", sentences);
                }
            }
            found
        });
        let side = self.side(id, versions, token.side);
        self.plan.moves.push(Move { token: id, to, back_to, side });
    }

    /// What may happen to a step that is open, and the lock it works under, stay what they are.
    fn around_step(&mut self, id: Local, (versions, token): (Versions<'a>, &Token), node: &Node) {
        let Some(before) = node_at(versions.old, token.node) else { return };
        let step = &token.step;
        if !same_events(&before.events, &node.events) {
            let sentences =
                (format!("步骤 `{step}` 正在办理，新版的 events 不同"), format!("expected `{step}`, which is open, to keep its events, found others"));
            self.problem(&format!("/tokens/{id}"), "events_changed", sentences);
        }
        if before.lock != node.lock {
            let sentences = (format!("步骤 `{step}` 正在办理，新版的 lock 不同"), format!("expected `{step}`, which is open, to keep its lock, found another"));
            self.problem(&format!("/tokens/{id}"), "lock_changed", sentences);
        }
    }

    /// A strand that nobody waits for began at a step, which must still be there: it says where the strand ends.
    fn side(&mut self, id: Local, versions: Versions<'a>, side: Option<Side>) -> Option<Side> {
        let side = side?;
        let key = key_of(versions.old, side.from);
        let Some((from, _)) = self.target(versions, &key) else {
            let sentences = (
                format!("步骤 `{key}` 在新版中没有，迟到的分支由它开始"),
                format!("expected a step `{key}`, where a late branch began, in the new version, found none"),
            );
            self.problem(&format!("/tokens/{id}"), "step_gone", sentences);
            return None;
        };
        Some(Side { from, ..side })
    }

    fn target(&self, versions: Versions<'a>, key: &Name) -> Option<(NodeIx, &'a Node)> {
        let at = index_of(versions.new, &renamed(self.map, &versions.old.name, key))?;
        Some((at, node_at(versions.new, at)?))
    }

    /// A link that is running goes on running the workflow it was opened with, in its new version.
    fn callee(&mut self, id: Local, token: &Token, node: &Node) {
        let (Waits::Scope(scope), NodeKind::Call { callee, .. }) = (&token.waits, &node.kind) else { return };
        let (Callee::Fixed(called) | Callee::Embedded(called)) = callee;
        let running = self.case.scopes.get(scope).map(|scope| scope.program.clone());
        if let Some(running) = running.filter(|running| successor(self.new, self.map, running) != *called) {
            let sentences = (
                format!("步骤 `{}` 正在运行流程 `{running}`，新版改为调用 `{called}`", token.step),
                format!("expected `{}` to go on calling `{running}`, which is running, found `{called}`", token.step),
            );
            self.problem(&format!("/tokens/{id}"), "other_callee", sentences);
        }
    }

    /// A step may leave a parallel region with a new version, but not get into one: the region's other branches would never begin.
    fn region(&mut self, id: Local, versions: Versions<'a>, (from, to): (NodeIx, NodeIx)) {
        let before: BTreeSet<NodeIx> =
            around(versions.old, from).into_iter().filter_map(|join| Some(self.target(versions, &node_at(versions.old, join)?.key)?.0)).collect();
        let entered: Vec<NodeIx> = around(versions.new, to).into_iter().filter(|join| !before.contains(join)).collect();
        for join in entered {
            let (step, at) = (key_of(versions.old, from), key_of(versions.new, join));
            let sentences = (
                format!("步骤 `{step}` 在新版中位于并行区（汇合点 `{at}`）之内，旧版不在：其余分支不会再开始"),
                format!("expected `{step}` outside the parallel region of join `{at}`, as before, found it inside: the other branches would never begin"),
            );
            self.problem(&format!("/tokens/{id}"), "region_entered", sentences);
        }
        let (was, is) = (beside(versions.old, from), beside(versions.new, to));
        if was != is {
            let step = key_of(versions.old, from);
            let sentences =
                (format!("步骤 `{step}` 在两个版本中一个须等待、一个不须等待"), format!("expected `{step}` to be waited for in both versions or in neither"));
            self.problem(&format!("/tokens/{id}"), "beside_changed", sentences);
        }
    }

    fn moved(&self, id: Local, token: &Token) -> Token {
        let planned = self.plan.moves.iter().find(|planned| planned.token == id);
        planned.map_or_else(|| token.clone(), |planned| Token { node: planned.to, back_to: planned.back_to, side: planned.side, ..token.clone() })
    }

    /// Each join waits for the same tokens as before, so that it fires neither early nor never.
    fn joins(&mut self) {
        let case = self.case;
        for (id, token) in case.tokens.iter().filter(|(_, token)| token.waits == Waits::Join) {
            let Some(versions) = self.versions(token.scope) else { continue };
            let at = self.moved(*id, token).node;
            let others = || case.tokens.iter().filter(|(other, there)| there.scope == token.scope && there.side == token.side && *other != id);
            let before: BTreeSet<Local> = others().filter(|(_, other)| holds_up(versions.old, other, token.node)).map(|(other, _)| *other).collect();
            let after: BTreeSet<Local> =
                others().filter(|(other, there)| holds_up(versions.new, &self.moved(**other, there), at)).map(|(other, _)| *other).collect();
            if before != after {
                let told = |ids: &BTreeSet<Local>| ids.iter().filter_map(|id| Some(case.tokens.get(id)?.step.to_string())).collect::<Vec<_>>().join(", ");
                let (step, was, is) = (&token.step, told(&before), told(&after));
                let sentences = (
                    format!("汇合点 `{step}` 原来等待：{was}；按新版等待：{}", if is.is_empty() { "无" } else { &is }),
                    format!("expected join `{step}` to wait for {was}, found it waiting for {}", if is.is_empty() { "nobody" } else { &is }),
                );
                self.problem(&format!("/tokens/{id}"), "join_changed", sentences);
            }
        }
    }

    /// Two tokens of different branches do not come to stand one behind the other, where each would do the same work.
    fn pairs(&mut self) {
        let case = self.case;
        let all: Vec<(&Local, &Token)> = case.tokens.iter().collect();
        for (place, (id, token)) in all.iter().enumerate() {
            let Some(versions) = self.versions(token.scope) else { continue };
            for (other, there) in all.iter().skip(place + 1).filter(|(_, there)| there.scope == token.scope) {
                let (a, b) = (self.moved(**id, token).node, self.moved(**other, there).node);
                let joined = token.waits == Waits::Join || there.waits == Waits::Join;
                if !joined && apart(versions.old, token.node, there.node) && !apart(versions.new, a, b) {
                    let sentences = (
                        format!("步骤 `{}` 和 `{}` 同时在办，新版中却不在不同的分支上", token.step, there.step),
                        format!("expected `{}` and `{}`, which run at once, in different branches of the new version", token.step, there.step),
                    );
                    self.problem(&format!("/tokens/{id}"), "branches_merged", sentences);
                }
            }
        }
    }
}

fn index_of(program: &Program, key: &Name) -> Option<NodeIx> {
    program.nodes.iter().position(|node| node.key == *key).and_then(|at| u16::try_from(at).ok()).map(NodeIx)
}

fn node_at(program: &Program, at: NodeIx) -> Option<&Node> {
    program.nodes.get(usize::from(at.0))
}

fn key_of(program: &Program, at: NodeIx) -> Name {
    node_at(program, at).map_or_else(|| "?".into(), |node| node.key.clone())
}

fn beside(program: &Program, at: NodeIx) -> bool {
    node_at(program, at).is_some_and(|node| node.beside)
}

/// The joins of the parallel regions a node lies in, innermost first.
fn around(program: &Program, at: NodeIx) -> Vec<NodeIx> {
    let mut joins = Vec::new();
    let mut here = node_at(program, at).and_then(|node| node.region);
    while let Some(join) = here.filter(|join| !joins.contains(join)) {
        joins.push(join);
        here = node_at(program, join).and_then(|node| node.region);
    }
    joins
}

/// Whether two nodes lie in different branches of one split.
fn apart(program: &Program, a: NodeIx, b: NodeIx) -> bool {
    program.nodes.iter().any(|node| {
        let NodeKind::Split { branches, join } = &node.kind else { return false };
        let Some(NodeKind::Join { region, .. }) = node_at(program, *join).map(|node| &node.kind) else { return false };
        let within: Vec<BTreeSet<NodeIx>> = branches.iter().map(|branch| within(program, branch.first, region)).collect();
        let holding = |at: NodeIx| within.iter().map(move |nodes| nodes.contains(&at));
        region.contains(&a) && region.contains(&b) && !holding(a).zip(holding(b)).any(|(a, b)| a && b)
    })
}

/// The nodes of a region that a branch can reach.
fn within(program: &Program, first: NodeIx, region: &BTreeSet<NodeIx>) -> BTreeSet<NodeIx> {
    let mut seen = BTreeSet::new();
    let mut open = vec![first];
    while let Some(at) = open.pop() {
        if region.contains(&at) && seen.insert(at) {
            open.extend(node_at(program, at).map(successors).unwrap_or_default());
        }
    }
    seen
}

fn waits_fit(waits: &Waits, kind: &NodeKind) -> bool {
    match waits {
        Waits::Task(_) => matches!(kind, NodeKind::Task(_)),
        Waits::Group(_) => matches!(kind, NodeKind::Approve(_)),
        Waits::Message(_) => matches!(kind, NodeKind::Message { heard: Heard::Message | Heard::Kept, .. }),
        Waits::Timer(_) => matches!(kind, NodeKind::Timer { .. }),
        Waits::Job(_) => matches!(kind, NodeKind::Job(_)),
        Waits::Join => matches!(kind, NodeKind::Join { .. }),
        Waits::Signal(name) => matches!(kind, NodeKind::Message { heard: Heard::Signal, name: heard, .. } if heard == name),
        Waits::Scope(_) => matches!(kind, NodeKind::Call { .. }),
        Waits::Members(_) => matches!(kind, NodeKind::Each(_)),
        // It has not begun; that the lock is the same one is looked at beside this.
        Waits::Lock(_) => true,
    }
}

/// Whether the same can happen to a step or a scope in both versions, in the same order: a timer that runs says which event it sets off by its place
/// among them. How long a span is may change.
fn same_events(old: &[Catch], new: &[Catch]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.interrupting == b.interrupting && same_trigger(&a.on, &b.on))
}

fn same_trigger(old: &Trigger, new: &Trigger) -> bool {
    match (old, new) {
        (Trigger::After(_), Trigger::After(_)) | (Trigger::At(_), Trigger::At(_)) => true,
        (Trigger::Message(a), Trigger::Message(b))
        | (Trigger::Signal(a), Trigger::Signal(b))
        | (Trigger::Escalation(a), Trigger::Escalation(b))
        | (Trigger::Error(a), Trigger::Error(b)) => a == b,
        (Trigger::After(_) | Trigger::At(_) | Trigger::Message(_) | Trigger::Signal(_) | Trigger::Escalation(_) | Trigger::Error(_), _) => false,
    }
}

/// What a kind of step is called.
fn kind(kind: &NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Task(_) => ("办理步骤", "a task"),
        NodeKind::Approve(_) => ("会签步骤", "an approval group"),
        NodeKind::Decide(_) => ("决策表", "a decision table"),
        NodeKind::Post { .. } => ("记账步骤", "a posting"),
        NodeKind::Message { .. } => ("等待消息", "a wait for a message"),
        NodeKind::Job(_) => ("外部作业", "an outside job"),
        NodeKind::Timer { .. } => ("等待期限", "a minimum period"),
        NodeKind::Split { .. } => ("并行开始", "a split"),
        NodeKind::Join { .. } => ("汇合点", "a join"),
        NodeKind::Call { .. } => ("调用流程", "a call"),
        NodeKind::Each(_) => ("逐项办理", "a step for each member of a list"),
        NodeKind::Throw { .. } => ("发出信号", "a step that throws"),
        NodeKind::Document { .. } => ("出具文书", "a document"),
        NodeKind::End { .. } => ("结束", "an end"),
    }
}
