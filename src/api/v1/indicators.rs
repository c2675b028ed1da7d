//! Indicators: targets beside figures, what is said of each, reporting a figure, taking an indicator off the list.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{At, Body};
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::indicators::{FigureAsked, Held, ListAsked, ListChange};
use crate::identity::may;
use crate::ids::Text;
use crate::indicators::judge::judge;
use crate::indicators::{By, Figure, Goal, Series, quantity, standing};

/// An indicator with what is said of its targets.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorView {
    /// Its key, such as `EZ-K07`.
    pub key: String,
    /// How it is called.
    #[schema(value_type = Object)]
    pub title: Text,
    /// What it is counted in.
    #[schema(value_type = Object)]
    pub unit: Text,
    /// Where a plan names it: the plan's key and its section.
    pub seed: String,
    /// It was taken off the list.
    pub dropped: bool,
    /// Its targets.
    pub targets: Vec<TargetView>,
}

/// A target with what is said of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetView {
    /// The year; absent where the plan gives none.
    pub year: Option<i32>,
    /// It holds for every year.
    pub every_year: bool,
    /// What is to be reached, in the unit; absent while the figure to compare with is missing.
    pub goal: Option<String>,
    /// What it is compared with, where that is a figure published elsewhere.
    #[schema(value_type = Option<Object>)]
    pub compared_with: Option<Text>,
    /// The newest figure until then, in the unit.
    pub value: Option<String>,
    /// The day that figure holds for.
    #[schema(value_type = Option<String>)]
    pub on: Option<NaiveDate>,
    /// The document it was taken from.
    pub document: Option<String>,
    /// The figure as a share of the goal, per mille, rounded down.
    pub per_mille: Option<i64>,
    /// `met`, `not-met`, or why it cannot be judged: `not-yet-due`, `no-value`, `no-reference`, `no-year`.
    pub verdict: String,
    /// The same as a sentence.
    #[schema(value_type = Object)]
    pub said: Text,
}

/// An indicator with every figure ever reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorDetail {
    /// The indicator.
    pub indicator: IndicatorView,
    /// Its figures, by day.
    pub figures: Vec<FigureView>,
}

/// A reported figure.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureView {
    /// `value` or `reference`.
    pub series: String,
    /// The day it holds for.
    #[schema(value_type = String)]
    pub on: NaiveDate,
    /// How much, in the unit.
    pub amount: String,
    /// The document it was taken from.
    pub document: String,
    /// Why it corrects an earlier one.
    pub reason: Option<String>,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
    /// No later figure for the same day corrects it.
    pub stands: bool,
}

/// A figure to report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureBody {
    /// `value` or `reference`.
    pub series: String,
    /// The day it holds for.
    pub on: String,
    /// How much, in the unit, such as `2.5`.
    pub amount: String,
    /// The document it was taken from.
    pub document: String,
    /// Why it corrects an earlier one.
    #[serde(default)]
    pub reason: String,
}

/// Why an indicator is taken off the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DropBody {
    /// Why.
    pub reason: String,
    /// The document it rests on.
    pub document: String,
}

fn view(app: &App, held: &Held) -> IndicatorView {
    let of = &held.indicator;
    let shown = |amount: i64| quantity::shown(amount, of.decimals);
    let targets = judge(of, &held.figures, app.clock().now().date()).into_iter().map(|judged| TargetView {
        year: judged.year,
        every_year: judged.target.by == By::EveryYear,
        goal: judged.goal.map(shown),
        compared_with: match &judged.target.goal {
            Goal::Reference(name) => Some(name.clone()),
            Goal::Number(_) => None,
        },
        value: judged.value.map(|figure| shown(figure.amount)),
        on: judged.value.map(|figure| figure.on),
        document: judged.value.map(|figure| figure.document.clone()),
        per_mille: judged.per_mille,
        verdict: judged.verdict.key().to_owned(),
        said: judged.verdict.words(),
    });
    IndicatorView {
        key: of.key.to_string(),
        title: of.title.clone(),
        unit: of.unit.clone(),
        seed: of.seed.clone(),
        dropped: of.dropped,
        targets: targets.collect(),
    }
}

fn figure(decimals: u8, figure: &Figure, stands: bool) -> FigureView {
    FigureView {
        series: figure.series.key().to_owned(),
        on: figure.on,
        amount: quantity::shown(figure.amount, decimals),
        document: figure.document.clone(),
        reason: figure.reason.clone(),
        by: figure.by.clone(),
        at: figure.at.to_rfc3339(),
        stands,
    }
}

/// Every indicator, in the order of the list.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "indicators", responses((status = 200, body = Vec<IndicatorView>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<IndicatorView>>, Refused> {
    permit(&app, &caller, may::Act::ReadAccounts)?;
    Ok(Json(app.indicators(caller.tenant).await?.iter().map(|held| view(&app, held)).collect()))
}

/// One indicator with every figure ever reported.
#[utoipa::path(get, path = "/api/v1/indicators/{indicator}", tag = "indicators", params(("indicator" = String, Path)),
    responses((status = 200, body = IndicatorDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(State(app): State<App>, caller: Caller, At(key): At<String>) -> Result<Json<IndicatorDetail>, Refused> {
    permit(&app, &caller, may::Act::ReadAccounts)?;
    let held = app.indicator(caller.tenant, &key).await?;
    let stand: Vec<_> =
        [Series::Value, Series::Reference].into_iter().flat_map(|series| standing(&held.figures, series)).map(|figure| figure.command).collect();
    let figures = held.figures.iter().map(|of| figure(held.indicator.decimals, of, stand.contains(&of.command))).collect();
    Ok(Json(IndicatorDetail { indicator: view(&app, &held), figures }))
}

/// Reports a figure, or corrects one: then with a reason, and the earlier one is kept.
#[utoipa::path(post, path = "/api/v1/indicators/{indicator}/figures", tag = "indicators", params(("indicator" = String, Path)), request_body = FigureBody,
    responses((status = 200, body = FigureView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn report(State(app): State<App>, caller: Caller, At(key): At<String>, Body(body): Body<FigureBody>) -> Result<Json<FigureView>, Refused> {
    let FigureBody { series, on, amount, document, reason } = body;
    let asked = FigureAsked { indicator: key.clone(), series, on, amount, document, reason };
    let reported = app.report_figure(caller.tenant, caller.actor(), None, &asked).await?;
    let decimals = app.indicator(caller.tenant, &key).await?.indicator.decimals;
    Ok(Json(figure(decimals, &reported, true)))
}

/// Takes an indicator off the list, as another version of it; its figures stay.
#[utoipa::path(post, path = "/api/v1/indicators/{indicator}/drop", tag = "indicators", params(("indicator" = String, Path)), request_body = DropBody,
    responses((status = 200, body = IndicatorView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn drop_one(State(app): State<App>, caller: Caller, At(key): At<String>, Body(body): Body<DropBody>) -> Result<Json<IndicatorView>, Refused> {
    let asked = ListAsked { change: ListChange::Drop(key.clone()), reason: body.reason, document: body.document };
    app.change_indicators(caller.tenant, caller.actor(), &asked).await?;
    Ok(Json(view(&app, &app.indicator(caller.tenant, &key).await?)))
}
