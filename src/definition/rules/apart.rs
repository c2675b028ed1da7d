//! People kept apart, and kept the same: only from a step in which somebody acts, and never both from one.

use crate::definition::diagnostics::Findings;
use crate::definition::graph::{NodeKind, Program};
use crate::definition::syntax::{Kind, Word, Workflow, walk};

/// Holds `not` and `same-as` against the steps they name.
pub(in crate::definition) fn check(workflow: &Workflow, program: &Program, findings: &mut Findings<'_>) {
    walk(&workflow.steps, &mut |step| {
        let (not, same_as): (&[Word], Option<&Word>) = match &step.kind {
            Kind::Task(task) => (&task.not, task.same_as.as_ref()),
            Kind::Approve(group) => (&group.not, None),
            Kind::Decide(_)
            | Kind::Post(_)
            | Kind::Timer { .. }
            | Kind::Message { .. }
            | Kind::Job(_)
            | Kind::Parallel(_)
            | Kind::Scope(_)
            | Kind::Each(_)
            | Kind::Throw { .. }
            | Kind::Call(_)
            | Kind::Document { .. }
            | Kind::End { .. }
            | Kind::Broken => (&[], None),
        };
        for word in not.iter().chain(same_as) {
            let named = program.nodes.iter().find(|node| node.key == word.value);
            if named.is_some_and(|node| !matches!(node.kind, NodeKind::Task(_) | NodeKind::Approve(_))) {
                let name = &word.value;
                let zh = format!("步骤 `{name}` 没有人办理，谈不上分离或同一人");
                let en = format!("expected a step in which somebody acts, found `{name}`");
                findings.note(word.at, "GL029", (zh, en)).help(Some(("写有人办理(task、approve)的步骤".into(), "name a task or an approval".into())));
            }
        }
        if let Some(same) = same_as.filter(|same| not.iter().any(|word| word.value == same.value)) {
            let name = &same.value;
            let zh = format!("`{name}` 的办理人既要是同一人，又不能是同一人，这一步没有人能办");
            let en = format!("expected the actor of `{name}` in `not` or in `same-as`, found both: nobody could do this step");
            findings.note(same.at, "GL030", (zh, en)).help(Some(("只留一个".into(), "keep one of the two".into())));
        }
    });
}
