//! Letters to tokens.
//! Invariant: the tokens are in the order of the text, their spans lie on character boundaries, and the last one is `End`.
//! Never: stops at a wrong letter; it reports it and takes what its author most likely meant, so that one slip gives one mistake.

use std::ops::Range;

use rust_decimal::Decimal;

use super::ExprError;

/// A token with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) span: Range<usize>,
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Number(Decimal),
    Text(String),
    /// A name; written in backticks it may hold anything and is never a keyword.
    Name(String),
    /// A reserved word.
    Word(&'static str),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

const WORDS: [&str; 16] = ["and", "or", "not", "between", "in", "if", "then", "else", "some", "every", "satisfies", "for", "return", "true", "false", "null"];

/// Signs, longest first.
const SIGNS: [&str; 20] = ["..", "<=", ">=", "!=", "<", ">", "=", "+", "-", "*", "/", "(", ")", "[", "]", "{", "}", ",", ":", "."];

/// What people write instead, and the sign that is meant.
const SLIPS: [(&str, &str); 27] = [
    ("==", "="),
    ("=>", ">="),
    ("=<", "<="),
    ("<>", "!="),
    ("&&", "and"),
    ("||", "or"),
    ("≥", ">="),
    ("≤", "<="),
    ("≠", "!="),
    ("＝", "="),
    ("＜", "<"),
    ("＞", ">"),
    ("＋", "+"),
    ("－", "-"),
    ("×", "*"),
    ("÷", "/"),
    ("（", "("),
    ("）", ")"),
    ("［", "["),
    ("］", "]"),
    ("【", "["),
    ("】", "]"),
    ("，", ","),
    ("、", ","),
    ("：", ":"),
    ("。", "."),
    ("!", "not"),
];

/// Splits `source` into tokens; mistakes go to `errors`.
pub(super) fn tokens(source: &str, errors: &mut Vec<ExprError>) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, errors };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens.push(Token { span: source.len()..source.len(), kind: TokenKind::End });
    tokens
}

struct Lexer<'s, 'e> {
    source: &'s str,
    at: usize,
    errors: &'e mut Vec<ExprError>,
}

impl<'s> Lexer<'s, '_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip_blank();
            let start = self.at;
            let first = self.rest().chars().next()?;
            let kind = match first {
                '"' | '“' | '”' | '\'' | '‘' | '’' => self.text(first),
                '`' => self.quoted_name(),
                '0'..='9' => self.number(),
                letter if starts_name(letter) => self.name(),
                _ => self.sign(first),
            };
            if let Some(kind) = kind {
                return Some(Token { span: start..self.at, kind });
            }
        }
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let end = rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn error(&mut self, span: Range<usize>, zh: String, en: String) {
        self.errors.push(ExprError { span, zh, en });
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            let rest = self.rest();
            if rest.starts_with("//") {
                self.take_while(|letter| letter != '\n');
            } else if rest.starts_with("/*") {
                let start = self.at;
                let end = rest.find("*/");
                self.at += end.map_or(rest.len(), |end| end + 2);
                if end.is_none() {
                    self.error(
                        start..start + 2,
                        "期望注释以 `*/` 结束，实际到了末尾".to_owned(),
                        "expected the comment to end with `*/`, found the end".to_owned(),
                    );
                }
            } else {
                return;
            }
        }
    }

    fn number(&mut self) -> Option<TokenKind> {
        let start = self.at;
        self.take_while(|letter| letter.is_ascii_digit());
        let mut after = self.rest().chars();
        if after.next() == Some('.') && after.next().is_some_and(|letter| letter.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|letter| letter.is_ascii_digit());
        }
        let tail = self.take_while(|letter| letter.is_alphanumeric() || letter == '_');
        let written = &self.source[start..self.at];
        if tail.is_empty()
            && let Ok(number) = Decimal::from_str_exact(written)
        {
            return Some(TokenKind::Number(number));
        }
        let shown = crate::source::shortened(written);
        self.error(start..self.at, format!("期望最多 28 位的数，实际 `{shown}`"), format!("expected a number of at most 28 digits, found `{shown}`"));
        Some(TokenKind::Number(Decimal::ZERO))
    }

    fn name(&mut self) -> Option<TokenKind> {
        let name = self.take_while(continues_name);
        let word = WORDS.into_iter().find(|word| *word == name);
        Some(word.map_or_else(|| TokenKind::Name(name.to_owned()), TokenKind::Word))
    }

    fn quoted_name(&mut self) -> Option<TokenKind> {
        let start = self.at;
        self.at += 1;
        let name = self.take_while(|letter| letter != '`' && letter != '\n').to_owned();
        let closed = self.rest().starts_with('`');
        self.at += usize::from(closed);
        if !closed || name.is_empty() {
            self.error(start..self.at, "期望反引号内的名称，如 `land-quota`".to_owned(), "expected a name between backticks, such as `land-quota`".to_owned());
        }
        Some(TokenKind::Name(name))
    }

    fn text(&mut self, quote: char) -> Option<TokenKind> {
        let start = self.at;
        self.at += quote.len_utf8();
        if quote != '"' {
            self.error(start..self.at, format!("期望英文双引号 `\"`，实际 `{quote}`"), format!("expected a straight double quote `\"`, found `{quote}`"));
        }
        let closes = |letter: char| if matches!(quote, '\'' | '‘' | '’') { matches!(letter, '\'' | '’') } else { matches!(letter, '"' | '”') };
        let mut text = String::new();
        while let Some(letter) = self.rest().chars().next() {
            let at = self.at;
            self.at += letter.len_utf8();
            if (quote == '"' && letter == '"') || (quote != '"' && closes(letter)) {
                return Some(TokenKind::Text(text));
            }
            match letter {
                '\\' => text.extend(self.escape(at)),
                '\n' => break,
                other => text.push(other),
            }
        }
        self.error(start..self.at, "期望文字以 `\"` 结束，实际到了行末".to_owned(), "expected the text to end with `\"`, found the end of the line".to_owned());
        Some(TokenKind::Text(text))
    }

    fn escape(&mut self, start: usize) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.at += letter.len_utf8();
        let meant = match letter {
            '"' | '\\' | '/' | '\'' => Some(letter),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'u' => {
                let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                self.at += digits.map_or(0, str::len);
                digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32)
            }
            _ => None,
        };
        if meant.is_none() {
            let written = &self.source[start..self.at];
            let known = r#"`\"` `\\` `\n` `\t` `\u4e2d`"#;
            self.error(start..self.at, format!("期望转义 {known} 之一，实际 `{written}`"), format!("expected one of the escapes {known}, found `{written}`"));
        }
        meant
    }

    fn sign(&mut self, first: char) -> Option<TokenKind> {
        let (rest, start) = (self.rest(), self.at);
        let exact = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
        let slip = SLIPS.into_iter().find(|(slip, _)| rest.starts_with(slip));
        if let Some((slip, meant)) = slip.filter(|(slip, _)| exact.is_none_or(|sign| sign.len() < slip.len())) {
            self.at += slip.len();
            self.error(start..self.at, format!("期望 `{meant}`，实际 `{slip}`"), format!("expected `{meant}`, found `{slip}`"));
            let word = WORDS.into_iter().find(|word| *word == meant);
            return Some(word.map_or(TokenKind::Sign(meant), TokenKind::Word));
        }
        if let Some(sign) = exact {
            self.at += sign.len();
            return Some(TokenKind::Sign(sign));
        }
        self.at += first.len_utf8();
        let shown = first.escape_debug();
        self.error(
            start..self.at,
            format!("期望名称、数、文字或运算符，实际 `{shown}`"),
            format!("expected a name, a number, a text or an operator, found `{shown}`"),
        );
        None
    }
}

fn starts_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn continues_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
