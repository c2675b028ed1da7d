-- Supervision orders (督办单) drafted because a date has passed: a row for each (case, link, term, due date), made in the commit that found it passed. `opened` says
-- when the draft became a case of its own; until then the row waits for that. `joined`: an order about the same link was in hand, and `order_case` is that one.
create table orders (
  tenant integer not null, case_id blob not null, scope integer not null, term text not null, due text not null,
  order_case blob not null, workflow text not null, program text not null, step text, number text, kind text not null, office text,
  at integer not null, opened integer, joined boolean not null default false,
  primary key (tenant, case_id, scope, term, due)
) without rowid;
create index orders_waiting on orders (at) where opened is null;
create index orders_about on orders (tenant, order_case);
