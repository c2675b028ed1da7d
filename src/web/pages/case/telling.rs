//! What happened, in words: every event of the log as one line, with who did it, in which post, and what they said.
//! Invariant: every kind of event has its words; a match without a rest sees to it. Never: a line that no event stands behind, or an automatic act under a person's name.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::spoken::Spoken;
use crate::app::casework::{Casefile, Entry, Opinion};
use crate::audit::leaf::Who;
use crate::calendar::Span;
use crate::definition::graph::{Node, NodeKind, Settlement, TermKind, Thrown};
use crate::engine::case::{BodyRef, Local, TaskPool};
use crate::engine::event::Event;
use crate::ids::{Name, PersonId};
use crate::web::pages::term::because_said;

/// One line.
#[derive(Clone, Debug)]
pub struct Told {
    /// The act.
    pub seq: i64,
    /// Which link it belongs to, by scope.
    pub scope: Option<Local>,
    /// What happened.
    pub text: String,
    /// Who, with office and post; `None` for the system.
    pub by: Option<String>,
    /// The article, when the law did it.
    pub deemed: Option<String>,
    /// The table's row, when a table decided.
    pub why: Option<String>,
    /// What was said.
    pub opinion: Option<String>,
    /// The fields of the answer, for whoever shows them: program, step, body.
    pub answer: Option<(Name, Name, BodyRef)>,
    /// The machine's own business: on the record, left out of the short history.
    pub quiet: bool,
}

/// A task as it was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its scope.
    pub scope: Local,
    /// Its step.
    pub step: Name,
    /// Who was asked.
    pub pool: TaskPool,
}

/// A scope as it was opened.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its program.
    pub program: Name,
    /// Its number.
    pub number: Option<String>,
    /// When it closed, and with what.
    pub closed: Option<Name>,
}

struct TermSeen {
    scope: Local,
    kind: TermKind,
}

/// What the log said so far; grows with each act.
pub struct Telling<'a> {
    file: &'a Casefile,
    pub(super) spoken: Spoken<'a>,
    /// Links by scope.
    pub links: BTreeMap<Local, Link>,
    /// Tasks by id, closed ones too.
    pub tasks: BTreeMap<Local, Opened>,
    terms: BTreeMap<Local, TermSeen>,
    holds: BTreeMap<Local, Local>,
    tokens: BTreeMap<Local, (Local, Name)>,
    groups: BTreeMap<Local, Local>,
    /// Who does the act that is being told.
    pub(super) actor: Option<PersonId>,
}

/// A line in the making.
#[derive(Default)]
pub(super) struct Line {
    pub(super) scope: Option<Local>,
    pub(super) text: String,
    pub(super) by: Option<PersonId>,
    pub(super) task: Option<Local>,
    pub(super) body: Option<BodyRef>,
    pub(super) step: Option<Name>,
    pub(super) deemed: Option<String>,
    pub(super) why: Option<String>,
    pub(super) quiet: bool,
}

impl<'a> Telling<'a> {
    /// Nothing told yet.
    pub fn new(file: &'a Casefile, spoken: Spoken<'a>) -> Self {
        let (links, tasks, terms, holds) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { file, spoken, links, tasks, terms, holds, tokens: BTreeMap::new(), groups: BTreeMap::new(), actor: None }
    }

    /// Every line of every act.
    pub fn all(file: &'a Casefile, spoken: Spoken<'a>) -> (Vec<Told>, Self) {
        let mut telling = Self::new(file, spoken);
        let told = file.entries.iter().flat_map(|entry| telling.act(entry)).collect();
        (told, telling)
    }

    /// The lines of the next act.
    pub fn act(&mut self, entry: &Entry) -> Vec<Told> {
        let mut told = Vec::with_capacity(entry.events.len());
        self.actor = if let Who::Person(person) = entry.who { Some(person) } else { None };
        for event in &entry.events {
            self.notice(event);
            let line = self.line(event);
            told.push(self.told(line, entry));
        }
        told
    }

    fn told(&self, line: Line, entry: &Entry) -> Told {
        let person = line.by.or(match entry.who {
            Who::Person(person) if !line.quiet && line.deemed.is_none() && line.why.is_none() => Some(person),
            Who::Person(_) | Who::System | Who::Operator => None,
        });
        let by = person.map(|person| self.who(person, line.task, entry.at.date()));
        let opinion = match self.file.opinion(line.body) {
            Opinion::Said(text) => Some(text.to_owned()),
            Opinion::Erased => Some(self.spoken.t("case-erased")),
            Opinion::None => None,
        };
        let program = line.scope.and_then(|scope| self.links.get(&scope)).map(|link| link.program.clone());
        let fields = line.body.filter(|_| self.file.fields(line.body).is_some());
        let answer = program.zip(line.step).zip(fields).map(|((program, step), body)| (program, step, body));
        Told { seq: entry.seq, scope: line.scope, text: line.text, by, deemed: line.deemed, why: line.why, opinion, answer, quiet: line.quiet }
    }

    /// A person as they acted: for a task, in the post it asked for.
    pub fn who(&self, person: PersonId, task: Option<Local>, on: NaiveDate) -> String {
        match task.and_then(|task| self.tasks.get(&task)).map(|task| &task.pool) {
            Some(TaskPool::Posts { offices, post }) => self.spoken.in_post(person, offices, post, on),
            Some(TaskPool::Applicant) => self.applicant(person),
            None if person == self.file.working.state.applicant => self.applicant(person),
            None => {
                let posts = self.file.known.roster.posts_of(person, on);
                match posts.first() {
                    Some((office, post)) => self.spoken.in_post(person, std::slice::from_ref(office), post, on),
                    None => self.spoken.person(person),
                }
            }
        }
    }

    fn applicant(&self, person: PersonId) -> String {
        self.spoken.with("case-by-applicant", &[("name", &self.spoken.person(person))])
    }

    /// Keeps what later events only name by id.
    fn notice(&mut self, event: &Event) {
        match event {
            Event::ScopeOpened { scope, program, number, .. } => {
                self.links.insert(*scope, Link { program: program.clone(), number: number.clone(), closed: None });
            }
            Event::ScopeClosed { scope, result } => {
                if let Some(link) = self.links.get_mut(scope) {
                    link.closed = Some(result.clone());
                }
            }
            Event::TaskOpened { task, scope, step, pool, .. } => {
                self.tasks.insert(*task, Opened { scope: *scope, step: step.clone(), pool: pool.clone() });
            }
            Event::TaskHandedOver { task, pool, .. } | Event::RecusalDecided { task, pool, .. } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.pool.clone_from(pool);
                }
            }
            Event::TermStarted { term, scope, kind, .. } => drop(self.terms.insert(*term, TermSeen { scope: *scope, kind: *kind })),
            Event::Reserved { hold, scope, .. } => drop(self.holds.insert(*hold, *scope)),
            Event::TokenPlaced { token, scope, step, .. } => drop(self.tokens.insert(*token, (*scope, step.clone()))),
            Event::GroupOpened { group, token, .. } => drop(self.groups.insert(*group, *token)),
            _ => {}
        }
    }

    /// What a step is called.
    pub fn step(&self, scope: Local, step: &str) -> String {
        let node = self.links.get(&scope).and_then(|link| self.file.node(&link.program, step).or_else(|| self.first_of_branch(&link.program, step)));
        node.map_or_else(|| step.to_owned(), |node| self.spoken.say(&node.title))
    }

    /// A branch of several steps is called by its first one.
    fn first_of_branch(&self, program: &str, key: &str) -> Option<&Node> {
        let program = self.file.program(program)?;
        let branches = program.nodes.iter().filter_map(|node| if let NodeKind::Split { branches, .. } = &node.kind { Some(branches) } else { None });
        let branch = branches.flatten().find(|branch| *branch.key == *key)?;
        program.nodes.get(usize::from(branch.first.0))
    }

    /// What a link is called.
    pub fn link(&self, scope: Local) -> String {
        let program = self.links.get(&scope).and_then(|link| self.file.program(&link.program));
        program.map_or_else(String::new, |program| self.spoken.say(&program.title))
    }

    pub(super) fn task_step(&self, task: Local) -> (Option<Local>, String) {
        let found = self.tasks.get(&task);
        (found.map(|task| task.scope), found.map_or_else(|| task.to_string(), |task| self.step(task.scope, &task.step)))
    }

    pub(super) fn at_token(&self, token: Local) -> (Option<Local>, String) {
        let found = self.tokens.get(&token);
        (found.map(|(scope, _)| *scope), found.map_or_else(String::new, |(scope, step)| self.step(*scope, step)))
    }

    fn term(&self, term: Local) -> (Option<Local>, String) {
        let found = self.terms.get(&term);
        (found.map(|term| term.scope), found.map_or_else(String::new, |term| self.spoken.named("term", kind_key(term.kind))))
    }

    fn day(&self, day: Option<NaiveDate>) -> String {
        day.map_or_else(|| self.spoken.t("case-no-date-yet"), |day| self.spoken.day(day))
    }

    fn span(&self, span: Span) -> String {
        self.spoken.span(span)
    }

    /// An amount of an account in its unit.
    pub fn amount(&self, account: &str, amount: i64) -> String {
        amount_of(&self.spoken, account, amount)
    }

    pub(super) fn said(&self, key: &str, scope: Option<Local>, variables: &[(&str, &str)]) -> Line {
        Line { scope, text: self.spoken.with(key, variables), ..Line::default() }
    }

    pub(super) fn quiet(&self, key: &str, scope: Option<Local>, variables: &[(&str, &str)]) -> Line {
        Line { quiet: true, ..self.said(key, scope, variables) }
    }

    fn line(&self, event: &Event) -> Line {
        match event {
            Event::Started { .. }
            | Event::Recorded { .. }
            | Event::ScopeOpened { .. }
            | Event::ScopeClosed { .. }
            | Event::Submitted { .. }
            | Event::DocumentIssued { .. }
            | Event::NumberTaken { .. }
            | Event::Ranked { .. }
            | Event::EndReached { .. }
            | Event::Withdrawn { .. }
            | Event::Migrated { .. }
            | Event::Ended { .. } => self.of_case(event),
            Event::TokenPlaced { .. }
            | Event::Caught { .. }
            | Event::Thrown { .. }
            | Event::MessageKept { .. }
            | Event::MessageUsed { .. }
            | Event::FanOpened { .. }
            | Event::MemberOpened { .. }
            | Event::MemberEnded { .. }
            | Event::FanClosed { .. }
            | Event::TokenLate { .. }
            | Event::StepsRenamed { .. }
            | Event::TokenMoved { .. }
            | Event::TokenTaken { .. }
            | Event::BranchSkipped { .. }
            | Event::TimerSet { .. }
            | Event::TimerCleared { .. }
            | Event::SignalHeard { .. }
            | Event::JobOffered { .. }
            | Event::JobFailed { .. }
            | Event::JobRetried { .. }
            | Event::JobEnded { .. }
            | Event::NoticeQueued { .. }
            | Event::NoticeReturned { .. }
            | Event::NoticeRerouted { .. }
            | Event::NoticeSettled { .. } => self.of_machine(event),
            Event::TaskOpened { .. }
            | Event::TaskClaimed { .. }
            | Event::TaskReleased { .. }
            | Event::BackupArmed { .. }
            | Event::BackupAsked { .. }
            | Event::TaskClosed { .. }
            | Event::StepDone { .. }
            | Event::GroupOpened { .. }
            | Event::SeatAnswered { .. }
            | Event::GroupClosed { .. }
            | Event::Returned { .. } => self.of_task(event),
            Event::TaskHandedOver { .. }
            | Event::TaskDelegated { .. }
            | Event::DeskHandedOver { .. }
            | Event::AnswerHeld { .. }
            | Event::AnswerReopened { .. }
            | Event::DelegateAnswered { .. }
            | Event::DelegationRecalled { .. }
            | Event::AddedSettled { .. }
            | Event::SeatRemoved { .. }
            | Event::StoodIn { .. }
            | Event::RecusalAsked { .. }
            | Event::RecusalDecided { .. }
            | Event::CanBeTakenBack { .. }
            | Event::TakenBack { .. }
            | Event::SeatReset { .. }
            | Event::Copied { .. }
            | Event::Urged { .. }
            | Event::Commented { .. } => self.of_verb(event),
            Event::TermStarted { .. }
            | Event::TermStopped { .. }
            | Event::TermResumed { .. }
            | Event::TermMoved { .. }
            | Event::TermRuled { .. }
            | Event::TermExtended { .. }
            | Event::ReasonStated { .. }
            | Event::PeriodCut { .. }
            | Event::TermEnded { .. }
            | Event::RungFired { .. } => self.of_term(event),
            Event::Reserved { .. } | Event::Queued { .. } | Event::Unqueued { .. } | Event::Settled { .. } => self.of_account(event),
        }
    }

    fn of_case(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::Started { applicant, .. } => {
                Line { by: Some(*applicant).filter(|applicant| !applicant.0.is_nil()), ..self.said("event-started", None, &[]) }
            }
            Event::Recorded { what, body } => Line { body: *body, ..self.said("event-recorded", None, &[("what", what)]) },
            Event::ScopeOpened { scope, .. } => self.said("event-scope-opened", Some(*scope), &[("link", &self.link(*scope))]),
            Event::ScopeClosed { scope, result } => {
                self.said("event-scope-closed", Some(*scope), &[("link", &self.link(*scope)), ("result", &spoken.outcome(result))])
            }
            Event::Submitted { scope, on, .. } => self.said("event-submitted", Some(*scope), &[("on", &spoken.day(*on))]),
            Event::DocumentIssued { scope, step, kind, number, .. } => {
                let node = self.links.get(scope).and_then(|link| self.file.node(&link.program, step));
                let title = node.map_or_else(|| spoken.named("document", kind), |node| spoken.say(&node.title));
                self.said("event-document-issued", Some(*scope), &[("document", &title), ("number", number.as_deref().unwrap_or_default())])
            }
            Event::NumberTaken { counter, value } => self.quiet("event-number-taken", None, &[("counter", counter), ("value", &value.to_string())]),
            Event::Migrated { to, .. } => self.said("event-migrated", None, &[("version", &to.to_string().chars().take(12).collect::<String>())]),
            Event::Ranked { rank } => self.said("event-ranked", None, &[("rank", &spoken.named("rank", &rank.to_string()))]),
            Event::EndReached { scope, result, .. } => self.quiet("event-end-reached", Some(*scope), &[("result", &spoken.outcome(result))]),
            Event::Withdrawn { by, body } => Line { by: Some(*by), body: *body, ..self.said("event-withdrawn", None, &[]) },
            Event::Ended { result, .. } => self.said("event-ended", None, &[("result", &spoken.outcome(result))]),
            _ => Line::default(),
        }
    }

    fn of_machine(&self, event: &Event) -> Line {
        match event {
            Event::TokenPlaced { scope, step, .. } => self.quiet("event-token-placed", Some(*scope), &[("step", &self.step(*scope, step))]),
            Event::Caught { scope, key, .. } => self.said("event-caught", Some(*scope), &[("event", key)]),
            Event::Thrown { scope, step, what: Thrown::Broadcast, name } => {
                self.said("event-broadcast", Some(*scope), &[("step", &self.step(*scope, step)), ("signal", name)])
            }
            Event::Thrown { scope, step, .. } => self.said("event-thrown", Some(*scope), &[("step", &self.step(*scope, step))]),
            Event::MessageKept { name } => self.quiet("event-message-kept", None, &[("message", name)]),
            Event::SignalHeard { name, .. } => self.said("event-signal-heard", None, &[("signal", name)]),
            Event::JobOffered { scope, step, topic, .. } => {
                self.said("event-job-offered", Some(*scope), &[("step", &self.step(*scope, step)), ("topic", topic)])
            }
            Event::JobFailed { by, body, again_at, .. } => {
                let key = if again_at.is_some() { "event-job-failed" } else { "event-job-parked" };
                Line { by: Some(*by), body: *body, ..self.said(key, None, &[]) }
            }
            Event::JobRetried { .. } => self.said("event-job-retried", None, &[]),
            Event::JobEnded { by: Some(by), why, body, .. } => {
                let key = if &**why == "error" { "event-job-error" } else { "event-job-done" };
                Line { by: Some(*by), body: *body, ..self.said(key, None, &[]) }
            }
            Event::JobEnded { by: None, .. } => self.quiet("event-job-closed", None, &[]),
            Event::MessageUsed { name } => self.quiet("event-message-used", None, &[("message", name)]),
            Event::FanOpened { token, items, .. } => self.quiet("event-fan-opened", self.at_token(*token).0, &[("count", &items.len().to_string())]),
            Event::MemberOpened { scope, .. } => self.quiet("event-member-opened", Some(*scope), &[]),
            Event::MemberEnded { scope, outcome, .. } => self.quiet("event-member-ended", Some(*scope), &[("result", &self.spoken.outcome(outcome))]),
            Event::FanClosed { .. } => self.quiet("event-fan-closed", None, &[]),
            Event::TokenLate { token, .. } => self.quiet("event-token-late", self.at_token(*token).0, &[]),
            Event::StepsRenamed { scope, .. } => self.quiet("event-steps-renamed", Some(*scope), &[]),
            Event::TokenMoved { token, step, .. } => self.quiet("event-token-moved", self.at_token(*token).0, &[("step", step)]),
            Event::TokenTaken { token } => self.quiet("event-token-taken", self.at_token(*token).0, &[]),
            Event::BranchSkipped { scope, step } => self.said("event-branch-skipped", Some(*scope), &[("step", &self.step(*scope, step))]),
            Event::TimerSet { token, .. } => self.quiet("event-timer-set", self.at_token(*token).0, &[]),
            Event::TimerCleared { .. } => self.quiet("event-timer-cleared", None, &[]),
            Event::NoticeQueued { .. } => self.quiet("event-notice-queued", None, &[]),
            Event::NoticeReturned { .. } => self.quiet("event-notice-returned", None, &[]),
            Event::NoticeRerouted { medium, .. } => {
                let word = if &**medium == "sms" { "event-notice-by-sms" } else { "event-notice-by-mail" };
                self.quiet(word, None, &[])
            }
            Event::NoticeSettled { sent, .. } => self.quiet(if *sent { "event-notice-sent" } else { "event-notice-parked" }, None, &[]),
            _ => Line::default(),
        }
    }

    fn of_task(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::TaskOpened { scope, step, pool, .. } => {
                let who = match pool {
                    TaskPool::Applicant => spoken.t("case-applicant"),
                    TaskPool::Posts { offices, post } => spoken.pool_then(offices, post),
                };
                self.quiet("event-task-opened", Some(*scope), &[("step", &self.step(*scope, step)), ("who", &who)])
            }
            Event::BackupArmed { task, at } => {
                let (scope, step) = self.task_step(*task);
                self.quiet("event-backup-armed", scope, &[("step", &step), ("date", &spoken.day(at.date()))])
            }
            Event::BackupAsked { task, post } => {
                let (scope, step) = self.task_step(*task);
                match post {
                    Some(post) => self.said("event-backup-asked", scope, &[("step", &step), ("post", &spoken.named("post", post))]),
                    None => self.quiet("event-backup-nobody", scope, &[("step", &step)]),
                }
            }
            Event::TaskClaimed { task, by } => self.on_task("event-task-claimed", *task, *by),
            Event::TaskReleased { task, by } => self.on_task("event-task-released", *task, *by),
            Event::TaskClosed { task, why } => {
                let (scope, step) = self.task_step(*task);
                match self.actor.filter(|_| &**why == "decided-by-another") {
                    // Whoever was not heard did not approve: the line says by whose answer it closed.
                    Some(by) => self.quiet("event-task-closed-by", scope, &[("step", &step), ("who", &spoken.person(by))]),
                    None => self.quiet("event-task-closed", scope, &[("step", &step), ("why", &spoken.named("why", why))]),
                }
            }
            Event::StepDone { scope, step, outcome, by, task, body, deemed, why, .. } => Line {
                by: *by,
                task: *task,
                body: *body,
                step: Some(step.clone()),
                deemed: deemed.clone(),
                why: why.clone().or_else(|| by.is_none().then(String::new)),
                ..self.said("event-step-done", Some(*scope), &[("step", &self.step(*scope, step)), ("outcome", &spoken.outcome(outcome))])
            },
            Event::GroupOpened { added: Some(_), .. } => self.of_verb(event),
            Event::GroupOpened { token, .. } => self.quiet("event-group-opened", self.at_token(*token).0, &[]),
            Event::SeatAnswered { task, seat, body, .. } => {
                let (scope, step) = self.task_step(*task);
                let outcome = spoken.outcome(if seat.agreed { "approved" } else { "rejected" });
                Line { by: Some(seat.by), task: Some(*task), body: *body, ..self.said("event-seat-answered", scope, &[("step", &step), ("outcome", &outcome)]) }
            }
            Event::GroupClosed { group, .. } => self.quiet("event-group-closed", self.groups.get(group).and_then(|token| self.at_token(*token).0), &[]),
            Event::Returned { token, from, to, by, body } => {
                let (scope, _) = self.at_token(*token);
                let (from, to) = scope.map_or_else(|| (from.to_string(), to.to_string()), |scope| (self.step(scope, from), self.step(scope, to)));
                Line { by: Some(*by), body: *body, ..self.said("event-returned", scope, &[("from", &from), ("to", &to)]) }
            }
            _ => Line::default(),
        }
    }

    pub(super) fn on_task(&self, key: &str, task: Local, by: PersonId) -> Line {
        let (scope, step) = self.task_step(task);
        Line { by: Some(by), task: Some(task), ..self.said(key, scope, &[("step", &step)]) }
    }

    fn of_term(&self, event: &Event) -> Line {
        let spoken = &self.spoken;
        match event {
            Event::TermStarted { term, within, from, due, .. } => {
                let (scope, name) = self.term(*term);
                self.quiet(
                    "event-term-started",
                    scope,
                    &[("term", &name), ("within", &self.span(*within)), ("day", &spoken.day(*from)), ("due", &self.day(*due))],
                )
            }
            Event::TermStopped { term, cause, .. } => {
                let (scope, name) = self.term(*term);
                self.said("event-term-stopped", scope, &[("term", &name), ("cause", &spoken.named("cause", cause))])
            }
            Event::TermResumed { term, .. } => {
                let (scope, name) = self.term(*term);
                self.said("event-term-resumed", scope, &[("term", &name)])
            }
            Event::TermMoved { term, due, because, .. } => {
                let (scope, name) = self.term(*term);
                let because = because_said(spoken, because);
                self.said("event-term-moved", scope, &[("term", &name), ("due", &self.day(*due)), ("because", &because)])
            }
            Event::TermRuled { term, within, .. } => {
                let (scope, name) = self.term(*term);
                self.said("event-term-ruled", scope, &[("term", &name), ("within", &self.span(*within))])
            }
            Event::TermExtended { term, by, person, body } => {
                let (scope, name) = self.term(*term);
                Line { by: Some(*person), body: *body, ..self.said("event-term-extended", scope, &[("term", &name), ("by", &self.span(*by))]) }
            }
            Event::ReasonStated { term, stated } => {
                let (scope, name) = self.term(*term);
                let words = [("term", &name), ("expected", &spoken.day(stated.expected))];
                Line { by: Some(stated.by), body: stated.body, ..self.said("event-reason-stated", scope, &words.map(|(key, word)| (key, word.as_str()))) }
            }
            Event::PeriodCut { scope, step, until, basis, reason, body, by } => {
                let why = self.file.fields(*body).and_then(|fields| fields.get(&**reason)?.as_str()).unwrap_or_default().to_owned();
                let until = until.map(|day| spoken.day(day)).unwrap_or_default();
                let words = [("step", self.step(*scope, step)), ("until", until), ("basis", basis.clone()), ("why", why)];
                Line { by: Some(*by), ..self.said("event-period-cut", Some(*scope), &words.each_ref().map(|(key, word)| (*key, word.as_str()))) }
            }
            Event::TermEnded { term, met } => {
                let (scope, name) = self.term(*term);
                self.quiet(if *met { "event-term-met" } else { "event-term-closed" }, scope, &[("term", &name)])
            }
            Event::RungFired { term, due, .. } => {
                let (scope, name) = self.term(*term);
                Line { why: Some(String::new()), ..self.said("event-rung-fired", scope, &[("term", &name), ("due", &self.day(*due))]) }
            }
            _ => Line::default(),
        }
    }

    fn of_account(&self, event: &Event) -> Line {
        match event {
            Event::Reserved { scope, step, account, amount, .. } => {
                let variables = [("step", self.step(*scope, step)), ("account", account.clone()), ("amount", self.amount(account, *amount))];
                let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Line { why: Some(String::new()), ..self.said("event-reserved", Some(*scope), &variables) }
            }
            Event::Queued { token, account, amount, .. } => {
                let variables = [("account", account.as_str()), ("amount", &self.amount(account, *amount))];
                Line { why: Some(String::new()), ..self.said("event-queued", self.at_token(*token).0, &variables) }
            }
            Event::Unqueued { token, account } => {
                Line { why: Some(String::new()), ..self.said("event-unqueued", self.at_token(*token).0, &[("account", account)]) }
            }
            Event::Settled { hold, as_ } => {
                let settlement = self.spoken.named("settlement", settlement_key(*as_));
                Line { why: Some(String::new()), ..self.said("event-settled", self.holds.get(hold).copied(), &[("settlement", &settlement)]) }
            }
            _ => Line::default(),
        }
    }
}

/// An amount in its account's unit: square metres, or 分 as yuan.
pub fn amount_of(spoken: &Spoken<'_>, account: &str, amount: i64) -> String {
    let unit = spoken.known.accounts.get(account).map_or("m2", |title| title.unit.as_str());
    if unit == "fen" {
        let yuan = format!("{}.{:02}", amount / 100, amount.rem_euclid(100));
        return spoken.with("case-amount-yuan", &[("amount", &yuan)]);
    }
    spoken.with("case-amount-m2", &[("amount", &amount.to_string())])
}

/// A kind of term as its word has it.
pub fn kind_key(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Statutory => "statutory",
        TermKind::Promised => "promised",
        TermKind::Step => "step",
    }
}

fn settlement_key(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Use => "use",
        Settlement::Release => "release",
        Settlement::Keep => "keep",
    }
}
