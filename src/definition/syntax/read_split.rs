//! Steps that split: `parallel`, `inclusive`, `race`; their branches and how they join.

use super::read_step::{broken, step, step_fields, steps};
use super::words::{at, key, word, words_of};
use super::{At, Branch, Parallel, Splits, Word};
use crate::definition::graph::{JoinRule, Rest};
use crate::source::{Fields, Node, Reader, Tree};

/// What a branch may add when it is written as one step.
const BRANCH: &[&str] = &["when", "rejects"];

pub(super) fn parallel(reader: &mut Reader<'_>, node: &Node, step: &Fields<'_>) -> Option<Parallel> {
    let join = reader.required(step, "join").and_then(|node| join(reader, node));
    split(reader, node, step, Splits::All, join)
}

/// Branches with conditions; the one named by `default` is taken when no other is.
pub(super) fn inclusive(reader: &mut Reader<'_>, node: &Node, step: &Fields<'_>) -> Option<Parallel> {
    let join = match step.get("join") {
        Some(node) => join(reader, node),
        None => Some(at(JoinRule::All, node.at)),
    };
    let default = reader.required(step, "default").and_then(|node| word(reader, node));
    let splits = default.map(Splits::Inclusive);
    // The branches are read all the same, so that their mistakes are told.
    let read = split(reader, node, step, Splits::All, join)?;
    Some(Parallel { splits: splits?, ..read })
}

/// The first alternative that is over goes on by its own `next`; the others are closed.
pub(super) fn race(reader: &mut Reader<'_>, node: &Node, step: &Fields<'_>) -> Option<Parallel> {
    for key in ["join", "beside", "on-reject", "next"] {
        if let Some(node) = step.get(key) {
            let zh = format!("race 没有 `{key}`，去向写在每个分支的 next");
            let en = format!("expected `next` in each branch of a race, found `{key}` beside it");
            reader.mistake(node.at, "unknown-key", (zh, en));
        }
    }
    let branches = branches(reader, node);
    Some(Parallel { splits: Splits::Race, join: at(JoinRule::All, node.at), branches, beside: Vec::new(), on_reject: None })
}

fn split(reader: &mut Reader<'_>, node: &Node, step: &Fields<'_>, splits: Splits, join: Option<At<JoinRule>>) -> Option<Parallel> {
    let all = branches(reader, node);
    let beside = step.get("beside").map(|node| branches(reader, node)).unwrap_or_default();
    let on_reject = step.get("on-reject").and_then(|node| on_reject(reader, node));
    join.map(|join| Parallel { splits, join, branches: all, beside, on_reject })
}

/// `all`, or `{first: 2, rest: cancel}`.
fn join(reader: &mut Reader<'_>, node: &Node) -> Option<At<JoinRule>> {
    if let Tree::Map(_) = &node.tree {
        let fields = reader.fields(node, &["first", "rest"])?;
        let first = reader.required(&fields, "first").and_then(|node| count(reader, node));
        let rest = reader.required(&fields, "rest").and_then(|node| rest(reader, node));
        return Some(at(JoinRule::First { count: first?, rest: rest? }, node.at));
    }
    reader.word(node, &[("all", JoinRule::All)]).map(|rule| at(rule, node.at))
}

/// A whole number of at least one.
pub(super) fn count(reader: &mut Reader<'_>, node: &Node) -> Option<u16> {
    let whole = reader.whole(node)?;
    let count = u16::try_from(whole).ok().filter(|count| *count > 0);
    if count.is_none() {
        reader.expected(node, "wrong-kind", ("不小于 1 的整数", "a whole number of at least 1"));
    }
    count
}

/// What becomes of what is still open.
pub(super) fn rest(reader: &mut Reader<'_>, node: &Node) -> Option<Rest> {
    reader.word(node, &[("cancel", Rest::Cancel), ("continue", Rest::Continue)])
}

/// `{go: end-refused, cancel: rest}`.
fn on_reject(reader: &mut Reader<'_>, node: &Node) -> Option<Word> {
    let fields = reader.fields(node, &["go", "cancel"])?;
    let cancel = reader.required(&fields, "cancel").and_then(|node| reader.word(node, &[("rest", ())]));
    let go = reader.required(&fields, "go").and_then(|node| word(reader, node));
    cancel.and(go)
}

fn branches(reader: &mut Reader<'_>, node: &Node) -> Vec<Branch> {
    let mut branches = Vec::new();
    for entry in reader.entries(node) {
        let name = key(&entry.key, entry.at);
        branches.push(branch(reader, name, &entry.value));
    }
    branches
}

/// A branch is one step, or `{when, rejects, steps}`.
fn branch(reader: &mut Reader<'_>, name: Word, node: &Node) -> Branch {
    let many = matches!(&node.tree, Tree::Map(entries) if entries.iter().any(|entry| entry.key == "steps"));
    let fields = if many { reader.fields(node, &["when", "rejects", "steps"]) } else { step_fields(reader, node, BRANCH) };
    let Some(fields) = fields else {
        return Branch { key: name.clone(), when: None, rejects: Vec::new(), steps: vec![broken(name)] };
    };
    let rejects = words_of(reader, fields.get("rejects"));
    let when = fields.get("when").cloned();
    let steps = match fields.get("steps") {
        Some(node) => steps(reader, node),
        None => vec![step(reader, name.clone(), &fields)],
    };
    Branch { key: name, when, rejects, steps }
}
