//! Hit policies that give several outcomes or a number, and why each row holds or not.

use greenlane::expr::{Table, Value};
use serde_json::json;

const ROWS: &str = r#"
inputs:
  - {expr: form.n, title: {zh: 数, en: N}}
  - {expr: form.t, title: {zh: 文字, en: T}}
"#;

fn table(hit: &str, body: &str) -> Table {
    let yaml = format!("table: t\ntitle: {{zh: 表, en: Table}}\nhit: {hit}\n{ROWS}{body}");
    Table::parse(&yaml, "t.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn outcomes(hit: &str) -> Table {
    table(
        hit,
        "outcomes: [high, mid, low]\nrows:\n  - {when: ['> 0', '-'], then: low}\n  - {when: ['> 5', '-'], then: high}\n  - {when: ['> 3', '\"a\"'], then: mid}\n",
    )
}

fn amounts(hit: &str) -> Table {
    table(hit, "rows:\n  - {when: ['> 0', '-'], then: 1.5}\n  - {when: ['> 5', '-'], then: -2}\n  - {when: ['> 3', '\"a\"'], then: 10}\n")
}

fn form(n: i64, t: &str) -> Value {
    Value::from_json(&json!({"form": {"n": n, "t": t}}))
}

fn said(table: &Table, form: &Value) -> String {
    table.decide(form).map_or_else(|error| error.en, |decision| format!("{} {:?}", decision.value.literal(), decision.rows))
}

#[test]
fn each_policy_makes_its_own_of_the_rows_that_hold() {
    let all = form(9, "a");
    for (hit, expected) in [
        ("R", r#"["low", "high", "mid"] [1, 2, 3]"#),
        ("C", r#"["low", "high", "mid"] [1, 2, 3]"#),
        ("O", r#"["high", "mid", "low"] [2, 3, 1]"#),
        ("C#", "3 [1, 2, 3]"),
        ("P", r#""high" [2]"#),
    ] {
        assert_eq!(said(&outcomes(hit), &all), expected, "{hit}");
    }
    for (hit, expected) in [("C+", "9.5 [1, 2, 3]"), ("C<", "-2 [1, 2, 3]"), ("C>", "10 [1, 2, 3]")] {
        assert_eq!(said(&amounts(hit), &all), expected, "{hit}");
    }
    let none = form(0, "b");
    for (hit, expected) in [("R", "[] []"), ("O", "[] []"), ("C", "[] []"), ("C#", "0 []")] {
        assert_eq!(said(&outcomes(hit), &none), expected, "{hit}");
    }
    assert_eq!(said(&amounts("C+"), &none), "0 []");
    assert!(said(&amounts("C<"), &none).contains("expected a row that holds, found none"));
    assert!(outcomes("R").eval(&all).unwrap_err().en.contains("a hit policy that gives one outcome"));
}

#[test]
fn only_a_policy_that_wants_a_row_has_gaps() {
    for hit in ["R", "O", "C", "C#", "C+"] {
        let table = if hit == "C+" { amounts(hit) } else { outcomes(hit) };
        assert!(table.warnings().is_empty(), "{hit}");
    }
    for table in [outcomes("P"), amounts("C<"), amounts("C>")] {
        assert_eq!(table.warnings()[0].code, "gap");
    }
}

#[test]
fn a_table_of_numbers_has_numbers_and_no_outcomes() {
    let mistakes = |hit: &str, body: &str| {
        let yaml = format!("table: t\ntitle: t\nhit: {hit}\n{ROWS}{body}");
        Table::parse(&yaml, "t.yaml").unwrap_err().iter().map(|mistake| format!("{}:{} {}", mistake.line, mistake.code, mistake.en)).collect::<Vec<_>>()
    };
    let found = mistakes("C+", "outcomes: [a]\nrows:\n  - {when: ['-', '-'], then: much}\n");
    assert!(found.iter().any(|line| line.starts_with("8:outcomes")) && found.iter().any(|line| line.contains("a number")), "{found:?}");
    assert!(mistakes("C", "rows:\n  - {when: ['-', '-'], then: a}\n")[0].contains("missing-key"));
    assert!(mistakes("X", "outcomes: [a]\nrows:\n  - {when: ['-', '-'], then: a}\n")[0].contains("C#"));
}

#[test]
fn every_row_says_why_it_holds_or_not() {
    let why = outcomes("R").explain(&form(4, "b"));
    let lines: Vec<String> = why.iter().flat_map(|row| [row.zh(), row.en()]).collect();
    assert_eq!(
        lines,
        [
            "第 1 行（low）符合：「数」= 4，符合 `> 0`",
            "row 1 (low) holds: N = 4 is `> 0`",
            "第 2 行（high）不符合：「数」= 4，不符合 `> 5`",
            "row 2 (high) does not hold: N = 4 is not `> 5`",
            "第 3 行（mid）不符合：「文字」= \"b\"，不符合 `\"a\"`",
            "row 3 (mid) does not hold: T = \"b\" is not `\"a\"`",
        ]
    );
    let why = outcomes("R").explain(&Value::from_json(&json!({"form": {"n": "four"}})));
    assert!(why[2].en().contains("N cannot be compared: expected two values of one kind") && why[2].en().contains("T cannot be compared"));
}

#[test]
fn gaps_and_overlaps_are_found_over_dates_durations_and_flags_together() {
    let found = |hit: &str, rows: &str| {
        let inputs = "inputs: [form.d, form.y, form.w]\noutcomes: [a, b]\n";
        match Table::parse(&format!("table: t\ntitle: t\nhit: {hit}\n{inputs}rows:\n{rows}"), "t.yaml") {
            Ok(table) => table.warnings().iter().map(|mistake| mistake.en.clone()).collect::<Vec<_>>(),
            Err(mistakes) => mistakes.iter().map(|mistake| mistake.en.clone()).collect(),
        }
    };
    let before = r#"'< date("2025-06-30")'"#;
    let after = r#"'> date("2025-06-30")'"#;
    let long = r#"'>= duration("P3M")'"#;
    let short = r#"'< duration("P3M")'"#;
    let gap = found("U", &format!("  - {{when: [{before}, '-', '-'], then: a}}\n  - {{when: [{after}, '-', '-'], then: b}}\n"));
    assert!(gap[0].contains("form.d = date(\"2025-06-30\")"), "{gap:?}");
    let gap = found(
        "U",
        &format!(
            "  - {{when: ['-', 'true', {long}], then: a}}\n  - {{when: ['-', 'true', {short}], then: b}}\n  - {{when: ['-', 'false', {long}], then: b}}\n"
        ),
    );
    assert!(gap[0].contains("form.y = false") && gap[0].contains("form.w < duration(\"P3M\")"), "{gap:?}");
    let overlap = found("U", &format!("  - {{when: [{before}, 'true', '-'], then: a}}\n  - {{when: ['-', 'true', {long}], then: b}}\n"));
    assert!(overlap[0].contains("found rows 1, 2"), "{overlap:?}");
    let whole = found(
        "U",
        &format!("  - {{when: ['-', 'true', {long}], then: a}}\n  - {{when: ['-', 'true', {short}], then: b}}\n  - {{when: ['-', 'false', '-'], then: b}}\n"),
    );
    assert!(whole.is_empty(), "{whole:?}");
}
