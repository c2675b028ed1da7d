//! Cells that a spreadsheet opens as what they are: numbers, days, moments, and text that begins no formula; and lines of CSV made of them.
//! Invariant: a cell says the same in every format; somebody's text never begins a formula. Never: a cell without its kind.

use std::fmt;

use chrono::NaiveDate;

use crate::ids::Moment;

/// What some spreadsheets need to read UTF-8.
pub const BOM: &str = "\u{feff}";
/// How a line of CSV ends (RFC 4180).
pub const LINE_END: &str = "\r\n";

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Somebody's text.
    Text(String),
    /// Our own text: a digest, a limit, a light.
    Plain(String),
    /// A whole number.
    Number(i64),
    /// A day.
    Day(NaiveDate),
    /// A moment.
    At(Moment),
}

impl Cell {
    /// Somebody's text.
    #[must_use]
    pub fn words(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// Our own text.
    #[must_use]
    pub fn plain(value: Option<impl fmt::Display>) -> Self {
        value.map_or(Self::Empty, |value| Self::Plain(value.to_string()))
    }

    /// A number.
    #[must_use]
    pub fn number(value: Option<impl Into<i64>>) -> Self {
        value.map_or(Self::Empty, |value| Self::Number(value.into()))
    }

    /// A day.
    #[must_use]
    pub fn day(value: Option<NaiveDate>) -> Self {
        value.map_or(Self::Empty, Self::Day)
    }

    /// A moment.
    #[must_use]
    pub fn at(value: Option<Moment>) -> Self {
        value.map_or(Self::Empty, Self::At)
    }

    /// The cell with its line breaks shown as a mark.
    #[must_use]
    pub fn on_one_line(self) -> Self {
        match self {
            Self::Text(text) if text.contains(['\r', '\n']) => Self::Text(text.replace("\r\n", "\n").replace(['\r', '\n'], " ⏎ ")),
            other => other,
        }
    }

    /// The cell as text, with text that would begin a formula kept from it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => neutral(text),
            Self::Plain(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Day(day) => day.to_string(),
            Self::At(moment) => moment.to_rfc3339(),
        }
    }
}

/// The text with an apostrophe before what a spreadsheet would take for the beginning of a formula.
#[must_use]
pub fn neutral(text: &str) -> String {
    if begins_a_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Spreadsheets take a cell with such a beginning for a formula, some of them the full-width signs as well.
fn begins_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// One line of RFC 4180, without its end.
#[must_use]
pub fn record(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell };
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A whole small table as CSV with a byte order mark, so that a spreadsheet reads the Chinese.
#[must_use]
pub fn csv<'a>(header: impl IntoIterator<Item = &'a str>, rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let mut csv = format!("{BOM}{}{LINE_END}", record(header.into_iter().map(str::to_owned)));
    for row in rows {
        csv.push_str(&record(row.iter().map(Cell::text)));
        csv.push_str(LINE_END);
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What must not stand at the beginning of somebody's text.
    pub const BEGINNINGS: [&str; 11] = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"];

    #[test]
    fn no_text_begins_a_formula_and_every_other_text_stays_as_it_is() {
        for text in BEGINNINGS {
            assert_eq!(Cell::words(text).text(), format!("'{text}"));
            let line = csv(["a"], [vec![Cell::words(text), Cell::words(text)]]);
            let body = line.strip_prefix("\u{feff}a\r\n").expect("the header");
            for cell in body.trim_end().split(',') {
                // By byte: what a spreadsheet sees first is the apostrophe, quoted or not.
                assert!(cell.as_bytes().starts_with(b"'") || cell.as_bytes().starts_with(b"\"'"), "{cell:?}");
            }
        }
        for text in ["a=1", "'=1", "智能制造", ""] {
            assert_eq!(Cell::words(text).text(), text);
        }
        assert_eq!(Cell::Number(-3).text(), "-3", "a number of ours is no formula");
    }

    #[test]
    fn a_line_quotes_what_must_be_quoted() {
        assert_eq!(record(["a".to_owned(), "b,c".to_owned(), "d\"e".to_owned(), "f\r\ng".to_owned()]), "a,\"b,c\",\"d\"\"e\",\"f\r\ng\"");
    }
}
