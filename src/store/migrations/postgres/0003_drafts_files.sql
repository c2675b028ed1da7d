-- What an applicant has typed and not sent: a new application, or the answer to an open task (then case_id and task say to which). sent is the case it became;
-- its form is emptied in the same statement. command is the one id it is sent under, so that two clicks are one case.
create table drafts (
  tenant integer not null, person uuid not null, id uuid not null, workflow text not null, case_id uuid, task bigint,
  form bytea not null, version bigint not null, command uuid not null, updated bigint not null, sent uuid,
  primary key (tenant, person, id)
);
create unique index drafts_task on drafts (tenant, person, case_id, task) where case_id is not null;

-- Uploaded papers by digest. The bytes lie in parts, so that neither an upload nor a download holds a whole file in memory.
create table files (tenant integer not null, sha256 bytea not null, upload uuid not null, kind text not null, bytes bigint not null, at bigint not null, primary key (tenant, sha256));
create table file_owners (tenant integer not null, sha256 bytea not null, person uuid not null, at bigint not null, primary key (tenant, sha256, person));
create index file_owners_person on file_owners (tenant, person, at);
-- An upload under way; what it left behind is swept away a day later.
create table uploads (tenant integer not null, id uuid not null, person uuid not null, at bigint not null, primary key (tenant, id));
create index uploads_age on uploads (at);
create table file_parts (tenant integer not null, upload uuid not null, part bigint not null, bytes bytea not null, primary key (tenant, upload, part));
alter table file_parts alter column bytes set storage external;
