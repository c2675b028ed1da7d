//! What is done with an input, and what must hold then.

use std::collections::BTreeMap;

use greenlane::calendar::Calendar;
use greenlane::definition::draw::View;
use greenlane::definition::library::{self, SourceFile};
use greenlane::expr::{self, Expr, Table, Type, Value};
use greenlane::forms::Form;
use greenlane::source::{self, Mistake};
use serde_json::json;

/// What reads an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Expression,
    Yaml,
    Table,
    Form,
    Calendar,
    Workflow,
    /// Always panics; for the test of the guard.
    Broken,
}

impl Target {
    /// The target of a kept file such as `expression-7.txt`.
    pub fn of_file(name: &str) -> Option<Self> {
        let (target, _) = name.split_once('-')?;
        Some(match target {
            "expression" => Self::Expression,
            "yaml" => Self::Yaml,
            "table" => Self::Table,
            "form" => Self::Form,
            "calendar" => Self::Calendar,
            "workflow" => Self::Workflow,
            _ => return None,
        })
    }

    /// Panics when something does not hold that must.
    pub fn hold(self, input: &str) {
        match self {
            Self::Expression => expression(input),
            Self::Yaml => placed(input, source::read(input, "input.yaml").err()),
            Self::Table => table(input),
            Self::Form => form(input),
            Self::Calendar => placed(input, Calendar::parse(input, "input.yaml").err()),
            Self::Workflow => workflow(input),
            Self::Broken => panic!("expected"),
        }
    }
}

/// Every mistake has a place in the file and says something in both languages; no answer is an error without a mistake.
fn placed(input: &str, mistakes: Option<Vec<Mistake>>) {
    let Some(mistakes) = mistakes else { return };
    assert!(!mistakes.is_empty(), "an error without a mistake");
    let lines = input.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() + 1;
    for mistake in mistakes {
        assert!((1..=lines).contains(&(mistake.line as usize)) && mistake.column >= 1, "a place outside of {lines} lines: {mistake}");
        assert!(!mistake.zh.is_empty() && !mistake.en.is_empty() && !mistake.code.is_empty(), "a mistake without words: {mistake}");
    }
}

/// What expressions and tables read here.
fn roots() -> Value {
    Value::from_json(&json!({
        "form": {
            "area_m2": 50_000, "field": "other", "secret": false, "state_secret": false, "start": "2025-07-01", "rate": 0.1, "policy": "permitted", "listed": "no",
            "total_fen": 3_200_000_000_i64, "tags": ["a", "b", "a"], "x": null, "radiation": "none", "process": "ordinary", "solvent_paint_kg": 5, "low_voc_paint_kg": 10_000,
            "eia_superior": false, "land_state": "construction", "investment_kind": "own", "verification_catalogue": true, "policy_statement": true,
            "sources": [{"kind": "own", "amount": 980_000, "approved": true}, {"kind": "loan", "amount": 1_600_000, "approved": false}],
        },
        "case": {"year": 2025, "rank": 2},
        "land-quota": {"outcome": "approved"},
        "项目": {"总投资": 32_000},
        "record": {"own_fen": 0, "equity_fen": 0, "loan_fen": 1, "grant_fen": 2, "lease_fen": 0},
    }))
}

fn kinds() -> BTreeMap<String, Type> {
    let Type::Context(kinds) = Type::of_value(&roots()) else { panic!("a context") };
    // The constants of one example are no choice: any text may stand there.
    kinds.into_iter().map(|(name, kind)| (name, widened(kind))).collect()
}

fn widened(kind: Type) -> Type {
    match kind {
        Type::OneOf(_) => Type::Text,
        Type::Null => Type::Any,
        Type::List(item) => Type::List(Box::new(widened(*item))),
        Type::Context(entries) => Type::Context(entries.into_iter().map(|(key, kind)| (key, widened(kind))).collect()),
        other => other,
    }
}

fn expression(input: &str) {
    match expr::parse(input) {
        Err(errors) => {
            assert!(!errors.is_empty(), "an error without a mistake");
            for error in errors {
                assert!(input.get(error.span.clone()).is_some(), "a span outside the text: {error:?}");
                assert!(!error.zh.is_empty() && !error.en.is_empty(), "a mistake without words: {error:?}");
            }
        }
        Ok(expr) => evaluated(input, &expr),
    }
}

/// The same answer twice, a span within the text, the kind that was promised, and a value that reads back as itself.
fn evaluated(input: &str, expr: &Expr) {
    let roots = roots();
    let value = expr.eval(&roots);
    assert_eq!(value, expr.eval(&roots), "two answers");
    assert!(expr.paths().iter().all(|path| expr.roots().contains(&path[0])));
    let kind = expr.kind(&kinds());
    match (&value, &kind) {
        (Err(error), _) => assert!(input.get(error.span.clone()).is_some(), "a span outside the text: {error:?}"),
        (Ok(value), Ok(kind)) => assert!(is_of(kind, value), "promised {kind:?}, found {value:?}"),
        (Ok(_), Err(errors)) => errors.iter().for_each(|error| assert!(input.get(error.span.clone()).is_some(), "a span outside the text: {error:?}")),
    }
    if let Ok(value) = value {
        let literal = value.literal();
        if let Ok(again) = expr::parse(&literal) {
            assert_eq!(again.eval(&roots).as_ref(), Ok(&value), "{literal} does not read back");
        } else {
            assert!(literal.len() > greenlane::limits::EXPR_BYTES_MAX || depth(&value) > 40, "{literal} does not read back");
        }
    }
}

/// Whether a value is of a kind.
fn is_of(kind: &Type, value: &Value) -> bool {
    match (kind, value) {
        (Type::Any, _) => true,
        (Type::OneOf(all), Value::Text(text)) => all.contains(text),
        (Type::List(item), Value::List(values)) => values.iter().all(|value| is_of(item, value)),
        (Type::Context(kinds), Value::Context(values)) => {
            kinds.len() == values.len() && kinds.iter().all(|(key, kind)| values.get(key).is_some_and(|value| is_of(kind, value)))
        }
        (Type::DateText, Value::Text(_)) => true,
        (kind, value) => {
            !matches!(value, Value::List(_) | Value::Context(_) | Value::Text(_)) && *kind == Type::of_value(value)
                || (*kind == Type::Text && value.as_text().is_some())
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Context(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn table(input: &str) {
    match Table::parse(input, "input.yaml") {
        Err(mistakes) => placed(input, Some(mistakes)),
        Ok(table) => {
            let _ = table.check(&kinds());
            if let Ok(verdict) = table.eval(&roots()) {
                assert!(table.outcomes().contains(&verdict.output), "an outcome nobody declared: {}", verdict.output);
                assert!(verdict.why.contains(&verdict.row.to_string()) && !verdict.why_en.is_empty());
            }
            let _ = table.told(|_, _| None);
        }
    }
}

fn form(input: &str) {
    match Form::parse(input, "input.yaml") {
        Err(mistakes) => placed(input, Some(mistakes)),
        Ok(form) => {
            let _ = form.schema_json();
            let _ = form.validate(&json!({}));
            let _ = form.validate(&json!({"total_fen": -1, "field": [1], "sources": [{"kind": null}, 3], "start": "2025-13-01"}));
        }
    }
}

/// A workflow among the shipped ones: read, checked, compiled, drawn.
fn workflow(input: &str) {
    let own = [SourceFile { key: "input.yaml".to_owned(), shown: "input.yaml".to_owned(), text: input.to_owned() }];
    match library::load(&library::over_embedded(&own)) {
        Err(found) => {
            assert!(!found.is_empty(), "an error without a mistake");
            for one in found {
                assert!(!one.zh.is_empty() && !one.en.is_empty() && !one.code.is_empty(), "a mistake without words: {}", one.one_line());
            }
        }
        Ok(library) => {
            let names: Vec<String> = library.bundles().map(|bundle| bundle.root.to_string()).collect();
            for name in names.iter().filter(|name| library.file_of(name) == Some("input.yaml")) {
                assert!(library.draw(name, View { lanes: true, ..View::default() }).is_some());
            }
        }
    }
}
