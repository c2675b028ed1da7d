-- Which case listens to which signal, and signals given to every case that a listening case has not heard yet: a row for each of them, made in the commit that
-- gave the signal and gone when it was delivered.
create table listeners (
  tenant integer not null, signal text not null, case_id uuid not null,
  primary key (tenant, signal, case_id)
);
create table signals (
  tenant integer not null, receiver uuid not null, sender uuid not null, seq bigint not null, place bigint not null, signal text not null, at bigint not null,
  primary key (tenant, receiver, sender, seq, place)
);
create index signals_at on signals (at);
