//! Outside jobs as the walk sees them: offered when a token enters, over when it leaves, whatever makes it leave.
//! Invariant: a token that waits for a job has exactly one, and the job ends in the act that moves the token on. Never: a lease.

use std::collections::BTreeMap;

use crate::definition::graph::{JobRule, Node, NodeKind, Thrown, Trigger};
use crate::engine::case::{BodyRef, Local, Waits};
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::happenings::Catcher;
use crate::ids::{Name, PersonId};

impl<'f> Draft<'f> {
    /// A token enters: the work is offered with what its author hands over.
    pub fn offer_job(&mut self, spot: Spot, node: &Node, rule: &JobRule) -> Step<()> {
        let job = self.local();
        self.place(spot, node, Waits::Job(job))?;
        self.offer(job, spot, node, rule)
    }

    /// Offers work for a token that waits for it.
    pub fn offer(&mut self, job: Local, spot: Spot, node: &Node, rule: &JobRule) -> Step<()> {
        let mut given = BTreeMap::new();
        for (name, expression) in &rule.with {
            given.insert(name.clone(), self.value(spot.scope, expression)?);
        }
        let (scope, token, step, topic, at) = (spot.scope, spot.token, node.key.clone(), rule.topic.clone(), self.facts.now);
        self.emit(Event::JobOffered { job, scope, token, step, topic, given, retries: rule.retries, at });
        Ok(())
    }

    /// The rule of an open job, with where its token stands.
    pub fn job_rule(&self, job: Local) -> Step<(Spot, &'f Node, &'f JobRule)> {
        let token = self.case.jobs.get(&job).map(|open| open.token).ok_or_else(|| broken(&format!("job {job}")))?;
        let spot = self.spot(token)?;
        let node = self.node(spot.scope, spot.node)?;
        let NodeKind::Job(rule) = &node.kind else { return Err(broken(&format!("job {job} at step {}", node.key))) };
        Ok((spot, node, rule))
    }

    /// The job is over without an answer: its step is left by another way. One that has ended in this act is left alone.
    pub fn close_job(&mut self, job: Local, why: &Name) {
        if self.case.jobs.contains_key(&job) {
            self.emit(Event::JobEnded { job, why: why.clone(), by: None, body: None });
        }
    }

    /// An outside system reports an error: caught at the step itself, or by the nearest scope up.
    pub fn report(&mut self, job: Local, error: &Name, (by, body): (PersonId, Option<BodyRef>)) -> Step<()> {
        let (spot, node, _) = self.job_rule(job)?;
        let is_it = |on: &Trigger| matches!(on, Trigger::Error(caught) if caught == error);
        self.emit(Event::JobEnded { job, why: Name::from("error"), by: Some(by), body });
        let own = node.events.iter().zip(0_u16..).find(|(catch, _)| is_it(&catch.on)).map(|(_, number)| number);
        self.emit(Event::Thrown { scope: spot.scope, step: node.key.clone(), what: Thrown::Error, name: error.clone() });
        match own {
            Some(number) => self.caught(Catcher::Step(spot.token), number),
            None => {
                self.cancel_token(spot.token, &Name::from("error"))?;
                self.raise_error(spot.scope, &node.key, error)
            }
        }
    }
}
