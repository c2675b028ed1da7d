-- What outside systems are to be told (webhooks): written in the commit of the act it tells of. state: 0 to go, 1 delivered, 2 parked.
create table hook_messages (
  tenant integer not null, id text not null, case_id uuid not null, hook text not null, kind text not null, body bytea not null, at bigint not null,
  state smallint not null default 0, attempts bigint not null default 0, next_attempt_at bigint not null, lease_until bigint not null default 0,
  fence bigint not null default 0, tried_at bigint, answer text,
  primary key (tenant, id)
);
create index hook_messages_open on hook_messages (next_attempt_at) where state = 0;
create index hook_messages_hook on hook_messages (tenant, hook, state, tried_at);
