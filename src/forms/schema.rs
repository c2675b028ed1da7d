//! A form as JSON Schema 2020-12, for whoever submits from outside.
//! Invariant: what the schema refuses, `validate` refuses. The other way round not all can be said: check characters, real dates, conditions.

use serde_json::{Map, Value, json};

use super::codes::{self, Scheme};
use super::{Field, Form, Kind, Range, Required};

impl Form {
    /// The schema of a submission.
    #[must_use]
    pub fn schema_json(&self) -> Value {
        let mut schema = object(&self.fields().collect::<Vec<_>>());
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!(self.title.zh));
        Value::Object(schema)
    }
}

fn object(fields: &[&Field]) -> Map<String, Value> {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.key.clone(), property(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|field| matches!(field.required, Required::Yes)).map(|field| field.key.as_str()).collect();
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
        Kind::File => json!({
            "type": "object", "required": ["name", "sha256", "bytes"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "maxLength": 255, "pattern": r"\S"},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "bytes": {"type": "integer", "minimum": 0, "maximum": i64::MAX},
            },
        }),
        Kind::Rows { fields, count } => {
            let items = object(&fields.iter().collect::<Vec<_>>());
            json!({"type": "array", "items": items, "minItems": count.min, "maxItems": count.max})
        }
    };
    if let Value::Object(schema) = schema { schema } else { Map::new() }
}

/// A required text is more than blanks.
fn text(range: Range, letters: &str, required: bool) -> Value {
    let mut patterns = vec![json!({"pattern": letters})];
    if required {
        patterns.push(json!({"pattern": r"\S"}));
    }
    json!({"type": "string", "minLength": range.min, "maxLength": range.max, "allOf": patterns})
}
