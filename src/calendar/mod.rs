//! Working time: holidays and make-up days, terms, suspensions, and the day-by-day explanation.
//!
//! A calendar is data that somebody published: which days are off, which weekends are worked, and how far that is known.
//! Invariant: no day outside the published years is ever called working or free.
//! Never: the clock, a time zone, a guess that Monday to Friday will do.

mod amend;
mod claims;
mod compare;
mod csv;
mod explain;
mod ics;
mod light;
mod rows;
mod span;
mod syntax;
mod table;
mod term;
mod write;

pub use amend::{Format, Head};
pub use compare::DayChange;
pub use explain::{DayNote, DayWhy, Explanation};
pub use light::Thresholds;
pub use span::{Span, SpanError, Unit};
pub use table::{Calendar, Closure, DayKind, District, Holiday, Notice, OfficeHours, weekday_zh};
pub use term::{Due, Roll, TermQuery};

/// The calendar the program carries: China, by the yearly notices of the State Council's General Office.
pub const CN: &str = include_str!("../../workflows/calendars/cn.yaml");
