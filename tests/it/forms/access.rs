//! Fields that are somebody's: conditional ones, ones another office fills in, rows with a key, files of a kind; and the schema that says the same.

use std::sync::LazyLock;

use greenlane::forms::{Access, Form, Viewer};
use proptest::prelude::*;
use serde_json::{Value, json};

const GRANT: &str = r#"
form: grant
title: {zh: 奖补申请, en: Grant}
sections:
  - title: {zh: 申请, en: Application}
    fields:
      - {key: kind, title: {zh: 类别, en: Kind}, type: choice, required: true, choices: [new, again]}
      - {key: last, title: {zh: 上次文号, en: Last number}, type: text, required: true, max-length: 8, when: 'form.kind = "again"'}
      - {key: paper, title: {zh: 证明, en: Proof}, type: file, required: true, accept: [pdf, ofd], max-mb: 2}
      - key: items
        title: {zh: 明细, en: Items}
        type: rows
        row-key: name
        max: 5
        fields:
          - {key: name, title: {zh: 名称, en: Name}, type: text, required: true, max-length: 8}
          - {key: amount, title: {zh: 金额, en: Amount}, type: money-fen, required: true}
          - {key: why, title: {zh: 说明, en: Why}, type: text, max-length: 8, when: 'row.amount != null and row.amount > 100'}
  - title: {zh: 审核, en: Review}
    fields:
      - {key: checked, title: {zh: 核定数, en: Checked}, type: money-fen, required: true, see: [applicant, handler], edit: [{step: check}]}
      - {key: note, title: {zh: 内部意见, en: Note}, type: text, see: [ez-fgw/section_head], edit: [{step: check}]}
"#;

static FORM: LazyLock<Form> = LazyLock::new(|| Form::parse(GRANT, "grant.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}")));

fn applicant() -> Viewer {
    Viewer { applicant: true, ..Viewer::default() }
}

fn checker() -> Viewer {
    Viewer { at: Some("check".to_owned()), ..posted("ez-fgw", "handler") }
}

fn posted(office: &str, post: &str) -> Viewer {
    Viewer { posts: vec![(office.to_owned(), post.to_owned())], ..Viewer::default() }
}

fn filed() -> Value {
    json!({"kind": "new", "paper": {"name": "A.PDF", "sha256": "0".repeat(64), "bytes": 10}, "items": [{"name": "甲", "amount": 5}, {"name": "乙", "amount": 6}]})
}

fn whole() -> Value {
    let mut whole = filed();
    whole["checked"] = json!(9);
    whole["note"] = json!("偏高");
    whole
}

fn codes(form: &Form, value: &Value) -> Vec<(String, &'static str)> {
    form.validate(value).err().unwrap_or_default().into_iter().map(|error| (error.place(), error.code)).collect()
}

fn accesses(viewer: &Viewer) -> Vec<(String, Access)> {
    FORM.for_viewer(viewer).fields().filter(|field| field.access != Access::Open).map(|field| (field.key.clone(), field.access)).collect()
}

#[test]
fn a_field_is_its_steps_and_posts_to_fill_in_and_to_see() {
    let of = |checked, note| vec![("checked".to_owned(), checked), ("note".to_owned(), note)];
    assert_eq!(accesses(&applicant()), of(Access::Seen, Access::Hidden));
    assert_eq!(accesses(&posted("ez-hbj", "section_head")), of(Access::Hidden, Access::Hidden), "the post of another office");
    assert_eq!(accesses(&posted("ez-fgw", "section_head")), of(Access::Hidden, Access::Seen));
    assert_eq!(accesses(&checker()), [], "whoever fills it in sees it");
    let once = Viewer { steps: ["check".to_owned()].into(), ..posted("ez-fgw", "handler") };
    assert_eq!(accesses(&once), of(Access::Seen, Access::Hidden), "having worked on a step is no leave to fill in again");
}

#[test]
fn what_is_anothers_is_refused_when_sent_and_kept_when_not() {
    let (form, old) = (FORM.for_viewer(&applicant()), whole());
    let sent = json!({"kind": "new", "checked": 1, "note": "x"});
    let refused: Vec<_> = form.intruding(&sent).into_iter().map(|error| (error.place(), error.code, error.zh)).collect();
    assert_eq!(
        refused,
        [
            ("checked".to_owned(), "field_not_editable", "「核定数」不由您在这一步填写，请勿提交".to_owned()),
            ("note".to_owned(), "field_not_editable", "提交的内容里有不由您填写的字段".to_owned()),
        ]
    );
    assert_eq!(form.intruding(&filed()), []);
    assert_eq!(form.carried(&old, &filed()), old, "carried along");
    assert_eq!(form.altered(&old, &filed()).len(), 2, "left out is altered too");
    assert_eq!(form.altered(&old, &old), []);
    assert_eq!(codes(&form, &filed()), [], "what is another's to fill in is not required of me");
    assert_eq!(codes(&FORM.for_viewer(&checker()), &filed()), [("checked".to_owned(), "required")]);
    assert_eq!(form.seen(&old), {
        let mut seen = old.clone();
        seen.as_object_mut().unwrap().remove("note");
        seen
    });
    assert_eq!(form.own(&old), filed());
    let keys: Vec<_> = form.changes(&filed(), &whole()).into_iter().map(|change| change.path).collect();
    assert_eq!(keys, ["/checked"], "the diff tells nothing of what is hidden");
    assert!(!form.schema_json().to_string().contains("note"), "nor does the schema");
}

#[test]
fn a_field_is_asked_only_while_its_condition_holds() {
    let form = FORM.for_viewer(&applicant());
    let with = |changes: Value| {
        let mut value = filed();
        value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        value
    };
    assert_eq!(codes(&form, &with(json!({"kind": "again"}))), [("last".to_owned(), "required")]);
    assert_eq!(codes(&form, &with(json!({"last": "1号"}))), [("last".to_owned(), "not_asked")]);
    assert_eq!(codes(&form, &with(json!({"kind": "again", "last": "1号"}))), []);
    let rows = json!({"items": [{"name": "甲", "amount": 5, "why": "x"}, {"name": "乙", "amount": 101, "why": "x"}]});
    assert_eq!(codes(&form, &with(rows)), [("items[1].why".to_owned(), "not_asked")]);
}

#[test]
fn rows_are_told_apart_by_their_key_and_a_file_has_a_kind_and_a_size() {
    let form = FORM.for_viewer(&applicant());
    let mut value = filed();
    value["items"] = json!([{"name": "甲", "amount": 5}, {"name": "甲", "amount": 6}, {"name": "丙"}]);
    value["paper"] = json!({"name": "a.exe", "sha256": "0".repeat(64), "bytes": 3_000_000});
    assert_eq!(
        codes(&form, &value),
        [
            ("paper".to_owned(), "wrong_file_kind"),
            ("paper".to_owned(), "file_too_large"),
            ("items[3].amount".to_owned(), "required"),
            ("items[2].name".to_owned(), "duplicate_row")
        ]
    );
    let mut later = filed();
    later["items"] = json!([{"name": "丁", "amount": 1}, {"name": "甲", "amount": 5}, {"name": "乙", "amount": 7}]);
    let changes: Vec<_> = form.changes(&filed(), &later).into_iter().map(|change| (change.path, change.old.is_some(), change.new.is_some())).collect();
    assert_eq!(changes, [("/items/0".to_owned(), false, true), ("/items/2/amount".to_owned(), true, true)], "a row put first is one change");
    let gone: Vec<_> = form.changes(&later, &filed()).into_iter().map(|change| (change.path, change.new)).collect();
    assert_eq!(gone, [("/items/1/amount".to_owned(), Some(json!(6))), ("/items/0".to_owned(), None)]);
}

#[test]
fn what_an_author_may_not_write_is_told_with_its_place() {
    let wrong = r#"
title: {zh: 错, en: Wrong}
fields:
  - {key: a, title: A, type: text, see: []}
  - {key: b, title: B, type: text, edit: ["ez fgw/x", {step: s, post: p}]}
  - {key: c, title: C, type: file, accept: [.pdf], max-mb: 0}
  - {key: d, title: D, type: rows, row-key: y, fields: [{key: x, title: X, type: text, see: [applicant]}]}
  - {key: e, title: E, type: text, when: 'form.none = 1'}
"#;
    let found = Form::parse(wrong, "wrong.yaml").err().unwrap_or_default();
    let found: Vec<_> = found.iter().map(|mistake| (mistake.line, mistake.code)).collect();
    assert_eq!(found, [(4, "nobody"), (5, "bad-who"), (5, "unknown-key"), (6, "bad-ending"), (7, "row-key"), (7, "access-inside"), (8, "unknown-field")]);
    let condition = "title: {zh: 错, en: Wrong}\nfields:\n  - {key: e, title: E, type: text, when: 'form.none = 1'}\n";
    assert_eq!(Form::parse(condition, "wrong.yaml").err().unwrap_or_default().iter().map(|mistake| mistake.code).collect::<Vec<_>>(), ["unknown-field"]);
}

#[test]
fn the_exported_schema_is_one_and_carries_what_it_cannot_say_beside_it() {
    let schema = FORM.schema_json();
    jsonschema::meta::validate(&schema).expect("a valid schema");
    assert_eq!(schema["required"], json!(["kind", "paper", "checked"]), "what is asked sometimes is not required always");
    assert_eq!(schema["x-ui"]["sections"][0]["fields"], json!(["kind", "last", "paper", "items"]));
    let fields = &schema["x-ui"]["fields"];
    assert_eq!(fields["/properties/last"]["when"], json!("form.kind = \"again\""));
    assert_eq!(
        fields["/properties/note"],
        json!({"title": {"zh": "内部意见", "en": "Note"}, "type": "text", "see": ["ez-fgw/section_head"], "edit": [{"step": "check"}]})
    );
    assert_eq!(fields["/properties/items"]["row-key"], json!("name"));
    assert_eq!(fields["/properties/items/items/properties/amount"]["unit"]["shown-in"], json!("万元"));
}

fn value_for(key: &str) -> BoxedStrategy<Value> {
    let text = prop::sample::select(vec!["", " ", "甲", "again", "new", "一二三四五六七八九", "a\u{7}"]).prop_map(Value::from);
    let odd = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(0.5))
    ];
    let file = (prop::sample::select(vec!["a.pdf", "a.OFD", "a.doc", "pdf", " .pdf"]), -1_i64..3_000_000)
        .prop_map(|(name, bytes)| json!({"name": name, "sha256": "0".repeat(64), "bytes": bytes}));
    let row = (prop::sample::select(vec!["甲", "乙", ""]), prop_oneof![Just(json!(7)), Just(json!(101)), Just(json!("x"))], any::<bool>()).prop_map(
        |(name, amount, why)| {
            let mut row = json!({"name": name, "amount": amount});
            if why {
                row["why"] = json!("因");
            }
            row
        },
    );
    match key {
        "paper" => prop_oneof![4 => file, 1 => odd].boxed(),
        "items" => prop_oneof![4 => prop::collection::vec(row, 0..7).prop_map(Value::from), 1 => odd].boxed(),
        "checked" => prop_oneof![(-5_i64..50).prop_map(Value::from), odd].boxed(),
        _ => prop_oneof![4 => text, 1 => odd].boxed(),
    }
}

fn submission() -> impl Strategy<Value = Value> {
    let keys = ["kind", "last", "paper", "items", "checked", "note", "other"];
    let each = keys.map(|key| prop::option::weighted(if key == "other" { 0.05 } else { 0.8 }, value_for(key)).prop_map(move |value| (key, value)));
    each.to_vec().prop_map(|given| Value::Object(given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()))
}

/// What a schema has no words for.
const BEYOND: [&str; 4] = ["not_asked", "duplicate_row", "condition", "required"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn schema_and_validation_agree_on_every_readers_copy(value in submission(), who in 0_usize..3) {
        static COPIES: LazyLock<[(Form, jsonschema::Validator); 3]> = LazyLock::new(|| [applicant(), checker(), Viewer::default()].map(|viewer| {
            let form = FORM.for_viewer(&viewer);
            let validator = jsonschema::validator_for(&form.schema_json()).expect("the schema compiles");
            (form, validator)
        }));
        let (form, validator) = &COPIES[who];
        // What is another's is refused before the form is looked at; the schema refuses it as unknown.
        let found = [form.intruding(&value), form.validate(&value).err().unwrap_or_default()].concat();
        if validator.is_valid(&value) {
            let unsaid: Vec<_> = found.iter().filter(|error| !BEYOND.contains(&error.code) || (error.code == "required" && error.path != "/last")).collect();
            prop_assert!(unsaid.is_empty(), "the form alone refuses {value}: {unsaid:?}");
        } else {
            let said: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert!(!found.is_empty(), "the schema alone refuses {value}: {said:?}");
        }
    }

    #[test]
    fn nobody_changes_what_is_anothers_and_nobody_sees_it(old in submission(), sent in submission(), who in 0_usize..3) {
        let form = FORM.for_viewer(&[applicant(), checker(), Viewer::default()][who]);
        let whole = form.carried(&old, &sent);
        prop_assert!(form.altered(&old, &whole).is_empty());
        for field in form.fields() {
            if field.access != Access::Open && form.asks(field, &whole) {
                prop_assert_eq!(whole.get(&field.key), old.get(&field.key));
            }
            if field.access == Access::Hidden {
                prop_assert!(form.seen(&whole).get(&field.key).is_none());
                let pointer = format!("/{}", field.key);
                prop_assert!(form.changes(&old, &whole).iter().all(|change| change.path != pointer));
            }
        }
    }
}
