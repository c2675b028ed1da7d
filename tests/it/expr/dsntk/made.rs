//! Expressions and tables made by chance: mostly of fitting kinds, now and then not.
//! Left out are the inputs dsntk is known to stop at or to take half a minute for: long ranges, recursion, long rows of signs.

use serde_json::{Value as Json, json};

use crate::fuzz::Dice;

#[derive(Clone, Copy)]
enum Kind {
    Number,
    Bool,
    Text,
    Date,
    Length,
    Months,
    Numbers,
    Texts,
}

const KINDS: [Kind; 8] = [Kind::Number, Kind::Bool, Kind::Text, Kind::Date, Kind::Length, Kind::Months, Kind::Numbers, Kind::Texts];

/// What dsntk is known to answer with null where FEEL and we have a value; made expressions leave it out, because a null inside changes anything around it.
pub const BY_HAND: [&str; 19] = [
    "round up(0, 1)",
    "round up(0.1, 1)",
    "(-(w)).days",
    "(w * 999999999999.99)",
    "string length(substring(\"x\", 2))",
    "sublist([], 1)",
    "years and months duration(d, f)",
    "(n in >= (d).day)",
    "for n in 3..1 return n",
    "min(d, f)",
    "max([d, f])",
    "max(w, v)",
    "min(k, duration(\"P1M\"))",
    "sum([w, v])",
    "mean([w, w])",
    "number(\"1.50\")",
    "round half even(2.5, 0)",
    "sum([])",
    "product(q)",
];

/// An expression.
pub fn expression(dice: &mut Dice) -> String {
    // By itself: inside another expression dsntk loses a name that holds `and`.
    if dice.once_in(200) {
        return "years and months duration(f, d)".to_owned();
    }
    let kind = KINDS[dice.below(KINDS.len())];
    of(dice, kind, 3)
}

fn of(dice: &mut Dice, kind: Kind, depth: usize) -> String {
    let kind = if dice.once_in(60) { KINDS[dice.below(KINDS.len())] } else { kind };
    if depth == 0 || dice.once_in(5) {
        return leaf(dice, kind);
    }
    if dice.once_in(10) {
        let (condition, yes, no) = (of(dice, Kind::Bool, depth - 1), of(dice, kind, depth - 1), of(dice, kind, depth - 1));
        return format!("(if {condition} then {yes} else {no})");
    }
    let template = template(dice, kind);
    filled(dice, template, depth - 1)
}

fn leaf(dice: &mut Dice, kind: Kind) -> String {
    let of: &[&str] = match kind {
        Kind::Number => &["1", "0", "2.5", "n", "m", "z", "neg", "10", "0.1", "项目.总投资", "r[1].a", "l[2]", "12345678901234567890", "99999.99", "-4"],
        Kind::Bool => &["true", "false", "yes", "no"],
        Kind::Text => &["t", "u", "e", "\"\"", "\"x\"", "\"绿\"", "\"a b\"", "项目.类别", "r[2].b", "s[1]"],
        Kind::Date => &["d", "f", "date(\"2025-01-31\")", "date(2025, 12, 1)", "date(\"2024-12-30\")"],
        Kind::Length => &["w", "v", "duration(\"P1D\")", "duration(\"-PT2H\")", "duration(\"P0D\")", "duration(\"P10DT1H2M3S\")"],
        Kind::Months => &["k", "duration(\"P1M\")", "duration(\"-P2Y\")", "duration(\"P13M\")"],
        Kind::Numbers => &["l", "q", "[1, 2, 3]", "r.a", "[n, m]", "[0]"],
        Kind::Texts => &["s", "q", "[\"b\", \"a\"]", "r.b", "[t]"],
    };
    dice.pick(of).to_owned()
}

/// `#` a number, `?` a condition, `$` a text, `@` a date, `~` a length, `^` months, `%` numbers, `&` texts.
fn template(dice: &mut Dice, kind: Kind) -> &'static str {
    let of = of_values(kind);
    of[dice.below(of.len())]
}

fn of_values(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Number => &[
            "(# + #)",
            "(# - #)",
            "(# * #)",
            "(# / #)",
            "-(#)",
            "abs(#)",
            "floor(#)",
            "ceiling(#)",
            "floor(# / 3)",
            "decimal(#, 1)",
            "ceiling(# * 1.5)",
            "decimal(#, 2)",
            "modulo(#, #)",
            "sum(append(%, 0))",
            "min(%)",
            "max(%)",
            "mean(append(%, 1))",
            "product(append(%, 1))",
            "median(append(%, 1))",
            "count(%)",
            "count(&)",
            "string length($)",
            "(@).year",
            "(@).month",
            "(@).day",
            "(@).weekday",
            "day of year(@)",
            "week of year(@)",
            "(abs(~)).days",
            "(abs(~)).hours",
            "(^).years",
            "(^).months",
            "(~ / ~)",
            "(^ / ^)",
            "min(#, #)",
            "max(#, #, #)",
            "sum(#, #)",
            "%[1]",
            "{a: #, b: 2}.a",
            "%[-1]",
            "index of(%, #)[1]",
            "sum(append(r[item.a > #].a, 0))",
            "count(r[item.b = $])",
        ],
        Kind::Bool => &[
            "(# < #)",
            "(# >= #)",
            "(# = #)",
            "(# != #)",
            "($ = $)",
            "($ < $)",
            "(@ < @)",
            "(@ = @)",
            "(~ > ~)",
            "(^ <= ^)",
            "(? and ?)",
            "(? or ?)",
            "not(?)",
            "(# between # and #)",
            "(@ between @ and @)",
            "(# in [m..n])",
            "(# in (neg..n])",
            "(# in (#, #, #))",
            "($ in ($, $))",
            "(# in (> n, < m))",
            "(# in >= n)",
            "(some x in % satisfies x > #)",
            "(every x in % satisfies x <= #)",
            "(some x in r satisfies x.b = $ and x.a > #)",
            "list contains(%, #)",
            "list contains(&, $)",
            "contains($, $)",
            "starts with($, $)",
            "ends with($, $)",
            "all([?, ?])",
            "any([?, ?])",
            "even(floor(#))",
            "odd(floor(#))",
            "(% = %)",
            "(@ in [f..d])",
            "(? = ?)",
            "(some x in %, y in % satisfies x = y)",
            "(# in l)",
            "($ in (not($)))",
        ],
        Kind::Text | Kind::Date | Kind::Length | Kind::Months | Kind::Numbers | Kind::Texts => of_lengths_and_lists(kind),
    }
}

fn of_lengths_and_lists(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Number | Kind::Bool => &[],
        Kind::Text => &[
            "($ + $)",
            "upper case($)",
            "lower case($)",
            "substring(u, 2)",
            "substring(u + $, 2, 1)",
            "substring(u, -1)",
            "string(floor(#))",
            "string join(&, $)",
            "string join(&)",
            "substring before($, $)",
            "substring after($, $)",
            "replace($, \"a\", $)",
            "string(@)",
            "string(?)",
            "day of week(@)",
            "&[1]",
            "string(~)",
            "string(^)",
            "{a: $}.a",
        ],
        Kind::Date => &["(@ + ~)", "(@ - ~)", "(@ + ^)", "(@ - ^)", "date(string(@))", "[@, @][1]"],
        Kind::Length => &["(@ - @)", "(~ + ~)", "(~ - ~)", "(~ * #)", "(# * ~)", "(~ / #)", "-(~)", "abs(~)", "duration(string(~))"],
        Kind::Months => &["(^ + ^)", "(^ - ^)", "(^ * #)", "(^ / #)", "-(^)", "abs(^)"],
        Kind::Numbers => &[
            "[#, #, #]",
            "append(%, #)",
            "concatenate(%, %)",
            "distinct values(%)",
            "flatten([%, [#]])",
            "reverse(%)",
            "sublist(l, 2)",
            "sublist(append(%, 1), 1, 1)",
            "index of(%, #)",
            "union(%, %)",
            "insert before(%, 1, #)",
            "remove(%, 1)",
            "list replace(%, 1, #)",
            "(for x in % return x * #)",
            "(for x in 1..3 return x + #)",
            "(for x in 3..1 return x)",
            "%[item > #]",
            "r[item.a < #].a",
            "(for x in %, y in [1, 2] return x - y)",
        ],
        Kind::Texts => &[
            "[$, $]",
            "append(&, $)",
            "concatenate(&, &)",
            "distinct values(&)",
            "reverse(&)",
            "split($, \"b\")",
            "(for x in & return x + $)",
            "&[item != $]",
            "r[item.a >= #].b",
            "union(&, &)",
            "remove(&, 1)",
        ],
    }
}

fn filled(dice: &mut Dice, template: &str, depth: usize) -> String {
    let mut text = String::new();
    for letter in template.chars() {
        let kind = match letter {
            '#' => Kind::Number,
            '?' => Kind::Bool,
            '$' => Kind::Text,
            '@' => Kind::Date,
            '~' => Kind::Length,
            '^' => Kind::Months,
            '%' => Kind::Numbers,
            '&' => Kind::Texts,
            other => {
                text.push(other);
                continue;
            }
        };
        text.push_str(&of(dice, kind, depth));
    }
    text
}

/// A column: its values, and cells that test for them.
const COLUMNS: [(&[&str], &[&str]); 5] = [
    (&["0", "5", "10", "7.5", "-1", "100"], &["-", "5", "> 5", "< 5", ">= 5", "[0..10]", "(0..10)", "(5..10]", "< 0, > 10", "not(5)", "0, 5, 10", "<= 7.5"]),
    (&["\"a\"", "\"b\"", "\"绿色\""], &["-", "\"a\"", "\"a\", \"b\"", "not(\"a\")", "not(\"a\", \"绿色\")", "\"绿色\""]),
    (&["true", "false"], &["-", "true", "false"]),
    (
        &["date(\"2025-01-31\")", "date(\"2025-06-30\")", "date(\"2024-02-29\")"],
        &[
            "-",
            "< date(\"2025-06-30\")",
            ">= date(\"2025-06-30\")",
            "[date(\"2025-01-01\")..date(\"2025-12-31\")]",
            "date(\"2024-02-29\")",
            "not(date(\"2025-01-31\"))",
        ],
    ),
    (&["duration(\"P3D\")", "duration(\"PT36H\")"], &["-", "> duration(\"P2D\")", "<= duration(\"P2D\")"]),
];

/// A table with the values of its inputs.
pub fn table(dice: &mut Dice) -> Json {
    let width = 1 + dice.below(3);
    let columns: Vec<usize> = (0..width).map(|_| dice.below(COLUMNS.len())).collect();
    let hit = dice.pick(&["U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#"]);
    let numbers = matches!(hit, "C+" | "C<" | "C>");
    let rows: Vec<Json> = (0..1 + dice.below(6))
        .map(|_| {
            let when: Vec<&str> = columns.iter().map(|column| dice.pick(COLUMNS[*column].1)).collect();
            let then = if numbers { dice.pick(&["1", "2.5", "-3", "10"]) } else { dice.pick(&["\"x\"", "\"y\"", "\"z\""]) };
            json!({"when": when, "then": then})
        })
        .collect();
    let names = ["a", "b", "c"];
    let values: Vec<String> = columns.iter().zip(names).map(|(column, name)| format!("{name}: {}", dice.pick(COLUMNS[*column].0))).collect();
    let mut table = json!({"hit": hit, "inputs": names[..width], "rows": rows});
    if !numbers {
        table["outputs"] = json!("\"x\", \"y\", \"z\"");
    }
    json!({"context": format!("{{{}}}", values.join(", ")), "table": table})
}
