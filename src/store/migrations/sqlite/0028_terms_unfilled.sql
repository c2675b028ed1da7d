-- Cases that were running before `terms` was kept, or have been since: a worker writes the limits of each once, and takes it off this list.
create table terms_unfilled (tenant integer not null, case_id blob not null, primary key (tenant, case_id)) without rowid;
insert into terms_unfilled (tenant, case_id) select tenant, id from cases where ended is null;
