//! The light of a task or a case.
//!
//! Green while there is time; yellow when what remains is at most one working day or a fifth of the limit, whichever is more, unless
//! the limit is three days or less, and unless its author wrote other thresholds; red from the day after the promise; dark red from the day after the law; grey while the promise
//! stands still. Invariant: what stops after its due day stays red, however long the stop.
//! Never: a colour kept for later.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Roll, Span, TermQuery, Thresholds, Unit};
use crate::definition::graph::TermKind;
use crate::engine::case::{Case, Task, Term};
use crate::ids::Moment;

/// A light, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Light {
    /// 绿灯: there is time.
    Green,
    /// 灰灯: the term stands still.
    Grey,
    /// 黄灯: due soon.
    Yellow,
    /// 红灯: past the promise or the step's own limit.
    Red,
    /// 深红灯: past the statutory limit.
    DarkRed,
}

/// When a light changes, read off the terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The day the light follows: the earliest promise, else the earliest statutory day. `None` while nothing has a date.
    pub due: Option<NaiveDate>,
    /// That day lies past the published calendar.
    pub provisional: bool,
    /// The day since which the promise stands still, when it did not expire before it stopped.
    pub grey_from: Option<Moment>,
    /// The first moment of yellow.
    pub yellow_from: Option<Moment>,
    /// The first moment of red.
    pub red_from: Option<Moment>,
    /// The first moment of dark red.
    pub dark_red_from: Option<Moment>,
}

impl Watch {
    /// What to watch for in `terms`: those of a case, or those that concern one task.
    #[must_use]
    pub fn over<'a>(terms: impl IntoIterator<Item = &'a Term>, calendar: &Calendar) -> Self {
        let (promised, statutory): (Vec<&Term>, Vec<&Term>) = terms.into_iter().partition(|term| follows_promise(term));
        let leading = if promised.is_empty() { &statutory } else { &promised };
        let lead = leading.iter().filter(|term| term.due.is_some()).min_by_key(|term| term.due);
        let running = || promised.iter().chain(&statutory).copied().filter(|term| !stands_still(term));
        Self {
            due: lead.and_then(|term| term.due),
            provisional: lead.is_some_and(|term| term.provisional),
            grey_from: leading.iter().filter(|term| stands_still(term)).filter_map(|term| term.stopped_on).min().map(Moment::start_of),
            yellow_from: running().filter_map(|term| yellow_day(term, calendar)).min().map(Moment::start_of),
            red_from: running().filter(|term| follows_promise(term)).filter_map(day_after).min().map(Moment::start_of),
            dark_red_from: running().filter(|term| !follows_promise(term)).filter_map(day_after).min().map(Moment::start_of),
        }
    }

    /// What to watch for in the terms of the task's own step and of the scope it lies in.
    #[must_use]
    pub fn over_task(case: &Case, task: &Task, calendar: &Calendar) -> Self {
        let concerns = |term: &&Term| term.scope == task.scope && term.token.is_none_or(|token| token == task.token);
        Self::over(case.terms.values().filter(concerns), calendar)
    }

    /// The light at `now`.
    #[must_use]
    pub fn light(&self, now: Moment) -> Light {
        let since = |moment: Option<Moment>| moment.is_some_and(|moment| moment <= now);
        if since(self.dark_red_from) {
            Light::DarkRed
        } else if since(self.red_from) {
            Light::Red
        } else if since(self.yellow_from) {
            Light::Yellow
        } else if since(self.grey_from) {
            Light::Grey
        } else {
            Light::Green
        }
    }
}

/// The days left until `due`, negative when that many days late, in `unit`; `None` where the calendar does not reach.
#[must_use]
pub fn margin(due: NaiveDate, today: NaiveDate, unit: Unit, calendar: &Calendar) -> Option<i64> {
    let days = match unit {
        Unit::Calendar => return Some(due.signed_duration_since(today).num_days()),
        Unit::Working => |after, through| calendar.working_days(after, through).map(i64::from),
    };
    if today <= due { days(today, due) } else { days(due, today).map(|late| -late) }
}

/// Whether the light follows this term as a promise; a statutory one makes it dark red.
fn follows_promise(term: &Term) -> bool {
    match term.kind {
        TermKind::Promised | TermKind::Step => true,
        TermKind::Statutory => false,
    }
}

/// Whether the term is stopped now. A stop after the due day cures nothing (特别程序不能补救已届满的时限); one on the due day is in time.
fn stands_still(term: &Term) -> bool {
    let in_time = match (term.stopped_on, term.due) {
        (Some(stopped), Some(due)) => stopped <= due,
        (None, _) | (_, None) => true,
    };
    term.stopped_on.is_some() && in_time
}

fn day_after(term: &Term) -> Option<NaiveDate> {
    term.due?.succ_opt()
}

/// The first yellow day: from then on at most the share of the limit is left, or so many working days.
fn yellow_day(term: &Term, calendar: &Calendar) -> Option<NaiveDate> {
    const WHOLE: u64 = 100;
    let due = term.due?;
    let limit = last_leg(term);
    let Thresholds { share, days, none_up_to } = term.manner.lights.or(calendar.lights()).or(term.manner.usual).unwrap_or_default();
    if limit.days <= none_up_to {
        return None;
    }
    let share = u32::try_from(u64::from(limit.days) * u64::from(share) / WHOLE).unwrap_or(limit.days);
    match limit.unit {
        Unit::Working => before_due(term, share.max(days), calendar),
        Unit::Calendar => {
            let last_working_days = calendar.shift(due, -i32::try_from(days).unwrap_or(i32::MAX), Unit::Working);
            last_working_days.into_iter().chain(before_due(term, share, calendar)).min()
        }
    }
}

/// The days the share is taken of: the whole limit, or the extension alone when it counts other days than the limit.
fn last_leg(term: &Term) -> Span {
    match term.extended {
        Some(extended) if extended.unit == term.within.unit => Span { days: term.within.days.saturating_add(extended.days), unit: extended.unit },
        Some(extended) => extended,
        None => term.within,
    }
}

/// The day on which `days` of the term are left. Stopped days are stepped over, as they were for the due day itself.
fn before_due(term: &Term, days: u32, calendar: &Calendar) -> Option<NaiveDate> {
    let due = term.due?;
    let query = term.query(&term.stopped);
    if calendar.due(&query).date() != Some(due) {
        // The calendar changed and the earlier day was kept: count back from it.
        return calendar.shift(due, -i32::try_from(days).ok()?, last_leg(term).unit);
    }
    let of_extension = term.extended.map_or(0, |span| span.days.min(days));
    let extended = term.extended.map(|span| Span { days: span.days - of_extension, ..span });
    let within = Span { days: term.within.days.saturating_sub(days - of_extension), ..term.within };
    calendar.due(&TermQuery { within, extended, roll_over: Roll::Never, ..query }).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::definition::graph::Manner;
    use crate::ids::Name;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn at(text: &str) -> Moment {
        Moment::start_of(day(text))
    }

    fn china() -> Calendar {
        static CHINA: std::sync::OnceLock<Calendar> = std::sync::OnceLock::new();
        CHINA.get_or_init(|| Calendar::china().expect("the calendar the program carries has no mistake")).clone()
    }

    /// A term with its due day as the engine would have computed it.
    fn term(kind: TermKind, from: &str, within: &str, stopped: &[(&str, &str)]) -> Term {
        let stopped: Vec<_> = stopped.iter().map(|(first, last)| (day(first), day(last))).collect();
        let within = within.parse().expect(within);
        let due = china().due(&TermQuery { suspended: &stopped, ..TermQuery::plain(day(from), within) });
        Term {
            scope: 0,
            token: None,
            key: Name::from("promised"),
            kind,
            within,
            from: day(from),
            excludes: Vec::new(),
            stopped,
            stops_open: Vec::new(),
            stopped_on: None,
            extended: None,
            due: due.date(),
            provisional: due.is_provisional(),
            rungs: Vec::new(),
            fired: Vec::new(),
            deem_at: None,
            manner: Manner::default(),
            stated: None,
        }
    }

    fn lights(terms: &[Term], days: &[&str]) -> Vec<Light> {
        let calendar = china();
        days.iter().map(|day| Watch::over(terms, &calendar).light(at(day))).collect()
    }

    #[test]
    fn a_promise_goes_yellow_then_red_and_the_law_makes_it_dark_red() {
        let stopped = [("2025-03-25", "2025-03-31"), ("2025-04-01", "2025-04-11")];
        let promise = term(TermKind::Promised, "2025-03-24", "7 working days", &stopped);
        let law = term(TermKind::Statutory, "2025-03-24", "30 calendar days", &stopped[1..]);
        let days = ["2025-04-14", "2025-04-20", "2025-04-21", "2025-04-22", "2025-04-23", "2025-05-06", "2025-05-07"];
        use Light::{DarkRed, Green, Red, Yellow};
        assert_eq!(lights(&[promise.clone(), law.clone()], &days), [Green, Green, Yellow, Yellow, Red, Red, DarkRed]);
        let watch = Watch::over([&promise, &law], &china());
        assert_eq!((watch.due, watch.yellow_from, watch.red_from), (Some(day("2025-04-22")), Some(at("2025-04-21")), Some(at("2025-04-23"))));
        assert_eq!(watch.dark_red_from, Some(at("2025-05-07")));
    }

    #[test]
    fn red_begins_at_midnight_in_china_after_the_due_day() {
        let promise = term(TermKind::Promised, "2025-03-03", "5 working days", &[]);
        let watch = Watch::over([&promise], &china());
        let midnight = Moment::start_of(day("2025-03-11"));
        assert_eq!(watch.light(Moment(midnight.0 - 1)), Light::Yellow);
        assert_eq!(watch.light(midnight), Light::Red);
    }

    #[test]
    fn a_limit_of_three_days_has_no_yellow() {
        let short = term(TermKind::Step, "2025-03-03", "3 working days", &[]);
        assert_eq!(lights(&[short], &["2025-03-05", "2025-03-06", "2025-03-07"]), [Light::Green, Light::Green, Light::Red]);
        let longer = term(TermKind::Step, "2025-03-03", "4 working days", &[]);
        assert_eq!(lights(&[longer], &["2025-03-05", "2025-03-06", "2025-03-07", "2025-03-08"]), [Light::Green, Light::Yellow, Light::Yellow, Light::Red]);
    }

    #[test]
    fn yellow_takes_a_fifth_of_a_long_limit() {
        let twenty = term(TermKind::Promised, "2017-09-11", "20 working days", &[]);
        // Due 2017-10-13; four working days are left from 2017-10-09, the first day after the holiday.
        assert_eq!(lights(&[twenty], &["2017-09-30", "2017-10-08", "2017-10-09"]), [Light::Green, Light::Green, Light::Yellow]);
        let thirty = term(TermKind::Statutory, "2025-03-03", "30 calendar days", &[]);
        // Due 2025-04-02; six days are left from 03-27.
        assert_eq!(lights(&[thirty], &["2025-03-26", "2025-03-27", "2025-04-03"]), [Light::Green, Light::Yellow, Light::DarkRed]);
    }

    #[test]
    fn an_author_writes_when_the_light_turns_yellow() {
        let with = |share, days, none_up_to| {
            let mut ten = term(TermKind::Promised, "2025-03-03", "10 working days", &[]);
            ten.manner.lights = Some(Thresholds { share, days, none_up_to });
            Watch::over([&ten], &china()).yellow_from.map(Moment::date)
        };
        // Due 2025-03-17.
        let expected = [((20, 1, 3), "2025-03-13"), ((50, 1, 3), "2025-03-10"), ((10, 4, 3), "2025-03-11"), ((10, 1, 9), "2025-03-14")];
        for ((share, days, none_up_to), day_expected) in expected {
            assert_eq!(with(share, days, none_up_to), Some(day(day_expected)), "{share} % or {days} days, none up to {none_up_to}");
        }
        assert_eq!(with(50, 1, 10), None);
    }

    #[test]
    fn a_calendar_day_limit_warns_one_working_day_ahead_at_least() {
        // A fifth of nine days is one day, 10-08, still in the holiday: the last working day before the due day is 09-30.
        let construction = term(TermKind::Statutory, "2025-09-30", "9 calendar days", &[]);
        assert_eq!(construction.due, Some(day("2025-10-09")));
        assert_eq!(lights(&[construction], &["2025-09-29", "2025-09-30"]), [Light::Green, Light::Yellow]);
    }

    #[test]
    fn a_term_that_stands_still_is_grey_and_its_law_still_runs() {
        let mut promise = term(TermKind::Promised, "2025-03-03", "5 working days", &[]);
        promise.stops_open = vec![7];
        promise.stopped_on = Some(day("2025-03-05"));
        let law = term(TermKind::Statutory, "2025-03-03", "20 working days", &[]);
        let days = ["2025-03-06", "2025-03-26", "2025-04-01"];
        assert_eq!(lights(&[promise.clone(), law], &days), [Light::Grey, Light::Yellow, Light::DarkRed]);
        assert_eq!(Watch::over([&promise], &china()).red_from, None);
    }

    #[test]
    fn a_stop_after_the_due_day_stays_red() {
        let mut promise = term(TermKind::Promised, "2025-03-03", "5 working days", &[]);
        promise.stops_open = vec![7];
        promise.stopped_on = Some(day("2025-03-10"));
        assert_eq!(lights(std::slice::from_ref(&promise), &["2025-03-11"]), [Light::Grey], "stopped on its due day");
        promise.stopped_on = Some(day("2025-03-11"));
        assert_eq!(lights(&[promise], &["2025-03-11", "2025-06-01"]), [Light::Red, Light::Red], "stopped the day after");
    }

    #[test]
    fn a_due_day_kept_when_the_calendar_changed_is_counted_back_from() {
        let mut promise = term(TermKind::Promised, "2025-03-03", "10 working days", &[]);
        promise.due = Some(day("2025-03-14"));
        assert_eq!(lights(&[promise], &["2025-03-11", "2025-03-12", "2025-03-15"]), [Light::Green, Light::Yellow, Light::Red]);
    }

    #[test]
    fn a_term_without_a_date_is_green() {
        let promise = term(TermKind::Promised, "2026-12-01", "60 working days", &[]);
        assert_eq!((promise.due, promise.provisional), (None, true));
        assert_eq!(lights(&[promise], &["2026-12-31"]), [Light::Green]);
    }

    #[test]
    fn the_margin_is_counted_in_the_unit_asked() {
        let calendar = china();
        let due = day("2025-04-22");
        assert_eq!(margin(due, day("2025-04-21"), Unit::Working, &calendar), Some(1));
        assert_eq!(margin(due, day("2025-04-30"), Unit::Working, &calendar), Some(-7));
        assert_eq!(margin(due, day("2025-04-30"), Unit::Calendar, &calendar), Some(-8));
        assert_eq!(margin(due, day("2027-02-01"), Unit::Working, &calendar), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_light_of_each_day_is_what_a_count_of_the_days_left_makes_it(
            start in 0_u64..3_600, days in 1_u32..50, extension in prop::option::of(1_u32..20), stops in prop::collection::vec((0_u64..60, 0_u64..15), 0..3),
        ) {
            let calendar = china();
            let from = day("2016-01-01") + chrono::Days::new(start);
            let mut promise = term(TermKind::Promised, "2025-03-03", "1 working day", &[]);
            (promise.from, promise.within, promise.extended) = (from, Span::working(days), extension.map(Span::working));
            promise.stopped = stops.iter().map(|(skip, length)| (from + chrono::Days::new(*skip), from + chrono::Days::new(skip + length))).collect();
            let query = TermQuery { from, within: promise.within, extended: promise.extended, suspended: &promise.stopped, roll_over: Roll::Never };
            promise.due = calendar.due(&query).date();
            let due = promise.due.expect("the start leaves the published years room enough");
            let watch = Watch::over([&promise], &calendar);
            let limit = days + extension.unwrap_or(0);
            for today in from.iter_days().take_while(|today| *today <= due + chrono::Days::new(3)) {
                let left = limit.saturating_sub(calendar.used(&query, today));
                let light = match left {
                    _ if today > due => Light::Red,
                    left if limit > 3 && (left <= 1 || left * 5 <= limit) => Light::Yellow,
                    _ => Light::Green,
                };
                prop_assert_eq!(watch.light(Moment::start_of(today)), light, "{} with {} of {} days left", today, left, limit);
            }
        }
    }
}
