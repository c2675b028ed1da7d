//! The receipt of papers: number, time, what was handed in, what comes next and by when. It prints on a page.
//! Invariant: it says what the record says. Never: a promise of acceptance; papers came in, no more.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Serialize;

use crate::app::projects::{Here, ProjectView, Promise};
use crate::engine::refusal::Refusal;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::projects::{case_named, may_read};
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct ReceiptPage {
    case: String,
    number: String,
    name: String,
    procedure: Text,
    filed: String,
    ended: bool,
    result: String,
    address: String,
    code: String,
    papers: Vec<PaperLine>,
    here: Vec<Here>,
    promise: Option<Promise>,
    own: bool,
}

#[derive(Serialize)]
struct PaperLine {
    title: Text,
    name: String,
    size: String,
    sha256: String,
}

/// The receipt of a case.
pub async fn show(State(shared): State<Shared>, visitor: Visitor, Path(case): Path<String>, headers: HeaderMap) -> Result<Response, Trouble> {
    let working = shared.app.working(visitor.tenant, case_named(&shared, &visitor, &case).await?).await?;
    may_read(&visitor, &working)?;
    let project = shared.app.project(&working).await?;
    let address = format!("{}/receipts/{}", origin(&headers), project.id);
    let form = shared.app.form_seen(&working, visitor.person).await?.unwrap_or_default();
    let known = shared.app.form_read(&working, visitor.person).await?;
    let titles = known.iter().flat_map(|form| form.fields()).filter(|field| matches!(field.kind, crate::forms::Kind::File(_)));
    let told = known.as_ref().map(|known| crate::web::fields::told(known, None, &form, visitor.language())).unwrap_or_default();
    let files: Vec<(String, crate::web::fields::FileView)> =
        told.into_iter().flat_map(|section| section.lines).filter_map(|line| Some((line.key, line.file?))).collect();
    let line = |field: &crate::forms::Field| {
        let file = &files.iter().find(|(key, _)| *key == field.key)?.1;
        Some(PaperLine { title: field.title.clone(), name: file.name.clone(), size: file.size.clone(), sha256: file.sha256.clone() })
    };
    let papers: Vec<PaperLine> = titles.filter_map(line).collect();
    let page = page(project, address, papers, visitor.person == working.state.applicant)?;
    let title = shared.pages.word(visitor.language(), "apply-receipt-title");
    Ok(shared.pages.page(&visitor.site, "receipt", &title, &page))
}

fn page(project: ProjectView, address: String, papers: Vec<PaperLine>, own: bool) -> Result<ReceiptPage, Trouble> {
    let code = picture(&address)?;
    let mut lines = project.lines;
    let here = lines.iter().flat_map(|line| &line.here).filter(|here| !here.beside).cloned().collect();
    let promise = lines.iter_mut().find_map(|line| line.promise.take());
    Ok(ReceiptPage {
        case: project.id,
        number: project.number,
        name: project.name,
        procedure: project.procedure,
        filed: project.started,
        ended: project.ended.is_some(),
        result: project.result,
        address,
        code,
        papers,
        here,
        promise,
        own,
    })
}

/// Where this page was asked for: a phone that reads the code comes to the same host.
pub(in crate::web::pages) fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).filter(|host| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte)));
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// A QR code as a picture whose colours are attributes, because a style would need leave.
pub(in crate::web::pages) fn picture(address: &str) -> Result<String, Trouble> {
    const MODULE_PIXELS: u32 = 4;
    let code = qrcode::QrCode::new(address.as_bytes())
        .map_err(|_| Refusal::invalid("address_too_long", "地址过长，不能生成二维码。", "cannot draw the code: the address is too long"))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().module_dimensions(MODULE_PIXELS, MODULE_PIXELS).build();
    Ok(svg.split_once("?>").map_or(svg.as_str(), |(_, rest)| rest).to_owned())
}
