//! What leaves the house: the ledger, the log, checkpoints and keys; and the list of who took what.
//! Invariant: an export is an act on the register before its first byte leaves. Never: a file that is whole in memory.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_LENGTH, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::ActRow;
use crate::app::find::Exported;
use crate::app::ledger::{Form, Wanted};
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::Tenant;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::download::attachment;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

/// How many exports one page lists.
const PAGE: u32 = 50;

/// An export in the list.
#[derive(Serialize)]
pub(super) struct ExportRow {
    act: ActRow,
    /// The key of its word.
    what: String,
    form: String,
    from: Option<String>,
    to: Option<String>,
    link: Option<String>,
    rows: Option<i64>,
    last_row: Option<String>,
}

impl ExportRow {
    pub(super) fn of(exported: Exported, tenant: Tenant) -> Self {
        let text = |key: &str| exported.details.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        Self {
            what: format!("audit-took-{}", exported.line.kind),
            form: text("form").unwrap_or_default(),
            from: text("from"),
            to: text("to"),
            link: text("link").or_else(|| text("account")).or_else(|| text("query")),
            rows: exported.details.get("rows").and_then(serde_json::Value::as_i64),
            last_row: text("last_row"),
            act: ActRow::of(exported.line, tenant),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<i64>,
}

#[derive(Serialize)]
struct ExportsPage {
    exports: Vec<ExportRow>,
    older: Option<String>,
}

pub(super) async fn exports(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Before>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let found = shared.app.exported(visitor.tenant, asked.before, PAGE).await?;
    let full = found.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
    let older = found.last().filter(|_| full).map(|last| format!("/audit/exports?before={}", last.line.seq));
    let page = ExportsPage { exports: found.into_iter().map(|exported| ExportRow::of(exported, visitor.tenant)).collect(), older };
    let title = shared.pages.word(visitor.language(), "audit-exports-title");
    Ok(shared.pages.page(&visitor.site, "audit-exports", &title, &page))
}

#[derive(Debug, Deserialize)]
pub(super) struct LedgerForm {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    lang: String,
}

pub(super) async fn ledger_csv(State(shared): State<Shared>, visitor: Visitor, Query(form): Query<LedgerForm>) -> Result<Response, Trouble> {
    ledger(&shared, &visitor, &form, Form::Csv).await
}

pub(super) async fn ledger_xlsx(State(shared): State<Shared>, visitor: Visitor, Query(form): Query<LedgerForm>) -> Result<Response, Trouble> {
    ledger(&shared, &visitor, &form, Form::Xlsx).await
}

async fn ledger(shared: &Shared, visitor: &Visitor, form: &LedgerForm, kind: Form) -> Result<Response, Trouble> {
    permit(&shared.app, visitor, Act::Export)?;
    let day = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let (zh, en) = (format!("日期应写成 2025-03-03，实际为“{text}”。"), format!("cannot export: expected a day such as 2025-03-03, found `{text}`"));
            Trouble::from(Refusal::invalid("day_not_read", zh, en))
        }),
    };
    let english = if form.lang.is_empty() { visitor.language() == Language::En } else { Language::of(&form.lang) == Language::En };
    let wanted = Wanted { english, from: day(&form.from)?, to: day(&form.to)?, link: Some(form.link.clone()).filter(|link| !link.is_empty()), unit: None };
    let written = shared.app.export_ledger(visitor.tenant, visitor.actor(), &wanted, kind).await?;
    let (bytes, name) = (written.bytes, format!("ledger.{}", kind.ending()));
    let mut response = attachment(kind.media_type(), &name, Body::from_stream(written.pieces()));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(response)
}

pub(super) async fn checkpoint(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let note = shared.app.checkpoint().await?.ok_or_else(|| {
        let (zh, en) = ("日志尚未封存，还没有检查点。", "cannot give a checkpoint: the log has not been sealed yet");
        Refusal::not_found("no_checkpoint", zh, en)
    })?;
    Ok(attachment("text/plain; charset=utf-8", "checkpoint.txt", note).into_response())
}

pub(super) async fn keys(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    Ok(attachment("text/plain; charset=utf-8", "log-keys.txt", shared.app.log_keys().await?).into_response())
}

pub(super) async fn log(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::Export)?;
    permit(&shared.app, &visitor, Act::ReadAudit)?;
    let written = shared.app.export_log(visitor.tenant, visitor.actor()).await?;
    let bytes = written.bytes;
    let mut response = attachment("application/jsonl; charset=utf-8", "log.jsonl", Body::from_stream(written.pieces()));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(response)
}
