//! Idle land on the page of a case: the plots that would do for a project, or the projects that would fit a plot, and why.
//! Invariant: the applicant is told of plots that are publicly listed and of nothing else: no score, no other project, no plot that is only registered.
//! Never: a plot promised; who takes one is decided by people.

use serde::Serialize;

use crate::app::plots::{Fits, Match, Place, Plot, Stage};
use crate::app::quota::Unit;
use crate::app::writer::Working;
use crate::forms::codes;
use crate::identity::may::Act;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::accounts::{Amount, address, amount};
use crate::web::permit::allows;
use crate::web::visitor::Visitor;

/// The part of the page.
#[derive(Serialize)]
pub struct Land {
    /// The case is about a plot, and the rows are projects.
    of_plot: bool,
    /// Only what is public is told.
    public: bool,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    href: Option<String>,
    title: String,
    /// The key of the stage's word; a project has none.
    stage: Option<String>,
    score: Option<i64>,
    area: Option<Amount>,
    /// What the project wants of it, where that is another figure.
    wants: Option<Amount>,
    region: String,
    industry: String,
    why: String,
}

/// What the reader may be told of idle land in this case.
pub async fn land(shared: &Shared, visitor: &Visitor, working: &Working) -> Result<Option<Land>, Trouble> {
    let official = allows(&shared.app, visitor, Act::ReadAccounts);
    if !official && working.state.applicant != visitor.person {
        return Ok(None);
    }
    let language = visitor.language();
    Ok(match shared.app.fits(working).await? {
        Some(Fits::Plots(plots)) => {
            let shown = plots.into_iter().filter(|plot| official || plot.stage == Stage::Listed);
            Some(Land { of_plot: false, public: !official, rows: shown.map(|plot| plot_row(language, plot, official)).collect() })
        }
        // Who else asks for land, and how much, is no business of the plot's holder.
        Some(Fits::Projects(plot)) if official => {
            Some(Land { of_plot: true, public: false, rows: plot.matches.into_iter().map(|found| project_row(language, found)).collect() })
        }
        Some(Fits::Projects(_)) | None => None,
    }
    .filter(|land| !land.rows.is_empty()))
}

fn plot_row(language: Language, plot: Plot, official: bool) -> Row {
    let found = plot.matches.first();
    Row {
        href: official.then(|| address(&plot.key)),
        title: match language {
            Language::Zh => plot.title.zh.clone(),
            Language::En => plot.title.en.clone(),
        },
        stage: Some(format!("land-stage-{}", plot.stage.word())),
        score: found.filter(|_| official).map(|found| found.score),
        area: plot.area.map(|area| amount(Unit::Area, area)),
        wants: found.map(|found| amount(Unit::Area, found.area)),
        region: region(&plot.place),
        why: found.map(|found| why(language, found)).unwrap_or_default(),
        industry: plot.place.industry,
        name: plot.code,
    }
}

fn project_row(language: Language, found: Match) -> Row {
    Row {
        href: Some(format!("/cases/{}", found.case)),
        title: String::new(),
        stage: None,
        score: Some(found.score),
        area: None,
        wants: Some(amount(Unit::Area, found.area)),
        region: region(&found.place),
        why: why(language, &found),
        industry: found.place.industry,
        name: found.name,
    }
}

fn region(place: &Place) -> String {
    codes::region(&place.region).map_or_else(|| place.region.clone(), |name| format!("{name} {}", place.region))
}

/// What speaks for it, as one phrase.
pub fn why(language: Language, found: &Match) -> String {
    match language {
        Language::Zh => found.why.iter().map(|why| why.zh.as_str()).collect::<Vec<_>>().join("、"),
        Language::En => found.why.iter().map(|why| why.en.as_str()).collect::<Vec<_>>().join(", "),
    }
}
