//! The operators, loosest first.

use super::super::ast::{Ast, Between, Comparison, Kind, Operator};
use super::super::lex::TokenKind;
use super::Parser;

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Ast {
        self.deeper(|parser| parser.chain("or", |parser| parser.chain("and", Parser::comparison, Kind::And), Kind::Or))
    }

    /// `a word b word c`, flat.
    fn chain(&mut self, word: &str, mut operand: impl FnMut(&mut Self) -> Ast, make: fn(Vec<Ast>) -> Kind) -> Ast {
        let start = self.span().start;
        let first = operand(self);
        let mut operands = vec![first];
        while self.takes_word(word) {
            operands.push(operand(self));
        }
        match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => {
                operands.extend(last);
                Ast { span: self.since(start), kind: make(operands) }
            }
        }
    }

    fn comparison(&mut self) -> Ast {
        let start = self.span().start;
        let left = self.sum();
        let kind = if let Some(comparison) = self.takes_comparison() {
            let right = self.sum();
            Kind::Compare(Box::new(left), comparison, Box::new(right))
        } else if self.takes_word("between") {
            let low = self.sum();
            self.takes_keyword("and");
            let high = self.sum();
            Kind::Between(Box::new(Between { value: left, low, high }))
        } else if self.takes_word("in") {
            let tests = self.tests_after_in();
            Kind::In(Box::new(left), tests)
        } else {
            return left;
        };
        let ast = Ast { span: self.since(start), kind };
        if matches!(self.kind(), TokenKind::Sign("=" | "!=" | "<" | "<=" | ">" | ">=") | TokenKind::Word("between" | "in")) {
            self.expected(" `and`（比较不能连写）", "`and` (comparisons do not chain)");
            self.advance();
            self.sum();
        }
        ast
    }

    /// A comparison sign, if one stands here.
    pub(super) fn takes_comparison(&mut self) -> Option<Comparison> {
        let TokenKind::Sign(sign) = self.kind() else { return None };
        let comparison = match *sign {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.advance();
        Some(comparison)
    }

    /// Sums and differences.
    pub(super) fn sum(&mut self) -> Ast {
        self.flat([("+", Operator::Plus), ("-", Operator::Minus)], Parser::product)
    }

    fn product(&mut self) -> Ast {
        self.flat([("*", Operator::Times), ("/", Operator::Divide)], Parser::unary)
    }

    fn flat(&mut self, operators: [(&str, Operator); 2], operand: fn(&mut Self) -> Ast) -> Ast {
        let start = self.span().start;
        let first = operand(self);
        let mut rest = Vec::new();
        while let Some((_, operator)) = operators.into_iter().find(|(sign, _)| self.takes_sign(sign)) {
            rest.push((operator, operand(self)));
        }
        if rest.is_empty() {
            return first;
        }
        Ast { span: self.since(start), kind: Kind::Sum(Box::new(first), rest) }
    }

    fn unary(&mut self) -> Ast {
        let start = self.span().start;
        if !self.takes_sign("-") {
            return self.postfix();
        }
        let operand = self.deeper(Self::unary);
        Ast { span: self.since(start), kind: Kind::Negate(Box::new(operand)) }
    }
}
