//! Whether what a person handed in is what the form asks for: every mistake at once, before anything is kept.
//! Invariant: a submission with a mistake leaves no event. Never: a form's content in a refusal beyond the short values `forms` shows.

use serde_json::{Value, json};

use crate::definition::graph::AnswerForm;
use crate::engine::case::{BodyRef, Local};
use crate::engine::draft::{Draft, Step};
use crate::engine::refusal::{Detail, Refusal};
use crate::forms::Form;
use crate::ids::Name;

impl Draft<'_> {
    /// Checks a submission of the form that `scope` uses: its own workflow's, or its caller's.
    pub fn check_submission(&mut self, scope: Local, submitted: BodyRef) -> Step<()> {
        let mut form = None;
        for above in self.ancestry(scope) {
            form = form.or_else(|| self.program(above).ok().and_then(|program| program.form.clone()));
        }
        let found = self.body(submitted);
        self.lacking()?;
        match (form, found) {
            (Some(form), Some(value)) => Ok(checked(&form, value, "form")?),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Checks the fields of an answer; outcomes that need none may leave them out.
    pub fn check_fields(&mut self, answer: &AnswerForm, outcome: &Name, body: Option<BodyRef>) -> Step<()> {
        let found = match body {
            Some(body) => self.body(body),
            None => None,
        };
        self.lacking()?;
        match found.and_then(|body| body.get("fields")) {
            Some(fields) => Ok(checked(&answer.form, fields, "fields")?),
            None if answer.with.contains(outcome) => Ok(checked(&answer.form, &json!({}), "fields")?),
            None => Ok(()),
        }
    }
}

fn checked(form: &Form, value: &Value, root: &str) -> Result<(), Refusal> {
    let Err(errors) = form.validate(value) else { return Ok(()) };
    let details: Vec<Detail> = errors.into_iter().map(|error| Detail::new(&format!("/{root}{}", error.path), error.code, error.zh, error.en)).collect();
    let (zh, en) =
        (format!("无法提交：有 {} 处需要改正，什么也没有改变", details.len()), format!("cannot submit; mistakes: {}; nothing was changed", details.len()));
    Err(Refusal { details, ..Refusal::invalid("form_wrong", zh, en) })
}
