-- Several notices of one hour for one person leave as one message. `folds`: it may be among them; `fold`: the message it left with; `leads`: the one of them that a
-- worker claims, for all.
alter table notices add column folds integer not null default 0;
alter table notices add column fold text;
alter table notices add column leads integer not null default 0;
create index notices_fold on notices (fold) where fold is not null;

-- Until when a person's further notices by a medium wait, to leave together.
create table notice_hours (
  tenant integer not null, recipient blob not null, channel text not null, open_until integer not null,
  primary key (tenant, recipient, channel)
) without rowid;
