//! Before one begins: who may apply, what decides, what will be asked, which papers, how long. Invariant: thresholds and limits are read off the published workflow, not written here.

use axum::Form as Posted;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Asking, asking, permit, sections, see_other, typist};
use crate::definition::graph::{NodeKind, Program};
use crate::expr::Value;
use crate::expr::table::{Table, Told};
use crate::forms::{Form, Kind, Required};
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// The procedure that is shown in full; the others are listed under it.
const CHANNEL: &str = "green-channel";

#[derive(Serialize)]
struct StartPage {
    workflow: String,
    /// What the application will be begun under, so that a form sent twice begins one.
    command: String,
    title: Text,
    basis: Vec<String>,
    rules: Vec<Rules>,
    asked: Vec<AskedSection>,
    papers: Vec<Paper>,
    limits: Vec<Limit>,
    links: Vec<Text>,
    others: Vec<Other>,
    drafts: usize,
    upload_mb: usize,
}

/// A decision table in words.
#[derive(Serialize)]
struct Rules {
    title: Text,
    told: Told,
    rows: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    number: usize,
    when: Vec<Condition>,
    then: String,
    note: Option<Text>,
}

#[derive(Serialize)]
struct Condition {
    title: Text,
    is: Text,
}

#[derive(Serialize)]
struct AskedSection {
    title: Text,
    count: usize,
    required: usize,
}

#[derive(Serialize)]
struct Paper {
    title: Text,
    help: Option<Text>,
    required: bool,
}

#[derive(Serialize)]
struct Limit {
    link: Text,
    kind: &'static str,
    within: Text,
    basis: String,
}

#[derive(Serialize)]
struct Other {
    workflow: String,
    title: Text,
}

/// Explains, and offers to begin.
pub async fn show(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&visitor)?;
    let known = &visitor.known;
    let first = if known.current.contains_key(CHANNEL) { Some(CHANNEL.to_owned()) } else { None };
    let parts = first.as_deref().map(|first| asking(&shared, &visitor, first)).transpose()?;
    let with_form = known.current.iter().filter_map(|(name, digest)| Some((name, known.bundles.get(digest)?.programs.get(name)?)));
    let others = with_form
        .filter(|(name, program)| program.form.is_some() && Some(&***name) != first.as_deref() && parts.as_ref().is_none_or(|parts| stands_alone(parts, name)));
    let others: Vec<Other> = others.map(|(name, program)| Other { workflow: name.to_string(), title: program.title.clone() }).collect();
    let Some(workflow) = first.or_else(|| others.first().map(|other| other.workflow.clone())) else {
        return Err(asking(&shared, &visitor, CHANNEL).err().unwrap_or_else(|| {
            crate::engine::refusal::Refusal::not_found("unknown_workflow", "没有可以申请的事项。", "cannot apply: nothing is published").into()
        }));
    };
    let asking = asking(&shared, &visitor, &workflow)?;
    let drafts = shared.app.drafts(typist(&visitor)).await?.len();
    let page = StartPage {
        title: asking.program.title.clone(),
        basis: asking.program.basis.clone(),
        rules: rules(&asking),
        asked: asked(&asking.form),
        papers: papers(&asking.form),
        limits: limits(&asking),
        links: links(&asking),
        others,
        drafts,
        upload_mb: crate::limits::UPLOAD_BYTES_MAX / 1024 / 1024,
        workflow,
        command: crate::web::pages::case::fresh_command()?,
    };
    let title = shared.pages.word(visitor.language(), "apply-title");
    Ok(shared.pages.page(&visitor.site, "apply", &title, &page))
}

/// The tables the procedure asks before a person does: from its start, while one table follows another.
fn rules(asking: &Asking) -> Vec<Rules> {
    let program = &asking.program;
    let first = program.nodes.get(usize::from(program.start.0));
    let Some(NodeKind::Decide(table)) = first.map(|node| &node.kind) else { return Vec::new() };
    let told = table.told(|path, value| called(&asking.form, path, value));
    let rows = told.rows.iter().enumerate().map(|(index, row)| Rule {
        number: index + 1,
        when: told.inputs.iter().zip(&row.cells).filter_map(|(title, is)| Some(Condition { title: title.clone(), is: is.clone()? })).collect(),
        then: row.then.clone(),
        note: row.note.clone(),
    });
    vec![Rules { title: Table::title(table).clone(), rows: rows.collect(), told: told.clone() }]
}

/// What the form calls a value of one of its choices.
fn called(form: &Form, path: &[String], value: &Value) -> Option<Text> {
    let [root, key] = path else { return None };
    let (Kind::Choice(choices), Value::Text(text)) = (&form.field(key).filter(|_| root == "form")?.kind, value) else { return None };
    choices.iter().find(|choice| choice.value == *text).map(|choice| choice.title.clone())
}

fn asked(form: &Form) -> Vec<AskedSection> {
    let described = |section: &&crate::forms::Section| AskedSection {
        title: section.title.clone().unwrap_or_else(|| form.title.clone()),
        count: section.fields.len(),
        required: section.fields.iter().filter(|field| matches!(field.required, Required::Yes)).count(),
    };
    sections(form).iter().filter(|section| !super::only_papers(section)).map(described).collect()
}

fn papers(form: &Form) -> Vec<Paper> {
    let files = form.fields().filter(|field| matches!(field.kind, Kind::File(_)));
    files.map(|field| Paper { title: field.title.clone(), help: field.help.clone(), required: !matches!(field.required, Required::No) }).collect()
}

/// The limits of the procedure and of its links.
fn limits(asking: &Asking) -> Vec<Limit> {
    let mut programs: Vec<&Program> = vec![&asking.program];
    programs.extend(asking.bundle.programs.values().map(|program| &**program).filter(|program| program.name != asking.program.name));
    let of = |program: &Program| {
        let title = program.title.clone();
        let limit = move |rule: &crate::definition::graph::TermRule| Limit {
            link: title.clone(),
            kind: match rule.kind {
                crate::definition::graph::TermKind::Promised => "promised",
                crate::definition::graph::TermKind::Statutory => "statutory",
                crate::definition::graph::TermKind::Step => "step",
            },
            within: span(rule.within),
            basis: rule.basis.clone().unwrap_or_default(),
        };
        program.limits.iter().map(limit).collect::<Vec<_>>()
    };
    programs.into_iter().flat_map(of).collect()
}

fn span(span: crate::calendar::Span) -> Text {
    let days = span.days;
    match span.unit {
        crate::calendar::Unit::Working => Text { zh: format!("{days} 个工作日"), en: format!("{days} working days") },
        crate::calendar::Unit::Calendar => Text { zh: format!("{days} 日"), en: format!("{days} calendar days") },
    }
}

/// Whether a matter can be applied for by itself: a link of the channel, or no part of it at all; a part of a link is reached through the link.
fn stands_alone(channel: &Asking, name: &str) -> bool {
    let called = |program: &Program| -> bool {
        let is_it = |node: &crate::definition::graph::Node| matches!(&node.kind, NodeKind::Call { callee: crate::definition::graph::Callee::Fixed(callee), .. } if **callee == *name);
        program.nodes.iter().any(is_it)
    };
    called(&channel.program) || !channel.bundle.programs.contains_key(name)
}

/// What the procedure opens side by side.
fn links(asking: &Asking) -> Vec<Text> {
    let called = asking.program.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Call { .. }));
    called.map(|node| node.title.clone()).filter(|title| !title.zh.is_empty()).collect()
}

#[derive(Deserialize)]
pub struct Begin {
    workflow: String,
    #[serde(default)]
    command: String,
}

/// Begins an application, with what the applicant's last one said of the applicant.
pub async fn begin(State(shared): State<Shared>, visitor: Visitor, Posted(begin): Posted<Begin>) -> Result<Response, Trouble> {
    permit(&visitor)?;
    asking(&shared, &visitor, &begin.workflow)?;
    let id = shared.app.begin_draft(typist(&visitor), &begin.workflow, &serde_json::json!({}), begin.command.parse().ok()).await?;
    Ok(see_other(&format!("/apply/{id}")))
}

#[derive(Serialize)]
struct SecretPage {}

/// Where a project that touches a state secret goes: not here.
pub async fn secret(State(shared): State<Shared>, visitor: Visitor) -> Response {
    let title = shared.pages.word(visitor.language(), "apply-secret-title");
    shared.pages.page(&visitor.site, "apply-secret", &title, &SecretPage {})
}
