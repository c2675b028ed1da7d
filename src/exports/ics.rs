//! Days as a calendar (RFC 5545) that a calendar program subscribes to.
//! Invariant: the same days give the same bytes, so that a program that has them is told so. Never: a line past 75 octets, or a value that ends its own line.

use std::fmt::Write;

use chrono::NaiveDate;

use crate::ids::Moment;

/// A whole day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Its id, unique in the world with `origin`.
    pub id: String,
    /// The day.
    pub on: NaiveDate,
    /// When it was made.
    pub made: Moment,
    /// One line.
    pub title: String,
    /// Where to read more.
    pub url: String,
}

/// The calendar `name` of these days.
#[must_use]
pub fn calendar(name: &str, origin: &str, days: &[Day]) -> String {
    let mut ics = String::new();
    let mut put = |line: String| fold(&mut ics, &line);
    put("BEGIN:VCALENDAR".to_owned());
    put("VERSION:2.0".to_owned());
    put("PRODID:-//greenlane//due dates//ZH".to_owned());
    put("CALSCALE:GREGORIAN".to_owned());
    put("METHOD:PUBLISH".to_owned());
    put(format!("NAME:{}", escaped(name)));
    put(format!("X-WR-CALNAME:{}", escaped(name)));
    put("REFRESH-INTERVAL;VALUE=DURATION:PT1H".to_owned());
    for day in days {
        put("BEGIN:VEVENT".to_owned());
        put(format!("UID:{}@{origin}", day.id));
        put(format!("DTSTAMP:{}", utc(day.made)));
        put(format!("DTSTART;VALUE=DATE:{}", day.on.format("%Y%m%d")));
        let next = day.on.succ_opt().unwrap_or(day.on);
        put(format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
        put(format!("SUMMARY:{}", escaped(&day.title)));
        put(format!("URL:{}", day.url.replace(char::is_control, "")));
        put("TRANSP:TRANSPARENT".to_owned());
        put("CLASS:PRIVATE".to_owned());
        put("END:VEVENT".to_owned());
    }
    put("END:VCALENDAR".to_owned());
    ics
}

fn utc(at: Moment) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().format("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace('\n', "\\n");
    plain.replace(char::is_control, "")
}

/// A content line in pieces of at most 75 octets, none cut inside a character.
fn fold(ics: &mut String, line: &str) {
    const OCTETS_MAX: usize = 75;
    let mut room = OCTETS_MAX;
    for letter in line.chars() {
        if letter.len_utf8() > room {
            ics.push_str("\r\n ");
            room = OCTETS_MAX - 1;
        }
        room -= letter.len_utf8();
        // Writing into a text cannot fail.
        let _ = ics.write_char(letter);
    }
    ics.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(title: &str) -> Day {
        Day {
            id: "0195-7".into(),
            on: NaiveDate::from_ymd_opt(2025, 4, 22).unwrap(),
            made: Moment(1_745_200_800_000),
            title: title.into(),
            url: "https://greenlane.example/cases/1".into(),
        }
    }

    #[test]
    fn a_day_is_an_event_of_a_whole_day() {
        insta::assert_snapshot!(calendar("到期日", "greenlane.example", &[day("受理审查 GC20250001-HP")]).replace("\r\n", "\n"), @r"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//greenlane//due dates//ZH
        CALSCALE:GREGORIAN
        METHOD:PUBLISH
        NAME:到期日
        X-WR-CALNAME:到期日
        REFRESH-INTERVAL;VALUE=DURATION:PT1H
        BEGIN:VEVENT
        UID:0195-7@greenlane.example
        DTSTAMP:20250421T020000Z
        DTSTART;VALUE=DATE:20250422
        DTEND;VALUE=DATE:20250423
        SUMMARY:受理审查 GC20250001-HP
        URL:https://greenlane.example/cases/1
        TRANSP:TRANSPARENT
        CLASS:PRIVATE
        END:VEVENT
        END:VCALENDAR
        ");
    }

    #[test]
    fn a_title_cannot_begin_a_line_of_its_own_and_long_lines_are_folded_between_characters() {
        let text = calendar("x", "o", &[day(&format!("a;b,c\\d\r\nATTENDEE:x{}", "字".repeat(60)))]);
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        assert!(!text.contains("\r\nATTENDEE") && text.contains("SUMMARY:a\\;b\\,c\\\\d\\nATTENDEE:x"), "{text}");
        assert!(text.replace("\r\n ", "").contains(&"字".repeat(60)));
        assert!(text.ends_with("END:VCALENDAR\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    }
}
