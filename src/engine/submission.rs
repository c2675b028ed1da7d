//! Whether what a person handed in is what the form asks for: every mistake at once, before anything is kept.
//! Invariant: a submission with a mistake leaves no event. Never: a form's content in a refusal beyond the short values `forms` shows.

use chrono::Timelike;
use serde_json::{Value, json};

use crate::definition::graph::AnswerForm;
use crate::engine::case::{BodyRef, Local};
use crate::engine::draft::{Draft, Step};
use crate::engine::event::Event;
use crate::engine::refusal::{Detail, Refusal};
use crate::engine::viewing;
use crate::forms::codes::Scheme;
use crate::forms::{FieldError, Form, Kind, Viewer};
use crate::ids::Name;

impl Draft<'_> {
    /// Checks a submission of the form that `scope` uses: its own workflow's, or its caller's. Fields that are not `by`'s stay as they were.
    pub fn check_submission(&mut self, scope: Local, submitted: BodyRef, by: &Viewer) -> Step<()> {
        let Some(form) = viewing::form_of(&self.case, self.facts.bundle, scope) else { return Ok(()) };
        let holder = viewing::form_holder(&self.case, self.facts.bundle, scope);
        let before = self.case.scopes.get(&holder).and_then(|scope| scope.form).filter(|_| form.has_rules());
        // An earlier submission that was erased had nothing that could be kept.
        let old = before.and_then(|before| self.body(before).cloned()).unwrap_or_default();
        let found = self.body(submitted).cloned();
        self.lacking()?;
        let Some(value) = found else { return Ok(()) };
        if !form.has_rules() {
            return Ok(checked(&form, &value, "form")?);
        }
        let form = form.for_viewer(by);
        let altered = form.altered(&old, &value);
        if !altered.is_empty() {
            return Err(wrong(altered, "form").into());
        }
        Ok(checked(&form, &value, "form")?)
    }

    /// Papers come in: the day they count as handed in, and the part of the region their form names.
    pub fn hand_in(&mut self, (scope, holder): (Local, Local), submitted: BodyRef) -> Step<()> {
        let form = self.case.scopes.get(&holder).and_then(|scope| self.facts.bundle.programs.get(&scope.program)).and_then(|program| program.form.as_ref());
        let key = form.and_then(|form| form.fields().find(|field| matches!(field.kind, Kind::Code(Scheme::Region)))).map(|field| field.key.clone());
        let district = match key {
            // Of nobody's papers nothing is looked up; a machine's draft names no part of the region.
            Some(key) if !self.case.applicant.0.is_nil() => self.body(submitted).and_then(|body| body.get(&key)?.as_str()).map(Name::from),
            Some(_) | None => None,
        };
        self.lacking()?;
        let (today, minute) = (self.facts.now.date(), self.facts.now.civil().num_seconds_from_midnight() / 60);
        let on = self.region_of(district.as_ref()).filed_on(today, minute);
        self.filed = Some(on).filter(|on| *on != today);
        self.emit(Event::Submitted { scope, holder, form: submitted, on, district });
        Ok(())
    }

    /// Checks the fields of an answer; outcomes that need none may leave them out.
    pub fn check_fields(&mut self, answer: &AnswerForm, outcome: &Name, body: Option<BodyRef>, by: &Viewer) -> Step<()> {
        let found = match body {
            Some(body) => self.body(body).cloned(),
            None => None,
        };
        self.lacking()?;
        let fields = match found.as_ref().and_then(|body| body.get("fields")) {
            Some(fields) => fields,
            None if answer.with.contains(outcome) => &json!({}),
            None => return Ok(()),
        };
        if !answer.form.has_rules() {
            return Ok(checked(&answer.form, fields, "fields")?);
        }
        let form = answer.form.for_viewer(by);
        let intruding = form.intruding(fields);
        if !intruding.is_empty() {
            return Err(wrong(intruding, "fields").into());
        }
        Ok(checked(&form, fields, "fields")?)
    }
}

impl Draft<'_> {
    /// Checks what an outside system hands back against what its step declares; the whole form is its own to fill in.
    pub fn check_handed_back(&mut self, form: Option<&Form>, body: Option<BodyRef>) -> Step<()> {
        let found = match body {
            Some(body) => self.body(body).cloned(),
            None => None,
        };
        self.lacking()?;
        let fields = found.as_ref().and_then(|body| body.get("fields"));
        match (form, fields) {
            (Some(form), fields) => Ok(checked(form, fields.unwrap_or(&json!({})), "fields")?),
            (None, None) => Ok(()),
            (None, Some(_)) => {
                Err(Refusal::invalid("fields_not_asked", "无法提交：该作业没有写明交回哪些字段", "cannot complete the job: its step declares no fields").into())
            }
        }
    }
}

fn checked(form: &Form, value: &Value, root: &str) -> Result<(), Refusal> {
    form.validate(value).map_err(|errors| wrong(errors, root))
}

fn wrong(errors: Vec<FieldError>, root: &str) -> Refusal {
    let details: Vec<Detail> = errors.into_iter().map(|error| Detail::new(&format!("/{root}{}", error.path), error.code, error.zh, error.en)).collect();
    let (zh, en) =
        (format!("无法提交：有 {} 处需要改正，什么也没有改变", details.len()), format!("cannot submit; mistakes: {}; nothing was changed", details.len()));
    Refusal { details, ..Refusal::invalid("form_wrong", zh, en) }
}
