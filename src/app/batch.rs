//! Many tasks answered alike: each is a command and a commit of its own, and each has its own result.

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, refusal};
use crate::app::writer::Receipt;
use crate::engine::case::Local;
use crate::engine::command::Actor;
use crate::engine::refusal::{Class, Refusal};
use crate::ids::{CommandId, Name, Tenant};
use crate::limits::BATCH_TASKS_MAX;

/// One answer for many tasks.
#[derive(Clone, Debug)]
pub struct Alike {
    /// The tenant.
    pub tenant: Tenant,
    /// Who answers.
    pub actor: Actor,
    /// The caller's id for the whole; sent again with the same tasks, each task's first receipt comes back.
    pub command_id: Option<CommandId>,
    /// The outcome of each.
    pub outcome: Name,
    /// The opinion on each.
    pub opinion: Option<String>,
}

impl App {
    /// Answers tasks alike, each named by its case (id or number) and its place in it, in their order; a result for each, so that one refused does
    /// not hide what became of the others.
    ///
    /// # Errors
    /// `batch_empty` or `batch_too_long`: nothing was done then.
    pub async fn answer_alike(&self, alike: &Alike, tasks: &[(String, Local)]) -> Result<Vec<Result<Receipt, Failure>>, Refusal> {
        let found = tasks.len();
        if found == 0 {
            return Err(refusal("batch_empty", Class::Invalid, "请至少选择一项任务。", "expected at least one task, found none"));
        }
        if found > BATCH_TASKS_MAX {
            let zh = format!("一次最多处理 {BATCH_TASKS_MAX} 项任务，实际为 {found} 项；未处理任何一项。");
            let en = format!("expected at most {BATCH_TASKS_MAX} tasks at once, found {found}; none was answered");
            return Err(refusal("batch_too_long", Class::Invalid, zh, en));
        }
        let mut results = Vec::with_capacity(found);
        for (case, task) in tasks {
            results.push(self.answer_one(alike, case, *task).await);
        }
        Ok(results)
    }

    async fn answer_one(&self, alike: &Alike, case: &str, task: Local) -> Result<Receipt, Failure> {
        let case = self.case_named(alike.tenant, case).await?;
        let act = Act::CompleteInBatch { task, outcome: alike.outcome.clone(), opinion: alike.opinion.clone() };
        // Made of the whole's, so that the same batch sent again is the same commands.
        let command_id = alike.command_id.map(|whole| CommandId::of(&format!("{whole}\n{case}\n{task}")));
        self.execute(Order { tenant: alike.tenant, case: Some(case), actor: alike.actor.clone(), command_id, act }).await
    }
}
