//! Expressions: values, mistakes with their places, bounds.

use std::collections::BTreeMap;

use greenlane::expr::{Type, Value, parse};
use greenlane::limits::{EXPR_BYTES_MAX, EXPR_DEPTH_MAX};

mod dsntk;
mod more;
mod random;

/// The roots the tables below read.
fn roots() -> Value {
    let json = serde_json::json!({
        "form": {
            "area_m2": 50_000, "field": "高性能医疗器械", "secret": false, "start": "2025-07-01", "note": null, "rate": 0.1,
            "sources": [
                {"kind": "own", "amount": 980_000_000_i64, "approved": true},
                {"kind": "loan", "amount": 1_600_000_000_i64, "approved": false},
                {"kind": "grant", "amount": 120_000_000_i64, "approved": true},
            ],
            "tags": ["a", "b", "a"],
        },
        "case": {"year": 2025, "rank": 2},
        "land-quota": {"outcome": "approved"},
        "项目": {"总投资": 32_000},
    });
    Value::from_json(&json)
}

fn eval(source: &str) -> String {
    match parse(source) {
        Err(errors) => panic!("{source}: {errors:?}"),
        Ok(expr) => match expr.eval(&roots()) {
            Ok(value) => value.literal(),
            Err(error) => format!("error: {}", error.en),
        },
    }
}

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<_> = table.iter().map(|(source, expected)| (*source, *expected, eval(source))).filter(|(_, expected, found)| expected != found).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn mistakes(source: &str) -> String {
    let errors = parse(source).expect_err(source);
    errors.iter().map(|error| format!("{}..{} {} / {}\n", error.span.start, error.span.end, error.en, error.zh)).collect()
}

#[test]
fn operators_bind_as_in_feel() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("100 / 10 / 2", "5"),
        ("-2 * 3", "-6"),
        ("--2", "2"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("1.0 = 1", "true"),
        ("1 < 2 and 2 < 3 or false", "true"),
        ("true or false and false", "true"),
        ("not(1 = 2)", "true"),
        ("\"绿色\" + \"通道\"", "\"绿色通道\""),
        ("5 between 1 and 5 and true", "true"),
        ("if 1 > 2 then \"a\" else if 2 > 1 then \"b\" else \"c\"", "\"b\""),
        ("/* why */ 1 // and how", "1"),
        ("\"\\u4e2d\\n\\\"\"", "\"中\n\\\"\""),
    ]);
}

#[test]
fn membership_takes_values_lists_and_intervals() {
    check(&[
        ("5 in [1..5]", "true"),
        ("5 in [1..5)", "false"),
        ("1 in (1..5]", "false"),
        ("1 in (1..5)", "false"),
        ("3 in (1, 2, 3)", "true"),
        ("3 in [1, 2]", "false"),
        ("3 in (> 5, < 4)", "true"),
        ("3 in >= 3", "true"),
        ("\"a\" in form.tags", "true"),
        ("date(\"2025-03-03\") in [date(\"2025-01-01\")..date(\"2025-12-31\")]", "true"),
        ("form.field in (\"物联网\", \"高性能医疗器械\")", "true"),
        ("3 in ([1..2], [3..4])", "true"),
        ("3 in []", "false"),
        ("2 in ([1, 2][2], 9)", "true"),
        ("9 in ([1, 2][2], 9)", "true"),
        ("2 in ([1, 2][1]..5]", "true"),
        ("1 in ([1, 2][1]..5]", "false"),
        ("3 in [1, 2][2] + 1", "true"),
        ("3 in ([1, 2][1] + 1, [3..4])", "true"),
    ]);
}

#[test]
fn paths_read_keys_lists_places_and_filters() {
    check(&[
        ("form.area_m2", "50000"),
        ("`land-quota`.outcome", "\"approved\""),
        ("项目.总投资 >= 10000", "true"),
        ("sum(form.sources.amount)", "2700000000"),
        ("form.sources[1].kind", "\"own\""),
        ("form.sources[-1].kind", "\"grant\""),
        ("sum(form.sources[item.approved].amount)", "1100000000"),
        ("count(form.sources[item.amount > 1000000000 and item.kind = \"loan\"])", "1"),
        ("{a: {b: 1}, \"c d\": 2}.a.b", "1"),
        ("{a: 1}.a + 1", "2"),
        ("[10, 20][2]", "20"),
        ("date(\"2025-03-03\").year", "2025"),
        ("form.sources[0 < 1].kind", "[\"own\", \"loan\", \"grant\"]"),
    ]);
}

#[test]
fn iterations_bind_their_variables() {
    check(&[
        ("some s in form.sources satisfies s.amount > 1000000000", "true"),
        ("every s in form.sources satisfies s.approved", "false"),
        ("every s in [] satisfies s", "true"),
        ("for n in 1..3 return n * n", "[1, 4, 9]"),
        ("for a in [1, 2], b in [10, 20] return a + b", "[11, 21, 12, 22]"),
        ("for n in 3..1 return n", "[]"),
        ("for s in form.sources return s.kind", "[\"own\", \"loan\", \"grant\"]"),
        ("for a in [[1], [2, 3]], b in a return b", "[1, 2, 3]"),
    ]);
}

#[test]
fn dates_count_in_days() {
    check(&[
        ("date(\"2025-03-03\") + duration(\"P3D\")", "date(\"2025-03-06\")"),
        ("date(\"2025-03-03\") - duration(\"P3D\") = date(2025, 2, 28)", "true"),
        ("date(\"2025-03-03\") - date(\"2025-02-28\")", "duration(\"P3D\")"),
        ("days(date(form.start) - date(\"2025-06-01\")) >= 30", "true"),
        ("duration(\"P3D\") * 2 > duration(\"P5D\")", "true"),
        ("-duration(\"P3D\")", "duration(\"-P3D\")"),
        ("year(date(form.start)) = case.year", "true"),
        ("[month(date(form.start)), day(date(form.start))]", "[7, 1]"),
    ]);
}

#[test]
fn functions_of_lists_texts_and_numbers() {
    check(&[
        ("count([1, 2, 3])", "3"),
        ("[sum([]), sum(1, 2), min(3, 1), max([1, 3]), mean(1, 2)]", "[0, 3, 1, 3, 1.5]"),
        ("[all([true, false]), any([true, false]), all([])]", "[false, true, true]"),
        ("[list contains(form.tags, \"b\"), list_contains([1], 2)]", "[true, false]"),
        ("append([1], 2, 3)", "[1, 2, 3]"),
        ("concatenate([1], [2, 3])", "[1, 2, 3]"),
        ("distinct values(form.tags)", "[\"a\", \"b\"]"),
        ("flatten([1, [2, [3]]])", "[1, 2, 3]"),
        ("[reverse([1, 2]), sublist([1, 2, 3], 2), sublist([1, 2, 3], -2, 1), index of([1, 2, 1], 1)]", "[[2, 1], [2, 3], [2], [1, 3]]"),
        ("[contains(\"绿色通道\", \"色通\"), starts with(\"ab\", \"a\"), starts_with(\"ab\", \"b\"), ends with(\"ab\", \"b\")]", "[true, true, false, true]"),
        ("[upper case(\"ab\"), lower(\"AB\")]", "[\"AB\", \"ab\"]"),
        ("[string length(\"绿色\"), string length(\"\")]", "[2, 0]"),
        ("[substring(\"绿色通道\", 2, 2), substring(\"abc\", -2), substring(\"abc\", 2, 9)]", "[\"色通\", \"bc\", \"bc\"]"),
        ("string join(form.tags, \"、\")", "\"a、b、a\""),
        ("[string(1.50), string(true), number(\"0.10\")]", "[\"1.50\", \"true\", 0.10]"),
        ("[abs(-3), floor(1.9), floor(-1.1), ceiling(1.1), floor(1.29, 1)]", "[3, 1, -2, 2, 1.2]"),
        ("[round half up(2.5), round half up(-2.5), round half up(1.005, 2), round half even(2.5), round up(1.1), round down(1.9)]", "[3, -3, 1.01, 2, 2, 1]"),
        ("[modulo(7, 3), modulo(-7, 3), modulo(7, -3), modulo(6, 3)]", "[1, 2, -2, 0]"),
        (
            "[is defined(form.area_m2), is defined(form.nothing), is defined(form.note), is defined(nobody.x), is_defined(form.note.x)]",
            "[true, false, false, false, false]",
        ),
    ]);
}

#[test]
fn a_condition_without_a_value_is_an_error_and_never_null() {
    insta::assert_snapshot!(
        [
            "form.area > 3",
            "nobody.area > 3",
            "date(form.start) > 3",
            "form.start > date(\"2025-01-01\")",
            "form.note = 3",
            "form.note > 3",
            "form.area_m2 = \"50000\"",
            "1 / (2 - 2)",
            "79228162514264337593543950335 + 1",
            "date(\"2025-02-29\")",
            "date(\"9999-12-31\") + duration(\"P999999999D\")",
            "duration(\"P1M1D\")",
            "form.secret + 1",
            "if form.area_m2 then 1 else 2",
            "form.area_m2 and true",
            "[1, 2][3]",
            "form.area_m2.x",
            "is defined(form.area_m2.x)",
            "sum([1, \"a\"])",
            "max([])",
            "true < false",
            "form.sources[item.missing = 1]",
            "form.sources[kind = \"own\"]",
            "1 in [\"a\"]",
            "count(3)",
            "modulo(1, 0)",
            "for n in 1.5..2 return n",
            "number(\"1e5\")",
        ]
        .iter()
        .map(|source| format!("{source}\n    {}\n", eval(source)))
        .collect::<String>(),
        @r#"
form.area > 3
    error: expected a key that is there (`area_m2`, `field`, `note`, `rate`, `secret`, `sources`, `start`, `tags`), found no `area` (in `form.area`)
nobody.area > 3
    error: expected a known name (`case`, `form`, `land-quota`, `项目`), found `nobody` (in `nobody`)
date(form.start) > 3
    error: expected two values of one kind, found a date and a number (in `date(form.start) > 3`)
form.start > date("2025-01-01")
    error: expected two values of one kind, found a text and a date (in `form.start > date("2025-01-01")`)
form.note = 3
    error: expected two values of one kind, found null and a number (in `form.note = 3`)
form.note > 3
    error: expected two values of one kind, found null and a number (in `form.note > 3`)
form.area_m2 = "50000"
    error: expected two values of one kind, found a number and a text (in `form.area_m2 = "50000"`)
1 / (2 - 2)
    error: expected a divisor other than zero, found 0 (in `1 / (2 - 2)`)
79228162514264337593543950335 + 1
    error: expected a result within range, found one too large (in `79228162514264337593543950335 + 1`)
date("2025-02-29")
    error: expected a date such as `2025-03-03`, found `2025-02-29` (in `date("2025-02-29")`)
date("9999-12-31") + duration("P999999999D")
    error: expected a date of the years 0000 to 9999, found one beyond (in `date("9999-12-31") + duration("P99999999…`)
duration("P1M1D")
    error: expected a duration such as `P3D`, `PT8H` or `P1Y2M`, found `P1M1D` (in `duration("P1M1D")`)
form.secret + 1
    error: expected two numbers, two texts, or a date and a duration for `+`, found a boolean and a number (in `form.secret + 1`)
if form.area_m2 then 1 else 2
    error: expected true or false, found a number (in `form.area_m2`)
form.area_m2 and true
    error: expected true or false, found a number (in `form.area_m2`)
[1, 2][3]
    error: expected a place within 2 items, found `3` (in `[1, 2][3]`)
form.area_m2.x
    error: expected a context with `x`, found a number (in `form.area_m2.x`)
is defined(form.area_m2.x)
    error: expected a context with `x`, found a number (in `form.area_m2.x`)
sum([1, "a"])
    error: expected a list of numbers, found a text in it (in `sum([1, "a"])`)
max([])
    error: expected at least one item, found an empty list (in `max([])`)
true < false
    error: expected values that have an order, found a boolean (in `true < false`)
form.sources[item.missing = 1]
    error: expected a key that is there (`amount`, `approved`, `kind`), found no `missing` (in `item.missing`)
form.sources[kind = "own"]
    error: expected a known name (`case`, `form`, `land-quota`, `项目`), found `kind` (in `kind`)
1 in ["a"]
    error: expected two values of one kind, found a text and a number (in `["a"]`)
count(3)
    error: expected a list, found a number (in `3`)
modulo(1, 0)
    error: expected a divisor other than zero, found 0 (in `modulo(1, 0)`)
for n in 1.5..2 return n
    error: expected two whole numbers, found `1.5` and `2` (in `1.5..2`)
number("1e5")
    error: expected a number written as text, found `1e5` (in `number("1e5")`)
"#
    );
    check(&[("form.note = null", "true"), ("form.area_m2 != null", "true"), ("form.note in (null)", "true")]);
}

#[test]
fn every_mistake_of_a_text_is_reported_with_its_place() {
    assert_eq!(mistakes(""), "0..0 expected a value, found the end / 期望一个值，实际到了末尾\n");
    insta::assert_snapshot!(
        [
            "form.a ==",
            "form.a == 1 && form.b => 2 and c = '甲'",
            "form.面积 ≥ 3，",
            "(1 + 2",
            "count([1, 2) + sum(3]",
            "a b c and d e",
            "1 < 2 < 3",
            "if a then b",
            "lenght(\"a\") + strng length(\"b\") + count()",
            "\"never ends",
            "1 + * 2 and ? or 3..4",
            "for x in [1] satisfies x",
            "{a: 1, a: 2, 3: 4}",
            "`land-quota",
            "1e5 + 12345678901234567890123456789012345",
            "is defined(1 + 1)",
            "form.list[0]",
            "not form.a",
            "\"\\q\" = \"\\u12\"",
            "a in (1..2",
        ]
        .iter()
        .map(|source| format!("{source}\n{}", mistakes(source)))
        .collect::<String>(),
        @r#"
form.a ==
7..9 expected `=`, found `==` / 期望 `=`，实际 `==`
9..9 expected a value, found the end / 期望一个值，实际到了末尾
form.a == 1 && form.b => 2 and c = '甲'
7..9 expected `=`, found `==` / 期望 `=`，实际 `==`
12..14 expected `and`, found `&&` / 期望 `and`，实际 `&&`
22..24 expected `>=`, found `=>` / 期望 `>=`，实际 `=>`
35..36 expected a straight double quote `"`, found `'` / 期望英文双引号 `"`，实际 `'`
form.面积 ≥ 3，
12..15 expected `>=`, found `≥` / 期望 `>=`，实际 `≥`
17..20 expected `,`, found `，` / 期望 `,`，实际 `，`
(1 + 2
6..6 expected `)`, found the end / 期望 `)`，实际到了末尾
count([1, 2) + sum(3]
11..12 expected `]`, found `)` / 期望 `]`，实际 `)`
20..21 expected `)`, found `]` / 期望 `)`，实际 `]`
a b c and d e
2..3 expected an operator or the end, found `b` / 期望运算符或末尾，实际 `b`
12..13 expected an operator or the end, found `e` / 期望运算符或末尾，实际 `e`
1 < 2 < 3
6..7 expected `and` (comparisons do not chain), found `<` / 期望 `and`（比较不能连写），实际 `<`
if a then b
11..11 expected `else`, found the end / 期望 `else`，实际到了末尾
lenght("a") + strng length("b") + count()
0..6 expected a function, such as `string length`, found `lenght` / 期望函数名，如 `string length`，实际 `lenght`
14..26 expected a function, such as `string length`, found `strng length` / 期望函数名，如 `string length`，实际 `strng length`
34..41 expected 1 argument for `count`, found 0 / `count` 期望 1 个参数，实际 0 个
"never ends
0..11 expected the text to end with `"`, found the end of the line / 期望文字以 `"` 结束，实际到了行末
1 + * 2 and ? or 3..4
4..5 expected a value, found `*` / 期望一个值，实际 `*`
12..13 expected a name, a number, a text or an operator, found `?` / 期望名称、数、文字或运算符，实际 `?`
14..16 expected a value, found `or` / 期望一个值，实际 `or`
18..20 expected an operator or the end, found `..` / 期望运算符或末尾，实际 `..`
for x in [1] satisfies x
13..22 expected `return`, found `satisfies` / 期望 `return`，实际 `satisfies`
{a: 1, a: 2, 3: 4}
7..8 expected each key once, found `a` again / 期望每个键只写一次，实际 `a` 写了两次
13..14 expected a key, found `3` / 期望键名，实际 `3`
`land-quota
0..11 expected a name between backticks, such as `land-quota` / 期望反引号内的名称，如 `land-quota`
1e5 + 12345678901234567890123456789012345
0..3 expected a number of at most 28 digits, found `1e5` / 期望最多 28 位的数，实际 `1e5`
6..41 expected a number of at most 28 digits, found `12345678901234567890123456789012345` / 期望最多 28 位的数，实际 `12345678901234567890123456789012345`
is defined(1 + 1)
0..17 expected one path for `is defined`, such as `form.area` / `is defined` 期望一个路径，如 `form.area`
form.list[0]
10..11 expected a place from 1, found `0` / 期望从 1 起的位置，实际 `0`
not form.a
4..8 expected `(` after `not`, found `form` / 期望 `not` 之后的 `(`，实际 `form`
"\q" = "\u12"
1..3 expected one of the escapes `\"` `\\` `\n` `\t` `\u4e2d`, found `\q` / 期望转义 `\"` `\\` `\n` `\t` `\u4e2d` 之一，实际 `\q`
8..10 expected one of the escapes `\"` `\\` `\n` `\t` `\u4e2d`, found `\u` / 期望转义 `\"` `\\` `\n` `\t` `\u4e2d` 之一，实际 `\u`
a in (1..2
10..10 expected `]`, found the end / 期望 `]`，实际到了末尾
"#
    );
}

#[test]
fn bounds_are_held() {
    let deep = format!("{}1{}", "(".repeat(EXPR_DEPTH_MAX + 1), ")".repeat(EXPR_DEPTH_MAX + 1));
    assert!(mistakes(&deep).contains("levels of nesting"));
    assert!(mistakes(&"-".repeat(2_000)).contains("levels of nesting"));
    assert!(mistakes(&"[".repeat(4_000)).contains("levels of nesting"));
    assert!(mistakes(&"1 in [".repeat(600)).contains("levels of nesting"));
    assert!(mistakes(&"for x in ".repeat(400)).contains("levels of nesting"));
    assert!(mistakes(&"1".repeat(EXPR_BYTES_MAX + 1)).contains("bytes"));
    assert_eq!(eval(&format!("1{}", " + 1".repeat(1_000))), "1001");
    check(&[
        ("count(for a in 1..10000 return a)", "10000"),
        ("count(for a in 1..100000 return a)", "error: expected a range of at most 10000 items (in `1..100000`)"),
    ]);
    for endless in [
        "count(for a in 1..10000, b in 1..10000 return a)",
        "some a in 1..10000 satisfies some b in 1..10000 satisfies some c in 1..10000 satisfies a + b + c < 0",
        "count(for a in 1..10000 return for b in 1..10000 return b)",
        "count(distinct values(for a in 1..9000 return a))",
        "count(flatten(for a in 1..200 return for b in 1..200 return a))",
    ] {
        assert!(eval(endless).starts_with("error: expected a"), "{endless}: {}", eval(endless));
    }
    let long = format!("string join(for n in 1..40 return \"{}\")", "x".repeat(2_000));
    assert!(eval(&long).contains("at most 65536 bytes"), "{}", eval(&long));
    let copies = format!("count(for n in 1..10000 return \"{}\")", "x".repeat(2_000));
    assert!(eval(&copies).contains("steps"), "{}", eval(&copies));
}

/// A server's worker has two megabytes; a quarter of that is enough for the deepest expression there can be.
#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    let nested = |open: &str, core: &str, close: &str, levels: usize| format!("{}{core}{}", open.repeat(levels), close.repeat(levels));
    let levels = EXPR_DEPTH_MAX - 3;
    let deepest = [
        nested("not(", "true", ")", levels),
        nested("[", "1", "]", levels),
        nested("{a: ", "1", "}", levels),
        nested("if true then ", "1", " else 2", levels),
        nested("count([", "1", "])", levels / 2),
        nested("(true in (", "true", "))", levels / 2),
        nested("for x in [1] return ", "x", "", levels),
        nested("-", "1", "", levels),
        nested("[1][item in [", "1", "]]", levels / 3),
    ];
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let run = move || {
        for source in deepest {
            let expr = parse(&source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
            let _ = (expr.eval(&roots()), expr.kind(&kinds()), expr.paths());
        }
    };
    small.spawn(run).expect("a thread").join().expect("no overflow");
}

#[test]
fn an_expression_crosses_threads_and_keeps_its_source() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let expr = parse(" form.a  > 1 ").expect("valid");
    shared(&expr);
    assert_eq!(expr.source(), " form.a  > 1 ");
}

/// The kinds of `roots()`.
fn kinds() -> BTreeMap<String, Type> {
    let context = |entries: Vec<(&str, Type)>| Type::Context(entries.into_iter().map(|(key, kind)| (key.to_owned(), kind)).collect());
    let one_of = |texts: &[&str]| Type::OneOf(texts.iter().map(|text| (*text).to_owned()).collect());
    let source = context(vec![("kind", one_of(&["own", "loan", "grant"])), ("amount", Type::Number), ("approved", Type::Bool)]);
    let form = context(vec![
        ("area_m2", Type::Number),
        ("field", Type::Text),
        ("secret", Type::Bool),
        ("start", Type::DateText),
        ("sources", Type::List(Box::new(source))),
        ("tags", Type::List(Box::new(Type::Text))),
        ("rate", Type::Number),
        ("note", Type::Any),
    ]);
    let case = context(vec![("year", Type::Number), ("rank", Type::Number)]);
    let quota = context(vec![("outcome", one_of(&["approved", "refused"]))]);
    let project = context(vec![("总投资", Type::Number)]);
    [("form", form), ("case", case), ("land-quota", quota), ("项目", project)].map(|(name, kind)| (name.to_owned(), kind)).into()
}

#[test]
fn kinds_that_do_not_fit_are_found_before_anything_runs() {
    let said = |source: &str| {
        let errors = parse(source).expect(source).kind(&kinds()).expect_err(source);
        let lines: String = errors.iter().map(|error| format!("    {}..{} {} / {}\n", error.span.start, error.span.end, error.en, error.zh)).collect();
        format!("{source}\n{lines}")
    };
    insta::assert_snapshot!(
        [
            "form.start > date(\"2025-03-03\") and date(form.start) > 3",
            "form.area > 1 or nobody.x = 2",
            "`land-quota`.outcome = \"aproved\"",
            "`land-quota`.outcome in (\"approved\", \"denied\")",
            "some s in form.sources satisfies s.kind = \"gift\" and s.amount",
            "form.sources[item.amount].kind",
            "sum(form.sources.kind) + count(form.secret)",
            "if form.area_m2 then 1 else 2",
            "form.secret < true",
            "date(\"2025-02-30\") + duration(\"P1M\") - 3",
            "form.sources[1].kind.x",
            "not(form.rate) and all(form.tags) and contains(form.field, 3)",
            "for n in form.rate return n",
            "form.area_m2 between 1 and \"2\"",
            "round half up(form.field, 2) + abs(form.secret)",
            "null in 1",
            "form.rate in [null]",
        ]
        .map(said)
        .concat(),
        @r#"
form.start > date("2025-03-03") and date(form.start) > 3
    0..31 expected two values of one kind, found a date written as text and a date; write date(…) / 期望两边是同一类值，实际是写成文字的日期和日期；请写 date(…)
    36..56 expected two values of one kind, found a date and a number / 期望两边是同一类值，实际是日期和数
form.area > 1 or nobody.x = 2
    0..9 expected a key that is there (`area_m2`, `field`, `note`, `rate`, `secret`, `sources`, `start`, `tags`), found no `area` / 期望已有的键（有 `area_m2`, `field`, `note`, `rate`, `secret`, `sources`, `start`, `tags`），实际没有 `area`
    17..23 expected a known name (`case`, `form`, `land-quota`, `项目`), found `nobody` / 期望已知的名称（有 `case`, `form`, `land-quota`, `项目`），实际 `nobody`
`land-quota`.outcome = "aproved"
    0..32 expected one of `approved`, `refused`, found `aproved` / 期望 `approved`, `refused` 之一，实际 `aproved`
`land-quota`.outcome in ("approved", "denied")
    37..45 expected one of `approved`, `refused`, found `denied` / 期望 `approved`, `refused` 之一，实际 `denied`
some s in form.sources satisfies s.kind = "gift" and s.amount
    33..48 expected one of `grant`, `loan`, `own`, found `gift` / 期望 `grant`, `loan`, `own` 之一，实际 `gift`
    53..61 expected a boolean, found a number / 期望真假值，实际是数
form.sources[item.amount].kind
    13..24 expected a boolean, found a number / 期望真假值，实际是数
sum(form.sources.kind) + count(form.secret)
    0..22 expected a number, found a text / 期望数，实际是文字
    31..42 expected a list, found a boolean / 期望列表，实际是真假值
if form.area_m2 then 1 else 2
    3..15 expected a boolean, found a number / 期望真假值，实际是数
form.secret < true
    0..18 expected values that have an order, found a boolean / 期望可以排序的值（数、文字、日期、时长），实际是真假值
date("2025-02-30") + duration("P1M") - 3
    0..40 expected two numbers, two texts, or a date and a duration, found a date and a number / 期望两个数、两段文字，或日期和时长，实际是日期和数
    5..17 expected a date such as `2025-03-03`, found `2025-02-30` / 期望日期，如 `2025-03-03`，实际 `2025-02-30`
form.sources[1].kind.x
    0..22 expected a context with `x`, found a text / 期望含有 `x` 的对象，实际是文字
not(form.rate) and all(form.tags) and contains(form.field, 3)
    4..13 expected a boolean, found a number / 期望真假值，实际是数
    19..33 expected a boolean, found a text / 期望真假值，实际是文字
    59..60 expected a text, found a number / 期望文字，实际是数
for n in form.rate return n
    9..18 expected a list, found a number / 期望列表，实际是数
form.area_m2 between 1 and "2"
    0..30 expected two values of one kind, found a number and a text / 期望两边是同一类值，实际是数和文字
round half up(form.field, 2) + abs(form.secret)
    14..24 expected a number, found a text / 期望数，实际是文字
    35..46 expected a number, found a boolean / 期望数，实际是真假值
null in 1
    8..9 expected two values of one kind, found null and a number / 期望两边是同一类值，实际是空值和数
form.rate in [null]
    14..18 expected two values of one kind, found a number and null / 期望两边是同一类值，实际是数和空值
"#
    );
}

#[test]
fn kinds_that_fit_are_known() {
    for (source, expected) in [
        ("form.area_m2 / 10000", Type::Number),
        ("date(form.start) + duration(\"P3D\")", Type::Date),
        ("days(date(form.start) - date(\"2025-01-01\")) > 3", Type::Bool),
        ("form.sources[item.approved].amount", Type::List(Box::new(Type::Number))),
        ("sum(for s in form.sources return s.amount)", Type::Number),
        ("max(form.sources.amount)", Type::Number),
        ("form.sources[1].amount", Type::Number),
        ("is defined(form.nothing) and form.note > 3 and form.note = \"x\"", Type::Bool),
        ("form.field + \"x\"", Type::Text),
        ("form.note = null", Type::Bool),
        ("{a: 1}.a in [1..5]", Type::Bool),
        ("string join(form.tags, \",\")", Type::Text),
        ("min(duration(\"P1D\"), duration(\"P2D\")) * 2", Type::Duration),
    ] {
        assert_eq!(parse(source).expect(source).kind(&kinds()), Ok(expected), "{source}");
    }
    assert!(parse("form.area_m2 + 1").expect("valid").condition(&kinds()).is_err());
    assert_eq!(parse("form.secret").expect("valid").condition(&kinds()), Ok(()));
}
