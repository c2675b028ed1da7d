//! Tests of a value: the right side of `in` and the cells of a table.

use super::super::ast::{Ast, Interval, Kind, Test, TestKind};
use super::super::lex::TokenKind;
use super::Parser;

impl Parser<'_> {
    /// What follows `in`: a test, or several in brackets.
    pub(super) fn tests_after_in(&mut self) -> Vec<Test> {
        if !matches!(self.kind(), TokenKind::Sign("(")) {
            return vec![self.test()];
        }
        let start = self.span().start;
        self.advance();
        let mut tests = vec![self.test()];
        if self.takes_sign("..") {
            return self.open_interval(tests, start);
        }
        while self.takes_sign(",") {
            tests.push(self.test());
        }
        self.closes(")");
        tests
    }

    /// `(1..5]`, after its dots.
    fn open_interval(&mut self, mut low: Vec<Test>, start: usize) -> Vec<Test> {
        let high = self.sum();
        let with_high = self.interval_closes();
        let Some(TestKind::Equal(low)) = low.pop().map(|test| test.kind) else {
            let span = self.since(start);
            self.error_at(span.clone(), "期望区间，如 `(1..5]`".to_owned(), "expected an interval, such as `(1..5]`".to_owned());
            return vec![Test { span, kind: TestKind::Any }];
        };
        vec![Test { span: self.since(start), kind: TestKind::Interval(Box::new(Interval { low, with_low: false, high, with_high })) }]
    }

    /// A whole cell.
    pub(super) fn cell(&mut self) -> Vec<Test> {
        if matches!((self.kind(), self.kind_at(1)), (TokenKind::Sign("-"), TokenKind::End)) {
            let span = self.span();
            self.advance();
            return vec![Test { span, kind: TestKind::Any }];
        }
        let mut tests = vec![self.cell_test()];
        while self.takes_sign(",") {
            tests.push(self.cell_test());
        }
        tests
    }

    /// In a cell a bracket opens an interval, and `not(...)` negates tests.
    fn cell_test(&mut self) -> Test {
        let start = self.span().start;
        if matches!((self.kind(), self.kind_at(1)), (TokenKind::Word("not"), TokenKind::Sign("("))) {
            self.advance();
            self.advance();
            let mut tests = vec![self.test()];
            while self.takes_sign(",") {
                tests.push(self.test());
            }
            self.closes(")");
            return Test { span: self.since(start), kind: TestKind::Not(tests) };
        }
        let mut tests = self.tests_after_in();
        let only = tests.pop().filter(|_| tests.is_empty());
        only.unwrap_or_else(|| {
            let span = self.since(start);
            let (zh, en) = ("期望 `a, b` 或 `[a, b]`，实际是括号里的多个值", "expected `a, b` or `[a, b]`, found several values in parentheses");
            self.error_at(span.clone(), zh.to_owned(), en.to_owned());
            Test { span, kind: TestKind::Any }
        })
    }

    fn test(&mut self) -> Test {
        let start = self.span().start;
        if let Some(comparison) = self.takes_comparison() {
            let value = self.sum();
            return Test { span: self.since(start), kind: TestKind::Compare(comparison, value) };
        }
        if !self.opens_interval_or_list() {
            let value = self.sum();
            return Test { span: self.since(start), kind: TestKind::Equal(value) };
        }
        self.advance();
        let first = if matches!(self.kind(), TokenKind::Sign("]")) { None } else { Some(self.expression()) };
        match first {
            Some(low) if self.takes_sign("..") => {
                let high = self.sum();
                let with_high = self.interval_closes();
                Test { span: self.since(start), kind: TestKind::Interval(Box::new(Interval { low, with_low: true, high, with_high })) }
            }
            first => {
                let mut items = Vec::from_iter(first);
                while self.takes_sign(",") {
                    items.push(self.expression());
                }
                self.closes("]");
                let span = self.since(start);
                Test { span: span.clone(), kind: TestKind::Equal(Ast { span, kind: Kind::List(items) }) }
            }
        }
    }

    /// Whether the bracket here is an interval, or a list that is not the beginning of a path: `[1..5]` and `[1, 2]`, but not `[1, 2][1]`.
    fn opens_interval_or_list(&self) -> bool {
        if !matches!(self.kind(), TokenKind::Sign("[")) {
            return false;
        }
        let mut depth = 0_usize;
        for ahead in 0.. {
            match self.kind_at(ahead) {
                TokenKind::Sign("(" | "[" | "{") => depth += 1,
                TokenKind::Sign(")" | "]" | "}") if depth > 1 => depth -= 1,
                TokenKind::Sign(")" | "]" | "}") => return !matches!(self.kind_at(ahead + 1), TokenKind::Sign("[" | "." | "+" | "-" | "*" | "/")),
                TokenKind::Sign("..") if depth == 1 => return true,
                TokenKind::End => return true,
                TokenKind::Sign(_) | TokenKind::Word(_) | TokenKind::Name(_) | TokenKind::Number(_) | TokenKind::Text(_) => {}
            }
        }
        true
    }

    /// `]` includes the end of an interval, `)` does not.
    fn interval_closes(&mut self) -> bool {
        if self.takes_sign(")") {
            return false;
        }
        self.closes("]");
        true
    }
}
