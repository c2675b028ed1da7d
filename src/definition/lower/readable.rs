//! The kinds of what an expression or a table may read, so that a date compared with a number is found before a case runs.
//! Invariant: looked at only where every name is known, so that a mistyped name gives one finding.
//! Never: a finding from a kind that is not known here, such as the form of a caller.

use std::collections::BTreeMap;

use super::Lowering;
use crate::definition::diagnostics::Findings;
use crate::definition::syntax::{Kind, Step, Word};
use crate::expr::{Expr, Table, Type};
use crate::source::Node as Source;

impl Lowering<'_> {
    /// Holds the kinds of an expression against what it reads and what it is wanted for.
    pub(super) fn kinds_in(&self, node: &Source, expr: &Expr, wanted: &Type, findings: &mut Findings<'_>) {
        for error in expr.fits(wanted, &self.roots()).err().unwrap_or_default() {
            findings.note(node.place_in(error.span.start), "GL017", (error.zh, error.en));
        }
    }

    /// Holds a table against what it reads here; its own file says where.
    pub(super) fn kinds_in_table(&self, file: &Word, table: &Table, findings: &mut Findings<'_>) {
        for mistake in table.check(&self.roots()).err().unwrap_or_default() {
            let (name, line, column) = (&file.value, mistake.line, mistake.column);
            let zh = format!("`{name}` 第 {line} 行第 {column} 列：{}", mistake.zh);
            findings.note(file.at, "GL017", (zh, format!("in `{name}` line {line} column {column}: {}", mistake.en)));
        }
    }

    fn roots(&self) -> BTreeMap<String, Type> {
        // Without a form of its own a workflow reads its caller's, whichever that is.
        let form = self.workflow.form.as_ref().and_then(|file| self.parts.forms.get(&*file.value)).map_or(Type::Any, |form| form.kinds());
        let case = [("year", Type::Number), ("rank", Type::Number), ("workflow", Type::Text), ("number", Type::Any)];
        let case = Type::Context(case.map(|(name, kind)| (name.to_owned(), kind)).into());
        let mut roots = BTreeMap::from([("form".to_owned(), form), ("case".to_owned(), case)]);
        roots.extend(["input", "open"].map(|root| (root.to_owned(), Type::Any)));
        let items = self.all.values().filter_map(|step| if let Kind::Each(each) = &step.kind { Some(each.item.value.to_string()) } else { None });
        let items: Vec<String> = items.collect();
        roots.extend(self.plan.index.keys().map(|key| (key.to_string(), Type::Any)));
        roots.extend(self.all.iter().map(|(key, step)| ((*key).to_owned(), self.left_by(step))));
        roots.extend(items.into_iter().map(|item| (item, Type::Any)));
        roots
    }

    /// What a step leaves behind: its outcome, and the fields of its answer.
    fn left_by(&self, step: &Step) -> Type {
        let fields = if let Kind::Task(task) = &step.kind {
            task.fields.as_ref()
        } else if let Kind::Job(job) = &step.kind {
            job.fields.as_ref()
        } else {
            None
        };
        let fields = fields.map(|file| self.parts.forms.get(&*file.value).map(|form| form.kinds()));
        let mut entries = match fields {
            Some(Some(Type::Context(entries))) => entries,
            Some(_) => return Type::Any,
            None => BTreeMap::new(),
        };
        let outcome = self.parts.outcomes(step).map_or(Type::Text, |outcomes| Type::OneOf(outcomes.iter().map(ToString::to_string).collect()));
        if let Kind::Call(call) = &step.kind {
            entries.extend(call.returns.iter().map(|(name, _)| (name.value.to_string(), Type::Any)));
        }
        if let Kind::Each(_) = &step.kind {
            entries.insert("results".to_owned(), Type::Any);
        }
        entries.insert("outcome".to_owned(), outcome);
        Type::Context(entries)
    }
}
