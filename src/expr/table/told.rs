//! A table in words, for somebody who asks what decides. Invariant: every row and cell is there, in order. Never: an author's syntax on a page.

use super::Table;
use super::cell::Check;
use crate::expr::Value;
use crate::expr::ast::Comparison;
use crate::ids::Text;

/// A table in words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// What is looked at.
    pub inputs: Vec<Text>,
    /// The rows, in order.
    pub rows: Vec<ToldRow>,
}

/// A row in words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ToldRow {
    /// What each input must be; `None` where it may be anything.
    pub cells: Vec<Option<Text>>,
    /// The outcome.
    pub then: String,
    /// The author's note.
    pub note: Option<Text>,
}

impl Table {
    /// The table in words. `name` says what a value of an input is called, given the path the input reads; without a name the value stands for itself.
    #[must_use]
    pub fn told(&self, name: impl Fn(&[String], &Value) -> Option<Text>) -> Told {
        let paths: Vec<Vec<String>> = self.parts.inputs.iter().map(|input| input.expr.paths().into_iter().next().unwrap_or_default()).collect();
        let rows = self.parts.rows.iter().map(|row| {
            let cell = |(cell, path): (&super::Cell, &Vec<String>)| {
                let said = |value: &Value| name(path, value).unwrap_or_else(|| plain(value));
                (!cell.asks_nothing()).then(|| any_of(cell.checks(), &said))
            };
            ToldRow { cells: row.cells.iter().zip(&paths).map(cell).collect(), then: row.then.clone(), note: row.note.clone() }
        });
        Told { inputs: self.parts.inputs.iter().map(|input| input.title.clone()).collect(), rows: rows.collect() }
    }
}

fn any_of(checks: &[Check], said: &impl Fn(&Value) -> Text) -> Text {
    joined(checks.iter().map(|check| test(check, said)))
}

fn joined(texts: impl Iterator<Item = Text>) -> Text {
    let (zh, en): (Vec<String>, Vec<String>) = texts.map(|text| (text.zh, text.en)).unzip();
    Text { zh: zh.join("、"), en: en.join(" or ") }
}

fn test(check: &Check, said: &impl Fn(&Value) -> Text) -> Text {
    match check {
        Check::Any => Text { zh: "不限".to_owned(), en: "any".to_owned() },
        Check::Compare(comparison, value) => {
            let (zh, en) = match comparison {
                Comparison::Equal => ("等于", "equal to"),
                Comparison::NotEqual => ("不等于", "other than"),
                Comparison::Less => ("小于", "below"),
                Comparison::LessOrEqual => ("不大于", "at most"),
                Comparison::Greater => ("大于", "above"),
                Comparison::GreaterOrEqual => ("不小于", "at least"),
            };
            let value = said(value);
            Text { zh: format!("{zh} {}", value.zh), en: format!("{en} {}", value.en) }
        }
        Check::Interval { low, with_low, high, with_high } => {
            let (low, high) = (said(low), said(high));
            let beyond = |with: bool, zh: &str, en: &str| if with { (String::new(), String::new()) } else { (zh.to_owned(), en.to_owned()) };
            let (after, before) = (beyond(*with_low, "（不含）", " (excluded)"), beyond(*with_high, "（不含）", " (excluded)"));
            Text { zh: format!("{}{} 至 {}{}", low.zh, after.0, high.zh, before.0), en: format!("{}{} to {}{}", low.en, after.1, high.en, before.1) }
        }
        Check::OneOf(values) => joined(values.iter().map(said)),
        Check::Not(checks) => {
            let inner = any_of(checks, said);
            Text { zh: format!("除“{}”外", inner.zh), en: format!("anything but {}", inner.en) }
        }
    }
}

fn plain(value: &Value) -> Text {
    let (zh, en) = match value {
        Value::Bool(true) => ("是".to_owned(), "yes".to_owned()),
        Value::Bool(false) => ("否".to_owned(), "no".to_owned()),
        other => (other.literal(), other.literal()),
    };
    Text { zh, en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_told_row_by_row_with_the_names_of_its_values() {
        let yaml = "
table: t
title: {zh: 表, en: Table}
hit: F
inputs:
  - {expr: form.field, title: {zh: 领域, en: Field}}
  - {expr: form.total / 100, title: {zh: 总额, en: Total}}
outcomes: [in, out]
rows:
  - {when: ['not(\"other\")', '>= 10000'], then: in}
  - {when: ['\"iot\", \"rail\"', '-'], then: in}
  - {when: ['-', '-'], then: out, note: {zh: 未达, en: below}}
";
        let table = Table::parse(yaml, "t.yaml").unwrap();
        let told = table
            .told(|path, value| (path == ["form", "field"] && *value == Value::Text("other".into())).then(|| Text { zh: "其他".into(), en: "Other".into() }));
        let cells: Vec<Vec<String>> =
            told.rows.iter().map(|row| row.cells.iter().map(|cell| cell.as_ref().map_or("-".to_owned(), |cell| cell.zh.clone())).collect()).collect();
        assert_eq!(cells, [vec!["除“其他”外", "不小于 10000"], vec!["\"iot\"、\"rail\"", "-"], vec!["-", "-"]]);
        assert_eq!(told.rows[2].note.as_ref().map(|note| note.en.as_str()), Some("below"));
    }
}
