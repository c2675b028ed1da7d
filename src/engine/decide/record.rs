//! Acts that move no token: what the installation writes into a register, and what became of a notice.

use crate::engine::case::{BodyRef, Case};
use crate::engine::command::Actor;
use crate::engine::decide::permit;
use crate::engine::decide::start::REGISTER;
use crate::engine::event::Event;
use crate::engine::facts::{Decision, Facts};
use crate::engine::refusal::Refusal;
use crate::identity::may::{Act, Standing};
use crate::ids::Name;

/// What was read to make the act no longer stands.
pub const MOVED: &str = "register_moved";

/// Writes an act into a register. Who may do what is written there was asked by `app` before: each kind of act has its own right.
pub(super) fn decide(case: &Case, what: &Name, (body, after): (Option<BodyRef>, Option<u64>)) -> Decision {
    if after.is_some_and(|after| after != case.seq) {
        return Decision::Refused(Refusal::conflict(
            MOVED,
            "登记簿刚刚有了新的登记，请再提交一次",
            "cannot record this: something else was recorded meanwhile; please send it again",
        ));
    }
    if &*case.workflow == REGISTER {
        return Decision::Events(vec![Event::Recorded { what: what.clone(), body }]);
    }
    let workflow = &case.workflow;
    Decision::Refused(Refusal::invalid(
        "not_a_register",
        format!("无法登记：办件属于工作流 `{workflow}`，不是登记簿"),
        format!("cannot record `{what}`: expected a register, found a case of `{workflow}`"),
    ))
}

/// A parked notice is sent again. Whether it is parked stands in its own row, which stays as it is when it is not.
pub(super) fn notice_resent(actor: &Actor, key: &str, facts: &Facts<'_>) -> Decision {
    let standing = match actor {
        Actor::Person(person) => Standing {
            disabled: facts.roster.people.get(person).is_none_or(|person| person.disabled),
            ..Standing::of(facts.roster.posts_of(*person, facts.now.date()))
        },
        Actor::System | Actor::Operator(_) => Standing::default(),
    };
    match permit(actor, Act::ManageNotices, &standing) {
        Ok(()) => Decision::Events(vec![Event::NoticeQueued { key: key.to_owned() }]),
        Err(refusal) => Decision::Refused(refusal),
    }
}

/// A notice was sent, parked or returned; what did not arrive may go by the other medium, whose row is in the same commit.
/// A repeat is stopped by the notices' own rows: one is settled once, and the next is written once.
pub(super) fn notice_over(actor: &Actor, over: Event, (key, next): (&str, Option<&(String, Name)>)) -> Decision {
    match permit(actor, Act::Machine, &Standing::default()) {
        Ok(()) => {
            let rerouted = next.map(|(next, medium)| Event::NoticeRerouted { key: key.to_owned(), next: next.clone(), medium: medium.clone() });
            Decision::Events([over].into_iter().chain(rerouted).collect())
        }
        Err(refusal) => Decision::Refused(refusal),
    }
}
