//! The small things a workflow file is made of: names, spans, laws, rungs, `step.outcome`.

use chrono::NaiveDate;

use super::{At, Basis, Extend, Hearer, Remind, Rung, StepOutcome, Word};
use crate::calendar::{Roll, Span, Thresholds, Unit};
use crate::definition::graph::NumberRule;
use crate::ids::Name;
use crate::source::{Node, Place, Reader, Tree};

/// Nine in the morning, when nothing else is said.
const MORNING_MINUTE: u16 = 9 * 60;
const DAY_MINUTES: u16 = 24 * 60;

pub(super) fn at<T>(value: T, at: Place) -> At<T> {
    At { value, at }
}

/// A key where it stands as a key.
pub(super) fn key(text: &str, place: Place) -> Word {
    at(Name::from(text), place)
}

/// A name: a text without spaces.
pub(super) fn word(reader: &mut Reader<'_>, node: &Node) -> Option<Word> {
    let text = reader.text(node)?;
    if text.is_empty() || text.contains(char::is_whitespace) {
        reader.expected(node, "wrong-kind", ("不含空格的名称", "a name without spaces"));
        return None;
    }
    Some(at(Name::from(text), node.at))
}

/// Expressions by name.
pub(super) fn named(reader: &mut Reader<'_>, node: &Node) -> Vec<(Word, Node)> {
    reader.entries(node).iter().map(|entry| (key(&entry.key, entry.at), entry.value.clone())).collect()
}

/// A list of names; one name alone may stand without brackets.
pub(super) fn words(reader: &mut Reader<'_>, node: &Node) -> Vec<Word> {
    if let Tree::List(items) = &node.tree {
        return items.iter().filter_map(|item| word(reader, item)).collect();
    }
    word(reader, node).into_iter().collect()
}

/// A list of names that may be absent.
pub(super) fn words_of(reader: &mut Reader<'_>, node: Option<&Node>) -> Vec<Word> {
    node.map(|node| words(reader, node)).unwrap_or_default()
}

/// `20 working days`.
pub(super) fn span(reader: &mut Reader<'_>, node: &Node) -> Option<At<Span>> {
    let parsed = reader.text(node)?.parse::<Span>().ok();
    if parsed.is_none() {
        reader.expected(node, "wrong-kind", ("时限，如 `20 working days` 或 `30 calendar days`", "a limit such as `20 working days` or `30 calendar days`"));
    }
    parsed.map(|span| at(span, node.at))
}

/// A law or plan: a text, or `{law: …, in-force: from..until}`; or a list of them.
pub(super) fn bases(reader: &mut Reader<'_>, node: Option<&Node>) -> Vec<Basis> {
    let Some(node) = node else { return Vec::new() };
    if let Tree::List(items) = &node.tree {
        return items.iter().filter_map(|item| basis(reader, item)).collect();
    }
    basis(reader, node).into_iter().collect()
}

pub(super) fn basis(reader: &mut Reader<'_>, node: &Node) -> Option<Basis> {
    if let Tree::Map(_) = &node.tree {
        let fields = reader.fields(node, &["law", "in-force"])?;
        let text = reader.required(&fields, "law").and_then(|law| reader.text(law))?;
        let (from, until) = match fields.get("in-force") {
            Some(days) => in_force(reader, days)?,
            None => (None, None),
        };
        return Some(Basis { text, from, until, at: node.at });
    }
    Some(Basis { text: reader.text(node)?, from: None, until: None, at: node.at })
}

/// `2003-09-01..2026-08-14`, either end open.
fn in_force(reader: &mut Reader<'_>, node: &Node) -> Option<(Option<NaiveDate>, Option<NaiveDate>)> {
    let text = reader.text(node)?;
    let parsed = text.split_once("..").and_then(|(from, until)| Some((day(from)?, day(until)?)));
    if parsed.is_none() {
        reader.expected(node, "wrong-kind", ("起止日期，如 `2004-07-01..`", "the days in force, such as `2004-07-01..`"));
    }
    parsed
}

/// A date, or nothing for an open end; `None` when it is neither.
fn day(text: &str) -> Option<Option<NaiveDate>> {
    if text.trim().is_empty() { Some(None) } else { text.trim().parse().ok().map(Some) }
}

/// `step.outcome`, or `step`.
pub(super) fn step_outcome(reader: &mut Reader<'_>, node: &Node) -> Option<StepOutcome> {
    let word = word(reader, node)?;
    let Some((step, outcome)) = word.value.split_once('.') else {
        return Some(StepOutcome { step: word, outcome: None });
    };
    let outcome = at(Name::from(outcome), node.place_in(step.len() + 1));
    Some(StepOutcome { step: at(Name::from(step), word.at), outcome: Some(outcome) })
}

/// One `step.outcome`, or a list of them.
pub(super) fn step_outcomes(reader: &mut Reader<'_>, node: &Node) -> Vec<StepOutcome> {
    if let Tree::List(items) = &node.tree {
        return items.iter().filter_map(|item| step_outcome(reader, item)).collect();
    }
    step_outcome(reader, node).into_iter().collect()
}

/// `{by: 10 working days, approved-by: head}`.
pub(super) fn extend(reader: &mut Reader<'_>, node: &Node) -> Option<Extend> {
    let fields = reader.fields(node, &["by", "approved-by"])?;
    let by = reader.required(&fields, "by").and_then(|node| span(reader, node));
    let approved_by = reader.required(&fields, "approved-by").and_then(|node| word(reader, node));
    Some(Extend { by: by?, approved_by: approved_by? })
}

/// `{series: GC, pattern: "GC{year}{seq:4}"}`, `{suffix: -HP}`, or both: the suffix under a caller, the series alone.
pub(super) fn number(reader: &mut Reader<'_>, node: &Node) -> Option<NumberRule> {
    let fields = reader.fields(node, &["series", "pattern", "suffix"])?;
    let suffix = match fields.get("suffix") {
        Some(suffix) => Some(reader.text(suffix)?),
        None => None,
    };
    if let (Some(suffix), None, None) = (&suffix, fields.get("series"), fields.get("pattern")) {
        return Some(NumberRule::Suffix(suffix.clone()));
    }
    let series = reader.required(&fields, "series").and_then(|node| word(reader, node));
    let pattern = reader.required(&fields, "pattern")?;
    let text = reader.text(pattern)?;
    if !text.contains("{seq}") && !text.contains("{seq:") {
        reader.expected(pattern, "wrong-kind", ("含 {seq} 的编号式样", "a pattern with {seq}"));
        return None;
    }
    let series = series?.value;
    Some(match suffix {
        Some(suffix) => NumberRule::Either { suffix, series, pattern: text },
        None => NumberRule::Series { series, pattern: text },
    })
}

/// `[holiday, weekend]`, `[holiday]`, or `[]` for a limit that does not move.
pub(super) fn rolls(reader: &mut Reader<'_>, node: &Node) -> Option<At<Roll>> {
    let listed = reader.list(node);
    let found: Vec<bool> = listed.iter().filter_map(|item| reader.word(item, &[("holiday", false), ("weekend", true)])).collect();
    if found.len() < listed.len() {
        return None;
    }
    let roll = match (found.contains(&false), found.contains(&true)) {
        (false, false) => Roll::Never,
        (true, false) => Roll::Holidays,
        (true, true) => Roll::DaysOff,
        (false, true) => {
            reader.expected(node, "wrong-kind", ("`[holiday]`、`[holiday, weekend]` 或 `[]`", "`[holiday]`, `[holiday, weekend]` or `[]`"));
            return None;
        }
    };
    matches!(node.tree, Tree::List(_)).then(|| at(roll, node.at))
}

/// `{yellow: 30%, at-least: 2 working days, none-up-to: 3}`.
pub(super) fn lights(reader: &mut Reader<'_>, node: &Node) -> Option<At<Thresholds>> {
    Thresholds::read(reader, node).map(|lights| at(lights, node.at))
}

/// The name of a ladder, or a list of rungs.
pub(super) fn remind(reader: &mut Reader<'_>, node: Option<&Node>) -> Remind {
    let Some(node) = node else { return Remind::Rungs(Vec::new()) };
    if let Tree::Text(_) = &node.tree
        && let Some(ladder) = word(reader, node)
    {
        return Remind::Ladder(ladder);
    }
    Remind::Rungs(rungs(reader, node))
}

pub(super) fn rungs(reader: &mut Reader<'_>, node: &Node) -> Vec<Rung> {
    reader.list(node).iter().filter_map(|item| rung(reader, item)).collect()
}

fn rung(reader: &mut Reader<'_>, node: &Node) -> Option<Rung> {
    let fields = reader.fields(node, &["at", "hour", "say", "to", "order", "urgent"])?;
    let offset = reader.required(&fields, "at").and_then(|node| offset(reader, node));
    let minute = fields.get("hour").map_or(Some(MORNING_MINUTE), |node| minute(reader, node));
    let say = reader.required(&fields, "say").and_then(|node| word(reader, node));
    let to = reader.required(&fields, "to").map(|node| hearers(reader, node));
    let order = fields.get("order").and_then(|node| word(reader, node));
    let urgent = fields.get("urgent").is_some_and(|node| reader.flag(node) == Some(true));
    let (offset, unit) = offset?;
    Some(Rung { offset, unit, minute: minute?, say: say?, to: to?, order, urgent })
}

/// `-2 working days`, `due`, `+1 calendar day`.
fn offset(reader: &mut Reader<'_>, node: &Node) -> Option<(i32, Unit)> {
    let text = reader.text(node)?;
    if text == "due" {
        return Some((0, Unit::Calendar));
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("-", rest)) => (-1, rest),
        Some(("+", rest)) => (1, rest),
        Some(_) | None => (0, ""),
    };
    let parsed = rest.parse::<Span>().ok().and_then(|span| Some((i32::try_from(span.days).ok()? * sign, span.unit)));
    if parsed.is_none() {
        let expected =
            ("相对到期日的日数，如 `-2 working days`、`due`、`+1 working day`", "days from the due day such as `-2 working days`, `due`, `+1 working day`");
        reader.expected(node, "wrong-kind", expected);
    }
    parsed
}

/// `08:30`.
fn minute(reader: &mut Reader<'_>, node: &Node) -> Option<u16> {
    let text = reader.text(node)?;
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let minute = minute.parse::<u16>().ok().filter(|minute| *minute < 60)?;
        hour.parse::<u16>().ok()?.checked_mul(60)?.checked_add(minute).filter(|minute| *minute < DAY_MINUTES)
    });
    if parsed.is_none() {
        reader.expected(node, "wrong-kind", ("时刻，如 \"09:00\"", "a time of day such as \"09:00\""));
    }
    parsed
}

fn hearers(reader: &mut Reader<'_>, node: &Node) -> Vec<Hearer> {
    if let Tree::List(items) = &node.tree {
        return items.iter().filter_map(|item| hearer(reader, item)).collect();
    }
    hearer(reader, node).into_iter().collect()
}

fn hearer(reader: &mut Reader<'_>, node: &Node) -> Option<Hearer> {
    let Tree::Map(_) = &node.tree else { return word(reader, node).map(Hearer::Named) };
    let fields = reader.fields(node, &["office", "post"])?;
    let office = fields.get("office").and_then(|node| word(reader, node));
    let post = reader.required(&fields, "post").and_then(|node| word(reader, node))?;
    Some(Hearer::Post { office, post })
}
