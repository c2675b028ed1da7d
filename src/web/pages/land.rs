//! Land and funds for whoever supervises: balances by year, region and kind, the newest postings with their cases, who waits, idle plots with who fits, and the money of projects.
//! Invariant: a view of accounts and cases; every figure opens the account or the case it comes from. Never: a project's money for somebody who may not open its case.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::accounts::{Amount, Line, PostingLine, address, amount, line, place, posting, rank};
use crate::app::funds::{Funded, Instrument};
use crate::app::plots::{Match, Plot, Stage};
use crate::app::quota::{Balance, Unit};
use crate::identity::may::Act;
use crate::ids::Text;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::case::plots::why;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

/// How many of the newest postings a page shows.
const NEWEST: u32 = 8;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/land", get(land)).route("/funds", get(funds))
}

#[derive(Serialize)]
struct LandPage {
    rows: Vec<Line>,
    count: usize,
    newest: Vec<Newest>,
    lines: Vec<Queue>,
    plots: Vec<PlotRow>,
}

/// A posting with its account.
#[derive(Serialize)]
struct Newest {
    title: Text,
    place: String,
    href: String,
    line: PostingLine,
}

/// A waiting list.
#[derive(Serialize)]
struct Queue {
    title: Text,
    href: String,
    places: Vec<Place>,
}

#[derive(Serialize)]
struct Place {
    place: usize,
    case: String,
    name: String,
    rank: &'static str,
    since: i64,
    amount: Amount,
}

#[derive(Serialize)]
struct PlotRow {
    code: String,
    title: Text,
    href: String,
    stage: String,
    conveyed: bool,
    case: Option<CaseLink>,
    area: Option<Amount>,
    allowed: String,
    matches: Vec<MatchRow>,
}

#[derive(Serialize)]
struct CaseLink {
    case: String,
    name: String,
}

#[derive(Serialize)]
struct MatchRow {
    case: String,
    name: String,
    score: i64,
    area: Amount,
    why: String,
}

async fn land(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let (tenant, language) = (visitor.tenant, visitor.language());
    let balances = shared.app.balances(tenant).await?;
    let plots = shared.app.plots(tenant, &balances).await?;
    let quota: Vec<&Balance> = balances.iter().filter(|balance| balance.unit == Unit::Area).collect();
    let newest = shared.app.newest(tenant, &quota, NEWEST).await?;
    let newest = newest.iter().map(|(balance, posted)| newest_row(&shared, language, balance, posting(balance.unit, posted)));
    let lines = shared.app.lines(tenant, &quota).await?.into_iter().map(|(balance, waiting)| Queue {
        href: address(&balance.key),
        title: balance.title,
        places: waiting
            .into_iter()
            .enumerate()
            .map(|(place, waits)| Place {
                place: place + 1,
                case: waits.case.to_string(),
                name: waits.name,
                rank: rank(waits.rank),
                since: waits.since.0,
                amount: amount(balance.unit, waits.amount),
            })
            .collect(),
    });
    let page = LandPage {
        newest: newest.collect(),
        lines: lines.collect(),
        plots: plots.into_iter().map(|plot| plot_row(language, plot)).collect(),
        count: quota.len(),
        rows: quota.into_iter().map(|balance| line(&shared, language, balance.clone())).collect(),
    };
    let title = shared.pages.word(language, "land-title");
    Ok(shared.pages.page(&visitor.site, "land", &title, &page))
}

fn newest_row(shared: &Shared, language: Language, balance: &Balance, line: PostingLine) -> Newest {
    Newest { title: balance.title.clone(), place: place(shared, language, &balance.key), href: address(&balance.key), line }
}

fn plot_row(language: Language, plot: Plot) -> PlotRow {
    let Plot { key, code, title, stage, case, area, allowed, matches, .. } = plot;
    let fits = |found: Match| MatchRow {
        case: found.case.to_string(),
        score: found.score,
        area: amount(Unit::Area, found.area),
        why: why(language, &found),
        name: found.name,
    };
    PlotRow {
        code,
        title,
        href: address(&key),
        stage: format!("land-stage-{}", stage.word()),
        conveyed: stage == Stage::Conveyed,
        case: case.map(|(case, name)| CaseLink { case: case.to_string(), name }),
        area: area.map(|area| amount(Unit::Area, area)),
        allowed,
        matches: matches.into_iter().map(fits).collect(),
    }
}

#[derive(Serialize)]
struct FundsPage {
    rows: Vec<Line>,
    count: usize,
    newest: Vec<Newest>,
    projects: Vec<Project>,
    instruments: Vec<InstrumentRow>,
}

#[derive(Serialize)]
struct Project {
    case: String,
    name: String,
    title: String,
    total: Amount,
    asked: Amount,
    by_instrument: bool,
    sums: Sums,
    gap: Amount,
    short: bool,
    result: String,
}

#[derive(Serialize)]
struct InstrumentRow {
    title: Text,
    projects: usize,
    sums: Sums,
}

#[derive(Serialize)]
struct Sums {
    intended: Amount,
    approved: Amount,
    signed: Amount,
    paid: Amount,
}

fn sums(amounts: crate::app::funds::Amounts) -> Sums {
    let of = |value| amount(Unit::Money, value);
    Sums { intended: of(amounts.intended), approved: of(amounts.approved), signed: of(amounts.signed), paid: of(amounts.paid) }
}

async fn funds(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let (tenant, language) = (visitor.tenant, visitor.language());
    let balances = shared.app.balances(tenant).await?;
    let money: Vec<&Balance> = balances.iter().filter(|balance| balance.unit == Unit::Money).collect();
    let newest = shared.app.newest(tenant, &money, NEWEST).await?;
    let newest = newest.iter().map(|(balance, posted)| newest_row(&shared, language, balance, posting(balance.unit, posted)));
    let funds = shared.app.funds(tenant, visitor.person, &visitor.posts).await?;
    let page = FundsPage {
        newest: newest.collect(),
        projects: funds.projects.into_iter().map(|funded| project(&shared, language, funded)).collect(),
        instruments: funds
            .instruments
            .into_iter()
            .map(|Instrument { title, projects, amounts }| InstrumentRow { title, projects, sums: sums(amounts) })
            .collect(),
        count: money.len(),
        rows: money.into_iter().map(|balance| line(&shared, language, balance.clone())).collect(),
    };
    let title = shared.pages.word(language, "funds-title");
    Ok(shared.pages.page(&visitor.site, "funds", &title, &page))
}

fn project(shared: &Shared, language: Language, funded: Funded) -> Project {
    let Funded { case, name, title, total, asked, amounts, by_instrument, gap, result } = funded;
    Project {
        case: case.to_string(),
        name,
        title,
        total: amount(Unit::Money, total),
        asked: amount(Unit::Money, asked),
        by_instrument,
        sums: sums(amounts),
        gap: amount(Unit::Money, gap),
        short: gap > 0,
        result: shared.pages.word(
            language,
            match result.as_deref() {
                None => "funds-open",
                Some("met") => "funds-met",
                Some("waived") => "funds-waived",
                Some(_) => "funds-over",
            },
        ),
    }
}
