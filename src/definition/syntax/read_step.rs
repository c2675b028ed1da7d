//! The steps of a workflow file. A step that cannot be read keeps its key, so that names which point to it are not called unknown as well.

use super::read_events::{each, events, handlers};
use super::read_group::{approve, verbs};
use super::read_job::job;
use super::read_split::{inclusive, parallel, race};
use super::words::{bases, basis, key, named, number, remind, span, step_outcomes, word, words, words_of};
use super::{Call, Kind, Least, MayReturn, Next, OnExpiry, Post, Remind, Scope, Step, Task, Word};
use crate::definition::graph::{Heard, ReturnThen, Settlement, Thrown, Verbs};
use crate::source::{Fields, Node, Reader, Tree};

/// What a step can do; exactly one of these keys stands in it.
const KINDS: &[&str] = &[
    "task",
    "approve",
    "decide",
    "post",
    "wait",
    "job",
    "parallel",
    "inclusive",
    "race",
    "scope",
    "for-each",
    "call",
    "signal",
    "escalate",
    "error",
    "document",
    "end",
];
/// What may stand beside it.
const REST: &[&str] = &[
    "title",
    "next",
    "within",
    "basis",
    "on-expiry",
    "remind",
    "stops",
    "may-return",
    "rank",
    "settle",
    "join",
    "beside",
    "on-reject",
    "default",
    "allow",
    "forbid",
    "urge-every",
    "events",
    "lock",
    "as",
    "do",
    "mode",
    "complete-when",
];
/// What a task may say.
const TASK: &[&str] = &["by", "not", "same-as", "outcomes", "fields", "fields-with", "edit", "without-opinion", "needs", "at-least", "after"];
/// The steps of a `steps:` mapping.
pub(super) fn steps(reader: &mut Reader<'_>, node: &Node) -> Vec<Step> {
    let mut steps = Vec::new();
    for entry in reader.entries(node) {
        let name = key(&entry.key, entry.at);
        let step = match step_fields(reader, &entry.value, &[]) {
            Some(fields) => step(reader, name, &fields),
            None => broken(name),
        };
        steps.push(step);
    }
    steps
}

pub(super) fn step_fields<'n>(reader: &mut Reader<'_>, node: &'n Node, more: &[&str]) -> Option<Fields<'n>> {
    let allowed: Vec<&str> = KINDS.iter().chain(REST).chain(more).copied().collect();
    reader.fields(node, &allowed)
}

pub(super) fn step(reader: &mut Reader<'_>, name: Word, fields: &Fields<'_>) -> Step {
    let kind = kind(reader, &name, fields).unwrap_or(Kind::Broken);
    Step {
        title: fields.get("title").and_then(|node| reader.bilingual(node)),
        next: fields.get("next").map_or(Next::Unsaid, |node| next(reader, node)),
        within: fields.get("within").and_then(|node| span(reader, node)),
        basis: bases(reader, fields.get("basis")),
        on_expiry: fields.get("on-expiry").and_then(|node| on_expiry(reader, node)),
        remind: remind(reader, fields.get("remind")),
        stops: fields.get("stops").and_then(|node| word(reader, node)),
        may_return: fields.get("may-return").and_then(|node| may_return(reader, node)),
        ranks: fields.get("rank").map(|node| ranks(reader, node)).unwrap_or_default(),
        verbs: verbs(reader, fields),
        events: fields.get("events").map(|node| events(reader, node)).unwrap_or_default(),
        lock: fields.get("lock").and_then(|node| word(reader, node)),
        key: name,
        kind,
    }
}

pub(super) fn broken(key: Word) -> Step {
    Step {
        key,
        title: None,
        kind: Kind::Broken,
        next: Next::Unsaid,
        within: None,
        basis: Vec::new(),
        on_expiry: None,
        remind: Remind::Rungs(Vec::new()),
        stops: None,
        may_return: None,
        ranks: Vec::new(),
        verbs: Verbs::default(),
        events: Vec::new(),
        lock: None,
    }
}

fn kind(reader: &mut Reader<'_>, name: &Word, fields: &Fields<'_>) -> Option<Kind> {
    let found: Vec<(&str, &Node)> = KINDS.iter().filter_map(|kind| fields.get(kind).map(|node| (*kind, node))).collect();
    let [(kind, node)] = found.as_slice() else {
        let kinds: Vec<&str> = found.iter().map(|(kind, _)| *kind).collect();
        let (all, step) = (KINDS.join(", "), &name.value);
        let pair = if kinds.is_empty() {
            (format!("步骤 `{step}` 没有写做什么，期望 {all} 之一"), format!("expected one of {all} in step `{step}`, found none"))
        } else {
            let kinds = kinds.join(", ");
            (format!("步骤 `{step}` 只能做一件事，实际写了 {kinds}"), format!("expected exactly one thing to do in step `{step}`, found {kinds}"))
        };
        reader.mistake(name.at, "wrong-kind", pair);
        return None;
    };
    match *kind {
        "task" => task(reader, node).map(Kind::Task),
        "approve" => approve(reader, node).map(Kind::Approve),
        "decide" => word(reader, node).map(Kind::Decide),
        "post" => post(reader, node, fields).map(Kind::Post),
        "wait" => wait(reader, node),
        "job" => job(reader, node).map(Kind::Job),
        "parallel" => parallel(reader, node, fields).map(Kind::Parallel),
        "inclusive" => inclusive(reader, node, fields).map(Kind::Parallel),
        "race" => race(reader, node, fields).map(Kind::Parallel),
        "scope" => scope(reader, node).map(Kind::Scope),
        "for-each" => each(reader, name, node, fields).map(Kind::Each),
        "signal" => signal(reader, node),
        "escalate" => word(reader, node).map(|name| Kind::Throw { what: Thrown::Escalation, name }),
        "error" => word(reader, node).map(|name| Kind::Throw { what: Thrown::Error, name }),
        "call" => call(reader, node).map(Kind::Call),
        "document" => document(reader, node),
        // The list above ends with `end`.
        _ => end(reader, node),
    }
}

fn task(reader: &mut Reader<'_>, node: &Node) -> Option<Task> {
    let fields = reader.fields(node, TASK)?;
    let by = reader.required(&fields, "by").and_then(|node| word(reader, node));
    let outcomes = reader.required(&fields, "outcomes").map(|node| words(reader, node)).unwrap_or_default();
    let not = words_of(reader, fields.get("not"));
    let same_as = fields.get("same-as").and_then(|node| word(reader, node));
    let answer = fields.get("fields").and_then(|node| word(reader, node));
    let fields_with = words_of(reader, fields.get("fields-with"));
    let edits_form = fields.get("edit").is_some_and(|node| reader.word(node, &[("form", ())]).is_some());
    let without_opinion = words_of(reader, fields.get("without-opinion"));
    let mut needs = Vec::new();
    for entry in fields.get("needs").map(|node| reader.entries(node)).unwrap_or_default() {
        needs.extend(word(reader, &entry.value).map(|table| (key(&entry.key, entry.at), table)));
    }
    let least = fields.get("at-least").and_then(|node| least(reader, node));
    let after = fields.get("after").map(|node| step_outcomes(reader, node)).unwrap_or_default();
    if outcomes.is_empty() {
        return None;
    }
    Some(Task { by: by?, not, same_as, outcomes, fields: answer, fields_with, edits_form, without_opinion, needs, least, after })
}

/// `{for: 7 working days, basis: 条例 26, reason: why_short}`.
fn least(reader: &mut Reader<'_>, node: &Node) -> Option<Least> {
    let fields = reader.fields(node, &["for", "basis", "reason"])?;
    let within = reader.required(&fields, "for").and_then(|node| span(reader, node));
    let basis = reader.required(&fields, "basis");
    let basis = bases(reader, basis);
    let reason = fields.get("reason").and_then(|node| word(reader, node));
    Some(Least { span: within?, basis, reason })
}

fn post(reader: &mut Reader<'_>, node: &Node, step: &Fields<'_>) -> Option<Post> {
    const BECOMES: &[(&str, Settlement)] = &[("use", Settlement::Use), ("release", Settlement::Release), ("keep", Settlement::Keep)];
    let fields = reader.fields(node, &["account", "amount"])?;
    let account = reader.required(&fields, "account").map(|node| reader.list(node).to_vec());
    let amount = reader.required(&fields, "amount").cloned();
    let settle = reader.required(step, "settle")?;
    let mut by_result = Vec::new();
    let mut otherwise = None;
    for entry in reader.entries(settle) {
        let Some(becomes) = reader.word(&entry.value, BECOMES) else { continue };
        if entry.key == "otherwise" {
            otherwise = Some(becomes);
        } else {
            by_result.push((key(&entry.key, entry.at), becomes));
        }
    }
    if otherwise.is_none() {
        let zh = "缺少 `otherwise`:其他结果下预留如何处理";
        let en = "expected `otherwise`: what becomes of the reservation with any other result";
        reader.mistake(settle.at, "missing-key", (zh.into(), en.into()));
    }
    Some(Post { account: account?, amount: amount?, settle: by_result, otherwise: otherwise? })
}

fn wait(reader: &mut Reader<'_>, node: &Node) -> Option<Kind> {
    let fields = reader.fields(node, &["for", "publish", "message", "signal", "kept", "queue"])?;
    if let Some(message) = fields.get("message") {
        let queue = fields.get("queue").and_then(|node| word(reader, node));
        let kept = fields.get("kept").is_some_and(|node| reader.flag(node) == Some(true));
        return Some(Kind::Message { name: word(reader, message)?, heard: if kept { Heard::Kept } else { Heard::Message }, queue });
    }
    if let Some(signal) = fields.get("signal") {
        return Some(Kind::Message { name: word(reader, signal)?, heard: Heard::Signal, queue: None });
    }
    let span = reader.required(&fields, "for").and_then(|node| span(reader, node))?;
    Some(Kind::Timer { span, publish: fields.get("publish").and_then(|node| word(reader, node)) })
}

/// A workflow's name, or `{workflow: …, with: {…}, returns: {…}}`.
fn call(reader: &mut Reader<'_>, node: &Node) -> Option<Call> {
    if let Tree::Text(_) = &node.tree {
        return word(reader, node).map(|workflow| Call { workflow, with: Vec::new(), returns: Vec::new() });
    }
    let fields = reader.fields(node, &["workflow", "with", "returns"])?;
    let workflow = reader.required(&fields, "workflow").and_then(|node| word(reader, node));
    let with = fields.get("with").map(|node| named(reader, node)).unwrap_or_default();
    let returns = fields.get("returns").map(|node| named(reader, node)).unwrap_or_default();
    Some(Call { workflow: workflow?, with, returns })
}

/// `{steps: …, handlers: …}`.
fn scope(reader: &mut Reader<'_>, node: &Node) -> Option<Scope> {
    let fields = reader.fields(node, &["steps", "handlers"])?;
    let handlers = fields.get("handlers").map(|node| handlers(reader, node)).unwrap_or_default();
    let steps = reader.required(&fields, "steps").map(|node| steps(reader, node))?;
    Some(Scope { steps, handlers })
}

/// A signal's name, or `{name: …, to: every-case}`.
fn signal(reader: &mut Reader<'_>, node: &Node) -> Option<Kind> {
    const TO: &[(&str, Thrown)] = &[("this-case", Thrown::Signal), ("every-case", Thrown::Broadcast)];
    if let Tree::Text(_) = &node.tree {
        return word(reader, node).map(|name| Kind::Throw { what: Thrown::Signal, name });
    }
    let fields = reader.fields(node, &["name", "to"])?;
    let name = reader.required(&fields, "name").and_then(|node| word(reader, node));
    let what = reader.required(&fields, "to").and_then(|node| reader.word(node, TO));
    Some(Kind::Throw { what: what?, name: name? })
}

fn document(reader: &mut Reader<'_>, node: &Node) -> Option<Kind> {
    if let Tree::Text(_) = &node.tree {
        return word(reader, node).map(|kind| Kind::Document { kind, number: None });
    }
    let fields = reader.fields(node, &["kind", "number"])?;
    let kind = reader.required(&fields, "kind").and_then(|node| word(reader, node))?;
    Some(Kind::Document { kind, number: fields.get("number").and_then(|node| number(reader, node)) })
}

fn end(reader: &mut Reader<'_>, node: &Node) -> Option<Kind> {
    if let Tree::Map(_) = &node.tree {
        let fields = reader.fields(node, &["result", "terminate"])?;
        let result = reader.required(&fields, "result").and_then(|node| word(reader, node))?;
        let terminate = fields.get("terminate").is_some_and(|node| reader.flag(node) == Some(true));
        return Some(Kind::End { result, terminate });
    }
    word(reader, node).map(|result| Kind::End { result, terminate: false })
}

fn next(reader: &mut Reader<'_>, node: &Node) -> Next {
    if let Tree::Map(entries) = &node.tree {
        let by_outcome = entries.iter().filter_map(|entry| Some((key(&entry.key, entry.at), word(reader, &entry.value)?)));
        return Next::ByOutcome(by_outcome.collect());
    }
    word(reader, node).map_or(Next::Unsaid, Next::Bare)
}

fn on_expiry(reader: &mut Reader<'_>, node: &Node) -> Option<OnExpiry> {
    let fields = reader.fields(node, &["outcome", "basis", "effective"])?;
    let outcome = reader.required(&fields, "outcome").and_then(|node| word(reader, node));
    let basis = reader.required(&fields, "basis").and_then(|node| basis(reader, node));
    let from_receipt = fields.get("effective").is_some_and(|node| reader.word(node, &[("received", ())]).is_some());
    Some(OnExpiry { outcome: outcome?, basis: basis?, from_receipt })
}

fn may_return(reader: &mut Reader<'_>, node: &Node) -> Option<MayReturn> {
    const THEN: &[(&str, ReturnThen)] = &[("walk-again", ReturnThen::WalkAgain), ("straight-back", ReturnThen::StraightBack)];
    let fields = reader.fields(node, &["to", "to-caller", "then"])?;
    let caller = words_of(reader, fields.get("to-caller"));
    let to = if caller.is_empty() { reader.required(&fields, "to").map(|node| words(reader, node)) } else { Some(words_of(reader, fields.get("to"))) };
    let then = reader.required(&fields, "then").and_then(|node| reader.word(node, THEN));
    Some(MayReturn { to: to?, caller, then: then? })
}

/// `{a: 0, b: 1, c: 2}`.
fn ranks(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, i16)> {
    let mut ranks = Vec::new();
    for entry in reader.entries(node) {
        let rank = reader.whole(&entry.value).and_then(|rank| i16::try_from(rank).ok());
        ranks.extend(rank.map(|rank| (key(&entry.key, entry.at), rank)));
    }
    ranks
}
