//! The record's lines of what people do with tasks and groups beside answering them.

use super::telling::{Line, Telling};
use crate::engine::case::TaskPool;
use crate::engine::event::Event;

impl Telling<'_> {
    /// The line of one such event; every other one has its line in `telling`.
    pub(super) fn of_verb(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::TaskHandedOver { task, by, pool, to, body } => {
                let (scope, step) = self.task_step(*task);
                let who = match (to, pool) {
                    (Some(to), _) => spoken.person(*to),
                    (None, TaskPool::Posts { offices, post }) => spoken.pool(offices, post),
                    (None, TaskPool::Applicant) => spoken.t("case-applicant"),
                };
                Line { by: Some(*by), body: *body, ..self.said("event-task-handed-over", scope, &[("step", &step), ("who", &who)]) }
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
            Event::GroupOpened { token, added, body, .. } => {
                let (scope, _) = self.at_token(*token);
                Line { by: added.as_ref().map(|added| added.by), body: *body, ..self.said("event-signers-added", scope, &[]) }
            }
            Event::AddedSettled { passed, .. } => self.quiet("event-added-settled", None, &[("passed", if *passed { "yes" } else { "no" })]),
            Event::SeatRemoved { task, by, body, .. } => {
                let scope = task.and_then(|task| self.task_step(task).0);
                Line { by: Some(*by), body: *body, ..self.said("event-seat-removed", scope, &[]) }
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
