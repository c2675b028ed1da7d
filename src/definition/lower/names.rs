//! The names an expression or a table reads: the form's fields, the case, and what earlier steps left behind.

use std::collections::BTreeSet;

use super::Lowering;
use crate::definition::diagnostics::Findings;
use crate::definition::syntax::{Handler, Kind, Step, Word, Workflow, walk_all, walk_own};
use crate::expr::Expr;
use crate::source::{Node as Source, Place};

/// What every expression may read of the case.
const CASE: &[&str] = &["year", "rank", "workflow", "number"];

impl Lowering<'_> {
    /// Holds the names of an expression against what there is; answers whether all are known.
    pub(super) fn names_in(&self, node: &Source, expr: &Expr, findings: &mut Findings<'_>) -> bool {
        let mut known = true;
        for path in expr.paths() {
            let offset = expr.source().find(&path.join(".")).unwrap_or(0);
            known &= self.path(node.place_in(offset), &path, findings);
        }
        known
    }

    /// Holds one path, such as `form.area_m2`, against what there is; answers whether it is known.
    pub(super) fn path(&self, at: Place, path: &[String], findings: &mut Findings<'_>) -> bool {
        let Some(root) = path.first() else { return true };
        let member = path.get(1).map(String::as_str);
        match root.as_str() {
            "form" => {
                let form = self.workflow.form.as_ref().and_then(|file| self.parts.forms.get(&*file.value));
                if let (Some(form), Some(member)) = (form, member)
                    && !form.has_path(path.get(1..).unwrap_or_default())
                {
                    let known = form.fields().map(|field| field.key.as_str());
                    findings.unknown(at, "GL016", ("表单字段", "a field of the form"), member, known);
                    return false;
                }
                true
            }
            "case" => {
                let Some(member) = member.filter(|member| !CASE.contains(member)) else { return true };
                findings.unknown(at, "GL016", ("办件属性", "something of the case"), member, CASE.iter().copied());
                false
            }
            // What a call hands over is known to the caller alone.
            "input" => true,
            // So is what a member of a list is.
            item if self.is_item(item) => true,
            "open" => match member {
                Some(step) if !self.all.contains_key(step) => {
                    findings.unknown(at, "GL010", ("步骤", "a step"), step, self.all.keys().copied());
                    false
                }
                Some(_) | None => true,
            },
            step => match self.all.get(step) {
                Some(step) => self.of_step(at, step, member, findings),
                None if self.plan.index.contains_key(step) => true,
                None => {
                    let known = self.all.keys().copied().chain(["form", "case", "input", "open"]);
                    findings.unknown(at, "GL016", ("表单、办件或步骤", "the form, the case or a step"), step, known);
                    false
                }
            },
        }
    }

    /// Whether a name is what a `for-each` of this file calls a member.
    pub(super) fn is_item(&self, name: &str) -> bool {
        self.all.values().any(|step| matches!(&step.kind, Kind::Each(each) if *each.item.value == *name))
    }

    fn of_step(&self, at: Place, step: &Step, member: Option<&str>, findings: &mut Findings<'_>) -> bool {
        let Some(member) = member else { return true };
        let form = match &step.kind {
            Kind::Task(task) => match &task.fields {
                Some(file) => match self.parts.forms.get(&*file.value) {
                    Some(form) => Some(form),
                    None => return true,
                },
                None => None,
            },
            Kind::Job(job) => match &job.fields {
                Some(file) => match self.parts.forms.get(&*file.value) {
                    Some(form) => Some(form),
                    None => return true,
                },
                None => None,
            },
            Kind::Approve(_)
            | Kind::Decide(_)
            | Kind::Post(_)
            | Kind::Timer { .. }
            | Kind::Message { .. }
            | Kind::Parallel(_)
            | Kind::Scope(_)
            | Kind::Throw { .. }
            | Kind::Call(_)
            | Kind::Each(_)
            | Kind::Document { .. }
            | Kind::End { .. }
            | Kind::Broken => None,
        };
        if let (Kind::Each(_), "results") = (&step.kind, member) {
            return true;
        }
        let returned = if let Kind::Call(call) = &step.kind { call.returns.as_slice() } else { &[] };
        let returned = returned.iter().map(|(name, _)| &*name.value);
        let known: BTreeSet<&str> = form.iter().flat_map(|form| form.fields()).map(|field| field.key.as_str()).chain(["outcome"]).chain(returned).collect();
        if !known.contains(member) {
            let thing = (format!("步骤 `{}` 留下的字段", step.key.value), format!("a field `{}` leaves behind", step.key.value));
            findings.unknown(at, "GL016", (&thing.0, &thing.1), member, known);
            return false;
        }
        true
    }
}

/// A step's name is used once in the whole file, because a part's steps are read by the whole. (Twice in one program is told by its plan.)
pub(super) fn once(workflow: &Workflow, findings: &mut Findings<'_>) {
    let mut programs: Vec<&[Step]> = vec![&workflow.steps];
    let mut handlers: Vec<&Handler> = workflow.handlers.iter().collect();
    walk_all(workflow, &mut |step| {
        if let Kind::Scope(scope) = &step.kind {
            programs.push(&scope.steps);
            handlers.extend(&scope.handlers);
        }
    });
    programs.extend(handlers.iter().map(|handler| handler.steps.as_slice()));
    let mut twice = |word: &Word| {
        let key = &word.value;
        findings.note(word.at, "GL005", (format!("步骤名 `{key}` 已被使用"), format!("expected a name used once, found `{key}` again")));
    };
    let mut seen = BTreeSet::new();
    for steps in programs {
        let mut own = BTreeSet::new();
        walk_own(steps, &mut |step| {
            if own.insert(step.key.value.clone()) && seen.contains(&step.key.value) {
                twice(&step.key);
            }
        });
        seen.extend(own);
    }
    for handler in handlers {
        if !seen.insert(handler.key.value.clone()) {
            twice(&handler.key);
        }
    }
}
