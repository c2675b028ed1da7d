//! Progress lights (序时): how far a planned node has come against how much of its time has gone by.
//! Invariant: the light follows from the plan, what is done and the day; the same three give the same light. Never: a stored colour.

use chrono::NaiveDate;

use super::light::Light;
use super::schedule::Pace;

const WHOLE: i64 = 100;

/// A node of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedNode {
    /// The first planned day.
    pub start: NaiveDate,
    /// The last planned day.
    pub end: NaiveDate,
    /// How much is done, in hundredths.
    pub done: u8,
}

/// Where a node stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How much should be done by the end of the day, in hundredths: the share of the planned days that have gone by.
    pub expected: u8,
    /// How far what is done falls short of that; negative when it is ahead.
    pub behind: i64,
    /// Its light.
    pub light: Light,
}

impl PlannedNode {
    /// Where it stands on `today`. What is finished is green, however late; a plan that ends before it starts is over with its end.
    #[must_use]
    pub fn on(&self, today: NaiveDate) -> Progress {
        let days = |first: NaiveDate, last: NaiveDate| last.signed_duration_since(first).num_days() + 1;
        let expected = match (today < self.start, today >= self.end) {
            (_, true) => WHOLE,
            (true, false) => 0,
            (false, false) => days(self.start, today) * WHOLE / days(self.start, self.end).max(1),
        };
        let done = i64::from(self.done).min(WHOLE);
        let behind = expected - done;
        let light = if done == WHOLE { Light::Green } else { Pace::of(behind).light() };
        Progress { expected: u8::try_from(expected.clamp(0, WHOLE)).unwrap_or(u8::MAX), behind, light }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(done: u8) -> PlannedNode {
        // Ten days: each is a tenth.
        PlannedNode { start: "2025-03-01".parse().expect("a day"), end: "2025-03-10".parse().expect("a day"), done }
    }

    #[test]
    fn less_than_ten_behind_is_green_up_to_thirty_yellow_and_more_red() {
        let on = |day: &str, done| {
            let progress = node(done).on(day.parse().expect("a day"));
            (progress.expected, progress.behind, progress.light)
        };
        assert_eq!(on("2025-02-28", 0), (0, 0, Light::Green), "not begun, and not to be");
        assert_eq!(on("2025-03-05", 41), (50, 9, Light::Green));
        assert_eq!(on("2025-03-05", 40), (50, 10, Light::Yellow));
        assert_eq!(on("2025-03-05", 20), (50, 30, Light::Yellow));
        assert_eq!(on("2025-03-05", 19), (50, 31, Light::Red));
        assert_eq!(on("2025-03-05", 90), (50, -40, Light::Green), "ahead");
        assert_eq!(on("2025-03-10", 95), (100, 5, Light::Green));
        assert_eq!(on("2025-05-01", 69), (100, 31, Light::Red), "past its end");
        assert_eq!(on("2025-05-01", 100), (100, 0, Light::Green), "finished, however late");
        let one_day = PlannedNode { start: "2025-03-10".parse().expect("a day"), ..node(0) };
        assert_eq!(one_day.on("2025-03-10".parse().expect("a day")).expected, 100);
        let backwards = PlannedNode { start: "2025-03-20".parse().expect("a day"), ..node(0) };
        assert_eq!(backwards.on("2025-03-12".parse().expect("a day")).expected, 100);
    }
}
