//! Work that an outside system does: a worker program fetches it, holds it by a lease, and says what came of it.

use std::sync::Arc;

use crate::expr::Expr;
use crate::forms::Form;
use crate::ids::Name;

/// What is asked of an outside system.
#[derive(Clone, Debug)]
pub struct JobRule {
    /// What kind of work it is; workers ask for jobs by topic.
    pub topic: Name,
    /// What the worker is handed, by name; read when the step is entered.
    pub with: Vec<(Name, Arc<Expr>)>,
    /// What it hands back; `None` for nothing.
    pub fields: Option<Arc<Form>>,
    /// Errors of the matter itself it may report (a company that is not in the register), for the error events of the language.
    pub errors: Vec<Name>,
    /// How often it is tried again after the first try.
    pub retries: u32,
    /// Seconds to wait after the first failure, the second, and so on; the last holds for every later one. Never empty.
    pub pauses_s: Vec<u32>,
}

impl JobRule {
    /// Seconds to wait after so many failures (from 1).
    #[must_use]
    pub fn pause_s(&self, failures: u32) -> u32 {
        let place = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        self.pauses_s.get(place).or(self.pauses_s.last()).copied().unwrap_or(0)
    }
}
