//! Forms: mistakes of their authors, errors of those who fill them in, and the schema that says the same.

mod access;

use std::sync::LazyLock;

use greenlane::expr;
use greenlane::forms::{FieldError, Form};
use proptest::prelude::*;
use serde_json::{Value, json};

const APPLICATION: &str = r#"
form: application
title: {zh: 绿色通道项目认定申请表, en: Application}
pages:
  - title: {zh: 项目, en: Project}
    sections:
      - title: {zh: 基本情况, en: Basics}
        fields:
          - {key: state_secret, title: {zh: 是否涉及国家秘密, en: State secret}, type: yes-no, required: true, state-secret: true}
          - {key: name, title: {zh: 项目名称, en: Name}, type: text, required: true, max-length: 20}
          - {key: uscc, title: {zh: 统一社会信用代码, en: Credit code}, type: code, code: uscc, required: true}
          - {key: code, title: {zh: 项目代码, en: Project code}, type: code, code: project-code}
          - {key: region, title: {zh: 建设地点, en: Region}, type: code, code: region, required: true}
          - {key: industry, title: {zh: 行业, en: Industry}, type: code, code: industry}
          - {key: grade, title: {zh: 清单, en: List}, type: choice, required: true, choices: [省级, 市级, {value: none, title: {zh: 其他, en: Other}}]}
  - title: {zh: 规模, en: Scale}
    fields:
      - {key: area_m2, title: {zh: 用地面积, en: Area}, type: area-m2, required: true, max: 10000000, help: 平方米}
      - {key: total, title: {zh: 总投资, en: Investment}, type: money-fen, required: true, min: 100}
      - {key: jobs, title: {zh: 就业, en: Jobs}, type: integer, min: 0}
      - {key: start, title: {zh: 开工日期, en: Start}, type: date, min: "2025-01-01", max: "2035-12-31"}
      - {key: reason, title: {zh: 理由, en: Reason}, type: long-text, required: {when: 'form.grade = "none"'}, min-length: 2, max-length: 50}
      - {key: agent_phone, title: {zh: 经办人电话, en: Phone}, type: text, personal: true, max-length: 11}
      - {key: process, title: {zh: 工艺, en: Process}, type: choice, secret: true, choices: [干法, 湿法]}
      - {key: map, title: {zh: 界址图, en: Map}, type: file}
      - key: sources
        title: {zh: 资金来源, en: Sources}
        type: rows
        required: true
        min: 1
        max: 3
        fields:
          - {key: kind, title: {zh: 来源, en: Kind}, type: choice, required: true, choices: [own, loan, grant]}
          - {key: amount, title: {zh: 金额, en: Amount}, type: money-fen, required: true}
          - {key: bank, title: {zh: 银行, en: Bank}, type: text, required: {when: 'is defined(row.kind) and row.kind = "loan"'}}
"#;

static FORM: LazyLock<Form> = LazyLock::new(|| Form::parse(APPLICATION, "application.yaml").expect("the form has no mistakes"));
static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&FORM.schema_json()).expect("the schema compiles"));

fn form() -> &'static Form {
    &FORM
}

fn good() -> Value {
    json!({
        "state_secret": false, "name": "数字化医疗影像装备", "uscc": "91420700DEM000014T", "code": "2503-420703-04-01-000000", "region": "420703",
        "industry": "3581", "grade": "市级", "area_m2": 50_000, "total": 32_000_000_000_i64, "jobs": 260, "start": "2025-07-01",
        "agent_phone": "", "process": "干法", "map": {"name": "界址.pdf", "sha256": "0".repeat(64), "bytes": 12},
        "sources": [{"kind": "own", "amount": 980_000_000_i64}, {"kind": "loan", "amount": 1_600_000_000_i64, "bank": "演示银行"}],
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut submission = good();
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').expect("a pointer");
        let parent = submission.pointer_mut(parent).expect("a parent");
        match parent {
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(array) => array[key.parse::<usize>().expect("an index")] = value.clone(),
            other => panic!("no parent: {other}"),
        }
    }
    submission
}

fn errors(submission: &Value) -> Vec<FieldError> {
    form().validate(submission).err().unwrap_or_default()
}

fn sentences(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}\n    {}\n    {}\n", error.path, error.code, error.zh, error.en)).collect()
}

#[test]
fn a_correct_submission_has_no_errors() {
    assert_eq!(errors(&good()), []);
    assert_eq!(form().fields().count(), 16);
    assert_eq!(form().field("area_m2").map(|field| field.title.zh.as_str()), Some("用地面积"));
    assert!(form().field("amount").is_none(), "a field of rows is inside its rows");
}

#[test]
fn all_errors_come_at_once_with_place_expected_and_found() {
    let submission = with(&[
        ("/name", json!("一个超过二十个字的、因此对于这份表单来说太长的项目名称")),
        ("/uscc", json!("91420700DEM0000149")),
        ("/code", json!("2513-420703-04-01-000000")),
        ("/region", json!("110000")),
        ("/industry", json!("1234")),
        ("/grade", json!("县级")),
        ("/area_m2", json!("5万")),
        ("/total", json!(99)),
        ("/jobs", json!(1.5)),
        ("/start", json!("2025-02-29")),
        ("/map", json!({"name": "a", "size": 1})),
        ("/sources/0/amount", json!(-1)),
        ("/sources/1", json!({"kind": "loan", "amont": 1})),
        ("/unknown", json!(true)),
    ]);
    insta::assert_snapshot!(sentences(&errors(&submission)), @r#"
/name too_long
    「项目名称」期望最多 20 字，实际 27 字
    Name: expected at most 20 characters, found 27
/uscc bad_check_digit
    「统一社会信用代码」期望校验位正确的代码，实际 `"91420700DEM0000149"`
    Credit code: expected a code whose check character is right, found `"91420700DEM0000149"`
/code bad_shape
    「项目代码」期望以年份（2015–2020）或年月（2011 起的 yyMM）开头的项目代码，实际 `"2513-420703-04-01-000000"`
    Project code: expected a project code that begins with a year (2015–2020) or with yyMM from 2011, found `"2513-420703-04-01-000000"`
/region unknown_code
    「建设地点」期望区划代码表里的代码，如 `420703`，实际 `"110000"`
    Region: expected a code of the region table, such as `420703`, found `"110000"`
/industry bad_shape
    「行业」期望制造业行业代码：13 至 43 开头的 2 至 4 位数字，实际 `"1234"`
    Industry: expected a manufacturing code: 2 to 4 digits that begin with 13 to 43, found `"1234"`
/grade not_a_choice
    「清单」期望 省级, 市级, none 之一，实际 `"县级"`
    List: expected one of 省级, 市级, none, found `"县级"`
/area_m2 wrong_type
    「用地面积」期望整数面积（平方米），实际 `"5万"`
    Area: expected a whole area in square metres, found `"5万"`
/total too_small
    「总投资」期望不小于 1.00 元，实际 `0.99 元`
    Investment: expected at least 1.00 元, found `0.99 元`
/jobs wrong_type
    「就业」期望整数，实际 `1.5`
    Jobs: expected a whole number, found `1.5`
/start bad_date
    「开工日期」期望日期，如 2025-03-03，实际 `"2025-02-29"`
    Start: expected a date such as 2025-03-03, found `"2025-02-29"`
/map bad_file
    「界址图」期望文件的 name（最多 255 字）、sha256（64 位小写十六进制）和 bytes，实际 {name, size}
    Map: expected a file with name (up to 255 characters), sha256 (64 lower-case hex digits) and bytes, found {name, size}
/sources/0/amount too_small
    「金额」期望不小于 0.00 元，实际 `-0.01 元`
    Amount: expected at least 0.00 元, found `-0.01 元`
/sources/1/amount required
    「金额」期望内容，实际为空
    Amount: expected a value, found nothing
/sources/1/bank required
    「银行」期望内容，实际为空
    Bank: expected a value, found nothing
/sources/1/amont unknown_field
    期望表单中的字段，实际 `amont`
    expected a field of the form, found `amont`
/unknown unknown_field
    期望表单中的字段，实际 `unknown`
    expected a field of the form, found `unknown`
"#);
}

#[test]
fn every_kind_of_value_is_told_from_the_others() {
    for (path, value, code) in [
        ("/state_secret", json!("no"), "wrong_type"),
        ("/name", json!("  "), "required"),
        ("/name", json!(null), "required"),
        ("/name", json!("a\u{7}"), "bad_shape"),
        ("/name", json!(5), "wrong_type"),
        ("/code", json!(null), "wrong_type"),
        ("/code", json!(""), "bad_shape"),
        ("/uscc", json!(1), "wrong_type"),
        ("/area_m2", json!(50_000.0), "wrong_type"),
        ("/area_m2", json!(10_000_001), "too_large"),
        ("/area_m2", json!(u64::MAX), "wrong_type"),
        ("/start", json!("2024-12-31"), "too_small"),
        ("/start", json!("2036-01-01"), "too_large"),
        ("/start", json!("2025-7-1"), "bad_date"),
        ("/start", json!(20_250_701), "wrong_type"),
        ("/reason", json!("短"), "too_short"),
        ("/reason", json!("行一\n行二\u{1b}"), "bad_shape"),
        ("/grade", json!(["市级"]), "wrong_type"),
        ("/map", json!("a.pdf"), "wrong_type"),
        ("/sources", json!([]), "too_few_rows"),
        ("/sources", json!({}), "wrong_type"),
        ("/sources", json!(null), "required"),
        ("/sources/0", json!(3), "wrong_type"),
    ] {
        let found = errors(&with(&[(path, value.clone())]));
        assert_eq!(found.iter().map(|error| (error.path.as_str(), error.code)).collect::<Vec<_>>(), [(path, code)], "{path} {value}");
    }
    assert_eq!(errors(&json!([]))[0].code, "wrong_type");
    let many = with(&[("/sources", json!([good()["sources"][0], good()["sources"][0], good()["sources"][0], good()["sources"][0]]))]);
    assert_eq!(errors(&many)[0].code, "too_many_rows");
}

#[test]
fn a_condition_decides_what_is_required() {
    let codes = |submission: &Value| errors(submission).into_iter().map(|error| (error.path, error.code)).collect::<Vec<_>>();
    assert_eq!(codes(&with(&[("/grade", json!("none"))])), [("/reason".to_owned(), "required")]);
    assert_eq!(codes(&with(&[("/grade", json!("none")), ("/reason", json!("领导小组确定"))])), []);
    assert_eq!(codes(&with(&[("/sources/0/kind", json!("loan"))])), [("/sources/0/bank".to_owned(), "required")]);
    let mut without = good();
    without.as_object_mut().expect("an object").remove("grade");
    let found = codes(&without);
    assert_eq!(found, [("/grade".to_owned(), "required")], "what a condition cannot read is already an error of its own");
    let optional =
        Form::parse("title: T\nfields:\n  - {key: a, title: A, type: integer}\n  - {key: b, title: B, type: text, required: {when: form.a > 3}}\n", "f.yaml")
            .expect("valid");
    let found = optional.validate(&json!({})).expect_err("undecided");
    assert_eq!((found[0].path.as_str(), found[0].code), ("/b", "condition"));
    assert_eq!(optional.validate(&json!({"a": 3})), Ok(()));
}

#[test]
fn a_state_secret_refuses_everything_and_repeats_nothing() {
    let submission = with(&[("/state_secret", json!(true)), ("/name", json!("机密")), ("/area_m2", json!("机密"))]);
    let found = errors(&submission);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].path.as_str(), found[0].code), ("/state_secret", "state_secret"));
    assert!(!sentences(&found).contains("机密"));
}

#[test]
fn personal_and_secret_content_is_not_repeated() {
    let found = errors(&with(&[("/agent_phone", json!(13_800_000_000_i64)), ("/process", json!("等离子"))]));
    assert_eq!(found.iter().map(|error| error.code).collect::<Vec<_>>(), ["wrong_type", "not_a_choice"]);
    assert!(!sentences(&found).contains("138") && !sentences(&found).contains("等离子"));
}

#[test]
fn a_submission_reads_as_typed_values() {
    let value = form().value(&with(&[("/start", json!("2025-07-01"))]));
    let roots = expr::Value::context([("form", value)]);
    for (source, expected) in [
        ("form.start > date(\"2025-06-30\")", "true"),
        ("sum(form.sources.amount)", "2580000000"),
        ("is defined(form.reason)", "false"),
        ("form.sources[item.kind = \"loan\"].bank", "[\"演示银行\"]"),
        ("is defined(form.sources[1])", ""),
    ] {
        let Ok(expr) = expr::parse(source) else {
            assert_eq!(expected, "");
            continue;
        };
        assert_eq!(expr.eval(&roots).expect("a value").literal(), expected, "{source}");
    }
    let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    assert!(form().has_path(&path("sources.amount")) && form().has_path(&path("map.sha256")));
    assert!(!form().has_path(&path("sources.amont")) && !form().has_path(&path("area_m2.x")));
}

#[test]
fn every_mistake_of_a_form_is_reported_with_its_place() {
    let yaml = r#"form: wrong
titel: 用地
sections:
  - title: {zh: 一}
    fields:
      - {key: a-b, title: A, type: text, choices: [x]}
      - {key: c, title: C, type: nubmer}
      - {key: d, title: D, type: choice, choices: []}
      - {key: e, title: E, type: integer, min: 5, max: 3, required: sometimes}
      - {key: f, title: F, type: code}
      - {key: g, title: G, type: text, required: {when: 'form.x == 1 and row.y'}}
      - {key: h, type: date, min: 2025-02-30, title: H}
      - {key: i, title: I, type: rows, fields: [{key: j, title: J, type: rows, fields: []}]}
      - {key: k, title: K, type: text, state-secret: true, max-length: 501}
      - just a text
      - {key: l, title: L, type: choice, choices: [x, x]}
"#;
    let said = |yaml: &str| -> String {
        let mistakes = Form::parse(yaml, "wrong.yaml").expect_err("mistakes");
        mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
    };
    insta::assert_snapshot!(said(yaml), @r#"
wrong.yaml:1:1: missing-key: expected `title`, found no such key / 缺少 `title`
wrong.yaml:2:1: unknown-key: expected one of form, title, pages, sections, fields, found `titel` / 期望 form, title, pages, sections, fields 之一，实际 `titel`
wrong.yaml:4:12: missing-key: expected `en`, found no such key / 缺少 `en`
wrong.yaml:6:15: bad-key: expected a key of letters, digits and `_`, found `a-b` / 期望字母、数字和 `_` 组成的键，实际 `a-b`
wrong.yaml:6:42: unknown-key: expected one of key, title, help, type, required, when, see, edit, personal, secret, state-secret, min-length, max-length, freezes, ledger, found `choices` / 期望 key, title, help, type, required, when, see, edit, personal, secret, state-secret, min-length, max-length, freezes, ledger 之一，实际 `choices`
wrong.yaml:7:34: unknown-word: expected one of text, long-text, integer, money-fen, area-m2, date, choice, yes-no, code, file, rows, found `nubmer` / 期望 text, long-text, integer, money-fen, area-m2, date, choice, yes-no, code, file, rows 之一，实际 `nubmer`
wrong.yaml:8:51: no-choice: expected at least one choice, found `[0 …]` / 期望至少一个选项，实际 `[0 …]`
wrong.yaml:9:56: empty-range: expected `max` not below `min`, found `3` / 期望 `max` 不小于 `min`，实际 `3`
wrong.yaml:9:69: wrong-kind: expected true or false, found `sometimes` / 期望 true 或 false，实际 `sometimes`
wrong.yaml:10:9: missing-key: expected `code`, found no such key / 缺少 `code`
wrong.yaml:11:65: expression: expected `=`, found `==` / 期望 `=`，实际 `==`
wrong.yaml:12:35: bad-date: expected a date such as 2025-03-03, found `2025-02-30` / 期望日期，如 2025-03-03，实际 `2025-02-30`
wrong.yaml:13:49: nested-rows: expected no rows inside rows / 期望 rows 之内不再有 rows
wrong.yaml:14:54: state-secret: expected the state-secret question on a yes-no field outside rows, found `true` / 期望涉密提问用在 yes-no 字段、不在 rows 内，实际 `true`
wrong.yaml:14:72: out-of-range: expected a number from 0 to 500, found `501` / 期望 0 到 500 之间的数，实际 `501`
wrong.yaml:15:9: wrong-kind: expected a mapping with key, title, help, type, required, when, see, edit, personal, secret, state-secret, found `just a text` / 期望含有 key, title, help, type, required, when, see, edit, personal, secret, state-secret 的映射，实际 `just a text`
wrong.yaml:16:55: duplicate-choice: expected each choice once, found `x` again / 期望每个选项只写一次，实际 `x` 写了两次
"#);
    let second = "title: T\nfields:\n  - {key: a, title: A, type: text}\n  - {key: a, title: B, type: text, required: {when: form.b = 1}}\n  - {key: r, title: R, type: rows, fields: [{key: a, title: A, type: text, required: {when: row.a = form.r.a and case.x}}]}\n";
    insta::assert_snapshot!(said(second), @r#"
wrong.yaml:4:11: duplicate-field: expected each field key once, found `a` again / 期望每个字段键只用一次，实际 `a` 用了两次
wrong.yaml:4:53: unknown-field: expected one of a, r, found `b` / 期望字段 a, r 之一，实际 `b`
wrong.yaml:5:93: condition: expected two values of one kind, found a text and a list / 期望两边是同一类值，实际是文字和列表
wrong.yaml:5:114: condition: expected a known name (`form`, `row`), found `case` / 期望已知的名称（有 `form`, `row`），实际 `case`
"#);
    insta::assert_snapshot!(said("title: T\nfields: []\nsections: []\n"), @r#"
wrong.yaml:2:9: unknown-key: expected only one of pages, sections, fields, found `fields` too / 期望只有 pages, sections, fields 之一，实际还有 `fields`
"#);
    insta::assert_snapshot!(said("[1]"), @r#"
wrong.yaml:1:1: wrong-kind: expected a mapping with form, title, pages, sections, fields, found `[1 …]` / 期望含有 form, title, pages, sections, fields 的映射，实际 `[1 …]`
"#);
}

#[test]
fn the_schema_compiles_and_refuses_the_structural_errors() {
    let schema = form().schema_json();
    jsonschema::meta::validate(&schema).expect("a valid schema");
    let validator = &*VALIDATOR;
    assert!(validator.is_valid(&good()));
    for (path, value) in [
        ("/name", json!(" ")),
        ("/area_m2", json!(-1)),
        ("/extra", json!(1)),
        ("/sources/0/kind", json!("x")),
        ("/state_secret", json!(true)),
        ("/region", json!("110000")),
    ] {
        assert!(!validator.is_valid(&with(&[(path, value)])), "{path}");
    }
}

/// A value for any field: mostly near misses.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-10_i64..100_000_000).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        Just(json!(1.5)),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            " ",
            "省级",
            "none",
            "420703",
            "3581",
            "91420700DEM000014T",
            "2503-420703-04-01-000000",
            "2025-07-01",
            "干法",
            "own",
            "a\nb",
            "\u{85}",
            "长".repeat(60).leak()
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"kind": "own", "amount": 1}])),
        Just(json!([{"kind": "own", "amount": 1, "x": 1}])),
        Just(json!({"name": "a", "sha256": "f".repeat(64), "bytes": 1})),
        Just(json!({"name": " ", "sha256": "f".repeat(64), "bytes": -1})),
    ]
}

/// Errors a schema cannot know of.
const BEYOND_A_SCHEMA: [&str; 6] = ["bad_check_digit", "condition", "bad_date", "too_small", "too_large", "bad_shape"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn schema_and_validation_agree(changes in prop::collection::vec((0_usize..19, prop::option::weighted(0.9, any_value())), 0..3)) {
        let paths = [
            "/state_secret", "/name", "/uscc", "/code", "/region", "/industry", "/grade", "/area_m2", "/total", "/jobs", "/start", "/reason", "/agent_phone",
            "/process", "/map", "/sources", "/sources/0/amount", "/sources/1/bank", "/other",
        ];
        let mut submission = good();
        for (path, value) in changes {
            let (parent, key) = paths[path].rsplit_once('/').expect("a pointer");
            if let Some(object) = submission.pointer_mut(parent).and_then(Value::as_object_mut) {
                match value {
                    Some(value) => drop(object.insert(key.to_owned(), value)),
                    None => drop(object.remove(key)),
                }
            }
        }
        let form = form();
        let validator = &*VALIDATOR;
        let found = form.validate(&submission).err().unwrap_or_default();
        if !validator.is_valid(&submission) {
            let said: Vec<_> = validator.iter_errors(&submission).map(|error| error.to_string()).collect();
            prop_assert!(!found.is_empty(), "the schema alone refuses {submission}: {said:?}");
        } else {
            let unsaid: Vec<_> = found.iter().filter(|error| !BEYOND_A_SCHEMA.contains(&error.code) && !conditional(error)).collect();
            prop_assert!(unsaid.is_empty(), "the form alone refuses {submission}: {unsaid:?}");
        }
    }

    #[test]
    fn any_json_is_answered_without_a_panic(text in any::<String>(), value in any_value()) {
        let form = form();
        for submission in [json!({text.clone(): value.clone()}), value, json!([text])] {
            let _ = form.validate(&submission);
            let _ = form.value(&submission);
        }
    }

    #[test]
    fn any_file_is_answered_without_a_panic(cut in 0_usize..APPLICATION.len(), noise in "[a-z:{}\\[\\]\", \n-]{0,6}") {
        let at = (0..=cut).rev().find(|at| APPLICATION.is_char_boundary(*at)).unwrap_or(0);
        let _ = Form::parse(&format!("{}{noise}{}", &APPLICATION[..at], &APPLICATION[at..]), "noise.yaml");
        let _ = Form::parse(&format!("{}{noise}", &APPLICATION[..at]), "noise.yaml");
    }
}

/// Required by a condition, which the schema leaves out.
fn conditional(error: &FieldError) -> bool {
    error.code == "required" && (error.path == "/reason" || error.path.ends_with("/bank"))
}
