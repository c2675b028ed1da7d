//! The applicant takes the application back: everything open closes, every reservation is given back (DOMAIN 2.3, rule 14).

use crate::engine::case::{BodyRef, Case, Local};
use crate::engine::clearing::Settling;
use crate::engine::command::Actor;
use crate::engine::decide::{permit, person, still_open};
use crate::engine::draft::drafted;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::engine::standing;
use crate::identity::may::Act;
use crate::ids::{Name, PersonId};

pub(super) fn decide(case: &Case, actor: &Actor, body: Option<BodyRef>, facts: &Facts<'_>) -> Decision {
    let by = match allowed(case, actor, facts) {
        Ok(by) => by,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let why = Name::from("withdrawn");
    drafted(case.clone(), facts, |draft| {
        draft.emit(Event::Withdrawn { by, body });
        let roots: Vec<Local> = draft.case.scopes.iter().filter(|(_, scope)| scope.caller.is_none()).map(|(id, _)| *id).collect();
        for root in roots {
            draft.cancel_tokens(root, (None, &why), |_, _| true)?;
            draft.settle_scope(root, &Settling::Released)?;
            draft.end_scope_terms(root, false);
            draft.emit(Event::ScopeClosed { scope: root, result: why.clone() });
        }
        draft.emit(Event::Ended { result: why, at: draft.facts.now });
        Ok(())
    })
}

fn allowed(case: &Case, actor: &Actor, facts: &Facts<'_>) -> Result<PersonId, Refusal> {
    still_open(case)?;
    let person = person(actor, Act::Withdraw)?;
    permit(actor, Act::Withdraw, &standing::to_case(case, facts, person))?;
    Ok(person)
}
