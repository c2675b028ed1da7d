//! Approval groups and the verbs of a step, as their author wrote them.

use super::words::{key, span, words, words_of};
use super::{Approve, Word};
use crate::calendar::Unit;
use crate::definition::graph::{Ballots, GroupPass, OnRefusal, Verb, Verbs, Vote};
use crate::source::{Fields, Node, Reader, Tree};

/// A rule's word, before its numbers are read.
#[derive(Clone, Copy)]
enum Rule {
    All,
    Any,
    Vote,
    InOrder,
}

/// `{by: heads, rule: vote, pass: 60%, refusals: 2, weights: {heads: 2}, veto: [legal], on-refusal: end}`.
pub(super) fn approve(reader: &mut Reader<'_>, node: &Node) -> Option<Approve> {
    const RULES: &[(&str, Rule)] = &[("all", Rule::All), ("any", Rule::Any), ("vote", Rule::Vote), ("in-order", Rule::InOrder)];
    const REFUSAL: &[(&str, OnRefusal)] = &[("end", OnRefusal::End), ("continue", OnRefusal::Continue), ("return", OnRefusal::Return)];
    let fields = reader.fields(node, &["by", "rule", "on-refusal", "not", "pass", "refusals", "weights", "veto"])?;
    let by = reader.required(&fields, "by").map(|node| words(reader, node)).unwrap_or_default();
    let rule = reader.required(&fields, "rule").and_then(|node| reader.word(node, RULES))?;
    let pass = match rule {
        Rule::All => GroupPass::All,
        Rule::Any => GroupPass::Any,
        Rule::InOrder => GroupPass::InOrder,
        Rule::Vote => GroupPass::Vote(vote(reader, &fields)?),
    };
    if !matches!(rule, Rule::Vote) {
        for votes_only in ["pass", "refusals", "weights", "veto"] {
            if let Some(stray) = fields.get(votes_only) {
                let zh = format!("`{votes_only}` 只用于票签(rule: vote)");
                reader.mistake(stray.at, "unknown-key", (zh, format!("expected `{votes_only}` with `rule: vote` only, found it beside another rule")));
            }
        }
    }
    let on_refusal = fields.get("on-refusal").and_then(|node| reader.word(node, REFUSAL));
    let weights = fields.get("weights").map(|node| weights(reader, node)).unwrap_or_default();
    let veto = words_of(reader, fields.get("veto"));
    let not = words_of(reader, fields.get("not"));
    Some(Approve { by, pass, on_refusal, weights, veto, not, at: node.at })
}

fn vote(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vote> {
    let passes = reader.required(fields, "pass").and_then(|node| ballots(reader, node))?;
    let refusals = fields.get("refusals").and_then(|node| positive(reader, node));
    Some(Vote { passes, refusals })
}

/// `60%` or `3`.
fn ballots(reader: &mut Reader<'_>, node: &Node) -> Option<Ballots> {
    if let Tree::Text(text) = &node.tree
        && let Some(share) = text.strip_suffix('%').and_then(|share| share.trim().parse::<u32>().ok()).filter(|share| (1..=100).contains(share))
    {
        return Some(Ballots::Share(share));
    }
    if let Tree::Number(digits) = &node.tree
        && let Some(count) = digits.parse::<u32>().ok().filter(|count| *count > 0)
    {
        return Some(Ballots::Count(count));
    }
    reader.expected(node, "wrong-kind", ("票数，如 `60%` 或 `3`", "votes such as `60%` or `3`"));
    None
}

fn positive(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let found = reader.whole(node)?;
    let positive = u32::try_from(found).ok().filter(|votes| (1..=1_000).contains(votes));
    if positive.is_none() {
        reader.expected(node, "wrong-kind", ("1 至 1000 的整数", "a whole number from 1 to 1000"));
    }
    positive
}

fn weights(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, u32)> {
    let mut weights = Vec::new();
    for entry in reader.entries(node) {
        weights.extend(positive(reader, &entry.value).map(|weight| (key(&entry.key, entry.at), weight)));
    }
    weights
}

/// `allow: [batch]`, `forbid: [transfer]`, `urge-every: 2 working days`.
pub(super) fn verbs(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Verbs {
    let mut listed = |key: &str| {
        let node = fields.get(key)?;
        let one = |reader: &mut Reader<'_>, node: &Node| reader.word(node, &Verb::ALL);
        Some(match &node.tree {
            Tree::List(items) => items.iter().filter_map(|item| one(reader, item)).collect(),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::Map(_) => one(reader, node).into_iter().collect(),
        })
    };
    let (allowed, forbidden) = (listed("allow").unwrap_or_default(), listed("forbid").unwrap_or_default());
    let urge_working_days = fields.get("urge-every").and_then(|node| {
        let every = span(reader, node)?;
        if every.value.unit == Unit::Working {
            return Some(every.value.days);
        }
        reader.expected(node, "wrong-kind", ("工作日数，如 `2 working days`", "working days such as `2 working days`"));
        None
    });
    Verbs { allowed, forbidden, urge_working_days }
}
