//! Supervision orders that passed dates draft: those that still wait to become cases, and the way from a late case to its orders and back.
//! Invariant: a row was made in the commit that found the date passed, once for each (case, link, term, due date). Never: whether an order has ended; its case says. One that cannot be opened holds up no other.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::engine::case::Local;
use crate::ids::{CaseId, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::OrderRow;
use crate::store::{Store, StoreFault};

/// Which order is meant: one for each date of a term that passed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderKey {
    /// The tenant.
    pub tenant: Tenant,
    /// The late case.
    pub case: CaseId,
    /// The link whose date has passed.
    pub scope: Local,
    /// The term's key.
    pub term: String,
    /// The date.
    pub due: String,
}

/// A drafted order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftedOrder {
    /// Which.
    pub key: OrderKey,
    /// What it says, and the case it becomes; one that joined another names that one.
    pub row: OrderRow,
    /// When the case was opened, or the other joined.
    pub opened: Option<Moment>,
    /// An order about the same link was in hand.
    pub joined: bool,
    /// How often opening it was tried in vain.
    pub tries: u32,
}

#[derive(FromRow)]
struct Stored {
    tenant: i32,
    case_id: Uuid,
    scope: i64,
    term: String,
    due: String,
    order_case: Uuid,
    workflow: String,
    program: String,
    step: Option<String>,
    number: Option<String>,
    kind: String,
    office: Option<String>,
    at: i64,
    opened: Option<i64>,
    joined: bool,
    tries: i64,
}

impl From<Stored> for DraftedOrder {
    fn from(stored: Stored) -> Self {
        let scope = Local::try_from(stored.scope).unwrap_or(Local::MAX);
        let Stored { term, due, workflow, program, step, number, kind, office, .. } = stored;
        Self {
            key: OrderKey { tenant: Tenant(stored.tenant), case: CaseId(stored.case_id), scope, term: term.clone(), due: due.clone() },
            row: OrderRow { scope, term, due, order: CaseId(stored.order_case), workflow, program, step, number, kind, office, at: Moment(stored.at) },
            opened: stored.opened.map(Moment),
            joined: stored.joined,
            tries: u32::try_from(stored.tries).unwrap_or(u32::MAX),
        }
    }
}

const COLUMNS: &str = "tenant, case_id, scope, term, due, order_case, workflow, program, step, number, kind, office, at, opened, joined, tries";

/// An order in hand: its case, its number, and what lists call it.
pub type RunningOrder = (CaseId, Option<String>, Option<String>);

impl Store {
    /// Orders that are not cases yet and whose time has come by `now`, the oldest first, over all tenants. Of each link only the oldest is given, so that the next
    /// one finds it in hand.
    pub async fn orders_waiting(&self, now: Moment, limit: u32) -> Result<Vec<DraftedOrder>, StoreFault> {
        let text = format!(
            "select {COLUMNS} from orders o where opened is null and next_try <= $1 and not exists (select 1 from orders e where e.tenant = o.tenant and e.case_id = o.case_id
               and e.scope = o.scope and e.opened is null and (e.at < o.at or (e.at = o.at and (e.term < o.term or (e.term = o.term and e.due < o.due)))))
             order by at, case_id, scope limit $2"
        );
        let mut connection = self.everywhere().await?;
        let found: Vec<Stored> =
            on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(now.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(DraftedOrder::from).collect())
    }

    /// The order about a link that is in hand: opened and not ended (政府督查工作条例 15: one in hand for a matter).
    pub async fn order_in_hand(&self, key: &OrderKey) -> Result<Option<CaseId>, StoreFault> {
        let text = "select c.id from orders o join cases c on c.tenant = o.tenant and c.id = o.order_case
            where o.tenant = $1 and o.case_id = $2 and o.scope = $3 and o.opened is not null and c.ended is null order by o.at limit 1";
        let mut connection = self.reader(key.tenant).await?;
        let found: Option<(Uuid,)> = on_both!(&mut connection, c =>
            sqlx::query_as(text).bind(key.tenant.0).bind(key.case.0).bind(i64::from(key.scope)).fetch_optional(&mut **c).await?);
        Ok(found.map(|(id,)| CaseId(id)))
    }

    /// Cases of the order's workflow that are in hand, those without a reply first, the oldest of each first; and how many there are in all.
    pub async fn orders_running(&self, tenant: Tenant, workflow: &str, limit: u32) -> Result<(Vec<RunningOrder>, i64), StoreFault> {
        let text = "select c.id, c.number, c.title from cases c where c.tenant = $1 and c.workflow = $2 and c.ended is null
            order by case when exists (select 1 from documents d where d.tenant = c.tenant and d.case_id = c.id and d.kind = 'order-reply') then 1 else 0 end,
              c.started, c.id limit $3";
        let all = "select count(*) from cases where tenant = $1 and workflow = $2 and ended is null";
        let mut connection = self.reader(tenant).await?;
        let (found, count) = on_both!(&mut connection, c => {
            let found: Vec<(Uuid, Option<String>, Option<String>)> = sqlx::query_as(text).bind(tenant.0).bind(workflow).bind(i64::from(limit)).fetch_all(&mut **c).await?;
            (found, sqlx::query_scalar::<_, i64>(all).bind(tenant.0).bind(workflow).fetch_one(&mut **c).await?)
        });
        Ok((found.into_iter().map(|(id, number, title)| (CaseId(id), number, title)).collect(), count))
    }

    /// The order has become the case `order`, or joined it; one that another node was faster with is left as it is.
    pub async fn order_opened(&self, key: &OrderKey, (order, joined): (CaseId, bool), at: Moment) -> Result<(), StoreFault> {
        let text = "update orders set order_case = $6, joined = $7, opened = $8
            where tenant = $1 and case_id = $2 and scope = $3 and term = $4 and due = $5 and opened is null";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            let query = sqlx::query(text).bind(key.tenant.0).bind(key.case.0).bind(i64::from(key.scope)).bind(&key.term).bind(&key.due);
            query.bind(order.0).bind(joined).bind(at.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// The order could not be opened: it is tried again at `again`, and lets the others pass until then.
    pub async fn order_put_off(&self, key: &OrderKey, again: Moment) -> Result<(), StoreFault> {
        let text = "update orders set tries = tries + 1, next_try = $6
            where tenant = $1 and case_id = $2 and scope = $3 and term = $4 and due = $5 and opened is null and next_try < $6";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            let query = sqlx::query(text).bind(key.tenant.0).bind(key.case.0).bind(i64::from(key.scope)).bind(&key.term).bind(&key.due);
            query.bind(again.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// The orders about a case, the oldest first.
    pub async fn orders_about(&self, tenant: Tenant, case: CaseId) -> Result<Vec<DraftedOrder>, StoreFault> {
        self.orders_where(tenant, ("case_id", case)).await
    }

    /// What an order is about, the date that drafted it first; empty for a case that no date drafted.
    pub async fn order_causes(&self, tenant: Tenant, order: CaseId) -> Result<Vec<DraftedOrder>, StoreFault> {
        self.orders_where(tenant, ("order_case", order)).await
    }

    async fn orders_where(&self, tenant: Tenant, (column, case): (&str, CaseId)) -> Result<Vec<DraftedOrder>, StoreFault> {
        let text = format!("select {COLUMNS} from orders where tenant = $1 and {column} = $2 order by joined, at, scope, term, due");
        let mut connection = self.reader(tenant).await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(DraftedOrder::from).collect())
    }
}
