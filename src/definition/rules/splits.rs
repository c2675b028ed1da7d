//! Splits beyond "all of them": an inclusive one has a branch for when no condition holds, a join waits for no more than there are, a race waits.

use crate::definition::diagnostics::Findings;
use crate::definition::graph::JoinRule;
use crate::definition::syntax::{Branch, Kind, Parallel, Splits, Step, Word, Workflow, walk_all};

/// Holds every split of a workflow against the rules.
pub(in crate::definition) fn check(workflow: &Workflow, findings: &mut Findings<'_>) {
    walk_all(workflow, &mut |step| {
        let Kind::Parallel(parallel) = &step.kind else { return };
        count(step, parallel, findings);
        match &parallel.splits {
            Splits::All => {}
            Splits::Inclusive(default) => inclusive(step, parallel, default, findings),
            Splits::Race => parallel.branches.iter().for_each(|branch| alternative(branch, findings)),
        }
    });
}

/// A join cannot wait for more branches than there are.
fn count(step: &Step, parallel: &Parallel, findings: &mut Findings<'_>) {
    let JoinRule::First { count, .. } = parallel.join.value else { return };
    let branches = parallel.branches.len();
    if usize::from(count) > branches {
        let key = &step.key.value;
        let zh = format!("`{key}` 只有 {branches} 个分支，等不到 {count} 个");
        let en = format!("expected a join of at most {branches} in `{key}`, found {count}");
        findings.note(parallel.join.at, "GL027", (zh, en));
    }
}

fn inclusive(step: &Step, parallel: &Parallel, default: &Word, findings: &mut Findings<'_>) {
    let branches = &parallel.branches;
    if !branches.iter().any(|branch| branch.key.value == default.value) {
        let thing = (format!("`{}` 的分支", step.key.value), format!("a branch of `{}`", step.key.value));
        findings.unknown(default.at, "GL010", (&thing.0, &thing.1), &default.value, branches.iter().map(|branch| &*branch.key.value));
    }
    for branch in branches {
        let (key, is_default) = (&branch.key.value, branch.key.value == default.value);
        match (&branch.when, is_default) {
            (None, false) => {
                let zh = format!("分支 `{key}` 没有条件(when)");
                let en = format!("expected `when` in branch `{key}` of an inclusive step, found no such key");
                findings.note(branch.key.at, "GL027", (zh, en));
            }
            (Some(when), true) => {
                let zh = format!("默认分支 `{key}` 不写条件：别的条件都不成立时才走它");
                let en = format!("expected no `when` in the default branch `{key}`, found one");
                findings.note(when.at, "GL027", (zh, en));
            }
            (Some(_), false) | (None, true) => {}
        }
    }
}

/// An alternative waits for somebody or something; otherwise it would always be the first.
fn alternative(branch: &Branch, findings: &mut Findings<'_>) {
    let key = &branch.key.value;
    if let Some(when) = &branch.when {
        let sentences = (format!("race 的分支 `{key}` 不写条件"), format!("expected no `when` in the alternative `{key}` of a race, found one"));
        findings.note(when.at, "GL027", sentences);
    }
    if let Some(word) = branch.rejects.first() {
        let zh = format!("race 的分支 `{key}` 不写 rejects，去向写在 next");
        let en = format!("expected `next` in the alternative `{key}` of a race, found `rejects`");
        findings.note(word.at, "GL027", (zh, en));
    }
    if let Some(event) = branch.steps.first().and_then(|step| step.events.first()) {
        let zh = format!("race 的分支 `{key}` 不写 events，另加一个分支即可");
        let en = format!("expected no `events` in the alternative `{key}` of a race, found one: another alternative says the same");
        findings.note(event.at, "GL027", (zh, en));
    }
    let waits = match branch.steps.as_slice() {
        [only] => match &only.kind {
            Kind::Task(_)
            | Kind::Approve(_)
            | Kind::Timer { .. }
            | Kind::Message { .. }
            | Kind::Job(_)
            | Kind::Call(_)
            | Kind::Scope(_)
            | Kind::Each(_)
            | Kind::Broken => true,
            Kind::Decide(_) | Kind::Post(_) | Kind::Parallel(_) | Kind::Throw { .. } | Kind::Document { .. } | Kind::End { .. } => false,
        },
        _ => false,
    };
    if !waits {
        let zh = format!("race 的分支 `{key}` 必须是一个要等人或等事的步骤");
        let en = format!("expected one step that waits for somebody or something in the alternative `{key}` of a race");
        let help = ("多个步骤放进 scope，再把 scope 作为分支".into(), "put several steps into a scope, and the scope into the race".into());
        findings.note(branch.key.at, "GL027", (zh, en)).help(Some(help));
    }
}
