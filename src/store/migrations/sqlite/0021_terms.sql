-- Promised and statutory limits as lists look at them: which run, since when a date counts as passed, how they ended. Written in the commit of the act that changed
-- one. `late_from` is the first moment after the date; absent while there is no date or the clock stopped in time. `expected`: a reason was stated for this date.
create table terms (
  tenant integer not null, case_id blob not null, term integer not null, scope integer not null, program text not null, number text, key text not null, kind text not null,
  office text, since text not null, due text, late_from integer, ended integer, met boolean not null default false, expected text,
  primary key (tenant, case_id, term)
) without rowid;
create index terms_open on terms (tenant, late_from) where ended is null;
create index terms_ended on terms (tenant, ended) where ended is not null;
