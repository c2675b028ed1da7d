//! A table of days as CSV: a head line, then a day or a range of days a line.
//!
//! ```text
//! # source: 国办发明电〔2026〕9号
//! # published: 2026-11-05
//! date,kind,name,name_en
//! 2027-02-05..2027-02-11,holiday,春节,
//! 2027-01-31,working,春节,
//! ```

use super::rows::{Row, Table, What, bounded, label};
use super::syntax::{day, days};
use super::table::Names;
use crate::source::{Place, Reader, shortened};

const COLUMNS: [(&str, &[&str]); 4] = [
    ("date", &["date", "days", "日期"]),
    ("kind", &["kind", "type", "类型", "类别"]),
    ("name", &["name", "holiday", "名称", "节日"]),
    ("name_en", &["name_en", "英文", "英文名称"]),
];

const KINDS: [(What, &[&str]); 3] = [
    (What::Off, &["holiday", "off", "放假", "休", "休息"]),
    (What::Worked, &["working", "worked", "上班", "补班", "调休上班", "班"]),
    (What::Closed, &["closure", "closed", "停办"]),
];

/// One field of a line and where it begins.
struct Field {
    text: String,
    column: u32,
}

/// Reads the table; what cannot be read is told.
pub(super) fn read(reader: &mut Reader<'_>, text: &str, names: &mut Names) -> Table {
    let mut table = Table::default();
    let mut columns: Option<[Option<usize>; 4]> = None;
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if let Some(said) = line.trim().strip_prefix('#') {
            about(reader, said, number, &mut table);
        } else if !line.trim().is_empty() {
            let fields = split(line);
            match &columns {
                None => columns = Some(header(reader, &fields, number)),
                Some(columns) => table.rows.extend(row(reader, &fields, (number, columns), names)),
            }
        }
    }
    if columns.is_none() {
        let (zh, en) = ("期望表头 date,kind,name，实际没有一行", "expected the head line date,kind,name, found no line");
        reader.mistake(Place { line: 1, column: 1 }, "calendar-columns", (zh.to_owned(), en.to_owned()));
    }
    table
}

/// `# source: …`, `# published: …`, `# year: …`; any other such line is a remark.
fn about(reader: &mut Reader<'_>, said: &str, line: u32, table: &mut Table) {
    let Some((key, value)) = said.split_once([':', '：']).map(|(key, value)| (key.trim(), value.trim())) else { return };
    let at = Place { line, column: 1 };
    match key {
        "source" | "文号" | "来源" => table.source = Some(value.to_owned()),
        "published" | "公布日期" => match day(value) {
            Some(date) => table.published = Some(date),
            None => not_a_day(reader, value, at),
        },
        "year" | "年份" => match value.parse() {
            Ok(year) => table.year = Some(year),
            Err(_) => reader.mistake(
                at,
                "calendar-year",
                (format!("期望年份，如 2027，实际 `{}`", shortened(value)), format!("expected a year such as 2027, found `{}`", shortened(value))),
            ),
        },
        _ => {}
    }
}

fn header(reader: &mut Reader<'_>, fields: &[Field], line: u32) -> [Option<usize>; 4] {
    let place = |(_, words): &(&str, &[&str])| fields.iter().position(|field| words.contains(&field.text.trim().to_lowercase().as_str()));
    let columns = [place(&COLUMNS[0]), place(&COLUMNS[1]), place(&COLUMNS[2]), place(&COLUMNS[3])];
    for ((name, _), _) in COLUMNS.iter().zip(&columns).take(3).filter(|(_, column)| column.is_none()) {
        let found: Vec<&str> = fields.iter().map(|field| field.text.trim()).collect();
        let found = shortened(&found.join(","));
        let (zh, en) = (format!("表头缺少 `{name}` 列，实际 `{found}`"), format!("expected a column `{name}` in the head line, found `{found}`"));
        reader.mistake(Place { line, column: 1 }, "calendar-columns", (zh, en));
    }
    columns
}

fn row(reader: &mut Reader<'_>, fields: &[Field], (line, columns): (u32, &[Option<usize>; 4]), names: &mut Names) -> Option<Row> {
    let field = |column: usize| columns[column].and_then(|index| fields.get(index));
    let text = |column: usize| field(column).map_or("", |field| field.text.trim());
    let at = |column: usize| Place { line, column: field(column).map_or(1, |field| field.column) };
    if columns[..3].iter().any(Option::is_none) {
        return None; // Told once, with the head line.
    }
    let range = days(text(0));
    if range.is_none() {
        not_a_day(reader, text(0), at(0));
    }
    let what = KINDS.iter().find(|(_, words)| words.contains(&text(1).to_lowercase().as_str())).map(|(what, _)| *what);
    if what.is_none() {
        let found = shortened(text(1));
        let zh = format!("期望 holiday（放假）、working（上班）或 closure（停办），实际 `{found}`");
        reader.mistake(at(1), "calendar-kind", (zh, format!("expected holiday, working or closure, found `{found}`")));
    }
    let unnamed = what == Some(What::Worked) && text(2).is_empty();
    let label = if unnamed { None } else { label(reader, names, (text(2), text(3)), at(2)) };
    let (first, last) = range?;
    if !bounded(reader, (first, last), at(0)) {
        return None;
    }
    let row = Row { at: at(0), first, last, what: what?, label };
    (row.label.is_some() || unnamed).then_some(row)
}

fn not_a_day(reader: &mut Reader<'_>, found: &str, at: Place) {
    let found = shortened(found);
    let zh = format!("期望日期 2027-02-05 或 2027-02-05..2027-02-11，实际 `{found}`");
    reader.mistake(at, "calendar-date", (zh, format!("expected a day 2027-02-05 or days 2027-02-05..2027-02-11, found `{found}`")));
}

/// The fields of a line; a field in quotation marks may hold commas.
fn split(line: &str) -> Vec<Field> {
    let mut fields = vec![Field { text: String::new(), column: 1 }];
    let (mut quoted, mut column) = (false, 1);
    for character in line.chars() {
        column += 1;
        match (character, quoted) {
            ('"', _) => quoted = !quoted,
            (',' | '，' | '\t' | ';', false) => fields.push(Field { text: String::new(), column }),
            (other, _) => fields.iter_mut().next_back().into_iter().for_each(|field| field.text.push(other)),
        }
    }
    fields
}
