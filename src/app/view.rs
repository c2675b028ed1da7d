//! A case as people read it: its links, open tasks with what may be done and by when, terms with their light, and what happened.
//! Invariant: a view is computed from the fold and the log of one version; lights are computed from terms and today, never read.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::orders::OrderView;
use crate::app::reasons::ReasonView;
use crate::app::writer::Working;
use crate::definition::graph::{Bundle, Node, NodeKind, Program, Thrown};
use crate::engine::case::{Case, Job, Local, Task, TaskPool, Term};
use crate::engine::event::Event;
use crate::ids::{CaseId, Moment, Name, PersonId, Tenant, Text};
use crate::limits::CASE_ACTS_PER_READ_MAX;
use crate::store::Store;
use crate::supervision::{Light, Watch};

/// A case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Its id.
    pub id: String,
    /// The number people use.
    pub number: Option<String>,
    /// The workflow's key.
    pub workflow: String,
    /// The workflow's name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// Acts so far.
    pub version: i64,
    /// 0 A, 1 B, 2 C, 9 ordinary.
    pub rank: i16,
    /// When it began, RFC 3339 +08:00.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// With what.
    pub result: Option<String>,
    /// The case itself and every workflow it called, in the order they opened.
    pub links: Vec<LinkView>,
    /// Open tasks.
    pub tasks: Vec<TaskView>,
    /// Running and stopped terms.
    pub terms: Vec<TermView>,
    /// Outside jobs that are not over.
    pub jobs: Vec<OutsideJobView>,
    /// Reservations.
    pub holds: Vec<HoldView>,
    /// Places on waiting lists.
    pub waiting: Vec<WaitingView>,
    /// Supervision orders that its passed dates drafted; empty for its applicant.
    pub orders: Vec<OrderView>,
    /// What it is about, when it is an order that a passed date drafted.
    pub about: Vec<OrderView>,
    /// What happened, oldest first.
    pub history: Vec<HappeningView>,
}

/// One link (环节): the case itself or a called workflow.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkView {
    /// Its scope.
    pub scope: Local,
    /// Its number.
    pub number: Option<String>,
    /// The workflow.
    pub workflow: String,
    /// Its name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// When it opened.
    pub opened: String,
    /// When it closed.
    pub closed: Option<String>,
    /// With what.
    pub result: Option<String>,
    /// Where it is: the steps its tokens stand at.
    pub here: Vec<StepView>,
}

/// A step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepView {
    /// Its key.
    pub step: String,
    /// Its name.
    #[schema(value_type = Object)]
    pub title: Text,
}

/// Work offered to an outside system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutsideJobView {
    /// Its id within the case.
    pub job: Local,
    /// Its link.
    pub scope: Local,
    /// The step.
    pub step: String,
    /// The step's name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// What kind of work it is.
    pub topic: String,
    /// Further tries after the next.
    pub retries: u32,
    /// Nobody tries again by themselves: an operator has to.
    pub parked: bool,
    /// From when on it may be fetched; absent while it is parked.
    pub again_at: Option<String>,
    /// When it was offered.
    pub opened: String,
}

/// An open task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskView {
    /// Its id within the case.
    pub task: Local,
    /// Its link.
    pub scope: Local,
    /// The link's number.
    pub number: Option<String>,
    /// The step.
    pub step: String,
    /// The step's name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// The offices asked; empty for the applicant.
    pub offices: Vec<String>,
    /// The post asked; `applicant` for the applicant.
    pub post: String,
    /// The B post, once it is asked too because nobody claimed the task in time.
    pub backup: Option<String>,
    /// Who claimed it.
    pub claimed: Option<String>,
    /// When it opened.
    pub opened: String,
    /// The due day.
    pub due: Option<NaiveDate>,
    /// Its light today.
    #[schema(value_type = String)]
    pub light: Light,
    /// The answers it can end with.
    pub outcomes: Vec<String>,
    /// Those of them that need no opinion.
    pub without_opinion: Vec<String>,
    /// The fields an answer carries, as JSON Schema.
    #[schema(value_type = Option<Object>)]
    pub fields: Option<serde_json::Value>,
    /// The outcomes that must bring them.
    pub fields_with: Vec<String>,
    /// The applicant's form is edited here.
    pub edits_form: bool,
    /// Steps it may be returned to.
    pub may_return: Vec<String>,
}

/// A term.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermView {
    /// Its id within the case.
    pub term: Local,
    /// Its link.
    pub scope: Local,
    /// Its key, such as `promised`.
    pub key: String,
    /// 法定, 承诺 or the step's own.
    #[schema(value_type = String)]
    pub kind: crate::definition::graph::TermKind,
    /// How long.
    pub within: String,
    /// The start day, not counted.
    pub from: NaiveDate,
    /// The due day; absent while no published calendar reaches it.
    pub due: Option<NaiveDate>,
    /// Past the last published calendar.
    pub provisional: bool,
    /// The days left out, both ends included.
    #[schema(value_type = Vec<Vec<String>>)]
    pub stopped: Vec<(NaiveDate, NaiveDate)>,
    /// Stopped since.
    pub stopped_on: Option<NaiveDate>,
    /// The extension given.
    pub extended: Option<String>,
    /// Its light today.
    #[schema(value_type = String)]
    pub light: Light,
    /// Why its date has passed, as the office stated it for publication.
    pub reason: Option<ReasonView>,
}

/// A reservation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldView {
    /// The account.
    pub account: String,
    /// How much.
    pub amount: i64,
    /// The step that made it.
    pub step: String,
}

/// A place on a waiting list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingView {
    /// The account.
    pub account: String,
    /// How much.
    pub amount: i64,
    /// Since when.
    pub since: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HappeningView {
    /// The act.
    pub seq: i64,
    /// When.
    pub at: String,
    /// The link's number.
    pub number: Option<String>,
    /// The event's kind, such as `step-done`.
    pub what: String,
    /// The step.
    pub step: Option<StepView>,
    /// The outcome, the document's number, the account …
    pub detail: Option<String>,
    /// Who; absent for the system.
    pub by: Option<String>,
    /// The article, when the law did it.
    pub deemed: Option<String>,
}

/// An act as the log holds it, read.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its place.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// Its events.
    pub events: Vec<Event>,
}

/// The acts of a case up to a version, read.
///
/// # Errors
/// A fault naming the act that cannot be read.
pub async fn acts(store: &Store, tenant: Tenant, case: CaseId, version: i64) -> Result<Vec<Act>, Fault> {
    let mut acts = Vec::new();
    let mut after = 0;
    while after < version {
        let rows = store.acts(tenant, case, after, CASE_ACTS_PER_READ_MAX).await.map_err(|cause| Fault::new("reading acts", cause))?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in rows.into_iter().filter(|row| row.seq <= version) {
            let events = serde_json::from_slice(&row.events).map_err(|cause| Fault::new(format!("reading act {} of case {case}", row.seq), cause))?;
            acts.push(Act { seq: row.seq, at: row.at, events });
        }
    }
    Ok(acts)
}

/// Composes the view.
#[must_use]
pub fn case(working: &Working, acts: &[Act], bundle: &Bundle, known: &Known, now: Moment) -> CaseView {
    let state = &working.state;
    let reading = Reading { case: state, bundle, known, now };
    let (links, history) = reading.log(acts);
    CaseView {
        id: state.id.to_string(),
        number: state.number.clone(),
        workflow: state.workflow.to_string(),
        title: reading.program(&state.workflow).map(|program| program.title.clone()).unwrap_or_default(),
        version: working.row.version,
        rank: known.rank_shown(state, now.date()),
        started: state.started.to_rfc3339(),
        ended: state.ended.as_ref().map(|(_, at)| at.to_rfc3339()),
        result: state.ended.as_ref().map(|(result, _)| result.to_string()),
        links,
        tasks: state.tasks.iter().map(|(id, task)| reading.task(*id, task)).collect(),
        jobs: state.jobs.iter().map(|(id, job)| reading.job(*id, job)).collect(),
        terms: state.terms.iter().map(|(id, term)| reading.term(*id, term)).collect(),
        holds: state.holds.values().map(|hold| HoldView { account: hold.account.clone(), amount: hold.amount, step: hold.step.to_string() }).collect(),
        waiting: state
            .queue
            .values()
            .map(|place| WaitingView { account: place.account.clone(), amount: place.amount, since: place.since.to_rfc3339() })
            .collect(),
        orders: Vec::new(),
        about: Vec::new(),
        history,
    }
}

struct Reading<'a> {
    case: &'a Case,
    bundle: &'a Bundle,
    known: &'a Known,
    now: Moment,
}

impl Reading<'_> {
    fn program(&self, name: &str) -> Option<&Program> {
        self.bundle.programs.get(name).map(|program| &**program)
    }

    fn node(&self, program: &str, step: &str) -> Option<&Node> {
        self.program(program)?.nodes.iter().find(|node| *node.key == *step)
    }

    fn step(&self, program: &str, step: &Name) -> StepView {
        let title = self.node(program, step).map(|node| node.title.clone()).unwrap_or_default();
        StepView { step: step.to_string(), title }
    }

    fn name(&self, person: PersonId) -> String {
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn task(&self, id: Local, task: &Task) -> TaskView {
        let scope = self.case.scopes.get(&task.scope);
        let program = scope.map_or("", |scope| &*scope.program);
        let node = self.node(program, &task.step);
        let (offices, post) = match &task.pool {
            TaskPool::Applicant => (Vec::new(), "applicant".to_owned()),
            TaskPool::Posts { offices, post } => (offices.iter().map(ToString::to_string).collect(), post.to_string()),
        };
        let watch = Watch::over_task(self.case, task, self.known.calendar.of(self.case.district.as_deref()));
        let mut view = TaskView {
            task: id,
            scope: task.scope,
            number: scope.and_then(|scope| scope.number.clone()).or_else(|| self.case.number.clone()),
            step: task.step.to_string(),
            title: node.map(|node| node.title.clone()).unwrap_or_default(),
            offices,
            post,
            backup: task.backup.as_ref().map(ToString::to_string),
            claimed: task.claimed.map(|person| self.name(person)),
            opened: task.opened.to_rfc3339(),
            due: watch.due,
            light: watch.light(self.now),
            outcomes: Vec::new(),
            without_opinion: Vec::new(),
            fields: None,
            fields_with: Vec::new(),
            edits_form: false,
            may_return: Vec::new(),
        };
        if let Some(node) = node {
            self.answers(node, program, &mut view);
            // A member added to a task agrees or does not.
            if task.group.is_some() {
                view.outcomes = vec!["approved".to_owned(), "rejected".to_owned()];
                (view.without_opinion, view.fields, view.fields_with, view.edits_form) = (Vec::new(), None, Vec::new(), false);
            }
        }
        view
    }

    fn answers(&self, node: &Node, program: &str, view: &mut TaskView) {
        if let Some(rule) = &node.may_return {
            let nodes = self.program(program).map_or(&[][..], |program| &program.nodes);
            view.may_return = rule.to.iter().filter_map(|to| nodes.get(usize::from(to.0))).map(|node| node.key.to_string()).collect();
        }
        match &node.kind {
            NodeKind::Task(rule) => {
                view.outcomes = rule.outcomes.iter().map(ToString::to_string).collect();
                view.without_opinion = rule.without_opinion.iter().map(ToString::to_string).collect();
                view.fields = rule.fields.as_ref().map(|answer| answer.form.schema_json());
                view.fields_with = rule.fields.iter().flat_map(|answer| &answer.with).map(ToString::to_string).collect();
                view.edits_form = rule.edits_form;
            }
            NodeKind::Approve(_) => view.outcomes = vec!["approved".to_owned(), "rejected".to_owned()],
            NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Job(_)
            | NodeKind::Timer { .. }
            | NodeKind::Split { .. }
            | NodeKind::Join { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { .. }
            | NodeKind::Document { .. }
            | NodeKind::End { .. } => {}
        }
    }

    fn job(&self, id: Local, job: &Job) -> OutsideJobView {
        let program = self.case.scopes.get(&job.scope).and_then(|scope| self.program(&scope.program));
        let node = program.and_then(|program| program.nodes.iter().find(|node| node.key == job.step));
        OutsideJobView {
            job: id,
            scope: job.scope,
            step: job.step.to_string(),
            title: node.map(|node| node.title.clone()).unwrap_or_default(),
            topic: job.topic.to_string(),
            retries: job.retries,
            parked: job.due.is_none(),
            again_at: job.due.map(|due| due.to_rfc3339()),
            opened: job.opened.to_rfc3339(),
        }
    }

    fn term(&self, id: Local, term: &Term) -> TermView {
        TermView {
            term: id,
            scope: term.scope,
            key: term.key.to_string(),
            kind: term.kind,
            within: term.within.to_string(),
            from: term.from,
            due: term.due,
            provisional: term.provisional,
            stopped: term.stopped.clone(),
            stopped_on: term.stopped_on,
            extended: term.extended.map(|span| span.to_string()),
            light: Watch::over([term], self.known.calendar.of(self.case.district.as_deref())).light(self.now),
            reason: None,
        }
    }

    /// Links and history, from the events: a closed link is in the log only.
    fn log(&self, acts: &[Act]) -> (Vec<LinkView>, Vec<HappeningView>) {
        let mut links: BTreeMap<Local, LinkView> = BTreeMap::new();
        let mut history = Vec::new();
        for act in acts {
            for event in &act.events {
                self.link(event, act, &mut links);
                history.extend(self.happening(event, act, &links));
            }
        }
        for token in self.case.tokens.values() {
            if let Some(link) = links.get_mut(&token.scope) {
                link.here.push(self.step(&link.workflow, &token.step));
            }
        }
        (links.into_values().collect(), history)
    }

    fn link(&self, event: &Event, act: &Act, links: &mut BTreeMap<Local, LinkView>) {
        if let Event::ScopeOpened { scope, program, number, at, .. } = event {
            let title = self.program(program).map(|program| program.title.clone()).unwrap_or_default();
            let link = LinkView {
                scope: *scope,
                number: number.clone().or_else(|| self.case.number.clone()),
                workflow: program.to_string(),
                title,
                opened: at.to_rfc3339(),
                closed: None,
                result: None,
                here: Vec::new(),
            };
            links.insert(*scope, link);
        }
        if let Event::ScopeClosed { scope, result } = event
            && let Some(link) = links.get_mut(scope)
        {
            link.closed = Some(act.at.to_rfc3339());
            link.result = Some(result.to_string());
        }
    }

    /// What a reader of the record wants to see; moves of tokens and arming of reminders are the machine's own.
    fn happening(&self, event: &Event, act: &Act, links: &BTreeMap<Local, LinkView>) -> Option<HappeningView> {
        let link = |scope: &Local| links.get(scope);
        let at = |scope: &Local, step: &Name| link(scope).map(|link| self.step(&link.workflow, step));
        let line = |what: &str, scope: Option<&Local>, step: Option<StepView>, detail: Option<String>, by: Option<PersonId>| HappeningView {
            seq: act.seq,
            at: act.at.to_rfc3339(),
            number: scope.and_then(link).and_then(|link| link.number.clone()),
            what: what.to_owned(),
            step,
            detail,
            by: by.map(|person| self.name(person)),
            deemed: None,
        };
        Some(match event {
            Event::Started { applicant, .. } => line("started", None, None, None, Some(*applicant).filter(|applicant| !applicant.0.is_nil())),
            Event::ScopeOpened { scope, .. } => line("link-opened", Some(scope), None, None, None),
            Event::ScopeClosed { scope, result } => line("link-closed", Some(scope), None, Some(result.to_string()), None),
            Event::Submitted { scope, on, .. } => line("submitted", Some(scope), None, Some(on.to_string()), None),
            Event::StepDone { scope, step, outcome, by, deemed, .. } => {
                let mut done = line("step-done", Some(scope), at(scope, step), Some(outcome.to_string()), *by);
                done.deemed.clone_from(deemed);
                done
            }
            Event::Reserved { scope, step, account, amount, .. } => line("reserved", Some(scope), at(scope, step), Some(format!("{account} {amount}")), None),
            Event::Queued { account, amount, .. } => line("queued", None, None, Some(format!("{account} {amount}")), None),
            Event::DocumentIssued { scope, step, kind, number, .. } => {
                let detail = number.as_ref().map_or_else(|| kind.to_string(), |number| format!("{kind} {number}"));
                line("document-issued", Some(scope), at(scope, step), Some(detail), None)
            }
            Event::TermExtended { person, by, .. } => line("term-extended", None, None, Some(by.to_string()), Some(*person)),
            Event::ReasonStated { stated, .. } => line("reason-stated", None, None, Some(stated.expected.to_string()), Some(stated.by)),
            Event::PeriodCut { scope, step, until, by, .. } => line("period-cut", Some(scope), at(scope, step), until.map(|day| day.to_string()), Some(*by)),
            Event::RungFired { due, .. } => line("reminded", None, None, due.map(|due| due.to_string()), None),
            Event::Returned { to, by, .. } => line("returned", None, None, Some(to.to_string()), Some(*by)),
            Event::Recorded { what, .. } => line("recorded", None, None, Some(what.to_string()), None),
            Event::SignalHeard { name, from } => line("signal-heard", None, None, Some(format!("{name} {from}")), None),
            Event::Thrown { scope, step, what: Thrown::Broadcast, name } => line("signal-sent", Some(scope), at(scope, step), Some(name.to_string()), None),
            Event::JobOffered { scope, step, topic, .. } => line("job-offered", Some(scope), at(scope, step), Some(topic.to_string()), None),
            Event::JobFailed { by, again_at, .. } => {
                line(if again_at.is_some() { "job-failed" } else { "job-parked" }, None, None, again_at.map(|at| at.to_rfc3339()), Some(*by))
            }
            Event::JobRetried { .. } => line("job-retried", None, None, None, None),
            Event::JobEnded { why, by, .. } => line("job-ended", None, None, Some(why.to_string()), *by),
            Event::Ended { result, .. } => line("ended", None, None, Some(result.to_string()), None),
            other => {
                let between = other.between()?;
                let whom: Vec<String> = between.whom.iter().map(|person| self.name(*person)).collect();
                let task = between.task.and_then(|task| self.case.tasks.get(&task));
                let step = task.and_then(|task| at(&task.scope, &task.step));
                line(between.what, task.map(|task| &task.scope), step, Some(whom.join(", ")).filter(|whom| !whom.is_empty()), Some(between.by))
            }
        })
    }
}
