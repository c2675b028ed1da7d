//! Values, names, paths, calls, and the forms that start with a word.

use rust_decimal::prelude::ToPrimitive as _;

use super::super::ast::{Ast, Binding, If, Kind, Step, StepKind};
use super::super::builtin::{self, Builtin};
use super::super::lex::TokenKind;
use super::Parser;

/// Words of the longest built-in name.
const NAME_WORDS_MAX: usize = 4;

impl Parser<'_> {
    /// A value and the steps of a path after it.
    pub(super) fn postfix(&mut self) -> Ast {
        let start = self.span().start;
        let base = self.primary();
        let mut steps = Vec::new();
        loop {
            let kind = if self.takes_sign(".") {
                self.key()
            } else if matches!(self.kind(), TokenKind::Sign("[")) {
                self.advance();
                let kind = self.index_or_filter();
                self.closes("]");
                kind
            } else {
                break;
            };
            steps.push(Step { span: self.since(start), kind });
        }
        if steps.is_empty() {
            return base;
        }
        Ast { span: self.since(start), kind: Kind::Path(Box::new(base), steps) }
    }

    fn key(&mut self) -> StepKind {
        let key = match self.kind() {
            TokenKind::Name(name) => name.clone(),
            TokenKind::Word(word) => (*word).to_owned(),
            TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Sign(_) | TokenKind::End => {
                self.expected("键名", "a key");
                return StepKind::Key(String::new());
            }
        };
        self.advance();
        StepKind::Key(key)
    }

    /// A literal whole number is a place in the list, counted from 1, or from the end when negative; anything else is a condition on `item`.
    fn index_or_filter(&mut self) -> StepKind {
        let minus = matches!(self.kind(), TokenKind::Sign("-"));
        let digits = usize::from(minus);
        let closed = matches!(self.kind_at(digits + 1), TokenKind::Sign("]"));
        let TokenKind::Number(number) = self.kind_at(digits) else { return StepKind::Filter(self.expression()) };
        let whole = number.is_integer().then(|| number.to_i64()).flatten().filter(|place| *place != 0);
        let (true, Some(place)) = (closed, whole) else {
            if closed {
                self.position += digits;
                self.expected("从 1 起的位置", "a place from 1");
            }
            return StepKind::Filter(self.expression());
        };
        self.position += digits + 1;
        StepKind::Index(if minus { -place } else { place })
    }

    fn primary(&mut self) -> Ast {
        let start = self.span();
        let kind = match self.kind().clone() {
            TokenKind::Number(number) => self.literal(Kind::Number(number)),
            TokenKind::Text(text) => self.literal(Kind::Text(text)),
            TokenKind::Word("true") => self.literal(Kind::Bool(true)),
            TokenKind::Word("false") => self.literal(Kind::Bool(false)),
            TokenKind::Word("null") => self.literal(Kind::Null),
            TokenKind::Name(name) => self.name_or_call(name),
            TokenKind::Word("not") => self.negation(),
            TokenKind::Word("if") => self.choice(),
            TokenKind::Word(word @ ("for" | "some" | "every")) => self.iteration(word),
            TokenKind::Sign("(") => return self.parenthesis(),
            TokenKind::Sign("[") => {
                self.advance();
                let items = self.items("]");
                Kind::List(items)
            }
            TokenKind::Sign("{") => self.context(),
            TokenKind::Sign(_) | TokenKind::Word(_) | TokenKind::End => self.missing_value(),
        };
        Ast { span: self.since(start.start), kind }
    }

    fn literal(&mut self, kind: Kind) -> Kind {
        self.advance();
        kind
    }

    /// Reports a missing value; stray operators are skipped, so that what follows them is read.
    fn missing_value(&mut self) -> Kind {
        self.expected("一个值", "a value");
        let mut skipped = false;
        while let TokenKind::Sign("=" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "*" | "/" | "." | ":" | "..") = self.kind() {
            self.advance();
            skipped = true;
        }
        if skipped && matches!(self.kind(), TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Name(_)) {
            self.reported = Some(self.position);
            return self.primary().kind;
        }
        Kind::Hole
    }

    fn parenthesis(&mut self) -> Ast {
        let start = self.span().start;
        self.advance();
        let inner = self.expression();
        self.closes(")");
        Ast { span: self.since(start), kind: inner.kind }
    }

    /// Expressions up to `closing`, separated by commas.
    fn items(&mut self, closing: &'static str) -> Vec<Ast> {
        let mut items = Vec::new();
        if self.takes_sign(closing) {
            return items;
        }
        loop {
            items.push(self.expression());
            if !self.takes_sign(",") {
                break;
            }
        }
        self.closes(closing);
        items
    }

    fn context(&mut self) -> Kind {
        self.advance();
        let mut entries: Vec<(String, Ast)> = Vec::new();
        if self.takes_sign("}") {
            return Kind::Context(entries);
        }
        loop {
            let span = self.span();
            let key = match self.kind().clone() {
                TokenKind::Name(key) | TokenKind::Text(key) => key,
                TokenKind::Word(word) => word.to_owned(),
                TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => {
                    self.expected("键名", "a key");
                    break;
                }
            };
            self.advance();
            if !self.takes_sign(":") {
                self.expected(" `:`", "`:`");
            }
            let value = self.expression();
            if entries.iter().any(|(known, _)| *known == key) {
                self.error_at(span, format!("期望每个键只写一次，实际 `{key}` 写了两次"), format!("expected each key once, found `{key}` again"));
            }
            entries.push((key, value));
            if !self.takes_sign(",") {
                break;
            }
        }
        self.closes("}");
        Kind::Context(entries)
    }

    /// `not(condition)`.
    fn negation(&mut self) -> Kind {
        self.advance();
        if matches!(self.kind(), TokenKind::Sign("(")) {
            let start = self.span().start;
            self.advance();
            let arguments = self.items(")");
            return self.call("not", Builtin::Not, arguments, start);
        }
        self.expected(" `not` 之后的 `(`", "`(` after `not`");
        self.deeper(Self::postfix).kind
    }

    fn choice(&mut self) -> Kind {
        self.advance();
        let condition = self.expression();
        self.takes_keyword("then");
        let yes = self.expression();
        self.takes_keyword("else");
        let no = self.expression();
        Kind::If(Box::new(If { condition, yes, no }))
    }

    fn iteration(&mut self, word: &str) -> Kind {
        self.advance();
        let mut bindings = Vec::new();
        loop {
            let name = if let TokenKind::Name(name) = self.kind().clone() {
                self.advance();
                name
            } else {
                self.expected("变量名", "the name of a variable");
                String::new()
            };
            self.takes_keyword("in");
            let from = self.deeper(Self::sum);
            let to = if self.takes_sign("..") { Some(self.deeper(Self::sum)) } else { None };
            bindings.push(Binding { name, from, to });
            if !self.takes_sign(",") {
                break;
            }
        }
        self.takes_keyword(if word == "for" { "return" } else { "satisfies" });
        let body = Box::new(self.expression());
        match word {
            "for" => Kind::For(bindings, body),
            "some" => Kind::Some(bindings, body),
            _ => Kind::Every(bindings, body),
        }
    }

    /// A root or variable, or a call when a bracket follows; the words of a built-in's name are joined by blanks or `_`.
    fn name_or_call(&mut self, first: String) -> Kind {
        let start = self.span().start;
        let mut words = vec![first];
        while words.len() < NAME_WORDS_MAX {
            match self.kind_at(words.len()) {
                TokenKind::Name(word) => words.push(word.clone()),
                // The one name with a reserved word in it: `years and months duration`.
                TokenKind::Word("and") if words == ["years"] && *self.kind_at(2) == TokenKind::Name("months".to_owned()) => words.push("and".to_owned()),
                TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Word(_) | TokenKind::Sign(_) | TokenKind::End => break,
            }
        }
        if !matches!(self.kind_at(words.len()), TokenKind::Sign("(")) {
            self.advance();
            return Kind::Name(words.swap_remove(0));
        }
        self.position += words.len();
        let span = self.since(start);
        self.advance();
        let name = words.join(" ").replace('_', " ");
        let arguments = self.items(")");
        if name == "is defined" {
            return self.defined(arguments, start);
        }
        if let Some(builtin) = builtin::named(&name) {
            return self.call(&name, builtin, arguments, start);
        }
        let near = builtin::nearest(&name);
        self.error_at(span, format!("期望函数名，如 `{near}`，实际 `{name}`"), format!("expected a function, such as `{near}`, found `{name}`"));
        Kind::Hole
    }

    fn call(&mut self, name: &str, builtin: Builtin, arguments: Vec<Ast>, start: usize) -> Kind {
        let (least, most) = builtin::arity(name);
        if arguments.len() < least || arguments.len() > most {
            let wanted = if least == most { least.to_string() } else { format!("{least}–{most}") };
            let found = arguments.len();
            let span = self.since(start);
            let noun = if most == 1 { "argument" } else { "arguments" };
            self.error_at(span, format!("`{name}` 期望 {wanted} 个参数，实际 {found} 个"), format!("expected {wanted} {noun} for `{name}`, found {found}"));
        }
        Kind::Call(builtin, arguments)
    }

    fn defined(&mut self, mut arguments: Vec<Ast>, start: usize) -> Kind {
        let only = if arguments.len() == 1 { arguments.pop() } else { None };
        let is_path = |ast: &Ast| {
            let Kind::Path(base, steps) = &ast.kind else { return matches!(ast.kind, Kind::Name(_)) };
            matches!(base.kind, Kind::Name(_)) && steps.iter().all(|step| matches!(step.kind, StepKind::Key(_)))
        };
        if let Some(path) = only.filter(is_path) {
            return Kind::Defined(Box::new(path));
        }
        let span = self.since(start);
        let (zh, en) = ("`is defined` 期望一个路径，如 `form.area`", "expected one path for `is defined`, such as `form.area`");
        self.error_at(span, zh.to_owned(), en.to_owned());
        Kind::Hole
    }
}
