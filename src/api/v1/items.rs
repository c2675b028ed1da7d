//! Reform items, as a list.

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::app::App;
use crate::app::items::{Item, Node};
use crate::identity::may;
use crate::ids::Text;
use crate::supervision::Pace;

/// A reform item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView {
    /// Its case.
    pub case: String,
    /// The case's number.
    pub number: Option<String>,
    /// Its number in the plan.
    pub no: i64,
    /// `lead`, `join` or `own`.
    pub tier: String,
    /// How it is called.
    #[schema(value_type = Object)]
    pub title: Text,
    /// Its section of the plan.
    pub section: String,
    /// The units, in the order of the plan.
    pub units: Vec<UnitView>,
    /// `plan`, `convention` (the plan does not say who leads) or `decided`.
    pub lead_by: String,
    /// The day the meeting approved its plan.
    #[schema(value_type = Option<String>)]
    pub approved: Option<NaiveDate>,
    /// The number of the plan that was issued.
    pub plan: Option<String>,
    /// Its timetable.
    pub nodes: Vec<NodeView>,
    /// How many per cent of its nodes are missing by now.
    pub gap: Option<i64>,
    /// `green`, `yellow` or `red`; absent without a timetable.
    pub pace: Option<String>,
    /// How it ended.
    pub ended: Option<String>,
}

/// A responsible unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// What it is called.
    #[schema(value_type = Object)]
    pub office: Text,
    /// It leads.
    pub leads: bool,
}

/// A node of the timetable.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// What is to be reached.
    pub title: String,
    /// Who answers for it.
    pub person: String,
    /// The date first registered.
    #[schema(value_type = Option<String>)]
    pub first: Option<NaiveDate>,
    /// The date now.
    #[schema(value_type = Option<String>)]
    pub due: Option<NaiveDate>,
    /// The reason of each move.
    pub moves: Vec<String>,
    /// When it was reported as reached.
    #[schema(value_type = Option<String>)]
    pub done: Option<NaiveDate>,
}

fn node(node: Node) -> NodeView {
    let Node { title, person, first, due, moves, done } = node;
    NodeView { title, person, first, due, moves: moves.into_iter().map(|moved| moved.reason).collect(), done }
}

fn view(item: Item) -> ItemView {
    let pace = item.pace.map(|(_, pace)| match pace {
        Pace::Green => "green".to_owned(),
        Pace::Yellow => "yellow".to_owned(),
        Pace::Red => "red".to_owned(),
    });
    ItemView {
        case: item.case.to_string(),
        number: item.number,
        no: item.no,
        tier: item.tier,
        title: item.title,
        section: item.section,
        units: item.units.into_iter().map(|unit| UnitView { office: unit.office, leads: unit.leads }).collect(),
        lead_by: item.lead_by,
        approved: item.approved,
        plan: item.plan,
        gap: item.pace.map(|(gap, _)| gap),
        pace,
        nodes: item.nodes.into_iter().map(node).collect(),
        ended: item.ended,
    }
}

/// The reform items, in the order of the plan.
#[utoipa::path(get, path = "/api/v1/items", tag = "items", responses((status = 200, body = Vec<ItemView>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ItemView>>, Refused> {
    permit(&app, &caller, may::Act::ReadAccounts)?;
    Ok(Json(app.items(caller.tenant).await?.into_iter().map(view).collect()))
}
