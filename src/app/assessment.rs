//! The assessment (考核) of a period: what each unit's score is made of, computed from rows whenever somebody looks.
//! Invariant: a point is a share of a list one can open; a criterion without rows judges nobody, and what it would have weighed is left out. A bonus is a case that was granted, and such a
//! case is never accepted without its proof (L11). Never: a stored score; a league of offices shown before its publication was approved (政府督查工作条例 21).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::frozen::Period;
use crate::app::known::Known;
use crate::app::ledger::{Wanted, each_row};
use crate::app::notices::short_name;
use crate::app::queries::{CaseFilter, reading};
use crate::app::ratings::Rating;
use crate::app::seed;
use crate::app::writer::Working;
use crate::engine::case::BodyRef;
use crate::forms::Kind;
use crate::identity::Actor;
use crate::ids::{CaseId, Moment, Name, Tenant, Text};
use crate::limits::{ASSESSED_CASES_MAX, LIGHTS_LISTED_MAX};
use crate::source::{Mistake, Node, Reader};
use crate::store::TermView;
use crate::store::rows::CaseRow;

/// The file, below `seeds/`.
const FILE: &str = "assessment.yaml";
/// The workflow that grants a bonus.
const BONUS: &str = "bonus-claim";
/// The workflow that publishes an assessment.
const NOTICE: &str = "assessment-notice";
/// The workflow of supervision orders.
const ORDER: &str = "supervision-order";
/// Its step in which the issuer strikes it off, revokes it or sends it back.
const CLOSING: &str = "close";
/// A score is kept in hundredths of a point.
const HUNDREDTHS: u64 = 100;
/// What the weights add up to: a score is out of so many points.
const WEIGHTS_SUM: u64 = 100;

/// The kind of register rows that hold the versions, by their first day.
pub const ASSESSMENT: &str = "assessment";

/// What a score is made of, from a day on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentPlan {
    /// The first day of the periods it counts for.
    pub from: NaiveDate,
    /// Where the plan asks for it.
    pub section: String,
    /// The document its criteria and weights rest on; none where they are made up for the demonstration, and every page says so.
    pub document: Option<String>,
    /// The criteria with their weights, which add up to 100.
    pub criteria: Vec<CriterionRule>,
    /// The most a bonus adds, in points.
    pub bonus_most: u64,
}

/// A criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionRule {
    /// `kept`, `orders`, `evidence`.
    pub key: String,
    /// Its weight, in points.
    pub weight: u64,
    /// Its name.
    pub title: Text,
    /// How it is counted.
    pub how: Text,
}

/// A row behind a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoredRow {
    /// The case.
    pub case: CaseId,
    /// What people call it.
    pub name: String,
    /// The link or step.
    pub what: Text,
    /// It counts for the unit.
    pub good: bool,
}

/// How a unit did by one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// Its key.
    pub key: String,
    /// Its weight, in points.
    pub weight: u64,
    /// All its rows.
    pub rows: Vec<ScoredRow>,
}

/// A bonus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bonus {
    /// The case it was granted in.
    pub case: CaseId,
    /// How many points.
    pub points: u64,
    /// For what.
    pub reason: String,
    /// The name of its proof.
    pub proof: String,
}

/// How a unit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitScore {
    /// The office.
    pub office: String,
    /// Its name.
    pub title: Text,
    /// By criterion, in the plan's order.
    pub criteria: Vec<Criterion>,
    /// Bonuses.
    pub bonuses: Vec<Bonus>,
    /// The most they add, in points.
    pub bonus_most: u64,
    /// Ratings by level, from very dissatisfied to very satisfied.
    pub ratings: [usize; 5],
}

impl Criterion {
    /// How many rows count for the unit.
    #[must_use]
    pub fn good(&self) -> usize {
        self.rows.iter().filter(|row| row.good).count()
    }
}

impl UnitScore {
    /// The score without bonus, in hundredths of a point out of 100; none when no criterion has a row.
    #[must_use]
    pub fn base(&self) -> Option<u64> {
        let judged = || self.criteria.iter().filter(|one| !one.rows.is_empty());
        let weight: u64 = judged().map(|one| one.weight).sum();
        let count = |number: usize| u128::try_from(number).unwrap_or(u128::MAX);
        // One rounding at the end: the shares are put over one denominator first.
        let all: u128 = judged().map(|one| count(one.rows.len())).product();
        let won: u128 = judged().map(|one| u128::from(one.weight) * count(one.good()) * (all / count(one.rows.len()))).sum();
        let (weight, whole) = (u128::from(weight), u128::from(HUNDREDTHS * HUNDREDTHS));
        (weight > 0).then(|| u64::try_from((won * whole + weight * all / 2) / (weight * all)).unwrap_or(u64::MAX))
    }

    /// The bonus that counts, in hundredths of a point.
    #[must_use]
    pub fn bonus(&self) -> u64 {
        self.bonuses.iter().map(|bonus| bonus.points).sum::<u64>().min(self.bonus_most) * HUNDREDTHS
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.base().map(|base| base + self.bonus())
    }
}

/// What a score is made of where the register holds no version for the period: as this program carries it.
#[must_use]
pub fn plan() -> &'static AssessmentPlan {
    // A test keeps the file free of mistakes.
    static PLAN: LazyLock<AssessmentPlan> = LazyLock::new(|| seed::embedded_text(FILE).and_then(|text| read(&text, FILE).ok()).unwrap_or_default());
    &PLAN
}

/// Reads the file.
///
/// # Errors
/// Every mistake, with its place.
pub fn read(text: &str, file: &str) -> Result<AssessmentPlan, Vec<Mistake>> {
    Reader::parse(text, file, whole)
}

fn whole(reader: &mut Reader<'_>, node: &Node) -> Option<AssessmentPlan> {
    let top = reader.fields(node, &["section", "from", "document", "invented", "criteria", "bonus-most"])?;
    let section = reader.required(&top, "section").and_then(|node| reader.text(node));
    let from = reader.required(&top, "from").and_then(|node| seed::date(reader, node));
    let document = top.get("document").and_then(|node| reader.text(node));
    let invented = top.get("invented");
    if document.is_some() == invented.is_some() {
        let expected = ("document（所依据的文件）和 invented（演示用）两者之一", "either `document`, what they rest on, or `invented`, for a demonstration");
        reader.expected(invented.unwrap_or(node), "document-or-invented", expected);
    }
    let most = reader.required(&top, "bonus-most").and_then(|node| reader.whole(node));
    let mut criteria: Vec<CriterionRule> = Vec::new();
    let listed = reader.required(&top, "criteria");
    for node in listed.map(|node| reader.list(node)).unwrap_or_default() {
        let Some(keys) = reader.fields(node, &["key", "weight", "title", "how"]) else { continue };
        let key = reader.required(&keys, "key").and_then(|node| reader.word(node, &[("kept", "kept"), ("orders", "orders"), ("evidence", "evidence")]));
        let weight = reader.required(&keys, "weight").and_then(|node| reader.whole(node));
        let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
        let how = reader.required(&keys, "how").and_then(|node| reader.bilingual(node));
        let (Some(key), Some(weight), Some(title), Some(how)) = (key, weight.and_then(|weight| u64::try_from(weight).ok()), title, how) else { continue };
        if criteria.iter().any(|other| other.key == key) {
            reader.expected(node, "taken", ("每项指标只列一次", "each criterion once"));
        }
        criteria.push(CriterionRule { key: key.to_owned(), weight, title, how });
    }
    let sum: u64 = criteria.iter().map(|rule| rule.weight).sum();
    if sum != WEIGHTS_SUM && reader.is_clean() {
        reader.expected(listed.unwrap_or(node), "weights-sum", ("权重合计 100", "weights that add up to 100"));
    }
    Some(AssessmentPlan { from: from?, section: section?, document, criteria, bonus_most: u64::try_from(most?).ok()? })
}

/// Scores while they are gathered.
struct Gathering<'k> {
    known: &'k Known,
    plan: &'k AssessmentPlan,
    today: chrono::NaiveDate,
    units: BTreeMap<Name, UnitScore>,
}

impl Gathering<'_> {
    /// The unit an office is now: what an office did before it was succeeded counts for its successor.
    fn unit(&mut self, office: &str) -> &mut UnitScore {
        let office = self.known.roster.current(&Name::from(office), self.today);
        let fresh = || UnitScore {
            office: office.to_string(),
            title: self.known.office(&office),
            criteria: self.plan.criteria.iter().map(|rule| Criterion { key: rule.key.clone(), weight: rule.weight, rows: Vec::new() }).collect(),
            bonuses: Vec::new(),
            bonus_most: self.plan.bonus_most,
            ratings: [0; 5],
        };
        self.units.entry(office.clone()).or_insert_with(fresh)
    }

    fn add(&mut self, office: &str, key: &str, row: ScoredRow) {
        let criteria = &mut self.unit(office).criteria;
        criteria.iter_mut().filter(|one| one.key == key).for_each(|one| one.rows.push(row.clone()));
    }

    fn promise(&mut self, term: &TermView, good: bool) {
        let Some(office) = term.row.office.clone() else { return };
        let name = term.row.number.clone().unwrap_or_else(|| short_name(term.case));
        let what = self.known.link_title(&term.row.program);
        self.add(&office, "kept", ScoredRow { case: term.case, name, what, good });
    }
}

impl App {
    /// The scores of a period, the best first; units that nothing judges come last.
    ///
    /// # Errors
    /// A fault.
    pub async fn assessment(&self, tenant: Tenant, period: &Period) -> Result<Vec<UnitScore>, Failure> {
        let known = self.known(tenant).await?;
        let now = self.clock().now();
        let mut gathering = Gathering { known: &known, plan: known.assessment_of(period), today: now.date(), units: BTreeMap::new() };
        let span = (Moment::start_of(period.from), Moment::start_of(period.to.succ_opt().unwrap_or(period.to)));
        let asking = reading("reading how promises were kept");
        for term in self.store().promises_ended(tenant, span, LIGHTS_LISTED_MAX).await.map_err(&asking)? {
            let late = term.row.ended.zip(term.row.late_from).is_some_and(|(ended, late_from)| ended >= late_from);
            // What was withdrawn kept no promise; it broke one only when it was late.
            if late || term.row.met {
                gathering.promise(&term, !late);
            }
        }
        for term in self.store().promises_late_at(tenant, span.1.min(now), LIGHTS_LISTED_MAX).await.map_err(&asking)? {
            gathering.promise(&term, false);
        }
        self.gather_orders(tenant, span, &mut gathering).await?;
        self.gather_evidence(tenant, period, &mut gathering).await?;
        self.gather_bonuses(tenant, period, &mut gathering).await?;
        for Rating { office, level, .. } in self.ratings(tenant, span).await? {
            if let Some(count) = gathering.unit(&office).ratings.get_mut(usize::from(level).saturating_sub(1)) {
                *count += 1;
            }
        }
        let mut scores: Vec<UnitScore> = gathering.units.into_values().collect();
        scores.sort_by_key(|one| (std::cmp::Reverse(one.total()), one.office.clone()));
        Ok(scores)
    }

    /// Whether the assessment of a period was published: its publication was approved.
    ///
    /// # Errors
    /// A fault.
    pub async fn assessment_published(&self, tenant: Tenant, period: &Period) -> Result<bool, Failure> {
        for row in self.cases_of(tenant, NOTICE, Some(false)).await? {
            if row.result.as_deref() == Some("published") {
                let working = self.working(tenant, row.id).await?;
                let form = self.form(&working).await?;
                if form.as_ref().and_then(|form| form.get("period")?.as_str()) == Some(period.label.as_str()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The cases of a workflow, the newest first.
    pub(in crate::app) async fn cases_of(&self, tenant: Tenant, workflow: &str, running: Option<bool>) -> Result<Vec<CaseRow>, Fault> {
        let filter = CaseFilter { workflow: Some(workflow.to_owned()), running, ..CaseFilter::default() };
        self.store().cases(tenant, &filter, ASSESSED_CASES_MAX).await.map_err(reading("listing cases of a period"))
    }

    async fn gather_orders(&self, tenant: Tenant, (from, until): (Moment, Moment), gathering: &mut Gathering<'_>) -> Result<(), Failure> {
        for row in self.cases_of(tenant, ORDER, None).await? {
            // A draft has no number and orders nothing.
            if row.started < from || row.started >= until || row.number.is_none() {
                continue;
            }
            let working = self.working(tenant, row.id).await?;
            // An order is struck off or revoked when its issuer says so; a letter beside it may be open after that, and its file waits for the archive.
            let decided = working.state.scopes.values().find_map(|scope| scope.done.get(CLOSING)).and_then(|done| match &*done.outcome {
                "agree" => Some("closed".to_owned()),
                "revoke" => Some("revoked".to_owned()),
                _ => None,
            });
            let stands = row.result.clone().or(decided);
            if stands.as_deref().is_some_and(|result| ["no-case", "merged", "revoked"].contains(&result)) {
                continue;
            }
            let Some(office) = self.office_of(&working, "unit").await? else { continue };
            let (name, good) = (row.number.clone().unwrap_or_default(), stands.as_deref() == Some("closed"));
            let what = gathering.known.link_title(&row.workflow);
            gathering.add(&office, "orders", ScoredRow { case: row.id, name, what, good });
        }
        Ok(())
    }

    /// The office that the choice in a field of the case's form stands for.
    async fn office_of(&self, working: &Working, field: &str) -> Result<Option<String>, Failure> {
        let known = self.known(working.row.tenant).await?;
        let bundle = crate::app::register::bundle_of(&known, working.state.revision)?;
        let Some(form) = self.form(working).await? else { return Ok(None) };
        let chosen = form.get(field).and_then(Value::as_str);
        let program = bundle.programs.get(&working.state.workflow);
        let kind = program.and_then(|program| program.form.as_ref()?.field(field)).map(|field| &field.kind);
        let Some(Kind::Choice(choices)) = kind else { return Ok(None) };
        Ok(choices.iter().find(|choice| Some(choice.value.as_str()) == chosen).and_then(|choice| choice.office.clone()))
    }

    async fn gather_evidence(&self, tenant: Tenant, period: &Period, gathering: &mut Gathering<'_>) -> Result<(), Failure> {
        let wanted = Wanted { from: Some(period.from), to: Some(period.to), ..Wanted::default() };
        let now = self.clock().now();
        let known = gathering.known;
        each_row(self.store(), (tenant, known, now), &wanted, &Actor::System, &mut |row, case| {
            if row.asked && row.at.is_some() {
                let good = row.evidence.iter().any(|piece| piece.number.contains(' '));
                let name = case.number.clone().unwrap_or_else(|| short_name(case.id));
                let what = Text { zh: row.step.clone(), en: row.step.clone() };
                for office in &row.offices {
                    gathering.add(office, "evidence", ScoredRow { case: case.id, name: name.clone(), what: what.clone(), good });
                }
            }
            Ok(())
        })
        .await
    }

    async fn gather_bonuses(&self, tenant: Tenant, period: &Period, gathering: &mut Gathering<'_>) -> Result<(), Failure> {
        for row in self.cases_of(tenant, BONUS, Some(false)).await? {
            if row.result.as_deref() != Some("granted") {
                continue;
            }
            let working = self.working(tenant, row.id).await?;
            let form = self.form(&working).await?;
            if form.as_ref().and_then(|form| form.get("period")?.as_str()) != Some(period.label.as_str()) {
                continue;
            }
            let claim = working.state.scopes.get(&0).and_then(|scope| scope.done.get("claim")?.body);
            if let (Some(office), Some(bonus)) = (self.office_of(&working, "unit").await?, self.bonus_of(&working, claim).await?) {
                gathering.unit(&office).bonuses.push(bonus);
            }
        }
        Ok(())
    }

    async fn bonus_of(&self, working: &Working, claim: Option<BodyRef>) -> Result<Option<Bonus>, Failure> {
        let Some(claim) = claim else { return Ok(None) };
        let body = self.body(working.row.tenant, working.row.id, claim.commit).await?;
        let Some(fields) = body.as_ref().and_then(|body| body.get("fields")) else { return Ok(None) };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Some(Bonus {
            case: working.row.id,
            points: fields.get("points").and_then(Value::as_u64).unwrap_or_default(),
            reason: text(fields.get("reason")),
            proof: text(fields.get("proof").and_then(|proof| proof.get("name"))),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(rows: &[(&str, usize, usize)], bonuses: &[u64]) -> UnitScore {
        let nobody = CaseId(uuid::Uuid::nil());
        let criterion = |rule: &CriterionRule| {
            let (good, all) = rows.iter().find(|(key, ..)| *key == rule.key).map_or((0, 0), |(_, good, all)| (*good, *all));
            let row = |number| ScoredRow { case: nobody, name: String::new(), what: Text::default(), good: number < good };
            Criterion { key: rule.key.clone(), weight: rule.weight, rows: (0..all).map(row).collect() }
        };
        let bonus = |points: &u64| Bonus { case: nobody, points: *points, reason: String::new(), proof: String::new() };
        UnitScore {
            office: "a".to_owned(),
            title: Text::default(),
            criteria: plan().criteria.iter().map(criterion).collect(),
            bonuses: bonuses.iter().map(bonus).collect(),
            bonus_most: plan().bonus_most,
            ratings: [0; 5],
        }
    }

    #[test]
    fn a_score_is_the_weighted_share_of_its_rows_and_what_has_none_weighs_nothing() {
        let plan = read(&seed::embedded_text(FILE).unwrap(), FILE).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        assert_eq!(plan.criteria.iter().map(|rule| rule.weight).sum::<u64>(), 100);
        assert_eq!(unit(&[("kept", 3, 4), ("orders", 1, 1), ("evidence", 1, 2)], &[]).base(), Some(7_500), "45 + 20 + 10");
        assert_eq!(unit(&[("kept", 2, 3)], &[]).base(), Some(6_667), "one criterion alone is the whole");
        assert_eq!(unit(&[], &[3]).total(), None, "a bonus judges nobody");
        assert_eq!(unit(&[("kept", 1, 1)], &[3, 9]).total(), Some(11_000), "a bonus adds ten points at most");
    }

    #[test]
    fn a_wrong_file_is_told_all_its_mistakes_at_once() {
        let right = seed::embedded_text(FILE).unwrap();
        let told = |text: &str| read(text, FILE).unwrap_err().into_iter().map(|mistake| mistake.code).collect::<Vec<_>>();
        assert_eq!(told(&right.replace("invented: [criteria, bonus-most]\n", "")), ["document-or-invented"]);
        assert_eq!(told(&right.replace("invented:", "document: 某文件\ninvented:")), ["document-or-invented"]);
        assert_eq!(told(&right.replace("weight: 60", "weight: 50")), ["weights-sum"]);
        assert_eq!(told(&right.replace("key: orders", "key: kept").replace("from: 2016-01-01", "from: soon")).len(), 2);
    }
}
