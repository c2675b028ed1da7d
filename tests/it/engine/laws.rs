//! What must hold after every act of a storm, counted again from the outside.

use std::collections::{BTreeMap, BTreeSet};

use greenlane::calendar::{TermQuery, Unit};
use greenlane::definition::graph::{JoinRule, NodeIx, TermKind};
use greenlane::engine::case::{Case, Local, Side, Waits};
use greenlane::engine::event::Event;
use greenlane::engine::standing;
use greenlane::ids::Name;

use super::storm::Storm;
use super::world::Nothing;

/// Tokens of a strand that met at a join in this act, besides the one that goes on.
type Met = BTreeMap<(Local, Name, Option<Side>), usize>;

impl Storm {
    /// Everything that must hold after an act.
    pub fn look(&self, run: usize, verb: &str) -> Result<(), String> {
        let told = |what: String| format!("case {run} after `{verb}`: {what}\nlast act: {:#?}", self.world.runs[run].acts.last());
        self.world.check(run).map_err(told)?;
        self.joins_were_due(run).map_err(told)?;
        self.tokens_are_accounted_for(run).map_err(told)?;
        self.rungs_speak_once(run).map_err(told)?;
        self.accounts_balance().map_err(told)?;
        let case = self.world.case(run);
        self.dates_are_right(case).map_err(told)?;
        let none = Nothing::default();
        for (id, task) in &case.tasks {
            if standing::eligible(case, &self.world.facts_of(run, &none), *id).is_empty() {
                return Err(told(format!("nobody can finish task {id} at `{}`", task.step)));
            }
        }
        Ok(())
    }

    /// Recounts the tokens at each join that fired in the last act, over the regions as they were drawn.
    fn joins_were_due(&self, run: usize) -> Result<(), String> {
        let acts = &self.world.runs[run].acts;
        let (Some(last), Some(earlier)) = (acts.last(), acts.len().checked_sub(1)) else { return Ok(()) };
        if !last.iter().any(|event| matches!(event, Event::StepDone { outcome, .. } if &**outcome == "joined")) {
            return Ok(());
        }
        let mut state = acts[..earlier].iter().fold(None, |state, act| greenlane::engine::fold_act(state, act));
        let mut met = Met::new();
        // Closings of a join's rest stand right before its own end.
        let mut gave_way = false;
        for event in last {
            if let (Event::TokenTaken { token }, Some(case)) = (event, &state)
                && let Some(token) = case.tokens.get(token).filter(|token| token.waits == Waits::Join)
            {
                *met.entry((token.scope, token.step.clone(), token.side)).or_default() += 1;
            }
            gave_way = match event {
                Event::TokenLate { .. } => true,
                // A strand that nobody waits for may be closed by any join that fires.
                Event::TaskClosed { task, why } => {
                    gave_way
                        || (&**why == "enough-done" && state.as_ref().is_some_and(|case| case.tasks.get(task).is_some_and(|task| awaited(case, task.token))))
                }
                // What was closed before another step ended was that step's: a list closes its members with the same word.
                Event::StepDone { outcome, .. } => gave_way && &**outcome == "joined",
                _ => gave_way,
            };
            if let (Event::StepDone { scope, step, outcome, .. }, Some(case)) = (event, &state)
                && &**outcome == "joined"
            {
                self.join_was_due(case, *scope, step, (&mut met, std::mem::take(&mut gave_way)))?;
            }
            state = greenlane::engine::evolve(state, event);
        }
        Ok(())
    }

    fn join_was_due(&self, case: &Case, scope: Local, step: &Name, (met, gave_way): (&mut Met, bool)) -> Result<(), String> {
        let program = &case.scopes[&scope].program;
        let at = case.tokens.values().filter(|token| token.scope == scope && token.step == *step && token.waits == Waits::Join);
        let strands: Vec<_> = at.map(|token| (token.node, token.side)).collect();
        if strands.is_empty() {
            return Err(format!("join `{step}` fired without a token"));
        }
        let due = |(join, side)| {
            let there = 1 + met.get(&(scope, step.clone(), side)).copied().unwrap_or(0);
            self.strand_was_due(case, (scope, program, step), (join, side), (there, gave_way))
        };
        let told: Vec<Result<(), String>> = strands.into_iter().map(due).collect();
        met.retain(|(of, at, _), _| (*of, at) != (scope, step));
        told.iter().find(|told| told.is_ok()).unwrap_or(&told[0]).clone()
    }

    /// With `there` tokens of its strand at the join: enough for its rule, or nobody of the strand is still to come.
    fn strand_was_due(
        &self,
        case: &Case,
        (scope, program, step): (Local, &Name, &Name),
        (join, side): (NodeIx, Option<Side>),
        (there, gave_way): (usize, bool),
    ) -> Result<(), String> {
        let (region, rule) = &self.regions[&(case.revision, program.clone(), join)];
        match rule {
            JoinRule::First { count, .. } if there >= usize::from(*count) => return Ok(()),
            JoinRule::First { count, .. } if gave_way => return Err(format!("join `{step}` closed its rest with {there} of {count}")),
            JoinRule::First { .. } | JoinRule::All => {}
        }
        let aside = |node: NodeIx| self.beside.contains(&(case.revision, program.clone(), node));
        let missing = case.tokens.values().find(|token| {
            let still_to_come = region.contains(&token.node) || token.back_to.is_some_and(|back| region.contains(&back));
            token.scope == scope && token.side == side && token.node != join && still_to_come && (aside(join) || !aside(token.node))
        });
        match missing {
            Some(token) => Err(format!("join `{step}` fired while a token was at `{}`", token.step)),
            None => Ok(()),
        }
    }

    /// A token is taken once, and a new one comes only with a scope that opened, for a token that was taken, or beside one that went round a skipped branch.
    fn tokens_are_accounted_for(&self, run: usize) -> Result<(), String> {
        let acts = &self.world.runs[run].acts;
        let Some(last) = acts.last() else { return Ok(()) };
        let mut taken = BTreeSet::new();
        for event in last {
            if let Event::TokenTaken { token } = event
                && !taken.insert(*token)
            {
                return Err(format!("token {token} was taken twice"));
            }
        }
        let grows = last.iter().any(|event| {
            matches!(event, Event::TokenTaken { .. } | Event::ScopeOpened { .. } | Event::BranchSkipped { .. } | Event::Caught { .. } | Event::TokenLate { .. })
        });
        let known: BTreeSet<Local> = acts[..acts.len() - 1].iter().flatten().filter_map(placed).collect();
        match last.iter().filter_map(placed).find(|token| !grows && !known.contains(token)) {
            Some(token) => Err(format!("token {token} came from nowhere")),
            None => Ok(()),
        }
    }

    /// Every running term's date is what the calendar says of its start, its stops and its extension.
    fn dates_are_right(&self, case: &Case) -> Result<(), String> {
        for (id, term) in case.terms.iter().filter(|(_, term)| term.stopped_on.is_none()) {
            let roll_over = (term.kind == TermKind::Statutory && term.within.unit == Unit::Calendar).into();
            let query = TermQuery { from: term.from, within: term.within, extended: term.extended, suspended: &term.stopped, roll_over };
            let due = self.world.calendar.due(&query).date();
            if due != term.due {
                return Err(format!("term {id} (`{}`) is due {:?} and the calendar says {due:?}", term.key, term.due));
            }
        }
        Ok(())
    }

    /// A rung speaks once of one date.
    fn rungs_speak_once(&self, run: usize) -> Result<(), String> {
        for event in self.world.runs[run].acts.last().into_iter().flatten() {
            if let Event::RungFired { term, rung, due } = event
                && !self.spoken.borrow_mut().insert((run, *term, *rung, *due))
            {
                return Err(format!("rung {rung} of term {term} spoke twice of {due:?}"));
            }
        }
        Ok(())
    }

    /// The accounts hold what the cases hold: nothing was reserved twice or forgotten.
    fn accounts_balance(&self) -> Result<(), String> {
        for (key, account) in &self.world.accounts {
            let cases = self.world.runs.iter().filter_map(|run| run.case.as_ref());
            let held: i64 = cases.flat_map(|case| case.holds.values()).filter(|hold| hold.account == *key).map(|hold| hold.amount).sum();
            if held + account.kept != account.reserved {
                return Err(format!("cases hold {held} of `{key}` and its ledger says {}", account.reserved));
            }
        }
        Ok(())
    }
}

fn placed(event: &Event) -> Option<Local> {
    if let Event::TokenPlaced { token, .. } = event { Some(*token) } else { None }
}

/// Whether somebody waits for a token: neither it nor what called its scope is a strand of its own.
fn awaited(case: &Case, token: Local) -> bool {
    let Some(token) = case.tokens.get(&token) else { return false };
    let caller = case.scopes.get(&token.scope).and_then(|scope| scope.caller);
    token.side.is_none() && caller.is_none_or(|caller| awaited(case, caller))
}
