//! The ledger (台账) as CSV: what offices keep, hand in and are judged by.
//! Invariant: every row carries the digest of the row before it, so a row that was changed, dropped or moved afterwards is named by `check`; no text begins a formula.
//! Never: a query; the caller brings the rows.

use std::fmt;

use chrono::NaiveDate;

use crate::calendar::Span;
use crate::ids::{Digest, Moment};
use crate::notice::Language;
use crate::supervision::Light;

/// What some spreadsheets need to read UTF-8.
const BOM: &str = "\u{feff}";
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
}

/// A piece of evidence: its number and digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The number.
    pub number: String,
    /// The digest.
    pub digest: Digest,
}

/// How the ledger is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The language of headers and lights.
    pub language: Language,
    /// Whether a byte order mark leads.
    pub bom: bool,
}

/// A written ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The file.
    pub csv: String,
    /// The digest of its last row: two copies agree when this agrees.
    pub head: Digest,
}

/// Writes the ledger.
#[must_use]
pub fn write(rows: &[LedgerRow], style: Style) -> Ledger {
    let header = COLUMNS.iter().map(|column| column.title(style.language).to_owned());
    let mut csv = if style.bom { BOM.to_owned() } else { String::new() };
    csv.push_str(&record(header));
    csv.push_str("\r\n");
    let mut head = NO_ROW;
    for (place, row) in rows.iter().enumerate() {
        let place = Place { number: place + 1, before: head, language: style.language };
        let line = record(COLUMNS.iter().map(|column| (column.cell)(row, &place).text()));
        head = Digest::of(line.as_bytes());
        csv.push_str(&line);
        csv.push_str("\r\n");
    }
    Ledger { csv, head }
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
    number: usize,
    before: Digest,
    language: Language,
}

enum Cell {
    /// Somebody's text: it must not begin a formula.
    Text(String),
    /// Ours: a number, a date, a digest.
    Plain(String),
}

impl Cell {
    fn text(self) -> String {
        match self {
            Self::Text(text) if begins_a_formula(&text) => format!("'{text}"),
            Self::Text(text) | Self::Plain(text) => text,
        }
    }

    fn plain(value: Option<impl fmt::Display>) -> Self {
        Self::Plain(value.map(|value| value.to_string()).unwrap_or_default())
    }

    fn words(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Spreadsheets take a cell with such a beginning for a formula, some of them the full-width signs as well.
fn begins_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// One line of RFC 4180, without its end.
fn record(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}

struct Column {
    zh: &'static str,
    en: &'static str,
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

const fn column(zh: &'static str, en: &'static str, cell: fn(&LedgerRow, &Place) -> Cell) -> Column {
    Column { zh, en, cell }
}

/// The columns in their order. The last one is what `check` reads.
const COLUMNS: &[Column] = &[
    column("序号", "No.", |_, place| Cell::plain(Some(place.number))),
    column("项目代码", "Project code", |row, _| Cell::words(&row.project_code)),
    column("项目名称", "Project", |row, _| Cell::words(&row.project)),
    column("建设单位", "Owner", |row, _| Cell::words(&row.owner)),
    column("统一社会信用代码", "Owner's credit code", |row, _| Cell::words(&row.owner_code)),
    column("所属事项", "Matter", |row, _| Cell::words(&row.matter)),
    column("牵头单位", "Lead office", |row, _| Cell::words(&row.lead)),
    column("责任单位", "Responsible office", |row, _| Cell::words(&row.unit)),
    column("责任领导", "Responsible leader", |row, _| Cell::words(&row.leader)),
    column("责任人", "Responsible person", |row, _| Cell::words(&row.person)),
    column("路线图", "Road map", |row, _| Cell::words(&row.roadmap)),
    column("环节", "Link", |row, _| Cell::words(&row.link)),
    column("节点", "Step", |row, _| Cell::words(&row.step)),
    column("计划起", "Planned from", |row, _| Cell::plain(row.planned_from)),
    column("计划止", "Planned to", |row, _| Cell::plain(row.planned_to)),
    column("法定期限", "Statutory limit", |row, place| span(row.statutory, place.language)),
    column("承诺期限", "Promised limit", |row, place| span(row.promised, place.language)),
    column("已用", "Used", |row, _| Cell::plain(row.used)),
    column("剔除", "Excluded", |row, _| Cell::plain(row.excluded)),
    column("剩余", "Left", |row, _| Cell::plain(row.left)),
    column("灯色", "Light", |row, place| Cell::plain(row.light.map(|light| light_name(light, place.language)))),
    column("完成情况", "Progress", |row, _| Cell::words(&row.progress)),
    column("存在问题", "Problem", |row, _| Cell::words(&row.problem)),
    column("下一步", "Next", |row, _| Cell::words(&row.next)),
    column("督办单号", "Supervision order", |row, _| Cell::words(&row.order)),
    column("回复", "Reply", |row, _| Cell::words(&row.reply)),
    column("佐证材料", "Evidence", |row, _| evidence(&row.evidence)),
    column("记录人", "Recorded by", |row, _| Cell::words(&row.recorder)),
    column("时间", "Recorded at", |row, _| Cell::plain(row.at.map(Moment::to_rfc3339))),
    column("前行摘要值", "Digest of the row before", |_, place| Cell::plain(Some(place.before))),
];

fn span(span: Option<Span>, language: Language) -> Cell {
    match language {
        Language::Zh => Cell::plain(span.map(Span::zh)),
        Language::En => Cell::plain(span),
    }
}

const fn light_name(light: Light, language: Language) -> &'static str {
    let (zh, en) = match light {
        Light::Green => ("绿", "green"),
        Light::Grey => ("灰", "grey"),
        Light::Yellow => ("黄", "yellow"),
        Light::Red => ("红", "red"),
        Light::DarkRed => ("深红", "dark red"),
    };
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

fn evidence(pieces: &[Evidence]) -> Cell {
    let pieces: Vec<String> = pieces.iter().map(|piece| format!("{} {}", piece.number, piece.digest)).collect();
    Cell::Text(pieces.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZH: Style = Style { language: Language::Zh, bom: false };

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
        let Ledger { csv, head } = write(&[row("一期"), row(quoted)], ZH);
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
    fn english_headers_and_a_byte_order_mark_are_there_when_asked() {
        let Ledger { csv, head } = write(&[row("one")], Style { language: Language::En, bom: true });
        assert!(csv.starts_with("\u{feff}No.,Project code,Project,Owner,"));
        assert_eq!(cell(&read(&csv), 1, "Light"), "dark red");
        assert_eq!(cell(&read(&csv), 1, "Promised limit"), "7 working days");
        assert_eq!(check(&csv), Ok(head));
    }

    #[test]
    fn no_text_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"] {
            let records = read(&write(&[row(text)], ZH).csv);
            assert_eq!(cell(&records, 1, "项目名称"), format!("'{text}"), "{text:?}");
        }
        assert_eq!(cell(&read(&write(&[row("a=1")], ZH).csv), 1, "项目名称"), "a=1");
    }

    #[test]
    fn a_changed_dropped_or_moved_row_is_named() {
        let rows = [row("一"), row("二"), row("三"), row("四")];
        let csv = write(&rows, ZH).csv;
        assert_eq!(check(&csv.replacen(",二,", ",贰,", 1)).unwrap_err().row, 2);
        let lines: Vec<&str> = csv.split_inclusive("\r\n").collect();
        let without = |gone: usize| lines.iter().enumerate().filter(|(line, _)| *line != gone).map(|(_, text)| *text).collect::<String>();
        assert_eq!(check(&without(2)).unwrap_err().row, 1);
        assert_eq!(check(&without(1)).unwrap_err().row, 1);
        let swapped: String = [0, 1, 3, 2, 4].iter().map(|line| lines[*line]).collect();
        assert_eq!(check(&swapped).unwrap_err().row, 1);
        // The last row has no successor: its digest is what the two copies compare.
        assert_ne!(check(&without(4)).unwrap(), write(&rows, ZH).head);
    }
}
