//! How a date came about, day by day: walked independently of `due`, so that each can be held against the other.

use std::sync::Arc;

use chrono::NaiveDate;

use super::span::Unit;
use super::table::{Calendar, DayKind};
use super::term::{Due, TermQuery, is_stopped, merged};
use crate::ids::Text;

/// A due day with every day that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The answer.
    pub due: Due,
    /// The start day and every day up to the due day, or up to where the calendar ends.
    pub days: Vec<DayNote>,
}

/// One day of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayNote {
    /// The day.
    pub date: NaiveDate,
    /// The how manieth counted day it is; `None` when it does not count.
    pub counted: Option<u32>,
    /// Why.
    pub why: DayWhy,
}

/// Why a day counts or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayWhy {
    /// The day the term starts.
    Start,
    /// A working day.
    Working,
    /// A weekend day that is worked.
    MakeUp(Arc<Text>),
    /// A calendar day of a term that counts every day.
    CalendarDay,
    /// An ordinary weekend.
    Weekend,
    /// A day off.
    Holiday(Arc<Text>),
    /// A local closure.
    Closure(Arc<Text>),
    /// The term stood still.
    Suspended,
    /// The limit ended on a holiday and moved here.
    MovedHere,
    /// The limit ended on an ordinary weekend and moved here, because it or the calendar says so.
    MovedOffWeekend,
}

impl DayWhy {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Start => "起算日，不计".to_owned(),
            Self::Working => "工作日".to_owned(),
            Self::MakeUp(label) => format!("{}调休上班", label.zh),
            Self::CalendarDay => "自然日".to_owned(),
            Self::Weekend => "周末".to_owned(),
            Self::Holiday(label) => format!("{}放假", label.zh),
            Self::Closure(label) => label.zh.clone(),
            Self::Suspended => "期间不计入".to_owned(),
            Self::MovedHere => "期末逢法定休假日，顺延至此".to_owned(),
            Self::MovedOffWeekend => "期末逢周末，按规定顺延至此".to_owned(),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Start => "start day, not counted".to_owned(),
            Self::Working => "working day".to_owned(),
            Self::MakeUp(label) => format!("make-up working day for {}", label.en),
            Self::CalendarDay => "calendar day".to_owned(),
            Self::Weekend => "weekend".to_owned(),
            Self::Holiday(label) => format!("{} holiday", label.en),
            Self::Closure(label) => label.en.clone(),
            Self::Suspended => "suspended, not counted".to_owned(),
            Self::MovedHere => "the limit ended on a holiday and moves here".to_owned(),
            Self::MovedOffWeekend => "the limit ended on a weekend and moves here, as it says".to_owned(),
        }
    }
}

impl Calendar {
    /// The due day with every day that led to it.
    #[must_use]
    pub fn explain(&self, query: &TermQuery<'_>) -> Explanation {
        let due = self.due(query);
        let end = match due {
            Due::On { date, .. } => date,
            Due::Unknown { through, .. } => through,
        };
        let mut days = vec![DayNote { date: query.from, counted: None, why: DayWhy::Start }];
        let stopped = merged(query.suspended);
        let (mut counted, mut ended) = (0, query.from);
        for date in query.from.iter_days().skip(1).take_while(|date| *date <= end) {
            let mut note = self.note(query, &stopped, date, counted);
            if note.counted.is_some() {
                ended = date;
            } else if note.why == DayWhy::MovedHere && self.day(ended) == Some(&DayKind::Weekend) {
                note.why = DayWhy::MovedOffWeekend;
            }
            counted = note.counted.unwrap_or(counted);
            days.push(note);
        }
        Explanation { due, days }
    }

    /// One day, after `counted` days have been counted.
    fn note(&self, query: &TermQuery<'_>, stopped: &[(NaiveDate, NaiveDate)], date: NaiveDate, counted: u32) -> DayNote {
        let kind = self.day(date);
        let over = counted >= query.total();
        let unit = match query.extended {
            Some(extended) if counted >= query.within.days => extended.unit,
            Some(_) | None => query.within.unit,
        };
        let (counts, why) = match (unit, kind) {
            _ if is_stopped(stopped, date) => (false, DayWhy::Suspended),
            (_, Some(DayKind::Working | DayKind::MakeUp(_))) if over => (false, DayWhy::MovedHere),
            (Unit::Calendar, _) if !over => (true, DayWhy::CalendarDay),
            (_, Some(DayKind::Working)) => (true, DayWhy::Working),
            (_, Some(DayKind::MakeUp(label))) => (true, DayWhy::MakeUp(Arc::clone(label))),
            (_, Some(DayKind::Holiday(label))) => (false, DayWhy::Holiday(Arc::clone(label))),
            (_, Some(DayKind::Closure(label))) => (false, DayWhy::Closure(Arc::clone(label))),
            (_, Some(DayKind::Weekend) | None) => (false, DayWhy::Weekend),
        };
        DayNote { date, counted: counts.then_some(counted + 1), why }
    }
}
