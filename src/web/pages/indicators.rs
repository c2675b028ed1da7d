//! Indicators: the list with target against figure by year, and one with its plot, its sources and its history; reporting a figure, taking one off the list.
//! Invariant: what a form does is one act however often it is sent, and what was typed stands on the page that says no.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::execute::entropy;
use crate::app::failure::Failure;
use crate::app::indicators::{FigureAsked, Held, ListAsked, ListChange};
use crate::app::seed::plan_called;
use crate::engine::refusal::Refusal;
use crate::identity::may::{Act, Verdict};
use crate::ids::{CommandId, Moment, Text};
use crate::indicators::judge::{Judgement, Verdict as Said, judge};
use crate::indicators::{By, Figure, Goal, Indicator, ListAct, ListVersion, Series, Wording, quantity, standing};
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::ledger::cited;
use crate::web::permit::permit;
use crate::web::plot::{Part, bar, steps};
use crate::web::visitor::Visitor;

/// A whole share, per mille.
const WHOLE: i64 = 1_000;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/indicators", get(list)).route("/indicators/{indicator}", get(show).post(act))
}

#[derive(Serialize)]
struct ListPage {
    count: usize,
    plan: Option<Text>,
    rows: Vec<Row>,
    dropped: Vec<Row>,
    lists: Vec<ListLine>,
}

/// An indicator with its targets.
#[derive(Serialize)]
struct Row {
    key: String,
    href: String,
    title: Text,
    unit: Text,
    section: String,
    item: Option<u32>,
    span: usize,
    first: Line,
    more: Vec<Line>,
}

/// A target with what is said of it.
#[derive(Serialize)]
struct Line {
    year: Option<i32>,
    every: bool,
    above: bool,
    reference: Option<Text>,
    goal: Option<String>,
    value: Option<Shown>,
    share: Option<String>,
    bar: Option<String>,
    verdict: Text,
    /// The class of its tag.
    class: &'static str,
}

/// A figure as a page shows it.
#[derive(Clone, Serialize)]
struct Shown {
    reference: bool,
    on: NaiveDate,
    amount: String,
    document: String,
    reason: Option<String>,
    by: String,
    at: i64,
    stands: bool,
}

#[derive(Serialize)]
struct ListLine {
    number: u32,
    word: &'static str,
    count: usize,
    keys: String,
    reason: String,
    document: String,
    by: String,
    at: i64,
}

fn list_line(version: &ListVersion) -> ListLine {
    ListLine {
        number: version.number,
        word: match version.what {
            ListAct::Planted => "indicators-act-planted",
            ListAct::Added => "indicators-act-added",
            ListAct::Dropped => "indicators-act-dropped",
        },
        count: version.indicators.len(),
        keys: version.indicators.join(" "),
        reason: version.reason.clone(),
        document: version.document.clone(),
        by: version.by.clone(),
        at: version.at.0,
    }
}

fn line(of: &Indicator, judged: &Judgement<'_>) -> Line {
    let verdict = judged.verdict.words();
    let class = match judged.verdict {
        Said::Met => "channel",
        Said::NotMet => "late",
        Said::CannotJudge(_) => "plain",
    };
    let parts = judged.per_mille.map(|share| [Part { class: "a", value: share.clamp(0, WHOLE) }]);
    Line {
        year: judged.year,
        every: judged.target.by == By::EveryYear,
        above: of.wording == Wording::Above,
        reference: match &judged.target.goal {
            Goal::Reference(name) => Some(name.clone()),
            Goal::Number(_) => None,
        },
        goal: judged.goal.map(|goal| quantity::shown(goal, of.decimals)),
        value: judged.value.map(|figure| shown(of, figure, true)),
        share: judged.per_mille.map(quantity::per_cent),
        bar: parts.map(|parts| bar(&judged.per_mille.map(quantity::per_cent).unwrap_or_default(), &parts, WHOLE)),
        verdict,
        class,
    }
}

fn shown(of: &Indicator, figure: &Figure, stands: bool) -> Shown {
    Shown {
        reference: figure.series == Series::Reference,
        on: figure.on,
        amount: quantity::shown(figure.amount, of.decimals),
        document: figure.document.clone(),
        reason: figure.reason.clone(),
        by: figure.by.clone(),
        at: figure.at.0,
        stands,
    }
}

/// The section of a plan that a row cites.
fn section(seed: &str, language: Language) -> String {
    cited(seed.split_once(':').map_or(seed, |(_, section)| section), language)
}

fn row(held: &Held, today: NaiveDate, language: Language) -> Option<Row> {
    let of = &held.indicator;
    let mut lines: Vec<Line> = judge(of, &held.figures, today).iter().map(|judged| line(of, judged)).collect();
    // A list shows the newest of the years that are judged alike; the indicator's own page shows all.
    if lines.len() > of.targets.len() {
        lines.drain(..lines.len() - of.targets.len());
    }
    let span = lines.len();
    let mut lines = lines.into_iter();
    Some(Row {
        key: of.key.to_string(),
        href: format!("/indicators/{}", of.key),
        title: of.title.clone(),
        unit: of.unit.clone(),
        section: section(&of.seed, language),
        item: of.item,
        span,
        first: lines.next()?,
        more: lines.collect(),
    })
}

async fn list(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let held = shared.app.indicators(visitor.tenant).await?;
    let today = shared.app.clock().now().date();
    let rows = |dropped: bool| {
        held.iter().filter(|held| held.indicator.dropped == dropped).filter_map(|held| row(held, today, visitor.language())).collect::<Vec<_>>()
    };
    let lists = shared.app.indicator_lists(visitor.tenant).await?;
    let plan = lists
        .iter()
        .find(|list| list.what == ListAct::Planted)
        .map(|list| plan_called(&list.document).cloned().unwrap_or_else(|| Text { zh: list.document.clone(), en: list.document.clone() }));
    let page = ListPage { count: rows(false).len(), plan, rows: rows(false), dropped: rows(true), lists: lists.iter().map(list_line).collect() };
    let title = shared.pages.word(visitor.language(), "indicators-title");
    Ok(shared.pages.page(&visitor.site, "indicators", &title, &page))
}

/// What is typed into one of the two forms.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Typed {
    act: String,
    command: String,
    series: String,
    on: String,
    amount: String,
    document: String,
    reason: String,
    drop_reason: String,
    drop_document: String,
}

#[derive(Serialize)]
struct Mistake {
    field: String,
    text: Text,
}

#[derive(Serialize)]
struct Page {
    key: String,
    title: Text,
    unit: Text,
    section: String,
    note: Option<Text>,
    item: Option<u32>,
    dropped: bool,
    relative: bool,
    lines: Vec<Line>,
    plot: Option<String>,
    plot_from: Option<i64>,
    plot_to: i64,
    plot_high: String,
    figures: Vec<Shown>,
    reporters: Vec<Text>,
    keeper: Text,
    may_report: bool,
    may_drop: bool,
    done: bool,
    typed: Typed,
    wrong: Option<Text>,
    mistakes: Vec<Mistake>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    done: String,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(key): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let command = CommandId::new(shared.app.clock().now(), entropy()?).to_string();
    let typed = Typed { series: "value".to_owned(), command, ..Typed::default() };
    page(&shared, &visitor, &key, (typed, None, asked.done == "yes")).await
}

async fn page(shared: &Shared, visitor: &Visitor, key: &str, (typed, refused, done): (Typed, Option<Refusal>, bool)) -> Result<Response, Trouble> {
    let held = shared.app.indicator(visitor.tenant, key).await?;
    let (of, now) = (&held.indicator, shared.app.clock().now());
    let stand: Vec<CommandId> =
        [Series::Value, Series::Reference].into_iter().flat_map(|series| standing(&held.figures, series)).map(|figure| figure.command).collect();
    let may = |act| shared.app.may_indicators(&visitor.known, &visitor.actor(), act, of) == Verdict::Allowed;
    let (plot, plot_from, plot_high) = plot(shared, visitor.language(), &held, now);
    let mistakes = refused
        .iter()
        .flat_map(|refused| &refused.details)
        .map(|detail| Mistake { field: detail.path.clone(), text: Text { zh: detail.zh.clone(), en: detail.en.clone() } });
    let name = match visitor.language() {
        Language::Zh => of.title.zh.clone(),
        Language::En => of.title.en.clone(),
    };
    let data = Page {
        key: of.key.to_string(),
        title: of.title.clone(),
        unit: of.unit.clone(),
        section: section(&of.seed, visitor.language()),
        note: of.note.clone(),
        item: of.item,
        dropped: of.dropped,
        relative: of.is_relative(),
        lines: judge(of, &held.figures, now.date()).iter().map(|judged| line(of, judged)).collect(),
        plot,
        plot_from,
        plot_to: now.0,
        plot_high,
        figures: held.figures.iter().rev().map(|figure| shown(of, figure, stand.contains(&figure.command))).collect(),
        reporters: of.reporters.iter().map(|office| visitor.known.office(office)).collect(),
        keeper: visitor.known.office(&of.keeper),
        may_report: may(Act::ReportFigures),
        may_drop: may(Act::ChangeIndicators) && !of.dropped,
        done,
        typed,
        wrong: refused.as_ref().map(|refused| Text { zh: refused.zh.clone(), en: refused.en.clone() }),
        mistakes: mistakes.collect(),
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "indicator", &name, &data))
}

/// The figures that stand as a line, until today.
fn plot(shared: &Shared, language: Language, held: &Held, now: Moment) -> (Option<String>, Option<i64>, String) {
    let values = standing(&held.figures, Series::Value);
    let points: Vec<(i64, i64)> = values.iter().map(|figure| (Moment::start_of(figure.on).0, figure.amount)).collect();
    let high = values.iter().map(|figure| figure.amount).max().unwrap_or(0);
    let high = quantity::shown(high, held.indicator.decimals);
    let Some(first) = points.first().map(|point| point.0) else { return (None, None, high) };
    let word = |key| shared.pages.word(language, key);
    (Some(steps(&word("indicators-plot-title"), &word("indicators-plot-description"), &points, now.0)), Some(first), high)
}

async fn act(State(shared): State<Shared>, visitor: Visitor, Path(key): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let done = if typed.act == "drop" { take_off(&shared, &visitor, &key, &typed).await } else { report(&shared, &visitor, &key, &typed).await };
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/indicators/{key}?done=yes")).into_response()),
        Err(Failure::Refused(refused)) if !refused.details.is_empty() => page(&shared, &visitor, &key, (typed, Some(*refused), false)).await,
        Err(Failure::Refused(refused)) => Err((*refused).into()),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

async fn report(shared: &Shared, visitor: &Visitor, key: &str, typed: &Typed) -> Result<(), Failure> {
    let Typed { series, on, amount, document, reason, .. } = typed.clone();
    let asked = FigureAsked { indicator: key.to_owned(), series, on, amount, document, reason };
    shared.app.report_figure(visitor.tenant, visitor.actor(), typed.command.parse().ok(), &asked).await.map(drop)
}

/// Taking off what was taken off is the same form once more.
async fn take_off(shared: &Shared, visitor: &Visitor, key: &str, typed: &Typed) -> Result<(), Failure> {
    let (reason, document) = (typed.drop_reason.clone(), typed.drop_document.clone());
    let asked = ListAsked { change: ListChange::Drop(key.to_owned()), reason, document };
    match shared.app.change_indicators(visitor.tenant, visitor.actor(), &asked).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused(refused)) => {
            // Its own fields carry other names on the page, where two forms stand.
            let details = refused.details.iter().map(|detail| {
                let path = if detail.path == "indicator" { detail.path.clone() } else { format!("drop_{}", detail.path) };
                crate::engine::refusal::Detail { path, ..detail.clone() }
            });
            Err(Failure::from(Refusal { details: details.collect(), ..(*refused).clone() }))
        }
        Err(fault @ Failure::Fault(_)) => Err(fault),
    }
}
