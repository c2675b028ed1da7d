//! Answering many tasks of one step alike (批量办理), where its workflow says so, with a result for each.
//! Invariant: each task is a command of its own, whose id follows from the form and the task: sent twice, each is done once. Never: a task nobody ticked.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::app::batch::Alike;
use crate::app::desk::{DeskFilter, DeskLine};
use crate::app::failure::Failure;
use crate::app::notices::short_name;
use crate::definition::graph::{Node, NodeKind, Verb};
use crate::engine::case::Local;
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, Text};
use crate::limits::BATCH_TASKS_MAX;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::case::fresh_command;
use crate::web::pages::case::spoken::Spoken;
use crate::web::visitor::Visitor;
use crate::web::words::sentence;

#[derive(Serialize)]
struct Page {
    step: String,
    link: String,
    link_key: String,
    step_key: String,
    command: String,
    rows: Vec<Row>,
    outcomes: Vec<Choice>,
    opinion: String,
    refused: Option<String>,
    results: Vec<Outcome>,
    done: usize,
    all_done: Option<usize>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    value: String,
    href: String,
    #[serde(rename = "case_number")]
    number: String,
    project: String,
    due: Option<String>,
    light: crate::supervision::Light,
    chosen: bool,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

/// What became of one task.
#[derive(Serialize)]
struct Outcome {
    href: String,
    #[serde(rename = "case_number")]
    number: String,
    refused: Option<String>,
}

/// Which step, and what was typed.
#[derive(Default)]
struct Typed {
    link: String,
    step: String,
    items: Vec<String>,
    outcome: String,
    opinion: String,
    command: String,
    /// How many were done just now, all of them.
    done: Option<usize>,
}

impl Typed {
    fn read(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or(String::new(), |(_, value)| value.trim().to_owned());
        let items = pairs.iter().filter(|(key, _)| key == "item").map(|(_, value)| value.clone()).collect();
        Self {
            link: one("link"),
            step: one("step"),
            items,
            outcome: one("outcome"),
            opinion: one("opinion"),
            command: one("command"),
            done: one("done").parse().ok(),
        }
    }

    fn tasks(&self) -> Vec<(CaseId, Local)> {
        let read = |item: &String| item.split_once('.').and_then(|(case, task)| Some((case.parse().ok()?, task.parse().ok()?)));
        self.items.iter().filter_map(read).collect()
    }

    fn lacks(&self) -> Option<Refusal> {
        match () {
            () if self.tasks().is_empty() => Some(Refusal::invalid("tasks_required", "请勾选要办理的待办。", "tick the tasks to answer.")),
            () if self.outcome.is_empty() => Some(Refusal::invalid("outcome_required", "请选择办理结果。", "choose what it comes to.")),
            () => None,
        }
    }
}

/// Where the tasks of a step are answered together. A part of a workflow has a `#` in its name.
pub fn address(link: &str, step: &str) -> String {
    format!("/inbox/batch?{}", serde_html_form::to_string([("link", link), ("step", step)]).unwrap_or_default())
}

/// The tasks of a step one may answer together.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Query(pairs): Query<Vec<(String, String)>>) -> Result<Response, Trouble> {
    page(&shared, &visitor, &Typed::read(&pairs), (None, Vec::new())).await
}

/// Answers them, one by one.
pub async fn act(State(shared): State<Shared>, visitor: Visitor, axum::Form(pairs): axum::Form<Vec<(String, String)>>) -> Result<Response, Trouble> {
    let typed = Typed::read(&pairs);
    if let Some(refusal) = typed.lacks() {
        return page(&shared, &visitor, &typed, (Some(refusal), Vec::new())).await;
    }
    let alike = Alike {
        tenant: visitor.tenant,
        actor: visitor.actor(),
        command_id: typed.command.parse().ok(),
        outcome: typed.outcome.as_str().into(),
        opinion: Some(typed.opinion.clone()).filter(|opinion| !opinion.is_empty()),
    };
    let tasks = typed.tasks();
    let named: Vec<(String, Local)> = tasks.iter().map(|(case, task)| (case.to_string(), *task)).collect();
    let told = match shared.app.answer_alike(&alike, &named).await {
        Ok(told) => told,
        Err(refusal) => return page(&shared, &visitor, &typed, (Some(refusal), Vec::new())).await,
    };
    let mut results = Vec::with_capacity(told.len());
    for ((case, task), told) in tasks.into_iter().zip(told) {
        match told {
            Ok(receipt) => results.push((case, task, receipt.number, None)),
            Err(Failure::Refused(refusal)) => results.push((case, task, None, Some(*refusal))),
            Err(Failure::Fault(fault)) => return Err(fault.into()),
        }
    }
    if results.iter().all(|(.., refused)| refused.is_none()) {
        let to = format!("{}&done={}", address(&typed.link, &typed.step), results.len());
        return Ok(Redirect::to(&to).into_response());
    }
    page(&shared, &visitor, &typed, (None, results)).await
}

type Answered = (CaseId, Local, Option<String>, Option<Refusal>);

async fn page(shared: &Shared, visitor: &Visitor, typed: &Typed, (refused, results): (Option<Refusal>, Vec<Answered>)) -> Result<Response, Trouble> {
    let spoken = Spoken::to(shared, visitor);
    let bundles = visitor.known.bundles.values().rev();
    let program = bundles.filter_map(|bundle| bundle.programs.get(typed.link.as_str())).next();
    let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *typed.step)).filter(|node| node.verbs.allow(Verb::Batch));
    let Some((program, node)) = program.zip(node) else {
        let (zh, en) = ("这一步不能批量办理：流程没有写明可以。", "cannot answer in a batch: the workflow does not allow it at this step");
        return Err(Refusal::invalid("verb_not_allowed", zh, en).into());
    };
    let said = |refusal: &Refusal| spoken.say(&Text { zh: refusal.zh.clone(), en: refusal.en.clone() });
    // What was refused stays ticked; a form sent for the first time has nothing ticked.
    let failed: Vec<String> = results.iter().filter(|(.., refused)| refused.is_some()).map(|(case, task, ..)| format!("{case}.{task}")).collect();
    let ticked = if results.is_empty() { &typed.items } else { &failed };
    let rows = lines(shared, visitor, typed).await?.iter().map(|line| row(&spoken, line, ticked)).collect();
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let done = results.iter().filter(|(.., refused)| refused.is_none()).count();
    let result = |(case, _, number, refused): &Answered| {
        let number = number.clone().unwrap_or_else(|| short_name(*case));
        Outcome { href: format!("/cases/{case}"), number, refused: refused.as_ref().map(said) }
    };
    let data = Page {
        step: spoken.say(&node.title),
        link: spoken.say(&program.title),
        link_key: typed.link.clone(),
        step_key: typed.step.clone(),
        command: fresh_command()?,
        rows,
        outcomes: outcomes(&spoken, node, &typed.outcome),
        opinion: typed.opinion.clone(),
        refused: refused.as_ref().map(said),
        results: results.iter().map(result).collect(),
        done,
        all_done: typed.done.filter(|_| results.is_empty() && refused.is_none()),
    };
    Ok(shared.pages.page_with(status, &visitor.site, "batch", &spoken.t("batch-title"), &data))
}

/// Open tasks of the step that nobody else has.
async fn lines(shared: &Shared, visitor: &Visitor, typed: &Typed) -> Result<Vec<DeskLine>, Trouble> {
    let mut filter = DeskFilter { program: Some(typed.link.clone()), ..DeskFilter::default() };
    let most = u32::try_from(BATCH_TASKS_MAX).unwrap_or(u32::MAX);
    let own = |line: &DeskLine| line.task.step == typed.step && line.claimed.is_none_or(|holder| holder == visitor.person);
    let mut found = Vec::new();
    loop {
        let desk = shared.app.desk(visitor.tenant, visitor.person, &visitor.posts, &filter, most).await?;
        found.extend(desk.lines.into_iter().filter(own));
        filter.after = desk.after;
        if filter.after.is_none() || found.len() >= BATCH_TASKS_MAX {
            found.truncate(BATCH_TASKS_MAX);
            return Ok(found);
        }
    }
}

fn row(spoken: &Spoken<'_>, line: &DeskLine, ticked: &[String]) -> Row {
    let number = line.task.number.clone().unwrap_or_else(|| short_name(line.case));
    let value = format!("{}.{}", line.case, line.task.task);
    Row {
        id: format!("item-{value}"),
        href: format!("/cases/{}?task={}", line.case, line.task.task),
        number,
        project: line.project.clone().unwrap_or_else(|| spoken.t("inbox-no-project")),
        due: line.task.due.clone(),
        light: line.light,
        chosen: ticked.contains(&value),
        value,
    }
}

/// Answers that need nothing but an opinion.
fn outcomes(spoken: &Spoken<'_>, node: &Node, chosen: &str) -> Vec<Choice> {
    let keys: Vec<String> = match &node.kind {
        NodeKind::Task(rule) => {
            let with_fields = |outcome: &str| rule.fields.iter().any(|answer| answer.with.iter().any(|with| **with == *outcome));
            rule.outcomes.iter().filter(|outcome| !with_fields(outcome)).map(ToString::to_string).collect()
        }
        NodeKind::Approve(_) => vec!["approved".to_owned(), "rejected".to_owned()],
        _ => Vec::new(),
    };
    let single = keys.len() == 1;
    keys.into_iter().map(|key| Choice { title: sentence(&spoken.outcome(&key)), chosen: single || key == chosen, value: key }).collect()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_part_of_a_workflow_is_named_whole_in_an_address() {
        assert_eq!(address("relay#visit", "decide"), "/inbox/batch?link=relay%23visit&step=decide");
    }
}
