//! The tree of an expression.
//! Invariant: chains are flat (`1 + 1 + 1` is one node), so the depth of a tree is the nesting its author wrote, which the parser bounds.

use std::ops::Range;

use rust_decimal::Decimal;

use super::builtin::Builtin;

/// A node with the bytes it covers.
#[derive(Debug)]
pub(super) struct Ast {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Stands where something could not be parsed; never in a tree that is handed out.
    Hole,
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    /// A root or a bound variable.
    Name(String),
    Path(Box<Ast>, Vec<Step>),
    List(Vec<Ast>),
    Context(Vec<(String, Ast)>),
    Negate(Box<Ast>),
    Sum(Box<Ast>, Vec<(Operator, Ast)>),
    Compare(Box<Ast>, Comparison, Box<Ast>),
    Between(Box<Between>),
    In(Box<Ast>, Vec<Test>),
    And(Vec<Ast>),
    Or(Vec<Ast>),
    If(Box<If>),
    For(Vec<Binding>, Box<Ast>),
    Some(Vec<Binding>, Box<Ast>),
    Every(Vec<Binding>, Box<Ast>),
    /// `is defined(path)`: whether the key is there and not null.
    Defined(Box<Ast>),
    Call(Builtin, Vec<Ast>),
}

/// A step of a path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) span: Range<usize>,
    pub(super) kind: StepKind,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum StepKind {
    /// `.key`
    Key(String),
    /// `[1]`, `[-1]`
    Index(i64),
    /// `[condition]`, with `item` bound.
    Filter(Ast),
}

/// `value between low and high`
#[derive(Debug)]
pub(super) struct Between {
    pub(super) value: Ast,
    pub(super) low: Ast,
    pub(super) high: Ast,
}

/// `if condition then yes else no`
#[derive(Debug)]
pub(super) struct If {
    pub(super) condition: Ast,
    pub(super) yes: Ast,
    pub(super) no: Ast,
}

/// `name in list` or `name in 1..5`
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) from: Ast,
    /// The end of a range; `None` for a list.
    pub(super) to: Option<Ast>,
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Divide,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A test of a value: the right side of `in`, or a cell of a table.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) span: Range<usize>,
    pub(super) kind: TestKind,
}

/// What a test asks.
#[derive(Debug)]
pub(super) enum TestKind {
    /// `-`: nothing.
    Any,
    /// `< 5`
    Compare(Comparison, Ast),
    /// `[1..5)`
    Interval(Box<Interval>),
    /// `5`, or `[1, 2]`: equal, or one of them.
    Equal(Ast),
    /// `not(1, 2)`: none of these.
    Not(Vec<Test>),
}

/// An interval.
#[derive(Debug)]
pub(super) struct Interval {
    pub(super) low: Ast,
    pub(super) with_low: bool,
    pub(super) high: Ast,
    pub(super) with_high: bool,
}
