//! Outside jobs: fetched by a lease with a fencing number, and what operators see of them.
//! Invariant: a fetch commits before its answer, and gives each job a higher number than any fetch before. Never: an end; a row goes with the case's own commit.

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::ids::{CaseId, Moment, PersonId, Tenant};
use crate::store::dialect::{on_both, skip_locked};
use crate::store::{Store, StoreFault};

/// Which jobs a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The topic.
    pub topic: String,
    /// Of this case alone.
    pub case: Option<CaseId>,
    /// At most so many.
    pub limit: u32,
    /// Whose leases they become.
    pub worker: PersonId,
    /// When these end.
    pub until: Moment,
}

/// A job as fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedJob {
    /// The case.
    pub case: CaseId,
    /// Its id within the case.
    pub job: u32,
    /// The scope's number.
    pub number: Option<String>,
    /// The program.
    pub program: String,
    /// The step.
    pub step: String,
    /// The topic.
    pub topic: String,
    /// What the worker is handed, a JSON object.
    pub given: Vec<u8>,
    /// Further tries after this one.
    pub retries: u32,
    /// Tries that failed in this round.
    pub failures: u32,
    /// The number of the lease.
    pub fence: i64,
    /// When it was offered.
    pub opened: Moment,
}

/// What has become of a job so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Nobody tries again by themselves.
    Parked,
    /// It failed and waits for its next try.
    Resting,
    /// A worker holds it.
    Leased,
    /// It may be fetched.
    Open,
}

/// Which jobs an operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Parked ones alone.
    pub parked: bool,
    /// One topic.
    pub topic: Option<String>,
    /// Those after this one in the list's order.
    pub after: Option<(Moment, CaseId, u32)>,
    /// At most so many.
    pub limit: u32,
}

/// A job as an operator sees it. What the worker is handed is no business of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobView {
    /// The case.
    pub case: CaseId,
    /// Its id within the case.
    pub job: u32,
    /// The scope's number.
    pub number: Option<String>,
    /// The program.
    pub program: String,
    /// The step.
    pub step: String,
    /// The topic.
    pub topic: String,
    /// Further tries after the next.
    pub retries: u32,
    /// Tries that failed in this round.
    pub failures: u32,
    /// From when on it may be fetched; `None` while it is parked.
    pub due: Option<Moment>,
    /// When it was offered.
    pub opened: Moment,
    /// When it last changed: offered, failed, parked, tried again.
    pub touched: Moment,
    /// What was said of the last failure.
    pub message: Option<String>,
    /// Who fetched it last.
    pub worker: Option<PersonId>,
    /// When that lease ends.
    pub lease_until: Moment,
}

impl JobView {
    /// What has become of it at `now`.
    #[must_use]
    pub fn state(&self, now: Moment) -> JobState {
        match self.due {
            None => JobState::Parked,
            Some(due) if due > now => JobState::Resting,
            Some(_) if self.lease_until > now => JobState::Leased,
            Some(_) => JobState::Open,
        }
    }
}

#[derive(FromRow)]
struct Stored {
    case_id: Uuid,
    job: i64,
    number: Option<String>,
    program: String,
    step: String,
    topic: String,
    retries: i64,
    failures: i64,
    due: Option<i64>,
    opened: i64,
    touched: i64,
    message: Option<String>,
    worker: Option<Uuid>,
    lease_until: i64,
}

#[derive(FromRow)]
struct Fetched {
    case_id: Uuid,
    job: i64,
    number: Option<String>,
    program: String,
    step: String,
    topic: String,
    given: Vec<u8>,
    retries: i64,
    failures: i64,
    fence: i64,
    opened: i64,
    due: i64,
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Store {
    /// Leases jobs that may be fetched at `now`, those that wait longest first, and answers them in that order. A job that another worker is being given
    /// in the same instant is passed over, not waited for.
    pub async fn fetch_jobs(&self, tenant: Tenant, now: Moment, wanted: &Wanted) -> Result<Vec<FetchedJob>, StoreFault> {
        let mut connection = self.worker().await?;
        let text = format!(
            "with due as materialized (select tenant, case_id, job from jobs
               where tenant = $1 and topic = $2 and due is not null and due <= $3 and lease_until <= $3 and ($7 is null or case_id = $7)
               order by due, case_id, job limit $4{})
             update jobs set lease_until = $5, fence = fence + 1, worker = $6 where (tenant, case_id, job) in (select tenant, case_id, job from due)
             returning case_id, job, number, program, step, topic, given, retries, failures, fence, opened, due",
            skip_locked(&connection)
        );
        let mut found: Vec<Fetched> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(&wanted.topic)
            .bind(now.0)
            .bind(i64::from(wanted.limit))
            .bind(wanted.until.0)
            .bind(wanted.worker.0)
            .bind(wanted.case.map(|case| case.0))
            .fetch_all(&mut **c)
            .await?);
        connection.finish().await?;
        found.sort_by_key(|row| (row.due, row.case_id, row.job));
        let fetched = |row: Fetched| FetchedJob {
            case: CaseId(row.case_id),
            job: small(row.job),
            number: row.number,
            program: row.program,
            step: row.step,
            topic: row.topic,
            given: row.given,
            retries: small(row.retries),
            failures: small(row.failures),
            fence: row.fence,
            opened: Moment(row.opened),
        };
        Ok(found.into_iter().map(fetched).collect())
    }

    /// Extends a lease; false, and nothing written, when it holds nothing any more: the job was leased again, failed, or is over.
    pub async fn extend_lease(&self, (tenant, case, job): (Tenant, CaseId, u32), (fence, worker): (i64, PersonId), until: Moment) -> Result<bool, StoreFault> {
        let text = "update jobs set lease_until = $6 where tenant = $1 and case_id = $2 and job = $3 and fence = $4 and worker = $5 and spent < $4";
        let mut connection = self.worker().await?;
        let changed = on_both!(&mut connection, c => sqlx::query(text)
            .bind(tenant.0)
            .bind(case.0)
            .bind(i64::from(job))
            .bind(fence)
            .bind(worker.0)
            .bind(until.0)
            .execute(&mut **c)
            .await?
            .rows_affected());
        connection.finish().await?;
        Ok(changed == 1)
    }

    /// Jobs that are not over, the one that changed last first.
    pub async fn jobs(&self, tenant: Tenant, filter: &JobFilter) -> Result<Vec<JobView>, StoreFault> {
        let parked = if filter.parked { "due is null" } else { "true" };
        let text = format!(
            "select case_id, job, number, program, step, topic, retries, failures, due, opened, touched, message, worker, lease_until from jobs
             where tenant = $1 and {parked} and ($2 is null or topic = $2) and ($3 is null or (touched, case_id, job) < ($3, $4, $5))
             order by touched desc, case_id desc, job desc limit $6"
        );
        let after = filter.after;
        let mut connection = self.reader(tenant).await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(AssertSqlSafe(text))
            .bind(tenant.0)
            .bind(&filter.topic)
            .bind(after.map(|(at, _, _)| at.0))
            .bind(after.map(|(_, case, _)| case.0))
            .bind(after.map(|(_, _, job)| i64::from(job)))
            .bind(i64::from(filter.limit))
            .fetch_all(&mut **c)
            .await?);
        let view = |row: Stored| JobView {
            case: CaseId(row.case_id),
            job: small(row.job),
            number: row.number,
            program: row.program,
            step: row.step,
            topic: row.topic,
            retries: small(row.retries),
            failures: small(row.failures),
            due: row.due.map(Moment),
            opened: Moment(row.opened),
            touched: Moment(row.touched),
            message: row.message,
            worker: row.worker.map(PersonId),
            lease_until: Moment(row.lease_until),
        };
        Ok(found.into_iter().map(view).collect())
    }
}
