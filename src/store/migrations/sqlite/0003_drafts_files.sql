-- What an applicant has typed and not sent: a new application, or the answer to an open task (then case_id and task say to which). sent is the case it became;
-- its form is emptied in the same statement. command is the one id it is sent under, so that two clicks are one case.
create table drafts (
  tenant integer not null, person blob not null, id blob not null, workflow text not null, case_id blob, task integer,
  form blob not null, version integer not null, command blob not null, updated integer not null, sent blob,
  primary key (tenant, person, id)
) without rowid;
create unique index drafts_task on drafts (tenant, person, case_id, task) where case_id is not null;

-- Uploaded papers by digest. The bytes lie in parts, so that neither an upload nor a download holds a whole file in memory.
create table files (tenant integer not null, sha256 blob not null, upload blob not null, kind text not null, bytes integer not null, at integer not null, primary key (tenant, sha256)) without rowid;
create table file_owners (tenant integer not null, sha256 blob not null, person blob not null, at integer not null, primary key (tenant, sha256, person)) without rowid;
create index file_owners_person on file_owners (tenant, person, at);
-- An upload under way; what it left behind is swept away a day later.
create table uploads (tenant integer not null, id blob not null, person blob not null, at integer not null, primary key (tenant, id)) without rowid;
create index uploads_age on uploads (at);
create table file_parts (tenant integer not null, upload blob not null, part integer not null, bytes blob not null);
create unique index file_parts_upload on file_parts (tenant, upload, part);
