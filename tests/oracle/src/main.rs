//! Answers a line of JSON for each line it is asked: `{"context": "{…}", "expr": "…"}` or `{"context": "{…}", "table": {…}}` gives the value in one agreed form.
//! Never: anything but standard input and output. An input that stops dsntk stops this process; whoever asks starts another.

use std::io::{BufRead, Write};

use dsntk_feel::FeelScope;
use dsntk_feel::values::Value;
use dsntk_model::{BuiltinAggregator, DecisionRule, DecisionTable, DecisionTableOrientation, HitPolicy, InputClause, InputEntry, OutputClause, OutputEntry};
use serde_json::Value as Json;

fn main() {
    let stdin = std::io::stdin();
    let mut stdout = std::io::stdout();
    for line in stdin.lock().lines() {
        let line = line.expect("a line of text");
        let question: Json = serde_json::from_str(&line).expect("a line of JSON");
        let answer = answer(&question).unwrap_or_else(|trouble| format!("error {trouble}"));
        writeln!(stdout, "{}", answer.replace('\n', "\\n")).expect("a reader");
        stdout.flush().expect("a reader");
    }
}

fn answer(question: &Json) -> Result<String, String> {
    let scope = scope(question["context"].as_str().unwrap_or("{}"))?;
    if let Some(source) = question["expr"].as_str() {
        let node = dsntk_feel_parser::parse_expression(&scope, source, false).map_err(|error| error.to_string())?;
        return Ok(shown(&dsntk_feel_evaluator::evaluate(&scope, &node)));
    }
    let table = table(&question["table"]);
    let evaluator = dsntk_model_evaluator::build_decision_table_evaluator(&scope, &table).map_err(|error| error.to_string())?;
    Ok(shown(&evaluator(&scope)))
}

fn scope(context: &str) -> Result<FeelScope, String> {
    let empty = FeelScope::default();
    let node = dsntk_feel_parser::parse_context(&empty, context, false).map_err(|error| error.to_string())?;
    match dsntk_feel_evaluator::evaluate(&empty, &node) {
        Value::Context(context) => Ok(context.into()),
        other => Err(format!("no context: {other}")),
    }
}

fn table(asked: &Json) -> DecisionTable {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Json| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let (hit, aggregation) = policy(&text(&asked["hit"]));
    let inputs = texts(&asked["inputs"]).into_iter().map(|input_expression| InputClause { input_expression, allowed_input_values: None });
    let output = OutputClause { type_ref: None, name: None, allowed_output_values: asked["outputs"].as_str().map(str::to_owned), default_output_entry: None };
    let rules = asked["rows"].as_array().into_iter().flatten().map(|row| DecisionRule {
        input_entries: texts(&row["when"]).into_iter().map(|text| InputEntry { text }).collect(),
        output_entries: vec![OutputEntry { text: text(&row["then"]) }],
        annotation_entries: Vec::new(),
    });
    let (inputs, rules) = (inputs.collect(), rules.collect());
    DecisionTable::new(None, inputs, vec![output], Vec::new(), rules, hit, aggregation, DecisionTableOrientation::RuleAsRow, None)
}

fn policy(hit: &str) -> (HitPolicy, Option<BuiltinAggregator>) {
    let collect = |how: BuiltinAggregator| (HitPolicy::Collect(how), Some(how));
    match hit {
        "A" => (HitPolicy::Any, None),
        "P" => (HitPolicy::Priority, None),
        "F" => (HitPolicy::First, None),
        "R" => (HitPolicy::RuleOrder, None),
        "O" => (HitPolicy::OutputOrder, None),
        "C" => collect(BuiltinAggregator::List),
        "C+" => collect(BuiltinAggregator::Sum),
        "C<" => collect(BuiltinAggregator::Min),
        "C>" => collect(BuiltinAggregator::Max),
        "C#" => collect(BuiltinAggregator::Count),
        _ => (HitPolicy::Unique, None),
    }
}

/// A value with its kind, so that a text `1` and a number 1 differ.
fn shown(value: &Value) -> String {
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Number(number) => format!("n:{number}"),
        Value::String(text) => format!("s:{}", Json::from(text.as_str())),
        Value::Date(date) => format!("d:{date}"),
        Value::DaysAndTimeDuration(duration) => format!("dt:{}", duration.as_seconds()),
        Value::YearsAndMonthsDuration(duration) => format!("ym:{}", duration.as_months()),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Context(context) => {
            let entries: Vec<String> = context.iter().map(|(name, value)| format!("{}: {}", Json::from(name.to_string()), shown(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => format!("other {other}"),
    }
}
