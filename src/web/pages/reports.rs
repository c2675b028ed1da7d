//! How offices kept their promises in a month, and the cases behind each number.
//! Invariant: a number on the page leads to a list of that length. Never: a page for somebody who watches over one office only.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::app::reports::{PromiseLine, Standing, month_of};
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/reports", get(ranking)).route("/reports/cases", get(cases))
}

/// What stands in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    /// `2025-04`; this month when nothing is said.
    month: String,
    /// Of a list: the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<String>,
    /// Of a list: `kept`, `late` or `open`.
    #[serde(skip_serializing_if = "String::is_empty")]
    which: String,
}

impl Asked {
    fn day(&self, shared: &Shared) -> Result<NaiveDate, Trouble> {
        if self.month.is_empty() {
            return Ok(shared.app.clock().now().date());
        }
        let month = &self.month;
        let wrong =
            || Refusal::invalid("month_not_read", format!("月份应写成 2025-04，收到“{month}”。"), format!("expected a month such as 2025-04, found `{month}`"));
        format!("{month}-01").parse().map_err(|_| wrong().into())
    }
}

#[derive(Serialize)]
struct Page {
    month: String,
    before: String,
    after: Option<String>,
    running: bool,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    place: usize,
    title: Text,
    share: Option<String>,
    kept: Figure,
    late: Figure,
    open: Figure,
}

#[derive(Serialize)]
struct Figure {
    count: usize,
    href: String,
}

async fn ranking(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAllLights)?;
    let day = asked.day(&shared)?;
    let (first, next) = month_of(day);
    let today = shared.app.clock().now().date();
    let month = first.format("%Y-%m").to_string();
    let rows = shared.app.ranking(visitor.tenant, day).await?;
    let href = |of: &Standing, which: &str| {
        let asked = Asked { month: month.clone(), office: Some(of.office.clone()), which: which.to_owned() };
        format!("/reports/cases?{}", serde_html_form::to_string(asked).unwrap_or_default())
    };
    let address = |day: NaiveDate| format!("/reports?month={}", day.format("%Y-%m"));
    let row = |(place, one): (usize, Standing)| Row {
        place: place + 1,
        share: one.kept_per_mille().map(|share| format!("{}.{} %", share / 10, share % 10)),
        kept: Figure { count: one.kept.len(), href: href(&one, "kept") },
        late: Figure { count: one.late.len(), href: href(&one, "late") },
        open: Figure { count: one.open.len(), href: href(&one, "open") },
        title: one.title,
    };
    let page = Page {
        before: address(first.checked_sub_months(Months::new(1)).unwrap_or(first)),
        after: (next <= today).then(|| address(next)),
        running: next > today,
        rows: rows.into_iter().enumerate().map(row).collect(),
        month,
    };
    let title = shared.pages.word(visitor.language(), "reports-title");
    Ok(shared.pages.page(&visitor.site, "reports", &title, &page))
}

#[derive(Serialize)]
struct CasesPage {
    month: String,
    back: String,
    office: Text,
    which: &'static str,
    lines: Vec<CaseLine>,
}

#[derive(Serialize)]
struct CaseLine {
    href: String,
    name: String,
    link: Text,
    due: Option<String>,
    ended: Option<String>,
}

async fn cases(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAllLights)?;
    let day = asked.day(&shared)?;
    let month = month_of(day).0.format("%Y-%m").to_string();
    let office = asked.office.clone().unwrap_or_default();
    let found = shared.app.ranking(visitor.tenant, day).await?.into_iter().find(|one| one.office == office);
    let (which, lines) = match (asked.which.as_str(), found) {
        ("late", Some(one)) => ("late", one.late),
        ("open", Some(one)) => ("open", one.open),
        ("kept", Some(one)) => ("kept", one.kept),
        ("late", None) => ("late", Vec::new()),
        ("open", None) => ("open", Vec::new()),
        _ => ("kept", Vec::new()),
    };
    let line = |line: PromiseLine| CaseLine {
        href: format!("/cases/{}", line.case),
        name: line.name,
        link: line.link,
        due: line.due,
        ended: line.ended.map(|day| day.to_string()),
    };
    let page = CasesPage {
        back: format!("/reports?month={month}"),
        month,
        office: visitor.known.office(&office),
        which,
        lines: lines.into_iter().map(line).collect(),
    };
    let title = shared.pages.word(visitor.language(), "reports-cases-title");
    Ok(shared.pages.page(&visitor.site, "reports-cases", &title, &page))
}
