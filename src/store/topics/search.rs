//! Looking for a case among all of them: by number, by the name of its project, by workflow, running or ended.
//! Invariant: every search is bounded whatever is typed: an exact number and the beginning of a name are ranges of an index, anything else is looked for among
//! the newest cases only. Never: a walk over every case there is.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::ids::{CaseId, PersonId, Tenant};
use crate::limits::{CASES_COUNTED_MAX, CASES_SEARCHED_MAX};
use crate::store::dialect::on_both;
use crate::store::rows::CaseRow;
use crate::store::topics::cases::{StoredCase, escaped};
use crate::store::{Store, StoreFault};

/// What is looked for; every part left out looks at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseSearch {
    /// A number, or part of one of the newest; or the beginning of a project's name, or part of one of the newest.
    pub text: Option<String>,
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this applicant.
    pub applicant: Option<PersonId>,
    /// Only running (`Some(true)`) or only ended ones.
    pub running: Option<bool>,
    /// Not of this workflow: registers are cases, too, and nobody's business here.
    pub except: String,
    /// Before this case: the last one of the page before.
    pub before: Option<CaseId>,
}

/// The rows a search is made of. `$1` tenant, `$2` before, `$3` workflow, `$4` except, `$5` applicant, `$6` text as a pattern, `$7` text, `$8` its end as a range.
fn rows(search: &CaseSearch) -> String {
    let mut narrowed = String::from("tenant = $1 and id < $2 and workflow <> $4");
    let mut narrow = |on: bool, by: &str| narrowed.push_str(if on { by } else { "" });
    narrow(search.workflow.is_some(), " and workflow = $3");
    narrow(search.applicant.is_some(), " and applicant = $5");
    narrow(search.running == Some(true), " and ended is null");
    narrow(search.running == Some(false), " and ended is not null");
    if search.text.is_none() {
        return format!("select * from cases where {narrowed}");
    }
    format!(
        "select * from (select * from cases where {narrowed} order by id desc limit {CASES_SEARCHED_MAX}) newest
           where number like '%' || $6 || '%' escape '!' or title like '%' || $6 || '%' escape '!'
         union select * from cases where {narrowed} and number = $7
         union select * from (select * from cases where {narrowed} and title >= $7 and title < $8 order by title limit {CASES_SEARCHED_MAX}) named"
    )
}

impl Store {
    /// A page of what is found, newest first.
    pub async fn search_cases(&self, tenant: Tenant, search: &CaseSearch, limit: u32) -> Result<Vec<CaseRow>, StoreFault> {
        let text = format!("select * from ({}) found order by id desc limit $9", rows(search));
        let found: Vec<StoredCase> = self.searched(tenant, search, text, limit).await?;
        found.into_iter().map(StoredCase::row).collect()
    }

    /// How many there are, counted up to `CASES_COUNTED_MAX`.
    pub async fn count_cases(&self, tenant: Tenant, search: &CaseSearch) -> Result<i64, StoreFault> {
        let text = format!("select count(*) from (select 1 from ({}) found limit $9) counted", rows(search));
        let found: Vec<(i64,)> = self.searched(tenant, &CaseSearch { before: None, ..search.clone() }, text, CASES_COUNTED_MAX).await?;
        Ok(found.first().map_or(0, |(count,)| *count))
    }

    async fn searched<R>(&self, tenant: Tenant, search: &CaseSearch, text: String, limit: u32) -> Result<Vec<R>, StoreFault>
    where
        R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let before = search.before.map_or(Uuid::max(), |case| case.0);
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(before)
            .bind(&search.workflow)
            .bind(&search.except)
            .bind(search.applicant.map(|person| person.0))
            .bind(search.text.as_deref().map(escaped))
            .bind(&search.text)
            .bind(search.text.as_deref().map(end_of_range))
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?))
    }
}

/// The least text, by bytes, after every text that begins with `beginning`, as far as anybody types.
fn end_of_range(beginning: &str) -> String {
    format!("{beginning}{}", char::MAX)
}
