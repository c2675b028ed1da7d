//! A message from outside reaches the tokens that wait for it. Nobody waiting is no mistake: the message came a second time.

use crate::engine::case::{Case, Local, Waits};
use crate::engine::decide::{Asked, permit};
use crate::engine::draft::{Draft, Step, drafted};
use crate::engine::event::Event;
use crate::engine::facts::Decision;
use crate::engine::walk::Ending;
use crate::identity::may::{Act, Standing};
use crate::ids::Name;

pub(super) fn decide((case, actor, facts): Asked<'_, '_>, name: &Name, only: Option<Local>) -> Decision {
    if let Err(refusal) = permit(actor, Act::Message, &Standing::default()) {
        return Decision::Refused(refusal);
    }
    let waiting = waiting(case, name, only);
    if waiting.is_empty() {
        return Decision::Events(Vec::new());
    }
    drafted(case.clone(), facts, |draft| waiting.into_iter().try_for_each(|token| receive(draft, name, token)))
}

fn waiting(case: &Case, name: &Name, only: Option<Local>) -> Vec<Local> {
    let waits = |token: &Waits| matches!(token, Waits::Message(awaited) if awaited == name);
    case.tokens.iter().filter(|(id, token)| only.is_none_or(|only| only == **id) && waits(&token.waits)).map(|(id, _)| *id).collect()
}

fn receive(draft: &mut Draft<'_>, name: &Name, token: Local) -> Step<()> {
    // The message that reached one token may have cancelled another.
    if waiting(&draft.case, name, Some(token)).is_empty() {
        return Ok(());
    }
    let spot = draft.spot(token)?;
    if let Some(place) = draft.case.queue.get(&token) {
        let account = place.account.clone();
        draft.emit(Event::Unqueued { token, account });
    }
    draft.leave(spot, &Name::from("received"), Ending::default())?;
    draft.run()
}
