//! A case as its applicant asks about it: where is it, who has it, when will it be done, what is asked of me.
//! Invariant: computed from the fold and the log of one version; offices and posts stand for people. Never: an officer's name, an opinion, a light's colour.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::app::drafts::Typist;
use crate::app::failure::{Failure, Fault};
use crate::app::fields::filler_copy;
use crate::app::known::Known;
use crate::app::naming;
use crate::app::notices::short_name;
use crate::app::reasons::ReasonView;
use crate::app::view;
use crate::app::writer::Working;
use crate::definition::graph::{Bundle, Node, NodeKind, TermKind};
use crate::engine::case::{BodyRef, Case, Local, TaskPool, Term, Token, Waits};
use crate::engine::event::Event;
use crate::engine::viewing;
use crate::forms::Form;
use crate::ids::{CaseId, Moment, Name, PersonId, Text};
use crate::store::CaseFilter;
use crate::supervision::{Light, Watch};

/// A project.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectView {
    /// The case's id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What the applicant calls the project; empty when the form has no such field.
    pub name: String,
    /// The procedure.
    pub procedure: Text,
    /// When it was filed.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// With what; empty while it runs.
    pub result: String,
    /// The procedure itself, then its links.
    pub lines: Vec<Line>,
    /// What the applicant is asked to do.
    pub asks: Vec<Ask>,
    /// Letters and documents.
    pub letters: Vec<Letter>,
}

/// The procedure, or one of its links, as a line of time.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its scope.
    pub scope: Local,
    /// Every scope that ran in it, its own first.
    #[serde(skip)]
    pub within: Vec<Local>,
    /// Its number.
    pub number: String,
    /// Its name.
    pub title: Text,
    /// When it ended.
    pub closed: Option<String>,
    /// With what; empty while it runs.
    pub result: String,
    /// What is done, oldest first.
    pub past: Vec<Past>,
    /// Where it is.
    pub here: Vec<Here>,
    /// The date it is promised for.
    pub promise: Option<Promise>,
}

/// A step that is done.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// Its name.
    pub title: Text,
    /// When.
    pub at: String,
    /// How it ended.
    pub outcome: String,
    /// The applicant did it.
    pub mine: bool,
    /// The article, when the law did it.
    pub deemed: String,
}

/// A step that is open.
#[derive(Clone, Debug, Serialize)]
pub struct Here {
    /// Its name.
    pub title: Text,
    /// Who has it.
    pub holders: Vec<Holder>,
    /// It is the applicant's turn.
    pub mine: bool,
    /// What it waits for, when not for a person: `timer`, `message`, `line`.
    pub waits: &'static str,
    /// Until when, for a timer.
    pub until: Option<String>,
    /// Since when.
    pub since: String,
    /// Nothing waits for it.
    pub beside: bool,
}

/// An office and a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The office's name.
    pub office: Text,
    /// The key of the post's word: `post-handler`.
    pub post: String,
}

/// A date that is promised.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    /// The term, whose page says how the date came about.
    pub term: Local,
    /// Its due day; absent while no published calendar reaches it.
    pub due: Option<NaiveDate>,
    /// Past the last published calendar.
    pub provisional: bool,
    /// `promised`, `statutory` or `step`.
    pub kind: &'static str,
    /// `running`, `standing`, `late`, `late-by-law`.
    pub state: &'static str,
    /// Why it has passed, as the office stated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
}

/// What the applicant is asked to do.
#[derive(Clone, Debug, Serialize)]
pub struct Ask {
    /// The task.
    pub task: Local,
    /// Its name.
    pub title: Text,
    /// The link that asks.
    pub link: Text,
    /// Since when.
    pub since: String,
    /// By when.
    pub due: Option<NaiveDate>,
}

/// A document.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    /// What kind of document it is.
    pub kind: String,
    /// Its number; empty when it has none.
    pub number: String,
    /// The number of its link.
    pub link: String,
    /// When.
    pub at: String,
}

/// A page of projects, newest first.
#[derive(Clone, Debug)]
pub struct ProjectsPage {
    /// The projects.
    pub projects: Vec<ProjectView>,
    /// How many there are in all.
    pub count: i64,
    /// Where the next page begins.
    pub next: Option<CaseId>,
}

/// A submission of the form.
#[derive(Clone, Debug)]
pub struct Submission {
    /// When.
    pub at: Moment,
    /// The link it was made in.
    pub scope: Local,
    /// What was sent.
    pub form: Value,
}

/// What an open task of the applicant asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The form as last submitted.
    pub submitted: Value,
    /// The form itself.
    pub form: std::sync::Arc<Form>,
    /// The step's name.
    pub title: Text,
    /// The link's name.
    pub link: Text,
    /// The answers it can end with.
    pub outcomes: Vec<Name>,
    /// Those that need no words.
    pub without_opinion: Vec<Name>,
    /// The form is corrected here.
    pub edits_form: bool,
    /// By when.
    pub due: Option<NaiveDate>,
    /// The list of what is to be corrected: the form it was written in, and the list.
    pub list: Option<(std::sync::Arc<Form>, Value)>,
    /// What was written beside it, when there is no list.
    pub words: Option<String>,
    /// Who asked.
    pub asked_by: Option<Holder>,
}

impl App {
    /// A page of somebody's cases.
    ///
    /// # Errors
    /// A fault.
    pub async fn projects(&self, typist: Typist, before: Option<CaseId>, limit: u32) -> Result<ProjectsPage, Failure> {
        let filter = CaseFilter { applicant: Some(typist.person), before, ..CaseFilter::default() };
        let reading = |cause| Fault::new("listing cases", cause);
        let mut rows = self.store().cases(typist.tenant, &filter, limit + 1).await.map_err(reading)?;
        let count = self.store().count_of_applicant(typist.tenant, typist.person).await.map_err(reading)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        let projects = futures::future::try_join_all(rows.iter().map(|row| async {
            let working = self.working(typist.tenant, row.id).await?;
            self.project(&working).await
        }));
        Ok(ProjectsPage { projects: projects.await?, count, next })
    }

    /// One case as its applicant reads it.
    ///
    /// # Errors
    /// A fault.
    pub async fn project(&self, working: &Working) -> Result<ProjectView, Failure> {
        let (tenant, case) = (working.row.tenant, working.row.id);
        let known = self.known(tenant).await?;
        let bundle = crate::app::register::bundle_of(&known, working.state.revision)?;
        let acts = view::acts(self.store(), tenant, case, working.row.version).await?;
        let name = self.form(working).await?.and_then(|form| naming::project(&form).map(str::to_owned));
        let reading = Reading { case: &working.state, bundle: &bundle, known: &known, now: self.clock().now() };
        let mut view = reading.project(&acts, name.unwrap_or_default());
        let mut reasons = self.reasons(working).await?;
        let promises = view.lines.iter_mut().filter_map(|line| line.promise.as_mut());
        promises.for_each(|promise| promise.reason = reasons.remove(&promise.term));
        Ok(view)
    }

    /// What was submitted in a case, the newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn submissions(&self, working: &Working) -> Result<Vec<Submission>, Failure> {
        let (tenant, case) = (working.row.tenant, working.row.id);
        let mut found = Vec::new();
        for act in view::acts(self.store(), tenant, case, working.row.version).await? {
            for event in &act.events {
                if let Event::Submitted { scope, form, .. } = event
                    && let Some(form) = self.body(tenant, case, form.commit).await?
                {
                    found.push(Submission { at: act.at, scope: *scope, form });
                }
            }
        }
        found.reverse();
        Ok(found)
    }

    /// What an open task asks of the applicant; `None` when there is no such task any more, or it is an officer's.
    ///
    /// # Errors
    /// A fault.
    pub async fn asked(&self, working: &Working, task: Local, person: PersonId) -> Result<Option<Asked>, Failure> {
        let (tenant, case) = (working.row.tenant, &working.state);
        let known = self.known(tenant).await?;
        let bundle = crate::app::register::bundle_of(&known, case.revision)?;
        let reading = Reading { case, bundle: &bundle, known: &known, now: self.clock().now() };
        let Some(open) = case.tasks.get(&task).filter(|open| open.pool == TaskPool::Applicant) else { return Ok(None) };
        let (Some(node), Some(form)) = (reading.node(open.scope, &open.step), viewing::form_of(case, &bundle, open.scope)) else { return Ok(None) };
        let form = filler_copy(&form, working, (&known, &bundle, reading.now), (person, &open.step));
        let NodeKind::Task(rule) = &node.kind else { return Ok(None) };
        let submitted = self.form(working).await?.unwrap_or_default();
        let mut asked = Asked {
            submitted,
            form,
            title: node.title.clone(),
            link: reading.title(reading.line_of(open.scope)),
            outcomes: rule.outcomes.clone(),
            without_opinion: rule.without_opinion.iter().cloned().collect(),
            edits_form: rule.edits_form,
            due: Watch::over_task(case, open, known.calendar.of(case.district.as_deref())).due,
            list: None,
            words: None,
            asked_by: None,
        };
        if let Some((step, body)) = reading.cause(open.scope) {
            let body = self.body(tenant, working.row.id, body.commit).await?.unwrap_or_default();
            reading.put_cause(&mut asked, (open.scope, &step), &body);
        }
        Ok(Some(asked))
    }
}

struct Reading<'a> {
    case: &'a Case,
    bundle: &'a Bundle,
    known: &'a Known,
    now: Moment,
}

/// What the log alone knows: which scope was whose, also of those that have closed.
#[derive(Default)]
struct Scopes {
    parent: BTreeMap<Local, Local>,
    lines: BTreeMap<Local, Line>,
    program: BTreeMap<Local, Name>,
}

impl Scopes {
    /// The link a scope belongs to: itself, or the one above it that the root called.
    fn line(&self, scope: Local) -> Local {
        let mut here = scope;
        while let Some(parent) = self.parent.get(&here).filter(|parent| **parent != ROOT) {
            here = *parent;
        }
        here
    }
}

const ROOT: Local = 0;

impl Reading<'_> {
    fn project(&self, acts: &[view::Act], name: String) -> ProjectView {
        let mut scopes = Scopes::default();
        let mut letters = Vec::new();
        for act in acts {
            for event in &act.events {
                self.read(event, act, &mut scopes);
                letters.extend(self.letter(event, act, &scopes));
            }
        }
        for (id, token) in &self.case.tokens {
            let here = self.here(*id, token, &scopes);
            let line = scopes.line(token.scope);
            if let (Some(here), Some(line)) = (here, scopes.lines.get_mut(&line)) {
                line.here.push(here);
            }
        }
        let due: Vec<(Local, Promise)> = scopes.lines.keys().filter_map(|line| Some((*line, self.promise(*line, &scopes)?))).collect();
        for (line, promise) in due {
            if let Some(line) = scopes.lines.get_mut(&line).filter(|line| line.closed.is_none()) {
                line.promise = Some(promise);
            }
        }
        let case = self.case;
        ProjectView {
            id: case.id.to_string(),
            number: case.number.clone().unwrap_or_else(|| short_name(case.id)),
            name,
            procedure: self.bundle.programs.get(&case.workflow).map(|program| program.title.clone()).unwrap_or_default(),
            started: case.started.to_rfc3339(),
            ended: case.ended.as_ref().map(|(_, at)| at.to_rfc3339()),
            result: case.ended.as_ref().map(|(result, _)| result.to_string()).unwrap_or_default(),
            asks: self.asks(&scopes),
            lines: scopes.lines.into_values().collect(),
            letters,
        }
    }

    fn read(&self, event: &Event, act: &view::Act, scopes: &mut Scopes) {
        match event {
            Event::ScopeOpened { scope, program, parent, number, .. } => {
                scopes.program.insert(*scope, program.clone());
                if let Some(parent) = parent {
                    scopes.parent.insert(*scope, *parent);
                }
                if parent.is_none_or(|parent| parent == ROOT) {
                    let title = self.bundle.programs.get(program).map(|program| program.title.clone()).unwrap_or_default();
                    let number = number.clone().unwrap_or_default();
                    let line = Line {
                        scope: *scope,
                        within: Vec::new(),
                        number,
                        title,
                        closed: None,
                        result: String::new(),
                        past: Vec::new(),
                        here: Vec::new(),
                        promise: None,
                    };
                    scopes.lines.insert(*scope, line);
                }
                let line = scopes.line(*scope);
                if let Some(line) = scopes.lines.get_mut(&line) {
                    line.within.push(*scope);
                }
            }
            Event::ScopeClosed { scope, result } => {
                if let Some(line) = scopes.lines.get_mut(scope) {
                    line.closed = Some(act.at.to_rfc3339());
                    line.result = result.to_string();
                }
            }
            Event::StepDone { scope, step, outcome, by, deemed, .. } => {
                let Some(node) = scopes.program.get(scope).and_then(|program| self.node_of(program, step)) else { return };
                if !shown(node) {
                    return;
                }
                let past = Past {
                    title: node.title.clone(),
                    at: act.at.to_rfc3339(),
                    outcome: outcome.to_string(),
                    mine: *by == Some(self.case.applicant),
                    deemed: deemed.clone().unwrap_or_default(),
                };
                let line = scopes.line(*scope);
                if let Some(line) = scopes.lines.get_mut(&line) {
                    line.past.push(past);
                }
            }
            // The rest moves tokens, arms reminders and keeps books.
            _ => {}
        }
    }

    fn letter(&self, event: &Event, act: &view::Act, scopes: &Scopes) -> Option<Letter> {
        let Event::DocumentIssued { scope, kind, number, .. } = event else { return None };
        let link = scopes.lines.get(&scopes.line(*scope)).map(|line| line.number.clone()).unwrap_or_default();
        Some(Letter { kind: kind.to_string(), number: number.clone().unwrap_or_default(), link, at: act.at.to_rfc3339() })
    }

    fn here(&self, id: Local, token: &Token, scopes: &Scopes) -> Option<Here> {
        let node = self.node_of(scopes.program.get(&token.scope)?, &token.step)?;
        let queued = self.case.queue.contains_key(&id);
        let (waits, until) = match &token.waits {
            Waits::Join | Waits::Scope(_) | Waits::Members(_) => return None,
            Waits::Task(_) | Waits::Group(_) => ("", None),
            Waits::Message(_) | Waits::Signal(_) | Waits::Lock(_) | Waits::Job(_) => ("message", None),
            Waits::Timer(timer) => ("timer", self.case.timers.get(timer).and_then(|timer| timer.at)),
        };
        let pools: Vec<&TaskPool> = self.case.tasks.values().filter(|task| task.token == id).map(|task| &task.pool).collect();
        let mut holders: Vec<Holder> = Vec::new();
        for holder in pools.iter().flat_map(|pool| self.holders(pool)) {
            if !holders.contains(&holder) {
                holders.push(holder);
            }
        }
        Some(Here {
            title: node.title.clone(),
            holders,
            mine: pools.iter().any(|pool| **pool == TaskPool::Applicant),
            waits: if queued { "line" } else { waits },
            until: until.map(Moment::to_rfc3339),
            since: token.entered.to_rfc3339(),
            beside: node.beside,
        })
    }

    fn holders(&self, pool: &TaskPool) -> Vec<Holder> {
        match pool {
            TaskPool::Applicant => Vec::new(),
            TaskPool::Posts { offices, post } => offices.iter().map(|office| Holder { office: self.office(office), post: format!("post-{post}") }).collect(),
        }
    }

    fn office(&self, key: &Name) -> Text {
        let current = self.known.roster.current(key, self.now.date());
        let found = self.known.roster.offices.get(&current);
        found.map_or_else(|| Text { zh: key.to_string(), en: key.to_string() }, |office| Text { zh: office.zh.clone(), en: office.en.clone() })
    }

    /// The date a line is promised for: of its promise, else of the law, else of the step it stands at.
    fn promise(&self, line: Local, scopes: &Scopes) -> Option<Promise> {
        let order = |term: &Term| match term.kind {
            TermKind::Promised => 0,
            TermKind::Statutory => 1,
            TermKind::Step => 2,
        };
        let here = self.case.terms.iter().filter(|(_, term)| scopes.line(term.scope) == line);
        let (id, term) = here.min_by_key(|(_, term)| (order(term), term.due.is_none(), term.due))?;
        let state = match Watch::over([term], self.known.calendar.of(self.case.district.as_deref())).light(self.now) {
            Light::Green | Light::Yellow => "running",
            Light::Grey => "standing",
            Light::Red => "late",
            Light::DarkRed => "late-by-law",
        };
        let kind = match term.kind {
            TermKind::Promised => "promised",
            TermKind::Statutory => "statutory",
            TermKind::Step => "step",
        };
        Some(Promise { term: *id, due: term.due, provisional: term.provisional, kind, state, reason: None })
    }

    fn asks(&self, scopes: &Scopes) -> Vec<Ask> {
        let own = self.case.tasks.iter().filter(|(_, task)| task.pool == TaskPool::Applicant);
        let ask = |(id, task): (&Local, &crate::engine::case::Task)| Ask {
            task: *id,
            title: self.node(task.scope, &task.step).map(|node| node.title.clone()).unwrap_or_default(),
            link: scopes.lines.get(&scopes.line(task.scope)).map(|line| line.title.clone()).unwrap_or_default(),
            since: task.opened.to_rfc3339(),
            due: Watch::over_task(self.case, task, self.known.calendar.of(self.case.district.as_deref())).due,
        };
        own.map(ask).collect()
    }

    fn node_of(&self, program: &str, step: &str) -> Option<&Node> {
        self.bundle.programs.get(program)?.nodes.iter().find(|node| *node.key == *step)
    }

    fn node(&self, scope: Local, step: &str) -> Option<&Node> {
        self.node_of(&self.case.scopes.get(&scope)?.program, step)
    }

    /// The open scope's link: itself, or the one above it that the root called.
    fn line_of(&self, scope: Local) -> Local {
        let mut here = scope;
        while let Some(parent) = self.case.scopes.get(&here).and_then(|scope| scope.parent).filter(|parent| *parent != ROOT) {
            here = parent;
        }
        here
    }

    fn title(&self, scope: Local) -> Text {
        let program = self.case.scopes.get(&scope).and_then(|scope| self.bundle.programs.get(&scope.program));
        program.map(|program| program.title.clone()).unwrap_or_default()
    }

    /// The last answer of an officer in a scope that came with words or a list.
    fn cause(&self, scope: Local) -> Option<(Name, BodyRef)> {
        let done = &self.case.scopes.get(&scope)?.done;
        let said = done.iter().filter(|(_, done)| done.by.is_some_and(|by| by != self.case.applicant));
        let (step, done) = said.filter(|(_, done)| done.body.is_some()).max_by_key(|(_, done)| done.at)?;
        Some((step.clone(), done.body?))
    }

    fn put_cause(&self, asked: &mut Asked, (scope, step): (Local, &Name), body: &Value) {
        let Some(NodeKind::Task(rule)) = self.node(scope, step).map(|node| &node.kind) else { return };
        asked.asked_by = match &rule.by {
            crate::definition::graph::Pool::Applicant => None,
            crate::definition::graph::Pool::Posts { offices, post } => {
                offices.first().map(|office| Holder { office: self.office(office), post: format!("post-{post}") })
            }
        };
        match (&rule.fields, body.get("fields")) {
            (Some(answer), Some(fields)) => asked.list = Some((answer.form.clone(), fields.clone())),
            (_, _) => asked.words = body.get("opinion").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Whether a step is one that people see: not a fork, a join, a call or an end.
fn shown(node: &Node) -> bool {
    match node.kind {
        NodeKind::Task(_) | NodeKind::Approve(_) | NodeKind::Decide(_) | NodeKind::Document { .. } => true,
        NodeKind::Timer { .. } | NodeKind::Message { .. } | NodeKind::Job(_) | NodeKind::Post { .. } => true,
        NodeKind::Each(_) | NodeKind::Throw { .. } | NodeKind::Split { .. } | NodeKind::Join { .. } | NodeKind::Call { .. } | NodeKind::End { .. } => false,
    }
}
