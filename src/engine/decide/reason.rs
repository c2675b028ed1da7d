//! Why a date has passed, and when the matter is now expected: stated by the office that answers for it, told to the applicant and published (优化营商环境条例 36).

use chrono::NaiveDate;

use crate::definition::graph::{Nature, TermKind};
use crate::engine::case::{BodyRef, Case, Local, Stated, Term};
use crate::engine::decide::{Asked, extend, permit, person, still_open};
use crate::engine::draft::{Step, drafted};
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts, Need};
use crate::engine::refusal::Refusal;
use crate::identity::may::{Act, Standing};
use crate::ids::{Name, PersonId};

pub(super) fn decide(asked: Asked<'_, '_>, term: Local, expected: NaiveDate, body: Option<BodyRef>) -> Decision {
    let stated = match allowed(asked, term, expected, body) {
        Ok(stated) => stated,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| -> Step<()> {
        // The applicant is told in the same words.
        if let Some(body) = stated.body.filter(|body| !facts.bodies.contains_key(&body.commit)) {
            return Err(draft.lacks(Need::from(body)));
        }
        draft.emit(Event::ReasonStated { term, stated });
        Ok(())
    })
}

fn allowed((case, actor, facts): Asked<'_, '_>, id: Local, expected: NaiveDate, body: Option<BodyRef>) -> Result<Stated, Refusal> {
    still_open(case)?;
    let by = person(actor, Act::StateReason)?;
    let missing = || Refusal::not_found("no_such_term", format!("没有在走的时限 {id}"), format!("cannot state a reason for term {id}: it does not run"));
    let term = case.terms.get(&id).ok_or_else(missing)?;
    let standing = Standing { in_charge: answers_for(case, facts, term, by), ..Standing::default() };
    permit(actor, Act::StateReason, &standing)?;
    let (key, on) = (&term.key, facts.now.date());
    if term.kind == TermKind::Step {
        let (zh, en) =
            (format!("`{key}` 是步骤的内部时限，不对外说明"), format!("cannot state a reason for `{key}`: it is a step's own limit, promised to nobody"));
        return Err(Refusal::invalid("reason_not_asked", zh, en));
    }
    let Some(due) = term.due.filter(|_| term.has_passed(on)) else {
        let (zh, en) = (format!("时限 `{key}` 没有超过"), format!("cannot state why term `{key}` has passed: it has not"));
        return Err(Refusal::conflict("term_not_passed", zh, en));
    };
    if body.is_none() {
        return Err(Refusal::invalid("reason_required", "须写明超期原因", "cannot state why the date has passed: the reason is missing"));
    }
    if expected < on {
        let zh = format!("预计办结日应为今天（{on}）或以后，收到 {expected}");
        return Err(Refusal::invalid("expected_in_the_past", zh, format!("expected a day from today ({on}) on, found {expected}")));
    }
    Ok(Stated { due, expected, body, by, on })
}

/// Whether a reason is asked for when its date passes: not for a step's own limit, nor for those of an internal matter.
#[must_use]
pub fn asks_reason(case: &Case, facts: &Facts<'_>, term: &Term) -> bool {
    let program = case.scopes.get(&term.scope).and_then(|scope| facts.bundle.programs.get(&scope.program));
    term.kind != TermKind::Step && program.is_none_or(|program| program.nature != Nature::Internal)
}

/// Whether a person works in an office that answers for the term: one asked by the open tasks of its link, or, while nothing is open there, one its workflow names.
#[must_use]
pub fn answers_for(case: &Case, facts: &Facts<'_>, term: &Term, person: PersonId) -> bool {
    let today = facts.now.date();
    let current: Vec<Name> = extend::offices(case, facts, term).iter().map(|office| facts.roster.current(office, today)).collect();
    facts.roster.posts_of(person, today).iter().any(|(office, _)| current.contains(office))
}
