-- Dates of a running case that another year of the working calendar will settle: counted with every act, so that a list knows how many there are.
-- Cases that run already are counted once, by the worker that writes limits.
alter table cases add column provisional bigint not null default 0;
create index cases_provisional on cases (tenant, provisional) where provisional > 0;
-- An owner who is no superuser sees no row of a table whose security is forced; it is forced again right after, with the rights.
alter table cases no force row level security;
alter table terms_unfilled no force row level security;
insert into terms_unfilled (tenant, case_id) select tenant, id from cases where ended is null on conflict do nothing;
