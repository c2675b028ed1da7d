//! Calls: another workflow, or a part of this one, as a scope of the same case; what it is handed and what it hands back.
//! Invariant: what is handed over stands in the event, so that a replay needs neither the definition nor a form.
//! Never: a scope without a token that waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::graph::{Callee, Node, NodeKind};
use crate::engine::case::{Local, Waits};
use crate::engine::draft::{Draft, Spot, Step, program_named};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::expr::{Expr, Value};
use crate::ids::Name;
use crate::limits::CALL_DEPTH_MAX;

/// The name under which a called workflow reads what it was handed.
const INPUT: &str = "input";

impl Draft<'_> {
    /// The caller's token waits for the scope.
    pub fn call(&mut self, spot: Spot, node: &Node, (callee, with): (&Callee, &[(Name, Arc<Expr>)])) -> Step<()> {
        let mut given = BTreeMap::new();
        if !with.is_empty() {
            let handed = self.values(spot.scope, with)?;
            given.insert(Name::from(INPUT), Value::context(handed.into_iter().map(|(name, value)| (name.to_string(), value))));
        }
        let scope = self.local();
        self.place(spot, node, Waits::Scope(scope))?;
        self.open_scope(spot, (scope, callee), given)
    }

    /// Opens a scope below a token and puts its first token on its way.
    pub fn open_scope(&mut self, spot: Spot, (scope, callee): (Local, &Callee), given: BTreeMap<Name, Value>) -> Step<()> {
        let (name, embedded) = match callee {
            Callee::Fixed(name) => (name, false),
            Callee::Embedded(name) => (name, true),
        };
        let program = program_named(&self.facts, name)?;
        if self.ancestry(spot.scope).len() >= CALL_DEPTH_MAX {
            return Err(too_deep(name).into());
        }
        let above = self.scope(spot.scope)?.number.clone();
        let number = if embedded { above } else { self.number(program.number.as_ref(), above.as_deref())? };
        self.emit(Event::ScopeOpened {
            scope,
            program: name.clone(),
            caller: Some(spot.token),
            parent: Some(spot.scope),
            embedded,
            given,
            number,
            at: self.facts.now,
        });
        self.start_scope_terms(scope)?;
        self.start_token(scope, program.start);
        Ok(())
    }

    /// Evaluates named expressions in a scope.
    fn values(&mut self, scope: Local, named: &[(Name, Arc<Expr>)]) -> Step<BTreeMap<Name, Value>> {
        let mut values = BTreeMap::new();
        for (name, expression) in named {
            values.insert(name.clone(), self.value(scope, expression)?);
        }
        Ok(values)
    }

    /// What a scope that ends hands back to the call that waits for it, read while the scope still stands.
    pub fn handed_back(&mut self, scope: Local, caller: Option<Local>) -> Step<BTreeMap<Name, Value>> {
        let Some(caller) = caller else { return Ok(BTreeMap::new()) };
        let spot = self.spot(caller)?;
        let NodeKind::Call { returns, .. } = &self.node(spot.scope, spot.node)?.kind else { return Ok(BTreeMap::new()) };
        self.values(scope, returns)
    }
}

fn too_deep(name: &Name) -> Refusal {
    Refusal::conflict(
        "calls_too_deep",
        format!("无法调用 `{name}`：调用层数超过 {CALL_DEPTH_MAX}"),
        format!("cannot call `{name}`: calls are nested more than {CALL_DEPTH_MAX} deep"),
    )
}
