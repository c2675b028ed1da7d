//! A table from its file, with every mistake and its place.

use rust_decimal::Decimal;

use super::super::{Expr, ExprError, Value};
use super::cell::{Cell, same_kind};
use super::hit::WRITTEN;
use super::{Hit, Input, Parts, Row, coverage};
use crate::ids::Text;
use crate::limits::{TABLE_INPUTS_MAX, TABLE_ROWS_MAX};
use crate::source::{Fields, Node, Reader, shortened};

/// A table.
pub(super) fn table(reader: &mut Reader<'_>, node: &Node) -> Option<Parts> {
    let keys = reader.fields(node, &["table", "title", "hit", "inputs", "outcomes", "rows"])?;
    let key = keys.get("table").and_then(|node| reader.text(node)).unwrap_or_default();
    let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
    let hit = reader.required(&keys, "hit").and_then(|node| hit(reader, node));
    let inputs = reader.required(&keys, "inputs").and_then(|node| inputs(reader, node));
    let outcomes = outcomes_under(reader, &keys, hit);
    let rows_node = reader.required(&keys, "rows");
    let width = keys.get("inputs").map_or(0, |node| if let crate::source::Tree::List(items) = &node.tree { items.len() } else { 0 });
    let rows_node = rows_node?;
    let then = Then { outcomes: outcomes.as_deref(), numbers: hit.is_some_and(Hit::takes_numbers) };
    let rows = rows(reader, rows_node, width, &then);
    let (file, rows_at) = (reader.file().to_owned(), rows_node.at);
    let mut parts = Parts { key, title: title?, hit: hit?, inputs: inputs?, outcomes: outcomes?, rows, warnings: Vec::new(), file, rows_at };
    if reader.is_clean() {
        know_null(&mut parts);
        coverage::check(reader, &parts);
        parts.warnings = coverage::warnings(&parts, &[]);
    }
    reader.is_clean().then_some(parts)
}

fn hit(reader: &mut Reader<'_>, node: &Node) -> Option<Hit> {
    let text = reader.text(node)?;
    let found = WRITTEN.iter().find(|(written, _)| *written == text).map(|(_, hit)| *hit);
    if found.is_none() {
        let (zh, en) = ("命中策略 U、A、P、F、R、O、C、C+、C<、C>、C# 之一", "one of the hit policies U, A, P, F, R, O, C, C+, C<, C>, C#");
        reader.expected(node, "hit-policy", (zh, en));
    }
    found
}

/// The outcomes; a table of numbers has none to declare.
fn outcomes_under(reader: &mut Reader<'_>, keys: &Fields<'_>, hit: Option<Hit>) -> Option<Vec<String>> {
    match (hit.is_some_and(Hit::takes_numbers), keys.get("outcomes")) {
        (false, _) => reader.required(keys, "outcomes").map(|node| outcomes(reader, node)),
        (true, None) => Some(Vec::new()),
        (true, Some(node)) => {
            let (zh, en) = ("此命中策略得出数，期望不写 `outcomes`", "expected no `outcomes`: this hit policy gives a number");
            reader.mistake(node.at, "outcomes", (zh.to_owned(), en.to_owned()));
            None
        }
    }
}

fn inputs(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Input>> {
    let nodes = reader.list(node);
    if nodes.is_empty() || nodes.len() > TABLE_INPUTS_MAX {
        let found = nodes.len();
        let (zh, en) = (format!("期望 1 到 {TABLE_INPUTS_MAX} 个输入，实际 {found} 个"), format!("expected 1 to {TABLE_INPUTS_MAX} inputs, found {found}"));
        reader.mistake(node.at, "inputs", (zh, en));
        return None;
    }
    let read: Vec<Option<Input>> = nodes.iter().map(|node| input(reader, node)).collect();
    read.into_iter().collect()
}

/// `{expr, title}`, or the expression alone, which is its own title then.
fn input(reader: &mut Reader<'_>, node: &Node) -> Option<Input> {
    if !matches!(node.tree, crate::source::Tree::Map(_)) {
        let expr = expression(reader, node)?;
        let source = expr.source().to_owned();
        return Some(Input { title: Text { zh: source.clone(), en: source }, expr, node: node.clone() });
    }
    let keys = reader.fields(node, &["expr", "title"])?;
    let node = reader.required(&keys, "expr");
    let expr = node.and_then(|node| expression(reader, node));
    let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
    Some(Input { title: title?, expr: expr?, node: node?.clone() })
}

fn expression(reader: &mut Reader<'_>, node: &Node) -> Option<Expr> {
    let source = reader.text(node)?;
    super::super::parse(&source).map_err(|errors| mistakes(reader, node, errors)).ok()
}

fn mistakes(reader: &mut Reader<'_>, node: &Node, errors: Vec<ExprError>) {
    for error in errors {
        reader.mistake(node.place_in(error.span.start), "expression", (error.zh, error.en));
    }
}

fn outcomes(reader: &mut Reader<'_>, node: &Node) -> Vec<String> {
    let mut outcomes = Vec::new();
    for item in reader.list(node) {
        let Some(outcome) = reader.text(item) else { continue };
        if outcomes.contains(&outcome) {
            reader.mistake(
                item.at,
                "duplicate-outcome",
                (format!("期望每个结论只写一次，实际 `{outcome}` 写了两次"), format!("expected each outcome once, found `{outcome}` again")),
            );
        }
        outcomes.push(outcome);
    }
    outcomes
}

fn rows(reader: &mut Reader<'_>, node: &Node, width: usize, outcomes: &Then<'_>) -> Vec<Row> {
    let nodes = reader.list(node);
    if nodes.is_empty() || nodes.len() > TABLE_ROWS_MAX {
        let found = nodes.len();
        reader.mistake(
            node.at,
            "rows",
            (format!("期望 1 到 {TABLE_ROWS_MAX} 行，实际 {found} 行"), format!("expected 1 to {TABLE_ROWS_MAX} rows, found {found}")),
        );
    }
    let mut columns: Vec<Option<Value>> = vec![None; width];
    let mut rows = Vec::new();
    for node in nodes.iter().take(TABLE_ROWS_MAX) {
        rows.extend(row(reader, node, &mut columns, outcomes));
    }
    rows
}

/// What a row may come to.
struct Then<'o> {
    /// `None` when they could not be read; every row would be told of it again.
    outcomes: Option<&'o [String]>,
    numbers: bool,
}

impl Then<'_> {
    fn read(&self, reader: &mut Reader<'_>, node: &Node) -> Option<(String, Option<Decimal>)> {
        let then = reader.text(node)?;
        if self.numbers {
            let amount = Decimal::from_str_exact(&then).ok();
            if amount.is_none() {
                reader.expected(node, "wrong-kind", ("数", "a number"));
            }
            return amount.map(|amount| (then, Some(amount)));
        }
        if self.outcomes.is_some_and(|outcomes| !outcomes.contains(&then)) {
            let all = shortened(&self.outcomes.unwrap_or_default().join(", "));
            reader.expected(node, "unknown-outcome", (&format!("结论 {all} 之一"), &format!("one of the outcomes {all}")));
        }
        Some((then, None))
    }
}

fn row(reader: &mut Reader<'_>, node: &Node, columns: &mut [Option<Value>], outcomes: &Then<'_>) -> Option<Row> {
    let keys = reader.fields(node, &["when", "then", "note"])?;
    let when = reader.required(&keys, "when");
    let cells = when.and_then(|node| cells(reader, node, columns));
    let then = reader.required(&keys, "then").and_then(|node| outcomes.read(reader, node));
    let note = keys.get("note").and_then(|node| reader.bilingual(node));
    let (then, amount) = then?;
    Some(Row { cells: cells?, then, amount, note, at: node.at })
}

fn cells(reader: &mut Reader<'_>, node: &Node, columns: &mut [Option<Value>]) -> Option<Vec<Cell>> {
    let nodes = reader.list(node);
    if nodes.len() != columns.len() {
        let (wanted, found) = (columns.len(), nodes.len());
        reader.mistake(
            node.at,
            "cells",
            (format!("期望 {wanted} 格，与输入一一对应，实际 {found} 格"), format!("expected {wanted} cells, one an input, found {found}")),
        );
    }
    let read: Vec<Option<Cell>> = nodes.iter().enumerate().map(|(index, node)| cell(reader, node, columns.get_mut(index))).collect();
    read.into_iter().collect()
}

/// A cell, of one kind with the cells above it.
fn cell(reader: &mut Reader<'_>, node: &Node, column: Option<&mut Option<Value>>) -> Option<Cell> {
    let source = reader.text(node)?;
    let cell = Cell::parse(&source, node.at).map_err(|errors| mistakes(reader, node, errors)).ok()?;
    let Some(first) = column else { return Some(cell) };
    let mut odd = None;
    for constant in cell.constants() {
        match first {
            Some(known) if !same_kind(known, constant) => odd = Some((known.kind(), constant.kind())),
            Some(_) => {}
            None if *constant != Value::Null => *first = Some(constant.clone()),
            None => {}
        }
    }
    if let Some(((zh_known, en_known), (zh_odd, en_odd))) = odd {
        reader.mistake(
            node.at,
            "mixed-column",
            (format!("期望本列都是{zh_known}，实际是{zh_odd}"), format!("expected {en_known} as in the cells above, found {en_odd}")),
        );
    }
    Some(cell)
}

/// A column with a `null` in one cell answers for null in all.
fn know_null(parts: &mut Parts) {
    for column in 0..parts.inputs.len() {
        let mut cells = parts.rows.iter().filter_map(|row| row.cells.get(column));
        if cells.any(|cell| cell.constants().contains(&&Value::Null)) {
            parts.rows.iter_mut().filter_map(|row| row.cells.get_mut(column)).for_each(|cell| cell.knows_null = true);
        }
    }
}
