//! The rows of promised and statutory limits, derived from the state: which began, changed or ended with an act.
//! Invariant: a row says nothing the state does not say. A limit that began and ended within one act leaves none: nobody was promised anything meanwhile.

use crate::definition::graph::{Nature, TermKind};
use crate::engine::case::{Case, Local, Term};
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::engine::in_charge;
use crate::ids::Moment;
use crate::store::rows::TermRow;

/// The rows an act changes.
pub(super) fn rows(before: Option<&Case>, after: &Case, events: &[Event], facts: &Facts<'_>) -> Vec<TermRow> {
    let told = |event: &Event| {
        matches!(
            event,
            Event::TermStarted { .. }
                | Event::TermStopped { .. }
                | Event::TermResumed { .. }
                | Event::TermMoved { .. }
                | Event::TermRuled { .. }
                | Event::ReasonStated { .. }
                | Event::TermEnded { .. }
                | Event::Migrated { .. }
        )
    };
    if !events.iter().any(told) {
        return Vec::new();
    }
    let promised = |case: &Case, term: &Term| promised(case, term, facts);
    let mut rows = Vec::new();
    for (id, term) in after.terms.iter().filter(|(_, term)| promised(after, term)) {
        let now = row(*id, term, after, facts);
        let earlier = before.and_then(|before| Some(row(*id, before.terms.get(id)?, before, facts)));
        rows.extend((earlier.as_ref() != Some(&now)).then_some(now));
    }
    let Some(before) = before else { return rows };
    for (id, term) in before.terms.iter().filter(|(id, term)| promised(before, term) && !after.terms.contains_key(id)) {
        let met = events.iter().any(|event| matches!(event, Event::TermEnded { term, met: true } if term == id));
        rows.push(TermRow { ended: Some(facts.now), met, ..row(*id, term, before, facts) });
    }
    rows
}

/// How many dates of a case another year of the calendar will settle: limits that run, of whatever kind, and minimum periods without an end.
/// A limit that stands still has its date computed when it runs again.
pub(in crate::app) fn provisional(case: &Case) -> i64 {
    if case.ended.is_some() {
        return 0;
    }
    let limits = case.terms.values().filter(|term| term.provisional && term.stopped_on.is_none()).count();
    let periods = case.timers.values().filter(|timer| timer.at.is_none()).count();
    i64::try_from(limits + periods).unwrap_or(i64::MAX)
}

/// The rows of every limit that runs or stands still.
pub(in crate::app) fn standing(case: &Case, facts: &Facts<'_>) -> Vec<TermRow> {
    case.terms.iter().filter(|(_, term)| promised(case, term, facts)).map(|(id, term)| row(*id, term, case, facts)).collect()
}

/// A step's own limit, and those of an internal matter (a supervision order, a reform item), are promised to nobody outside.
fn promised(case: &Case, term: &Term, facts: &Facts<'_>) -> bool {
    let program = case.scopes.get(&term.scope).and_then(|scope| facts.bundle.programs.get(&scope.program));
    term.kind != TermKind::Step && program.is_none_or(|program| program.nature != Nature::Internal)
}

fn row(id: Local, term: &Term, case: &Case, facts: &Facts<'_>) -> TermRow {
    let scope = case.scopes.get(&term.scope);
    // A stop in time keeps the date from passing; a later one cures nothing.
    let passes = term.due.filter(|due| term.stopped_on.is_none_or(|stopped| stopped > *due));
    TermRow {
        term: id,
        scope: term.scope,
        program: scope.map_or_else(String::new, |scope| scope.program.to_string()),
        number: scope.and_then(|scope| scope.number.clone()).or_else(|| case.number.clone()),
        key: term.key.to_string(),
        kind: if term.kind == TermKind::Statutory { "statutory" } else { "promised" }.to_owned(),
        office: in_charge(case, facts, term).map(|office| office.to_string()),
        since: term.from.to_string(),
        due: term.due.map(|due| due.to_string()),
        late_from: passes.and_then(|due| due.succ_opt()).map(Moment::start_of),
        ended: None,
        met: false,
        expected: term.reason().map(|stated| stated.expected.to_string()),
    }
}
