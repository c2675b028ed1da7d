//! The two roles: what they get, and what makes start-up refuse them.
//! Invariant: no role of a running node can change or delete an act, a log entry, a checkpoint or a posting. Never: a password in a message.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Row};

use crate::store::StoreFault;

/// Tables of a tenant; readers see them through row-level security.
const TENANT_TABLES: &[&str] = &[
    "tenants",
    "cases",
    "acts",
    "bodies",
    "tasks",
    "waiting",
    "jobs",
    "listeners",
    "signals",
    "orders",
    "terms",
    "terms_unfilled",
    "accounts",
    "postings",
    "counters",
    "notices",
    "notice_attempts",
    "notice_receipts",
    "hook_messages",
    "notice_hours",
    "message_ids",
    "documents",
    "receipts",
    "snapshots",
    "registry",
    "tokens",
    "drafts",
    "files",
    "file_owners",
    "uploads",
    "file_parts",
    "credentials",
    "sessions",
    "mail_links",
];
/// Tables of the deployment: numbers and digests, no content.
const SHARED_TABLES: &[&str] = &["meta", "log", "tiles", "checkpoints", "sign_in_tries", "reset_asks"];
/// What the writer may do beyond reading and inserting. Acts, log, checkpoints and postings are not here.
const WRITER_CHANGES: &[(&str, &str)] = &[
    ("tenants", "update"),
    ("cases", "update"),
    ("tasks", "update, delete"),
    ("waiting", "update, delete"),
    ("jobs", "update, delete"),
    ("listeners", "delete"),
    ("signals", "update, delete"),
    ("orders", "update"),
    ("message_ids", "update, delete"),
    ("terms", "update"),
    ("terms_unfilled", "delete"),
    ("accounts", "update"),
    ("counters", "update"),
    ("notices", "update"),
    ("hook_messages", "update"),
    ("notice_hours", "update"),
    ("receipts", "delete"),
    ("snapshots", "update"),
    ("registry", "update"),
    ("tokens", "update, delete"),
    ("unsealed", "delete"),
    ("tiles", "update"),
    ("drafts", "update, delete"),
    ("uploads", "delete"),
    ("file_parts", "delete"),
    ("credentials", "update"),
    ("sessions", "update, delete"),
    ("mail_links", "delete"),
    ("sign_in_tries", "update, delete"),
    ("reset_asks", "delete"),
];
/// What a reader has no use for: what is not sealed yet, and everything one signs in with.
const NOT_FOR_READERS: &[&str] = &["unsealed", "credentials", "sessions", "mail_links", "sign_in_tries", "reset_asks"];

/// Makes the roles when they are missing, and grants them what they need; run again, it changes nothing.
pub(in crate::store) async fn grant(owner: &mut PgConnection, writer_url: &str, reader_url: &str) -> Result<(), StoreFault> {
    let writer = role_of(owner, writer_url).await?;
    let reader = role_of(owner, reader_url).await?;
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push_str(";\n");
    };
    for role in [&writer, &reader] {
        say(format!("grant usage on schema public to {role}"));
        say(format!("revoke all on all tables in schema public from {role}"));
        say(format!("grant select on all tables in schema public to {role}"));
    }
    for table in NOT_FOR_READERS {
        say(format!("revoke select on {table} from {reader}"));
    }
    say(format!("grant insert on all tables in schema public to {writer}"));
    say(format!("revoke insert on _sqlx_migrations from {writer}"));
    say(format!("grant usage on all sequences in schema public to {writer}"));
    say(format!("grant update on meta to {writer}"));
    for (table, rights) in WRITER_CHANGES {
        say(format!("grant {rights} on {table} to {writer}"));
    }
    for table in TENANT_TABLES {
        say(format!("alter table {table} enable row level security"));
        say(format!("alter table {table} force row level security"));
        say(format!("drop policy if exists every_tenant on {table}"));
        say(format!("create policy every_tenant on {table} to {writer} using (true) with check (true)"));
        say(format!("drop policy if exists one_tenant on {table}"));
        say(format!(
            "create policy one_tenant on {table} for select to {reader} using (tenant = (select nullif(current_setting('greenlane.tenant', true), '')::integer))"
        ));
    }
    owner.execute(AssertSqlSafe(format!("begin; {text} commit"))).await?;
    Ok(())
}

/// The role a URL logs in as, quoted; made with the URL's password when there is none of that name.
async fn role_of(owner: &mut PgConnection, url: &str) -> Result<String, StoreFault> {
    let name = PgConnectOptions::from_str(url)?.get_username().to_owned();
    let known: bool = sqlx::query_scalar("select exists (select 1 from pg_roles where rolname = $1)").bind(&name).fetch_one(&mut *owner).await?;
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    if known {
        return Ok(quoted);
    }
    let password = password_of(url);
    let clause = password.map(|password| format!(" password '{}'", password.replace('\'', "''"))).unwrap_or_default();
    match owner.execute(AssertSqlSafe(format!("create role {quoted} login{clause}"))).await {
        Ok(_) => Ok(quoted),
        // Somebody else made it between the question and the statement.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42710" | "23505")) => Ok(quoted),
        Err(sqlx::Error::Database(error)) => Err(StoreFault::Setting {
            what: format!("role `{name}`"),
            why: format!("it does not exist and cannot be made here ({}); make it with `create role {quoted} login`", error.message()),
        }),
        Err(error) => Err(error.into()),
    }
}

/// The password inside a URL, percent-decoded.
fn password_of(url: &str) -> Option<String> {
    let (user, _) = url.split_once("://")?.1.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let mut bytes = Vec::with_capacity(password.len());
    let mut rest = password.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let pair = [*high, *low];
                bytes.extend(hex::decode(pair).ok()?);
                rest = after;
            }
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Refuses a role that is more than it should be, naming role and right.
pub(in crate::store) async fn refuse_excess(pool: &PgPool, used_as: &'static str) -> Result<(), StoreFault> {
    let row = sqlx::query(
        "select rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
            exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname = current_schema() and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'member')) as owns
         from pg_roles where rolname = current_user",
    )
    .fetch_one(pool)
    .await?;
    let role: String = row.try_get(0)?;
    let rights = [
        "is a superuser",
        "may bypass row-level security (BYPASSRLS)",
        "may make roles (CREATEROLE)",
        "may make databases (CREATEDB)",
        "may stream the database (REPLICATION)",
        "owns tables",
    ];
    for (place, right) in rights.iter().enumerate() {
        if row.try_get::<bool, _>(place + 1)? {
            return Err(StoreFault::Role { role, used_as, right: (*right).to_owned() });
        }
    }
    refuse_changes(pool, role, used_as).await
}

/// Refuses a role that may rewrite the record, or a reader that may write at all.
async fn refuse_changes(pool: &PgPool, role: String, used_as: &'static str) -> Result<(), StoreFault> {
    let kept: &[&str] = &["acts", "log", "checkpoints", "postings"];
    for table in kept {
        let changes: bool =
            sqlx::query_scalar("select has_table_privilege($1, 'update') or has_table_privilege($1, 'delete') or has_table_privilege($1, 'truncate')")
                .bind(*table)
                .fetch_one(pool)
                .await?;
        if changes {
            return Err(StoreFault::Role { role, used_as, right: format!("may change or delete rows of `{table}`") });
        }
    }
    if used_as == "reader" {
        for table in TENANT_TABLES.iter().chain(SHARED_TABLES) {
            let writes: bool =
                sqlx::query_scalar("select has_table_privilege($1, 'insert') or has_table_privilege($1, 'update') or has_table_privilege($1, 'delete')")
                    .bind(*table)
                    .fetch_one(pool)
                    .await?;
            if writes {
                return Err(StoreFault::Role { role, used_as, right: format!("may write to `{table}`") });
            }
        }
    }
    Ok(())
}
