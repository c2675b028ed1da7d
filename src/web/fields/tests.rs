//! What a page shows is read back as it was, and what was typed is never lost.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const FORM: &str = "
form: everything
title: {zh: 全部字段, en: Every field}
sections:
  - title: {zh: 第一节, en: First}
    fields:
      - {key: name, title: {zh: 名称, en: Name}, type: text, required: true, max-length: 80}
      - {key: scale, title: {zh: 规模, en: Scale}, type: long-text}
      - {key: jobs, title: {zh: 就业, en: Jobs}, type: integer}
      - {key: total_fen, title: {zh: 总投资, en: Investment}, type: money-fen, required: true, min: 1}
      - {key: area_m2, title: {zh: 面积, en: Area}, type: area-m2}
  - title: {zh: 第二节, en: Second}
    fields:
      - {key: start, title: {zh: 开工, en: Start}, type: date}
      - key: policy
        title: {zh: 政策, en: Policy}
        type: choice
        required: true
        choices: [{value: a, title: {zh: 甲, en: A}}, {value: b, title: {zh: 乙, en: B}}]
      - {key: listed, title: {zh: 列入, en: Listed}, type: yes-no}
      - {key: region, title: {zh: 区划, en: Region}, type: code, code: region}
      - {key: uscc, title: {zh: 信用代码, en: Credit code}, type: code, code: uscc}
      - {key: project, title: {zh: 项目代码, en: Project code}, type: code, code: project-code}
      - {key: industry, title: {zh: 行业, en: Industry}, type: code, code: industry}
      - key: sources
        title: {zh: 来源, en: Sources}
        type: rows
        required: true
        min: 1
        max: 3
        fields:
          - {key: kind, title: {zh: 种类, en: Kind}, type: text, required: true}
          - {key: asked_fen, title: {zh: 金额, en: Amount}, type: money-fen}
      - {key: paper, title: {zh: 材料, en: Paper}, type: file}
";

fn form() -> Form {
    static PARSED: std::sync::OnceLock<Form> = std::sync::OnceLock::new();
    PARSED.get_or_init(|| Form::parse(FORM, "everything.yaml").unwrap()).clone()
}

/// What a browser would post of a page.
fn posted(sections: &[SectionView]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    sections.iter().flat_map(|section| &section.fields).for_each(|field| post(field, &mut pairs));
    pairs
}

fn post(field: &FieldView, pairs: &mut Vec<(String, String)>) {
    let chosen = field.choices.iter().find(|choice| choice.chosen).map(|choice| choice.value.clone());
    match field.shape {
        "radio" => pairs.extend(chosen.map(|value| (field.name.clone(), value))),
        "select" => pairs.push((field.name.clone(), chosen.unwrap_or_default())),
        "rows" => field.rows.iter().flat_map(|row| &row.fields).for_each(|inner| post(inner, pairs)),
        "file" => {}
        _ => pairs.push((field.name.clone(), field.value.clone())),
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn submission() -> impl Strategy<Value = Value> {
    let scalar = (any::<i64>(), 1..i64::MAX, 0..i64::MAX, "\\PC{1,20}", "[a-z一-龥]{1,9}(\n[a-z]{1,9}){0,3}", 1_000..9_999_i32, 1..=12_u32, 1..=28_u32);
    let rows = prop::collection::vec(("[a-z一-龥]{1,9}", prop::option::of(any::<i64>())), 1..=3);
    (scalar, rows, any::<bool>(), prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["420703", "420100"])).prop_map(
        |((jobs, fen, m2, name, scale, year, month, day), rows, listed, policy, region)| {
            let rows: Vec<Value> = rows.into_iter().map(|(kind, fen)| fen.map_or_else(|| json!({"kind": kind}), |fen| json!({"kind": kind, "asked_fen": fen}))).collect();
            let mut value = json!({
                "scale": scale, "jobs": jobs, "total_fen": fen, "area_m2": m2, "start": format!("{year}-{month:02}-{day:02}"), "policy": policy, "listed": listed,
                "region": region, "uscc": "91420700DEM000014T", "project": "2503-420703-04-01-000000", "industry": "3581", "sources": rows,
            });
            if !name.trim().is_empty() {
                value["name"] = json!(name.trim());
            }
            value
        },
    )
}

proptest! {
    #[test]
    fn what_a_page_shows_is_read_back_as_it_was(value in submission()) {
        for language in [Language::Zh, Language::En] {
            let shown = view(&form(), None, &value, &[], language);
            let back = read(&form(), None, &posted(&shown), json!({}));
            prop_assert_eq!(&back.value, &value);
        }
    }

    #[test]
    fn nothing_that_was_typed_is_lost(text in "\\PC{1,30}") {
        for key in ["name", "scale", "jobs", "total_fen", "area_m2", "start", "policy", "listed", "region", "uscc", "project", "industry"] {
            let first = read(&form(), None, &pairs(&[(&format!("f.{key}"), &text)]), json!({}));
            let again = read(&form(), None, &posted(&view(&form(), None, &first.value, &first.errors, Language::Zh)), json!({}));
            prop_assert_eq!(&again.value, &first.value, "{}", key);
            prop_assert_eq!(text.trim().is_empty(), first.value.get(key).is_none());
        }
    }
}

#[test]
fn amounts_are_typed_as_people_write_them() {
    for (typed, fen) in [
        ("32000", 32_000_000_000_i64),
        ("32,000.00", 32_000_000_000),
        ("３２０００．５", 32_000_500_000),
        ("3.2亿元", 32_000_000_000),
        ("320000000 元", 32_000_000_000),
        ("0.01元", 1),
        ("0.000001", 1),
        ("-15", -15_000_000),
    ] {
        assert_eq!(read(&form(), None, &pairs(&[("f.total_fen", typed)]), json!({})).value, json!({"total_fen": fen}), "{typed}");
    }
    for typed in ["0.0000001", "0.001元", "三万", "1.", ".5", "1e9", "--1", "99999999999999999999", "9223372036855"] {
        let read = read(&form(), Some(0), &pairs(&[("f.total_fen", typed)]), json!({}));
        assert_eq!(read.value, json!({"total_fen": typed}), "kept as typed");
        assert!(read.errors.iter().any(|error| error.path == "/total_fen" && error.code == "wrong_type"), "{typed}: {:?}", read.errors);
    }
    assert_eq!(read(&form(), None, &pairs(&[("f.area_m2", "5 公顷")]), json!({})).value, json!({"area_m2": 50_000}));
}

#[test]
fn dates_and_codes_are_read_in_the_ways_they_are_written() {
    for typed in ["2025-07-01", "2025/7/1", "2025年7月1日", "２０２５．７．１"] {
        assert_eq!(read(&form(), None, &pairs(&[("f.start", typed)]), json!({})).value, json!({"start": "2025-07-01"}), "{typed}");
    }
    let read = read(&form(), None, &pairs(&[("f.uscc", " ９１420700dem000014t "), ("f.project", "25034207030401000000")]), json!({}));
    assert_eq!(read.value, json!({"uscc": "91420700DEM000014T", "project": "2503-420703-04-01-000000"}));
}

#[test]
fn every_mistake_of_a_section_is_named_at_once_and_none_of_another() {
    let read = read(
        &form(),
        Some(1),
        &pairs(&[("f.start", "soon"), ("f.uscc", "91420700DEM000014X"), ("f.sources.0.kind", ""), ("f.sources.0.asked_fen", "x")]),
        json!({}),
    );
    let found: Vec<String> = read.errors.iter().map(|error| format!("{} {} {}", error.path, error.code, error.zh)).collect();
    assert_eq!(
        found,
        [
            "/start bad_date 「开工」应为日期，如 2025-03-03",
            "/policy required 请选择「政策」",
            "/uscc bad_check_digit 「信用代码」的校验位不对，请对照证照检查有没有录错",
            "/sources/0/kind required 请填写「种类」",
            "/sources/0/asked_fen wrong_type 「金额」应为以万元计的金额，如 32000.00，精确到分",
        ]
    );
    let lines = mistakes(&read.errors, Language::En);
    let view = view(&form(), Some(1), &read.value, &read.errors, Language::En);
    let ids: Vec<&str> = view
        .iter()
        .flat_map(|section| &section.fields)
        .flat_map(|field| field.rows.iter().flat_map(|row| &row.fields).chain([field]))
        .map(|field| field.id.as_str())
        .collect();
    for line in &lines {
        assert!(ids.contains(&line.href.trim_start_matches('#')), "{} leads nowhere: {ids:?}", line.href);
    }
}

#[test]
fn a_row_is_added_by_typing_in_the_empty_one_and_removed_by_its_button() {
    let two = json!({"sources": [{"kind": "甲"}, {"kind": "乙"}]});
    let shown = view(&form(), Some(1), &two, &[], Language::Zh);
    let rows = &shown[0].fields.iter().find(|field| field.key == "sources").unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.remove.as_str()).collect::<Vec<_>>(), ["remove.sources.0", "remove.sources.1", ""]);
    let mut pairs = posted(&shown);
    pairs.push(("do".to_owned(), "remove.sources.0".to_owned()));
    assert!(stays(&pairs));
    assert_eq!(read(&form(), Some(1), &pairs, two.clone()).value["sources"], json!([{"kind": "乙"}]));
    let full = json!({"sources": [{"kind": "甲"}, {"kind": "乙"}, {"kind": "丙"}]});
    let shown = view(&form(), Some(1), &full, &[], Language::Zh);
    assert_eq!(shown[0].fields.iter().find(|field| field.key == "sources").unwrap().rows.len(), 3, "no empty row beyond the most there may be");
}

#[test]
fn what_was_not_posted_keeps_what_it_had() {
    let paper = json!({"name": "a.pdf", "sha256": "0".repeat(64), "bytes": 1_500_000});
    let base = json!({"name": "甲", "listed": true, "paper": paper, "later": 1});
    let read = read(&form(), Some(0), &pairs(&[("f.name", ""), ("f.jobs", "7")]), base);
    assert_eq!(read.value, json!({"jobs": 7, "listed": true, "paper": paper, "later": 1}));
    let shown = told(&form(), None, &read.value, Language::En);
    let line = |key: &str| shown.iter().flat_map(|section| &section.lines).find(|line| line.key == key).unwrap();
    assert_eq!((line("listed").text.as_str(), line("paper").file.as_ref().unwrap().size.as_str()), ("Yes", "1.4 MB"));
    assert_eq!(line("total_fen").text, "");
    let money = told(&form(), None, &Value::Object(Map::from_iter([("total_fen".to_owned(), json!(32_000_000_000_i64))])), Language::Zh);
    assert_eq!(money[0].lines[3].text, "32,000.00 万元");
}

#[tokio::test]
async fn every_shape_of_field_is_written_with_its_label_and_its_mistake() {
    let pages = crate::web::Pages::embedded().unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let mut pairs: Vec<(String, String)> = fields(&form(), None).map(|field| (format!("f.{}", field.key), "<x>".to_owned())).collect();
    pairs.push(("f.sources.0.asked_fen".to_owned(), "y".to_owned()));
    let read = read(&form(), None, &pairs, json!({"paper": {"name": "a.pdf", "sha256": "0".repeat(64), "bytes": 5}}));
    for language in [Language::Zh, Language::En] {
        let site = crate::web::site::Site {
            language,
            chosen: true,
            here: "/".to_owned(),
            user: None,
            nav: Vec::new(),
            beside: Vec::new(),
            now: String::new(),
            kept: None,
            demo: false,
        };
        let mut sections = view(&form(), None, &read.value, &read.errors, language);
        sections[0].fields[0].other = Some("另".to_owned());
        sections[0].fields[0].old = Some("旧".to_owned());
        let response = pages.page(&site, "fields", "fields", &json!({"sections": sections}));
        assert_eq!(response.status(), 200);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        for line in mistakes(&read.errors, language) {
            let id = line.href.trim_start_matches('#');
            assert!(body.contains(&format!("id=\"{id}\"")), "{id} is not on the page");
        }
        assert!(body.contains("&lt;x&gt;") && !body.contains("<x>"), "what was typed is text and not mark-up");
        assert!(body.contains("name=\"f.sources.0.asked_fen\"") && body.contains("name=\"f.sources.1.kind\""));
    }
}
