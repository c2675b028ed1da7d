//! What a person is to the fields of a form: reading a case, or filling its form in at a step.
//! Invariant: the pages, the API and the engine narrow a form by the same viewer. Never: a right to the case or the task; `identity::may` gives those.

use std::sync::Arc;

use crate::definition::graph::Bundle;
use crate::engine::case::{Case, Local};
use crate::engine::draft::ancestry;
use crate::engine::facts::Facts;
use crate::engine::standing;
use crate::forms::{Form, Viewer};
use crate::ids::{Name, PersonId};

/// Somebody who reads the case: with the steps they worked on, and those they may work on now.
#[must_use]
pub fn reader(case: &Case, facts: &Facts<'_>, person: PersonId) -> Viewer {
    let mut viewer = Viewer { applicant: case.applicant == person, ..in_office(facts, person) };
    for scope in case.scopes.values() {
        let acted = scope.actors.iter().filter(|(_, actors)| actors.contains(&person));
        viewer.steps.extend(acted.map(|(step, _)| step.to_string()));
    }
    for (id, task) in &case.tasks {
        let standing = standing::to_task(case, facts, *id, person);
        if standing.is_some_and(|standing| standing.in_pool && standing.acted_in.is_none() && standing.kept_for.is_none()) {
            viewer.steps.insert(task.step.to_string());
        }
    }
    viewer
}

/// Somebody who fills the form in at a step of the case.
#[must_use]
pub fn filler(case: &Case, facts: &Facts<'_>, person: PersonId, step: &Name) -> Viewer {
    Viewer { at: Some(step.to_string()), ..reader(case, facts, person) }
}

/// Somebody who files an application, which makes them its applicant.
#[must_use]
pub fn starter(facts: &Facts<'_>, person: PersonId) -> Viewer {
    Viewer { applicant: true, ..in_office(facts, person) }
}

/// The form a scope uses: its own workflow's, or its caller's.
#[must_use]
pub fn form_of(case: &Case, bundle: &Bundle, scope: Local) -> Option<Arc<Form>> {
    let program = |scope: Local| bundle.programs.get(&case.scopes.get(&scope)?.program);
    ancestry(case, scope).into_iter().find_map(|above| program(above)?.form.clone())
}

/// Who keeps the form a scope submits: the nearest scope up whose workflow has one, or, where the workflows above share that form, the highest of them.
/// An application is one, so a correction asked for in one link is what the others read too.
#[must_use]
pub fn form_holder(case: &Case, bundle: &Bundle, scope: Local) -> Local {
    let mut holder: Option<(Local, Arc<Form>)> = None;
    for above in ancestry(case, scope) {
        let program = case.scopes.get(&above).and_then(|scope| bundle.programs.get(&scope.program));
        let Some(form) = program.and_then(|program| program.form.clone()) else { continue };
        match &holder {
            None => holder = Some((above, form)),
            Some((_, below)) if !below.key.is_empty() && below.key == form.key => holder = Some((above, form)),
            Some(_) => {}
        }
    }
    holder.map_or(scope, |(holder, _)| holder)
}

fn in_office(facts: &Facts<'_>, person: PersonId) -> Viewer {
    let posts = facts.roster.posts_of(person, facts.now.date());
    Viewer { posts: posts.into_iter().map(|(office, post)| (office.to_string(), post.to_string())).collect(), ..Viewer::default() }
}
