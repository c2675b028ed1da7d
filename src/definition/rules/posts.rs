//! What a workflow names and only the place where it is published can confirm: offices, posts, kinds of notices.
//! Never: knows an office or a kind by itself; whoever asks brings them.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::diagnostics::{Diagnostic, Findings, list, suggestion};
use crate::definition::syntax::{Pool, Remind, Rung, Word, Workflow, walk_all};
use crate::ids::Text;

/// Every post that is asked and that nobody fills.
pub(in crate::definition) fn vacant<'w>(
    workflows: impl Iterator<Item = &'w Workflow>,
    is_filled: &dyn Fn(&str, &str) -> bool,
    held: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in workflows {
        let mut findings = Findings::new(&workflow.file);
        for (_, pool) in &workflow.people {
            let Pool::Posts { offices, post, .. } = pool else { continue };
            for office in offices.iter().filter(|office| !is_filled(&office.value, &post.value)) {
                nobody(office, post, held, &mut findings);
            }
        }
        found.extend(findings.into_found());
    }
    found
}

/// An office that does not exist, or a post of it that nobody holds: with what there is instead.
fn nobody(office: &Word, post: &Word, held: &BTreeMap<String, BTreeSet<String>>, findings: &mut Findings<'_>) {
    let (office_key, post_key) = (&office.value, &post.value);
    let Some(posts) = held.get(&**office_key) else {
        let sentences = (format!("没有机构 `{office_key}`"), format!("expected an office, found `{office_key}`"));
        let known: Vec<&str> = held.keys().map(String::as_str).collect();
        let help = suggestion(office_key, &known)
            .unwrap_or_else(|| ("`greenlane person list` 列出机构和岗位".into(), "`greenlane person list` shows offices and posts".into()));
        findings.note(office.at, "GL019", sentences).help(Some(help));
        return;
    };
    let zh = format!("`{office_key}` 的岗位 `{post_key}` 没有人");
    let en = format!("expected somebody in post `{post_key}` of `{office_key}`, found nobody");
    let known: Vec<&str> = posts.iter().map(String::as_str).collect();
    let help = suggestion(post_key, &known).or_else(|| (!known.is_empty()).then(|| list(&known)));
    findings.note(office.at, "GL019", (zh, en)).help(help);
}

/// Every office that another has taken over from, once a file. Work goes to the successor by itself; whoever writes should know whose name they use.
pub(in crate::definition) fn succeeded<'w>(
    workflows: impl Iterator<Item = &'w Workflow>,
    successor: &dyn Fn(&str) -> Option<(String, Text)>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in workflows {
        let mut findings = Findings::new(&workflow.file);
        let offices = workflow.people.iter().flat_map(|(_, pool)| if let Pool::Posts { offices, .. } = pool { offices.as_slice() } else { &[] });
        let mut seen = BTreeSet::new();
        for office in offices.filter(|office| seen.insert(&office.value)) {
            let Some((key, title)) = successor(&office.value) else { continue };
            let old = &office.value;
            let zh = format!("机构 `{old}` 的职能已由{}（`{key}`）承继，待办转给它", title.zh);
            let en = format!("office `{old}` was succeeded by {} (`{key}`), which gets its tasks", title.en);
            findings.warn(office.at, "GL064", (zh, en)).help(Some((format!("可直接写 `{key}`"), format!("write `{key}`"))));
        }
        found.extend(findings.into_found());
    }
    found
}

/// Every rung that says what is no kind of notice.
pub(in crate::definition) fn unsayable<'w>(workflows: impl Iterator<Item = &'w Workflow>, kinds: &[&str]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in workflows {
        let mut findings = Findings::new(&workflow.file);
        let ladders = workflow.ladders.iter().flat_map(|(_, rungs)| rungs);
        ladders.chain(workflow.limits.iter().flat_map(|limit| own(&limit.remind))).for_each(|rung| said(rung, kinds, &mut findings));
        walk_all(workflow, &mut |step| own(&step.remind).iter().for_each(|rung| said(rung, kinds, &mut findings)));
        found.extend(findings.into_found());
    }
    found
}

fn own(remind: &Remind) -> &[Rung] {
    match remind {
        Remind::Rungs(rungs) => rungs,
        Remind::Ladder(_) => &[],
    }
}

fn said(rung: &Rung, kinds: &[&str], findings: &mut Findings<'_>) {
    let found = &*rung.say.value;
    if kinds.contains(&found) {
        return;
    }
    // Kinds for officers begin with `o.`, those for the applicant with `a.`: whoever wrote one knows which they want.
    let start = found.split('.').next().unwrap_or_default();
    let alike: Vec<&str> = kinds.iter().copied().filter(|kind| kind.split('.').next() == Some(start)).collect();
    let known = if alike.is_empty() { kinds } else { &alike };
    let help = suggestion(found, kinds).unwrap_or_else(|| list(known));
    let sentences = (format!("没有通知 `{found}`"), format!("expected a kind of notice, found `{found}`"));
    findings.note(rung.say.at, "GL063", sentences).help(Some(help));
}
