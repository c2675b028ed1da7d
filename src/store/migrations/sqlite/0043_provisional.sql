-- Dates of a running case that another year of the working calendar will settle: counted with every act, so that a list knows how many there are.
-- Cases that run already are counted once, by the worker that writes limits.
alter table cases add column provisional integer not null default 0;
create index cases_provisional on cases (tenant, provisional) where provisional > 0;
insert into terms_unfilled (tenant, case_id) select tenant, id from cases where ended is null on conflict do nothing;
