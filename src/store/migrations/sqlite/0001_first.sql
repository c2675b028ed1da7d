-- Heaps keep rows in the order they came (few pages a commit); their unique indexes lead with tenant and case, whose ids are ordered by time.
create table meta (key text primary key, value text not null) without rowid;

create table tenants (tenant integer primary key, registry_version integer not null default 0);

create table cases (
  tenant integer not null, id blob not null, number text, workflow text not null, revision blob not null,
  version integer not null, applicant blob not null, rank integer not null check (rank in (0, 1, 2, 9)),
  started integer not null, ended integer, result text, next_wake integer, head blob not null,
  primary key (tenant, id)
) without rowid;
create index cases_wake on cases (next_wake) where next_wake is not null;
create unique index cases_number on cases (tenant, number) where number is not null;
create index cases_applicant on cases (tenant, applicant, id);

create table acts (
  tenant integer not null, case_id blob not null, seq integer not null, at integer not null, kind text not null,
  events blob not null, leaf blob not null
);
create unique index acts_case on acts (tenant, case_id, seq);

create table unsealed (id integer primary key, tenant integer not null, case_id blob not null, seq integer not null);

create table bodies (tenant integer not null, case_id blob not null, digest blob not null, salt blob not null, bytes blob not null);
create unique index bodies_case on bodies (tenant, case_id, digest);

-- Open tasks only: a closed one lives on in the acts. pool is the office asked, or the applicant's id for a task of the applicant.
create table tasks (
  tenant integer not null, case_id blob not null, task integer not null, pool text not null, number text,
  program text not null, step text not null, post text not null, claimed blob,
  rank integer not null check (rank in (0, 1, 2, 9)), opened integer not null, red_from integer not null,
  yellow_from integer not null, due text,
  primary key (tenant, case_id, task, pool)
) without rowid;
create index tasks_inbox on tasks (tenant, pool, post, rank, red_from, case_id, task);

create table waiting (
  tenant integer not null, case_id blob not null, token integer not null, account text not null, rank integer not null,
  since integer not null, amount integer not null,
  primary key (tenant, case_id, token)
) without rowid;
create index waiting_line on waiting (tenant, account, rank, since, case_id, token);

create table accounts (
  tenant integer not null, account text not null, unit text not null, title text not null,
  free integer not null default 0, reserved integer not null default 0, used integer not null default 0,
  written_off integer not null default 0, issued integer not null default 0,
  primary key (tenant, account),
  constraint accounts_never_negative check (free >= 0 and reserved >= 0 and used >= 0 and written_off >= 0 and issued >= 0),
  constraint accounts_add_up check (issued = free + reserved + used + written_off)
) without rowid;

create table postings (
  id integer primary key, tenant integer not null, account text not null, kind integer not null, amount integer not null check (amount >= 0),
  case_id blob not null, seq integer not null, hold integer, document text, at integer not null
);
create index postings_account on postings (tenant, account, id);

create table counters (tenant integer not null, key text not null, value integer not null, primary key (tenant, key)) without rowid;

create table notices (
  tenant integer not null, case_id blob not null, key text not null, kind text not null, recipient blob not null,
  channel text not null, language text not null, context blob not null, due integer not null,
  state integer not null default 0, attempts integer not null default 0, next_attempt_at integer not null,
  lease_until integer not null default 0, fence integer not null default 0, settled_at integer,
  primary key (tenant, case_id, key)
) without rowid;
create index notices_open on notices (next_attempt_at) where state = 0;

create table notice_attempts (
  tenant integer not null, case_id blob not null, key text not null, attempt integer not null, at integer not null,
  sent integer not null, answer text not null,
  primary key (tenant, case_id, key, attempt)
) without rowid;

create table documents (
  tenant integer not null, case_id blob not null, seq integer not null, place integer not null, scope_number text,
  kind text not null, number text, at integer not null,
  primary key (tenant, case_id, seq, place)
) without rowid;
create index documents_number on documents (tenant, number) where number is not null;

-- scope is the case, or sixteen zero bytes for a start (case_id then says which case it began).
create table receipts (
  tenant integer not null, scope blob not null, actor text not null, command blob not null, case_id blob,
  digest blob not null, version integer not null, at integer not null
);
create unique index receipts_command on receipts (tenant, scope, command, actor);

create table snapshots (
  tenant integer not null, case_id blob not null, version integer not null, format integer not null, state blob not null,
  primary key (tenant, case_id)
) without rowid;

create table registry (
  tenant integer not null, kind text not null, key text not null, value blob not null, version integer not null, at integer not null,
  primary key (tenant, kind, key)
) without rowid;

create table tokens (digest blob primary key, tenant integer not null, person blob not null, expires integer not null) without rowid;

-- The log: one for the deployment. idx is the fence between two sealers.
create table log (idx integer primary key, tenant integer not null, case_id blob not null, seq integer not null, hash blob not null);
create unique index log_act on log (tenant, case_id, seq);
create table tiles (level integer not null, idx integer not null, bytes blob not null, primary key (level, idx)) without rowid;
create table checkpoints (size integer primary key, at integer not null, note text not null);
