//! What kinds of values an expression works on, known before it is ever run.
//! Invariant: where every kind is known, an expression without a finding here never fails at run for its kinds or its keys.
//! Never: a finding where a kind is not known; `Any` agrees with everything.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::ast::{Ast, Binding, Comparison, Kind, Operator, Step, StepKind, Test, TestKind};
use super::names::ITEM;
use super::{Expr, ExprError};

mod calls;
mod shapes;

/// A kind of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Not known.
    Any,
    /// Null.
    Null,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// One of these texts.
    OneOf(BTreeSet<String>),
    /// A date a form carries as text; `date(...)` makes a date of it.
    DateText,
    /// A date.
    Date,
    /// A duration in days, hours, minutes and seconds.
    Duration,
    /// A duration in years and months.
    Months,
    /// A list.
    List(Box<Type>),
    /// Named values, and no others.
    Context(BTreeMap<String, Type>),
}

impl Expr {
    /// The kind of its value, given the kinds of the roots.
    ///
    /// # Errors
    /// Every place where kinds do not fit, a key does not exist, a text is compared with what it can never be, or a written date is none.
    pub fn kind(&self, roots: &BTreeMap<String, Type>) -> Result<Type, Vec<ExprError>> {
        let mut inference = Inference { roots, bound: Vec::new(), errors: Vec::new() };
        let kind = inference.of(&self.ast);
        if inference.errors.is_empty() {
            return Ok(kind);
        }
        inference.errors.sort_by_key(|error| (error.span.start, error.span.end));
        Err(inference.errors)
    }

    /// As `kind`, for a condition: its value must be true or false.
    ///
    /// # Errors
    /// As `kind`, and when the value is of another kind.
    pub fn condition(&self, roots: &BTreeMap<String, Type>) -> Result<(), Vec<ExprError>> {
        self.fits(&Type::Bool, roots)
    }

    /// As `kind`, for a value that must be of a certain kind.
    ///
    /// # Errors
    /// As `kind`, and when the value is of another kind than `wanted`.
    pub fn fits(&self, wanted: &Type, roots: &BTreeMap<String, Type>) -> Result<(), Vec<ExprError>> {
        let kind = self.kind(roots)?;
        if kind.agrees(wanted) {
            return Ok(());
        }
        let ((zh_wanted, en_wanted), (zh, en)) = (wanted.named(), kind.named());
        Err(vec![ExprError { span: 0..self.source.len(), zh: format!("期望{zh_wanted}，实际是{zh}"), en: format!("expected {en_wanted}, found {en}") }])
    }
}

/// One walk over a tree.
pub(super) struct Inference<'a> {
    roots: &'a BTreeMap<String, Type>,
    bound: Vec<(String, Type)>,
    errors: Vec<ExprError>,
}

impl Inference<'_> {
    /// The kind of a node.
    pub(super) fn of(&mut self, ast: &Ast) -> Type {
        match &ast.kind {
            Kind::Hole => Type::Any,
            Kind::Null => Type::Null,
            Kind::Bool(_) | Kind::Defined(_) => Type::Bool,
            Kind::Number(_) => Type::Number,
            Kind::Text(text) => Type::OneOf(BTreeSet::from([text.clone()])),
            Kind::Name(name) => self.root(&ast.span, name),
            Kind::Path(base, steps) => self.path(base, steps),
            Kind::List(items) => Type::List(Box::new(self.common(items.iter()))),
            Kind::Context(entries) => Type::Context(entries.iter().map(|(key, value)| (key.clone(), self.of(value))).collect()),
            Kind::Negate(operand) => self.negated(operand),
            Kind::Sum(first, rest) => self.sum(first, rest),
            Kind::Compare(left, comparison, right) => {
                let kinds = (self.of(left), self.of(right));
                if !asks_null(*comparison, [left, right]) {
                    self.compare(&ast.span, *comparison, &kinds.0, &kinds.1);
                }
                Type::Bool
            }
            Kind::Between(between) => {
                let (value, low, high) = (self.of(&between.value), self.of(&between.low), self.of(&between.high));
                self.compare(&ast.span, Comparison::GreaterOrEqual, &value, &low);
                self.compare(&ast.span, Comparison::LessOrEqual, &value, &high);
                Type::Bool
            }
            Kind::In(value, tests) => {
                let value = self.of(value);
                tests.iter().for_each(|test| self.test(&value, test));
                Type::Bool
            }
            Kind::And(operands) | Kind::Or(operands) => {
                operands.iter().for_each(|operand| self.wants(operand, &Type::Bool));
                Type::Bool
            }
            Kind::If(choice) => {
                self.wants(&choice.condition, &Type::Bool);
                self.common([&choice.yes, &choice.no].into_iter())
            }
            Kind::For(bindings, body) => Type::List(Box::new(self.iteration(bindings, |inference| inference.of(body)))),
            Kind::Some(bindings, body) | Kind::Every(bindings, body) => {
                self.iteration(bindings, |inference| inference.wants(body, &Type::Bool));
                Type::Bool
            }
            Kind::Call(builtin, arguments) => self.call(&ast.span, *builtin, arguments),
        }
    }

    fn error(&mut self, span: &Range<usize>, zh: String, en: String) {
        self.errors.push(ExprError { span: span.clone(), zh, en });
    }

    /// A node that must be of this kind.
    pub(super) fn wants(&mut self, ast: &Ast, wanted: &Type) {
        let found = self.of(ast);
        self.fits(&ast.span, &found, wanted);
    }

    fn fits(&mut self, span: &Range<usize>, found: &Type, wanted: &Type) {
        if !found.agrees(wanted) {
            let ((zh_wanted, en_wanted), (zh, en)) = (wanted.named(), found.named());
            self.error(span, format!("期望{zh_wanted}，实际是{zh}"), format!("expected {en_wanted}, found {en}"));
        }
    }

    /// What several nodes have in common; `Any` when they differ.
    fn common<'n>(&mut self, nodes: impl Iterator<Item = &'n Ast>) -> Type {
        nodes.map(|node| self.of(node)).reduce(Type::joined).unwrap_or(Type::Any)
    }

    fn root(&mut self, span: &Range<usize>, name: &str) -> Type {
        let bound = self.bound.iter().rev().find(|(bound, _)| bound == name).map(|(_, kind)| kind);
        if let Some(kind) = bound.or_else(|| self.roots.get(name)) {
            return kind.clone();
        }
        let known = listed(self.roots.keys());
        self.error(span, format!("期望已知的名称（有 {known}），实际 `{name}`"), format!("expected a known name ({known}), found `{name}`"));
        Type::Any
    }

    fn path(&mut self, base: &Ast, steps: &[Step]) -> Type {
        let mut kind = self.of(base);
        for step in steps {
            kind = match &step.kind {
                StepKind::Key(key) => self.key(&step.span, kind, key),
                StepKind::Index(_) => self.items_of(&step.span, kind),
                StepKind::Filter(condition) => {
                    let item = self.items_of(&step.span, kind);
                    self.bound.push((ITEM.to_owned(), item.clone()));
                    self.wants(condition, &Type::Bool);
                    self.bound.pop();
                    Type::List(Box::new(item))
                }
            };
        }
        kind
    }

    fn key(&mut self, span: &Range<usize>, kind: Type, key: &str) -> Type {
        match (kind, key) {
            (Type::Any, _) => Type::Any,
            (Type::Date, "year" | "month" | "day" | "weekday") => Type::Number,
            (Type::Duration, "days" | "hours" | "minutes" | "seconds") | (Type::Months, "years" | "months") => Type::Number,
            (Type::List(item), key) => Type::List(Box::new(self.key(span, *item, key))),
            (Type::Context(mut entries), key) => entries.remove(key).unwrap_or_else(|| {
                let known = listed(entries.keys());
                self.error(span, format!("期望已有的键（有 {known}），实际没有 `{key}`"), format!("expected a key that is there ({known}), found no `{key}`"));
                Type::Any
            }),
            (other, key) => {
                let (zh, en) = other.named();
                self.error(span, format!("期望含有 `{key}` 的对象，实际是{zh}"), format!("expected a context with `{key}`, found {en}"));
                Type::Any
            }
        }
    }

    /// The kind of a list's items.
    fn items_of(&mut self, span: &Range<usize>, kind: Type) -> Type {
        match kind {
            Type::List(item) => *item,
            Type::Any => Type::Any,
            other => {
                let (zh, en) = other.named();
                self.error(span, format!("期望列表，实际是{zh}"), format!("expected a list, found {en}"));
                Type::Any
            }
        }
    }

    fn iteration<T>(&mut self, bindings: &[Binding], body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.bound.len();
        for binding in bindings {
            let item = if let Some(end) = &binding.to {
                self.wants(&binding.from, &Type::Number);
                self.wants(end, &Type::Number);
                Type::Number
            } else {
                let list = self.of(&binding.from);
                self.items_of(&binding.from.span, list)
            };
            self.bound.push((binding.name.clone(), item));
        }
        let result = body(self);
        self.bound.truncate(before);
        result
    }

    fn negated(&mut self, operand: &Ast) -> Type {
        let kind = self.of(operand);
        if matches!(kind, Type::Any | Type::Duration | Type::Months) {
            return kind;
        }
        self.fits(&operand.span, &kind, &Type::Number);
        Type::Number
    }

    fn sum(&mut self, first: &Ast, rest: &[(Operator, Ast)]) -> Type {
        let mut kind = self.of(first);
        for (operator, operand) in rest {
            let right = self.of(operand);
            kind = shapes::calculated(&kind, *operator, &right).unwrap_or_else(|| {
                let ((zh_left, en_left), (zh_right, en_right)) = (kind.named(), right.named());
                let zh = format!("期望两个数、两段文字，或日期和时长，实际是{zh_left}和{zh_right}");
                let en = format!("expected two numbers, two texts, or a date and a duration, found {en_left} and {en_right}");
                self.error(&(first.span.start..operand.span.end), zh, en);
                Type::Any
            });
        }
        kind
    }

    fn compare(&mut self, span: &Range<usize>, comparison: Comparison, left: &Type, right: &Type) {
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let ((zh_left, en_left), (zh_right, en_right)) = (left.named(), right.named());
        if !left.agrees(right) {
            let hint = if matches!((left, right), (Type::DateText, Type::Date) | (Type::Date, Type::DateText)) {
                ("；请写 date(…)", "; write date(…)")
            } else {
                ("", "")
            };
            let zh = format!("期望两边是同一类值，实际是{zh_left}和{zh_right}{}", hint.0);
            self.error(span, zh, format!("expected two values of one kind, found {en_left} and {en_right}{}", hint.1));
        } else if !(equality || left.has_order() && right.has_order()) {
            let (zh, en) = if left.has_order() { (zh_right, en_right) } else { (zh_left, en_left) };
            self.error(span, format!("期望可以排序的值（数、文字、日期、时长），实际是{zh}"), format!("expected values that have an order, found {en}"));
        } else if let (true, Type::OneOf(left), Type::OneOf(right)) = (equality, left, right)
            && left.is_disjoint(right)
        {
            let (wanted, found) = if left.len() >= right.len() { (left, right) } else { (right, left) };
            let (wanted, found) = (listed(wanted.iter()), listed(found.iter()));
            self.error(span, format!("期望 {wanted} 之一，实际 {found}"), format!("expected one of {wanted}, found {found}"));
        }
    }

    fn test(&mut self, value: &Type, test: &Test) {
        match &test.kind {
            TestKind::Any => {}
            TestKind::Compare(comparison, limit) => {
                let kind = self.of(limit);
                if !asks_null(*comparison, [limit]) {
                    self.compare(&test.span, *comparison, value, &kind);
                }
            }
            TestKind::Interval(interval) => {
                for end in [&interval.low, &interval.high] {
                    let kind = self.of(end);
                    self.compare(&test.span, Comparison::LessOrEqual, value, &kind);
                }
            }
            TestKind::Equal(other) => {
                // Each item of a written list is looked at by itself, so that one wrong word among right ones is found.
                if let (Kind::List(items), false) = (&other.kind, matches!(value, Type::List(_))) {
                    for item in items {
                        let kind = self.of(item);
                        self.compare(&item.span, Comparison::Equal, value, &kind);
                    }
                    return;
                }
                let kind = match self.of(other) {
                    Type::List(item) if !matches!(value, Type::List(_)) => *item,
                    kind => kind,
                };
                if !asks_null(Comparison::Equal, [other]) {
                    self.compare(&test.span, Comparison::Equal, value, &kind);
                }
            }
            TestKind::Not(tests) => tests.iter().for_each(|test| self.test(value, test)),
        }
    }
}

/// Equality with a `null` the author wrote asks whether there is a value, so any kind may stand on the other side.
fn asks_null<const SIDES: usize>(comparison: Comparison, sides: [&Ast; SIDES]) -> bool {
    matches!(comparison, Comparison::Equal | Comparison::NotEqual) && sides.iter().any(|side| matches!(side.kind, Kind::Null))
}

fn listed<'n>(names: impl Iterator<Item = &'n String>) -> String {
    const NAMES_SHOWN: usize = 8;
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = names.len() > NAMES_SHOWN;
    names.truncate(NAMES_SHOWN);
    if names.is_empty() { "–".to_owned() } else { format!("{}{}", names.join(", "), if more { " …" } else { "" }) }
}
