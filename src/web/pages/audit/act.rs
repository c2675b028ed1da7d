//! One act and its proof: the leaf as hashed, its place in the log, the way up the tree to a signed checkpoint.
//! Invariant: the way shown was walked here and ends at the root that was signed. Never: a body of the case.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{ActRow, case_of};
use crate::app::find::{Evidence, Proven};
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::Text;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::download::attachment;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct ActPage {
    act: ActRow,
    case: String,
    leaf: String,
    digest: String,
    prev: String,
    events: String,
    events_fit: bool,
    proof: Option<ProofView>,
    proof_href: String,
    before: Option<String>,
    after: String,
}

#[derive(Serialize)]
struct ProofView {
    index: u64,
    size: u64,
    at: i64,
    origin: String,
    root: String,
    steps: Vec<StepView>,
    note: String,
}

#[derive(Serialize)]
struct StepView {
    number: usize,
    left: bool,
    sibling: String,
    node: String,
}

pub(super) async fn show(State(shared): State<Shared>, visitor: Visitor, Path((case, seq)): Path<(String, i64)>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let id = case_of(&shared, &visitor, &case).await?;
    let Evidence { line, leaf, digest, prev, events, events_fit, proof } = shared.app.evidence(visitor.tenant, id, seq).await?;
    let name = match visitor.language() {
        Language::Zh => &line.name.zh,
        Language::En => &line.name.en,
    };
    let title = shared.pages.worded(visitor.language(), "audit-act-title", &[("seq", &seq.to_string()), ("name", name)]);
    let page = ActPage {
        case: line.case.to_string(),
        act: ActRow::of(line, visitor.tenant),
        leaf,
        digest: digest.to_string(),
        prev: prev.to_string(),
        events: spread(&events),
        events_fit,
        proof: proof.map(|proven| view(&proven)),
        proof_href: format!("/audit/act/{case}/{seq}/proof"),
        before: (seq > 1).then(|| format!("/audit/act/{case}/{}", seq - 1)),
        after: format!("/audit/act/{case}/{}", seq + 1),
    };
    Ok(shared.pages.page(&visitor.site, "audit-act", &title, &page))
}

fn view(proven: &Proven) -> ProofView {
    let head = proven.checkpoint.head;
    let step = |(place, step): (usize, &crate::audit::tree::Climbed)| StepView {
        number: place + 1,
        left: step.left,
        sibling: step.sibling.to_string(),
        node: step.node.to_string(),
    };
    ProofView {
        index: proven.proof.index,
        size: head.size,
        at: proven.checkpoint.at.0,
        origin: proven.checkpoint.origin.clone(),
        root: head.root.to_string(),
        steps: proven.steps.iter().enumerate().map(step).collect(),
        note: proven.proof.checkpoint.clone(),
    }
}

/// The events for people to read: one a paragraph. What was hashed is the text without these line breaks.
fn spread(events: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(events) {
        Ok(value) => format!("{value:#}"),
        Err(_) => events.to_owned(),
    }
}

pub(super) async fn proof(State(shared): State<Shared>, visitor: Visitor, Path((case, seq)): Path<(String, i64)>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let id = case_of(&shared, &visitor, &case).await?;
    let evidence = shared.app.evidence(visitor.tenant, id, seq).await?;
    let name = match &evidence.line.name {
        Text { en, .. } if !en.contains(' ') => format!("{en}-{seq}.tlog-proof"),
        Text { .. } => format!("{case}-{seq}.tlog-proof"),
    };
    let proven = evidence.proof.ok_or_else(|| {
        let (zh, en) = ("该项操作尚未封存，封存后才有凭证，请稍候再试。", "cannot prove the act yet: it has not been sealed; try again in a moment");
        Refusal::conflict("not_sealed", zh, en)
    })?;
    Ok(attachment("text/plain; charset=utf-8", &name, proven.proof.to_string()).into_response())
}
