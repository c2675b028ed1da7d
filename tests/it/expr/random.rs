//! Random text, bytes and syntax-shaped nonsense: an answer within the bounds, whatever comes.

use greenlane::expr::{Value, parse};
use proptest::prelude::*;

use super::{kinds, roots};

/// Pieces that make syntax-shaped nonsense.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "form",
        ".",
        "area_m2",
        "sources",
        "tags",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        "..",
        "1",
        "0",
        "2.50",
        "\"a\"",
        "\"绿\"",
        "`x-y`",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        " and ",
        " or ",
        "not(",
        " in ",
        " between ",
        "if ",
        " then ",
        " else ",
        "some ",
        "every ",
        "for ",
        " return ",
        " satisfies ",
        "item",
        "x",
        "null",
        "true",
        "count(",
        "sum(",
        "date(\"2025-03-03\")",
        "duration(\"P1D\")",
        "is defined(",
        "substring(",
        "string join(",
        "1..9",
        "，",
        "“",
        "==",
        "项目",
        "\\",
        "'",
        "\u{0}",
        "🟢",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nonsense_never_panics_and_ends_within_its_budget(pieces in prop::collection::vec(piece(), 0..40)) {
        let source = pieces.concat();
        match parse(&source) {
            Ok(expr) => {
                let known = expr.kind(&kinds());
                if let Err(error) = expr.eval(&roots()) {
                    prop_assert!(source.get(error.span).is_some());
                    // `Any` stands for the one field whose kind nobody knows.
                    if known.is_ok() && !source.contains("note") {
                        prop_assert!(!error.en.contains("one kind") && !error.en.contains("found no"), "{}: {}", source, error.en);
                    }
                }
                let _ = expr.paths();
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(source.get(error.span).is_some());
                }
            }
        }
    }

    #[test]
    fn random_text_never_panics(source in any::<String>()) {
        let _ = parse(&source).map(|expr| expr.eval(&roots()));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&String::from_utf8_lossy(&bytes)).map(|expr| expr.eval(&roots()));
    }

    #[test]
    fn arithmetic_on_whole_numbers_agrees_with_the_machine(a in -10_000_i64..10_000, b in -10_000_i64..10_000, c in 1_i64..100) {
        let expr = parse(&format!("({a} + {b}) * {c} - modulo({a}, {c})")).expect("valid");
        prop_assert_eq!(expr.eval(&roots()).expect("a number").as_i64(), Some((a + b) * c - a.rem_euclid(c)));
    }

    #[test]
    fn a_literal_reads_back_as_its_value(text in any::<String>(), number in any::<i64>(), days in -9_999_i64..9_999) {
        for value in [Value::Text(text.replace(['\n'], " ")), Value::Number(number.into()), Value::Seconds(days), Value::Months(days)] {
            let expr = parse(&value.literal()).expect("a literal");
            prop_assert_eq!(expr.eval(&roots()).expect("its value"), value);
        }
    }
}
