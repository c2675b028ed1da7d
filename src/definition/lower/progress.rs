//! Where a workflow keeps its timetable: the steps, the fields of their answers, and the columns those rows must have.

use super::Lowering;
use crate::definition::diagnostics::{Findings, suggestion};
use crate::definition::graph::Timetable;
use crate::definition::syntax::{Kind, StepOutcome};
use crate::forms::{Field, Kind as FieldKind};
use crate::ids::Name;

/// A column a row must have: its key, and what it must be.
type Column = (&'static str, fn(&FieldKind) -> bool, (&'static str, &'static str));

const NODE: Column = ("node", |kind| matches!(kind, FieldKind::Text(_)), ("文字", "text"));
const START: Column = ("start", |kind| matches!(kind, FieldKind::Date { .. }), ("日期", "date"));
const DUE: Column = ("due", |kind| matches!(kind, FieldKind::Date { .. }), ("日期", "date"));
const PERCENT: Column = ("percent", |kind| matches!(kind, FieldKind::Integer(_)), ("整数", "integer"));

impl Lowering<'_> {
    pub(super) fn progress(&self, (plan, done): &(StepOutcome, StepOutcome), findings: &mut Findings<'_>) -> Option<Timetable> {
        let plan = self.rows(plan, &[NODE, START, DUE], findings);
        let done = self.rows(done, &[NODE, PERCENT], findings);
        Some(Timetable { plan: plan?, done: done? })
    }

    /// A field of a step's answer that holds rows with these columns.
    fn rows(&self, of: &StepOutcome, columns: &[Column], findings: &mut Findings<'_>) -> Option<(Name, Name)> {
        let field = of.outcome.as_ref()?;
        let Some(step) = self.all.get(&*of.step.value) else {
            self.unknown_step(&of.step, findings);
            return None;
        };
        let file = if let Kind::Task(task) = &step.kind { task.fields.as_ref() } else { None };
        let form = file.and_then(|file| self.parts.forms.get(&*file.value));
        let fields: Vec<&Field> = form.map(|form| form.fields().collect()).unwrap_or_default();
        let Some(found) = fields.iter().find(|one| *one.key == *field.value) else {
            let (step, key) = (&of.step.value, &field.value);
            let sentences = (format!("步骤 `{step}` 的答复没有字段 `{key}`"), format!("expected a field of the answer of step `{step}`, found `{key}`"));
            let known: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
            findings.note(field.at, "GL067", sentences).help(suggestion(key, &known));
            return None;
        };
        let inner = if let FieldKind::Rows { fields, .. } = &found.kind { fields.as_slice() } else { &[] };
        let mut whole = true;
        for (key, fits, (zh, en)) in columns {
            if inner.iter().any(|column| column.key == *key && fits(&column.kind)) {
                continue;
            }
            whole = false;
            let name = &field.value;
            let sentences = (format!("`{name}` 的各行要有字段 `{key}`（{zh}）"), format!("expected rows with a field `{key}` ({en}) in `{name}`"));
            findings.note(field.at, "GL067", sentences);
        }
        whole.then(|| (of.step.value.clone(), field.value.clone()))
    }
}
