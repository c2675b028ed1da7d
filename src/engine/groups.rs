//! Approval groups: how they open, when they have their answer, and what becomes of groups that were added to them.
//! Invariant: a group ends in the act that made its outcome certain, passed or impossible, and takes every group added to it along.
//! Never: an answer under the name of somebody who did not give it; whoever was not heard is closed, not counted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::definition::graph::{Ballots, GroupPass, GroupRule, Node, OnRefusal, Power, Vote};
use crate::engine::case::{Added, Adding, BodyRef, Case, Chair, Group, Local, TaskPool, Waits};
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::walk::Ending;
use crate::ids::{Name, PersonId};

/// The outcome of a group that passed.
pub(super) const APPROVED: &str = "approved";
/// The outcome of a group that did not.
pub(super) const REJECTED: &str = "rejected";

/// A group somebody adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGroup {
    /// One seat for each office and post.
    pub seats: Vec<(Name, Name)>,
    /// When it passes.
    pub pass: GroupPass,
    /// What one refusal does; sending the case back is the step's own.
    pub on_refusal: OnRefusal,
}

/// A member of a group that has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRef {
    /// An open seat.
    Seat(Local),
    /// A seat to come, by its place in line.
    ToCome {
        /// The group.
        group: Local,
        /// From 0.
        chair: u16,
    },
}

/// The act that may settle a group: who, with which seat and words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settler {
    pub by: Option<PersonId>,
    pub task: Option<Local>,
    pub body: Option<BodyRef>,
    /// A member was taken out; nobody answered.
    pub removed: bool,
}

impl Draft<'_> {
    /// One seat for each office and post; two offices that have since become one have one seat between them.
    pub fn open_group(&mut self, spot: Spot, node: &Node, rule: &GroupRule) -> Step<()> {
        let group = self.local();
        self.place(spot, node, Waits::Group(group))?;
        let mut chairs = self.chairs(&rule.seats, |seat| rule.power(seat));
        for chair in &mut chairs {
            chair.pool = self.staffed(spot.scope, chair.pool.clone());
        }
        if chairs.is_empty() {
            return Err(broken(&format!("group {} without a seat", node.key)));
        }
        let (pass, on_refusal) = (rule.pass, rule.on_refusal);
        self.emit(Event::GroupOpened { group, token: spot.token, pass, on_refusal, chairs, added: None, body: None });
        self.open_due(group)
    }

    /// The chairs of seats as offices stand today.
    pub fn chairs(&self, seats: &[(Name, Name)], power: impl Fn(&(Name, Name)) -> Power) -> Vec<Chair> {
        let today = self.facts.now.date();
        let mut seated = BTreeSet::new();
        let mut chairs = Vec::with_capacity(seats.len());
        for seat in seats {
            let office = self.facts.roster.current(&seat.0, today);
            if seated.insert((office.clone(), seat.1.clone())) {
                chairs.push(Chair { pool: TaskPool::Posts { offices: vec![office], post: seat.1.clone() }, power: power(seat) });
            }
        }
        chairs
    }

    /// Opens the chairs whose turn it is: all of them, or in order the next one when nobody sits and nothing added in between is still open.
    pub fn open_due(&mut self, id: Local) -> Step<()> {
        loop {
            let Some(group) = self.case.groups.get(&id) else { return Ok(()) };
            let waits = group.pass == GroupPass::InOrder && (group.seats.values().any(Option::is_none) || middle_open(&self.case, id));
            let Some(chair) = group.to_come.first().filter(|_| !waits && is_started(&self.case, group)) else { return Ok(()) };
            let (pool, token) = (chair.pool.clone(), group.token);
            let spot = self.spot(token)?;
            let (task, step, at) = (self.local(), self.node(spot.scope, spot.node)?.key.clone(), self.facts.now);
            self.emit(Event::TaskOpened { task, scope: spot.scope, token, step, group: Some(id), pool, at });
        }
    }

    /// Goes on with a group after something in it changed: opens what is due, settles what is certain, and so up to the group of the step.
    pub fn go_on(&mut self, group: Local, settler: Settler) -> Step<()> {
        let mut id = group;
        loop {
            self.count_step()?;
            self.open_after(id)?;
            self.open_due(id)?;
            let Some(open) = self.case.groups.get(&id) else { return self.decider_goes_on(id) };
            if own_result(open).is_some() {
                self.close_own_seats(id, settler);
            }
            let Some(passed) = result(&self.case, id) else { return Ok(()) };
            let Some(added) = self.case.groups.get(&id).and_then(|group| group.added.clone()) else {
                return self.end_group(id, passed, settler);
            };
            self.close_tree(id, settler);
            self.emit(Event::AddedSettled { group: id, passed });
            id = added.to;
        }
    }

    /// A task of one decider, after members added to it have answered: its answer counts when they passed it, and is asked for again when they did not.
    fn decider_goes_on(&mut self, task: Local) -> Step<()> {
        let Some(open) = self.case.tasks.get(&task) else { return Ok(()) };
        let (token, Some(held)) = (open.token, open.held.clone()) else { return Ok(()) };
        let answers = added_answers(&self.case, task, |added| added.place != Adding::Before);
        if answers.contains(&Some(false)) {
            self.close_all_added(task, |added| added.place != Adding::Before);
            self.emit(Event::AnswerReopened { task });
            return Ok(());
        }
        if answers.iter().any(Option::is_none) {
            return Ok(());
        }
        let spot = self.spot(token)?;
        self.close_all_added(task, |_| true);
        self.leave(spot, &held.outcome, Ending { by: Some(held.by), task: Some(task), body: held.body, ..Ending::default() })?;
        self.run()
    }

    /// Closes groups added to a task, with the answers they have.
    pub fn close_all_added(&mut self, task: Local, which: impl Fn(&Added) -> bool) {
        for child in children(&self.case, task, which) {
            let passed = self.case.groups.get(&child).and_then(|group| group.settled);
            self.close_tree(child, Settler::default());
            self.emit(Event::GroupClosed { group: child, passed });
        }
    }

    /// Groups added after a seat open when their turn comes.
    fn open_after(&mut self, id: Local) -> Step<()> {
        for child in children(&self.case, id, |added| added.place == Adding::After) {
            self.open_due(child)?;
        }
        Ok(())
    }

    /// The group of the step has its outcome: the step ends by it, or the case goes back where the author sends it.
    fn end_group(&mut self, id: Local, passed: bool, settler: Settler) -> Step<()> {
        let Some(group) = self.case.groups.get(&id) else { return Err(broken(&format!("group {id}"))) };
        let (token, back) = (group.token, !passed && group.on_refusal == OnRefusal::Return);
        self.close_tree(id, settler);
        self.emit(Event::GroupClosed { group: id, passed: Some(passed) });
        let spot = self.spot(token)?;
        if back && let Some(by) = settler.by {
            return self.return_by_rule(spot, by, settler.body);
        }
        let outcome = Name::from(if passed { APPROVED } else { REJECTED });
        // With a member taken out the rule alone decided: the step ends by nobody.
        let ending = if settler.removed {
            Ending { why: Some("member removed".to_owned()), ..Ending::default() }
        } else {
            Ending { by: settler.by, task: settler.task, body: settler.body, ..Ending::default() }
        };
        self.leave(spot, &outcome, ending)?;
        self.run()
    }

    /// Closes the open seats of a group whose own rule is decided.
    fn close_own_seats(&mut self, id: Local, settler: Settler) {
        let open: Vec<Local> = self.case.tasks.iter().filter(|(_, task)| task.group == Some(id)).map(|(id, _)| *id).collect();
        let why = Name::from(if settler.removed { "decided-by-rule" } else { "decided-by-another" });
        for task in open {
            self.close_added(id, settler, |added| added.seat == task && added.place == Adding::Before);
            self.emit(Event::TaskClosed { task, why: why.clone() });
        }
    }

    /// Closes groups added to a group that are no longer asked for anything.
    pub fn close_added(&mut self, id: Local, settler: Settler, which: impl Fn(&Added) -> bool) {
        for child in children(&self.case, id, which) {
            self.close_tree(child, settler);
            self.emit(Event::GroupClosed { group: child, passed: None });
        }
    }

    /// Closes every open seat of a group and of those added to it, and the added groups that have no answer.
    pub fn close_tree(&mut self, id: Local, settler: Settler) {
        let mut open = vec![id];
        while let Some(at) = open.pop() {
            self.close_own_seats(at, settler);
            for child in children(&self.case, at, |_| true) {
                if self.case.groups.get(&child).is_some_and(|group| group.settled.is_none()) {
                    self.close_tree(child, settler);
                    self.emit(Event::GroupClosed { group: child, passed: None });
                }
            }
        }
    }

    /// Takes an added group away again that has lost its last member.
    pub fn dissolve(&mut self, id: Local, settler: Settler) -> Step<()> {
        let Some(added) = self.case.groups.get(&id).and_then(|group| group.added.clone()) else { return Ok(()) };
        self.close_tree(id, settler);
        self.emit(Event::GroupClosed { group: id, passed: None });
        self.go_on(added.to, settler)
    }
}

/// Groups added to a group, directly.
pub(super) fn children(case: &Case, id: Local, wanted: impl Fn(&Added) -> bool) -> Vec<Local> {
    let added = case.groups.iter().filter(|(_, group)| group.added.as_ref().is_some_and(|added| added.to == id && wanted(added)));
    added.map(|(id, _)| *id).collect()
}

/// The answers of groups added to a group or a task: `None` while one is open.
pub(super) fn added_answers(case: &Case, to: Local, which: impl Fn(&Added) -> bool) -> Vec<Option<bool>> {
    children(case, to, which).iter().map(|child| case.groups.get(child).and_then(|group| group.settled)).collect()
}

/// The group of the step, or the task of one decider, that a group belongs to, itself or what it was added to.
pub(super) fn root_of(case: &Case, id: Local) -> Local {
    let mut at = id;
    // What a group was added to is older, so the chain gets shorter with every step.
    while let Some(above) = case.groups.get(&at).and_then(|group| group.added.as_ref()).map(|added| added.to).filter(|above| *above < at) {
        at = above;
    }
    at
}

/// A group and everything added to it.
pub(super) fn tree(case: &Case, root: Local) -> Vec<Local> {
    case.groups.keys().copied().filter(|id| root_of(case, *id) == root).collect()
}

/// Whether a group's seats may open: one added after another waits for it.
fn is_started(case: &Case, group: &Group) -> bool {
    let Some(added) = group.added.as_ref().filter(|added| added.place == Adding::After) else { return true };
    let Some(above) = case.groups.get(&added.to) else { return case.tasks.get(&added.to).is_some_and(|task| task.held.is_some()) };
    if above.pass == GroupPass::InOrder {
        return above.seats.get(&added.seat).is_some_and(|seat| seat.as_ref().is_some_and(|seat| seat.agreed));
    }
    own_result(above) == Some(true)
}

/// Whether a group in order must wait: something added after a seat that has agreed is not settled yet.
fn middle_open(case: &Case, id: Local) -> bool {
    let open = |child: &Local| case.groups.get(child).is_some_and(|group| group.settled.is_none());
    let agreed = |added: &Added| case.groups.get(&id).and_then(|group| group.seats.get(&added.seat)?.as_ref()).is_some_and(|seat| seat.agreed);
    children(case, id, |added| added.place == Adding::After && agreed(added)).iter().any(open)
}

/// What groups added before a seat came to: `None` when there is none, `Some(None)` while one is open, else whether all of them passed.
#[must_use]
pub fn asked_before(case: &Case, group: Local, seat: Local) -> Option<Option<bool>> {
    let before = children(case, group, |added| added.seat == seat && added.place == Adding::Before);
    if before.is_empty() {
        return None;
    }
    let settled: Vec<Option<bool>> = before.iter().map(|id| case.groups.get(id).and_then(|group| group.settled)).collect();
    if settled.contains(&Some(false)) {
        return Some(Some(false));
    }
    Some(settled.iter().all(Option::is_some).then_some(true))
}

/// A group's outcome, with what was added to it, as soon as it is certain.
pub(super) fn result(case: &Case, id: Local) -> Option<bool> {
    let group = case.groups.get(&id)?;
    let own = own_result(group);
    let added: Vec<Option<bool>> =
        children(case, id, |added| added.place != Adding::Before).iter().map(|child| case.groups.get(child).and_then(|group| group.settled)).collect();
    let refused = own == Some(false) || added.contains(&Some(false));
    let waits_for_all = group.on_refusal == OnRefusal::Continue && own.is_none();
    match own {
        _ if refused && !waits_for_all => Some(false),
        Some(true) if added.iter().all(Option::is_some) => Some(true),
        Some(_) | None => None,
    }
}

/// What a group's own seats came to, as soon as it is certain: passed, or no longer possible.
pub(super) fn own_result(group: &Group) -> Option<bool> {
    let open = group.seats.values().any(Option::is_none) || !group.to_come.is_empty();
    let answers = || group.seats.iter().filter_map(|(task, seat)| Some((power_of(group, *task), seat.as_ref()?.agreed)));
    match group.pass {
        GroupPass::Any => answers().next().map(|(_, agreed)| agreed),
        GroupPass::All | GroupPass::InOrder => {
            let refused = answers().any(|(_, agreed)| !agreed);
            match group.on_refusal {
                OnRefusal::End | OnRefusal::Return if refused => Some(false),
                OnRefusal::End | OnRefusal::Return | OnRefusal::Continue => (!open).then_some(!refused),
            }
        }
        GroupPass::Vote(vote) => counted(group, vote, &answers().collect::<Vec<_>>()),
    }
}

fn power_of(group: &Group, task: Local) -> Power {
    group.powers.get(&task).copied().unwrap_or_default()
}

fn counted(group: &Group, vote: Vote, answers: &[(Power, bool)]) -> Option<bool> {
    let sum = |agreed: bool| answers.iter().filter(|(_, answer)| *answer == agreed).map(|(power, _)| u64::from(power.weight)).sum::<u64>();
    let open = group.seats.iter().filter(|(_, seat)| seat.is_none()).map(|(task, _)| power_of(group, *task));
    let open: u64 = open.chain(group.to_come.iter().map(|chair| chair.power)).map(|power| u64::from(power.weight)).sum();
    let (yes, no) = (sum(true), sum(false));
    let enough = |votes: u64| match vote.passes {
        Ballots::Count(count) => votes >= u64::from(count),
        Ballots::Share(share) => votes * 100 >= (yes + no + open) * u64::from(share),
    };
    let vetoed = answers.iter().any(|(power, agreed)| power.veto && !agreed);
    let too_many = vote.refusals.is_some_and(|refusals| no >= u64::from(refusals));
    // A seat that may refuse alone and has not spoken can still undo what is counted.
    let veto_open = group.seats.iter().any(|(task, seat)| seat.is_none() && power_of(group, *task).veto) || group.to_come.iter().any(|chair| chair.power.veto);
    if vetoed || too_many || !enough(yes + open) { Some(false) } else { (enough(yes) && !veto_open).then_some(true) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::case::Seat;

    fn group(pass: GroupPass, on_refusal: OnRefusal, seats: &[(u32, Option<bool>)]) -> Group {
        let by = PersonId(uuid::Uuid::nil());
        let seats = seats.iter().zip(1..);
        Group {
            token: 0,
            pass,
            on_refusal,
            powers: seats.clone().map(|((weight, _), id)| (id, Power { weight: weight % 100, veto: *weight >= 100 })).collect(),
            seats: seats.map(|((_, agreed), id)| (id, agreed.map(|agreed| Seat { by, agreed }))).collect::<BTreeMap<_, _>>(),
            to_come: Vec::new(),
            added: None,
            settled: None,
        }
    }

    fn share(share: u32) -> GroupPass {
        GroupPass::Vote(Vote { passes: Ballots::Share(share), refusals: None })
    }

    #[test]
    fn a_vote_ends_when_passing_is_certain_or_impossible() {
        let (yes, no) = (Some(true), Some(false));
        // A weight from 100 on is a seat that may refuse alone.
        type Row<'r> = (GroupPass, &'r [(u32, Option<bool>)], Option<bool>);
        let table: &[Row<'_>] = &[
            (share(60), &[(1, yes), (1, yes), (1, None), (1, None), (1, None)], None),
            (share(60), &[(1, yes), (1, yes), (1, yes), (1, None), (1, None)], Some(true)),
            (share(60), &[(1, no), (1, no), (1, no), (1, None), (1, None)], Some(false)),
            (share(60), &[(1, no), (1, no), (1, None), (1, None), (1, None)], None),
            (share(50), &[(3, yes), (1, None), (1, None), (1, None)], Some(true)),
            (share(51), &[(3, yes), (1, None), (1, None), (1, None)], None),
            (share(50), &[(1, yes), (101, None), (1, yes)], None),
            (share(50), &[(1, yes), (101, no), (1, yes)], Some(false)),
            (GroupPass::Vote(Vote { passes: Ballots::Count(1), refusals: Some(2) }), &[(1, no), (1, no), (1, None)], Some(false)),
            (GroupPass::Vote(Vote { passes: Ballots::Count(2), refusals: Some(2) }), &[(1, no), (1, yes), (1, None)], None),
            (GroupPass::Any, &[(1, None), (1, no)], Some(false)),
        ];
        for (number, (pass, seats, expected)) in table.iter().enumerate() {
            assert_eq!(own_result(&group(*pass, OnRefusal::End, seats)), *expected, "line {number}");
        }
    }

    #[test]
    fn what_one_refusal_does_is_as_its_author_wrote() {
        let seats = &[(1, Some(false)), (1, None)];
        assert_eq!(own_result(&group(GroupPass::All, OnRefusal::End, seats)), Some(false));
        assert_eq!(own_result(&group(GroupPass::InOrder, OnRefusal::Return, seats)), Some(false));
        assert_eq!(own_result(&group(GroupPass::All, OnRefusal::Continue, seats)), None);
    }
}
