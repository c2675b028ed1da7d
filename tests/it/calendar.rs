//! The calendar room from outside: China's calendar day by day, the golden dates, and due days against an independent recount.

use chrono::NaiveDate;
use greenlane::calendar::{Calendar, Due, Span, TermQuery};

fn china() -> Calendar {
    Calendar::china().unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("expected a date, found `{text}`"))
}

fn span(text: &str) -> Span {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// One row of a table: from, within, extension, suspended, due.
type Row<'a> = (&'a str, &'a str, Option<&'a str>, &'a [(&'a str, &'a str)], &'a str);

fn due(calendar: &Calendar, (from, within, extended, suspended, _): Row<'_>) -> Due {
    let suspended: Vec<_> = suspended.iter().map(|(first, last)| (day(first), day(last))).collect();
    let query = TermQuery { from: day(from), within: span(within), extended: extended.map(span), suspended: &suspended, roll_over: true };
    calendar.due(&query)
}

const GOLDEN: &[Row<'_>] = &[
    ("2017-08-17", "20 working days", None, &[], "2017-09-14"),
    ("2017-08-17", "60 calendar days", None, &[], "2017-10-16"),
    ("2017-09-11", "20 working days", None, &[], "2017-10-13"),
    ("2017-09-11", "20 working days", Some("10 working days"), &[], "2017-10-27"),
    ("2017-09-11", "20 working days", None, &[("2017-09-18", "2017-09-29")], "2017-10-27"),
    ("2017-09-11", "20 working days", Some("10 working days"), &[("2017-09-18", "2017-09-29")], "2017-11-10"),
    ("2017-09-11", "45 working days", None, &[], "2017-11-17"),
    ("2017-09-11", "45 working days", Some("15 working days"), &[], "2017-12-08"),
    // 09-30 is a Saturday that is worked.
    ("2017-09-28", "5 working days", None, &[], "2017-10-11"),
    // The Spring Festival of 2020 was lengthened to 02-02 after it had been published.
    ("2020-01-20", "7 working days", None, &[], "2020-02-06"),
    ("2024-09-30", "20 working days", None, &[], "2024-11-01"),
    // The term starts on a Sunday that is worked.
    ("2025-09-28", "20 working days", None, &[], "2025-10-31"),
    // The due day is a Saturday that is worked.
    ("2026-01-26", "20 working days", None, &[], "2026-02-28"),
    ("2026-09-24", "20 working days", None, &[], "2026-10-29"),
];

#[test]
fn every_golden_date_holds() {
    let calendar = china();
    for row in GOLDEN {
        assert_eq!(due(&calendar, *row), Due::On { date: day(row.4), provisional: false }, "{row:?}");
    }
}
