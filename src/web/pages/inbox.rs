//! 待办: what is late, what is next, what is the channel's; claimed from the list, filtered in the address, exported as shown.
//! Invariant: the order is the store's, and a filter only narrows it. Never: a case loaded for a row.

mod batch;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::case::fresh_command;
use super::case::spoken::Spoken;
use crate::app::desk::{Desk, DeskFilter, DeskLine, Held, Late};
use crate::app::failure::Fault;
use crate::app::notices::short_name;
use crate::exports::safe::{Cell, csv};
use crate::ids::CaseId;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// Tasks on one page.
const PAGE: u32 = 30;
/// Tasks an export takes at most.
const EXPORT_MAX: usize = 2_000;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/inbox", get(show)).route("/inbox.csv", get(export)).route("/inbox/batch", get(batch::show).post(batch::act))
}

/// The filters, as the address keeps them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    light: String,
    held: String,
    link: String,
    q: String,
    after: String,
    /// The case that was claimed just now.
    claimed: String,
}

impl Asked {
    fn filter(&self, visitor: &Visitor) -> DeskFilter {
        let kept = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        DeskFilter {
            program: kept(&self.link),
            late: match self.light.as_str() {
                "overdue" => Late::Overdue,
                "soon" => Late::Soon,
                _ => Late::Any,
            },
            held: match self.held.as_str() {
                "mine" => Held::By(visitor.person),
                "free" => Held::Nobody,
                _ => Held::Any,
            },
            text: kept(&self.q),
            after: kept(&self.after),
        }
    }

    fn address(&self, path: &str) -> String {
        let all = [("light", &self.light), ("held", &self.held), ("link", &self.link), ("q", &self.q), ("after", &self.after)];
        let kept: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let query = serde_html_form::to_string(kept).unwrap_or_default();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

#[derive(Serialize)]
struct Page {
    lines: Vec<Line>,
    /// What others ask this person.
    questions: Vec<Line>,
    batches: Vec<Batch>,
    to_sign: usize,
    shown: i64,
    all: i64,
    lights: Vec<Chip>,
    holders: Vec<Chip>,
    links: Vec<Choice>,
    asked: Asked,
    narrowed: bool,
    next: Option<String>,
    first: Option<String>,
    export: String,
    back: String,
    claimed: Option<String>,
    mine: i64,
    late: i64,
    soon: i64,
}

/// A step whose tasks may be answered together.
#[derive(PartialEq, Serialize)]
struct Batch {
    step: String,
    link: String,
    href: String,
}

#[derive(Serialize)]
struct Chip {
    word: String,
    count: i64,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    title: String,
    count: i64,
    chosen: bool,
}

#[derive(Serialize)]
struct Line {
    href: String,
    #[serde(rename = "number_shown")]
    number: String,
    /// Its number, or its id.
    #[serde(skip)]
    name: String,
    project: String,
    step: String,
    link: String,
    light: crate::supervision::Light,
    due: Option<String>,
    left: String,
    late: bool,
    rank: String,
    channel: bool,
    claimed: Option<String>,
    mine: bool,
    claim: Option<Claim>,
}

#[derive(Serialize)]
struct Claim {
    action: String,
    command: String,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let filter = asked.filter(&visitor);
    let desk = shared.app.desk(visitor.tenant, visitor.person, &visitor.posts, &filter, PAGE).await?;
    let spoken = Spoken::to(&shared, &visitor);
    let data = page(&spoken, &visitor, &asked, &filter, &desk)?;
    Ok(shared.pages.page(&visitor.site, "inbox", &spoken.t("inbox-title"), &data))
}

fn page(spoken: &Spoken<'_>, visitor: &Visitor, asked: &Asked, filter: &DeskFilter, desk: &Desk) -> Result<Page, Fault> {
    let here = Asked { claimed: String::new(), ..asked.clone() };
    let first = Asked { after: String::new(), ..here.clone() };
    let count = |change: &dyn Fn(&mut DeskFilter)| {
        let mut other = filter.clone();
        change(&mut other);
        desk.counts.of(&other)
    };
    let late = |light: &str, late: Late, word: &str| Chip {
        word: spoken.t(word),
        count: count(&|filter| filter.late = late),
        href: Asked { light: light.to_owned(), ..first.clone() }.address("/inbox"),
        current: filter.late == late,
    };
    let held = |name: &str, held: Held, word: &str| Chip {
        word: spoken.t(word),
        count: count(&|filter| filter.held = held),
        href: Asked { held: name.to_owned(), ..first.clone() }.address("/inbox"),
        current: filter.held == held,
    };
    let link = |program: String| Choice {
        title: title(spoken, &program),
        count: count(&|filter| filter.program = Some(program.clone())),
        chosen: filter.program.as_ref() == Some(&program),
        value: program,
    };
    let everything = DeskFilter::default();
    let claimed: Option<CaseId> = asked.claimed.parse().ok();
    let lines = desk.lines.iter().map(|line| self::line(spoken, visitor, line, desk)).collect::<Result<Vec<_>, _>>()?;
    let questions = desk.asked.iter().map(|line| self::line(spoken, visitor, line, desk)).collect::<Result<Vec<_>, _>>()?;
    let claimed = desk.lines.iter().zip(&lines).find(|(task, line)| Some(task.case) == claimed && line.mine).map(|(_, line)| line.number.clone());
    let mut batches: Vec<Batch> = Vec::new();
    for line in desk.lines.iter().filter(|line| line.batch) {
        let href = batch::address(&line.task.program, &line.task.step);
        let batch = Batch { step: spoken.say(&line.step), link: spoken.say(&line.link), href };
        if !batches.contains(&batch) {
            batches.push(batch);
        }
    }
    Ok(Page {
        lines,
        questions,
        batches,
        to_sign: super::office::to_sign(visitor),
        shown: desk.counts.of(filter),
        all: desk.counts.of(&everything),
        lights: vec![late("", Late::Any, "inbox-any-light"), late("overdue", Late::Overdue, "inbox-overdue"), late("soon", Late::Soon, "inbox-soon")],
        holders: vec![held("", Held::Any, "inbox-anybody"), held("mine", Held::By(visitor.person), "inbox-mine"), held("free", Held::Nobody, "inbox-free")],
        links: desk.counts.programs().into_iter().map(link).collect(),
        narrowed: filter.program.is_some() || filter.late != Late::Any || filter.held != Held::Any || filter.text.is_some(),
        next: desk.after.as_ref().map(|after| Asked { after: after.clone(), ..first.clone() }.address("/inbox")),
        first: filter.after.is_some().then(|| first.address("/inbox")),
        export: first.address("/inbox.csv"),
        back: here.address("/inbox"),
        asked: first,
        claimed,
        mine: desk.counts.of(&DeskFilter { held: Held::By(visitor.person), ..everything.clone() }),
        late: desk.counts.of(&DeskFilter { late: Late::Overdue, ..everything.clone() }),
        soon: desk.counts.of(&DeskFilter { late: Late::Soon, ..everything }),
    })
}

/// What a program is called in the newest bundle that has it.
fn title(spoken: &Spoken<'_>, program: &str) -> String {
    let found = spoken.known.bundles.values().rev().find_map(|bundle| bundle.programs.get(program));
    found.map_or_else(|| program.to_owned(), |program| spoken.say(&program.title))
}

fn line(spoken: &Spoken<'_>, visitor: &Visitor, line: &DeskLine, desk: &Desk) -> Result<Line, Fault> {
    let due = line.task.due.as_deref().and_then(|due| due.parse().ok());
    let mine = line.claimed == Some(visitor.person);
    let name = line.task.number.clone().unwrap_or_else(|| line.case.to_string());
    let claim = match line.claimed {
        None => Some(Claim { action: format!("/cases/{}/tasks/{}/claim", line.case, line.task.task), command: fresh_command()? }),
        Some(_) => None,
    };
    Ok(Line {
        href: format!("/cases/{name}?task={}", line.task.task),
        number: line.task.number.clone().unwrap_or_else(|| short_name(line.case)),
        name,
        project: line.project.clone().unwrap_or_else(|| spoken.t("inbox-no-project")),
        step: spoken.say(&line.step),
        link: spoken.say(&line.link),
        light: line.light,
        due: line.task.due.clone(),
        left: spoken.left(due, desk.now),
        late: due.is_some_and(|due| due < desk.now.date()),
        rank: spoken.named("rank", &line.task.rank.to_string()),
        channel: line.task.rank < 9,
        claimed: line.claimed.map(|person| if mine { spoken.t("inbox-by-me") } else { spoken.person(person) }),
        mine,
        claim,
    })
}

/// What the filter shows, as a table: every page of it, up to a bound.
async fn export(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let spoken = Spoken::to(&shared, &visitor);
    let mut filter = asked.filter(&visitor);
    filter.after = None;
    let columns = ["light", "number", "project", "step", "link", "due", "left", "claimed", "rank"];
    let titles = columns.map(|column| spoken.t(&format!("inbox-column-{column}")));
    let mut rows = Vec::new();
    loop {
        let desk = shared.app.desk(visitor.tenant, visitor.person, &visitor.posts, &filter, 200).await?;
        for task in &desk.lines {
            let line = line(&spoken, &visitor, task, &desk)?;
            let light = spoken.t(&format!("light-{}", light_key(line.light)));
            let row =
                [light, line.name, line.project, line.step, line.link, line.due.unwrap_or_default(), line.left, line.claimed.unwrap_or_default(), line.rank];
            rows.push(row.map(Cell::Text).to_vec());
        }
        filter.after = desk.after;
        if filter.after.is_none() || rows.len() >= EXPORT_MAX {
            break;
        }
    }
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"inbox.csv\"")];
    Ok((headers, csv(titles.iter().map(String::as_str), rows)).into_response())
}

/// A light's key, as its word and its class have it.
fn light_key(light: crate::supervision::Light) -> &'static str {
    use crate::supervision::Light;
    match light {
        Light::Green => "green",
        Light::Grey => "grey",
        Light::Yellow => "yellow",
        Light::Red => "red",
        Light::DarkRed => "dark-red",
    }
}
