//! Reform items: those of the plan in its order, with tier, units, plan, nodes with first and current date, pace; and the projects the plan names.
//! Invariant: a node that moved shows its first date and the reason of each move. Never: a lead by convention shown as if the plan had said so.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::Serialize;

use crate::app::items::{Item, Moved, Node};
use crate::identity::may::Act;
use crate::ids::Text;
use crate::notice::Language;
use crate::supervision::Pace;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::ledger::cited;
use crate::web::pages::public::{NamedRow, named};
use crate::web::permit::permit;
use crate::web::plot::{Part, bar};
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/items", get(list))
}

#[derive(Serialize)]
struct Page {
    count: usize,
    approved: usize,
    tiers: Vec<Tier>,
    named: Vec<NamedRow>,
}

#[derive(Serialize)]
struct Tier {
    word: &'static str,
    count: usize,
    items: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    no: i64,
    href: String,
    number: String,
    title: Text,
    section: String,
    units: Vec<UnitLine>,
    convention: bool,
    deliverables: String,
    approved: Option<NaiveDate>,
    plan: Option<String>,
    roadmap: Option<String>,
    open: Vec<Open>,
    ended: bool,
    nodes: Vec<NodeLine>,
    strip: Option<String>,
    gap: Option<i64>,
    pace: &'static str,
    pace_class: &'static str,
}

#[derive(Serialize)]
struct UnitLine {
    office: Text,
    leads: bool,
}

#[derive(Serialize)]
struct Open {
    step: Text,
    offices: Vec<Text>,
}

#[derive(Serialize)]
struct NodeLine {
    title: String,
    person: String,
    first: Option<NaiveDate>,
    due: Option<NaiveDate>,
    moves: Vec<MoveLine>,
    done: Option<NaiveDate>,
    missing: bool,
}

#[derive(Serialize)]
struct MoveLine {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    reason: String,
    at: i64,
}

fn node(node: &Node, today: NaiveDate) -> NodeLine {
    let moved = |moved: &Moved| MoveLine { from: moved.from, to: moved.to, reason: moved.reason.clone(), at: moved.at.0 };
    NodeLine {
        title: node.title.clone(),
        person: node.person.clone(),
        first: node.first,
        due: node.due,
        moves: node.moves.iter().map(moved).collect(),
        done: node.done,
        missing: node.is_missing(today),
    }
}

fn line(item: &Item, today: NaiveDate, (word, language): (&str, Language)) -> Line {
    let nodes: Vec<NodeLine> = item.nodes.iter().map(|of| node(of, today)).collect();
    let count = |wanted: &dyn Fn(&NodeLine) -> bool| i64::try_from(nodes.iter().filter(|node| wanted(node)).count()).unwrap_or(0);
    let (done, missing) = (count(&|node| node.done.is_some()), count(&|node| node.missing));
    let all = count(&|_| true);
    let parts = [Part { class: "a", value: done }, Part { class: "p-red", value: missing }, Part { class: "c", value: all - done - missing }];
    let (pace, pace_class) = match item.pace {
        None => ("items-pace-none", "plain"),
        Some((_, Pace::Green)) => ("items-pace-green", "channel"),
        Some((_, Pace::Yellow)) => ("items-pace-yellow", "begun"),
        Some((_, Pace::Red)) => ("items-pace-red", "late"),
    };
    Line {
        no: item.no,
        href: format!("/cases/{}", item.case),
        number: item.number.clone().unwrap_or_default(),
        title: item.title.clone(),
        section: cited(&item.section, language),
        units: item.units.iter().map(|unit| UnitLine { office: unit.office.clone(), leads: unit.leads && item.units.len() > 1 }).collect(),
        convention: item.lead_by == "convention",
        deliverables: item.deliverables.clone(),
        approved: item.approved,
        plan: item.plan.clone(),
        roadmap: item.roadmap.clone(),
        open: item.open.iter().map(|(step, offices)| Open { step: step.clone(), offices: offices.clone() }).collect(),
        ended: item.ended.is_some(),
        strip: (all > 0).then(|| bar(&format!("{word} {done}/{all}"), &parts, all)),
        nodes,
        gap: item.pace.map(|(gap, _)| gap),
        pace,
        pace_class,
    }
}

async fn list(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let (items, named) = (shared.app.items(visitor.tenant).await?, named(&shared, visitor.tenant, visitor.language()).await?);
    let today = shared.app.clock().now().date();
    let word = shared.pages.word(visitor.language(), "items-nodes");
    let tier = |(key, word_of): (&str, &'static str)| {
        let of_tier: Vec<Line> = items.iter().filter(|item| item.tier == key).map(|item| line(item, today, (&word, visitor.language()))).collect();
        Tier { word: word_of, count: of_tier.len(), items: of_tier }
    };
    let tiers = [("lead", "items-tier-lead"), ("join", "items-tier-join"), ("own", "items-tier-own"), ("", "items-tier-none")];
    let page = Page {
        count: items.len(),
        approved: items.iter().filter(|item| item.approved.is_some()).count(),
        tiers: tiers.map(tier).into_iter().filter(|tier| tier.count > 0).collect(),
        named,
    };
    let title = shared.pages.word(visitor.language(), "items-title");
    Ok(shared.pages.page(&visitor.site, "items", &title, &page))
}
