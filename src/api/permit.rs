//! Asking `identity::may` for what is not decided by the engine: reading, exporting, administration.
//! Invariant: no handler decides a permission by itself.

use crate::api::caller::Caller;
use crate::api::problem::Refused;
use crate::app::App;
use crate::engine::case::{Case, TaskPool};
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may::{Act, Standing, Verdict, may};

/// Lets the caller through, or says why not.
pub fn permit(app: &App, caller: &Caller, act: Act) -> Result<(), Refused> {
    check(caller, act, &standing(app, caller))
}

/// As `permit`, for something done to one case.
pub fn permit_on(app: &App, caller: &Caller, act: Act, case: &Case) -> Result<(), Refused> {
    let asked = |pool: &TaskPool| match pool {
        TaskPool::Applicant => false,
        TaskPool::Posts { offices, .. } => caller.posts.iter().any(|(office, _)| offices.contains(office)),
    };
    let acted = case.scopes.values().any(|scope| scope.actors.values().flatten().any(|person| *person == caller.person));
    let involved = acted || case.copied.contains(&caller.person) || case.tasks.values().any(|task| asked(&task.pool));
    check(caller, act, &Standing { applicant: case.applicant == caller.person, involved, ..standing(app, caller) })
}

fn standing(app: &App, caller: &Caller) -> Standing {
    Standing { posts: caller.posts.clone(), clock_moves: app.clock().can_move(), ..Standing::default() }
}

fn check(caller: &Caller, act: Act, standing: &Standing) -> Result<(), Refused> {
    match may(&caller.actor(), act, standing) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(why) => Err(Refused::from(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() })),
    }
}
