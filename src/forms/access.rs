//! Who sees and who fills in a field: the copy of a form that one person reads, and what a submission keeps of the one before.
//! Invariant: what a person may not see is in no answer made from their copy, and what they may not fill in stays as it was.
//! Never: a right. Who may read the case or do the task is `identity`'s to say; this only narrows it, field by field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::diff::escaped;
use super::{Field, FieldError, Form};
use crate::source::{Node, Reader, Tree};

/// Somebody a field is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The applicant of the case.
    Applicant,
    /// Whoever holds a post, in one office or in any.
    Post {
        /// The office; `None` is any.
        office: Option<String>,
        /// The post.
        post: String,
    },
    /// Whoever works, or has worked, on this step of the case.
    Step(String),
}

/// What the reader of a copy of a form may do with a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Not even see it.
    Hidden,
    /// See it.
    Seen,
    /// Fill it in, whenever the form is filled in at all.
    #[default]
    Open,
}

/// What one person is to one case on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The applicant.
    pub applicant: bool,
    /// Posts held, as (office, post).
    pub posts: Vec<(String, String)>,
    /// Steps worked on, or open to them now.
    pub steps: BTreeSet<String>,
    /// The step at which they fill the form in.
    pub at: Option<String>,
}

impl Viewer {
    fn sees(&self, who: &Who) -> bool {
        match who {
            Who::Step(step) => self.steps.contains(step) || self.fills(who),
            Who::Applicant | Who::Post { .. } => self.fills(who),
        }
    }

    /// A step's field is filled in at that step alone, not by everybody who once worked on it.
    fn fills(&self, who: &Who) -> bool {
        match who {
            Who::Applicant => self.applicant,
            Who::Post { office, post } => self.posts.iter().any(|held| held.1 == *post && office.as_ref().is_none_or(|office| held.0 == *office)),
            Who::Step(step) => self.at.as_ref() == Some(step),
        }
    }

    /// What this person may do with a field. Whoever fills it in sees it.
    #[must_use]
    pub fn access(&self, field: &Field) -> Access {
        let named = field.edit.as_ref().is_some_and(|list| list.iter().any(|who| self.fills(who)));
        let sees = named || field.see.as_ref().is_none_or(|list| list.iter().any(|who| self.sees(who)));
        match (sees, named || field.edit.is_none()) {
            (false, _) => Access::Hidden,
            (true, false) => Access::Seen,
            (true, true) => Access::Open,
        }
    }
}

impl Form {
    /// The form as one person reads it: each field says what they may do with it.
    #[must_use]
    pub fn for_viewer(&self, viewer: &Viewer) -> Self {
        let mut copy = self.clone();
        let fields = copy.pages.iter_mut().flat_map(|page| &mut page.sections).flat_map(|section| &mut section.fields);
        fields.for_each(|field| field.access = viewer.access(field));
        copy
    }

    /// Whether every field is everybody's, as in most forms.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.fields().all(|field| field.access == Access::Open)
    }

    /// Whether some field names who sees or fills it in.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        self.fields().any(|field| field.see.is_some() || field.edit.is_some())
    }

    /// A submission without what the reader of this copy may not see.
    #[must_use]
    pub fn seen(&self, submission: &Value) -> Value {
        self.without(submission, |field| field.access == Access::Hidden)
    }

    /// A submission without what the reader of this copy may not fill in: what is theirs to send.
    #[must_use]
    pub fn own(&self, submission: &Value) -> Value {
        self.without(submission, |field| field.access != Access::Open)
    }

    fn without(&self, submission: &Value, dropped: impl Fn(&Field) -> bool) -> Value {
        let Value::Object(object) = submission else { return submission.clone() };
        let kept = object.iter().filter(|(key, _)| !self.field(key).is_some_and(&dropped));
        Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Fields that were sent and are not this reader's to fill in.
    #[must_use]
    pub fn intruding(&self, sent: &Value) -> Vec<FieldError> {
        let theirs = |field: &&Field| field.access != Access::Open && sent.get(&field.key).is_some();
        self.fields().filter(theirs).map(FieldError::not_editable).collect()
    }

    /// Fields that are not this reader's to fill in and differ between two submissions all the same.
    #[must_use]
    pub fn altered(&self, old: &Value, new: &Value) -> Vec<FieldError> {
        let kept = self.carried(old, new);
        let theirs = |field: &&Field| field.access != Access::Open && kept.get(&field.key) != new.get(&field.key);
        self.fields().filter(theirs).map(FieldError::not_editable).collect()
    }

    /// What is handed in by sending `sent` after `old`: everything sent, and of the old submission what is not this reader's to change.
    /// A field that the new answers no longer ask for is not carried along.
    #[must_use]
    pub fn carried(&self, old: &Value, sent: &Value) -> Value {
        let Value::Object(sent) = sent else { return sent.clone() };
        let mut whole: Map<String, Value> = sent.clone();
        let closed: Vec<&Field> = self.fields().filter(|field| field.access != Access::Open).collect();
        for field in &closed {
            match old.get(&field.key) {
                Some(value) => drop(whole.insert(field.key.clone(), value.clone())),
                None => drop(whole.remove(&field.key)),
            }
        }
        let whole = Value::Object(whole);
        // Whether a condition without an answer asks for it is not known, and what is another's is not dropped on a guess.
        let dropped = |field: &Field| field.access != Access::Open && self.asked(field, &whole) == Some(false);
        self.without(&whole, dropped)
    }

    /// Whether a field outside rows is asked by a submission; one whose condition has no answer yet is not.
    #[must_use]
    pub fn asks(&self, field: &Field, submission: &Value) -> bool {
        self.asked(field, submission) == Some(true)
    }

    fn asked(&self, field: &Field, submission: &Value) -> Option<bool> {
        let Some(when) = &field.when else { return Some(true) };
        when.holds(&crate::expr::Value::context([("form", self.value(submission))])).ok()
    }
}

impl FieldError {
    fn not_editable(field: &Field) -> Self {
        let (zh, en) = match field.access {
            // The title of a field one may not see is not told either.
            Access::Hidden => ("提交的内容里有不由您填写的字段".to_owned(), "expected only fields that are yours to fill in, found another".to_owned()),
            Access::Seen | Access::Open => (
                format!("「{}」不由您在这一步填写，请勿提交", field.title.zh),
                format!("{}: expected nothing, because it is not yours to fill in at this step, found a value", field.title.en),
            ),
        };
        Self { path: format!("/{}", escaped(&field.key)), code: "field_not_editable", zh, en }
    }
}

/// A list of whom a field is for: `applicant`, a post, `office/post`, or `{step: key}`.
pub(super) fn who(reader: &mut Reader<'_>, node: &Node) -> Vec<Who> {
    let items = reader.list(node);
    if items.is_empty() {
        reader.expected(node, "nobody", ("至少一个人员", "at least one who"));
    }
    items.iter().filter_map(|item| one(reader, item)).collect()
}

fn one(reader: &mut Reader<'_>, node: &Node) -> Option<Who> {
    if let Tree::Map(_) = node.tree {
        let keys = reader.fields(node, &["step"])?;
        let step = reader.required(&keys, "step")?;
        return reader.text(step).map(Who::Step);
    }
    let text = reader.text(node)?;
    if text == "applicant" {
        return Some(Who::Applicant);
    }
    let name = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
    let (office, post) = text.split_once('/').map_or((None, text.as_str()), |(office, post)| (Some(office), post));
    if name(post) && office.is_none_or(name) {
        return Some(Who::Post { office: office.map(str::to_owned), post: post.to_owned() });
    }
    reader.expected(node, "bad-who", ("applicant、岗位、机构/岗位 或 {step: 步骤}", "`applicant`, a post, `office/post` or `{step: key}`"));
    None
}
