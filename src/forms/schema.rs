//! A form as JSON Schema 2020-12, for whoever submits from outside.
//! Invariant: what the schema refuses, `validate` refuses. The other way round not all can be said: check characters, real dates, conditions.
//! What a schema has no word for stands beside it under `x-ui`, by the pointer of the property: order, titles in both languages, conditions, who fills it in.

use serde_json::{Map, Value, json};

use super::codes::{self, Scheme};
use super::diff::escaped;
use super::{Access, Field, FileRule, Form, Kind, Range, Required, Who};

impl Form {
    /// The schema of a submission.
    #[must_use]
    pub fn schema_json(&self) -> Value {
        let fields: Vec<&Field> = self.fields().filter(|field| field.access == Access::Open).collect();
        let mut schema = object(&fields);
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!(self.title.zh));
        schema.insert("x-ui".to_owned(), self.ui());
        Value::Object(schema)
    }

    /// How the form is shown: its sections in order, and for each field what its property does not say.
    fn ui(&self) -> Value {
        let mut shown = Map::new();
        let mut sections = Vec::new();
        for section in self.pages.iter().flat_map(|page| &page.sections) {
            let fields: Vec<&Field> = section.fields.iter().filter(|field| field.access == Access::Open).collect();
            let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
            sections.push(json!({"title": section.title, "fields": keys}));
            for field in fields {
                let at = format!("/properties/{}", escaped(&field.key));
                if let Kind::Rows { fields, .. } = &field.kind {
                    shown.extend(fields.iter().map(|inner| (format!("{at}/items/properties/{}", escaped(&inner.key)), ui(inner))));
                }
                shown.insert(at, ui(field));
            }
        }
        json!({"title": self.title, "sections": sections, "fields": shown})
    }
}

/// What the property of a field does not say.
fn ui(field: &Field) -> Value {
    let mut ui = Map::new();
    let mut put = |key: &str, value: Value| drop(ui.insert(key.to_owned(), value));
    put("title", json!(field.title));
    put("type", json!(word(&field.kind)));
    if let Some(help) = &field.help {
        put("help", json!(help));
    }
    if let Required::When(condition) = &field.required {
        put("required-when", json!(condition.source()));
    }
    if let Some(condition) = &field.when {
        put("when", json!(condition.source()));
    }
    for (key, list) in [("see", &field.see), ("edit", &field.edit)] {
        if let Some(list) = list {
            put(key, list.iter().map(who).collect());
        }
    }
    for (key, flag) in [("personal", field.personal), ("secret", field.secret), ("state-secret", field.state_secret)] {
        if flag {
            put(key, json!(true));
        }
    }
    match &field.kind {
        Kind::MoneyFen(_) => put("unit", json!({"zh": "分", "en": "fen", "shown-in": "万元"})),
        Kind::AreaM2(_) => put("unit", json!({"zh": "平方米", "en": "m²"})),
        Kind::Choice(choices) => put("choices", choices.iter().map(|choice| json!({"value": choice.value, "title": choice.title})).collect()),
        Kind::Rows { by: Some(by), .. } => put("row-key", json!(by)),
        Kind::Date { first, last } => [("min", first), ("max", last)].into_iter().for_each(|(key, day)| {
            if let Some(day) = day {
                put(key, json!(day));
            }
        }),
        Kind::Text(_) | Kind::LongText(_) | Kind::Integer(_) | Kind::YesNo | Kind::Code(_) | Kind::File(_) | Kind::Rows { by: None, .. } => {}
    }
    Value::Object(ui)
}

/// The word an author writes for a kind.
fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) => "text",
        Kind::LongText(_) => "long-text",
        Kind::Integer(_) => "integer",
        Kind::MoneyFen(_) => "money-fen",
        Kind::AreaM2(_) => "area-m2",
        Kind::Date { .. } => "date",
        Kind::Choice(_) => "choice",
        Kind::YesNo => "yes-no",
        Kind::Code(_) => "code",
        Kind::File(_) => "file",
        Kind::Rows { .. } => "rows",
    }
}

fn who(who: &Who) -> Value {
    match who {
        Who::Applicant => json!("applicant"),
        Who::Post { office: None, post } => json!(post),
        Who::Post { office: Some(office), post } => json!(format!("{office}/{post}")),
        Who::Step(step) => json!({"step": step}),
    }
}

fn object(fields: &[&Field]) -> Map<String, Value> {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.key.clone(), property(field))).collect();
    // What is asked only sometimes cannot be required always.
    let always = |field: &&&Field| matches!(field.required, Required::Yes) && field.when.is_none();
    let required: Vec<&str> = fields.iter().filter(always).map(|field| field.key.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = of_kind(&field.kind, matches!(field.required, Required::Yes));
    schema.insert("title".to_owned(), json!(field.title.zh));
    if let Some(help) = &field.help {
        schema.insert("description".to_owned(), json!(help.zh));
    }
    if field.state_secret {
        schema.insert("const".to_owned(), json!(false));
    }
    Value::Object(schema)
}

fn of_kind(kind: &Kind, required: bool) -> Map<String, Value> {
    const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
    const NO_CONTROL_BUT_LINES: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";
    let schema = match kind {
        Kind::Text(range) => text(*range, NO_CONTROL, required),
        Kind::LongText(range) => text(*range, NO_CONTROL_BUT_LINES, required),
        Kind::Integer(range) | Kind::MoneyFen(range) | Kind::AreaM2(range) => json!({"type": "integer", "minimum": range.min, "maximum": range.max}),
        Kind::Date { .. } => json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Kind::Choice(choices) => json!({"enum": choices.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>()}),
        Kind::YesNo => json!({"type": "boolean"}),
        Kind::Code(Scheme::Region) => json!({"enum": codes::regions().map(|(code, _)| code).collect::<Vec<_>>()}),
        Kind::Code(scheme @ (Scheme::Uscc | Scheme::ProjectCode | Scheme::Industry)) => json!({"type": "string", "pattern": scheme.pattern()}),
        Kind::File(rule) => file(rule),
        Kind::Rows { fields, count, by: _ } => {
            let items = object(&fields.iter().collect::<Vec<_>>());
            json!({"type": "array", "items": items, "minItems": count.min, "maxItems": count.max})
        }
    };
    if let Value::Object(schema) = schema { schema } else { Map::new() }
}

fn file(rule: &FileRule) -> Value {
    let mut name = vec![json!({"pattern": r"\S"})];
    if !rule.accept.is_empty() {
        // Without regard to case: what an office sends is often named in capitals.
        let ending = |ending: &String| {
            ending
                .chars()
                .map(|letter| if letter.is_ascii_alphabetic() { format!("[{letter}{}]", letter.to_ascii_uppercase()) } else { letter.to_string() })
                .collect::<String>()
        };
        name.push(json!({"pattern": format!(r"\.({})$", rule.accept.iter().map(ending).collect::<Vec<_>>().join("|"))}));
    }
    json!({
        "type": "object", "required": ["name", "sha256", "bytes"], "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "maxLength": 255, "allOf": name},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "bytes": {"type": "integer", "minimum": 0, "maximum": rule.bytes_max},
        },
    })
}

/// A required text is more than blanks.
fn text(range: Range, letters: &str, required: bool) -> Value {
    let mut patterns = vec![json!({"pattern": letters})];
    if required {
        patterns.push(json!({"pattern": r"\S"}));
    }
    json!({"type": "string", "minLength": range.min, "maxLength": range.max, "allOf": patterns})
}
