//! What the files of one set were read to, by the names a workflow refers to them with.
//! Invariant: a file that could not be read is `broken`, so that a reference to it is not called unknown as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::graph::Thrown;
use crate::definition::syntax::{Each, Handler, Kind, Splits, Step, Workflow, walk_own};
use crate::expr::Table;
use crate::forms::Form;
use crate::ids::Name;

/// Everything read so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Workflows by name.
    pub workflows: BTreeMap<Name, Workflow>,
    /// Forms by file (`forms/x.yaml`).
    pub forms: BTreeMap<String, Arc<Form>>,
    /// Decision tables by file.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// Files with mistakes of their own.
    pub broken: BTreeSet<String>,
}

impl Parts {
    /// The outcomes a step can have; `None` when what it refers to is missing or broken.
    pub fn outcomes(&self, step: &Step) -> Option<Vec<Name>> {
        let fixed = |words: &[&str]| Some(words.iter().map(|word| Name::from(*word)).collect());
        match &step.kind {
            Kind::Task(task) => Some(task.outcomes.iter().map(|outcome| outcome.value.clone()).collect()),
            Kind::Approve(_) => fixed(&["approved", "rejected"]),
            Kind::Decide(table) => Some(self.tables.get(&*table.value)?.outcomes().iter().map(|outcome| Name::from(outcome.as_str())).collect()),
            Kind::Post(_) => fixed(&["posted", "short"]),
            Kind::Timer { .. } => fixed(&["elapsed"]),
            Kind::Message { .. } => fixed(&["received"]),
            Kind::Job(_) => fixed(&["done"]),
            Kind::Parallel(parallel) => match parallel.splits {
                Splits::All | Splits::Inclusive(_) => fixed(&["joined"]),
                // Each of its branches leaves by itself.
                Splits::Race => Some(Vec::new()),
            },
            Kind::Call(call) => self.results(&call.workflow.value),
            Kind::Scope(scope) => ends(&scope.steps, &scope.handlers),
            Kind::Each(each) => self.of_members(each),
            Kind::Throw { what: Thrown::Error, .. } => Some(Vec::new()),
            Kind::Throw { what: Thrown::Signal | Thrown::Broadcast | Thrown::Escalation, .. } => fixed(&["thrown"]),
            Kind::Document { .. } => fixed(&["issued"]),
            Kind::End { .. } => Some(Vec::new()),
            Kind::Broken => None,
        }
    }

    /// The results a workflow can end with.
    pub fn results(&self, workflow: &str) -> Option<Vec<Name>> {
        let workflow = self.workflows.get(workflow)?;
        ends(&workflow.steps, &workflow.handlers)
    }

    /// What a step for each member can end with: what enough of them said, what else, and what no members mean.
    fn of_members(&self, each: &Each) -> Option<Vec<Name>> {
        let Some(complete) = &each.complete else { return Some(vec![Name::from("done")]) };
        let otherwise = self.otherwise(each).unwrap_or_else(|| complete.of.value.clone());
        let all: BTreeSet<Name> = [complete.of.value.clone(), otherwise, complete.none.value.clone()].into();
        Some(all.into_iter().collect())
    }

    /// The outcome when enough cannot be reached: as said, or the only other answer a member has.
    pub fn otherwise(&self, each: &Each) -> Option<Name> {
        let complete = each.complete.as_ref()?;
        if let Some(said) = &complete.otherwise {
            return Some(said.value.clone());
        }
        let answers = self.outcomes(each.body.first()?)?;
        let others: Vec<&Name> = answers.iter().filter(|answer| **answer != complete.of.value).collect();
        if let [only] = others.as_slice() { Some((*only).clone()) } else { None }
    }
}

/// The results a list of steps can end with; `None` when one of them could not be read.
pub(super) fn ends(steps: &[Step], handlers: &[Handler]) -> Option<Vec<Name>> {
    let mut results = BTreeSet::new();
    let mut complete = true;
    let mut visit = |step: &Step| match &step.kind {
        Kind::End { result, .. } => {
            results.insert(result.value.clone());
        }
        Kind::Broken => complete = false,
        Kind::Task(_)
        | Kind::Approve(_)
        | Kind::Decide(_)
        | Kind::Post(_)
        | Kind::Timer { .. }
        | Kind::Message { .. }
        | Kind::Job(_)
        | Kind::Parallel(_)
        | Kind::Call(_)
        | Kind::Scope(_)
        | Kind::Each(_)
        | Kind::Throw { .. }
        | Kind::Document { .. } => {}
    };
    walk_own(steps, &mut visit);
    // What interrupts ends it in its own way; what does not gives no result.
    for handler in handlers.iter().filter(|handler| handler.interrupting) {
        walk_own(&handler.steps, &mut visit);
    }
    complete.then(|| results.into_iter().collect())
}
