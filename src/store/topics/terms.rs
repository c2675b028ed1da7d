//! Promised and statutory limits over all cases: those whose date has passed, and those that ended in a time.
//! Invariant: a row is what the case's own state says of the limit. Never: a stored colour; `late_from` against a moment is all that is looked at.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::engine::case::Local;
use crate::ids::{CaseId, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::TermRow;
use crate::store::{Store, StoreFault};

/// Which passed limits are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermLooked {
    /// Of this office.
    pub office: Option<String>,
    /// Passed at this moment.
    pub late_at: Moment,
    /// At most so many.
    pub limit: u32,
}

/// A limit of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermView {
    /// The case.
    pub case: CaseId,
    /// The limit.
    pub row: TermRow,
    /// What lists call its case, where the list asks for it.
    pub title: Option<String>,
}

#[derive(FromRow)]
struct Stored {
    case_id: Uuid,
    term: i64,
    scope: i64,
    program: String,
    number: Option<String>,
    key: String,
    kind: String,
    office: Option<String>,
    since: String,
    due: Option<String>,
    late_from: Option<i64>,
    ended: Option<i64>,
    met: bool,
    expected: Option<String>,
    #[sqlx(default)]
    title: Option<String>,
}

impl From<Stored> for TermView {
    fn from(stored: Stored) -> Self {
        let local = |id: i64| Local::try_from(id).unwrap_or(Local::MAX);
        let (term, scope, late_from, ended) = (local(stored.term), local(stored.scope), stored.late_from.map(Moment), stored.ended.map(Moment));
        let Stored { case_id, program, number, key, kind, office, since, due, met, expected, title, .. } = stored;
        Self { case: CaseId(case_id), row: TermRow { term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected }, title }
    }
}

const COLUMNS: &str = "case_id, term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected";
/// What lists call the case of a limit.
const TITLE: &str = "(select c.title from cases c where c.tenant = terms.tenant and c.id = terms.case_id) as title";

impl Store {
    /// Cases whose limits stand in no row yet, over all tenants.
    pub async fn terms_unfilled(&self, limit: u32) -> Result<Vec<(Tenant, CaseId)>, StoreFault> {
        let text = "select tenant, case_id from terms_unfilled order by tenant, case_id limit $1";
        let mut connection = self.everywhere().await?;
        let found: Vec<(i32, Uuid)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(tenant, case)| (Tenant(tenant), CaseId(case))).collect())
    }

    /// Writes the limits of a case that has no rows yet, and takes it off the list; what an act wrote meanwhile stays.
    /// How many of its dates are provisional stands for the version they were counted at.
    pub async fn fill_terms(&self, (tenant, case): (Tenant, CaseId), rows: &[TermRow], (version, provisional): (i64, i64)) -> Result<(), StoreFault> {
        let count = "update cases set provisional = $4 where tenant = $1 and id = $2 and version = $3";
        let insert = "insert into terms (tenant, case_id, term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (tenant, case_id, term) do nothing";
        let over = "delete from terms_unfilled where tenant = $1 and case_id = $2";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            for row in rows {
                let query = sqlx::query(insert).bind(tenant.0).bind(case.0).bind(i64::from(row.term)).bind(i64::from(row.scope));
                let query = query.bind(&row.program).bind(&row.number).bind(&row.key).bind(&row.kind).bind(&row.office).bind(&row.since);
                let query = query.bind(&row.due).bind(row.late_from.map(|moment| moment.0)).bind(row.ended.map(|moment| moment.0));
                query.bind(row.met).bind(&row.expected).execute(&mut **c).await?;
            }
            sqlx::query(count).bind(tenant.0).bind(case.0).bind(version).bind(provisional).execute(&mut **c).await?;
            sqlx::query(over).bind(tenant.0).bind(case.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// How many dates of running cases another year of the calendar will settle. Read off an index that holds only cases that have one.
    pub async fn provisional_dates(&self, tenant: Tenant) -> Result<i64, StoreFault> {
        let text = "select cast(coalesce(sum(provisional), 0) as bigint) from cases where tenant = $1 and provisional > 0";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).fetch_one(&mut **c).await?))
    }

    /// Limits that run and whose date has passed: those without a stated reason first, then the longest passed.
    pub async fn late_terms(&self, tenant: Tenant, looked: &TermLooked) -> Result<Vec<TermView>, StoreFault> {
        let text = format!(
            "select {COLUMNS}, {TITLE} from terms where tenant = $1 and ended is null and late_from <= $2 and ($3 is null or office = $3)
             order by case when expected is null then 0 else 1 end, late_from, case_id, term limit $4"
        );
        let text = text.replace("$3 is null", "cast($3 as text) is null");
        let mut connection = self.reader(tenant).await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(looked.late_at.0)
            .bind(looked.office.as_deref()).bind(i64::from(looked.limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(TermView::from).collect())
    }

    /// Promised limits that ended from `from` to before `until`, by office, then by when they ended.
    pub async fn promises_ended(&self, tenant: Tenant, (from, until): (Moment, Moment), limit: u32) -> Result<Vec<TermView>, StoreFault> {
        let text = format!(
            "select {COLUMNS} from terms where tenant = $1 and kind = 'promised' and ended >= $2 and ended < $3 order by office, ended, case_id, term limit $4"
        );
        let mut connection = self.reader(tenant).await?;
        let found: Vec<Stored> = on_both!(&mut connection, c =>
            sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(from.0).bind(until.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(TermView::from).collect())
    }

    /// The links of a case that promised something, each with the office that answered for it.
    pub async fn promised_offices(&self, tenant: Tenant, case: CaseId) -> Result<Vec<(Local, String)>, StoreFault> {
        let text = "select scope, office from terms where tenant = $1 and case_id = $2 and kind = 'promised' and office is not null order by term";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(i64, String)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(scope, office)| (Local::try_from(scope).unwrap_or(Local::MAX), office)).collect())
    }

    /// Promised limits that were open and late at a moment, by office.
    pub async fn promises_late_at(&self, tenant: Tenant, at: Moment, limit: u32) -> Result<Vec<TermView>, StoreFault> {
        let text = format!(
            "select {COLUMNS} from terms where tenant = $1 and kind = 'promised' and late_from <= $2 and (ended is null or ended >= $2)
             order by office, late_from, case_id, term limit $3"
        );
        let mut connection = self.reader(tenant).await?;
        let found: Vec<Stored> = on_both!(&mut connection, c =>
            sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(at.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(TermView::from).collect())
    }
}
