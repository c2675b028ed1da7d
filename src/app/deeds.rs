//! What somebody could do with a case now, beside answering a task: asked of the engine itself, with nothing done.
//! Invariant: what is offered is what the engine would take at this moment, because it is the engine that is asked. Never: an event kept.

use std::collections::BTreeMap;

use crate::app::casework::Casefile;
use crate::app::execute::Act;
use crate::engine::case::{BodyRef, Case, Local, TaskPool};
use crate::engine::command::{Actor, Command, MemberRef, Recipient};
use crate::engine::decide;
use crate::engine::facts::Decision;
use crate::engine::refusal::Refusal;
use crate::ids::{Digest, Name, PersonId};

/// Stands for the words somebody is yet to write.
const WORDS: Option<BodyRef> = Some(BodyRef { commit: Digest([0; 32]) });

impl Casefile {
    /// Whether the engine would take an act of a person now, taking the words they would write as written.
    ///
    /// # Errors
    /// What the engine would refuse it with.
    pub fn would(&self, person: PersonId, act: &Act) -> Result<(), Refusal> {
        let Some(command) = command(act) else { return Ok(()) };
        match self.with_facts(|facts| decide(Some(&self.working.state), &Actor::Person(person), &command, facts)) {
            Decision::Refused(refusal) => Err(refusal),
            // What it still asks for (an account, a number) it gets when the act is done.
            Decision::Events(_) | Decision::Needs(_) => Ok(()),
        }
    }

    /// Officials who hold a post today, with it, in the order of offices and posts.
    #[must_use]
    pub fn officials(&self) -> Vec<(Name, Name, PersonId)> {
        let (roster, today) = (&self.known.roster, self.now.date());
        let mut posts: Vec<(Name, Name, PersonId)> = Vec::new();
        for person in roster.people.keys() {
            let held = roster.own_posts(*person, today).into_iter().filter(|(_, post)| &**post != "agent");
            posts.extend(held.map(|(office, post)| (office, post, *person)));
        }
        posts.sort();
        posts
    }

    /// People of the offices a task asks for whom an act made of them would be taken.
    #[must_use]
    pub fn people_for(&self, task: Local, by: PersonId, act: impl Fn(PersonId) -> Act) -> Vec<PersonId> {
        let Some(TaskPool::Posts { offices, .. }) = self.working.state.tasks.get(&task).map(|task| &task.pool) else { return Vec::new() };
        let today = self.now.date();
        let offices: Vec<Name> = offices.iter().map(|office| self.known.roster.current(office, today)).collect();
        let mut found: BTreeMap<PersonId, ()> = BTreeMap::new();
        let there = self.officials().into_iter().filter(|(office, ..)| offices.contains(office));
        found.extend(there.map(|(.., person)| (person, ())).filter(|(person, ())| self.would(by, &act(*person)).is_ok()));
        found.into_keys().collect()
    }

    /// Members of open groups a person may take out, each with who is asked.
    #[must_use]
    pub fn removable(&self, by: PersonId) -> Vec<(MemberRef, Local, TaskPool)> {
        let case = &self.working.state;
        let seats = case.tasks.iter().filter(|(_, task)| task.group.is_some()).map(|(id, task)| (MemberRef::Seat(*id), task.token, task.pool.clone()));
        let to_come = case.groups.iter().flat_map(|(group, open)| {
            let chairs = (0..).zip(&open.to_come);
            chairs.map(|(chair, found)| (MemberRef::ToCome { group: *group, chair }, open.token, found.pool.clone()))
        });
        let may = |(member, ..): &(MemberRef, Local, TaskPool)| self.would(by, &Act::RemoveSigner { member: *member, opinion: None }).is_ok();
        seats.chain(to_come).filter(may).collect()
    }

    /// One's own answers that can still be taken back, newest first, as scope and step.
    #[must_use]
    pub fn takeable(&self, by: PersonId) -> Vec<(Local, Name)> {
        let mut found: Vec<(Local, Name)> = Vec::new();
        for fresh in self.working.state.fresh.iter().rev().filter(|fresh| fresh.by == by) {
            let at = (fresh.scope, fresh.step.clone());
            let act = Act::TakeBack { scope: at.0, step: at.1.clone(), opinion: None };
            if !found.contains(&at) && self.would(by, &act).is_ok() {
                found.push(at);
            }
        }
        found
    }

    /// The case.
    #[must_use]
    pub fn state(&self) -> &Case {
        &self.working.state
    }
}

/// The command of an act; nothing for those that have a page of their own, or are no person's.
fn command(act: &Act) -> Option<Command> {
    let body = WORDS;
    Some(match act {
        Act::Transfer { task, to, .. } => Command::Transfer { task: *task, to: to.clone(), body },
        Act::Delegate { task, to, .. } => Command::Delegate { task: *task, to: *to, body },
        Act::Reply { task, .. } => Command::Reply { task: *task, body },
        Act::Recall { task } => Command::Recall { task: *task },
        Act::AddSigners { task, place, group, .. } => Command::AddSigners { task: *task, place: *place, group: group.clone(), body },
        Act::RemoveSigner { member, .. } => Command::RemoveSigner { member: *member, body },
        Act::TakeBack { scope, step, .. } => Command::TakeBack { scope: *scope, step: step.clone(), body },
        Act::AskRecusal { task, of, .. } => Command::AskRecusal { task: *task, of: *of, body },
        Act::DecideRecusal { task, agreed, .. } => Command::DecideRecusal { task: *task, agreed: *agreed, body },
        Act::Copy { to, task, .. } => Command::Copy { to: to.clone(), task: *task, body },
        Act::Urge { task, .. } => Command::Urge { task: *task, body },
        Act::Comment { task, .. } => Command::Comment { task: *task, body },
        Act::Start { .. }
        | Act::Claim { .. }
        | Act::Release { .. }
        | Act::Complete { .. }
        | Act::CompleteInBatch { .. }
        | Act::Return { .. }
        | Act::HandOverDesk { .. }
        | Act::Extend { .. }
        | Act::StateReason { .. }
        | Act::Withdraw { .. }
        | Act::Message { .. }
        | Act::Signal { .. }
        | Act::JobComplete { .. }
        | Act::JobFail { .. }
        | Act::JobError { .. }
        | Act::JobRetry { .. }
        | Act::Wake
        | Act::Recompute
        | Act::NoticeSettled { .. }
        | Act::NoticeReturned { .. }
        | Act::NoticeResent { .. }
        | Act::Migrate { .. }
        | Act::Record { .. } => return None,
    })
}

/// Hands a task to a person.
#[must_use]
pub fn transfer(task: Local, to: PersonId) -> Act {
    Act::Transfer { task, to: Recipient::Person(to), opinion: None }
}
