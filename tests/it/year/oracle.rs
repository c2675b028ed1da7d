//! What the clocks of a case should have done, worked out from its record by a walk of its own: each date by counting days, each rung from the date.
//! Invariant: nothing of the engine's arithmetic is asked; the calendar is asked about single days only.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime};
use greenlane::app::view::Act;
use greenlane::calendar::{Calendar, Span, Unit};
use greenlane::engine::case::Local;
use greenlane::engine::event::Event;
use greenlane::ids::Moment;

/// A rung of the one ladder: how far from the due day, in which unit, at which minute of the day, saying what.
const LADDER: [(i64, Unit, u32, &str); 4] =
    [(-1, Unit::Working, 540, "o.yellow"), (0, Unit::Working, 510, "o.today"), (1, Unit::Working, 510, "o.red"), (5, Unit::Calendar, 960, "o.dark")];

/// The two calendars of the year and the moments at which time stood still long enough to act.
pub struct Year {
    pub before: Calendar,
    pub after: Calendar,
    /// When the amended calendar was published: a moment of its own.
    pub amended: Moment,
    /// Every moment the clock was set to, in order.
    pub ticks: Vec<Moment>,
}

/// What one case's record came to.
#[derive(Debug, Default)]
pub struct Heard {
    /// Rungs that fired, by what they say.
    pub fired: BTreeMap<&'static str, usize>,
    /// Terms that began.
    pub terms: usize,
    /// Dates that an amended calendar moved.
    pub moved: usize,
}

#[derive(Debug)]
struct Running {
    from: NaiveDate,
    within: Span,
    extended: u32,
    stopped: Vec<(NaiveDate, NaiveDate)>,
    stopped_on: Option<NaiveDate>,
    due: NaiveDate,
    /// Rungs to come: which, at what moment, known since.
    armed: Vec<(u16, Moment, Moment)>,
    fired: BTreeSet<(u16, NaiveDate)>,
}

impl Running {
    /// Counts day by day.
    fn count(&self, calendar: &Calendar) -> NaiveDate {
        let (mut day, mut left) = (self.from, self.within.days + self.extended);
        while left > 0 {
            day = day + Days::new(1);
            let out = self.stopped.iter().any(|(first, last)| (*first..=*last).contains(&day));
            let counts = match self.within.unit {
                Unit::Calendar => true,
                Unit::Working => calendar.is_working(day).expect("the year lies within the calendar"),
            };
            left -= u32::from(counts && !out);
        }
        day
    }

    /// Sets the date and what it will say from `now` on: everything to come, and the last of what is past unless it was said for this very day.
    fn arm(&mut self, calendar: &Calendar, now: Moment, begins: bool) {
        self.due = self.count(calendar);
        let moments: Vec<(u16, Moment)> =
            (0..).zip(LADDER).map(|(rung, (offset, unit, minute, _))| (rung, moment(calendar, self.due, (offset, unit), minute))).collect();
        let last = moments.iter().map(|(_, at)| *at).filter(|at| *at <= now && !begins).max();
        let unsaid = |rung: u16| !self.fired.contains(&(rung, self.due));
        self.armed = moments.into_iter().filter(|(rung, at)| (*at > now || Some(*at) == last) && unsaid(*rung)).map(|(rung, at)| (rung, at, now)).collect();
    }
}

fn moment(calendar: &Calendar, due: NaiveDate, (offset, unit): (i64, Unit), minute: u32) -> Moment {
    let (mut day, mut left) = (due, offset.unsigned_abs());
    while left > 0 {
        day = if offset < 0 { day - Days::new(1) } else { day + Days::new(1) };
        left -= u64::from(unit == Unit::Calendar || calendar.is_working(day).expect("the year lies within the calendar"));
    }
    // On a day off it waits for a working day, but not past the due day, and on the due day itself not at all.
    let works = |day: NaiveDate| calendar.is_working(day).expect("the year lies within the calendar");
    let next = day.iter_days().find(|day| works(*day)).expect("offices open again");
    if offset > 0 || (offset < 0 && next <= due) {
        day = next;
    }
    Moment::at(day, NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).expect("a time of day"))
}

impl Year {
    fn calendar(&self, at: Moment) -> &Calendar {
        if at >= self.amended { &self.after } else { &self.before }
    }

    /// The first moment the clock was set to from `at` on.
    fn tick_from(&self, at: Moment) -> Option<Moment> {
        let place = self.ticks.partition_point(|tick| *tick < at);
        self.ticks.get(place).copied()
    }

    /// Walks a case's record.
    ///
    /// # Errors
    /// The first thing that is not as it should be.
    pub fn walk(&self, acts: &[Act]) -> Result<Heard, String> {
        let mut terms: BTreeMap<Local, Running> = BTreeMap::new();
        let mut heard = Heard::default();
        let mut amended = false;
        for act in acts {
            let wakes = act.events.iter().any(|event| matches!(event, Event::RungFired { .. }));
            self.nothing_missing(&terms, act, wakes)?;
            if act.at > self.amended && !amended {
                amended = true;
                nothing_unmoved(&terms, &self.after)?;
            }
            for event in &act.events {
                self.step(&mut terms, &mut heard, (event, act.at))
                    .map_err(|wrong| format!("act {} at {}: {wrong}; {event:?}", act.seq, act.at.to_rfc3339()))?;
            }
        }
        let end = self.ticks.last().copied().unwrap_or(Moment(0));
        match terms.values().flat_map(running).find(|(_, at, _)| *at <= end) {
            Some(rung) => Err(format!("rung {rung:?} never fired")),
            None => Ok(heard),
        }
    }

    /// Whoever acts at a moment finds everything said that was due by then.
    fn nothing_missing(&self, terms: &BTreeMap<Local, Running>, act: &Act, wakes: bool) -> Result<(), String> {
        for term in terms.values() {
            let owed = running(term)
                .find(|(_, at, since)| self.tick_from((*at).max(*since)).is_some_and(|tick| tick < act.at || (tick == act.at && !wakes && *since < act.at)));
            if let Some(rung) = owed {
                return Err(format!("act {} at {}: rung {rung:?} of the term due {} should have fired before", act.seq, act.at.to_rfc3339(), term.due));
            }
        }
        Ok(())
    }

    fn step(&self, terms: &mut BTreeMap<Local, Running>, heard: &mut Heard, (event, at): (&Event, Moment)) -> Result<(), String> {
        let calendar = self.calendar(at);
        let found = |due: Option<NaiveDate>, term: &Running| {
            (due == Some(term.due)).then_some(()).ok_or_else(|| format!("expected the date {}, found {due:?}", term.due))
        };
        match event {
            Event::TermStarted { term, within, from, due, .. } => {
                let mut begun = Running {
                    from: *from,
                    within: *within,
                    extended: 0,
                    stopped: Vec::new(),
                    stopped_on: None,
                    due: *from,
                    armed: Vec::new(),
                    fired: BTreeSet::new(),
                };
                begun.arm(calendar, at, true);
                found(*due, &begun)?;
                heard.terms += 1;
                terms.insert(*term, begun);
            }
            Event::TermStopped { term, on, .. } => {
                let term = terms.get_mut(term).ok_or("a term that is not there stopped")?;
                // A term whose day is over is not stopped any more.
                if term.due >= *on {
                    term.stopped_on = Some(*on);
                    term.armed.clear();
                }
            }
            Event::TermResumed { term, on, .. } => {
                let term = terms.get_mut(term).ok_or("a term that is not there went on")?;
                if let Some(stopped) = term.stopped_on.take() {
                    let first = stopped + Days::new(1);
                    term.stopped.extend((first <= *on).then_some((first, *on)));
                    term.arm(calendar, at, false);
                }
            }
            Event::TermExtended { term, by, .. } => {
                let term = terms.get_mut(term).ok_or("a term that is not there was extended")?;
                term.extended = by.days;
                term.arm(calendar, at, false);
            }
            Event::TermMoved { term, due, because, .. } => {
                let term = terms.get_mut(term).ok_or("a term that is not there moved")?;
                if because.starts_with("calendar") {
                    heard.moved += usize::from(term.due != term.count(calendar));
                    term.arm(calendar, at, false);
                }
                found(*due, term)?;
            }
            Event::TermEnded { term, .. } => drop(terms.remove(term).ok_or("a term ended twice")?),
            Event::RungFired { term, rung, due } => self.fired(terms.get_mut(term).ok_or("a rung of a term that is over")?, heard, ((*rung, *due), at))?,
            _ => {}
        }
        Ok(())
    }

    fn fired(&self, term: &mut Running, heard: &mut Heard, ((rung, due), at): ((u16, Option<NaiveDate>), Moment)) -> Result<(), String> {
        if term.stopped_on.is_some() {
            return Err("a term that stands still spoke".into());
        }
        let place = term.armed.iter().position(|(armed, _, _)| *armed == rung).ok_or("it was not to fire, or not again")?;
        let (_, moment, since) = term.armed.remove(place);
        if moment > at {
            return Err(format!("too early: it was for {}", moment.to_rfc3339()));
        }
        if self.tick_from(moment.max(since)) != Some(at) {
            return Err(format!("too late: it was for {}", moment.to_rfc3339()));
        }
        if due != Some(term.due) || !term.fired.insert((rung, term.due)) {
            return Err(format!("for {due:?} again, or not for {}", term.due));
        }
        *heard.fired.entry(LADDER[usize::from(rung)].3).or_default() += 1;
        Ok(())
    }
}

fn running(term: &Running) -> impl Iterator<Item = (u16, Moment, Moment)> + '_ {
    term.armed.iter().copied().filter(|_| term.stopped_on.is_none())
}

/// Every open date that the amended calendar moves was moved with it.
fn nothing_unmoved(terms: &BTreeMap<Local, Running>, calendar: &Calendar) -> Result<(), String> {
    match terms.values().filter(|term| term.stopped_on.is_none()).find(|term| term.due != term.count(calendar)) {
        Some(term) => Err(format!("the amended calendar did not move {term:?}")),
        None => Ok(()),
    }
}
