//! Composing the commit: from a decision's events to the rows that stand for them.
//! Invariant: case, act, leaf, tasks, waiting places, postings, notices and receipt of one command are composed together, or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cache::Working;
use super::locks::Locked;
use super::{Job, Receipt, actor_key, limits_kept, tasks};
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::naming;
use crate::app::notices::{self, ActSeen};
use crate::app::orders;
use crate::app::{register, webhooks};
use crate::audit::leaf::{Leaf, NO_LEAF, Who, kind_of};
use crate::definition::graph::Settlement;
use crate::engine;
use crate::engine::case::{Case, Job as OutsideJob, Place};
use crate::engine::command::Command;
use crate::engine::effect::{Effect, PostingKind as EnginePosting};
use crate::engine::event::Event;
use crate::engine::facts::{Facts, Waiting};
use crate::ids::{CaseId, Digest, Moment, PersonId, Tenant};
use crate::limits::{SNAPSHOT_ACTS, SNAPSHOT_FORMAT};
use crate::store::rows::{
    AccountWrite, ActRow, BroadcastRow, CaseRow, CaseWrite, Commit, DocumentRow, JobRow, PostingKind, PostingRow, ReceiptRow, RegistryRow, ReopenedNotice,
    SettledNotice, SnapshotRow, WaitingRow,
};

/// A case as this batch leaves it, with the rows to write.
pub(super) struct Draft {
    state: Option<Arc<Case>>,
    row: Option<CaseRow>,
    write: Option<CaseWrite>,
    /// Whether this batch wrote it; its rows may already be on their way.
    written: bool,
    at: Moment,
    /// What the last command asked of shared things, to move the locked values along.
    asked: Vec<Effect>,
}

impl Draft {
    fn empty() -> Self {
        Self { state: None, row: None, write: None, written: false, at: Moment(i64::MIN), asked: Vec::new() }
    }

    /// The working copy to publish; `None` when nothing was written.
    pub(super) fn into_working(self) -> Option<Working> {
        if !self.written {
            return None;
        }
        Some(Working { state: self.state?, row: self.row?, at: self.at })
    }
}

/// One act while its rows are composed.
#[derive(Clone, Copy)]
struct Acted<'a> {
    job: &'a Job,
    row: &'a CaseRow,
    seen: ActSeen<'a>,
    facts: &'a Facts<'a>,
}

/// Composes one batch.
pub(super) struct Draftsman {
    tenant: Tenant,
    known: Arc<Known>,
    drafts: BTreeMap<CaseId, Draft>,
    accounts: BTreeMap<String, Vec<PostingRow>>,
    counters: BTreeMap<String, u64>,
    registry: Vec<RegistryRow>,
}

impl Draftsman {
    pub(super) fn new(tenant: Tenant, known: Arc<Known>) -> Self {
        Self { tenant, known, drafts: BTreeMap::new(), accounts: BTreeMap::new(), counters: BTreeMap::new(), registry: Vec::new() }
    }

    pub(super) fn has(&self, case: CaseId) -> bool {
        self.drafts.contains_key(&case)
    }

    /// Takes a working copy as the case's draft.
    pub(super) fn adopt(&mut self, case: CaseId, working: Working) {
        self.drafts.insert(case, Draft { state: Some(working.state), row: Some(working.row), at: working.at, ..Draft::empty() });
    }

    pub(super) fn state(&self, case: CaseId) -> Option<&Case> {
        self.drafts.get(&case)?.state.as_deref()
    }

    /// A body that an earlier command of this batch brought.
    pub(super) fn body(&self, case: CaseId, digest: Digest) -> Option<&[u8]> {
        let write = self.drafts.get(&case)?.write.as_ref()?;
        write.bodies.iter().find(|body| body.commit == digest).map(|body| body.bytes.as_slice())
    }

    /// The time of the next act: now, but never before the case's last act, though the machine's clock be set back (an audit's time does not go backwards).
    pub(super) fn not_before(&self, case: CaseId, now: Moment) -> Moment {
        self.drafts.get(&case).map_or(now, |draft| draft.at.max(now))
    }

    /// The receipt of a command that found nothing to do.
    pub(super) fn receipt(&self, case: CaseId) -> Receipt {
        let row = self.drafts.get(&case).and_then(|draft| draft.row.as_ref());
        Receipt { case, version: row.map_or(0, |row| row.version), number: row.and_then(|row| row.number.clone()), repeated: false }
    }

    /// Folds the events onto the draft and composes their rows.
    pub(super) fn accept(&mut self, job: &Job, events: &[Event], facts: &Facts<'_>) -> Result<Receipt, Fault> {
        let mut draft = self.drafts.remove(&job.case).unwrap_or_else(Draft::empty);
        let before = draft.state.take();
        let doing = || format!("composing an act of case {}", job.case);
        let after = engine::fold_act(before.as_deref().cloned(), events).ok_or_else(|| Fault::new(doing(), "the events leave no case"))?;
        let facts = &Facts { calendar: facts.calendar.of(after.district.as_deref()), ..*facts };
        let effects = engine::effects(before.as_deref(), &after, events, facts);
        let row = self.row(&draft, job, &after, facts.now);
        let act = act(&row, draft.row.as_ref(), job, events, facts.now).map_err(|cause| Fault::new(doing(), cause))?;
        let title = naming::submitted(events, &job.bodies).or(row.title);
        let row = CaseRow { head: Leaf::digest(&act.leaf), title, ..row };
        let receipt = Receipt { case: job.case, version: row.version, number: row.number.clone(), repeated: false };
        let mut write = draft.write.take().unwrap_or_else(|| empty_write(&row, draft.row.as_ref()));
        write.tasks.extend(tasks::rows(before.as_deref(), &after, events, facts));
        write.terms.extend(limits_kept::rows(before.as_deref(), &after, events, facts));
        write.jobs.extend(jobs(before.as_deref(), &after, job, facts));
        write.listening.extend(listening(before.as_deref(), &after, facts));
        write.documents.extend(documents(&after, act.seq, events));
        write.settled.extend(settled(events));
        write.reopened.extend(reopened(events, facts.now));
        let acted = Acted { job, row: &row, seen: ActSeen { before: before.as_deref(), after: &after, events }, facts };
        for effect in &effects {
            self.effect(effect, &mut write, &acted);
        }
        if events.iter().any(|event| matches!(event, Event::Ranked { .. })) {
            // Whoever stands in line keeps the place's time and takes the new rank along.
            write.waiting.extend(after.queue.iter().map(|(token, place)| (*token, Some(waiting_row(&after, place)))));
        }
        self.register(job, &row, facts.now);
        write.notices.extend(job.register.notices.iter().cloned());
        write.hooks.extend(job.register.hooks.iter().cloned());
        if job.case != register::case_of(self.tenant) {
            write.hooks.extend(webhooks::rows(&self.known, (&row, before.as_deref()), events, facts.now));
        }
        write.receipts.push(receipt_row(job, &row, facts.now));
        write.bodies.extend(job.bodies.iter().cloned());
        if row.version.unsigned_abs().is_multiple_of(SNAPSHOT_ACTS) {
            write.snapshot = Some(snapshot(&after, row.version).map_err(|cause| Fault::new(doing(), cause))?);
        }
        write.acts.push(act);
        write.row = row.clone();
        write.provisional = limits_kept::provisional(&after);
        let at = facts.now;
        self.drafts.insert(job.case, Draft { state: Some(Arc::new(after)), row: Some(row), write: Some(write), written: true, at, asked: effects });
        Ok(receipt)
    }

    fn row(&self, draft: &Draft, job: &Job, after: &Case, now: Moment) -> CaseRow {
        let before = draft.row.as_ref();
        CaseRow {
            tenant: self.tenant,
            id: job.case,
            number: after.number.clone(),
            workflow: after.workflow.to_string(),
            revision: after.revision,
            version: before.map_or(0, |row| row.version) + 1,
            applicant: after.applicant,
            rank: after.rank,
            started: before.map_or(now, |row| row.started),
            ended: after.ended.as_ref().map(|(_, at)| *at),
            result: after.ended.as_ref().map(|(result, _)| result.to_string()),
            next_wake: engine::next_wake(after),
            head: before.map_or(NO_LEAF, |row| row.head),
            title: before.and_then(|row| row.title.clone()),
        }
    }

    fn effect(&mut self, effect: &Effect, write: &mut CaseWrite, acted: &Acted<'_>) {
        let Acted { job, row, seen, facts } = *acted;
        match effect {
            Effect::Notice(notice) => write.notices.extend(notices::rows(notice, &seen, &self.known, facts)),
            Effect::Posting { account, kind, amount, hold } => {
                if let Some(kind) = posting_kind(*kind) {
                    self.accounts.entry(account.clone()).or_default().push(PostingRow {
                        kind,
                        amount: *amount,
                        case: job.case,
                        seq: row.version,
                        hold: Some(*hold),
                        document: None,
                        about: None,
                        at: facts.now,
                    });
                }
            }
            Effect::Queue { account, token, wants } => {
                let place = wants.map(|(since, amount)| WaitingRow { account: account.clone(), rank: seen.after.rank, since, amount });
                write.waiting.push((*token, place));
            }
            Effect::Broadcast { name } => {
                let place = u32::try_from(write.broadcasts.len()).unwrap_or(u32::MAX);
                write.broadcasts.push(BroadcastRow { signal: name.to_string(), seq: row.version, place, at: facts.now });
            }
            Effect::Order(order) => write.orders.push(orders::row(order, seen.after, facts.now)),
            Effect::Counter { key, value } => drop(self.counters.insert(key.clone(), *value)),
        }
    }

    /// Rows and postings an act on a register case brings with it.
    fn register(&mut self, job: &Job, row: &CaseRow, now: Moment) {
        self.registry.extend(job.register.registry.iter().cloned());
        for posting in &job.register.postings {
            self.accounts.entry(posting.account.clone()).or_default().push(PostingRow {
                kind: posting.kind,
                amount: posting.amount,
                case: job.case,
                seq: row.version,
                hold: posting.settles.map(|(_, hold)| hold),
                document: posting.document.clone(),
                about: posting.settles.map(|(case, _)| case),
                at: posting.at.unwrap_or(now),
            });
        }
    }

    /// Moves the locked balances and counters along, so that the next command of the batch sees what this one took.
    pub(super) fn move_locked(&mut self, case: CaseId, locked: &mut Locked) {
        let Some(draft) = self.drafts.get_mut(&case) else { return };
        let rank = draft.state.as_ref().map_or(0, |state| self.known.rank_on(state.revision, state.rank, draft.at.date()));
        for effect in std::mem::take(&mut draft.asked) {
            match effect {
                Effect::Notice(_) | Effect::Broadcast { .. } | Effect::Order(_) => {}
                Effect::Counter { key, value } => drop(locked.counters.insert(key, value)),
                Effect::Posting { account, kind, amount, .. } => {
                    if let Some(Some(balance)) = locked.balances.get_mut(&account) {
                        balance.free += freed(kind, amount);
                    }
                }
                Effect::Queue { account, token, wants } => {
                    if let Some(Some(balance)) = locked.balances.get_mut(&account) {
                        balance.waiting.retain(|place| (place.case, place.token) != (case, token));
                        balance.waiting.extend(wants.map(|(since, amount)| Waiting { case, token, rank, since, amount }));
                        balance.waiting.sort_by_key(|place| (place.rank, place.since, place.case, place.token));
                    }
                }
            }
        }
    }

    /// The drafts, and everything to write, in lock order.
    pub(super) fn finish(mut self) -> (BTreeMap<CaseId, Draft>, Commit) {
        let tenant = self.tenant;
        let cases = self.drafts.values_mut().filter_map(|draft| draft.write.take()).collect();
        let accounts = self.accounts.into_iter().map(|(account, postings)| AccountWrite { tenant, account, postings }).collect();
        let counters = self.counters.into_iter().map(|(key, value)| (tenant, key, value)).collect();
        (self.drafts, Commit { cases, accounts, counters, registry: self.registry })
    }
}

fn waiting_row(case: &Case, place: &Place) -> WaitingRow {
    WaitingRow { account: place.account.clone(), rank: case.rank, since: place.since, amount: place.amount }
}

fn empty_write(row: &CaseRow, before: Option<&CaseRow>) -> CaseWrite {
    CaseWrite {
        row: row.clone(),
        expected: before.map_or(0, |row| row.version),
        provisional: 0,
        acts: Vec::new(),
        bodies: Vec::new(),
        tasks: Vec::new(),
        waiting: Vec::new(),
        jobs: Vec::new(),
        listening: Vec::new(),
        broadcasts: Vec::new(),
        terms: Vec::new(),
        orders: Vec::new(),
        hooks: Vec::new(),
        notices: Vec::new(),
        settled: Vec::new(),
        reopened: Vec::new(),
        documents: Vec::new(),
        receipts: Vec::new(),
        snapshot: None,
    }
}

/// The act's row: its event bytes and the leaf that commits to them and to the leaf before.
fn act(row: &CaseRow, before: Option<&CaseRow>, job: &Job, events: &[Event], at: Moment) -> Result<ActRow, serde_json::Error> {
    let bytes = serde_json::to_vec(events)?;
    let kind = kind_of(&job.command);
    let leaf = Leaf {
        tenant: row.tenant,
        case: job.case,
        seq: row.version.unsigned_abs(),
        prev: before.map_or(NO_LEAF, |row| row.head),
        kind: kind.into(),
        actor: Who::from(&job.actor),
        on_behalf_of: on_behalf_of(events),
        post: None,
        at,
        events: Digest::of(&bytes),
    };
    Ok(ActRow { seq: row.version, at, kind: kind.to_owned(), events: bytes, leaf: leaf.bytes() })
}

/// Outside jobs that the act offered, changed or ended. Leases are no part of the case, so nothing of them is written here.
fn jobs(before: Option<&Case>, after: &Case, job: &Job, facts: &Facts<'_>) -> Vec<(u32, Option<JobRow>)> {
    let earlier = |id: &u32| before.and_then(|before| before.jobs.get(id));
    let gone = before.iter().flat_map(|before| before.jobs.keys()).filter(|id| !after.jobs.contains_key(id)).map(|id| (*id, None));
    let changed = after.jobs.iter().filter(|(id, open)| earlier(id) != Some(open)).map(|(id, open)| (*id, Some(job_row(open, after, job, facts))));
    gone.chain(changed).collect()
}

/// Signals the case listens to since this act (`true`), or no longer. A migration goes from one bundle to another.
fn listening(before: Option<&Case>, after: &Case, facts: &Facts<'_>) -> Vec<(String, bool)> {
    let earlier = before.map(|before| engine::listening(before, facts.bundle)).unwrap_or_default();
    let moved = before.is_some_and(|before| before.revision != after.revision);
    let now = engine::listening(after, facts.target.filter(|_| moved).unwrap_or(facts.bundle));
    let left = earlier.difference(&now).map(|name| (name.to_string(), false));
    left.chain(now.difference(&earlier).map(|name| (name.to_string(), true))).collect()
}

fn job_row(open: &OutsideJob, case: &Case, job: &Job, facts: &Facts<'_>) -> JobRow {
    let scope = case.scopes.get(&open.scope);
    let said = job.bodies.first().filter(|_| matches!(job.command, Command::JobFail { .. })).and_then(|body| serde_json::from_slice(&body.bytes).ok());
    let message = said.and_then(|body: serde_json::Value| body.get("opinion").and_then(serde_json::Value::as_str).map(str::to_owned));
    let given: serde_json::Map<String, serde_json::Value> = open.given.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect();
    JobRow {
        number: scope.and_then(|scope| scope.number.clone()).or_else(|| case.number.clone()),
        program: scope.map_or_else(String::new, |scope| scope.program.to_string()),
        step: open.step.to_string(),
        topic: open.topic.to_string(),
        // Plain data with string keys always serialises.
        given: serde_json::to_vec(&given).unwrap_or_default(),
        retries: open.retries,
        failures: open.failures,
        due: open.due,
        spent: open.spent,
        opened: open.opened,
        touched: facts.now,
        message,
    }
}

/// For whom a delegate or a substitute acted: the event says so, and the leaf repeats it.
fn on_behalf_of(events: &[Event]) -> Option<PersonId> {
    let named = |event: &Event| match event {
        Event::DelegateAnswered { on_behalf_of, .. } | Event::StoodIn { on_behalf_of, .. } => Some(*on_behalf_of),
        // Every other act is done in one's own name.
        _ => None,
    };
    events.iter().find_map(named)
}

fn receipt_row(job: &Job, row: &CaseRow, at: Moment) -> ReceiptRow {
    ReceiptRow {
        actor: actor_key(&job.actor),
        command: job.command_id,
        start: matches!(job.command, Command::Start { .. }),
        digest: job.digest,
        version: row.version,
        at,
    }
}

fn snapshot(state: &Case, version: i64) -> Result<SnapshotRow, serde_json::Error> {
    Ok(SnapshotRow { version, format: SNAPSHOT_FORMAT, state: serde_json::to_vec(state)? })
}

fn documents(after: &Case, seq: i64, events: &[Event]) -> Vec<DocumentRow> {
    let mut rows = Vec::new();
    for event in events {
        if let Event::DocumentIssued { scope, kind, number, at, .. } = event {
            let scope_number = after.scopes.get(scope).and_then(|scope| scope.number.clone()).or_else(|| after.number.clone());
            rows.push(DocumentRow { seq, scope_number, kind: kind.to_string(), number: number.clone(), at: *at });
        }
    }
    rows
}

fn settled(events: &[Event]) -> Vec<SettledNotice> {
    let mut rows = Vec::new();
    for event in events {
        if let Event::NoticeSettled { key, sent, at, .. } = event {
            rows.push(SettledNotice { key: key.clone(), sent: *sent, at: *at });
        } else if let Event::NoticeReturned { key, at } = event {
            rows.push(SettledNotice { key: key.clone(), sent: false, at: *at });
        }
    }
    rows
}

/// Notices that go back into the outbox.
fn reopened(events: &[Event], at: Moment) -> Vec<ReopenedNotice> {
    let key = |event: &Event| if let Event::NoticeQueued { key } = event { Some(key.clone()) } else { None };
    events.iter().filter_map(key).map(|key| ReopenedNotice { key, at }).collect()
}

/// The ledger's posting; a reservation that is kept moves nothing.
fn posting_kind(kind: EnginePosting) -> Option<PostingKind> {
    match kind {
        EnginePosting::Reserve => Some(PostingKind::Reserve),
        EnginePosting::Settle(Settlement::Use) => Some(PostingKind::Use),
        EnginePosting::Settle(Settlement::Release) => Some(PostingKind::Release),
        EnginePosting::Settle(Settlement::Keep) => None,
    }
}

/// How much more is free after the posting.
fn freed(kind: EnginePosting, amount: i64) -> i64 {
    match kind {
        EnginePosting::Reserve => -amount,
        EnginePosting::Settle(Settlement::Release) => amount,
        EnginePosting::Settle(Settlement::Use | Settlement::Keep) => 0,
    }
}
