//! Which signals a case listens to now: what stores keep beside it, so that a signal of another case finds it.
//! Invariant: the same steps and scopes that a signal would reach, read off the state and the pinned bundle. Never: a message; those come to one case.

use std::collections::BTreeSet;

use crate::definition::graph::{Bundle, Catch, Trigger};
use crate::engine::case::{Case, Waits};
use crate::ids::Name;

/// The signals that steps, events of steps and handlers of scopes listen to.
#[must_use]
pub fn listening(case: &Case, bundle: &Bundle) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    let mut catches = |events: &[Catch]| {
        found.extend(events.iter().filter_map(|catch| if let Trigger::Signal(name) = &catch.on { Some(name.clone()) } else { None }));
    };
    for scope in case.scopes.values().filter(|scope| !scope.interrupted && case.ended.is_none()) {
        if let Some(program) = bundle.programs.get(&scope.program) {
            catches(&program.handlers);
        }
    }
    for token in case.tokens.values().filter(|token| !matches!(token.waits, Waits::Lock(_))) {
        let program = case.scopes.get(&token.scope).and_then(|scope| bundle.programs.get(&scope.program));
        if let Some(node) = program.and_then(|program| program.nodes.get(usize::from(token.node.0))) {
            catches(&node.events);
        }
    }
    found.extend(case.tokens.values().filter_map(|token| if let Waits::Signal(name) = &token.waits { Some(name.clone()) } else { None }));
    found
}
