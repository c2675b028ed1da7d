//! Terms of scopes and steps: when they start, what stops them, what they say when, how they end (DOMAIN 2.3).
//! Invariant: a due date is computed here, once, and stands in an event; a term past the published calendar has none or says it is provisional.
//! Never: a light or an "overdue" flag; whether a term has expired is read from its date and today.

use chrono::{Days, NaiveDate, NaiveTime};

use crate::calendar::{Roll, Span, TermQuery, Unit};
use crate::definition::graph::{Bundle, Node, NodeKind, Pool, Rung as RungRule, TermEnd, TermRule, TermStart};
use crate::engine::case::{Case, Local, RungAt, Term};
use crate::engine::draft::{Draft, Spot, Step, ancestry};
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::engine::happenings::Catcher;
use crate::ids::{Moment, Name};

/// The due date of a term and what its clock will fire.
pub(super) struct Armed {
    pub due: Option<NaiveDate>,
    pub provisional: bool,
    pub rungs: Vec<RungAt>,
    pub deem_at: Option<Moment>,
}

/// Whether the due day is over. A term that stands still has not expired.
pub(super) fn expired(term: &Term, today: NaiveDate) -> bool {
    term.stopped_on.is_none() && term.due.is_some_and(|due| due < today)
}

/// The rule a running term follows.
pub(super) fn rule_of<'f>(case: &Case, facts: &Facts<'f>, term: &Term) -> Option<&'f TermRule> {
    let program = facts.bundle.programs.get(&case.scopes.get(&term.scope)?.program)?;
    let rules = match term.token {
        None => &program.limits,
        Some(token) => &program.nodes.get(usize::from(case.tokens.get(&token)?.node.0))?.terms,
    };
    rules.iter().find(|rule| rule.key == term.key)
}

/// The office that answers for a limit: whose post decides the step that ends it; where its rule names no such step, the first that works on it.
#[must_use]
pub fn in_charge(case: &Case, facts: &Facts<'_>, term: &Term) -> Option<Name> {
    Some(facts.roster.current(&in_charge_of(case, facts.bundle, term)?, facts.now.date()))
}

/// The same by its workflow's own word for the office, which another may have taken over from.
#[must_use]
pub fn in_charge_of(case: &Case, bundle: &Bundle, term: &Term) -> Option<Name> {
    let program = bundle.programs.get(&case.scopes.get(&term.scope)?.program)?;
    let rule = program.limits.iter().find(|rule| rule.key == term.key);
    let office = |node: &Node| match &node.kind {
        NodeKind::Task(rule) => match &rule.by {
            Pool::Posts { offices, .. } => offices.first().cloned(),
            Pool::Applicant => None,
        },
        NodeKind::Approve(rule) => rule.seats.first().map(|(office, _)| office.clone()),
        NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Join { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => None,
    };
    let ends = rule.and_then(|rule| match &rule.until {
        TermEnd::Outcome { step, .. } => program.nodes.iter().find(|node| node.key == *step),
        TermEnd::Left => None,
    });
    ends.and_then(office).or_else(|| program.nodes.iter().find_map(office))
}

impl Draft<'_> {
    fn today(&self) -> NaiveDate {
        self.facts.now.date()
    }

    /// The day a limit that begins now counts from: today, or the day on which papers that came after office hours count as handed in.
    fn counted_from(&self) -> NaiveDate {
        self.filed.unwrap_or_else(|| self.today())
    }

    /// The step's own terms run from its entry.
    pub fn start_step_terms(&mut self, spot: Spot, node: &Node) -> Step<()> {
        for rule in &node.terms {
            self.start_term(spot.scope, Some(spot.token), (rule, self.counted_from()));
        }
        Ok(())
    }

    /// Limits that run from the opening of their scope.
    pub fn start_scope_terms(&mut self, scope: Local) -> Step<()> {
        for rule in &self.program(scope)?.limits {
            if rule.from == TermStart::Entered {
                self.start_term(scope, None, (rule, self.counted_from()));
            }
        }
        self.arm_events(Catcher::Scope(scope))
    }

    /// A step of the scope ended: limits that count from it begin, limits that it meets end, each with the first such outcome.
    /// An outcome deemed from receipt counts from the day the papers came (行政许可法 32(四)).
    pub fn outcome_terms(&mut self, scope: Local, (step, outcome): (&Name, &Name), from_receipt: bool) -> Step<()> {
        for rule in &self.program(scope)?.limits {
            let received = match &rule.from {
                TermStart::Entered => None,
                TermStart::Outcome { step: of, outcome: with } => (of == step && with == outcome).then_some(from_receipt),
                TermStart::Received { step: of, outcome: with } => (of == step && with == outcome).then_some(true),
            };
            let open = self.scope(scope)?;
            if let Some(received) = received
                && !open.begun.contains(&rule.key)
            {
                let from = if received { open.received } else { self.today() };
                self.start_term(scope, None, (rule, from));
            }
            if let TermEnd::Outcome { step: of, outcomes } = &rule.until
                && of == step
                && outcomes.contains(outcome)
                && let Some(term) = self.running(scope, &rule.key)
            {
                self.emit(Event::TermEnded { term, met: true });
            }
        }
        Ok(())
    }

    fn running(&self, scope: Local, key: &Name) -> Option<Local> {
        self.case.terms.iter().find(|(_, term)| term.scope == scope && term.token.is_none() && term.key == *key).map(|(id, _)| *id)
    }

    pub fn start_term(&mut self, scope: Local, token: Option<Local>, (rule, from): (&TermRule, NaiveDate)) {
        let id = self.local();
        // What a class is promised ends with what the class rests on.
        let within = rule.span(self.facts.bundle.rank_on(self.case.rank, from));
        let Armed { due, provisional, mut rungs, deem_at } = self.arm(rule, &Counted { from, within, extended: None, stopped: &[] }, token.is_some());
        // What would have been said before the term began is not said.
        rungs.retain(|rung| rung.at > self.facts.now);
        self.emit(Event::TermStarted {
            term: id,
            scope,
            token,
            key: rule.key.clone(),
            kind: rule.kind,
            within,
            from,
            excludes: rule.excludes.iter().cloned().collect(),
            due,
            provisional,
            rungs,
            deem_at,
            manner: rule.manner,
        });
        for (holder, cause) in self.holders(scope, token, rule) {
            self.stop_term(id, holder, &cause);
        }
    }

    /// Tokens of the scope, or of one it called, that already stand at a step which stops such a term.
    fn holders(&self, scope: Local, own: Option<Local>, rule: &TermRule) -> Vec<(Local, Name)> {
        if rule.excludes.is_empty() {
            return Vec::new();
        }
        let walking = |id: Local| self.arrivals.iter().any(|spot| spot.token == id);
        let standing = self.case.tokens.iter().filter(|(id, token)| Some(**id) != own && !walking(**id) && token.at_work(**id));
        standing
            .filter_map(|(id, token)| {
                let cause = self.node(token.scope, token.node).ok()?.stops.clone()?;
                let held = rule.excludes.contains(&cause) && ancestry(&self.case, token.scope).contains(&scope);
                held.then_some((*id, cause))
            })
            .collect()
    }

    /// A token arrived at a step that stops terms: those of its scope and of the scopes above, each by its own list of causes.
    pub fn stop_terms(&mut self, spot: Spot, cause: &Name) {
        let above = self.ancestry(spot.scope);
        let held = |term: &Term| above.contains(&term.scope) && term.excludes.contains(cause);
        let terms: Vec<Local> = self.case.terms.iter().filter(|(_, term)| held(term)).map(|(id, _)| *id).collect();
        for term in terms {
            self.stop_term(term, spot.token, cause);
        }
    }

    pub fn stop_term(&mut self, id: Local, token: Local, cause: &Name) {
        let today = self.today();
        let counts = self.case.terms.get(&id).is_some_and(|term| !expired(term, today));
        // What begins in the night a period is over has the whole next day: that day is left out already.
        let on = self.period_end.filter(|last| last.succ_opt() == Some(today)).unwrap_or(today);
        self.emit(Event::TermStopped { term: id, token, cause: cause.clone(), on, counts });
    }

    /// A token leaves its step: the step's own terms end, and terms it stopped run again.
    pub fn let_go(&mut self, token: Local, met: bool) -> Step<()> {
        self.disarm(token);
        let own: Vec<Local> = self.case.terms.iter().filter(|(_, term)| term.token == Some(token)).map(|(id, _)| *id).collect();
        for term in own {
            self.emit(Event::TermEnded { term, met });
        }
        let held: Vec<Local> = self.case.terms.iter().filter(|(_, term)| term.stops_open.contains(&token)).map(|(id, _)| *id).collect();
        for id in held {
            let stood = self.case.terms.get(&id).is_some_and(|term| term.stopped_on.is_some());
            // A period that is over was over with the end of its last day, however late the clock came round to it.
            self.emit(Event::TermResumed { term: id, token, on: self.period_end.unwrap_or_else(|| self.today()) });
            let runs = self.case.terms.get(&id).is_some_and(|term| term.stopped_on.is_none());
            if stood && runs {
                self.move_term(id, "resumed");
            }
        }
        Ok(())
    }

    /// Computes a term's date anew. Answers whether anything changed; a term that stands still is computed when it runs again.
    pub fn move_term(&mut self, id: Local, because: &str) -> bool {
        let Some(term) = self.case.terms.get(&id).filter(|term| term.stopped_on.is_none()) else { return false };
        let Some(rule) = rule_of(&self.case, &self.facts, term) else { return false };
        let counted = Counted { from: term.from, within: term.within, extended: term.extended, stopped: &term.stopped };
        let Armed { due, provisional, rungs, deem_at } = self.arm(rule, &counted, term.token.is_some());
        let rungs = still_to_say(rungs, term, (due, self.facts.now));
        let same = term.due == due && term.provisional == provisional && term.rungs == rungs && term.deem_at == deem_at;
        if !same {
            self.emit(Event::TermMoved { term: id, due, provisional, rungs, deem_at, because: because.into() });
        }
        !same
    }

    /// The date of a term and the moments that hang on it.
    fn arm(&self, rule: &TermRule, counted: &Counted<'_>, step: bool) -> Armed {
        let roll_over = rule.manner.roll(rule.kind, counted.within);
        let query = TermQuery { from: counted.from, within: counted.within, extended: counted.extended, suspended: counted.stopped, roll_over };
        let answer = self.facts.calendar.due(&query);
        let (due, provisional) = (answer.date(), answer.is_provisional());
        let rungs = due.map(|due| rule.rungs.iter().zip(0_u16..).filter_map(|(rung, index)| self.rung_at(rung, index, due)).collect());
        // Silence has a legal effect on a date that is certain, and only on a step that can end with it.
        let deems = rule.on_expiry.is_some() && step && !provisional;
        let deem_at = due.filter(|_| deems).and_then(day_after);
        Armed { due, provisional, rungs: rungs.unwrap_or_default(), deem_at }
    }

    fn rung_at(&self, rung: &RungRule, index: u16, due: NaiveDate) -> Option<RungAt> {
        let day = self.held(rung, self.facts.calendar.shift(due, rung.offset, rung.unit)?, due);
        let minute = u32::from(rung.minute);
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
        let RungRule { notice, to, order, urgent, .. } = rung.clone();
        Some(RungAt { at: Moment::at(day, time), rung: index, notice, to, order, urgent })
    }

    /// The day a rung speaks on. On a day off it waits for the next working day, unless it is urgent, speaks on the due day itself, or would wait past it.
    fn held(&self, rung: &RungRule, day: NaiveDate, due: NaiveDate) -> NaiveDate {
        if rung.urgent || rung.offset == 0 || self.facts.calendar.is_working(day) != Some(false) {
            return day;
        }
        let next = self.facts.calendar.shift(day, 1, Unit::Working);
        next.filter(|next| rung.offset > 0 || *next <= due).unwrap_or(day)
    }

    /// When a minimum period of `span` that began on `from` is over: with the end of its last day.
    pub fn period_over(&self, from: NaiveDate, span: Span) -> Option<Moment> {
        let query = TermQuery { from, within: span, extended: None, suspended: &[], roll_over: Roll::Never };
        self.facts.calendar.due(&query).date().and_then(day_after)
    }
}

/// What a term has counted and left out so far.
struct Counted<'t> {
    from: NaiveDate,
    within: Span,
    extended: Option<Span>,
    stopped: &'t [(NaiveDate, NaiveDate)],
}

/// The first moment after `day`.
fn day_after(day: NaiveDate) -> Option<Moment> {
    day.checked_add_days(Days::new(1)).map(Moment::start_of)
}

/// Of a moved term's rungs: those to come, and the last of those gone by, unless they were said for this very date.
/// Without that last one, a date moved into the past would hide that the term is late.
fn still_to_say(rungs: Vec<RungAt>, term: &Term, (due, now): (Option<NaiveDate>, Moment)) -> Vec<RungAt> {
    let Some(due) = due else { return Vec::new() };
    let last_gone = rungs.iter().filter(|rung| rung.at <= now).map(|rung| rung.at).max();
    let unsaid = |rung: &RungAt| !term.fired.contains(&(rung.rung, due));
    rungs.into_iter().filter(|rung| (rung.at > now || Some(rung.at) == last_gone) && unsaid(rung)).collect()
}
