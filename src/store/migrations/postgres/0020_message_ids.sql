-- What a message centre calls a message it took, part by part: its receipts name nothing else. A name used again belongs to the newest.
create table message_ids (
  tenant integer not null, id text not null primary key, case_id uuid not null, key text not null, part integer not null, parts integer not null, at bigint not null
);
create index message_ids_at on message_ids (at);
