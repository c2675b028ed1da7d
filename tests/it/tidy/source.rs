//! A Rust file as the tidy rules see it: the text, the text with comments and literals blanked out, and which lines are tests.
//! Invariant: blanking keeps every line break, so a byte's line is the same in both texts. Never: a full parser.

use std::ops::Range;

/// One file under `src/`, `tests/` or `benches/`.
pub struct Source {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// The same with comments and the insides of literals as spaces; quotes stay.
    pub code: String,
    /// Byte ranges of `code` that only a test build compiles.
    tests: Vec<Range<usize>>,
}

/// A function with a body.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
    pub test: bool,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let whole_file_is_test = path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/");
        let tests = if whole_file_is_test { std::iter::once(0..code.len()).collect() } else { test_items(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// The first folder or file under `src/`; `None` outside it.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs"))
    }

    pub fn line_of(&self, at: usize) -> usize {
        self.code[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// Every place of `needle` in the code that is not inside a longer word.
    pub fn places(&self, needle: &str) -> Vec<usize> {
        let starts_with_word = needle.starts_with(is_word);
        let ends_with_word = needle.ends_with(is_word);
        let whole = |at: &usize| {
            let before = self.code[..*at].chars().next_back().is_some_and(is_word);
            let after = self.code[at + needle.len()..].chars().next().is_some_and(is_word);
            !(starts_with_word && before || ends_with_word && after)
        };
        self.code.match_indices(needle).map(|(at, _)| at).filter(whole).collect()
    }

    /// Every function that has a body, with its length from `fn` to the closing brace.
    pub fn functions(&self) -> Vec<Function> {
        self.places("fn").into_iter().filter_map(|at| self.function_at(at)).collect()
    }

    fn function_at(&self, at: usize) -> Option<Function> {
        let rest = self.code[at + 2..].trim_start();
        let name: String = rest.chars().take_while(|letter| is_word(*letter)).collect();
        if name.is_empty() {
            return None; // A function pointer's type.
        }
        let open = at + body_start(&self.code[at..])?;
        let close = open + matching_brace(&self.code[open..])?;
        let line = self.line_of(at);
        // A match that names every variant has one on a line, as the formatter wants; such a list is read at a glance and is no logic.
        let listed = self.code[open..close].lines().filter(|line| is_listed(line.trim())).count();
        Some(Function { name, line, lines: self.line_of(close) - line + 1 - listed, test: self.is_test(at) })
    }
}

/// A further variant of a match arm, which decides nothing by itself: `| Event::Started { .. }`.
fn is_listed(line: &str) -> bool {
    line.strip_prefix("| ").is_some_and(|rest| rest.contains("::") && !rest.contains("=>") && !rest.contains(" if "))
}

pub fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where the body opens: the first `{` outside parentheses and brackets, unless a `;` ends the item before.
fn body_start(code: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The `}` that closes the `{` at the start of `code`.
pub fn matching_brace(code: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, letter) in code.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The items under `#[cfg(test)]` (attributes between it and the item included).
fn test_items(code: &str) -> Vec<Range<usize>> {
    let ends = |at: usize| -> usize {
        let item = &code[at..];
        match body_start(item) {
            Some(open) => at + open + matching_brace(&item[open..]).unwrap_or(item.len() - open),
            None => at + item.find(';').unwrap_or(item.len()),
        }
    };
    code.match_indices("#[cfg(test)]").map(|(at, _)| at..ends(at + "#[cfg(test)]".len())).collect()
}

/// `text` with comments and the contents of string and character literals replaced by spaces.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, blanked) = next_piece(rest, first, code.chars().next_back());
        code.push_str(&rest[..kept]);
        push_spaces(&mut code, &rest[kept..kept + blanked]);
        rest = &rest[kept + blanked..];
    }
    code
}

/// How many bytes of `rest` to keep, then how many to blank.
fn next_piece(rest: &str, first: char, before: Option<char>) -> (usize, usize) {
    if rest.starts_with("//") {
        return (0, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (0, block_comment(rest));
    }
    let word_before = before.is_some_and(is_word);
    if !word_before && let Some((open, length)) = raw_string(rest) {
        return (open, length);
    }
    match first {
        '"' => (1, quoted(&rest[1..], '"')),
        '\'' => (1, character(&rest[1..])),
        _ => (first.len_utf8(), 0),
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_i32;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"`: the bytes up to the opening quote with it, and those of the content with the closing mark.
fn raw_string(rest: &str) -> Option<(usize, usize)> {
    let prefix = if rest.starts_with("br") || rest.starts_with("cr") { 2 } else { usize::from(rest.starts_with('r')) };
    let hashes = rest.get(prefix..)?.bytes().take_while(|byte| *byte == b'#').count();
    if prefix == 0 || !rest[prefix + hashes..].starts_with('"') {
        return None;
    }
    let open = prefix + hashes + 1;
    let closing = format!("\"{}", "#".repeat(hashes));
    let length = rest[open..].find(&closing).map_or(rest.len() - open, |end| end + closing.len());
    Some((open, length))
}

/// The bytes of a quoted literal's content; its closing quote is kept by the next round only as a blank, so that pairs cannot slip.
fn quoted(content: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in content.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    content.len()
}

/// A character literal's content, or nothing for a lifetime.
fn character(content: &str) -> usize {
    let mut letters = content.chars();
    match (letters.next(), letters.next()) {
        (Some('\\'), _) => quoted(content, '\''),
        (Some(letter), Some('\'')) => letter.len_utf8() + 1,
        _ => 0,
    }
}

fn push_spaces(code: &mut String, blanked: &str) {
    for letter in blanked.chars() {
        match letter {
            '\n' => code.push('\n'),
            _ => code.extend(std::iter::repeat_n(' ', letter.len_utf8())),
        }
    }
}
