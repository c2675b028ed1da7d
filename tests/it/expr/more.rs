//! Durations of both kinds, the rest of the functions, and the reference that leaves none out.

use super::{check, eval};

#[test]
fn durations_are_of_days_and_hours_or_of_years_and_months() {
    check(&[
        ("duration(\"P1DT2H\") + duration(\"PT22H\")", "duration(\"P2D\")"),
        ("duration(\"P1Y2M\") * 2 - duration(\"P4M\")", "duration(\"P2Y\")"),
        ("[duration(\"P1D\") / 2, duration(\"P1D\") / duration(\"PT6H\"), duration(\"P1Y\") / duration(\"P6M\")]", "[duration(\"PT12H\"), 4, 2]"),
        ("date(\"2025-01-31\") + duration(\"P1M\")", "date(\"2025-02-28\")"),
        ("date(\"2024-02-29\") - duration(\"P1Y\")", "date(\"2023-02-28\")"),
        ("date(\"2025-03-01\") - duration(\"-P1M\")", "date(\"2025-04-01\")"),
        (
            "[duration(\"P3DT4H5M6S\").days, duration(\"P3DT4H5M6S\").hours, duration(\"-PT61M\").minutes, duration(\"P14M\").years, duration(\"P14M\").months]",
            "[3, 4, -1, 1, 2]",
        ),
        ("years and months duration(date(\"2024-02-29\"), date(\"2025-02-28\"))", "duration(\"P11M\")"),
        ("years and months duration(date(\"2025-03-03\"), date(\"2024-01-04\"))", "duration(\"-P1Y1M\")"),
        (
            "[years(duration(\"P30M\")), months(duration(\"P30M\")), abs(duration(\"-P1D\")), -duration(\"P1M\")]",
            "[2, 6, duration(\"P1D\"), duration(\"-P1M\")]",
        ),
        ("string(duration(\"PT90M\")) + string(duration(\"P12M\"))", "\"PT1H30MP1Y\""),
        ("mean([duration(\"P1D\"), duration(\"P3D\")]) = duration(\"P2D\") and max(duration(\"P1M\"), duration(\"P1Y\")) in > duration(\"P11M\")", "true"),
    ]);
    for (source, why) in [
        ("date(\"2025-01-01\") + duration(\"PT36H\")", "whole days or months"),
        ("duration(\"P1M\") + duration(\"P1D\")", "found a duration in months and a duration"),
        ("duration(\"P1M\") < duration(\"P31D\")", "two values of one kind"),
        ("duration(\"P1M\") * 1.5", "a fraction"),
        ("duration(\"PT1S\") / 0", "other than zero"),
        ("duration(\"P1M1D\")", "a duration such as"),
    ] {
        let found = eval(source);
        assert!(found.starts_with("error") && found.contains(why), "{source}: {found}");
    }
}

#[test]
fn functions_that_change_lists_and_texts() {
    check(&[
        ("[insert before([1, 3], 2, 2), remove([1, 2], -1), list replace([1, 2], 1, 9)]", "[[1, 2, 3], [1], [9, 2]]"),
        ("[union([1, 2], [2, 3]), sort([3, 1, 2]), sort([\"b\", \"a\"]), sort([])]", "[[1, 2, 3], [1, 2, 3], [\"a\", \"b\"], []]"),
        ("[product([2, 3]), product([]), median([5, 1, 3]), median(1, 2)]", "[6, 1, 3, 1.5]"),
        ("[even(4), odd(-3), even(0), decimal(1.125, 2), decimal(2.5, 0)]", "[true, true, true, 1.12, 2]"),
        ("[substring before(\"绿色通道\", \"通\"), substring after(\"绿色通道\", \"色\"), substring before(\"a\", \"x\")]", "[\"绿色\", \"通道\", \"\"]"),
        ("[replace(\"a.b.c\", \".\", \"、\"), string join(split(\"a|b\", \"|\"), \"+\")]", "[\"a、b、c\", \"a+b\"]"),
        (
            "[day of week(date(\"2026-11-27\")), date(\"2026-11-27\").weekday, day of year(date(\"2024-12-31\")), week of year(date(\"2024-12-30\"))]",
            "[\"Friday\", 5, 366, 1]",
        ),
        ("last day of month(date(\"2024-02-03\"))", "date(\"2024-02-29\")"),
    ]);
    for source in [
        "remove([], 1)",
        "even(1.5)",
        "sort([1, \"a\"])",
        "sort([true])",
        "replace(\"a\", \"\", \"b\")",
        "split(\"a\", \"\")",
        "median([])",
        "product([\"a\"])",
    ] {
        assert!(eval(source).starts_with("error: expected"), "{source}: {}", eval(source));
    }
}

/// The reference an author reads names every function there is.
#[test]
fn every_function_stands_in_the_reference() {
    let reference = include_str!("../../../workflows/README.md");
    let missing: Vec<&str> =
        greenlane::expr::functions().filter(|name| !reference.contains(&format!("`{name}")) && !reference.contains(&format!(" {name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?} are not in workflows/README.md");
    assert!(greenlane::expr::functions().count() >= 50);
}
