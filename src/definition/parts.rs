//! What the files of one set were read to, by the names a workflow refers to them with.
//! Invariant: a file that could not be read is `broken`, so that a reference to it is not called unknown as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::syntax::{Kind, Splits, Step, Workflow, walk_own};
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
            Kind::Parallel(parallel) => match parallel.splits {
                Splits::All | Splits::Inclusive(_) => fixed(&["joined"]),
                // Each of its branches leaves by itself.
                Splits::Race => Some(Vec::new()),
            },
            Kind::Call(call) => self.results(&call.workflow.value),
            Kind::Scope(scope) => ends(&scope.steps),
            Kind::Document { .. } => fixed(&["issued"]),
            Kind::End { .. } => Some(Vec::new()),
            Kind::Broken => None,
        }
    }

    /// The results a workflow can end with.
    pub fn results(&self, workflow: &str) -> Option<Vec<Name>> {
        ends(&self.workflows.get(workflow)?.steps)
    }
}

/// The results a list of steps can end with; `None` when one of them could not be read.
pub(super) fn ends(steps: &[Step]) -> Option<Vec<Name>> {
    let mut results = BTreeSet::new();
    let mut complete = true;
    walk_own(steps, &mut |step| match &step.kind {
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
        | Kind::Parallel(_)
        | Kind::Call(_)
        | Kind::Scope(_)
        | Kind::Document { .. } => {}
    });
    complete.then(|| results.into_iter().collect())
}
