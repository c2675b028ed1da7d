//! The steps of a file, one after the other, as its author wrote them.

use super::{Kind, Step, Workflow};

/// Every step of a list, those inside branches and parts included, in the order of the file.
pub fn walk<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    walk_own(steps, &mut |step| {
        visit(step);
        match &step.kind {
            Kind::Scope(scope) => {
                walk(&scope.steps, visit);
                scope.handlers.iter().for_each(|handler| walk(&handler.steps, visit));
            }
            Kind::Each(each) => walk(&each.body, visit),
            Kind::Task(_) | Kind::Approve(_) | Kind::Decide(_) | Kind::Post(_) | Kind::Timer { .. } | Kind::Message { .. } | Kind::Job(_) => {}
            Kind::Parallel(_) | Kind::Call(_) | Kind::Throw { .. } | Kind::Document { .. } | Kind::End { .. } | Kind::Broken => {}
        }
    });
}

/// Every step of a workflow, those of its handlers included.
pub fn walk_all<'s>(workflow: &'s Workflow, visit: &mut dyn FnMut(&'s Step)) {
    walk(&workflow.steps, visit);
    workflow.handlers.iter().for_each(|handler| walk(&handler.steps, visit));
}

/// Every step of one program: those inside branches, but not those of a part with steps of its own.
pub fn walk_own<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        if let Kind::Parallel(parallel) = &step.kind {
            for branch in parallel.branches.iter().chain(&parallel.beside) {
                walk_own(&branch.steps, visit);
            }
        }
    }
}
