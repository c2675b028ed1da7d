//! The calendar room from outside: China's calendar day by day, the golden dates, and due days against an independent recount.

mod districts;
mod proposed;

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use greenlane::calendar::{Calendar, DayKind, DayWhy, Due, Roll, Span, TermQuery, Unit};
use greenlane::ids::Digest;
use proptest::prelude::*;

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
    let query = TermQuery { from: day(from), within: span(within), extended: extended.map(span), suspended: &suspended, roll_over: Roll::AsPublished };
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

#[test]
fn every_day_of_2016_to_2026_is_as_the_published_data_sets_have_it() {
    let calendar = china();
    assert_eq!(calendar.covered(), Some((day("2016-01-01"), day("2026-12-31"))));
    // `1` for a day worked and `0` for a day off, 4,018 of them: chinese-calendar 1.11.0 and holidays 0.109 (both PyPI) give this digest.
    let days: String = day("2016-01-01")
        .iter_days()
        .take(4018)
        .map(|date| if calendar.is_working(date).unwrap_or_else(|| panic!("{date} is not covered")) { '1' } else { '0' })
        .collect();
    assert_eq!(Digest::of(days.as_bytes()).to_string(), "f08e3ee58170636890985b79094f3c2f227b3ffbe185b8c7823d325c4cfcc4e4");
}

#[test]
fn each_year_has_its_number_of_working_days_and_its_make_up_days() {
    let years: &[(i32, usize, &[&str])] = &[
        (2016, 250, &["02-06", "02-14", "06-12", "09-18", "10-08", "10-09"]),
        (2017, 249, &["01-22", "02-04", "04-01", "05-27", "09-30"]),
        (2018, 250, &["02-11", "02-24", "04-08", "04-28", "09-29", "09-30", "12-29"]),
        (2019, 250, &["02-02", "02-03", "04-28", "05-05", "09-29", "10-12"]),
        (2020, 249, &["01-19", "04-26", "05-09", "06-28", "09-27", "10-10"]),
        (2021, 250, &["02-07", "02-20", "04-25", "05-08", "09-18", "09-26", "10-09"]),
        (2022, 249, &["01-29", "01-30", "04-02", "04-24", "05-07", "10-08", "10-09"]),
        (2023, 249, &["01-28", "01-29", "04-23", "05-06", "06-25", "10-07", "10-08"]),
        (2024, 251, &["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"]),
        (2025, 248, &["01-26", "02-08", "04-27", "09-28", "10-11"]),
        (2026, 248, &["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]),
    ];
    let calendar = china();
    for (year, working, make_up) in years {
        let days: Vec<NaiveDate> = day(&format!("{year}-01-01")).iter_days().take_while(|date| date.year() == *year).collect();
        assert_eq!(days.iter().filter(|date| calendar.is_working(**date) == Some(true)).count(), *working, "working days of {year}");
        let worked = days.iter().filter(|date| matches!(calendar.day(**date), Some(DayKind::MakeUp(_))));
        let worked: Vec<String> = worked.map(|date| date.format("%m-%d").to_string()).collect();
        assert_eq!(worked, *make_up, "make-up days of {year}");
    }
}

#[test]
fn each_year_has_its_notice_and_the_holidays_people_know() {
    let calendar = china();
    for (notice, year) in calendar.notices().iter().zip(2016..=2026) {
        assert_eq!(notice.year, year);
        assert!(notice.source.starts_with(&format!("国办发明电〔{}〕", year - 1)), "{}", notice.source);
        let names: Vec<&str> = notice.holidays.iter().map(|holiday| holiday.label.zh.as_str()).collect();
        for name in ["元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"] {
            assert_eq!(names.iter().filter(|said| said.contains(name)).count(), 1, "{name} of {year}");
        }
    }
    let spring = &calendar.notices()[4].holidays[1];
    assert_eq!((spring.first, spring.last), (day("2020-01-24"), day("2020-02-02")), "the Spring Festival of 2020 as it was lengthened");
}

/// The invented project of spring 2025: what runs when, and what the law and the promise make of it.
const TIMELINE: &[Row<'_>] = &[
    ("2025-03-03", "2 working days", None, &[], "2025-03-05"),
    ("2025-03-07", "3 working days", None, &[], "2025-03-12"),
    ("2025-03-12", "5 working days", None, &[], "2025-03-19"),
    ("2025-03-20", "5 working days", None, &[], "2025-03-27"),
    ("2025-03-24", "5 working days", None, &[], "2025-03-31"),
    // The expert evaluation: eight working days, 04-04 is 清明节.
    ("2025-03-31", "8 working days", None, &[], "2025-04-11"),
    // Land waits for quota from 03-31 to 04-15.
    ("2025-03-25", "10 working days", None, &[("2025-03-31", "2025-04-15")], "2025-04-24"),
    // The promise leaves out the public notice and the evaluation; the law leaves out the evaluation only, and ends in the May holiday.
    ("2025-03-24", "7 working days", None, &[("2025-03-25", "2025-03-31"), ("2025-04-01", "2025-04-11")], "2025-04-22"),
    ("2025-03-24", "30 calendar days", None, &[("2025-04-01", "2025-04-11")], "2025-05-06"),
    // Sunday 04-27 is worked.
    ("2025-04-23", "5 working days", None, &[], "2025-04-29"),
    ("2025-04-24", "5 working days", None, &[], "2025-04-30"),
    ("2025-04-30", "7 working days", None, &[], "2025-05-14"),
    ("2025-04-30", "10 working days", None, &[], "2025-05-19"),
    ("2025-05-07", "15 working days", None, &[], "2025-05-28"),
];

#[test]
fn the_demonstration_story_keeps_its_dates() {
    let calendar = china();
    for row in TIMELINE {
        assert_eq!(due(&calendar, *row), Due::On { date: day(row.4), provisional: false }, "{row:?}");
    }
    let wait = [(day("2025-03-31"), day("2025-04-15"))];
    let land = TermQuery { suspended: &wait, ..TermQuery::plain(day("2025-03-25"), Span::working(10)) };
    assert_eq!(calendar.used(&land, day("2025-04-18")), 6, "working days used when the quota letter goes out");
    assert_eq!(calendar.shift(day("2025-04-11"), -2, Unit::Working), Some(day("2025-04-09")), "the reminder before the evaluation ends");
    assert_eq!(calendar.working_days(day("2025-04-22"), day("2025-04-30")), Some(7), "working days past the promise");
    assert_eq!(calendar.shift(day("2025-04-22"), 1, Unit::Working), Some(day("2025-04-23")), "the first red day");
}

#[test]
fn a_working_day_term_past_the_published_calendar_has_no_date() {
    let calendar = china();
    let query = TermQuery::plain(day("2026-11-23"), Span::working(30));
    assert_eq!(calendar.due(&query), Due::Unknown { counted: 28, through: day("2026-12-31") });
    assert_eq!(calendar.explain(&query).days.last().map(|note| note.date), Some(day("2026-12-31")));
    let extended = TermQuery { extended: Some(Span::working(20)), ..TermQuery::plain(day("2026-11-23"), Span::working(20)) };
    assert_eq!(calendar.due(&extended), Due::Unknown { counted: 28, through: day("2026-12-31") });
    let later = TermQuery::plain(day("2027-03-01"), Span::working(5));
    assert_eq!(calendar.due(&later), Due::Unknown { counted: 0, through: day("2026-12-31") });
}

#[test]
fn a_working_day_term_from_before_the_published_calendar_has_no_date() {
    let calendar = china();
    let query = TermQuery::plain(day("2015-12-21"), Span::working(20));
    assert_eq!(calendar.due(&query), Due::Unknown { counted: 0, through: day("2015-12-21") });
    // A suspension that reaches into the covered years does not make the days before it known.
    let suspended = [(day("2015-12-28"), day("2016-01-05"))];
    assert_eq!(calendar.due(&TermQuery { suspended: &suspended, ..query }), Due::Unknown { counted: 0, through: day("2015-12-21") });
    let eve = TermQuery::plain(day("2015-12-31"), Span::working(1));
    assert_eq!(calendar.due(&eve), Due::On { date: day("2016-01-04"), provisional: false });
}

#[test]
fn a_calendar_day_term_past_the_published_calendar_is_provisional() {
    let calendar = china();
    let query = TermQuery::plain(day("2026-12-02"), Span::calendar(30));
    assert_eq!(calendar.due(&query), Due::On { date: day("2027-01-01"), provisional: true });
    let empty = Calendar::default();
    assert_eq!(empty.due(&query), Due::On { date: day("2027-01-01"), provisional: true });
    assert_eq!(empty.due(&TermQuery::plain(day("2025-03-03"), Span::working(1))), Due::Unknown { counted: 0, through: day("2025-03-03") });
    assert_eq!((empty.covered(), empty.is_working(day("1970-01-01"))), (None, None));
    assert_eq!(empty.shift(day("2025-03-03"), 1, Unit::Working), None);
}

#[test]
fn a_limit_that_may_not_move_ends_on_the_holiday() {
    let suspended = [(day("2025-04-01"), day("2025-04-11"))];
    let query = TermQuery { suspended: &suspended, roll_over: Roll::Never, ..TermQuery::plain(day("2025-03-24"), Span::calendar(30)) };
    assert_eq!(china().due(&query).date(), Some(day("2025-05-04")));
}

#[test]
fn an_ordinary_weekend_moves_a_limit_only_where_the_calendar_says_so() {
    let saturday = TermQuery::plain(day("2025-03-03"), Span::calendar(12));
    assert_eq!(china().due(&saturday).date(), Some(day("2025-03-15")));
    let text = greenlane::calendar::CN.replace("rolls-over: [holiday]", "rolls-over: [holiday, weekend]");
    let calendar = Calendar::parse(&text, "cn.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(calendar.due(&saturday).date(), Some(day("2025-03-17")));
}

#[test]
fn a_moved_limit_does_not_land_on_a_day_that_stands_still() {
    let suspended = [(day("2025-05-06"), day("2025-05-09"))];
    let query = TermQuery { suspended: &suspended, ..TermQuery::plain(day("2025-04-04"), Span::calendar(30)) };
    assert_eq!(china().due(&query).date(), Some(day("2025-05-12")));
}

#[test]
fn nothing_to_count_is_due_at_once() {
    assert_eq!(china().due(&TermQuery::plain(day("2025-03-20"), Span::working(0))), Due::On { date: day("2025-03-20"), provisional: false });
}

/// A line of `calendar_cases.txt`: `20160104 54w 10w 12+5 20160322`.
fn case_holds(calendar: &Calendar, line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.splitn(5, ' ').collect();
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").unwrap_or_else(|_| panic!("expected a day, found `{text}`"));
    let length = |text: &str| {
        let (days, unit) = text.split_at(text.len() - 1);
        Span { days: days.parse().expect("a number"), unit: if unit == "w" { Unit::Working } else { Unit::Calendar } }
    };
    let from = date(fields[0]);
    let pause = |text: &str| {
        let (skip, long) = text.split_once('+').expect("a pause");
        let first = from + chrono::TimeDelta::days(skip.parse().expect("a number"));
        (first, first + chrono::TimeDelta::days(long.parse::<i64>().expect("a number") - 1))
    };
    let suspended: Vec<_> = fields[3].split(',').filter(|text| *text != "-").map(pause).collect();
    let extended = (fields[2] != "-").then(|| length(fields[2]));
    let query = TermQuery { from, within: length(fields[1]), extended, suspended: &suspended, roll_over: (!fields[1].ends_with('C')).into() };
    let said = match calendar.due(&query) {
        Due::On { date, provisional } => format!("{}{}", date.format("%Y%m%d"), if provisional { "?" } else { "" }),
        Due::Unknown { counted, .. } => format!("none {counted}"),
    };
    if said != fields[4] {
        return Err(format!("{line}: said {said}"));
    }
    let explained = calendar.explain(&query).due;
    if explained == calendar.due(&query) { Ok(()) } else { Err(format!("{line}: explained as {explained:?}")) }
}

/// Lines of the recorded answers that `calendar` does not give.
fn differing(calendar: &Calendar, lines: &[&str]) -> Vec<String> {
    lines.iter().filter_map(|line| case_holds(calendar, line).err()).collect()
}

#[test]
fn five_thousand_due_days_worked_out_in_python_agree() {
    let lines: Vec<&str> = include_str!("calendar_cases.txt").lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 5_000);
    for year in 2016..=2026 {
        let of_year = lines.iter().filter(|line| line.starts_with(&year.to_string())).count();
        assert!(of_year > 400, "expected starts in every year alike, found {of_year} in {year}");
    }
    let paused = lines.iter().filter(|line| line.contains('+')).count();
    let (provisional, none) = (lines.iter().filter(|line| line.ends_with('?')).count(), lines.iter().filter(|line| line.contains(" none ")).count());
    let extended = lines.iter().filter(|line| line.split(' ').nth(2) != Some("-")).count();
    let wrong = differing(&china(), &lines);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
    println!(
        "5000 due days equal to chinese-calendar 1.11.0 (PyPI) in Python: {paused} paused, {extended} extended, {provisional} provisional, {none} without a date"
    );
    // As the Spring Festival of 2020 was first published: the answers notice three days.
    let early = greenlane::calendar::CN.replace("2020-01-24..2020-02-02", "2020-01-24..2020-01-30");
    let early = Calendar::parse(&early, "cn.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let noticed = differing(&early, &lines).len();
    assert!(noticed > 20, "expected the answers to notice three days less, found {noticed} that do");
}

/// A random term: start day, lengths, suspensions; some reach past the published years.
fn terms() -> impl Strategy<Value = (NaiveDate, Span, Option<Span>, Vec<(NaiveDate, NaiveDate)>, bool)> {
    let unit = prop_oneof![Just(Unit::Working), Just(Unit::Calendar)];
    let length = (0_u32..90, unit).prop_map(|(days, unit)| Span { days, unit });
    let start = (0_u64..4_010).prop_map(|days| day("2016-01-01") + chrono::Days::new(days));
    let interval = (0_u64..120, 0_u64..20);
    (start, length.clone(), prop::option::of(length), prop::collection::vec(interval, 0..4), any::<bool>()).prop_map(
        |(from, within, extended, intervals, roll_over)| {
            let place = |(skip, length): (u64, u64)| {
                let first = from - chrono::Days::new(10) + chrono::Days::new(skip);
                (first, first + chrono::Days::new(length))
            };
            (from, within, extended, intervals.into_iter().map(place).collect(), roll_over)
        },
    )
}

/// Walks the term one day at a time with nothing but `day`: the due day, or the days counted where the calendar ends.
fn recount(calendar: &Calendar, query: &TermQuery<'_>) -> Result<NaiveDate, u32> {
    let still: BTreeSet<NaiveDate> =
        query.suspended.iter().flat_map(|(first, last)| first.iter_days().take_while(|date| *date <= *last).collect::<Vec<_>>()).collect();
    let (mut date, mut counted, mut published, mut unit) = (query.from, 0, 0, query.within.unit);
    for span in [Some(query.within), query.extended].into_iter().flatten() {
        unit = span.unit;
        let goal = counted + span.days;
        while counted < goal {
            date = date.succ_opt().ok_or(published)?;
            let works = match (span.unit, calendar.day(date)) {
                (Unit::Calendar, _) => true,
                (Unit::Working, Some(kind)) => matches!(kind, DayKind::Working | DayKind::MakeUp(_)),
                (Unit::Working, None) => return Err(published),
            };
            counted += u32::from(works && !still.contains(&date));
            published = if calendar.day(date).is_some() { counted } else { published };
        }
    }
    if unit == Unit::Calendar && query.roll_over == Roll::AsPublished && matches!(calendar.day(date), Some(DayKind::Holiday(_))) {
        let free = |date: &NaiveDate| still.contains(date) || calendar.is_working(*date) != Some(true);
        return Ok(date.iter_days().take_while(|date| calendar.day(*date).is_some()).find(|date| !free(date)).unwrap_or(date));
    }
    Ok(date)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_due_day_is_the_one_a_naive_recount_finds((from, within, extended, suspended, roll_over) in terms()) {
        let calendar = china_once();
        let query = TermQuery { from, within, extended, suspended: &suspended, roll_over: roll_over.into() };
        let found = match calendar.due(&query) {
            Due::On { date, .. } => Ok(date),
            Due::Unknown { counted, .. } => Err(counted),
        };
        prop_assert_eq!(found, recount(calendar, &query));
    }

    #[test]
    fn an_explanation_counts_every_day_up_to_the_due_day((from, within, extended, suspended, roll_over) in terms()) {
        let calendar = china_once();
        let query = TermQuery { from, within, extended, suspended: &suspended, roll_over: roll_over.into() };
        let explanation = calendar.explain(&query);
        let numbers: Vec<u32> = explanation.days.iter().filter_map(|note| note.counted).collect();
        let dates: Vec<NaiveDate> = explanation.days.iter().map(|note| note.date).collect();
        let total = within.days + extended.map_or(0, |span| span.days);
        prop_assert!(numbers.iter().copied().eq(1..=u32::try_from(numbers.len()).unwrap_or(0)));
        prop_assert!(dates.iter().copied().eq(from.iter_days().take(dates.len())));
        match explanation.due {
            Due::On { date, .. } => {
                prop_assert_eq!(numbers.len(), total as usize);
                prop_assert_eq!(dates.last(), Some(&date));
                let used = calendar.used(&query, date);
                if extended.is_none_or(|span| span.unit == within.unit) && !explanation.days.iter().any(|note| note.why == DayWhy::MovedHere) {
                    prop_assert_eq!(used, total);
                }
            }
            Due::Unknown { counted, .. } => prop_assert_eq!(numbers.len(), counted as usize),
        }
    }

    #[test]
    fn shifting_there_and_back_is_standing_still(start in 0_u64..4_018, n in -300_i32..300) {
        let calendar = china_once();
        let date = day("2016-01-01") + chrono::Days::new(start);
        prop_assert_eq!(calendar.shift(date, n, Unit::Calendar).and_then(|there| calendar.shift(there, -n, Unit::Calendar)), Some(date));
        if let (Some(true), Some(there)) = (calendar.is_working(date), calendar.shift(date, n, Unit::Working)) {
            prop_assert_eq!(calendar.shift(there, -n, Unit::Working), Some(date));
            let (first, last) = (date.min(there), date.max(there));
            prop_assert_eq!(calendar.working_days(first, last), Some(n.unsigned_abs()));
        }
    }
}

/// Parsed once for all random cases.
fn china_once() -> &'static Calendar {
    static CHINA: std::sync::OnceLock<Calendar> = std::sync::OnceLock::new();
    CHINA.get_or_init(china)
}

#[test]
fn an_explanation_says_why_each_day_counts_or_not() {
    let suspended = [(day("2025-04-01"), day("2025-04-11"))];
    let query = TermQuery { suspended: &suspended, ..TermQuery::plain(day("2025-03-24"), Span::calendar(30)) };
    let explanation = china().explain(&query);
    let said = |date: &str| {
        let note = explanation.days.iter().find(|note| note.date == day(date)).unwrap_or_else(|| panic!("expected {date} in the explanation"));
        (note.counted, note.why.zh(), note.why.en())
    };
    let expected = [
        ("2025-03-24", None, "起算日，不计", "start day, not counted"),
        ("2025-03-29", Some(5), "自然日", "calendar day"),
        ("2025-04-04", None, "期间不计入", "suspended, not counted"),
        ("2025-05-04", Some(30), "自然日", "calendar day"),
        ("2025-05-05", None, "劳动节放假", "Labour Day holiday"),
        ("2025-05-06", None, "期末逢法定休假日，顺延至此", "the limit ended on a holiday and moves here"),
    ];
    for (date, counted, zh, en) in expected {
        assert_eq!(said(date), (counted, zh.to_owned(), en.to_owned()), "{date}");
    }
    let working = china().explain(&TermQuery::plain(day("2025-04-23"), Span::working(5)));
    let whys: Vec<(Option<u32>, String)> = working.days.iter().map(|note| (note.counted, note.why.zh())).collect();
    let words = [
        (None, "起算日，不计"),
        (Some(1), "工作日"),
        (Some(2), "工作日"),
        (None, "周末"),
        (Some(3), "劳动节调休上班"),
        (Some(4), "工作日"),
        (Some(5), "工作日"),
    ];
    assert_eq!(whys, words.map(|(counted, zh)| (counted, zh.to_owned())));
}

#[test]
fn every_mistake_of_a_calendar_file_is_told_with_its_place() {
    let text = "\
calendar: cn
title: {zh: 日历, en: calendar}
version: 1
covered: 2026-01-01..2027-12-31
weekend: [saturday, funday]
names:
  spring: {zh: 春节, en: Spring Festival}
notices:
  - year: 2026
    source: 通知
    published: 2025-11-31
    holidays:
      - {name: spring, days: 2026-02-15..2026-02-23, working: [2026-02-13, 2026-02-14]}
      - {name: spring, days: 2026-02-20..2026-02-25}
      - {name: sprung, days: 2025-12-31}
      - {name: spring, days: 2026-05-05..2026-05-01}
      - {name: spring, days: 2026-6-19}
";
    let mistakes = Calendar::parse(text, "wrong.yaml").map(|_| ()).unwrap_err();
    let told: Vec<(u32, u32, &str, &str)> = mistakes.iter().map(|mistake| (mistake.line, mistake.column, mistake.code, mistake.en.as_str())).collect();
    let expected = [
        (4, 10, "calendar-year", "expected a notice for every covered year, found none for 2027"),
        (5, 21, "calendar-weekend", "expected a day of the week such as saturday, found `funday`"),
        (11, 16, "calendar-date", "expected a day such as 2026-02-15, found `2025-11-31`"),
        (13, 64, "calendar-make-up", "expected a weekend day to be worked, found 2026-02-13, a Friday"),
        (14, 30, "calendar-overlap", "expected each day once, found 2026-02-20 again: line 13 already makes it a day off"),
        (15, 16, "calendar-name", "expected one of `names`: spring, found `sprung`"),
        (15, 30, "calendar-uncovered", "expected a day inside `covered` (2026-01-01..2027-12-31), found 2025-12-31"),
        (16, 30, "calendar-range", "expected a last day not before the first, found `2026-05-05..2026-05-01`"),
        (17, 30, "calendar-date", "expected a day 2026-02-15 or days 2026-02-15..2026-02-23, found `2026-6-19`"),
    ];
    assert_eq!(told, expected);
    assert!(mistakes.iter().all(|mistake| mistake.file == "wrong.yaml" && !mistake.zh.is_empty()));
}
