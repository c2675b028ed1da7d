-- The instants at which a task's light turns dark red and grey; the row that stands for the task where its offices are counted together;
-- the moment a checkpoint was signed, by which acts of a day are found. No colour is stored.
-- A task that was open before this migration gets its instants at the next act on its case; until then it counts as red where it is dark red.
alter table tasks add column dark_red_from integer not null default 9223372036854775807;
alter table tasks add column grey_from integer not null default 9223372036854775807;
alter table tasks add column lead integer not null default 1;
update tasks set lead = 0 where exists (
  select 1 from tasks other where other.tenant = tasks.tenant and other.case_id = tasks.case_id and other.task = tasks.task and other.pool < tasks.pool
);
create index checkpoints_at on checkpoints (at, size);
