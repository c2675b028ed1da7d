//! Outside jobs between worker programs, operators and the store: fetching, extending a lease, the operator's list, trying again.
//! Invariant: who may is asked of `identity::may`; completing, failing and reporting go through the writer like every act of a case.
//! Leases run on the clock of the cases, not on real time: a job's pauses do, and where a clock is moved both move with it.

use std::sync::Arc;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::writer::Receipt;
use crate::definition::graph::Bundle;
use crate::engine::case::Local;
use crate::engine::refusal::{Class, Refusal};
use crate::identity::Actor;
use crate::identity::may::{self, Standing, Verdict};
use crate::ids::{CaseId, CommandId, Moment, Name, Tenant, Text};
use crate::limits::{JOB_LEASE_S_MAX, JOBS_PER_FETCH_MAX};
use crate::store::{StoreFault, Wanted};

pub use crate::store::{FetchedJob, JobFilter, JobState, JobView};

/// What a worker program asks for.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The topic.
    pub topic: Name,
    /// Of this case alone.
    pub case: Option<CaseId>,
    /// At most so many, 1 to `JOBS_PER_FETCH_MAX`.
    pub number: u32,
    /// For how many seconds, 1 to `JOB_LEASE_S_MAX`.
    pub lease_s: u32,
}

/// An outside job in the operator's list, with the name of who fetched it last.
#[derive(Clone, Debug)]
pub struct JobLine {
    /// The job.
    pub view: JobView,
    /// Who fetched it last.
    pub worker: Option<String>,
    /// What has become of it.
    pub state: JobState,
    /// What its step is called.
    pub title: Text,
}

/// A page of the operator's list.
#[derive(Clone, Debug)]
pub struct JobPage {
    /// Its lines.
    pub lines: Vec<JobLine>,
    /// Where the next page begins.
    pub next: Option<(Moment, CaseId, Local)>,
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading outside jobs", cause)
}

impl App {
    /// Leases jobs to a worker program, those that wait longest first, and answers when the leases end.
    ///
    /// # Errors
    /// `not_connected` for an account that is no outside system's of this topic, `number_out_of_range`, `lease_out_of_range`, or a fault.
    pub async fn fetch_jobs(&self, tenant: Tenant, actor: &Actor, asked: &Fetch) -> Result<(Vec<FetchedJob>, Moment), Failure> {
        let known = self.known(tenant).await?;
        let Actor::Person(worker) = actor else { return Err(self.denied_job(&known, actor, may::Act::WorkJobs, None)) };
        self.permit_job(&known, actor, may::Act::WorkJobs, Some(&asked.topic))?;
        in_range("number_out_of_range", ("数量", "a number of jobs"), asked.number, JOBS_PER_FETCH_MAX)?;
        let until = self.lease_end(asked.lease_s)?;
        let wanted = Wanted { topic: asked.topic.to_string(), case: asked.case, limit: asked.number, worker: *worker, until };
        let fetched = self.store().fetch_jobs(tenant, self.clock().now(), &wanted).await.map_err(|cause| Fault::new("fetching outside jobs", cause))?;
        metrics::counter!("greenlane_jobs_fetched_total").increment(u64::try_from(fetched.len()).unwrap_or(0));
        Ok((fetched, until))
    }

    /// Extends a lease from now on; answers when it ends.
    ///
    /// # Errors
    /// `lease_lost` when it holds nothing any more, `lease_out_of_range`, a denial, or a fault.
    pub async fn extend_lease(&self, tenant: Tenant, actor: &Actor, (case, job): (CaseId, Local), (fence, lease_s): (i64, u32)) -> Result<Moment, Failure> {
        let known = self.known(tenant).await?;
        let Actor::Person(worker) = actor else { return Err(self.denied_job(&known, actor, may::Act::WorkJobs, None)) };
        // The lease says whose it is, and it was given for its topic.
        self.permit_job(&known, actor, may::Act::WorkJobs, None)?;
        let until = self.lease_end(lease_s)?;
        let extending = |cause| Fault::new("extending a lease", cause);
        if self.store().extend_lease((tenant, case, job), (fence, *worker), until).await.map_err(extending)? {
            return Ok(until);
        }
        let zh = format!("租约 {fence} 对外部作业 {job} 已失效：已被重新领取、已登记失败，或作业已经结束。");
        let en = format!("cannot extend lease {fence} on job {job}: it no longer holds (leased again, failed, or over)");
        Err(refusal("lease_lost", Class::Conflict, zh, en).into())
    }

    /// A page of the jobs that are not over, for whoever looks after them.
    ///
    /// # Errors
    /// A denial, or a fault.
    pub async fn outside_jobs(&self, tenant: Tenant, actor: &Actor, filter: &JobFilter) -> Result<JobPage, Failure> {
        let known = self.known(tenant).await?;
        self.permit_job(&known, actor, may::Act::ManageJobs, None)?;
        let size = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let one_more = JobFilter { limit: filter.limit.saturating_add(1), ..filter.clone() };
        let found = self.store().jobs(tenant, &one_more).await.map_err(reading)?;
        let (more, now) = (found.len() > size, self.clock().now());
        let name = |view: &JobView| view.worker.and_then(|worker| known.roster.people.get(&worker)).map(|person| person.name.clone());
        let lines: Vec<JobLine> =
            found.into_iter().take(size).map(|view| JobLine { worker: name(&view), state: view.state(now), title: title_of(&known, &view), view }).collect();
        let next = lines.last().filter(|_| more).map(|line| (line.view.touched, line.view.case, line.view.job));
        Ok(JobPage { lines, next })
    }

    /// Has a parked job tried again, or one that waits for its next try at once: an act of its case.
    ///
    /// # Errors
    /// `job_over`, a denial, or a fault.
    pub async fn retry_job(&self, tenant: Tenant, actor: Actor, command_id: Option<CommandId>, (case, job): (CaseId, Local)) -> Result<Receipt, Failure> {
        self.execute(Order { tenant, case: Some(case), actor, command_id, act: Act::JobRetry { job } }).await
    }

    fn lease_end(&self, lease_s: u32) -> Result<Moment, Refusal> {
        in_range("lease_out_of_range", ("租期秒数", "the seconds of a lease"), lease_s, JOB_LEASE_S_MAX)?;
        Ok(Moment(self.clock().now().0 + i64::from(lease_s) * 1_000))
    }

    fn permit_job(&self, known: &Arc<Known>, actor: &Actor, act: may::Act, topic: Option<&Name>) -> Result<(), Refusal> {
        let standing = match actor {
            Actor::Person(person) => Standing {
                disabled: known.roster.people.get(person).is_none_or(|person| person.disabled),
                topic: topic.cloned(),
                ..Standing::of(known.roster.posts_of(*person, self.clock().now().date()))
            },
            Actor::System | Actor::Operator(_) => Standing::default(),
        };
        match may::may(actor, act, &standing) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => Err(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() }),
        }
    }

    /// The denial of whoever holds no lease because they are no account.
    fn denied_job(&self, known: &Arc<Known>, actor: &Actor, act: may::Act, topic: Option<&Name>) -> Failure {
        let denied = self.permit_job(known, actor, act, topic).err();
        denied.unwrap_or_else(|| Refusal::forbidden("not_connected", "只有外部系统账号可以办理", "cannot work on outside jobs: only an account does")).into()
    }
}

/// What a job's step is called in the newest version of its workflow; its key when it is gone from there.
fn title_of(known: &Known, view: &JobView) -> Text {
    let program = |bundle: &Arc<Bundle>| bundle.programs.get(view.program.as_str()).cloned();
    let found = known.current.values().filter_map(|digest| known.bundles.get(digest)).find_map(program);
    let node = found.as_ref().and_then(|program| program.nodes.iter().find(|node| *node.key == *view.step));
    node.map_or_else(|| Text { zh: view.step.clone(), en: view.step.clone() }, |node| node.title.clone())
}

/// The id of a worker's command that names none: the same words under the same lease are the same command, so that one sent again is answered with its receipt.
///
/// # Errors
/// An act that cannot be written down.
pub fn command_of(case: CaseId, act: &Act) -> Result<CommandId, Fault> {
    let said = serde_json::to_string(&("outside-job", case, act)).map_err(|cause| Fault::new("reading a command", cause))?;
    Ok(CommandId::of(&said))
}

fn in_range(code: &'static str, (zh, en): (&str, &str), found: u32, most: u32) -> Result<(), Refusal> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    Err(refusal(code, Class::Invalid, format!("{zh}应为 1 至 {most}，收到 {found}。"), format!("expected {en} from 1 to {most}, found {found}")))
}
