-- Attempts made before an operator had a parked notice sent again: a new round has all of its attempts.
alter table notices add column round_from bigint not null default 0;
-- What is over, as the operator's list walks it.
create index notices_over on notices (tenant, state, channel, settled_at, key, kind) where state <> 0;
-- A gateway's receipt names the key alone.
create index notices_sms on notices (key) where channel = 'sms';

-- What a gateway said later of a short message it had taken; the same said twice is one row.
create table notice_receipts (
  tenant integer not null, case_id uuid not null, key text not null, digest bytea not null, at bigint not null,
  place bigint not null, delivered smallint not null, words text not null,
  primary key (tenant, case_id, key, digest)
);
