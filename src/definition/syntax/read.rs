//! The head of a workflow file: what it is, who may act in it, which terms it keeps.

use super::words::{bases, extend, key, lights, number, remind, rolls, rungs, span, step_outcome, step_outcomes, word, words, words_of};
use super::{Limit, LimitStart, Pool, Rung, StepOutcome, Word, Workflow, read_events, read_step};
use crate::calendar::Span;
use crate::definition::graph::{Demand, Nature, TermKind};
use crate::source::{Mistake, Node, Reader, Tree};

const KEYS: &[&str] =
    &["workflow", "title", "nature", "basis", "number", "form", "papers", "people", "ladders", "limits", "lights", "progress", "steps", "handlers", "throws"];
const DEMANDS: &[(&str, Demand)] =
    &[("required", Demand::Required), ("conditional", Demand::Conditional), ("tolerable", Demand::Tolerable), ("optional", Demand::Optional)];
const NATURES: &[(&str, Nature)] = &[
    ("licence", Nature::Licence),
    ("filing", Nature::Filing),
    ("allocation", Nature::Allocation),
    ("service", Nature::Service),
    ("internal", Nature::Internal),
];

/// Reads a workflow file. Without its key there is no workflow, only mistakes.
#[must_use]
pub fn workflow(node: &Node, file: &str) -> (Option<Workflow>, Vec<Mistake>) {
    let mut reader = Reader::new(file);
    let workflow = head(&mut reader, node);
    (workflow, reader.into_mistakes())
}

fn head(reader: &mut Reader<'_>, node: &Node) -> Option<Workflow> {
    let fields = reader.fields(node, KEYS)?;
    let name = reader.required(&fields, "workflow").and_then(|node| word(reader, node));
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let nature = reader.required(&fields, "nature").and_then(|node| reader.word(node, NATURES));
    let basis = reader.required(&fields, "basis");
    let basis = bases(reader, basis);
    let number = fields.get("number").and_then(|node| number(reader, node));
    let form = fields.get("form").and_then(|node| word(reader, node));
    let papers = fields.get("papers").map(|node| papers(reader, node));
    let people = fields.get("people").map(|node| people(reader, node)).unwrap_or_default();
    let ladders = fields.get("ladders").map(|node| ladders(reader, node)).unwrap_or_default();
    let limits = fields.get("limits").map(|node| limits(reader, node)).unwrap_or_default();
    let lights = fields.get("lights").and_then(|node| lights(reader, node));
    let progress = fields.get("progress").and_then(|node| progress(reader, node));
    let steps = reader.required(&fields, "steps").map(|node| read_step::steps(reader, node)).unwrap_or_default();
    let handlers = fields.get("handlers").map(|node| read_events::handlers(reader, node)).unwrap_or_default();
    let throws = words_of(reader, fields.get("throws"));
    let file = reader.file().to_owned();
    Some(Workflow {
        file,
        name: name?,
        title: title.unwrap_or_default(),
        nature,
        basis,
        number,
        form,
        papers,
        people,
        ladders,
        limits,
        lights,
        progress,
        steps,
        handlers,
        throws,
    })
}

/// `{intro_file: required, site_map_file: tolerable}`; an empty one asks for none.
fn papers(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, Demand)> {
    reader.entries(node).iter().filter_map(|entry| Some((key(&entry.key, entry.at), reader.word(&entry.value, DEMANDS)?))).collect()
}

/// `{plan: plan.nodes, done: run.nodes}`.
fn progress(reader: &mut Reader<'_>, node: &Node) -> Option<(StepOutcome, StepOutcome)> {
    let fields = reader.fields(node, &["plan", "done"])?;
    let mut field = |key: &str| {
        let node = reader.required(&fields, key)?;
        let of = step_outcome(reader, node)?;
        if of.outcome.is_none() {
            reader.expected(node, "wrong-kind", (" `步骤.字段`", "`step.field`"));
            return None;
        }
        Some(of)
    };
    let (plan, done) = (field("plan"), field("done"));
    Some((plan?, done?))
}

fn people(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, Pool)> {
    let mut people = Vec::new();
    for entry in reader.entries(node) {
        if let Some(pool) = pool(reader, &entry.value) {
            people.push((key(&entry.key, entry.at), pool));
        }
    }
    people
}

/// `applicant`, or `{office: …, post: …, of: …, backup-after: …}`.
fn pool(reader: &mut Reader<'_>, node: &Node) -> Option<Pool> {
    if let Tree::Text(_) = &node.tree {
        return reader.word(node, &[("applicant", ())]).map(|()| Pool::Applicant);
    }
    let fields = reader.fields(node, &["office", "post", "of", "backup-after"])?;
    let offices = reader.required(&fields, "office").map(|node| words(reader, node)).unwrap_or_default();
    let post = reader.required(&fields, "post").and_then(|node| word(reader, node))?;
    let backup_after = fields.get("backup-after").and_then(|node| span(reader, node));
    let of = fields.get("of").cloned();
    (!offices.is_empty()).then_some(Pool::Posts { offices, post, backup_after, of })
}

fn ladders(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, Vec<Rung>)> {
    let mut ladders = Vec::new();
    for entry in reader.entries(node) {
        ladders.push((key(&entry.key, entry.at), rungs(reader, &entry.value)));
    }
    ladders
}

fn limits(reader: &mut Reader<'_>, node: &Node) -> Vec<Limit> {
    let mut limits = Vec::new();
    for entry in reader.entries(node) {
        limits.extend(limit(reader, key(&entry.key, entry.at), &entry.value));
    }
    limits
}

fn limit(reader: &mut Reader<'_>, name: Word, node: &Node) -> Option<Limit> {
    let fields = reader.fields(node, &["kind", "within", "by-class", "from", "until", "excludes", "basis", "extend", "remind", "rolls-over", "lights"])?;
    let kind = match fields.get("kind") {
        Some(node) => reader.word(node, &[("statutory", TermKind::Statutory), ("promised", TermKind::Promised)])?,
        None if name.value.starts_with("statutory") => TermKind::Statutory,
        None if name.value.starts_with("promised") => TermKind::Promised,
        None => {
            let name_text = &name.value;
            let zh = format!("时限 `{name_text}` 要写明 kind: statutory 或 promised");
            let en = format!("expected `kind: statutory` or `kind: promised` in the limit `{name_text}`");
            reader.mistake(name.at, "missing-key", (zh, en));
            return None;
        }
    };
    let within = reader.required(&fields, "within").and_then(|node| span(reader, node));
    let by_class = match (fields.get("by-class"), &within) {
        (Some(node), Some(within)) => by_class(reader, node, (kind, within.value)),
        (Some(_) | None, _) => Vec::new(),
    };
    let from = reader.required(&fields, "from").and_then(|node| start(reader, node));
    let until = fields.get("until").map(|node| step_outcomes(reader, node)).unwrap_or_default();
    let excludes = words_of(reader, fields.get("excludes"));
    let basis = bases(reader, fields.get("basis"));
    let extend = fields.get("extend").and_then(|node| extend(reader, node));
    let remind = remind(reader, fields.get("remind"));
    let rolls = fields.get("rolls-over").and_then(|node| rolls(reader, node));
    let lights = fields.get("lights").and_then(|node| lights(reader, node));
    Some(Limit { key: name, kind, within: within?, by_class, from: from?, until, excludes, basis, extend, remind, rolls, lights })
}

/// `{a: 7 working days}`: what is promised to a project of a class, never longer than to others; a statute knows no classes.
fn by_class(reader: &mut Reader<'_>, node: &Node, (kind, within): (TermKind, Span)) -> Vec<(i16, Span)> {
    const CLASSES: [(&str, i16); 3] = [("a", 0), ("b", 1), ("c", 2)];
    let mut spans = Vec::new();
    for entry in reader.entries(node) {
        let class = CLASSES.iter().find(|(word, _)| *word == entry.key);
        let Some((_, rank)) = class.filter(|_| kind == TermKind::Promised) else {
            let zh = "按等级的时限只写在承诺时限里，等级是 a、b、c".to_owned();
            reader.mistake(entry.at, "wrong-kind", (zh, "expected the classes a, b and c of a promised limit".to_owned()));
            continue;
        };
        let Some(span) = span(reader, &entry.value) else { continue };
        if span.value.unit == within.unit && span.value.days <= within.days {
            spans.push((*rank, span.value));
        } else {
            let (zh, en) = (format!("期望不长于 {}，单位相同", within.zh()), format!("expected at most {within}, in the same unit"));
            reader.mistake(entry.value.at, "wrong-kind", (zh, en));
        }
    }
    spans
}

/// `entered`, `accept.accepted`, or `{received: accept.accepted}`.
fn start(reader: &mut Reader<'_>, node: &Node) -> Option<LimitStart> {
    if let Tree::Map(_) = &node.tree {
        let fields = reader.fields(node, &["received"])?;
        let node = reader.required(&fields, "received")?;
        return step_outcome(reader, node).map(LimitStart::Received);
    }
    if reader.text(node)? == "entered" {
        return Some(LimitStart::Entered);
    }
    let from = step_outcome(reader, node)?;
    if from.outcome.is_none() {
        reader.expected(node, "wrong-kind", (" entered 或 `步骤.结果`", "`entered` or `step.outcome`"));
        return None;
    }
    Some(LimitStart::Outcome(from))
}
