//! Supervision orders (督办单) that passed dates draft: the row made in the commit that found the date passed becomes a case of its own, filled in for the clerk.
//! Invariant: one case for each (case, link, term, due date), however many nodes try, because its id and its command's follow from these; and none while an
//! order about the same link is in hand (政府督查工作条例 15). Never: a number or a signature; a draft has neither until its issuer signs (条例 7、11).

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::app::queries::reading;
use crate::definition::graph::TermKind;
use crate::engine::case::{Case, Local};
use crate::engine::effect::OrderEffect;
use crate::forms::{Form, Kind};
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Digest, Moment, Tenant, Text};
use crate::limits::{ORDER_RETRY_S, ORDERS_PER_TURN_MAX};
use crate::store::DraftedOrder;
use crate::store::rows::OrderRow;

/// The workflow of supervision orders.
pub(super) const ORDER_WORKFLOW: &str = "supervision-order";

/// An order about a late case, or what an order is about, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderView {
    /// The late case's id.
    pub about: String,
    /// What the late link is called.
    pub about_name: String,
    /// The link's workflow.
    pub workflow: String,
    /// Its name.
    #[schema(value_type = Object)]
    pub link: Text,
    /// The term whose date has passed.
    pub term: String,
    /// 法定, 承诺 or the step's own.
    #[schema(value_type = String)]
    pub kind: TermKind,
    /// The date.
    pub due: String,
    /// The order's case; absent until the draft was opened.
    pub order: Option<String>,
    /// What the order is called.
    pub name: Option<String>,
    /// It was in hand already when the date passed.
    pub joined: bool,
    /// When its case ended.
    pub ended: Option<String>,
    /// With what.
    pub result: Option<String>,
}

/// The row of an order that a passed date drafts. The case it becomes has an id made of the date that passed.
pub(in crate::app) fn row(order: &OrderEffect, case: &Case, at: Moment) -> OrderRow {
    let scope = case.scopes.get(&order.scope);
    let cause = cause((case.tenant, case.id), order.scope, (&order.term, order.due));
    let mut random = [0; 10];
    random.iter_mut().zip(Digest::of(cause.as_bytes()).0).for_each(|(byte, from)| *byte = from);
    OrderRow {
        scope: order.scope,
        term: order.term.to_string(),
        due: order.due.to_string(),
        order: CaseId::new(at, random),
        workflow: order.workflow.to_string(),
        program: scope.map_or_else(String::new, |scope| scope.program.to_string()),
        step: order.step.as_ref().map(ToString::to_string),
        number: scope.and_then(|scope| scope.number.clone()).or_else(|| case.number.clone()),
        kind: kind_word(order.kind).to_owned(),
        office: order.office.as_ref().map(ToString::to_string),
        at,
    }
}

/// The date that passed, in words that are the same on every node: an order's id and its command's follow from them.
fn cause((tenant, case): (Tenant, CaseId), scope: Local, (term, due): (impl fmt::Display, impl fmt::Display)) -> String {
    format!("order {tenant} {case} {scope} {term} {due}")
}

impl App {
    /// Opens the orders that wait, the oldest first, one turn; answers how many became cases or joined one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn open_orders(&self) -> Result<usize, Fault> {
        let waiting = self.store().orders_waiting(self.clock().now(), ORDERS_PER_TURN_MAX).await.map_err(reading("looking for drafted orders"))?;
        let mut opened = 0;
        for order in &waiting {
            let done = match self.open_order(order).await {
                Ok(done) => done,
                Err(fault) => {
                    tracing::error!(case = %order.key.case, %fault, "a drafted order could not be opened");
                    false
                }
            };
            opened += usize::from(done);
            if !done {
                // The row stays for a later turn, further off each time; the others are not held up.
                let again = again_at(self.clock().now(), order.tries);
                self.store().order_put_off(&order.key, again).await.map_err(|cause| Fault::new("putting a drafted order off", cause))?;
            }
        }
        Ok(opened)
    }

    /// Opens one. One that cannot be opened (its workflow is not published) keeps nobody else waiting: the row stays for a later turn.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn open_order(&self, order: &DraftedOrder) -> Result<bool, Fault> {
        let (key, now) = (&order.key, self.clock().now());
        let noting = |cause| Fault::new("noting a drafted order", cause);
        if let Some(in_hand) = self.store().order_in_hand(key).await.map_err(reading("looking for an order in hand"))? {
            self.store().order_opened(key, (in_hand, true), now).await.map_err(noting)?;
            return Ok(true);
        }
        let known = self.known(key.tenant).await?;
        let Some(form) = order_form(&known, &order.row.workflow) else {
            tracing::debug!(workflow = order.row.workflow, "a drafted order waits for its workflow to be published");
            return Ok(false);
        };
        let form = filled(form, order, &known, now);
        let act = Act::Start { workflow: order.row.workflow.as_str().into(), form: Some(form), rank: ORDINARY };
        let command = CommandId::of(&cause((key.tenant, key.case), key.scope, (&key.term, &key.due)));
        let started = Order { tenant: key.tenant, case: Some(order.row.order), actor: Actor::System, command_id: Some(command), act };
        match self.execute(started).await {
            Ok(_) => {}
            // Another node was faster, or this one died before it noted it down.
            Err(Failure::Refused(refusal)) if matches!(refusal.code, "case_exists" | "command_id_reused") => {}
            Err(Failure::Refused(refusal)) => {
                tracing::error!(case = %key.case, code = refusal.code, "a drafted order could not be opened");
                return Ok(false);
            }
            Err(Failure::Fault(fault)) => return Err(fault),
        }
        self.store().order_opened(key, (order.row.order, false), now).await.map_err(noting)?;
        Ok(true)
    }

    /// The orders about a case, the oldest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn orders_about(&self, tenant: Tenant, case: CaseId) -> Result<Vec<OrderView>, Fault> {
        let found = self.store().orders_about(tenant, case).await.map_err(reading("reading the orders about a case"))?;
        self.order_views(tenant, found).await
    }

    /// What an order is about; empty for a case that no date drafted.
    ///
    /// # Errors
    /// A fault.
    pub async fn order_causes(&self, tenant: Tenant, order: CaseId) -> Result<Vec<OrderView>, Fault> {
        let found = self.store().order_causes(tenant, order).await.map_err(reading("reading what an order is about"))?;
        self.order_views(tenant, found.into_iter().filter(|order| order.opened.is_some()).collect()).await
    }

    async fn order_views(&self, tenant: Tenant, found: Vec<DraftedOrder>) -> Result<Vec<OrderView>, Fault> {
        let known = self.known(tenant).await?;
        let mut views = Vec::with_capacity(found.len());
        for order in found {
            let opened = order.opened.is_some();
            let case = if opened { self.store().case(tenant, order.row.order).await.map_err(reading("reading an order"))? } else { None };
            views.push(OrderView {
                about: order.key.case.to_string(),
                about_name: order.row.number.clone().unwrap_or_else(|| short_name(order.key.case)),
                workflow: order.row.program.clone(),
                link: known.link_title(&order.row.program),
                term: order.row.term.clone(),
                kind: kind_of(&order.row.kind),
                due: order.row.due.clone(),
                order: case.as_ref().map(|case| case.id.to_string()),
                name: case.as_ref().map(|case| case.number.clone().unwrap_or_else(|| short_name(case.id))),
                joined: order.joined,
                ended: case.as_ref().and_then(|case| case.ended).map(Moment::to_rfc3339),
                result: case.and_then(|case| case.result),
            });
        }
        Ok(views)
    }
}

/// When an order that could not be opened is tried again: after a minute, then after twice as long each time, up to an hour.
fn again_at(now: Moment, tries: u32) -> Moment {
    let pause = 1_i64.checked_shl(tries).map_or(ORDER_RETRY_S.1, |times| ORDER_RETRY_S.0.saturating_mul(times).clamp(ORDER_RETRY_S.0, ORDER_RETRY_S.1));
    Moment(now.0.saturating_add(pause * 1_000))
}

/// Orders stand in no line for quota, and take the place of ordinary cases.
const ORDINARY: i16 = 9;

/// The form of the order's workflow as it is published now.
fn order_form<'k>(known: &'k Known, workflow: &str) -> Option<&'k Form> {
    let bundle = known.bundles.get(known.current.get(workflow)?)?;
    bundle.programs.get(workflow)?.form.as_deref()
}

/// What is known of the date that passed, in those of the form's fields that ask for it; the clerk checks it and writes the rest.
fn filled(form: &Form, order: &DraftedOrder, known: &Known, now: Moment) -> Value {
    let row = &order.row;
    let (link, limit) = (known.link_title(&row.program).zh, limit_title(known, row));
    let name = row.number.clone().unwrap_or_else(|| short_name(order.key.case));
    let unit = row.office.as_ref().and_then(|office| {
        let current = |office: &str| known.roster.current(&office.into(), now.date());
        let Kind::Choice(choices) = &form.field("unit")?.kind else { return None };
        choices.iter().find(|choice| choice.office.as_deref().is_some_and(|of| current(of) == current(office))).map(|choice| choice.value.clone())
    });
    let facts = format!("办件 {name}（{link}）的{limit}至 {} 届满，至 {} 未办结，原因待查。请查明原因，限期办结。", row.due, row.at.date());
    // What a standing authorisation issues says so; nobody else may fill this in, or a draft could be issued by its own drafter.
    let guarded = form.field("standing_authority").is_some_and(|field| field.edit.is_some());
    let authority = known.authorities.values().find(|authority| guarded && authority.covers(row, now.date())).map(|authority| json!(authority.document));
    let known: [(&str, Option<Value>); 8] = [
        ("source", Some(json!("overdue"))),
        ("about_case", Some(json!(name))),
        ("subject", Some(json!(format!("{link}超过{limit}")))),
        ("facts", Some(json!(facts))),
        ("about_limit", Some(json!(limit))),
        ("about_due", Some(json!(row.due))),
        ("unit", unit.map(Value::from)),
        ("standing_authority", authority),
    ];
    let asked = known.into_iter().filter(|(key, _)| form.field(key).is_some());
    Value::Object(asked.filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>())
}

fn limit_title(known: &Known, row: &OrderRow) -> String {
    match kind_of(&row.kind) {
        TermKind::Statutory => "法定时限".to_owned(),
        TermKind::Promised => "承诺时限".to_owned(),
        TermKind::Step => format!("“{}”的办理时限", known.step_title(&row.program, row.step.as_deref().unwrap_or(&row.term)).zh),
    }
}

const fn kind_word(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Statutory => "statutory",
        TermKind::Promised => "promised",
        TermKind::Step => "step",
    }
}

fn kind_of(word: &str) -> TermKind {
    match word {
        "statutory" => TermKind::Statutory,
        "promised" => TermKind::Promised,
        _ => TermKind::Step,
    }
}
