-- A case that refuses a signal is asked again after a pause, so that many such rows keep nobody else waiting.
alter table signals add column next_try bigint not null default 0;
alter table signals add column tries bigint not null default 0;
drop index signals_at;
create index signals_next on signals (next_try, at);
