//! The seeds: offices, people, accounts and projects of the two plans, read from `seeds/` into plain data.
//! Invariant: seeds come whole or not at all; a wrong file names every mistake with its line, what was expected and what was found.
//! Never: writes to the store, or guesses a row's source: each says where a plan names it, or `none`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use chrono::NaiveDate;
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};

use crate::app::assessment::AssessmentPlan;
use crate::identity::Roster;
use crate::ids::{Name, PersonId, Tenant, Text};
use crate::indicators::Indicator;
use crate::source::Mistake;
use crate::store::rows::PostingKind;

mod indicators;
mod items;
mod read;
mod rows;

pub(in crate::app) use rows::date;

/// The files, by name.
const FILES: [&str; 7] = ["offices.yaml", "people.yaml", "accounts.yaml", "projects.yaml", "indicators.yaml", "named.yaml", "items.yaml"];

/// What scores are made of: a folder need not have it.
const ASSESSMENT_FILE: &str = "assessment.yaml";

/// Where the files of a place stand, below the folder of the seeds: what it has of its own of the workflows.
pub const PLACES: &str = "places/";

#[derive(RustEmbed)]
#[folder = "seeds/"]
struct Embedded;

/// Everything the seeds hold, by tenant.
#[derive(Clone, Debug, Default)]
pub struct Seeds {
    /// The plans the rows come from, by key (`EZ`).
    pub plans: BTreeMap<String, Plan>,
    /// Tenants by code.
    pub tenants: BTreeMap<Tenant, TenantSeeds>,
}

/// A plan that rows are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its title.
    pub title: Text,
    /// Who issued it.
    pub issuer: String,
    /// When.
    pub issued: NaiveDate,
    /// Whose plan it is.
    pub tenant: Tenant,
}

/// The seeds of one tenant.
#[derive(Clone, Debug, Default)]
pub struct TenantSeeds {
    /// The place's name.
    pub title: Text,
    /// Its offices, people and who holds what.
    pub roster: Roster,
    /// Its accounts, in the order of the file.
    pub accounts: Vec<AccountSeed>,
    /// Its demonstration projects, in the order of the file.
    pub projects: Vec<ProjectSeed>,
    /// Its indicators, in the order of the file.
    pub indicators: Vec<Indicator>,
    /// The projects and institutes its plan names.
    pub named: Vec<NamedProject>,
    /// The reform items of its plan, in the order of the plan.
    pub items: Vec<ItemSeed>,
    /// What its units' scores are made of, where the files say.
    pub assessment: Option<AssessmentPlan>,
}

/// A reform item of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemSeed {
    /// Its number in the plan.
    pub no: u32,
    /// `lead`, `join` or `own`.
    pub tier: &'static str,
    /// How it is called.
    pub title: Text,
    /// The responsible units, in the order of the plan.
    pub units: Vec<Name>,
    /// The one of them that leads.
    pub lead: Name,
    /// `plan` where the plan says so, `convention` where it does not.
    pub lead_by: &'static str,
    /// What the plan wants delivered.
    pub deliverables: Vec<String>,
    /// Where the plan names it.
    pub seed: String,
}

/// A project or an institute that a plan names: a name in a plan, and no application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProject {
    /// Its key, such as `WH-N01`.
    pub key: String,
    /// Its place in the plan.
    pub place: u32,
    /// How the plan calls it.
    pub title: Text,
    /// Where the plan names it.
    pub seed: String,
}

/// An account with what was issued to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSeed {
    /// Its key, such as `land/2025/420703/new`.
    pub key: String,
    /// How it is called.
    pub title: Text,
    /// `m2`, `fen` or `pieces`.
    pub unit: String,
    /// Where a plan names it, or `none`.
    pub seed: String,
    /// What was issued, in order.
    pub postings: Vec<IssueSeed>,
}

/// An amount issued to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueSeed {
    /// 下达 or 追加.
    pub kind: PostingKind,
    /// The day.
    pub on: NaiveDate,
    /// How much, in the account's unit.
    pub amount: i64,
    /// The document it rests on.
    pub document: String,
}

/// A demonstration project: who files what, when, by which workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectSeed {
    /// Its key, such as `P1`.
    pub key: Name,
    /// How it is called.
    pub title: Text,
    /// The workflow its case runs.
    pub workflow: Name,
    /// Who files it.
    pub applicant: PersonId,
    /// The day it is filed.
    pub on: NaiveDate,
    /// Where a plan names its kind, or `none`. The project itself is made up, and every surface says so.
    pub seed: String,
    /// The application as first filed.
    pub form: serde_json::Map<String, serde_json::Value>,
    /// What the applicant hands in later, in order.
    pub amendments: Vec<Amendment>,
}

/// A correction of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct Amendment {
    /// The day.
    pub on: NaiveDate,
    /// What it brings.
    pub why: Text,
    /// The fields with their new values.
    pub set: serde_json::Map<String, serde_json::Value>,
}

impl ProjectSeed {
    /// The application as it stands after the first `count` amendments.
    #[must_use]
    pub fn form_after(&self, count: usize) -> serde_json::Value {
        let mut form = self.form.clone();
        for amendment in self.amendments.iter().take(count) {
            form.extend(amendment.set.clone());
        }
        serde_json::Value::Object(form)
    }
}

impl Seeds {
    /// The seeds this program carries.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn embedded() -> Result<Self, Vec<Mistake>> {
        Self::load(&embedded_files())
    }

    /// The seeds of a folder on disk.
    ///
    /// # Errors
    /// Every mistake of every file, or the one that a file cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let mut files = BTreeMap::new();
        let mut mistakes = Vec::new();
        for name in FILES {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => _ = files.insert(name.to_owned(), text),
                Err(cause) => mistakes.push(unreadable(&path.display().to_string(), &cause.to_string())),
            }
        }
        if mistakes.is_empty() { Self::load(&files) } else { Err(mistakes) }
    }

    /// Reads the files, by name.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, Vec<Mistake>> {
        read::seeds(files)
    }
}

/// What the places of the seeds have of their own of the workflows, by path below the folder of the seeds.
#[must_use]
pub fn embedded_places() -> BTreeMap<String, String> {
    let places = Embedded::iter().filter(|path| path.starts_with(PLACES));
    places.filter_map(|path| Some((path.to_string(), String::from_utf8_lossy(&Embedded::get(&path)?.data).into_owned()))).collect()
}

/// The text of the files this program carries, by name.
#[must_use]
pub fn embedded_files() -> BTreeMap<String, String> {
    let text = |name: &str| Embedded::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
    FILES.into_iter().chain([ASSESSMENT_FILE]).filter_map(|name| Some((name.to_owned(), text(name)?))).collect()
}

/// The text of one file this program carries; also of those that plant nothing.
#[must_use]
pub fn embedded_text(name: &str) -> Option<String> {
    Embedded::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// The title of a plan this program carries, by the plan's key.
#[must_use]
pub fn plan_titled(key: &str) -> Option<&'static Text> {
    carried().plans.get(key).map(|plan| &plan.title)
}

/// The plan a title in Chinese is the title of, as both languages call it.
#[must_use]
pub fn plan_called(zh: &str) -> Option<&'static Text> {
    carried().plans.values().map(|plan| &plan.title).find(|title| title.zh == zh)
}

/// What a place is called, where this program carries its seeds.
#[must_use]
pub fn place_titled(tenant: Tenant) -> Option<&'static Text> {
    carried().tenants.get(&tenant).map(|seeds| &seeds.title).filter(|title| !title.zh.is_empty())
}

fn carried() -> &'static Seeds {
    // A test keeps the files free of mistakes.
    static CARRIED: LazyLock<Seeds> = LazyLock::new(|| Seeds::embedded().unwrap_or_default());
    &CARRIED
}

fn unreadable(file: &str, cause: &str) -> Mistake {
    let (zh, en) = (format!("文件无法读取：{cause}"), format!("expected a readable file, found: {cause}"));
    Mistake { file: file.to_owned(), line: 0, column: 0, code: "unreadable", zh, en }
}
