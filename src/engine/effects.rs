//! What an act asks of the outer rooms: notices, postings, places in line, counters. Read off the events once, when the act is decided.
//! Invariant: everything here stands in the events or in the case before and after them; asked twice, the answer is the same.
//! Never: at a replay, so that no letter goes out twice.

use chrono::NaiveDate;

use crate::definition::graph::{Audience, NodeKind, TermKind, Thrown};
use crate::engine::case::{Case, Local, Stated, Task, TaskPool, Term};
use crate::engine::effect::{Effect, NoticeEffect, OrderEffect, PostingKind};
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::ids::{Moment, Name, PersonId};

/// Documents that carry a result or a formal answer to the applicant, and the notice that says so (PROCEDURES 7.4, 10). Others go without one.
const DOCUMENT_NOTICES: &[(&str, &str)] = &[
    ("admission", "a.admitted"),
    ("admission-ended", "a.admission-ended"),
    ("approval", "a.ready"),
    ("construction-permit", "a.ready"),
    ("filing-proof", "a.ready"),
    ("forwarded-answer", "a.ready"),
    ("funding-note", "a.ready"),
    ("non-acceptance", "a.not-accepted"),
    ("prereview", "a.ready"),
    ("quota-letter", "a.ready"),
    ("referral", "a.ready"),
    ("refusal", "a.refused"),
    ("termination", "a.terminated"),
    ("transfer-confirmation", "a.ready"),
];

/// Results of a case that end it without what was asked for. Every other one is told as closed.
const RESULT_NOTICES: &[(&str, &str)] =
    &[("lapsed", "a.terminated"), ("not-accepted", "a.not-accepted"), ("refused", "a.refused"), ("terminated", "a.terminated"), ("withdrawn", "a.terminated")];

/// The effects of an act that led from `before` to `after`.
#[must_use]
pub fn effects(before: Option<&Case>, after: &Case, events: &[Event], facts: &Facts<'_>) -> Vec<Effect> {
    let act = Act { before, after, events, facts };
    events.iter().flat_map(|event| act.of(event)).collect()
}

#[derive(Clone, Copy)]
struct Act<'a, 'f> {
    before: Option<&'a Case>,
    after: &'a Case,
    events: &'a [Event],
    facts: &'a Facts<'f>,
}

impl Act<'_, '_> {
    fn of(self, event: &Event) -> Vec<Effect> {
        match event {
            Event::Reserved { hold, account, amount, scope, step, .. } => {
                let posting = Effect::Posting { account: account.clone(), kind: PostingKind::Reserve, amount: *amount, hold: *hold };
                vec![posting, self.tell("a.quota-reserved", *scope, Some(step))]
            }
            Event::Settled { hold, as_ } => self.settled(*hold, PostingKind::Settle(*as_)).into_iter().collect(),
            Event::Queued { token, account, amount, since } => self.queued(*token, account, (*since, *amount)),
            Event::Unqueued { token, account } => vec![Effect::Queue { account: account.clone(), token: *token, wants: None }],
            Event::NumberTaken { counter, value } => vec![Effect::Counter { key: counter.clone(), value: *value }],
            Event::Submitted { scope, .. } if self.starts() => vec![self.tell("a.received", *scope, None)],
            Event::TaskDelegated { .. }
            | Event::DelegateAnswered { .. }
            | Event::RecusalAsked { .. }
            | Event::RecusalDecided { .. }
            | Event::Urged { .. }
            | Event::Copied { .. } => self.spoken(event),
            Event::TaskOpened { task, .. } => self.offered(*task).into_iter().collect(),
            // A colleague of the pool heard of it when it opened; now it is theirs.
            Event::TaskHandedOver { task, .. } => self.ask("o.task", *task, vec![Audience::Assignee]),
            Event::BackupAsked { task, post: Some(post) } => self.ask("o.backup", *task, vec![Audience::Post(post.clone())]),
            Event::AnswerReopened { task } => self.ask("o.task", *task, vec![Audience::Assignee]),
            Event::StepDone { scope, step, outcome, deemed, .. } => self.step_done(*scope, step, (outcome, deemed.is_some())),
            Event::DocumentIssued { scope, step, kind, .. } => {
                let notice = DOCUMENT_NOTICES.iter().find(|(document, _)| *document == &**kind);
                notice.map(|(_, notice)| self.tell(notice, *scope, Some(step))).into_iter().collect()
            }
            Event::RungFired { term, rung, due } => self.rung(*term, *rung, *due),
            Event::TermMoved { term, due, because, .. } if because.starts_with("calendar") => self.moved_by_calendar(*term, *due).into_iter().collect(),
            Event::TermExtended { term, .. } => self.term(*term).map(|term| self.tell("a.extended", term.scope, None)).into_iter().collect(),
            Event::ReasonStated { term, stated } => self.reason(*term, stated).into_iter().collect(),
            Event::Ended { result, .. } => self.ended(result).into_iter().collect(),
            Event::Thrown { what: Thrown::Broadcast, name, .. } => vec![Effect::Broadcast { name: name.clone() }],
            Event::Started { .. }
            | Event::Recorded { .. }
            | Event::ScopeOpened { .. }
            | Event::ScopeClosed { .. }
            | Event::Submitted { .. }
            | Event::PeriodCut { .. }
            | Event::TokenPlaced { .. }
            | Event::Caught { .. }
            | Event::Thrown { .. }
            | Event::MessageKept { .. }
            | Event::MessageUsed { .. }
            | Event::FanOpened { .. }
            | Event::MemberOpened { .. }
            | Event::MemberEnded { .. }
            | Event::FanClosed { .. }
            | Event::TokenLate { .. }
            | Event::TokenTaken { .. }
            | Event::BranchSkipped { .. }
            | Event::TaskClaimed { .. }
            | Event::TaskReleased { .. }
            | Event::BackupArmed { .. }
            | Event::BackupAsked { post: None, .. }
            | Event::TaskClosed { .. }
            | Event::AnswerHeld { .. }
            | Event::StoodIn { .. }
            | Event::DeskHandedOver { .. }
            | Event::CanBeTakenBack { .. }
            | Event::TakenBack { .. }
            | Event::SeatReset { .. }
            | Event::Commented { .. }
            | Event::DelegationRecalled { .. }
            | Event::GroupOpened { .. }
            | Event::AddedSettled { .. }
            | Event::SeatRemoved { .. }
            | Event::SeatAnswered { .. }
            | Event::GroupClosed { .. }
            | Event::Returned { .. }
            | Event::TermStarted { .. }
            | Event::TermStopped { .. }
            | Event::TermResumed { .. }
            | Event::TermMoved { .. }
            | Event::TermRuled { .. }
            | Event::Migrated { .. }
            | Event::StepsRenamed { .. }
            | Event::TokenMoved { .. }
            | Event::TermEnded { .. }
            | Event::TimerSet { .. }
            | Event::TimerCleared { .. }
            | Event::SignalHeard { .. }
            | Event::JobOffered { .. }
            | Event::JobFailed { .. }
            | Event::JobRetried { .. }
            | Event::JobEnded { .. }
            | Event::Ranked { .. }
            | Event::NoticeQueued { .. }
            | Event::NoticeReturned { .. }
            | Event::NoticeRerouted { .. }
            | Event::NoticeSettled { .. }
            | Event::EndReached { .. }
            | Event::Withdrawn { .. } => Vec::new(),
        }
    }

    /// A promise that another calendar makes another day is told to whom it was given (DOMAIN 2.3, rule 5). That it becomes certain is no news.
    fn moved_by_calendar(self, term: Local, due: Option<NaiveDate>) -> Option<Effect> {
        let was = self.before?.terms.get(&term).filter(|term| term.kind == TermKind::Promised && term.due != due)?;
        due.map(|_| self.tell("a.moved", was.scope, None))
    }

    /// Acceptance is told to the applicant. What else silence becomes (no hearing asked for, papers not made good) is told by what follows it.
    fn step_done(self, scope: Local, step: &Name, (outcome, deemed): (&Name, bool)) -> Vec<Effect> {
        if deemed {
            return if self.deems_acceptance(scope, step) { vec![self.tell("a.deemed", scope, Some(step))] } else { Vec::new() };
        }
        if &**outcome == "accepted" { vec![self.tell("a.accepted", scope, Some(step))] } else { Vec::new() }
    }

    /// Whether the silence of this step counts from the day of receipt, as deemed acceptance does (行政许可法 32(四)).
    fn deems_acceptance(self, scope: Local, step: &Name) -> bool {
        let case = self.before.unwrap_or(self.after);
        let program = case.scopes.get(&scope).and_then(|scope| self.facts.bundle.programs.get(&scope.program));
        let mut terms = program.into_iter().flat_map(|program| &program.nodes).filter(|node| node.key == *step).flat_map(|node| &node.terms);
        terms.any(|term| term.on_expiry.as_ref().is_some_and(|deem| deem.from_receipt))
    }

    /// A notice to the applicant about a scope.
    fn tell(self, kind: &str, scope: Local, step: Option<&Name>) -> Effect {
        Effect::Notice(NoticeEffect {
            kind: kind.into(),
            to: vec![Audience::Applicant],
            scope,
            step: step.cloned(),
            task: None,
            entry: self.facts.now,
            rung: None,
            due: self.scope_due(scope),
            reason: None,
            urgent: false,
        })
    }

    /// A task is offered: to its pool, or back to the applicant to correct the papers. Tasks of one act that closed again within it are not told.
    fn offered(self, id: Local) -> Option<Effect> {
        let task = self.after.tasks.get(&id)?;
        let (kind, audience) = match task.pool {
            TaskPool::Posts { .. } => ("o.task", Audience::Assignee),
            TaskPool::Applicant if self.edits_form(task.token) => ("a.correction", Audience::Applicant),
            TaskPool::Applicant => return None,
        };
        let own = self.after.terms.values().find(|term| term.token == Some(task.token));
        Some(Effect::Notice(NoticeEffect {
            kind: kind.into(),
            to: vec![audience],
            scope: task.scope,
            step: Some(task.step.clone()),
            task: Some(id),
            entry: task.opened,
            rung: None,
            due: own.map_or_else(|| self.scope_due(task.scope), |term| term.due),
            reason: None,
            urgent: false,
        }))
    }

    fn ended(self, result: &Name) -> Option<Effect> {
        let notice = RESULT_NOTICES.iter().find(|(ends, _)| *ends == &**result).map_or("a.closed", |(_, notice)| notice);
        self.root().map(|root| self.tell(notice, root, None))
    }

    /// What people say to each other about a task.
    fn spoken(self, event: &Event) -> Vec<Effect> {
        match event {
            Event::TaskDelegated { task, to, .. } => self.ask("o.asked", *task, vec![Audience::Person(*to)]),
            Event::DelegateAnswered { task, on_behalf_of, .. } => self.ask("o.task", *task, vec![Audience::Person(*on_behalf_of)]),
            Event::RecusalAsked { task, .. } => self.ask("o.recusal", *task, vec![Audience::Post("section_head".into())]),
            Event::RecusalDecided { task, agreed, .. } if *agreed => self.ask("o.task", *task, vec![Audience::Assignee]),
            Event::RecusalDecided { .. } => Vec::new(),
            Event::Urged { task, by, times, .. } => self.urged(*task, *by, *times),
            Event::Copied { to, task, .. } => self.copied(to, *task).into_iter().collect(),
            // `of` sends the others elsewhere.
            _ => Vec::new(),
        }
    }

    /// A notice about an open task to whoever is to act on it.
    fn ask(self, kind: &str, id: Local, to: Vec<Audience>) -> Vec<Effect> {
        let Some(task) = self.after.tasks.get(&id) else { return Vec::new() };
        let own = self.after.terms.values().find(|term| term.token == Some(task.token));
        vec![Effect::Notice(NoticeEffect {
            kind: kind.into(),
            to,
            scope: task.scope,
            step: Some(task.step.clone()),
            task: Some(id),
            // The moment of the act is part of the key, so that a second question or urging is said again.
            entry: self.facts.now,
            rung: None,
            due: own.map_or_else(|| self.scope_due(task.scope), |term| term.due),
            reason: None,
            urgent: false,
        })]
    }

    /// Whoever has the task hears it, from the second time on the head of the section too; an applicant hears that it was passed on.
    fn urged(self, task: Local, by: PersonId, times: u32) -> Vec<Effect> {
        let mut to = vec![Audience::Assignee];
        to.extend((times > 1).then(|| Audience::Post("section_head".into())));
        let mut effects = self.ask("o.urged", task, to);
        if by == self.after.applicant {
            effects.extend(self.ask("a.urged", task, vec![Audience::Applicant]));
        }
        effects
    }

    fn copied(self, to: &[PersonId], task: Option<Local>) -> Option<Effect> {
        let step = task.and_then(|task| self.after.tasks.get(&task)).map(|task| task.step.clone());
        let scope = task.and_then(|task| self.after.tasks.get(&task)).map_or_else(|| self.root(), |task| Some(task.scope))?;
        let to = to.iter().map(|person| Audience::Person(*person)).collect();
        let entry = self.facts.now;
        Some(Effect::Notice(NoticeEffect {
            kind: "o.copied".into(),
            to,
            scope,
            step,
            task,
            entry,
            rung: None,
            due: self.scope_due(scope),
            reason: None,
            urgent: false,
        }))
    }

    fn edits_form(self, token: Local) -> bool {
        let node = || {
            let token = self.after.tokens.get(&token)?;
            let program = self.facts.bundle.programs.get(&self.after.scopes.get(&token.scope)?.program)?;
            program.nodes.get(usize::from(token.node.0))
        };
        node().is_some_and(|node| matches!(&node.kind, NodeKind::Task(rule) if rule.edits_form))
    }

    /// What a rung says: for a step's term once about each task that is open there, else once about the step or the scope.
    fn rung(self, id: Local, rung: u16, due: Option<NaiveDate>) -> Vec<Effect> {
        let case = self.before.unwrap_or(self.after);
        let found = || {
            let term = self.term(id)?;
            Some((term, term.rungs.iter().find(|armed| armed.rung == rung)?))
        };
        let Some((term, armed)) = found() else { return Vec::new() };
        let (step, entry) = match term.token.and_then(|token| case.tokens.get(&token)) {
            Some(token) => (Some(token.step.clone()), token.entered),
            None => (None, case.scopes.get(&term.scope).map_or(case.started, |scope| scope.opened)),
        };
        let open = case.tasks.iter().filter(|(_, task)| term.token == Some(task.token)).map(|(id, _)| Some(*id));
        let mut about: Vec<Option<Local>> = open.collect();
        if about.is_empty() {
            about.push(None);
        }
        let (kind, to, rung) = (&armed.notice, &armed.to, Some((term.key.clone(), rung)));
        let notice = |task| {
            let (kind, to, step, rung) = (kind.clone(), to.clone(), step.clone(), rung.clone());
            Effect::Notice(NoticeEffect { kind, to, scope: term.scope, step, task, entry, rung, due, reason: None, urgent: armed.urgent })
        };
        let mut effects: Vec<Effect> = about.into_iter().map(notice).collect();
        effects.extend(armed.order.as_ref().and_then(|workflow| self.order(case, term, workflow)).map(Effect::Order));
        effects
    }

    /// The applicant hears why the date has passed, each time it is stated.
    fn reason(self, id: Local, stated: &Stated) -> Option<Effect> {
        let scope = self.term(id)?.scope;
        let said = stated.body.and_then(|body| self.facts.bodies.get(&body.commit)).and_then(|body| body.get("opinion")?.as_str());
        let Effect::Notice(mut notice) = self.tell("a.late", scope, None) else { return None };
        notice.due = Some(stated.due);
        notice.reason = Some((said.unwrap_or_default().to_owned(), stated.expected));
        Some(Effect::Notice(notice))
    }

    /// The order about a date that has passed. It goes to the office that answers for it.
    fn order(self, case: &Case, term: &Term, workflow: &Name) -> Option<OrderEffect> {
        let scope = crate::engine::draft::home(case, term.scope);
        let mine = |task: &&Task| match term.token {
            Some(token) => task.token == token,
            None => crate::engine::draft::ancestry(case, task.scope).contains(&scope),
        };
        // Of a step its task's; of a link whoever answers for its date.
        let office = if term.token.is_none() { crate::engine::terms::in_charge(case, self.facts, term) } else { None };
        let office = office.or_else(|| {
            case.tasks.values().filter(mine).find_map(|task| match &task.pool {
                TaskPool::Posts { offices, .. } => offices.first().cloned(),
                TaskPool::Applicant => None,
            })
        });
        let step = term.token.and_then(|token| case.tokens.get(&token)).map(|token| token.step.clone());
        Some(OrderEffect { workflow: workflow.clone(), scope, step, term: term.key.clone(), kind: term.kind, due: term.due?, office })
    }

    /// The account was short. A case that keeps its place was told when it took it.
    fn queued(self, token: Local, account: &str, (since, amount): (Moment, i64)) -> Vec<Effect> {
        let mut effects = vec![Effect::Queue { account: account.to_owned(), token, wants: Some((since, amount)) }];
        let waiting = self.after.tokens.get(&token).filter(|_| since == self.facts.now);
        effects.extend(waiting.map(|token| self.tell("a.quota-wait", token.scope, Some(&token.step))));
        effects
    }

    fn settled(self, hold: Local, kind: PostingKind) -> Option<Effect> {
        let earlier = self.before.and_then(|before| before.holds.get(&hold)).map(|hold| (hold.account.clone(), hold.amount));
        let (account, amount) = earlier.or_else(|| self.reserved_here(hold))?;
        Some(Effect::Posting { account, kind, amount, hold })
    }

    /// A reservation that was made and settled within one act.
    fn reserved_here(self, wanted: Local) -> Option<(String, i64)> {
        self.events.iter().find_map(|event| match event {
            Event::Reserved { hold, account, amount, .. } if *hold == wanted => Some((account.clone(), *amount)),
            _ => None,
        })
    }

    /// A term as it stood when the act began, or as it stands now.
    fn term(&self, id: Local) -> Option<&Term> {
        self.before.and_then(|before| before.terms.get(&id)).or_else(|| self.after.terms.get(&id))
    }

    /// The date promised for a scope; the statutory one where nothing is promised.
    fn scope_due(self, scope: Local) -> Option<NaiveDate> {
        let scope = crate::engine::draft::home(self.after, scope);
        let own = self.after.terms.values().filter(|term| term.scope == scope && term.token.is_none());
        own.max_by_key(|term| term.kind).and_then(|term| term.due)
    }

    fn starts(self) -> bool {
        self.before.is_none()
    }

    fn root(self) -> Option<Local> {
        self.after.scopes.iter().find(|(_, scope)| scope.caller.is_none()).map(|(id, _)| *id)
    }
}
