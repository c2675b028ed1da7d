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
}

impl From<Stored> for TermView {
    fn from(stored: Stored) -> Self {
        let local = |id: i64| Local::try_from(id).unwrap_or(Local::MAX);
        let (term, scope, late_from, ended) = (local(stored.term), local(stored.scope), stored.late_from.map(Moment), stored.ended.map(Moment));
        let Stored { case_id, program, number, key, kind, office, since, due, met, expected, .. } = stored;
        Self { case: CaseId(case_id), row: TermRow { term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected } }
    }
}

const COLUMNS: &str = "case_id, term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected";

impl Store {
    /// Limits that run and whose date has passed: those without a stated reason first, then the longest passed.
    pub async fn late_terms(&self, tenant: Tenant, looked: &TermLooked) -> Result<Vec<TermView>, StoreFault> {
        let text = format!(
            "select {COLUMNS} from terms where tenant = $1 and ended is null and late_from <= $2 and ($3 is null or office = $3)
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
