//! The names an expression or a table reads: the form's fields, the case, and what earlier steps left behind.

use std::collections::BTreeSet;

use super::Lowering;
use super::plan::Slot;
use crate::definition::diagnostics::Findings;
use crate::definition::syntax::{Kind, Step};
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
            step => match self.plan.index.get(step).and_then(|ix| self.plan.nodes.get(usize::from(ix.0))).map(|planned| planned.slot) {
                Some(Slot::Step(step)) => self.of_step(at, step, member, findings),
                Some(Slot::Join { .. } | Slot::BesideEnd) => true,
                None => {
                    let known = self.plan.index.keys().map(|key| &**key).chain(["form", "case"]);
                    findings.unknown(at, "GL016", ("表单、办件或步骤", "the form, the case or a step"), step, known);
                    false
                }
            },
        }
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
            Kind::Approve(_)
            | Kind::Decide(_)
            | Kind::Post(_)
            | Kind::Timer { .. }
            | Kind::Message { .. }
            | Kind::Parallel(_)
            | Kind::Call(_)
            | Kind::Document { .. }
            | Kind::End { .. }
            | Kind::Broken => None,
        };
        let known: BTreeSet<&str> = form.iter().flat_map(|form| form.fields()).map(|field| field.key.as_str()).chain(["outcome"]).collect();
        if !known.contains(member) {
            let thing = (format!("步骤 `{}` 留下的字段", step.key.value), format!("a field `{}` leaves behind", step.key.value));
            findings.unknown(at, "GL016", (&thing.0, &thing.1), member, known);
            return false;
        }
        true
    }
}
