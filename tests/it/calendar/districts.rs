//! Parts of the region with closures and lights of their own, and office hours: read, written, added to, and counted.

use greenlane::calendar::{Calendar, DayKind, Head, OfficeHours, TermQuery, Thresholds};

use super::{china, day, span};

const LOCAL: &str = "names:\n  flood: {zh: 防汛停办, en: Flood}\noffice-hours: {until: \"17:30\", after: next-working-day}\ndistricts:\n  \"420703\":\n    \
    lights: {yellow: 50%}\n    closures:\n      - {name: flood, days: 2025-07-03, source: 鄂葛管〔2025〕7号, published: 2025-07-02}\n";

fn local() -> Calendar {
    china().proposed(LOCAL, "local.yaml", &Head::default()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

#[test]
fn a_district_is_closed_alone_and_its_limits_end_a_day_later() {
    let calendar = local();
    let district = calendar.of(Some("420703"));
    let query = TermQuery::plain(day("2025-07-01"), span("5 working days"));
    assert_eq!((calendar.due(&query).date(), district.due(&query).date()), (Some(day("2025-07-08")), Some(day("2025-07-09"))));
    assert!(matches!(district.day(day("2025-07-03")), Some(DayKind::Closure(_))) && calendar.is_working(day("2025-07-03")) == Some(true));
    let why: Vec<String> = district.explain(&query).days.iter().filter(|note| note.counted.is_none()).map(|note| note.why.zh()).collect();
    assert_eq!(why, ["起算日，不计", "防汛停办", "周末", "周末"]);
    assert_eq!((calendar.lights(), district.lights()), (None, Some(Thresholds { share: 50, ..Thresholds::USUAL })));
    for other in [None, Some("420702"), Some("")] {
        assert_eq!(calendar.of(other).due(&query), calendar.due(&query), "{other:?}");
    }
}

#[test]
fn what_is_written_is_read_back_and_a_national_file_keeps_it() {
    let calendar = local();
    let again = Calendar::parse(&calendar.to_yaml(), "again.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(again.to_yaml(), calendar.to_yaml());
    assert_eq!(again.of(Some("420703")).day(day("2025-07-03")), calendar.of(Some("420703")).day(day("2025-07-03")));
    let national = calendar.proposed(greenlane::calendar::CN, "cn.yaml", &Head::default()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!((national.office_hours(), national.districts()), (calendar.office_hours(), calendar.districts()));
    // Said again, nothing is another version; said otherwise, the other districts stay.
    assert_eq!(calendar.proposed(LOCAL, "local.yaml", &Head::default()).unwrap().version(), calendar.version());
    let more = calendar.proposed("districts:\n  \"420702\": {lights: {at-least: 2 working days}}\n", "more.yaml", &Head::default()).unwrap();
    assert_eq!(more.districts().keys().collect::<Vec<_>>(), ["420702", "420703"]);
}

#[test]
fn papers_that_come_after_hours_count_from_the_next_working_day_where_the_calendar_says_so() {
    let calendar = local();
    assert_eq!(calendar.office_hours(), Some(OfficeHours { until: 17 * 60 + 30, next_day: true }));
    let cases =
        [("2025-07-01", 8, 0, "2025-07-01"), ("2025-07-01", 17, 29, "2025-07-01"), ("2025-07-01", 17, 30, "2025-07-02"), ("2025-07-04", 20, 0, "2025-07-07")];
    for (came, hour, minute, filed) in cases {
        assert_eq!(calendar.filed_on(day(came), hour * 60 + minute), day(filed), "{came} {hour}:{minute}");
    }
    assert_eq!(calendar.filed_on(day("2025-07-05"), 9 * 60), day("2025-07-07"), "a Saturday");
    assert_eq!(calendar.of(Some("420703")).filed_on(day("2025-07-02"), 18 * 60), day("2025-07-04"), "the district is closed on the third");
    assert_eq!(china().filed_on(day("2025-07-01"), 23 * 60), day("2025-07-01"), "the same day unless said");
    let same = calendar.proposed("office-hours: {until: \"17:30\", after: same-day}\n", "same.yaml", &Head::default()).unwrap();
    assert_eq!(same.filed_on(day("2025-07-01"), 23 * 60), day("2025-07-01"));
    assert_eq!(calendar.filed_on(day("2026-12-31"), 18 * 60), day("2026-12-31"), "no calendar says when offices open again");
}

#[test]
fn every_mistake_of_a_local_file_is_told() {
    let text = "office-hours: {until: late, after: some-day}\ndistricts:\n  Gedian: {lights: {yellow: 0%}}\n  \"420703\":\n    closures:\n      - {name: flood, days: 2025-07-05, source: a, published: 2025-07-02}\n";
    let Err(mistakes) = china().proposed(text, "wrong.yaml", &Head::default()) else { panic!("expected mistakes") };
    let told: Vec<String> = mistakes.iter().map(|mistake| format!("{}:{} {}", mistake.line, mistake.column, mistake.code)).collect();
    insta::assert_snapshot!(told.join("\n"));
}
