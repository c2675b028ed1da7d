//! A message from outside reaches the steps that wait for it and the events that listen to it. One that nobody waits for yet is kept where a step to come
//! wants it so; otherwise nobody waiting is no mistake: the message came a second time.

use crate::definition::graph::Trigger;
use crate::engine::case::{Local, Waits};
use crate::engine::decide::{Asked, permit};
use crate::engine::draft::drafted;
use crate::engine::event::Event;
use crate::engine::facts::Decision;
use crate::engine::listening::listening;
use crate::identity::may::{Act, Standing};
use crate::ids::{CaseId, Name};

/// A signal of another case. It is on record here when something listens; a case that has moved on since was not meant.
pub(super) fn signal((case, actor, facts): Asked<'_, '_>, name: &Name, from: CaseId) -> Decision {
    if let Err(refusal) = permit(actor, Act::Message, &Standing::default()) {
        return Decision::Refused(refusal);
    }
    if case.ended.is_some() || !listening(case, facts.bundle).contains(name) {
        return Decision::Events(Vec::new());
    }
    drafted(case.clone(), facts, |draft| {
        draft.emit(Event::SignalHeard { name: name.clone(), from });
        draft.signal(name)?;
        draft.run()
    })
}

pub(super) fn decide((case, actor, facts): Asked<'_, '_>, name: &Name, only: Option<Local>) -> Decision {
    if let Err(refusal) = permit(actor, Act::Message, &Standing::default()) {
        return Decision::Refused(refusal);
    }
    if case.ended.is_some() {
        return Decision::Events(Vec::new());
    }
    drafted(case.clone(), facts, |draft| {
        let awaits = |waits: &Waits| matches!(waits, Waits::Message(awaited) if awaited == name);
        let reached = draft.deliver(|on| matches!(on, Trigger::Message(caught) if caught == name), awaits, only)?;
        if !reached && only.is_none() && !draft.case.kept.contains(name) && draft.is_kept(name) {
            draft.emit(Event::MessageKept { name: name.clone() });
        }
        draft.run()
    })
}
