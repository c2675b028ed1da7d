//! Serving a batch: decide every command on a draft, write all drafts at once, commit, then answer.
//! Invariant: a refused command leaves nothing in the batch; a failed batch is run again one by one; a draft is published after its commit only.
//! A refusal appends nothing, so before it is given the case's and the register's versions are confirmed by a read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cache::Cache;
use super::compose::{Draft, Draftsman};
use super::locks::{LockSet, Locked};
use super::{Job, Receipt, actor_key};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::{Known, Shelf};
use crate::app::{register, replay};
use crate::clock::Clock;
use crate::definition::graph::Bundle;
use crate::engine;
use crate::engine::case::Local;
use crate::engine::command::{Actor, Command};
use crate::engine::facts::{Decision, Facts, Need};
use crate::engine::refusal::{Class, Refusal};
use crate::ids::{CaseId, Digest, Moment, Tenant};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::store::rows::Commit;
use crate::store::{Store, StoreFault, WriteFault, Writer};

/// A lane's own things.
pub struct Lane {
    pub(super) writer: Writer,
    pub(super) store: Store,
    pub(super) shelf: Shelf,
    pub(super) clock: Clock,
    pub(super) cache: Cache,
    /// When the register's version was last looked at, by tenant (PostgreSQL: another node may have written it).
    pub(super) noted: BTreeMap<Tenant, Moment>,
}

/// What a command came to in one pass, before the commit.
enum Verdict {
    Accepted(Receipt),
    Unchanged(Receipt),
    Refused(Box<Refusal>),
}

/// A finished pass.
struct Pass {
    verdicts: Vec<Verdict>,
    drafts: BTreeMap<CaseId, Draft>,
    commit: Commit,
}

/// Why a pass stopped.
enum Stop {
    Locks(LockSet),
    Fault(Fault),
}

/// Why an attempt came to nothing.
#[derive(Debug)]
enum Broken {
    /// Somebody else was first.
    Conflict,
    /// An account would have gone below zero.
    Check(String),
    /// Something of ours broke; whether the commit happened may be unknown.
    Fault(Fault),
}

impl From<WriteFault> for Broken {
    fn from(fault: WriteFault) -> Self {
        match fault {
            WriteFault::Conflict(cause) => {
                tracing::debug!(cause, "a concurrent commit was first");
                Self::Conflict
            }
            WriteFault::Check(cause) => Self::Check(cause),
            WriteFault::Fault(cause) => Self::from(cause),
        }
    }
}

impl From<StoreFault> for Broken {
    fn from(cause: StoreFault) -> Self {
        let mut fault = Fault::new("writing a command", cause);
        fault.outcome_unknown = true;
        Self::Fault(fault)
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How one job ended; `Again` is decided anew on fresh copies.
enum Ending {
    Answer(Result<Receipt, Failure>),
    Again,
}

impl Lane {
    /// Serves the jobs of one tenant and answers each of them.
    pub(super) async fn serve(&mut self, tenant: Tenant, jobs: Vec<Job>) {
        let mut queue = jobs;
        let mut tries = 0;
        while !queue.is_empty() {
            let endings = self.attempt(tenant, &queue).await;
            let mut again = Vec::new();
            match endings {
                Ok(endings) => {
                    for (job, ending) in queue.into_iter().zip(endings) {
                        match ending {
                            Ending::Answer(answer) => drop(job.answer.send(answer)),
                            Ending::Again => again.push(job),
                        }
                    }
                }
                Err(broken) if queue.len() > 1 => {
                    tracing::debug!(?broken, "a batch failed; running its commands one by one");
                    for job in queue {
                        Box::pin(self.serve(tenant, vec![job])).await;
                    }
                    return;
                }
                Err(broken) => {
                    let job = queue.remove(0);
                    let answer = self.after_failure(tenant, &job, broken).await;
                    match answer {
                        Some(answer) => drop(job.answer.send(answer)),
                        None => again.push(job),
                    }
                }
            }
            queue = again;
            tries += 1;
            if tries > CONFLICT_RETRIES_MAX {
                for job in queue.drain(..) {
                    drop(job.answer.send(Err(busy().into())));
                }
            }
        }
    }

    /// One pass over the jobs: decide, write, commit.
    async fn attempt(&mut self, tenant: Tenant, jobs: &[Job]) -> Result<Vec<Ending>, Broken> {
        let known = self.know(tenant).await?;
        let mut locks = LockSet::default();
        locks.accounts.extend(jobs.iter().flat_map(|job| &job.register.postings).map(|posting| posting.account.clone()));
        let pass = loop {
            let mut locked = Locked::default();
            if !locks.is_empty() {
                locked = self.lock(&known, tenant, &locks).await?;
            }
            match self.decide_all(tenant, &known, jobs, &mut locked, &locks).await {
                Ok(pass) => break pass,
                Err(stop) => {
                    if !locks.is_empty() {
                        self.writer.rollback().await?;
                    }
                    match stop {
                        Stop::Locks(more) => locks.join(more),
                        Stop::Fault(fault) => return Err(Broken::Fault(fault)),
                    }
                }
            }
        };
        let applied = match self.commit(&pass, !locks.is_empty()).await {
            Ok(applied) => applied,
            Err(broken) => {
                if !pass.commit.registry.is_empty() {
                    self.shelf.doubt(tenant);
                }
                return Err(broken);
            }
        };
        self.conclude(tenant, &known, jobs, pass, &applied).await
    }

    /// Opens a transaction and takes the locks, accounts first, each in order of its key.
    async fn lock(&mut self, known: &Known, tenant: Tenant, locks: &LockSet) -> Result<Locked, Broken> {
        self.writer.begin().await?;
        let accounts: Vec<String> = locks.accounts.iter().cloned().collect();
        let counters: Vec<String> = locks.counters.iter().cloned().collect();
        let balances = self.writer.lock_balances(tenant, &accounts, &known.lapsed(self.clock.now().date())).await?;
        let counters = self.writer.lock_counters(tenant, &counters).await?;
        let jobs: Vec<(CaseId, Local)> = locks.jobs.iter().copied().collect();
        let leases = self.writer.lock_leases(tenant, &jobs).await?;
        Ok(Locked { balances, counters, leases })
    }

    async fn decide_all(&mut self, tenant: Tenant, known: &Arc<Known>, jobs: &[Job], locked: &mut Locked, locks: &LockSet) -> Result<Pass, Stop> {
        let mut draftsman = Draftsman::new(tenant, known.clone());
        let mut verdicts = Vec::with_capacity(jobs.len());
        let mut missing = LockSet::default();
        self.fetch_all(tenant, jobs).await.map_err(Stop::Fault)?;
        for job in jobs {
            self.fetch(tenant, job, known, &mut draftsman).await.map_err(Stop::Fault)?;
            match self.decide_one(job, known, &mut draftsman, locked, locks).await? {
                Ok(verdict) => verdicts.push(verdict),
                // Go on: one pass should name every lock the batch will want.
                Err(more) => missing.join(more),
            }
        }
        if missing != LockSet::default() {
            return Err(Stop::Locks(missing));
        }
        let (drafts, commit) = draftsman.finish();
        Ok(Pass { verdicts, drafts, commit })
    }

    /// Brings the cases of a batch that the cache lacks with one question. One that cannot be read is left to `fetch`, which says so to its own command.
    async fn fetch_all(&mut self, tenant: Tenant, jobs: &[Job]) -> Result<(), Fault> {
        let wanted = jobs.iter().filter(|job| !matches!(job.command, Command::Start { .. })).map(|job| job.case);
        let missing: BTreeSet<CaseId> = wanted.filter(|case| self.cache.get(*case).is_none()).collect();
        if missing.len() < 2 {
            return Ok(());
        }
        let missing: Vec<CaseId> = missing.into_iter().collect();
        for loaded in self.writer.load_cases(tenant, &missing).await.map_err(|fault| Fault::new("loading the cases of a batch", fault))? {
            let case = loaded.row.id;
            if let Ok(working) = replay::working(loaded) {
                self.cache.put(case, working);
            }
        }
        Ok(())
    }

    /// Makes sure the job's case has a draft: from the batch, the cache or the store.
    async fn fetch(&mut self, tenant: Tenant, job: &Job, known: &Known, draftsman: &mut Draftsman) -> Result<(), Fault> {
        if matches!(job.command, Command::Start { .. }) || draftsman.has(job.case) {
            return Ok(());
        }
        if let Some(working) = self.cache.get(job.case) {
            draftsman.adopt(job.case, working.clone());
            return Ok(());
        }
        let doing = || format!("loading case {}", job.case);
        let loaded = self.writer.load_case(tenant, job.case).await.map_err(|fault| Fault::new(doing(), fault))?;
        if let Some(loaded) = loaded {
            let working = replay::working(loaded).map_err(|cause| Fault::new(doing(), cause))?;
            tracing::trace!(case = %job.case, version = working.row.version, register = known.version, "case loaded");
            self.cache.put(job.case, working.clone());
            draftsman.adopt(job.case, working);
        }
        Ok(())
    }

    async fn decide_one(
        &mut self,
        job: &Job,
        known: &Known,
        draftsman: &mut Draftsman,
        locked: &mut Locked,
        locks: &LockSet,
    ) -> Result<Result<Verdict, LockSet>, Stop> {
        let now = self.clock.now();
        let bundle = match bundle_for(job, known, draftsman) {
            Ok(bundle) => bundle,
            Err(refused) => return Ok(Ok(Verdict::Refused(Box::new(refused)))),
        };
        let target = target_of(job, known);
        loop {
            let facts = Facts {
                now: draftsman.not_before(job.case, now),
                bundle: &bundle,
                target: target.as_deref(),
                calendar: &known.calendar,
                roster: &known.roster,
                bodies: &self.cache.bodies,
                balances: &locked.balances,
                counters: &locked.counters,
                leases: &locked.leases,
            };
            match engine::decide(draftsman.state(job.case), &job.actor, &job.command, &facts) {
                Decision::Refused(refused) => return Ok(Ok(Verdict::Refused(Box::new(refused)))),
                Decision::Events(events) if events.is_empty() => return Ok(Ok(Verdict::Unchanged(draftsman.receipt(job.case)))),
                Decision::Events(events) => {
                    let receipt = draftsman.accept(job, &events, &facts).map_err(Stop::Fault)?;
                    draftsman.move_locked(job.case, locked);
                    return Ok(Ok(Verdict::Accepted(receipt)));
                }
                Decision::Needs(needs) => {
                    let more = lacking(&needs, locks);
                    if !more.is_empty() {
                        return Ok(Err(more));
                    }
                    self.load_bodies(job, &needs, draftsman).await.map_err(Stop::Fault)?;
                }
            }
        }
    }

    /// Loads the bodies a decision asked for: from the job, the batch or the store.
    async fn load_bodies(&mut self, job: &Job, needs: &BTreeSet<Need>, draftsman: &Draftsman) -> Result<(), Fault> {
        self.cache.shed_bodies();
        let mut stored = Vec::new();
        for need in needs {
            let Need::Body(digest) = need else { continue };
            let fresh = job.bodies.iter().find(|body| body.commit == *digest).map(|body| body.bytes.as_slice());
            match fresh.or_else(|| draftsman.body(job.case, *digest)) {
                Some(bytes) => drop(self.cache.bodies.insert(*digest, parse_body(*digest, bytes)?)),
                None => stored.push(*digest),
            }
        }
        if stored.is_empty() {
            return Ok(());
        }
        let rows = self.writer.bodies(job.tenant, job.case, &stored).await.map_err(|fault| Fault::new("loading a body", fault))?;
        for (digest, bytes) in rows {
            self.cache.bodies.insert(digest, parse_body(digest, &bytes)?);
        }
        for digest in stored {
            // An erased body reads as nothing: guards over it then say that the field is missing.
            self.cache.bodies.entry(digest).or_insert(serde_json::Value::Null);
        }
        Ok(())
    }

    /// Writes and commits. With locks held a lost version race takes the whole batch back, because the postings belong to it.
    async fn commit(&mut self, pass: &Pass, begun: bool) -> Result<Vec<bool>, Broken> {
        if pass.commit.is_empty() {
            if begun {
                self.writer.rollback().await?;
            }
            return Ok(Vec::new());
        }
        if !begun {
            return Ok(self.writer.write_alone(&pass.commit).await?);
        }
        match self.writer.write(&pass.commit).await {
            Ok(applied) if applied.iter().all(|applied| *applied) => {
                self.writer.commit().await?;
                Ok(applied)
            }
            Ok(applied) => {
                self.writer.rollback().await?;
                for (write, applied) in pass.commit.cases.iter().zip(&applied) {
                    if !applied {
                        self.cache.forget(write.row.id);
                    }
                }
                Err(Broken::Conflict)
            }
            Err(fault) => {
                self.writer.rollback().await?;
                Err(fault.into())
            }
        }
    }

    /// After the commit: publish the drafts that applied, confirm the refusals, and say how each job ended.
    async fn conclude(&mut self, tenant: Tenant, known: &Known, jobs: &[Job], pass: Pass, applied: &[bool]) -> Result<Vec<Ending>, Broken> {
        let mut lost = BTreeSet::new();
        for (write, applied) in pass.commit.cases.iter().zip(applied) {
            if !applied {
                lost.insert(write.row.id);
                self.cache.forget(write.row.id);
            }
        }
        if !pass.commit.registry.is_empty() {
            // Whoever is answered next must find the register as it is now.
            self.noted.remove(&tenant);
            if let Err(broken) = self.know(tenant).await {
                self.shelf.doubt(tenant);
                return Err(broken);
            }
        }
        for (case, draft) in pass.drafts {
            if !lost.contains(&case)
                && let Some(working) = draft.into_working()
            {
                self.cache.put(case, working);
            }
        }
        let mut endings = Vec::with_capacity(jobs.len());
        for (job, verdict) in jobs.iter().zip(pass.verdicts) {
            let ending = match verdict {
                _ if lost.contains(&job.case) => Ending::Again,
                Verdict::Accepted(receipt) => Ending::Answer(Ok(receipt)),
                Verdict::Unchanged(receipt) => self.confirm(tenant, known, job, Ok(receipt)).await?,
                Verdict::Refused(refused) => self.confirm(tenant, known, job, Err(refused)).await?,
            };
            endings.push(ending);
        }
        Ok(endings)
    }

    /// Confirms by a read what was decided without writing anything.
    async fn confirm(&mut self, tenant: Tenant, known: &Known, job: &Job, verdict: Result<Receipt, Box<Refusal>>) -> Result<Ending, Broken> {
        // A repeated command is refused or finds nothing to do; either way it gets its first answer. The clock's own are never repeated by their id.
        if (verdict.is_err() || job.actor != Actor::System)
            && let Some(answer) = self.repeated(tenant, job).await?
        {
            return Ok(Ending::Answer(answer));
        }
        if !self.writer.is_synchronous() {
            let held = self.cache.get(job.case).map(|working| working.row.version);
            let stored = self.writer.versions(tenant, &[job.case]).await?.first().map(|(_, version)| *version);
            if held.is_some() && held != stored {
                self.cache.forget(job.case);
                return Ok(Ending::Again);
            }
            if self.writer.registry_version(tenant).await? != known.version {
                self.noted.remove(&tenant);
                return Ok(Ending::Again);
            }
        }
        Ok(Ending::Answer(verdict.map_err(Failure::Refused)))
    }

    /// The stored answer, if this command was answered before; the same id with another body is refused.
    async fn repeated(&mut self, tenant: Tenant, job: &Job) -> Result<Option<Result<Receipt, Failure>>, Broken> {
        let start = matches!(job.command, Command::Start { .. });
        let stored = self.writer.receipt(tenant, (!start).then_some(job.case), &actor_key(&job.actor), job.command_id).await?;
        Ok(stored.map(|stored| {
            if stored.digest == job.digest {
                let number = self.cache.get(stored.case).and_then(|working| working.row.number.clone());
                Ok(Receipt { case: stored.case, version: stored.version, number, repeated: true })
            } else {
                Err(reused().into())
            }
        }))
    }

    /// What to answer when a single command could not be written; `None` decides it again.
    async fn after_failure(&mut self, tenant: Tenant, job: &Job, broken: Broken) -> Option<Result<Receipt, Failure>> {
        self.cache.forget(job.case);
        match broken {
            Broken::Conflict => self.repeated(tenant, job).await.unwrap_or(None),
            Broken::Check(cause) => {
                let (zh, en) = ("余额不足，未记账。".to_owned(), format!("cannot post to the account: {cause}"));
                Some(Err(refusal("account_short", Class::Conflict, zh, en).into()))
            }
            Broken::Fault(fault) => Some(Err(fault.into())),
        }
    }

    /// What is known of the tenant, read anew when another node may have changed it.
    async fn know(&mut self, tenant: Tenant) -> Result<Arc<Known>, Broken> {
        let held = self.shelf.of(tenant);
        let now = crate::clock::real();
        let looked = self.noted.get(&tenant).copied();
        let fresh = looked.is_some_and(|at| now.0 - at.0 < crate::limits::REGISTER_STALE_MS_MAX);
        if fresh && held.version > 0 {
            return Ok(held);
        }
        self.noted.insert(tenant, now);
        let doubts = self.shelf.doubts(tenant);
        let stored = self.writer.registry_version(tenant).await?;
        if stored == held.version {
            self.shelf.confirm(tenant, doubts);
            self.shelf.confirmed(tenant, now);
            return Ok(held);
        }
        let known = register::read(&self.store, tenant, stored, &held).await.map_err(Broken::from)?;
        let known = self.shelf.put(tenant, known);
        self.shelf.confirmed(tenant, now);
        Ok(known)
    }
}

fn lacking(needs: &BTreeSet<Need>, locks: &LockSet) -> LockSet {
    let mut more = LockSet::default();
    for need in needs {
        match need {
            Need::Body(_) => {}
            Need::Balance(key) if !locks.accounts.contains(key) => drop(more.accounts.insert(key.clone())),
            Need::Counter(key) if !locks.counters.contains(key) => drop(more.counters.insert(key.clone())),
            Need::Lease(case, job) if !locks.jobs.contains(&(*case, *job)) => drop(more.jobs.insert((*case, *job))),
            Need::Balance(_) | Need::Counter(_) | Need::Lease(..) => {}
        }
    }
    more
}

/// The bundle the job's case runs: the one it starts with, or the one it pinned.
fn bundle_for(job: &Job, known: &Known, draftsman: &Draftsman) -> Result<Arc<Bundle>, Refusal> {
    let revision = match (&job.command, draftsman.state(job.case)) {
        (Command::Start { revision, .. }, _) => *revision,
        (_, Some(state)) => state.revision,
        (_, None) => return Err(unknown_case(job.case)),
    };
    if revision == register::REVISION {
        return Ok(register::bundle());
    }
    known.bundles.get(&revision).cloned().ok_or_else(|| unknown_revision(revision))
}

/// The bundle a migration goes to, when it is published.
fn target_of(job: &Job, known: &Known) -> Option<Arc<Bundle>> {
    let Command::Migrate { to, .. } = &job.command else { return None };
    known.bundles.get(to).cloned()
}

fn parse_body(digest: Digest, bytes: &[u8]) -> Result<serde_json::Value, Fault> {
    serde_json::from_slice(bytes).map_err(|cause| Fault::new(format!("reading body {digest}"), cause))
}

pub(crate) fn unknown_case(case: CaseId) -> Refusal {
    refusal("unknown_case", Class::NotFound, format!("没有编号为 {case} 的办件。"), format!("cannot find case {case}"))
}

fn unknown_revision(revision: Digest) -> Refusal {
    refusal(
        "unknown_revision",
        Class::NotFound,
        format!("没有发布过版本为 {revision} 的流程。"),
        format!("cannot find a published workflow with revision {revision}"),
    )
}

fn reused() -> Refusal {
    refusal(
        "command_id_reused",
        Class::Conflict,
        "同一个操作编号已用于另一项操作，请刷新后重试。",
        "cannot accept this command: its id was already used for another one",
    )
}

fn busy() -> Refusal {
    refusal("too_much_at_once", Class::Conflict, "该办件正在被频繁修改，请稍后重试。", "cannot write this command now: the case keeps changing, try again")
}
