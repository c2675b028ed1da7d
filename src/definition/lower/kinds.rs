//! What each step does, with the names in it resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::{Plan, Planned};
use super::{Lowering, edges};
use crate::calendar::Span;
use crate::definition::diagnostics::{Findings, suggestion};
use crate::definition::graph::{AnswerForm, Callee, JobRule, Least, NodeIx, NodeKind, Pool, TaskRule};
use crate::definition::parts::ends;
use crate::definition::syntax::{self, Basis, Call, Job, Kind, Post, Step, Task, Word, walk_all};
use crate::expr::{self, Expr, Table, Type};
use crate::ids::Name;
use crate::source::{Node as Source, Tree};

impl Lowering<'_> {
    pub(super) fn kind(&self, planned: &Planned<'_>, step: &Step, findings: &mut Findings<'_>) -> Option<NodeKind> {
        match &step.kind {
            Kind::Task(task) => self.task(step, task, findings).map(NodeKind::Task),
            Kind::Approve(approve) => self.approve(step, approve, findings).map(NodeKind::Approve),
            Kind::Decide(table) => self.table(table, findings),
            Kind::Post(post) => self.post(post, findings),
            Kind::Timer { span, publish } => Some(NodeKind::Timer { span: span.value, publishes: publish.as_ref().map(|word| word.value.clone()) }),
            Kind::Message { name, heard, queue } => {
                let queue_for = queue.as_ref().map(|word| self.queue(word, findings));
                Some(NodeKind::Message { name: name.value.clone(), heard: *heard, queue_for: queue_for.flatten() })
            }
            Kind::Job(job) => self.job(job, findings).map(NodeKind::Job),
            Kind::Parallel(parallel) => {
                let branches = self.branches(parallel, findings);
                let split = *self.plan.index.get(&planned.key)?;
                Some(NodeKind::Split { branches, join: self.plan.join_of(split)? })
            }
            Kind::Call(call) => self.call(call, findings),
            Kind::Scope(_) => Some(self.scope(step)),
            Kind::Each(each) => self.each(step, each, findings),
            Kind::Throw { what, name } => Some(NodeKind::Throw { what: *what, name: name.value.clone() }),
            Kind::Document { kind, number } => Some(NodeKind::Document { kind: kind.value.clone(), number: number.clone() }),
            Kind::End { result, terminate } => Some(NodeKind::End { result: result.value.clone(), terminate: *terminate }),
            Kind::Broken => None,
        }
    }

    fn task(&self, step: &Step, task: &Task, findings: &mut Findings<'_>) -> Option<TaskRule> {
        let by = self.pool(&task.by, findings);
        let not = self.barred(&task.not, findings);
        let same_as = task.same_as.as_ref().map(|word| self.steps(std::slice::from_ref(word), findings));
        let form = task.fields.as_ref().map(|file| self.form(file, findings));
        let outcomes: Vec<Name> = task.outcomes.iter().map(|word| word.value.clone()).collect();
        for (number, outcome) in task.outcomes.iter().enumerate() {
            if outcomes.iter().take(number).any(|earlier| *earlier == outcome.value) {
                let name = &outcome.value;
                findings.note(outcome.at, "GL005", (format!("结果 `{name}` 写了两遍"), format!("expected each outcome once, found `{name}` again")));
            }
        }
        let needs = task.needs.iter().filter_map(|(outcome, table)| Some((outcome.value.clone(), self.list(table, findings)?))).collect();
        for outcome in task.without_opinion.iter().chain(&task.fields_with).chain(task.needs.iter().map(|(outcome, _)| outcome)) {
            if !outcomes.contains(&outcome.value) {
                edges::unknown_outcome(findings, step, outcome, &outcomes);
            }
        }
        let with =
            if task.fields_with.is_empty() { outcomes.iter().cloned().collect() } else { task.fields_with.iter().map(|word| word.value.clone()).collect() };
        Some(TaskRule {
            by: by?,
            backup_after: self.backup_after(&task.by),
            of: self.narrowing(&task.by, findings),
            not,
            same_as: same_as.and_then(|steps| steps.into_iter().next()),
            outcomes,
            fields: form.flatten().map(|form| AnswerForm { form, with }),
            edits_form: task.edits_form,
            without_opinion: task.without_opinion.iter().map(|word| word.value.clone()).collect(),
            needs,
            least: task.least.as_ref().map(|least| self.least(step, task, least, findings)),
            after: self.approval(&task.after, findings),
        })
    }

    /// The least time of a task, with the field that excuses less.
    fn least(&self, step: &Step, task: &Task, least: &syntax::Least, findings: &mut Findings<'_>) -> Least {
        let key = &step.key.value;
        if let Some(within) = step.within.as_ref().filter(|within| within.value.unit == least.span.value.unit && within.value.days <= least.span.value.days) {
            let (limit, span) = (within.value, least.span.value);
            let zh = format!("步骤 `{key}` 至少 {}，时限却只有 {}", span.zh(), limit.zh());
            findings.note(least.span.at, "GL068", (zh, format!("expected a limit longer than the {span} that step `{key}` takes at least, found {limit}")));
        }
        if let Some(reason) = &least.reason {
            let form = task.fields.as_ref().and_then(|file| self.parts.forms.get(&*file.value));
            let texts: Vec<&str> = form
                .iter()
                .flat_map(|form| form.fields())
                .filter(|field| matches!(field.kind, crate::forms::Kind::Text(_) | crate::forms::Kind::LongText(_)))
                .map(|field| field.key.as_str())
                .collect();
            if !texts.contains(&&*reason.value) {
                let found = &reason.value;
                let zh = format!("步骤 `{key}` 的答复没有填写提前理由的文字字段 `{found}`");
                let en = format!("expected a text field of the answer of step `{key}` for the reason, found `{found}`");
                findings.note(reason.at, "GL068", (zh, en)).help(suggestion(found, &texts));
            }
        }
        let basis: Vec<String> = least.basis.iter().map(Basis::printed).collect();
        Least { span: least.span.value, basis: basis.join("；"), reason: least.reason.as_ref().map(|reason| reason.value.clone()) }
    }

    fn table(&self, file: &Word, findings: &mut Findings<'_>) -> Option<NodeKind> {
        let found = self.table_named(file, findings);
        if let Some(table) = found.as_ref().filter(|table| !table.hit().gives_one()) {
            let (zh, en) = (
                format!("决策步骤须得出一个结论，`{}` 的命中策略得出多个结论或一个数", table.key()),
                "expected a table that gives one outcome, found a hit policy that gives several or a number".to_owned(),
            );
            findings.note(file.at, "GL006", (zh, en)).help(Some(("命中策略改用 U、A、P 或 F".into(), "use the hit policy U, A, P or F".into())));
        }
        found.map(NodeKind::Decide)
    }

    /// A table that lists what is missing: any number of outcomes, none included.
    fn list(&self, file: &Word, findings: &mut Findings<'_>) -> Option<Arc<Table>> {
        let found = self.table_named(file, findings);
        if let Some(table) = found.as_ref().filter(|table| !table.hit().gives_list()) {
            let (zh, en) = (
                format!("`needs` 用的表须列出所缺的各项，`{}` 的命中策略不得出清单", table.key()),
                "expected a table under `needs` that gives a list, found a hit policy that gives one outcome or a number".to_owned(),
            );
            findings.note(file.at, "GL006", (zh, en)).help(Some(("命中策略改用 R、O 或 C".into(), "use the hit policy R, O or C".into())));
        }
        found
    }

    /// A table by its file, held against what may be read here.
    fn table_named(&self, file: &Word, findings: &mut Findings<'_>) -> Option<Arc<Table>> {
        let found = self.parts.tables.get(&*file.value).cloned();
        if found.is_none() && !self.parts.broken.contains(&*file.value) {
            findings.unknown(file.at, "GL015", ("决策表文件", "a decision table's file"), &file.value, self.parts.tables.keys().map(String::as_str));
        }
        if let Some(table) = &found {
            let known: Vec<bool> = table.paths().iter().map(|path| self.path(file.at, path, findings)).collect();
            if known.iter().all(|known| *known) {
                self.kinds_in_table(file, table, findings);
            }
        }
        found
    }

    fn post(&self, post: &Post, findings: &mut Findings<'_>) -> Option<NodeKind> {
        let account: Vec<Option<Expr>> = post.account.iter().map(|node| self.account_part(node, findings)).collect();
        let amount = self.expression(&post.amount, &Type::Number, findings);
        let results = ends(self.steps, self.handlers).unwrap_or_default();
        for (result, _) in &post.settle {
            if !results.contains(&result.value) {
                findings.unknown(result.at, "GL011", ("办理结果", "a result it can end with"), &result.value, results.iter().map(|name| &**name));
            }
        }
        Some(NodeKind::Post {
            account: account.into_iter().collect::<Option<_>>()?,
            amount: Arc::new(amount?),
            settle: post.settle.iter().map(|(result, becomes)| (result.value.clone(), *becomes)).collect(),
            otherwise: post.otherwise,
        })
    }

    /// A bare word is itself; anything else is an expression.
    fn account_part(&self, node: &Source, findings: &mut Findings<'_>) -> Option<Expr> {
        match &node.tree {
            Tree::Text(text) if text.chars().all(|c| c.is_alphanumeric() || c == '-') => expr::parse(&format!("\"{text}\"")).ok(),
            Tree::Number(digits) => expr::parse(&format!("\"{digits}\"")).ok(),
            Tree::Text(_) | Tree::Null | Tree::Bool(_) | Tree::List(_) | Tree::Map(_) => self.expression(node, &Type::Any, findings),
        }
    }

    /// Parses an expression where it stands, and holds it against what it reads and what it is wanted for.
    pub(super) fn expression(&self, node: &Source, wanted: &Type, findings: &mut Findings<'_>) -> Option<Expr> {
        let (Tree::Text(text) | Tree::Number(text)) = &node.tree else {
            let found = node.found();
            findings.note(node.at, "GL004", (format!("期望表达式，实际 `{found}`"), format!("expected an expression, found `{found}`")));
            return None;
        };
        match expr::parse(text) {
            Ok(expr) => {
                if self.names_in(node, &expr, findings) {
                    self.kinds_in(node, &expr, wanted, findings);
                }
                Some(expr)
            }
            Err(errors) => {
                for error in errors {
                    findings.note(node.place_in(error.span.start), "GL017", (error.zh, error.en));
                }
                None
            }
        }
    }

    fn queue(&self, word: &Word, findings: &mut Findings<'_>) -> Option<NodeIx> {
        let Some(ix) = self.plan.index.get(&word.value) else {
            self.unknown_step(word, findings);
            return None;
        };
        let is_post = self.plan.nodes.get(usize::from(ix.0)).is_some_and(|planned| match planned.slot {
            super::Slot::Step(step) => matches!(step.kind, Kind::Post(_) | Kind::Broken),
            super::Slot::Join { .. } | super::Slot::BesideEnd => false,
        });
        if !is_post {
            let name = &word.value;
            findings.note(word.at, "GL010", (format!("`{name}` 不是预留(post)步骤"), format!("expected a `post` step to queue for, found `{name}`")));
        }
        Some(*ix)
    }

    fn call(&self, call: &Call, findings: &mut Findings<'_>) -> Option<NodeKind> {
        let (known, callee) = (&self.parts.workflows, &call.workflow);
        let with = self.by_name(&call.with, findings);
        let Some(called) = known.get(&*callee.value) else {
            if !self.parts.broken.contains(&format!("{}.yaml", callee.value)) {
                findings.unknown(callee.at, "GL014", ("工作流", "a workflow"), &callee.value, known.keys().map(|name| &**name));
            }
            return None;
        };
        // What is handed back is read where it was made.
        let mut all: BTreeMap<&str, &Step> = BTreeMap::new();
        walk_all(called, &mut |step| {
            all.entry(&step.key.value).or_insert(step);
        });
        let there =
            Lowering { workflow: called, parts: self.parts, all: &all, steps: &called.steps, handlers: &called.handlers, member: None, plan: &Plan::default() };
        let returns = there.by_name(&call.returns, findings);
        Some(NodeKind::Call { callee: Callee::Fixed(callee.value.clone()), with: with?, returns: returns? })
    }

    fn job(&self, job: &Job, findings: &mut Findings<'_>) -> Option<JobRule> {
        let with = self.by_name(&job.with, findings);
        let fields = job.fields.as_ref().map(|file| self.form(file, findings));
        let errors = job.errors.iter().map(|word| word.value.clone()).collect();
        Some(JobRule { topic: job.topic.value.clone(), with: with?, fields: fields.flatten(), errors, retries: job.retries, pauses_s: job.pauses_s.clone() })
    }

    fn by_name(&self, expressions: &[(Word, Source)], findings: &mut Findings<'_>) -> Option<Vec<(Name, Arc<Expr>)>> {
        let read = expressions.iter().map(|(name, node)| Some((name.value.clone(), Arc::new(self.expression(node, &Type::Any, findings)?))));
        read.collect::<Vec<_>>().into_iter().collect()
    }

    /// A part with steps of its own is a program beside this one.
    fn scope(&self, step: &Step) -> NodeKind {
        NodeKind::Call { callee: Callee::Embedded(super::part(&self.workflow.name.value, &step.key.value)), with: Vec::new(), returns: Vec::new() }
    }

    /// After how long unclaimed the B post of a pool is asked too.
    fn backup_after(&self, word: &Word) -> Option<Span> {
        self.workflow.people.iter().find(|(name, _)| name.value == word.value).and_then(|(_, pool)| match pool {
            syntax::Pool::Posts { backup_after, .. } => backup_after.as_ref().map(|span| span.value),
            syntax::Pool::Applicant => None,
        })
    }

    /// Which of a pool's offices a case asks.
    fn narrowing(&self, word: &Word, findings: &mut Findings<'_>) -> Option<Arc<Expr>> {
        let (_, pool) = self.workflow.people.iter().find(|(name, _)| name.value == word.value)?;
        match pool {
            syntax::Pool::Posts { of, .. } => self.expression(of.as_ref()?, &Type::Any, findings).map(Arc::new),
            syntax::Pool::Applicant => None,
        }
    }

    /// A pool by its name under `people`.
    pub(super) fn pool(&self, word: &Word, findings: &mut Findings<'_>) -> Option<Pool> {
        let found = self.workflow.people.iter().find(|(name, _)| name.value == word.value);
        match found {
            Some((_, syntax::Pool::Applicant)) => Some(Pool::Applicant),
            Some((_, syntax::Pool::Posts { offices, post, .. })) => {
                Some(Pool::Posts { offices: offices.iter().map(|office| office.value.clone()).collect(), post: post.value.clone() })
            }
            None if &*word.value == "applicant" => Some(Pool::Applicant),
            None => {
                let known = self.workflow.people.iter().map(|(name, _)| &*name.value).chain(["applicant"]);
                findings.unknown(word.at, "GL013", ("办理人(people)", "somebody under `people`"), &word.value, known);
                None
            }
        }
    }

    /// Names of steps.
    pub(super) fn steps(&self, words: &[Word], findings: &mut Findings<'_>) -> Vec<Name> {
        for word in words {
            if !self.plan.index.contains_key(&word.value) && !self.all.contains_key(&*word.value) {
                self.unknown_step(word, findings);
            }
        }
        words.iter().map(|word| word.value.clone()).collect()
    }
}
