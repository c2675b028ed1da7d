//! Functions of lists.

use std::cmp::Ordering;
use std::ops::Range;

use rust_decimal::Decimal;

use super::super::ast::Operator;
use super::super::eval::Evaluation;
use super::super::{EvalError, Value, arith};
use super::{Arguments, FoldFn, ListFn};

impl Evaluation<'_> {
    /// Functions that look at or build a list.
    pub(super) fn list_call(&mut self, function: ListFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
        let span = arguments.span.clone();
        match function {
            ListFn::Count => Ok(Value::Number(arguments.list()?.len().into())),
            ListFn::ListContains => {
                let items = arguments.list()?;
                let value = arguments.next();
                self.contains(&span, &items, &value).map(Value::Bool)
            }
            ListFn::Append => {
                let mut items = arguments.list()?;
                items.extend(arguments.values);
                arith::list(&span, items)
            }
            ListFn::Concatenate => {
                let mut items = Vec::new();
                while arguments.values.len() > 0 {
                    items.extend(arguments.list()?);
                }
                arith::list(&span, items)
            }
            ListFn::DistinctValues => {
                let items = arguments.list()?;
                self.distinct(&span, items)
            }
            ListFn::Flatten => {
                let mut flat = Vec::new();
                flatten(arguments.list()?, &mut flat);
                arith::list(&span, flat)
            }
            ListFn::Reverse => {
                let mut items = arguments.list()?;
                items.reverse();
                Ok(Value::List(items))
            }
            ListFn::Sublist => sublist(&span, arguments),
            ListFn::IndexOf => self.index_of(&span, arguments),
            ListFn::InsertBefore | ListFn::Remove | ListFn::ListReplace => changed(&span, function, arguments),
            ListFn::Union => {
                let mut items = Vec::new();
                while arguments.values.len() > 0 {
                    items.extend(arguments.list()?);
                }
                self.distinct(&span, items)
            }
            ListFn::Sort => self.sorted(&span, arguments.list()?),
        }
    }

    /// Each value once, where it stands first.
    fn distinct(&mut self, span: &Range<usize>, items: Vec<Value>) -> Result<Value, EvalError> {
        let mut kept: Vec<Value> = Vec::new();
        for item in items {
            self.steps(span, kept.len() as u64)?;
            if !kept.contains(&item) {
                kept.push(item);
            }
        }
        arith::list(span, kept)
    }

    /// The items from the least to the greatest, equal ones in their order.
    fn sorted(&mut self, span: &Range<usize>, items: Vec<Value>) -> Result<Value, EvalError> {
        let comparisons = (items.len() as u64).saturating_mul(u64::from(usize::BITS - items.len().leading_zeros()));
        self.steps(span, comparisons)?;
        if let Some(first) = items.first() {
            items.iter().try_for_each(|item| arith::order(span, first, item).map(|_| ()))?;
        }
        let mut items = items;
        items.sort_by(|left, right| arith::order(span, left, right).unwrap_or(Ordering::Equal));
        Ok(Value::List(items))
    }

    fn index_of(&mut self, span: &Range<usize>, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
        let items = arguments.list()?;
        let value = arguments.next();
        let mut places = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.step(span)?;
            if arith::equal(span, item, &value)? {
                places.push(Value::Number((index + 1).into()));
            }
        }
        Ok(Value::List(places))
    }

    /// Functions that make one value of many.
    pub(super) fn fold_call(&mut self, function: FoldFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
        let span = arguments.span.clone();
        let items = arguments.list_or_all();
        self.steps(&span, items.len() as u64)?;
        match function {
            FoldFn::Sum => sum(&span, items),
            FoldFn::Mean => {
                let count = Value::Number(items.len().into());
                let total = sum(&span, items)?;
                arith::calculate(&span, total, Operator::Divide, count)
            }
            FoldFn::Product => product(&span, items),
            FoldFn::Median => {
                let Value::List(sorted) = self.sorted(&span, items)? else { return Ok(Value::Null) };
                median(&span, sorted)
            }
            FoldFn::Min => extreme(&span, items, Ordering::Less),
            FoldFn::Max => extreme(&span, items, Ordering::Greater),
            FoldFn::All => flags(&arguments, &items).map(|flags| Value::Bool(flags.iter().all(|flag| *flag))),
            FoldFn::Any => flags(&arguments, &items).map(|flags| Value::Bool(flags.iter().any(|flag| *flag))),
        }
    }
}

/// The sum; of nothing it is 0. A list of durations has a sum too.
fn sum(span: &Range<usize>, items: Vec<Value>) -> Result<Value, EvalError> {
    let mut items = items.into_iter();
    let first = items.next().unwrap_or(Value::Number(Decimal::ZERO));
    let adds_up = |item: &&Value| {
        matches!(item, Value::Number(_) | Value::Seconds(_) | Value::Months(_)) && std::mem::discriminant(*item) == std::mem::discriminant(&first)
    };
    if let Some(odd) = std::iter::once(&first).chain(items.as_slice()).find(|item| !adds_up(item)) {
        let (zh, en) = odd.kind();
        return Err(EvalError::new(span, format!("期望数的列表，实际含有{zh}"), format!("expected a list of numbers, found {en} in it")));
    }
    items.try_fold(first, |total, item| arith::calculate(span, total, Operator::Plus, item))
}

/// The product of numbers; of nothing it is 1.
fn product(span: &Range<usize>, items: Vec<Value>) -> Result<Value, EvalError> {
    items.into_iter().try_fold(Value::Number(Decimal::ONE), |total, item| match item {
        Value::Number(_) => arith::calculate(span, total, Operator::Times, item),
        odd => {
            let (zh, en) = odd.kind();
            Err(EvalError::new(span, format!("期望数的列表，实际含有{zh}"), format!("expected a list of numbers, found {en} in it")))
        }
    })
}

/// The middle of sorted numbers, or the mean of the two in the middle.
fn median(span: &Range<usize>, mut items: Vec<Value>) -> Result<Value, EvalError> {
    if items.is_empty() {
        return Err(EvalError::new(span, "期望至少一项，实际是空列表", "expected at least one item, found an empty list"));
    }
    let half = items.len() / 2;
    let middle = if items.len().is_multiple_of(2) { items.drain(half - 1..=half).collect() } else { vec![items.swap_remove(half)] };
    let count = Value::Number(middle.len().into());
    arith::calculate(span, sum(span, middle)?, Operator::Divide, count)
}

/// `insert before(list, place, item)`, `remove(list, place)`, `list replace(list, place, item)`; places count from 1, or from the end when negative.
fn changed(span: &Range<usize>, function: ListFn, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let mut items = arguments.list()?;
    let place = arguments.whole()?;
    let Some(range) = window(items.len(), place, Some(1)) else {
        let count = items.len();
        let (zh, en) = (format!("期望 {count} 项之内的位置，实际 `{place}`"), format!("expected a place within {count} items, found `{place}`"));
        return Err(EvalError::new(span, zh, en));
    };
    if function == ListFn::InsertBefore {
        items.insert(range.start, arguments.next());
    } else {
        items.splice(range, arguments.values);
    }
    arith::list(span, items)
}

fn extreme(span: &Range<usize>, items: Vec<Value>, wanted: Ordering) -> Result<Value, EvalError> {
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return Err(EvalError::new(span, "期望至少一项，实际是空列表", "expected at least one item, found an empty list"));
    };
    arith::order(span, &best, &best)?;
    for item in items {
        if arith::order(span, &item, &best)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

fn flags(arguments: &Arguments<'_>, items: &[Value]) -> Result<Vec<bool>, EvalError> {
    items.iter().map(|item| item.as_bool().ok_or_else(|| arguments.wrong(" true 或 false 的列表", "a list of true and false", item))).collect()
}

/// `sublist(list, start, length?)`; start counts from 1, or from the end when negative.
fn sublist(span: &Range<usize>, mut arguments: Arguments<'_>) -> Result<Value, EvalError> {
    let items = arguments.list()?;
    let start = arguments.whole()?;
    let length = if arguments.values.len() > 0 { Some(arguments.whole()?) } else { None };
    let range = window(items.len(), start, length).ok_or_else(|| {
        let count = items.len();
        EvalError::new(span, format!("期望 {count} 项之内的范围"), format!("expected a range within {count} items"))
    })?;
    Ok(Value::List(items.into_iter().skip(range.start).take(range.len()).collect()))
}

/// The places `start` and `length` mean in something of `count` places.
pub(super) fn window(count: usize, start: i64, length: Option<i64>) -> Option<Range<usize>> {
    let distance = usize::try_from(start.unsigned_abs()).ok()?;
    let first = match start {
        1.. => distance - 1,
        0 => return None,
        ..0 => count.checked_sub(distance)?,
    };
    let end = match length {
        Some(length) => first.checked_add(usize::try_from(length).ok()?)?,
        None => count,
    };
    (first <= end && end <= count).then_some(first..end)
}

/// Values nest no deeper than the JSON or the expression they came from, so this recursion is bounded.
fn flatten(items: Vec<Value>, flat: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::List(inner) => flatten(inner, flat),
            other => flat.push(other),
        }
    }
}
