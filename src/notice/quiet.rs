//! When a notice may leave: short messages keep quiet at night and on days off, unless they speak of today.
//! Invariant: a notice that is held leaves at the next eight o'clock of a working day; none is dropped. Never: mail held, which disturbs nobody; a clock read.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike, Weekday};

use super::{Kind, Medium, Urgency};
use crate::calendar::Calendar;
use crate::ids::Moment;
use crate::limits::{HELD_DAYS_MAX, QUIET_FROM_HOUR, QUIET_UNTIL_HOUR};

/// When a notice made at `now` leaves: 22:00 to 08:00 and days off carry only what is due today (PROCEDURES 10, short messages).
#[must_use]
pub fn leaves_at(kind: Kind, medium: Medium, now: Moment, calendar: &Calendar) -> Moment {
    match (medium, kind.urgency()) {
        (Medium::Mail, Urgency::Routine | Urgency::DueToday) | (Medium::Sms, Urgency::DueToday) => return now,
        (Medium::Sms, Urgency::Routine) => {}
    }
    let (today, hour) = (now.date(), now.civil().hour());
    if is_working(calendar, today) && (QUIET_UNTIL_HOUR..QUIET_FROM_HOUR).contains(&hour) {
        return now;
    }
    // Before eight of a working day it is that day's eight o'clock.
    let first = if hour < QUIET_UNTIL_HOUR { 0 } else { 1 };
    let days = (first..=HELD_DAYS_MAX).filter_map(|later| today.checked_add_days(Days::new(later)));
    let morning = NaiveTime::from_hms_opt(QUIET_UNTIL_HOUR, 0, 0);
    let next = days.into_iter().find(|day| is_working(calendar, *day)).zip(morning);
    // With no working day in sight it does not wait for ever.
    next.map_or(now, |(day, morning)| Moment::at(day, morning))
}

/// By the published calendar; where none is published, by the week.
fn is_working(calendar: &Calendar, day: NaiveDate) -> bool {
    calendar.is_working(day).unwrap_or_else(|| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(kind: Kind, medium: Medium, when: &str) -> String {
        let calendar = Calendar::parse(crate::calendar::CN, "cn.yaml").unwrap();
        let (day, time) = when.split_once(' ').unwrap();
        let now = Moment::at(day.parse().unwrap(), NaiveTime::parse_from_str(time, "%H:%M").unwrap());
        leaves_at(kind, medium, now, &calendar).civil().format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn a_short_message_waits_for_the_morning_of_a_working_day_and_mail_does_not() {
        let cases = [
            ("2025-03-03 08:00", "2025-03-03 08:00"),
            ("2025-03-03 21:59", "2025-03-03 21:59"),
            ("2025-03-03 22:00", "2025-03-04 08:00"),
            ("2025-03-03 07:59", "2025-03-03 08:00"),
            // Friday night, Saturday noon and Sunday before eight lead to Monday.
            ("2025-03-07 22:30", "2025-03-10 08:00"),
            ("2025-03-08 12:00", "2025-03-10 08:00"),
            ("2025-03-09 06:00", "2025-03-10 08:00"),
            // The Spring Festival of 2025 lasted through Tuesday 4 February; Saturday 8 February was worked.
            ("2025-01-28 10:00", "2025-02-05 08:00"),
            ("2025-02-08 10:00", "2025-02-08 10:00"),
            // Past every published calendar the week alone counts.
            ("2099-01-03 10:00", "2099-01-05 08:00"),
        ];
        for (made, expected) in cases {
            assert_eq!(leaves(Kind::OTask, Medium::Sms, made), expected, "made {made}");
            assert_eq!(leaves(Kind::OToday, Medium::Sms, made), made, "due today, made {made}");
            assert_eq!(leaves(Kind::OTask, Medium::Mail, made), made, "mail, made {made}");
        }
    }
}
