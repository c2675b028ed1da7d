//! A workbook with one long sheet of rows and one that says where they come from.
//! Invariant: rows go through the machine's temporary folder as they come, so memory does not grow with them; the same rows give the same bytes.
//! Never: a formula; every text is written as text, and begins none.

use std::io::{Seek, Write};

use chrono::{Datelike, NaiveDate, Timelike};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use crate::exports::safe::{Cell, neutral};
use crate::ids::Moment;

/// The widest column of the second sheet, in characters.
const FACT_WIDTH: u8 = 100;
const NAME_WIDTH: u8 = 24;

/// A workbook while its rows come.
pub struct Book {
    workbook: Workbook,
    row: u32,
    looks: Looks,
}

struct Looks {
    heading: Format,
    text: Format,
    day: Format,
    moment: Format,
    fact: Format,
}

impl Looks {
    fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        Self {
            heading: Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter),
            text: top(),
            day: top().set_num_format("yyyy-mm-dd"),
            moment: top().set_num_format("yyyy-mm-dd hh:mm:ss"),
            fact: top().set_text_wrap(),
        }
    }
}

impl Book {
    /// Begins a workbook: the sheet's name, its headings and how wide their columns are.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn begin(sheet: &str, header: &[&str], widths: &[u8]) -> Result<Self, XlsxError> {
        let looks = Looks::new();
        let mut workbook = Workbook::new();
        // A file's own date would make two copies of the same rows differ.
        let made = ExcelDateTime::from_ymd(2025, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let rows = workbook.add_worksheet_with_constant_memory()?;
        rows.set_name(sheet)?.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
        for (column, width) in (0..).zip(widths) {
            rows.set_column_width(column, *width)?;
        }
        for (column, title) in (0..).zip(header) {
            rows.write_string_with_format(0, column, *title, &looks.heading)?;
        }
        Ok(Self { workbook, row: 0, looks })
    }

    /// The next row.
    ///
    /// # Errors
    /// When the sheet is full (1,048,576 rows) or the temporary folder cannot be written.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        self.row += 1;
        let (row, looks) = (self.row, &self.looks);
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(_) | Cell::Plain(_) => sheet.write_string_with_format(row, column, cell.text(), &looks.text)?,
                Cell::Number(number) => match i32::try_from(*number) {
                    Ok(number) => sheet.write_number_with_format(row, column, number, &looks.text)?,
                    Err(_) => sheet.write_string_with_format(row, column, number.to_string(), &looks.text)?,
                },
                Cell::Day(date) => sheet.write_datetime_with_format(row, column, &day(*date)?, &looks.day)?,
                Cell::At(at) => sheet.write_datetime_with_format(row, column, &moment(*at)?, &looks.moment)?,
            };
        }
        Ok(())
    }

    /// Ends the workbook with a sheet of facts about it, and writes it.
    ///
    /// # Errors
    /// When `to` or the temporary folder cannot be written.
    pub fn finish(mut self, sheet: &str, facts: &[(String, String)], to: impl Write + Seek + Send) -> Result<(), XlsxError> {
        let source = self.workbook.add_worksheet();
        source.set_name(sheet)?.set_column_width(0, NAME_WIDTH)?.set_column_width(1, FACT_WIDTH)?;
        for (row, (name, fact)) in (0..).zip(facts) {
            source.write_string_with_format(row, 0, name, &self.looks.heading)?;
            source.write_string_with_format(row, 1, neutral(fact), &self.looks.fact)?;
        }
        self.workbook.save_to_writer(to)
    }
}

fn day(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let part = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or(u16::MAX), part(day.month()), part(day.day()))
}

/// The moment as a clock in China shows it: a sheet knows no zones.
fn moment(at: Moment) -> Result<ExcelDateTime, XlsxError> {
    let civil = at.civil();
    let part = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    day(at.date())?.and_hms(u16::try_from(civil.hour()).unwrap_or(u16::MAX), part(civil.minute()), part(civil.second()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn book(rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut book = Book::begin("台账", &["a", "b", "c", "d"], &[8, 8, 8, 8]).expect("a temporary folder");
        for row in rows {
            book.row(row).expect("a row");
        }
        let mut bytes = Cursor::new(Vec::new());
        book.finish("来源", &[("说明".to_owned(), "=1+1".to_owned())], &mut bytes).expect("a workbook");
        bytes.into_inner()
    }

    #[test]
    fn texts_stay_texts_numbers_numbers_and_days_days() {
        let date = NaiveDate::from_ymd_opt(2025, 3, 3).expect("a day");
        let bytes = book(&[vec![Cell::words("=HYPERLINK(\"x\")"), Cell::Number(-3), Cell::Day(date), Cell::At(Moment(1_740_963_600_000))]]);
        let mut read: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
        assert!(read.worksheet_formula("台账").expect("the sheet").is_empty(), "a formula in an export");
        let sheet = read.worksheet_range("台账").expect("the sheet");
        let cells: Vec<&Data> = sheet.rows().nth(1).expect("the row").iter().collect();
        assert_eq!(cells[0], &Data::String("'=HYPERLINK(\"x\")".to_owned()));
        assert_eq!(cells[1], &Data::Float(-3.0));
        let (Data::DateTime(day), Data::DateTime(at)) = (cells[2], cells[3]) else { panic!("expected dates, found {cells:?}") };
        assert_eq!((day.to_ymd_hms_milli(), at.to_ymd_hms_milli()), ((2025, 3, 3, 0, 0, 0, 0), (2025, 3, 3, 9, 0, 0, 0)));
        let source = read.worksheet_range("来源").expect("the second sheet");
        assert_eq!(source.get((0, 1)), Some(&Data::String("'=1+1".to_owned())));
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let rows = vec![vec![Cell::words("智能"), Cell::Number(i64::from(i32::MAX) + 1)]];
        assert_eq!(book(&rows), book(&rows));
    }
}
