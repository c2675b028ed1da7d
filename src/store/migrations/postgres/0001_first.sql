-- Pages leave room where rows change in place, so that most updates touch no index.
create table meta (key text primary key, value text not null);

create table tenants (tenant integer primary key, registry_version bigint not null default 0);

create table cases (
  tenant integer not null, id uuid not null, number text, workflow text not null, revision bytea not null,
  version bigint not null, applicant uuid not null, rank smallint not null check (rank in (0, 1, 2, 9)),
  started bigint not null, ended bigint, result text, next_wake bigint, head bytea not null,
  primary key (tenant, id)
) with (fillfactor = 50);
create index cases_wake on cases (next_wake) where next_wake is not null;
create unique index cases_number on cases (tenant, number) where number is not null;
create index cases_applicant on cases (tenant, applicant, id);

create table acts (
  tenant integer not null, case_id uuid not null, seq bigint not null, at bigint not null, kind text not null,
  events bytea not null, leaf bytea not null,
  primary key (tenant, case_id, seq)
);

create table unsealed (id bigint generated always as identity primary key, tenant integer not null, case_id uuid not null, seq bigint not null);

create table bodies (
  tenant integer not null, case_id uuid not null, digest bytea not null, salt bytea not null, bytes bytea not null,
  primary key (tenant, case_id, digest)
);

-- Open tasks only: a closed one lives on in the acts. pool is the office asked, or the applicant's id for a task of the applicant.
create table tasks (
  tenant integer not null, case_id uuid not null, task bigint not null, pool text not null, number text,
  program text not null, step text not null, post text not null, claimed uuid,
  rank smallint not null check (rank in (0, 1, 2, 9)), opened bigint not null, red_from bigint not null,
  yellow_from bigint not null, due text,
  primary key (tenant, case_id, task, pool)
) with (fillfactor = 60);
create index tasks_inbox on tasks (tenant, pool, post, rank, red_from, case_id, task);

create table waiting (
  tenant integer not null, case_id uuid not null, token bigint not null, account text not null, rank smallint not null,
  since bigint not null, amount bigint not null,
  primary key (tenant, case_id, token)
);
create index waiting_line on waiting (tenant, account, rank, since, case_id, token);

create table accounts (
  tenant integer not null, account text not null, unit text not null, title text not null,
  free bigint not null default 0, reserved bigint not null default 0, used bigint not null default 0,
  written_off bigint not null default 0, issued bigint not null default 0,
  primary key (tenant, account),
  constraint accounts_never_negative check (free >= 0 and reserved >= 0 and used >= 0 and written_off >= 0 and issued >= 0),
  constraint accounts_add_up check (issued = free + reserved + used + written_off)
) with (fillfactor = 50);

create table postings (
  id bigint generated always as identity primary key, tenant integer not null, account text not null, kind smallint not null,
  amount bigint not null check (amount >= 0), case_id uuid not null, seq bigint not null, hold bigint, document text, at bigint not null
);
create index postings_account on postings (tenant, account, id);

create table counters (tenant integer not null, key text not null, value bigint not null, primary key (tenant, key)) with (fillfactor = 50);

create table notices (
  tenant integer not null, case_id uuid not null, key text not null, kind text not null, recipient uuid not null,
  channel text not null, language text not null, context bytea not null, due bigint not null,
  state smallint not null default 0, attempts bigint not null default 0, next_attempt_at bigint not null,
  lease_until bigint not null default 0, fence bigint not null default 0, settled_at bigint,
  primary key (tenant, case_id, key)
) with (fillfactor = 70);
create index notices_open on notices (next_attempt_at) where state = 0;

create table notice_attempts (
  tenant integer not null, case_id uuid not null, key text not null, attempt bigint not null, at bigint not null,
  sent smallint not null, answer text not null,
  primary key (tenant, case_id, key, attempt)
);

create table documents (
  tenant integer not null, case_id uuid not null, seq bigint not null, place bigint not null, scope_number text,
  kind text not null, number text, at bigint not null,
  primary key (tenant, case_id, seq, place)
);
create index documents_number on documents (tenant, number) where number is not null;

-- scope is the case, or the nil id for a start (case_id then says which case it began).
create table receipts (
  tenant integer not null, scope uuid not null, actor text not null, command uuid not null, case_id uuid,
  digest bytea not null, version bigint not null, at bigint not null,
  primary key (tenant, scope, command, actor)
);
create index receipts_age on receipts using brin (at);

create table snapshots (
  tenant integer not null, case_id uuid not null, version bigint not null, format integer not null, state bytea not null,
  primary key (tenant, case_id)
);

create table registry (
  tenant integer not null, kind text not null, key text not null, value bytea not null, version bigint not null, at bigint not null,
  primary key (tenant, kind, key)
);

create table tokens (digest bytea primary key, tenant integer not null, person uuid not null, expires bigint not null);

-- The log: one for the deployment. idx is the fence between two sealers.
create table log (idx bigint primary key, tenant integer not null, case_id uuid not null, seq bigint not null, hash bytea not null);
create unique index log_act on log (tenant, case_id, seq);
create table tiles (level bigint not null, idx bigint not null, bytes bytea not null, primary key (level, idx));
create table checkpoints (size bigint primary key, at bigint not null, note text not null);
