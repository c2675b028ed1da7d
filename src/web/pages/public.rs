//! What anybody may read without signing in: items, projects, and whether a receipt is real.
//! Invariant: each page shows what `app::public` picked and nothing else. Never: who looks; nothing here asks for a session or keeps one.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use crate::app::named::{Filed, NamedView};
use crate::app::public::{Genuine, PublicItem, PublicLine, PublicPlace, PublicProject};
use crate::engine::refusal::Refusal;
use crate::ids::{CaseId, Tenant, Text};
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::ledger::cited;
use crate::web::visitor::Passer;

/// Projects one page lists.
const PROJECTS_SHOWN: usize = 30;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/public", get(places))
        .route("/public/{place}", get(items))
        .route("/public/{place}/items/{item}", get(item))
        .route("/public/{place}/projects", get(projects))
        .route("/public/{place}/projects/{number}", get(project))
        .route("/public/{place}/check", get(check))
}

#[derive(Serialize)]
struct PlacesPage {
    places: Vec<PublicPlace>,
}

async fn places(State(shared): State<Shared>, passer: Passer) -> Result<Response, Trouble> {
    let places = shared.app.public_places().await?;
    if let [only] = places.as_slice() {
        return Ok(Redirect::to(&format!("/public/{}", only.code)).into_response());
    }
    let title = shared.pages.word(passer.site.language, "public-title");
    Ok(shared.pages.page(&passer.site, "public", &title, &PlacesPage { places }))
}

/// A place that publishes something.
async fn place(shared: &Shared, code: &str) -> Result<(Tenant, PublicPlace), Trouble> {
    let found = shared.app.public_places().await?.into_iter().find(|place| place.code == code);
    let tenant = code.parse().map(Tenant).ok();
    found.and_then(|place| Some((tenant?, place))).ok_or_else(|| {
        let (zh, en) = (format!("没有“{code}”的公开内容。"), format!("nothing is published for `{code}`"));
        Refusal::not_found("not_published", zh, en).into()
    })
}

#[derive(Serialize)]
struct ItemsPage {
    place: PublicPlace,
    items: Vec<ItemRow>,
}

#[derive(Serialize)]
struct ItemRow {
    href: String,
    /// The key of its word.
    nature_word: String,
    papers: usize,
    item: PublicItem,
}

async fn items(State(shared): State<Shared>, passer: Passer, Path(code): Path<String>) -> Result<Response, Trouble> {
    let (tenant, place) = place(&shared, &code).await?;
    let row = |item: PublicItem| ItemRow {
        href: format!("/public/{code}/items/{}", item.key),
        nature_word: format!("public-nature-{}", item.nature),
        papers: item.materials.len(),
        item,
    };
    let items = shared.app.public_items(tenant).await?.into_iter().map(row).collect();
    let title = shared.pages.word(passer.site.language, "public-items");
    Ok(shared.pages.page(&passer.site, "public-items", &title, &ItemsPage { place, items }))
}

#[derive(Serialize)]
struct ItemPage {
    place: PublicPlace,
    row: ItemRow,
    materials: Vec<MaterialRow>,
}

#[derive(Serialize)]
struct MaterialRow {
    title: Text,
    needed: String,
}

async fn item(State(shared): State<Shared>, passer: Passer, Path((code, key)): Path<(String, String)>) -> Result<Response, Trouble> {
    let (tenant, place) = place(&shared, &code).await?;
    let found = shared.app.public_items(tenant).await?.into_iter().find(|item| item.key == key).ok_or_else(|| {
        let (zh, en) = (format!("没有公开的事项“{key}”。"), format!("cannot find the published item `{key}`"));
        Refusal::not_found("not_published", zh, en)
    })?;
    let material =
        |material: &crate::app::public::Material| MaterialRow { title: material.title.clone(), needed: format!("public-needed-{}", material.needed) };
    let materials = found.materials.iter().map(material).collect();
    let title = match passer.site.language {
        Language::Zh => found.title.zh.clone(),
        Language::En => found.title.en.clone(),
    };
    let row = ItemRow { href: String::new(), nature_word: format!("public-nature-{}", found.nature), papers: found.materials.len(), item: found };
    Ok(shared.pages.page(&passer.site, "public-item", &title, &ItemPage { place, row, materials }))
}

#[derive(Deserialize)]
struct From {
    before: Option<CaseId>,
}

#[derive(Serialize)]
struct ProjectsPage {
    place: PublicPlace,
    projects: Vec<ProjectRow>,
    /// What the plan names; on the first page only.
    named: Vec<NamedRow>,
    older: Option<String>,
    first: bool,
}

#[derive(Serialize)]
struct ProjectRow {
    href: String,
    result: String,
    project: PublicProject,
}

/// A project the plan names.
#[derive(Serialize)]
pub(super) struct NamedRow {
    title: Text,
    plan: Text,
    section: String,
    /// The page of the case filed for it.
    href: String,
    filed: Option<Filed>,
}

/// What the plan of a place names, as a page in that language cites it.
pub(super) async fn named(shared: &Shared, tenant: Tenant, language: Language) -> Result<Vec<NamedRow>, Trouble> {
    let row = |NamedView { title, plan, section, filed }: NamedView| NamedRow {
        href: filed.as_ref().map(|filed| format!("/public/{tenant}/projects/{}", filed.number)).unwrap_or_default(),
        section: cited(&section, language),
        title,
        plan,
        filed,
    };
    Ok(shared.app.named(tenant).await?.into_iter().map(row).collect())
}

async fn projects(State(shared): State<Shared>, passer: Passer, Path(code): Path<String>, Query(from): Query<From>) -> Result<Response, Trouble> {
    let (tenant, place) = place(&shared, &code).await?;
    let (found, next) = shared.app.public_projects(tenant, from.before, PROJECTS_SHOWN).await?;
    let row = |project: PublicProject| ProjectRow {
        href: format!("/public/{code}/projects/{}", project.number),
        result: result(&shared, &passer, &project.result),
        project,
    };
    let named = if from.before.is_none() { named(&shared, tenant, passer.site.language).await? } else { Vec::new() };
    let page = ProjectsPage {
        place,
        named,
        projects: found.into_iter().map(row).collect(),
        older: next.map(|next| format!("/public/{code}/projects?before={next}")),
        first: from.before.is_none(),
    };
    let title = shared.pages.word(passer.site.language, "public-projects");
    Ok(shared.pages.page(&passer.site, "public-projects", &title, &page))
}

/// The word for a result; its key is no answer.
fn result(shared: &Shared, passer: &Passer, key: &str) -> String {
    shared.pages.named(passer.site.language, "outcome", key).unwrap_or_default()
}

#[derive(Serialize)]
struct ProjectPage {
    place: PublicPlace,
    project: PublicProject,
    result: String,
    lines: Vec<LineRow>,
}

#[derive(Serialize)]
struct LineRow {
    /// Which partial words say how it stands.
    state: &'static str,
    result: String,
    line: PublicLine,
}

async fn project(State(shared): State<Shared>, passer: Passer, Path((code, number)): Path<(String, String)>) -> Result<Response, Trouble> {
    let (tenant, place) = place(&shared, &code).await?;
    let project = shared.app.public_project(tenant, &number).await?;
    let state = |line: &PublicLine| match (&line.closed, &line.promise) {
        (Some(_), _) => "closed",
        (None, Some(promise)) => promise.state,
        (None, None) => "running",
    };
    let row = |line: &PublicLine| LineRow { state: state(line), result: result(&shared, &passer, &line.result), line: line.clone() };
    let title = project.name.clone();
    let lines = project.lines.iter().map(row).collect();
    let page = ProjectPage { place, result: result(&shared, &passer, &project.result), lines, project };
    Ok(shared.pages.page(&passer.site, "public-project", &title, &page))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
}

#[derive(Serialize)]
struct CheckPage {
    place: PublicPlace,
    number: String,
    found: Option<Genuine>,
    documents: Vec<DocumentRow>,
    refused: Option<Text>,
}

#[derive(Serialize)]
struct DocumentRow {
    kind: String,
    number: String,
    at: String,
    asked: bool,
}

async fn check(State(shared): State<Shared>, passer: Passer, Path(code): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let (tenant, place) = place(&shared, &code).await?;
    let number = asked.number.trim().to_owned();
    let (found, refused) = if number.is_empty() {
        (None, None)
    } else {
        match shared.app.genuine(tenant, &number).await {
            Ok(found) => (Some(found), None),
            Err(crate::app::failure::Failure::Refused(refusal)) => (None, Some(Text { zh: refusal.zh, en: refusal.en })),
            Err(failure) => return Err(failure.into()),
        }
    };
    let kind = |key: &str| shared.pages.named(passer.site.language, "document", key).unwrap_or_else(|| key.to_owned());
    let document = |document: &crate::app::public::GenuineDocument| DocumentRow {
        kind: kind(&document.kind),
        number: document.number.clone(),
        at: document.at.clone(),
        asked: document.asked,
    };
    let documents = found.iter().flat_map(|found| &found.documents).map(document).collect();
    let title = shared.pages.word(passer.site.language, "public-check");
    Ok(shared.pages.page(&passer.site, "public-check", &title, &CheckPage { place, number, found, documents, refused }))
}
