//! The decision's side of the page: every open task, whose it is and why not mine; the form of the one I work on.
//! Invariant: beside each outcome stands what will follow, read off the program. Never: a button for what `identity::may` denies.

use serde::Serialize;

use super::acts::Refused;
use super::page::Asking;
use crate::app::failure::Fault;
use crate::definition::ahead;
use crate::definition::graph::{Node, NodeKind, Program};
use crate::engine::case::{Local, Task, TaskPool};
use crate::identity::may::{Act, Verdict};
use crate::ids::Name;
use crate::supervision::{Light, Watch};
use crate::web::fields::{self, SectionView};
use crate::web::pages::case::fresh_command;
use crate::web::words::sentence;

/// An open task in brief.
#[derive(Serialize)]
pub struct Card {
    task: Local,
    step: String,
    link: String,
    #[serde(rename = "number_shown")]
    number: String,
    pool: String,
    claimed: Option<String>,
    due: Option<String>,
    left: String,
    late: bool,
    light: Light,
    may: bool,
    own: bool,
    /// Why not I, and who could.
    why_not: String,
    could: String,
    href: String,
    selected: bool,
    claim: Option<Button>,
    release: Option<Button>,
}

/// A form that is one button.
#[derive(Serialize)]
pub struct Button {
    action: String,
    command: String,
}

/// The form of the task I work on.
#[derive(Serialize)]
pub struct ActForm {
    task: Local,
    step: String,
    action: String,
    command: String,
    outcomes: Vec<Outcome>,
    opinion: String,
    opinion_error: bool,
    sections: Vec<SectionView>,
    /// It takes files.
    uploads: bool,
    with: String,
    /// Where the applicant answers: the papers are changed there.
    elsewhere: Option<String>,
    returns: Option<Returns>,
}

/// One answer.
#[derive(Serialize)]
struct Outcome {
    id: String,
    value: String,
    title: String,
    follows: String,
    free: bool,
    with_fields: bool,
    chosen: bool,
}

/// Sending back.
#[derive(Serialize)]
struct Returns {
    action: String,
    command: String,
    to: Vec<Outcome>,
    opinion: String,
    open: bool,
}

const TASK_ACTS: [Act; 2] = [Act::Complete, Act::Claim];

/// Every open task, those I may do first.
pub fn cards(asking: &Asking<'_>) -> Result<Vec<Card>, Fault> {
    let mut cards = Vec::new();
    for (id, task) in &asking.file.working.state.tasks {
        cards.push(card(asking, *id, task)?);
    }
    cards.sort_by_key(|card| !card.may);
    let chosen = asking.asked.task.filter(|task| cards.iter().any(|card| card.may && card.task == *task));
    let chosen = chosen.or_else(|| cards.iter().find(|card| card.own).or_else(|| cards.iter().find(|card| card.may)).map(|card| card.task));
    for card in &mut cards {
        card.selected = chosen == Some(card.task);
    }
    Ok(cards)
}

fn card(asking: &Asking<'_>, id: Local, task: &Task) -> Result<Card, Fault> {
    let (spoken, file, visitor) = (&asking.spoken, asking.file, asking.visitor);
    let state = &file.working.state;
    let verdict = TASK_ACTS.iter().map(|act| file.may_on_task(*act, id, visitor.person)).find(|verdict| *verdict != Verdict::Allowed);
    let own = task.claimed == Some(visitor.person);
    let watch = Watch::over_task(state, task, file.calendar());
    let pool = match &task.pool {
        TaskPool::Applicant => spoken.t("case-applicant"),
        TaskPool::Posts { offices, post } => spoken.pool(offices, post),
    };
    let base = format!("/cases/{}/tasks/{id}", asking.name());
    let button = |act: &str| Ok::<_, Fault>(Button { action: format!("{base}/{act}"), command: fresh_command()? });
    let free = task.claimed.is_none() && !matches!(task.pool, TaskPool::Applicant);
    let could: Vec<String> = file.eligible(id).into_iter().map(|person| spoken.person(person)).collect();
    Ok(Card {
        task: id,
        step: asking.step(task.scope, &task.step),
        link: asking.link(task.scope),
        number: state.scopes.get(&task.scope).and_then(|scope| scope.number.clone()).unwrap_or_else(|| asking.shown()),
        pool,
        claimed: task.claimed.filter(|_| !matches!(task.pool, TaskPool::Applicant)).map(|person| if own { spoken.t("case-me") } else { spoken.person(person) }),
        due: watch.due.map(|due| due.to_string()),
        left: spoken.left(watch.due, file.now),
        late: watch.due.is_some_and(|due| due < file.now.date()),
        light: watch.light(file.now),
        may: verdict.is_none() && task.held.is_none(),
        own,
        why_not: match verdict {
            Some(Verdict::Denied(ref why)) => sentence(&spoken.say(&crate::ids::Text { zh: why.zh.clone(), en: why.en.clone() })),
            Some(Verdict::Allowed) | None if task.held.is_some() => spoken.t("case-answer-held"),
            Some(Verdict::Allowed) | None => String::new(),
        },
        could: could.join(&spoken.t("case-and")),
        href: format!("/cases/{}?task={id}#act", asking.name()),
        selected: false,
        claim: if verdict.is_none() && free { Some(button("claim")?) } else { None },
        release: if own && !matches!(task.pool, TaskPool::Applicant) { Some(button("release")?) } else { None },
    })
}

/// The form of a task.
pub fn act_form(asking: &Asking<'_>, id: Local, refused: Option<&Refused>) -> Result<Option<ActForm>, Fault> {
    let state = &asking.file.working.state;
    let Some(task) = state.tasks.get(&id) else { return Ok(None) };
    let Some(program) = state.scopes.get(&task.scope).and_then(|scope| asking.file.program(&scope.program)) else { return Ok(None) };
    let Some(node) = program.nodes.iter().find(|node| node.key == task.step) else { return Ok(None) };
    let refused = refused.filter(|refused| refused.task == Some(id));
    let answering = refused.filter(|refused| !refused.returning);
    let base = format!("/cases/{}/tasks/{id}", asking.name());
    let (mut sections, mut with) = (Vec::new(), String::new());
    if let NodeKind::Task(rule) = &node.kind
        && task.group.is_none()
        && rule.fields.is_none()
        && rule.edits_form
        && !matches!(task.pool, TaskPool::Applicant)
        && let Some((form, stands)) = asking.file.filling(task.scope, (asking.visitor.person, &task.step))
    {
        let (typed, errors) = answering.map_or((&stands, &[][..]), |refused| (&refused.fields, refused.errors.as_slice()));
        sections = fields::view(&form, None, typed, errors, asking.spoken.language);
        sections.retain(|section| !section.fields.is_empty());
    }
    if let NodeKind::Task(rule) = &node.kind
        && task.group.is_none()
        && let Some(answer) = &rule.fields
    {
        let (typed, errors) = answering.map_or((&serde_json::Value::Null, &[][..]), |refused| (&refused.fields, refused.errors.as_slice()));
        let form = asking.file.form_at(&answer.form, (asking.visitor.person, &task.step));
        sections = fields::view(&form, None, typed, errors, asking.spoken.language);
        let names: Vec<String> = answer.with.iter().map(|outcome| asking.spoken.outcome(outcome)).collect();
        with = names.join(&asking.spoken.t("case-and"));
    }
    let typed = answering.map(|refused| refused.opinion.clone()).unwrap_or_default();
    Ok(Some(ActForm {
        task: id,
        step: asking.spoken.say(&node.title),
        action: format!("{base}/complete"),
        command: fresh_command()?,
        outcomes: outcomes(asking, program, (node, task.group.is_some()), answering),
        opinion_error: answering.is_some_and(|refused| refused.opinion.is_empty() && refused.lacks_opinion()),
        opinion: typed,
        uploads: sections.iter().flat_map(|section| &section.fields).any(|field| field.shape == "file"),
        sections,
        with,
        elsewhere: matches!(task.pool, TaskPool::Applicant).then(|| format!("/projects/{}/tasks/{id}", asking.name())),
        returns: returns(asking, program, node, (&base, refused.filter(|refused| refused.returning)))?,
    }))
}

fn outcomes(asking: &Asking<'_>, program: &Program, (node, seat): (&Node, bool), refused: Option<&Refused>) -> Vec<Outcome> {
    let (keys, free, with): (Vec<Name>, Vec<Name>, Vec<Name>) = match &node.kind {
        NodeKind::Task(rule) if !seat => {
            let with = rule.fields.iter().flat_map(|answer| answer.with.iter().cloned()).collect();
            (rule.outcomes.clone(), rule.without_opinion.iter().cloned().collect(), with)
        }
        NodeKind::Task(_) | NodeKind::Approve(_) => (vec!["approved".into(), "rejected".into()], Vec::new(), Vec::new()),
        _ => (Vec::new(), Vec::new(), Vec::new()),
    };
    let single = keys.len() == 1;
    let outcome = |key: Name| {
        let follows = asking.spoken.names(|names| names.sentence(&ahead::ahead(program, node, &key)));
        Outcome {
            id: format!("outcome-{key}"),
            title: sentence(&asking.spoken.outcome(&key)),
            follows: asking.spoken.say(&follows),
            free: free.contains(&key),
            with_fields: with.contains(&key),
            chosen: refused.map_or(single, |refused| refused.outcome.as_deref() == Some(&key)),
            value: key.to_string(),
        }
    };
    keys.into_iter().map(outcome).collect()
}

fn returns(asking: &Asking<'_>, program: &Program, node: &Node, (base, refused): (&str, Option<&Refused>)) -> Result<Option<Returns>, Fault> {
    let Some(rule) = &node.may_return else { return Ok(None) };
    let keys: Vec<Name> = rule.to.iter().filter_map(|ix| program.nodes.get(usize::from(ix.0))).map(|node| node.key.clone()).collect();
    let single = keys.len() == 1;
    let target = |key: Name| {
        let (to, then) = ahead::returned(program, node, &key)?;
        let follows = asking.spoken.names(|names| names.returned(to, then));
        Some(Outcome {
            id: format!("to-{key}"),
            title: asking.spoken.say(&to.title),
            follows: asking.spoken.say(&follows),
            free: false,
            with_fields: false,
            chosen: refused.and_then(|refused| refused.to.as_deref()).map_or(single, |to| *to == *key),
            value: key.to_string(),
        })
    };
    Ok(Some(Returns {
        action: format!("{base}/return"),
        command: fresh_command()?,
        to: keys.into_iter().filter_map(target).collect(),
        opinion: refused.map(|refused| refused.opinion.clone()).unwrap_or_default(),
        open: refused.is_some(),
    }))
}

impl Card {
    /// The page shows its form.
    pub fn selected(&self) -> bool {
        self.selected
    }

    /// Its task.
    pub fn task(&self) -> Local {
        self.task
    }
}

impl ActForm {
    /// The task it answers.
    pub fn task(&self) -> Local {
        self.task
    }
}
