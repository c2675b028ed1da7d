//! What an event does to a case. Runs at every replay, so it sees the state and the event and nothing else.
//! Invariant: it never refuses; an event about something that is not there changes nothing. Never: a definition, a calendar, a roster, a body.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::engine::case::{Case, Chair, Done, Fan, Fresh, Group, Hold, Job, Local, Place, Scope, Seat, Task, TaskPool, Term, Timer, Token};
use crate::engine::event::Event;
use crate::ids::{Moment, Name, PersonId};

mod migrated;
mod tasks;

use tasks::{asked, backup, claimed, handed_over, held, task_opened};

/// The state after `event`. Before `Started` there is no case; an event on no case leaves none.
#[must_use]
pub fn evolve(state: Option<Case>, event: &Event) -> Option<Case> {
    match state {
        None => begin(event),
        Some(mut case) => {
            apply(&mut case, event);
            Some(case)
        }
    }
}

/// The state after an act: its events in order, and the version one higher.
#[must_use]
pub fn fold_act(state: Option<Case>, events: &[Event]) -> Option<Case> {
    let mut folded = events.iter().fold(state, evolve)?;
    folded.seq += 1;
    Some(folded)
}

fn begin(event: &Event) -> Option<Case> {
    let Event::Started { tenant, case, workflow, revision, applicant, rank, at } = event else { return None };
    Some(Case {
        tenant: *tenant,
        id: *case,
        workflow: workflow.clone(),
        revision: *revision,
        number: None,
        applicant: *applicant,
        district: None,
        rank: *rank,
        seq: 0,
        next_local: 0,
        started: *at,
        ended: None,
        scopes: BTreeMap::new(),
        tokens: BTreeMap::new(),
        tasks: BTreeMap::new(),
        groups: BTreeMap::new(),
        terms: BTreeMap::new(),
        timers: BTreeMap::new(),
        jobs: BTreeMap::new(),
        queue: BTreeMap::new(),
        holds: BTreeMap::new(),
        fresh: Vec::new(),
        urges: BTreeMap::new(),
        copied: BTreeSet::new(),
        fans: BTreeMap::new(),
        kept: BTreeSet::new(),
        notices_open: 0,
    })
}

/// Applies one event in place; the engine's own working copy is folded with the same function as a replay.
pub(super) fn apply(case: &mut Case, event: &Event) {
    match event {
        // These stand in the log for readers; nothing that is decided later looks at them.
        Event::Started { .. }
        | Event::Recorded { .. }
        | Event::BranchSkipped { .. }
        | Event::DocumentIssued { .. }
        | Event::NumberTaken { .. }
        | Event::StoodIn { .. }
        | Event::DeskHandedOver { .. }
        | Event::Commented { .. }
        | Event::PeriodCut { .. }
        | Event::Thrown { .. }
        | Event::SignalHeard { .. }
        | Event::Withdrawn { .. } => {}
        Event::ScopeOpened { .. } => scope_opened(case, event),
        Event::ScopeClosed { scope, result } => scope_closed(case, *scope, result),
        Event::Submitted { .. } => submitted(case, event),
        Event::EndReached { scope, result, terminate, step: _ } => end_reached(case, *scope, result, *terminate),
        Event::TokenPlaced { .. } => token_placed(case, event),
        Event::Caught { .. } => caught(case, event),
        Event::MessageKept { name } => drop(case.kept.insert(name.clone())),
        Event::MessageUsed { name } => drop(case.kept.remove(name)),
        Event::FanOpened { .. } | Event::MemberOpened { .. } | Event::MemberEnded { .. } | Event::FanClosed { .. } => fan(case, event),
        Event::TokenLate { token, side } => with_token(case, *token, |token| token.side = Some(*side)),
        Event::TokenTaken { token } => {
            moved_on(case, *token);
            drop(case.tokens.remove(token));
        }
        Event::TaskOpened { .. } => task_opened(case, event),
        Event::BackupArmed { task, .. } | Event::BackupAsked { task, .. } => with_task(case, *task, |task| backup(task, event)),
        Event::TaskClaimed { task, by } => claimed(case, *task, Some(*by)),
        Event::TaskReleased { task, by: _ } => claimed(case, *task, None),
        Event::AnswerHeld { task, .. } | Event::AnswerReopened { task } => with_task(case, *task, |task| task.held = held(event)),
        Event::TaskClosed { task, why: _ } => drop(case.tasks.remove(task)),
        Event::TaskHandedOver { task, pool, to, by: _, body: _ } => handed_over(case, *task, pool, *to),
        Event::RecusalAsked { task, of, .. } => with_task(case, *task, |task| task.recusal = Some(*of)),
        Event::RecusalDecided { .. } => recusal_decided(case, event),
        Event::CanBeTakenBack { act } => can_be_taken_back(case, act),
        Event::TakenBack { .. } => taken_back(case, event),
        Event::SeatReset { group, task, pool } => seat_reset(case, *group, *task, pool),
        Event::Copied { to, .. } => case.copied.extend(to),
        Event::Urged { token, by, on, .. } => case.urges.entry(*token).or_default().push((*by, *on)),
        Event::TaskDelegated { task, by, to, body: _ } => asked(case, *task, *by, Some(*to)),
        Event::DelegateAnswered { task, on_behalf_of, by: _, body: _ } => asked(case, *task, *on_behalf_of, None),
        Event::DelegationRecalled { task, by } => asked(case, *task, *by, None),
        Event::StepDone { .. } => step_done(case, event),
        Event::Returned { token, from, by, to: _, body: _ } => returned(case, *token, from, *by),
        Event::GroupOpened { .. } => group_opened(case, event),
        Event::SeatAnswered { group, task, seat, body: _ } => seat_answered(case, *group, *task, seat),
        Event::GroupClosed { group, passed: _ } => group_closed(case, *group),
        Event::AddedSettled { group, passed } => with_group(case, *group, |group| group.settled = Some(*passed)),
        Event::SeatRemoved { group, task, chair, by: _, body: _ } => seat_removed(case, *group, *task, *chair),
        Event::TermStarted { .. } => term_started(case, event),
        Event::TermStopped { term, token, on, counts, cause: _ } => with_term(case, *term, |term| stop(term, *token, *on, *counts)),
        Event::TermResumed { term, token, on } => with_term(case, *term, |term| resume(term, *token, *on)),
        Event::TermMoved { term, .. } => with_term(case, *term, |term| moved(term, event)),
        Event::TermExtended { term, by, person: _, body: _ } => with_term(case, *term, |term| term.extended = Some(*by)),
        Event::ReasonStated { term, stated } => with_term(case, *term, |term| term.stated = Some(stated.clone())),
        Event::TermEnded { term, met: _ } => drop(case.terms.remove(term)),
        Event::RungFired { term, rung, due } => with_term(case, *term, |term| rung_fired(term, *rung, *due)),
        Event::TimerSet { .. } => timer_set(case, event),
        Event::TimerCleared { timer } => drop(case.timers.remove(timer)),
        Event::JobOffered { .. } => job_offered(case, event),
        Event::JobFailed { .. } | Event::JobRetried { .. } => job_tried(case, event),
        Event::JobEnded { job, .. } => drop(case.jobs.remove(job)),
        Event::Migrated { to, parts, from: _ } => migrated::begin(case, *to, parts),
        Event::StepsRenamed { scope, keys } => migrated::rename(case, *scope, keys),
        Event::TokenMoved { .. } => migrated::move_token(case, event),
        Event::TermRuled { .. } => migrated::rule(case, event),
        Event::Reserved { .. } => reserved(case, event),
        Event::Queued { token, account, amount, since } => queued(case, *token, account, (*amount, *since)),
        Event::Unqueued { token, account: _ } => drop(case.queue.remove(token)),
        Event::Settled { hold, as_: _ } => drop(case.holds.remove(hold)),
        Event::Ranked { rank } => case.rank = *rank,
        Event::NoticeQueued { .. } | Event::NoticeSettled { .. } | Event::NoticeReturned { .. } | Event::NoticeRerouted { .. } => notice(case, event),
        Event::Ended { result, at } => case.ended = Some((result.clone(), *at)),
    }
}

/// What became of a notice is in its own row; the case counts those that were sent again and are not over.
fn notice(case: &mut Case, event: &Event) {
    if matches!(event, Event::NoticeQueued { .. }) {
        case.notices_open = case.notices_open.saturating_add(1);
    } else if matches!(event, Event::NoticeSettled { .. }) {
        case.notices_open = case.notices_open.saturating_sub(1);
    }
}

fn with_token(case: &mut Case, id: Local, change: impl FnOnce(&mut Token)) {
    if let Some(token) = case.tokens.get_mut(&id) {
        change(token);
    }
}

fn with_task(case: &mut Case, id: Local, change: impl FnOnce(&mut Task)) {
    if let Some(task) = case.tasks.get_mut(&id) {
        change(task);
    }
}

fn with_group(case: &mut Case, id: Local, change: impl FnOnce(&mut Group)) {
    if let Some(group) = case.groups.get_mut(&id) {
        change(group);
    }
}

/// The first result of a scope stays, unless a terminating end follows.
fn end_reached(case: &mut Case, scope: Local, result: &Name, terminate: bool) {
    if let Some(scope) = case.scopes.get_mut(&scope).filter(|scope| terminate || scope.result.is_none()) {
        scope.result = Some(result.clone());
    }
}

fn can_be_taken_back(case: &mut Case, act: &Fresh) {
    case.fresh.retain(|fresh| (fresh.scope, &fresh.step, &fresh.seat) != (act.scope, &act.step, &act.seat));
    case.fresh.push(act.clone());
}

fn rung_fired(term: &mut Term, rung: u16, due: Option<NaiveDate>) {
    term.rungs.retain(|armed| armed.rung != rung);
    term.fired.extend(due.map(|due| (rung, due)));
}

fn timer_set(case: &mut Case, event: &Event) {
    let Event::TimerSet { timer, token, event, from, at } = event else { return };
    take_local(case, *timer);
    case.timers.insert(*timer, Timer { token: *token, event: *event, from: *from, at: *at });
}

fn job_offered(case: &mut Case, event: &Event) {
    let Event::JobOffered { job, scope, token, step, topic, given, retries, at } = event else { return };
    take_local(case, *job);
    let (step, topic, given) = (step.clone(), topic.clone(), given.clone());
    let offered = Job { scope: *scope, token: *token, step, topic, given, retries: *retries, failures: 0, due: Some(*at), spent: 0, opened: *at };
    case.jobs.insert(*job, offered);
}

/// A try failed, or an operator has the job tried again as if for the first time.
fn job_tried(case: &mut Case, event: &Event) {
    match event {
        Event::JobFailed { job, fence, retries, again_at, by: _, body: _ } => {
            if let Some(job) = case.jobs.get_mut(job) {
                job.retries = *retries;
                job.failures = job.failures.saturating_add(1);
                job.due = *again_at;
                job.spent = job.spent.max(*fence);
            }
        }
        Event::JobRetried { job, retries, at } => {
            if let Some(job) = case.jobs.get_mut(job) {
                job.retries = *retries;
                job.failures = 0;
                job.due = Some(*at);
            }
        }
        // `apply` sends the others elsewhere.
        _ => {}
    }
}

/// Every local id comes from one counter, so the counter is past every id an event has used.
fn take_local(case: &mut Case, used: Local) {
    case.next_local = case.next_local.max(used.saturating_add(1));
}

fn scope_opened(case: &mut Case, event: &Event) {
    let Event::ScopeOpened { scope, program, caller, parent, embedded, given, number, at } = event else { return };
    take_local(case, *scope);
    if caller.is_none() {
        case.number.clone_from(number);
    }
    let opened = Scope {
        program: program.clone(),
        caller: *caller,
        parent: *parent,
        embedded: *embedded,
        interrupted: false,
        given: given.clone(),
        number: number.clone(),
        opened: *at,
        form: None,
        received: at.date(),
        done: BTreeMap::new(),
        actors: BTreeMap::new(),
        result: None,
        begun: BTreeSet::new(),
        recused: BTreeSet::new(),
        short_since: BTreeMap::new(),
    };
    case.scopes.insert(*scope, opened);
}

fn scope_closed(case: &mut Case, scope: Local, result: &Name) {
    if case.scopes.get(&scope).is_some_and(|closed| closed.caller.is_some()) {
        let closed = case.scopes.remove(&scope).filter(|closed| closed.embedded);
        if let Some(closed) = closed
            && let Some(parent) = closed.parent.and_then(|parent| case.scopes.get_mut(&parent))
        {
            handed_up(closed, parent);
        }
    } else if let Some(root) = case.scopes.get_mut(&scope) {
        root.result = Some(result.clone());
    }
}

/// What was done in a part of a workflow was done in the workflow: its results stay, and whoever acted in it is kept apart as before.
fn handed_up(closed: Scope, parent: &mut Scope) {
    parent.done.extend(closed.done);
    for (step, people) in closed.actors {
        for person in people {
            acted(parent, &step, Some(person));
        }
    }
}

fn submitted(case: &mut Case, event: &Event) {
    let Event::Submitted { scope, holder, form, on, district } = event else { return };
    if let Some(holder) = case.scopes.get_mut(holder) {
        holder.form = Some(*form);
    }
    if let Some(scope) = case.scopes.get_mut(scope) {
        scope.received = *on;
    }
    // A form that does not ask for the district leaves the case where it was.
    if district.is_some() {
        case.district.clone_from(district);
    }
}

fn token_placed(case: &mut Case, event: &Event) {
    let Event::TokenPlaced { token, scope, node, step, waits, back_to, side, at } = event else { return };
    take_local(case, *token);
    moved_on(case, *token);
    let placed = Token { scope: *scope, node: *node, step: step.clone(), back_to: *back_to, side: *side, entered: *at, waits: waits.clone() };
    case.tokens.insert(*token, placed);
}

/// What interrupts a whole scope is the last thing it catches. What an event of a step set off goes on, so the act that led to that step stays as well.
fn caught(case: &mut Case, event: &Event) {
    if let Event::Caught { token: Some(token), .. } = event {
        case.fresh.retain(|fresh| fresh.placed.iter().all(|(placed, _)| placed != token));
    }
    if let Event::Caught { scope, token: None, interrupting: true, key: _ } = event
        && let Some(scope) = case.scopes.get_mut(scope)
    {
        scope.interrupted = true;
    }
}

fn fan(case: &mut Case, event: &Event) {
    match event {
        Event::FanOpened { fan, token, items } => {
            take_local(case, *fan);
            case.fans.insert(*fan, Fan { token: *token, items: items.clone(), open: BTreeMap::new(), ended: BTreeMap::new() });
        }
        Event::MemberOpened { fan, member, scope } => {
            if let Some(fan) = case.fans.get_mut(fan) {
                fan.open.insert(*scope, *member);
            }
        }
        Event::MemberEnded { fan, scope, outcome } => {
            if let Some(fan) = case.fans.get_mut(fan)
                && let Some(member) = fan.open.remove(scope)
            {
                fan.ended.insert(member, outcome.clone());
            }
        }
        Event::FanClosed { fan } => drop(case.fans.remove(fan)),
        _ => {}
    }
}

fn step_done(case: &mut Case, event: &Event) {
    let Event::StepDone { scope, step, outcome, by, task, body, fields, at, deemed: _, why: _ } = event else { return };
    if let Some(task) = task {
        case.tasks.remove(task);
    }
    if let Some(scope) = case.scopes.get_mut(scope) {
        scope.done.insert(step.clone(), Done { outcome: outcome.clone(), by: *by, at: *at, body: *body, fields: fields.clone() });
        acted(scope, step, *by);
    }
}

fn returned(case: &mut Case, token: Local, from: &Name, by: PersonId) {
    let scope = case.tokens.get(&token).map(|token| token.scope);
    if let Some(scope) = scope.and_then(|scope| case.scopes.get_mut(&scope)) {
        acted(scope, from, Some(by));
    }
}

/// Remembers who acted in a step, each once; the last one to act stands last.
fn acted(scope: &mut Scope, step: &Name, by: Option<PersonId>) {
    if let Some(person) = by {
        let actors = scope.actors.entry(step.clone()).or_default();
        actors.retain(|earlier| *earlier != person);
        actors.push(person);
    }
}

fn group_opened(case: &mut Case, event: &Event) {
    let Event::GroupOpened { group, token, pass, on_refusal, chairs, added, body: _ } = event else { return };
    take_local(case, *group);
    let opened = Group {
        token: *token,
        pass: *pass,
        on_refusal: *on_refusal,
        seats: BTreeMap::new(),
        powers: BTreeMap::new(),
        to_come: chairs.clone(),
        added: added.clone(),
        settled: None,
    };
    case.groups.insert(*group, opened);
}

/// A token that goes on, or goes, ends what could be taken back of it and forgets who urged it.
fn moved_on(case: &mut Case, token: Local) {
    case.fresh.retain(|fresh| fresh.placed.iter().all(|(placed, _)| *placed != token));
    case.urges.remove(&token);
}

fn recusal_decided(case: &mut Case, event: &Event) {
    let Event::RecusalDecided { task, of, agreed, pool, by: _, body: _ } = event else { return };
    let Some(task) = case.tasks.get_mut(task) else { return };
    task.recusal = None;
    if !agreed {
        return;
    }
    task.pool.clone_from(pool);
    if task.claimed == Some(*of) {
        task.claimed = None;
    }
    if task.claimed.is_none() || task.delegate == Some(*of) {
        task.delegate = None;
    }
    if let Some(scope) = case.scopes.get_mut(&task.scope) {
        scope.recused.insert(*of);
    }
}

fn taken_back(case: &mut Case, event: &Event) {
    let Event::TakenBack { scope, step, before, by: _, body: _ } = event else { return };
    let Some(scope) = case.scopes.get_mut(scope) else { return };
    match before {
        Some(before) => drop(scope.done.insert(step.clone(), before.clone())),
        None => drop(scope.done.remove(step)),
    }
}

/// A seat, answered or open, is to come again and is the next.
fn seat_reset(case: &mut Case, group: Local, task: Local, pool: &TaskPool) {
    case.tasks.remove(&task);
    case.fresh.retain(|fresh| fresh.seat.as_ref().is_none_or(|(seat, _)| *seat != task));
    if let Some(group) = case.groups.get_mut(&group) {
        group.seats.remove(&task);
        let power = group.powers.remove(&task).unwrap_or_default();
        group.to_come.insert(0, Chair { pool: pool.clone(), power });
    }
}

/// A group goes with everything that was added to it.
fn group_closed(case: &mut Case, closed: Local) {
    let mut gone = BTreeSet::from([closed]);
    for (id, group) in &case.groups {
        // What a group was added to is older than it, so one pass in order finds all.
        if group.added.as_ref().is_some_and(|added| gone.contains(&added.to)) {
            gone.insert(*id);
        }
    }
    case.groups.retain(|id, _| !gone.contains(id));
}

fn seat_removed(case: &mut Case, group: Local, task: Option<Local>, chair: Option<u16>) {
    if let Some(task) = task {
        case.tasks.remove(&task);
    }
    let Some(group) = case.groups.get_mut(&group) else { return };
    if let Some(task) = task {
        group.seats.remove(&task);
        group.powers.remove(&task);
    }
    if let Some(chair) = chair.map(usize::from).filter(|chair| *chair < group.to_come.len()) {
        group.to_come.remove(chair);
    }
}

fn seat_answered(case: &mut Case, group: Local, task: Local, seat: &Seat) {
    if let Some(group) = case.groups.get_mut(&group) {
        group.seats.insert(task, Some(seat.clone()));
    }
    if let Some(task) = case.tasks.remove(&task)
        && let Some(scope) = case.scopes.get_mut(&task.scope)
    {
        acted(scope, &task.step, Some(seat.by));
    }
}

fn term_started(case: &mut Case, event: &Event) {
    let Event::TermStarted { term, scope, token, key, kind, within, from, excludes, due, provisional, rungs, deem_at, manner } = event else { return };
    take_local(case, *term);
    if token.is_none()
        && let Some(scope) = case.scopes.get_mut(scope)
    {
        scope.begun.insert(key.clone());
    }
    let started = Term {
        scope: *scope,
        token: *token,
        key: key.clone(),
        kind: *kind,
        within: *within,
        from: *from,
        excludes: excludes.clone(),
        stopped: Vec::new(),
        stops_open: Vec::new(),
        stopped_on: None,
        extended: None,
        due: *due,
        provisional: *provisional,
        rungs: rungs.clone(),
        fired: Vec::new(),
        deem_at: *deem_at,
        manner: *manner,
        stated: None,
    };
    case.terms.insert(*term, started);
}

fn with_term(case: &mut Case, term: Local, change: impl FnOnce(&mut Term)) {
    if let Some(term) = case.terms.get_mut(&term) {
        change(term);
    }
}

/// The first holder stops the clock and disarms what the clock would have fired; a term that has expired stays expired.
fn stop(term: &mut Term, token: Local, on: NaiveDate, counts: bool) {
    if !term.stops_open.contains(&token) {
        term.stops_open.push(token);
    }
    if counts && term.stopped_on.is_none() {
        term.stopped_on = Some(on);
        term.rungs.clear();
        term.deem_at = None;
    }
}

/// With the last holder gone, the days from the day after the stop through today are left out.
fn resume(term: &mut Term, token: Local, on: NaiveDate) {
    term.stops_open.retain(|holder| *holder != token);
    if !term.stops_open.is_empty() {
        return;
    }
    if let Some(first) = term.stopped_on.take().and_then(|day| day.succ_opt())
        && first <= on
    {
        term.stopped.push((first, on));
    }
}

fn moved(term: &mut Term, event: &Event) {
    let Event::TermMoved { due, provisional, rungs, deem_at, term: _, because: _ } = event else { return };
    term.due = *due;
    term.provisional = *provisional;
    term.rungs.clone_from(rungs);
    term.deem_at = *deem_at;
}

fn reserved(case: &mut Case, event: &Event) {
    let Event::Reserved { hold, scope, step, account, amount, settle, otherwise } = event else { return };
    take_local(case, *hold);
    if let Some(scope) = case.scopes.get_mut(scope) {
        scope.short_since.remove(account);
    }
    let made = Hold { scope: *scope, step: step.clone(), account: account.clone(), amount: *amount, settle: settle.clone(), otherwise: *otherwise };
    case.holds.insert(*hold, made);
}

fn queued(case: &mut Case, token: Local, account: &str, (amount, since): (i64, Moment)) {
    let scope = case.tokens.get(&token).map(|token| token.scope);
    if let Some(scope) = scope.and_then(|scope| case.scopes.get_mut(&scope)) {
        scope.short_since.entry(account.to_owned()).or_insert(since);
    }
    case.queue.insert(token, Place { account: account.to_owned(), amount, since });
}
