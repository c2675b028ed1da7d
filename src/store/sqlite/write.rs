//! One commit, row by row: on the lane's own connection a statement costs microseconds, so sets bring nothing here.
//! Invariant: a case's own row is written first and decides whether anything of it is. Never: a transaction's borders; those are the caller's.

use rusqlite::{Connection, params};

use super::Writer;
use crate::ids::{CaseId, Digest, Tenant};
use crate::store::WriteFault;
use crate::store::rows::{AccountWrite, CaseRow, CaseWrite, Commit, NoticeRow, PostingRow, RegistryRow, TaskRow};

type Written = Result<(), WriteFault>;

impl Writer {
    pub(in crate::store) fn write(&mut self, commit: &Commit) -> Result<Vec<bool>, WriteFault> {
        // An account may be made by the commit that issues to it.
        registry(&self.connection, &commit.registry)?;
        for account in &commit.accounts {
            post(&self.connection, account)?;
        }
        for (tenant, key, value) in &commit.counters {
            let value = i64::try_from(*value).unwrap_or(i64::MAX);
            self.run_counter(*tenant, key, value)?;
        }
        let mut applied = Vec::with_capacity(commit.cases.len());
        for case in &commit.cases {
            let written = case_row(&self.connection, case)?;
            if written {
                rows_of(&self.connection, case)?;
            }
            applied.push(written);
        }
        Ok(applied)
    }

    fn run_counter(&self, tenant: Tenant, key: &str, value: i64) -> Written {
        self.connection
            .prepare_cached("insert into counters (tenant, key, value) values (?, ?, ?) on conflict (tenant, key) do update set value = excluded.value")?
            .execute(params![tenant.0, key, value])?;
        Ok(())
    }
}

fn blob(case: &CaseId) -> &[u8] {
    case.0.as_bytes()
}

/// Writes the case's row when its version is the expected one; answers whether it was.
fn case_row(connection: &Connection, case: &CaseWrite) -> Result<bool, WriteFault> {
    let (row, expected) = (&case.row, case.expected);
    let (next_wake, ended) = (row.next_wake.map(|at| at.0), row.ended.map(|at| at.0));
    let changed = if expected == 0 {
        connection
            .prepare_cached(
                "insert into cases (tenant, id, number, workflow, revision, version, applicant, rank, started, ended, result, next_wake, head, title, provisional)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant, id) do nothing",
            )?
            .execute(params![
                row.tenant.0,
                blob(&row.id),
                row.number,
                row.workflow,
                &row.revision.0[..],
                row.version,
                &row.applicant.0.as_bytes()[..],
                row.rank,
                row.started.0,
                ended,
                row.result,
                next_wake,
                &row.head.0[..],
                row.title,
                case.provisional
            ])?
    } else {
        connection
            .prepare_cached(
                "update cases set number = ?4, version = ?5, rank = ?6, ended = ?7, result = ?8, next_wake = ?9, head = ?10, title = ?11, revision = ?12, provisional = ?13
                 where tenant = ?1 and id = ?2 and version = ?3",
            )?
            .execute(params![
                row.tenant.0,
                blob(&row.id),
                expected,
                row.number,
                row.version,
                row.rank,
                ended,
                row.result,
                next_wake,
                &row.head.0[..],
                row.title,
                &row.revision.0[..],
                case.provisional
            ])?
    };
    Ok(changed == 1)
}

fn rows_of(connection: &Connection, case: &CaseWrite) -> Written {
    acts(connection, case)?;
    bodies(connection, case)?;
    for task in latest(&case.tasks) {
        task_row(connection, &case.row, task)?;
    }
    waiting(connection, case)?;
    jobs(connection, case)?;
    listening(connection, case)?;
    broadcasts(connection, case)?;
    terms(connection, case)?;
    orders(connection, case)?;
    hooks(connection, case)?;
    for notice in &case.notices {
        notice_row(connection, &case.row, notice)?;
    }
    settled(connection, case)?;
    reopened(connection, case)?;
    documents(connection, case)?;
    receipts(connection, case)?;
    snapshot(connection, case)
}

/// The last row given of each (task, pool).
fn latest(tasks: &[TaskRow]) -> impl Iterator<Item = &TaskRow> {
    tasks
        .iter()
        .enumerate()
        .filter(|(place, task)| !tasks[place + 1..].iter().any(|later| later.task == task.task && later.office == task.office))
        .map(|(_, task)| task)
}

fn acts(connection: &Connection, case: &CaseWrite) -> Written {
    let (tenant, id) = (case.row.tenant.0, blob(&case.row.id));
    let mut act_row = connection.prepare_cached("insert into acts (tenant, case_id, seq, at, kind, events, leaf) values (?, ?, ?, ?, ?, ?, ?)")?;
    let mut unsealed = connection.prepare_cached("insert into unsealed (tenant, case_id, seq) values (?, ?, ?)")?;
    for act in &case.acts {
        act_row.execute(params![tenant, id, act.seq, act.at.0, act.kind, act.events, act.leaf])?;
        unsealed.execute(params![tenant, id, act.seq])?;
    }
    Ok(())
}

fn bodies(connection: &Connection, case: &CaseWrite) -> Written {
    for body in &case.bodies {
        connection.prepare_cached("insert into bodies (tenant, case_id, digest, salt, bytes) values (?, ?, ?, ?, ?)")?.execute(params![
            case.row.tenant.0,
            blob(&case.row.id),
            &body.commit.0[..],
            &body.salt[..],
            body.bytes
        ])?;
    }
    Ok(())
}

fn task_row(connection: &Connection, case: &CaseRow, task: &TaskRow) -> Written {
    let pool = task.pool(case.applicant);
    if task.closed.is_some() {
        connection.prepare_cached("delete from tasks where tenant = ? and case_id = ? and task = ? and pool = ?")?.execute(params![
            case.tenant.0,
            blob(&case.id),
            task.task,
            pool
        ])?;
        return Ok(());
    }
    connection
        .prepare_cached(
            "insert into tasks (tenant, case_id, task, pool, number, program, step, post, claimed, rank, opened, red_from, yellow_from, due,
               dark_red_from, grey_from, lead, backup, asked)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             on conflict (tenant, case_id, task, pool) do update set number = excluded.number, claimed = excluded.claimed, rank = excluded.rank,
               program = excluded.program, step = excluded.step, post = excluded.post,
               red_from = excluded.red_from, yellow_from = excluded.yellow_from, due = excluded.due,
               dark_red_from = excluded.dark_red_from, grey_from = excluded.grey_from, backup = excluded.backup, asked = excluded.asked",
        )?
        .execute(params![
            case.tenant.0,
            blob(&case.id),
            task.task,
            pool,
            task.number,
            task.program,
            task.step,
            task.post,
            task.claimed.as_ref().map(|person| person.0.as_bytes().as_slice()),
            task.rank,
            task.opened.0,
            task.red_from.0,
            task.yellow_from.0,
            task.due,
            task.dark_red_from.0,
            task.grey_from.0,
            task.lead,
            task.backup,
            task.asked.as_ref().map(|person| person.0.as_bytes().as_slice())
        ])?;
    Ok(())
}

fn waiting(connection: &Connection, case: &CaseWrite) -> Written {
    let (tenant, id) = (case.row.tenant.0, blob(&case.row.id));
    for (token, place) in &case.waiting {
        match place {
            Some(place) => connection
                .prepare_cached("insert or replace into waiting (tenant, case_id, token, account, rank, since, amount) values (?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![tenant, id, token, place.account, place.rank, place.since.0, place.amount])?,
            None => connection.prepare_cached("delete from waiting where tenant = ? and case_id = ? and token = ?")?.execute(params![tenant, id, token])?,
        };
    }
    Ok(())
}

fn jobs(connection: &Connection, case: &CaseWrite) -> Written {
    let (tenant, id) = (case.row.tenant.0, blob(&case.row.id));
    for (job, row) in &case.jobs {
        let Some(row) = row else {
            connection.prepare_cached("delete from jobs where tenant = ? and case_id = ? and job = ?")?.execute(params![tenant, id, job])?;
            continue;
        };
        connection
            .prepare_cached(
                "insert into jobs (tenant, case_id, job, number, program, step, topic, given, retries, failures, due, spent, opened, touched, message)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 on conflict (tenant, case_id, job) do update set step = excluded.step, retries = excluded.retries, failures = excluded.failures,
                   due = excluded.due, spent = excluded.spent, touched = excluded.touched, message = coalesce(excluded.message, message),
                   lease_until = case when excluded.spent >= fence then 0 else lease_until end",
            )?
            .execute(params![
                tenant,
                id,
                job,
                row.number,
                row.program,
                row.step,
                row.topic,
                row.given,
                row.retries,
                row.failures,
                row.due.map(|due| due.0),
                row.spent,
                row.opened.0,
                row.touched.0,
                row.message
            ])?;
    }
    Ok(())
}

fn listening(connection: &Connection, case: &CaseWrite) -> Written {
    let (tenant, id) = (case.row.tenant.0, blob(&case.row.id));
    for (signal, listens) in &case.listening {
        let text = if *listens {
            "insert into listeners (tenant, signal, case_id) values (?, ?, ?) on conflict (tenant, signal, case_id) do nothing"
        } else {
            "delete from listeners where tenant = ? and signal = ? and case_id = ?"
        };
        connection.prepare_cached(text)?.execute(params![tenant, signal, id])?;
    }
    Ok(())
}

fn broadcasts(connection: &Connection, case: &CaseWrite) -> Written {
    for broadcast in &case.broadcasts {
        connection
            .prepare_cached(
                "insert into signals (tenant, receiver, sender, seq, place, signal, at)
                 select ?1, case_id, ?2, ?3, ?4, ?5, ?6 from listeners where tenant = ?1 and signal = ?5 and case_id <> ?2",
            )?
            .execute(params![case.row.tenant.0, blob(&case.row.id), broadcast.seq, broadcast.place, broadcast.signal, broadcast.at.0])?;
    }
    Ok(())
}

fn terms(connection: &Connection, case: &CaseWrite) -> Written {
    for term in &case.terms {
        connection
            .prepare_cached(
                "insert or replace into terms (tenant, case_id, term, scope, program, number, key, kind, office, since, due, late_from, ended, met, expected)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                case.row.tenant.0,
                blob(&case.row.id),
                term.term,
                term.scope,
                term.program,
                term.number,
                term.key,
                term.kind,
                term.office,
                term.since,
                term.due,
                term.late_from.map(|moment| moment.0),
                term.ended.map(|moment| moment.0),
                term.met,
                term.expected
            ])?;
    }
    Ok(())
}

fn orders(connection: &Connection, case: &CaseWrite) -> Written {
    for order in &case.orders {
        connection
            .prepare_cached(
                "insert into orders (tenant, case_id, scope, term, due, order_case, workflow, program, step, number, kind, office, at)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant, case_id, scope, term, due) do nothing",
            )?
            .execute(params![
                case.row.tenant.0,
                blob(&case.row.id),
                order.scope,
                order.term,
                order.due,
                blob(&order.order),
                order.workflow,
                order.program,
                order.step,
                order.number,
                order.kind,
                order.office,
                order.at.0
            ])?;
    }
    Ok(())
}

fn hooks(connection: &Connection, case: &CaseWrite) -> Written {
    for hook in &case.hooks {
        connection
            .prepare_cached(
                "insert into hook_messages (tenant, id, case_id, hook, kind, body, at, next_attempt_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
                 on conflict (tenant, id) do nothing",
            )?
            .execute(params![case.row.tenant.0, hook.id, blob(&case.row.id), hook.hook, hook.kind, hook.body, hook.at.0])?;
    }
    Ok(())
}

fn notice_row(connection: &Connection, case: &CaseRow, notice: &NoticeRow) -> Written {
    connection
        .prepare_cached(
            "insert into notices (tenant, case_id, key, kind, recipient, channel, language, context, due, next_attempt_at, other, follows, folds)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12) on conflict (tenant, case_id, key) do nothing",
        )?
        .execute(params![
            case.tenant.0,
            blob(&case.id),
            notice.key,
            notice.kind,
            &notice.recipient.0.as_bytes()[..],
            notice.channel,
            notice.language,
            notice.context,
            notice.due.0,
            notice.other,
            notice.follows,
            notice.folds
        ])?;
    Ok(())
}

fn settled(connection: &Connection, case: &CaseWrite) -> Written {
    for settled in &case.settled {
        let state = if settled.sent { 1 } else { 2 };
        connection.prepare_cached("update notices set state = ?, settled_at = ? where tenant = ? and case_id = ? and key = ?")?.execute(params![
            state,
            settled.at.0,
            case.row.tenant.0,
            blob(&case.row.id),
            settled.key
        ])?;
    }
    Ok(())
}

fn reopened(connection: &Connection, case: &CaseWrite) -> Written {
    for notice in &case.reopened {
        connection
            .prepare_cached(
                "update notices set state = 0, settled_at = null, lease_until = 0, next_attempt_at = ?, round_from = attempts, fold = null, leads = 0
                 where tenant = ? and case_id = ? and key = ? and state = 2",
            )?
            .execute(params![notice.at.0, case.row.tenant.0, blob(&case.row.id), notice.key])?;
    }
    Ok(())
}

fn documents(connection: &Connection, case: &CaseWrite) -> Written {
    for (place, document) in (0_i64..).zip(&case.documents) {
        connection
            .prepare_cached("insert into documents (tenant, case_id, seq, place, scope_number, kind, number, at) values (?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                case.row.tenant.0,
                blob(&case.row.id),
                document.seq,
                place,
                document.scope_number,
                document.kind,
                document.number,
                document.at.0
            ])?;
    }
    Ok(())
}

fn receipts(connection: &Connection, case: &CaseWrite) -> Written {
    let id = blob(&case.row.id);
    for receipt in &case.receipts {
        let (scope, started): (&[u8], Option<&[u8]>) = if receipt.start { (&[0; 16], Some(id)) } else { (id, None) };
        connection
            .prepare_cached("insert into receipts (tenant, scope, actor, command, case_id, digest, version, at) values (?, ?, ?, ?, ?, ?, ?, ?)")?
            .execute(params![
                case.row.tenant.0,
                scope,
                receipt.actor,
                &receipt.command.0.as_bytes()[..],
                started,
                &receipt.digest.0[..],
                receipt.version,
                receipt.at.0
            ])?;
    }
    Ok(())
}

fn snapshot(connection: &Connection, case: &CaseWrite) -> Written {
    if let Some(snapshot) = &case.snapshot {
        connection.prepare_cached("insert or replace into snapshots (tenant, case_id, version, format, state) values (?, ?, ?, ?, ?)")?.execute(params![
            case.row.tenant.0,
            blob(&case.row.id),
            snapshot.version,
            snapshot.format,
            snapshot.state
        ])?;
    }
    Ok(())
}

/// Postings in their order, each with its movement, so that the CHECK sees every balance between them.
fn post(connection: &Connection, account: &AccountWrite) -> Written {
    for posting in &account.postings {
        let [free, reserved, used, written_off, issued] = posting.kind.moves(posting.amount);
        let changed = connection
            .prepare_cached(
                "update accounts set free = free + ?3, reserved = reserved + ?4, used = used + ?5, written_off = written_off + ?6, issued = issued + ?7
                 where tenant = ?1 and account = ?2",
            )?
            .execute(params![account.tenant.0, account.account, free, reserved, used, written_off, issued])?;
        if changed != 1 {
            return Err(WriteFault::Check(format!("account `{}` does not exist", account.account)));
        }
        posting_row(connection, account, posting)?;
    }
    Ok(())
}

fn posting_row(connection: &Connection, account: &AccountWrite, posting: &PostingRow) -> Written {
    connection
        .prepare_cached("insert into postings (tenant, account, kind, amount, case_id, seq, hold, document, at, about) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
        .execute(params![
            account.tenant.0,
            account.account,
            posting.kind.code(),
            posting.amount,
            blob(&posting.case),
            posting.seq,
            posting.hold,
            posting.document,
            posting.at.0,
            posting.about.as_ref().map(blob)
        ])?;
    Ok(())
}

fn registry(connection: &Connection, rows: &[RegistryRow]) -> Written {
    for row in rows {
        match row {
            RegistryRow::Put { tenant, kind, key, value, at } => {
                connection
                    .prepare_cached(
                        "insert into tenants (tenant, registry_version) values (?, 1) on conflict (tenant) do update set registry_version = registry_version + 1",
                    )?
                    .execute([tenant.0])?;
                connection
                    .prepare_cached(
                        "insert or replace into registry (tenant, kind, key, value, version, at)
                         select ?1, ?2, ?3, ?4, registry_version, ?5 from tenants where tenant = ?1",
                    )?
                    .execute(params![tenant.0, kind, key, value, at.0])?;
            }
            RegistryRow::Token { tenant, digest, person, expires } => token(connection, *tenant, *digest, person.0.as_bytes(), expires.0)?,
            RegistryRow::Account { tenant, account, unit, title } => {
                connection
                    .prepare_cached(
                        "insert into accounts (tenant, account, unit, title) values (?, ?, ?, ?)
                         on conflict (tenant, account) do update set title = excluded.title",
                    )?
                    .execute(params![tenant.0, account, unit, title])?;
            }
        }
    }
    Ok(())
}

fn token(connection: &Connection, tenant: Tenant, digest: Digest, person: &[u8], expires: i64) -> Written {
    connection.prepare_cached("insert or replace into tokens (digest, tenant, person, expires) values (?, ?, ?, ?)")?.execute(params![
        &digest.0[..],
        tenant.0,
        person,
        expires
    ])?;
    Ok(())
}
