//! What the page of a case offers beside answering: what is asked of me first, then the rarer acts, folded.
//! Invariant: nothing is offered that the engine would refuse at this moment.

use serde::Serialize;

use super::Deed;
use crate::app::casework::Casefile;
use crate::app::deeds::transfer;
use crate::app::execute::Act;
use crate::definition::graph::{GroupPass, OnRefusal};
use crate::engine::case::{Adding, Local, Task, TaskPool};
use crate::engine::command::NewGroup;
use crate::engine::refusal::Refusal;
use crate::identity::may::{self, Verdict};
use crate::ids::PersonId;
use crate::web::pages::case::page::Asking;

/// A link to the page of an act.
#[derive(Serialize)]
pub struct Offer {
    title: String,
    says: String,
    href: String,
}

/// What is offered.
#[derive(Serialize)]
pub struct Offers {
    /// What somebody waits for me to do.
    asked: Vec<Offer>,
    /// The rest.
    more: Vec<Offer>,
    /// Taking back what was done just now.
    back: Option<String>,
}

/// Members with nobody named yet: the engine's answer says whether anybody may be added at all.
pub fn adding(task: Local) -> Act {
    let group = NewGroup { seats: Vec::new(), pass: GroupPass::All, on_refusal: OnRefusal::End };
    Act::AddSigners { task, place: Adding::Beside, group, opinion: None }
}

/// Whether only the members to add are missing.
pub fn only_lacks_seats(refusal: &Refusal) -> bool {
    refusal.code == "added_group_wrong"
}

/// Open tasks of others whose step a person may urge now.
pub fn urgeable(file: &Casefile, person: PersonId) -> Vec<(Local, &Task)> {
    // One's own is done, not urged.
    let own = |id: Local| file.may_on_task(may::Act::Complete, id, person) == Verdict::Allowed;
    let others = file.state().tasks.iter().filter(|(id, task)| !own(**id) && !matches!(task.pool, TaskPool::Applicant));
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for (id, task) in others.filter(|(id, _)| file.would(person, &Act::Urge { task: **id, opinion: None }).is_ok()) {
        // One urging reaches every seat of a step.
        if !seen.contains(&task.token) {
            seen.push(task.token);
            found.push((*id, task));
        }
    }
    found
}

/// What one reader is offered.
pub fn offers(asking: &Asking<'_>, selected: Option<Local>) -> Offers {
    let (file, me) = (asking.file, asking.visitor.person);
    let mut made = Made { asking, asked: Vec::new(), more: Vec::new() };
    for (id, task) in &file.state().tasks {
        let would = |act: Act| file.would(me, &act).is_ok();
        made.put(Deed::Reply, Some((*id, task)), would(Act::Reply { task: *id, opinion: None }));
        made.put(Deed::Recall, Some((*id, task)), would(Act::Recall { task: *id }));
        made.put(Deed::DecideRecusal, Some((*id, task)), would(Act::DecideRecusal { task: *id, agreed: false, opinion: None }));
    }
    if let Some((id, task)) = selected.and_then(|id| file.state().tasks.get_key_value(&id)) {
        let (id, at) = (*id, Some((*id, task)));
        made.put(Deed::Transfer, at, !file.people_for(id, me, |to| transfer(id, to)).is_empty());
        made.put(Deed::Delegate, at, !file.people_for(id, me, |to| Act::Delegate { task: id, to, opinion: None }).is_empty());
        made.put(Deed::AddSigners, at, file.would(me, &adding(id)).is_err_and(|refusal| only_lacks_seats(&refusal)));
    }
    made.put(Deed::RemoveSigner, None, !file.removable(me).is_empty());
    let takeable = file.takeable(me);
    for (scope, step) in &takeable {
        let (says, href) = (asking.step(*scope, step), take_back(asking, *scope, step));
        made.more.push(Offer { title: asking.spoken.t("deed-take-back"), says: asking.spoken.with("deed-about-step", &[("step", &says)]), href });
    }
    for (id, task) in &file.state().tasks {
        let would = !file.people_for(*id, me, |of| Act::AskRecusal { task: *id, of, opinion: None }).is_empty();
        made.put(Deed::AskRecusal, Some((*id, task)), would && (selected == Some(*id) || selected.is_none()));
    }
    made.put(Deed::Urge, None, !urgeable(file, me).is_empty());
    made.put(
        Deed::Copy,
        None,
        file.would(me, &Act::Copy { to: Vec::new(), task: None, opinion: None }).is_err_and(|refusal| refusal.code == "copied_to_nobody"),
    );
    made.put(Deed::Comment, None, file.would(me, &Act::Comment { task: None, opinion: None }).is_ok());
    Offers { asked: made.asked, more: made.more, back: takeable.first().map(|(scope, step)| take_back(asking, *scope, step)) }
}

fn take_back(asking: &Asking<'_>, scope: Local, step: &str) -> String {
    format!("/cases/{}/do/take-back?scope={scope}&step={step}", asking.name())
}

struct Made<'a> {
    asking: &'a Asking<'a>,
    asked: Vec<Offer>,
    more: Vec<Offer>,
}

impl Made<'_> {
    fn put(&mut self, deed: Deed, at: Option<(Local, &Task)>, would: bool) {
        if !would {
            return;
        }
        let (spoken, key) = (&self.asking.spoken, deed.key());
        let query = at.map_or_else(String::new, |(task, _)| format!("?task={task}"));
        let step = at.map(|(_, task)| self.asking.step(task.scope, &task.step));
        let named = match (deed, at) {
            (Deed::Reply, Some((_, task))) => task.claimed,
            (Deed::Recall, Some((_, task))) => task.delegate,
            (Deed::DecideRecusal, Some((_, task))) => task.recusal,
            _ => None,
        };
        let says = match (named, step) {
            (Some(person), Some(step)) => spoken.with(&format!("deed-{key}-asked"), &[("who", &spoken.person(person)), ("step", &step)]),
            (None, Some(step)) => spoken.with("deed-offer", &[("step", &step), ("what", &spoken.t(&format!("deed-{key}-what")))]),
            (_, None) => spoken.t(&format!("deed-{key}-what")),
        };
        let offer = Offer { title: spoken.t(&format!("deed-{key}")), says, href: format!("/cases/{}/do/{key}{query}", self.asking.name()) };
        if matches!(deed, Deed::Reply | Deed::Recall | Deed::DecideRecusal) { self.asked.push(offer) } else { self.more.push(offer) }
    }
}
