//! The ledger of a unit and a period: its rows, its evidence by class, and the frozen ledgers with their two copies.
//! Invariant: what leaves is made of what was frozen, and is on record first. Never: another unit's ledger for somebody who watches over one office only.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::app::evidence;
use crate::app::frozen::{FreezeAsked, Frozen, Period, period};
use crate::app::ledger::Wanted;
use crate::engine::refusal::Refusal;
use crate::exports::ledger::LedgerRow;
use crate::identity::may::Act;
use crate::ids::{CaseId, Name, Text};
use crate::notice::Language;
use crate::supervision::Light;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::download::attachment;
use crate::web::pages::case::fresh_command;
use crate::web::permit::{allows, permit};
use crate::web::visitor::Visitor;

/// How many quarters there are to choose from.
const QUARTERS: u32 = 8;
/// How many frozen ledgers the page lists.
const FROZEN_SHOWN: usize = 20;
/// How many acts the list of who took a copy looks at.
const EXPORTS_LOOKED: u32 = 500;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/ledger", get(show))
        .route("/ledger/freeze", post(freeze))
        .route("/ledger/frozen/{id}", get(frozen))
        .route("/ledger/frozen/{id}/{copy}", get(copy))
}

/// What stands in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    /// `2025Q1`; this quarter when nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    /// The office.
    #[serde(skip_serializing_if = "String::is_empty")]
    unit: String,
    /// What the form became.
    #[serde(skip_serializing)]
    command: String,
}

#[derive(Serialize)]
struct Page {
    period: String,
    from: String,
    to: String,
    unit: Option<Text>,
    units: Vec<Choice>,
    periods: Vec<Choice>,
    everywhere: bool,
    rows: Vec<Row>,
    count: usize,
    hidden: usize,
    classes: Vec<Class>,
    filed: usize,
    frozen: Vec<FrozenLine>,
    freeze: Option<Freeze>,
    section: String,
}

/// One of several to choose.
#[derive(Serialize)]
pub struct Choice {
    value: String,
    title: Text,
    chosen: bool,
}

#[derive(Serialize)]
struct Row {
    href: String,
    project: String,
    matter: String,
    link: String,
    step: String,
    unit: String,
    person: String,
    planned_to: Option<String>,
    left: Option<i64>,
    light: Option<Light>,
    progress: String,
    order: String,
    evidence: usize,
    at: Option<i64>,
}

#[derive(Serialize)]
struct Class {
    id: &'static str,
    group: &'static Text,
    title: &'static Text,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    name: String,
    href: String,
    digest: String,
    case_name: String,
    case_href: String,
}

#[derive(Serialize)]
struct FrozenLine {
    href: String,
    id: String,
    period: String,
    unit: Text,
    rows: u64,
    at: i64,
    by: String,
}

#[derive(Serialize)]
struct Freeze {
    command: String,
    period: String,
    unit: String,
}

impl Row {
    fn of(shared: &Shared, language: Language, (row, case): (LedgerRow, CaseId)) -> Self {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
        // The first piece is the act's own record.
        let evidence = row.evidence.iter().filter(|piece| piece.number.contains(' ')).count();
        Self {
            href: format!("/cases/{case}"),
            project: row.project,
            matter: row.matter,
            link: row.link,
            step: row.step,
            unit: row.unit,
            person: row.person,
            planned_to: day(row.planned_to),
            left: row.left,
            light: row.light,
            progress: done(shared, language, &row.progress),
            order: row.order,
            evidence,
            at: row.at.map(|at| at.0),
        }
    }
}

/// The offices whose ledger somebody may look at, by key.
fn units(shared: &Shared, visitor: &Visitor) -> Vec<Name> {
    let roster = &visitor.known.roster;
    if allows(&shared.app, visitor, Act::ReadAllLights) {
        return roster.offices.keys().cloned().collect();
    }
    let mut own: Vec<Name> = visitor.posts.iter().filter(|(_, post)| &**post != "agent").map(|(office, _)| office.clone()).collect();
    own.sort();
    own.dedup();
    own
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadLights)?;
    let everywhere = allows(&shared.app, &visitor, Act::ReadAllLights);
    let today = shared.app.clock().now().date();
    let chosen = if asked.period.is_empty() { Period::quarter_of(today) } else { period(&asked.period)? };
    let mine = units(&shared, &visitor);
    let unit = if asked.unit.is_empty() && !everywhere { mine.first().cloned() } else { Some(Name::from(asked.unit.as_str())).filter(|unit| !unit.is_empty()) };
    if let Some(unit) = &unit
        && !mine.contains(unit)
    {
        permit(&shared.app, &visitor, Act::ReadAllLights)?;
        return Err(Refusal::not_found("unknown_office", format!("没有机构“{unit}”。"), format!("cannot find the office `{unit}`")).into());
    }
    let wanted = Wanted { english: false, from: Some(chosen.from), to: Some(chosen.to), link: None, unit: unit.clone() };
    let wanted = Wanted { english: visitor.language() == Language::En, ..wanted };
    let looked = shared.app.look_at_ledger(visitor.tenant, &visitor.actor(), &wanted).await?;
    let all = shared.app.frozen_ledgers(visitor.tenant).await?;
    let of_mine = |frozen: &Frozen| everywhere || frozen.unit.as_ref().is_some_and(|unit| mine.iter().any(|own| **own == **unit));
    let frozen_line = |frozen: Frozen| FrozenLine {
        href: format!("/ledger/frozen/{}", frozen.id),
        id: frozen.id,
        period: frozen.period.label,
        unit: frozen.unit_title,
        rows: frozen.rows,
        at: frozen.at.0,
        by: frozen.by,
    };
    let may_freeze = allows(&shared.app, &visitor, Act::Export);
    let unit_word = unit.as_ref().map(ToString::to_string).unwrap_or_default();
    let classes: Vec<Class> = evidence::plan().classes.iter().map(|class| class_of(class, &looked.evidence)).collect();
    let page = Page {
        period: chosen.label.clone(),
        from: chosen.from.to_string(),
        to: chosen.to.to_string(),
        units: mine.iter().map(|key| Choice { value: key.to_string(), title: visitor.known.office(key), chosen: unit.as_ref() == Some(key) }).collect(),
        periods: periods(today, &chosen),
        everywhere,
        hidden: looked.count - looked.rows.len(),
        rows: looked.rows.into_iter().map(|row| Row::of(&shared, visitor.language(), row)).collect(),
        count: looked.count,
        filed: classes.iter().map(|class| class.pieces.len()).sum(),
        classes,
        frozen: all.into_iter().filter(of_mine).take(FROZEN_SHOWN).map(frozen_line).collect(),
        freeze: if may_freeze { Some(Freeze { command: fresh_command()?, period: chosen.label, unit: unit_word }) } else { None },
        unit: unit.as_ref().map(|unit| visitor.known.office(unit)),
        section: cited(&evidence::plan().section, visitor.language()),
    };
    let title = shared.pages.word(visitor.language(), "ledger-title");
    Ok(shared.pages.page(&visitor.site, "ledger", &title, &page))
}

fn class_of(class: &'static evidence::EvidenceClass, filed: &std::collections::BTreeMap<String, Vec<crate::app::ledger::Piece>>) -> Class {
    let piece = |piece: &crate::app::ledger::Piece| Piece {
        name: piece.name.clone(),
        href: format!("/files/{}?case={}", piece.digest, piece.case),
        digest: piece.digest.to_string(),
        case_name: piece.case_name.clone(),
        case_href: format!("/cases/{}", piece.case),
    };
    let pieces = filed.get(&class.id).map(|pieces| pieces.iter().map(piece).collect()).unwrap_or_default();
    Class { id: &class.id, group: &class.group, title: &class.title, pieces }
}

/// The quarters to choose from, the newest first; what is shown is always among them.
pub fn periods(today: chrono::NaiveDate, chosen: &Period) -> Vec<Choice> {
    const MONTHS: u32 = 3;
    let back = |quarters: u32| today.checked_sub_months(chrono::Months::new(quarters * MONTHS)).map(Period::quarter_of);
    let mut all: Vec<Period> = (0..QUARTERS).filter_map(back).collect();
    if !all.contains(chosen) {
        all.insert(0, chosen.clone());
    }
    let choice = |period: Period| Choice { title: Text { zh: period.label.clone(), en: period.label.clone() }, chosen: period == *chosen, value: period.label };
    all.into_iter().map(choice).collect()
}

async fn freeze(State(shared): State<Shared>, visitor: Visitor, axum::Form(asked): axum::Form<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::Export)?;
    let wanted = FreezeAsked { period: asked.period, unit: Some(asked.unit).filter(|unit| !unit.is_empty()), link: None };
    let frozen = shared.app.freeze_ledger(visitor.tenant, visitor.actor(), asked.command.parse().ok(), &wanted).await?;
    Ok(Redirect::to(&format!("/ledger/frozen/{}", frozen.id)).into_response())
}

#[derive(Serialize)]
struct FrozenPage {
    id: String,
    period: String,
    unit: Text,
    link: Option<Text>,
    rows: u64,
    digest: String,
    at: i64,
    by: String,
    copies: Vec<CopyRow>,
    taken: Vec<Taken>,
    may_take: bool,
    section: String,
}

#[derive(Serialize)]
struct CopyRow {
    number: usize,
    href: String,
    holder: &'static Text,
    purpose: &'static Text,
}

#[derive(Serialize)]
struct Taken {
    at: i64,
    by: Text,
    number: i64,
    holder: String,
    purpose: String,
    proof: String,
}

/// The frozen ledger of somebody's own office, or any for whoever watches over all.
async fn readable(shared: &Shared, visitor: &Visitor, id: &str) -> Result<Frozen, Trouble> {
    permit(&shared.app, visitor, Act::ReadLights)?;
    let frozen = shared.app.frozen_ledger(visitor.tenant, id).await?;
    let own = frozen.unit.as_ref().is_some_and(|unit| visitor.posts.iter().any(|(office, _)| **office == **unit));
    if !own {
        permit(&shared.app, visitor, Act::ReadAllLights)?;
    }
    Ok(frozen)
}

async fn frozen(State(shared): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    let frozen = readable(&shared, &visitor, &id).await?;
    let copies = evidence::plan().copies.iter().enumerate().map(|(place, rule)| CopyRow {
        number: place + 1,
        href: format!("/ledger/frozen/{id}/{}", place + 1),
        holder: &rule.holder,
        purpose: &rule.purpose,
    });
    let text = |details: &serde_json::Value, key: &str| details.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let exported = shared.app.exported(visitor.tenant, None, EXPORTS_LOOKED).await?;
    let taken = exported.into_iter().filter(|exported| text(&exported.details, "ledger") == id).map(|exported| Taken {
        at: exported.line.at.0,
        by: exported.line.by.clone(),
        number: exported.details.get("copy").and_then(serde_json::Value::as_i64).unwrap_or_default(),
        holder: text(&exported.details, "holder"),
        purpose: text(&exported.details, "purpose"),
        proof: format!("/audit/acts/{}/{}", exported.line.case, exported.line.seq),
    });
    let page = FrozenPage {
        copies: copies.collect(),
        taken: taken.collect(),
        may_take: allows(&shared.app, &visitor, Act::Export),
        period: frozen.period.label,
        unit: frozen.unit_title,
        link: frozen.link.map(|link| visitor.known.link_title(&link)),
        rows: frozen.rows,
        digest: frozen.digest.to_string(),
        at: frozen.at.0,
        by: frozen.by,
        section: cited(&evidence::plan().section, visitor.language()),
        id,
    };
    let title = shared.pages.word(visitor.language(), "ledger-frozen-title");
    Ok(shared.pages.page(&visitor.site, "ledger-frozen", &title, &page))
}

async fn copy(State(shared): State<Shared>, visitor: Visitor, Path((id, number)): Path<(String, u32)>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::Export)?;
    readable(&shared, &visitor, &id).await?;
    let text = shared.app.ledger_copy(visitor.tenant, visitor.actor(), &id, number).await?;
    Ok(attachment("text/csv; charset=utf-8", &format!("ledger-{id}-{number}.csv"), text))
}

/// How a step ended in the reader's words, with the article behind it when the law ended it; what has no word stands as it is.
fn done(shared: &Shared, language: Language, progress: &str) -> String {
    let (key, article) = progress.find('(').map_or((progress, ""), |at| progress.split_at(at));
    shared.pages.named(language, "outcome", key).map_or_else(|| progress.to_owned(), |word| word + article)
}

/// A section of a plan as a page in that language cites it: `四（三）、四（十一）` is `4(3), 4(11)` to who reads no Chinese.
pub(super) fn cited(section: &str, language: Language) -> String {
    if language == Language::Zh {
        return section.to_owned();
    }
    let (mut text, mut run) = (String::new(), String::new());
    // The sign after the last one ends a number that stands there.
    for sign in section.chars().chain(['\0']) {
        if NUMERALS.contains(sign) {
            run.push(sign);
            continue;
        }
        text.push_str(&numeral(&std::mem::take(&mut run)));
        match sign {
            '（' => text.push('('),
            '）' => text.push(')'),
            '、' => text.push_str(", "),
            '\0' => {}
            other => text.push(other),
        }
    }
    text
}

/// The signs of numbers below a hundred.
const NUMERALS: &str = "一二三四五六七八九十";

/// A number below a hundred in figures: `十一` is 11, `二十` 20.
fn numeral(run: &str) -> String {
    let digit = |text: &str| text.chars().next().and_then(|sign| NUMERALS.chars().zip(1_u32..).find(|(known, _)| *known == sign)).map(|(_, number)| number);
    match run.split_once('十') {
        Some((tens, ones)) => (digit(tens).unwrap_or(1) * 10 + digit(ones).unwrap_or(0)).to_string(),
        None => digit(run).map_or_else(String::new, |number| number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_cited_in_figures_where_nobody_reads_chinese() {
        let cited = |section| cited(section, Language::En);
        assert_eq!(cited("四（三）、四（四）"), "4(3), 4(4)");
        assert_eq!([cited("三（十）"), cited("三（十一）"), cited("二十"), cited("二十一")], ["3(10)", "3(11)", "20", "21"]);
        assert_eq!(super::cited("三（十）", Language::Zh), "三（十）");
    }
}
