//! Idle plots as people read them: where each stands between 闲置 and 流转, who holds it, and which projects would fit, scored by a decision table.
//! Invariant: a plot is an account of one, so it is offered to one at a time; its stage follows from that account and from where the case that holds it stands.
//! Never: a match that decides anything; the list only says whom to look at first.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::notices::short_name;
use crate::app::queries::{CaseFilter, reading};
use crate::app::quota::Balance;
use crate::app::writer::Working;
use crate::definition::library;
use crate::expr::{Table, Value};
use crate::ids::{CaseId, Tenant, Text};
use crate::limits::PLOT_CASES_MAX;
use crate::store::rows::{CaseRow, PostingKind};

/// The procedure that moves a plot.
const IDLE_PLOT: &str = "idle-plot";
/// Procedures whose applicants ask for land.
const DEMANDS: [&str; 2] = ["green-channel", "land-quota"];
/// What the account of a plot begins with.
const PLOT: &str = "plot/";
/// Accounts of which project takes a plot: of one piece too, so that a plot never serves two.
const TAKEN: &str = "plot-use/";
/// How many postings of a plot's use are read: each taking is two.
const TAKINGS_READ_MAX: u32 = 200;
/// How many matches a plot shows.
const MATCHES_SHOWN: usize = 5;

/// Where a plot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 闲置: registered, and nobody's to take.
    Idle,
    /// 挂牌.
    Listed,
    /// 匹配.
    Matching,
    /// 流转: the contract is being made.
    Transferring,
    /// 已流转.
    Conveyed,
}

impl Stage {
    /// The key of its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Listed => "listed",
            Self::Matching => "matching",
            Self::Transferring => "transferring",
            Self::Conveyed => "conveyed",
        }
    }
}

/// A plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Its account's key.
    pub key: String,
    /// Its code in the register of idle land.
    pub code: String,
    /// What it is called.
    pub title: Text,
    /// Where it stands.
    pub stage: Stage,
    /// The case about it, and what people call that.
    pub case: Option<(CaseId, String)>,
    /// Its area, as its holder entered it.
    pub area: Option<i64>,
    /// The use the plan allows.
    pub allowed: String,
    /// Where it lies, and the industry it suits.
    pub place: Place,
    /// Who could take it, the best first.
    pub matches: Vec<Match>,
}

/// Where something lies and what is made there, by their codes as the form has them; empty when it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// 行政区划代码.
    pub region: String,
    /// 行业代码 (GB/T 4754).
    pub industry: String,
}

impl Place {
    fn of(form: &Json) -> Self {
        let text = |key: &str| form[key].as_str().unwrap_or_default().to_owned();
        Self { region: text("region"), industry: text("industry") }
    }
}

/// What the page of a case shows of idle land.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fits {
    /// The case asks for land: the plots that would do, the best first, each with this case as its one match.
    Plots(Vec<Plot>),
    /// The case is about a plot: the plot with who could take it.
    Projects(Box<Plot>),
}

/// A project that would fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its case.
    pub case: CaseId,
    /// What people call it.
    pub name: String,
    /// The area it asks for.
    pub area: i64,
    /// Where it wants to build, and what.
    pub place: Place,
    /// The score, out of a hundred.
    pub score: i64,
    /// What speaks for it.
    pub why: Vec<Text>,
}

/// A case with its form.
struct Filed {
    row: CaseRow,
    working: Working,
    form: Json,
}

impl App {
    /// Every registered plot with its matches.
    ///
    /// # Errors
    /// A fault.
    pub async fn plots(&self, tenant: Tenant, balances: &[Balance]) -> Result<Vec<Plot>, Fault> {
        let plots: Vec<&Balance> = balances.iter().filter(|balance| balance.key.starts_with(PLOT)).collect();
        if plots.is_empty() {
            return Ok(Vec::new());
        }
        let offers = self.filed(tenant, IDLE_PLOT, None).await?;
        let mut wanted = Vec::new();
        for workflow in DEMANDS {
            wanted.extend(self.filed(tenant, workflow, Some(true)).await?);
        }
        let takers = self.takers(tenant, balances).await?;
        Ok(plots.into_iter().map(|balance| plot(balance, &takers, &offers, &wanted)).collect())
    }

    /// Which case has taken a plot, by the plot's code.
    async fn takers(&self, tenant: Tenant, balances: &[Balance]) -> Result<BTreeMap<String, CaseId>, Fault> {
        let mut takers = BTreeMap::new();
        for (code, taken) in balances.iter().filter_map(|balance| Some((balance.key.strip_prefix(TAKEN)?, balance))).filter(|(_, taken)| taken.free == 0) {
            let rows = self.store().postings(tenant, &taken.key, 0, TAKINGS_READ_MAX).await.map_err(reading("reading who takes a plot"))?;
            takers.extend(rows.iter().rev().find(|row| row.kind == PostingKind::Reserve).map(|row| (code.to_owned(), row.case)));
        }
        Ok(takers)
    }

    /// Idle land as a running case is concerned with it; none for a case that neither asks for land nor is about a plot.
    ///
    /// # Errors
    /// A fault.
    pub async fn fits(&self, working: &Working) -> Result<Option<Fits>, Fault> {
        let (tenant, case, workflow) = (working.row.tenant, working.row.id, &*working.state.workflow);
        if working.state.ended.is_some() || !(workflow == IDLE_PLOT || DEMANDS.contains(&workflow)) {
            return Ok(None);
        }
        let balances = self.balances(tenant).await?;
        if workflow == IDLE_PLOT {
            let plots = self.plots(tenant, &balances).await?.into_iter();
            return Ok(plots.filter(|plot| plot.case.as_ref().is_some_and(|(about, _)| *about == case)).map(|plot| Fits::Projects(Box::new(plot))).next());
        }
        let takers = self.takers(tenant, &balances).await?;
        let balances: Vec<&Balance> = balances.iter().filter(|balance| balance.key.starts_with(PLOT)).collect();
        // Most places have no idle land on the books, and every case page asks.
        if balances.is_empty() {
            return Ok(None);
        }
        let offers = self.filed(tenant, IDLE_PLOT, None).await?;
        let own = [Filed { row: working.row.clone(), form: self.form(working).await?.unwrap_or_default(), working: working.clone() }];
        let plots = balances.into_iter().map(|balance| plot(balance, &takers, &offers, &own));
        let mut plots: Vec<Plot> = plots.filter(|plot| !plot.matches.is_empty()).collect();
        plots.sort_by_key(|plot| std::cmp::Reverse(plot.matches.iter().map(|found| found.score).max()));
        Ok(Some(Fits::Plots(plots)))
    }

    /// Cases of a procedure with their forms, newest first, up to a bound.
    async fn filed(&self, tenant: Tenant, workflow: &str, running: Option<bool>) -> Result<Vec<Filed>, Fault> {
        let filter = CaseFilter { workflow: Some(workflow.to_owned()), running, ..CaseFilter::default() };
        let mut filed = Vec::new();
        for row in self.store().cases(tenant, &filter, PLOT_CASES_MAX).await.map_err(reading("listing who asks for land"))? {
            let working = match self.working(tenant, row.id).await {
                Ok(working) => working,
                Err(Failure::Fault(fault)) => return Err(fault),
                // It is gone meanwhile.
                Err(Failure::Refused(_)) => continue,
            };
            let form = self.form(&working).await?.unwrap_or_default();
            filed.push(Filed { row, working, form });
        }
        Ok(filed)
    }
}

fn plot(balance: &Balance, takers: &BTreeMap<String, CaseId>, offers: &[Filed], wanted: &[Filed]) -> Plot {
    let code = balance.key.trim_start_matches(PLOT);
    let of_plot = || offers.iter().filter(|offer| offer.form["plot_code"] == code);
    // The case that holds it; else the newest that asks whether it is idle.
    let holds = |offer: &&Filed| offer.working.state.holds.values().any(|hold| hold.account == balance.key) || offer.row.result.as_deref() == Some("conveyed");
    let about = of_plot().find(holds).or_else(|| of_plot().find(|offer| offer.row.ended.is_none()));
    let stage = stage(balance, about);
    let offered = matches!(stage, Stage::Idle | Stage::Listed | Stage::Matching);
    let text = |key: &str| about.and_then(|about| about.form[key].as_str()).unwrap_or_default().to_owned();
    let area = about.and_then(|about| about.form["area_m2"].as_i64());
    let mut matches: Vec<Match> = match about {
        // One that a project has taken is for that project alone.
        Some(about) if offered => {
            let may = |project: &&Filed| takers.get(code).is_none_or(|taker| *taker == project.row.id);
            wanted.iter().filter(may).filter_map(|project| fit(&about.form, project)).collect()
        }
        Some(_) | None => Vec::new(),
    };
    matches.sort_by(|left, right| right.score.cmp(&left.score).then_with(|| left.case.cmp(&right.case)));
    matches.truncate(MATCHES_SHOWN);
    let case = about.map(|about| (about.row.id, about.row.number.clone().unwrap_or_else(|| short_name(about.row.id))));
    Plot {
        key: balance.key.clone(),
        code: code.to_owned(),
        title: balance.title.clone(),
        stage,
        case,
        area,
        allowed: text("use_allowed"),
        place: about.map(|about| Place::of(&about.form)).unwrap_or_default(),
        matches,
    }
}

fn stage(balance: &Balance, about: Option<&Filed>) -> Stage {
    if balance.used > 0 {
        return Stage::Conveyed;
    }
    let at = |steps: &[&str]| about.is_some_and(|about| about.working.state.tokens.values().any(|token| steps.contains(&&*token.step)));
    match () {
        () if balance.reserved == 0 => Stage::Idle,
        () if at(&["transfer"]) => Stage::Transferring,
        // Its file is still to be put away; the account follows when the case ends.
        () if at(&["archive"]) => Stage::Conveyed,
        () if at(&["archive-delisted"]) => Stage::Idle,
        () if at(&["match", "ask-industry", "ask-zone", "decide-match"]) => Stage::Matching,
        () => Stage::Listed,
    }
}

/// How well a project fits a plot; `None` when it wants more than there is, says no area, or nothing speaks for it.
fn fit(plot: &Json, project: &Filed) -> Option<Match> {
    let (area, wanted) = (plot["area_m2"].as_i64().filter(|area| *area > 0)?, project.form["area_m2"].as_i64().filter(|area| *area > 0)?);
    if wanted > area {
        return None;
    }
    let industry = match (plot["industry"].as_str(), project.form["industry"].as_str()) {
        (Some(ours), Some(theirs)) if ours == theirs => "same",
        // The first two digits are the branch (GB/T 4754).
        (Some(ours), Some(theirs)) if ours.get(..2).is_some() && ours.get(..2) == theirs.get(..2) => "near",
        (Some(_), Some(_)) => "other",
        (None, _) | (_, None) => "unknown",
    };
    let percent = wanted.saturating_mul(100) / area;
    let same_region = plot["region"].is_string() && plot["region"] == project.form["region"];
    let (score, why) = score(percent, same_region, industry)?;
    let name = project.row.number.clone().unwrap_or_else(|| short_name(project.row.id));
    (score > 0).then_some(Match { case: project.row.id, name, area: wanted, place: Place::of(&project.form), score, why })
}

fn score(area_percent: i64, same_region: bool, industry: &str) -> Option<(i64, Vec<Text>)> {
    // The table the program carries; it decides nothing, so no case pins it.
    static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
        let file = library::embedded_files().into_iter().find(|file| file.key == "decisions/plot-fit.yaml")?;
        Table::parse(&file.text, &file.shown).ok()
    });
    let table = TABLE.as_ref()?;
    let roots = Value::from_json(&json!({"fit": {"area_percent": area_percent, "same_region": same_region, "industry": industry}}));
    let decided = table.decide(&roots).ok()?;
    let rows = table.told(|_, _| None).rows;
    let why = decided.rows.iter().filter_map(|row| rows.get(row.checked_sub(1)?)?.note.clone()).collect();
    Some((decided.value.as_i64()?, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up_area_region_and_industry() {
        let scored = |percent, region, industry| score(percent, region, industry).map(|(score, why)| (score, why.len()));
        assert_eq!(scored(100, true, "same"), Some((100, 3)));
        assert_eq!(scored(80, true, "near"), Some((85, 3)));
        assert_eq!(scored(50, false, "unknown"), Some((20, 1)));
        assert_eq!(scored(49, false, "other"), Some((0, 0)));
    }
}
