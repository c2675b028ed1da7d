//! What anybody may read: the items with their limits, materials and basis, how far projects have come, and whether a receipt or a document is real
//! (优化营商环境条例 19、36；行政许可法 30、40).
//! Invariant: what is shown is picked field by field; a project is its name and its links. Never: a person, a phone, a mail address, an opinion, a paper, or a field that its form
//! marks personal or secret; an internal matter.

use serde::Serialize;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::naming;
use crate::app::projects::{Line, Promise};
use crate::app::queries::{CaseFilter, reading};
use crate::app::register;
use crate::app::seed::place_titled;
use crate::calendar::Span;
use crate::definition::graph::{Demand, Nature, NodeKind, Pool, Program, TermKind};
use crate::engine::refusal::Class;
use crate::forms::codes;
use crate::forms::{Form, Kind, Required};
use crate::ids::{CaseId, Name, Tenant, Text};
use crate::limits::PUBLIC_CASES_LOOKED_MAX;
use crate::store::rows::CaseRow;

/// The field a form names its project in.
const PROJECT: &str = "project_name";

/// A place that publishes something.
#[derive(Clone, Debug, Serialize)]
pub struct PublicPlace {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
}

/// An item of the list (事项清单).
#[derive(Clone, Debug, Serialize)]
pub struct PublicItem {
    /// The workflow.
    pub key: String,
    /// What it is called.
    pub title: Text,
    /// `licence`, `filing`, `allocation`, `service`.
    pub nature: &'static str,
    /// The offices that handle it.
    pub offices: Vec<Text>,
    /// 法定时限.
    pub statutory: Option<Text>,
    /// 承诺时限.
    pub promised: Option<Text>,
    /// The laws and documents it rests on.
    pub basis: Vec<String>,
    /// The papers it asks for.
    pub materials: Vec<Material>,
    /// Its limits, each with its law.
    pub limits: Vec<Limit>,
}

/// A paper.
#[derive(Clone, Debug, Serialize)]
pub struct Material {
    /// What it is called.
    pub title: Text,
    /// `always`, `sometimes`, `later`, `optional`.
    pub needed: &'static str,
}

/// A limit.
#[derive(Clone, Debug, Serialize)]
pub struct Limit {
    /// 法定 rather than 承诺.
    pub statutory: bool,
    /// How long.
    pub within: Text,
    /// By which article.
    pub basis: Option<String>,
}

/// A project in the public list.
#[derive(Clone, Debug, Serialize)]
pub struct PublicProject {
    /// The case's number.
    pub number: String,
    /// The project's name.
    pub name: String,
    /// The procedure.
    pub procedure: Text,
    /// When it was filed.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// With what; empty while it runs.
    pub result: String,
    /// Its links; empty in a list.
    pub lines: Vec<PublicLine>,
}

/// A link of a project.
#[derive(Clone, Debug, Serialize)]
pub struct PublicLine {
    /// Its name.
    pub title: Text,
    /// Its number.
    pub number: String,
    /// When it ended.
    pub closed: Option<String>,
    /// With what.
    pub result: String,
    /// The steps it is at.
    pub here: Vec<Text>,
    /// The offices that have it.
    pub offices: Vec<Text>,
    /// The date that is promised, and why it has passed.
    pub promise: Option<Promise>,
}

/// A receipt or a document that is real.
#[derive(Clone, Debug, Serialize)]
pub struct Genuine {
    /// The case's number.
    pub number: String,
    /// The procedure.
    pub procedure: Text,
    /// When the papers came in.
    pub received: String,
    /// The documents issued in it: kind, number, day.
    pub documents: Vec<GenuineDocument>,
}

/// A document.
#[derive(Clone, Debug, Serialize)]
pub struct GenuineDocument {
    /// Its kind.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub at: String,
    /// It is the one that was asked for.
    pub asked: bool,
}

fn unknown(number: &str) -> Failure {
    let (zh, en) =
        (format!("没有查到“{number}”。请核对编号；内部事项不在这里公开。"), format!("cannot find `{number}`; internal matters are not published here"));
    refusal("not_published", Class::NotFound, zh, en).into()
}

/// The name under which a nature is published; an internal matter is not.
const fn nature(nature: Nature) -> Option<&'static str> {
    match nature {
        Nature::Licence => Some("licence"),
        Nature::Filing => Some("filing"),
        Nature::Allocation => Some("allocation"),
        Nature::Service => Some("service"),
        Nature::Internal => None,
    }
}

impl App {
    /// The places that publish something here.
    ///
    /// # Errors
    /// A fault.
    pub async fn public_places(&self) -> Result<Vec<PublicPlace>, Fault> {
        let mut places = Vec::new();
        for tenant in self.tenants().await? {
            // A place whose procedures are all internal still publishes what its plan names.
            if !self.public_items(tenant).await?.is_empty() || !self.named_projects(tenant).await?.is_empty() {
                let code = tenant.to_string();
                let named = || codes::region(&code).map_or_else(|| code.clone(), str::to_owned);
                let name = place_titled(tenant).cloned().unwrap_or_else(|| Text { zh: named(), en: named() });
                places.push(PublicPlace { name, code });
            }
        }
        Ok(places)
    }

    /// The items, by nature and name.
    ///
    /// # Errors
    /// A fault.
    pub async fn public_items(&self, tenant: Tenant) -> Result<Vec<PublicItem>, Fault> {
        let known = self.known(tenant).await?;
        let current = known.current.iter().filter_map(|(name, digest)| known.bundles.get(digest)?.programs.get(name));
        let mut items: Vec<PublicItem> = current.filter_map(|program| item(&known, program, self.clock().now().date())).collect();
        items.sort_by(|left, right| (left.nature, &left.key).cmp(&(right.nature, &right.key)));
        Ok(items)
    }

    /// Projects, the newest first, and where the next page begins.
    ///
    /// # Errors
    /// A fault.
    pub async fn public_projects(&self, tenant: Tenant, before: Option<CaseId>, limit: usize) -> Result<(Vec<PublicProject>, Option<CaseId>), Failure> {
        let known = self.known(tenant).await?;
        let filter = CaseFilter { before, ..CaseFilter::default() };
        let rows = self.store().cases(tenant, &filter, PUBLIC_CASES_LOOKED_MAX).await.map_err(reading("listing cases"))?;
        let full = rows.len() >= usize::try_from(PUBLIC_CASES_LOOKED_MAX).unwrap_or(usize::MAX);
        let last = rows.last().map(|row| row.id).filter(|_| full);
        let mut projects = Vec::new();
        let mut next = last;
        for row in rows {
            if projects.len() == limit {
                // The page is full: the next one begins behind the last that is shown.
                return Ok((projects, next));
            }
            if let (Some(number), Some(name)) = (row.number.clone(), published(&known, &row)?) {
                let procedure = known.link_title(&row.workflow);
                let ended = row.ended.map(|at| at.to_rfc3339());
                let result = row.result.clone().unwrap_or_default();
                projects.push(PublicProject { number, name, procedure, started: row.started.to_rfc3339(), ended, result, lines: Vec::new() });
                next = Some(row.id);
            }
        }
        Ok((projects, last))
    }

    /// One project with its links.
    ///
    /// # Errors
    /// `not_published`, or a fault.
    pub async fn public_project(&self, tenant: Tenant, number: &str) -> Result<PublicProject, Failure> {
        let known = self.known(tenant).await?;
        let row = self.public_row(tenant, number).await?.ok_or_else(|| unknown(number))?;
        let name = published(&known, &row)?.ok_or_else(|| unknown(number))?;
        let working = self.working(tenant, row.id).await?;
        let view = self.project(&working).await?;
        let lines = view.lines.into_iter().map(line).collect();
        let (number, procedure) = (view.number, view.procedure);
        Ok(PublicProject { number, name, procedure, started: view.started, ended: view.ended, result: view.result, lines })
    }

    /// Whether a receipt, by the number of its case, or a document, by its own, is real.
    ///
    /// # Errors
    /// `not_published`, or a fault.
    pub async fn genuine(&self, tenant: Tenant, number: &str) -> Result<Genuine, Failure> {
        let known = self.known(tenant).await?;
        let number = number.trim();
        let row = match self.public_row(tenant, number).await? {
            Some(row) => row,
            None => {
                let case = self.store().case_of_document(tenant, number).await.map_err(reading("looking for a document"))?.ok_or_else(|| unknown(number))?;
                self.store().case(tenant, case).await.map_err(reading("reading a case"))?.ok_or_else(|| unknown(number))?
            }
        };
        if !is_public(&known, &row)? {
            return Err(unknown(number));
        }
        let documents = self.store().documents(tenant, row.id).await.map_err(reading("listing documents"))?;
        let document = |document: crate::store::DocumentView| {
            let own = document.number?;
            Some(GenuineDocument { kind: document.kind, asked: own == number, number: own, at: document.at.date().to_string() })
        };
        Ok(Genuine {
            number: row.number.clone().unwrap_or_default(),
            procedure: known.link_title(&row.workflow),
            received: row.started.date().to_string(),
            documents: documents.into_iter().filter_map(document).collect(),
        })
    }

    async fn public_row(&self, tenant: Tenant, number: &str) -> Result<Option<CaseRow>, Fault> {
        self.store().case_by_number(tenant, number).await.map_err(reading("looking for a case by number"))
    }
}

fn program<'k>(known: &'k Known, row: &CaseRow) -> Result<Option<&'k Program>, Fault> {
    if row.workflow == register::WORKFLOW {
        return Ok(None);
    }
    let bundle = known.bundles.get(&row.revision);
    Ok(bundle.and_then(|bundle| bundle.programs.get(row.workflow.as_str())).map(|program| &**program))
}

fn is_public(known: &Known, row: &CaseRow) -> Result<bool, Fault> {
    Ok(program(known, row)?.is_some_and(|program| nature(program.nature).is_some()))
}

/// The name under which a case is published; none for an internal matter, or where the form keeps the name to itself.
pub(super) fn published(known: &Known, row: &CaseRow) -> Result<Option<String>, Fault> {
    let Some(program) = program(known, row)?.filter(|program| nature(program.nature).is_some()) else { return Ok(None) };
    let open = |key: &str, form: &Form| form.field(key).is_none_or(|field| !field.personal && !field.secret && field.see.is_none());
    // The title may come of any of its fields, so none of them may be kept from the public.
    let names = |form: &Form| form.field(PROJECT).is_some() && naming::NAMES.into_iter().all(|key| open(key, form));
    Ok(program.form.as_deref().filter(|form| names(form)).and(row.title.clone()))
}

/// The item a procedure is. One without a form is no item, as nobody can apply for it: the service of a decision is part of what was applied for.
fn item(known: &Known, program: &Program, today: chrono::NaiveDate) -> Option<PublicItem> {
    let nature = nature(program.nature)?;
    let form = program.form.as_deref()?;
    let text = |span: Span| Text { zh: span.zh(), en: span.to_string() };
    let of = |kind: TermKind| program.limits.iter().find(|limit| limit.kind == kind).map(|limit| text(limit.within));
    let limit = |limit: &crate::definition::graph::TermRule| Limit {
        statutory: limit.kind == TermKind::Statutory,
        within: text(limit.within),
        basis: limit.basis.clone(),
    };
    let mut offices: Vec<Name> = Vec::new();
    for node in &program.nodes {
        if let NodeKind::Task(rule) = &node.kind
            && let Pool::Posts { offices: asked, .. } = &rule.by
        {
            offices.extend(asked.iter().map(|office| known.roster.current(office, today)));
        }
    }
    offices.sort();
    offices.dedup();
    Some(PublicItem {
        key: program.name.to_string(),
        title: program.title.clone(),
        nature,
        offices: offices.iter().map(|office| known.office(office)).collect(),
        statutory: of(TermKind::Statutory),
        promised: of(TermKind::Promised),
        basis: program.basis.clone(),
        materials: materials(form, program.papers.as_deref()),
        limits: program.limits.iter().map(limit).collect(),
    })
}

/// The papers a procedure asks for, in the order of its form: those it names, else all the form has room for.
fn materials(form: &Form, named: Option<&[(Name, Demand)]>) -> Vec<Material> {
    let asked = |field: &crate::forms::Field| match named {
        Some(named) => named.iter().find(|(key, _)| **key == *field.key).map(|(_, demand)| match demand {
            Demand::Required => "always",
            Demand::Conditional => "sometimes",
            Demand::Tolerable => "later",
            Demand::Optional => "optional",
        }),
        None => Some(match (&field.required, &field.when) {
            (Required::Yes, None) => "always",
            (Required::No, _) => "optional",
            (Required::Yes | Required::When(_), _) => "sometimes",
        }),
    };
    let papers = form.fields().filter(|field| matches!(field.kind, Kind::File(_)));
    papers.filter_map(|field| Some(Material { title: field.title.clone(), needed: asked(field)? })).collect()
}

/// A link without what is the applicant's own: offices stand for people, and nothing that was said is there.
fn line(line: Line) -> PublicLine {
    let mut offices: Vec<Text> = Vec::new();
    for holder in line.here.iter().filter(|here| !here.beside).flat_map(|here| &here.holders) {
        if !offices.contains(&holder.office) {
            offices.push(holder.office.clone());
        }
    }
    let here = line.here.iter().filter(|here| !here.beside).map(|here| here.title.clone()).collect();
    PublicLine { title: line.title, number: line.number, closed: line.closed, result: line.result, here, offices, promise: line.promise }
}
