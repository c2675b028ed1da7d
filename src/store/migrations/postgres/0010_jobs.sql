-- Work offered to outside systems and not over: a row ends with its step. due is when it may be fetched next, null while it is parked. A lease is not an act:
-- fence grows with each fetch, spent is the newest fence a failure used up. All moments are the case's, so that a demonstration can let a lease run out.
create table jobs (
  tenant integer not null, case_id uuid not null, job bigint not null, number text, program text not null, step text not null, topic text not null,
  given bytea not null, retries bigint not null, failures bigint not null, due bigint, spent bigint not null, opened bigint not null,
  touched bigint not null, message text, fence bigint not null default 0, lease_until bigint not null default 0, worker uuid,
  primary key (tenant, case_id, job)
) with (fillfactor = 60);
create index jobs_open on jobs (tenant, topic, due, case_id, job) where due is not null;
create index jobs_touched on jobs (tenant, touched, case_id, job);
