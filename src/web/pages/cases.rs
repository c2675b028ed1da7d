//! 办件查询: cases by number, project, procedure, running or ended; an official's list, and an applicant's own.
//! Invariant: the search stays bounded whatever is typed, and says so. Never: a case opened from here without its own permission being asked.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::case::spoken::Spoken;
use crate::app::desk::CaseSearch;
use crate::app::notices::short_name;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// Cases on one page.
const PAGE: u32 = 30;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/cases", get(show))
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    q: String,
    workflow: String,
    state: String,
    before: String,
}

impl Asked {
    fn address(&self) -> String {
        let all = [("q", &self.q), ("workflow", &self.workflow), ("state", &self.state), ("before", &self.before)];
        let kept: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let query = serde_html_form::to_string(kept).unwrap_or_default();
        if query.is_empty() { "/cases".to_owned() } else { format!("/cases?{query}") }
    }
}

#[derive(Serialize)]
struct Page {
    asked: Asked,
    count: String,
    rows: Vec<Row>,
    workflows: Vec<Choice>,
    states: Vec<Chip>,
    next: Option<String>,
    first: Option<String>,
    narrowed: bool,
    own_only: bool,
}

#[derive(Serialize)]
struct Row {
    href: String,
    number_shown: String,
    project: String,
    workflow: String,
    rank: String,
    channel: bool,
    started: i64,
    ended: Option<i64>,
    result: String,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Chip {
    word: String,
    href: String,
    current: bool,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let spoken = Spoken::to(&shared, &visitor);
    let official = visitor.posts.iter().any(|(_, post)| &**post != "agent");
    let kept = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let search = CaseSearch {
        text: kept(&asked.q),
        workflow: kept(&asked.workflow),
        applicant: (!official).then_some(visitor.person),
        running: match asked.state.as_str() {
            "running" => Some(true),
            "ended" => Some(false),
            _ => None,
        },
        before: asked.before.parse().ok(),
        ..CaseSearch::default()
    };
    let found = shared.app.search_cases(visitor.tenant, search.clone(), PAGE).await?;
    // A number typed in full is meant: there is nothing to choose from.
    if let (Some(text), [only]) = (&search.text, found.rows.as_slice())
        && only.number.as_deref() == Some(text)
        && search.before.is_none()
    {
        return Ok(Redirect::to(&format!("/cases/{text}")).into_response());
    }
    let first = Asked { before: String::new(), ..asked.clone() };
    let state = |state: &str, word: &str| Chip {
        word: spoken.t(word),
        href: Asked { state: state.to_owned(), ..first.clone() }.address(),
        current: asked.state == state,
    };
    let (count, more) = found.count;
    let title = |program: &str| {
        let found = visitor.known.bundles.values().rev().find_map(|bundle| bundle.programs.get(program));
        found.map_or_else(|| program.to_owned(), |program| spoken.say(&program.title))
    };
    let workflow = |name: &crate::ids::Name| Choice { title: title(name), chosen: **name == *asked.workflow, value: name.to_string() };
    let data = Page {
        count: spoken.with(if more { "cases-count-more" } else { "cases-count" }, &[("count", &count.to_string())]),
        rows: found.rows.into_iter().map(|row| self::row(&spoken, row, &title)).collect(),
        workflows: visitor.known.current.keys().map(workflow).collect(),
        states: vec![state("", "cases-any"), state("running", "cases-running"), state("ended", "cases-ended")],
        next: found.before.map(|before| Asked { before: before.to_string(), ..first.clone() }.address()),
        first: search.before.is_some().then(|| first.address()),
        narrowed: search.text.is_some() || search.workflow.is_some() || search.running.is_some(),
        own_only: !official,
        asked: first,
    };
    Ok(shared.pages.page(&visitor.site, "cases", &spoken.t("cases-title"), &data))
}

fn row(spoken: &Spoken<'_>, row: crate::app::desk::CaseRow, title: &dyn Fn(&str) -> String) -> Row {
    Row {
        href: format!("/cases/{}", row.number.clone().unwrap_or_else(|| row.id.to_string())),
        number_shown: row.number.unwrap_or_else(|| short_name(row.id)),
        project: row.title.unwrap_or_else(|| spoken.t("inbox-no-project")),
        workflow: title(&row.workflow),
        rank: spoken.named("rank", &row.rank.to_string()),
        channel: row.rank < 9,
        started: row.started.0,
        ended: row.ended.map(|at| at.0),
        result: row.result.map(|result| spoken.outcome(&result)).unwrap_or_default(),
    }
}
