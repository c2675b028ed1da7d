//! The assessment of a period: each unit's score, the rows behind every point, and what was said of its service.
//! Invariant: a figure leads to the list it counts; the units side by side are shown to everybody only after their publication was approved. Never: who rated.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use crate::app::assessment::{ScoredRow, UnitScore};
use crate::app::frozen::{Period, period};
use crate::app::ratings::Rating;
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::{Moment, Name, Text};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::ledger::{Choice, cited, periods};
use crate::web::permit::{allows, permit};
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/assessment", get(show)).route("/assessment/rows", get(rows)).route("/assessment/words", get(words))
}

/// What stands in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    /// `2025Q1`; this quarter when nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    /// The unit.
    #[serde(skip_serializing_if = "String::is_empty")]
    unit: String,
    /// The criterion.
    #[serde(skip_serializing_if = "String::is_empty")]
    key: String,
}

impl Asked {
    fn href(&self, path: &str) -> String {
        format!("{path}?{}", serde_html_form::to_string(self).unwrap_or_default())
    }
}

/// What somebody may see of a period.
struct Seen {
    period: Period,
    scores: Vec<UnitScore>,
    everywhere: bool,
    published: bool,
}

async fn seen(shared: &Shared, visitor: &Visitor, asked: &Asked) -> Result<Seen, Trouble> {
    permit(&shared.app, visitor, Act::ReadLights)?;
    let today = shared.app.clock().now().date();
    let chosen = if asked.period.is_empty() { Period::quarter_of(today) } else { period(&asked.period)? };
    let everywhere = allows(&shared.app, visitor, Act::ReadAllLights);
    let published = shared.app.assessment_published(visitor.tenant, &chosen).await?;
    let mut scores = shared.app.assessment(visitor.tenant, &chosen).await?;
    if !everywhere && !published {
        // Before publication a unit reads its own score and nobody else's.
        let roster = &visitor.known.roster;
        let own: Vec<Name> = visitor.posts.iter().map(|(office, _)| roster.current(office, today)).collect();
        scores.retain(|score| own.iter().any(|office| **office == *score.office));
    }
    Ok(Seen { period: chosen, scores, everywhere, published })
}

#[derive(Serialize)]
struct Page {
    period: String,
    periods: Vec<Choice>,
    everywhere: bool,
    published: bool,
    section: String,
    /// What the weights rest on; none where they are made up.
    document: Option<String>,
    from: String,
    criteria: Vec<Head>,
    rows: Vec<Row>,
    bonus_most: u64,
}

#[derive(Serialize)]
struct Head {
    title: Text,
    how: Text,
    weight: u64,
}

#[derive(Serialize)]
struct Row {
    place: usize,
    title: Text,
    cells: Vec<Cell>,
    base: Option<String>,
    total: Option<String>,
    bonuses: Vec<BonusRow>,
    rated: usize,
    bad: usize,
    words: String,
}

#[derive(Serialize)]
struct Cell {
    good: usize,
    all: usize,
    href: String,
}

#[derive(Serialize)]
struct BonusRow {
    points: u64,
    reason: String,
    proof: String,
    href: String,
}

/// Hundredths of a point as people read them.
fn points(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let seen = seen(&shared, &visitor, &asked).await?;
    let label = seen.period.label.clone();
    let row = |(place, score): (usize, &UnitScore)| {
        let asked = |key: &str| Asked { period: label.clone(), unit: score.office.clone(), key: key.to_owned() };
        let [very_bad, bad, ..] = score.ratings;
        Row {
            place: place + 1,
            cells: score.criteria.iter().map(|one| Cell { good: one.good(), all: one.rows.len(), href: asked(&one.key).href("/assessment/rows") }).collect(),
            base: score.base().map(points),
            total: score.total().map(points),
            bonuses: score
                .bonuses
                .iter()
                .map(|bonus| BonusRow {
                    points: bonus.points,
                    reason: bonus.reason.clone(),
                    proof: bonus.proof.clone(),
                    href: format!("/cases/{}", bonus.case),
                })
                .collect(),
            rated: score.ratings.iter().sum(),
            bad: very_bad + bad,
            words: asked("").href("/assessment/words"),
            title: score.title.clone(),
        }
    };
    let plan = visitor.known.assessment_of(&seen.period);
    let page = Page {
        periods: periods(shared.app.clock().now().date(), &seen.period),
        everywhere: seen.everywhere,
        published: seen.published,
        section: cited(&plan.section, visitor.language()),
        document: plan.document.clone(),
        from: plan.from.to_string(),
        criteria: plan.criteria.iter().map(|rule| Head { title: rule.title.clone(), how: rule.how.clone(), weight: rule.weight }).collect(),
        rows: seen.scores.iter().enumerate().map(row).collect(),
        bonus_most: plan.bonus_most,
        period: label,
    };
    let title = shared.pages.word(visitor.language(), "assessment-title");
    Ok(shared.pages.page(&visitor.site, "assessment", &title, &page))
}

#[derive(Serialize)]
struct RowsPage {
    period: String,
    back: String,
    unit: Text,
    title: Text,
    how: Text,
    good: usize,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    href: String,
    name: String,
    what: Text,
    good: bool,
}

/// The unit an address names, when the visitor may read it.
fn unit_of<'s>(seen: &'s Seen, asked: &Asked) -> Result<&'s UnitScore, Trouble> {
    let found = seen.scores.iter().find(|score| score.office == asked.unit);
    found.ok_or_else(|| {
        let (zh, en) =
            ("没有这个单位的得分，或还没有通报、您只能看本单位的。", "cannot show it: the unit has no score, or it is not published and not your own");
        Refusal::not_found("no_such_score", zh, en).into()
    })
}

async fn rows(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let seen = seen(&shared, &visitor, &asked).await?;
    let unit = unit_of(&seen, &asked)?;
    let rule = visitor.known.assessment_of(&seen.period).criteria.iter().find(|rule| rule.key == asked.key);
    let (Some(rule), Some(criterion)) = (rule, unit.criteria.iter().find(|one| one.key == asked.key)) else {
        let (zh, en) = (format!("没有考核指标“{}”。", asked.key), format!("cannot find the criterion `{}`", asked.key));
        return Err(Refusal::not_found("no_such_criterion", zh, en).into());
    };
    let line = |row: &ScoredRow| Line { href: format!("/cases/{}", row.case), name: row.name.clone(), what: row.what.clone(), good: row.good };
    let page = RowsPage {
        back: Asked { period: seen.period.label.clone(), ..Asked::default() }.href("/assessment"),
        period: seen.period.label.clone(),
        unit: unit.title.clone(),
        title: rule.title.clone(),
        how: rule.how.clone(),
        good: criterion.good(),
        lines: criterion.rows.iter().map(line).collect(),
    };
    let title = shared.pages.word(visitor.language(), "assessment-rows-title");
    Ok(shared.pages.page(&visitor.site, "assessment-rows", &title, &page))
}

#[derive(Serialize)]
struct WordsPage {
    period: String,
    back: String,
    unit: Text,
    counts: Vec<Count>,
    said: Vec<Said>,
}

#[derive(Serialize)]
struct Count {
    /// The key of its word.
    level: String,
    count: usize,
}

#[derive(Serialize)]
struct Said {
    level: String,
    words: String,
    at: String,
    answered: bool,
}

async fn words(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let seen = seen(&shared, &visitor, &asked).await?;
    let unit = unit_of(&seen, &asked)?;
    let until = seen.period.to.succ_opt().unwrap_or(seen.period.to);
    let span = (Moment::start_of(seen.period.from), Moment::start_of(until));
    let today = shared.app.clock().now().date();
    let of_unit = |rating: &Rating| *visitor.known.roster.current(&Name::from(rating.office.as_str()), today) == *unit.office;
    let said = |rating: Rating| Said {
        level: format!("rating-{}", rating.level),
        words: rating.words,
        at: rating.at.date().to_string(),
        answered: rating.result.as_deref() == Some("closed"),
    };
    let ratings = shared.app.ratings(visitor.tenant, span).await?;
    let page = WordsPage {
        back: Asked { period: seen.period.label.clone(), ..Asked::default() }.href("/assessment"),
        period: seen.period.label.clone(),
        unit: unit.title.clone(),
        counts: unit.ratings.iter().enumerate().rev().map(|(place, count)| Count { level: format!("rating-{}", place + 1), count: *count }).collect(),
        said: ratings.into_iter().filter(of_unit).map(said).collect(),
    };
    let title = shared.pages.word(visitor.language(), "assessment-words-title");
    Ok(shared.pages.page(&visitor.site, "assessment-words", &title, &page))
}
