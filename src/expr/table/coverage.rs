//! Gaps, overlaps and rows that can never hit.
//! Invariant: each column is cut into regions on which all its cells are constant, so looking at one point of each region decides for all values.
//! Never: a guess. A table too large to walk is said to be unchecked.

use rust_decimal::Decimal;

use super::super::{Type, Value};
use super::{Hit, Parts, numbered};
use crate::limits::TABLE_REGIONS_MAX;
use crate::source::{Mistake, Reader};

/// Which rows hold: a bit a row.
type Bits = Vec<u64>;

/// A region of one column.
struct Region {
    /// How to name it in a sentence, zh and en.
    shown: (String, String),
    rows: Bits,
}

/// What the walk over all regions found.
#[derive(Default)]
struct Found {
    gap: Option<Vec<usize>>,
    overlap: Option<(Vec<usize>, Vec<usize>)>,
    /// Rows that decide somewhere.
    decides: Bits,
    walked: usize,
}

/// Reports overlaps that the hit policy forbids, and rows that can never hit.
pub(super) fn check(reader: &mut Reader<'_>, parts: &Parts) {
    let (columns, found) = walked(parts, &[]);
    if found.walked >= TABLE_REGIONS_MAX {
        return;
    }
    let place = |row: usize| parts.rows.get(row).map_or(parts.rows_at, |row| row.at);
    if let Some((rows, point)) = &found.overlap {
        let (zh_where, en_where) = named(parts, &columns, point);
        let (zh_rows, en_rows) = numbered(rows);
        let zh = format!("第 {zh_rows} 行重叠，例如 {zh_where}");
        let en = format!("expected rows that exclude each other, found rows {en_rows} for {en_where}");
        reader.mistake(place(rows.last().copied().unwrap_or(0)), "overlap", (zh, en));
    }
    for row in (0..parts.rows.len()).filter(|row| parts.hit == Hit::First && !is_set(&found.decides, *row)) {
        let number = row + 1;
        let zh = format!("第 {number} 行永远不会命中：前面的行已经覆盖");
        reader.mistake(place(row), "unreachable-row", (zh, format!("expected a row that can hit, found row {number} covered by the rows before it")));
    }
}

/// A gap, with an example. `kinds` of the inputs, where known, say which texts there can be at all.
pub(super) fn warnings(parts: &Parts, kinds: &[Type]) -> Vec<Mistake> {
    let (columns, found) = walked(parts, kinds);
    let at = parts.rows_at;
    let warn = |code: &'static str, zh: String, en: String| vec![Mistake { file: parts.file.clone(), line: at.line, column: at.column, code, zh, en }];
    if found.walked >= TABLE_REGIONS_MAX {
        return warn("unchecked", "表太大，没有检查空隙和重叠".to_owned(), "expected a smaller table: gaps and overlaps were not checked".to_owned());
    }
    let Some(gap) = found.gap.as_ref().filter(|_| parts.hit.wants_a_row()) else { return Vec::new() };
    let (zh_where, en_where) = named(parts, &columns, gap);
    warn("gap", format!("有情形没有一行符合，例如 {zh_where}"), format!("expected a row for every case, found none for {en_where}"))
}

fn walked(parts: &Parts, kinds: &[Type]) -> (Vec<Vec<Region>>, Found) {
    let columns: Vec<Vec<Region>> = (0..parts.inputs.len()).map(|column| regions(parts, column, kinds.get(column))).collect();
    let mut found = Found { decides: vec![0; parts.rows.len().div_ceil(64)], ..Found::default() };
    walk(parts, &columns, &all_rows(parts), &mut Vec::new(), &mut found);
    (columns, found)
}

fn all_rows(parts: &Parts) -> Bits {
    let mut bits = vec![0; parts.rows.len().div_ceil(64)];
    (0..parts.rows.len()).for_each(|row| set(&mut bits, row));
    bits
}

/// Walks the product of the regions, dropping a branch as soon as no row is left in it.
fn walk(parts: &Parts, columns: &[Vec<Region>], rows: &Bits, point: &mut Vec<usize>, found: &mut Found) {
    found.walked += 1;
    if found.walked >= TABLE_REGIONS_MAX {
        return;
    }
    if rows.iter().all(|word| *word == 0) {
        found.gap.get_or_insert_with(|| point.clone());
        return;
    }
    let Some(regions) = columns.get(point.len()) else { return decide(parts, rows, point, found) };
    for (index, region) in regions.iter().enumerate() {
        let left: Bits = rows.iter().zip(&region.rows).map(|(row, other)| row & other).collect();
        point.push(index);
        walk(parts, columns, &left, point, found);
        point.pop();
    }
}

/// One point: which rows hold, and which of them decides.
fn decide(parts: &Parts, rows: &Bits, point: &[usize], found: &mut Found) {
    let hits: Vec<usize> = (0..parts.rows.len()).filter(|row| is_set(rows, *row)).collect();
    hits.iter().take(1).for_each(|row| set(&mut found.decides, *row));
    let outcome = |row: &usize| parts.rows.get(*row).map(|row| &row.then);
    let clash = match parts.hit {
        Hit::Unique => hits.len() > 1,
        Hit::Any => hits.iter().any(|row| outcome(row) != hits.first().and_then(outcome)),
        Hit::First | Hit::Priority => false,
        // Several rows that hold are what these are for.
        Hit::RuleOrder | Hit::OutputOrder | Hit::Collect | Hit::Sum | Hit::Least | Hit::Greatest | Hit::Count => false,
    };
    if clash {
        found.overlap.get_or_insert_with(|| (hits, point.to_vec()));
    }
}

/// The regions of a column: each constant, the space between two of them, and what lies outside.
fn regions(parts: &Parts, column: usize, kind: Option<&Type>) -> Vec<Region> {
    let constants: Vec<&Value> = parts.rows.iter().filter_map(|row| row.cells.get(column)).flat_map(|cell| cell.constants()).collect();
    let mut points: Vec<(Value, (String, String))> = Vec::new();
    if constants.contains(&&Value::Null) {
        points.push((Value::Null, both("null")));
    }
    match constants.iter().find(|constant| ***constant != Value::Null) {
        Some(Value::Bool(_)) => points.extend([true, false].map(|flag| (Value::Bool(flag), both(&flag.to_string())))),
        Some(Value::Number(_)) => points.extend(ordered(&constants, |value| if let Value::Number(number) = value { Some(*number) } else { None }, &numbers())),
        Some(Value::Seconds(_)) => {
            points.extend(ordered(&constants, |value| if let Value::Seconds(length) = value { Some(*length) } else { None }, &lengths(Value::Seconds)))
        }
        Some(Value::Months(_)) => {
            points.extend(ordered(&constants, |value| if let Value::Months(length) = value { Some(*length) } else { None }, &lengths(Value::Months)))
        }
        Some(Value::Date(_)) => points.extend(ordered(&constants, |value| if let Value::Date(date) = value { Some(*date) } else { None }, &dates())),
        Some(Value::Text(_)) => {
            points.extend(if let Some(Type::OneOf(all)) = kind { all.iter().map(|text| literal(text)).collect() } else { texts(&constants) })
        }
        // Null against any value, or no test at all: one value stands for all that are not null.
        Some(Value::Null | Value::List(_) | Value::Context(_)) | None if points.is_empty() => points.push((Value::Null, both(""))),
        Some(Value::Null | Value::List(_) | Value::Context(_)) | None => points.push((Value::Bool(true), ("其他值".to_owned(), "any value".to_owned()))),
    }
    // Regions with the same rows are one: a column of forty texts is rarely more than a handful.
    let mut regions: Vec<Region> = Vec::new();
    for (value, shown) in points {
        let rows = holding(parts, column, &value);
        if !regions.iter().any(|region| region.rows == rows) {
            regions.push(Region { shown, rows });
        }
    }
    regions
}

fn both(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

/// How a kind with an order steps: below, between and above its constants.
struct Steps<T> {
    before: fn(T) -> Option<T>,
    between: fn(T, T) -> Option<T>,
    after: fn(T) -> Option<T>,
    value: fn(T) -> Value,
}

fn numbers() -> Steps<Decimal> {
    Steps {
        before: |number| number.checked_sub(Decimal::ONE),
        between: |low, high| high.checked_sub(low)?.checked_div(Decimal::TWO)?.checked_add(low).filter(|middle| *middle > low && *middle < high),
        after: |number| number.checked_add(Decimal::ONE),
        value: Value::Number,
    }
}

fn lengths(value: fn(i64) -> Value) -> Steps<i64> {
    Steps {
        before: |length| length.checked_sub(1),
        between: |low, high| low.checked_add(1).filter(|middle| *middle < high),
        after: |length| length.checked_add(1),
        value,
    }
}

fn dates() -> Steps<chrono::NaiveDate> {
    Steps {
        before: |date| date.pred_opt(),
        between: |low, high| low.succ_opt().filter(|middle| *middle < high),
        after: |date| date.succ_opt(),
        value: Value::Date,
    }
}

fn ordered<T: Copy + Ord>(constants: &[&Value], of: fn(&Value) -> Option<T>, steps: &Steps<T>) -> Vec<(Value, (String, String))> {
    let mut known: Vec<T> = constants.iter().filter_map(|value| of(value)).collect();
    known.sort_unstable();
    known.dedup();
    let shown = |value: T| (steps.value)(value).literal();
    let mut points = Vec::new();
    if let Some((first, below)) = known.first().and_then(|first| Some((*first, (steps.before)(*first)?))) {
        points.push(((steps.value)(below), both(&format!("< {}", shown(first)))));
    }
    for (index, constant) in known.iter().enumerate() {
        points.push(((steps.value)(*constant), both(&shown(*constant))));
        if let Some((next, middle)) = known.get(index + 1).and_then(|next| Some((*next, (steps.between)(*constant, *next)?))) {
            points.push(((steps.value)(middle), both(&format!("({}..{})", shown(*constant), shown(next)))));
        }
    }
    if let Some((last, above)) = known.last().and_then(|last| Some((*last, (steps.after)(*last)?))) {
        points.push(((steps.value)(above), both(&format!("> {}", shown(last)))));
    }
    points
}

/// The texts that are named, and any other. Between two neighbours of an order lie others too; one letter after each stands for them.
fn texts(constants: &[&Value]) -> Vec<(Value, (String, String))> {
    let mut known: Vec<&str> = constants.iter().filter_map(|value| value.as_text()).collect();
    known.sort_unstable();
    known.dedup();
    let other = || ("其他文字".to_owned(), "any other text".to_owned());
    let mut points = vec![(Value::Text(String::new()), other())];
    for text in known {
        points.push(literal(text));
        points.push((Value::Text(format!("{text}\u{1}")), other()));
    }
    points.dedup_by(|next, kept| next.0 == kept.0);
    points
}

fn literal(text: &str) -> (Value, (String, String)) {
    let value = Value::Text(text.to_owned());
    let shown = both(&value.literal());
    (value, shown)
}

fn holding(parts: &Parts, column: usize, value: &Value) -> Bits {
    let mut bits = vec![0; parts.rows.len().div_ceil(64)];
    for (index, row) in parts.rows.iter().enumerate() {
        let cell = row.cells.get(column);
        if cell.is_none_or(|cell| cell.asks_nothing() || cell.holds(value).unwrap_or(false)) {
            set(&mut bits, index);
        }
    }
    bits
}

fn named(parts: &Parts, columns: &[Vec<Region>], point: &[usize]) -> (String, String) {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for (column, index) in point.iter().enumerate() {
        let region = columns.get(column).and_then(|regions| regions.get(*index));
        if let (Some(region), Some(input)) = (region.filter(|region| !region.shown.0.is_empty()), parts.inputs.get(column)) {
            let (zh_shown, en_shown) = (&region.shown.0, &region.shown.1);
            let within = zh_shown.starts_with('(');
            zh.push(format!("「{}」{}", input.title.zh, if within { format!("在 {zh_shown} 内") } else { related(zh_shown) }));
            en.push(format!("{} {}", input.title.en, if within { format!("in {en_shown}") } else { related(en_shown) }));
        }
    }
    (zh.join("，"), en.join(", "))
}

/// `= 5`, `< 5`.
fn related(shown: &str) -> String {
    if shown.starts_with(['<', '>']) { shown.to_owned() } else { format!("= {shown}") }
}

fn set(bits: &mut Bits, row: usize) {
    if let Some(word) = bits.get_mut(row / 64) {
        *word |= 1 << (row % 64);
    }
}

fn is_set(bits: &Bits, row: usize) -> bool {
    bits.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
}
