//! The record's lines of what people do with tasks and groups beside answering them.

use super::telling::{Line, Telling};
use crate::engine::case::{Adding, TaskPool};
use crate::engine::event::Event;

impl Telling<'_> {
    /// The line of one such event; every other one has its line in `telling`.
    pub(super) fn of_verb(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::TaskHandedOver { task, by, pool, to, body } => {
                let (scope, step) = self.task_step(*task);
                let who = to.map_or_else(|| self.asked(pool), |to| spoken.person(to));
                Line { by: Some(*by), body: *body, ..self.said("event-task-handed-over", scope, &[("step", &step), ("who", &who)]) }
            }
            Event::DeskHandedOver { from, to, overseer, left } => {
                let (who, to, overseer) = (spoken.person(*from), spoken.person(*to), spoken.person(*overseer));
                let variables = [("who", who.as_str()), ("to", &to), ("overseer", &overseer), ("left", &left.len().to_string())];
                self.said("event-desk-handed-over", None, &variables)
            }
            Event::TaskDelegated { task, by, to, body } => {
                let (scope, step) = self.task_step(*task);
                let who = spoken.person(*to);
                Line { by: Some(*by), body: *body, ..self.said("event-task-delegated", scope, &[("step", &step), ("who", &who)]) }
            }
            Event::DelegateAnswered { task, by, on_behalf_of, body } => {
                let (scope, step) = self.task_step(*task);
                let who = spoken.person(*on_behalf_of);
                Line { by: Some(*by), body: *body, ..self.said("event-delegate-answered", scope, &[("step", &step), ("who", &who)]) }
            }
            Event::DelegationRecalled { task, by } => self.on_task("event-delegation-recalled", *task, *by),
            Event::GroupOpened { token, added: Some(added), chairs, body, .. } => {
                let (scope, step) = self.at_token(*token);
                let who: Vec<String> = chairs.iter().map(|chair| self.asked(&chair.pool)).collect();
                let place = match added.place {
                    Adding::Before => "before",
                    Adding::Beside => "beside",
                    Adding::After => "after",
                };
                let variables = [("step", step.as_str()), ("place", place), ("who", &who.join(&spoken.t("case-and")))];
                Line { by: Some(added.by), body: *body, ..self.said("event-signers-added", scope, &variables) }
            }
            Event::AnswerHeld { task, outcome, by, body } => {
                let (scope, step) = self.task_step(*task);
                Line {
                    by: Some(*by),
                    task: Some(*task),
                    body: *body,
                    ..self.said("event-answer-held", scope, &[("step", &step), ("outcome", &spoken.outcome(outcome))])
                }
            }
            Event::AnswerReopened { task } => {
                let (scope, step) = self.task_step(*task);
                Line { why: Some(String::new()), ..self.said("event-answer-reopened", scope, &[("step", &step)]) }
            }
            Event::AddedSettled { passed, .. } => self.quiet("event-added-settled", None, &[("passed", if *passed { "yes" } else { "no" })]),
            Event::SeatRemoved { task, by, body, .. } => {
                let scope = task.and_then(|task| self.task_step(task).0);
                let who = task.and_then(|task| self.tasks.get(&task)).map_or_else(|| spoken.t("event-seat-to-come"), |task| self.asked(&task.pool));
                Line { by: Some(*by), body: *body, ..self.said("event-seat-removed", scope, &[("who", &who)]) }
            }
            Event::StoodIn { task, by, on_behalf_of } => {
                let (scope, step) = self.task_step(*task);
                let who = spoken.person(*on_behalf_of);
                Line { by: Some(*by), ..self.said("event-stood-in", scope, &[("step", &step), ("who", &who)]) }
            }
            Event::TakenBack { scope, step, by, body, .. } => {
                Line { by: Some(*by), body: *body, ..self.said("event-taken-back", Some(*scope), &[("step", &self.step(*scope, step))]) }
            }
            Event::CanBeTakenBack { act } => self.quiet("event-can-be-taken-back", Some(act.scope), &[]),
            Event::SeatReset { task, .. } => self.quiet("event-seat-reset", self.task_step(*task).0, &[]),
            Event::RecusalAsked { .. } | Event::RecusalDecided { .. } | Event::Copied { .. } | Event::Urged { .. } | Event::Commented { .. } => {
                self.of_speech(event)
            }
            _ => Line::default(),
        }
    }

    /// Who is asked.
    fn asked(&self, pool: &TaskPool) -> String {
        match pool {
            TaskPool::Posts { offices, post } => self.spoken.pool(offices, post),
            TaskPool::Applicant => self.spoken.t("case-applicant"),
        }
    }

    fn of_speech(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::RecusalAsked { task, of, by, body } => {
                let (scope, step) = self.task_step(*task);
                let who = spoken.person(*of);
                Line { by: Some(*by), body: *body, ..self.said("event-recusal-asked", scope, &[("step", &step), ("who", &who)]) }
            }
            Event::RecusalDecided { task, of, by, agreed, body, .. } => {
                let key = if *agreed { "event-recusal-agreed" } else { "event-recusal-denied" };
                let who = spoken.person(*of);
                Line { by: Some(*by), body: *body, ..self.said(key, self.task_step(*task).0, &[("who", &who)]) }
            }
            Event::Copied { by, to, body, .. } => {
                let who: Vec<String> = to.iter().map(|person| spoken.person(*person)).collect();
                let who = who.join(&spoken.t("case-and"));
                Line { by: Some(*by), body: *body, ..self.said("event-copied", None, &[("who", &who)]) }
            }
            Event::Urged { task, by, times, body, .. } => {
                let (scope, step) = self.task_step(*task);
                Line { by: Some(*by), body: *body, ..self.said("event-urged", scope, &[("step", &step), ("times", &times.to_string())]) }
            }
            Event::Commented { by, body, .. } => Line { by: Some(*by), body: *body, ..self.said("event-commented", None, &[]) },
            _ => Line::default(),
        }
    }
}
