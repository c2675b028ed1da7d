//! Events: what happens to a step or a scope while it is open, who catches what is thrown, and where that leads.
//! Invariant: an interrupting event closes what it happens to in the same act; any other starts a strand that nobody waits for.
//! Never: two handlers of a scope after one of them interrupted it.

use crate::definition::graph::{Catch, Node, NodeKind, Thrown, Trigger};
use crate::engine::case::{Local, Side, Token, Waits};
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::engine::walk::Ending;
use crate::expr::{Value, civil_date};
use crate::ids::{Moment, Name};

/// Where something is caught: at a token's step, or by a scope as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Catcher {
    Step(Local),
    Scope(Local),
}

impl<'f> Draft<'f> {
    /// Sets the timers of what may happen to a step (by its token) or to a scope.
    pub fn arm_events(&mut self, catcher: Catcher) -> Step<()> {
        let (scope, on) = match catcher {
            Catcher::Step(token) => (self.spot(token)?.scope, token),
            Catcher::Scope(scope) => (scope, scope),
        };
        let from = self.facts.now.date();
        for (catch, number) in self.catches(catcher)?.iter().zip(0_u16..) {
            let at = match &catch.on {
                Trigger::After(span) => self.period_over(from, *span),
                Trigger::At(day) => match self.day(scope, day)? {
                    Some(at) => Some(at),
                    // No day is given yet, so it does not come.
                    None => continue,
                },
                Trigger::Message(_) | Trigger::Signal(_) | Trigger::Escalation(_) | Trigger::Error(_) => continue,
            };
            let timer = self.local();
            self.emit(Event::TimerSet { timer, token: on, event: Some(number), from, at });
        }
        Ok(())
    }

    fn day(&mut self, scope: Local, day: &crate::expr::Expr) -> Step<Option<Moment>> {
        let date = match self.value(scope, day)? {
            Value::Null => return Ok(None),
            Value::Date(date) => Some(date),
            Value::Text(text) => civil_date(&text),
            Value::Bool(_) | Value::Number(_) | Value::Seconds(_) | Value::Months(_) | Value::List(_) | Value::Context(_) => None,
        };
        let date = date.ok_or_else(|| {
            Refusal::conflict(
                "not_a_date",
                format!("无法定时：`{}` 应得日期", day.source()),
                format!("cannot set a timer: expected a date from `{}`", day.source()),
            )
        })?;
        Ok(Some(Moment::at(date, chrono::NaiveTime::MIN)))
    }

    /// Clears the timers of what may happen to a step or a scope.
    pub fn disarm(&mut self, on: Local) {
        let own: Vec<Local> = self.case.timers.iter().filter(|(_, timer)| timer.token == on && timer.event.is_some()).map(|(id, _)| *id).collect();
        for timer in own {
            self.emit(Event::TimerCleared { timer });
        }
    }

    fn catches(&self, catcher: Catcher) -> Step<&'f [Catch]> {
        Ok(match catcher {
            Catcher::Step(token) => {
                let spot = self.spot(token)?;
                &self.node(spot.scope, spot.node)?.events
            }
            Catcher::Scope(scope) => &self.program(scope)?.handlers,
        })
    }

    /// Whether a token stands where the case says it does: one on its way has left already.
    fn stands(&self, token: Local) -> bool {
        self.case.tokens.contains_key(&token) && !self.arrivals.iter().any(|spot| spot.token == token)
    }

    /// Whether a step or a scope can still catch anything.
    fn listens(&self, catcher: Catcher) -> bool {
        match catcher {
            Catcher::Step(token) => self.stands(token) && !self.case.tokens.get(&token).is_some_and(|token| matches!(token.waits, Waits::Lock(_))),
            Catcher::Scope(scope) => self.case.scopes.get(&scope).is_some_and(|open| !open.interrupted),
        }
    }

    /// A timer of an event has come.
    pub fn timer_came(&mut self, on: Local, number: u16) -> Step<()> {
        let catcher = if self.case.scopes.contains_key(&on) { Catcher::Scope(on) } else { Catcher::Step(on) };
        self.caught(catcher, number)?;
        self.run()
    }

    /// The span an event's timer runs; `None` when it fires on a day.
    pub fn span_of(&self, on: Local, number: u16) -> Step<Option<crate::calendar::Span>> {
        let catcher = if self.case.scopes.contains_key(&on) { Catcher::Scope(on) } else { Catcher::Step(on) };
        let catch = self.catches(catcher)?.get(usize::from(number));
        Ok(catch.and_then(|catch| if let Trigger::After(span) = catch.on { Some(span) } else { None }))
    }

    /// It happened.
    pub fn caught(&mut self, catcher: Catcher, number: u16) -> Step<()> {
        let Some(catch) = self.catches(catcher)?.get(usize::from(number)) else { return Err(broken(&format!("event {number}"))) };
        let interrupting = catch.interrupting;
        match catcher {
            Catcher::Step(token) => {
                let spot = self.spot(token)?;
                self.emit(Event::Caught { scope: spot.scope, token: Some(token), key: catch.key.clone(), interrupting });
                if interrupting {
                    return self.interrupted((token, spot), catch);
                }
                self.strand(spot.scope, catch, spot.node);
            }
            Catcher::Scope(scope) => {
                self.emit(Event::Caught { scope, token: None, key: catch.key.clone(), interrupting });
                if interrupting {
                    self.disarm(scope);
                    self.cancel_tokens(scope, (None, &Name::from("interrupted")), |_, _| true)?;
                    self.start_token(scope, catch.to);
                } else {
                    self.strand(scope, catch, catch.to);
                }
            }
        }
        Ok(())
    }

    /// What the step waited for is closed, and its token goes where the event leads.
    fn interrupted(&mut self, (token, spot): (Local, Spot), catch: &Catch) -> Step<()> {
        let Some(standing) = self.case.tokens.get(&token).cloned() else { return Err(broken(&format!("token {token}"))) };
        self.let_go(token, false)?;
        self.close_wait(token, &standing, &Name::from("interrupted"))?;
        self.arrivals.push_back(Spot { node: catch.to, back_to: None, ..spot });
        Ok(())
    }

    /// A strand of its own beside what goes on.
    fn strand(&mut self, scope: Local, catch: &Catch, from: crate::definition::graph::NodeIx) {
        let token = self.local();
        self.arrivals.push_back(Spot { token, scope, node: catch.to, back_to: None, side: Some(Side { id: token, from }) });
    }

    /// A step throws; an error takes its own token with it.
    pub fn throw(&mut self, spot: Spot, node: &Node, (what, name): (Thrown, &Name)) -> Step<()> {
        self.emit(Event::Thrown { scope: spot.scope, step: node.key.clone(), what, name: name.clone() });
        match what {
            Thrown::Signal | Thrown::Broadcast => {
                self.leave(spot, &Name::from("thrown"), Ending::default())?;
                self.signal(name)?;
            }
            Thrown::Escalation => {
                self.leave(spot, &Name::from("thrown"), Ending::default())?;
                self.raise(spot.scope, |on| matches!(on, Trigger::Escalation(caught) if caught == name))?;
            }
            Thrown::Error => {
                self.consume(spot);
                self.raise_error(spot.scope, &node.key, name)?;
            }
        }
        Ok(())
    }

    /// A signal reaches everything in the case that listens to it.
    pub fn signal(&mut self, name: &Name) -> Step<bool> {
        let caught = |on: &Trigger| matches!(on, Trigger::Signal(signal) if signal == name);
        self.deliver(caught, |waits| matches!(waits, Waits::Signal(signal) if signal == name), None)
    }

    /// An error goes up until something catches it.
    pub fn raise_error(&mut self, scope: Local, step: &Name, name: &Name) -> Step<()> {
        if self.raise(scope, |on| matches!(on, Trigger::Error(caught) if caught == name))? { Ok(()) } else { Err(uncaught(step, name).into()) }
    }

    /// From a scope upwards, the nearest that catches it: the scope's own handlers, then the step that opened it.
    fn raise(&mut self, scope: Local, is_it: impl Fn(&Trigger) -> bool) -> Step<bool> {
        for scope in self.ancestry(scope) {
            let caller = self.case.scopes.get(&scope).and_then(|open| open.caller);
            for catcher in std::iter::once(Catcher::Scope(scope)).chain(caller.map(Catcher::Step)) {
                let found = self.catches(catcher)?.iter().zip(0_u16..).find(|(catch, _)| is_it(&catch.on));
                if let Some((_, number)) = found.filter(|_| self.listens(catcher)) {
                    self.caught(catcher, number)?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reaches everything in the case that listens: steps that wait for it, and events of steps and scopes. Answers whether anything did.
    pub fn deliver(&mut self, is_it: impl Fn(&Trigger) -> bool, awaits: impl Fn(&Waits) -> bool, only: Option<Local>) -> Step<bool> {
        let waiting: Vec<Local> = self.case.tokens.iter().filter(|(id, token)| awaits(&token.waits) && self.stands(**id)).map(|(id, _)| *id).collect();
        let steps = self.case.tokens.keys().map(|token| Catcher::Step(*token));
        let scopes = self.case.scopes.keys().map(|scope| Catcher::Scope(*scope));
        let mut catching = Vec::new();
        for catcher in steps.chain(scopes).filter(|catcher| self.listens(*catcher)) {
            catching.extend(self.catches(catcher)?.iter().zip(0_u16..).filter(|(catch, _)| is_it(&catch.on)).map(|(_, number)| (catcher, number)));
        }
        let mut reached = false;
        for token in waiting.into_iter().filter(|token| only.is_none_or(|only| only == *token)) {
            // What reached one step may have closed another.
            if self.case.tokens.get(&token).is_some_and(|token| awaits(&token.waits)) && self.stands(token) {
                self.received(token)?;
                reached = true;
            }
        }
        for (catcher, number) in catching.into_iter().filter(|(catcher, _)| only.is_none_or(|only| Catcher::Step(only) == *catcher)) {
            if self.listens(catcher) && self.catches(catcher)?.get(usize::from(number)).is_some_and(|catch| is_it(&catch.on)) {
                self.caught(catcher, number)?;
                reached = true;
            }
        }
        Ok(reached)
    }

    /// A step that waited has what it waited for.
    fn received(&mut self, token: Local) -> Step<()> {
        let spot = self.spot(token)?;
        if let Some(place) = self.case.queue.get(&token) {
            let account = place.account.clone();
            self.emit(Event::Unqueued { token, account });
        }
        self.leave(spot, &Name::from("received"), Ending::default())
    }

    /// Whether some step of the pinned workflows waits for such a message also when it came before.
    pub fn is_kept(&self, message: &Name) -> bool {
        let kept = |node: &Node| matches!(&node.kind, NodeKind::Message { name, heard: crate::definition::graph::Heard::Kept, .. } if name == message);
        self.facts.bundle.programs.values().flat_map(|program| &program.nodes).any(kept)
    }

    /// A token for which a lock is free goes on. A lock is held by a step, and by all that the step runs.
    pub fn unlock(&mut self) -> Step<bool> {
        let waiting = self
            .case
            .tokens
            .iter()
            .filter_map(|(id, token)| if let Waits::Lock(lock) = &token.waits { Some((token.entered, *id, lock.clone())) } else { None });
        let mut waiting: Vec<(Moment, Local, Name)> = waiting.collect();
        waiting.sort();
        for (_, token, lock) in waiting {
            let spot = self.spot(token)?;
            if !self.is_locked(spot, &lock)? {
                self.begin(spot)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether another step holds the lock; one around this step lets it in.
    pub fn is_locked(&self, spot: Spot, lock: &Name) -> Step<bool> {
        let mut around: Vec<Local> = vec![spot.token];
        around.extend(self.ancestry(spot.scope).iter().filter_map(|scope| self.case.scopes.get(scope)?.caller));
        let holds =
            |token: &Token| !matches!(token.waits, Waits::Lock(_)) && self.node(token.scope, token.node).is_ok_and(|node| node.lock.as_ref() == Some(lock));
        Ok(self.case.tokens.iter().any(|(id, token)| !around.contains(id) && self.stands(*id) && holds(token)))
    }
}

fn uncaught(step: &Name, name: &Name) -> Refusal {
    Refusal::conflict(
        "error_uncaught",
        format!("无法继续：步骤 `{step}` 报出的 `{name}` 没有任何一级处理"),
        format!("cannot go on: nothing catches the error `{name}` of step `{step}`"),
    )
}
