-- The case a posting of the register is about: whose kept reservation it uses or releases by a document.
alter table postings add column about uuid;
create index postings_about on postings (tenant, about) where about is not null;
