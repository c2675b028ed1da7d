-- A drafted order that could not be opened waits before it is tried again, longer each time, so that it keeps no other from its turn.
alter table orders add column tries bigint not null default 0;
alter table orders add column next_try bigint not null default 0;
drop index orders_waiting;
create index orders_waiting on orders (next_try, at) where opened is null;
