//! A line of the play cut into words, with the column of each.
//! Invariant: nothing of a line is dropped but blanks and a comment. Never: knows what a word means.

use crate::source::Place;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A word.
    Word,
    /// A text in quotation marks.
    Said,
    /// A flow mapping in braces.
    Fields,
    /// A word in parentheses.
    Aside,
    /// The arrow before what is expected.
    Arrow,
}

/// A piece with its place.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub piece: Piece,
    pub text: String,
    pub at: Place,
}

const QUOTES: &[(char, char)] = &[('"', '"'), ('“', '”'), ('「', '」')];
const ASIDES: &[(char, char)] = &[('(', ')'), ('（', '）')];

/// Cuts a line; an opening mark without its closing one is answered with its place and the mark that is missing.
pub(super) fn cut(line: &str, number: u32, column: u32) -> Result<Vec<Token>, (Place, char)> {
    let letters: Vec<char> = line.chars().collect();
    let mut tokens = Vec::new();
    let mut here = 0;
    while let Some(letter) = letters.get(here).copied() {
        let at = Place { line: number, column: column.saturating_add(u32::try_from(here).unwrap_or(u32::MAX)) };
        if letter.is_whitespace() {
            here += 1;
            continue;
        }
        if letter == '#' {
            break;
        }
        let (piece, text, length) = piece(&letters[here..]).map_err(|missing| (at, missing))?;
        tokens.push(Token { piece, text, at });
        here += length;
    }
    Ok(tokens)
}

fn piece(letters: &[char]) -> Result<(Piece, String, usize), char> {
    let first = letters.first().copied().unwrap_or(' ');
    if first == '→' {
        return Ok((Piece::Arrow, "→".to_owned(), 1));
    }
    if letters.starts_with(&['-', '>']) {
        return Ok((Piece::Arrow, "->".to_owned(), 2));
    }
    if let Some((_, close)) = QUOTES.iter().find(|(open, _)| *open == first) {
        return enclosed(letters, *close, Piece::Said);
    }
    if let Some((_, close)) = ASIDES.iter().find(|(open, _)| *open == first) {
        return enclosed(letters, *close, Piece::Aside);
    }
    if first == '{' {
        return braces(letters);
    }
    let ends = |letter: char| letter.is_whitespace() || letter == '→' || QUOTES.iter().chain(ASIDES).any(|(open, _)| *open == letter);
    let length = letters.iter().position(|letter| ends(*letter)).unwrap_or(letters.len()).max(1);
    let text: String = letters[..length].iter().collect();
    match text.find("->") {
        Some(before) if before > 0 => Ok((Piece::Word, text[..before].to_owned(), text[..before].chars().count())),
        Some(_) | None => Ok((Piece::Word, text, length)),
    }
}

fn enclosed(letters: &[char], close: char, piece: Piece) -> Result<(Piece, String, usize), char> {
    let end = letters.iter().skip(1).position(|letter| *letter == close).ok_or(close)? + 1;
    Ok((piece, letters[1..end].iter().collect(), end + 1))
}

fn braces(letters: &[char]) -> Result<(Piece, String, usize), char> {
    let mut depth = 0_usize;
    for (place, letter) in letters.iter().enumerate() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return Ok((Piece::Fields, letters[..=place].iter().collect(), place + 1)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    Err('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_words_asides_texts_fields_and_the_arrow() {
        let tokens = cut("李受理（receiver） 办理 甲 受理 “同意 -> 受理” {a: {b: 1}} → 待办：无  # 备注", 7, 1).expect("whole");
        let found: Vec<_> = tokens.iter().map(|token| (token.piece, token.text.as_str(), token.at.column)).collect();
        assert_eq!(
            found,
            [
                (Piece::Word, "李受理", 1),
                (Piece::Aside, "receiver", 4),
                (Piece::Word, "办理", 15),
                (Piece::Word, "甲", 18),
                (Piece::Word, "受理", 20),
                (Piece::Said, "同意 -> 受理", 23),
                (Piece::Fields, "{a: {b: 1}}", 34),
                (Piece::Arrow, "→", 46),
                (Piece::Word, "待办：无", 48),
            ]
        );
    }

    #[test]
    fn a_mark_that_is_never_closed_is_named_with_its_place() {
        assert_eq!(cut("a “b", 3, 1).map(|_| ()), Err((Place { line: 3, column: 3 }, '”')));
        assert_eq!(cut("a {b: {c: 1}", 3, 1).map(|_| ()), Err((Place { line: 3, column: 3 }, '}')));
    }
}
