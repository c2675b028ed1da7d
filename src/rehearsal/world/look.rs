//! The engine's state as it is seen: the same figures the case page and the API show.
//! Invariant: nothing but the state and the events is looked at. Never: a fact the API would not tell.

use std::collections::BTreeMap;

use super::{AccountSeen, Cast, DoneSeen, JobSeen, Local, Log, Run, Scene, Seen, TaskSeen, TermSeen, World};
use crate::engine::case::{Case, TaskPool};
use crate::engine::event::Event;
use crate::ids::CaseId;

impl Log {
    pub(super) fn events(&mut self, events: &[Event], cast: &Cast) {
        for event in events {
            if let Event::StepDone { step, outcome, by, deemed, .. } = event {
                let by = by.map(|person| cast.name_of(person));
                self.done.push(DoneSeen { step: step.to_string(), outcome: outcome.to_string(), by, deemed: deemed.is_some() });
            }
            if let Some(between) = event.between() {
                let whom: Vec<String> = between.whom.iter().map(|person| cast.name_of(*person)).collect();
                self.record.push((between.what.to_owned(), cast.name_of(between.by), whom.join(", ")));
            }
            if let Event::DocumentIssued { kind, number, .. } = event {
                self.documents.push((kind.to_string(), number.clone()));
            }
        }
    }
}

impl World<'_> {
    pub(super) fn look(&self, cases: &BTreeMap<String, CaseId>) -> Scene {
        let seen = |(name, id): (&String, &CaseId)| self.runs.get(id).and_then(|run| Some((name.clone(), self.case(run, run.case.as_ref()?))));
        let account = |(key, account): (&String, &super::Account)| {
            let waiting = self.line(account).iter().map(|place| place.case.to_string()).collect();
            (key.clone(), AccountSeen { free: account.free, reserved: account.reserved, used: account.used, waiting, postings: account.postings.clone() })
        };
        Scene { cases: cases.iter().filter_map(seen).collect(), accounts: self.accounts.iter().map(account).collect() }
    }

    fn case(&self, run: &Run, case: &Case) -> Seen {
        let program = |scope: &Local| case.scopes.get(scope).map_or_else(String::new, |scope| scope.program.to_string());
        let term = |(id, term): (&Local, &crate::engine::case::Term)| {
            (*id, TermSeen { program: program(&term.scope), key: term.key.to_string(), due: term.due, stopped: term.stopped_on.is_some() })
        };
        let job = |(id, job): (&Local, &crate::engine::case::Job)| {
            (*id, JobSeen { program: program(&job.scope), step: job.step.to_string(), parked: job.due.is_none() })
        };
        Seen {
            number: case.number.clone(),
            applicant: self.cast.name_of(case.applicant),
            ended: case.ended.as_ref().map(|(result, _)| result.to_string()),
            rank: if case.ended.is_some() { case.rank } else { self.cast.bundle.rank_on(case.rank, self.now.date()) },
            tasks: case.tasks.iter().map(|(id, task)| (*id, self.task(task, program(&task.scope)))).collect(),
            jobs: case.jobs.iter().map(job).collect(),
            terms: case.terms.iter().map(term).collect(),
            at: case.tokens.values().map(|token| (program(&token.scope), token.step.to_string())).collect(),
            done: run.seen.done.clone(),
            record: run.seen.record.clone(),
            scopes: case.scopes.iter().map(|(id, scope)| (*id, scope.program.to_string())).collect(),
            documents: run.seen.documents.clone(),
            orders: run.seen.orders.clone(),
            said: run.seen.said.clone(),
        }
    }

    fn task(&self, task: &crate::engine::case::Task, program: String) -> TaskSeen {
        let (offices, post) = match &task.pool {
            TaskPool::Applicant => (Vec::new(), "applicant".to_owned()),
            TaskPool::Posts { offices, post } => (offices.iter().map(ToString::to_string).collect(), post.to_string()),
        };
        let outcomes = match task.group {
            Some(_) => vec!["approved".to_owned(), "rejected".to_owned()],
            None => self.cast.outcomes(&program, &task.step),
        };
        let (backup, claimed) = (task.backup.as_ref().map(ToString::to_string), task.claimed.map(|person| self.cast.name_of(person)));
        TaskSeen { program, step: task.step.to_string(), offices, post, backup, claimed, outcomes }
    }
}
