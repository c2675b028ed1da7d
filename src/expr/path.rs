//! Reading a path: names, keys, places in a list, filters.
//! Invariant: keys are followed by reference and only what is read is copied, so a large form costs what the expression takes of it.
//! Never: null for a key that is not there.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::Datelike as _;

use super::ast::{Ast, Kind, Step, StepKind};
use super::eval::Evaluation;
use super::names::ITEM;
use super::{EvalError, Value, arith};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 8;

impl Evaluation<'_> {
    /// The value at a path.
    pub(super) fn path(&mut self, base: &Ast, steps: &[Step]) -> Result<Value, EvalError> {
        let (mut value, rest) = if let Kind::Name(name) = &base.kind {
            let (found, taken) = self.follow(&base.span, name, steps)?;
            let cost = found.cost();
            let found = found.clone();
            self.steps(&base.span, cost)?;
            (found, &steps[taken..])
        } else {
            (self.value(base)?, steps)
        };
        for step in rest {
            self.step(&step.span)?;
            value = match &step.kind {
                StepKind::Key(key) => key_of(&step.span, value, key)?,
                StepKind::Index(place) => item_at(&step.span, value, *place)?,
                StepKind::Filter(condition) => self.filter(&step.span, value, condition)?,
            };
        }
        Ok(value)
    }

    /// Follows keys through contexts; answers what it came to and how many steps it took.
    fn follow(&self, span: &Range<usize>, name: &str, steps: &[Step]) -> Result<(&Value, usize), EvalError> {
        let bound = self.bound.iter().rev().find(|(bound, _)| bound == name).map(|(_, value)| value);
        let Some(mut value) = bound.or_else(|| self.roots.get(name)) else {
            let known: Vec<&String> = self.roots.keys().collect();
            let (shown, hint) = (listed(&known), if name == ITEM { "" } else { "；文字请加双引号" });
            let zh = format!("期望已知的名称（有 {shown}{hint}），实际 `{name}`");
            return Err(EvalError::new(span, zh, format!("expected a known name ({shown}), found `{name}`")));
        };
        for (taken, step) in steps.iter().enumerate() {
            match (&step.kind, value) {
                (StepKind::Key(key), Value::Context(entries)) => value = entries.get(key).ok_or_else(|| missing(&step.span, entries, key))?,
                (StepKind::Key(_) | StepKind::Index(_) | StepKind::Filter(_), _) => return Ok((value, taken)),
            }
        }
        Ok((value, steps.len()))
    }

    /// Whether a path of keys leads to a value that is not null. Null on the way counts as not there; a key of a text or a number is still a mistake.
    pub(super) fn defined(&mut self, path: &Ast) -> Result<bool, EvalError> {
        let (base, steps): (&Ast, &[Step]) = if let Kind::Path(base, steps) = &path.kind { (base, steps) } else { (path, &[]) };
        let Kind::Name(name) = &base.kind else { return Ok(false) };
        let bound = self.bound.iter().rev().find(|(bound, _)| bound == name).map(|(_, value)| value);
        let Some(mut value) = bound.or_else(|| self.roots.get(name)) else { return Ok(false) };
        for step in steps {
            let StepKind::Key(key) = &step.kind else { return Ok(false) };
            value = match value {
                Value::Context(entries) => match entries.get(key) {
                    Some(inner) => inner,
                    None => return Ok(false),
                },
                Value::Null => return Ok(false),
                other => return Err(not_a_context(&step.span, other, key)),
            };
        }
        Ok(*value != Value::Null)
    }

    fn filter(&mut self, span: &Range<usize>, value: Value, condition: &Ast) -> Result<Value, EvalError> {
        let Value::List(items) = value else { return Err(not_a_list(span, &value)) };
        let mut kept = Vec::new();
        for item in items {
            self.step(span)?;
            self.bound.push((ITEM.to_owned(), item));
            let holds = self.flag(condition);
            let item = self.bound.pop();
            if holds? {
                kept.extend(item.map(|(_, item)| item));
            }
        }
        Ok(Value::List(kept))
    }
}

/// `.key` of a context, of every item of a list, or a part of a date.
fn key_of(span: &Range<usize>, value: Value, key: &str) -> Result<Value, EvalError> {
    match (value, key) {
        (Value::Context(mut entries), key) => match entries.remove(key) {
            Some(value) => Ok(value),
            None => Err(missing(span, &entries, key)),
        },
        (Value::List(items), key) => {
            let picked = items.into_iter().map(|item| key_of(span, item, key)).collect::<Result<_, _>>()?;
            arith::list(span, picked)
        }
        (Value::Date(date), "year") => Ok(Value::Number(date.year().into())),
        (Value::Date(date), "month") => Ok(Value::Number(date.month().into())),
        (Value::Date(date), "day") => Ok(Value::Number(date.day().into())),
        (Value::Date(date), "weekday") => Ok(Value::Number(date.weekday().number_from_monday().into())),
        (Value::Seconds(seconds), "days") => Ok(Value::Number((seconds / 86_400).into())),
        (Value::Seconds(seconds), "hours") => Ok(Value::Number((seconds % 86_400 / 3_600).into())),
        (Value::Seconds(seconds), "minutes") => Ok(Value::Number((seconds % 3_600 / 60).into())),
        (Value::Seconds(seconds), "seconds") => Ok(Value::Number((seconds % 60).into())),
        (Value::Months(months), "years") => Ok(Value::Number((months / 12).into())),
        (Value::Months(months), "months") => Ok(Value::Number((months % 12).into())),
        (other, key) => Err(not_a_context(span, &other, key)),
    }
}

fn item_at(span: &Range<usize>, value: Value, place: i64) -> Result<Value, EvalError> {
    let Value::List(mut items) = value else { return Err(not_a_list(span, &value)) };
    let count = items.len();
    let distance = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
    let index = if place > 0 { Some(distance - 1) } else { count.checked_sub(distance) };
    match index.filter(|index| *index < count) {
        Some(index) => Ok(items.swap_remove(index)),
        None => {
            Err(EvalError::new(span, format!("期望 {count} 项之内的位置，实际 `{place}`"), format!("expected a place within {count} items, found `{place}`")))
        }
    }
}

fn missing(span: &Range<usize>, entries: &BTreeMap<String, Value>, key: &str) -> EvalError {
    let known: Vec<&String> = entries.keys().collect();
    let shown = listed(&known);
    EvalError::new(span, format!("期望已有的键（有 {shown}），实际没有 `{key}`"), format!("expected a key that is there ({shown}), found no `{key}`"))
}

fn not_a_context(span: &Range<usize>, value: &Value, key: &str) -> EvalError {
    let (zh, en) = value.kind();
    EvalError::new(span, format!("期望含有 `{key}` 的对象，实际是{zh}"), format!("expected a context with `{key}`, found {en}"))
}

fn not_a_list(span: &Range<usize>, value: &Value) -> EvalError {
    let (zh, en) = value.kind();
    EvalError::new(span, format!("期望列表，实际是{zh}"), format!("expected a list, found {en}"))
}

fn listed(names: &[&String]) -> String {
    if names.is_empty() {
        return "–".to_owned();
    }
    let shown: Vec<_> = names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > NAMES_SHOWN { " …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
