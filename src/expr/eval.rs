//! A tree to a value.
//! Invariant: every node, item and copy takes steps from one budget, so evaluation ends; the same tree over the same roots gives the same value anywhere.
//! Never: a default for something that is not there.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ast::{Ast, Between, Binding, Comparison, If, Kind, Operator};
use super::{EvalError, Value, arith};
use crate::limits::{EXPR_LIST_ITEMS_MAX, EXPR_STEPS_MAX};

/// The value of `ast` over `roots`.
pub(super) fn evaluate(ast: &Ast, roots: &Value) -> Result<Value, EvalError> {
    Evaluation::over(roots, &ast.span)?.value(ast)
}

/// One evaluation: what may be read, and how far it may still go.
pub(super) struct Evaluation<'r> {
    pub(super) roots: &'r BTreeMap<String, Value>,
    pub(super) bound: Vec<(String, Value)>,
    steps_left: u64,
}

impl<'r> Evaluation<'r> {
    /// An evaluation over `roots`, which must be a context.
    pub(super) fn over(roots: &'r Value, span: &Range<usize>) -> Result<Self, EvalError> {
        match roots {
            Value::Context(roots) => Ok(Self { roots, bound: Vec::new(), steps_left: EXPR_STEPS_MAX }),
            other => {
                let (zh, en) = other.kind();
                Err(EvalError::new(span, format!("期望一组名称，实际是{zh}"), format!("expected named values to read, found {en}")))
            }
        }
    }

    /// Takes one step.
    pub(super) fn step(&mut self, span: &Range<usize>) -> Result<(), EvalError> {
        self.steps(span, 1)
    }

    /// Takes `count` steps.
    pub(super) fn steps(&mut self, span: &Range<usize>, count: u64) -> Result<(), EvalError> {
        let Some(left) = self.steps_left.checked_sub(count) else {
            self.steps_left = 0;
            let (zh, en) = (format!("期望在 {EXPR_STEPS_MAX} 步之内得出结果"), format!("expected an answer within {EXPR_STEPS_MAX} steps"));
            return Err(EvalError::new(span, zh, en));
        };
        self.steps_left = left;
        Ok(())
    }

    /// The value of a node.
    pub(super) fn value(&mut self, ast: &Ast) -> Result<Value, EvalError> {
        self.step(&ast.span)?;
        match &ast.kind {
            Kind::Hole | Kind::Null => Ok(Value::Null),
            Kind::Bool(flag) => Ok(Value::Bool(*flag)),
            Kind::Number(number) => Ok(Value::Number(*number)),
            Kind::Text(text) => {
                self.steps(&ast.span, (text.len() / 16) as u64)?;
                Ok(Value::Text(text.clone()))
            }
            Kind::Name(_) => self.path(ast, &[]),
            Kind::Path(base, steps) => self.path(base, steps),
            Kind::List(items) => self.list(items),
            Kind::Context(entries) => self.context(entries),
            Kind::Negate(operand) => self.negate(operand),
            Kind::Sum(first, rest) => self.sum(first, rest),
            Kind::Compare(left, comparison, right) => self.compare(ast, left, *comparison, right),
            Kind::Between(between) => self.between(ast, between),
            Kind::In(value, tests) => {
                let value = self.value(value)?;
                self.any_holds(&value, tests).map(Value::Bool)
            }
            Kind::And(operands) => self.chain(operands, false),
            Kind::Or(operands) => self.chain(operands, true),
            Kind::If(choice) => self.choice(choice),
            Kind::For(bindings, body) => self.collect(ast, bindings, body),
            Kind::Some(bindings, body) => self.quantified(bindings, body, true),
            Kind::Every(bindings, body) => self.quantified(bindings, body, false),
            Kind::Defined(path) => self.defined(path).map(Value::Bool),
            Kind::Call(builtin, arguments) => {
                let Value::List(values) = self.list(arguments)? else { return Ok(Value::Null) };
                self.call(ast, *builtin, arguments, values)
            }
        }
    }

    fn list(&mut self, items: &[Ast]) -> Result<Value, EvalError> {
        items.iter().map(|item| self.value(item)).collect::<Result<_, _>>().map(Value::List)
    }

    fn context(&mut self, entries: &[(String, Ast)]) -> Result<Value, EvalError> {
        let values = entries.iter().map(|(key, value)| Ok((key.clone(), self.value(value)?)));
        values.collect::<Result<_, EvalError>>().map(Value::Context)
    }

    fn negate(&mut self, operand: &Ast) -> Result<Value, EvalError> {
        match self.value(operand)? {
            Value::Number(number) => Ok(Value::Number(-number)),
            Value::Seconds(length) => length.checked_neg().map(Value::Seconds).ok_or_else(|| arith::overflow(&operand.span)),
            Value::Months(length) => length.checked_neg().map(Value::Months).ok_or_else(|| arith::overflow(&operand.span)),
            other => {
                let (zh, en) = other.kind();
                Err(EvalError::new(&operand.span, format!("负号期望数或时长，实际是{zh}"), format!("expected a number or a duration after `-`, found {en}")))
            }
        }
    }

    fn sum(&mut self, first: &Ast, rest: &[(Operator, Ast)]) -> Result<Value, EvalError> {
        let mut result = self.value(first)?;
        for (operator, operand) in rest {
            let right = self.value(operand)?;
            let span = first.span.start..operand.span.end;
            result = arith::calculate(&span, result, *operator, right)?;
            if let Value::Text(_) = result {
                self.steps(&span, result.cost())?;
            }
        }
        Ok(result)
    }

    /// Equality with a `null` the author wrote asks whether there is a value; any other null is a mismatch.
    fn compare(&mut self, ast: &Ast, left: &Ast, comparison: Comparison, right: &Ast) -> Result<Value, EvalError> {
        let (left_value, right_value) = (self.value(left)?, self.value(right)?);
        let asks_null = matches!(left.kind, Kind::Null) || matches!(right.kind, Kind::Null);
        let same = match comparison {
            Comparison::Equal if asks_null => left_value == right_value,
            Comparison::NotEqual if asks_null => left_value != right_value,
            comparison => arith::compare(&ast.span, &left_value, comparison, &right_value)?,
        };
        Ok(Value::Bool(same))
    }

    fn between(&mut self, ast: &Ast, between: &Between) -> Result<Value, EvalError> {
        let (value, low, high) = (self.value(&between.value)?, self.value(&between.low)?, self.value(&between.high)?);
        // Both ends are compared, so that one of another kind is told whatever the other says.
        let above = arith::compare(&ast.span, &value, Comparison::GreaterOrEqual, &low)?;
        let below = arith::compare(&ast.span, &value, Comparison::LessOrEqual, &high)?;
        Ok(Value::Bool(above && below))
    }

    /// `or` stops at the first true, `and` at the first false.
    fn chain(&mut self, operands: &[Ast], stops_at: bool) -> Result<Value, EvalError> {
        for operand in operands {
            if self.flag(operand)? == stops_at {
                return Ok(Value::Bool(stops_at));
            }
        }
        Ok(Value::Bool(!stops_at))
    }

    /// A node that must be true or false.
    pub(super) fn flag(&mut self, ast: &Ast) -> Result<bool, EvalError> {
        match self.value(ast)? {
            Value::Bool(flag) => Ok(flag),
            other => {
                let (zh, en) = other.kind();
                Err(EvalError::new(&ast.span, format!("期望 true 或 false，实际是{zh}"), format!("expected true or false, found {en}")))
            }
        }
    }

    fn choice(&mut self, choice: &If) -> Result<Value, EvalError> {
        if self.flag(&choice.condition)? { self.value(&choice.yes) } else { self.value(&choice.no) }
    }

    fn collect(&mut self, ast: &Ast, bindings: &[Binding], body: &Ast) -> Result<Value, EvalError> {
        let mut items = Vec::new();
        self.each(bindings, &mut |evaluation| {
            items.push(evaluation.value(body)?);
            if items.len() > EXPR_LIST_ITEMS_MAX {
                return arith::list(&ast.span, std::mem::take(&mut items)).map(|_| true);
            }
            Ok(true)
        })?;
        Ok(Value::List(items))
    }

    fn quantified(&mut self, bindings: &[Binding], body: &Ast, stops_at: bool) -> Result<Value, EvalError> {
        let mut result = !stops_at;
        self.each(bindings, &mut |evaluation| {
            let goes_on = evaluation.flag(body)? != stops_at;
            if !goes_on {
                result = stops_at;
            }
            Ok(goes_on)
        })?;
        Ok(Value::Bool(result))
    }

    /// Runs `visit` for every combination of the bindings, until it answers false; answers whether it went to the end.
    fn each(&mut self, bindings: &[Binding], visit: &mut dyn FnMut(&mut Self) -> Result<bool, EvalError>) -> Result<bool, EvalError> {
        let Some((binding, inner)) = bindings.split_first() else { return visit(self) };
        for item in self.domain(binding)? {
            self.step(&binding.from.span)?;
            self.bound.push((binding.name.clone(), item));
            let goes_on = self.each(inner, visit);
            self.bound.pop();
            if !goes_on? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn domain(&mut self, binding: &Binding) -> Result<Vec<Value>, EvalError> {
        let from = self.value(&binding.from)?;
        let Some(end) = &binding.to else {
            return match from {
                Value::List(items) => Ok(items),
                other => {
                    let (zh, en) = other.kind();
                    Err(EvalError::new(&binding.from.span, format!("期望列表，实际是{zh}"), format!("expected a list, found {en}")))
                }
            };
        };
        let to = self.value(end)?;
        let span = binding.from.span.start..end.span.end;
        let (Some(from), Some(to)) = (from.as_i64(), to.as_i64()) else {
            let (from, to) = (crate::source::shortened(&from.literal()), crate::source::shortened(&to.literal()));
            let (zh, en) = (format!("期望两个整数，实际 `{from}` 和 `{to}`"), format!("expected two whole numbers, found `{from}` and `{to}`"));
            return Err(EvalError::new(&span, zh, en));
        };
        let count = to.checked_sub(from).and_then(|distance| usize::try_from(distance.checked_add(1)?.max(0)).ok()).unwrap_or(usize::MAX);
        self.steps(&span, (count as u64).min(EXPR_LIST_ITEMS_MAX as u64 + 1))?;
        if count > EXPR_LIST_ITEMS_MAX {
            let most = EXPR_LIST_ITEMS_MAX;
            return Err(EvalError::new(&span, format!("期望最多 {most} 项的范围"), format!("expected a range of at most {most} items")));
        }
        Ok((from..=to).map(|number| Value::Number(number.into())).collect())
    }

    /// Whether `items`, all of one kind with `value`, hold it.
    pub(super) fn contains(&mut self, span: &Range<usize>, items: &[Value], value: &Value) -> Result<bool, EvalError> {
        for item in items {
            self.step(span)?;
            if arith::equal(span, item, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
