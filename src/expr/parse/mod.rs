//! Tokens to a tree, with every mistake of the text.
//! Invariant: a tree is handed out only when nothing was wrong, and its nesting is within `EXPR_DEPTH_MAX`.
//! Never: panics or loops on any input; each step consumes a token or returns.

use std::ops::Range;

use super::ExprError;
use super::ast::{Ast, Kind, Test};
use super::lex::{self, Token, TokenKind};
use crate::limits::{EXPR_BYTES_MAX, EXPR_DEPTH_MAX};

mod operators;
mod primary;
mod tests_of_values;

/// Parses a whole expression.
pub(super) fn expression(source: &str) -> Result<Ast, Vec<ExprError>> {
    Parser::whole(source, |parser| parser.expression())
}

/// Parses the cell of a table: `-`, or tests separated by commas.
pub(super) fn cell(source: &str) -> Result<Vec<Test>, Vec<ExprError>> {
    Parser::whole(source, Parser::cell)
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
    errors: Vec<ExprError>,
    /// Where the last mistake was reported: one mistake a token.
    reported: Option<usize>,
}

impl<'s> Parser<'s> {
    fn whole<T>(source: &'s str, parse: impl FnOnce(&mut Self) -> T) -> Result<T, Vec<ExprError>> {
        if source.len() > EXPR_BYTES_MAX {
            let zh = format!("期望最多 {EXPR_BYTES_MAX} 字节的表达式，实际 {} 字节", source.len());
            let en = format!("expected an expression of at most {EXPR_BYTES_MAX} bytes, found {}", source.len());
            return Err(vec![ExprError { span: 0..source.len(), zh, en }]);
        }
        let mut errors = Vec::new();
        let tokens = lex::tokens(source, &mut errors);
        let mut parser = Self { source, tokens, position: 0, depth: 0, errors, reported: None };
        let parsed = parse(&mut parser);
        parser.rest_is_empty();
        if parser.errors.is_empty() {
            return Ok(parsed);
        }
        parser.errors.sort_by_key(|error| (error.span.start, error.span.end));
        Err(parser.errors)
    }

    /// After the expression: nothing. What follows is read on, so that its own mistakes are reported too.
    fn rest_is_empty(&mut self) {
        while *self.kind() != TokenKind::End {
            self.expected("运算符或末尾", "an operator or the end");
            while !matches!(self.kind(), TokenKind::End | TokenKind::Word("and" | "or") | TokenKind::Sign(",")) {
                self.advance();
            }
            self.advance();
            if *self.kind() != TokenKind::End {
                self.expression();
            }
        }
    }

    fn kind(&self) -> &TokenKind {
        self.kind_at(0)
    }

    fn kind_at(&self, ahead: usize) -> &TokenKind {
        self.tokens.get(self.position.saturating_add(ahead)).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn span(&self) -> Range<usize> {
        let end = self.source.len();
        self.tokens.get(self.position).map_or(end..end, |token| token.span.clone())
    }

    /// From `start` to the end of the token before this one.
    fn since(&self, start: usize) -> Range<usize> {
        let before = self.position.checked_sub(1).and_then(|position| self.tokens.get(position));
        let end = before.map_or(start, |token| token.span.end).max(start);
        start..end
    }

    fn advance(&mut self) {
        self.position = (self.position + 1).min(self.tokens.len());
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let there = matches!(self.kind(), TokenKind::Sign(found) if *found == sign);
        if there {
            self.advance();
        }
        there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let there = matches!(self.kind(), TokenKind::Word(found) if *found == word);
        if there {
            self.advance();
        }
        there
    }

    /// Records a mistake; what was already said of the same letters is enough.
    fn error_at(&mut self, span: Range<usize>, zh: String, en: String) {
        if !span.is_empty() && self.errors.iter().any(|error| error.span == span) {
            return;
        }
        self.errors.push(ExprError { span, zh, en });
    }

    /// Reports "expected X, found `Y`" at this token, once a token.
    fn expected(&mut self, zh: &str, en: &str) {
        if self.reported == Some(self.position) {
            return;
        }
        self.reported = Some(self.position);
        let span = self.span();
        let found = crate::source::shortened(self.source.get(span.clone()).unwrap_or(""));
        if *self.kind() == TokenKind::End {
            self.error_at(span, format!("期望{zh}，实际到了末尾"), format!("expected {en}, found the end"));
        } else {
            self.error_at(span, format!("期望{zh}，实际 `{found}`"), format!("expected {en}, found `{found}`"));
        }
    }

    /// Takes `closing`, or reports its absence and reads on to where this bracket closes.
    fn closes(&mut self, closing: &'static str) {
        if self.takes_sign(closing) {
            return;
        }
        self.expected(&format!(" `{closing}`"), &format!("`{closing}`"));
        let mut open = 0usize;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::Sign("(" | "[" | "{") => open += 1,
                TokenKind::Sign(")" | "]" | "}") if open > 0 => open -= 1,
                TokenKind::Sign(found) if *found == closing => {
                    self.advance();
                    return;
                }
                TokenKind::Sign(")" | "]" | "}") => return,
                TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Name(_) | TokenKind::Word(_) | TokenKind::Sign(_) => {}
            }
            self.advance();
        }
    }

    fn takes_keyword(&mut self, word: &'static str) {
        if !self.takes_word(word) {
            self.expected(&format!(" `{word}`"), &format!("`{word}`"));
        }
    }

    /// Runs `parse` one level deeper; too deep is a mistake, and the rest of the text is skipped.
    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Ast) -> Ast {
        if self.depth >= EXPR_DEPTH_MAX {
            let span = self.span();
            self.error_at(span.clone(), format!("期望最多 {EXPR_DEPTH_MAX} 层嵌套"), format!("expected at most {EXPR_DEPTH_MAX} levels of nesting"));
            self.position = self.tokens.len();
            self.reported = Some(self.position);
            return Ast { span, kind: Kind::Hole };
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}
