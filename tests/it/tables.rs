//! Decision tables: the row that hits and why, and what is found wrong when a table is read.

mod policies;

use greenlane::expr::{Table, Value};
use greenlane::source::Mistake;
use proptest::prelude::*;
use serde_json::json;

/// 3.1: admission to the green channel; the thresholds are invented.
const ADMISSION: &str = r#"
table: admission
title: {zh: 准入决策, en: Admission}
hit: F
inputs:
  - {expr: form.secret, title: {zh: 涉密, en: Secret}}
  - {expr: form.policy, title: {zh: 产业政策, en: Policy}}
  - {expr: form.field, title: {zh: 领域, en: Field}}
  - {expr: form.total / 1000000, title: {zh: 计划总投资（万元）, en: Investment}}
  - {expr: form.list, title: {zh: 清单, en: List}}
outcomes: [secret, not-eligible, eligible-a, eligible-b, eligible-c]
rows:
  - {when: [true, "-", "-", "-", "-"], then: secret}
  - {when: [false, '"禁止"', "-", "-", "-"], then: not-eligible, note: {zh: 产业政策禁止, en: prohibited}}
  - {when: [false, '"允许", "鼓励"', '"物联网", "高性能医疗器械"', ">= 50000", "-"], then: eligible-a}
  - {when: [false, '"允许", "鼓励"', '"物联网", "高性能医疗器械"', "-", '"省级"'], then: eligible-a}
  - {when: [false, '"允许", "鼓励"', '"物联网", "高性能医疗器械"', ">= 10000", "-"], then: eligible-b}
  - {when: [false, '"允许", "鼓励"', '"物联网", "高性能医疗器械"', "-", '"市级"'], then: eligible-b}
  - {when: [false, '"允许", "鼓励"', 'not("物联网", "高性能医疗器械")', "-", '"领导小组确定"'], then: eligible-c}
  - {when: [false, '"限制"', "-", "-", "-"], then: not-eligible, note: {zh: 先报领导小组, en: ask the leading group first}}
  - {when: ["-", "-", "-", "-", "-"], then: not-eligible, note: {zh: 未达条件, en: below the threshold}}
"#;

fn table(yaml: &str) -> Table {
    Table::parse(yaml, "table.yaml").unwrap_or_else(|mistakes| panic!("{}", said(&mistakes)))
}

fn said(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

fn decided(table: &Table, form: serde_json::Value) -> String {
    let roots = Value::from_json(&json!({ "form": form }));
    match table.eval(&roots) {
        Ok(verdict) => format!("{} {}\n    {}\n    {}\n", verdict.row, verdict.output, verdict.why, verdict.why_en),
        Err(error) => format!("error\n    {}\n    {}\n", error.zh, error.en),
    }
}

#[test]
fn admission_takes_the_first_row_that_holds_and_says_why() {
    let table = table(ADMISSION);
    assert_eq!(said(table.warnings()), "");
    assert_eq!(table.roots().into_iter().collect::<Vec<_>>(), ["form"]);
    assert!(table.outcomes().contains("eligible-c") && table.key() == "admission");
    let form = |secret: bool, policy: &str, field: &str, wan: i64, list: &str| json!({"secret": secret, "policy": policy, "field": field, "total": wan * 1_000_000, "list": list});
    insta::assert_snapshot!(
        [
            json!({"secret": true}),
            form(false, "禁止", "物联网", 1, "省级"),
            form(false, "鼓励", "高性能医疗器械", 50_000, "无"),
            form(false, "鼓励", "高性能医疗器械", 32_000, "无"),
            form(false, "允许", "物联网", 9_999, "市级"),
            form(false, "允许", "农业", 9_999, "领导小组确定"),
            form(false, "限制", "农业", 9_999, "无"),
            form(false, "允许", "农业", 9_999, "无"),
            json!({"secret": false, "policy": "允许", "field": 3}),
            json!({"secret": false, "policy": "允许", "field": "物联网"}),
            json!({"secret": null}),
        ]
        .into_iter()
        .map(|form| decided(&table, form))
        .collect::<String>(),
        @r#"
1 secret
    「涉密」= true：第 1 行得出 secret
    Secret = true: row 1 gives secret
2 not-eligible
    「涉密」= false，「产业政策」= "禁止"：第 2 行得出 not-eligible（产业政策禁止）
    Secret = false, Policy = "禁止": row 2 gives not-eligible (prohibited)
3 eligible-a
    「涉密」= false，「产业政策」= "鼓励"，「领域」= "高性能医疗器械"，「计划总投资（万元）」= 50000：第 3 行得出 eligible-a
    Secret = false, Policy = "鼓励", Field = "高性能医疗器械", Investment = 50000: row 3 gives eligible-a
5 eligible-b
    「涉密」= false，「产业政策」= "鼓励"，「领域」= "高性能医疗器械"，「计划总投资（万元）」= 32000：第 5 行得出 eligible-b
    Secret = false, Policy = "鼓励", Field = "高性能医疗器械", Investment = 32000: row 5 gives eligible-b
6 eligible-b
    「涉密」= false，「产业政策」= "允许"，「领域」= "物联网"，「清单」= "市级"：第 6 行得出 eligible-b
    Secret = false, Policy = "允许", Field = "物联网", List = "市级": row 6 gives eligible-b
7 eligible-c
    「涉密」= false，「产业政策」= "允许"，「领域」= "农业"，「清单」= "领导小组确定"：第 7 行得出 eligible-c
    Secret = false, Policy = "允许", Field = "农业", List = "领导小组确定": row 7 gives eligible-c
8 not-eligible
    「涉密」= false，「产业政策」= "限制"：第 8 行得出 not-eligible（先报领导小组）
    Secret = false, Policy = "限制": row 8 gives not-eligible (ask the leading group first)
9 not-eligible
    其余情形：第 9 行得出 not-eligible（未达条件）
    otherwise: row 9 gives not-eligible (below the threshold)
error
    「领域」在第 3 行 `"物联网", "高性能医疗器械"`：期望两边是同一类值，实际是数和文字
    Field in row 3 `"物联网", "高性能医疗器械"`: expected two values of one kind, found a number and a text
error
    「计划总投资（万元）」：期望已有的键（有 `field`, `policy`, `secret`），实际没有 `total`（在 `form.total`）
    Investment: expected a key that is there (`field`, `policy`, `secret`), found no `total` (in `form.total`)
error
    「涉密」在第 1 行 `true`：期望两边是同一类值，实际是空值和真假值
    Secret in row 1 `true`: expected two values of one kind, found null and a boolean
"#
    );
}

/// A table over `form.a` and `form.b`, from rows of cells.
fn small(hit: &str, rows: &[(&str, &str, &str)]) -> String {
    let rows: String = rows.iter().map(|(a, b, then)| format!("  - {{when: ['{a}', '{b}'], then: {then}}}\n")).collect();
    format!("title: T\nhit: {hit}\ninputs: [{{expr: form.a, title: A}}, {{expr: form.b, title: B}}]\noutcomes: [x, y, z]\nrows:\n{rows}")
}

#[test]
fn priority_takes_the_outcome_listed_first() {
    let table = table(&small("P", &[("> 1", "-", "y"), ("> 2", "-", "x"), ("-", "\"q\"", "x"), ("-", "-", "z")]));
    insta::assert_snapshot!(
        [json!({"a": 1, "b": "r"}), json!({"a": 2, "b": "r"}), json!({"a": 3, "b": "q"})].map(|form| decided(&table, form)).concat(),
        @r#"
4 z
    其余情形：第 4 行得出 z
    otherwise: row 4 gives z
1 y
    「A」= 2（第 4 行也符合）：第 1 行得出 y
    A = 2 (holding too: 4): row 1 gives y
2 x
    「A」= 3（第 1、3、4 行也符合）：第 2 行得出 x
    A = 3 (holding too: 1, 3, 4): row 2 gives x
"#
    );
}

#[test]
fn unique_and_any_hold_what_they_promise() {
    let unique = table(&small("U", &[("< 1", "-", "x"), ("[1..5)", "-", "y"), (">= 5", "-", "z")]));
    assert_eq!(said(unique.warnings()), "");
    assert!(decided(&unique, json!({"a": 5})).starts_with("3 z"));
    let any = table(&small("A", &[("< 5", "-", "x"), ("> 3", "true", "x"), (">= 5", "false", "y")]));
    assert_eq!(said(any.warnings()), "");
    assert!(decided(&any, json!({"a": 4, "b": true})).starts_with("1 x"));
}

#[test]
fn dates_durations_and_null_can_be_tested() {
    let table = table(&small(
        "F",
        &[
            ("null", "-", "z"),
            ("< date(\"2025-03-03\")", "-", "x"),
            ("[date(\"2025-03-03\")..date(\"2025-12-31\")]", "> duration(\"P3D\")", "y"),
            ("-", "-", "z"),
        ],
    ));
    let verdict =
        |a: Value, b: Value| table.eval(&Value::context([("form", Value::context([("a", a), ("b", b)]))])).map(|verdict| verdict.row).map_err(|error| error.en);
    let date = |text: &str| Value::Date(text.parse().expect("a date"));
    assert_eq!(verdict(Value::Null, Value::Null), Ok(1));
    assert_eq!(verdict(date("2025-03-02"), Value::Null), Ok(2));
    assert_eq!(verdict(date("2025-03-03"), Value::Seconds(4 * 86_400)), Ok(3));
    assert_eq!(verdict(date("2025-03-03"), Value::Seconds(3 * 86_400)), Ok(4));
    assert!(verdict(Value::Text("2025-03-03".into()), Value::Seconds(3 * 86_400)).is_err_and(|en| en.contains("row 2")));
}

#[test]
fn every_mistake_of_a_table_is_reported_with_its_place() {
    let of = |yaml: &str| said(&Table::parse(yaml, "wrong.yaml").expect_err("mistakes"));
    let yaml = r#"table: wrong
title: T
hit: X
inputs:
  - {expr: 'form.a ==', title: A}
  - {exp: form.b, title: B}
  - form.c
outcomes: [x, x]
rows:
  - {when: ["-", 省级, "1, 2"], then: q}
  - {when: ["-", "-"], then: x}
  - {when: ["> ", "[5..1]", '"a"'], then: x}
  - {when: [form.x, "date(\"2025-02-30\")", "(1, 2)"], then: x, because: y}
  - {then: x}
"#;
    insta::assert_snapshot!(of(yaml), @r#"
wrong.yaml:3:6: hit-policy: expected one of the hit policies U, A, P, F, R, O, C, C+, C<, C>, C#, found `X` / 期望命中策略 U、A、P、F、R、O、C、C+、C<、C>、C# 之一，实际 `X`
wrong.yaml:5:20: expression: expected `=`, found `==` / 期望 `=`，实际 `==`
wrong.yaml:5:22: expression: expected a value, found the end / 期望一个值，实际到了末尾
wrong.yaml:6:5: missing-key: expected `expr`, found no such key / 缺少 `expr`
wrong.yaml:6:6: unknown-key: expected one of expr, title, found `exp` / 期望 expr, title 之一，实际 `exp`
wrong.yaml:8:15: duplicate-outcome: expected each outcome once, found `x` again / 期望每个结论只写一次，实际 `x` 写了两次
wrong.yaml:10:18: expression: expected a constant (a text is written in double quotes, `"省级"`), found `省级` / 期望常量（文字写在双引号内，如 `"省级"`），实际 `省级`
wrong.yaml:10:37: unknown-outcome: expected one of the outcomes x, x, found `q` / 期望结论 x, x 之一，实际 `q`
wrong.yaml:11:12: cells: expected 3 cells, one an input, found 2 / 期望 3 格，与输入一一对应，实际 2 格
wrong.yaml:12:16: expression: expected a value, found the end / 期望一个值，实际到了末尾
wrong.yaml:12:20: expression: expected an interval whose low end is below its high end / 期望下限小于上限的区间
wrong.yaml:12:29: mixed-column: expected a number as in the cells above, found a text / 期望本列都是数，实际是文字
wrong.yaml:13:13: expression: expected a constant (a text is written in double quotes, `"form"`), found `form` / 期望常量（文字写在双引号内，如 `"form"`），实际 `form`
wrong.yaml:13:21: expression: expected a date such as `2025-03-03`, found `2025-02-30` / 期望有效的日期，如 `2025-03-03`，实际 `2025-02-30`
wrong.yaml:13:46: expression: expected `a, b` or `[a, b]`, found several values in parentheses / 期望 `a, b` 或 `[a, b]`，实际是括号里的多个值
wrong.yaml:13:65: unknown-key: expected one of when, then, note, found `because` / 期望 when, then, note 之一，实际 `because`
wrong.yaml:14:5: missing-key: expected `when`, found no such key / 缺少 `when`
"#);
    insta::assert_snapshot!(of("title: T\nhit: X\ninputs: []\noutcomes: []\nrows: []\n"), @r#"
wrong.yaml:2:6: hit-policy: expected one of the hit policies U, A, P, F, R, O, C, C+, C<, C>, C#, found `X` / 期望命中策略 U、A、P、F、R、O、C、C+、C<、C>、C# 之一，实际 `X`
wrong.yaml:3:9: inputs: expected 1 to 32 inputs, found 0 / 期望 1 到 32 个输入，实际 0 个
wrong.yaml:5:7: rows: expected 1 to 500 rows, found 0 / 期望 1 到 500 行，实际 0 行
"#);
    insta::assert_snapshot!(of(&small("F", &[("> 3", "-", "x"), ("> 5", "true", "y"), ("-", "-", "z"), ("1", "-", "x")])), @r#"
wrong.yaml:7:5: unreachable-row: expected a row that can hit, found row 2 covered by the rows before it / 第 2 行永远不会命中：前面的行已经覆盖
wrong.yaml:9:5: unreachable-row: expected a row that can hit, found row 4 covered by the rows before it / 第 4 行永远不会命中：前面的行已经覆盖
"#);
    insta::assert_snapshot!(of(&small("U", &[("> 3", "-", "x"), ("< 5", "true", "y")])), @r#"
wrong.yaml:7:5: overlap: expected rows that exclude each other, found rows 1, 2 for A in (3..5), B = true / 第 1、2 行重叠，例如 「A」在 (3..5) 内，「B」= true
"#);
    insta::assert_snapshot!(of(&small("A", &[("-", "\"q\"", "x"), ("\"p\"", "-", "y")])), @r#"
wrong.yaml:7:5: overlap: expected rows that exclude each other, found rows 1, 2 for A = "p", B = "q" / 第 1、2 行重叠，例如 「A」= "p"，「B」= "q"
"#);
}

#[test]
fn a_gap_is_a_warning_with_an_example() {
    let of = |rows: &[(&str, &str, &str)]| said(table(&small("F", rows)).warnings());
    insta::assert_snapshot!(
        [
            of(&[("< 3", "-", "x"), ("> 3", "-", "y")]),
            of(&[("true", "\"a\"", "x"), ("true", "not(\"a\")", "y"), ("false", "\"a\", \"b\"", "y")]),
            of(&[("[1..2]", "-", "x"), ("(2..3)", "-", "y"), ("< 1", "-", "y"), (">= 3", "< date(\"2025-03-03\")", "y")]),
        ]
        .concat(),
        @r#"
table.yaml:6:3: gap: expected a row for every case, found none for A = 3 / 有情形没有一行符合，例如 「A」= 3
table.yaml:6:3: gap: expected a row for every case, found none for A = false, B = any other text / 有情形没有一行符合，例如 「A」= false，「B」= 其他文字
table.yaml:6:3: gap: expected a row for every case, found none for A = 3, B = date("2025-03-03") / 有情形没有一行符合，例如 「A」= 3，「B」= date("2025-03-03")
"#
    );
    assert_eq!(of(&[("< 3", "-", "x"), (">= 3", "-", "y")]), "");
    assert_eq!(of(&[("null", "-", "x"), ("not(null)", "-", "y")]), "");
}

#[test]
fn a_table_is_held_against_the_form_it_reads() {
    let form = |policy: &str| {
        let yaml = format!(
            "title: T\nfields:\n  - {{key: secret, title: S, type: yes-no}}\n  - {{key: policy, title: P, type: choice, choices: [{policy}]}}\n  - {{key: field, title: F, type: text}}\n  - {{key: total, title: I, type: money-fen}}\n  - {{key: list, title: L, type: text}}\n"
        );
        [("form".to_owned(), greenlane::forms::Form::parse(&yaml, "form.yaml").expect("a form").kinds())].into()
    };
    let admission = table(ADMISSION);
    assert_eq!(admission.check(&form("允许, 鼓励, 限制, 禁止")), Ok(vec![]));
    insta::assert_snapshot!(said(&admission.check(&form("允许, 鼓励, 限制")).expect_err("a choice that is none")), @r#"
table.yaml:14:20: cell-kind: expected one of 允许, 限制, 鼓励, found `禁止` / 期望 允许, 限制, 鼓励 之一，实际 `禁止`
"#);
    insta::assert_snapshot!(said(&table(&small("F", &[("> 1", "-", "x"), ("-", "true", "y")])).check(&form("允许")).expect_err("no such fields")), @r#"
table.yaml:3:17: expression: expected a key that is there (`field`, `list`, `policy`, `secret`, `total`), found no `a` / 期望已有的键（有 `field`, `list`, `policy`, `secret`, `total`），实际没有 `a`
table.yaml:3:43: expression: expected a key that is there (`field`, `list`, `policy`, `secret`, `total`), found no `b` / 期望已有的键（有 `field`, `list`, `policy`, `secret`, `total`），实际没有 `b`
"#);
    let closed = table(
        "title: T\nhit: U\ninputs: [{expr: form.policy, title: P}]\noutcomes: [x, y]\nrows:\n  - {when: ['\"允许\"'], then: x}\n  - {when: ['\"禁止\"'], then: y}\n",
    );
    assert_eq!(closed.warnings().len(), 1);
    assert_eq!(closed.check(&form("允许, 禁止")), Ok(vec![]));
    insta::assert_snapshot!(said(&closed.check(&form("允许, 限制, 禁止")).expect("fits")), @r#"
table.yaml:6:3: gap: expected a row for every case, found none for P = "限制" / 有情形没有一行符合，例如 「P」= "限制"
"#);
}

/// A cell over whole numbers from 0 to 4.
fn cell() -> impl Strategy<Value = String> {
    let number = 0_i32..5;
    prop_oneof![
        Just("-".to_owned()),
        number.clone().prop_map(|number| number.to_string()),
        (prop::sample::select(vec!["<", "<=", ">", ">=", "!="]), number.clone()).prop_map(|(sign, number)| format!("{sign} {number}")),
        (number.clone(), 1_i32..4, any::<bool>(), any::<bool>()).prop_map(|(low, width, with_low, with_high)| format!(
            "{}{low}..{}{}",
            if with_low { '[' } else { '(' },
            low + width,
            if with_high { ']' } else { ')' }
        )),
        (number.clone(), number.clone()).prop_map(|(a, b)| format!("{a}, {b}")),
        number.prop_map(|number| format!("not({number})")),
    ]
}

/// Every half from -1 to 9: one point at least in each region such cells can make.
fn grid() -> Vec<Value> {
    let halves: Vec<Value> = (-2_i64..=18).map(|half| Value::Number(rust_decimal::Decimal::new(half * 5, 1))).collect();
    let pair = |a: &Value, b: &Value| Value::context([("form", Value::context([("a", a.clone()), ("b", b.clone())]))]);
    halves.iter().flat_map(|a| halves.iter().map(move |b| pair(a, b))).collect()
}

/// Which of `rows` hold at each point of the grid, each row asked in a table of its own.
fn held(rows: &[(&str, &str, &str)]) -> Vec<Vec<usize>> {
    let singles: Vec<Table> = rows.iter().map(|(a, b, _)| table(&small("P", &[(*a, *b, "x"), ("-", "-", "z")]))).collect();
    let holds = |single: &Table, point: &Value| single.eval(point).is_ok_and(|verdict| verdict.output == "x");
    grid().iter().map(|point| (0..singles.len()).filter(|row| holds(&singles[*row], point)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn gaps_overlaps_and_dead_rows_are_found_exactly(rows in prop::collection::vec((cell(), cell()), 1..5)) {
        let named: Vec<(&str, &str, &str)> = rows.iter().zip(["x", "y", "z", "x", "y"]).map(|((a, b), then)| (a.as_str(), b.as_str(), then)).collect();
        let points = held(&named);
        let has_gap = points.iter().any(Vec::is_empty);
        let overlaps = points.iter().any(|rows| rows.len() > 1);
        let dead = (0..named.len()).any(|row| points.iter().all(|rows| rows.first() != Some(&row)));
        let outcomes = |rows: &[usize]| rows.iter().map(|row| named[*row].2).collect::<std::collections::BTreeSet<_>>().len();
        let clashes = points.iter().any(|rows| outcomes(rows) > 1);
        for (hit, wrong) in [("U", overlaps), ("A", clashes), ("F", dead), ("P", false)] {
            let read = Table::parse(&small(hit, &named), "t.yaml");
            prop_assert_eq!(read.is_err(), wrong, "{}", hit);
            if let Ok(table) = read {
                prop_assert_eq!(!table.warnings().is_empty(), has_gap, "{}", hit);
                for (point, rows) in grid().iter().zip(&points) {
                    prop_assert_eq!(table.eval(point).is_ok(), !rows.is_empty());
                }
            }
        }
    }

    #[test]
    fn any_table_file_is_answered_without_a_panic(cut in 0_usize..ADMISSION.len(), noise in "[-a-z:{}\\[\\]\"'(>. \n]{0,6}") {
        let at = (0..=cut).rev().find(|at| ADMISSION.is_char_boundary(*at)).unwrap_or(0);
        for yaml in [format!("{}{noise}{}", &ADMISSION[..at], &ADMISSION[at..]), format!("{}{noise}", &ADMISSION[..at])] {
            if let Ok(table) = Table::parse(&yaml, "noise.yaml") {
                let _ = table.eval(&Value::from_json(&json!({"form": {"secret": false, "policy": "允许"}})));
            }
        }
    }
}
