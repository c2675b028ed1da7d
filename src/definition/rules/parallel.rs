//! Parallel steps: a branch that rejects needs a place to go, a place to go needs a branch that rejects, and no branch ends the case by the way.

use crate::definition::diagnostics::Findings;
use crate::definition::parts::Parts;
use crate::definition::syntax::{Branch, Kind, Parallel, Step, Word, Workflow, walk, walk_all};
use crate::ids::Name;

/// Holds every parallel step of a workflow against the rules.
pub(in crate::definition) fn check(workflow: &Workflow, parts: &Parts, findings: &mut Findings<'_>) {
    walk_all(workflow, &mut |step| {
        if let Kind::Parallel(parallel) = &step.kind {
            rejections(step, parallel, parts, findings);
            for branch in parallel.branches.iter().chain(&parallel.beside) {
                no_end(branch, findings);
            }
        }
    });
}

fn rejections(step: &Step, parallel: &Parallel, parts: &Parts, findings: &mut Findings<'_>) {
    let rejecting: Vec<(&Branch, &Word)> = parallel.branches.iter().flat_map(|branch| branch.rejects.iter().map(move |word| (branch, word))).collect();
    for (branch, word) in &rejecting {
        if let Some(known) = outcomes(branch, parts)
            && !known.contains(&word.value)
        {
            let thing = (format!("分支 `{}` 的结果", branch.key.value), format!("an outcome of branch `{}`", branch.key.value));
            let listed = known.iter().map(|outcome| &**outcome).filter(|outcome| !outcome.contains('.'));
            findings.unknown(word.at, "GL011", (&thing.0, &thing.1), &word.value, listed);
        }
    }
    let key = &step.key.value;
    match (rejecting.first(), &parallel.on_reject) {
        (Some((branch, word)), None) => {
            let branch = &branch.key.value;
            let zh = format!("分支 `{branch}` 会否决，但并行步骤 `{key}` 没有写否决后去哪里");
            let en = format!("expected `on-reject` in the parallel step `{key}` because branch `{branch}` rejects, found no such key");
            let help = ("写 on-reject: {go: 步骤, cancel: rest}".into(), "write on-reject: {go: step, cancel: rest}".into());
            findings.note(word.at, "GL023", (zh, en)).help(Some(help));
        }
        (None, Some(go)) => {
            let zh = format!("并行步骤 `{key}` 写了 on-reject,但没有分支会否决");
            let en = format!("expected a branch with `rejects` in `{key}` for its on-reject, found none");
            findings.note(go.at, "GL023", (zh, en));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

/// The outcomes of every step of a branch, bare and as `step.outcome`; `None` when one is unknown.
fn outcomes(branch: &Branch, parts: &Parts) -> Option<Vec<Name>> {
    let mut all = Vec::new();
    let mut complete = true;
    walk(&branch.steps, &mut |step| match parts.outcomes(step) {
        Some(outcomes) => {
            all.extend(outcomes.iter().map(|outcome| Name::from(format!("{}.{outcome}", step.key.value))));
            all.extend(outcomes);
        }
        None => complete = false,
    });
    complete.then_some(all)
}

fn no_end(branch: &Branch, findings: &mut Findings<'_>) {
    for step in &branch.steps {
        if let Kind::End { terminate: false, .. } = &step.kind {
            let key = &step.key.value;
            let sentences = (format!("并行分支里不能有结束 `{key}`"), format!("expected a branch to lead to `join`, found the end `{key}` in it"));
            findings.note(step.key.at, "GL022", sentences).help(Some(("改为 next: join".into(), "use next: join instead".into())));
        }
    }
}
