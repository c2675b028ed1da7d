-- Which case listens to which signal, and signals given to every case that a listening case has not heard yet: a row for each of them, made in the commit that
-- gave the signal and gone when it was delivered.
create table listeners (
  tenant integer not null, signal text not null, case_id blob not null,
  primary key (tenant, signal, case_id)
) without rowid;
create table signals (
  tenant integer not null, receiver blob not null, sender blob not null, seq integer not null, place integer not null, signal text not null, at integer not null,
  primary key (tenant, receiver, sender, seq, place)
) without rowid;
create index signals_at on signals (at);
