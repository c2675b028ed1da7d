//! Who may fill which seat of an approval group, so that the last seat is not left without anybody.
//! Invariant: as long as the open seats can be filled by different people, every answer that is taken keeps it so.
//! Never: a person assigned to a seat; this only says that one is needed in another.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::graph::GroupPass;
use crate::engine::case::{Case, Group, Local};
use crate::engine::facts::Facts;
use crate::engine::refusal::Refusal;
use crate::engine::standing::eligible;
use crate::ids::PersonId;

/// Refuses a seat to somebody without whom the group's other seats could not all be filled. Where they cannot be filled anyway, nobody is held back.
pub(super) fn spare(case: &Case, facts: &Facts<'_>, task: Local, person: PersonId) -> Result<(), Refusal> {
    let group = case.tasks.get(&task).and_then(|task| task.group).and_then(|group| case.groups.get(&group));
    let Some(group) = group.filter(|group| group.pass == GroupPass::All) else { return Ok(()) };
    let mut seats = candidates(case, facts, group);
    if seats.len() < 2 || !can_fill(&seats) {
        return Ok(());
    }
    seats.insert(task, BTreeSet::from([person]));
    if can_fill(&seats) {
        return Ok(());
    }
    Err(Refusal::conflict(
        "needed_in_another_seat",
        "无法办理：会签的另一席位只有您能签，请签那一席",
        "cannot take this seat: another seat of the group can be filled by you alone",
    ))
}

/// Who could fill each open seat: its claimer, or everybody eligible.
fn candidates(case: &Case, facts: &Facts<'_>, group: &Group) -> BTreeMap<Local, BTreeSet<PersonId>> {
    let open = group.seats.iter().filter(|(_, seat)| seat.is_none());
    open.map(|(task, _)| {
        let claimed = case.tasks.get(task).and_then(|task| task.claimed);
        (*task, claimed.map_or_else(|| eligible(case, facts, *task), |claimer| BTreeSet::from([claimer])))
    })
    .collect()
}

/// Whether different people can fill all seats (augmenting paths).
fn can_fill(seats: &BTreeMap<Local, BTreeSet<PersonId>>) -> bool {
    let mut filled: BTreeMap<PersonId, Local> = BTreeMap::new();
    seats.keys().all(|seat| fill(*seat, seats, &mut filled, &mut BTreeSet::new()))
}

fn fill(seat: Local, seats: &BTreeMap<Local, BTreeSet<PersonId>>, filled: &mut BTreeMap<PersonId, Local>, tried: &mut BTreeSet<PersonId>) -> bool {
    for person in seats.get(&seat).into_iter().flatten() {
        if !tried.insert(*person) {
            continue;
        }
        let moved = match filled.get(person).copied() {
            None => true,
            Some(other) => fill(other, seats, filled, tried),
        };
        if moved {
            filled.insert(*person, seat);
            return true;
        }
    }
    false
}
