-- Who is asked on behalf of whoever claimed a task (委派), so that the question stands on their desk whatever post they hold.
alter table tasks add column asked uuid;
create index tasks_asked on tasks (tenant, asked, red_from, case_id, task) where asked is not null;
