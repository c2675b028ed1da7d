//! What an expression of a definition may see of a case: `form`, `case`, what the scope was handed, which steps are `open`, and each step by its key.
//! Invariant: only the roots an expression names are built, and only the bodies those need are asked for.
//! Never: a silent guess; a step that has not ended is null, and it is the expression that says whether null is an error.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use rust_decimal::Decimal;

use crate::engine::automatic::not_evaluated;
use crate::engine::case::{BodyRef, Local};
use crate::engine::draft::{Draft, Step, around};
use crate::engine::facts::Need;
use crate::expr::{Expr, Value};

/// The root under which a guard asks whether a step is open.
const OPEN: &str = "open";

impl<'f> Draft<'f> {
    /// Evaluates a guard.
    pub fn condition(&mut self, scope: Local, when: &Expr) -> Step<bool> {
        let context = self.context(scope, &when.roots(), &when.paths())?;
        Ok(when.holds(&context).map_err(|error| not_evaluated(when.source(), (&error.zh, &error.en)))?)
    }

    /// Evaluates an expression in a scope.
    pub fn value(&mut self, scope: Local, expression: &Expr) -> Step<Value> {
        let context = self.context(scope, &expression.roots(), &expression.paths())?;
        Ok(expression.eval(&context).map_err(|error| not_evaluated(expression.source(), (&error.zh, &error.en)))?)
    }

    /// The roots an expression names. A step of which only the outcome is read needs no body.
    pub fn context(&mut self, scope: Local, roots: &BTreeSet<String>, paths: &[Vec<String>]) -> Step<Value> {
        let mut context = BTreeMap::new();
        for root in roots {
            let value = match root.as_str() {
                "form" => self.form(scope)?,
                "case" => self.about_case(scope)?,
                name if self.given(scope, name).is_some() => self.given(scope, name).unwrap_or(Value::Null),
                OPEN => self.open_steps(scope, paths),
                step => {
                    let own = |path: &&Vec<String>| path.first().is_some_and(|first| first == step);
                    let outcome_only = |path: &Vec<String>| path.get(1).is_some_and(|field| field == "outcome");
                    let whole = !paths.iter().filter(own).all(outcome_only);
                    self.step_result(scope, step, whole)?
                }
            };
            context.insert(root.clone(), value);
        }
        self.lacking()?;
        Ok(Value::Context(context))
    }

    /// The newest form: the scope's own, or else its caller's. A field that was left out is null, as the form's own conditions see it.
    fn form(&mut self, scope: Local) -> Step<Value> {
        let newest = self.ancestry(scope).into_iter().find_map(|above| {
            let scope = self.case.scopes.get(&above)?;
            Some((scope.form?, self.facts.bundle.programs.get(&scope.program)))
        });
        let Some((submitted, program)) = newest else { return Ok(Value::Null) };
        let form = program.and_then(|program| program.form.as_ref());
        Ok(self.body(submitted).map_or(Value::Null, |json| form.map_or_else(|| Value::from_json(json), |form| form.value(json))))
    }

    fn about_case(&self, scope: Local) -> Step<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let number = self.scope(scope)?.number.as_deref().map_or(Value::Null, text);
        // The year it started, so that an account named by it stays the same one for the whole case.
        let year = Value::Number(Decimal::from(self.case.started.date().year()));
        let entries = [("year", year), ("rank", Value::Number(Decimal::from(self.case.rank))), ("workflow", text(&self.case.workflow)), ("number", number)];
        Ok(Value::Context(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
    }

    /// What the scope, or one it is a part of, was handed under this name.
    fn given(&self, scope: Local, name: &str) -> Option<Value> {
        around(&self.case, scope).into_iter().find_map(|scope| self.case.scopes.get(&scope)?.given.get(name).cloned())
    }

    /// Which of the steps an expression names are open now: somewhere in the scope, or in one it is a part of, a token waits there.
    fn open_steps(&self, scope: Local, paths: &[Vec<String>]) -> Value {
        let around = around(&self.case, scope);
        let asked = paths.iter().filter(|path| path.first().is_some_and(|root| root == OPEN)).filter_map(|path| path.get(1));
        let open = |step: &String| self.case.tokens.values().any(|token| *token.step == **step && around.contains(&token.scope));
        Value::context(asked.map(|step| (step.clone(), Value::Bool(open(step)))))
    }

    fn step_result(&mut self, scope: Local, step: &str, whole: bool) -> Step<Value> {
        let around = around(&self.case, scope);
        let found = around.into_iter().find_map(|scope| self.case.scopes.get(&scope)?.done.get(step).cloned());
        let Some(done) = found else { return Ok(Value::Null) };
        let (outcome, body) = (done.outcome.to_string(), done.body.filter(|_| whole));
        let fields = body.and_then(|body| self.body(body)).and_then(|body| body.get("fields")).map(Value::from_json);
        let mut entries = if let Some(Value::Context(fields)) = fields { fields } else { BTreeMap::new() };
        entries.extend(done.fields.into_iter().map(|(name, value)| (name.to_string(), value)));
        entries.insert("outcome".to_owned(), Value::Text(outcome));
        Ok(Value::Context(entries))
    }

    /// A body that is loaded; a missing one is noted, so that all of them are asked for at once.
    pub(super) fn body(&mut self, body: BodyRef) -> Option<&'f serde_json::Value> {
        let found = self.facts.bodies.get(&body.commit);
        if found.is_none() {
            let _noted = self.lacks(Need::from(body));
        }
        found
    }
}
