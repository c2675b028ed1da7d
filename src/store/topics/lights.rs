//! Lights over all open tasks: counted in one pass, and listed by how long each has shown.
//! Invariant: a light is worked out of the stored instants and now, as `supervision` does it. Never: a stored colour, a closed task.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::TaskRow;
use crate::store::topics::inbox::{InboxTask, TitledTask};
use crate::store::{Store, StoreFault};
use crate::supervision::Light;

/// The light at `$2`, in the order of `LIGHTS`.
const LIGHT: &str = "case when dark_red_from <= $2 then 4 when red_from <= $2 then 3 when yellow_from <= $2 then 2 when grey_from <= $2 then 1 else 0 end";
/// The moment since which it shows.
const SINCE: &str = "case when dark_red_from <= $2 then dark_red_from when red_from <= $2 then red_from when yellow_from <= $2 then yellow_from
    when grey_from <= $2 then grey_from else opened end";
/// Of the office in `$4`.
const OF_OFFICE: &str = " and pool = $4 and post <> 'applicant'";
/// The lights by the number the statements give them.
const LIGHTS: [Light; 5] = [Light::Green, Light::Grey, Light::Yellow, Light::Red, Light::DarkRed];

/// How many open tasks of one workflow in one office show one light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightCount {
    /// The workflow.
    pub program: String,
    /// The office; `None` for tasks of applicants.
    pub office: Option<String>,
    /// These rows stand for their tasks where offices are counted together.
    pub lead: bool,
    /// The light.
    pub light: Light,
    /// How many.
    pub count: i64,
    /// How many of them show it, or are open, only since the day began.
    pub fresh: i64,
}

/// Which tasks to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Now.
    pub now: Moment,
    /// The beginning of today.
    pub today: Moment,
    /// Only tasks of this office; `None` for all.
    pub office: Option<String>,
    /// With this light.
    pub light: Option<Light>,
    /// Of this workflow.
    pub program: Option<String>,
    /// Of applicants only.
    pub applicants: bool,
    /// Only those that show their light, or are open, only since the day began.
    pub fresh: bool,
    /// After this one.
    pub after: Option<LitCursor>,
    /// How many.
    pub limit: u32,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LitCursor {
    /// Since when the last task showed its light.
    pub since: Moment,
    /// Its case.
    pub case: CaseId,
    /// Its id.
    pub task: u32,
}

/// An open task with its light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lit {
    /// The task.
    pub found: InboxTask,
    /// Its light.
    pub light: Light,
    /// Since when it shows.
    pub since: Moment,
}

impl Lit {
    /// The cursor after this task.
    #[must_use]
    pub fn cursor(&self) -> LitCursor {
        LitCursor { since: self.since, case: self.found.case, task: self.found.task.task }
    }
}

#[derive(FromRow)]
struct StoredCount {
    program: String,
    office: String,
    lead: i16,
    light: i32,
    count: i64,
    fresh: i64,
}

#[derive(FromRow)]
struct StoredLit {
    #[sqlx(flatten)]
    task: TitledTask,
    light: i32,
    since: i64,
}

fn light(number: i32) -> Result<Light, StoreFault> {
    let found = usize::try_from(number).ok().and_then(|place| LIGHTS.get(place).copied());
    found.ok_or_else(|| StoreFault::Broken { table: "tasks", why: format!("there is no light {number}") })
}

/// The number the statements give a light.
fn number(light: Light) -> i32 {
    match light {
        Light::Green => 0,
        Light::Grey => 1,
        Light::Yellow => 2,
        Light::Red => 3,
        Light::DarkRed => 4,
    }
}

impl Store {
    /// Writes anew from when the tasks of a case show which light; one whose case has moved on meanwhile is left to the act that moved it.
    pub async fn retime_tasks(&self, tenant: Tenant, case: CaseId, version: i64, rows: &[TaskRow]) -> Result<(), StoreFault> {
        // Taking the case's row keeps its writer waiting until this is done.
        let hold = "update cases set version = version where tenant = $1 and id = $2 and version = $3";
        let text = "update tasks set yellow_from = $4, red_from = $5, dark_red_from = $6, grey_from = $7 where tenant = $1 and case_id = $2 and task = $3";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            let held = sqlx::query(hold).bind(tenant.0).bind(case.0).bind(version).execute(&mut **c).await?.rows_affected();
            for row in rows.iter().filter(|_| held == 1) {
                let query = sqlx::query(text).bind(tenant.0).bind(case.0).bind(i64::from(row.task)).bind(row.yellow_from.0);
                query.bind(row.red_from.0).bind(row.dark_red_from.0).bind(row.grey_from.0).execute(&mut **c).await?;
            }
        });
        connection.finish().await
    }

    /// The lights of all open tasks, or of those of one office, by workflow, office and light.
    pub async fn light_counts(&self, tenant: Tenant, now: Moment, today: Moment, office: Option<&str>) -> Result<Vec<LightCount>, StoreFault> {
        let of = if office.is_some() { OF_OFFICE } else { " and coalesce($4, pool) = pool" };
        let text = format!(
            "select program, case when post = 'applicant' then '' else pool end as office, lead, {LIGHT} as light, count(*) as count,
               sum(case when opened >= $3 or {SINCE} >= $3 then 1 else 0 end) as fresh
             from tasks where tenant = $1{of} group by 1, 2, 3, 4 order by 1, 2, 3, 4"
        );
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredCount> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(now.0).bind(today.0).bind(office).fetch_all(&mut **c).await?);
        let count = |row: StoredCount| {
            Ok(LightCount {
                program: row.program,
                office: Some(row.office).filter(|office| !office.is_empty()),
                lead: row.lead != 0,
                light: light(row.light)?,
                count: row.count,
                fresh: row.fresh,
            })
        };
        found.into_iter().map(count).collect()
    }

    /// A page of open tasks with their lights, those that have shown theirs longest first.
    pub async fn lit_tasks(&self, tenant: Tenant, looked: &Looked) -> Result<Vec<Lit>, StoreFault> {
        let text = page(looked);
        let after = looked.after;
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredLit> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(looked.now.0)
            .bind(looked.today.0)
            .bind(&looked.office)
            .bind(i64::from(looked.limit))
            .bind(looked.light.map(number))
            .bind(&looked.program)
            .bind(after.map_or(i64::MIN, |after| after.since.0))
            .bind(after.map_or(Uuid::nil(), |after| after.case.0))
            .bind(after.map_or(-1, |after| i64::from(after.task)))
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(|row| Ok(Lit { light: light(row.light)?, since: Moment(row.since), found: row.task.row()? })).collect()
    }
}

/// The statement of a page. Every parameter stands in it, because PostgreSQL wants to know the kind of each.
fn page(looked: &Looked) -> String {
    let of = match &looked.office {
        Some(_) => OF_OFFICE,
        None if looked.applicants => " and post = 'applicant' and coalesce($4, pool) = pool",
        None => " and lead = 1 and coalesce($4, pool) = pool",
    };
    let fresh = if looked.fresh { "(opened >= $3 or since >= $3)" } else { "$3 > 0" };
    format!(
        "select t.*, (select c.title from cases c where c.tenant = $1 and c.id = t.case_id) as title from (select case_id, task, pool, number, program, step, post, claimed, rank, opened, red_from, yellow_from, due, dark_red_from, grey_from, lead, backup, asked,
           {LIGHT} as light, {SINCE} as since from tasks where tenant = $1{of} and ($7 is null or program = $7)) t
         where ($6 is null or light = $6) and {fresh} and (since, case_id, task) > ($8, $9, $10) order by since, case_id, task limit $5"
    )
}
