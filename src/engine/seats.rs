//! Who may fill which seat of an approval group, so that the last seat is not left without anybody.
//! Invariant: as long as the open seats can be filled by different people, every answer that is taken keeps it so.
//! Never: a person assigned to a seat; this only says that one is needed in another.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::graph::GroupPass;
use crate::engine::case::{Case, Local, Task};
use crate::engine::facts::Facts;
use crate::engine::groups::{root_of, tree};
use crate::engine::refusal::Refusal;
use crate::engine::standing::{eligible, eligible_for};
use crate::ids::PersonId;

/// A seat by its task, or one to come by its group and place in line (counted from 1).
type Seat = (Local, usize);

/// Refuses a seat to somebody without whom the group's other seats could not all be filled. Where they cannot be filled anyway, nobody is held back.
pub(super) fn spare(case: &Case, facts: &Facts<'_>, task: Local, person: PersonId) -> Result<(), Refusal> {
    let root = root_of(case, case.tasks.get(&task).and_then(|task| task.group).unwrap_or(task));
    let mut seats = candidates(case, facts, root);
    if seats.is_empty() || !can_fill(&seats) {
        return Ok(());
    }
    if root == task {
        // Whoever decides alone fills none of the seats added to the task.
        for people in seats.values_mut() {
            people.remove(&person);
        }
    } else {
        seats.insert((task, 0), BTreeSet::from([person]));
    }
    if can_fill(&seats) {
        return Ok(());
    }
    Err(Refusal::conflict(
        "needed_in_another_seat",
        "无法办理：会签的另一席位只有您能签，请签那一席",
        "cannot take this seat: another seat of the group can be filled by you alone",
    ))
}

/// Whether the seats of a group and of all that was added to it can still be filled by different people.
pub(super) fn fillable(case: &Case, facts: &Facts<'_>, root: Local) -> bool {
    can_fill(&candidates(case, facts, root))
}

/// Who could fill each seat that must be filled: its claimer, or everybody eligible. In a group of which the first answer counts no seat must.
fn candidates(case: &Case, facts: &Facts<'_>, root: Local) -> BTreeMap<Seat, BTreeSet<PersonId>> {
    let mut seats = BTreeMap::new();
    for id in tree(case, root) {
        let Some(group) = case.groups.get(&id).filter(|group| group.pass != GroupPass::Any && group.settled.is_none()) else { continue };
        for task in group.seats.iter().filter(|(_, seat)| seat.is_none()).map(|(task, _)| *task) {
            let claimed = case.tasks.get(&task).and_then(|task| task.claimed);
            seats.insert((task, 0), claimed.map_or_else(|| eligible(case, facts, task), |claimer| BTreeSet::from([claimer])));
        }
        let Some(token) = case.tokens.get(&group.token) else { continue };
        for (place, chair) in (1..).zip(&group.to_come) {
            let (scope, step) = (token.scope, token.step.clone());
            let opened = token.entered;
            let to_come = Task {
                scope,
                token: group.token,
                step,
                group: Some(id),
                pool: chair.pool.clone(),
                claimed: None,
                delegate: None,
                recusal: None,
                backup_at: None,
                backup: None,
                held: None,
                opened,
            };
            seats.insert((id, place), eligible_for(case, facts, (id, &to_come)));
        }
    }
    seats
}

/// Whether different people can fill all seats (augmenting paths).
fn can_fill(seats: &BTreeMap<Seat, BTreeSet<PersonId>>) -> bool {
    let mut filled: BTreeMap<PersonId, Seat> = BTreeMap::new();
    seats.keys().all(|seat| fill(*seat, seats, &mut filled, &mut BTreeSet::new()))
}

fn fill(seat: Seat, seats: &BTreeMap<Seat, BTreeSet<PersonId>>, filled: &mut BTreeMap<PersonId, Seat>, tried: &mut BTreeSet<PersonId>) -> bool {
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
