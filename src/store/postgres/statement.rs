//! One commit as one statement: a row of every table is joined to the cases whose version matched, so that a conflict drops one case and not the batch.
//! Invariant: every value is a parameter and every table one `unnest` of typed arrays. Never: two statements where the commit touches cases alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, PgHasArrayType};
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Type};
use uuid::Uuid;

use super::Writer;
use crate::store::rows::{CaseWrite, Commit, JobRow, TaskRow, WaitingRow};
use crate::store::{StoreFault, WriteFault};

impl Writer {
    pub(in crate::store) async fn write(&mut self, commit: &Commit) -> Result<Vec<bool>, WriteFault> {
        self.register(&commit.registry).await?;
        self.post(&commit.accounts).await?;
        self.count(&commit.counters).await?;
        let mut applied = vec![false; commit.cases.len()];
        if !commit.cases.is_empty() {
            let statement = statement(&commit.cases)?;
            let written: Vec<i64> = sqlx::query_scalar_with(AssertSqlSafe(statement.text), statement.arguments).fetch_all(&mut self.connection).await?;
            for place in written {
                if let Some(flag) = usize::try_from(place - 1).ok().and_then(|place| applied.get_mut(place)) {
                    *flag = true;
                }
            }
        }
        Ok(applied)
    }
}

/// A statement being written: text and parameters grow together.
struct Statement {
    text: String,
    arguments: PgArguments,
}

impl Statement {
    /// Adds an array as the next parameter.
    fn array<'q, T>(&mut self, values: Vec<T>) -> Result<(), WriteFault>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        self.arguments.add(values).map_err(|error| WriteFault::Fault(StoreFault::Database(sqlx::Error::Encode(error))))
    }

    /// `unnest($n::type[], …)` over the arrays that are added next.
    fn unnest(&self, types: &[&str]) -> String {
        let mut text = String::from("unnest(");
        for (place, kind) in types.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let number = self.arguments.len() + place + 1;
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}${number}::{kind}[]");
        }
        text.push(')');
        text
    }

    /// A further part of the `with` list: `body` over the rows of `source`, kept where the case was written. The name `x` stands for a row; its first three columns are place, tenant and case.
    fn part(&mut self, name: &str, source: &str, columns: &str, body: (&str, &str)) {
        let (before, after) = body;
        let _ =
            write!(self.text, ", {name} as ({before} {source} as x(ix, tenant, case_id, {columns}) where coalesce(x.ix in (select ix from ok), false){after})");
    }

    /// The three leading arrays of a part: which case, by place and by key.
    fn owners(&mut self, owners: &[(i64, &CaseWrite)]) -> Result<(), WriteFault> {
        self.array(owners.iter().map(|(place, _)| *place).collect::<Vec<_>>())?;
        self.array(owners.iter().map(|(_, case)| case.row.tenant.0).collect::<Vec<_>>())?;
        self.array(owners.iter().map(|(_, case)| case.row.id.0).collect::<Vec<_>>())
    }
}

/// Rows of all cases, each with the place of its case, counted from 1.
fn rows<'c, T: 'c>(cases: &'c [CaseWrite], of: impl Fn(&'c CaseWrite) -> Vec<T>) -> (Vec<(i64, &'c CaseWrite)>, Vec<T>) {
    let (mut owners, mut rows) = (Vec::new(), Vec::new());
    for (place, case) in (1_i64..).zip(cases) {
        for row in of(case) {
            owners.push((place, case));
            rows.push(row);
        }
    }
    (owners, rows)
}

/// One column of a list of rows.
macro_rules! column {
    ($statement:expr, $rows:expr, $row:pat => $value:expr) => {
        $statement.array($rows.iter().map(|$row| $value).collect::<Vec<_>>())?
    };
}

fn statement(cases: &[CaseWrite]) -> Result<Statement, WriteFault> {
    let mut statement = Statement { text: String::with_capacity(4096), arguments: PgArguments::default() };
    case_rows(&mut statement, cases)?;
    acts(&mut statement, cases)?;
    receipts(&mut statement, cases)?;
    bodies(&mut statement, cases)?;
    open_tasks(&mut statement, cases)?;
    closed_tasks(&mut statement, cases)?;
    waiting(&mut statement, cases)?;
    left_waiting(&mut statement, cases)?;
    jobs(&mut statement, cases)?;
    ended_jobs(&mut statement, cases)?;
    listening(&mut statement, cases, true)?;
    listening(&mut statement, cases, false)?;
    broadcasts(&mut statement, cases)?;
    terms(&mut statement, cases)?;
    orders(&mut statement, cases)?;
    notices(&mut statement, cases)?;
    hooks(&mut statement, cases)?;
    settled(&mut statement, cases)?;
    reopened(&mut statement, cases)?;
    documents(&mut statement, cases)?;
    snapshots(&mut statement, cases)?;
    statement.text.push_str(" select ix from ok");
    Ok(statement)
}

fn case_rows(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let source = statement.unnest(&[
        "integer", "uuid", "bigint", "text", "text", "bytea", "bigint", "uuid", "smallint", "bigint", "bigint", "text", "bigint", "bytea", "text", "bigint",
    ]);
    let _ = write!(
        statement.text,
        "with c as materialized (select * from {source} with ordinality
            as c(tenant, id, expected, number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head, title, provisional, ix)),
         u as (update cases t set number = c.number, revision = c.revision, version = c.version, rank = c.rank, ended = c.ended, result = c.result, next_wake = c.next_wake, head = c.head, title = c.title,
              provisional = c.provisional
            from c where t.tenant = c.tenant and t.id = c.id and t.version = c.expected and c.expected > 0 returning c.ix),
         i as (insert into cases (tenant, id, number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head, title, provisional)
            select tenant, id, number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head, title, provisional from c where expected = 0
            on conflict (tenant, id) do nothing returning id),
         ok as materialized (select ix from u union all select ix from c where expected = 0 and coalesce(id in (select id from i), false))"
    );
    column!(statement, cases, case => case.row.tenant.0);
    column!(statement, cases, case => case.row.id.0);
    column!(statement, cases, case => case.expected);
    column!(statement, cases, case => case.row.number.as_deref());
    column!(statement, cases, case => case.row.workflow.as_str());
    column!(statement, cases, case => &case.row.revision.0[..]);
    column!(statement, cases, case => case.row.version);
    column!(statement, cases, case => case.row.applicant.0);
    column!(statement, cases, case => case.row.rank);
    column!(statement, cases, case => case.row.started.0);
    column!(statement, cases, case => case.row.ended.map(|at| at.0));
    column!(statement, cases, case => case.row.result.as_deref());
    column!(statement, cases, case => case.row.next_wake.map(|at| at.0));
    column!(statement, cases, case => &case.row.head.0[..]);
    column!(statement, cases, case => case.row.title.as_deref());
    column!(statement, cases, case => case.provisional);
    Ok(())
}

fn acts(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, acts) = rows(cases, |case| case.acts.iter().collect());
    if acts.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "bigint", "text", "bytea", "bytea"]);
    let insert = (
        "insert into acts (tenant, case_id, seq, at, kind, events, leaf) select tenant, case_id, seq, at, kind, events, leaf from",
        " returning tenant, case_id, seq",
    );
    statement.part("a", &source, "seq, at, kind, events, leaf", insert);
    statement.text.push_str(", s as (insert into unsealed (tenant, case_id, seq) select tenant, case_id, seq from a)");
    statement.owners(&owners)?;
    column!(statement, acts, act => act.seq);
    column!(statement, acts, act => act.at.0);
    column!(statement, acts, act => act.kind.as_str());
    column!(statement, acts, act => act.events.as_slice());
    column!(statement, acts, act => act.leaf.as_slice());
    Ok(())
}

fn receipts(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, receipts) = rows(cases, |case| case.receipts.iter().collect());
    if receipts.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "uuid", "text", "uuid", "uuid", "bytea", "bigint", "bigint"]);
    let insert = "insert into receipts (tenant, scope, actor, command, case_id, digest, version, at) select tenant, scope, actor, command, started, digest, version, at from";
    statement.part("r", &source, "scope, actor, command, started, digest, version, at", (insert, ""));
    statement.owners(&owners)?;
    let scopes = owners.iter().zip(&receipts).map(|((_, case), receipt)| if receipt.start { Uuid::nil() } else { case.row.id.0 });
    statement.array(scopes.collect::<Vec<_>>())?;
    column!(statement, receipts, receipt => receipt.actor.as_str());
    column!(statement, receipts, receipt => receipt.command.0);
    let started = owners.iter().zip(&receipts).map(|((_, case), receipt)| receipt.start.then_some(case.row.id.0));
    statement.array(started.collect::<Vec<_>>())?;
    column!(statement, receipts, receipt => &receipt.digest.0[..]);
    column!(statement, receipts, receipt => receipt.version);
    column!(statement, receipts, receipt => receipt.at.0);
    Ok(())
}

fn bodies(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, bodies) = rows(cases, |case| case.bodies.iter().collect());
    if bodies.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bytea", "bytea", "bytea"]);
    let insert = "insert into bodies (tenant, case_id, digest, salt, bytes) select tenant, case_id, digest, salt, bytes from";
    statement.part("b", &source, "digest, salt, bytes", (insert, ""));
    statement.owners(&owners)?;
    column!(statement, bodies, body => &body.commit.0[..]);
    column!(statement, bodies, body => &body.salt[..]);
    column!(statement, bodies, body => body.bytes.as_slice());
    Ok(())
}

/// The last row given of each (task, pool) that is open, or closed.
fn latest(case: &CaseWrite, closed: bool) -> Vec<&TaskRow> {
    let tasks = &case.tasks;
    let last = |(place, task): &(usize, &TaskRow)| !tasks[place + 1..].iter().any(|later| later.task == task.task && later.office == task.office);
    tasks.iter().enumerate().filter(last).map(|(_, task)| task).filter(|task| task.closed.is_some() == closed).collect()
}

fn open_tasks(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, tasks) = rows(cases, |case| latest(case, false));
    if tasks.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&[
        "bigint", "integer", "uuid", "bigint", "text", "text", "text", "text", "text", "uuid", "smallint", "bigint", "bigint", "bigint", "text", "bigint",
        "bigint", "smallint", "text", "uuid",
    ]);
    let columns = "task, pool, number, program, step, post, claimed, rank, opened, red_from, yellow_from, due, dark_red_from, grey_from, lead, backup, asked";
    let insert = format!("insert into tasks as t (tenant, case_id, {columns}) select tenant, case_id, {columns} from");
    let change = " on conflict (tenant, case_id, task, pool) do update set number = excluded.number, claimed = excluded.claimed, rank = excluded.rank,
        program = excluded.program, step = excluded.step, post = excluded.post,
        red_from = excluded.red_from, yellow_from = excluded.yellow_from, due = excluded.due,
        dark_red_from = excluded.dark_red_from, grey_from = excluded.grey_from, backup = excluded.backup, asked = excluded.asked";
    statement.part("t", &source, columns, (&insert, change));
    statement.owners(&owners)?;
    column!(statement, tasks, task => i64::from(task.task));
    let pools = owners.iter().zip(&tasks).map(|((_, case), task)| task.pool(case.row.applicant));
    statement.array(pools.collect::<Vec<_>>())?;
    column!(statement, tasks, task => task.number.as_deref());
    column!(statement, tasks, task => task.program.as_str());
    column!(statement, tasks, task => task.step.as_str());
    column!(statement, tasks, task => task.post.as_str());
    column!(statement, tasks, task => task.claimed.map(|person| person.0));
    column!(statement, tasks, task => task.rank);
    column!(statement, tasks, task => task.opened.0);
    column!(statement, tasks, task => task.red_from.0);
    column!(statement, tasks, task => task.yellow_from.0);
    column!(statement, tasks, task => task.due.as_deref());
    column!(statement, tasks, task => task.dark_red_from.0);
    column!(statement, tasks, task => task.grey_from.0);
    column!(statement, tasks, task => i16::from(task.lead));
    column!(statement, tasks, task => task.backup.as_deref());
    column!(statement, tasks, task => task.asked.map(|person| person.0));
    Ok(())
}

fn closed_tasks(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, tasks) = rows(cases, |case| latest(case, true));
    if tasks.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "text"]);
    let same = " and t.tenant = x.tenant and t.case_id = x.case_id and t.task = x.task and t.pool = x.pool";
    statement.part("d", &source, "task, pool", ("delete from tasks t using", same));
    statement.owners(&owners)?;
    column!(statement, tasks, task => i64::from(task.task));
    let pools = owners.iter().zip(&tasks).map(|((_, case), task)| task.pool(case.row.applicant));
    statement.array(pools.collect::<Vec<_>>())
}

/// What a commit leaves of each place in line. The parts of one statement do not see each other, so a place left and taken again must be one change.
fn last_places(case: &CaseWrite) -> BTreeMap<u32, Option<&WaitingRow>> {
    case.waiting.iter().map(|(token, place)| (*token, place.as_ref())).collect()
}

fn waiting(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, places) = rows(cases, |case| last_places(case).into_iter().filter_map(|(token, place)| place.map(|place| (token, place))).collect());
    if places.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "text", "smallint", "bigint", "bigint"]);
    let insert = "insert into waiting (tenant, case_id, token, account, rank, since, amount) select tenant, case_id, token, account, rank, since, amount from";
    let change = " on conflict (tenant, case_id, token) do update set account = excluded.account, rank = excluded.rank, since = excluded.since, amount = excluded.amount";
    statement.part("w", &source, "token, account, rank, since, amount", (insert, change));
    statement.owners(&owners)?;
    column!(statement, places, (token, _) => i64::from(*token));
    column!(statement, places, (_, place) => place.account.as_str());
    column!(statement, places, (_, place) => place.rank);
    column!(statement, places, (_, place) => place.since.0);
    column!(statement, places, (_, place) => place.amount);
    Ok(())
}

fn left_waiting(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, tokens) = rows(cases, |case| last_places(case).into_iter().filter(|(_, place)| place.is_none()).map(|(token, _)| token).collect());
    if tokens.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint"]);
    let same = " and t.tenant = x.tenant and t.case_id = x.case_id and t.token = x.token";
    statement.part("v", &source, "token", ("delete from waiting t using", same));
    statement.owners(&owners)?;
    column!(statement, tokens, token => i64::from(*token));
    Ok(())
}

/// What a commit leaves of each outside job.
fn last_jobs(case: &CaseWrite) -> BTreeMap<u32, Option<&JobRow>> {
    case.jobs.iter().map(|(job, row)| (*job, row.as_ref())).collect()
}

fn jobs(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, jobs) = rows(cases, |case| last_jobs(case).into_iter().filter_map(|(job, row)| row.map(|row| (job, row))).collect());
    if jobs.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&[
        "bigint", "integer", "uuid", "bigint", "text", "text", "text", "text", "bytea", "bigint", "bigint", "bigint", "bigint", "bigint", "bigint", "text",
    ]);
    let columns = "job, number, program, step, topic, given, retries, failures, due, spent, opened, touched, message";
    let insert = format!("insert into jobs as j (tenant, case_id, {columns}) select tenant, case_id, {columns} from");
    let change = " on conflict (tenant, case_id, job) do update set step = excluded.step, retries = excluded.retries, failures = excluded.failures,
        due = excluded.due, spent = excluded.spent, touched = excluded.touched, message = coalesce(excluded.message, j.message),
        lease_until = case when excluded.spent >= j.fence then 0 else j.lease_until end";
    statement.part("j", &source, columns, (&insert, change));
    statement.owners(&owners)?;
    column!(statement, jobs, (job, _) => i64::from(*job));
    column!(statement, jobs, (_, row) => row.number.as_deref());
    column!(statement, jobs, (_, row) => row.program.as_str());
    column!(statement, jobs, (_, row) => row.step.as_str());
    column!(statement, jobs, (_, row) => row.topic.as_str());
    column!(statement, jobs, (_, row) => row.given.as_slice());
    column!(statement, jobs, (_, row) => i64::from(row.retries));
    column!(statement, jobs, (_, row) => i64::from(row.failures));
    column!(statement, jobs, (_, row) => row.due.map(|due| due.0));
    column!(statement, jobs, (_, row) => row.spent);
    column!(statement, jobs, (_, row) => row.opened.0);
    column!(statement, jobs, (_, row) => row.touched.0);
    column!(statement, jobs, (_, row) => row.message.as_deref());
    Ok(())
}

fn ended_jobs(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, jobs) = rows(cases, |case| last_jobs(case).into_iter().filter(|(_, row)| row.is_none()).map(|(job, _)| job).collect());
    if jobs.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint"]);
    let same = " and t.tenant = x.tenant and t.case_id = x.case_id and t.job = x.job";
    statement.part("k", &source, "job", ("delete from jobs t using", same));
    statement.owners(&owners)?;
    column!(statement, jobs, job => i64::from(*job));
    Ok(())
}

/// What a commit leaves of each signal a case listens to.
fn last_heard(case: &CaseWrite, listens: bool) -> Vec<&str> {
    let last: BTreeMap<&str, bool> = case.listening.iter().map(|(signal, listens)| (signal.as_str(), *listens)).collect();
    last.into_iter().filter(|(_, now)| *now == listens).map(|(signal, _)| signal).collect()
}

fn listening(statement: &mut Statement, cases: &[CaseWrite], listens: bool) -> Result<(), WriteFault> {
    let (owners, signals) = rows(cases, |case| last_heard(case, listens));
    if signals.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "text"]);
    if listens {
        let insert = "insert into listeners (tenant, signal, case_id) select tenant, signal, case_id from";
        statement.part("l", &source, "signal", (insert, " on conflict (tenant, signal, case_id) do nothing"));
    } else {
        let same = " and t.tenant = x.tenant and t.signal = x.signal and t.case_id = x.case_id";
        statement.part("m", &source, "signal", ("delete from listeners t using", same));
    }
    statement.owners(&owners)?;
    column!(statement, signals, signal => *signal);
    Ok(())
}

fn broadcasts(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, broadcasts) = rows(cases, |case| case.broadcasts.iter().collect());
    if broadcasts.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "bigint", "text", "bigint"]);
    let insert = "insert into signals (tenant, receiver, sender, seq, place, signal, at)
        select x.tenant, h.case_id, x.case_id, x.seq, x.place, x.signal, x.at from listeners h cross join";
    let heard = " and h.tenant = x.tenant and h.signal = x.signal and h.case_id <> x.case_id";
    statement.part("q", &source, "seq, place, signal, at", (insert, heard));
    statement.owners(&owners)?;
    column!(statement, broadcasts, broadcast => broadcast.seq);
    column!(statement, broadcasts, broadcast => i64::from(broadcast.place));
    column!(statement, broadcasts, broadcast => broadcast.signal.as_str());
    column!(statement, broadcasts, broadcast => broadcast.at.0);
    Ok(())
}

fn terms(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let last = |case: &'_ CaseWrite| {
        case.terms.iter().enumerate().filter(|(at, row)| !case.terms[at + 1..].iter().any(|later| later.term == row.term)).map(|(at, _)| at).collect()
    };
    let (owners, places): (Vec<(i64, &CaseWrite)>, Vec<usize>) = rows(cases, last);
    if places.is_empty() {
        return Ok(());
    }
    let terms: Vec<_> = owners.iter().zip(places).filter_map(|((_, case), at)| case.terms.get(at)).collect();
    let source = statement.unnest(&[
        "bigint", "integer", "uuid", "bigint", "bigint", "text", "text", "text", "text", "text", "text", "text", "bigint", "bigint", "boolean", "text",
    ]);
    let columns = "term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected";
    let insert = format!("insert into terms (tenant, case_id, {columns}) select tenant, case_id, {columns} from");
    let change =
        " on conflict (tenant, case_id, term) do update set program = excluded.program, key = excluded.key, kind = excluded.kind, office = excluded.office,
        due = excluded.due, late_from = excluded.late_from, ended = excluded.ended, met = excluded.met, expected = excluded.expected";
    statement.part("y", &source, columns, (&insert, change));
    statement.owners(&owners)?;
    column!(statement, terms, term => i64::from(term.term));
    column!(statement, terms, term => i64::from(term.scope));
    column!(statement, terms, term => term.program.as_str());
    column!(statement, terms, term => term.number.as_deref());
    column!(statement, terms, term => term.key.as_str());
    column!(statement, terms, term => term.kind.as_str());
    column!(statement, terms, term => term.office.as_deref());
    column!(statement, terms, term => term.since.as_str());
    column!(statement, terms, term => term.due.as_deref());
    column!(statement, terms, term => term.late_from.map(|moment| moment.0));
    column!(statement, terms, term => term.ended.map(|moment| moment.0));
    column!(statement, terms, term => term.met);
    column!(statement, terms, term => term.expected.as_deref());
    Ok(())
}

fn orders(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, orders) = rows(cases, |case| case.orders.iter().collect());
    if orders.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "text", "text", "uuid", "text", "text", "text", "text", "text", "text", "bigint"]);
    let columns = "scope, term, due, order_case, workflow, program, step, number, kind, office, at";
    let insert = format!("insert into orders (tenant, case_id, {columns}) select tenant, case_id, {columns} from");
    statement.part("z", &source, columns, (&insert, " on conflict (tenant, case_id, scope, term, due) do nothing"));
    statement.owners(&owners)?;
    column!(statement, orders, order => i64::from(order.scope));
    column!(statement, orders, order => order.term.as_str());
    column!(statement, orders, order => order.due.as_str());
    column!(statement, orders, order => order.order.0);
    column!(statement, orders, order => order.workflow.as_str());
    column!(statement, orders, order => order.program.as_str());
    column!(statement, orders, order => order.step.as_deref());
    column!(statement, orders, order => order.number.as_deref());
    column!(statement, orders, order => order.kind.as_str());
    column!(statement, orders, order => order.office.as_deref());
    column!(statement, orders, order => order.at.0);
    Ok(())
}

fn notices(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, notices) = rows(cases, |case| case.notices.iter().collect());
    if notices.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "text", "text", "uuid", "text", "text", "bytea", "bigint", "text", "text", "smallint"]);
    let insert = "insert into notices (tenant, case_id, key, kind, recipient, channel, language, context, due, next_attempt_at, other, follows, folds)
        select tenant, case_id, key, kind, recipient, channel, language, context, due, due, other, follows, folds from";
    statement.part(
        "n",
        &source,
        "key, kind, recipient, channel, language, context, due, other, follows, folds",
        (insert, " on conflict (tenant, case_id, key) do nothing"),
    );
    statement.owners(&owners)?;
    column!(statement, notices, notice => notice.key.as_str());
    column!(statement, notices, notice => notice.kind.as_str());
    column!(statement, notices, notice => notice.recipient.0);
    column!(statement, notices, notice => notice.channel.as_str());
    column!(statement, notices, notice => notice.language.as_str());
    column!(statement, notices, notice => notice.context.as_slice());
    column!(statement, notices, notice => notice.due.0);
    column!(statement, notices, notice => notice.other.as_deref());
    column!(statement, notices, notice => notice.follows.as_deref());
    column!(statement, notices, notice => i16::from(notice.folds));
    Ok(())
}

fn hooks(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, hooks) = rows(cases, |case| case.hooks.iter().collect());
    if hooks.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "text", "text", "text", "bytea", "bigint"]);
    let insert =
        "insert into hook_messages (tenant, case_id, id, hook, kind, body, at, next_attempt_at) select tenant, case_id, id, hook, kind, body, at, at from";
    statement.part("hm", &source, "id, hook, kind, body, at", (insert, " on conflict (tenant, id) do nothing"));
    statement.owners(&owners)?;
    column!(statement, hooks, hook => hook.id.as_str());
    column!(statement, hooks, hook => hook.hook.as_str());
    column!(statement, hooks, hook => hook.kind.as_str());
    column!(statement, hooks, hook => hook.body.as_slice());
    column!(statement, hooks, hook => hook.at.0);
    Ok(())
}

fn settled(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, settled) = rows(cases, |case| case.settled.iter().collect());
    if settled.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "text", "smallint", "bigint"]);
    let same = " and t.tenant = x.tenant and t.case_id = x.case_id and t.key = x.key";
    statement.part("e", &source, "key, state, at", ("update notices t set state = x.state, settled_at = x.at from", same));
    statement.owners(&owners)?;
    column!(statement, settled, settled => settled.key.as_str());
    column!(statement, settled, settled => if settled.sent { 1_i16 } else { 2 });
    column!(statement, settled, settled => settled.at.0);
    Ok(())
}

fn reopened(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, reopened) = rows(cases, |case| case.reopened.iter().collect());
    if reopened.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "text", "bigint"]);
    let change =
        "update notices t set state = 0, settled_at = null, lease_until = 0, next_attempt_at = x.at, round_from = t.attempts, fold = null, leads = 0 from";
    let same = " and t.tenant = x.tenant and t.case_id = x.case_id and t.key = x.key and t.state = 2";
    statement.part("g", &source, "key, at", (change, same));
    statement.owners(&owners)?;
    column!(statement, reopened, notice => notice.key.as_str());
    column!(statement, reopened, notice => notice.at.0);
    Ok(())
}

fn documents(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, documents) = rows(cases, |case| (0_i64..).zip(&case.documents).collect());
    if documents.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "bigint", "text", "text", "text", "bigint"]);
    let columns = "seq, place, scope_number, kind, number, at";
    let insert = format!("insert into documents (tenant, case_id, {columns}) select tenant, case_id, {columns} from");
    statement.part("o", &source, columns, (&insert, ""));
    statement.owners(&owners)?;
    column!(statement, documents, (_, document) => document.seq);
    column!(statement, documents, (place, _) => *place);
    column!(statement, documents, (_, document) => document.scope_number.as_deref());
    column!(statement, documents, (_, document) => document.kind.as_str());
    column!(statement, documents, (_, document) => document.number.as_deref());
    column!(statement, documents, (_, document) => document.at.0);
    Ok(())
}

fn snapshots(statement: &mut Statement, cases: &[CaseWrite]) -> Result<(), WriteFault> {
    let (owners, snapshots) = rows(cases, |case| case.snapshot.iter().collect());
    if snapshots.is_empty() {
        return Ok(());
    }
    let source = statement.unnest(&["bigint", "integer", "uuid", "bigint", "integer", "bytea"]);
    let insert = "insert into snapshots (tenant, case_id, version, format, state) select tenant, case_id, version, format, state from";
    let change = " on conflict (tenant, case_id) do update set version = excluded.version, format = excluded.format, state = excluded.state";
    statement.part("p", &source, "version, format, state", (insert, change));
    statement.owners(&owners)?;
    column!(statement, snapshots, snapshot => snapshot.version);
    column!(statement, snapshots, snapshot => snapshot.format);
    column!(statement, snapshots, snapshot => snapshot.state.as_slice());
    Ok(())
}
