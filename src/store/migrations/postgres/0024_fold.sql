-- Several notices of one hour for one person leave as one message. `folds`: it may be among them; `fold`: the message it left with; `leads`: the one of them that a
-- worker claims, for all.
alter table notices add column folds smallint not null default 0;
alter table notices add column fold text;
alter table notices add column leads smallint not null default 0;
create index notices_fold on notices (fold) where fold is not null;

-- Until when a person's further notices by a medium wait, to leave together.
create table notice_hours (
  tenant integer not null, recipient uuid not null, channel text not null, open_until bigint not null,
  primary key (tenant, recipient, channel)
);
