//! Verifying the whole record: the audit walk over everything stored, then the fold of every case against its stored tasks, balances and row.
//! Invariant: an inspection reads; it changes nothing and needs no writer.

use std::collections::{BTreeMap, VecDeque};

use crate::app::failure::Fault;
use crate::app::sealing::{KEYS_SETTING, unsigned};
use crate::app::view;
use crate::audit::verify::{self, Checkpoints, EntryOf, EntryRow, Report, Trust};
use crate::audit::{Checkpoint, LogKey, TileId};
use crate::calendar::Calendar;
use crate::definition::graph::Settlement;
use crate::engine::case::{Case, Local, Place, TaskPool};
use crate::engine::event::Event;
use crate::ids::{Moment, PersonId, Tenant};
use crate::limits::{CASE_ACTS_PER_READ_MAX, FINDINGS_LISTED_MAX, SNAPSHOT_FORMAT, WALK_BODIES_CASES, WALK_PAGE_ROWS};
use crate::store::rows::{CaseRow, TaskRow};
use crate::store::{CasePlace, Store, StoreFault, WalkedAct, WalkedTables};
use crate::supervision::Watch;

/// What an inspection found.
#[derive(Debug)]
pub struct Inspection {
    /// The walk over leaves, log, tiles and checkpoints.
    pub report: Report,
    /// Where a stored table differs from the fold of the events, a sentence each in both languages.
    pub differences: Vec<crate::ids::Text>,
}

impl Inspection {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.report.holds() && self.differences.is_empty()
    }
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading the record", cause)
}

/// The log's public keys as stored; a verifier that trusts nobody brings its own.
///
/// # Errors
/// A fault.
pub async fn keys(store: &Store) -> Result<Vec<LogKey>, Fault> {
    let text = store.setting(KEYS_SETTING).await.map_err(reading)?.unwrap_or_default();
    text.lines().map(|line| line.parse().map_err(|cause| Fault::new(format!("reading the log key `{line}`"), cause))).collect()
}

/// Walks everything while a server works on it: what is newer than the checkpoints it begins with is left to the next walk, and tables that move meanwhile are
/// not held against the fold.
///
/// # Errors
/// A fault: the record could not be read. What is wrong with it is in the inspection.
pub async fn inspect_live(store: &Store, keys: Vec<LogKey>, outside: Vec<Checkpoint>) -> Result<Inspection, Fault> {
    let trust = Trust { keys, outside, findings_max: FINDINGS_LISTED_MAX, lag_ms_max: None };
    let inspection = walk(store, Checkpoints::begin_live(trust)).await?;
    Ok(Inspection { differences: Vec::new(), ..inspection })
}

/// Walks everything in a record that stands still.
///
/// # Errors
/// A fault: the record could not be read. What is wrong with it is in the inspection.
pub async fn inspect(store: &Store, keys: Vec<LogKey>, outside: Vec<Checkpoint>) -> Result<Inspection, Fault> {
    let trust = Trust { keys, outside, findings_max: FINDINGS_LISTED_MAX, lag_ms_max: None };
    walk(store, Checkpoints::begin(trust)).await
}

async fn walk(store: &Store, mut checkpoints: Checkpoints) -> Result<Inspection, Fault> {
    let mut after = -1;
    loop {
        let rows = store.checkpoints(after, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = rows.last() else { break };
        after = last.size;
        for row in &rows {
            checkpoints.checkpoint(&verify::CheckpointRow { size: unsigned(row.size), at: row.at, note: row.note.as_bytes() });
        }
    }
    let mut acts = checkpoints.acts();
    let mut fold = Fold::default();
    let mut place: Option<CasePlace> = None;
    loop {
        let rows = store.walk_cases(place, WALK_PAGE_ROWS).await.map_err(reading)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { break };
        let (first, last) = ((first.tenant, first.id), (last.tenant, last.id));
        place = Some(last);
        let mut tables = store.walk_tables(first, last).await.map_err(reading)?;
        let mut pages = Pages::between(first, last);
        for row in &rows {
            let place = (row.tenant, row.id);
            let read = walk_case(store, row, &mut pages, &mut acts).await?;
            fold.case(row, &read, &tables.remove(&place).unwrap_or_default());
        }
    }
    let mut entries = acts.entries();
    let mut next = 0;
    loop {
        let rows = store.log_entries(next, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = rows.last() else { break };
        next = last.index + 1;
        for row in &rows {
            entries.entry(&EntryRow { index: unsigned(row.index), case: row.case, seq: unsigned(row.seq), leaf: row.hash });
        }
    }
    let mut tiles = entries.tiles();
    walk_tiles(store, &mut tiles).await?;
    walk_bodies(store, &mut tiles).await?;
    let differences = fold.against_balances(store).await?;
    Ok(Inspection { report: tiles.finish(), differences })
}

/// The acts of a page of cases, read in pages of their own: a case of a few acts costs no statement.
pub(in crate::app) struct Pages {
    read: VecDeque<WalkedAct>,
    after: (CasePlace, i64),
    upto: CasePlace,
    done: bool,
}

impl Pages {
    pub(in crate::app) const fn between(first: CasePlace, last: CasePlace) -> Self {
        Self { read: VecDeque::new(), after: (first, 0), upto: last, done: false }
    }

    /// The next act of the case. Cases are asked for in the order of the walk; acts of a case that has no row are passed over, their entries in the log tell of them.
    pub(in crate::app) async fn next(&mut self, store: &Store, place: CasePlace) -> Result<Option<WalkedAct>, Fault> {
        loop {
            while let Some(next) = self.read.front() {
                if next.place > place {
                    return Ok(None);
                }
                let next = self.read.pop_front();
                if next.as_ref().is_some_and(|next| next.place == place) {
                    return Ok(next);
                }
            }
            if self.done {
                return Ok(None);
            }
            let page = store.walk_acts(self.after, self.upto, CASE_ACTS_PER_READ_MAX).await.map_err(reading)?;
            match page.last() {
                Some(last) => self.after = (last.place, last.act.seq),
                None => self.done = true,
            }
            self.read.extend(page);
        }
    }
}

/// Shows a case and its acts to the walk; its acts with the events that can be read.
async fn walk_case(store: &Store, row: &CaseRow, pages: &mut Pages, acts: &mut verify::Acts) -> Result<Vec<view::Act>, Fault> {
    acts.case(&verify::CaseRow { tenant: row.tenant, case: row.id, version: unsigned(row.version), head: row.head });
    let mut read = Vec::new();
    while let Some(walked) = pages.next(store, (row.tenant, row.id)).await? {
        let entry = walked.entry.map(|(index, leaf)| EntryOf { index: unsigned(index), leaf });
        acts.act(&verify::ActRow {
            case: row.id,
            seq: unsigned(walked.act.seq),
            kind: &walked.act.kind,
            at: walked.act.at,
            events: &walked.act.events,
            leaf: &walked.act.leaf,
            entry,
            pending: walked.pending,
        });
        if let Ok(events) = serde_json::from_slice(&walked.act.events) {
            read.push(view::Act { seq: walked.act.seq, at: walked.act.at, events });
        }
    }
    Ok(read)
}

async fn walk_tiles(store: &Store, tiles: &mut verify::Tiles) -> Result<(), Fault> {
    let mut place = (-1, -1);
    loop {
        let rows = store.walk_tiles(place, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = rows.last() else { return Ok(()) };
        place = (last.level, last.index);
        for row in &rows {
            // A level beyond the highest there can be is one no entry expects.
            let level = u8::try_from(row.level).unwrap_or(u8::MAX);
            tiles.tile(TileId { level, index: unsigned(row.index) }, &row.bytes);
        }
    }
}

async fn walk_bodies(store: &Store, tiles: &mut verify::Tiles) -> Result<(), Fault> {
    let mut place: Option<CasePlace> = None;
    loop {
        let rows = store.walk_cases(place, WALK_BODIES_CASES).await.map_err(reading)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        place = Some((last.tenant, last.id));
        for (commit, salt, bytes) in store.walk_bodies((first.tenant, first.id), (last.tenant, last.id)).await.map_err(reading)? {
            // A salt of another length commits to nothing; the walk then says that the body was changed.
            let salt = <[u8; 32]>::try_from(salt.as_slice()).unwrap_or([0; 32]);
            tiles.body(&verify::BodyRow { commit, salt: &salt, bytes: &bytes });
        }
    }
}

/// A row of the inbox, without what the calendar adds to it.
#[derive(PartialEq)]
struct Listed {
    program: String,
    step: String,
    post: String,
    backup: Option<String>,
    number: Option<String>,
    claimed: Option<PersonId>,
    asked: Option<PersonId>,
    rank: i16,
    opened: Moment,
    due: Option<String>,
}

impl Listed {
    fn stored(row: TaskRow) -> Self {
        let TaskRow { program, step, post, backup, number, claimed, asked, rank, opened, due, .. } = row;
        Self { program, step, post, backup, number, claimed, asked, rank, opened, due }
    }
}

/// The rows that the state's open tasks should have, by task and office.
fn folded_tasks(state: &Case) -> BTreeMap<(u32, String), Listed> {
    let mut rows = BTreeMap::new();
    for (id, task) in &state.tasks {
        let scope = state.scopes.get(&task.scope);
        let listed = |post: &str, claimed| Listed {
            program: scope.map_or_else(String::new, |scope| scope.program.to_string()),
            step: task.step.to_string(),
            post: post.to_owned(),
            backup: task.backup.as_ref().map(ToString::to_string),
            number: scope.and_then(|scope| scope.number.clone()).or_else(|| state.number.clone()),
            claimed,
            asked: task.delegate,
            rank: state.rank,
            opened: task.opened,
            due: Watch::over_task(state, task, &Calendar::default()).due.map(|due| due.to_string()),
        };
        match &task.pool {
            TaskPool::Applicant => drop(rows.insert((*id, String::new()), listed("applicant", Some(state.applicant)))),
            TaskPool::Posts { offices, post } => rows.extend(offices.iter().map(|office| ((*id, office.to_string()), listed(post, task.claimed)))),
        }
    }
    rows
}

/// What the events of all cases come to.
#[derive(Default)]
struct Fold {
    /// Reserved and used, by account, as reservations and their settlements say.
    held: BTreeMap<(Tenant, String), (i64, i64)>,
    differences: Vec<crate::ids::Text>,
}

impl Fold {
    /// A case's acts, folded, against what the tables say of it.
    fn case(&mut self, row: &CaseRow, acts: &[view::Act], tables: &WalkedTables) {
        let mut state: Option<Case> = None;
        let mut holds = BTreeMap::new();
        for act in acts {
            for event in &act.events {
                self.post(row.tenant, event, &mut holds);
            }
            state = crate::engine::fold_act(state, &act.events);
            if let Some(snapshot) = tables.snapshot.as_ref().filter(|snapshot| snapshot.version == act.seq && snapshot.format == SNAPSHOT_FORMAT)
                && state.as_ref().and_then(|state| serde_json::to_vec(state).ok()).as_ref() != Some(&snapshot.state)
            {
                self.differ(row, "快照与事件不符", "the snapshot differs from the fold of the events");
            }
        }
        let Some(state) = state else {
            self.differ(row, "事件折叠不出办件", "the events fold to no case");
            return;
        };
        if state.number != row.number
            || state.ended.is_some() != row.ended.is_some()
            || state.rank != row.rank
            || crate::engine::next_wake(&state) != row.next_wake
        {
            self.differ(row, "办件表与事件不符", "the row differs from the fold of its events");
        }
        let listed: BTreeMap<(u32, String), Listed> =
            tables.tasks.iter().map(|task| ((task.task, task.office.clone()), Listed::stored(task.clone()))).collect();
        if listed != folded_tasks(&state) {
            self.differ(row, "待办表与事件不符", "the open tasks differ from the fold of the events");
        }
        let waits = |(token, place): (&Local, &Place)| (*token, place.account.clone(), state.rank, place.since, place.amount);
        let stands = tables.waiting.iter().map(|place| (place.token, place.account.clone(), place.rank, place.since, place.amount));
        if !stands.eq(state.queue.iter().map(waits)) {
            self.differ(row, "候补名单与事件不符", "the places on waiting lists differ from the fold of the events");
        }
    }

    /// What an event does to an account; `holds` are the case's open reservations.
    fn post(&mut self, tenant: Tenant, event: &Event, holds: &mut BTreeMap<Local, (String, i64)>) {
        let (account, reserved, used) = match event {
            Event::Reserved { hold, account, amount, .. } => {
                holds.insert(*hold, (account.clone(), *amount));
                (account.clone(), *amount, 0)
            }
            Event::Settled { hold, as_ } => match (holds.remove(hold), as_) {
                (Some((account, amount)), Settlement::Use) => (account, -amount, amount),
                (Some((account, amount)), Settlement::Release) => (account, -amount, 0),
                (Some(_), Settlement::Keep) | (None, _) => return,
            },
            _ => return,
        };
        let sums = self.held.entry((tenant, account)).or_default();
        sums.0 += reserved;
        sums.1 += used;
    }

    fn differ(&mut self, row: &CaseRow, zh: &str, en: &str) {
        let name = row.number.clone().unwrap_or_else(|| row.id.to_string());
        self.differences.push(crate::ids::Text { zh: format!("办件 {name}：{zh}"), en: format!("case {name}: {en}") });
    }

    /// Holds every balance against its postings and against the reservations of the cases.
    async fn against_balances(mut self, store: &Store) -> Result<Vec<crate::ids::Text>, Fault> {
        const PAGE: u32 = 10_000;
        for tenant in store.tenants().await.map_err(reading)? {
            for account in store.accounts(tenant, "", PAGE).await.map_err(reading)? {
                let (mut reserved, mut used) = self.held.remove(&(tenant, account.account.clone())).unwrap_or_default();
                let register = crate::app::register::case_of(tenant);
                let mut sums = [0; 5];
                let mut after = 0;
                loop {
                    let rows = store.postings(tenant, &account.account, after, PAGE).await.map_err(reading)?;
                    let Some(last) = rows.last() else { break };
                    after = last.id;
                    for row in &rows {
                        for (sum, moved) in sums.iter_mut().zip(row.kind.moves(row.amount)) {
                            *sum += moved;
                        }
                        // What the register posted by documents moves reserved and used without an event of a case.
                        if row.case == register {
                            let [_, held, spent, _, _] = row.kind.moves(row.amount);
                            reserved += held;
                            used += spent;
                        }
                    }
                }
                let stored = [account.free, account.reserved, account.used, account.written_off, account.issued];
                if stored != sums || (account.reserved, account.used) != (reserved, used) {
                    let (zh, en) = (
                        format!("账户 {}：余额与记账、事件不符", account.account),
                        format!("account {}: the balance differs from its postings or events", account.account),
                    );
                    self.differences.push(crate::ids::Text { zh, en });
                }
            }
        }
        for (_, account) in self.held.keys().cloned().collect::<Vec<_>>() {
            let (zh, en) = (format!("账户 {account}：事件里有，账户表里没有"), format!("account {account}: in the events, but not among the accounts"));
            self.differences.push(crate::ids::Text { zh, en });
        }
        Ok(self.differences)
    }
}
