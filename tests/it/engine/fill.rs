//! A form filled in so that it passes: from what was filed where the form has such a field, else with the plainest value there is.

use greenlane::forms::codes::Scheme;
use greenlane::forms::{Field, Form, Kind, Who};
use serde_json::{Map, Value, json};

/// The whole form, optional fields too; what is kept for somebody else to fill in is left to them.
pub fn filled(form: &Form, filed: &Value) -> Value {
    let ours = |field: &&Field| field.edit.as_ref().is_none_or(|who| who.contains(&Who::Applicant));
    Value::Object(form.fields().filter(ours).map(|field| (field.key.clone(), value(field, filed))).collect())
}

fn value(field: &Field, filed: &Value) -> Value {
    if field.state_secret {
        return json!(false);
    }
    let known = filed.get(&field.key).filter(|known| fits(&field.kind, known));
    known.cloned().unwrap_or_else(|| plain(&field.kind))
}

fn fits(kind: &Kind, known: &Value) -> bool {
    match kind {
        Kind::Text(_) | Kind::LongText(_) | Kind::Code(_) | Kind::Date { .. } => known.is_string(),
        Kind::Integer(range) | Kind::MoneyFen(range) | Kind::AreaM2(range) => known.as_i64().is_some_and(|known| (range.min..=range.max).contains(&known)),
        Kind::Choice(choices) => choices.iter().any(|choice| known == &json!(choice.value)),
        Kind::YesNo => known.is_boolean(),
        Kind::File(_) => known.is_object(),
        Kind::Rows { .. } => known.is_array(),
    }
}

fn plain(kind: &Kind) -> Value {
    match kind {
        Kind::Text(range) | Kind::LongText(range) => json!("件".repeat(usize::try_from(range.min.max(1)).unwrap())),
        Kind::Integer(range) | Kind::MoneyFen(range) | Kind::AreaM2(range) => json!(range.min.max(0)),
        Kind::Date { .. } => json!("2025-03-03"),
        Kind::Choice(choices) => json!(choices[0].value),
        Kind::YesNo => json!(true),
        Kind::Code(Scheme::Uscc) => json!("91420700DEM000014T"),
        Kind::Code(Scheme::ProjectCode) => json!("2503-420703-04-01-000000"),
        Kind::Code(Scheme::Region) => json!("420703"),
        Kind::Code(Scheme::Industry) => json!("3581"),
        Kind::File(_) => json!({"name": "a.pdf", "sha256": "0".repeat(64), "bytes": 1}),
        Kind::Rows { fields, .. } => {
            let row: Map<String, Value> = fields.iter().map(|field| (field.key.clone(), plain(&field.kind))).collect();
            json!([row])
        }
    }
}
