//! The ledger (台账), line by line: what offices keep, hand in and are judged by. A line is the same cells in CSV and in a workbook.
//! Invariant: every row carries the digest of the row before it, so a row that was changed, dropped or moved afterwards is named by `check`; no text begins a formula.
//! Never: a query; the caller brings the rows, one at a time.

use std::fmt;

use chrono::NaiveDate;

use crate::calendar::Span;
use crate::exports::safe::{BOM, Cell, LINE_END, record};
use crate::ids::{Digest, Moment};
use crate::notice::Language;
use crate::supervision::Light;

/// What stands for the row before the first.
const NO_ROW: Digest = Digest([0; 32]);
/// The first record of the file is the header.
const HEADER_RECORDS: u64 = 1;

/// One row: one step of one project as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerRow {
    /// 项目代码.
    pub project_code: String,
    /// 项目名称.
    pub project: String,
    /// 建设单位.
    pub owner: String,
    /// 统一社会信用代码.
    pub owner_code: String,
    /// 所属事项.
    pub matter: String,
    /// 牵头单位.
    pub lead: String,
    /// 责任单位.
    pub unit: String,
    /// 责任领导.
    pub leader: String,
    /// 责任人.
    pub person: String,
    /// 路线图.
    pub roadmap: String,
    /// 环节.
    pub link: String,
    /// 节点.
    pub step: String,
    /// 计划起.
    pub planned_from: Option<NaiveDate>,
    /// 计划止.
    pub planned_to: Option<NaiveDate>,
    /// 法定期限.
    pub statutory: Option<Span>,
    /// 承诺期限.
    pub promised: Option<Span>,
    /// 已用, in days of the promise's unit.
    pub used: Option<u32>,
    /// 剔除, days that did not count.
    pub excluded: Option<u32>,
    /// 剩余, negative when late.
    pub left: Option<i64>,
    /// 灯色.
    pub light: Option<Light>,
    /// 完成情况.
    pub progress: String,
    /// 存在问题.
    pub problem: String,
    /// 下一步.
    pub next: String,
    /// 督办单号.
    pub order: String,
    /// 回复.
    pub reply: String,
    /// 佐证材料.
    pub evidence: Vec<Evidence>,
    /// 记录人.
    pub recorder: String,
    /// 时间.
    pub at: Option<Moment>,
    /// The keys of the responsible offices; no column.
    pub offices: Vec<String>,
    /// The step asks for evidence; no column.
    pub asked: bool,
}

/// A piece of evidence: its number and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The number.
    pub number: String,
    /// The digest.
    pub digest: Digest,
}

/// A ledger while it is written.
#[derive(Clone, Debug)]
pub struct Writing {
    language: Language,
    rows: u64,
    head: Digest,
    /// Every row stands on one line, so that a line is a row.
    flat: bool,
}

/// One line: its cells, and the same as CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The cells.
    pub cells: Vec<Cell>,
    /// The line of CSV with its end.
    pub csv: String,
}

impl Writing {
    /// Begins a ledger with headers and lights in that language.
    #[must_use]
    pub const fn begin(language: Language) -> Self {
        Self { language, rows: 0, head: NO_ROW, flat: false }
    }

    /// Begins one whose rows hang on what stands before them, each on one line.
    #[must_use]
    pub const fn begin_after(language: Language, head: Digest) -> Self {
        Self { language, rows: 0, head, flat: true }
    }

    /// The titles of the columns.
    #[must_use]
    pub fn header(&self) -> Vec<&'static str> {
        COLUMNS.iter().map(|column| column.title(self.language)).collect()
    }

    /// The header as CSV with its end, behind the mark that spreadsheets need to read UTF-8.
    #[must_use]
    pub fn header_csv(&self) -> String {
        format!("{BOM}{}{LINE_END}", record(self.header().into_iter().map(str::to_owned)))
    }

    /// The next row.
    pub fn row(&mut self, row: &LedgerRow) -> Line {
        self.rows += 1;
        let place = Place { number: self.rows, before: self.head, language: self.language };
        let flat = |cell: Cell| if self.flat { cell.on_one_line() } else { cell };
        let cells: Vec<Cell> = COLUMNS.iter().map(|column| flat((column.cell)(row, &place))).collect();
        let csv = record(cells.iter().map(Cell::text));
        self.head = Digest::of(csv.as_bytes());
        Line { cells, csv: csv + LINE_END }
    }

    /// How many rows there are so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest of the last row: two copies agree when this agrees.
    #[must_use]
    pub const fn head(&self) -> Digest {
        self.head
    }
}

/// How wide each column is shown, in characters.
#[must_use]
pub fn widths() -> Vec<u8> {
    COLUMNS.iter().map(|column| column.width).collect()
}

/// What a column is called, counted from 0.
#[must_use]
pub fn column_title(column: usize, language: Language) -> &'static str {
    COLUMNS.get(column).map_or("", |column| column.title(language))
}

/// Checks a ledger file by itself and answers with the digest of its last row.
///
/// # Errors
/// Names the first row that is not the one its successor names, or that cannot be read.
pub fn check(csv: &str) -> Result<Digest, BrokenRow> {
    let csv = csv.strip_prefix(BOM).unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let mut cells = csv::StringRecord::new();
    let (mut head, mut from, mut number) = (NO_ROW, 0, 0);
    loop {
        let row = number.max(HEADER_RECORDS) - HEADER_RECORDS;
        match reader.read_record(&mut cells) {
            Ok(true) => (),
            Ok(false) => return Ok(head),
            Err(_) => return Err(BrokenRow { row: row + 1, expected: head }),
        }
        // A position is a place in a text that is in memory.
        let to = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let line = csv.get(from..to).unwrap_or_default().trim_matches(['\r', '\n']);
        (from, number) = (to, number + 1);
        if number <= HEADER_RECORDS {
            continue;
        }
        if cells.iter().next_back() != Some(head.to_string().as_str()) {
            return Err(BrokenRow { row: row.max(1), expected: head });
        }
        head = Digest::of(line.as_bytes());
    }
}

/// The place where a ledger stops being what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// The row, from 1; the row after it names another one in its place.
    pub row: u64,
    /// The digest of what is there.
    pub expected: Digest,
}

impl BrokenRow {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        format!("台账第 {} 行与其后一行所记的摘要值不符，该行被改动、删除或移动", self.row)
    }
}

impl fmt::Display for BrokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of the ledger is not the one the next row names: it was changed, dropped or moved", self.row)
    }
}

impl std::error::Error for BrokenRow {}

/// What a cell may need besides its row.
struct Place {
    number: u64,
    before: Digest,
    language: Language,
}

struct Column {
    zh: &'static str,
    en: &'static str,
    width: u8,
    cell: fn(&LedgerRow, &Place) -> Cell,
}

impl Column {
    const fn title(&self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

const fn column(zh: &'static str, en: &'static str, width: u8, cell: fn(&LedgerRow, &Place) -> Cell) -> Column {
    Column { zh, en, width, cell }
}

/// The columns in their order. The last one is what `check` reads.
const COLUMNS: &[Column] = &[
    column("序号", "No.", 7, |_, place| Cell::Number(i64::try_from(place.number).unwrap_or(i64::MAX))),
    column("项目代码", "Project code", 24, |row, _| Cell::words(&row.project_code)),
    column("项目名称", "Project", 32, |row, _| Cell::words(&row.project)),
    column("建设单位", "Owner", 26, |row, _| Cell::words(&row.owner)),
    column("统一社会信用代码", "Owner's credit code", 22, |row, _| Cell::words(&row.owner_code)),
    column("所属事项", "Matter", 26, |row, _| Cell::words(&row.matter)),
    column("牵头单位", "Lead office", 18, |row, _| Cell::words(&row.lead)),
    column("责任单位", "Responsible office", 22, |row, _| Cell::words(&row.unit)),
    column("责任领导", "Responsible leader", 12, |row, _| Cell::words(&row.leader)),
    column("责任人", "Responsible person", 12, |row, _| Cell::words(&row.person)),
    column("路线图", "Road map", 14, |row, _| Cell::words(&row.roadmap)),
    column("环节", "Link", 22, |row, _| Cell::words(&row.link)),
    column("节点", "Step", 24, |row, _| Cell::words(&row.step)),
    column("计划起", "Planned from", 13, |row, _| Cell::day(row.planned_from)),
    column("计划止", "Planned to", 13, |row, _| Cell::day(row.planned_to)),
    column("法定期限", "Statutory limit", 14, |row, place| span(row.statutory, place.language)),
    column("承诺期限", "Promised limit", 14, |row, place| span(row.promised, place.language)),
    column("已用", "Used", 8, |row, _| Cell::number(row.used)),
    column("剔除", "Excluded", 8, |row, _| Cell::number(row.excluded)),
    column("剩余", "Left", 8, |row, _| Cell::number(row.left)),
    column("灯色", "Light", 8, |row, place| Cell::plain(row.light.map(|light| light_name(light, place.language == Language::En)))),
    column("完成情况", "Progress", 20, |row, _| Cell::words(&row.progress)),
    column("存在问题", "Problem", 20, |row, _| Cell::words(&row.problem)),
    column("下一步", "Next", 20, |row, _| Cell::words(&row.next)),
    column("督办单号", "Supervision order", 16, |row, _| Cell::words(&row.order)),
    column("回复", "Reply", 20, |row, _| Cell::words(&row.reply)),
    column("佐证材料", "Evidence", 28, |row, _| evidence(&row.evidence)),
    column("记录人", "Recorded by", 12, |row, _| Cell::words(&row.recorder)),
    column("时间", "Recorded at", 20, |row, _| Cell::at(row.at)),
    column("前行摘要值", "Digest of the row before", 28, |_, place| Cell::plain(Some(place.before))),
];

fn span(span: Option<Span>, language: Language) -> Cell {
    match language {
        Language::Zh => Cell::plain(span.map(Span::zh)),
        Language::En => Cell::plain(span),
    }
}

/// A light as a word.
#[must_use]
pub const fn light_name(light: Light, english: bool) -> &'static str {
    let (zh, en) = match light {
        Light::Green => ("绿", "green"),
        Light::Grey => ("灰", "grey"),
        Light::Yellow => ("黄", "yellow"),
        Light::Red => ("红", "red"),
        Light::DarkRed => ("深红", "dark red"),
    };
    if english { en } else { zh }
}

fn evidence(pieces: &[Evidence]) -> Cell {
    let pieces: Vec<String> = pieces.iter().map(|piece| format!("{} {}", piece.number, piece.digest)).collect();
    Cell::words(&pieces.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A written ledger: the file and the digest of its last row.
    fn write(rows: &[LedgerRow], language: Language) -> (String, Digest) {
        let mut writing = Writing::begin(language);
        let mut csv = writing.header_csv();
        for row in rows {
            csv.push_str(&writing.row(row).csv);
        }
        (csv, writing.head())
    }

    fn row(project: &str) -> LedgerRow {
        LedgerRow {
            project_code: "2503-420704-89-01-123456".to_owned(),
            project: project.to_owned(),
            planned_from: NaiveDate::from_ymd_opt(2025, 3, 3),
            promised: "7 working days".parse().ok(),
            left: Some(-3),
            light: Some(Light::DarkRed),
            evidence: vec![Evidence { number: "GC20250001-HP".to_owned(), digest: Digest::of("批复".as_bytes()) }],
            at: Some(Moment(1_740_963_600_000)),
            ..LedgerRow::default()
        }
    }

    fn read(csv: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.trim_start_matches(BOM).as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn cell<'a>(records: &'a [Vec<String>], row: usize, title: &str) -> &'a str {
        &records[row][records[0].iter().position(|header| header == title).unwrap()]
    }

    #[test]
    fn the_ledger_reads_back_cell_by_cell() {
        let quoted = "\"智能\", 装备\r\n二期";
        let (csv, head) = write(&[row("一期"), row(quoted)], Language::Zh);
        let records = read(&csv);
        assert_eq!(records.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 30]);
        assert_eq!(cell(&records, 2, "项目名称"), quoted);
        assert_eq!(cell(&records, 2, "序号"), "2");
        assert_eq!(cell(&records, 1, "计划起"), "2025-03-03");
        assert_eq!(cell(&records, 1, "承诺期限"), "7 个工作日");
        assert_eq!(cell(&records, 1, "剩余"), "-3");
        assert_eq!(cell(&records, 1, "灯色"), "深红");
        assert_eq!(cell(&records, 1, "时间"), "2025-03-03T09:00:00.000+08:00");
        assert_eq!(cell(&records, 1, "佐证材料"), format!("GC20250001-HP {}", Digest::of("批复".as_bytes())));
        assert_eq!(cell(&records, 1, "前行摘要值"), NO_ROW.to_string());
        assert_eq!(check(&csv), Ok(head));
    }

    #[test]
    fn english_headers_are_there_when_asked_and_a_byte_order_mark_always() {
        let (csv, head) = write(&[row("one")], Language::En);
        assert!(csv.starts_with("\u{feff}No.,Project code,Project,Owner,"));
        assert_eq!(cell(&read(&csv), 1, "Light"), "dark red");
        assert_eq!(cell(&read(&csv), 1, "Promised limit"), "7 working days");
        assert_eq!(check(&csv), Ok(head));
    }

    #[test]
    fn no_text_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"] {
            let records = read(&write(&[row(text)], Language::Zh).0);
            assert_eq!(cell(&records, 1, "项目名称"), format!("'{text}"), "{text:?}");
        }
        assert_eq!(cell(&read(&write(&[row("a=1")], Language::Zh).0), 1, "项目名称"), "a=1");
    }

    #[test]
    fn a_changed_dropped_or_moved_row_is_named() {
        let rows = [row("一"), row("二"), row("三"), row("四")];
        let csv = write(&rows, Language::Zh).0;
        assert_eq!(check(&csv.replacen(",二,", ",贰,", 1)).unwrap_err().row, 2);
        let lines: Vec<&str> = csv.split_inclusive("\r\n").collect();
        let without = |gone: usize| lines.iter().enumerate().filter(|(line, _)| *line != gone).map(|(_, text)| *text).collect::<String>();
        assert_eq!(check(&without(2)).unwrap_err().row, 1);
        assert_eq!(check(&without(1)).unwrap_err().row, 1);
        let swapped: String = [0, 1, 3, 2, 4].iter().map(|line| lines[*line]).collect();
        assert_eq!(check(&swapped).unwrap_err().row, 1);
        // The last row has no successor: its digest is what the two copies compare.
        assert_ne!(check(&without(4)).unwrap(), write(&rows, Language::Zh).1);
    }
}
