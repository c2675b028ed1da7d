//! Which fields of a form are whose: what is sent is held against it before it is stored, and what is read is cut down to it.
//! Invariant: a field a person may not fill in is refused when sent and kept as it was when not; one they may not see leaves no answer of this room.
//! Never: a stored submission without the fields of others; the next reader may be one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::projects::Submission;
use crate::app::register;
use crate::app::writer::Working;
use crate::definition::graph::{Bundle, NodeKind, TaskRule};
use crate::engine::case::Local;
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::engine::refusal::{Detail, Refusal};
use crate::engine::viewing;
use crate::forms::{FieldError, Form, Viewer};
use crate::identity::Actor;
use crate::ids::{CaseId, Moment, Name, PersonId, Tenant};

/// A form with what stands in it before somebody sends theirs.
struct Filling {
    form: Form,
    old: Value,
}

impl App {
    /// The newest submission, cut down to what one person may see.
    ///
    /// # Errors
    /// A fault.
    pub async fn form_seen(&self, working: &Working, person: PersonId) -> Result<Option<Value>, Failure> {
        let Some(value) = self.form(working).await? else { return Ok(None) };
        Ok(Some(match self.form_read(working, person).await? {
            Some(form) => form.seen(&value),
            None => value,
        }))
    }

    /// What was submitted in a case, the newest first, without what this person may not see.
    ///
    /// # Errors
    /// A fault.
    pub async fn submissions_seen(&self, working: &Working, person: PersonId) -> Result<Vec<Submission>, Failure> {
        let mut submissions = self.submissions(working).await?;
        if let Some(form) = self.form_read(working, person).await? {
            submissions.iter_mut().for_each(|submission| submission.form = form.seen(&submission.form));
        }
        Ok(submissions)
    }

    /// What was filled in with answers to the case's tasks, without what this person may not see.
    ///
    /// # Errors
    /// A fault.
    pub async fn answers_seen(&self, working: &Working, person: PersonId) -> Result<Vec<Value>, Failure> {
        let file = self.casefile(working.row.tenant, working.row.id).await?;
        let mut answers = Vec::new();
        for event in file.entries.iter().flat_map(|entry| &entry.events) {
            let Event::StepDone { scope, step, body: Some(body), .. } = event else { continue };
            let Some(fields) = file.fields(Some(*body)) else { continue };
            let program = file.working.state.scopes.get(scope).map(|scope| scope.program.clone());
            let node = program.as_ref().and_then(|program| file.node(program, step));
            let Some(NodeKind::Task(TaskRule { fields: Some(answer), .. })) = node.map(|node| &node.kind) else { continue };
            answers.push(file.form_for(&answer.form, person).seen(fields));
        }
        Ok(answers)
    }

    /// The form of the case as one person reads it.
    ///
    /// # Errors
    /// A fault.
    pub async fn form_read(&self, working: &Working, person: PersonId) -> Result<Option<Form>, Failure> {
        let known = self.known(working.row.tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let form = bundle.programs.get(&working.state.workflow).and_then(|program| program.form.clone());
        Ok(form.map(|form| reader_copy(&form, working, (&known, &bundle, self.clock().now()), person)))
    }

    /// The form as whoever files an application reads it.
    #[must_use]
    pub fn form_to_file(&self, known: &Known, bundle: &Bundle, form: &Arc<Form>, person: PersonId) -> Arc<Form> {
        if !form.has_rules() {
            return form.clone();
        }
        Arc::new(form.for_viewer(&with_facts((known, bundle, self.clock().now()), |facts| viewing::starter(facts, person))))
    }

    /// What of a whole draft is its writer's to send.
    pub(in crate::app) async fn own_part(&self, (tenant, person): (Tenant, PersonId), target: Target<'_>, whole: &Value) -> Result<Value, Failure> {
        Ok(self.filling(tenant, person, target).await?.map_or_else(|| whole.clone(), |filling| filling.form.own(whole)))
    }

    /// Refuses fields that are not the sender's, and completes a submission with what others filled in.
    pub(in crate::app) async fn carry(&self, order: &mut Order) -> Result<(), Failure> {
        let Actor::Person(person) = order.actor else { return Ok(()) };
        let (tenant, case) = (order.tenant, order.case);
        let (target, sent) = match (&mut order.act, case) {
            (Act::Start { workflow, form: Some(form), .. }, _) => (Target::File(workflow), form),
            (Act::Complete { task, answer, .. }, Some(case)) => match &mut answer.form {
                Some(form) => (Target::Task(case, *task), form),
                None => return Ok(()),
            },
            // No other act brings a form.
            _ => return Ok(()),
        };
        let Some(filling) = self.filling(tenant, person, target).await? else { return Ok(()) };
        let errors = filling.form.intruding(sent);
        if !errors.is_empty() {
            return Err(intruding(errors).into());
        }
        *sent = filling.form.carried(&filling.old, sent);
        Ok(())
    }

    /// The form somebody fills in, when some field of it is not everybody's.
    async fn filling(&self, tenant: Tenant, person: PersonId, target: Target<'_>) -> Result<Option<Filling>, Failure> {
        let known = self.known(tenant).await?;
        match target {
            Target::File(workflow) => {
                let bundle = known.current.get(workflow).and_then(|digest| known.bundles.get(digest));
                let Some((bundle, form)) = bundle.and_then(|bundle| Some((bundle, bundle.programs.get(workflow)?.form.as_ref()?))) else { return Ok(None) };
                if !form.has_rules() {
                    return Ok(None);
                }
                Ok(Some(Filling { form: (*self.form_to_file(&known, bundle, form, person)).clone(), old: Value::Object(serde_json::Map::new()) }))
            }
            Target::Task(case, task) => {
                let working = self.working(tenant, case).await?;
                let bundle = register::bundle_of(&known, working.state.revision)?;
                let Some(open) = working.state.tasks.get(&task) else { return Ok(None) };
                let Some(form) = viewing::form_of(&working.state, &bundle, open.scope).filter(|form| form.has_rules()) else { return Ok(None) };
                let old = self.submitted_to(&working, viewing::form_holder(&working.state, &bundle, open.scope)).await?;
                let viewer = with_facts((&known, &bundle, self.clock().now()), |facts| viewing::filler(&working.state, facts, person, &open.step));
                Ok(Some(Filling { form: form.for_viewer(&viewer), old: old.unwrap_or_default() }))
            }
        }
    }

    async fn submitted_to(&self, working: &Working, holder: Local) -> Result<Option<Value>, Fault> {
        let Some(form) = working.state.scopes.get(&holder).and_then(|scope| scope.form) else { return Ok(None) };
        self.body(working.row.tenant, working.row.id, form.commit).await
    }
}

/// What a form is filled in for.
#[derive(Clone, Copy)]
pub(in crate::app) enum Target<'a> {
    /// A new case of a workflow.
    File(&'a Name),
    /// A task of a case.
    Task(CaseId, Local),
}

/// A form as somebody who reads a case sees it.
#[must_use]
pub fn reader_copy(form: &Form, working: &Working, (known, bundle, now): (&Known, &Bundle, Moment), person: PersonId) -> Form {
    if !form.has_rules() {
        return form.clone();
    }
    form.for_viewer(&with_facts((known, bundle, now), |facts| viewing::reader(&working.state, facts, person)))
}

/// A form as somebody at a task of a case fills it in.
#[must_use]
pub fn filler_copy(form: &Arc<Form>, working: &Working, (known, bundle, now): (&Known, &Bundle, Moment), (person, step): (PersonId, &Name)) -> Arc<Form> {
    if !form.has_rules() {
        return form.clone();
    }
    Arc::new(form.for_viewer(&with_facts((known, bundle, now), |facts| viewing::filler(&working.state, facts, person, step))))
}

fn with_facts((known, bundle, now): (&Known, &Bundle, Moment), ask: impl FnOnce(&Facts<'_>) -> Viewer) -> Viewer {
    let (bodies, balances, counters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    ask(&Facts {
        now,
        bundle,
        target: None,
        calendar: &known.calendar,
        roster: &known.roster,
        bodies: &bodies,
        balances: &balances,
        counters: &counters,
        leases: &BTreeMap::new(),
    })
}

fn intruding(errors: Vec<FieldError>) -> Refusal {
    let details: Vec<Detail> = errors.into_iter().map(|error| Detail::new(&format!("/form{}", error.path), error.code, error.zh, error.en)).collect();
    let (zh, en) = (
        format!("无法提交：有 {} 个字段不由您填写，什么也没有改变", details.len()),
        format!("cannot submit: fields that are not yours to fill in: {}; nothing was changed", details.len()),
    );
    Refusal { details, ..Refusal::forbidden("field_not_editable", zh, en) }
}
