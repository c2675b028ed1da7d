//! A file proposed against the calendar in force: the same year as YAML, CSV and ICS, closures of a region, and every mistake with its place.

use chrono::NaiveDate;
use greenlane::calendar::{Calendar, DayKind, Head, Span, TermQuery};
use greenlane::source::Mistake;
use proptest::prelude::*;

use super::{china, day};

/// The notice of a year that is not published yet: invented.
const YAML: &str = "\
notices:
  - year: 2027
    source: 演示发明电〔2026〕9号
    published: 2026-11-05
    holidays:
      - {name: new-year, days: 2027-01-01..2027-01-03}
      - {name: spring, days: 2027-02-05..2027-02-13, working: [2027-01-31, 2027-02-14]}
      - {name: tomb-sweeping, days: 2027-04-03..2027-04-05}
      - {name: labour, days: 2027-05-01..2027-05-05, working: [2027-04-25, 2027-05-08]}
      - {name: dragon-boat, days: 2027-06-09}
      - {name: mid-autumn, days: 2027-09-15}
      - {name: national, days: 2027-10-01..2027-10-07, working: [2027-09-26, 2027-10-09]}
";

const CSV: &str = "\
# source: 演示发明电〔2026〕9号
# published: 2026-11-05
日期,类型,名称
2027-01-01..2027-01-03,放假,元旦
2027-01-31,上班,春节
2027-02-05,放假,春节
2027-02-06..2027-02-13,holiday,spring
2027-02-14,working,
2027-04-03..2027-04-05,放假,清明
2027-04-25,上班,劳动节
2027-05-01..2027-05-05,放假,劳动节
2027-05-08,上班,劳动节
2027-06-09,放假,端午节
2027-09-15,放假,中秋
2027-09-26,上班,国庆节
2027-10-01..2027-10-07,放假,\"国庆节\"
2027-10-09,上班,国庆节
";

const EVENTS: &[(&str, &str, &str)] = &[
    ("20270101", "20270104", "SUMMARY:元旦 假期"),
    ("20270131", "", "SUMMARY:春节 补班 第1天/共2天"),
    ("20270205", "20270214", "SUMMARY;LANGUAGE=zh_CN:春\r\n 节（休）"),
    ("20270214", "20270215", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\r\nSUMMARY:补班"),
    ("20270403", "20270406", "SUMMARY:清明节 假期"),
    ("20270425", "20270426", "SUMMARY:劳动节（班）"),
    ("20270501", "20270506", "SUMMARY:劳动节（休）"),
    ("20270508", "20270509", "SUMMARY:劳动节（班）"),
    ("20270609", "20270610", "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r\nSUMMARY:端午节"),
    ("20270915", "20270916", "SUMMARY:中秋节 假期"),
    ("20270926", "20270927", "SUMMARY:国庆节 补班"),
    ("20271001", "20271008", "SUMMARY:国庆节 假期"),
    ("20271009", "20271010", "SUMMARY:国庆节 补班"),
];

fn ics() -> String {
    let event = |(from, until, rest): &(&str, &str, &str)| {
        let end = if until.is_empty() { String::new() } else { format!("DTEND;VALUE=DATE:{until}\r\n") };
        format!("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{from}\r\n{end}{rest}\r\nEND:VEVENT\r\n")
    };
    let events: String = EVENTS.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

/// What is said beside a file that holds only days.
fn head() -> Head {
    Head { source: Some("演示发明电〔2026〕9号".to_owned()), published: Some(day("2026-11-05")), ..Head::default() }
}

fn proposed(base: &Calendar, text: &str, file: &str, head: &Head) -> Calendar {
    base.proposed(text, file, head).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn told(result: Result<Calendar, Vec<Mistake>>) -> Vec<String> {
    let mistakes = result.map(|_| ()).expect_err("a file with mistakes");
    assert!(mistakes.iter().all(|mistake| !mistake.zh.is_empty()));
    mistakes.iter().map(|mistake| format!("{}:{} {}: {}", mistake.line, mistake.column, mistake.code, mistake.en)).collect()
}

#[test]
fn a_calendar_is_read_back_as_it_is_written() {
    let (calendar, text) = (china(), china().to_yaml());
    let again = Calendar::parse(&text, "again.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(again.to_yaml(), text);
    assert_eq!((again.notices(), again.covered(), again.version()), (calendar.notices(), calendar.covered(), calendar.version()));
    assert_eq!(calendar.changed_days(&again), []);
    assert_eq!((calendar.rolls_over(day("2025-05-04")), again.rolls_over(day("2025-05-04"))), (true, true));
}

#[test]
fn a_year_is_the_same_year_as_yaml_as_csv_and_as_ics() {
    let base = china();
    let yaml = proposed(&base, YAML, "2027.yaml", &Head::default());
    let csv = proposed(&base, CSV, "2027.csv", &Head::default());
    let ics = proposed(&base, &ics(), "2027.ics", &head());
    assert_eq!((yaml.version(), yaml.covered()), ("2027.1", Some((day("2016-01-01"), day("2027-12-31")))));
    assert_eq!(yaml.to_yaml(), csv.to_yaml());
    assert_eq!(yaml.to_yaml(), ics.to_yaml());
    for (name, calendar) in [("yaml", &yaml), ("csv", &csv), ("ics", &ics)] {
        let again = Calendar::parse(&calendar.to_yaml(), "again.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        assert_eq!(calendar.changed_days(&again), [], "{name}");
        assert_eq!(base.changed_days(calendar), [], "{name}: no day that was known is another");
        assert_eq!(calendar.is_working(day("2027-02-14")), Some(true), "{name}");
        let due = calendar.due(&TermQuery::plain(day("2026-11-23"), Span::working(30)));
        assert_eq!((due.date(), due.is_provisional()), (Some(day("2027-01-05")), false), "{name}: what had no date has one");
    }
}

#[test]
fn a_year_published_anew_replaces_its_notice_and_counts_the_version_on() {
    let base = proposed(&china(), YAML, "2027.yaml", &Head::default());
    let longer = YAML.replace("2027-02-05..2027-02-13, working: [2027-01-31, 2027-02-14]", "2027-02-05..2027-02-16, working: [2027-01-31]");
    let later = proposed(&base, &longer.replace("2026-11-05", "2027-01-26"), "2027.yaml", &Head::default());
    assert_eq!((later.version(), later.notices().len()), ("2027.2", 12));
    let changed: Vec<(NaiveDate, bool)> =
        base.changed_days(&later).iter().map(|change| (change.date, change.becomes.as_ref().is_some_and(DayKind::is_working))).collect();
    assert_eq!(changed, [(day("2027-02-14"), false), (day("2027-02-15"), false), (day("2027-02-16"), false)]);
    let older = told(later.proposed(YAML, "2027.yaml", &Head::default()));
    assert_eq!(older, ["1:1 calendar-older: expected a notice for 2027 published on or after 2027-01-26, found one of 2026-11-05"]);
}

#[test]
fn every_mistake_of_a_proposed_file_is_told_at_once_whatever_its_form() {
    let csv = "\
# published: 2026-11-5
日期,类型,名称
2027-01-01..2027-01-03,放假,元旦
2027-01-02,上班,元旦
2027-02-31,放假,春节
2027-03-01,假日,春节
2027-04-05,放假,植树节
2029-05-01,放假,劳动节
2027-05-03,上班,劳动节
2026-10-01,放假,国庆节
2027-06-01..2028-12-31,放假,端午节
";
    assert_eq!(
        told(china().proposed(csv, "2027.csv", &Head { year: Some(2027), ..Head::default() })),
        [
            "1:1 calendar-date: expected a day 2027-02-05 or days 2027-02-05..2027-02-11, found `2026-11-5`",
            "1:1 calendar-published: expected the day of publication, in a line `# published:` or beside the file, found none",
            "1:1 calendar-source: expected the number of the notice, in a line `# source:` or beside the file, found none",
            "4:1 calendar-overlap: expected each day once, found 2027-01-02 again: line 3 already makes it a day off",
            "5:1 calendar-date: expected a day 2027-02-05 or days 2027-02-05..2027-02-11, found `2027-02-31`",
            "6:12 calendar-kind: expected holiday, working or closure, found `假日`",
            "7:15 calendar-name: expected a name the calendar knows (元旦、春节、清明节、劳动节、端午节、中秋节、国庆节、国庆节、中秋节), or a new one with its name in English, found `植树节`",
            "8:1 calendar-uncovered: expected a day inside `covered` (2016-01-01..2027-12-31), found 2029-05-01",
            "9:1 calendar-make-up: expected a holiday near 2027-05-03 that it is worked for, found none",
            "9:1 calendar-make-up: expected a weekend day to be worked, found 2027-05-03, a Monday",
            "10:1 calendar-overlap: expected a day the calendar in force leaves open, found 2026-10-01, which it makes a day off",
            "11:1 calendar-range: expected at most 366 days, found 2027-06-01..2028-12-31",
        ]
    );
    let ics = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101T090000Z\nSUMMARY:元旦 休\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:春节 休\nEND:VEVENT\nBEGIN:VEVENT\n\
               DTSTART;VALUE=DATE:20270205\nDTEND;VALUE=DATE:20270205\nSUMMARY:春节\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270501\nRRULE:FREQ=YEARLY\nSUMMARY:劳动节 休\n\
               END:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(
        told(china().proposed(ics, "2027.ics", &head())),
        [
            "3:1 calendar-date: expected the date of a whole day such as 20270205, found `20270101T090000Z`",
            "6:1 calendar-event: expected a DTSTART in the event, found none",
            "11:1 calendar-range: expected a DTEND after DTSTART: the day after the last one",
            "12:1 calendar-kind: expected a summary that says 休, 假 or 班, found `春节`",
            "16:1 calendar-event: expected events that name their days, found one that repeats",
        ]
    );
    let few = "日期,类型,名称\n2027-01-01,放假,元旦\n2027-05-01,放假,劳动节\n";
    assert_eq!(
        told(china().proposed(few, "2027.csv", &head())),
        ["1:1 calendar-missing: expected every statutory holiday in the notice for 2027, found none named 春节、清明、端午、中秋、国庆"]
    );
    assert_eq!(
        told(china().proposed("date,kind,name\n", "2027.csv", &head())),
        ["1:1 calendar-nothing: expected at least one notice or one closure, found none"]
    );
    let skipped = YAML.replace("2027", "2028").replace("2026", "2027");
    let told = told(china().proposed(&skipped, "2028.yaml", &Head::default()));
    assert!(told.iter().any(|line| line.ends_with("expected a notice for every covered year up to 2028-12-31, found none for 2027")), "{told:#?}");
    assert!(china().proposed("", "empty.csv", &head()).is_err());
    assert!(china().proposed("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "empty", &head()).is_err());
    assert!(Calendar::default().proposed(CSV, "2027.csv", &Head::default()).is_err(), "days alone are no calendar");
}

#[test]
fn a_region_closes_on_top_of_the_nation_and_gives_way_to_it() {
    let local = Head { local: true, source: Some("鄂州政办发〔2026〕3号".to_owned()), published: Some(day("2026-01-10")), ..Head::default() };
    let snow = "date,kind,name,name_en\n2026-01-20..2026-01-22,closure,雪灾停办,Snow closure\n";
    let closed = proposed(&china(), snow, "snow.csv", &local);
    assert_eq!(closed.version(), "2026.2");
    assert_eq!(closed.day(day("2026-01-21")).map(DayKind::is_working), Some(false));
    assert!(!closed.rolls_over(day("2026-01-21")), "a closure is no statutory holiday");
    let due = |calendar: &Calendar| calendar.due(&TermQuery::plain(day("2026-01-19"), Span::working(3))).date();
    assert_eq!((due(&china()), due(&closed)), (Some(day("2026-01-22")), Some(day("2026-01-27"))));
    let again = Calendar::parse(&closed.to_yaml(), "again.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!((again.closures(), closed.changed_days(&again)), (closed.closures(), Vec::new()));
    // A whole national file keeps the region's closures; one that lists closures says which there are.
    let whole = greenlane::calendar::CN.replace("version: 2026.1", "version: 2026.3");
    let kept = proposed(&closed, &whole, "cn.yaml", &Head::default());
    assert_eq!((kept.version(), kept.closures()), ("2026.3", closed.closures()));
    assert_eq!(closed.changed_days(&kept), []);
    let none = proposed(&closed, &format!("{whole}\nclosures: []\n"), "cn.yaml", &Head::default());
    assert!(none.closures().is_empty());
    assert_eq!(closed.changed_days(&none).len(), 3);
    // The nation makes a holiday of the middle day: the closure keeps what is left of it.
    let holiday = whole.replace("days: 2026-01-01..2026-01-03", "days: 2026-01-21").replace("working: [2026-01-04]", "working: []");
    let taken = proposed(&closed, &holiday, "cn.yaml", &Head::default());
    let left: Vec<_> = taken.closures().iter().map(|closure| (closure.days.first, closure.days.last)).collect();
    assert_eq!(left, [(day("2026-01-20"), day("2026-01-20")), (day("2026-01-22"), day("2026-01-22"))]);
    assert!(taken.rolls_over(day("2026-01-21")));
    let weekend = told(china().proposed("date,kind,name,name_en\n2026-01-17..2026-01-18,closure,雪灾停办,Snow closure\n", "snow.csv", &local));
    assert_eq!(weekend, ["2:1 calendar-closure: expected a closure of at least one working day, found weekends only"]);
    let twice = proposed(&closed, snow, "snow.csv", &local);
    assert_eq!(twice.to_yaml(), closed.to_yaml(), "said again, it is no other version");
    let longer = proposed(&closed, &snow.replace("01-22,closure", "01-23,closure"), "snow.csv", &local);
    let days: Vec<_> = longer.closures().iter().map(|closure| (closure.days.first, closure.days.last)).collect();
    assert_eq!((days, longer.version()), (vec![(day("2026-01-20"), day("2026-01-23"))], "2026.3"));
    let other = told(closed.proposed(&snow.replace("雪灾停办,Snow", "会议停办,Conference"), "conference.csv", &local));
    assert_eq!(other, ["2:1 calendar-overlap: expected a day the calendar in force leaves open, found 2026-01-20, which it makes a day off"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A right file cut, doubled or with a byte changed is read or told of, whatever its form; what is read is written and read again.
    #[test]
    fn a_damaged_file_is_read_or_told_of(form in 0_usize..3, at in 0_usize..900, length in 0_usize..40, put in "[ -~\n，放假]{0,6}") {
        let (text, file) = match form {
            0 => (YAML.to_owned(), "x.yaml"),
            1 => (CSV.to_owned(), "x.csv"),
            _ => (ics(), "x.ics"),
        };
        let characters: Vec<char> = text.chars().collect();
        let from = at.min(characters.len());
        let until = (from + length).min(characters.len());
        let damaged: String = characters[..from].iter().copied().chain(put.chars()).chain(characters[until..].iter().copied()).collect();
        match super::china_once().proposed(&damaged, file, &head()) {
            Ok(calendar) => {
                let again = Calendar::parse(&calendar.to_yaml(), "again.yaml");
                prop_assert!(again.is_ok_and(|again| calendar.changed_days(&again).is_empty()), "{}", calendar.to_yaml());
            }
            Err(mistakes) => prop_assert!(!mistakes.is_empty()),
        }
    }
}
