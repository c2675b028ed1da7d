//! A frozen ledger and its copies (台账一式两份): rows that no longer move, a digest over all of them, and beside them the one line in which the copies differ.
//! Invariant: a copy is checked by itself, without a database; one changed byte is named by its row and column. Rows are chained, and each column has a digest of
//! its own, so that the two cross in the cell. Never: a cell with a line break; a line is a row.

use std::fmt;

use crate::exports::ledger::{LedgerRow, Writing, column_title};
use crate::exports::safe::{BOM, LINE_END, record};
use crate::ids::Digest;
use crate::notice::Language;

/// What begins each of the three lines under the rows.
const COLUMNS: &str = "列摘要值";
const SEAL: &str = "载荷摘要值";
const COPY: &str = "副本";
/// Characters of a digest.
const DIGEST: usize = 64;
/// Lines around the rows: the title and the header above, the columns' digests, the seal and the copy below.
const AROUND: usize = 5;

/// Rows that no longer move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The title, the header, the rows and the columns' digests.
    pub text: String,
    /// How many rows.
    pub rows: u64,
    /// The digest of the text: the same in every copy.
    pub digest: Digest,
}

/// The line in which two copies differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyLine {
    /// 第几份.
    pub number: u32,
    /// Who keeps it.
    pub holder: String,
    /// For what.
    pub purpose: String,
    /// Who took it out.
    pub by: String,
    /// When, as written.
    pub at: String,
}

/// A ledger while it is frozen.
pub struct Freezing {
    text: String,
    writing: Writing,
}

impl Freezing {
    /// Begins with a title: what it is, of whom, of which time, as of when.
    #[must_use]
    pub fn begin(title: &[String]) -> Self {
        let header = Writing::begin(Language::Zh).header_csv();
        let text = format!("{BOM}{}{LINE_END}{}", record(title.iter().map(|cell| flat(cell))), header.trim_start_matches(BOM));
        let head = Digest::of(text.trim_end_matches(LINE_END).as_bytes());
        Self { text, writing: Writing::begin_after(Language::Zh, head) }
    }

    /// The next row.
    pub fn row(&mut self, row: &LedgerRow) {
        let line = self.writing.row(row);
        self.text.push_str(&line.csv);
    }

    /// Its length so far, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Ends it.
    #[must_use]
    pub fn finish(self) -> Payload {
        let Self { mut text, writing } = self;
        let lines = lines_of(text.as_bytes());
        let under_title = lines.get(1..).unwrap_or_default();
        let mut cells: Vec<String> = columns(under_title).iter().map(ToString::to_string).collect();
        if let Some(first) = cells.first_mut() {
            *first = format!("{COLUMNS} {first}");
        }
        // The last column holds the chain, which ends here.
        cells.pop();
        cells.push(writing.head().to_string());
        text.push_str(&record(cells));
        text.push_str(LINE_END);
        let digest = Digest::of(text.as_bytes());
        Payload { text, rows: writing.rows(), digest }
    }
}

/// A copy of a payload: the payload, its seal, and the line of the copy.
#[must_use]
pub fn copy(payload: &Payload, line: &CopyLine) -> String {
    let seal = seal(payload.digest, payload.rows);
    let number = line.number.to_string();
    let own = record([COPY, &number, &line.holder, &line.purpose, &line.by, &line.at].into_iter().map(flat));
    let digest = Digest::of(format!("{seal}{LINE_END}{own},").as_bytes());
    format!("{}{seal}{LINE_END}{own},{digest}{LINE_END}", payload.text)
}

fn seal(digest: Digest, rows: u64) -> String {
    record([SEAL.to_owned(), digest.to_string(), rows.to_string()])
}

fn flat(cell: &str) -> String {
    crate::exports::safe::Cell::words(cell).on_one_line().text()
}

/// What a copy says of itself, once nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The digest of the payload: two copies agree when this agrees.
    pub digest: Digest,
    /// How many rows.
    pub rows: u64,
    /// The line of the copy, cell by cell.
    pub copy: Vec<String>,
    /// The title, cell by cell.
    pub title: Vec<String>,
}

/// Where a copy stops being what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The line above the header.
    Title,
    /// The titles of the columns.
    Header,
    /// A row, from 1.
    Row(usize),
    /// The digests of the columns.
    Columns,
    /// The line with the digest of the payload.
    Seal,
    /// The line of the copy.
    Copy,
}

/// What is wrong with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In which line.
    pub place: Place,
    /// In which column, counted from 0, where that is known.
    pub column: Option<usize>,
}

/// Checks a copy by itself.
///
/// # Errors
/// Names the line and the column of the first thing that is not as it was written.
pub fn check(bytes: &[u8]) -> Result<Checked, Broken> {
    let lines = lines_of(bytes);
    let broken = |place| Broken { place, column: None };
    let [above @ .., columns_line, seal_line, copy_line] = lines.as_slice() else { return Err(broken(Place::Copy)) };
    if !bytes.ends_with(LINE_END.as_bytes()) || !copy_line.starts_with(COPY.as_bytes()) {
        return Err(broken(Place::Copy));
    }
    if !seal_line.starts_with(SEAL.as_bytes()) {
        return Err(broken(Place::Seal));
    }
    if !columns_line.starts_with(COLUMNS.as_bytes()) || lines.len() < AROUND {
        return Err(broken(Place::Columns));
    }
    let under = seal_line.len() + copy_line.len() + 2 * LINE_END.len();
    let payload = bytes.get(..bytes.len() - under).unwrap_or_default();
    let rows = lines.len() - AROUND;
    let seal_now = seal(Digest::of(payload), u64::try_from(rows).unwrap_or(u64::MAX));
    let (own, named) = copy_line.split_at(copy_line.len().saturating_sub(DIGEST));
    let sealed = Digest::of(&[seal_line, LINE_END.as_bytes(), own].concat()).to_string().as_bytes() == named;
    if seal_now.as_bytes() == *seal_line {
        let text = |line: &[u8]| cells_of(line).iter().map(|cell| plain(cell)).collect();
        let title = above.first().map(|title| text(title)).unwrap_or_default();
        let mut copy: Vec<String> = text(copy_line);
        copy.pop();
        let checked = Checked { digest: Digest::of(payload), rows: u64::try_from(rows).unwrap_or(u64::MAX), copy, title };
        return if sealed { Ok(checked) } else { Err(broken(Place::Copy)) };
    }
    let counted = sealed.then(|| cells_of(seal_line).get(2).and_then(|cell| plain(cell).parse::<usize>().ok())).flatten();
    Err(in_payload(above, columns_line, counted).unwrap_or(broken(Place::Seal)))
}

/// Finds the cell: the row by the chain, the column by its own digest. `counted` is how many rows there must be, where the seal can be trusted.
fn in_payload(above: &[&[u8]], columns_line: &[u8], counted: Option<usize>) -> Option<Broken> {
    let (title, under_title) = above.split_first()?;
    let (header, rows) = under_title.split_first()?;
    if counted.is_some_and(|counted| counted != rows.len()) {
        // A row that went, or ran into the next one: the first whose number is not its place.
        let numbered = |place: usize, row: &[u8]| cells_of(row).first().map(|cell| plain(cell)) == Some((place + 1).to_string());
        let moved = rows.iter().enumerate().position(|(place, row)| !numbered(place, row));
        return Some(Broken { place: Place::Row(moved.unwrap_or(rows.len()) + 1), column: None });
    }
    let named: Vec<Vec<&[u8]>> = rows.iter().chain([&columns_line]).map(|line| cells_of(line)).collect();
    let head = [title, LINE_END.as_bytes(), header].concat();
    let digests = std::iter::once(head.as_slice()).chain(rows.iter().copied()).map(|line| Digest::of(line).to_string());
    let bad: Vec<bool> = digests.zip(&named).map(|(digest, next)| next.last().is_none_or(|named| digest.as_bytes() != *named)).collect();
    let kept = named.last()?;
    let wrong = columns(under_title).iter().enumerate().position(|(column, digest)| {
        let digest = if column == 0 { format!("{COLUMNS} {digest}") } else { digest.to_string() };
        let is_chain = column + 1 == cells_of(header).len();
        !is_chain && kept.get(column).is_none_or(|kept| digest.as_bytes() != *kept)
    });
    let width = cells_of(header).len();
    let last_column = width.checked_sub(1);
    // The chain has no digest of its own column: its title is the one that every header ends with.
    let titled = last_column.map_or("", |last| column_title(last, Language::Zh)).as_bytes();
    let header_kept = cells_of(header).last().is_some_and(|title| *title == titled);
    let place = match bad.iter().position(|bad| *bad) {
        None => return wrong.map(|column| Broken { place: Place::Columns, column: Some(column) }),
        // The row after names a wrong one, and is itself not the one that is named: what changed is what it names.
        Some(first) if bad.get(first + 1) == Some(&true) => return Some(Broken { place: Place::Row(first + 1), column: wrong.or(last_column) }),
        Some(0) if wrong.is_some() || !header_kept => return Some(Broken { place: Place::Header, column: wrong.or(last_column) }),
        Some(0) => Place::Title,
        Some(last) if last == rows.len() && kept.len() != width => Place::Columns,
        Some(last) if last == rows.len() && wrong.is_none() => return Some(Broken { place: Place::Columns, column: last_column }),
        Some(row) => Place::Row(row),
    };
    Some(Broken { place, column: wrong })
}

/// The digest of each column: its title and its cells as they are written, each ended by a line break.
fn columns(lines: &[&[u8]]) -> Vec<Digest> {
    let width = lines.first().map_or(0, |header| cells_of(header).len());
    let mut written = vec![Vec::new(); width];
    for line in lines {
        let cells = cells_of(line);
        for (column, written) in written.iter_mut().enumerate() {
            written.extend_from_slice(cells.get(column).copied().unwrap_or(b"\n"));
            written.push(b'\n');
        }
    }
    written.iter().map(|bytes| Digest::of(bytes)).collect()
}

/// The lines, without their ends.
fn lines_of(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(LINE_END.len()).position(|pair| pair == LINE_END.as_bytes()) {
        let (line, after) = rest.split_at(at);
        lines.push(line);
        rest = after.get(LINE_END.len()..).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// The cells of a line as they are written, quotes and all.
fn cells_of(line: &[u8]) -> Vec<&[u8]> {
    let mut quoted = false;
    let ends = move |byte: &u8| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    };
    line.split(ends).collect()
}

/// What a written cell says.
fn plain(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim_start_matches(BOM);
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

impl Broken {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let line = match self.place {
            Place::Title => "题名行".to_owned(),
            Place::Header => "表头".to_owned(),
            Place::Row(row) => format!("第 {row} 行"),
            Place::Columns => "列摘要值一行".to_owned(),
            Place::Seal => "载荷摘要值一行".to_owned(),
            Place::Copy => "副本一行".to_owned(),
        };
        let column = self.column.map_or_else(String::new, |column| format!("“{}”一栏", column_title(column, Language::Zh)));
        format!("台账{line}{column}与冻结时不符")
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Title => write!(f, "the title line")?,
            Place::Header => write!(f, "the header")?,
            Place::Row(row) => write!(f, "row {row}")?,
            Place::Columns => write!(f, "the line of the columns' digests")?,
            Place::Seal => write!(f, "the line of the payload's digest")?,
            Place::Copy => write!(f, "the line of the copy")?,
        }
        if let Some(column) = self.column {
            write!(f, ", column `{}`,", column_title(column, Language::En))?;
        }
        write!(f, " is not what was frozen")
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        let mut freezing = Freezing::begin(&["台账".to_owned(), "市发改委".to_owned(), "2025Q1".to_owned(), "截至 2025-04-01".to_owned()]);
        for (number, words) in ["一期", "\"智能\", 装备\r\n二期", "三期, 扩建"].into_iter().enumerate() {
            let left = i64::try_from(number).ok();
            freezing.row(&LedgerRow { project: words.to_owned(), step: "受理".to_owned(), left, recorder: "赵承办".to_owned(), ..LedgerRow::default() });
        }
        freezing.finish()
    }

    fn copies(payload: &Payload) -> [String; 2] {
        [(1, "各相关单位自存", "区级考核"), (2, "区创新办", "市级考核")].map(|(number, holder, purpose)| {
            let (holder, purpose) = (holder.to_owned(), purpose.to_owned());
            copy(payload, &CopyLine { number, holder, purpose, by: "魏档案".to_owned(), at: "2025-04-02T09:00:00+08:00".to_owned() })
        })
    }

    #[test]
    fn two_copies_differ_in_one_line_and_have_one_digest() {
        let payload = payload();
        let [one, two] = copies(&payload);
        let (lines, others): (Vec<&str>, Vec<&str>) = (one.lines().collect(), two.lines().collect());
        let differing: Vec<usize> = (0..lines.len()).filter(|line| lines[*line] != others[*line]).collect();
        assert_eq!((lines.len(), differing), (8, vec![7]), "title, header, 3 rows, columns, seal and copy");
        let (one, two) = (check(one.as_bytes()).unwrap(), check(two.as_bytes()).unwrap());
        assert_eq!((one.digest, one.rows, two.digest), (payload.digest, 3, payload.digest));
        assert_eq!(two.copy[..4], ["副本", "2", "区创新办", "市级考核"]);
    }

    /// The line and, in a row, the cell that a byte stands in; the end of a line belongs to it.
    fn stands(file: &[u8], at: usize) -> (usize, usize) {
        let before = &file[..at];
        let line = before.windows(2).filter(|pair| pair == b"\r\n").count();
        let begin = before.windows(2).rposition(|pair| pair == b"\r\n").map_or(0, |place| place + 2);
        (line, cells_of(&file[begin..at]).len() - 1)
    }

    #[test]
    fn one_changed_byte_is_named_by_row_and_column_wherever_it_stands() {
        let file = copies(&payload())[0].clone().into_bytes();
        let mut named_cells = 0;
        for at in 0..file.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= flip;
                let broken = check(&changed).expect_err("a changed byte passed");
                let (line, cell) = stands(&file, at);
                let place = match line {
                    0 => Place::Title,
                    1 => Place::Header,
                    row @ 2..=4 => Place::Row(row - 1),
                    5 => Place::Columns,
                    6 => Place::Seal,
                    _ => Place::Copy,
                };
                let line_end = [b'\r', b'\n'].contains(&file[at]);
                if line_end {
                    // Two lines became one: the one or the other is named.
                    let next = [Place::Header, Place::Row(1), Place::Row(line.max(1)), Place::Columns, Place::Seal, Place::Copy];
                    assert!(broken.place == place || next.contains(&broken.place), "byte {at}: {broken:?}, expected {place:?}");
                    continue;
                }
                assert_eq!(broken.place, place, "byte {at} ^ {flip:#x}: {broken}");
                if let Place::Row(_) = place {
                    // A comma that went joins two cells, and the first of them is the one that is wrong.
                    assert_eq!(broken.column, Some(cell), "byte {at} ^ {flip:#x}: {broken}");
                    named_cells += 1;
                }
            }
        }
        assert!(named_cells > 500, "{named_cells}");
    }

    #[test]
    fn a_dropped_a_doubled_and_a_moved_row_are_named() {
        let file = copies(&payload())[1].clone();
        let lines: Vec<&str> = file.split_inclusive("\r\n").collect();
        let made = |order: &[usize]| order.iter().map(|line| lines[*line]).collect::<String>();
        let place = |text: String| check(text.as_bytes()).unwrap_err().place;
        assert_eq!(place(made(&[0, 1, 2, 4, 5, 6, 7])), Place::Row(2));
        assert_eq!(place(made(&[0, 1, 2, 3, 3, 4, 5, 6, 7])), Place::Row(3));
        assert_eq!(place(made(&[0, 1, 3, 2, 4, 5, 6, 7])), Place::Row(1));
        assert_eq!(place(made(&[0, 1, 2, 3, 4, 5, 6])), Place::Copy);
        assert_eq!(place(String::new()), Place::Copy);
    }

    #[test]
    fn a_ledger_of_no_rows_is_one_too() {
        let payload = Freezing::begin(&["台账".to_owned()]).finish();
        let [one, _] = copies(&payload);
        assert_eq!(check(one.as_bytes()).unwrap().rows, 0);
    }
}
