//! The same questions to us and to dsntk, a FEEL engine of other hands: generated expressions and tables, compared answer by answer.
//! Invariant: every disagreement falls under a reason that `workflows/README.md` gives to authors; one without a reason fails the test.
//!
//! Without dsntk the answers it once gave stand in `dsntk.jsonl` and are compared with ours of today. `tests/oracle/run` builds dsntk, asks it anew
//! about as many as one likes, and with `GREENLANE_ORACLE_RECORD` set writes that file.

use std::collections::BTreeMap;

use greenlane::expr::{EvalError, Table, Value, parse};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

mod ask;
mod made;

use crate::fuzz::Dice;

/// What is read by every expression.
const CONTEXT: &str = r#"{n: 7, m: 2.50, z: 0, neg: -3, yes: true, no: false, t: "abc", u: "绿色通道", e: "", d: date("2025-03-31"), f: date("2024-02-29"), w: duration("P3D"), v: duration("PT36H"), k: duration("P1Y2M"), l: [3, 1, 2, 3], s: ["b", "a", "c"], q: [], r: [{a: 1, b: "x"}, {a: 2, b: "y"}, {a: 5, b: "x"}], 项目: {总投资: 32000, 类别: "甲"}}"#;

/// How an answer of ours and one of theirs go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Agree,
    /// We say why there is no value, they say null.
    ErrorForNull,
    /// Something without a value or of another kind inside; they went on with null, false or the other branch.
    ErrorInside,
    /// 28 digits here, 34 there.
    Digits,
    /// `3..1` is nothing here and 3, 2, 1 there.
    RangeDown,
    /// A date beyond the years of four digits is an error here.
    Years,
    /// `-0` and `000` are texts of zero there.
    ZeroThere,
    /// Asked because the two are known to differ; each has its line in the docs.
    ByHand,
    /// Their parser stops at a call whose name is of several words inside brackets, and loses `years and months duration` behind the path of a list.
    ParserThere,
    /// They have no value for an empty sum, for the extremes of dates, for what FEEL leaves to three arguments or does not know.
    NullThere,
    /// A list, sum or count of no rows is empty or 0 here and null there.
    NothingHit,
    /// An overlap or a dead row is refused when the table is read.
    RefusedWhenRead,
    /// Ours and theirs read a text as a date or a duration differently, or move one by a part of a day.
    PartOfDay,
    Unexplained,
}

/// Functions that have a value here and null there for some arguments.
const NULL_THERE: [&str; 7] = ["min(", "max(", "sum(", "mean(", "product(", "number(", "round half even("];

/// What a duration looks like in an expression made here.
const LENGTHS: [&str; 8] = ["duration(", "(w", "(v", "(k", "date(", " w)", " v)", " k)"];

fn roots() -> Value {
    parse(CONTEXT).unwrap().eval(&Value::context::<String>([])).unwrap()
}

/// A value in the form the oracle writes.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("n:{}", number.normalize()),
        Value::Text(text) => format!("s:{}", Json::from(text.as_str())),
        Value::Date(date) => format!("d:{date}"),
        Value::Seconds(seconds) => format!("dt:{seconds}"),
        Value::Months(months) => format!("ym:{months}"),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Context(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{}: {}", Json::from(key.as_str()), shown(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Numbers apart from everything else, so that 2.50 is 2.5 and a last digit can be told from a wrong answer.
fn pieces(answer: &str) -> (String, Vec<Decimal>) {
    let (mut text, mut numbers, mut rest) = (String::new(), Vec::new(), answer);
    while let Some((before, after)) = rest.split_once("n:") {
        let end = after.find(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == '-')).unwrap_or(after.len());
        text.push_str(before);
        text.push_str("n:");
        numbers.push(after[..end].parse().unwrap_or_default());
        rest = &after[end..];
    }
    text.push_str(rest);
    (text, numbers)
}

/// A divisor of which 28 digits after the point hold a few only.
const SMALL: &str = "/ 12345678901234567890)";

/// Whether two numbers differ by less than one part in ten to the `digits`.
fn apart_by(left: Decimal, right: Decimal, digits: u32) -> bool {
    left.checked_sub(right).is_some_and(|apart| apart.abs() <= left.abs() * Decimal::new(1, digits))
}

/// Lengths that were divided: they drop the part of a second.
fn a_second_apart(ours: &str, theirs: &str) -> bool {
    let seconds = |text: &str| text.strip_prefix("dt:")?.parse::<i64>().ok();
    seconds(ours).zip(seconds(theirs)).is_some_and(|(ours, theirs)| ours.abs_diff(theirs) == 1)
}

/// Their `-0` and `000`, as everybody writes it.
fn zeros_as_one(theirs: &str) -> String {
    let mut pieces: Vec<String> = theirs.split('"').map(str::to_owned).collect();
    for piece in pieces.iter_mut().skip(1).step_by(2) {
        let digits = piece.strip_prefix('-').unwrap_or(piece);
        if !digits.is_empty() && digits.chars().all(|letter| letter == '0') {
            *piece = "0".to_owned();
        }
    }
    pieces.join("\"")
}

fn close(left: Decimal, right: Decimal) -> bool {
    let apart = left.checked_sub(right).map(|apart| apart.abs());
    let scale = left.abs().max(Decimal::ONE);
    // The remainder after a division by what 28 digits hold of a small number is as coarse as that number.
    apart.is_some_and(|apart| apart <= scale * Decimal::new(1, 18))
}

fn compared(ours: &Result<Value, EvalError>, theirs: &str, source: &str) -> Reason {
    if made::BY_HAND.contains(&source) {
        return Reason::ByHand;
    }
    if theirs.starts_with("error <ParserError>") {
        return Reason::ParserThere;
    }
    let none = theirs == "null" || theirs.starts_with("error");
    match ours {
        Err(_) if none => Reason::ErrorForNull,
        Err(error) if error.en.contains("whole days or months") => Reason::PartOfDay,
        Err(error) if error.en.contains("years 0000 to 9999") => Reason::Years,
        Err(_) => Reason::ErrorInside,
        Ok(value) => {
            let ((our_text, our_numbers), (their_text, their_numbers)) = (pieces(&shown(value)), pieces(theirs));
            if our_text == their_text && our_numbers == their_numbers {
                return Reason::Agree;
            }
            let coarse = source.contains(SMALL) && our_numbers.len() == 1 && their_numbers.len() == 1 && apart_by(our_numbers[0], their_numbers[0], 8);
            let near = our_numbers.len() == their_numbers.len() && our_numbers.iter().zip(&their_numbers).all(|(left, right)| close(*left, *right));
            match () {
                () if our_text == their_text && (near || coarse) => Reason::Digits,
                () if a_second_apart(&our_text, &their_text) && source.contains(" / ") => Reason::Digits,
                () if source.contains("string(") && zeros_as_one(&their_text) == our_text => Reason::ZeroThere,
                () if source.contains("3..1") => Reason::RangeDown,
                // A duration by a number of many digits has no value there.
                () if theirs.contains("null") && source.contains(" * ") && ["dt:", "ym:"].iter().any(|length| our_text.contains(length)) => Reason::NullThere,
                () if theirs.contains("null") && source.contains(" * ") && LENGTHS.iter().any(|length| source.contains(length)) => Reason::NullThere,
                () if theirs.contains("null") && source.contains("years and months duration(") => Reason::ParserThere,
                () if theirs.contains("null") && NULL_THERE.iter().any(|name| source.contains(name)) => Reason::NullThere,
                () => Reason::Unexplained,
            }
        }
    }
}

/// Our answer to a question the oracle is asked, and how theirs goes with it.
fn judged(question: &Json, theirs: &str) -> (String, Reason) {
    if let Some(source) = question["expr"].as_str() {
        let ours = match parse(source) {
            Err(errors) => return (format!("does not parse: {}", errors[0].en), Reason::Unexplained),
            Ok(expr) => expr.eval(&roots()),
        };
        let reason = compared(&ours, theirs, source);
        return (ours.as_ref().map_or_else(|error| error.en.clone(), shown), reason);
    }
    let inputs = parse(question["context"].as_str().unwrap()).unwrap().eval(&Value::context::<String>([])).unwrap();
    let table = match Table::parse(&yaml(&question["table"]), "t.yaml") {
        Ok(table) => table,
        Err(mistakes) if mistakes.iter().all(|mistake| ["overlap", "unreachable-row"].contains(&mistake.code)) => {
            return (mistakes[0].en.clone(), Reason::RefusedWhenRead);
        }
        Err(mistakes) => return (mistakes[0].to_string(), Reason::Unexplained),
    };
    let decision = table.decide(&inputs);
    explained(&table, &inputs, decision.as_ref().map(|decision| &*decision.rows).ok());
    let nothing = decision.as_ref().is_ok_and(|decision| decision.rows.is_empty());
    let ours = decision.map(|decision| decision.value);
    let reason = if nothing && theirs == "null" { Reason::NothingHit } else { compared(&ours, theirs, "") };
    (ours.as_ref().map_or_else(|error| error.en.clone(), shown), reason)
}

/// What is explained is what was decided: the rows of a decision hold, and of a policy that takes all of them no other does.
fn explained(table: &Table, inputs: &Value, rows: Option<&[usize]>) {
    let why = table.explain(inputs);
    let Some(rows) = rows else { return };
    for row in &why {
        let decided = rows.contains(&row.row);
        assert!(!decided || row.hit, "{}", row.en());
        assert!(decided || table.hit().gives_one() || table.hit().takes_numbers() || !row.hit, "{}", row.en());
        assert!(row.hit || row.cells.iter().any(|cell| !cell.holds), "a row that does not hold has a cell that does not");
    }
}

/// The oracle's table in our language.
fn yaml(asked: &Json) -> String {
    let hit = asked["hit"].as_str().unwrap();
    let mut table = json!({
        "table": "t", "title": "t", "hit": hit, "inputs": asked["inputs"],
        "rows": asked["rows"].as_array().unwrap().iter().map(|row| {
            let then = row["then"].as_str().unwrap();
            json!({"when": row["when"], "then": serde_json::from_str::<Json>(then).unwrap()})
        }).collect::<Vec<_>>(),
    });
    if !matches!(hit, "C+" | "C<" | "C>") {
        table["outcomes"] = json!(["x", "y", "z"]);
    }
    table.to_string()
}

#[test]
fn what_dsntk_answered_is_what_we_answer_or_the_docs_say_why_not() {
    if std::env::var_os("GREENLANE_ORACLE").is_some() {
        return asked_anew();
    }
    let recorded = include_str!("dsntk.jsonl");
    let mut judged_all = Judged::default();
    for line in recorded.lines() {
        let question: Json = serde_json::from_str(line).unwrap();
        judged_all.add(&question, question["answer"].as_str().unwrap());
    }
    judged_all.close(400, 60);
}

fn asked_anew() {
    let count: usize = std::env::var("GREENLANE_ORACLE_COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let seed: u64 = std::env::var("GREENLANE_ORACLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut dice = Dice::new(seed);
    let mut oracle = ask::Oracle::started();
    let (mut judged_all, mut lines) = (Judged::default(), Vec::new());
    for number in 0..count + count / 10 {
        let mut question = match made::BY_HAND.get(number) {
            Some(source) => json!({"expr": source}),
            None if number < count => json!({"expr": made::expression(&mut dice)}),
            None => made::table(&mut dice),
        };
        let mut asked = question.clone();
        if asked["context"].is_null() {
            asked["context"] = json!(CONTEXT);
        }
        let answer = oracle.answer(&asked);
        judged_all.add(&question, &answer);
        question["answer"] = json!(answer);
        lines.push(question.to_string());
    }
    if std::env::var_os("GREENLANE_ORACLE_RECORD").is_some() {
        std::fs::write("tests/it/expr/dsntk.jsonl", lines.join("\n") + "\n").unwrap();
    }
    println!("dsntk stopped {} times", oracle.stopped);
    judged_all.close(count, count / 10);
}

#[derive(Default)]
struct Judged {
    counts: BTreeMap<(bool, Reason), usize>,
    examples: BTreeMap<Reason, Vec<String>>,
}

impl Judged {
    fn add(&mut self, question: &Json, theirs: &str) {
        let (ours, reason) = judged(question, theirs);
        *self.counts.entry((question["table"].is_object(), reason)).or_default() += 1;
        let examples = self.examples.entry(reason).or_default();
        if reason != Reason::Agree && examples.len() < 12 {
            examples.push(format!("{question}\n    ours {ours}\n    dsntk {theirs}"));
        }
    }

    fn close(&self, expressions: usize, tables: usize) {
        for ((table, reason), count) in &self.counts {
            println!("dsntk: {count} {} {reason:?}", if *table { "tables" } else { "expressions" });
        }
        let verbose = std::env::var_os("GREENLANE_ORACLE_EXAMPLES").is_some();
        for (reason, examples) in self.examples.iter().filter(|_| verbose) {
            println!("{reason:?}\n{}", examples.join("\n"));
        }
        let compared = |wanted: bool| self.counts.iter().filter(|((table, _), _)| *table == wanted).map(|(_, count)| count).sum::<usize>();
        assert!(compared(false) >= expressions && compared(true) >= tables, "too few were compared");
        let agreed = |table| self.counts.get(&(table, Reason::Agree)).copied().unwrap_or(0);
        assert!(agreed(false) * 2 > compared(false), "most expressions have a value, and the same one");
        assert!(!self.examples.contains_key(&Reason::Unexplained), "{}", self.examples[&Reason::Unexplained].join("\n"));
    }
}
