//! Decision tables: rows of tests over inputs, a hit policy, and the sentence that says which row hit.
//! Invariant: cells are constants, so a table is checked whole when it is read: kinds, gaps, overlaps, rows that can never hit.
//! Never: an outcome that is not declared, or a verdict without the row it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::{EvalError, Expr, Type, Value};
use crate::ids::Text;
use crate::source::{Mistake, Node, Place, Reader, shortened};

mod cell;
mod coverage;
mod explain;
mod hit;
mod kinds;
mod parse;
mod told;

use cell::Cell;
pub use explain::{CellWhy, RowWhy};
pub use hit::{Decision, Hit};
pub use told::{Told, ToldRow};

/// A decision table; cloning shares it.
#[derive(Clone, Debug)]
pub struct Table {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    key: String,
    title: Text,
    hit: Hit,
    inputs: Vec<Input>,
    outcomes: Vec<String>,
    rows: Vec<Row>,
    warnings: Vec<Mistake>,
    file: String,
    /// Where the rows begin.
    rows_at: Place,
}

#[derive(Debug)]
struct Input {
    title: Text,
    expr: Expr,
    /// Where the expression stands.
    node: Node,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    then: String,
    /// What a table that adds up or compares takes of this row.
    amount: Option<Decimal>,
    note: Option<Text>,
    at: Place,
}

/// What a table comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub output: String,
    /// The row that hit, from 1.
    pub row: usize,
    /// Why, in one Chinese sentence.
    pub why: String,
    /// Why, in one English sentence.
    pub why_en: String,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// Every mistake of the file, with its place.
    pub fn parse(yaml: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        Reader::parse(yaml, file, Self::from_node)
    }

    /// Reads a table that stands inside a larger file; what is wrong goes to the reader.
    pub fn from_node(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let parts = parse::table(reader, node)?;
        Some(Self { parts: Arc::new(parts) })
    }

    /// Its key, such as `eia-category`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.parts.key
    }

    /// What people read.
    #[must_use]
    pub fn title(&self) -> &Text {
        &self.parts.title
    }

    /// Its hit policy.
    #[must_use]
    pub fn hit(&self) -> Hit {
        self.parts.hit
    }

    /// The outcome of a row, from 1, and what it says: its note, or the outcome itself.
    #[must_use]
    pub fn row_says(&self, row: usize) -> Option<(&str, Text)> {
        let row = self.parts.rows.get(row.checked_sub(1)?)?;
        Some((&row.then, row.note.clone().unwrap_or_else(|| Text { zh: row.then.clone(), en: row.then.clone() })))
    }

    /// The outcomes it may come to.
    #[must_use]
    pub fn outcomes(&self) -> BTreeSet<String> {
        self.parts.outcomes.iter().cloned().collect()
    }

    /// The names its inputs read.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<String> {
        self.parts.inputs.iter().flat_map(|input| input.expr.roots()).collect()
    }

    /// The paths its inputs read.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<String>> {
        self.parts.inputs.iter().flat_map(|input| input.expr.paths()).collect()
    }

    /// What is not wrong but worth knowing: a gap.
    #[must_use]
    pub fn warnings(&self) -> &[Mistake] {
        &self.parts.warnings
    }

    /// Holds the inputs and cells against the kinds of what they read: mistakes, and the gaps that are left once a choice is known to have no other value.
    ///
    /// # Errors
    /// Every input that does not fit its roots, and every cell that tests for what its input can never be.
    pub fn check(&self, roots: &BTreeMap<String, Type>) -> Result<Vec<Mistake>, Vec<Mistake>> {
        let mut reader = Reader::new(&self.parts.file);
        let kinds: Vec<Type> = self.parts.inputs.iter().map(|input| kinds::input(&mut reader, input, roots)).collect();
        kinds::cells(&mut reader, &self.parts, &kinds);
        if reader.is_clean() { Ok(coverage::warnings(&self.parts, &kinds)) } else { Err(reader.into_mistakes()) }
    }

    /// Decides. An input is read when the first row asks for it, so a row that needs nothing of a field decides without it.
    ///
    /// # Errors
    /// No row holds, more hold than the hit policy allows, an input has no value of the kind its cells test, or the policy gives several outcomes.
    pub fn eval(&self, roots: &Value) -> Result<Verdict, EvalError> {
        let (inputs, hits) = self.hits(roots)?;
        let chosen = self.chosen(&hits).map_err(|(zh, en)| inputs.refused(&zh, &en))?;
        Ok(inputs.verdict(chosen, &hits))
    }

    /// The rows that hold, in order; with F the first alone.
    fn hits<'a>(&'a self, roots: &'a Value) -> Result<(Inputs<'a>, Vec<usize>), EvalError> {
        let mut inputs = Inputs { table: &self.parts, roots, values: vec![None; self.parts.inputs.len()] };
        let mut hits = Vec::new();
        for (index, row) in self.parts.rows.iter().enumerate() {
            if inputs.hold(index, row)? {
                hits.push(index);
                if self.parts.hit == Hit::First {
                    break;
                }
            }
        }
        Ok((inputs, hits))
    }
}

/// The inputs of one decision, read when they are asked for.
struct Inputs<'a> {
    table: &'a Parts,
    roots: &'a Value,
    values: Vec<Option<Value>>,
}

impl Inputs<'_> {
    fn hold(&mut self, index: usize, row: &Row) -> Result<bool, EvalError> {
        for (column, cell) in row.cells.iter().enumerate() {
            if cell.asks_nothing() {
                continue;
            }
            let value = self.value(column)?;
            let holds = cell.holds(&value).map_err(|(zh, en)| {
                let title = self.table.inputs.get(column).map(|input| input.title.clone()).unwrap_or_default();
                let (number, source) = (index + 1, cell.source());
                let zh = format!("「{}」在第 {number} 行 `{source}`：{zh}", title.zh);
                EvalError::new(&(0..0), zh, format!("{} in row {number} `{source}`: {en}", title.en))
            })?;
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn value(&mut self, column: usize) -> Result<Value, EvalError> {
        if let Some(Some(value)) = self.values.get(column) {
            return Ok(value.clone());
        }
        let Some(input) = self.table.inputs.get(column) else { return Ok(Value::Null) };
        let value = input.expr.eval(self.roots).map_err(|mut error| {
            error.zh = format!("「{}」：{}", input.title.zh, error.zh);
            error.en = format!("{}: {}", input.title.en, error.en);
            error
        })?;
        if let Some(slot) = self.values.get_mut(column) {
            *slot = Some(value.clone());
        }
        Ok(value)
    }

    /// Every input that was read, as `title = value`.
    fn read(&self, which: impl Fn(usize) -> bool) -> (String, String) {
        let pairs = self.table.inputs.iter().zip(&self.values).enumerate().filter(|(column, _)| which(*column));
        let read = pairs.filter_map(|(_, (input, value))| Some((&input.title, shortened(&value.as_ref()?.literal()))));
        let (zh, en): (Vec<_>, Vec<_>) = read.map(|(title, value)| (format!("「{}」= {value}", title.zh), format!("{} = {value}", title.en))).unzip();
        (zh.join("，"), en.join(", "))
    }

    fn refused(&self, zh: &str, en: &str) -> EvalError {
        let (zh_read, en_read) = self.read(|_| true);
        let (zh_title, en_title) = (&self.table.title.zh, &self.table.title.en);
        EvalError::new(&(0..0), format!("《{zh_title}》{zh}（{zh_read}）"), format!("{en_title}: {en} ({en_read})"))
    }

    fn verdict(&self, chosen: usize, hits: &[usize]) -> Verdict {
        let Some(row) = self.table.rows.get(chosen) else { return Verdict { output: String::new(), row: 0, why: String::new(), why_en: String::new() } };
        let asks = |column: usize| row.cells.get(column).is_some_and(|cell| !cell.asks_nothing());
        let (mut zh, mut en) = self.read(asks);
        if zh.is_empty() {
            (zh, en) = ("其余情形".to_owned(), "otherwise".to_owned());
        }
        let number = chosen + 1;
        let others: Vec<usize> = hits.iter().copied().filter(|hit| *hit != chosen).collect();
        if !others.is_empty() {
            let (zh_rows, en_rows) = numbered(&others);
            zh = format!("{zh}（第 {zh_rows} 行也符合）");
            en = format!("{en} (holding too: {en_rows})");
        }
        let (zh_note, en_note) = row.note.as_ref().map_or((String::new(), String::new()), |note| (format!("（{}）", note.zh), format!(" ({})", note.en)));
        let output = row.then.clone();
        Verdict {
            why: format!("{zh}：第 {number} 行得出 {output}{zh_note}"),
            why_en: format!("{en}: row {number} gives {output}{en_note}"),
            row: number,
            output,
        }
    }
}

/// Rows as people count them.
fn numbered(rows: &[usize]) -> (String, String) {
    let numbers: Vec<String> = rows.iter().map(|index| (index + 1).to_string()).collect();
    (numbers.join("、"), numbers.join(", "))
}
