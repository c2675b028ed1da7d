-- Of what is due at one moment, such as every reminder of a morning, projects of a higher rank go first; the index gives that order without a sort.
drop index cases_wake;
create index cases_wake on cases (next_wake, rank, id) where next_wake is not null;
