-- What a list calls a case: the project's name, as last submitted. Running cases have an index of their own, because the ended ones outnumber them.
-- Compared by bytes, so that the beginning of a name is a range of its index.
alter table cases add column title text collate "C";
create index cases_title on cases (tenant, title) where title is not null;
create index cases_running on cases (tenant, id) where ended is null;
create index cases_workflow on cases (tenant, workflow, id);
